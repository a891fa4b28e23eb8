"""Receipts of reviews: what one says, how it is written and read, and what it confirms."""
