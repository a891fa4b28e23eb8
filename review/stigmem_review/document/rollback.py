"""Whether the old release would load again, and the steps that work, in lines of a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stigmem_review import facts
from stigmem_review.case import Case
from stigmem_review.document.parts import Back, Line
from stigmem_review.forecast.ledger import Answer
from stigmem_review.forecast.rollback import Way
from stigmem_review.host import Node
from stigmem_review.model import on_one_line
from stigmem_review.text import Message, Segment, shorten

_ON = {
    "upgraded": "on a database that was upgraded",
    "new": "on a database that it set up",
    "yours": "on the database of the ledger",
}
_MAYBE = "back up the node's database: the old release may not load without that"
_BACKUP = "back up the node's database: nothing else brings the old release back"


def backs(found: Sequence[Way]) -> tuple[Back, ...]:
    """Return what a report has of each database, for whoever reads it as JSON."""
    return tuple(
        Back(
            on=each.on,
            backend=each.backend,
            upgrade=each.up.state,
            upgrade_prints=_prints(each.up),
            rollback=each.back.state,
            rollback_prints=_prints(each.back),
            why=each.back.why or each.up.why,
        )
        for each in found
    )


def _prints(answer: Answer) -> str:
    return shorten(f"{answer.error}: {answer.message}") if answer.state == "refused" else ""


def way_back(case: Case, found: Sequence[Way], old_node: Node | None) -> tuple[Line, ...]:
    """Return what becomes of the old release on each database, and how to go back to it."""
    if not (case.old.present or case.new.present):
        return ()
    return tuple(_lines(case, found, old_node))


def back_says(case: Case, found: Sequence[Way]) -> Message:
    """Return in one line whether the old release would load again."""
    if not (case.old.present or case.new.present):
        return ()
    if not case.old.present:
        return (Segment("uninstall it"),)
    old = Segment(case.old.version or "the old release", theirs=bool(case.old.version))
    if case.comparison.old_stops is not None:
        return (Segment("none: "), old, Segment(" does not start, whatever the database has"))
    shown = _shown(found)
    # A database that the new release set up is of nobody who ran the old one.
    kept = {each.back.state for each in shown if each.on != "new"}
    if not kept <= {"starts"}:
        never = "refused" in kept
        said = "none without a backup of the node's database" if never else "cannot be told"
        more = "" if never else "; back up the node's database"
        return (Segment(f"{said}{more}"),)
    if any(each.back.state != "starts" for each in shown):
        on = "on a database that it ran on before"
        return (old, Segment(f" loads again {on}, not on one that the new release set up"))
    return (old, Segment(" loads again on the same database"))


def _shown(found: Sequence[Way]) -> list[Way]:
    """Return the ways that there are: what the new release cannot set up, no node has."""
    return [each for each in found if each.on != "new" or each.up.state != "refused"]


def works(case: Case, found: Sequence[Way]) -> bool:
    """Say whether going back is known to work on every database."""
    fine = all(each.back.state == "starts" for each in found)
    return case.old.present and fine and case.comparison.old_stops is None


def _lines(case: Case, found: Sequence[Way], old_node: Node | None) -> Iterator[Line]:
    if not case.old.present:
        yield _line(
            "steps back", "uninstall it and restart the node, which then asks nothing of it"
        )
        yield from _stays(case)
        return
    old = Segment(case.old.version or "the old release", theirs=bool(case.old.version))
    if stops := case.comparison.old_stops:
        prints = Segment(f"{stops.exception}: {on_one_line(stops.message)}", theirs=True)
        says = (old, Segment(" does not start, whatever the database has: "), prints)
        yield Line("on any database", says)
        return
    shown = _shown(found)
    if works(case, shown) and all(each.up.state == "starts" for each in shown):
        yield Line("on the same database", (old, Segment(" loads again")))
    else:
        several = len({each.backend for each in shown}) > 1
        for each in shown:
            where = _ON[each.on] + (f" ({each.backend})" if several else "")
            yield Line(where, tuple(_says(each, old)))
    refused = [each for each in shown if each.back.state != "starts"]
    node = (Segment(" and the node "), Segment(old_node.version, theirs=True)) if old_node else ()
    again: Message = (Segment("install "), old, *node, Segment(" again, and start it"))
    if any(each.on != "new" for each in refused):
        told = any(each.on != "new" and each.back.state == "refused" for each in refused)
        yield _line("before the upgrade", _BACKUP if told else _MAYBE)
        again = (Segment("stop the node, put back that backup, "), *again)
    elif refused:
        again = (Segment("stop the node, "), *again, Segment("; "), *_NO_BACKUP)
    else:
        again = (Segment("stop the node, "), *again)
    yield Line("steps back", again)
    yield from _stays(case)


def _stays(case: Case) -> Iterator[Line]:
    """Yield what going back does not take back."""
    if not any(map(_leaves, case.comparison.ways)):
        return
    added = [each.item for each in case.comparison.facts if isinstance(each, facts.MigrationAdded)]
    if added:
        what = Segment(", ".join(added), theirs=True)
        yield Line("what stays", (Segment("what the SQL did of migration "), what))


def _leaves(way: Way) -> bool:
    """Say whether the new release leaves something in a database, if only where it fails."""
    ran = way.up.database.ran
    return way.up.state != "refused" or (way.up.check == "MIG-SQL" and bool(ran and ran[-1]))


_NO_BACKUP = (Segment("a database that the new release set up has no backup from before"),)


def _says(way: Way, old: Segment) -> Iterator[Segment]:
    if way.up.state == "refused":
        yield Segment("the new release does not start there; ")
    yield old
    match way.back.state:
        case "starts":
            yield Segment(" loads again")
        case "refused":
            yield Segment(" is refused, and the node does not start: ")
            yield Segment(_prints(way.back), theirs=True)
        case _:
            yield Segment(": cannot be told, since ")
            yield Segment(way.back.why, theirs=True)


def _line(what: str, says: str) -> Line:
    return Line(what, (Segment(says),))
