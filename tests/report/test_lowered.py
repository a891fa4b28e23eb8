"""Nothing that a policy makes less of, or hides, is out of sight."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stigmem_review import bump, check, review
from stigmem_review.report import Format, render
from support.plugins import HANDLERS, plugin, write_project, write_wheel
from support.repository import Deployment

if TYPE_CHECKING:
    from stigmem_review.report.subjects import AnyReport


LOWERED = '[levels]\ncapability-added = "note"\nsemver-mismatch = "off"\n'
ALL_OFF = '[levels]\ncapability-added = "off"\nsemver-mismatch = "off"\n'
FORMS: list[Format] = ["text", "markdown", "summary", "github", "json"]
GAINS = plugin(
    version="1.0.1",
    capabilities=("facts.read", "network.outbound"),
    handlers=f"import socket\n\n{HANDLERS}",
)


def said(report: AnyReport, form: Format) -> str:
    return " ".join(render(report, form, detail="all").split())


def reviewed(folder: Path, policy: str) -> AnyReport:
    (folder / "policy.toml").write_text(policy, "utf-8")
    old = write_wheel(folder, plugin())
    new = write_wheel(folder, GAINS, version="1.0.1")
    return review(str(old), str(new), policy=str(folder / "policy.toml"))


@pytest.mark.parametrize("form", FORMS)
def test_a_review_says_first_how_much_was_lowered(form: Format, tmp_path: Path) -> None:
    printed = said(reviewed(tmp_path, LOWERED), form)
    sentence = "2 findings lowered by the policy, 1 of them turned off."
    assert printed.index(sentence) < 1100


def test_its_json_has_both_levels_and_what_is_off(tmp_path: Path) -> None:
    document = json.loads(render(reviewed(tmp_path, LOWERED), "json"))
    verdict = document["verdict"]
    assert (verdict["lowered"], verdict["off"], verdict["exit_code"]) == (2, 1, 0)
    [finding] = [each for each in document["findings"] if each["rule_level"]]
    assert (finding["level"], finding["rule_level"], finding["policy"]) == (
        "note",
        "error",
        "[levels]",
    )
    [off] = document["off"]
    assert (off["name"], off["level"], off["policy"]) == ("semver-mismatch", "warning", "[levels]")


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_level_that_was_lowered_is_not_taken_for_the_rules(form: Format, tmp_path: Path) -> None:
    printed = said(reviewed(tmp_path, LOWERED), form)
    assert "note (error without the policy)" in printed
    # It is no note like others, and not folded with them.
    assert "capability-added" in render(reviewed(tmp_path, LOWERED), form)


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_is_turned_off_is_listed_also_where_nothing_else_is(
    form: Format, tmp_path: Path
) -> None:
    report = reviewed(tmp_path, ALL_OFF)
    printed = said(report, form)
    assert report.verdict.state == "clear"
    assert "2 findings lowered by the policy: all turned off." in printed
    assert "Turned off by the policy (2 findings)" in printed
    for name in ("capability-added", "semver-mismatch"):
        assert name in printed


@pytest.mark.parametrize("form", FORMS)
def test_a_change_of_pins_counts_those_of_every_review(form: Format, tmp_path: Path) -> None:
    write_wheel(tmp_path / "wheels", plugin())
    write_wheel(tmp_path / "wheels", GAINS, version="1.0.1")
    deployment = Deployment(tmp_path / "deployment")
    policy = f'{LOWERED}requirement-unpinned = "off"\n'
    old = {"requirements.txt": "demo-plugin==1.0.0\n", "stigmem-review.toml": policy}
    base = deployment.commit(old)
    deployment.commit({**old, "requirements.txt": "demo-plugin==1.0.1\nopen\n"})
    report = bump(base, repository=str(deployment.folder), artifacts=str(tmp_path / "wheels"))
    assert (report.verdict.lowered, report.verdict.off) == (3, 2)
    printed = said(report, form)
    assert printed.index("3 findings lowered by the policy, 2 of them turned off.") < 1100
    if form in ("text", "markdown"):
        assert printed.count("Turned off by the policy (1 finding): ") == 2


@pytest.mark.parametrize("form", FORMS)
def test_a_check_says_it_too(form: Format, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('[levels]\nimport-missing = "off"\n', "utf-8")
    files = plugin(handlers=f"import acme_absent\n\n{HANDLERS}")
    folder = write_project(tmp_path / "demo", files)
    report = check(str(folder), policy=str(tmp_path / "policy.toml"))
    assert (report.verdict.exit_code, report.verdict.off) == (0, 1)
    printed = said(report, form)
    assert "1 finding lowered by the policy: turned off" in printed
    if form != "github":
        assert "import-missing" in printed
        assert str(tmp_path / "policy.toml") in printed


def test_what_is_turned_off_was_gained_all_the_same(tmp_path: Path) -> None:
    policy = '[levels]\ncapability-added = "off"\n'
    assert "hooks and capabilities reviewed: 1 finding" in said(reviewed(tmp_path, policy), "text")
