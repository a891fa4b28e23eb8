"""How old our copy of the public-good instance's trust root is."""

from __future__ import annotations

from pathlib import Path

TAKEN = Path(__file__).with_name("public_good.taken")


def root_taken() -> str:
    """Return the day our copy was last known to be the current one, in ISO 8601."""
    return TAKEN.read_text("utf-8").strip()
