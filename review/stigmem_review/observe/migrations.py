"""The migrations that the code makes for the node's database, and what their SQL does.

What is made is taken from the run. Calls that the run did not come to are looked for in the
syntax, by the names that imports give to the class: that only says which functions to run besides,
and what has to be called unread after that. A run cannot say it, since it is about what did not
run; the survey of all code could name the call, and not the function to run for it.
"""

from __future__ import annotations

import ast
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import partial

from msgspec.structs import replace

from stigmem_review.code.installed import Code
from stigmem_review.code.modules import Module, Unusable
from stigmem_review.code.nodes import children
from stigmem_review.interpret import imports
from stigmem_review.interpret.behaviour import module_of
from stigmem_review.interpret.calls import enter
from stigmem_review.interpret.escape import OUTSIDE
from stigmem_review.interpret.interpreter import Interpreter
from stigmem_review.interpret.program import Program
from stigmem_review.interpret.registered import handlers
from stigmem_review.interpret.routers import MIGRATION, Migrated
from stigmem_review.interpret.values import (
    NONE,
    Bound,
    Const,
    Member,
    Ref,
    Tuple,
    Unknown,
    Value,
    values_of,
)
from stigmem_review.model import Known, Location, Manifest, Migration, Release
from stigmem_review.patterns import late
from stigmem_review.text import shorten

_CLASS = MIGRATION.dotted.rpartition(".")[2]
# What begins with the letters themselves is looked for many times as quickly.
_MENTION = late(rb"%b\b(?<!\w%b)" % (_CLASS.encode(), _CLASS.encode()))
_RENAMED = late(_MENTION.pattern + rb"[\s\\]+as\b")
_HIGHEST = 2**63
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_KEYWORDS = ("db_path", "migrations_dir", "settings")
"""What the node passes by name (``stigmem_node.db``); it names no path of its own."""
_PASSED = "the node passes it"
_ROUNDS = 3
_COPIES = 4
HOOK = "migration_register"


def migrations(release: Release, code: Code, programs: Iterable[Program]) -> tuple[Migration, ...]:
    """Return every ``Migration(...)`` that the code of a release makes, sorted by item.

    Those of functions that are called later, or by nobody, count as well, and those on different
    ways: which of them the node gets is not decided. What could not be run, and seems to make one,
    is one that is unread; so is a handler for them, where none is found.
    """
    found: dict[str, Migration] = {}
    handler: Location | None = None
    own = _own_name(release)
    for program in programs:
        ours = _Migrations(code, program)
        for each in ours.read(own):
            before = found.get(each.item)
            if before and (before.sql, before.version) != (each.sql, each.version):
                why = f"it is made in {before.at} as well, in another way"
                each = replace(before, sql=None, unread=why)
            found[each.item] = each
        handler = handler or ours.handler
    if handler and not found:
        why = "the manifest has a handler for migrations, and none is found in the code"
        return (Migration(HOOK, backend="", unread=why, at=handler),)
    return tuple(found[item] for item in sorted(found))


def given(release: Release, programs: Iterable[Program]) -> tuple[Migration, ...] | None:
    """Return the migrations that the node gets when it asks a release for them, in order.

    Nothing where not all of that is known, or where it is one thing or another. What the node got
    from other plugins by then is left out.
    """
    own = _own_name(release)
    found: list[Migration] = []
    for program in programs:
        asked = [value for name, value in handlers(program) if name == HOOK]
        if len(asked) > 1 or program.made is None:
            return None
        got = _given(program, asked[0], own) if asked else []
        if got is None:
            return None
        found += got
    return tuple(found)


def _given(program: Program, handler: Value, own: str) -> list[Migration] | None:
    m = program.machine
    results: list[list[Migration] | None] = []

    def ask() -> Value:
        args = (m.given_by(OUTSIDE, _PASSED), m.new_list(()))
        known = {"db_path": NONE}
        named = [(name, known.get(name, m.given_by(OUTSIDE, _PASSED))) for name in _KEYWORDS]
        results.append(_listed(m, m.call(handler, args, named), own))
        return NONE

    def look() -> Value:
        outcomes = m.run(ask)
        if len(outcomes) != 1 or outcomes[0].kind != "falls":
            results.append(None)
        return NONE

    program.look(look)
    return results[0] if len(results) == 1 else None


def _listed(m: Interpreter, value: Value, own: str) -> list[Migration] | None:
    content = m.read(value) if isinstance(value, Ref) and value.kind == "list" else value
    if not isinstance(content, Tuple) or content.shuffled:
        return None
    found: list[Migration] = []
    for each in content.items:
        if not isinstance(each, Ref) or m.thing(each).type != MIGRATION:
            return None
        fields = {
            name: tuple(values_of(m.narrowed(field))) for name, field in m.thing(each).defaults
        }
        made = [*_migrations(Migrated(fields, None, None), own)]
        if len(made) != 1:
            return None
        found += made
    return found


def _own_name(release: Release) -> str:
    manifest = release.manifest
    name = manifest.name if isinstance(manifest, Manifest) else None
    return name.value if isinstance(name, Known) else ""


class _Migrations:
    """The migrations of one entry point; ``handler`` is where the node asks for them."""

    def __init__(self, code: Code, program: Program) -> None:
        self._code = code
        self._program = program
        self._machine = program.machine
        self._calls: dict[int, tuple[ast.AST, Location, list[ast.AST]]] = {}
        self._unread: list[Migration] = []
        self.handler: Location | None = None

    def read(self, own: str) -> Iterator[Migration]:
        """Yield every migration, and what could be one and was not run."""
        m = self._machine
        self._program.make()
        absent = [*self._search()]
        asked = [*self._asked()]
        if asked or self._left():
            self._program.look(partial(self._run, absent, asked))
        yield from self._unread
        for each in m.noted:
            if isinstance(each, Migrated):
                yield from _migrations(each, own)
        for _, at, _ in self._left():
            why = "what makes it could not be followed"
            yield Migration(f"in line {at.line} of {at.path}", unread=why, at=at)

    def _search(self) -> Iterator[str]:
        """Note what seems to make a migration; yield the modules that were not imported."""
        m = self._machine
        loaded = {thing.name for thing in m.things if thing.kind == "module"}
        for place, data in self._code.sources():
            if not _names(data):
                continue
            name = module_of(place)
            module = m.modules.get(name)
            if isinstance(module, Unusable):
                if b"stigmem_node" in data:
                    why = f"the module cannot be followed, and it names {_CLASS}"
                    at = self._code.at(place)
                    self._unread.append(Migration(f"in {place}", backend="", unread=why, at=at))
            elif module is not None and self._note(module) and name not in loaded:
                yield name

    def _note(self, module: Module) -> bool:
        names = {_CLASS: False}
        calls = []
        stack: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(module.tree, ())]
        lines = _lines(module.syntax.source)
        while stack:
            node, around = stack.pop()
            if lines is not None and isinstance(node, ast.stmt) and not _within(node, lines):
                continue
            match node:
                case ast.ImportFrom(names=aliases):
                    names.update({e.asname or e.name: True for e in aliases if e.name == _CLASS})
                case ast.Call():
                    calls.append((node, around))
                case _ if isinstance(node, _FUNCTIONS):
                    around = (*around, node)
                case _:
                    pass
            stack += [(each, around) for each in children(node)]
        found = False
        for call, around in calls:
            match call.func:
                case ast.Name(id=name) if names.get(name):
                    pass
                case ast.Attribute(attr=name) if name == _CLASS:
                    pass
                case _:
                    continue
            found = True
            self._calls[id(call)] = (call, module.at(call), [*around])
        return found

    def _left(self) -> list[tuple[ast.AST, Location, list[ast.AST]]]:
        noted = {id(each.node) for each in self._machine.noted if isinstance(each, Migrated)}
        return [each for number, each in self._calls.items() if number not in noted]

    def _asked(self) -> Iterator[Value]:
        """Yield the functions that the node asks for migrations."""
        for name, value in handlers(self._program):
            function = value.function if isinstance(value, Bound) else value
            if name == HOOK and isinstance(function, Ref) and function.kind == "function":
                yield value
                thing = self._machine.thing(function)
                if thing.node is not None and thing.env is not None:
                    bound = isinstance(value, Bound)
                    if not _gives_nothing(thing.node, bound):
                        self.handler = thing.env.module.at(thing.node)

    def _run(self, absent: list[str], asked: list[Value]) -> Value:
        """Run what may make one, sure of what it has; ``roots`` are followed whatever they have."""
        m = self._machine
        for name in absent:
            m.guard((), partial(imports.load, m, name))
        for each in asked:
            m.run(partial(enter, m, each))
        for _ in range(_ROUNDS):
            wanted = {id(node) for _, _, around in self._left() for node in around}
            made: dict[int, list[Ref]] = {}
            for number, thing in enumerate(m.things):
                if thing.kind == "function" and id(thing.node) in wanted:
                    made.setdefault(id(thing.node), []).append(Ref(number, "function"))
            for refs in made.values():
                for each in refs[:_COPIES]:
                    m.run(partial(enter, m, each))
        return NONE


def _names(source: bytes) -> bool:
    """Say whether a source file has the name of the class in it, as Python compares names."""
    if _CLASS.encode() in source:
        return True
    if source.isascii():
        return False
    return _CLASS in unicodedata.normalize("NFKC", source.decode("utf-8", "replace"))


def _lines(source: bytes) -> list[int] | None:
    """Return the lines with what can make a migration; ``None`` where any line can.

    A name in other letters can be the same to Python, and one that is imported under another name
    stands alone.
    """
    alone = b"\f" in source or source.count(b"\r") != source.count(b"\r\n")
    if alone or not source.isascii() or _RENAMED.search(source):
        return None
    found: list[int] = []
    line, at = 1, 0
    for each in _MENTION.finditer(source):
        line += source.count(b"\n", at, each.start())
        at = each.start()
        found.append(line)
    return found


def _within(node: ast.stmt, lines: list[int]) -> bool:
    """Say whether any of some lines is one of a statement, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    first = min((each.lineno for each in decorators), default=node.lineno)
    at = bisect_left(lines, first)
    return at < len(lines) and lines[at] <= (node.end_lineno or node.lineno)


def _gives_nothing(function: ast.AST, bound: bool) -> bool:
    """Say whether a handler only gives back the migrations that it is given."""
    if not isinstance(function, ast.FunctionDef) or len(function.args.args) < 2 + bound:
        return False
    given = function.args.args[1 + bound].arg
    for statement in function.body:
        match statement:
            case ast.Expr(value=ast.Constant()):
                pass
            case ast.Return(
                value=ast.Name(id=name) | ast.List(elts=[ast.Starred(value=ast.Name(id=name))])
            ) if name == given:
                pass
            case _:
                return False
    return True


def _migrations(made: Migrated, own: str) -> Iterator[Migration]:
    """Yield what one call makes: for each number that it can have, one."""
    at = made.at or Location("")
    unread: list[str] = []

    def text(name: str) -> str | None:
        found = [_plain(each) for each in made.fields[name]]
        if len(found) > 1:
            unread.append(f"its {name} is one of several")
        elif isinstance(found[0], str):
            return found[0]
        else:
            unread.append(f"its {name} cannot be read")
        return None

    plugin, backend = text("plugin_name") or "", text("backend") or ""
    numbers = [_number(_plain(each)) for each in made.fields["migration_id"]]
    if None in numbers:
        numbers = [None]
        unread.append("its migration_id cannot be read")
    if [_plain(each) for each in made.fields["plugin_version"]] == ["0.0.0"]:
        # Without a version of its own the ledger takes the manifest's.
        version: str | None = ""
    else:
        version = text("plugin_version")
    sql: str | None = None
    sources = made.fields["sql"]
    if len(sources) > 1:
        unread.append("its SQL is one of several")
    elif isinstance(found := _plain(sources[0]), str):
        sql = found
    else:
        why = sources[0].why if isinstance(sources[0], Unknown) else "it is no text that is known"
        unread.append(f"its SQL cannot be read: {shorten(why)}")
    for number in numbers:
        item = f"in line {at.line} of {at.path}"
        if number is not None:
            item = f"{number} ({backend or 'unknown backend'})"
        if plugin and own and plugin != own:
            item = f"{plugin} {item}"
        yield Migration(item, plugin, number, backend, version, sql, " and ".join(unread), made.at)


def _plain(value: Value) -> object:
    if isinstance(value, Member) and value.mixin:
        value = value.value
    return value.value if isinstance(value, Const) else None


def _number(value: object) -> int | None:
    return value if type(value) is int and abs(value) < _HIGHEST else None
