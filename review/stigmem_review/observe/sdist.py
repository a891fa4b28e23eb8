"""A wheel against the sdist of its release: what the other one does not account for."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping

from stigmem_review import limits
from stigmem_review.code.digest import digest_of
from stigmem_review.code.nodes import walk
from stigmem_review.code.parse import parse
from stigmem_review.model import HeldAgainst, Unlike
from stigmem_review.sources.artifact import Artifact

_SAME_PLACE = 2
"""Parts of two paths, from their ends, that make one the other's place."""

_COMPARED = 8
"""Parts of two paths, from their ends, beyond which one is as good as another."""

_SMALL = 512
"""What parsing any file at least counts for; 8,000 files take 2 s."""

_VALUES = (
    *(ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Name, ast.Subscript, ast.BinOp),
    *(ast.UnaryOp, ast.Slice, ast.Starred),
)
_TYPING = ("__future__", "typing")


def held_against(wheel: Artifact, sdist: Artifact) -> HeldAgainst:
    """Return the files of a wheel that an sdist does not have, wherever its build takes them from.

    The metadata that a build writes is left out, and so are files with nothing in them.
    """
    there = {hashlib.sha256(data).digest() for data in sdist.files.values()}
    by_end: dict[str, str] = {}
    by_name: dict[str, list[str]] = {}
    for path in sorted(sdist.files):
        by_name.setdefault(path.rpartition("/")[2], []).append(path)
        by_end |= dict.fromkeys(_ends(path), path)
    sources = _Sources()
    said_there: dict[str, set[str]] = {}
    unlike = []
    for path in sorted({*wheel.installed.values()}):
        data = wheel.files[path]
        if path.startswith(f"{wheel.metadata_dir}/") or not data.strip():
            continue
        if hashlib.sha256(data).digest() in there:
            continue
        name = path.rpartition("/")[2]
        runs = False
        if path.endswith(".py"):
            said = sources.said(data)
            if said and name not in said_there:
                named = by_name.get(name, ())
                said_there[name] = {sources.said(sdist.files[each]) for each in named}
            if said and said in said_there[name]:
                continue
            runs = not sources.is_data(data) and not _is_generated(path, by_name)
        unlike.append(Unlike(path, _beside(path, by_end), runs))
    return HeldAgainst(sdist.source.file, tuple(unlike))


def _ends(path: str) -> Iterator[str]:
    """Yield the ends of a path, the shortest first, up to so many parts."""
    parts = path.split("/")[-_COMPARED:]
    return ("/".join(parts[-count:]) for count in range(1, len(parts) + 1))


def _beside(path: str, by_end: Mapping[str, str]) -> str:
    """Return the file of the sdist that has the place of one in the wheel, if there is one."""
    found = [by_end[end] for end in _ends(path) if end in by_end]
    return found[-1] if len(found) >= min(_SAME_PLACE, path.count("/") + 1) else ""


class _Sources:
    """Source files by content, parsed as long as there are not too many of them."""

    def __init__(self) -> None:
        self._left = limits.OBSERVED_BYTES
        self._said: dict[bytes, str] = {}
        self._data: set[bytes] = set()

    def said(self, data: bytes) -> str:
        """Return a digest of what a file says, whatever its layout; nothing if that is unknown."""
        if data not in self._said:
            self._left -= max(len(data), _SMALL)
            tree = parse(data) if self._left >= 0 else None
            self._said[data] = ""
            if isinstance(tree, ast.Module):
                self._said[data] = digest_of([tree]).given(frozenset())
                if _holds_values(tree.body):
                    self._data.add(data)
        return self._said[data]

    def is_data(self, data: bytes) -> bool:
        """Say whether a file holds only values, as the version file does that a build writes."""
        self.said(data)
        return data in self._data


def _holds_values(statements: list[ast.stmt]) -> bool:
    for statement in statements:
        match statement:
            case ast.ImportFrom(module=module, level=0) if module in _TYPING:
                continue
            case ast.If(test=ast.Name("TYPE_CHECKING"), body=body, orelse=orelse):
                if not _holds_values([*body, *orelse]):
                    return False
            case ast.AnnAssign(target=ast.Name(), annotation=annotation, value=value):
                if not _is_value(annotation) or (value and not _is_value(value)):
                    return False
            case ast.Assign(targets=targets, value=value):
                named = all(isinstance(each, ast.Name) for each in targets)
                if not named or not _is_value(value):
                    return False
            case ast.Expr(value=ast.Constant()):
                continue
            case _:
                return False
    return True


def _is_value(value: ast.expr) -> bool:
    return all(isinstance(each, _VALUES) for each in walk(value))


def _is_generated(path: str, by_name: Mapping[str, list[str]]) -> bool:
    """Say whether source is what protobuf makes of a description that the sdist has."""
    stem = path.rpartition("/")[2].removesuffix(".py").removesuffix("_grpc")
    return stem.endswith("_pb2") and f"{stem.removesuffix('_pb2')}.proto" in by_name
