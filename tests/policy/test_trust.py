"""Whom an operator trusts: the node's lists and the policy, which have to agree."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stigmem_review.model import Signer
from stigmem_review.policy.identities import without_ref
from stigmem_review.policy.settings import Settings
from stigmem_review.policy.trust import Trust, judge, required
from stigmem_review.policy.trusted import SigningPolicy, Trusted

ISSUER, OTHER_ISSUER = "https://accounts.acme.example", "https://accounts.else.example"
PERSON = Signer("release@acme.example", "email", ISSUER)
FORGE = "https://forge.example"
CI = Signer(
    f"{FORGE}/acme/demo/.ci/release.yml@refs/tags/v1.1.0",
    "uri",
    f"{FORGE}/oidc",
    repository=f"{FORGE}/acme/demo",
    workflow=".ci/release.yml",
    ref="refs/tags/v1.1.0",
)
PINNED = Trusted(issuer=ISSUER, identity=PERSON.identity)
WORKFLOW = Trusted(issuer=CI.issuer, repository=CI.repository, workflow=CI.workflow)
STRANGER = Trusted(issuer=ISSUER, identity="stranger@acme.example")


def trust(
    *entries: Trusted,
    listed: tuple[str, ...] = (),
    override: tuple[str, ...] = (),
) -> Trust:
    return Trust(SigningPolicy(trusted=entries), Settings(trusted=listed, override=override))


LIST, EXCEPTION = "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS", "STIGMEM_PLUGIN_TRUST_OVERRIDE_PUBLISHERS"

GITHUB = "https://token.actions.githubusercontent.com"
BUILDER = "https://github.com/builds/all/.github/workflows/build.yml"
RAN = Signer(
    f"{BUILDER}@refs/tags/v2",
    "uri",
    GITHUB,
    repository="https://github.com/acme/ledger",
    workflow=".github/workflows/release.yml",
    ref="refs/tags/v1.1.0",
    trigger="release",
    builder=BUILDER,
    runner="github-hosted",
    environment="pypi",
)


def ran(**said: Any) -> Trusted:
    """Return an entry for the workflow of ``RAN``, with conditions."""
    return Trusted(GITHUB, **{"repository": RAN.repository, "workflow": RAN.workflow} | said)


JUDGED: dict[str, tuple[Signer, Trust, tuple[str, str, bool, str]]] = {
    "nobody said anything": (PERSON, trust(), ("not judged", "", False, "")),
    "the node's list": (PERSON, trust(listed=(PERSON.identity,)), ("trusted", LIST, False, "")),
    "not on the node's list": (
        PERSON,
        trust(listed=("deploy@acme.example",)),
        ("untrusted", LIST, False, ""),
    ),
    "the node's list in another case": (
        PERSON,
        trust(listed=("Release@acme.example",)),
        ("untrusted", LIST, False, ""),
    ),
    "the override list": (
        PERSON,
        trust(override=(PERSON.identity,)),
        ("override", EXCEPTION, False, ""),
    ),
    "both lists": (
        PERSON,
        trust(listed=(PERSON.identity,), override=(PERSON.identity,)),
        ("trusted", LIST, False, ""),
    ),
    "not on the override list": (
        PERSON,
        trust(override=("deploy@acme.example",)),
        ("untrusted", EXCEPTION, False, ""),
    ),
    "an entry": (PERSON, trust(STRANGER, PINNED), ("trusted", "entry 2 of the policy", True, "")),
    "an entry and the list": (
        PERSON,
        trust(PINNED, listed=(PERSON.identity,)),
        ("trusted", "entry 1 of the policy", True, ""),
    ),
    "an entry and the override list": (
        PERSON,
        trust(PINNED, override=(PERSON.identity,)),
        ("override", EXCEPTION, True, ""),
    ),
    "on the list and not in the policy": (
        PERSON,
        trust(STRANGER, listed=(PERSON.identity,)),
        ("untrusted", "the policy", False, ""),
    ),
    "on the override list and not in the policy": (
        PERSON,
        trust(STRANGER, override=(PERSON.identity,)),
        ("untrusted", "the policy", False, ""),
    ),
    "in the policy and not on the list": (
        PERSON,
        trust(PINNED, listed=("deploy@acme.example",)),
        ("untrusted", LIST, False, "not on the node"),
    ),
    "another issuer": (
        Signer(PERSON.identity, "email", OTHER_ISSUER),
        trust(PINNED),
        ("untrusted", "the policy", False, "another issuer"),
    ),
    "an address that is spelt like a person": (
        Signer(PERSON.identity, "uri", ISSUER),
        trust(PINNED, listed=(PERSON.identity,)),
        ("untrusted", LIST, False, ""),
    ),
    "a user name that is spelt like a person": (
        Signer(PERSON.identity, "username", ISSUER),
        trust(PINNED, listed=(PERSON.identity,)),
        ("untrusted", LIST, False, ""),
    ),
    "a person whose certificate speaks of the workflow": (
        msgspec.structs.replace(CI, identity=PERSON.identity, kind="email"),
        trust(WORKFLOW),
        ("untrusted", "the policy", False, ""),
    ),
    "a workflow": (CI, trust(WORKFLOW), ("trusted", "entry 1 of the policy", True, "")),
    "a workflow by its whole identity": (
        CI,
        trust(Trusted(issuer=CI.issuer, identity=CI.identity)),
        ("trusted", "entry 1 of the policy", True, ""),
    ),
    "another repository": (
        CI,
        trust(Trusted(issuer=CI.issuer, repository=f"{FORGE}/acme/Demo", workflow=CI.workflow)),
        ("untrusted", "the policy", False, ""),
    ),
    "another workflow": (
        CI,
        trust(Trusted(issuer=CI.issuer, repository=CI.repository, workflow=".ci/test.yml")),
        ("untrusted", "the policy", False, "another workflow"),
    ),
    "another workflow, from another issuer": (
        CI,
        trust(Trusted(issuer=OTHER_ISSUER, repository=CI.repository, workflow=".ci/test.yml")),
        ("untrusted", "the policy", False, ""),
    ),
    "the node's list has another workflow of the repository": (
        CI,
        trust(listed=(CI.identity.replace("release.yml", "test.yml"),)),
        ("untrusted", LIST, False, "another workflow"),
    ),
    "the node's list has a repository whose name begins like that": (
        CI,
        trust(listed=(CI.identity.replace("acme/demo", "acme/demo2"),)),
        ("untrusted", LIST, False, ""),
    ),
    "a workflow from another issuer": (
        CI,
        trust(
            Trusted(issuer=OTHER_ISSUER, repository=CI.repository, workflow=CI.workflow),
        ),
        ("untrusted", "the policy", False, "another issuer"),
    ),
    "the node's list has another tag": (
        CI,
        trust(listed=(CI.identity.replace("v1.1.0", "v1.0.0"),)),
        ("not listed", LIST, False, "another tag"),
    ),
    "the node's list has a branch": (
        CI,
        trust(listed=(CI.identity.replace("refs/tags/v1.1.0", "refs/heads/main"),)),
        ("untrusted", LIST, False, "another ref"),
    ),
    "the node's list has other capitals in the domain": (
        PERSON,
        trust(listed=(PERSON.identity.replace("acme", "Acme"),)),
        ("untrusted", LIST, False, "other capitals"),
    ),
    "an owner": (
        RAN,
        trust(Trusted(GITHUB, owner="acme")),
        ("trusted", "entry 1 of the policy, any repository of acme", True, ""),
    ),
    "an owner by the whole address, and the workflow": (
        RAN,
        trust(Trusted(GITHUB, owner="https://github.com/Acme", workflow=RAN.workflow)),
        ("trusted", "entry 1 of the policy, any repository of https://github.com/Acme", True, ""),
    ),
    "an owner whose name begins like that": (
        RAN,
        trust(Trusted(GITHUB, owner="acm")),
        ("untrusted", "the policy", False, ""),
    ),
    "an owner at another forge's issuer": (
        RAN,
        trust(Trusted("https://gitlab.com", owner="https://github.com/acme")),
        ("untrusted", "the policy", False, "another issuer"),
    ),
    "all conditions that it meets": (
        RAN,
        trust(ran(trigger=("push", "release"), environment="github-hosted", builder=BUILDER)),
        ("trusted", "entry 1 of the policy", True, ""),
    ),
    "its deployment environment, and the builder at its ref": (
        RAN,
        trust(ran(environment="pypi", builder=RAN.identity)),
        ("trusted", "entry 1 of the policy", True, ""),
    ),
    "another trigger": (
        RAN,
        trust(ran(trigger="push")),
        ("untrusted", "the policy", False, "another trigger"),
    ),
    "another runner": (
        RAN,
        trust(ran(environment="self-hosted")),
        ("untrusted", "the policy", False, "another environment"),
    ),
    "another deployment environment": (
        RAN,
        trust(ran(environment="staging")),
        ("untrusted", "the policy", False, "another environment"),
    ),
    "another builder": (
        RAN,
        trust(ran(builder=f"{BUILDER}.yml")),
        ("untrusted", "the policy", False, "another builder"),
    ),
    "another ref of the builder": (
        RAN,
        trust(ran(builder=f"{BUILDER}@refs/tags/v3")),
        ("untrusted", "the policy", False, "another builder"),
    ),
    "other capitals of owner and name": (
        RAN,
        trust(ran(repository="https://github.com/Acme/Ledger")),
        ("trusted", "entry 1 of the policy", True, ""),
    ),
    "other capitals of the workflow": (
        RAN,
        trust(ran(workflow=RAN.workflow.upper())),
        ("untrusted", "the policy", False, "another workflow"),
    ),
    "other capitals of a domain": (
        PERSON,
        trust(Trusted(ISSUER, PERSON.identity.replace("acme", "Acme"))),
        ("trusted", "entry 1 of the policy", True, ""),
    ),
    "other capitals of a name": (
        PERSON,
        trust(Trusted(ISSUER, PERSON.identity.upper())),
        ("untrusted", "the policy", False, ""),
    ),
    "an entry for this plugin": (
        PERSON,
        trust(Trusted(issuer=ISSUER, identity=PERSON.identity, plugins=("x", "Acme.Ledger"))),
        ("trusted", "entry 1 of the policy", True, ""),
    ),
    "entries for other plugins only": (
        PERSON,
        trust(Trusted(issuer=ISSUER, identity=PERSON.identity, plugins=("acme-garden",))),
        ("untrusted", "the policy", False, "other plugins"),
    ),
    "entries for other plugins only, and the node's list": (
        PERSON,
        trust(
            Trusted(issuer=ISSUER, identity="x@y.example", plugins=("acme-garden",)),
            listed=(PERSON.identity,),
        ),
        ("trusted", LIST, False, ""),
    ),
    "entries for this plugin and for all": (
        PERSON,
        trust(Trusted(issuer=ISSUER, identity="x@y.example", plugins=("acme-ledger",)), PINNED),
        ("trusted", "entry 2 of the policy", True, ""),
    ),
}


@pytest.mark.parametrize("case", JUDGED)
def test_a_signer_is_judged(case: str) -> None:
    signer, said, expected = JUDGED[case]
    judged = judge(signer, "acme_ledger", said)
    assert (judged.decision, judged.by, judged.pinned, judged.but) == expected


@pytest.mark.parametrize(
    ("pattern", "ref", "fits"),
    [
        ("", "refs/pull/1/merge", True),
        ("refs/tags/*", "refs/tags/v1", True),
        ("refs/tags/v*", "refs/tags/v1.0", True),
        ("refs/tags/v*", "refs/tags/V1.0", False),
        ("refs/tags/v*", "refs/tags/v1/other", False),
        ("refs/tags/v*", "refs/heads/v1", False),
        ("refs/*", "refs/pull/1/merge", False),
        ("refs/tags/*/v*", "refs/tags/demo/v1", True),
        ("refs/tags/v1.0", "refs/tags/v1x0", False),
        ("refs/tags/v*", "", False),
        ("refs/heads/main", "refs/heads/main", True),
        ("refs/heads/main", "refs/heads/main2", False),
    ],
)
def test_a_ref_is_a_pattern(pattern: str, ref: str, fits: bool) -> None:
    entry = Trusted(issuer="i", repository="https://r", workflow="w", ref=pattern)
    signer = Signer("https://r/w", "uri", "i", repository="https://r", workflow="w", ref=ref)
    judged = judge(signer, "demo", trust(entry))
    assert (judged.decision, judged.but) == (
        ("trusted", "") if fits else ("untrusted", "another ref")
    )


@pytest.mark.parametrize(
    ("signer", "said", "nearest"),
    [
        ("re1ease@acme.example", trust(PINNED), PERSON.identity),
        ("re1ease@acme.example", trust(listed=(PERSON.identity,)), PERSON.identity),
        ("re1ease@acme.example", trust(override=(PERSON.identity,)), PERSON.identity),
        ("somebody@else.example", trust(PINNED), ""),
    ],
)
def test_a_name_that_looks_like_a_trusted_one_is_seen(
    signer: str, said: Trust, nearest: str
) -> None:
    assert judge(Signer(signer, "email", ISSUER), "demo", said).nearest == nearest


def test_a_repository_that_looks_like_a_trusted_one_is_seen() -> None:
    fields = {"repository": f"{FORGE}/acrne/demo", "workflow": CI.workflow, "ref": CI.ref}
    other = Signer(f"{FORGE}/acrne/demo/{CI.workflow}@{CI.ref}", "uri", CI.issuer, **fields)
    assert judge(other, "demo", trust(WORKFLOW)).nearest == f"{CI.repository}/{CI.workflow}"
    assert judge(other, "demo", trust(listed=(CI.identity,))).nearest == CI.identity
    # Another workflow, or another tag, of the trusted repository is not somebody else.
    tests = Trusted(issuer=CI.issuer, repository=CI.repository, workflow=".ci/releases.yml")
    assert judge(CI, "demo", trust(tests)).nearest == ""
    assert judge(CI, "demo", trust(listed=(CI.identity.replace("1.1.0", "1.0.0"),))).nearest == ""


@pytest.mark.parametrize(
    ("policy", "settings", "expected"),
    [
        ({}, {}, None),
        ({"required": True}, {}, True),
        ({"required": False}, {}, False),
        ({}, {"required": True}, True),
        ({}, {"required": False}, False),
        ({"required": True}, {"required": False}, True),
        ({"required": False}, {"required": True}, True),
        ({"trusted": (PINNED,)}, {}, True),
        ({"trusted": (PINNED,), "required": False}, {}, False),
        ({}, {"trusted": ("a",)}, True),
        ({}, {"override": ("a",)}, True),
        ({}, {"trusted": ("a",), "required": False}, False),
        # The policy is not what the node goes by.
        ({"required": False}, {"trusted": ("a",)}, True),
        ({"required": False}, {"override": ("a",)}, True),
        ({}, {"acknowledged": True}, None),
    ],
)
def test_whether_signatures_are_required(
    policy: dict[str, Any], settings: dict[str, Any], expected: bool | None
) -> None:
    assert required(Trust(SigningPolicy(**policy), Settings(**settings))) is expected


def test_a_workflow_that_has_another_one_sign_is_known_by_its_own_address() -> None:
    other = Signer(
        f"{FORGE}/builds/all/.ci/build.yml@{CI.ref}",
        "uri",
        CI.issuer,
        repository=f"{FORGE}/acrne/demo",
        workflow=CI.workflow,
        ref=CI.ref,
        builder=f"{FORGE}/builds/all/.ci/build.yml",
    )
    assert judge(other, "demo", trust(WORKFLOW)).nearest == f"{CI.repository}/{CI.workflow}"


@pytest.mark.parametrize(
    ("builder", "decision"),
    [
        (f"{FORGE}/builds/all/.ci/build.yml", "untrusted"),
        (f"{CI.repository}-else/.ci/build.yml", "untrusted"),
        # One of its own repository signs for nobody else.
        (f"{CI.repository}/.ci/build.yml", "trusted"),
    ],
)
def test_the_name_of_a_shared_workflow_is_that_of_whoever_calls_it(
    builder: str, decision: str
) -> None:
    identity = f"{builder}@{CI.ref}"
    signer = msgspec.structs.replace(CI, identity=identity, builder=builder)
    judged = judge(signer, "demo", trust(Trusted(issuer=CI.issuer, identity=identity)))
    assert judged.decision == decision
    assert judged.but == ("a shared builder" if decision == "untrusted" else "")
    assert judge(signer, "demo", trust(WORKFLOW)).decision == "trusted"


@pytest.mark.parametrize(
    ("identity", "address"),
    [
        ("https://f.example/a/b@refs/tags/v1", "https://f.example/a/b"),
        ("https://f.example/a/b@refs/tags/v1@refs/x", "https://f.example/a/b@refs/tags/v1"),
        ("https://f.example/a/b@refs/tags/v1@refs/", "https://f.example/a/b"),
        (f"https://f.example/a@refs/b@{'0a' * 20}", "https://f.example/a@refs/b"),
        (f"https://f.example/a/b@{'0a' * 32}", "https://f.example/a/b"),
        (f"https://f.example/a/b@{'0a' * 21}", ""),
        ("https://f.example/a/b@v1", ""),
        ("https://@refs/tags/v1", ""),
        ("release@refs/acme.example", ""),
        ("", ""),
    ],
)
def test_an_identity_is_cut_before_its_ref(identity: str, address: str) -> None:
    assert without_ref(identity) == (address or identity)


def test_a_long_identity_takes_no_time() -> None:
    """A capture can hold one of four megabytes."""
    identity = "a://b@refs" * 400_000
    assert without_ref(identity) == identity


def test_the_right_name_looks_like_no_other() -> None:
    said = trust(Trusted(issuer=OTHER_ISSUER, identity="re1ease@acme.example"), PINNED)
    other = Signer(PERSON.identity, "email", OTHER_ISSUER)
    judged = judge(other, "demo", said)
    assert (judged.decision, judged.but, judged.nearest) == ("untrusted", "another issuer", "")


def test_an_entry_that_names_nobody_trusts_nobody() -> None:
    assert judge(PERSON, "demo", trust(Trusted(issuer=ISSUER))).decision == "untrusted"


SIGNERS = st.builds(
    Signer,
    identity=st.sampled_from(("a", "b", "https://r/w@refs/tags/1")),
    kind=st.sampled_from(("email", "uri")),
    issuer=st.sampled_from(("i", "j")),
    repository=st.sampled_from(("", "https://r")),
    workflow=st.sampled_from(("", "w")),
    ref=st.sampled_from(("", "refs/tags/1", "refs/heads/x")),
)
ENTRIES = st.lists(
    st.builds(
        Trusted,
        issuer=st.sampled_from(("i", "j")),
        identity=st.sampled_from(("a", "b", "https://r/w@refs/tags/1")),
        plugins=st.sampled_from(((), ("demo",), ("other",))),
    )
    | st.builds(
        Trusted,
        issuer=st.sampled_from(("i", "j")),
        repository=st.just("https://r"),
        workflow=st.just("w"),
        ref=st.sampled_from(("", "refs/tags/*")),
        plugins=st.sampled_from(((), ("demo",), ("other",))),
    ),
    max_size=3,
).map(tuple)
LISTS = st.lists(
    st.sampled_from(("a", "b", "https://r/w@refs/tags/1")), max_size=2, unique=True
).map(tuple)


@given(SIGNERS, ENTRIES, LISTS, LISTS)
def test_one_word_more_never_trusts_more(
    signer: Signer, entries: tuple[Trusted, ...], listed: tuple[str, ...], other: tuple[str, ...]
) -> None:
    both = judge(signer, "demo", trust(*entries, listed=listed, override=other)).decision
    node = judge(signer, "demo", trust(listed=listed, override=other)).decision
    policy = judge(signer, "demo", trust(*entries)).decision
    if node == "untrusted":
        assert both == "untrusted"
    if policy == "untrusted" and any(not e.plugins or "demo" in e.plugins for e in entries):
        assert both == "untrusted"
    if both == "trusted":
        assert "trusted" in (node, policy)


@given(SIGNERS, ENTRIES)
def test_the_policy_trusts_nobody_from_another_issuer(
    signer: Signer, entries: tuple[Trusted, ...]
) -> None:
    judged = judge(signer, "demo", trust(*entries))
    if signer.issuer not in {entry.issuer for entry in entries}:
        assert judged.decision in ("untrusted", "not judged")
    assert not entries or judged.decision != "not judged"
