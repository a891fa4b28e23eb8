"""What readers find is judged as the state that they name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import stigmem_review
from stigmem_review.compare.states import states
from stigmem_review.facts import kind_of
from stigmem_review.host import node
from stigmem_review.model import Observation, Problem
from stigmem_review.rulebook.examples import ShortRelease, release_of

READERS = ("manifest", "observe", "sources")
OTHERS = {"accessor", "authority", "early-effect"}
"""An accessor is held against the manifest, and a build's code against that of another build."""


def named(struct: type) -> list[str]:
    """Return what the readers' code calls what it finds, where it says so at once."""
    room = Path(stigmem_review.__file__).parent
    found = {
        str(call.args[0].value)
        for reader in READERS
        for file in (room / reader).rglob("*.py")
        for call in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == struct.__name__
        and isinstance(call.args[0], ast.Constant)
    }
    assert len(found) > 5
    return sorted(found - OTHERS)


@pytest.mark.parametrize("kind", named(Problem))
def test_a_problem_is_the_state_of_its_name(kind: str) -> None:
    [state] = judged(ShortRelease(problems=(Problem(kind, "an item", "a reason"),)))
    assert state == (kind, "a reason")


@pytest.mark.parametrize("kind", named(Observation))
def test_an_observation_is_the_state_of_its_name(kind: str) -> None:
    [state] = judged(ShortRelease(observed=(Observation(kind, "an item", "a reason"),)))
    assert state == (kind, "a reason")


def judged(short: ShortRelease) -> list[tuple[str, str]]:
    """Return the states that something of a release is, and the reasons they give."""
    found = [each for each in states(release_of(short), node()) if each.item == "an item"]
    return [
        (kind_of(each), getattr(each, "why", "") or getattr(each, "nearest", "")) for each in found
    ]
