"""Keeps a ledger of what is asserted."""

from .plugin import plugin_manifest

__all__ = ["plugin_manifest"]
