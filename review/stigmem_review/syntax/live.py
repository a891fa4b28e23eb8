"""Code that may run before the node has the manifest, and what in it could make a reading wrong.

The host imports the entry point's module and calls the factory. Everything at the top level of
the imported modules runs; a function may run once live code mentions its name. That is wider than
what really runs, and that is the point: a name that nothing in this code can rebind is what its
one binding says.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from stigmem_review.syntax.scope import (
    Function,
    is_type_checking,
    outer_parts,
    type_checking_names,
)

# Ways to rebind a name, or to run code, that leave no trace under the name itself.
_WILD_NAMES = frozenset(
    "__builtins__ __import__ __path__ compile delattr eval exec globals locals vars".split()
)
_WILD_ATTRIBUTES = frozenset(
    "__builtins__ __delattr__ __dict__ __getattribute__ __globals__ __import__ __subclasses__ "
    "_getframe attrgetter currentframe exec_module f_builtins f_globals f_locals import_module "
    "load_module meta_path methodcaller path_hooks reload resolve_name run_module run_path "
    "setprofile settrace".split()
)
_WILD_MODULES = frozenset(
    "builtins cffi cloudpickle code codeop ctypes dill gc marshal mock pickle runpy "
    "unittest.mock".split()
)
_WILD_SYS = frozenset({"modules", "path"})
_WILD_BINDINGS = frozenset("__builtins__ __loader__ __name__ __package__ __path__ __spec__".split())
_SETTERS = frozenset({"setattr", "__setattr__"})
_BY_NAME = _SETTERS | {"getattr"}


@dataclass(frozen=True, slots=True)
class Hazard:
    """A piece of live code after which names may not be what they seem.

    ``name`` is the one name it rebinds; empty where it could be any.
    """

    name: str
    what: str
    module: str
    line: int


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in live code that reads a name, by itself or as an attribute of something."""

    module: str
    line: int
    attribute: bool


@dataclass(slots=True)
class LiveCode:
    """What was met while walking live code."""

    hazards: list[Hazard] = field(default_factory=list)
    imports: list[tuple[str, ast.Import | ast.ImportFrom]] = field(default_factory=list)
    mentions: dict[str, list[Mention]] = field(default_factory=dict)
    _waiting: list[tuple[str, Function, str]] = field(default_factory=list)
    _checking: dict[str, frozenset[str]] = field(default_factory=dict)
    _risky: dict[str, dict[str, str]] = field(default_factory=dict)
    _excused: set[int] = field(default_factory=set)

    def add_module(self, name: str, tree: ast.Module, seen: frozenset[int]) -> None:
        """Walk what runs when a module is imported.

        ``seen`` are the ids of nodes the reader already accounts for: they mention a handler
        without calling it, or read a value without changing it.
        """
        self._checking[name] = type_checking_names(tree)
        self._risky[name] = dict(_risky_imports(tree))
        self._walk(name, tree.body, "", seen)

    def add_function(self, module: str, function: Function, seen: frozenset[int]) -> None:
        """Walk the body of a function that is known to be called."""
        self._walk(module, function.body, "", seen)

    def settle(self, seen: frozenset[int]) -> None:
        """Walk every function whose name live code mentions, until no more are found."""
        found = True
        while found:
            found = False
            waiting, self._waiting = self._waiting, []
            for module, function, owner in waiting:
                names = {function.name, owner} - {""}
                if function.decorator_list or names & self.mentions.keys():
                    found = True
                    self._walk(module, function.body, "", seen)
                else:
                    self._waiting.append((module, function, owner))

    def _walk(self, module: str, body: Iterable[ast.AST], owner: str, seen: frozenset[int]) -> None:
        stack: list[tuple[ast.AST, str]] = [(node, owner) for node in body]
        while stack:
            node, around = stack.pop()
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self._waiting.append((module, node, around))
                    stack.extend((part, "") for part in outer_parts(node) if not _is_name(part))
                    continue
                case ast.AnnAssign() if _is_name(node.annotation):
                    stack.extend((part, around) for part in (node.target, node.value) if part)
                    continue
                case ast.ClassDef():
                    if node.decorator_list:
                        self._mention(node.name, module, node)
                    stack.extend((part, "") for part in outer_parts(node))
                    stack.extend((part, node.name) for part in node.body)
                    continue
                case ast.If() if is_type_checking(node.test, self._checking[module]):
                    stack.extend((part, around) for part in node.orelse)
                    continue
                case ast.Import() | ast.ImportFrom():
                    self.imports.append((module, node))
                case _:
                    pass
            if id(node) not in seen:
                self._note(module, node)
            stack.extend((part, around) for part in ast.iter_child_nodes(node))

    def _note(self, module: str, node: ast.AST) -> None:
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                self._mention(name, module, node)
                if name in _WILD_NAMES:
                    self._hazard("", f"uses {name}", module, node)
                elif name in self._risky[module]:
                    self._hazard("", f"uses {self._risky[module][name]}", module, node)
                elif name in _BY_NAME and id(node) not in self._excused:
                    self._hazard("", f"passes {name} on", module, node)
            case ast.Name(id=name) if name in _WILD_BINDINGS:
                self._hazard("", f"assigns {name}", module, node)
            case ast.Attribute(attr=name, ctx=ast.Load()):
                self._mention(name, module, node)
                if name in _WILD_ATTRIBUTES or self._is_sys(module, node):
                    self._hazard("", f"uses .{name}", module, node)
                elif name in _SETTERS and id(node) not in self._excused:
                    self._hazard("", f"passes {name} on", module, node)
            case ast.Subscript(ctx=ast.Store() | ast.Del()) if self._is_host(module, node):
                self._hazard("", "assigns into the host or its model", module, node)
            case ast.Attribute(attr=name):
                special = name.startswith("__") and name.endswith("__")
                everything = special or self._is_host(module, node)
                self._hazard("" if everything else name, f"assigns .{name}", module, node)
            case ast.Call():
                self._call(module, node)
            case _:
                pass

    def _call(self, module: str, node: ast.Call) -> None:
        called = node.func
        name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
        if name not in _BY_NAME:
            return
        # A setter or getattr that is called here is judged here, by the attribute it names.
        self._excused.add(id(called))
        match node.args:
            case [_, ast.Constant(value=str(attribute)), *_]:
                if name != "getattr":
                    self._hazard(attribute, f"sets {attribute} with {name}", module, node)
                elif attribute in _WILD_ATTRIBUTES | _WILD_NAMES | _WILD_SYS | _SETTERS:
                    self._hazard("", f"uses getattr for {attribute}", module, node)
                else:
                    self._mention(attribute, module, node)
            case _:
                self._hazard("", f"uses {name} with a computed name", module, node)

    def _is_sys(self, module: str, node: ast.Attribute) -> bool:
        return (
            node.attr in _WILD_SYS
            and isinstance(node.value, ast.Name)
            and self._risky[module].get(f"{node.value.id}.") == "sys"
        )

    def _is_host(self, module: str, node: ast.Attribute | ast.Subscript) -> bool:
        root: ast.expr = node
        while isinstance(root, (ast.Attribute, ast.Subscript)):
            root = root.value
        return isinstance(root, ast.Name) and f"{root.id}@" in self._risky[module]

    def _mention(self, name: str, module: str, node: ast.AST) -> None:
        mention = Mention(module, getattr(node, "lineno", 0), isinstance(node, ast.Attribute))
        self.mentions.setdefault(name, []).append(mention)

    def _hazard(self, name: str, what: str, module: str, node: ast.AST) -> None:
        self.hazards.append(Hazard(name, what, module, getattr(node, "lineno", 0)))


def _is_name(node: ast.AST) -> bool:
    """Say whether evaluating a part of a definition only reads a name, as annotations mostly do."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, (ast.Name, ast.Constant))


def _risky_imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the local names of modules whose use is a hazard.

    ``name`` for a module (or something from it) any use of which is one, ``name.`` for ``sys``,
    of which some attributes are, ``name@`` for what comes from the host or from what its
    manifest class is made of, where assigning an attribute is one.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                local = alias.asname or alias.name.partition(".")[0]
                yield from _risky(local, alias.name)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            for alias in node.names:
                local = alias.asname or alias.name
                if node.module == "sys" and alias.name in _WILD_SYS:
                    yield local, f"sys.{alias.name}"
                elif alias.name in _WILD_ATTRIBUTES:
                    yield local, f"{node.module}.{alias.name}"
                elif f"{node.module}.{alias.name}" in _WILD_MODULES:
                    yield local, f"{node.module}.{alias.name}"
                else:
                    yield from _risky(local, node.module)


def _risky(local: str, module: str) -> Iterator[tuple[str, str]]:
    top = module.partition(".")[0]
    if module in _WILD_MODULES or top in _WILD_MODULES:
        yield local, module
    if top == "sys":
        yield f"{local}.", "sys"
    if top in ("stigmem_node", "pydantic", "pydantic_core", "enum", "typing", "sys"):
        yield f"{local}@", module
