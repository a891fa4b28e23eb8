"""One writer per format; each takes a sanitised report and returns text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from msgspec.structs import replace

from stigmem_review.document.parts import Report
from stigmem_review.model import Gap

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from stigmem_review.document.bump import BumpReport
    from stigmem_review.document.check import CheckReport
    from stigmem_review.document.node import NodeReport
    from stigmem_review.report.blocks import Detail, Page
    from stigmem_review.report.subjects import AnyReport

Format = Literal[
    "text", "markdown", "html", "oneline", "json", "github", "summary", "sarif", "junit", "gitlab"
]
FORMATS: tuple[Format, ...] = get_args(Format)


def render(
    report: AnyReport,
    form: Format,
    *,
    width: int = 80,
    colour: bool = False,
    detail: Detail = "usual",
) -> str:
    """Return a report in a format, ending in a line feed.

    ``width`` (characters) and ``colour`` matter to text alone, ``detail`` to what people read.
    """
    match form:
        case "text":
            from stigmem_review.report.text import write_text

            page = _page(report, with_source=detail == "usual")
            return write_text(page, width=width, colour=colour, detail=detail)
        case "markdown":
            return _markdown(report, detail)
        case "oneline":
            from stigmem_review.report.oneline import write_oneline

            return write_oneline(_page(report))
        case "summary":
            from stigmem_review.report.budget import SUMMARY_BYTES, within

            return within(_markdown(report, detail), SUMMARY_BYTES)
        case "github":
            from stigmem_review.report.github import render_annotations

            return render_annotations(report)
        case "json":
            from stigmem_review.report.json import render_json

            return render_json(report)
        case "html":
            from stigmem_review.report.html import write_html

            return write_html(report, _page(without_source(report)), detail=detail)
        case "sarif":
            from stigmem_review.report.sarif import render_sarif

            return render_sarif(report)
        case "junit":
            from stigmem_review.report.junit import render_junit

            return render_junit(report)
        case "gitlab":
            from stigmem_review.report.gitlab import render_gitlab

            return render_gitlab(report)


def _markdown(report: AnyReport, detail: Detail) -> str:
    from stigmem_review.report.markdown import write_markdown

    return write_markdown(_page(report), detail=detail)


def _page(report: AnyReport, *, with_source: bool = False) -> Page:
    """Return the page of a report; ``with_source`` if code that was asked for takes its place."""
    if isinstance(report, Report):
        from stigmem_review.report.review import review_page, source_page

        return source_page(report) if with_source and report.source else review_page(report)
    if _is_check(report):
        from stigmem_review.report.check import check_page

        return check_page(report)
    if _is_node(report):
        from stigmem_review.report.node import node_page

        return node_page(report)
    from stigmem_review.report.bump import bump_page

    return bump_page(report)


def without_source(report: AnyReport) -> AnyReport:
    """Return a report without what differs of the code."""
    if isinstance(report, Report):
        return replace(report, source=None)
    if _is_check(report) or _is_node(report):
        return report
    bumps = tuple(
        replace(each, report=each.report and replace(each.report, source=None))
        for each in report.bumps
    )
    return replace(report, bumps=bumps)


def _is_check(report: CheckReport | NodeReport | BumpReport) -> TypeIs[CheckReport]:
    # What an ordinary review would import for a question that it does not have.
    from stigmem_review.document.check import CheckReport

    return isinstance(report, CheckReport)


def _is_node(report: NodeReport | BumpReport) -> TypeIs[NodeReport]:
    from stigmem_review.document.node import NodeReport

    return isinstance(report, NodeReport)


def all_gaps(report: AnyReport) -> tuple[Gap, ...]:
    """Return everything that could not be reviewed."""
    if isinstance(report, Report):
        return report.gaps
    if _is_check(report):
        of_each = (*(e.gaps for e in report.checked), *(e.gaps for e in report.upcoming))
        return tuple(gap for gaps in of_each for gap in gaps)
    if _is_node(report):
        return report.gaps
    reports = [each.report for each in report.bumps if each.report]
    return (*report.gaps, *(gap for each in reports for gap in each.gaps))
