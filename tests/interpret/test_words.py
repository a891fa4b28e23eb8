"""What has to be so for a value, and what a node is refused with, in words."""

from __future__ import annotations

from typing import Any

import pytest

from stigmem_review.code.modules import Modules
from stigmem_review.host import node
from stigmem_review.interpret.readout import Raised, Reading, read
from stigmem_review.model import Known, OneOf

HEAD = "import os, platform, sys\nfrom stigmem_node.plugins import PluginManifest\ncaps = set()\n"
TAIL = (
    "def plugin_manifest():\n"
    "    return PluginManifest(name='acme-x', version='1.0.0', capabilities=caps)\n"
)
ADD = "caps.add('facts.read')"


def reading(source: str, more: dict[str, str] | None = None) -> Reading:
    files = {"acme/__init__.py": "", "acme/plugin.py": source, **(more or {})}
    data = {path: text.encode() for path, text in files.items()}
    return read("acme.plugin:plugin_manifest", Modules(data), node())


def conditions(body: str) -> dict[str, tuple[str, ...]]:
    found = reading(f"{HEAD}{body}\n{TAIL}").fields["capabilities"]
    assert isinstance(found, OneOf)
    return {" ".join(each.value): each.conditions for each in found.outcomes}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("test", "yes", "no"),
    [
        ("'ACME_A' in os.environ", "ACME_A is set", "ACME_A is not set"),
        ("os.environ.get('ACME_A') is not None", "ACME_A is set", "ACME_A is not set"),
        (
            "os.environ.get('ACME_A')",
            "ACME_A is set and not empty",
            "ACME_A is not set or is empty",
        ),
        ("os.getenv('ACME_A', '')", "ACME_A is set and not empty", "ACME_A is not set or is empty"),
        (
            "os.getenv('ACME_A', '1')",
            "ACME_A is not set or is not empty",
            "ACME_A is set but empty",
        ),
        (
            "'ACME_A' not in os.environ or os.getenv('ACME_A', '')",
            "ACME_A is not set or is not empty",
            "ACME_A is set but empty",
        ),
        (
            "os.environ.get('ACME_A', '').strip()",
            "ACME_A is not blank (default '')",
            "ACME_A is blank (default '')",
        ),
        (
            "os.environ.get('ACME_A', '').lower()",
            "ACME_A in lower case is not empty (default '')",
            "ACME_A in lower case is empty (default '')",
        ),
        ("os.getenv('ACME_A') == '1'", "ACME_A is '1'", "ACME_A is not '1'"),
        (
            "os.environ.get('ACME_MODE', 'normal') == 'strict'",
            "ACME_MODE is 'strict' (default 'normal')",
            "ACME_MODE is not 'strict' (default 'normal')",
        ),
        (
            "os.environ.get('ACME_A', '0').strip().lower() in {'1', 'true'}",
            "ACME_A in lower case is one of '1', 'true' (default '0')",
            "ACME_A in lower case is not one of '1', 'true' (default '0')",
        ),
        (
            "os.environ.get('ACME_A', '').startswith('x-')",
            "ACME_A starts with 'x-' (default '')",
            "ACME_A does not start with 'x-' (default '')",
        ),
        ("sys.platform == 'win32'", "the node runs on Windows", "the node does not run on Windows"),
        ("os.name == 'nt'", "the node runs on Windows", "the node does not run on Windows"),
        (
            "sys.platform.startswith('linux')",
            "the node runs on Linux",
            "the node does not run on Linux",
        ),
        (
            "platform.system() == 'Darwin'",
            "the node runs on macOS",
            "the node does not run on macOS",
        ),
        (
            "sys.version_info >= (3, 12)",
            "the node's Python is at least 3.12",
            "the node's Python is not at least 3.12",
        ),
    ],
)
def test_a_condition_says_what_has_to_be_so(test: str, yes: str, no: str) -> None:
    assert conditions(f"if {test}: {ADD}") == {"facts.read": (yes,), "": (no,)}


def test_both_halves_of_a_comparison_are_told() -> None:
    found = conditions(f"if 1 <= int(os.environ.get('ACME_N', '3')) < 5:\n    {ADD}")
    assert found["facts.read"] == (
        "ACME_N as a number is at least 1 (default '3')",
        "ACME_N as a number is less than 5 (default '3')",
        "ACME_N is a whole number (default '3')",
    )


def test_a_path_that_decides_is_named() -> None:
    found = conditions(f"if os.path.exists('/etc/acme'):\n    {ADD}")
    assert found == {
        "facts.read": ("'/etc/acme' is on the node's machine",),
        "": ("'/etc/acme' is not on the node's machine",),
    }


def test_a_path_can_be_there_the_next_time() -> None:
    found = conditions(
        "there = os.path.exists('/etc/acme')\n"
        f"if there or os.path.exists('/etc/acme'):\n    {ADD}\n"
        "if not there and os.path.exists('/etc/acme'):\n    caps.add('recall.read')"
    )
    assert "facts.read recall.read" in found


def test_a_package_that_need_not_be_there_is_named() -> None:
    body = f"try:\n    import numpy\nexcept ImportError:\n    pass\nelse:\n    {ADD}"
    assert conditions(body) == {
        "facts.read": ("numpy is installed",),
        "": ("numpy is not installed",),
    }


def test_what_is_left_after_several_conditions_is_said_as_well() -> None:
    body = (
        "mode = os.environ.get('ACME_MODE', 'read')\n"
        "if mode == 'read': caps.add('facts.read')\n"
        "elif mode == 'write': caps.add('facts.write')"
    )
    assert conditions(body) == {
        "facts.read": ("ACME_MODE is 'read' (default 'read')",),
        "facts.write": ("ACME_MODE is 'write' (default 'read')",),
        "": (
            "ACME_MODE is not 'read' (default 'read')",
            "ACME_MODE is not 'write' (default 'read')",
        ),
    }


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "if os.environ.get('ACME_A', '1') == '1': caps.add('facts.read')\n"
            "if os.environ.get('ACME_A', '0') == '1': caps.add('audit.emit')",
            {
                "audit.emit facts.read": ("ACME_A is '1'",),
                "facts.read": ("ACME_A is not set",),
                "": ("ACME_A is not '1'", "ACME_A is set"),
            },
        ),
        (
            "if os.environ.get('ACME_A', '1'): caps.add('facts.read')\n"
            "if not os.environ.get('ACME_A'): caps.add('audit.emit')",
            {
                "facts.read": ("ACME_A is set and not empty",),
                "audit.emit facts.read": ("ACME_A is not set",),
                "audit.emit": ("ACME_A is set but empty",),
            },
        ),
        (
            "v = os.environ.get('ACME_A')\n"
            "if v is not None and v.lower() not in ('', 'no'): caps.add('facts.read')",
            {
                "": ("ACME_A is not set or ACME_A in lower case is one of '', 'no'",),
                "facts.read": (
                    "ACME_A in lower case is not ''",
                    "ACME_A in lower case is not 'no'",
                    "ACME_A is set",
                ),
            },
        ),
    ],
    ids=["two defaults", "a default, and none", "lower case of what is not set"],
)
def test_nothing_is_said_of_a_variable_that_is_false_where_it_is_not_set(
    body: str, said: dict[str, tuple[str, ...]]
) -> None:
    assert conditions(body) == said


@pytest.mark.parametrize(
    ("test", "yes"),
    [
        ("os.getenv('ACME_A', '').replace('-', '') == 'x'", "what the code makes of ACME_A is 'x'"),
        ("os.getenv('ACME_A', '') + 'y' == 'xy'", "what the code makes of ACME_A is 'xy'"),
        ("os.getenv('ACME_A', '').strip() == 'x'", "ACME_A is 'x'"),
        ("len(os.getenv('ACME_A', '')) > 3", "the length of ACME_A is more than 3"),
    ],
)
def test_a_variable_is_not_said_to_be_what_is_made_of_it(test: str, yes: str) -> None:
    assert conditions(f"if {test}: {ADD}")["facts.read"] == (f"{yes} (default '')",)


def test_a_variable_that_another_one_names_is_not_taken_for_that() -> None:
    named = "the variable that ACME_A names"
    assert conditions(f"name = os.environ['ACME_A']\nif name in os.environ: {ADD}") == {
        "facts.read": (f"{named} is set",),
        "": (f"{named} is not set",),
    }
    assert conditions(f"name = os.environ['ACME_A']\nif os.getenv(name): {ADD}") == {
        "facts.read": (f"{named} is set and not empty",),
        "": (f"{named} is not set or is empty",),
    }


def test_of_a_variable_that_the_code_may_have_set_that_is_said() -> None:
    body = f"os.environ.update(ACME_A='1')\nif os.getenv('ACME_A') == '1': {ADD}"
    assert conditions(body)["facts.read"] == ("ACME_A (perhaps set by the code) is '1'",)


def test_what_the_code_sets_a_variable_to_is_what_it_gets() -> None:
    body = (
        "os.environ['ACME_A'] = os.environ.get('ACME_B', 'q')\n"
        f"if os.environ['ACME_A'] == '1': {ADD}"
    )
    assert conditions(body)["facts.read"] == ("ACME_B is '1' (default 'q')",)


def test_a_variable_that_the_code_takes_away_is_not_there() -> None:
    body = f"os.environ.pop('ACME_A', None)\nif 'ACME_A' in os.environ: {ADD}"
    found = reading(f"{HEAD}{body}\n{TAIL}").fields["capabilities"]
    assert isinstance(found, Known)
    assert found.value == ()


def test_what_is_one_of_several_texts_is_said_once() -> None:
    body = f"if os.environ.get('ACME_A', 'x') in ('b', 'a'): {ADD}"
    assert conditions(body)["facts.read"] == ("ACME_A is one of 'a', 'b' (default 'x')",)


def test_one_system_is_one_condition_however_it_is_asked_for() -> None:
    body = f"if sys.platform == 'win32': {ADD}\nif os.name == 'nt': caps.add('audit.emit')"
    assert conditions(body) == {
        "audit.emit facts.read": ("the node runs on Windows",),
        "": ("the node does not run on Windows",),
    }


def test_independent_conditions_are_said_for_each_value() -> None:
    body = f"if os.getenv('ACME_A') == '1': {ADD}\nif os.getenv('ACME_B'): caps.add('audit.emit')"
    assert conditions(body)["facts.read"] == ("ACME_A is '1'", "ACME_B is not set or is empty")


REFUSED: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "a variable that is not set": (
        "import os\nTOKEN = os.environ['ACME_TOKEN']\n",
        {},
        {"kind": "KeyError", "conditions": ("ACME_TOKEN is not set",), "message": "ACME_TOKEN"},
    ),
    "no number": (
        "import os\n\nN = int(os.environ.get('ACME_N', '4'))\n",
        {},
        {
            "kind": "ValueError",
            "conditions": ("ACME_N is not a whole number (default '4')",),
            "line": 3,
        },
    ),
    "its own words": (
        "def plugin_manifest():\n    raise RuntimeError('no %s' % 'way')\n",
        {},
        {"kind": "RuntimeError", "message": "no way", "line": 2},
    ),
    "a class of its own": (
        "class Odd(Exception): pass\nraise Odd('x')\n",
        {},
        {"kind": "Odd", "message": "x", "line": 2},
    ),
    "code that does not compile": (
        "from . import other\n",
        {"acme/other.py": "x = 1\ndef f(a, a): pass\n"},
        {
            "kind": "SyntaxError",
            "message": "duplicate argument 'a' in function definition (other.py, line 2)",
            "path": "acme/other.py",
            "line": 2,
        },
    ),
    "a module that is not there": (
        "from .missing import x\n",
        {},
        {"kind": "ModuleNotFoundError", "message": "No module named 'acme.missing'", "line": 1},
    ),
    "a package that need not be there": (
        "import numpy\n",
        {},
        {"kind": "ModuleNotFoundError", "conditions": ("numpy is not installed",)},
    ),
    "a circular import": (
        "from acme.other import a\nb = 1\n",
        {"acme/other.py": "from acme.plugin import b\na = 1\n"},
        {"kind": "ImportError", "path": "acme/other.py", "line": 1},
    ),
    "a name that is not bound": ("x = y\n", {}, {"kind": "NameError", "line": 1}),
    "a keyword twice": (
        "from stigmem_node.plugins import PluginManifest\ndef plugin_manifest():\n"
        "    return PluginManifest(name='acme-x', version='1.0.0', **{'name': 'acme-y'})\n",
        {},
        {"kind": "TypeError", "line": 3},
    ),
    "a file that is not there": (
        "from pathlib import Path\nX = (Path(__file__).parent / 'no.txt').read_text()\n",
        {},
        {"kind": "FileNotFoundError", "conditions": ("acme/no.txt is not there",), "line": 2},
    ),
    "an exit": ("import sys\nsys.exit(3)\n", {}, {"kind": "SystemExit", "message": "3"}),
    "what the host refuses": (
        "from stigmem_node.plugins import PluginManifest\n"
        "def plugin_manifest():\n    return PluginManifest(name='Acme', version='1.0.0')\n",
        {},
        {"kind": "ValidationError", "line": 3},
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_has_its_class_message_place_and_condition(case: str) -> None:
    source, more, wanted = REFUSED[case]
    raised = [_told(each) for each in reading(source, more).raised]
    assert [each for each in raised if wanted.items() <= each.items()], raised


def _told(raised: Raised) -> dict[str, Any]:
    return {
        "kind": raised.kind,
        "conditions": raised.conditions,
        "message": raised.message,
        "path": raised.at.path if raised.at else "",
        "line": raised.at.line if raised.at else 0,
    }
