"""``pdm.lock`` (``pdm.formats``, ``pdm.models.repositories.lock``)."""

from __future__ import annotations

from stigmem_review.pins.formats.locks import Entries, Entry, hashes_of, tables


def entries(text: str) -> Entries:
    """Yield the releases in a lock. Raises ``ValueError`` and its like where it is none.

    An entry of extras repeats the release that they belong to.
    """
    for line, each in tables(text, "package"):
        name, version = each["name"], each.get("version", "")
        if "path" in each and not each["path"].endswith((".whl", ".gz", ".zip", ".bz2", ".xz")):
            yield Entry(name, version, line, folder=each["path"])
        elif place := each.get("git") or each.get("hg") or each.get("url") or each.get("path"):
            revision = each.get("revision")
            yield Entry(name, version, line, elsewhere=f"{place}@{revision}" if revision else place)
        else:
            yield Entry(
                name, version, line, hashes_of(each.get("files", ())), each.get("marker", "")
            )
