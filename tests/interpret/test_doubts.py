"""Calls of others that may raise where nothing catches it."""

from __future__ import annotations

import pytest

from stigmem_review.code.modules import Modules
from stigmem_review.host import node
from stigmem_review.interpret.doubts import Doubt
from stigmem_review.interpret.program import Program

END = """
def plugin_manifest():
    {late}
    return PluginManifest(name="acme-notes", version="1.0.0")
"""


def doubts(early: str, late: str = "pass") -> list[tuple[str, str]]:
    code = f"from stigmem_node.plugins import PluginManifest\n{early}\n" + END.format(late=late)
    program = Program("demo:plugin_manifest", Modules({"demo.py": code.encode()}), node())
    program.make()
    assert program.made is not None
    return [(e.api, e.phase) for e in program.machine.noted if isinstance(e, Doubt)]


@pytest.mark.parametrize(
    ("code", "api"),
    [
        ("import os; os.listdir('/etc/acme')", "os.listdir"),
        ("import sqlite3; sqlite3.connect('/var/acme.db')", "sqlite3.connect"),
        ("import subprocess; subprocess.run(['acme'])", "subprocess.run"),
        ("import collections; collections.deque(5)", "collections.deque"),
        ("import heapq; heapq.heappush(5, 5)", "heapq.heappush"),
        ("import re; re.compile('a').findall(5)", "re.compile.findall"),
    ],
)
def test_what_may_raise_is_in_doubt(code: str, api: str) -> None:
    assert (api, "import") in doubts(code)
    assert (api, "factory") in doubts("", code)
    assert doubts(f"try:\n    {code}\nexcept Exception:\n    pass") == []
    assert doubts(f"def later():\n    {code}") == []


@pytest.mark.parametrize(
    "code",
    [
        "import logging; LOG = logging.getLogger(__name__)",
        "import re; WORD = re.compile(r'[a-z]+')",
        "import threading; LOCK = threading.Lock()",
        "import queue; WAITING = queue.Queue()",
        "import atexit; atexit.register(print)",
        "import os; HOME = os.path.expanduser('~/.acme')",
        "import datetime; DAY = datetime.timedelta(days=1)",
        "import structlog; LOG = structlog.get_logger('acme')",
        "print('loaded')",
    ],
)
def test_what_people_write_is_not(code: str) -> None:
    assert doubts(code) == []
