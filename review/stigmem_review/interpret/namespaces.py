"""The names of a module or an object as a dict: ``globals()``, ``vars()``, ``__dict__``."""

from __future__ import annotations

import ast

from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.heap import UNORDERED
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import (
    MISSING,
    NONE,
    Const,
    Foreign,
    OneOf,
    Opaque,
    Pairs,
    Ref,
    Unknown,
    Value,
    View,
    values_of,
    words,
)

NAMES = "names"
"""The kind of view that shows the names of an object."""
_FIRST = (
    *("__name__", "__doc__", "__package__", "__loader__", "__spec__", "__path__", "__file__"),
    *("__cached__", "__builtins__", "__annotations__"),
)
"""The names of a module before its code runs, in the order in which Python 3.11 gives them."""
MODULE = Foreign("types.ModuleType")
PLAIN = (Foreign("types.SimpleNamespace"), MODULE)
"""Types of objects that have what they are given, and no methods to speak of."""
OF_MODULES = words("__loader__ __spec__ __cached__ __builtins__")
"""What every module has, whatever its code says."""
_WITHOUT = {"slots", "own slots", "exception"}
"""What classes are whose objects have no such dict, or one that is odd."""
_OPEN = words("__loader__ __spec__ __builtins__ __path__ __dict__ __class__")


def namespace(m: Machine, owner: Value) -> View:
    """Return the dict of an object. Raises ``GiveUp`` where it has none, or one that is odd."""
    match owner:
        case Ref(kind="module"):
            return View(owner, NAMES)
        case Ref(kind="instance") if not m.is_escaped(owner):
            kind = m.thing(owner).type
            if m.overrides(kind, ("__getattribute__", "__dict__")):
                raise GiveUp("objects look up their attributes in a way of their own")
            if isinstance(kind, Ref) and not (m.thing(kind).traits & _WITHOUT):
                return View(owner, NAMES)
            if kind in PLAIN:
                return View(owner, NAMES)
    raise GiveUp("the dict of an object is asked for")


def names(m: Machine, owner: Ref) -> list[str]:
    """Return the names in the dict of an object, in the order in which it got them."""
    if m.is_escaped(owner):
        raise GiveUp("code that could not be followed may have changed it")
    if m.may_name(owner):
        raise GiveUp("which names are bound is not known")
    found = m.ordered_names(owner)
    if owner.kind != "module":
        return found
    every = {*found, *OF_MODULES}
    module = m.thing(owner).extra
    if any(isinstance(each, ast.AnnAssign) for each in module.tree.body):
        every.add("__annotations__")
    return [*(each for each in _FIRST if each in every), *(e for e in found if e not in _FIRST)]


def content(m: Machine, view: View) -> Pairs:
    """Return what is in the dict of an object now."""
    owner = view.owner
    found = []
    for name in names(m, owner):
        value = value_of(m, owner, name)
        if isinstance(value, OneOf) and any(each.value == MISSING for each in value.options):
            raise GiveUp("whether a name is bound is not known")
        found.append((("c", name), Const(name), value))
    return Pairs(tuple(found), shuffled=len(found) > 1 and m.has((owner.oid, UNORDERED)))


def value_of(m: Machine, owner: Ref, name: str) -> Value:
    """Return what a name in the dict of an object stands for; ``MISSING`` where it has none."""
    value = m.read(owner, name)
    if value == MISSING and owner.kind == "module" and name in _FIRST:
        # Whoever uses it can reach everything.
        return Foreign(f"sys.{name}")
    return value


def _name(m: Machine, index: Value) -> str:
    found = m.comparable(index)
    if not isinstance(found, Const) or not isinstance(found.value, str):
        raise GiveUp("which name is meant is not known")
    if found.value in _OPEN:
        m.doom(f"{found.value} is asked for")
    if found.value[:1] in ("*", "!", "?", "~"):
        raise GiveUp("which name is meant is not known")
    return found.value


def get_item(m: Machine, view: View, index: Value, default: Value | None) -> Value:
    """Return what a name stands for, or the default; raise ``KeyError`` without one."""

    def found(value: Value) -> Value:
        if value != MISSING:
            return value
        if default is None:
            m.raise_("KeyError", index)
        return default

    return m.each(value_of(m, view.owner, _name(m, index)), found)


def has_item(m: Machine, view: View, index: Value) -> Value:
    """Return whether a name is bound."""
    return m.each(value_of(m, view.owner, _name(m, index)), lambda value: Const(value != MISSING))


def set_any(m: Machine, owner: Ref, name: Value, value: Value) -> None:
    """Bind a name of a module that is not known: each may be, that begins as the name does.

    What Python itself goes by in a module is not thought to be meant.
    """
    start = _beginning(m, name)
    for each in m.names(owner):
        if each.startswith(start) and each[:2] != "__":
            # Whoever uses the name may have what it stood for.
            _keep(m, m.cells[owner.oid, each])
            m.write(owner, m.unknown("a name may be bound that is computed"), each)
    _keep(m, value)
    m.open_names(owner, start)


def _keep(m: Machine, value: Value) -> None:
    for each in values_of(value):
        if not isinstance(each, (Const, Foreign, Opaque)):
            m.escape(each)


def _beginning(m: Machine, name: Value) -> str:
    """Return what a text is known to begin with on the way that is followed."""
    if isinstance(name, Opaque):
        match name.key:
            case ("joined" | "add", Const(value=str(start)), *_):
                return start
            case ("joined" | "add", Opaque() as first, *_):
                return _beginning(m, first)
            case _:
                pass
        for atom, so in m.path.items():
            match m.atoms[atom][0] if isinstance(atom, int) and so else None:
                case ("truth", Opaque(key=("startswith", owner, Const(value=str(start))))) if (
                    owner == name
                ):
                    return start
                case _:
                    pass
    return ""


def set_item(m: Machine, view: View, index: Value, value: Value) -> Value:
    """Bind a name, or unbind it if the value is ``MISSING``."""
    index = m.narrowed(index)
    if isinstance(index, (Opaque, Unknown)) and view.owner.kind == "module" and value != MISSING:
        set_any(m, view.owner, index, value)
        return NONE
    name = _name(m, index)
    if not name.isidentifier() or name[:2] == "__":
        raise GiveUp(f"{name} is set")

    def there(held: Value) -> Value:
        if held == MISSING:
            m.raise_("KeyError", index)
        return NONE

    if value == MISSING:
        m.each(m.read(view.owner, name), there)
    m.write(view.owner, value, name)
    return NONE
