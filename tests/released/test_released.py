"""The eleven plugins released so far: every field that is read is what the real node gets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stigmem_review import host, review
from stigmem_review.model import Known, Manifest, OneOf, Release
from stigmem_review.pipeline.reading import read
from stigmem_review.sources.request import understand

pytestmark = pytest.mark.network

VERSION = "0.1.0"
PLUGINS = {
    f"stigmem-plugin-{name}": VERSION
    for name in (
        "cognee-adapter",
        "gemini-adapter",
        "lazy-instruction-discovery",
        "letta-adapter",
        "memory-garden-acl",
        "multi-tenant",
        "openai-tools-adapter",
        "source-attestation",
        "time-travel",
        "tombstones",
        "zep-adapter",
    )
}
UNSIGNED = {
    "STIGMEM_PLUGIN_SIGNING_REQUIRED": "false",
    "STIGMEM_PLUGIN_UNSIGNED_ACK": "i-understand-plugins-are-unsigned",
}

# Runs in the node's environment: what the factories return, in the words of the review.
ASK_THE_NODE = """
import json, sys
from importlib.metadata import entry_points

def target(value):
    return f"{value.__module__}:{value.__qualname__}"

def route(value):
    found = [
        f"{name}:{key}"
        for name, module in sorted(sys.modules.items())
        if name.startswith("stigmem_plugin_")
        for key, each in vars(module).items()
        if each is value
    ]
    return next(each for each in found if each.endswith("routes:router"))

manifests = {}
for entry in entry_points(group="stigmem.plugins"):
    manifest = entry.load()()
    manifests[manifest.name] = {
        "name": manifest.name,
        "version": manifest.version,
        "requires_stigmem": manifest.requires_stigmem,
        "capabilities": sorted(manifest.capabilities),
        "hooks": {name: target(each) for name, each in sorted(manifest.hooks.items())},
        "depends_on": sorted(manifest.depends_on),
        "async_safe": manifest.async_safe,
        "routes": [route(each) for each in manifest.routes],
        "health_check": manifest.health_check and target(manifest.health_check),
        "config_schema": manifest.config_schema and target(manifest.config_schema),
    }
print(json.dumps(manifests))
"""


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Path]]:
    """The wheel and the sdist of every plugin, from the index. pip would build an sdist."""
    from stigmem_review.sources import index

    found: dict[str, dict[str, Path]] = {}
    folder = tmp_path_factory.mktemp("released")
    wheels = [f"{name}=={version}" for name, version in PLUGINS.items()]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--dest", str(folder), *wheels]
    subprocess.run(command, check=True)
    for name, version in PLUGINS.items():
        stem = f"{name.replace('-', '_')}-{version}"
        sdist = folder / f"{stem}.tar.gz"
        sdist.write_bytes(index_sdist(index, name, version))
        found[name] = {"wheel": folder / f"{stem}-py3-none-any.whl", "sdist": sdist}
    return found


def index_sdist(index: Any, name: str, version: str) -> bytes:
    from pypi_simple import PyPISimple

    with PyPISimple() as client:
        page = client.get_project_page(name)
        [package] = [
            each
            for each in page.packages
            if each.package_type == "sdist" and each.version == version
        ]
        response = client.s.get(package.url, timeout=60)
        response.raise_for_status()
        content: bytes = response.content
        return content


@pytest.fixture(scope="session")
def told_by_the_node(
    files: dict[str, dict[str, Path]], tmp_path_factory: pytest.TempPathFactory, node_python: Path
) -> dict[str, Any]:
    """What the real node gets from each of the wheels."""
    folder = tmp_path_factory.mktemp("plugins")
    wheels = [str(each["wheel"]) for each in files.values()]
    # gemini-adapter imports the SDK without requiring it; the node would not start without it.
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
    subprocess.run([*install, "--no-deps", "stigmem-py", *wheels], check=True)
    done = subprocess.run(
        [str(node_python), "-c", ASK_THE_NODE],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **UNSIGNED, "PYTHONPATH": str(folder)},
    )
    told: dict[str, Any] = json.loads(done.stdout)
    assert set(told) == set(PLUGINS)
    return told


def plainly(release: Release) -> dict[str, Any]:
    """Return the fields of a manifest that are known, as the node tells them."""
    assert isinstance(release.manifest, Manifest), release.manifest
    found: dict[str, Any] = {}
    for field in Manifest.__struct_fields__:
        value = getattr(release.manifest, field)
        if isinstance(value, Known):
            plain = json.loads(msgspec.json.encode(value.value))
            if field == "hooks":
                plain = {each["name"]: each["target"].get("value") for each in plain}
            found[field] = plain
    return found


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
@pytest.mark.parametrize("name", PLUGINS)
def test_every_field_is_what_the_node_gets(
    name: str,
    kind: str,
    files: dict[str, dict[str, Path]],
    told_by_the_node: dict[str, Any],
) -> None:
    release = read(understand(str(files[name][kind])), host.node("0.9.0a12"))
    expected = dict(told_by_the_node[name])
    if name == "stigmem-plugin-tombstones":
        assert isinstance(release.manifest, Manifest)
        # The operator's settings decide which of two routers there are; here none is set.
        assert isinstance(release.manifest.routes, OneOf)
        possible = [list(each.value) for each in release.manifest.routes.outcomes]
        assert expected.pop("routes") in possible
        assert sorted(map(len, possible)) == [0, 1, 1, 2]
    assert plainly(release) == expected
    assert (release.problems, release.gaps) == ((), ())


@pytest.mark.parametrize("name", PLUGINS)
def test_a_release_against_itself_and_its_sdist_has_no_finding_but_that_it_is_built(
    name: str, files: dict[str, dict[str, Path]]
) -> None:
    wheel, sdist = map(str, files[name].values())
    for old, new in ((wheel, wheel), (sdist, sdist), (wheel, sdist)):
        report = review(old, new)
        found = [(each.level, each.name) for each in report.findings]
        assert found == ([] if old == new else [("note", "build-step-added")])
        assert report.verdict.state == "clear"


@pytest.mark.parametrize("name", PLUGINS)
def test_a_capture_of_the_node_agrees_with_the_wheel(
    name: str,
    files: dict[str, dict[str, Path]],
    told_by_the_node: dict[str, Any],
    tmp_path: Path,
) -> None:
    told = told_by_the_node[name]
    capture = {
        "name": name,
        "version": told["version"],
        "capabilities": told["capabilities"],
        "hooks": sorted(told["hooks"]),
        "hook_count": len(told["hooks"]),
        "depends_on": told["depends_on"],
        "discovery_source": None,
        "signed_by": "unsigned",
    }
    path = tmp_path / "capture.json"
    path.write_text(json.dumps(capture), "utf-8")
    report = review(str(path), str(files[name]["wheel"]))
    assert [(each.rule, each.item) for each in report.findings] == []


def test_the_index_gives_the_wheel_and_its_digest(files: dict[str, dict[str, Path]]) -> None:
    name = "stigmem-plugin-time-travel"
    report = review(f"{name}==0.1.0", str(files[name]["wheel"]))
    old, new = (each.source for each in report.reviewed)
    assert old.sha256 == new.sha256
    assert old.origin.endswith(old.file)
    assert report.verdict.state == "clear"


MISSING = {
    ("stigmem-plugin-gemini-adapter", "0.9.0a12"): "stigmem",
    ("stigmem-plugin-gemini-adapter", "0.9.0a7"): "stigmem",
    ("stigmem-plugin-multi-tenant", "0.9.0a7"): "stigmem_node.tenant",
}
"""What released plugins import and no node with nothing but them installed has."""

LOAD = """
from importlib.metadata import entry_points
for entry in entry_points(group="stigmem.plugins"):
    entry.load()()
"""


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders with one distribution each: what stands in for, or beside, the node installed."""
    found = {}
    for wanted in ("stigmem-node==0.9.0a7", "stigmem-node==0.9.0a12", "stigmem-py"):
        found[wanted] = tmp_path_factory.mktemp("installed")
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
        subprocess.run([*install, str(found[wanted]), wanted], check=True)
    return found


@pytest.mark.parametrize("node", ["0.9.0a12", "0.9.0a7"])
@pytest.mark.parametrize("name", PLUGINS)
def test_the_node_fails_to_import_what_is_said_to_be_missing(
    name: str,
    node: str,
    files: dict[str, dict[str, Path]],
    installed: dict[str, Path],
    node_python: Path,
    tmp_path: Path,
) -> None:
    wheel = files[name]["wheel"]
    release = read(understand(str(wheel)), host.node(node))
    found = [(each.item, each.about) for each in release.observed if each.kind == "import-missing"]
    item = MISSING.get((name, node))
    assert found == ([(item, "start")] if item else [])
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    paths = [tmp_path, installed[f"stigmem-node=={node}"]]
    # stigmem-py is the one requirement of theirs that a node does not have.
    assert isinstance(release.requires_dist, Known)
    if any(each.startswith("stigmem-py") for each in release.requires_dist.value):
        paths.append(installed["stigmem-py"])
    done = subprocess.run(
        [str(node_python), "-c", LOAD],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
    )
    last = done.stderr.strip().rpartition("\n")[2]
    assert last == (f"ModuleNotFoundError: No module named '{item}'" if item else "")
