"""What is taken from the wheel of a node release, and what stops the script that takes it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

import update_host
from stigmem_review import host
from stigmem_review.host.modules import FILE

MANIFEST = """
class PluginManifest(BaseModel):
    name: str = Field(pattern=r"^[a-z]+$")
    version: str = Field(pattern=r"^\\d+$")
    requires_stigmem: str = ">=9.9"
    capabilities: frozenset[str] = frozenset()
"""


SETTINGS = "class Settings:\n    plugin_new: bool = True\n    port: int = 1\n"
DISCOVERY = 'GRADUATED_PLUGINS: frozenset[str] = frozenset({"b", "a"})'
METADATA = "Name: stigmem-node\nRequires-Dist: fastapi>1\n"


SPECS = """
HOOK_SPECS: dict[str, HookSpec] = {
    HookName.AUDIT_EMIT.value: HookSpec(
        HookName.AUDIT_EMIT, Band.AUDIT, HookSemantic.ONE, HookOrdering.FIRST, strict_audit=True
    ),
    HookName.RECALL_RANK.value: HookSpec(
        HookName.RECALL_RANK, Band.RANK, HookSemantic.ONE, HookOrdering.FIRST
    ),
"""
CONTEXT = """
class Context:
    def get_facts_reader(self):
        return self._require("facts.read", "get_facts_reader", self._core_apis.facts_reader)
"""
ROUTES = """
register_core_handler("audit_emit", write)
registry.fire_fire_and_forget("audit_emit", event=event)
registry.fire_score_delta("recall_rank", weights, identity=who, as_of=now)
registry.fire_score_delta("recall_rank", weights, identity=who, as_of=then)
registry.fire_score_delta("recall_rank", weights, identity=who, depth=1)
log.info("recall_rank", extra=1)
"""


def _members(name: str, members: dict[str, str]) -> str:
    lines = "".join(f"    {key} = {value!r}\n" for key, value in members.items())
    return f"class {name}(StrEnum):\n{lines}"


def node(folder: Path, version: str, **more: str) -> Path:
    """Write the wheel of a node; ``more`` adds members to its hooks."""
    known = host.node()
    path = folder / f"stigmem_node-{version}-py3-none-any.whl"
    files = {
        "stigmem_node/__init__.py": "",
        "stigmem_node/settings.py": SETTINGS,
        "stigmem_node/plugins/__init__.py": "",
        "stigmem_node/plugins/manifest.py": MANIFEST,
        "stigmem_node/plugins/discovery.py": DISCOVERY,
        "stigmem_node/plugins/hooks.py": "".join(
            (
                _members("HookName", {**known.hook_members, **more}),
                _members("HookSemantic", {"ONE": "one"}),
                _members("HookOrdering", {"FIRST": "first"}),
                SPECS,
                *(
                    f"    '{each}': HookSpec(HookName.{each}, Band.X, HookSemantic.ONE, "
                    "HookOrdering.FIRST),\n"
                    for each in more
                ),
                "}\n",
            )
        ),
        "stigmem_node/plugins/context.py": CONTEXT,
        "stigmem_node/routes.py": ROUTES,
        "stigmem_node/plugins/capabilities.py": _members("Capability", known.capability_members),
        f"stigmem_node-{version}.dist-info/METADATA": METADATA,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    path.write_bytes(buffer.getvalue())
    return path


def test_a_release_is_taken_from_its_wheel(tmp_path: Path) -> None:
    node(tmp_path, "9.10")
    node(tmp_path, "9.9")
    wheels = update_host.wheels_in(tmp_path)
    assert [*wheels] == ["9.9", "9.10"]
    with zipfile.ZipFile(wheels["9.9"]) as wheel:
        assert update_host.release_of(wheel, "9.9") == {
            "version": "9.9",
            "name_pattern": "^[a-z]+$",
            "version_pattern": "^\\d+$",
            "requires_default": ">=9.9",
            "graduated": ["a", "b"],
            "settings": ["plugin_new"],
        }
    with zipfile.ZipFile(wheels["9.9"]) as wheel:
        found = update_host.interface_of(wheel)
    common = {"semantic": "one", "ordering": "first"}
    assert found["hooks"] == [
        {"member": "AUDIT_EMIT", "name": "audit_emit", "band": "AUDIT", **common,
         "strict_audit": True, "calls": [["event"]], "core": ["write"]},
        {"member": "RECALL_RANK", "name": "recall_rank", "band": "RANK", **common,
         "strict_audit": False, "calls": [["identity", "as_of"], ["identity", "depth"]],
         "core": []},
    ]  # fmt: skip
    opened = {each["name"]: each["accessor"] for each in found["capabilities"]}
    assert (opened["facts.read"], opened["facts.write"]) == ("get_facts_reader", "")
    texts, wrong = update_host.generated(wheels)
    assert wrong == []
    # What is the same in both releases stands at the first.
    assert texts[update_host.RELEASES].count('"interface"') == 1
    assert '"stigmem_node.settings": {"9.9 9.10": "Settings"}' in texts[FILE]


def test_a_hook_that_nobody_described_is_named(tmp_path: Path) -> None:
    node(tmp_path, "9.9", NEW_HOOK="new_hook")
    _, wrong = update_host.generated(update_host.wheels_in(tmp_path))
    assert wrong == ["9.9: nobody says what new_hook opens"]


def test_what_is_no_node_with_plugins_is_left_out(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "stigmem_node-0.1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("stigmem_node/__init__.py", "")
    assert update_host.wheels_in(tmp_path) == {}


def test_what_is_written_differs_from_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    node(tmp_path, "9.9")
    monkeypatch.setattr("sys.argv", ["update_host.py", "--check", "--wheels", str(tmp_path)])
    assert update_host.main() == 1
    assert "releases.json is not what the node's wheels have" in capsys.readouterr().out
