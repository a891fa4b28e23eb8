"""The rules that ship, as they were made out before: found by the digests of their files; and
which files those are.

A review of two releases took longer to read the rules it needs, and to import Jinja2 for that, than
to read the releases. ``python tests/update_rules.py`` writes what is read here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from stigmem_review.rulebook.rule import Rule
from stigmem_review.rulebook.trees import Trees

FILE = Path(__file__).with_name("prepared.json")
LIST = Path(__file__).with_name("listed.json")


class Prepared(msgspec.Struct, frozen=True, array_like=True):
    """A rule, and its conditions and message, parsed and checked."""

    rule: Rule
    trees: Trees


class Listed(msgspec.Struct, frozen=True, array_like=True):
    """The file of a rule below the folder of all, its digest, and the kinds of facts it judges."""

    path: str
    sha256: str
    on: frozenset[str]


class Listing(msgspec.Struct, frozen=True):
    """The files of all rules that ship, by their ids, and the digest of all."""

    digest: str
    rules: tuple[Listed, ...]


def listed() -> Listing:
    """Return the list of the rules that ship."""
    return msgspec.json.decode(LIST.read_bytes(), type=Listing)


def prepared(sha256: str) -> Prepared | None:
    """Return what the rule file with a digest says; ``None`` where that is not known yet."""
    found = _every().get(sha256)
    return None if found is None else msgspec.json.decode(found, type=Prepared)


@cache
def _every() -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(FILE.read_bytes(), type=dict[str, msgspec.Raw])
