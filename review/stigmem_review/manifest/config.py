"""What a project's own files say about building it: ``pyproject.toml``, and setuptools' files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from stigmem_review import limits, toml
from stigmem_review.errors import SourceError
from stigmem_review.manifest.setup_files import Setup, read_setup
from stigmem_review.text import shorten

PYPROJECT = "pyproject.toml"
HATCH = "hatch.toml"
_LEGACY = "setuptools.build_meta:__legacy__"
"""The backend of a project that names none (PEP 517)."""


class Config(msgspec.Struct, frozen=True):
    """The configuration of a project.

    ``source`` is the text of ``pyproject.toml``, ``setup`` what ``setup.py`` and ``setup.cfg`` say
    to setuptools. ``backend`` is the build backend, ``named`` whether the project names it.
    """

    pyproject: Mapping[str, Any]
    source: str
    setup: Setup
    backend: str = _LEGACY
    named: bool = False

    @property
    def name(self) -> str:
        """Return the project's name where ``pyproject.toml`` says it, and nothing else."""
        for keys in (("project",), ("tool", "poetry")):
            found = table(self.pyproject, *keys).get("name")
            if isinstance(found, str):
                return found
        return ""


def read_config(files: Mapping[str, bytes], asked: str) -> Config:
    """Read a project's configuration.

    Raises ``SourceError`` where ``pyproject.toml``, ``setup.cfg`` or ``hatch.toml`` cannot be read.
    """
    source = files.get(PYPROJECT, b"")
    text, pyproject = read_pyproject(source, asked)
    build = table(pyproject, "build-system")
    backend = build.get("build-backend")
    named = isinstance(backend, str)
    if named and "backend-path" in build:
        backend = f"{backend} of its own"
    if backend == "hatchling.build" and HATCH in files:
        # Its tables stand for those of the same name in [tool.hatch].
        _, own = read_pyproject(files[HATCH], asked, HATCH)
        hatch = {**table(pyproject, "tool", "hatch"), **own}
        pyproject = {**pyproject, "tool": {**table(pyproject, "tool"), "hatch": hatch}}
    return Config(
        pyproject, text, read_setup(files, asked), str(backend) if named else _LEGACY, named
    )


def read_pyproject(data: bytes, asked: str, path: str = PYPROJECT) -> tuple[str, Mapping[str, Any]]:
    """Return the text and the tables of a TOML file; ``SourceError`` if it is none."""
    try:
        if len(data) > limits.METADATA_BYTES:
            raise ValueError(f"it has more than {limits.METADATA_BYTES} bytes")
        if data.startswith(b"\xef\xbb\xbf"):
            raise ValueError("it starts with a byte order mark, which TOML does not have")
        text = data.decode("utf-8")
        return text, toml.parse(text)
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} of it is not UTF-8"
    except ValueError as error:
        reason = shorten(str(error))
    raise SourceError(f"{shorten(asked)}: {path} cannot be read: {reason}; mend it first")


def table(value: Any, *keys: str) -> Mapping[str, Any]:
    """Return the table below some keys, an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def texts(value: Any) -> list[str]:
    """Return the texts in a list, or one text; nothing where it is neither."""
    found = [value] if isinstance(value, str) else value
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
