"""Thousands of generated factories: what is certain is what the real node gets, and most is.

``STIGMEM_REVIEW_SEED`` repeats a run; the header of the test run names the seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from support.real_node import RealNode, disagreements, known_fields, left_out, outcomes, read
from support.seed import SEED
from support.shapes import DEFAULTS, HANDLERS, IMPORTS

pytestmark = pytest.mark.network

CAPABILITIES = ("facts.read", "facts.write", "recall.read", "audit.emit", "network.outbound")
HOOKS = ("recall_filter", "post_assert_audit", "pre_assert_transform", "recall_rank")

CONSTANTS = """\
import json
import os
import sys
from enum import Enum, StrEnum
from functools import partial
from pathlib import Path
from . import handlers
from .shared import *
from .handlers import audit, gate

BASE = ("facts.read", "audit.emit")
WIDE = frozenset({Capability.FACTS_WRITE, "recall.read"})
LISTED = ["network.outbound", *BASE]
PARTS = ("1", "2", "3")
FLAGS = {"wide": True, "online": False}
PAIRS = (("recall_filter", gate), ("post_assert_audit", audit))
BOUND = {"recall_filter": handlers.gate}
WIDE_MODE = True
DATA = json.loads((Path(__file__).parent / "data.json").read_text(encoding="utf-8"))
if WIDE_MODE:
    PICKED = ("recall.read",)
else:
    PICKED = ("network.outbound",)
try:
    RELEASE = "1." + "0.0"
except ImportError:
    RELEASE = "0.0.0"
if sys.version_info >= (3, 12):
    from .handlers import health as healthy
else:
    from .handlers import health as healthy


class Needs(str, Enum):
    READ = "facts.read"
    EMIT = "audit.emit"


class Wants(StrEnum):
    RECALL = "recall.read"


class Handlers:
    '''What the plugin does.'''

    def __init__(self, *, limit=10):
        self.limit = limit

    def keep(self, ctx, found):
        return found

    @staticmethod
    def on(ctx, **_):
        return None


OBJECT = Handlers()
ONLINE = False
ABSENT = None


def chosen(extra=(), *, wide=False):
    found = set(BASE)
    if wide:
        found |= WIDE
    else:
        found.discard("audit.emit")
    for each in extra:
        found.add(each)
    return frozenset(found)


def bound(name="post_assert_audit", handler=audit):
    found = {}
    for hook, each in PAIRS:
        if hook != name:
            found[hook] = each
    found[name] = handler
    return found


def version_of(parts, suffix=""):
    return ".".join(parts) + suffix


def first(*names):
    return names[0]


def keywords(**more):
    found = dict(name="demo-plugin", version=version_of(PARTS))
    found.update(more)
    return found


def named(prefix: str, last: str = "plugin") -> str:
    if not prefix:
        return last
    elif prefix == "demo":
        text = f"{prefix}-{last}"
    else:
        text = prefix + "-" + last
    return text.lower().replace("_", "-")
"""


def names() -> st.SearchStrategy[str]:
    members = st.sampled_from(CAPABILITIES).map(lambda name: name.upper().replace(".", "_"))
    return st.one_of(
        st.sampled_from(CAPABILITIES).map(repr),
        members.map(lambda name: f"Capability.{name}"),
        members.map(lambda name: f"Capability.{name}.value"),
        st.sampled_from(CAPABILITIES).map(lambda name: f"Capability({name!r})"),
        st.sampled_from(("Needs.READ", "Needs.EMIT.value", "Wants.RECALL", "Wants.RECALL.value")),
        st.just('"facts" + ".read"'),
        st.just("'.'.join(['recall', 'read'])"),
    )


def conditions() -> st.SearchStrategy[str]:
    return st.sampled_from(
        (
            *("WIDE_MODE", "not ONLINE", "ABSENT is None", 'FLAGS["wide"]', "PARTS[0] == '1'"),
            *('"facts.read" in BASE', "WIDE_MODE and not ONLINE", "ONLINE or ABSENT", "BASE"),
            *('FLAGS.get("online")', "bool(LISTED)", "len(PARTS) != 3", "'x' not in BOUND"),
        )
    )


def sets() -> st.SearchStrategy[str]:
    """Expressions whose value is a set, frozenset, or something to spread into one."""
    plain = st.one_of(
        st.lists(names(), max_size=3).map(lambda items: f"({''.join(f'{i}, ' for i in items)})"),
        st.lists(names(), min_size=1, max_size=3).map(lambda items: f"{{{', '.join(items)}}}"),
        st.lists(names(), max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.sampled_from(("BASE", "WIDE", "LISTED", "set()", "()", "PICKED", "SHARED")),
        st.sampled_from(('DATA["needs"]', 'tuple(DATA["needs"])', "SHARED[-1:]", "LISTED[:1]")),
        st.sampled_from(("chosen()", "chosen(wide=True)", "chosen(LISTED)", "chosen(('x',)[:0])")),
    )

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pair = st.tuples(inner, inner)
        return st.one_of(
            pair.map(lambda two: f"set({two[0]}) | set({two[1]})"),
            pair.map(lambda two: f"frozenset({two[0]}) - frozenset({two[1]})"),
            pair.map(lambda two: f"set({two[0]}) & set({two[1]})"),
            pair.map(lambda two: f"{{*{two[0]}, *{two[1]}}}"),
            pair.map(lambda two: f"set({two[0]}).union({two[1]})"),
            pair.map(lambda two: f"frozenset({two[0]}).difference({two[1]})"),
            inner.map(lambda one: f"sorted({one})"),
            inner.map(lambda one: f"tuple(sorted({one}))"),
            inner.map(lambda one: f"{{each for each in sorted({one}) if each != 'audit.emit'}}"),
            inner.map(lambda one: f"frozenset(each for each in sorted({one}))"),
            inner.map(lambda one: f"[str(each) for each in sorted({one})]"),
            st.tuples(inner, conditions(), inner).map(
                lambda three: f"({three[0]} if {three[1]} else {three[2]})"
            ),
            st.tuples(inner, st.booleans()).map(
                lambda two: f"chosen(sorted({two[0]}), wide={two[1]})"
            ),
        )

    return st.recursive(plain, larger, max_leaves=4)


def handler() -> st.SearchStrategy[str]:
    return st.sampled_from(
        (
            *("gate", "audit", "handlers.gate", "handlers.audit", "local", "OBJECT.keep"),
            *("OBJECT.on", "Handlers.on", "(lambda ctx, *_, **__: None)"),
        )
    )


def hooks() -> st.SearchStrategy[str]:
    entry = st.tuples(
        st.one_of(
            st.sampled_from(HOOKS).map(repr),
            st.sampled_from(HOOKS).map(lambda name: f"HookName.{name.upper()}"),
            st.sampled_from(HOOKS).map(lambda name: f"HookName({name!r})"),
        ),
        handler(),
    ).map(lambda two: f"{two[0]}: {two[1]}")
    shown = st.lists(entry, max_size=3).map(lambda items: f"{{{', '.join(items)}}}")
    plain = st.one_of(
        shown,
        st.sampled_from(
            (
                *("BOUND", "bound()", "dict(PAIRS)", "dict(recall_filter=gate)", "dict(BOUND)"),
                *("{name: each for name, each in PAIRS}", "bound('recall_filter', local)"),
                *("{**BOUND}", "BOUND.copy()", "{k: v for k, v in BOUND.items()}"),
                "{name: handlers.audit for name, _ in PAIRS if name in BOUND}",
            )
        ),
    )
    return st.one_of(
        plain,
        st.tuples(plain, plain).map(lambda two: f"{two[0]} | {two[1]}"),
        st.tuples(plain, plain).map(lambda two: f"{{**{two[0]}, **{two[1]}}}"),
        st.tuples(plain, conditions(), plain).map(
            lambda three: f"({three[0]} if {three[1]} else {three[2]})"
        ),
    )


TEXTS = (
    *("version_of(PARTS)", 'version_of(PARTS, "-rc1")', '".".join(PARTS)', '"1.2.3"'),
    *('f"{PARTS[0]}.0.0"', 'version_of(("0", "9", "1"))', '"v1.2.3".removeprefix("v")'),
    *('".".join(str(each) for each in PARTS)', '"1-2-3".replace("-", ".")', 'PARTS[-1] + ".0.0"'),
    *("RELEASE", 'DATA["version"]', '"1.2.3-x"[:5]'),
)
NAMED = ('"demo-plugin"', 'named("demo")', 'named("", "plain")', 'named("Demo_X", last="y")')
FLAGGED = ("WIDE_MODE", "ONLINE", "not ONLINE", "bool(BASE)", 'FLAGS["online"]', "True")


@st.composite
def arguments(draw: st.DrawFn) -> dict[str, str]:
    wired = {"name": draw(st.sampled_from(NAMED)), "version": draw(st.sampled_from(TEXTS))}
    optional = {
        "capabilities": sets(),
        "hooks": hooks(),
        "depends_on": st.sampled_from(('{"other-plugin"}', "set()", '["a-b-c", "other"]')),
        "async_safe": st.sampled_from(FLAGGED),
        "health_check": st.sampled_from(("handlers.health", "None", "local", "healthy")),
    }
    for name, strategy in optional.items():
        if draw(st.booleans()):
            wired[name] = draw(strategy)
    return wired


@st.composite
def ordinary(draw: st.DrawFn) -> str:
    """Draw the source of a manifest module as people write one."""
    given_arguments = draw(arguments())
    body: list[str] = []
    for name in [*given_arguments]:
        match draw(st.integers(0, 5)):
            case 0:
                body.append(f"{name}_ = {given_arguments[name]}")
                given_arguments[name] = f"{name}_"
            case 1 if name == "capabilities":
                body += [f"caps = set({given_arguments[name]})"]
                body += draw(st.lists(_changes(), max_size=3))
                given_arguments[name] = draw(st.sampled_from(("caps", "frozenset(caps)")))
            case 1 if name == "hooks":
                body += [f"wired = dict({given_arguments[name]})"]
                body += draw(st.lists(_bindings(), max_size=3))
                given_arguments[name] = draw(st.sampled_from(("wired", "{**wired}")))
            case _:
                pass
    call = ", ".join(f"{name}={value}" for name, value in given_arguments.items())
    match draw(st.integers(0, 6)):
        case 0:
            body += [f"made = PluginManifest({call})", "return made"]
        case 1:
            body += [f"given = dict({call})", "return PluginManifest(**given)"]
        case 2:
            body += [f"return PluginManifest(**{{**keywords(), **dict({call})}})"]
        case 4:
            other = draw(arguments())
            other.pop("health_check", None)
            shown = ", ".join(f"{name!r}: {value}" for name, value in other.items() if _whole(name))
            body += [f"basis = PluginManifest({call})"]
            body += [f"return basis.model_copy(update={{{shown}}})"]
        case 3:
            test = draw(conditions())
            other = draw(arguments())
            shown = ", ".join(f"{name}={value}" for name, value in other.items())
            body += [f"if {test}:\n    return PluginManifest({shown})"]
            body += [f"return PluginManifest({call})"]
        case _:
            body += [f"return PluginManifest({call})"]
    lines = [line for statement in body for line in statement.splitlines()]
    text = "".join(f"    {line}\n" for line in lines)
    return f"{IMPORTS}{CONSTANTS}\n\ndef local(): ...\n\n\ndef plugin_manifest():\n{text}"


def _whole(name: str) -> bool:
    """Say whether what is drawn for a field is what pydantic makes of it, which a copy skips."""
    return name in ("name", "version")


def _changes() -> st.SearchStrategy[str]:
    return st.one_of(
        names().map(lambda name: f"caps.add({name})"),
        names().map(lambda name: f"caps.discard({name})"),
        sets().map(lambda more: f"caps.update({more})"),
        sets().map(lambda more: f"caps |= set({more})"),
        st.tuples(conditions(), names()).map(lambda two: f"if {two[0]}:\n    caps.add({two[1]})"),
        sets().map(lambda more: f"for each in sorted({more}):\n    caps.add(each)"),
    )


def _bindings() -> st.SearchStrategy[str]:
    name = st.sampled_from(HOOKS).map(repr)
    return st.one_of(
        st.tuples(name, handler()).map(lambda two: f"wired[{two[0]}] = {two[1]}"),
        st.tuples(name, handler()).map(lambda two: f"wired.setdefault({two[0]}, {two[1]})"),
        hooks().map(lambda more: f"wired.update({more})"),
        st.tuples(conditions(), name, handler()).map(
            lambda three: f"if {three[0]}:\n    wired[{three[1]}] = {three[2]}"
        ),
    )


# What an author does not write, and somebody who hides something does.
TRICKS = (
    *("caps = WIDE", "caps = LISTED", "caps = other = set(BASE)", "caps.add", "LISTED.append('x')"),
    *("other = caps", "other.add('facts.write')", "LISTED.append('facts.write')", "del caps"),
    *("wired = BOUND", "BOUND['recall_rank'] = gate", "wired.clear()", "bound().clear()"),
    *("chosen = lambda *a, **k: {'facts.write'}", "sorted = set", "global WIDE_MODE"),
    *("global ONLINE\nONLINE = True", "for caps in ({'facts.write'},): pass", "caps = {*caps}"),
    *("with open(os.devnull) as caps: pass", "(lambda x: x.add('facts.write'))(caps)"),
    *(
        "def inner():\n    nonlocal caps\n    caps = {'facts.write'}\ninner()",
        "caps, wired = {'x'}, {}",
    ),
    *("try:\n    caps = {'facts.write'}\nexcept ValueError:\n    caps = set()", "print(caps)"),
    *("if os.environ.get('NOWHERE'):\n    caps = {'facts.write'}", "[caps := {'x'} for _ in '1']"),
    *(
        "while caps:\n    caps = set()",
        "caps and caps.pop()",
        "caps.__class__",
        "wired.pop('x', 0)",
    ),
    *("list(map(caps.add, LISTED))", "keep = [caps]\nkeep[0].add('facts.write')", "vars()"),
    *(
        "match 1:\n    case caps: pass",
        "import os as caps",
        "class caps: pass",
        "caps: set = {'x'}",
    ),
    *("setattr(handlers, 'gate', audit)", "handlers.gate = audit", "audit.__qualname__ = 'x'"),
    *("partial(caps.add, 'facts.write')()", "type(caps).add(caps, 'facts.write')", "caps ^= {'x'}"),
    *("for each in LISTED:\n    if each == 'facts.read':\n        break\n    caps.add(each)",),
    *("wired['recall_rank'], caps = gate, {'x'}", "return PluginManifest(**keywords())"),
    *("if WIDE_MODE: raise ValueError('x')", "assert caps", "first(caps).add('facts.write')"),
    *("wired |= {'recall_rank': gate}", "caps = caps.copy()", "other = chosen(caps)"),
)


@st.composite
def tricky(draw: st.DrawFn) -> str:
    """Draw a module in which statements are put that change what others mean."""
    source = draw(ordinary())
    head, _, body = source.partition("def plugin_manifest():\n")
    lines = body.splitlines()
    starts = [n for n, line in enumerate(lines) if not line.startswith("     ")]
    start = ["    caps = set(BASE)", "    wired = dict(BOUND)"]
    for _ in range(draw(st.integers(1, 3))):
        trick = draw(st.sampled_from(TRICKS))
        at = draw(st.sampled_from(starts))
        if draw(st.integers(0, 4)):
            lines[at:at] = [f"    {line}" for line in trick.splitlines()]
        elif not trick.startswith("return"):
            head += f"\n{trick}\n"
    return f"{head}def plugin_manifest():\n" + "\n".join([*start, *lines]) + "\n"


@pytest.fixture(scope="module")
def real_node(node_python: Path) -> Iterator[RealNode]:
    with RealNode(node_python) as real:
        yield real


def files(manifest: str) -> dict[str, str]:
    return {
        "demo/__init__.py": "from .manifest import plugin_manifest\n",
        "demo/manifest.py": manifest,
        "demo/handlers.py": HANDLERS,
        "demo/shared.py": 'SHARED = ("facts.read", "recall.read")\n_HIDDEN = 1\n',
        "demo/data.json": '{"needs": ["facts.read", "audit.emit"], "version": "2.0.0"}',
    }


@st.composite
def undecided(draw: st.DrawFn) -> str:
    """Draw a module in which only the running node decides which way some conditions go."""
    source = draw(ordinary())
    unknown = st.sampled_from(
        (
            *("os.environ.get('NOWHERE')", "os.environ.get('PATH')", "os.sep == '/'"),
            *("len(sys.argv) > 99", "sys.platform", "not os.environ", "os.name == 'x'"),
        )
    )
    for known in ("WIDE_MODE", "ONLINE"):
        if draw(st.booleans()):
            head, _, body = source.partition("def plugin_manifest():\n")
            body = body.replace(known, f"({draw(unknown)})", 2)
            source = f"{head}def plugin_manifest():\n{body}"
    if draw(st.booleans()):
        source = source.replace("if WIDE_MODE:\n", f"if {draw(unknown)}:\n", 1)
    if draw(st.booleans()):
        made = '    RELEASE = "1." + "0.0"'
        source = source.replace(made, "    from .nowhere import RELEASE")
    if draw(st.booleans()):
        start = "def plugin_manifest():\n"
        other = 'PluginManifest(name="other-plugin", version="9.0.0", capabilities=PICKED)'
        source = source.replace(start, f"{start}    if {draw(unknown)}:\n        return {other}\n")
    return source


SETTINGS = settings(
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)


def test_ordinary_factories_are_read_exactly(real_node: RealNode) -> None:
    counts: Counter[str] = Counter()
    missed: list[str] = []

    @seed(SEED)
    @settings(SETTINGS, max_examples=1500)
    @given(manifest=ordinary())
    def sound(manifest: str) -> None:
        known = known_fields(read(files(manifest), "demo:plugin_manifest"))
        real = real_node.run(files(manifest), "demo:plugin_manifest")
        if "fields" not in real:
            counts["no manifest"] += 1
            return
        assert disagreements(known, real["fields"]) == [], manifest
        exact = len(known) == len(DEFAULTS)
        counts["exact" if exact else "not exact"] += 1
        if not exact:
            missed.append(manifest)

    sound()
    print(f"seed {SEED}: {dict(counts)}")
    read_whole = counts["exact"] + counts["not exact"]
    assert read_whole > 900, counts
    assert counts["exact"] / read_whole >= 0.95, (counts, missed[:3])


def test_what_the_node_decides_is_among_what_is_said(real_node: RealNode) -> None:
    counts: Counter[str] = Counter()

    @seed(SEED)
    @settings(SETTINGS, max_examples=600)
    @given(manifest=undecided())
    def sound(manifest: str) -> None:
        reading = read(files(manifest), "demo:plugin_manifest")
        real = real_node.run(files(manifest), "demo:plugin_manifest")
        if "fields" in real:
            assert disagreements(known_fields(reading), real["fields"]) == [], manifest
            assert left_out(reading, real["fields"]) == [], manifest
            counts[f"{outcomes(reading)} fields with outcomes"] += 1

    sound()
    print(f"seed {SEED}: {dict(counts)}")
    assert sum(n for name, n in counts.items() if not name.startswith("0")) > 50, counts


def test_tricky_factories_are_never_read_wrongly(real_node: RealNode) -> None:
    counts: Counter[str] = Counter()

    @seed(SEED)
    @settings(SETTINGS, max_examples=1500)
    @given(manifest=tricky())
    def sound(manifest: str) -> None:
        known = known_fields(read(files(manifest), "demo:plugin_manifest"))
        real = real_node.run(files(manifest), "demo:plugin_manifest")
        if "fields" in real:
            counts[f"{len(known)} fields"] += 1
            assert disagreements(known, real["fields"]) == [], manifest

    sound()
    print(f"seed {SEED}: {dict(counts)}")
    assert sum(counts.values()) > 300, counts
