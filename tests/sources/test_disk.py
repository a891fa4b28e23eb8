"""Files are read from disk within a limit, and never anything that is no file."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from stigmem_review.sources.disk import read_file
from support.archives import refusal_of


def test_a_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_file(path, 5) == b"12345"
    assert "limit of 4 bytes" in refusal_of(lambda: read_file(path, 4))


def test_what_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    assert "No such file" in refusal_of(lambda: read_file(tmp_path / "none", 9))
    assert "null" in refusal_of(lambda: read_file(tmp_path / "a\0b", 9))
    message = refusal_of(lambda: read_file(tmp_path, 9))
    assert str(tmp_path) in message
    assert "regular file" in message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refusal_of(lambda: read_file(tmp_path / "pipe", 9))


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="needs O_NOFOLLOW")
def test_a_link_is_followed_only_where_that_is_meant(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"text")
    (tmp_path / "link").symlink_to("a")
    assert read_file(tmp_path / "link", 9) == b"text"
    message = refusal_of(lambda: read_file(tmp_path / "link", 9, follow=False))
    assert "link" in message


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"text")
    before = os.open(tmp_path / "a", os.O_RDONLY)
    os.close(before)
    read_file(tmp_path / "a", 9)
    refusal_of(lambda: read_file(tmp_path, 9))
    refusal_of(lambda: read_file(tmp_path / "a", 1))
    after = os.open(tmp_path / "a", os.O_RDONLY)
    os.close(after)
    assert after == before


def test_reading_a_small_file_reserves_no_more_than_it_needs(tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"x" * 1000)
    tracemalloc.start()
    try:
        read_file(tmp_path / "small", 64 * 1024 * 1024)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000
