"""Which releases a change of pins would deploy in the place of which."""

from __future__ import annotations

import pytest
from packaging.version import Version

from stigmem_review.model import Location
from stigmem_review.pins import changes
from stigmem_review.pins.changes import pin_changes
from stigmem_review.pins.model import Pin


def pins(*lines: str) -> list[Pin]:
    """``file name==version+extra,extra #hash,hash ;marker`` as pins."""
    found = []
    for number, line in enumerate(lines, 1):
        text, _, marker = line.partition(" ;")
        text, _, hashes = text.partition(" #")
        file, requirement = text.split()
        requirement, _, extras = requirement.partition("+")
        name, _, version = requirement.partition("==")
        listed = tuple(sorted(filter(None, hashes.split(","))))
        wanted = tuple(filter(None, extras.split(",")))
        found.append(Pin(name, version, listed, marker, Location(file, number), extras=wanted))
    return found


CASES = {
    "nothing": (["a x==1"], ["a x==1"], []),
    "an upgrade": (["a x==1"], ["a x==2"], ["x 1 2 upgraded"]),
    "a downgrade": (["a x==1.10"], ["a x==1.9"], ["x 1.10 1.9 downgraded"]),
    "another spelling": (["a x==1.0"], ["a x==1"], []),
    "added": ([], ["a x==1"], ["x - 1 added"]),
    "removed": (["a x==1"], [], ["x 1 - removed"]),
    "other extras": (["a x==1"], ["a x==1+fast"], ["x 1 1 same version, other extras"]),
    "no extras any more": (["a x==1+a"], ["a x==1"], ["x 1 1 same version, other extras"]),
    "upgraded with other extras": (["a x==1"], ["a x==2+fast"], ["x 1 2 upgraded"]),
    "the same extras": (["a x==1+a,b"], ["a x==1.0+a,b"], []),
    "other files": (["a x==1 #p"], ["a x==1 #q"], ["x 1 1 same version, other files"]),
    "more files": (["a x==1 #p"], ["a x==1 #p,q"], ["x 1 1 same version, other files"]),
    "fewer files": (["a x==1 #p,q"], ["a x==1 #q"], []),
    "hashes where there were none": (
        ["a x==1"],
        ["a x==1 #q"],
        ["x 1 1 same version, other files"],
    ),
    "no hashes any more": (["a x==1 #q"], ["a x==1"], ["x 1 1 same version, other files"]),
    "from one file to another": (["a x==1"], ["b x==1"], ["x 1 1 same version, other files"]),
    "from one file to another, and upgraded": (["a x==1"], ["b x==2"], ["x 1 2 upgraded"]),
    "into another file as well": (["a x==1"], ["a x==1", "b x==1"], ["x - 1 added"]),
    "in a file that is renamed": (["gone x==1"], ["come x==1"], []),
    "renamed and upgraded": (["gone x==1"], ["come x==2"], ["x 1 2 upgraded"]),
    "in two files alike": (["a x==1", "b x==1"], ["a x==2", "b x==2"], ["x 1 2 upgraded"]),
    "in one of two files": (["a x==1", "b x==1"], ["a x==2", "b x==1"], ["x 1 2 upgraded"]),
    "from two releases to one": (
        ["a x==1", "b x==2"],
        ["a x==3", "b x==3"],
        ["x 1 3 upgraded", "x 2 3 upgraded"],
    ),
    "one of two files goes without it": (["a x==1", "b x==2"], ["b x==2"], ["x 1 - removed"]),
    "one of two markers goes": (
        ["a x==1 ;old", "a x==2 ;new"],
        ["a x==2 ;new"],
        ["x 1 2 upgraded"],
    ),
    "a file more": (["a x==1"], ["a x==1", "b x==2"], ["x - 2 added"]),
    "a file more with the same release": (["a x==1"], ["a x==1", "b x==1"], ["x - 1 added"]),
    "the hash of another file's pin": (
        ["a x==1 #p", "b x==1 #q"],
        ["a x==1 #q", "b x==1 #q"],
        ["x 1 1 same version, other files"],
    ),
    "hashed here and constrained there": (
        ["a x==1 #p", "c x==1"],
        ["a x==2 #q", "c x==2"],
        ["x 1 2 upgraded"],
    ),
    "under markers": (
        ["a x==1 ;old", "a x==2 ;new"],
        ["a x==1 ;old", "a x==3 ;new"],
        ["x 2 3 upgraded"],
    ),
    "a marker more": (["a x==1"], ["a x==1 ;old", "a x==2 ;new"], ["x 1 2 upgraded"]),
    "two of a name in a file that stays": (["a x==1", "a x==2"], ["a x==1", "a x==2"], []),
    "two of a name in a file that stays, beside one that changes": (
        ["a x==1", "a x==2", "b x==1"],
        ["a x==2", "a x==1", "b x==3"],
        ["x 1 3 upgraded"],
    ),
    "one of two of a name goes": (["a x==1", "a x==2"], ["a x==1"], ["x 2 1 downgraded"]),
    "the same many times": (["a x==1", "a x==1"], ["a x==2", "a x==2"], ["x 1 2 upgraded"]),
    "two distributions": (["a x==1", "a y==1"], ["a x==2"], ["x 1 2 upgraded", "y 1 - removed"]),
}


@pytest.mark.parametrize(("old", "new", "expected"), CASES.values(), ids=CASES)
def test_what_changes(old: list[str], new: list[str], expected: list[str]) -> None:
    found = [
        f"{each.name} {each.old.version if each.old else '-'} "
        f"{each.new.version if each.new else '-'} {each.what}"
        for each in pin_changes(pins(*old), pins(*new), gone=["gone"], come=["come"])
    ]
    assert sorted(found) == expected


def test_what_newly_allowed_files_hash_to_is_kept() -> None:
    [change] = pin_changes(pins("a x==1 #p", "b x==1 #q"), pins("a x==2 #r", "b x==2 #s"))
    assert change.old is not None
    assert change.new is not None
    assert (change.old.hashes, change.new.hashes) == (("p", "q"), ("r", "s"))
    assert change.new.at == Location("a", 1)


def test_hashes_of_moves_that_are_made_together_are_those_of_all() -> None:
    old = pins("a x==1 #p", "b x==1 #q", "c x==1")
    new = pins("a x==2 #r", "b x==2 #s,r", "c x==2")
    [move] = pin_changes(old, new)
    assert move.old is not None
    assert move.new is not None
    assert (move.old.hashes, move.new.hashes) == (("p", "q"), ("r", "s"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # As many pins of one name in one file; as many files with one pin; as many equal lines.
        ([f"a x==1.{n}" for n in range(1500)], [f"a x==2.{n}" for n in range(1500)]),
        ([f"a{n} x==1" for n in range(1500)], [f"a{n} x==2" for n in range(1500)]),
        (["a x==1"] * 1500, ["a x==2"] * 1500),
    ],
    ids=["one file", "many files", "equal"],
)
def test_the_work_grows_as_the_pins_do(
    old: list[str], new: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = 0
    version = changes._version

    def counted(text: str) -> Version:
        nonlocal compared
        compared += 1
        return version(text)

    monkeypatch.setattr(changes, "_version", counted)
    assert changes.pin_changes(pins(*old), pins(*new))
    assert compared < 20 * (len(old) + len(new))
