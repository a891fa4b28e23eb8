"""Whether the node can call the handlers of a release, and the code behind each of them.

``stigmem_node.plugins.registry`` counts the positional parameters of every handler before it
registers one, and looks at nothing else. It calls a handler with the context, for hooks that
rewrite or rank also with the value, and with keywords, and never awaits what comes back.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from stigmem_review.code.names import Function, declared
from stigmem_review.host import Node
from stigmem_review.interpret.deciding import Call, Changes, Told, decisions, kept_and_sent
from stigmem_review.interpret.ends import GiveUp, Outcome
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.objects import lookup
from stigmem_review.interpret.program import Program, deep
from stigmem_review.interpret.registered import handlers
from stigmem_review.interpret.roots import ran
from stigmem_review.interpret.values import MISSING, NONE, Bound, Foreign, Ref, Value
from stigmem_review.model import (
    HEALTH,
    End,
    Handler,
    Hook,
    Location,
    Manifest,
    Observation,
    Part,
    Release,
    Unknown,
    Way,
)
from stigmem_review.observe.acts import stated
from stigmem_review.observe.reach import Reach
from stigmem_review.outcomes import values

_OF_CONTEXT = ("plugin_name", "plugin_version", "capabilities")
"""What the context has besides accessors (``stigmem_node.plugins.context``)."""
Given = tuple[tuple[str, Value], ...]
_NAMED = 5
_NESTED = 20
_OWN_FACTS = ("migration_register",)
"""Hooks of which is read, one by one, what their handlers give."""


def _hooks(release: Release) -> Iterator[tuple[Hook, str, str]]:
    """Yield every hook and handler that it can have, with the handler's module and name."""
    hooks = release.manifest.hooks if isinstance(release.manifest, Manifest) else None
    found = {
        (hook.name, target.value): hook
        for possible in values(hooks)
        for hook in possible.value
        for target in values(hook.target)
    }
    for (_, target), hook in found.items():
        module, _, name = target.partition(":")
        yield hook, module, name


def ends_of(programs: Iterable[Program]) -> dict[str, frozenset[End]]:
    """Return all that calls of each hook's handlers can come to."""
    found: dict[str, frozenset[End]] = {}
    for program in programs:
        for each in ran(program):
            before = found.get(each.root.hook, frozenset())
            found[each.root.hook] = before | each.ends
    return found


def named_handlers(release: Release) -> Iterator[Handler]:
    """Yield each hook of a release with its handler's name, and nothing of the code behind it."""
    for hook, module, name in _hooks(release):
        own = f"{module}:{name.partition('.')[0]}"
        yield Handler(hook.name, f"{module}:{name}", own, (), untold=True)


def handlers_of(
    release: Release,
    reach: Reach,
    programs: Iterable[Program],
    node: Node,
    told: Mapping[str, Sequence[Told]],
) -> Iterator[Handler]:
    """Yield the code behind each hook of a release whose handler is known.

    ``told`` is what the handlers do with what they are given.
    """
    ends = ends_of(programs)
    said = {repr(each) for each in stated(release)}
    for hook, module, name in _hooks(release):
        top = name.partition(".")[0]
        parts = reach.parts(module, top)
        if parts is None:
            # It is not among what was read, so it counts as changed with anything at all.
            parts = (Part(module, release.code),)
        own = f"{module}:{top}"
        at = next((each.at for each in parts if each.name == own), None)
        every = tuple(sorted(ends.get(hook.name, ())))
        found = told.get(hook.name, ())
        # Of one of several handlers it is not known which decides.
        decides = len(found) == 1 and node.hook(hook.name).power in ("deny", "rewrite")
        decides = decides and hook.name not in _OWN_FACTS
        ways = tuple(_unversioned(each, said) for each in found[0].ways) if decides else ()
        constants = tuple(
            (name, value)
            for name, value in (sorted(found[0].constants.items()) if decides else ())
            if value not in said
        )
        yield Handler(
            hook.name, f"{module}:{name}", own, parts, at, every, ways, constants, not found
        )


def _unversioned(way: Way, said: Iterable[str]) -> Way:
    """Return a way without what a release states of itself, which differs in every release."""

    def plain(text: str) -> str:
        for each in said:
            text = text.replace(each, "<what it states of itself>")
        return text

    return Way(plain(way.end), tuple((plain(atom), so) for atom, so in way.when))


def told_of(
    programs: Iterable[Program], node: Node
) -> tuple[dict[str, list[Told]], dict[Call, frozenset[tuple[str, str]]], bool]:
    """Return what the handlers of each hook do with what they are given.

    Nothing of a hook of which one of the handlers cannot be gone through. Then, which calls are
    given what handlers keep: the hook, and what the node passed it under. Last, whether all that
    mentions it was looked at.
    """
    is_whole = True
    found: dict[str, list[Told]] = {}
    late: dict[Call, frozenset[tuple[str, str]]] = {}
    unread: set[str] = set()
    for program in programs:
        changes = Changes(program.machine)
        kept: dict[tuple[int, str], frozenset[str]] = {}
        for hook, value in handlers(program):
            rewrites = node.hook(hook).power in ("rewrite", "rank")
            with deep():
                told = decisions(changes, value, rewrites)
            if told is None:
                unread.add(hook)
            else:
                found.setdefault(hook, []).append(told)
                for place, data in told.leaves.items():
                    held = frozenset(f"{hook} {each}" for each in data)
                    kept[place] = kept.get(place, frozenset()) | held
        with deep():
            sent, is_all = kept_and_sent(changes, kept) if kept else ({}, True)
        is_whole = is_whole and is_all
        for call, names in sent.items():
            pairs = frozenset((hook, data) for hook, _, data in (n.partition(" ") for n in names))
            late[call] = late.get(call, frozenset()) | pairs
    return {hook: each for hook, each in found.items() if hook not in unread}, late, is_whole


def handler_observations(
    release: Release,
    programs: Iterable[Program],
    node: Node,
    told: Mapping[str, Iterable[Told]],
) -> Iterator[Observation]:
    """Yield every handler that the node would refuse, or could not use when its hook fires.

    Nothing where the manifest's hooks are not known, or what the node calls is not followed.
    ``told`` is what the handlers do with what they are given.
    """
    for hook, each in told.items():
        for name, at in (pair for one in each for pair in one.asked_for.items()):
            if name not in (*_OF_CONTEXT, *node.accessors) and not name.startswith("_"):
                why = f"the context that the node gives it has no {name}"
                yield Observation("context-lacks", f"{hook}: {name}", why, at=at)
    for program in programs:
        yield from _unbound(program)
    hooks = release.manifest.hooks if isinstance(release.manifest, Manifest) else None
    for program in () if hooks is None or isinstance(hooks, Unknown) else programs:
        for hook, value in handlers(program):
            if not node.hook(hook).known:
                continue
            found = [*_judged(program, hook, value, node)]
            yield from found or _useless(program, hook, value, node, told.get(hook, ()))


def _unbound(program: Program) -> Iterator[Observation]:
    """Yield names of modules that nothing binds and that a call of the node ends at."""
    found = {
        (each.root.hook or "health_check", name, at)
        for each in ran(program)
        if each.root.hook or each.root.phase == HEALTH
        for name, at in each.unbound
    }
    if not found:
        return
    # What another call binds may be there by then.
    later = {name for each in program.modules.loaded for name in declared(each.tree)}
    for what, name, at in sorted(found, key=lambda each: (each[0], str(each[2]))):
        if name not in later:
            yield Observation("context-lacks", f"{what}: {name}", f"{name} is not bound", at=at)


def _judged(program: Program, hook: str, value: Value, node: Node) -> Iterator[Observation]:
    found = called(program.machine, value, shown=False)
    shown = called(program.machine, value, shown=True)
    if found is None or shown is None:
        return
    wanted, calls = node.hook(hook).positionals, node.calls(hook)
    taken = len(shown.taken.only) + len(shown.taken.both)
    if not shown.taken.rest and taken < wanted:
        why = f"it takes {taken} and the node wants at least {wanted}"
        yield Observation("handler-arity", hook, why, at=shown.at)
    elif why := _misfit(found.taken, wanted, calls):
        yield Observation("handler-signature-mismatch", hook, why, at=found.at)
    elif found.function != shown.function:
        # What it wraps matters where the wrapper hands on what the node passes.
        refused = [each for each in calls if _raises(program, value, wanted, each)]
        if refused and (why := _misfit(shown.taken, wanted, tuple(refused))):
            yield Observation("handler-signature-mismatch", hook, why, at=shown.at)
    if found.is_async or (shown.is_async and _is_coroutine(program, value, wanted, calls)):
        yield Observation("handler-async", hook, f"{shown.target} is async", at=shown.at)


_USED: dict[str, tuple[str, frozenset[str]]] = {
    "deny": ("a verdict", frozenset({"allow", "deny"})),
    "rewrite": ("the value", frozenset({"allow", "deny", "dict", "other"})),
    "rank": ("a dict", frozenset({"dict"})),
}
"""What the node can use of what a handler returns, by what its hook can do."""
_SAID: dict[End, str] = {
    "none": "None",
    "dict": "a dict",
    "allow": "a verdict",
    "deny": "a verdict",
}
"""What a handler gives, in words."""


def _useless(
    program: Program, hook: str, value: Value, node: Node, told: Iterable[Told]
) -> Iterator[Observation]:
    """Yield a handler that never returns what the node can use, or does not in some cases.

    That it can return ``None`` is said only where that is a way which it decides itself: whatever
    is entered by ``with`` could swallow an exception, which hardly any does. Nothing of a way for
    what is no member of an enumeration, or none of several classes, that it told all apart.
    """
    found = called(program.machine, value, shown=True)
    ends = _ends(program, value)
    wanted, used = _USED.get(node.hook(hook).power, ("", frozenset()))
    lost = ends - {*used, "unknown", "raises"}
    if found is None or not wanted or not lost:
        return
    if lost == ends:
        what = "returns None in every case, and never" if ends == {"none"} else "never returns"
        yield Observation("handler-result", hook, f"{found.target} {what} {wanted}", at=found.at)
        return
    gone = ((way, each) for each in told for way in each.ways if way.end == "none")
    way = next((way for way, each in gone if way not in each.exhausted), None)
    lost -= set() if way else {"none"}
    if lost:
        where = " and ".join(atom if so else f"not {atom}" for atom, so in way.when) if way else ""
        given = f"{_said(lost)}, as where {where}" if where else _said(lost)
        why = f"{found.target} can return {given}, and the node wants {wanted}"
        yield Observation("result-at-times", hook, why, at=found.at)


def health_observations(programs: Iterable[Program]) -> Iterator[Observation]:
    """Yield every health check that never returns what the node takes for health."""
    for program in programs:
        for value in {each.root.value for each in ran(program) if each.root.phase == HEALTH}:
            found = called(program.machine, value, shown=True)
            ends = _ends(program, value)
            taken = called(program.machine, value, shown=False)
            if taken and (why := _misfit(taken.taken, 1, ((),))):
                yield Observation("health-result", "health_check", why, at=taken.at)
            # What is of a class of the node is not told from what is not known.
            elif found and ends and not ends & {"unknown", "raises"}:
                why = f"{found.target} returns {_said(ends)}, and never a PluginHealth"
                yield Observation("health-result", "health_check", why, at=found.at)


def _said(ends: Iterable[End]) -> str:
    return " or ".join(sorted({_SAID.get(each, "something else") for each in ends}))


def _ends(program: Program, value: Value) -> set[End]:
    return {end for each in ran(program) if each.root.value == value for end in each.ends}


class _Taken(msgspec.Struct, frozen=True):
    """The parameters that are left to whoever calls, as ``inspect.signature`` has them."""

    only: tuple[str, ...]
    both: tuple[str, ...]
    named: tuple[str, ...]
    optional: frozenset[str]
    rest: bool
    more: bool

    def given(self, positionals: int, names: Iterable[str]) -> _Taken:
        """Return what is left where some are given."""
        only = self.only[positionals:]
        both = self.both[max(positionals - len(self.only), 0) :]
        names = frozenset(names)
        place = next((place for place, name in enumerate(both) if name in names), len(both))
        # Whatever stands behind a parameter that is given by name can only be given by name.
        named = (*both[place:], *self.named)
        return _Taken(only, both[:place], named, self.optional | names, self.rest, self.more)


class Called(msgspec.Struct, frozen=True):
    """A function that is called, and what of its parameters is left to the caller."""

    function: Ref
    target: str
    taken: _Taken
    is_async: bool
    at: Location


def called(m: Machine, value: Value, *, shown: bool) -> Called | None:
    """Return what runs when a handler is called; ``shown``: what its signature is taken from.

    ``None`` where that is not known.
    """
    positionals, names = 0, frozenset[str]()
    for _ in range(_NESTED):
        match value:
            case Bound(function=Ref() as inner):
                value, positionals = inner, positionals + 1
            case Ref(kind="partial") as ref:
                thing = m.thing(ref)
                value = thing.type
                positionals += sum(1 for name, _ in thing.defaults if not name)
                names |= {name for name, _ in thing.defaults if name}
            case Ref(kind="instance") as ref if not m.is_escaped(ref):
                value, positionals = _method(m, m.thing(ref).type, "__call__"), positionals + 1
            case Ref(kind="class") as ref if _is_plain(m, ref):
                value, positionals = _method(m, ref, "__init__"), positionals + 1
            case Ref(kind="function") as ref:
                wrapped = m.cells.get((ref.oid, "__wrapped__"), MISSING) if shown else MISSING
                if wrapped == MISSING:
                    return _function(m, ref, positionals, names)
                value = wrapped
            case _:
                return None
    return None


def _method(m: Machine, kind: Value, name: str) -> Value:
    try:
        return lookup(m, kind, name)
    except GiveUp:
        return MISSING


def _is_plain(m: Machine, kind: Ref) -> bool:
    """Say whether making an object of a class calls its ``__init__`` and nothing else."""
    every = (kind, *m.thing(kind).mro)
    return not m.thing(kind).traits and all(
        m.cells.get((each.oid, "__new__"), MISSING) == MISSING
        for each in every
        if isinstance(each, Ref)
    )


def _function(m: Machine, ref: Ref, positionals: int, names: frozenset[str]) -> Called | None:
    thing = m.thing(ref)
    node, env = thing.node, thing.env
    if not isinstance(node, Function) or env is None:
        return None
    args = node.args
    both = [*args.posonlyargs, *args.args]
    optional = {each.arg for each in both[len(both) - len(args.defaults) :]}
    optional |= {
        each.arg
        for each, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
        if default is not None
    }
    taken = _Taken(
        tuple(each.arg for each in args.posonlyargs),
        tuple(each.arg for each in args.args),
        tuple(each.arg for each in args.kwonlyargs),
        frozenset(optional),
        args.vararg is not None,
        args.kwarg is not None,
    )
    return Called(
        ref,
        f"{env.module.name}:{thing.extra}",
        taken.given(positionals, names),
        isinstance(node, ast.AsyncFunctionDef),
        env.module.at(node),
    )


def outcomes_of(program: Program, value: Value, given: Given, *known: Value) -> list[Outcome]:
    """Return how a handler ends when the node calls it; nothing where that cannot be told.

    It is given what is ``known`` by position, and what is ``given`` by name.
    """
    found: list[Outcome] = []

    def run() -> Value:
        found.extend(program.machine.run(lambda: program.machine.call(value, known, given)))
        return NONE

    program.look(run)
    return found


def _outcomes(
    program: Program, value: Value, positionals: int, call: tuple[str, ...]
) -> list[Outcome]:
    """Return how a handler ends when the node calls it with names that are not known."""
    m = program.machine
    named = tuple((name, m.unknown("what the node passes")) for name in call)
    first = [m.unknown("what the node passes") for _ in range(positionals)]
    return outcomes_of(program, value, named, *first)


def _raises(program: Program, value: Value, positionals: int, call: tuple[str, ...]) -> bool:
    """Say whether a handler certainly raises a ``TypeError``, however it is wrapped."""
    m = program.machine
    outcomes = _outcomes(program, value, positionals, call)
    return bool(outcomes) and all(
        each.kind == "raises"
        and isinstance(each.value, Ref)
        and m.thing(each.value).type == Foreign("builtins.TypeError")
        for each in outcomes
    )


def _is_coroutine(
    program: Program, value: Value, positionals: int, calls: tuple[tuple[str, ...], ...]
) -> bool:
    ends = [end for call in calls for end in _outcomes(program, value, positionals, call)]
    return bool(ends) and all(
        each.kind == "falls" and isinstance(each.value, Ref) and each.value.kind == "coroutine"
        for each in ends
    )


def _misfit(taken: _Taken, positionals: int, calls: tuple[tuple[str, ...], ...]) -> str:
    """Return why a call of the node raises a ``TypeError`` before the handler runs, or nothing."""
    reasons = [_refuses(taken, positionals, call) for call in calls]
    refused = [reason for reason in reasons if reason]
    if not refused:
        return ""
    often = "" if len(refused) == len(calls) else f", in {len(refused)} of its {len(calls)} calls"
    return f"{refused[0]}{often}"


def _refuses(taken: _Taken, positionals: int, call: tuple[str, ...]) -> str:
    """Return why a handler cannot be called with so many positionals and these keywords."""
    filled = (*taken.only, *taken.both)[:positionals]
    by_name = (*taken.both, *taken.named)
    if not taken.rest and positionals > len(taken.only) + len(taken.both):
        return f"the node passes {positionals} by position, and it takes {len(filled)}"
    if twice := [each for each in call if each in by_name and each in filled]:
        return f"the node passes {_listed(twice)} by name, which the context or the value fills"
    if not taken.more and (strange := [each for each in call if each not in by_name]):
        return f"the node passes {_listed(strange)} by name, and it takes no such parameter"
    required = (*(*taken.only, *taken.both)[positionals:], *taken.named)
    passed = {each for each in call if each in by_name}
    if lacking := [e for e in required if e not in taken.optional and e not in passed]:
        return f"it wants {_listed(lacking)}, which the node does not pass"
    return ""


def _listed(names: Iterable[str]) -> str:
    listed = [*names]
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return f"{', '.join(listed[:_NAMED])}{more}"
