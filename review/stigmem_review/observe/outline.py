"""What the statements of one source file are, and which names each of them uses.

Everything here is about one file by itself, so that a file which two releases share is looked at
once. Only what decides how code runs counts: neither comments and docstrings, nor how and on
which line something is written.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from stigmem_review.code.modules import Syntax, syntax_of
from stigmem_review.code.names import never_run
from stigmem_review.code.nodes import children
from stigmem_review.code.parse import Failure

OTHER = ""
"""Stands for the statements of a module that neither define nor plainly assign a name."""

_CHAIN = 20
_TEXT = 200
_TARGETS = 8
_NOT_COUNTED = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


class Piece(NamedTuple):
    """The statements that bind one name, or all other statements of a module.

    ``uses`` are names with the attributes that follow them (``helpers.limit``), the name being
    ``?`` where the attributes are those of something else; ``texts`` are its short texts.
    """

    sha256: str
    line: int
    uses: frozenset[str]
    texts: frozenset[str]


class Outline(NamedTuple):
    """One source file.

    ``imports`` gives for each name that an import anywhere in it binds what it may stand for, a
    dotted name that starts with dots where it is relative; ``modules`` all that is imported;
    ``stars`` the modules of star imports; ``inner`` the pieces in which a function of a name is
    defined inside something else, such as a method; ``setters`` the pieces that declare a name
    ``global``.
    """

    pieces: Mapping[str, Piece]
    imports: Mapping[str, tuple[str, ...]]
    modules: frozenset[str]
    stars: tuple[str, ...]
    inner: Mapping[str, tuple[str, ...]]
    setters: Mapping[str, tuple[str, ...]]


def outline_of(data: bytes, known: Syntax | Failure | None = None) -> Outline | Failure:
    """Return the outline of a source file; ``known`` is the file as it was parsed before."""
    if known is None:
        known = syntax_of(data)
    if isinstance(known, Failure):
        return known
    maker = _Maker()
    skipped = never_run(known.tree)
    statements: dict[str, list[ast.stmt]] = {}
    for statement in known.tree.body:
        if id(statement) in skipped or _is_idle(statement):
            continue
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            maker.imported(statement)
            continue
        for name in _bound(statement) or [OTHER]:
            statements.setdefault(name, []).append(statement)
    pieces = {name: maker.piece(name, each) for name, each in statements.items()}
    return Outline(
        pieces,
        {name: tuple(dict.fromkeys(each)) for name, each in maker.imports.items()},
        frozenset(maker.modules),
        tuple(dict.fromkeys(maker.stars)),
        {name: tuple(dict.fromkeys(each)) for name, each in maker.inner.items()},
        {name: tuple(dict.fromkeys(each)) for name, each in maker.setters.items()},
    )


def _bound(statement: ast.stmt) -> list[str]:
    """Return the names that a statement binds, where that is all it does."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [statement.name]
        case ast.Assign(targets=targets):
            names = [each.id for each in targets if isinstance(each, ast.Name)]
            return names if len(names) == len(targets) <= _TARGETS else []
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


class _Maker:
    def __init__(self) -> None:
        self.imports: dict[str, list[str]] = {}
        self.modules: set[str] = set()
        self.stars: list[str] = []
        self.inner: dict[str, list[str]] = {}
        self.setters: dict[str, list[str]] = {}

    def imported(self, statement: ast.Import | ast.ImportFrom) -> None:
        for alias in statement.names:
            if isinstance(statement, ast.Import):
                self.modules.add(alias.name)
                top = alias.name.partition(".")[0]
                name, dotted = (alias.asname, alias.name) if alias.asname else (top, top)
            else:
                source = "." * statement.level + (statement.module or "")
                self.modules.add(source)
                if alias.name == "*":
                    self.stars.append(source)
                    continue
                dotted = f"{source}{'' if source.endswith('.') else '.'}{alias.name}"
                self.modules.add(dotted)
                name = alias.asname or alias.name
            self.imports.setdefault(name, []).append(dotted)

    def piece(self, name: str, statements: list[ast.stmt]) -> Piece:
        uses: set[str] = set()
        texts: set[str] = set()
        stack: list[ast.AST] = [*statements]
        outermost = {id(each) for each in statements}
        while stack:
            node = stack.pop()
            match node:
                case ast.Name() | ast.Attribute():
                    chain, rest = _chain(node)
                    uses.add(chain)
                    if rest is not None:
                        stack.append(rest)
                    continue
                case ast.Import() | ast.ImportFrom():
                    self.imported(node)
                case ast.Global(names=names):
                    for each in names:
                        self.setters.setdefault(each, []).append(name)
                case ast.Constant(value=str(text)) if 0 < len(text) <= _TEXT:
                    texts.add(text)
                case ast.Call(func=ast.Name("getattr"), args=[_, ast.Constant(str(attr)), *_]):
                    uses.add(f"?.{attr}")
                case ast.FunctionDef() | ast.AsyncFunctionDef() if id(node) not in outermost:
                    self.inner.setdefault(node.name, []).append(name)
                case _:
                    pass
            stack += children(node)
        return Piece(digest_of(statements), statements[0].lineno, frozenset(uses), frozenset(texts))


def _chain(node: ast.expr) -> tuple[str, ast.expr | None]:
    """Return a name with its attributes, and what they are attributes of unless it is a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    named = isinstance(node, ast.Name)
    parts.append(node.id if isinstance(node, ast.Name) else "?")
    return ".".join(parts[: -_CHAIN - 1 : -1]), None if named else node


def digest_of(statements: Iterable[ast.AST]) -> str:
    """Return a digest of what statements say, whatever their layout, comments and docstrings."""
    text = "\0".join(_tokens(statements))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_COUNTED: dict[type, tuple[str, ...]] = {}
"""The fields of a kind of node that tell it from another, last first."""


def _counted(kind: type[ast.AST]) -> tuple[str, ...]:
    if kind not in _COUNTED:
        _COUNTED[kind] = tuple(each for each in reversed(kind._fields) if each not in _NOT_COUNTED)
    return _COUNTED[kind]


def _tokens(statements: Iterable[ast.AST]) -> Iterator[str]:
    """Yield what tells one list of statements from another, whatever their layout."""
    stack: list[Any] = [*reversed([*statements])]
    while stack:
        item = stack.pop()
        if isinstance(item, ast.AST):
            kind = type(item)
            yield f"({kind.__name__}"
            if isinstance(item, ast.Constant):
                yield _constant(item.value)
            else:
                stack += [getattr(item, each, None) for each in _counted(kind)]
        elif isinstance(item, list):
            # As many as there are, so that the end of one list is not the start of another.
            counted = [each for each in item if not (isinstance(each, ast.stmt) and _is_idle(each))]
            yield f"[{len(counted)}"
            stack += reversed(counted)
        else:
            yield f"{type(item).__name__} {item}"


def _constant(value: object) -> str:
    # The decimal digits of a long integer would be refused, and cost too much.
    shown = hex(value) if isinstance(value, int) else repr(value)
    return f"{type(value).__name__} {shown}"


def _is_idle(statement: ast.stmt) -> bool:
    """Say whether a statement does nothing at all, as docstrings do."""
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )
