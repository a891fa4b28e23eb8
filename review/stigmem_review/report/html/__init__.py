"""A page as one file of HTML: no script, and nothing that is asked of anybody else.

Templates escape by themselves, and nothing is marked as safe. All that comes out is ASCII.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache

import jinja2
import msgspec

from stigmem_review.document.bump import BumpReport
from stigmem_review.document.node import NodeReport
from stigmem_review.document.parts import Report
from stigmem_review.pages import command_for, link_to
from stigmem_review.report.blocks import Block, Detail, Fold, Found, Heading, Page, Separator, Title
from stigmem_review.report.html.code import File, side_by_side
from stigmem_review.report.html.pictures import Pictures, of_node, of_review
from stigmem_review.report.source import rest
from stigmem_review.report.subjects import AnyReport
from stigmem_review.text import flat

_NO_CODE = (
    "It is not in this report, as in one that was put together from shards: "
    "stigmem-review diff OLD NEW --code shows it."
)


class Section(msgspec.Struct, frozen=True):
    """What is said of one plugin, of a node, or of a whole change.

    ``top`` is its first screen and ``below`` what proves it; ``files`` are those that differ, with
    ``left`` in sentences what is not among them. ``key`` tells its anchors from those of others,
    and ``name`` says what it is about; ``others`` are sections that it leads to. ``is_calm`` if
    there is nothing in it to look at.
    """

    key: str
    name: str
    top: tuple[Block, ...]
    below: tuple[Block, ...] = ()
    pictures: Pictures | None = None
    files: tuple[File, ...] = ()
    left: tuple[str, ...] = ()
    rest: tuple[Block, ...] = ()
    is_calm: bool = False
    others: tuple[Section, ...] = ()

    @property
    def links(self) -> list[tuple[str, str]]:
        """The anchors below its first screen, with what stands there."""
        drawn = None if self.is_calm else self.pictures
        found = (
            ("found", "What was found", self.below),
            ("paths", "Where it acts", drawn),
            ("may", "What it may do", drawn and drawn.capabilities),
            ("reach", "Where it reaches out", drawn and drawn.reach),
            ("signer", "Who signed it", drawn and drawn.signed),
            ("approvals", "Approvals", drawn and drawn.approvals),
            ("code", "Code", self.files or self.left),
            ("more", "More", self.rest),
        )
        mine = [(f"{self.key}-{part}", says) for part, says, there in found if there]
        return [*mine, *((each.key, each.name) for each in self.others)]


def write_html(report: AnyReport, page: Page, *, detail: Detail) -> str:
    """Return a report as a document of HTML, laid out as its page says.

    What is folded is there whatever the detail, but for the first screen alone.
    """
    environment = _environment()
    style = environment.get_template("style.css").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    sections = [*(_brief(page) if detail == "brief" else _sections(report, page))]
    text = environment.get_template("page.html.j2").render(
        title=_title(sections[0]),
        sections=sections,
        tool=report.tool,
        digest=digest,
    )
    return text.encode("ascii", "xmlcharrefreplace").decode()


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("stigmem_review.report.html"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = lambda block: type(block).__name__
    environment.filters["arrows"] = _arrows
    environment.filters["page"] = link_to
    environment.filters["explain"] = command_for
    return environment


def _arrows(text: str) -> str:
    return text.replace(" -> ", " \N{RIGHTWARDS ARROW} ")


def _title(section: Section) -> str:
    for block in section.top:
        if isinstance(block, Title):
            return flat(block.says) + (f": {block.state}" if block.state else "")
    return "stigmem-review"


def _brief(page: Page) -> Iterator[Section]:
    yield Section("brief", "the first screen", page.screen)


def _sections(report: AnyReport, page: Page) -> Iterator[Section]:
    top = page.screen
    if isinstance(report, BumpReport):
        mine, *others = _split(page.body)
        reviews = [each.report for each in report.bumps if each.report and each.report.plugin]
        sections = []
        for number, (review, blocks) in enumerate(zip(reviews, others, strict=True), 1):
            # What stands before the first finding is its first screen.
            end = next((i for i, each in enumerate(blocks) if _is_proof(each)), len(blocks))
            sections.append(_of(review, f"plugin-{number}", blocks[:end], blocks[end:]))
        yield Section("change", "the change", top, mine, others=tuple(sections))
        yield from sections
        yield Section("rest", "the rest", (), rest=page.rest)
    elif isinstance(report, Report):
        yield _of(report, "review", top, page.body, page.rest, is_calm=page.is_calm)
    else:
        drawn = of_node(report) if isinstance(report, NodeReport) else None
        yield Section("report", "the report", top, page.body, drawn, rest=page.rest)


def _of(
    report: Report,
    key: str,
    top: tuple[Block, ...],
    below: tuple[Block, ...],
    folded: tuple[Block, ...] = (),
    *,
    is_calm: bool = False,
) -> Section:
    diff = report.source
    return Section(
        key,
        report.plugin,
        top,
        below,
        of_review(report) if report.plugin else None,
        tuple(map(side_by_side, diff.files)) if diff else (),
        tuple(rest(diff)) if diff else (_NO_CODE,) if report.plugin else (),
        folded,
        is_calm or not report.findings,
    )


def _is_proof(block: Block) -> bool:
    return isinstance(block, Found | Fold | Heading)


def _split(blocks: Sequence[Block]) -> Iterator[tuple[Block, ...]]:
    """Yield what stands between separators, and before the first of them."""
    part: list[Block] = []
    for block in blocks:
        if isinstance(block, Separator):
            yield tuple(part)
            part = []
        else:
            part.append(block)
    yield tuple(part)
