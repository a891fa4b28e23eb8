"""Rewrite what is known of the node, per release: ``python tests/update_host.py``.

Downloads the wheel of every release of the node that can have plugins, and writes two files of
``host``: ``releases.json``, with the patterns, defaults, graduated plugins and settings of each,
and ``modules.json``, with its modules, their names and what it requires. ``--check`` only says
whether that is what the files have; ``--wheels FOLDER`` takes wheels that are there already.
Nothing of a wheel is imported: all is taken from its syntax.

What hooks and capabilities open is said by hand in ``stigmem_node.json``, in words. A release that
has others is named, and nothing is written.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from packaging.version import Version

from stigmem_review.code.names import declared, never_run
from stigmem_review.code.names import names_of as bound_by
from stigmem_review.host.modules import ANY_NAME, FILE
from stigmem_review.observe.providers import distributions, without_extras

RELEASES = FILE.with_name("releases.json")
WORDS = FILE.with_name("stigmem_node.json")
_FIRES = "fire_"
"""What the names of the methods begin with that call the handlers of a hook."""
_REGISTERS = "register_core_handler"
_NODE = "stigmem-node"
_PLUGINS = "stigmem_node/plugins"
_WHEEL = "stigmem_node-*-py3-none-any.whl"
_DYNAMIC = {"__dict__", "exec", "globals", "locals", "modules", "vars"}


def download(folder: Path) -> None:
    """Download the wheel of every release of the node that an index has."""
    pip = [sys.executable, "-m", "pip"]
    asked = [*pip, "index", "versions", "--pre", _NODE]
    listed = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    [line] = re.findall("^Available versions: (.*)$", listed, re.MULTILINE)
    for version in line.split(", "):
        command = [*pip, "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        command += ["--dest", str(folder), f"{_NODE}=={version}"]
        subprocess.run(command, check=True)


def wheels_in(folder: Path) -> dict[str, Path]:
    """Return the wheels of a folder whose node can have plugins, by version, oldest first."""
    found = {}
    for path in folder.glob(_WHEEL):
        with zipfile.ZipFile(path) as wheel:
            if f"{_PLUGINS}/manifest.py" in wheel.namelist():
                found[path.name.split("-")[1]] = path
    return dict(sorted(found.items(), key=lambda each: Version(each[0])))


# What its manifest, its discovery and its settings say.


def release_of(wheel: zipfile.ZipFile, version: str) -> dict[str, Any]:
    """Return what plugins meet in one release, but for its modules."""
    manifest = _class(_parsed(wheel, f"{_PLUGINS}/manifest.py"), "PluginManifest")
    fields = {each.target.id: each.value for each in manifest if isinstance(each.target, ast.Name)}
    known = _assigned(_parsed(wheel, f"{_PLUGINS}/discovery.py"), "GRADUATED_PLUGINS")
    settings = _class(_parsed(wheel, "stigmem_node/settings.py"), "Settings")
    return {
        "version": version,
        "name_pattern": _keyword(fields["name"], "pattern"),
        "version_pattern": _keyword(fields["version"], "pattern"),
        "requires_default": ast.literal_eval(fields["requires_stigmem"] or ast.Constant("")),
        "graduated": sorted(_texts(known)),
        "settings": sorted(
            each.target.id
            for each in settings
            if isinstance(each.target, ast.Name) and each.target.id.startswith("plugin_")
        ),
    }


def _parsed(wheel: zipfile.ZipFile, path: str) -> ast.Module:
    return ast.parse(wheel.read(path))


def _class(tree: ast.Module, name: str) -> list[ast.AnnAssign]:
    """Return the fields of a class."""
    [found] = [each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == name]
    return [each for each in found.body if isinstance(each, ast.AnnAssign)]


def _assigned(tree: ast.Module, name: str) -> ast.expr | None:
    """Return what a name is given at the top of a module, if it is there."""
    for each in tree.body:
        if isinstance(each, ast.AnnAssign) and getattr(each.target, "id", "") == name:
            return each.value
    return None


def _keyword(call: ast.expr | None, name: str) -> str:
    assert isinstance(call, ast.Call)
    [found] = [each.value for each in call.keywords if each.arg == name]
    return str(ast.literal_eval(found))


def _texts(value: ast.expr | None) -> set[str]:
    """Return every text in an expression."""
    every = ast.walk(value) if value is not None else ()
    return {
        each.value
        for each in every
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }


def members_of(wheel: zipfile.ZipFile, module: str, name: str) -> dict[str, str]:
    """Return the members of an enumeration of the node."""
    tree = _parsed(wheel, f"{_PLUGINS}/{module}.py")
    [found] = [each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == name]
    return {
        target.id: ast.literal_eval(each.value)
        for each in found.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    }


def interface_of(wheel: zipfile.ZipFile) -> dict[str, Any]:
    """Return the hooks of a release, how each is called, and its capabilities."""
    members = members_of(wheel, "hooks", "HookName")
    calls, core = _calls_of(wheel, {*members.values()})
    opened = _accessors_of(wheel)
    return {
        "hooks": [
            {
                "member": member,
                "name": members[member],
                **spec,
                "calls": calls[members[member]],
                "core": core[members[member]],
            }
            for member, spec in _specs_of(wheel)
        ],
        "capabilities": [
            {"member": member, "name": name, "accessor": opened.get(name, "")}
            for member, name in members_of(wheel, "capabilities", "Capability").items()
        ],
    }


def _specs_of(wheel: zipfile.ZipFile) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what ``HOOK_SPECS`` says of each hook, by its member."""
    semantics = members_of(wheel, "hooks", "HookSemantic")
    orderings = members_of(wheel, "hooks", "HookOrdering")
    specs = _assigned(_parsed(wheel, f"{_PLUGINS}/hooks.py"), "HOOK_SPECS")
    assert isinstance(specs, ast.Dict)
    for each in specs.values:
        assert isinstance(each, ast.Call)
        hook, band, semantic, ordering = map(_member, each.args)
        audit = [key for key in each.keywords if key.arg == "strict_audit"]
        yield (
            hook,
            {
                "band": band,
                "semantic": semantics[semantic],
                "ordering": orderings[ordering],
                "strict_audit": bool(audit) and ast.literal_eval(audit[0].value),
            },
        )


def _member(node: ast.expr) -> str:
    assert isinstance(node, ast.Attribute)
    return node.attr


def _calls_of(
    wheel: zipfile.ZipFile, hooks: set[str]
) -> tuple[dict[str, list[list[str]]], dict[str, list[str]]]:
    """Return by hook the keywords of each kind of call, and the node's own handlers."""
    calls: dict[str, list[list[str]]] = {hook: [] for hook in hooks}
    core: dict[str, list[str]] = {hook: [] for hook in hooks}
    for path in sorted(each for each in wheel.namelist() if each.endswith(".py")):
        for node in ast.walk(_parsed(wheel, path)):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr=name) | ast.Name(id=name),
                    args=[ast.Constant(value=str(hook)), *rest],
                    keywords=keywords,
                ) if hook in hooks:
                    given = [each.arg or "**" for each in keywords]
                    if name.startswith(_FIRES) and given not in calls[hook]:
                        calls[hook].append(given)
                    if name == _REGISTERS:
                        core[hook].append(ast.unparse(rest[0]) if rest else "?")
    return calls, core


def _accessors_of(wheel: zipfile.ZipFile) -> dict[str, str]:
    """Return by capability the method of a context that it opens."""
    return {
        capability: accessor
        for node in ast.walk(_parsed(wheel, f"{_PLUGINS}/context.py"))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "_require"
        for capability, accessor in [map(ast.literal_eval, node.args[:2])]
    }


def undescribed(interface: Mapping[str, Any], version: str) -> list[str]:
    """Return what a release has that is described by hand nowhere."""
    words = json.loads(WORDS.read_text("utf-8"))
    return [
        f"{version}: nobody says what {each['name']} opens"
        for kind in ("hooks", "capabilities")
        for each in interface[kind]
        if each["name"] not in {one["name"] for one in words[kind]}
    ]


# Its modules.


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


def spans(releases: Mapping[str, Iterable[str]], versions: list[str]) -> dict[str, str]:
    """Return which names of one module are there from which release to which.

    ``releases`` are the names by release, for those that have the module, of all ``versions``. Keys
    are the first and the last release, values the names; an empty value says that the module is
    there at all.
    """
    found: dict[str, list[str]] = {}
    by_release = {version: {"", *names} for version, names in releases.items()}
    for name in sorted(set().union(*by_release.values())):
        has = [name in by_release.get(version, ()) for version in versions]
        for there, places in itertools.groupby(range(len(has)), key=has.__getitem__):
            if there:
                span = [versions[place] for place in places]
                found.setdefault(f"{span[0]} {span[-1]}", []).append(name)
    return {span: " ".join(names).strip() for span, names in found.items()}


def generated(wheels: Mapping[str, Path]) -> tuple[dict[Path, str], list[str]]:
    """Return the content of both files from wheels, and what of them nobody has described."""
    releases: list[dict[str, Any]] = []
    requires: dict[str, list[str]] = {}
    modules: dict[str, dict[str, set[str]]] = {}
    wrong: list[str] = []
    last: dict[str, Any] = {}
    for version, path in wheels.items():
        with zipfile.ZipFile(path) as wheel:
            interface = interface_of(wheel)
            wrong += undescribed(interface, version)
            # Where it is that of the release before, it is not said again.
            said = {} if interface == last else {"interface": interface}
            releases.append({**release_of(wheel, version), **said})
            last = interface
            requires[version] = requires_of(wheel)
            for module, names in modules_of(wheel).items():
                modules.setdefault(module, {})[version] = names
    tables: dict[str, Mapping[str, object]] = {
        "requires": requires,
        "modules": {module: spans(modules[module], [*wheels]) for module in sorted(modules)},
    }
    texts = {
        RELEASES: "[\n" + ",\n".join(map(_release, releases)) + "\n]\n",
        FILE: "{\n" + ",\n".join(_table(name, rows) for name, rows in tables.items()) + "\n}\n",
    }
    return texts, wrong


def _release(release: Mapping[str, Any]) -> str:
    """Return a release as JSON, with one line for each hook and capability where it has any."""
    plain = {key: value for key, value in release.items() if key != "interface"}
    if "interface" not in release:
        return f"  {json.dumps(plain)}"
    kinds = []
    for kind, rows in release["interface"].items():
        lines = ",\n".join(f"      {json.dumps(row)}" for row in rows)
        kinds.append(f'    "{kind}": [\n{lines}\n    ]')
    return f'  {json.dumps(plain)[:-1]}, "interface": {{\n' + ",\n".join(kinds) + "\n  }}"


def _table(name: str, rows: Mapping[str, object]) -> str:
    """Return a table as JSON with one line for each row, so that a change of it can be read."""
    lines = (f"    {json.dumps(key)}: {json.dumps(row)}" for key, row in rows.items())
    return f"  {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n  }"


def main() -> int:
    """Write the files, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--wheels", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.wheels or Path(temporary)
        if not options.wheels:
            download(folder)
        texts, wrong = generated(wheels_in(folder))
    for each in wrong:
        print(each)
    if wrong:
        print("describe that in stigmem_node.json first")
        return 1
    other = [path for path, text in texts.items() if path.read_text("utf-8") != text]
    if not options.check:
        for path in other:
            path.write_text(texts[path], "utf-8")
        return 0
    for path in other:
        print(f"{path.name} is not what the node's wheels have: run tests/update_host.py")
    return 1 if other else 0


if __name__ == "__main__":
    raise SystemExit(main())
