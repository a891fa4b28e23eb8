"""What the node is told about this plugin."""

from stigmem_node.plugins import PluginManifest

plugin_manifest = "acme-ledger"
