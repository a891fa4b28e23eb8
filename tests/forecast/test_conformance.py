"""The forecast against what every release of the node did: the agreement is printed as a number."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from record_forecast import ask
from stigmem_review import host
from stigmem_review.forecast import NodeForecast, Outcome, foresee, node_settings
from stigmem_review.pipeline.reading import read
from stigmem_review.policy.settings import settings_of
from stigmem_review.sources.request import understand
from support import starts
from support.starts import AGREED, Answer, Case

CASES = starts.cases()
OURS = [each for each in CASES if not each.released]
"""Those whose plugins are written here, so that they need no index."""
RELEASED = [each for each in CASES if each.released]
RECORDED = starts.load()
MISSED = frozenset(json.loads((starts.HOME / "missed.json").read_text("utf-8")))
"""Cases that are not foreseen yet as the nodes have them."""
SLICES = 8
"""Parts of the recording that are compared one by one, so that they can run side by side."""


def disagreement(case: Case, answer: Answer, forecast: NodeForecast) -> str:
    """Return how a forecast is not what a node did, or nothing.

    Of what may come, what comes where no variable is set counts; where a case sets some, that it is
    among it. What cannot be told counts only where it depends on something outside.
    """
    if case.outside and forecast.usual.kind == "untold":
        return ""
    if case.environment:
        said = [each for each in forecast.outcomes if each.kind != "untold"]
    else:
        said = [forecast.usual]
    if not any(came_to(each, answer) for each in said):
        return " | ".join(map(_shown, said)) or "nothing"
    order = tuple(each.plugin for each in forecast.plugins if each.usual.kind != "ignored")
    if not answer.error and not case.environment and order != answer.order:
        return f"registers {order}"
    ignored = tuple(each.plugin for each in forecast.plugins if each.usual.kind == "ignored")
    if not answer.error and not case.environment and ignored != answer.ignored:
        return f"ignores {ignored}"
    return ""


def came_to(outcome: Outcome, answer: Answer) -> bool:
    """Say whether an outcome is what a node did: in its words, where they are of this Python."""
    if not answer.error:
        return outcome.kind == "registers"
    return (
        outcome.kind == "refused"
        and outcome.exception == answer.error
        and (outcome.says(answer.message) or sys.version_info[:2] != starts.PYTHON)
    )


def _shown(outcome: Outcome) -> str:
    if outcome.kind == "untold":
        return f"cannot be told: {outcome.why}"
    return " ".join(filter(None, (outcome.kind, outcome.exception, outcome.message)))


def told(case: Case, versions: tuple[str, ...], work: Path) -> Iterator[str]:
    """Yield where the forecast of a start and some releases of the node disagree."""
    wheels = case.wheels(work)
    settings = node_settings(settings_of(case.env))
    if settings.signing == "unsaid":
        # Here all that is set is known, and a node requires signatures if nothing else is said.
        settings = msgspec.structs.replace(settings, signing="required")
    for version in versions:
        node = host.node(version)
        releases = [read(understand(str(each)), node) for each in wheels]
        answer = RECORDED[case.name][1][version]
        if said := disagreement(case, answer, foresee(releases, node, settings)):
            shown = f"{answer.error} {answer.message}" if answer.error else f"{answer.order}"
            yield f"{case.name} on {version}:\n  node: {shown}\n  said: {said}"


def turns(answers: dict[str, Answer]) -> tuple[str, ...]:
    """Return the releases by which answers are told apart: the last that gave each."""
    return tuple({repr(answer).replace(v, ""): v for v, answer in answers.items()}.values())


def test_the_recording_is_of_these_cases() -> None:
    assert {name: digest for name, (digest, _) in RECORDED.items()} == {
        each.name: each.digest for each in CASES
    }, "run tests/record_forecast.py"
    assert len(CASES) >= 200
    assert all(tuple(answers) == host.versions() for _, answers in RECORDED.values())


def compare(
    cases: Iterable[Case],
    all_releases: bool,
    work: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Hold the forecasts of cases against the recording, and say how many agree."""
    wrong: list[str] = []
    agreed = every = 0
    for case in cases:
        answers = RECORDED[case.name][1]
        versions = host.versions() if all_releases else turns(answers)
        every += len(versions)
        found = [*told(case, versions, work / case.digest)]
        agreed += len(versions) - len(found)
        wrong += [] if case.name in MISSED else found
    record_property(AGREED, (agreed, every))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("part", range(SLICES))
def test_the_forecast_is_what_the_nodes_did(
    part: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    compare(OURS[part::SLICES], False, tmp_path, record_property)


@pytest.mark.thorough
@pytest.mark.parametrize("part", range(SLICES))
def test_the_forecast_is_what_every_release_did(
    part: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    compare(OURS[part::SLICES], True, tmp_path, record_property)


@pytest.mark.network
def test_the_forecast_is_what_released_plugins_came_to(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    compare(RELEASED, True, tmp_path, record_property)


def of_any_python(answers: dict[str, Answer]) -> dict[str, Answer]:
    """Return answers by cases, without messages where another Python words them than recorded."""
    if sys.version_info[:2] == starts.PYTHON:
        return answers
    return {name: replace(answer, message="") for name, answer in answers.items()}


@pytest.mark.network
@pytest.mark.parametrize("version", host.versions())
def test_the_nodes_do_as_recorded(version: str) -> None:
    recorded = {name: answers[version] for name, (_, answers) in RECORDED.items()}
    assert of_any_python(ask(version, CASES)) == of_any_python(recorded)
