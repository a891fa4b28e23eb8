"""What the node's own settings say about signing."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from stigmem_review import limits
from stigmem_review.errors import PolicyError
from stigmem_review.text import shorten

if TYPE_CHECKING:
    from dotenv.parser import Original

TRUSTED: Final = "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS"
OVERRIDE: Final = "STIGMEM_PLUGIN_TRUST_OVERRIDE_PUBLISHERS"
REQUIRED: Final = "STIGMEM_PLUGIN_SIGNING_REQUIRED"
ACKNOWLEDGED: Final = "STIGMEM_PLUGIN_UNSIGNED_ACK"

DISCOVERY: Final = "STIGMEM_PLUGIN_AUTO_DISCOVERY_ENABLED"

ACKNOWLEDGEMENT = "i-understand-plugins-are-unsigned"
"""The one text that the node takes for it (``stigmem_node.plugins.signing``)."""

_YES = frozenset({"1", "on", "t", "true", "y", "yes"})
_NO = frozenset({"0", "off", "f", "false", "n", "no"})
"""What pydantic takes for true and false, in any case and without blanks around it."""


class Settings(msgspec.Struct, frozen=True):
    """The settings of a node that decide about signatures (``stigmem_node.settings``).

    ``trusted`` and ``override`` are bare identities; ``required`` is absent where it is not set;
    ``acknowledged`` if the operator accepts unsigned plugins in the node's own words, and
    ``discovery`` unless the node is told to look for no plugins.
    """

    trusted: tuple[str, ...] = ()
    override: tuple[str, ...] = ()
    required: bool | None = None
    acknowledged: bool = False
    discovery: bool = True


def settings_of(environment: Mapping[str, str]) -> Settings:
    """Return the settings in an environment. Raises ``PolicyError`` for one the node refuses."""
    return _settings(environment, {}, "the environment")


def parse_settings(data: bytes, path: str) -> Settings:
    """Read the settings in an env file. Raises ``PolicyError`` where it cannot be read.

    The file is read as the node reads it, by ``python-dotenv``. Where that passes over a line it
    cannot read, or puts other variables into a value, a setting in it is refused here.
    """
    shown = f"the env file {path}"
    if len(data) > limits.ENV_FILE_BYTES:
        raise PolicyError(
            f"{shown}: it has more than {limits.ENV_FILE_BYTES} bytes; "
            "name one that holds the node's settings and nothing else"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PolicyError(
            f"{shown}: byte {error.start} is not UTF-8, as which the node reads it; save it so"
        ) from None
    found, lines = _of_file(text, shown)
    for name, value in found.items():
        if value is not None and "${" in value and _variable(name):
            raise PolicyError(
                f"{shown}:{lines[name]}: {_variable(name)} is {shorten(value)!r}, which takes the "
                "value of another variable, which is not known here: write it out"
            )
    return _settings(found, {name: f"{shown}:{line}" for name, line in lines.items()}, shown)


def variables_of(data: bytes) -> dict[str, str]:
    """Return what an env file that was parsed sets variables to, where that is written out."""
    found, _ = _of_file(data.decode("utf-8"), "")
    return {name: value for name, value in found.items() if value is not None and "${" not in value}


def _of_file(text: str, shown: str) -> tuple[dict[str, str | None], dict[str, int]]:
    """Return what the lines of an env file set, and in which; the last of several counts."""
    # Its dotenv_values says no more than the log about a line that it cannot read.
    from dotenv.parser import parse_stream

    found: dict[str, str | None] = {}
    lines: dict[str, int] = {}
    for line in parse_stream(io.StringIO(text, newline=None)):
        if line.key is not None:
            found[line.key], lines[line.key] = line.value, _first_line(line.original)
        elif line.error and "stigmem_plugin_" in line.original.string.lower():
            raise PolicyError(
                f"{shown}:{line.original.line}: the node cannot read this line and passes over "
                f"it: {shorten(line.original.string.strip())!r}; write NAME=value"
            )
    return found, lines


def _first_line(original: Original) -> int:
    """Return where a binding begins, after the blank lines that its text takes in."""
    text = original.string
    return original.line + text[: len(text) - len(text.lstrip())].count("\n")


_BY_NAME = {each.lower(): each for each in (TRUSTED, OVERRIDE, REQUIRED, ACKNOWLEDGED, DISCOVERY)}


def _variable(name: str) -> str:
    """Return the setting that a name stands for, in whatever case, or nothing."""
    return _BY_NAME.get(name.lower(), "")


def _settings(values: Mapping[str, str | None], places: Mapping[str, str], shown: str) -> Settings:
    """Return what some variables say, each of which stands at its place.

    Raises ``PolicyError`` for a value the node refuses, and for a list with a name that is no
    signer's.
    """
    said = {_variable(name): value for name, value in values.items() if _variable(name)}
    at = {_variable(name): place for name, place in places.items()}
    trusted, override = (
        _identities(name, said.get(name), at.get(name, shown)) for name in (TRUSTED, OVERRIDE)
    )
    return Settings(
        trusted=trusted,
        override=override,
        required=_flag(REQUIRED, said.get(REQUIRED), at.get(REQUIRED, shown)),
        acknowledged=said.get(ACKNOWLEDGED) == ACKNOWLEDGEMENT,
        discovery=_flag(DISCOVERY, said.get(DISCOVERY), at.get(DISCOVERY, shown)) is not False,
    )


def takes_more(name: str, value: str) -> bool:
    """Say whether a node takes more plugins with a setting, or with one of several signers in it.

    What cannot be known here, such as a variable, may be anything.
    """
    match _variable(name):
        case known if known == REQUIRED:
            return value.lower() not in _YES
        case known if known == ACKNOWLEDGED:
            return value == ACKNOWLEDGEMENT or "$" in value or "{" in value
        case known if known == DISCOVERY:
            return value.lower() not in _NO
        case "":
            return False
        case _:
            return bool(value)


def _identities(name: str, value: str | None, shown: str) -> tuple[str, ...]:
    parts = (part.strip() for part in (value or "").split(","))
    found = tuple(dict.fromkeys(part for part in parts if part))
    for part in found:
        from stigmem_review.policy.spelling import identity_wrong

        if why := identity_wrong(part):
            raise PolicyError(f"{shown}: {name}: {why}")
    return found


def _flag(name: str, value: str | None, shown: str) -> bool | None:
    if value is None:
        return None
    if value.lower() in _YES:
        return True
    if value.lower() in _NO:
        return False
    raise PolicyError(
        f"{shown}: {name} is {shorten(value)!r}, which the node refuses; write true or false"
    )
