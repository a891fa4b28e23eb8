"""Rewrite what is known of the node's modules: ``python tests/update_host_modules.py``.

Downloads the wheel of every node release in ``stigmem_node.json`` and writes ``modules.json``
beside it. ``--check`` only says whether that is what the file has; ``--wheels FOLDER`` takes
wheels that are there already. Nothing of a wheel is imported: names are taken from its syntax.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from email.parser import HeaderParser
from pathlib import Path

from stigmem_review import host
from stigmem_review.code.names import declared, never_run
from stigmem_review.code.names import names_of as bound_by
from stigmem_review.host.modules import ANY_NAME, FILE
from stigmem_review.observe.providers import distributions, without_extras

_DYNAMIC = {"__dict__", "exec", "globals", "locals", "modules", "vars"}


def download(folder: Path) -> None:
    """Download the wheel of every known release of the node."""
    for version in host.versions():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--dest", str(folder), f"stigmem-node=={version}"]
        subprocess.run(command, check=True)


def names_of(source: bytes) -> set[str]:
    """Return what a module binds at its top level; ``ANY_NAME`` where only running it can tell."""
    tree = ast.parse(source)
    never = never_run(tree)
    bound = bound_by(ast.Module([each for each in tree.body if id(each) not in never], [])).bound
    bound |= declared(tree)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    # Some modules put another one in their place in sys.modules.
    used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return {ANY_NAME} if {"*", "__getattr__"} & bound or used & _DYNAMIC else bound


def modules_of(wheel: zipfile.ZipFile) -> dict[str, set[str]]:
    """Return every module of a wheel, with the names it binds."""
    found: dict[str, set[str]] = {}
    for path in wheel.namelist():
        folder, _, name = path.rpartition("/")
        if not folder or ".dist-info" in folder:
            continue
        package = folder.replace("/", ".")
        if name.endswith(".py"):
            module = f"{package}.{name.removesuffix('.py')}".removesuffix(".__init__")
            found[module] = names_of(wheel.read(path))
        # A folder that only has data can be imported as well, and has no names.
        found.setdefault(package, set())
    return found


def requires_of(wheel: zipfile.ZipFile) -> list[str]:
    """Return the distributions that are installed with the node, with the extra it asks for."""
    [path] = [each for each in wheel.namelist() if each.endswith(".dist-info/METADATA")]
    declared = HeaderParser().parsestr(wheel.read(path).decode()).get_all("Requires-Dist", [])
    return [*distributions(without_extras(sorted(declared)))]


def spans(releases: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return which names of one module are there from which release to which.

    ``releases`` are the names by release, for those that have the module. Keys are the first and
    the last release, values the names; an empty value says that the module is there at all.
    """
    found: dict[str, list[str]] = {}
    by_release = {version: {"", *names} for version, names in releases.items()}
    for name in sorted(set().union(*by_release.values())):
        has = [name in by_release.get(version, ()) for version in host.versions()]
        for there, places in itertools.groupby(range(len(has)), key=has.__getitem__):
            if there:
                span = [host.versions()[place] for place in places]
                found.setdefault(f"{span[0]} {span[-1]}", []).append(name)
    return {span: " ".join(names).strip() for span, names in found.items()}


def generated(folder: Path) -> str:
    """Return the content of ``modules.json`` from the wheels in a folder."""
    requires: dict[str, list[str]] = {}
    modules: dict[str, dict[str, set[str]]] = {}
    for version in host.versions():
        with zipfile.ZipFile(folder / f"stigmem_node-{version}-py3-none-any.whl") as wheel:
            requires[version] = requires_of(wheel)
            for module, names in modules_of(wheel).items():
                modules.setdefault(module, {})[version] = names
    tables: dict[str, Mapping[str, object]] = {
        "requires": requires,
        "modules": {module: spans(modules[module]) for module in sorted(modules)},
    }
    return "{\n" + ",\n".join(_table(name, rows) for name, rows in tables.items()) + "\n}\n"


def _table(name: str, rows: Mapping[str, object]) -> str:
    """Return a table as JSON with one line for each row, so that a change of it can be read."""
    lines = (f"    {json.dumps(key)}: {json.dumps(row)}" for key, row in rows.items())
    return f"  {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n  }"


def main() -> int:
    """Write the file, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--wheels", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.wheels or Path(temporary)
        if not options.wheels:
            download(folder)
        text = generated(folder)
    if not options.check:
        FILE.write_text(text, "utf-8")
        return 0
    if FILE.read_text("utf-8") == text:
        return 0
    print(f"{FILE.name} is not what the node's wheels have: run tests/update_host_modules.py")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
