"""What others' classes keep that the node reads later: routers of paths, and migrations.

What is kept is noted as it is said, on whichever way that is: ``Machine.noted``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

import msgspec

from stigmem_review.code.names import Function
from stigmem_review.interpret.ends import Exit, GiveUp, Part
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Args, Keywords, Run, model
from stigmem_review.interpret.values import (
    MISSING,
    NONE,
    TRUE,
    Bound,
    Const,
    Foreign,
    Frozen,
    Member,
    OneOf,
    Opaque,
    Pairs,
    Ref,
    Tuple,
    Value,
    values_of,
    words,
)
from stigmem_review.model import Location
from stigmem_review.patterns import late
from stigmem_review.text import shorten

ROUTER = Foreign("fastapi.APIRouter")
DEPENDS = Foreign("fastapi.Depends")
REFUSALS = (
    *("fastapi.HTTPException", "fastapi.exceptions.HTTPException"),
    "starlette.exceptions.HTTPException",
)
"""What a function behind a path raises to refuse a request."""
ALIAS = Foreign("typing.Annotated")
MIGRATION = Foreign("stigmem_node.plugins.Migration")
ROUTED = Foreign("fastapi.APIRouter.route()")
"""What decorates a function with a path."""

MIGRATION_FIELDS = (
    *("plugin_name", "migration_id", "sql", "description", "plugin_version", "backend"),
)
_DEFAULTS = {"plugin_version": Const("0.0.0"), "backend": Const("sqlite")}
_UNREAD = "(a path that cannot be read)"
VERBS = ("delete", "get", "head", "options", "patch", "post", "put", "trace")
_SOCKET = ("WEBSOCKET",)
_SETTINGS = words(
    "callbacks default default_response_class dependencies dependency_overrides_provider "
    "deprecated form_limits generate_unique_id_function include_in_schema lifespan max_body_size "
    "on_shutdown on_startup prefix redirect_slashes responses route_class routes "
    "strict_content_type tags"
)
"""What a router is made with (``fastapi.APIRouter``)."""
_ATTRIBUTES = _SETTINGS | words(
    "add_api_route add_api_websocket_route add_event_handler add_route add_websocket_route "
    "api_route app delete frontend get handle head host include_router lifespan_context matches "
    "middleware middleware_stack mount not_found on_event options patch post put route shutdown "
    "startup trace url_path_for websocket websocket_route"
)
"""What a router has beside that what is private."""
_PARAMETER = late(r"{([a-zA-Z_]\w*)(?::[a-zA-Z_]\w*)?}")
_SHOWN = 60
_EMPTY = "empty path"
"""The cell of a router that says that it answers an empty path."""
EMPTY_PATH = "fastapi.exceptions.FastAPIError"
"""What is raised for a path that is empty."""
_NESTED = 10


class Made(msgspec.Struct, frozen=True):
    """A router: its prefixes, of which one counts, and what all its paths depend on."""

    router: Ref
    prefixes: tuple[str, ...]
    guards: tuple[str, ...]
    at: Location | None


class Path(msgspec.Struct, frozen=True):
    """What a router answers: one of some paths; ``bare``: without its own prefix and guards.

    ``response`` is the model of what it answers, and ``MISSING`` where none is given.
    """

    router: Ref
    methods: tuple[str, ...]
    paths: tuple[str, ...]
    guards: tuple[str, ...]
    bare: bool
    at: Location | None
    response: Value = MISSING
    function: Value = NONE


class Needed(msgspec.Struct, frozen=True):
    """What paths depend on: by what name it is shown, and what is called for it."""

    name: str
    function: Value


class Included(msgspec.Struct, frozen=True):
    """A router within another; ``child`` is not a router where that is not known."""

    parent: Ref
    child: Value
    shown: str
    prefixes: tuple[str, ...]
    guards: tuple[str, ...]
    at: Location | None


class Changed(msgspec.Struct, frozen=True):
    """A router whose prefix is set after it was made."""

    router: Ref


class Migrated(msgspec.Struct, frozen=True):
    """A migration: its fields, each with all that it can be."""

    fields: dict[str, tuple[Value, ...]]
    node: ast.AST | None
    at: Location | None


# What is given.


def _plain(m: Machine, value: Value) -> bool:
    """Say whether somebody who gets a value cannot run or change anything by it."""
    match value:
        case Const() | Opaque() | Foreign() | Member():
            return True
        case Ref(kind="object") as ref if m.thing(ref).type in (DEPENDS, ROUTER):
            return True
        case Tuple(items=items):
            return all(_plain(m, each) for each in items)
        case Frozen() as frozen:
            return all(_plain(m, each) for each in frozen.items)
        case Ref(kind="list" | "set" | "dict") as ref:
            return _plain(m, m.read(ref))
        case Pairs(items=items):
            return all(_plain(m, name) and _plain(m, each) for _, name, each in items)
        case OneOf(options=options):
            return all(_plain(m, each.value) for each in options)
        case _:
            return False


def _give(m: Machine, router: Ref, args: Args, keywords: Keywords) -> None:
    """Give values to a router, which keeps them, and may call what it gets with what it has."""
    for name, each in (*(("", each) for each in args), *keywords):
        if name == "response_model" and isinstance(each, Ref) and each.kind == "class":
            m.asked(each)
        elif not _plain(m, each):
            m.escape(router)
            m.may_raise("what a router does with what it is given is not known")
        _keep(m, router, each)


def _keep(m: Machine, router: Ref, value: Value) -> None:
    """Note what a router keeps: whoever gets the router gets it as well."""
    m.write(router, value, f"kept {len(m.thing(router).cells)}")


def _options(m: Machine, value: Value) -> tuple[Value, ...]:
    return tuple(values_of(m.narrowed(value)))


def _texts(m: Machine, value: Value | None, unread: str) -> tuple[str, ...]:
    """Return every text that a value can be; what cannot be told is said in its place."""
    if value is None:
        return ("",)
    found = []
    for each in _options(m, value):
        plain = each.value if isinstance(each, Member) else each
        text = plain.value if isinstance(plain, Const) else None
        found.append(text if isinstance(text, str) else unread)
    return tuple(dict.fromkeys(found))


def _items(m: Machine, value: Value) -> list[Value]:
    """Return what is in every list that a value can be."""
    lists = []
    for each in _options(m, value):
        content = m.read(each) if isinstance(each, Ref) and each.kind in ("list", "set") else each
        if not isinstance(content, (Tuple, Frozen)):
            return []
        lists.append([*content.items])
    return [each for each in lists[0] if all(each in other for other in lists[1:])]


def _call(m: Machine) -> ast.Call | None:
    _, node = m.site
    return node if isinstance(node, ast.Call) else None


def written(node: ast.AST | None) -> str:
    """Return an expression as Python writes it, in one short line."""
    try:
        return shorten(" ".join(ast.unparse(node).split())) if node is not None else ""
    except (RecursionError, ValueError):
        return "an expression"


def _argument(m: Machine, name: str, place: int) -> ast.expr | None:
    """Return the expression of an argument of the call that runs."""
    call = _call(m)
    if call is None:
        return None
    named = [each.value for each in call.keywords if each.arg == name]
    return next(iter((*named, *call.args[place : place + 1])), None)


def _short(m: Machine, name: str, place: int) -> str:
    return shorten(written(_argument(m, name, place)), _SHOWN)


def _prefixes(m: Machine, value: Value | None) -> tuple[str, ...]:
    return _texts(m, value, f"{{{_short(m, 'prefix', 9) or 'prefix'}}}")


# What a path depends on.


def _named(m: Machine, value: Value) -> str:
    match value:
        case Bound(function=function):
            return _named(m, function)
        case Ref(kind="function" | "class"):
            return m.thing(value).name
        case Foreign(dotted=dotted):
            return dotted.rpartition(".")[2]
        case _:
            return ""


def _depends(m: Machine, args: Args, keywords: Keywords) -> Value:
    held = (*(("", each) for each in args), *keywords)
    wanted = next(iter((*args, *(each for name, each in keywords if name == "dependency"))), NONE)
    env, _ = m.site
    shown = _short(m, "dependency", 0)
    if (env is not None and env.kind in ("function", "comprehension")) or not shown:
        shown = _named(m, wanted) or shown
    m.noted.append(Needed(shown, wanted))
    m.answers(wanted)
    return m.alloc(Thing("object", type=DEPENDS, defaults=held, extra=shown or "its own type"))


for _name in ("fastapi.Depends", "fastapi.Security"):
    model(_name, _name.replace(".", ".params."), whole=True)(_depends)


def annotated(m: Machine, index: Value) -> Value | None:
    """Return what ``Annotated[...]`` gives where something in it is depended on."""
    items = index.items if isinstance(index, Tuple) else ()
    if not any(
        isinstance(e, Ref) and e.kind == "object" and m.thing(e).type == DEPENDS for e in items
    ):
        return None
    return m.alloc(Thing("object", type=ALIAS, defaults=tuple(("", each) for each in items)))


def _guard(m: Machine, value: Value) -> tuple[str, ...]:
    """Return what a value makes a path depend on."""
    match m.narrowed(value):
        case Ref(kind="object") as ref if m.thing(ref).type == DEPENDS:
            return (m.thing(ref).extra,)
        case Ref(kind="object") as ref if m.thing(ref).type == ALIAS:
            return tuple(name for _, each in m.thing(ref).defaults for name in _guard(m, each))
        case OneOf(options=options):
            found = [_guard(m, each.value) for each in options]
            return tuple(each for each in found[0] if all(each in other for other in found))
        case _:
            return ()


def _guards(m: Machine, value: Value | None) -> tuple[str, ...]:
    items = [] if value is None else _items(m, value)
    return tuple(name for each in items for name in _guard(m, each))


def quietly(m: Machine, node: ast.expr, env: Env) -> Value:
    """Return what an expression stands for, and leave everything as it was."""
    lost = m.lost
    outcomes = [each for each in m.run(lambda: m.evaluate(node, env)) if each.kind == "falls"]
    m.lost = lost
    return outcomes[0].value if len(outcomes) == 1 else MISSING


def _in_annotation(m: Machine, node: ast.expr, env: Env, depth: int) -> Iterator[str]:
    if depth > _NESTED:
        return
    match node:
        case ast.Call(func=called):
            function = quietly(m, called, env)
            if isinstance(function, Foreign) and function.dotted.rpartition(".")[2] in (
                "Depends",
                "Security",
            ):
                yield from _guard(m, quietly(m, node, env))
        case ast.Name() | ast.Attribute():
            yield from _guard(m, quietly(m, node, env))
        case ast.Constant(value=str(text)):
            try:
                parsed = ast.parse(text.strip(), mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return
            ast.increment_lineno(parsed, node.lineno - 1)
            yield from _in_annotation(m, parsed, env, depth + 1)
        case ast.Subscript(value=owner, slice=ast.Tuple(elts=items)):
            # A dependency counts beside a type, and nowhere deeper in one.
            found = quietly(m, owner, env)
            if isinstance(found, Foreign) and found.dotted.rpartition(".")[2] == "Annotated":
                for item in items:
                    yield from _in_annotation(m, item, env, depth + 1)
        case _:
            return


def behind(m: Machine, function: Value) -> Value:
    """Return the function whose parameters something takes that is called as one."""
    for _ in range(_NESTED):
        match function:
            case Bound(function=inner):
                function = inner
            case Ref(kind="partial") as ref:
                function = m.thing(ref).type
            case Ref(kind="function") as ref if (
                inner := m.cells.get((ref.oid, "__wrapped__"), MISSING)
            ) != MISSING:
                function = inner
            case _:
                break
    return function


def _parameters(m: Machine, function: Value) -> tuple[str, ...]:
    """Return what the parameters of a function depend on."""
    function = behind(m, function)
    env, node = m.site
    given: list[Value] = []
    if isinstance(function, Ref) and function.kind == "function":
        thing = m.thing(function)
        given += (value for _, value in thing.defaults)
        node, env = thing.node, thing.env
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and env is not None:
        # What other decorators make of a function is not known; it still says what it wants.
        every = (*node.args.defaults, *filter(None, node.args.kw_defaults))
        given += (quietly(m, each, env) for each in every)
    found = [name for value in given for name in _guard(m, value)]
    if isinstance(node, Function) and env is not None:
        args = node.args
        for each in (*args.posonlyargs, *args.args, *args.kwonlyargs):
            if each.annotation:
                found += _in_annotation(m, each.annotation, env, 0)
    return tuple(found)


# Routers.


@model(ROUTER.dotted, whole=True)
def _router(m: Machine, args: Args, keywords: Keywords) -> Value:
    given = dict(keywords)
    if args:
        m.raise_("TypeError", Const("APIRouter.__init__() takes 1 positional argument"))
    for name in given.keys() - _SETTINGS:
        said = f"APIRouter.__init__() got an unexpected keyword argument '{name}'"
        m.raise_("TypeError", Const(said))
    _check_prefix(m, given.get("prefix", NONE))
    prefixes = _prefixes(m, given.get("prefix"))
    guards = _guards(m, given.get("dependencies"))
    env, _ = m.site
    ref = m.alloc(Thing("object", type=ROUTER, env=env, extra=env.module.name if env else ""))
    _give(m, ref, (), keywords)
    m.noted.append(Made(ref, prefixes, guards, m.at()))
    return ref


def lacks(name: str) -> bool:
    """Say whether a router has no such attribute."""
    return name[:1] != "_" and name not in _ATTRIBUTES


def _check_prefix(m: Machine, prefix: Value) -> None:
    """Raise what FastAPI raises for a prefix that is given to a router or to what includes one."""
    m.each(prefix, lambda one: _checked(m, one.value if isinstance(one, Member) else one))


def _checked(m: Machine, prefix: Value) -> Value:
    if not isinstance(prefix, (Const, Opaque)):
        m.may_raise("whether a prefix starts with a slash is not known")
        return NONE

    def has(name: str) -> Value:
        return m.call(m.get(prefix, name), (Const("/"),))

    def refuse(said: str) -> Part:
        return lambda: m.raise_("AssertionError", Const(said))

    def passes() -> Value:
        return NONE

    def end() -> Value:
        said = "A path prefix must not end with '/', as the routes will start with '/'"
        return m.choose(has("endswith"), refuse(said), passes)

    def start() -> Value:
        said = "A path prefix must start with '/'"
        return m.choose(has("startswith"), end, refuse(said))

    return m.choose(prefix, start, passes)


def _names_twice(path: str) -> bool:
    """Say whether a path has two parameters of one name (``starlette.routing.compile_path``)."""
    names = _PARAMETER.findall(path)
    return len({*names}) < len(names)


def _prefixes_of(m: Machine, router: Ref) -> tuple[str, ...]:
    """Return every prefix that a router can have been made with."""
    made = next((e for e in m.noted if isinstance(e, Made) and e.router == router), None)
    return made.prefixes if made else ("",)


def _methods(m: Machine, value: Value | None) -> tuple[str, ...]:
    if value is None:
        return ("GET",)
    found: set[str] = set()
    for each in _options(m, value):
        names = [name for item in _items(m, each) for name in _texts(m, item, "")]
        if not all(names):
            return ("(any method)",)
        found |= {name.upper() for name in names}
    return tuple(sorted(found)) or ("(any method)",)


def _path(m: Machine, verb: str, args: Args, keywords: Keywords, *, bare: bool) -> Path:
    router = args[0]
    assert isinstance(router, Ref)
    given = dict(keywords)
    path = given.get("path", args[1] if len(args) > 1 else None)
    methods: tuple[str, ...] = (verb.upper(),)
    if verb == "any":
        methods = _methods(m, given.get("methods"))
    elif verb == "socket":
        methods = _SOCKET
    paths = (_UNREAD,) if path is None else _texts(m, path, _UNREAD)
    guards = _guards(m, given.get("dependencies"))
    response = NONE if verb == "socket" else given.get("response_model", MISSING)
    return Path(router, methods, paths, guards, bare, m.at(), response)


def _decorating(verb: str, *, bare: bool = False) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        found = _path(m, verb, args, keywords, bare=bare)
        _give(m, found.router, args[1:], keywords)
        held = (("", found.router),)
        route = m.alloc(Thing("object", type=ROUTED, defaults=held, extra=found))
        return Bound(ROUTED, route)

    return run


@model(ROUTED.dotted, whole=True)
def _routed(m: Machine, args: Args, keywords: Keywords) -> Value:
    if keywords or len(args) != 2 or not isinstance(args[0], Ref):
        raise GiveUp("it is called in an unusual way")
    found: Path = m.thing(args[0]).extra
    _note_path(m, found, args[1])
    _keep(m, found.router, args[1])
    return args[1]


def _note_path(m: Machine, found: Path, function: Value) -> None:
    before = ("",) if found.bare else _prefixes_of(m, found.router)
    twice = {_names_twice(prefix + path) for prefix in before for path in found.paths}
    if twice == {True}:
        m.raise_("ValueError", Const("a parameter of a path is there twice"))
    elif True in twice:
        m.may_raise("whether a parameter of a path is there twice is not known")
    if "" in found.paths and "" in before:
        sure = len(found.paths) == len(before) == 1
        m.write(found.router, TRUE if sure else m.unknown("a path is not known"), _EMPTY)
    if not found.bare:
        m.answers(function, found.response)
    guards = () if found.bare else (*found.guards, *_parameters(m, function))
    m.noted.append(msgspec.structs.replace(found, guards=guards, function=function))


def _adding(verb: str, *, bare: bool = False) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        found = _path(m, verb, args, keywords, bare=bare)
        given = dict(keywords)
        function = given.pop("endpoint", args[2] if len(args) > 2 else NONE)
        _note_path(m, found, function)
        _give(m, found.router, args[1:2], tuple(given.items()))
        _keep(m, found.router, function)
        return NONE

    return run


for _name in VERBS:
    model(f"{ROUTER.dotted}.{_name}", whole=True)(_decorating(_name))
model(f"{ROUTER.dotted}.api_route", whole=True)(_decorating("any"))
model(f"{ROUTER.dotted}.route", whole=True)(_decorating("any", bare=True))
model(f"{ROUTER.dotted}.websocket", whole=True)(_decorating("socket"))
model(f"{ROUTER.dotted}.websocket_route", whole=True)(_decorating("socket", bare=True))
model(f"{ROUTER.dotted}.add_api_route", whole=True)(_adding("any"))
model(f"{ROUTER.dotted}.add_route", whole=True)(_adding("any", bare=True))
model(f"{ROUTER.dotted}.add_api_websocket_route", whole=True)(_adding("socket"))
model(f"{ROUTER.dotted}.add_websocket_route", whole=True)(_adding("socket", bare=True))


@model(f"{ROUTER.dotted}.include_router", whole=True)
def _include(m: Machine, args: Args, keywords: Keywords) -> Value:
    given = dict(keywords)
    child = given.pop("router", args[1] if len(args) > 1 else NONE)
    assert isinstance(args[0], Ref)
    shown = _short(m, "router", 0)
    children = _options(m, child)
    if all(each == args[0] for each in children):
        said = (
            "Cannot include the same APIRouter instance into itself. "
            "Did you mean to include a different router?"
        )
        m.raise_("AssertionError", Const(said))
    _check_prefix(m, given.get("prefix", NONE))
    m.choose(given.get("prefix", NONE), lambda: NONE, lambda: m.each(child, partial(_not_empty, m)))
    prefixes, guards = _prefixes(m, given.get("prefix")), _guards(m, given.get("dependencies"))
    for each in children:
        m.noted.append(Included(args[0], each, shown, prefixes, guards, m.at()))
    _give(m, args[0], (child,), tuple(given.items()))
    return NONE


def _not_empty(m: Machine, router: Value) -> Value:
    """Raise what FastAPI raises where a router without any prefix answers an empty path."""

    def one(empty: Value) -> Value:
        if empty == TRUE:
            said = "Prefix and path cannot be both empty"
            raise Exit("raises", m.exception(Foreign(EMPTY_PATH), (Const(said),)))
        if empty != MISSING:
            m.may_raise("whether a path is empty is not known")
        return NONE

    if isinstance(router, Ref) and router.kind == "object" and m.thing(router).type == ROUTER:
        return m.each(m.read(router, _EMPTY), one)
    return NONE


# Migrations.


@model(MIGRATION.dotted, whole=True)
def _migration(m: Machine, args: Args, keywords: Keywords) -> Value:
    if len(args) > len(MIGRATION_FIELDS):
        m.raise_("TypeError", Const("Migration.__init__() takes 7 positional arguments"))
    given = dict(zip(MIGRATION_FIELDS, args, strict=False))
    for name, value in keywords:
        if name in given or name not in MIGRATION_FIELDS:
            m.raise_("TypeError", Const(f"got an unexpected keyword argument '{name}'"))
        given[name] = value
    for name in MIGRATION_FIELDS:
        if name not in given:
            if name not in _DEFAULTS:
                m.raise_("TypeError", Const(f"missing a required argument: '{name}'"))
            given[name] = _DEFAULTS[name]
    ref = m.alloc(Thing("object", type=MIGRATION, defaults=tuple(given.items())))
    fields = {name: _options(m, value) for name, value in given.items()}
    m.noted.append(Migrated(fields, m.site[1], m.at()))
    return ref
