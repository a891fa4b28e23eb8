"""Handlers that register and fail at the first request: findings, and no refusals."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stigmem_review import host
from stigmem_review.pipeline.reading import read
from stigmem_review.sources.request import understand
from support import starts
from support.starts import Case

NEWEST = host.versions()[-1]
RECORDED = starts.load()
FIRED = [each for each in starts.cases() if each.fire and not RECORDED[each.name][1][NEWEST].error]
KINDS = {
    "handler-signature-mismatch": re.compile("failed for (?:audit )?hook .*(?:argument|keyword)"),
    "handler-async": re.compile("returned coroutine;"),
    "handler-result": re.compile("returned (?!coroutine)"),
}
LOGGED = {each for each in host.node().hooks if "logged" in host.node().hook(each).failure}
UNSEEN = (
    *("NoCall.__init__", "''.join", "[].append", "{}.get", "Data", "Frozen", "Enumerated"),
    *("contextual", "signed", "= print", "= len", "= isinstance", "every-hook"),
)
"""The ends of names of cases of which it is not seen yet that they fail."""


@pytest.mark.parametrize("case", FIRED, ids=lambda case: case.name)
def test_what_fails_at_the_first_request_is_found(case: Case, tmp_path: Path) -> None:
    [wheel] = case.wheels(tmp_path)
    release = read(understand(str(wheel)), host.node())
    found = {(each.kind, each.item) for each in release.observed if each.kind in KINDS}
    failing = RECORDED[case.name][1][NEWEST].first
    if case.name.endswith(UNSEEN):
        assert failing
        assert not found
        return
    for kind, pattern in KINDS.items():
        fails = {hook for hook, message in failing.items() if pattern.search(message)}
        said = {item for each, item in found if each == kind}
        assert fails <= said
        # What is only logged is no failure, and nobody waits for what an async handler gives.
        assert kind == "handler-async" or said - LOGGED <= fails
