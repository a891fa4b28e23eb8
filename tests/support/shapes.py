"""Small packages with one thing to try in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

IMPORTS = "from stigmem_node.plugins import Capability, HookName, PluginManifest\n"
HANDLERS = """\
def audit(ctx, **_):
    return None


async def gate(ctx, **_):
    return None


def health():
    return None
"""
DEFAULTS: dict[str, Any] = {
    "name": "demo-plugin",
    "version": "1.0.0",
    "requires_stigmem": ">=0.9.0a12",
    "capabilities": [],
    "hooks": {},
    "depends_on": [],
    "async_safe": True,
    "routes": [],
    "health_check": None,
    "config_schema": None,
}


@dataclass(frozen=True)
class Shape:
    """One package; ``entry`` is its entry point, ``root`` the folder that would be installed."""

    id: str
    files: Mapping[str, str | bytes]
    entry: str = "demo:plugin_manifest"
    root: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


def package(manifest: str | bytes, **more: str | bytes) -> dict[str, str | bytes]:
    """Return a package ``demo`` whose factory is in ``demo/manifest.py``.

    ``more`` are further modules by name (``a__b`` for ``a/b``); ``init`` is ``__init__``.
    """
    modules = {"init": "from .manifest import plugin_manifest\n", "handlers": HANDLERS, **more}
    if isinstance(manifest, str) and not manifest.startswith(("#", "from __future__")):
        manifest = IMPORTS + manifest
    files: dict[str, str | bytes] = {"demo/manifest.py": manifest}
    for name, text in modules.items():
        path = "/".join("__init__" if part == "init" else part for part in name.split("__"))
        files[f"demo/{path}.py"] = text
    return files


def factory(arguments: str, before: str = "", inside: str = "") -> str:
    """Return a module with a factory that gives its manifest some arguments."""
    body = "".join(f"    {line}\n" for line in inside.splitlines())
    call = f'PluginManifest(name="demo-plugin", version="1.0.0", {arguments})'
    return f"{before}\n\ndef plugin_manifest():\n{body}    return {call}\n"
