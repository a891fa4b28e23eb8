"""Starts of nodes with small plugins: what is tried, and what the real nodes answered.

``tests/forecast/cases`` says what is tried. A case is a start with one plugin::

    [[case]]
    name = "owner-denies"
    each = ["no", "never"]                      # once for each, which stands where EACH is written
    code = '''def check(ctx, plugin): return Deny("EACH")'''
    fields.hooks = '{"config_validate": check}'
    env = { STIGMEM_PLUGIN_SIGNING_REQUIRED = "true" }
    outside = "on what its outcome depends beside the artifacts and the settings"
    fire = true                                 # call the hooks of its plugins once, as requests do

or with several, as a list ``plugins`` of tables like it; ``released`` names wheels of the index,
which are fetched once and kept in ``cache()``. ``fields`` are the keywords of the manifest, as
expressions; an empty one is left out. ``source`` is the whole module instead, ``files`` are further
ones; ``point`` and ``entry`` are the name and the value of the entry point, ``points`` all of its
file, and ``dist`` and ``headers`` are of the metadata. Unless ``env`` says otherwise, the node
takes unsigned plugins.

``tests/forecast/recorded.jsonl`` has what each release of the node did with each.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from stigmem_review import host
from stigmem_review.policy.settings import ACKNOWLEDGED, ACKNOWLEDGEMENT, REQUIRED
from support.plugins import write_wheel

HOME = Path(__file__).parents[1] / "forecast"
RECORDED = HOME / "recorded.jsonl"
PYTHON = (3, 11)
"""The Python of the nodes that are recorded; the words of exceptions are others in others."""
AGREED = "starts foreseen"
"""The property of a test that says of how many starts the forecast was what the node did."""
_ADDRESS = re.compile(r"(?<= at 0x)[0-9a-f]+|(?<=:)\d{9,}(?=\.)")
"""Where something stood in memory, as Python says it and as pydantic does."""
_SERVER = Path(__file__).with_name("start_server.py")
_UNSIGNED = {REQUIRED: "false", ACKNOWLEDGED: ACKNOWLEDGEMENT}
_SETTINGS = "STIGMEM_PLUGIN_"
_FIELDS = {"name": '"{dist}"', "version": '"1.0.0"', "requires_stigmem": '">=0.9.0a2"'}
_HEAD = """\
from stigmem_node.plugins import Allow, Deny, Migration, PluginHealth, PluginManifest, RejectError
"""
_NODE = "{node}"
"""Stands for the version of the node in a message that is recorded."""


@dataclass(frozen=True)
class Plugin:
    """One small distribution: what its files are, and what its metadata says."""

    dist: str
    files: Mapping[str, str]
    points: str
    headers: str = ""


@dataclass(frozen=True)
class Case:
    """One start: what is installed, the environment, and what is special about it.

    ``outside`` says on what the outcome depends that no artifact and no setting has; ``fire`` if
    the hooks of its plugins are called once after the start.
    """

    name: str
    plugins: tuple[Plugin, ...]
    released: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    outside: str = ""
    fire: bool = False

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that are set beside the node's settings about plugins."""
        return {key: each for key, each in self.env.items() if not key.startswith(_SETTINGS)}

    @property
    def digest(self) -> str:
        """What tells this case from what it was before somebody changed it."""
        asked = [[asdict(each) for each in self.plugins], self.released, self.env, self.fire]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]

    def wheels(self, folder: Path) -> list[Path]:
        """Write the wheels of its plugins to a folder; return all that is installed."""
        made = [
            write_wheel(
                folder,
                each.files,
                name=each.dist,
                entry_points=each.points,
                headers=each.headers,
            )
            for each in self.plugins
        ]
        return [*made, *map(_fetched, self.released)]


def cache() -> Path:
    """Return the folder that keeps what comes from the index, of the user's cache if unset."""
    users = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("STIGMEM_REVIEW_NODES") or users / "stigmem-review" / "nodes")


def _fetched(name: str) -> Path:
    path = cache() / "released" / name
    if not path.exists():
        distribution, version, _ = name.split("-", 2)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--dest", str(path.parent)]
        subprocess.run([*command, f"{distribution}=={version}"], check=True)
    return path


@dataclass(frozen=True)
class Answer:
    """What one release did: the class and the message of what stopped it, and how far it came.

    ``order`` are the plugins that were registered, as they were, ``ignored`` those that the node
    passed over, ``handlers`` the names on each hook that a plugin has a handler on, in the order in
    which they run, and ``first`` how calling a hook for the first time fails.
    """

    error: str = ""
    message: str = ""
    order: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    handlers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    first: Mapping[str, str] = field(default_factory=dict)


def _answer(said: Mapping[str, Any], version: str) -> Answer:
    return Answer(
        said.get("error", ""),
        said.get("message", "").replace(_NODE, version),
        tuple(said.get("order", ())),
        tuple(said.get("ignored", ())),
        {hook: tuple(names) for hook, names in said.get("handlers", {}).items()},
        said.get("first", {}),
    )


# What is tried.


@functools.cache
def cases() -> tuple[Case, ...]:
    """Return all that is tried."""
    return tuple(
        case
        for path in sorted((HOME / "cases").glob("*.toml"))
        for said in tomllib.loads(path.read_text("utf-8"))["case"]
        for case in _cases(path.stem, said)
    )


def _cases(stage: str, said: Mapping[str, Any]) -> Iterator[Case]:
    name = f"{stage}/{said['name']}"
    if "each" not in said:
        yield _case(name, said)
    for value in said.get("each", ()):
        yield _case(f"{name} {value}", _put(said, value))


def _put(said: Any, value: str) -> Any:
    match said:
        case str():
            return said.replace("EACH", value)
        case list():
            return [_put(each, value) for each in said]
        case dict():
            return {_put(key, value): _put(each, value) for key, each in said.items()}
        case _:
            return said


def _case(name: str, said: Mapping[str, Any]) -> Case:
    several = said.get("plugins", () if "released" in said else [said])
    return Case(
        name,
        tuple(map(_plugin, several)),
        tuple(said.get("released", ())),
        {key: value for key, value in (_UNSIGNED | said.get("env", {})).items() if value},
        said.get("outside", ""),
        said.get("fire", False),
    )


def _plugin(said: Mapping[str, Any]) -> Plugin:
    dist = said.get("dist", "acme-notes")
    package = dist.replace("-", "_")
    point = said.get("point", dist)
    entry = said.get("entry", "PACKAGE:manifest").replace("PACKAGE", package)
    files = {f"{package}/__init__.py": said.get("source") or _module(dist, said)}
    files |= {path.replace("PACKAGE", package): text for path, text in _files(said)}
    points = said.get("points", f"[stigmem.plugins]\n{point} = {entry}\n")
    return Plugin(dist, {k: v for k, v in files.items() if v}, points, said.get("headers", ""))


def _files(said: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    files: Mapping[str, str] = said.get("files", {})
    return files.items()


def _module(dist: str, said: Mapping[str, Any]) -> str:
    fields = {key: value.format(dist=dist) for key, value in _FIELDS.items()}
    fields |= said.get("fields", {})
    lines = "".join(f"        {key}={value},\n" for key, value in fields.items() if value)
    code = said.get("code", "")
    return f"{_HEAD}\n{code}\n\ndef manifest():\n    return PluginManifest(\n{lines}    )\n"


# What the nodes answered.


def load() -> dict[str, tuple[str, dict[str, Answer]]]:
    """Return of each case its digest when it was recorded, and the answer of each release."""
    found = {}
    for line in RECORDED.read_text("utf-8").splitlines():
        said = json.loads(line)
        found[said["name"]] = (
            said["digest"],
            {
                version: _answer(answer, version)
                for span, answer in said["answers"].items()
                for version in _versions(span)
            },
        )
    return found


def save(recorded: Mapping[str, tuple[str, Mapping[str, Answer]]]) -> None:
    """Write a recording: what releases in a row answered alike stands there once."""
    lines = (
        json.dumps({"name": name, "digest": digest, "answers": dict(_spans(answers))})
        for name, (digest, answers) in recorded.items()
    )
    RECORDED.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def _spans(answers: Mapping[str, Answer]) -> Iterator[tuple[str, dict[str, Any]]]:
    alike = itertools.groupby(
        answers, key=lambda version: json.dumps(_plain(answers[version], version))
    )
    for text, versions in alike:
        span = [*versions]
        yield f"{span[0]} {span[-1]}", json.loads(text)


def _plain(answer: Answer, version: str) -> dict[str, Any]:
    told = {key: value for key, value in asdict(answer).items() if value}
    if answer.message:
        told["message"] = answer.message.replace(version, _NODE)
    return told


def _versions(span: str) -> Sequence[str]:
    known = host.versions()
    first, last = span.split()
    return known[known.index(first) : known.index(last) + 1]


class StartedNode:
    """A process that starts one release of the node as often as it is asked; use with ``with``."""

    def __init__(self, python: Path, version: str) -> None:
        self._version = version
        self._process = subprocess.Popen(
            [str(python), "-s", "-P", str(_SERVER)],
            env={"PATH": os.environ["PATH"], "HOME": os.devnull, "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=python.parents[1],
        )

    def __enter__(self) -> StartedNode:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def start(self, case: Case, folder: Path) -> Answer:
        """Return what this release does with a case, whose wheels are written to a folder."""
        files: dict[str, str] = {}
        for path in case.wheels(folder):
            with zipfile.ZipFile(path) as wheel:
                for name in wheel.namelist():
                    files[name] = base64.b64encode(wheel.read(name)).decode("ascii")
        node = host.node(self._version)
        fire = {hook: node.calls(hook)[0] for hook in node.hooks} if case.fire else {}
        asked = {"files": files, "env": dict(case.env), "fire": fire}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        said["message"] = _ADDRESS.sub("", said.get("message", ""))
        return _answer(said, self._version)
