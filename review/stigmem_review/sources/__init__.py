"""Bytes in, never code: opens what a release is read from, and refuses what is ambiguous."""
