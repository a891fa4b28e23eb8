"""What the node is told about this plugin."""

from pathlib import Path

from stigmem_node.plugins import PluginManifest

from acme_ledger.handlers import record

ONE = (Path(__file__).parent / "sql" / "one.sql").read_text()


def plugin_manifest() -> PluginManifest:
    return PluginManifest(
        name="acme-ledger",
        version="1.0.0",
        requires_stigmem=">=0.9.0a10",
        capabilities={"facts.read"},
        hooks={"post_assert_audit": record},
    )
