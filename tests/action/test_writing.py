"""What the step says where a file of the runner cannot be written: everything else."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import pytest

from stigmem_review.cli.action import run, run_action
from support.repository import Deployment

EVERY = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A push that pins a release nobody has: the review is incomplete."""
    folder = tmp_path_factory.mktemp("pushed")
    deployment = Deployment(folder / "workspace")
    before, after = (deployment.commit({"requirements.txt": f"x=={n}\n"}) for n in (1, 2))
    (folder / "event").write_text(json.dumps({"before": before}))
    (folder / "workspace" / "wheels").mkdir()
    return {
        "GITHUB_WORKSPACE": str(deployment.folder),
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(folder / "event"),
        "GITHUB_SHA": after,
        "INPUT_ARTIFACTS": "wheels",
    }


def _files(folder: Path) -> dict[str, str]:
    return {name: str(folder / name) for name in EVERY}


def _written(folder: Path) -> set[str]:
    return {name for name in EVERY if (folder / name).is_file()}


@pytest.fixture(scope="module")
def calm(pushed: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the step says where every file can be written."""
    folder = tmp_path_factory.mktemp("calm")
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setenv("PIP_NO_INDEX", "1")
        assert run_action(pushed | _files(folder)) == 3
    assert _written(folder) == set(EVERY)
    assert "::warning title=stigmem-review%3A the" not in printed.getvalue()
    return printed.getvalue()


@pytest.mark.parametrize("path", ["/dev/full", "/dev/null/file", "a" * 5000])
@pytest.mark.parametrize("unwritable", EVERY)
def test_the_verdict_stands_where_a_file_cannot_be_written(
    unwritable: str, path: str, pushed: dict[str, str], calm: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run_action(pushed | _files(tmp_path) | {unwritable: path}) == 3
    said = capsys.readouterr().out
    assert said.startswith(calm)
    [line] = said[len(calm) :].splitlines()
    assert line.startswith("::warning title=stigmem-review%3A the ")
    assert unwritable in line
    assert _written(tmp_path) == set(EVERY) - {unwritable}


def test_a_defect_of_ours_is_an_annotation_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: object) -> int:
        raise ZeroDivisionError("oh\nno")

    monkeypatch.setattr("stigmem_review.cli.action.run_action", broken)
    with pytest.raises(ZeroDivisionError):
        run(None)  # type: ignore[arg-type]
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("::error title=stigmem-review%3A nothing was reviewed::")
