"""What the node is told about this plugin."""

from stigmem_node.plugins import HookName, PluginManifest

from ..checks import gate, rank
from ..checks.filters import only_own

CAPABILITIES = frozenset({"facts.read", "recall.read"})


def build() -> PluginManifest:
    return PluginManifest(
        name="acme-ledger",
        version="1.0.0",
        requires_stigmem=">=0.9.0a10",
        capabilities=CAPABILITIES,
        hooks={
            "pre_recall_authorize": gate,
            "recall_filter": only_own,
            "recall_rank": rank,
        },
    )
