"""What the node is told about this plugin."""

from stigmem_node.plugins import PluginManifest

from acme_ledger.handlers import record


def plugin_manifest() -> PluginManifest:
    return PluginManifest(
        name="acme-ledger",
        version="1.0.0",
        requires_stigmem=">=0.9.0a10",
        capabilities={"facts.read"},
        hooks={"post_assert_audit": record},
    )
