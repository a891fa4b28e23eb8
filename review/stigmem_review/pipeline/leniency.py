"""What an operator's own files let pass, without anybody having approved one thing of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from stigmem_review import toml
from stigmem_review.model import LEVELS, Level
from stigmem_review.policy.file import PolicyFile, Rights, Setting
from stigmem_review.policy.mistake import quoted, table_named
from stigmem_review.policy.settings import ACKNOWLEDGED, OVERRIDE, REQUIRED, parse_settings
from stigmem_review.rulebook.rule import Rule
from stigmem_review.rulebook.rules import Rulebook
from stigmem_review.toml import Keys

Leniency = Literal["lowered rule", "lowered gate", "allowed", "override"]


class Lenient(NamedTuple):
    """One thing that a file lets pass: in words, for which plugin (empty: all), and its line."""

    kind: Leniency
    says: str
    plugin: str
    line: int


def of_policy(file: PolicyFile, book: Rulebook) -> Iterator[Lenient]:
    """Yield what a policy makes less of than the rules do, and what it allows."""
    policy = file.policy
    if policy.fail_on == "error":
        says = "the gate closes at errors only, and warnings pass"
        yield Lenient("lowered gate", says, "", _line(file, ("fail-on",)))
    if policy.warn_only:
        says = "a change of pins is only warned of, and never fails"
        yield Lenient("lowered gate", says, "", _line(file, ("warn-only",)))
    if policy.signing.required is False:
        says = "the policy does not require signatures"
        yield Lenient("override", says, "", _line(file, ("signing", "required")))
    tables: list[tuple[Keys, str, dict[str, Setting]]] = [(("levels",), "", policy.levels)]
    tables += [
        (("plugins", name, "levels"), name, of.levels) for name, of in policy.plugins.items()
    ]
    for keys, plugin, levels in tables:
        for wanted, setting in levels.items():
            each = book.get(wanted)
            if each and (own := _lowered(each.rule, setting)):
                says = f"{each.id} {each.name} is {setting}, and {own} without the policy"
                yield Lenient("lowered rule", says, plugin, _line(file, (*keys, wanted)))
    for name, of in policy.plugins.items():
        for field in Rights.__struct_fields__:
            for allowed in getattr(of.allow, field):
                keys = ("plugins", name, "allow", field)
                says = f"{table_named(('plugins', name, 'allow'))} {quoted(field)}: {allowed}"
                yield Lenient("allowed", says, name, _line(file, keys))


def _line(file: PolicyFile, keys: Keys) -> int:
    return toml.line_of(file.text, (*file.table, *keys))


def _lowered(rule: Rule, setting: Setting) -> str:
    """Return how heavy a rule can be by itself, where a setting is less."""
    heaviest: Level = rule.level
    if rule.warning_when and heaviest == "note":
        heaviest = "warning"
    if rule.error_when:
        heaviest = "error"
    if setting == "off" or LEVELS.index(setting) > LEVELS.index(heaviest):
        return heaviest
    return ""


def of_env_file(data: bytes, path: str) -> Iterator[Lenient]:
    """Yield whom a node's env file excepts from its trust, and whether it wants signatures.

    Raises ``PolicyError`` for a file in error.
    """
    settings = parse_settings(data, path)
    text = data.decode("utf-8")
    for identity in settings.override:
        says = f"{OVERRIDE}: {identity} is trusted as an exception"
        yield Lenient("override", says, "", _set_at(text, OVERRIDE))
    if settings.required is False:
        yield Lenient("override", f"{REQUIRED}: no signatures", "", _set_at(text, REQUIRED))
    if settings.acknowledged:
        says = f"{ACKNOWLEDGED}: unsigned plugins are accepted"
        yield Lenient("override", says, "", _set_at(text, ACKNOWLEDGED))


def _set_at(text: str, name: str) -> int:
    """Return the last line of an env file that sets a name, which is the one that counts."""
    pattern = re.compile(rf"[ \t]*(?:export[ \t]+)?['\"]?{name}['\"]?[ \t]*=", re.IGNORECASE)
    lines = enumerate(text.split("\n"), 1)
    return max((number for number, line in lines if pattern.match(line)), default=0)
