"""Which policy the commands go by, as a user has it in a repository."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stigmem_review import cli
from support.plugins import HANDLERS, plugin, write_project, write_wheel
from support.repository import git

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command and return its exit code and what it printed and said."""

    def command(*arguments: object) -> tuple[int, str, str]:
        code = cli.run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new repository with a policy in its top folder, and a folder in it to work in."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "deploy").mkdir()
    monkeypatch.chdir(tmp_path / "deploy")
    write_wheel(tmp_path, plugin())
    gains = plugin(version="1.0.1", capabilities=("facts.read", "network.outbound"))
    write_wheel(tmp_path, gains, version="1.0.1")
    return tmp_path


OLD, NEW = "../demo_plugin-1.0.0-py3-none-any.whl", "../demo_plugin-1.0.1-py3-none-any.whl"
LAX = '[levels]\ncapability-added = "note"\nsemver-mismatch = "note"\n'


def test_a_review_goes_by_the_policy_of_the_repository_and_names_it(
    run: Run, repository: Path
) -> None:
    (repository / "stigmem-review.toml").write_text(LAX, "utf-8")
    code, printed, _ = run("diff", OLD, NEW)
    assert code == 0
    assert "policy" not in printed.partition("CLEAR")[0]
    _, printed, _ = run("diff", OLD, NEW, "--all")
    assert "\n  policy: ../stigmem-review.toml, SHA-256\n" in printed


def test_isolated_reads_none(run: Run, repository: Path) -> None:
    (repository / "stigmem-review.toml").write_text("no TOML", "utf-8")
    code, printed, _ = run("diff", OLD, NEW, "--isolated")
    assert code == 1
    assert "policy:" not in printed
    assert run("signer", OLD, "--isolated")[0] == 1
    assert run("check", OLD, "--isolated")[0] == 0


@pytest.mark.parametrize("command", [("diff", OLD, NEW), ("signer", OLD), ("check", OLD)])
def test_a_policy_that_is_wrong_is_a_configuration_error(
    command: tuple[str, ...], run: Run, repository: Path
) -> None:
    (repository / "stigmem-review.toml").write_text('failon = "note"\n', "utf-8")
    code, printed, said = run(*command)
    assert (code, printed) == (2, "")
    assert said == (
        "stigmem-review: the policy ../stigmem-review.toml: unknown key `failon`, line 1: did you "
        "mean `fail-on`?\n"
    )


def test_a_policy_that_is_named_counts_and_no_other(run: Run, repository: Path) -> None:
    (repository / "stigmem-review.toml").write_text("no TOML", "utf-8")
    (repository / "other.toml").write_text('fail-on = "error"\n' + LAX, "utf-8")
    assert run("diff", OLD, NEW, "--policy", "../other.toml")[0] == 0
    code, _, said = run("diff", OLD, NEW, "--policy", "../other.toml", "--fail-on", "note")
    assert (code, said) == (1, "")


@pytest.mark.parametrize("command", [("diff", OLD, NEW), ("signer", OLD), ("check", OLD)])
def test_one_policy_and_none_is_a_usage_error(
    command: tuple[str, ...], run: Run, repository: Path
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(*command, "--isolated", "--policy", "p.toml")
    assert stopped.value.code == 2


def test_a_bump_cannot_do_without_its_policy(run: Run, repository: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("bump", "HEAD", "--isolated")
    assert stopped.value.code == 2


def test_an_option_cannot_put_the_gate_of_a_check_above_the_policys(
    run: Run, repository: Path
) -> None:
    (repository / "stigmem-review.toml").write_text('fail-on = "note"\n', "utf-8")
    code, _, said = run("check", OLD, "--fail-on", "error")
    assert (code, "is looser than the policy's note" in said) == (2, True)


MISSING = '[levels]\nimport-missing = "note"\n'


def test_what_is_staged_is_checked_by_the_policy_that_is_staged(run: Run, repository: Path) -> None:
    files = plugin(handlers=f"import acme_absent\n\n{HANDLERS}")
    write_project(repository / "deploy" / "demo", files)
    policy = repository / "stigmem-review.toml"
    git(repository, "add", "--all")
    policy.write_text(MISSING, "utf-8")
    assert run("check", "--staged", "demo")[0] == 1
    git(repository, "add", "--all")
    policy.write_text("no TOML", "utf-8")
    code, printed, _ = run("check", "--staged", "demo")
    assert code == 0
    assert "1 finding lowered by the policy" in printed
    assert "  policy  stigmem-review.toml, SHA-256 " in " ".join(printed.split("\n"))
    assert run("check", "--staged", "demo", "--isolated")[0] == 1
    assert run("check", "--staged", "demo", "--policy", "../stigmem-review.toml")[0] == 0


def test_a_policy_that_is_named_and_not_staged_is_refused(run: Run, repository: Path) -> None:
    write_project(repository / "deploy" / "demo", plugin())
    git(repository, "add", "--all")
    Path("p.toml").write_text(MISSING, "utf-8")
    code, _, said = run("check", "--staged", "demo", "--policy", "p.toml")
    assert (code, "deploy/p.toml is not staged" in said) == (2, True)


def test_a_policy_outside_the_repository_is_read_where_it_is(
    run: Run, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    central = tmp_path_factory.mktemp("central") / "policy.toml"
    central.write_text(MISSING, "utf-8")
    files = plugin(handlers=f"import acme_absent\n\n{HANDLERS}")
    write_project(repository / "deploy" / "demo", files)
    git(repository, "add", "--all")
    assert run("check", "--staged", "demo", "--policy", central)[0] == 0


FORBID = '[forbid]\ncapabilities = ["network.outbound"]\n'


def test_what_the_policy_forbids_closes_every_gate(run: Run, repository: Path) -> None:
    (repository / "stigmem-review.toml").write_text(FORBID, "utf-8")
    code, printed, _ = run("diff", NEW, NEW)
    assert (code, "error  SPR751 forbidden" in printed) == (1, True)
    code, printed, _ = run("check", NEW)
    assert (code, "error: forbidden [SPR751]" in printed) == (1, True)
    assert "forbidden" not in run("diff", NEW, OLD)[1]


def test_what_the_policy_allows_opens_it_and_is_seen(run: Run, repository: Path) -> None:
    allowed = '[plugins.Demo_Plugin]\nallow.capabilities = ["network.outbound"]\n'
    (repository / "stigmem-review.toml").write_text(allowed, "utf-8")
    code, printed, _ = run("diff", OLD, NEW)
    assert code == 0
    words = " ".join(printed.split())
    assert "2 findings lowered by the policy: all turned off." in words
    assert "turned off by the policy (2 findings): capability-added" in words
    words = " ".join(run("diff", OLD, NEW, "--all")[1].split())
    assert "capability-added (SPR301) by [plugins.demo-plugin.allow]" in words
