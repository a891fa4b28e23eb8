"""Whatever is changed in a plugin's source: reading it, and what it does, never raises."""

from __future__ import annotations

import ast
import random
import time
from collections.abc import Mapping
from typing import Any

import pytest

from manifest.test_ordinary import SHAPES
from stigmem_review.code.installed import code_of
from stigmem_review.host import node
from stigmem_review.interpret.program import Programs
from stigmem_review.manifest.release import read_release
from stigmem_review.model import Source
from stigmem_review.observe.observe import Seen, observe
from stigmem_review.sources.artifact import Artifact
from support.real_node import as_bytes
from support.shapes import IMPORTS, Shape

KEYWORDS = ("break", "continue", "return", "return 1", "yield", "await x", "nonlocal x", "global x")
STATEMENTS = (
    *KEYWORDS,
    "raise",
    "del plugin_manifest",
    "from . import *",
    "import demo",
    "from . import manifest as handlers",
    "def __getattr__(name): return name",
    "PluginManifest('a').model_copy(update={'version': '1'})",
    "plugin_manifest = plugin_manifest().model_copy()",
    "class plugin_manifest(PluginManifest): pass",
    "@plugin_manifest\ndef audit(*, ctx, **_): yield",
    "x = y = [x, *x]",
    "for x in x: x = x",
    "with x as (x, x): pass",
    "lambda x=x: (yield)",
    "try: pass\nexcept* x: pass",
    "match x:\n case {'a': [*x], **y}: pass",
    "x: int = plugin_manifest",
    "assert (x := 1)",
)
EXPRESSIONS = (
    *("0x" + "f" * 5000, "-1", "1 << 10 ** 9", "10 ** 10 ** 10", "'a' * 10 ** 9", "1e999", "1j"),
    *("...", "None", "b'\\0'", "'\\ud800'", "''", "[]", "{}", "()", "{**{}}", "(*x,)", "x[::0]"),
    *("lambda: x", "[x for x in x]", "{x: x for x in x}", "(x for x in x)", "f'{x!r:{x}}'"),
    *("PluginManifest('a').model_copy(update={})", "PluginManifest(**x)", "plugin_manifest()"),
    *("set(x) | {x}", "sorted([x, 1, 'a'])", "int('9' * 5000)", "'%d' % (1 << 20000)", "x.x.x"),
    *("not x", "x if x else x", "x and x or x", "x < x < x", "__file__", "__name__", "x(*x, **x)"),
    "str(0x" + "f" * 5000 + ")",
)


def entries(tree: ast.AST, kind: type[ast.AST]) -> list[tuple[ast.AST, str, int]]:
    """Return the places in lists of a tree at which a node of a kind stands."""
    return [
        (parent, field, index)
        for parent in ast.walk(tree)
        for field, value in ast.iter_fields(parent)
        if isinstance(value, list)
        for index, each in enumerate(value)
        if isinstance(each, kind)
    ]


def change_statement(tree: ast.Module, chance: random.Random) -> None:
    """Delete, double, exchange or insert a statement."""
    found = entries(tree, ast.stmt)
    parent, field, index = chance.choice(found)
    body = getattr(parent, field)
    match chance.randrange(5):
        case 0 if len(body) > 1:
            del body[index]
        case 1:
            body.insert(index, body[index])
        case 2:
            other, name, place = chance.choice(found)
            theirs = getattr(other, name)
            if theirs is body:
                body[index], body[place] = body[place], body[index]
        case _:
            body[index:index] = ast.parse(chance.choice(STATEMENTS)).body


def change_expression(tree: ast.Module, chance: random.Random) -> None:
    """Put another expression in the place of one."""
    fields = [
        (parent, field)
        for parent in ast.walk(tree)
        for field, value in ast.iter_fields(parent)
        if isinstance(value, ast.expr) and not isinstance(getattr(value, "ctx", None), ast.Store)
    ]
    items = entries(tree, ast.expr)
    new = ast.parse(chance.choice(EXPRESSIONS), mode="eval").body
    index = chance.randrange(max(1, len(fields) + len(items)))
    if index < len(fields):
        setattr(*fields[index], new)
    elif items:
        parent, field, place = items[index - len(fields)]
        getattr(parent, field)[place] = new


def mutated(files: Mapping[str, Any], chance: random.Random) -> dict[str, bytes]:
    """Return source files of which one was changed in a few places."""
    made = {path: as_bytes(data) for path, data in files.items()}
    path = chance.choice([each for each in sorted(made) if each.endswith(".py")])
    try:
        tree = ast.parse(made[path])
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return made
    for _ in range(chance.randrange(1, 4)):
        change = chance.choice((change_statement, change_expression))
        if tree.body:
            change(tree, chance)
    try:
        made[path] = ast.unparse(ast.fix_missing_locations(tree)).encode(
            "utf-8", "backslashreplace"
        )
    except (ValueError, TypeError, RecursionError, AttributeError, KeyError):
        made[path] += b"\nbreak\n"
    return made


def look_at(files: Mapping[str, bytes], entry: str) -> None:
    """Read a release and all that it does."""
    project = (
        '[project]\nname = "demo-plugin"\nversion = "1.0.0"\n'
        '[project.entry-points."stigmem.plugins"]'
        f'\ndemo-plugin = "{entry}"\n[build-system]\nrequires = ["hatchling"]\n'
        'build-backend = "hatchling.build"\n'
    )
    source = Source("directory", ".")
    artifact = Artifact(source, {**files, "pyproject.toml": project.encode()})
    programs = Programs()
    release = read_release(artifact, node(), programs)
    observe(release, code_of(artifact, release), node(), Seen(programs))


def fuzz(shapes: list[Shape], seed: int) -> None:
    chance = random.Random(seed)
    shape = chance.choice(shapes)
    files = mutated(shape.files, chance)
    start = time.process_time()
    look_at({path.removeprefix(shape.root): data for path, data in files.items()}, shape.entry)
    assert time.process_time() - start < 10


@pytest.mark.parametrize("seed", range(120))
def test_a_changed_plugin_is_read_to_an_end(seed: int) -> None:
    fuzz(SHAPES, seed)


@pytest.mark.parametrize(
    "body",
    [
        "def plugin_manifest():\n    return PluginManifest('a').model_copy(update={})\n",
        "plugin_manifest = PluginManifest('a').model_copy(update={'version': '1'})\n",
        "X = PluginManifest('a').model_copy(deep=True)\ndef plugin_manifest():\n    return X\n",
    ],
)
def test_a_positional_manifest_is_no_accident(body: str) -> None:
    look_at({"demo/__init__.py": (IMPORTS + body).encode()}, "demo:plugin_manifest")
