"""What a package has under the name of a submodule: the submodule, where nothing else is bound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.real_node import RealNode, disagreements, known_fields, read
from support.shapes import DEFAULTS, HANDLERS, IMPORTS, Shape, factory

ENTRY = "demo:plugin_manifest"
HOOK = factory('hooks={"post_assert_audit": handlers.audit}')
FROM_AUDIT = {"post_assert_audit": "demo.handlers:audit"}
EVIL = "def audit(ctx, **_):\n    return 'evil'\n"
EXTRA = "class handlers:\n    audit = print\n"


def root(name: str, before: str, entry: str = HOOK, **more: str) -> Shape:
    """Return a package whose factory stands in ``__init__``; ``a__b`` is the module ``a/b``."""
    modules = {"__init__": before + entry, "handlers": HANDLERS, **more}
    files = {f"demo/{each}.py": text for each, text in modules.items()}
    files["demo/__init__.py"] = IMPORTS + files["demo/__init__.py"]
    return Shape(name, files, ENTRY)


def _path(name: str) -> str:
    return "/".join("__init__" if part == "init" else part for part in name.split("__"))


def below(name: str, before: str, hooks: str, reading: str, **more: str) -> Shape:
    """Return a package that reads a subpackage ``hooks`` in a module with the factory."""
    body = IMPORTS + reading + factory(f'hooks={{"post_assert_audit": {before}}}')
    files = {
        "demo/__init__.py": "from .plugin import plugin_manifest\n",
        "demo/plugin.py": body,
        "demo/hooks/__init__.py": hooks,
        "demo/hooks/handlers.py": HANDLERS,
        **{f"demo/{_path(each)}.py": text for each, text in more.items()},
    }
    return Shape(
        name, files, ENTRY, more={"hooks": {"post_assert_audit": "demo.hooks.handlers:audit"}}
    )


WAYS = {
    "from the package": "from . import handlers\n",
    "from the package by its name": "from demo import handlers\n",
    "under its own name": "from . import handlers as handlers\n",
    "as a dotted name": "import demo.handlers as handlers\n",
    "what is in it": "from .handlers import gate\n",
    "what is in it, by its name": "from demo.handlers import gate\n",
    "all that is in it": "from .handlers import *\n",
    "again and again":
        "from . import handlers\nimport demo.handlers as handlers\nfrom demo import handlers\n",
    "with others": "from . import handlers, other\nfrom .other import X\n",
    "brought by a star import": "from .other import *\n",
    "brought by a star import, and from the package":
        "from .other import *\nfrom . import handlers\n",
    "the whole dotted name": "import demo.handlers\n",
    "while type checkers see something else":
        "from typing import TYPE_CHECKING\nfrom . import handlers\n"
        "if TYPE_CHECKING:\n    import os as handlers\n",
}  # fmt: skip
OTHER = "from . import handlers\nX = 1\n"
READ = [
    *(root(name, before, other=OTHER) for name, before in WAYS.items()),
    root("as an attribute of the package", "import demo.handlers\n",
         factory('hooks={"post_assert_audit": demo.handlers.audit}')),
    root("under another name", "from . import handlers as h\n",
         factory('hooks={"post_assert_audit": h.audit}')),
    root("under another name, and its own", "from . import handlers as h\n"),
    root("in the factory", "",
         factory('hooks={"post_assert_audit": handlers.audit}', inside="from . import handlers")),
    root("a function of it", "from . import handlers\nfrom .handlers import audit\n",
         factory('hooks={"post_assert_audit": audit}')),
]  # fmt: skip
READ = [Shape(each.id, each.files, each.entry, more={"hooks": FROM_AUDIT}) for each in READ] + [
    below(f"below, {name}, read {how}", read_as, before, reading)
    for name, before in {
        "nothing": "",
        "from the package": "from . import handlers\n",
        "by its name": "from demo.hooks import handlers\n",
        "what is in it": "from .handlers import audit as _\n",
        "all": "__all__ = ['handlers']\n",
        "all, imported": "from . import handlers\n__all__ = ['handlers']\n",
    }.items()
    for how, read_as, reading in (
        ("from the package", "handlers.audit", "from .hooks import handlers\n"),
        ("as a dotted name", "h.audit", "import demo.hooks.handlers as h\n"),
        ("through the package", "hooks.handlers.audit",
         "from . import hooks\nfrom .hooks import handlers as _\n"),
        *([("by a star import", "handlers.audit", "from .hooks import *\n")] if before else []),
    )
]  # fmt: skip

AUDIT = "from .audit import audit\n"


def same(name: str, hooks: str, reading: str, read_as: str = "hooks.audit", **more: str) -> Shape:
    """Return a package whose subpackage ``hooks`` has a submodule ``audit`` with ``audit`` in it.

    ``hooks`` is its ``__init__``, and ``reading`` stands before the factory, in ``plugin``.
    """
    made = below(name, read_as, hooks, reading, **{"hooks__audit": HANDLERS, **more})
    return Shape(name, made.files, made.entry, more={"hooks": FROM_SAME})


FROM_SAME = {"post_assert_audit": "demo.hooks.audit:audit"}
FROM_ROOT = {"post_assert_audit": "demo.audit:audit"}
CALL = 'hooks={"post_assert_audit": audit}'
SAME = [
    same("from the package", AUDIT, "from . import hooks\n"),
    same("by name", AUDIT, "from .hooks import audit\n", "audit"),
    same("by name, after the submodule", AUDIT,
         "import demo.hooks.audit\nfrom .hooks import audit\n", "audit"),
    same("as a dotted name", AUDIT, "import demo.hooks.audit\n", "demo.hooks.audit"),
    same("as a dotted name with another", AUDIT, "import demo.hooks.audit as a\n", "a"),
    same("under another name in it", "from .audit import audit as audit, gate\n",
         "from .hooks import audit\n", "audit"),
    same("after another that loads it", "from . import other\n" + AUDIT,
         "from .hooks import audit\n", "audit", hooks__other="from . import audit\n"),
    same("in a module of its own", AUDIT, "from .table import HOOKS\n", "HOOKS['x']",
         table="from . import hooks\nHOOKS = {'x': hooks.audit}\n"),
    same("in a table of the package", AUDIT + "HOOKS = {'x': audit}\n",
         "from .hooks import HOOKS\n", "HOOKS['x']"),
    same("with a function that makes up others",
         AUDIT + "def __getattr__(name):\n    return name\n",
         "from .hooks import audit\n", "audit"),
    same("in a table of the package around it", AUDIT, "from . import HOOKS\n", "HOOKS['x']",
         init="from .hooks import audit\nHOOKS = {'x': audit}\n"
         "from .plugin import plugin_manifest\n"),
    same("through a function that is called", AUDIT,
         "from . import hooks\ndef f():\n    return hooks.audit\n", "f()"),
    same("through another package", AUDIT, "from .more import audit\n", "audit",
         more__init="from ..hooks import audit\n"),
    *(Shape(f"in the plugin's package, {name}", {**root("", before, factory(CALL, inside=inside),
            audit=HANDLERS).files}, ENTRY, more={"hooks": FROM_ROOT})
      for name, before, inside in (
          ("at its top", AUDIT, ""), ("in the factory", AUDIT, "from . import audit"),
          ("in the factory, from it", "", "from .audit import audit"))),
    Shape("a router", {
        "demo/__init__.py": "from .plugin import plugin_manifest\n",
        "demo/plugin.py":
            IMPORTS + "from .api import router\n" + factory("routes=[router]"),
        "demo/api/__init__.py": "from .router import router\n",
        "demo/api/router.py": "from fastapi import APIRouter\nrouter = APIRouter()\n",
    }, ENTRY, more={"routes": ["demo.api.router:router"]}),
]  # fmt: skip
UNSAME = [
    same("assigned after", AUDIT + "audit = print\n", "from .hooks import audit\n", "audit"),
    same("assigned before", "audit = print\n" + AUDIT, "from .hooks import audit\n", "audit"),
    same("deleted", AUDIT + "del audit\n", "from .hooks import audit\n", "audit"),
    same("of another module", "from .evil import audit\n",
         "import demo.hooks.audit\nfrom .hooks import audit\n", "audit", hooks__evil=EVIL),
    same("under a condition", "import os\nif os.sep:\n    from .audit import audit\n",
         "from .hooks import audit\n", "audit"),
    same("if it can be", "try:\n    from .audit import audit\nexcept ImportError:\n"
         "    audit = None\n", "from .hooks import audit\n", "audit"),
    same("declared global", AUDIT + "def f():\n    global audit\n    audit = print\nf()\n",
         "from .hooks import audit\n", "audit"),
    same("set from outside", AUDIT, "from . import hooks\nhooks.audit = print\n"),
    same("set by name", AUDIT, "from . import hooks\nsetattr(hooks, 'audit', print)\n"),
    same("brought by a star import", AUDIT + "from .evil import *\n",
         "from .hooks import audit\n", "audit", hooks__evil=EVIL),
    same("loaded again", AUDIT, "import sys\nfrom . import hooks\n"
         "del sys.modules['demo.hooks.audit']\nimport demo.hooks.audit\n"),
    same("a text, which a module is not like", "from .audit import audit\n",
         "from .hooks import audit\nfrom .hooks.handlers import audit as other, gate\n",
         "other if audit else gate",
         hooks__audit="audit = ''\n"),
    same("read before in the package", "from . import other\nHOOKS = [audit]\n" + AUDIT,
         "from .hooks import HOOKS\n", "HOOKS[0]", hooks__other="from . import audit\n"),
    same("read before by what the package imports",
         "from . import audit as _, other\n" + AUDIT, "from .hooks.other import X\n", "X[0]",
         hooks__other="from . import audit\nX = [audit]\n"),
    same("read before, in a default",
         "from . import audit as _, other\n" + AUDIT, "from .hooks.other import f\n", "f()",
         hooks__other="import demo.hooks\ndef f(x=demo.hooks.audit):\n    return x\n"),
    same("read before, in a comprehension of a default",
         "from . import audit as _, other\n" + AUDIT, "from .hooks.other import f\n", "f()",
         hooks__other="import demo.hooks\n"
         "def f(x=[demo.hooks.audit for _ in (1,)][0]):\n    return x\n"),
    same("read before, by a function of the package",
         "def f():\n    return audit\nfrom . import audit as _, other\n" + AUDIT,
         "from .hooks.other import X\n", "X[0]",
         hooks__other="from . import f\nX = [f()]\n"),
    same("read before, in a function that is called by then",
         "from . import audit as _, other\n" + AUDIT, "from .hooks.other import X\n", "X[0]",
         hooks__other="from ..late import f\nX = [f()]\n",
         late="def f():\n    from .hooks import audit\n    return audit\n"),
    same("read by what is imported far away",
         "from . import audit as _, other\n" + AUDIT, "from .far import X\n", "X[0]",
         hooks__other="from ..near import Y\n", near="from .far import X\nY = 1\n",
         far="from .hooks import audit\nX = [audit]\n"),
    same("read before, in a default that is computed",
         "from . import audit as _, other\n" + AUDIT, "from .hooks.other import f\n", "f()",
         hooks__other="import demo.hooks\ndef g():\n    return demo.hooks.audit\n"
         "def f(x=g()):\n    return x\n"),
    same("read before, by a function further down in its file",
         "from . import audit as _, other\nX = [other.f()]\n" + AUDIT,
         "from .hooks import X\n", "X[0]",
         hooks__other="import demo.hooks\n\n\n\n\ndef f():\n    return demo.hooks.audit\n"),
    same("read by a package around what is imported",
         "from . import audit as _\nimport demo.many.more\n" + AUDIT, "from .far import X\n",
         "X[0]", many__init="from .. import far\n", many__more="",
         far="from .hooks import audit\nX = [audit]\n"),
    same("read by what is imported by its text",
         "from . import audit as _, other\n" + AUDIT, "from .far import X\n", "X[0]",
         hooks__other="import importlib\nimportlib.import_module('demo.far')\n",
         far="from .hooks import audit\nX = [audit]\n"),
    same("read by what a star import runs",
         "from . import audit as _\nfrom ..many import *\n" + AUDIT, "from .many.far import X\n",
         "X[0]", many__init="__all__ = ['far']\n",
         many__far="from ..hooks import audit\nX = [audit]\n"),
    same("read by what a function of the outer package imports",
         "from . import audit as _\nimport demo\ndemo.load()\n" + AUDIT,
         "from .far import X\n", "X[0]", far="from .hooks import audit\nX = [audit]\n",
         init="def load():\n    from . import far\nfrom .plugin import plugin_manifest\n"),
]  # fmt: skip

WILD = [
    root("assigned before", "handlers = None\nfrom . import handlers\n"),
    root("assigned after", f"from . import handlers\n{EXTRA}"),
    root("assigned and not imported here", EXTRA),
    root("assigned, and loaded by another", f"{EXTRA}from .other import X\n", other=OTHER),
    root("another module of that name", "from . import handlers\nfrom . import evil as handlers\n",
         evil=EVIL),
    root("another module, then what is in it",
         "from . import evil as handlers\nfrom .handlers import gate\n", evil=EVIL),
    root("another module by two names", "from . import evil as handlers, handlers\n", evil=EVIL),
    root("one dotted name for another", "import demo.evil as handlers\nimport demo.handlers\n",
         evil=EVIL),
    root("one of two, if it can be",
         "try:\n    from . import missing as handlers\nexcept ImportError:\n"
         "    from . import handlers\n"),
    root("deleted", "from . import handlers\ndel handlers\nhandlers = None\n"),
    root("declared global",
         "from . import handlers\nfrom .evil import audit\n"
         "def f():\n    global handlers\n    class handlers:\n        pass\n"
         "    handlers.audit = audit\nf()\n", evil=EVIL),
    root("a loop over it",
         "from . import handlers, evil\nfor handlers in [evil]: pass\n", evil=EVIL),
    root("set as an attribute",
         "import demo\nfrom . import handlers, evil\ndemo.handlers = evil\n", evil=EVIL),
    root("set by name",
         "import demo\nfrom . import handlers, evil\nsetattr(demo, 'handlers', evil)\n", evil=EVIL),
    root("set by the submodule itself",
         "from . import handlers\nfrom .other import X\n",
         other="import demo\nfrom . import evil\ndemo.handlers = evil\nX = 1\n", evil=EVIL),
    root("made up before",
         "def __getattr__(name):\n    from . import evil\n    return evil\n"
         "from . import handlers as h\n",
         factory('hooks={"post_assert_audit": h.audit}'), evil=EVIL),
    root("made up, from a star import",
         "from .other import *\nfrom . import handlers as h\n",
         factory('hooks={"post_assert_audit": h.audit}'),
         other="from . import evil\n__all__ = ['__getattr__']\n"
         "def __getattr__(name):\n    return evil\n", evil=EVIL),
    root("brought by a star import over it",
         "from . import handlers\nfrom .other import *\n", other="from . import evil as handlers\n",
         evil=EVIL),
    root("brought by a star import below it",
         "from .other import *\nfrom .handlers import gate\n", other=EXTRA),
    root("removed from the table", "import sys\nfrom . import handlers\n"
         "sys.modules['demo.handlers'] = sys.modules['demo']\nfrom .handlers import IMPORTS\n"),
    below("a star import brings what was loaded", "handlers.audit", "from . import evil\n"
          "import demo.hooks.handlers as h\n",
          "class handlers:\n    audit = print\nimport demo.hooks.handlers\nfrom .hooks import *\n",
          hooks__evil=EVIL),
    below("a star import runs the modules that are listed", "CAPS", "__all__ = ['evil']\n",
          "def CAPS(ctx, **_):\n    return None\nfrom .hooks import *\n",
          hooks__evil="import demo.plugin\ndemo.plugin.CAPS = print\n"),
    below("a star import runs the modules that are found", "CAPS",
          "import os\n__all__ = [each[:-3] for each in os.listdir(__path__[0])"
          " if each[0] == 'e']\n",
          "def CAPS(ctx, **_):\n    return None\nfrom .hooks import *\n",
          hooks__evil="import demo.plugin\ndemo.plugin.CAPS = print\n"),
    below("a star import brings it before", "caps.audit", "",
          "import demo.hooks.caps\nclass caps:\n    audit = print\nfrom demo.hooks import *\n",
          hooks__caps=HANDLERS),
    below("made up below", "handlers.audit",
          "from . import evil\ndef __getattr__(name):\n    return evil\n",
          "from .hooks import handlers\n", hooks__evil=EVIL),
]  # fmt: skip


OF_UNSAME = {
    "builtins:print": ("assigned after", "declared global", "set from outside", "set by name"),
    "demo.hooks.audit:audit": (
        *("assigned before", "under a condition", "if it can be"),
        "read by what is imported by its text",
        "read by a package around what is imported",
        "read by what a function of the outer package imports",
    ),
    "demo.hooks.handlers:gate": ("a text, which a module is not like",),
    "demo.hooks.evil:audit": ("brought by a star import",),
}
OF_WILD = {
    "builtins:print": (
        *("assigned after", "assigned and not imported here"),
        "assigned, and loaded by another",
    ),
    "demo.evil:audit": (
        *("another module of that name", "another module by two names", "declared global"),
        *("a loop over it", "set as an attribute", "set by name", "set by the submodule itself"),
        *("made up, from a star import", "brought by a star import over it"),
    ),
    "demo.handlers:audit": (
        *("another module, then what is in it", "one dotted name for another"),
        *("one of two, if it can be", "brought by a star import below it"),
    ),
    "demo.hooks.handlers:audit": ("a star import brings what was loaded",),
    "demo.hooks.caps:audit": ("a star import brings it before",),
    "demo.hooks.evil:audit": ("made up below",),
}
DECIDED = [
    (shape, next((gets for gets, ids in bound.items() if shape.id in ids), None))
    for shapes, bound in ((UNSAME, OF_UNSAME), (WILD, OF_WILD))
    for shape in shapes
]
"""Shapes, and what the node gets for them; where it is nothing, it does not start."""
each_decided = pytest.mark.parametrize(
    ("shape", "gets"), DECIDED, ids=[shape.id for shape, _ in DECIDED]
)


@pytest.fixture(scope="module")
def real_node(node_python: Path) -> Iterator[RealNode]:
    with RealNode(node_python) as real:
        yield real


@pytest.mark.parametrize("shape", READ + SAME, ids=lambda shape: shape.id)
def test_it_is_what_the_package_has(shape: Shape) -> None:
    reading = read(shape.files, shape.entry)
    assert known_fields(reading) == {**DEFAULTS, **shape.more}, reading.manifest


@pytest.mark.network
@pytest.mark.parametrize("shape", READ + SAME, ids=lambda shape: shape.id)
def test_the_node_gets_what_the_package_has(shape: Shape, real_node: RealNode) -> None:
    real = real_node.run(shape.files, shape.entry)
    assert "fields" in real, real
    assert disagreements({**DEFAULTS, **shape.more}, real["fields"]) == []


@each_decided
def test_where_the_order_decides_it_is_what_is_bound_last(shape: Shape, gets: str | None) -> None:
    known = known_fields(read(shape.files, shape.entry)).get("hooks")
    assert known == (None if gets is None else {"post_assert_audit": gets})


@pytest.mark.network
@each_decided
def test_the_node_gets_what_is_bound_last(
    shape: Shape, gets: str | None, real_node: RealNode
) -> None:
    hooks = real_node.run(shape.files, shape.entry).get("fields", {}).get("hooks")
    assert hooks == (None if gets is None else {"post_assert_audit": gets})
