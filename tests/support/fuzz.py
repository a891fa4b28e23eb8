"""Random programs for the interpreter, from grammars of what makes abstract interpreters wrong.

A family is a file in ``grammars``: sections that are headed ``=== NAME``, one way to write NAME a
line, ``¶`` for the end of a line of the program, ``$NAME`` for something that is written in one
of the ways of NAME, ``$N`` for a new name. What several families share is in ``common.txt``. A
program notes what it sees in ``OUT`` (``show``), and the manifest has all of it in one field.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from support.oracle import Program, program

_GRAMMARS = Path(__file__).parent / "grammars"
_ENTRY = "acme.plugin:plugin_manifest"
_TOKEN = re.compile(r"\$([A-Z][A-Za-z0-9]*)")
_WORK = 90
"""Ways that are chosen before a program is brought to its end."""
_HEAD = """import os
from stigmem_node.plugins import Capability, HookName, PluginManifest
OUT = []
def show(*what):
    for each in what:
        OUT.append(str(each))
"""
_MADE = """def made():
    return PluginManifest(
        name='acme-ledger', version='1.0.0', requires_stigmem='\\x1f'.join(OUT)
    )
"""
_TAILS = (
    "def plugin_manifest():\n    body()\n    return made()\n",
    "def plugin_manifest():\n    try:\n        show(body())\n    except Exception as error:\n"
    "        show(type(error).__name__)\n    return made()\n",
)
Rules = Mapping[str, list[str]]


class _Writer:
    """Writes one program by rules."""

    def __init__(self, rules: Rules, draw: random.Random) -> None:
        self.rules = rules
        self.draw = draw
        self._names = 0
        self._left = _WORK

    def block(self, symbol: str, most: int, depth: int) -> list[str]:
        """Return the lines of one to some statements."""
        lines: list[str] = []
        for _ in range(self.draw.randint(1, most if depth > 0 else 1)):
            lines += self._one(symbol, depth).split("\n")
        return lines

    def _one(self, symbol: str, depth: int) -> str:
        self._left -= 1
        ways = self.rules[symbol]
        if depth <= 0 or self._left < 0:
            ways = (
                [way for way in ways if "$" not in way]
                or [way for way in ways if not re.search(r"\$[BCDILS]", way)]
                or ways[:1]
            )
        return self.write(self.draw.choice(ways), depth - 1)

    def write(self, template: str, depth: int) -> str:
        """Return a template with everything that it leaves open written out."""
        names: dict[str, str] = {}

        def sub(match: re.Match[str]) -> str:
            name = match[1]
            if name[0] != "N" or (not name[1:].isdigit() and name[1:]):
                return self._one(name, depth)
            if name not in names:
                self._names += 1
                names[name] = f"v{self._names}"
            return names[name]

        lines: list[str] = []
        for line in template.replace("¶", "\n").split("\n"):
            indent = line[: len(line) - len(line.lstrip())]
            if block := re.fullmatch(r"\s*\$(B\w*)", line):
                lines += _indented(self.block(block[1], 3, depth), indent)
            else:
                first, *rest = _TOKEN.sub(sub, line).split("\n")
                lines += [first, *_indented(rest, indent)]
        return "\n".join(lines)


def _indented(lines: list[str], by: str = "    ") -> list[str]:
    return [by + line for line in lines]


def _rules(name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for file in ("common", name):
        for section in f"\n{(_GRAMMARS / f'{file}.txt').read_text('utf-8')}".split("\n=== ")[1:]:
            symbol, *ways = section.rstrip("\n").split("\n")
            found[symbol] = ways
    return found


def _body(lines: list[str], draw: random.Random, names: str = "") -> str:
    """Return what runs at import or when the factory is called, and the factory."""
    if draw.random() < 0.3 and not any(re.match(r"return\b|nonlocal\b", line) for line in lines):
        whole = [*lines, "def body(): return 'R'"]
    else:
        whole = ["def body():", *_indented([*([names] if names else []), *lines, "return 'R'"])]
    return "\n".join([*whole, _MADE, draw.choice(_TAILS)])


def _simple(family: str, most: int, names: str = "") -> Callable[[int], Program]:
    def write(seed: int) -> Program:
        rules, draw = _rules(family), random.Random(seed)
        writer = _Writer(rules, draw)
        lines = [*"\n".join(rules["start"]).split("\n"), *writer.block("B", most, 2)]
        text = "\n".join([_HEAD, *rules["head"], _body(lines, draw, names)])
        files = {"acme/__init__.py": "", "acme/plugin.py": text}
        if "helper" in text:
            files["acme/helper.py"] = (_GRAMMARS / "helper.txt").read_text("utf-8")
        return program(files, _ENTRY, name=f"{family} {seed}")

    return write


def _flow(seed: int) -> Program:
    """Return a program whose helpers call only those before them: nothing recurs."""
    rules, draw = _rules("flow"), random.Random(seed)
    helpers: list[str] = []
    for name, forbidden in (
        ("h1", r"\b[gh]\d\("),
        ("h2", r"\bg\d\(|\bh[23]\("),
        ("h3", r"\bg\d\(|\bh3\("),
        ("g1", r"\b[gh]\d\("),
        ("g2", r"\b[gh]\d\("),
    ):
        own = {
            symbol: [way for way in ways if not re.search(forbidden, way)]
            for symbol, ways in rules.items()
        }
        block = _Writer(own, draw).block("BF" if name[0] == "h" else "BG", 2, 2)
        end = f"return '{name}' + str(x)" if name[0] == "h" else "yield 'last'"
        start = "n = 1; l = ['q', 'r']; d = {'a': 'c'}; m = l; s = {'a'}; t = ('t',); e = {}"
        helpers += [f"def {name}(x='p', y='r'):", *_indented([start, *block, end])]
    lines = [*rules["start"], *_Writer(rules, draw).block("B", 4, 3)]
    whole = ["def body():", *_indented([*lines, "return 'R'"]), _MADE, draw.choice(_TAILS)]
    text = "\n".join([_HEAD, *rules["head"], *rules["start"], *helpers, *whole])
    return program({"acme/__init__.py": "", "acme/plugin.py": text}, _ENTRY, name=f"flow {seed}")


def _classes(seed: int) -> Program:
    draw = random.Random(seed)
    writer = _Writer({**_rules("common"), "C": ["True", *_rules("common")["E"]]}, draw)
    head, *snippets = (_GRAMMARS / "classes.txt").read_text("utf-8").split("\n----\n")
    parts, lines = [_HEAD, head, "l = ['a']; n = 1; x = 'a'; y = 'b'; m = []; d = {}"], [""]
    for snippet in draw.sample(snippets, draw.choice((1, 1, 2))):
        classes, _, uses = snippet.rstrip("\n").partition("\n@@\n")
        chosen = [draw.choice(uses.split("\n")) for _ in range(draw.randint(1, 3))]
        written = writer.write("\n@@\n".join([classes, *chosen]), 2)
        classes, *chosen = written.split("\n@@\n")
        parts.append(classes)
        for use in chosen:
            lines += draw.choice(
                (
                    [f"show({use})"],
                    [f"v = {use}", "show(v)"],
                    [writer.write("if $C: ", 1) + f"show({use})", f"else: show([{use}])"],
                    ["try:", f"    show({use})", "except Exception as error: show(type(error))"],
                )
            )
    text = "\n".join([*parts, _body(lines, draw)])
    return program({"acme/__init__.py": "", "acme/plugin.py": text}, _ENTRY, name=f"classes {seed}")


def noting(head: str, lines: list[str], more: Mapping[str, str]) -> Program:
    """Return a program that runs some lines in its factory, and gives what they note."""
    text = "\n".join([_HEAD, head, "def body():", *_indented(lines), _MADE, _TAILS[0]])
    return program({"acme/__init__.py": "", "acme/plugin.py": text, **more}, _ENTRY)


_GLOBAL = "global x, y, n, l, m, d, e, t, s, hello, two, TABLE, svc, conf, callbacks"
FAMILIES: Mapping[str, Callable[[int], Program]] = {
    "flow": _flow,
    "alias": _simple("alias", 5),
    "classes": _classes,
    "lazy": _simple("lazy", 4),
    "text": _simple("text", 3),
    "behind": _simple("behind", 3, _GLOBAL),
}
"""A program of each family for a seed."""


def fuzzed(first: int, count: int) -> Iterator[Program]:
    """Yield programs of every family, those that Python compiles."""
    for write in FAMILIES.values():
        for seed in range(first, first + count):
            found = write(seed)
            try:
                for path, text in found.files.items():
                    compile(text, path, "exec", dont_inherit=True)
            except SyntaxError:
                continue
            yield found
