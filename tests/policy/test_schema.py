"""The one schema of a policy: what it refuses, in which words, and that its examples are right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stigmem_review.errors import PolicyError
from stigmem_review.policy.file import Policy, examine, parse_policy
from stigmem_review.policy.schema import Key, keys_of

KEYS = [*keys_of(Policy)]

WRONG = [
    ('\nfailon = "error"', "unknown key `failon`, line 2: did you mean `fail-on`?"),
    ("zzz = 1", "unknown key `zzz`, line 1; it is one of fail-on, warn-only, "),
    ("required = true", "unknown key `required`, line 1; it is a key of [signing]"),
    ('[node]\nfail-on = "error"', "unknown key `fail-on` in [node], line 2; it is written above"),
    ('fail-on = "eror"', '`fail-on`, line 1, is "eror": did you mean `error`?'),
    ('fail-on = "info"', '`fail-on`, line 1, is "info"; it is one of error, note, warning'),
    ("fail-on = 3", "`fail-on`, line 1, is 3; it is one of "),
    ("fail-on = ['error']", "`fail-on`, line 1, is a list; it is one of "),
    ('[signing]\nrequired = "yes"', '`required` in [signing], line 2, is "yes"; it is true or'),
    ("[node]\nversion = 0.9", "`version` in [node], line 2, is 0.9; it is a string, in quotes"),
    ("signing = true", "`signing`, line 1, is true; it is a table: write [signing]"),
    ("levels = 1", "`levels`, line 1, is 1; it is a table: write [levels]"),
    ('[signing]\ntrusted = "a@b"', '`trusted` in [signing], line 2, is "a@b"; it is a list'),
    ("[[signing.trusted]]\nplugins = [1]", "entry 1 of [[signing.trusted]], line 2: item 1 is 1;"),
    ("[signing]\ntrusted = [1]", "entry 1 of [[signing.trusted]], line 2, is 1; it is a table"),
    ('[levels]\n"SPR201" = "of"', '`SPR201` in [levels], line 2, is "of": did you mean `off`?'),
    ('[plugins]\nx = "y"', '`x` in [plugins], line 2, is "y"; it is a table: write [plugins.x]'),
    ('[plugins."a b"]', "`a b` in [plugins], line 1, is not the name of a distribution"),
    ("[plugins.A_b]\n[plugins.a-B]", "`a-B` in [plugins], line 2, is the same distribution as"),
    (
        "[approvals]\nlongest-days = 0",
        "`longest-days` in [approvals], line 2, is 0; it is a whole ",
    ),
    ("[approvals]\nlongest-days = 3651", "line 2, is 3651; it is a whole number from 1 to 3650"),
    ("[approvals]\nlongest-days = true", "line 2, is true; it is a whole number"),
    ('[approvals]\nlongest-days = "90"', 'line 2, is "90"; it is a whole number'),
    ("node-version = 3", "`node-version`, line 1, is 3; it is a string"),
    ('node-version = "1"\nnode.version = "2"', "`node-version`, line 1; it is `version` in [node]"),
]


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_a_mistake_is_named_with_its_line_and_what_was_meant(text: str, says: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text.encode(), "p.toml")
    assert str(caught.value).startswith("the policy p.toml: ")
    assert says in str(caught.value)
    assert not {"$", "`str`", "Object"} & set(str(caught.value).split())


def test_in_a_project_file_the_table_and_its_line_are_those_of_that_file() -> None:
    text = '[project]\nname = "x"\n[tool.stigmem-review]\nfailon = "note"\nsigning.requird = true\n'
    _, wrong = examine(text.encode(), "deploy/pyproject.toml")
    start = "the policy deploy/pyproject.toml: unknown key"
    assert [str(each) for each in wrong] == [
        f"{start} `failon` in [tool.stigmem-review], line 4: did you mean `fail-on`?",
        f"{start} `requird` in [tool.stigmem-review.signing], line 5: did you mean `required`?",
    ]


def test_the_first_mistake_says_that_there_are_more() -> None:
    with pytest.raises(PolicyError, match=r"`a`.* \(2 more: stigmem-review policy check\)"):
        parse_policy(b"a = 1\nb = 2\nc = 3\n", "p.toml")


def test_a_project_without_the_table_is_no_policy() -> None:
    with pytest.raises(PolicyError, match=r"has no table \[tool.stigmem-review\]"):
        parse_policy(b'[project]\nname = "x"\n', "pyproject.toml")


def test_a_key_at_its_earlier_place_counts() -> None:
    read = parse_policy(b'node-version = "0.9.0a11"\n[node]\nenv-file = "e"\n', "p.toml").policy
    assert (read.node.version, read.node.env_file) == ("0.9.0a11", "e")


def test_a_byte_order_mark_is_read_over() -> None:
    assert parse_policy(b'\xef\xbb\xbffail-on = "note"\n', "p.toml").policy.fail_on == "note"


@pytest.mark.parametrize("key", KEYS, ids=lambda each: ".".join((*each.tables, each.name)))
def test_every_key_is_explained_and_its_example_is_accepted(key: Key) -> None:
    assert key.help
    if key.example is None:
        assert any((*key.tables, key.name) == each.tables[: len(key.tables) + 1] for each in KEYS)
        return
    document = {key.name: key.example}
    for depth, table in reversed([*enumerate(key.tables)]):
        is_array = key.repeated and depth == len(key.tables) - 1
        document = {table: [document] if is_array else document}
    text = "".join(f"{name} = {_inline(value)}\n" for name, value in document.items())
    # An entry about a signer is not whole with one key.
    wrong = [each.text for each in examine(text.encode(), "p.toml")[1]]
    assert [each for each in wrong if "it is missing" not in each] == []


def _inline(value: Any) -> str:
    match value:
        case dict():
            return f"{{ {', '.join(f'{key} = {_inline(each)}' for key, each in value.items())} }}"
        case list():
            return f"[{', '.join(map(_inline, value))}]"
        case _:
            return json.dumps(value)
