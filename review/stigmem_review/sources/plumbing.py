"""How git is run so that it only reads objects; the standard library alone.

What is said here stands above every configuration file (``git-config``, ``git``).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

# Options that git 2.30 knows already. What they say stands above any configuration file.
OPTIONS = (
    *("--no-pager", "--no-replace-objects"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", f"core.attributesFile={os.devnull}"),
    # Empty rather than "false", which git took for the name of a program before 2.36.
    *("-c", "core.fsmonitor="),
    *("-c", "core.untrackedCache=false"),
    # A cache beside the commits that could say something else than they do.
    *("-c", "core.commitGraph=false"),
    *("-c", "core.warnAmbiguousRefs=true"),
    *("-c", "protocol.allow=never"),
)
_VARIABLES = {
    # Above protocol.<name>.allow, which a repository could set; older gits fetch lazily.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


def environment(index: str | None = None) -> dict[str, str]:
    """Return what git runs in: nothing that leads to another repository, but to an index."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    named = {"GIT_INDEX_FILE": index} if index else {}
    return kept | _VARIABLES | named


def program(folder: Path) -> str | None:
    """Return the first git on PATH that does not come from the repository around ``folder``."""
    around = next(
        (one for one in (folder, *folder.parents) if os.path.lexists(one / ".git")), folder
    )
    for place in os.get_exec_path():
        # With a folder in its name it is looked for nowhere else, not even on Windows.
        path = Path(place) / ("git.exe" if os.name == "nt" else "git")
        if not path.is_absolute() or shutil.which(path) is None:
            continue
        if not any(one.is_relative_to(around) for one in (path, path.parent.resolve())):
            return str(path)
    return None
