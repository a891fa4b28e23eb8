"""Fetches the list of blocked identities."""

from __future__ import annotations

import json
import urllib.request

URL = "https://ledger.example/blocked.json"


def blocked() -> set[str]:
    with urllib.request.urlopen(URL, timeout=5) as answer:
        return set(json.load(answer))
