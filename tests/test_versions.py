"""Requirements and ranges of two releases are equal where they mean the same."""

from __future__ import annotations

import pytest
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from stigmem_review import versions

LONG = "9" * 5000


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (["Acme_Client [b, A.x] >=1.0, <2"], ["acme-client[a-x,b]<2,>=1.0"]),
        (["acme (>=1,<2)"], ["acme<2,>=1"]),
        (["acme>=1.0"], ["acme>=1"]),
        (["acme==1.0"], ["acme==1.0.0"]),
        (["acme>=1", "acme<2"], ["acme<2,>=1"]),
        (["acme@https://acme.example/a.whl"], ["acme @ https://acme.example/a.whl"]),
        (["acme; python_version<'3.11'"], ["acme ; python_full_version < '3.11'"]),
        (
            ["acme>=1 ; (os_name=='nt') and (extra == 'Big_One')"],
            ['acme>=1; extra == "big-one" and os_name == "nt"'],
        ),
        (["one", "two"], ["two", "one"]),
        ([f"acme<{LONG}"], [f"Acme < {LONG}"]),
    ],
)
def test_requirements_of_one_meaning_are_equal(one: list[str], two: list[str]) -> None:
    before, after = versions.requirements(tuple(one), tuple(two))
    assert before == after
    assert after == versions.requirements(tuple(two), tuple(two))[1]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (["acme>=1"], ["acme>1"]),
        (["acme~=1.0"], ["acme~=1.0.0"]),
        (["acme==1.*"], ["acme==1.0.*"]),
        (["acme===1.0"], ["acme===1"]),
        (["acme[a]"], ["acme[b]"]),
        (["acme @ https://acme.example/a"], ["acme @ https://acme.example/b"]),
        (["acme @ https://acme.example/a"], ["acme"]),
        (["acme; python_version<'3.11'"], ["acme; python_full_version<'3.11.5'"]),
        (["acme; python_version<'3.11'"], ["acme"]),
        (["acme; extra == 'a'"], ["acme; extra == 'b'"]),
        (["acme>=1; os_name=='nt'", "acme>=2"], ["acme>=2; os_name=='nt'", "acme>=1"]),
        ([f"acme<{LONG}"], [f"acme<{LONG}1"]),
        ([f"acme<{LONG}"], ["acme<2"]),
        (["no requirement!"], ["no requirement at all!"]),
        ([], ["acme"]),
    ],
)
def test_requirements_of_another_meaning_are_not(one: list[str], two: list[str]) -> None:
    before, after = versions.requirements(tuple(one), tuple(two))
    assert before != after


def test_a_requirement_is_shown_as_the_new_release_writes_it() -> None:
    old = ("acme>=1.0 ; python_full_version < '3.11'", "gone>=1.0 ; os_name=='nt'", "no one!")
    new = ("acme>=2.0.0 ; python_version < '3.11'", "u@ https://acme.example/u", "x[b,a]")
    assert versions.requirements(old, new) == (
        {
            'acme ; python_version < "3.11"': ">=1.0",
            'gone ; os_name == "nt"': ">=1.0",
            "no one!": "not a valid requirement",
        },
        {
            'acme ; python_version < "3.11"': ">=2.0.0",
            "u": "@ https://acme.example/u",
            "x": "[a,b]",
        },
    )


def test_a_requirement_nested_too_deep_is_none() -> None:
    deep = f"acme ; {'(' * 5000}os_name == 'nt'{')' * 5000}"
    before, after = versions.requirements((deep,), ("acme",))
    assert after == {"acme": "any version"}
    assert before.keys() != after.keys()


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (">= 3.11", ">=3.11.0", True),
        (">=3.11,<4", "<4 , >=3.11", True),
        (">=3.11", ">=3.12", False),
        ("no range", "no range at all", False),
        ("no range", ">=3", False),
        (f"<{LONG}", f"< {LONG}", True),
        (f"<{LONG}", "<4", False),
        ("", ">=3", False),
    ],
)
def test_ranges_are_compared_by_meaning(one: str, two: str, same: bool) -> None:
    old, new = versions.specifiers(one, two)
    assert (old == new) is same


def test_a_number_too_long_to_convert_is_no_version() -> None:
    assert versions.parse(LONG) is None
    assert versions.same(LONG, LONG)
    assert not versions.same(LONG, "1")
    assert versions.step("1", LONG) == "unknown"
    assert versions.allows(f"<{LONG}", "1") is None
    assert versions.allows("<2", "1") is True


LOWEST = [
    *(">=0.9.0a3", ">=1", ">=1.", ">=1..0", ">=1.0", ">=1.0rc", ">=1.0a", ">=01.0", ">=1c1"),
    *(">=1.0rc1", ">=1.0b2", ">=v1", ">=1.0+a", ">=1.0.*", ">=1.0,<2", ">=1.0.post1"),
    *(">=1.0.dev1", ">=", ">=1a1b1", ">1.0", "==1.0", ">=a", ">=1.0c", ">=1!0", ">= 1.0"),
    *(" >=1", ">=1.0 ", ">=1.0\t", ">=\n1.0", ">=\N{ARABIC-INDIC DIGIT ONE}", f">={LONG}"),
]
BOUNDED = [
    *("<1.0", "<1", "<1.0.0", "<1.0rc2", "<1.0.dev2", "<1.0.post2", "< 1.0 ", "<0.9.0a12", "<a"),
    *("<1.0.0,>=0.9.0a3", ">=0.9.0a3 , <1.0", ">=1,<1", "<2,<1,>=0", ">=1,", ",<1", ">=1,!=1.0"),
    *("<1.0+a", "<1.0.*", ">=1.0rc1,<1.0", "<1..0", "<01.0", "<2,==1.0", "<=1.0", ">=1<2"),
]
RANGES = [*LOWEST[:-1], *BOUNDED]
VERSIONS = ["0.9.0a3", "0.9.0a12", "0.9.0a2", "1", "1.0rc1", "1.0.dev1", "1.0.post1", "1.0+a", "2"]


def _set(text: str) -> SpecifierSet | None:
    try:
        return SpecifierSet(text)
    except (InvalidSpecifier, ValueError):
        return None


def _taken(text: str, version: str) -> bool | None:
    found = _set(text)
    try:
        return None if found is None else found.contains(version, prereleases=True)
    except ValueError:
        return None


@pytest.mark.parametrize("text", RANGES)
def test_a_range_takes_what_the_library_says(text: str) -> None:
    every = [*VERSIONS, "none", ""]
    assert {each: versions.allows(text, each) for each in every} == {
        each: _taken(text, each) for each in every
    }


@pytest.mark.parametrize("one", LOWEST)
def test_ranges_mean_the_same_where_the_library_says_so(one: str) -> None:
    for two in LOWEST:
        old, new = _set(one), _set(two)
        if old is None or new is None:
            assert versions.specifiers(one, two) == (one, two)
            continue
        before, after = versions.specifiers(one, two)
        assert after == ",".join(sorted(map(str, new)))
        assert (before == after) is (one == two or (LONG not in one + two and old == new)), two
