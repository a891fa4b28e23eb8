"""Whatever differs between two releases is in a fact, or named as what no fact speaks of."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stigmem_review import facts, host
from stigmem_review.compare import compare
from stigmem_review.compare.fields import Sides
from stigmem_review.compare.ledger import ledgers, unexplained
from stigmem_review.facts import UnclassifiedChange
from stigmem_review.manifest import none_release
from stigmem_review.model import (
    DOES,
    FACTORY,
    HEALTH,
    IMPORT,
    MORE,
    NAMED,
    OFFERED,
    SOMEWHERE,
    UNIMPORTED,
    UNREACHED,
    Act,
    BuildKind,
    BuildStep,
    Endpoint,
    Handler,
    HeldAgainst,
    Known,
    Migration,
    NotCarried,
    Observation,
    Part,
    Problem,
    Release,
    Setting,
    Signature,
    Signer,
    Source,
    Start,
    Stop,
    Unknown,
    Unlike,
)
from stigmem_review.policy.trust import Trust
from stigmem_review.policy.trusted import SigningPolicy, Trusted
from stigmem_review.rulebook import shipped_rules
from stigmem_review.rulebook.examples import ShortRelease, read_examples, release_of

NODE = host.node()
NOBODY = Trust()


def short(**fields: Any) -> Release:
    """Return the demo plugin's release with some fields of the model replaced."""
    return msgspec.structs.replace(release_of(ShortRelease()), **fields)


def unsaid(old: Release, new: Release, trust: Trust = NOBODY, but: type | None = None) -> set[str]:
    """Return the fields in which something is not said; ``but`` is a kind of fact left out."""
    said = [
        each
        for each in compare(old, new, NODE, trust).facts
        if not isinstance(each, (UnclassifiedChange, but or UnclassifiedChange))
    ]
    sides = Sides(old, new, NODE)
    return {each.item.partition(".")[0] for each in unexplained(*ledgers(sides), said, sides)}


# What makes something known

PROVEN = {
    "behaviour": (
        facts.AuthorityUsed,
        facts.CodeRun,
        facts.CredentialsRead,
        facts.DataSent,
        facts.ImportTimeEffect,
        facts.NetworkUsed,
    ),
    "builds": (facts.BuildStepAdded, facts.BuildStepChanged, facts.BuildStepRemoved),
    "handlers": (
        facts.HandlerChanged,
        facts.DenyLost,
        facts.DenyUnclear,
        facts.DecidesOtherwise,
        facts.DecidingConstantChanged,
    ),
    "signature": (
        facts.OldSignatureUnproven,
        facts.SignatureDropped,
        facts.SignatureGained,
        facts.SignerAlternated,
        facts.SignerChanged,
        facts.SignerIssuerChanged,
        facts.SignerJoined,
        facts.SignerLeft,
        facts.SignerMoved,
        facts.SignerRefChanged,
        facts.SignerRepositoryChanged,
        facts.SignerWorkflowChanged,
    ),
}


@pytest.mark.parametrize(
    ("field", "kind"),
    [(field, kind) for field, kinds in PROVEN.items() for kind in kinds],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_what_a_fact_would_have_said_is_named_without_it(
    field: str, kind: type[facts.Fact]
) -> None:
    named = set()
    for rule in shipped_rules().rules:
        if str(kind.__struct_config__.tag) in rule.rule.on:
            for each in read_examples(rule):
                old, new = (
                    release_of(msgspec.convert(fields, ShortRelease))
                    for fields in (each.old, {**each.old, "version": "1.1.0", **each.new})
                )
                assert unsaid(old, new, each.trust) <= {"metadata"}
                named |= unsaid(old, new, each.trust, kind)
    assert field in named


# Whatever differs

ROOTS = (
    *(IMPORT, FACTORY, HEALTH, NAMED, MORE, SOMEWHERE, OFFERED, UNIMPORTED, UNREACHED),
    *("handler recall_filter", "handler post_assert_audit", "route GET /a", "migration 1"),
)
ACTS = st.builds(
    Act,
    kind=st.sampled_from([*DOES]),
    api=st.sampled_from(("a.b", "c.d")),
    to=st.sets(st.sampled_from(("x.example", "y.example"))).map(lambda to: tuple(sorted(to))),
    whole=st.booleans(),
    roots=st.lists(st.sampled_from(ROOTS), unique=True, min_size=1, max_size=3).map(tuple),
    code=st.sampled_from(("aa", "bb")),
    data=st.sets(
        st.sampled_from(
            [("recall_filter", each) for each in ("*", "value", "value.x", "identity")]
            + [("post_assert_audit", "fact")]
        )
    ).map(lambda data: tuple(sorted(data))),
)
STEPS = st.builds(
    BuildStep,
    kind=st.sampled_from(get_args(BuildKind)),
    item=st.sampled_from(("setup.py", "setuptools")),
    by=st.sampled_from(("", "installers")),
    value=st.sampled_from((">=1", ">=2", "@ https://files.example/x.whl")),
    plain=st.booleans(),
    parts=st.lists(
        st.builds(Part, st.sampled_from(("a.py", "b.py")), st.sampled_from(("aa", "bb"))),
        max_size=2,
        unique_by=lambda part: part.name,
    ).map(tuple),
    observed=st.sets(st.sampled_from(("process", "files", "network"))).map(
        lambda found: tuple(Observation("authority", each, "", each) for each in sorted(found))
    ),
    unread=st.sampled_from(("", "it cannot be read")),
)
ONES = [
    Signer("ada@acme.example", "email", "https://accounts.acme.example"),
    Signer("ada@acme.example", "email", "https://accounts.else.example"),
    Signer("eve@else.example", "email", "https://accounts.else.example"),
    *(
        Signer(
            f"{builder or f'{repository}/{path}'}@{ref}",
            "uri",
            "https://forge.example/oidc",
            repository,
            path,
            ref,
            builder=builder,
            trigger=trigger,
            repository_id=number,
        )
        for repository in ("https://forge.example/acme/demo", "https://forge.example/new/demo")
        for number in ("", "17", "99")
        for path in (".ci/a.yml", ".ci/b.yml")
        for builder in ("", "https://forge.example/x/y.yml")
        for ref in ("refs/tags/v1", "refs/heads/main")
        for trigger in ("push", "issues")
    ),
]
SIGNATURES = st.one_of(
    st.sampled_from((Signature("unsigned"), Signature("invalid"), Signature("unverifiable"))),
    st.lists(st.sampled_from(ONES), min_size=1, max_size=3, unique=True).map(
        lambda signers: Signature("verified", signers=tuple(signers))
    ),
)
TRUSTS = st.sampled_from(
    (
        NOBODY,
        Trust(SigningPolicy(trusted=(Trusted(ONES[0].issuer, ONES[0].identity),))),
        Trust(
            SigningPolicy(
                trusted=(
                    Trusted(ONES[0].issuer, ONES[0].identity),
                    Trusted(ONES[2].issuer, ONES[2].identity),
                    Trusted(ONES[3].issuer, "", ONES[3].repository, ".ci/a.yml"),
                )
            )
        ),
    )
)


@given(st.lists(ACTS, max_size=4), st.lists(ACTS, max_size=4))
def test_facts_speak_of_all_that_is_newly_done(old: list[Act], new: list[Act]) -> None:
    before, after = (short(behaviour=tuple(each), walked=True) for each in (old, new))
    assert unsaid(before, after) == set()


@given(*(st.lists(STEPS, max_size=4, unique_by=lambda each: (each.kind, each.item)),) * 2)
def test_facts_speak_of_all_that_a_build_runs(old: list[BuildStep], new: list[BuildStep]) -> None:
    backend = BuildStep("backend", "build-backend", "installers", "hatchling.build", plain=True)
    for before in ((backend, *old), ()):
        one, two = (short(builds=each) for each in (before, (backend, *new)))
        assert unsaid(one, two) == set()


@given(SIGNATURES, SIGNATURES, TRUSTS)
def test_facts_speak_of_whoever_signed(old: Signature, new: Signature, trust: Trust) -> None:
    assert unsaid(short(signature=old), short(signature=new), trust) == set()


# Every field


ALONE: dict[str, tuple[dict[str, Any], dict[str, Any]] | str] = {
    "source": "a report says at its end what was reviewed",
    "distribution": ({}, {"distribution": Known("other")}),
    "distribution_version": ({}, {"distribution_version": Known("2.0.0")}),
    "entry_points": ({}, {"entry_points": Known(())}),
    "manifest": "each of its fields has a row in the table",
    "requires_dist": ({}, {"requires_dist": Known(("other",))}),
    "requires_python": ({}, {"requires_python": Known(">=3.13")}),
    "metadata": ({}, {"metadata": Known({"platform": ("linux",)})}),
    "outside": ({}, {"outside": Known({"scripts/x": "aa"})}),
    "package": ({}, {"package": Known({"demo/other.py": "aa"})}),
    "code": "what it decides is compared",
    "decided": "what it decides is compared",
    "acts": "it tells which files of the package say something else",
    "problems": ({}, {"problems": (Problem("target-missing", "x", "y"),)}),
    "gaps": "the report is incomplete, and names them",
    "signed_by": (
        {"signature": NotCarried("capture"), "signed_by": "eve@else.example"},
        {"signature": Signature("verified", signers=(ONES[0],))},
    ),
    "signature": (
        {"signature": Signature("verified", signers=(ONES[0],))},
        {"signature": Signature("verified", signers=(ONES[2],))},
    ),
    "observed": ({}, {"observed": (Observation("factory-raises", "x", "y"),)}),
    "behaviour": ({}, {"behaviour": (Act("network", "x", ("y",), roots=(HEALTH,)),)}),
    "migrations": ({}, {"migrations": (Migration("1", number=1, sql="SELECT 1"),)}),
    "endpoints": ({}, {"endpoints": (Endpoint("GET /x", "demo:router"),)}),
    "settings": ({"settings": ()}, {"settings": (Setting("x", "int"),)}),
    "handlers": (
        {"handlers": (Handler("recall_filter", "demo:x", "x", (Part("x", "aa"),)),)},
        {"handlers": (Handler("recall_filter", "demo:x", "x", (Part("x", "bb"),)),)},
    ),
    "walked": "a report says what was not looked at",
    "builds": ({}, {"builds": (BuildStep("backend", "build-backend", value="x"),)}),
    "contents": (
        {"source": Source("wheel", "x", sha256="aa"), "contents": Known({"x": "aa"})},
        {"source": Source("wheel", "x", sha256="bb"), "contents": Known({"x": "bb"})},
    ),
    "given": "they are ``migrations``, and what becomes of them is no state of one release",
    "links": "they say something of a first signature, and nothing else",
    "starts": (
        {},
        {"starts": (Start("demo", Unknown("x"), (Stop("TIMEOUT", "ValueError", "x"),)),)},
    ),
    "held_against": ({}, {"held_against": HeldAgainst("x.tar.gz", (Unlike("x.py", runs=True),))}),
}
"""How each field of a release can differ alone, or what says so where no fact does."""


@pytest.mark.parametrize("field", Release.__struct_fields__)
def test_no_field_of_a_release_differs_in_silence(field: str) -> None:
    how = ALONE[field]
    if not isinstance(how, str):
        old, new = (short(**fields) for fields in how)
        assert compare(old, new, NODE).facts
        assert not compare(new, new, NODE).facts or field in ("problems", "held_against")


def test_what_only_the_old_release_does_is_no_change_of_the_new_one() -> None:
    act = Act("network", "x", ("y",), roots=(HEALTH,))
    assert unsaid(short(behaviour=(act,)), short()) == set()
    assert unsaid(short(behaviour=(act,)), none_release()) <= {"metadata"}
