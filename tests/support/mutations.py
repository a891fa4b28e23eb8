"""Ways to spoil a JSON document that holds base64, and certificates in that."""

from __future__ import annotations

import copy
import json
import random
import re
import string
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from typing import Any

Path = tuple[str | int, ...]

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.5, 2**31, 2**63, 2**64, 10**400, 1e308, "", " ", "0", "-1"),
    *("1e9", "9" * 400, "\0", "\ud800", "\u2028", "é", "=", "A", "AAAA", "x" * 70_000),
    *([], {}, [[]], [{}], {"": {}}, [None], {"rawBytes": "AAAA"}),
)
"""Values that stand where others are expected."""


def paths(value: Any, above: Path = ()) -> Iterator[Path]:
    """Yield the way to everything in a document but itself."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield (*above, key)
        yield from paths(item, (*above, key))


def at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def put(value: Any, path: Path, item: Any) -> None:
    at(value, path[:-1])[path[-1]] = item


def flip(data: bytes, chance: random.Random, count: int = 1) -> bytes:
    """Change ``count`` bits."""
    found = bytearray(data)
    for _ in range(count if found else 0):
        found[chance.randrange(len(found))] ^= 1 << chance.randrange(8)
    return bytes(found)


def _spoil_bytes(data: bytes, chance: random.Random) -> bytes:
    """Change, cut, lengthen, double or move a part of some bytes, such as DER."""
    if not data:
        return b"\0"
    start = chance.randrange(len(data))
    end = min(len(data), start + chance.randrange(1, 9))
    match chance.randrange(7):
        case 0:
            return data[:start]
        case 1:
            return data[:start] + data[end:]
        case 2:
            return data[:end] + data[start:]
        case 3:
            return data[:start] + chance.randbytes(end - start) + data[end:]
        case 4:
            return data + chance.randbytes(chance.randrange(1, 64))
        case 5:
            return data[:start] + bytes(end - start) + data[end:]
        case _:
            return flip(data, chance, chance.randrange(1, 4))


def in_base64(document: Any, chance: random.Random) -> None:
    """Spoil what a text in base64 stands for."""
    found = [path for path in paths(document) if _decoded(at(document, path))]
    path = chance.choice(found)
    put(document, path, b64encode(_spoil_bytes(_decoded(at(document, path)), chance)).decode())


def in_a_text(document: Any, chance: random.Random) -> None:
    """Change, add or drop characters of a text."""
    path = chance.choice([each for each in paths(document) if isinstance(at(document, each), str)])
    text = at(document, path)
    place = chance.randrange(len(text) + 1)
    piece = chance.choice(
        ("", "\n", "=", "-_", "\0", "\u202e", *string.ascii_letters, "12", "\n\n")
    )
    put(document, path, text[:place] + piece + text[place + chance.randrange(3) :])


def dropped(document: Any, chance: random.Random) -> None:
    path = chance.choice(list(paths(document)))
    del at(document, path[:-1])[path[-1]]


def renamed(document: Any, chance: random.Random) -> None:
    """Give a key another name, or both; the library knows those of the specification too."""
    *above, key = chance.choice([path for path in paths(document) if isinstance(path[-1], str)])
    holder = at(document, tuple(above))
    snake = re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", str(key))
    name = chance.choice((f"{key}s", str(key).upper(), "", "x", snake, snake))
    holder[name] = copy.deepcopy(holder[key])
    if name != key and chance.random() < 0.7:
        del holder[key]


def retyped(document: Any, chance: random.Random) -> None:
    path = chance.choice(list(paths(document)))
    value = at(document, path)
    text = str(value)
    wrapped = ([value], {"value": value}, [value, value], text, list(text)[:99])
    put(document, path, copy.deepcopy(chance.choice((*ODD, *wrapped))))


def moved(document: Any, chance: random.Random) -> None:
    """Put one value in the place of another."""
    found = list(paths(document))
    put(document, chance.choice(found), copy.deepcopy(at(document, chance.choice(found))))


def deepened(document: Any, chance: random.Random) -> None:
    value: Any = at(document, path := chance.choice(list(paths(document))))
    for _ in range(chance.choice((2, 30, 200))):
        value = chance.choice(([value], {"value": value}))
    put(document, path, value)


def lengthened(document: Any, chance: random.Random) -> None:
    path = chance.choice(list(paths(document)))
    value = at(document, path)
    many = chance.choice((2, 30, 1000))
    if isinstance(value, dict):
        put(document, path, value | {f"x{number}": 1 for number in range(many)})
    else:
        put(document, path, value * many if isinstance(value, (str, list)) else [value] * many)


def swapped(donors: list[Any]) -> Callable[[Any, random.Random], None]:
    """Return a change that takes something from another document, from where it stands there."""

    def swap(document: Any, chance: random.Random) -> None:
        donor = chance.choice(donors)
        both = set(paths(donor)) & set(paths(document))
        path = chance.choice(sorted(both, key=str))
        put(document, path, copy.deepcopy(at(donor, path)))

    return swap


CHANGES: tuple[Callable[[Any, random.Random], None], ...] = (
    *(in_base64, in_base64, in_base64, in_a_text, in_a_text),
    *(dropped, renamed, retyped, retyped, moved, deepened, lengthened),
)


def mutant(document: bytes, donors: list[bytes], chance: random.Random) -> bytes:
    """Return a document with one to three changes, or with some bits of its text flipped."""
    if chance.random() < 0.15:
        return flip(document, chance, chance.randrange(1, 4))
    whole = json.loads(document)
    swap = swapped([json.loads(donor) for donor in donors])
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if any(True for _ in paths(whole)):
            change = chance.choice((*CHANGES, swap, swap))
            try:
                change(whole, chance)
            except IndexError:  # nothing of that kind is left to change
                continue
    text = json.dumps(whole)
    if chance.random() < 0.05:
        return _doubled(text, chance).encode()
    return text.encode()


def _doubled(text: str, chance: random.Random) -> str:
    """Write a key of an object twice, with another value."""
    places = [place for place, character in enumerate(text) if character == "{"]
    place = chance.choice(places) + 1 if places else 0
    key = text[place:].partition('"')[2].partition('"')[0]
    return f'{text[:place]}"{key}": {json.dumps(chance.choice(ODD[:10]))}, {text[place:]}'


def _decoded(value: Any) -> bytes:
    """Return what a text in base64 stands for; nothing for any other value."""
    if not isinstance(value, str) or len(value) < 20 or len(value) % 4:
        return b""
    try:
        return b64decode(value, validate=True)
    except ValueError:
        return b""
