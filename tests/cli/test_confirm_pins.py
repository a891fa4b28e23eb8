"""Pins with their hashes, in a requirements file or a lock, are of what was reviewed, or not."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from stigmem_review import cli
from support.index_server import File, IndexServer
from support.plugins import plugin, write_project, write_wheel

KEY = "pkg:pypi/stigmem-review#receipt"
SDIST, OTHER = "a" * 64, "b" * 64


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def pin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The pin of a release that was reviewed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    wheel = write_wheel(Path("wheels"), plugin())
    assert cli.run(["diff", "none", str(wheel), "--receipt", "r.json", "--fail-on", "error"]) == 0
    return f"demo-plugin==1.0.0 --hash=sha256:{sha256(wheel)}"


Confirm = Any


@pytest.fixture
def confirm(capsys: pytest.CaptureFixture[str]) -> Confirm:
    def run(text: str, name: str = "requirements.txt", *more: str) -> tuple[int, str]:
        Path(name).write_bytes(text.encode())
        option = "--requirements" if name.endswith(".txt") else "--lock"
        capsys.readouterr()
        code = cli.run(["confirm", "r.json", option, name, *more])
        out, err = capsys.readouterr()
        return code, " ".join((out + err).split())

    return run


def test_a_receipt_prints_what_it_then_confirms(
    pin: str, confirm: Confirm, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["receipt", "r.json"]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[-1] == pin
    code, said = confirm(printed.splitlines()[-1])
    assert (code, "demo-plugin 1.0.0: as reviewed at requirements.txt:1" in said) == (0, True)
    continued = pin.replace(" --", " \\\r\n  --")
    assert confirm(f"# a remark\r\n{continued}\r\n")[0] == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("demo-plugin==1.0.0", "it has no hash, so that nothing says which file is installed"),
        (f"demo-plugin==1.0.0 --hash=sha256:{OTHER}", "none of its hashes is that of a file"),
        (f"{{pin}} --hash=sha256:{OTHER}", "it also allows files that no receipt is about: sha25"),
        (f"{{pin}} --hash=sha512:{OTHER * 2}", "it also allows files that no receipt is about"),
        (f"demo-plugin==1.0.1 --hash=sha256:{OTHER}", "r.json is about 1.0.0; write"),
        ("demo-plugin>=1", "it names no single release"),
        ("{pin}\n./project", "it installs what a folder holds"),
        ("{pin}\n-e project", "it installs what a folder holds"),
    ],
)  # fmt: skip
def test_what_allows_other_files_is_refused(
    pin: str, confirm: Confirm, line: str, said: str
) -> None:
    write_project(Path("project"), plugin("other-plugin"), name="other-plugin")
    code, out = confirm(line.format(pin=pin))
    assert code == 1
    assert said in out


def test_the_hash_of_another_release_is_refused(pin: str, confirm: Confirm) -> None:
    code, said = confirm(pin.replace("demo-plugin==1.0.0", "other-plugin==1.0.0"))
    assert (code, "its hash is that of demo-plugin 1.0.0" in said) == (1, True)


@pytest.mark.parametrize(
    "line",
    [
        "requests",
        "-r nowhere.txt",
        "demo plugin==1",
        "other @ https://acme.example/other-1.0.tar.gz",
        f"other==1.0 --hash=sha256:{OTHER}",
        "./nowhere",
    ],
)
def test_what_nothing_can_be_said_of_confirms_nothing(
    pin: str, confirm: Confirm, line: str
) -> None:
    code, said = confirm(f"{pin}\n{line}\n")
    assert code == 3
    assert "INCOMPLETE" in said


def test_includes_constraints_markers_and_folders_without_plugins_are_read_through(
    pin: str, confirm: Confirm
) -> None:
    Path("more").mkdir()
    Path("more/constraints.txt").write_text(f"{pin}\n")
    write_project(Path("app"), {"app/__init__.py": ""}, name="app", entry_points="")
    code, said = confirm(
        'demo-plugin\n-c more/constraints.txt\nold==1.0; python_version < "3"\n./app\n'
    )
    assert code == 0, said


def test_the_sdist_that_was_compared_is_allowed_beside_a_wheel_that_fits_everywhere(
    pin: str, confirm: Confirm
) -> None:
    both = f"{pin} --hash=sha256:{SDIST}"
    assert confirm(both)[0] == 1
    receipt = json.loads(Path("r.json").read_text())
    review = receipt["predicate"][KEY]
    review["sdists"] = [{"name": "demo_plugin-1.0.0.tar.gz", "digest": {"sha256": SDIST}}]
    Path("r.json").write_text(json.dumps(receipt))
    assert confirm(both)[0] == 0
    assert confirm(f"demo-plugin==1.0.0 --hash=sha256:{SDIST}")[0] == 1
    review["artifact"]["name"] = "demo_plugin-1.0.0-cp312-cp312-linux_x86_64.whl"
    Path("r.json").write_text(json.dumps(receipt))
    assert confirm(both)[0] == 1


def test_going_back_is_printed_and_confirmed(
    pin: str, confirm: Confirm, capsys: pytest.CaptureFixture[str]
) -> None:
    old = next(Path("wheels").iterdir())
    new = write_wheel(Path("wheels"), plugin(version="1.0.1"), version="1.0.1")
    assert cli.run(["diff", str(old), str(new), "--receipt", "r.json"]) == 0
    capsys.readouterr()
    assert cli.run(["receipt", "r.json"]) == 0
    assert capsys.readouterr().out == f"demo-plugin==1.0.1 --hash=sha256:{sha256(new)}\n"
    assert cli.run(["receipt", "r.json", "--back"]) == 0
    assert capsys.readouterr().out == f"{pin}\n"
    code, said = confirm(pin)
    assert (code, "it is what ran before 1.0.1, by r.json" in said) == (1, True)
    assert "to go back to it, add --back" in said
    assert confirm(pin, "requirements.txt", "--back")[0] == 0
    code, said = confirm(pin.replace("==1.0.0", "==1.0.1"))
    assert (code, "its hash is that of demo-plugin 1.0.0" in said) == (1, True)
    assert "--back" not in said
    unhashed, _, _ = pin.partition(" ")
    code, said = confirm(unhashed)
    assert (code, "r.json is about 1.0.1; to go back to it, add --back, and write" in said) == (
        1,
        True,
    )
    code, said = confirm(unhashed.replace("1.0.0", "0.9.0"))
    assert (code, "--back" in said) == (1, False)


def _changed(change: dict[str, Any], review: dict[str, Any]) -> None:
    receipt = json.loads(Path("r.json").read_text())
    receipt["predicate"].update(change)
    receipt["predicate"][KEY].update(review)
    Path("r.json").write_text(json.dumps(receipt))


@pytest.mark.parametrize(
    ("change", "review", "back", "said"),
    [
        ({"verificationResult": "FAILED"}, {}, False, "did not pass; nothing installs it"),
        (
            {},
            {"previous": {"name": "x", "version": "0.9", "back": False}},
            True,
            "demo-plugin cannot go back from 1.0.0 to 0.9: no file is known of it",
        ),
        (
            {},
            {"previous": {"name": "x", "version": "1", "back": False, "digest": {"sha256": OTHER}}},
            True,
            "its review found no way back",
        ),
    ],
)
def test_what_must_not_be_installed_is_not_printed(
    pin: str,
    change: dict[str, Any],
    review: dict[str, Any],
    back: bool,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _changed(change, review)
    capsys.readouterr()
    assert cli.run(["receipt", "r.json", *(["--back"] if back else [])]) == 1
    out, err = capsys.readouterr()
    assert (out, said in err) == ("", True)


def test_nothing_to_go_back_to_is_a_remark(
    pin: str, confirm: Confirm, capsys: pytest.CaptureFixture[str]
) -> None:
    _changed({}, {"previous": None})
    capsys.readouterr()
    assert cli.run(["receipt", "r.json", "--back"]) == 0
    out = capsys.readouterr().out
    assert out == "# demo-plugin: nothing ran before 1.0.0; uninstall it\n"


UV = """version = 1
[[package]]
name = "app"
version = "1"
source = {{ virtual = "." }}

[[package]]
name = "demo-plugin"
version = "1.0.0"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://x.example/d.whl", hash = "sha256:{sha256}" }}]
"""
POETRY = """[[package]]
name = "demo-plugin"
version = "1.0.0"
files = [{{file = "demo_plugin-1.0.0-py3-none-any.whl", hash = "sha256:{sha256}"}}]
"""


@pytest.mark.parametrize(("name", "text"), [("uv.lock", UV), ("poetry.lock", POETRY)])
def test_a_lock_is_held_against_receipts(pin: str, confirm: Confirm, name: str, text: str) -> None:
    mine = pin.rpartition(":")[2]
    code, said = confirm(text.format(sha256=mine), name)
    assert (code, "demo-plugin 1.0.0: as reviewed" in said) == (0, True)
    code, said = confirm(text.format(sha256=OTHER), name)
    assert (code, "none of its hashes is that of a file" in said) == (1, True)
    assert confirm(text.format(sha256=mine)[:-20], name)[0] == 3


def test_a_file_of_this_machine_is_held_against_receipts(pin: str, confirm: Confirm) -> None:
    wheel = next(Path("wheels").iterdir())
    for line in (f"./{wheel}", f"{wheel} --hash=sha256:{sha256(wheel)}"):
        code, said = confirm(line)
        assert (code, f"demo-plugin 1.0.0: as reviewed at {wheel}" in said) == (0, True)
    lib = write_wheel(Path("wheels"), {"lib.py": ""}, name="lib", entry_points="")
    code, said = confirm(f"./{wheel}\n./{lib}\n")
    assert (code, "1 other is none" in said) == (0, True)
    other = write_wheel(Path("wheels"), plugin("other-plugin"), name="other-plugin")
    code, said = confirm(f"./{wheel}\n./{other}\n")
    assert (code, f"{other}: it is a plugin without a receipt" in said) == (1, True)
    write_wheel(Path("wheels"), plugin() | {"demo_plugin/more.py": ""})
    code, said = confirm(f"./{wheel}")
    assert (code, "these are not the bytes that were reviewed" in said) == (1, True)
    assert confirm("./wheels/demo_plugin-1.0.1-py3-none-any.whl")[0] == 3


def test_a_path_that_can_mean_two_files_counts_as_both(pin: str, confirm: Confirm) -> None:
    wheel = next(Path("wheels").iterdir())
    other = write_wheel(Path("deploy", "wheels"), plugin() | {"demo_plugin/more.py": ""})
    code, said = confirm(f"./{wheel}", "deploy/requirements.txt")
    assert (code, f"at {wheel}" in said, f"at {other}" in said) == (1, True, True)
    other.write_bytes(wheel.read_bytes())
    assert confirm(f"./{wheel}", "deploy/requirements.txt")[0] == 0


def test_pins_without_a_receipt_are_looked_up(
    pin: str, confirm: Confirm, index: IndexServer
) -> None:
    lib = write_wheel(Path("served"), {"lib.py": ""}, name="lib", entry_points="")
    other = write_wheel(Path("served"), plugin("other-plugin"), name="other-plugin")
    index.offer("lib", File(lib.name, lib.read_bytes()))
    index.offer("other-plugin", File(other.name, other.read_bytes()))
    code, said = confirm(f"{pin}\nlib==1.0.0\n")
    assert (code, "1 other is none" in said) == (0, True)
    code, said = confirm(f"{pin}\nlib==1.0.0\nother-plugin==1.0.0\n")
    assert (code, "other-plugin==1.0.0: it is a plugin without a receipt" in said) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--lock", "requirements.txt"),
        ("--lock", "my.lock"),
        ("--requirements", "nowhere.txt"),
        ("--requirements", "wheels"),
        ("--requirements", ""),
        ("--requirements", "requirements.txt", "--lock", "uv.lock"),
    ],
)
def test_a_wrong_request_is_one_line(
    pin: str, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("requirements.txt", "my.lock", "uv.lock"):
        Path(name).write_text("")
    capsys.readouterr()
    try:
        code = cli.run(["confirm", "r.json", *arguments])
    except SystemExit as stop:
        code = int(stop.code or 0)
    assert (code, len(capsys.readouterr().err.splitlines())) == (2, 1)
