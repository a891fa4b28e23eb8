"""Who signed one artifact, as text."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review.compare.signers import Standing
from stigmem_review.document.signatures import signer_fields, standing_says
from stigmem_review.document.signer import SignerReport
from stigmem_review.model import Proof, Signature
from stigmem_review.text import shorten

_NEXT = """\
name the file that signs it (--bundle FILE), or ask its publisher to sign releases, as trusted \
publishing on a package index does. What it may do can be reviewed all the same: stigmem-review \
diff OLD NEW."""


def render_signer(report: SignerReport) -> str:
    """Return what verifying one artifact showed, a line for each thing."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: SignerReport) -> Iterator[str]:
    signature = report.signature
    yield report.source.file
    yield _line("sha256", report.source.sha256)
    if not isinstance(signature, Signature):
        return
    # The worst proof decides, and says itself what is wrong with it.
    yield _line("status", _status(signature.status, "" if signature.proofs else signature.why))
    if signature.root:
        yield _line("trust root", signature.root)
    for files, what in ((signature.unsigned, "not signed"), (signature.signed, "signed")):
        if files:
            yield _line("other files", f"{what}: {shorten(', '.join(files), 400)}")
    if signature.seen:
        yield _line("also seen", f"not verified: {shorten(', '.join(signature.seen), 400)}")
    if signature.status == "unsigned":
        yield from _line_wrapped("next", _NEXT)
    for who in report.absent:
        yield _line("absent", f"{who}, who has to sign it, as the policy says")
    judged = report.trust.signers if report.trust else ()
    standings = dict(zip(signature.signers, judged, strict=False))
    for proof in signature.proofs:
        yield ""
        yield f"  {proof.name}"
        yield from _proof_lines(proof, standings.get(proof.signer) if proof.signer else None)


def _proof_lines(proof: Proof, standing: Standing | None) -> Iterator[str]:
    yield _line("status", _status(proof.status, proof.why))
    if proof.do:
        yield _line("to do", proof.do)
    for name, value in signer_fields(proof.signer) if proof.signer else ():
        yield _line(name, value)
    if standing:
        yield _line("trust", standing_says(standing))
    if proof.predicate:
        yield _line("attests", proof.predicate)
    if proof.signed_at:
        yield _line("signed at", proof.signed_at)
    if proof.log_index is not None:
        yield _line("log entry", str(proof.log_index))


def _line_wrapped(name: str, text: str) -> Iterator[str]:
    import textwrap

    first, *rest = textwrap.wrap(text, 80 - 14, break_on_hyphens=False)
    yield _line(name, first)
    for line in rest:
        yield _line("", line)


def _status(status: str, why: str) -> str:
    return f"{status}: {why}" if why else status


def _line(name: str, value: str) -> str:
    return f"  {name:<11} {value}"
