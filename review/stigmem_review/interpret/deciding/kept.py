"""What of a request stays in the state of a release when the handler that is given it has ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from stigmem_review.interpret.deciding.terms import Term
from stigmem_review.interpret.values import Foreign, Ref, Value

Place = tuple[int, str]
"""A name of something; no name: the thing itself."""
Kept = Mapping[Place, frozenset[str]]
"""What is in state: names that the node passes values under, each behind its hook."""


class State:
    """What tells a thing that stays from others, whoever has it."""

    def __init__(self, *places: Place) -> None:
        self.places = places


class Keeping:
    """What a walk through a handler finds in state, and what it leaves there."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self.leaves: dict[Place, frozenset[str]] = {}
        """What of the request is put into state."""
        self._states: dict[Place, State] = {}

    def held(self, term: Term, owner: Ref, name: str, value: Value) -> Term:
        """Return what a name of something stands for, with what handlers put there."""
        if isinstance(value, Ref) and value.kind in ("function", "class", "module"):
            return term
        if isinstance(value, Foreign) and not value.dotted.endswith("()"):
            return term
        place = self.place_of(owner, name, value)
        places = dict.fromkeys(((owner.oid, name), place))
        root = self._states.setdefault(place, State(*places))
        data = (each for one in places for each in self.within(one, value))
        return replace(term, root=root, place="", data=term.data.union(data))

    def place_of(self, owner: Ref, name: str, value: Value) -> Place:
        """Return what something goes by that a name of something stands for."""
        return (value.oid, "") if isinstance(value, Ref) else (owner.oid, name)

    def within(self, place: Place, value: Value) -> Iterator[str]:
        """Yield what is kept at a place, and in the names of what stands there."""
        yield from self.kept.get(place, ())
        if isinstance(value, Ref) and value.kind == "instance":
            for other, data in self.kept.items():
                if other[0] == value.oid:
                    yield from data

    def keep(self, data: frozenset[str], *places: Place) -> None:
        """Note what is put somewhere."""
        for place in places if data else ():
            self.leaves[place] = self.leaves.get(place, frozenset()) | data
