"""What an operator decided, read from the files that a user names."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from stigmem_review import limits
from stigmem_review.errors import PolicyError, ReviewError, SigningError
from stigmem_review.pipeline.terms import policy_on_disk, read_decisions
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
    found = read_decisions("policy.toml", "node.env", {TRUSTED: "env@b.example"}, "root.json")
    trust, roots, consulted = found.trust, found.roots, found.consulted
    assert found.file.policy.fail_on == "error"
    assert trust.policy.required is True
    assert trust.settings == Settings(trusted=("file@b.example",))
    assert [each.name for each in roots.of("any")] == ["root.json"]
    assert [each.path for each in consulted] == ["policy.toml", "node.env", "root.json"]
    assert not any(each.remark for each in consulted)


def test_several_roots_count_for_all_or_for_one_plugin() -> None:
    for name in ("acme.json", "lines.jsonl"):
        Path(name).write_bytes(instance("other").root())
    lines = [instance().root(), b"{}", instance("other").root()]
    Path("lines.jsonl").write_bytes(b"\n".join(lines))
    Path("policy.toml").write_text(
        '[signing]\ntrust-root = ["public-good", "root.json"]\n'
        '[plugins.Acme_Ledger.signing]\ntrust-root = ["acme.json", "lines.jsonl"]\n',
        "utf-8",
    )
    decided = read_decisions("policy.toml", None, {}, None, today=date(2099, 1, 1))
    public, private = (each.name for each in decided.roots.of("any"))
    assert public.startswith("the public-good instance, as of ")
    assert public.endswith(" days old)")
    assert private == "root.json"
    own = [each.name for each in decided.roots.of("acme-ledger")]
    assert own == ["acme.json", "lines.jsonl, line 1", "lines.jsonl, line 3"]
    [unused] = [each.remark for each in decided.consulted if each.path == "lines.jsonl"]
    assert unused.startswith("not used: the trust root lines.jsonl, line 2: it is neither")
    assert decided.paths == ("policy.toml", "root.json", "acme.json", "lines.jsonl")
    # An option is for all distributions without roots of their own.
    again = read_decisions("policy.toml", None, {}, ["public-good", "root.json"])
    assert len(again.roots.of("any")) == 2
    with pytest.raises(PolicyError, match=r"the policy is for the trust root public-good, root"):
        read_decisions("policy.toml", None, {}, ["root.json"])


def test_an_env_file_that_says_nothing_about_signatures_is_remarked_on() -> None:
    Path("node.env").write_text("STIGMEM_PORT=8765\n", "utf-8")
    [noted] = read_decisions(None, "node.env", {}, None).consulted
    assert (noted.path, noted.remark) == ("node.env", "it says nothing about signatures")


def test_the_environment_counts_where_no_env_file_is_named() -> None:
    found = read_decisions(None, None, {TRUSTED: "env@b.example"}, None)
    assert found.trust.settings == Settings(trusted=("env@b.example",))
    assert found.roots.of("any") == ()
    assert [each.path for each in found.consulted] == ["the environment"]
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


# Which policy counts


TABLE = '[tool.stigmem-review]\nfail-on = "note"\n'


@pytest.fixture
def inside() -> Path:
    """The working directory: two folders below the top of a repository, in one with a policy."""
    Path("stigmem-review.toml").write_text(POLICY, "utf-8")
    inside = Path("top/.deploy/node").absolute()
    inside.mkdir(parents=True)
    Path("top/.git").mkdir()
    os.chdir(inside)
    return inside


def test_the_policy_of_this_folder_or_the_nearest_around_it_counts(inside: Path) -> None:
    assert policy_on_disk() is None
    Path("../../stigmem-review.toml").write_text(POLICY, "utf-8")
    assert policy_on_disk() == "../../stigmem-review.toml"
    Path("../pyproject.toml").write_text(TABLE, "utf-8")
    assert policy_on_disk() == "../pyproject.toml"
    Path("stigmem-review.toml").write_text(POLICY, "utf-8")
    assert policy_on_disk() == "stigmem-review.toml"


def test_outside_a_repository_only_this_folder_counts(inside: Path) -> None:
    Path("../../.git").rmdir()
    Path("../stigmem-review.toml").write_text(POLICY, "utf-8")
    assert policy_on_disk() is None
    Path("stigmem-review.toml").write_text(POLICY, "utf-8")
    assert policy_on_disk() == "stigmem-review.toml"


def test_a_linked_work_tree_has_a_top_as_well(inside: Path) -> None:
    Path(".git").write_text("gitdir: elsewhere\n", "utf-8")
    Path("../stigmem-review.toml").write_text(POLICY, "utf-8")
    assert policy_on_disk() is None


def test_two_policies_of_one_folder_are_refused(inside: Path) -> None:
    Path("stigmem-review.toml").write_text(POLICY, "utf-8")
    Path("pyproject.toml").write_text(TABLE, "utf-8")
    with pytest.raises(
        PolicyError, match=r"two policies, .*stigmem-review\.toml and \[tool"
    ) as two:
        policy_on_disk()
    assert "pyproject.toml; keep one of them" in str(two.value)


@pytest.mark.parametrize(
    ("text", "is_policy"),
    [
        ('[project]\nname = "stigmem-review"\n', False),
        ('[project]\nname = "x"\ndependencies = ["stigmem-review"\n', False),
        ("[tool]\nstigmem-review = 3\n", True),
        ('[tool."stigmem-review"]\n', True),
        ("[tool . stigmem-review]\nfail-on = \n", True),
        ("\xff", False),
    ],
)
def test_a_project_file_is_a_policy_if_it_has_the_table(
    text: str, is_policy: bool, inside: Path
) -> None:
    Path("pyproject.toml").write_bytes(text.encode("latin-1"))
    assert policy_on_disk() == ("pyproject.toml" if is_policy else None)


def test_what_may_be_a_policy_and_cannot_be_read_is_refused(inside: Path) -> None:
    Path("pyproject.toml").mkdir()
    assert policy_on_disk() is None
    Path("stigmem-review.toml").mkdir()
    with pytest.raises(PolicyError, match=r"the policy stigmem-review\.toml: it is not a regular"):
        policy_on_disk()


# What a policy names


def test_a_policy_names_files_from_its_own_folder(inside: Path) -> None:
    Path("../node.env").write_text(SETTINGS, "utf-8")
    Path("../root.json").write_bytes(instance().root())
    named = '[node]\nenv-file = "node.env"\n[signing]\ntrust-root = "./root.json"\n'
    Path("../stigmem-review.toml").write_text(named, "utf-8")
    decisions = read_decisions("../stigmem-review.toml", None, {TRUSTED: "env@b.example"}, None)
    assert decisions.trust.settings == Settings(trusted=("file@b.example",))
    assert decisions.roots.of("any")
    assert decisions.paths == ("../stigmem-review.toml", "../node.env", "../root.json")
    same = read_decisions("../stigmem-review.toml", ".././node.env", {}, "../root.json")
    assert same.paths == decisions.paths


@pytest.mark.parametrize(("env_file", "root"), [("other.env", None), (None, "other.json")])
def test_an_option_that_names_another_file_is_refused(
    env_file: str | None, root: str | None, inside: Path
) -> None:
    named = '[node]\nenv-file = "node.env"\n[signing]\ntrust-root = "./root.json"\n'
    Path("stigmem-review.toml").write_text(named, "utf-8")
    Path("node.env").write_text(SETTINGS, "utf-8")
    with pytest.raises(PolicyError, match=r"the policy is for the .* and the option says other\."):
        read_decisions("stigmem-review.toml", env_file, {}, root)


def test_a_file_that_a_policy_names_and_that_is_not_there_is_refused(inside: Path) -> None:
    Path("stigmem-review.toml").write_text('[node]\nenv-file = "node.env"\n', "utf-8")
    with pytest.raises(PolicyError, match=r"`env-file` in \[node\], line 2: the env file n"):
        read_decisions("stigmem-review.toml", None, {}, None)
