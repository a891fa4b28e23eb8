"""What an expression can stand for, as far as it leads to code, to a text, or to others.

Everything else stands for nothing. Two of these are the same only if they are the same object.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping, Sequence

from stigmem_review.code.names import Function, never_run
from stigmem_review.host import apis
from stigmem_review.host.destinations import UNKNOWN
from stigmem_review.interpret.events import Argument, Arguments

EACH = 16
"""Things that one name stands for, before more texts count as not known, and more of the release
as what may be called from somewhere."""
MANY = 128
"""Things that one name stands for, with those of others that act on something."""
CHARS = 300
"""Characters of a text, or of a dotted name."""
COMPUTED = "<computed>"
"""Ends a dotted name whose last part only running the code could tell."""
ALONE = "?"
"""The name of a module that is looked at alone, so that what others give it is not known."""
VALIDATORS = "<validators>"
"""The name, in a class, of what its annotations say that a model calls."""
BUILTINS = frozenset(dir(builtins))


class Far:
    """What others provide, by its dotted name; ``name()`` is what a call of it gives."""

    __slots__ = ("acts", "dotted")

    def __init__(self, dotted: str) -> None:
        self.dotted = dotted
        self.acts = apis.looked_at(dotted) is not None

    @property
    def weighs(self) -> object:
        """What it, or a part of it, acts on where it is called, if anything.

        Of what calls give, all that act on the same weigh the same.
        """
        acts_on = apis.called(self.dotted)
        if "()" in self.dotted:
            return acts_on
        return self.dotted if acts_on or self.dotted in apis.PARTLY else None


class Inherited(Far):
    """What an object of the release has from a class that others provide."""

    __slots__ = ("owner",)

    def __init__(self, dotted: str, owner: Inst) -> None:
        super().__init__(dotted)
        self.owner = owner


class Made(Far):
    """A path that a call of others gives; ``text`` says which, as far as that is known."""

    __slots__ = ("text",)

    def __init__(self, dotted: str, text: str) -> None:
        super().__init__(dotted)
        self.text = text


class Method(Far):
    """What a path has."""

    __slots__ = ("owner",)

    def __init__(self, dotted: str, owner: Made) -> None:
        super().__init__(dotted)
        self.owner = owner


class Text:
    """A constant text."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class Attr:
    """An attribute of nobody knows what."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def weighs(self) -> object:
        """What a call of it acts on, if anything."""
        return apis.called(f"?.{self.name}")


class Partly(Attr):
    """A text of which parts are not known, which are written as in ``Argument``."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        super().__init__("?")
        self.text = text


SOME = Attr("?")
"""What a name stands for, besides the texts that are known, that is not known."""


class Space:
    """Something with names: a module, a class, a frame of a function, what is in a container."""

    __slots__ = ("loose", "names", "readers")

    def __init__(self) -> None:
        self.names: dict[str, dict[Value, None]] = {}
        self.readers: dict[str, dict[Unit, None]] = {}
        self.loose: dict[str, None] = {}
        """Names that stand for something that is not known as well."""


class Box(Space):
    """A container: what is in it is under one name; ``parts`` in order, where it is written so."""

    __slots__ = ("parts",)

    def __init__(self) -> None:
        super().__init__()
        self.parts: tuple[Values | str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is in it besides what is written in order."""
        known = {SOME, *(e for each in self.parts if not isinstance(each, str) for e in each)}
        return known.issuperset(self.names.get("*", ()))

    def words(self) -> str:
        """Return the texts in a list or a tuple one after the other; nothing where none are."""
        found = []
        for each in self.parts:
            if isinstance(each, str):
                found.append(each)
                continue
            texts = [e.text for e in each if isinstance(e, (Text, Partly, Made))]
            found.append(texts[0] if len(texts) == len(each) == 1 else UNKNOWN)
        if not self.is_whole:
            found.append(UNKNOWN)
        return " ".join(found)[:CHARS] if any(each != UNKNOWN for each in found) else ""


class Unit(Space):
    """A piece of code that is looked at as one: a module, or a function."""

    __slots__ = ("calls", "env", "klass", "node", "queued", "reached", "seen", "shared", "within")

    def __init__(self, node: ast.AST, within: str) -> None:
        super().__init__()
        self.node = node
        self.within = within
        self.calls: dict[Unit, None] = {}
        """What it runs."""
        self.reached = False
        self.queued = False
        self.seen = False
        self.shared: set[str] = set()
        """Names that other code binds as well."""
        self.env: Env | None = None
        self.klass: Klass | None = None


class Mod(Unit):
    """A module of the release."""

    __slots__ = ("followers", "idle", "is_package", "name", "place", "stars")

    def __init__(self, name: str, place: str, tree: ast.Module) -> None:
        super().__init__(tree, "")
        self.followers: dict[Mod, None] = {}
        """Modules that import all of its names."""
        self.stars: dict[str, None] = {}
        """What others provide, of which it imports all names."""
        self.name = name
        self.place = place
        self.idle = never_run(tree)
        """What ``never_run`` says of it."""
        self.is_package = place.endswith("/__init__.py") or place == "__init__.py"

    @property
    def package(self) -> str:
        """The name of the package that it is, or is in."""
        return self.name if self.is_package else self.name.rpartition(".")[0]


class Body(Unit):
    """A function of the release; ``traits``: property, staticmethod, classmethod."""

    __slots__ = ("given", "named", "placed", "traits")
    node: Function

    def __init__(self, node: Function, within: str) -> None:
        super().__init__(node, within)
        args = node.args
        self.placed = tuple([each.arg for each in (*args.posonlyargs, *args.args)])
        """The parameters that arguments without a name are for."""
        self.named = (*self.placed, *[each.arg for each in args.kwonlyargs])
        """Those that arguments with a name can be for, in order."""
        self.traits: set[str] = set()
        self.given: set[tuple[object, ...]] = set()
        """What it is called with, without what is taken from a table."""


class Methods(Unit):
    """All methods of an object, as what others provide may call them; seen first at ``node``."""

    __slots__ = ("owner",)

    def __init__(self, owner: Inst, node: ast.AST, env: Env) -> None:
        super().__init__(node, env.unit.within)
        self.owner = owner
        self.env = Env("function", self, env, env.module, self)


class Klass(Space):
    """A class of the release; what is set on its objects counts as the class's."""

    __slots__ = ("bases", "fields", "heirs", "instance", "metas", "methods", "module", "name")

    def __init__(self, name: str, module: str) -> None:
        super().__init__()
        self.name = name
        self.module = module
        self.bases: dict[Value, None] = {}
        self.heirs: dict[Klass, None] = {}
        """Classes of the release that have it among their bases."""
        self.metas: dict[Klass, None] = {}
        self.methods: Methods | None = None
        """All that it has, where others may call any of it."""
        self.fields: dict[str, None] = {}
        self.instance = Inst(self)


class Inst:
    """An object of a class of the release."""

    __slots__ = ("klass",)

    def __init__(self, klass: Klass) -> None:
        self.klass = klass


class Bound:
    """A method with its object, or a function with some of its arguments."""

    __slots__ = ("args", "function")

    def __init__(self, function: Value, args: tuple[tuple[Value, ...], ...]) -> None:
        self.function = function
        self.args = args


class Table:
    """What gives the names of a space, or of a module of others, by text."""

    __slots__ = ("owner",)

    def __init__(self, owner: Value) -> None:
        self.owner = owner


Value = Far | Text | Attr | Box | Mod | Body | Klass | Inst | Bound | Table
Values = tuple[Value, ...]


class Env:
    """Where code looks its names up: the space of its scope, and the scopes around."""

    __slots__ = ("globals", "kind", "module", "nonlocals", "outer", "space", "unit")

    def __init__(self, kind: str, space: Space, outer: Env | None, module: Mod, unit: Unit) -> None:
        self.kind = kind
        self.space = space
        self.outer = outer
        self.module = module
        self.unit = unit
        self.globals: set[str] = set()
        self.nonlocals: dict[str, Space] = {}


def union(*every: Values) -> Values:
    filled = [each for each in every if each]
    if len(filled) < 2:
        return filled[0] if filled else ()
    return tuple(dict.fromkeys([value for each in filled for value in each]))


def either(*every: Values) -> Values:
    """Return what any of several gives: texts of which one is not known are not all there are."""
    found = union(*every)
    if any(isinstance(each, Text) for each in found) and not all(every):
        return union(found, (SOME,))
    return found


def told(values: Values) -> tuple[str, ...]:
    """Return every text that something can be, with what is not known of it; at least one."""
    found = dict.fromkeys(
        each.text if isinstance(each, (Text, Partly, Made)) else UNKNOWN for each in values
    )
    return tuple(found) or (UNKNOWN,)


def is_itself(module: Mod, name: str) -> bool:
    """Say whether a module binds the name of a builtin to nothing else, as in ``open = open``."""
    return not module.names[name]


def is_for_types(test: ast.expr, values: Values) -> bool:
    if any(isinstance(each, Far) and each.dotted.endswith(".TYPE_CHECKING") for each in values):
        return True
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def joined(one: Arguments, other: Arguments) -> Arguments:
    found: dict[str, dict[str, None]] = {}
    loose = {each.name for each in (*one, *other) if not each.whole}
    for each in (*one, *other):
        found.setdefault(each.name, {}).update(dict.fromkeys(each.texts[:EACH]))
    return tuple(
        Argument(name, tuple(texts), whole=name not in loose) for name, texts in found.items()
    )


def filled(told: Arguments, seen: Arguments) -> Arguments:
    """Return what a run tells of arguments; of those that it cannot tell, what else is known."""
    known = {each.name: each for each in seen}
    found = []
    for each in told:
        other = known.pop(each.name, None)
        better = other is not None and not each.whole and (other.whole or not each.texts)
        found.append(other if other is not None and better else each)
    return (*found, *known.values())


def arguments_of(args: Sequence[Values], keywords: Mapping[str, Values]) -> Arguments:
    found = [Argument(str(number), *texts_of(values)) for number, values in enumerate(args)]
    if keywords:
        found += [Argument(name, *texts_of(values)) for name, values in keywords.items()]
    return tuple(found)


def texts_of(values: Values) -> tuple[tuple[str, ...], bool]:
    """Return the texts that an argument is known to be, and whether that is all.

    Those in a container, such as the words of a command, are put together.
    """
    if not values:
        return (), False
    found: dict[str, None] = {}
    whole = True
    for each in values:
        if isinstance(each, (Text, Partly, Made)):
            found[each.text] = None
        elif isinstance(each, Box) and (words := each.words()):
            found[words] = None
        else:
            whole = False
    found.pop(UNKNOWN, None)
    return tuple(found), whole and bool(found)
