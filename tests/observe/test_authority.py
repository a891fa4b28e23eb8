"""What code reaches by itself, and what of that a review says."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import check, host, review
from stigmem_review.document import Report
from stigmem_review.model import Observation
from stigmem_review.pipeline.reading import read
from stigmem_review.sources.request import understand
from support.plugins import plugin, write_wheel


def observed(code: str, folder: Path, **more: bytes) -> list[Observation]:
    extra = {f"demo_plugin/{name.replace('__', '.')}": data for name, data in more.items()}
    wheel = write_wheel(folder, plugin(more=code), extra=extra)
    return list(read(understand(str(wheel)), host.node()).observed)


def items(code: str, folder: Path, kind: str = "authority") -> list[str]:
    return [each.item for each in observed(code, folder) if each.kind == kind]


REACHES = {
    "a module": ("import socket\ndef f(): socket.create_connection(('h', 1))", "network: socket"),
    "a renamed module": ("import socket as s\ndef f(): s.socket()", "network: socket"),
    "a name out of it": (
        "from urllib.request import urlopen\ndef f(): urlopen('u')",
        "network: urllib.request",
    ),
    "a part of a package": (
        "import urllib.request\ndef f(): urllib.request.urlopen('u')",
        "network: urllib.request",
    ),
    "a library": ("import httpx\ndef f(): return httpx.Client()", "network: httpx"),
    "an import in a function": (
        "def f():\n    import subprocess\n    subprocess.run([])",
        "process: subprocess",
    ),
    "a part of os": ("import os\ndef f(): os.system('x')", "process: os.system"),
    "a name out of os": ("from os import execv as go\ndef f(): go('x', [])", "process: os.execv"),
    "a constant in getattr": (
        "import os\ndef f(): getattr(os, 'system')('x')",
        "process: os.system",
    ),
    "__import__": ("def f(): __import__('os').system('x')", "process: os.system"),
    "import_module": (
        "import importlib\ndef f(): importlib.import_module('socket').socket()",
        "network: socket",
    ),
    "an alias": ("import os\no = os\ndef f(): o.popen('x')", "process: os.popen"),
    "a method of a path": (
        "from pathlib import Path\ndef f(p): Path(p).write_text('x')",
        "files: .write_text",
    ),
    "open": ("def f(): open('x')", "files: builtins.open"),
    "the environment": ("import os\ndef f(): return os.environ['X']", "environment: os.environ"),
    "native code": ("import ctypes\ndef f(): ctypes.CDLL('x')", "native code: ctypes"),
    "eval": ("def f(x): return eval(x)", "dynamic code: builtins.eval"),
    "pickle": ("import pickle\ndef f(x): return pickle.loads(x)", "dynamic code: pickle"),
    "a thread": ("import threading\ndef f(): threading.Thread(target=f)", "threads: threading"),
    "a patch": ("import json\ndef f(): json.loads = None", "monkeypatching: assigning json.loads"),
    "sys.modules": ("import sys\ndef f(): sys.modules['x'] = None", "monkeypatching: sys.modules"),
    "the host": ("from stigmem_node.db import connection", "host internals: stigmem_node.db"),
    "a module of the host": (
        "from stigmem_node import settings",
        "host internals: stigmem_node.settings",
    ),
    "its registry": (
        "from stigmem_node.plugins import get_registry",
        "host internals: stigmem_node.plugins.get_registry",
    ),
    "past the context": ("def f(ctx): return ctx._core_apis", "host internals: ._core_apis"),
    "a database": ("import sqlite3\ndef f(): sqlite3.connect('x')", "databases: sqlite3"),
}


@pytest.mark.parametrize(("code", "item"), REACHES.values(), ids=REACHES)
def test_what_it_reaches(code: str, item: str, tmp_path: Path) -> None:
    assert item in items(code + "\n", tmp_path)


QUIET = {
    "an unused import": "import socket\n",
    "what only type checkers see": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
    "    import socket\n"
    "    from stigmem_node.db import connection\n",
    "its own function of that name": "def open(x): return x\nopen(1)\n",
    "another object's attribute": "def f(self): self.system = self.socket.kind\n",
    "harmless parts of os": "import os\nx = os.path.join('a', os.sep)\n",
    "what is for plugins": "from stigmem_node.plugins import Allow, Deny, Migration\n"
    "from stigmem_node.plugins.capabilities import Capability\n",
    "text": "x = 'import socket; os.system(1)'\n",
}


@pytest.mark.parametrize("code", QUIET.values(), ids=QUIET)
def test_what_is_no_authority(code: str, tmp_path: Path) -> None:
    assert items(code, tmp_path) == []


def test_only_what_runs_at_import_is_early(tmp_path: Path) -> None:
    code = (
        "import subprocess, os\nclass C:\n    subprocess.run(['x'])\n"
        "def f(x=os.system('y')):\n    subprocess.Popen('z')\n"
        "ENV = os.environ.get('X')\nthen = lambda: os.fork()\n"
    )
    assert items(code, tmp_path, "early-effect") == ["process: os.system", "process: subprocess"]


def upgrade(folder: Path, old: str, new: str, **more: object) -> Report:
    before = write_wheel(folder / "old", plugin(more=old))
    files = plugin(version="1.1.0", more=new, **more)  # type: ignore[arg-type]
    return review(str(before), str(write_wheel(folder / "new", files, version="1.1.0")))


def found(report: Report) -> list[tuple[str, str, str]]:
    return [(each.name, each.level, each.item) for each in report.findings]


ONLINE = "import httpx\ndef f(): return httpx.get('u')\n"


def test_new_network_code_is_worst_when_it_is_not_declared(tmp_path: Path) -> None:
    assert found(upgrade(tmp_path, "", ONLINE)) == [("authority-used", "error", "network: httpx")]


def test_what_was_there_before_is_no_finding(tmp_path: Path) -> None:
    report = upgrade(tmp_path, ONLINE, "# moved\n" + ONLINE)
    assert found(report) == []
    assert [each.what for each in report.already] == ["authority-used"]


def test_work_at_import_is_a_finding_of_its_own(tmp_path: Path) -> None:
    report = upgrade(tmp_path, "", "import subprocess\nsubprocess.run(['x'])\n")
    assert ("early-effect", "error", "process: subprocess") in found(report)
    [early] = [each for each in report.findings if each.name == "early-effect"]
    assert str(early.at) == "demo_plugin/more.py:2"


def test_its_author_is_not_told_what_it_does(tmp_path: Path) -> None:
    assert check(str(write_wheel(tmp_path, plugin(more=ONLINE)))).checked[0].mistakes == ()


ASKS = {
    "directly": "def f(ctx): return ctx.get_facts_writer()\n",
    "through a variable": "def f(ctx):\n    c = ctx\n    return c.get_facts_writer()\n",
    "through a helper": "def g(c): return c.get_facts_writer\ndef f(ctx): return g(ctx)()\n",
    "by a constant": "def f(ctx): return getattr(ctx, 'get_facts_writer')()\n",
}


@pytest.mark.parametrize("code", ASKS.values(), ids=ASKS)
def test_an_interface_that_is_not_declared(code: str, tmp_path: Path) -> None:
    report = upgrade(tmp_path, "", code)
    assert found(report) == [("accessor-undeclared", "warning", "facts.write")]
    [mistake] = check(str(write_wheel(tmp_path, plugin(more=code)))).checked[0].mistakes
    assert mistake.finding.name == "accessor-undeclared"


def test_a_capability_that_nothing_uses(tmp_path: Path) -> None:
    gains = ("audit.emit", "facts.read")
    report = upgrade(tmp_path, "", "", capabilities=gains)
    assert ("capability-unused", "note", "audit.emit") in found(report)
    uses = "def f(ctx): return ctx.get_audit_emitter()\n"
    names = [name for name, _, _ in found(upgrade(tmp_path, "", uses, capabilities=gains))]
    assert "capability-unused" not in names


ODD = {
    "a native module": ("fast.cpython-311-x86_64-linux-gnu.so", b"\x7fELF", "warning"),
    "a native library by its content": ("icon.png", b"\x7fELF...", "warning"),
    "bytecode": ("gone.pyc", b"\x00\x00", "warning"),
    "an archive": ("data.txt", b"PK\x03\x04", "warning"),
    "binary data": ("model.bin", b"\x00\x01", "warning"),
    "source that nobody can read": ("later.py", b"def f(:\n", "warning"),
}


@pytest.mark.parametrize(("name", "data", "level"), ODD.values(), ids=ODD)
def test_files_that_are_no_source(name: str, data: bytes, level: str, tmp_path: Path) -> None:
    old = write_wheel(tmp_path / "old", plugin())
    new = plugin(version="1.1.0")
    extra = {f"demo_plugin/{name}": data}
    report = review(str(old), str(write_wheel(tmp_path / "new", new, version="1.1.0", extra=extra)))
    assert found(report) == [("file-odd", level, f"demo_plugin/{name}")]


def test_data_in_text_is_no_finding(tmp_path: Path) -> None:
    old = write_wheel(tmp_path / "old", plugin())
    extra = {
        "demo_plugin/schema.json": b"{}",
        "demo_plugin/py.typed": b"",
        "demo_plugin/a.sql": b"",
    }
    new = write_wheel(tmp_path / "new", plugin(version="1.1.0"), version="1.1.0", extra=extra)
    assert found(review(str(old), str(new))) == []
