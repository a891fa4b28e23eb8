"""Wheels that are read in pieces: what is asked for, how much of it, and when all is fetched."""

from __future__ import annotations

import io
import random
import zipfile
from typing import IO, cast

import pytest

from stigmem_review import limits
from stigmem_review.sources.download import Part
from stigmem_review.sources.peek import may_list_plugin
from stigmem_review.sources.ranged import Ranged
from support.archives import INFO, wheel, zip_bytes
from support.archives import Zipped as Entry

TABLE = f"{INFO}/entry_points.txt"
PLUGIN = b"[stigmem.plugins]\ndemo = demo:manifest\n"
LIBRARY = b"[console_scripts]\ndemo = demo:main\n"
NOISE = random.Random(1).randbytes(1_000_000)


class Served:
    """A file that is served in pieces, and what was asked of it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[tuple[int, int]] = []

    def part(self, start: int, count: int) -> Part | None:
        self.asked.append((start, count))
        start = max(0, len(self.data) + start) if start < 0 else start
        return Part(self.data[start : start + count], start, len(self.data))

    def lists_plugin(self) -> bool:
        return may_list_plugin(cast("IO[bytes]", Ranged(self.part)))


def zipped(*entries: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(("table", "expected"), [(PLUGIN, True), (LIBRARY, False)])
def test_a_table_is_found_wherever_it_is(table: bytes, expected: bool) -> None:
    noise = ("demo/noise.bin", NOISE)
    for entries in ([noise, (TABLE, table)], [(TABLE, table), noise]):
        served = Served(zipped(*entries))
        assert served.lists_plugin() is expected
        assert sum(count for _, count in served.asked) < 100_000
        assert len(served.asked) <= 2


def test_a_table_of_contents_that_is_longer_than_what_is_fetched_first() -> None:
    files = [(f"demo/a/long/name/of/a/file/{number}.py", b"") for number in range(3_000)]
    served = Served(zipped(*files, (TABLE, PLUGIN)))
    assert served.lists_plugin()
    assert len(served.asked) <= 3


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((), False),
        (((TABLE, LIBRARY),), False),
        (((TABLE, PLUGIN),), True),
        (((TABLE.upper(), PLUGIN),), True),
        ((("other-2.dist-info/entry_points.txt", PLUGIN),), True),
        ((("demo-1.0.data/purelib/x.dist-info/entry_points.txt", PLUGIN),), True),
        ((("EGG-INFO/entry_points.txt", PLUGIN),), True),
        ((("demo.pth", b"import demo\n"),), False),
        ((("demo.pth", b"more.zip\n"), ("more.zip", b"")), True),
        ((("demo-1.0.data/data/lib/python311.zip", b""),), True),
        (((TABLE, b"a" * (limits.METADATA_BYTES + 1)),), True),
        (((TABLE, LIBRARY), (TABLE, PLUGIN)), True),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_a_table_of_contents_says(
    entries: tuple[tuple[str, bytes], ...], expected: bool
) -> None:
    assert may_list_plugin(io.BytesIO(zipped(("demo/__init__.py", b""), *entries))) is expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"this is no archive",
        wheel()[:-10],
        zip_bytes([Entry(TABLE, LIBRARY, method=12)]),
        zip_bytes([Entry(TABLE, LIBRARY, method=0, central={"packed": 10_000, "size": 10_000})]),
        zip_bytes([Entry(TABLE, LIBRARY, flags=1)]),
    ],
)
def test_what_cannot_be_read_may_be_a_plugin(data: bytes) -> None:
    assert may_list_plugin(io.BytesIO(data))


def test_all_of_a_wheel_is_fetched_where_pieces_would_be_as_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "RANGED_BYTES", 90_000)
    served = Served(zipped((TABLE, LIBRARY), *((f"demo/{n:0200}.py", b"") for n in range(900))))
    assert served.lists_plugin()
    assert sum(count for _, count in served.asked) <= 90_000
