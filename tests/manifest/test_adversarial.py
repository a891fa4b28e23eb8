"""Shapes that would fool a naive reader: it may say it does not know, never what is not so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from stigmem_review.model import Known, Manifest, Unknown
from support.real_node import RealNode, disagreements, known_fields, read
from support.shapes import DEFAULTS, IMPORTS, Shape, package

ALL = tuple(DEFAULTS)
CAPS = ("capabilities",)
CONST = 'EVIL = frozenset({"network.outbound"})\nCAPS = frozenset({"facts.read"})\n'
CONST_EVIL = 'EVIL = frozenset({"network.outbound"})\n'
MUTABLE = 'CAPS = {"facts.read"}\n'
CALL = 'PluginManifest(name="demo-plugin", version="1.0.0"'
TAIL = f"\n\ndef plugin_manifest():\n    return {CALL}, capabilities=CAPS)\n"
WITH_OTHER = "from .manifest import plugin_manifest\nfrom . import other\n"
NOTHING: dict[str, Any] = {"nothing": True}
EVIL = {"capabilities": ["network.outbound"]}
LOUD = {"capabilities": ["facts.read", "network.outbound"]}


@dataclass(frozen=True)
class Trap:
    """A shape, the fields that may be uncertain, and what the node gets (if anything)."""

    shape: Shape
    unsure: tuple[str, ...]
    gets: dict[str, Any]


def const(name: str, source: str, unsure: tuple[str, ...] = CAPS, **more: Any) -> Trap:
    """The factory gives a constant, and something happens to the constant."""
    return whole(name, _finished(CONST + dedent(source)), unsure, **{"gets": EVIL, **more})


def mutable(name: str, source: str, unsure: tuple[str, ...] = CAPS, **more: Any) -> Trap:
    """The factory gives a set, and something happens to what is in it."""
    return whole(name, MUTABLE + dedent(source) + TAIL, unsure, **{"gets": LOUD, **more})


def outside(
    name: str, other: str, unsure: tuple[str, ...] = ALL, *, source: str = CONST, **more: Any
) -> Trap:
    """Another module, imported after the one with the factory, changes something."""
    other = "from . import manifest\n" + dedent(other)
    settings = {"gets": EVIL, "init": WITH_OTHER, **more}
    return whole(name, _finished(source), unsure, other=other, **settings)


CHAIN: dict[str, Any] = {f"m{n}": f"from .m{n + 1} import X\n" for n in range(300)}
CHAIN["m300"] = "X = 'x'\n"


def whole(
    name: str,
    source: str | bytes,
    unsure: tuple[str, ...] = ALL,
    *,
    gets: dict[str, Any],
    entry: str = "demo:plugin_manifest",
    files: dict[str, str | bytes] | None = None,
    **modules: str | bytes,
) -> Trap:
    text = dedent(source) if isinstance(source, str) else source
    made = package(text, **{key: _dedent(value) for key, value in modules.items()})
    return Trap(Shape(name, {**made, **(files or {})}, entry), unsure, gets)


def _finished(source: str) -> str:
    return source if "def plugin_manifest" in source else source + TAIL


def _dedent(text: str | bytes) -> str | bytes:
    return dedent(text) if isinstance(text, str) else text


REBOUND = [
    const("assigned twice", "CAPS = EVIL"),
    const("under a condition", "if EVIL:\n    CAPS = EVIL"),
    const("in a try", "try:\n    CAPS = EVIL\nfinally:\n    pass"),
    const("in a while", "while CAPS != EVIL:\n    CAPS = EVIL"),
    const("as a loop variable", "for CAPS in [EVIL]:\n    pass"),
    const("by with", "import contextlib\nwith contextlib.nullcontext(EVIL) as CAPS:\n    pass"),
    const("unpacked", "CAPS, _ = EVIL, 1"),
    const("unpacked with a star", "_, *CAPS = 1, 'network.outbound'"),
    const("in an expression", "print(CAPS := EVIL)"),
    const("in a comprehension", "[CAPS := EVIL for _ in (1,)]"),
    const("in a generator in a call", "any((CAPS := EVIL) for _ in (1,))"),
    const("in a decorator", "@((CAPS := EVIL) and (lambda f: f))\ndef f(): ..."),
    const("in a default", "def f(x=(CAPS := EVIL)): ..."),
    const("in the default of a lambda", "f = lambda x=(CAPS := EVIL): x"),
    const("in a base", "class A(*[CAPS := EVIL][1:]): ..."),
    const("in an annotation", "x: (CAPS := EVIL)", ALL),
    const("in the target of an annotation", "d = {}\nd[(CAPS := EVIL)]: int"),
    const("in an f-string", 'f"{(CAPS := EVIL)}"'),
    const("in a subscript that is deleted", "d = {EVIL: 1}\ndel d[(CAPS := EVIL)]"),
    const("by an import", "from .other import CAPS", other=CONST + "CAPS = EVIL"),
    const("by a star import", "from .other import *", other=CONST + "CAPS = EVIL"),
    const("by a match", "match EVIL:\n    case CAPS:\n        pass"),
    const("by a match with as", "match EVIL:\n    case frozenset() as CAPS:\n        pass"),
    const("by a star in a match", "match ['network.outbound']:\n    case [*CAPS]:\n        pass"),
    const("by a mapping in a match", "match {'network.outbound': 1}:\n    case {**CAPS}:\n"
          "        CAPS = list(CAPS)"),
    const("by an except", "try:\n    1 / 0\nexcept ZeroDivisionError as CAPS:\n    pass",
          gets=NOTHING),
    const("deleted", "del CAPS", gets=NOTHING),
    const("augmented", "CAPS |= EVIL", gets=LOUD),
    const("global in a function", "def f():\n    global CAPS\n    CAPS = EVIL\nf()"),
    const("global in a nested function", """
        def f():
            def g():
                global CAPS
                CAPS = EVIL
            return g
        f()()
        """),
    const("global in a class body", "class A:\n    global CAPS\n    CAPS = EVIL"),
    const("global in a method", "class A:\n    def f(self):\n        global CAPS\n"
          "        CAPS = EVIL\nA().f()"),
    const("global import", "def f():\n    global CAPS\n    from .other import CAPS\nf()",
          other=CONST + "CAPS = EVIL"),
    const("global for", "def f():\n    global CAPS\n    for CAPS in [EVIL]: ...\nf()"),
    const("global class", "def f():\n    global PluginManifest\n    class PluginManifest(Base):\n"
          "        capabilities: frozenset = EVIL\n"
          "from stigmem_node.plugins import PluginManifest as Base\n", ALL,
          gets={"capabilities": ["facts.read"]}),
    whole("global in the factory", f"""
        {CONST.replace(chr(10), chr(10) + ' ' * 8)}
        def f():
            global CAPS
            CAPS = EVIL

        def plugin_manifest():
            global CAPS
            CAPS = frozenset()
            f()
            return {CALL}, capabilities=CAPS)
        """, CAPS, gets=EVIL),
    whole("global by a name that a class spells otherwise", f"""
        _A__CAPS = frozenset()
        class A:
            global __CAPS
            __CAPS = ("network.outbound",)
        def plugin_manifest():
            return {CALL}, capabilities=_A__CAPS)
        """, CAPS, gets=EVIL),
    whole("nonlocal", f"""
        def plugin_manifest():
            caps = frozenset()
            def f():
                nonlocal caps
                caps = ("network.outbound",)
            f()
            return {CALL}, capabilities=caps)
        """, CAPS, gets=EVIL),
    whole("a local name over a global one", CONST + f"""
def plugin_manifest():
    CAPS = EVIL
    return {CALL}, capabilities=CAPS)
""", (), gets=EVIL),
    whole("a parameter over a global name", CONST + f"""
def plugin_manifest(CAPS=EVIL):
    return {CALL}, capabilities=CAPS)
""", (), gets=EVIL),
    whole("a full-width name", f"""
        CAPS = ()
        ＣＡＰＳ = ("network.outbound",)
        def plugin_manifest():
            return {CALL}, capabilities=CAPS)
        """, CAPS, gets=EVIL),
    whole("a mathematical keyword", f"""
        def plugin_manifest():
            return {CALL}, 𝐜𝐚𝐩𝐚𝐛𝐢𝐥𝐢𝐭𝐢𝐞𝐬={{"network.outbound"}})
        """, (), gets=EVIL),
    whole("a guard for type checkers that is a function", f"""
        from typing import TYPE_CHECKING
        def TYPE_CHECKING(): ...
        CAPS = ()
        if TYPE_CHECKING:
            CAPS = ("network.outbound",)
        def plugin_manifest():
            return {CALL}, capabilities=CAPS)
        """, CAPS, gets=EVIL),
    whole("a guard that rebinds itself", f"""
        import typing
        from typing import TYPE_CHECKING
        try:
            1 / 0
        except ZeroDivisionError as TYPE_CHECKING:
            if TYPE_CHECKING:
                CAPS = ("network.outbound",)
        def plugin_manifest():
            return {CALL}, capabilities=CAPS)
        """, CAPS, gets=EVIL),
    whole("a guard in a class that rebinds it", f"""
        from typing import TYPE_CHECKING
        CAPS = ["facts.read"]
        class A:
            TYPE_CHECKING = True
            if TYPE_CHECKING:
                CAPS.append("network.outbound")
        def plugin_manifest():
            return {CALL}, capabilities=CAPS)
        """, CAPS, gets=LOUD),
    whole("a guard in a function with a parameter of the name", f"""
        from typing import TYPE_CHECKING
        CAPS = ["facts.read"]
        def f(TYPE_CHECKING):
            if TYPE_CHECKING:
                CAPS.append("network.outbound")
        f(True)
        def plugin_manifest():
            return {CALL}, capabilities=CAPS)
        """, CAPS, gets=LOUD),
    outside("a guard changed in typing", "CAPS = 1", ALL,
            init="import typing\nt = typing\nt.TYPE_CHECKING = True\n" + WITH_OTHER,
            source=CONST + "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    CAPS = EVIL"),
]  # fmt: skip

MUTATED = [
    mutable("by a method", 'CAPS.add("network.outbound")'),
    mutable("by an operator", 'CAPS |= {"network.outbound"}'),
    mutable("by an operator in a class", 'class A:\n    CAPS |= {"network.outbound"}'),
    whole("in the factory", MUTABLE + f"""
def plugin_manifest():
    CAPS.add("network.outbound")
    return {CALL}, capabilities=CAPS)
""", CAPS, gets=LOUD),
    whole("a local one", f"""
        def plugin_manifest():
            caps = ["facts.read"]
            caps += ["network.outbound"]
            return {CALL}, capabilities=caps)
        """, (), gets=LOUD),
    whole("a local one by a method", f"""
        def plugin_manifest():
            caps = ["facts.read"]
            caps.append("network.outbound")
            return {CALL}, capabilities=caps)
        """, (), gets=LOUD),
    mutable("through another name", 'MORE = CAPS\nMORE.add("network.outbound")'),
    whole("through a name given at once", f"""
        CAPS = MORE = {{"facts.read"}}
        MORE.add("network.outbound")
        def plugin_manifest():
            return {CALL}, capabilities=CAPS)
        """, CAPS, gets=LOUD),
    whole("through another field's name", f"""
        CAPS = {{"facts.read"}}
        MORE = CAPS
        MORE.add("network.outbound")
        def plugin_manifest():
            return {CALL}, capabilities=CAPS, depends_on=MORE)
        """, ("capabilities", "depends_on"), gets=LOUD),
    whole("through a tuple of another field", f"""
        from fastapi import APIRouter
        CAPS = {{"facts.read"}}
        MORE = (CAPS,)
        MORE[0].add("network.outbound")
        def plugin_manifest():
            return {CALL}, capabilities=CAPS, routes=MORE)
        """, ("capabilities", "routes"), gets=LOUD),
    whole("through a table of keywords", f"""
        CAPS = {{"facts.read"}}
        TABLE = {{"capabilities": CAPS}}
        list(TABLE.values())[0].add("network.outbound")
        def plugin_manifest():
            return {CALL}, **TABLE)
        """, ALL, gets=LOUD),
    mutable("through an argument", 'def f(x):\n    x.add("network.outbound")\nf(CAPS)'),
    mutable("through a default", 'def f(x=CAPS):\n    x.add("network.outbound")\nf()'),
    mutable(
        "through a closure", 'def f():\n    return lambda: CAPS.add("network.outbound")\nf()()'
    ),
    mutable("through a class", 'class A:\n    c = CAPS\nA.c.add("network.outbound")'),
    mutable("through a function's result",
            'def f():\n    return CAPS\nf().add("network.outbound")'),
    mutable("through a generator", 'next(c for c in [CAPS]).add("network.outbound")'),
    mutable("through a method that is kept", 'add = CAPS.add\nadd("network.outbound")'),
    mutable("through the type", 'set.add(CAPS, "network.outbound")'),
    mutable("through operator", 'import operator\noperator.ior(CAPS, {"network.outbound"})'),
    mutable("through a match", 'match CAPS:\n    case c:\n        c.add("network.outbound")'),
    mutable("through a thread", """
        import threading
        thread = threading.Thread(target=lambda: CAPS.add("network.outbound"))
        thread.start()
        thread.join()
        """),
    mutable("through partial",
            'from functools import partial\npartial(CAPS.add, "network.outbound")()'),
    mutable("in a decorator", 'def f(g):\n    CAPS.add("network.outbound")\n@f\ndef g(): ...'),
    mutable("in a function that is called", 'def f():\n    CAPS.add("network.outbound")\nf()'),
    mutable("in a function called by another name",
            'def f():\n    CAPS.add("network.outbound")\ng = f\ng()'),
    mutable("in a metaclass", """
        class M(type):
            def __init__(cls, *args):
                CAPS.add("network.outbound")
        class A(metaclass=M): ...
        """),
    mutable("in __init_subclass__", """
        class A:
            def __init_subclass__(cls):
                CAPS.add("network.outbound")
        class B(A): ...
        """),
    mutable("in __set_name__", """
        class D:
            def __set_name__(self, owner, name):
                CAPS.add("network.outbound")
        class A:
            d = D()
        """),
    mutable("in a descriptor", """
        class D:
            def __get__(self, instance, owner):
                CAPS.add("network.outbound")
        class A:
            d = D()
        A.d
        """),
    mutable("in a property", """
        class A:
            @property
            def x(self):
                CAPS.add("network.outbound")
        A().x
        """),
    mutable("in a property read by a format", """
        class A:
            @property
            def x(self):
                CAPS.add("network.outbound")
        "{0.x}".format(A())
        """),
    mutable("in an enumeration", """
        from enum import Enum
        class E(Enum):
            A = 1
            def __init__(self, value):
                CAPS.add("network.outbound")
        """),
    mutable("in what an enumeration generates", """
        from enum import Enum, auto
        class E(Enum):
            def _generate_next_value_(name, *args):
                CAPS.add("network.outbound")
                return name
            A = auto()
        """),
    mutable("in a model's hook", """
        from pydantic import BaseModel
        class M(BaseModel):
            def __init_subclass__(cls):
                CAPS.add("network.outbound")
        class N(M): ...
        """),
    mutable("in what makes a model's schema", """
        from pydantic import BaseModel
        class T:
            def __get_pydantic_core_schema__(source, handler):
                CAPS.add("network.outbound")
                return handler(int)
        class M(BaseModel):
            t: T
        """),
    mutable("in the text of a model's annotation", """
        from pydantic import BaseModel
        class M(BaseModel):
            x: "CAPS.add('network.outbound') or int"
        """, ALL),
    mutable("in a text in an annotation", """
        from typing import Optional
        from pydantic import BaseModel
        class M(BaseModel):
            x: Optional["CAPS.add('network.outbound') or int"] = None
        """, ALL),
    mutable("in a text that is named in an annotation", """
        from typing import Optional
        from pydantic import BaseModel
        T = Optional["CAPS.add('network.outbound') or int"]
        class M(BaseModel):
            x: T = None
        """, ALL),
    mutable("in a computed text that is named in an annotation", """
        from typing import Optional
        from pydantic import BaseModel
        T = Optional["CA" + "PS.add('network.outbound') or int"]
        class M(BaseModel):
            x: T = None
        """, ALL),
    mutable("in a text that is joined and taken apart", """
        from typing import Optional
        from pydantic import BaseModel
        T, _ = "|".join(["CAPS.add('network.outbound')", "int"]), 1
        class M(BaseModel):
            x: T = None
        """, ALL),
    mutable("in the parameter of a generic model", """
        from pydantic import RootModel
        M = RootModel["CAPS.add('network.outbound') or int"]
        """, ALL),
    mutable("in a type adapter", """
        from pydantic import TypeAdapter
        TypeAdapter("CAPS.add('network.outbound') or int").validate_python(1)
        """, ALL),
    mutable("in an annotation of a route", """
        from fastapi import APIRouter
        router = APIRouter()
        @router.get("/")
        def f(x: "CAPS.add('network.outbound') or int"): ...
        """, ALL),
    mutable("by a router that calls its routes at once", """
        from fastapi import APIRouter
        router = APIRouter()
        router.get = lambda path: lambda f: f()
        @router.get("/")
        def f():
            CAPS.add("network.outbound")
        """),
    mutable("through what a router keeps", """
        from fastapi import APIRouter
        router = APIRouter()
        @router.get("/")
        def f():
            CAPS.add("network.outbound")
        for each in router.routes:
            each.endpoint()
        """),
    mutable("by a route class", """
        from fastapi import APIRouter
        from fastapi.routing import APIRoute
        class Now(APIRoute):
            def __init__(self, path, endpoint, **more):
                super().__init__(path, endpoint, **more)
                endpoint()
        router = APIRouter(route_class=Now)
        @router.get("/")
        def f():
            CAPS.add("network.outbound")
        """),
    mutable("by the maker of a route's id", """
        from fastapi import APIRouter
        router = APIRouter()
        @router.get("/", generate_unique_id_function=lambda route: str(route.endpoint()))
        def f():
            CAPS.add("network.outbound")
        """),
    mutable("in a bound of a type variable", """
        from typing import TypeVar
        from pydantic import BaseModel
        T = TypeVar("T", bound="CAPS.add('network.outbound') or int")
        class M(BaseModel):
            x: T
        """, ALL),
    mutable("at a call through the module's own __getattr__", """
        from . import other
        other.anything
        """, other="from . import manifest\ndef __getattr__(name):\n"
                   "    manifest.CAPS.add('network.outbound')\n"),
    whole("in a function that computes another field", f"""
        CAPS = {{"facts.read"}}
        def f():
            CAPS.add("network.outbound")
            return ()
        def plugin_manifest():
            return {CALL}, routes=f(), capabilities=CAPS)
        """, CAPS, gets=LOUD),
    whole("in a function that is a handler, too", f"""
        CAPS = {{"facts.read"}}
        def f():
            CAPS.add("network.outbound")
        go = f
        go()
        def plugin_manifest():
            return {CALL}, health_check=go, capabilities=CAPS)
        """, CAPS, gets=LOUD),
    whole("in a handler that is called out of a tuple", f"""
        CAPS = {{"facts.read"}}
        def f():
            CAPS.add("network.outbound")
        both = (f,)
        both[0]()
        def plugin_manifest():
            return {CALL}, routes=both, capabilities=CAPS)
        """, CAPS, gets=LOUD),
    whole("in a handler that an operator calls", f"""
        CAPS = {{"facts.read"}}
        def f():
            CAPS.add("network.outbound")
        class A:
            def __ror__(self, other):
                other()
                return ()
        a = A()
        def plugin_manifest():
            return {CALL}, routes=f | a, capabilities=CAPS)
        """, ("capabilities", "routes"), gets=LOUD),
    mutable("in a property that a class shadows", """
        class A:
            property = lambda f: f()
            @property
            def x():
                CAPS.add("network.outbound")
        """),
    mutable("in a cached function, where the cache is shadowed", """
        from functools import lru_cache
        def f():
            def lru_cache(f):
                f()
            @lru_cache
            def x():
                CAPS.add("network.outbound")
        f()
        """),
    mutable("in a cached function that the cache's argument calls", """
        from functools import lru_cache
        @lru_cache(lambda f: f())
        def x():
            CAPS.add("network.outbound")
        """),
    mutable("in a static method, where another module shadows it", """
        from . import other
        class A:
            @staticmethod
            def x():
                CAPS.add("network.outbound")
        """, ALL, other="from . import manifest\nmanifest.staticmethod = lambda f: f()\n"),
    mutable("in a type adapter of another name", """
        from pydantic import TypeAdapter as T
        T("CAPS.add('network.outbound') or int").validate_python(1)
        """, ALL),
    mutable("in a type adapter that is handed on", """
        from pydantic import TypeAdapter
        list(map(TypeAdapter, ["CAPS.add('network.outbound') or int"]))[0].validate_python(1)
        """, ALL),
    mutable("in another factory whose result is kept", """
        from .other import plugin_manifest as f
        from . import third
        """, other="from . import manifest\ndef plugin_manifest():\n"
                   "    manifest.CAPS.add('network.outbound')\n",
        third="from .other import plugin_manifest\nX = plugin_manifest()\n"),
    outside("from another module", 'manifest.CAPS.add("network.outbound")', CAPS,
            source=MUTABLE, gets=LOUD),
    outside("from another module by name",
            'from .manifest import CAPS\nCAPS.add("network.outbound")', CAPS,
            source=MUTABLE, gets=LOUD),
    outside("from another module under another name",
            'from .manifest import CAPS as C\nC.add("network.outbound")', CAPS,
            source=MUTABLE, gets=LOUD),
    outside("from a third module under a third name",
            'from .third import C as D\nD.add("network.outbound")', CAPS,
            third="from .manifest import CAPS as C\n", source=MUTABLE, gets=LOUD),
    outside("from a third module as an attribute",
            'from . import third\nthird.C.add("network.outbound")', CAPS,
            third="from .manifest import CAPS as C\n", source=MUTABLE, gets=LOUD),
    outside("from another module by a star",
            'from .manifest import *\nCAPS.add("network.outbound")', CAPS,
            source=MUTABLE, gets=LOUD),
    outside("from another module by getattr",
            'getattr(manifest, "CAPS").add("network.outbound")', CAPS,
            source=MUTABLE, gets=LOUD),
    outside("from another module by a computed getattr",
            'getattr(manifest, "CA" + "PS").add("network.outbound")',
            source=MUTABLE, gets=LOUD),
    outside("from another module by attrgetter",
            'import operator\noperator.attrgetter("CAPS")(manifest).add("network.outbound")',
            source=MUTABLE, gets=LOUD),
    outside("from another module by a formatter", """
        import string
        string.Formatter().get_field("0.CAPS", (manifest,), {})[0].add("network.outbound")
        """, source=MUTABLE, gets=LOUD),
    outside("from another module by inspect", """
        import inspect
        dict(inspect.getmembers(manifest))["CAPS"].add("network.outbound")
        """, source=MUTABLE, gets=LOUD),
    outside("from another module by the globals of a function",
            'manifest.plugin_manifest.__globals__["CAPS"].add("network.outbound")',
            source=MUTABLE, gets=LOUD),
    outside("from another module, in a function called by another name",
            'from .third import f as g\ng()', CAPS, source=MUTABLE, gets=LOUD,
            third="from . import manifest\ndef f():\n"
                  "    manifest.CAPS.add('network.outbound')\n"),
    outside("from another module, in a class called by another name",
            'from .third import A as B\nB()', CAPS, source=MUTABLE, gets=LOUD,
            third="from . import manifest\nclass A:\n    def __init__(self):\n"
                  "        manifest.CAPS.add('network.outbound')\n"),
    outside("from another module that fails to load",
            "try:\n    import demo.third.missing\nexcept ImportError:\n    pass", CAPS,
            source=MUTABLE, gets=LOUD,
            third="from . import manifest\nmanifest.CAPS.add('network.outbound')\n"),
]  # fmt: skip

PATCHED = [
    outside("an attribute", "manifest.CAPS = manifest.EVIL", CAPS),
    outside("an attribute as a loop variable", "for manifest.CAPS in [manifest.EVIL]: ...", CAPS),
    outside("an attribute by with", "import contextlib\n"
            "with contextlib.nullcontext(manifest.EVIL) as manifest.CAPS: ...", CAPS),
    outside("an attribute by an operator", "manifest.CAPS |= manifest.EVIL", CAPS, gets=LOUD),
    outside("an attribute unpacked", "manifest.CAPS, x = manifest.EVIL, 1", CAPS),
    outside("an attribute by setattr", 'setattr(manifest, "CAPS", manifest.EVIL)', CAPS),
    outside("an attribute by a computed setattr",
            'setattr(manifest, "CA" + "PS", manifest.EVIL)'),
    outside("an attribute by setattr with a star",
            'setattr(*(manifest, "CAPS"), "x") if 0 else setattr(*(manifest, "CAPS"), '
            "manifest.EVIL)"),
    outside("an attribute by the module's own setter",
            'manifest.__setattr__("CAPS", "network.outbound".split())'),
    outside("an attribute by the module's own setter, to a text",
            'manifest.__setattr__("NAME", "evil-plugin")',
            source='NAME = "demo-plugin"\n\ndef plugin_manifest():\n'
                   '    return PluginManifest(name=NAME, version="1.0.0")\n',
            gets={"name": "evil-plugin"}),
    outside("an attribute by object's setter",
            'object.__setattr__(manifest, "CAPS", manifest.EVIL)', CAPS),
    outside("an attribute by setattr handed on",
            'list(map(setattr, [manifest], ["CAPS"], [manifest.EVIL]))'),
    outside("an attribute by setattr under another name",
            's = setattr\ns(manifest, "CAPS", manifest.EVIL)'),
    outside("an attribute by setattr from builtins",
            'from builtins import setattr as s\ns(manifest, "CAPS", manifest.EVIL)'),
    outside("an attribute by setattr from another module's builtins",
            'from .third import s as z\nz(manifest, "CAPS", manifest.EVIL)',
            third="from builtins import setattr as s\n"),
    outside("an attribute by getattr of a setter",
            'getattr(manifest, "__setattr__")("CAPS", manifest.EVIL)'),
    outside("an attribute by partial", "from functools import partial\n"
            'partial(setattr, manifest, "CAPS")(manifest.EVIL)'),
    outside("an attribute by methodcaller", "import operator\n"
            'operator.methodcaller("__setattr__", "CAPS", manifest.EVIL)(manifest)'),
    outside("an attribute by vars", 'vars(manifest)["CAPS"] = manifest.EVIL'),
    outside("an attribute by __dict__", 'manifest.__dict__["CAPS"] = manifest.EVIL'),
    outside("an attribute by __getstate__", 'manifest.__getstate__()["CAPS"] = manifest.EVIL'),
    outside("an attribute by operator", "import operator\n"
            'operator.setitem(vars(manifest), "CAPS", manifest.EVIL)'),
    outside("an attribute by a mock", "from unittest import mock\n"
            'mock.patch("demo.manifest.CAPS", manifest.EVIL).start()'),
    outside("an attribute by a module of the name mock", "import unittest.mock as um\n"
            'um.patch.object(manifest, "CAPS", manifest.EVIL).start()'),
    outside("an attribute by update_wrapper", """
        import functools, types
        more = types.SimpleNamespace(CAPS=manifest.EVIL)
        functools.update_wrapper(manifest, more)
        """),
    outside("an attribute by wraps", """
        import types
        from functools import wraps
        wraps(types.SimpleNamespace(CAPS=manifest.EVIL))(manifest)
        """),
    outside("an attribute by an argument parser", """
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument("--x", dest="CAPS", action="store_const", const=manifest.EVIL)
        parser.parse_args(["--x"], namespace=manifest)
        """),
    outside("an attribute by copy", """
        import copy
        class A:
            def __reduce__(self):
                return (lambda: manifest), (), {"CAPS": manifest.EVIL}
        copy.copy(A())
        """),
    outside("an attribute by a template", """
        from types import MethodType
        MethodType(object.__class__.__base__.__setattr__, manifest)("CAPS", manifest.EVIL)
        """),
    outside("an attribute of a module found by its function", """
        import inspect
        from weakref import proxy
        proxy(inspect.getmodule(manifest.plugin_manifest)).__init__("x")
        inspect.getmodule(manifest.plugin_manifest).CAPS = manifest.EVIL
        """),
    outside("an attribute of a module handed on by another module", """
        import contextlib
        from .third import m as x
        with contextlib.nullcontext(x) as y:
            y.CAPS = manifest.EVIL
        """, third="from . import manifest as m\n"),
    outside("an attribute of a module out of a star import", """
        import contextlib
        from .third import *
        with contextlib.nullcontext(m) as y:
            y.CAPS = manifest.EVIL
        """, third="from . import manifest as m\n"),
    outside("pickle out of a star import", """
        from .third import *
        p.loads(b"cdemo.third\\nf\\n(tR.")
        """, third="import pickle as p\nfrom . import manifest\n"
                   "def f():\n    manifest.CAPS = manifest.EVIL\n"),
    outside("a command out of a star import", """
        from .third import *
        o.system("true")
        """, third="import os as o\n", gets={"capabilities": ["facts.read"]}),
    outside("an attribute of a module handed on", """
        import contextlib
        with contextlib.nullcontext(manifest) as m:
            m.CAPS = manifest.EVIL
        """),
    outside("an attribute by a weak reference",
            "import weakref\nweakref.proxy(manifest).CAPS = manifest.EVIL"),
    whole("a global enumeration", CONST + """
import enum
@enum.global_enum
class E(enum.StrEnum):
    NAME = "evil-plugin"
NAME = "demo-plugin"
""".replace('NAME = "demo-plugin"\n', "") + f"""
def plugin_manifest():
    return {CALL}, depends_on={{NAME}}, capabilities=CAPS)
""", ALL, gets={"depends_on": ["evil-plugin"]}),
    const("globals()", 'globals()["CAPS"] = EVIL', ALL),
    const("globals() of a frame", 'import sys\nsys._getframe().f_globals["CAPS"] = EVIL', ALL),
    const("locals()", 'locals()["CAPS"] = EVIL', ALL),
    const("exec", 'exec("CAPS = EVIL")', ALL),
    const("exec by another name", 'e = exec\ne("CAPS = EVIL", globals())', ALL),
    const("exec from builtins", 'import builtins\nbuiltins.exec("CAPS = EVIL", globals())', ALL),
    const("exec from what imports builtins",
          'import enum\nenum.bltns.exec("CAPS = EVIL", plugin_manifest.__globals__)'
          .replace("plugin_manifest.__globals__", "globals()"), ALL),
    const("eval", 'eval("globals().update(CAPS=EVIL)")', ALL),
    const("a module in sys", """
        import sys
        sys.modules[__name__].CAPS = EVIL
        """, ALL),
    const("a module in an alias of sys", """
        import sys as system
        s = system
        s.modules[__name__].CAPS = EVIL
        """, ALL),
    const("a module in os.sys", """
        from os import sys as s
        s.modules[__name__].CAPS = EVIL
        """, ALL),
    const("the module itself", "import demo.manifest as me\nme.CAPS = EVIL"),
    const("timeit", "import timeit\n"
          "timeit.timeit('m.CAPS = m.EVIL', 'import demo.manifest as m', number=1)", ALL),
    const("pickle", """
        import pickle
        pickle.loads(b"cdemo.other\\nf\\n(tR.")
        """, ALL, other="def f():\n    import demo.manifest as m\n    m.CAPS = m.EVIL\n"),
    whole("pickle in a field", CONST + f"""
import pickle
def plugin_manifest():
    return {CALL}, routes=pickle.loads(b"cdemo.other\\nf\\n(tR."), capabilities=CAPS)
""", ALL, gets=EVIL,
          other="def f():\n    import demo.manifest as m\n    m.CAPS = m.EVIL\n    return ()\n"),
    const("gc", """
        import gc
        for found in gc.get_objects():
            if isinstance(found, dict) and found.get("__name__") == "demo.manifest":
                found["CAPS"] = EVIL
        """, ALL),
    const("code of a text", 'import code\ncode.InteractiveInterpreter(globals()).runsource'
          '("CAPS = EVIL")', ALL),
    const("runpy", "import runpy\nrunpy.run_module('demo.other')", ALL,
          other="import demo.manifest as m\nm.CAPS = m.EVIL\n"),
    const("import_module", "import importlib\nimportlib.import_module('demo.other')", ALL,
          other="import demo.manifest as m\nm.CAPS = m.EVIL\n"),
    const("import_module of a computed name",
          "import importlib\nimportlib.import_module('demo.' + 'other')", ALL,
          other="import demo.manifest as m\nm.CAPS = m.EVIL\n"),
    const("__import__", "__import__('demo.other')", ALL,
          other="import demo.manifest as m\nm.CAPS = m.EVIL\n"),
    const("find_spec", "import importlib.util\n"
          "try:\n    importlib.util.find_spec('demo.other.x')\nexcept ImportError:\n    pass", ALL,
          other="import demo.manifest as m\nm.CAPS = m.EVIL\n"),
    const("resources", "from importlib import resources\n"
          "try:\n    resources.files('demo.other')\nexcept TypeError:\n    pass",
          other="import demo.manifest as m\nm.CAPS = m.EVIL\n"),
    outside("the module loaded again", "manifest.__loader__.exec_module(manifest)",
            gets={"capabilities": ["facts.read"]}),
    const("logging by a table", """
        import logging.config
        logging.config.dictConfig({"version": 1, "filters": {"f": {"()": "demo.other.f"}}})
        """, ALL,
          other="def f():\n    import demo.manifest as m\n    m.CAPS = m.EVIL\n"),
    const("a code object", """
        def f(module, value):
            module.xxxx = value
        import demo.manifest as me
        from types import FunctionType
        FunctionType(f.__code__.replace(co_names=("CAPS",)), {})(me, EVIL)
        """, ALL),
    const("type hints", """
        import typing
        def f(x): ...
        f.__annotations__["x"] = "globals().update(CAPS=EVIL)"
        typing.get_type_hints(f)
        """, ALL),
    const("a model made of texts", """
        import pydantic
        pydantic.create_model("M", x=("exec('CAPS = EVIL')".replace("x", "x") and int, 1))
        exec("CAPS = EVIL")
        """, ALL),
    const("a class made with annotations", """
        from pydantic import BaseModel
        import demo.manifest as me
        type(BaseModel)("M", (BaseModel,), {
            "__annotations__": {"x": "me.__class__.__setattr__(me, 'CAPS', EVIL) or int"},
            "__module__": __name__,
        })
        """, ALL),
    const("a builtin shadowed", f"""
        frozenset = lambda x: EVIL
        def plugin_manifest():
            return {CALL}, capabilities=frozenset({{"facts.read"}}))
        """, gets=EVIL),
    const("a builtin defined later", f"""
        def plugin_manifest():
            return {CALL}, capabilities=frozenset({{"facts.read"}}))
        def frozenset(x):
            return EVIL
        """, gets=EVIL),
    outside("a builtin put into the module", "manifest.frozenset = lambda x: manifest.EVIL", CAPS,
            source=CONST + f"""
def plugin_manifest():
    return {CALL}, capabilities=frozenset({{"facts.read"}}))
"""),
    outside("a builtin changed for all",
            "import builtins\nreal = builtins.frozenset\n"
            "builtins.frozenset = lambda *x: real(['network.outbound'])",
            source=CONST + f"""
def plugin_manifest():
    return {CALL}, capabilities=frozenset({{"facts.read"}}))
"""),
    outside("a handler", "manifest.f = manifest.g", ("hooks",), source=f"""
def f(c): ...
def g(c): ...
def plugin_manifest():
    return {CALL}, hooks={{"recall_filter": f}})
""", gets={"hooks": {"recall_filter": "demo.manifest:g"}}),
    outside("a handler's method", "manifest.H.f = manifest.g", ("hooks",), source=f"""
class H:
    def f(c): ...
def g(c): ...
def plugin_manifest():
    return {CALL}, hooks={{"recall_filter": H.f}})
""", gets={"hooks": {"recall_filter": "demo.manifest:g"}}),
    outside("a handler's name", 'setattr(manifest.f, "__qualname__", "innocent")', source=f"""
def f(c): ...
def plugin_manifest():
    return {CALL}, hooks={{"recall_filter": f}})
""", gets={"hooks": {"recall_filter": "demo.manifest:innocent"}}),
    outside("the factory", "manifest.plugin_manifest = lambda: manifest.evil()", ALL,
            init="from . import other\nfrom .manifest import plugin_manifest\n", source=CONST + f"""
def evil():
    return {CALL}, capabilities=EVIL)
"""),
    outside("the factory in the package", "import demo\ndemo.plugin_manifest = manifest.evil", ALL,
            source=CONST + f"""
def evil():
    return {CALL}, capabilities=EVIL)
"""),
    outside("the defaults of the factory",
            "manifest.plugin_manifest.__defaults__ = (manifest.EVIL,)",
            gets={"capabilities": ["facts.read"]}),
    outside("the code of the factory",
            "manifest.plugin_manifest.__code__ = manifest.evil.__code__", source=CONST + f"""
def evil():
    return {CALL}, capabilities=EVIL)
"""),
]  # fmt: skip

HOST = [
    outside("the manifest class", "from stigmem_node.plugins import PluginManifest as P\n"
            "old = P.__init__\n"
            "def new(self, **data):\n    old(self, **{**data, 'capabilities': manifest.EVIL})\n"
            "P.__init__ = new"),
    outside("the manifest class by setattr", "from stigmem_node.plugins import PluginManifest\n"
            "P = PluginManifest\nold = P.__init__\n"
            "def new(self, **data):\n    old(self, **{**data, 'capabilities': manifest.EVIL})\n"
            "setattr(P, '__init__', new)"),
    outside("its base class by setattr", "from pydantic import BaseModel\nB = BaseModel\n"
            "old = B.__init__\n"
            "def new(self, **data):\n    if 'capabilities' in data:\n"
            "        data['capabilities'] = manifest.EVIL\n    old(self, **data)\n"
            "setattr(B, '__init__', new)"),
    outside("the class in the host's module", "import stigmem_node.plugins as host\n"
            "host.PluginManifest = lambda **data: 1",
            init="from . import other\nfrom .manifest import plugin_manifest\n",
            gets={"capabilities": ["facts.read"]}),
    outside("the class from another module", "from .manifest import PluginManifest as Q\n"
            "Q.capabilities = property(lambda self: manifest.EVIL)"),
    outside("the class from a third module", "from .third import P as Q\n"
            "Q.capabilities = property(lambda self: manifest.EVIL)",
            third="from stigmem_node.plugins import PluginManifest as P\n"),
    outside("the class of a manifest", "type(manifest.plugin_manifest()).capabilities = "
            "property(lambda self: manifest.EVIL)"),
    outside("the class of a manifest that is kept", "T = type(manifest.plugin_manifest())\n"
            "T.capabilities = property(lambda self: manifest.EVIL)"),
    outside("the class out of an annotation", "import inspect\n"
            "T = inspect.signature(manifest.plugin_manifest).return_annotation\n"
            "T.capabilities = property(lambda self: manifest.EVIL)",
            source=CONST + TAIL.replace("():", "() -> PluginManifest:")),
    outside("the class out of a field", "import dataclasses\n"
            "from stigmem_node.plugins import PluginManifest\n@dataclasses.dataclass\n"
            "class A:\n    x: PluginManifest\nT = dataclasses.fields(A)[0].type\n"
            "T.capabilities = property(lambda self: manifest.EVIL)"),
    outside("a capability", "from stigmem_node.plugins import Capability\n"
            "Capability.FACTS_READ._value_ = 'network.outbound'", source=f"""
def plugin_manifest():
    return {CALL}, capabilities={{Capability.FACTS_READ.value}})
"""),
    outside("a capability by another name", "from stigmem_node.plugins import Capability\n"
            "c = Capability.FACTS_READ\nc._value_ = 'network.outbound'", source=f"""
def plugin_manifest():
    return {CALL}, capabilities={{Capability.FACTS_READ.value}})
"""),
    outside("an entry of the enumeration", "from stigmem_node.plugins import Capability as C\n"
            "C._member_map_['FACTS_READ'] = C.NETWORK_OUTBOUND", source=f"""
def plugin_manifest():
    return {CALL}, capabilities={{Capability['FACTS_READ']}})
"""),
    outside("all subclasses", "from pydantic import BaseModel\n"
            "for each in BaseModel.__subclasses__():\n    if each.__name__ == 'PluginManifest':\n"
            "        each.capabilities = property(lambda self: manifest.EVIL)"),
    whole("shadowed by a subclass", f"""
        from stigmem_node.plugins import PluginManifest as Base
        class PluginManifest(Base):
            capabilities: frozenset[str] = frozenset({{"network.outbound"}})
        def plugin_manifest():
            return {CALL})
        """, gets=EVIL),
    whole("a subclass of another name", f"""
        class Manifest(PluginManifest):
            capabilities: frozenset[str] = frozenset({{"network.outbound"}})
        def plugin_manifest():
            return {CALL.replace("Plugin", "")})
        """, gets=EVIL),
    whole("a class made by type", f"""
        Manifest = type("Manifest", (PluginManifest,), {{}})
        def plugin_manifest():
            return {CALL.replace("Plugin", "")}, capabilities=["network.outbound"])
        """, gets=EVIL),
    whole("model_construct", f"""
        def plugin_manifest():
            return {CALL.replace("(", ".model_construct(")}, capabilities=["network.outbound"])
        """, gets=EVIL),
    whole("model_validate", """
        def plugin_manifest():
            return PluginManifest.model_validate({"name": "demo-plugin", "version": "1.0.0",
                "capabilities": ["network.outbound"]})
        """, gets=EVIL),
    whole("model_copy", f"""
        def plugin_manifest():
            return {CALL}).model_copy(update={{"capabilities": ["network.outbound"]}})
        """, gets=EVIL),
    whole("a partial of the class", f"""
        from functools import partial
        PM = partial(PluginManifest, capabilities=["network.outbound"])
        def plugin_manifest():
            return {CALL.replace("PluginManifest", "PM")})
        """, gets=EVIL),
    whole("hooks changed after it was made", f"""
        def f(c): ...
        def plugin_manifest():
            made = {CALL})
            made.hooks["recall_filter"] = f
            return made
        """, gets={"hooks": {"recall_filter": "demo.manifest:f"}}),
    whole("hooks changed under a name given at once", f"""
        def f(c): ...
        def plugin_manifest():
            made = other = {CALL})
            other.hooks["recall_filter"] = f
            return made
        """, gets={"hooks": {"recall_filter": "demo.manifest:f"}}),
    whole("hooks changed in finally", f"""
        def f(c): ...
        def plugin_manifest():
            made = {CALL})
            try:
                pass
            finally:
                made.hooks.update(recall_filter=f)
            return made
        """, gets={"hooks": {"recall_filter": "demo.manifest:f"}}),
    whole("hooks changed through the factory", f"""
        def f(c): ...
        MADE = {CALL})
        def plugin_manifest():
            return MADE
        plugin_manifest().hooks["recall_filter"] = f
        """, gets={"hooks": {"recall_filter": "demo.manifest:f"}}),
    whole("hooks changed in what was kept of the factory", f"""
        def f(c): ...
        MADE = {CALL})
        def plugin_manifest():
            return MADE
        """, init="from .manifest import plugin_manifest, f\nKEPT = plugin_manifest()\n"
                  "KEPT.hooks['recall_filter'] = f\n",
          gets={"hooks": {"recall_filter": "demo.manifest:f"}}),
    whole("a field set after it was made", f"""
        def plugin_manifest():
            made = {CALL})
            object.__setattr__(made, "capabilities", ["network.outbound"])
            return made
        """, gets=EVIL),
]  # fmt: skip

FACTORIES = [
    whole("defined twice", CONST + TAIL + TAIL.replace("=CAPS", "=EVIL"), gets=EVIL),
    whole("defined under a condition", CONST + TAIL + f"""
if EVIL:
    def plugin_manifest():
        return {CALL}, capabilities=EVIL)
""", gets=EVIL),
    whole("assigned", CONST + TAIL + f"plugin_manifest = lambda: {CALL}, capabilities=EVIL)\n",
          gets=EVIL),
    whole("a lambda", CONST + f"plugin_manifest = lambda: {CALL}, capabilities=EVIL)\n", gets=EVIL),
    whole("decorated", CONST + f"""
def evil(f):
    return lambda: {CALL}, capabilities=EVIL)
@evil
{TAIL.strip()}
""", gets=EVIL),
    whole("cached, and changed", f"""
        import functools
        def f(c): ...
        @functools.cache
        def plugin_manifest():
            return {CALL})
        plugin_manifest().hooks["recall_filter"] = f
        """, gets={"hooks": {"recall_filter": "demo.manifest:f"}}),
    whole("two returns", CONST + f"""
def plugin_manifest():
    if EVIL:
        return {CALL}, capabilities=EVIL)
    return {CALL}, capabilities=CAPS)
""", (), gets=EVIL),
    whole("a return in finally", CONST + f"""
def plugin_manifest():
    try:
        return {CALL}, capabilities=CAPS)
    finally:
        return {CALL}, capabilities=EVIL)
""", gets=EVIL),
    whole("one return in a loop", CONST + f"""
def plugin_manifest():
    for caps in [EVIL, CAPS]:
        return {CALL}, capabilities=caps)
""", (), gets=EVIL),
    whole("one return that is swallowed", CONST + f"""
import contextlib
def plugin_manifest():
    with contextlib.suppress(ZeroDivisionError):
        1 / 0
        return {CALL}, capabilities=CAPS)
""", gets=NOTHING),
    whole("a generator", f"""
        def plugin_manifest():
            return {CALL})
            yield
        """, gets=NOTHING),
    whole("a generator by a default", f"""
        def plugin_manifest():
            def f(x=(yield)): ...
            return {CALL})
        """, gets=NOTHING),
    whole("a coroutine", f"async def plugin_manifest():\n    return {CALL})\n", gets=NOTHING),
    whole("a parameter", f"def plugin_manifest(x):\n    return {CALL})\n", gets=NOTHING),
    whole("a keyword parameter", f"def plugin_manifest(*, x):\n    return {CALL})\n", gets=NOTHING),
    whole("nothing returned", f"def plugin_manifest():\n    {CALL})\n", gets=NOTHING),
    whole("a partial", f"""
        import functools
        def make(caps):
            return {CALL}, capabilities=caps)
        plugin_manifest = functools.partial(make, ["network.outbound"])
        """, gets=EVIL),
    whole("a class", f"""
        class plugin_manifest:
            def __new__(cls):
                return {CALL}, capabilities=["network.outbound"])
        """, gets=EVIL),
    whole("an object", f"""
        class Factory:
            def __call__(self):
                return {CALL}, capabilities=["network.outbound"])
        plugin_manifest = Factory()
        """, gets=EVIL),
    whole("a method", f"""
        class Factory:
            @staticmethod
            def make():
                return {CALL}, capabilities=["network.outbound"])
        """, gets=EVIL, entry="demo.manifest:Factory.make", init=""),
    whole("made up by the module", f"""
        def __getattr__(name):
            return lambda: {CALL}, capabilities=["network.outbound"])
        """, gets=EVIL, entry="demo.manifest:plugin_manifest", init=""),
    whole("a star import", CONST + TAIL, (), gets={"capabilities": ["facts.read"]},
          init="from .manifest import *\n"),
    whole("imported under a condition", CONST + TAIL, gets=EVIL,
          init="try:\n    from .other import plugin_manifest\nexcept ImportError:\n"
               "    from .manifest import plugin_manifest\n",
          other=IMPORTS + f"def plugin_manifest():\n    return {CALL},"
                          " capabilities=['network.outbound'])\n"),
    whole("positional arguments", 'def plugin_manifest():\n'
          '    return PluginManifest("demo-plugin", "1.0.0")\n', gets=NOTHING),
    whole("keywords from a call", f"""
        def more():
            return {{"capabilities": ["network.outbound"]}}
        def plugin_manifest():
            return {CALL}, **more())
        """, (), gets=EVIL),
    whole("keywords from a table that is changed", f"""
        TABLE = {{"async_safe": True}}
        TABLE["capabilities"] = ["network.outbound"]
        def plugin_manifest():
            return {CALL}, **TABLE)
        """, gets=EVIL),
    whole("a recursion", "def plugin_manifest():\n    return plugin_manifest()\n", gets=NOTHING),
    whole("a local import under a condition", CONST + f"""
def plugin_manifest():
    if EVIL:
        from .other import CAPS
    return {CALL}, capabilities=CAPS)
""", CAPS, gets=EVIL, other=CONST + "CAPS = EVIL\n"),
]  # fmt: skip

IMPORTED = [
    whole("a router and a module of one name", f"""
        from . import router
        def plugin_manifest():
            return {CALL}, routes=(router,))
        """, ALL,
          init="from .manifest import plugin_manifest\nfrom .router import router\n",
          router="from fastapi import APIRouter\nrouter = APIRouter()\n",
          gets={"routes": ["demo.manifest:router"]}),
    whole("a constant and a module of one name", f"""
        import demo.level
        def plugin_manifest():
            return {CALL}, routes=(demo.level,))
        """, ALL,
          init="from fastapi import APIRouter\nlevel = APIRouter()\n"
               "from .manifest import plugin_manifest\n",
          level="", gets={"routes": ["demo:level"]}),
    whole("a handler and a module of one name", f"""
        import demo.handlers as h
        def plugin_manifest():
            return {CALL}, hooks={{"recall_filter": h.gate}})
        """, (),
          init="from . import handlers as _\nfrom .other import handlers\n"
               "from .manifest import plugin_manifest\n",
          other="class handlers:\n    def gate(c): ...\n",
          gets={"hooks": {"recall_filter": "demo.other:handlers.gate"}}),
    whole("a package and a module of one name", CONST + TAIL, gets=EVIL,
          files={"demo/manifest/__init__.py": IMPORTS + CONST + TAIL.replace("=CAPS", "=EVIL")},
          unsure=()),
    whole("a package without __init__ and a module of one name", CONST + TAIL, (),
          gets={"capabilities": ["facts.read"]}, files={"demo/manifest/x.py": ""}),
    whole("bytecode for a source", CONST + TAIL, gets={"capabilities": ["facts.read"]},
          files={"demo/__pycache__/manifest.cpython-311.pyc": b"\0"}),
    whole("bytecode without a source", CONST + TAIL, gets=NOTHING,
          init=WITH_OTHER, files={"demo/other.pyc": b"\0"}),
    whole("a native module", CONST + TAIL, gets=NOTHING,
          files={"demo/manifest.abi3.so": b"\0"}),
    whole("a native package", CONST + TAIL, gets=NOTHING,
          files={"demo/__init__.abi3.so": b"\0"}),
    whole("a module of the standard library", f"""
        from string import digits
        def plugin_manifest():
            return {CALL}, depends_on={{digits}})
        """, gets={"depends_on": ["0123456789"]}, files={"string.py": "digits = 'innocent'\n"}),
    whole("a file that runs at the start", CONST + TAIL, gets={"capabilities": ["facts.read"]},
          files={"demo.pth": "import demo.other\n"}),
    whole("a module of the host's", CONST + TAIL, gets={"capabilities": ["facts.read"]},
          files={"pydantic/more.py": ""}),
    whole("a relative import out of the package", "from ...x import y\n" + CONST + TAIL, (),
          gets=NOTHING),
    whole("a value from out of the package", f"""
        from ... import caps
        def plugin_manifest():
            return {CALL}, capabilities=caps)
        """, CAPS, gets=NOTHING),
    whole("a cycle of imports", f"""
        from .other import CAPS
        def plugin_manifest():
            return {CALL}, capabilities=CAPS)
        """, CAPS, gets=NOTHING, other="from .manifest import CAPS\n"),
    whole("a cycle of constants", f"""
        A = B
        B = A
        def plugin_manifest():
            return {CALL}, capabilities=A)
        """, CAPS, gets=NOTHING),
    whole("the path of the package", CONST + TAIL, gets={"capabilities": ["facts.read"]},
          init="import demo\ndemo.__path__.insert(0, '/tmp')\n"
               "from .manifest import plugin_manifest\n"),
    whole("the path of the package by its spec", CONST + TAIL,
          gets={"capabilities": ["facts.read"]},
          init="__spec__.submodule_search_locations.insert(0, '/tmp')\n"
               "from .manifest import plugin_manifest\n"),
    whole("another folder of the package", CONST + TAIL, gets=EVIL,
          init="import os\n__path__.insert(0, os.path.join(__path__[0], 'evil'))\n"
               "from .manifest import plugin_manifest\n",
          files={"demo/evil/manifest.py": IMPORTS + CONST + TAIL.replace("=CAPS", "=EVIL")}),
    whole("an import hook", CONST + TAIL, gets={"capabilities": ["facts.read"]},
          init="import sys\nclass H:\n    def find_spec(*a): ...\nsys.meta_path.insert(0, H)\n"
               "from .manifest import plugin_manifest\n"),
    whole("a module put in its place", CONST + TAIL, gets=EVIL,
          init="import sys, types\nm = types.ModuleType('demo.manifest')\nfrom . import other\n"
               "sys.modules['demo.manifest'] = other\nfrom .manifest import plugin_manifest\n",
          other=IMPORTS + CONST + TAIL.replace("=CAPS", "=EVIL")),
    whole("a source written before it is imported", CONST + TAIL, gets=EVIL,
          init="from pathlib import Path\n"
               "p = Path(__file__).with_name('manifest.py')\n"
               "p.write_text(p.read_text().replace('=CAPS', '=EVIL'))\n"
               "from .manifest import plugin_manifest\n"),
    whole("a source opened before it is imported", CONST + TAIL, gets=EVIL,
          init="f = open(__file__.replace('__init__', 'manifest'), 'r+')\n"
               "t = f.read().replace('=CAPS', '=EVIL')\nf.seek(0)\nf.write(t)\nf.close()\n"
               "from .manifest import plugin_manifest\n"),
    whole("a source moved before it is imported", CONST + TAIL, gets=EVIL,
          init="from pathlib import Path\np = Path(__file__)\n"
               "p.with_name('evil.txt').replace(p.with_name('manifest.py'))\n"
               "from .manifest import plugin_manifest\n",
          files={"demo/evil.txt": IMPORTS + CONST + TAIL.replace("=CAPS", "=EVIL")}),
    whole("another module of the same name in another folder", f"""
        from demo_caps import CAPS
        def plugin_manifest():
            return {CALL}, capabilities=CAPS)
        """, gets=EVIL,
          init="import os\nimport sys\nos.chdir(os.path.join(os.path.dirname(__file__), 'evil'))\n"
               "sys.path.insert(0, '')\nfrom .manifest import plugin_manifest\n",
          files={"demo_caps.py": "CAPS = ['facts.read']\n",
                 "demo/evil/demo_caps.py": "CAPS = ['network.outbound']\n"}),
    whole("a source moved by a command", CONST + TAIL, gets=EVIL,
          init="import os.path\nd = os.path.dirname(__file__)\n"
               "os.system(f'cp {d}/evil.txt {d}/manifest.py')\n"
               "from .manifest import plugin_manifest\n",
          files={"demo/evil.txt": IMPORTS + CONST + TAIL.replace("=CAPS", "=EVIL")}),
]  # fmt: skip

VALUES = [
    whole("a capability written as a call", f"""
        def plugin_manifest():
            return {CALL}, capabilities={{Capability("network.outbound")}})
        """, (), gets=EVIL),
    whole("a conditional expression", CONST + f"""
def plugin_manifest():
    return {CALL}, capabilities=EVIL if EVIL else CAPS)
""", (), gets=EVIL),
    whole("and, or", CONST + f"""
def plugin_manifest():
    return {CALL}, capabilities=EVIL or CAPS, depends_on=CAPS and ())
""", (), gets=EVIL),
    whole("a difference", CONST + f"""
def plugin_manifest():
    return {CALL}, capabilities=(CAPS | EVIL) - CAPS)
""", (), gets=EVIL),
    whole("a comprehension", f"""
        def plugin_manifest():
            return {CALL}, capabilities={{c for c in ["network.outbound"]}})
        """, (), gets=EVIL),
    whole("a key given twice", f"""
        from .handlers import audit, gate
        def plugin_manifest():
            return {CALL}, hooks={{
                HookName.RECALL_FILTER: audit, "recall_filter": gate, b"recall_filter": gate,
            }})
        """, (), gets={"hooks": {"recall_filter": "demo.handlers:gate"}}),
    whole("a key given twice by a spread", f"""
        from .handlers import audit, gate
        H = {{"recall_filter": gate}}
        def plugin_manifest():
            return {CALL}, hooks={{"recall_filter": audit, **H}})
        """, (), gets={"hooks": {"recall_filter": "demo.handlers:gate"}}),
    whole("a lambda for a handler", f"""
        def plugin_manifest():
            return {CALL}, hooks={{"recall_filter": lambda c: c}})
        """, (),
          gets={"hooks": {"recall_filter": "demo.manifest:plugin_manifest.<locals>.<lambda>"}}),
    whole("a partial for a handler", f"""
        from functools import partial
        from .handlers import gate
        f = partial(gate, 1)
        def plugin_manifest():
            return {CALL}, health_check=f)
        """, ("health_check",), gets={}),
    whole("a decorated handler", f"""
        from .handlers import gate
        @(lambda f: gate)
        def h(c): ...
        def plugin_manifest():
            return {CALL}, hooks={{"recall_filter": h}})
        """, (), gets={"hooks": {"recall_filter": "demo.handlers:gate"}}),
    whole("a handler that a class imports", f"""
        class H:
            def f(c): ...
            from .handlers import gate as f
        def plugin_manifest():
            return {CALL}, hooks={{"recall_filter": H.f}})
        """, (), gets={"hooks": {"recall_filter": "demo.handlers:gate"}}),
    whole("a handler that a class inherits", f"""
        from .other import B
        class H(B):
            def f(c): ...
        def plugin_manifest():
            return {CALL}, hooks={{"recall_filter": H.f}})
        """, (), other="class B:\n    def __init_subclass__(cls):\n        cls.f = cls.g\n"
                       "    def g(c): ...\n",
          gets={"hooks": {"recall_filter": "demo.other:B.g"}}),
    whole("a handler with another name of its own", f"""
        class H:
            __qualname__ = "innocent"
        def plugin_manifest():
            return {CALL}, hooks={{"recall_filter": H}})
        """, gets={"hooks": {"recall_filter": "demo.manifest:innocent"}}),
    whole("a handler in a module with another name", f"""
        __name__ = "demo.innocent"
        def f(c): ...
        def plugin_manifest():
            return {CALL}, hooks={{"recall_filter": f}})
        """, gets={"hooks": {"recall_filter": "demo.innocent:f"}}),
    whole("a set of routes", f"""
        from threading import Lock
        a = Lock()
        b = Lock()
        def plugin_manifest():
            return {CALL}, routes={{a, b}})
        """, ("routes",), gets={"async_safe": True}),
    whole("a list of a set of routes", f"""
        from threading import Lock
        a = Lock()
        b = Lock()
        def plugin_manifest():
            return {CALL}, routes=list({{a, b, a}}))
        """, ("routes",), gets={"async_safe": True}),
    whole("a format specification", f"""
        def plugin_manifest():
            return {CALL}, depends_on={{f"{{'x':>5}}", f"{{'y'!r}}", f"{{'z'=}}"}})
        """, ("depends_on",), gets={"depends_on": ["    x", "'y'", "'z'='z'"]}),
    whole("nested quotes", f"""
        A = "a"
        def plugin_manifest():
            return {CALL}, depends_on={{f'{{f"{{A}}b"}}c{{{{}}}}', f"{{True}}", f"{{1}}"}})
        """, (), gets={"depends_on": ["1", "True", "abc{}"]}),
    whole("bytes that are text", f"""
        def plugin_manifest():
            return {CALL}, depends_on={{b"ab"}}, capabilities=[b"network.outbound"])
        """, (), gets={**EVIL, "depends_on": ["ab"]}),
    whole("bytes that are no text", f"""
        def plugin_manifest():
            return {CALL}, depends_on={{b"\\xff"}})
        """, ("depends_on",), gets=NOTHING),
    whole("half a character", f"""
        def plugin_manifest():
            return {CALL}, depends_on={{"\\ud800"}})
        """, ("depends_on",), gets={"depends_on": ["\ud800"]}),
    whole("a number for a flag", f"""
        def plugin_manifest():
            return {CALL}, async_safe=2)
        """, ("async_safe",), gets=NOTHING),
    whole("a true number for a flag", f"""
        def plugin_manifest():
            return {CALL}, async_safe=0x1, depends_on=[str()])
        """, (), gets={"async_safe": True, "depends_on": [""]}),
    whole("a small number for a flag", f"""
        def plugin_manifest():
            return {CALL}, async_safe=0.0)
        """, (), gets={"async_safe": False}),
    whole("bytes for a flag", f"""
        def plugin_manifest():
            return {CALL}, async_safe=b"no")
        """, ("async_safe",), gets={"async_safe": False}),
    whole("a long s in a flag", f"""
        def plugin_manifest():
            return {CALL}, async_safe="faL\u017fe")
        """, ("async_safe",), gets=NOTHING),
    whole("a number for a name", """
        def plugin_manifest():
            return PluginManifest(name=1, version="1.0.0")
        """, ("name",), gets=NOTHING),
    whole("a huge number in a text", f"""
        N = 0x{"f" * 5000}
        def plugin_manifest():
            return {CALL}, depends_on={{f"{{N}}"}}, async_safe=0x{"f" * 5000})
        """, ("depends_on", "async_safe"), gets=NOTHING),
    whole("a text for a set", f"""
        def plugin_manifest():
            return {CALL}, depends_on="abc", capabilities={{"facts.read": 1}})
        """, ("depends_on", "capabilities"), gets=NOTHING),
    whole("a set of a text", f"""
        def plugin_manifest():
            return {CALL}, depends_on=set("abc"))
        """, ("depends_on",), gets={"depends_on": ["a", "b", "c"]}),
    whole("keys for a set", f"""
        D = {{"a": 1, "b": 2}}
        def plugin_manifest():
            return {CALL}, depends_on=frozenset(D))
        """, (), gets={"depends_on": ["a", "b"]}),
    whole("an unknown keyword", f"""
        def plugin_manifest():
            return {CALL}, capabilites=["network.outbound"])
        """, (), gets={"capabilities": []}),
    whole("itself a dependency", f"""
        def plugin_manifest():
            return {CALL}, depends_on=["demo-plugin"])
        """, (), gets=NOTHING),
    whole("a version from the environment", """
        import os
        def plugin_manifest():
            return PluginManifest(name="demo-plugin", version=os.environ.get("X_", "1.0.0"))
        """, ("version",), gets={"version": "1.0.0"}),
    whole("deep brackets", f"""
        def plugin_manifest():
            return {CALL}, depends_on={"list(" * 60 + "['x']" + ")" * 60})
        """, (), gets={"depends_on": ["x"]}),
    whole("deeper brackets", f"""
        def plugin_manifest():
            return {CALL}, depends_on={"list(" * 150 + "['x']" + ")" * 150})
        """, ("depends_on",), gets={"depends_on": ["x"]}),
    whole("a sum of many", f"""
        def plugin_manifest():
            return {CALL}, requires_stigmem={" + ".join(["'x'"] * 300)})
        """, ("requires_stigmem",), gets={"requires_stigmem": "x" * 300}),
    whole("constants that double", "A0 = ['x']\n" + "".join(
            f"A{n + 1} = A{n} + A{n}\n" for n in range(18)) + f"""
def plugin_manifest():
    return {CALL}, depends_on=A18)
""", ("depends_on",), gets={"depends_on": ["x"]}),
    whole("texts that double", "A0 = 'x'\n" + "".join(
            f"A{n + 1} = A{n} + A{n}\n" for n in range(18)) + f"""
def plugin_manifest():
    return {CALL}, depends_on={{A18}})
""", ("depends_on",), gets={"depends_on": ["x" * 2**18]}),
    whole("a chain of names", "A0 = 'x'\n" + "".join(
            f"A{n + 1} = A{n}\n" for n in range(400)) + f"""
def plugin_manifest():
    return {CALL}, depends_on={{A400}})
""", ("depends_on",), gets={"depends_on": ["x"]}),
    whole("a chain of modules", f"""
        from .m0 import X
        def plugin_manifest():
            return {CALL}, depends_on={{X}})
        """, ("depends_on",), gets=NOTHING,
          **CHAIN),
]  # fmt: skip

BYTES = [
    whole("utf-7", b"# coding: utf-7\nCAPS = []\n#+AAo-CAPS +AD0- ['network.outbound']\n"
          + (IMPORTS + TAIL).encode(), gets=EVIL),
    whole("unicode_escape", b"# -*- coding: unicode_escape -*-\nCAPS = []\n"
          b"#\\nCAPS = ['network.outbound']\n" + (IMPORTS + TAIL).encode(), gets=EVIL),
    whole("raw_unicode_escape in the second line",
          b"#!/usr/bin/python\n# vim: set fileencoding=raw_unicode_escape :\nCAPS = []\n"
          b"#\\u000aCAPS = ['network.outbound']\n" + (IMPORTS + TAIL).encode(), gets=EVIL),
    whole("a cookie after a form feed",
          b"\f# coding: utf-7\nCAPS = []\n#+AAo-CAPS +AD0- ['network.outbound']\n"
          + (IMPORTS + TAIL).encode(), gets=EVIL),
    whole("a cookie after a lone carriage return",
          b"#\r# coding: utf-7\rCAPS = []\n#+AAo-CAPS +AD0- ['network.outbound']\n"
          + (IMPORTS + TAIL).encode(), gets=EVIL),
    whole("utf-16", (IMPORTS + TAIL).encode("utf-16"), gets=NOTHING),
    whole("a cookie for utf-16", b"# coding: utf-16\n" + (IMPORTS + CONST + TAIL).encode(),
          gets=NOTHING),
    whole("a cookie nobody knows", b"# coding: nonsense\n" + (IMPORTS + CONST + TAIL).encode(),
          gets=NOTHING),
    whole("latin-1 with other bytes", b"# coding: latin-1\nX = '\xe9'\n"
          + (IMPORTS + CONST + TAIL).encode(), gets={"capabilities": ["facts.read"]}),
    whole("a byte order mark", b"\xef\xbb\xbf# coding: utf-8\n" + (IMPORTS + CONST + TAIL).encode(),
          (), gets={"capabilities": ["facts.read"]}),
    whole("a byte order mark and another cookie",
          b"\xef\xbb\xbf# coding: utf-7\n" + (IMPORTS + CONST + TAIL).encode(), gets=NOTHING),
    whole("a lone carriage return", b"#\n" + IMPORTS.encode()
          + b"CAPS = []\n# harmless\rCAPS = ['network.outbound']\n" + TAIL.encode(), CAPS,
          gets=EVIL),
    whole("a form feed", b"#\n" + IMPORTS.encode()
          + b"CAPS = []\n# harmless\x0cCAPS = ['network.outbound']\n" + TAIL.encode(), (),
          gets={"capabilities": []}),
    whole("a line separator", "#\n" + IMPORTS
          + "CAPS = []\n# harmless\u2028CAPS = ['network.outbound']\n" + TAIL, (),
          gets={"capabilities": []}),
    whole("a null byte", b"#\n" + (IMPORTS + CONST).encode() + b"\0\n" + TAIL.encode(),
          gets=NOTHING),
    whole("bytes that are no utf-8", b"#\n" + (IMPORTS + CONST).encode() + b"# \xff\n"
          + TAIL.encode(), gets={"capabilities": ["facts.read"]}),
    whole("a syntax error", b"#\n" + (IMPORTS + CONST).encode() + b"def\n" + TAIL.encode(),
          gets=NOTHING),
    whole("nested past the parser", b"#\n" + (IMPORTS + CONST).encode() + b"x = " + b"-" * 9000
          + b"1\n" + TAIL.encode(), gets=NOTHING),
]  # fmt: skip

STEPS = [
    const("by a star, before it is bound again", "CAPS = EVIL\nfrom .other import *\n", CAPS,
          other="CAPS = frozenset({'network.outbound'})\n"),
    const("by a star of a star", "from .other import *\n", other="from .third import *\n",
          third="CAPS = frozenset({'network.outbound'})\n"),
    const("by a star with names that are computed", "from .other import *\n",
          other="CAPS = EVIL = frozenset({'network.outbound'})\n"
                     "__all__ = ['CA' + 'PS', 'EVIL']\n"),
    const("by a star with names that are added", "from .other import *\n", ALL,
          other="CAPS = EVIL = frozenset({'network.outbound'})\n__all__ = ['EVIL']\n"
                "__all__.append('CAPS')\n"),
    const("by a star of a module that is hidden", "from .other import *\n", ALL,
          other="__all__ = ['CAPS']\ndef __getattr__(name):\n"
                "    return frozenset({'network.outbound'})\n"),
    const("in the other branch", "if not EVIL:\n    CAPS = ()\nelse:\n    CAPS = EVIL"),
    whole("in a branch that a variable decides", CONST_EVIL + """
import os
if os.environ.get("NOWHERE"):
    CAPS = frozenset()
else:
    CAPS = EVIL
""" + TAIL, CAPS, gets=EVIL),
    whole("where an import fails", CONST_EVIL + """
try:
    from .nowhere import CAPS
except ImportError:
    CAPS = EVIL
""" + TAIL, CAPS, gets=EVIL),
    whole("where an import fails in the factory", CONST_EVIL + f"""
def plugin_manifest():
    try:
        from .nowhere import CAPS
    except ImportError:
        CAPS = EVIL
    return {CALL}, capabilities=CAPS)
""", CAPS, gets=EVIL),
    whole("where something is not found", CONST + f"""
def plugin_manifest():
    caps = CAPS
    try:
        caps = {{}}["x"]
    except KeyError:
        caps = EVIL
    return {CALL}, capabilities=caps)
""", CAPS, gets=EVIL),
    whole("a method that an object is given", f"""
from .handlers import audit
class Box:
    def on(self, ctx): ...
box = Box()
box.on = audit
def plugin_manifest():
    return {CALL}, hooks={{"post_assert_audit": box.on}})
""", ("hooks",), gets={"hooks": {"post_assert_audit": "demo.handlers:audit"}}),
    whole("an object of another class", f"""
class Box:
    def on(self, ctx): ...
class Other:
    def on(self, ctx): ...
box = Box()
box.__class__ = Other
def plugin_manifest():
    return {CALL}, hooks={{"post_assert_audit": box.on}})
""", gets={"hooks": {"post_assert_audit": "demo.manifest:Other.on"}}),
    whole("a class that makes something else", f"""
class Other:
    def on(self, ctx): ...
class Box:
    def __new__(cls):
        return Other()
    def on(self, ctx): ...
def plugin_manifest():
    return {CALL}, hooks={{"post_assert_audit": Box().on}})
""", (), gets={"hooks": {"post_assert_audit": "demo.manifest:Other.on"}}),
    whole("a member with a value of its own", f"""
from enum import Enum
class Needs(Enum):
    READ = "facts.read"
    @property
    def value(self):
        return "network.outbound"
def plugin_manifest():
    return {CALL}, capabilities=[Needs.READ.value])
""", CAPS, gets=EVIL),
    whole("a member whose value is set", f"""
from enum import Enum
class Needs(Enum):
    READ = "facts.read"
Needs.READ._value_ = "network.outbound"
def plugin_manifest():
    return {CALL}, capabilities=[Needs.READ.value])
""", gets=EVIL),
    whole("a member as text in a text", f"""
from enum import Enum
class Needs(str, Enum):
    READ = "1.0.0"
def plugin_manifest():
    return {CALL}, requires_stigmem=f"{{Needs.READ}}")
""", ("requires_stigmem",), gets={"requires_stigmem": "Needs.READ"}),
    whole("another reader of data", f"""
import json
from pathlib import Path
json.loads = lambda text: {{"needs": ["network.outbound"]}}
DATA = json.loads((Path(__file__).parent / "handlers.py").read_text(encoding="utf-8"))
def plugin_manifest():
    return {CALL}, capabilities=DATA["needs"])
""", gets=EVIL),
    whole("another reader of files", f"""
import json
from pathlib import Path
Path.read_text = lambda *_, **__: '{{"needs": ["network.outbound"]}}'
DATA = json.loads((Path(__file__).parent / "handlers.py").read_text(encoding="utf-8"))
def plugin_manifest():
    return {CALL}, capabilities=DATA["needs"])
""", gets=EVIL),
    whole("a copy that is changed as it is", f"""
def plugin_manifest():
    made = {CALL})
    return made.model_copy(update={{"capabilities": frozenset({{"network.outbound"}})}})
""", (), gets=EVIL),
    whole("a copy through another name", f"""
def plugin_manifest():
    made = {CALL})
    more = {{"capabilities": frozenset({{"facts.read"}})}}
    other = more
    other["capabilities"] = frozenset({{"network.outbound"}})
    return made.model_copy(update=more)
""", gets=EVIL),
    whole("handed on before it is finished", f"""
def plugin_manifest():
    caps = {{"facts.read"}}
    given = dict(capabilities=caps)
    caps.add("network.outbound")
    return {CALL}, **given)
""", gets=LOUD),
    whole("a function with the name of a builtin", f"""
SHARED = {{"facts.read"}}
def set(items):
    return SHARED
def plugin_manifest():
    caps = set(())
    caps.add("network.outbound")
    return {CALL}, capabilities=SHARED)
""", gets=LOUD),
    whole("handed on in a loop", f"""
def plugin_manifest():
    caps = {{"facts.read"}}
    for name in ("audit.emit", "network.outbound"):
        given = dict(capabilities=caps)
        caps.add(name)
    return {CALL}, **given)
""", gets={"capabilities": ["audit.emit", "facts.read", "network.outbound"]}),
    whole("handed on and then changed elsewhere", f"""
def spoil(given):
    given["capabilities"].add("network.outbound")
def plugin_manifest():
    caps = {{"facts.read"}}
    caps.discard("x")
    given = dict(capabilities=caps)
    spoil(given)
    return {CALL}, capabilities=caps)
""", CAPS, gets=LOUD),
]  # fmt: skip

BOX = "class Box:\n    def {}(self, caps):\n        caps.add('network.outbound')\nBOX = Box()\n"
PUT = "def put(capabilities):\n    capabilities.add('network.outbound')\n"


def followed(
    name: str, body: str, unsure: tuple[str, ...] = ALL, *, before: str = PUT, **more: Any
) -> Trap:
    """The factory makes a set, and something gets hold of it that is not followed."""
    lines = "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
    if "return" not in body:
        lines += f"    return {CALL}, capabilities=caps)\n"
    source = f"{dedent(before)}\ndef plugin_manifest():\n    caps = {{'facts.read'}}\n{lines}"
    return whole(name, source, unsure, **{"gets": LOUD, **more})


def boxed(name: str, method: str, body: str) -> Trap:
    """An object with a method of its own gets hold of a set."""
    return followed(name, body, before=BOX.format(method))


FOLLOWED = [
    boxed("by a method that a dict has, too", "get", "BOX.get(caps)"),
    boxed("by an object's update", "update", "BOX.update(caps)"),
    boxed("by an operator", "__or__", "BOX | caps"),
    boxed("by an operator from the right", "__ror__", "other = caps | BOX"),
    boxed("by an operator that assigns", "__iadd__", "box = BOX\nbox += caps"),
    boxed("by a comparison", "__eq__", "BOX == caps"),
    boxed("by a test for membership", "__contains__", "if caps in BOX:\n    pass"),
    followed("by a module's function that is called like a method", "handlers.extend(caps)",
             before="from . import handlers",
             handlers="def extend(x):\n    x.add('network.outbound')\n"),
    followed("by a name of a comprehension over a builtin's", "[set(caps) for set in [put]]", CAPS),
    followed("by a name of a comprehension over the manifest's class", f"""
        from stigmem_node.plugins import PluginManifest as Plugin
        [PluginManifest(capabilities=caps) for PluginManifest in [put]]
        return {CALL.replace("PluginManifest", "Plugin")}, capabilities=caps)
        """),
    followed("out of a dict that is spread", f"""
        given = {{"capabilities": {{"facts.read"}}}}
        put(**given)
        return {CALL}, **given)
        """),
    followed("out of a list that is spread", f"""
        given = [{{"facts.read"}}]
        put(*given)
        for each in given:
            return {CALL}, capabilities=each)
        """),
    followed("out of a dict in a loop", f"""
        given = {{"capabilities": {{"facts.read"}}}}
        for _, each in given.items():
            put(each)
        return {CALL}, **given)
        """),
    followed("out of a list of the module in a loop", f"""
        for each in LIST:
            put(each)
        return {CALL}, capabilities=LIST[0])
        """, before=PUT + "LIST = [{'facts.read'}]"),
    followed("out of a dict in a comprehension", f"""
        given = {{"capabilities": {{"facts.read"}}}}
        other = [put(each) for each in given.values()]
        return {CALL}, **given)
        """),
    followed("out of a dict by get", f"""
        given = {{"capabilities": {{"facts.read"}}}}
        each = given.get("capabilities")
        put(each)
        return {CALL}, **given)
        """),
    followed("out of a copy", f"""
        given = [{{"facts.read"}}]
        each = list(given)[0]
        put(each)
        for each in given:
            return {CALL}, capabilities=each)
        """),
    followed("out of a parameter in a loop", "if inside([caps]):\n    pass", CAPS, before=PUT + """
def inside(given):
    for each in given:
        put(each)
    return 1
"""),
    followed("a manifest in a loop", f"""
        for made in [{CALL}, hooks={{"recall_filter": print}})]:
            made.hooks.clear()
            return made
        """, gets={"hooks": {}}),
    followed("what a function gives, in a loop", f"""
        for each in [found()]:
            put(each)
        return {CALL}, capabilities=LIST)
        """, before=PUT + "LIST = {'facts.read'}\ndef found():\n    return LIST\n"),
    followed("by a target of a comprehension", """
        given = {"version": "1.0.0"}
        other = [1 for given["version"] in ("2.0.0",)]
        return PluginManifest(name="demo-plugin", **given)
        """, gets={"version": "2.0.0"}),
    followed("a name by what a function closes over", f"""
        one = "facts.read"
        def inner():
            return one
        inner.__closure__[0].cell_contents = "network.outbound"
        return {CALL}, capabilities=[one])
        """, gets=EVIL),
    followed("a default by the function's own dict", f"return {CALL}, capabilities=[one()])",
             before="def one(*, each='facts.read'):\n    return each\n"
             "one.__kwdefaults__['each'] = 'network.outbound'\n", gets=EVIL),
    followed("a list that a loop goes over", f"""
        found, each = [], None
        caps = ["facts.read"]
        for each in caps:
            if each == "facts.write":
                break
            caps.append("facts.write")
        return {CALL}, depends_on=[each])
        """, gets={"depends_on": ["facts.write"]}),
    followed("a generator that is read twice", f"""
        found = (each for each in ("facts.read",))
        first = list(found)
        return {CALL}, capabilities=list(found))
        """, CAPS, gets={"capabilities": []}),
    followed("a generator that is read late", f"""
        one = "facts.read"
        found = (one for _ in (1,))
        one = "network.outbound"
        return {CALL}, capabilities=[*found])
        """, CAPS, gets=EVIL),
    followed("a generator that is read at once", f"""
        return {CALL}, capabilities=[*(each for each in caps)])
        """, (), gets={"capabilities": ["facts.read"]}),
    followed("a generator that counts as true", f"""
        found = (each for each in ())
        return {CALL}, capabilities=caps if found else EVIL)
        """, CAPS, before="EVIL = ['network.outbound']", gets={"capabilities": ["facts.read"]}),
    whole("what is read before any way is taken", f"""
        import os
        ONE = "facts.write" if os.environ.get("NOWHERE") is None else "facts.read"
        def plugin_manifest(one=ONE):
            found, first = "facts.read", ONE
            if os.environ.get("NOWHERE"):
                pass
            else:
                found = ONE
            return {CALL}, capabilities=[found])
        """, CAPS, gets={"capabilities": ["facts.write"]}),
    whole("a hook's name as text and as bytes", f"""
        from .handlers import audit, gate
        def plugin_manifest():
            found = {{"recall_rank": gate, b"recall_rank": audit}}
            found["recall_rank"] = gate
            return {CALL}, hooks=found)
        """, (), gets={"hooks": {"recall_rank": "demo.handlers:audit"}}),
]  # fmt: skip

TRAPS = {
    f"{group}: {trap.shape.id}": trap
    for group, traps in {
        "rebound": REBOUND,
        "changed": MUTATED,
        "patched": PATCHED,
        "host": HOST,
        "factory": FACTORIES,
        "import": IMPORTED,
        "value": VALUES,
        "bytes": BYTES,
        "step": STEPS,
        "followed": FOLLOWED,
    }.items()
    for trap in traps
}
UNFOLLOWED = frozenset(
    (
        *("changed: by a route class", "patched: an attribute by object's setter"),
        *("patched: resources", "value: constants that double"),
    )
)
"""Traps after which nothing can be told of the manifest any more."""


@pytest.fixture(scope="module")
def real_node(node_python: Path) -> Iterator[RealNode]:
    with RealNode(node_python) as real:
        yield real


@pytest.mark.parametrize("name", TRAPS)
def test_it_is_not_fooled_knows_the_rest_and_says_why_it_does_not_know(name: str) -> None:
    trap = TRAPS[name]
    reading = read(trap.shape.files, trap.shape.entry, trap.shape.root)
    known = known_fields(reading)
    unknown = [field for field in ALL if field not in known]
    if trap.gets is not NOTHING:
        assert disagreements(known, {**known, **trap.gets}) == []
    if name not in UNFOLLOWED and trap.gets is NOTHING:
        assert reading.problems or {*unknown} >= {*trap.unsure}, reading.manifest
    elif name not in UNFOLLOWED:
        assert [field for field in unknown if field not in trap.unsure] == [], reading.manifest
    for field in _fields(reading.manifest):
        if isinstance(field, Unknown):
            assert field.why.strip()
            assert len(field.why) < 500
            assert field.at is not None
            assert field.at.path in trap.shape.files


def _fields(manifest: object) -> list[object]:
    """Return what may have a reason why it is not known."""
    if not isinstance(manifest, Manifest):
        return [manifest]
    fields: list[object] = [getattr(manifest, name) for name in ALL]
    if isinstance(manifest.hooks, Known):
        fields += [hook.target for hook in manifest.hooks.value]
    return fields


@pytest.mark.network
@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS)
def test_it_says_nothing_the_node_would_not_get(trap: Trap, real_node: RealNode) -> None:
    real = real_node.run(trap.shape.files, trap.shape.entry, trap.shape.root)
    if trap.gets is NOTHING:
        assert "error" in real, real
        return
    assert "fields" in real, real
    assert disagreements(trap.gets, real["fields"]) == []
    reading = read(trap.shape.files, trap.shape.entry, trap.shape.root)
    assert disagreements(known_fields(reading), real["fields"]) == []
