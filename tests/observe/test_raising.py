"""Where the factory of a plugin stops the node."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stigmem_review import host, review
from stigmem_review.interpret.program import Programs
from stigmem_review.observe.raising import factory_raises
from stigmem_review.pipeline.reading import read
from stigmem_review.sources.request import understand
from support.plugins import plugin, write_wheel

SETTINGS = """\
import os


class Settings:
    def __init__(self, limit, key):
        if not key:
            raise ValueError("a key is needed")
        self.limit = limit


def load():
    try:
        again = int(os.environ.get("DEMO_AGAIN"))
    except ValueError:
        again = 0
    return Settings(int(os.environ.get("DEMO_LIMIT", "1")), os.environ.get("DEMO_KEY"))


def unused():
    raise RuntimeError
"""
HANDLERS = """\
def audit(ctx, **_):
    raise LookupError("only when the hook fires")
"""


def files(settings: str) -> dict[str, str]:
    source = plugin(settings=settings, handlers=HANDLERS)
    start = "def plugin_manifest():\n"
    manifest = source["demo_plugin/manifest.py"]
    source["demo_plugin/manifest.py"] = "from .settings import load\n" + manifest.replace(
        start, f"{start}    load()\n"
    )
    return source


def observed(new: str, folder: Path) -> list[str]:
    """Return what is seen of a release by itself, whatever a report makes of it."""
    release = read(understand(str(write_wheel(folder, files(new)))), host.node())
    found = [each for each in release.observed if each.kind == "factory-raises"]
    return sorted(f"{each.item} at {each.at}" for each in found)


def said(old: str, new: str, folder: Path) -> list[str]:
    before = str(write_wheel(folder / "old", files(old)))
    report = review(before, str(write_wheel(folder / "new", files(new))))
    found = [each for each in report.findings if each.rule == "SPR806"]
    return sorted(f"{each.item} at {each.at}" for each in found)


def test_what_it_calls_and_under_which_condition(tmp_path: Path) -> None:
    assert observed(SETTINGS, tmp_path) == [
        "raises TypeError where DEMO_AGAIN is not set at demo_plugin/settings.py:13",
        "raises ValueError where DEMO_KEY is not set or is empty at demo_plugin/settings.py:7",
        "raises ValueError where DEMO_LIMIT is not a whole number (default '1') "
        "at demo_plugin/settings.py:16",
    ]


# What is said to raise, with variables by which it does, and variables by which all goes well.
RAISES: dict[str, tuple[str, dict[str, dict[str, str]], dict[str, str]]] = {
    "a variable that is not set": (
        "key = os.environ['DEMO_KEY']",
        {"raises KeyError where DEMO_KEY is not set": {}},
        {"DEMO_KEY": "x"},
    ),
    "a variable that is there, and empty": (
        "if not os.environ['DEMO_KEY']:\n    raise ValueError",
        {
            "raises KeyError where DEMO_KEY is not set": {},
            "raises ValueError where DEMO_KEY is set but empty": {"DEMO_KEY": ""},
        },
        {"DEMO_KEY": "x"},
    ),
    "a number": (
        "limit = int(os.environ.get('DEMO_LIMIT', '5'))",
        {
            "raises ValueError where DEMO_LIMIT is not a whole number (default '5')": {
                "DEMO_LIMIT": "x"
            }
        },
        {},
    ),
    "a number in a range": (
        "limit = int(os.environ.get('DEMO_LIMIT', '5'))\nassert limit > 3",
        {
            "raises ValueError where DEMO_LIMIT is not a whole number (default '5')": {
                "DEMO_LIMIT": "x"
            },
            "raises AssertionError where DEMO_LIMIT as a number is not more than 3 (default '5') "
            "and DEMO_LIMIT is a whole number (default '5')": {"DEMO_LIMIT": "3"},
        },
        {"DEMO_LIMIT": "4"},
    ),
    "one of some words": (
        "if os.environ.get('DEMO_MODE', 'a') not in ('a', 'b'):\n    raise ValueError",
        {
            "raises ValueError where DEMO_MODE is not 'a' (default 'a') and DEMO_MODE is not 'b' "
            "(default 'a')": {"DEMO_MODE": "c"}
        },
        {"DEMO_MODE": "b"},
    ),
    "the start of a text": (
        "if not os.environ.get('DEMO_URL', 'https://').startswith('https://'):\n"
        "    raise ValueError",
        {
            "raises ValueError where DEMO_URL does not start with 'https://' (default "
            "'https://')": {"DEMO_URL": "http://"}
        },
        {"DEMO_URL": "https://x"},
    ),
    "what cannot be said but as it is written": (
        "limit = int(os.environ.get('DEMO_LIMIT', '4'))\nif limit % 2:\n    raise LookupError",
        {
            "raises ValueError where DEMO_LIMIT is not a whole number (default '4')": {
                "DEMO_LIMIT": "x"
            },
            "raises LookupError where limit % 2": {"DEMO_LIMIT": "3"},
        },
        {},
    ),
    "an exit": (
        "import sys\nif 'DEMO_OFF' in os.environ:\n    sys.exit(3)",
        {"raises SystemExit where DEMO_OFF is set": {"DEMO_OFF": ""}},
        {},
    ),
    "either of two": (
        "if os.environ.get('DEMO_A') == 'x' and not os.environ.get('DEMO_B'):\n"
        "    raise LookupError",
        {
            "raises LookupError where DEMO_A is 'x' and DEMO_B is not set or is empty": {
                "DEMO_A": "x"
            }
        },
        {"DEMO_A": "x", "DEMO_B": "x"},
    ),
    "an exception of its own": (
        "class Wrong(Exception): ...\ndef need(name):\n    if not os.environ.get(name):\n"
        "        raise Wrong(name)\nneed('DEMO_A')",
        {"raises Wrong where DEMO_A is not set or is empty": {}},
        {"DEMO_A": "x"},
    ),
    "one that is caught": (
        "try:\n    limit = int(os.environ['DEMO_LIMIT'])\nexcept (KeyError, ValueError):\n"
        "    limit = 1",
        {},
        {"DEMO_LIMIT": "x"},
    ),
    "one that is caught and another": (
        "try:\n    limit = int(os.environ['DEMO_LIMIT'])\nexcept KeyError:\n    limit = 1",
        {
            "raises ValueError where DEMO_LIMIT is not a whole number and DEMO_LIMIT is set": {
                "DEMO_LIMIT": "x"
            }
        },
        {},
    ),
    "a generator that catches something else": (
        "def steps():\n"
        "    try:\n"
        "        yield 1\n"
        "        yield int(os.environ['DEMO_LIMIT'])\n"
        "    except KeyError:\n"
        "        yield 2\n"
        "total = {each: sum(steps()) for each in list(steps())}",
        {
            "raises ValueError where DEMO_LIMIT is not a whole number and DEMO_LIMIT is set": {
                "DEMO_LIMIT": "x"
            }
        },
        {},
    ),
    "more than are kept apart": (
        "".join(f"int(os.environ.get('DEMO_{n}', '1'))\n" for n in range(11))
        + "os.environ['DEMO_A']\nos.environ['DEMO_B']\nos.environ['DEMO_C']",
        {
            **{
                f"raises ValueError where DEMO_{n} is not a whole number (default '1')": {
                    f"DEMO_{n}": "x"
                }
                for n in range(11)
            },
            "raises KeyError where DEMO_A is not set": {},
            "raises KeyError where DEMO_B is not set": {"DEMO_A": "x"},
            "raises KeyError where DEMO_C is not set": {"DEMO_A": "x", "DEMO_B": "x"},
        },
        {"DEMO_A": "x", "DEMO_B": "x", "DEMO_C": "x"},
    ),
}


@pytest.mark.parametrize("case", RAISES)
def test_which_variables_stop_the_node(case: str) -> None:
    code, expected, fine = RAISES[case]
    body = "import os\n\n\ndef load():\n" + "".join(f"    {line}\n" for line in code.split("\n"))
    data = {path: text.encode() for path, text in files(body).items()}
    program = Programs().get("demo_plugin:plugin_manifest", data, {}, host.node())
    assert {each.item for each in factory_raises([program])} == {*expected}
    for says, environment in expected.items():
        assert raised(body, environment) in says.split()
    assert raised(body, fine) == ""


def raised(body: str, environment: dict[str, str]) -> str:
    """Return the class of what is raised when Python itself runs a module's ``load``."""
    run = f"{body}\n\ntry:\n    load()\nexcept BaseException as error:\n"
    run += "    print(type(error).__name__)\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", run],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_what_raises_at_import(tmp_path: Path) -> None:
    code = "import os\nif os.environ['DEMO_A'] == 'x':\n    raise RuntimeError\ndef load(): ...\n"
    assert observed(code, tmp_path) == [
        "raises KeyError where DEMO_A is not set at demo_plugin/settings.py:2",
        "raises RuntimeError where DEMO_A is 'x' at demo_plugin/settings.py:3",
    ]


def test_what_always_raises(tmp_path: Path) -> None:
    assert observed("def load():\n    raise LookupError\n", tmp_path) == [
        "raises LookupError at demo_plugin/settings.py:2"
    ]


def test_only_what_is_new(tmp_path: Path) -> None:
    assert said(SETTINGS, SETTINGS + "\n# nothing else\n", tmp_path) == []
    worse = SETTINGS.replace("if not key:", "if not key or limit > 9:")
    assert said(SETTINGS, worse, tmp_path) == [
        "raises ValueError where DEMO_KEY is not set or is empty or DEMO_LIMIT as a number is "
        "more than 9 (default '1') and DEMO_LIMIT is a whole number (default '1') "
        "at demo_plugin/settings.py:7"
    ]
