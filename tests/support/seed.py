"""The seed of generated tests: another one for each run, unless one is asked for."""

from __future__ import annotations

import os
import random

SEED = int(os.environ.get("STIGMEM_REVIEW_SEED") or random.SystemRandom().randrange(2**32))
