"""A wheel must say of itself, everywhere, what its file name says."""

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import parse_wheel_filename

from stigmem_review.errors import SourceError
from stigmem_review.model import Location, Source
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.wheel import _file_name, read_wheel
from support.archives import (
    INFO,
    METADATA,
    MODULE,
    TAGS,
    WHEEL,
    record,
    refusal_of,
    wheel,
    wheel_files,
    zipped,
)


def read(data: bytes, file: str = WHEEL) -> Artifact:
    return read_wheel("demo==1.0", file, data)


def changed(more: dict[str, bytes], *, without: str = "") -> bytes:
    files = wheel_files(more)
    files.pop(without, None)
    return zipped(files)


def test_a_wheel_is_read_with_where_it_installs_what() -> None:
    data = wheel()
    artifact = read(data)
    digest = hashlib.sha256(data).hexdigest()
    assert artifact.source == Source("wheel", "demo==1.0", WHEEL, digest)
    assert artifact.files == wheel_files()
    assert artifact.installed == {f"site-packages/{path}": path for path in wheel_files()}
    assert artifact.metadata_dir == INFO
    assert artifact.problems == ()
    assert artifact.capture is None


@pytest.mark.parametrize(
    ("file", "tags"),
    [
        ("Demo-1.0-py3-none-any.whl", TAGS),
        ("demo-1.0.0-py3-none-any.whl", TAGS),
        ("demo-1.0-7-py3-none-any.whl", TAGS),
        ("demo-1.0-py2.py3-none-any.whl", TAGS[:-1] + b"Tag: py2-none-any\n\n"),
        ("demo-1.0-py2.py3-none-any.whl", TAGS.replace(b"py3", b"py2.py3")),
        ("demo-1.0-py3-none-any.whl", TAGS.replace(b"\n", b"\r\n")),
        ("demo-1.0-py3-none-any.whl", TAGS.replace(b"1.0", b"1.9")),
        ("demo-1.0-py3-none-any.whl", TAGS.replace(b"1.0", b"1.0.1")),
        ("demo-1.0-py3-none-any.whl", b"Wheel-Version: 1.0\n" + TAGS),
    ],
)
def test_other_spellings_of_the_same_are_read(file: str, tags: bytes) -> None:
    assert read(changed({f"{INFO}/WHEEL": tags}), file).problems == ()


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("demo-1.0.whl", "not that of a wheel"),
        ("demo-1.0.tar.gz", "not that of a wheel"),
        ("demo-one-py3-none-any.whl", "not that of a wheel"),
        ("demo-1.0-py3-none-" + ".".join(["any"] * 90) + ".whl", "not that of a wheel"),
        ("other-1.0-py3-none-any.whl", f"for other 1.0, only {INFO}"),
        ("demo-1.1-py3-none-any.whl", f"for demo 1.1, only {INFO}"),
    ],
)
def test_a_file_name_that_says_something_else_is_refused(file: str, words: str) -> None:
    assert read(wheel())
    assert words in refusal_of(lambda: read(wheel(), file))


@given(
    st.from_regex(
        r"[aA0]*[._]{0,2}[bB1]+-(1|2\.0|01|1\.|\.1)?(a|b|rc|\.post|\.dev|c)?[0-9]?(\.dev1|a1)?"
        r"-(py3|py2\.py3|py3\.|cp311|py\u0663|py)-(none|abi3)-(any|linux_x86_64)\.whl",
        fullmatch=True,
    )
)
def test_a_file_name_says_what_packaging_reads_in_it(file: str) -> None:
    try:
        name, version, _, tags = parse_wheel_filename(file)
    except ValueError:
        assert "not that of a wheel" in refusal_of(lambda: _file_name(file))
    else:
        assert _file_name(file) == (name, version, frozenset(map(str, tags)))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({f"{INFO}/METADATA": METADATA.replace(b"demo", b"domo")}, "Name domo, the file name"),
        ({f"{INFO}/METADATA": METADATA.replace(b"1.0", b"1.1")}, "says Version 1.1"),
        ({f"{INFO}/METADATA": METADATA.replace(b"1.0", b"one")}, "says Version one"),
        ({f"{INFO}/METADATA": METADATA.replace(b"1.0", b"9" * 5000)}, "more characters"),
        ({f"{INFO}/METADATA": b"Name: Demo\n" + METADATA}, "2 Name lines"),
        ({f"{INFO}/METADATA": b"\n" + METADATA}, "0 Name lines"),
        ({f"{INFO}/METADATA": b"\xff" + METADATA}, "byte 0 of it is not UTF-8"),
        ({f"{INFO}/METADATA": b"Name: d\x1b[31memo\nVersion: 1.0\n"}, "d\\u{1b}[31memo"),
        ({f"{INFO}/WHEEL": b"Tag: py3-none-any\n"}, "0 Wheel-Version lines"),
        ({f"{INFO}/WHEEL": TAGS.replace(b"1.0", b"2.0")}, "Wheel-Version 2.0"),
        ({f"{INFO}/WHEEL": TAGS.replace(b"1.0", b"1")}, "Wheel-Version 1,"),
        ({f"{INFO}/WHEEL": TAGS.replace(b"1.0", b"1.x")}, "Wheel-Version 1.x"),
        ({f"{INFO}/WHEEL": TAGS.replace(b"1.0", b"0.9")}, "Wheel-Version 0.9"),
        ({f"{INFO}/WHEEL": TAGS.replace(b"1.0", b"1." + b"9" * 5000)}, "more characters"),
        ({f"{INFO}/WHEEL": b"Wheel-Version: 1.1\n" + TAGS}, "2 Wheel-Version lines"),
        ({f"{INFO}/WHEEL": TAGS + b"x" * 10, "Demo-1.0.0.dist-info/METADATA": b""}, "both"),
    ],
)
def test_metadata_that_disagree_with_the_file_name_are_refused(
    more: dict[str, bytes], words: str
) -> None:
    assert read(changed({"demo/more.py": b""}))
    message = refusal_of(lambda: read(changed(more)))
    assert message.startswith(f"{WHEEL}: ")
    assert words in message


@pytest.mark.parametrize(
    ("file", "tags", "words"),
    [
        (WHEEL, TAGS.replace(b"py3", b"py2"), "py2-none-any, the file name says py3-none-any."),
        (WHEEL, TAGS.replace(b"Tag", b"Gat"), "WHEEL says no tag, the"),
        (WHEEL, TAGS.replace(b"-any", b""), "WHEEL says py3-none, the"),
        (WHEEL, TAGS[:-1] + b"Tag: py2-none-any\n\n", "says py2-none-any, py3-none-any, the"),
        (WHEEL, TAGS[:-1] + b"Tag: a.a-b.b-" + b"c." * 30_000, "says a.a-b.b-c.c."),
        ("demo-1.0-py3-abi3-any.whl", TAGS, "WHEEL says py3-none-any, the file name says py3-abi3"),
        ("demo-1.0-py2.py3-none-any.whl", TAGS, "the file name says py2-none-any, py3-none-any."),
    ],
)
def test_tags_that_differ_from_the_file_name_are_a_problem_and_no_refusal(
    file: str, tags: bytes, words: str
) -> None:
    """No installer reads them: pip, uv and ``installer`` go by the file name."""
    (problem,) = read(changed({f"{INFO}/WHEEL": tags}), file).problems
    assert (problem.kind, problem.item) == ("wheel-tags-differ", "tags")
    assert problem.at == Location(f"{INFO}/WHEEL")
    assert words in problem.why
    assert len(problem.why) < 500


@pytest.mark.parametrize("name", ["METADATA", "WHEEL"])
def test_a_wheel_without_its_metadata_is_refused(name: str) -> None:
    data = changed({}, without=f"{INFO}/{name}")
    assert f"it has no {INFO}/{name}" in refusal_of(lambda: read(data))


def test_a_wheel_without_a_metadata_directory_is_refused() -> None:
    data = zipped({"demo/__init__.py": MODULE})
    assert "has no .dist-info directory for demo 1.0;" in refusal_of(lambda: read(data))


def test_a_changed_or_cut_byte_never_goes_unnoticed() -> None:
    """Whatever one byte becomes: refused, reported, or without effect on what is read."""
    data, files = wheel(), wheel_files()
    outcomes = {"refused": 0, "same": 0}
    for at in range(len(data)):
        for byte in {data[at] ^ 1, data[at] ^ 0x20, data[at] ^ 0x80, 0, 0xFF} - {data[at]}:
            mutated = data[:at] + bytes([byte]) + data[at + 1 :]
            try:
                artifact = read(mutated)
            except SourceError:
                outcomes["refused"] += 1
                continue
            with zipfile.ZipFile(io.BytesIO(mutated)) as archive:
                assert artifact.files == {name: archive.read(name) for name in archive.namelist()}
            assert artifact.files == files
            outcomes["same"] += 1
    for end in range(len(data)):
        refusal_of(read, data[:end])
    assert outcomes["refused"] > 10 * outcomes["same"] > 0


def test_a_wheel_reads_alike_in_any_order_of_its_files() -> None:
    files = dict(reversed(wheel_files().items()))
    assert read(zipped(files)).files == wheel_files()
    assert record(files) != files[f"{INFO}/RECORD"]
