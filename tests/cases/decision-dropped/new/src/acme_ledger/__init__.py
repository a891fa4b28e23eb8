"""The acme-ledger plugin."""

from .manifest import plugin_manifest

__all__ = ["plugin_manifest"]
