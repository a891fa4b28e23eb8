"""A schema of TOML, told once: mistakes, JSON Schema and documentation are made from its structs.

A key is a field of a ``msgspec`` struct. What it means and an example stand beside its type, in
``msgspec.Meta``; a field without an example is a table that is explained by its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from stigmem_review.policy.mistake import Mistake, nearest, table_named
from stigmem_review.text import shorten
from stigmem_review.toml import Keys


def mistakes(data: Any, kind: type[msgspec.Struct]) -> Iterator[Mistake]:
    """Yield where what a text of TOML holds is not what a struct describes, in its order."""
    for each in _mistakes(data, inspect.type_info(kind), ()):
        yield _elsewhere(each, kind) if each.unknown else each


def json_schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a struct, as editors of TOML take it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:stigmem-review:policy:1",
        "title": "stigmem-review policy",
        **msgspec.json.schema(kind),
    }


def _elsewhere(mistake: Mistake, kind: type[msgspec.Struct]) -> Mistake:
    """Return a mistake with the tables that have the key, where only the table is wrong."""
    having = [
        f"a key of {table_named(each.tables)}" if each.tables else "written above the first table"
        for each in keys_of(kind)
        if each.name == mistake.keys[-1]
    ]
    if having and "did you mean" not in mistake.why:
        return msgspec.structs.replace(mistake, why=f"; it is {' or '.join(having)}")
    return mistake


class Key(NamedTuple):
    """One key: the tables it stands in, what it means, an example, and what it can be.

    ``NAME`` among the tables is any name; ``repeated`` if the last table can be given repeatedly.
    A key that is a table itself has no example.
    """

    tables: tuple[str, ...]
    name: str
    help: str
    example: Any = None
    values: tuple[str, ...] = ()
    repeated: bool = False


def keys_of(kind: type[msgspec.Struct]) -> Iterator[Key]:
    """Yield every key of a struct and of its tables, those of one table together."""
    yield from _keys(inspect.type_info(kind), (), repeated=False)


def _keys(kind: inspect.Type, tables: tuple[str, ...], *, repeated: bool) -> Iterator[Key]:
    below: list[tuple[inspect.Type, tuple[str, ...], bool]] = []
    assert isinstance(kind, inspect.StructType)  # noqa: S101 - of all that is called with
    for each in kind.fields:
        said = each.type.extra_json_schema or {} if isinstance(each.type, inspect.Metadata) else {}
        [example] = said.get("examples", [None])
        inner = _plain(each.type)
        one = _plain(inner.item_type) if isinstance(inner, inspect.VarTupleType) else inner
        values = one.values if isinstance(one, inspect.LiteralType) else ()
        yield Key(
            tables,
            each.encode_name,
            said.get("description", ""),
            example,
            tuple(map(str, values)),
            repeated,
        )
        inside = (*tables, each.encode_name)
        match inner:
            case inspect.StructType():
                below.append((inner, inside, False))
            case inspect.VarTupleType(item_type=item) if isinstance(item, inspect.StructType):
                below.append((item, inside, True))
            case inspect.DictType(value_type=item) if isinstance(item, inspect.StructType):
                below.append((item, (*inside, "NAME"), False))
            case _:
                pass
    for inner, inside, again in below:
        yield from _keys(inner, inside, repeated=again)


def _mistakes(data: Any, kind: inspect.Type, keys: Keys) -> Iterator[Mistake]:
    match _plain(kind, data):
        case inspect.StructType(fields=fields):
            if not isinstance(data, dict):
                yield Mistake(keys, f"is {_shown(data)}; it is a table: write {table_named(keys)}")
                return
            known = {each.encode_name: each.type for each in fields}
            for key, value in data.items():
                if key in known:
                    yield from _mistakes(value, known[key], (*keys, key))
                else:
                    yield Mistake((*keys, key), _meant(key, [*known]), unknown=True)
        case inspect.DictType(value_type=value_type):
            if not isinstance(data, dict):
                yield Mistake(keys, f"is {_shown(data)}; it is a table: write {table_named(keys)}")
                return
            for key, value in data.items():
                yield from _mistakes(value, value_type, (*keys, key))
        case inspect.VarTupleType(item_type=item_type):
            if not isinstance(data, list):
                yield Mistake(keys, f"is {_shown(data)}; it is a list, such as {_list(item_type)}")
                return
            if not data:
                yield Mistake(keys, "is empty; leave it out, or say what is meant")
            for index, value in enumerate(data):
                if isinstance(_plain(item_type), inspect.StructType):
                    yield from _mistakes(value, item_type, (*keys, index))
                    continue
                for each in _mistakes(value, item_type, ()):
                    yield Mistake(keys, f": item {index + 1} {each.why}")
        case inspect.LiteralType(values=values):
            if data not in values or not isinstance(data, str):
                yield Mistake(keys, f"is {_shown(data)}{_meant(data, [*map(str, values)])}")
        case inspect.BoolType():
            if not isinstance(data, bool):
                yield Mistake(keys, f"is {_shown(data)}; it is true or false, without quotes")
        case inspect.IntType(ge=least, le=most):
            is_number = isinstance(data, int) and not isinstance(data, bool)
            if not is_number or not (least or 0) <= data <= (most or data):
                wanted = f"a whole number from {least} to {most}, without quotes"
                yield Mistake(keys, f"is {_shown(data)}; it is {wanted}")
        case _:
            if not isinstance(data, str):
                yield Mistake(keys, f"is {_shown(data)}; it is a string, in quotes")
            elif not data:
                yield Mistake(keys, "is empty; leave it out, or say what is meant")


def _plain(kind: inspect.Type, data: Any = None) -> inspect.Type:
    """Return a type without what is said beside it, and without that it can be left out.

    Of a type that is one value or a list of them, it is the list where ``data`` is one.
    """
    if isinstance(kind, inspect.Metadata):
        return _plain(kind.type, data)
    if isinstance(kind, inspect.UnionType):
        types = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
        lists = [each for each in types if isinstance(each, inspect.VarTupleType)]
        return _plain((lists if lists and isinstance(data, list) else types)[0], data)
    return kind


def _shown(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{shorten(value, 80)}"'
        case dict():
            return "a table"
        case list():
            return "a list"
        case _:
            return shorten(str(value), 80)


def _meant(given: Any, known: list[str]) -> str:
    """Return what was probably meant, or else what there is."""
    if near := nearest(given, known) if isinstance(given, str) else "":
        return f": did you mean `{near}`?"
    return f"; it is one of {', '.join(known)}"


def _list(item: inspect.Type) -> str:
    kind = _plain(item)
    if isinstance(kind, inspect.LiteralType):
        return f'["{kind.values[0]}"]'
    return '["..."]'
