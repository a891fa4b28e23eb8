"""Random factories, some of them hostile: what is certain is what the real node gets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from support.real_node import RealNode, disagreements, known_fields, read
from support.shapes import HANDLERS, IMPORTS

pytestmark = pytest.mark.network

CONSTANTS = """\
NAME = "demo-plugin"
VERSION = "1.0.0"
QUIET = ("facts.read",)
LOUD = frozenset({"network.outbound", "facts.write"})
CAPS = <caps>
MORE = <caps>
HOOKS = {"recall_filter": handlers.gate}
DEPENDS = <depends>
FLAG = True
"""
COLLECTIONS = (
    '{"facts.read"}',
    '["facts.read"]',
    '("facts.read",)',
    "set(QUIET)",
    "frozenset(QUIET)",
    "list(QUIET)",
    "{*QUIET}",
    "{Capability.FACTS_READ}",
    "frozenset({Capability.FACTS_READ.value}) | set(QUIET)",
    "[*QUIET, Capability.FACTS_READ]",
)
TEXTS = ('{"a"}', '("a", "b")', '{f"x-{NAME}"}', '["a" + VERSION]', "set()", '{str("q")}')
ARGUMENTS = {
    "capabilities": ("CAPS", "MORE", "QUIET", "CAPS if FLAG else LOUD", "{*CAPS}", "alias"),
    "hooks": (
        "HOOKS",
        "{**HOOKS}",
        '{"recall_filter": handlers.gate, HookName.POST_ASSERT_AUDIT: handlers.audit}',
        "dict(recall_filter=gate)",
        '{"recall_filter": local}',
        'HOOKS | {"post_assert_audit": gate}',
    ),
    "depends_on": ("DEPENDS", '{"other"}', "MORE", "()"),
    "async_safe": ("FLAG", "False", '"no"', "1"),
    "health_check": ("handlers.health", "None", "local", "gate"),
    "routes": ("(router,)", "[router, gate]", "()", "helper()"),
}
# Statements on a name X of the module M: what changes it, and what only looks like it.
STATEMENTS = (
    "{m}CAPS = LOUD",
    "{m}CAPS |= LOUD",
    "{m}MORE = {m}CAPS",
    "{m}NAME = 'evil-plugin'",
    "{m}VERSION, {m}NAME = '2.0.0', 'evil-plugin'",
    "{m}FLAG = False",
    "{m}gate = {m}handlers.audit",
    "{m}handlers.gate = {m}handlers.audit",
    "{m}HOOKS['post_assert_audit'] = {m}gate",
    "{m}HOOKS.pop('recall_filter')",
    "{m}router = object()",
    "getattr({m}CAPS, 'add', print)('facts.write')",
    "getattr({m}CAPS, 'append', print)('facts.write')",
    "kept = {m}CAPS",
    "other_name = {m}MORE; getattr(other_name, 'add', print)('facts.write')",
    "(lambda x: x.add('facts.write'))({m}MORE) if isinstance({m}MORE, set) else None",
    "(lambda x={m}CAPS: getattr(x, 'update', print)(LOUD))()",
    "[{m}DEPENDS for _ in ()]",
    "del {m}DEPENDS",
    "{m}frozenset = {m}set = lambda *x: {{'network.outbound'}}",
    "{m}Capability = type('C', (), {{'FACTS_READ': 'facts.write'}})",
    "print({m}CAPS, {m}NAME)",
    "length = len({m}CAPS)",
    "unrelated = 1",
    "import logging; logging.getLogger(__name__).debug('x')",
    "import json as handlers_json",
    "for CAPS in [LOUD]: pass",
    "class A:\n    CAPS = LOUD",
    "class A:\n    global CAPS\n    CAPS = LOUD",
    "class A:\n    MORE += ('facts.write',)",
    "class A:\n    MORE |= LOUD",
    "def change():\n    global CAPS\n    CAPS = LOUD",
    "def change(CAPS=LOUD):\n    CAPS = LOUD",
    "def change():\n    {m}CAPS.add('facts.write')\nchange()",
    "@(lambda f: f({m}CAPS))\ndef f(x):\n    getattr(x, 'add', print)('facts.write')",
    "setattr({m}gate, 'x', 1)",
    "{m}gate.__qualname__ = 'other'",
    "if LOUD:\n    {m}VERSION = '2.0.0'",
    "try:\n    {m}VERSION = '2.0.0'\nexcept ValueError:\n    pass",
    "with __import__('contextlib').nullcontext(LOUD) as CAPS: pass",
    "x: CAPS = 1",
    "helper()",
)
PLACES = ("before", "after", "inside", "other", "function", "dead")


@st.composite
def factories(draw: st.DrawFn) -> dict[str, str]:
    """Draw a package: a manifest module, another that may tamper with it, in some order."""
    placed: dict[str, list[str]] = {place: [] for place in PLACES}
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.sampled_from(PLACES))
        statement = draw(st.sampled_from(STATEMENTS))
        placed[place].append(statement.format(m="m." if place == "other" else ""))
    arguments = ["name=NAME", "version=VERSION"]
    for name, values in ARGUMENTS.items():
        if name == "capabilities" or draw(st.booleans()):
            arguments.append(f"{name}={draw(st.sampled_from(values))}")
    call = f"PluginManifest({', '.join(arguments)})"
    body = [*placed["inside"], *draw(st.sampled_from(_BODIES))]
    body = [line.replace("{call}", call) for line in body]
    constants = CONSTANTS.replace("<caps>", draw(st.sampled_from(COLLECTIONS)))
    constants = constants.replace("<depends>", draw(st.sampled_from(TEXTS)))
    manifest = (
        f"{IMPORTS}from fastapi import APIRouter\nfrom . import handlers\n"
        f"from .handlers import gate\n\n{constants}\nalias = CAPS\nrouter = APIRouter()\n\n"
        f"def local(): ...\n\ndef helper():\n{_indented(placed['function'])}    return ()\n\n"
        f"def never():\n{_indented(placed['dead'])}    return ()\n\n"
        + "\n".join(placed["before"])
        + f"\n\ndef plugin_manifest():\n{_indented(body)}\n"
        + f"MADE = {call}\n" * ("MADE" in body[-1])
        + "\n".join(placed["after"])
        + "\n"
    )
    other = (
        "from . import manifest as m\nfrom .manifest import *\n"
        if draw(st.booleans())
        else "from . import manifest as m\nfrom .manifest import LOUD, helper\n"
    ) + "\n".join(placed["other"])
    first = draw(st.sampled_from(("from . import other\n", "import demo.other\n", "")))
    return {
        "demo/__init__.py": f"{first}from .manifest import plugin_manifest\nfrom . import other\n",
        "demo/manifest.py": manifest,
        "demo/other.py": other + "\n",
        "demo/handlers.py": HANDLERS,
    }


_BODIES = (
    ["return {call}"],
    ["made = {call}", "return made"],
    ["made = {call}", "made.hooks.clear()", "return made"],
    ["CAPS = LOUD", "return {call}"],
    ["caps = CAPS", "getattr(caps, 'add', print)('facts.write')", "return {call}"],
    ["helper()", "return {call}"],
    ["if not FLAG:\n    return None", "return {call}"],
    ["return MADE"],
)


def _indented(statements: list[str]) -> str:
    lines = [line for statement in statements for line in statement.splitlines()]
    return "".join(f"    {line}\n" for line in lines)


@pytest.fixture(scope="module")
def real_node(node_python: Path) -> Iterator[RealNode]:
    with RealNode(node_python) as real:
        yield real


@settings(
    max_examples=300,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(files=factories())
def test_what_is_certain_is_so(real_node: RealNode, files: dict[str, str]) -> None:
    known = known_fields(read(files, "demo:plugin_manifest"))
    real = real_node.run(files, "demo:plugin_manifest")
    event("a manifest" if "fields" in real else "no manifest")
    event(f"{len(known)} fields are certain")
    if "fields" in real:
        assert disagreements(known, real["fields"]) == [], files["demo/manifest.py"]
