"""Trust roots: what signatures are held against."""

from __future__ import annotations

from pathlib import Path

import msgspec


class TrustRoot(msgspec.Struct, frozen=True):
    """The authorities and logs of one Sigstore instance, not yet parsed.

    ``name`` says which one it is, in words for a report: its file, or the instance and the day
    our copy of it was taken.
    """

    name: str
    data: bytes


def shipped_root() -> TrustRoot:
    """Return our copy of the public-good instance's root."""
    raise NotImplementedError


def read_root(path: Path) -> TrustRoot:
    """Read a root that a user names. Raises ``SigningError`` where it is none."""
    raise NotImplementedError


def parse_root(data: bytes, path: str) -> TrustRoot:
    """Take a root that was read from a file. Raises ``SigningError`` where it is none."""
    raise NotImplementedError
