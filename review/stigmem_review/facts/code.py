"""Facts about what code reaches and does."""

from __future__ import annotations

from typing import Literal

from stigmem_review.facts.base import Explained, Fact, Gain, Gained, State
from stigmem_review.model import ActKind, Does

Reached = Literal["no", "yes", "unknown"]
"""Whether the old release reached the same kind of thing, if only by other names."""


Declared = Literal["", "no", "yes", "unknown"]
"""Whether the manifest declares network.outbound; empty where that is beside the point."""


Occasion = Literal[
    "as soon as the node imports it",
    "when the node calls its factory",
    "on every assertion",
    "on every recall",
    "in exchanges with other nodes",
    "whenever an identity, a tenant or a capability is checked",
    "on every audit event",
    "while the node starts",
    "when its health is checked",
    "on requests to its routes",
    "on several occasions",
    "on an occasion that is not known",
    "where it is imported",
    "when other code calls it",
    "in code that nothing in the plugin calls",
]
"""What makes code run."""


_GAINED: dict[ActKind, Gained] = {
    "network": "network",
    "server": "network",
    "process": "process",
    "code": "code",
    "native code": "code",
    "credentials": "files",
    "files read": "files",
    "files written": "files",
    "environment": "environment",
    "background": "other",
    "databases": "other",
    "host internals": "code",
    "monkeypatching": "code",
    "computed": "code",
    "unverified": "network",
    "own": "other",
}
"""What is gained by an act."""


class Reaches(Fact, frozen=True, kw_only=True):
    """Something that code does by itself and that is new: what, to where, or on which occasion.

    ``to`` are the destinations; where they are not ``whole``, others cannot be read, and ``code``
    are digests of the code that has them. ``apis`` are what it is recognised by, ``hooks`` the
    hooks that do it, of which one ``decides`` on requests or rewrites them. It is not ``reached``
    where nothing in the release calls it. ``before`` says whether the old release did the same
    kind of thing. ``data`` is what of a request it is given, and ``kept`` are the hooks that kept
    some of that, where it is given to them and not to what does this.
    """

    act: ActKind
    does: Does
    to: tuple[str, ...]
    whole: bool
    apis: tuple[str, ...]
    occasion: Occasion
    hooks: tuple[str, ...] = ()
    decides: bool = False
    reached: bool = True
    before: Reached
    declared: Declared = ""
    code: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def gain(self) -> Gain | None:
        does = f"{self.does} {self.occasion}"
        remark = "" if self.whole or not self.to else "and somewhere that cannot be read"
        return Gain(_GAINED[self.act], does, self.to or self.apis, remark)


class AuthorityUsed(Reaches, frozen=True, kw_only=True):
    """It works with files, variables, databases, threads, or with what is not for plugins."""


class ImportTimeEffect(Reaches, frozen=True, kw_only=True):
    """It does any of these while the node loads the plugin."""


class NetworkUsed(Reaches, frozen=True, kw_only=True):
    """It talks to others over the network, or listens for them."""


class CredentialsRead(Reaches, frozen=True, kw_only=True):
    """It reads what is secret: keys, tokens, settings and the database of the node."""


class DataSent(Reaches, frozen=True, kw_only=True):
    """It does to the same end what it did, with more of what a request has.

    ``untold`` where the code of a handler that could not be gone through is other code, so that
    what it is given there has to be read.
    """

    untold: bool = False

    def gain(self) -> Gain | None:
        more = "what cannot be told" if self.untold else "more"
        does = f"{self.does} {self.occasion}, with {more} of the request"
        return Gain(_GAINED[self.act], does, self.to or self.apis)


class CodeRun(Reaches, frozen=True, kw_only=True):
    """It runs what is not in its source: programs, texts and data as code, native code."""


class AccessorUndeclared(State, frozen=True, kw_only=True):
    """An interface of the node that the code asks for and whose capability is not declared."""

    excuse = "as before"

    accessor: str


class CapabilityUnused(State, frozen=True, kw_only=True):
    """A capability that is declared and whose interface no code asks for."""

    excuse = "as before"
    baseline = "use"
    listed = False

    accessor: str


class UnexpectedFile(Explained, frozen=True, kw_only=True):
    """A file that is no Python source; ``runs`` if Python can run what is in it."""

    excuse = "as before"
    baseline = "code"
    listed = False

    runs: bool
    sha256: str

    def gain(self) -> Gain | None:
        return Gain("unread", "has files that are no Python source", (self.item,))


class SourceDeceptive(Explained, frozen=True, kw_only=True):
    """Source that says something else than it seems to (``misleads``), or hides code in a text.

    ``sha256`` is that of the lines or texts that do.
    """

    excuse = "as before"
    baseline = "code"
    listed = False

    misleads: bool
    sha256: str

    def gain(self) -> Gain | None:
        return Gain("unread", "has source that hides something", (self.item,))


class FactoryRaises(Explained, frozen=True, kw_only=True):
    """A place where the factory raises, and under which condition."""

    excuse = "as before"
    baseline = "code"
    listed = False
