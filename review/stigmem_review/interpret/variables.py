"""Variables of the environment: what is read, and what the program sets."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from stigmem_review.interpret.ends import GiveUp, Part
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Args, Keywords, count, model
from stigmem_review.interpret.protocols import type_name
from stigmem_review.interpret.values import (
    FALSE,
    MISSING,
    NONE,
    TRUE,
    Const,
    Missing,
    Opaque,
    Tuple,
    Value,
)

CHANGED = "changed"
"""What the version of the environment begins with once the program changed some of it."""
_CELL = "environ "
"""Before the name of a variable: what the program set it to; nothing while it did not."""
_DELETED = Tuple(())


def variable(m: Machine, name: Value) -> Opaque:
    """Return the text of an environment variable, if it is set."""
    if not isinstance(name, (Const, Opaque)):
        raise GiveUp("which variable is read is not known")
    found = m.read(m.imports, "environ")
    version: Hashable = None if found == MISSING else found
    if not _counts(m):
        version = (CHANGED, m.atom("the environment"))
    return Opaque("str", ("env", name, version))


def _counts(m: Machine) -> bool:
    """Say whether it is known how often the program changed the environment."""
    return isinstance(m.read(m.imports, "environ"), (Missing, Const))


def _look_up(m: Machine, name: Value, held: Callable[[Value], Value], absent: Part) -> Value:
    """Run what is to run with a variable: as the program set it, or as the process has it."""
    found = variable(m, name)

    def look(one: Value) -> Value:
        if one == MISSING:
            return m.decide(("set", found), lambda: held(found), absent)
        return absent() if one == _DELETED else held(one)

    if not isinstance(name, Const) or not _counts(m):
        # Code that runs at any time may set it.
        return look(MISSING)
    return m.each(m.read(m.imports, _CELL + str(name.value)), look)


def set_variable(m: Machine, name: Value, value: Value) -> None:
    """Set a variable of the environment, or delete it where the value is ``MISSING``."""
    if isinstance(name, Const):
        m.put((m.imports.oid, _CELL + str(name.value)), _DELETED if value == MISSING else value)
    else:
        forget_variables(m, by_itself=True)


def forget_variables(m: Machine, *, by_itself: bool) -> None:
    """Let every variable of the environment be another from here on.

    ``by_itself``: because the program changes some, and not only code that it calls, perhaps.
    """
    names = [*m.thing(m.imports).cells]
    m.tick(len(names) // 64)
    for name in names:
        if name.startswith(_CELL) and m.cells.get((m.imports.oid, name), MISSING) != MISSING:
            m.put((m.imports.oid, name), MISSING)
    atom = m.atom("the environment")
    m.put((m.imports.oid, "environ"), Const((CHANGED, atom) if by_itself else atom))


@model("os.environ.get", "os.getenv")
def _get_variable(m: Machine, args: Args, keywords: Keywords) -> Value:
    given = dict(keywords)
    default = args[1] if len(args) > 1 else given.pop("default", NONE)
    if given or not args:
        raise GiveUp("it is called in an unusual way")
    if isinstance(args[0], Const):
        shown = repr(default.value) if isinstance(default, Const) else "that is computed"
        held = m.defaults.get(args[0].value, ())
        if shown not in held:
            m.defaults[args[0].value] = (*held, shown)
    return _look_up(m, args[0], lambda found: found, lambda: default)


def read_variable(m: Machine, name: Value) -> Value:
    """Return what ``os.environ[name]`` gives."""
    m.note("calls", "os.environ.__getitem__", (name,))

    def absent() -> Value:
        m.raise_("KeyError", name)

    return _look_up(m, name, lambda found: found, absent)


def is_set(m: Machine, name: Value) -> Value:
    """Return whether a variable is set."""
    m.note("calls", "os.environ.__contains__", (name,))
    return _look_up(m, name, lambda _: TRUE, lambda: FALSE)


@model("os.environ.setdefault")
def _set_default_of_variable(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    name, value = args
    if not (isinstance(name, Const) and isinstance(name.value, str) and _is_text(m, value)):
        raise GiveUp("the environment is changed")

    def absent() -> Value:
        set_variable(m, name, value)
        return value

    return _look_up(m, name, lambda found: found, absent)


@model("os.environ.pop")
def _pop_variable(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 2)
    name = args[0]
    if not (isinstance(name, Const) and isinstance(name.value, str)):
        raise GiveUp("the environment is changed")

    def held(found: Value) -> Value:
        set_variable(m, name, MISSING)
        return found

    def absent() -> Value:
        if len(args) == 1:
            m.raise_("KeyError", name)
        return args[1]

    return _look_up(m, name, held, absent)


def _is_text(m: Machine, value: Value) -> bool:
    return isinstance(value, (Const, Opaque)) and type_name(m, value) == "str"
