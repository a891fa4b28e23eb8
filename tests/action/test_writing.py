"""What the step says where a file of the runner cannot be written: everything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from stigmem_review.cli.action import run, run_action
from support.repository import Deployment

EVERY = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A push that pins a release nobody has: the review is incomplete."""
    deployment = Deployment(tmp_path / "workspace")
    before, after = (deployment.commit({"requirements.txt": f"x=={n}\n"}) for n in (1, 2))
    (tmp_path / "event").write_text(json.dumps({"before": before}))
    (tmp_path / "workspace" / "wheels").mkdir()
    return {
        "GITHUB_WORKSPACE": str(deployment.folder),
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(tmp_path / "event"),
        "GITHUB_SHA": after,
        "INPUT_ARTIFACTS": "wheels",
        **{name: str(tmp_path / name) for name in EVERY},
    }


def _written(environment: Mapping[str, str]) -> set[str]:
    return {name for name in EVERY if Path(environment[name]).is_file()}


@pytest.mark.parametrize("path", ["/dev/full", "/dev/null/file", "a" * 5000])
@pytest.mark.parametrize("unwritable", EVERY)
def test_the_verdict_stands_where_a_file_cannot_be_written(
    unwritable: str, path: str, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_action(environment) == 3
    calm = capsys.readouterr().out
    assert "::warning title=stigmem-review%3A the" not in calm
    assert _written(environment) == set(EVERY)
    for name in EVERY:
        Path(environment[name]).unlink()
    assert run_action(environment | {unwritable: path}) == 3
    said = capsys.readouterr().out
    assert said.startswith(calm)
    [line] = said[len(calm) :].splitlines()
    assert line.startswith("::warning title=stigmem-review%3A the ")
    assert unwritable in line
    assert _written(environment) == set(EVERY) - {unwritable}


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
