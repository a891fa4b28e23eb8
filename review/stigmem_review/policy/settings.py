"""What the node's own settings say about signing."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """The settings of a node that decide about signatures (``stigmem_node.settings``).

    ``trusted`` and ``override`` are bare identities; ``required`` is absent where nobody said it;
    ``acknowledged`` if the operator accepts unsigned plugins in the node's own words. ``read_from``
    names the file they come from, or the environment.
    """

    trusted: tuple[str, ...] = ()
    override: tuple[str, ...] = ()
    required: bool | None = None
    acknowledged: bool = False
    read_from: str = "the environment"


def read_settings(env_file: str | None, environment: Mapping[str, str]) -> Settings:
    """Read the settings in an env file, or else those of an environment.

    Raises ``PolicyError`` where they cannot be read.
    """
    return Settings()


def parse_settings(data: bytes, path: str) -> Settings:
    """Read the settings in an env file. Raises ``PolicyError`` where it cannot be read."""
    return Settings()
