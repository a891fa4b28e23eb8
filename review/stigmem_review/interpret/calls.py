"""Calls: of functions of the program, of classes, and of what others provide."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from stigmem_review.code.names import Function, Names, names_of
from stigmem_review.code.nodes import walk
from stigmem_review.host import apis
from stigmem_review.interpret import (
    annotation,
    containers,
    files,
    from_environment,
    generic,
    host,
    namespaces,
    records,
    text,
)
from stigmem_review.interpret.builtins import is_particular
from stigmem_review.interpret.ends import FALLS, Exit, GiveUp
from stigmem_review.interpret.environment import Env, mangle
from stigmem_review.interpret.escape import OUTSIDE
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.lazy import ended_by_itself
from stigmem_review.interpret.machine import DEPTH, PATHS, Machine
from stigmem_review.interpret.objects import PATH, UNFOLLOWED, lookup, mro
from stigmem_review.interpret.values import (
    MISSING,
    NONE,
    Bound,
    Const,
    File,
    Foreign,
    Frozen,
    Member,
    Method,
    OneOf,
    Opaque,
    Pairs,
    Ref,
    Tuple,
    Unknown,
    Value,
    View,
    Wrapped,
    words,
)
from stigmem_review.patterns import late

Args = Sequence[Value]
Keywords = Sequence[tuple[str, Value]]
_HANDING = words(
    "abc builtins collections contextlib copy dataclasses enum functools importlib inspect "
    "itertools operator sys types typing weakref"
)
"""Modules of which calls may give what they are given."""
_RETURNS = frozenset({"falls", "returns"})


_READING = (f"{PATH}.read_text", f"{PATH}.read_bytes")


def call(m: Machine, function: Value, args: Args, keywords: Keywords) -> Value:
    """Call something. Raises ``GiveUp`` where only running it could tell."""
    m.tick()
    match function:
        case Ref(kind="function"):
            return call_function(m, function, args, keywords)
        case Bound(function=Foreign() as inner, owner=owner):
            return m.call_foreign(inner, (owner, *args), keywords)
        case Bound(function=inner, owner=owner):
            return m.call(inner, (owner, *args), keywords)
        case Method(owner=owner, name=name):
            return call_method(m, owner, name, args, keywords)
        case Foreign():
            return m.call_foreign(function, args, keywords)
        case Ref(kind="class"):
            return instantiate(m, function, args, keywords)
        case Ref(kind="object") if found := generic.parts_of(m, function):
            return m.call(found[0], args, keywords)
        case Ref(kind="object") if m.has_model(function, "__call__"):
            return m.call_on(function, "__call__", args, keywords)
        case Ref(kind="partial"):
            thing = m.thing(function)
            first = [value for name, value in thing.defaults if not name]
            named = {name: value for name, value in thing.defaults if name}
            named.update(keywords)
            return m.call(thing.type, (*first, *args), tuple(named.items()))
        case Ref(kind="instance") if m.special(function, "__call__"):
            return m.call(m.method(function, "__call__"), args, keywords)
        case (
            Ref(kind="instance" | "list" | "dict" | "set" | "module")
            | Const()
            | Tuple()
            | (Frozen() | File())
        ):
            m.raise_("TypeError", Const("object is not callable"))
        case Unknown(why=why, api=api):
            if api.startswith(PATHS):
                # Which path it is, only the survey puts together.
                m.not_sure()
                if api in _READING:
                    m.hand_on(api, args, keywords)
                    return files.reads(m, binary=api == _READING[1])
            elif api not in ("", OUTSIDE):
                m.note("calls", api, args, keywords)
            m.hand_on("" if api[:1] == OUTSIDE else api, args, keywords)
            raise GiveUp(why)
        case _:
            raise GiveUp("what is called is not known")


def given_by(function: Value) -> str:
    """Return the name by which events speak of what others give where they are called."""
    match function:
        case Foreign(dotted=dotted):
            dotted = apis.seen_as(apis.canonical(dotted))
            owned = dotted.partition(".")[0] in _HANDING and apis.called(dotted) is None
            return "" if owned else f"{dotted}()"
        case Unknown(api=api):
            return OUTSIDE if api[:1] == OUTSIDE else api and f"{api}()"
        case _:
            return ""


def names_in(m: Machine, node: Function) -> Names:
    """Return the names of a function."""
    found = m.scopes.get(id(node))
    if found is None:
        found = m.scopes[id(node)] = names_of(node)
    return found


def make_function(m: Machine, node: Function, env: Env) -> Ref:
    """Make a function, with its defaults as they are now."""
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    defaults: list[tuple[str, Value]] = []
    for parameter, default in zip(
        positional[len(positional) - len(args.defaults) :], args.defaults, strict=True
    ):
        defaults.append((mangle(parameter.arg, env.klass), m.evaluate(default, env)))
    for parameter, given in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        if given is not None:
            defaults.append((mangle(parameter.arg, env.klass), m.evaluate(given, env)))
    name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
    made = m.alloc(
        Thing(
            "function",
            name=name,
            node=node,
            env=env,
            defaults=tuple(defaults),
            extra=qualname_of(env, name),
        )
    )
    module = m.read(env.globals, "__name__")
    if module != Const(env.module.name):
        m.write(made, module, "__module__")
    return made


def qualname_of(env: Env, name: str) -> str:
    scope: Env | None = env
    while scope is not None and scope.kind == "comprehension":
        scope = scope.outer
    if scope is None or scope.kind == "module" or name in scope.names.globals:
        return name
    inner = ".<locals>" if scope.kind == "function" else ""
    return f"{scope.qualname}{inner}.{name}"


def call_function(m: Machine, ref: Ref, args: Args, keywords: Keywords) -> Value:
    """Call a function of the program."""
    thing = m.thing(ref)
    node, outer = thing.node, thing.env
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    assert outer is not None
    if m.roots:
        if m.active.count(id(node)) > _AGAIN:
            raise GiveUp("a function calls itself")
    elif m.is_escaped(ref):
        raise GiveUp("code that could not be followed may have changed the function")
    if m.depth >= DEPTH:
        raise GiveUp("calls are nested too deeply to be followed")
    m.called(node, outer.module.name)
    names = names_in(m, node)
    frame = m.alloc(Thing("frame"))
    klass = outer.klass
    first = next(iter([*node.args.posonlyargs, *node.args.args]), None)
    env = Env(
        "function", frame, names, outer, outer.module, outer.globals, klass, str(thing.extra),
        mangle(first.arg, klass) if first else "", ref,
    )  # fmt: skip
    bind(m, node.args, dict(thing.defaults), frame, args, keywords, klass)
    _type_unknowns(m, node.args, frame, outer)
    if isinstance(node, ast.AsyncFunctionDef):
        return m.alloc(Thing("coroutine", node=node, env=env))
    if names.generates:
        return m.alloc(Thing("generator", node=node, env=env))
    if isinstance(node, ast.Lambda):
        body = node.body
        return _entered(m, lambda: m.evaluate(body, env), frame, names, id(node))
    statements = node.body

    def run() -> Value:
        m.execute(statements, env)
        return NONE

    return annotation.value_of(m, _entered(m, run, frame, names, id(node)), node.returns, outer)


_AGAIN = 1
"""How often a function that is run for what it does runs within itself."""
_PASSED = "what it is called with is not known"


def enter(m: Machine, function: Value, *known: Value) -> Value:
    """Run the body of what is called, whoever may have changed it and whenever it would run.

    Nobody knows its arguments, but for those that are given, which are the first.
    Raises ``GiveUp`` where what is called is not code of the program.
    """
    match function:
        case OneOf():
            return m.each(function, lambda one: enter(m, one, *known))
        case Bound(function=inner, owner=owner):
            return enter(m, inner, owner, *known)
        case Ref(kind="partial") as ref:
            first = [value for name, value in m.thing(ref).defaults if not name]
            return enter(m, m.thing(ref).type, *first, *known)
        case Ref(kind="instance") as ref:
            return enter(m, m.method(ref, "__call__"), *known)
        case Ref(kind="class") as ref:
            return made_anyhow(m, ref)
        case Ref(kind="coroutine" | "generator") as ref:
            return _entered_with(m, m.thing(ref), m.thing(ref).env)
        case Ref(kind="function") as ref:
            pass
        case Foreign() | Unknown() | Method():
            return m.call(function, known)
        case _:
            raise GiveUp("what is called is not known")
    thing = m.thing(ref)
    node, outer = thing.node, thing.env
    assert isinstance(node, Function)
    assert outer is not None
    if m.active.count(id(node)) > _AGAIN:
        raise GiveUp("a function calls itself")
    m.called(node, outer.module.name)
    args = node.args
    frame = m.alloc(Thing("frame"))
    both = [*args.posonlyargs, *args.args]
    env = Env(
        "function", frame, names_in(m, node), outer, outer.module, outer.globals, outer.klass,
        str(thing.extra), mangle(both[0].arg, outer.klass) if both else "", ref,
    )  # fmt: skip
    for each in (*both, *args.kwonlyargs, args.vararg, args.kwarg):
        if each is not None:
            m.write(frame, m.given_by(OUTSIDE, _PASSED), mangle(each.arg, outer.klass))
    for each, value in zip(both, known, strict=False):
        m.write(frame, value, mangle(each.arg, outer.klass))
    _type_unknowns(m, args, frame, outer)
    return _entered_with(m, thing, env)


def _entered_with(m: Machine, thing: Thing, env: Env | None) -> Value:
    node = thing.node
    assert isinstance(node, Function)
    assert env is not None

    def run() -> Value:
        if isinstance(node, ast.Lambda):
            return m.evaluate(node.body, env)
        m.yielding.append(_nobody)
        try:
            m.execute(node.body, env)
        finally:
            m.yielding.pop()
        return NONE

    if m.depth >= DEPTH:
        raise GiveUp("calls are nested too deeply to be followed")
    found = _entered(m, run, env.frame, names_in(m, node), id(node))
    returns = None if isinstance(node, ast.Lambda) or env.outer is None else node.returns
    return annotation.value_of(m, found, returns, env.outer or env)


def _nobody(_: Value) -> None:
    return None


def made_anyhow(m: Machine, kind: Ref) -> Value:
    """Make an object of a class of the program, whatever it is given."""
    ref = m.alloc(Thing("instance", type=kind))
    init = lookup(m, kind, "__init__")
    if isinstance(init, Ref) and init.kind == "function":
        enter(m, init, ref)
    return ref


def _type_unknowns(m: Machine, args: ast.arguments, frame: Ref, outer: Env) -> None:
    """Let parameters of which nothing is known be what they are annotated with."""
    for each in (*args.posonlyargs, *args.args, *args.kwonlyargs):
        if each.annotation is not None:
            cell = (frame.oid, mangle(each.arg, outer.klass))
            value = m.cells.get(cell, MISSING)
            typed = annotation.value_of(m, value, each.annotation, outer)
            if typed is not value:
                m.put(cell, typed)


def _entered(
    m: Machine, run: Callable[[], Value], frame: Ref, names: Names, node: int = 0,
    *, generates: bool = False,
) -> Value:  # fmt: skip
    m.depth += 1
    m.active.append(node)
    site = m.site
    try:
        outcomes = m.run(run)
    finally:
        m.depth -= 1
        m.active.pop()
        m.site = site
    if generates:
        ended_by_itself(m, outcomes)
    if not (names.nests or names.generates or m.is_escaped(frame)):
        # Nobody can look into the frame any more.
        cells = [(frame.oid, name) for name in m.thing(frame).cells]
        for each in outcomes:
            for cell in cells:
                each.delta.pop(cell, None)
    return m.settle(outcomes, _RETURNS)


def bind(
    m: Machine, node: ast.arguments, defaults: dict[str, Value], frame: Ref, args: Args,
    keywords: Keywords, klass: str = "",
) -> None:  # fmt: skip
    """Bind arguments to parameters, as calls do; ``klass`` is the class the function stands in."""
    positional = [mangle(each.arg, klass) for each in (*node.posonlyargs, *node.args)]
    by_name = [mangle(each.arg, klass) for each in (*node.args, *node.kwonlyargs)]
    found = dict(zip(positional, args, strict=False))
    if len(args) > len(positional) and not node.vararg:
        m.raise_("TypeError", Const("takes fewer positional arguments"))
    more: list[tuple[str, Value]] = []
    for name, value in keywords:
        if name in by_name and name not in found:
            found[name] = value
        elif name in by_name or not node.kwarg:
            m.raise_("TypeError", Const(f"got an unexpected keyword argument '{name}'"))
        else:
            more.append((name, value))
    for name in (*positional, *by_name):
        if name not in found:
            if name not in defaults:
                m.raise_("TypeError", Const(f"missing a required argument: '{name}'"))
            found[name] = defaults[name]
    if node.vararg:
        found[mangle(node.vararg.arg, klass)] = Tuple(tuple(args[len(positional) :]))
    if node.kwarg:
        pairs = tuple((("c", name), Const(name), value) for name, value in more)
        found[mangle(node.kwarg.arg, klass)] = m.new_dict(Pairs(pairs))
    for name, value in found.items():
        m.write(frame, value, name)


def generate(m: Machine, generator: Ref, on_item: Callable[[Value], None]) -> Value:
    """Run a generator to its end, a callback on each item; return what it returns.

    Raises ``GiveUp`` where going through it may end at an item of a generator that catches
    exceptions: it is closed then, and what that runs is not followed.
    """
    node = m.thing(generator).node
    assert node is not None
    if not any(isinstance(each, (ast.Try, ast.TryStar, ast.With)) for each in walk(node)):
        return run_generator(m, generator, on_item)
    guarded = m.guarded

    def run(value: Value) -> Value:
        on_item(value)
        return NONE

    def outside(value: Value) -> None:
        # What the generator guards is its own, not what whoever goes through it does.
        m.guarded = guarded
        outcomes = m.run(lambda: run(value))
        if any(each.kind != "falls" for each in outcomes):
            raise GiveUp("a generator catches exceptions")
        m.settle(outcomes, FALLS)

    return run_generator(m, generator, outside)


def run_generator(m: Machine, generator: Ref, on_item: Callable[[Value], None]) -> Value:
    """Run a generator of the program, a callback on each item; return what it returns."""
    thing = m.thing(generator)
    node, env = thing.node, thing.env
    assert isinstance(node, ast.FunctionDef)
    assert env is not None
    if m.depth >= DEPTH:
        raise GiveUp("calls are nested too deeply to be followed")
    handling = len(m.handling)
    stopped: list[GiveUp] = []

    def given(value: Value) -> None:
        # What the generator handles is not what whoever goes through it does.
        own, guarded = m.handling[handling:], m.guarded
        del m.handling[handling:]
        try:
            on_item(value)
        except GiveUp as stop:
            # The statement of the generator that it stands in ends for this, not what goes on.
            stopped.append(stop)
            raise
        finally:
            m.handling[handling:], m.guarded = own, guarded

    def run() -> Value:
        m.yielding.append(given)
        try:
            m.execute(node.body, env)
        except Exit:
            if not stopped:
                raise
        finally:
            m.yielding.pop()
        if stopped:
            raise stopped[0]
        return NONE

    return _entered(m, run, env.frame, names_in(m, node), generates=True)


def yielded(m: Machine, value: Value) -> Value:
    """Give an item to whoever goes through the generator that runs."""
    if not m.yielding:
        raise GiveUp("what a generator is sent is not known")
    on_item = m.yielding.pop()
    try:
        on_item(value)
    finally:
        m.yielding.append(on_item)
    return NONE


def instantiate(m: Machine, kind: Ref, args: Args, keywords: Keywords) -> Value:
    """Make an object of a class of the program."""
    thing = m.thing(kind)
    for each in thing.mro:
        if isinstance(each, Foreign) and apis.called(each.dotted):
            m.note("calls", each.dotted, args, keywords)
    if UNFOLLOWED in thing.traits:
        from_environment.made(m, kind, keywords)
        raise GiveUp("a class is derived from what is not followed")
    if m.is_escaped(kind) and not m.roots:
        raise GiveUp("code that could not be followed may have changed the class")
    if "enum" in thing.traits:
        return m.member_of(kind, args)
    if "namedtuple" in thing.traits:
        return records.new_named(m, kind, args, keywords)
    if "typeddict" in thing.traits:
        return records.new_typed(m, args, keywords)
    if "model" in thing.traits:
        return m.made("model", kind, args, keywords)
    if "protocol" in thing.traits or m.overrides(kind, ("__del__", "__abstractmethods__")):
        raise GiveUp("objects are made in a way of their own")
    if m.overrides(kind, ("__new__",)):
        return _made_anew(m, kind, args, keywords)
    if is_abstract(m, kind):
        m.raise_("TypeError", Const(f"Can't instantiate abstract class {thing.name}"))
    ref = m.alloc(Thing("instance", type=kind))
    if "exception" in thing.traits:
        bases = [each.dotted for each in thing.mro if isinstance(each, Foreign)]
        if any(is_particular(each, len(args)) for each in bases):
            raise GiveUp("an exception is made in an unusual way")
        m.put((ref.oid, "args"), Tuple(tuple(args)))
    init = lookup(m, kind, "__init__")
    maker = _filled_by(m, kind)
    if maker is not None:
        m.fill(ref, maker, args, keywords)
        return ref
    if isinstance(init, Ref) and init.kind == "function":
        initialised(m, m.call(init, (ref, *args), keywords))
        return ref
    if init != MISSING and not isinstance(init, Foreign):
        raise GiveUp("objects are made in a way of their own")
    if init == Foreign(host.REJECT_INIT):
        m.call(Bound(init, ref), args, keywords)
    if (args or keywords) and "exception" not in thing.traits:
        m.raise_("TypeError", Const(f"{thing.name}() takes no arguments"))
    return ref


def initialised(m: Machine, given: Value) -> None:
    """Raise what Python does where an ``__init__`` returns something."""

    def one(each: Value) -> Value:
        if isinstance(each, Unknown):
            m.may_raise(each.why)
        elif each != NONE:
            m.raise_("TypeError", Const("__init__() should return None"))
        return NONE

    m.each(given, one)


def _filled_by(m: Machine, kind: Ref) -> Ref | None:
    """Return the dataclass whose ``__init__`` a class has, if it has one."""
    for each in mro(m, kind):
        if isinstance(each, Ref):
            if m.read(each, "__init__") != MISSING:
                return None
            if "dataclass" in m.thing(each).traits:
                if "init=False" in m.thing(each).traits:
                    continue
                return each
    return None


def _made_anew(m: Machine, kind: Ref, args: Args, keywords: Keywords) -> Value:
    """Make an object with the ``__new__`` of its class."""
    new = lookup(m, kind, "__new__")
    if isinstance(new, Wrapped) and new.kind == "staticmethod":
        new = new.function
    traits = m.thing(kind).traits
    if not isinstance(new, Ref) or new.kind != "function" or traits & {"exception", "dataclass"}:
        raise GiveUp("objects are made in a way of their own")

    def fill(made: Value) -> Value:
        if isinstance(made, Ref) and made.kind == "instance":
            of = m.thing(made).type
            match m.derives(of, kind):
                case True if isinstance(of, Ref):
                    init = lookup(m, of, "__init__")
                    if isinstance(init, Ref) and init.kind == "function":
                        initialised(m, m.call(init, (made, *args), keywords))
                    elif init != MISSING and not isinstance(init, Foreign):
                        raise GiveUp("objects are made in a way of their own")
                    return made
                case False:
                    return made
        elif isinstance(made, (Const, Tuple, Frozen)):
            return made
        raise GiveUp("what a class makes is not known")

    return m.each(m.call(new, (kind, *args), keywords), fill)


def is_abstract(m: Machine, kind: Ref) -> bool:
    """Say whether a class has a method that a class derived from it must have."""
    every = m.thing(kind).mro
    if "abstract" not in m.thing(kind).traits:
        return False
    names = {name for each in (kind, *every) if isinstance(each, Ref) for name in m.names(each)}
    for name in names:
        found = lookup(m, kind, name)
        function = found.function if isinstance(found, Wrapped) else found
        if isinstance(function, Ref) and m.read(function, "__isabstractmethod__") != MISSING:
            return True
    return False


def call_method(m: Machine, owner: Value, name: str, args: Args, keywords: Keywords) -> Value:
    """Call a method of an object of a builtin type."""
    match owner:
        case View(kind="names"):
            return _on_names(m, owner, name, args, keywords)
        case View(kind="proxy", owner=held) if name in ("get", "keys", "values", "items", "copy"):
            return call_method(m, held, name, args, keywords)
        case Tuple(named=Ref()) if name in ("_replace", "_asdict"):
            return records.call_named(m, owner, name, args, keywords)
        case Ref(kind="dict") if name in ("keys", "values", "items"):
            return containers.view(owner, name, args, keywords)
        case Ref(kind="set") | Frozen() if name in ("isdisjoint", "issubset", "issuperset") and (
            len(args) == 1 and not keywords
        ):
            return containers.compared(m, name, owner, args[0])
        case Ref(kind="list" | "dict" | "set" as kind) if (kind, name) in containers.METHODS:
            return _contained(m, kind, owner, name, args, keywords)
        case Frozen() if ("frozenset", name) in containers.METHODS:
            return containers.METHODS["frozenset", name](m, owner, args, keywords)
        case Frozen() if name == "copy":
            return owner
        case Tuple() if ("tuple", name) in containers.METHODS:
            return containers.METHODS["tuple", name](m, owner, args, keywords)
        case _ if name in ("__contains__", "__len__", "__getitem__", "__eq__") and isinstance(
            owner, (Ref, Tuple, Frozen, Const)
        ):
            return _dunder(m, owner, name, args, keywords)
        case Const() | Opaque():
            return _on_text(m, owner, name, args, keywords)
        case Ref(kind="manifest" | "object"):
            return m.call_on(owner, name, args, keywords)
        case File():
            return m.call_on(owner, name, args, keywords)
        case _:
            raise GiveUp(f"{name}() is not followed")


def _on_names(m: Machine, owner: View, name: str, args: Args, keywords: Keywords) -> Value:
    match name:
        case "get" if 1 <= len(args) <= 2 and not keywords:
            default = args[1] if len(args) > 1 else NONE
            return m.each(args[0], lambda i: namespaces.get_item(m, owner, i, default))
        case "keys" | "values" | "items" if not args and not keywords:
            return View(owner.owner, f"names {name}")
        case "copy" if not args and not keywords:
            return m.new_dict(namespaces.content(m, owner))
        case "update":

            def put(entries: Pairs) -> Value:
                for _, index, value in entries.items:
                    namespaces.set_item(m, owner, index, value)
                return NONE

            if owner.owner.kind == "module" and args and isinstance(args[0], Unknown):
                namespaces.set_any(m, owner.owner, args[0], args[0])
                args = ()
            return containers.dict_of(m, args, keywords, put)
        case "setdefault" if len(args) == 2 and not keywords:

            def missing(there: Value) -> Value:
                if there == Const(False):
                    namespaces.set_item(m, owner, args[0], args[1])
                return namespaces.get_item(m, owner, args[0], None)

            return m.each(namespaces.has_item(m, owner, args[0]), missing)
        case _:
            raise GiveUp(f"{name}() is not followed")


def _dunder(m: Machine, owner: Value, name: str, args: Args, keywords: Keywords) -> Value:
    match name:
        case "__contains__" if len(args) == 1 and not keywords:
            return containers.contains(m, owner, args[0])
        case "__len__" if not args and not keywords:
            return m.call(Foreign("builtins.len"), (owner,))
        case _:
            raise GiveUp(f"{name}() is not followed")


_KEEPING = frozenset({("list", "append"), ("list", "insert"), ("dict", "setdefault")})
_FIRST = frozenset({("dict", "get"), ("dict", "pop"), ("dict", "setdefault")})


def _contained(
    m: Machine, kind: str, owner: Ref, name: str, args: Args, keywords: Keywords
) -> Value:
    run = containers.METHODS[kind, name]
    if (kind, name) in _KEEPING | _FIRST and args:
        if (kind, name) in _FIRST or name == "insert":
            return m.each(args[0], lambda one: run(m, owner, (one, *args[1:]), keywords))
        return run(m, owner, args, keywords)

    def with_(done: tuple[Value, ...]) -> Value:
        if len(done) == len(args):
            return run(m, owner, done, keywords)
        return m.each(args[len(done)], lambda one: with_((*done, one)))

    return with_(())


def _on_text(m: Machine, owner: Value, name: str, args: Args, keywords: Keywords) -> Value:
    if name == "join" and len(args) == 1 and not keywords:
        return m.each(args[0], lambda one: m.joined(owner, one))
    if name == "format" and isinstance(owner, Const):
        pattern = str(owner.value)
        given = [_shown(m, each, pattern) for each in args]
        named = tuple((key, _shown(m, each, pattern)) for key, each in keywords)
        return _all(m, given, lambda done: text.call_method(m, owner, name, done, named))
    return _all(m, args, lambda done: text.call_method(m, owner, name, done, keywords))


_LOOKS_INTO = late(r"\{[^{}]*[!.\[]")
"""What puts something else than the formatted value into a text."""


def _shown(m: Machine, value: Value, pattern: str) -> Value:
    if isinstance(value, (Const, OneOf, Opaque)):
        return value
    if (
        isinstance(value, Member)
        and value.mixin == "StrEnum"
        and not _LOOKS_INTO.search(pattern)
        and not m.overrides(value.enum, ("__str__", "__format__"))
    ):
        return value.value
    raise GiveUp("how something is formatted is not known")


def _all(m: Machine, args: Args, part: Callable[[tuple[Value, ...]], Value]) -> Value:
    def with_(done: tuple[Value, ...]) -> Value:
        if len(done) == len(args):
            return part(done)
        return m.each(args[len(done)], lambda one: with_((*done, one)))

    return with_(())
