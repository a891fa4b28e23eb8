"""Keeps a ledger of what is asserted."""

__version__ = "1.0.0"
