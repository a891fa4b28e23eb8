"""What the node is told about this plugin."""

import os

from stigmem_node.plugins import PluginManifest

from acme_ledger.handlers import record


def plugin_manifest() -> PluginManifest:
    if os.environ.get("ACME_LEDGER"):
        return PluginManifest(
            name="acme-ledger",
            version="1.0.0",
            requires_stigmem=">=0.9.0a10",
            capabilities={"facts.read"},
            hooks={"post_assert_audit": record},
        )
