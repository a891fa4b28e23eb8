"""Cells that are read and written, and what nobody knows: what unknown code may have, escapes."""

from __future__ import annotations

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NoReturn

from stigmem_review.code.names import mentions_of
from stigmem_review.host import apis
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.environment import Env
from stigmem_review.interpret.heap import ALL, ESCAPED, MADE, SHOWN, UNORDERED, VOLATILE
from stigmem_review.interpret.state import State
from stigmem_review.interpret.values import (
    MISSING,
    TRUE,
    Bound,
    Const,
    File,
    Foreign,
    Frozen,
    Member,
    Method,
    OneOf,
    Opaque,
    Pairs,
    Ref,
    Tuple,
    Unknown,
    Value,
    View,
    Wrapped,
    variable_in,
    words,
)
from stigmem_review.patterns import late

_HEAVY = 30_000
"""Values in one value, those that occur again counted again."""
_OWN_NAMES = frozenset({"__name__", "__module__", "__package__", "__file__", "__path__"})
"""Cells with names by which code can be found; whoever has the object has no need of them."""
_ELSEWHERE = late(r"(?:https?|wss?)://|[/~](?!.*-packages\b)(?!.*\.py\w?\Z)", re.S)
"""What a text begins with that is an address in the network, or a path to no code."""
_SETTERS = ("setattr", "delattr")
_LOGGER = Foreign("logging.getLogger")
"""The type of loggers, whose names are those of modules as a rule, and mean none."""
_FINDING = words("__path__ __package__ __spec__ __loader__ __builtins__")
"""What Python goes by where it looks for modules and builtin names."""
NAMING = ("module", "instance")
"""Objects whose names can be gone through."""
OUTSIDE = "?"
"""The name of what comes from nobody knows whom, such as what the node passes."""
_NAME = 300
"""Characters of a dotted name; longer ones mean nothing to anybody."""
SEARCHED = Foreign("sys.path_of_package")
"""The type of the list of folders in which the modules of a package are."""
_DEPENDS = "it depends on {} in the environment of the node's process"
REWRITTEN = "rewritten"
"""The cell that says that files may have been written before they are read."""
# What leads from an object to the code that uses it, or to everything.
REFLECTIVE = words(
    "__builtins__ __class__ __closure__ __code__ __defaults__ __dict__ __globals__ "
    "__kwdefaults__ __subclasses__ __bases__ __mro__ __getattribute__ __reduce__ __reduce_ex__ "
    "f_back f_globals f_locals f_builtins gi_frame cr_frame tb_frame _getframe modules "
    "meta_path path_hooks settrace setprofile __annotations__ get_objects get_referrers "
    "import_module reload exec_module load_module run_path run_module cell_contents __import__ "
    "__loader__ __spec__"
)
REACHING = words(
    "exec eval compile globals locals vars __import__ breakpoint setattr delattr __builtins__ "
    "__loader__ __spec__"
)


def _is_heavy(value: Value) -> bool:
    """Say whether there is too much in a value that is compared with all that is in it."""
    todo: list[Any] = [value]
    count = 0
    while todo:
        each = todo.pop()
        inside = each.key if isinstance(each, Opaque) else each
        items = inside.items if isinstance(inside, Tuple) else inside
        if isinstance(items, tuple):
            count += len(items)
            if count > _HEAVY:
                return True
            todo += [item for item in items if isinstance(item, (Tuple, Opaque, tuple))]
    return False


class Escaping(State, ABC):
    """Reading, writing, and what escapes."""

    @abstractmethod
    def perhaps(self, function: Value) -> None:
        """Run what may be called now, or never, or at another time."""

    # Reading and writing.

    def read(self, ref: Ref, name: str = ALL) -> Value:
        """Return what is in a cell; ``MISSING`` where there is nothing."""
        cells = self.cells
        if (ref.oid, ESCAPED) in cells or (ref.oid, VOLATILE + name) in cells:
            return self.unknown("code that could not be followed may have changed it")
        value = cells.get((ref.oid, name), MISSING)
        if value is MISSING and ref.oid in self.open and self.may_name(ref, name):
            return self.unknown("a name may be bound that is computed")
        return self.narrowed(value) if isinstance(value, OneOf) else value

    def open_names(self, ref: Ref, start: str) -> None:
        """Note that any name of a module may be bound that begins with a text."""
        self.open.setdefault(ref.oid, set()).add(start)

    def may_name(self, ref: Ref, name: str = "") -> bool:
        """Say whether a name of a module may be bound, or any, that is computed."""
        if name.startswith("__"):
            return False
        return any(name.startswith(start) or not name for start in self.open.get(ref.oid, ()))

    def write(self, ref: Ref, value: Value, name: str = ALL) -> None:
        """Set a cell; ``MISSING`` unbinds it.

        Raises ``GiveUp`` for a value that has so much inside that it cannot be handled.
        """
        if isinstance(value, (Tuple, Opaque)) and _is_heavy(value):
            raise GiveUp("a value has too much inside")
        if self.is_escaped(ref) or (ref.oid, SHOWN + name) in self.cells:
            self.escape(value)
        if ref.kind == "module" and name in _FINDING and value != self.cells.get((ref.oid, name)):
            self.doom(f"{name} of a module is set")
        if value is MISSING and ref.kind in NAMING:
            # A name that is bound again comes last.
            self.put((ref.oid, UNORDERED), TRUE)
        self.put((ref.oid, name), value)

    def is_escaped(self, ref: Ref) -> bool:
        """Say whether code that cannot be seen may change an object."""
        return (ref.oid, ESCAPED) in self.cells

    def ordered_names(self, ref: Ref) -> list[str]:
        """Return the names of cells that an object may have, in the order in which it got them.

        Whether that is known, ``UNORDERED`` says.
        """
        self.tick(len(self.cells) // 64)
        names = set(self.names(ref))
        return [name for oid, name in self.cells if oid == ref.oid and name in names]

    def names(self, ref: Ref) -> list[str]:
        """Return the names of cells that an object may have, in order."""
        cells = self.cells
        return [
            name
            for name in self.thing(ref).cells
            if name[0] not in "*!?~" and cells.get((ref.oid, name), MISSING) != MISSING
        ]

    # The unknown.

    def unknown(self, why: str, *sources: Value) -> Unknown:
        """Return an unknown, which may be any of its sources or be made of them: they escape."""
        for each in sources:
            self.escape(each)
        return Unknown(why, self.at())

    def hidden(self, why: str, value: Value) -> Unknown:
        """Return an unknown in place of a value, which escapes where that does."""
        return Unknown(why, self.at(), "", value)

    def given_by(self, api: str, why: str) -> Unknown:
        """Return what others gave, which is nothing of the program's: by what name it goes."""
        return Unknown(why, self.at(), api if len(api) <= _NAME else OUTSIDE)

    def some_text(self) -> Opaque:
        """Return a text that is not known."""
        return Opaque("str", ("some", self.atom("what a text is")))

    def item_of(self, value: Value, why: str) -> Value:
        """Return what going through a value gives, or entering it, where nobody knows that."""
        match value:
            case Foreign(dotted="os.environ") | Unknown(api="os.environ.keys()"):
                return self.some_text()
            case Unknown(api="os.environ.items()"):
                return Tuple((self.some_text(), self.some_text()))
        if isinstance(value, Unknown) and value.api:
            return self.given_by(value.api, why)
        return self.unknown(why, value)

    def because(self, why: str, operands: Sequence[Value]) -> Unknown:
        """Return what a model cannot tell whose operands escaped: why one of them is not known."""
        waiting = [*operands]
        for each in waiting:
            match each:
                case Unknown():
                    return Unknown(each.why, each.at)
                case Opaque() if name := variable_in(each):
                    return Unknown(_DEPENDS.format(name), self.at())
                case OneOf(options=options):
                    waiting += (option.value for option in options)
                case Ref(kind="list" | "set" | "dict") if (each.oid, ALL) in self.cells:
                    waiting.append(self.cells[each.oid, ALL])
                case _:
                    pass
        return self.unknown(why)

    def escape(self, value: Value) -> None:
        """Let code that cannot be seen have a value: it may change what it reaches at any time."""
        if self.lost:
            return
        todo: list[Value] = [value]
        while todo:
            self.tick()
            match todo.pop():
                case Tuple(items=items, named=named):
                    todo += items
                    if named is not None:
                        todo.append(named)
                case Frozen() as frozen:
                    todo += frozen.items
                case Pairs(items=pairs):
                    for _, key, each in pairs:
                        todo += (key, each)
                case OneOf(options=options):
                    todo += (option.value for option in options)
                case Bound(function=function, owner=owner):
                    todo += (function, owner)
                case Method(owner=owner) | View(owner=owner):
                    todo.append(owner)
                case Unknown(owner=held) if held is not None:
                    todo.append(held)
                case Wrapped(function=function):
                    todo.append(function)
                case Member(enum=Ref() as enum, name=name):
                    todo.append(enum)
                    if (enum.oid, name) in self.holders:
                        todo.append(self.holders[enum.oid, name])
                case Const(value=str() | bytes() as text):
                    if self.names_own(text):
                        self._opened("code that could not be followed gets the name of a module")
                case File():
                    # Whoever has one path has them all, and may write what is read later.
                    self.put((self.imports.oid, REWRITTEN), TRUE)
                case Foreign(dotted=dotted):
                    if apis.decides(dotted):
                        self._opened(f"{dotted} is given to code that could not be followed")
                case Ref() as ref:
                    if self.thing(ref).type == SEARCHED:
                        self._opened("code that could not be followed gets the path of a package")
                    if not self.is_escaped(ref):
                        todo += self._reached(ref)
                case _:
                    pass

    def names_own(self, text: str | bytes) -> bool:
        """Say whether a text has the name of something in the distribution in it."""
        if isinstance(text, bytes):
            return any(top.encode() in text for top in self.modules.tops)
        if _ELSEWHERE.match(text):
            return False
        return any(
            top in text
            and re.search(
                rf"(?<![\w.])(?<!\w://)(?<!\w@){re.escape(top)}\s*[.:/]\s*\w|import\s+{re.escape(top)}",
                text,
            )
            for top in self.modules.tops
        )

    def doom(self, why: str) -> NoReturn:
        """Say that everything may have been changed, and leave what cannot be followed.

        What is run for what it does alone goes on: what it does is what stands there.
        """
        if self.roots:
            self.not_sure()
        else:
            self.lose(why)
        raise GiveUp(why)

    def _opened(self, why: str) -> None:
        """Say that code that is not seen can change everything."""
        if self.roots:
            self.not_sure()
        else:
            self.doom(why)

    def _reached(self, ref: Ref) -> list[Value]:
        """Mark an object as escaped and return what it leads to."""
        self.put((ref.oid, ESCAPED), TRUE)
        thing = self.thing(ref)
        if thing.kind == "iterator":
            for _, each in thing.defaults:
                self.perhaps(each)
        found: list[Value] = [
            self.cells[ref.oid, name]
            for name in thing.cells
            if name != MADE and name not in _OWN_NAMES and (ref.oid, name) in self.cells
        ]
        if thing.type != _LOGGER:
            found += [each for _, each in thing.defaults]
        found += [each for each in thing.bases if isinstance(each, Ref)]
        if isinstance(thing.type, Ref) or thing.kind == "partial":
            found.append(thing.type)
        if thing.node is not None and thing.env is not None:
            self.show(thing.node, thing.env)
        return found

    def show(self, node: ast.AST, env: Env) -> None:
        """Let a piece of code run at any time: what it mentions escapes, what it binds may change.

        This holds whatever the code does when, so it need not be run for it.
        """
        if self.lost:
            return
        found = mentions_of(node)
        if bad := sorted(found.attributes & REFLECTIVE):
            self._opened(f"code that runs at any time uses {bad[0]}")
        for each in found.imports:
            self._show_import(each, env)
        for mention in found.names:
            # What attributes are set of by name is mentioned as well, as what any are set of.
            if mention.name in REACHING and not (mention.aimed and mention.name in _SETTERS):
                self._opened(f"code that runs at any time uses {mention.name}")
            frame = self.frame_of(mention.name, env, nested=True)
            rebound = mention.stored and not mention.attributes and mention.name in found.rebound
            cell = SHOWN + mention.name
            value = self.cells.get((frame.oid, mention.name), MISSING)
            attributes = mention.attributes
            while attributes and isinstance(value, Ref) and value.kind == "module":
                frame, name, attributes = value, attributes[0], attributes[1:]
                rebound = mention.stored and not attributes
                value = self.cells.get((frame.oid, name), MISSING)
                cell = SHOWN + name
            if rebound and (frame.oid, cell.replace(SHOWN, VOLATILE)) not in self.cells:
                self.put((frame.oid, cell.replace(SHOWN, VOLATILE)), TRUE)
            if (frame.oid, cell) not in self.cells or rebound:
                self.put((frame.oid, cell), TRUE)
                if isinstance(value, Foreign):
                    if mention.stored and attributes:
                        self._opened(f"code that runs at any time changes {value.dotted}")
                    if "environ" in (*value.dotted.split("."), *attributes):
                        self.put((self.imports.oid, VOLATILE + "environ"), TRUE)
                    if not mention.called and not attributes:
                        self.escape(value)
                else:
                    self.escape(value)

    def _show_import(self, node: ast.Import | ast.ImportFrom, env: Env) -> None:
        names = [alias.name for alias in node.names]
        base = getattr(node, "module", None) or ""
        if isinstance(node, ast.ImportFrom):
            if node.level:
                package = env.module.package.split(".")
                kept = package[: len(package) - node.level + 1]
                base = ".".join([*kept, base] if base else kept)
            names = [base, *(f"{base}.{name}" for name in names)]
        for name in names:
            if name.partition(".")[0] in ("builtins", "gc", "ctypes", "inspect", "importlib"):
                self._opened(f"code that runs at any time imports {name}")
            if self.modules.owns(name) and self.modules.has(name):
                loaded = self.cells.get((self.imports.oid, name), MISSING)
                if not isinstance(loaded, Ref):
                    self._opened(f"{name} may be imported at any time")
                self.escape(loaded)

    def frame_of(self, name: str, env: Env, *, nested: bool = False) -> Ref:
        """Return the frame that a name lies in; ``nested``: of code that is nested in a scope."""
        scope: Env | None = env
        innermost = not nested
        while scope is not None and scope.kind != "module":
            if name in scope.names.globals:
                break
            if name in scope.names.bound and (scope.kind != "class" or innermost):
                return scope.frame
            innermost = False
            scope = scope.outer
        return env.globals
