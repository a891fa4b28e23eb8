"""Attributes and items: of what the release has, of what others provide, of who knows what."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from itertools import chain

from stigmem_review.host import apis
from stigmem_review.host.destinations import UNKNOWN
from stigmem_review.interpret.survey import paths, texts
from stigmem_review.interpret.survey.base import AT_ONCE, Base
from stigmem_review.interpret.survey.things import (
    CHARS,
    COMPUTED,
    SOME,
    Attr,
    Body,
    Bound,
    Box,
    Env,
    Far,
    Inherited,
    Inst,
    Klass,
    Made,
    Method,
    Methods,
    Mod,
    Partly,
    Space,
    Table,
    Text,
    Value,
    Values,
    arguments_of,
)

_MANY = 64
"""Names of one object that are tried where it is not known which is asked for; what the others
lead to may be called from somewhere."""
_ANCESTORS = 2_500
"""Classes that one class derives from, before it counts as more than is followed."""
_NONE: dict[Space, None] = {}
_ITSELF = ("func", "__call__", "__func__", "__wrapped__", "_value_", "value")
"""Attributes of a function, of a method, of a partial one or of a member, that give it."""
_OFFERED = {"_io": "io", "_os": "os", "_sys": "sys", "bltns": "builtins"} | {
    name: name
    for name in (
        *("asyncio", "builtins", "codecs", "ctypes", "importlib", "io", "linecache", "os"),
        *("pickle", "posix", "shutil", "socket", "subprocess", "sys", "tempfile", "threading"),
    )
}
"""Modules that another module's attribute of their name gives."""


def is_told(names: Values) -> bool:
    """Say whether it is certain that there are no other texts than those that are known."""
    return all(isinstance(each, Text) for each in names)


def is_constant(names: Values) -> bool:
    """Say whether a name is written in capitals, as those of constants are."""
    return bool(names) and all(
        (isinstance(each, Text) and each.text.isupper())
        or (isinstance(each, Attr) and each.name == "upper()")
        or (isinstance(each, Far) and each.dotted.endswith(".upper()"))
        for each in names
    )


def is_own_name(names: Values) -> bool:
    """Say whether it is where something of the release stands that a module is asked for by."""
    return bool(names) and all(
        (isinstance(each, Attr) and each.name in ("__module__", "__name__"))
        or (isinstance(each, Far) and each.dotted.endswith((".__module__", ".__name__")))
        for each in names
    )


class Attributes(Base):
    """Adds what stands behind a dot, or in square brackets."""

    def inner(self, values: Values) -> Values:
        found: dict[Value, None] = {}
        for each in values:
            if isinstance(each, Box):
                found.update(dict.fromkeys(self.held(each, "*")))
            else:
                found[each] = None
        return tuple(found)

    def look_at(self, dotted: str, node: ast.AST, env: Env) -> None:
        if dotted.rpartition(".")[2] in self.accessors or apis.looked_at(dotted):
            self.event("looks", dotted, node, env)

    def member(self, owner: Value, name: str, node: ast.AST, env: Env) -> Values:
        """Return an attribute."""
        if isinstance(owner, Far):
            dotted = f"{owner.dotted}.{name}"
            if len(dotted) > CHARS:
                return ()
            if isinstance(owner, Made):
                return self._of_path(owner, name)
            if name == "__dict__":
                return (self.table(owner),)
            if name == "__self__" and owner.dotted.startswith("builtins."):
                return (self.far("builtins"),)
            far = self.far(dotted)
            if far.acts or name in self.accessors:
                self.event("looks", dotted, node, env)
            found: Values = (far,)
            if name in _OFFERED and owner.dotted != _OFFERED[name] and "()" not in owner.dotted:
                found = (self.far(_OFFERED[name]),)
            if "()" in dotted:
                found = (*found, *self.held(self.given, dotted), *self._arguments(name))
            return found
        if isinstance(owner, Mod):
            if name == "__dict__":
                return (self.table(owner),)
            if name == "__builtins__":
                return (self.far("builtins"),)
            held = self.held(owner, name)
            inner = self.modules.get(f"{owner.name}.{name}")
            if not held and inner is not None:
                held = (inner,)
            if not held:
                held = self.lazily(owner, name, node, env)
            return held
        if isinstance(owner, Inst):
            return self._of_object(owner, name, node, env)
        if isinstance(owner, Klass):
            if name == "__dict__":
                return (self.table(owner),)
            if apis.looked_at(f"?.{name}"):
                self.event("looks", f"?.{name}", node, env)
            return self._of_kind(owner, name, node, env)
        if isinstance(owner, (Text, Partly)) and name in texts.METHODS:
            return (self.bound(owner, ((self.attr(name),),)),)
        if isinstance(owner, Attr):
            if name == "__dict__":
                return (self.table(owner),)
            if name in self.accessors or apis.looked_at(f"?.{name}"):
                self.event("looks", f"?.{name}", node, env)
            return (self.attr(name),)
        if isinstance(owner, (Box, Table)):
            return (self.bound(owner, ((self.attr(name),),)),)
        if isinstance(owner, (Body, Bound)) and name in _ITSELF:
            return (owner.function if isinstance(owner, Bound) else owner,)
        if isinstance(owner, Body):
            if name in ("setter", "getter", "deleter") and "property" in owner.traits:
                return (self.attr(name),)
            if name in ("__globals__", "__code__", "__builtins__"):
                self.event("looks", f"?.{name}", node, env)
            return self.held(owner, name)
        if isinstance(owner, Bound):
            return ()
        return (self.attr(name),)

    def _of_path(self, owner: Made, name: str) -> Values:
        if name == "parent":
            return self.path(owner.dotted, paths.above(owner.text))
        if name == "parents":
            return self.path(f"{owner.dotted}.{name}", owner.text)
        dotted = f"{owner.dotted}.{name}"
        found = self.made.get((id(owner), hash(dotted)))
        if found is None:
            found = self.made[id(owner), hash(dotted)] = Method(dotted, owner)
        assert isinstance(found, Method)
        return (found,)

    def whole(self, values: Values, node: ast.AST, env: Env) -> None:
        """Note that all variables of the environment go somewhere."""
        for each in values:
            if isinstance(each, Far) and each.dotted == paths.ENVIRONMENT:
                self.event("calls", each.dotted, node, env)

    def _arguments(self, name: str) -> Values:
        """Return what an exception was made of, where that is asked for."""
        return (self.raised,) if name == "args" and self.held(self.raised, "*") else ()

    def table(self, owner: Value) -> Value:
        found = self.made.get((id(owner), -1))
        if found is None:
            found = self.made[id(owner), -1] = Table(owner)
        assert isinstance(found, Table)
        return found

    def ancestors(self, klass: Klass) -> list[Value]:
        """Return a class and all that it derives from, the nearest first."""
        known = self.lineages.get(klass)
        if known is not None:
            return known
        rest = [self.lineages.get(each, [each]) for each in klass.bases]
        if all(each in self.lineages or isinstance(each, Far) for each in klass.bases):
            # As Python does it: what several derive from comes after all of them.
            every = [klass, *chain.from_iterable(rest)]
            found = [*dict.fromkeys(reversed(every))][::-1]
        else:
            found = [*self._lineage(klass)]
            self.derived_from.update(found)
        if len(found) > _ANCESTORS:
            self.exhausted = True
            del found[_ANCESTORS:]
        self.lineages[klass] = found
        return found

    def _lineage(self, klass: Klass) -> dict[Value, None]:
        found: dict[Value, None] = {klass: None}
        todo: list[Value] = [klass]
        for each in todo:
            more = each.bases if isinstance(each, Klass) and len(found) <= _ANCESTORS else {}
            todo += [base for base in more if base not in found]
            found.update(more)
        return found

    def derives(self, klass: Klass, bases: Values) -> None:
        """Let a class derive from others."""
        known = klass in self.lineages or klass in self.derived_from
        if known and any(each not in klass.bases for each in bases):
            self.lineages.clear()
            for unit in self.asked_of_classes:
                self.queue(unit)
        for each in bases:
            if isinstance(each, Klass) and each is not klass:
                each.heirs[klass] = None
                self.ancestors(each)
        klass.bases.update(dict.fromkeys(bases))

    def having(self, name: str, klass: Klass) -> dict[Space, None]:
        """Return which classes have a name themselves; who asks one is told of more it is from."""
        readers = klass.readers.get(name)
        if readers is None:
            klass.readers[name] = {self.unit: None}
        else:
            readers[self.unit] = None
        return self.classes_having.get(name, _NONE)

    def of_class(self, klass: Klass, name: str, node: ast.AST, env: Env) -> Values:
        others: dict[Value, None] = {}
        self.asked_of_classes[self.unit] = None
        having, computed = self.having(name, klass), self.having(COMPUTED, klass)
        if not having and not computed and name.startswith("__"):
            return ()
        lineage = self.ancestors(klass)
        self.looked += 1 + len(lineage) // AT_ONCE
        for each in lineage:
            if isinstance(each, Klass):
                if each in having and (held := self.held(each, name)):
                    return held
                if each in computed and not name.startswith("__"):
                    others.update(dict.fromkeys(self.held(each, COMPUTED)))
            elif isinstance(each, Far) and not name.startswith("__"):
                dotted = f"{each.dotted}().{name}"
                self.look_at(dotted, node, env)
                others[self.far(dotted)] = None
        return tuple(others)

    def _of_object(self, owner: Inst, name: str, node: ast.AST, env: Env) -> Values:
        if name == "__dict__":
            return (self.table(owner.klass),)
        if name == "__class__":
            return (owner.klass,)
        found: dict[Value, None] = {}
        for each in self.of_class(owner.klass, name, node, env):
            if isinstance(each, Body):
                if "property" in each.traits:
                    found.update(dict.fromkeys(self.call(each, ((owner,),), {}, node, env)))
                elif "staticmethod" in each.traits:
                    found[each] = None
                else:
                    me: Value = owner.klass if "classmethod" in each.traits else owner
                    found[self.bound(each, ((me,),))] = None
            elif isinstance(each, Inst) and self.of_class(each.klass, "__get__", node, env):
                found.update(dict.fromkeys(self.method(each, "__get__", node, env)))
            elif isinstance(each, Far) and "()." in each.dotted:
                found[self._inherited(each, owner)] = None
            else:
                found[each] = None
        if all(isinstance(each, Inherited) for each in found):
            for fallback in ("__getattr__", "__getattribute__"):
                for each in self.of_class(owner.klass, fallback, node, env):
                    given = ((owner,), self.text(name))
                    found.update(dict.fromkeys(self.call(each, given, {}, node, env)))
        if not found:
            if name in self.accessors or apis.looked_at(f"?.{name}"):
                self.event("looks", f"?.{name}", node, env)
            found[self.attr(name)] = None
        found.update(dict.fromkeys(self._arguments(name)))
        return tuple(found)

    def _of_kind(self, owner: Klass, name: str, node: ast.AST, env: Env) -> Values:
        if name in owner.names and not owner.names[name] and self._is_enumeration(owner):
            return (owner.instance,)
        found: dict[Value, None] = {}
        for each in self.of_class(owner, name, node, env):
            if isinstance(each, Inst) and self.of_class(each.klass, "__get__", node, env):
                found.update(dict.fromkeys(self.method(each, "__get__", node, env)))
            else:
                found[each] = None
        return tuple(found) or self._of_metas(owner, name, node, env)

    def _of_metas(self, owner: Klass, name: str, node: ast.AST, env: Env) -> Values:
        """Return what the classes of a class, and of those it derives from, have."""
        found: dict[Value, None] = {}
        if name.startswith("__"):
            return ()
        kinds = [each for each in self.ancestors(owner) if isinstance(each, Klass)]
        for meta in dict.fromkeys(meta for each in kinds for meta in each.metas):
            own = [e for e in self.of_class(meta, name, node, env) if not isinstance(e, Far)]
            for held in own:
                if isinstance(held, Body) and "property" in held.traits:
                    found.update(dict.fromkeys(self.call(held, ((owner,),), {}, node, env)))
                else:
                    found[self.bound(held, ((owner,),)) if isinstance(held, Body) else held] = None
            for fallback in () if own else ("__getattr__", "__getattribute__"):
                for asked in self.of_class(meta, fallback, node, env):
                    given = ((owner,), self.text(name))
                    found.update(dict.fromkeys(self.call(asked, given, {}, node, env)))
        return tuple(found)

    def _is_enumeration(self, klass: Klass) -> bool:
        bases = self.ancestors(klass)
        return any(isinstance(each, Far) and each.dotted.startswith("enum.") for each in bases)

    def shown(self, every: Iterable[Values], node: ast.AST, env: Env) -> None:
        """Put things into a text."""
        for values in every:
            for each in self.inner(values):
                if isinstance(each, Inst):
                    for name in ("__format__", "__str__", "__repr__"):
                        self.method(each, name, node, env)

    def asked(self, values: Values, node: ast.AST, env: Env) -> None:
        """Ask whether something counts as true."""
        for each in values:
            if isinstance(each, Inst):
                for name in ("__bool__", "__len__"):
                    self.method(each, name, node, env)

    def _inherited(self, far: Far, owner: Inst) -> Inherited:
        found = self.made.get((id(far), id(owner)))
        if found is None:
            found = self.made[id(far), id(owner)] = Inherited(far.dotted, owner)
        assert isinstance(found, Inherited)
        return found

    def own_methods(self, owner: Inst, node: ast.AST, env: Env) -> None:
        """Call what a class that others provide can call of a class that is derived from it."""
        if owner.klass.methods is None:
            owner.klass.methods = Methods(owner, node, env)
        self.runs(owner.klass.methods)

    def call_all(self, methods: Methods, env: Env) -> None:
        """Call all methods of an object."""
        for each in self.ancestors(methods.owner.klass):
            if isinstance(each, Klass):
                for name in [*each.names]:
                    if not name.startswith("__"):
                        self.method(methods.owner, name, methods.node, env)

    def method(
        self, owner: Inst, name: str, node: ast.AST, env: Env, args: tuple[Values, ...] = ()
    ) -> Values:
        """Call a special method of an object, if its class has it."""
        found: dict[Value, None] = {}
        for each in self.of_class(owner.klass, name, node, env):
            if isinstance(each, Body):
                result = self.call(each, ((owner,), *args), {}, node, env)
                found.update(dict.fromkeys(result))
        return tuple(found)

    def item(self, owner: Value, index: Values, node: ast.AST, env: Env) -> Values:
        for each in index:
            if isinstance(each, Inst):
                for name in ("__index__", "__hash__", "__eq__"):
                    self.method(each, name, node, env)
        if isinstance(owner, Box):
            return self.held(owner, "*")
        if isinstance(owner, Table):
            given = self.get((owner.owner,), index, node, env)
            if isinstance(owner.owner, Mod) and not any(isinstance(e, Text) for e in index):
                if len(owner.owner.names) > _MANY:
                    self.event("looks", f"builtins.globals.{COMPUTED}", node, env)
                # Among what a module has by name is what leads to all builtins.
                given = (*given, self.far("builtins"))
            return given
        if isinstance(owner, Inst):
            return (
                *self.method(owner, "__getitem__", node, env, (index,)),
                *self.method(owner, "__missing__", node, env, (index,)),
                *self.held(owner.klass, "*"),
            )
        if isinstance(owner, Klass):
            found: Values = (owner,)
            for each in self.of_class(owner, "__class_getitem__", node, env):
                found += self.call(each, ((owner,), index), {}, node, env)
            return found
        if isinstance(owner, Far):
            if owner.dotted == "sys.modules":
                texts = [each.text for each in index if isinstance(each, Text)]
                if not (is_told(index) if texts else is_own_name(index)):
                    self.event("looks", f"sys.modules.{COMPUTED}", node, env)
                return tuple(each for text in texts for each in self.known(text))
            if owner.dotted == paths.ENVIRONMENT:
                dotted = f"{paths.ENVIRONMENT}.__getitem__"
                self.event("calls", dotted, node, env, arguments_of((index,), {}))
                return tuple(e for each in paths.variables(index) for e in self.spelled(each))
            if isinstance(owner, Made):
                return self._above(owner, node)
            if owner.dotted == "builtins":
                return self.get((self.far("builtins"),), index, node, env)
            made = owner if owner.dotted.endswith("()") else self.far(f"{owner.dotted}()")
            # What validates comes along in a type.
            return (made, *(e for e in self.inner(index) if isinstance(e, (Body, Bound))))
        return ()

    def _above(self, owner: Made, node: ast.AST) -> Values:
        """Return one of the folders that a path is in."""
        dotted = owner.dotted.removesuffix(".parents")
        level = node.slice if isinstance(node, ast.Subscript) else None
        number = level.value if isinstance(level, ast.Constant) else None
        if dotted != owner.dotted and isinstance(number, int) and 0 <= number < CHARS:
            return self.path(dotted, paths.above(owner.text, number + 1))
        return self.path(dotted, UNKNOWN)

    def known(self, name: str) -> Values:
        if name.partition(".")[0] in self.tops:
            return (self.modules[name],) if name in self.modules else ()
        return (self.far(name),)

    def get(self, owners: Values, names: Values, node: ast.AST, env: Env) -> Values:
        """Return what ``getattr`` gives for names that are texts, or not known."""
        texts = [each.text for each in names if isinstance(each, Text)]
        found: dict[Value, None] = {}
        for text in texts:
            for owner in owners:
                found.update(dict.fromkeys(self.member(owner, text, node, env)))
            if not owners:
                if text in self.accessors or apis.looked_at(f"?.{text}"):
                    self.event("looks", f"?.{text}", node, env)
                found[self.attr(text)] = None
        if not texts or not is_told(names):
            for owner in owners:
                if isinstance(owner, Far) and "()" not in owner.dotted:
                    if self.is_module(owner.dotted) and not (
                        is_constant(names) and apis.called(owner.dotted) is None
                    ):
                        self.event("looks", f"{owner.dotted}.{COMPUTED}", node, env)
                elif isinstance(owner, Mod):
                    self._any_of(owner)
                    for held in [*owner.names][:_MANY]:
                        found.update(dict.fromkeys(self.held(owner, held)))
                elif isinstance(owner, (Inst, Klass)):
                    klass = owner.klass if isinstance(owner, Inst) else owner
                    for each in self.ancestors(klass):
                        if isinstance(each, Klass):
                            self._any_of(each)
                            for name in [*each.names][:_MANY]:
                                if not name.startswith("__"):
                                    more = self.member(owner, name, node, env)
                                    found.update(dict.fromkeys(more))
        return tuple(found)

    def _any_of(self, owner: Klass | Mod) -> None:
        """Note that any name of something is asked for, where these are more than are tried."""
        if len(owner.names) > _MANY:
            self.held(owner, COMPUTED)
            self.crowds[owner, COMPUTED] = {owner: None}

    def is_module(self, dotted: str) -> bool:
        return dotted in apis.PARTLY or (dotted in self.imported and dotted not in apis.NOTHING)

    def set_item(
        self, owner: Value, index: Values, values: Values, node: ast.AST, env: Env
    ) -> None:
        if isinstance(owner, Box):
            self.grow(owner, "*", values)
        elif isinstance(owner, Inst):
            self.method(owner, "__setitem__", node, env, (index, values))
            self.grow(owner.klass, "*", values)
        elif isinstance(owner, Table):
            self.set_by_text((owner.owner,), index, values, node, env)
        elif isinstance(owner, Far) and "()" not in owner.dotted:
            given = arguments_of((index,), {})
            self.event("sets", owner.dotted + "[]", node, env, given)

    def set_by_text(
        self, owners: Values, names: Values, values: Values, node: ast.AST, env: Env
    ) -> None:
        texts = [each.text for each in names if isinstance(each, Text)]
        for name in texts if texts and is_told(names) else [*texts, COMPUTED]:
            self.set_attribute(owners, name, values, node, env)

    def _set_by_class(
        self, owner: Inst, name: str, values: Values, node: ast.AST, env: Env
    ) -> None:
        """Call the setter of a property, or of a descriptor."""
        for each in self.of_class(owner.klass, name, node, env):
            if isinstance(each, Body) and "property" in each.traits:
                self.call(each, ((owner,), values), {}, node, env)
            elif isinstance(each, Inst):
                self.method(each, "__set__", node, env, ((owner,), values))

    def set_attribute(
        self, owners: Values, name: str, values: Values, node: ast.AST, env: Env
    ) -> None:
        """Set an attribute."""
        for owner in owners:
            if isinstance(owner, Inst):
                self._set_by_class(owner, name, values, node, env)
                self.grow(owner.klass, name, values)
                self.method(owner, "__setattr__", node, env)
            elif isinstance(owner, (Klass, Mod, Body)):
                self.grow(owner, name, values)
                if isinstance(owner, Mod):
                    owner.shared.add(name)
            elif isinstance(owner, Far):
                self.event("sets", f"{owner.dotted}.{name}", node, env)
                if "()" in owner.dotted:
                    self.grow(self.given, f"{owner.dotted}.{name}", values)
            elif owner is SOME:
                self.event("sets", f"?.{name}", node, env)
        if not owners:
            self.event("sets", f"?.{name}", node, env)
