"""Facts about hooks and their handlers."""

from __future__ import annotations

from typing import Literal

from stigmem_review.conditions import When
from stigmem_review.facts.base import (
    Explained,
    Fact,
    Gain,
    Reconditioned,
    Restated,
    State,
    Stated,
    Unread,
)
from stigmem_review.host import HookInfo

Shift = Literal["less", "more", "other", "unclear", "untold"]


def _runs(hook: HookInfo, when: When) -> Gain | None:
    return Gain("hook", f"can {hook.acts}", (hook.name,), when=when) if hook.known else None


class HookAdded(Fact, frozen=True, kw_only=True):
    """A hook that had no handler before; ``target`` is empty where it is not known."""

    hook: HookInfo
    target: Stated

    def gain(self) -> Gain | None:
        return _runs(self.hook, self.when)


class HookRemoved(Fact, frozen=True, kw_only=True):
    """A hook that has no handler any more."""

    hook: HookInfo
    target: Stated

    def gain(self) -> Gain | None:
        protects = self.hook.power == "deny" or self.hook.band == "FILTER"
        if not (self.hook.known and protects):
            return None
        return Gain("undenied", f"can no longer {self.hook.acts}", (self.item,))


class HookReconditioned(Reconditioned, frozen=True, kw_only=True):
    """A hook that has a handler as before, at other times."""

    hook: HookInfo

    def gain(self) -> Gain | None:
        return None if self.shift == "sometimes" else _runs(self.hook, self.when)


class HookRebound(Restated, frozen=True, kw_only=True):
    """The same hook, bound to another handler; ``same`` if that is the same code."""

    hook: HookInfo
    same: bool = False

    def gain(self) -> Gain | None:
        return None if self.same else Gain("code", "runs another handler", (self.item,))


class HandlerChanged(Fact, frozen=True, kw_only=True):
    """The same handler, and other code in it, or in what it can reach in its own release.

    ``itself`` if the handler's own definition changed; ``changed`` names the others, at most a
    few, and ``more`` says how many those are that it leaves out. ``come`` are definitions that it
    reaches because of that, and did not before.
    """

    hook: HookInfo
    target: str
    itself: bool
    changed: tuple[str, ...]
    more: int
    come: tuple[str, ...]

    def gain(self) -> Gain | None:
        return Gain("code", "runs other code than before", (self.item,))


class DenyLost(Fact, frozen=True, kw_only=True):
    """A hook that could be denied by its handler, and cannot any more.

    ``allows`` if the handler can allow, ``fails`` if it can end as no verdict, which fails.
    """

    hook: HookInfo
    target: str
    allows: bool
    fails: bool

    def gain(self) -> Gain | None:
        return Gain("undenied", f"can no longer {self.hook.acts}", (self.item,))


class DenyUnclear(Fact, frozen=True, kw_only=True):
    """A hook that could be denied by its handler, of which that cannot be told any more."""

    hook: HookInfo
    target: str

    def gain(self) -> Gain | None:
        return Gain("undenied", f"may no longer {self.hook.acts}", (self.item,))


class DecidesOtherwise(Fact, frozen=True, kw_only=True):
    """A handler that ends in another way than before, where all that is asked for is the same.

    ``shift`` is ``less`` where it denied and lets pass, ``more`` where it let pass and denies,
    ``other`` where it gives something else, ``unclear`` where it cannot be told any more,
    ``untold`` where it could not be told of the old code, and it runs other code. ``dropped`` are
    conditions of the old way that the new one does not ask for, ``added`` those that only the new
    one has, ``more`` how many further ways differ so. ``was`` and ``now`` are what it gives, in
    words of the code.
    """

    hook: HookInfo
    target: str
    shift: Shift
    was: str
    now: str
    dropped: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    more: int = 0

    def gain(self) -> Gain | None:
        if self.shift == "less":
            return Gain("undenied", "denies less than before", (self.item,))
        if self.shift == "unclear":
            return Gain("code", "decides by what cannot be told any more", (self.item,))
        if self.shift == "untold":
            return Gain("code", "decides by other code than before", (self.item,))
        return Gain("code", "decides otherwise than before", (self.item,))


class DecidingConstantChanged(Fact, frozen=True, kw_only=True):
    """A constant that a handler decides by, and that is another one than before."""

    hook: HookInfo
    target: str
    constant: str
    was: str
    now: str

    def gain(self) -> Gain | None:
        return Gain("code", "decides by another value than before", (self.item,))


class HandlerResult(Explained, frozen=True, kw_only=True):
    """A handler that never returns what the node can use."""

    excuse = "as before"

    hook: HookInfo


class ResultAtTimes(Explained, frozen=True, kw_only=True):
    """A handler that returns what the node can use in some cases, and not in others."""

    excuse = "as before"

    hook: HookInfo


class HandlerUnread(Unread, frozen=True, kw_only=True):
    """A hook whose handler could not be followed."""

    hook: HookInfo


class HookUnknown(State, frozen=True, kw_only=True):
    """A hook the node does not have, and the one probably meant."""

    excuse = "as before"

    nearest: str


class HandlerArity(Explained, frozen=True, kw_only=True):
    """A handler that takes fewer positional arguments than its hook is called with."""

    excuse = "as before"

    needs: int


class ContextLacks(Explained, frozen=True, kw_only=True):
    """A handler that asks for what there is not, so that it fails there.

    That is an attribute that its context does not have, or a name that nothing binds.
    """

    excuse = "as before"


class HandlerAsync(Explained, frozen=True, kw_only=True):
    """A handler that is a coroutine function, of which the node never awaits the result."""

    excuse = "as before"

    hook: HookInfo


class HandlerSignatureMismatch(Explained, frozen=True, kw_only=True):
    """A handler that does not take what the node passes, so that calls of it fail."""

    excuse = "as before"

    hook: HookInfo
