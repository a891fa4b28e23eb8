"""What a review costs, as ratios measured in one run.

    python tests/benchmarks/bench.py [--rounds N] [--procedure]

Run it with the Python of a fresh virtual environment that has stigmem-review installed (not
editable), without PYTHONDONTWRITEBYTECODE. It fetches two released wheels with pip.
``--procedure`` also times the operators' procedure that a review replaces: two virtual
environments, two installations, two captures with ``stigmem plugins describe``.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

PLUGINS = ("stigmem-plugin-time-travel", "stigmem-plugin-tombstones")
NODE = "stigmem-node==0.9.0a12"
PAIRS = 1000
UNSIGNED = {
    "STIGMEM_PLUGIN_SIGNING_REQUIRED": "false",
    "STIGMEM_PLUGIN_UNSIGNED_ACK": "i-understand-plugins-are-unsigned",
}


def run(command: Sequence[str], **environment: str) -> None:
    subprocess.run(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        env={**os.environ, **environment},
    )


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def fetch(folder: Path) -> list[str]:
    """Download the two wheels and return their paths."""
    for name in PLUGINS:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--dest", str(folder), f"{name}==0.1.0"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return [str(path) for path in sorted(folder.glob("*.whl"))]


def start_up(rounds: int, old: str, new: str) -> float:
    """Print one review as a multiple of a bare interpreter's start; return its seconds."""
    script = str(Path(sysconfig.get_path("scripts")) / "stigmem-review")
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "diff, two plugins": [script, "diff", old, new],
        "diff, unchanged": [script, "diff", old, old],
        "--version": [script, "--version"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            taken = seconds(partial(run, command))
            if turn:
                times[name].append(taken)
    middle = {name: statistics.median(values) for name, values in times.items()}
    base = middle["python -c pass"]
    for name, value in middle.items():
        print(f"{name:<20} {value * 1000:7.1f} ms  {value / base:5.1f} x bare start")
    return middle["diff, two plugins"]


def throughput(old: str, new: str) -> None:
    """Print how many reviews a second one process does, and whether its memory grows."""
    from stigmem_review import review

    def pairs(count: int) -> None:
        for _ in range(count):
            review(old, new)

    pairs(10)
    for count in (PAIRS // 10, PAIRS - PAIRS // 10):
        start = time.process_time()
        pairs(count)
        print(f"{count:5} pairs: {count / (time.process_time() - start):6.0f} a second and core")
    tracemalloc.start()
    held = []
    for _ in range(4):
        pairs(PAIRS // 10)
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    shown = ", ".join(f"{each / 1000:,.0f}" for each in held)
    print(f"kB held after each further {PAIRS // 10} pairs: {shown}; peak {peak / 1e6:.1f} MB")


def procedure(folder: Path, wheels: Sequence[str], review: float) -> None:
    """Print the handbook's procedure as seconds, and one review as a fraction of it."""

    def one(number: int, name: str, wheel: str) -> None:
        environment = folder / f"environment-{number}"
        run([sys.executable, "-m", "venv", str(environment)])
        run([str(environment / "bin" / "pip"), "install", "--quiet", NODE, wheel])
        run(
            [str(environment / "bin" / "stigmem"), "plugins", "describe", name, "--json"],
            **UNSIGNED,
        )
        shutil.rmtree(environment)

    def both() -> None:
        for number, (name, wheel) in enumerate(zip(PLUGINS, wheels, strict=True)):
            one(number, name, wheel)

    taken = seconds(both)
    print(f"the procedure takes {taken:.1f} s; one review is 1/{taken / review:.0f} of it")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--procedure", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        wheels = fetch(Path(name))
        review = start_up(options.rounds, *wheels)
        throughput(*wheels)
        if options.procedure:
            procedure(Path(name), wheels, review)


if __name__ == "__main__":
    main()
