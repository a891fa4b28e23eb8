"""Runs small plugins under the real host, to compare what it gets with what was read.

Everything happens in processes of the node's own interpreter that are thrown away: a shape may
patch the host, and the next one must not notice. One server process holds the imported host and
forks for every shape.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from types import TracebackType
from typing import Any

from stigmem_review.code.modules import Modules
from stigmem_review.host import node
from stigmem_review.interpret.program import Program
from stigmem_review.manifest.factory import Reading, read_factory
from stigmem_review.model import (
    ENTRY_POINT_GROUP,
    AnyValue,
    EntryPoint,
    Hook,
    Known,
    Manifest,
    OneOf,
)

NODE = "stigmem-node==0.9.0a12"
Files = Mapping[str, str | bytes]

_SERVER = r"""
import base64, importlib, json, os, select, shutil, signal, sys, tempfile

sys.dont_write_bytecode = True
import fastapi, stigmem_node.plugins


def target(value):
    if value is None or not hasattr(value, "__qualname__"):
        return value and f"<{type(value).__name__}>"
    return f"{value.__module__}:{value.__qualname__}"


def route(value, tops):
    found = [
        f"{name}:{key}"
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in tops
        for key, each in list(vars(module).items())
        if each is value
    ]
    return found or [f"<{type(value).__name__}>"]


def fields(manifest, tops):
    return {
        "name": manifest.name,
        "version": manifest.version,
        "requires_stigmem": manifest.requires_stigmem,
        "capabilities": sorted(manifest.capabilities),
        "hooks": {str(name): target(each) for name, each in manifest.hooks.items()},
        "depends_on": sorted(manifest.depends_on),
        "async_safe": manifest.async_safe,
        "routes": [route(each, tops) for each in manifest.routes],
        "health_check": target(manifest.health_check),
        "config_schema": target(manifest.config_schema),
    }


def run(shape, out):
    folder = tempfile.mkdtemp()
    try:
        os.environ.update(shape["env"])
        for path, data in shape["files"].items():
            full = os.path.join(folder, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "wb") as file:
                file.write(base64.b64decode(data))
        root = os.path.join(folder, shape["root"])
        sys.path.append(root)
        tops = {name.partition(".")[0] for name in os.listdir(root)}
        module, _, attribute = shape["entry"].partition(":")
        try:
            found = importlib.import_module(module)
            for part in attribute.split("."):
                found = getattr(found, part)
            manifest = found()
            answer = {"fields": fields(manifest, tops)}
        except BaseException as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        os.write(out, json.dumps(answer).encode("utf-8", "replace"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


for line in sys.stdin:
    shape = json.loads(line)
    into, out = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(into)
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        try:
            run(shape, out)
        finally:
            os._exit(0)
    os.close(out)
    chunks = []
    while select.select([into], [], [], 20)[0]:
        chunk = os.read(into, 65536)
        if not chunk:
            break
        chunks.append(chunk)
    os.close(into)
    try:
        os.kill(child, signal.SIGKILL)
    except ProcessLookupError:
        pass
    os.waitpid(child, 0)
    text = b"".join(chunks).decode() or json.dumps({"error": "nothing came back"})
    sys.__stdout__.write(text + "\n")
    sys.__stdout__.flush()
"""


class RealNode:
    """A process with the real host in it; use it with ``with``."""

    def __init__(self, python: Path, hash_seed: int = 0) -> None:
        """``hash_seed`` decides the order of sets of texts; of two runs with one it is the same."""
        self._process = subprocess.Popen(
            [str(python), "-s", "-P", "-c", _SERVER],
            env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": str(hash_seed)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __enter__(self) -> RealNode:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def run(
        self, files: Files, entry: str, root: str = "", env: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Call a shape's factory; return ``{"fields": ...}``, or ``{"error": ...}``.

        ``env`` are variables that are set beside those of every node.
        """
        coded = {
            path: base64.b64encode(as_bytes(data)).decode("ascii") for path, data in files.items()
        }
        shape = json.dumps({"files": coded, "entry": entry, "root": root, "env": env or {}})
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(shape.encode() + b"\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def as_bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def read(files: Files, entry: str, root: str = "") -> Reading:
    """Read a shape's manifest from its syntax."""
    below = {path.removeprefix(root): data for path, data in files.items() if path.startswith(root)}
    modules = Modules(
        {place: as_bytes(data) for place, data in below.items()},
        {place: root + place for place in below},
    )
    program = Program(entry, modules, node())
    return read_factory(EntryPoint(ENTRY_POINT_GROUP, "demo", entry), program)


def possible(name: str, field: AnyValue) -> list[Any] | None:
    """Return every value that a field is said to be able to have, in the node's words.

    Nothing where that is not known. Of hooks, those whose handler is uncertain have ``None``.
    """
    match field:
        case Known(value=value):
            return [*_plain(name, value)]
        case OneOf(outcomes=outcomes):
            return [each for outcome in outcomes for each in _plain(name, outcome.value)]
        case _:
            return None


def known_fields(reading: Reading) -> dict[str, Any]:
    """Return every field that is certain, in the words in which the real node answers.

    Of hooks, those whose handler is uncertain have ``None`` for it.
    """
    if not isinstance(reading.manifest, Manifest):
        return {}
    known: dict[str, Any] = {}
    for name in Manifest.__struct_fields__:
        field = getattr(reading.manifest, name)
        said = possible(name, field)
        if isinstance(field, Known) and said and len(said) == 1:
            [known[name]] = said
    return known


def _plain(name: str, value: Any) -> Iterator[Any]:
    if name != "hooks":
        yield list(value) if isinstance(value, tuple) else value
        return
    hooks: Iterable[Hook] = value
    targets = [possible("", hook.target) or [None] for hook in hooks]
    for chosen in product(*targets):
        yield {hook.name: target for hook, target in zip(hooks, chosen, strict=True)}


def disagreements(known: Mapping[str, Any], real: Mapping[str, Any]) -> list[str]:
    """Return what was said to be certain and is not what the node gets."""
    return [
        f"{name}: read {value!r}, the node gets {real[name]!r}"
        for name, value in known.items()
        if not agrees(name, value, real[name])
    ]


def agrees(name: str, value: Any, real: Any) -> bool:
    """Say whether what was read of a field is what the real node gets."""
    if name == "hooks":
        return value.keys() == real.keys() and all(
            target is None or target == real[hook] for hook, target in value.items()
        )
    if name == "routes":
        return len(value) == len(real) and all(
            route in places or (places == ["<APIRouter>"] and route.endswith("APIRouter"))
            for route, places in zip(value, real, strict=True)
        )
    return bool(value == real)


def outcomes(reading: Reading) -> int:
    """Return how many fields are said to be one of several."""
    return sum(1 for _ in _several(reading))


def left_out(reading: Reading, real: Mapping[str, Any]) -> list[str]:
    """Return fields whose real value is none of those that they are said to be one of."""
    return [
        f"{name}: read one of {said!r}, the node gets {real[name]!r}"
        for name, said in _several(reading)
        if not any(agrees(name, each, real[name]) for each in said)
    ]


def _several(reading: Reading) -> Iterator[tuple[str, list[Any]]]:
    for name in Manifest.__struct_fields__ if isinstance(reading.manifest, Manifest) else ():
        said = possible(name, getattr(reading.manifest, name))
        if said and len(said) > 1:
            yield name, said
