"""Who signed, as the certificate says it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy
from sigstore_models.trustroot.v1 import TrustedRoot as RootModel

from stigmem_review.model import Signer
from support import sigstore as mini
from support.signed import BUNDLE, DATA, checked, root_of
from support.sigstore import TREE_SIZE, Identity, Log, Sigstore, changed, instance

ENTRY = "verificationMaterial/tlogEntries/0"
HOME = "https://github.com/acme/ledger"
WORKFLOW = ".github/workflows/release.yml"
SHARED = "forge/shared/.github/workflows/publish.yml"


def signer(who: Identity) -> Signer:
    found = checked((BUNDLE, instance().sign(DATA, who)))
    assert (found.status, found.why) == ("verified", "")
    [only] = found.signers
    return only


def test_a_person_has_an_address_and_an_issuer() -> None:
    assert signer(mini.person("ada@acme.example")) == Signer(
        "ada@acme.example", "email", mini.PERSON_ISSUER
    )


def test_a_workflow_has_a_repository_and_a_ref() -> None:
    assert signer(mini.workflow()) == Signer(
        f"{HOME}/{WORKFLOW}@refs/tags/v1.0.0",
        "uri",
        mini.GITHUB_ISSUER,
        repository=HOME,
        workflow=WORKFLOW,
        ref="refs/tags/v1.0.0",
        commit=mini.COMMIT,
        trigger="release",
        repository_id="1001",
        runner="github-hosted",
    )


def test_a_run_may_be_in_an_environment_and_on_a_machine_of_the_repository() -> None:
    found = signer(mini.workflow(runner="self-hosted", environment="release"))
    assert (found.runner, found.environment) == ("self-hosted", "release")
    assert signer(mini.pipeline()).runner == "gitlab-hosted"


def test_a_reusable_workflow_signs_for_the_one_that_calls_it() -> None:
    found = signer(mini.workflow(builder=f"{SHARED}@refs/tags/v3"))
    assert found.identity == f"https://github.com/{SHARED}@refs/tags/v3"
    assert (found.repository, found.workflow) == (HOME, WORKFLOW)
    assert found.builder == f"https://github.com/{SHARED}"


def test_a_pipeline_may_be_in_a_group_and_on_a_forge_of_ones_own() -> None:
    found = signer(mini.pipeline("acme/tools/ledger", forge="https://git.acme.example"))
    assert found.repository == "https://git.acme.example/acme/tools/ledger"
    assert (found.workflow, found.builder) == (".gitlab-ci.yml", "")


def test_a_configuration_of_another_repository_is_no_workflow_of_this_one() -> None:
    other = f"https://github.com/{SHARED}@refs/heads/main"
    found = signer(mini.workflow().but({9: other, 18: other}))
    assert (found.repository, found.workflow) == (HOME, "")
    assert found.builder == f"https://github.com/{SHARED}"


@pytest.mark.parametrize(
    ("path", "ref"),
    [
        (WORKFLOW, "refs/tags/ledger@1.0"),
        (WORKFLOW, "refs/heads/x@refs/heads/main"),
        (".github/workflows/rele@se.yml", "refs/heads/main"),
        (".github/workflows/a.yml@refs/heads/main/b.yml", "refs/heads/main"),
    ],
)
def test_a_workflow_is_not_cut_short_by_what_it_is_called(path: str, ref: str) -> None:
    found = signer(mini.workflow(path=path, ref=ref))
    assert (found.workflow, found.ref) == (path, ref)


def of_old(who: Identity) -> Identity:
    """Return what a certificate said before there were extensions from 8 on."""
    return replace(who, claims={key: text for key, text in who.claims.items() if key < 7})


def test_an_old_certificate_names_its_workflow_only_in_the_identity() -> None:
    found = signer(of_old(mini.workflow()))
    whole = signer(mini.workflow())
    assert found == Signer(
        whole.identity,
        "uri",
        whole.issuer,
        repository=HOME,
        workflow=WORKFLOW,
        ref=whole.ref,
        commit=whole.commit,
        trigger="release",
    )


def test_an_old_certificate_of_a_reusable_workflow_does_not_name_the_one_that_called() -> None:
    found = signer(of_old(mini.workflow(builder=f"{SHARED}@refs/tags/v3")))
    assert (found.repository, found.workflow) == (HOME, "")
    assert found.builder == f"https://github.com/{SHARED}"


def test_the_same_signer_twice_is_one() -> None:
    ada, eve = mini.person("ada@acme.example"), mini.person("eve@acme.example")
    files = [(f"{BUNDLE}{n}", instance().sign(DATA, who)) for n, who in enumerate((ada, eve, ada))]
    found = checked(*files)
    assert [each.identity for each in found.signers] == ["ada@acme.example", "eve@acme.example"]
    assert len(found.proofs) == 3


@pytest.mark.parametrize("number", [1, 2, 6, 8, 12, 18])
def test_a_claim_that_is_no_text_is_no_claim(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Encoded as Latin-1, which is not UTF-8."""
    who = mini.workflow().but({number: "caf\u00e9"})
    real = x509.UnrecognizedExtension

    def latin(oid: Any, value: bytes) -> Any:
        is_claim = oid.dotted_string == f"1.3.6.1.4.1.57264.1.{number}"
        return real(oid, value.replace("\u00e9".encode(), b"\xe9\xe9") if is_claim else value)

    monkeypatch.setattr(x509, "UnrecognizedExtension", latin)
    found = checked((BUNDLE, instance().sign(DATA, who)))
    assert (found.status, found.signers) == ("invalid", ())
    assert f".{number} of its certificate is no text" in found.why


# What the library leaves open


def accepted(bundle: bytes, root: bytes) -> bool:
    """Return whether the library alone would take a bundle."""
    verifier = Verifier(trusted_root=TrustedRoot(RootModel.from_json(root)))
    verifier.verify_artifact(DATA, Bundle.from_json(bundle), policy.UnsafeNoOp())
    return True


def test_an_index_that_no_checkpoint_covers_is_not_shown() -> None:
    """The same path leads to the root of trees of other sizes, and from other places in them."""
    proof = f"{ENTRY}/inclusionProof"
    made = instance().sign(DATA, mini.workflow())
    moved = changed(made, f"{proof}/treeSize", str(TREE_SIZE + 1))
    assert accepted(moved, instance().root())
    found = checked((BUNDLE, moved))
    assert (found.status, found.signers) == ("invalid", ())
    assert f"the log says that it has {TREE_SIZE}" in found.why


def test_a_retired_log_does_not_stand_in_for_another() -> None:
    """Where the key that an entry names is missing, the library tries all that a root has."""
    sigstore = Sigstore("two-logs", log_key="ed25519", notes=True)
    retired = Log("old.example", mini.new_key("ed25519"), notes=True)
    ended = {"start": "2024-01-01T00:00:00Z", "end": "2024-06-01T00:00:00Z"}
    listed = retired.trusted()
    listed["publicKey"]["validFor"] = ended
    root = changed(sigstore.root(), "tlogs", lambda logs: [*logs, listed])
    posing = replace(retired, known_as=sigstore.log.id())
    made = sigstore.sign(DATA, mini.workflow(), rekor=2, log=posing)
    assert accepted(made, root)
    found = checked((BUNDLE, made), root=root_of(data=root))
    assert (found.status, found.signers) == ("invalid", ())
    plain = sigstore.sign(DATA, mini.workflow(), rekor=2)
    assert checked((BUNDLE, plain), root=root_of(data=root)).status == "verified"
    honest = sigstore.sign(DATA, mini.workflow(), rekor=2, log=retired)
    found = checked((BUNDLE, honest), root=root_of(data=root))
    assert found.status == "invalid"
    assert "2025-03-04" in found.why


def test_a_chain_of_two_roots_is_no_chain() -> None:
    """A certificate of one instance in the log of another."""
    one, other = instance("one"), instance("other")
    made = one.sign(DATA, mini.workflow(), log=other.log)
    for root in (one.root(), other.root()):
        found = checked((BUNDLE, made), root=root_of(data=root))
        assert (found.status, found.signers) == ("unverifiable", ())
