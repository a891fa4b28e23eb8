"""What a review costs, as ratios measured in one run.

    python tests/benchmarks/bench.py [--rounds N] [--procedure]

Run it with the Python of a fresh virtual environment that has stigmem-review installed (not
editable), without PYTHONDONTWRITEBYTECODE. It fetches two released wheels with pip.
A signed review is timed beside ``sigstore verify``, on wheels that an instance of our own signs.
``--procedure`` also times the operators' procedure that a review replaces: two virtual
environments, two installations, two captures with ``stigmem plugins describe``.
"""

from __future__ import annotations

import argparse
import base64
import gc
import hashlib
import os
import random
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

SCRIPTS = Path(sysconfig.get_path("scripts"))
PLUGINS = ("stigmem-plugin-time-travel", "stigmem-plugin-tombstones")
NODE = "stigmem-node==0.9.0a12"
PAIRS = 1000
SIZES = (0.25, 0.5, 1.0)
FILE_BYTES = 50_000
MANIFEST = b"""\
from stigmem_node.plugins import PluginManifest


def plugin_manifest():
    return PluginManifest(name="large", version="1.%d.0")
"""
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


def signed(folder: Path, wheels: Sequence[str]) -> dict[str, list[str]]:
    """Sign a release and its next, and the wheels, in an instance of our own.

    Return a review of each pair, and what ``sigstore`` itself verifies one with.
    """
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from support.sigstore import instance, person
    from support.stories import CASES, wheel_of

    folder.mkdir()
    mini, who, issuer = instance(), "release@acme.example", "https://accounts.example.com"
    root = folder / "config.json"
    root.write_bytes(mini.config())
    built = [wheel_of(CASES / "signed-as-before" / side) for side in ("old", "new")]
    read = [(Path(wheel).name, Path(wheel).read_bytes()) for wheel in wheels]
    paths = []
    for name, data in (*built, *read):
        path = folder / name
        path.write_bytes(data)
        path.with_name(f"{name}.sigstore.json").write_bytes(mini.sign(data, person(who, issuer)))
        paths.append(str(path))
    verify = [str(SCRIPTS / "sigstore"), "--trust-config", str(root), "verify", "identity"]
    verify += ["--bundle", f"{paths[1]}.sigstore.json", "--cert-identity", who]
    verify += ["--cert-oidc-issuer", issuer, paths[1]]
    review = [str(SCRIPTS / "stigmem-review"), "diff", "--trust-root", str(root)]
    subprocess.run(verify, check=True, capture_output=True)
    shown = subprocess.run([*review, *paths[:2]], check=False, capture_output=True, text=True)
    assert shown.stdout.count(who) > 1, "the review has to have verified both"
    return {
        "diff, upgrade, signed": [*review, *paths[:2]],
        "diff, two, signed": [*review, *paths[2:]],
        "sigstore verify, one": verify,
    }


def start_up(rounds: int, folder: Path, old: str, new: str) -> float:
    """Print one review as a multiple of a bare interpreter's start; return its seconds."""
    script = str(SCRIPTS / "stigmem-review")
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "diff, two plugins": [script, "diff", old, new],
        "diff, unchanged": [script, "diff", old, old],
        "--version": [script, "--version"],
        **signed(folder / "signed", (old, new)),
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
        print(f"{name:<22} {value * 1000:7.1f} ms  {value / base:5.1f} x bare start")
    return middle["diff, two plugins"]


def throughput(old: str, new: str) -> None:
    """Print how many reviews a second one process does, and whether its memory grows.

    Of a pair that it has not seen, and of one that it has.
    """
    from stigmem_review import review
    from stigmem_review.forecast.ledger import OUTCOMES
    from stigmem_review.pipeline.reading import KEPT

    def pairs(count: int, *, anew: bool = False) -> None:
        for _ in range(count):
            if anew:
                KEPT.forget()
                OUTCOMES.forget()
            review(old, new)

    pairs(10)
    for what, count, anew in (("new pairs", PAIRS // 10, True), ("the same again", PAIRS, False)):
        start = time.process_time()
        pairs(count, anew=anew)
        rate = count / (time.process_time() - start)
        print(f"{count:5} pairs, {what}: {rate:6.0f} a second and core")
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


def digest(data: bytes) -> str:
    """Return a digest as RECORD has it."""
    code = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return f"sha256={code.decode().rstrip('=')}"


def large(folder: Path, wheels: Sequence[str], size: float, seed: int) -> str:
    """Write a wheel with about ``size`` MB of source, put together from released plugins."""
    pieces = []
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            pieces += [archive.read(name) for name in archive.namelist() if name.endswith(".py")]
    pieces = [piece.replace(b"from __future__ import annotations", b"") for piece in pieces]
    chosen = random.Random(seed)
    info = f"large-1.{seed}.0.dist-info"
    files = {
        "large/__init__.py": MANIFEST % seed,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: large\nVersion: 1.%d.0\n" % seed,
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": b"[stigmem.plugins]\nlarge = large:plugin_manifest\n",
    }
    for number in range(round(size * 1e6 / FILE_BYTES)):
        source = b""
        while len(source) < FILE_BYTES:
            source += chosen.choice(pieces) + b"\n# %d\n" % chosen.getrandbits(64)
        files[f"large/part{number}.py"] = source
    listed = "".join(f"{name},{digest(data)},{len(data)}\n" for name, data in files.items())
    files[f"{info}/RECORD"] = f"{listed}{info}/RECORD,,\n".encode()
    path = folder / f"{seed}-{size}" / f"large-1.{seed}.0-py3-none-any.whl"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return str(path)


def slope(folder: Path, wheels: Sequence[str]) -> None:
    """Print what a review of much source costs: CPU seconds, their ratio, and memory."""
    script = str(SCRIPTS / "stigmem-review")
    for title, sides in (("two sides", 2), ("one side", 1)):
        base = 0.0
        for size in SIZES:
            old, new = (large(folder / title, wheels, size, seed) for seed in (1, 2))
            asked = [script, "diff", old if sides == 2 else "none", new]
            child = subprocess.Popen(asked, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, _, used = os.wait4(child.pid, 0)
            taken = used.ru_utime + used.ru_stime
            base = base or taken
            print(
                f"{title}, {size:4.2f} MB each: {taken:5.2f} s of CPU, {taken / base:4.1f} x the "
                f"first, at most {used.ru_maxrss / 1024:4.0f} MB"
            )


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
        review = start_up(options.rounds, Path(name), *wheels)
        throughput(*wheels)
        slope(Path(name), wheels)
        if options.procedure:
            procedure(Path(name), wheels, review)


if __name__ == "__main__":
    main()
