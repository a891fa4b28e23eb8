"""What was probably meant by an argument that names nothing to review."""

from __future__ import annotations

import difflib
import os
import re
from itertools import islice
from pathlib import Path

from stigmem_review.text import shorten

_LISTED = 10_000
"""How many names of a folder are looked at for one that is written like what was asked for."""

_PURL = re.compile(r"pkg:pypi/(?P<name>[\w.-]+)@(?P<version>[\w.!+-]+)", re.ASCII)
_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]+)://(?P<rest>.*)", re.ASCII | re.IGNORECASE)
_RELEASE = re.compile(
    r"(?P<name>[a-z0-9]([\w.-]*[a-z0-9])?)(\[[^]]*])?\s*(=|~=|>=|<=|[@: ])\s*v?"
    r"(?P<version>[0-9][\w.!+-]*)",
    re.ASCII | re.IGNORECASE,
)
_NAME = re.compile(r"[a-z0-9]([\w.-]*[a-z0-9])?", re.ASCII | re.IGNORECASE)
_NOTHING = ("none", "null", "nil", "nothing", "-")


def meant(asked: str) -> str:
    """Return a hint to what was meant, as the end of a message; nothing where there is none."""
    if asked.lower() in _NOTHING:
        return "did you mean none, which stands for no release?"
    if found := _PURL.match(asked):
        return f"did you mean {found['name']}=={found['version']}?"
    if found := _ADDRESS.match(asked):
        return _of_address(found["scheme"].lower(), found["rest"])
    if found := _RELEASE.fullmatch(asked):
        return f"did you mean {found['name']}=={found['version']}?"
    if near := _near(asked):
        return f"did you mean {shorten(near, 120)}?"
    if _NAME.fullmatch(asked) and not asked.endswith((".whl", ".json", ".gz")):
        return (
            f"a release on the package index is written {asked}==VERSION, and what is installed "
            f"installed:{asked}"
        )
    return ""


def meant_by_file(path: Path) -> str:
    """Return a hint to what was meant by a file of another kind; nothing where there is none."""
    shown = shorten(str(path), 120)
    if path.suffix in (".py", ".cfg", ".toml"):
        return f"did you mean the project, {shorten(str(path.parent), 120)}?"
    if path.suffix in (".txt", ".in", ".lock"):
        return (
            f"stigmem-review node --requirements {shown} looks at the plugins that it pins, and "
            "stigmem-review bump at those whose pins change"
        )
    return ""


def _of_address(scheme: str, rest: str) -> str:
    if scheme == "file":
        return f"did you mean {shorten(rest, 120)}?"
    if scheme.startswith("git") or rest.endswith(".git"):
        return "clone the repository, and name the folder, or REVISION:FOLDER in it"
    return "nothing is fetched from an address: download the file and name it, or name==version"


def _near(asked: str) -> str:
    """Return the path that is there and written like one that is not, if only one name differs."""
    try:
        path = Path(asked)
        there = next(each for each in path.parents if each.is_dir())
        missing, *below = path.relative_to(there).parts
        with os.scandir(there) as entries:
            names = [each.name for each in islice(entries, _LISTED)]
    except (OSError, ValueError, StopIteration):
        return ""
    for name in difflib.get_close_matches(missing, sorted(names), cutoff=0.6):
        if (found := there.joinpath(name, *below)).exists():
            return str(found)
    return ""
