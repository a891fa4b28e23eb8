"""Paths and files of the distribution."""

from __future__ import annotations

from stigmem_review.interpret import lazy, text
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Args, Keywords, count, model
from stigmem_review.interpret.objects import PATH
from stigmem_review.interpret.values import (
    FALSE,
    MISSING,
    NONE,
    Const,
    File,
    Foreign,
    Ref,
    Value,
    flag,
)

PARENTS = Foreign("pathlib.Path.parents")


@model("pathlib.Path", "pathlib.PurePath")
def _path(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 9)
    first = args[0]
    if all(isinstance(each, Const) and isinstance(each.value, str) for each in args):
        return m.given_by(PATH, "a path outside of the distribution")
    if not isinstance(first, File):
        raise GiveUp("a path outside of the distribution")
    return m.below(File(first.parts), args[1:]) if len(args) > 1 else File(first.parts)


@model("importlib.resources.as_file")
def _as_file(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    if not isinstance(args[0], File) or args[0].text:
        raise GiveUp("which file is meant is not known")
    return m.call(Foreign("contextlib.nullcontext"), args)


@model("importlib.resources.files")
def _files(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    found = args[0]
    if isinstance(found, Const) and isinstance(found.value, str):
        found = m.imported(found.value)
    if not isinstance(found, Ref) or found.kind != "module":
        raise GiveUp("files of another distribution")
    module = m.thing(found).extra
    parts = module.path.split("/")
    if not module.is_package:
        raise GiveUp("files of what is no package")
    return File(tuple(parts[:-1]))


@model("os.path.join")
def _join(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 9)
    if not isinstance(args[0], File):
        raise GiveUp("a path outside of the distribution")
    found = m.below(args[0], args[1:])
    assert isinstance(found, File)
    return File(found.parts, text=True)


@model("os.path.dirname")
def _dirname(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    if isinstance(args[0], File) and args[0].parts:
        return File(args[0].parts[:-1], args[0].text)
    raise GiveUp("a path outside of the distribution")


@model("os.path.abspath", "os.path.realpath", "os.fspath")
def _absolute(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    if isinstance(args[0], File):
        return File(args[0].parts, text=True)
    raise GiveUp("a path outside of the distribution")


@model("pathlib.Path.resolve", "pathlib.Path.absolute")
def _resolve(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    return args[0]


@model("pathlib.Path.joinpath")
def _joinpath(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 9)
    return m.below(args[0], args[1:])


@model("pathlib.Path.with_name")
def _with_name(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    assert isinstance(args[0], File)
    return m.below(File(args[0].parts[:-1]), args[1:])


@model(f"{PARENTS.dotted}.__getitem__")
def _parent(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    owner, level = args
    assert isinstance(owner, Ref)
    ((_, path),) = m.thing(owner).defaults
    assert isinstance(path, File)
    place = level.value if isinstance(level, Const) else None
    if type(place) is not int or not 0 <= place < len(path.parts):
        raise GiveUp("a path outside of the distribution")
    return File(path.parts[: -place - 1])


@model("pathlib.Path.exists", "pathlib.Path.is_file")
def _exists(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    assert isinstance(args[0], File)
    if m.file(args[0]) is None:
        there = ("there", "/".join(args[0].parts))
        return m.decide(there, lambda: Const(True), lambda: FALSE)
    return flag(True)


@model("os.path.exists", "os.path.isfile", "os.path.isdir")
def _there(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    if not isinstance(args[0], Const) or not isinstance(args[0].value, str):
        raise GiveUp("a path that is not known")
    return m.decide(_on_machine(m, args[0].value), lambda: Const(True), lambda: FALSE)


def _on_machine(m: Machine, path: str) -> tuple[str, str, int]:
    # Each time it is asked it may be another answer: code can make files.
    return ("on the machine", repr(path) if path else "a file that is read", len(m.atoms))


def reads(m: Machine, path: str = "", *, binary: bool = False) -> Value:
    """Return what is in a file of the node's machine, if it is there."""
    m.maybe(_on_machine(m, path), NONE, "FileNotFoundError", Const(path))
    return m.unknown("what is in a file of the node") if binary else m.some_text()


def _data(m: Machine, path: Value) -> bytes:
    found = m.file(path) if isinstance(path, File) else None
    if found is None:
        if isinstance(path, File):
            place = "/".join(path.parts)
            m.maybe(("there", place), NONE, "FileNotFoundError", Const(place))
        else:
            m.may_raise("a file is read that is not in the distribution")
        raise GiveUp("a file is read that is not in the distribution")
    m.tick(1 + len(found) // 64)
    return found


def _decoded(m: Machine, data: bytes, keywords: Keywords) -> Value:
    given = {key: text.plain(m, each) for key, each in keywords}
    if given.keys() - {"encoding"} or str(given.get("encoding", "utf-8")).lower() not in (
        "utf-8",
        "utf8",
    ):
        raise GiveUp("a file is read in an unusual encoding")
    try:
        found = data.decode()
    except UnicodeDecodeError:
        raise GiveUp("a file is not UTF-8") from None
    return Const(found.replace("\r\n", "\n").replace("\r", "\n"))


@model("pathlib.Path.read_text")
def _read_text(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, (), 1, 2)
    given = (*keywords, *(("encoding", each) for each in args[1:]))
    return _decoded(m, _data(m, args[0]), given)


@model("pathlib.Path.read_bytes")
def _read_bytes(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    return Const(_data(m, args[0]))


@model("builtins.open", "pathlib.Path.open")
def _open(m: Machine, args: Args, keywords: Keywords) -> Value:
    given = dict(keywords)
    mode = args[1] if len(args) > 1 else given.pop("mode", Const("r"))
    if len(args) > 2 or mode not in (Const("r"), Const("rb"), Const("rt")):
        raise GiveUp("a file is opened in an unusual way")
    if isinstance(args[0], Const) and isinstance(args[0].value, str):
        content = reads(m, args[0].value, binary=mode == Const("rb"))
        return m.alloc(Thing("object", type=Foreign("builtins.open"), defaults=(("", content),)))
    data = _data(m, args[0])
    left = tuple((key, each) for key, each in given.items())
    content = Const(data) if mode == Const("rb") else _decoded(m, data, left)
    held = (("", content),)
    return m.alloc(Thing("object", type=Foreign("builtins.open"), defaults=held))


@model("builtins.open.read")
def _read(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    assert isinstance(args[0], Ref)
    spent = m.read(args[0], lazy.SPENT)
    if spent != MISSING:
        raise GiveUp("what is left of a file is not known")
    m.write(args[0], Const(True), lazy.SPENT)
    return m.thing(args[0]).defaults[0][1]


@model("builtins.open.close")
def _close(m: Machine, args: Args, keywords: Keywords) -> Value:
    return NONE
