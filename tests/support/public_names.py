"""The public names of modules, by running them: ``python public_names.py [package ...]``.

Runs by itself, with whichever Python is asked: without arguments it lists the standard library,
else what is installed of the packages. It prints JSON: for each module the names that are code,
and those that are plain, which by what they are do nothing when they are used.
"""

from __future__ import annotations

import enum
import importlib
import json
import pkgutil
import re
import sys
import types
import typing
import warnings

_LEFT_OUT = {
    *("__main__", "antigravity", "idlelib", "lib2to3", "pydoc_data", "test", "this", "tkinter"),
    *("turtle", "turtledemo", "encodings", "distutils", "ensurepip"),
}
"""Programs, data, and what does something as soon as it is imported."""
_DATA = (int, float, complex, str, bytes, tuple, frozenset, dict, list, set, type(None), re.Pattern)
_FORMS = ("typing", "TypeVar", "ParamSpec", "GenericAlias", "UnionType", "ellipsis")


def is_plain(value: object) -> bool:
    """Say whether something is an exception, a constant, an enumeration or a form of types."""
    if isinstance(value, type):
        fields = hasattr(value, "_fields") or hasattr(value, "n_sequence_fields")
        return (
            issubclass(value, (BaseException, enum.Enum))
            or (issubclass(value, tuple) and fields)
            or typing.is_typeddict(value)
            or bool(getattr(value, "_is_protocol", False))
        )
    kind = type(value)
    return isinstance(value, _DATA) or kind.__module__ == "typing" or kind.__name__ in _FORMS


def modules(top: str, depth: int) -> typing.Iterator[tuple[str, types.ModuleType]]:
    """Yield a package and the public modules in it, as far as they can be imported."""
    try:
        module = importlib.import_module(top)
    except (Exception, SystemExit):
        return
    yield top, module
    for each in pkgutil.iter_modules(getattr(module, "__path__", ()) if depth else ()):
        if not each.name.startswith("_") and each.name not in ("test", "tests"):
            yield from modules(f"{top}.{each.name}", depth - 1)


def names(name: str, module: types.ModuleType) -> dict[str, list[str]]:
    """Return the names of a module that are its own, by what they are."""
    found: dict[str, list[str]] = {"code": [], "plain": []}
    public = set(getattr(module, "__all__", ()))
    for each in sorted(public | {each for each in dir(module) if not each.startswith("_")}):
        value = getattr(module, each, None)
        if isinstance(value, types.ModuleType):
            continue
        plain = is_plain(value)
        home = getattr(value, "__module__", None)
        home = home.lstrip("_") if isinstance(home, str) else name
        # A package that lists no names has what its modules have.
        own = home == name or (hasattr(module, "__path__") and home.partition(".")[0] == name)
        if each in public or plain or own:
            found["plain" if plain else "code"].append(each)
    return found


def main(packages: list[str]) -> None:
    """Print the names."""
    warnings.simplefilter("ignore")
    standard = sorted(sys.stdlib_module_names - _LEFT_OUT)
    tops = packages or [each for each in standard if not each.startswith("_")]
    depth = 1 if packages else 9
    found = {
        name: names(name, module)
        for top in tops
        for name, module in modules(top, depth)
        if not name.endswith("__main__")
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
