"""What the code behind a name can reach inside its own distribution.

Names are followed through imports, from definition to definition. Where it is not certain what a
name stands for, all of it counts: every method of the name of an attribute of an unknown object,
all of a module that is handed on, everything where a file cannot be read. What the code does to
names while it runs is not followed.

A run cannot answer this. It comes to what one way through one release does, while a change has to
be seen on every way, in data and in code that no run gets to, and alike in two releases of which
one may not be followed at all. So names are followed a second time here, and further than they
lead: what is reached in vain costs a line of a report, and says nothing of what code does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from stigmem_review import limits
from stigmem_review.code.installed import Code
from stigmem_review.code.parse import Failure
from stigmem_review.model import Part
from stigmem_review.observe.outline import Outline, Piece

_COMPILED = (".so", ".pyd", ".pyc", ".pyo", ".dll", ".dylib")
_MANY = 8
"""Star imports, or imports of one name, of a module that are followed one by one."""
_DEPTH = 4
"""Parts of a path that a text may name."""
_EVERYWHERE = frozenset(
    name for kind in (bytes, dict, float, int, list, set, str, tuple) for name in dir(kind)
)
"""Attributes of what Python brings along, which say nothing about a class of the distribution."""


class _Node(msgspec.Struct, frozen=True):
    """Something that can be reached.

    ``kind`` is a ``name`` as code of the module ``home`` uses it, a ``member`` of that module as
    others use it, all that is ``bound`` to a name in it, a ``definition`` in it, an ``act`` of
    importing it (``name`` is its number), or ``all`` of it; an ``inner`` definition of any class,
    what a ``text`` names, the ``data`` files whose path ends so, a ``file`` (``home`` is its
    place), or ``everything``.
    """

    kind: str
    home: str = ""
    name: str = ""


_EVERYTHING = _Node("everything")


class Reach:
    """What can be reached in one distribution."""

    def __init__(
        self,
        code: Code,
        outline: Callable[[bytes], Outline | Failure],
        stated: frozenset[str] = frozenset(),
    ) -> None:
        """``outline`` returns the outline of a source file's content.

        ``stated`` are the texts that a release says of itself: of its code they do not count.
        """
        self._code = code
        self._stated = stated
        self._outline_of = outline
        self._places: dict[str, str] = {}
        self._data: dict[str, list[str]] = {}
        self._outlines: dict[str, Outline | Failure] = {}
        self._followed: dict[_Node, tuple[Part | None, tuple[_Node, ...]]] = {}
        self._inner: dict[str, list[_Node]] | None = None
        self._changed_by: dict[tuple[str, str], list[_Node]] | None = None
        for place in sorted(code.files):
            self._note(place)
        size = sum(len(data) for _, data in code.sources())
        self._too_large = size > limits.FOLLOWED_BYTES
        self._tops = {name.partition(".")[0] for name in self._places}

    def _note(self, place: str) -> None:
        folder, _, name = place.rpartition("/")
        if not name.endswith((".py", *_COMPILED)):
            for key in {*_ends(place), *_ends(folder)} - {""}:
                self._data.setdefault(key, []).append(place)
            return
        stem = name.partition(".")[0]
        parts = [each for each in folder.split("/") if each and each != "__pycache__"]
        dotted = ".".join(parts if stem == "__init__" else [*parts, stem])
        known = self._places.get(dotted)
        if known is None or _rank(place) > _rank(known):
            self._places[dotted] = place

    def parts(self, module: str, name: str) -> tuple[Part, ...] | None:
        """Return all that a module's definition reaches, itself included, sorted by name.

        A lambda of a module has no name to find it by: that is all of the module. ``None`` where
        there is no such module.
        """
        if module not in self._places:
            return None
        found: dict[str, list[Part]] = {}
        waiting = [_Node("all", module) if name == "<lambda>" else _Node("name", module, name)]
        reached = set(waiting)
        while waiting:
            node = waiting.pop()
            if node not in self._followed:
                part, on = self._follow(node)
                self._followed[node] = part, tuple(dict.fromkeys(on))
            part, onward = self._followed[node]
            if part is not None:
                found.setdefault(part.name, []).append(part)
            waiting += [each for each in onward if each not in reached]
            reached.update(onward)
        return tuple(_joined(found[key]) for key in sorted(found))

    def _outline(self, module: str) -> Outline | Failure | None:
        """Return a module's outline; ``None`` where it is compiled, or there is too much of it."""
        place = self._places[module]
        if self._too_large or not place.endswith(".py"):
            return None
        if module not in self._outlines:
            self._outlines[module] = self._outline_of(self._code.files[place])
        return self._outlines[module]

    def _follow(self, node: _Node) -> tuple[Part | None, Iterable[_Node]]:
        match node.kind:
            case "everything":
                all_data = {place for places in self._data.values() for place in places}
                return None, [
                    *(_Node("all", each) for each in self._places),
                    *(_Node("file", each) for each in all_data),
                ]
            case "file":
                return self._bytes(node.home), ()
            case "inner":
                return None, self._by_name(node.name)
            case "text":
                return None, self._named_by(node.name)
            case "data":
                return None, [_Node("file", each) for each in self._data.get(node.name, ())]
            case _:
                pass
        outline = self._outline(node.home)
        if not isinstance(outline, Outline):
            return self._bytes(self._places[node.home]), (_EVERYTHING,)
        match node.kind:
            case "all":
                names = [*outline.pieces, *outline.imports]
                acts = [_Node("act", node.home, str(each)) for each in range(len(outline.acts))]
                return None, [*(_Node("member", node.home, each) for each in names), *acts]
            case "act":
                return self._piece(node.home, "", outline.acts[int(node.name)].piece)
            case "definition":
                return self._piece(node.home, node.name, outline.pieces[node.name])
            case "bound":
                return self._bound(node, outline)
            case _:
                return None, self._name(node, outline)

    def _bytes(self, place: str) -> Part:
        digest = hashlib.sha256(self._code.files[place]).hexdigest()
        return Part(place, digest, self._code.at(place))

    def _piece(self, module: str, name: str, piece: Piece) -> tuple[Part, Iterable[_Node]]:
        at = self._code.at(self._places[module], piece.line)
        shown = f"{module}:{name}" if name else module
        package = self._package(module)
        return Part(shown, piece.digest.given(self._stated), at), [
            *(_Node("name", module, each) for each in sorted(piece.uses)),
            *(_Node("text", "", each) for each in sorted(piece.texts)),
            *(
                _Node("text", "", self._absolute(each, package))
                for each in sorted(piece.texts)
                if each.startswith(".")
            ),
        ]

    def _name(self, node: _Node, outline: Outline) -> Iterator[_Node]:
        """Follow a name of a module, and the attributes after it."""
        first, _, rest = node.name.partition(".")
        yield _Node("bound", node.home, first)
        package = self._package(node.home)
        targets = outline.imports.get(first, ())
        for target in targets[:_MANY]:
            yield from self._dotted(f"{self._absolute(target, package)}.{rest}".rstrip("."))
        if not targets and first not in outline.pieces and first != "?":
            yield from self._stars(node, outline, package)
        unknown = not targets and (node.kind == "name" or bool(outline.acts))
        if first in outline.pieces or unknown:
            yield from (_Node("inner", "", each) for each in rest.split(".") if each)

    def _bound(self, node: _Node, outline: Outline) -> tuple[Part | None, Iterable[_Node]]:
        """Follow what binds a name in a module; what it is imported from elsewhere as is a part."""
        targets = outline.imports.get(node.name, ())
        package = self._package(node.home)
        on = [_EVERYTHING] if len(targets) > _MANY else []
        names = [node.name, "__getattr__"]
        on += [_Node("definition", node.home, each) for each in names if each in outline.pieces]
        on += [_owner(node.home, each) for each in outline.setters.get(node.name, ())]
        changed_by = self._changes()
        on += changed_by.get((node.home, node.name), ())
        on += changed_by.get((node.home, "?"), ())
        absolute = [self._absolute(each, package) for each in targets]
        foreign = [each for each in absolute if each.partition(".")[0] not in self._tops]
        if not foreign:
            return None, on
        digest = hashlib.sha256("\n".join(foreign).encode("utf-8", "replace")).hexdigest()
        return Part(f"{node.home}:{node.name}", digest), on

    def _stars(self, node: _Node, outline: Outline, package: str) -> list[_Node]:
        if len(outline.stars) > _MANY:
            return [_EVERYTHING]
        found = [self._absolute(each, package) for each in outline.stars]
        return [_Node("member", each, node.name) for each in found if each in self._places]

    def _dotted(self, dotted: str) -> Iterator[_Node]:
        """Yield what an absolute dotted name can stand for."""
        for prefix in _prefixes(dotted):
            if prefix in self._places:
                rest = dotted[len(prefix) + 1 :]
                yield _Node("member", prefix, rest) if rest else _Node("all", prefix)

    def _by_name(self, name: str) -> list[_Node]:
        """Return the definitions in which something of this name is defined."""
        if name in _EVERYWHERE:
            return []
        if self._inner is None:
            self._inner = {}
            for module in sorted(self._places):
                outline = self._outline(module)
                if isinstance(outline, Outline):
                    for inner, owners in outline.inner.items():
                        found = [_owner(module, each) for each in owners]
                        self._inner.setdefault(inner, []).extend(found)
        return self._inner.get(name, [])

    def _changes(self) -> Mapping[tuple[str, str], list[_Node]]:
        """Return what importing any module does to the name of a module; ``?`` is any name."""
        if self._changed_by is None:
            self._changed_by = {}
            for module in sorted(self._places):
                outline = self._outline(module)
                if isinstance(outline, Outline):
                    for number, act in enumerate(outline.acts):
                        node = _Node("act", module, str(number))
                        keys = {key for each in act.changes for key in self._keys(module, each)}
                        for key in keys:
                            self._changed_by.setdefault(key, []).append(node)
        return self._changed_by

    def _keys(self, module: str, chain: str) -> Iterator[tuple[str, str]]:
        """Yield the names of modules that a name of one, with attributes, stands for."""
        waiting = [_Node("member", module, chain)]
        seen = set(waiting)
        while waiting:
            node = waiting.pop()
            outline = self._outline(node.home)
            first, _, rest = node.name.partition(".")
            if not isinstance(outline, Outline):
                continue
            targets = outline.imports.get(first, ())[:_MANY]
            if not (targets and rest):
                yield node.home, first
            package = self._package(node.home)
            for target in targets:
                dotted = f"{self._absolute(target, package)}.{rest}".rstrip(".")
                # What stands in a module is no name of the package around it.
                found = [*self._dotted(dotted)][-1:]
                waiting += [e for e in found if e.kind == "member" and e not in seen]
                seen.update(found)

    def _named_by(self, text: str) -> list[_Node]:
        """Return the module and the files that a text may name."""
        modules = [_Node("all", text)] if "." in text and text in self._places else []
        return [*modules, _Node("data", "", text.strip("/"))]

    def _package(self, module: str) -> str:
        is_package = self._places[module].rpartition("/")[2].startswith("__init__.")
        return module if is_package else module.rpartition(".")[0]

    @staticmethod
    def _absolute(dotted: str, package: str) -> str:
        name = dotted.lstrip(".")
        level = len(dotted) - len(name)
        if not level:
            return dotted
        parts = package.split(".")
        return ".".join([*parts[: len(parts) - level + 1], *([name] if name else [])])


def _owner(module: str, name: str) -> _Node:
    """Return a piece of a module, or another statement of it, by what an outline calls it."""
    return _Node("act" if name.isdecimal() else "definition", module, name)


def _joined(parts: list[Part]) -> Part:
    """Return one part for several of the same name: for all statements of a module that count."""
    if len(parts) == 1:
        return parts[0]
    parts = sorted(parts, key=lambda each: each.at.line if each.at else 0)
    every = "\n".join(each.sha256 for each in parts)
    return Part(parts[0].name, hashlib.sha256(every.encode()).hexdigest(), parts[0].at)


def _prefixes(dotted: str) -> Iterator[str]:
    """Yield a dotted name's first part, its first two, and so on."""
    end = dotted.find(".")
    while end != -1:
        yield dotted[:end]
        end = dotted.find(".", end + 1)
    yield dotted


def _ends(path: str) -> Iterator[str]:
    """Yield the last part of a path, the last two, and so on."""
    parts = path.split("/")
    for count in range(1, min(len(parts), _DEPTH) + 1):
        yield "/".join(parts[-count:])


def _rank(place: str) -> tuple[bool, bool]:
    """Return which of two files of one name is imported: a package first, native before source."""
    name = place.rpartition("/")[2]
    return name.startswith("__init__."), not name.endswith(".py")
