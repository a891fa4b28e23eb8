"""Reviews an upgrade of a Stigmem plugin before it is deployed, without running its code."""

from __future__ import annotations

from stigmem_review._version import __version__

# As type checkers know it. To import typing is half of the time in which nothing here can answer
# an interruption yet.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from stigmem_review.document.bump import BumpReport
    from stigmem_review.document.check import CheckReport
    from stigmem_review.document.parts import Report
    from stigmem_review.document.signer import SignerReport
    from stigmem_review.errors import ReviewError
    from stigmem_review.pipeline.bump import bump
    from stigmem_review.pipeline.check import check
    from stigmem_review.pipeline.confirm import confirm
    from stigmem_review.pipeline.signer import signer
    from stigmem_review.pipeline.upgrade import review
    from stigmem_review.receipts.confirm import Confirmation
    from stigmem_review.rulebook import Finding
    from stigmem_review.verdict import Verdict

__all__ = [
    "BumpReport",
    "CheckReport",
    "Confirmation",
    "Finding",
    "Report",
    "ReviewError",
    "SignerReport",
    "Verdict",
    "__version__",
    "bump",
    "check",
    "confirm",
    "review",
    "signer",
]

_HOMES = {
    "BumpReport": "stigmem_review.document.bump",
    "CheckReport": "stigmem_review.document.check",
    "Confirmation": "stigmem_review.receipts.confirm",
    "Finding": "stigmem_review.rulebook",
    "Report": "stigmem_review.document.parts",
    "ReviewError": "stigmem_review.errors",
    "SignerReport": "stigmem_review.document.signer",
    "Verdict": "stigmem_review.verdict",
    "bump": "stigmem_review.pipeline.bump",
    "check": "stigmem_review.pipeline.check",
    "confirm": "stigmem_review.pipeline.confirm",
    "review": "stigmem_review.pipeline.upgrade",
    "signer": "stigmem_review.pipeline.signer",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
