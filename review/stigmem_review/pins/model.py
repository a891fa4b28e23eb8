"""What a pin file says, whatever its format. Frozen, no logic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from stigmem_review.model import Location

Read = Callable[[str], bytes | None]
"""Returns the bytes of a file of the repository by its path, or ``None`` if it has none.

Raises ``SourceError`` where the file is there and cannot be read.
"""


Known = dict[tuple[str, bytes], Any]
"""What files say by themselves, by their path and the SHA-256 digest of their content."""


class Pin(msgspec.Struct, frozen=True):
    """One distribution pinned to one release.

    ``name`` is the normalised name of the distribution, ``version`` as it is written, ``hashes``
    what its files may hash to (``algorithm:hex``, lower case, sorted, each once), ``marker`` the
    environment marker it stands under, empty where it always counts. ``url`` is where its one file
    lies, where that is no index, and ``extras`` are those that are asked for, sorted.
    """

    name: str
    version: str
    hashes: tuple[str, ...]
    marker: str
    at: Location
    url: str = ""
    extras: tuple[str, ...] = ()


class Loose(msgspec.Struct, frozen=True):
    """A requirement that names a distribution and not one release of it, such as ``acme>=1``.

    ``marker`` is as that of a pin.
    """

    name: str
    text: str
    at: Location
    marker: str = ""


class Aside(msgspec.Struct, frozen=True):
    """A line as it is written, and why it says nothing about one release, or nothing at all."""

    text: str
    why: str
    at: Location


class Local(msgspec.Struct, frozen=True):
    """A line that installs what a folder or an archive of the repository holds, as it is then.

    ``folder`` is its path as it is written: pip takes it from the folder that it runs in, others
    from that of the file.
    """

    folder: str
    text: str
    at: Location


class PinFile(msgspec.Struct, frozen=True):
    """What one file, and every file it includes, pins.

    ``unfollowed`` are lines an installer understands and a review does not follow: URLs, archives,
    folders elsewhere, variables, includes from elsewhere. ``unreadable`` are lines (or whole
    files) that an installer would refuse too, or that cannot be read without guessing.
    ``options`` are lines that say where installers look and what they take.
    """

    pins: tuple[Pin, ...] = ()
    loose: tuple[Loose, ...] = ()
    local: tuple[Local, ...] = ()
    unfollowed: tuple[Aside, ...] = ()
    unreadable: tuple[Aside, ...] = ()
    options: tuple[Aside, ...] = ()
