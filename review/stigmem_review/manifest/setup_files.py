"""What ``setup.py`` and ``setup.cfg`` say to setuptools, read without running either.

``setup.cfg`` is read by setuptools' own rules (``setuptools.config.setupcfg``). Of ``setup.py``
only what is written out is read: one call of ``setup`` whose keywords are literals, or names that
are bound once, to literals. Everything else is said to be computed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from stigmem_review import limits
from stigmem_review.code.nodes import walk
from stigmem_review.code.parse import Failure, parse
from stigmem_review.errors import SourceError
from stigmem_review.model import Location
from stigmem_review.text import shorten

_SCRIPT = "setup.py"
_CFG = "setup.cfg"


class Computed(NamedTuple):
    """A value that only running the build can tell, and why."""

    why: str


class Find(NamedTuple):
    """A search for packages, as ``find_packages`` and ``find:`` describe it."""

    where: tuple[str, ...] = (".",)
    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    namespaces: bool = False


class Option(NamedTuple):
    """The value of one keyword of ``setup``, and where it stands.

    ``places`` is where entry points stand, by their group and name, as far as that is known.
    """

    value: Any
    at: Location
    places: Mapping[tuple[str, str], Location] = {}

    def place(self, group: str, name: str) -> Location:
        """Return where an entry point stands."""
        return self.places.get((group, name), self.at)


Setup = Mapping[str, Option]
"""By the name of the keyword; ``""`` where the whole of a file is computed."""


def read_setup(files: Mapping[str, bytes], asked: str) -> Setup:
    """Return what both files say; what ``setup.py`` says goes first, as setuptools has it.

    Raises ``SourceError`` where ``setup.cfg`` cannot be read.
    """
    found: dict[str, Option] = {}
    if _CFG in files:
        found |= _read_cfg(files[_CFG], asked)
    if _SCRIPT in files:
        found |= {
            name: option
            for name, option in _read_script(files[_SCRIPT]).items()
            if option.value or name not in found
        }
    return found


# setup.cfg

_LISTS = frozenset(
    ("scripts", "namespace_packages", "py_modules", "cmdclass", "setup_requires", "ext_modules")
)
_TRUE = ("1", "true", "yes")
_RENAMED = {"summary": "description", "home_page": "url"}


def _read_cfg(data: bytes, asked: str) -> dict[str, Option]:
    import configparser

    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        if len(data) > limits.METADATA_BYTES:
            raise ValueError(f"it has more than {limits.METADATA_BYTES} bytes")
        text = data.decode("utf-8")
        parser.read_string(text, _CFG)
    except (configparser.Error, ValueError) as error:
        reason = shorten(" ".join(str(error).split()))
        raise SourceError(
            f"{shorten(asked)}: {_CFG} cannot be read: {reason}; mend it first"
        ) from None
    sections = {
        name: {key.replace("-", "_"): value for key, value in parser.items(name)}
        for name in parser.sections()
        if name == "metadata" or name.partition(".")[0] == "options"
    }
    found: dict[str, Option] = {}
    for section in ("metadata", "options"):
        for key, value in sections.get(section, {}).items():
            name = _RENAMED.get(key, key)
            at = Location(_CFG, _line(text, section, key))
            found[name] = Option(_cfg_value(name, value, sections), at)
    for section in ("entry_points", "package_data", "exclude_package_data", "extras_require"):
        if (raw := sections.get(f"options.{section}")) is not None:
            # Groups and packages keep their spelling.
            groups = {key: _cfg_list(value) for key, value in parser.items(f"options.{section}")}
            places = dict(_entries(text)) if section == "entry_points" else {}
            at = Location(_CFG, _line(text, f"options.{section}", ""))
            found[section] = Option(groups if raw else {}, at, places)
    if "options.data_files" in sections:
        found["data_files"] = Option(True, Location(_CFG))
    return found


def _cfg_value(name: str, value: str, sections: Mapping[str, Mapping[str, str]]) -> Any:
    match name:
        case "packages":
            return _cfg_packages(value.strip(), sections.get("options.packages.find", {}))
        case "package_dir":
            pairs = (each.partition("=") for each in _cfg_list(value))
            return {key.strip(): folder.strip() for key, _, folder in pairs}
        case "include_package_data":
            return value.lower() in _TRUE
        case "install_requires":
            return value if value.startswith("file:") else _cfg_list(value, ";")
        case _:
            return _cfg_list(value) if name in _LISTS else value


def _cfg_packages(value: str, find: Mapping[str, str]) -> Any:
    if value not in ("find:", "find_namespace:"):
        return _cfg_list(value)
    given = {key: tuple(_cfg_list(text)) for key, text in find.items()}
    return Find(
        given.get("where", ())[:1] or (".",),
        given.get("include") or ("*",),
        given.get("exclude", ()),
        value == "find_namespace:",
    )


def _cfg_list(value: str, separator: str = ",") -> list[str]:
    parts = value.splitlines() if "\n" in value else value.split(separator)
    return [part.strip() for part in parts if part.strip()]


def _line(text: str, section: str, key: str) -> int:
    """Return the line of a key, or of its section, in a ``setup.cfg``."""
    inside, found = False, 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("["):
            inside = line.strip().strip("[]") == section
            found = number if inside else found
        elif inside and key and re.match(rf"{re.escape(key).replace('_', '[-_]')}\s*[=:]", line):
            return number
    return found


def _entries(text: str) -> Iterator[tuple[tuple[str, str], Location]]:
    """Yield the groups and names of entry points in a ``setup.cfg``, each with its line."""
    inside, group = False, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("["):
            inside = line.strip() == "[options.entry_points]"
        elif inside and line.strip() and not line.lstrip().startswith(("#", ";")):
            entry = line
            if not line[0].isspace():
                group, _, entry = (part.strip() for part in re.split("([=:])", line, maxsplit=1))
            name, equals, _ = entry.partition("=")
            if equals:
                yield (group, name.strip()), Location(_CFG, number)


# setup.py

_FINDERS = {
    "setuptools.find_packages": False,
    "setuptools.PackageFinder.find": False,
    "setuptools.find_namespace_packages": True,
    "setuptools.PEP420PackageFinder.find": True,
}
_SETUPS = ("setuptools.setup", "distutils.core.setup")
_PACKAGES = ("setuptools", "distutils", "distutils.core")
_REBINDING = ("exec", "eval", "globals", "locals", "vars")
"""Calls that can bind names of the script; ``exec`` and ``eval`` where no table is given."""


class _NotWrittenOutError(Exception):
    def __init__(self, node: ast.AST) -> None:
        super().__init__()
        self.line = getattr(node, "lineno", 0)


def _read_script(data: bytes) -> dict[str, Option]:
    tree = parse(data)
    if isinstance(tree, Failure):
        return {"": Option(Computed(f"{_SCRIPT} cannot be read: {tree.why}"), Location(_SCRIPT))}
    names = _Names(tree)
    calls = [
        part
        for part in walk(tree)
        if isinstance(part, ast.Call) and names.dotted(part.func) in _SETUPS
    ]
    if len(calls) != 1:
        why = f"{_SCRIPT} calls setup {len(calls)} times" if calls else f"{_SCRIPT} calls no setup"
        return {"": Option(Computed(why), Location(_SCRIPT))}
    [call] = calls
    if why := names.doubt(tree, call):
        return {"": Option(Computed(f"{_SCRIPT} {why}"), Location(_SCRIPT, call.lineno))}
    found: dict[str, Option] = {}
    for keyword in call.keywords:
        at = Location(_SCRIPT, keyword.value.lineno)
        if keyword.arg is not None:
            found[keyword.arg] = Option(names.value(keyword.value), at)
            continue
        more = names.value(keyword.value)
        if isinstance(more, dict):
            found |= {str(name): Option(value, at) for name, value in more.items()}
        else:
            found[""] = Option(more, at)
    return found


class _Names:
    """What the names of a script stand for, as far as it is written out."""

    def __init__(self, tree: ast.Module) -> None:
        self._imported: dict[str, str] = {}
        self._fallback: dict[str, str] = {}
        self._values: dict[str, ast.expr] = {}
        for statement in tree.body:
            self._statement(statement)
        bound: dict[str, int] = {}
        touched: set[str] = set()
        for part in walk(tree):
            for name in _bound(part):
                bound[name] = bound.get(name, 0) + 1
            touched |= self._touched(part)
        touched |= self._shared(tree)
        anything = any(_binds_anything(part) for part in walk(tree))
        # What is bound twice, or may be changed in place, is not what is written out.
        for name in [*self._values]:
            if anything or bound.get(name) != 1 or (name in touched and not self._is_text(name)):
                del self._values[name]
        self._imported = {
            name: path
            for name, path in self._imported.items()
            # Many scripts fall back on distutils' setup where there is no setuptools.
            if bound[name] == 1 or (bound[name] == 2 and self._fallback.get(name) in _SETUPS)
        }

    def _statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Import():
                for each in statement.names:
                    path = each.name if each.asname else each.name.partition(".")[0]
                    self._imported[each.asname or path] = path
            case ast.ImportFrom(module=str() as module, level=0):
                for each in statement.names:
                    self._imported[each.asname or each.name] = f"{module}.{each.name}"
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._values[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self._values[name] = value
            case ast.Try(
                body=[ast.ImportFrom(module="setuptools", level=0) as first],
                handlers=[ast.ExceptHandler(body=[ast.ImportFrom(level=0) as second])],
            ):
                self._statement(second)
                self._fallback = {**self._imported}
                self._statement(first)
            case _:
                pass

    def _touched(self, part: ast.AST) -> set[str]:
        """Return the names whose values an expression could change in place."""
        parts: list[ast.expr] = []
        if isinstance(part, ast.Attribute | ast.Subscript):
            parts = [part.value]
        elif isinstance(part, ast.Call) and self.dotted(part.func) not in _SETUPS:
            parts = [*part.args, *(each.value for each in part.keywords)]
        return {each.id for each in parts if isinstance(each, ast.Name)}

    def _shared(self, tree: ast.Module) -> set[str]:
        """Return the names whose values get another name by which they could be changed."""
        fine: set[int] = set()
        held: dict[str, set[str]] = {}
        for part in walk(tree):
            match part:
                case ast.Call() if self.dotted(part.func) in _SETUPS:
                    fine |= {id(each) for each in walk(part)}
                case ast.BinOp(left=left, right=right):
                    fine |= {id(left), id(right)}
                case ast.For(iter=one) | ast.comprehension(iter=one):
                    fine.add(id(one))
                case ast.Compare(left=left, comparators=others):
                    fine |= {id(left), *map(id, others)}
                case ast.FormattedValue(value=one) | ast.Starred(value=one):
                    fine.add(id(one))
                case _:
                    pass
        for holder, value in self._values.items():
            if isinstance(value, ast.List | ast.Tuple | ast.Dict | ast.Call | ast.BinOp):
                for each in walk(value):
                    if isinstance(each, ast.Name) and id(each) not in fine:
                        fine.add(id(each))
                        held.setdefault(each.id, set()).add(holder)
        shared = {
            part.id
            for part in walk(tree)
            if isinstance(part, ast.Name)
            and isinstance(part.ctx, ast.Load)
            and id(part) not in fine
        }
        shared |= {name for part in walk(tree) for name in self._touched(part)}
        inside: dict[str, list[str]] = {}
        for name, holders in held.items():
            for holder in holders:
                inside.setdefault(holder, []).append(name)
        pending = [*shared]
        while pending:
            more = [name for name in inside.pop(pending.pop(), ()) if name not in shared]
            shared |= {*more}
            pending += more
        return shared

    def doubt(self, tree: ast.Module, call: ast.Call) -> str:
        """Return why the call of ``setup`` may not be the one that is run, as it is written."""
        parts = [*walk(tree)]
        within = {id(part.value) for part in parts if isinstance(part, ast.Attribute)}
        for part in parts:
            if not isinstance(part, ast.Attribute | ast.Name):
                continue
            name = self.dotted(part)
            if isinstance(part.ctx, ast.Store) and name.partition(".")[0] in _PACKAGES:
                return f"changes {name} (line {part.lineno})"
            if name in _SETUPS and part is not call.func:
                return f"uses {name} by another name (line {part.lineno})"
            if name in _PACKAGES and id(part) not in within:
                return f"hands {name} on (line {part.lineno})"
        if not any(statement.value is call for statement in _unconditional(tree.body)):
            return "calls setup only under a condition, or as a part of something else"
        return ""

    def _is_text(self, name: str) -> bool:
        return isinstance(self._values[name], ast.Constant | ast.JoinedStr)

    def dotted(self, node: ast.expr) -> str:
        """Return the dotted name that an expression stands for, empty if it is none."""
        if isinstance(node, ast.Name):
            return self._imported.get(node.id, "")
        if isinstance(node, ast.Attribute):
            base = self.dotted(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""

    def value(self, node: ast.expr) -> Any:
        """Return what an expression is worth, or that it is computed."""
        try:
            return self._value(node, 0)
        except _NotWrittenOutError as error:
            return Computed(f"it is computed in {_SCRIPT}, line {error.line}")

    def _value(self, node: ast.expr, depth: int) -> Any:
        if depth > limits.EVALUATION_DEPTH:
            raise _NotWrittenOutError(node)
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name) if name in self._values:
                return self._value(self._values[name], depth + 1)
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                return [self._value(item, depth + 1) for item in items]
            case ast.Dict(keys=keys, values=values):
                return {
                    self._key(key, node, depth): self._part(value, depth)
                    for key, value in zip(keys, values, strict=True)
                }
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                one, two = self._value(left, depth + 1), self._value(right, depth + 1)
                if type(one) is type(two) and isinstance(one, str | list):
                    return one + two
            case ast.JoinedStr(values=parts):
                return "".join(self._text(part, depth) for part in parts)
            case ast.Call() if self.dotted(node.func) in _FINDERS:
                return self._find(node, depth)
            case ast.Call(func=ast.Name(id="dict"), args=[]) if "dict" not in self._imported:
                return {
                    each.arg: self._part(each.value, depth) for each in node.keywords if each.arg
                }
            case _:
                pass
        raise _NotWrittenOutError(node)

    def _part(self, node: ast.expr, depth: int) -> Any:
        """Return one value of a table; another that is computed leaves it readable."""
        try:
            return self._value(node, depth + 1)
        except _NotWrittenOutError as error:
            return Computed(f"it is computed in {_SCRIPT}, line {error.line}")

    def _key(self, key: ast.expr | None, whole: ast.expr, depth: int) -> str:
        found = None if key is None else self._value(key, depth + 1)
        if not isinstance(found, str):
            raise _NotWrittenOutError(whole)
        return found

    def _text(self, part: ast.expr, depth: int) -> str:
        if isinstance(part, ast.FormattedValue) and part.conversion == -1 and not part.format_spec:
            part = part.value
        found = self._value(part, depth + 1)
        if not isinstance(found, str):
            raise _NotWrittenOutError(part)
        return found

    def _find(self, call: ast.Call, depth: int) -> Find:
        keys = ("where", "exclude", "include")
        given = dict(zip(keys, call.args, strict=False))
        given |= {each.arg: each.value for each in call.keywords if each.arg}
        if len(given) < len(call.args) + len(call.keywords) or not given.keys() <= {*keys}:
            raise _NotWrittenOutError(call)
        found = {key: self._value(node, depth + 1) for key, node in given.items()}
        # Of a text, setuptools takes each character for a pattern.
        texts = {
            key: (value,) if isinstance(value, str) and key == "where" else tuple(value)
            for key, value in found.items()
            if isinstance(value, str | list)
        }
        if texts.keys() != found.keys():
            raise _NotWrittenOutError(call)
        return Find(
            texts.get("where", (".",)),
            texts.get("include", ("*",)),
            texts.get("exclude", ()),
            _FINDERS[self.dotted(call.func)],
        )


def _binds_anything(part: ast.AST) -> bool:
    match part:
        case ast.ImportFrom(names=[ast.alias(name="*")]):
            return True
        case ast.Call(func=ast.Name(id="exec" | "eval"), args=args, keywords=keywords):
            return len(args) + len(keywords) < 2
        case ast.Call(func=ast.Name(id=name)):
            return name in _REBINDING
        case _:
            return False


def _unconditional(body: list[ast.stmt]) -> Iterator[ast.Expr | ast.Return | ast.Assign]:
    """Yield the statements that are run, as far as it can be seen: also those of functions."""
    for statement in body:
        match statement:
            case ast.Expr() | ast.Return() | ast.Assign():
                yield statement
            case ast.If(test=ast.Compare(left=ast.Name("__name__")), body=inner):
                yield from _unconditional(inner)
            case ast.FunctionDef(body=inner) | ast.With(body=inner) | ast.Try(body=inner):
                yield from _unconditional(inner)
            case _:
                pass


def _bound(part: ast.AST) -> Iterator[str]:
    match part:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.Import() | ast.ImportFrom():
            for each in part.names:
                yield each.asname or each.name.partition(".")[0]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.arg(arg=name):
            yield name
        case ast.AugAssign(target=ast.Name(id=name)):
            yield name
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names
        case _:
            pass
