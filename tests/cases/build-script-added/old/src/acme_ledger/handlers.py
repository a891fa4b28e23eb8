"""Handlers of acme-ledger."""

from __future__ import annotations

import logging

from stigmem_node.plugins import PluginHealth, PluginHealthStatus

log = logging.getLogger("acme-ledger")


def health(ctx):
    return PluginHealth(status=PluginHealthStatus.HEALTHY, message="ledger open")


def post_assert_audit(ctx, *, fact=None, outcome=None, **_):
    log.info("fact %s: %s", fact.id, outcome)
