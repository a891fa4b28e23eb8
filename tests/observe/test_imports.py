"""Imports that nothing provides, and when that matters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from stigmem_review import check, host, review
from stigmem_review.host.modules import modules
from stigmem_review.pipeline.reading import read
from stigmem_review.sources.request import understand
from support.plugins import plugin, write_project, write_wheel

REQUIRES = "Requires-Dist: stigmem-node>=0.9.0a10\nRequires-Dist: pydantic>=2\n"
FIRST = "from . import more\nfrom .manifest import plugin_manifest\n"
"""Makes the node import the module ``more`` when it loads the plugin."""


def source(code: str, files: Mapping[str, str] | None = None, **more: str) -> dict[str, str]:
    """Return a plugin whose module ``more`` is imported when the node loads it."""
    given = {"__init__": FIRST, "more": code, **(files or {}), **more}
    return plugin(**given)  # type: ignore[arg-type]


def missing(
    folder: Path,
    files: Mapping[str, str | bytes],
    requires: str = "",
    node: str = "0.9.0a12",
) -> list[tuple[str, str]]:
    """Return what a plugin imports that nothing provides, and when that fails."""
    headers = REQUIRES + "".join(f"Requires-Dist: {each}\n" for each in requires.splitlines())
    wheel = write_wheel(folder, files, headers=headers)
    release = read(understand(str(wheel)), host.node(node))
    return [(each.item, each.about) for each in release.observed if each.kind == "import-missing"]


LATER = "def f():\n    import {}\n"

MISSING = {
    "a library": ("import yaml2", "", [("yaml2", "start")]),
    "the SDK": ("from stigmem.models import FactValue", "", [("stigmem", "start")]),
    "a part of a package": ("import google.generativeai as g", "", [("google", "start")]),
    "in a function": (LATER.format("yaml2"), "", [("yaml2", "later")]),
    "in a method": (
        "class C:\n    def plugin_manifest(self): import yaml2",
        "",
        [("yaml2", "later")],
    ),
    "in a class body": ("class C:\n    import yaml2", "", [("yaml2", "start")]),
    "now and later": (LATER.format("yaml2") + "import yaml2", "", [("yaml2", "start")]),
    "with what only an extra brings": (
        "import letta",
        "letta ; extra == 'letta'",
        [("letta", "start")],
    ),
    "what another requirement may bring along": (
        "import openai",
        "litellm>=1",
        [("openai", "perhaps")],
    ),
    "what a requirement from a URL may be": (
        "import yaml2",
        "pydantic @ https://files.example/pydantic.whl",
        [("yaml2", "perhaps")],
    ),
    "what more of a known one may bring": (
        "import yaml2",
        "httpx[http2]",
        [("yaml2", "perhaps")],
    ),
    "what it may have a path for": (
        "import sys\nsys.path.insert(0, 'vendored')\nimport yaml2",
        "",
        [("yaml2", "perhaps")],
    ),
    "after a try that catches nothing": (
        "try:\n    import yaml2\nfinally:\n    pass",
        "",
        [("yaml2", "start")],
    ),
    "a module of the host": (
        "from stigmem_node.billings import x",
        "",
        [("stigmem_node.billings", "start")],
    ),
    "a name of the host": (
        "from stigmem_node.plugins import Allow, Alow",
        "",
        [("stigmem_node.plugins.Alow", "start")],
    ),
    "the host, later": (
        "def f():\n    from stigmem_node.plugins.nothing import x",
        "",
        [("stigmem_node.plugins.nothing", "later")],
    ),
}


@pytest.mark.parametrize(("code", "requires", "found"), MISSING.values(), ids=MISSING)
def test_what_nothing_provides(
    code: str, requires: str, found: list[tuple[str, str]], tmp_path: Path
) -> None:
    assert missing(tmp_path, source(code + "\n"), requires) == found


PROVIDED = {
    "the standard library": ("import json, os.path, tomllib, distutils, __main__", ""),
    "what Python no longer or not yet has": ("import imp, annotationlib", ""),
    "itself": ("import demo_plugin.handlers\nfrom . import nowhere", ""),
    "what the node requires": ("import fastapi, httpx, pydantic_settings, jwt, yaml", ""),
    "what those require": ("import starlette, anyio, typing_extensions, cryptography", ""),
    "what the node installs": ("import stigmem_conformance", ""),
    "what an environment is made with": ("import pkg_resources, pip", ""),
    "what it requires": ("import zep_cloud", "zep-cloud<4,>=2"),
    "what it requires on some systems": ("import tomli", "tomli ; python_version < '3.11'"),
    "what has nearly that name": ("import ldap, dateutil", "python-ldap\npython-dateutil"),
    "what has another name": ("import bs4, sklearn", "beautifulsoup4\nscikit-learn>=1"),
    "a part of a namespace": ("import google.cloud.storage", "google-cloud-storage"),
    "what the SDK requires": ("import stigmem, httpcore", "stigmem-py"),
    "what an extra brings, later": (LATER.format("letta"), "letta ; extra == 'letta'"),
    "in a try": ("try:\n    import yaml2\nexcept ImportError:\n    yaml2 = None", ""),
    "instead of another": ("try:\n    import json\nexcept ImportError:\n    import yaml2", ""),
    "in a with": (
        "import contextlib\nwith contextlib.suppress(ImportError):\n    import yaml2",
        "",
    ),
    "on a condition": ("import os\nif os.name == 'x':\n    import yaml2", ""),
    "for type checkers": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import yaml2",
        "",
    ),
    "the host's modules": (
        "import stigmem_node.plugins.hooks as h\nfrom stigmem_node.plugins import registry\n"
        "from stigmem_node import __version__, db, __name__\nfrom stigmem_node.tenant import *",
        "",
    ),
    "any name of a module that is another": ("from stigmem_node.tombstones import whatever", ""),
    "more dots than packages": ("from ....nowhere import x", ""),
}


@pytest.mark.parametrize(("code", "requires"), PROVIDED.values(), ids=PROVIDED)
def test_what_is_provided_or_may_fail(code: str, requires: str, tmp_path: Path) -> None:
    assert missing(tmp_path, source(code + "\n"), requires) == []


BAD = "import yaml2\n"
MANIFEST = plugin()["demo_plugin/manifest.py"]
DEEP = "from . import deep"


def in_factory(statement: str) -> str:
    """Return the manifest's module with a statement in its factory."""
    return MANIFEST.replace("    return", f"    {statement.strip()}\n    return")


REACHED = {
    "by the entry point's own module": ("", {"manifest": BAD + MANIFEST}, "start"),
    "through another module": (DEEP, {"deep": BAD}, "start"),
    "in the factory": ("", {"manifest": in_factory(BAD)}, "start"),
    "in the factory, unless it returns before": (
        "",
        {"manifest": in_factory(f"if x:\n        return y\n    {BAD}")},
        "later",
    ),
    "by an import in the factory": ("", {"manifest": in_factory(DEEP), "deep": BAD}, "start"),
    "by an import in a handler": (f"def f():\n    {DEEP}\n", {"deep": BAD}, "later"),
    "by nothing": ("", {"deep": BAD}, None),
    "by an import that may fail": (
        f"try:\n    {DEEP}\nexcept ImportError:\n    pass\n",
        {"deep": BAD},
        None,
    ),
}


@pytest.mark.parametrize(("code", "files", "fails"), REACHED.values(), ids=REACHED)
def test_what_loading_the_plugin_reaches(
    code: str, files: dict[str, str], fails: str | None, tmp_path: Path
) -> None:
    expected = [("yaml2", fails)] if fails else []
    assert missing(tmp_path, source(code, files)) == expected


def mistakes(path: Path) -> list[tuple[str, str]]:
    """Return what an author is told about."""
    [checked] = check(str(path)).checked
    return [(each.name, each.item) for each in checked.mistakes]


def test_another_package_of_the_release_provides_itself(tmp_path: Path) -> None:
    assert missing(tmp_path, {**source(BAD), "yaml2/__init__.py": ""}) == []


def test_a_path_file_may_lead_to_more_modules(tmp_path: Path) -> None:
    found = missing(tmp_path, {**source(BAD), "vendored.pth": "demo_plugin/vendored\n"})
    assert found == [("yaml2", "perhaps")]


def test_a_name_is_shown_in_part_where_it_is_long(tmp_path: Path) -> None:
    long = "c" * 50_000
    code = (
        f"import {'a.' * 400}a\nfrom . import {long}\nimport {long}\nimport stigmem_node.{long}\n"
    )
    items = [item for item, _ in missing(tmp_path, source(code))]
    assert sorted(item[0] for item in items) == ["a", "c", "s"]
    assert max(map(len, items)) < 1_000


def test_what_the_node_has_depends_on_its_release(tmp_path: Path) -> None:
    code = "from stigmem_node.tenant import TenantIdError\n"
    found = {version: missing(tmp_path, source(code), node=version) for version in host.versions()}
    assert [version for version in found if found[version]] == [*host.versions()[:6]]
    assert found["0.9.0a7"] == [("stigmem_node.tenant", "start")]


@pytest.mark.parametrize("version", host.versions())
def test_every_release_of_the_node_has_what_plugins_need(version: str) -> None:
    assert modules(version).missing("stigmem_node.plugins", "PluginManifest") == ""
    assert "pydantic" in modules(version).requires


@pytest.mark.parametrize(
    ("declares", "found"),
    [
        ("", ["stigmem_node.nowhere", "yaml2"]),
        ('dynamic = ["dependencies"]', ["stigmem_node.nowhere"]),
    ],
)
def test_a_project_that_leaves_its_requirements_open_is_judged_by_the_host_alone(
    declares: str, found: list[str], tmp_path: Path
) -> None:
    project = write_project(tmp_path, source("import yaml2\nimport stigmem_node.nowhere\n"))
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text("utf-8")
    pyproject.write_text(text.replace("\n\n", f"\n{declares}\n", 1), "utf-8")
    assert mistakes(project) == [("import-missing", each) for each in found]


def test_a_module_beside_the_package_of_a_project_may_be_installed(tmp_path: Path) -> None:
    project = write_project(tmp_path, {**source(BAD), "yaml2.py": ""})
    assert mistakes(project) == []


UPGRADES = {
    "a new import": ("", BAD, "", "", ["error yaml2"]),
    "a new import in a function": ("", LATER.format("yaml2"), "", "", ["warning yaml2"]),
    "as before": (BAD, "# moved\n" + BAD, "", "", []),
    "later before, now at the start": (LATER.format("yaml2"), BAD, "", "", ["error yaml2"]),
    "at the start before, now later": (BAD, LATER.format("yaml2"), "", "", []),
    "its requirement is gone": (BAD, BAD, "yaml2", "", ["error yaml2"]),
    "what brought it along is gone": (BAD, BAD, "some-sdk", "", ["error yaml2"]),
    "something may bring it along": ("", BAD, "", "some-sdk", ["note yaml2"]),
    "it is required now": (BAD, BAD, "", "yaml2", []),
}


@pytest.mark.parametrize(
    ("old", "new", "needed", "needs", "found"), UPGRADES.values(), ids=UPGRADES
)
def test_what_is_new_in_an_upgrade(
    old: str, new: str, needed: str, needs: str, found: list[str], tmp_path: Path
) -> None:
    wheels = []
    for version, code, requires in (("1.0.0", old, needed), ("1.1.0", new, needs)):
        files = source(code, version=version)
        headers = REQUIRES + (f"Requires-Dist: {requires}\n" if requires else "")
        wheels.append(write_wheel(tmp_path / version, files, version=version, headers=headers))
    report = review(*map(str, wheels))
    findings = [each for each in report.findings if each.name == "import-missing"]
    assert [f"{each.level} {each.item}" for each in findings] == found


def test_nothing_is_new_against_a_capture_which_has_no_code(tmp_path: Path) -> None:
    capture = tmp_path / "old.json"
    told = {"name": "demo-plugin", "version": "0.9.0", "capabilities": ["facts.read"]}
    more = {"hooks": ["post_assert_audit"], "depends_on": [], "hook_count": 1}
    capture.write_text(json.dumps({**told, **more}), "utf-8")
    report = review(str(capture), str(write_wheel(tmp_path, source(BAD))))
    assert [each.name for each in report.findings if each.name == "import-missing"] == []
    assert report.verdict.state != "incomplete"


def test_its_author_is_told_where(tmp_path: Path) -> None:
    [mistake] = check(str(write_wheel(tmp_path, source(BAD)))).checked[0].mistakes
    assert (mistake.name, mistake.level) == ("import-missing", "error")
    assert str(mistake.at) == "demo_plugin/more.py:1"
