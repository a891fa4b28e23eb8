"""Pins in files that install things and are no lists: images, scripts, pipelines, projects.

What an installer makes of such a file is not known. So each text of the form ``name==version`` is
taken for a pin that there may be, which somebody then looks for.
"""

from __future__ import annotations

import re

from packaging.version import InvalidVersion, Version

from stigmem_review import limits
from stigmem_review.model import Location
from stigmem_review.names import canonicalize_name
from stigmem_review.pins.model import Pin

_LINE_CHARS = 10_000
_NAME = r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[[A-Za-z0-9,._ -]*\])?"
_VERSION = r"(v?[0-9][\w.!+-]*)"
_PIN = re.compile(
    # As a shell has it; between quotes, or in a list, with blanks; and as a key of its own.
    rf"(?<![\w.$/@}}-]){_NAME}===?{_VERSION}(?![\w*'\"=(])|"
    rf"(?:[\"'][ ]*|^[ \t]*-[ \t]+){_NAME}[ ]*\(?===?[ ]*{_VERSION}(?!\.?\*)|"
    rf"^[ \t]*[\"']?{_NAME}[\"']?[ \t]*=[ \t]*(?:\{{[^}}]*version[ \t]*=[ \t]*)?"
    rf"[\"']===?[ ]*{_VERSION}[\"']"
)


def mentioned(path: str, data: bytes) -> tuple[Pin, ...]:
    """Return what may be pins in a file."""
    if b"==" not in data or len(data) > limits.PIN_FILE_BYTES or b"\0" in data:
        return ()
    found: dict[Pin, None] = {}
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if "==" not in line or len(line) > _LINE_CHARS or line.lstrip().startswith("#"):
            continue
        for each in _PIN.finditer(line):
            name, version = (part for part in each.groups() if part)
            version = version.rstrip(".-+!")
            try:
                Version(version)
            except InvalidVersion:
                continue
            found[Pin(canonicalize_name(name), version, (), "", Location(path, number))] = None
    return tuple(found)
