"""Star imports: each module's names are found out once, however many bring them along."""

from __future__ import annotations

import time

import pytest

from stigmem_review.model import Unknown
from support.real_node import known_fields, read
from support.shapes import DEFAULTS, HANDLERS, factory, package

COUNT = 400
HOOK = factory('hooks={"post_assert_audit": audit}', "from .m399 import *\n")
HOOKS = {"post_assert_audit": "demo.m0:audit"}


def modules(star: str) -> dict[str, str]:
    """Return modules of which the first has the handlers and each later one takes others' names."""
    made = {"m0": HANDLERS}
    for n in range(1, COUNT):
        stars = "".join(f"from .m{m} import *\n" for m in eval(star, {"n": n}))
        made[f"m{n}"] = f"from typing import Any\n{stars}X{n}: Any = {n}\n"
    return made


STARS = {"a chain": "[n - 1]", "of the last ten": "range(max(0, n - 10), n)", "of the first": "[0]"}


@pytest.mark.parametrize("star", STARS.values(), ids=STARS.keys())
def test_many_are_read_soon(star: str) -> None:
    start = time.process_time()
    found = known_fields(read(package(HOOK, **modules(star)), "demo:plugin_manifest"))
    assert found == {**DEFAULTS, "hooks": HOOKS}
    assert time.process_time() - start < 10


def test_a_circle_is_not_known_and_ends() -> None:
    circle = {f"m{n}": f"from .m{(n + 1) % COUNT} import *\nX{n} = 1\n" for n in range(COUNT)}
    reading = read(package(HOOK, **circle), "demo:plugin_manifest")
    assert isinstance(reading.manifest, Unknown)
    assert "star import" in reading.manifest.why


def test_what_all_of_them_take_from_the_same_place_is_known() -> None:
    same = {
        "a": "from .m import *\n",
        "b": "from .m import *\nfrom .m import audit\n",
        "m": HANDLERS,
    }
    text = factory('hooks={"post_assert_audit": audit}', "from .a import *\nfrom .b import *\n")
    found = known_fields(read(package(text, **same), "demo:plugin_manifest"))
    assert found["hooks"] == {"post_assert_audit": "demo.m:audit"}


@pytest.mark.parametrize(
    "more",
    [
        {"a": "from .m import *\ndef audit(ctx): ...\n"},
        {"a": "from .m import *\n_x = 1\n", "m": "from os import *\n"},
        {"a": "from .m import *\n", "m": f"{HANDLERS}\n__all__ = ['gate']\n"},
        {"a": "from .m import *\n__all__ = []\n"},
        {"a": "from .m import *\n", "m": f"{HANDLERS}\n__all__ = make()\n"},
        {"a": "from .m import *\nfrom .n import *\n", "n": "audit = print\n"},
    ],
)
def test_where_the_order_decides_it_is_not_known(more: dict[str, str]) -> None:
    text = factory('hooks={"post_assert_audit": audit}', "from .a import *\n")
    found = known_fields(read(package(text, **{"m": HANDLERS, **more}), "demo:plugin_manifest"))
    assert found.get("hooks", {"post_assert_audit": None}) == {"post_assert_audit": None}
