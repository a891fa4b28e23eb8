"""What pip takes as a pin is a pin here, and nothing else is: both read the same files.

pip is that of the environment the tests run in. Three differences are meant, and each is tested
as one: what pip refuses only because a path is not there is not followed here; a few lines are
read more strictly (``STRICTER``); and this reading does not change with the version of pip.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from packaging.specifiers import InvalidSpecifier, Specifier
from packaging.utils import canonicalize_name
from packaging.version import Version

from stigmem_review.pins.formats.requirements import read_requirements
from stigmem_review.pins.model import PinFile

A = "a" * 64
B = "b" * 64
TOP = "requirements.txt"

Pinned = tuple[str, str, tuple[str, ...], str, int]


class ByPip(NamedTuple):
    pins: set[Pinned]
    """Name, version, hashes, file and line, up to where pip stopped."""

    refused: str
    """Why pip would install nothing of it, or nothing if it would."""

    stopped: bool
    """Whether pip stopped reading there."""

    legacy: bool
    """Whether pip took a specifier that packaging refuses today, as it did before 24.1."""


def by_pip(folder: Path) -> ByPip:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _by_pip(folder)


@cache
def _session() -> Any:
    """Return what pip would fetch files with: to make one it starts other commands."""
    return import_module("pip._internal.network.session").PipSession()


def _by_pip(folder: Path) -> ByPip:
    req_file: Any = import_module("pip._internal.req.req_file")
    constructors: Any = import_module("pip._internal.req.constructors")
    pins: set[Pinned] = set()
    refused, legacy = "", False
    parsed = req_file.parse_requirements(str(folder / TOP), session=_session())
    while True:
        try:
            each = next(parsed)
        except StopIteration:
            return ByPip(pins, refused, False, legacy)
        except Exception as error:  # whatever it is, pip stops
            return ByPip(pins, f"{type(error).__name__}: {error}", True, legacy)
        try:
            found = constructors.install_req_from_parsed_requirement(each)
        except Exception as error:
            refused = refused or f"{type(error).__name__}: {error}"
            continue
        if found.link is not None or found.editable or found.req is None:
            continue
        version = exact_version(found.req.specifier)
        legacy = legacy or version is None
        if version:
            where, _, line = (
                each.comes_from.removeprefix("-r ").removeprefix("-c ").rpartition(" (line ")
            )
            hashes = {
                f"{name}:{digest.lower()}"
                for name, digests in found.hash_options.items()
                for digest in digests
            }
            path = Path(where).resolve().relative_to(folder.resolve()).as_posix()
            name = canonicalize_name(found.req.name)
            pins.add((name, version, tuple(sorted(hashes)), path, int(line.rstrip(")"))))


def exact_version(specifiers: Any) -> str | None:
    """Return the version of a pin, ``""`` if it is none, None if packaging refuses it today."""
    try:
        today = [Specifier(str(each)) for each in specifiers]
    except InvalidSpecifier:
        return None
    exact = [
        each.version for each in today if each.operator == "==" and not each.version.endswith(".*")
    ]
    if any(each.operator == "===" for each in today):
        # One that pip compares as text is a pin all the same, as far as it is a version.
        return today[0].version if len(today) == 1 and is_version(today[0].version) else ""
    if len(set(map(Version, exact))) != 1:
        return ""
    return exact[0] if specifiers.contains(exact[0], prereleases=True) else ""


def is_version(text: str) -> bool:
    try:
        Version(text)
    except ValueError:
        return False
    return True


def by_us(folder: Path) -> PinFile:
    def get(path: str) -> bytes | None:
        file = folder / path
        return file.read_bytes() if file.is_file() else None

    return read_requirements(TOP, get)


def pinned(found: PinFile) -> set[Pinned]:
    return {(pin.name, pin.version, pin.hashes, pin.at.path, pin.at.line) for pin in found.pins}


def write(folder: Path, text: str) -> None:
    files = {
        TOP: text,
        "base.txt": "base==1.0\n",
        "more/next.txt": f"-c last.txt\n\nnext==2 --hash=sha256:{B}\n",
        "more/last.txt": "last==3\n",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content.encode())


ALIKE = [
    "",
    "\n# nothing\n   \n",
    "acme==1.0",
    "acme==1.0\r\nother==2.0\r\n",
    "acme==1.0\rother==2.0",
    "acme==1.0\x0cother==2.0\x1cthird==3\u2028fourth==4\x85",
    "\ufeffacme==1.0\n",
    "Acme.Rocket_Skates == 1.0\n",
    "acme[fast, safe] == 1.0\n",
    "acme (== 1.0)\n",
    "acme==1.0,>=0.9,!=1.1\n",
    "acme==1.0,>2\n",
    "acme==1.0,==1.1\n",
    "acme==1.0,==1.0\n",
    "acme==1.*\n",
    "acme===1.0\n",
    "acme==v1.0\n",
    "acme==1!2.0.post1+local.7\n",
    "acme\nacme>=1\nacme~=1.0\nacme<2,>1\n",
    "acme==1.0;python_version>'2'\n",
    "acme==1.0 ; python_version > '2' and (os_name == 'nt' or extra == 'x')\n",
    "acme==1.0;\n",
    "acme==1.0; python_version\n",
    "acme==1.0 # comment\nother==2#no comment\n",
    "acme==1.0\t# comment\n",
    "#acme==1.0\n # acme==1.0\n",
    "acme==1.0 \\\n--hash=sha256:" + A,
    f"acme==1.0 \\\n  --hash=sha256:{A} \\\n  --hash=sha256:{B}\n\nother==2\n",
    f"acme==1.0 --hash sha256:{A.upper()} --hash='sha256:{B}'\n",
    f'acme==1.0 "--hash=sha256:{A}"\n',
    f"acme==1.0 --has=sha256:{A} --hash=sha512:{A}{B}\n",
    f"acme==1.0 --hash=sha384:{'c' * 96}\n",
    f"acme==1.0 --hash=md5:{'c' * 32}\n",
    f"acme==1.0 --hash=SHA256:{A}\n",
    f"acme==1.0 --hash={A}\n",
    f"acme==1.0\t--hash=sha256:{A}\n",
    f"acme==1.0 \t--hash=sha256:{A}\n",
    f"acme==1.0 --hash=sha256:{A}\t--hash=sha256:{B}\n",
    "acme==1.0 \\\n# comment\nother==2\n",
    "acme==\\\n1.0\n",
    "ac\\\nme\\\n==1.0\\\n",
    "\\\n\\\nacme==1.0\n",
    "\\acme==1.0\\\\\\\n\\,>0\n",
    "acme==1.0 \\ \nother==2\n",
    "acme==1.0 --pre\n",
    "acme==1.0 --index-url https://example.org/simple -r base.txt\n",
    "acme==1.0 --config-settings a=b -C c=d\n",
    "acme==1.0 --config-settings a\n",
    "-r base.txt\nacme==1.0\n",
    "-rbase.txt\n-c more/next.txt\nacme==1.0\n",
    "--requirement=more/../base.txt\n--constraint ./more/next.txt\n",
    "--requirem base.txt\n--cons more/last.txt\n",
    "-r 'base.txt' -r more/last.txt -c more/next.txt\n",
    "-c more/last.txt -c base.txt --pre\n",
    "-r=base.txt\n",
    "-r missing.txt\nacme==1.0\n",
    "-r\n",
    "--require base.txt\n",
    "-i https://example.org/simple\n--extra-index-url=https://example.org/x\n--no-index\n",
    "--find-links wheels -f other\n--trusted-host example.org\n--prefer-binary --pre\n",
    "--no-binary :all: --only-binary acme,other\n--require-hashes\nacme==1.0\n",
    "--no-binary=-x\n",
    "--use-feature fast-deps\nacme==1.0\n",
    "--pypi-url https://example.org/simple\nacme==1.0\n",
    "--no-such-option\nacme==1.0\n",
    "-x\n",
    "--pre=1\n",
    "--index-url 'https://example.org\n",
    "acme==1.0 --hash=sha256:" + A + " \\\n'\n",
    "--help\n",
    "acme=1.0\n",
    "acme==\n",
    "acme==1.0 other==2.0\n",
    "==1.0\n",
    "acme.zip\nacme==1.0\n",
    "acme==1.0.zip\n",
    "acme.tar.gz[x]\n",
    "acme===1,== 1\n",
    "acme @ https://example.org/acme-1.0.zip\nother==2\n",
    "acme@https://example.org/acme-1.0-py3-none-any.whl ; os_name == 'nt'\n",
    "https://example.org/acme-1.0-py3-none-any.whl\nother==2\n",
    f"https://example.org/acme-1.0.zip;x --hash=sha256:{A}\n",
    "git+https://example.org/acme.git@v1.0#egg=acme\nother==2\n",
    "git+nope://example.org/acme.git\n",
    "https://[example.org/acme\n",
    "-e git+https://example.org/acme.git#egg=acme\nother==2\n",
    "-e git+https://example.org/acme.git#egg=acme -r base.txt\n",
    "./no/such/path\nother==2\n",
    "acme==1.0 // comment\n",
    "ac\u00e9me==1.0\n",
    "acme==\u0661.0\n",
    "acme\u00a0==1.0\n",
    "acme==1.0\u00a0# comment\n",
]

STRICTER = {
    f"--hash=sha256:{A}\n": "a hash without its requirement, which pip ignores",
    f"acme==1.0 \\\n# comment \\\n  --hash=sha256:{A}\n": "a comment cuts a hash off",
    "acme==1.0 --hash=sha256:abc\n": "a hash that no file has",
    f"acme==1.0 --hash=sha256:{A} ; os_name=='nt'\n": "words that pip ignores",
    "--pre acme==1.0\n": "words that pip ignores",
    "acme==1.0; os_name=='\\x61'\n": "an escape in a marker",
    "# coding: latin-1\nacme==1.0\n": "another encoding",
}


MEANT = ("pip ignores", "belongs to no requirement", "is no hash", "has a backslash in it")


def check(folder: Path, text: str, *meant: str) -> None:
    """Check that both read ``text`` alike, but for lines that are refused as ``meant``."""
    write(folder, text)
    theirs, ours = by_pip(folder), by_us(folder)
    unlike = [aside for aside in ours.unreadable if not any(why in aside.why for why in meant)]
    apart = {(aside.at.path, aside.at.line) for aside in ours.unreadable if aside not in unlike}
    pins = {pin for pin in theirs.pins if pin[3:] not in apart}
    our_pins = {pin for pin in pinned(ours) if pin[3:] not in apart}
    assert pins <= our_pins if theirs.stopped else pins == our_pins
    if theirs.refused or theirs.legacy:
        assert ours.unreadable or paths(ours), theirs.refused
    else:
        assert unlike == []


def paths(found: PinFile) -> list[str]:
    return [
        *(each.text for each in found.local),
        *(
            aside.text
            for aside in found.unfollowed
            if "local" in aside.why or "URL" in aside.why or "in place" in aside.why
        ),
    ]


@pytest.mark.parametrize("text", ALIKE)
def test_read_alike(tmp_path: Path, text: str) -> None:
    check(tmp_path, text)


@pytest.mark.parametrize("text", STRICTER)
def test_read_more_strictly(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    assert not by_pip(tmp_path).refused
    assert by_us(tmp_path).unreadable


def test_a_variable_is_never_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_VERSION", "1.0")
    write(tmp_path, "acme==${ACME_VERSION}\n")
    assert {pin[:2] for pin in by_pip(tmp_path).pins} == {("acme", "1.0")}
    assert by_us(tmp_path).pins == ()
    assert len(by_us(tmp_path).unfollowed) == 1


BLANKS = st.sampled_from(["", " ", "  ", "\t"])
NAMES = st.sampled_from(["acme", "Acme_Two", "a.b-c", "x9", "acme[fast]", "acme [a,b]"])
VERSIONS = st.sampled_from(["1", "1.0", "2.0a1", "1!3", "1.0+x.1", "1.*", "1.0.post1", "v2"])
OPERATORS = st.sampled_from(["==", "==", "==", "==", ">=", "!=", "===", "<"])
HASHES = st.sampled_from([f"sha256:{A}", f"sha256:{B.upper()}", f"sha512:{A}{B}"])
MARKERS = ["", "", "", ";os_name=='nt'", " ; (python_version > '3')", ";", '; extra == "x"']
JOINS = st.sampled_from([" ", "  ", " \\\n", " \\\n    ", " \\\r\n\t", "\t", "\\\n"])
ENDS = st.sampled_from(["", "", " # why", "  #", "#x", " \\\n# why", " \\", "\t#\\"])
BREAKS = st.sampled_from(["\n", "\n", "\r\n", "\n\n", "\r", "\x0c"])
OTHER_LINES = st.sampled_from(
    [
        *("# acme==1", "   ", "\\", "-r base.txt", "-c more/next.txt", "--requirem=base.txt"),
        *("--pre", "-i https://example.org/simple", "--no-binary :all:", "--require-hashes"),
        *("https://example.org/acme-1.0.zip", "acme @ https://example.org/x.zip", "acme.zip"),
        *("-r missing.txt", "--nope", "acme=1", "-r", "--pre=1", "acme==1 b", "acme==1 --hash=x"),
    ]
)


@st.composite
def requirements(draw: st.DrawFn) -> str:
    specifier = ",".join(
        draw(OPERATORS) + draw(BLANKS) + draw(VERSIONS)
        for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2])))
    )
    line = draw(NAMES) + draw(BLANKS) + specifier + draw(st.sampled_from(MARKERS))
    for each in draw(st.lists(HASHES, max_size=3)):
        line += draw(JOINS) + draw(st.sampled_from(["--hash=", "--hash ", "--ha="])) + each
    return line + draw(ENDS)


LINES = st.one_of(requirements(), requirements(), requirements(), OTHER_LINES)
FILES = st.lists(st.tuples(LINES, BREAKS), max_size=6).map(
    lambda lines: "".join(line + end for line, end in lines)
)


@given(FILES)
@example("acme==1.0\n")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_generated_files_are_read_alike(tmp_path: Path, text: str) -> None:
    check(tmp_path, text, *MEANT)


@given(st.text(alphabet=st.sampled_from(list("ab=1.,;#\\ \t\n\r-'\"[]()@<>!~$/:\x0c\u00e9*"))))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_text_raises_or_becomes_a_pin_of_its_own(tmp_path: Path, text: str) -> None:
    check(tmp_path, text, *MEANT)
