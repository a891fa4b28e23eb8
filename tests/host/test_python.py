"""What this Python's modules lack is what they really lack."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

from stigmem_review.host.python import lacks

NAMES = json.loads(Path(__file__).with_name("names.json").read_text("utf-8"))
ASKED = ("asyncio", "collections", "collections.abc", "importlib.metadata", "json", "typing")


@pytest.mark.parametrize("module", ASKED)
def test_every_name_that_a_module_has_is_there(module: str) -> None:
    assert not [name for name in dir(import_module(module)) if lacks(module, name)]


@pytest.mark.parametrize("module", ASKED)
def test_of_the_names_of_other_pythons_those_are_lacking_that_it_has_not(module: str) -> None:
    names = " ".join(NAMES[module]).split()
    real = import_module(module)
    assert [name for name in names if lacks(module, name)] == [
        name for name in names if not hasattr(real, name)
    ]


def test_of_modules_that_differ_by_platform_and_of_packages_nothing_is_said() -> None:
    assert not lacks("os", "startfile")
    assert not lacks("importlib", "readers")
    assert not lacks("acme", "nothing")
