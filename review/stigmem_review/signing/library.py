"""The library that verifies, brought in only where there is something to verify."""

from __future__ import annotations

import gc
import logging
import sys
import warnings


def load_library() -> None:
    """Import ``sigstore``, which every function of this room needs.

    A review without a signature never calls this.
    """
    if "sigstore.verify" in sys.modules:
        return
    # What the libraries log and warn of is in what we report; none of it belongs on the terminal.
    logging.getLogger("sigstore").addHandler(logging.NullHandler())
    warnings.filterwarnings("ignore", module=r"(sigstore|pypi_attestations)\b")
    # The import makes thousands of classes and no garbage. Looking for some among them, over and
    # over, is a fifth of what it costs.
    collecting = gc.isenabled()
    gc.disable()
    try:
        import sigstore.verify  # noqa: F401 - for what it costs, not for what it names
    finally:
        if collecting:
            gc.enable()
