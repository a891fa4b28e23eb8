"""Findings in the order people read them, as blocks, one rule's findings together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from stigmem_review.document.approvals import approval_says
from stigmem_review.model import LEVELS
from stigmem_review.report import budget
from stigmem_review.report.blocks import Block, Fold, Found, Item, Items, Member, Paragraph
from stigmem_review.report.excerpt import Shortened, Shown, shortened
from stigmem_review.rulebook import Finding
from stigmem_review.text import Segment
from stigmem_review.verdict import count

_RUNS = ("hook", "network", "process", "code", "undenied")
"""What is gained where something new runs or decides."""

NOT_APPROVABLE = "Not approvable: must be fixed before this is deployed."


def level_says(finding: Finding) -> str:
    """Return the level of a finding, with the one that it has without the policy."""
    own = finding.rule_level
    return f"{finding.level} ({own} without the policy)" if own else finding.level


def is_minor(finding: Finding) -> bool:
    """Say whether a finding is folded: a note that the policy did not make one."""
    return finding.level == "note" and not finding.is_lowered


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Return what cannot be approved, then what runs or decides something new, then the rest.

    What is approved already stands last, and what is heavier first within each.
    """
    return sorted(findings, key=_place)


def _place(finding: Finding) -> tuple[bool, bool, bool, int]:
    gain = finding.gain
    runs = gain is not None and gain.what in _RUNS
    weight = LEVELS.index(finding.level)
    return finding.approval is not None, finding.approvable, not runs, weight


def first_rule(findings: Iterable[Finding]) -> str:
    """Return the rule of the finding that stands first, if one is not folded."""
    return next((each.rule for each in ordered(findings) if not is_minor(each)), "")


def finding_blocks(findings: Sequence[Finding]) -> Iterator[Block]:
    """Yield findings as blocks: those that are no notes, then the notes, folded."""
    found = lines_once(ordered(findings))
    major = [each for each in found if not is_minor(each)]
    minor = [each for each in found if is_minor(each)]
    shown, more = budget.cut(major, budget.FINDINGS)
    groups = [*_groups(shown, 1)]
    yield from groups
    if more:
        yield left_out(more, "finding")
    if not minor:
        return
    shown, more = budget.cut(minor, budget.FINDINGS)
    notes: list[Block] = [*_groups(shown, 1 + len(groups))]
    notes += [left_out(more, "note")] if more else []
    names = [*dict.fromkeys(each.name.replace("-", " ") for each in minor)]
    yield Fold(f"{count(len(minor), 'note')}: {_listed(names)}", tuple(notes))


def left_out(more: int, noun: str) -> Paragraph:
    """Return how many others there are, and where."""
    return Paragraph((Segment(f"{count(more, f'more {noun}')}: see the report as JSON."),))


def _listed(names: Sequence[str]) -> str:
    shown, more = budget.cut(names, budget.NAMES)
    return ", ".join([*shown, *([f"{more} more"] if more else [])])


def _groups(findings: Sequence[Finding], first: int) -> Iterator[Found]:
    together: dict[tuple[bool, str, str], list[Finding]] = {}
    for finding in findings:
        key = (finding.approval is not None, level_says(finding), finding.rule)
        together.setdefault(key, []).append(finding)
    explained: set[str] = set()
    for number, members in enumerate(together.values(), first):
        yield found_of(
            members,
            number,
            explain=members[0].rule not in explained,
            is_open=number == 1 or (not members[0].approvable and members[0].level == "error"),
        )
        explained.add(members[0].rule)


def found_of(
    members: Sequence[Finding], number: int, *, explain: bool = True, is_open: bool = False
) -> Found:
    """Return findings of one rule at one level as a block."""
    head = members[0]
    return Found(
        number=number,
        level=head.level,
        level_says=level_says(head),
        rule=head.rule,
        name=head.name,
        title=_title(members),
        members=tuple(map(_member, members)),
        why=head.why if explain else "",
        do=head.do if explain else "",
        remark="" if head.approvable else NOT_APPROVABLE,
        is_open=is_open,
    )


def _title(members: Sequence[Finding]) -> str:
    gain = members[0].gain
    says = members[0].name
    if gain is not None and all(each.gain and each.gain.does == gain.does for each in members):
        says = gain.does
    return says if len(members) == 1 else f"{says} ({len(members)} times)"


def _member(finding: Finding) -> Member:
    return Member(
        says=finding.message,
        at=str(finding.at) if finding.at else "",
        note="of the old release" if finding.at and finding.side == "old" else "",
        code=shortened(finding),
        glimpse=_glimpse(finding),
        write=finding.write,
        approval=approval_says(finding.approval) if finding.approval else (),
    )


def _glimpse(finding: Finding) -> Shortened | None:
    """Return what changed, or else little more than the place."""
    found = shortened(finding, budget.GLIMPSE)
    return found if found is None or found.is_change else shortened(finding, budget.PLACE)


def off_fold(off: Sequence[Finding]) -> Iterator[Fold]:
    """Yield the findings that the policy turned off, folded."""
    if not off:
        return
    shown, more = budget.cut(off, budget.LINES)
    items = [
        Item(
            (
                Segment(f"{each.level}: {each.name} ({each.rule}) by "),
                Segment(each.policy, theirs=True),
                Segment(": "),
                *each.message,
            )
        )
        for each in shown
    ]
    names = _listed([*dict.fromkeys(each.name for each in off)])
    title = f"turned off by the policy ({count(len(off), 'finding')}): {names}"
    left = [left_out(more, "finding")] if more else []
    yield Fold(title, (Items(tuple(items)), *left))


def lines_once(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings without those lines that are shown with an earlier one."""
    seen: set[tuple[str, Shown]] = set()
    found = []
    for each in findings:
        excerpt = shortened(each)
        if excerpt is not None and each.evidence is not None:
            lines = {(each.evidence.path, line) for line in excerpt.telling}
            if lines <= seen:
                each = replace(each, evidence=None)
            seen |= lines
        found.append(each)
    return found
