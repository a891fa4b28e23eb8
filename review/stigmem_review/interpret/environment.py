"""Where a piece of code looks its names up."""

from __future__ import annotations

import msgspec

from stigmem_review.code.modules import Module
from stigmem_review.code.names import Names
from stigmem_review.interpret.values import Ref


class Env(msgspec.Struct):
    """One scope in the scopes around it.

    ``frame`` is the object that has the scope's names as cells; ``kind`` is ``module``,
    ``class``, ``function`` or ``comprehension``; ``klass`` the name of the class around it, which
    private names take; ``owner`` the class whose method runs.
    """

    kind: str
    frame: Ref
    names: Names
    outer: Env | None
    module: Module
    globals: Ref
    klass: str = ""
    qualname: str = ""
    first: str = ""
    function: Ref | None = None


def mangled(name: str, env: Env) -> str:
    """Return a name as it is inside its class."""
    return mangle(name, env.klass)


def mangle(name: str, klass: str) -> str:
    """Return a name as it is inside a class of some name, or nowhere in a class."""
    klass = klass.lstrip("_")
    if not klass or not name.startswith("__") or name.endswith("__") or "." in name:
        return name
    return f"_{klass}{name}"
