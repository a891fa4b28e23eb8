"""Handlers of acme-ledger."""

from __future__ import annotations

from importlib import resources

from stigmem_node.plugins import Migration, PluginHealth, PluginHealthStatus


def health(ctx):
    return PluginHealth(status=PluginHealthStatus.HEALTHY, message="ledger open")


def _sql(name):
    return resources.files(__package__).joinpath(f"migrations/{name}.sql").read_text("utf-8")


def migration_register(ctx, value, **_):
    return [
        *value,
        Migration("acme-ledger", 1, _sql("001_entries"), "entries"),
    ]
