"""Ways to get another release of a plugin past a review of pins, none of which must succeed.

And the other side: what a team changes every day, which must pass without a word too many.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from stigmem_review import BumpReport, bump
from support.history import Files, history
from support.plugins import plugin, write_wheel


class World(NamedTuple):
    """A folder of artifacts, and the wheels in it by version."""

    folder: Path
    wheels: dict[str, bytes]


def _file(version: str) -> str:
    return f"demo_plugin-{version}-py3-none-any.whl"


def _built(folder: Path) -> World:
    wheels = {}
    for version, more in (("1.0.0", ()), ("1.1.0", ("network.outbound",))):
        files = plugin(version=version, capabilities=("facts.read", *more))
        wheels[version] = write_wheel(folder, files, version=version).read_bytes()
    return World(folder, wheels)


Row = tuple[Files, Files, str]
"""What was, what is now, and what is to be said: a bump, or a finding, or where a gap is."""

UPGRADE = "demo-plugin 1.0.0>1.1.0"
NEW = "demo-plugin >1.1.0"


def _elsewhere(world: World) -> dict[str, Row]:
    """Pins in places with other names, and in other forms."""
    old, new = (f"demo-plugin=={version}\n" for version in ("1.0.0", "1.1.0"))
    url = f"https://files.example/{_file('1.1.0')}#sha256={_digest(world, '1.1.0')}"
    plain = f"https://files.example/{_file('1.1.0')}"
    git_url = "git+https://git.example/demo@v1.1#egg=demo-plugin"
    rows: dict[str, Row] = {
        f"a list called {path}": ({path: old}, {path: new}, UPGRADE)
        for path in (
            "requirements.dev",
            "REQUIREMENTS.TXT",
            "deploy/node.pins",
            "requirements/prod.cfg",
            "requirements/prod.yml",
            "deploy/NODE",
            "deploy/pins.md",
            "deploy/pins.py",
            "venv/requirements.txt",
            "node_modules/requirements.txt",
        )
    }
    rows |= {
        f"a new list that holds {line}": ({}, {"deploy/node": f"# what\n{line}\n"}, said)
        for line, said in (
            ("demo-plugin===1.1.0", NEW),
            ("demo-plugin == v1.1.0", "demo-plugin >v1.1.0"),
            ("demo-plugin (==1.1.0)", NEW),
            (f"demo-plugin @ {url}", NEW),
            (url, NEW),
            (f"{plain}#egg=demo-plugin&sha256={_digest(world, '1.1.0')}", NEW),
            (plain, "gap deploy/node:2"),
            (f"-e {git_url}", "gap deploy/node:2"),
            (git_url, "gap deploy/node:2"),
            ("demo-plugin>=1.1", "warning requirement-unpinned deploy/node:2"),
            ("demo-plugin~=1.1", "warning requirement-unpinned deploy/node:2"),
            ("--extra-index-url https://x.example", "warning index-option-changed deploy/node:2"),
        )
    }
    lists: dict[str, str | bytes] = {"deploy/node": "-r pins.data\n", "deploy/pins.data": old}
    return rows | {
        "a list that only includes": ({}, {**lists, "deploy/pins.data": new}, NEW),
        "what a list includes": (lists, {**lists, "deploy/pins.data": new}, UPGRADE),
        "a list in Latin-1": (
            {},
            {"deploy/node.pins": f"# caf\xe9\n{new}".encode("latin-1")},
            "gap deploy/node.pins",
        ),
        "a list in UTF-16": ({}, {"deploy/node.pins": f"\ufeff{new}".encode("utf-16-le")}, NEW),
        "a list that is no list any more": (
            {"deploy/node": old},
            {"deploy/node": "demo-plugin\n"},
            "error pin-loosened deploy/node:1",
        ),
    }


def _digest(world: World, version: str) -> str:
    return hashlib.sha256(world.wheels[version]).hexdigest()


def _in_the_repository(world: World) -> dict[str, Row]:
    """What is installed from the repository itself."""
    old, new = world.wheels["1.0.0"], world.wheels["1.1.0"]
    one, two = (f"wheels/{_file(version)}" for version in ("1.0.0", "1.1.0"))
    links = "--no-index\n--find-links ./wheels\n"
    path = {"requirements.txt": f"./{one}\n"}
    lying = {"requirements.txt": f"{links}demo-plugin==1.0.0\n"}
    return {
        "a wheel by its path": (
            {**path, one: old},
            {"requirements.txt": f"./{two}\n", two: new},
            UPGRADE,
        ),
        "a wheel by a file URL": (
            {"requirements.txt": f"file:{one}\n", one: old},
            {"requirements.txt": f"demo-plugin @ file:{two}\n", two: new},
            UPGRADE,
        ),
        "a wheel under a name that stays": (
            {**path, one: old},
            {**path, one: _repacked(new, "1.0.0")},
            "demo-plugin 1.0.0>1.0.0",
        ),
        "a wheel where installers look": (
            {**lying, one: old},
            {**lying, one: _repacked(new, "1.0.0")},
            "demo-plugin 1.0.0>1.0.0",
        ),
        "a wheel where an open requirement looks": (
            {"requirements.txt": f"{links}demo-plugin\n", one: old},
            {"requirements.txt": f"{links}demo-plugin\n", two: new},
            UPGRADE,
        ),
    }


def _repacked(_: bytes, version: str) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        files = plugin(version=version, capabilities=("facts.read", "network.outbound"))
        return write_wheel(Path(folder), files, version=version).read_bytes()


def _attacks(world: World) -> dict[str, Row]:
    return _elsewhere(world) | _in_the_repository(world)


BASE: Files = {"requirements.txt": "acme-library==1.0\n"}


def test_no_change_of_what_is_deployed_passes_unseen(tmp_path: Path) -> None:
    world = _built(tmp_path / "wheels")
    attacks = _attacks(world)
    passed = []
    for name, said, report in _reviewed(tmp_path, world, attacks):
        outcome = _outcome(report)
        if report.verdict.exit_code == 0 or said not in outcome:
            passed.append((name, said, outcome, report.verdict.exit_code))
    assert passed == []


def _reviewed(
    tmp_path: Path, world: World, rows: dict[str, Row]
) -> list[tuple[str, str, BumpReport]]:
    folder = tmp_path / "deployment"
    pairs = history(folder, [({**BASE, **old}, {**BASE, **new}) for old, new, _ in rows.values()])
    where = {"repository": str(folder), "artifacts": str(world.folder)}
    return [
        (name, row[2], bump(*pair, exact=True, **where))  # type: ignore[arg-type]
        for (name, row), pair in zip(rows.items(), pairs, strict=True)
    ]


def _outcome(report: BumpReport) -> list[str]:
    return [
        *(f"{each.plugin} {each.old}>{each.new}" for each in report.bumps),
        *(f"{each.level} {each.name} {each.at}" for each in report.findings),
        *(f"gap {each.what}" for each in report.gaps),
    ]
