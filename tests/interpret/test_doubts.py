"""What may raise where nothing catches it."""

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
    return [(e.why, e.phase) for e in program.machine.noted if isinstance(e, Doubt)]


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
    why = f"whether {api}() raises is not known"
    assert (why, "import") in doubts(code)
    assert (why, "factory") in doubts("", code)
    assert doubts(f"try:\n    {code}\nexcept Exception:\n    pass") == []
    assert doubts(f"def later():\n    {code}") == []


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("from fastapi import APIRoute", "whether fastapi has APIRoute is not known"),
        ("import fastapi; fastapi.APIRoute", "whether fastapi has APIRoute is not known"),
        ("import httpx.asynchronous", "whether httpx has asynchronous is not known"),
        ("from pydantic.main import Nothing", "whether pydantic.main has Nothing is not known"),
        ("import contextvars; contextvars.ContextVar('a').get()",
         "whether a context variable is set is not known"),
        ("class Made(type):\n    def __new__(*given):\n        raise TypeError\n"
         "class Part(metaclass=Made): ...", "whether Made makes its classes is not known"),
        ("import enum\nclass Kind(enum.Enum):\n    ONE = 1\n    ONE = 2",
         "whether Kind names a member twice is not known"),
        ("from pydantic import BaseModel, Field\nclass Settings(BaseModel):\n"
         "    key: str = Field('', pattern='a')\nSettings(key='b')",
         "whether Settings takes what it is given for key is not known"),
    ],
)  # fmt: skip
def test_what_may_not_be_there_or_not_be_taken_is(code: str, why: str) -> None:
    assert doubts(code) == [(why, "import")]


@pytest.mark.parametrize(
    "code",
    [
        "from fastapi import APIRouter, Depends; import fastapi.routing; fastapi.routing.APIRoute",
        "from httpx._client import Client",
        "from pydantic.v1 import BaseSettings",
        "from pydantic.json import pydantic_encoder",
        "try:\n    from fastapi import APIRoute\nexcept ImportError:\n    APIRoute = None",
        "from contextvars import ContextVar; ContextVar('a', default=1).get()",
        "from contextvars import ContextVar; ContextVar('a').get(None)",
        "class Single(type):\n    def __call__(cls): ...\nclass Part(metaclass=Single): ...",
        "import logging; LOG = logging.getLogger(__name__)",
        "import re; WORD = re.compile(r'[a-z]+')",
        "import re; NAME = re.sub('[^a-z]+', '-', 'Acme notes', flags=re.I | re.M)",
        "import threading; LOCK = threading.Lock()",
        "import queue; WAITING = queue.Queue(10)",
        "import logging; SHOWN = logging.Formatter('%(levelname)s %(message)s')",
        "import asyncio; AT_ONCE = asyncio.Semaphore(4)",
        "from concurrent.futures import ThreadPoolExecutor; ThreadPoolExecutor(2)",
        "import atexit; atexit.register(print)",
        "import os; HOME = os.path.expanduser('~/.acme')",
        "import datetime; DAY = datetime.timedelta(days=1)",
        "import structlog; LOG = structlog.get_logger('acme')",
        "print('loaded')",
    ],
)
def test_what_people_write_is_not(code: str) -> None:
    assert doubts(code) == []
