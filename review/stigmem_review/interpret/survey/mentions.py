"""Whether code that nothing is seen to call may be called after all.

Much calls what it was handed, found by name, or gets from an object of which nothing is known. So
a function counts as called from somewhere if code that runs mentions its name; a method, if that
mentions its class as well. So does what such code can have from a name that stands for more things
than are followed one by one.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

from stigmem_review.code.names import Function
from stigmem_review.code.nodes import children
from stigmem_review.host import apis
from stigmem_review.interpret.survey.things import (
    Body,
    Bound,
    Far,
    Inherited,
    Inst,
    Klass,
    Methods,
    Mod,
    Space,
    Table,
    Unit,
    Value,
)

_PLAIN = ("abc.", "builtins.object", "enum.", "typing.", "typing_extensions.")
_FINDS = ("_frozen_importlib", "builtins.", "importlib.", "pkgutil", "runpy")
"""What, of all that finds or runs code by a name or a text, finds that of the release."""


def called_somewhere(
    bodies: Iterable[Body],
    run: Iterable[Unit],
    apis_of: Mapping[Unit, Iterable[str]],
    crowds_of: Mapping[Unit, Iterable[Iterable[Value]]],
) -> Iterator[Body]:
    """Yield the functions that may be called by nobody knows what.

    ``run`` are the units that something runs, ``apis_of`` what each of them calls, and
    ``crowds_of`` what else the names stand for that each of them asks for.
    """
    done = {*run}
    lone = [each for each in bodies if each not in done]
    if any(map(_finds, (api for each in done for api in apis_of.get(each, ())))):
        yield from lone
        return
    names: set[str] = set()
    among: set[Body] = set()
    met: set[Value] = set()
    waiting: list[Unit] = [*done]
    while lone and waiting:
        for unit in waiting:
            names |= _mentioned(unit)
            for crowd in crowds_of.get(unit, ()):
                among.update(_functions(crowd, met, _all_in))
        waiting = []
        for each in [*lone]:
            if each in among or _is_called(each, names, done):
                lone.remove(each)
                yield each
                below: list[Unit] = [each]
                while below:
                    unit = below.pop()
                    if unit not in done:
                        done.add(unit)
                        waiting.append(unit)
                        below += unit.calls


def offered(modules: Iterable[Mod]) -> Iterator[Body]:
    """Yield the functions that packages offer to whoever imports them, with those of classes.

    That is what ``__all__`` of a package names, or all of its names without an underscore.
    """
    met: set[Value] = set()
    for module in modules:
        if module.is_package and "." not in module.name:
            for name in _public(module):
                yield from _functions(module.names.get(name, ()), met, _public_in)


def _public(module: Mod) -> Iterator[str]:
    for statement in module.node.body if isinstance(module.node, ast.Module) else ():
        match statement:
            case ast.Assign(
                targets=[ast.Name("__all__")], value=ast.List(each) | ast.Tuple(each)
            ) | ast.AnnAssign(ast.Name("__all__"), value=ast.List(each) | ast.Tuple(each)):
                yield from (str(e.value) for e in each if isinstance(e, ast.Constant))
                return
            case _:
                pass
    yield from (name for name in module.names if not name.startswith("_"))


def _functions(
    values: Iterable[Value], met: set[Value], within: Callable[[Value], Iterable[Value]]
) -> Iterator[Body]:
    """Yield the functions that values are, or have in them; nothing that was ``met``."""
    waiting = [*values][::-1]
    while waiting:
        each = waiting.pop()
        if each in met:
            continue
        met.add(each)
        if isinstance(each, Body):
            yield each
        else:
            waiting += [*within(each)][::-1]


def _public_in(value: Value) -> Iterator[Value]:
    """Yield what a class has for whoever has the class."""
    for name, values in value.names.items() if isinstance(value, Klass) else ():
        if not name.startswith("_") or name.endswith("__"):
            yield from values


def _all_in(value: Value) -> Iterator[Value]:
    """Yield what something leads to."""
    if isinstance(value, Bound):
        yield value.function
        yield from chain.from_iterable(value.args)
    elif isinstance(value, Inst):
        yield value.klass
    elif isinstance(value, (Inherited, Table)):
        yield value.owner
    elif isinstance(value, Space):
        # What a module imports as a whole is not what it has.
        held = chain.from_iterable(value.names.values())
        yield from (each for each in held if not isinstance(each, Mod))
        yield from value.bases if isinstance(value, Klass) else ()


def _finds(api: str) -> bool:
    known = apis.called(api)
    return known is not None and known[0] == "dynamic code" and api.startswith(_FINDS)


def _is_called(body: Body, names: set[str], done: set[Unit]) -> bool:
    node = body.node
    around = body.env.outer.unit if body.env is not None and body.env.outer is not None else None
    if isinstance(node, ast.Lambda):
        return around in done
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    if body.klass is None:
        # Whoever decorates a function has it.
        return node.name in names or (bool(node.decorator_list) and around in done)
    if body.klass.name.rpartition(".")[2] not in names:
        return False
    special = node.name.startswith("__") and node.name.endswith("__")
    return special or node.name in names or _is_derived(body.klass)


def _is_derived(klass: Klass) -> bool:
    """Say whether a class derives from one of others, which may call its methods."""
    todo: list[Value] = [klass]
    met: set[Value] = set()
    while todo:
        each = todo.pop()
        if each in met:
            continue
        met.add(each)
        if isinstance(each, Klass):
            todo += each.bases
        elif isinstance(each, Inst):
            todo.append(each.klass)
        elif not isinstance(each, Far) or not each.dotted.startswith(_PLAIN):
            return True
    return False


def _mentioned(unit: Unit) -> set[str]:
    """Return the names that a module or a function uses, those of functions in it left out."""
    found: set[str] = set()
    if isinstance(unit, Methods):
        return found
    node = unit.node
    inner = children(node) if not isinstance(node, ast.Lambda) else [node.body]
    idle = unit.idle if isinstance(unit, Mod) else frozenset()
    waiting = [*inner]
    while waiting:
        each = waiting.pop()
        if id(each) in idle:
            continue
        match each:
            case ast.Name(ctx=ast.Load(), id=name):
                found.add(name)
            case ast.Attribute(attr=name):
                found.add(name)
            case ast.alias(name=name, asname=str()):
                found.add(name.rpartition(".")[2])
            case _:
                pass
        if isinstance(each, Function):
            waiting += [*each.args.defaults, *filter(None, each.args.kw_defaults)]
            if not isinstance(each, ast.Lambda):
                waiting += each.decorator_list
        else:
            waiting += children(each)
    return found
