"""Facts about the other fields of a manifest, and whether they can be read."""

from __future__ import annotations

from stigmem_review.facts.base import (
    Explained,
    Fact,
    Gain,
    Reconditioned,
    Replaced,
    Restated,
    State,
    Unread,
)


class DependsOnAdded(Fact, frozen=True, kw_only=True):
    """Another plugin it needs now."""

    def gain(self) -> Gain | None:
        return Gain("dependency", "needs another plugin", (self.item,), when=self.when)


class DependsOnRemoved(Fact, frozen=True, kw_only=True):
    """Another plugin it needs no longer."""


class DependsOnReconditioned(Reconditioned, frozen=True, kw_only=True):
    """A plugin it needs as before, at other times."""


class AsyncSafeChanged(Restated, frozen=True, kw_only=True):
    """Whether it says it is safe under concurrent use; ``unsafe`` if it can say that it is not."""

    unsafe: bool


class HealthResult(Explained, frozen=True, kw_only=True):
    """A health check that never returns what the node takes for health."""

    excuse = "as before"


class RouteAdded(Fact, frozen=True, kw_only=True):
    """A router that the node would mount.

    ``paths`` are what it answers, ``open`` those of them on which no dependency is seen; ``moved``
    says that the old release answered them all, with the same dependencies.
    """

    paths: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    moved: bool = False

    def gain(self) -> Gain | None:
        if self.moved:
            return None
        return Gain("route", "adds routes to the node", (self.item,), when=self.when)


class RouteRemoved(Fact, frozen=True, kw_only=True):
    """A router that the node would mount no longer.

    ``kept`` are those of its paths that the new release answers still, ``lost`` the others.
    """

    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


class RouteReconditioned(Reconditioned, frozen=True, kw_only=True):
    """A router that the node would mount as before, at other times."""

    def gain(self) -> Gain | None:
        if self.shift == "sometimes":
            return None
        return Gain("route", "adds routes to the node", (self.item,), when=self.when)


class HealthCheckChanged(Restated, frozen=True, kw_only=True):
    """The health check; empty where there is none."""


class ConfigSchemaChanged(Restated, frozen=True, kw_only=True):
    """The configuration class; empty where there is none."""


class FieldLost(Fact, frozen=True, kw_only=True):
    """A field that could be read and now cannot."""

    why: str
    old: str

    def gain(self) -> Gain | None:
        return Gain("unread", "has something that cannot be read any more", (self.item,))


class FieldUnread(Unread, frozen=True, kw_only=True):
    """A field that can be read in neither release, or in a first one."""


class FieldFirstRead(Fact, frozen=True, kw_only=True):
    """A field that could not be read before and now can."""

    new: str


class ConditionUnclear(State, frozen=True, kw_only=True):
    """A field that can be or hold something, of which its conditions do not tell when it is so.

    ``items`` are in words, and the same in both releases.
    """

    excuse = "same code"

    items: tuple[str, ...]


class ManifestUnread(Unread, frozen=True, kw_only=True):
    """No field of the manifest could be read; ``lost`` if before it could."""

    lost: bool

    def gain(self) -> Gain | None:
        return Gain("unread", "has a manifest that cannot be read")


class ManifestFirstRead(Fact, frozen=True, kw_only=True):
    """The manifest could not be read before and now can."""

    capabilities: tuple[str, ...]
    hooks: tuple[str, ...]

    def gain(self) -> Gain | None:
        names = (*self.hooks, *self.capabilities)
        return Gain("hook", "asks for what could not be read before", names)


class KeywordUnknown(State, frozen=True, kw_only=True):
    """A keyword the manifest class drops, and the one probably meant."""

    excuse = "as before"

    nearest: str


class FieldRefused(Unread, frozen=True, kw_only=True):
    """A field the manifest class refuses."""

    explains = "field"


class NameInvalid(State, frozen=True, kw_only=True):
    """A manifest name that the node refuses."""

    excuse = "as before"

    pattern: str


class VersionInvalid(State, frozen=True, kw_only=True):
    """A manifest version that the node refuses."""

    excuse = "as before"

    pattern: str


class EndpointAdded(Fact, frozen=True, kw_only=True):
    """A method and path that a router answers now, and what they depend on."""

    guards: tuple[str, ...]

    def gain(self) -> Gain | None:
        remark = "" if self.guards else "on which no dependency is seen"
        return Gain("route", "answers requests", (self.item,), remark)


class EndpointRemoved(Fact, frozen=True, kw_only=True):
    """A method and path that a router answers no longer."""


class EndpointGuarded(Fact, frozen=True, kw_only=True):
    """A method and path that depend on something more."""

    gained: tuple[str, ...]


class EndpointUnguarded(Fact, frozen=True, kw_only=True):
    """A method and path that no longer depend on something; ``left`` is what they still do on."""

    lost: tuple[str, ...]
    left: tuple[str, ...]

    def gain(self) -> Gain | None:
        return Gain("undenied", f"no longer asks {len(self.lost)} of its guards", (self.item,))


class RefusalLost(Fact, frozen=True, kw_only=True):
    """A method and path whose function is not seen to refuse any more with some statuses.

    ``lost`` are those, of which each keeps somebody out, ``left`` what it still refuses with.
    ``by`` is what it depends on, where not its function but that one refused.
    """

    lost: tuple[str, ...]
    left: tuple[str, ...]
    by: str = ""

    def gain(self) -> Gain | None:
        return Gain("undenied", "is not seen to refuse any more", (self.item,))


class ConfigFieldAdded(Fact, frozen=True, kw_only=True):
    """A field that the configuration class did not have; ``required`` if it has no default."""

    new: str
    required: bool


class ConfigFieldRemoved(Fact, frozen=True, kw_only=True):
    """A field that the configuration class has no longer."""

    old: str


class ConfigFieldChanged(Replaced, frozen=True, kw_only=True):
    """Another type or default of a setting; ``required`` if it lost its default.

    ``inside`` says where two defaults that are written out differ, path by path.
    """

    required: bool
    inside: tuple[str, ...] = ()
