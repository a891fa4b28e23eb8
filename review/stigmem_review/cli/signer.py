"""``stigmem-review signer``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from stigmem_review.cli.options import add_policy_options, add_trust_options, policy_of, today

if TYPE_CHECKING:
    from stigmem_review.compare.signers import Standing
    from stigmem_review.document.signer import SignerReport
    from stigmem_review.model import Proof

_ABOUT = """\
Say who signed SOURCE (a wheel, an sdist or name==version), and whether that is somebody you
trust. It ends with 0 if the signature is verified, by all whom the policy requires, and its
signer is not distrusted, nor trusted only by the name of a workflow that any repository can
call; 3 if it cannot be verified here, else 1."""

_NEXT = """\
name the file that signs it (--bundle FILE), or ask its publisher to sign releases, as trusted \
publishing on a package index does. What it may do can be reviewed all the same: stigmem-review \
diff OLD NEW."""


def add(commands: Any) -> None:
    """Add this command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "signer", help="say who signed a release", description=_ABOUT, allow_abbrev=False
    )
    parser.add_argument("source", metavar="SOURCE", help="what is signed")
    parser.add_argument("--bundle", metavar="FILE", help="a file that signs it")
    add_policy_options(parser)
    add_trust_options(parser)
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="what is printed (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Verify, print, and return the exit code."""
    from stigmem_review.pipeline.signer import signer
    from stigmem_review.report.json import render_json

    report = signer(
        options.source,
        bundle=options.bundle,
        policy=policy_of(options),
        env_file=options.env_file,
        environment=os.environ,
        trust_root=options.trust_root,
        today=today(),
    )
    if options.format == "json":
        print(render_json(report), end="")
    else:
        for line in _lines(report):
            print(line)
    return report.exit_code


def _lines(report: SignerReport) -> Iterator[str]:
    from stigmem_review.model import Signature
    from stigmem_review.text import shorten

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
    from stigmem_review.document.signatures import signer_fields, standing_says

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
