"""One renderer per format; each takes a sanitised report and returns text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from stigmem_review.document import Report

Format = Literal["text", "markdown", "json"]
FORMATS: tuple[Format, ...] = ("text", "markdown", "json")


def render(report: Report, form: Format, *, width: int = 80, colour: bool = False) -> str:
    """Return a report in a format, ending in a line feed.

    ``width`` (characters) and ``colour`` matter to text alone.
    """
    if form == "text":
        from stigmem_review.report.text import render_text

        return render_text(report, width=width, colour=colour)
    if form == "markdown":
        from stigmem_review.report.markdown import render_markdown

        return render_markdown(report)
    from stigmem_review.report.json import render_json

    return render_json(report)
