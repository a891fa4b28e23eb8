"""The first lines say what an upgrade gains, heaviest first, and never that it is nothing."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from stigmem_review.document.headline import gains
from stigmem_review.report import render
from stigmem_review.rulebook import shipped_rules
from stigmem_review.rulebook.examples import read_examples
from stigmem_review.text import flat
from support.short import report_of


def gained(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.level, flat(each.says)) for each in report_of(old, new).gains]


HOOKS = {"post_assert_audit": "demo.handlers:audit"}


def test_what_weighs_most_stands_first() -> None:
    new = {
        "hooks": {**HOOKS, "pre_recall_authorize": "demo:gate", "recall_filter": "demo:drop"},
        "capabilities": ["facts.read", "network.outbound", "recall.read"],
        "requires_dist": ["stigmem-node", "requests>=2"],
        "depends_on": ["other"],
    }
    old = {"hooks": HOOKS, "requires_dist": ["stigmem-node"]}
    assert gained(old, new)[:6] == [
        ("error", "can deny a recall: pre_recall_authorize"),
        (
            "error",
            "may open outbound network connections: network.outbound (high impact)",
        ),
        ("warning", "can remove or replace what a recall returns: recall_filter"),
        (
            "warning",
            "may read recall results, which join facts into richer context: recall.read",
        ),
        ("warning", "needs another plugin: other"),
        ("warning", "installs: requests >=2"),
    ]


def test_at_one_level_the_kind_of_gain_decides_and_not_the_number_of_a_rule() -> None:
    old = {"hooks": {**HOOKS, "pre_recall_authorize": "demo:gate"}, "requires_dist": []}
    assert [says for _, says in gained(old, {"hooks": HOOKS, "requires_dist": ["lib"]})] == [
        "installs: lib",
        "can no longer deny a recall: pre_recall_authorize",
    ]


def test_what_a_rule_of_ones_own_says_too_stands_with_the_heavier() -> None:
    findings = report_of({"hooks": {}}, {"hooks": {"recall_rank": "demo.handlers:gate"}}).findings
    found = next(each for each in findings if each.gain is not None)
    both = [replace(found, level="note"), replace(found, level="error")]
    assert [each.level for each in gains(both)] == ["error"]


def test_what_is_gained_in_one_way_is_said_at_once() -> None:
    hooks = dict.fromkeys(("config_validate", "pre_recall_authorize"), "demo.handlers:seen")
    found = gained({"hooks": {}}, {"hooks": hooks})
    assert len(found) == 2
    many = {"requires_dist": [f"lib{number}" for number in range(9)]}
    [(_, says)] = gained({"requires_dist": []}, many)
    assert says == "installs: lib0, lib1, lib2, lib3 and 5 more"


def test_what_protected_and_is_gone_is_a_gain_and_what_only_looked_on_is_none() -> None:
    old = {"hooks": {**HOOKS, "pre_recall_authorize": "demo:gate"}}
    assert gained(old, {"hooks": HOOKS}) == [
        ("warning", "can no longer deny a recall: pre_recall_authorize")
    ]
    assert gained({"hooks": HOOKS}, {"hooks": {}}) == []
    kept = {"hooks": {"migration_register": "demo:more"}}
    assert gained(kept, {"hooks": {}}) == []


def test_nothing_is_said_to_gain_nothing_while_there_is_a_finding() -> None:
    report = report_of({}, {"capabilities": []})
    assert [each.name for each in report.findings] == ["capability-removed"]
    assert (
        flat(report.headline)
        == "This release of the same version has 1 finding: capability removed."
    )
    clear = report_of({}, {"version": "1.0.1"})
    assert flat(clear.headline) == "This patch release gains nothing."
    assert flat(report_of({}, {}).headline).endswith("nothing that is compared changed.")


def test_no_example_of_any_rule_has_a_finding_below_a_calm_sentence() -> None:
    seen = 0
    for rule in shipped_rules().rules:
        for example in read_examples(rule):
            if example.check or example.facts:
                continue
            new = {"version": "1.1.0", **example.new}
            report = report_of(
                example.old, {**({} if "none" in example.old else example.old), **new}
            )
            says = flat(report.headline)
            assert not (report.findings and ("gains nothing" in says or "nothing that" in says))
            seen += bool(report.findings)
    assert seen > 150


def test_notes_alone_are_not_called_a_gain() -> None:
    report = report_of({"hooks": {}}, {"hooks": HOOKS, "version": "1.1.0"})
    assert [each.level for each in report.findings] == ["note"]
    assert flat(report.headline) == "This minor release has notes only:"
    assert [flat(each.says) for each in report.gains] == [
        "can observe the outcome of every assertion: post_assert_audit"
    ]


def test_other_findings_are_counted_beside_what_is_gained() -> None:
    report = report_of({"hooks": {}}, {"hooks": HOOKS, "name": "other", "version": "1.0.1"})
    assert flat(report.headline) == "This patch release gains (2 other findings below):"


def test_a_removal_and_a_first_release_are_called_so() -> None:
    assert flat(report_of({}, {"none": True}).headline) == "The plugin is removed."
    assert flat(report_of({"none": True}, {}).headline).startswith("This first release brings")


def test_every_format_has_it(tmp_path: Any) -> None:
    report = report_of({"hooks": HOOKS}, {"hooks": {**HOOKS, "pre_recall_authorize": "demo:g"}})
    says = "can deny a recall: "
    assert f"  error  {says}pre_recall_authorize" in render(report, "text").splitlines()[:5]
    assert (
        "- ⛔ **can deny a recall**: `pre_recall_authorize`"
        in render(report, "markdown").splitlines()[:8]
    )
    assert f"{says}pre_recall_authorize" in render(report, "github").splitlines()[0]
    assert report.gains[0].level == "error"
