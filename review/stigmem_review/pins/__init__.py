"""Which releases a repository pins: one module for each format, and what changed between two."""
