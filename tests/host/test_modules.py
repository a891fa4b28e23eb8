"""What a star takes of Python's own modules is read, and is what importing them would give."""

from __future__ import annotations

from importlib import import_module

import pytest

from stigmem_review.host.modules import offered

WRITTEN = ("collections", "collections.abc", "contextlib", "dataclasses", "enum", "functools",
           "json", "os.path", "textwrap", "typing")  # fmt: skip


@pytest.mark.parametrize("module", WRITTEN)
def test_what_is_written_down_is_offered(module: str) -> None:
    assert offered(module) == tuple(import_module(module).__all__)


@pytest.mark.parametrize(
    "module",
    [
        pytest.param("os", id="extended as it runs"),
        pytest.param("asyncio", id="put together"),
        pytest.param("ast", id="not said"),
        pytest.param("itertools", id="not written in Python"),
        pytest.param("msgspec", id="of another distribution"),
        pytest.param("acme_ledger", id="not there"),
    ],
)
def test_nothing_is_known_of_what_only_running_it_tells(module: str) -> None:
    assert offered(module) == ()
