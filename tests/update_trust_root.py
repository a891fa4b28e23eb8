"""Take a new copy of the public-good trust root: ``python tests/update_trust_root.py``.

The library's own TUF client fetches it, and verifies it from the keys that the library embeds; in
folders of this run alone, as what lies in a user's cache is not to be relied on. ``--check`` only
says whether that is what the package has.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from sigstore._internal.tuf import DEFAULT_TUF_URL, TrustUpdater
from sigstore.errors import TUFError

from stigmem_review.signing.roots import SHIPPED, TrustRoot, parse_root
from stigmem_review.signing.taken import TAKEN


def fetch(folder: Path) -> bytes:
    """Return the root of the public-good instance. Raises ``TUFError`` where that fails."""
    # Where the client keeps its metadata and what it fetched (platformdirs, "user_data_dir").
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        os.environ[name] = str(folder)
    return Path(TrustUpdater(DEFAULT_TUF_URL).get_trusted_root_path()).read_bytes()


def main() -> int:
    """Write the copy and its day, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            data = fetch(Path(folder))
        except TUFError as error:
            print(f"{error}: {error.__cause__!r}; the old copy stays")
            return 2
    parse_root(TrustRoot("that was fetched", data))
    if not options.check:
        SHIPPED.write_bytes(data)
        TAKEN.write_text(f"{datetime.now(UTC).date().isoformat()}\n", "utf-8")
        return 0
    if SHIPPED.read_bytes() == data:
        return 0
    print(f"{SHIPPED.name} is not what the instance has: run tests/update_trust_root.py")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
