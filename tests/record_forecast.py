"""Record what real nodes do at their start: ``python tests/record_forecast.py [case ...]``.

Needs the package index once, for an environment of each release of the node; they are kept in the
user's cache, or where ``STIGMEM_REVIEW_NODES`` says. Every case of ``tests/forecast/cases`` is a
start of its own on every release; with the beginnings of names, only those are asked again.
``--check`` writes nothing and names what the nodes answer otherwise than recorded.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stigmem_review import host
from support import starts
from support.starts import Answer, Case, StartedNode


def environment(version: str) -> Path:
    """Return the Python of an environment that has one release of the node; make it if need be."""
    folder = starts.cache() / version
    python = folder / "bin" / "python"
    done = folder / "installed"
    if not done.exists():
        venv.create(folder, with_pip=False, clear=True)
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
        subprocess.run([*pip, f"stigmem-node=={version}"], check=True)
        done.touch()
    return python


def ask(version: str, cases: Iterable[Case]) -> dict[str, Answer]:
    """Return what one release answers, by the names of the cases."""
    with tempfile.TemporaryDirectory() as work, StartedNode(environment(version), version) as node:
        return {each.name: node.start(each, Path(work) / each.digest) for each in cases}


def ask_all(cases: tuple[Case, ...]) -> dict[str, tuple[str, Mapping[str, Answer]]]:
    """Return what all releases answer, as it is recorded."""
    versions = host.versions()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = dict(zip(versions, pool.map(ask, versions, [cases] * len(versions)), strict=True))
    return {
        each.name: (each.digest, {version: answers[version][each.name] for version in versions})
        for each in cases
    }


def main() -> int:
    """Record, or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help="the beginnings of names")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if sys.version_info[:2] != starts.PYTHON:
        parser.error(f"run it with Python {'.'.join(map(str, starts.PYTHON))}, as it was before")
    wanted = tuple(
        each for each in starts.cases() if each.name.startswith(tuple(options.cases) or "")
    )
    kept = starts.load()
    now = ask_all(wanted)
    told = [name for name, each in now.items() if kept.get(name) != each]
    if options.check:
        for name in told:
            print(f"{name}: the nodes answer otherwise than recorded")
        print(f"{len(now) - len(told)} of {len(now)} starts are as recorded")
        return bool(told)
    starts.save({each.name: (kept | now)[each.name] for each in starts.cases()})
    print(f"{len(now)} starts on {len(host.versions())} releases, {len(told)} of them anew")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
