"""Facts about entry points, and what loading them gives."""

from __future__ import annotations

from stigmem_review.facts.base import Explained, Fact, Gain, Replaced, Unread


class EntryPointAdded(Fact, frozen=True, kw_only=True):
    """A declared entry point."""

    group: str
    value: str

    def gain(self) -> Gain | None:
        return Gain("other", "is run by others through an entry point", (self.item,))


class EntryPointRemoved(Fact, frozen=True, kw_only=True):
    """An entry point no longer declared."""

    group: str
    value: str


class EntryPointChanged(Replaced, frozen=True, kw_only=True):
    """An entry point that leads elsewhere."""

    group: str

    def gain(self) -> Gain | None:
        return Gain("other", "is run by others through an entry point", (self.item,))


class EntryPointMissing(Unread, frozen=True, kw_only=True):
    """No entry point makes it a plugin."""

    explains = "manifest"


class EntryPointsSeveral(Unread, frozen=True, kw_only=True):
    """It declares several plugins."""

    explains = "manifest"


class EntryPointInvalid(Unread, frozen=True, kw_only=True):
    """An entry point that cannot be loaded."""

    explains = "manifest"


class EntryPointOdd(Explained, frozen=True, kw_only=True):
    """An entry point that the node loads and other tools read in another way."""

    excuse = "as before"


class BuiltOtherwise(Explained, frozen=True, kw_only=True):
    """A built distribution declares other entry points than the project it was built from."""

    excuse = "as before"


class TargetMissing(Unread, frozen=True, kw_only=True):
    """The entry point leads nowhere."""

    explains = "manifest"


class TargetNotFactory(Unread, frozen=True, kw_only=True):
    """The entry point leads to what the node cannot call."""

    explains = "manifest"


class LoadRaises(Unread, frozen=True, kw_only=True):
    """Importing the module of the entry point, or calling the factory, raises in every case."""

    explains = "manifest"
