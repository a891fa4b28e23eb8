"""The recording is what the real node answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import oracle
from support.oracle import Answer, Recorded
from support.real_node import RealNode


def told(recorded: Recorded) -> list[object]:
    """Return the answers without the words of errors, which differ between Python versions."""

    def plain(answer: Answer) -> object:
        return [dict(answer.env), answer.fields or answer.error.partition(":")[0]]

    found: list[object] = []
    for answer in recorded.answers:
        if plain(answer) not in found:
            found.append(plain(answer))
    return found


@pytest.mark.network
@pytest.mark.parametrize("name", oracle.names())
def test_the_node_answers_as_recorded(name: str, node_python: Path) -> None:
    with RealNode(node_python, 1) as one, RealNode(node_python, 2) as other:
        for recorded in oracle.load(name):
            now = oracle.ask(recorded.program, (one, other))
            # Where objects are put in sets, two orders are not all that there can be.
            assert all(each in told(recorded) for each in told(now)), recorded.program.id
