"""Text that code takes from a file of its own release, by a path that is plain to see."""

from __future__ import annotations

import ast
import posixpath
import textwrap

from stigmem_review import limits
from stigmem_review.code.modules import Module
from stigmem_review.manifest.frames import Followed, Frame, Place
from stigmem_review.manifest.values import Const, ModuleValue
from stigmem_review.model import Unknown
from stigmem_review.observe.places import Reader

_FILES = frozenset({"importlib.resources.files", "importlib_resources.files"})
_PATHS = frozenset({"pathlib.Path", "pathlib.PurePath", "os.path.join"})
_SAME = frozenset({"os.path.abspath", "os.path.realpath", "os.fspath"})
_UTF8 = frozenset({"utf-8", "utf8", "utf_8", "ascii"})
_DEPTH = 20


def text_of(reader: Reader, node: ast.expr, place: Place, depth: int = 0) -> str | Unknown:
    """Return the text an expression stands for: a constant, or what a file of the release holds.

    It is what Python would read: in text mode every line ends with a line feed.
    """
    node, place = reader.written(node, place)
    if depth > _DEPTH:
        return place.unknown("it is nested too deeply to be followed", node)
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr="read_text")) if not isinstance(
            found := _read_text(reader, owner, node, place), Unknown
        ):
            return found
        case ast.Call(
            func=ast.Attribute(
                value=ast.Call(func=ast.Attribute(value=owner, attr="read_bytes"), args=[]),
                attr="decode",
            )
        ) if _is_utf8(node, 0):
            return _content(reader, owner, place, lines=False)
        case ast.Call(
            func=ast.Attribute(
                value=ast.Call(func=ast.Name(id="open"), args=[path, *_]) as opened, attr="read"
            ),
            args=[],
        ) if _is_utf8(opened, 3):
            return _content(reader, path, place, lines=True)
        case ast.Call(func=ast.Attribute(value=owner, attr="strip"), args=[], keywords=[]):
            inner = text_of(reader, owner, place, depth + 1)
            return inner if isinstance(inner, Unknown) else inner.strip()
        case ast.Call(func=called, args=[given], keywords=[]) if (
            reader.foreign(called, place) == "textwrap.dedent"
        ):
            inner = text_of(reader, given, place, depth + 1)
            return inner if isinstance(inner, Unknown) else textwrap.dedent(inner)
        case ast.Call():
            followed = _helper(reader, node, place)
            if followed is not None:
                return text_of(reader, *followed, depth + 1)
        case _:
            pass
    value = reader.value(node, place)
    match value:
        case Const(value=str(text)):
            return text
        case Unknown():
            return value
        case _:
            return place.unknown("it is no text that can be read", node)


def _read_text(reader: Reader, owner: ast.expr, node: ast.Call, place: Place) -> str | Unknown:
    if reader.foreign(owner, place) == "importlib.resources":
        if len(node.args) == 2 and (folder := _package(reader, node.args[0], place)) is not None:
            name = reader.text(node.args[1], place)
            if name is not None:
                return _file(reader, posixpath.join(folder, name), node, place, lines=True)
        return place.unknown("the file it reads is not known", node)
    if not _is_utf8(node, 0):
        return place.unknown("it is read in an encoding that is not followed", node)
    return _content(reader, owner, place, lines=True)


def _is_utf8(node: ast.Call, position: int) -> bool:
    """Say whether a call asks for UTF-8, or for no encoding; it is its argument at a position."""
    given = [word.value for word in node.keywords if word.arg == "encoding"]
    given += node.args[position : position + 1]
    return all(isinstance(each, ast.Constant) and each.value in _UTF8 for each in given)


def _content(reader: Reader, path: ast.expr, place: Place, *, lines: bool) -> str | Unknown:
    found = _path(reader, path, place, 0)
    if found is None:
        return place.unknown("the path of the file it reads is not known", path)
    return _file(reader, found, path, place, lines=lines)


def _file(reader: Reader, path: str, node: ast.expr, place: Place, *, lines: bool) -> str | Unknown:
    data = reader.code.files.get(posixpath.normpath(path))
    if data is None:
        return place.unknown("the file it reads is not in the release", node)
    if len(data) > limits.SOURCE_BYTES:
        return place.unknown(f"the file it reads has more than {limits.SOURCE_BYTES:,} bytes", node)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return place.unknown("the file it reads is not UTF-8", node)
    return text.replace("\r\n", "\n").replace("\r", "\n") if lines else text


def _path(reader: Reader, node: ast.expr, place: Place, depth: int) -> str | None:
    """Return the place below ``site-packages`` that an expression leads to, if that is known."""
    node, place = reader.written(node, place)
    if depth > _DEPTH:
        return None

    def inner(each: ast.expr) -> str | None:
        return _path(reader, each, place, depth + 1)

    def joined(start: str | None, parts: list[ast.expr]) -> str | None:
        texts = [reader.text(part, place) for part in parts]
        if start is None or None in texts:
            return None
        return posixpath.normpath(posixpath.join(start, *(each for each in texts if each)))

    def above(start: str | None, levels: int) -> str | None:
        for _ in range(levels):
            start = posixpath.dirname(start) if start else None
        return start

    match node:
        case ast.Name(id="__file__"):
            return place.module.path
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return joined(inner(left), [right])
        case ast.Attribute(value=owner, attr="parent"):
            return above(inner(owner), 1)
        case ast.Subscript(
            value=ast.Attribute(value=owner, attr="parents"), slice=ast.Constant(value=int(level))
        ) if 0 <= level < _DEPTH:
            return above(inner(owner), level + 1)
        case ast.Call(func=ast.Attribute(value=owner, attr="joinpath"), args=parts):
            return joined(inner(owner), parts)
        case ast.Call(func=ast.Attribute(value=owner, attr="with_name"), args=[name]):
            return joined(above(inner(owner), 1), [name])
        case ast.Call(func=ast.Attribute(value=owner, attr="resolve" | "absolute"), args=[]):
            return inner(owner)
        case ast.Call(func=called, args=[first, *rest], keywords=[]):
            function = reader.foreign(called, place)
            if function in _FILES:
                return _package(reader, first, place)
            if function in _PATHS:
                return joined(inner(first), rest)
            if function in _SAME:
                return inner(first)
            if function == "os.path.dirname":
                return above(inner(first), 1)
            return None
        case _:
            return None


def _package(reader: Reader, node: ast.expr, place: Place) -> str | None:
    """Return the folder of the package that ``importlib.resources`` is asked about."""
    value = reader.value(node, place)
    match value:
        case ModuleValue(name=name) | Const(value=str(name)):
            module = reader.modules.get(name)
            folder = name.replace(".", "/")
            if isinstance(module, Module) and not module.is_package:
                return posixpath.dirname(folder)
            return folder
        case _:
            return None


def _helper(reader: Reader, node: ast.Call, place: Place) -> tuple[ast.expr, Place] | None:
    """Return what a function of the release returns for constants, if that is all it does."""
    found = reader.definition(reader.value(node.func, place))
    if found is None:
        return None
    function, module = found
    if not isinstance(function, ast.FunctionDef):
        return None
    wanted = function.args
    names = [arg.arg for arg in (*wanted.posonlyargs, *wanted.args)]
    if wanted.vararg or wanted.kwarg or wanted.kwonlyargs or len(node.args) > len(names):
        return None
    given = dict(zip(names, node.args, strict=False))
    given.update({word.arg: word.value for word in node.keywords if word.arg})
    values = {name: reader.value(each, place) for name, each in given.items()}
    if {*values} != {*names} or not all(isinstance(each, Const) for each in values.values()):
        return None
    *before, last = function.body
    plain = (ast.Assign, ast.AnnAssign)
    if not all(isinstance(each, plain) or _is_docstring(each) for each in before):
        return None
    if not isinstance(last, ast.Return) or last.value is None:
        return None
    frame = Frame({*names}, {name: Followed(value, []) for name, value in values.items()})
    return last.value, Place(module, reader.scope(function, module), function.name, frame)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
