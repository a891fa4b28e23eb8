"""What an operator decided, read from the files that a user names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stigmem_review import limits
from stigmem_review.errors import PolicyError, ReviewError, SigningError
from stigmem_review.pipeline.terms import read_decisions
from stigmem_review.policy.settings import Settings
from support.sigstore import instance

TRUSTED = "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS"
SETTINGS = f"{TRUSTED}=file@b.example\n"
POLICY = 'fail-on = "error"\n[signing]\nrequired = true\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("policy.toml").write_text(POLICY, "utf-8")
    Path("node.env").write_text(SETTINGS, "utf-8")
    Path("root.json").write_bytes(instance().root())


def test_files_that_are_named_count() -> None:
    policy, trust, root, consulted = read_decisions(
        "policy.toml", "node.env", {TRUSTED: "env@b.example"}, "root.json"
    )
    assert policy.fail_on == "error"
    assert trust.policy.required is True
    assert trust.settings == Settings(trusted=("file@b.example",))
    assert root is not None
    assert root.name == "root.json"
    assert [each.path for each in consulted] == ["policy.toml", "node.env", "root.json"]
    assert not any(each.remark for each in consulted)


def test_an_env_file_that_says_nothing_about_signatures_is_remarked_on() -> None:
    Path("node.env").write_text("STIGMEM_PORT=8765\n", "utf-8")
    [noted] = read_decisions(None, "node.env", {}, None).consulted
    assert (noted.path, noted.remark) == ("node.env", "it says nothing about signatures")


def test_the_environment_counts_where_no_env_file_is_named() -> None:
    _, trust, root, consulted = read_decisions(None, None, {TRUSTED: "env@b.example"}, None)
    assert trust.settings == Settings(trusted=("env@b.example",))
    assert root is None
    assert [each.path for each in consulted] == ["the environment"]
    assert read_decisions(None, None, {}, None).consulted == ()


# Such as a variable of a script that is not set.
@pytest.mark.parametrize("path", ["", "no/such", ".", "null\0", "pipe", "big"])
@pytest.mark.parametrize("named", ["policy", "env file", "trust root"])
def test_a_file_that_is_none_is_refused(named: str, path: str) -> None:
    os.mkfifo("pipe")
    with Path("big").open("wb") as file:
        file.truncate(limits.TRUST_ROOT_BYTES + 1)
    error: type[ReviewError] = SigningError if named == "trust root" else PolicyError
    with pytest.raises(error, match=rf"^the {named} .*; ") as caught:
        read_decisions(
            path if named == "policy" else None,
            path if named == "env file" else None,
            {},
            path if named == "trust root" else None,
        )
    assert path.rstrip("\0") in str(caught.value)
