"""What a signature file holds, told by its content; and what several of them say together."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from stigmem_review import limits
from stigmem_review.errors import SourceError
from stigmem_review.model import NotCarried, Signature, Source
from stigmem_review.signing.verify import verify
from stigmem_review.sources.artifact import Artifact, SignatureFile
from support import sigstore as mini
from support.archives import WHEEL
from support.signed import ATTESTATION, BUNDLE, DATA, PROVENANCE, SHA256, STATED, checked, root_of
from support.signed import artifact as signed
from support.sigstore import changed, instance, provenance

ADA = mini.person("ada@acme.example")
GOOD = SignatureFile(BUNDLE, instance().sign(DATA, ADA))


def found_in(*files: SignatureFile, others: Mapping[str, bool] | None = None) -> Signature:
    opened = signed(*files)
    whole = Artifact(opened.source, signatures=files, others=others or {})
    found = verify(whole, (root_of(),))
    assert isinstance(found, Signature)
    return found


def test_a_form_is_told_by_its_content() -> None:
    forms = {
        "bundle": GOOD.data,
        "attestation": instance().attest(WHEEL, DATA, ADA),
        "provenance": instance().provenance(WHEEL, DATA, ADA),
    }
    for form, data in forms.items():
        for name in (BUNDLE, STATED, ATTESTATION, PROVENANCE, "signature"):
            found = checked((name, data))
            assert (found.status, found.why) == ("verified", "")
            assert [proof.form for proof in found.proofs] == [form]


NOT_READ = {
    "a wheel": (DATA, "not UTF-8"),
    "half of it": (GOOD.data[:-1], "line 1"),
    "a text": (b'"signed"', "not an object"),
    "an object of another kind": (b'{"signed": true}', "its keys are signed"),
    "two forms at once": (b'{"attestation_bundles": [], "mediaType": ""}', "several forms"),
    "the same key twice": (GOOD.data.replace(b"{", b'{"mediaType": "", ', 1), "twice"),
    "what JSON does not have": (b'{"mediaType": NaN}', "NaN"),
    "too deep": (b'{"mediaType": ' + b"[" * 100_000, "deep"),
    "no list of groups": (b'{"attestation_bundles": {}}', "not a list"),
    "a group without a list": (b'{"attestation_bundles": [{"publisher": {}}]}', "no list"),
    "an attestation that is none": (b'{"attestation_bundles": [{"attestations": [1]}]}', "1 of it"),
}


@pytest.mark.parametrize("what", NOT_READ)
def test_what_is_no_signature_file_is_invalid(what: str) -> None:
    data, why = NOT_READ[what]
    found = checked((BUNDLE, data))
    assert (found.status, found.signers) == ("invalid", ())
    assert why in found.why
    assert found.do


def test_what_could_not_be_read_is_unverifiable_as_it_says() -> None:
    found = found_in(SignatureFile(PROVENANCE, why="the index sent 503", do="try again"))
    assert (found.status, found.why, found.do) == (
        "unverifiable",
        "the index sent 503",
        "try again",
    )
    assert found.signers == ()


def test_what_cosign_wrote_before_there_was_a_format_is_not_called_invalid() -> None:
    found = checked((BUNDLE, b'{"base64Signature": "", "cert": "", "rekorBundle": {}}'))
    assert (found.status, found.signers) == ("unverifiable", ())
    assert "cosign" in found.why


def test_a_file_of_more_values_than_any_needs_is_not_given_to_the_library() -> None:
    many = changed(GOOD.data, "verificationMaterial/tlogEntries", [{}] * limits.SIGNATURE_VALUES)
    assert len(many) < limits.SIGNATURE_BYTES
    found = checked((BUNDLE, many))
    assert found.status == "unverifiable"
    assert str(limits.SIGNATURE_VALUES) in found.why


def test_a_provenance_has_a_proof_for_each_attestation() -> None:
    attestation = json.loads(instance().attest(WHEEL, DATA, ADA))
    group = (ADA.publisher, [attestation] * 2)
    found = checked((PROVENANCE, provenance(group, group)))
    assert found.status == "verified"
    assert [proof.name for proof in found.proofs] == [f"{PROVENANCE}#{n}" for n in (1, 2, 3, 4)]
    too_many = [attestation] * (limits.ATTESTATIONS + 1)
    found = checked((PROVENANCE, provenance((ADA.publisher, too_many))))
    assert (found.status, found.signers) == ("unverifiable", ())


def test_a_provenance_of_nothing_adds_nothing() -> None:
    empty = SignatureFile(PROVENANCE, provenance((ADA.publisher, [])))
    alone = found_in(empty)
    assert (alone.status, alone.proofs, alone.signers) == ("unsigned", (), ())
    assert PROVENANCE in alone.why
    assert found_in(empty, GOOD).status == "verified"


INVALID = SignatureFile(STATED, instance().sign(DATA + b"more", ADA))
UNREAD = SignatureFile(STATED, b"{}")
GONE = SignatureFile(PROVENANCE, why="gone")


def test_the_worst_decides_where_it_speaks_against_the_file() -> None:
    assert found_in(GOOD, GONE, INVALID).status == "invalid"
    assert found_in(GONE, UNREAD).status == "invalid"
    assert found_in(GONE).status == "unverifiable"
    assert found_in(GOOD).status == "verified"


@pytest.mark.parametrize("extra", [UNREAD, GONE, SignatureFile(STATED, GOOD.data[:-1])])
def test_what_proves_nothing_leaves_a_good_signature_good(extra: SignatureFile) -> None:
    for files in ((GOOD, extra), (extra, GOOD)):
        found = found_in(*files)
        assert (found.status, found.why) == ("verified", "")
        assert [each.identity for each in found.signers] == ["ada@acme.example"]
        assert [each.name for each in found.extra] == [extra.name]


def test_lines_of_json_hold_a_signature_each() -> None:
    """As ``gh attestation download`` writes them."""
    lines = [
        instance().sign_statement(WHEEL, DATA, ADA),
        instance("other").sign_statement(WHEEL, DATA, ADA),
        instance().sign_statement(WHEEL, DATA, mini.workflow()),
    ]
    found = checked((BUNDLE, b"\n".join(lines) + b"\n\n"))
    assert [(each.name, each.status) for each in found.proofs] == [
        (f"{BUNDLE}#1", "verified"),
        (f"{BUNDLE}#2", "unverifiable"),
        (f"{BUNDLE}#3", "verified"),
    ]
    assert (found.status, len(found.signers)) == ("verified", 2)
    many = checked((BUNDLE, b"{}\n" * (limits.ATTESTATIONS + 1)))
    assert (many.status, many.signers) == ("unverifiable", ())


def test_what_a_key_signed_is_not_called_invalid() -> None:
    envelope = json.dumps({"payload": "", "payloadType": "", "signatures": [{"sig": ""}]})
    keyed = changed(GOOD.data, "verificationMaterial", {"publicKey": {"hint": "x"}})
    for data in (envelope.encode(), f"{envelope}\n{envelope}\n".encode(), keyed):
        found = checked((BUNDLE, data))
        assert (found.status, found.signers) == ("unverifiable", ())
        assert "key" in found.why
        assert found.do


def test_what_need_not_be_of_a_form_that_is_read_is_only_named() -> None:
    foreign = SignatureFile(f"{WHEEL}.bundle", b"something of another tool", doubtful=True)
    alone = found_in(foreign)
    assert (alone.status, alone.why, alone.proofs) == ("unsigned", "", ())
    assert alone.seen == (foreign.name,)
    beside = found_in(GOOD, foreign)
    assert (beside.status, beside.seen, beside.extra) == ("verified", (foreign.name,), ())
    ours = found_in(SignatureFile(foreign.name, GOOD.data, doubtful=True))
    assert (ours.status, ours.seen) == ("verified", ())


def test_an_envelope_of_another_tool_is_no_missing_signature() -> None:
    """What slsa-github-generator writes; beside a signature that is read it is only named."""
    envelope = b'{"payload": "", "payloadType": "", "signatures": [{"sig": ""}]}'
    foreign = SignatureFile(f"{WHEEL}.intoto.jsonl", envelope, doubtful=True)
    alone = found_in(foreign)
    assert (alone.status, alone.seen) == ("unverifiable", ())
    assert "signed with a key" in alone.why
    beside = found_in(GOOD, foreign)
    assert (beside.status, beside.seen, beside.extra) == ("verified", (foreign.name,), ())


def test_each_root_is_tried_by_itself() -> None:
    one, other = root_of(), root_of(instance("other"))
    bundle = SignatureFile(BUNDLE, instance("other").sign(DATA, ADA))
    for roots in ((one, other), (other, one)):
        found = verify(signed(bundle), roots)
        assert isinstance(found, Signature)
        assert (found.status, [each.root for each in found.proofs]) == ("verified", ["mini.json"])
    # A certificate of the one in the log of the other is of neither.
    mixed = instance().sign(DATA, ADA, log=instance("other").log, ctlog=instance("other").ctlog)
    found = verify(signed(SignatureFile(BUNDLE, mixed)), (one, other))
    assert isinstance(found, Signature)
    assert (found.status, found.signers) == ("unverifiable", ())


def test_what_is_wrong_under_one_root_counts_before_what_another_does_not_know() -> None:
    bad = SignatureFile(BUNDLE, instance().sign(DATA + b"more", ADA))
    for roots in ((root_of(), root_of(instance("other"))), (root_of(instance("other")), root_of())):
        found = verify(signed(bad), roots)
        assert isinstance(found, Signature)
        assert (found.status, found.why.partition(" (")[0]) == ("invalid", "it signs another file")


def test_the_signed_sdist_beside_a_wheel_is_verified_too() -> None:
    bundle = instance().sign(DATA, mini.person("eve@else.example"))
    sdist = Artifact(
        Source("sdist", "demo-1.0.tar.gz", "demo-1.0.tar.gz", SHA256),
        signatures=(SignatureFile("demo-1.0.tar.gz.sigstore", bundle),),
    )
    opened = msgspec.structs.replace(signed(GOOD), sdist_signed=lambda: sdist)
    found = verify(opened, (root_of(),))
    assert isinstance(found, Signature)
    [beside] = found.siblings
    assert (beside.file, beside.status) == ("demo-1.0.tar.gz", "verified")
    assert [each.identity for each in beside.signers] == ["eve@else.example"]

    def gone() -> Artifact:
        raise SourceError("it is gone")

    found = verify(msgspec.structs.replace(opened, sdist_signed=gone), (root_of(),))
    assert isinstance(found, Signature)
    assert (found.status, found.siblings[0].status) == ("verified", "unverifiable")


def test_an_index_that_says_of_no_file_what_signs_it_carries_no_signature() -> None:
    silent = msgspec.structs.replace(signed(), silent=True)
    assert verify(silent, (root_of(),)) == NotCarried("index")
    found = verify(msgspec.structs.replace(silent, signatures=(GOOD,)), (root_of(),))
    assert isinstance(found, Signature)
    assert found.status == "verified"


def test_the_other_files_of_a_release_are_told_apart() -> None:
    others = {"b.tar.gz": False, "a.whl": True, "a.tar.gz": False}
    for found in (found_in(GOOD, others=others), found_in(others=others)):
        assert found.unsigned == ("a.tar.gz", "b.tar.gz")
        assert found.signed == ("a.whl",)


@pytest.mark.parametrize("kind", ["directory", "capture", "none"])
def test_what_has_no_bytes_of_its_own_carries_no_signature(kind: str) -> None:
    source = Source(kind, "x")  # type: ignore[arg-type]
    assert verify(Artifact(source)) == NotCarried(kind)


# Run in processes of their own: what is imported by then.
REVIEW = "import sys; from stigmem_review import review; review(*sys.argv[1:3])"
LIBRARY = "from stigmem_review.signing.library import load_library; load_library()"
IMPORTED = """
import gc, sys
wanted = {"sigstore", "pypi_attestations", "cryptography", "pydantic"}
print(gc.isenabled(), *sorted(wanted & set(sys.modules)))
"""


def imported(code: str) -> list[str]:
    story = Path(__file__).parents[1] / "cases" / "quiet-gain"
    command = [sys.executable, "-c", f"{code}\n{IMPORTED}", str(story / "old"), str(story / "new")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_a_review_without_a_signature_does_not_import_the_library() -> None:
    assert imported(REVIEW) == ["True"]
    assert imported(LIBRARY) == ["True", "cryptography", "pydantic", "sigstore"]
