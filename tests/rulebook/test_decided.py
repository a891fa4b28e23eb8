"""What a policy makes of findings: it may say less of a rule only where everybody can see it."""

from __future__ import annotations

import msgspec
import pytest

from stigmem_review import host
from stigmem_review.case import build_case
from stigmem_review.errors import PolicyError
from stigmem_review.policy.file import parse_policy
from stigmem_review.rulebook import shipped_rules
from stigmem_review.rulebook.decided import Judgement, rule_mistakes, rule_policy
from stigmem_review.rulebook.examples import ShortRelease, release_of

GAINS = {"capabilities": ["facts.read", "recall.read", "network.outbound"]}


def judged(policy: str, distribution: str = "acme-ledger") -> Judgement:
    """Return what a policy makes of a release that gains two capabilities in a minor step."""
    new = {**GAINS, "version": "1.1.0"}
    before, after = (release_of(msgspec.convert(each, ShortRelease)) for each in ({}, new))
    case = build_case(before, after, host.node())
    decided = rule_policy(parse_policy(policy.encode(), "p.toml"), shipped_rules(), host.node())
    found = decided.judge(case.comparison.facts, case, shipped_rules(), distribution)
    named = ("capability-added",)
    return Judgement(
        tuple(each for each in found.findings if each.name in named),
        tuple(each for each in found.off if each.name in named),
    )


def shown(found: Judgement) -> list[str]:
    return [
        f"{each.item} {each.level}<{each.rule_level}>{each.policy}"
        for each in (*found.findings, *found.off)
    ]


def test_without_a_word_findings_are_the_rules() -> None:
    assert shown(judged("")) == ["network.outbound error<>", "recall.read warning<>"]


def test_a_level_stands_beside_the_rules_own() -> None:
    found = judged('[levels]\ncapability-added = "warning"\n')
    # The second is what it was, so nothing was decided about it.
    assert shown(found) == ["network.outbound warning<error>[levels]", "recall.read warning<>"]
    assert [each.is_lowered for each in found.findings] == [True, False]


def test_a_policy_may_call_a_rule_by_a_name_that_it_had() -> None:
    policy = parse_policy(b'[levels]\nversion-surprise = "off"\n', "p.toml")
    assert rule_policy(policy, shipped_rules(), host.node()).settings == {"": {"SPR602": "off"}}
    both = b'[levels]\nversion-surprise = "off"\nsemver-mismatch = "note"\n'
    with pytest.raises(PolicyError, match="is the same rule as `version-surprise`"):
        rule_policy(parse_policy(both, "p.toml"), shipped_rules(), host.node())


def test_a_raised_finding_is_not_lowered() -> None:
    found = judged('[levels]\nSPR301 = "error"\n').findings
    assert [(each.level, each.rule_level, each.is_lowered) for each in found] == [
        ("error", "", False),
        ("error", "warning", False),
    ]


def test_what_is_off_keeps_its_level_and_is_kept_apart() -> None:
    found = judged('[levels]\nspr301 = "off"\n')
    assert found.findings == ()
    assert shown(found) == ["network.outbound error<>[levels]", "recall.read warning<>[levels]"]


def test_the_word_about_one_plugin_counts_before_that_about_all() -> None:
    policy = '[levels]\nSPR301 = "off"\n[plugins.Acme_Ledger.levels]\ncapability-added = "note"\n'
    by = "[plugins.acme-ledger.levels]"
    assert shown(judged(policy)) == [
        f"network.outbound note<error>{by}",
        f"recall.read note<warning>{by}",
    ]
    assert judged(policy, "other").findings == ()
    assert judged(policy, "").findings == ()
    assert len(judged(policy, "ACME.ledger").findings) == 2


def test_a_plugin_can_be_given_back_what_is_off_for_all() -> None:
    policy = '[levels]\nSPR301 = "off"\n[plugins.acme-ledger.levels]\nSPR301 = "error"\n'
    assert [each.level for each in judged(policy).findings] == ["error", "error"]


def test_findings_are_sorted_by_the_level_they_are_given() -> None:
    policy = '[levels]\nSPR301 = "note"\nfield-unread = "error"\n'
    levels = [each.level for each in judged(policy).findings]
    assert levels == sorted(levels)


@pytest.mark.parametrize("table", ["levels", "plugins.Acme_X.levels"])
@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('capability-aded = "note"', "`capability-aded` in [{}], line 2, is no rule: did you mean "
         "`capability-added`?"),
        ('SPR3011 = "note"', "`SPR3011` in [{}], line 2, is no rule: did you mean `SPR301`?"),
        ('zzz = "note"', "`zzz` in [{}], line 2, is no rule; stigmem-review rules list"),
        ('SPR301 = "note"\ncapability-added = "error"', "`capability-added` in [{}], line 3, is "
         "the same rule as `SPR301`"),
        ('SPR001 = "off"', "`SPR001` in [{}], line 2, is off, and cannot be approved: leave it"),
        ('target-missing = "warning"', "`target-missing` in [{}], line 2, is a warning, and cannot "
         "be approved: leave it an error"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_of_rules_is_refused(table: str, lines: str, says: str) -> None:
    with pytest.raises(PolicyError) as caught:
        judged(f"[{table}]\n{lines}\n")
    assert str(caught.value).startswith(f"the policy p.toml: {says.format(table)}")


def test_what_check_is_to_ignore_is_a_rule() -> None:
    entry = '[[check.ignore]]\nrule = "{}"\nreason = "tried every night"\n'
    assert len(judged(entry.format("target-missing")).findings) == 2
    with pytest.raises(
        PolicyError, match=r"is `target-mising`, which is no rule: did you mean `target-missing`\?"
    ):
        judged(entry.format("target-missing") + entry.format("target-mising"))


def test_a_rule_that_cannot_be_approved_can_be_left_an_error() -> None:
    assert len(judged('[levels]\nSPR001 = "error"\n').findings) == 2


def test_all_that_cannot_be_said_of_rules_is_named() -> None:
    file = parse_policy(b'[levels]\nzzz = "note"\nSPR001 = "off"\nyyy = "off"\n', "p.toml")
    found = rule_mistakes(file, shipped_rules(), host.node())
    assert [each.keys for each in found] == [
        ("levels", "zzz"),
        ("levels", "SPR001"),
        ("levels", "yyy"),
    ]
