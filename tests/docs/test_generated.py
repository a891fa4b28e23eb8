"""The pages that are made from the code: whole, and where findings say that they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generated import escaped, pages_of, write_all
from stigmem_review import pages, review
from stigmem_review.cli import parser
from stigmem_review.cli.mistakes import words_of
from stigmem_review.policy.file import Policy
from stigmem_review.policy.schema import keys_of
from stigmem_review.report import render
from stigmem_review.rulebook import shipped_rules


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """The text of each page by its path."""
    return dict(pages_of())


def test_every_command_has_a_page_with_its_options(made: dict[str, str]) -> None:
    for name in words_of(parser()):
        assert f"stigmem-review {name}" in made[f"commands/{name}.md"]
    assert "`--format text|markdown|html|oneline|json" in made["commands/diff.md"]
    assert "(default: text)" in made["commands/diff.md"]
    assert "## rules show" in made["commands/rules.md"]
    assert "commands/action.md" not in made


def test_every_rule_has_the_page_that_a_finding_names(made: dict[str, str]) -> None:
    for each in shipped_rules().rules:
        page = made[pages.page_of(each.id).replace(".html", ".md")]
        for text in (each.rule.why, each.rule.do, each.rule.mend):
            assert escaped(text) in page
        assert each.examples.strip() in page
        assert f"[{each.id}]({each.id}.md)" in made["rules/index.md"]


def test_a_rule_s_page_shows_what_it_says_of_its_examples(made: dict[str, str]) -> None:
    page = made["rules/SPR201.md"]
    levels = [f"- {level}: " for level in ("error", "warning", "note")]
    assert sorted(levels, key=page.index) == levels
    assert "- warning: `recall_filter` now runs `demo.handlers:drop`: it can" in page
    assert [
        name for name, text in made.items() if name[:9] == "rules/SPR" and "\n- " not in text
    ] == []


def test_every_key_of_a_policy_is_explained(made: dict[str, str]) -> None:
    for each in keys_of(Policy):
        assert f"`{each.name}`" in made["policy-keys.md"] or each.name in "".join(
            table for key in keys_of(Policy) for table in key.tables
        )


def test_what_comes_from_the_code_is_shown_as_it_is() -> None:
    assert escaped("[a] *b* <c> `d` #e {f} |") == r"\[a\] \*b\* \<c\> \`d\` \#e \{f\} \|"


def test_only_what_changed_is_written(made: dict[str, str], tmp_path: Path) -> None:
    write_all(tmp_path, made)
    (tmp_path / "rules" / "SPR000.md").write_text("of a rule that is gone")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.md")}
    (tmp_path / "policy-keys.md").write_text("old")
    write_all(tmp_path, made)
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.md")}
    changed = {path.name for path in before if before[path] != after.get(path)}
    assert changed == {"SPR000.md", "policy-keys.md"}
    assert not (tmp_path / "rules" / "SPR000.md").exists()


@pytest.mark.parametrize(
    ("rule", "published", "address"),
    [
        ("SPR301", "https://docs.example/", "https://docs.example/rules/SPR301.html"),
        ("SPR301", "", ""),
        ("ACME001", "https://docs.example/", ""),
    ],
)
def test_a_finding_links_to_a_page_that_is_there(rule: str, published: str, address: str) -> None:
    assert pages.link_to(rule, published) == address
    assert pages.command_for(rule) == f"stigmem-review rules show {rule}"


def test_a_rule_of_sarif_says_where_more_is_said() -> None:
    story = Path(__file__).parents[1] / "cases" / "quiet-gain"
    report = review(str(story / "old"), str(story / "new"))
    [run] = json.loads(render(report, "sarif"))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert {each["id"] for each in rules} > {"SPR201", "SPR301"}
    for each in rules:
        if each["id"] != "not-reviewed":
            more = f"stigmem-review rules show {each['id']}"
            assert each["help"]["text"].endswith(f"More: {more}")
            assert each["help"]["markdown"].endswith(f"`{more}`")
            assert "helpUri" not in each, "the pages are not published yet"


def test_a_report_says_of_each_rule_where_more_is_said() -> None:
    story = Path(__file__).parents[1] / "cases" / "quiet-gain"
    report = review(str(story / "old"), str(story / "new"))
    markdown, text = render(report, "markdown"), render(report, "text")
    rules = {each.rule for each in report.findings}
    assert len(rules) > 2
    for rule in rules:
        assert markdown.count(f"*More:* `stigmem-review rules show {rule}`") == 1
    assert any(f"stigmem-review rules show {rule}" in text for rule in rules)
