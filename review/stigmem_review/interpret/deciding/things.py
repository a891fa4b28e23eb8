"""What is known of things that a handler uses, from what the factory left of the release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from stigmem_review.interpret.deciding.changes import Changes
from stigmem_review.interpret.deciding.kept import Keeping
from stigmem_review.interpret.deciding.terms import (
    PASSED,
    Alternative,
    Exit,
    Frame,
    Method,
    Object,
    Property,
    Term,
    inside,
    passed,
    shortened,
    within,
)
from stigmem_review.interpret.ends import Exhausted
from stigmem_review.interpret.heap import ALL
from stigmem_review.interpret.host import ALLOW, ALLOWS, DENY, REJECT
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.values import (
    MISSING,
    NONE,
    Const,
    Foreign,
    Frozen,
    Member,
    OneOf,
    Pairs,
    Ref,
    Tuple,
    Value,
    Wrapped,
)
from stigmem_review.model import Location

_STEPS = 12_000
_NAMED_ITEM = f"each of {PASSED}.items()"
_NESTED = 4
"""Containers within each other that are written out."""
ENDS = {ALLOW: "allow", DENY: "deny", ALLOWS: "allow"}
"""What the node makes of what others give."""
Call = tuple[str, int, str]
"""A call: the place of its file, its line, and the last part of the name of what is called."""


class Things:
    """What names, attributes and items are in the state that the factory left."""

    def __init__(self, m: Machine, changes: Changes, keeping: Keeping) -> None:
        self.m = m
        self.keeping = keeping
        self.changes = changes
        self.steps = 0
        self.raised: list[Exit] = []
        self.constants: dict[str, str] = {}
        self.sent: dict[Call, dict[str, frozenset[str]]] = {}
        """What of the request is in each argument of calls of others."""
        self.asked_for: dict[str, Location] = {}
        """The attributes that the context is asked for, and where first."""
        self.alternatives: dict[str, Alternative] = {}
        """What is one of those that something can be, by the condition that asks for it."""
        self.folded: set[str] = set()
        """What decided where its value was known."""
        self.active: list[int] = []
        self.known: dict[int, str] = {}

    def tick(self) -> None:
        """Count a step. Raises ``Exhausted`` where they are too many."""
        self.steps += 1
        if self.steps > _STEPS:
            raise Exhausted

    def term(self, value: Value, written: str) -> Term:
        """Return what a value of the release is; ``written`` if that cannot be written down."""
        return Term(self.written(value) or written, value)

    def shown(self, value: Value, depth: int = 0) -> str:
        """Return a value of the release as it is written in conditions; empty if it is not one."""
        m = self.m
        if depth > _NESTED:
            return ""
        match value:
            case Const(value=found):
                return repr(found)
            case Foreign(dotted=dotted):
                return dotted.removeprefix("builtins.")
            case Member(enum=enum, name=name):
                return f"{self.shown(enum)}.{name}"
            case Tuple(items=items):
                every = [self.shown(each, depth + 1) for each in items]
                return f"[{', '.join(every)}]" if all(every) else ""
            case Frozen(items=items):
                every = [self.shown(each, depth + 1) for each in items]
                inside = ", ".join(sorted(every))
                return (f"{{{inside}}}" if every else "set()") if all(every) else ""
            case Pairs(items=pairs):
                both = [(self.shown(k, depth + 1), self.shown(v, depth + 1)) for _, k, v in pairs]
                told = all(one and other for one, other in both)
                return f"{{{', '.join(f'{one}: {other}' for one, other in both)}}}" if told else ""
            case Ref(kind="list" | "set" | "dict") if not m.is_escaped(value):
                return self.shown(m.cells.get((value.oid, ALL), MISSING), depth + 1)
            case Ref(kind="function" | "class"):
                return str(m.thing(value).extra or m.thing(value).name)
            case OneOf(options=options):
                every = [self.shown(each.value, depth + 1) for each in options]
                return f"one of {', '.join(sorted(every))}" if all(every) else ""
            case _:
                return ""

    def written(self, value: Value) -> str:
        """Return what ``shown`` does, cut where it is long; made once for each object."""
        if not isinstance(value, Ref):
            return shortened(self.shown(value))
        found = self.known.get(value.oid)
        if found is None:
            found = self.known[value.oid] = shortened(self.shown(value))
        return found

    def name(self, name: str, frame: Frame) -> Term:
        """Return what a name stands for."""
        if name in frame.names:
            return frame.names[name]
        env = frame.env
        holder = self.m.frame_of(name, env, nested=True)
        value = self.m.cells.get((holder.oid, name), MISSING)
        if value is MISSING:
            return Term(name, Foreign(f"builtins.{name}"))
        return self.owned(holder, name, value)

    def owned(self, holder: Ref, name: str, value: Value) -> Term:
        """Return what a name of a module or a function stands for, with what is kept there."""
        return self.keeping.held(self.constant(holder, name, value), holder, name, value)

    def constant(self, holder: Ref, name: str, value: Value) -> Term:
        """Return what a name stands for: a constant of a module goes by that name."""
        found = self.term(value, name)
        plain = not isinstance(value, (Foreign, Member)) and not (
            isinstance(value, Ref) and value.kind not in ("list", "set", "dict")
        )
        if holder.kind != "module" or not plain:
            return found
        token = f"{self.m.thing(holder).name}:{name}"
        is_changed = self.changes.has(holder, name, value)
        if not self.written(value):
            return _late(token) if is_changed else found
        self.constants[token] = found.text
        return _late(f"<{token}>") if is_changed else Term(f"<{token}>", value)

    def in_class(self, kind: Value, name: str) -> Value:
        """Return what a class, or one that it derives from, has under a name."""
        every = (kind, *(self.m.thing(kind).mro if isinstance(kind, Ref) else ()))
        for each in every:
            if isinstance(each, Ref):
                found = self.m.cells.get((each.oid, name), MISSING)
                if found is not MISSING:
                    return found
        return MISSING

    def field(self, owners: Sequence[Value | None], name: str, value: Value, text: str) -> Term:
        """Return what an object or a class has under a name, with what is kept there."""
        refs = [each for each in owners if isinstance(each, Ref)]
        found = self.keeping.held(self.state(refs, name, value, text), refs[0], name, value)
        for each in refs[1:]:
            kept = self.keeping.kept.get((each.oid, name), frozenset())
            found = replace(found, data=found.data | kept)
        return found

    def state(self, refs: list[Ref], name: str, value: Value, text: str) -> Term:
        """Return what an object or a class has under a name, in state that it may not keep."""
        found = self.term(value, text)
        is_data = isinstance(value, (Const, Frozen, Pairs, Tuple)) or (
            isinstance(value, Ref) and value.kind in ("list", "set", "dict")
        )
        refs += [each for one in refs for each in self.m.thing(one).mro if isinstance(each, Ref)]
        if is_data and any(self.changes.has(each, name, value) for each in refs):
            return _late(shortened(f"{text} of {found.text}"))
        return found

    def attribute(self, owner: Term, attr: str) -> Term:
        """Return an attribute."""
        value = owner.value
        text = f"{owner.text}.{attr}"
        m = self.m
        if isinstance(owner.parts, Object):
            if attr in owner.parts.fields:
                return owner.parts.fields[attr]
            held = self.of_class(owner.parts.kind, attr, owner, text)
            return held or Term(shortened(text), data=owner.data)
        if isinstance(value, Foreign):
            part = Term(shortened(text), Foreign(f"{value.dotted}.{attr}"))
            return inside(owner, f".{attr}", replace(part, data=within(owner.data, attr)))
        if isinstance(value, Ref) and value.kind == "module":
            found = m.cells.get((value.oid, attr), MISSING)
            if found is not MISSING:
                return self.owned(value, attr, found)
        if isinstance(value, Ref) and value.kind == "instance" and not m.is_escaped(value):
            found = m.cells.get((value.oid, attr), MISSING)
            if found is not MISSING:
                return self.field([value], attr, found, text)
            told = self.of_class(m.thing(value).type, attr, Term("self", value), text)
            if told is not None:
                return told
        if isinstance(value, Ref) and value.kind == "class":
            told = self.of_class(value, attr, None, text)
            if told is not None:
                return told
        data = within(owner.data, attr)
        if isinstance(value, Ref):
            data |= self.keeping.kept.get((value.oid, attr), frozenset())
        return inside(owner, f".{attr}", Term(shortened(text), data=data))

    def of_class(self, kind: Value, name: str, owner: Term | None, text: str) -> Term | None:
        """Return what an object gets of its class, or who asks the class where there is none."""
        found = self.in_class(kind, name)
        match found:
            case Ref(kind="function") if owner is not None:
                return Term(text, found, Method(owner))
            case Wrapped(kind="property" | "cached_property", function=Ref() as function):
                return Term(text, function, Property(owner)) if owner is not None else None
            case Wrapped(kind="classmethod", function=Ref() as function):
                return Term(text, function, Method(Term("cls", kind)))
            case Wrapped(kind="staticmethod", function=Ref() as function):
                return Term(text, function)
            case _:
                if found is MISSING:
                    return None
                return self.field([kind, owner.value if owner else None], name, found, text)

    def item(self, owner: Term, key: Term) -> Term:
        """Return what something has at a place or under a name."""
        index = key.value.value if isinstance(key.value, Const) else None
        parts = owner.parts
        if isinstance(parts, dict) and isinstance(index, str):
            found = parts.get(index)
            return found or (passed(index) if owner.text == PASSED else Term("None"))
        if isinstance(parts, list) and type(index) is int and -len(parts) <= index < len(parts):
            held: Term = parts[index]
            return held
        data = within(owner.data, index) if isinstance(index, str) else owner.data
        if owner.text == _NAMED_ITEM and key.text == "0":
            data = frozenset()
        return inside(
            owner, f"[{key.text}]", Term(shortened(f"{owner.text}[{key.text}]"), data=data)
        )

    def record(
        self, kind: Value | None, args: Sequence[Term], keywords: Mapping[str, Term]
    ) -> Term | None:
        """Return an object of a dataclass of the release."""
        m = self.m
        if not isinstance(kind, Ref) or kind.kind != "class":
            return None
        fields = dict(m.dataclass_fields(kind)) if kind.oid in m.dataclasses else {}
        if not fields and not args:
            shapes = m.shapes.get(kind.oid, {})
            fields = {each: shapes[each][1] for each in m.model_fields(kind) if each in shapes}
        if not fields or len(args) > len(fields) or not keywords.keys() <= fields.keys():
            return None
        given = {**dict(zip(fields, args, strict=False)), **keywords}
        held = {name: given.get(name) or self.term(fields[name], name) for name in fields}
        said = ", ".join(f"{name}={each.text}" for name, each in held.items())
        return Term(shortened(f"{m.thing(kind).name}({said})"), None, Object(kind, held))

    def module(self, dotted: str) -> Term:
        """Return a module, of the release or of others."""
        held = self.m.cells.get((self.m.imports.oid, dotted), MISSING)
        return Term(dotted, held if isinstance(held, Ref) else Foreign(dotted))

    def failure(self, term: Term) -> Term:
        """Return what the node makes of what is raised."""
        made = term.parts.kind if isinstance(term.parts, Object) else term.parts
        kind = made if made is not None else term.value
        name = kind.dotted if isinstance(kind, Foreign) else ""
        if name == REJECT or (isinstance(kind, Ref) and self.m.derives(kind, Foreign(REJECT))):
            return Term("deny", Foreign(DENY))
        return Term("raises", Foreign("raises"))

    def end(self, term: Term) -> str:
        """Return what the node makes of what is returned, or else how that is written."""
        value = term.value
        if isinstance(value, Foreign) and value.dotted in ENDS:
            return ENDS[value.dotted]
        if value == NONE:
            return "none"
        if isinstance(value, Foreign) and value.dotted == "raises":
            return "raises"
        if isinstance(value, Ref) and value.kind == "instance":
            kind = self.m.thing(value).type
            if isinstance(kind, Foreign) and kind.dotted in ENDS:
                return ENDS[kind.dotted]
        return term.text


def _late(text: str) -> Term:
    """Return what stands for something that functions change, so that its value is not known."""
    return Term(f"({text} as changed while it runs)")
