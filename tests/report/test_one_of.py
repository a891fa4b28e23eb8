"""What a report says of fields that depend on how the node is run."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from stigmem_review.document.parts import Report
from stigmem_review.report import FORMATS, render
from stigmem_review.report.json import schema
from stigmem_review.text import flat
from support.short import report_of

CONDITION = "ACME_READ_ONLY is set"


def read_only(yes: Any, no: Any, condition: str = CONDITION) -> list[dict[str, Any]]:
    otherwise = condition.replace(" is ", " is not ")
    return [{"value": yes, "conditions": [condition]}, {"value": no, "conditions": [otherwise]}]


NEW: dict[str, Any] = {
    "version": "1.0.1",
    "one_of": {
        "capabilities": read_only(["facts.read"], ["facts.read", "network.outbound"]),
        "health_check": read_only("", "demo.handlers:health"),
    },
}


def lines(report: Report) -> list[str]:
    return render(report, "markdown").splitlines()


def test_a_gain_at_times_is_said_with_its_condition() -> None:
    found = lines(report_of({}, NEW))
    assert (
        "- ⛔ **may open outbound network connections**: `network.outbound` (high impact) unless "
        "`ACME_READ_ONLY is set`"
    ) in found
    assert (
        "* **capabilities**: now `network.outbound unless ACME_READ_ONLY is set` (high impact), "
        "still `facts.read`"
    ) in found
    assert (
        "* **health check**: now `demo.handlers:health unless ACME_READ_ONLY is set`, now "
        "`none if ACME_READ_ONLY is set`, no longer `demo.handlers:health`"
    ) in found
    assert any(
        x.startswith("Unless `ACME_READ_ONLY is set`: It now asks for `network.outbound`")
        for x in found
    )


def test_what_depends_as_before_is_in_the_appendix_alone() -> None:
    found = lines(report_of({**NEW, "version": "1.0.0"}, {**NEW, "capabilities": ["x"]}))
    assert not any("is set`:" in x for x in found)
    report = report_of({**NEW, "version": "1.0.0"}, {**NEW, "routes": ["r"]})
    assert {
        "* **capabilities**: `facts.read, network.outbound unless ACME_READ_ONLY is set`",
        "* **health check**: `demo.handlers:health unless ACME_READ_ONLY is set; none if "
        "ACME_READ_ONLY is set`",
    } <= {*lines(report)}


def test_a_first_installation_shows_every_value_with_its_condition() -> None:
    found = lines(report_of({"none": True}, NEW))
    assert not any("cannot be read" in x for x in found)
    assert (
        "* **health check**: now `demo.handlers:health unless ACME_READ_ONLY is set`, now "
        "`none if ACME_READ_ONLY is set`"
    ) in found
    # What does not depend on anything is what every release states.
    assert not any(x.startswith("* **configuration") for x in found)


def test_what_holds_at_more_times_is_gained_and_at_fewer_is_not() -> None:
    always = {"version": "1.0.0", "capabilities": ["facts.read", "network.outbound"]}
    assert report_of(always, NEW).gains == ()
    assert (
        "* **capabilities**: now `network.outbound unless ACME_READ_ONLY is set`, no longer "
        "`network.outbound always`, still `facts.read`"
    ) in lines(report_of(always, NEW))
    gained = report_of({**NEW, "version": "1.0.0"}, {**always, "version": "1.1.0"})
    assert [flat(each.says) for each in gained.gains] == [
        "may open outbound network connections: network.outbound (high impact)"
    ]
    [review] = [line for line in gained.checklist if "reviewed" in line.what]
    assert review.says[0].text == "1 finding to review"


def test_json_has_every_value_with_its_conditions() -> None:
    document = json.loads(render(report_of({}, NEW), "json"))
    jsonschema.validate(document, schema("report"))
    assert document["reviewed"][1]["manifest"]["health_check"] == {
        "certainty": "one-of",
        "outcomes": [
            {"value": None, "conditions": [CONDITION], "at": None},
            {"value": "demo.handlers:health", "conditions": ["ACME_READ_ONLY is not set"],
             "at": None},
        ],
        "at": None,
    }  # fmt: skip


HOSTILE = ["A`B|C", "::error::x", "##[error]x", "\u202ex", "<script>", "A\nB", "[x](https://evil)"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_condition_cannot_bend_a_report(name: str) -> None:
    at_times = {
        "capabilities": read_only([], ["network.outbound"], f"{name} is set"),
        "async_safe": read_only(True, False, f"{name} is set"),
    }
    for old, new in (({}, at_times), (at_times, {})):
        report = report_of(
            {"one_of": old, "capabilities": ["network.outbound"]},
            {"one_of": new, "capabilities": ["network.outbound"], "version": "1.1.0"},
        )
        assert any("reconditioned" in each.name for each in report.findings)
        for form in FORMATS:
            printed = render(report, form)
            assert "##[" not in printed
            assert not any(x.lstrip().startswith("::error::x") for x in printed.splitlines())
            assert all(" " <= x <= "~" or x in "\n→·✅🟡⛔❔" for x in printed)
        for segment in (part for each in report.findings for part in each.message):
            assert segment.theirs or not any(x in segment.text for x in ("A`B", "script", "evil"))


def test_the_fingerprint_is_of_the_condition_too() -> None:
    def fingerprint(new: dict[str, Any]) -> str:
        [found] = [x for x in report_of({}, new).findings if x.name == "capability-added"]
        return found.fingerprint

    other = {"one_of": {"capabilities": read_only([], ["network.outbound"], "ACME_B is set")}}
    always = {"capabilities": ["facts.read", "network.outbound"]}
    assert len({fingerprint(each) for each in (NEW, other, always)}) == 3
    assert fingerprint(always) == "7e0b3390164f59f5"  # as it was before there were conditions
