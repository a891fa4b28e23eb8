"""``configparser``: the options of INI files, as the library itself reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from stigmem_review.interpret import text
from stigmem_review.interpret.ends import Exit, GiveUp
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.lazy import with_items
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Args, Keywords, Run, count, model
from stigmem_review.interpret.values import (
    Const,
    File,
    Foreign,
    Ref,
    Tuple,
    Value,
)

if TYPE_CHECKING:
    from configparser import ConfigParser

_PARSER = "configparser.ConfigParser"
_SECTION = "configparser.SectionProxy"
_READ = "read"
"""The cell of a parser for the texts that it has read, in order."""
_OPTIONS = frozenset({"allow_no_value", "strict", "delimiters", "comment_prefixes",
                      "inline_comment_prefixes", "interpolation", "default_section"})  # fmt: skip


def _parser(interpolates: bool) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        count(args, (), 0, 0)
        if {name for name, _ in keywords} - _OPTIONS:
            raise GiveUp("it is called in an unusual way")
        options = {name: text.plain(m, value) for name, value in keywords}
        if options.get("interpolation") is not None:
            raise GiveUp("it is called in an unusual way")
        if not interpolates:
            options.setdefault("interpolation", None)
        made = m.alloc(Thing("object", type=Foreign(_PARSER), extra=options))
        m.write(made, Tuple(()), _READ)
        return made

    return run


model(_PARSER)(_parser(True))
model("configparser.RawConfigParser")(_parser(False))


def _real(m: Machine, owner: Value) -> ConfigParser:
    """Return the parser as it is now."""
    from configparser import ConfigParser

    assert isinstance(owner, Ref)
    texts = m.read(owner, _READ)
    if not isinstance(texts, Tuple):
        raise GiveUp("what a parser has read is not known")
    found = ConfigParser(**m.thing(owner).extra)
    for each in texts.items:
        assert isinstance(each, Const)
        m.tick(1 + len(each.value) // 32)
        found.read_string(each.value)
    return found


def _doing(m: Machine, owner: Value, do: Callable[[ConfigParser], Any]) -> Value:
    from configparser import Error

    found = _real(m, owner)
    try:
        value = do(found)
    except (Error, KeyError, ValueError) as error:
        known = isinstance(error, (KeyError, ValueError))
        name = type(error).__name__
        if known:
            m.raise_(name, Const(str(error)))
        kind = Foreign(f"configparser.{name}")
        raise Exit("raises", m.exception(kind, (Const(str(error)),))) from None
    return text.from_plain(m, value)


def _add(m: Machine, owner: Value, written: str) -> None:
    from configparser import Error

    assert isinstance(owner, Ref)
    texts = m.read(owner, _READ)
    if not isinstance(texts, Tuple):
        raise GiveUp("what a parser has read is not known")
    m.write(owner, Tuple((*texts.items, Const(written))), _READ)
    try:
        _real(m, owner)
    except (Error, TypeError, ValueError):
        raise GiveUp("a parser refuses what it reads") from None


@model(f"{_PARSER}.read_string")
def _read_string(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 3)
    written = text.plain(m, args[1])
    if not isinstance(written, str):
        raise GiveUp("a parser reads what is no text")
    _add(m, args[0], written)
    return Const(None)


@model(f"{_PARSER}.read_file")
def _read_file(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 3)
    source = args[1]
    if isinstance(source, Ref) and source.kind == "object":
        return _read_string(m, (args[0], m.call(m.get(source, "read"), ())), ())

    def read(lines: Tuple) -> Value:
        found = [text.plain(m, each) for each in lines.items]
        if lines.shuffled or not all(isinstance(e, str) and "\n" not in e[:-1] for e in found):
            raise GiveUp("a parser reads what are no lines of a text")
        written = "".join(each if each.endswith("\n") else f"{each}\n" for each in found)
        return _read_string(m, (args[0], Const(written)), ())

    return with_items(m, source, read)


@model(f"{_PARSER}.read")
def _read(m: Machine, args: Args, keywords: Keywords) -> Value:
    given = dict(keywords)
    encoding = given.pop("encoding", args[2] if len(args) > 2 else Const("utf-8"))
    if given or len(args) < 2:
        raise GiveUp("it is called in an unusual way")

    def read(paths: Sequence[Value]) -> Value:
        done: list[Value] = []
        for path in paths:
            if not isinstance(path, File):
                raise GiveUp("a path outside of the distribution")
            if m.file(path) is None:
                raise GiveUp("whether there is a file that is not in the distribution")
            found = m.call(Foreign("pathlib.Path.read_text"), (path,), (("encoding", encoding),))
            _read_string(m, (args[0], found), ())
            done.append(File(path.parts, text=True))
        return m.new_list(done)

    if isinstance(args[1], File):
        return read((args[1],))
    items = m.listed(args[1])
    if not isinstance(items, Tuple) or items.shuffled:
        raise GiveUp("which files are read is not known")
    return read(items.items)


def _query(name: str) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        given = [text.plain(m, each) for each in args[1:]]
        named = {key: text.plain(m, each) for key, each in keywords}
        return _doing(m, args[0], lambda real: getattr(real, name)(*given, **named))

    return run


for _name in ("get", "getboolean", "getint", "getfloat", "has_section", "has_option", "options",
              "sections", "defaults"):  # fmt: skip
    model(f"{_PARSER}.{_name}")(_query(_name))


@model(f"{_PARSER}.__contains__")
def _has(m: Machine, args: Args, keywords: Keywords) -> Value:
    wanted = text.plain(m, args[1])
    return _doing(m, args[0], lambda real: wanted in real)


@model(f"{_PARSER}.__iter__")
def _names(m: Machine, args: Args, keywords: Keywords) -> Value:
    return _doing(m, args[0], list)


@model(f"{_PARSER}.__len__")
def _length(m: Machine, args: Args, keywords: Keywords) -> Value:
    return _doing(m, args[0], len)


@model(f"{_PARSER}.items")
def _items(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    name = text.plain(m, args[1])
    return _doing(m, args[0], lambda real: real.items(name))


@model(f"{_PARSER}.__getitem__")
def _section(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    name = text.plain(m, args[1])
    _doing(m, args[0], lambda real: real[name].name)
    held = (("", args[0]), ("", args[1]))
    return m.alloc(Thing("object", type=Foreign(_SECTION), defaults=held))


def _of_section(do: Callable[..., Any]) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        assert isinstance(args[0], Ref)
        (_, parser), (_, section) = m.thing(args[0]).defaults
        name = text.plain(m, section)
        given = [text.plain(m, each) for each in args[1:]]
        named = {key: text.plain(m, each) for key, each in keywords}
        return _doing(m, parser, lambda real: do(real[name], *given, **named))

    return run


def _getter(name: str) -> Callable[..., Any]:
    return lambda section, *given, **named: getattr(section, name)(*given, **named)


for _name in ("get", "getboolean", "getint", "getfloat"):
    model(f"{_SECTION}.{_name}")(_of_section(_getter(_name)))
model(f"{_SECTION}.__getitem__")(_of_section(lambda section, name: section[name]))
model(f"{_SECTION}.__contains__")(_of_section(lambda section, name: name in section))
model(f"{_SECTION}.__iter__", f"{_SECTION}.keys")(_of_section(lambda section: [*section]))
model(f"{_SECTION}.__len__")(_of_section(len))
model(f"{_SECTION}.items")(_of_section(lambda section: [*section.items()]))
model(f"{_SECTION}.values")(_of_section(lambda section: [*section.values()]))
