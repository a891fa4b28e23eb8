"""A policy's schema in words: every key explained, and a new file that only says what is known."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from stigmem_review.policy.file import Policy
from stigmem_review.policy.mistake import quoted, table_named
from stigmem_review.policy.schema import Key, keys_of

_WIDTH = 78


class Known(NamedTuple):
    """What a new policy can say: values by what leads to their keys, and remarks about them.

    ``plugins`` are the distributions that are installed, with their versions.
    """

    values: Mapping[tuple[str, ...], Any] = {}
    remarks: Mapping[tuple[str, ...], str] = {}
    plugins: tuple[tuple[str, str], ...] = ()


def new_policy(known: Known) -> str:
    """Return the text of a policy that says what is known, and explains all that it could say."""
    lines = [
        "# What decides whether a plugin upgrade may be deployed: stigmem-review bump reads it",
        "# from the target branch, diff and check from the nearest folder. What stands behind #",
        "# are examples. stigmem-review policy check says whether the file is right.",
        "",
    ]
    for table, members in groupby(_leaves(), key=lambda each: (each.tables, each.repeated)):
        names, repeated = table
        if "NAME" in names:
            continue
        lines += _table(names, [*members], known, repeated=repeated)
    for name, version in known.plugins:
        lines += [f"# {name} {version} is installed.", f"# [plugins.{quoted(name)}]"]
        lines += _of_plugin(name)
    if not known.plugins:
        lines += ["# What holds for one distribution, by its name.", "# [plugins.acme-ledger]"]
        lines += _of_plugin("acme-ledger")
    return "\n".join(lines).rstrip() + "\n"


def _leaves() -> Iterator[Key]:
    """Yield the keys that have a value, those that are tables of free keys as tables of theirs."""
    top: list[Key] = []
    below: list[Key] = []
    for each in keys_of(Policy):
        if each.example is None:
            continue
        if isinstance(each.example, dict):
            below += [
                each._replace(tables=(*each.tables, each.name), name=name, example=value)
                for name, value in each.example.items()
            ]
        else:
            (below if each.tables else top).append(each)
    yield from top
    yield from below


def _table(
    names: tuple[str, ...], members: list[Key], known: Known, *, repeated: bool
) -> Iterator[str]:
    if names:
        header = f"[{table_named(names)}]" if repeated else table_named(names)
        is_open = any((*names, each.name) in known.values for each in members)
        yield header if is_open else f"# {header}"
    for each in members:
        keys = (*names, each.name)
        value = known.values.get(keys, each.example)
        said = f"{each.help[0].upper()}{each.help[1:]}."
        yield from _wrapped(said)
        if remark := known.remarks.get(keys):
            yield from _wrapped(remark)
        yield f"{'' if keys in known.values else '# '}{quoted(each.name)} = {in_toml(value)}"
    yield ""


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
    )


def _of_plugin(name: str) -> Iterator[str]:
    for each in keys_of(Policy):
        if each.tables[:2] != ("plugins", "NAME") or each.example is None:
            continue
        inner = each.tables[2:]
        examples = each.example if isinstance(each.example, dict) else {"": each.example}
        for key, value in examples.items():
            dotted = ".".join(quoted(part) for part in (*inner, each.name, key) if part)
            yield f"# {dotted} = {in_toml(value)}"
    yield ""


def in_toml(value: Any) -> str:
    """Return a value as TOML has it: of strings, flags and lists of them it is what JSON has."""
    if isinstance(value, dict):
        inside = ", ".join(f"{quoted(key)} = {in_toml(each)}" for key, each in value.items())
        return f"{{ {inside} }}"
    return msgspec.json.encode(value).decode().replace('","', '", "')


def explained(keys: Iterable[Key]) -> Iterator[tuple[str, list[Key]]]:
    """Yield each table of a policy as it is written, with its keys."""
    for table, members in groupby(keys, key=lambda each: (each.tables, each.repeated)):
        names, repeated = table
        shown = table_named(names)
        yield (f"[{shown}]" if repeated else shown), [*members]
