"""``setup.py`` and ``setup.cfg`` are read where they are written out, and never run."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import check, host, review
from stigmem_review.manifest.setup_files import Computed, Find, read_setup
from stigmem_review.model import Known, Manifest, NotCarried, Release, Unknown
from stigmem_review.pipeline.reading import read
from stigmem_review.sources.request import understand
from support.archives import refusal_of, write_files
from support.plugins import plugin, write_wheel

ENTRY = '{"stigmem.plugins": ["demo = demo_plugin:plugin_manifest"]}'


def script(arguments: str, before: str = "") -> dict[str, str]:
    imports = "from setuptools import find_packages, setup"
    return {"setup.py": f"{imports}\n{before}\nsetup({arguments})\n"}


def project(folder: Path, files: dict[str, str], root: str = "") -> Path:
    package = {f"{root}{path}": text for path, text in plugin().items()}
    write_files(folder, {path: text.encode() for path, text in {**package, **files}.items()})
    return folder


def release_of(folder: Path, files: dict[str, str], root: str = "") -> Release:
    return read(understand(str(project(folder, files, root))), host.node())


PLAIN = f'name="demo-plugin", version="1.0.0", packages=["demo_plugin"], entry_points={ENTRY}'


@pytest.mark.parametrize(
    ("arguments", "before"),
    [
        (PLAIN, ""),
        (PLAIN.replace('["demo_plugin"]', "find_packages()"), ""),
        (PLAIN.replace('["demo_plugin"]', "PACKAGES"), 'PACKAGES = ["demo_" + "plugin"]'),
        (PLAIN.replace('"1.0.0"', "version"), 'version = "1.0.0"'),
        (PLAIN.replace('"1.0.0"', "f'{major}.0'"), 'major = "1.0"'),
        (f"long_description=open('README').read(), {PLAIN}", ""),
        ("**OPTIONS", f"OPTIONS = dict({PLAIN})"),
        (
            PLAIN.replace('["demo = demo_plugin:plugin_manifest"]', "ENTRIES"),
            'ENTRIES = """\n    demo = demo_plugin:plugin_manifest\n"""',
        ),
    ],
)
def test_what_is_written_out_is_read(arguments: str, before: str, tmp_path: Path) -> None:
    release = release_of(tmp_path, script(arguments, before))
    assert isinstance(release.manifest, Manifest)
    assert isinstance(release.distribution, Known)
    assert isinstance(release.distribution_version, Known)
    assert (release.distribution.value, release.distribution_version.value) == (
        *("demo-plugin", "1.0.0"),
    )
    assert check(str(tmp_path)).verdict.exit_code == 0


COMPUTED = [
    ("import json\nENTRY = json.load(open('entry.json'))", "entry_points=ENTRY"),
    (f"ENTRY = {ENTRY}\nENTRY['stigmem.plugins'].append('x = y:z')", "entry_points=ENTRY"),
    (f"ENTRY = {ENTRY}\ndef change(what): ...\nchange(ENTRY)", "entry_points=ENTRY"),
    (f"ENTRY = {ENTRY}\nif __debug__:\n    ENTRY = {{}}", "entry_points=ENTRY"),
    (f"for ENTRY in [{ENTRY}]: pass", "entry_points=ENTRY"),
    ("def entries(): ...", "entry_points=entries()"),
    ("OPTIONS = options()", "**OPTIONS"),
    ("def find_packages(): ...", f"packages=find_packages(), entry_points={ENTRY}"),
    ("", f"packages=[each for each in ()], entry_points={ENTRY}"),
]


@pytest.mark.parametrize(("before", "arguments"), COMPUTED)
def test_what_is_computed_asks_for_the_wheel(before: str, arguments: str, tmp_path: Path) -> None:
    files = script(f'name="demo-plugin", version="1.0.0", {arguments}', before)
    project(tmp_path, files, "" if "packages=" not in arguments else "lib/a/")
    release = read(understand(str(tmp_path)), host.node())
    if isinstance(release.manifest, Manifest):
        # The packages are computed, and the one that the entry point names is in one place.
        assert "packages=" in arguments
        return
    assert isinstance(release.manifest, Unknown)
    assert "review the built wheel" in release.manifest.why


def test_a_computed_project_is_judged_by_its_wheel(tmp_path: Path) -> None:
    before, arguments = COMPUTED[0]
    folder = project(tmp_path / "project", script(f'name="demo-plugin", {arguments}', before))
    wheel = write_wheel(tmp_path, plugin())
    assert check(str(folder)).verdict.exit_code == 1
    report = check(str(folder), str(wheel))
    assert report.verdict.exit_code == 0
    assert all(not each.mistakes for each in report.checked)
    broken = write_wheel(tmp_path / "x", plugin(capabilities=("fact.read",)))
    assert check(str(folder), str(broken)).verdict.exit_code == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "import setuptools\n",
        "from setuptools import setup\nsetup()\nsetup()\n",
        "def (:\n",
        "raise SystemExit('must not run')\n",
    ],
)
def test_a_script_that_says_nothing_is_computed(text: str, tmp_path: Path) -> None:
    release = release_of(tmp_path, {"setup.py": text})
    assert isinstance(release.entry_points, Unknown)
    assert "review the built wheel" in release.entry_points.why
    assert isinstance(release.distribution, NotCarried)


def test_the_script_goes_before_the_configuration() -> None:
    """That is how setuptools has it: what the script sets is not set again."""
    files = {
        "setup.py": b"from setuptools import setup\nsetup(version='1', packages=[])\n",
        "setup.cfg": b"[metadata]\nname = demo\nversion = 2\n[options]\npackages = find:\n",
    }
    found = read_setup(files, "x")
    assert {name: option.value for name, option in found.items()} == {
        "name": "demo",
        "version": "1",
        "packages": Find(),
    }
    assert (found["name"].at.path, found["name"].at.line) == ("setup.cfg", 2)
    assert (found["version"].at.path, found["version"].at.line) == ("setup.py", 2)


def test_the_standard_table_goes_before_both(tmp_path: Path) -> None:
    pyproject = (
        '[project]\nname = "demo"\nversion = "3"\ndynamic = ["dependencies", "entry-points"]\n'
        '[build-system]\nbuild-backend = "setuptools.build_meta"\n'
    )
    files = {
        "pyproject.toml": pyproject,
        **script(f'name="x", version="1", python_requires=">=3", entry_points={ENTRY}'),
    }
    release = release_of(tmp_path, files)
    assert isinstance(release.distribution_version, Known)
    assert release.distribution_version.value == "3"
    assert isinstance(release.requires_python, Known)
    assert release.requires_python.value is None
    assert isinstance(release.entry_points, Known)
    assert [each.name for each in release.entry_points.value] == ["demo"]
    assert isinstance(release.manifest, Manifest)


def test_two_sides_that_are_computed_are_not_the_same(tmp_path: Path) -> None:
    before, arguments = COMPUTED[0]
    for side in ("old", "new"):
        files = script(f'name="demo-plugin", {arguments}', before)
        project(tmp_path / side, {**files, "demo_plugin/more.py": f"SIDE = '{side}'\n"})
    report = review(str(tmp_path / "old"), str(tmp_path / "new"))
    assert report.verdict.state == "blocked"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"name = demo\n", "File contains no section headers"),
        (b"[metadata]\nname = a\nname = b\n", "already exists"),
        (b"[metadata]\nname = \xe9\n", "can't decode byte"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_refused(data: bytes, reason: str) -> None:
    message = refusal_of(read_setup, {"setup.cfg": data}, "x")
    assert message.startswith("x: setup.cfg cannot be read: ")
    assert reason in message


def test_a_computed_value_names_its_line() -> None:
    data = b"from setuptools import setup\nsetup(\n    name=make(),\n    version='1',\n)\n"
    found = read_setup({"setup.py": data}, "x")
    assert found["name"].value == Computed("it is computed in setup.py, line 3")
    assert found["version"].value == "1"


TWO = PLAIN.replace('["demo_plugin"]', '["demo_plugin", "evil"]')


@pytest.mark.parametrize(
    "text",
    [
        f"import setuptools as s\nif 0:\n    s.setup({PLAIN})\nf = s.setup\nf({TWO})\n",
        f"import setuptools\nif 0:\n    setuptools.setup({PLAIN})\n"
        f"getattr(setuptools, 'setup')({TWO})\n",
        f"import os\nfrom setuptools import setup\nif os.name:\n    setup({PLAIN})\n",
        f"import setuptools\nsetuptools.setup = print\nsetuptools.setup({PLAIN})\n",
        "import setuptools.discovery as d\nd.PackageFinder.find = None\n"
        f"d.PackageFinder.x['y'] = 1\nfrom setuptools import setup\nsetup({PLAIN})\n",
        f"from setuptools import setup\nprint(setup({PLAIN}))\n",
    ],
)
def test_a_call_that_need_not_be_the_one_that_is_run_is_not_read(text: str) -> None:
    setup = read_setup({"setup.py": text.encode()}, "x")
    assert isinstance(setup[""].value, Computed)
    assert {*setup} == {""}


@pytest.mark.parametrize(
    "before",
    [
        'Q = P\nQ.append("evil")',
        '(Q := P).append("evil")',
        'for q in [P]:\n    q.append("evil")',
        'K = {"a": P}\nK["a"].append("evil")',
        'K = dict(a=P)\nL = [K]\nL[0]["a"].append("evil")',
        'globals()["P"] = ["evil"]',
        "exec(open('x').read())",
        "from helper import *",
    ],
)
def test_a_list_that_may_be_changed_elsewhere_is_not_read(before: str) -> None:
    text = script("packages=P", f'P = ["demo_plugin"]\n{before}')["setup.py"]
    assert isinstance(read_setup({"setup.py": text.encode()}, "x")["packages"].value, Computed)


@pytest.mark.parametrize(
    "before",
    [
        'Q = P + ["evil"]\nQ.append("x")',
        'K = {"a": P}',
        "for q in P:\n    print(q)",
        'if "x" in P:\n    print(f"{P}", *P)',
        "about = {}\nexec(open('x').read(), about)",
    ],
)
def test_a_list_that_others_only_read_is_read(before: str) -> None:
    text = script("packages=P", f'P = ["demo_plugin"]\n{before}')["setup.py"]
    assert read_setup({"setup.py": text.encode()}, "x")["packages"].value == ["demo_plugin"]


def test_a_text_in_the_place_of_patterns_is_one_pattern_a_character() -> None:
    text = script('packages=find_packages("src", exclude="evil")')["setup.py"]
    found = read_setup({"setup.py": text.encode()}, "x")["packages"].value
    assert found == Find(("src",), ("*",), ("e", "v", "i", "l"))


@pytest.mark.parametrize(
    "files",
    [
        {"setup.py": f"from setuptools import setup\nsetup(entry_points={ENTRY})\n"},
        {
            "setup.cfg": "[options]\nentry_points = file: a.txt, b.txt\n",
            "a.txt": "[console_scripts]\nx = demo_plugin:y\n",
            "b.txt": "[stigmem.plugins]\ndemo = demo_plugin:plugin_manifest\n",
        },
    ],
)
def test_entry_points_that_the_project_table_does_not_leave_to_setuptools_are_built(
    files: dict[str, str], tmp_path: Path
) -> None:
    pyproject = (
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "demo-plugin"\nversion = "1.0.0"\n'
    )
    release = release_of(tmp_path, {"pyproject.toml": pyproject, **files})
    assert isinstance(release.entry_points, Known)
    assert "stigmem.plugins" in {each.group for each in release.entry_points.value}
    assert isinstance(release.manifest, Manifest)
