"""Whether the node can call the handlers of a release, and the code behind each of them.

``stigmem_node.plugins.registry`` counts the positional parameters of every handler before it
registers one, and looks at nothing else. It calls a handler with the context, for hooks that
rewrite or rank also with the value, and with keywords, and never awaits what comes back.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from stigmem_review.code.installed import Code
from stigmem_review.code.modules import Parsed
from stigmem_review.code.parse import Failure, parse
from stigmem_review.host import Node
from stigmem_review.model import (
    Handler,
    Hook,
    Location,
    Manifest,
    Observation,
    Part,
    Release,
)
from stigmem_review.observe.reach import Reach
from stigmem_review.outcomes import values

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_NAMED = 5


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


def handlers_of(release: Release, reach: Reach) -> Iterator[Handler]:
    """Yield the code behind each hook of a release whose handler is known."""
    for hook, module, name in _hooks(release):
        top = name.partition(".")[0]
        parts = reach.parts(module, top)
        if parts is None:
            # It is not among what was read, so it counts as changed with anything at all.
            parts = (Part(module, release.code),)
        own = f"{module}:{top}"
        at = next((each.at for each in parts if each.name == own), None)
        yield Handler(hook.name, f"{module}:{name}", own, parts, at)


def handler_observations(
    release: Release, code: Code, node: Node, parsed: Parsed
) -> Iterator[Observation]:
    """Yield every handler that the node would refuse, or could not use when its hook fires."""
    for hook, module, name in _hooks(release):
        info = node.hook(hook.name)
        found = _function(module, name, code, parsed) if info.known else None
        if found is None:
            continue
        function, bound, at = found
        bound = bound or (hook.bound and not _decorated(function, "staticmethod"))
        taken = _positionals(function, bound)
        if function.args.vararg is None and len(taken) < info.positionals:
            why = f"it takes {len(taken)} and the node wants at least {info.positionals}"
            yield Observation("handler-arity", hook.name, why, at=at)
        elif why := _misfit(function, bound, info.positionals, node.calls(hook.name)):
            yield Observation("handler-keywords", hook.name, why, at=at)
        if isinstance(function, ast.AsyncFunctionDef):
            target = f"{module}:{name}"
            yield Observation("handler-async", hook.name, f"{target} is async", at=at)


def _function(
    module: str, name: str, code: Code, parsed: Parsed
) -> tuple[_Function, bool, Location] | None:
    """Return a handler's definition and whether its first parameter is bound to its class.

    ``None`` where that cannot be found, or is a class.
    """
    base = module.replace(".", "/")
    place = next((p for p in (f"{base}/__init__.py", f"{base}.py") if p in code.files), None)
    if place is None:
        return None
    data = code.files[place]
    known = parsed.get(data)
    tree = parse(data) if known is None or isinstance(known, Failure) else known.tree
    if isinstance(tree, Failure):
        return None
    body: list[ast.stmt] = tree.body
    found: ast.stmt | None = None
    for part in name.split("."):
        if part == "<locals>":
            continue
        named = [
            each
            for each in body
            if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            and each.name == part
        ]
        if len(named) != 1:
            return None
        found, body = named[0], named[0].body
    if not isinstance(found, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    return found, _decorated(found, "classmethod"), code.at(place, found.lineno)


def _decorated(function: _Function, name: str) -> bool:
    return any(getattr(each, "id", "") == name for each in function.decorator_list)


def _positionals(function: _Function, bound: bool) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args][int(bound) :]


def _misfit(
    function: _Function, bound: bool, positionals: int, calls: tuple[tuple[str, ...], ...]
) -> str:
    """Return why a call of the node raises a ``TypeError`` before the handler runs, or nothing."""
    reasons = [_refuses(function, bound, positionals, call) for call in calls]
    refused = [reason for reason in reasons if reason]
    if not refused:
        return ""
    often = "" if len(refused) == len(calls) else f", in {len(refused)} of its {len(calls)} calls"
    return f"{refused[0]}{often}"


def _refuses(function: _Function, bound: bool, positionals: int, call: tuple[str, ...]) -> str:
    """Return why a handler cannot be called with so many positionals and these keywords."""
    given = function.args
    taken = _positionals(function, bound)
    only = max(len(given.posonlyargs) - int(bound), 0)
    optional = {each.arg for each in taken[max(len(taken) - len(given.defaults), 0) :]}
    optional |= {
        each.arg
        for each, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
        if default is not None
    }
    filled = [each.arg for each in taken[:positionals]]
    by_name = [each.arg for each in taken[only:]] + [each.arg for each in given.kwonlyargs]
    if twice := [each for each in call if each in by_name and each in filled]:
        return f"the node passes {_listed(twice)} by name, which the context or the value fills"
    if given.kwarg is None and (strange := [each for each in call if each not in by_name]):
        return f"the node passes {_listed(strange)} by name, and it takes no such parameter"
    required = [each.arg for each in (*taken[positionals:], *given.kwonlyargs)]
    passed = {each for each in call if each in by_name}
    if lacking := [each for each in required if each not in optional and each not in passed]:
        return f"it wants {_listed(lacking)}, which the node does not pass"
    return ""


def _listed(names: Iterable[str]) -> str:
    listed = [*names]
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return f"{', '.join(listed[:_NAMED])}{more}"
