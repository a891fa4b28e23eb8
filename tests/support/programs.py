"""The programs of the oracle: those of the tests' tables, fixtures, and generated ones."""

from __future__ import annotations

import importlib.util
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from stigmem_review.manifest.layout import laid_out
from stigmem_review.manifest.project import read_project
from stigmem_review.model import ENTRY_POINT_GROUP, Known
from stigmem_review.sources.tree import read_directory
from support import fuzz
from support.oracle import Program, load, program

TESTS = Path(__file__).parents[1]
ENTRY = "acme.plugin:plugin_manifest"
HEAD = "import os\nfrom stigmem_node.plugins import Capability, HookName, PluginManifest\n"
WORDS = ("facts.read", "audit.emit", "recall.read", "b", "a", "c", "x-1")
VARIABLES = ("ACME_A", "ACME_B")


def _room(name: str) -> Any:
    """Load a file of tests, which is no package."""
    spec = importlib.util.spec_from_file_location(name, TESTS / "manifest" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def traps() -> Iterator[Program]:
    """Yield the shapes that would fool a naive reader."""
    for name, trap in _room("test_adversarial").TRAPS.items():
        yield program(trap.shape.files, trap.shape.entry, trap.shape.root, name)


def ordinary() -> Iterator[Program]:
    """Yield the shapes that people write."""
    for shape in _room("test_ordinary").SHAPES:
        yield program(shape.files, shape.entry, shape.root, shape.id)


def _drawn(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    found: list[Any] = []

    @seed(11)
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(strategy)
    def collect(each: Any) -> None:
        found.append(each)

    collect()
    return found


def generated() -> Iterator[Program]:
    """Yield drawn factories: ordinary ones, tricky ones, and ones the environment decides."""
    room = _room("test_generated")
    for strategy, count in ((room.ordinary(), 300), (room.tricky(), 400), (room.undecided(), 200)):
        for manifest in _drawn(strategy, count):
            yield program(room.files(manifest), "demo:plugin_manifest")
    for files in _drawn(_room("test_random_factories").factories(), 200):
        yield program(files, "demo:plugin_manifest")


def recorded() -> Iterator[Program]:
    """Yield programs that were recorded once, on which earlier readers were wrong."""
    yield from (each.program for each in load("recorded"))


def fixtures() -> Iterator[Program]:
    """Yield the projects of ``broken`` and the stories."""
    for place in sorted([*TESTS.glob("broken/*/"), *TESTS.glob("cases/*/*/")]):
        if not (place / "pyproject.toml").is_file():
            continue
        artifact = laid_out(read_directory(str(place), place))
        declared = read_project(artifact).entry_points
        if not isinstance(declared, Known) or artifact.layout is None or artifact.layout.why:
            continue
        plugins = [each for each in declared.value if each.group == ENTRY_POINT_GROUP]
        if len(plugins) == 1:
            site = {to: artifact.files[path] for to, path in artifact.layout.places.items()}
            code = {to: data for to, data in site.items() if to.endswith(".py")}
            yield program(code, plugins[0].value, name=str(place.relative_to(TESTS)))


class _Draw:
    """Draws the same programs in every run."""

    def __init__(self, number: int) -> None:
        self.random = random.Random(number)

    def one(self, *items: str) -> str:
        return self.random.choice(items)

    def some(self, least: int, most: int) -> range:
        return range(self.random.randint(least, most))

    def word(self) -> str:
        return repr(self.one(*WORDS))

    def flag(self) -> str:
        name = self.one(*VARIABLES)
        return self.one(
            f"os.environ.get({name!r})",
            f"os.environ.get({name!r}) == '1'",
            f"os.getenv({name!r}, '')",
            f"{name!r} in os.environ",
            f"not os.environ.get({name!r})",
        )

    def test(self) -> str:
        return self.one(self.flag(), "ON", "not ON", "'a' in s", "len(l) > 2", "d", "l and ON")


def _indent(lines: list[str], by: str = "    ") -> list[str]:
    return [by + line for line in lines]


SHOWN = (
    "'|'.join([*map(str, l), '-', *sorted(s), '-', *[f'{k}={v}' for k, v in d.items()], '-', "
    "*sorted(f), '-', *t, '-', x])"
)


def methods() -> Iterator[Program]:
    """Yield programs that change sets, lists, dicts, tuples and texts, and show all of them."""
    for number in range(400):
        draw = _Draw(number)
        module: list[str] = []
        inside: list[str] = []
        start = [
            f"s = {{{', '.join(draw.word() for _ in draw.some(1, 3))}}}",
            f"l = [{', '.join(draw.word() for _ in draw.some(0, 3))}]",
            f"d = {{{', '.join(f'{draw.word()}: {draw.word()}' for _ in draw.some(0, 3))}}}",
            f"f = frozenset(({', '.join(draw.word() for _ in draw.some(1, 3))},))",
            f"t = ({''.join(draw.word() + ', ' for _ in draw.some(0, 3))})",
            f"x = {draw.word()}",
        ]
        for _ in draw.some(3, 9):
            lines = _change(draw)
            if draw.random.random() < 0.3:
                lines = [f"if {draw.test()}:", *_indent(lines)]
                if draw.random.random() < 0.5:
                    lines += ["else:", *_indent(_change(draw))]
            (module if draw.random.random() < 0.3 else inside).extend(lines)
        local = draw.random.random() < 0.5
        globals_ = [] if local else ["global s, l, d, f, t, x"]
        text = "\n".join(
            [
                HEAD + "ON = True",
                *start,
                *module,
                "",
                "def plugin_manifest():",
                *_indent([*globals_, *(start if local else []), *inside]),
                "    return PluginManifest(name='acme-ledger', version='1.0.0', "
                f"requires_stigmem={SHOWN}, depends_on=s)",
                "",
            ]
        )
        yield program({"acme/__init__.py": "", "acme/plugin.py": text}, ENTRY)


def _change(draw: _Draw) -> list[str]:
    a, b = draw.word(), draw.word()
    many = draw.one("l", "t", "sorted(s)", "sorted(f)", "d", "d.values()", f"[{a}, {b}]", f"({a},)")
    sets = draw.one("s", "f", f"{{{a}, {b}}}", f"set({many})", "d.keys()")
    return [
        draw.one(
            *(f"s.{name}({many})" for name in ("update", "difference_update")),
            *(f"s = s.{name}({many})" for name in ("union", "difference", "symmetric_difference")),
            *(f"f = f.{name}({many})" for name in ("union", "intersection", "difference")),
            *(f"s {op} set({many})" for op in ("|=", "&=", "-=", "^=")),
            *(f"f {op} {sets}" for op in ("|=", "&=", "-=", "^=")),
            *(f"s.{name}({a})" for name in ("add", "discard", "add", "discard")),
            f"s.remove(sorted(s)[0]) if s else s.add({a})",
            f"s = {{e for e in {sets} if e != {a}}}",
            f"s = s if s.isdisjoint({many}) else s - f",
            f"l.append({a})",
            f"l.extend({many})",
            f"l += {many}",
            f"l = l + [{a}]",
            f"l.insert({draw.one('0', '1', '-1', '9')}, {a})",
            "l.pop() if l else None",
            f"x = l.pop(0) if l else {a}",
            f"l.remove({a}) if {a} in l else l.append({b})",
            draw.one("l.sort()", "l.reverse()", "l.sort(reverse=True)", "l.sort(key=len)"),
            draw.one("l = l[::-1]", "l = l[1:]", "l = sorted(l, key=str.upper)", "l = l * 2"),
            f"l[0:1] = {many}",
            "del l[:1]",
            f"l = [e + {a} for e in {many} if e > 'b']",
            f"l = [e for e in {many} for _ in (1, 2)]",
            f"m = l; m.append({a})",
            f"m = l[:]; m.append({a}); x = m[-1]",
            f"d[{a}] = {b}",
            f"d.setdefault({a}, {b})",
            f"x = d.get({a}, {b})",
            f"x = d.pop({a}, {b})",
            f"d.update({{{a}: {b}}})",
            f"d.update(z={b})",
            f"d |= {{{a}: {b}}}",
            f"d = {{{a}: 'q', **d}}",
            f"d = dict(d, w={b})",
            f"d = dict(z={b}, **d) if 'z' not in d else d",
            "d = {v: k for k, v in d.items()}",
            "d = dict.fromkeys(l, 'n')",
            f"d = dict(zip(l, {many}))",
            f"d.setdefault({a}, ''); d[{a}] += {b}",
            "l = list(reversed(list(d)))",
            "l = [k + v for k, v in sorted(d.items())]",
            f"del d[{a}]" if draw.random.random() < 0.2 else f"d.pop({a}, None)",
            f"t += ({a},)",
            f"t = tuple({many})[:2]",
            "t = (*t, *l)",
            "t = tuple(str(n) + e for n, e in enumerate(t, 3))",
            f"x, *t = ({a}, *l)",
            f"x = x.{draw.one('upper', 'title', 'strip', 'lower', 'swapcase')}()",
            f"x = x.replace('a', {b})",
            f"x += {b}",
            f"x = {draw.one(chr(39) + '-' + chr(39), 'x')}.join(l)",
            f"t = tuple(x.split({draw.one(chr(39) + '.' + chr(39), 'None')}))",
            "x = f'{x:>4}{len(s)}{x!r}'",
            f"x = '%s/%s' % (x, {b})",
            f"x = '{{}}-{{y}}'.format(x, y={b})",
            f"x = x[1:-1] or {b}",
            f"x = max(l, default={a}) + min([*s, {b}])",
            f"x = str(sum(len(e) for e in {many}))",
            f"x = str(any(e == {a} for e in l)) + str(all(l))",
            f"x = {a} if {draw.test()} else {b}",
            f"x = ({draw.flag()} and {a}) or {b}",
            f"for e in {many}: x += e; s.add(e)",
            f"for n, e in enumerate({many}): l = [*l, f'{{n}}{{e}}']",
            f"x = str(l == t) + str({a} < {b} <= x) + str(s >= f) + str(d == dict(d))",
            f"x = next((e for e in l if e == {a}), {b})",
            f"x = (lambda y, z={b}: y + z)({a})",
            "while len(l) > 3: x = l.pop()",
            f"l = list(filter(None, map(str.strip, {many})))",
            "x = str(bool(s & f)) + str(1 if not d else 2)",
            "s |= f; f = frozenset(s)",
            "s.clear(); s.add('k')",
            "l.clear()" if draw.random.random() < 0.3 else "l = l.copy()",
            f"(y := {a}); x = y * 2",
            "assert isinstance(l, list) and not isinstance(t, (list, set))",
            "l = [*{*l}][:1]",
        )
    ]


def flow() -> Iterator[Program]:
    """Yield programs with helpers in ``try``, ``finally``, loops and ``with``, and what ran."""
    for number in range(150):
        draw = _Draw(number)
        helpers = []
        for name in ("one", "two", "three")[: draw.random.randint(1, 3)]:
            inner = [each for each in ("one", "two") if each < name or name == "three"]
            body = _block(draw, inner[:0] if name == "one" else inner, 1, False)
            helpers += [f"def {name}(x='p'):", *_indent(body), f"    return '{name}' + x", ""]
        names = [name for name in ("one", "two", "three") if f"def {name}(x='p'):" in helpers]
        module = _block(draw, names, 1, False, False) if draw.random.random() < 0.4 else []
        body = _block(draw, names, 2, False)
        text = "\n".join(
            [
                HEAD + "import contextlib\nL = []\nON = True\ns = {'a'}\nl = ['b']\nd = {}",
                "class Odd(ValueError): pass",
                "class Keep:",
                "    def __init__(self, eats=False): self.eats = eats",
                "    def __enter__(self): L.append('in'); return self",
                "    def __exit__(self, kind, error, trace): L.append('out'); return self.eats",
                "",
                *helpers,
                *module,
                "def plugin_manifest():",
                *_indent(body),
                "    return made()",
                "def made(): return PluginManifest(name='acme-ledger', version='1.0.0', "
                "requires_stigmem='|'.join(L))",
                "",
            ]
        )
        text = text.replace("return 'R'", "return made()", 0)
        yield program({"acme/__init__.py": "", "acme/plugin.py": text}, ENTRY)


def _block(
    draw: _Draw, names: list[str], depth: int, loop: bool, function: bool = True
) -> list[str]:
    lines: list[str] = []
    for _ in draw.some(1, 3):
        lines += _statement(draw, names, depth, loop, function)
    return lines


def _statement(draw: _Draw, names: list[str], depth: int, loop: bool, function: bool) -> list[str]:
    mark = repr(draw.one(*"abcdefgh"))
    simple = [
        f"L.append({mark})",
        f"L.append({mark})",
        f"if {draw.flag()}: raise {draw.one('ValueError', 'KeyError', 'Odd')}({mark})",
        f"L.append(os.environ[{draw.one(*VARIABLES)!r}] and 'set')",
        f"int(os.environ.get({draw.one(*VARIABLES)!r}) or 'x')",
        f"assert {draw.flag()}, {mark}",
        f"d[{mark}] = {{}}[{mark}]" if draw.random.random() < 0.2 else f"d[{mark}] = 1",
        "import acme_missing" if draw.random.random() < 0.2 else "import json",
        f"s.remove(os.environ.get({draw.one(*VARIABLES)!r}) and 'a' or 'b'); s.add('a')",
    ]
    if names:
        simple += [f"L.append({draw.one(*names)}({mark}))"] * 4
    if loop:
        simple += [f"if {draw.test()}: {draw.one('break', 'continue')}"] * 2
    if function and draw.random.random() < 0.15:
        simple += [f"if {draw.flag()}: return made()"] * 3
    if depth == 0 or draw.random.random() < 0.35:
        return [draw.one(*simple)]

    def block(inner: bool = loop) -> list[str]:
        return _indent(_block(draw, names, depth - 1, inner, function))

    match draw.random.randint(0, 5):
        case 0:
            more = ["else:", *block()] if draw.random.random() < 0.5 else []
            return [f"if {draw.test()}:", *block(), *more]
        case 1:
            many = draw.one("('i', 'j')", "l", "[]", "range(3)", "sorted(d)")
            more = ["else:", *block()] if draw.random.random() < 0.4 else []
            return [f"for e in {many}:", "    L.append(str(e))", *block(True), *more]
        case 2:
            with_ = draw.one(
                "Keep()", "Keep(True)", "contextlib.suppress(KeyError)", "contextlib.nullcontext()"
            )
            return [f"with {with_}:", *block()]
        case _:
            kinds = (
                "ValueError",
                "KeyError",
                "Exception",
                "(KeyError, ImportError)",
                "Odd",
                "LookupError",
                "AssertionError",
            )
            lines = ["try:", *block()]
            named = draw.random.random() < 0.5
            for _ in draw.some(1, 2):
                as_ = " as error" if named else ""
                say = ["    L.append(type(error).__name__)"] if named else []
                again = ["    raise"] if draw.random.random() < 0.15 else []
                lines += [f"except {draw.one(*kinds)}{as_}:", *say, *block(), *again]
            if draw.random.random() < 0.4:
                lines += ["else:", *block()]
            if draw.random.random() < 0.4:
                lines += ["finally:", *block(False)]
            return lines


def imports() -> Iterator[Program]:
    """Yield packages whose modules import from each other in every way."""
    for number in range(350):
        draw = _Draw(number)
        paths = {
            "acme": "acme/__init__.py",
            "acme.one": "acme/one.py",
            "acme.two": "acme/two.py",
            "acme.sub": "acme/sub/__init__.py",
            "acme.sub.three": "acme/sub/three.py",
        }
        files = {}
        for module, path in paths.items():
            lines = [f"WHERE = [{module!r}]", f"ONE = {module + '.ONE'!r}", "_HID = 'hid'"]
            for _ in draw.some(0, 3):
                lines.insert(draw.random.randint(0, len(lines)), _import(draw, module))
            if draw.random.random() < 0.25:
                listed = draw.one("[]", "['ONE']", "('WHERE', '_HID')")
                lines.append(f"__all__ = {listed}")
            if draw.random.random() < 0.15:
                lines.append("def __getattr__(name): return 'lazy ' + name")
            if draw.random.random() < 0.25:
                lines.append(f"{draw.one('one', 'two', 'sub', 'three', 'TWO')} = {draw.word()}")
            files[path] = "\n".join(lines) + "\n"
        text = [HEAD + "L = []"]
        for _ in draw.some(2, 5):
            text += [
                "try:",
                f"    {_import(draw, 'acme.plugin')}",
                "except ImportError:",
                "    L.append('none')",
            ]
        for _ in draw.some(2, 6):
            first = draw.one("acme", "one", "two", "sub", "three", "ONE", "TWO", "WHERE", "x", "m")
            rest = draw.one(
                "",
                "",
                ".ONE",
                ".WHERE[0]",
                ".one.ONE",
                ".sub.three.ONE",
                ".three",
                ".TWO",
                ".__name__",
            )
            text += [
                "try:",
                f"    found = {first}{rest}",
                "    L.append(found if isinstance(found, str) else type(found).__name__)",
                "except (NameError, AttributeError) as error:",
                "    L.append(type(error).__name__)",
            ]
        text += [
            "def plugin_manifest():",
            "    return PluginManifest(name='acme-ledger', "
            "version='1.0.0', requires_stigmem='|'.join(L))",
            "",
        ]
        files["acme/plugin.py"] = "\n".join(text)
        yield program(files, ENTRY)


def _import(draw: _Draw, module: str) -> str:
    up = "." if module in ("acme", "acme.plugin", "acme.one", "acme.two") else ".."
    return draw.one(
        f"from {up} import one",
        f"from {up} import two",
        f"from {up} import sub as m",
        f"from {up}one import *",
        f"from {up}two import *",
        f"from {up}sub import *",
        f"from {up}sub import three",
        f"from {up}sub.three import ONE as TWO",
        f"from {up}one import ONE",
        f"from {up}two import WHERE, ONE as x",
        f"from {up} import ONE, missing",
        f"from {up}sub.nowhere import ONE",
        "import acme.one",
        "import acme.sub.three as three",
        "import acme.two as two, acme.sub",
        "from acme import *",
    )


def objects() -> Iterator[Program]:
    """Yield programs with classes, enumerations, closures, properties and what they give."""
    for number in range(350):
        draw = _Draw(number)
        lines = [
            HEAD + "import dataclasses, enum, functools\nL = []\nON = True\ns, l, d = {'a'}, [], {}"
        ]
        lines += [
            "class Base:",
            f"    kind = {draw.word()}",
            "    many = []",
            "    def __init__(self, a='i', *rest, k='k', **more):",
            "        self.a = a",
            "        self.rest = [*rest, k, *more]",
            f"    def name(self): return self.a + {draw.word()}",
            "    @property",
            "    def prop(self): return 'prop' + self.a",
            "    @classmethod",
            "    def make(cls, *rest): return cls(cls.kind, *rest)",
            "    @staticmethod",
            "    def free(x): return x * 2",
            "    def add(self, x): self.many.append(x); return self",
        ]
        lines += ["class Child(Base):"]
        parts = [
            [f"    kind = {draw.word()}"],
            ["    def name(self): return 'c' + super().name()"],
            ["    def __init__(self, *a, **k): super().__init__(*a, **k); self.c = 'c'"],
            ["    @property", "    def prop(self): return self.name()"],
            ["    many = ()"] if draw.random.random() < 0.2 else ["    pass"],
            ["    def __str__(self): return 'str' + self.a"],
            ["    def __eq__(self, other): L.append('eq'); return True"],
            ["    def __len__(self): return len(self.rest)"],
            ["    def __getattr__(self, name): return 'got ' + name"],
            ["    def __contains__(self, x): L.append('in'); return x == 'a'"],
            ["    def __iter__(self): return iter(self.rest)"],
            ["    def __getitem__(self, x): return f'item {x}'"],
            ["    def __call__(self, x): return f'call {x}'"],
            ["    def __bool__(self): L.append('bool'); return False"],
        ]
        for part in draw.random.sample(parts, draw.random.randint(1, 5)):
            lines += part
        lines += [
            "class Kind(str, enum.Enum):",
            "    READ = 'facts.read'",
            "    EMIT = 'audit.emit'",
            "class Plain(enum.Enum):",
            "    A = 'a'",
            "    B = enum.auto()" if draw.random.random() < 0.1 else "    B = 'b'",
            "class Text(enum.StrEnum):",
            "    RECALL = 'recall.read'",
            "    LOW = enum.auto()",
            "@dataclasses.dataclass",
            "class Data:",
            "    a: str",
            f"    b: str = {draw.word()}",
            "    c: list = dataclasses.field(default_factory=list)",
            "def counter(start=[]):",
            "    start.append('n')",
            "    def inner(step='s'):",
            "        nonlocal start",
            "        start = start + [step]",
            "        return '/'.join(start)",
            "    return inner",
            "def wraps(f):",
            "    @functools.wraps(f)",
            "    def inner(*a, **k): return 'w' + f(*a, **k)",
            "    return inner",
            "@wraps",
            "def wrapped(x, *, y='y'): return x + y",
            "o, p = Base('o', 'r'), Child('p')",
            "count = counter()",
        ]
        for _ in draw.some(3, 8):
            a = draw.word()
            shown = draw.one(
                "o.name()",
                "p.name()",
                "p.prop",
                "o.prop",
                "Base.free('z')",
                "p.free('y')",
                "Child.make().a",
                "Base.make('u').rest[0]",
                "p.kind",
                "Child.kind + Base.kind",
                f"'/'.join(o.add({a}).many)",
                f"getattr(p, {a[:2] + 'z' + a[-1]}, 'none')",
                "str(p)",
                "str(p == o)",
                "str(p != o)",
                "str(p is p)",
                "p.rest[-1]",
                "str(isinstance(p, Base))",
                "Kind.READ.value",
                "str(Kind.READ == 'facts.read')",
                "Kind('audit.emit').name",
                "Plain.B.name",
                "str(Plain.A == 'a')",
                "Text.RECALL + 'x'",
                "str(Text.LOW)",
                "Text.LOW.value",
                "'/'.join(e.value for e in Kind)",
                "str(Kind.READ)",
                "Plain['A'].value",
                "str(len(Plain))",
                f"Data({a}).b",
                f"'/'.join(Data({a}, c=['x']).c)",
                f"str(Data({a}) == Data({a}))",
                f"dataclasses.replace(Data({a}), b='n').b",
                "count()",
                "count('t')",
                "counter()()",
                f"wrapped({a})",
                f"wrapped({a}, y='k')",
                "wrapped.__name__",
                "o.name.__name__",
                "type(o).__name__",
                "p.__class__.__name__",
                "str(callable(o))",
                "str('a' in p)",
                "'/'.join(p)",
                "p['i']",
                "p('j')",
                "str(bool(p))",
                "str(not p)",
                "p.c",
                "str(hasattr(p, 'zz'))",
                "str(len(p))",
                f"functools.partial(wrapped, y={a})('q')",
                f"functools.reduce(lambda x, y: x + y, ['r', {a}])",
                "(lambda *x, **y: '/'.join([*x, *y]))(*l, **d)",
                "'/'.join(vars(o))" if draw.random.random() < 0.2 else "o.a",
                "[x for x in (o, p) if x.a == 'p'][0].kind",
                "'yes' if p else 'no'",
                "Capability.FACTS_READ.name",
                "str(Capability('facts.read') is Capability.FACTS_READ)",
                "HookName.RECALL_FILTER",
                "f'{Capability.AUDIT_EMIT}'",
                "Capability['AUDIT_READ'].value",
                "'/'.join(sorted(Capability))",
            )
            change = draw.one(
                f"o.a = {a}",
                f"Base.kind = {a}",
                f"p.kind = {a}",
                f"Base.many.append({a})",
                "del o.a",
                f"p.a += {a}",
                f"setattr(o, 'a', {a})",
                "Base.name = lambda self: 'patched'",
                f"o.rest.append({a})",
                "p.__class__ = Base" if draw.random.random() < 0.1 else "pass",
                f"d[{a}] = {a}",
                f"l.append({a})",
                "o = p",
                "o = Child(*l)",
                "Child.prop = 'plain'",
            )
            line = [change] if draw.random.random() < 0.35 else [f"L.append({shown})"]
            if draw.random.random() < 0.25:
                line = [f"if {draw.test()}:", *_indent(line)]
            if draw.random.random() < 0.3:
                line = [
                    "try:",
                    *_indent(line),
                    "except Exception as error:",
                    "    L.append(type(error).__name__)",
                ]
            lines += line
        lines += [
            "def plugin_manifest():",
            "    return PluginManifest(name='acme-ledger', "
            "version='1.0.0', requires_stigmem='|'.join(L), hooks={'recall_filter': "
            + draw.one(
                "o.name",
                "p.name",
                "wrapped",
                "count",
                "Base.free",
                "p.make",
                "Child.name",
                "lambda *a: 1",
            )
            + "})",
            "",
        ]
        yield program({"acme/__init__.py": "", "acme/plugin.py": "\n".join(lines)}, ENTRY)


def attacks() -> Iterator[Program]:
    """Yield small programs that do something behind what is seen, and some that do not."""
    yield from _small("attacks")


def rules() -> Iterator[Program]:
    """Yield odd programs for every rule of the language that the interpreter has to follow."""
    yield from _small("rules")


def semantics() -> Iterator[Program]:
    """Yield small programs that show what Python asks objects for, and refuses, in which order."""
    yield from _small(
        "semantics",
        "import os, sys\nfrom stigmem_node.plugins import PluginManifest\n"
        "NOTED=['first']\ndef f(*a, **k):\n    NOTED.append('f')\n"
        "    return a[0] if a else None\nR='>=1'\n"
        "A=os.environ.get('ACME_A','d')\n",
        "\ndef plugin_manifest():\n    return PluginManifest(name='acme-ledger', "
        "version=f'1.{len(NOTED)}.0', requires_stigmem=R if isinstance(R, str) else repr(R))\n",
    )


_HEAD = (
    "import os, sys\nfrom stigmem_node.plugins import PluginManifest, Capability, HookName\n"
    "L=['facts.read']\ndef f(*a, **k):\n    L.append('network.outbound')\n"
    "    return a[0] if a else None\nR='>=1'\n"
)
_TAIL = (
    "\ndef plugin_manifest():\n    return PluginManifest(name='acme-ledger', version='1.0.0', "
    "capabilities=list(L), requires_stigmem=R)\n"
)


def _small(name: str, head: str = _HEAD, tail: str = _TAIL) -> Iterator[Program]:
    for written in (TESTS / "oracle" / f"{name}.txt").read_text("utf-8").split("\n---\n"):
        main, *others = written.split("\n## ")
        files = {"acme/__init__.py": ""}
        for other in others:
            path, _, text = other.partition("\n")
            files[f"acme/{path}"] = text
        files["acme/plugin.py"] = head + main + ("" if "def plugin_manifest" in main else tail)
        yield program(files, ENTRY)


def fuzzed() -> Iterator[Program]:
    """Yield small programs that random ones were brought down to, their like, and random ones."""
    head = (
        "import abc, contextlib, copy, enum, functools, importlib, sys\n"
        "from collections import Counter, OrderedDict, defaultdict, deque\n"
        "from dataclasses import asdict, dataclass, field, fields, replace\n"
        "from typing import NamedTuple\nLOG = []\ndef log(q):\n    LOG.append(q)\n    return q\n"
        "def setv2(o):\n    try: o.a = 'new'\n    except Exception as e: return type(e).__name__\n"
    )
    for written in (TESTS / "oracle" / "fuzzed.txt").read_text("utf-8").split("\n---\n"):
        main, *others = written.split("\n## ")
        first, _, body = main.rpartition("\n@@\n")
        more = {f"acme/{path}": text for path, _, text in (e.partition("\n") for e in others)}
        yield fuzz.noting("\n".join([head, first]), body.strip().split("\n"), more)
    yield from fuzz.fuzzed(0, 40)


def styles() -> Iterator[Program]:
    """Yield small packages that are written as plugins of other ecosystems are."""
    yield from _packages("styles")


def unusual() -> Iterator[Program]:
    """Yield small packages of which something is not followed, or that change what Python does."""
    yield from _packages("unusual")


def _packages(name: str) -> Iterator[Program]:
    written = (TESTS / "oracle" / f"{name}.txt").read_text("utf-8")
    for each in f"\n{written}".split("\n=== ")[1:]:
        first, *files = each.split("\n--- ")
        title, _, entry = first.partition(" ")
        parts = (file.partition("\n") for file in files)
        yield program({path: text for path, _, text in parts}, entry or ENTRY, name=title)


SETS: Mapping[str, Callable[[], Iterator[Program]]] = {
    "traps": traps,
    "ordinary": ordinary,
    "generated": generated,
    "recorded": recorded,
    "fixtures": fixtures,
    "methods": methods,
    "flow": flow,
    "imports": imports,
    "objects": objects,
    "attacks": attacks,
    "rules": rules,
    "semantics": semantics,
    "styles": styles,
    "unusual": unusual,
    "fuzzed": fuzzed,
}
