"""What the code of a release does, found by reading it."""

from stigmem_review.observe.builds import built_by
from stigmem_review.observe.observe import Seen, observe
from stigmem_review.observe.sdist import held_against

__all__ = ["Seen", "built_by", "held_against", "observe"]
