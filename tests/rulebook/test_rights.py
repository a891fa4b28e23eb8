"""What a policy lets a plugin have without a word, and what it says it must never have."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stigmem_review import host
from stigmem_review.case import build_case, build_check
from stigmem_review.errors import PolicyError
from stigmem_review.model import Act, Release
from stigmem_review.policy.file import Rights, parse_policy
from stigmem_review.rulebook import shipped_rules
from stigmem_review.rulebook.decided import Judgement, RulePolicy, rule_policy
from stigmem_review.rulebook.examples import ShortRelease, release_of
from stigmem_review.rulebook.rules import book_of

NODE = host.node()


def policy_of(text: str) -> RulePolicy:
    return rule_policy(parse_policy(text.encode(), "p.toml"), shipped_rules(), NODE)


def release(**fields: Any) -> Release:
    return release_of(msgspec.convert(fields, ShortRelease))


def judged(policy: str, old: Release, new: Release, name: str = "acme-ledger") -> Judgement:
    decided = policy_of(policy)
    case = build_case(old, new, NODE)
    stated = (*case.comparison.facts, *decided.forbidden(new, name))
    return decided.judge(stated, case, shipped_rules(), name)


def shown(found: Judgement, *names: str) -> tuple[list[str], list[str]]:
    """Return the findings of some rules that count, and those that do not, with the table."""
    return (
        [f"{each.level} {each.item}" for each in found.findings if each.name in names],
        [f"{each.item} {each.policy}" for each in found.off if each.name in names],
    )


OLD = release()
GAINS = release(
    version="1.0.1",
    capabilities=["facts.read", "recall.read", "network.outbound"],
    hooks={"post_assert_audit": "demo.handlers:audit", "pre_recall_authorize": "demo.handlers:x"},
)
ALLOW = "[plugins.acme_ledger.allow]"
BY = "[plugins.acme-ledger.allow]"


def test_what_a_plugin_may_have_is_listed_and_counts_no_more() -> None:
    text = f'{ALLOW}\ncapabilities = ["network.outbound"]\nhooks = ["pre_recall_authorize"]\n'
    found = judged(text, OLD, GAINS)
    assert shown(found, "capability-added") == (["warning recall.read"], [f"network.outbound {BY}"])
    assert shown(found, "hook-added") == ([], [f"pre_recall_authorize {BY}"])
    # Something else is gained in a small step, so that is still a surprise.
    assert shown(found, "semver-mismatch") == (["warning version"], [])
    both = text.replace('["network.outbound"]', '["network.outbound", "recall.read"]')
    assert shown(judged(both, OLD, GAINS), "semver-mismatch") == ([], [f"version {BY}"])


def test_what_one_plugin_may_have_another_may_not() -> None:
    text = f'{ALLOW}\ncapabilities = ["network.outbound"]\n'
    for name in ("acme", ""):
        assert judged(text, OLD, GAINS, name).off == ()


NETWORK = [
    ("authority", ["network"], "ledger.example", True, True),
    ("authority", ["process"], "ledger.example", True, False),
    ("destinations", ["network: ledger.example"], "ledger.example", True, True),
    ("destinations", ["network: ledger.example"], "ledger.example", False, False),
    ("destinations", ["server: ledger.example"], "ledger.example", True, False),
    ("destinations", ["network: *.example"], "a.ledger.example", True, True),
    ("destinations", ["network: *.example"], "evil.test/.example", True, False),
    ("destinations", ["network: *.example"], "evil.test?.example", True, False),
    ("destinations", ["network: *.example"], "x@evil.test:1.example", True, False),
    ("destinations", ["network: ledger.example"], "ledgerxexample", True, False),
    ("destinations", ["network: *"], "", True, False),
]


def acts(to: str, whole: bool = True, roots: str = "handler post_assert_audit") -> dict[str, Any]:
    """Return the fields of a release that opens a network connection."""
    led = Act("network", "httpx", (to,) if to else (), whole, (roots,), code="d")
    return {"behaviour": [msgspec.to_builtins(led)], "walked": True}


@pytest.mark.parametrize(("key", "values", "to", "whole", "allowed"), NETWORK)
def test_where_code_may_lead_is_matched_whole(
    key: str, values: list[str], to: str, whole: bool, allowed: bool
) -> None:
    text = f"{ALLOW}\n{key} = {msgspec.json.encode(values).decode()}\n"
    found = judged(text, OLD, release(version="1.1.0", **acts(to, whole)))
    counts, off = shown(found, "network-used")
    assert (len(counts), len(off)) == ((0, 1) if allowed else (1, 0))


def test_no_destination_leads_out_of_a_folder() -> None:
    rights = Rights(destinations=("files read: /etc/*", "files read: /etc/*/x"))
    assert rights.leads("files read", "/etc/hosts")
    assert not rights.leads("files read", "/etc/ssh/key")
    assert not rights.leads("files read", "/etc/../x")


def test_what_runs_while_the_node_loads_a_plugin_is_never_allowed() -> None:
    text = f'{ALLOW}\nauthority = ["network"]\n'
    found = judged(text, OLD, release(version="1.1.0", **acts("ledger.example", roots="import")))
    assert found.off == ()
    assert len(shown(found, "import-time-effect")[0]) == 1


NEVER = b"""\
id = "ACME001"
name = "never"
on = ["hook-added"]
level = "error"
approvable = false
says = "Never."
why = "It is so."
do = "Do without."
"""


def test_a_rule_that_cannot_be_approved_stands_beside_what_is_allowed() -> None:
    decided = policy_of(f'{ALLOW}\nhooks = ["pre_recall_authorize"]\n')
    rules = shipped_rules().joined(book_of("own", [("ACME001-never.toml", NEVER)]), "own")
    case = build_case(OLD, GAINS, NODE)
    found = decided.judge(case.comparison.facts, case, rules, "acme-ledger")
    assert shown(found, "never", "hook-added") == (
        ["error pre_recall_authorize"],
        [f"pre_recall_authorize {BY}"],
    )


# What must never be


FORBID = '[plugins.acme-ledger.forbid]\n{} = ["{}"]\n'
HAS = [
    ("capabilities", "network.outbound", {"capabilities": ["network.outbound"]}),
    ("hooks", "pre_recall_authorize", {"hooks": {"pre_recall_authorize": "demo.handlers:x"}}),
    ("authority", "network", acts("evil.test")),
    ("destinations", "network: *.test", acts("evil.test")),
]


@pytest.mark.parametrize(("key", "value", "fields"), HAS, ids=[row[0] for row in HAS])
def test_what_is_forbidden_is_an_error_whether_it_is_new_or_not(
    key: str, value: str, fields: dict[str, Any]
) -> None:
    text = FORBID.format(key, value)
    for old in (OLD, release(**fields), release(none=True)):
        [found] = [
            each
            for each in judged(text, old, release(version="2.0.0", **fields)).findings
            if each.name == "forbidden"
        ]
        assert (found.level, found.approvable) == ("error", False)
        assert found.item.startswith(value.partition("*")[0])
        assert "[plugins.acme-ledger.forbid]" in "".join(each.text for each in found.message)
    assert shown(judged(text, OLD, OLD), "forbidden", "forbidden-unread") == ([], [])
    assert shown(judged(text, OLD, release(**fields), "other"), "forbidden") == ([], [])
    removed = judged(text, release(**fields), release(none=True))
    assert shown(removed, "forbidden", "forbidden-unread") == ([], [])


def test_what_no_plugin_may_have_is_said_once() -> None:
    text = '[forbid]\nhooks = ["{0}"]\n[plugins.acme-ledger.forbid]\nhooks = ["{0}"]\n'
    text = text.format("pre_recall_authorize")
    assert shown(judged(text, OLD, GAINS), "forbidden")[0] == ["error pre_recall_authorize"]
    assert shown(judged(text, OLD, GAINS, ""), "forbidden")[0] == ["error pre_recall_authorize"]


def test_what_a_release_has_only_at_times_it_has() -> None:
    outcomes = [
        {"value": ["network.outbound"], "conditions": ["ACME is set"]},
        {"value": [], "conditions": ["ACME is not set"]},
    ]
    new = release(version="2.0.0", one_of={"capabilities": outcomes})
    text = '[forbid]\ncapabilities = ["network.outbound"]\n'
    assert shown(judged(text, OLD, new), "forbidden")[0] == ["error network.outbound"]


UNREAD = [
    ("capabilities", "network.outbound", {"unknown": {"capabilities": "it is computed"}}),
    ("hooks", "pre_recall_authorize", {"unknown": {"manifest": "it is computed"}}),
    ("authority", "network", {"walked": False}),
    ("destinations", "network: *.test", {"walked": False}),
    ("destinations", "network: *.test", acts("ledger.example", whole=False)),
]


@pytest.mark.parametrize(("key", "value", "fields"), UNREAD)
def test_what_may_be_there_unread_is_an_error_that_somebody_can_approve(
    key: str, value: str, fields: dict[str, Any]
) -> None:
    text = FORBID.format(key, value)
    [found] = [
        each
        for each in judged(text, OLD, release(version="2.0.0", **fields)).findings
        if each.name.startswith("forbidden")
    ]
    assert (found.name, found.level, found.item) == ("forbidden-unread", "error", value)
    assert found.approvable


def test_it_holds_for_a_release_by_itself_as_well() -> None:
    decided = policy_of('[forbid]\ncapabilities = ["network.outbound"]\n')
    stated = decided.forbidden(GAINS, "acme-ledger")
    case = build_check(GAINS, NODE)
    found = decided.judge(stated, case, shipped_rules(), "acme-ledger")
    assert [each.item for each in found.findings] == ["network.outbound"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[forbid]\nhooks = ["pre_recal_authorize"]', "`hooks` in [forbid], line 2, has "
         "`pre_recal_authorize`, which node"),
        ('[forbid]\nhooks = ["pre_recal_authorize"]', "did you mean `pre_recall_authorize`?"),
        ('[plugins.x.allow]\ncapabilities = ["zzz"]', "does not have: "),
        ('[forbid]\nauthority = ["networks"]', "item 1 is \"networks\": did you mean `network`?"),
        ('[forbid]\nauthority = ["own"]', "has `own`"),
        ('[forbid]\ndestinations = ["evil.test"]', "is not KIND: DESTINATION"),
        ('[forbid]\ndestinations = ["networks: x"]', "did you mean `network: ...`?"),
        ('[forbid]\ndestinations = ["network: "]', "is not KIND: DESTINATION"),
        ('[forbid]\nauthority = ["process"]\n[plugins.x.allow]\nauthority = ["process"]',
         "`authority` in [plugins.x.allow], line 4, has `process`, which [forbid] has too"),
        ('[plugins.x]\nallow.hooks = ["post_assert_audit"]\nforbid.hooks = ["post_assert_audit"]',
         "which [plugins.x.forbid] has too"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(text: str, says: str) -> None:
    with pytest.raises(PolicyError) as caught:
        policy_of(text)
    assert says in str(caught.value)
