"""An environment is what was reviewed, or it is not: file by file, without running its Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stigmem_review import cli
from support.installed import Venv, library, record
from support.plugins import plugin, write_sdist, write_wheel

INFO = "demo_plugin-1.0.0.dist-info"


def review(wheel: Path, receipt: str = "r.json") -> None:
    """Write the receipt of a first installation that was approved."""
    assert cli.run(["approve", "none", str(wheel), "--by", "Mara", "--reason", "CHG-1"]) == 0
    assert cli.run(["diff", "none", str(wheel), "--receipt", receipt]) == 0


def confirm(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    capsys.readouterr()
    code = cli.run(["confirm", *map(str, arguments or ("r.json", "--python", "venv"))])
    out, err = capsys.readouterr()
    return code, " ".join((out + err).split())


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Venv:
    """An environment with one plugin in it, which was reviewed."""
    monkeypatch.chdir(tmp_path)
    wheel = write_wheel(Path("wheels"), plugin())
    review(wheel)
    made = Venv(tmp_path / "venv")
    made.install(wheel)
    return made


@pytest.mark.parametrize("asked", ["venv", "venv/bin/python", "venv/lib/python3.12/site-packages"])
def test_what_was_reviewed_is_confirmed_however_it_is_named(
    venv: Venv, asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = confirm(capsys, "r.json", "--python", asked)
    assert code == 0
    assert f"demo-plugin 1.0.0: as reviewed at {venv.site / INFO}" in said
    assert "1 plugin is what was reviewed. 1 other is none." in said


def put(path: str, text: str = "x = 1\n") -> Callable[[Venv], object]:
    def change(venv: Venv) -> None:
        target = venv.site / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a") as file:
            file.write(text)

    return change


def take(path: str) -> Callable[[Venv], object]:
    return lambda venv: (venv.site / path).unlink()


def another_plugin(info: str = "other-1.0.dist-info", folder: str = "") -> Callable[[Venv], object]:
    def change(venv: Venv) -> None:
        place = venv.site / folder / info
        place.mkdir(parents=True)
        name = "METADATA" if info.lower().endswith(".dist-info") else "PKG-INFO"
        (place / name).write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
        (place / "entry_points.txt").write_text("[stigmem.plugins]\nx = other:x\n")

    return change


def editable(venv: Venv) -> None:
    """The plugin as ``pip install -e`` leaves it."""
    shutil.rmtree(venv.site / "demo_plugin")
    said = {"url": "file:///src", "dir_info": {"editable": True}}
    (venv.site / INFO / "direct_url.json").write_text(json.dumps(said))
    project = venv.top / "src"
    metadata = project / "demo_plugin.egg-info"
    metadata.mkdir(parents=True)
    (metadata / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: demo-plugin\nVersion: 1.0.0\n")
    shutil.copy(venv.site / INFO / "entry_points.txt", metadata)
    (venv.site / "__editable__.demo_plugin.pth").write_text(f"{project}\n")
    record(venv.site, INFO, {"__editable__.demo_plugin.pth": f"{project}\n".encode()})


def linked(venv: Venv) -> None:
    (venv.site / "demo_plugin").rename(venv.top / "elsewhere")
    (venv.site / "demo_plugin").symlink_to(venv.top / "elsewhere")


def listed(*lines: str) -> Callable[[Venv], object]:
    """Have another distribution say that files are its own."""

    def change(venv: Venv) -> None:
        for line in lines:
            put(line.partition(",")[0])(venv)
            put("pip-1.0.dist-info/RECORD", f"{line}\n")(venv)

    return change


REFUSED: dict[str, tuple[Callable[[Venv], object], str]] = {
    "a changed byte": (put("demo_plugin/handlers.py", "#"), "handlers.py: it is not as it was rev"),
    "a missing file": (take("demo_plugin/handlers.py"), "handlers.py: it is missing"),
    "an extra module": (put("demo_plugin/evil.py"), "evil.py: it is no file of what was reviewed"),
    "extra data": (put("demo_plugin/data/x.json"), "x.json: it is no file of what was reviewed"),
    "bytecode alone": (put("demo_plugin/evil.pyc"), "evil.pyc: it is no file"),
    "no bytecode": (put("demo_plugin/__pycache__/x.py"), "x.py: it is no file"),
    "an entry point": (put(f"{INFO}/entry_points.txt"), "entry_points.txt: it is not as it was"),
    "extra metadata": (put(f"{INFO}/extra.py"), "extra.py: it is no file of what was reviewed"),
    "a path file": (put("evil.pth", "import os"), "evil.pth: it is no file of what was reviewed,"),
    "a new module": (put("evil.py"), "evil.py: it is no file"),
    "a new native one": (put("evil.cpython-312-x86_64-linux-gnu.so"), "it is no file"),
    "a new package": (put("evil/x.py"), "evil: it is a package that no distribution has"),
    "run at start": (put("sitecustomize.py"), "sitecustomize.py: it is no file"),
    "shadowing it": (put("demo_plugin.abi3.so"), "demo_plugin.abi3.so: it is no file"),
    "no virtualenv's": (put("_virtualenv.pth", "import os"), "_virtualenv.pth: it is no file"),
    "another plugin": (another_plugin(), "other-1.0.dist-info: it is a plugin without a receipt"),
    "an old one": (another_plugin("other.egg-info"), "it is a plugin without a receipt"),
    "odd letters": (another_plugin("OTHER-1.DIST-INFO"), "it is a plugin without a receipt"),
    "beside Python": (another_plugin(folder=".."), "it is a plugin without a receipt"),
    "no plugin at all": (lambda venv: shutil.rmtree(venv.site / INFO), "and it is not there"),
    "an editable one": (editable, "it is installed from a project's folder"),
    "a linked folder": (linked, "demo_plugin: it is a link to a folder elsewhere"),
    "another's word": (listed("demo_plugin/x.py,,"), "x.py: it is no file of what was reviewed"),
    "another's path file": (
        listed("evil.pth,sha256=abc,1"),
        "evil.pth: it is not as its distribution lists it",
    ),
    "installed twice": (
        lambda venv: shutil.copytree(venv.site / INFO, venv.site / "~emo_plugin-1.0.0.dist-info"),
        "it is installed twice",
    ),
    "another version": (
        lambda venv: (venv.site / INFO / "METADATA").write_text("Name: demo-plugin\nVersion: 2\n"),
        "r.json is about 1.0.0, and 2 is installed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_was_not_reviewed_closes_the_gate(
    venv: Venv, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change, expected = REFUSED[name]
    change(venv)
    code, said = confirm(capsys)
    assert code == 1
    assert expected in said


def bytecode(venv: Venv) -> None:
    for folder in ("demo_plugin/", "", "pip/"):
        for name in ("handlers", "gone"):
            put(f"{folder}__pycache__/{name}.cpython-312.opt-1.pyc")(venv)


def linked_file(venv: Venv) -> None:
    """A file as uv leaves it that was told to link to its cache."""
    handlers = venv.site / "demo_plugin" / "handlers.py"
    handlers.rename(venv.top / "h.py")
    handlers.symlink_to(venv.top / "h.py")


OPEN: dict[str, Callable[[Venv], object]] = {
    "bytecode": bytecode,
    "of the installer": put(f"{INFO}/direct_url.json", "{}"),
    "of uv": put(f"{INFO}/uv_cache.json", "{}"),
    "notes": put("README.txt"),
    "what nobody imports": put("a-b/x.py"),
    "data alone": put("licences/x.txt"),
    "within a library": put("pip/more.py"),
    "a library": lambda venv: library(venv.site, "lib", {"lib.py": "", "lib_more/x/y.py": ""}),
    "with a path file": lambda venv: library(venv.site, "lib", {"lib.pth": "import lib"}),
    "without a RECORD": lambda venv: library(venv.site, "lib", {"lib/x.py": ""}, record_it=False),
    "a link to the same": linked_file,
}


@pytest.mark.parametrize("name", OPEN)
def test_what_installers_and_libraries_leave_there_does_not(
    venv: Venv, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    OPEN[name](venv)
    code, said = confirm(capsys)
    assert (code, said.count("refused")) == (0, 0), said


def test_an_editable_plugin_is_refused_once(venv: Venv, capsys: pytest.CaptureFixture[str]) -> None:
    editable(venv)
    code, said = confirm(capsys)
    assert (code, said.count("refused:")) == (1, 1)


def test_its_python_is_not_run(venv: Venv, capsys: pytest.CaptureFixture[str]) -> None:
    mark = venv.top / "ran"
    (venv.top / "bin" / "python").write_text(f"#!/bin/sh\ntouch {mark}\n")
    put("sitecustomize.py", f"open({str(mark)!r}, 'w')")(venv)
    assert confirm(capsys, "r.json", "--python", "venv/bin/python")[0] == 1
    assert not mark.exists()


def test_scripts_and_data_are_held_against_the_wheel_too(
    venv: Venv, capsys: pytest.CaptureFixture[str]
) -> None:
    more = {
        "demo_plugin-1.0.0.data/scripts/tool": b"#!python\nprint(1)\n",
        "demo_plugin-1.0.0.data/data/share/demo.json": b"{}",
        "demo_plugin-1.0.0.data/purelib/demo_more.py": b"",
    }
    wheel = write_wheel(Path("more"), plugin(), extra=more)
    review(wheel)
    venv.install(wheel)
    code, said = confirm(capsys)
    assert code == 0, said
    for path in (venv.top / "bin" / "tool", venv.top / "share" / "demo.json"):
        before = path.read_bytes()
        path.write_bytes(before + b"x")
        code, said = confirm(capsys)
        assert (code, f"{path}: it is not as it was reviewed" in said) == (1, True)
        path.unlink()
        code, said = confirm(capsys)
        assert (code, f"{path.name}: it is missing" in said) == (1, True)
        path.write_bytes(before)
    assert confirm(capsys)[0] == 0


def test_a_namespace_is_shared_and_a_package_in_it_is_not(
    venv: Venv, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {f"acme/{path}": text for path, text in plugin("other-plugin").items()}
    point = "[stigmem.plugins]\nother = acme.demo_plugin:plugin_manifest\n"
    wheel = write_wheel(Path("wheels"), files, name="other-plugin", entry_points=point)
    review(wheel, "o.json")
    venv.install(wheel)
    library(venv.site, "acme-lib", {"acme/lib/__init__.py": "", "acme/alone.py": ""})
    both = ("r.json", "o.json", "--python", "venv")
    assert confirm(capsys, *both)[0] == 0
    for path in ("acme/evil.py", "acme/evil/x.py", "acme/demo_plugin/evil.py", "acme/__init__.py"):
        put(path)(venv)
        code, said = confirm(capsys, *both)
        assert (code, "refused" in said) == (1, True), path
        (venv.site / path).unlink()
        if path == "acme/evil/x.py":
            (venv.site / "acme/evil").rmdir()
    assert confirm(capsys, *both)[0] == 0


def test_what_a_path_file_of_a_library_adds_is_looked_at(
    venv: Venv, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    added = tmp_path / "src"
    library(venv.site, "lib", {"lib.pth": f"# a remark\n{added}\nimport os\n/nowhere\n"})
    added.mkdir()
    assert confirm(capsys)[0] == 0
    another_plugin(folder=str(added))(venv)
    code, said = confirm(capsys)
    assert (code, f"{added}/other-1.0.dist-info: it is a plugin without" in said) == (1, True)


def test_an_environment_that_sees_another_is_looked_at_with_it(
    venv: Venv, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = Venv(tmp_path / "base")
    another_plugin()(base)
    config = venv.top / "pyvenv.cfg"
    config.write_text(f"home = {base.top}/bin\ninclude-system-site-packages = false\n")
    assert confirm(capsys)[0] == 0
    config.write_text(f"home = {base.top}/bin\r\ninclude-system-site-packages = TRUE\r\n")
    code, said = confirm(capsys)
    assert (code, "it is a plugin without a receipt" in said) == (1, True)


def test_one_folder_by_two_names_is_one(venv: Venv, capsys: pytest.CaptureFixture[str]) -> None:
    (venv.top / "lib64").symlink_to("lib")
    assert confirm(capsys)[0] == 0


def test_an_sdist_confirms_no_environment(venv: Venv, capsys: pytest.CaptureFixture[str]) -> None:
    sdist = write_sdist(Path("wheels"), plugin())
    assert cli.run(["diff", "none", str(sdist), "--receipt", "s.json"]) in (0, 1)
    code, said = confirm(capsys, "s.json", "--python", "venv")
    assert (code, "what building it gave was not reviewed" in said) == (1, True)
    both = json.loads(Path("s.json").read_text())
    assert both["subject"][0]["name"] == sdist.name
    assert confirm(capsys, "s.json", "r.json", "--python", "venv")[0] == 0


def test_going_back_is_confirmed_file_by_file(
    venv: Venv, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = write_wheel(Path("wheels"), plugin(version="1.0.1"), version="1.0.1")
    old = next(Path("wheels").glob("*1.0.0*"))
    assert cli.run(["diff", str(old), str(new), "--receipt", "up.json"]) == 0
    code, said = confirm(capsys, "up.json", "--python", "venv")
    assert (code, "up.json is about 1.0.1, and 1.0.0 is installed" in said) == (1, True)
    assert "to go back to it, add --back; otherwise install the release" in said
    code, said = confirm(capsys, "up.json", "--python", "venv", "--back")
    assert (code, "demo-plugin 1.0.0: as it ran before" in said) == (0, True)
    put("demo_plugin/handlers.py")(venv)
    assert confirm(capsys, "up.json", "--python", "venv", "--back")[0] == 1


def test_what_cannot_be_read_confirms_nothing(
    venv: Venv, capsys: pytest.CaptureFixture[str]
) -> None:
    (venv.site / "demo_plugin/handlers.py").unlink()
    os.mkfifo(venv.site / "demo_plugin/handlers.py")
    code, said = confirm(capsys)
    assert (code, "it is not a regular file" in said) == (3, True)


def test_many_differences_are_counted(venv: Venv, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(30):
        put(f"demo_plugin/x{number}.py")(venv)
    code, said = confirm(capsys)
    assert code == 1
    assert said.count("it is no file of what was reviewed") == 20
    assert "10 more" in said


@pytest.mark.parametrize("asked", ["nowhere", "", "wheels", "r.json", "a\0b"])
def test_what_is_no_environment_is_a_wrong_request(
    venv: Venv, asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = confirm(capsys, "r.json", "--python", asked)
    assert (code, said.count("stigmem-review:")) == (2, 1)


def test_pip_leaves_what_is_confirmed(
    venv: Venv, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pip")
    target = tmp_path / "target"
    pip = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--quiet"]
    wheel = next(Path("wheels").iterdir())
    subprocess.run([*pip, "--compile", "--target", target, wheel], check=True)
    assert confirm(capsys, "r.json", "--python", target)[0] == 0
    (target / "demo_plugin" / "manifest.py").write_text("")
    assert confirm(capsys, "r.json", "--python", target)[0] == 1
