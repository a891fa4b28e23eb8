"""``pdm.lock`` (``pdm.formats``, ``pdm.models.repositories.lock``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stigmem_review.names import canonicalize_name
from stigmem_review.pins.formats.locks import (
    Entries,
    Entry,
    asked_for,
    hashes_of,
    lying_at,
    tables,
)


def entries(text: str) -> Entries:
    """Yield the releases in a lock. Raises ``ValueError`` and its like where it is none.

    An entry of extras repeats the release that they belong to.
    """
    found = [*tables(text, "package")]
    asked = asked_for((each["name"], each.get("extras", ())) for _, each in found)
    with_one = {_release(each) for _, each in found if not each.get("extras")}
    for line, each in found:
        name, version = each["name"], each.get("version", "")
        if each.get("extras") and _release(each) in with_one:
            continue
        hashes, extras = hashes_of(each.get("files", ())), asked[canonicalize_name(name)]
        if "path" in each and not each["path"].endswith((".whl", ".gz", ".zip", ".bz2", ".xz")):
            yield Entry(name, version, line, folder=each["path"])
        elif place := each.get("git") or each.get("hg"):
            revision = each.get("revision")
            yield Entry(name, version, line, elsewhere=f"{place}@{revision}" if revision else place)
        elif place := each.get("url") or each.get("path"):
            yield lying_at(name, version, line, place, hashes)._replace(extras=extras)
        else:
            yield Entry(name, version, line, hashes, each.get("marker", ""), extras=extras)


def _release(package: Mapping[str, Any]) -> tuple[str, str, str]:
    return canonicalize_name(package["name"]), package.get("version", ""), package.get("marker", "")
