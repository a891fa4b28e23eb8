"""What the statements of one source file are, and which names each of them uses.

Everything here is about one file by itself, so that a file which two releases share is looked at
once: before any program, and whether or not one can be run. What its names stand for is therefore
not decided here (``reach``). Only what decides how code runs counts (``code.digest``).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

import msgspec

from stigmem_review.code.digest import Digest, digest_of, is_idle, is_plain
from stigmem_review.code.modules import Syntax, syntax_of
from stigmem_review.code.names import names_of, never_run
from stigmem_review.code.nodes import children, walk
from stigmem_review.code.parse import Failure

_CHAIN = 20
_TEXT = 200
_TARGETS = 8
_SETTERS = ("setattr", "delattr")


class Piece(msgspec.Struct, frozen=True):
    """The statements that bind one name, or one other statement of a module.

    ``uses`` are names with the attributes that follow them (``helpers.limit``), the name being
    ``?`` where the attributes are those of something else; ``texts`` are its short texts.
    """

    digest: Digest
    line: int
    uses: frozenset[str]
    texts: frozenset[str]


class Act(msgspec.Struct, frozen=True):
    """A statement of a module that neither defines nor plainly assigns a name.

    ``changes`` are the names, with attributes, that it binds or whose objects it may change.
    """

    piece: Piece
    changes: frozenset[str]


class Outline(msgspec.Struct, frozen=True):
    """One source file: ``pieces`` by the name that they bind, and its other statements.

    ``imports`` gives for each name that an import anywhere in it binds what it may stand for, a
    dotted name that starts with dots where it is relative; ``stars`` the modules of star imports;
    ``inner`` the pieces in which a function of a name is defined inside something else, such as a
    method; ``setters`` the pieces that declare a name ``global``: pieces by their names, other
    statements by their numbers.
    """

    pieces: Mapping[str, Piece]
    acts: tuple[Act, ...]
    imports: Mapping[str, tuple[str, ...]]
    stars: tuple[str, ...]
    inner: Mapping[str, tuple[str, ...]]
    setters: Mapping[str, tuple[str, ...]]


def outline_of(
    data: bytes, known: Syntax | Failure | None = None, *, documented: bool = False
) -> Outline | Failure:
    """Return the outline of a source file; ``known`` is the file as it was parsed before.

    ``documented`` if the release reads docstrings, so that these count.
    """
    if known is None:
        known = syntax_of(data)
    if isinstance(known, Failure):
        return known
    maker = _Maker(documented)
    skipped = never_run(known.tree)
    statements: dict[str, list[ast.stmt]] = {}
    acts: list[ast.stmt] = []
    for statement in known.tree.body:
        if id(statement) in skipped or is_idle(statement, documented=documented):
            continue
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            maker.imported(statement)
            continue
        bound = _bound(statement)
        for name in bound:
            statements.setdefault(name, []).append(statement)
        if not bound:
            acts.append(statement)
    pieces = {name: maker.piece(name, each) for name, each in statements.items()}
    done = tuple(
        Act(maker.piece(str(number), [each]), frozenset(_changes(each)))
        for number, each in enumerate(acts)
    )
    return Outline(
        pieces,
        done,
        {name: tuple(dict.fromkeys(each)) for name, each in maker.imports.items()},
        tuple(dict.fromkeys(maker.stars)),
        {name: tuple(dict.fromkeys(each)) for name, each in maker.inner.items()},
        {name: tuple(dict.fromkeys(each)) for name, each in maker.setters.items()},
    )


def _changes(statement: ast.stmt) -> Iterator[str]:
    """Yield what a statement binds, and what it may change: whose items, attributes, methods."""
    yield from names_of(ast.Module([statement], [])).bound
    for node in walk(statement):
        match node:
            case ast.Attribute(ctx=ast.Store() | ast.Del()):
                chain = _chain(node)[0]
            case ast.Subscript(ctx=ast.Store() | ast.Del(), value=target):
                chain = _chain(target)[0]
            case ast.Call(func=ast.Attribute() as method):
                chain = _chain(method)[0]
            case ast.Call(func=ast.Name(id=setter), args=[target, *_]) if setter in _SETTERS:
                chain = f"{_chain(target)[0]}.?"
            case _:
                continue
        if not chain.startswith("?"):
            yield chain


def _bound(statement: ast.stmt) -> list[str]:
    """Return the names that a statement binds, where that is all it does."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [statement.name]
        case ast.Assign(targets=targets):
            names = [each.id for each in targets if isinstance(each, ast.Name)]
            return names if len(names) == len(targets) <= _TARGETS else []
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


class _Maker:
    def __init__(self, documented: bool) -> None:
        self.documented = documented
        self.imports: dict[str, list[str]] = {}
        self.stars: list[str] = []
        self.inner: dict[str, list[str]] = {}
        self.setters: dict[str, list[str]] = {}

    def imported(self, statement: ast.Import | ast.ImportFrom) -> None:
        for alias in statement.names:
            if isinstance(statement, ast.Import):
                top = alias.name.partition(".")[0]
                name, dotted = (alias.asname, alias.name) if alias.asname else (top, top)
            else:
                source = "." * statement.level + (statement.module or "")
                if alias.name == "*":
                    self.stars.append(source)
                    continue
                dotted = f"{source}{'' if source.endswith('.') else '.'}{alias.name}"
                name = alias.asname or alias.name
            self.imports.setdefault(name, []).append(dotted)

    def piece(self, name: str, statements: list[ast.stmt]) -> Piece:
        uses: set[str] = set()
        texts: set[str] = set()
        stack: list[ast.AST] = [*statements]
        outermost = {id(each) for each in statements}
        while stack:
            node = stack.pop()
            match node:
                case ast.Name() | ast.Attribute():
                    chain, rest = _chain(node)
                    uses.add(chain)
                    if rest is not None:
                        stack.append(rest)
                    continue
                case ast.Import() | ast.ImportFrom():
                    self.imported(node)
                case ast.Global(names=names):
                    for each in names:
                        self.setters.setdefault(each, []).append(name)
                case ast.Constant(value=str(text)) if 0 < len(text) <= _TEXT:
                    texts.add(text)
                case ast.Call(func=ast.Name("getattr"), args=[_, ast.Constant(str(attr)), *_]):
                    uses.add(f"?.{attr}")
                case ast.arg(annotation=annotation):
                    if annotation is not None and not is_plain(annotation):
                        stack.append(annotation)
                    continue
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    if id(node) not in outermost:
                        self.inner.setdefault(node.name, []).append(name)
                    returns = node.returns
                    plain = returns is not None and is_plain(returns)
                    stack += [each for each in children(node) if not (plain and each is returns)]
                    continue
                case _:
                    pass
            stack += children(node)
        # Who asks for a piece knows its name: a function that is called otherwise is the same code.
        [function, *others] = statements
        is_function = isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and not others
        unnamed = function if is_function else None
        digest = digest_of(statements, documented=self.documented, unnamed=unnamed)
        return Piece(digest, statements[0].lineno, frozenset(uses), frozenset(texts))


def _chain(node: ast.expr) -> tuple[str, ast.expr | None]:
    """Return a name with its attributes, and what they are attributes of unless it is a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    named = isinstance(node, ast.Name)
    parts.append(node.id if isinstance(node, ast.Name) else "?")
    return ".".join(parts[: -_CHAIN - 1 : -1]), None if named else node
