"""What the migrations of all plugins of a node come to on its database, in one start."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from stigmem_review.forecast.ledger import EMPTY, SQLITE, Answer, Database
from stigmem_review.forecast.model import Outcome
from stigmem_review.forecast.rollback import together

if TYPE_CHECKING:
    from stigmem_review.forecast.start import Plugin


def migrating(
    database: Database = EMPTY, backend: str = SQLITE
) -> Callable[[Sequence[Plugin]], Iterator[Outcome]]:
    """Return what says what migrations come to on a database; a new one where none is given."""

    def of(plugins: Sequence[Plugin]) -> Iterator[Outcome]:
        releases = list({id(each.release): each.release for each in plugins}.values())
        yield from _outcomes(together(releases, backend, database))

    return of


def _outcomes(answer: Answer) -> Iterator[Outcome]:
    if answer.state != "starts":
        yield Outcome(
            "refused" if answer.state == "refused" else "untold",
            answer.plugin,
            answer.check or None,
            answer.error,
            answer.message,
            why=answer.why,
        )
