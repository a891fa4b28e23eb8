"""Old release against new: facts, and the proof that they explain everything."""

from stigmem_review.compare.compare import Comparison, compare, inspect

__all__ = ["Comparison", "compare", "inspect"]
