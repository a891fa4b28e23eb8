"""What is no plugin is told by a look; what anybody could read as a declaration is never missed."""

from __future__ import annotations

import gzip
import importlib.metadata
import io
import os
import random
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stigmem_review import limits
from stigmem_review.manifest.declares import declares_plugin
from stigmem_review.sources.paths import fold
from stigmem_review.sources.peek import may_declare_plugin, names_host, texts
from stigmem_review.sources.stored import Stored
from stigmem_review.sources.wheel import read_wheel
from support.archives import (
    INFO,
    WHEEL,
    Tarred,
    Zipped,
    deflated,
    descriptor,
    gzipped,
    sdist_entries,
    tar_bytes,
    wheel,
    wheel_files,
    zip_bytes,
)
from support.seed import SEED

TABLE = f"{INFO}/entry_points.txt"
PLUGIN = b"[console_scripts]\ndemo = demo:main\n\n[stigmem.plugins]\ndemo = demo:manifest\n"
LIBRARY = b"[console_scripts]\ndemo = demo:main\n"


def ask(data: bytes) -> bool:
    return may_declare_plugin(Stored("demo.whl", io.BytesIO(data)))


def entries(table: Zipped | None = None) -> list[Zipped]:
    found = [Zipped(name, content) for name, content in wheel_files().items()]
    return [*found, *([table] if table else [])]


# What readers see. Each yields names, as they are, and bytes.


def by_zipfile(data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except Exception:
        return
    for entry in archive.infolist():
        try:
            yield entry.filename, archive.read(entry)
        except Exception:  # this entry is not to be had, and others may be
            continue


def by_stream(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Read local headers one after another, as who installs while downloading does."""
    at = data.find(b"PK\x03\x04")
    while data[at : at + 4] == b"PK\x03\x04" and len(data) >= at + 30:
        flags, method, _, _, _, packed, _, named, more = struct.unpack_from(
            "<2H2H3L2H", data, at + 6
        )
        start = at + 30 + named + more
        name = data[at + 30 : at + 30 + named].decode("utf-8", "replace")
        if method == 8:
            inflater = zlib.decompressobj(-15)
            try:
                content = inflater.decompress(data[start:])
            except zlib.error:
                return
            at = len(data) - len(inflater.unused_data) + (16 if flags & 8 else 0)
        else:
            content = data[start : start + packed]
            at = start + packed
        yield name, content


def registers(text: bytes) -> bool:
    """Ask the standard library, which the node asks."""

    class Installed(importlib.metadata.Distribution):
        def read_text(self, filename: str) -> str | None:
            return text.decode("utf-8") if filename == "entry_points.txt" else None

        def locate_file(self, path: Any) -> Any:
            raise NotImplementedError

    try:
        return bool(Installed().entry_points.select(group="stigmem.plugins"))
    except (TypeError, ValueError):  # the node fails on it
        return b"stigmem.plugins" in text


def read_as_plugin(data: bytes) -> bool:
    return any(
        registers(content)
        for reader in (by_zipfile, by_stream)
        for name, content in reader(data)
        if "entry_points.txt" in fold(name)
    )


PLACES = (
    TABLE,
    f"{INFO}/Entry_Points.TXT",
    f"{INFO}/entry_point\u017f.txt",
    "hidden-1.0.dist-info/entry_points.txt",
    "hidden.egg-info/entry_points.txt",
    "hidden.egg/EGG-INFO/entry_points.txt",
    "demo-1.0.data/purelib/hidden-1.0.dist-info/entry_points.txt",
    "demo-1.0.data/data/lib/python3.12/site-packages/x.dist-info/entry_points.txt",
    f"{INFO}\\entry_points.txt",
    f"./{INFO}//entry_points.txt",
    f"{INFO}/entry_points.txt. ",
)


def up_name(name: bytes, real: str) -> bytes:
    """Return the extra field that gives an entry a second name."""
    value = b"\x01" + struct.pack("<L", zlib.crc32(name)) + real.encode()
    return struct.pack("<2H", 0x7075, len(value)) + value


def mangled(chance: random.Random) -> bytes:
    """Return a wheel with an odd table of entry points, odd in some of a dozen ways."""
    name: str | bytes = chance.choice(PLACES)
    content = PLUGIN
    one: dict[str, Any] = {"method": chance.choice((0, 8))}
    local: dict[str, Any] = {}
    central: dict[str, Any] = {}
    packed = deflated(content) if one["method"] == 8 else content
    match chance.randrange(12):
        case 0:
            local |= {"method": 8 - one["method"]}
        case 1:
            field = chance.choice(("size", "packed", "crc"))
            (local if chance.random() < 0.5 else central)[field] = chance.choice((0, 1, 99, 10**6))
        case 2:
            one["flags"] = chance.choice((8, 0x808))
            local |= {"crc": 0, "size": 0, "packed": 0}
            one["after"] = descriptor(content, packed)
        case 3:
            local["name"] = b"demo/data.bin"
        case 4:
            central["name"] = b"demo/data.bin"
        case 5:
            real, name = str(name), b"demo/data.bin"
            both = {"extra": up_name(name, real)}
            chance.choice((local, central)).update(both)
        case 6:
            local |= {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF}
            local["extra"] = struct.pack("<2H2Q", 1, 16, len(content), len(packed))
        case 7:
            one["flags"] = 1
        case 8:
            one["before"] = chance.choice((b"junk", b"PK\x03\x04", b"PK\x05\x06", b"PK\x01\x02"))
        case _:
            pass
    table = Zipped(name, content, **one, local=local, central=central)
    plain = entries()
    at = chance.randrange(len(plain) + 1)
    if chance.random() < 0.3:
        harmless = Zipped(TABLE, LIBRARY, method=chance.choice((0, 8)))
        plain.insert(chance.randrange(len(plain) + 1), harmless)
    plain.insert(at, table)
    data = zip_bytes(plain)
    match chance.randrange(10):
        case 0:
            data = chance.choice((b"#!", b"PK\x03\x04", wheel({TABLE: LIBRARY}))) + data
        case 1:
            data += chance.choice((b"\0", b"more", wheel({TABLE: LIBRARY})))
        case 2:
            data = zip_bytes(plain, comment=b"a comment, or " + wheel()[-300:])
        case 3:
            data = wheel({"demo/inner.zip": data})
        case 4:
            data = zip_bytes([*entries(), Zipped("demo/inner.egg", data, 0)])
        case 5:
            spoilt = bytearray(data)
            for _ in range(chance.randrange(1, 4)):
                spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
            data = bytes(spoilt)
        case 6:
            start = chance.randrange(len(data))
            data = data[:start] + data[start + chance.randrange(1, 40) :]
        case _:
            pass
    return data


def test_what_a_reader_takes_for_a_plugin_is_never_said_to_be_none() -> None:
    chance = random.Random(SEED)
    plugins = 0
    for number in range(1500):
        data = mangled(chance)
        if read_as_plugin(data):
            plugins += 1
            assert ask(data), f"seed {SEED}, wheel {number}"
    assert plugins > 500, "most of them are read by somebody"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("method", [0, 8])
def test_a_table_wherever_it_is_installed(place: str, method: int) -> None:
    assert ask(zip_bytes(entries(Zipped(place, PLUGIN, method)))) is True
    assert ask(zip_bytes(entries(Zipped(place, LIBRARY, method)))) is False


def zip64(wrong: int = 0) -> bytes:
    """Return a wheel whose central directory is where a record of eight-byte numbers says."""
    plain = zip_bytes(entries(Zipped(TABLE, LIBRARY)))
    before, end = plain[:-22], plain[-22:]
    count, size, start = struct.unpack("<10xH2L2x", end)
    large = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(before) + wrong, 1)
    return before + large + locator + end[:12] + b"\xff" * 8 + end[20:]


UNSURE: dict[str, bytes] = {
    "encrypted": zip_bytes(entries(Zipped(TABLE, LIBRARY, flags=1))),
    "packed by bzip2": zip_bytes(entries(Zipped(TABLE, LIBRARY, 12))),
    "packed by lzma, as the central directory says": zip_bytes(
        entries(Zipped(TABLE, LIBRARY, 0, central={"method": 14}))
    ),
    "damaged": zip_bytes(entries(Zipped(TABLE, LIBRARY, packed=b"\xff" * 50))),
    "cut off": zip_bytes(entries(Zipped(TABLE, LIBRARY, packed=deflated(LIBRARY)[:-4]))),
    "of another checksum": zip_bytes(
        entries(Zipped(TABLE, LIBRARY, local={"crc": 1}, central={"crc": 1}))
    ),
    "of another size": zip_bytes(
        entries(Zipped(TABLE, LIBRARY, local={"size": 1}, central={"size": 1}))
    ),
    "nowhere, as the central directory says": zip_bytes(
        entries(Zipped(TABLE, LIBRARY, central={"offset": 1}))
    ),
    "of another name, as the local header says": zip_bytes(
        entries(Zipped(TABLE, LIBRARY, local={"name": b"data"}))
    ),
    # Who goes by where the archive ends reads the second table, who does not, the first.
    "of another name, where bytes before it move it": zip_bytes(entries(Zipped(TABLE, LIBRARY)))
    + zip_bytes(entries(Zipped(TABLE, PLUGIN, local={"name": b"x" * len(TABLE)}))),
    "large": zip_bytes(entries(Zipped(TABLE, b"# much\n" * 200_000))),
    "larger than stored": zip_bytes(entries(Zipped(TABLE, LIBRARY, 0, local={"size": 2**31}))),
    "named twice": zip_bytes(
        [*entries(), Zipped("data", LIBRARY, extra=up_name(b"data", TABLE), central={"offset": 9})]
    ),
    "no archive": b"<html>not found</html>",
    "empty": b"",
    "an archive that breaks off": wheel()[:-30],
    "an archive that breaks off, with another in it": zip_bytes(
        [Zipped("inner.zip", wheel(), 0), *entries(Zipped("big", os.urandom(80_000), 0))]
    )[:-22],
    "in the form for large ones, and moved": b"moved" + zip64(),
    "in the form for large ones, with its end elsewhere": zip64(1),
}


@pytest.mark.parametrize("data", UNSURE.values(), ids=UNSURE)
def test_what_nobody_can_be_sure_of_may_be_a_plugin(data: bytes) -> None:
    assert ask(data) is True


def forced_zip64() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in (*wheel_files().items(), (TABLE, LIBRARY)):
            packing = zipfile.ZipInfo(name)
            packing.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(packing, "w", force_zip64=True) as entry:
                entry.write(content)
    return buffer.getvalue()


def streamed() -> bytes:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    buffer = Pipe()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(TABLE, LIBRARY)
    return buffer.getvalue()


LIBRARIES: dict[str, bytes] = {
    "an ordinary one": wheel({TABLE: LIBRARY}),
    "without a table": wheel(),
    "one that speaks of the group elsewhere": wheel({"demo/docs.txt": PLUGIN, TABLE: LIBRARY}),
    "with sizes in eight bytes": forced_zip64(),
    "written into a pipe": streamed(),
    "in the form for large ones": zip64(),
    "with a comment": zip_bytes(entries(Zipped(TABLE, LIBRARY)), comment=b"x" * 65_535),
    "with bytes before it": b"#!/usr/bin/python\n" + wheel({"demo/x.py": b""}),
    "with bytes between": zip_bytes(entries(Zipped(TABLE, LIBRARY, before=b"aligned"))),
    "with a table twice": zip_bytes([*entries(Zipped(TABLE, LIBRARY)), Zipped(TABLE, LIBRARY)]),
    "with an entry packed otherwise": zip_bytes(
        [*entries(Zipped(TABLE, LIBRARY)), Zipped("a.bin", b"x", 93)]
    ),
    "with an encrypted entry": zip_bytes([*entries(), Zipped("a.bin", b"x", flags=1)]),
    "with wheels in it": zip_bytes(
        [*entries(), Zipped("a.whl", wheel({"a.py": b"", TABLE: LIBRARY}), 0)]
    ),
    "moved as a whole": b"moved" + wheel({TABLE: LIBRARY}),
    "with a name nobody can read": zip_bytes([*entries(), Zipped(b"\xff\xfe.txt", b"")]),
}


@pytest.mark.parametrize("data", LIBRARIES.values(), ids=LIBRARIES)
def test_a_library_is_none_however_odd(data: bytes) -> None:
    assert ask(data) is False


def test_headers_are_found_wherever_pieces_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zip_bytes(entries(Zipped(TABLE, PLUGIN)))
    for size in range(5, 60):
        pieces = Stored("x", io.BytesIO(data)).pieces(size)
        with monkeypatch.context() as patch:
            patch.setattr(Stored, "pieces", lambda _, found=list(pieces): iter(found))
            assert ask(data) is True


def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = zip_bytes(entries(Zipped(TABLE, LIBRARY)))
    assert ask(plain) is False
    for name, enough in (("PEEKED_HEADERS", 11), ("PEEKED_NAMES_BYTES", 300), ("PEEKED_TABLES", 1)):
        with monkeypatch.context() as patch:
            patch.setattr(limits, name, enough)
            assert ask(plain) is False
            patch.setattr(limits, name, enough // 3)
            assert ask(plain) is True


def test_a_large_library_is_not_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.bin", bytes(40 * limits.MIB))
        archive.writestr(TABLE, LIBRARY)
    with path.open("rb") as file:
        tracemalloc.start()
        try:
            assert may_declare_plugin(Stored("large.whl", file)) is False
            assert tracemalloc.get_traced_memory()[1] < 5 * limits.MIB
        finally:
            tracemalloc.stop()


# Sdists


def names(data: bytes) -> bool:
    return names_host(Stored("demo.tar.gz", io.BytesIO(data)))


def test_an_sdist_that_names_the_host_nowhere() -> None:
    assert names(gzipped(tar_bytes(sdist_entries()))) is False
    assert names(gzipped(bytes(3 * limits.MIB))) is False
    assert names(gzipped(os.urandom(65_000)) + bytes(200_000)) is False


def test_an_sdist_that_names_the_host() -> None:
    noise = os.urandom(70_000)
    for at in (0, *range(65_450, 65_560, 4), len(noise) - 7):  # where pieces of 64 KiB meet
        content = noise[:at] + b"stigmem" + noise[at + 7 :]
        assert names(gzip.compress(content, 1)) is True
    tar = tar_bytes([*sdist_entries(), Tarred("demo-1.0/a.py", b"import stigmem_node\n")])
    assert names(gzipped(tar)) is True
    for at in (limits.MIB - 3, 3 * limits.MIB):
        assert names(gzipped(bytes(at) + b"stigmem" + bytes(limits.MIB))) is True


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        (rb"\u0073tigmem", True),
        (rb"stigme\U0000006D", True),
        (rb"\x73\x74\x69\x67\x6d\x65\x6D", True),
        (rb"\u0073\U00000074\x69gmem", True),
        (rb"\u0074tigmem", False),
        (rb"\u0073tig mem", False),
    ],
)
def test_a_name_that_is_spelled_by_numbers(spelled: bytes, expected: bool) -> None:
    for before in (0, 10, limits.MIB - 5, limits.MIB - 60):
        assert names(gzipped(bytes(before) + spelled + b".plugins")) is expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no gzip",
        gzipped(b"library")[:-3],
        gzipped(b"library") + b"more",
        gzipped(b"library") + gzipped(b"stigmem"),
        gzipped(os.urandom(65_513)) + bytes(100_000) + gzipped(b"stigmem"),
        gzipped(b"library")[:-8] + b"\0" * 8,
    ],
    ids=["empty", "other", "cut off", "more", "two", "more in the next piece", "damaged"],
)
def test_an_sdist_that_cannot_be_unpacked_may_be_a_plugin(data: bytes) -> None:
    assert names(data) is True


def test_an_sdist_that_unpacks_without_end_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PEEKED_BYTES", 2 * limits.MIB)
    assert names(gzipped(bytes(2 * limits.MIB))) is False
    bomb = gzipped(bytes(30 * limits.MIB))
    tracemalloc.start()
    try:
        assert names(bomb) is True
        assert tracemalloc.get_traced_memory()[1] < 8 * limits.MIB
    finally:
        tracemalloc.stop()


# What its author means


def test_texts_are_read_as_far_as_they_can_be() -> None:
    factory = b"def f():\n    return PluginManifest()\n"
    odd = zip_bytes(
        [
            Zipped("demo/a.py", factory),
            Zipped("demo/b.py", b"x = 1\n"),
            Zipped("demo/c.bin", factory),
            Zipped(TABLE, LIBRARY),
            Zipped("demo/d.py", factory, 93),
        ]
    )
    expected = {"demo/a.py": factory, "demo/b.py": b"", TABLE: LIBRARY, "demo/d.py": b""}
    assert texts(Stored("x", io.BytesIO(b"before" + odd))) == expected
    assert texts(Stored("x", io.BytesIO(b"no archive"))) == {}


def test_texts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = Stored("x", io.BytesIO(zip_bytes([Zipped("a.py", b"PluginManifest"), Zipped("b.py")])))
    assert texts(data)
    monkeypatch.setattr(limits, "TOTAL_BYTES", 5)
    assert texts(data) == {}
    monkeypatch.setattr(limits, "TOTAL_BYTES", 500)
    monkeypatch.setattr(limits, "SOURCE_BYTES", 5)
    assert texts(data) == {"a.py": b"", "b.py": b""}
    monkeypatch.setattr(limits, "ARCHIVE_BYTES", 5)
    assert texts(data) == {}


# Archives on the path, in which importlib.metadata finds distributions too

HIDDEN = zip_bytes(
    [
        Zipped("other-1.0.dist-info/METADATA", b"Name: other\nVersion: 1.0\n\n"),
        Zipped("other-1.0.dist-info/entry_points.txt", PLUGIN),
    ]
)
ON_PATH = {
    "beside it": {"demo.pth": b"demo.zip\n", "demo.zip": HIDDEN},
    "in a package, whatever it is called": {"demo.pth": b"demo/data", "demo/data": HIDDEN},
    "with other lines": {
        "demo.pth": b"# of demo\r\nimport demo\r\n./demo\\LIB.bin \r\n",
        "demo/lib.bin": b"#!/bin/sh\n" + HIDDEN,
    },
    "as data": {
        "demo-1.0.data/purelib/demo.pth": b"../../../share/demo.zip\n",
        "demo-1.0.data/data/share/demo.zip": HIDDEN,
    },
    "into site-packages": {
        "demo-1.0.data/data/lib/python3.11/site-packages/demo.pth": b"demo/lib.zip",
        "demo/lib.zip": HIDDEN,
    },
    "where it is looked for anyway": {"demo-1.0.data/data/lib/python311.zip": HIDDEN},
}


@pytest.mark.parametrize("more", ON_PATH.values(), ids=ON_PATH)
def test_an_archive_on_the_path_is_looked_into(more: dict[str, bytes]) -> None:
    for method in (0, 8):
        data = zip_bytes(
            Zipped(name, content, method) for name, content in wheel_files(more).items()
        )
        assert ask(data)
        assert declares_plugin(read_wheel(WHEEL, WHEEL, data))
        [problem] = read_wheel(WHEEL, WHEEL, data).problems
        assert (problem.kind, problem.item) == ("hidden-distribution", list(more)[-1])


@pytest.mark.parametrize("how", ["pth", "dist-info"])
def test_the_host_finds_what_is_in_an_archive_on_the_path(tmp_path: Path, how: str) -> None:
    (tmp_path / "demo.zip").write_bytes(HIDDEN)
    path = [str(tmp_path / "demo.zip")] if how == "pth" else [str(tmp_path)]
    found = [each.metadata["Name"] for each in importlib.metadata.distributions(path=path)]
    assert found == (["other"] if how == "pth" else [])


LEFT_ALONE = {
    "lines that are code": {"demo.pth": b"import demo; demo.zip\n", "demo.zip": HIDDEN},
    "a folder": {"demo.pth": b"demo\ndemo/lib\n", "demo/lib/more.py": b""},
    "weights": {"demo/model.pth": b"demo.zip\n" + b"\xff" * 3_000_000, "demo.zip": HIDDEN},
    "a Python that is brought along": {"demo/lib/python311.zip": HIDDEN},
    "nothing that is there": {"demo.pth": b"/opt/demo/lib.zip\n"},
}


@pytest.mark.parametrize("more", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_a_library_that_adds_to_the_path_is_left_alone(more: dict[str, bytes]) -> None:
    assert not ask(wheel(more))


def test_what_is_no_archive_or_holds_no_plugin_is_read_and_is_none() -> None:
    library = zip_bytes([Zipped("other-1.0.dist-info/entry_points.txt", LIBRARY)])
    for content in (b"names = 1\n", library):
        data = wheel({"demo.pth": b"demo/lib.dat\n", "demo/lib.dat": content})
        assert ask(data)
        assert not declares_plugin(read_wheel(WHEEL, WHEEL, data))
