"""Rules of an operator's own: as ours, from the policy's folders, and never in place of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from stigmem_review import bump, cli
from stigmem_review.errors import RuleError
from stigmem_review.rulebook import load_rules
from stigmem_review.rulebook.rules import book_of
from support.plugins import plugin, write_project, write_wheel
from support.repository import Deployment, git

Run = Callable[..., tuple[int, str, str]]

RULE = """\
id = "ACME001"
name = "no-rank"
on = ["hook-added"]
when = 'fact.item == "recall_rank"'
level = "error"
says = "Acme wants no plugin at {{ fact.item | code }}."
why = "It was an incident."
do = "Ask the operators."
"""
EXAMPLES = """
[[example]]
new.hooks = { recall_rank = "demo.handlers:x" }
fires = ["error recall_rank"]

[[example]]
"""
POLICY = 'rule-folders = ["own"]\n'
NAME = "ACME001-no-rank.toml"
AUDITS = plugin(hooks={"post_assert_audit": "audit"})
GATES = plugin(version="2.0.0", hooks={"post_assert_audit": "audit", "recall_rank": "gate"})


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in a repository whose policy has a folder with one rule."""
    git(tmp_path, "init", "--quiet")
    monkeypatch.chdir(tmp_path)
    Path("own").mkdir()
    Path("own", NAME).write_text(RULE + EXAMPLES, "utf-8")
    Path("stigmem-review.toml").write_text(POLICY, "utf-8")
    write_wheel(tmp_path, AUDITS)
    write_wheel(tmp_path, GATES, version="2.0.0")

    def command(*arguments: object) -> tuple[int, str, str]:
        code = cli.run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


OLD, NEW = "demo_plugin-1.0.0-py3-none-any.whl", "demo_plugin-2.0.0-py3-none-any.whl"


def test_a_rule_of_ones_own_judges_beside_ours(run: Run) -> None:
    code, printed, _ = run("diff", OLD, NEW, "--format", "json")
    document = json.loads(printed)
    mine = [each for each in document["findings"] if each["rule"] == "ACME001"]
    assert (code, [(each["level"], each["item"]) for each in mine]) == (
        1,
        [("error", "recall_rank")],
    )
    assert "SPR201" in {each["rule"] for each in document["findings"]}
    assert ("rules", "own") in {(each["what"], each["path"]) for each in document["consulted"]}


def test_the_policy_can_give_it_a_level_of_its_own(run: Run) -> None:
    Path("stigmem-review.toml").write_text(f'{POLICY}[levels]\nno-rank = "off"\n', "utf-8")
    _, printed, _ = run("diff", OLD, NEW)
    assert "turned off by the policy (1 finding): no-rank" in printed
    assert run("policy", "check")[0] == 0


def test_it_is_listed_shown_and_tested_with_its_origin(run: Run) -> None:
    _, listed, _ = run("rules", "list")
    assert listed.splitlines()[-1].split() == ["ACME001", "no-rank", "error", "(own)"]
    assert run("rules", "show", "acme001")[1].startswith("ACME001 no-rank (own)\n")
    ours = len(load_rules(Path(__file__).parents[2] / "rules").rules)
    code, tested, _ = run("rules", "test")
    assert (code, tested.startswith(f"{ours + 1} rules, ")) == (0, True), tested
    assert run("rules", "test", "own")[1] == "1 rules, 2 examples, 0 failed\n"


def test_an_example_that_does_not_hold_is_told_by_both_commands(run: Run) -> None:
    Path("own", NAME).write_text(f'{RULE}{EXAMPLES}fires = ["note x"]\n', "utf-8")
    assert run("rules", "test", "own")[0] == 1
    code, _, said = run("policy", "check")
    assert (code, "of ACME001 no-rank the examples 2 do not hold" in said) == (2, True)


def test_a_link_to_a_folder_of_rules_is_refused_and_not_passed_over(run: Run) -> None:
    Path("elsewhere").mkdir()
    Path("own", NAME).rename(f"elsewhere/{NAME}")
    Path("own", NAME.replace("ACME001-no-rank", "ACME002-no-audit")).write_text(
        RULE.replace("ACME001", "ACME002").replace("no-rank", "no-audit"), "utf-8"
    )
    Path("own", "more").symlink_to("../elsewhere")
    for command in (("diff", OLD, NEW), ("policy", "check"), ("rules", "test", "own")):
        code, printed, said = run(*command)
        assert (code, printed) == (2, "")
        assert "own/more: it is not a regular file" in said


WRONG = [
    (NAME, RULE.replace("when", "whn"), "own.*ACME001.*unknown key `whn`, line 4: did you mean"),
    (NAME, RULE.replace("recall_rank'", "x'").replace("fact.item ==", "fact.itm =="), "itm"),
    (NAME, RULE.replace('"error"', '"eror"'), '`level`, line 5, is "eror": did you mean `error`'),
    (NAME, RULE.replace("ACME001", "ACME002"), "unlike its file name"),
    ("SPR999-no-rank.toml", RULE.replace("ACME001", "SPR999"), "ids that begin with SPR are those"),
    ("ACME001-hook-added.toml", RULE.replace("no-rank", "hook-added"), "SPR201 hook-added has its"),
    ("notes.md", "hello", "own.*notes.md: a rule file is named like"),
    ("", "", "own holds no rules|own is no folder"),
]


@pytest.mark.parametrize(("name", "text", "says"), WRONG)
def test_one_that_is_wrong_is_an_error_and_never_silence(
    name: str, text: str, says: str, run: Run
) -> None:
    Path("own", NAME).unlink()
    if name:
        Path("own", name).write_text(text, "utf-8")
    for command in (("diff", OLD, OLD), ("check", OLD), ("policy", "check"), ("rules", "list")):
        code, printed, said = run(*command)
        assert (code, printed) == (2, "")
        assert "stigmem-review.toml: `rule-folders`, line 1: " in said
        assert re.search(says, said), said


def test_a_byte_order_mark_is_read_over() -> None:
    book = book_of("own", [(NAME, b"\xef\xbb\xbf" + RULE.encode())])
    assert book.rules[0].rule.id == "ACME001"
    with pytest.raises(RuleError, match="UTF-16"):
        book_of("own", [(NAME, RULE.encode("utf-16"))])


def test_in_a_bump_they_come_from_the_base(tmp_path: Path) -> None:
    write_wheel(tmp_path / "wheels", AUDITS)
    write_wheel(tmp_path / "wheels", GATES, version="2.0.0")
    deployment = Deployment(tmp_path / "deployment")
    old = {
        "requirements.txt": "demo-plugin==1.0.0\n",
        "stigmem-review.toml": POLICY,
        f"own/{NAME}": RULE,
    }
    base = deployment.commit(old)
    lax = {f"own/{NAME}": RULE.replace('level = "error"', 'level = "note"')}
    deployment.commit(old | lax | {"requirements.txt": "demo-plugin==2.0.0\n"})
    report = bump(base, repository=str(deployment.folder), artifacts=str(tmp_path / "wheels"))
    [bumped] = report.bumps
    assert bumped.report
    levels = {each.rule: each.level for each in bumped.report.findings}
    assert levels["ACME001"] == "error"
    assert [(each.name, each.item) for each in report.findings if each.level == "error"] == [
        ("policy-changed", "own")
    ]


def test_what_is_staged_is_checked_by_rules_that_are_staged(run: Run, tmp_path: Path) -> None:
    write_project(tmp_path / "demo", plugin(capabilities=("facts.read",)))
    Path("own", NAME).write_text(
        RULE.replace("hook-added", "capability-unused").replace("recall_rank", "facts.read"),
        "utf-8",
    )
    git(tmp_path, "add", "--all")
    Path("own", NAME).unlink()
    code, printed, _ = run("check", "--staged", "demo")
    assert (code, "error: no-rank [ACME001]" in printed) == (1, True)
