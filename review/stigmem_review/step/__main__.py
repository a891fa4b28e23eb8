"""Run as a file by the Python that a job has: ``__main__.py look`` or ``__main__.py review``.

That Python has nothing of this project, and may be too old to read the rest of it; it has to get
far enough to say so.
"""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - whoever set up an older one is told here
    print(
        "::error title=stigmem-review::It needs Python 3.11 or newer; set one up with "
        "actions/setup-python first."
    )
    sys.exit(2)

# The folder around the package; a Python that is isolated (-I) does not look in it.
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # noqa: PTH100, PTH120

from stigmem_review.step.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
