"""An sdist must say of itself, everywhere, what its file name says."""

from __future__ import annotations

import hashlib

import pytest

from stigmem_review.errors import SourceError
from stigmem_review.model import Source
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.sdist import read_sdist
from support.archives import METADATA, MODULE, SDIST, Tarred, refusal_of, sdist, sdist_entries


def read(data: bytes, file: str = SDIST) -> Artifact:
    return read_sdist("demo==1.0", file, data)


def test_an_sdist_is_read_below_its_directory() -> None:
    data = sdist()
    artifact = read(data)
    digest = hashlib.sha256(data).hexdigest()
    assert artifact.source == Source("sdist", "demo==1.0", SDIST, digest)
    assert artifact.files == {
        "PKG-INFO": METADATA,
        "pyproject.toml": b'[project]\nname = "demo"\n',
        "src/demo/__init__.py": MODULE,
    }
    assert artifact.installed == {}
    assert artifact.metadata_dir == ""
    assert artifact.problems == ()


def test_an_old_sdist_without_pyproject_is_read() -> None:
    entries = [Tarred("Demo-1.0.0/PKG-INFO", METADATA), Tarred("Demo-1.0.0/", kind=b"5")]
    assert read(sdist(entries)).files == {"PKG-INFO": METADATA}


def test_an_sdist_is_read_with_what_macos_puts_beside_files() -> None:
    double = b"\0\5\x16\7\0\2\0\0Mac OS X        "
    more = {"._PKG-INFO": double, "src/demo/.___init__.py": double, "._src": double}
    files = read(sdist(sdist_entries(more))).files
    assert files["src/demo/__init__.py"] == MODULE
    assert files["src/demo/.___init__.py"] == double


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("demo-1.0.zip", "only sdists that end in .tar.gz"),
        ("demo-1.0.tar.xz", "only sdists that end in .tar.gz"),
        ("demo.tar.gz", "not that of an sdist"),
        ("demo-one.tar.gz", "not that of an sdist"),
        ("other-1.0.tar.gz", "its directory is demo-1.0, the file name says other 1.0"),
        ("demo-1.1.tar.gz", "its directory is demo-1.0, the file name says demo 1.1"),
    ],
)
def test_a_file_name_that_says_something_else_is_refused(file: str, words: str) -> None:
    assert read(sdist())
    assert words in refusal_of(lambda: read(sdist(), file))


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([], "0 files and directories at its top"),
        ([*sdist_entries(), Tarred("more-1.0/a.py")], "2 files and directories at its top"),
        ([*sdist_entries(), Tarred("setup.py")], "2 files and directories at its top"),
        ([Tarred("._demo-1.0"), *sdist_entries()], "pack it again with COPYFILE_DISABLE=1"),
        ([Tarred("demo-1.0", METADATA)], "it has no demo-1.0/PKG-INFO"),
        (sdist_entries()[1:], "it has no demo-1.0/PKG-INFO"),
        (
            sdist_entries({"PKG-INFO": METADATA.replace(b"demo", b"domo")}),
            "demo-1.0/PKG-INFO says Name domo, the file name says demo",
        ),
        (
            sdist_entries({"PKG-INFO": METADATA.replace(b"1.0", b"1.0.post1")}),
            "demo-1.0/PKG-INFO says Version 1.0.post1, the file name says 1.0",
        ),
        (sdist_entries({"PKG-INFO": b"Name: demo\n"}), "0 Version lines instead of one"),
    ],
)
def test_content_that_disagrees_with_the_file_name_is_refused(
    entries: list[Tarred], words: str
) -> None:
    message = refusal_of(lambda: read(sdist(entries)))
    assert message.startswith(f"{SDIST}: ")
    assert words in message


def test_a_changed_or_cut_byte_never_goes_unnoticed() -> None:
    data, files = sdist(), read(sdist()).files
    same = 0
    for at in range(len(data)):
        for byte in {data[at] ^ 1, data[at] ^ 0x20, data[at] ^ 0x80, 0, 0xFF} - {data[at]}:
            try:
                artifact = read(data[:at] + bytes([byte]) + data[at + 1 :])
            except SourceError:
                continue
            assert artifact.files == files
            same += 1
    assert 0 < same < len(data) / 4
    for end in range(len(data)):
        refusal_of(read, data[:end])
