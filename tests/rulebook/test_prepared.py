"""What is made out of the rules before a review: it is what they say, and only that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from stigmem_review.errors import RuleError
from stigmem_review.facts import KINDS
from stigmem_review.rulebook import load_rules, shipped_rules
from stigmem_review.rulebook.compiled import compiled
from stigmem_review.rulebook.prepared import FILE, LIST
from stigmem_review.rulebook.rules import find_rules, listed_rules
from support.stories import CASES
from update_rules import listing, text

SHIPPED = next(find_rules().rglob("SPR301-*.toml"))


def test_it_is_what_the_rules_say() -> None:
    assert FILE.read_text("utf-8") == text(), "run python tests/update_rules.py"


def test_the_list_is_that_of_the_files() -> None:
    assert LIST.read_text("utf-8") == listing(), "run python tests/update_rules.py"
    book, read = listed_rules(find_rules()), load_rules(find_rules())
    assert book.digest == read.digest
    for one, two in zip(book.rules, read.rules, strict=True):
        assert one.rule == two.rule
        for name in ("id", "name", "path", "category", "text", "head", "examples", "sha256"):
            assert getattr(one, name) == getattr(two, name)
    for kind in KINDS:
        assert [each.id for each in book.about(kind)] == [each.id for each in read.about(kind)]


def test_a_file_that_is_not_the_one_in_the_list_is_not_shown(tmp_path: Path) -> None:
    for each in listed_rules(tmp_path).rules[:1]:
        (tmp_path / each.path).parent.mkdir()
        (tmp_path / each.path).write_bytes((find_rules() / each.path).read_bytes() + b"\n")
        with pytest.raises(RuleError, match="is not as it was shipped"):
            _ = each.text


def test_every_rule_that_ships_is_there() -> None:
    assert [each.id for each in shipped_rules().rules if each.prepared is None] == []


def test_a_rule_that_was_edited_counts_as_it_stands(tmp_path: Path) -> None:
    said = SHIPPED.read_text("utf-8")
    (tmp_path / SHIPPED.name).write_text(said.replace('\nwhy = "', '\nwhy = "Edited. '), "utf-8")
    [edited] = load_rules(tmp_path).rules
    (tmp_path / SHIPPED.name).write_text(said, "utf-8")
    [same] = load_rules(tmp_path).rules
    assert (edited.prepared, edited.rule.why[:8]) == (None, "Edited. ")
    assert same.prepared is not None
    assert edited.rule.why == f"Edited. {same.rule.why}"
    assert compiled(edited) is not compiled(same)


def test_a_rule_that_is_given_counts_as_given() -> None:
    each = load_rules(SHIPPED.parent).rules[0]
    given = msgspec.structs.replace(each, given=msgspec.structs.replace(each.rule, why="Given."))
    assert (given.prepared, given.rule.why) == (None, "Given.")


def test_a_review_parses_no_rule() -> None:
    code = "import sys; from stigmem_review import review; report = review(*sys.argv[1:]); "
    code += "print(len(report.findings) > 1, 'jinja2' in sys.modules)"
    sides = [str(CASES / "quiet-gain" / side) for side in ("old", "new")]
    asked = [sys.executable, "-c", code, *sides]
    ended = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert ended.stdout == "True False\n"
