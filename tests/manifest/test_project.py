"""What a source tree says it would build."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import host, limits, review
from stigmem_review.document.parts import Report
from stigmem_review.errors import SourceError
from stigmem_review.model import Known, Manifest, NotCarried, Release, Unknown
from stigmem_review.pipeline.reading import read
from stigmem_review.report import render
from stigmem_review.sources.request import understand
from support.archives import refusal_of
from support.plugins import plugin, write_project

GROUP = '[project.entry-points."stigmem.plugins"]\ndemo = "demo_plugin:plugin_manifest"\n'


def read_tree(folder: Path, pyproject: str = "", **files: str) -> Release:
    write_project(folder, plugin())
    if pyproject:
        (folder / "pyproject.toml").write_text(pyproject, "utf-8")
    for path, text in files.items():
        target = folder / path.replace("__", "/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    return read(understand(str(folder)), host.node())


def is_read(release: Release) -> bool:
    return isinstance(release.manifest, Manifest) and release.problems == ()


ROOTS = ["src/", "", "python/"]


@pytest.mark.parametrize("root", ROOTS)
def test_the_package_is_found_wherever_it_stands(root: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        f'[project]\nname = "demo"\nversion = "1.0.0"\n{GROUP}', "utf-8"
    )
    for path, text in plugin().items():
        target = tmp_path / root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    release = read(understand(str(tmp_path)), host.node())
    assert is_read(release)
    assert isinstance(release.package, Known)
    assert set(release.package.value) == set(plugin())


def test_two_packages_are_one_too_many_where_nothing_says_which_is_built(tmp_path: Path) -> None:
    for folder in ("one", "other"):
        write_project(tmp_path / folder, plugin())
    (tmp_path / "pyproject.toml").write_text(
        f'[build-system]\nbuild-backend = "acme.build"\n[project]\nname = "demo"\n{GROUP}', "utf-8"
    )
    release = read(understand(str(tmp_path)), host.node())
    assert isinstance(release.manifest, Unknown)
    assert "more than one folder (one/src/, other/src/)" in release.manifest.why
    assert "what is built is up to acme.build; review the built wheel" in release.manifest.why


@pytest.mark.parametrize("folder", ["tests", "docs", "examples", "old", "out/lib", "backup/src"])
@pytest.mark.parametrize("build", ["", '[build-system]\nbuild-backend = "acme.build"\n'])
def test_a_copy_that_is_never_built_does_not_count(folder: str, build: str, tmp_path: Path) -> None:
    (tmp_path / folder / "demo_plugin").mkdir(parents=True)
    (tmp_path / folder / "demo_plugin" / "__init__.py").write_text("", "utf-8")
    head = '[project]\nname = "demo"\nversion = "1.0.0"\n'
    assert is_read(read_tree(tmp_path, build + head + GROUP))


def test_what_is_left_to_the_build_backend_is_not_carried(tmp_path: Path) -> None:
    release = read_tree(
        tmp_path,
        '[project]\nname = "demo"\n'
        f'dynamic = ["version", "dependencies", "requires-python"]\n{GROUP}',
    )
    assert is_read(release)
    assert isinstance(release.distribution_version, NotCarried)
    assert isinstance(release.requires_dist, NotCarried)
    assert isinstance(release.requires_python, NotCarried)


def test_entry_points_left_to_the_build_backend_are_unknown(tmp_path: Path) -> None:
    release = read_tree(
        tmp_path, '[project]\nname = "demo"\nversion = "1"\ndynamic = ["entry-points"]\n'
    )
    assert isinstance(release.entry_points, Unknown)
    assert isinstance(release.manifest, Unknown)


def test_a_group_without_quotes_is_named_with_the_lines_to_write(tmp_path: Path) -> None:
    release = read_tree(
        tmp_path,
        '[project]\nname = "demo"\nversion = "1"\n'
        '[project.entry-points.stigmem.plugins]\ndemo = "demo_plugin:plugin_manifest"\n',
    )
    [problem] = release.problems
    assert problem.kind == "entry-point-invalid"
    assert '[project.entry-points."stigmem.plugins"]' in problem.why
    assert problem.at is not None
    assert problem.at.line == 4


def test_poetrys_own_table_is_read(tmp_path: Path) -> None:
    release = read_tree(
        tmp_path,
        '[tool.poetry]\nname = "demo"\nversion = "1.0.0"\n'
        '[tool.poetry.plugins."stigmem.plugins"]\ndemo = "demo_plugin:plugin_manifest"\n',
    )
    assert is_read(release)
    assert release.distribution == Known("demo", at=release.distribution.at)  # type: ignore[union-attr]


def test_a_project_without_static_metadata_says_so(tmp_path: Path) -> None:
    release = read_tree(
        tmp_path,
        '[build-system]\nrequires = ["setuptools"]\n',
        **{"setup.py": "raise SystemExit('must not run')\n"},
    )
    assert isinstance(release.manifest, Unknown)
    assert "setup.py" in release.manifest.why


OTHER = """
[build-system]
requires = ["acme-build"]
build-backend = "acme.build"

[tool.acme.metadata]
module = "demo_plugin"

[tool.acme.entrypoints."stigmem.plugins"]
demo = "demo_plugin:plugin_manifest"
"""


def test_what_a_backend_keeps_in_tables_of_its_own_is_not_taken_for_nothing(
    tmp_path: Path,
) -> None:
    release = read_tree(tmp_path, OTHER)
    assert isinstance(release.manifest, Unknown)
    assert "up to acme.build; review the built wheel" in release.manifest.why
    assert [each.kind for each in release.problems] == []


IN_SRC = (
    '[project]\nname = "demo"\nversion = "1.0.0"\n'
    '[project.entry-points."stigmem.plugins"]\ndemo = "src.demo_plugin:plugin_manifest"\n'
)


HATCHLING = '[build-system]\nbuild-backend = "hatchling.build"\n'
SETUPTOOLS = '[build-system]\nbuild-backend = "setuptools.build_meta"\n'


@pytest.mark.parametrize(
    "build",
    [
        "",
        HATCHLING + '[tool.hatch.build.targets.wheel]\npackages = ["src/demo_plugin"]\n',
        SETUPTOOLS + '[tool.setuptools]\npackage-dir = { "" = "src" }\n',
        SETUPTOOLS + '[tool.setuptools.packages.find]\nwhere = ["src"]\n',
    ],
)
def test_the_folder_of_packages_is_no_package(build: str, tmp_path: Path) -> None:
    release = read_tree(tmp_path, IN_SRC + build)
    assert [each.kind for each in release.problems] == ["target-missing"]


@pytest.mark.parametrize(
    "build",
    [
        HATCHLING + '[tool.hatch.build.targets.wheel]\npackages = ["src"]\n',
        HATCHLING + '[tool.hatch.build.targets.wheel]\nonly-include = ["./src"]\n',
        SETUPTOOLS + '[tool.setuptools]\npackages = ["src", "src.demo_plugin"]\n',
    ],
)
def test_a_project_may_make_a_package_of_it(build: str, tmp_path: Path) -> None:
    release = read_tree(tmp_path, IN_SRC + build)
    assert is_read(release)
    assert isinstance(release.package, Known)
    assert set(release.package.value) == {f"src/{path}" for path in plugin()}


def test_not_even_with_a_module_of_its_own(tmp_path: Path) -> None:
    write_project(tmp_path, {**plugin(), "__init__.py": ""})
    release = read_tree(tmp_path, IN_SRC)
    assert [each.kind for each in release.problems] == ["target-missing"]


def test_optional_dependencies_carry_their_extra(tmp_path: Path) -> None:
    release = read_tree(
        tmp_path,
        '[project]\nname = "demo"\nversion = "1.0.0"\ndependencies = ["a"]\n'
        f"[project.optional-dependencies]\nfast = [\"b>=1; python_version > '3'\"]\n{GROUP}",
    )
    assert isinstance(release.requires_dist, Known)
    assert release.requires_dist.value == (
        "a",
        "b>=1 ; (python_version > '3') and extra == \"fast\"",
    )


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"[project", "Expected"),
        (b"a = 1\na = 2\n", "Cannot overwrite a value"),
        (b"x = " + b"[" * 5000, "it is nested too deeply"),
        (b"x = " + b"1" * 4301, "a number in it has too many digits"),
        (b"x = '\xe9'\n", "byte 5 of it is not UTF-8"),
        (b"\xef\xbb\xbf[project]\n", "it starts with a byte order mark"),
        (b"#" * (limits.METADATA_BYTES + 1), "it has more than"),
    ],
)
def test_a_pyproject_that_is_not_toml_is_refused(data: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(data)
    message = refusal_of(read, understand(str(tmp_path)), host.node())
    assert f"pyproject.toml cannot be read: {why}" in message
    assert message.endswith("; mend it first")


def review_trees(folder: Path, old: dict[str, str], new: dict[str, str]) -> Report:
    for name, files in (("old", old), ("new", new)):
        for path, text in files.items():
            target = folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
    return review(str(folder / "old"), str(folder / "new"))


HEAD = '[project]\nname = "demo"\nversion = "1.0.0"\n'
READS = "import os\n" + plugin()["demo_plugin/manifest.py"].replace(
    "capabilities=('facts.read',)", "capabilities=os.environ['{}'].split()"
)
UNREADABLE = [
    ("entry points in setup.py", {"pyproject.toml": "", "setup.py": "{}  # stigmem.plugins"}),
    (
        "dynamic entry points",
        {
            "pyproject.toml": HEAD.replace("demo", "stigmem-plugin-demo")
            + 'dynamic = ["entry-points"]\n',
            "x.py": "{}",
        },
    ),
    (
        "two folders with the package",
        {"pyproject.toml": HEAD + GROUP, "a/demo_plugin/a.py": "{}", "b/demo_plugin/b.py": ""},
    ),
    (
        "a plugin of one module",
        {
            "pyproject.toml": HEAD + GROUP.replace("demo_plugin:", "single:"),
            "single.py": READS.replace("from . import handlers\n", "")
            .replace("'post_assert_audit': handlers.audit", "")
            .replace("{{}}", "dict()"),
        },
    ),
]


@pytest.mark.parametrize(
    "files", [row[1] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE]
)
def test_what_is_unread_on_both_sides_is_not_the_same(
    files: dict[str, str], tmp_path: Path
) -> None:
    old = {path: text.replace("{}", "OLD") for path, text in files.items()}
    new = {path: text.replace("{}", "NEW") for path, text in files.items()}
    assert review_trees(tmp_path, old, new).verdict.state == "blocked"


def test_poetrys_commands_are_entry_points(tmp_path: Path) -> None:
    head = '[tool.poetry]\nname = "demo"\nversion = "1.0.0"\n'
    head += '[tool.poetry.plugins."stigmem.plugins"]\ndemo = "demo_plugin:plugin_manifest"\n'
    package = {f"src/{path}": text for path, text in plugin().items()}
    old = {"pyproject.toml": head, **package}
    new = {"pyproject.toml": f'{head}[tool.poetry.scripts]\nstigmem = "x:y"\n', **package}
    report = review_trees(tmp_path, old, new)
    assert [each.item for each in report.findings] == ["console_scripts : stigmem"]


def test_a_stale_egg_info_is_not_believed(tmp_path: Path) -> None:
    release = read_tree(
        tmp_path,
        HEAD,
        **{
            "src__demo.egg-info__entry_points.txt": (
                "[stigmem.plugins]\ndemo = demo_plugin:plugin_manifest\n"
            )
        },
    )
    assert [problem.kind for problem in release.problems] == ["entry-point-missing"]


PKG_INFO = "Metadata-Version: 2.4\nName: demo-plugin\nVersion: 1.0.0\n"


@pytest.mark.parametrize(
    ("pkg_info", "words"),
    [
        ("", "0 Name lines"),
        ("Metadata-Version: 2.4\nVersion: 1.0.0\n", "PKG-INFO has 0 Name lines"),
        ("Metadata-Version: 2.4\nName: demo-plugin\n", "PKG-INFO has 0 Version lines"),
        (f"{PKG_INFO}Name: other\n", "2 Name lines"),
        (f"{PKG_INFO}Author: caf\udce9\n", "is not UTF-8"),
    ],
)
def test_a_pkg_info_that_says_no_release_is_an_error_of_one_line(
    pkg_info: str, words: str, tmp_path: Path
) -> None:
    assert is_read(read_tree(tmp_path, **{"PKG-INFO": PKG_INFO}))
    (tmp_path / "PKG-INFO").write_bytes(pkg_info.encode("utf-8", "surrogateescape"))
    report = review(str(tmp_path), str(tmp_path))
    assert report.verdict.exit_code == 3
    printed = render(report, "text")
    assert words in " ".join(printed.split())
    assert "internal error" not in printed


@pytest.mark.parametrize("version", ["2.2", "2.6", "2.6 ", "3.0"])
def test_a_pkg_info_of_2_2_and_later_says_what_is_required(version: str, tmp_path: Path) -> None:
    text = PKG_INFO.replace("2.4", version) + "Requires-Dist: acme\nImport-Name: demo_plugin\n"
    release = read_tree(tmp_path, **{"PKG-INFO": text})
    assert isinstance(release.requires_dist, Known)
    assert release.requires_dist.value == ("acme",)


@pytest.mark.parametrize("version", ["2.1", "2", "", "two", "9" * 5000])
def test_an_older_or_unreadable_one_does_not(version: str, tmp_path: Path) -> None:
    text = PKG_INFO.replace("2.4", version) + "Requires-Dist: acme\n"
    release = read_tree(tmp_path, **{"PKG-INFO": text})
    assert isinstance(release.requires_dist, Known)
    assert release.requires_dist.value == ()


def test_a_number_with_too_many_digits_is_an_error_of_one_line(tmp_path: Path) -> None:
    toml = f'[project]\nname = "demo"\nversion = "1"\n[tool.x]\ny = {"9" * 5000}\n{GROUP}'
    with pytest.raises(SourceError, match="cannot be read: a number in it has too many digits"):
        read_tree(tmp_path, toml)
