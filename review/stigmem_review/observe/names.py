"""What the names of one source file stand for: imports, and what is assigned from them.

Nobody asks in which order lines run: a name stands for everything that it is bound to anywhere in
the file. That can be too much and is meant to be: what it would add is named in the file anyhow.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator

from stigmem_review.code.scope import Scope

COMPUTED = "<computed>"
"""Ends a dotted name whose last part only running the code could tell."""
HANDED_ON = "<handed on>"
"""Ends the name of a module that goes where reading does not follow it."""

PARTLY = frozenset({"asyncio", "builtins", "importlib", "io", "nt", "os", "posix", "sys"})
"""Modules of which parts reach far and others do not, so that their parts are what counts."""

_BUILTINS = frozenset(dir(builtins))
_TABLE = "()"
"""What ``globals()`` gives, as a name."""
_IMPORTERS = frozenset({"builtins.__import__", "importlib.__import__", "importlib.import_module"})
_SETTERS = frozenset({"builtins.delattr", "builtins.setattr"})
_ACCESS = frozenset({"get", "pop", "setdefault", "__getitem__", "__getattribute__"})
_TABLES = frozenset({"globals", "locals", "vars"})
_NAMING = _TABLES | {"__builtins__", "__import__", "delattr", "getattr", "setattr"}
"""Builtins whose calls are looked at."""
_OFFERED = frozenset({"_os", "_sys", "builtins", "ctypes", "importlib", "os", "posix"}) | {
    "socket",
    "subprocess",
    "sys",
}
"""Modules that another module's attribute of their name gives."""

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_FOLLOWED = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.NamedExpr, ast.IfExp, ast.BoolOp)
_EACH = 40
"""Different things that one name may stand for before it counts as computed."""
_STARS = 20
"""Different star imports of which one could give a name."""
_DEPTH = 30
"""Calls and conditions within each other that are followed."""
_CHARS = 300


Reached = tuple[str, bool, bool]
"""A dotted name, whether it is called, and whether it is assigned to."""


class Names:
    """What the names of one file stand for, each as dotted names.

    An attribute that something is assigned to is kept by its name after a dot, whatever object
    it is of.
    """

    def __init__(self, scope: Scope) -> None:
        self.known: dict[str, dict[str, None]] = {}
        self.modules: set[str] = set()
        self.stars: dict[str, None] = {}
        self.too_many_stars = False
        self._aliases: list[tuple[str, ast.expr]] = []
        self._texts: dict[str, list[ast.expr]] = {}
        self._times: dict[str, int] = {}
        self._bound = scope.bindings
        self._shadowed = {
            name
            for name, bindings in scope.bindings.items()
            if all(each.plain and isinstance(each.node, _DEFINITIONS) for each in bindings)
        }
        self._unsure: set[str] = set()
        self._memory: dict[int, tuple[str, ...]] = {}

    def imported(self, name: str, dotted: str) -> None:
        """Note what an import binds a name to."""
        self._add(name, dotted)

    def starred(self, module: str) -> None:
        """Note that every name of a module is imported."""
        self.stars[module] = None
        if len(self.stars) > _STARS:
            del self.stars[module]
            self.too_many_stars = True

    def stored(self, name: str) -> None:
        """Note that a name is bound once more."""
        self._times[name] = self._times.get(name, 0) + 1

    def alias(self, name: str, value: ast.expr) -> None:
        """Note that a name is bound to a value."""
        if isinstance(value, _FOLLOWED):
            self._aliases.append((name, value))
        elif isinstance(value, (ast.Constant, ast.BinOp, ast.JoinedStr)):
            self._texts.setdefault(name, []).append(value)

    def follow(self) -> None:
        """Find out what every name stands for, once the whole file is known."""
        waiting: dict[str, list[int]] = {}
        for index, (_, value) in enumerate(self._aliases):
            for name in _names_in(value):
                waiting.setdefault(name, []).append(index)
        pending = [*range(len(self._aliases))][::-1]
        explained: dict[str, set[int]] = {}
        queued = set(pending)
        while pending:
            index = pending.pop()
            queued.discard(index)
            name, value = self._aliases[index]
            self._memory.clear()
            stands_for = self._resolve(value, 0)
            if stands_for != ("?",):
                explained.setdefault(name, set()).add(index)
            grown = [self._add(name, dotted) for dotted in stands_for]
            if any(grown):
                again = [each for each in waiting.get(name, ()) if each not in queued]
                queued.update(again)
                pending += again
        self._memory.clear()
        self._unsure = {
            name for name, times in self._times.items() if times > len(explained.get(name, ()))
        }

    def _add(self, name: str, dotted: str) -> bool:
        """Add something that a name stands for, and say whether that is new."""
        if not dotted or dotted.startswith("?") or len(dotted) > _CHARS:
            return False
        found = self.known.setdefault(name, {})
        # What stands for a part of itself, as in ``x = x.next``, would never end.
        if dotted in found or any(dotted.startswith(f"{each}.") for each in found):
            return False
        if len(found) >= _EACH:
            dotted = f"builtins.{COMPUTED}"
            if dotted in found:
                return False
        found[dotted] = None
        return True

    # What an expression is

    def uses(self, node: ast.expr, *, called: bool, followed: bool) -> Iterator[Reached]:
        """Yield what an expression uses.

        ``called`` if it stands where a call names what it calls, ``followed`` if what becomes of
        it is seen elsewhere.
        """
        match node:
            case ast.Name(id=name):
                if name not in self.known and name not in _BUILTINS and not self.stars:
                    return
            case ast.Call():
                yield from self._of_call(node)
                return
            case ast.Subscript():
                yield from self._of_item(node)
                return
            case _:
                pass
        stored = isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del))
        sure = not stored or self._is_sure(node)
        if stored and isinstance(node, ast.Attribute):
            # What the attribute stood for is not what is assigned to.
            found = tuple(f"{each}.{node.attr}" for each in self._resolve(node.value, 0))
        else:
            found = self._resolve(node, 0)
        for dotted in found:
            if dotted in _IMPORTERS and called:
                # What it imports is told by the call.
                continue
            if sure or dotted.rpartition(".")[0] in self.modules:
                yield dotted, called, stored
            if dotted in PARTLY and not (followed or called or stored):
                yield f"{dotted}.{HANDED_ON}", False, False

    def _is_sure(self, node: ast.expr) -> bool:
        """Say whether what is assigned to is nothing but what its name is known to stand for."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return not isinstance(node, ast.Name) or node.id not in self._unsure

    def _of_call(self, node: ast.Call) -> Iterator[Reached]:
        if not self._may_name(node.func):
            return
        functions = self._function(node, 0)
        if functions & _SETTERS and len(node.args) >= 2:
            name = self._text(node.args[1]) or COMPUTED
            for dotted in self._resolve(node.args[0], 0):
                if not dotted.startswith("?"):
                    yield f"{dotted}.{name}", False, True
        elif "builtins.getattr" in functions and len(node.args) >= 2:
            if self._text(node.args[1]) is not None:
                yield from ((each, False, False) for each in self._resolve(node, 0))
                return
            for dotted in self._resolve(node.args[0], 0):
                if dotted in PARTLY or dotted in self.modules:
                    yield f"{dotted}.{COMPUTED}", False, False
        elif imports := functions & _IMPORTERS:
            named = [each for each in self._resolve(node, 0) if each != "?"]
            yield from ((each, False, False) for each in named)
            if not named:
                yield min(imports), True, False
        elif self._is_table(node):
            yield from ((each, False, False) for each in self._resolve(node, 0))

    def _may_name(self, function: ast.expr) -> bool:
        """Say quickly whether a call of a function can give something by its name."""
        if isinstance(function, ast.Attribute) and function.attr in _ACCESS:
            return True
        while isinstance(function, ast.Attribute):
            function = function.value
        return isinstance(function, ast.Name) and (
            function.id in self.known or function.id in _NAMING or bool(self.stars)
        )

    def _of_item(self, node: ast.Subscript) -> Iterator[Reached]:
        """Yield what is used where an item of a table of names is."""
        if not self._may_be_table(node.value):
            return
        stored = isinstance(node.ctx, (ast.Store, ast.Del))
        name = self._text(node.slice)
        for table in self._resolve(node.value, 0):
            if name is None and (base := _owner(table)):
                yield f"{base}.{COMPUTED}", False, stored
            elif name is None and table == _TABLE:
                yield f"builtins.globals.{COMPUTED}", False, False
        if name is not None:
            yield from ((each, False, stored) for each in self._resolve(node, 0))

    def _function(self, node: ast.Call, depth: int) -> frozenset[str]:
        """Return what a call calls, where that is a name or an attribute of names."""
        function: ast.expr = node.func
        while isinstance(function, ast.Attribute):
            function = function.value
        if not isinstance(function, ast.Name):
            return frozenset()
        return frozenset(self._resolve(node.func, depth))

    def _resolve(self, node: ast.expr, depth: int) -> tuple[str, ...]:
        """Return what an expression can be, as dotted names; ``?`` and attributes for others."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        bases = self._base(node, depth)
        if not parts:
            return bases
        rest = ".".join(reversed(parts))
        found: dict[str, None] = {}
        for base in bases:
            found[f"{base}.{rest}"] = None
            for each in self._by_attribute(base, parts[::-1]):
                found[each] = None
        return tuple(found)

    def _by_attribute(self, base: str, parts: list[str]) -> Iterator[str]:
        """Yield what attributes lead to: those assigned in this file, and modules in modules."""
        for index, part in enumerate(parts):
            after = parts[index + 1 :]
            if base == "?":
                for each in self.known.get(f".{part}", ()):
                    yield ".".join([each, *after])
            if part in _OFFERED and (base != "?" or (part == "os" and after)):
                yield ".".join([part.lstrip("_"), *after])

    def _base(self, node: ast.expr, depth: int) -> tuple[str, ...]:
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if not isinstance(node, _FOLLOWED):
            return ("?",)
        if depth > _DEPTH:
            return (f"builtins.{COMPUTED}",)
        if id(node) not in self._memory:
            self._memory[id(node)] = tuple(dict.fromkeys(self._compound(node, depth + 1)))
        return self._memory[id(node)]

    def _name(self, name: str) -> tuple[str, ...]:
        found = [*self.known.get(name, ())]
        if name == "__builtins__":
            found.append("builtins")
        elif name in _BUILTINS and name not in self._shadowed:
            found.append(f"builtins.{name}")
        if not found and name not in self._bound:
            found += [member(module, name) for module in self.stars]
        return tuple(found) or ("?",)

    def _compound(self, node: ast.expr, depth: int) -> Iterable[str]:
        match node:
            case ast.NamedExpr():
                return self._resolve(node.value, depth)
            case ast.IfExp():
                return [*self._resolve(node.body, depth), *self._resolve(node.orelse, depth)]
            case ast.BoolOp():
                return [name for each in node.values for name in self._resolve(each, depth)]
            case ast.Subscript() if self._may_be_table(node.value):
                return self._items(node.value, self._text(node.slice), depth)
            case ast.Call():
                return self._called(node, depth)
            case _:
                return ("?",)

    def _called(self, node: ast.Call, depth: int) -> Iterable[str]:
        functions = self._function(node, depth)
        arguments = node.args
        if "builtins.getattr" in functions and len(arguments) >= 2:
            name = self._text(arguments[1])
            if name is None:
                return ("?",)
            found = [f"{each}.{name}" for each in self._resolve(arguments[0], depth)]
            return found + [
                each
                for base in self._resolve(arguments[0], depth)
                for each in self._by_attribute(base, [name])
            ]
        if functions & _IMPORTERS and arguments:
            name = self._text(arguments[0])
            if not name or name.startswith("."):
                return ("?",) if name is None else (".",)
            # ``__import__`` gives the package, unless it is told what to take out of it.
            return (name, name.partition(".")[0]) if "." in name else (name,)
        if "builtins.vars" in functions and arguments:
            return [f"{each}.__dict__" for each in self._resolve(arguments[0], depth)]
        if functions & {f"builtins.{each}" for each in _TABLES}:
            return (_TABLE,)
        if "pathlib.Path" in functions:
            return ("pathlib.Path",)
        if self._is_table(node) and isinstance(node.func, ast.Attribute):
            name = self._text(arguments[0])
            if node.func.attr == "__getattribute__":
                return [
                    f"{each}.{name or COMPUTED}" for each in self._resolve(node.func.value, depth)
                ]
            return self._items(node.func.value, name, depth)
        return ("?",)

    def _is_table(self, node: ast.Call) -> bool:
        """Say whether a call takes a name out of a table of names, as ``[...]`` would."""
        return (
            isinstance(node.func, ast.Attribute)
            and node.func.attr in _ACCESS
            and bool(node.args)
            and (self._may_be_table(node.func.value) or node.func.attr == "__getattribute__")
        )

    def _may_be_table(self, node: ast.expr) -> bool:
        match node:
            case ast.Attribute(attr="__dict__" | "modules" | "__builtins__" | "__globals__"):
                return True
            case ast.Name(id="__builtins__"):
                return True
            case ast.Name(id=name):
                return name in self.known
            case ast.Call(func=ast.Name(id=name)):
                return name in _TABLES or name in self.known
            case ast.Subscript():
                return self._may_be_table(node.value) if isinstance(node.value, ast.Call) else False
            case _:
                return False

    def _items(self, table: ast.expr, name: str | None, depth: int) -> Iterable[str]:
        """Yield what an item of a table of names is."""
        for each in self._resolve(table, depth):
            if name is None:
                yield "?"
            elif each == _TABLE:
                yield from self._name(name)
            elif each == "sys.modules":
                yield name
            elif base := _owner(each):
                yield f"{base}.{name}"
            else:
                yield "?"

    def _text(self, node: ast.expr, depth: int = 0) -> str | None:
        """Return the text that an expression of constants gives."""
        if depth > _DEPTH:
            return None
        match node:
            case ast.Constant(value=str(text)):
                return text if len(text) <= _CHARS else None
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                one, two = self._text(left, depth + 1), self._text(right, depth + 1)
                return None if one is None or two is None else f"{one}{two}"
            case ast.JoinedStr(values=values):
                texts = [self._text(each, depth + 1) for each in values]
                return None if None in texts else "".join(each or "" for each in texts)
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self._text(value, depth + 1)
            case ast.Name(id=name) if self._times.get(name) == 1 and name in self._texts:
                return self._text(self._texts[name][0], depth + 1)
            case _:
                return None


def member(module: str, name: str) -> str:
    """Return the dotted name of a member of a module, which can be relative."""
    return f"{module}{name}" if module.endswith(".") else f"{module}.{name}"


def _owner(table: str) -> str:
    """Return what a table of names is of: ``os`` for ``os.__dict__``."""
    if table == "builtins":
        return table
    return table.removesuffix(".__dict__") if table.endswith(".__dict__") else ""


def _names_in(value: ast.expr) -> Iterator[str]:
    """Yield the names that decide what a value is."""
    pending: list[ast.AST] = [value]
    while pending:
        match pending.pop():
            case ast.Name(id=name):
                yield name
            case ast.Attribute(attr=attr, value=inner):
                yield f".{attr}"
                pending.append(inner)
            case ast.Call(func=function, args=arguments):
                pending += [function, *arguments[:1]]
            case ast.Subscript(value=inner) | ast.NamedExpr(value=inner):
                pending.append(inner)
            case ast.IfExp(body=one, orelse=two):
                pending += [one, two]
            case ast.BoolOp(values=values):
                pending += values
            case _:
                pass
