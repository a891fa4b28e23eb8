"""Of a directory only what its build reads and would install counts, whatever lies beside it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from stigmem_review import check, limits, review
from stigmem_review.manifest.backends.tree import SourceTree
from stigmem_review.manifest.layout import laid_out
from stigmem_review.model import Source
from stigmem_review.pipeline.staged import check_staged
from stigmem_review.report import render
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.refusal import refusal
from stigmem_review.sources.request import open_source, understand
from stigmem_review.sources.tree import project_artifact
from stigmem_review.sources.unread import Kind, Unread
from support.archives import refusal_of
from support.layouts import LAYOUTS, write_layout
from support.plugins import plugin, write_project

USUAL = ["hatch-flat", "setuptools-src", "setup-py", "poetry-legacy-src", "pdm-src", "uv-src"]
"""One project of each backend, and one without ``pyproject.toml``."""
SOME = 50
"""Files beside a package that, together with it, would be too many to install."""


def opened(path: Path) -> Artifact:
    return laid_out(open_source(understand(str(path))))


def big(project: Path) -> None:
    with (project / "dump.bin").open("wb") as file:
        file.truncate(limits.ENTRY_BYTES + 1)


def many(project: Path) -> None:
    (project / "data-set").mkdir()
    for number in range(SOME):
        (project / f"data-set/{number}.txt").touch()


def copies(project: Path) -> None:
    for folder in ("build/lib", "out", "old", "backup", "dist/x"):
        write_layout(project / folder, LAYOUTS["setuptools-src"])


def locks(project: Path) -> None:
    package = next(project.rglob("plugin.py")).parent
    (package / ".#plugin.py").symlink_to("somebody@host.1234:5")
    (project / ".setup.py.swp").write_bytes(b"\0swap")


def odd_names(project: Path) -> None:
    (project / os.fsdecode(b"caf\xe9.py")).touch()
    (project / os.fsdecode(b"d\xe9p\xf4t")).mkdir()
    (project / os.fsdecode(b"d\xe9p\xf4t/x.py")).touch()


def outside(project: Path) -> None:
    (project / "data").symlink_to("/etc")
    (project / "hosts.py").symlink_to("/etc/hosts")


def pipes(project: Path) -> None:
    os.mkfifo(project / "pipe")
    os.mkfifo(project / "pipe.py")


@pytest.mark.parametrize("add", [big, many, copies, locks, odd_names, outside, pipes])
@pytest.mark.parametrize("name", USUAL)
def test_what_does_not_ship_does_not_matter(
    name: str, add: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ENTRIES", SOME)
    clean = write_layout(tmp_path / "clean", LAYOUTS[name])
    project = write_layout(tmp_path / "project", LAYOUTS[name])
    add(project)
    report = check(str(project))
    [checked] = report.checked
    assert (checked.mistakes, checked.gaps, report.verdict.exit_code) == ((), (), 0)
    compared = review(str(clean), str(project))
    assert (compared.findings, compared.gaps, compared.verdict.exit_code) == ((), (), 0)


def test_what_ships_is_read_or_refused(tmp_path: Path) -> None:
    def refused(name: str, make: Callable[[Path], None]) -> str:
        project = write_layout(tmp_path / name, LAYOUTS["hatch-flat"])
        make(project / "acme_ledger" / name)
        report = check(str(project))
        assert report.verdict.exit_code == 3
        return refusal_of(opened, project)

    away = refused("away.py", lambda path: path.symlink_to("/etc/hosts"))
    assert "acme_ledger/away.py is a symbolic link that leads out of the project" in away
    assert "not a regular file" in refused("pipe.py", lambda path: os.mkfifo(path))
    odd = refused("x", lambda path: (path.parent / os.fsdecode(b"\xe9.txt")).touch())
    assert "\\u{dce9}.txt is not UTF-8" in odd


def test_what_cannot_be_listed_or_read_matters_only_where_it_ships() -> None:
    written = LAYOUTS["setuptools-src"].files
    denied = refusal("x", "it cannot be read", "check the path")

    def artifact(closed: str) -> Artifact:
        tree = SourceTree({path: text.encode() for path, text in written.items()})

        def listed(folder: str) -> Iterator[tuple[str, Kind]]:
            if folder == closed:
                raise denied
            yield from tree.children(folder.removesuffix("/")).items()
            if closed.startswith(folder) and closed != folder:
                yield closed[len(folder) :].partition("/")[0], "folder"

        def read(names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
            for name in names:
                if name.startswith(("docs/", "tests/")):
                    raise denied
                yield name, written[name].encode()

        return laid_out(project_artifact("x", "x", Unread("x", listed, read)))

    assert artifact("private/").layout == artifact("src/other.d/").layout
    assert "it cannot be read" in refusal_of(artifact, "src/acme_ledger/closed/")


def test_only_what_counts_is_read(tmp_path: Path) -> None:
    project = write_layout(tmp_path, LAYOUTS["hatch-flat"])
    artifact = opened(project)
    shipped = {*LAYOUTS["hatch-flat"].places.values()}
    assert {*artifact.files} == {*shipped, "pyproject.toml", ".gitignore"}
    digest = artifact.source.sha256
    (project / "README.md").write_text("other")
    assert opened(project).source.sha256 == digest
    (project / "acme_ledger/table.json").write_text("other")
    assert opened(project).source.sha256 != digest
    assert laid_out(artifact) is artifact


def test_files_that_a_build_runs_are_kept(tmp_path: Path) -> None:
    project = write_layout(tmp_path, LAYOUTS["hatch-flat"])
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(
        text + '[tool.hatch.build.hooks.custom]\npath = "tools/hook.py"\n'
    )
    (project / "tools").mkdir()
    for name in ("tools/hook.py", "setup.py", "tools/other.py"):
        (project / name).write_text("raise SystemExit\n")
    artifact = opened(project)
    assert {"tools/hook.py", "setup.py"} <= {*artifact.files}
    assert "tools/other.py" not in artifact.files
    assert artifact.layout is not None
    assert not artifact.layout.whole


@pytest.mark.parametrize("name", USUAL)
def test_what_is_staged_is_laid_out_too(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_layout(tmp_path / "project", LAYOUTS[name])
    (project / "acme_link.txt").symlink_to("README.md")
    (project / "old").mkdir(exist_ok=True)
    (project / "old/gone").symlink_to("nowhere")
    (project / "old/away.py").symlink_to("/etc/hosts")
    monkeypatch.chdir(project)
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], check=True, capture_output=True)
    report = check_staged(".")
    [checked] = report.checked
    assert checked.plugin == "acme-ledger"
    assert (checked.mistakes, checked.gaps, report.verdict.exit_code) == ((), (), 0)


@pytest.mark.parametrize("module", ["acme_ledger_version", "acme_ledger._version"])
def test_a_module_that_the_build_writes_is_no_missing_import(tmp_path: Path, module: str) -> None:
    project = write_layout(tmp_path, LAYOUTS["hatch-flat"])
    text = (
        (project / "pyproject.toml")
        .read_text()
        .replace('version = "1.2.0"\n', 'dynamic = ["version"]\n')
    )
    (project / "pyproject.toml").write_text(
        text + '[tool.hatch.version]\nsource = "vcs"\n'
        "[tool.hatch.build.hooks.vcs]\nversion-file = "
        f'"{module.replace(".", "/")}.py"\n'
    )
    (project / "acme_ledger/__init__.py").write_text(
        f"import {module}\nfrom {module} import __version__\nfound = {module}.__version__\n"
    )
    report = check(str(project))
    assert (report.checked[0].mistakes, report.verdict.exit_code) == ((), 0)


def test_a_module_that_only_the_build_may_have_is_neither_there_nor_missing(tmp_path: Path) -> None:
    project = write_layout(tmp_path, LAYOUTS["setuptools-src"])
    (project / "setup.py").write_text(
        "from setuptools import Extension, setup\n"
        'setup(ext_modules=[Extension("acme_ledger._fast", ["fast.c"])])\n'
    )
    (project / "src/acme_ledger/__init__.py").write_text("from acme_ledger import _fast\n")
    report = check(str(project))
    assert (report.checked[0].mistakes, report.verdict.exit_code) == ((), 0)
    text = render(report, "text", width=1000)
    assert "if acme_ledger._fast is not installed: does not start" in text


def test_a_module_that_a_hook_may_write_beside_the_package_is_not_called_missing(
    tmp_path: Path,
) -> None:
    project = write_layout(tmp_path, LAYOUTS["hatch-flat"])
    (project / "acme_ledger/__init__.py").write_text("import acme_limits\n")
    report = check(str(project))
    assert [each.level for each in report.checked[0].mistakes] == ["error"]
    with (project / "pyproject.toml").open("a") as file:
        file.write('[tool.hatch.build.hooks.custom]\npath = "tools/hook.py"\n')
    (project / "tools").mkdir()
    (project / "tools/hook.py").write_text("HOOK = True\n")
    report = check(str(project))
    assert {each.level for each in report.checked[0].mistakes} == {"note"}
    text = render(report, "text", width=1000)
    assert "if acme_limits is not installed: does not start" in text


def test_what_is_under_version_control_is_data_where_setuptools_asks_for_it(
    tmp_path: Path,
) -> None:
    project = write_layout(tmp_path, LAYOUTS["setuptools-src"])
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(
        text.replace('"setuptools>=77"', '"setuptools>=77", "setuptools-scm>=8"')
    )
    (project / ".gitignore").write_text("*.log\n")
    package = project / "src/acme_ledger"
    (package / "__pycache__").mkdir()
    for name in ("x.log", "table.json", "__pycache__/plugin.pyc"):
        (package / name).touch()
    layout = opened(project).layout
    assert layout is not None
    more = {*layout.places} - {*LAYOUTS["setuptools-src"].places}
    assert more == {"acme_ledger/table.json", "acme_ledger/x.txt"}


def test_a_package_that_is_not_built_is_missing(tmp_path: Path) -> None:
    project = write_project(tmp_path, plugin())
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(
        text
        + '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[tool.setuptools.packages.find]\nwhere = ["lib"]\n'
    )
    (project / "lib").mkdir()
    [checked] = check(str(project)).checked
    assert [each.name for each in checked.mistakes] == ["not-shipped"]


def test_a_large_project_is_listed_in_no_time(tmp_path: Path) -> None:
    project = write_layout(tmp_path, LAYOUTS["setuptools-src"])
    for folder in range(40):
        (project / f"src/acme_ledger/f{folder}").mkdir()
        for number in range(95):
            (project / f"src/acme_ledger/f{folder}/d{number}.txt").touch()
    start = time.process_time()
    opened(project)
    assert time.process_time() - start < 10


def unpacked(files: dict[str, str]) -> Artifact:
    """Return an sdist with a plugin of setuptools."""
    text = {**LAYOUTS["setuptools-flat-manifest"].files, "PKG-INFO": PKG_INFO, **files}
    data = {path: each.encode() for path, each in text.items()}
    return laid_out(Artifact(Source("sdist", "x.tar.gz"), data))


PKG_INFO = "Metadata-Version: 2.2\nName: acme-ledger\nVersion: 1.2.0\n"
HANDLERS = LAYOUTS["setuptools-flat-manifest"].files["acme_ledger/handlers.py"]


def test_what_an_earlier_build_left_in_an_sdist_is_installed_with_it() -> None:
    plain = unpacked({}).layout
    assert plain is not None
    assert plain.whole
    assert unpacked({"build/lib/acme_ledger/handlers.py": HANDLERS}).layout == plain
    for path in ("build/lib/acme_ledger/handlers.py", "build/lib/acme_ledger/more.py"):
        layout = unpacked({path: "x = 1\n"}).layout
        assert layout is not None
        assert (layout.places, layout.whole) == ({}, False)
        assert "left in build/lib/" in layout.why
    layout = unpacked({"setup.cfg": "[build]\nbuild-lib = other\n"}).layout
    assert layout is not None
    assert (layout.places, layout.whole) == ({}, False)
    assert "build_lib of [build]" in layout.why


def test_a_gitignore_says_nothing_of_an_unpacked_sdist() -> None:
    text = LAYOUTS["poetry-legacy-src"].files
    data = {path: each.encode() for path, each in text.items()}
    data |= {".gitignore": b"*.py\n", "PKG-INFO": PKG_INFO.encode()}
    layout = laid_out(Artifact(Source("sdist", "x.tar.gz"), data)).layout
    assert layout is not None
    assert layout.places == LAYOUTS["poetry-legacy-src"].places


@pytest.mark.parametrize("kind", ["script", "option"])
def test_what_a_script_may_add_is_not_said_to_be_nothing(kind: str, tmp_path: Path) -> None:
    project = write_layout(tmp_path, LAYOUTS["setuptools-src"])
    if kind == "script":
        (project / "setup.py").write_text("import helper\nfrom setuptools import setup\nsetup()\n")
    else:
        text = (project / "pyproject.toml").read_text()
        more = '[tool.setuptools]\nscript-files = ["x.sh"]\n'
        (project / "pyproject.toml").write_text(text + more)
    layout = opened(project).layout
    assert layout is not None
    assert (layout.why, layout.whole) == ("", False)
    assert layout.places == LAYOUTS["setuptools-src"].places
