"""What the real node and the real build tools make of every story in ``broken``."""

from __future__ import annotations

import json
import os
import subprocess
import venv
from pathlib import Path
from typing import Any

import pytest

from support.broken import GOOD, STORIES, can_be_pasted, copied, expected, paste

pytestmark = pytest.mark.network

PASTED = [story for story in STORIES if can_be_pasted(expected(story)["write"])]
BACKENDS = ("hatchling", "poetry-core", "setuptools>=77")
UNSIGNED = {
    "STIGMEM_PLUGIN_SIGNING_REQUIRED": "false",
    "STIGMEM_PLUGIN_UNSIGNED_ACK": "i-understand-plugins-are-unsigned",
}

# Runs in the node's Python, without its own site-packages: what a node does while it starts.
START = """
import json, sys
sys.path += sys.argv[1:]
from stigmem_node.plugins import register_discovered_plugins

try:
    found = register_discovered_plugins()
    answer = {"plugins": [each.manifest.name for each in found]}
except Exception as error:
    answer = {"refused": f"{type(error).__name__}: {error}"}
print(json.dumps(answer))
"""


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the build backends of the stories in it."""
    folder = tmp_path_factory.mktemp("builder")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *BACKENDS], check=True)
    return python


@pytest.fixture(scope="session")
def node_packages(node_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is installed beside the node, without the plugins that may be."""
    ask = "import stigmem_node, pathlib; print(pathlib.Path(stigmem_node.__file__).parents[1])"
    done = subprocess.run(
        [str(node_python), "-I", "-c", ask], check=True, capture_output=True, text=True
    )
    folder = tmp_path_factory.mktemp("node-packages")
    for each in Path(done.stdout.strip()).iterdir():
        declared = each / "entry_points.txt"
        if not (declared.is_file() and "[stigmem.plugins]" in declared.read_text("utf-8")):
            (folder / each.name).symlink_to(each)
    return folder


def install(project: Path, into: Path, builder: Path) -> subprocess.CompletedProcess[str]:
    """Build a project as pip does, and install what was built into a folder of its own."""
    command = [str(builder), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-index", "--no-deps", "--no-build-isolation", "--target", str(into)]
    return subprocess.run([*command, str(project)], check=False, capture_output=True, text=True)


def start(node_python: Path, *folders: Path) -> dict[str, Any]:
    """Start a node's plugins, with these folders for its installed packages."""
    done = subprocess.run(
        [str(node_python), "-I", "-S", "-B", "-c", START, *map(str, folders)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **UNSIGNED},
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("story", [*GOOD, *STORIES])
def test_the_node_says_the_same(
    story: str, tmp_path: Path, builder: Path, node_python: Path, node_packages: Path
) -> None:
    wanted = expected(story)
    site = tmp_path / "site"
    built = install(copied(story, tmp_path), site, builder)
    if not wanted.get("installs", True):
        assert built.returncode != 0
        assert wanted["build"] in built.stdout + built.stderr
        return
    assert built.returncode == 0, built.stderr
    answer = start(node_python, site, node_packages)
    match wanted["node"]:
        case "starts":
            assert "acme-ledger" in answer.get("plugins", ()), answer
        case "does not see it":
            assert answer == {"plugins": []}
        case complaint:
            assert complaint in answer.get("refused", ""), answer


@pytest.mark.parametrize("story", PASTED)
def test_the_node_starts_with_the_correction(
    story: str, tmp_path: Path, builder: Path, node_python: Path, node_packages: Path
) -> None:
    wanted = expected(story)
    project, site = copied(story, tmp_path), tmp_path / "site"
    paste(project, wanted["at"], wanted["write"])
    built = install(project, site, builder)
    assert built.returncode == 0, built.stderr
    answer = start(node_python, site, node_packages)
    if complaint := wanted.get("corrected"):
        assert complaint in answer.get("refused", ""), answer
    else:
        assert answer == {"plugins": ["acme-ledger"]}
