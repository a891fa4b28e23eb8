"""Facts about pins, and whoever changes them."""

from __future__ import annotations

from stigmem_review.facts.base import Fact


class PinUnhashed(Fact, frozen=True, kw_only=True):
    """A plugin pinned without a hash; ``before`` if it was so before as well."""

    before: bool


class PinMismatch(Fact, frozen=True, kw_only=True):
    """No file of a release hashes to what its pin allows."""

    expected: tuple[str, ...]
    found: tuple[str, ...]


class HashUnknown(Fact, frozen=True, kw_only=True):
    """A pin allows files by hashes that no file of the release has."""

    hashes: tuple[str, ...]


class ReleaseYanked(Fact, frozen=True, kw_only=True):
    """A release that its index says was withdrawn (PEP 592); ``why`` is the reason it gives."""

    why: str


class ExtrasChanged(Fact, frozen=True, kw_only=True):
    """A plugin that is installed with other extras; ``added`` are new, ``removed`` are gone."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


class PinLoosened(Fact, frozen=True, kw_only=True):
    """A plugin that was pinned to one release and no longer is."""

    was: str


class RequirementUnpinned(Fact, frozen=True, kw_only=True):
    """A new or changed requirement that names no single release."""

    name: str


class ConflictingPins(Fact, frozen=True, kw_only=True):
    """A plugin pinned to several releases at once."""

    pins: tuple[str, ...]


class IndexOptionChanged(Fact, frozen=True, kw_only=True):
    """An option that decides where installers look; ``added`` or else removed."""

    added: bool


class PolicyChanged(Fact, frozen=True, kw_only=True):
    """The policy is changed in the reviewed commits; ``with_pins`` if pins are as well."""

    with_pins: bool


class SigningLoosened(Fact, frozen=True, kw_only=True):
    """A setting that makes a node take plugins, or signers, that it did not take before."""


class PolicyBroken(Fact, frozen=True, kw_only=True):
    """A policy that cannot be read any more; ``why`` says what is wrong with it."""

    why: str


class CheckLoosened(Fact, frozen=True, kw_only=True):
    """A file that runs this review no longer does, or no longer minds what it says."""
