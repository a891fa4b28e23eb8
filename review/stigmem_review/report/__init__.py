"""One renderer per format and kind of report; each takes a sanitised report and returns text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from stigmem_review.document.parts import Report
from stigmem_review.model import Gap

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from stigmem_review.document.bump import BumpReport
    from stigmem_review.document.check import CheckReport
    from stigmem_review.document.node import NodeReport

    AnyReport = Report | CheckReport | NodeReport | BumpReport

Format = Literal["text", "markdown", "json", "github", "summary", "sarif", "junit", "gitlab"]
FORMATS: tuple[Format, ...] = get_args(Format)


def render(report: AnyReport, form: Format, *, width: int = 80, colour: bool = False) -> str:
    """Return a report in a format, ending in a line feed.

    ``width`` (characters) and ``colour`` matter to text alone.
    """
    match form:
        case "text":
            return _text(report, width, colour)
        case "markdown":
            return _markdown(report)
        case "summary":
            from stigmem_review.report.budget import SUMMARY_BYTES, within

            return within(_markdown(report), SUMMARY_BYTES)
        case "github":
            from stigmem_review.report.github import render_annotations

            return render_annotations(report)
        case "json":
            from stigmem_review.report.json import render_json

            return render_json(report)
        case "sarif":
            from stigmem_review.report.sarif import render_sarif

            return render_sarif(report)
        case "junit":
            from stigmem_review.report.junit import render_junit

            return render_junit(report)
        case "gitlab":
            from stigmem_review.report.gitlab import render_gitlab

            return render_gitlab(report)


def _text(report: AnyReport, width: int, colour: bool) -> str:
    if isinstance(report, Report):
        from stigmem_review.report.text import render_text

        return render_text(report, width=width, colour=colour)
    if _is_check(report):
        from stigmem_review.report.check import render_check_text

        return render_check_text(report, width=width, colour=colour)
    if _is_node(report):
        from stigmem_review.report.node import render_node_text

        return render_node_text(report, width=width, colour=colour)
    from stigmem_review.report.bump import render_bump_text

    return render_bump_text(report, width=width, colour=colour)


def _markdown(report: AnyReport) -> str:
    if isinstance(report, Report):
        from stigmem_review.report.markdown import render_markdown

        return render_markdown(report)
    if _is_check(report):
        from stigmem_review.report.check import render_check_markdown

        return render_check_markdown(report)
    if _is_node(report):
        from stigmem_review.report.node import render_node_markdown

        return render_node_markdown(report)
    from stigmem_review.report.bump import render_bump_markdown

    return render_bump_markdown(report)


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
        return tuple(gap for each in report.checked for gap in each.gaps)
    if _is_node(report):
        return report.gaps
    reports = [each.report for each in report.bumps if each.report]
    return (*report.gaps, *(gap for each in reports for gap in each.gaps))
