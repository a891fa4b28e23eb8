"""A second package index on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.index_server import IndexServer


@pytest.fixture
def second(index: IndexServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexServer]:
    with IndexServer() as server:
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", server.url)
        yield server
