"""Settings that ``pydantic_settings`` takes from the environment: which have to be there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from stigmem_review.interpret import host, variables
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Keywords
from stigmem_review.interpret.values import MISSING, NONE, Const, Foreign, Pairs, Ref, Value

BASE = Foreign("pydantic_settings.BaseSettings")
_PREFIX = "env_prefix"
_ELSEWHERE = ("env_file", "secrets_dir", "toml_file", "yaml_file", "json_file", "cli_parse_args")
"""Options that have settings read from more than the environment."""


def note(m: Machine, kind: Ref) -> None:
    """Note what an object of a class cannot be made without, before others can change the class."""
    if BASE in m.thing(kind).mro:
        m.wanted[kind.oid] = tuple(_wanted(m, kind))


def _wanted(m: Machine, kind: Ref) -> Iterator[tuple[str, str]]:
    prefix = _prefix(m, m.read(kind, "model_config"))
    for name, written in m.fields.get(kind.oid, {}).items():
        plain = name[:1] != "_" and isinstance(written, (ast.Name, ast.Attribute))
        if prefix is not None and plain and m.read(kind, name) == MISSING:
            yield name, f"{prefix}{name}".upper()


def _prefix(m: Machine, config: Value) -> str | None:
    """Return what the names of variables begin with; nothing where more than these count."""
    if config == MISSING:
        return ""
    content = m.read(config) if isinstance(config, Ref) and config.kind == "dict" else NONE
    if not isinstance(content, Pairs):
        return None
    found = ""
    for _, name, value in content.items:
        if not isinstance(name, Const) or name.value in _ELSEWHERE:
            return None
        if name.value == _PREFIX:
            if not isinstance(value, Const) or not isinstance(value.value, str):
                return None
            found = value.value
    return found


def made(m: Machine, kind: Ref, keywords: Keywords) -> None:
    """Refuse an object of a class that is made without what it wants, where that is not set."""
    given = {name for name, _ in keywords}

    for name, variable in m.wanted.get(kind.oid, ()):
        if name not in given:
            there = variables.is_set(m, Const(variable))
            m.choose(there, lambda: NONE, partial(_absent, m, name))


def _absent(m: Machine, name: str) -> Value:
    host.refuse(m, f"{name}: Field required")
