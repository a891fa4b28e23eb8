"""Whether what a release installs registers a plugin."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import limits
from stigmem_review.errors import SourceError
from stigmem_review.manifest.declares import (
    declares_plugin,
    is_about_plugin,
    registers_plugin,
)
from stigmem_review.model import Source
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.request import Found, find_source, open_source, understand
from stigmem_review.sources.sdist import read_sdist
from stigmem_review.sources.wheel import read_wheel
from support.archives import (
    SDIST,
    WHEEL,
    Zipped,
    sdist,
    sdist_entries,
    wheel,
    wheel_files,
    zip_bytes,
)
from support.plugins import plugin, write_project, write_wheel

PLUGIN = "[stigmem.plugins]\ndemo = demo_plugin:plugin_manifest\n"
SCRIPT = "[console_scripts]\ndemo = demo_plugin:main\n"
PROJECT = '[project]\nname = "demo"\nversion = "1.0"\n'


def of_wheel(folder: Path, table: str | bytes = "", **more: str | bytes) -> bool | None:
    """Ask of a wheel with this table of entry points, and ``more`` files by their path."""
    extra = {path.replace("__", "/"): content for path, content in more.items()}
    if isinstance(table, bytes):
        extra["demo_plugin-1.0.0.dist-info/entry_points.txt"] = table
        table = ""
    wheel = write_wheel(folder, plugin(), entry_points=table, extra=extra)
    return declares_plugin(read_wheel("demo", wheel.name, wheel.read_bytes()))


def of_sdist(more: dict[str, bytes]) -> bool | None:
    return declares_plugin(read_sdist("demo", SDIST, sdist(sdist_entries(more))))


def of_directory(folder: Path, pyproject: str, *others: str) -> bool | None:
    write_project(folder, plugin())
    (folder / "pyproject.toml").write_text(pyproject)
    for name in others:
        (folder / name).write_text(PLUGIN)
    return declares_plugin(open_source(understand(str(folder))))


def test_nothing() -> None:
    assert declares_plugin(Artifact(Source("none", "none"))) is False


TABLES: dict[str, tuple[str | bytes, bool]] = {
    "a plugin": (PLUGIN, True),
    "among others": (f"# demo\n\n{SCRIPT}\n{PLUGIN}", True),
    "brackets that importlib.metadata drops": ("[[stigmem.plugins]]\nx = y:z\n", True),
    "no plugin": (SCRIPT, False),
    "no table": ("", False),
    "a group without entries": ("[stigmem.plugins]\n", False),
    "another group": ("[stigmem.plugins.more]\nx = y:z\n", False),
    "a comment": (f"# stigmem.plugins\n{SCRIPT}", False),
    "a line without =": ("[stigmem.plugins]\ndemo\n", True),
    "a line without = in another group": (f"{SCRIPT}broken\n# stigmem.plugins\n", True),
    "a line without = where the group is not named": (f"{SCRIPT}broken\n", False),
    "what configparser reads otherwise": ("[stigmem.plugins]\n  x = y:z\n x = z:y\n", True),
    "a byte order mark": (b"\xef\xbb\xbf" + PLUGIN.encode(), True),
    "no UTF-8": (PLUGIN.encode() + b"\xff", True),
    "no UTF-8, and the group in a comment": (b"# stigmem.plugins \xff\n", True),
    "no UTF-8, and no word of the group": (SCRIPT.encode() + b"\xff", False),
}


@pytest.mark.parametrize(("table", "expected"), TABLES.values(), ids=TABLES)
def test_the_table_of_a_wheel(tmp_path: Path, table: str | bytes, expected: bool) -> None:
    assert of_wheel(tmp_path, table) is expected


@pytest.mark.parametrize(
    "place",
    [
        "hidden-1.0.dist-info",
        "hidden-1.0.egg-info",
        "hidden-1.0.Dist-Info",
        "hidden-1.0.EGG-INFO",
        "hidden.egg/EGG-INFO",
        "demo_plugin/vendored/hidden-1.0.dist-info",
        "demo_plugin-1.0.0.data/purelib/hidden-1.0.dist-info",
        "demo_plugin-1.0.0.data/data/lib/python3.12/site-packages/hidden-1.0.dist-info",
    ],
)
@pytest.mark.parametrize("file", ["entry_points.txt", "Entry_Points.TXT"])
def test_a_distribution_that_hides_in_a_wheel(tmp_path: Path, place: str, file: str) -> None:
    assert of_wheel(tmp_path, SCRIPT, **{f"{place}/{file}": PLUGIN}) is True
    assert of_wheel(tmp_path, SCRIPT, **{f"{place}/{file}": SCRIPT}) is False


@pytest.mark.parametrize(
    "path", ["demo_plugin/entry_points.txt", "entry_points.txt", "x.dist-info/entry_points.txt.in"]
)
def test_a_file_that_is_no_metadata(tmp_path: Path, path: str) -> None:
    assert of_wheel(tmp_path, SCRIPT, **{path: PLUGIN}) is False


def test_a_table_that_is_too_large_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "METADATA_BYTES", 200)
    big = "# much\n" * 100
    assert of_wheel(tmp_path, SCRIPT, **{"x.dist-info/entry_points.txt": big}) is False
    big += "# stigmem.plugins\n"
    assert of_wheel(tmp_path, SCRIPT, **{"x.dist-info/entry_points.txt": big}) is True


PROJECTS: dict[str, tuple[str, bool | None]] = {
    "a plugin": (f'{PROJECT}[project.entry-points."stigmem.plugins"]\nx = "y:z"\n', True),
    "no plugin": (f'{PROJECT}[project.scripts]\nx = "y:z"\n', False),
    "nothing declared": (PROJECT, False),
    "a group without quotes": (f'{PROJECT}[project.entry-points.stigmem.plugins]\nx = "y"\n', True),
    "a group that is a text": (f'{PROJECT}entry-points = {{"stigmem.plugins" = "x"}}\n', True),
    "left to the backend": (f'{PROJECT}dynamic = ["entry-points"]\n', None),
}


@pytest.mark.parametrize(("pyproject", "expected"), PROJECTS.values(), ids=PROJECTS)
def test_a_project(tmp_path: Path, pyproject: str, expected: bool | None) -> None:
    assert of_directory(tmp_path, pyproject) is (expected or None)
    assert of_sdist({"pyproject.toml": pyproject.encode()}) is (expected or None)


@pytest.mark.parametrize("name", ["setup.py", "setup.cfg"])
def test_a_project_that_only_a_build_can_read(tmp_path: Path, name: str) -> None:
    assert of_directory(tmp_path, "", name) is None
    assert of_sdist({"pyproject.toml": b"", name: b""}) is None


# A build writes the table of an sdist anew, so bytes in it that are no text are nobody's obstacle.
OF_SDISTS = {
    each: TABLES[each] for each in TABLES if each != "no UTF-8, and the group in a comment"
}


@pytest.mark.parametrize(("table", "expected"), OF_SDISTS.values(), ids=OF_SDISTS)
def test_the_table_of_an_sdist(table: str | bytes, expected: bool) -> None:
    content = table.encode() if isinstance(table, str) else table
    files = {"pyproject.toml": b"", "setup.py": b"", "demo.egg-info/entry_points.txt": content}
    # What a source does not declare, its build can still add.
    assert of_sdist(files) is (expected or None)


# The question is asked before anything is read strictly.

FACTORY = (
    b"from stigmem_node.plugins import PluginManifest\n\ndef f():\n    return PluginManifest()\n"
)
INFO = "demo-1.0.dist-info"


def found(folder: Path, data: bytes, file: str = WHEEL) -> Found:
    (folder / file).write_bytes(data)
    return find_source(understand(str(folder / file)))


def zip_of(**more: bytes) -> bytes:
    """Return a wheel that no reading accepts: it holds one name twice."""
    names = {name.replace("__", "/"): content for name, content in more.items()}
    return zip_bytes(
        [Zipped(name, content) for name, content in wheel_files(names).items()]
        + [Zipped("twice", b"1"), Zipped("twice", b"2")]
    )


def test_an_odd_or_large_library_is_no_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {f"{INFO}__entry_points.txt": SCRIPT.encode()}
    for data in (zip_of(**table), zip_of()):
        with found(tmp_path, data) as library:
            assert registers_plugin(library) is False
            assert is_about_plugin(library) is False
            with pytest.raises(SourceError):
                library.read()
    monkeypatch.setattr(limits, "ARCHIVE_BYTES", 100)
    with found(tmp_path, wheel()) as library:
        assert registers_plugin(library) is False
        assert is_about_plugin(library) is False


def test_an_odd_or_large_plugin_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {f"{INFO}__entry_points.txt": PLUGIN.encode()}
    for ask in (registers_plugin, is_about_plugin):
        with found(tmp_path, zip_of(**table)) as odd, pytest.raises(SourceError, match="twice"):
            ask(odd)
    monkeypatch.setattr(limits, "ARCHIVE_BYTES", 100)
    with (
        found(tmp_path, zip_of(**table)) as large,
        pytest.raises(SourceError, match="limit of 100"),
    ):
        registers_plugin(large)


def test_a_library_that_speaks_of_the_group_is_read(tmp_path: Path) -> None:
    table = {f"{INFO}/entry_points.txt": b"# stigmem.plugins\n" + SCRIPT.encode()}
    with found(tmp_path, wheel(table)) as library:
        assert registers_plugin(library) is False
        assert is_about_plugin(library) is False


MEANT: dict[str, dict[str, bytes]] = {
    "a group that is misspelt": {f"{INFO}/entry_points.txt": b"[stigmem.plugin]\nx = y:z\n"},
    "a group that is misspelt, beside the right one in a comment": {
        f"{INFO}/entry_points.txt": b"[stigmem_plugins]\nx = y:z\n# stigmem.plugins\n"
    },
    "a factory that nothing declares": {"demo/plugin.py": FACTORY},
}


@pytest.mark.parametrize("more", MEANT.values(), ids=MEANT)
def test_a_wheel_that_is_meant_to_be_a_plugin(tmp_path: Path, more: dict[str, bytes]) -> None:
    with found(tmp_path, wheel(more)) as meant:
        assert is_about_plugin(meant) is True
        assert registers_plugin(meant) is False


@pytest.mark.parametrize(
    "file", ["stigmem_plugin_x-1.0-py3-none-any.whl", "Stigmem-Plugin-x-1.tar.gz"]
)
def test_a_file_that_is_called_a_plugin(tmp_path: Path, file: str) -> None:
    with found(tmp_path, b"", file) as called:
        assert is_about_plugin(called) is True


def test_the_host_is_no_plugin(tmp_path: Path) -> None:
    with found(tmp_path, wheel({"stigmem_node/examples.py": FACTORY})) as host:
        assert is_about_plugin(host) is False


SDISTS: dict[str, tuple[dict[str, bytes], bool | None, bool]] = {
    "names the host nowhere": ({"setup.py": b"setup()"}, False, False),
    "speaks of the host": ({"README": b"not for stigmem"}, None, False),
    "makes a manifest": ({"src/demo/plugin.py": FACTORY}, None, True),
    "declares it in what a build left": (
        {"demo.egg-info/entry_points.txt": PLUGIN.encode()},
        True,
        True,
    ),
    "declares it by numbers": (
        {
            "pyproject.toml": PROJECT.encode()
            + b'[project.entry-points."\\u0073tigmem.plugins"]\nx = "demo:f"\n'
        },
        True,
        True,
    ),
    "may declare it in code": ({"setup.py": b"'stigmem.plugins'"}, None, True),
}


@pytest.mark.parametrize(("more", "registers", "about"), SDISTS.values(), ids=SDISTS)
def test_an_sdist(
    tmp_path: Path, more: dict[str, bytes], registers: bool | None, about: bool
) -> None:
    data = sdist(sdist_entries(more))
    with found(tmp_path, data, SDIST) as asked:
        assert is_about_plugin(asked) is about
    with found(tmp_path, data, SDIST) as asked:
        assert registers_plugin(asked) is registers


def test_a_directory(tmp_path: Path) -> None:
    write_project(tmp_path, {"demo/__init__.py": ""}, entry_points="")
    assert is_about_plugin(find_source(understand(str(tmp_path)))) is False
    (tmp_path / "examples").mkdir()
    (tmp_path / "nested").mkdir()
    (tmp_path / "nested" / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "nested" / "plugin.py").write_bytes(FACTORY)
    assert is_about_plugin(find_source(understand(str(tmp_path)))) is False, "another project's"
    (tmp_path / "plugin.py").write_bytes(FACTORY)
    assert is_about_plugin(find_source(understand(str(tmp_path)))) is False, "it does not ship"
    (tmp_path / "src" / "plugin.py").write_bytes(FACTORY)
    assert is_about_plugin(find_source(understand(str(tmp_path)))) is True


def test_nothing_and_a_capture(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    assert is_about_plugin(find_source(understand("none"))) is False
    assert is_about_plugin(find_source(understand(str(tmp_path / "x.json")))) is True


def test_a_project_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        of_directory(tmp_path, "[project\n")
