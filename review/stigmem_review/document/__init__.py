"""The report as a document: what every format shows, decided once, in the order it is read."""

from stigmem_review.document.build import build_report, incomplete_report
from stigmem_review.document.parts import Item, Line, Report, Reviewed, Row

__all__ = [
    "Item",
    "Line",
    "Report",
    "Reviewed",
    "Row",
    "build_report",
    "incomplete_report",
]
