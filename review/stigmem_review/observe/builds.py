"""What the code of a release does when the release is built."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from msgspec.structs import replace

from stigmem_review import limits
from stigmem_review.code.digest import digest_of
from stigmem_review.code.installed import Code
from stigmem_review.code.modules import Syntax
from stigmem_review.code.nodes import walk
from stigmem_review.code.parse import Failure, parse
from stigmem_review.errors import SourceError
from stigmem_review.interpret.behaviour import behaviour, module_of
from stigmem_review.manifest.backends.patterns import path_glob
from stigmem_review.manifest.backends.tree import SourceTree
from stigmem_review.manifest.builds import Step, build_steps, is_metadata, is_setup
from stigmem_review.model import BuildStep, Known, Location, Observation, Part, Release
from stigmem_review.observe.authority import authorities
from stigmem_review.observe.observe import Seen
from stigmem_review.sources.artifact import Artifact

_ROOTS = ("", "src/")
"""Folders that modules of a project are imported from while it is built."""
_TOLD = re.compile(
    r"(?i)readme|change|history|news|licen[cs]e|notice|authors|copying|version|require|manifest"
    r"|.*\.(?:md|rst|cfg|toml|in|html?|png|svg)\Z"
)
"""Files that a build reads for what they say, not for what they do."""
_RULES: Mapping[str, tuple[str, ...]] = {
    "cargo": ("Cargo.toml", "build.rs"),
    "cmake": ("CMakeLists.txt",),
    "make": ("GNUmakefile", "makefile", "Makefile"),
    "meson": ("meson.build",),
    "npm": ("package.json",),
}
"""What a tool does where it is called, unless it is told otherwise."""
_PATTERNS = 50
_RUNS = ("process", "dynamic code")
_SCRIPTS = (".bash", ".bat", ".cmd", ".js", ".mk", ".pl", ".ps1", ".py", ".rb", ".sh")


def built_by(artifact: Artifact, release: Release, code: Code, seen: Seen) -> Release:
    """Return a release with what building it runs; ``code`` is what it would install."""
    steps = [*build_steps(artifact)]
    if not steps:
        return release
    reader = _Reader(artifact.files, code, _version(release), seen)
    return replace(release, builds=tuple(reader.read(step) for step in steps))


def _version(release: Release) -> str:
    stated = release.distribution_version
    return stated.value if isinstance(stated, Known) else ""


class _Reader:
    def __init__(self, files: Mapping[str, bytes], code: Code, version: str, seen: Seen) -> None:
        self._files = files
        self._tree = SourceTree(files)
        self._package = {code.at(place).path for place in code.files}
        self._version = version
        self._seen = seen

    @cached_property
    def _by_name(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in sorted(self._files):
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    def read(self, step: Step) -> BuildStep:
        """Return a step with its code, and what that reaches."""
        try:
            reached, unread = self._reached(step.code)
        except SourceError as error:
            # Of a directory, files are read and listed only here.
            return BuildStep(
                step.kind, step.item, step.by, step.value, unread=error.why, at=step.at
            )
        parts = [path for path in reached if path in step.code or path not in self._package]
        if unread:
            digests = {path: hashlib.sha256(self._files[path]).hexdigest() for path in parts}
            listed = tuple(Part(path, digests[path], Location(path)) for path in parts)
            return BuildStep(
                step.kind, step.item, step.by, step.value, parts=listed, unread=unread, at=step.at
            )
        for path in parts:
            found = self._seen.syntax(self._files[path]) if path.endswith(".py") else None
            if isinstance(found, Failure):
                unread = unread or f"{path} cannot be read: {found.why}"
        return BuildStep(
            step.kind,
            step.item,
            step.by,
            step.value,
            step.plain and parts in ([], [*step.code]),
            tuple(Part(path, self._digest(path), Location(path)) for path in parts),
            tuple(self._observed(reached, parts)),
            unread,
            step.at,
        )

    def _reached(self, start: Iterable[str]) -> tuple[list[str], str]:
        """Return the files that a step can run, from those that it starts with."""
        found: dict[str, None] = dict.fromkeys(start)
        pending, left = [*found], limits.OBSERVED_BYTES
        while pending:
            path = pending.pop()
            left -= len(self._files[path])
            if left < 0:
                # Nobody can tell which of the others it runs.
                found.update(dict.fromkeys(each for each in self._files if each.endswith(_SCRIPTS)))
                why = f"it is past the {limits.OBSERVED_BYTES:,} bytes that are looked through"
                return [*found], f"{path} cannot be read: {why}"
            if path.endswith(".py"):
                more = [each for each in self._led_to(path) if each not in found]
                found.update(dict.fromkeys(more))
                pending += more
        return [*found], ""

    def _led_to(self, path: str) -> Iterator[str]:
        """Yield the files of the project that a source file imports or names."""
        data = self._files[path]
        found = self._seen.survey(data)
        folder = path.rpartition("/")[0]
        dotted: set[str] = set()
        if not isinstance(found, Failure):
            dotted |= {_member(each.module, each.name) for each in found.imports.values()}
            dotted |= {each.module for each in found.imports.values()}
            dotted |= {each.api.replace("()", "") for each in found.events.values()}
        for name in sorted(dotted):
            yield from self._modules(name, folder, _ROOTS)
        outline = self._seen.outline(data)
        if isinstance(outline, Failure) or path in self._package:
            return
        pieces = [*outline.pieces.values(), *(each.piece for each in outline.acts)]
        texts = {text for piece in pieces for text in piece.texts}
        words = {part for text in texts for word in text.split() for part in word.split("/")}
        # What is named can be a folder that modules are imported from.
        named = {word.strip("/") for text in texts for word in text.split()} | words
        roots = tuple(sorted(f"{word}/" for word in named - {""} if self._tree.is_folder(word)))
        for name in sorted(dotted) if roots else ():
            yield from self._modules(name, folder, roots)
        scripts = {word for word in words if word.endswith(_SCRIPTS)}
        if self._runs_code(path):
            scripts |= {word for word in words & self._by_name.keys() if not _TOLD.match(word)}
            scripts |= {name for word in words for name in _RULES.get(word, ())}
            yield from self._globbed(texts)
        for name in sorted(scripts):
            for other in self._by_name.get(name, ()):
                above = other.rpartition("/")[0]
                # A name alone stands for a file beside it: every package has an __init__.py.
                if above == folder or above.rpartition("/")[2] in words:
                    yield other

    def _runs_code(self, path: str) -> bool:
        """Say whether a file starts processes, or runs a text as code."""
        survey = self._seen.survey(self._files[path])
        if isinstance(survey, Failure):
            return False
        found = authorities(Code({}), survey.events.values())
        return any(each.item.partition(":")[0] in _RUNS for each in found)

    def _globbed(self, texts: Iterable[str]) -> Iterator[str]:
        """Yield the files that patterns in a source file match."""
        patterns = sorted(text for text in texts if "*" in text and "/" in text)
        if len(patterns) > _PATTERNS:
            # No build has as many; whatever could be run is named then.
            yield from (each for each in sorted(self._files) if each.endswith(_SCRIPTS))
            return
        for glob in [path_glob(text.removeprefix("./")) for text in patterns]:
            yield from (each for each in sorted(self._files) if glob.match(each))

    def _modules(self, dotted: str, folder: str, above: Iterable[str]) -> Iterator[str]:
        """Yield the files that importing a name runs, as far as they are in the project."""
        plain = dotted.lstrip(".")
        dots = len(dotted) - len(plain)
        if dots:
            parts = folder.split("/") if folder else []
            roots = ["/".join([*parts[: len(parts) - dots + 1], ""])]
        else:
            roots = [*dict.fromkeys((*above, f"{folder}/" if folder else ""))]
        names = [each for each in plain.split(".") if each]
        for root in roots:
            stem = root.removesuffix("/")
            for name in names:
                stem = f"{stem}/{name}" if stem else name
                for path in (f"{stem}/__init__.py", f"{stem}.py"):
                    if path in self._files:
                        yield path

    def _digest(self, path: str) -> str:
        """Return a digest of what a file does: its own version, and metadata, do not count."""
        data = self._files[path]
        if not path.endswith(".py"):
            if self._version:
                data = data.replace(self._version.encode(), b"")
            return hashlib.sha256(data).hexdigest()
        tree = parse(data)
        if isinstance(tree, Failure):
            return hashlib.sha256(data).hexdigest()
        for node in walk(tree):
            if isinstance(node, ast.Call) and is_setup(node.func):
                node.keywords = [each for each in node.keywords if not is_metadata(each)]
        return digest_of([tree]).given(frozenset({self._version}))

    def _observed(self, reached: list[str], parts: list[str]) -> Iterator[Observation]:
        """Yield what the steps' own code reaches, and what importing the rest of it does."""
        modules = []
        for path in sorted(reached):
            syntax = self._seen.syntax(self._files[path]) if path.endswith(".py") else None
            if isinstance(syntax, Syntax):
                modules.append((module_of(_place(path)), path, syntax.tree))
        survey = behaviour(modules, (), ())
        events = sorted(survey.events.values(), key=lambda each: (each.place, each.line))
        found: dict[str, Observation] = {}
        for each in authorities(Code({}), events):
            path = each.at.path if each.at is not None else ""
            if each.kind == ("authority" if path in parts else "import-time-effect"):
                found.setdefault(f"{path} {each.item}", each)
        yield from found.values()


def _member(module: str, name: str) -> str:
    """Return the dotted name of a member of a module, which can be relative."""
    return f"{module}{name}" if module.endswith(".") else f"{module}.{name}"


def _place(path: str) -> str:
    return path.removeprefix("src/")
