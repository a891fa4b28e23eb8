"""What building a source release runs, and what of that a review of two releases says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from stigmem_review import check, host, review
from stigmem_review.code.installed import Code
from stigmem_review.manifest import none_release
from stigmem_review.manifest.builds import is_static
from stigmem_review.model import BuildStep, Source
from stigmem_review.observe.builds import built_by
from stigmem_review.observe.observe import Seen
from stigmem_review.pipeline.reading import read
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.request import understand
from support.plugins import plugin, write_project, write_sdist, write_wheel

HATCH = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
SETUPTOOLS = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
PDM = '[build-system]\nrequires = ["pdm-backend"]\nbuild-backend = "pdm.backend"\n'
POETRY = '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
FLIT = (
    '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
    '[project]\nname = "demo-plugin"\ndynamic = ["version"]\n'
)
SHELL = "import os\nos.system('MARKER')\n"
"""What no build should do, and what nothing here runs."""


def steps(files: Mapping[str, str]) -> dict[str, BuildStep]:
    """Return what a build of a source tree runs, by item."""
    data = {path: text.encode() for path, text in files.items()}
    artifact = Artifact(Source("sdist", "demo"), data)
    found = built_by(artifact, none_release(), Code({}), Seen()).builds
    return {each.item: each for each in found}


RUNS = {
    "setup.py": ({"pyproject.toml": SETUPTOOLS, "setup.py": SHELL}, "setup.py"),
    "setup.py without a project file": ({"setup.py": SHELL}, "setup.py"),
    "setup.py of another backend": ({"pyproject.toml": HATCH, "setup.py": SHELL}, "setup.py"),
    "a module that setup.py imports": (
        {"setup.py": "import tool\ntool.go()\n", "tool.py": SHELL},
        "setup.py",
    ),
    "a module of a package beside setup.py": (
        {"setup.py": "from tools.x import go\n", "tools/x.py": SHELL, "tools/__init__.py": ""},
        "setup.py",
    ),
    "a module beside a module of setup.py": (
        {"setup.py": "import tools.x\n", "tools/x.py": "from . import y\n", "tools/y.py": SHELL},
        "setup.py",
    ),
    "a file that setup.py names in parts": (
        {
            "setup.py": "import os.path as p\nexec(open(p.join('a', 'b.py')).read())\n",
            "a/b.py": SHELL,
        },
        "setup.py",
    ),
    "a module in a folder that setup.py puts on the path": (
        {
            "setup.py": "import sys\nsys.path.insert(0, 'tools')\nimport gen\n",
            "tools/gen.py": SHELL,
        },
        "setup.py",
    ),
    "a module in the place of one of the standard library": (
        {"setup.py": "from setuptools import setup\nsetup()\n", "graphlib.py": SHELL},
        "setup.py",
    ),
    "a file that setup.py runs": (
        {"setup.py": "exec(open('tools/version.py').read())\n", "tools/version.py": SHELL},
        "setup.py",
    ),
    "a backend of its own": (
        {
            "pyproject.toml": '[build-system]\nbuild-backend = "own"\nbackend-path = ["tools"]\n',
            "tools/own.py": "import other\n",
            "tools/other.py": SHELL,
        },
        "build-backend",
    ),
    "a backend at the top": (
        {
            "pyproject.toml": '[build-system]\nbuild-backend = "own:api"\nbackend-path = ["."]\n',
            "own.py": SHELL,
        },
        "build-backend",
    ),
    "a public backend that the project replaces": (
        {
            "pyproject.toml": f'{HATCH}backend-path = ["."]\n',
            "hatchling/__init__.py": "",
            "hatchling/build.py": SHELL,
        },
        "build-backend",
    ),
    "a hatch hook": (
        {
            "pyproject.toml": f"{HATCH}[tool.hatch.build.hooks.custom]\n",
            "hatch_build.py": SHELL,
        },
        "[tool.hatch.build.hooks.custom]",
    ),
    "a hatch hook of one target": (
        {
            "pyproject.toml": (
                f'{HATCH}[tool.hatch.build.targets.wheel.hooks.custom]\npath = "x/h.py"\n'
            ),
            "x/h.py": SHELL,
        },
        "[tool.hatch.build.targets.wheel.hooks.custom]",
    ),
    "a hatch hook in a file of its own": (
        {
            "pyproject.toml": HATCH,
            "hatch.toml": "[build.hooks.custom]\n",
            "hatch_build.py": SHELL,
        },
        "[tool.hatch.build.hooks.custom]",
    ),
    "a hatch metadata hook": (
        {
            "pyproject.toml": f"{HATCH}[tool.hatch.metadata.hooks.custom]\n",
            "hatch_build.py": SHELL,
        },
        "[tool.hatch.metadata.hooks.custom]",
    ),
    "a hatch builder": (
        {
            "pyproject.toml": f"{HATCH}[tool.hatch.build.targets.custom]\n",
            "hatch_build.py": SHELL,
        },
        "[tool.hatch.build.targets.custom]",
    ),
    "a hatch version that is run": (
        {
            "pyproject.toml": f'{HATCH}[tool.hatch.version]\nsource = "code"\npath = "v.py"\n',
            "v.py": SHELL,
        },
        "[tool.hatch.version]",
    ),
    "a poetry script": (
        {
            "pyproject.toml": f'{POETRY}[tool.poetry.build]\nscript = "build.py"\n',
            "build.py": SHELL,
        },
        "[tool.poetry.build]",
    ),
    "a poetry script as older projects name it": (
        {"pyproject.toml": f'{POETRY}[tool.poetry]\nbuild = "build.py"\n', "build.py": SHELL},
        "[tool.poetry.build]",
    ),
    "a pdm hook by its name": (
        {"pyproject.toml": PDM, "pdm_build.py": SHELL},
        "[tool.pdm.build.custom-hook]",
    ),
    "a pdm hook": (
        {"pyproject.toml": f'{PDM}[tool.pdm.build]\ncustom-hook = "h.py"\n', "h.py": SHELL},
        "[tool.pdm.build.custom-hook]",
    ),
    "a pdm version that is called": (
        {
            "pyproject.toml": f'{PDM}[tool.pdm.version]\nsource = "call"\ngetter = "v:get"\n',
            "v.py": SHELL,
        },
        "[tool.pdm.version]",
    ),
    "a setuptools command": (
        {
            "pyproject.toml": (
                f'{SETUPTOOLS}[tool.setuptools.cmdclass]\nbuild_py = "tools.cmd.Build"\n'
            ),
            "tools/cmd.py": SHELL,
        },
        "[tool.setuptools.cmdclass]",
    ),
    "a setuptools command in setup.cfg": (
        {
            "setup.cfg": "[options]\ncmdclass =\n  build_py = tools.cmd.Build\n",
            "tools/cmd.py": SHELL,
        },
        "setup.cfg cmdclass",
    ),
    "packages of commands in setup.cfg": (
        {"setup.cfg": "[global]\ncommand-packages = cmds\n", "cmds/build_py.py": SHELL},
        "setup.cfg [global]",
    ),
    "a version that setuptools imports": (
        {
            "pyproject.toml": (
                f'{SETUPTOOLS}[tool.setuptools.dynamic]\nversion = {{attr = "demo.version"}}\n'
            ),
            "src/demo/__init__.py": f"{SHELL}version = str(1)\n",
        },
        "version = {attr = ...}",
    ),
    "a version that setup.cfg imports": (
        {
            "setup.cfg": "[metadata]\nversion = attr: demo.version\n",
            "demo.py": f"{SHELL}version = str(1)\n",
        },
        "version = attr:",
    ),
    "a version that flit imports": (
        {"pyproject.toml": FLIT, "demo_plugin.py": f"{SHELL}__version__ = str(1)\n"},
        "dynamic = version",
    ),
}


@pytest.mark.parametrize(("files", "item"), RUNS.values(), ids=RUNS)
def test_what_a_build_runs_is_found_with_what_it_reaches(files: dict[str, str], item: str) -> None:
    found = steps(files)[item]
    assert not found.plain
    assert "process: os.system" in [each.item for each in found.observed]


def test_other_files_of_a_name_that_a_script_says_are_not_its_own() -> None:
    script = "exec(open('src/demo/__init__.py').read())\n"
    files = ("src/demo/__init__.py", "tests/__init__.py", "__init__.py")
    found = steps({"setup.py": script, **dict.fromkeys(files, "A = 1\n")})["setup.py"]
    assert {part.name for part in found.parts} == {
        "setup.py",
        "src/demo/__init__.py",
        "__init__.py",
    }


QUIET = {
    "hatchling": {"pyproject.toml": HATCH, "hatch_build.py": SHELL, "pdm_build.py": SHELL},
    "pdm": {"pyproject.toml": PDM, "tests/pdm_build.py": SHELL},
    "poetry": {"pyproject.toml": POETRY, "build.py": SHELL},
    "flit, with a version that is written": {
        "pyproject.toml": FLIT,
        "demo_plugin.py": f"{SHELL}__version__ = '1.0'\n",
    },
    "setuptools, with a version that is written": {
        "pyproject.toml": (
            f'{SETUPTOOLS}[tool.setuptools.dynamic]\nversion = {{attr = "demo.version"}}\n'
        ),
        "demo.py": f"{SHELL}version: str = '1.0'\n",
    },
    "an old sdist of setuptools": {
        "setup.py": "from setuptools import setup\nsetup()\n",
        "setup.cfg": "[metadata]\nname = demo\n[egg_info]\ntag_build =\n[flake8]\nx = y\n",
    },
    "uv": {
        "pyproject.toml": (
            '[build-system]\nrequires = ["uv_build>=0.9,<0.10"]\nbuild-backend = "uv_build"\n'
        )
    },
}


@pytest.mark.parametrize("files", QUIET.values(), ids=QUIET)
def test_a_build_by_a_public_tool_alone_is_plain(files: dict[str, str]) -> None:
    assert all(each.plain for each in steps(files).values())


STATIC = {
    "nothing said": "from setuptools import setup\nsetup()\n",
    "by the module": "import setuptools\nsetuptools.setup(name='demo')\n",
    "with constants": (
        '"""Builds it."""\nfrom setuptools import find_packages, setup\nVERSION = "1.0"\n'
        "setup(name='demo', version=VERSION, packages=find_packages('src', exclude=['x']),\n"
        "      package_dir={'': 'src'}, install_requires=['a>=1'])\n"
    ),
    "as a script": "from setuptools import setup\nif __name__ == '__main__':\n    setup()\n",
}
NOT_STATIC = {
    "a call before": "import os\nfrom setuptools import setup\nos.getcwd()\nsetup()\n",
    "a call within": "from setuptools import setup\nsetup(version=open('v').read())\n",
    "commands": "from setuptools import setup\nsetup(cmdclass={})\n",
    "packages of commands": "from setuptools import setup\nsetup(command_packages='x')\n",
    "needs of its own": "from setuptools import setup\nsetup(setup_requires=['x'])\n",
    "from elsewhere": "from tools import setup\nsetup()\n",
    "under a name that means something else": (
        "from setuptools import setup\nsetup = 'x'\nsetup()\n"
    ),
    "arguments from elsewhere": "from setuptools import setup\nsetup(**{'x': 1})\n",
    "a definition": "from setuptools import setup\ndef f(): pass\nsetup()\n",
    "no Python": "from setuptools import setup\nsetup(\n",
    "nothing": "",
}


@pytest.mark.parametrize("text", STATIC.values(), ids=STATIC)
def test_a_setup_script_that_only_declares_is_static(text: str) -> None:
    assert is_static(text.encode())


@pytest.mark.parametrize("text", NOT_STATIC.values(), ids=NOT_STATIC)
def test_a_setup_script_that_does_more_is_not(text: str) -> None:
    assert not is_static(text.encode())


COMPILED = {
    "maturin": ("maturin", "maturin", "Cargo.toml", '[package]\nversion = "1"\n'),
    "meson": ("mesonpy", "meson-python", "sub/meson.build", "run_command('MARKER')\n"),
    "cmake": (
        "scikit_build_core.build",
        "scikit-build-core",
        "CMakeLists.txt",
        "execute_process(COMMAND MARKER)\n",
    ),
}


@pytest.mark.parametrize(("backend", "tool", "file", "text"), COMPILED.values(), ids=COMPILED)
def test_what_is_compiled_is_told_by_files_that_can_run_commands(
    backend: str, tool: str, file: str, text: str, tmp_path: Path
) -> None:
    build = f'[build-system]\nrequires = ["{tool}"]\nbuild-backend = "{backend}"\n'
    old, same, new = (
        write_sdist(tmp_path / name, plugin(), build=build, extra={file: content})
        for name, content in (("old", text), ("same", text), ("new", f"{text}# More.\n"))
    )
    assert said(old, same) == []
    assert said(old, new) == [f"warning {file}"]
    assert steps({"pyproject.toml": HATCH, file: text}).keys() == {"build-backend", "hatchling"}


def test_a_static_script_that_takes_setup_from_the_project_is_not_plain() -> None:
    files = {"setup.py": STATIC["nothing said"], "setuptools/__init__.py": SHELL}
    assert not steps(files)["setup.py"].plain


def test_what_only_importing_the_package_does_counts_and_what_it_could_do_does_not(
    tmp_path: Path,
) -> None:
    """The package's own code is reviewed as such; here it matters what the build sets off."""
    lazy = plugin(more="import os\ndef f(): os.system('MARKER')\n")
    early = plugin(more=SHELL)
    found = []
    for number, files in enumerate((lazy, early)):
        extra = {"setup.py": "from demo_plugin import more\nprint(more)\n"}
        sdist = write_sdist(tmp_path / str(number), files, build=SETUPTOOLS, extra=extra)
        release = read(understand(str(sdist)), host.node())
        [script] = [each for each in release.builds if each.item == "setup.py"]
        assert [part.name for part in script.parts] == ["setup.py"]
        found.append([each.item for each in script.observed])
    assert found == [[], ["process: os.system"]]


# What a review says


def said(old: Path | str, new: Path | str) -> list[str]:
    """Return the findings about builds, each with its level."""
    report = review(str(old), str(new))
    return [
        f"{each.level} {each.item}" for each in report.findings if each.name.startswith("build-")
    ]


def sdists(
    folder: Path,
    old: Mapping[str, str],
    new: Mapping[str, str],
    builds: tuple[str, str] = (SETUPTOOLS, SETUPTOOLS),
) -> list[str]:
    one = write_sdist(folder / "old", plugin(), build=builds[0], extra=old)
    files = plugin(version="1.1.0")
    two = write_sdist(folder / "new", files, version="1.1.0", build=builds[1], extra=new)
    return said(one, two)


PLAIN = "from setuptools import setup\nsetup(version='1.0.0')\n"
USUAL = "from pathlib import Path\nfrom setuptools import setup\nsetup(x=Path('R').read_text())\n"
LOOKS = "from setuptools import find_packages, setup\nsetup(packages=find_packages('{}'))\n"
CHANGES = {
    "a script that starts a shell": ({}, {"setup.py": SHELL}, ["error setup.py"]),
    "a script that reads a file": ({}, {"setup.py": USUAL}, ["warning setup.py"]),
    "a static script": ({}, {"setup.py": PLAIN}, ["note setup.py"]),
    "another version in a static script": (
        {"setup.py": PLAIN},
        {"setup.py": PLAIN.replace("1.0.0", "1.1.0")},
        [],
    ),
    "what a static script looks for": (
        {"setup.py": LOOKS.format("a")},
        {"setup.py": LOOKS.format("b")},
        [],
    ),
    "a static script that is one no more": (
        {"setup.py": PLAIN},
        {"setup.py": USUAL},
        ["warning setup.py"],
    ),
    "comments and layout": (
        {"setup.py": SHELL},
        {"setup.py": f'"""Says what it does."""\n# Again.\n{SHELL.replace("(", "( ")}'},
        [],
    ),
    "its own version": (
        {"setup.py": f"V = '1.0.0'\n{USUAL}"},
        {"setup.py": f"V = '1.1.0'\n{USUAL}"},
        [],
    ),
    "what it declares": (
        {"setup.py": USUAL.replace("x=", "keywords=['a'], x=")},
        {"setup.py": USUAL.replace("x=", "keywords=['b'], x=")},
        [],
    ),
    "the same shell for something else": (
        {"setup.py": SHELL},
        {"setup.py": SHELL.replace("MARKER", "MARKER again")},
        ["error setup.py"],
    ),
    "a module of the script": (
        {"setup.py": f"import tool\n{USUAL}", "tool.py": "A = 1\n"},
        {"setup.py": f"import tool\n{USUAL}", "tool.py": "A = 2\n"},
        ["warning setup.py"],
    ),
    "a module that starts a shell now": (
        {"setup.py": f"import tool\n{USUAL}", "tool.py": "A = 1\n"},
        {"setup.py": f"import tool\n{USUAL}", "tool.py": SHELL},
        ["error setup.py"],
    ),
    "a script that nobody can read": ({}, {"setup.py": "setup(\n"}, ["error setup.py"]),
    "a script that is gone": ({"setup.py": SHELL}, {}, ["note setup.py"]),
}


@pytest.mark.parametrize(("old", "new", "expected"), CHANGES.values(), ids=CHANGES)
def test_what_changes_in_a_build_is_found(
    old: dict[str, str], new: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    assert sdists(tmp_path, old, new) == expected


NEEDS = {
    "another distribution": ('"setuptools", "helper"', ["warning helper"]),
    "another version": ('"setuptools>=77"', ["note setuptools"]),
    "the same in another spelling": ('"SetupTools"', []),
    "a public tool": ('"setuptools", "wheel"', ["note wheel"]),
    "an address": ('"setuptools @ https://files.example/s.whl"', ["error setuptools"]),
    "another distribution at an address": (
        '"setuptools", "helper @ https://files.example/h.whl"',
        ["error helper"],
    ),
}


@pytest.mark.parametrize(("needs", "expected"), NEEDS.values(), ids=NEEDS)
def test_what_a_build_needs_is_compared(needs: str, expected: list[str], tmp_path: Path) -> None:
    changed = SETUPTOOLS.replace('"setuptools"', needs, 1)
    assert sdists(tmp_path, {}, {}, (SETUPTOOLS, changed)) == expected


def test_another_backend_is_a_note_if_it_is_public_and_else_a_warning(tmp_path: Path) -> None:
    assert sdists(tmp_path / "a", {}, {}, (SETUPTOOLS, HATCH)) == [
        "note hatchling",
        "note build-backend",
    ]
    own = HATCH.replace("hatchling.build", "acme_build")
    assert sdists(tmp_path / "b", {}, {}, (HATCH, own)) == ["warning build-backend"]


def test_a_script_that_was_idle_and_runs_now_is_new(tmp_path: Path) -> None:
    script = {"setup.py": SHELL}
    assert "error setup.py" in sdists(tmp_path, script, script, (HATCH, SETUPTOOLS))


def test_where_a_wheel_was_installed_all_that_the_build_runs_is_new(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, plugin())
    plain, scripted = (
        write_sdist(tmp_path / name, plugin(), build=SETUPTOOLS, extra=extra)
        for name, extra in (("plain", {"setup.py": PLAIN}), ("scripted", {"setup.py": SHELL}))
    )
    assert said(wheel, plain) == ["note build-backend"]
    assert said(wheel, scripted) == ["error setup.py", "note build-backend"]
    assert said(scripted, wheel) == []


def test_an_address_counts_whatever_is_fetched_from_it(tmp_path: Path) -> None:
    build = HATCH.replace('"hatchling"]', '"hatchling @ https://files.example/h.whl"]')
    sdist = write_sdist(tmp_path, plugin(), build=build)
    assert said(write_wheel(tmp_path, plugin()), sdist) == [
        "error hatchling",
        "note build-backend",
    ]


def test_what_a_tool_is_told_is_not_said_beside_that_it_is_needed(tmp_path: Path) -> None:
    build = HATCH.replace('"hatchling"]', '"hatchling", "hatch-vcs"]')
    build += "[tool.hatch.build.hooks.vcs]\nversion-file = 'v.py'\n"
    wheel = write_wheel(tmp_path, plugin())
    sdist = write_sdist(tmp_path / "a", plugin(), build=build)
    assert said(wheel, sdist) == ["warning hatch-vcs", "note build-backend"]
    again = write_sdist(tmp_path / "b", plugin(), build=build.replace("v.py", "w.py"))
    assert said(sdist, again) == ["warning [tool.hatch.build.hooks.vcs]"]


def test_a_script_that_stays_and_imports_a_package_that_acts_now(tmp_path: Path) -> None:
    script = {"setup.py": "from demo_plugin import more\nprint(more)\n"}
    old, new = (
        write_sdist(tmp_path / name, plugin(more=text), build=SETUPTOOLS, extra=script)
        for name, text in (("old", "A = 1\n"), ("new", SHELL))
    )
    assert said(old, new) == ["error setup.py"]
    assert said(new, new) == []


def test_a_first_installation_is_told_what_its_build_runs_one_level_lighter(
    tmp_path: Path,
) -> None:
    levels = {"plain": PLAIN, "usual": USUAL, "shell": SHELL}
    found = {
        name: said("none", write_sdist(tmp_path / name, plugin(), extra={"setup.py": text}))
        for name, text in levels.items()
    }
    assert found == {"plain": [], "usual": ["note setup.py"], "shell": ["warning setup.py"]}


def test_projects_are_compared_as_sdists_are(tmp_path: Path) -> None:
    old = write_project(tmp_path / "old", plugin())
    new = write_project(tmp_path / "new", plugin())
    (new / "setup.py").write_text(SHELL, "utf-8")
    sdist = write_sdist(tmp_path, plugin())
    assert said(old, new) == ["error setup.py"]
    assert "error setup.py" in said(sdist, new)
    assert said(old, old) == []


def test_an_author_is_not_told_what_they_build_with(tmp_path: Path) -> None:
    project = write_project(tmp_path, plugin())
    (project / "setup.py").write_text(SHELL, "utf-8")
    [checked] = check(str(project)).checked
    assert [each for each in checked.mistakes if each.name.startswith("build-")] == []


@pytest.mark.parametrize(
    ("script", "path", "text"),
    [
        ("import os\nos.system('sh tools/gen')\n", "tools/gen", "true"),
        ("import subprocess\nsubprocess.run(['./configure'])\n", "configure", "true"),
        ("import subprocess\nsubprocess.run(['make', 'all'])\n", "Makefile", "all:"),
        (
            "import glob\nfor f in glob.glob('tools/*'): exec(open(f).read())\n",
            "tools/a.txt",
            "x = 1",
        ),
        ("exec(open('tools/a.txt').read())\n", "tools/a.txt", "x = 1"),
        (
            "from setuptools import setup\nsetup()\n",
            "x.egg-info/entry_points.txt",
            "[setuptools.finalize_distribution_options]\nx = y:z\n",
        ),
    ],
)
def test_a_file_of_any_kind_that_a_build_runs_is_a_part_of_it(
    script: str, path: str, text: str
) -> None:
    found = steps({"setup.py": script, path: text})["setup.py"]
    assert not found.plain
    assert {part.name for part in found.parts} == {"setup.py", path}


def test_a_file_that_a_build_reads_is_no_part_of_it() -> None:
    script = (
        "import subprocess\nsubprocess.run(['git', 'describe'])\n"
        "x = [open(f) for f in ('README.md', 'VERSION', 'requirements.txt', 'docs/index.rst')]\n"
    )
    texts = dict.fromkeys(("README.md", "VERSION", "requirements.txt", "docs/index.rst"), "x")
    found = steps({"setup.py": script, **texts})["setup.py"]
    assert [part.name for part in found.parts] == ["setup.py"]


def test_a_fallback_on_distutils_is_plain() -> None:
    text = "try:\n    from setuptools import setup\nexcept ImportError:\n    {}\nsetup(name='x')\n"
    assert is_static(text.format("from distutils.core import setup").encode())
    assert not is_static(text.format("from helper import setup").encode())
