"""What code reaches by itself, and what of that a review says."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from stigmem_review import check, host, limits, review
from stigmem_review.document.parts import Report
from stigmem_review.model import UNIMPORTED, Act
from stigmem_review.pipeline.reading import read
from stigmem_review.report import render
from stigmem_review.sources.request import understand
from stigmem_review.text import flat
from support.plugins import plugin, write_wheel


def acts(code: str, folder: Path) -> list[Act]:
    wheel = write_wheel(folder, plugin(more=code))
    return list(read(understand(str(wheel)), host.node()).behaviour)


def items(code: str, folder: Path, *, early: bool = False) -> list[str]:
    """Return what code does, or what it does where the module is imported."""
    found = acts(code, folder)
    return [f"{e.kind}: {e.api}" for e in found if not early or e.roots == (UNIMPORTED,)]


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
        "files written: .write_text",
    ),
    "open": ("def f(): open('x')", "files read: builtins.open"),
    "the environment": ("import os\ndef f(): return os.environ['X']", "environment: os.environ"),
    "native code": ("import ctypes\ndef f(): ctypes.CDLL('x')", "native code: ctypes"),
    "eval": ("def f(x): return eval(x)", "code: builtins.eval"),
    "pickle": ("import pickle\ndef f(x): return pickle.loads(x)", "code: pickle"),
    "a thread": (
        "import threading\ndef f(): threading.Thread(target=f)",
        "background: threading.Thread",
    ),
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
    "an alias in a function": (
        "import os\ndef f():\n    x = os\n    x.system('y')",
        "process: os.system",
    ),
    "an alias of an alias": ("import os\na = os\nb = a\ndef f(): b.fork()", "process: os.fork"),
    "one of several": ("import os, sys\na, b = os, sys\ndef f(): a.fork()", "process: os.fork"),
    "a default": ("import os\ndef f(o=os): o.fork()", "process: os.fork"),
    "one or the other": ("import os\ndef f(x): (os if x else x).fork()", "process: os.fork"),
    "an attribute": (
        "import os\nclass A:\n    def __init__(self): self.o = os\n    def f(self): self.o.fork()",
        "process: os.fork",
    ),
    "an attribute of a class": (
        "import os\nclass A:\n    o = os\ndef f(): A.o.fork()",
        "process: os.fork",
    ),
    "a module of a module": ("import shutil\ndef f(): shutil.os.fork()", "process: os.fork"),
    "what os is made of": ("import posix\ndef f(): posix.fork()", "process: os.fork"),
    "the second import of a name": (
        "try:\n    import json as j\nexcept ImportError:\n    import socket as j\nj.socket()",
        "network: socket",
    ),
    "every name of a module": ("from os import *\ndef f(): fork()", "process: os.fork"),
    "every name of a library": ("from subprocess import *\nrun([])\n", "process: subprocess"),
    "text put together": ("import os\ndef f(): getattr(os, 'fo' + 'rk')()", "process: os.fork"),
    "a module's name put together": (
        "def f(): __import__(f'so{\"cket\"}').socket()",
        "network: socket",
    ),
    "a constant's name": (
        "from importlib import import_module as load\nNAME = 'socket'\n"
        "def f(): load(NAME).socket()",
        "network: socket",
    ),
    "getattr in getattr": (
        "import os\ndef f(): getattr(getattr(os, 'path'), 'os').fork()",
        "process: os.fork",
    ),
    "a renamed getattr": ("import os\ng = getattr\ndef f(): g(os, 'fork')()", "process: os.fork"),
    "__dict__": ("import os\ndef f(): os.__dict__['fork']()", "process: os.fork"),
    "vars": ("import os\ndef f(): vars(os).get('fork')()", "process: os.fork"),
    "the table of modules": ("import sys\ndef f(): sys.modules['os'].fork()", "process: os.fork"),
    "globals": (
        "def f(x): globals()['__builtins__']['eval'](x)",
        "code: builtins.eval",
    ),
    "__builtins__": ("def f(x): __builtins__.eval(x)", "code: builtins.eval"),
    "a builtin under its own name": (
        "open = open\ndef f(): open('x')",
        "files read: builtins.open",
    ),
    "a builtin handed on": ("def f(x): return map(eval, x)", "code: builtins.eval"),
    "a decorator": (
        "import atexit\n@atexit.register\ndef f(): pass",
        "background: atexit.register",
    ),
    "a class made on the spot": (
        "def f(): type('', (), {}).__subclasses__()",
        "monkeypatching: .__subclasses__",
    ),
    "setattr": (
        "import json\ndef f(): setattr(json, 'loads', None)",
        "monkeypatching: assigning json.loads",
    ),
    "a path opened": (
        "from pathlib import Path\ndef f(x):\n    p = Path(x)\n    p.open('w')",
        "files written: pathlib.Path.open",
    ),
    "a module that is computed": (
        "import importlib\ndef f(n): importlib.import_module(n)",
        "computed: importlib.import_module",
    ),
    "a part that is computed": (
        "import os\ndef f(n): getattr(os, n)()",
        "computed: something computed in os",
    ),
    "a patch that is computed": (
        "import json\ndef f(n): setattr(json, n, 1)",
        "monkeypatching: assigning something computed in json",
    ),
    "a global that is computed": (
        "from os import system\ndef f(n): globals()[n]('id')",
        "process: os.system",
    ),
    "a builtin, by a global that is computed": (
        "def f(n, m): globals()[n][m]('x')",
        "computed: something computed in builtins",
    ),
    "a module handed on": ("import os\ndef f(g): g(os)", "computed: handing on os"),
    "a module handed to somebody": (
        "import os, acme_tools\ndef f(): acme_tools.run(os)",
        "computed: handing on os to acme_tools.run",
    ),
    "a module given back": (
        "import os\ndef g(): return os\ndef f(): g().fork()",
        "process: os.fork",
    ),
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
    "a name that stops being the import": "from acme import cfg\ncfg = cfg.copy()\ncfg.x = 1\n",
    "an import that may fail": "try:\n    import socket\nexcept ImportError:\n    socket = None\n",
    "its own module": "from demo_plugin import handlers\nhandlers.seen = 1\n",
    "a walk along objects": "def f(path):\n    path = path.parent\n    return path.name.get('x')\n",
    "an attribute of what it was given": "def f(x, n): return getattr(x, n), hasattr(x, 'y')\n",
    "what a library offers": "from acme import ST\ndef f(n): return getattr(ST, n, None)\n",
    "a module that is named": "import importlib\nx = importlib.import_module('json').loads\n",
    "a question": "import os, sys\nx = hasattr(os, 'fork') and sys.platform\n",
    "a class": "x = type('X', (Exception,), {})\n",
    "a result": "import json\ndef f():\n    x = json.loads('1')\n    x.y = 2\n",
    "a parameter of an alias's name": "import json\ndef f(): x = json.loads\ndef g(x): x.y = 1\n",
    "an attribute that gets what is imported": "import json\ndef f(x):\n    x.load = json.loads\n",
    "its own names": "from .handlers import *\nx = audit\n",
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
    assert items(code, tmp_path, early=True) == [
        "process: subprocess",
        "process: os.system",
        "environment: os.environ",
    ]


EARLY = {
    "a function that is called": "def f(): subprocess.run([])\ndef g(): f()\ng()\n",
    "a class that is made": "class C:\n    def __init__(self): subprocess.run([])\nC()\n",
    "a lambda that is called": "(lambda: subprocess.run([]))()\n",
    "a decorator of its own": "def f(x): subprocess.run([])\n@f\ndef g(): pass\n",
}


@pytest.mark.parametrize("code", EARLY.values(), ids=EARLY)
def test_what_the_import_calls_is_early_too(code: str, tmp_path: Path) -> None:
    code = f"import subprocess\n{code}"
    assert items(code, tmp_path, early=True) == ["process: subprocess"]


def test_a_name_that_another_file_of_the_release_gives(tmp_path: Path) -> None:
    files = plugin(
        compat="from subprocess import run as go\nimport os\n",
        between="from .compat import *\n",
        more="from . import between, compat\ndef f(): between.go([])\nx = compat.os.fork()\n",
    )
    wheel = write_wheel(tmp_path, files)
    found = read(understand(str(wheel)), host.node()).behaviour
    assert {(each.api, str(each.at)) for each in found} == {
        ("subprocess", "demo_plugin/more.py:2"),
        ("os.fork", "demo_plugin/more.py:3"),
    }


def hooked(code: str) -> str:
    """Return handlers of which one calls ``f``, if there is one."""
    does = "f()" if "def f(" in code else "return None"
    return f"{code}\ndef audit(ctx, **_):\n    {does}\n"


def upgrade(folder: Path, old: str, new: str, **more: object) -> Report:
    before = write_wheel(folder / "old", plugin(handlers=hooked(old)))
    files = plugin(version="1.1.0", handlers=hooked(new), **more)  # type: ignore[arg-type]
    return review(str(before), str(write_wheel(folder / "new", files, version="1.1.0")))


def found(report: Report) -> list[tuple[str, str, str]]:
    """Return all findings but that the code of a handler changed."""
    every = [(each.name, each.level, each.item) for each in report.findings]
    return [each for each in every if each[0] != "handler-changed"]


ONLINE = "import httpx\ndef f(): return httpx.get('u')\n"


def test_new_network_code_is_worst_when_it_is_not_declared(tmp_path: Path) -> None:
    assert found(upgrade(tmp_path, "", ONLINE)) == [("network-used", "error", "network")]


def test_what_was_there_before_is_no_finding(tmp_path: Path) -> None:
    report = upgrade(tmp_path, ONLINE, "# moved\n" + ONLINE)
    assert found(report) == []
    assert [(each.what, flat(each.says)) for each in report.code] == [
        ("network", "u at demo_plugin/handlers.py:3")
    ]
    assert [each.what for each in report.already] == ["not signed"]


def test_work_at_import_is_a_finding_of_its_own(tmp_path: Path) -> None:
    report = upgrade(tmp_path, "", "import subprocess\nsubprocess.run(['x'])\n")
    assert ("import-time-effect", "error", "process") in found(report)
    [early] = [each for each in report.findings if each.name == "import-time-effect"]
    assert str(early.at) == "demo_plugin/handlers.py:2"


def test_its_author_is_not_told_what_it_does(tmp_path: Path) -> None:
    assert check(str(write_wheel(tmp_path, plugin(more=ONLINE)))).checked[0].mistakes == ()


def test_one_finding_for_all_destinations_of_a_kind(tmp_path: Path) -> None:
    new = "import subprocess, os\ndef f(): subprocess.run(['git', 'log']), os.fork()\n"
    [finding] = [e for e in upgrade(tmp_path, "", new).findings if e.name == "code-run"]
    assert (finding.level, flat(finding.message)) == (
        "error",
        "Its code now starts or controls processes: os.fork, git log. It does so on every "
        "assertion (post_assert_audit).",
    )


def test_another_destination_is_news_of_that_one_only(tmp_path: Path) -> None:
    new = "import httpx\ndef f(): return httpx.get('u'), httpx.post('https://acme.example/x')\n"
    report = upgrade(tmp_path, ONLINE, new)
    [finding] = [each for each in report.findings if each.name == "network-used"]
    assert flat(finding.message) == (
        "Its code now also talks to acme.example, on every assertion (post_assert_audit). "
        "It does not declare network.outbound."
    )
    assert [flat(line.says) for line in report.code] == ["u at demo_plugin/handlers.py:2"]


def test_approval_of_one_way_is_none_of_another(tmp_path: Path) -> None:
    ways = ("import os\ndef f(): os.fork()\n", "import os\ndef f(): os.kill(1, 2)\n")
    found = [
        next(e for e in upgrade(tmp_path / str(n), "", way).findings if e.name == "code-run")
        for n, way in enumerate((*ways, f"# moved\n{ways[0]}"))
    ]
    assert len({each.fingerprint for each in found}) == 2


def test_nobody_says_what_an_unread_manifest_declares(tmp_path: Path) -> None:
    manifest = "def plugin_manifest():\n    return undecided()\n"
    new = write_wheel(tmp_path, plugin(handlers=hooked(ONLINE), manifest=manifest))
    [finding] = [each for each in review("none", str(new)).findings if each.item == "network"]
    assert flat(finding.message).startswith("Its code talks to u, ")
    assert "declare" not in flat(finding.message)


def test_against_a_capture_everything_is_listed_and_nothing_is_news(tmp_path: Path) -> None:
    new = write_wheel(tmp_path, plugin(handlers=hooked(ONLINE)))
    capture = tmp_path / "old.json"
    fields = {"name": "demo-plugin", "version": "1.0.0", "capabilities": ["facts.read"]}
    hooks = {"hooks": ["post_assert_audit"], "depends_on": []}
    capture.write_text(json.dumps({**fields, **hooks}))
    report = review(str(capture), str(new))
    assert [line.what for line in report.code] == ["network"]
    assert "network-used" not in [each.name for each in report.findings]


def test_what_it_no_longer_does_is_said(tmp_path: Path) -> None:
    report = upgrade(tmp_path, ONLINE, "")
    assert found(report) == []
    assert [line.what for line in report.code] == ["no longer: network"]


def test_many_names_are_one_line_of_the_report_and_all_of_them_in_json(tmp_path: Path) -> None:
    names = sorted(each for each in dir(os) if each.startswith(("exec", "spawn")))
    code = "import os\ndef f():\n" + "".join(f"    os.{name}()\n" for name in names)
    report = upgrade(tmp_path, code, code)
    assert len(report.code) == 1
    assert flat(report.code[0].says).endswith(f" and {len(names) - 3} more")
    assert [len(each.behaviour) for each in report.reviewed] == [len(names)] * 2
    assert len(render(report, "text").splitlines()) == 3
    assert f" and {len(names) - 3} more" in " ".join(render(report, "text", detail="all").split())


def test_more_source_than_is_looked_through_is_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "OBSERVED_BYTES", 2000)
    wheel = write_wheel(tmp_path, plugin(one="x = 1\n" * 200, two=ONLINE + "# more\n" * 200))
    report = review(str(wheel), str(wheel))
    assert report.verdict.state == "incomplete"
    assert [each.what for each in report.gaps] == [
        "old release, what the code does",
        "new release, what the code does",
    ]
    assert "demo_plugin/two.py" in report.gaps[0].why


ASKS = {
    "directly": "def f(ctx): return ctx.get_facts_writer()\n",
    "through a variable": "def f(ctx):\n    c = ctx\n    return c.get_facts_writer()\n",
    "through a helper": "def g(c): return c.get_facts_writer\ndef f(ctx): return g(ctx)()\n",
    "by a name of a constant": "GET = 'get_facts_' + 'writer'\ndef f(ctx): getattr(ctx, GET)()\n",
    "by a renamed getattr": "g = getattr\ndef f(ctx): g(ctx, 'get_facts_writer')()\n",
    "by a constant": "def f(ctx): return getattr(ctx, 'get_facts_writer')()\n",
}


@pytest.mark.parametrize("code", ASKS.values(), ids=ASKS)
def test_an_interface_that_is_not_declared(code: str, tmp_path: Path) -> None:
    report = upgrade(tmp_path, "", code)
    assert found(report) == [("accessor-undeclared", "warning", "facts.write")]
    [mistake] = check(str(write_wheel(tmp_path, plugin(more=code)))).checked[0].mistakes
    assert mistake.name == "accessor-undeclared"


def test_a_capability_that_nothing_uses(tmp_path: Path) -> None:
    gains = ("audit.emit", "facts.read")
    report = upgrade(tmp_path, "", "", capabilities=gains)
    assert ("capability-unused", "note", "audit.emit") in found(report)
    uses = "def f(ctx): return ctx.get_audit_emitter()\n"
    names = [name for name, _, _ in found(upgrade(tmp_path, "", uses, capabilities=gains))]
    assert "capability-unused" not in names


def test_whether_a_capability_is_newly_unused_takes_an_old_one_that_is_known(
    tmp_path: Path,
) -> None:
    unread = "def plugin_manifest():\n    return undecided()\n"
    old = write_wheel(tmp_path / "old", plugin(manifest=unread))
    new = write_wheel(tmp_path / "new", plugin(version="1.1.0"), version="1.1.0")
    assert "capability-unused" not in [name for name, _, _ in found(review(str(old), str(new)))]
