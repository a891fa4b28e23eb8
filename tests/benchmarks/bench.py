"""What a review costs, as ratios measured in one run.

    python tests/benchmarks/bench.py [--rounds N] [--procedure] [--peers FOLDER]

Run it with the Python of a fresh virtual environment that has stigmem-review installed (not
editable), without PYTHONDONTWRITEBYTECODE. It fetches two released wheels with pip.
A signed review is timed beside ``sigstore verify``, on wheels that an instance of our own signs.
``--procedure`` also times the operators' procedure that a review replaces: two virtual
environments, two installations, two captures with ``stigmem plugins describe``. ``--peers`` names
a folder of programs that do a part of a review, such as the ``bin`` of an environment with griffe,
validate-pyproject, check-wheel-contents, pip-audit, guarddog, diffoscope and zizmor, and times
those that are there on one upgrade; what is absent, or fails, is said.
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
PINS = 500
STORY = "quiet-gain"
SUPPORT = Path(__file__).parents[1]
WORKFLOW = SUPPORT.parent / ".github" / "workflows" / "ci.yml"
FILE_BYTES = 50_000
MANIFEST = b"""\
from stigmem_node.plugins import PluginManifest


def plugin_manifest():
    return PluginManifest(name="%b", version="1.%d.0")
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
    looked = subprocess.run(
        [*review, "--all", *paths[:2]], check=False, capture_output=True, text=True
    )
    assert looked.stdout.count(who) > 1, f"both have to be verified:\n{looked.stdout}"
    return {
        "diff, upgrade, signed": [*review, *paths[:2]],
        "diff, two, signed": [*review, *paths[2:]],
        "sigstore verify, one": verify,
    }


def start_up(rounds: int, folder: Path, old: str, new: str) -> dict[str, float]:
    """Print commands as multiples of a bare interpreter's start; return their seconds."""
    script = str(SCRIPTS / "stigmem-review")
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "diff, two plugins": [script, "diff", old, new],
        "diff, unchanged": [script, "diff", old, old],
        "--version": [script, "--version"],
        **signed(folder / "signed", (old, new)),
    }
    middle = timed(rounds, {name: partial(run, command) for name, command in commands.items()})
    shown(middle, middle["python -c pass"])
    return middle


def timed(rounds: int, work: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median of each, done in turns after one that does not count."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(rounds + 1):
        for name, one in work.items():
            taken = seconds(one)
            if turn:
                times[name].append(taken)
    return {name: statistics.median(values) for name, values in times.items()}


def shown(middle: dict[str, float], base: float) -> None:
    """Print seconds, also as multiples of a bare interpreter's start."""
    for name, value in middle.items():
        print(f"{name:<22} {value * 1000:7.1f} ms  {value / base:5.1f} x bare start")


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
    parts = {}
    for number in range(round(size * 1e6 / FILE_BYTES)):
        source = b""
        while len(source) < FILE_BYTES:
            source += chosen.choice(pieces) + b"\n# %d\n" % chosen.getrandbits(64)
        parts[f"part{number}.py"] = source
    return str(built(folder / f"{seed}-{size}", "large", seed, parts))


def built(folder: Path, name: str, minor: int, modules: dict[str, bytes]) -> Path:
    """Write the wheel of a plugin that has a manifest and modules; return its path."""
    info, named = f"{name}-1.{minor}.0.dist-info", name.encode()
    files = {
        f"{name}/__init__.py": MANIFEST % (named, minor),
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: %b\nVersion: 1.%d.0\n" % (named, minor),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": b"[stigmem.plugins]\n%b = %b:plugin_manifest\n"
        % (named, named),
        **{f"{name}/{each}": source for each, source in modules.items()},
    }
    listed = "".join(f"{each},{digest(data)},{len(data)}\n" for each, data in files.items())
    files[f"{info}/RECORD"] = f"{listed}{info}/RECORD,,\n".encode()
    path = folder / f"{name}-1.{minor}.0-py3-none-any.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, data in files.items():
            archive.writestr(each, data)
    return path


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


def pin(wheel: Path, version: str) -> str:
    """Return a line of a requirements file for a wheel."""
    return f"{version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def pinned(rounds: int, folder: Path, base: float) -> None:
    """Print what ``bump`` costs in a repository with many pins: of one that moves, and of all."""
    from support.repository import Deployment

    wheels = folder / "wheels"
    names = [f"p{number:03}" for number in range(PINS)]
    pins = {
        minor: [pin(built(wheels, name, minor, {}), f"{name}==1.{minor}.0") for name in names]
        for minor in (1, 2)
    }
    repository = Deployment(folder / "repository")
    lists = (pins[1], [*pins[2][:1], *pins[1][1:]], pins[2])
    first, one, every = (repository.commit({"requirements.txt": "".join(each)}) for each in lists)
    asked = [str(SCRIPTS / "stigmem-review"), "bump", "--repository", str(repository.folder)]
    asked += ["--artifacts", str(wheels), first]
    environment = {**os.environ, "PIP_NO_INDEX": "1"}
    for head in (one, every):
        done = subprocess.run([*asked, head], capture_output=True, env=environment, check=False)
        assert done.returncode in (0, 1), done.stdout
    moved = partial(run, [*asked, one], PIP_NO_INDEX="1")
    shown(timed(rounds, {f"bump, 1 of {PINS} pins": moved}), base)
    shown({f"bump, {PINS} pins": seconds(partial(run, [*asked, every], PIP_NO_INDEX="1"))}, base)


def peers(rounds: int, folder: Path, tools: Path, base: float) -> None:
    """Print what others cost that do a part of a review, on one upgrade, beside a review of it."""
    from support.repository import Deployment
    from support.stories import CASES, wheel_of

    folder.mkdir()
    sides = [CASES / STORY / side for side in ("old", "new")]
    wheels = []
    for name, data in map(wheel_of, sides):
        wheels.append(str(folder / name))
        Path(wheels[-1]).write_bytes(data)
    project = Deployment(folder / "project")
    first, _ = (
        project.commit(
            {str(f.relative_to(side)): f.read_bytes() for f in side.rglob("*") if f.is_file()}
        )
        for side in sides
    )
    listed = folder / "requirements.txt"
    listed.write_text("packaging==25.0\n")
    top = str(project.folder)
    # What each ends with where it has looked: whatever else it ends with is no measure.
    commands = {
        "griffe": (["check", "acme_ledger", "--search", "src", "--against", first], {0, 1}),
        "validate-pyproject": ([f"{top}/pyproject.toml"], {0, 1}),
        "check-wheel-contents": ([wheels[1]], {0, 1}),
        "pip-audit": (["--no-deps", "--disable-pip", "--requirement", str(listed)], {0}),
        "guarddog": (["pypi", "scan", top], {0, 1}),
        "diffoscope": (wheels, {0, 1}),
        "zizmor": (["--offline", str(WORKFLOW)], {0, 11, 12, 13, 14}),
    }
    work: dict[str, Callable[[], object]] = {
        "diff, the same upgrade": partial(run, [str(SCRIPTS / "stigmem-review"), "diff", *wheels])
    }
    for name, (arguments, codes) in commands.items():
        if not (tools / name).exists():
            print(f"{name:<22} absent")
            continue
        once = partial(
            subprocess.run,
            [str(tools / name), *arguments],
            cwd=top,
            capture_output=True,
            check=False,
        )
        done = once()
        if done.returncode in codes:
            work[name] = once
        else:
            print(f"{name:<22} not measured: it ended with {done.returncode}")
    shown(timed(rounds, work), base)


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
    parser.add_argument("--peers", metavar="FOLDER", type=Path)
    options = parser.parse_args()
    sys.path.insert(0, str(SUPPORT))
    with tempfile.TemporaryDirectory() as name:
        wheels = fetch(Path(name))
        middle = start_up(options.rounds, Path(name), *wheels)
        base = middle["python -c pass"]
        throughput(*wheels)
        slope(Path(name), wheels)
        pinned(options.rounds, Path(name) / "pins", base)
        if options.peers:
            peers(options.rounds, Path(name) / "peers", options.peers, base)
        if options.procedure:
            procedure(Path(name), wheels, middle["diff, two plugins"])


if __name__ == "__main__":
    main()
