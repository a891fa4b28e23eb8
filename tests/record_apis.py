"""Record the public names that the catalogue of APIs has to judge.

``python tests/record_apis.py PYTHON ...`` asks every Python that is given for its standard library,
and for the packages of a node where it has them. It adds to ``tests/host/names.json`` the functions
and classes of each module, and writes ``plain.json`` beside the catalogue: what modules that act
have of exceptions, constants and the like. In ``libraries.json`` it writes all names that the
libraries have with which plugins are written. What other releases had is kept. ``--check`` only
says whether anything would be added.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stigmem_review.host import apis, libraries
from stigmem_review.host.modules import ANY_NAME

HERE = Path(__file__).parent
NAMES = HERE / "host" / "names.json"
SCRIPT = HERE / "support" / "public_names.py"
OF_LIBRARIES = HERE / "support" / "library_names.py"
LIBRARIES = ("fastapi", "httpx", "pydantic", "pydantic_settings", "starlette")
"""What every node installs that plugins import from."""
PACKAGES = (
    *("anyio", "click", "dotenv", "fastapi", "httpcore", "httpx", "jinja2", "opentelemetry"),
    *("pydantic", "pydantic_settings", "sqlalchemy", "starlette", "uvicorn", "watchfiles", "yaml"),
)
"""What a node installs and plugins use, and two that many of them bring."""

Names = dict[str, set[str]]


def asked(python: str, *packages: str) -> tuple[Names, Names]:
    """Return what the modules of a Python have: what is code, and what is plain."""
    found = _run(python, SCRIPT, packages)
    code = {module: set(names["code"]) for module, names in found.items()}
    return code, {module: set(names["plain"]) for module, names in found.items()}


def _run(python: str, script: Path, packages: tuple[str, ...]) -> Any:
    command = [python, "-I", "-W", "ignore", str(script), *packages]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    # Some modules print something when they are imported.
    return json.loads(done.stdout.splitlines()[-1])


def of_libraries(python: str) -> Names:
    """Return the names of the modules of the libraries that a Python has."""
    found = _run(python, OF_LIBRARIES, LIBRARIES)
    absent = {each for each in LIBRARIES if found[each] == [ANY_NAME]}
    return {module: set(names) for module, names in found.items() if module not in absent}


def read(path: Path) -> Names:
    """Return the names that are recorded in a file."""
    if not path.exists():
        return {}
    recorded = json.loads(path.read_text("utf-8"))
    return {module: set(" ".join(lines).split()) for module, lines in recorded.items()}


def written(names: Mapping[str, set[str]]) -> str:
    """Return names as JSON, in lines that can be compared."""
    rows = []
    for module in sorted(names):
        lines = textwrap.wrap(" ".join(sorted(names[module])), 96)
        body = ",".join(f"\n    {json.dumps(line)}" for line in lines) + "\n  " * bool(lines)
        rows.append(f"  {json.dumps(module)}: [{body}]")
    return "{\n" + ",\n".join(rows) + "\n}\n"


def acting(module: str) -> bool:
    """Say whether a module acts on something as a rule."""
    judged = apis.judged(module)
    return judged is not None and judged[0] not in ("nothing", "partly")


def main(arguments: list[str]) -> int:
    """Write the files, or check them."""
    code, plain, whole = read(NAMES), read(apis.PLAIN_FILE), read(libraries.FILE)
    for python in [each for each in arguments if not each.startswith("-")] or [sys.executable]:
        for packages in ((), PACKAGES):
            found, others = asked(python, *packages)
            for module, names in found.items():
                code.setdefault(module, set()).update(names)
                if acting(module):
                    plain.setdefault(module, set()).update(others[module])
        for module, every in of_libraries(python).items():
            whole.setdefault(module, set()).update(every)
    # What is code in one release is no constant in another.
    plain = {each: names - code[each] for each, names in plain.items() if acting(each)}
    files = {NAMES: code, apis.PLAIN_FILE: plain, libraries.FILE: whole}
    stale = [
        path.name
        for path, each in files.items()
        if not path.exists() or path.read_text("utf-8") != written(each)
    ]
    if "--check" not in arguments:
        for path, recorded in files.items():
            path.write_text(written(recorded), "utf-8")
        return 0
    for name in stale:
        print(f"{name} lacks names: run tests/record_apis.py with this Python")
    return len(stale)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
