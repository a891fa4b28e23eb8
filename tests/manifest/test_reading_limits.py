"""Whatever a release contains, reading its manifest ends soon and never raises."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import pytest

from stigmem_review import limits
from stigmem_review.host import node
from stigmem_review.interpret.program import Programs
from stigmem_review.manifest.factory import Reading, read_factory
from stigmem_review.model import ENTRY_POINT_GROUP, EntryPoint, Known, Manifest, Unknown
from support.real_node import as_bytes, known_fields, read
from support.shapes import DEFAULTS, IMPORTS, factory, package

ENTRY = "demo:plugin_manifest"


def whole(reading: Reading) -> Unknown:
    assert isinstance(reading.manifest, Unknown)
    return reading.manifest


def filled(unit: str, before: str, after: str) -> dict[str, str]:
    """Return a module that is as long as one may be, most of it the same thing again."""
    head, tail = f"{IMPORTS}{before}", f"{after}\n{factory('')}"
    room = limits.SOURCE_BYTES - len((head + tail).encode())
    return {"demo.py": head + unit * (room // len(unit.encode())) + tail}


def used(before: str, name: str, count: int) -> dict[str, str]:
    """Return a package whose factory looks up very many names."""
    names = ", ".join(name.format(n=n) for n in range(count))
    other = "".join(f"a{n} = 'x'\n" for n in range(count))
    return {
        "demo/__init__.py": f"{IMPORTS}{before}{factory(f'capabilities={{{names}}}')}",
        "demo/other.py": other,
    }


HOSTILE = {
    "lists that hold each other twice": {
        "demo.py": f"{IMPORTS}x = []\n" + "x = [x, x]\n" * 200
        + f"y = repr(x) + str(x < x)\n{factory('')}"
    },
    "dicts that hold each other twice": {
        "demo.py": f"{IMPORTS}import json\nx = {{}}\n"
        + "x = {'a': x, 'b': x}\n" * 200
        + f"y = json.dumps(x)\n{factory('')}"
    },
    "a text in many places of a text": {
        "demo.py": f"{IMPORTS}x = ('{{0}}' * 20000).format('a' * 90000)\n{factory('')}"
    },
    "a text in many places of another": {
        "demo.py": f"{IMPORTS}x = ('%(a)s' * 20000) % {{'a': 'a' * 90000}}\n{factory('')}"
    },
    "variables that are set": {
        "demo.py": f"{IMPORTS}import other\n"
        + "".join(f"os.environ['A{n}'] = 'x'\nother.f()\n" for n in range(4500))
        + factory("")
    },
    "objects with many fields": {
        "demo.py": f"{IMPORTS}import dataclasses\n@dataclasses.dataclass\nclass M:\n"
        + "".join(f" a{n}: int = {n}\n" for n in range(9000))
        + f"x = [M() for _ in range(300)]\n{factory('')}"
    },
    "members of an enumeration": {
        "demo.py": f"{IMPORTS}import enum\nclass E(enum.Enum):\n"
        + "".join(f" a{n} = {n}\n" for n in range(14000))
        + factory("")
    },
    "names": filled("a,", "x = [", "]"),
    "targets": filled("a = ", "", "1"),
    "assignments": filled("a=1\n", "", ""),
    "attributes": filled(".path", "x = a", ""),
    "stores": filled("a.b=1\n", "", ""),
    "sums": filled("+a", "x = a", ""),
    "signs": filled("-", "x = ", "1"),
    "brackets": filled("[", "x = ", ""),
    "calls": filled("()", "x = a", ""),
    "subscripts": filled("[0]", "x = a", ""),
    "guards": filled("if T:x=1\n", "", ""),
    "annotations": filled("x:'f()'\n", "", ""),
    "decorators": filled("@a\n", "", "def f(): ..."),
    "names in an import": filled(".a", "import demo", ""),
    "names in an import over many lines": filled(".\\\na ", "import demo", ""),
    "imports": filled("from .x import a\n", "", ""),
    "else-ifs": filled("elif a:pass\n", "if a:pass\n", ""),
    "deep types": {
        "demo.py": f"{IMPORTS}from typing import Aa\nx: {'Aa[' * 90}{'a, ' * 60_000}{']' * 90}\n"
        + factory("")
    },
    "deep annotated types": {
        "demo.py": f"{IMPORTS}from typing import Annotated\n"
        f"x: {'Annotated[' * 90}a{', a]' * 90}\n" + factory("")
    },
    "a chain of functions": {
        "demo.py": IMPORTS
        + "".join(f"def f{n}(): f{n - 1}()\n" for n in range(8000))
        + "f7999()\n"
        + factory("")
    },
    "names of one condition": used(
        "X = True\nif X:\n" + "".join(f"    a{n} = 'x'\n" for n in range(6000)), "a{n}", 6000
    ),
    "names of many conditions": used(
        "X = True\n" + "".join(f"if X: a{n} = 'x'\n" for n in range(4000)), "a{n}", 4000
    ),
    "names of star imports": used("from .other import *\n" * 3000, "a{n}", 6000),
    "members": used(
        "from enum import Enum\nclass E(Enum):\n"
        + "".join(f"    a{n} = 'x{n}'\n" for n in range(5000)),
        "E.a{n}.value",
        5000,
    ),
    "unknown keywords": {
        "demo.py": IMPORTS + factory(", ".join(f"capabilit{n}=1" for n in range(12_000)))
    },
    "constants that double": {
        "demo.py": IMPORTS
        + factory("depends_on=A4000", "A0 = ['x']\n" + "".join(
            f"A{n + 1} = A{n} + A{n}\n" for n in range(4000)
        ))
    },
    "long texts": {
        "demo.py": IMPORTS
        + factory(f"depends_on=[{'A + A, ' * 20_000}]", f"A = '{'x' * 90_000}'")
    },
    "names bound again and again": {
        "demo.py": IMPORTS + factory(f"depends_on=[{'N, ' * 40_000}]", "N = 1\n" * 20_000)
    },
    "sorts of very many texts": {
        "demo.py": IMPORTS
        + factory("capabilities=x", f"A = {{{', '.join(map(repr, map(str, range(10_000))))}}}",
                  "\n".join(["x = sorted(A)"] * 2500))
    },
    "a function that asks the environment": {
        "demo.py": IMPORTS
        + factory("depends_on=f0()", "".join(
            f"def f{n}(): return f{n + 1}(a.b.c)\n" for n in range(6000)
        ))
    },
}  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("files", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_read_to_an_end(files: Mapping[str, str]) -> None:
    reading = read(files, ENTRY)
    assert isinstance(reading.manifest, (Manifest, Unknown))


def test_a_caller_that_is_deep_itself_gets_an_answer() -> None:
    chain = "A0 = 'x'\n" + "".join(f"A{n + 1} = A{n}\n" for n in range(400))
    files = package(factory("depends_on=[A400]", chain))

    def deep(levels: int) -> Reading:
        return deep(levels - 1) if levels else read(files, ENTRY)

    frame, depth = sys._getframe(), 0
    while frame.f_back:
        frame, depth = frame.f_back, depth + 1
    reading = deep(sys.getrecursionlimit() - depth - 60)
    assert known_fields(reading)["depends_on"] == ["x"]


def test_a_module_too_many_is_one_gap() -> None:
    count = limits.MODULES + 10
    names = ", ".join(f"m{n}" for n in range(count))
    more = {f"m{n}": f"x = {n}\n" for n in range(count)}
    reading = read(package(factory("", f"from . import {names}"), **more), ENTRY)
    [gap] = reading.gaps
    assert f"{limits.MODULES:,} modules" in gap.why
    assert whole(reading).why == gap.why


def test_many_modules_are_read() -> None:
    names = ", ".join(f"m{n}" for n in range(limits.MODULES - 10))
    more = {f"m{n}": f"x = {n}\n" for n in range(limits.MODULES - 10)}
    reading = read(package(factory("", f"from . import {names}"), **more), ENTRY)
    assert known_fields(reading) == DEFAULTS
    assert not reading.gaps


def test_source_past_the_limit_is_one_gap() -> None:
    count = limits.SOURCES_BYTES // limits.SOURCE_BYTES + 2
    names = ", ".join(f"m{n}" for n in range(count))
    comment = "#" * (limits.SOURCE_BYTES - 10)
    more = {f"m{n}": f"{comment}\n{n}\n" for n in range(count)}
    reading = read(package(factory("", f"from . import {names}"), **more), ENTRY)
    [gap] = reading.gaps
    assert whole(reading).why == gap.why


def test_a_file_past_the_limit_is_a_gap_with_something_to_do() -> None:
    reading = read(package(factory("", "#" * limits.SOURCE_BYTES)), ENTRY)
    [gap] = reading.gaps
    assert "262,144 are parsed" in gap.why
    assert gap.do


def test_modules_that_are_not_imported_do_not_matter() -> None:
    other = {"other": "#" * limits.SOURCE_BYTES, "wild": "exec('1')\n", "broken": "def\n"}
    assert known_fields(read(package(factory(""), **other), ENTRY)) == DEFAULTS


def test_releases_share_the_trees_of_the_files_they_share() -> None:
    programs = Programs()
    old = package(factory("capabilities=CAPS", "from .caps import CAPS"), caps="CAPS = ('a',)\n")
    new = {**old, "demo/caps.py": "CAPS = ('a', 'b')\n"}
    found, trees = [], []
    for files in (old, new):
        data = {path: as_bytes(text) for path, text in files.items()}
        program = programs.get(ENTRY, data, {}, node())
        entry_point = EntryPoint(ENTRY_POINT_GROUP, "demo", ENTRY)
        manifest = read_factory(entry_point, program).manifest
        assert isinstance(manifest, Manifest)
        assert isinstance(manifest.capabilities, Known)
        found.append(manifest.capabilities.value)
        trees.append({module.name: module.tree for module in program.modules.loaded})
    assert found == [("a",), ("a", "b")]
    assert trees[0]["demo.manifest"] is trees[1]["demo.manifest"]
    assert trees[0]["demo.caps"] is not trees[1]["demo.caps"]


def test_modules_of_one_release_never_share_a_tree() -> None:
    same = "def audit(ctx): ...\n"
    files = package(
        factory('hooks={"post_assert_audit": a.audit, "recall_filter": b.audit}',
                "from . import a, b"),
        a=same,
        b=same,
    )  # fmt: skip
    assert known_fields(read(files, ENTRY))["hooks"] == {
        "post_assert_audit": "demo.a:audit",
        "recall_filter": "demo.b:audit",
    }
