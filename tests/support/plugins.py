"""Small plugins for tests, as wheels built in memory and as project directories."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from support.archives import Tarred, stored, tar_bytes

MANIFEST = """\
from stigmem_node.plugins import PluginManifest

from . import handlers


def plugin_manifest():
    return PluginManifest(
        name="{name}",
        version="{version}",
        requires_stigmem=">=0.9.0a10",
        capabilities={capabilities!r},
        hooks={{{hooks}}},
    )
"""

HANDLERS = """\
def audit(ctx, **_):
    return None


def gate(ctx, **_):
    return None
"""


def plugin(
    name: str = "demo-plugin",
    version: str = "1.0.0",
    capabilities: tuple[str, ...] = ("facts.read",),
    hooks: Mapping[str, str] | None = None,
    **more: str,
) -> dict[str, str]:
    """Return the source files of a plugin; ``more`` replaces or adds files of the package."""
    bound = {"post_assert_audit": "audit"} if hooks is None else hooks
    files = {
        "__init__": "from .manifest import plugin_manifest\n",
        "manifest": MANIFEST.format(
            name=name,
            version=version,
            capabilities=capabilities,
            hooks=", ".join(f"{hook!r}: handlers.{handler}" for hook, handler in bound.items()),
        ),
        "handlers": HANDLERS,
        **more,
    }
    return {f"demo_plugin/{stem}.py": text for stem, text in files.items()}


def write_wheel(
    folder: Path,
    files: Mapping[str, str | bytes],
    *,
    name: str = "demo-plugin",
    version: str = "1.0.0",
    entry_points: str = "[stigmem.plugins]\ndemo = demo_plugin:plugin_manifest\n",
    headers: str = "Requires-Python: >=3.11\n",
    extra: Mapping[str, str | bytes] | None = None,
) -> Path:
    """Build a wheel; ``extra`` are archive members beside the package and the metadata."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    members: dict[str, str | bytes] = {
        **files,
        **(extra or {}),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{headers}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if entry_points:
        members[f"{info}/entry_points.txt"] = entry_points
    record = "".join(
        f"{path},{_digest(data)},{len(_bytes(data))}\n" for path, data in members.items()
    )
    members[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in members.items():
            archive.writestr(zipfile.ZipInfo(path), _bytes(data), zipfile.ZIP_DEFLATED)
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{stem}-py3-none-any.whl"
    wheel.write_bytes(buffer.getvalue())
    return wheel


def write_project(
    folder: Path,
    files: Mapping[str, str | bytes],
    *,
    name: str = "demo-plugin",
    version: str = "1.0.0",
    entry_points: str = (
        '[project.entry-points."stigmem.plugins"]\ndemo = "demo_plugin:plugin_manifest"\n'
    ),
) -> Path:
    """Write a project directory with the package below ``src``."""
    declared = f'[project]\nname = "{name}"\nversion = "{version}"\n\n{entry_points}'
    for path, data in {
        "pyproject.toml": declared,
        **{f"src/{path}": data for path, data in files.items()},
    }.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(_bytes(data))
    return folder


def write_sdist(
    folder: Path,
    files: Mapping[str, str | bytes],
    *,
    name: str = "demo-plugin",
    version: str = "1.0.0",
    build: str = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n',
    headers: str = "",
    extra: Mapping[str, str | bytes] | None = None,
) -> Path:
    """Build an sdist with the package below ``src``; ``extra`` are files beside it."""
    project = (
        f'{build}[project]\nname = "{name}"\nversion = "{version}"\nrequires-python = ">=3.11"\n'
        '[project.entry-points."stigmem.plugins"]\ndemo = "demo_plugin:plugin_manifest"\n'
    )
    stem = f"{name.replace('-', '_')}-{version}"
    members: dict[str, str | bytes] = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{headers}",
        "pyproject.toml": project,
        **{f"src/{path}": data for path, data in files.items()},
        **(extra or {}),
    }
    tar = tar_bytes(Tarred(f"{stem}/{path}", _bytes(data)) for path, data in members.items())
    folder.mkdir(parents=True, exist_ok=True)
    sdist = folder / f"{stem}.tar.gz"
    sdist.write_bytes(stored(tar))
    return sdist


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def _digest(data: str | bytes) -> str:
    digest = hashlib.sha256(_bytes(data)).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
