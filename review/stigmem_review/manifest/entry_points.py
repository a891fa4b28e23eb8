"""Entry point declarations: as an installed distribution has them, and as a project writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stigmem_review.model import ENTRY_POINT_GROUP, EntryPoint, Location, Problem
from stigmem_review.text import shorten

# The value's form, as importlib.metadata.EntryPoint.pattern has it.
_VALUE = re.compile(
    r"(?P<module>[\w.]+)\s*(:\s*(?P<attr>[\w.]+)\s*)?((?P<extras>\[.*\])\s*)?$", re.ASCII
)


# What both parsers read alike: sections and plain lines, nothing indented, nothing in between.
_PLAIN = re.compile(r"(?:\[[\w.-]+\]\n|[\w.-]+[ ]*=[ ]*[\w.:]+\n|[#;][ -~]*\n|\n)*", re.ASCII)

_SCRIPTS = (
    ("tool", "poetry", "scripts", "console_scripts"),
    ("tool", "flit", "scripts", "console_scripts"),
    ("project", "scripts", "console_scripts"),
    ("project", "gui-scripts", "gui_scripts"),
)
"""Tables of commands in a ``pyproject.toml``, and the group each becomes."""
_PROJECT = ("project", "entry-points")
_POETRY = ("tool", "poetry", "plugins")
_FLIT = ("tool", "flit", "entrypoints")

# A line of TOML that opens a table or gives a key its value.
_PART = r"""(?:"[^"]*"|'[^']*'|[\w-]+)"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_LINE = rf"\s*(?:\[\s*(?P<table>{_DOTTED})\s*\]|(?P<key>{_DOTTED})\s*=)"


def parse_entry_points(text: str, path: str) -> tuple[tuple[EntryPoint, ...], tuple[Problem, ...]]:
    """Read an ``entry_points.txt`` the way ``importlib.metadata`` does.

    That parser is the one the host's discovery uses: a section in brackets, ``name = value``
    below it, blank lines and lines that start with ``#`` skipped. A line without ``=`` makes it
    fail on the whole file, and with it the discovery of every plugin: that is a problem.
    """
    found: list[EntryPoint] = []
    problems: list[Problem] = []
    group: str | None = None
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            group = line.strip("[]")
            continue
        if group is None:
            continue
        name, equals, value = line.partition("=")
        at = Location(path, number)
        if equals:
            found.append(EntryPoint(group, name.strip(), value.strip(), at))
        else:
            shown = shorten(line, 80)
            why = f"the line {shown!r} has no =, and the node fails on the whole file"
            problems.append(Problem("entry-point-invalid", line, why, at))
    if not problems:
        problems += _read_otherwise(text, path, found)
    return _sorted(found), tuple(problems)


def _read_otherwise(text: str, path: str, found: list[EntryPoint]) -> Iterator[Problem]:
    """Yield where the format's own parser reads another file than ``importlib.metadata``.

    The specification calls the format that of ``configparser``, with ``=`` as the only delimiter
    and names that keep their case; installers and build tools read it that way.
    """
    pairs = [(each.group, each.name) for each in found]
    if len(set(pairs)) == len(pairs) and _PLAIN.fullmatch(text):
        return
    import configparser

    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text, path)
        strict = [
            (section, name, " ".join(value.split()))
            for section in parser.sections()
            for name, value in parser.items(section)
        ]
    except configparser.Error as error:
        reason = shorten(str(error).partition("\n")[0])
        yield Problem("entry-point-odd", path, f"configparser refuses it: {reason}", Location(path))
        return
    ours = [(each.group, each.name, " ".join(each.value.split())) for each in found]
    for group, name, value in sorted(set(ours) ^ set(strict)):
        reader = "importlib.metadata" if (group, name, value) in ours else "configparser"
        entry = shorten(f"[{group}] {name} = {value}", 120)
        why = f"only {reader} finds {entry} in it"
        yield Problem("entry-point-odd", path, why, Location(path))
        return


def project_entry_points(
    pyproject: Mapping[str, Any], path: str, source: str
) -> tuple[tuple[EntryPoint, ...], tuple[Problem, ...]]:
    """Read the entry points of a ``pyproject.toml``: the standard table, Poetry's and flit's own.

    ``source`` is the file's text, from which lines are found.
    """
    standard = _table(pyproject, *_PROJECT)
    poetry = _built_by(pyproject, "poetry")
    flit = "project" not in pyproject and _built_by(pyproject, "flit")
    tables: dict[tuple[str, ...], tuple[str, Any]] = {
        (*_PROJECT, group): (group, entries) for group, entries in standard.items()
    }
    for counts, keys in ((poetry and not standard, _POETRY), (flit, _FLIT)):
        others = _table(pyproject, *keys) if counts else {}
        tables |= {(*keys, group): (group, entries) for group, entries in others.items()}
    counting = {"project": True, "poetry": poetry, "flit": flit}
    for *parts, group in _SCRIPTS:
        scripts = _table(pyproject, *parts)
        if scripts and counting[parts[1] if parts[0] == "tool" else "project"]:
            tables[tuple(parts)] = (group, scripts)
    found: list[EntryPoint] = []
    problems: list[Problem] = []
    for table, (group, entries) in tables.items():
        if isinstance(entries, str) and group == ENTRY_POINT_GROUP:
            why = (
                f"the group is given the value {shorten(entries, 80)!r}, where a table of "
                f'names is wanted: write [{".".join(table[:-1])}."{ENTRY_POINT_GROUP}"]'
            )
            at = Location(path, line_of(source, table))
            problems.append(Problem("entry-point-invalid", ENTRY_POINT_GROUP, why, at))
        for name, value in entries.items() if isinstance(entries, Mapping) else ():
            at = Location(path, line_of(source, (*table, name)))
            if isinstance(value, Mapping) and isinstance(value.get("reference"), str):
                value = value["reference"]  # Poetry's longer form
            if isinstance(value, str):
                found.append(EntryPoint(group, name, value, at))
            elif f"{group}.{name}" == ENTRY_POINT_GROUP:
                problems.append(
                    Problem(
                        "entry-point-invalid",
                        ENTRY_POINT_GROUP,
                        f'the group is written without quotes, so TOML reads a table "{group}" '
                        f'with a key "{name}": write [project.entry-points."{ENTRY_POINT_GROUP}"]',
                        at,
                    )
                )
    return _sorted(found), tuple(problems)


def _sorted(entry_points: list[EntryPoint]) -> tuple[EntryPoint, ...]:
    return tuple(sorted(entry_points, key=lambda each: (each.group, each.name, each.value)))


def normal_value(entry_point: EntryPoint) -> EntryPoint | None:
    """Return an entry point with its value as plain ``module:attribute``.

    White space and extras are dropped, as loading it does; ``None`` if it cannot be loaded.
    """
    found = _VALUE.match(entry_point.value)
    if not found:
        return None
    attribute = found["attr"]
    value = f"{found['module']}:{attribute}" if attribute else found["module"]
    return EntryPoint(entry_point.group, entry_point.name, value, entry_point.at)


def factory_entry_point(
    entry_points: tuple[EntryPoint, ...],
) -> tuple[EntryPoint | None, tuple[Problem, ...]]:
    """Return the one plugin entry point that can be followed, or what is wrong."""
    plugins = [each for each in entry_points if each.group == ENTRY_POINT_GROUP]
    if not plugins:
        missed = misspelt_group(entry_points)
        why = f"it has no entry point in the group {ENTRY_POINT_GROUP}, so the node does not see it"
        if missed:
            why += f"; the group {shorten(missed.group, 60)} is probably meant to be it"
        at = missed.at if missed else None
        return None, (Problem("entry-point-missing", ENTRY_POINT_GROUP, why, at),)
    if len(plugins) > 1:
        names = ", ".join(shorten(each.name, 40) for each in plugins[:5])
        return None, (
            Problem(
                "entry-points-several",
                ENTRY_POINT_GROUP,
                f"it declares {len(plugins)} plugins ({names}); the node would load every one, "
                "and a review judges one",
                plugins[0].at,
            ),
        )
    [only] = plugins
    normal = normal_value(only)
    if normal is None:
        why = f"the value {shorten(only.value, 80)!r} is not of the form module:attribute"
        return None, (Problem("entry-point-invalid", only.name, why, only.at),)
    if ":" not in normal.value:
        why = (
            f"the value {shorten(only.value, 80)!r} names a module and no factory in it; "
            "the node refuses a module: write module:attribute"
        )
        return None, (Problem("entry-point-invalid", only.name, why, only.at),)
    return normal, tuple(_odd(only))


def _odd(entry_point: EntryPoint) -> Iterator[Problem]:
    """Yield what the node's loader overlooks and the specification of entry points has not."""
    value = shorten(entry_point.value, 80)
    if "[" in entry_point.value:
        yield Problem(
            "entry-point-odd",
            entry_point.name,
            f"the value {value!r} asks for extras, which loading it ignores: what they would "
            "install may not be there",
            entry_point.at,
        )
    elif re.search(r"\s", entry_point.value):
        yield Problem(
            "entry-point-odd",
            entry_point.name,
            f"the value {value!r} has white space in it, which importlib.metadata drops and other "
            "tools take for a part of the name",
            entry_point.at,
        )


def misspelt_group(entry_points: tuple[EntryPoint, ...]) -> EntryPoint | None:
    """Return an entry point whose group was probably meant to be the host's."""
    import difflib

    for each in entry_points:
        folded = each.group.strip().lower().replace("-", "_").replace("_", ".")
        if difflib.SequenceMatcher(None, folded, ENTRY_POINT_GROUP).ratio() >= 0.85:
            return each
    return None


def _table(value: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return dict(value) if isinstance(value, Mapping) else {}


def _built_by(pyproject: Mapping[str, Any], tool: str) -> bool:
    """Say whether a tool's own tables count: another build backend does not look at them."""
    backend = _table(pyproject, "build-system").get("build-backend")
    if isinstance(backend, str):
        return backend.startswith(tool)
    return "project" not in pyproject


def line_of(source: str, keys: tuple[str, ...]) -> int:
    """Return the line on which a key stands, or else the table or the value that it is in."""
    best, depth = 0, 0
    table: tuple[str, ...] = ()
    for number, line in enumerate(source.splitlines(), 1):
        found = re.match(_LINE, line, re.ASCII)
        if not found:
            continue
        dotted = found["table"] or found["key"]
        path = tuple(part.strip("\"'") for part in re.findall(_PART, dotted))
        if found["table"]:
            table = path
        else:
            path = (*table, *path)
        if path[: len(keys)] == keys:
            return number
        if len(path) > depth and path == keys[: len(path)]:
            best, depth = number, len(path)
    return best
