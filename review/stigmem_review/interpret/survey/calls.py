"""Calls: what they run, what they are given, and what they give."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stigmem_review.host import apis
from stigmem_review.host.destinations import TEMPORARY, UNKNOWN
from stigmem_review.interpret.events import HANDED_ON, Argument
from stigmem_review.interpret.survey import paths, texts
from stigmem_review.interpret.survey.attributes import Attributes, is_told
from stigmem_review.interpret.survey.things import (
    CHARS,
    SOME,
    VALIDATORS,
    Attr,
    Body,
    Bound,
    Box,
    Env,
    Far,
    Inherited,
    Inst,
    Klass,
    Method,
    Partly,
    Table,
    Text,
    Value,
    Values,
    arguments_of,
    either,
    texts_of,
    told,
    union,
)
from stigmem_review.model import UNREACHED

_SHOWN = {"builtins.str": ("__str__", "__repr__"), "builtins.repr": ("__repr__",),
          "builtins.len": ("__len__",), "builtins.bool": ("__bool__", "__len__"),
          "builtins.iter": ("__iter__",), "builtins.next": ("__next__",),
          "builtins.format": ("__format__",), "builtins.print": ("__str__", "__repr__"),
          "builtins.list": ("__iter__", "__next__"), "builtins.hash": ("__hash__",),
          "builtins.int": ("__int__", "__index__"),
          "builtins.sorted": ("__lt__", "__iter__", "__next__"),
          "builtins.sum": ("__add__", "__radd__", "__iter__", "__next__"),
          "builtins.abs": ("__abs__",), "builtins.float": ("__float__", "__index__"),
          "builtins.round": ("__round__",), "builtins.reversed": ("__reversed__",),
          "builtins.bytes": ("__bytes__", "__iter__"), "builtins.dir": ("__dir__",),
          "operator.index": ("__index__",), "os.fspath": ("__fspath__",),
          "copy.copy": ("__copy__", "__reduce__", "__reduce_ex__", "__getstate__"),
          "copy.deepcopy": ("__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__"),
          "pickle.dumps": ("__reduce__", "__reduce_ex__", "__getstate__"),
          "contextlib.closing": ("close",), "contextlib.aclosing": ("aclose",),
          "contextlib.ExitStack().enter_context": ("__enter__", "__exit__"),
          "contextlib.AsyncExitStack().enter_context": ("__enter__", "__exit__"),
          "contextlib.AsyncExitStack().enter_async_context": ("__aenter__", "__aexit__"),
          **dict.fromkeys(("builtins.all", "builtins.any", "builtins.dict", "builtins.enumerate",
                           "builtins.filter", "builtins.frozenset", "builtins.map", "builtins.max",
                           "builtins.min", "builtins.set", "builtins.tuple", "builtins.zip"),
                          ("__iter__", "__next__"))}  # fmt: skip
_TAKES = frozenset(
    {"get", "pop", "popleft", "setdefault", "values", "items", "copy", "__getitem__", "popitem"}
)
_PUTS = frozenset(
    {"append", "add", "insert", "extend", "update", "setdefault", "__setitem__"}
    | {"appendleft", "extendleft"}
)


_CONTAINERS = frozenset(
    {f"builtins.{each}" for each in ("dict", "frozenset", "list", "set", "tuple")}
    | {f"collections.{each}" for each in ("ChainMap", "OrderedDict", "UserDict", "UserList")}
    | {"collections.deque"}
)
"""Classes of others whose objects give back what they are given."""
_DECORATORS = frozenset({"contextlib.ContextDecorator", "contextlib.AsyncContextDecorator"})
_EXCEPTIONS = frozenset(
    f"builtins.{name}"
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)


class Calls(Attributes):
    """Adds calls."""

    def call(
        self,
        function: Value,
        args: tuple[Values, ...],
        keywords: Mapping[str, Values],
        node: ast.AST,
        env: Env,
    ) -> Values:
        """Call something."""
        if isinstance(function, Method):
            return self._call_path(function, args, keywords, node, env)
        if isinstance(function, Far):
            if isinstance(function, Inherited):
                self.own_methods(function.owner, node, env)
                kept = self._of_container(function, args, keywords)
                if kept:
                    return kept
            return self.call_far(function.dotted, args, keywords, node, env)
        if isinstance(function, Body):
            return self._call_body(function, args, keywords)
        if isinstance(function, Bound):
            if isinstance(function.function, (Box, Table)):
                return self._call_box(function.function, function.args, args, keywords, node, env)
            if isinstance(function.function, (Text, Partly)):
                return self._call_text(function.function, function.args, args, keywords, node, env)
            return self.call(function.function, (*function.args, *args), keywords, node, env)
        if isinstance(function, (Klass, Inst)):
            if function in self.being_called:
                return ()
            self.being_called.add(function)
            found = (
                self._make(function, args, keywords, node, env)
                if isinstance(function, Klass)
                else self._call_object(function, args, keywords, node, env)
            )
            self.being_called.discard(function)
            return found
        if function is SOME or isinstance(function, Partly):
            self.handed((*args, *keywords.values()), "", node, env)
            return ()
        if isinstance(function, Attr):
            self.event("calls", f"?.{function.name}", node, env, arguments_of(args, keywords))
            if function.name not in _PUTS:
                self.handed((*args, *keywords.values()), "", node, env)
            return (self.attr("upper()"),) if function.name == "upper" else ()
        return ()

    def _call_object(
        self,
        function: Inst,
        args: tuple[Values, ...],
        keywords: Mapping[str, Values],
        node: ast.AST,
        env: Env,
    ) -> Values:
        """Call an object of a class of the release."""
        found: Values = ()
        for each in self.of_class(function.klass, "__call__", node, env):
            found += self.call(each, ((function,), *args), keywords, node, env)
        return found or self._in_context(function, args, node, env)

    def _call_path(
        self,
        function: Method,
        args: tuple[Values, ...],
        keywords: Mapping[str, Values],
        node: ast.AST,
        env: Env,
    ) -> Values:
        """Call what a path has."""
        owner, name = function.owner, function.dotted.rpartition(".")[2]
        me = Argument("self", *texts_of((owner,)))
        self.event("calls", function.dotted, node, env, (*arguments_of(args, keywords), me))
        self.handed((*args, *keywords.values()), function.dotted, node, env)
        if name in paths.KEEPING:
            return (owner,)
        if name == "joinpath":
            every = paths.joined(((owner,), *args))
        elif name.startswith("with_"):
            every = paths.joined((self.text(paths.above(owner.text)), *args[:1]))
        elif name in paths.FINDING:
            every = [f"{owner.text}/{UNKNOWN}"]
        elif name in ("__str__", "as_posix"):
            return self.spelled(owner.text)
        else:
            return (self.far(f"{function.dotted}()"),) if len(function.dotted) < CHARS else ()
        return tuple(each for text in every for each in self.path(owner.dotted, text))

    def _led(self, dotted: str, args: tuple[Values, ...], env: Env) -> Values:
        """Return the path, or the text of a variable, that a call of others gives."""
        if dotted in paths.PLACES and args:
            every = paths.joined(args)
            return tuple(each for text in every for each in self.path(f"{dotted}()", text))
        if dotted == "pathlib.Path.home":
            return self.path("pathlib.Path()", paths.HOME)
        if dotted == "importlib.resources.files":
            every = paths.of_package(args[0] if args else self.text(env.module.package))
            return tuple(each for text in every for each in self.path(f"{dotted}()", text))
        if dotted in paths.TEMPORARIES:
            return self.spelled(TEMPORARY)
        if not args:
            return ()
        if dotted in paths.VARIABLES:
            found = tuple(e for each in paths.variables(args[0]) for e in self.spelled(each))
            return either(found, args[1]) if len(args) > 1 else found
        if not any(map(paths.is_spelled, args)):
            return ()
        if dotted == paths.JOINS:
            every = paths.joined(args)
        elif dotted == paths.JOINS_ADDRESSES:
            every = paths.joined(args[:2], paths.address)
        elif dotted == "os.path.dirname":
            every = [paths.above(each) for each in told(args[0])]
        elif dotted in paths.SAME:
            every = [*told(args[0])]
        else:
            return ()
        return tuple(each for text in every for each in self.spelled(text))

    def _call_text(
        self,
        owner: Text | Partly,
        name: tuple[tuple[Value, ...], ...],
        args: tuple[Values, ...],
        keywords: Mapping[str, Values],
        node: ast.AST,
        env: Env,
    ) -> Values:
        """Call a method of a text that gives another one."""
        first = name[0][0]
        assert isinstance(first, Attr)
        if first.name == "format":
            self.shown((*args, *keywords.values()), node, env)
        if isinstance(owner, Partly) and first.name not in texts.OF_ANY:
            return ()
        every = texts.called(owner.text, first.name, args, keywords)
        return tuple(each for text in every for each in self.spelled(text))

    def _in_context(self, owner: Inst, args: tuple[Values, ...], node: ast.AST, env: Env) -> Values:
        """Return what a context makes of a function that it decorates: calling it enters it."""
        decorates = any(
            isinstance(each, Far) and each.dotted in _DECORATORS
            for each in self.ancestors(owner.klass)
        )
        if not decorates:
            return ()
        names = ("__enter__", "__exit__", "__aenter__", "__aexit__")
        entered = (
            self.bound(each, ((owner,),))
            for name in names
            for each in self.of_class(owner.klass, name, node, env)
            if isinstance(each, Body)
        )
        return union(*args[:1], tuple(entered))

    def _of_container(
        self, function: Inherited, args: tuple[Values, ...], keywords: Mapping[str, Values]
    ) -> Values:
        """Put into, or take from, an object whose class derives from a container."""
        klass = function.owner.klass
        name = function.dotted.rpartition(".")[2]
        if name in _PUTS:
            for each in (*args, *keywords.values()):
                if each := self.inner(each):
                    self.grow(klass, "*", each)
        return self.held(klass, "*") if name in _TAKES else ()

    def _call_body(
        self, body: Body, args: tuple[Values, ...], keywords: Mapping[str, Values]
    ) -> Values:
        self.looked += 1
        given = (args, *keywords.items())
        if given not in body.given or "**" in keywords:
            body.given.add(given)
            self._give(body, args, keywords)
        self.runs(body)
        return self.held(body, "return")

    def _give(self, body: Body, args: tuple[Values, ...], keywords: Mapping[str, Values]) -> None:
        """Let the parameters of a function stand for arguments; to do it again adds nothing."""
        signature = body.node.args
        places, names = body.placed, body.named
        for name, values in zip(places, args, strict=False):
            self.grow(body, name, values)
        if signature.vararg is not None and len(args) > len(places):
            more = tuple(each for values in args[len(places) :] for each in values)
            self._take_more(body, signature.vararg, more)
        for name, values in keywords.items():
            if name in names:
                self.grow(body, name, values)
                continue
            if name == "**":
                # Which of them has which name is not followed; there can be more the next time.
                values = self.inner(values)
                for each in names[len(args) :]:
                    self.grow(body, each, values)
            if signature.kwarg is not None:
                self._take_more(body, signature.kwarg, values)

    def _take_more(self, body: Body, parameter: ast.arg, values: Values) -> None:
        """Let a parameter for all others have values."""
        box = self.made.get((id(parameter), id(body)))
        if box is None:
            box = self.made[id(parameter), id(body)] = Box()
        assert isinstance(box, Box)
        self.grow(box, "*", values)
        self.grow(body, parameter.arg, (box,))

    def _make(
        self,
        klass: Klass,
        args: tuple[Values, ...],
        keywords: Mapping[str, Values],
        node: ast.AST,
        env: Env,
    ) -> Values:
        me = klass.instance
        for name, first in (("__new__", klass), ("__init__", me), ("__post_init__", me)):
            for each in self.of_class(klass, name, node, env):
                given = ((first,), *args) if name != "__post_init__" else ((me,),)
                self.call(each, given, keywords, node, env)
        for each in self.of_class(klass, "_missing_", node, env):
            # Where it is an enumeration that has no such member.
            self.call(each, args, keywords, node, env)
        for meta in klass.metas:
            for each in self.of_class(meta, "__call__", node, env):
                self.call(each, ((klass,), *args), keywords, node, env)
        for each in self.of_class(klass, "__del__", node, env):
            self.call(each, ((me,),), {}, node, env)
        ancestors = self.ancestors(klass)
        if any(isinstance(e, Far) and e.dotted.startswith("pydantic") for e in ancestors):
            self._validate(klass, ancestors, node, env)
        for base in ancestors:
            if isinstance(base, Far):
                self.event("calls", base.dotted, node, env, arguments_of(args, keywords))
                if base.dotted in _EXCEPTIONS:
                    self.keep(self.raised, args)
                if base.dotted in _CONTAINERS:
                    for each_ in (*args, *keywords.values()):
                        if each_ := self.inner(each_):
                            self.grow(klass, "*", each_)
        fields = [e for base in reversed(ancestors) if isinstance(base, Klass) for e in base.fields]
        for name, values in (*zip(fields, args, strict=False), *keywords.items()):
            if name in fields:
                self.grow(klass, name, values)
        return (me,)

    def _validate(self, klass: Klass, ancestors: Sequence[Value], node: ast.AST, env: Env) -> None:
        """Call what a model calls of its own class when it is made."""
        for base in ancestors:
            if isinstance(base, Klass):
                for each in self.held(base, VALIDATORS):
                    self.call(each, ((),), {}, node, env)
                for name in [*base.names]:
                    for each in self.held(base, name):
                        if isinstance(each, Body) and (
                            "validates" in each.traits or name == "model_post_init"
                        ):
                            self.call(each, ((klass.instance,),), {}, node, env)

    def _call_box(
        self,
        box: Box | Table,
        name: tuple[tuple[Value, ...], ...],
        args: tuple[Values, ...],
        keywords: Mapping[str, Values],
        node: ast.AST,
        env: Env,
    ) -> Values:
        first = name[0][0]
        assert isinstance(first, Attr)
        if isinstance(box, Table):
            if first.name in ("update", "setdefault", "__setitem__"):
                for name_, values in keywords.items():
                    self.set_by_text((box.owner,), self.text(name_), values, node, env)
                if args or not keywords:
                    given = union(*(self.inner(each) for each in args))
                    texts = args[0] if args and first.name != "update" else ()
                    self.set_by_text((box.owner,), texts, given, node, env)
                return ()
            return self.get((box.owner,), args[0] if args else (), node, env)
        if first.name in _PUTS:
            for each in args:
                self.grow(box, "*", self.inner(each))
        elif first.name == "sort":
            for key in keywords.get("key", ()):
                self.call(key, (self.held(box, "*"),), {}, node, env)
        if first.name not in _TAKES:
            return ()
        held = self.held(box, "*")
        return either(held, args[1]) if len(args) > 1 else held

    def call_far(
        self,
        dotted: str,
        args: tuple[Values, ...],
        keywords: Mapping[str, Values],
        node: ast.AST,
        env: Env,
    ) -> Values:
        special = _SPECIAL.get(dotted)
        if special is not None:
            found = special(self, dotted, args, keywords, node, env)
            if found is not None:
                return found
        if dotted in apis.DECIDED:
            named = {str(number): self.names_of(each) for number, each in enumerate(args)}
            named |= {name: self.names_of(each) for name, each in keywords.items()}
            dotted = apis.by_arguments(dotted, named)
        self.event("calls", dotted, node, env, arguments_of(args, keywords))
        if led := self._led(dotted, args, env):
            return led
        if dotted in _EXCEPTIONS:
            self.keep(self.raised, args)
        if dotted in _SHOWN:
            for values in args:
                for each in (*values, *self.inner(values)):
                    if isinstance(each, Inst):
                        for name in _SHOWN[dotted]:
                            self.method(each, name, node, env)
        owner, _, last = dotted.rpartition(".")
        if not (owner.endswith("()") and last in _PUTS):
            self.handed((*args, *keywords.values()), dotted, node, env)
        if dotted == "collections.defaultdict":
            made = tuple(
                e for each in args[:1] for f in each for e in self.call(f, (), {}, node, env)
            )
            return (*made, *(e for each in args[1:] for e in each))
        if last in ("__getattribute__", "__getattr__") and args and owner:
            return self.get((self.far(owner),), args[-1], node, env)
        if dotted in _CONTAINERS or \
           dotted in ("builtins.sorted", "builtins.iter", "builtins.reversed",
                      "builtins.next", "typing.cast", "builtins.dict.fromkeys",
                      "types.MappingProxyType", "builtins.enumerate", "builtins.zip",
                      "copy.copy", "copy.deepcopy", "functools.cache",
                      "functools.lru_cache", "functools.lru_cache()", "functools.singledispatch",
                      "functools.wraps()", "functools.update_wrapper"):  # fmt: skip
            given = args[-1] if args else ()
            if dotted in _CONTAINERS and any(isinstance(each, Inst) for each in given):
                given = union(given, self.items_of(given, node, env))
            if dotted == "builtins.next":
                return self.inner(given)
            return (*given, *(e for values in keywords.values() for e in values))
        return (self.far(f"{dotted}()"),) if len(dotted) < CHARS else ()

    def keep(self, box: Box, given: Sequence[Values]) -> None:
        """Put what leads to code into a container."""
        for values in given:
            kept = tuple(each for each in values if not isinstance(each, (Text, Attr)))
            if kept:
                self.grow(box, "*", kept)

    def names_of(self, values: Values) -> tuple[str, ...]:
        """Return the names of what others provide that some values are, or derive from."""
        return tuple(
            base.dotted
            for each in values
            for base in (self.ancestors(each) if isinstance(each, Klass) else [each])
            if isinstance(base, Far)
        )

    def handed(self, given: Sequence[Values], to: str, node: ast.AST, env: Env) -> None:
        """Hand values to code that is not seen."""
        for values in given:
            self.whole(values, node, env)
        if any(given) and not (to and apis.looks(to)):
            for values in given:
                for each in values:
                    if not isinstance(each, Text):
                        self.hand(each, to, node, env)

    def hand(self, value: Value, to: str, node: ast.AST, env: Env, depth: int = 0) -> None:
        if isinstance(value, Far):
            if "()" in value.dotted:
                return
            if value.dotted in apis.PARTLY:
                whom = f" to {to}" if to else ""
                self.event("hands on", f"{value.dotted}.{HANDED_ON}{whom}", node, env)
            elif "." in value.dotted:
                kept = UNREACHED if to and apis.keeps(to) else ""
                self.event("calls", value.dotted, node, env, phase=kept)
        elif isinstance(value, (Body, Bound)):
            if to and apis.keeps(to):
                return
            self.call(value, (), {}, node, env)
        elif isinstance(value, Inst) and not to:
            self.call(value, (), {}, node, env)
        elif isinstance(value, Box) and depth < 1:
            for each in self.held(value, "*"):
                self.hand(each, to, node, env, depth + 1)

    def _getattr(self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env) -> Values:
        if len(args) < 2:
            return ()
        found = self.get(args[0], args[1], node, env)
        return (*found, *(args[2] if len(args) > 2 else ()))

    def _setattr(self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env) -> Values:
        if len(args) >= 2:
            self.set_by_text(args[0], args[1], args[2] if len(args) > 2 else (), node, env)
        return ()

    def _importer(
        self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env
    ) -> Values | None:
        given = args[0] if args else keywords.get("name", ())
        texts = [each.text for each in given if isinstance(each, Text)]
        if not texts:
            return None
        if not is_told(given):
            self.event("calls", dotted, node, env)
        found: dict[Value, None] = {}
        for text in texts:
            if text.startswith("."):
                package = env.module.package
                under = args[1] if len(args) > 1 else keywords.get("package", ())
                package = next((e.text for e in under if isinstance(e, Text)), package)
                up = len(text) - len(text.lstrip(".")) - 1
                parts = package.split(".")
                package = ".".join(parts[: len(parts) - up])
                text = f"{package}.{text.lstrip('.')}"
            if not text:
                continue
            found.update(dict.fromkeys(self.module(text)))
            if "__import__" in dotted and "." in text:
                found.update(dict.fromkeys(self.module(text.partition(".")[0])))
        return tuple(found)

    def _tables(self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env) -> Values:
        if args:
            owners = args[0] or (self.attr("vars()"),)
            return tuple(
                self.table(each.klass if isinstance(each, Inst) else each)
                for each in owners
                if not isinstance(each, Text)
            )
        mine = env.space if isinstance(env.space, (Body, Klass)) else env.module
        return (self.table(env.module if dotted == "builtins.globals" else mine),)

    def _taker(self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env) -> Values:
        """Return what ``operator`` makes: something that takes this from whatever it gets."""
        return (self.bound(self.far(f"{dotted}()"), args),)

    def _take(self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env) -> Values:
        names, owners = args[0] if args else (), args[-1]
        if len(args) < 2:
            return ()
        if dotted == "operator.itemgetter()":
            return tuple(e for each in owners for e in self.item(each, names, node, env))
        texts = [each.text for each in names if isinstance(each, Text)]
        found = () if texts else self.get(owners, names, node, env)
        for text in texts:
            values = owners
            for part in text.split("."):
                values = self.get(values, self.text(part), node, env)
            found += values
        if dotted == "operator.methodcaller()":
            result: Values = ()
            for each in found:
                result += self.call(each, args[1:-1], keywords, node, env)
            return result
        return found

    def _loaded(self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env) -> Values:
        return self.item(self.far("sys.modules"), args[0] if args else (), node, env)

    def _partial(self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env) -> Values:
        if not args:
            return ()
        return tuple(
            self.bound(each, tuple(args[1:])) if not isinstance(each, (Text, Attr)) else each
            for each in args[0]
        )

    def _wrapping(self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env) -> Values:
        for each in args[0] if args else ():
            if isinstance(each, Body):
                each.traits.add(dotted.partition(".")[2])
        return args[0] if args else ()

    def _super(self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env) -> Values:
        scope: Env | None = env
        while scope is not None and scope.kind != "class":
            if isinstance(scope.unit, Body) and scope.unit.klass is not None:
                klass = scope.unit.klass
                found: dict[Value, None] = {}
                for base in klass.bases:
                    if isinstance(base, Klass):
                        found[base.instance] = None
                    elif isinstance(base, Far):
                        found[self.far(f"{base.dotted}()")] = None
                return tuple(found)
            scope = scope.outer
        return ()

    def _type(
        self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env
    ) -> Values | None:
        if len(args) == 1:
            return tuple(each.klass for each in args[0] if isinstance(each, Inst))
        if len(args) == 3:
            klass = self.class_made(node, env)
            self.derives(klass, self.inner(args[1]))
            for each in self.inner(args[2]):
                # Under which name it stands does not matter: all of it can run.
                self.grow(klass, "__init__", (each,))
            return (klass,)
        return None

    def class_made(self, node: ast.AST, env: Env) -> Klass:
        """Return the class that a call makes."""
        found = self.made.get((id(node), id(env.module)))
        if found is None:
            found = self.made[id(node), id(env.module)] = Klass("<class>", env.module.name)
        assert isinstance(found, Klass)
        return found

    def _namespace(self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env) -> Values:
        klass = self.class_made(node, env)
        for name, values in keywords.items():
            self.grow(klass, name, values)
        return (klass.instance,)

    def _named_tuple(
        self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env
    ) -> Values:
        klass = self.class_made(node, env)
        if not klass.fields and len(args) > 1:
            texts = [each.text for each in self.inner(args[1]) if isinstance(each, Text)]
            names = [name for text in texts for name in text.replace(",", " ").split()]
            klass.fields = dict.fromkeys(names)
        return (klass,)

    def _validator(self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env) -> Values:
        """Return what checks a value of an annotated type: a call of it is one of the function."""
        return tuple(e for each in (*args, *keywords.values()) for e in each)

    def _referred(self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env) -> Values:
        """Return what a weak reference is called for."""
        return (self.bound(self.far("weakref.ref()"), tuple(args[:1])),)

    def _first(self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env) -> Values:
        return tuple(args[0]) if args else ()

    def _new_type(self, dotted: str, args: Any, keywords: Any, node: ast.AST, env: Env) -> Values:
        """Return the types that a new type, or a variable for types, stands for."""
        given = (*args[1:], *(each for name, each in keywords.items() if name == "bound"))
        return tuple(e for each in given for e in each if not isinstance(e, Text))


_S: Any = Calls
_SPECIAL: dict[str, Callable[..., Values | None]] = {
    "builtins.getattr": _S._getattr,
    "builtins.hasattr": lambda *_: (),
    "builtins.setattr": _S._setattr,
    "builtins.delattr": _S._setattr,
    "builtins.object.__setattr__": _S._setattr,
    "builtins.object.__delattr__": _S._setattr,
    "builtins.type.__setattr__": _S._setattr,
    "builtins.object.__getattribute__": _S._getattr,
    "builtins.type.__getattribute__": _S._getattr,
    "inspect.getattr_static": _S._getattr,
    "operator.attrgetter": _S._taker,
    "operator.attrgetter()": _S._take,
    "operator.itemgetter": _S._taker,
    "operator.itemgetter()": _S._take,
    "operator.methodcaller": _S._taker,
    "operator.methodcaller()": _S._take,
    "sys.modules.get": _S._loaded,
    "sys.modules.__getitem__": _S._loaded,
    "types.MethodType": _S._partial,
    "functools.partialmethod": _S._partial,
    "builtins.__import__": _S._importer,
    "importlib.__import__": _S._importer,
    "importlib.import_module": _S._importer,
    "builtins.globals": _S._tables,
    "builtins.locals": _S._tables,
    "builtins.vars": _S._tables,
    "functools.partial": _S._partial,
    **{
        f"{module}.{mode}Validator": _S._validator
        for module in ("pydantic", "pydantic.functional_validators")
        for mode in ("After", "Before", "Plain", "Wrap")
    },
    **{
        f"{module}.{mode}Serializer": _S._validator
        for module in ("pydantic", "pydantic.functional_serializers")
        for mode in ("Plain", "Wrap")
    },
    "weakref.ref": _S._referred,
    "weakref.WeakMethod": _S._referred,
    "weakref.ref()": _S._first,
    "weakref.proxy": _S._first,
    "typing.NewType": _S._new_type,
    "typing.TypeVar": _S._new_type,
    "typing_extensions.TypeVar": _S._new_type,
    "builtins.super": _S._super,
    "builtins.type": _S._type,
    "builtins.classmethod": _S._wrapping,
    "builtins.property": _S._wrapping,
    "builtins.staticmethod": _S._wrapping,
    "types.SimpleNamespace": _S._namespace,
    "collections.namedtuple": _S._named_tuple,
}
