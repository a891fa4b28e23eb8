"""What a name stands for, and which way conditions go that decide it."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from stigmem_review import limits
from stigmem_review.code.live import PRIVATE
from stigmem_review.code.modules import Module, Unusable
from stigmem_review.code.nodes import text_of, walk
from stigmem_review.code.scope import Binding, Function, Scope, scope_of
from stigmem_review.manifest.core import (
    BUILTINS,
    Core,
    Export,
    Way,
    brief,
    changeable,
)
from stigmem_review.manifest.frames import Followed, Frame, Leaves, Place, Step, Stop, Use
from stigmem_review.manifest.operations import (
    constants,
    truth,
)
from stigmem_review.manifest.values import (
    Collection,
    Const,
    Definition,
    FilePath,
    Foreign,
    Made,
    ModuleValue,
    Result,
    Value,
)
from stigmem_review.model import Unknown
from stigmem_review.text import shorten

_KEEPING = frozenset(
    {"stigmem_node.plugins.handler_timeout", "stigmem_node.plugins.handlers.handler_timeout"}
)


READ, TAKEN, AFTER, FINAL = "read", "taken", "after", "final"
"""How a module's name is read.

By its own code, from outside, after the statement that binds it, and once its import is over.
"""


class Names(Core):
    """Follows names to their one binding."""

    def decide(self, test: ast.expr, place: Place, *, here: bool = False) -> bool | None:
        """Return which way a condition goes; where it is not known, the way this path takes.

        What that leans on is kept for all that follows in the frame, or else only ``here``.
        """
        start = len(self._trace)
        known = truth(self.evaluate(test, place))
        if known is None:
            self._forget(start)
            return self._fork(test, place)
        if not here and place.frame:
            place.frame.control += self._trace[start:]
            del self._trace[start:]
        return known

    def _fork(self, test: ast.expr | ast.stmt, place: Place) -> bool | None:
        if self._plan is None:
            return None
        index = len(self._ways)
        if index >= limits.PATHS:
            # Each of them is one way more.
            why = f"there are more than {limits.PATHS} ways through the factory"
            raise Stop(place.unknown(why, test))
        taken = self._plan[index] if index < len(self._plan) else True
        if id(test) not in self._conditions:
            condition = text_of(test, place.module.syntax.source) or "a condition"
            if isinstance(test, ast.stmt):
                condition += " works"
            self._conditions[id(test)] = shorten(condition, 80)
        self._ways.append(Way(self._conditions[id(test)], place.module.at(test), taken))
        return taken

    def name(self, name: str, node: ast.AST, place: Place) -> Value:
        """Return what a name stands for where it is read."""
        if place.frame and place.frame.has(name):
            return self._in_frame(name, node, place, place.frame)
        if place.local and name in place.local.bindings:
            return self._bound(name, node, place, place.local)
        when = self._when(name, place.module, node, place, READ)
        return self._bound(name, node, Place(place.module), place.module.scope, when)

    def _in_frame(self, name: str, node: ast.AST, place: Place, frame: Frame) -> Value:
        if PRIVATE.match(name):
            return place.unknown(f"{brief(name)} is a name that a class can spell otherwise", node)
        found = frame.values.get(name)
        if found is None:
            return place.unknown(f"{brief(name)} is not given a value before", node)
        if isinstance(found, ast.AST):
            return self._follow(name, Binding(found, plain=True), place)
        self._trace.append(found)
        return found.value

    def _bound(
        self, name: str, node: ast.AST, place: Place, scope: Scope, when: str = READ
    ) -> Value:
        key = (place.module.name, id(scope), name, when)
        if key not in self._followed:
            # What it is while it is looked for: a circle.
            around = place.unknown(f"what {brief(name)} is depends on itself", node)
            self._followed[key] = Followed(around, [])
            outer, self._trace = self._trace, []
            running = self._importing
            if place.local is None:
                self._importing = place.module.name
            try:
                value = self._resolve(name, node, place, scope, when)
            except (Leaves, Stop):
                del self._followed[key]
                raise
            finally:
                self._importing = running
            self._followed[key] = Followed(value, self._trace)
            self._trace = outer
        found = self._followed[key]
        self._trace.append(found)
        return found.value

    def _resolve(self, name: str, node: ast.AST, place: Place, scope: Scope, when: str) -> Value:
        if PRIVATE.match(name):
            return place.unknown(f"{brief(name)} is a name that a class can spell otherwise", node)
        if place.local is None:
            self._trace.append(Use(name, place.module.name))
        sources = self._starred(name, place) if scope.star else []
        if scope.star and sources is None:
            return _from_star(name, scope.star, node, place)
        found = scope.bindings.get(name, [])
        if self._is_package_of(name, place):
            return self._submodule(name, sources or [], found, node, place, when)
        values = [self.member(source, name, node, place) for source in sources or ()]
        if found or not values:
            values.append(self._of_scope(name, found, node, place, scope))
        if scope.star and not all(_are_one(each, values[0]) for each in values[1:]):
            return _from_star(name, scope.star, node, place)
        return values[0]

    def _of_scope(
        self, name: str, found: list[Binding], node: ast.AST, place: Place, scope: Scope
    ) -> Value:
        """Return what the bindings of a scope give a name."""
        if not found:
            if name in BUILTINS:
                return Foreign(f"builtins.{name}", place.module.at(node))
            if name == "__name__":
                return Const(place.module.name, place.module.at(node))
            if name == "__package__":
                return Const(place.module.package, place.module.at(node))
            if name == "__file__":
                return FilePath(place.module.path, True, place.module.at(node))
            return place.unknown(f"{brief(name)} is not defined in this module", node)
        binding = scope.only(name)
        if binding is None and place.local is None:
            binding = self._conditional(name, found, place)
        if binding is None:
            lines = sorted({getattr(each.node, "lineno", 0) for each in found})
            where = ", ".join(map(str, lines[:5]))
            return place.unknown(
                f"{brief(name)} is bound more than once, or only under a condition (line {where})",
                node,
            )
        if self._depth >= limits.EVALUATION_DEPTH:
            return place.unknown(f"it is nested more than {limits.EVALUATION_DEPTH} deep", node)
        self._depth += 1
        try:
            return self._follow(name, binding, place)
        finally:
            self._depth -= 1

    def _is_package_of(self, name: str, place: Place) -> bool:
        """Say whether a name of a module is that of a submodule of it."""
        module = place.module
        return (
            place.local is None and module.is_package and self.modules.has(f"{module.name}.{name}")
        )

    def _submodule(
        self,
        name: str,
        brought: list[str],
        found: list[Binding],
        node: ast.AST,
        place: Place,
        when: str,
    ) -> Value:
        """Return what a package has under the name of a submodule.

        Importing the submodule binds it in the package, over what was there; ``from`` looks for
        what is there, and then for the submodule. So it is the submodule where nothing else is
        ever bound to the name; else the order decides.
        """
        module = place.module
        full = f"{module.name}.{name}"
        others = [each for each in found if not _imports_itself(each.node, name, full, module)]
        itself = all(self._takes_itself(each, name, full) for each in brought)
        made_up = "__getattr__" in module.scope.bindings or (
            module.scope.star and self._starred("__getattr__", place) != []
        )
        if not others and itself and not made_up and not name.startswith("__"):
            self._trace.append(Use("__getattr__", module.name))
            bound = any(each.plain for each in found) or name in self._loaded(module)
            if brought or bound or when == TAKEN:
                return ModuleValue(full, module.at(node))
            if not found:
                return place.unknown(f"{brief(name)} is not defined in this module", node)
        if when in (FINAL, AFTER) and not brought and _taken_out(name, module):
            value = self._of_scope(name, found, node, place, module.scope)
            if when == FINAL or _decides_nothing(value):
                return value
        return place.unknown(
            f"{brief(module.name)}.{brief(name)} is both a submodule and bound in the package",
            node,
        )

    def _when(self, name: str, module: Module, node: ast.AST, place: Place, when: str) -> str:
        """Return how a name of a module is read by code that stands in a place.

        It matters for what a package takes out of its submodule of the same name, which is the
        submodule until then. Code that runs while the package is imported may see that.
        """
        if not module.is_package or not self.modules.has(f"{module.name}.{name}"):
            return when
        taken_out = _taken_out(name, module)
        if taken_out is None or (place.local is not None and place.frame is None):
            return when
        if not self._importing:
            # The factory runs once everything is imported.
            after = self._plan is not None
        elif self._importing == module.name:
            in_order = place.module is module and place.local is None and place.frame is None
            after = in_order and getattr(node, "lineno", 0) > (taken_out.end_lineno or 0)
        else:
            after = self._importing not in self._imported_by(module)
        return AFTER if after else when

    def _imported_by(self, package: Module) -> frozenset[str]:
        """Return every module whose import can begin while a package is imported.

        The packages around it were begun before, and only their functions can run meanwhile.
        """
        if package.name not in self._begun:
            parts = package.name.split(".")
            around = {".".join(parts[:end]) for end in range(1, len(parts))}
            begun: set[str] = set()
            waiting = [package.name]
            while waiting:
                name = waiting.pop()
                module = self._own_module(name)
                if name in begun or module is None:
                    continue
                begun.add(name)
                inside: Iterable[ast.AST] = walk(module.tree)
                if name in around:
                    inside = (part for each in module.tree.body for part in _run_later(each))
                for part in inside:
                    self._steps += 1
                    waiting += self._named_in(part, module)
            self._begun[package.name] = frozenset(begun - around)
        return self._begun[package.name]

    def _named_in(self, part: ast.AST, module: Module) -> Iterable[str]:
        """Yield the modules that a statement of a module imports, those around them too.

        An import by a text, while something is imported, is a hazard in itself.
        """
        match part:
            case ast.Import(names=names):
                dotted = [each.name for each in names]
            case ast.ImportFrom(names=names):
                source = origin(part, module) or ""
                dotted = [source, *(f"{source}.{each.name}" for each in names)]
                if any(each.name == "*" for each in names):
                    dotted += self.modules.below(source)
            case _:
                return
        for each in dotted:
            if self.modules.owns(each):
                parts = each.split(".")
                yield from (".".join(parts[: end + 1]) for end in range(len(parts)))

    def _takes_itself(self, source: str, name: str, full: str) -> bool:
        """Say whether a module binds a name to a submodule of another, and to nothing else."""
        module = self._own_module(source)
        if module is None or module.scope.star or self.modules.has(f"{source}.{name}"):
            return False
        self._trace.append(Use(name, source))
        bound = module.scope.bindings.get(name, [])
        return bool(bound) and all(_imports_itself(each.node, name, full, module) for each in bound)

    def _loaded(self, module: Module) -> frozenset[str]:
        """Return the submodules that the import of a package always imports itself."""
        if module.name not in self._loads:
            found: set[str] = set()
            for statement in module.tree.body:
                match statement:
                    case ast.Import(names=names):
                        dotted = [each.name for each in names]
                    case ast.ImportFrom(names=names):
                        source = origin(statement, module)
                        dotted = [f"{source}.{each.name}" for each in names]
                    case _:
                        continue
                start = f"{module.name}."
                parts = {
                    each[len(start) :].partition(".")[0]
                    for each in dotted
                    if each.startswith(start)
                }
                found |= {each for each in parts if self.modules.has(start + each)}
            self._loads[module.name] = frozenset(found)
        return self._loads[module.name]

    def _starred(self, name: str, place: Place) -> list[str] | None:
        """Return the modules that a module's star imports take a name from.

        ``None`` where that cannot be told: a star import of another distribution could bring any.
        """
        if place.local is not None:
            return None
        brought = self._brought(place.module)
        if brought is None:
            return None
        self._trace.append(brought.leaning)
        # What starts with an underscore is brought only where the module lists it.
        among = brought.own if name.startswith("_") else brought.every
        packages = self._exports.packages(name, among)
        if any(self.modules.has(f"{package}.{name}") for package in packages):
            return None
        found = self._exports.providers(name, among)
        self._steps += len(found)
        return found if self._steps <= limits.EVALUATION_STEPS else None

    def _brought(self, module: Module) -> Export | None:
        """Return what all star imports of a module bring it, as far as that can be told."""
        brought = self._exports.brought
        if module.name not in brought:
            brought[module.name] = None
            found = [self._exported(each) for each in self._stars(module)]
            own = every = 0
            leaning: list[Step] = []
            for each in found:
                if each is None:
                    return None
                own |= each.own
                every |= each.every
                leaning.append(each.leaning)
            followed = Followed(Const(None, module.at(module.tree)), leaning)
            brought[module.name] = Export(own, every, followed)
        return brought[module.name]

    def _stars(self, module: Module) -> list[str]:
        """Return what a module takes everything from; an empty name where that is not plain."""
        if module.name not in self._star_imports:
            plain = {id(node) for node in module.tree.body}
            found = (
                (origin(node, module) or "") if id(node) in plain else ""
                for node in walk(module.tree)
                if isinstance(node, ast.ImportFrom) and any(each.name == "*" for each in node.names)
            )
            self._star_imports[module.name] = [*dict.fromkeys(found)]
        return self._star_imports[module.name]

    def _exported(self, source: str) -> Export | None:
        """Return what a star import of a module brings along."""
        known = self._exports.of
        if source in known:
            return known[source]
        waiting, opened = [source], set[str]()
        while waiting:
            name = waiting.pop()
            if name in opened:
                opened.discard(name)
                known[name] = self._export(name)
            elif name not in known:
                known[name] = None  # what it is in a circle
                opened.add(name)
                waiting.append(name)
                module = self._own_module(name)
                if module is not None and module.scope.star:
                    waiting += [each for each in self._stars(module) if each not in known]
        return known[source]

    def _own_module(self, source: str) -> Module | None:
        module = self.modules.get(source) if source and self.modules.owns(source) else None
        return module if isinstance(module, Module) else None

    def _export(self, source: str) -> Export | None:
        """Return what a star import of a module brings, once that is known of its own ones."""
        module = self._own_module(source)
        if module is None or "__getattr__" in module.scope.bindings:
            return None
        place = Place(module)
        leaning: list[Step] = [Use("__all__", source, True)]
        every, listed = 0, "__all__" in module.scope.bindings
        if module.scope.star:
            brought = self._brought(module)
            if brought is None:
                return None
            every = brought.every
            leaning.append(brought.leaning)
            listed = listed or self._starred("__all__", place) != []
        if listed:
            names = self._listed(module)
            if names is None:
                return None
            own = every = self._exports.provide(source, names, open_package=False)
        else:
            public = {name for name in module.scope.bindings if not name.startswith("_")}
            if module.is_package:
                public |= {name for name in self._loaded(module) if not name.startswith("_")}
            bit = self._exports.provide(source, public, open_package=module.is_package)
            own, every = bit, every | bit
        return Export(own, every, Followed(Const(None, module.at(module.tree)), leaning))

    def _listed(self, module: Module) -> frozenset[str] | None:
        """Return the names in a module's ``__all__``."""
        value = self._bound("__all__", module.tree, Place(module), module.scope)
        names = constants(value.items) if isinstance(value, Collection) else None
        return None if names is None else frozenset(map(str, names))

    def star_imported(self, source: str) -> Iterable[str]:
        """Return the submodules that a star import of a package may import: those it lists."""
        module = self._own_module(source)
        if module is None or not module.is_package:
            return
        if "__all__" in module.scope.bindings or module.scope.star:
            self._trace = []
            listed = self._listed(module)
            for full in self.modules.below(source):
                if listed is None or full.rpartition(".")[2] in listed:
                    yield full

    def _conditional(self, name: str, found: list[Binding], place: Place) -> Binding | None:
        """Return the binding that this path takes of a name bound in one ``if`` or ``try``.

        The whole of it stands in one statement of the module, so no other value is seen before.
        """
        module = place.module
        if module.name not in self._branches:
            self._branches[module.name] = {
                id(part): statement
                for statement in module.tree.body
                if isinstance(statement, (ast.If, ast.Try))
                for part in walk(statement)
            }
        branches = self._branches[module.name]
        around = {id(branches.get(id(each.node))): branches.get(id(each.node)) for each in found}
        statement = next(iter(around.values()))
        if len(around) > 1 or statement is None:
            return None
        return self._taken(name, [statement], place)

    def _taken(self, name: str, statements: list[ast.stmt], place: Place) -> Binding | None:
        """Return the one plain binding of a name in statements, on the way that this path goes."""
        binding = None
        for statement, scope in self._binders(statements, place.module).get(name, ()):
            if binding is not None or scope.star:
                return None
            match statement:
                case ast.If():
                    way = self._at_import(statement, place)
                    if way is None:
                        return None
                    taken = statement.body if way else statement.orelse
                    binding = self._taken(name, taken, place)
                case ast.Try(body=body, handlers=[handler], orelse=[], finalbody=[]):
                    way = self._at_import(statement, place)
                    if way is None:
                        return None
                    binding = self._taken(name, body, place)
                    if not way:
                        binding = self._taken(name, handler.body, place) or binding
                case _:
                    binding = scope.only(name)
            if binding is None:
                return None
        return binding

    def _binders(
        self, statements: list[ast.stmt], module: Module
    ) -> dict[str, list[tuple[ast.stmt, Scope]]]:
        """Return the statements of a block that bind each name."""
        if not statements:
            return {}
        if id(statements[0]) not in self._blocks:
            found: dict[str, list[tuple[ast.stmt, Scope]]] = {}
            for statement in statements:
                scope = scope_of(ast.Module([statement], []), module.syntax.source)
                for name in scope.bindings:
                    found.setdefault(name, []).append((statement, scope))
            self._blocks[id(statements[0])] = found
        return self._blocks[id(statements[0])]

    def _at_import(self, statement: ast.If | ast.Try, place: Place) -> bool | None:
        """Return which way a statement of a module goes, the same for all that it binds."""
        if id(statement) not in self._imported:
            outer, self._trace = self._trace, []
            if isinstance(statement, ast.If):
                way = self.decide(statement.test, place, here=True)
            else:
                way = self.works(statement, place)
            leaning, self._trace = (
                Followed(Const(None, place.module.at(statement)), self._trace),
                outer,
            )
            if way is None:
                return None
            self._imported[id(statement)] = way, leaning
        way, leaning = self._imported[id(statement)]
        self._trace.append(leaning)
        return way

    def works(self, statement: ast.Try, place: Place) -> bool | None:
        """Return whether what is tried raises nothing; where it is not known, the path decides."""
        match statement.body:
            case [ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value)]:
                start = len(self._trace)
                if isinstance(self.evaluate(value, place), Const):
                    return True
                self._forget(start)
            case _:
                pass
        return self._fork(statement.body[0], place)

    def _follow(self, name: str, binding: Binding, place: Place) -> Value:
        match binding.node:
            case ast.Assign() | ast.AnnAssign() as statement if statement.value:
                return self._assigned(name, statement, statement.value, place)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() as definition:
                return self._definition(definition, place)
            case ast.Import() as statement:
                return self._import(name, statement, place)
            case ast.ImportFrom() as statement:
                return self._import_from(name, statement, place)
            case other:
                return place.unknown(f"{brief(name)} is a parameter", other)

    def _assigned(
        self, name: str, statement: ast.Assign | ast.AnnAssign, node: ast.expr, place: Place
    ) -> Value:
        self._trace.append(id(statement))
        value = self.evaluate(node, place)
        if changeable(value):
            self._trace += [Use(each, place.module.name, True) for each in assigned(statement)]
        if isinstance(value, Result) and place.local is None:
            return Made(place.module.name, name, place.module.at(node))
        return value

    def _definition(self, node: Function | ast.ClassDef, place: Place) -> Value:
        for decorator in node.decorator_list:
            if not isinstance(decorator, ast.Call) or not self._keeps(decorator, place):
                return place.unknown(
                    f"{brief(node.name)} is decorated, and a decorator can replace what it "
                    "decorates",
                    node,
                )
        kind = "class" if isinstance(node, ast.ClassDef) else "function"
        prefix = f"{place.qualname}.<locals>." if place.local else ""
        return Definition(kind, place.module.name, prefix + node.name, place.module.at(node))

    def _keeps(self, decorator: ast.Call, place: Place) -> bool:
        """Say whether a decorator is one of the host's that gives back what it decorates."""
        found = self.evaluate(decorator.func, place)
        return isinstance(found, Foreign) and found.dotted in _KEEPING

    def _import(self, name: str, statement: ast.Import, place: Place) -> Value:
        for alias in statement.names:
            if name == (alias.asname or alias.name.partition(".")[0]):
                return self._module(alias.name if alias.asname else name, statement, place)
        return place.unknown(f"{brief(name)} is not imported here", statement)

    def _module(self, dotted: str, node: ast.AST, place: Place) -> Value:
        """Return what ``import dotted as name`` gives: attribute after attribute."""
        first, *rest = dotted.split(".")
        if not self.modules.owns(first):
            return Foreign(dotted, place.module.at(node))
        value: Value = ModuleValue(first, place.module.at(node))
        for part in rest:
            if not isinstance(value, ModuleValue):
                return place.unknown(f"{brief(dotted)} is not a module of this release", node)
            value = self.member(value.name, part, node, place)
        return value

    def _import_from(self, name: str, statement: ast.ImportFrom, place: Place) -> Value:
        source = origin(statement, place.module)
        if source is None:
            return place.unknown("this relative import leads out of its package", statement)
        for alias in statement.names:
            if name == (alias.asname or alias.name):
                return self.member(source, alias.name, statement, place)
        return place.unknown(f"{brief(name)} is not imported here", statement)

    def member(self, source: str, name: str, node: ast.AST, place: Place) -> Value:
        """Return what ``from source import name`` gives, as the import system decides it."""
        self._trace.append(Use(name, source))
        if not self.modules.owns(source):
            return Foreign(f"{source}.{name}", place.module.at(node))
        module = self.modules.get(source)
        if isinstance(module, Unusable):
            return Unknown(module.why, module.at)
        if module is not None and (
            name in module.scope.bindings
            or module.scope.star
            or self._is_package_of(name, Place(module))
        ):
            when = self._when(name, module, node, place, TAKEN)
            return self._bound(name, node, Place(module), module.scope, when)
        if self.modules.has(f"{source}.{name}"):
            return ModuleValue(f"{source}.{name}", place.module.at(node))
        if module is None:
            return place.unknown(f"there is no module {brief(source)} in the release", node)
        return place.unknown(f"{brief(source)} does not define {brief(name)}", node)


def _from_star(name: str, star: ast.ImportFrom, node: ast.AST, place: Place) -> Unknown:
    why = f"{brief(name)} could come from the star import in line {star.lineno}"
    return place.unknown(why, node)


def _are_one(one: Value, other: Value) -> bool:
    """Say whether two values are the same thing, whichever of them a name stands for."""
    match one, other:
        case Const(), Const():
            return type(one.value) is type(other.value) and one.value == other.value
        case Foreign(), Foreign():
            return one.dotted == other.dotted
        case ModuleValue(), ModuleValue():
            return one.name == other.name
        case (Definition(), Definition()) | (Made(), Made()):
            return one == other
        case _:
            return False


def _imports_itself(node: ast.AST, name: str, full: str, module: Module) -> bool:
    """Say whether a statement binds a name of a package to the submodule of that name."""
    match node:
        case ast.Import(names=names):
            bound = [
                each.name for each in names if name == (each.asname or each.name.partition(".")[0])
            ]
        case ast.ImportFrom(names=names):
            source = origin(node, module)
            bound = [
                f"{source}.{each.name}" for each in names if name == (each.asname or each.name)
            ]
        case _:
            return False
    return all(each == full for each in bound)


def _taken_out(name: str, module: Module) -> ast.ImportFrom | None:
    """Return the one statement that takes a package's name out of the submodule of that name.

    The submodule was bound before, and is not again: it is imported once.
    """
    binding = module.scope.only(name)
    match binding.node if binding else None:
        case ast.ImportFrom() as node if origin(node, module) == f"{module.name}.{name}":
            return node
        case _:
            return None


def _decides_nothing(value: Value) -> bool:
    """Say whether no condition goes another way for a value than it would for a module.

    That is a second lock: a callback that another package left behind can import what it likes
    while this one is imported.
    """
    return isinstance(value, Made) or (isinstance(value, Definition) and value.kind == "function")


def _run_later(statement: ast.stmt) -> Iterable[ast.AST]:
    """Yield the code of a statement that does not run with it: that of functions."""
    for part in walk(statement):
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from walk(part)


def origin(statement: ast.ImportFrom, module: Module) -> str | None:
    """Return the absolute name of the module a ``from`` import reads; ``None`` if it leads out."""
    if not statement.level:
        return statement.module or ""
    parts = module.package.split(".") if module.package else []
    if statement.level > len(parts):
        return None
    base = parts[: len(parts) - statement.level + 1]
    return ".".join([*base, *([statement.module] if statement.module else [])])


def assigned(statement: ast.Assign | ast.AnnAssign) -> list[str]:
    """Return every name that a plain assignment gives its value to."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]
