"""What stands on a node: plugins that need each other, and libraries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from support.migrating import Made
from support.migrating import files as migrating
from support.plugins import plugin, write_wheel


def add(
    folder: Path,
    name: str,
    version: str = "1.0.0",
    *,
    hooks: dict[str, str] | None = None,
    needs: Sequence[str] = (),
    made: Sequence[Made] | None = None,
    instead: Mapping[str, str] | None = None,
) -> Path:
    """Add the wheel of a plugin to a folder; ``instead`` is what replaces words of it."""
    package = name.replace("-", "_")
    code = plugin(version=version, hooks=hooks) if made is None else migrating(version, [*made])
    files = {}
    for path, text in code.items():
        text = text.replace("hooks={", f"depends_on={[*needs]!r}, hooks={{")
        for old, new in {"demo-plugin": name, **(instead or {})}.items():
            text = text.replace(old, new)
        files[path.replace("demo_plugin", package)] = text
    entry = f"[stigmem.plugins]\n{name} = {package}:plugin_manifest\n"
    return write_wheel(folder, files, name=name, version=version, entry_points=entry)


def library(folder: Path, name: str, version: str = "1.0.0") -> Path:
    """Add the wheel of what is no plugin."""
    package = name.replace("-", "_")
    return write_wheel(
        folder, {f"{package}/__init__.py": ""}, name=name, version=version, entry_points=""
    )
