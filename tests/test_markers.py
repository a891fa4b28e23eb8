"""Markers are held against each other by what they mean, not by how a build tool spells them."""

from __future__ import annotations

import random
import time
from itertools import product

import pytest
from packaging.markers import Marker

from stigmem_review.markers import Machine, alike, never, python_of


def mean_the_same(one: str, two: str) -> bool:
    """Say it of two markers, each as packaging writes it."""
    written = [str(Marker(one)), str(Marker(two))]
    return len({*alike(written).values()}) == 1


@pytest.mark.parametrize(
    ("one", "two"),
    [
        # uv_build writes the second of each for the first.
        ('python_version < "3.11"', "python_full_version < '3.11'"),
        ('python_version >= "3.11"', "python_full_version >= '3.11'"),
        ('python_version <= "3.10"', "python_full_version < '3.11'"),
        ('python_version > "3.10"', "python_full_version >= '3.11'"),
        ('python_version == "3.10"', "python_full_version == '3.10.*'"),
        (
            'python_version != "3.10"',
            "python_full_version < '3.10' or python_full_version >= '3.11'",
        ),
        ("'3.11' > python_version", 'python_version < "3.11"'),
        ('python_version ~= "3.10"', 'python_version >= "3.10" and python_version < "4"'),
        ('python_version == "3.*"', 'python_version >= "3" and python_version < "4"'),
        ("(os_name == 'nt') and extra == 'Foo_Bar'", "extra == 'foo-bar' and os_name == 'nt'"),
        ("os_name == 'nt' or os_name == 'posix'", "('posix' == os_name) or (os_name == 'nt')"),
        (
            "python_version < '3.11' and (os_name == 'nt' or extra == 'x')",
            "(extra == 'x' and python_full_version < '3.11')"
            " or (os_name == 'nt' and python_full_version < '3.11')",
        ),
        (
            "'linux' not in sys_platform and platform_release >= '5'",
            "platform_release >= '5' and 'linux' not in sys_platform",
        ),
        (
            "python_version in '3.9 3.10' or os_name == 'nt'",
            "os_name == 'nt' or python_version in '3.9 3.10'",
        ),
    ],
)
def test_what_is_met_in_the_same_environments_means_the_same(one: str, two: str) -> None:
    assert mean_the_same(one, two)
    assert mean_the_same(two, one)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ('python_version < "3.11"', "python_full_version < '3.11.5'"),
        ('python_version <= "3.10"', "python_full_version <= '3.10'"),
        ('python_version > "3.10"', "python_full_version > '3.10'"),
        ('python_version == "3.10"', "python_full_version == '3.10'"),
        ('python_version == "3.1"', "python_version == '3.10'"),
        ('python_version < "3.11"', "python_version < '3.12'"),
        ('python_version < "3.11"', "implementation_version < '3.11'"),
        ('python_version in "3.9"', "python_version == '3.9'"),
        # Which side is the version decides how packaging compares.
        ('platform_release != "5.0"', '"5.0" != platform_release'),
        ('python_version < "3.11.post1"', '"3.11.post1" > python_version'),
        ("os_name == 'nt' and extra == 'x'", "os_name == 'nt' or extra == 'x'"),
        ("os_name == 'nt'", "os_name != 'nt'"),
        ("extra == 'a'", "extra == 'b'"),
        ("sys_platform == 'linux'", "sys_platform == 'linux2'"),
        ("sys_platform == 'linux'", "sys_platform == 'Linux'"),
        ("sys_platform == 'linux'", "platform_system == 'linux'"),
        ("'i' in sys_platform and 'l' in sys_platform", "'i' in sys_platform and 'x' == os_name"),
        ("'i' in sys_platform", "sys_platform in 'i'"),
        ("platform_release >= '5'", "platform_release > '5'"),
        ("platform_release >= '5'", "platform_release >= '6'"),
        ("python_version == '3.10'", "python_version >= '3.10' and python_version < '4'"),
        (
            "os_name == 'nt' and (extra == 'a' or extra == 'b')",
            "(os_name == 'nt' and extra == 'a') or extra == 'b'",
        ),
    ],
)
def test_what_is_met_in_others_does_not(one: str, two: str) -> None:
    assert not mean_the_same(one, two)


def test_no_marker_is_one_that_is_always_met() -> None:
    always = str(Marker("python_version < '3' or python_version >= '3'"))
    assert alike(["", always]) == {"": "", always: ""}
    assert alike(["", 'os_name == "nt"'])['os_name == "nt"'] == 'os_name == "nt"'


def test_every_spelling_goes_by_the_first() -> None:
    texts = [str(Marker(f"{name} {rest}")) for rest in ("< '3.11'", ">= '3.11'")
             for name in ("python_full_version", "python_version")]  # fmt: skip
    assert list(alike(texts).values()) == [texts[0], texts[0], texts[2], texts[2]]


def test_random_markers_mean_the_same_only_where_packaging_agrees() -> None:
    """Whatever is called the same comes out the same in each of many environments."""
    chance = random.Random(7)
    terms = [
        f"{name} {operator} '{version}'"
        for name, operator, version in product(
            ("python_version", "python_full_version"),
            ("<", "<=", ">", ">=", "==", "!="),
            ("3.10", "3.11", "3.11.4"),
        )
    ]
    terms += ["os_name == 'nt'", "os_name != 'nt'", "extra == 'x'", "'i' in sys_platform"]

    def some(depth: int) -> str:
        if depth == 0 or chance.random() < 0.3:
            return chance.choice(terms)
        joint = chance.choice((" and ", " or "))
        return f"({joint.join(some(depth - 1) for _ in range(2))})"

    environments = [
        {
            "python_full_version": full,
            "python_version": full.rpartition(".")[0],
            "os_name": system,
            "extra": extra,
            "sys_platform": platform,
        }
        for full, system, extra, platform in product(
            ("3.9.20", "3.10.0", "3.10.9", "3.11.0", "3.11.3", "3.11.4", "3.11.5", "3.12.1"),
            ("nt", "posix"),
            ("x", ""),
            ("linux", "aux"),
        )
    ]
    same = 0
    for _ in range(80):
        markers = [Marker(some(2)), Marker(some(2))]
        one, two = ([marker.evaluate(each) for each in environments] for marker in markers)
        called = mean_the_same(*map(str, markers))
        assert called is (one == two) or (one == two and "in sys_platform" in str(markers))
        same += called
    assert same > 2


def test_what_is_too_much_to_try_is_compared_as_text() -> None:
    started = time.perf_counter()
    many = [
        " and ".join(f'"{number}" in sys_platform' for number in range(start, start + 30))
        for start in range(50)
    ]
    deep = f"{'(' * 3000}os_name == 'nt'{')' * 3000}"
    for texts in (many, [deep, 'os_name == "nt"'], ["os_name == ", 'os_name == "nt"', "x y z w"]):
        assert alike(texts) == {text: text for text in texts}
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    "marker",
    [
        "python_full_version < '3.11.5'",
        "python_full_version == '3.12.7'",
        "python_version > '3.15'",
        "python_version >= '3.9' and python_version < '3.12'",
        "python_version in '3.9 3.10'",
        "platform_release >= '5'",
        "implementation_version >= '3.11'",
        "platform_version == 'x'",
        "implementation_name == 'graalpy'",
        *(f"platform_machine == '{each}'" for each in ("armv7l", "ppc64le", "i686", "riscv64")),
        *(f"sys_platform == '{each}'" for each in ("freebsd14", "cygwin", "aix")),
        "os_name == 'java'",
        "extra == ''",
        "extra != 'x'",
        "python_version < '3' or os_name == 'nt'",
        " and ".join(f"'{number}' in sys_platform" for number in range(40)),
    ],
)
def test_a_marker_that_some_machine_meets_may_hold(marker: str) -> None:
    assert not never(str(Marker(marker)))


@pytest.mark.parametrize(
    "marker",
    [
        "python_version < '3.11'",
        "python_full_version < '3.11'",
        "python_version == '3.8.*'",
        "'3.10' >= python_version",
        "python_version < '3.11' and platform_release >= '5'",
        "python_version < '3.9' or (python_version < '3.11' and os_name == 'nt')",
        "os_name == 'nt' and os_name == 'posix'",
        "extra == 'test'",
    ],
)
def test_a_marker_that_no_node_meets_never_holds(marker: str) -> None:
    assert never(str(Marker(marker)))


LINUX, WINDOWS = Machine(platforms=("linux",)), Machine(platforms=("windows",))
EITHER = Machine(platforms=("linux", "macos"))
PYTHON = Machine(python=(3, 12))


@pytest.mark.parametrize(
    ("marker", "machine", "expected"),
    [
        ('python_version < "3.12"', PYTHON, True),
        ('python_version >= "3.13"', PYTHON, True),
        ('python_version == "3.12"', PYTHON, False),
        ('python_full_version >= "3.12.4"', PYTHON, False),
        ('python_full_version < "3.12.0"', PYTHON, True),
        ('python_version >= "3.13" and sys_platform == "linux"', LINUX, False),
        ('sys_platform == "win32"', LINUX, True),
        ('sys_platform != "linux"', LINUX, True),
        ('sys_platform != "win32"', LINUX, False),
        ('platform_system == "Windows" or os_name == "nt"', LINUX, True),
        ('sys_platform == "darwin"', EITHER, False),
        ('sys_platform == "darwin" and platform_system == "Linux"', EITHER, True),
        ('os_name == "posix"', EITHER, False),
        ('os_name == "posix"', WINDOWS, True),
        ('platform_machine == "arm64"', LINUX, False),
        ('sys_platform in "linux linux2"', LINUX, False),
        ("garbage", LINUX, False),
    ],
)
def test_a_machine_that_is_known_meets_fewer(marker: str, machine: Machine, expected: bool) -> None:
    assert never(marker, machine) is expected
    assert not (never(marker) and not expected)


@pytest.mark.parametrize(
    ("text", "python"),
    [("3.12", (3, 12)), ("3.11", (3, 11)), ("3.10", None), ("3", None), ("3.12.1", None)],
)
def test_a_python_is_one_that_a_node_can_run_on(text: str, python: tuple[int, int] | None) -> None:
    assert python_of(text) == python
