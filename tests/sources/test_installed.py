"""A distribution that is installed is read as its wheel is, and shows what was changed since."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from stigmem_review import cli, review
from stigmem_review.errors import SourceError, UsageError
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.request import open_source, understand
from stigmem_review.sources.wheel import read_wheel
from support.installed import Venv, library
from support.plugins import plugin, write_wheel

INFO = "demo_plugin-1.0.0.dist-info"


def more(version: str = "1.0.0") -> dict[str, str | bytes]:
    """Return files that are installed elsewhere."""
    return {
        f"demo_plugin-{version}.data/scripts/tool": b"#!python\nprint(1)\n",
        f"demo_plugin-{version}.data/data/share/demo.json": b"{}",
    }


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Venv:
    monkeypatch.chdir(tmp_path)
    made = Venv(tmp_path / "venv")
    made.install(write_wheel(Path("wheels"), plugin(), extra=more()))
    return made


def read(asked: str = "installed:demo-plugin@venv") -> Artifact:
    return open_source(understand(asked))


def places(artifact: Artifact) -> dict[str, bytes]:
    """Return what an artifact installs, without the list of it."""
    return {
        place: artifact.files[path]
        for place, path in artifact.installed.items()
        if not place.endswith("/RECORD")
    }


@pytest.mark.parametrize("name", ["demo-plugin", "Demo_Plugin"])
def test_it_holds_what_its_wheel_installs(venv: Venv, name: str) -> None:
    [wheel] = Path("wheels").iterdir()
    found = read(f"installed:{name}@venv/bin/python")
    assert places(found) == places(read_wheel("w", wheel.name, wheel.read_bytes()))
    assert (found.source.kind, found.source.file, found.metadata_dir) == ("installed", INFO, INFO)
    assert found.problems == ()
    assert len(found.source.sha256) == 64


def below(venv: Venv) -> str:
    """Another environment that sees this one."""
    other = Path("other")
    (other / "lib" / "python3.12" / "site-packages").mkdir(parents=True)
    said = f"home = {venv.top / 'bin'}\ninclude-system-site-packages = true\n"
    (other / "pyvenv.cfg").write_text(said)
    return "other"


def linked(venv: Venv) -> str:
    Path("current").symlink_to(venv.top)
    return "current/bin/python"


def of_debian(venv: Venv) -> str:
    """What pip installs for the system's Python goes below ``local``."""
    top = Path("usr")
    top.mkdir()
    Path("venv").rename(top / "local")
    (top / "local" / "lib" / "python3.12" / "site-packages").rename("dist-packages")
    Path("dist-packages").rename(top / "local" / "lib" / "python3.12" / "dist-packages")
    return "usr"


@pytest.mark.parametrize("place", [linked, below, of_debian])
def test_scripts_and_data_are_found_below_the_prefix_it_is_installed_to(
    venv: Venv, place: Callable[[Venv], str]
) -> None:
    [wheel] = Path("wheels").iterdir()
    found = read(f"installed:demo-plugin@{place(venv)}")
    assert places(found) == places(read_wheel("w", wheel.name, wheel.read_bytes()))


def test_its_digest_is_that_of_its_files_wherever_it_is_installed(venv: Venv) -> None:
    other = Venv(Path("other").absolute())
    other.install(next(Path("wheels").iterdir()))
    shutil.rmtree(venv.site / "pip")
    (venv.site / "demo_plugin" / "__pycache__").mkdir()
    (venv.site / "demo_plugin" / "__pycache__" / "x.cpython-312.pyc").write_bytes(b"x")
    (venv.site / INFO / "direct_url.json").write_text("{}")
    one = read().source.sha256
    assert one == read("installed:demo-plugin@other").source.sha256
    (venv.site / "demo_plugin" / "handlers.py").write_text("")
    assert read().source.sha256 != one


@pytest.mark.parametrize("newer", [False, True])
def test_an_upgrade_is_reviewed_from_what_runs(venv: Venv, newer: bool) -> None:
    if newer:
        files = plugin(version="1.0.1", capabilities=("facts.read", "network.outbound"))
        write_wheel(Path("new"), files, version="1.0.1", extra=more("1.0.1"))
    [wheel] = (Path("new") if newer else Path("wheels")).iterdir()
    report = review("installed:demo-plugin@venv", str(wheel))
    assert [each.rule for each in report.findings if each.level == "error"] == ["SPR301"] * newer
    assert report.reviewed[0].version == "1.0.0"


def test_what_was_changed_since_is_found(venv: Venv) -> None:
    [wheel] = Path("wheels").iterdir()
    handlers = venv.site / "demo_plugin" / "handlers.py"
    handlers.write_text(handlers.read_text().replace("None", "{'x': 1}", 1))
    (venv.site / "demo_plugin" / "evil.py").write_text("import socket\n")
    (venv.site / INFO / "WHEEL").unlink()
    found = {problem.item: problem.why for problem in read().problems}
    assert "does not have the sha256 hash" in found["demo_plugin/handlers.py"]
    assert "is installed and not listed in RECORD" in found["demo_plugin/evil.py"]
    assert "is listed in RECORD and not installed" in found[f"{INFO}/WHEEL"]
    report = review(str(wheel), "installed:demo-plugin@venv")
    assert report.verdict.exit_code == 1
    items = {each.item for each in report.findings}
    assert {"demo_plugin/handlers.py", "demo_plugin/evil.py"} <= items


def test_it_is_checked_and_approved_as_any_release(
    venv: Venv, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["check", "installed:demo-plugin@venv"]) == 0
    files = plugin(version="1.0.1", capabilities=("facts.read", "network.outbound"))
    new = write_wheel(Path("new"), files, version="1.0.1", extra=more("1.0.1"))
    asked = ("installed:demo-plugin@venv", str(new))
    assert cli.run(["diff", *asked]) == 1
    assert cli.run(["approve", *asked, "--by", "Mara", "--reason", "CHG-1"]) == 0
    assert cli.run(["diff", *asked, "--receipt", "r.json"]) == 0
    previous = json.loads(Path("r.json").read_text())["predicate"]
    assert previous["pkg:pypi/stigmem-review#receipt"]["previous"] == {
        "name": INFO,
        "version": "1.0.0",
        "back": False,
    }
    (venv.site / "demo_plugin" / "handlers.py").write_text("")
    assert cli.run(["diff", *asked]) == 1
    capsys.readouterr()
    assert cli.run(["signer", "installed:demo-plugin@venv"]) == 2
    assert "the file that it is from" in capsys.readouterr().err


def test_required_signatures_are_not_there(venv: Venv) -> None:
    Path("p.toml").write_text("[signing]\nrequired = true\n")
    [wheel] = Path("wheels").iterdir()
    report = review(str(wheel), "installed:demo-plugin@venv", policy="p.toml")
    assert report.verdict.exit_code == 3
    assert "what is installed has none" in " ".join(each.why for each in report.gaps)


@pytest.mark.parametrize(
    "asked", ["installed:nobody@venv", "installed:@venv", "installed:demo-plugin@nowhere"]
)
def test_what_is_not_there_is_a_wrong_request(venv: Venv, asked: str) -> None:
    with pytest.raises(UsageError):
        understand(asked)


def test_what_nothing_lists_or_a_folder_holds_is_refused(venv: Venv) -> None:
    library(venv.site, "lib", {"lib.py": ""}, record_it=False)
    with pytest.raises(SourceError, match="nothing lists what is installed of it"):
        read("installed:lib@venv")
    said = {"url": "file:///src", "dir_info": {"editable": True}}
    (venv.site / INFO / "direct_url.json").write_text(json.dumps(said))
    with pytest.raises(SourceError, match="it is installed from a project's folder"):
        read()


def test_here_is_where_this_runs() -> None:
    assert read("installed:pytest").source.file.startswith("pytest-")
