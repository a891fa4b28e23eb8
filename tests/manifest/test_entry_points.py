"""``entry_points.txt`` is read as the host's discovery reads it: by ``importlib.metadata``."""

from __future__ import annotations

from importlib.metadata import Distribution
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from stigmem_review.manifest.entry_points import normal_value, parse_entry_points


class Installed(Distribution):
    """A distribution that has nothing but entry points."""

    def __init__(self, text: str) -> None:
        self._text = text

    def read_text(self, filename: str) -> str | None:
        return self._text if filename == "entry_points.txt" else None

    def locate_file(self, path: object) -> Any:
        raise NotImplementedError


LINES = st.sampled_from(
    [
        "[stigmem.plugins]",
        "[ stigmem.plugins ]",
        "[console_scripts]",
        "[]",
        "demo = demo:factory",
        "demo=demo:factory",
        "  demo  =  demo:factory  ",
        "demo = demo : factory",
        "demo = demo:factory [extra]",
        "demo : demo:factory",
        "demo = a = b",
        "demo",
        "",
        "# comment",
        "  # comment",
        "demo = demo:factory # comment",
        "\tdemo = demo",
        "[stigmem.plugins] # not a section",
    ]
)
TEXTS = st.lists(LINES, max_size=8).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda end: end.join(lines))
)


@given(TEXTS)
@example("[stigmem.plugins]\n\x0cdemo = demo:factory\n")
def test_the_same_entry_points_are_found(text: str) -> None:
    entry_points, problems = parse_entry_points(text, "x")
    try:
        expected = sorted((e.group, e.name, e.value) for e in Installed(text).entry_points)
    except TypeError:  # what it raises for a line without "="
        assert problems
        return
    assert not any(problem.kind == "entry-point-invalid" for problem in problems)
    assert sorted((e.group, e.name, e.value) for e in entry_points) == expected


@given(TEXTS)
def test_values_are_taken_apart_in_the_same_way(text: str) -> None:
    found, problems = parse_entry_points(text, "x")
    if any(problem.kind == "entry-point-invalid" for problem in problems):
        return
    ours = {(e.group, e.name, e.value): e for e in found}
    for theirs in Installed(text).entry_points:
        normal = normal_value(ours[theirs.group, theirs.name, theirs.value])
        matched = theirs.pattern.match(theirs.value)
        assert (normal is None) == (matched is None)
        if normal is not None and matched is not None:
            attribute = matched["attr"]
            assert normal.value == matched["module"] + (f":{attribute}" if attribute else "")
