"""Each tar archive two tools could read differently is refused; without that it is read."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
from typing import Any

import pytest

from stigmem_review.errors import SourceError
from stigmem_review.sources.untar import untar
from support.archives import Tarred, gzipped, pax, refusal_of, sdist, sdist_entries, tar_bytes

TEXT = b"text"
LONG = "demo/" + "long/" * 24 + "a.py"
CONTROL = Tarred("demo/control.py", TEXT)
# What bsdtar of macOS says of every file that came from a browser.
MACOS: dict[str, str | bytes] = {
    "LIBARCHIVE__creationtime": "1790000000.5",
    "SCHILY__dev": "16777232",
    "SCHILY__ino": "123456",
    "SCHILY__nlink": "1",
    "SCHILY__fflags": "hidden",
    "SCHILY__xattr__com__apple__provenance": b"\x01\0\0\n\xff\x80abc",
    "LIBARCHIVE__xattr__com__apple__provenance": "AQAACv+AYWJj",
    "mtime": "1790000000.25",
}


def read(*entries: Tarred, end: bytes = b"\0" * 1024) -> dict[str, bytes]:
    return untar("demo.tar.gz", sdist(entries, end=end))


def by_the_standard_library(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        files = (
            (member.name, archive.extractfile(member)) for member in archive if not member.isdir()
        )
        return {name: file.read() for name, file in files if file is not None}


@pytest.mark.parametrize(
    "entries",
    [
        [Tarred("a.py", TEXT)],
        [Tarred("a.py", TEXT, kind=b"\0")],
        [Tarred("a.py", TEXT, magic=b"ustar  \0")],
        [Tarred("demo/", kind=b"5"), Tarred("demo/a.py", bytes(512))],
        [Tarred("demo", kind=b"5"), Tarred("demo/a.py", bytes(513))],
        [
            Tarred("a.py", TEXT, mode=b"\x80" + bytes(6) + b"\7"),
            Tarred("b.py", TEXT, mode=b" 644 \0\0\0"),
        ],
        [Tarred("a.py", TEXT, mode=bytes(8)), Tarred("b.py", TEXT, mode=b" " * 8)],
        [Tarred("a.py", TEXT, prefix=b"demo/deep")],
        [pax(path=LONG, mtime="1.5", uname="me", charset="x"), Tarred(LONG[:100], TEXT)],
        [pax(atime="1", ctime="2", uid="1", gid="1", gname="x"), Tarred("a.py", TEXT)],
        [pax(path="demo/caf\u00e9.py"), Tarred("demo/caf.py", TEXT)],
        [pax(b"g", comment="0123abc"), Tarred("a.py", TEXT)],
        [pax(b"g", comment="a"), pax(b"g", comment="b"), pax(path=LONG), Tarred("a.py", TEXT)],
        [Tarred("././@LongLink", LONG.encode() + b"\0", b"L"), Tarred(LONG[:100], TEXT)],
        [Tarred("a.py", TEXT), Tarred("a.py", TEXT)],
        [Tarred("a.py", TEXT, kind=b"7")],
        [pax(size="4"), Tarred("a.py", TEXT)],
        [pax(size="0"), Tarred("d/", kind=b"5"), Tarred("a.py", TEXT)],
        [pax(hdrcharset="BINARY", path="caf\u00e9.py"), Tarred("caf.py", TEXT)],
        [pax(hdrcharset="ISO-IR 10646 2000 UTF-8"), Tarred("a.py", TEXT)],
        [pax(b"x", **MACOS), Tarred("._a.py", TEXT), pax(b"x", **MACOS), Tarred("a.py", TEXT)],
        [pax(SCHILY__acl__access="user::rw-", comment="a\nb\n"), Tarred("a.py", TEXT)],
        [Tarred("a.py", TEXT), Tarred("b.py", kind=b"1", link=b"a.py")],
        [Tarred("d/e/b.py", kind=b"2", link=b"../a.py"), Tarred("d/a.py", TEXT)],
        [
            Tarred("b.py", kind=b"2", link=b"./c.py"),
            pax(linkpath="a.py"),
            Tarred("c.py", kind=b"2", link=b"cut"),
            Tarred("a.py", TEXT),
        ],
    ],
)
@pytest.mark.parametrize("end", [1024, 9999], ids=["short", "padded"])
def test_what_builders_write_is_read_as_the_standard_library_does(
    entries: list[Tarred], end: int
) -> None:
    data = sdist(entries, end=bytes(end))
    assert untar("demo.tar.gz", data) == by_the_standard_library(data)
    assert set(by_the_standard_library(data).values()) <= {TEXT, bytes(512), bytes(513)}


@pytest.mark.parametrize(
    "form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT], ids=str
)
def test_what_the_standard_library_writes_is_read(form: int) -> None:
    names = ["demo/a.py", LONG] if form != tarfile.USTAR_FORMAT else ["demo/a.py", "caf/" * 30]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=form) as archive:
        for name in names:
            member = tarfile.TarInfo(name.rstrip("/"))
            member.size, member.mtime = len(TEXT), 12
            archive.addfile(member, io.BytesIO(TEXT))
    read = untar("demo.tar.gz", buffer.getvalue())
    assert read == {name.rstrip("/"): TEXT for name in names}


def hostile(words: str, *entries: Tarred) -> Any:
    return pytest.param(entries, words, id=words.replace(" ", "-"))


def entry(**fields: Any) -> Tarred:
    return Tarred(**({"name": "demo/a.py"} | fields))


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        hostile("links to b.py, which is no file before it", entry(kind=b"1", link=b"b.py")),
        hostile("no file before it", entry(kind=b"1", link=b"demo/control.py"), CONTROL),
        hostile(
            "no file before it",
            CONTROL,
            entry(kind=b"2", link=b"control.py"),
            Tarred("demo/b.py", kind=b"1", link=b"demo/a.py"),
        ),
        hostile("type 1", CONTROL, entry(kind=b"1", link=b"demo/control.py", content=TEXT)),
        hostile("outside of the archive", entry(kind=b"2", link=b"/etc/passwd")),
        hostile("outside of the archive", CONTROL, entry(kind=b"2", link=b"../demo/control.py")),
        hostile("outside of the archive", CONTROL, entry(kind=b"2", link=b"../../etc/passwd")),
        hostile("outside of the archive", CONTROL, entry(kind=b"2", link=b"..\\x")),
        hostile("outside of the archive", CONTROL, entry(kind=b"2", link=b"")),
        hostile("leads back", CONTROL, entry(kind=b"2", link=b"absent/../control.py")),
        hostile("leads back", CONTROL, entry(kind=b"2", link=b"control.py/../control.py")),
        hostile("leads back", CONTROL, entry(kind=b"2", link=b"./d/../control.py")),
        hostile("which is no file in it", CONTROL, entry(kind=b"2", link=b"b.py")),
        hostile("which is no file in it", CONTROL, entry(kind=b"2", link=b"a.py")),
        hostile("which is no file in it", Tarred("demo/d/b.py", TEXT), entry(kind=b"2", link=b"d")),
        hostile("not in UTF-8", CONTROL, entry(kind=b"2", link=b"caf\xe9")),
        hostile("as a file and as a link", CONTROL, entry(), entry(kind=b"2", link=b"control.py")),
        hostile(
            "twice, as different links",
            CONTROL,
            Tarred("demo/c.py", TEXT),
            entry(kind=b"2", link=b"control.py"),
            entry(kind=b"2", link=b"c.py"),
        ),
        hostile(
            "one place",
            CONTROL,
            entry(kind=b"2", link=b"control.py"),
            Tarred("demo/a.py/b.py", TEXT),
        ),
        hostile("sets linkpath", pax(linkpath="b.py"), entry(kind=b"5")),
        hostile("type 3", entry(kind=b"3")),
        hostile("type 4", entry(kind=b"4")),
        hostile("type 6", entry(kind=b"6")),
        hostile("type D", entry(kind=b"D")),
        hostile("type K", entry(kind=b"K", content=b"link\0"), CONTROL),
        hostile("type M", entry(kind=b"M")),
        hostile("type S", entry(kind=b"S", magic=b"ustar  \0")),
        hostile("type X", entry(kind=b"X", content=b"12 path=b.py\n")),
        hostile("type 5", entry(kind=b"5", content=TEXT)),
        hostile("component '..'", entry(name="demo/../a.py")),
        hostile("absolute", entry(name="/etc/passwd")),
        hostile("component ''", entry(name="demo/a.py/")),
        hostile("not all tools read alike", entry(name="demo/a.py/", kind=b"\0")),
        hostile(
            "not all tools read alike",
            Tarred("x", b"a.py\0", b"L"),
            entry(name="demo/", kind=b"\0", content=TEXT),
        ),
        hostile("component ''", entry(name="")),
        hostile("component ''", entry(name="/", kind=b"5")),
        hostile("U+0000", entry(name=b"demo\0a.py")),
        hostile("U+001B", entry(name=b"demo/\x1b[2J")),
        hostile("not in UTF-8", entry(name=b"caf\xe9.py")),
        hostile("twice, with different content", entry(), entry(content=TEXT)),
        hostile("one place", entry(), entry(name="demo/A.py")),
        hostile("one place", entry(), entry(name="demo/a.py/b.py")),
        hostile("not all tools read alike", entry(magic=b"\0" * 8)),
        hostile("not all tools read alike", entry(magic=b"ustar\x0001")),
        hostile("not all tools read alike", entry(magic=b"ustar  \0", prefix=b"other")),
        hostile("not all tools read alike", entry(size=b"\x80" + bytes(10) + b"\4", content=TEXT)),
        hostile("not all tools read alike", entry(size=b"-0000000004\0", content=TEXT)),
        hostile("not all tools read alike", entry(size=b"0o4\0\0\0\0\0\0\0\0\0", content=TEXT)),
        hostile("not all tools read alike", entry(size=b"\0" * 12)),
        hostile("not all tools read alike", CONTROL, entry(mode=b"rw-r--r-")),
        hostile("not all tools read alike", CONTROL, entry(mode=b"-000644\0")),
        hostile("breaks off inside entry demo/a.py", entry(size=b"00077777777\0")),
        hostile("the checksum of the tar header at byte 0", entry(checksum=b"000000\0 ")),
        hostile("the checksum of the tar header at byte 0", entry(checksum=b"\0" * 8)),
        hostile("has 4 bytes, its extended header says 2", pax(size="2"), CONTROL),
        hostile("says 9", pax(size="9"), CONTROL),
        hostile("says 04", pax(size="04"), CONTROL),
        hostile("says  4", pax(size=" 4"), CONTROL),
        hostile("says +4", pax(size="+4"), CONTROL),
        hostile("has 4 bytes, its extended header says ;", pax(size=""), CONTROL),
        hostile("more characters", pax(size="9" * 5000), CONTROL),
        hostile("sets size,", pax(b"g", size="4"), CONTROL),
        hostile("sets linkpath,", pax(b"g", linkpath="a"), CONTROL),
        hostile("sets SCHILY.realsize,", pax(SCHILY__realsize="4"), CONTROL),
        hostile("sets SCHILY.filetype,", pax(SCHILY__filetype="dir"), CONTROL),
        hostile("sets SCHILY.offset,", pax(SCHILY__offset="1"), CONTROL),
        hostile("sets SCHILY.xattr.,", pax(SCHILY__xattr__="1"), CONTROL),
        hostile("sets SCHILY.ino,", pax(b"g", SCHILY__ino="4"), CONTROL),
        hostile("sets LIBARCHIVE.symlinktype,", pax(LIBARCHIVE__symlinktype="dir"), CONTROL),
        hostile("sets SUN.holesdata,", pax(SUN__holesdata=" 0 2 4"), CONTROL),
        hostile("sets RHT.security.selinux,", pax(RHT__security__selinux="x"), CONTROL),
        hostile("sets ACME.xattr.x,", pax(ACME__xattr__x="x"), CONTROL),
        hostile("sets linkpath", pax(linkpath="b.py"), CONTROL),
        hostile("sets GNU.sparse.major", pax(GNU__sparse__major="1"), CONTROL),
        hostile("sets GNU.sparse.name", pax(GNU__sparse__name="b.py"), CONTROL),
        hostile("sets hdrcharset", pax(hdrcharset="ISO-8859-1"), CONTROL),
        hostile("not in UTF-8", pax(hdrcharset="BINARY", path=b"caf\xe9"), CONTROL),
        hostile("sets path,", pax(b"g", path="b.py"), CONTROL),
        hostile("sets mtime,", pax(b"g", mtime="1"), CONTROL),
        hostile("sets path twice", Tarred("x", b"10 path=a\n" * 2, b"x"), CONTROL),
        hostile("component '..'", pax(path="../a.py"), CONTROL),
        hostile("U+0000", pax(path="a.py\0.txt"), CONTROL),
        hostile("component ''", pax(path=""), CONTROL),
        hostile("is malformed", Tarred("x", b"11 path=a\n", b"x"), CONTROL),
        hostile("is malformed", Tarred("x", b"9 path=a\n\n", b"x"), CONTROL),
        hostile("is malformed", Tarred("x", b"7 path=a\n", b"x"), CONTROL),
        hostile("is malformed", Tarred("x", b"0 path=a\n", b"x"), CONTROL),
        hostile("is malformed", Tarred("x", b"path", b"x"), CONTROL),
        hostile("is malformed", Tarred("x", b"9 path=ab10 path=b\n", b"x"), CONTROL),
        hostile("hides a record in comment", pax(comment="a\n13 path=b.py\n"), CONTROL),
        hostile(
            "hides a record in SCHILY.xattr.x",
            pax(SCHILY__xattr__x=b"\x01\n13 path=b.py\nc"),
            CONTROL,
        ),
        hostile(
            "hidden after entry x",
            Tarred("x", b"8 gid=1\n", b"x", padding=b"13 path=b.py\n"),
            CONTROL,
        ),
        hostile("hidden after entry demo/a.py", entry(content=TEXT, padding=b"x"), CONTROL),
        hostile("component ''", Tarred("x", b"\0", b"L"), CONTROL),
        hostile("U+0000", Tarred("x", b"a.py\0.txt\0", b"L"), CONTROL),
        hostile("two extended headers", pax(path="a"), pax(path="b"), CONTROL),
        hostile("two extended headers", Tarred("x", b"a\0", b"L"), pax(path="b"), CONTROL),
        hostile("two extended headers", pax(mtime="1"), pax(b"g", comment="a"), CONTROL),
        hostile("belongs to no entry", CONTROL, pax(path="a")),
        hostile("belongs to no entry", CONTROL, pax(mtime="1")),
        hostile("belongs to no entry", CONTROL, pax(b"g", comment="a")),
    ],
)
def test_what_tools_read_apart_is_refused(entries: list[Tarred], words: str) -> None:
    assert read(CONTROL) == {"demo/control.py": TEXT}
    assert words in refusal_of(lambda: read(*entries))


def test_nothing_follows_the_end_mark() -> None:
    """A reader that stops at the first empty block hides what others find behind it."""
    tail = Tarred("demo/hidden.py", TEXT).block()
    assert read(CONTROL, end=bytes(1536))
    for end in (bytes(512) + tail + bytes(1024), bytes(1024) + tail, bytes(9000) + b"\1"):
        data = sdist([CONTROL], end=end)
        assert "followed by more" in refusal_of(untar, "demo.tar.gz", data)
    for length in (0, 511):
        data = sdist([CONTROL], end=bytes(length))
        assert "without the end mark" in refusal_of(untar, "demo.tar.gz", data)
    assert "cut short" in refusal_of(lambda: read(CONTROL, end=bytes(1023)))


def test_only_one_whole_gzip_stream_is_read() -> None:
    tar = tar_bytes([CONTROL])
    data = gzipped(tar)
    assert untar("demo.tar.gz", data)
    noise = random.Random(1).randbytes(100_000)
    large = sdist([Tarred("a.bin", noise)])
    assert len(large) > len(noise)
    assert untar("demo.tar.gz", large) == {"a.bin": noise}
    middle = 512
    for more in (data, b"garbage", bytes(20_000) + b"x", bytes(511) + b"x"):
        assert "bytes follow" in refusal_of(untar, "d", data + more)
    for more in (b"\0", bytes(512), bytes(20_000)):
        assert untar("d", data + more) == by_the_standard_library(data + more)
    two = gzipped(tar[:middle]) + gzipped(tar[middle:])
    assert gzip.decompress(two) == tar
    assert "bytes follow" in refusal_of(lambda: untar("demo.tar.gz", two))
    for other in (b"", tar, b"BZh9" + data, b"\xfd7zXZ\0" + data, b"PK\3\4" + data):
        refusal_of(untar, "demo.tar.gz", other)


def test_a_changed_or_cut_byte_of_the_tar_stream_is_refused_or_read_alike() -> None:
    """No gzip checksum helps here: whoever builds an archive can build its checksum."""
    tar = tar_bytes(
        [pax(path=LONG, mtime="1.5"), *sdist_entries(), Tarred("d/", kind=b"5")], end=bytes(1024)
    )
    accepted = 0
    for at in range(len(tar)):
        mutated = bytearray(tar)
        mutated[at] = ord("7") if tar[at] != ord("7") else ord("2")
        data = gzipped(bytes(mutated))
        try:
            files = untar("demo.tar.gz", data)
        except SourceError:
            continue
        accepted += 1
        assert files == by_the_standard_library(data)
    assert 0 < accepted < len(tar) / 2
    for end in range(0, len(tar) - 1, 7):
        refusal_of(untar, "demo.tar.gz", gzipped(tar[:end]))
