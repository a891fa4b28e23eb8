"""The report as a document: what every format shows, decided once, in the order it is read."""

from stigmem_review.document.approvals import Asked, Consents, decide_commands
from stigmem_review.document.build import build_report, gaps_of, incomplete_report
from stigmem_review.document.bump import (
    Bump,
    BumpReport,
    Compared,
    build_bump_report,
)
from stigmem_review.document.check import Checked, CheckReport, build_check_report
from stigmem_review.document.parts import (
    AcceptedPart,
    Commands,
    Consulted,
    Item,
    Line,
    Report,
    Reviewed,
    Row,
)
from stigmem_review.document.signer import SignerReport, build_signer_report

__all__ = [
    "AcceptedPart",
    "Asked",
    "Bump",
    "BumpReport",
    "CheckReport",
    "Checked",
    "Commands",
    "Compared",
    "Consents",
    "Consulted",
    "Item",
    "Line",
    "Report",
    "Reviewed",
    "Row",
    "SignerReport",
    "build_bump_report",
    "build_check_report",
    "build_report",
    "build_signer_report",
    "decide_commands",
    "gaps_of",
    "incomplete_report",
]
