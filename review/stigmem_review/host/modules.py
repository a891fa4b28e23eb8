"""Which modules there are without any plugin: those of Python, of the node, and of what it needs.

``modules.json`` is written by ``tests/update_host.py`` from the released wheels. It is
only read where a release imports something of the node.
"""

from __future__ import annotations

import ast
import functools
import os
import sys
from pathlib import Path

import msgspec

_GONE = (
    "aifc annotationlib asynchat asyncore audioop binhex cgi cgitb chunk compression crypt "
    "distutils imghdr imp lib2to3 mailcap msilib nis nntplib ossaudiodev pipes smtpd sndhdr spwd "
    "sunau telnetlib uu xdrlib"
)
NOT_IN_EVERY_PYTHON = frozenset(_GONE.split())
"""Modules that some supported release of Python has in its library and another has not."""
STANDARD = sys.stdlib_module_names | NOT_IN_EVERY_PYTHON
HOST = frozenset(
    {"annotated_types", "pydantic", "pydantic_core", "stigmem_node", "typing_extensions"}
)
"""The host, and what its manifest class is made of."""

FILE = Path(__file__).with_name("modules.json")
ANY_NAME = "*"
"""Stands for the names of a module that only running it could tell."""


@functools.cache
def offered(module: str) -> tuple[str, ...]:
    """Return what a star takes of a module of Python; nothing where that is not known.

    That is what its source writes down as ``__all__``, here or where it imports that from: nothing
    is imported for it. It hardly differs between the versions of Python.
    """
    name = os.path.__name__ if module == "os.path" else module
    place = Path(os.__file__).parent.joinpath(*name.split("."))
    if name.partition(".")[0] not in STANDARD:
        return ()
    for source in (place.with_suffix(".py"), place / "__init__.py"):
        if source.is_file():
            return _written(ast.parse(source.read_bytes()))
    return ()


def _written(tree: ast.Module) -> tuple[str, ...]:
    """Return what a module writes down as ``__all__``; nothing where that takes more than to read.

    A module that mentions the name once more may change it.
    """
    mentions = sum(
        isinstance(each, ast.Name) and each.id == "__all__"
        for statement in tree.body
        if not isinstance(statement, ast.ClassDef)
        for each in ast.walk(statement)
    )
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value) if mentions == 1:
                names = ast.literal_eval(value) if isinstance(value, (ast.List, ast.Tuple)) else ()
                return tuple(names)
            case ast.ImportFrom(module=str(other), names=names) if not mentions and not node.level:
                if any(each.name == "__all__" and not each.asname for each in names):
                    return offered(other)
            case _:
                pass
    return ()


class _Data(msgspec.Struct):
    requires: dict[str, list[str]]
    modules: dict[str, dict[str, str]]


class HostModules:
    """The modules that one node release installs."""

    def __init__(self, data: _Data, version: str) -> None:
        releases = [*data.requires]
        self.requires = tuple(data.requires[version])
        """The distributions that the node requires, each by its name, with an extra of it."""
        self.tops = frozenset(module for module in data.modules if "." not in module)
        self._modules = data.modules
        self._releases = {release: place for place, release in enumerate(releases)}
        self._place = self._releases[version]
        self._found: dict[str, frozenset[str] | None] = {}

    def missing(self, module: str, name: str = "") -> str:
        """Return the first part of an import that the node does not have, or an empty string.

        ``name`` is what is imported from the module, if anything is.
        """
        parts = module.split(".")
        for size in range(1, len(parts) + 1):
            part = ".".join(parts[:size])
            if self._names(part) is None:
                return part
        names = self._names(module) or frozenset()
        whole = f"{module}.{name}"
        # Every module has names such as __file__, and a star takes what there is.
        given = not name or name == ANY_NAME or name.startswith("__") or ANY_NAME in names
        return "" if given or name in names or self._names(whole) is not None else whole

    def offered(self, module: str) -> tuple[str, ...]:
        """Return what a star takes of a module of the node; nothing where that is not known.

        The node's own modules offer the public names that they bind, and not what is below them.
        """
        names = self._names(module) if module.partition(".")[0] == "stigmem_node" else None
        if names is None or ANY_NAME in names:
            return ()
        below = (each for each in sorted(names) if each[:1] != "_" and each != "annotations")
        return tuple(each for each in below if self._names(f"{module}.{each}") is None)

    def _names(self, module: str) -> frozenset[str] | None:
        """Return the names a module binds; ``None`` where the node has no such module."""
        spans = self._modules.get(module)
        if spans is None:
            return None
        if module in self._found:
            return self._found[module]
        found: set[str] | None = None
        for span, names in spans.items():
            first, last = (self._releases[release] for release in span.split())
            if first <= self._place <= last:
                found = (found or set()) | set(names.split())
        self._found[module] = None if found is None else frozenset(found)
        return self._found[module]


@functools.cache
def _data() -> _Data:
    return msgspec.json.decode(FILE.read_bytes(), type=_Data)


@functools.cache
def modules(version: str) -> HostModules:
    """Return the modules of one node release; of a newer one, those of the newest that is known."""
    data = _data()
    return HostModules(data, version if version in data.requires else [*data.requires][-1])
