"""What acme-ledger registers with the node."""

from __future__ import annotations

from stigmem_node.plugins import PluginManifest

from . import handlers

NAME = "acme-ledger"
VERSION = "1.2.0"
CAPABILITIES = frozenset(
    {
        "facts.read",
    }
)


def plugin_manifest() -> PluginManifest:
    return PluginManifest(
        name=NAME,
        version=VERSION,
        requires_stigmem=">=0.9.0a10",
        capabilities=CAPABILITIES,
        hooks={
            "post_assert_audit": handlers.post_assert_audit,
            "pre_recall_authorize": handlers.pre_recall_authorize,
        },
        health_check=handlers.health,
    )
