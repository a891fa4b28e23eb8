"""Handlers of acme-ledger."""

from __future__ import annotations

import logging

from stigmem_node.plugins import Allow, PluginHealth, PluginHealthStatus

log = logging.getLogger("acme-ledger")


def health(ctx):
    return PluginHealth(status=PluginHealthStatus.HEALTHY, message="ledger open")


def post_assert_audit(ctx, *, fact=None, outcome=None, **_):
    log.info("fact %s: %s", getattr(fact, "id", None), outcome)


def nobody():
    log.warning("a recall by nobody")
    return Allow()


def pre_recall_authorize(ctx, *, identity=None, **_):
    return nobody() if identity is None else Allow()
