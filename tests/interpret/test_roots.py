"""What the node calls of a release once it is loaded, and what that does, and comes to."""

from __future__ import annotations

import pytest

from stigmem_review.host import node
from stigmem_review.interpret import roots
from stigmem_review.interpret.events import Argument, Event
from stigmem_review.interpret.program import Program, Programs
from stigmem_review.interpret.roots import Ran, ran
from stigmem_review.interpret.values import Const, Ref
from stigmem_review.model import HEALTH
from support.plugins import plugin

HANDLER = "handler post_assert_audit"
MANIFEST = """\
from stigmem_node.plugins import PluginManifest

from . import handlers


def plugin_manifest():
    return PluginManifest(name="demo-plugin", version="1.0.0", {fields})
"""
AUDIT = 'hooks={"post_assert_audit": handlers.audit}'
GATE = 'hooks={"pre_recall_authorize": handlers.gate}'


def program_of(code: str, fields: str = AUDIT) -> Program:
    files = plugin(handlers=code, manifest=MANIFEST.replace("{fields}", fields))
    data = {path: text.encode() for path, text in files.items()}
    return Programs().get("demo_plugin:plugin_manifest", data, {}, node())


def run(code: str, fields: str = AUDIT) -> tuple[tuple[Ran, ...], list[Event]]:
    """Return what was run of a plugin, and what that did."""
    program = program_of(code, fields)
    found = ran(program)
    assert program.lost is None
    phases = {each.root.phase for each in found}
    return found, [each for each in program.machine.events if each.phase in phases]


def given(code: str, api: str, name: str = "0", fields: str = AUDIT) -> Argument:
    """Return what the only call of something is given."""
    _, events = run(code, fields)
    [arguments] = {each.arguments for each in events if each.api == api and each.kind == "calls"}
    return next(each for each in arguments if each.name == name)


OBJECT = """\
import httpx
import os


class Config:
    def __init__(self, url):
        self.url = url

    @classmethod
    def from_env(cls):
        return cls({url})


class Plugin:
    def __init__(self, config):
        self.config = config
        self.client = httpx.Client()

    def audit(self, ctx, **more):
        self.client.post(f"{{self.config.url}}/in", json=more)
"""
MADE = 'hooks={"post_assert_audit": handlers.Plugin(handlers.Config.from_env()).audit}'
DESTINATIONS = {
    "'https://a.example'": (("https://a.example/in",), True),
    "os.environ.get('ACME_URL', 'https://a.example')": (
        ("${ACME_URL}/in", "https://a.example/in"),
        True,
    ),
    "'https://a.example' if os.environ.get('ACME') else 'https://b.example'": (
        ("https://a.example/in", "https://b.example/in"),
        True,
    ),
    "os.environ['ACME_URL']": (("${ACME_URL}/in",), True),
}


@pytest.mark.parametrize("url", DESTINATIONS)
def test_where_an_object_of_the_factory_sends_it(url: str) -> None:
    texts, whole = DESTINATIONS[url]
    found = given(OBJECT.format(url=url), "httpx.Client().post", fields=MADE)
    assert found == Argument("0", texts, whole)


def test_what_is_known_of_a_text_in_part() -> None:
    code = "import httpx\ndef audit(ctx, **more): httpx.get('https://a.example/' + more['q'])\n"
    assert given(code, "httpx.get") == Argument("0", ("https://a.example/{}",), whole=True)
    code = "import httpx\ndef audit(ctx, **more): httpx.get(f'https://a.example/{ctx}')\n"
    assert given(code, "httpx.get") == Argument("0", ("https://a.example/{}",), whole=True)
    code = "import httpx\ndef audit(ctx, **more): httpx.get(more['url'])\n"
    assert given(code, "httpx.get") == Argument("0", (), whole=False)


REACHED = {
    "through a decorator": (
        "import os, functools\ndef traced(f):\n    @functools.wraps(f)\n"
        "    def run(*args, **kwargs):\n        return f(*args, **kwargs)\n    return run\n"
        "@traced\ndef audit(ctx, **more): os.fork()\n",
        "os.fork",
    ),
    "what it is annotated with": (
        "import httpx\ndef send(client: httpx.Client): client.get('u')\n"
        "def audit(ctx, **more): send(more['client'])\n",
        "httpx.Client().get",
    ),
    "what it says that it gives": (
        "import httpx\nfrom acme import found\ndef make() -> httpx.Client: return found()\n"
        "def audit(ctx, **more): make().get('u')\n",
        "httpx.Client().get",
    ),
    "what is waited for": (
        "import httpx\nasync def send():\n    async with httpx.AsyncClient() as client:\n"
        "        return await client.get('u')\nasync def audit(ctx, **more): await send()\n",
        "httpx.AsyncClient().get",
    ),
    "another thread": (
        "import os, threading\ndef audit(ctx, **more): threading.Thread(target=work).start()\n"
        "def work(): os.fork()\n",
        "os.fork",
    ),
    "a loop over what nobody knows": (
        "import os\ndef audit(ctx, **more):\n    for each in more['all']:\n"
        "        if each.bad: os.kill(each.pid, 9)\n",
        "os.kill",
    ),
    "a function that calls itself": (
        "import os\ndef walk(tree):\n    for each in tree.below:\n        walk(each)\n"
        "    for each in tree.above:\n        walk(each)\n    os.fork()\n"
        "def audit(ctx, **more): walk(more['tree'])\n",
        "os.fork",
    ),
    "whoever wrote it before": (
        "import httpx\nclient = None\ndef audit(ctx, **more):\n    global client\n"
        "    if client is None: client = httpx.Client()\n"
        "    else: client.get('u')\n",
        "httpx.Client().get",
    ),
    "behind what may raise": (
        "import os\ndef audit(ctx, **more):\n    try:\n        int(more['x'])\n"
        "    except ValueError:\n        os.fork()\n",
        "os.fork",
    ),
    "what is handed on": (
        "import os\nfrom acme import each\ndef audit(ctx, **more): each(os.fork)\n",
        "os.fork",
    ),
}


@pytest.mark.parametrize("how", REACHED)
def test_what_a_handler_does(how: str) -> None:
    code, api = REACHED[how]
    found, events = run(code)
    assert (HANDLER, api) in {(each.phase, each.api) for each in events}
    assert not any(each.lost for each in found)


def test_what_another_handler_left() -> None:
    code = (
        "import httpx\nclient = None\ndef audit(ctx, **more):\n    client.get('u')\n"
        "def gate(ctx, **more):\n    global client\n    client = httpx.Client()\n"
    )
    hooks = 'hooks={"post_assert_audit": handlers.audit, "pre_recall_authorize": handlers.gate}'
    _, events = run(code, hooks)
    assert (HANDLER, "httpx.Client().get") in {(each.phase, each.api) for each in events}


@pytest.mark.parametrize("left", ["count += 1", "count = next(numbers)", "count = [count]"])
def test_what_is_another_value_each_time(left: str) -> None:
    code = (
        "import httpx, itertools\ncount, numbers = 0, itertools.count()\n"
        f"def audit(ctx, **more):\n    global count\n    {left}\n"
        "    httpx.post('https://a.example/in', json=count)\n"
    )
    found, events = run(code)
    assert {(each.ends, each.lost) for each in found} == {(frozenset({"none"}), "")}
    told = {argument for each in events if each.api == "httpx.post" for argument in each.arguments}
    assert Argument("json", (), whole=False) in told


def test_what_else_the_node_calls() -> None:
    code = (
        "import os\nfrom fastapi import APIRouter\nrouter = APIRouter()\n"
        "@router.get('/kept')\ndef kept(): os.fork()\ndef health(ctx): os.getppid()\n"
    )
    found, events = run(code, "routes=(handlers.router,), health_check=handlers.health")
    assert {each.root.phase for each in found} == {"route /kept", HEALTH}
    assert {(each.phase, each.api) for each in events} == {
        ("route /kept", "os.fork"),
        (HEALTH, "os.getppid"),
    }


def test_a_run_leaves_everything_as_the_factory_made_it() -> None:
    program = program_of(
        "STATE = [0]\ndef audit(ctx, **more):\n    STATE.append(1)\n    exec('x')\n"
    )
    program.make()
    m = program.machine
    before = dict(m.cells)
    assert ran(program)
    assert m.cells == before
    assert m.lost is None
    module = m.read(m.imports, "demo_plugin.handlers")
    assert isinstance(module, Ref)
    assert m.read(module, "__name__") == Const("demo_plugin.handlers")


def test_a_handler_that_takes_too_long_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots, "_STEPS", 300)
    code = (
        "import os\ndef gate(ctx, **more): return [n for n in range(300) for m in range(300)]\n"
        "def audit(ctx, **more): os.fork()\n"
    )
    hooks = 'hooks={"pre_recall_authorize": handlers.gate, "post_assert_audit": handlers.audit}'
    found, events = run(code, hooks)
    assert {each.root.hook: bool(each.lost) for each in found} == {
        "pre_recall_authorize": True,
        "post_assert_audit": False,
    }
    assert [each.api for each in events if each.phase == HANDLER] == ["os.fork"]


VERDICTS = "from stigmem_node.plugins import ALLOW_SINGLETON, Allow, Deny, RejectError\n"
ENDS = {
    "allow": ("def gate(ctx, **more): return Allow()", {"allow"}),
    "the one that allows": ("def gate(ctx, **more): return ALLOW_SINGLETON", {"allow"}),
    "in one branch": (
        "def gate(ctx, **more):\n    if more.get('p') is None: return Deny('x')\n"
        "    return Allow()",
        {"allow", "deny"},
    ),
    "both alike": (
        "def gate(ctx, **more):\n    if more.get('p') is None: return Allow()\n    return Allow()",
        {"allow"},
    ),
    "a branch that cannot be": (
        "STRICT = False\ndef gate(ctx, **more):\n    if STRICT: return Deny('x')\n"
        "    return Allow()",
        {"allow"},
    ),
    "by an exception": ("def gate(ctx, **more): raise RejectError('x')", {"deny"}),
    "another exception": ("def gate(ctx, **more): raise ValueError('x')", {"raises"}),
    "through a helper": (
        "def no(why): return Deny(why)\ndef gate(ctx, **more):\n"
        "    return no('x') if more['p'] else Allow()",
        {"allow", "deny"},
    ),
    "what a helper decides": (
        "def judge(p): return Deny('x') if p else Allow()\ndef gate(ctx, **more):\n"
        "    found = judge(more['p'])\n    if isinstance(found, Deny): return Allow()\n"
        "    return found",
        {"allow"},
    ),
    "through a base class": (
        "class Base:\n    def gate(self, ctx, **more):\n"
        "        return Deny('x') if self.bad(more) else Allow()\n"
        "class Mine(Base):\n    def bad(self, more): return more['p']\ngate = Mine().gate",
        {"allow", "deny"},
    ),
    "wrapped": (
        "import functools\ndef traced(f):\n    @functools.wraps(f)\n"
        "    def run(*args, **kwargs): return f(*args, **kwargs)\n    return run\n"
        "@traced\ndef gate(ctx, **more): return Deny('x') if more['p'] else Allow()",
        {"allow", "deny"},
    ),
    "by the environment": (
        "import os\nSTRICT = os.environ.get('STRICT') == '1'\ndef gate(ctx, **more):\n"
        "    return Deny('x') if STRICT else Allow()",
        {"allow", "deny"},
    ),
    "by what cannot be followed": (
        "def gate(ctx, p, **more):\n    match p:\n        case [first, *_]:\n"
        "            return Deny('x')\n        case {'raise': _}:\n"
        "            raise RejectError('x')\n    return Allow()",
        {"allow", "deny"},
    ),
    "in a part of it that may not run": (
        "def gate(ctx, p, **more):\n    match p:\n        case {'x': _}:\n"
        "            return Deny('x')",
        {"deny", "none"},
    ),
    "nothing": ("def gate(ctx, **more): pass", {"none"}),
    "a truth value": ("def gate(ctx, **more): return True", {"other"}),
    "a class of verdicts": ("def gate(ctx, **more): return Allow", {"other"}),
    "a dict": ("def gate(ctx, **more): return {}", {"dict"}),
    "a coroutine": ("async def gate(ctx, **more): return Allow()", {"other"}),
    "what others decide": (
        "from acme import judge\ndef gate(ctx, **more): return judge(more)",
        {"unknown"},
    ),
    "some of it": (
        "from acme import judge\ndef gate(ctx, **more):\n    if more['p']: return Deny('x')\n"
        "    return judge(more)",
        {"deny", "unknown"},
    ),
}


@pytest.mark.parametrize("how", ENDS)
def test_what_a_handler_comes_to(how: str) -> None:
    code, ends = ENDS[how]
    found, _ = run(f"{VERDICTS}{code}\n", GATE)
    assert {end for each in found for end in each.ends} == ends


def test_handlers_of_which_one_is_chosen() -> None:
    code = f"{VERDICTS}def yes(ctx, **more): return Allow()\ndef no(ctx, **m): return Deny('x')\n"
    hooks = (
        'hooks={"pre_recall_authorize": handlers.no if __import__("os").environ.get("X") '
        "else handlers.yes}"
    )
    found, _ = run(code, hooks)
    assert {(each.root.hook, each.ends) for each in found} == {
        ("pre_recall_authorize", frozenset({"allow"})),
        ("pre_recall_authorize", frozenset({"deny"})),
    }
