"""The report as a document: what every format shows, decided once, in the order it is read."""

from stigmem_review.document.build import build_report, incomplete_report
from stigmem_review.document.bump import (
    Bump,
    BumpReport,
    Compared,
    build_bump_report,
)
from stigmem_review.document.check import Checked, CheckReport, build_check_report
from stigmem_review.document.parts import Consulted, Item, Line, Report, Reviewed, Row
from stigmem_review.document.signer import SignerReport, build_signer_report

__all__ = [
    "Bump",
    "BumpReport",
    "CheckReport",
    "Checked",
    "Compared",
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
    "incomplete_report",
]
