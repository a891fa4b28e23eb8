"""What a report can say of itself: why a rule does not apply, and why a field is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import cli
from support.plugins import plugin, write_wheel
from support.repository import Deployment

COMPUTED = """\
import os
from stigmem_node.plugins import PluginManifest


def plugin_manifest():
    return PluginManifest(
        name="demo-plugin", version="1.0.1", requires_stigmem=os.urandom(4).hex(),
        capabilities=frozenset({"facts.read"}), hooks={},
    )
"""


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    cli.run(["diff", *arguments])
    return " ".join(capsys.readouterr().out.split())


def test_it_says_which_rules_do_not_apply_and_where_they_would(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = (
        str(write_wheel(tmp_path / each, plugin(version=each), version=each))
        for each in ("1.0.0", "2.0.0")
    )
    said = printed(capsys, old, new, "--verbose")
    assert "Rules that do not apply" in said
    assert "SPR6" in said.partition("Rules that do not apply")[2]
    assert ": only where " in said
    assert "Rules that do not apply" not in printed(capsys, old, new, "--all")


def test_a_change_of_pins_says_it_of_each_plugin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheels, deployment = tmp_path / "wheels", Deployment(tmp_path / "deployment")
    for each in ("1.0.0", "2.0.0"):
        write_wheel(wheels, plugin(version=each), version=each)
        deployment.commit({"requirements.txt": f"demo-plugin=={each}\n"})
    where = ("--repository", str(deployment.folder), "--artifacts", str(wheels))
    cli.run(["bump", "HEAD~1", *where, "--verbose"])
    assert "Rules that do not apply" in capsys.readouterr().out
    cli.run(["bump", "HEAD~1", *where, "--all"])
    assert "Rules that do not apply" not in capsys.readouterr().out


def test_it_says_why_a_field_is_not_known_and_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = str(write_wheel(tmp_path, plugin()))
    files = plugin(manifest=COMPUTED)
    new = str(write_wheel(tmp_path, files, version="1.0.1"))
    said = printed(capsys, old, new, "--verbose").partition("Fields that are not known")[2]
    assert said.startswith(" new ")
    assert "demo_plugin/manifest.py:7" in said.partition("Files of")[0]


def test_a_check_says_both_and_only_where_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = str(write_wheel(tmp_path, plugin(manifest=COMPUTED), version="1.0.1"))
    cli.run(["check", wheel, "--isolated", "--verbose"])
    said = " ".join(capsys.readouterr().out.split())
    fields, rules = said.split("Fields that are not known")[1].split("Rules that do not apply")
    assert "demo_plugin/manifest.py:7" in fields
    assert 'only where purpose == "upgrade"' in rules
    cli.run(["check", wheel, "--isolated", "--all"])
    assert "Rules that do not apply" not in capsys.readouterr().out


def test_a_node_says_of_each_plugin_which_fields_are_not_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = str(write_wheel(tmp_path, plugin(manifest=COMPUTED), version="1.0.1"))
    cli.run(["node", wheel, "--isolated", "--verbose"])
    said = " ".join(capsys.readouterr().out.split())
    fields = said.split("Fields that are not known")[1]
    assert f"{wheel} requires stigmem:" in fields
    assert "demo_plugin/manifest.py:7" in fields
