"""Code that may run before the node has the manifest, and what in it could make a reading wrong.

The host imports the entry point's module and calls the factory. Everything at the top level of
the imported modules runs; a function may run once live code mentions its name. That is wider than
what really runs, and that is the point: a name that nothing in this code can rebind is what its
one binding says. Libraries are taken to do what they are for; what in them can rebind any name,
run text as code or change files is listed in ``wild``.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable

import msgspec

from stigmem_review.code import wild
from stigmem_review.code.nodes import children, walk
from stigmem_review.code.scope import (
    Body,
    Function,
    Scope,
    arguments_of,
    defaults,
    outer_parts,
    parameter_annotations,
    scope_of,
)

# Inside a class, `__x` stands for `_Class__x`.
PRIVATE = re.compile(r"_[^_].*__|__(?!.*__$)", re.DOTALL)


# Marks a name as a function's parameter, which cannot be reached as an attribute.
_PARAMETER = "("
# Marks the name of a class that is used as a type, of which only methods for that are called.
_TYPE = ":"


# Marks a function as the owner of a name, in place of a module.
_LOCAL = "("


def local_to(function: ast.AST) -> str:
    """Return how a function is named as the owner of its local names."""
    return f"{_LOCAL}{id(function)}"


class Hazard(msgspec.Struct, frozen=True):
    """A piece of live code after which names may not be what they seem.

    ``name`` is the one name it rebinds; empty where it could be any.
    """

    name: str
    what: str
    module: str
    line: int


class _Store(msgspec.Struct, frozen=True):
    """An assignment to an attribute or item; ``root`` is the name the target starts with."""

    root: str
    attribute: str
    module: str
    line: int


class Imported(msgspec.Struct, frozen=True):
    """A name in an import statement of a module."""

    module: str
    statement: ast.Import | ast.ImportFrom
    alias: ast.alias


class _Module(msgspec.Struct):
    scope: Scope
    imports: dict[str, set[str]] = msgspec.field(default_factory=dict)
    """What each imported name stands for, as dotted names."""
    statements: dict[str, list[Imported]] = msgspec.field(default_factory=dict)
    shared: set[str] = msgspec.field(default_factory=set)
    """Names taken out of other modules."""
    star: bool = False


class _Task(msgspec.Struct, frozen=True):
    """Nodes to walk; ``owner`` is the class whose body they are, if they are one.

    ``special`` says that something else than the class itself takes part in making it, ``around``
    which functions and classes the nodes stand in.
    """

    module: str
    nodes: Iterable[ast.AST]
    owner: str = ""
    special: bool = False
    around: tuple[Body, ...] = ()


class HandedOn(msgspec.Struct, frozen=True):
    """A place where an imported name, or ``rest`` in it, is used as a whole."""

    imported: Imported
    rest: str
    module: str
    line: int


class LiveCode:
    """Walks live code and collects what is met.

    ``seen`` are the ids of nodes the reader already accounts for: they mention a handler without
    calling it, or read a value without changing it. ``quiet`` are names that mean nothing in an
    annotation, ``factory`` a function whose result may be kept as long as it is not used.
    """

    def __init__(self, seen: frozenset[int], quiet: frozenset[str], factory: str) -> None:
        self.imports: list[tuple[str, ast.Import | ast.ImportFrom]] = []
        self.named: list[tuple[str, str, int]] = []
        """Modules that are imported by a text: the text, and where."""
        self._seen = seen
        self._quiet = quiet
        self._factory = factory
        self._modules: dict[str, _Module] = {}
        self._ready: list[_Task] = []
        self._asleep: dict[str, list[tuple[str, Function, tuple[Body, ...]]]] = {}
        self._awake: set[int] = set()
        self._local: dict[int, Scope] = {}
        self._declared: dict[int, set[str]] = {}
        self._trusted: set[str] = set()
        self._routed: list[tuple[str, Function, tuple[Body, ...]]] = []
        self._bases: set[int] = set()
        self._hazards: list[Hazard] = []
        self._stores: list[_Store] = []
        # By name: the line of the first mention in each module, and anywhere as an attribute or
        # under another name; where the module itself is handed on; what parts of it are used.
        self._names: dict[str, dict[str, int]] = {}
        # Of those, by name: where it is not local to a function; by function: where it is.
        self._free: dict[str, dict[str, int]] = {}
        self._own: dict[tuple[str, str], tuple[str, int]] = {}
        self._task = _Task("", ())
        self._attributes: dict[str, tuple[str, int]] = {}
        self._bare: dict[tuple[str, str], int] = {}
        self._parts: dict[tuple[str, str, str], int] = {}
        self._reached: set[str] = set()
        self._aliases: dict[str, set[str]] = {}
        # The names that annotations use, those to look at again, and what each name is assigned.
        self._types: dict[str, int] = {}
        self._open_types: list[str] = []
        self._assigned: dict[str, list[tuple[str, ast.expr | None, int]]] = {}

    # What is live

    def add_module(self, name: str, tree: ast.Module, scope: Scope) -> None:
        """Take what runs when a module is imported."""
        self._modules[name] = _Module(scope)
        self._ready.append(_Task(name, tree.body))

    def add_function(self, module: str, function: Function, around: tuple[Body, ...] = ()) -> None:
        """Take a function that may be called."""
        if id(function) not in self._awake:
            self._awake.add(id(function))
            nodes = [function.args, *function.body]
            self._ready.append(_Task(module, nodes, around=(*around, function)))

    def settle(self) -> None:
        """Walk what is live, and every function whose name it mentions, until no more are found."""
        while self._ready or self._open_types or self._wakes_routes():
            if self._ready:
                self._walk(self._ready.pop())
            elif self._open_types:
                self._follow_type(self._open_types.pop())

    def _wakes_routes(self) -> bool:
        """Take route functions as called after all if something can reach them by their router."""
        replaced = any(store.attribute in wild.ROUTER_PARTS for store in self._stores)
        if not replaced and wild.ROUTE_OWNERS.isdisjoint(self._attributes):
            return False
        routed, self._routed = self._routed, []
        for module, function, around in routed:
            self.add_function(module, function, around)
        return bool(routed)

    # What was found

    def hazards(self) -> list[Hazard]:
        """Return everything after which names may not be what they seem."""
        self._merge_stars()
        return [*self._hazards, *self._wild_names(), *self._wild_imports(), *self._changes()]

    def mentioned(self, name: str, owner: str) -> tuple[str, int] | None:
        """Return where live code mentions a name of module ``owner`` (empty: of any).

        ``owner`` may also be a function, as ``local_to`` writes it.
        """
        if found := self._attributes.get(name):
            return found
        if owner.startswith(_LOCAL):
            return self._own.get((name, owner))
        for module, line in (self._names if not owner else self._free).get(name, {}).items():
            known = self._modules[module]
            if not owner or module == owner or name in known.shared or known.star:
                return module, line
        return None

    def handed_on(self) -> Iterable[HandedOn]:
        """Yield where imported names are used as a whole; ask for ``hazards`` first."""
        for (module, dotted), line in self._bare.items():
            first, _, rest = dotted.partition(".")
            for imported in self._modules[module].statements.get(first, ()):
                yield HandedOn(imported, rest, module, line)

    def _merge_stars(self) -> None:
        """Take every name imported anywhere for one that a star import brings along."""
        starred = [known for known in self._modules.values() if known.star]
        if not starred:
            return
        imports: dict[str, set[str]] = {}
        statements: dict[str, list[Imported]] = {}
        for known in self._modules.values():
            for name, origins in known.imports.items():
                imports.setdefault(name, set()).update(origins)
                statements.setdefault(name, []).extend(known.statements[name])
        for known in starred:
            known.imports, known.statements = imports, statements

    def _wild_names(self) -> Iterable[Hazard]:
        for name in sorted(wild.NAMES & self._names.keys()):
            for module, line in self._names[name].items():
                yield Hazard("", f"uses {name}", module, line)
        for name in sorted(wild.JUDGED & self._names.keys()):
            for module, line in self._names[name].items():
                yield Hazard("", f"hands {name} on", module, line)
        if "TypeAdapter" in self._reached:
            yield Hazard("", "hands TypeAdapter on", *self._place("TypeAdapter"))
        for name in sorted((wild.ATTRIBUTES | wild.JUDGED) & self._attributes.keys()):
            yield Hazard("", f"uses .{name}", *self._attributes[name])

    def _wild_imports(self) -> Iterable[Hazard]:
        shared = Counter(name for known in self._modules.values() for name in known.shared)
        for module, known in self._modules.items():
            for local, origins in known.imports.items():
                line = self._names.get(local, {}).get(module)
                for dotted in sorted(origins):
                    if wild.is_wild(dotted):
                        if line is not None:
                            yield Hazard("", f"uses {dotted}", module, line)
                        elif shared[local] > (local in known.shared) or local in self._attributes:
                            yield Hazard("", f"makes {dotted} available", module, 0)
                    for part in wild.PARTS.get(dotted, ()):
                        for base in (local, dotted):
                            if (module, base, part) in self._parts:
                                where = self._parts[module, base, part]
                                yield Hazard("", f"uses {dotted}.{part}", module, where)
                    if dotted in wild.PARTS and (module, local) in self._bare:
                        where = self._bare[module, local]
                        yield Hazard("", f"hands {dotted} on", module, where)

    def _changes(self) -> Iterable[Hazard]:
        for store in self._stores:
            origins = self._modules[store.module].imports.get(store.root, ())
            if store.attribute in self._trusted:
                yield Hazard("", f"assigns .{store.attribute}", store.module, store.line)
            elif any(wild.is_host(dotted) for dotted in origins):
                what = "assigns into the host or its model"
                yield Hazard("", what, store.module, store.line)
            elif store.attribute:
                what = f"assigns .{store.attribute}"
                yield Hazard(store.attribute, what, store.module, store.line)

    # Walking

    def _walk(self, task: _Task) -> None:
        module = task.module
        self._task = task
        scope = self._modules[module].scope
        stack = [*task.nodes]
        while stack:
            node = stack.pop()
            match node:
                case ast.Name():
                    self._name(module, node)
                    continue
                case ast.Constant():
                    if node.value in wild.TEXTS:
                        self._hazard("", f"names {node.value} in a text", module, node)
                    continue
                case ast.Attribute():
                    self._attribute(module, node)
                    if isinstance(node.value, ast.Name):
                        continue
                case ast.Call():
                    stack += self._call(module, node)
                    continue
                case ast.Subscript():
                    if self._subscript(module, node):
                        continue
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    stack += self._function(task, node)
                    continue
                case ast.ClassDef():
                    stack += self._class(task, node)
                    continue
                case ast.Assign():
                    stack += self._assign(module, node, node.targets, node.value)
                    continue
                case ast.AnnAssign():
                    self._annotation(module, [node.annotation], in_class=bool(task.owner))
                    stack += self._assign(module, node, [node.target], node.value)
                    continue
                case ast.AugAssign(target=ast.Name(id=name)) if id(node) not in self._seen:
                    # A class body reads the name around it here, and may change its value.
                    self._mention(name, module, node)
                case ast.arguments():
                    for arg in arguments_of(node):
                        self._computed(_PARAMETER + arg.arg, module, arg)
                    stack += defaults(node)
                    continue
                case ast.If() if id(node) in scope.skipped:
                    continue
                case ast.Import() | ast.ImportFrom():
                    self._import(module, node)
                    continue
                case _:
                    pass
            stack += children(node)

    def _name(self, module: str, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._computed(node.id, module, node)
            if node.id in wild.BINDINGS:
                self._hazard("", f"assigns {node.id}", module, node)
        elif id(node) not in self._seen:
            self._mention(node.id, module, node)
            self._bare.setdefault((module, node.id), node.lineno)

    def _attribute(self, module: str, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._store(module, node, node.attr)
        elif id(node) not in self._seen:
            self._mention(node.attr, module, node, attribute=True)
            if id(node) not in self._bases and (dotted := _dotted(node)):
                self._bare.setdefault((module, dotted), node.lineno)
        if isinstance(node.value, ast.Attribute):
            self._bases.add(id(node.value))
        elif isinstance(node.value, ast.Name) and id(node.value) not in self._seen:
            self._mention(node.value.id, module, node.value)
        if node.attr in wild.PART_NAMES:
            base = _dotted(node.value)
            self._parts.setdefault((module, base, node.attr), node.lineno)

    def _subscript(self, module: str, node: ast.Subscript) -> bool:
        """Note a subscript; return whether that was all of it."""
        if not isinstance(node.ctx, ast.Load):
            self._store(module, node, "")
            return False
        match node.value:
            case ast.Name(id=name):
                bound = self._modules[module].scope.bindings.get(name, ())
                generic = any(_is_class(each.node, name) for each in bound)
            case ast.Attribute(attr=name):
                generic = name[:1].isupper() and not name.isupper()
            case _:
                generic = False
        if generic:
            # A generic model evaluates the text among its parameters.
            self._annotation(module, [node], in_class=True)
        return generic

    def _store(self, module: str, node: ast.Attribute | ast.Subscript, attribute: str) -> None:
        root: ast.expr = node
        while isinstance(root, (ast.Attribute, ast.Subscript)):
            root = root.value
        self._sets(attribute, module, node, root.id if isinstance(root, ast.Name) else "")

    def _sets(self, attribute: str, module: str, node: ast.AST, root: str = "") -> None:
        line = getattr(node, "lineno", 0)
        if _is_special(attribute) and attribute not in wild.HARMLESS:
            self._hazard("", f"assigns .{attribute}", module, node)
        self._stores.append(_Store(root, attribute, module, line))
        if attribute:
            self._computed(attribute, module, node)

    def _call(self, module: str, node: ast.Call) -> list[ast.AST]:
        """Note a call and return what is left of it to walk."""
        called = node.func
        bare = called.value if isinstance(called, ast.Subscript) else called
        name = bare.id if isinstance(bare, ast.Name) else getattr(bare, "attr", "")
        left: list[ast.AST] = [*node.args, *(word.value for word in node.keywords)]
        words = {word.arg for word in node.keywords}
        if name in wild.JUDGED and bare is called:
            # What is called here is judged here, by its arguments.
            what = self._judge(module, node, name)
            if what:
                self._hazard("", what, module, node)
            elif name in wild.BY_NAME and isinstance(node.args[0], ast.Name):
                self._mention(node.args[0].id, module, node)
                left = left[1:]
            self._reach([name], module, node.lineno)
            return [*left, *([called.value] if isinstance(called, ast.Attribute) else [])]
        if name == "replace" and len(node.args) == 1 and not words:
            self._hazard("", "moves a file", module, node)
        elif name == "basicConfig" and not words <= {"level", "format", "datefmt", "style"}:
            self._hazard("", "sends the log somewhere", module, node)
        elif name == "files":
            self._resource(module, node)
        elif name == "TypeAdapter":
            self._annotation(module, left)
            return []
        elif name == "type" and len(node.args) > 1 and not _plain_namespace(node):
            self._hazard("", "makes a class out of computed names", module, node)
        return [called, *left]

    def _judge(self, module: str, node: ast.Call, name: str) -> str:
        """Return why a call can change or run anything; what it does otherwise is noted."""
        if name == "open":
            return "" if wild.only_reads(node) else "opens a file, and perhaps not only to read it"
        plain = not node.keywords and not any(isinstance(arg, ast.Starred) for arg in node.args)
        given = [arg.value if isinstance(arg, ast.Constant) else None for arg in node.args]
        match name, given if plain else []:
            case "setattr" | "__setattr__", [_, str(attribute), _]:
                self._sets(attribute, module, node)
            case "__setattr__", [str(attribute), _]:
                self._sets(attribute, module, node)
            case "getattr", [_, str(attribute)] | [_, str(attribute), _]:
                self._mention(attribute, module, node, attribute=True)
            case "import_module" | "find_spec", [str(dotted)] if not dotted.startswith("."):
                self.named.append((dotted, module, node.lineno))
                statement = ast.Import([ast.alias(dotted)], lineno=node.lineno)
                self.imports.append((module, statement))
            case _:
                return f"uses {name} with a computed name"
        return ""

    def _resource(self, module: str, node: ast.Call) -> None:
        match node.args:
            case [ast.Constant(value=str(dotted))]:
                statement = ast.Import([ast.alias(dotted)], lineno=node.lineno)
                self.imports.append((module, statement))
            case [] | [ast.Name(id="__name__" | "__package__")]:
                pass
            case _:
                self._hazard("", "uses files with a computed name", module, node)

    def _function(self, task: _Task, node: Function) -> Iterable[ast.AST]:
        """Note a definition and return what of it runs at once."""
        module, owner = task.module, task.owner
        self._annotation(module, parameter_annotations(node.args))
        if node.returns:
            self._annotation(module, [node.returns])
        inert = [each for each in node.decorator_list if self._is_inert(task, each)]
        routes = [each for each in node.decorator_list if self._is_route(task, each)]
        if routes:
            self._routed.append((module, node, task.around))
            inert += routes
        named = _is_special(node.name) and (task.special or not owner)
        names = {node.name, owner} - {""}
        if node.name in wild.TYPE_METHODS or "pydantic" in node.name:
            names.add(_TYPE + owner)
        if node.name in wild.REDUCERS:
            self._hazard("", f"defines {node.name}", module, node)
        if (
            len(inert) < len(node.decorator_list)
            or named
            or PRIVATE.match(node.name)
            or not names.isdisjoint(self._reached)
        ):
            self.add_function(module, node, task.around)
        for name in names if id(node) not in self._awake else ():
            self._asleep.setdefault(name, []).append((module, node, task.around))
        outer: list[ast.AST] = [*defaults(node.args), *getattr(node, "type_params", ())]
        for decorator in node.decorator_list:
            if decorator not in inert:
                outer.append(decorator)
            elif isinstance(decorator, ast.Call):
                outer += [*decorator.args, *decorator.keywords]
        return outer

    def _is_inert(self, task: _Task, decorator: ast.expr) -> bool:
        """Say whether a decorator neither calls what it decorates nor hands it on."""
        scope = self._modules[task.module].scope
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        first = _dotted(called).partition(".")[0]
        origin = _origin(called, scope)
        if not origin and first == _dotted(called) and first not in scope.bindings:
            origin = f"builtins.{first}"
        if isinstance(decorator, ast.Call):
            inert = origin in wild.INERT_FACTORIES and _is_simple(decorator, origin)
        else:
            inert = origin in wild.INERT_DECORATORS
        if not inert or scope.star or any(self._binds(body, first) for body in task.around):
            return False
        self._trusted.add(first)
        return True

    def _is_route(self, task: _Task, decorator: ast.expr) -> bool:
        """Say whether a decorator adds a route to a plain router of FastAPI.

        That looks at the signature of what it decorates, and keeps it until a request comes.
        """
        match decorator:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=router), attr=method)):
                pass
            case _:
                return False
        scope = self._modules[task.module].scope
        binding = scope.only(router)
        match binding.node if binding else None:
            case ast.Assign(value=ast.Call() as made) | ast.AnnAssign(value=ast.Call() as made):
                pass
            case _:
                return False
        return (
            method in wild.ROUTE_METHODS
            and not task.around
            and not scope.star
            and _origin(made.func, scope) in wild.ROUTERS
            and _has_only(made, wild.ROUTER_KEYWORDS)
            and _has_only(decorator, wild.ROUTE_KEYWORDS)
        )

    def _binds(self, body: Body, name: str) -> bool:
        if id(body) not in self._local:
            self._local[id(body)] = scope_of(body, b"global :=")
        return name in self._local[id(body)].bindings

    def _class(self, task: _Task, node: ast.ClassDef) -> Iterable[ast.AST]:
        if node.decorator_list:
            self._mention(node.name, task.module, node)
        special = bool(node.bases or node.keywords or node.decorator_list)
        around = (*task.around, node)
        self._ready.append(_Task(task.module, node.body, node.name, special, around))
        return [*outer_parts(node), *getattr(node, "type_params", ())]

    def _assign(
        self, module: str, node: ast.stmt, targets: list[ast.expr], value: ast.expr | None
    ) -> list[ast.AST]:
        rest: list[ast.AST] = [value] if value else []
        names = []
        for target in targets:
            if isinstance(target, ast.Name) and target.id not in wild.BINDINGS:
                names.append(target.id)
                if value:
                    self._give(target.id, module, value, node)
            else:
                rest.append(target)
        if id(node) in self._seen and value:
            # What the reader followed is excused here, not where the new name is used.
            for inner in walk(value):
                if id(inner) in self._seen and isinstance(inner, (ast.Name, ast.Attribute)):
                    self._alias(names, inner.id if isinstance(inner, ast.Name) else inner.attr)
        match value:
            case ast.Call(func=ast.Name(id=self._factory), args=[], keywords=[]) if names:
                self._alias(names, self._factory)
                self._reach([self._factory], module, node.lineno)
                return rest[1:]
            case _:
                return rest

    def _import(self, module: str, node: ast.Import | ast.ImportFrom) -> None:
        self.imports.append((module, node))
        known = self._modules[module]
        for alias in node.names:
            local = alias.asname or alias.name
            dotted = alias.name
            if isinstance(node, ast.Import):
                local = alias.asname or alias.name.partition(".")[0]
            elif alias.name == "*":
                known.star = True
                continue
            else:
                known.shared.add(local)
                dotted = alias.name if node.level else f"{node.module}.{alias.name}"
                self._alias([local], alias.name)
            known.imports.setdefault(local, set()).add(dotted)
            known.statements.setdefault(local, []).append(Imported(module, node, alias))
            if isinstance(node, ast.Import) and not alias.asname:
                known.imports[local].add(local)
            if local in wild.BINDINGS:
                self._hazard("", f"assigns {local}", module, node)

    # Annotations are read by typing tools, and some of those evaluate the text in them.

    def _annotation(self, module: str, nodes: Iterable[ast.AST], *, in_class: bool = False) -> None:
        """Note what evaluating an annotation, and the text in it, uses."""
        quiet = frozenset[str]() if in_class else self._quiet
        stack = [*nodes]
        while stack:
            node = stack.pop()
            match node:
                case ast.Name(id=name):
                    if name not in quiet:
                        self._record(name, module, node.lineno, attribute=False)
                    self._type(name)
                    self._type(_PARAMETER + name)
                case ast.Attribute(attr=name):
                    if name not in quiet:
                        self._record(name, module, node.lineno, attribute=True)
                    self._type(name)
                    stack.append(node.value)
                case ast.Constant(value=str(text)):
                    stack += _parsed(text, node.lineno)
                case ast.Constant():
                    pass
                case ast.Subscript():
                    types, values = _parameters(node)
                    stack += [node.value, *types]
                    self._later(module, values)
                case ast.Call():
                    origin = _origin(node.func, self._modules[module].scope)
                    if origin.partition(".")[0] not in wild.TYPE_LIBRARIES:
                        self._hazard("", "computes an annotation", module, node)
                    if origin.rpartition(".")[2] in wild.TYPE_MAKERS:
                        stack += [*node.args, *(word.value for word in node.keywords)]
                        self._later(module, [node.func])
                    else:
                        self._later(module, [node])
                case ast.BinOp(op=ast.BitOr()) | ast.Tuple() | ast.List() | ast.Dict() | ast.Set():
                    stack += children(node)
                case ast.Starred() | ast.IfExp():
                    stack += children(node)
                case _:
                    self._hazard("", "computes an annotation", module, node)
                    self._later(module, [node])

    def _later(self, module: str, nodes: list[ast.AST]) -> None:
        if nodes:
            self._ready.append(_Task(module, nodes, around=self._task.around))

    def _type(self, name: str) -> None:
        if name not in self._types:
            self._types[name] = 0
            self._open_types.append(name)
            self._reach([_TYPE + name], "", 0)

    def _give(self, name: str, module: str, value: ast.expr | None, node: ast.AST) -> None:
        """Note what a name is given; ``None`` if no single expression shows it."""
        line = getattr(node, "lineno", 0)
        self._assigned.setdefault(name, []).append((module, value, line))
        if name in self._types:
            self._open_types.append(name)

    def _follow_type(self, name: str) -> None:
        """Take what is assigned to a name in an annotation for an annotation, too."""
        assigned = self._assigned.get(name, [])
        done, self._types[name] = self._types[name], len(assigned)
        for module, value, line in assigned[done:]:
            if value is None:
                what = f"computes {name.removeprefix(_PARAMETER)}, which an annotation names"
                self._hazards.append(Hazard("", what, module, line))
            else:
                self._annotation(module, [value], in_class=True)
        for original in self._aliases.get(name, ()):
            self._type(original)
            if original not in self._quiet and assigned:
                self._record(original, *assigned[0][::2], attribute=True)

    # Names, and what they lead to

    def _mention(self, name: str, module: str, node: ast.AST, *, attribute: bool = False) -> None:
        line = getattr(node, "lineno", 0)
        self._record(name, module, line, attribute=attribute)
        # Whoever has something whose special method he could name, named its class before.
        if name not in self._reached and not (attribute and _is_special(name)):
            self._reach([name], module, line)

    def _record(self, name: str, module: str, line: int, *, attribute: bool) -> None:
        if attribute:
            self._attributes.setdefault(name, (module, line))
            return
        self._names.setdefault(name, {}).setdefault(module, line)
        owners, free = self._owners(name)
        for owner in owners:
            self._own.setdefault((name, owner), (module, line))
        if free:
            self._free.setdefault(name, {}).setdefault(module, line)

    def _owners(self, name: str) -> tuple[list[str], bool]:
        """Return the functions around that a name may be local to, and if it may be of none."""
        owners = []
        for body in reversed(self._task.around):
            if isinstance(body, ast.ClassDef):
                # What its own body names may be its own, or anybody's around.
                continue
            if self._binds(body, name):
                owners.append(local_to(body))
                if not self._task.owner and not self._declares(body, name):
                    return owners, False
        return owners, True

    def _declares(self, body: Body, name: str) -> bool:
        """Say whether a function says of a name that it is not its own, or one inside may."""
        if id(body) not in self._declared:
            self._declared[id(body)] = {
                each
                for part in walk(body)
                if isinstance(part, (ast.Global, ast.Nonlocal))
                for each in part.names
            }
        return name in self._declared[id(body)]

    def _reach(self, names: Iterable[str], module: str, line: int) -> None:
        """Wake what has one of the names, and count what they are other names of as mentioned."""
        waiting = [*names]
        while waiting:
            name = waiting.pop()
            self._reached.add(name)
            self._wake(name)
            for original in self._aliases.get(name, ()):
                self._record(original, module, line, attribute=True)
                if original not in self._reached:
                    waiting.append(original)

    def _place(self, name: str) -> tuple[str, int]:
        places = [*self._names.get(name, {}).items(), self._attributes.get(name, ("", 0))]
        return places[0]

    def _wake(self, name: str) -> None:
        for module, function, around in self._asleep.pop(name, ()):
            self.add_function(module, function, around)

    def _alias(self, names: Iterable[str], original: str) -> None:
        for name in names:
            if name == original or original in self._aliases.setdefault(name, set()):
                continue
            self._aliases[name].add(original)
            if name in self._types:
                self._type(original)
            if name in self._reached:
                self._reach([name], *self._place(name))

    def _computed(self, name: str, module: str, node: ast.AST) -> None:
        self._give(name, module, None, node)

    def _hazard(self, name: str, what: str, module: str, node: ast.AST) -> None:
        self._hazards.append(Hazard(name, what, module, getattr(node, "lineno", 0)))


def _is_special(name: str) -> bool:
    return name[:1] == "_" and name[-1:] == "_"


def _dotted(node: ast.expr) -> str:
    """Return an expression of a few names and attributes as a dotted name, else nothing."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute) and len(parts) < 8:
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _origin(node: ast.expr, scope: Scope) -> str:
    """Return what a dotted name stands for if its first part is imported once, by the module."""
    first, _, rest = _dotted(node).partition(".")
    binding = scope.only(first)
    match binding.node if binding else None:
        case ast.Import(names=names):
            found = [each.name if each.asname else first for each in names]
        case ast.ImportFrom(level=0, module=str(module), names=names):
            found = [
                f"{module}.{each.name}" for each in names if first == (each.asname or each.name)
            ]
        case _:
            return ""
    return f"{found[0]}.{rest}" if rest else found[0]


def _parameters(node: ast.Subscript) -> tuple[list[ast.AST], list[ast.AST]]:
    """Return what in the brackets of a type is itself a type, and what is a value."""
    match _dotted(node.value).rpartition(".")[2], node.slice:
        case "Literal", _:
            return [], [node.slice]
        case "Annotated", ast.Tuple(elts=[first, *others]):
            return [first], [*others]
        case _:
            return [node.slice], []


def _is_class(node: ast.AST, name: str) -> bool:
    match node:
        case ast.ClassDef():
            return True
        case ast.ImportFrom(names=names):
            return any(
                (each.asname or each.name) == name
                and each.name[:1].isupper()
                and not each.name.isupper()
                for each in names
            )
        case _:
            return False


def _is_simple(call: ast.Call, origin: str) -> bool:
    """Say whether a call has constants for arguments; ``wraps`` takes one function instead."""
    if origin == "functools.wraps":
        starred = any(isinstance(arg, ast.Starred) for arg in call.args)
        return len(call.args) == 1 and not call.keywords and not starred
    return all(isinstance(arg, ast.Constant) for arg in call.args) and all(
        word.arg and isinstance(word.value, ast.Constant) for word in call.keywords
    )


def _has_only(call: ast.Call, keywords: frozenset[str]) -> bool:
    """Say whether a call has constants and, of keywords, none but the given."""
    return all(isinstance(arg, ast.Constant) for arg in call.args) and all(
        word.arg in keywords for word in call.keywords
    )


def _plain_namespace(node: ast.Call) -> bool:
    match node.args:
        case [_, _, ast.Dict(keys=keys)]:
            return all(isinstance(key, ast.Constant) for key in keys)
        case _:
            return False


def _parsed(text: str, line: int) -> list[ast.AST]:
    """Return what evaluating a text evaluates; what is no expression evaluates to nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return []
    for node in walk(tree):
        if hasattr(node, "lineno"):
            node.lineno = line
    return [tree.body]
