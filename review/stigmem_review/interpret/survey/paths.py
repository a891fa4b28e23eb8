"""Texts that say where something leads: paths, and variables of the environment."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from itertools import islice, product
from urllib.parse import urljoin, urlsplit

from stigmem_review.host.destinations import OWN, UNKNOWN
from stigmem_review.interpret.survey.things import EACH, Made, Mod, Partly, Text, Values, told
from stigmem_review.patterns import late

ENVIRONMENT = "os.environ"
PLACES = frozenset({"pathlib.Path", "pathlib.PurePath", "pathlib.PurePosixPath", "anyio.Path"})
"""What makes a path of its arguments."""
JOINS = "os.path.join"
JOINS_ADDRESSES = "urllib.parse.urljoin"
_OF_OS = ("abspath", "expanduser", "expandvars", "normpath", "realpath")
_ADDRESSES = ("httpx.URL", "urllib.request.Request", "yarl.URL")
SAME = frozenset(
    {"os.fspath", "builtins.str", *_ADDRESSES, *(f"os.path.{each}" for each in _OF_OS)}
)
"""What gives the path, the address or the text that it is given."""
_OF_ENVIRONMENT = ("__getitem__", "get", "pop", "setdefault")
VARIABLES = frozenset({"os.getenv", *(f"{ENVIRONMENT}.{each}" for each in _OF_ENVIRONMENT)})
"""What gives a variable of the environment."""
TEMPORARIES = frozenset(
    f"tempfile.{each}" for each in ("gettempdir", "mkdtemp", "mktemp", "TemporaryDirectory")
)
KEEPING = frozenset({"absolute", "expanduser", "resolve"})
"""Methods of a path that give the same one."""
FINDING = frozenset({"glob", "iterdir", "rglob", "walk"})
"""Methods of a path that give what is below it."""
HOME = "~"
_BELOW = late(r"/?[\w.~%-]+[/?#]", re.ASCII)
"""How a reference begins that leads to no other host, whatever follows."""


def plain(*parts: str) -> str:
    """Put a path together, as far as what is not known lets it."""
    path = ""
    for each in parts:
        path = posixpath.join(path, each) if path else each
    if path in ("", ".") or "://" in path:
        return path
    top = OWN if path.startswith(OWN) else ""
    found = posixpath.normpath(path.removeprefix(top).lstrip("/") if top else path)
    if top and found.split("/")[0] == "..":
        return UNKNOWN
    return f"{top}{found}"


def address(base: str, reference: str = "") -> str:
    """Put an address together, as far as what is not known lets it."""
    if any(each in reference for each in (UNKNOWN, "${")) and not _BELOW.match(reference):
        return UNKNOWN
    try:
        to, start = urlsplit(reference), urlsplit(base)
        if to.scheme or to.netloc or start.scheme:
            return urljoin(base, reference)
    except ValueError:
        return UNKNOWN
    return f"{base}/{reference.lstrip('/')}"


def joined(args: Sequence[Values], put: Callable[..., str] = plain) -> list[str]:
    """Return every path, or what else parts are put together to, if there are not too many."""
    every = product(*(told(each) for each in args))
    found = [put(*parts) for parts in islice(every, EACH + 1)]
    return found if len(found) <= EACH else [UNKNOWN]


def above(path: str, levels: int = 1) -> str:
    """Return the folder that a path is in, or the one some levels above."""
    for _ in range(levels):
        if path == OWN or not path.rstrip("/"):
            return UNKNOWN
        if path.startswith(OWN):
            inner = posixpath.dirname(path.removeprefix(OWN))
            path = f"{OWN}{inner}"
            continue
        path = posixpath.dirname(path)
    return path or "."


def is_spelled(values: Values) -> bool:
    """Say whether anything of a text or a path is known."""
    return any(isinstance(each, (Text, Partly, Made)) for each in values)


def of_package(values: Values) -> list[str]:
    """Return the folders of packages that are given by name, or as they are."""
    found = []
    for each in values:
        if isinstance(each, Mod):
            found.append(above(f"{OWN}{each.place}"))
        elif isinstance(each, Text):
            found.append(f"{OWN}{each.text.replace('.', '/')}")
        else:
            found.append(UNKNOWN)
    return found or [UNKNOWN]


def variables(names: Values) -> list[str]:
    """Return the texts of variables of the environment."""
    return [f"${{{each}}}" if UNKNOWN not in each else UNKNOWN for each in told(names)]
