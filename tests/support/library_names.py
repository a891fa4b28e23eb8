"""The names that modules of libraries have, by importing them: ``python library_names.py LIBRARY``.

Runs by itself, with whichever Python is asked. It prints JSON: the names of each public module,
or nothing but a star where it cannot be imported or gives names as they are asked for.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import typing
import warnings

_ANY_NAME = "*"


def names(module: str) -> typing.Iterator[tuple[str, list[str]]]:
    """Yield a module and the public ones below it, each with its names.

    What a library keeps of its first major version is not for every Python.
    """
    try:
        found = importlib.import_module(module)
    except (Exception, SystemExit):
        yield module, [_ANY_NAME]
        return
    below = [each.name for each in pkgutil.iter_modules(getattr(found, "__path__", ()))]
    has = {*dir(found), *getattr(found, "__all__", ()), *below}
    # What gives names as they are asked for, and lists none, only its code could tell.
    open_ended = "__getattr__" in vars(found) and not hasattr(found, "__all__")
    yield module, [_ANY_NAME] if open_ended else sorted(each for each in has if each[:2] != "__")
    for each in below:
        if each == "v1":
            yield f"{module}.{each}", [_ANY_NAME]
        elif not each.startswith("_"):
            yield from names(f"{module}.{each}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(dict(each for top in sys.argv[1:] for each in names(top))))
