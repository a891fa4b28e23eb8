"""Bumps whose files come from a package index, however it behaves."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stigmem_review import BumpReport, bump, limits
from stigmem_review.report import render
from support.index_server import File, IndexServer, stall
from support.plugins import plugin, write_wheel
from support.repository import Deployment


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[IndexServer]:
    for name in list(os.environ):
        if name.startswith("PIP_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with IndexServer() as server:
        monkeypatch.setenv("PIP_INDEX_URL", server.url)
        yield server


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
