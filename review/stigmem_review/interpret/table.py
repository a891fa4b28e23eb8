"""The table of modules, ``sys.modules``: what is imported is what stands there."""

from __future__ import annotations

from stigmem_review.host import apis
from stigmem_review.host.modules import STANDARD
from stigmem_review.host.modules import modules as host_modules
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Args, Keywords, count, model
from stigmem_review.interpret.values import MISSING, NONE, Const, Foreign, Opaque, Ref, Value, flag

TABLE = Foreign("sys.modules")
_CHANGED = "sys.modules is changed"


def loaded(m: Machine, name: str) -> Value:
    """Return what stands in the table under a name that no other distribution has."""
    return m.read(m.imports, _cell(m, name))


def _cell(m: Machine, name: str) -> str:
    return name if m.modules.owns(name) else f"module {name}"


def _name(index: Value) -> str:
    if not isinstance(index, Const) or not isinstance(index.value, str):
        raise GiveUp("which module is meant is not known")
    return index.value


def _listed(m: Machine, index: Value) -> Value:
    name = _name(index)
    if (found := loaded(m, name)) == MISSING and not m.modules.owns(name):
        raise GiveUp("a module of another distribution")
    return found


def _is_nobodys(m: Machine, name: str) -> bool:
    """Say whether nothing that a node installs, or may look for, is called so."""
    known = host_modules(m.node.version)
    taken = STANDARD | known.tops | {each.replace("-", "_") for each in known.requires}
    return "." not in name and name not in taken and apis.judged(name) is None


def get_item(m: Machine, index: Value) -> Value:
    """Return a module, or raise ``KeyError`` where it was not imported."""

    def there(found: Value) -> Value:
        if found == MISSING:
            m.raise_("KeyError", index)
        return found

    return m.each(_listed(m, index), there)


def has_item(m: Machine, index: Value) -> Value:
    """Return whether a module was imported."""
    name = _name(index)
    if not m.modules.owns(name) and loaded(m, name) == MISSING:
        return Opaque("bool", ("imported", index))
    return m.each(_listed(m, index), lambda found: flag(found != MISSING))


def set_item(m: Machine, index: Value, value: Value) -> Value:
    """Put something in the place of a module, or remove it if the value is ``MISSING``."""
    if not isinstance(index, Const) or not isinstance(index.value, str) or m.roots:
        m.doom(_CHANGED)
    name = index.value
    if not m.modules.owns(name) and not _is_nobodys(m, name):
        m.doom(_CHANGED)
    if value == MISSING:
        get_item(m, index)
    elif not isinstance(value, Ref) or value.kind not in ("class", "instance", "module"):
        m.doom(_CHANGED)
    m.write(m.imports, value, _cell(m, name))
    return NONE


@model("sys.modules.get")
def _get(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 2)
    default = args[1] if len(args) > 1 else NONE
    return m.each(_own(m, args[0]), lambda found: default if found == MISSING else found)


@model("sys.modules.pop")
def _pop(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 2)

    def pop(found: Value) -> Value:
        if found != MISSING:
            set_item(m, args[0], MISSING)
            return found
        if len(args) < 2:
            m.raise_("KeyError", args[0])
        return args[1]

    return m.each(_own(m, args[0]), pop)


def _own(m: Machine, index: Value) -> Value:
    try:
        return _listed(m, index)
    except GiveUp:
        # Whoever has a module of others can change what they do.
        m.doom("sys.modules is looked into")
