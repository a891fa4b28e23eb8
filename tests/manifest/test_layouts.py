"""What a project ships is what its build backend would put into the wheel, told without a build."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from stigmem_review import check, host, review
from stigmem_review.manifest.layout import laid_out
from stigmem_review.manifest.release import read_release
from stigmem_review.model import Known, Release
from stigmem_review.sources.request import open_source, understand
from support.layouts import LAYOUTS, write_layout
from support.plugins import write_wheel

NAMES = sorted(LAYOUTS)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def project(name: str, tmp_path: Path) -> Path:
    return write_layout(tmp_path / "project", LAYOUTS[name])


def release_of(path: Path) -> Release:
    return read_release(open_source(understand(str(path))), host.node())


def test_what_ships_is_told_from_the_configuration(name: str, project: Path) -> None:
    artifact = laid_out(open_source(understand(str(project))))
    assert artifact.layout is not None
    assert (artifact.layout.places, artifact.layout.why) == (LAYOUTS[name].places, "")


def test_nothing_is_said_about_it(name: str, project: Path, tmp_path: Path) -> None:
    report = check(str(project))
    [checked] = report.checked
    assert (checked.mistakes, checked.gaps, report.verdict.exit_code) == ((), (), 0)
    assert checked.plugin == "acme-ledger"
    copy = write_layout(tmp_path / "copy", LAYOUTS[name])
    compared = review(str(project), str(copy))
    assert (compared.findings, compared.gaps, compared.verdict.exit_code) == ((), (), 0)


def test_its_metadata_is_read(name: str, project: Path) -> None:
    release = release_of(project)
    assert isinstance(release.distribution, Known)
    assert release.distribution.value == "acme-ledger"
    assert isinstance(release.distribution_version, Known)
    assert release.distribution_version.value == "1.2.0"
    assert isinstance(release.entry_points, Known)
    assert [each.name for each in release.entry_points.value] == ["acme-ledger"]


def test_a_wheel_with_those_files_is_the_same_release(
    name: str, project: Path, tmp_path: Path
) -> None:
    layout = LAYOUTS[name]
    package = "acme.ledger" if "acme/ledger/plugin.py" in layout.places else "acme_ledger"
    release = release_of(project)
    python = getattr(release.requires_python, "value", None)
    requires = getattr(release.requires_dist, "value", ())
    wheel = write_wheel(
        tmp_path / "wheel",
        {place: layout.files[path] for place, path in layout.places.items()},
        name="acme-ledger",
        version="1.2.0",
        entry_points=f"[stigmem.plugins]\nacme-ledger = {package}.plugin:plugin_manifest\n",
        headers="".join(f"Requires-Dist: {each}\n" for each in requires)
        + (f"Requires-Python: {python}\n" if python else ""),
    )
    assert release_of(wheel).code == release.code
    both = check(str(project), str(wheel))
    assert (both.verdict.exit_code, [each.mistakes for each in both.checked]) == (0, [(), ()])
    compared = review(str(project), str(wheel))
    assert (compared.findings, compared.verdict.exit_code) == ((), 0)


@pytest.mark.network
def test_the_real_backend_builds_the_same(name: str, project: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path / "out")]
    told = release_of(project)
    done = subprocess.run([*command, str(project)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = (tmp_path / "out").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        listed = [each for each in archive.namelist() if not each.endswith("/")]
    assert {each for each in listed if ".dist-info/" not in each} == {*LAYOUTS[name].places}
    built = release_of(wheel)
    for field in ("distribution", "distribution_version", "entry_points", "requires_python"):
        one, two = getattr(told, field), getattr(built, field)
        if isinstance(one, Known):
            assert _spelt(one.value) == _spelt(two.value)
    compared = review(str(_again(name, tmp_path)), str(wheel))
    assert (compared.findings, compared.gaps, compared.verdict.exit_code) == ((), (), 0)


def _again(name: str, tmp_path: Path) -> Path:
    """Write the project anew: a build leaves folders of its own in it."""
    return write_layout(tmp_path / "again", LAYOUTS[name])


def _spelt(value: object) -> object:
    if isinstance(value, tuple):
        return [(each.group, each.name, re.sub(r"\s", "", each.value)) for each in value]
    return value
