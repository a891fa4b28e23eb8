"""What the tests of this room share."""

from __future__ import annotations

import pytest

from stigmem_review import limits


@pytest.fixture(autouse=True)
def _read_anew() -> None:
    """Let what was read be kept: most tests hold one first release against many others."""


@pytest.fixture
def keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read everything anew in a test that changes how it is read."""
    monkeypatch.setattr(limits, "REMEMBERED_BYTES", -1)
