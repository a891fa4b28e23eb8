"""Keeps a ledger of what is asserted."""
