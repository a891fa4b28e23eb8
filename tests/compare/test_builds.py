"""The same version with other bytes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from msgspec.structs import replace

from stigmem_review import review
from stigmem_review.compare.builds import unlike_sdist
from stigmem_review.document.parts import Report
from stigmem_review.model import HeldAgainst, Unlike
from stigmem_review.rulebook.examples import ShortRelease, release_of
from stigmem_review.text import flat
from support.archives import gzipped
from support.plugins import plugin, write_project, write_sdist, write_wheel

NAMES = ("artifact-rebuilt", "code-changed-under-version", "build-step-added")


def said(report: Report) -> list[tuple[str, str, str]]:
    return [
        (each.level, each.name, flat(each.message))
        for each in report.findings
        if each.name in NAMES
    ]


def sdist(folder: Path, **extra: str) -> Path:
    files = {name.replace("__", "/").replace("_dot_", "."): text for name, text in extra.items()}
    return write_sdist(folder, plugin(), extra=files)


def test_an_sdist_of_the_same_version_with_other_files_is_named(tmp_path: Path) -> None:
    one = sdist(tmp_path / "a", docs__x_dot_md="one", tests__y_dot_py="A = 1\n")
    two = sdist(tmp_path / "b", docs__x_dot_md="two", new_dot_txt="x")
    [(level, name, text)] = said(review(str(one), str(two)))
    assert (level, name) == ("note", "artifact-rebuilt")
    assert "docs/x.md, new.txt, tests/y.py" in text
    assert said(review(str(one), str(one))) == []


def test_metadata_alone_is_named(tmp_path: Path) -> None:
    for make, file in (
        (write_sdist, "PKG-INFO"),
        (write_wheel, "demo_plugin-1.0.0.dist-info/METADATA"),
    ):
        one = make(tmp_path / file / "a", plugin())
        two = make(tmp_path / file / "b", plugin(), headers="Keywords: x\n")
        [(_, _, text)] = said(review(str(one), str(two)))
        assert f"differ: {file}." in text


def test_the_same_files_packed_otherwise_are_named(tmp_path: Path) -> None:
    one, two = sdist(tmp_path / "a"), sdist(tmp_path / "b")
    two.write_bytes(gzipped(gzip.decompress(two.read_bytes())))
    [(level, _, text)] = said(review(str(one), str(two)))
    assert level == "note"
    assert "the same files in another archive" in text


def test_nothing_is_said_twice(tmp_path: Path) -> None:
    """Where the code differs, or what the build runs, another finding names these files."""
    changed = plugin(more="A = 1\n")
    wheels = [write_wheel(tmp_path / str(n), files) for n, files in enumerate((plugin(), changed))]
    assert [name for _, name, _ in said(review(*map(str, wheels)))] == [NAMES[1]]
    sources = [write_sdist(tmp_path / str(n), files) for n, files in enumerate((plugin(), changed))]
    assert [name for _, name, _ in said(review(*map(str, sources)))] == [NAMES[1]]
    script = sdist(tmp_path / "c", setup_dot_py="import os\nos.system('MARKER')\n")
    assert [name for _, name, _ in said(review(str(sources[0]), str(script)))] == [NAMES[2]]
    outside = write_wheel(tmp_path / "d", plugin(), extra={"x.pth": "import x\n"})
    assert said(review(str(wheels[0]), str(outside))) == []


def test_what_no_other_finding_names_is_named_beside_it(tmp_path: Path) -> None:
    one = write_sdist(tmp_path / "a", plugin())
    two = write_sdist(tmp_path / "b", plugin(more="A = 1\n"), extra={"tests/x.py": "B = 1\n"})
    found = {name: text for _, name, text in said(review(str(one), str(two)))}
    assert set(found) == {NAMES[0], NAMES[1]}
    assert "differ: tests/x.py." in found[NAMES[0]]


def test_five_files_are_named_and_the_rest_is_counted(tmp_path: Path) -> None:
    two = sdist(tmp_path / "b", **{f"docs__{n}": "x" for n in "abcdefg"})
    [(_, _, text)] = said(review(str(sdist(tmp_path / "a")), str(two)))
    assert "docs/a, docs/b, docs/c, docs/d, docs/e, and 2 more." in text


def test_other_versions_and_other_kinds_have_other_bytes(tmp_path: Path) -> None:
    source, wheel = sdist(tmp_path), write_wheel(tmp_path, plugin())
    later = write_sdist(tmp_path, plugin(version="1.1.0"), version="1.1.0")
    projects = [write_project(tmp_path / name, plugin()) for name in "ab"]
    (projects[1] / "notes.txt").write_text("x", "utf-8")
    for old, new in ((source, later), (wheel, source), (projects[0], projects[1])):
        assert NAMES[0] not in [name for _, name, _ in said(review(str(old), str(new)))]


UNLIKE = {
    "as before": ((Unlike("x.py", runs=True),), [], ["x.py"]),
    "another one than in the sdist": ((Unlike("x.py", "src/x.py", runs=True),), ["x.py"], []),
    "one more": (
        (Unlike("x.py", runs=True), Unlike("y.py", runs=True), Unlike("z.txt")),
        ["y.py", "z.txt"],
        ["x.py"],
    ),
}


@pytest.mark.parametrize(("unlike", "new", "before"), UNLIKE.values(), ids=UNLIKE)
def test_what_a_wheel_has_and_its_sdist_has_not_is_news_file_by_file(
    unlike: tuple[Unlike, ...], new: list[str], before: list[str]
) -> None:
    held = [
        replace(release_of(ShortRelease()), held_against=HeldAgainst("x.tar.gz", each))
        for each in ((Unlike("x.py", runs=True),), unlike)
    ]
    found, already = unlike_sdist(*held)
    assert [path for each in found for path in (*each.absent, *each.other)] == new
    assert [path for each in already for path in (*each.absent, *each.other)] == before
    assert [each.runs for each in found] == [path.endswith(".py") for path in new]


def test_a_wheel_whose_old_release_was_not_held_against_its_sdist_has_news() -> None:
    old = release_of(ShortRelease())
    new = replace(old, held_against=HeldAgainst("x.tar.gz", (Unlike("x.py", runs=True),)))
    [said], already = unlike_sdist(old, new)
    assert (said.sdist, said.absent, already) == ("x.tar.gz", ("x.py",), [])
