"""What a policy says of the node, and what a review makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import cli, review
from stigmem_review.errors import PolicyError
from stigmem_review.policy.file import NodePolicy, parse_policy
from support.bumped import Setting
from support.plugins import plugin, write_wheel

NODE = """\
[node]
version = "0.9.0a12"
python = "3.12"
platforms = ["linux", "macos"]
env-file = "node.env"
verifier = "own"
plugins = ["acme-base"]
"""


def test_a_policy_says_what_the_node_is() -> None:
    assert parse_policy(NODE.encode(), "p.toml").policy.node == NodePolicy(
        version="0.9.0a12",
        env_file="node.env",
        python="3.12",
        platforms=("linux", "macos"),
        verifier="own",
        plugins=("acme-base",),
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"3.12"', "3.12", '`python` in [node], line 3, is 3.12; it is a string, in quotes'),
        ('"3.12"', '"3.9"', 'line 3, is "3.9"; it is one such as "3.11", or newer'),
        ('"3.12"', '">=3.12"', 'line 3, is ">=3.12"; it is one such as "3.11"'),
        ('"macos"', '"macosx"', "line 4: item 2 is \"macosx\": did you mean `macos`?"),
        ('"own"', '"mine"', 'line 6, is "mine"; it is one of own, stock'),
        ('["acme-base"]', '"acme-base"', "line 7, is \"acme-base\"; it is a list"),
        ('"acme-base"', '" "', 'line 7, has " ", which names no plugin'),
        ("platforms", "platform", "unknown key `platform` in [node], line 4: did you mean"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_named_with_its_line(old: str, new: str, says: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(NODE.replace(old, new).encode(), "p.toml")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("marker", "node", "counts"),
    [
        ("python_version < '3.12'", "", True),
        ("python_version < '3.12'", 'python = "3.12"', False),
        ("python_version >= '3.12'", 'python = "3.12"', True),
        ("sys_platform == 'win32'", "", True),
        ("sys_platform == 'win32'", 'platforms = ["linux"]', False),
        ("sys_platform == 'linux'", 'platforms = ["linux"]', True),
    ],
)
def test_a_pin_counts_where_the_node_can_meet_its_marker(
    marker: str, node: str, counts: bool, tmp_path: Path
) -> None:
    setting = Setting(tmp_path)
    policy = {"stigmem-review.toml": f"[node]\n{node}\n"}
    pins = {
        version: text.replace(" --hash", f" ; {marker} --hash")
        for version, text in setting.pins.items()
    }
    base = setting.deployment.commit({"requirements.txt": pins["1.0.0"], **policy})
    report = setting.bump(
        base, setting.deployment.commit({"requirements.txt": pins["1.1.0"], **policy})
    )
    assert bool(report.bumps) is counts
    assert bool(report.others) is not counts


@pytest.mark.parametrize(
    ("verifier", "settings", "fires"),
    [
        ("stock", "STIGMEM_PLUGIN_SIGNING_REQUIRED=true\n", True),
        ("own", "STIGMEM_PLUGIN_SIGNING_REQUIRED=true\n", False),
        ("stock", "STIGMEM_PORT=1\n", False),
    ],
)
def test_a_node_that_verifies_nothing_and_wants_signatures_is_named(
    verifier: str, settings: str, fires: bool, tmp_path: Path
) -> None:
    policy = tmp_path / "stigmem-review.toml"
    policy.write_text(f'[node]\nverifier = "{verifier}"\nenv-file = "node.env"\n', "utf-8")
    (tmp_path / "node.env").write_text(settings, "utf-8")
    old = write_wheel(tmp_path, plugin())
    new = write_wheel(tmp_path, plugin(version="1.0.1"), version="1.0.1")
    found = {each.name for each in review(str(old), str(new), policy=str(policy)).findings}
    assert ("signatures-unsupported" in found) is fires


@pytest.mark.parametrize(
    ("plugins", "level"), [("", "warning"), ('["acme-base"]', "note"), ('["other"]', "error")]
)
def test_what_else_is_on_the_node_says_how_heavy_a_new_need_is(
    plugins: str, level: str, tmp_path: Path
) -> None:
    policy = tmp_path / "stigmem-review.toml"
    policy.write_text(f"[node]\nplugins = {plugins}\n" if plugins else "", "utf-8")
    old = write_wheel(tmp_path, plugin())
    files = plugin(version="1.0.1")
    manifest = files["demo_plugin/manifest.py"]
    needs = manifest.replace('version="1.0.1",', 'version="1.0.1", depends_on={"acme-base"},')
    assert needs != manifest
    files["demo_plugin/manifest.py"] = needs
    new = write_wheel(tmp_path, files, version="1.0.1")
    report = review(str(old), str(new), policy=str(policy))
    assert [each.level for each in report.findings if each.name == "depends-on-added"] == [level]


def test_the_summary_of_a_policy_says_what_does_not_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "stigmem-review.toml"
    node = 'python = "3.12"\nplatforms = ["linux"]\n'
    policy.write_text(f'approvals-from = "head"\n[node]\n{node}', "utf-8")
    assert cli.run(["policy", "check", str(policy)]) == 0
    printed = capsys.readouterr().out
    assert (
        "  the node runs on Python 3.12, linux; pins that it cannot meet do not count\n" in printed
    )
    assert "  in bump, approvals count that a change brings itself\n" in printed
