"""The acme-journal plugin."""

from .manifest import plugin_manifest

__all__ = ["plugin_manifest"]
