"""What a policy file may say about signing."""

from __future__ import annotations

import pytest

from stigmem_review.errors import PolicyError
from stigmem_review.policy.file import Policy, parse_policy
from stigmem_review.policy.trusted import SigningPolicy, Trusted

GOOD = """\
fail-on = "error"

[signing]
required = true

[[signing.trusted]]
issuer = "https://accounts.acme.example"
identity = "release@acme.example"

[[signing.trusted]]
issuer = "https://forge.example/oidc"
repository = "https://forge.example/acme/demo"
workflow = ".ci/release.yml"
ref = "refs/tags/v*"
plugins = ["acme-ledger", "acme.garden"]
"""


def test_a_policy_says_whom_to_trust() -> None:
    assert parse_policy(GOOD.encode(), "p.toml").policy == Policy(
        fail_on="error",
        signing=SigningPolicy(
            required=True,
            trusted=(
                Trusted(issuer="https://accounts.acme.example", identity="release@acme.example"),
                Trusted(
                    issuer="https://forge.example/oidc",
                    repository="https://forge.example/acme/demo",
                    workflow=".ci/release.yml",
                    ref="refs/tags/v*",
                    plugins=("acme-ledger", "acme.garden"),
                ),
            ),
        ),
    )


WRONG = {
    "no issuer": ('identity = "a@b"', "issuer"),
    "neither": ('issuer = "https://i"', "repository"),
    "no workflow": ('issuer = "https://i"\nrepository = "https://r/x"', "workflow"),
    "no repository": ('issuer = "https://i"\nworkflow = "w"', "repository"),
    "both": (
        'issuer = "https://i"\nidentity = "a"\nrepository = "https://r"\nworkflow = "w"',
        "identity",
    ),
    "a repository in short": (
        'issuer = "https://i"\nrepository = "o/n"\nworkflow = "w"',
        "repository",
    ),
    "a slash at the end": (
        'issuer = "https://i"\nrepository = "https://r/o/n/"\nworkflow = "w"',
        "repository",
    ),
    "a workflow with its ref": (
        'issuer = "https://i"\nrepository = "https://r/o/n"\nworkflow = "w.yml@refs/tags/v1"',
        "workflow",
    ),
    "a ref in short": (
        'issuer = "https://i"\nrepository = "https://r"\nworkflow = "w"\nref = "v*"',
        "ref",
    ),
    "a ref with a class": (
        'issuer = "https://i"\nrepository = "https://r"\nworkflow = "w"\nref = "refs/tags/v[0-9]"',
        "ref",
    ),
    "a ref of a person": ('issuer = "https://i"\nidentity = "a"\nref = "refs/tags/*"', "ref"),
    "another alphabet": (
        'issuer = "https://i"\nidentity = "rele\u0430se@acme.example"',
        "identity",
    ),
    "a blank": ('issuer = "https://i "\nidentity = "a"', "issuer"),
    "no plugins": ('issuer = "https://i"\nidentity = "a"\nplugins = []', "plugins"),
    "a plugin that is none": ('issuer = "https://i"\nidentity = "a"\nplugins = ["a b"]', "plugins"),
    "a number": ('issuer = "https://i"\nidentity = 1', "identity"),
    "a plugin that is a number": ('issuer = "https://i"\nidentity = "a"\nplugins = [1]', "plugins"),
    # What no certificate says, so that the entry would trust nobody.
    "an issuer that ends with a slash": ('issuer = "https://i/"\nidentity = "a"', "issuer"),
    "a pattern for repositories": (
        'issuer = "https://i"\nrepository = "https://r/o/*"\nworkflow = "w"',
        "repository",
    ),
    "a pattern for people": ('issuer = "https://i"\nidentity = "*@acme.example"', "identity"),
    "the address of a clone": (
        'issuer = "https://i"\nrepository = "https://r/o/n.git"\nworkflow = "w"',
        "repository",
    ),
    "a workflow without its folder": (
        'issuer = "https://i"\nrepository = "https://github.com/o/n"\nworkflow = "release.yml"',
        "workflow",
    ),
    "a workflow's name without its ref": (
        'issuer = "https://i"\nidentity = "https://r/o/n/.ci/release.yml"',
        "identity",
    ),
    "quotes within quotes": ("issuer = 'https://i'\nidentity = '\"a@acme.example\"'", "identity"),
    "a regular expression": (
        "issuer = 'https://i'\nrepository = 'https://r'\nworkflow = 'w'\nref = 'refs/tags/v.*'",
        "ref",
    ),
    "an anchor": (
        "issuer = 'https://i'\nrepository = 'https://r'\nworkflow = 'w'\nref = 'refs/tags/v1$'",
        "ref",
    ),
    "a field that is none": ('issuer = "https://i"\nidentiy = "a"', "identiy"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_entry_is_refused_by_number_and_field(case: str) -> None:
    entry, field = WRONG[case]
    with pytest.raises(PolicyError) as caught:
        parse_policy(f"{GOOD}\n[[signing.trusted]]\n{entry}\n".encode(), "p.toml")
    said = str(caught.value)
    assert "p.toml" in said
    assert "entry 3 of [[signing.trusted]]" in said
    assert f"`{field}`" in said


@pytest.mark.parametrize("text", ['required = "yes"', "trust = true", 'trusted = "a@b"'])
def test_a_wrong_table_is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match="signing"):
        parse_policy(f"[signing]\n{text}\n".encode(), "p.toml")


def test_a_number_with_too_many_digits_is_an_error_of_one_line() -> None:
    with pytest.raises(PolicyError, match="too many digits") as caught:
        parse_policy(b"fail-on = " + b"9" * 5000, "p.toml")
    assert "\n" not in str(caught.value)
    assert "set_int_max" not in str(caught.value)
