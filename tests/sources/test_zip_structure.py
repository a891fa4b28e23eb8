"""Each archive two tools could read differently is refused; the same one without that is read."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

import pytest

from stigmem_review.sources.unzip import unzip
from support.archives import (
    Zipped,
    deflated,
    descriptor,
    refusal_of,
    zip_bytes,
)

TEXT = b"text " * 20
PACKED = deflated(TEXT)


LONG = 0xFFFFFFFF


def long_numbers(*numbers: int) -> bytes:
    """Return the extra field with eight-byte numbers."""
    return struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers)


def other_name(name: bytes, of: bytes) -> bytes:
    """Return the extra field that gives an entry its name a second time, in UTF-8."""
    return struct.pack("<2HBL", 0x7075, 5 + len(name), 1, zlib.crc32(of)) + name


def read(data: bytes) -> dict[str, bytes]:
    return unzip("demo.whl", data)


def check(hostile: bytes, control: bytes, words: str) -> None:
    assert read(control)
    assert words in refusal_of(lambda: read(hostile))


def pair(words: str, **hostile: Any) -> Any:
    """One entry, plain in the control and with these fields in the hostile archive."""
    return pytest.param(hostile, words, id="-".join(hostile) + "-" + words.replace(" ", "-"))


@pytest.mark.parametrize(
    ("hostile", "words"),
    [
        pair("described differently", local={"name": b"b.py"}),
        pair("described differently", local={"method": 0}),
        pair("described differently", local={"crc": 1}),
        pair("described differently", local={"packed": 1}),
        pair("described differently", local={"size": 1}),
        pair("described differently", local={"crc": 0, "packed": 0, "size": 0}),
        pair("described differently", local={"flags": 0x0800}),
        pair("described differently", central={"flags": 0x0800}),
        pair("described differently", local={"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF}),
        pair("starts at byte 1 instead of 0", central={"offset": 1}),
        pair("belong to no entry", after=b"more"),
        pair("starts at byte 4 instead of 0", before=b"more"),
        pair("another disk", central={"disk": 1}),
        pair("needs version 64", central={"needs": 0x0340}),
        pair("flags 0x0001", flags=1),
        pair("flags 0x0020", flags=0x20),
        pair("packed by method 12", method=12, packed=b""),
        pair("packed by method 93", method=93, packed=b""),
        pair("extra field 0x0001", central={"extra": struct.pack("<2H2Q", 1, 16, 100, 20)}),
        pair("extra field 0x0001", local={"extra": struct.pack("<2H2Q", 1, 16, 1, 1)}),
        pair("extra field 0x7075", extra=struct.pack("<2HBL", 0x7075, 5, 1, 0)),
        pair("extra field 0x7075", extra=other_name(b"b.py", b"a.py")),
        pair("extra field 0x7075", local={"extra": other_name(b"b.py", b"a.py")}),
        pair("extra field 0x7075", central={"extra": other_name(b"b.py", b"a.py")}),
        pair("extra field 0x7075", extra=other_name(b"a.py", b"b.py")),
        pair("extra field 0x0017", extra=struct.pack("<2H", 0x0017, 0)),
        pair("extra field 0x6c78", local={"extra": struct.pack("<2H", 0x6C78, 0)}),
        pair("extra field 0x5455", extra=struct.pack("<4H", 0x5455, 0, 0x5455, 0)),
        pair("extra field 0x0001", central={"size": LONG, "packed": LONG}),
        pair("extra field 0x0001", central={"extra": long_numbers()}),
        pair("extra field 0x0001", central={"size": LONG, "extra": long_numbers(100, 17)}),
        pair("described differently", central={"size": LONG, "extra": long_numbers(99)}),
        pair("described differently", flags=8, local={"extra": long_numbers(100, len(PACKED))}),
        pair("extra field 0x9901", extra=struct.pack("<2H", 0x9901, 0)),
        pair("broken extra field", extra=struct.pack("<2H", 0x5455, 9)),
        pair("extra field 0x9901", local={"extra": struct.pack("<2H2Q", 0x9901, 16, 100, 10)}),
        pair("broken extra field", extra=b"\1"),
        pair("broken extra field", extra=struct.pack("<2H", 0x5455, 0) + b"\0\0\1"),
        pair("mode 120777", attributes=0o120777 << 16),
        pair("mode 20644", attributes=0o020644 << 16),
        pair("mode 10644", attributes=0o010644 << 16),
        pair("mode 140644", attributes=0o140644 << 16),
        pair("mode 40755", attributes=0o040755 << 16),
        pair("mode 104755", attributes=0o104755 << 16),
        pair("mode 102755", attributes=0o102755 << 16),
        pair("marked as a directory", attributes=0x10),
        pair("not given where tools look", flags=8, after=b""),
        pair("not given where tools look", flags=8, after=descriptor(TEXT + b"!", PACKED)),
        pair("not given where tools look", flags=8, after=descriptor(TEXT + b"!", PACKED)[4:]),
        pair("not given where tools look", flags=8, after=descriptor(TEXT, PACKED)[:8]),
        pair(
            "not given where tools look",
            flags=8,
            method=0,
            after=descriptor(TEXT, TEXT),
        ),
        pair("stored in 50 bytes", method=0, packed=TEXT[:50]),
        pair("does not unpack to the 100 bytes", packed=PACKED[:-1]),
        pair("does not unpack to the 100 bytes", packed=PACKED + b"more"),
        pair("does not unpack to the 100 bytes", packed=deflated(TEXT[:50])),
        pair("does not unpack to the 100 bytes", packed=deflated(TEXT * 2)),
        pair("cannot be unpacked", packed=b"\xff" * 20),
        pair("checksum", central={"crc": 1}, local={"crc": 1}),
        pair("not in UTF-8", name=b"caf\xe9.py", flags=0x0800),
        pair("not in UTF-8", name="café.py"),
    ],
)
def test_an_entry_that_tools_read_apart_is_refused(hostile: dict[str, Any], words: str) -> None:
    control: dict[str, Any] = {"name": "a.py", "content": TEXT}
    check(zip_bytes([Zipped(**(control | hostile))]), zip_bytes([Zipped(**control)]), words)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ({"disk": 1}, "several parts"),
        ({"first_disk": 1}, "several parts"),
        ({"comment": 1}, "does not end where"),
        ({"here": 0}, "several parts"),
        ({"count": 0, "here": 0}, "central directory ends at byte"),
        ({"count": 2, "here": 2}, "breaks off"),
        ({"start": 0}, "not where its last record says"),
        ({"size": 1}, "not where its last record says"),
        ({"count": 0xFFFF, "here": 0xFFFF}, "limit is 20000"),
    ],
)
def test_an_end_record_that_does_not_fit_is_refused(end: dict[str, int], words: str) -> None:
    entries = [Zipped("a.py", TEXT)]
    check(zip_bytes(entries, end=end), zip_bytes(entries), words)


def test_bytes_before_after_and_between_are_refused() -> None:
    one, two = Zipped("a.py", TEXT), Zipped("b.py", TEXT)
    honest = zip_bytes([one, two])
    check(honest + b"\0", honest, "does not end where")
    check(b"#!/bin/sh\n" + honest, honest, "not where its last record says")
    check(zip_bytes([one, two], comment=b"PK\x05\x06"), honest, "does not end where")
    check(zip_bytes([one, two], comment=honest[-22:]), honest, "not where its last record says")
    check(honest + honest, honest, "not where its last record says")
    check(zip_bytes([one, Zipped("b.py", TEXT, before=b"gap")]), honest, "hidden between")


def test_headers_that_break_off_are_refused() -> None:
    entries = [Zipped("a.py")]
    honest = zip_bytes(entries)
    check(zip_bytes(entries, tail=b"PK\x01\x02", end={"count": 2, "here": 2}), honest, "breaks off")
    headless = honest[honest.index(b"PK\x01\x02") : -6] + struct.pack("<LH", 4, 0)
    check(b"PK\x03\x04" + headless, honest, "no local header")
    check(b"0123456789PK\x05\x06..", honest, "does not end where")


def test_times_and_owners_are_harmless() -> None:
    extra = struct.pack("<2HBL", 0x5455, 5, 1, 0) + struct.pack("<2H", 0x7875, 0)
    assert read(zip_bytes([Zipped("a.py", TEXT, extra=extra)])) == {"a.py": TEXT}


def test_overlapping_entries_are_refused() -> None:
    inner = zip_bytes([Zipped("b.py", TEXT)], end={})[: 30 + 4 + len(PACKED)]
    outer = Zipped("a.py", inner, method=0)
    shadow = Zipped("b.py", TEXT, central={"offset": 34})
    check(zip_bytes([outer, shadow]), zip_bytes([outer, Zipped("b.py", TEXT)]), "overlap")


def test_a_zip64_locator_in_front_of_the_end_record_is_refused() -> None:
    def archive(tail: bytes) -> bytes:
        extra = struct.pack("<2H", 0x5455, len(tail)) + tail
        return zip_bytes([Zipped("a.py", TEXT, central={"extra": extra})])

    check(archive(b"PK\x06\x07" + b"\0" * 16), archive(b"\0" * 20), "zip64")


class _Pipe(io.RawIOBase):
    """Something to write to that cannot go back, so that sizes come after the bytes."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += data
        return len(data)


def test_what_the_standard_library_writes_is_read() -> None:
    pipe, seekable = _Pipe(), io.BytesIO()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("demo/caf\u00e9.py", TEXT)
    with zipfile.ZipFile(seekable, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("demo")
        archive.writestr("demo/empty.py", b"")
        with archive.open("demo/long.py", "w", force_zip64=True) as file:
            file.write(TEXT)
    assert read(bytes(pipe.data)) == {"demo/caf\u00e9.py": TEXT}
    assert read(seekable.getvalue()) == {"demo/empty.py": b"", "demo/long.py": TEXT}
    assert read(zip_bytes([])) == {}


def test_sizes_given_twice_must_agree() -> None:
    """Some builders write eight-byte sizes for every entry, with or without the short ones."""
    extra = struct.pack("<2H2Q", 1, 16, len(TEXT), len(PACKED))
    marked: dict[str, Any] = {"extra": extra, "size": 0xFFFFFFFF, "packed": 0xFFFFFFFF}
    assert read(zip_bytes([Zipped("a.py", TEXT, local={"extra": extra})])) == {"a.py": TEXT}
    assert read(zip_bytes([Zipped("a.py", TEXT, local=marked)])) == {"a.py": TEXT}
    late = Zipped("a.py", TEXT, flags=8, local=marked, after=descriptor(TEXT, PACKED))
    assert "where tools look" in refusal_of(lambda: read(zip_bytes([late])))
    other = marked | {"extra": long_numbers(len(TEXT), 1)}
    assert "0x0001" in refusal_of(lambda: read(zip_bytes([Zipped("a.py", TEXT, local=other)])))


def test_a_directory_holds_nothing() -> None:
    folder: dict[str, Any] = {"name": "d/", "method": 0, "attributes": 0o040755 << 16 | 0x10}
    file = Zipped("d/a.py", TEXT)
    control = zip_bytes([Zipped(**folder), file])
    check(zip_bytes([Zipped(content=b"x", **folder), file]), control, "holds 1 bytes")
    folder["attributes"] = 0o120777 << 16
    check(zip_bytes([Zipped(**folder), file]), control, "mode 120777")


CHECKSUM = zlib.crc32(TEXT)
LATE: dict[str, Any] = {"crc": 0, "packed": 0, "size": 0}
LATE_64: dict[str, Any] = {"crc": 0, "packed": LONG, "size": LONG}
DESCRIPTOR_64 = struct.pack("<4sL2Q", b"PK\x07\x08", CHECKSUM, len(PACKED), len(TEXT))


def harmless(name: str, **fields: Any) -> Any:
    return pytest.param(fields, id=name)


@pytest.mark.parametrize(
    "fields",
    [
        harmless("comment", central={"comment": b"packed by hand"}),
        harmless("system in the upper byte", central={"needs": 0x0314}),
        harmless("newest version", central={"needs": 63}),
        harmless("name given twice", extra=other_name(b"a.py", b"a.py")),
        harmless("unknown field", extra=struct.pack("<2HL", 0xA220, 4, 1)),
        harmless("aligned with zeros", extra=struct.pack("<2H", 0x5455, 0) + bytes(3)),
        harmless("descriptor", flags=8, local=LATE, after=descriptor(TEXT, PACKED)),
        harmless("no mark", flags=8, local=LATE, after=descriptor(TEXT, PACKED)[4:]),
        harmless("sizes twice", flags=8, after=descriptor(TEXT, PACKED)),
        harmless(
            "eight bytes",
            flags=8,
            local=LATE_64 | {"extra": long_numbers(0, 0)},
            after=DESCRIPTOR_64,
        ),
        harmless(
            "eight bytes without a mark",
            flags=8,
            local=LATE_64 | {"extra": long_numbers(len(TEXT), len(PACKED))},
            after=DESCRIPTOR_64[4:],
        ),
        harmless("size", central={"size": LONG, "extra": long_numbers(len(TEXT))}),
        harmless("packed", central={"packed": LONG, "extra": long_numbers(len(PACKED))}),
        harmless(
            "offset",
            central={
                "size": LONG,
                "packed": LONG,
                "offset": LONG,
                "extra": long_numbers(len(TEXT), len(PACKED), 0),
            },
        ),
    ],
)
def test_what_installers_read_alike_is_read(fields: dict[str, Any]) -> None:
    data = zip_bytes([Zipped("a.py", TEXT, **fields), Zipped("b.py", TEXT)], comment=b"by hand")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == read(data)
    assert read(data) == {"a.py": TEXT, "b.py": TEXT}


def test_a_checksum_that_looks_like_the_mark_of_a_descriptor_is_refused() -> None:
    """A reader that streams would take it for the mark, and the size for the checksum."""
    content = b"01234\x88z\xde\x08"
    assert zlib.crc32(content).to_bytes(4, "little") == b"PK\x07\x08"
    packed = deflated(content)
    marked = descriptor(content, packed)
    entry: dict[str, Any] = {"name": "a.py", "content": content, "flags": 8, "local": LATE}
    honest, hostile = (zip_bytes([Zipped(**entry, after=each)]) for each in (marked, marked[4:]))
    check(hostile, honest, "where tools look")


def archive_64(entries: list[Zipped], mark: bool, **fields: int) -> bytes:
    """Return an archive with a zip64 end record; ``mark`` leaves the numbers to that."""
    data = zip_bytes(entries)
    at = len(data) - 22
    size, start = struct.unpack_from("<2L", data, at + 12)
    values = {"length": 44, "disk": 0, "here": len(entries), "count": len(entries)}
    values |= {"size": size, "start": start, "place": at, "disks": 1, **fields}
    record = struct.pack(
        "<4sQ2H2L4Q",
        *(b"PK\x06\x06", values["length"], 45, 45, values["disk"], 0),
        *(values[key] for key in ("here", "count", "size", "start")),
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, values["place"], values["disks"])
    last = data[at:]
    if mark:
        last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, LONG, LONG, 0)
    return data[:at] + record + locator + last


@pytest.mark.parametrize("mark", [True, False], ids=["marked", "twice"])
@pytest.mark.parametrize(
    "fields",
    [
        *({"length": 45}, {"disk": 1}, {"here": 2}, {"count": 1}),
        *({"size": 1}, {"start": 1}, {"place": 1}, {"disks": 2}),
    ],
    ids=str,
)
def test_a_zip64_end_record_must_agree(mark: bool, fields: dict[str, int]) -> None:
    entries = [Zipped("a.py", TEXT), Zipped("b.py", TEXT), Zipped("c.py", TEXT)]
    honest = archive_64(entries, mark)
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        assert archive.namelist() == list(read(honest))
    refusal_of(read, archive_64(entries, mark, **fields))


@pytest.mark.parametrize("at", [10, 12, 16], ids=["count", "size", "start"])
def test_the_last_record_must_agree_with_that_of_zip64(at: int) -> None:
    """A reader that does not know the format goes by the first, and others by the second."""
    honest = archive_64([Zipped("a.py", TEXT), Zipped("b.py", TEXT)], False)
    place = len(honest) - 22 + at
    hostile = honest[:place] + bytes([honest[place] ^ 1]) + honest[place + 1 :]
    if at == 10:  # how many there are, here and in all
        hostile = hostile[: place - 2] + hostile[place : place + 2] + hostile[place:]
    check(hostile, honest, "do not agree")


@pytest.mark.parametrize("flags", [0, 8])
@pytest.mark.parametrize("hidden", [b"\0", zip_bytes([Zipped("b.py", TEXT)])])
def test_nothing_hides_behind_a_packed_directory(hidden: bytes, flags: int) -> None:
    """Who streams an archive reads on where the packed bytes end, not where their size says."""

    def archive(packed: bytes) -> bytes:
        after = descriptor(b"", packed) if flags else b""
        folder = Zipped("d/", packed=packed, flags=flags, after=after)
        return zip_bytes([folder, Zipped("d/a.py", TEXT)])

    check(archive(deflated(b"") + hidden), archive(deflated(b"")), "the 0 bytes it states")
    assert read(zip_bytes([Zipped("d/", packed=b""), Zipped("d/a.py", TEXT)])) == {"d/a.py": TEXT}
