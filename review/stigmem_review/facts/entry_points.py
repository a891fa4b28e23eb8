"""Facts about entry points, and what loading them gives."""

from __future__ import annotations

from stigmem_review.facts.base import Explained, Fact, Gain, Replaced, Unread


class NoManifest(Unread, frozen=True, kw_only=True):
    """The shape of what leaves no manifest to be read."""

    explains = "manifest"


def _run_by_others(item: str) -> Gain:
    return Gain("other", "is run by others through an entry point", (item,))


class EntryPointAdded(Fact, frozen=True, kw_only=True):
    """A declared entry point."""

    group: str
    value: str

    def gain(self) -> Gain | None:
        return _run_by_others(self.item)


class EntryPointRemoved(Fact, frozen=True, kw_only=True):
    """An entry point no longer declared."""

    group: str
    value: str


class EntryPointChanged(Replaced, frozen=True, kw_only=True):
    """An entry point that leads elsewhere."""

    group: str

    def gain(self) -> Gain | None:
        return _run_by_others(self.item)


class EntryPointMissing(NoManifest, frozen=True, kw_only=True):
    """No entry point makes it a plugin."""


class EntryPointsSeveral(NoManifest, frozen=True, kw_only=True):
    """It declares several plugins."""


class EntryPointInvalid(NoManifest, frozen=True, kw_only=True):
    """An entry point that cannot be loaded."""


class EntryPointOdd(Explained, frozen=True, kw_only=True):
    """An entry point that the node loads and other tools read in another way."""

    excuse = "as before"


class WheelDiffersFromSource(Explained, frozen=True, kw_only=True):
    """A built distribution declares other entry points than the project it was built from."""

    excuse = "as before"


class NotShipped(NoManifest, frozen=True, kw_only=True):
    """The node needs a file that the project holds and its build does not install."""


class TargetMissing(NoManifest, frozen=True, kw_only=True):
    """The entry point leads nowhere."""


class TargetNotFactory(NoManifest, frozen=True, kw_only=True):
    """The entry point leads to what the node cannot call."""


class LoadRaises(NoManifest, frozen=True, kw_only=True):
    """Importing the module of the entry point, or calling the factory, raises in every case."""
