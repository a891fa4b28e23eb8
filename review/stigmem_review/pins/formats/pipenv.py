"""``Pipfile.lock``: https://pipenv.pypa.io/en/latest/pipfile.html."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stigmem_review.names import canonicalize_name
from stigmem_review.pins.formats.locks import Entries, Entry, lying_at


def entries(text: str) -> Entries:
    """Yield the releases in a lock. Raises ``ValueError`` and its like where it is none."""
    import json

    document = json.loads(text)
    sources = {each["name"]: each["url"] for each in document.get("_meta", {}).get("sources", ())}
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if found := re.match(r'\s*"([^"]+)"\s*:\s*\{', line):
            lines.setdefault(found[1], number)
    for section, packages in document.items():
        if section != "_meta":
            for name, each in packages.items():
                yield _entry(name, each, lines.get(name, 0), sources)


def _entry(name: str, each: Mapping[str, Any], line: int, sources: Mapping[str, str]) -> Entry:
    if place := each.get("git") or each.get("hg"):
        revision = each.get("ref")
        return Entry(name, "", line, elsewhere=f"{place}@{revision}" if revision else place)
    if place := each.get("file"):
        return lying_at(name, "", line, place)
    if "path" in each:
        return Entry(name, "", line, folder=each["path"])
    version = each["version"].removeprefix("==")
    hashes, marker = tuple(each.get("hashes", ())), each.get("markers", "")
    extras = tuple(sorted(map(canonicalize_name, each.get("extras", ()))))
    index = sources.get(each.get("index", ""), "")
    return Entry(name, version, line, hashes, marker, index, extras=extras)
