"""What the code of a release does, found by reading it."""
