"""The interpreter against what the real node answered: never wrong, and mostly certain."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from stigmem_review.code.modules import Modules, Parsed
from stigmem_review.host import node
from stigmem_review.interpret.readout import Reading, read
from stigmem_review.model import Unknown
from support import fuzz, oracle
from support.oracle import Program, Recorded
from support.real_node import RealNode, agrees, possible

MAIN = ("name", "version", "requires_stigmem", "capabilities", "hooks", "depends_on")
EXACT = {
    "attacks": 0.4,
    "fixtures": 0.85,
    "flow": 0.3,
    "fuzzed": 0.4,
    "generated": 0.9,
    "imports": 0.75,
    "methods": 0.8,
    "objects": 0.7,
    "ordinary": 0.9,
    "recorded": 0.6,
    "rules": 0.7,
    "semantics": 0.5,
    "styles": 0.9,
    "traps": 0.5,
    "unusual": 0.0,
}
"""Of the programs for which the node gets a manifest, how many have all main fields known."""
SLICES = 5
"""Parts of a recording that are compared one by one, so that they can run side by side."""
PARSED: Parsed = {}


def is_unsure(reading: Reading) -> bool:
    """Say whether it was said that something may raise, is refused, or could not be read."""
    return not reading.made or bool(
        reading.raised
        or reading.refused
        or any(isinstance(field, Unknown) for field in reading.fields.values())
    )


def wrong(reading: Reading, recorded: Recorded) -> Iterator[str]:
    """Yield what was said to be certain and is not what the node gave in some environment."""
    for answer in recorded.answers:
        if answer.fields is None:
            if not is_unsure(reading):
                yield f"said to raise nothing, with {dict(answer.env)} it does: {answer.error}"
            continue
        if not reading.made:
            yield f"said to raise {reading.raised}, with {dict(answer.env)} it does not"
        for name, field in reading.fields.items():
            said = possible(name, field)
            if said is not None and not any(agrees(name, e, answer.fields[name]) for e in said):
                yield f"{name}: {field}, with {dict(answer.env)} {answer.fields[name]!r}"


def _reading(program: Program) -> Reading:
    below = {
        path.removeprefix(program.root): data
        for path, data in program.data.items()
        if path.startswith(program.root)
    }
    return read(program.entry, Modules(below, parsed=PARSED), node())


@pytest.mark.parametrize(
    "part",
    [pytest.param(each, marks=[pytest.mark.thorough] if each else []) for each in range(SLICES)],
)
@pytest.mark.parametrize("name", oracle.names())
def test_it_says_nothing_the_node_did_not_answer(name: str, part: int) -> None:
    counts: Counter[str] = Counter()
    for recorded in oracle.load(name)[part::SLICES]:
        program = recorded.program
        below = {
            path.removeprefix(program.root): data
            for path, data in program.data.items()
            if path.startswith(program.root)
        }
        reading = read(program.entry, Modules(below, parsed=PARSED), node(), oracle.own_of(program))
        assert [*wrong(reading, recorded)] == [], (program.id, program.files)
        if any(answer.fields is not None for answer in recorded.answers):
            fields = [reading.fields[each] for each in MAIN]
            counts["not exact" if any(isinstance(f, Unknown) for f in fields) else "exact"] += 1
    assert counts["exact"] >= EXACT[name] * counts.total(), counts


@pytest.mark.network
def test_it_says_nothing_the_node_does_not_answer_for_new_programs(node_python: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"programs from seed {seed} on")
    with RealNode(node_python, 1) as one, RealNode(node_python, 2) as other:
        for program in fuzz.fuzzed(seed, 25):
            recorded = oracle.ask(program, (one, other))
            found = [*wrong(_reading(program), recorded)]
            assert found == [], (program.id, program.files)
