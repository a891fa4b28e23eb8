"""What is said of the handlers behind hooks, and of the code that they can reach."""

from __future__ import annotations

import ast
import itertools
import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stigmem_review import check, host, limits, review
from stigmem_review.document.parts import Report
from stigmem_review.interpret.program import Programs
from stigmem_review.manifest.release import none_release
from stigmem_review.model import Handler, Observation
from stigmem_review.observe.handlers import handler_observations
from stigmem_review.pipeline.reading import read
from stigmem_review.sources.request import understand
from support.plugins import plugin, write_wheel

MISMATCH = "handler-signature-mismatch"
HANDLERS = """\
from . import helpers
from .limits import LIMIT as MOST


def audit(ctx, **kwargs):
    text = helpers.shown(kwargs)
    return text[:MOST]
"""
HELPERS = """\
import json

from .deep import clean


def shown(values):
    return json.dumps(clean(values))


def unused():
    return 1
"""
DEEP = """\
SECRET = ("token", "password")


def clean(values):
    return {key: each for key, each in values.items() if key not in SECRET}
"""
PARTS = {
    "handlers": HANDLERS,
    "helpers": HELPERS,
    "deep": DEEP,
    "limits": "LIMIT = 100\nOTHER = 1\n",
}

counter = itertools.count()


def wheel(folder: Path, files: Mapping[str, str], **data: str) -> Path:
    """Build a plugin with other files, by their stems; ``data`` has ``__`` for a slash."""
    sources = {f"demo_plugin/{stem}.py": text for stem, text in {**PARTS, **files}.items()}
    extra = {f"demo_plugin/{name.replace('__', '/')}": text for name, text in data.items()}
    return write_wheel(folder / str(next(counter)), {**plugin(), **sources}, extra=extra)


def changes(report: Report) -> list[str]:
    """Return what the report says of changed handlers, and where."""
    return [
        f"{''.join(part.text for part in each.message)} {each.at}"
        for each in report.findings
        if each.name == "handler-changed"
    ]


def upgraded(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Return what is said where files of the package are replaced by others."""
    return changes(review(str(wheel(folder, {})), str(wheel(folder, files))))


REWRITTEN = '''\
"""The handlers."""

# Limits first.
from .limits import LIMIT as MOST

from . import (
    helpers,
)



def audit(  # called by the node
    ctx,
    **kwargs,
):
    """Keep a record."""
    text = (helpers.shown(kwargs))
    pass
    return text[
        :MOST
    ]
'''

THE_SAME = {
    "layout, comments and docstrings": {"handlers": REWRITTEN},
    "lines moved": {"deep": "\n\n\n" + DEEP, "helpers": "# moved\n" * 9 + HELPERS},
    "definitions in another order": {"deep": "\n\n".join(reversed(DEEP.split("\n\n\n"))) + "\n"},
    "a function nobody calls": {"helpers": HELPERS.replace("return 1", "return 2")},
    "a constant nobody uses": {"limits": "LIMIT = 100\nOTHER = 2\n"},
    "an import written out": {"helpers": HELPERS.replace(".deep", "demo_plugin.deep")},
    "what only type checkers see": {
        "helpers": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    X = 1\n" + HELPERS
    },
    "a new file": {"more": "X = 1\n"},
    "what a module it imports does to nothing of its own": {
        "limits": "LIMIT = 100\nimport html\nhtml.escape('x')\nlogging.getLogger('x').debug('y')\n"
    },
    "another name of a module that is set": {
        "limits": "from . import deep\nLIMIT = 100\ndeep.OTHER = 1\n"
    },
    "annotations": {
        "deep": DEEP.replace("clean(values)", "clean(values: dict[str, object]) -> 'dict'").replace(
            "SECRET =", "SECRET: tuple[str, ...] ="
        )
    },
}


@pytest.mark.parametrize("case", THE_SAME)
def test_what_changes_nothing_is_not_reported(case: str, tmp_path: Path) -> None:
    assert upgraded(tmp_path, THE_SAME[case]) == []


CHANGED = {
    "the handler itself": (
        {"handlers": HANDLERS.replace("text[:MOST]", "text")},
        "whose code changed. demo_plugin/handlers.py:5",
    ),
    "a helper two modules away": (
        {"deep": DEEP.replace("not in", "in")},
        "changed: demo_plugin.deep:clean. demo_plugin/deep.py:4",
    ),
    "a constant it goes by": (
        {"deep": DEEP.replace('"password"', '"secret"')},
        "changed: demo_plugin.deep:SECRET. demo_plugin/deep.py:1",
    ),
    "a renamed import": (
        {"limits": "LIMIT = 10\n"},
        "changed: demo_plugin.limits:LIMIT. demo_plugin/limits.py:1",
    ),
    "where a name comes from": (
        {"helpers": HELPERS.replace("import json", "import other as json")},
        "changed: demo_plugin.helpers:json. demo_plugin/handlers.py:5",
    ),
    "the same name from another module": (
        {"helpers": HELPERS.replace(".deep", ".limits"), "limits": "LIMIT = 100\nclean = dict\n"},
        "demo_plugin.limits:clean",
    ),
    "what runs when a module is imported": (
        {"helpers": HELPERS + "\nif True:\n    shown = str\n"},
        "changed: statements of demo_plugin.helpers. demo_plugin/helpers.py:13",
    ),
    "an attribute of a module that another one sets": (
        {"limits": "from . import deep\nLIMIT = 100\ndeep.SECRET = ()\n"},
        "changed: statements of demo_plugin.limits. demo_plugin/limits.py:3",
    ),
    "any attribute of a module that another one sets": (
        {"limits": "from . import deep\nLIMIT = 100\nsetattr(deep, 'SEC' + 'RET', ())\n"},
        "changed: statements of demo_plugin.limits. demo_plugin/limits.py:3",
    ),
    "an object that another module calls a method of": (
        {"limits": "from .deep import SECRET as WORDS\nLIMIT = 100\nWORDS.count('key')\n"},
        "changed: statements of demo_plugin.limits. demo_plugin/limits.py:3",
    ),
    "a later definition": (
        {"deep": DEEP + "\n\ndef clean(values):\n    return values\n"},
        "changed: demo_plugin.deep:clean. demo_plugin/deep.py:4",
    ),
    "a function that sets a constant": (
        {"deep": DEEP + "\n\ndef forget():\n    global SECRET\n    SECRET = ()\n"},
        "changed: demo_plugin.deep:forget. demo_plugin/deep.py:8",
    ),
}


@pytest.mark.parametrize("case", CHANGED)
def test_a_change_is_said_with_its_place(case: str, tmp_path: Path) -> None:
    files, said = CHANGED[case]
    found = upgraded(tmp_path, files)
    assert len(found) == 1
    assert found[0].startswith("post_assert_audit still runs demo_plugin.handlers:audit, ")
    assert said in found[0]


def from_to(folder: Path, common: dict[str, str], name: str, old: str, new: str) -> list[str]:
    releases = [str(wheel(folder, {**common, name: text})) for text in (old, new)]
    return changes(review(*releases))


WAYS = {
    "a star import": "def audit(ctx, **_):\n    from .stars import go\n    return go()",
    "an import in a function": "def audit(ctx, **_):\n    from .far import go\n    return go()",
    "a module handed on": (
        "from . import far\ndef audit(ctx, **_): return getattr(far, 'g' + 'o')()"
    ),
    "a module named by a text": (
        "from importlib import import_module\n"
        "def audit(ctx, **_): return import_module('demo_plugin.far').go()"
    ),
    "a relative module named by a text": (
        "from importlib import import_module\n"
        "def audit(ctx, **_): return import_module('.far', __package__).go()"
    ),
    "a class's method": "from .far import Store\ndef audit(ctx, **_): return Store().keep()",
    "a method of an unknown object": "def audit(ctx, **_): return ctx.store.keep()",
    "a decorator's argument": "from .far import go\ndef audit(ctx, key=go, **_): return key()",
    "an alternative": (
        "try:\n    from .far import go\nexcept ImportError:\n    go = None\n"
        "def audit(ctx, **_): return go()"
    ),
    "a re-export": "from .api import go\ndef audit(ctx, **_): return go()",
    "a dotted import": "import demo_plugin.far\ndef audit(ctx, **_): return demo_plugin.far.go()",
    "a table": "from . import far\nALL = {'a': far.go}\ndef audit(ctx, **_): return ALL['a']()",
}


@pytest.mark.parametrize("case", WAYS)
def test_code_is_found_whichever_way_it_is_reached(case: str, tmp_path: Path) -> None:
    far = "def go():\n    return 1\n\n\nclass Store:\n    def keep(self):\n        return 1\n"
    common = {"handlers": WAYS[case], "api": "from .far import go\n"}
    common["stars"] = "from .far import *\n"
    found = from_to(tmp_path, common, "far", far, far.replace("return 1", "return 2"))
    assert len(found) == 1
    assert "demo_plugin.far:" in found[0]


def test_code_beside_what_cannot_be_read_counts_as_reached(tmp_path: Path) -> None:
    common = {"handlers": "def audit(ctx, **_):\n    from .broken import go\n    return go()\n"}
    common["broken"] = "def go(:\n"
    found = from_to(tmp_path, common, "far", "X = 1\n", "X = 2\n")
    assert found == [
        "post_assert_audit still runs demo_plugin.handlers:audit, and what that can reach "
        "changed: demo_plugin.far:X. demo_plugin/far.py:1"
    ]


def test_a_file_that_cannot_be_parsed_is_compared_by_its_bytes(tmp_path: Path) -> None:
    common = {"handlers": "def audit(ctx, **_):\n    from .broken import go\n    return go()\n"}
    found = from_to(tmp_path, common, "broken", "def go(:\n", "def go(: # other\n")
    assert found == [
        "post_assert_audit still runs demo_plugin.handlers:audit, and what that can reach "
        "changed: demo_plugin/broken.py. demo_plugin/broken.py"
    ]


@pytest.mark.parametrize("named", ["sql/one.sql", "one.sql", "sql"])
def test_a_data_file_that_the_code_names_belongs_to_it(named: str, tmp_path: Path) -> None:
    code = (
        "from importlib import resources\n"
        f"def audit(ctx, **_): return resources.files(__package__).joinpath({named!r})\n"
    )
    old, new = (
        str(wheel(tmp_path, {"handlers": code}, **{"sql__one.sql": sql, "other.txt": sql}))
        for sql in ("SELECT 1", "SELECT 2")
    )
    [said] = changes(review(old, new))
    assert said.endswith("changed: demo_plugin/sql/one.sql. demo_plugin/sql/one.sql")


def test_another_handler_is_reported_once(tmp_path: Path) -> None:
    old = wheel(tmp_path, {})
    files = plugin(hooks={"post_assert_audit": "other"})
    files["demo_plugin/handlers.py"] = "def other(ctx, **_): return None\n"
    new = write_wheel(tmp_path / "rebound", files)
    names = [each.name for each in review(str(old), str(new)).findings]
    assert names.count("hook-rebound") == 1
    assert "handler-changed" not in names


def test_many_changes_are_counted(tmp_path: Path) -> None:
    code = "".join(f"def f{number}(): return 1\n" for number in range(9))
    code += f"def audit(ctx, **_): return [{', '.join(f'f{n}()' for n in range(9))}]\n"
    [said] = from_to(tmp_path, {}, "handlers", code, code.replace("return 1", "return 2"))
    assert "f0, " in said
    assert "and 4 more" in said


def test_of_too_much_code_whole_files_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FOLLOWED_BYTES", 500)
    [said] = upgraded(tmp_path, {"deep": DEEP.replace("not in", "in")})
    assert said.endswith("changed: demo_plugin/deep.py. demo_plugin/deep.py")


def handlers(folder: Path, **files: str) -> list[Handler]:
    return list(read(understand(str(wheel(folder, files))), host.node()).handlers)


def test_functions_that_call_each_other_come_to_an_end(tmp_path: Path) -> None:
    code = (
        "from .helpers import back\n"
        "def audit(ctx, **_): return there()\n"
        "def there(): return back() or audit(None)\n"
    )
    helpers = (
        "from .handlers import *\nfrom . import handlers\ndef back(): return handlers.there()\n"
    )
    [handler] = handlers(tmp_path, handlers=code, helpers=helpers)
    assert [each.name for each in handler.parts] == [
        "demo_plugin.handlers:audit",
        "demo_plugin.handlers:there",
        "demo_plugin.helpers:back",
    ]


HOSTILE = {
    "deep": "def audit(ctx, **_): return " + "-" * 5_000 + "1\n",
    "a long sum": "def audit(ctx, **_): return " + "+".join(["1"] * 2_000) + "\n",
    "calls of calls": "def audit(ctx, **_): return ctx" + ".a()" * 900 + "\n",
    "a long number": "def audit(ctx, **_): return 0x" + "f" * 100_000 + "\n",
    "a lone surrogate": "def audit(ctx, **_): return '\\ud800'\n",
    "many targets": "=".join(f"a{n}" for n in range(15_000))
    + "=1\ndef audit(ctx, **_): return a1\n",
    "many stars": "".join(f"from .m{n} import *\n" for n in range(5_000))
    + "def audit(ctx, **_): return x\n",
    "many names": "def audit(ctx, **_): return ["
    + ",".join(f"n{n}.m{n}" for n in range(15_000))
    + "]\n",
    "many methods": "".join(f"class C{n}:\n def mm(self): self.mm()\n" for n in range(4_000))
    + "def audit(ctx, **_): return ctx.mm()\n",
}


@pytest.mark.thorough
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_code_costs_little_and_breaks_nothing(case: str, tmp_path: Path) -> None:
    entry = "def audit(ctx, **_):\n    from .late import audit as go\n    return go(ctx)\n"
    start = time.process_time()
    [handler] = handlers(tmp_path, handlers=entry, late=HOSTILE[case])
    assert time.process_time() - start < 20
    assert len(handler.parts) > 1


# Whether the node can call a handler: for each hook, a signature, and what is observed of it.
CALLS = {
    "everything": ("pre_assert_authorize", "def audit(ctx, **_)", {}),
    "each keyword": (
        "pre_assert_authorize",
        "def audit(ctx, *, req, identity, tenant, request_id)",
        {},
    ),
    "keywords by position": (
        "pre_assert_authorize",
        "def audit(ctx, req, identity, tenant, request_id, more=None)",
        {},
    ),
    "anything at all": ("recall_filter", "def audit(*args, **kwargs)", {}),
    "too few positionals": (
        "recall_filter",
        "def audit(ctx, **_)",
        {"handler-arity": "it takes 1 and the node wants at least 2"},
    ),
    "no keywords": (
        "pre_assert_authorize",
        "def audit(ctx)",
        {
            MISMATCH: "the node passes req, identity, tenant, request_id by name, and it "
            "takes no such parameter"
        },
    ),
    "one keyword missing": (
        "recall_filter",
        "def audit(ctx, value, identity, tenant)",
        {MISMATCH: "the node passes request_id by name, and it takes no such parameter"},
    ),
    "a keyword nobody passes": (
        "post_assert_persist",
        "def audit(ctx, *, token, more=1, **_)",
        {MISMATCH: "it wants token, which the node does not pass"},
    ),
    "a positional nobody passes": (
        "recall_filter",
        "def audit(ctx, value, third, fourth=None, **_)",
        {MISMATCH: "it wants third, which the node does not pass"},
    ),
    "positionals only": (
        "audit_emit",
        "def audit(ctx, event, /, **_)",
        {MISMATCH: "it wants event, which the node does not pass"},
    ),
    "a name that is taken": (
        "audit_emit",
        "def audit(event, **_)",
        {MISMATCH: "the node passes event by name, which the context or the value fills"},
    ),
    "the same name, by position only": ("audit_emit", "def audit(event, /, **_)", {}),
    "only some calls": (
        "recall_rank",
        "def audit(ctx, scored, identity, tenant=None, request_id=None)",
        {
            MISMATCH: "the node passes weights, as_of by name, and it takes no such "
            "parameter, in 2 of its 3 calls"
        },
    ),
    "async": (
        "pre_assert_authorize",
        "async def audit(ctx, **_)",
        {"handler-async": "demo_plugin.handlers:audit is async"},
    ),
    "an audit hook": (
        "audit_emit",
        "async def audit(ctx)",
        {
            "handler-async": "demo_plugin.handlers:audit is async",
            MISMATCH: "the node passes event by name, and it takes no such parameter",
        },
    ),
}


def called(hook: str, signature: str, folder: Path) -> list[Observation]:
    files = plugin(hooks={hook: "audit"}, handlers=f"{signature}:\n    raise NotImplementedError\n")
    found = read(understand(str(write_wheel(folder, files))), host.node()).observed
    return [each for each in found if each.kind.startswith("handler-")]


@pytest.mark.parametrize("case", CALLS)
def test_a_signature_is_held_against_the_nodes_calls(case: str, tmp_path: Path) -> None:
    hook, signature, expected = CALLS[case]
    found = called(hook, signature, tmp_path)
    assert {each.kind: each.why for each in found} == expected
    assert {each.item for each in found} <= {hook}
    assert {str(each.at) for each in found} <= {"demo_plugin/handlers.py:1"}


@pytest.mark.parametrize(
    ("decorator", "signature", "kinds"),
    [
        ("@staticmethod", "(ctx, **_)", []),
        ("@classmethod", "(cls, ctx, **_)", []),
        ("", "(ctx, **_)", []),
        ("@classmethod", "(ctx, **_)", ["handler-arity"]),
        ("@classmethod", "(cls, ctx)", [MISMATCH]),
        ("@staticmethod", "(ctx, need, **_)", [MISMATCH]),
    ],
)
def test_methods_are_looked_at_too(
    decorator: str, signature: str, kinds: list[str], tmp_path: Path
) -> None:
    code = f"class Handlers:\n    {decorator or '# plain'}\n    def audit{signature}: pass\n"
    files = plugin(hooks={"post_assert_audit": "Handlers.audit"}, handlers=code)
    release = read(understand(str(write_wheel(tmp_path, files))), host.node())
    found = [each.kind for each in release.observed if each.kind.startswith("handler-")]
    assert found == kinds
    assert [each.target for each in release.handlers] == ["demo_plugin.handlers:Handlers.audit"]


WRAPS = """\
import functools


def logged(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner


"""
# How else a handler can be made: what of it is observed, for recall_filter, which passes two
# positionals and the keywords identity, tenant and request_id.
MADE = {
    "wrapped": (WRAPS + "@logged\ndef audit(ctx, value, **_): ran()", {}),
    "wrapped, too few positionals": (
        WRAPS + "@logged\ndef audit(ctx, **_): ran()",
        {"handler-arity": "it takes 1 and the node wants at least 2"},
    ),
    "wrapped, no keywords": (
        WRAPS + "@logged\ndef audit(ctx, value): ran()",
        {
            MISMATCH: "the node passes identity, tenant, request_id by name, and it "
            "takes no such parameter"
        },
    ),
    "wrapped by what drops keywords": (
        WRAPS.replace("(*args, **kwargs)\n    return", "(*args)\n    return")
        + "@logged\ndef audit(ctx, value): ran()",
        {},
    ),
    "wrapped by what says nothing of it": (
        WRAPS.replace("@functools.wraps(function)", "# plain")
        + "@logged\ndef audit(ctx, value, **_): ran()",
        {},
    ),
    "wrapped, async": (
        WRAPS + "@logged\nasync def audit(ctx, value, **_): ran()",
        {"handler-async": "demo_plugin.handlers:audit is async"},
    ),
    "wrapped, async, and run": (
        "import asyncio\n"
        + WRAPS.replace("return function(*args, **kwargs)", "return asyncio.run(function(*args))")
        + "@logged\nasync def audit(ctx, value, **_): ran()",
        {},
    ),
    "a partial": (
        "import functools\ndef one(extra, ctx, value, **_): ran()\n"
        "audit = functools.partial(one, 1)",
        {},
    ),
    "a partial that takes a place": (
        "import functools\ndef one(ctx, value, **_): ran()\naudit = functools.partial(one, 1)",
        {"handler-arity": "it takes 1 and the node wants at least 2"},
    ),
    "a partial that takes a name": (
        "import functools\ndef one(ctx, value, **_): ran()\n"
        "audit = functools.partial(one, value=1)",
        {"handler-arity": "it takes 1 and the node wants at least 2"},
    ),
    "a partial that gives what the node gives": (
        "import functools\ndef one(ctx, value, identity, tenant, request_id): ran()\n"
        "audit = functools.partial(one, identity=1)",
        {},
    ),
    "an object that can be called": (
        "class Audit:\n    def __call__(self, ctx, value, **_): ran()\naudit = Audit()",
        {},
    ),
    "an object that takes too little": (
        "class Audit:\n    def __call__(self, ctx, **_): ran()\naudit = Audit()",
        {"handler-arity": "it takes 1 and the node wants at least 2"},
    ),
    "a method of a base class": (
        "class Base:\n    def audit(self, ctx, value): ran()\nclass Audit(Base): ...\n"
        "audit = Audit().audit",
        {
            MISMATCH: "the node passes identity, tenant, request_id by name, and it "
            "takes no such parameter"
        },
    ),
    "a method that takes no object": (
        "class Audit:\n    @staticmethod\n    def audit(ctx, value, **_): ran()\n"
        "audit = Audit().audit",
        {},
    ),
    "a class": (
        "class audit:\n    def __init__(self, ctx, value, **_): ran()",
        {},
    ),
    "a lambda": ("audit = lambda ctx, value, **_: ran()", {}),
    "a lambda without keywords": (
        "audit = lambda ctx, value: ran()",
        {
            MISMATCH: "the node passes identity, tenant, request_id by name, and it "
            "takes no such parameter"
        },
    ),
}


@pytest.mark.parametrize("case", MADE)
def test_handlers_however_they_are_made(case: str) -> None:
    code, expected = MADE[case]
    files = plugin(hooks={"recall_filter": "audit"}, handlers=f"def ran(): ...\n{code}\n")
    data = {path: text.encode() for path, text in files.items()}
    program = Programs().get("demo_plugin:plugin_manifest", data, {}, host.node())
    found = handler_observations(none_release(), [program], host.node(), {})
    assert {e.kind: e.why for e in found if e.kind != "handler-result"} == expected


def test_what_was_so_before_is_no_finding(tmp_path: Path) -> None:
    old, new = (
        write_wheel(
            tmp_path / text, plugin(handlers=f"async def audit(ctx):\n    return {text!r}\n")
        )
        for text in ("one", "two")
    )
    report = review(str(old), str(new))
    assert [each.name for each in report.findings if each.name.startswith("handler-")] == [
        "handler-changed"
    ]
    assert [each.what for each in report.already] == [
        "handler-async",
        MISMATCH,
        "not signed",
    ]


def test_authors_are_told(tmp_path: Path) -> None:
    source = write_wheel(tmp_path, plugin(handlers="async def audit(ctx):\n    pass\n"))
    [checked] = check(str(source)).checked
    assert [(each.name, each.level) for each in checked.mistakes] == [
        ("handler-async", "error"),
        (MISMATCH, "error"),
    ]
    assert all(each.do for each in checked.mistakes)


VERDICTS = "from stigmem_node.plugins import Allow, Deny\nfrom acme import judge\n"
DENIES = "def gate(ctx, **more):\n    return Deny('x') if more['p'] else Allow()\n"
ALLOWS = "def gate(ctx, **more):\n    return Allow() if more['p'] else Allow()\n"
ASKS = "def gate(ctx, **more):\n    return judge(more)\n"
DENIES_OR_ASKS = "def gate(ctx, **more):\n    return Deny('x') if more['p'] else judge(more)\n"
FAILS = "def gate(ctx, **more):\n    if more['p']: return Allow()\n    raise ValueError\n"
DECISIONS = {
    "it denies no more": (DENIES, ALLOWS, [("deny-lost", "error")]),
    "it fails, and denies no more": (DENIES, FAILS, [("deny-lost", "error")]),
    "it denies something at least": (DENIES, DENIES_OR_ASKS, []),
    "others decide now": (DENIES, ASKS, [("deny-unclear", "warning")]),
    "others decided before": (ASKS, ASKS.replace("(more)", "(ctx, more)"), []),
    "others decided some of it, and all now": (DENIES_OR_ASKS, ASKS, []),
    "others decided some of it, and nobody denies": (
        *(DENIES_OR_ASKS, ALLOWS, [("deny-lost", "error")]),
    ),
    "it never denied": (ALLOWS, ALLOWS.replace("'p'", "'q'"), []),
    "it denies now": (ALLOWS, DENIES, []),
    "it denies for another reason": (DENIES, DENIES.replace("'x'", "'y'"), []),
    "it decides nothing any more": (
        *(DENIES, "def gate(ctx, **more):\n    more['p']\n"),
        [("deny-lost", "error"), ("handler-result", "error")],
    ),
}


def test_what_a_release_says_of_itself_decides_nothing(tmp_path: Path) -> None:
    code = "VERSION = '{0}'\ndef gate(ctx, version, **_):\n    return version == VERSION or '{0}'\n"
    for hook in ("recall_filter", "migration_register"):
        files = [
            plugin(version=each, hooks={hook: "gate"}, handlers=code.format(each))
            for each in ("1.0.0", "1.0.1")
        ]
        old, new = (
            write_wheel(tmp_path / each, given, version=each)
            for each, given in zip(("1.0.0", "1.0.1"), files, strict=True)
        )
        assert not {each.name for each in review(str(old), str(new)).findings} - {"handler-result"}


@pytest.mark.parametrize(
    ("asked", "lacks"),
    [
        ("ctx.facts.write(1)", ["post_assert_audit: facts"]),
        ("getattr(ctx, 'plugin_name')", []),
        ("ctx.get_facts_writer().write(ctx.plugin_version, ctx.capabilities)", []),
        # What begins so is not the context's to give, and a finding of its own.
        ("ctx._core_apis", []),
    ],
)
def test_what_the_context_does_not_have(asked: str, lacks: list[str], tmp_path: Path) -> None:
    old = write_wheel(tmp_path / "old", plugin())
    new = write_wheel(
        tmp_path / "new", plugin(handlers=f"def audit(ctx, **_):\n    {asked}\n"), version="1.1.0"
    )
    for report in (review(str(old), str(new)), review("none", str(new))):
        assert [e.item for e in report.findings if e.name == "context-lacks"] == lacks
    assert not [e.item for e in review(str(new), str(new)).findings if e.name == "context-lacks"]


def gated(folder: Path, code: str) -> Path:
    return write_wheel(
        folder, plugin(hooks={"pre_recall_authorize": "gate"}, handlers=f"{VERDICTS}{code}")
    )


@pytest.mark.parametrize("case", DECISIONS)
def test_what_a_handler_can_decide_no_more(case: str, tmp_path: Path) -> None:
    old, new, expected = DECISIONS[case]
    report = review(str(gated(tmp_path / "old", old)), str(gated(tmp_path / "new", new)))
    kinds = ("deny-lost", "deny-unclear", "handler-result")
    found = [each for each in report.findings if each.name in kinds]
    assert [(each.name, each.level) for each in found] == expected
    assert {str(each.at) for each in found} <= {"demo_plugin/handlers.py:3"}


RESULTS = {
    "a vote of nothing": ("pre_recall_authorize", "None", "never a verdict"),
    "a vote of something else": ("pre_recall_authorize", "True", "never returns a verdict"),
    "a vote of a class": ("pre_recall_authorize", "Allow", "never returns a verdict"),
    "a vote": ("pre_recall_authorize", "Allow()", ""),
    "a filter that gives nothing": ("recall_filter", "None", "never the value"),
    "a filter": ("recall_filter", "more", ""),
    "what ranks by a list": ("recall_rank", "[]", "never returns a dict"),
    "what ranks": ("recall_rank", "{}", ""),
    "what observes": ("post_assert_audit", "None", ""),
    "nothing or something": ("recall_filter", "None if ctx else more", ""),
    "an exception": ("pre_recall_authorize", "int(None, 1, 2, 3)", ""),
}


@pytest.mark.parametrize("case", RESULTS)
def test_what_the_node_cannot_use(case: str, tmp_path: Path) -> None:
    hook, result, why = RESULTS[case]
    code = f"{VERDICTS}def audit(ctx, *more, **_):\n    return {result}\n"
    wheel = write_wheel(tmp_path, plugin(hooks={hook: "audit"}, handlers=code))
    found = read(understand(str(wheel)), host.node()).observed
    said = [each.why for each in found if each.kind == "handler-result"]
    assert [each.endswith(why) for each in said] == ([True] if why else [])


AT_TIMES = {
    "falls through": ("recall_filter", "if ctx:\n        return more", "None", "the value"),
    "a class": ("pre_recall_authorize", "return Allow if ctx else Allow()", "something", "verdict"),
    "both": ("recall_rank", "return {} if ctx else [] if more else None", "None or some", "a dict"),
    "always": ("recall_filter", "return None", "", ""),
    "in a loop": ("recall_filter", "for one in more:\n        pass\n    return more", "", ""),
    "or raises": ("recall_filter", "if ctx:\n        return more\n    raise OSError", "", ""),
    "nothing asked": ("post_assert_audit", "if ctx:\n        return more", "", ""),
    "not known": ("recall_filter", "return ctx.value()", "", ""),
    "within with": ("recall_filter", "with ctx:\n        return more", "", ""),
    "whatever is left": (
        "recall_filter",
        "if ctx:\n        return more\n    assert_never(1)",
        "",
        "",
    ),
}


@pytest.mark.parametrize("case", AT_TIMES)
def test_what_the_node_cannot_use_in_some_cases(case: str, tmp_path: Path) -> None:
    hook, body, given, wanted = AT_TIMES[case]
    code = f"{VERDICTS}from typing import assert_never\ndef audit(ctx, *more, **_):\n    {body}\n"
    wheel = write_wheel(tmp_path, plugin(hooks={hook: "audit"}, handlers=code))
    found = read(understand(str(wheel)), host.node()).observed
    said = [each.why for each in found if each.kind == "result-at-times"]
    assert len(said) == bool(given)
    assert all(given in each and each.endswith(wanted) for each in said)


KINDS = """\
from dataclasses import dataclass
from enum import Enum
class Mode(Enum):
    A = "a"
    B = "b"
@dataclass
class One:
    a: int
class Two: ...
"""
TOLD_APART = {
    "all members": ("case Mode.A: return value\n  case Mode.B: return []", True),
    "all members at once": ("case Mode.A | Mode.B: return value", True),
    "not all members": ("case Mode.B: return value", False),
    "texts": ("case 'a': return value\n  case 'b': return []", False),
    "classes": ("case One(a=n): return value[:n]\n  case Two() as two: return [two]", True),
    "classes at once": ("case One(_) | Two(): return value", True),
    "one class": ("case One(): return value", False),
    "some of a class": ("case One(a=1): return value\n  case Two(): return []", False),
    "classes of Python": ("case list(): return value\n  case dict(): return []", False),
    "lengths": ("case []: return value\n  case [_, *rest]: return rest", True),
    "what is in it": ("case [1]: return value\n  case [2, *_]: return []", False),
    "keys": ("case {'a': _}: return value\n  case {'b': _}: return []", False),
    "within one of them": (
        "case Mode.A: return value\n  case Mode.B:\n   if value: return []",
        False,
    ),
}


@pytest.mark.parametrize("case", TOLD_APART)
def test_what_is_none_of_all_that_it_can_be_is_not_given_back(case: str, tmp_path: Path) -> None:
    cases, is_all = TOLD_APART[case]
    code = f"{KINDS}def audit(ctx, value, mode=None, **_):\n match mode:\n  {cases}\n"
    wheel = write_wheel(tmp_path, plugin(hooks={"recall_filter": "audit"}, handlers=code))
    found = read(understand(str(wheel)), host.node()).observed
    said = [each.kind for each in found if each.kind in ("handler-result", "result-at-times")]
    assert said == ([] if is_all else ["result-at-times"])


@pytest.mark.parametrize(("asked", "is_all"), [("A, Mode.B", True), ("B, None", False)])
def test_members_that_are_compared_one_by_one(asked: str, is_all: bool, tmp_path: Path) -> None:
    one, other = asked.split(", ")
    code = (
        f"{KINDS}def audit(ctx, value, mode=None, **_):\n    if mode is Mode.{one}:\n"
        f"        return value\n    if {other} == mode:\n        return []\n"
    )
    wheel = write_wheel(tmp_path, plugin(hooks={"recall_filter": "audit"}, handlers=code))
    found = read(understand(str(wheel)), host.node()).observed
    assert any(each.kind == "result-at-times" for each in found) is not is_all


def test_it_is_said_where_the_node_cannot_use_it(tmp_path: Path) -> None:
    code = "def audit(ctx, value, **_):\n    if isinstance(value, list):\n        return value\n"
    wheel = write_wheel(tmp_path, plugin(hooks={"recall_filter": "audit"}, handlers=code))
    observed = read(understand(str(wheel)), host.node()).observed
    [said] = [each for each in observed if each.kind == "result-at-times"]
    assert said.why == (
        "demo_plugin.handlers:audit can return None, as where not isinstance(value, list), and "
        "the node wants the value"
    )


CHECKED = plugin()["demo_plugin/manifest.py"].replace(
    "hooks=", "health_check=handlers.check, hooks="
)
NAMES = {
    "nowhere": ("if ctx:\n        log.info(1)", ["post_assert_audit: log"]),
    "in a helper": ("return helper()\ndef helper():\n    return log", ["post_assert_audit: log"]),
    "of the module": ("return LATE\nLATE = 1", []),
    "of Python": ("return print", []),
    "bound by another": ("return log\ndef other():\n    global log\n    log = 1", []),
    "caught": ("try:\n        log\n    except NameError:\n        pass", []),
    "not known": ("return log\nfrom strange import *", []),
}


@pytest.mark.parametrize("case", NAMES)
def test_names_that_nothing_binds(case: str, tmp_path: Path) -> None:
    body, names = NAMES[case]
    wheel = write_wheel(tmp_path, plugin(handlers=f"def audit(ctx, **_):\n    {body}\n"))
    found = read(understand(str(wheel)), host.node()).observed
    assert [each.item for each in found if each.kind == "context-lacks"] == names


HEALTH_CHECKS = {
    "a bool": ("return True", "something else"),
    "nothing": ("pass", "None"),
    "a dict": ("return {'status': 'ok'}", "a dict"),
    "health": ("return PluginHealth(PluginHealthStatus.HEALTHY)", ""),
    "either": ("return PluginHealth(PluginHealthStatus.HEALTHY) if ctx else None", ""),
    "not known": ("return ctx.health()", ""),
    "an exception": ("raise OSError", ""),
}


@pytest.mark.parametrize("case", HEALTH_CHECKS)
def test_what_the_node_takes_for_no_health(case: str, tmp_path: Path) -> None:
    body, given = HEALTH_CHECKS[case]
    wheel = write_wheel(
        tmp_path,
        plugin(
            handlers="from stigmem_node.plugins import PluginHealth, PluginHealthStatus\n"
            f"def check(ctx):\n    {body}\ndef audit(ctx, **_): ...\n",
            manifest=CHECKED,
        ),
    )
    found = read(understand(str(wheel)), host.node()).observed
    said = [each.why for each in found if each.kind == "health-result"]
    why = f"demo_plugin.handlers:check returns {given}, and never a PluginHealth"
    assert said == ([why] if given else [])


# In the node's own Python: register one handler, and fire its hook as the node does.
FIRE = """
import asyncio, json, sys, warnings

warnings.simplefilter("ignore")
from stigmem_node.plugins import Allow, PluginManifest
from stigmem_node.plugins.registry import HOOK_SPECS, HookRegistry

hook, signature, calls = json.loads(sys.argv[1])
ran = []
space = {"Allow": Allow, "ran": ran}
if signature.startswith(("def ", "async def ")) and "\\n" not in signature:
    signature = f"{signature}:\\n    ran.append(1)\\n    return RESULT"
space["ran_"] = lambda: ran.append(1)
exec(signature, space)
semantic = HOOK_SPECS[hook].semantic.value
space["RESULT"] = {"voting": Allow(), "score_delta": {}}.get(semantic, [])
answer = {"registers": True, "calls": []}
registry = HookRegistry()
try:
    registry.register_plugin(
        PluginManifest(name="demo", version="1.0.0", hooks={hook: space["audit"]})
    )
except Exception as error:
    answer = {"registers": False, "error": str(error), "calls": []}
else:
    for call in calls:
        ran.clear()
        given = dict.fromkeys(call)
        try:
            if semantic in ("filter_chain", "score_delta"):
                got = getattr(registry, f"fire_{semantic}")(hook, [], **given)
            else:
                got = getattr(registry, f"fire_{semantic}")(hook, **given)
            answer["calls"].append(
                {"ran": bool(ran), "raised": "", "coroutine": asyncio.iscoroutine(got)}
            )
        except Exception as error:
            answer["calls"].append({"ran": bool(ran), "raised": str(error), "coroutine": False})
print(json.dumps(answer))
"""


def on_the_node(python: Path, hook: str, signature: str) -> Any:
    given = json.dumps([hook, signature, host.node().calls(hook)])
    done = subprocess.run(
        [str(python), "-I", "-c", FIRE, given], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.network
@pytest.mark.parametrize("case", CALLS)
def test_the_node_does_what_is_said(case: str, node_python: Path) -> None:
    hook, signature, expected = CALLS[case]
    real = on_the_node(node_python, hook, signature)
    assert real["registers"] == ("handler-arity" not in expected)
    if not real["registers"]:
        assert "must accept at least" in real["error"]
        return
    ran = [each["ran"] for each in real["calls"]]
    if expected:
        assert not all(ran)
    else:
        assert all(ran)
        assert not any(each["raised"] for each in real["calls"])
    info = host.node().hook(hook)
    for each in real["calls"]:
        if not each["ran"] and MISMATCH in expected:
            # What rule SPR209 goes by: everything is raised, but in a hook that only observes.
            assert bool(each["raised"]) == (info.power != "observe" or info.band == "AUDIT")
            assert not each["raised"] or "audit()" in each["raised"]


@pytest.mark.network
@pytest.mark.parametrize("case", [each for each in RESULTS if each != "nothing or something"])
def test_the_node_cannot_use_it(case: str, node_python: Path) -> None:
    hook, result, why = RESULTS[case]
    real = on_the_node(node_python, hook, f"def audit(ctx, *more, **_):\n    return {result}")
    assert all(bool(each["raised"]) == bool(why or "int(" in result) for each in real["calls"])


@pytest.mark.network
@pytest.mark.parametrize("case", MADE)
def test_the_node_does_what_is_said_of_them(case: str, node_python: Path) -> None:
    code, expected = MADE[case]
    real = on_the_node(node_python, "recall_filter", "\n" + code.replace("ran()", "ran_()"))
    assert real["registers"] == ("handler-arity" not in expected)
    if real["registers"]:
        assert all(each["ran"] for each in real["calls"]) == (not expected)


ASYNC = {
    "pre_assert_authorize": "returned coroutine; expected Allow or Deny",
    "recall_rank": "returned coroutine; expected dict",
    "recall_filter": "",
    "post_assert_persist": "",
    "audit_emit": "",
}


@pytest.mark.network
@pytest.mark.parametrize("hook", ASYNC)
def test_the_node_never_awaits(hook: str, node_python: Path) -> None:
    given = "ctx, value" if host.node().hook(hook).positionals == 2 else "ctx"
    real = on_the_node(node_python, hook, f"async def audit({given}, **_)")
    assert real["registers"]
    for each in real["calls"]:
        assert not each["ran"]
        assert ASYNC[hook] in each["raised"]
        assert bool(each["raised"]) == bool(ASYNC[hook])
        assert each["coroutine"] == (hook == "recall_filter")


@pytest.mark.network
@pytest.mark.parametrize("signature", ["async def audit(ctx, **_)", "def audit(ctx)"])
def test_its_own_validator_stops_the_node(signature: str, node_python: Path) -> None:
    real = on_the_node(node_python, "config_validate", signature)
    assert not real["registers"]
    assert "config validator" in real["error"]


MIGRATE = """
import warnings
from types import SimpleNamespace

warnings.simplefilter("ignore")
from stigmem_node.plugin_migrations import apply_registered_plugin_migrations


async def migrate(): ...


try:
    apply_registered_plugin_migrations(SimpleNamespace(backend_name="sqlite"), migrate())
except TypeError as error:
    print(error)
"""


@pytest.mark.network
def test_a_coroutine_is_no_list_of_migrations(node_python: Path) -> None:
    done = subprocess.run(
        [str(node_python), "-I", "-c", MIGRATE], check=True, capture_output=True, text=True
    )
    assert "coroutine" in done.stdout


@pytest.mark.network
def test_the_keywords_are_those_of_the_nodes_own_calls(node_python: Path) -> None:
    ask = "import stigmem_node; print(stigmem_node.__file__)"
    done = subprocess.run(
        [str(node_python), "-I", "-c", ask], check=True, capture_output=True, text=True
    )
    real: dict[str, set[frozenset[str | None]]] = {}
    for path in Path(done.stdout.strip()).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr=fired), args=[ast.Constant(str(hook)), *_]
                ) if fired.startswith("fire_"):
                    named = frozenset(word.arg for word in node.keywords)
                    real.setdefault(hook, set()).add(named)
                case _:
                    pass
    known = host.node()
    stated = {hook: {frozenset(call) for call in known.calls(hook)} for hook in known.hooks}
    assert stated == real


OF_OBJECTS = """\
from stigmem_node.plugins import PluginManifest

KEEP = lambda ctx, found, **_: found


class Hooks:
    def rank(self, ctx, found, **_):
        return found

    def authorize(self):
        return None


hooks = Hooks()


def plugin_manifest():
    return PluginManifest(
        name="demo-plugin",
        version="1.0.0",
        hooks={
            "recall_filter": KEEP,
            "recall_rank": hooks.rank,
            "pre_recall_authorize": hooks.authorize,
        },
    )
"""


def test_a_lambda_that_changed_is_said(tmp_path: Path) -> None:
    changed = OF_OBJECTS.replace("_: found", "_: found[:1]")
    found = from_to(tmp_path, {}, "manifest", OF_OBJECTS, changed)
    assert any(each.startswith("recall_filter still runs ") for each in found)


def test_what_an_object_passes_to_its_method_is_no_argument_of_the_node(tmp_path: Path) -> None:
    source = {"manifest": OF_OBJECTS}
    report = review("none", str(wheel(tmp_path, source)))
    assert [f.item for f in report.findings if f.rule == "SPR206"] == ["pre_recall_authorize"]
    assert [f.item for f in report.findings if f.rule == "SPR209"] == []
