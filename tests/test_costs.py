"""What reviews do without, counted: times would say as much of whoever else uses the machine."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from pathlib import Path
from typing import get_args

import pytest

from stigmem_review import review
from stigmem_review.interpret import events, values
from stigmem_review.model import Location
from stigmem_review.rulebook.rules import shipped_rules
from support.plugins import plugin, write_wheel

CASES = Path(__file__).with_name("cases")
MODULES = 250
"""Modules of ours that the review of an unchanged release imports at most; each takes as long as a
hundredth of an interpreter's start."""
NEEDLESS = (
    "cryptography", "inspect", "jinja2", "packaging.requirements", "packaging.specifiers",
    "packaging.tags", "sigstore", "string", "tomllib", "typing_extensions",
)  # fmt: skip
IMPORTED = """
import os, sys
def end(code):
    own = sum(name.startswith("stigmem_review") for name in sys.modules)
    needless = [name for name in {needless!r} if name in sys.modules]
    print(code, own, *needless, file=sys.stderr, flush=True)
    leave(code)
leave, os._exit = os._exit, end
from stigmem_review.__main__ import main
main()
"""
LEFT = """
import gc, sys
from stigmem_review.__main__ import collect_seldom
collect_seldom()
from stigmem_review import review
from stigmem_review.interpret.interpreter import Interpreter
review(*sys.argv[1:])
filling = [[] for _ in range(250_000)]
print(sum(isinstance(each, Interpreter) for each in gc.get_objects()))
"""


def ran(folder: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)


def test_the_review_of_an_unchanged_release_imports_what_it_needs(tmp_path: Path) -> None:
    release = str(write_wheel(tmp_path, plugin()))

    ended = ran(tmp_path, IMPORTED.format(needless=NEEDLESS), "diff", release, release)

    code, own, *needless = ended.stderr.split()
    assert (code, needless) == ("0", [])
    assert int(own) <= MODULES


def test_what_a_review_leaves_behind_is_collected_before_there_is_much_of_it(
    tmp_path: Path,
) -> None:
    sides = (str(CASES / "quiet-gain" / side) for side in ("old", "new"))

    assert ran(tmp_path, LEFT, *sides).stdout == "0\n"


@pytest.mark.parametrize(
    "kind", [*get_args(values.Value), values.Option, events.Event, events.Argument, Location]
)
def test_the_collector_has_nothing_to_look_for_in_values(kind: type) -> None:
    made = kind(*(() for _ in getattr(kind, "__struct_fields__", ())))
    assert not gc.is_tracked(made)


def test_who_judges_a_kind_of_fact_is_found_once() -> None:
    book = shipped_rules()
    about = book.about("hook-added")
    assert [each.rule.on for each in about if "hook-added" not in each.rule.on] == []
    assert about == tuple(each for each in book.rules if "hook-added" in each.rule.on)
    assert book.about("hook-added") is about


def test_a_set_that_is_added_to_itself_again_and_again_takes_time_once(tmp_path: Path) -> None:
    adding = "S = {'a', 'b'}\nT = set()\n" + "T = T | S\n" * 8000
    code = f"{adding}{plugin()['demo_plugin/__init__.py']}"
    wheel = str(write_wheel(tmp_path, plugin(__init__=code)))

    start = time.process_time()
    review("none", wheel, node_version="0.9.0a12")
    assert time.process_time() - start < 5
