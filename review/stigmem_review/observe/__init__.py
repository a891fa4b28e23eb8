"""What the code of a release does, found by reading it."""

from stigmem_review.observe.observe import Seen, observe

__all__ = ["Seen", "observe"]
