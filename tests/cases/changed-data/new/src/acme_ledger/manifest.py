"""What acme-ledger registers with the node."""

from __future__ import annotations

from stigmem_node.plugins import PluginManifest

from . import handlers
from .config import LedgerConfig
from .routes import router


def plugin_manifest() -> PluginManifest:
    return PluginManifest(
        name="acme-ledger",
        version="1.2.0",
        requires_stigmem=">=0.9.0a10",
        capabilities={"facts.read"},
        hooks={"migration_register": handlers.migration_register},
        routes=[router],
        health_check=handlers.health,
        config_schema=LedgerConfig,
    )
