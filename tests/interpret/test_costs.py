"""What cannot be followed costs the fields that it touches, and no others."""

from __future__ import annotations

import pytest

from stigmem_review.model import Known, Manifest, Unknown
from support.real_node import read

HEAD = """
import functools, importlib.resources, inspect, logging, os, sys, threading
from typing import Annotated, Any
import httpx
from pydantic import AfterValidator, BaseModel
from stigmem_node.plugins import PluginContext, PluginManifest, RejectError
"""
TAIL = """
def plugin_manifest():
    return PluginManifest(name='acme', version='1.0.0', capabilities=['facts.read'])
"""


@pytest.mark.parametrize(
    "code",
    [
        "class C(BaseModel):\n    a: Annotated[str, AfterValidator(str)] = ''\nc = C(a='y')",
        "for n, v in list(globals().items()):\n    if callable(v) and n.islower(): v",
        "F = {n: v for n, v in globals().items() if inspect.isfunction(v)}",
        "F = dict(inspect.getmembers(sys.modules[__name__], inspect.isfunction))",
        "class No(RejectError): pass\ndef h(ctx): raise No('x')",
        "class Worker(threading.Thread):\n    def run(self): pass\nw = Worker()",
        "class Context(PluginContext): pass",
        "class Auth(httpx.Auth): pass\nc = httpx.Client(auth=Auth(), base_url='https://acme.example')",
        "log = logging.getLogger(__name__)\nlog.addHandler(logging.StreamHandler(sys.stderr))",
        "class D:\n    def __set__(self, o, v): setattr(o, v, 1)\nclass O: f = D()\nO().f = 1",
        "class T:\n    def __init__(self, f): functools.update_wrapper(self, f)\nt = T(lambda: 1)",
        "handle = open('/var/lib/acme/facts.db')",
    ],
)
def test_the_rest_of_the_manifest_is_known(code: str) -> None:
    found = read({"acme.py": HEAD + code + TAIL}, "acme:plugin_manifest").manifest

    assert isinstance(found, Manifest)
    assert isinstance(found.name, Known)
    assert isinstance(found.capabilities, Known)


@pytest.mark.parametrize(
    "code",
    [
        "__path__ = ['/elsewhere']",
        "__package__ = 'acme.other'",
        "for __builtins__ in ({},): pass",
        "setattr(PluginManifest, 'name', 'other')",
        "def f(m): setattr(m, 'name', 'other')\nthreading.Timer(1, f, [PluginManifest])",
        "print(PluginManifest.__mro__)",
        "threading.Thread(target=print, args=('acme.plugin:run',))",
        "import pkgutil\npkgutil.iter_modules(__path__ + ['/elsewhere'])",
    ],
)
def test_what_may_change_anything_costs_everything(code: str) -> None:
    files = {"acme/__init__.py": HEAD + code, "acme/plugin.py": HEAD + TAIL}
    found = read(files, "acme.plugin:plugin_manifest").manifest

    assert not isinstance(found, Manifest) or isinstance(found.name, Unknown)
