"""What today's build tools make of one project: all of it is read, and all of it is the same."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from stigmem_review import review
from stigmem_review.report import render
from support.plugins import plugin, write_project

pytestmark = pytest.mark.network

BACKENDS = {
    "flit": ("flit_core>=3.12", "flit_core.buildapi", ""),
    "hatch": (
        "hatchling",
        "hatchling.build",
        '[tool.hatch.build.targets.wheel]\npackages = ["src/demo_plugin"]\n',
    ),
    "pdm": ("pdm-backend", "pdm.backend", ""),
    "poetry": (
        "poetry-core>=2",
        "poetry.core.masonry.api",
        '[tool.poetry]\npackages = [{ include = "demo_plugin", from = "src" }]\n',
    ),
    "setuptools": ("setuptools>=80", "setuptools.build_meta", ""),
    "uv": ("uv_build>=0.13", "uv_build", ""),
}
DECLARED = """\
description = "A plugin that every tool builds."
requires-python = ">=3.11"
dependencies = [
  "Acme_Client[b,A] >= 1.0, <2",
  "tomli >= 2.0 ; python_version < '3.12'",
  'pywin32; sys_platform == "win32" and (python_version >= "3.11" or os_name == "nt")',
]

[project.optional-dependencies]
big-one = ["client >= 1 ; python_version <= '3.12'"]

[project.entry-points."stigmem.plugins"]
demo = "demo_plugin:plugin_manifest"
"""


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Python that has the newest release of every build tool."""
    folder = tmp_path_factory.mktemp("builder")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    needs = ("build", "wheel", *(needed for needed, _, _ in BACKENDS.values()))
    subprocess.run([python, "-m", "pip", "install", "-q", "--upgrade", *needs], check=True)
    return python


@pytest.fixture(scope="module")
def built(builder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Return the project, its wheel and its sdist, by the tool that built them."""
    found = {}
    for tool, (needed, backend, more) in BACKENDS.items():
        folder = tmp_path_factory.mktemp(tool)
        project = write_project(folder, plugin(), entry_points=DECLARED)
        system = f'[build-system]\nrequires = ["{needed}"]\nbuild-backend = "{backend}"\n\n'
        pyproject = project / "pyproject.toml"
        pyproject.write_text(f"{system}{pyproject.read_text('utf-8')}\n{more}", "utf-8")
        out = tmp_path_factory.mktemp(f"{tool}-out")
        command: list[str | Path] = [builder, "-m", "build", "--no-isolation", "-o", out, project]
        # uv_build starts a program that is installed beside it.
        path = os.pathsep.join((str(builder.parent), os.environ["PATH"]))
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "PATH": path}
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (wheel,), (sdist,) = out.glob("*.whl"), out.glob("*.tar.gz")
        found[tool] = [project, wheel, sdist]
    return found


def same(old: Path, new: Path, expected: tuple[str, ...] = ()) -> None:
    report = review(str(old), str(new))
    found = tuple(each.name for each in report.findings)
    assert found == (() if old == new else expected), render(report, "text")
    assert report.verdict.exit_code == 0, render(report, "text")


@pytest.mark.parametrize("tool", BACKENDS)
def test_a_project_its_sdist_and_its_wheel_are_the_same(
    tool: str, built: dict[str, list[Path]]
) -> None:
    project, wheel, sdist = built[tool]
    same(project, wheel)
    same(project, sdist)
    same(sdist, wheel)


@pytest.mark.parametrize("tool", BACKENDS)
def test_what_another_tool_builds_is_the_same(tool: str, built: dict[str, list[Path]]) -> None:
    for other in BACKENDS:
        same(built[other][1], built[tool][1], ("artifact-rebuilt",))
        # Of one version there are two sdists then, which is said; what they declare is the same.
        found = review(str(built[other][2]), str(built[tool][2])).findings
        declared = ("entry-point", "requirement", "requires", "unclassified")
        assert not [each for each in found if each.name.startswith(declared)]


def test_a_tool_says_sizes_twice_or_this_shows_nothing(built: dict[str, list[Path]]) -> None:
    with tarfile.open(built["uv"][2]) as archive:
        assert any("size" in member.pax_headers for member in archive)


def test_a_wheel_that_was_given_other_tags_is_a_note(
    builder: Path, built: dict[str, list[Path]], tmp_path: Path
) -> None:
    """``wheel tags`` changes what is inside as well; who renames a file does not."""
    wheel = built["hatch"][1]
    copy = tmp_path / wheel.name
    copy.write_bytes(wheel.read_bytes())
    command: list[str | Path] = [
        builder,
        "-m",
        "wheel",
        "tags",
        "--platform-tag",
        "linux_x86_64",
        copy,
    ]
    subprocess.run(command, check=True, capture_output=True)
    (tagged,) = tmp_path.glob("*linux_x86_64.whl")
    same(wheel, tagged, ("artifact-rebuilt",))
    report = review(str(wheel), str(tagged.rename(tmp_path / "demo_plugin-1.0.0-py3-none-any.whl")))
    assert {each.rule for each in report.findings} == {"SPR618", "SPR620"}
