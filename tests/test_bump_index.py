"""Bumps whose files come from a package index, however it behaves."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from stigmem_review import BumpReport, bump, limits, review
from stigmem_review.document.parts import Report
from stigmem_review.report import render
from stigmem_review.rulebook import Finding
from stigmem_review.text import flat
from support.archives import Tarred, gzipped, tar_bytes
from support.index_server import File, IndexServer, stall, status
from support.plugins import plugin, write_sdist, write_wheel
from support.repository import Deployment


class Release:
    """One release of the demo plugin as an index offers it."""

    def __init__(self, folder: Path, version: str, *capabilities: str) -> None:
        files = plugin(version=version, capabilities=("facts.read", *capabilities))
        wheel = write_wheel(folder, files, version=version)
        self.data = wheel.read_bytes()
        self.file = File(wheel.name, self.data)
        digest = hashlib.sha256(self.data).hexdigest()
        self.pin = f"demo-plugin=={version} --hash=sha256:{digest}\n"


@pytest.fixture
def releases(tmp_path: Path) -> tuple[Release, Release]:
    return Release(tmp_path, "1.0.0"), Release(tmp_path, "1.1.0", "network.outbound")


def reviewed(folder: Path, old: str, new: str) -> BumpReport:
    deployment = Deployment(folder / "deployment")
    base, head = (deployment.commit({"requirements.txt": each}) for each in (old, new))
    return bump(base, head, repository=str(deployment.folder))


def test_the_index_is_where_files_come_from(
    index: IndexServer, releases: tuple[Release, Release], tmp_path: Path
) -> None:
    old, new = releases
    index.offer("demo-plugin", old.file, new.file)
    report = reviewed(tmp_path, old.pin, new.pin)
    assert [each.state for each in report.bumps] == ["blocked"]
    [each] = report.bumps
    assert each.report is not None
    assert each.report.reviewed[1].source.origin.startswith(index.root)


@pytest.mark.parametrize("said", ["", None, hashlib.sha256(b"what was pinned").hexdigest()])
def test_another_file_than_the_pinned_one_is_an_error(
    said: str | None, index: IndexServer, releases: tuple[Release, Release], tmp_path: Path
) -> None:
    """The index says the digest of what it serves, says none, or says the one that is wanted."""
    old, new = releases
    pinned = hashlib.sha256(b"what was pinned").hexdigest()
    index.offer("demo-plugin", old.file, File(new.file.name, new.data, said))
    report = reviewed(tmp_path, old.pin, f"demo-plugin==1.1.0 --hash=sha256:{pinned}\n")
    assert report.verdict.exit_code == 1
    text = " ".join(render(report, "text").split())
    assert pinned in text
    assert "o not deploy it" in text


def test_a_library_is_left_alone_whatever_its_size(
    index: IndexServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = write_wheel(tmp_path, {"acme/__init__.py": ""}, name="acme-large", entry_points="")
    data = b"before it" + wheel.read_bytes()
    index.offer("acme-large", File(wheel.name, data))
    monkeypatch.setattr(limits, "ARCHIVE_BYTES", 100)
    digest = hashlib.sha256(data).hexdigest()
    report = reviewed(tmp_path, "", f"acme-large==1.0.0 --hash=sha256:{digest}\n")
    assert (report.verdict.exit_code, report.gaps) == (0, ())
    assert [line.what for line in report.others] == ["acme-large"]


def test_a_release_the_index_does_not_have_is_named(
    index: IndexServer, releases: tuple[Release, Release], tmp_path: Path
) -> None:
    index.offer("demo-plugin", *(each.file for each in releases))
    report = reviewed(tmp_path, releases[0].pin, "demo-plugin==3.0\n")
    assert report.verdict.exit_code == 3
    text = " ".join(render(report, "text").split())
    assert "demo-plugin==3.0" in text
    assert "no version 3.0" in text
    assert "1.1.0, 1.0.0" in text


def test_an_index_that_stalls_ends_in_bounded_time(
    index: IndexServer,
    releases: tuple[Release, Release],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "INDEX_SECONDS", 0.3)
    index.offer("demo-plugin", *(each.file for each in releases))
    index.answers[f"/files/{releases[1].file.name}"] = stall
    start = time.monotonic()
    report = reviewed(tmp_path, releases[0].pin, releases[1].pin)
    assert time.monotonic() - start < 10
    assert report.verdict.exit_code == 3
    assert "0.3 seconds" in " ".join(render(report, "text").split())


def test_a_file_that_only_the_index_has_is_chosen_by_its_hash(
    index: IndexServer, releases: tuple[Release, Release], tmp_path: Path
) -> None:
    old, new = releases
    other = write_wheel(tmp_path / "other", plugin(version="1.1.0"), version="1.1.0")
    renamed = File(other.name.replace("-py3", "-7-py3"), other.read_bytes())
    index.offer("demo-plugin", old.file, renamed, new.file)
    report = reviewed(tmp_path, old.pin, new.pin)
    [each] = report.bumps
    assert each.report is not None
    assert each.report.reviewed[1].source.file == new.file.name
    assert "files-unreviewed" not in [finding.name for finding in each.report.findings]


def two_wheels(folder: Path) -> list[File]:
    """Return a release that is a plugin on some machines only; this one takes the library."""
    library = write_wheel(folder / "any", {"demo_plugin/__init__.py": ""}, entry_points="")
    plugged = write_wheel(folder / "some", plugin())
    name = plugged.name.replace("py3-none-any", "cp311-cp311-win_arm64")
    return [File(library.name, library.read_bytes()), File(name, plugged.read_bytes())]


def test_an_sdist_that_pip_would_build_here_is_asked_whether_it_is_a_plugin(
    index: IndexServer, tmp_path: Path
) -> None:
    library, _ = two_wheels(tmp_path)
    other = File(library.name.replace("py3-none-any", "cp311-cp311-win_arm64"), library.data)
    plugged = write_sdist(tmp_path, plugin())
    sdist = File(plugged.name, plugged.read_bytes())
    harmless = File(sdist.name, gzipped(tar_bytes([Tarred("demo_plugin-1.0.0/setup.py")])))
    for number, (offered, pinned, code) in enumerate(
        (
            ((other, sdist), (other, sdist), 3),
            ((other, sdist), (other,), 0),
            ((library, sdist), (library, sdist), 0),
            ((other, harmless), (other, harmless), 0),
        )
    ):
        index.offer("demo-plugin", *offered)
        report = reviewed(tmp_path / str(number), "", pin_of("1.0.0", *pinned))
        assert report.verdict.exit_code == code
        assert [f"{sdist.name}: it may register a plugin" in gap.why for gap in report.gaps] == (
            [True] if code else []
        )


def test_every_wheel_of_a_folder_is_asked_whether_it_is_a_plugin(tmp_path: Path) -> None:
    files = two_wheels(tmp_path)
    folder = tmp_path / "artifacts"
    folder.mkdir()
    for file in files:
        (folder / file.name).write_bytes(file.data)
    deployment = Deployment(tmp_path / "deployment")
    base = deployment.commit({"requirements.txt": ""})
    head = deployment.commit({"requirements.txt": pin_of("1.0.0", *files)})
    report = bump(base, head, repository=str(deployment.folder), artifacts=str(folder))
    [gap] = report.gaps
    assert (report.verdict.exit_code, gap.what.startswith("demo-plugin==1.0.0")) == (3, True)
    assert f"{files[1].name}: it may register a plugin, and {files[0].name} does not" in gap.why
    only = deployment.commit({"requirements.txt": pin_of("1.0.0", files[0])})
    report = bump(base, only, repository=str(deployment.folder), artifacts=str(folder))
    assert (report.verdict.exit_code, report.gaps) == (0, ())


# The wheel and the sdist of one release

LIVE = "import os\n\n\ndef more():\n    return os.getpid()\n"


def both(folder: Path, version: str, extra: dict[str, str]) -> list[File]:
    """Return the wheel and the sdist of a release; the wheel has files that the sdist has not."""
    files = plugin(version=version)
    wheel = write_wheel(folder, files, version=version, extra=extra)
    sdist = write_sdist(folder, files, version=version)
    return [File(each.name, each.read_bytes()) for each in (wheel, sdist)]


def pin_of(version: str, *files: File) -> str:
    hashes = " ".join(f"--hash=sha256:{each.digest}" for each in files)
    return f"demo-plugin=={version} {hashes}\n"


def differing(report: Report) -> list[Finding]:
    return [each for each in report.findings if each.name == "wheel-differs-from-sdist"]


def unassessed(report: Report) -> list[str]:
    return [flat(line.says) for line in report.not_assessed if line.what == "sdist"]


def text_of(report: Report) -> str:
    return " ".join(render(report, "text", detail="all").split())


def test_source_that_only_the_wheel_has_is_named(index: IndexServer, tmp_path: Path) -> None:
    extra = {"demo_plugin/more.py": LIVE, "demo_plugin/_version.py": "version = '1.1.0'\n"}
    old, new = both(tmp_path, "1.0.0", {}), both(tmp_path, "1.1.0", extra)
    index.offer("demo-plugin", *old, *new)
    report = review("demo-plugin==1.0.0", "demo-plugin==1.1.0")
    assert [each.level for each in differing(report)] == ["warning", "note"]
    text = text_of(report)
    assert "Not in it: demo_plugin/more.py." in text
    assert "Not in it: demo_plugin/_version.py." in text
    assert "held against: demo_plugin-1.0.0.tar.gz: all is in it" in text
    assert "held against: demo_plugin-1.1.0.tar.gz: 2 of its files differ or are not in it" in text


def test_what_was_so_before_is_no_finding(index: IndexServer, tmp_path: Path) -> None:
    extra = {"demo_plugin/more.py": LIVE}
    old, new = both(tmp_path, "1.0.0", extra), both(tmp_path, "1.1.0", extra)
    index.offer("demo-plugin", *old, *new)
    report = review("demo-plugin==1.0.0", "demo-plugin==1.1.0")
    assert differing(report) == []
    assert "wheel-differs-from-sdist" in [line.what for line in report.already]


def test_a_bump_holds_a_plugin_against_its_sdist_and_leaves_others_alone(
    index: IndexServer, tmp_path: Path
) -> None:
    old, new = both(tmp_path, "1.0.0", {}), both(tmp_path, "1.1.0", {"demo_plugin/m.py": LIVE})
    index.offer("demo-plugin", *old, *new)
    library = (
        write_wheel(tmp_path, {}, name="lib", version="1.1.0", entry_points=""),
        write_sdist(tmp_path, {}, name="lib", version="1.1.0"),
    )
    index.offer("lib", *(File(each.name, each.read_bytes()) for each in library))
    report = reviewed(tmp_path, pin_of("1.0.0", *old), f"{pin_of('1.1.0', *new)}lib==1.1.0\n")
    [each] = report.bumps
    assert each.report is not None
    assert [finding.level for finding in differing(each.report)] == ["warning"]
    assert not [path for path in index.paths if path.endswith("lib-1.1.0.tar.gz")]


def test_the_folder_of_artifacts_serves_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "artifacts"
    old, new = both(folder, "1.0.0", {}), both(folder, "1.1.0", {"demo_plugin/m.py": LIVE})
    deployment = Deployment(tmp_path / "deployment")
    base, head = (
        deployment.commit({"requirements.txt": pin_of(version, *files)})
        for version, files in (("1.0.0", old), ("1.1.0", new))
    )
    report = bump(base, head, repository=str(deployment.folder), artifacts=str(folder))
    [each] = report.bumps
    assert each.report is not None
    assert [finding.level for finding in differing(each.report)] == ["warning"]


def test_an_sdist_that_cannot_be_had_or_read_is_said_and_closes_nothing(
    index: IndexServer, tmp_path: Path
) -> None:
    old, new = both(tmp_path, "1.0.0", {}), both(tmp_path, "1.1.0", {"demo_plugin/m.py": LIVE})
    new[1] = File(new[1].name, b"this is no archive")
    index.offer("demo-plugin", *old, *new)
    index.answers[f"/files/{old[1].name}"] = status(404)
    report = review("demo-plugin==1.0.0", "demo-plugin==1.1.0")
    assert report.verdict.exit_code == 0
    one, two = unassessed(report)
    assert one.startswith("demo_plugin-1.0.0.tar.gz of the old release was not compared")
    assert "is offered, but is not there" in one
    assert two.startswith("demo_plugin-1.1.0.tar.gz of the new release was not compared")
    pinned = reviewed(tmp_path, pin_of("1.0.0", *old), pin_of("1.1.0", new[0]))
    [each] = pinned.bumps
    assert each.report is not None
    assert each.report.verdict.exit_code == 0
    assert unassessed(each.report)[-1].endswith("the pin of the release does not allow it")


def test_a_release_without_an_sdist_is_reviewed_as_ever(
    index: IndexServer, releases: tuple[Release, Release]
) -> None:
    index.offer("demo-plugin", *(each.file for each in releases))
    report = review("demo-plugin==1.0.0", "demo-plugin==1.1.0")
    assert unassessed(report) == []
    assert [each.held_against for each in report.reviewed] == [None, None]
