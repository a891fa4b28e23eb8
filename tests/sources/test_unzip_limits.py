"""Bombs are refused before they are unpacked, whatever sizes they state."""

from __future__ import annotations

import random
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from stigmem_review import limits
from stigmem_review.sources.untar import untar
from stigmem_review.sources.unzip import unzip
from support.archives import (
    Tarred,
    Zipped,
    deflated,
    gzipped,
    pax,
    refusal_of,
    sdist_entries,
    tar_bytes,
    zip_bytes,
)

MIB = 1024 * 1024


def zeros(size: int, form: int = -15) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, form)
    pieces = [packer.compress(bytes(MIB)) for _ in range(size // MIB)]
    return b"".join((*pieces, packer.flush()))


def peak(read: Callable[[], object]) -> tuple[str, int]:
    """Return the refusal and the most memory that was in use on the way to it."""
    tracemalloc.start()
    try:
        message = refusal_of(read)
        return message, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def stated(size: int, packed: bytes) -> Zipped:
    numbers = {"size": size, "crc": 0}
    return Zipped("a.bin", packed=packed, local=numbers, central=numbers)


def test_a_zip_entry_over_the_ratio_is_not_unpacked() -> None:
    bomb = zip_bytes([stated(40 * MIB, zeros(40 * MIB))])
    message, used = peak(lambda: unzip("demo.whl", bomb))
    assert "limit of 200 to 1" in message
    assert used < MIB


def test_a_zip_entry_that_understates_its_size_is_cut_off() -> None:
    bomb = zip_bytes([stated(1000, zeros(40 * MIB))])
    message, used = peak(lambda: unzip("demo.whl", bomb))
    assert "does not unpack to the 1000 bytes it states" in message
    assert used < MIB


def test_a_zip_entry_over_the_size_is_not_unpacked() -> None:
    size = limits.ENTRY_BYTES + 1
    bomb = zip_bytes([stated(size, bytes(MIB))])
    message, used = peak(lambda: unzip("demo.whl", bomb))
    assert f"to {size} bytes, the limit is {limits.ENTRY_BYTES}" in message
    assert used < MIB


def test_zip_entries_over_the_total_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zip_bytes([Zipped("a.bin", bytes(300)), Zipped("b.bin", bytes(300))])
    monkeypatch.setattr(limits, "TOTAL_BYTES", 600)
    assert len(unzip("demo.whl", archive)) == 2
    monkeypatch.setattr(limits, "TOTAL_BYTES", 599)
    message = refusal_of(lambda: unzip("demo.whl", archive))
    assert "unpacks to 600 bytes, the limit is 599" in message


def test_zip_entries_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zip_bytes([Zipped("a/b/c.py"), Zipped("d.py")])
    monkeypatch.setattr(limits, "ENTRIES", 2)
    assert len(unzip("demo.whl", archive)) == 2
    monkeypatch.setattr(limits, "ENTRIES", 1)
    assert "2 entries, the limit is 1" in refusal_of(lambda: unzip("demo.whl", archive))
    deep = zip_bytes([Zipped("a/b/c.py")])
    assert "more than 1 directories" in refusal_of(lambda: unzip("demo.whl", deep))


def test_an_archive_over_the_size_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    archive, tar = zip_bytes([Zipped("a.py")]), gzipped(tar_bytes([Tarred("a.py")]))
    monkeypatch.setattr(limits, "ARCHIVE_BYTES", max(len(archive), len(tar)))
    assert unzip("demo.whl", archive)
    assert untar("demo.tar.gz", tar)
    monkeypatch.setattr(limits, "ARCHIVE_BYTES", 10)
    assert "the limit is 10" in refusal_of(lambda: unzip("demo.whl", archive))
    assert "the limit is 10" in refusal_of(lambda: untar("demo.tar.gz", tar))


def test_a_compressible_file_of_some_mebibytes_is_read() -> None:
    """The ratio says nothing about small files; released wheels hold padded libraries."""
    size = limits.RATIO_BYTES
    assert unzip("demo.whl", zip_bytes([Zipped("a.bin", bytes(size))])) == {"a.bin": bytes(size)}
    bomb = zip_bytes([Zipped("a.bin", bytes(size + 1))])
    assert "200 to 1" in refusal_of(lambda: unzip("demo.whl", bomb))
    honest = b"".join(b"%d\n" % number for number in range(200_000))
    assert len(deflated(honest)) * 200 > len(honest)
    assert unzip("demo.whl", zip_bytes([Zipped("a.bin", honest)])) == {"a.bin": honest}


def test_a_gzip_bomb_is_cut_off() -> None:
    bomb = zeros(40 * MIB, 31)
    message, used = peak(lambda: untar("demo.tar.gz", bomb))
    assert f"more than the limit of {limits.RATIO_BYTES} bytes" in message
    assert used < 24 * MIB
    bomb += random.Random(1).randbytes(len(bomb))
    message, used = peak(lambda: untar("demo.tar.gz", bomb))
    assert f"more than the limit of {200 * len(bomb)} bytes" in message
    assert used < 48 * MIB


def test_an_extended_tar_header_is_judged_before_it_is_read() -> None:
    def archive(size: int) -> bytes:
        noise = (bytes(range(11, 256)) * 400)[:size]
        return gzipped(tar_bytes([pax(comment=noise), *sdist_entries()]))

    assert untar("demo.tar.gz", archive(60_000))
    message = refusal_of(lambda: untar("demo.tar.gz", archive(70_000)))
    assert str(limits.TAR_HEADER_BYTES) in message


def test_tar_entries_are_counted_and_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = gzipped(tar_bytes([Tarred("a.py", b"1234"), Tarred("b.py")]))
    monkeypatch.setattr(limits, "ENTRIES", 2)
    monkeypatch.setattr(limits, "ENTRY_BYTES", 4)
    assert len(untar("demo.tar.gz", archive)) == 2
    monkeypatch.setattr(limits, "ENTRY_BYTES", 3)
    assert "4 bytes, the limit is 3" in refusal_of(lambda: untar("demo.tar.gz", archive))
    monkeypatch.setattr(limits, "ENTRY_BYTES", 4)
    monkeypatch.setattr(limits, "ENTRIES", 1)
    assert "more than 1 entries" in refusal_of(lambda: untar("demo.tar.gz", archive))


def test_what_links_lead_to_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    links = [Tarred(f"{number}.py", kind=b"2", link=b"a.py") for number in range(3)]
    tar = tar_bytes([Tarred("a.py", b"1" * 2000), *links])
    monkeypatch.setattr(limits, "TOTAL_BYTES", max(8000, len(tar)))
    assert len(untar("demo.tar.gz", gzipped(tar))) == 4
    monkeypatch.setattr(limits, "TOTAL_BYTES", 7999)
    assert "links lead to" in refusal_of(lambda: untar("demo.tar.gz", gzipped(tar)))


def test_a_tar_archive_over_the_total_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    tar = tar_bytes(sdist_entries())
    monkeypatch.setattr(limits, "TOTAL_BYTES", len(tar))
    assert untar("demo.tar.gz", gzipped(tar))
    monkeypatch.setattr(limits, "TOTAL_BYTES", len(tar) - 1)
    assert f"limit of {len(tar) - 1}" in refusal_of(lambda: untar("demo.tar.gz", gzipped(tar)))
