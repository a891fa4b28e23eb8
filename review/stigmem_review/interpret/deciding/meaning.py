"""What expressions in functions of a release stand for, of what the factory left.

Names are followed by assignments, imports and what functions return. What is in a container counts
as that container, and an object of a class as each of those that the factory left.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Set

import msgspec

from stigmem_review.code.modules import Module
from stigmem_review.code.names import Function, arguments
from stigmem_review.interpret.deciding.places import Bindings, Scope, bindings, inside, text_of
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import MISSING, Bound, Foreign, Ref, Value, Wrapped

CONTAINERS = ("list", "set", "dict")
ANY = "*"
"""What stands for a name that is computed."""
PARTS = ("get", "items", "setdefault", "values")
"""What gives what is in its object."""
_MAKING = ("__init__", "__new__", "__post_init__")
"""Functions of a class that run before anybody has the object."""
_DEEP = 50
"""Names that stand for each other that are followed."""
MANY = 12
"""What a name can stand for, and what a call is given, up to which it is told for which."""


class Space(msgspec.Struct, frozen=True):
    """The names of something, as a dict."""

    owner: Ref


class Parameter(msgspec.Struct, frozen=True):
    """What a function is given under a name."""

    function: int
    name: str


class Code(msgspec.Struct, frozen=True):
    """A function of the release: its module, what it stands in, and how many are filled already
    of its parameters.
    """

    module: str
    scopes: tuple[Scope, ...]
    filled: int = 0

    @property
    def node(self) -> Function:
        """Its definition."""
        node = self.scopes[-1]
        assert isinstance(node, Function)
        return node


Meant = Ref | Foreign | Space | Parameter | Code


class Release:
    """The modules of a release that are imported, also those that are only when a function runs."""

    def __init__(self, m: Machine) -> None:
        self.m = m
        self.readers = {each.name: Reader(self, each) for each in m.modules.loaded}
        self.objects: dict[int, list[Ref]] = {}
        """The objects of each class, those of classes that derive from it as well."""
        for oid, thing in enumerate(m.things):
            if thing.kind == "instance" and isinstance(thing.type, Ref):
                for each in (thing.type, *m.thing(thing.type).mro):
                    if isinstance(each, Ref):
                        self.objects.setdefault(each.oid, []).append(Ref(oid, "instance"))

    def reader(self, name: str) -> Reader | None:
        """Return what reads a module; nothing where it is not the release's, or cannot be read."""
        if name not in self.readers and self.m.modules.owns(name):
            late = self.m.modules.aside(name)
            if late is not None:
                self.readers[name] = Reader(self, late)
        return self.readers.get(name)


class Reader:
    """Says what expressions of a module stand for."""

    def __init__(self, release: Release, module: Module) -> None:
        self.release = release
        self.m = release.m
        self.module = module
        self.text = text_of(module)
        self.bindings: dict[int, Bindings] = {}
        self.known: dict[tuple[int, str], list[Meant]] = {}
        """What names of scopes can stand for, and what calls and functions give."""
        self.depth = 0
        self.ref = self.imported_already(module.name)
        """The module, where the factory imports it."""

    def imported_already(self, dotted: str) -> Ref | None:
        """Return a module that the factory imports."""
        found = self.m.cells.get((self.m.imports.oid, dotted), MISSING)
        return found if isinstance(found, Ref) else None

    def values(self, node: ast.AST | None, scopes: tuple[Scope, ...]) -> list[Meant]:
        """Return what an expression can stand for."""
        match node:
            case ast.Name(id=name):
                return self.name(name, scopes)
            case ast.Attribute(value=inner, attr=attr):
                return self.each_of(self.values(inner, scopes), attr)
            case ast.Subscript(value=inner, slice=index):
                owners = self.values(inner, scopes)
                return [found for owner in owners for found in self.item(owner, index)]
            case ast.Call(func=function, args=args):
                place = (id(node), "")
                if place not in self.known:
                    self.known[place] = []
                    self.known[place] = _some(self.result(function, args, scopes))
                return self.known[place]
            case ast.IfExp(body=one, orelse=other):
                return [*self.values(one, scopes), *self.values(other, scopes)]
            case ast.BoolOp(values=operands):
                return [found for each in operands for found in self.values(each, scopes)]
            case ast.NamedExpr(value=inner) | ast.Starred(value=inner) | ast.Await(value=inner):
                return self.values(inner, scopes)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                return [Code(self.module.name, (*scopes, node))]
            case _:
                return []

    def name(self, name: str, scopes: tuple[Scope, ...]) -> list[Meant]:
        """Return what a name can stand for."""
        for place in reversed(range(len(scopes))):
            scope = scopes[place]
            # Of what the factory imports, it is known what the names of a module stand for.
            if isinstance(scope, ast.ClassDef) or (isinstance(scope, ast.Module) and self.ref):
                continue
            held = self.bindings.get(id(scope))
            if held is None:
                held = self.bindings[id(scope)] = bindings(scope)
            if name in held:
                known = (id(scope), name)
                if known not in self.known and self.depth < _DEEP:
                    # What it stands for by way of itself is what else it stands for.
                    self.known[known] = []
                    self.depth += 1
                    self.known[known] = _some(self.bound_to(name, held[name], scopes[: place + 1]))
                    self.depth -= 1
                return self.known.get(known, [])
        found = self.of(self.ref, name) if self.ref is not None else []
        return found or [Foreign(f"builtins.{name}")]

    def names_for(self, these: Set[Ref]) -> list[str]:
        """Return what a module calls some things that the factory does not import."""
        tree = self.module.tree
        return [e for e in bindings(tree) if not these.isdisjoint(self.name(e, (tree,)))]

    def bound_to(
        self, name: str, every: list[ast.AST | None], scopes: tuple[Scope, ...]
    ) -> Iterator[Meant]:
        """Yield what a name of the last of some scopes can stand for."""
        scope = scopes[-1]
        for given in every:
            if isinstance(given, (ast.Import, ast.ImportFrom)):
                yield from self.imported(given, name)
            elif given is not None:
                yield from self.values(given, scopes)
            elif isinstance(scope, Function) and name in arguments(scope.args):
                yield from self.parameter(name, scope, scopes[:-1])

    def parameter(
        self, name: str, function: Function, around: tuple[Scope, ...]
    ) -> Iterator[Meant]:
        """Yield what a parameter can stand for: of a function of a class, its objects."""
        marks = {each.id for each in _decorators(function) if isinstance(each, ast.Name)}
        is_first = name in arguments(function.args)[:1] and "staticmethod" not in marks
        kind = self.class_of(around) if is_first else None
        if kind is None:
            yield Parameter(id(function), name)
        elif "classmethod" in marks:
            yield kind
        elif getattr(function, "name", "") not in _MAKING:
            yield from self.release.objects.get(kind.oid, [])

    def class_of(self, around: tuple[Scope, ...]) -> Ref | None:
        """Return the class that the factory left of the last definition that something is in."""
        found = self.ref if around and isinstance(around[-1], ast.ClassDef) else None
        for each in around:
            if isinstance(each, ast.ClassDef) and found is not None:
                inner = self.m.cells.get((found.oid, each.name), MISSING)
                if isinstance(inner, Ref) and inner.kind == "instance":
                    # The only object of a class often has its name.
                    inner = self.m.thing(inner).type
                found = inner if isinstance(inner, Ref) and inner.kind == "class" else None
            elif not isinstance(each, ast.Module):
                return None
        return found

    def item(self, owner: Meant, index: ast.expr) -> list[Meant]:
        """Return what an item of something can be."""
        match owner:
            case Foreign(dotted="sys.modules"):
                return self.module_of(index)
            case Space(owner=holder):
                return self.of(holder, text_in(index))
            case Ref(kind=kind) if kind not in CONTAINERS:
                return []
            case Ref() | Parameter():
                return [owner]
            case _:
                return []

    def result(
        self, function: ast.expr, args: list[ast.expr], scopes: tuple[Scope, ...]
    ) -> Iterator[Meant]:
        """Yield what a call can give."""
        for called in self.values(function, scopes):
            first = self.values(args[0], scopes) if args else []
            match called:
                case Foreign(dotted="builtins.globals") if self.ref is not None:
                    yield Space(self.ref)
                case Foreign(dotted="builtins.vars"):
                    yield from (Space(each) for each in first if isinstance(each, Ref))
                case Foreign(dotted="builtins.type") if len(args) == 1:
                    yield from self.each_of(first, "__class__")
                case Foreign(dotted="builtins.getattr") if len(args) > 1:
                    yield from self.each_of(first, text_in(args[1]))
                case Foreign(dotted="importlib.import_module") if args:
                    yield from self.module_of(args[0])
                case Code():
                    yield from self.returned(called)
                case _:
                    pass
        if isinstance(function, ast.Attribute) and function.attr in PARTS:
            for owner in self.values(function.value, scopes):
                if not isinstance(owner, Foreign):
                    yield from self.item(owner, args[0] if args else function)
                elif owner.dotted == "sys.modules" and args:
                    yield from self.module_of(args[0])

    def returned(self, code: Code) -> list[Meant]:
        """Return what a function can return, but for what it is given."""
        reader = self.release.reader(code.module)
        if reader is None:
            return []
        known = (id(code.node), "")
        if known not in reader.known:
            reader.known[known] = []
            found = (
                each
                for value, scopes in _returns(code.scopes)
                for each in reader.values(value, scopes)
                if not isinstance(each, Parameter)
            )
            reader.known[known] = _some(found)
        return reader.known[known]

    def each_of(self, owners: Iterable[Meant], name: str) -> list[Meant]:
        """Return what each of several has under a name."""
        return [found for owner in owners for found in self.of(owner, name)]

    def of(self, owner: Meant, name: str) -> list[Meant]:
        """Return what something has under a name."""
        if isinstance(owner, Foreign):
            return [Foreign(f"{owner.dotted}.{name}")]
        if not isinstance(owner, Ref):
            return []
        if name == "__dict__":
            return [Space(owner)]
        kind = self.m.thing(owner).type if owner.kind == "instance" else owner
        if name == "__class__":
            return [kind] if isinstance(kind, Ref) else []
        for each in (owner, kind, *(self.m.thing(kind).mro if isinstance(kind, Ref) else ())):
            found = self.m.cells.get((each.oid, name)) if isinstance(each, Ref) else None
            if found is not None and found is not MISSING:
                return self.meant(found, is_method=owner.kind == "instance" and each != owner)
        return []

    def meant(self, value: Value, *, is_method: bool = False) -> list[Meant]:
        """Return a value of the release as one that is followed."""
        match value:
            case Bound(function=Ref() as function):
                return self.meant(function, is_method=True)
            case Wrapped(kind="property" | "cached_property", function=Ref() as function):
                codes = self.meant(function)
                return [e for code in codes if isinstance(code, Code) for e in self.returned(code)]
            case Wrapped(kind=kind, function=Ref() as function):
                return self.meant(function, is_method=kind == "classmethod")
            case Ref(kind="function"):
                thing = self.m.thing(value)
                if isinstance(thing.node, Function) and thing.env is not None:
                    return [Code(thing.env.module.name, (thing.node,), int(is_method))]
                return []
            case Ref() | Foreign():
                return [value]
            case _:
                return []

    def module_of(self, name: ast.expr) -> list[Meant]:
        """Return the module of a name that is written, or this one for its own."""
        if isinstance(name, ast.Name) and name.id == "__name__":
            found = self.ref
        else:
            text = text_in(name)
            level = len(text) - len(text.lstrip("."))
            found = self.imported_already(self.absolute(level, text[level:]) if level else text)
        return [found] if found is not None else []

    def absolute(self, level: int, name: str) -> str:
        """Return the whole name of a module that is named from this one."""
        package = self.module.package.split(".")
        kept = package[: len(package) - level + 1] if level else []
        return ".".join([*kept, *([name] if name else [])])

    def imported(self, node: ast.Import | ast.ImportFrom, name: str) -> list[Meant]:
        """Return what an import binds to a name."""
        for each in node.names:
            if isinstance(node, ast.Import):
                dotted = each.name if each.asname else each.name.partition(".")[0]
                if (each.asname or dotted) == name:
                    return [self.imported_already(dotted) or Foreign(dotted)]
            elif (each.asname or each.name) == name:
                base = self.absolute(node.level, node.module or "")
                inner = self.imported_already(f"{base}.{each.name}")
                owner = self.imported_already(base) or Foreign(base)
                return [inner] if inner else self.of(owner, each.name)
        return []


def _some(found: Iterable[Meant]) -> list[Meant]:
    """Return what is found, each once, as far as it is told apart."""
    return [*dict.fromkeys(found)][:MANY]


def _returns(scopes: tuple[Scope, ...]) -> Iterator[tuple[ast.expr, tuple[Scope, ...]]]:
    """Yield what the last of some scopes returns."""
    node = scopes[-1]
    if isinstance(node, ast.Lambda):
        yield node.body, scopes
        return
    for each, around in inside(scopes):
        if isinstance(each, ast.Return) and each.value is not None and around[-1] is node:
            yield each.value, around


def _decorators(function: Function) -> list[ast.expr]:
    return [] if isinstance(function, ast.Lambda) else function.decorator_list


def text_in(node: ast.expr | None) -> str:
    """Return a name that is written as a text, or what stands for any."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ANY
