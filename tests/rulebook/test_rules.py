"""The rules that ship: examples, coverage, and that each condition matters."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from jinja2 import nodes

from stigmem_review import facts, host, limits
from stigmem_review.case import build_case
from stigmem_review.errors import RuleError
from stigmem_review.facts import KINDS
from stigmem_review.rulebook import load_rules, parsing, rules, shipped_rules
from stigmem_review.rulebook.compiled import compiled
from stigmem_review.rulebook.examples import (
    ShortRelease,
    read_examples,
    release_of,
    run_examples,
)
from stigmem_review.rulebook.rules import RuleFile, parse_toml
from stigmem_review.text import flat

BOOK = shipped_rules()
BY_ID = {each.rule.id: each for each in BOOK.rules}


@pytest.mark.parametrize("rule", BY_ID)
def test_the_examples_hold_and_prove_each_level_and_silence(rule: str) -> None:
    each = BY_ID[rule]
    assert [outcome for outcome in run_examples(each) if not outcome.passed] == []
    examples = read_examples(each)
    fired = {line.split()[0] for example in examples for line in example.fires}
    levels = {each.rule.level}
    levels |= {"warning"} if each.rule.warning_when else set()
    levels |= {"error"} if each.rule.error_when else set()
    assert fired == levels
    assert any(not example.fires for example in examples)


def _conditions() -> list[tuple[str, str]]:
    return [
        (each.rule.id, key)
        for each in BOOK.rules
        for key in ("when", "warning_when", "error_when")
        if getattr(each.rule, key)
    ]


@pytest.mark.parametrize(("rule", "key"), _conditions())
def test_a_condition_that_is_decided_breaks_an_example(rule: str, key: str) -> None:
    each = BY_ID[rule]
    for value in ("true", "false"):
        changed = msgspec.structs.replace(each.rule, **{key: value})
        outcomes = run_examples(msgspec.structs.replace(each, given=changed))
        assert not all(outcome.passed for outcome in outcomes), value


def test_every_kind_of_fact_has_a_rule() -> None:
    covered = {kind for each in BOOK.rules for kind in each.rule.on}
    assert covered == set(KINDS)


GOOD = """\
id = "SPR999"
name = "demo"
on = ["capability-added"]
level = "note"
says = "It asks for {{ fact.item | code }}."
why = "Because."
do = "Look."
"""

BAD = [
    ("not TOML", "id = ", "Invalid"),
    ("a key that is not one", GOOD + 'wen = "true"\n', "wen"),
    ("a kind that is not one", GOOD.replace("capability-added", "capability-gone"), "gone"),
    ("a level that is not one", GOOD.replace('"note"', '"info"'), "info"),
    ("no message", GOOD.replace("says = ", "nothing = "), "nothing"),
    ("another id than its file", GOOD.replace("SPR999", "SPR998"), "SPR998"),
    ("a field that is not one", GOOD + "when = \"fact.itm == 'x'\"\n", "itm"),
    ("a name that is not one", GOOD + 'when = "factt.item"\n', "factt"),
    ("a literal that cannot be", GOOD + "when = \"fact.capability.impact == 'hihg'\"\n", "hihg"),
    ("a call", GOOD + 'when = "fact.item.upper()"\n', "not allowed"),
    ("arithmetic", GOOD + "when = \"fact.item * 9 == 'x'\"\n", "not allowed"),
    ("a loop", GOOD.replace("It asks", "{% for x in fact %}{% endfor %}It asks"), "not allowed"),
    ("a filter", GOOD.replace("| code", "| upper"), "upper"),
    ("outside text unmarked", GOOD.replace(" | code", ""), "code"),
    ("an expression that is not one", GOOD + 'when = "fact."\n', "SPR999"),
    ("two expressions", GOOD + 'when = "true) }}{{ (true"\n', "not one expression"),
    ("a chain", GOOD + "when = \"'a' == fact.item == 'b'\"\n", "chain"),
    ("an order", GOOD + "when = \"fact.item > 'b'\"\n", "comparison gt"),
    ("an order of a literal", GOOD + "when = \"'b' > fact.item\"\n", "comparison gt"),
    (
        "a literal before what it cannot be",
        GOOD + "when = \"'hihg' == fact.capability.impact\"\n",
        "hihg",
    ),
    ("a filter in a condition", GOOD + 'when = "fact.item | code"\n', "not allowed"),
    ("a field of a literal", GOOD + "when = \"'x'.y == 'z'\"\n", "no field y"),
    ("a field of a text", GOOD + "when = \"fact.item.y == 'z'\"\n", "no field y"),
    (
        "outside text unmarked on one side",
        GOOD.replace("fact.item | code", "'x' if old.present else fact.item"),
        "code",
    ),
    ("an if without its end", GOOD.replace("It asks", "{% if old.present %}It asks"), "endif"),
    ("a filter with something of its own", GOOD.replace("| code", "| code(1)"), "takes nothing"),
    ("a filter of many", GOOD.replace("| code", "| code(*fact.item)"), "takes nothing"),
    ("a filter of names", GOOD.replace("| code", "| code(**fact.item)"), "takes nothing"),
    ("a condition too deep to parse", f'{GOOD}when = "{"not " * 3000}true"\n', "too deeply"),
    ("fields of fields", f'{GOOD}when = "fact{".item" * 3000}"\n', "too deeply"),
    ("a number without end", f'{GOOD}when = "{"1" * 5000} == 1"\n', "digits"),
    ("nothing to do", GOOD.replace('do = "Look."\n', ""), "`do`"),
]


def _load(folder: Path, text: str) -> RuleFile:
    (folder / "SPR999-demo.toml").write_text(text, "utf-8")
    [each] = load_rules(folder).rules
    compiled(each)
    return each


def test_a_good_rule_loads(tmp_path: Path) -> None:
    assert _load(tmp_path, GOOD).rule.id == "SPR999"


@pytest.mark.parametrize(("text", "word"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_rule_that_is_not_one_is_refused_by_name(text: str, word: str, tmp_path: Path) -> None:
    with pytest.raises(RuleError) as caught:
        _load(tmp_path, text)
    assert "SPR999" in str(caught.value)
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_condition_that_is_neither_true_nor_false_is_an_error(tmp_path: Path) -> None:
    each = _load(tmp_path, GOOD + 'when = "fact.item"\n\n[[example]]\nnew.capabilities = ["x"]\n')
    with pytest.raises(RuleError, match="true or false"):
        run_examples(each)


@pytest.mark.parametrize(
    "asked",
    ['when = "fact.item in 5"', 'says = "{% if 5 in fact.item %}It is odd.{% endif %}"'],
)
def test_what_can_hold_nothing_is_an_error_of_the_rule(asked: str, tmp_path: Path) -> None:
    others = [line for line in GOOD.splitlines() if line[:4] != asked[:4]]
    each = _load(tmp_path, "\n".join([*others, asked, "[[example]]", 'new.capabilities = ["x"]']))
    with pytest.raises(RuleError, match="rule SPR999"):
        run_examples(each)


def test_a_file_that_is_not_a_rule_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("hello", "utf-8")
    with pytest.raises(RuleError, match=r"notes\.md"):
        load_rules(tmp_path)


def test_two_rules_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "SPR999-demo.toml").write_text(GOOD, "utf-8")
    with pytest.raises(RuleError, match="another rule"):
        load_rules(tmp_path)


def test_a_rule_is_found_by_a_name_that_it_had(tmp_path: Path) -> None:
    (tmp_path / "SPR999-demo.toml").write_text(f'formerly = ["trial"]\n{GOOD}', "utf-8")
    book = load_rules(tmp_path)
    assert [each.id for each in (book.get("trial"), book.get("demo")) if each] == ["SPR999"] * 2
    assert book.get("tria") is None


@pytest.mark.parametrize(
    "others",
    [{"other": "SPR998"}, {"a": "SPR997", "b": "SPR998"}],
    ids=["a name of another", "a former name of another"],
)
def test_a_name_that_two_rules_claim_is_refused(others: dict[str, str], tmp_path: Path) -> None:
    for name, number in others.items():
        said = GOOD.replace("SPR999", number).replace('"demo"', f'"{name}"')
        former = "" if name == "other" else 'formerly = ["other"]\n'
        (tmp_path / f"{number}-{name}.toml").write_text(former + said, "utf-8")
    (tmp_path / "SPR999-demo.toml").write_text(f'formerly = ["other"]\n{GOOD}', "utf-8")
    with pytest.raises(RuleError, match="another rule has the name 'other'"):
        load_rules(tmp_path)


def test_a_message_lists_ten_items_and_counts_the_rest(tmp_path: Path) -> None:
    text = GOOD.replace("capability-added", "files-unreviewed").replace("fact.item", "fact.files")
    rule = compiled(_load(tmp_path, text))
    old, new = (
        release_of(ShortRelease(unreviewed=names))
        for names in ((), tuple(f"f{number}" for number in range(25)))
    )
    case = build_case(old, new, host.node())
    [fact] = case.comparison.facts
    assert flat(rule.says(fact, case)).endswith("f8, f9 and 15 more.")


def test_a_number_with_too_many_digits_is_an_error_of_one_line() -> None:
    with pytest.raises(RuleError, match=r"notes\.toml: a number in it has too many digits"):
        parse_toml(f"level = {'9' * 5000}", "notes.toml")


# What conditions and messages mean


def _judged(tmp_path: Path, text: str) -> tuple[bool, str]:
    """Return whether a rule fires on a new capability ``x``, and its words."""
    rule = compiled(_load(tmp_path, text))
    old, new = (
        release_of(ShortRelease(capabilities=names))
        for names in (("facts.read",), ("facts.read", "x"))
    )
    case = build_case(old, new, host.node())
    [fact] = [each for each in case.comparison.facts if isinstance(each, facts.CapabilityAdded)]
    return rule.level(fact, case) is not None, flat(rule.says(fact, case))


@pytest.mark.parametrize(
    ("when", "fires"),
    [
        ("fact.item in ['audit.read', 'x']", True),
        ("fact.item not in ['audit.read', 'x']", False),
        ("fact.item == 'y' or old.present", True),
        ("fact.item != 'x'", False),
        ("fact.item != 'y' and not old.present", False),
        ("fact.item != 'y' and old.present", True),
        ("true if old.present else false", True),
        ("false if old.present else true", False),
    ],
)
def test_a_condition_is_what_it_says(when: str, fires: bool, tmp_path: Path) -> None:
    assert _judged(tmp_path, f'{GOOD}when = "{when}"\n')[0] is fires


@pytest.mark.parametrize(
    ("says", "said"),
    [
        ("{{ 'now' if old.present else 'first' }}", "now"),
        ("{{ 'first' if not old.present }}", ""),
        ("{{ fact.capability.known }}", "False"),
        (
            "{% if fact.item == 'y' %}one{% elif fact.item == 'x' %}two{% else %}three{% endif %}",
            "two",
        ),
        ("{% if fact.item == 'y' %}one{% else %}three{% endif %}", "three"),
        ("{% if fact.item == 'y' %}one{% endif %}", ""),
    ],
)
def test_a_message_can_depend_on_the_fact(says: str, said: str, tmp_path: Path) -> None:
    text = GOOD.replace("{{ fact.item | code }}", says)
    assert _judged(tmp_path, text)[1] == f"It asks for {said}."


def test_what_the_check_does_not_list_has_no_value() -> None:
    with pytest.raises(TypeError, match="Concat passed the check"):
        parsing._expression(nodes.Concat([]))
    with pytest.raises(TypeError, match="field of Concat passed"):
        parsing._expression(nodes.Getattr(nodes.Concat([]), "item", "load"))
    with pytest.raises(TypeError, match="Scope passed the check"):
        [*parsing._parts([nodes.Scope([])])]


# Where rules are


def test_rules_are_found_in_the_package_and_beside_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "review" / "stigmem_review"
    (package / "rulebook").mkdir(parents=True)
    monkeypatch.setattr(rules, "__file__", str(package / "rulebook" / "rules.py"))
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "another"\n', "utf-8")
    with pytest.raises(RuleError, match="reinstall stigmem-review"):
        rules.find_rules()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "stigmem-review"\n', "utf-8")
    assert rules.find_rules() == tmp_path / "rules"
    (package / "rules").mkdir()
    assert rules.find_rules() == package / "rules"


def test_a_folder_that_holds_no_rules_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="holds no rules"):
        load_rules(tmp_path)
    with pytest.raises(RuleError, match="pass a folder of rules"):
        load_rules(tmp_path / "nowhere")


@pytest.mark.parametrize("data", [b"x" * (limits.RULE_BYTES + 1), b"\xff"], ids=["long", "bytes"])
def test_a_rule_that_cannot_be_read_is_an_error(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "SPR999-demo.toml").write_bytes(data)
    with pytest.raises(RuleError, match=r"SPR999-demo\.toml"):
        load_rules(tmp_path)


def test_a_link_to_a_folder_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    for folder in ("rules", "elsewhere"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"SPR99{len(folder)}-{folder}.toml").write_text(GOOD, "utf-8")
    (tmp_path / "rules" / "more").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RuleError, match=r"more: it is not a regular file"):
        load_rules(tmp_path / "rules")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[[example]]\nfires = "x"\n', "Expected `array`"),
        ("[[example]]\nnew.capabilities = 1\n", "example 1"),
        ("[[example]]\n[other]\n", "nothing else"),
    ],
)
def test_an_example_that_is_none_is_an_error(text: str, word: str, tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=rf"SPR999-demo\.toml: .*{word}"):
        run_examples(_load(tmp_path, f"{GOOD}\n{text}"))
