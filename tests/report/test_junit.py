"""JUnit: one case a plugin, and it fails exactly where its plugin needs a decision."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from stigmem_review.report import render
from support.listed import KINDS


def suite_of(kind: str, folder: Path) -> Xml.Element:
    [suite] = Xml.fromstring(render(KINDS[kind](folder), "junit"))
    return suite


def outcomes(suite: Xml.Element) -> dict[str, str]:
    found = {}
    for case in suite:
        found[case.attrib["name"]] = next(
            (each.tag for each in case if each.tag != "system-out"), "passed"
        )
    return found


NODE = {"node 0.9.0a12": "passed", "acme-alone 1.0.0": "failure", "acme-other 1.0.0": "passed"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("bumped", {"pins": "passed", "demo-plugin 1.0.0 -> 1.1.0": "failure"}),
        ("warned", {"pins": "passed", "demo-plugin 1.0.0 -> 1.1.0": "passed"}),
        ("approved", {"pins": "passed", "demo-plugin 1.0.0 -> 1.1.0": "passed"}),
        ("reviewed", {"demo-plugin none -> 1.0.0": "failure"}),
        ("node", NODE),
    ],
)
def test_there_is_a_case_for_each_plugin(
    kind: str, expected: dict[str, str], tmp_path: Path
) -> None:
    assert outcomes(suite_of(kind, tmp_path)) == expected


def test_what_is_no_plugin_is_skipped(tmp_path: Path) -> None:
    suite = suite_of("checked", tmp_path)
    assert [*outcomes(suite).values()] == ["failure", "passed", "skipped"]
    counts = {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "3", "failures": "1", "errors": "0", "skipped": "1"}


def test_what_could_not_be_reviewed_is_an_error(tmp_path: Path) -> None:
    suite = suite_of("unread", tmp_path)
    [problem] = suite.iter("error")
    assert problem.attrib["type"] == "incomplete"
    assert "not reviewed: " in (problem.text or "")
    assert (suite.attrib["errors"], suite.attrib["failures"]) == ("1", "0")


def test_a_failure_says_what_was_found_and_what_to_do(tmp_path: Path) -> None:
    suite = suite_of("bumped", tmp_path)
    [case] = [case for case in suite if case.find("failure") is not None]
    [failure] = case.iter("failure")
    assert failure.attrib["type"] == "blocked"
    assert "approval" in failure.attrib["message"]
    first, do, *_ = (failure.text or "").splitlines()
    assert first.startswith("error: SPR301 capability-added: ")
    assert do.startswith("    ")
    assert (failure.text or "").endswith("\npinned at requirements.txt:4")


# As Jenkins' junit-10.xsd has them; a file with others is refused by what goes by that.
ATTRIBUTES: dict[str, set[str]] = {
    "testsuites": {"name", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped"},
    "testcase": {"classname", "name"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"message"},
    "system-out": set(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_nothing_in_it_that_the_schema_has_not(kind: str, tmp_path: Path) -> None:
    top = Xml.fromstring(render(KINDS[kind](tmp_path), "junit"))
    assert [each for each in top.iter() if not each.attrib.keys() <= ATTRIBUTES[each.tag]] == []
