"""Facts about what the operator's policy says of a release."""

from __future__ import annotations

from typing import Literal

from stigmem_review.facts.base import Fact

Right = Literal["capability", "hook", "authority", "destination"]


class Forbidden(Fact, frozen=True, kw_only=True):
    """Something that a release has and the policy says it must never have.

    ``item`` is what it has, ``by`` the table that forbids it.
    """

    right: Right
    by: str


class ForbiddenUnread(Fact, frozen=True, kw_only=True):
    """Something that the policy forbids, of which nobody can say whether a release has it."""

    right: Right
    by: str
    why: str
