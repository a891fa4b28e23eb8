"""Facts about migrations of the node's database."""

from __future__ import annotations

from typing import Literal

from stigmem_review.facts.base import Fact, Gain, State, Unread

Refuses = Literal["number", "version", "SQL", "statement"]
"""Why a database refuses a release: a number or a version is lower than what it has, a migration
that it has is another one, or one that it has not fails."""


Upgraded = Literal["works", "never", "unknown"]
"""Going back works with a database that was upgraded, or the new release never starts there."""


class MigrationAdded(Fact, frozen=True, kw_only=True):
    """A migration of the node's database that the code did not make before.

    ``does`` are the first words of its statements; ``changes`` if some change what is there.
    """

    does: tuple[str, ...]
    changes: bool

    def gain(self) -> Gain | None:
        return Gain("other", "runs SQL on the node's database", (f"migration {self.item}",))


class MigrationRemoved(Fact, frozen=True, kw_only=True):
    """A migration that the code makes no longer."""


class MigrationRewritten(Fact, frozen=True, kw_only=True):
    """Other SQL under the same number; ``blanks`` if only blanks and line ends differ."""

    blanks: bool

    def gain(self) -> Gain | None:
        if self.blanks:
            return None
        return Gain("other", "runs other SQL on the node's database", (f"migration {self.item}",))


class MigrationUnread(Unread, frozen=True, kw_only=True):
    """A migration of which not everything can be read."""


class MigrationForeign(State, frozen=True, kw_only=True):
    """A migration under the name of another plugin."""

    excuse = "as before"

    plugin: str


class MigrationVersionInvalid(State, frozen=True, kw_only=True):
    """A migration whose version the node's ledger refuses."""

    excuse = "as before"

    version: str


class MigrationsRefused(Fact, frozen=True, kw_only=True):
    """The new release is refused by a database that the old one ran on.

    ``applied`` is what the database has, ``declared`` what is declared, and ``newer`` what of it
    stands against it; ``yours`` if the ledger of a database says so that was given.
    """

    newer: Refuses
    applied: str
    declared: str
    yours: bool = False


class RollbackRefused(Fact, frozen=True, kw_only=True):
    """The old release is refused by a database that the new one ran on.

    ``fresh`` if only by one that the new release set up from nothing, and ``upgraded`` what is
    known of others then; ``yours`` as above, and ``why`` what the node prints.
    """

    newer: Refuses
    applied: str
    declared: str
    fresh: bool
    upgraded: Upgraded = "unknown"
    yours: bool = False
    why: str = ""

    def gain(self) -> Gain | None:
        if self.fresh:
            return Gain("no way back", "leaves no way back on a database that it set up itself")
        return Gain("no way back", "leaves no way back without a backup of the node's database")
