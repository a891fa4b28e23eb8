"""Record the public names that the catalogue of APIs has to judge.

``python tests/record_apis.py PYTHON ...`` asks every Python that is given for its standard library,
and for the packages of a node where it has them. It adds to ``tests/host/names.json`` the functions
and classes of each module, and writes ``plain.json`` beside the catalogue: what modules that act
have of exceptions, constants and the like. What other releases had is kept. ``--check`` only says
whether anything would be added.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

from stigmem_review.host import apis

HERE = Path(__file__).parent
NAMES = HERE / "host" / "names.json"
SCRIPT = HERE / "support" / "public_names.py"
PACKAGES = (
    *("anyio", "click", "dotenv", "fastapi", "httpcore", "httpx", "jinja2", "opentelemetry"),
    *("pydantic", "pydantic_settings", "sqlalchemy", "starlette", "uvicorn", "watchfiles", "yaml"),
)
"""What a node installs and plugins use, and two that many of them bring."""

Names = dict[str, set[str]]


def asked(python: str, *packages: str) -> tuple[Names, Names]:
    """Return what the modules of a Python have: what is code, and what is plain."""
    command = [python, "-I", "-W", "ignore", str(SCRIPT), *packages]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    # Some modules print something when they are imported.
    found = json.loads(done.stdout.splitlines()[-1])
    code = {module: set(names["code"]) for module, names in found.items()}
    return code, {module: set(names["plain"]) for module, names in found.items()}


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
    code, plain = read(NAMES), read(apis.PLAIN_FILE)
    for python in [each for each in arguments if not each.startswith("-")] or [sys.executable]:
        for packages in ((), PACKAGES):
            found, others = asked(python, *packages)
            for module, names in found.items():
                code.setdefault(module, set()).update(names)
                if acting(module):
                    plain.setdefault(module, set()).update(others[module])
    # What is code in one release is no constant in another.
    plain = {each: names - code[each] for each, names in plain.items() if acting(each)}
    stale = [
        path.name
        for path, names in ((NAMES, code), (apis.PLAIN_FILE, plain))
        if not path.exists() or path.read_text("utf-8") != written(names)
    ]
    if "--check" not in arguments:
        NAMES.write_text(written(code), "utf-8")
        apis.PLAIN_FILE.write_text(written(plain), "utf-8")
        return 0
    for name in stale:
        print(f"{name} lacks names: run tests/record_apis.py with this Python")
    return len(stale)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
