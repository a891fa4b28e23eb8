"""Imports: which module runs when, and what is bound by it."""

from __future__ import annotations

import ast
import functools

from stigmem_review.code.modules import Module, Syntax, Unusable, syntax_of
from stigmem_review.code.names import names_of
from stigmem_review.code.parse import REFUSED
from stigmem_review.host import apis
from stigmem_review.host.modules import modules, offered
from stigmem_review.interpret import namespaces, table
from stigmem_review.interpret.ends import FALLS, Exit, GiveUp, Outcome
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.escape import REWRITTEN, SEARCHED
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.keys import frozen
from stigmem_review.interpret.lazy import with_items
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.objects import attempt, has_every_module
from stigmem_review.interpret.values import (
    MISSING,
    NONE,
    Const,
    File,
    Foreign,
    OneOf,
    Ref,
    Tuple,
    Value,
)
from stigmem_review.model import HOLE

_DEPTH = 60
_EMPTY = syntax_of(b"")
assert isinstance(_EMPTY, Syntax)
EMPTY = _EMPTY
"""What stands in a package that is only a folder."""


def import_(m: Machine, name: str, asname: str | None, env: Env) -> None:
    """Run ``import name`` or ``import name as asname``."""
    found = load(m, name)
    top = name.partition(".")[0]
    if asname is None:
        m.bind_name(top, load(m, top), env)
        return
    if isinstance(found, Foreign):
        m.bind_name(asname, found, env)
        return
    value = load(m, top)
    dotted = top
    for part in name.split(".")[1:]:
        # What the import left in the parent counts, before what the table of modules has.
        dotted = f"{dotted}.{part}"
        if not isinstance(value, Ref) or value.kind != "module":
            raise GiveUp("which module is meant is not known")
        held = m.read(value, part)
        value = m.each(held, functools.partial(_or_loaded, m, dotted))
    m.bind_name(asname, value, env)


def _or_loaded(m: Machine, dotted: str, held: Value) -> Value:
    return load(m, dotted) if held == MISSING else held


def absolute(m: Machine, node: ast.ImportFrom, env: Env) -> str:
    """Return the full name of the module that something is imported from."""
    if not node.level:
        return node.module or ""
    parts = env.module.package.split(".") if env.module.package else []
    if node.level > len(parts):
        m.raise_("ImportError", Const("attempted relative import beyond top-level package"))
    kept = parts[: len(parts) - node.level + 1]
    return ".".join([*kept, node.module] if node.module else kept)


def import_from(m: Machine, node: ast.ImportFrom, env: Env) -> None:
    """Run ``from module import names``."""
    name = absolute(m, node, env)
    if name == "__future__":
        for alias in node.names:
            m.bind_name(alias.asname or alias.name, Foreign(f"__future__.{alias.name}"), env)
        return
    module = load(m, name)
    for alias in node.names:
        if alias.name == "*":
            _star(m, module, name, env)
        else:
            value = _from(m, module, name, alias.name)
            m.bind_name(alias.asname or alias.name, value, env)


def _from(m: Machine, module: Value, dotted: str, name: str, missing: str = "ImportError") -> Value:
    if isinstance(module, Foreign):
        return m.foreign_name(module, name)
    if not isinstance(module, Ref):
        raise GiveUp("what is imported from is not known")
    thing = m.thing(module)
    if module.kind != "module":
        return _from_object(m, module, name)
    if has_every_module(name) and m.read(module, name) == MISSING:
        return m.get(module, name)

    def other(value: Value) -> Value:
        if value != MISSING:
            return value
        fallback = m.read(module, "__getattr__")
        if fallback != MISSING and (found := _lazily(m, fallback, name)) is not None:
            # The import system first asks whether a package has the name.
            return m.call(fallback, (Const(name),)) if thing.extra.is_package else found
        whole = f"{dotted}.{name}"
        if thing.extra.is_package and (m.modules.has(whole) or m.modules.folder(whole)):
            found = load(m, whole)
            return m.each(
                m.read(module, name), lambda held: last(found) if held == MISSING else held
            )
        listed = m.read(m.imports, f"{dotted}.{name}")
        return m.each(listed, last)

    def last(listed: Value) -> Value:
        # A star takes what modules have, and does not look into their table.
        if listed != MISSING and missing == "ImportError":
            return listed
        if missing == "AttributeError":
            m.raise_(missing, Const(f"module '{dotted}' has no attribute '{name}'"))
        source = f"'{dotted}'"
        if dotted in m.importing:
            source = f"partially initialized module {source} (most likely due to a circular import)"
        said = Const(f"cannot import name '{name}' from {source} ({HOLE})")
        if thing.extra.is_package and not m.modules.whole:
            whole = f"{dotted}.{name}"
            return m.maybe(("installed", whole), Foreign(whole), missing, said)
        m.raise_(missing, said)

    return m.each(m.read(module, name), other)


def _from_object(m: Machine, owner: Ref, name: str) -> Value:
    """Return what is imported from an object that stands in the table of modules."""

    def missing() -> Value:
        m.raise_("ImportError", Const(f"cannot import name '{name}'"))

    return attempt(m, lambda: m.get(owner, name), lambda found: found, missing)


def _lazily(m: Machine, fallback: Value, name: str) -> Value | None:
    """Return what a module's own ``__getattr__`` gives, or nothing where it has no such name."""
    outcomes = m.caught(lambda: m.call(fallback, (Const(name),)))
    if all(each.kind == "falls" for each in outcomes):
        return m.settle(outcomes, FALLS)
    wanted = Foreign("builtins.AttributeError")
    if len(outcomes) == 1 and m.matches(outcomes[0].value, wanted):
        m.adopt(outcomes[0])
        return None
    raise GiveUp("whether a module has a name is not known")


def _star(m: Machine, module: Value, dotted: str, env: Env) -> None:
    if isinstance(module, Foreign):
        _star_of_others(m, module, env)
        return
    if not isinstance(module, Ref) or m.is_escaped(module):
        m.doom("everything is imported from a module that may have been changed")
    if module.kind != "module":
        m.doom("everything is imported from an object that stands for a module")
    if m.may_name(module):
        namespaces.set_any(m, env.globals, m.unknown("what a star takes is not known"), NONE)
    listed = m.read(module, "__all__")
    fallback = m.read(module, "__getattr__")
    if listed == MISSING and fallback != MISSING:
        listed = _lazily(m, fallback, "__all__") or MISSING
    if listed == MISSING:
        names = m.names(module)
        m.tick(len(names) // 8)
        for name in names:
            if not name.startswith("_"):
                _take(m, module, name, env)
        return

    def every(items: Tuple) -> Value:
        m.tick(len(items.items) // 8)
        for item in items.items:
            name = m.comparable(item)
            if not isinstance(name, Const) or not isinstance(name.value, str):
                m.doom("what __all__ has in it is not known")
            value = _from(m, module, dotted, name.value, "AttributeError")
            m.bind_name(name.value, value, env)
        return NONE

    try:
        if frozen(m, listed) is not None:
            raise GiveUp("__all__ is in no order")
        with_items(m, listed, every)
    except GiveUp as stop:
        m.doom(f"what __all__ has in it is not known: {stop.why}")


def _star_of_others(m: Machine, module: Foreign, env: Env) -> None:
    """Bind all that a module of others offers, or let each name be one that it does."""
    names = offered(module.dotted) or modules(m.node.version).offered(module.dotted)
    for name in names:
        # Whether this is in every version of Python is not known.
        new = m.read(env.globals, name) == MISSING
        found = Foreign(apis.canonical(f"{module.dotted}.{name}"))
        m.bind_name(name, found if new else m.unknown("what a star takes is not known"), env)
    if not names:
        namespaces.set_any(m, env.globals, m.unknown("what a star takes is not known"), NONE)


def _take(m: Machine, module: Ref, name: str, env: Env) -> None:
    def bind(value: Value) -> Value:
        if value != MISSING:
            m.bind_name(name, value, env)
        return NONE

    found = m.read(module, name)
    if isinstance(found, OneOf) and not any(each.value == MISSING for each in found.options):
        m.bind_name(name, found, env)
    else:
        m.each(found, bind)


def load(m: Machine, name: str) -> Value:
    """Return a module, and run it if it has not been run."""
    if not m.modules.owns(name):
        held = table.loaded(m, name)
        return m.each(held, lambda one: m.foreign_module(name) if one == MISSING else one)

    def listed(held: Value) -> Value:
        if held != MISSING:
            return held
        parent, _, last = name.rpartition(".")
        above = load(m, parent) if parent else NONE
        # Importing the parent can have imported the module as well.
        found = m.read(m.imports, name)
        if isinstance(found, OneOf):
            raise GiveUp("whether a module was imported is not known")
        return _run(m, name, above, last) if found == MISSING else found

    return m.each(m.read(m.imports, name), listed)


def _run(m: Machine, name: str, parent: Value, last: str) -> Value:
    if isinstance(parent, Ref) and parent.kind != "module":
        m.doom("a package was replaced by an object")
    found = m.modules.get(name)
    if isinstance(found, Unusable):
        if found.why.startswith(REFUSED):
            made = m.exception(Foreign("builtins.SyntaxError"), (Const(found.why),))
            m.messages[made.oid] = in_file(found)
            m.places[made.oid] = found.at
            raise Exit("raises", made)
        m.unusable(found)
    if m.has((m.imports.oid, REWRITTEN)):
        m.doom(f"{name} may have been written before it is imported")
    if found is None:
        if m.modules.folder(name):
            return _namespace(m, name, parent, last)
        if m.modules.is_written(name) or not m.modules.whole:
            return _built(m, name, parent, last)
        m.raise_("ModuleNotFoundError", Const(f"No module named '{name}'"))
    if isinstance(parent, Ref) and not m.thing(parent).extra.is_package:
        m.raise_("ModuleNotFoundError", Const(_no_package(name)))
    if m.depth >= _DEPTH:
        m.doom("imports are nested too deeply to be followed")
    m.tick(10 + len(found.syntax.source) // 512)
    module = m.alloc(Thing("module", name=name, extra=found))
    m.write(m.imports, module, name)
    m.put((module.oid, "__name__"), Const(name))
    m.put((module.oid, "__file__"), file_of(m, found))
    m.put((module.oid, "__package__"), Const(found.package))
    if found.is_package:
        m.put((module.oid, "__path__"), _searched(m, name))
    m.put((module.oid, "__doc__"), Const(ast.get_docstring(found.tree, clean=False)))
    env = Env("module", module, names_of(found.tree), None, found, module)
    site, guarded, yielding = m.site, m.guarded, m.yielding
    m.yielding = []

    def run() -> Value:
        m.depth += 1
        m.execute(found.tree.body, env)
        m.depth -= 1
        return m.each(m.read(m.imports, name), left)

    def left(held: Value) -> Value:
        # What it put in its own place is what is imported.
        if held == MISSING:
            m.raise_("KeyError", Const(name))
        if isinstance(parent, Ref):
            m.write(parent, held, last)
        return held

    def failed() -> Value:
        raise Exit("raises", raised)

    m.importing.append(name)
    try:
        outcomes = m.run(run)
    finally:
        m.importing.pop()
        m.site, m.guarded, m.yielding = site, guarded, yielding
    ended = []
    for each in outcomes:
        if each.kind == "falls":
            ended.append(each)
            continue
        raised = each.value

        def forgotten(each: Outcome = each) -> Value:
            m.adopt(each)
            m.write(m.imports, MISSING, name)
            return failed()

        ended += m.run(forgotten)
    return m.settle(ended, FALLS)


def _built(m: Machine, name: str, parent: Value, last: str) -> Value:
    """Import a module of which only the build knows what is in it, if not whether it is there."""
    made: Value = Foreign(name)
    if not m.modules.is_written(name):
        missing = Const(f"No module named '{name}'")
        made = m.maybe(("installed", name), made, "ModuleNotFoundError", missing)
    m.write(m.imports, made, name)
    if isinstance(parent, Ref):
        m.write(parent, made, last)
    return made


def in_file(found: Unusable) -> str:
    """Return what Python says of source that it does not take."""
    name = found.at.path.rpartition("/")[2]
    return f"{found.said} ({name}, line {found.at.line})"


def _no_package(name: str) -> str:
    return f"No module named '{name}'; '{name.rpartition('.')[0]}' is not a package"


def _namespace(m: Machine, name: str, parent: Value, last: str) -> Value:
    """Import a folder without ``__init__.py``: a package that has nothing but its modules."""
    if isinstance(parent, Ref) and not m.thing(parent).extra.is_package:
        m.raise_("ModuleNotFoundError", Const(_no_package(name)))
    place = f"{name.replace('.', '/')}/__init__.py"
    made = m.alloc(Thing("module", name=name, extra=Module(name, place, EMPTY, True, place)))
    m.write(m.imports, made, name)
    m.put((made.oid, "__name__"), Const(name))
    m.put((made.oid, "__package__"), Const(name))
    m.put((made.oid, "__path__"), _searched(m, name))
    m.put((made.oid, "__doc__"), NONE)
    m.put((made.oid, "__file__"), m.unknown("a package without a file"))
    if isinstance(parent, Ref):
        m.write(parent, made, last)
    return made


def _searched(m: Machine, name: str) -> Ref:
    """Return the list of folders in which the modules of a package are."""
    return m.alloc(Thing("object", type=SEARCHED, name=name))


def file_of(m: Machine, module: Module) -> Value:
    """Return the path of a module."""
    return File(tuple(module.path.split("/")), text=True)
