"""Facts about what a release needs: the node, Python, other distributions."""

from __future__ import annotations

from typing import Literal, get_args

from stigmem_review.facts.base import Explained, Fact, Gain, Replaced, Restated, State


class RequiresStigmemChanged(Restated, frozen=True, kw_only=True):
    """Which node releases it says it works with."""


def _named(item: str, value: str) -> str:
    return item if value == "any version" else f"{item} {value}"


class RequirementAdded(Fact, frozen=True, kw_only=True):
    """A distribution it needs.

    ``direct`` if it comes from a URL, ``optional`` if only somebody who asks for an extra gets it;
    ``of_host`` if it is the node, which is there already.
    """

    value: str
    optional: bool
    direct: bool
    of_host: bool

    def gain(self) -> Gain | None:
        if self.optional:
            return None
        remark = "from an address of its author" if self.direct else ""
        return Gain("dependency", "installs", (_named(self.item, self.value),), remark)


class RequirementRemoved(Fact, frozen=True, kw_only=True):
    """A distribution it needs no longer."""

    value: str


class RequirementChanged(Replaced, frozen=True, kw_only=True):
    """Other versions of a distribution it needs."""

    direct: bool

    def gain(self) -> Gain | None:
        return Gain("dependency", "installs other versions", (_named(self.item, self.new),))


class RequiresPythonChanged(Replaced, frozen=True, kw_only=True):
    """Which Python versions it says it works with."""


class RequiresStigmemUnmet(Explained, frozen=True, kw_only=True):
    """The node is not one it says it works with; ``invalid`` if it says what no node can read.

    ``final`` if it takes no pre-release, and there is no other node yet.
    """

    excuse = "as before"

    invalid: bool
    final: bool = False


class NodeRequirementUnmet(State, frozen=True, kw_only=True):
    """What its metadata requires of the node's own distribution is not the node; ``item`` says it.

    An installer goes by that, and the node does not.
    """

    excuse = "as before"


class PluginGraduated(State, frozen=True, kw_only=True):
    """What it does is part of the node, which ignores the plugin and runs nothing of it."""

    excuse = "as before"


class DependencyGraduated(State, frozen=True, kw_only=True):
    """A plugin that it depends on is part of the node, for which it counts as missing."""

    excuse = "as before"


Fails = Literal["start", "later", "perhaps"]
"""When an import fails, worst first."""


class ImportMissing(Explained, frozen=True, kw_only=True):
    """An import that the node does not have (``of_host``), or that nothing required provides.

    ``fails`` says when: at the start of the node, because loading the plugin runs it; later, when
    the code around it runs; or perhaps, where a requirement may still bring it along.
    """

    excuse = "as before"
    baseline = "code"
    explains = "place"

    fails: Fails
    of_host: bool

    def covers(self, new: State) -> bool:
        worse = get_args(Fails)
        return (
            isinstance(new, ImportMissing)
            and self.item == new.item
            and worse.index(self.fails) <= worse.index(new.fails)
        )
