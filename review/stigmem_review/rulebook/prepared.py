"""The rules that ship, as they were made out before: found by the digests of their files.

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


class Prepared(msgspec.Struct, frozen=True, array_like=True):
    """A rule, and its conditions and message, parsed and checked."""

    rule: Rule
    trees: Trees


def prepared(sha256: str) -> Prepared | None:
    """Return what the rule file with a digest says; ``None`` where that is not known yet."""
    found = _every().get(sha256)
    return None if found is None else msgspec.json.decode(found, type=Prepared)


@cache
def _every() -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(FILE.read_bytes(), type=dict[str, msgspec.Raw])
