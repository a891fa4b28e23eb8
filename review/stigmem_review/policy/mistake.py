"""What is wrong with a key of a file that a person wrote, and how that key is named to them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from stigmem_review.text import shorten
from stigmem_review.toml import Keys

_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
"""What a key may consist of without quotes."""


class Mistake(msgspec.Struct, frozen=True):
    """What is wrong with what some keys lead to, in words that follow its name.

    ``unknown`` if it is that nothing has such a key.
    """

    keys: Keys
    why: str
    unknown: bool = False


def named(keys: Keys, unknown: bool = False) -> str:
    """Return how a key is named to whoever wrote it: ``required`` in [signing]."""
    if not keys:
        return "the whole of it"
    *tables, last = keys
    if isinstance(last, int):
        # Where tables can be repeated, each is an entry; of other arrays, the key is known better.
        return table_named(keys)
    key = f"{'unknown key ' if unknown else ''}`{shorten(last, 80)}`"
    place = table_named(tables)
    return f"{key} in {place}" if place else key


def table_named(keys: Keys) -> str:
    """Return how a table is written: [signing], or entry 2 of [[signing.trusted]]."""
    if not keys:
        return ""
    name = ".".join(quoted(each) for each in keys if isinstance(each, str))
    last = keys[-1]
    return f"entry {last + 1} of [[{name}]]" if isinstance(last, int) else f"[{name}]"


def quoted(key: str) -> str:
    """Return a key as TOML has it, with quotes where it needs them."""
    return key if key and _BARE.issuperset(key) else f'"{shorten(key, 80)}"'


def nearest(given: str, known: Sequence[str]) -> str:
    """Return the one of some words that another was probably meant to be, or nothing."""
    import difflib

    folded = given.strip().lower().replace("_", "-")
    found = difflib.get_close_matches(folded, [each.lower() for each in known], n=1, cutoff=0.7)
    return next((each for each in known if found and each.lower() == found[0]), "")
