"""What is known of the host is what the real node says of itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stigmem_review import host
from stigmem_review.host.modules import modules
from stigmem_review.observe.providers import ALWAYS, provided

pytestmark = pytest.mark.network

ASK_THE_NODE = """
import json
from stigmem_node import __version__, plugins
from stigmem_node.plugins import discovery, hooks, manifest
fields = manifest.PluginManifest.model_fields
print(json.dumps({
    "version": __version__,
    "hooks": {
        name: [spec.band.name, spec.semantic.value, spec.ordering.value, spec.strict_audit]
        for name, spec in hooks.HOOK_SPECS.items()
    },
    "members": {each.name: each.value for each in hooks.HookName},
    "capabilities": {each.name: each.value for each in plugins.Capability},
    "accessors": sorted(name for name in vars(plugins.PluginContext) if name.startswith("get_")),
    "fields": list(fields),
    "patterns": [
        next(each.pattern for each in fields[name].metadata if hasattr(each, "pattern"))
        for name in ("name", "version")
    ],
    "default": fields["requires_stigmem"].default,
    "graduated": sorted(discovery.GRADUATED_PLUGINS),
}))
"""


def test_the_data_is_the_hosts_own(node_python: Path) -> None:
    done = subprocess.run(
        [str(node_python), "-c", ASK_THE_NODE], check=True, capture_output=True, text=True
    )
    told = json.loads(done.stdout)
    releases = json.loads(Path(host.__file__).with_name("releases.json").read_text("utf-8"))
    [place] = (at for at, each in enumerate(releases) if each["version"] == told["version"])
    release = releases[place]
    data = [each["interface"] for each in releases[: place + 1] if "interface" in each][-1]
    assert {
        each["name"]: [each["band"], each["semantic"], each["ordering"], each["strict_audit"]]
        for each in data["hooks"]
    } == told["hooks"]
    assert host.node().hook_members == told["members"]
    assert host.node().capability_members == told["capabilities"]
    assert sorted(each["accessor"] for each in data["capabilities"]) == told["accessors"]
    assert [release["name_pattern"], release["version_pattern"]] == told["patterns"]
    assert release["requires_default"] == told["default"]
    assert release["graduated"] == told["graduated"]


def test_the_manifest_has_the_hosts_fields(node_python: Path) -> None:
    from stigmem_review.model import Manifest

    done = subprocess.run(
        [str(node_python), "-c", ASK_THE_NODE], check=True, capture_output=True, text=True
    )
    assert sorted(Manifest.__struct_fields__) == sorted(json.loads(done.stdout)["fields"])


def test_what_differs_per_release_is_in_the_released_wheels() -> None:
    script = Path(__file__).parents[1] / "update_host.py"
    subprocess.run([sys.executable, str(script), "--check"], check=True)


def test_the_catalogue_has_judged_all_that_a_node_has(node_python: Path) -> None:
    script = Path(__file__).parents[1] / "record_apis.py"
    command = [sys.executable, str(script), "--check", str(node_python)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


ASK_FOR_NAMES = """
import importlib, json, pkgutil, stigmem_node
from importlib.metadata import packages_distributions
found = {}
for each in pkgutil.walk_packages(stigmem_node.__path__, "stigmem_node."):
    if not each.name.endswith("__main__"):
        found[each.name] = dir(importlib.import_module(each.name))
print(json.dumps([found, sorted(packages_distributions())]))
"""


def test_nothing_that_a_node_has_is_said_to_be_missing(node_python: Path) -> None:
    done = subprocess.run(
        [str(node_python), "-c", ASK_FOR_NAMES], check=True, capture_output=True, text=True
    )
    names, tops = json.loads(done.stdout.splitlines()[-1])
    known = modules("0.9.0a12")
    assert len(names) > 150
    assert [
        each for module in names for name in names[module] if (each := known.missing(module, name))
    ] == []
    brought = {*provided(known.requires).modules, *known.tops, *ALWAYS}
    assert {*tops} - brought == set()
