"""Locks, as each tool writes them, say what is pinned, by which files, and from where."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stigmem_review.model import Location
from stigmem_review.pins.formats import format_of
from stigmem_review.pins.model import Known, Pin, PinFile

A, B, C = ("a" * 64, "b" * 64, "c" * 64)

UV = f"""\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "acme-node"
version = "1.0"
source = {{ virtual = "." }}
dependencies = [{{ name = "acme-ledger" }}]

[[package]]
name = "acme-ledger"
version = "1.0.1"
source = {{ registry = "https://user:secret@index.example/simple" }}
sdist = {{ url = "https://files.example/acme_ledger-1.0.1.tar.gz", hash = "sha256:{B}", size = 1 }}
wheels = [
    {{ url = "https://files.example/acme_ledger-1.0.1-py3-none-any.whl", hash = "sha256:{A}" }},
]

[[package]]
name = "forked"
version = "2.0"
source = {{ registry = "https://index.example/simple" }}
resolution-markers = ["python_full_version < '3.13'"]

[[package]]
name = "here"
version = "0.1"
source = {{ editable = "plugins/here" }}

[[package]]
name = "there"
version = "0.1"
source = {{ git = "https://user:secret@git.example/there?rev=v1#0123abcd" }}
"""

POETRY = f"""\
[[package]]
name = "acme_Ledger"
version = "1.0.1"
description = ""
optional = false
python-versions = ">=3.11"
groups = ["main"]
markers = "python_version < '3.13'"
files = [
    {{file = "acme_ledger-1.0.1-py3-none-any.whl", hash = "sha256:{A}"}},
    {{file = "acme_ledger-1.0.1.tar.gz", hash = "sha256:{B}"}},
]

[package.source]
type = "legacy"
url = "https://index.example/simple"
reference = "private"

[[package]]
name = "here"
version = "0.1"
files = []

[package.source]
type = "directory"
url = "plugins/here"

[[package]]
name = "there"
version = "0.1"
files = []

[package.source]
type = "git"
url = "https://git.example/there"
reference = "v1"
resolved_reference = "0123abcd"

[metadata]
lock-version = "2.1"
"""

OLD_POETRY = f"""\
[[package]]
name = "acme-ledger"
version = "1.0.1"

[metadata]
lock-version = "1.1"

[metadata.files]
acme-ledger = [{{file = "acme_ledger-1.0.1-py3-none-any.whl", hash = "sha256:{A}"}}]
"""

PDM = f"""\
[metadata]
lock_version = "4.5.0"

[[package]]
name = "acme-ledger"
version = "1.0.1"
marker = "python_version < \\"3.13\\""
files = [{{file = "acme_ledger-1.0.1-py3-none-any.whl", hash = "sha256:{A}"}}]

[[package]]
name = "here"
version = "0.1"
path = "./plugins/here"
editable = true

[[package]]
name = "there"
version = "0.1"
git = "https://git.example/there"
revision = "0123abcd"
"""

PYLOCK = f"""\
lock-version = "1.0"
created-by = "acme"

[[packages]]
name = "acme-ledger"
version = "1.0.1"
index = "https://index.example/simple"
marker = "python_version < '3.13'"
sdist = {{ url = "https://files.example/a.tar.gz", hashes = {{ md5 = "0", sha256 = "{B}" }} }}
wheels = [{{ name = "acme_ledger-1.0.1-py3-none-any.whl", hashes = {{ sha256 = "{A}" }} }}]

[[packages]]
name = "here"
directory = {{ path = "plugins/here" }}

[[packages]]
name = "there"
vcs = {{ type = "git", url = "https://git.example/there", commit-id = "0123abcd" }}
"""

PIPENV = json.dumps(
    {
        "_meta": {"sources": [{"name": "private", "url": "https://index.example/simple"}]},
        "default": {
            "acme-ledger": {
                "hashes": [f"sha256:{A}"],
                "index": "private",
                "markers": "python_version < '3.13'",
                "version": "==1.0.1",
            },
            "here": {"editable": True, "path": "./plugins/here"},
        },
        "develop": {"there": {"git": "https://git.example/there", "ref": "0123abcd"}},
    },
    indent=4,
)

LOCKS = {
    "uv.lock": UV,
    "poetry.lock": POETRY,
    "pdm.lock": PDM,
    "pdm.prod.lock": PDM,
    "pylock.toml": PYLOCK,
    "pylock.prod.toml": PYLOCK,
    "Pipfile.lock": PIPENV,
}


def read(path: str, text: str | bytes, known: Known | None = None) -> PinFile:
    one = format_of(path)
    assert one is not None
    data = text if isinstance(text, bytes) else text.encode()
    return one.read(path, {path: data}.get, {} if known is None else known)


@pytest.mark.parametrize("name", LOCKS)
def test_a_release_of_an_index_is_a_pin_where_it_stands(name: str) -> None:
    text = LOCKS[name]
    found = read(f"deploy/{name}", text)
    pin = found.pins[0]
    assert (pin.name, pin.version) == ("acme-ledger", "1.0.1")
    assert f"sha256:{A}" in pin.hashes
    assert pin.at.path == f"deploy/{name}"
    around = "\n".join(text.splitlines()[pin.at.line - 1 : pin.at.line + 2]).lower()
    assert re.search("acme.ledger", around)
    assert found.unreadable == ()


@pytest.mark.parametrize("name", LOCKS)
def test_a_folder_and_what_is_of_no_index_is_told_apart(name: str) -> None:
    found = read(f"deploy/{name}", LOCKS[name])
    assert [each.folder.replace("/./", "/") for each in found.local] == ["deploy/plugins/here"]
    [there] = found.unfollowed
    assert there.text.startswith("there @ ")
    assert "0123abcd" in there.text


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pylock.toml", "Pipfile.lock"])
def test_the_index_is_named_without_credentials(name: str) -> None:
    found = read(name, LOCKS[name])
    assert [each.text for each in found.options] == ["index https://index.example/simple"]
    assert "secret" not in str(found)


@pytest.mark.parametrize("name", ["poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock"])
def test_the_marker_is_that_of_the_lock(name: str) -> None:
    assert read(name, LOCKS[name]).pins[0].marker == 'python_version < "3.13"'


def test_forks_and_old_locks_are_read() -> None:
    fork = read("uv.lock", UV).pins[1]
    assert fork.marker == 'python_full_version < "3.13"'
    assert read("poetry.lock", OLD_POETRY).pins == (
        Pin("acme-ledger", "1.0.1", (f"sha256:{A}",), "", Location("poetry.lock", 1)),
    )


@pytest.mark.parametrize("name", LOCKS)
@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (b"\xff", "UTF-8"),
        (b"[", "it is no lock that can be read"),
        (b'package = 1\npackages = 1\n{"a": 1}', "it is no lock that can be read"),
    ],
)
def test_what_is_no_lock_says_why(name: str, broken: bytes, why: str) -> None:
    [line] = read(name, broken).unreadable
    assert why in line.why
    assert (line.text, line.at) == (name, Location(name, 0))


def test_an_entry_that_cannot_be_read_costs_no_other() -> None:
    found = read("uv.lock", UV.replace('version = "2.0"', 'version = "two"'))
    assert [pin.name for pin in found.pins] == ["acme-ledger"]
    assert [each.text for each in found.unreadable] == ["forked"]
    found = read("pdm.lock", PDM.replace("python_version", "pythonversion"))
    assert [each.text for each in found.unreadable] == ["acme-ledger==1.0.1"]


def test_a_lock_that_two_revisions_share_is_read_once() -> None:
    known: Known = {}
    first = read("uv.lock", UV, known)
    assert read("uv.lock", UV, known) is first
    assert read("uv.lock", UV.replace("1.0.1", "1.0.2"), known).pins[0].version == "1.0.2"


@pytest.mark.network
def test_a_lock_that_uv_writes_is_read(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    scripts = venv / ("Scripts" if sys.platform == "win32" else "bin")

    def run(*command: str) -> None:
        subprocess.run(command, check=True, cwd=tmp_path)

    run(sys.executable, "-m", "venv", str(venv))
    run(str(scripts / "python"), "-m", "pip", "install", "--quiet", "uv")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "acme"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["idna==3.10"]\n'
    )
    uv = str(scripts / "uv")
    run(uv, "lock", "--quiet")
    given = ("--format", "pylock.toml", "--output-file", "pylock.toml", "--no-emit-project")
    run(uv, "export", "--quiet", *given)
    locks = [read(name, (tmp_path / name).read_bytes()) for name in ("uv.lock", "pylock.toml")]
    [one], [other] = (each.pins for each in locks)
    assert (one.name, one.version, len(one.hashes)) == ("idna", "3.10", 2)
    assert one.hashes == other.hashes
