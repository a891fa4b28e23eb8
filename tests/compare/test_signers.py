"""Who signed, old against new: what is found, at which level, and what stays silent."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stigmem_review import host, review
from stigmem_review.case import Case, build_case
from stigmem_review.compare.signers import SigningOutcome, Standing, signing, verification_gap
from stigmem_review.facts import (
    SignerNotListed,
    SignerRefChanged,
    SignerUnpinned,
    SignerUntrusted,
    evidence,
    kind_of,
)
from stigmem_review.manifest import none_release
from stigmem_review.model import (
    AnySignature,
    NotCarried,
    Proof,
    Release,
    Sibling,
    Signature,
    Signer,
)
from stigmem_review.pipeline import upgrade
from stigmem_review.policy.settings import Settings, parse_settings
from stigmem_review.policy.trust import Trust, required
from stigmem_review.policy.trusted import PluginSigning, SigningPolicy, Trusted
from stigmem_review.rulebook import judge, shipped_rules
from stigmem_review.rulebook.examples import ShortRelease, release_of
from stigmem_review.text import flat
from support.plugins import plugin, write_wheel

NODE = host.node()
ISSUER, OTHER_ISSUER = "https://accounts.acme.example", "https://accounts.else.example"
FORGE = "https://forge.example"


def person(identity: str = "release@acme.example", issuer: str = ISSUER) -> Signer:
    return Signer(identity, "email", issuer)


def workflow(
    repository: str = "acme/demo",
    path: str = ".ci/release.yml",
    ref: str = "refs/tags/v1.0.0",
    issuer: str = f"{FORGE}/oidc",
    number: str = "17",
    builder: str = "",
) -> Signer:
    address = f"{FORGE}/{repository}"
    return Signer(
        f"{builder or f'{address}/{path}'}@{ref}",
        "uri",
        issuer,
        repository=address,
        workflow=path,
        ref=ref,
        builder=builder,
        repository_id=number,
    )


def reusing(ref: str) -> Signer:
    """Return a workflow that has a reusable one sign, which is at a ref of its own."""
    builder = f"{FORGE}/acme/builds/.ci/build.yml"
    caller = workflow(builder=builder)
    return msgspec.structs.replace(caller, identity=f"{builder}@{ref}")


def run(**said: str) -> Signer:
    """Return a workflow whose certificate says all of its run; ``said`` are fields of it."""
    usual = {"commit": "aa", "trigger": "release", "runner": "github-hosted"}
    at = workflow(ref=said.pop("ref", "refs/tags/v1.0.0"))
    return msgspec.structs.replace(at, **(usual | said))


SHARED = workflow(builder=f"{FORGE}/builds/all/.ci/build.yml")


def signed(*signers: Signer, **more: Any) -> Signature:
    return Signature("verified", signers=signers or (person(),), root="ours", **more)


def attested(*made: tuple[str, Signer], extra: str = "") -> Signature:
    """Return a signature of attestations, each with its type and who made it.

    ``extra`` is why something beside them cannot be read.
    """
    proofs = [
        Proof(f"demo.{number}", "attestation", "verified", signer=who, predicate=kind)
        for number, (kind, who) in enumerate(made)
    ]
    if extra:
        proofs.append(Proof("demo.bundle", "bundle", "invalid", extra, unread=True))
    return signed(*dict.fromkeys(who for _, who in made), proofs=tuple(proofs))


def on_github(
    repository: str, ref: str = "refs/tags/v1.0.0", path: str = ".github/workflows/release.yml"
) -> Signer:
    address = f"https://github.com/{repository}"
    issuer = "https://token.actions.githubusercontent.com"
    return Signer(f"{address}/{path}@{ref}", "uri", issuer, address, path, ref, repository_id="17")


PUBLISH = "https://docs.index.org/attestations/publish/v1"
SLSA = "https://slsa.dev/provenance/v1"

UNSIGNED = Signature("unsigned")
INVALID = Signature("invalid", why="it signs another file")
UNVERIFIABLE = Signature("unverifiable", why="there is no root for it", do="name the root")
NONE = "none"
"""No release at all, in place of a signature."""

NOBODY = Trust()
REQUIRED = Trust(SigningPolicy(required=True))
PINNED = Trust(SigningPolicy(trusted=(Trusted(issuer=ISSUER, identity="release@acme.example"),)))
PINNED_CI = Trust(
    SigningPolicy(
        trusted=(
            Trusted(
                issuer=f"{FORGE}/oidc",
                repository=f"{FORGE}/acme/demo",
                workflow=".ci/release.yml",
                ref="refs/tags/v*",
            ),
        )
    )
)
BOTH = Trust(
    SigningPolicy(
        trusted=(
            *(Trusted(ISSUER, f"{name}@acme.example") for name in ("release", "deploy")),
            Trusted(OTHER_ISSUER, "release@acme.example"),
            Trusted(ISSUER, "other@acme.example", plugins=("other",)),
            Trusted(f"{FORGE}/oidc", "", f"{FORGE}/acme/demo", ".ci/release.yml"),
        )
    )
)
MUST_BOTH = Trust(
    SigningPolicy(
        trusted=tuple(
            Trusted(ISSUER, f"{name}@acme.example", required=True) for name in ("release", "deploy")
        )
    )
)
OF_ACME = Trust(
    SigningPolicy(trusted=(Trusted("https://token.actions.githubusercontent.com", owner="acme"),))
)
LISTED = Trust(settings=Settings(trusted=("release@acme.example",)))
EXCEPTION = Trust(settings=Settings(override=("release@acme.example",)))
MUST_SIGN = Trust(settings=Settings(required=True))
NEED_NOT = Trust(settings=Settings(required=False, acknowledged=True))

OURS = {each.rule.name for each in shipped_rules().rules if each.category == "signing"}

Story = tuple[AnySignature | str | None, AnySignature | str | None, Trust, list[str], str, str]

STORIES: dict[str, Story] = {
    # The same signer
    "same person": (signed(), signed(), NOBODY, [], "same", "not judged"),
    "same person, pinned": (signed(), signed(), PINNED, [], "same", "trusted"),
    "the next tag": (
        signed(workflow()),
        signed(workflow(ref="refs/tags/v1.1.0")),
        PINNED_CI,
        [],
        "another ref",
        "trusted",
    ),
    "the same branch": (
        signed(workflow(ref="refs/heads/main")),
        signed(workflow(ref="refs/heads/main")),
        NOBODY,
        [],
        "same",
        "not judged",
    ),
    # Another ref
    "a branch after a tag": (
        signed(workflow()),
        signed(workflow(ref="refs/heads/main")),
        NOBODY,
        ["warning signer-ref-changed"],
        "another ref",
        "not judged",
    ),
    "a branch where only tags are trusted": (
        signed(workflow()),
        signed(workflow(ref="refs/heads/main")),
        PINNED_CI,
        ["error signer-untrusted", "warning signer-ref-changed"],
        "another ref",
        "untrusted",
    ),
    "a reusable workflow at the next tag": (
        signed(reusing("refs/tags/v1")),
        signed(reusing("refs/tags/v2")),
        NOBODY,
        [],
        "same",
        "not judged",
    ),
    "a reusable workflow that is pinned to a commit": (
        signed(reusing("refs/tags/v1")),
        signed(reusing("0a" * 20)),
        NOBODY,
        [],
        "same",
        "not judged",
    ),
    "a reusable workflow at a branch, in the place of a commit": (
        signed(reusing("0a" * 20)),
        signed(reusing("refs/heads/main")),
        PINNED_CI,
        ["warning signer-ref-changed"],
        "another ref",
        "trusted",
    ),
    "a reusable workflow at a branch": (
        signed(reusing("refs/tags/v1")),
        signed(reusing("refs/heads/main")),
        PINNED_CI,
        ["warning signer-ref-changed"],
        "another ref",
        "trusted",
    ),
    "a reusable workflow in a pull request": (
        signed(reusing("refs/heads/main")),
        signed(reusing("refs/pull/3/merge")),
        NOBODY,
        ["warning signer-ref-changed"],
        "another ref",
        "not judged",
    ),
    "a pull request": (
        signed(workflow(ref="refs/heads/main")),
        signed(workflow(ref="refs/pull/3/merge")),
        NOBODY,
        ["warning signer-ref-changed"],
        "another ref",
        "not judged",
    ),
    "another branch": (
        signed(workflow(ref="refs/heads/main")),
        signed(workflow(ref="refs/heads/next")),
        NOBODY,
        ["note signer-ref-changed"],
        "another ref",
        "not judged",
    ),
    "a reusable workflow at its next commit": (
        signed(
            msgspec.structs.replace(
                workflow(builder=f"{FORGE}/acme/ci/build.yml"),
                identity=f"{FORGE}/acme/ci/build.yml@{'a' * 40}",
            )
        ),
        signed(
            msgspec.structs.replace(
                workflow(builder=f"{FORGE}/acme/ci/build.yml"),
                identity=f"{FORGE}/acme/ci/build.yml@{'b' * 40}",
            )
        ),
        NOBODY,
        [],
        "same",
        "not judged",
    ),
    "an instance whose certificates have the address alone": (
        signed(Signer(f"{FORGE}/acme/demo/x.yml@refs/tags/v1", "uri", ISSUER)),
        signed(Signer(f"{FORGE}/acme/demo/x.yml@refs/heads/main", "uri", ISSUER)),
        NOBODY,
        ["warning signer-ref-changed"],
        "another ref",
        "not judged",
    ),
    "an instance that writes its tags in short": (
        signed(workflow(ref="v1.0.0")),
        signed(workflow(ref="v1.1.0")),
        NOBODY,
        ["note signer-ref-changed"],
        "another ref",
        "not judged",
    ),
    # What the run says
    "started by a pull request's comment": (
        signed(run()),
        signed(run(trigger="issue_comment", ref="refs/tags/v1.1.0", commit="bb")),
        PINNED_CI,
        ["warning signer-trigger-open"],
        "another ref",
        "trusted",
    ),
    "started by another run, as before": (
        signed(run(trigger="workflow_run")),
        signed(run(trigger="pull_request_target")),
        NOBODY,
        [],
        "same",
        "not judged",
    ),
    "a person, and then a run that anybody can start": (
        signed(),
        signed(run(trigger="pull_request_target", runner="self-hosted")),
        BOTH,
        ["note signer-alternated", "warning signer-trigger-open"],
        "another signer",
        "trusted",
    ),
    "two runs of one workflow, of which one follows on another run, as before": (
        signed(run(), run(trigger="workflow_run", runner="self-hosted")),
        signed(
            run(ref="refs/tags/v1.1.0"),
            run(trigger="workflow_run", runner="self-hosted", ref="refs/tags/v1.1.0"),
        ),
        NOBODY,
        [],
        "another ref",
        "not judged",
    ),
    "one of the two runs": (
        signed(run(), run(trigger="workflow_run", runner="self-hosted")),
        signed(run(trigger="workflow_run", runner="self-hosted")),
        NOBODY,
        [],
        "same",
        "not judged",
    ),
    "a second run, which outsiders can start": (
        signed(run(), run(trigger="push")),
        signed(run(), run(trigger="issue_comment")),
        PINNED_CI,
        ["warning signer-trigger-open"],
        "same",
        "trusted",
    ),
    "a tag that one of two runs saw at another commit": (
        signed(run(), run(trigger="push")),
        signed(run(), run(trigger="push", commit="bb")),
        PINNED_CI,
        ["warning signer-tag-moved"],
        "same",
        "trusted",
    ),
    "on a runner of the repository's own": (
        signed(run()),
        signed(run(runner="self-hosted")),
        NOBODY,
        ["warning signer-runner-changed"],
        "same",
        "not judged",
    ),
    "on the forge's runner again": (
        signed(run(runner="self-hosted")),
        signed(run()),
        NOBODY,
        [],
        "same",
        "not judged",
    ),
    "a tag that moved": (
        signed(run()),
        signed(run(commit="bb")),
        PINNED_CI,
        ["warning signer-tag-moved"],
        "same",
        "trusted",
    ),
    "a branch that moved": (
        signed(run(ref="refs/heads/main")),
        signed(run(ref="refs/heads/main", commit="bb")),
        NOBODY,
        [],
        "same",
        "not judged",
    ),
    "the second signer's run beside one that is as before": (
        signed(person(), run()),
        signed(person(), run(trigger="workflow_run", runner="self-hosted", commit="bb")),
        PINNED,
        [
            "warning signer-runner-changed",
            "warning signer-tag-moved",
            "warning signer-trigger-open",
        ],
        "same",
        "trusted",
    ),
    "the second signer at a branch beside one that is as before": (
        signed(person(), workflow()),
        signed(person(), workflow(ref="refs/heads/main")),
        NOBODY,
        ["warning signer-ref-changed"],
        "same",
        "not judged",
    ),
    # Another workflow, another repository
    "another workflow": (
        signed(workflow()),
        signed(workflow(path=".ci/nightly.yml")),
        NOBODY,
        ["warning signer-workflow-changed"],
        "workflow changed",
        "not judged",
    ),
    "another reusable workflow": (
        signed(workflow(builder=f"{FORGE}/acme/ci/build.yml")),
        signed(workflow(builder=f"{FORGE}/other/ci/build.yml")),
        NOBODY,
        ["warning signer-workflow-changed"],
        "workflow changed",
        "not judged",
    ),
    "another workflow, on a branch": (
        signed(workflow()),
        signed(workflow(path=".ci/nightly.yml", ref="refs/heads/main")),
        NOBODY,
        ["warning signer-ref-changed", "warning signer-workflow-changed"],
        "workflow changed",
        "not judged",
    ),
    "the repository moved": (
        signed(workflow()),
        signed(workflow("beta/demo")),
        NOBODY,
        ["warning signer-moved"],
        "repository moved",
        "not judged",
    ),
    "the repository moved to an address that looks like the old one": (
        signed(workflow()),
        signed(workflow("acrne/demo")),
        NOBODY,
        ["warning signer-moved"],
        "repository moved",
        "not judged",
    ),
    "a project of a service that builds the same repository": (
        signed(workflow(path="", builder="https://ci.example/projects/1")),
        signed(workflow(path="", builder="https://ci.example/projects/2")),
        NOBODY,
        ["error signer-changed"],
        "another signer",
        "not judged",
    ),
    "a certificate that names the workflow, and one that does not": (
        signed(workflow(path="", builder=f"{FORGE}/acme/demo/.ci/release.yml")),
        signed(workflow(ref="refs/tags/v1.1.0")),
        NOBODY,
        [],
        "another ref",
        "not judged",
    ),
    "a workflow by a name of another kind": (
        signed(workflow()),
        signed(msgspec.structs.replace(workflow(), kind="username")),
        NOBODY,
        ["error signer-changed"],
        "another signer",
        "not judged",
    ),
    "the repository moved, and the policy has the old address": (
        signed(workflow()),
        signed(workflow("beta/demo")),
        PINNED_CI,
        ["error signer-untrusted", "warning signer-moved"],
        "repository moved",
        "untrusted",
    ),
    "the workflow moved to another repository": (
        signed(workflow()),
        signed(workflow("beta/demo", number="99")),
        NOBODY,
        ["error signer-repository-changed"],
        "repository changed",
        "not judged",
    ),
    "numbers of two forges say nothing": (
        signed(workflow()),
        signed(workflow("beta/demo", issuer=OTHER_ISSUER)),
        NOBODY,
        ["error signer-repository-changed"],
        "repository changed",
        "not judged",
    ),
    "the repository was made anew": (
        signed(workflow()),
        signed(workflow(number="99")),
        PINNED_CI,
        ["error signer-repository-changed"],
        "repository changed",
        "trusted",
    ),
    "a number where there was none": (
        signed(workflow(number="")),
        signed(workflow()),
        NOBODY,
        [],
        "same",
        "not judged",
    ),
    "a repository that looks like the old one": (
        signed(workflow()),
        signed(workflow("acrne/demo", number="99")),
        NOBODY,
        ["error signer-lookalike", "error signer-repository-changed"],
        "repository changed",
        "not judged",
    ),
    # Somebody else
    "the signer rotated": (
        signed(),
        signed(person("deploy@acme.example")),
        NOBODY,
        ["error signer-changed"],
        "another signer",
        "not judged",
    ),
    "the signer rotated to one the policy trusts": (
        signed(person("deploy@acme.example")),
        signed(),
        PINNED,
        ["error signer-changed"],
        "another signer",
        "trusted",
    ),
    "a person became a workflow": (
        signed(),
        signed(workflow()),
        NOBODY,
        ["error signer-changed"],
        "another signer",
        "not judged",
    ),
    "a workflow became a person": (
        signed(workflow()),
        signed(person(issuer=f"{FORGE}/oidc")),
        NOBODY,
        ["error signer-changed"],
        "another signer",
        "not judged",
    ),
    "a valid signature by a stranger": (
        signed(),
        signed(person("stranger@else.example")),
        PINNED,
        ["error signer-changed", "error signer-untrusted"],
        "another signer",
        "untrusted",
    ),
    "the same address of another kind": (
        signed(),
        signed(Signer("release@acme.example", "username", ISSUER)),
        NOBODY,
        ["error signer-changed"],
        "another signer",
        "not judged",
    ),
    "the same e-mail from another issuer": (
        signed(),
        signed(person(issuer=OTHER_ISSUER)),
        NOBODY,
        ["error signer-issuer-changed"],
        "issuer changed",
        "not judged",
    ),
    "the same e-mail from another issuer than the policy's": (
        signed(),
        signed(person(issuer=OTHER_ISSUER)),
        PINNED,
        ["error signer-issuer-changed", "error signer-untrusted"],
        "issuer changed",
        "untrusted",
    ),
    "the same e-mail from another issuer, on the node's list": (
        signed(),
        signed(person(issuer=OTHER_ISSUER)),
        LISTED,
        ["error signer-issuer-changed", "warning signer-unpinned"],
        "issuer changed",
        "trusted",
    ),
    "the same workflow from another issuer": (
        signed(workflow()),
        signed(workflow(ref="refs/tags/v2", issuer=OTHER_ISSUER)),
        NOBODY,
        ["error signer-issuer-changed"],
        "issuer changed",
        "not judged",
    ),
    "a name that looks like the old one": (
        signed(),
        signed(person("re1ease@acme.example")),
        NOBODY,
        ["error signer-changed", "error signer-lookalike"],
        "another signer",
        "not judged",
    ),
    "the trusted signer after one that looks like it": (
        signed(person("re1ease@acme.example")),
        signed(),
        PINNED,
        ["error signer-changed"],
        "another signer",
        "trusted",
    ),
    "an exception after one that looks like it": (
        signed(person("re1ease@acme.example")),
        signed(),
        EXCEPTION,
        ["error signer-changed", "warning signer-override"],
        "another signer",
        "override",
    ),
    "a name that looks like the trusted one": (
        NONE,
        signed(person("release@acrne.example")),
        PINNED,
        ["error signer-lookalike", "error signer-untrusted"],
        "",
        "untrusted",
    ),
    "an invisible character": (
        signed(),
        signed(person("release\u200b@acme.example")),
        NOBODY,
        ["error signer-changed", "error signer-lookalike", "error signer-odd"],
        "another signer",
        "not judged",
    ),
    # Several signers
    "the old signer beside a new one": (
        signed(),
        signed(person("deploy@acme.example"), person()),
        PINNED,
        ["warning signer-joined"],
        "same",
        "trusted",
    ),
    "a new signer beside the old one, and no policy": (
        signed(),
        signed(person("deploy@acme.example"), person()),
        NOBODY,
        ["warning signer-joined"],
        "same",
        "not judged",
    ),
    "a new signer beside a workflow at its next tag": (
        signed(workflow()),
        signed(workflow(ref="refs/tags/v1.1.0"), person("eve@evil.example")),
        NOBODY,
        ["warning signer-joined"],
        "another ref",
        "not judged",
    ),
    "the same workflow beside itself at another tag": (
        signed(workflow()),
        signed(workflow(), workflow(ref="refs/tags/v1.1.0")),
        NOBODY,
        ["warning signer-tag-mismatch"],
        "same",
        "not judged",
    ),
    "one of two old signers": (
        signed(person("deploy@acme.example"), person()),
        signed(),
        NOBODY,
        ["error signature-dropped"],
        "one of several",
        "not judged",
    ),
    "one of two old signers, from another issuer": (
        signed(person("deploy@acme.example"), person()),
        signed(person("deploy@acme.example", OTHER_ISSUER), person()),
        NOBODY,
        ["error signature-dropped", "warning signer-joined"],
        "one of several",
        "not judged",
    ),
    "one of two old signers, whom the operator trusts": (
        signed(person("deploy@acme.example"), person()),
        signed(),
        PINNED,
        ["note signer-left"],
        "same",
        "trusted",
    ),
    "two old signers, at the next tag": (
        signed(person("deploy@acme.example"), workflow()),
        signed(person("deploy@acme.example"), workflow(ref="refs/tags/v1.1.0")),
        NOBODY,
        [],
        "same",
        "not judged",
    ),
    "none of two old signers": (
        signed(person("deploy@acme.example"), person()),
        signed(person("eve@evil.example")),
        NOBODY,
        ["error signer-changed"],
        "another signer",
        "not judged",
    ),
    "none of several is the old one": (
        signed(),
        signed(workflow(), person("deploy@acme.example")),
        NOBODY,
        ["error signer-changed", "warning signer-joined"],
        "another signer",
        "not judged",
    ),
    # Kinds of attestations, other files, and what cannot be read beside a good signature
    "a kind that is gone": (
        attested((PUBLISH, person()), (SLSA, workflow())),
        attested((PUBLISH, person()), (PUBLISH, workflow())),
        NOBODY,
        ["warning attestation-dropped"],
        "same",
        "not judged",
    ),
    "an attestation in the place of a bundle": (
        attested(("", person())),
        attested((PUBLISH, person())),
        PINNED,
        ["note attestation-dropped"],
        "same",
        "trusted",
    ),
    "two attestations in the place of a bundle": (
        attested(("", person())),
        attested((PUBLISH, person()), (SLSA, person())),
        PINNED,
        ["note attestation-dropped"],
        "same",
        "trusted",
    ),
    "a kind by one who signed before": (
        attested((PUBLISH, person())),
        attested((PUBLISH, person()), (SLSA, person())),
        NOBODY,
        ["note attestation-gained"],
        "same",
        "not judged",
    ),
    "a kind by one who is new": (
        attested((PUBLISH, person())),
        attested((PUBLISH, person()), (SLSA, workflow())),
        NOBODY,
        ["warning signer-joined"],
        "same",
        "not judged",
    ),
    "a kind whose signer left": (
        attested((PUBLISH, person()), (SLSA, workflow())),
        attested((PUBLISH, person())),
        NOBODY,
        ["error signature-dropped"],
        "one of several",
        "not judged",
    ),
    "two signers who changed places": (
        attested((PUBLISH, person()), (SLSA, workflow())),
        attested((PUBLISH, workflow(ref="refs/tags/v1.1.0")), (SLSA, person())),
        PINNED_CI,
        ["note attestation-signer", "warning attestation-signer"],
        "same",
        "trusted",
    ),
    "the sdist signed by another one": (
        signed(),
        signed(siblings=(Sibling("demo.tar.gz", "verified", "", (person("eve@else.example"),)),)),
        PINNED,
        ["warning signer-split"],
        "same",
        "trusted",
    ),
    "the sdist signed by the same workflow at another tag": (
        signed(workflow()),
        signed(workflow(), siblings=(Sibling("d.tar.gz", "verified", "", (workflow(ref="v9"),)),)),
        NOBODY,
        [],
        "same",
        "not judged",
    ),
    "the sdist not signed": (
        signed(),
        signed(siblings=(Sibling("demo.tar.gz", "unsigned"),)),
        NOBODY,
        [],
        "same",
        "not judged",
    ),
    "something that nobody can read beside the trusted signature": (
        attested((PUBLISH, person())),
        attested((PUBLISH, person()), extra="unknown trust root"),
        PINNED,
        ["warning signature-extra"],
        "same",
        "trusted",
    ),
    "the author's signature that nobody can read, beside a stranger's": (
        attested((PUBLISH, person())),
        attested((PUBLISH, person("eve@else.example")), extra="it is not JSON"),
        PINNED,
        ["error signer-changed", "error signer-untrusted", "warning signature-extra"],
        "another signer",
        "untrusted",
    ),
    "an index that says nothing, after a signature": (
        signed(),
        NotCarried("index"),
        NOBODY,
        ["warning signature-not-carried"],
        "not comparable",
        "not judged",
    ),
    "a signature after an index that says nothing": (
        NotCarried("index"),
        signed(),
        NOBODY,
        [],
        "not comparable",
        "not judged",
    ),
    # Letter cases
    "the domain of an address in capitals": (
        signed(person("release@Acme.Example")),
        signed(),
        PINNED,
        ["note signer-case-changed"],
        "same",
        "trusted",
    ),
    "the name of an address in capitals": (
        signed(person("Release@acme.example")),
        signed(),
        NOBODY,
        ["error signer-changed", "warning signer-lookalike"],
        "another signer",
        "not judged",
    ),
    "a repository on GitHub in capitals": (
        signed(on_github("Acme/Demo")),
        signed(on_github("acme/demo", "refs/tags/v1.1.0")),
        NOBODY,
        ["note signer-case-changed"],
        "another ref",
        "not judged",
    ),
    "a workflow on GitHub in capitals": (
        signed(on_github("acme/demo")),
        signed(on_github("acme/demo", path=".github/workflows/Release.yml")),
        NOBODY,
        ["warning signer-workflow-changed"],
        "workflow changed",
        "not judged",
    ),
    "a repository on another forge in capitals": (
        signed(workflow("Acme/demo", number="")),
        signed(workflow(number="")),
        NOBODY,
        ["error signer-repository-changed", "warning signer-lookalike"],
        "repository changed",
        "not judged",
    ),
    # What the node's list leaves out, and what a policy wants beside
    "the node's list names the tag before": (
        signed(workflow()),
        signed(workflow(ref="refs/tags/v1.1.0")),
        Trust(settings=Settings(trusted=(workflow().identity,))),
        ["warning signer-not-listed"],
        "another ref",
        "not listed",
    ),
    "so it does, and the policy trusts the workflow": (
        signed(workflow()),
        signed(workflow(ref="refs/tags/v1.1.0")),
        Trust(PINNED_CI.policy, Settings(trusted=(workflow().identity,))),
        ["note signer-not-listed"],
        "another ref",
        "trusted",
    ),
    "so it does, and the node compares": (
        signed(workflow()),
        signed(workflow(ref="refs/tags/v1.1.0")),
        Trust(PINNED_CI.policy, Settings(trusted=(workflow().identity,)), verifier="own"),
        ["error signer-refused"],
        "another ref",
        "trusted",
    ),
    "the node's list, which it does not read, names somebody else": (
        signed(),
        signed(),
        Trust(settings=Settings(("deploy@acme.example",), (), False, True)),
        ["warning signer-not-listed"],
        "same",
        "not listed",
    ),
    "one of two who have to sign": (
        signed(person("deploy@acme.example"), person()),
        signed(person()),
        MUST_BOTH,
        ["error signer-absent", "note signer-left"],
        "same",
        "trusted",
    ),
    "both who have to sign": (
        signed(person("deploy@acme.example"), person()),
        signed(person("deploy@acme.example"), person()),
        MUST_BOTH,
        [],
        "same",
        "trusted",
    ),
    "unsigned, where somebody has to sign": (
        UNSIGNED,
        UNSIGNED,
        Trust(MUST_BOTH.policy, Settings(required=False, acknowledged=True)),
        ["error signature-missing"],
        "both unsigned",
        "not judged",
    ),
    # Whom the operator trusts
    "the node's list, as before": (
        signed(),
        signed(),
        LISTED,
        ["note signer-unpinned"],
        "same",
        "trusted",
    ),
    "the node's list, at first sight": (
        NONE,
        signed(),
        LISTED,
        ["warning signer-unpinned"],
        "",
        "trusted",
    ),
    "the node's list has one of two signers, who is new": (
        signed(person("a@b.example")),
        signed(person("a@b.example"), person()),
        LISTED,
        ["note signer-joined", "warning signer-unpinned"],
        "same",
        "trusted",
    ),
    "the node's list names a shared workflow": (
        signed(SHARED),
        signed(SHARED),
        Trust(settings=Settings(trusted=(SHARED.identity,))),
        ["warning signer-shared"],
        "same",
        "trusted",
    ),
    "the node's list names a shared workflow, which somebody else calls": (
        signed(SHARED),
        signed(workflow("mallory/demo", builder=SHARED.builder, number="66")),
        Trust(settings=Settings(trusted=(SHARED.identity,))),
        ["error signer-repository-changed", "warning signer-shared"],
        "repository changed",
        "trusted",
    ),
    "the policy names a shared workflow": (
        signed(SHARED),
        signed(SHARED),
        Trust(SigningPolicy(trusted=(Trusted(SHARED.issuer, SHARED.identity),))),
        ["error signer-untrusted"],
        "same",
        "untrusted",
    ),
    "two people whom the policy names": (
        signed(person("deploy@acme.example")),
        signed(),
        BOTH,
        ["note signer-alternated"],
        "another signer",
        "trusted",
    ),
    "a person and a workflow whom the policy names": (
        signed(),
        signed(workflow()),
        BOTH,
        ["note signer-alternated"],
        "another signer",
        "trusted",
    ),
    "a person and a workflow whom the policy names, at a branch": (
        signed(),
        signed(workflow(ref="refs/heads/main")),
        BOTH,
        ["note signer-alternated"],
        "another signer",
        "trusted",
    ),
    "a workflow and a person whom the policy names": (
        signed(workflow()),
        signed(),
        BOTH,
        ["note signer-alternated"],
        "another signer",
        "trusted",
    ),
    "two workflows of an owner whom the policy names, the second at a branch": (
        signed(on_github("acme/demo")),
        signed(on_github("acme/demo", "refs/heads/main", ".github/workflows/other.yml")),
        OF_ACME,
        ["note signer-alternated", "warning signer-ref-changed"],
        "workflow changed",
        "trusted",
    ),
    "two workflows of an owner whom the policy names, the first at a branch": (
        signed(on_github("acme/demo", "refs/heads/main")),
        signed(on_github("acme/demo", "refs/tags/v1", ".github/workflows/other.yml")),
        OF_ACME,
        ["note signer-alternated"],
        "workflow changed",
        "trusted",
    ),
    "another builder at a branch, in the place of one that had a tag": (
        signed(SHARED),
        signed(
            msgspec.structs.replace(
                workflow(builder=f"{FORGE}/builds/other/.ci/build.yml"),
                identity=f"{FORGE}/builds/other/.ci/build.yml@refs/heads/main",
            )
        ),
        BOTH,
        ["note signer-alternated", "warning signer-ref-changed"],
        "workflow changed",
        "trusted",
    ),
    "two issuers of one address, which the policy names": (
        signed(),
        signed(person(issuer=OTHER_ISSUER)),
        BOTH,
        ["note signer-alternated"],
        "issuer changed",
        "trusted",
    ),
    "a repository that the policy names, made anew": (
        signed(workflow()),
        signed(workflow(number="18")),
        BOTH,
        ["error signer-repository-changed"],
        "repository changed",
        "trusted",
    ),
    "the policy names one of two for another plugin": (
        signed(person("other@acme.example")),
        signed(),
        BOTH,
        ["error signer-changed"],
        "another signer",
        "trusted",
    ),
    "the override list": (
        signed(),
        signed(),
        EXCEPTION,
        ["warning signer-override"],
        "same",
        "override",
    ),
    "the override list, and somebody else before": (
        signed(person("deploy@acme.example")),
        signed(),
        EXCEPTION,
        ["error signer-changed", "warning signer-override"],
        "another signer",
        "override",
    ),
    "never trusted": (
        signed(person("a@b.example")),
        signed(person("a@b.example")),
        PINNED,
        ["error signer-untrusted"],
        "same",
        "untrusted",
    ),
    # Whether it is signed at all
    "signature dropped": (
        signed(),
        UNSIGNED,
        NOBODY,
        ["error signature-dropped"],
        "no longer signed",
        "not judged",
    ),
    "signature dropped where it is required": (
        signed(),
        UNSIGNED,
        MUST_SIGN,
        ["error signature-dropped", "error signature-missing"],
        "no longer signed",
        "not judged",
    ),
    "signature dropped where it is not required": (
        signed(),
        UNSIGNED,
        NEED_NOT,
        ["error signature-dropped"],
        "no longer signed",
        "not judged",
    ),
    "a signature that could not be verified dropped": (
        UNVERIFIABLE,
        UNSIGNED,
        NOBODY,
        ["error signature-dropped"],
        "no longer signed",
        "not judged",
    ),
    "signed for the first time": (
        UNSIGNED,
        signed(),
        PINNED,
        ["note signature-gained"],
        "signed for the first time",
        "trusted",
    ),
    "two unsigned releases": (UNSIGNED, UNSIGNED, NOBODY, [], "both unsigned", "not judged"),
    "two unsigned releases, and signatures are required": (
        UNSIGNED,
        UNSIGNED,
        REQUIRED,
        ["error signature-missing"],
        "both unsigned",
        "not judged",
    ),
    "unsigned, where somebody is trusted": (
        UNSIGNED,
        UNSIGNED,
        PINNED,
        ["error signature-missing"],
        "both unsigned",
        "not judged",
    ),
    "invalid": (
        signed(),
        INVALID,
        PINNED,
        ["error signature-invalid"],
        "not comparable",
        "not judged",
    ),
    "invalid as before": (
        INVALID,
        INVALID,
        NEED_NOT,
        ["error signature-invalid"],
        "not comparable",
        "not judged",
    ),
    "unverifiable": (
        signed(),
        UNVERIFIABLE,
        NOBODY,
        ["error signature-unverifiable"],
        "not comparable",
        "not judged",
    ),
    "unverifiable as before": (
        UNVERIFIABLE,
        UNVERIFIABLE,
        NOBODY,
        [],
        "not comparable",
        "not judged",
    ),
    "unverifiable where that leaves a gap": (
        signed(),
        UNVERIFIABLE,
        PINNED,
        [],
        "not comparable",
        "not judged",
    ),
    "the old one is invalid": (
        INVALID,
        signed(),
        NOBODY,
        ["warning old-signature-unproven"],
        "not comparable",
        "not judged",
    ),
    "the old one is unverifiable": (
        UNVERIFIABLE,
        signed(),
        PINNED,
        ["warning old-signature-unproven"],
        "not comparable",
        "trusted",
    ),
    "some files are not signed": (
        signed(),
        signed(unsigned=("demo-1.0.0.tar.gz",)),
        NOBODY,
        ["warning signature-partial"],
        "same",
        "not judged",
    ),
    "only other files are signed": (
        signed(),
        Signature("unsigned", signed=("demo-1.0.0.tar.gz",)),
        NOBODY,
        ["error signature-dropped", "warning signature-partial"],
        "no longer signed",
        "not judged",
    ),
    # A first installation, and what carries no signature
    "first installation, signed": (NONE, signed(), NOBODY, [], "", "not judged"),
    "first installation, unsigned": (NONE, UNSIGNED, NOBODY, [], "", "not judged"),
    "first installation, unsigned, required": (
        NONE,
        UNSIGNED,
        REQUIRED,
        ["error signature-missing"],
        "",
        "not judged",
    ),
    "first installation by a stranger": (
        NONE,
        signed(person("stranger@else.example")),
        PINNED,
        ["error signer-untrusted"],
        "",
        "untrusted",
    ),
    "from a directory": (
        NotCarried("directory"),
        signed(),
        PINNED,
        [],
        "not comparable",
        "trusted",
    ),
    "to a directory": (
        signed(),
        NotCarried("directory"),
        REQUIRED,
        [],
        "not comparable",
        "not judged",
    ),
}


def release(signature: AnySignature | str | None) -> Release:
    if isinstance(signature, str):
        return none_release()
    # Each is the version that its tag names, so that nothing is said of that.
    refs = [each.ref for each in signature.signers] if isinstance(signature, Signature) else []
    named = [ref.removeprefix("refs/tags/v") for ref in refs if ref.startswith("refs/tags/v")]
    short = ShortRelease(distribution_version=(*named, "1.0.0")[0])
    return msgspec.structs.replace(release_of(short), signature=signature)


def findings(case: Case) -> list[str]:
    """Return all findings about signatures."""
    found = judge(case.comparison.facts, case, shipped_rules())
    return sorted(f"{each.level} {each.name}" for each in found if each.name in OURS)


@pytest.mark.parametrize("story", STORIES)
def test_a_story(story: str) -> None:
    old, new, trust, expected, continuity, decision = STORIES[story]
    case = build_case(release(old), release(new), NODE, trust)
    assert findings(case) == expected
    outcome = case.comparison.signing
    assert outcome is not None
    assert (outcome.continuity, outcome.decision) == (continuity, decision)


def about(kind: str, old: AnySignature, new: AnySignature) -> list[dict[str, Any]]:
    """Return what the facts of a kind say."""
    facts = build_case(release(old), release(new), NODE).comparison.facts
    return [dict(evidence(each)) for each in facts if kind_of(each) == kind]


def test_who_is_named_of_a_signature_that_comes_or_goes() -> None:
    ada = person("ada@acme.example")
    both = {"item": "signature", "signers": ("ada@acme.example",)}
    assert about("signature-gained", UNSIGNED, signed(ada)) == [both]
    assert about("signature-dropped", signed(ada), UNSIGNED) == [
        {**both, "still": (), "related": False}
    ]


def test_all_who_are_gone_are_named_where_somebody_else_signed() -> None:
    old = signed(person("ada@acme.example"), person("bob@acme.example"), workflow())
    [said] = about("signer-changed", old, signed(person("eve@evil.example")))
    named = (person("bob@acme.example").identity, workflow().identity)
    assert (said["old"], said["also"]) == ("ada@acme.example", named)


def test_which_workflows_are_named() -> None:
    other = workflow(path=".ci/nightly.yml")
    [plain] = about("signer-workflow-changed", signed(workflow()), signed(other))
    assert (plain["old"], plain["new"]) == (".ci/release.yml", ".ci/nightly.yml")
    build = f"{FORGE}/acme/builds/.ci/build.yml"
    called = signed(workflow(builder=build))
    [first] = about("signer-workflow-changed", signed(workflow()), called)
    assert (first["old"], first["new"], first["reusable"]) == (".ci/release.yml", build, True)
    [last] = about("signer-workflow-changed", called, signed(workflow()))
    assert (last["old"], last["new"]) == (build, ".ci/release.yml")


def test_every_rule_about_signatures_is_in_a_story() -> None:
    told = {line.split()[1] for story in STORIES.values() for line in story[3]}
    assert OURS - told == {
        "signatures-unsupported",
        "signer-claimed",
        "signer-elsewhere",
        "signer-unlike-approved",
        "trust-root-old",
        "unsigned-unacknowledged",
    }


@pytest.mark.parametrize(
    ("links", "says"),
    [
        (("Source, https://forge.example/acme/demo",), "agrees"),
        (("Source Code, https://forge.example/acme/demo.git",), "agrees"),
        (
            ("Homepage, https://acme.example", "repository, https://forge.example/acme/demo/"),
            "agrees",
        ),
        (("Source, https://forge.example/acme/demo-more",), "differs"),
        (("Source, https://github.com/acme/demo",), "differs"),
        (
            ("GitHub, https://www.github.com/Acme/Other/tree/main", "Docs, https://x.example"),
            "differs",
        ),
        (("Homepage, https://acme.example/a/b",), ""),
        (("Funding, https://github.com/sponsors/acme",), ""),
        (("Source, https://[forge.example/acme/demo",), ""),
        (("Source, https://[forge.example", "Code, https://github.com/acme/demo"), "differs"),
        ((), ""),
    ],
)
def test_a_first_signature_is_held_against_the_source_that_the_metadata_names(
    links: tuple[str, ...], says: str
) -> None:
    def named(signature: AnySignature | str) -> Release:
        return msgspec.structs.replace(release(signature), links=links)

    for old in (NONE, UNSIGNED):
        case = build_case(release(old), named(signed(workflow())), NODE)
        outcome = case.comparison.signing
        assert outcome is not None
        assert outcome.source == says
        assert ("warning signer-elsewhere" in findings(case)) is (says == "differs")
        # Whom the policy names may sign from anywhere.
        case = build_case(release(old), named(signed(workflow())), NODE, PINNED_CI)
        assert "warning signer-elsewhere" not in findings(case)
    case = build_case(release(signed(workflow())), named(signed(workflow())), NODE)
    assert findings(case) == []


def test_the_line_that_names_the_next_tag_can_be_pasted() -> None:
    before, after = workflow(), workflow(ref="refs/tags/v1.1.0")
    settings = Settings(trusted=("ada@acme.example", before.identity))
    stated = signing(release(signed(before)), release(signed(after)), Trust(settings=settings))
    [fact] = [each for each in stated.facts if kind_of(each) == "signer-not-listed"]
    [line] = fact.write
    added = parse_settings(line.encode(), "node.env")
    assert added.trusted == (*settings.trusted, after.identity)
    found = signing(release(signed(before)), release(signed(after)), Trust(settings=added))
    assert "signer-not-listed" not in map(kind_of, found.facts)


def test_the_line_that_names_a_signer_in_the_right_capitals_can_be_pasted() -> None:
    signer = person("ada@acme.example")
    settings = Settings(trusted=("ada@Acme.example",))
    new = release(signed(signer))
    [fact] = [
        each
        for each in signing(release(UNSIGNED), new, Trust(settings=settings)).facts
        if isinstance(each, SignerUntrusted)
    ]
    [line] = fact.write
    added = parse_settings(line.encode(), "node.env")
    assert added.trusted == (*settings.trusted, signer.identity)
    found = signing(release(UNSIGNED), new, Trust(settings=added)).facts
    assert "signer-untrusted" not in map(kind_of, found)


@pytest.mark.parametrize("ref", ["refs/tags/v1,1", "refs/tags/v1.\u0661"])
def test_no_line_is_offered_for_a_name_that_a_list_cannot_hold(ref: str) -> None:
    before, after = workflow(), workflow(ref=ref)
    trust = Trust(settings=Settings(trusted=(before.identity,)))
    stated = signing(release(signed(before)), release(signed(after)), trust)
    [fact] = [each for each in stated.facts if isinstance(each, SignerNotListed)]
    assert (fact.next, fact.write) == (True, ())


def test_nobody_is_told_to_pin_another_repository_than_before() -> None:
    other = workflow("mallory/demo", number="66", builder=f"{FORGE}/builds/all/.ci/build.yml")
    trust = Trust(SigningPolicy(trusted=(Trusted(SHARED.issuer, SHARED.identity),)))
    for old, lines in ((SHARED, 0), (other, 6)):
        found = signing(release(signed(old)), release(signed(other)), trust).facts
        [fact] = [each for each in found if isinstance(each, SignerUntrusted)]
        assert (len(fact.write), fact.builder) == (lines, SHARED.identity)


@pytest.mark.parametrize("trust", [NOBODY, REQUIRED, PINNED, LISTED])
@pytest.mark.parametrize("new", [None, NotCarried("directory"), NotCarried("capture")])
@pytest.mark.parametrize("old", [None, NotCarried("capture"), NONE])
def test_what_carries_no_signature_changes_nothing(
    old: AnySignature | str | None, new: AnySignature, trust: Trust
) -> None:
    case = build_case(release(old), release(new), NODE, trust)
    assert findings(case) == []
    assert case.comparison.signing is None


@pytest.mark.parametrize("old", [signed(), UNSIGNED, INVALID])
def test_a_removal_says_nothing_of_signatures(old: Signature) -> None:
    found = signing(release(old), none_release(), Trust(settings=Settings(required=False)))
    assert (found.facts, found.already, found.outcome) == ((), (), None)


def test_the_outcome_says_who_decided() -> None:
    found = signing(release(signed()), release(signed()), PINNED)
    assert found.outcome == SigningOutcome(
        "same",
        "trusted",
        "entry 1 of the policy",
        True,
        (Standing("same", "trusted", "entry 1 of the policy"),),
    )
    found = signing(release(signed()), release(signed()), LISTED)
    by = "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS"
    assert found.outcome == SigningOutcome(
        "same", "trusted", by, True, (Standing("same", "trusted", by),)
    )
    found = signing(release(UNSIGNED), release(UNSIGNED), NOBODY)
    assert found.outcome == SigningOutcome("both unsigned", "not judged", "", None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            attested((PUBLISH, person()), extra="unknown trust root"),
            attested((PUBLISH, person()), extra="unknown trust root"),
        ),
        (
            signed(siblings=(Sibling("a.tar.gz", "verified", "", (person("eve@e.example"),)),)),
            signed(siblings=(Sibling("b.tar.gz", "verified", "", (person("eve@e.example"),)),)),
        ),
    ],
)
def test_what_was_so_before_is_a_line_in_the_appendix(old: Signature, new: Signature) -> None:
    case = build_case(release(old), release(new), NODE)
    assert findings(case) == []
    assert len(judge(case.comparison.already, case, shipped_rules())) == 1


def test_an_index_that_says_nothing_is_a_gap_where_signatures_are_required() -> None:
    silent = release(NotCarried("index"))
    for trust in (REQUIRED, MUST_SIGN, PINNED, LISTED):
        gap = verification_gap(silent, trust)
        assert gap is not None
        assert gap.why.startswith("its index carries no attestations, and ")
    for trust in (NOBODY, NEED_NOT):
        assert verification_gap(silent, trust) is None


def test_whether_one_plugin_has_to_be_signed_is_said_for_it_alone() -> None:
    for general, own, missing in ((None, True, True), (True, False, False), (False, None, False)):
        plugins = {"Demo": PluginSigning(required=own), "other": PluginSigning(required=not own)}
        trust = Trust(SigningPolicy(required=general), plugins=plugins)
        case = build_case(release(UNSIGNED), release(UNSIGNED), NODE, trust)
        assert ("error signature-missing" in findings(case)) is missing


def test_files_that_were_never_all_signed_are_a_line_in_the_appendix() -> None:
    old, new = signed(unsigned=("a-1.tar.gz",)), signed(unsigned=("a-2.tar.gz",))
    case = build_case(release(old), release(new), NODE)
    assert findings(case) == []
    [already] = judge(case.comparison.already, case, shipped_rules())
    assert already.name == "signature-partial"
    turned = Signature("unsigned", signed=("a-2.tar.gz",))
    case = build_case(release(old), release(turned), NODE)
    assert findings(case) == ["error signature-dropped", "warning signature-partial"]


@pytest.mark.parametrize(
    ("one", "two", "was", "now"),
    [
        ("", "@refs/heads/main", "", "refs/heads/main"),
        ("@refs/tags/v1", "", "refs/tags/v1", ""),
        ("@refs/tags/v1", f"@{'a' * 40}", "refs/tags/v1", "a" * 40),
    ],
)
def test_a_ref_is_read_from_the_address_where_nothing_else_says_it(
    one: str, two: str, was: str, now: str
) -> None:
    old, new = (Signer(f"{FORGE}/acme/demo/x.yml{ref}", "uri", ISSUER) for ref in (one, two))
    [fact] = signing(release(signed(old)), release(signed(new)), NOBODY).facts
    assert isinstance(fact, SignerRefChanged)
    assert (fact.old, fact.new) == (was, now)


@pytest.mark.parametrize(
    ("tag", "before", "says"),
    [
        ("v1.1.0", "v1.0.0", False),
        ("1.1.0", "1.0.0", False),
        ("v1.1", "v1.0", False),
        ("demo-v1.1.0", "demo-v1.0.0", False),
        ("demo/v1.1.0", "demo/v1.0.0", False),
        ("demo2-1.1.0", "demo2-1.0.0", False),
        ("release_1_1_0", "release_1_0_0", False),
        ("v1.1.0+build.7", "v1.0.0", False),
        ("stable", "v1.0.0", False),
        ("v1.0.0", "stable", False),
        ("v1.0.0", "v1.0.0", True),
        ("v1.1.0rc1", "v1.0.0", True),
        ("v11.1.0", "v1.0.0", True),
        ("v2.1.1.0", "v1.0.0", True),
        ("demo2-1.2.0", "demo2-1.0.0", True),
        ("v1.2.0", "v0.9.0", False),
    ],
)
def test_a_tag_names_the_version_of_its_release(tag: str, before: str, says: bool) -> None:
    sides = []
    for version, name in (("1.0.0", before), ("1.1.0", tag)):
        signature = signed(workflow(ref=f"refs/tags/{name}"))
        short = ShortRelease(version=version)
        sides.append(msgspec.structs.replace(release_of(short), signature=signature))
    old, new = sides
    found = findings(build_case(old, new, NODE))
    assert ("warning signer-tag-mismatch" in found) is says


# What a node with such settings does


@pytest.mark.parametrize("new", [signed(), UNSIGNED, NotCarried("directory"), None])
@pytest.mark.parametrize(
    ("settings", "stops"),
    [
        (Settings(required=False), True),
        (Settings(required=False, acknowledged=True), False),
        (Settings(required=True), False),
        (Settings(acknowledged=True), False),
        (Settings(), False),
    ],
)
def test_a_node_without_the_acknowledgement_stops(
    new: AnySignature, settings: Settings, stops: bool
) -> None:
    case = build_case(release(new), release(new), NODE, Trust(settings=settings))
    assert ("error unsigned-unacknowledged" in findings(case)) is stops


# What cannot be verified


@pytest.mark.parametrize(
    ("trust", "missing"),
    [
        (NOBODY, False),
        (NEED_NOT, False),
        (REQUIRED, True),
        (MUST_SIGN, True),
        (PINNED, True),
        (LISTED, True),
        (EXCEPTION, True),
        (Trust(PINNED.policy, NEED_NOT.settings), True),
    ],
)
def test_what_must_be_verified_and_cannot_be_is_a_gap(trust: Trust, missing: bool) -> None:
    gap = verification_gap(release(UNVERIFIABLE), trust)
    assert (gap is not None) is missing
    assert gap is None or (gap.why, gap.do) == (UNVERIFIABLE.why, UNVERIFIABLE.do)
    # What has no signature is one of the two only where it would have to have one.
    for carried in ("directory", "capture"):
        unsigned = verification_gap(release(NotCarried(carried)), trust)
        assert (unsigned is not None) is bool(required(trust))
    for other in (signed(), UNSIGNED, INVALID, NotCarried("none"), None):
        assert verification_gap(release(other), trust) is None
    # There is always one of the two.
    case = build_case(release(UNSIGNED), release(UNVERIFIABLE), NODE, trust)
    assert ("warning signature-unverifiable" in findings(case)) is not missing


def test_a_gap_closes_the_gate_and_hides_no_finding(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = str(write_wheel(tmp_path, plugin()))
    new = str(write_wheel(tmp_path / "new", plugin(capabilities=("facts.read", "facts.write"))))
    policy = tmp_path / "stigmem-review.toml"
    policy.write_text("[signing]\nrequired = true\n", "utf-8")
    monkeypatch.setattr(upgrade, "verify", lambda *_: UNVERIFIABLE)
    report = review(old, new, policy=str(policy))
    assert (report.verdict.state, report.verdict.exit_code) == ("incomplete", 3)
    [gap] = report.gaps
    assert (gap.what, gap.why) == ("new release, signature", UNVERIFIABLE.why)
    assert "capability-added" in {finding.name for finding in report.findings}
    assert review(old, new).verdict.exit_code == 1


# What a capture claims


@pytest.mark.parametrize(
    ("claimed", "new", "expected"),
    [
        ("release@acme.example", signed(), []),
        ("unsigned", signed(), []),
        ("", signed(), []),
        ("unsigned", UNSIGNED, []),
        ("other@beta.example", signed(), ["warning signer-claimed"]),
        ("other@beta.example", UNSIGNED, ["warning signer-claimed"]),
        ("other@beta.example", INVALID, ["error signature-invalid"]),
        ("other@beta.example", NotCarried("directory"), []),
        ("re1ease@acme.example", signed(), ["error signer-lookalike", "warning signer-claimed"]),
        (workflow().identity, signed(workflow(ref="refs/tags/v2")), []),
        (workflow().identity, signed(workflow(path=".ci/x.yml")), ["warning signer-claimed"]),
    ],
)
def test_a_claim_is_held_against_who_signed(
    claimed: str, new: AnySignature, expected: list[str]
) -> None:
    old = msgspec.structs.replace(release(NotCarried("capture")), signed_by=claimed)
    case = build_case(old, release(new), NODE)
    assert findings(case) == expected
    for each in judge(case.comparison.facts, case, shipped_rules()):
        if each.name == "signer-claimed":
            assert "claim" in flat(each.message)


# What the report proposes


@pytest.mark.parametrize(
    ("signer", "entry"),
    [
        (person(), Trusted(issuer=ISSUER, identity="release@acme.example")),
        (
            person('"quoted\\"@acme.example'),
            Trusted(issuer=ISSUER, identity='"quoted\\"@acme.example'),
        ),
        (
            workflow(),
            Trusted(
                issuer=f"{FORGE}/oidc",
                repository=f"{FORGE}/acme/demo",
                workflow=".ci/release.yml",
                ref="refs/tags/*",
            ),
        ),
        (
            workflow(ref="refs/heads/main"),
            Trusted(
                issuer=f"{FORGE}/oidc",
                repository=f"{FORGE}/acme/demo",
                workflow=".ci/release.yml",
            ),
        ),
    ],
)
def test_the_lines_that_are_proposed_pin_the_signer(signer: Signer, entry: Trusted) -> None:
    from stigmem_review.policy.file import parse_policy

    settings = Settings(trusted=(signer.identity,))
    [fact] = signing(none_release(), release(signed(signer)), Trust(settings=settings)).facts
    lines = "\n".join(fact.write)
    policy = parse_policy(lines.encode(), "stigmem-review.toml").policy.signing
    assert policy.trusted == (entry,)
    found = signing(none_release(), release(signed(signer)), Trust(policy, settings))
    assert found.facts == ()
    assert found.outcome is not None
    assert found.outcome.by == "entry 1 of the policy"


def test_nobody_is_told_to_pin_an_issuer_that_has_just_changed() -> None:
    other = signed(person(issuer=OTHER_ISSUER))
    both = signed(person(), person(issuer=OTHER_ISSUER))
    for old, lines in ((signed(), 0), (both, 3), (none_release(), 3), (UNSIGNED, 3)):
        before = old if isinstance(old, Release) else release(old)
        found = signing(before, release(other), LISTED).facts
        [fact] = [each for each in found if isinstance(each, SignerUnpinned)]
        assert len(fact.write) == lines


def test_nobody_is_told_to_pin_another_signer_than_before() -> None:
    listed = Trust(settings=Settings(trusted=("release@acme.example", SHARED.identity)))
    mallory = workflow("mallory/demo", builder=SHARED.builder, number="66")
    for old, new in ((person("deploy@acme.example"), person()), (SHARED, mallory)):
        found = signing(release(signed(old)), release(signed(new)), listed).facts
        assert [each.write for each in found if each.write] == []


def test_a_repository_that_stops_to_sign_with_one_of_two_workflows() -> None:
    two = signed(workflow(), workflow(path=".ci/build.yml"))
    case = build_case(release(two), release(signed(workflow())), NODE)
    assert findings(case) == ["warning signature-dropped"]
    # Whoever has an account of the same name elsewhere is not the one who is gone.
    pair = signed(workflow(), person())
    elsewhere = signed(workflow(), person(issuer=OTHER_ISSUER))
    case = build_case(release(pair), release(elsewhere), NODE)
    assert findings(case) == ["error signature-dropped", "warning signer-joined"]


def test_all_who_are_gone_are_named_where_another_repository_signed() -> None:
    old = signed(person("bob@acme.example"), workflow())
    new = signed(workflow("mallory/demo", number="66", issuer=OTHER_ISSUER))
    [said] = about("signer-repository-changed", old, new)
    assert (said["also"], said["issuer"]) == (("bob@acme.example",), OTHER_ISSUER)
    assert not about("signature-dropped", old, new)


def test_nobody_is_told_to_pin_an_odd_name() -> None:
    odd = person("rele\u0430se@acme.example")
    trust = Trust(settings=Settings(trusted=(odd.identity,)))
    case = build_case(none_release(), release(signed(odd)), NODE, trust)
    assert findings(case) == ["error signer-odd", "warning signer-unpinned"]
    [said] = [
        flat(each.message)
        for each in judge(case.comparison.facts, case, shipped_rules())
        if each.name == "signer-unpinned"
    ]
    assert "policy" not in said


# Whatever is signed by whom

SIGNERS = st.builds(
    workflow,
    repository=st.sampled_from(("acme/demo", "beta/demo")),
    path=st.sampled_from((".ci/a.yml", ".ci/b.yml")),
    ref=st.sampled_from(("refs/tags/v1", "refs/heads/main", "")),
    issuer=st.sampled_from((ISSUER, OTHER_ISSUER)),
    number=st.sampled_from(("", "17", "99")),
    builder=st.sampled_from(("", f"{FORGE}/x/y.yml")),
) | st.builds(
    person,
    identity=st.sampled_from(("a@b.example", "c@d.example")),
    issuer=st.sampled_from((ISSUER, OTHER_ISSUER)),
)


@given(SIGNERS, SIGNERS)
def test_nothing_of_a_signer_changes_in_silence(one: Signer, two: Signer) -> None:
    found = signing(release(signed(one)), release(signed(two)), NOBODY)
    assert found.outcome is not None
    changed = {type(fact).__name__ for fact in found.facts}
    if one == two:
        assert (found.outcome.continuity, changed) == ("same", set())
    if one.issuer != two.issuer:
        assert changed & {"SignerIssuerChanged", "SignerChanged", "SignerRepositoryChanged"}
        others = [fact for fact in found.facts if getattr(fact, "issuer", "")]
        assert ("SignerIssuerChanged" in changed) != bool(others)
        assert found.outcome.continuity not in ("same", "another ref", "workflow changed")
    if one.identity.partition("@refs")[0] != two.identity.partition("@refs")[0]:
        assert found.outcome.continuity not in ("same", "another ref")
        assert changed
    if one.repository and two.repository and one.repository != two.repository:
        assert changed & {"SignerMoved", "SignerRepositoryChanged"}
    assert (found.outcome.continuity == "same") == (not changed)


def test_the_same_fact_has_the_same_fingerprint_whatever_is_said_of_it() -> None:
    def fingerprint(why: str) -> str:
        new = Signature("invalid", why=why, do=why, proofs=(Proof("x", "bundle", "invalid", why),))
        case = build_case(release(signed()), release(new), NODE)
        [finding] = judge(case.comparison.facts, case, shipped_rules())
        return finding.fingerprint

    assert fingerprint("in these words") == fingerprint("in others")
