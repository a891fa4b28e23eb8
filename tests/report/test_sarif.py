"""SARIF: valid, at the line of the pin, and the same finding is the same result next time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

from stigmem_review import check
from stigmem_review.document.check import CheckReport
from stigmem_review.document.parts import Report
from stigmem_review.report import Format, render
from support.command import run
from support.listed import KINDS, from_npm
from support.plugins import plugin, write_project, write_wheel


def run_of(kind: str, folder: Path) -> dict[str, Any]:
    [found] = json.loads(render(KINDS[kind](folder), "sarif"))["runs"]
    assert isinstance(found, dict)
    return found


def places(results: list[dict[str, Any]]) -> set[tuple[str, int]]:
    found = [each["locations"][0]["physicalLocation"] for each in results]
    return {(each["artifactLocation"]["uri"], each["region"]["startLine"]) for each in found}


@pytest.mark.viewers
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_valid_against_the_schema(kind: str, tmp_path: Path, schema: object) -> None:
    log = json.loads(render(KINDS[kind](tmp_path), "sarif"))
    jsonschema.validate(log, schema)  # type: ignore[arg-type]
    assert log["runs"][0]["results"]


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> object:
    """The schema of SARIF, from a package of those who maintain it."""
    folder = tmp_path_factory.mktemp("schema")
    path = "lib/schemas/sarif-2.1.0-rtm.5.json"
    file = from_npm("@microsoft/jest-sarif@1.0.0-beta.0", path, folder)
    found: object = json.loads(file.read_text())
    return found


def test_a_bump_has_its_results_at_the_line_of_the_pin(tmp_path: Path) -> None:
    found = run_of("bumped", tmp_path)
    assert places(found["results"]) == {("requirements.txt", 4)}
    [gained] = [each for each in found["results"] if each["ruleId"] == "SPR301"]
    assert gained["level"] == "error"
    said = gained["message"]["text"]
    assert said.startswith("demo-plugin 1.0.0 -> 1.1.0: ")
    assert said.endswith("(demo_plugin/manifest.py:11)")
    rule = found["tool"]["driver"]["rules"][gained["ruleIndex"]]
    assert (rule["id"], rule["name"]) == ("SPR301", "capability-added")
    assert rule["fullDescription"]["text"] in rule["help"]["text"]
    assert found["invocations"][0]["exitCode"] == 1


def test_a_result_is_known_again_when_the_pin_has_moved(tmp_path: Path) -> None:
    one, two = (run_of(kind, tmp_path / kind) for kind in ("bumped", "approved"))
    first, again = (
        {each["partialFingerprints"]["primaryLocationLineHash"] for each in found["results"]}
        for found in (one, two)
    )
    assert places(one["results"]) != places(two["results"])
    assert first == again
    assert len(first) == len(one["results"])


def test_what_is_approved_is_a_note_that_is_suppressed(tmp_path: Path) -> None:
    results = run_of("approved", tmp_path)["results"]
    assert {each["level"] for each in results} == {"note"}
    said = {
        each["ruleId"]: [one["justification"] for one in each["suppressions"]] for each in results
    }
    [reason] = said["SPR301"]
    assert reason.startswith("approved by Mara Lind on ")
    # A note needs no approval, and has none.
    assert sorted(map(len, said.values())) == [0, 1]


def test_a_policy_that_only_warns_has_no_errors(tmp_path: Path) -> None:
    found = run_of("warned", tmp_path)
    assert {each["level"] for each in found["results"]} == {"note", "warning"}
    assert found["invocations"][0]["exitCode"] == 0


def test_what_could_not_be_reviewed_is_a_result_and_no_success(tmp_path: Path) -> None:
    found = run_of("unread", tmp_path)
    [result] = found["results"]
    assert (result["ruleId"], result["level"]) == ("not-reviewed", "error")
    [invocation] = found["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
    assert len(invocation["toolExecutionNotifications"]) == 1


def test_files_of_a_folder_are_named_where_they_are(tmp_path: Path) -> None:
    found = {path for path, _ in places(run_of("reviewed", tmp_path)["results"])}
    assert f"file://{tmp_path}/pl%20an/src/demo_plugin/manifest.py" in found
    found = {path for path, _ in places(run_of("checked", tmp_path / "check")["results"])}
    assert found == {f"file://{tmp_path}/check/mistaken/src/demo_plugin/manifest.py"}


def test_names_of_other_letters_are_named_as_they_are(tmp_path: Path) -> None:
    name = "pl\xe4n #1%.whl"
    wheel = write_wheel(tmp_path, plugin(hooks={"nope": "audit"}))
    wheel.rename(tmp_path / name)
    done = run("diff", "none", name, "--format", "sarif", "--isolated", cwd=tmp_path)
    [found] = json.loads(done.stdout)["runs"]
    assert ("pl%C3%A4n%20%231%25.whl", 1) in places(found["results"])


def test_what_a_policy_turned_off_is_said_and_is_no_result(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('[levels]\ncapability-added = "off"\n')
    old = write_wheel(tmp_path / "old", plugin())
    more = plugin(version="1.1.0", capabilities=("facts.read", "network.outbound"))
    new = write_wheel(tmp_path / "new", more, version="1.1.0")
    asked = ("diff", old, new, "--policy", tmp_path / "policy.toml", "--format", "sarif")
    [found] = json.loads(run(*asked).stdout)["runs"]
    assert "SPR301" not in {each["ruleId"] for each in found["results"]}
    [off] = found["invocations"][0]["toolConfigurationNotifications"]
    assert off["associatedRule"]["id"] == "SPR301"
    assert off["message"]["text"].startswith("turned off by ")


def test_what_an_author_ignores_is_said_and_is_no_result(tmp_path: Path) -> None:
    write_project(tmp_path, plugin(capabilities=("facts.raed",)))
    ignore = '[[check.ignore]]\nrule = "{}"\nreason = "until the next node"\n'
    entries = "".join(map(ignore.format, ("capability-unknown", "SPR608")))
    (tmp_path / "stigmem-review.toml").write_text(entries)
    done = run("check", ".", "--format", "sarif", cwd=tmp_path)
    [found] = json.loads(done.stdout)["runs"]
    assert "capability-unknown" not in {each["ruleId"] for each in found["results"]}
    ignored, unused = found["invocations"][0]["toolConfigurationNotifications"]
    assert ignored["message"]["text"].startswith("ignored, until the next node: ")
    rule = found["tool"]["driver"]["rules"][ignored["associatedRule"]["index"]]
    assert rule["name"] == "capability-unknown"
    assert unused["message"]["text"].startswith("ignores nothing: ")


@pytest.mark.parametrize("form", ["sarif", "junit", "gitlab", "github"])
def test_what_is_not_known_of_what_users_will_see_is_told(form: Format, tmp_path: Path) -> None:
    report = KINDS["checked"](tmp_path / "checked")
    upcoming = KINDS["unread"](tmp_path / "upcoming")
    assert isinstance(report, CheckReport)
    assert isinstance(upcoming, Report)
    assert "not reviewed" not in render(report, form)
    assert "not reviewed" in render(replace(report, upcoming=(upcoming,)), form)


@pytest.mark.parametrize("form", ["sarif", "junit", "gitlab"])
def test_what_could_not_be_read_at_all_is_named_once(form: Format, tmp_path: Path) -> None:
    folder = tmp_path / "not-a-project"
    folder.mkdir()
    said = render(check(str(folder)), form)
    assert "not reviewed: it has no pyproject.toml" in said
