"""``pylock.toml``: https://packaging.python.org/en/latest/specifications/pylock-toml/."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stigmem_review.pins.formats.locks import Entries, Entry, lying_at, tables


def entries(text: str) -> Entries:
    """Yield the releases in a lock. Raises ``ValueError`` and its like where it is none."""
    for line, each in tables(text, "packages"):
        name, version = each["name"], each.get("version", "")
        if directory := each.get("directory"):
            yield Entry(name, version, line, folder=directory["path"])
        elif vcs := each.get("vcs"):
            place = vcs.get("url") or vcs["path"]
            yield Entry(name, version, line, elsewhere=f"git+{place}@{vcs['commit-id']}")
        elif archive := each.get("archive"):
            place = archive.get("url") or archive["path"]
            yield lying_at(name, version, line, place, tuple(_hashes({"wheels": [archive]})))
        else:
            hashes = tuple(_hashes(each))
            yield Entry(name, version, line, hashes, each.get("marker", ""), each.get("index", ""))


def _hashes(package: Mapping[str, Any]) -> Iterator[str]:
    """Yield the strongest hash of each file: whoever checks one of them checks all."""
    files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else [])]
    for each in files:
        known = {name.lower(): value for name, value in each["hashes"].items()}
        for name in ("sha256", "sha512", "sha384"):
            if name in known:
                yield f"{name}:{known[name]}"
                break
