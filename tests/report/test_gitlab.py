"""GitLab's Code Quality: every entry has all that GitLab wants, or it would be dropped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stigmem_review.report import render
from support.listed import KINDS, bumped


def issues_of(kind: str, folder: Path) -> list[dict[str, Any]]:
    found = json.loads(render(KINDS[kind](folder), "gitlab"))
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_is_whole_and_its_own(kind: str, tmp_path: Path) -> None:
    found = issues_of(kind, tmp_path)
    assert found
    for each in found:
        assert each["description"]
        assert each["check_name"]
        assert each["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert each["location"]["path"]
        assert each["location"]["lines"]["begin"] >= 1
    assert len({each["fingerprint"] for each in found}) == len(found)


def test_an_entry_stands_at_the_pin_and_is_known_again(tmp_path: Path) -> None:
    first, again = (render(bumped(tmp_path / each), "gitlab") for each in ("one", "two"))
    assert first == again
    places = [each["location"] for each in json.loads(first)]
    assert all(each == {"path": "requirements.txt", "lines": {"begin": 4}} for each in places)


@pytest.mark.parametrize(
    ("kind", "severity"), [("bumped", "critical"), ("approved", "info"), ("unread", "blocker")]
)
def test_the_worst_says_what_it_comes_to(kind: str, severity: str, tmp_path: Path) -> None:
    order = ["blocker", "critical", "major", "minor", "info"]
    worst = min((each["severity"] for each in issues_of(kind, tmp_path)), key=order.index)
    assert worst == severity


def test_what_stops_a_node_stands_with_its_plugin(tmp_path: Path) -> None:
    [issue] = issues_of("node", tmp_path)
    assert issue["description"].startswith("acme-alone 1.0.0: ")
    assert issue["location"]["path"] == "acme_alone-1.0.0-py3-none-any.whl"
