"""Entry point declarations: as an installed distribution has them, and as a project writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stigmem_review.model import ENTRY_POINT_GROUP, EntryPoint, Location, Problem
from stigmem_review.text import clean, shorten

# The value's form, as importlib.metadata.EntryPoint.pattern has it.
_VALUE = re.compile(
    r"(?P<module>[\w.]+)\s*(:\s*(?P<attr>[\w.]+)\s*)?((?P<extras>\[.*\])\s*)?$", re.ASCII
)


_SCRIPTS = (
    ("tool", "poetry", "scripts", "console_scripts"),
    ("project", "scripts", "console_scripts"),
    ("project", "gui-scripts", "gui_scripts"),
)
"""Tables of commands in a ``pyproject.toml``, and the group each becomes."""


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
            shown = clean(shorten(line, 80))
            why = f"the line {shown!r} has no =, and the node fails on the whole file"
            problems.append(Problem("entry-point-invalid", line, why, at))
    return _sorted(found), tuple(problems)


def project_entry_points(
    pyproject: Mapping[str, Any], path: str, source: str
) -> tuple[tuple[EntryPoint, ...], tuple[Problem, ...]]:
    """Read the entry points of a ``pyproject.toml``: the standard table, and Poetry's own.

    ``source`` is the file's text, from which lines are found.
    """
    groups = _table(pyproject, "project", "entry-points")
    groups = {**_table(pyproject, "tool", "poetry", "plugins"), **groups}
    for *keys, group in _SCRIPTS:
        if scripts := _table(pyproject, *keys):
            groups[group] = scripts
    found: list[EntryPoint] = []
    problems: list[Problem] = []
    for group, entries in groups.items():
        for name, value in entries.items() if isinstance(entries, Mapping) else ():
            at = Location(path, _line_of(source, name))
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
        return None, (
            Problem(
                "entry-point-missing",
                ENTRY_POINT_GROUP,
                f"it declares no entry point in the group {ENTRY_POINT_GROUP}, "
                "so a node that has it installed does not see it",
            ),
        )
    if len(plugins) > 1:
        names = ", ".join(clean(shorten(each.name, 40)) for each in plugins[:5])
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
        why = f"the value {clean(shorten(only.value, 80))!r} is not of the form module:attribute"
        return None, (Problem("entry-point-invalid", only.name, why, only.at),)
    if ":" not in normal.value:
        why = (
            f"the value {clean(shorten(only.value, 80))!r} names a module and no factory in it; "
            "the node refuses a module: write module:attribute"
        )
        return None, (Problem("entry-point-invalid", only.name, why, only.at),)
    return normal, ()


def _table(value: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return dict(value) if isinstance(value, Mapping) else {}


def _line_of(source: str, key: str) -> int:
    pattern = re.compile(
        rf"""^\s*["']?{re.escape(key)}["']?\s*=|\.\s*["']?{re.escape(key)}["']?\s*[\]=]"""
    )
    for number, line in enumerate(source.splitlines(), 1):
        if pattern.search(line):
            return number
    return 0
