"""What code does by itself, however it is written, and what makes it run."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import pytest

from stigmem_review import host
from stigmem_review.code.modules import Module
from stigmem_review.interpret.behaviour import behaviour, module_of
from stigmem_review.interpret.events import Argument, Event
from stigmem_review.interpret.program import Programs
from stigmem_review.interpret.survey import Survey, base
from stigmem_review.model import FACTORY, IMPORT, MORE, OFFERED, SOMEWHERE, UNIMPORTED, UNREACHED
from stigmem_review.observe.authority import reached
from stigmem_review.pipeline.reading import read
from stigmem_review.sources.request import understand
from support.plugins import plugin, write_wheel

HANDLER = "handler post_assert_audit"
GATE = "handler pre_recall_authorize"
ENTRY = "demo_plugin:plugin_manifest"
QUIET = "def audit(ctx, **more):\n    return None\n"
FACTORY_FILE = plugin()["demo_plugin/manifest.py"]


def events(code: str, *, run: bool = True, **more: str) -> list[Event]:
    """Return the events of a plugin whose handlers stand in ``code``, run or only looked at."""
    if "def audit" not in code:
        code += f"\n{QUIET}"
    files = plugin(**{"handlers": code, **more})  # type: ignore[arg-type]
    written = {path: text.encode() for path, text in files.items()}
    programs = Programs()
    program = programs.get(ENTRY, written, {}, host.node())
    program.make()
    assert program.made is not None or program.lost, program.raised
    modules = []
    for path in written:
        module = program.modules.get(module_of(path))
        assert isinstance(module, Module), module
        modules.append((module.name, module.path, module.tree))
    found = behaviour(
        modules, [program] if run else (), host.node().accessors, () if run else ["demo_plugin"]
    )
    return [*found.events.values()]


def effects(code: str, *, run: bool = True, **more: str) -> set[tuple[str, str]]:
    """Return what a plugin acts on, each with the phase in which it does."""
    found = set()
    for each in events(code, run=run, **more):
        if (known := reached(each)) is not None:
            found.add((each.phase, f"{known[0]}: {known[1]}"))
    return found


AT_IMPORT = {
    "a line of the module": ("import os\nos.system('x')", "process: os.system"),
    "in a function that is called": (
        "import os\ndef f():\n    os.system('x')\nf()",
        "process: os.system",
    ),
    "in a function of a function": (
        "import os\ndef g(): os.system('x')\ndef f(): g()\nf()",
        "process: os.system",
    ),
    "a constructor": (
        "import socket\nclass C:\n    def __init__(self): self.s = socket.socket()\nc = C()",
        "network: socket",
    ),
    "what an enumeration does without a member": (
        "import os\nfrom enum import Enum\nclass C(Enum):\n    A = 1\n    @classmethod\n"
        "    def _missing_(cls, value):\n        os.system('x')\n        return cls.A\nC(2)",
        "process: os.system",
    ),
    "a constructor of a base": (
        "import socket\nclass B:\n    def __init__(self): socket.socket()\nclass C(B): pass\nC()",
        "network: socket",
    ),
    "a dataclass's last step": (
        "import os\nfrom dataclasses import dataclass\n@dataclass\nclass C:\n    x: int = 1\n"
        "    def __post_init__(self): os.remove('x')\nC()",
        "files: os.remove",
    ),
    "__new__": (
        "import os\nclass C:\n    def __new__(cls): os.fork()\nC()",
        "process: os.fork",
    ),
    "a decorator": (
        "import os\ndef d(f):\n    os.fork()\n    return f\n@d\ndef g(): pass",
        "process: os.fork",
    ),
    "a decorator with arguments": (
        "import os\ndef d(x):\n    def inner(f):\n        os.fork()\n        return f\n"
        "    return inner\n@d(1)\ndef g(): pass",
        "process: os.fork",
    ),
    "a decorator that is an object": (
        "import os\nclass D:\n    def __call__(self, f): os.fork()\n@D()\ndef g(): pass",
        "process: os.fork",
    ),
    "__init_subclass__": (
        "import os\nclass B:\n    def __init_subclass__(cls): os.fork()\nclass C(B): pass",
        "process: os.fork",
    ),
    "a metaclass": (
        "import os\nclass M(type):\n    def __init__(cls, *a): os.fork()\n"
        "class C(metaclass=M): pass",
        "process: os.fork",
    ),
    "__set_name__": (
        "import os\nclass D:\n    def __set_name__(self, o, n): os.fork()\nclass C:\n    d = D()",
        "process: os.fork",
    ),
    "a class body": ("import os\nclass C:\n    os.fork()", "process: os.fork"),
    "a default argument": ("import os\ndef f(x=os.fork()): pass", "process: os.fork"),
    "a comprehension": ("import os\nx = [os.remove(p) for p in ('a', 'b')]", "files: os.remove"),
    "a lambda that is called": ("import os\n(lambda: os.fork())()", "process: os.fork"),
    "a lambda with a name": ("import os\nf = lambda: os.fork()\nf()", "process: os.fork"),
    "a condition's test": ("import os\nif os.fork(): pass", "process: os.fork"),
    "an f-string": ("import os\nx = f'{os.fork()}'", "process: os.fork"),
    "an own context manager": (
        "import os\nclass C:\n    def __enter__(self): os.fork()\n"
        "    def __exit__(self, *a): pass\nwith C(): pass",
        "process: os.fork",
    ),
    "a generator as a context manager": (
        "import os, contextlib\n@contextlib.contextmanager\ndef cm():\n    os.fork()\n    yield\n"
        "with cm(): pass",
        "process: os.fork",
    ),
    "going through an own iterator": (
        "import os\nclass C:\n    def __iter__(self):\n        os.fork()\n        return iter(())\n"
        "for x in C(): pass",
        "process: os.fork",
    ),
    "an operator": (
        "import os\nclass C:\n    def __add__(self, o): os.fork()\nC() + 1",
        "process: os.fork",
    ),
    "a property": (
        "import os\nclass C:\n    @property\n    def p(self): return os.fork()\nC().p",
        "process: os.fork",
    ),
    "partial": (
        "import os, functools\nf = functools.partial(os.system, 'x')\nf()",
        "process: os.system",
    ),
    "getattr": ("import os\ngetattr(os, 'system')('x')", "process: os.system"),
    "a table of functions": (
        "import os\nT = {'a': os.system, 'b': print}\nT['a']('x')",
        "process: os.system",
    ),
    "a table of own functions": (
        "import os\ndef go(): os.fork()\nT = {'a': go}\nT.get('a')()",
        "process: os.fork",
    ),
    "a registry": (
        "import os\nALL = []\ndef reg(f):\n    ALL.append(f)\n    return f\n"
        "@reg\ndef go(): os.fork()\nfor each in ALL: each()",
        "process: os.fork",
    ),
    "a function given to a thread": (
        "import threading\nfrom os import system\nthreading.Thread(target=system).start()",
        "process: os.system",
    ),
    "an own function given to a thread": (
        "import threading, os\ndef go(): os.fork()\nthreading.Thread(target=go).start()",
        "process: os.fork",
    ),
    "map": ("x = list(map(eval, ['1']))", "dynamic code: builtins.eval"),
    "a pool": (
        "from concurrent.futures import ThreadPoolExecutor\nimport subprocess\n"
        "p = ThreadPoolExecutor()\np.submit(subprocess.run, ['x'])",
        "process: subprocess",
    ),
    "async": (
        "import asyncio, os\nasync def go(): os.fork()\nasyncio.run(go())",
        "process: os.fork",
    ),
    "text that is timed": ("import timeit\ntimeit.timeit('x()')", "dynamic code: timeit"),
    "text that is profiled": ("import cProfile\ncProfile.run('x()')", "dynamic code: cProfile"),
    "passwords of a file": ("import netrc\nnetrc.netrc()", "files: netrc"),
    "a small web server": (
        "from wsgiref.simple_server import make_server\nmake_server('', 80, None)",
        "network: wsgiref.simple_server",
    ),
    "os.writev": ("import os\nos.writev(1, [b'x'])", "files: os.writev"),
    "a module nobody knows the name of": (
        "import importlib, os\nimportlib.import_module(os.environ['X'])",
        "dynamic code: importlib.import_module",
    ),
    "a part nobody knows the name of": (
        "import os\ngetattr(os, os.environ['X'])()",
        "dynamic code: something computed in os",
    ),
    "yaml that makes objects": (
        "import yaml\nyaml.load('x', yaml.Loader)",
        "dynamic code: yaml.load",
    ),
    "the node's server": ("import uvicorn\nuvicorn.run('x:y')", "network: uvicorn"),
    "the node's event loop": (
        "import anyio\nanyio.run(anyio.run_process, ['x'])",
        "process: anyio.run_process",
    ),
    "the node's command line": ("import click\nclick.launch('x')", "process: click.launch"),
    "the node's watcher": (
        "import watchfiles\nfor x in watchfiles.watch('.'): pass",
        "files: watchfiles.watch",
    ),
    "a client of its own": (
        "import httpx\nclass C(httpx.Client): pass\nC()",
        "network: httpx",
    ),
    "what asks whether it is true": (
        "import os\nclass C:\n    def __bool__(self): os.fork(); return True\nif C(): pass",
        "process: os.fork",
    ),
    "a descriptor of a class": (
        "import os\nclass D:\n    def __get__(self, *a): os.fork()\nclass C:\n    d = D()\nC.d",
        "process: os.fork",
    ),
    "a member of an enumeration": (
        "import os, enum\nclass E(enum.Enum):\n    A = 1\n    def go(self): os.fork()\nE.A.go()",
        "process: os.fork",
    ),
    "itself, out of the table of modules": (
        "import os, sys\nsys.modules[__name__].os.fork()",
        "process: os.fork",
    ),
    "a function of others in a class": (
        "import subprocess\nclass C:\n    run = staticmethod(subprocess.run)\nC.run([])",
        "process: subprocess",
    ),
    "how an object is shown": (
        "import os\nclass C:\n    def __format__(self, spec): return str(os.fork())\nx = f'{C()}'",
        "process: os.fork",
    ),
    "what is forwarded": (
        "import os\ndef run(f, *a, **k): return f(*a, **k)\nrun(os.system, 'x')",
        "process: os.system",
    ),
    "what a wrapper calls": (
        "import os, functools\ndef deco(f):\n    @functools.wraps(f)\n"
        "    def inner(*a): return f(*a)\n    return inner\n@deco\ndef go(): os.fork()\ngo()",
        "process: os.fork",
    ),
    "an attribute that gets what it calls": (
        "import os\nclass C:\n    def __init__(self, f): self.f = f\n"
        "    def go(self): self.f('x')\nC(os.system).go()",
        "process: os.system",
    ),
    "a name of an inner function": (
        "import os\ndef f():\n    x = None\n    def g():\n        nonlocal x\n        x = os\n"
        "    g()\n    x.fork()\nf()",
        "process: os.fork",
    ),
    "a class made by type()": (
        "import os\ntype('X', (), {'__init__': lambda self: os.fork()})()",
        "process: os.fork",
    ),
    "a thread of its own": (
        "import os, threading\nclass W(threading.Thread):\n    def run(self): os.fork()\n"
        "W().start()",
        "process: os.fork",
    ),
    "a metaclass that is called": (
        "import os\nclass M(type):\n    def __call__(cls): os.fork()\n"
        "class C(metaclass=M): pass\nC()",
        "process: os.fork",
    ),
    "a name with a tuple's field": (
        "import os, collections\nP = collections.namedtuple('P', 'f')\nP(os.system).f('x')",
        "process: os.system",
    ),
    "arguments in a table": (
        "import os\nkw = {'g': os.system}\ndef f(g): g('x')\nf(**kw)",
        "process: os.system",
    ),
    "settings taken from the environment": (
        "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    x: str = ''\nS()",
        "environment: pydantic_settings",
    ),
    "what a cleanup calls": (
        "import os, contextlib\nwith contextlib.ExitStack() as s:\n    s.callback(os.remove, 'p')",
        "files: os.remove",
    ),
    "where modules are looked for": (
        "import sys\nsys.path[:0] = ['x']",
        "monkeypatching: sys.path",
    ),
    "how it is sorted": (
        "import os\nclass C:\n    def __lt__(self, o): os.fork()\nsorted([C(), C()])",
        "process: os.fork",
    ),
    "a name of the module that a function sets": (
        "import os\nx = None\ndef f():\n    global x\n    x = os\nf()\nx.fork()",
        "process: os.fork",
    ),
    "what takes an attribute": (
        "import operator, os\noperator.attrgetter('path.os.system')(os)('x')",
        "process: os.system",
    ),
    "what calls a method": (
        "import operator, os\noperator.methodcaller('system', 'x')(os)",
        "process: os.system",
    ),
    "what takes an item": (
        "import operator, os\noperator.itemgetter('a')({'a': os.system})('x')",
        "process: os.system",
    ),
    "the table of modules, asked": (
        "import sys\nsys.modules.get('os').system('x')",
        "process: os.system",
    ),
    "the table of modules, asked for nobody knows what": (
        "import os, sys\nsys.modules[os.environ['X']].system('x')",
        "dynamic code: something computed in sys.modules",
    ),
    "a queue": (
        "import os\nfrom collections import deque\ndeque([os.system]).popleft()('x')",
        "process: os.system",
    ),
    "a module that another offers under its own name": (
        "from asyncio.streams import open_connection\nopen_connection('h', 1)",
        "network: asyncio.open_connection",
    ),
    "a part of the standard library that offers another": (
        "from concurrent.futures.process import ProcessPoolExecutor\nProcessPoolExecutor()",
        "process: concurrent.futures.ProcessPoolExecutor",
    ),
    "a private part of the node's event loop": (
        "import anyio\nfrom anyio._core._sockets import connect_tcp\n"
        "async def f(): await connect_tcp('h', 1)\nanyio.run(f)",
        "network: anyio.connect_tcp",
    ),
    "a method of an event loop": (
        "import asyncio\nasync def f():\n"
        "    await asyncio.get_running_loop().create_server(None, 'h', 1)\nasyncio.run(f())",
        "network: asyncio.create_server",
    ),
    "a log in a file": (
        "import logging\nlogging.basicConfig(filename='x')",
        "files: logging.FileHandler",
    ),
    "a path of this system": (
        "import pathlib\npathlib.PosixPath('x').open('w')",
        "files: pathlib.Path.open",
    ),
    "a path made of a path": (
        "from pathlib import Path\nPath(__file__).parents[1].joinpath('x').resolve().open('w')",
        "files: pathlib.Path.open",
    ),
    "the file of a setting": (
        "import configparser\nconfigparser.ConfigParser().read('x')",
        "files: configparser.ConfigParser.read",
    ),
    "memory at an address": (
        "import ctypes\nctypes.c_char.from_address(1)",
        "native code: .from_address",
    ),
    "the node's templates": (
        "from starlette.templating import Jinja2Templates\nJinja2Templates('x')",
        "files: starlette.templating",
    ),
    "a template out of a text": (
        "import jinja2\njinja2.Environment().from_string('x').render()",
        "dynamic code: jinja2.Environment.from_string",
    ),
    "what an entry point names": (
        "from importlib.metadata import entry_points\n"
        "for each in entry_points(group='x'): each.load()()",
        "dynamic code: importlib.metadata.entry_points.load",
    ),
    "a partial call, taken apart": (
        "import os, functools\nfunctools.partial(os.system).func('x')",
        "process: os.system",
    ),
    "a method made of a function": (
        "import os, types\ntypes.MethodType(os.system, 'x')()",
        "process: os.system",
    ),
    "a method, taken apart": (
        "import os\nclass C:\n    def m(self): os.fork()\nC().m.__func__(None)",
        "process: os.fork",
    ),
    "where a builtin comes from": ("print.__self__.eval('1')", "dynamic code: builtins.eval"),
    "a value of an enumeration": (
        "import os, enum, functools\nclass E(enum.Enum):\n"
        "    A = functools.partial(os.system)\nE.A.value('x')",
        "process: os.system",
    ),
    "what a class is asked for": (
        "import os\nclass C:\n    def __class_getitem__(cls, name): return os.system\nC[1]('x')",
        "process: os.system",
    ),
    "a metaclass that is a function": (
        "import os\nclass C(metaclass=os.system): pass",
        "process: os.system",
    ),
    "a base that is an object": (
        "import os\nclass B:\n    def __mro_entries__(self, bases):\n        os.fork()\n"
        "        return ()\nclass C(B()): pass",
        "process: os.fork",
    ),
    "a sign": ("import os\nclass C:\n    def __neg__(self): os.fork()\n-C()", "process: os.fork"),
    "a negation": (
        "import os\nclass C:\n    def __bool__(self): os.fork(); return True\nx = not C()",
        "process: os.fork",
    ),
    "a place in a list": (
        "import os\nclass C:\n    def __index__(self): os.fork()\n[1][C()]",
        "process: os.fork",
    ),
    "what is not in a table": (
        "import os\nclass C(dict):\n    def __missing__(self, key): os.fork()\nC()['x']",
        "process: os.fork",
    ),
    "what is deleted": (
        "import os\nclass C:\n    def __delitem__(self, key): os.fork()\nc = C()\ndel c[1]",
        "process: os.fork",
    ),
    "an attribute that is deleted": (
        "import os\nclass C:\n    def __delattr__(self, name): os.fork()\ndel C().x",
        "process: os.fork",
    ),
    "a property that is set": (
        "import os\nclass C:\n    @property\n    def p(self): return 1\n    @p.setter\n"
        "    def p(self, value): os.fork()\nC().p = 1",
        "process: os.fork",
    ),
    "a descriptor that is set": (
        "import os\nclass D:\n    def __set__(self, owner, value): os.fork()\n"
        "class C:\n    d = D()\nC().d = 1",
        "process: os.fork",
    ),
    "what is closed at the end": (
        "import os, contextlib\nclass C:\n    def close(self): os.fork()\n"
        "with contextlib.closing(C()): pass",
        "process: os.fork",
    ),
    "what is entered later": (
        "import os, contextlib\nclass C:\n    def __enter__(self): os.fork()\n"
        "    def __exit__(self, *a): pass\n"
        "with contextlib.ExitStack() as stack: stack.enter_context(C())",
        "process: os.fork",
    ),
    "a cache of a function of others": (
        "import os, functools\nf = functools.lru_cache()(os.system)\nf('x')",
        "process: os.system",
    ),
    "how a list is sorted": (
        "import os\nnames = ['x']\nnames.sort(key=os.system)",
        "process: os.system",
    ),
    "what a pattern takes apart": (
        "import os\nmatch {'a': [os.system, 1]}:\n    case {'a': [f, _]}: f('x')",
        "process: os.system",
    ),
    "what a pattern takes from an object": (
        "import os\nclass P:\n    __match_args__ = ('f',)\n"
        "    def __init__(self, f): self.f = f\nmatch P(os.system):\n    case P(f): f('x')",
        "process: os.system",
    ),
    "what an exception carries": (
        "import os\nclass E(Exception):\n    def __init__(self, f): self.f = f\n"
        "try: raise E(os.system)\nexcept E as error: error.f('x')",
        "process: os.system",
    ),
    "names of a frame": (
        "import os\ndef f():\n    x = os\n    return locals()['x'].system('x')\nf()",
        "process: os.system",
    ),
    "attributes out of a table": (
        "import os\nclass C:\n    def __init__(self, **more): vars(self).update(more)\n"
        "C(f=os.system).f('x')",
        "process: os.system",
    ),
    "an annotation": ("import os\nx: os.fork() = 1", "process: os.fork"),
    "an annotation of a parameter": ("import os\ndef f(x: os.fork()): pass", "process: os.fork"),
    "an annotation that is a text": (
        "import typing\nclass C:\n    x: \"__import__('os').system('x')\"\n"
        "typing.get_type_hints(C)",
        "process: os.system",
    ),
    "what a model checks": (
        "import os\nfrom pydantic import BaseModel, field_validator\nclass M(BaseModel):\n"
        "    a: str\n    @field_validator('a')\n    @classmethod\n"
        "    def check(cls, value): os.fork()\nM(a='x')",
        "process: os.fork",
    ),
    "what a model does at the end": (
        "import os\nfrom pydantic import BaseModel\nclass M(BaseModel):\n"
        "    def model_post_init(self, context): os.fork()\nM()",
        "process: os.fork",
    ),
    "a text that a type imports": (
        "from pydantic import BaseModel, ImportString\nclass M(BaseModel):\n    f: ImportString\n"
        "M(f='os.system')",
        "dynamic code: pydantic.ImportString",
    ),
    "a patch that goes around the class": (
        "import json\ntype.__setattr__(json.JSONEncoder, 'default', None)",
        "monkeypatching: assigning json.JSONEncoder.default",
    ),
    "a module below another, by its name": (
        "from importlib import import_module\nimport_module('.request', 'urllib').urlopen('u')",
        "network: urllib.request",
    ),
    "a text that becomes longer": (
        "import os\nn = 'sys'\nn += 'tem'\ngetattr(os, n)('x')",
        "process: os.system",
    ),
    "an attribute, asked for by hand": (
        "import os\nos.__getattribute__('system')('x')",
        "process: os.system",
    ),
    "all members of a module": (
        "import os, inspect\ndict(inspect.getmembers(os))['system']('x')",
        "dynamic code: handing on os to inspect.getmembers",
    ),
    "all names of a module as arguments": (
        "import os\ndef f(system=None, **more): system('x')\nf(**vars(os))",
        "dynamic code: something computed in os",
    ),
    "a table that keeps its order": (
        "import os, collections\ncollections.OrderedDict(a=os.system)['a']('x')",
        "process: os.system",
    ),
    "a table for many keys": (
        "import os\ndict.fromkeys(['a'], os.system)['a']('x')",
        "process: os.system",
    ),
    "a table that makes what it lacks": (
        "import os, collections\ncollections.defaultdict(lambda: os.system)['a']('x')",
        "process: os.system",
    ),
    "a table of its own class": (
        "import os\nclass T(dict): pass\nt = T()\nt['a'] = os.system\nt['a']('x')",
        "process: os.system",
    ),
    "a list of its own class": (
        "import os, collections\nclass L(collections.UserList): pass\nx = L()\n"
        "x.append(os.system)\nx[0]('x')",
        "process: os.system",
    ),
    "a list of what an object gives": (
        "import os\nclass C:\n    def __iter__(self): yield os.system\nlist(C())[0]('x')",
        "process: os.system",
    ),
    "all that an object gives": (
        "import os\nclass C:\n    def __iter__(self): yield os.system\n[*C()][0]('x')",
        "process: os.system",
    ),
    "one that an object gives": (
        "import os\nclass C:\n    def __iter__(self): yield os.system\nf, = C()\nf('x')",
        "process: os.system",
    ),
    "what a generator gives back": (
        "import os\ndef g():\n    yield\n    return os.system\ndef h():\n    f = yield from g()\n"
        "    f('x')\nlist(h())",
        "process: os.system",
    ),
    "a module of another module": (
        "import json\njson.codecs.open('x')",
        "files: codecs.open",
    ),
    "who the process is": ("import os\nos.seteuid(0)", "process: os.seteuid"),
    "a model of a library": (
        "from transformers import AutoModel\nAutoModel.from_pretrained('x')",
        "network: transformers",
    ),
    "what a context decorates": (
        "import os, contextlib\nclass D(contextlib.ContextDecorator):\n"
        "    def __enter__(self): os.fork()\n    def __exit__(self, *a): pass\n"
        "@D()\ndef f(): pass\nf()",
        "process: os.fork",
    ),
    "what a metaclass has instead of a name": (
        "import os\nclass M(type):\n    def __getattr__(cls, name): return os.fork\n"
        "class C(metaclass=M): pass\nC.anything()",
        "process: os.fork",
    ),
    "a method of a metaclass": (
        "import os\nclass M(type):\n    def go(cls): os.fork()\n"
        "class B(metaclass=M): pass\nclass C(B): pass\nC.go()",
        "process: os.fork",
    ),
    "the validator of an annotated field": (
        "import os\nfrom typing import Annotated\nfrom pydantic import AfterValidator, BaseModel\n"
        "class C(BaseModel):\n    x: Annotated[str, AfterValidator(os.remove)]\n"
        "def check(v): os.fork()\n"
        "class D(BaseModel):\n    x: Annotated[str, AfterValidator(check)]\nD(x='')",
        "process: os.fork",
    ),
    "the validator of a type with a name": (
        "import os\nfrom typing import Annotated\nfrom pydantic import BaseModel, BeforeValidator\n"
        "def check(v): os.fork()\nName = Annotated[str, BeforeValidator(check)]\n"
        "class D(BaseModel):\n    x: list[Name] | None\nD(x=[''])",
        "process: os.fork",
    ),
    "a function that goes through items": (
        "import os, functools\nfunctools.reduce(lambda a, b: os.fork(), [1, 2])",
        "process: os.fork",
    ),
    "what a thread's own object holds": (
        "import os, threading\nown = threading.local()\nown.go = os.fork\nown.go()",
        "process: os.fork",
    ),
    "what an exception is made of": (
        "import os\ntry:\n    raise ValueError(os.fork)\nexcept ValueError as e:\n    e.args[0]()",
        "process: os.fork",
    ),
    "what an exception of its own is made of": (
        "import os\nclass E(Exception): pass\n"
        "try:\n    raise E(os.fork)\nexcept E as e:\n    e.args[0]()",
        "process: os.fork",
    ),
    "a method that a class gets later": (
        "import os\nclass C: pass\ndef f(c): return c.go()\n"
        "try: f(C())\nexcept AttributeError: pass\n"
        "C.go = lambda self: os.fork()\nf(C())",
        "process: os.fork",
    ),
    "a class that is made again from another": (
        "import os\nclass A: x = 1\nclass B:\n    def go(self): os.fork()\n"
        "def make(base):\n    class C(base): pass\n    return C\n"
        "make(A)().x\nmake(B)().go()",
        "process: os.fork",
    ),
    "the validator in an annotation that is a text": (
        "import os\nfrom typing import Annotated\nfrom pydantic import AfterValidator, BaseModel\n"
        "def check(v): os.fork()\n"
        "class C(BaseModel):\n    x: 'Annotated[str, AfterValidator(check)]'\nC(x='')",
        "process: os.fork",
    ),
    "what is referred to weakly": (
        "import os, weakref\nclass C:\n    def go(self): os.fork()\n"
        "c = C()\nr = weakref.ref(c)\nr().go()",
        "process: os.fork",
    ),
    "what a class has instead, besides what it derives from": (
        "import os, acme\nclass C(acme.Base):\n    def __getattr__(self, name): return os.fork\n"
        "C().go()",
        "process: os.fork",
    ),
    "the first of several bases that has it": (
        "import os\nclass A:\n    def go(self): os.fork()\nclass B(A): pass\n"
        "class O:\n    def go(self): pass\nclass C(B, O): pass\nC().go()",
        "process: os.fork",
    ),
    "a class far down": (
        "import os\nclass C0:\n    def go(self): os.fork()\n"
        + "".join(f"class C{n}(C{n - 1}): pass\n" for n in range(1, 200))
        + "C199().go()",
        "process: os.fork",
    ),
    "a patch of another module": (
        "import json\njson.loads = None",
        "monkeypatching: assigning json.loads",
    ),
}

LATER = {
    "a handler": ("import os\ndef audit(ctx, **more):\n    os.fork()", HANDLER, "process: os.fork"),
    "a helper of a handler": (
        "import os\ndef go(): os.fork()\ndef audit(ctx, **more):\n    go()",
        HANDLER,
        "process: os.fork",
    ),
    "a method of an object that a handler has": (
        "import httpx\nclass C:\n    def __init__(self, url): self.client = None\n"
        "    def send(self): httpx.post('u')\nC_ = C('u')\ndef audit(ctx, **more):\n    C_.send()",
        HANDLER,
        "network: httpx",
    ),
    "an async handler": (
        "import httpx\nasync def audit(ctx, **more):\n    async with httpx.AsyncClient() as c:\n"
        "        await c.get('u')",
        HANDLER,
        "network: httpx",
    ),
    "a parameter that is a path": (
        "from pathlib import Path\ndef audit(ctx, path: Path, **more):\n    path.open('w')",
        HANDLER,
        "files: pathlib.Path.open",
    ),
    "a parameter that is a client": (
        "import httpx\ndef audit(ctx, client: httpx.Client | None = None, **more):\n"
        "    client.post('u')",
        HANDLER,
        "network: httpx",
    ),
    "a parameter typed by a text": (
        "from __future__ import annotations\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import httpx\ndef f(client: 'httpx.Client'): client.get('u')",
        UNREACHED,
        "network: httpx",
    ),
    "a parameter of a type with a name": (
        "import httpx\nfrom typing import NewType, TypeVar\n"
        "Client = httpx.Client | httpx.AsyncClient\n"
        "def audit(ctx, client: Client = None, **more):\n    client.post('u')",
        HANDLER,
        "network: httpx",
    ),
    "a parameter of a type of its own": (
        "import httpx\nfrom typing import NewType\nOurs = NewType('Ours', httpx.Client)\n"
        "def audit(ctx, client: Ours = None, **more):\n    client.post('u')",
        HANDLER,
        "network: httpx",
    ),
    "a parameter of a type that varies": (
        "import httpx\nfrom typing import TypeVar\nT = TypeVar('T', bound=httpx.Client)\n"
        "def audit(ctx, client: T = None, **more):\n    client.post('u')",
        HANDLER,
        "network: httpx",
    ),
    "a stream that a parameter is": (
        "import asyncio\nasync def audit(ctx, writer: asyncio.StreamWriter, **more):\n"
        "    writer.write(b'x')",
        HANDLER,
        "network: asyncio.StreamWriter",
    ),
    "an engine that a parameter is": (
        "import sqlalchemy\ndef audit(ctx, engine: sqlalchemy.Engine, **more):\n"
        "    engine.connect()",
        HANDLER,
        "databases: sqlalchemy.Engine",
    ),
    "a parameter after one that is an empty tuple": (
        "import httpx\ndef f(a: tuple[()], client: httpx.Client): client.get('u')",
        UNREACHED,
        "network: httpx",
    ),
    "what nothing calls": ("import os\ndef f(): os.fork()", UNREACHED, "process: os.fork"),
    "a method that nothing calls": (
        "import os\nclass C:\n    def f(self): os.fork()",
        UNREACHED,
        "process: os.fork",
    ),
    "what is only decorated": (
        "import os, click\n@click.command()\ndef f(): os.fork()",
        SOMEWHERE,
        "process: os.fork",
    ),
    "a path of a router": (
        "import os\nfrom fastapi import APIRouter\nr = APIRouter()\n@r.get('/')\n"
        "def f(): os.fork()",
        "route /",
        "process: os.fork",
    ),
    "what the node makes for a path": (
        "import httpx\nfrom fastapi import APIRouter, Depends\nr = APIRouter()\n"
        "@r.get('/')\ndef f(c=Depends(httpx.Client)): pass",
        UNREACHED,
        "network: httpx",
    ),
    "what is called at exit": (
        "import os, atexit\ndef f(): os.fork()\natexit.register(f)",
        SOMEWHERE,
        "process: os.fork",
    ),
    "what somebody keeps": (
        "import os, logging\ndef f(): os.fork()\ndef reg(table): table.append(f)\n"
        "reg(logging.getLogger().handlers)",
        SOMEWHERE,
        "process: os.fork",
    ),
    "what a function says that it gives": (
        "import httpx\nfrom acme import found\ndef make() -> httpx.Client: return found()\n"
        "def audit(ctx, **more):\n    make().get('u')",
        HANDLER,
        "network: httpx",
    ),
    "a class that is a parameter": (
        "import httpx\ndef audit(ctx, kind: type[httpx.Client], **more):\n    kind()",
        HANDLER,
        "network: httpx",
    ),
    "the context's own table": (
        "def audit(ctx, **more):\n    return vars(ctx)['_capabilities']",
        HANDLER,
        "host internals: ._capabilities",
    ),
    "an attribute of the context that goes around its class": (
        "def audit(ctx, **more):\n    return object.__getattribute__(ctx, '_capabilities')",
        HANDLER,
        "host internals: ._capabilities",
    ),
    "an attribute of the context that is taken": (
        "import operator\nTAKE = operator.attrgetter('_capabilities')\n"
        "def audit(ctx, **more):\n    return TAKE(ctx)",
        HANDLER,
        "host internals: ._capabilities",
    ),
    "the frame of whoever calls": (
        "def audit(ctx, **more):\n    try: 1 / 0\n"
        "    except Exception as error: return error.__traceback__.tb_frame.f_back",
        HANDLER,
        "monkeypatching: .f_back",
    ),
    "a function given back": (
        "import os\ndef make():\n    def go(): os.fork()\n    return go\nGO = make()\n"
        "def audit(ctx, **more):\n    GO()",
        HANDLER,
        "process: os.fork",
    ),
}


@pytest.mark.parametrize(("code", "item"), AT_IMPORT.values(), ids=AT_IMPORT)
def test_what_runs_at_import_is_seen_whether_it_can_be_run_or_not(code: str, item: str) -> None:
    assert (IMPORT, item) in effects(code)
    assert (IMPORT, item) in effects(code, run=False)


@pytest.mark.parametrize(("code", "phase", "item"), LATER.values(), ids=LATER)
def test_what_runs_later(code: str, phase: str, item: str) -> None:
    found = effects(code)
    assert (phase, item) in found
    assert (IMPORT, item) not in found


def test_what_another_module_does_at_import() -> None:
    helper = "import os\nclass Base:\n    def __init_subclass__(cls): os.fork()\n"
    code = "from .helper import Base\nclass C(Base): pass\n"
    assert (IMPORT, "process: os.fork") in effects(code, helper=helper)
    helper = "import os\ndef go(): os.fork()\n"
    assert (IMPORT, "process: os.fork") in effects(
        "from . import helper\nhelper.go()", helper=helper
    )
    assert (UNREACHED, "process: os.fork") in effects("from . import helper", helper=helper)


def test_what_the_factory_does() -> None:
    manifest = FACTORY_FILE.replace("    return", "    import os\n    os.fork()\n    return", 1)
    assert effects(QUIET, manifest=manifest) == {(FACTORY, "process: os.fork")}


def test_a_module_that_nothing_imports() -> None:
    assert effects(QUIET, spare="import os\nos.fork()") == {(UNIMPORTED, "process: os.fork")}


def test_where_it_goes_to() -> None:
    code = (
        "import httpx\nBASE = 'https://acme.example'\n"
        "def send(path): httpx.post(f'{BASE}/in', json={})\n"
        "def audit(ctx, **more):\n    send('x')\n"
    )
    [call] = [each for each in events(code) if each.api == "httpx.post"]
    assert call.arguments[0] == Argument("0", ("https://acme.example/in",), whole=True)
    assert (call.place, call.line, call.within) == ("demo_plugin/handlers.py", 3, "send")


LED = {
    "a path below home": (
        "from pathlib import Path\n(Path.home() / '.aws' / 'credentials').read_text()",
        ("self", "~/.aws/credentials", True),
    ),
    "a path by os": (
        "import os\nopen(os.path.join(os.path.expanduser('~'), '.netrc'))",
        ("0", "~/.netrc", True),
    ),
    "beside the module": (
        "from pathlib import Path\n(Path(__file__).resolve().parent / 'a.json').read_text()",
        ("self", "{here}/demo_plugin/a.json", True),
    ),
    "a folder above": (
        "from pathlib import Path\nPath(__file__).parents[1].joinpath('x', '..', 'y').read_text()",
        ("self", "{here}/y", True),
    ),
    "above everything": (
        "from pathlib import Path\nPath(__file__).parents[3].joinpath('y').read_text()",
        ("self", "{}/y", True),
    ),
    "a text with a part": (
        "import httpx\ndef f(x): httpx.get('https://a.example/' + x)",
        ("0", "https://a.example/{}", True),
    ),
    "a text with several parts": (
        "import httpx\ndef f(x): httpx.get(f'https://{x}.example/{x!r}')",
        ("0", "https://{}.example/{}", True),
    ),
    "a variable": (
        "import httpx, os\ndef f(): httpx.get(os.environ['ACME_URL'] + '/x')",
        ("0", "${ACME_URL}/x", True),
    ),
    "a command": (
        "import subprocess\ndef f(x): subprocess.run(['git', 'show', x])",
        ("0", "git show {}", True),
    ),
    "a list that grows": (
        "import subprocess\nL = ['git']\nL.append('x')\ndef f(x): subprocess.run(L)",
        ("0", "git {}", True),
    ),
    "a text that is filled by the operator": (
        "import httpx\ndef f(x): httpx.get('https://%s/%s/100%%' % ('a.example', x))",
        ("0", "https://a.example/{}/100%", True),
    ),
    "a text that is filled to a width": (
        "import httpx\ndef f(): httpx.get('https://%s/%5s%r' % ('a.example', 'x', 'y'))",
        ("0", "https://a.example/{}{}", True),
    ),
    "a text that is filled with one thing": (
        "import httpx\nHOST = 'a.example'\ndef f(): httpx.get('https://%s:%d/' % HOST)",
        ("0", "https://{}:{}/", True),
    ),
    "a text that is filled by a table": (
        "import httpx\ndef f(): httpx.get('https://%(host)s/' % {'host': 'a.example'})",
        ("0", "https://{}/", True),
    ),
    "a text that is filled by its method": (
        "import httpx\nHOST = 'a.example'\n"
        "def f(x): httpx.get('https://{}/{x}/{{}}{y:>3}'.format(HOST, x=x, y='y'))",
        ("0", "https://a.example/{}/{}{}", True),
    ),
    "a text that is filled by numbers": (
        "import httpx\ndef f(): httpx.get('https://{1}/{0}'.format('in', 'a.example'))",
        ("0", "https://a.example/in", True),
    ),
    "texts that are joined": (
        "import httpx\ndef f(x): httpx.get('/'.join(['https:', '', 'a.example', x]))",
        ("0", "https://a.example/{}", True),
    ),
    "texts that are joined as they come": (
        "import httpx\nP = ['https:', '', 'a.example']\nP.append('x')\n"
        "def f(): httpx.get('/'.join(P))",
        ("0", "https://a.example/{}", True),
    ),
    "a text that is cut": (
        "import httpx\nBASE = 'https://a.example/'\ndef f(): httpx.get(BASE.rstrip('/') + '/x')",
        ("0", "https://a.example/x", True),
    ),
    "a text that is changed": (
        "import httpx\ndef f(): httpx.get('HTTPS://host/x'.lower().replace('host', 'a.example'))",
        ("0", "https://a.example/x", True),
    ),
    "a text that grows": (
        "import httpx\ndef f(x):\n    url = 'https://a.example/'\n    url += x\n    httpx.get(url)",
        ("0", "https://a.example/{}", True),
    ),
    "an address of a library": (
        "import httpx\ndef f(): httpx.get(httpx.URL('https://a.example'))",
        ("0", "https://a.example", True),
    ),
    "a request": (
        "import urllib.request as u\ndef f(): u.urlopen(u.Request('https://a.example', data=b''))",
        ("0", "https://a.example", True),
    ),
    "a variable that is read": ("import os\ndef f(): os.environ['A']", ("0", "A", True)),
    "a variable that is set": ("import os\ndef f(): os.environ['A'] = '1'", ("0", "A", True)),
    "a variable that is asked for": ("import os\ndef f(): 'A' in os.environ", ("0", "A", True)),
}


@pytest.mark.parametrize(("code", "argument"), LED.values(), ids=LED)
def test_where_it_leads(code: str, argument: tuple[str, str, bool]) -> None:
    name, text, whole = argument
    given = [each for event in events(code, run=False) for each in event.arguments]
    assert Argument(name, (text,), whole) in given


ALL_VARIABLES = {
    "copied": "dict(os.environ)",
    "gone through": "[each for each in os.environ]",
    "handed on": "g(os.environ)",
    "in a table": "{**os.environ}",
    "in a text": "json.dumps(os.environ)",
}


@pytest.mark.parametrize("code", ALL_VARIABLES.values(), ids=ALL_VARIABLES)
def test_all_variables_of_the_environment(code: str) -> None:
    found = events(f"import os, json\nfrom acme import g\ndef f(): return {code}\n", run=False)
    assert "os.environ" in [each.api for each in found if each.kind == "calls"]


def test_every_text_that_an_argument_is() -> None:
    found = events("import httpx\ndef f(): httpx.get('a'); httpx.get('b')")
    [call] = [each for each in found if each.api == "httpx.get"]
    assert call.arguments == (Argument("0", ("a", "b"), whole=True),)


def test_names_that_only_a_run_can_tell() -> None:
    put_together = "'krof'[::-1]"
    code = f"import os\ngetattr(os, {put_together})()\n"
    assert (IMPORT, "process: os.fork") in effects(code)
    assert (IMPORT, "process: os.fork") not in effects(code, run=False)
    code = f"import os\ngo = getattr(os, {put_together})\ndef audit(ctx, **more):\n    go()\n"
    assert (HANDLER, "process: os.fork") in effects(code)


def test_the_factory_of_a_module_that_cannot_be_run() -> None:
    manifest = FACTORY_FILE.replace("    return", "    import os\n    os.fork()\n    return", 1)
    found = effects(QUIET, manifest=f"exec('x = 1')\n{manifest}")
    assert found == {(IMPORT, "dynamic code: builtins.exec"), (FACTORY, "process: os.fork")}


SEVERAL = {
    "every handler that calls it": (
        "def f(): os.fork()\ndef audit(ctx, **more): f()\ndef gate(ctx, **more): f()\n",
        {HANDLER, GATE},
    ),
    "through another": (
        "def f(): os.fork()\ndef g(): f()\ndef audit(ctx, **more): f()\n"
        "def gate(ctx, **more): g()\n",
        {HANDLER, GATE},
    ),
    "the import and a handler": (
        "def f(): os.fork()\nf()\ndef audit(ctx, **more): f()\ndef gate(ctx, **more): pass\n",
        {IMPORT, HANDLER},
    ),
    "functions that call each other": (
        "def f(n): os.fork(); g(n)\ndef g(n): f(n)\ndef audit(ctx, **more): g(1)\n"
        "def gate(ctx, **more): f(1)\n",
        {HANDLER, GATE},
    ),
    "one handler alone": (
        "def audit(ctx, **more): os.fork()\ndef gate(ctx, **more): pass\ndef f(): audit(None)\n",
        {HANDLER},
    ),
    "a module that is imported where it is needed": (
        "def audit(ctx, **more): from . import later\ndef gate(ctx, **more): from . import later\n",
        {HANDLER, GATE},
    ),
    "a module that is imported early as well": (
        "from . import later\ndef audit(ctx, **more): from . import later\n"
        "def gate(ctx, **more): pass\n",
        {IMPORT},
    ),
    "nothing": (
        "def audit(ctx, **more): pass\ndef gate(ctx, **more): pass\ndef f(): g()\n"
        "def g(): os.fork()\n",
        {UNREACHED},
    ),
}


@pytest.mark.parametrize(("code", "phases"), SEVERAL.values(), ids=SEVERAL)
def test_all_that_make_it_run(code: str, phases: set[str]) -> None:
    more = {"later": "import os\nos.fork()\n"} if "later" in code else {}
    manifest = FACTORY_FILE.replace("hooks={", "hooks={'pre_recall_authorize': handlers.gate, ", 1)
    found = effects(f"import os\n{code}", manifest=manifest, **more)  # type: ignore[arg-type]
    assert found == {(phase, "process: os.fork") for phase in phases}


CALLED_BACK = {
    "by an object of nobody knows what": "class C:\n    def go(self): os.fork()\nX = g(C())\n"
    "def audit(ctx, **more): ctx.go()\n",
    "at exit": "import atexit\ndef f(): os.fork()\ndef audit(ctx, **more): atexit.register(f)\n",
    "by a signal": "import signal\ndef f(*a): os.fork()\nsignal.signal(15, f)\n",
    "by a server": "from http.server import HTTPServer, BaseHTTPRequestHandler as B\n"
    "class C(B):\n    def do_GET(self): os.fork()\n"
    "def audit(ctx, **more): HTTPServer(('', 1), C).serve_forever()\n",
    "by a router": "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/x')\n"
    "def f(): os.fork()\n",
    "by whoever decorates": "import acme\n@acme.task\ndef f(): os.fork()\n",
    "by whoever gets it": "def f(): os.fork()\ndef audit(ctx, **more): return f\n",
    "by whoever has the object": "def f(): os.fork()\ndef audit(ctx, **more): ctx.hook = f\n",
    "through another": "def f(): os.fork()\ndef h(): f()\ndef audit(ctx, **more): ctx.hook = h\n",
    "by its name": "import importlib\ndef f(): os.fork()\n"
    "def audit(ctx, **more): importlib.import_module(more['x'])\n",
    "in another that is": "def f():\n    def h(): os.fork()\n    return h\n"
    "def audit(ctx, **more): ctx.hook = f()\n",
    "a lambda": "F = []\ndef audit(ctx, **more): ctx.hook = lambda: os.fork()\n",
}


@pytest.mark.parametrize("code", CALLED_BACK.values(), ids=CALLED_BACK)
def test_what_code_calls_that_is_not_followed(code: str) -> None:
    found = effects(f"import os\nfrom acme import g\n{code}")
    phases = {phase for phase, what in found if what == "process: os.fork"}
    assert phases
    assert UNREACHED not in phases


LEFT_ALONE = {
    "a function": "def f(): os.fork()\n",
    "one that another calls": "def f(): h()\ndef h(): os.fork()\n",
    "one that calls itself": "def f(): os.fork(); f()\n",
    "a method": "class C:\n    def go(self): os.fork()\ndef audit(ctx, **more): ctx.go()\n",
    "what only a script runs": "def f(): os.fork()\nif __name__ == '__main__':\n    f()\n",
    "what a script runs": "if __name__ == '__main__':\n    os.fork()\n",
}


@pytest.mark.parametrize("code", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_what_nothing_calls(code: str) -> None:
    assert effects(f"import os\n{code}") == {(UNREACHED, "process: os.fork")}


def test_more_that_run_it_than_are_told_apart() -> None:
    tree = ast.parse("import os\ndef f():\n" + "    os.fork()\n" * 2000)
    survey = Survey()
    survey.add("m", "m.py", tree)
    survey.load("m", IMPORT)
    body = survey.body_of(tree.body[1], "m")
    assert body is not None
    started = time.process_time()
    for number in range(3000):
        survey.called(body, f"handler {number}")
    survey.rest()
    assert time.process_time() - started < 3
    assert {"handler 0", MORE} < {each.phase for each in survey.events.values()}


def test_what_the_factory_and_a_handler_run() -> None:
    manifest = FACTORY_FILE.replace("    return", "    handlers.f()\n    return", 1)
    code = "import os\ndef f(): os.fork()\ndef audit(ctx, **more): f()\n"
    assert effects(code, manifest=manifest) == {
        (FACTORY, "process: os.fork"),
        (HANDLER, "process: os.fork"),
    }


QUIET_ONES = "".join(f"def f{n}(x): return {n}\n" for n in range(20))
AMONG_MANY = {
    "a table": "D = {" + "".join(f"'a{n}': f{n}, " for n in range(20)) + "'x': os.system}\n"
    "def audit(ctx, **more):\n    D[more['x']]('x')\n",
    "a table of texts": "D = {"
    + "".join(f"'a{n}': 't{n}', " for n in range(20))
    + "'x': os.system}\ndef audit(ctx, **more):\n    D[more['x']]('x')\n",
    "a parameter": "def go(f): return f('x')\ndef audit(ctx, **more):\n"
    + "".join(f"    go(f{n})\n" for n in range(20))
    + "    go(os.system)\n",
    "a name": "x = None\ndef audit(ctx, **more):\n    global x\n"
    + "".join(f"    x = f{n}\n" for n in range(20))
    + "    x = os\n    go()\ndef go(): x.system('x')\n",
}


@pytest.mark.parametrize("code", AMONG_MANY.values(), ids=AMONG_MANY)
def test_many_that_do_nothing_hide_none_that_does(code: str) -> None:
    assert (HANDLER, "process: os.system") in effects(f"import os\n{QUIET_ONES}{code}")


def many(count: int, before: str, each: str, forks: str, after: str = "") -> str:
    """Return code with things that do nothing, and a last one that forks."""
    return "".join(
        (f"import os\n{before}", *(each.format(number) for number in range(count)), forks, after)
    )


def functions(count: int) -> str:
    return many(count, "", "def f{}(x): pass\n", "def last(x): os.fork()\n")


KEPT = "T = {}\ndef keep(f):\n    T[f.__name__] = f\n    return f\n"
GOT = "def got(owner, name): return getattr(owner, name)\n"
ANY = "def audit(ctx, **more):\n    "
CROWDS = {
    "a table": (f"from .table import T\n{ANY}T[more['n']](1)", many(
        40, "", "def f{}(x): pass\n", "def last(x): os.fork()\n",
        "T = {'last': last} | {f'f{n}': globals()[f'f{n}'] for n in range(40)}\n",
    )),
    "a register": (f"from .table import T\n{ANY}T[more['n']](1)", many(
        40, KEPT, "@keep\ndef f{}(x): pass\n", "@keep\ndef last(x): os.fork()\n"
    )),
    "a register of classes": (f"from .table import T\n{ANY}T[more['n']]().go()", many(
        40, "T = {}\nclass B:\n    def __init_subclass__(cls): T[cls.__name__] = cls\n",
        "class K{}(B):\n    def go(self): pass\n",
        "class Last(B):\n    def go(self): os.fork()\n",
    )),
    "what a function gives": (
        f"from . import table\n{GOT}{ANY}got(table, more['n'])(1)", functions(40)
    ),
    "names of a module": (
        f"from . import table\n{ANY}getattr(table, more['n'])(1)", functions(100)
    ),
    "a name of a name": (
        f"from . import table\n{GOT}N = got(table, str(id(1)))\nM = [N]\n{ANY}M[0](1)",
        functions(40),
    ),
    "methods": (f"from .table import K\n{ANY}getattr(K(), more['n'])()", many(
        100, "class K:\n", "    def f{}(self): pass\n", "    def last(self): os.fork()\n"
    )),
    "methods of a base": (f"from .table import K\n{GOT}{ANY}got(K(), more['n'])()", many(
        40, "class B:\n", "    def f{}(self): pass\n", "    def last(self): os.fork()\n",
        "class K(B): pass\n",
    )),
    "lists": (f"from .table import T\n{ANY}T[more['n']][0](1)", many(
        40, "T = []\ndef keep(f):\n    T.append([f])\n    return f\n",
        "@keep\ndef f{}(x): pass\n", "@keep\ndef last(x): os.fork()\n",
    )),
}  # fmt: skip


@pytest.mark.parametrize(("code", "table"), CROWDS.values(), ids=CROWDS)
def test_what_is_one_of_more_than_are_followed_may_be_called(code: str, table: str) -> None:
    found = effects(code, table=table)
    assert {(HANDLER, "process: os.fork"), (SOMEWHERE, "process: os.fork")} & found


def test_what_nothing_asks_for_is_called_by_nothing_however_many_there_are() -> None:
    code = f"from . import table\n{GOT}{ANY}getattr(table, 'f1')(1)"
    assert effects(code, table=functions(100)) == {(UNREACHED, "process: os.fork")}


@pytest.mark.parametrize("number", [0, 40])
def test_a_client_among_many_that_are_none(number: int) -> None:
    others = "".join(f"more['x'].a{n}, " for n in range(number))
    code = f"import httpx\nC = httpx.Client()\n{ANY}for each in [{others}C]: each.post('u')"
    found = [each for each in events(code, run=False) if each.api == "httpx.Client().post"]
    assert [each.arguments[0].texts for each in found] == [("u",)]


@pytest.mark.parametrize(("number", "exhausted"), [(100, False), (200, True)])
def test_too_many_that_act_on_something_are_more_than_is_followed(
    number: int, exhausted: bool
) -> None:
    others = "".join(f"ctypes.a{n}, {n}, '{n}', len, " for n in range(number))
    survey = Survey()
    survey.add("m", "m.py", ast.parse(f"import ctypes\nT = [{others}]\nT[0]()"))
    survey.load("m", IMPORT)
    assert survey.exhausted == exhausted


def test_arguments_in_a_table_are_not_the_object_itself() -> None:
    code = (
        "from httpx import Client\nclass C:\n    def __init__(self, kind, x): self.x = x\n"
        "more = {'kind': Client, 'x': 1}\nC(**more)\n"
    )
    assert effects(code) == set()


COMPUTED = "dynamic code: something computed in os"
MIXED = {
    "an argument": "def f(n='path'): return getattr(os, n)\ndef audit(ctx, **more): f(more['x'])",
    "a name": "def audit(ctx, **more):\n    n = 'path'\n    if ctx: n = more['x']\n"
    "    getattr(os, n)",
    "the other way round": "def audit(ctx, **more):\n    n = more['x']\n"
    "    if ctx: n = 'path'\n    getattr(os, n)",
    "a global name": "N = 'path'\ndef let(x):\n    global N\n    N = x\n"
    "def audit(ctx, **more):\n    let(more['x'])\n    getattr(os, N)",
    "an attribute": "class C:\n    n = 'path'\n    def __init__(self, n): self.n = n\n"
    "def audit(ctx, **more): getattr(os, C(more['x']).n)",
    "what a function gives": "def g(x):\n    if x: return 'path'\n    return x.y\n"
    "def audit(ctx, **more): getattr(os, g(ctx))",
    "an expression": "def audit(ctx, **more): getattr(os, 'path' if ctx else more['x'])",
    "or": "def audit(ctx, **more): getattr(os, more['x'] or 'path')",
    "a setting": "def audit(ctx, n='path', **more):\n    if ctx: n = os.getenv('X')\n"
    "    getattr(os, n)",
    "an item": "def audit(ctx, **more):\n    for n in ('path', more['x']): getattr(os, n)",
    "a text that becomes longer": "def audit(ctx, **more):\n    n = 'pa'\n    n += more['x']\n"
    "    getattr(os, n)",
    "an item, or else": "def audit(ctx, **more):\n    getattr(os, {'a': 'sep'}.get(1, more['x']))",
}


@pytest.mark.parametrize("code", MIXED.values(), ids=MIXED)
def test_a_name_that_is_known_hides_none_that_is_not(code: str) -> None:
    assert COMPUTED in {item for _, item in effects(f"import os\n{code}")}


@pytest.mark.parametrize(
    "code",
    [
        "for n in ('path', 'sep'): getattr(os, n)",
        "def f(n): return getattr(os, n)\ndef audit(ctx, **more): f('path'); f('sep')",
        "def f(n='path'): return getattr(os, n)\ndef audit(ctx, **more): f(); f('sep')",
        "def audit(ctx, **more):\n    for n in ('at', 'ep'):\n        getattr(os, 's' + n, None)",
    ],
)
def test_names_that_are_all_known(code: str) -> None:
    assert effects(f"import os\n{code}") == set()


HARMLESS = {
    "the names of a module itself": (
        "A_X = 1\nALL = [globals()[n] for n in list(globals()) if n.startswith('A_')]"
    ),
    "what an exception says": (
        "def f():\n    try: pass\n    except (KeyError, OSError) as e: return e.args, str(e)"
    ),
    "a validator that does nothing": (
        "from typing import Annotated\nfrom pydantic import AfterValidator, BaseModel\n"
        "def up(v): return v.upper()\n"
        "class C(BaseModel):\n    x: Annotated[str, AfterValidator(up)] = ''\nC()"
    ),
    "flags of a module that acts": (
        "import socket, os\nF = os.O_RDONLY | os.O_NONBLOCK\nG = socket.AI_PASSIVE | 1"
    ),
    "locks of several kinds": (
        "import asyncio, threading, queue\nL = threading.RLock()\nQ = queue.Queue()\n"
        "A = asyncio.Lock()\nO = threading.local()\nO.x = 1\nQ.put(O.x)"
    ),
    "an exception that is caught": "import socket\ntry: pass\nexcept socket.timeout: pass",
    "an exception that is made": "import httpx\ndef f(): raise httpx.HTTPError('x')",
    "several exceptions": "import subprocess\nE = (subprocess.TimeoutExpired, OSError)",
    "an exception of an own class": "import requests\nclass E(requests.RequestException): pass",
    "the name of the machine": "import socket\nNAME = socket.gethostname()",
    "an address": "import httpx\nURL = httpx.URL('https://x')\nHOST = URL.host.lower()",
    "a time limit": "import httpx\nT = httpx.Timeout(5)",
    "is it installed": "import importlib.util\nx = importlib.util.find_spec('numpy') is not None",
    "was it imported": "import sys\nx = 'numpy' in sys.modules",
    "how many processors": "import multiprocessing\nN = multiprocessing.cpu_count()",
    "how many processors, from os": "import os\nN = os.cpu_count()",
    "a lock": "import threading\nL = threading.Lock()\ndef f():\n    with L: pass",
    "an own value of each thread": "import threading\nX = threading.local()",
    "a semaphore": "import asyncio\nS = asyncio.Semaphore(3)",
    "text from an object": "import pickle\ndef f(x): return pickle.dumps(x)",
    "json": "import json\nX = json.loads('{}')\ndef f(x): return json.dumps(x)",
    "exceptions that are tried again": "import httpx, tenacity\n"
    "R = tenacity.retry_if_exception_type((httpx.ConnectTimeout, httpx.TooManyRedirects))",
    "a type": "import httpx\ndef f(x: httpx.Response) -> httpx.Client | None: return None",
    "is it one": "import httpx\ndef f(x): return isinstance(x, httpx.Client)",
    "a cast": "import typing, httpx\ndef f(x): return typing.cast(httpx.Client, x)",
    "where a program is": "import shutil\nX = shutil.which('git')",
    "a signal's name": "import signal\nX = signal.SIGTERM.name",
    "a constant of a module": "import subprocess\nX = subprocess.DEVNULL",
    "yaml that makes no objects": "import yaml\nX = yaml.safe_load('a: 1')",
    "a command line": "import click\n@click.command()\n@click.option('--x', type=click.Path())\n"
    "def f(x): click.echo(x)",
    "logging": "import logging\nL = logging.getLogger(__name__)\nL.info('x')",
    "a weak reference": "import weakref\nW = weakref.WeakKeyDictionary()",
    "regular expressions": "import re\nX = re.compile('x')\ndef f(t): return X.match(t)",
    "paths without files": "from pathlib import Path\nX = Path('a') / 'b'\nY = X.name",
    "parts of os": "import os\nX = os.path.join('a', 'b')\nY = os.sep",
    "hashes": "import hashlib\nX = hashlib.sha256(b'x').hexdigest()",
    "random numbers": "import secrets, random\nX = secrets.token_hex()\nY = random.random()",
    "times": "import time, datetime\nX = time.monotonic()\nY = datetime.datetime.now()",
    "a timer": "import timeit\nX = timeit.default_timer()",
    "a cache": "import functools\n@functools.lru_cache(maxsize=None)\ndef f(x): return x",
    "an enumeration": "import enum\nclass E(enum.Enum):\n    A = 1",
    "a model": "from pydantic import BaseModel, Field\n"
    "class M(BaseModel):\n    x: int = Field(default=1)",
    "a table's columns": "import sqlalchemy as sa\nC = sa.Column('x', sa.String())",
    "a row": "import sqlite3\nX = sqlite3.Row",
    "sizes of types": "import ctypes\nX = ctypes.sizeof(ctypes.c_int)",
    "garbage": "import gc\ngc.collect()",
    "an own function of that name": "def system(x): return x\nsystem('x')",
    "an own class of that name": "class socket:\n    def connect(self): pass\nsocket().connect()",
    "a parameter of that name": "def f(subprocess): return subprocess.run",
    "text that looks like it": "X = \"import os; os.system('x')\"",
    "only for type checkers": "from typing import TYPE_CHECKING\n"
    "if TYPE_CHECKING:\n    import socket",
    "what never runs": "import os\nif False:\n    os.fork()",
    "a name that is deleted by another": "import subprocess\nsubprocess = None",
    "a router": "from fastapi import APIRouter, Depends\nr = APIRouter()\ndef d(): pass\n"
    "@r.get('/', dependencies=[Depends(d)])\ndef f(): pass",
    "a context's own interface": "def audit(ctx, **more): return ctx.get_facts_reader()",
    "settings of others": "from acme import cfg\ncfg = cfg.copy()\ncfg.x = 1",
    "a warning": "import warnings\nwarnings.warn('x', stacklevel=2)",
    "a level of a log": "import logging\n"
    "def f(n): return getattr(logging, n.upper(), logging.INFO)",
    "a function of mathematics": "import math\ndef f(n): return getattr(math, n)",
    "yaml that is told to make none": "import yaml\nX = yaml.load('x', Loader=yaml.SafeLoader)\n"
    "class L(yaml.SafeLoader): pass\ndef f(t): return yaml.load(t, L)",
    "an answer": "import requests\ndef f(r: requests.Response): return r.json()",
    "a log": "import logging\nlogging.basicConfig(level=logging.INFO)",
    "a text made of a path": "import os\nX = os.path.join('a', 'b').replace('/', '.')\n"
    "Y = os.sep.replace('/', '.')",
    "a part of a path": "from pathlib import Path\nX = Path('a').parent.name.replace('a', 'b')",
    "something touched": "def f(cache): cache.touch('x')",
    "a pattern": "def f(x):\n    match x:\n        case {'open': y} | [y, *_]: return y\n"
    "        case str() as z: return z",
    "an exception's text": "import httpx\ndef f():\n    try: pass\n"
    "    except httpx.HTTPStatusError as e: return e.response.status_code",
    "tables of its own": "import collections\nclass T(dict): pass\nt = T(a=1)\n"
    "t['b'] = t.get('a')\nu = collections.OrderedDict(a=len)\nu['a']('x')",
    "texts put together": "def f(x):\n    n = 'a'\n    n += x\n    return n",
    "an own attribute": "class C:\n    def __init__(self): self.system = 1\nC().system",
}


@pytest.mark.parametrize("code", HARMLESS.values(), ids=HARMLESS)
def test_what_acts_on_nothing(code: str) -> None:
    assert effects(code) == set()


def followed(files: dict[str, str]) -> set[str]:
    """Return what modules call, each of which is looked at by itself and through the others."""
    modules = [(module_of(path), path, ast.parse(text)) for path, text in files.items()]
    return {each.api for each in behaviour(modules, (), ()).events.values()}


def chain(link: str, last: str, count: int) -> dict[str, str]:
    """Return files each of which takes what it gives from the one before it."""
    files = {f"demo/m{n}.py": link.format(n=n - 1) for n in range(1, count)}
    return {
        **files,
        "demo/m0.py": "import socket as wire\n",
        "demo/plugin.py": f"{last.format(n=count - 1)}wire.create_connection(('a', 1))\n",
    }


STAR, NAME = "from .m{n} import *\n", "from .m{n} import wire\n"


@pytest.mark.parametrize("link", [STAR, NAME])
@pytest.mark.parametrize("last", [STAR, NAME])
@pytest.mark.parametrize("count", [2, 12, 200, 700])
def test_a_name_is_followed_through_any_number_of_files(link: str, last: str, count: int) -> None:
    assert "socket.create_connection" in followed(chain(link, last, count))


def test_a_circle_of_star_imports_gives_what_any_of_them_has() -> None:
    files = {f"demo/m{n}.py": f"from .m{(n + 1) % 50} import *\n" for n in range(50)}
    files["demo/m30.py"] += "import socket as wire\n"
    files["demo/plugin.py"] = "from .m5 import *\nwire.create_connection(('a', 1))\n"
    assert "socket.create_connection" in followed(files)


def test_what_another_distribution_gives_a_star_import_is_followed() -> None:
    files = {"demo/m.py": "from os import *\n", "demo/plugin.py": "from .m import *\nsystem('x')\n"}
    assert "os.system" in followed(files)


@pytest.mark.parametrize("table", ["", "Row.table = Table\n"], ids=["one way", "in a circle"])
def test_classes_that_name_each_other_are_offered_with_what_they_do(table: str) -> None:
    code = "import os\nclass Row:\n    def read(self): os.system('x')\nclass Table: row = Row\n"
    tree = ast.parse(f"{code}{table}__all__ = ['Table']\n")
    found = behaviour([("demo", "demo/__init__.py", tree)], (), ()).events.values()
    assert {each.phase for each in found if each.api == "os.system"} == {OFFERED}


@pytest.mark.parametrize(
    "circle",
    [
        "C.__call__ = C()",
        "C.__new__ = C",
        "C.__init__ = C()\nC.__call__ = C",
        "C.__call__ = D()\nD.__call__ = C()",
        "C.__call__ = functools.partial(C(), C())",
        "C.__call__ = 'a' if demo.known() else demo.given()",
        "C.__init__ = C\nC.__missing__ = C.__del__ = C.__post_init__ = C()",
    ],
)
def test_objects_that_call_themselves(circle: str) -> None:
    """What Python would never come back from hides nothing that stands beside it."""
    act = "class C: pass\nclass D:\n    def go(self): os.system('x')\n"
    code = f"import functools, os\n{act}{circle}\nC()()\ndemo.use(C())\nD().go()\n"
    assert "os.system" in followed({"demo/__init__.py": "import demo\n" + code})


def test_a_method_that_a_class_gets_late_is_called_by_what_others_provide() -> None:
    code = "import os, threading\nclass C(threading.Thread): pass\nC().start()\n"
    code += "def run(self): os.system('x')\nC.run = run\n"
    found = behaviour([("demo", "demo.py", ast.parse(code))], (), (), ["demo"]).events.values()
    assert {each.phase for each in found if each.api == "os.system"} == {IMPORT}


HOSTILE = {
    "names that only a run can tell": {
        "demo/m.py": "class C:\n"
        + "".join(f"    a{n} = 1\n" for n in range(60))
        + "c = C()\ndef f(n):\n"
        + "    getattr(c, n)()\n" * 8000
    },
    "all methods of an object, everywhere": {
        "demo/m.py": "import threading\nclass C(threading.Thread):\n"
        + "".join(f"    def m{n}(self): pass\n" for n in range(4000))
        + "c = C()\n"
        + "c.start()\n" * 8000
    },
    "names that all classes derive": {
        "demo/m.py": "class B: pass\n"
        + "".join(f"class C{n}(B): pass\n" for n in range(5000))
        + "def f(b):\n"
        + "".join(f"    B.a{n} = 1\n" for n in range(8000))
    },
    "classes that name all that came before": {
        "demo/__init__.py": "class C0: pass\n"
        + "".join(f"class C{n}:\n    a = C{n - 1}\n    b = C{n - 1}.a\n" for n in range(1, 60))
    },
    "classes that derive from each other": {
        "demo/m.py": "class C0:\n    def f(self): pass\n"
        + "".join(f"class C{n}(C{n - 1}):\n    def f{n}(self): self.f()\n" for n in range(1, 1500))
        + "C1499().f1499()\n"
    },
    "star imports of all that came before": {
        f"demo/m{n}.py": "".join(f"from .m{m} import *\n" for m in range(max(0, n - 15), n))
        + f"X{n} = 1\nY = X{n - 1}\n"
        for n in range(1, 200)
    },
    "many lambdas": {
        "demo/m.py": "H = {" + ", ".join(f"'h{n}': lambda x: x" for n in range(9000)) + "}\n"
        "for h in H.values(): h(1)\n"
    },
    "a value that grows": {
        "demo/m.py": "import functools\ndef f(x): return functools.partial(f, x)\ny = f\n"
        + "y = f(y)\n" * 2000
    },
    "conditions beside one for scripts": {
        "demo/m.py": "if __name__ == '__main__': pass\n" + "if n == 1: pass\n" * 5000
    },
    "tables in tables": {
        "demo/m.py": "import os\nL = []\n"
        + "".join(f"L.append([L, os.a{n}])\nfor x in L: x(L)\n" for n in range(1000))
    },
}


@pytest.mark.thorough
@pytest.mark.parametrize("files", HOSTILE.values(), ids=HOSTILE)
def test_what_is_made_to_take_long_takes_not_long(files: dict[str, str]) -> None:
    start = time.process_time()
    followed(files)
    assert time.process_time() - start < 5


def test_more_than_is_kept_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_EVENTS", 20)
    code = "".join(f"f.a{n}()\n" for n in range(30))
    wheel = write_wheel(tmp_path, plugin(more=code))
    gaps = read(understand(str(wheel)), host.node()).gaps
    assert [each.what for each in gaps] == ["what the code does"]


def test_more_than_is_followed_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_AGAIN", 0)
    code = "class C0: pass\n" + "".join(
        f"class C{n}(C{n - 1}):\n    def m{n}(self): return self.m{n - 1}()\n" for n in range(1, 60)
    )
    wheel = write_wheel(tmp_path, plugin(more=f"{code}C59().m59()\n"))
    gaps = read(understand(str(wheel)), host.node()).gaps
    assert [each.what for each in gaps] == ["what the code does"]
