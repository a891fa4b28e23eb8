"""A fingerprint is of what was found: nothing that only looks otherwise changes it, and what a
finding is about always does."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from stigmem_review import review
from support.plugins import plugin, write_project, write_wheel
from support.seed import SEED

NODE = "0.9.0a12"
MANIFEST = '''\
"""What the plugin is."""
from stigmem_node.plugins import PluginManifest

from . import handlers


def plugin_manifest():
    return PluginManifest(
        name="demo-plugin",
        version="1.1.0",
        requires_stigmem=">=0.9.0a10",
        capabilities={"facts.read", "network.outbound", "recall.write"},
        hooks={
            "post_assert_audit": handlers.audit,
            "pre_recall_authorize": handlers.authorize,
        },
    )
'''
HANDLERS = '''\
"""What the plugin does."""
import os
import subprocess
import urllib.request

HOST = "https://api.acme.example"


def audit(ctx, **arguments):
    urllib.request.urlopen("https://api.acme.example/audit", data=b"x")
    return None


def authorize(ctx, **arguments):
    subprocess.run(["curl", "https://api.acme.example"], check=True)
    return os.environ.get("HOME")


def purge(folder):
    os.remove(folder + "/state")
'''
NEW = {"demo_plugin/manifest.py": MANIFEST, "demo_plugin/handlers.py": HANDLERS}


def found(
    folder: Path, files: Mapping[str, str] = NEW, *, project: bool = False, headers: str = ""
) -> dict[str, str]:
    """Return the fingerprint of every finding that needs a decision, and what it is about."""
    new = {**plugin(), **files}
    if project:
        old_path = write_project(folder / "old", plugin())
        new_path = write_project(folder / "new", new, version="1.1.0")
    else:
        more = "Requires-Python: >=3.11\nRequires-Dist: acme-client>=2\n" + headers
        old_path = write_wheel(folder, plugin())
        new_path = write_wheel(folder, new, version="1.1.0", headers=more)
    report = review(str(old_path), str(new_path), node_version=NODE)
    assert not report.gaps
    return {each.fingerprint: f"{each.rule} {each.item}" for each in report.findings}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return found(tmp_path_factory.mktemp("plain"))


def each_file(change: Callable[[str], str]) -> dict[str, str]:
    return {path: change(text) for path, text in NEW.items()}


def with_remarks(text: str) -> str:
    """Put remarks and blank lines between the statements, and after some of them."""
    choose = random.Random(SEED)
    lines = ["# a remark", "", ""]
    for line in text.splitlines():
        if line.startswith(("def ", "import ", "from ", "HOST")):
            lines += ["", "# another"] * choose.randint(0, 4)
        lines.append(line)
    return "\n".join(lines) + "\n"


def turned_round(text: str) -> str:
    """Put functions, keywords, and the members of sets and dictionaries in another order."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.keywords) > 1:
            node.keywords.reverse()
        elif isinstance(node, ast.Set):
            node.elts.reverse()
        elif isinstance(node, ast.Dict):
            node.keys.reverse()
            node.values.reverse()
    functions = [each for each in tree.body if isinstance(each, ast.FunctionDef)]
    others = [each for each in tree.body if each not in functions]
    tree.body = [*others, *reversed(functions)]
    return ast.unparse(tree) + "\n"


def explained(text: str) -> str:
    """Give every function and module another docstring."""
    tree = ast.parse(text)
    functions = [each for each in tree.body if isinstance(each, ast.FunctionDef)]
    documented: list[ast.Module | ast.FunctionDef] = [tree, *functions]
    for node in documented:
        if ast.get_docstring(node) is not None:
            node.body.pop(0)
        node.body.insert(0, ast.Expr(ast.Constant("Said in other words.")))
    return ast.unparse(tree) + "\n"


SAME: dict[str, Callable[[str], str]] = {
    "reformatted": lambda text: ast.unparse(ast.parse(text)) + "\n",
    "with remarks, so that all lines move": with_remarks,
    "in another order": turned_round,
    "explained otherwise": explained,
    "with the line ends of Windows": lambda text: text.replace("\n", "\r\n"),
}


def test_there_is_much_to_find(plain: dict[str, str]) -> None:
    rules = {each.split()[0] for each in plain.values()}
    assert {"SPR201", "SPR301", "SPR503"} < rules
    assert len(plain) >= 8


@pytest.mark.parametrize("name", SAME)
def test_what_only_looks_otherwise_has_the_same_fingerprints(
    name: str, plain: dict[str, str], tmp_path: Path
) -> None:
    assert found(tmp_path, each_file(SAME[name])) == plain


def test_files_that_stand_elsewhere_in_a_source_have_the_same_fingerprints(
    plain: dict[str, str], tmp_path: Path
) -> None:
    """A project has its package below ``src``, and what a wheel installs is the same."""
    of_project = found(tmp_path, project=True)
    both = {each.split()[0] for each in plain.values()} & {
        each.split()[0] for each in of_project.values()
    }
    both -= {"SPR503", "SPR602"}  # the project has no requirements
    assert len(both) >= 3
    assert {key: text for key, text in of_project.items() if text.split()[0] in both} == {
        key: text for key, text in plain.items() if text.split()[0] in both
    }


def changed(old: str, new: str) -> dict[str, str]:
    assert any(old in text for text in NEW.values())
    return each_file(lambda text: text.replace(old, new))


OTHER = {
    "another plugin": (changed('"demo-plugin"', '"other-plugin"'), "SPR"),
    "another hook": (changed("pre_recall_authorize", "pre_assert_validate"), "SPR201"),
    "another capability": (changed("recall.write", "facts.write"), "SPR301"),
    "another destination": (changed("api.acme.example", "evil.example"), "SPR8"),
}


@pytest.mark.parametrize("name", OTHER)
def test_what_a_finding_is_about_is_in_its_fingerprint(
    name: str, plain: dict[str, str], tmp_path: Path
) -> None:
    files, rule = OTHER[name]
    now = found(tmp_path, files)
    about = {key for key, text in plain.items() if text.startswith(rule)}
    assert about - now.keys(), f"{name} has the same fingerprints: {plain}"
    if name == "another plugin":
        assert not plain.keys() & now.keys()


def test_another_requirement_is_another_finding(plain: dict[str, str], tmp_path: Path) -> None:
    now = found(tmp_path, headers="Requires-Dist: acme-more\n")
    assert {text for key, text in now.items() if key not in plain} >= {"SPR503 acme-more"}
    assert plain.keys() - now.keys() == {
        key for key, text in plain.items() if text.startswith("SPR602")
    }
