"""Thousands of spoiled signatures: none raises, hangs, or reads as another than the one it was.

``STIGMEM_REVIEW_SEED`` repeats a run, and the header of the test run names the seed;
``STIGMEM_REVIEW_MUTATIONS`` is how many there are of each form.
"""

from __future__ import annotations

import json
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest

from stigmem_review.model import Signature
from support import mutations
from support import sigstore as mini
from support.archives import WHEEL
from support.seed import SEED
from support.signed import ATTESTATION, BUNDLE, DATA, OTHER, PROVENANCE, STATED, checked, root_of
from support.sigstore import Identity, instance

COUNT = int(os.environ.get("STIGMEM_REVIEW_MUTATIONS") or 200)
SECONDS_PER_THOUSAND = 60
RELEASE, EVE = mini.workflow(), mini.workflow("eve/ledger", ref="refs/heads/main")


def made(form: str, who: Identity = RELEASE, data: bytes = DATA, name: str = "mini") -> bytes:
    sigstore = instance(name)
    match form:
        case "bundle":
            return sigstore.sign(data, who)
        case "bundle of the second version":
            return sigstore.sign(data, who, rekor=2)
        case "bundle with a time stamp":
            return sigstore.sign(data, who, stamped=True)
        case "statement":
            return sigstore.sign_statement(WHEEL, data, who)
        case "attestation":
            return sigstore.attest(WHEEL, data, who)
        case _:
            return sigstore.provenance(WHEEL, data, who)


FORMS = {
    "bundle": BUNDLE,
    "bundle of the second version": BUNDLE,
    "bundle with a time stamp": BUNDLE,
    "statement": STATED,
    "attestation": ATTESTATION,
    "provenance": PROVENANCE,
}


class TooSlow(BaseException):
    """Nothing that handles errors handles this one."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Stop what takes more seconds of the processor than that."""

    def stop(*_: object) -> None:
        raise TooSlow(f"it took more than {seconds} seconds")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def shown(found: Signature) -> set[bytes]:
    """Return all that a report could show of what was verified, but for the name of its file."""
    return {
        msgspec.json.encode(msgspec.structs.replace(proof, name=""))
        for proof in found.proofs
        if proof.status == "verified"
    }


def is_harmless(found: Signature, control: Signature, form: str) -> bool:
    """Say whether a spoiled signature reads as the one it was, or as none."""
    if not shown(found) <= shown(control):
        return False
    if found.status == "verified":
        return found.signers == control.signers and bool(found.proofs)
    if found.status == "unsigned":
        return form == "provenance" and not found.proofs and not found.signers
    return not found.signers and bool(found.why)


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(form, marks=[pytest.mark.thorough] if number else [])
        for number, form in enumerate(FORMS)
    ],
)
def test_nothing_spoiled_reads_as_anything_else(form: str) -> None:
    chance = random.Random(f"{SEED} {form}")
    document = made(form)
    control = checked((FORMS[form], document))
    assert control.status == "verified"
    donors = [made(form, data=OTHER), made(form, name="other"), made(form, EVE, OTHER)]
    outcomes: Counter[str] = Counter()
    with within(SECONDS_PER_THOUSAND * max(1, COUNT / 1000)):
        for number in range(COUNT):
            spoiled = mutations.mutant(document, donors, chance)
            found = checked((FORMS[form], spoiled))
            assert is_harmless(found, control, form), (SEED, number, found, spoiled[:100_000])
            outcomes[found.status] += 1
    # Some changes change nothing, such as those of a text that nothing covers; most do.
    assert outcomes["invalid"] > COUNT / 2, outcomes


@pytest.mark.parametrize("form", [form for form in FORMS if form != "provenance"])
def test_a_part_of_anothers_signature_never_makes_them_the_signer(form: str) -> None:
    """Every part of a stranger's valid signature of the same file is put into ours."""
    document, strangers = json.loads(made(form)), json.loads(made(form, EVE))
    control = checked((FORMS[form], json.dumps(document).encode()))
    assert control.status == "verified"
    for path in mutations.paths(document):
        whole = json.loads(json.dumps(document))
        mutations.put(whole, path, mutations.at(strangers, path))
        found = checked((FORMS[form], json.dumps(whole).encode()))
        assert is_harmless(found, control, form), path


def test_every_bit_of_a_certificate_counts() -> None:
    """A certificate that is changed anywhere is another one, and nobody issued that."""
    path = ("verificationMaterial", "certificate", "rawBytes")
    document = json.loads(made("bundle"))
    raw = mini.raw64(mutations.at(document, path))
    chance = random.Random(f"{SEED} certificate")
    for place in chance.sample(range(len(raw)), min(len(raw), COUNT)):
        spoiled = bytearray(raw)
        spoiled[place] ^= 1 << chance.randrange(8)
        mutations.put(document, path, mini.text64(bytes(spoiled)))
        found = checked((BUNDLE, json.dumps(document).encode()))
        assert found.status != "verified", (SEED, place)
        assert not found.signers


@pytest.mark.parametrize("part", ["{}", "[", '{"a":', "[[]]"])
def test_what_is_nested_without_end_is_refused(part: str) -> None:
    for text in (part * 50_000, json.dumps({"mediaType": "x"})[:-1] + ', "y": ' + part * 50_000):
        with within(5):
            found = checked((BUNDLE, text.encode()))
        assert (found.status in ("invalid", "unverifiable"), found.signers) == (True, ())


def test_a_spoiled_root_is_refused_or_verifies_the_same() -> None:
    """A root is the operator's own file: damage to it must not go unseen either."""
    from stigmem_review.errors import SigningError

    chance = random.Random(f"{SEED} root")
    document, root = made("bundle"), instance().root()
    control = checked((BUNDLE, document))
    assert control.status == "verified"
    with within(SECONDS_PER_THOUSAND * max(1, COUNT / 1000)):
        for number in range(COUNT):
            spoiled = mutations.mutant(root, [instance("other").root()], chance)
            try:
                found = checked((BUNDLE, document), root=root_of(data=spoiled))
            except SigningError:
                continue
            assert is_harmless(found, control, "bundle"), (SEED, number, spoiled[:100_000])
