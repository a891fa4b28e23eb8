"""What reviews and checks say of a start: findings, lines, and the command's end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pytest

from stigmem_review import check, host, review
from stigmem_review.pipeline.node import Wanted, foresee_node
from stigmem_review.report import render
from stigmem_review.text import flat
from support.plugins import plugin, write_project, write_wheel

TENANT = "import stigmem_node.tenant\nfrom .manifest import plugin_manifest\n"
UNSET = """\
import os

from stigmem_node.plugins import PluginManifest


def plugin_manifest():
    int(os.environ{})
    return PluginManifest(name="demo-plugin", version="1.0.0", requires_stigmem=">=0.9.0a2")
"""
LONG = "def audit(ctx, **_):\n    return None\n\n\naudit.__plugin_timeout__ = 60\n"


def mistakes(*sources: Path, node: str | None = None) -> list[str]:
    report = check(*map(str, sources), node_version=node)
    return [
        f"{one.level} {one.name}: {flat(one.message)}"
        for each in report.checked
        for one in each.mistakes
    ]


def test_a_check_names_the_variable_that_stops_the_node_where_it_is_not_set(tmp_path: Path) -> None:
    project = write_project(tmp_path, plugin(manifest=UNSET.format('["DEMO_LIMIT"]')))
    [said] = mistakes(project)
    assert said.startswith("warning start-at-risk: Unless DEMO_LIMIT is set:")
    assert "'DEMO_LIMIT'" in said
    # With a default that is a number it is as the operator sets it.
    fine = write_project(tmp_path / "2", plugin(manifest=UNSET.format('.get("DEMO_LIMIT", "1")')))
    assert mistakes(fine) == []


def test_a_check_names_what_no_other_finding_says(tmp_path: Path) -> None:
    [said] = mistakes(write_wheel(tmp_path, plugin(handlers=LONG)))
    assert said == (
        f"error start-refused: Node {host.versions()[-1]} does not start with this plugin: "
        "ValueError, handler timeout cannot exceed 30 seconds."
    )


def test_one_cause_is_one_finding(tmp_path: Path) -> None:
    broken = write_wheel(tmp_path, plugin(__init__="raise RuntimeError('boom')\n"))
    assert [each.partition(":")[0] for each in mistakes(broken)] == ["error load-raises"]
    report = review("none", str(broken))
    assert [each.name for each in report.findings if "raises" in each.name] == ["load-raises"]


def test_a_range_that_is_too_wide_is_shown_with_the_one_that_holds(tmp_path: Path) -> None:
    files = plugin(__init__=TENANT)
    files["demo_plugin/manifest.py"] = files["demo_plugin/manifest.py"].replace("0a10", "0a3")
    wheel = write_wheel(tmp_path, files)
    [said] = mistakes(wheel)
    assert said.startswith("warning start-range: It says that it works with >=0.9.0a3, and nodes ")
    assert "No module named 'stigmem_node.tenant'. What holds is >=0.9.0a8." in said
    report = review("none", str(wheel))
    # Who deploys it has another node most likely.
    assert ("note", "start-range") in {(each.level, each.name) for each in report.findings}
    assert [each.nodes for each in report.forecast] == [
        "0.9.0a2 to 0.9.0a7",
        f"0.9.0a8 to {host.versions()[-1]}",
    ]
    # Who names the node is told about that one, and what was so before is no news.
    assert [each.nodes for each in review("none", str(wheel), node_version="0.9.0a9").forecast] == [
        "0.9.0a9"
    ]
    again = write_wheel(tmp_path / "2", files, version="1.0.1")
    assert "start-range" not in {each.name for each in review(str(wheel), str(again)).findings}


def test_a_range_in_which_no_node_starts_has_none_that_holds(tmp_path: Path) -> None:
    files = plugin(__init__=TENANT)
    path = "demo_plugin/manifest.py"
    files[path] = files[path].replace(">=0.9.0a10", ">=0.9.0a3,<0.9.0a8")
    said = [each for each in mistakes(write_wheel(tmp_path, files)) if "start-range" in each]
    assert len(said) == 1
    assert said[0].startswith("error start-range")
    assert said[0].endswith("No node that is known here starts with it.")


def test_the_node_that_is_named_makes_its_refusal_an_error(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, plugin())
    assert mistakes(wheel) == []
    [said] = mistakes(wheel, node="0.9.0a9")
    assert said.startswith("error requires-stigmem-unmet")


def test_two_plugins_of_one_name_are_refused_together(tmp_path: Path) -> None:
    one = write_wheel(tmp_path / "1", plugin())
    two = write_wheel(
        tmp_path / "2",
        plugin(),
        name="demo-other",
        entry_points="[stigmem.plugins]\nother = demo_plugin:plugin_manifest\n",
    )
    [said] = mistakes(one, two)
    assert "duplicate plugin name 'demo-plugin'" in said
    assert "'demo' and 'other'" in said
    assert mistakes(one) == mistakes(two) == []


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_every_review_says_what_the_node_does_with_it(
    tmp_path: Path, form: Literal["text", "markdown"]
) -> None:
    wheel = str(write_wheel(tmp_path, plugin()))
    report = review("none", wheel, node_version=host.versions()[-1])
    said = render(report, form, width=300, detail="all")
    assert "starts on node " in render(report, form, width=300)
    assert "registers it" in said
    assert "a stock node with" in said


def test_what_graduated_is_said_to_be_ignored(tmp_path: Path) -> None:
    [gone, *_] = sorted(host.node().graduated)
    files = plugin(gone)
    report = review("none", str(write_wheel(tmp_path, files, name=gone)))
    assert flat(report.starting[-2].says).startswith("ignores it")


def test_what_was_refused_before_is_said_as_such(tmp_path: Path) -> None:
    old = write_wheel(tmp_path, plugin(handlers=LONG))
    new = write_wheel(tmp_path / "2", plugin(handlers=LONG), version="1.0.1")
    report = review(str(old), str(new))
    assert "start-refused" not in {each.name for each in report.findings}
    assert "start-refused" in {each.what for each in report.already}


def test_what_cannot_be_told_names_why(tmp_path: Path) -> None:
    code = "import acme\n\n\ndef audit(ctx, **_):\n    return None\n\n\ncheck = acme.check\n"
    code += "\n\ndef ask(ctx, plugin):\n    return check(plugin)\n"
    hooks = {"config_validate": "ask"}
    report = review(
        "none",
        str(
            write_wheel(
                tmp_path, plugin(hooks=hooks, handlers=code), headers="Requires-Dist: acme\n"
            )
        ),
    )
    kinds = {one.kind for each in report.forecast for one in each.outcomes}
    assert "untold" in kinds


def test_what_a_capture_does_not_carry_of_a_start_is_no_news(tmp_path: Path) -> None:
    capture = tmp_path / "capture.json"
    told: dict[str, object] = {"name": "demo-plugin", "version": "1.0.0", "signed_by": "unsigned"}
    told |= {"capabilities": ["facts.read"], "hooks": ["post_assert_audit"], "hook_count": 1}
    told |= {"depends_on": [], "discovery_source": None}
    capture.write_text(json.dumps(told), "utf-8")
    wide = plugin(__init__=TENANT)
    path = "demo_plugin/manifest.py"
    wide[path] = wide[path].replace("0a10", "0a3")
    risky = plugin()
    risky[path] = risky[path].replace(
        "    return", '    import os\n    int(os.environ.get("DEMO", "1"))\n    return'
    )
    for folder, files in (("wide", wide), ("risky", risky)):
        wheel = write_wheel(tmp_path / folder, files)
        report = review(str(capture), str(wheel))
        assert [each.name for each in report.findings] == []
        assert report.forecast


STRICT = """\
import os

from stigmem_node.plugins import PluginManifest


def plugin_manifest():
    if os.environ.get("DEMO_MODE", "open") == "closed":
        raise RuntimeError("closed")
    return PluginManifest(name="demo-plugin", version="1.0.0", requires_stigmem=">=0.9.0a2")
"""


@pytest.mark.parametrize(
    ("written", "name", "outcome", "said"),
    [
        ("", "node", ["refused", "registers"], []),
        ("DEMO_MODE=closed", "node", ["refused"], ["error start-at-risk"]),
        ("DEMO_MODE=open", "node", ["registers"], []),
        ("DEMO_MODE=${OTHER}", "node", ["refused", "registers"], []),
    ],
)
def test_what_the_env_file_sets_decides_a_start_and_that_is_said(
    tmp_path: Path, written: str, name: str, outcome: list[str], said: list[str]
) -> None:
    env = tmp_path / f"{name}.env"
    env.write_text(f"{written}\n")
    wheel = str(write_wheel(tmp_path, plugin(manifest=STRICT)))
    report = review("none", wheel, node_version=host.versions()[-1], env_file=str(env))
    [foretold] = report.forecast
    assert [each.kind for each in foretold.outcomes] == outcome
    decided = len(outcome) == 1
    assert {each.by for each in foretold.outcomes} == {("DEMO_MODE",) if decided else ()}
    assert [f"{e.level} {e.name}" for e in report.findings if e.name.startswith("start-")] == said
    whole = foresee_node(Wanted(sources=(wheel,), env_file=str(env)))
    assert whole.verdict.exit_code == (1 if said else 0)
    shown = render(report, "text", width=1000, detail="all")
    assert ("with what the env file sets (DEMO_MODE)" in shown) == decided
