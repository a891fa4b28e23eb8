"""What a signature file holds, told by its content; and what several of them say together."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from stigmem_review import limits
from stigmem_review.model import NotCarried, Signature, Source
from stigmem_review.signing.verify import verify
from stigmem_review.sources.artifact import Artifact, SignatureFile
from support import sigstore as mini
from support.archives import WHEEL
from support.signed import ATTESTATION, BUNDLE, DATA, PROVENANCE, STATED, checked, root_of
from support.signed import artifact as signed
from support.sigstore import changed, instance, provenance

ADA = mini.person("ada@acme.example")
GOOD = SignatureFile(BUNDLE, instance().sign(DATA, ADA))


def found_in(*files: SignatureFile, others: Mapping[str, bool] | None = None) -> Signature:
    opened = signed(*files)
    whole = Artifact(opened.source, signatures=files, others=others or {})
    found = verify(whole, root_of())
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
    found = found_in(GOOD, SignatureFile(PROVENANCE, why="the index sent 503", do="try again"))
    assert (found.status, found.why, found.do) == (
        "unverifiable",
        "the index sent 503",
        "try again",
    )
    assert found.signers == ()
    assert [proof.status for proof in found.proofs] == ["verified", "unverifiable"]


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


def test_the_worst_decides() -> None:
    invalid = SignatureFile(STATED, b"{}")
    unread = SignatureFile(PROVENANCE, why="gone")
    assert found_in(GOOD, unread, invalid).status == "invalid"
    assert found_in(unread, GOOD).status == "unverifiable"
    assert found_in(GOOD).status == "verified"


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
