"""What a value looks like: its text, and who can be shown it."""

from __future__ import annotations

from collections.abc import Sequence

from stigmem_review.interpret import (
    lazy,
    protocols,
    text,
)
from stigmem_review.interpret.ends import GiveUp
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import (
    Bound,
    Const,
    File,
    Foreign,
    Frozen,
    Member,
    OneOf,
    Opaque,
    Pairs,
    Ref,
    Tuple,
    Value,
)

_ODD_TEXTS = (
    *("builtins.OSError", "builtins.SyntaxError", "builtins.UnicodeError"),
    "pydantic_core.ValidationError",
)


def shown(m: Machine, value: Value) -> None:
    """Show a value to somebody who keeps nothing. Raises ``GiveUp`` if that may run code."""
    match value:
        case Const() | Opaque() | File() | Foreign():
            pass
        case Member(enum=enum) if not m.overrides(enum, ("__str__", "__repr__", "__format__")):
            pass
        case Ref(kind="list" | "dict" | "set") | Tuple() | Frozen():
            content = m.read(value) if isinstance(value, Ref) else value
            if isinstance(content, Pairs):
                for _, name, each in content.items:
                    m.shown(name)
                    m.shown(each)
            elif isinstance(content, (Tuple, Frozen)):
                for each in content.items:
                    m.shown(each)
            else:
                raise GiveUp("what is shown is not known")
        case OneOf(options=options):
            for option in options:
                m.shown(option.value)
        case Ref(kind="function" | "class" | "module" | "manifest" | "object"):
            pass
        case Ref(kind="instance") as ref if not m.is_escaped(ref) and not m.overrides(
            m.thing(ref).type, ("__str__", "__repr__", "__format__")
        ):
            pass
        case _:
            raise GiveUp("what is shown is not known")


def text_of(m: Machine, value: Value) -> Value:
    """Return what ``str`` makes of a value."""
    match value:
        case OneOf():
            return m.each(value, m.text_of)
        case Const(value=constant) if not isinstance(constant, bytes):
            return text.really(m, lambda: str(constant))
        case Opaque(type="str"):
            return value
        case Opaque():
            return Opaque("str", ("str", value))
        case Member(enum=enum, name=name, mixin=mixin, value=inner) as value:
            if m.overrides(enum, ("__str__",)):
                own = m.get(value, "__str__")
                if not isinstance(own, Bound) or isinstance(own.function, Foreign):
                    raise GiveUp("members of an enumeration have a text of their own")
                return m.call(own, ())
            if mixin == "StrEnum":
                return inner
            if mixin == "int":
                raise GiveUp("how a number of an enumeration is shown is not known")
            shown = m.thing(enum).name if isinstance(enum, Ref) else enum.dotted
            return Const(f"{shown.rpartition('.')[2]}.{name}")
        case File():
            return File(value.parts, text=True)
        case Ref(kind="instance") as ref:
            for name in ("__str__", "__repr__"):
                if m.special(ref, name):
                    return protocols.ask(m, ref, name)
            return _exception_text(m, ref)
        case Ref(kind="list" | "dict") | Tuple():
            return m.repr_of(value)
        case _:
            raise GiveUp("the text of something is not known")


def _exception_text(m: Machine, ref: Ref) -> Value:
    kind = m.thing(ref).type
    args = m.read(ref, "args")
    if m.derives(kind, Foreign("builtins.BaseException")) is not True or not isinstance(
        args, Tuple
    ):
        raise GiveUp("the text of an object is not known")
    if any(m.derives(kind, Foreign(each)) is not False for each in _ODD_TEXTS):
        raise GiveUp("the text of an exception is not known")
    if len(args.items) == 1:
        # What the machine raises itself says it in words of its own.
        raise GiveUp("the text of an exception is not known")
    return Const("") if not args.items else m.repr_of(args)


def repr_of(m: Machine, value: Value) -> Value:
    """Return what ``repr`` makes of a value."""
    match value:
        case OneOf():
            return m.each(value, m.repr_of)
        case Const(value=constant):
            return text.really(m, lambda: repr(constant))
        case Ref(kind="list" | "dict") | Tuple():
            m.steps += 1
            found = text.plain(m, value)
            if not _is_plain(m, value):
                raise GiveUp("how something is shown is not known")
            return text.really(m, lambda: repr(found))
        case _:
            raise GiveUp("how something is shown is not known")


def joined(m: Machine, separator: Value, value: Value) -> Value:
    """Return texts put together, with something between them."""

    def join(items: Tuple) -> Value:
        if items.shuffled:
            raise GiveUp("texts are put together in no order")
        return m.each_of(items.items, (), lambda done, _: whole(done))

    def whole(done: Sequence[Value]) -> Value:
        parts = [m.comparable(each) for each in done]
        if any(isinstance(each, Opaque) for each in parts) and all(
            (isinstance(e, Opaque) and e.type == "str")
            or (isinstance(e, Const) and isinstance(e.value, str))
            for e in parts
        ):
            return Opaque("str", ("join", separator, *parts))
        between = text.plain(m, separator)
        found = [text.plain(m, each) for each in parts]
        return text.really(m, lambda: between.join(found))

    return lazy.with_items(m, value, join)


def _is_plain(m: Machine, value: Value) -> bool:
    match value:
        case Const():
            return True
        case Ref(kind="dict") if m.thing(value).name:
            return False
        case Tuple(items=items, named=None):
            return all(_is_plain(m, each) for each in items)
        case Ref(kind="list"):
            return _is_plain(m, m.read(value))
        case Ref(kind="dict"):
            content = m.read(value)
            return isinstance(content, Pairs) and all(
                _is_plain(m, name) and _is_plain(m, each) for _, name, each in content.items
            )
        case _:
            return False
