"""What the real node answered for programs, recorded by ``tests/record_node.py``.

A line of a recording is one program: its files, its entry point, and what the node gave for it in
several environments. Of the fields only those that are not the defaults are kept. A text is a
list of pieces where the recording's first line has pieces that many programs share.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stigmem_review.code.installed import Own
from support.real_node import RealNode
from support.shapes import DEFAULTS

ORACLE = Path(__file__).parents[1] / "oracle"
_SHARED = 4
"""Programs that a piece of text has to occur in to be kept apart."""
_RAW = "\0latin-1:"
_ADDRESS = "0x[0-9a-f]{6,}"
_BREAK = re.compile(r"(?<=\n)(?=def |class |@|from |import |caps|[A-Z]+ =)")


@dataclass(frozen=True)
class Program:
    """One program: texts by path; one that is not UTF-8 is kept as Latin-1 behind a mark."""

    id: str
    files: Mapping[str, str]
    entry: str
    root: str = ""

    @property
    def data(self) -> dict[str, bytes]:
        """The files as bytes."""
        return {
            path: text[len(_RAW) :].encode("latin-1") if text.startswith(_RAW) else text.encode()
            for path, text in self.files.items()
        }

    def variables(self) -> list[str]:
        """Return the names of environment variables that the program mentions."""
        found = re.findall(
            r"(?:environ|getenv)\S{0,7}?[\[(]['\"](\w+)", " ".join(self.files.values())
        )
        return [name for name in dict.fromkeys(found) if name not in ("PATH", "HOME")]


def program(
    files: Mapping[str, str | bytes], entry: str, root: str = "", name: str = ""
) -> Program:
    """Return a program; without a name it is called after what is in it."""
    texts = {path: _text(data) for path, data in files.items()}
    digest = hashlib.sha256(json.dumps([texts, entry, root]).encode()).hexdigest()
    return Program(name or digest[:12], texts, entry, root)


def _text(data: str | bytes) -> str:
    if isinstance(data, str):
        return data
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _RAW + data.decode("latin-1")


@dataclass(frozen=True)
class Answer:
    """What the node gave in one environment: all fields, or the error."""

    env: Mapping[str, str]
    fields: Mapping[str, Any] | None
    error: str = ""


@dataclass(frozen=True)
class Recorded:
    """One program and the node's answers."""

    program: Program
    answers: tuple[Answer, ...]


def names() -> list[str]:
    """Return the names of the recordings."""
    return sorted(path.stem for path in ORACLE.glob("*.jsonl"))


@functools.cache
def load(name: str) -> tuple[Recorded, ...]:
    """Return one recording."""
    first, *lines = (ORACLE / f"{name}.jsonl").read_text("utf-8").splitlines()
    pieces: list[str] = json.loads(first)
    return tuple(_unpack(json.loads(line), pieces) for line in lines)


def save(name: str, recorded: Iterable[Recorded]) -> None:
    """Write one recording."""
    kept = list(recorded)
    counts = Counter(
        piece
        for each in kept
        for piece in {p for text in each.program.files.values() for p in _BREAK.split(text)}
    )
    pieces = [piece for piece, count in counts.items() if count >= _SHARED and len(piece) > 12]
    index = {piece: place for place, piece in enumerate(pieces)}
    lines = [json.dumps(pieces), *(json.dumps(_pack(each, index)) for each in kept)]
    (ORACLE / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def _pack(recorded: Recorded, index: Mapping[str, int]) -> dict[str, Any]:
    program = recorded.program
    packed: dict[str, Any] = {
        "id": program.id,
        "files": {path: list(_cut(text, index)) for path, text in program.files.items()},
        "entry": program.entry,
        "answers": [_pack_answer(each) for each in recorded.answers],
    }
    return {**packed, "root": program.root} if program.root else packed


def _cut(text: str, index: Mapping[str, int]) -> Iterator[int | str]:
    own = ""
    for piece in _BREAK.split(text):
        if piece in index:
            if own:
                yield own
            own = ""
            yield index[piece]
        else:
            own += piece
    if own:
        yield own


def _pack_answer(answer: Answer) -> dict[str, Any]:
    if answer.fields is None:
        return {"env": answer.env, "error": answer.error}
    fields = {name: value for name, value in answer.fields.items() if value != DEFAULTS[name]}
    return {"env": answer.env, "fields": fields}


def _unpack(packed: Mapping[str, Any], pieces: list[str]) -> Recorded:
    files = {
        path: "".join(pieces[piece] if isinstance(piece, int) else piece for piece in cut)
        for path, cut in packed["files"].items()
    }
    program = Program(packed["id"], files, packed["entry"], packed.get("root", ""))
    return Recorded(
        program,
        tuple(
            Answer(each["env"], None, each["error"])
            if "error" in each
            else Answer(each["env"], {**DEFAULTS, **each["fields"]})
            for each in packed["answers"]
        ),
    )


def environments(program: Program) -> Iterator[dict[str, str]]:
    """Yield the environments that a program is run in: each variable alone, none, and all."""
    variables = program.variables()[:3]
    yield {}
    for name in variables:
        yield {name: "1"}
    if len(variables) > 1:
        yield dict.fromkeys(variables, "1")


def ask(program: Program, nodes: Iterable[RealNode]) -> Recorded:
    """Return what the nodes answer for a program."""
    answers: list[Answer] = []
    for env in environments(program):
        for node in nodes:
            given = node.run(program.data, program.entry, program.root, env)
            answer = Answer(env, _addressless(given.get("fields")), _steady(given.get("error", "")))
            if answer not in answers:
                answers.append(answer)
    return Recorded(program, tuple(answers))


def _steady(error: str) -> str:
    """Return an error without what is different in every run."""
    return re.sub(rf"/tmp/\w+|{_ADDRESS}", "_", error)[:120]


def _addressless(value: Any) -> Any:
    """Return what the node gave without the addresses of objects, which differ in every run."""
    match value:
        case str():
            return re.sub(_ADDRESS, "_", value)
        case list():
            return [*map(_addressless, value)]
        case dict():
            return {_addressless(key): _addressless(each) for key, each in value.items()}
        case _:
            return value


def own_of(program: Program) -> Own | None:
    """Return the distribution that a program says it is, if it has metadata."""
    for path, text in program.files.items():
        if path.endswith(".dist-info/METADATA"):
            found = dict(re.findall(r"(?m)^(Name|Version): (.*)$", text))
            return Own(found["Name"], found["Version"])
    return None
