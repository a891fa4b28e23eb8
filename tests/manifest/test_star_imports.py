"""Star imports: each module's names are found out once, however many bring them along."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from stigmem_review.model import Unknown
from support.real_node import RealNode, known_fields, read
from support.shapes import DEFAULTS, HANDLERS, factory, package

HOOKS = {"post_assert_audit": "demo.m0:audit"}


def hook(count: int) -> str:
    return factory('hooks={"post_assert_audit": audit}', f"from .m{count - 1} import *\n")


def modules(star: str, count: int) -> dict[str, str]:
    """Return modules of which the first has the handlers and each later one takes others' names."""
    made = {"m0": HANDLERS}
    for n in range(1, count):
        stars = "".join(f"from .m{m} import *\n" for m in eval(star, {"n": n}))
        made[f"m{n}"] = f"from typing import Any\n{stars}X{n}: Any = {n}\n"
    return made


STARS = {"a chain": "[n - 1]", "of the last ten": "range(max(0, n - 10), n)", "of the first": "[0]"}


@pytest.mark.parametrize("star", STARS.values(), ids=STARS.keys())
def test_many_are_read(star: str) -> None:
    found = known_fields(read(package(hook(50), **modules(star, 50)), "demo:plugin_manifest"))
    assert found == {**DEFAULTS, "hooks": HOOKS}


@pytest.mark.thorough
@pytest.mark.parametrize("star", STARS.values(), ids=STARS.keys())
def test_very_many_are_read_to_an_end_soon(star: str) -> None:
    # Of a chain as long as this the node has "maximum recursion depth exceeded".
    start = time.process_time()
    found = known_fields(read(package(hook(400), **modules(star, 400)), "demo:plugin_manifest"))
    assert found in ({}, {**DEFAULTS, "hooks": HOOKS})
    assert time.process_time() - start < 10


def test_a_circle_is_not_known_and_ends() -> None:
    circle = {f"m{n}": f"from .m{(n + 1) % 400} import *\nX{n} = 1\n" for n in range(400)}
    reading = read(package(hook(400), **circle), "demo:plugin_manifest")
    assert isinstance(reading.manifest, Unknown)


def test_what_all_of_them_take_from_the_same_place_is_known() -> None:
    same = {
        "a": "from .m import *\n",
        "b": "from .m import *\nfrom .m import audit\n",
        "m": HANDLERS,
    }
    text = factory('hooks={"post_assert_audit": audit}', "from .a import *\nfrom .b import *\n")
    found = known_fields(read(package(text, **same), "demo:plugin_manifest"))
    assert found["hooks"] == {"post_assert_audit": "demo.m:audit"}


DECIDED: list[tuple[dict[str, str], str | None]] = [
    ({"a": "from .m import *\ndef audit(ctx): ...\n"}, "demo.a:audit"),
    ({"a": "from .m import *\nfrom .n import *\n", "n": "audit = print\n"}, "builtins:print"),
    ({"a": "from .m import *\n_x = 1\n", "m": "from os import *\n"}, None),
    ({"a": "from .m import *\n", "m": f"{HANDLERS}\n__all__ = ['gate']\n"}, None),
    ({"a": "from .m import *\n__all__ = []\n"}, None),
    ({"a": "from .m import *\n", "m": f"{HANDLERS}\n__all__ = make()\n"}, None),
]


def deciding(more: dict[str, str]) -> Mapping[str, str | bytes]:
    text = factory('hooks={"post_assert_audit": audit}', "from .a import *\n")
    return package(text, **{"m": HANDLERS, **more})


@pytest.mark.parametrize(("more", "gets"), DECIDED)
def test_the_last_one_counts(more: dict[str, str], gets: str | None) -> None:
    found = known_fields(read(deciding(more), "demo:plugin_manifest")).get("hooks")
    assert found == (None if gets is None else {"post_assert_audit": gets})


@pytest.mark.network
def test_the_node_takes_the_last_one(node_python: Path) -> None:
    with RealNode(node_python) as real:
        for more, gets in DECIDED:
            found = real.run(deciding(more), "demo:plugin_manifest").get("fields", {}).get("hooks")
            assert found == (None if gets is None else {"post_assert_audit": gets})
