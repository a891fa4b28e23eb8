"""The other commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stigmem_review import cli
from stigmem_review.rulebook import shipped_rules
from stigmem_review.rulebook.examples import ShortRelease, release_of
from stigmem_review.rulebook.rules import find_rules
from support.plugins import plugin, write_wheel

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command and return its exit code and what it printed."""

    def command(*arguments: object) -> tuple[int, str]:
        code = cli.run([str(argument) for argument in arguments])
        return code, capsys.readouterr().out

    return command


def test_manifest_says_what_was_read_and_where(run: Run, tmp_path: Path) -> None:
    code, printed = run("manifest", write_wheel(tmp_path, plugin()))
    assert code == 0
    assert "facts.read  [demo_plugin/manifest.py:11]" in printed
    assert "post_assert_audit: demo_plugin.handlers:audit  [demo_plugin/handlers.py:1]" in printed
    assert "routes: none  [the node's default]" in printed


def test_manifest_says_what_it_does_not_know(run: Run, tmp_path: Path) -> None:
    files = plugin(manifest=plugin()["demo_plugin/manifest.py"].replace(
        "capabilities=('facts.read',)", "capabilities=print()"
    ))  # fmt: skip
    _, printed = run("manifest", write_wheel(tmp_path, files), "--format", "json")
    field = json.loads(printed)["manifest"]["capabilities"]
    assert field["certainty"] == "unknown"
    assert field["at"] == {"path": "demo_plugin/manifest.py", "line": 11}


def test_manifest_says_what_depends_on_how_the_node_is_run(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def depends(yes: Any, no: Any) -> list[dict[str, Any]]:
        return [
            {"value": yes, "conditions": ["ACME_ONLINE is set", "ACME_MODE is 'on'"]},
            {"value": no, "conditions": ["ACME_ONLINE is not set"]},
        ]

    short = {
        "one_of": {
            "capabilities": depends(["facts.read", "network.outbound"], []),
            "hooks.post_assert_audit": depends("demo.handlers:audit", "demo.handlers:quiet"),
            "health_check": depends("", "demo.handlers:health"),
        }
    }
    release = release_of(msgspec.convert(short, ShortRelease))
    monkeypatch.setattr("stigmem_review.pipeline.reading.read", lambda *_: release)
    code, printed = run("manifest", write_wheel(tmp_path, plugin()))
    assert code == 0
    assert (
        """\
capabilities: one of
  if ACME_ONLINE is set and ACME_MODE is 'on':
    facts.read
    network.outbound
  unless ACME_ONLINE is set: none
hooks:
  post_assert_audit: one of
    if ACME_ONLINE is set and ACME_MODE is 'on': demo.handlers:audit
    unless ACME_ONLINE is set: demo.handlers:quiet
"""
        in printed
    )
    assert "  if ACME_ONLINE is set and ACME_MODE is 'on': none\n" in printed


def test_every_rule_can_be_shown_by_id_and_by_name(run: Run) -> None:
    for each in shipped_rules().rules:
        by_id = run("rules", "show", each.rule.id)
        assert by_id == run("rules", "show", each.rule.name)
        assert by_id[0] == 0


def test_a_rule_says_why_and_what_to_do_before_how_it_works(run: Run) -> None:
    _, printed = run("rules", "show", "SPR201")
    titles = ["Level: ", "Why: ", "Do: ", "Judges: ", "Says: ", "When: ", "[[example]]"]
    assert sorted(titles, key=printed.index) == titles


def test_a_rule_whose_example_is_wrong_fails_the_test_command(run: Run, tmp_path: Path) -> None:
    rule = shipped_rules().rules[0]
    text = (find_rules() / rule.path).read_text("utf-8")
    assert "[[example]]" in text
    (tmp_path / rule.file).write_text(
        text + '\n[[example]]\nfires = ["error nothing-of-the-kind"]\n', "utf-8"
    )
    code, printed = run("rules", "test", tmp_path)
    assert code == 1
    assert "error nothing-of-the-kind" in printed


def test_every_rule_is_listed(run: Run) -> None:
    _, printed = run("rules", "list")
    assert [line.split()[0] for line in printed.splitlines()] == [
        each.rule.id for each in shipped_rules().rules
    ]
