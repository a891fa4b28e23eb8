"""A table of who signed the old release, who signed the new one, and what the operator said.

It stands in ``who_signed.txt``: each block is one word of the operator's, each row an old release,
each column a new one. A cell is what is wanted:

    .  nothing is found          w  a warning, to be approved      X  an error that nobody approves
    n  notes only                e  an error, to be approved       i  the review is incomplete

Both releases are 1.0.0 and signed at the tag v1.0.0, but where a column says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from stigmem_review import host
from stigmem_review.case import build_case
from stigmem_review.compare.signers import verification_gap
from stigmem_review.manifest import none_release
from stigmem_review.model import AnySignature, NotCarried, Release, Signature, Signer
from stigmem_review.policy.settings import Settings
from stigmem_review.policy.trust import Trust
from stigmem_review.policy.trusted import SigningPolicy, Trusted
from stigmem_review.rulebook import judge, shipped_rules
from stigmem_review.rulebook.examples import ShortRelease, release_of

HOME, ACTIONS = "https://github.com", "https://token.actions.githubusercontent.com"
WORKFLOW = ".github/workflows/release.yml"
BUILDER = f"{HOME}/builds/all/.github/workflows/build.yml"
PEOPLE = "https://accounts.example.com"


def workflow(
    owner: str,
    ref: str = "refs/tags/v1.0.0",
    trigger: str = "release",
    builder: str = "",
    number: str = "17",
) -> Signer:
    home = f"{HOME}/{owner}/ledger"
    name = f"{builder}@refs/tags/v2" if builder else f"{home}/{WORKFLOW}@{ref}"
    return Signer(
        name,
        "uri",
        ACTIONS,
        repository=home,
        workflow=WORKFLOW,
        ref=ref,
        trigger=trigger,
        builder=builder,
        repository_id=number,
        runner="github-hosted",
    )


ACME = workflow("acme")
ADA = Signer("ada@acme.example", "email", PEOPLE)
EVE = Signer("eve@else.example", "email", PEOPLE)


def by(*signers: Signer) -> Signature:
    return Signature("verified", signers=signers)


STATES: Mapping[str, AnySignature | None] = {
    "none": None,  # no release
    "unsigned": Signature("unsigned"),
    "acme": by(ACME),  # its workflow
    "branch": by(workflow("acme", "refs/heads/main")),  # the same at a branch
    "comment": by(workflow("acme", trigger="issue_comment")),  # started by a comment
    "built": by(workflow("acme", builder=BUILDER)),  # a shared workflow built for acme
    "mallory": by(workflow("mallory", builder=BUILDER, number="66")),  # and for mallory
    "ada": by(ADA),  # a person
    "acme+ada": by(ACME, ADA),
    "acme+eve": by(ACME, EVE),  # somebody beside it
    "eve": by(EVE),
    "unknown": Signature("unverifiable", why="unknown trust root"),
    "invalid": Signature("invalid", why="it signs another file"),
    "index": NotCarried("index"),  # an index without attestations
}

OF_ACME = Trusted(ACTIONS, "", f"{HOME}/acme/ledger", WORKFLOW)
OF_ADA = Trusted(PEOPLE, "ada@acme.example")


def must(entry: Trusted) -> Trusted:
    return msgspec.structs.replace(entry, required=True)


WORDS: Mapping[str, Trust] = {
    "nothing": Trust(),
    "signatures are required": Trust(SigningPolicy(required=True)),
    "signatures are not required": Trust(
        SigningPolicy(required=False), Settings(required=False, acknowledged=True)
    ),
    "acme's workflow is trusted": Trust(SigningPolicy(trusted=(OF_ACME,))),
    "acme's workflow and ada are trusted": Trust(SigningPolicy(trusted=(OF_ACME, OF_ADA))),
    "acme's workflow and ada both have to sign": Trust(
        SigningPolicy(trusted=(must(OF_ACME), must(OF_ADA)))
    ),
    "any repository of acme's is trusted, released on tags": Trust(
        SigningPolicy(trusted=(Trusted(ACTIONS, owner="acme", ref="refs/tags/*"),))
    ),
    "the shared workflow is trusted by its name": Trust(
        SigningPolicy(trusted=(Trusted(ACTIONS, f"{BUILDER}@refs/tags/v2"),))
    ),
    "the node's list names acme's workflow at the tag before": Trust(
        settings=Settings(trusted=(ACME.identity.replace("v1.0.0", "v0.9.0"),))
    ),
    "so it does, and its own verifier compares": Trust(
        settings=Settings(trusted=(ACME.identity.replace("v1.0.0", "v0.9.0"),)), verifier="own"
    ),
}


def release(state: str) -> Release:
    if STATES[state] is None:
        return none_release()
    return msgspec.structs.replace(release_of(ShortRelease()), signature=STATES[state])


OURS = {each.rule.name for each in shipped_rules().rules if each.category == "signing"}


def outcome(old: str, new: str, trust: Trust) -> str:
    """Return what becomes of a cell."""
    if verification_gap(release(new), trust):
        return "i"
    case = build_case(release(old), release(new), host.node(), trust)
    found = [
        each for each in judge(case.comparison.facts, case, shipped_rules()) if each.name in OURS
    ]
    if any(not each.approvable for each in found):
        return "X"
    levels = {each.level for each in found}
    marks = {"error": "e", "warning": "w", "note": "n"}
    return next((mark for level, mark in marks.items() if level in levels), ".")


def cells() -> Iterator[tuple[str, str, str, str]]:
    """Yield each cell of the table: the operator's word, old, new, and what is wanted."""
    text = Path(__file__).with_name("who_signed.txt").read_text("utf-8")
    for block in text.strip().split("\n\n"):
        word, columns, *rows = block.splitlines()
        for row in rows:
            old, *wanted = row.split()
            for new, mark in zip(columns.split(), wanted, strict=True):
                yield word, old, new, mark


CELLS = list(cells())


@pytest.mark.parametrize("word", WORDS)
def test_what_is_wanted_comes_of_it(word: str) -> None:
    wanted = {(old, new): mark for said, old, new, mark in CELLS if said == word}
    got = {(old, new): outcome(old, new, WORDS[word]) for old, new in wanted}
    assert got == wanted


def test_the_table_is_whole() -> None:
    assert len(CELLS) == len({each[:3] for each in CELLS}) > 1000
    assert {word for word, *_ in CELLS} == {*WORDS}
    assert {old for _, old, *_ in CELLS} | {new for *_, new, _ in CELLS} == {*STATES}
    assert {mark for *_, mark in CELLS} == {*".nweXi"}
