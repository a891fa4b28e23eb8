"""What the package offers to whoever imports it."""

from __future__ import annotations

import pytest

import stigmem_review


@pytest.mark.parametrize("name", stigmem_review.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(stigmem_review, name)
