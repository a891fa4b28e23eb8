"""Facts about what a release needs: the node, Python, other distributions."""

from __future__ import annotations

from typing import Literal

from stigmem_review.facts.base import Explained, Fact, Replaced, Restated


class RequiresStigmemChanged(Restated, frozen=True, kw_only=True):
    """Which node releases it says it works with."""


class RequirementAdded(Fact, frozen=True, kw_only=True):
    """A distribution it needs.

    ``direct`` if it comes from a URL, ``optional`` if only somebody who asks for an extra gets it.
    """

    value: str
    optional: bool
    direct: bool


class RequirementRemoved(Fact, frozen=True, kw_only=True):
    """A distribution it needs no longer."""

    value: str


class RequirementChanged(Replaced, frozen=True, kw_only=True):
    """Other versions of a distribution it needs."""

    direct: bool


class RequiresPythonChanged(Replaced, frozen=True, kw_only=True):
    """Which Python versions it says it works with."""


class RequiresStigmemUnmet(Explained, frozen=True, kw_only=True):
    """The node is not one it says it works with; ``invalid`` if it says what no node can read."""

    invalid: bool


class ImportMissing(Explained, frozen=True, kw_only=True):
    """An import that the node does not have (``of_host``), or that nothing required provides.

    ``fails`` says when: at the start of the node, because loading the plugin runs it; later, when
    the code around it runs; or perhaps, where a requirement may still bring it along.
    """

    fails: Literal["start", "later", "perhaps"]
    of_host: bool
