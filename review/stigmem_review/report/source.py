"""A whole source diff as people and other programs read one: unified, file by file."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review.document.approvals import command
from stigmem_review.document.parts import Report
from stigmem_review.model import FileDiff, Hunk, SourceDiff
from stigmem_review.verdict import count


def read_command(report: Report) -> str:
    """Return the command that shows the code that differs, where an index still has that."""
    asked = []
    for each in report.reviewed:
        # Of a pin, only the index has what was reviewed.
        if "==" in each.source.asked and not each.source.origin:
            return ""
        asked.append(each.source.asked)
    return command("diff", *asked, "--code")


def diff_lines(file: FileDiff) -> Iterator[str]:
    """Yield what differs in one file, with what ``patch`` and others take for its head."""
    if not file.hunks:
        yield f"{file.path}: {file.change}, {file.why}"
        return
    yield f"--- {'/dev/null' if file.change == 'added' else file.path}"
    yield f"+++ {'/dev/null' if file.change == 'removed' else file.path}"
    for each in file.hunks:
        yield f"@@ -{_range(each, '+', each.old)} +{_range(each, '-', each.new)} @@"
        yield from each.lines
    if file.more:
        yield f"and {count(file.more, 'more line')}"


def _range(hunk: Hunk, other: str, start: int) -> str:
    length = sum(not line.startswith(other) for line in hunk.lines)
    # Of no lines, it is the one before them.
    return f"{start if length else start - 1},{length}"


def rest(diff: SourceDiff) -> Iterator[str]:
    """Yield in sentences what is not among the files."""
    if diff.why:
        yield f"No code is compared: {diff.why}."
    elif not diff.files:
        yield "No file that can run differs."
    if diff.others:
        verb = "differs" if diff.others == 1 else "differ"
        yield f"{count(diff.others, 'file')} that cannot run {verb}, too."
