"""What is known of the Stigmem host, per node release, as data.

``stigmem_node.json`` holds what is said in words. What a capability opens, and how much that
matters, follows the host's plugin capability reference.

``releases.json`` and ``modules.json`` are written by ``tests/update_host.py`` from the released
wheels: name and version patterns and the default of ``requires_stigmem`` from
``stigmem_node.plugins.manifest``, the plugins that graduated into the node from ``.discovery``,
hooks, bands, semantics and orderings from ``.hooks``, capabilities and their accessors from
``.capabilities`` and ``.context``, the keywords of a hook's ``calls`` from where the node fires it,
its settings about plugins, and its modules. Hooks and capabilities stand at the first release that
has them so; a test compares them with the real node.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Literal

import msgspec

from stigmem_review.errors import UsageError

Power = Literal["deny", "rewrite", "rank", "observe", "unknown"]
Impact = Literal["high", "sensitive", "ordinary", "unknown"]
Band = Literal[
    "AUTHN",
    "AUTHZ",
    "VALIDATE",
    "TRANSFORM",
    "FILTER",
    "RANK",
    "PERSIST",
    "AUDIT",
    "OBSERVE",
    "unknown",
]


class HookInfo(msgspec.Struct, frozen=True):
    """What a hook lets its handler do.

    ``power`` follows from the hook's semantic, ``acts`` says it in words that complete "it
    can ..."; ``when`` says its place relative to the node's own handlers; ``failure`` what an
    exception in the handler leads to; ``positionals`` how many positional arguments a handler has
    to take (``stigmem_node.plugins.registry``).
    """

    name: str
    known: bool
    band: Band
    power: Power
    acts: str
    when: str
    failure: str
    positionals: int


class CapabilityInfo(msgspec.Struct, frozen=True):
    """What a capability opens, in words that complete "it may ...", and how much that matters."""

    name: str
    known: bool
    impact: Impact
    opens: str
    ask: str


class _Semantic(msgspec.Struct):
    name: str
    power: Power
    failure: str
    positionals: int


class _Ordering(msgspec.Struct):
    name: str
    when: str


class _HookWords(msgspec.Struct):
    name: str
    acts: str
    failure: str = ""
    """Where it is not what follows from the semantic: for hooks that fire while the node starts."""


class _CapabilityWords(msgspec.Struct):
    name: str
    impact: Impact
    opens: str
    ask: str


class _Hook(msgspec.Struct):
    member: str
    name: str
    band: Band
    semantic: str
    ordering: str
    strict_audit: bool
    calls: list[tuple[str, ...]]
    core: tuple[str, ...]


class _Capability(msgspec.Struct):
    member: str
    name: str
    accessor: str


class _Interface(msgspec.Struct):
    hooks: list[_Hook]
    capabilities: list[_Capability]


class _Release(msgspec.Struct):
    version: str
    name_pattern: str
    version_pattern: str
    requires_default: str
    graduated: frozenset[str]
    settings: frozenset[str]
    interface: _Interface | None = None
    """Its hooks and capabilities, where they are not those of the release before."""


class _Words(msgspec.Struct):
    semantics: list[_Semantic]
    orderings: list[_Ordering]
    hooks: list[_HookWords]
    capabilities: list[_CapabilityWords]


_STRICT = "an exception in it is raised, because this is a strict audit hook"


class Node:
    """One release of the node, as far as plugins can tell it from another.

    ``judged_as`` is the newest release that is known, where this one is newer and is taken to be
    like it; empty where this one is known itself.
    """

    def __init__(
        self, words: _Words, release: _Release, interface: _Interface, version: str
    ) -> None:
        self.version = version
        self.judged_as = "" if version == release.version else release.version
        self.requires_default = f">={version}" if self.judged_as else release.requires_default
        self.graduated = release.graduated
        self.settings = release.settings
        # The host's patterns run in an engine where `$` is the end of the text and nothing else,
        # so they are matched as a whole here.
        self.name_pattern = re.compile(release.name_pattern.removesuffix("$"))
        self.version_pattern = re.compile(release.version_pattern.removesuffix("$"))
        hooks, capabilities = interface.hooks, interface.capabilities
        self.hook_members = {hook.member: hook.name for hook in hooks}
        self.capability_members = {item.member: item.name for item in capabilities}
        self.accessors = {item.accessor: item.name for item in capabilities}
        self.core_handlers = {hook.name: hook.core for hook in hooks if hook.core}
        """The handlers that the node registers itself, by their hooks."""
        self._hooks = _hook_infos(words, hooks)
        self._calls = {hook.name: tuple(hook.calls) for hook in hooks}
        said = {item.name: item for item in words.capabilities}
        self._capabilities = {
            name: CapabilityInfo(name, True, said[name].impact, said[name].opens, said[name].ask)
            for name in self.capability_members.values()
        }

    def hook(self, name: str) -> HookInfo:
        """Return what is known of a hook; of a name this node does not have, that it is unknown."""
        return self._hooks.get(name) or HookInfo(
            name, False, "unknown", "unknown", "do what this node does not know", "", "", 0
        )

    def calls(self, name: str) -> tuple[tuple[str, ...], ...]:
        """Return the keywords the node passes to a hook's handlers, for each kind of call."""
        return self._calls.get(name, ())

    def capability(self, name: str) -> CapabilityInfo:
        """Return what is known of a capability, or that this node does not have it."""
        return self._capabilities.get(name) or CapabilityInfo(
            name, False, "unknown", "do what this node does not know", ""
        )

    def accessor(self, capability: str) -> str:
        """Return the context's method that a capability opens; empty where it opens none."""
        opened = {name: accessor for accessor, name in self.accessors.items()}
        return opened.get(capability, "")

    @property
    def can_be_told_to_find_none(self) -> bool:
        """Whether a setting keeps it from looking for plugins."""
        return "plugin_auto_discovery_enabled" in self.settings

    @property
    def hooks(self) -> tuple[str, ...]:
        """The names of this node's hooks, in the host's order."""
        return tuple(self._hooks)

    @property
    def capabilities(self) -> tuple[str, ...]:
        """The names of this node's capabilities, in the host's order."""
        return tuple(self._capabilities)


def _hook_infos(words: _Words, hooks: list[_Hook]) -> dict[str, HookInfo]:
    semantics = {item.name: item for item in words.semantics}
    when = {item.name: item.when for item in words.orderings}
    said = {item.name: item for item in words.hooks}
    infos = {}
    for hook in hooks:
        semantic = semantics[hook.semantic]
        infos[hook.name] = HookInfo(
            name=hook.name,
            known=True,
            band=hook.band,
            power=semantic.power,
            acts=said[hook.name].acts,
            when=when[hook.ordering],
            failure=said[hook.name].failure or (_STRICT if hook.strict_audit else semantic.failure),
            positionals=semantic.positionals,
        )
    return infos


@functools.cache
def _words() -> _Words:
    text = Path(__file__).with_name("stigmem_node.json").read_bytes()
    return msgspec.json.decode(text, type=_Words)


@functools.cache
def _releases() -> list[_Release]:
    text = Path(__file__).with_name("releases.json").read_bytes()
    return msgspec.json.decode(text, type=list[_Release])


def versions() -> tuple[str, ...]:
    """Return the node releases that are known, oldest first."""
    return tuple(release.version for release in _releases())


def is_known(version: str) -> bool:
    """Say whether a node release is known, or newer than all that are, and judged as the newest."""
    return version in versions() or _is_newer(version)


def _is_newer(version: str) -> bool:
    from packaging.version import Version

    try:
        return Version(version) > Version(versions()[-1])
    except ValueError:  # no version, or a number with more digits than Python converts
        return False


@functools.cache
def node(version: str | None = None) -> Node:
    """Return what is known of one node release; without a version, of the newest one.

    A newer one is judged as the newest. Raises ``UsageError`` for another that nobody has
    described.
    """
    releases = _releases()
    wanted = version or releases[-1].version
    interface = _Interface([], [])
    for release in releases:
        interface = release.interface or interface
        if release.version == wanted:
            return Node(_words(), release, interface, wanted)
    if _is_newer(wanted):
        return Node(_words(), releases[-1], interface, wanted)
    known = versions()
    raise UsageError(
        f"node version {wanted!r} is not known here; "
        f"known are {known[0]} to {known[-1]}: pass one of those, or update stigmem-review"
    )


def nearest(name: str, known: tuple[str, ...]) -> str:
    """Return the known name that ``name`` was probably meant to be, or an empty string."""
    import difflib

    folded = name.strip().lower().replace("-", "_")
    by_fold = {item.replace("-", "_"): item for item in known}
    found = difflib.get_close_matches(folded, list(by_fold), n=1, cutoff=0.75)
    return by_fold[found[0]] if found else ""
