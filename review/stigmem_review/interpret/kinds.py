"""What kind of thing something of another distribution is, as far as its name tells."""

from __future__ import annotations

import abc
import collections.abc
import enum
import functools
import typing
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import FunctionType, ModuleType
from typing import Literal

from stigmem_review.host.modules import STANDARD
from stigmem_review.interpret.objects import MANIFEST, MODEL, OF_MODELS
from stigmem_review.interpret.values import Foreign, Opaque, words

UNION = Foreign("types.UnionType")
"""What ``|`` makes of types."""
GENERIC = Foreign("types.GenericAlias")
"""What square brackets make of a class or a special form of types."""
Kind = Literal["module", "class", "function", "other"]

_REAL: dict[str, ModuleType] = {
    "abc": abc,
    "collections.abc": collections.abc,
    "enum": enum,
    "functools": functools,
    "typing": typing,
}
"""Modules of Python in which a name stands for the same kind of thing in every version."""
_OF_MODULES: dict[str, object] = {
    "sys.__annotations__": {},
    "sys.__builtins__": {},
    "sys.__cached__": "",
    "sys.__loader__": SourceFileLoader("", ""),
    "sys.__spec__": ModuleSpec("", None),
}
"""What a module has of its own accord, by the names under which it is spoken of, and its like."""
MODULE_OF = "module of"
"""What the key of a text begins with that is the name of the module that has something."""
IS_OF: dict[str, Kind] = {
    "builtins.type": "class",
    "types.FunctionType": "function",
    "types.ModuleType": "module",
}
"""Types whose objects are of one kind each."""
_HOST = "stigmem_node.plugins."
_ALIASES = words("Outcome VotingDecision")
"""What the host has under the name of a class, and is none (``stigmem_node.plugins.handlers``)."""


def lacks(dotted: str, name: str) -> bool:
    """Say whether something is known to have no such attribute."""
    if dotted in (MODEL.dotted, MANIFEST.dotted):
        # A model has its fields for its objects alone.
        return not (name.startswith(("_", "model_")) or name in OF_MODELS)
    if kind_of(dotted) == "function" and dotted.rpartition(".")[0] in _REAL:
        return name[:1] != "_" and not hasattr(getattr(*_parts(dotted)), name)
    return dotted in _OF_MODULES and not hasattr(_OF_MODULES[dotted], name)


def _parts(dotted: str) -> tuple[ModuleType, str]:
    module, _, name = dotted.rpartition(".")
    return _REAL[module], name


def asked(dotted: str, *kinds: str) -> Opaque:
    """Return whether something is of one of some kinds, which only the node can tell."""
    return Opaque("bool", ("kind", dotted, kinds))


def kind_of(dotted: str) -> Kind | None:
    """Return what something is; nothing where its name does not tell."""
    if dotted in STANDARD:
        return "module"
    if dotted in _OF_MODULES:
        return "other"
    module, _, name = dotted.rpartition(".")
    if f"{module}." == _HOST and name not in _ALIASES:
        if name.islower():
            return "function"
        return "other" if name.isupper() else "class"
    real = getattr(_REAL.get(module), name, None)
    if isinstance(real, type):
        return "class"
    return "function" if isinstance(real, FunctionType) else None
