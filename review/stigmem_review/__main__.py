"""``python -m stigmem_review``."""

from stigmem_review.cli import main

main()
