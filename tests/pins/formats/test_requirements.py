"""Requirements files are read as an installer reads them, and what is not followed is said."""

from __future__ import annotations

import codecs
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stigmem_review import limits
from stigmem_review.errors import SourceError
from stigmem_review.model import Location
from stigmem_review.pins.formats import requirements
from stigmem_review.pins.formats.requirements import read_requirements
from stigmem_review.pins.model import Aside, Known, Loose, Pin, PinFile
from stigmem_review.pins.named import is_requirements_file

A = "a" * 64
B = "b" * 64
TOP = "requirements.txt"


def read(*files: str | bytes, **named: str | bytes) -> PinFile:
    """Read ``requirements.txt`` beside files whose dots and slashes are written ``_`` here."""
    found = {name.replace("__", "/").replace("_", "."): each for name, each in named.items()}
    found[TOP] = files[0]
    return read_in(found)


def read_in(files: dict[str, str | bytes], path: str = TOP) -> PinFile:
    def get(name: str) -> bytes | None:
        content = files.get(name)
        return content.encode() if isinstance(content, str) else content

    return read_requirements(path, get)


def at(line: int, path: str = TOP) -> Location:
    return Location(path, line)


def texts(asides: tuple[Aside, ...]) -> list[str]:
    return [aside.text for aside in asides]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("requirements.txt", True),
        ("requirements-prod.txt", True),
        ("requirements_dev.txt", True),
        ("prod-requirements.txt", True),
        ("requirements.prod.txt", True),
        ("constraints.txt", True),
        ("constraints-3.11.txt", True),
        ("deploy/node/requirements.txt", True),
        ("requirements/prod.txt", True),
        ("deploy/constraints/all.txt", True),
        ("Requirements.txt", True),
        ("requirements.in", False),
        ("requirements/prod.in", False),
        ("requirements/old/notes.txt", False),
        ("requirements.txt.bak", False),
        ("requirements", False),
        ("myrequirements.txt", False),
        ("notes.txt", False),
        ("README.md", False),
        (".git/requirements.txt", False),
        ("web/node_modules/x/requirements.txt", False),
        (".venv/requirements/prod.txt", False),
        ("venv/requirements.txt", False),
        ("lib/site-packages/x/requirements.txt", False),
    ],
)
def test_names_of_requirements_files(path: str, expected: bool) -> None:
    assert is_requirements_file(path) is expected


@pytest.mark.parametrize(
    ("line", "name", "version", "marker"),
    [
        ("acme==1.2", "acme", "1.2", ""),
        ("Acme_Rocket.Skates == 1.2", "acme-rocket-skates", "1.2", ""),
        ("acme (==1.2)", "acme", "1.2", ""),
        ("acme==1.2,>=1,!=1.3", "acme", "1.2", ""),
        ("acme==1.2,==1.2", "acme", "1.2", ""),
        ("acme==2.0a1", "acme", "2.0a1", ""),
        ("acme==1.2+local.1", "acme", "1.2+local.1", ""),
        ("acme==1!2.0", "acme", "1!2.0", ""),
        ("  acme==1.2  # why", "acme", "1.2", ""),
        ("acme==1.2;", "acme", "1.2", ""),
        ("acme==1.2; python_version<'3.12'", "acme", "1.2", 'python_version < "3.12"'),
        ("acme==1.2 ;sys_platform=='linux'", "acme", "1.2", 'sys_platform == "linux"'),
    ],
)
def test_a_pin(line: str, name: str, version: str, marker: str) -> None:
    assert read(f"# made by hand\n{line}\n") == PinFile(
        pins=(Pin(name, version, (), marker, at(2)),)
    )


def test_extras_are_normalised() -> None:
    assert read("acme[Fast_One,a]==1.2.0\n") == PinFile(
        pins=(Pin("acme", "1.2.0", (), "", at(1), extras=("a", "fast-one")),)
    )


def test_hashes_are_normalised_and_a_pin_stands_where_its_first_line_does() -> None:
    text = (
        "acme==1.2 \\\n"
        f"    --hash=sha256:{B} \\\n"
        f"    --hash sha256:{A.upper()} \\\n"
        f"    --hash='sha256:{A}'\n"
        "    # via -r requirements.in\n"
        "next==1\n"
    )
    assert read(text).pins == (
        Pin("acme", "1.2", (f"sha256:{A}", f"sha256:{B}"), "", at(1)),
        Pin("next", "1", (), "", at(6)),
    )


@pytest.mark.parametrize(
    "line",
    [
        *("acme", "acme>=1", "acme~=1.2", "acme==1.*", "acme!=2", "acme[x]", "acme>=1,<2"),
        *("acme==1,==2", "acme==1,>2"),
    ],
)
@pytest.mark.parametrize(
    ("under", "marker"), [("", ""), ("; python_version<'4'", 'python_version < "4"')]
)
def test_a_requirement_that_names_no_one_release(line: str, under: str, marker: str) -> None:
    text = f"{line}{under}"
    assert read(f"{text}\n") == PinFile(loose=(Loose("acme", text, at(1), marker),))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("acme===1.2.x", "compares versions as text"),
        ("acme @ https://example.org/acme-1.2-py3-none-any.whl", "a URL"),
        ("acme@file:///srv/acme.whl", "a URL"),
        ("https://example.org/acme-1.2.tar.gz", "a URL"),
        ("git+https://example.org/acme.git@v1#egg=acme", "a URL"),
        (f"git+ssh://example.org/acme.git --hash=sha256:{A}", "a URL"),
        ("/srv/acme", "a local path"),
        ("acme @ file:///srv/acme", "a URL"),
        ("file://server/acme", "a URL"),
        ("/srv/acme-1.2.tar.gz", "a local file"),
        ("-e /srv/acme", "in place"),
        ("-e file:///srv/acme", "in place"),
        ("~/acme-1.2-py3-none-any.whl", "a local file"),
        ("--editable=git+https://example.org/acme.git", "in place"),
        ("acme==${VERSION}", "environment variable VERSION"),
        ("--index-url https://${TOKEN}@example.org/simple", "environment variable TOKEN"),
        ("-r https://example.org/requirements.txt", "from elsewhere"),
        ("--constraint=FILE:///srv/constraints.txt", "from elsewhere"),
    ],
)
def test_what_is_not_followed(line: str, why: str) -> None:
    result = read(f"{line}\n")
    (aside,) = result.unfollowed
    assert why in aside.why
    assert aside.at == at(1)
    assert result == PinFile(unfollowed=result.unfollowed)


@pytest.mark.parametrize(
    ("line", "folder"),
    [
        (".", "."),
        ("./acme", "./acme"),
        ("../acme[fast]", "../acme"),
        ("wheels/acme", "wheels/acme"),
        ("./acme ; python_version > '3.11'", "./acme"),
        ("file:.", "."),
        ("file:./acme#egg=acme", "./acme"),
        ("acme @ file:./plugins/acme", "./plugins/acme"),
        ("acme[fast]@file:plugins/acme", "plugins/acme"),
        ("-e .", "."),
        ("-e acme", "acme"),
        ("-e ../acme[fast]", "../acme"),
        ("--editable=file:.", "."),
        ("-e file:./acme", "./acme"),
    ],
)
def test_a_folder_of_the_repository(line: str, folder: str) -> None:
    result = read(f"{line}\n")
    assert [(each.folder, each.at) for each in result.local] == [(folder, at(1))]
    assert result == PinFile(local=result.local)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("acme=1.2", "write it as name==version"),
        ("acme 1.2", "write it as name==version"),
        ("acme==", "write it as name==version"),
        ("acme==1.2 other==1", "write it as name==version"),
        ("acme==not.a.version", "write it as name==version"),
        (f"acme==1.2\t--hash=sha256:{A}", "write it as name==version"),
        ("acme==1.2; python_version=3", "no environment marker"),
        ("acme==1.2; os_name=='\\x61'", "backslash"),
        ("acme; " + "(" * 5000, "parentheses"),
        ("acme[" + "x," * 20_000 + "x]", "limit of 20000 characters"),
        ("acme==1 " + "--hash " * 200_000, "limit of 1048576 characters"),
        ("--pre " * 20_000, "limit of 10000 words"),
        ("-f '" + "x" * 30_000 + "'", "limit of 20000 characters"),
        ("https://[example.org/acme", "cannot be taken apart"),
        ("--no-such-option", "no such option: --no-such-option"),
        ("-x", "no such option: -x"),
        ("--pre=1", "does not take a value"),
        ("--index-url", "requires 1 argument"),
        ("--require", "ambiguous option"),
        ("--index-url 'https://example.org", "not closed"),
        ("--no-binary=-x", "--no-binary needs names"),
        ("acme==1.2 --config-settings=x", "write it as key=value"),
        ("acme==1.2 --hash=md5:" + "a" * 32, "is no hash"),
        (f"acme==1.2 --hash=SHA256:{A}", "is no hash"),
        ("acme==1.2 --hash=sha256:" + "a" * 63, "is no hash"),
        ("acme==1.2 --hash=sha256:" + "g" * 64, "is no hash"),
        ("acme==1.2 --hash=" + A, "is no hash"),
        (f"--hash=sha256:{A}", "belongs to no requirement"),
        ("-r ../requirements.txt", "../requirements.txt stands outside the repository"),
        ("-r /etc/requirements.txt", "/etc/requirements.txt stands outside the repository"),
        ("-r ..", ".. stands outside the repository"),
        ("-r prod.txt", "has no file prod.txt"),
        ("-r " + "x" * 2000, "limit of 1024 characters"),
    ],
)
def test_what_cannot_be_read(line: str, why: str) -> None:
    result = read(f"{line}\nnext==1\n")
    (aside,) = result.unreadable
    assert why in aside.why
    assert aside.at == at(1)
    assert len(aside.text) < 300
    assert result == PinFile(pins=(Pin("next", "1", (), "", at(2)),), unreadable=result.unreadable)


def test_a_version_too_long_for_a_number_is_no_pin() -> None:
    """Older releases of packaging refuse it while parsing, newer ones while comparing."""
    result = read("acme==" + "9" * 5000)
    assert (result.pins, result.loose, len(result.unreadable)) == ((), (), 1)


def test_one_bad_hash_takes_the_whole_line_with_it() -> None:
    result = read(f"acme==1.2 --hash=sha256:{A} --hash=sha256:zz\n")
    assert (result.pins, len(result.unreadable)) == ((), 1)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("-i https://example.org/simple", "--index-url https://example.org/simple"),
        ("-ihttps://example.org/simple", "--index-url https://example.org/simple"),
        ("--index-url=https://example.org/simple", "--index-url https://example.org/simple"),
        ("--pypi-url https://example.org/simple", "--index-url https://example.org/simple"),
        ("--extra https://me:secret@example.org/s", "--extra-index-url https://example.org/s"),
        ("-f https://me@example.org/wheels/", "--find-links https://example.org/wheels/"),
        ("--find-links 'my wheels'", "--find-links my wheels"),
        ("--no-index", "--no-index"),
        ("--no-binary :all:", "--no-binary :all:"),
        ("--only-binary=acme,other", "--only-binary acme,other"),
        ("--prefer-binary", "--prefer-binary"),
        ("--require-hashes", "--require-hashes"),
        ("--pre", "--pre"),
        ("--all-releases acme", "--all-releases acme"),
        ("--trusted-host example.org:8080", "--trusted-host example.org:8080"),
        ("--use-feature fast-deps", "--use-feature fast-deps"),
    ],
)
def test_a_global_option(line: str, text: str) -> None:
    assert read(f"{line}\n") == PinFile(options=(Aside(text, "", at(1)),))


def test_options_on_a_requirement() -> None:
    result = read("acme==1.2 -C a=b --global-option='--x y' --pre -r other.txt\n")
    assert result.pins == (Pin("acme", "1.2", (), "", at(1)),)
    assert texts(result.options) == ["--config-settings a=b", "--global-option --x y"]
    assert texts(result.unfollowed) == ["--pre", "--requirement other.txt"]
    assert all("pip ignores" in aside.why for aside in result.unfollowed)


@pytest.mark.parametrize(
    ("line", "ignored"),
    [
        ("--pre acme==1.2", "acme==1.2"),
        (f"acme==1.2 --hash=sha256:{A} ; python_version<'3'", "; python_version<3"),
        ("-- acme==1.2", "acme==1.2"),
    ],
)
def test_words_that_pip_silently_leaves_out_are_said(line: str, ignored: str) -> None:
    (aside,) = read(line).unreadable
    assert (aside.text, aside.at) == (ignored, at(1))
    assert "pip ignores" in aside.why


@pytest.mark.parametrize(
    "line",
    [
        "https://me:secret@example.org/acme.whl",
        "acme @ git+https://me:secret@example.org/acme.git",
        "-e git+https://me:secret@example.org/acme.git",
        "-r https://me:secret@example.org/requirements.txt",
        "acme = https://me:secret@example.org/acme.whl",
        "--no-such-option https://me:secret@example.org",
        "-i https://me:secret@example.org/${X}",
        "--pre https://me:secret@example.org/",
        "acme==1 -i https://me:secret@example.org/",
    ],
)
def test_no_credentials_are_shown(line: str) -> None:
    shown = repr(read(f"{line}\n"))
    assert "secret" not in shown
    assert "example.org" in shown


@pytest.mark.parametrize(
    "line",
    [
        *("-r more/base.txt", "-rmore/base.txt", "-r ./more/x/../base.txt", '-r "more/base.txt"'),
        *("--requirement=more/base.txt", "--requirement more/base.txt", "--requirem more/base.txt"),
        *("-c more/base.txt", "--constraint=more/base.txt", "--cons more/base.txt"),
    ],
)
def test_included_files_are_read_where_they_stand(line: str) -> None:
    files: dict[str, str | bytes] = {
        TOP: f"{line}\nacme==1\n",
        "more/base.txt": "-r next.txt\n\nbase==2\n",
        "more/next.txt": "-c ../requirements.txt\nnext==3\n",
    }
    result = read_in(files)
    assert result == PinFile(
        pins=(
            Pin("acme", "1", (), "", at(2)),
            Pin("base", "2", (), "", at(3, "more/base.txt")),
            Pin("next", "3", (), "", at(2, "more/next.txt")),
        )
    )


def test_a_file_is_read_once_however_often_it_is_included() -> None:
    reads: list[str] = []

    def get(name: str) -> bytes:
        reads.append(name)
        return b"-r base.txt\n-c ./base.txt\n-r x/../requirements.txt\nacme==1\n"

    assert len(read_requirements(TOP, get).pins) == 2
    assert reads == [TOP, "base.txt"]


def test_only_the_include_that_pip_follows_is_followed() -> None:
    result = read("-c c.txt -r a.txt -r b.txt\n", a_txt="a==1", b_txt="b==1", c_txt="c==1")
    assert [pin.name for pin in result.pins] == ["a"]
    assert texts(result.unfollowed) == ["--constraint c.txt", "--requirement b.txt"]


def test_a_missing_include_is_said_at_the_line_that_asks_for_it() -> None:
    (aside,) = read("acme==1\n-r more/base.txt\n").unreadable
    why = "the repository has no file more/base.txt; add it, or correct the path"
    assert aside == Aside("--requirement more/base.txt", why, at(2))


def test_the_file_itself_is_missing() -> None:
    (aside,) = read_in({}).unreadable
    assert (aside.text, aside.at) == (TOP, at(0))


def test_a_file_that_cannot_be_read_says_why() -> None:
    def get(name: str) -> bytes:
        if name == TOP:
            return b"-r base.txt\nacme==1\n"
        raise SourceError("base.txt: it is a link; include what it points to")

    result = read_requirements(TOP, get)
    assert len(result.pins) == 1
    assert result.unreadable == (
        Aside("base.txt", "base.txt: it is a link; include what it points to", at(0, "base.txt")),
    )


def test_a_chain_of_includes_ends_at_the_limit() -> None:
    def get(name: str) -> bytes:
        number = int(name.removesuffix(".txt"))
        return f"-r {number + 1}.txt\nacme=={number}\n".encode()

    result = read_requirements("0.txt", get)
    assert len(result.pins) == limits.PIN_FILES
    (aside,) = result.unreadable
    assert f"limit of {limits.PIN_FILES} files" in aside.why
    assert aside.at == at(1, f"{limits.PIN_FILES - 1}.txt")


@pytest.mark.parametrize(
    "data",
    [
        *(codecs.BOM_UTF8 + b"acme==1", b"# coding: utf-8\nacme==1", b"\n#coding=UTF_8\nacme==1"),
        codecs.BOM_UTF16_LE + "acme==1".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "acme==1".encode("utf-16-be"),
        codecs.BOM_UTF32_LE + "acme==1".encode("utf-32-le"),
        codecs.BOM_UTF32_BE + "acme==1".encode("utf-32-be"),
        *(b"acme==1\r\n", b"acme==1\r", b"acme==1\x0cother", b"\n\n# coding: latin-1\nacme==1"),
        "# caf\u00e9\u2028acme==1".encode(),
    ],
)
def test_encodings_and_line_breaks(data: bytes) -> None:
    result = read(data)
    assert [(pin.name, pin.version) for pin in result.pins] == [("acme", "1")]
    assert result.unreadable == ()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"acme==1\n# caf\xe9\n", "byte 13 of it is not utf-8"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8", "is not utf-16-le"),
        (b"# -*- coding: latin-1 -*-\nacme==1\n", "names the encoding latin-1"),
        (b"acme==1\n# coding=rot13\n", "names the encoding rot13"),
        ("acme==1\n".encode("utf-16-le"), "NUL bytes"),
        (b"acme==1\n\0", "NUL bytes"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:x\n", "fetch it with Git LFS"),
        (b"#" * (limits.PIN_FILE_BYTES + 1), "limit of 4194304"),
    ],
)
def test_a_file_that_is_no_text_is_refused_whole(data: bytes, why: str) -> None:
    result = read(data)
    (aside,) = result.unreadable
    assert why in aside.why
    assert (aside.text, aside.at) == (TOP, at(0))
    assert result == PinFile(unreadable=result.unreadable)


def test_very_many_lines_and_bytes_end_at_a_limit() -> None:
    many = read("x=\n" * 60_000)
    assert "limit of 50000 lines" in many.unreadable[-1].why
    assert len(many.unreadable) == 50_001

    big = b"#" * (limits.PIN_FILE_BYTES - 100)
    files: dict[str, str | bytes] = {f"{number}.txt": big for number in range(6)}
    files[TOP] = "".join(f"-r {name}\n" for name in files)
    total = read_in(files)
    assert [aside.at for aside in total.unreadable] == [at(0, "4.txt"), at(0, "5.txt")]


@pytest.mark.parametrize(
    "text",
    [
        *(" " * 1_000_000 + "x", "\\\n" * 500_000, "a" + "[" * 19_000 + "]", "//" * 500_000),
        *("-" * 900_000, "--pre " * 9_000, "a==" + "1." * 9_000 + "x", "a==1" + " " * 19_000 + "!"),
        *("-f '" + "x" * 19_000, "a; " + "(" * 19_000, "a; '" + "x" * 19_000, "${" * 500_000),
    ],
)
def test_hostile_lines_take_no_time_to_speak_of(text: str) -> None:
    """A quadratic step would take minutes here, and a recursive one would raise."""
    read(f"{text}\n")


_HASHED = f"--hash=sha256:{A}"
_PIECES = st.sampled_from(
    ["acme", "A.b_c", "acme-", "-e", "==", "===", " == ", "1.0", "01", "1.", "9" * 10, ".zip", ";",
     "; python_version < '3.12'", "; x", "; '-' in sys_platform", " ", "  ", "\t", "\\", "$",
     "${X}",
     "[x]", _HASHED, f" {_HASHED}", f" --hash sha256:{A}", f" --hash=sha256:{B}", "--hash=md5:0",
     "@", "http://a/b", "@http://a/b", "#", "-r x.txt", ",", "!=2", "*"]
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(_PIECES, max_size=7).map("".join))
@example(f"acme==1.0 ; python_version < '3.12' {_HASHED} {_HASHED}")
@example(f"acme==1.0; python_version < '3.12'{_HASHED}")
@example(f"acme==1.0{_HASHED}")
@example("acme==1.0;")
@example("A.b_c == 01.0")
def test_what_is_read_at_a_glance_is_what_the_parsers_read(line: str) -> None:
    usual = read(line)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requirements, "_USUAL", re.compile(r"(?!)"))
        assert read(line) == usual


@pytest.mark.parametrize(
    "line",
    [
        f"acme==1.0 \\\n  {_HASHED} \\\n  --hash=sha256:{B}",
        "acme==1.0; python_version < '3.12'",
        "A.b_c == 01.0",
    ],
)
def test_usual_lines_are_read_at_a_glance(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> None:
        raise AssertionError("it went the long way")

    monkeypatch.setattr(requirements, "_requirement", slow)
    monkeypatch.setattr(requirements, "_options", slow)
    assert len(read(line).pins) == 1


def test_what_a_file_says_is_read_once_and_up_to_the_limit_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files: dict[str, str | bytes] = {
        TOP: "-r base.txt\na==1\n",
        "other.txt": "b==1\nc==1\nd==1\n-r base.txt\n",
        "base.txt": "x==1\ny==1\n",
    }
    known: Known = {}

    def get(name: str) -> bytes | None:
        return str(files[name]).encode()

    first = read_requirements(TOP, get, known)
    assert len(known) == 2
    assert read_requirements(TOP, get, known) == first == read_requirements(TOP, get)
    # Of what is known from elsewhere, no more counts than a reading of its own would take.
    monkeypatch.setattr(requirements, "_LINES", 5)
    for again in (known, {}):
        cut = read_requirements("other.txt", get, again)
        assert [pin.name for pin in cut.pins] == ["b", "c", "d", "x"]
        assert "limit of 5 lines" in cut.unreadable[0].why
    assert read_requirements(TOP, get, known) == first
