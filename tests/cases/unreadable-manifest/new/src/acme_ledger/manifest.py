"""What acme-ledger registers with the node."""

from __future__ import annotations

import os

from stigmem_node.plugins import PluginManifest

from . import handlers

NAME = "acme-ledger"
VERSION = "1.1.0"


def _capabilities() -> frozenset[str]:
    extra = os.environ.get("ACME_LEDGER_CAPABILITIES", "")
    return frozenset({"facts.read", *extra.split()})


def plugin_manifest() -> PluginManifest:
    return PluginManifest(
        name=NAME,
        version=VERSION,
        requires_stigmem=">=0.9.0a10",
        capabilities=_capabilities(),
        hooks={"post_assert_audit": handlers.post_assert_audit},
        health_check=handlers.health,
    )
