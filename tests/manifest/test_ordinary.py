"""Ordinary ways to write a factory are read exactly: every field, as the real node gets it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.real_node import RealNode, disagreements, known_fields, read
from support.shapes import DEFAULTS, IMPORTS, Shape, factory, package

ADAPTER = '''\
"""An adapter with much in it that nothing calls when the plugin is loaded."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Callable, Protocol

if TYPE_CHECKING:
    from .manifest import plugin_manifest as unused

try:
    import orjson
except ImportError:
    orjson = None

DEFAULT_URL = os.environ.get("DEMO_URL", "https://example.org")


class Client(Protocol):
    def send(self, data: bytes) -> None: ...


class AdapterError(RuntimeError):
    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Options:
    url: str = DEFAULT_URL
    headers: dict[str, str] = field(default_factory=dict)
    on_error: Callable[[Exception], None] | None = None


class Adapter:
    """Sends facts."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.name = "adapter"
        self.hooks = {}
        self.__dict__["made"] = True

    @property
    def url(self) -> str:
        return self.options.url

    @cached_property
    def session(self) -> Any:
        return importlib.import_module("httpx").Client()

    @staticmethod
    def dump(value: Any) -> str:
        return json.dumps(value)

    def run(self, command: list[str]) -> None:
        global DEFAULT_TIMEOUT
        DEFAULT_TIMEOUT = 3
        setattr(self, command[0], 1)
        exec(compile(command[0], "x", "exec"), globals())
        subprocess.run(command, check=False)
        with open("log.txt", "w") as file:
            file.write(getattr(self, command[0]))


DEFAULT_TIMEOUT = 10


@lru_cache
def default_adapter() -> Adapter:
    return Adapter()
'''

ROUTES = """\
from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, Field

router = APIRouter(prefix="/demo", tags=["demo"])
admin_router = APIRouter()


class Item(BaseModel):
    name: str = Field(description="its name (short)")
    tags: list[str] = Field(default_factory=list)


def settings() -> dict[str, str]:
    return {}


@router.get("/items")
async def items(limit: Annotated[int, Query(ge=1)] = 10, s: dict = Depends(settings)) -> list[Item]:
    if limit > 100:
        raise HTTPException(status_code=400)
    return []


@router.post("/items")
def add(item: Item) -> Item:
    return item


@router.put("/items", status_code=202, response_model=None)
def keep(item: Item, path: str = "items.json") -> None:
    Path(path).write_text(item.model_dump_json())
    subprocess.run(["sync"], check=True)
    for key, value in item.model_dump().items():
        setattr(item, key, value)
"""

CONFIG = """\
from __future__ import annotations

import os
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Mode(StrEnum):
    STRICT = "strict"
    LOOSE = "loose"


class DemoConfig(BaseModel):
    model_config = ConfigDict(extra="forbid")
    ENV: ClassVar[str] = "DEMO"

    mode: Mode = Mode.STRICT
    level: Literal["low", "high"] = "low"
    limit: int | None = Field(default=None, ge=0)

    @field_validator("limit")
    @classmethod
    def _limit(cls, value: int | None) -> int | None:
        return value

    @classmethod
    def from_env(cls) -> DemoConfig:
        return cls(mode=os.environ.get("DEMO_MODE", "strict"))
"""

NAME = 'name="demo-plugin", version="1.0.0"'
CAPABILITIES = ["facts.read", "network.outbound"]
AUDIT = {"post_assert_audit": "demo.handlers:audit"}


def one(name: str, arguments: str, before: str = "", inside: str = "", **expected: Any) -> Shape:
    return Shape(name, package(factory(arguments, before, inside)), more=expected)


def two(name: str, files: dict[str, str | bytes], *, entry: str = "", **expected: Any) -> Shape:
    return Shape(name, files, entry or "demo:plugin_manifest", more=expected)


SHAPES = [
    one("nothing", ""),
    one("set", 'capabilities={"network.outbound", "facts.read"}', capabilities=CAPABILITIES),
    one(
        "frozenset of a set",
        'capabilities=frozenset({"facts.read", "network.outbound"})',
        capabilities=CAPABILITIES,
    ),
    one(
        "frozenset of a list",
        'capabilities=frozenset(["facts.read", "network.outbound"])',
        capabilities=CAPABILITIES,
    ),
    one("set of a tuple", 'depends_on=set(("other-plugin",))', depends_on=["other-plugin"]),
    one("empty set", "capabilities=set(), depends_on=frozenset()"),
    one("empty collections", "hooks={}, routes=(), depends_on=[], capabilities=()"),
    one("empty dict", "hooks=dict()"),
    one(
        "list and tuple",
        'capabilities=["facts.read", "facts.read"], depends_on=("other-plugin",)',
        capabilities=["facts.read"],
        depends_on=["other-plugin"],
    ),
    one(
        "members",
        "capabilities={Capability.FACTS_READ, Capability.NETWORK_OUTBOUND}",
        capabilities=CAPABILITIES,
    ),
    one(
        "values of members",
        "capabilities=frozenset({Capability.FACTS_READ.value, Capability.NETWORK_OUTBOUND.value})",
        capabilities=CAPABILITIES,
    ),
    one(
        "members of an alias",
        "capabilities={C.FACTS_READ}",
        "from stigmem_node.plugins.capabilities import Capability as C",
        capabilities=["facts.read"],
    ),
    one(
        "members through the module",
        "capabilities={plugins.Capability.FACTS_READ}",
        "import stigmem_node.plugins as plugins",
        capabilities=["facts.read"],
    ),
    one(
        "union",
        "capabilities=BASE | {Capability.NETWORK_OUTBOUND}",
        'BASE = frozenset({"facts.read"})',
        capabilities=CAPABILITIES,
    ),
    one(
        "unpacking",
        'capabilities={*BASE, "network.outbound"}',
        'BASE = {"facts.read"}',
        capabilities=CAPABILITIES,
    ),
    one(
        "sum of tuples",
        'capabilities=BASE + ("network.outbound",)',
        'BASE = ("facts.read",)',
        capabilities=CAPABILITIES,
    ),
    one(
        "hook names",
        "hooks={HookName.POST_ASSERT_AUDIT: handlers.audit, HookName.RECALL_FILTER.value: gate}",
        "from . import handlers\nfrom .handlers import gate",
        hooks={**AUDIT, "recall_filter": "demo.handlers:gate"},
    ),
    one(
        "hooks by keyword",
        "hooks=dict(post_assert_audit=handlers.audit)",
        "from demo import handlers",
        hooks=AUDIT,
    ),
    one(
        "handler module under another name",
        'hooks={"post_assert_audit": h.audit}',
        "import demo.handlers as h",
        hooks=AUDIT,
    ),
    one(
        "handler by its full name",
        'hooks={"post_assert_audit": demo.handlers.audit}',
        "import demo.config\nimport demo.handlers",
        hooks=AUDIT,
    )
    if False
    else two(
        "handler by its full name",
        package(
            factory(
                'hooks={"post_assert_audit": demo.handlers.audit}',
                "import demo.config\nimport demo.handlers",
            ),
            config=CONFIG,
        ),
        hooks=AUDIT,
    ),
    one(
        "handler under another name",
        'hooks={"post_assert_audit": on_audit}',
        "from .handlers import audit as on_audit",
        hooks=AUDIT,
    ),
    one(
        "handler defined beside the factory",
        'hooks={"post_assert_audit": _audit}, health_check=_health',
        "def _audit(ctx): ...\n\ndef _health(): ...",
        hooks={"post_assert_audit": "demo.manifest:_audit"},
        health_check="demo.manifest:_health",
    ),
    one(
        "handler defined in the factory",
        'hooks={"post_assert_audit": audit}',
        inside="def audit(ctx):\n    return None",
        hooks={"post_assert_audit": "demo.manifest:plugin_manifest.<locals>.audit"},
    ),
    one(
        "handlers in a class",
        'hooks={"post_assert_audit": Handlers.audit, "recall_filter": Handlers.filter}',
        "class Handlers:\n    @staticmethod\n    def audit(ctx): ...\n\n"
        "    @classmethod\n    async def filter(cls, ctx, value): ...",
        hooks={
            "post_assert_audit": "demo.manifest:Handlers.audit",
            "recall_filter": "demo.manifest:Handlers.filter",
        },
    ),
    one(
        "a class as a handler",
        'hooks={"post_assert_audit": Audit}',
        "class Audit:\n    def __init__(self, ctx, **_):\n        self.ctx = ctx",
        hooks={"post_assert_audit": "demo.manifest:Audit"},
    ),
    one(
        "handler with a timeout",
        'hooks={"post_assert_audit": audit}',
        "from stigmem_node.plugins import handler_timeout\n\n"
        "@handler_timeout(5)\ndef audit(ctx):\n    return globals()",
        hooks={"post_assert_audit": "demo.manifest:audit"},
    ),
    one(
        "a table of hooks",
        "hooks=HOOKS",
        "from . import handlers\n\nHOOKS = {\n    HookName.POST_ASSERT_AUDIT: handlers.audit,\n}",
        hooks=AUDIT,
    ),
    one(
        "joined tables of hooks",
        "hooks={**READING, **WRITING}",
        "from . import handlers\nREADING = {'recall_filter': handlers.gate}\n"
        "WRITING = {'post_assert_audit': handlers.audit}",
        hooks={**AUDIT, "recall_filter": "demo.handlers:gate"},
    ),
    one("flags", "async_safe=False", async_safe=False),
    one("a flag in words", 'async_safe="yes"'),
    one("a flag in words, no", 'async_safe="Off"', async_safe=False),
    one("a flag as a number", "async_safe=0", async_safe=False),
    one("a flag as a float", "async_safe=1.0"),
    one("a flag in a constant", "async_safe=ASYNC_SAFE", "ASYNC_SAFE = False", async_safe=False),
    one("bytes", 'requires_stigmem=b">=1.0"', requires_stigmem=">=1.0"),
    one("nothing, said", "health_check=None, config_schema=None"),
    one(
        "f-string",
        'requires_stigmem=f">={MAJOR}.{MINOR!s}"',
        'MAJOR = 1\nMINOR = "2"',
        requires_stigmem=">=1.2",
    ),
    one(
        "f-string of a member",
        'depends_on={f"x-{Capability.FACTS_READ}"}',
        depends_on=["x-facts.read"],
    ),
    one(
        "concatenation",
        'requires_stigmem=">=" + VERSION, depends_on={PREFIX + "other", PREFIX "one"}'.replace(
            'PREFIX "one"', '"a" "b"'
        ),
        'VERSION = "1.0"\nPREFIX = "demo-"',
        requires_stigmem=">=1.0",
        depends_on=["ab", "demo-other"],
    ),
    one("str of a constant", "requires_stigmem=str(R)", 'R = ">=1.0"', requires_stigmem=">=1.0"),
    two(
        "typed constants",
        package(
            f"from __future__ import annotations\n{IMPORTS}from typing import Final\n"
            'NAME: Final = "demo-plugin"\nVERSION: Final[str] = "1.0.0"\n'
            'CAPABILITIES: Final[frozenset[str]] = frozenset({"facts.read"})\n\n\n'
            "def plugin_manifest() -> PluginManifest:\n"
            "    return PluginManifest(name=NAME, version=VERSION, capabilities=CAPABILITIES)\n"
        ),
        capabilities=["facts.read"],
    ),
    two(
        "constants of another module",
        package(
            "from ._version import __version__\nfrom .constants import NAME as PLUGIN_NAME\n"
            "from . import constants\n\ndef plugin_manifest():\n"
            "    return PluginManifest(name=PLUGIN_NAME, version=__version__,\n"
            "        capabilities=constants.CAPABILITIES)\n",
            _version='__version__ = VERSION = "1.0.0"\n',
            constants='NAME = "demo-plugin"\nCAPABILITIES = ("facts.read",)\n',
        ),
        capabilities=["facts.read"],
    ),
    two(
        "a version in the package",
        package(
            "from . import __version__\n\ndef plugin_manifest():\n"
            '    return PluginManifest(name="demo-plugin", version=__version__)\n',
            init='__version__ = "1.0.0"\n\nfrom .manifest import plugin_manifest  # noqa: E402\n\n'
            '__all__ = ["__version__", "plugin_manifest"]\n',
        ),
    ),
    two(
        "the factory in the package itself",
        {"demo/__init__.py": IMPORTS + factory("")},
    ),
    two(
        "a single module",
        {"demo.py": IMPORTS + factory('hooks={"post_assert_audit": on}', "def on(c): ...")},
        hooks={"post_assert_audit": "demo:on"},
    ),
    two("a module as entry point", package(factory("")), entry="demo.manifest:plugin_manifest"),
    two(
        "re-exported twice",
        package(
            factory(""),
            init="from .api import create as plugin_manifest\n",
            api="from demo.manifest import plugin_manifest as create\n",
        ),
    ),
    two(
        "a factory named like its module",
        {
            "demo/__init__.py": "from .manifest import manifest\n",
            "demo/manifest.py": IMPORTS + factory("").replace("plugin_manifest", "manifest"),
        },
        entry="demo:manifest",
    ),
    two("another name for the factory", package(factory("") + "\n\ncreate = plugin_manifest\n"),
        entry="demo.manifest:create"),
    two(
        "sub-packages",
        package(
            factory(
                'hooks={"post_assert_audit": audit}',
                "from .hooks.audit import audit\nfrom .hooks import NAMES",
            ),
            hooks__init='NAMES = ("a",)\n',
            hooks__audit="from ..handlers import audit as base\n\ndef audit(c):\n    base(c)\n",
        ),
        hooks={"post_assert_audit": "demo.hooks.audit:audit"},
    ),
    two(
        "a namespace package",
        {
            "space/demo/__init__.py": "from .manifest import plugin_manifest\n",
            "space/demo/manifest.py": IMPORTS
            + factory('hooks={"recall_filter": h.f}', "import space.demo.handlers as h"),
            "space/demo/handlers.py": "def f(c): ...\n",
        },
        entry="space.demo:plugin_manifest",
        hooks={"recall_filter": "space.demo.handlers:f"},
    ),
    two(
        "two packages",
        {
            **package(factory('hooks={"recall_filter": f}', "from demo_common.hooks import f")),
            "demo_common/__init__.py": "",
            "demo_common/hooks.py": "def f(c): ...\n",
        },
        hooks={"recall_filter": "demo_common.hooks:f"},
    ),
    Shape(
        "src layout",
        {
            "pyproject.toml": "[project]\n",
            "tests/test_demo.py": "import demo\nexec('demo.NAME = 1')\n",
            **{f"src/{path}": text for path, text in package(factory("")).items()},
        },
        root="src/",
    ),
    one("a local variable", "capabilities=caps", inside='caps = {"facts.read"}',
        capabilities=["facts.read"]),
    two(
        "a manifest in a local variable",
        package(
            f"\ndef plugin_manifest():\n    made = PluginManifest({NAME})\n    return made\n"
        ),
    ),
    two(
        "a typed manifest in a local variable",
        package(
            "\ndef plugin_manifest() -> PluginManifest:\n"
            f"    manifest: PluginManifest = PluginManifest({NAME})\n    return manifest\n"
        ),
    ),
    two(
        "a manifest in a module variable",
        package(
            f"\nMANIFEST = PluginManifest({NAME})\n\ndef plugin_manifest():\n    return MANIFEST\n"
        ),
    ),
    two(
        "keywords in a table",
        package(
            '\nMETA = {"name": "demo-plugin", "version": "1.0.0", "async_safe": False}\n'
            "\ndef plugin_manifest():\n    return PluginManifest(**META)\n"
        ),
        async_safe=False,
    ),
    two(
        "the class under another name",
        package(
            "import stigmem_node.plugins.manifest as host\n"
            f"\ndef plugin_manifest() -> host.PluginManifest:\n"
            f"    return host.PluginManifest({NAME})\n"
        ),
    ),
    two(
        "imports in the factory",
        package(
            "\ndef plugin_manifest():\n"
            "    from stigmem_node.plugins import PluginManifest as PM\n"
            "    from .handlers import audit\n    from . import handlers\n"
            f'    return PM({NAME}, hooks={{"post_assert_audit": audit}},\n'
            "        health_check=handlers.health)\n"
        ),
        hooks=AUDIT,
        health_check="demo.handlers:health",
    ),
    two(
        "logging",
        package(
            factory(
                "",
                "import logging\nlogger = logging.getLogger(__name__)\nlogger.setLevel('INFO')\n"
                'NAME = "demo-plugin"',
                '"""Return the manifest."""\nlogger.debug("making the manifest of %s", NAME)\n'
                'print("made")',
            )
        ),
    ),
    two(
        "a factory with an optional parameter",
        package(factory("").replace("plugin_manifest()", "plugin_manifest(debug: bool = False)")),
    ),
    two(
        "names for type checkers",
        package(
            f"from __future__ import annotations\nfrom typing import TYPE_CHECKING, Any\n{IMPORTS}"
            "if TYPE_CHECKING:\n    from .handlers import audit\n    NAME: str\n"
            '    from .missing import *\nNAME = "demo-plugin"\n\n'
            "def helper(m: PluginManifest | None, x: 'audit') -> list[PluginManifest]: ...\n\n"
            "def plugin_manifest() -> PluginManifest:\n"
            '    return PluginManifest(name=NAME, version="1.0.0")\n'
        ),
    ),
    two(
        "typing as a module",
        package(
            factory(
                "depends_on={X}",
                "import typing\nif typing.TYPE_CHECKING:\n    X = 1\nX = 'other-plugin'",
            )
        ),
        depends_on=["other-plugin"],
    ),
    two(
        "a script part",
        package(
            factory("", 'CAPS = ["facts.read"]')
            + "\nif __name__ == '__main__':\n    import sys\n    NAME = sys.argv[1]\n"
            "    print(vars(plugin_manifest()))\n"
        ),
    ),
    two(
        "a manifest kept in the package",
        package(
            factory('capabilities={"facts.read"}'),
            init="from .manifest import plugin_manifest\n\nMANIFEST = plugin_manifest()\n",
        ),
        capabilities=["facts.read"],
    ),
    two(
        "routes",
        package(
            factory("routes=(router, routes.admin_router)",
                    "from . import routes\nfrom .routes import router"),
            routes=ROUTES,
        ),
        routes=["demo.routes:router", "demo.routes:admin_router"],
    ),
    two(
        "a list of routes",
        package(factory("routes=[api.router]", "from . import routes as api"), routes=ROUTES),
        routes=["demo.routes:router"],
    ),
    two(
        "a configuration",
        package(factory("config_schema=DemoConfig", "from .config import DemoConfig"),
                config=CONFIG),
        config_schema="demo.config:DemoConfig",
    ),
    two(
        "an adapter in the package",
        package(
            factory('capabilities={"facts.read"}, hooks={"post_assert_audit": handlers.audit}',
                    "from . import handlers"),
            init="from .adapter import Adapter, AdapterError, default_adapter\n"
            "from .manifest import plugin_manifest\n\n"
            '__all__ = ["Adapter", "AdapterError", "default_adapter", "plugin_manifest"]\n',
            adapter=ADAPTER,
        ),
        capabilities=["facts.read"],
        hooks=AUDIT,
    ),
    two(
        "a handler that does everything",
        package(
            factory('hooks={"post_assert_audit": audit}', "from .handlers import audit"),
            handlers="import sys\n\ndef audit(ctx, **_):\n    global CACHE\n    CACHE = {}\n"
            "    setattr(sys.modules[__name__], ctx.name, 1)\n    exec(ctx.code, globals())\n"
            "    import demo.manifest as m\n    m.NAME = 1\n    m.plugin_manifest = None\n",
        ),
        hooks=AUDIT,
    ),
    two(
        "a decorator of its own",
        package(
            factory('capabilities={"facts.read"}', "from .tools import timed"),
            tools="import functools\nimport time\nfrom functools import wraps\n"
            "from typing import Callable, ParamSpec, TypeVar\n\nP = ParamSpec('P')\n"
            "R = TypeVar('R')\n\n"
            "def timed(function: Callable[P, R]) -> Callable[P, R]:\n"
            "    @functools.wraps(function)\n"
            "    def inner(*args: P.args, **kwargs: P.kwargs) -> R:\n"
            "        start = time.perf_counter()\n        return function(*args, **kwargs)\n"
            "    return inner\n\n"
            "def kept(function):\n    @wraps(function)\n    def inner(*args):\n"
            "        return function(*args)\n    return inner\n\n"
            "@timed\ndef work(x: int) -> int:\n    return x\n\n@kept\ndef more(): ...\n",
        ),
        capabilities=["facts.read"],
    ),
    two(
        "module-level objects",
        package(
            factory('capabilities={"facts.read"}', "from .things import LIMITS, find"),
            things="import re\nimport threading\nfrom collections import namedtuple\n"
            "from dataclasses import dataclass\nfrom importlib import metadata, resources\n"
            "from pathlib import Path\nfrom typing import NamedTuple, NewType, Optional, Union\n\n"
            "UserId = NewType('UserId', str)\nAlias = Optional[Union[int, 'Point']]\n"
            "HERE = Path(__file__).parent\nTEXT = (HERE / '__init__.py').read_text('utf-8')\n"
            "SQL = resources.files(__package__).joinpath('x.sql')\n"
            "with open(__file__, encoding='utf-8') as handle:\n    FIRST = handle.readline()\n"
            "_WORD = re.compile(r'[a-z]+')\n_LOCK = threading.Lock()\n_CACHE: dict = {}\n"
            "Pair = namedtuple('Pair', 'a b')\nLIMITS = {'a': 1}\nLIMITS['b'] = 2\n"
            "try:\n    DIST = metadata.version('demo-plugin')\n"
            "except metadata.PackageNotFoundError:\n    DIST = '0'\n\n"
            "class Point(NamedTuple):\n    x: int\n    y: Alias = None\n    user: UserId = ''\n\n"
            "@dataclass(slots=True)\nclass Box:\n    left: int\n    at: 'Point | None' = None\n\n"
            "    def __post_init__(self) -> None:\n        self.left = abs(self.left)\n\n"
            "ORIGIN = Point(0, 0)\nBOX = Box(1)\n\n"
            "def find(text: str) -> list[str]:\n    _CACHE[text] = 1\n"
            "    return [w.replace('a', 'b') for w in _WORD.findall(text)]\n\n"
            "WORDS = find('a b c')\n",
        ),
        capabilities=["facts.read"],
    ),
    two(
        "errors and versions",
        package(
            factory("requires_stigmem=REQUIRES", "import sys\nREQUIRES = '>=1.0'\n"
                    "if sys.version_info < (3, 11):\n    raise ImportError('too old')\n"
                    "try:\n    import tomllib\nexcept ImportError:\n    tomllib = None"),
        ),
        requires_stigmem=">=1.0",
    ),
    two(
        "everything of a module of constants",
        package(
            factory('capabilities=CAPS', "from .constants import *\nfrom .handlers import *"),
            constants='CAPS = ("facts.read",)\n_HIDDEN = 1\n',
        ),
        capabilities=["facts.read"],
    ),
    two(
        "only what a module says is for everybody",
        package(
            factory('capabilities=CAPS, hooks={"post_assert_audit": audit}',
                    "from .constants import *\nfrom .handlers import audit"),
            constants='__all__ = ["CAPS"]\nCAPS = ("facts.read",)\naudit = None\n',
        ),
        capabilities=["facts.read"],
        hooks=AUDIT,
    ),
    two(
        "a flag decides in the module",
        package(
            factory('capabilities=CAPS', "ONLINE = False\nif ONLINE:\n"
                    "    CAPS = ('network.outbound',)\nelse:\n    CAPS = ('facts.read',)"),
        ),
        capabilities=["facts.read"],
    ),
    two(
        "the same import in two ways",
        package(
            factory('hooks={"post_assert_audit": audit}', "import sys\n"
                    "if sys.version_info >= (3, 12):\n    from .handlers import audit\n"
                    "else:\n    from .handlers import audit"),
        ),
        hooks=AUDIT,
    ),
    two(
        "a version of the library that is always there",
        package(
            factory('capabilities=CAPS', "try:\n    CAPS = 'facts.' + 'read',\n"
                    "except ImportError:\n    CAPS = 'facts.read',"),
        ),
        capabilities=["facts.read"],
    ),
    two(
        "lambdas and local functions as handlers",
        package(
            factory('hooks={"recall_filter": lambda ctx, found: found, "post_assert_audit": on},'
                    " health_check=CHECK", "CHECK = lambda: None",
                    "def on(ctx, **_):\n    return None"),
        ),
        hooks={"recall_filter": "demo.manifest:plugin_manifest.<locals>.<lambda>",
               "post_assert_audit": "demo.manifest:plugin_manifest.<locals>.on"},
        health_check="demo.manifest:<lambda>",
    ),
    two(
        "methods of an object as handlers",
        package(
            factory('hooks={"recall_filter": handlers.keep, "post_assert_audit": handlers.audit,'
                    ' "recall_rank": Handlers.rank}', """
class Handlers:
    \'\'\'What the plugin does.\'\'\'

    def __init__(self) -> None:
        self.seen: list[str] = []

    def keep(self, ctx, found):
        return found

    @staticmethod
    def rank(ctx, found):
        return found

    @classmethod
    def audit(cls, ctx, **_):
        return None

handlers = Handlers()
"""),
        ),
        hooks={"recall_filter": "demo.manifest:Handlers.keep",
               "post_assert_audit": "demo.manifest:Handlers.audit",
               "recall_rank": "demo.manifest:Handlers.rank"},
    ),
    two(
        "enumerations of the plugin",
        package(
            factory("capabilities={Needs.READ, Needs.AUDIT.value, Wants.RECALL, Plain.NET.value}",
                    "from enum import Enum, StrEnum\n\nclass Needs(str, Enum):\n"
                    "    READ = 'facts.read'\n    AUDIT = 'audit.emit'\n\n"
                    "class Wants(StrEnum):\n    RECALL = 'recall.read'\n\n"
                    "class Plain(Enum):\n    NET = 'network.outbound'\n"),
        ),
        capabilities=["audit.emit", "facts.read", "network.outbound", "recall.read"],
    ),
    two(
        "what is in data files",
        {
            **package(
                factory("capabilities=DATA['needs'], depends_on=TABLE['plugin']['after']",
                        "import json\nimport tomllib\nfrom importlib.resources import files\n"
                        "from pathlib import Path\n"
                        "DATA = json.loads((Path(__file__).parent / 'data' / 'needs.json')"
                        ".read_text(encoding='utf-8'))\n"
                        "TABLE = tomllib.loads(files(__package__).joinpath('plugin.toml')"
                        ".read_text(encoding='utf-8'))"),
            ),
            "demo/data/needs.json": '{"needs": ["facts.read"]}',
            "demo/plugin.toml": '[plugin]\nafter = ["other-plugin"]\n',
        },
        capabilities=["facts.read"],
        depends_on=["other-plugin"],
    ),
    two(
        "a copy with something else in it",
        package(
            "def basis():\n    return PluginManifest(name='demo-plugin', version='0.0.0')\n\n"
            "def plugin_manifest():\n    return basis().model_copy(\n"
            "        update={'version': '1.0.0', 'capabilities': frozenset({'facts.read'})})\n",
        ),
        capabilities=["facts.read"],
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def real_node(node_python: Path) -> Iterator[RealNode]:
    with RealNode(node_python) as real:
        yield real


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.id)
def test_it_is_read_exactly(shape: Shape) -> None:
    reading = read(shape.files, shape.entry, shape.root)
    assert known_fields(reading) == {**DEFAULTS, **shape.more}, reading.manifest
    assert not reading.gaps


@pytest.mark.network
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.id)
def test_it_is_what_the_node_gets(shape: Shape, real_node: RealNode) -> None:
    real = real_node.run(shape.files, shape.entry, shape.root)
    assert "fields" in real, real
    assert disagreements({**DEFAULTS, **shape.more}, real["fields"]) == []
