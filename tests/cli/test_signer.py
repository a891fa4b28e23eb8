"""What a person sees of ``stigmem-review signer``, and what a deploy depends on: the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from stigmem_review import cli
from stigmem_review.report.json import schema
from support.plugins import plugin, write_project, write_wheel
from support.sigstore import Identity, instance, person, username, workflow

Run = Callable[..., tuple[int, str, str]]
ADA = person("ada@acme.example")
EVE = person("eve@acme.example")
ISSUER = "https://accounts.example.com"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command with the root of the instance that tests sign in."""
    monkeypatch.chdir(tmp_path)
    Path("root.json").write_bytes(instance().root())

    def command(*arguments: object, root: str = "root.json") -> tuple[int, str, str]:
        given = [str(each) for each in arguments]
        code = cli.run(["signer", *given, *(["--trust-root", root] if root else [])])
        out, err = capsys.readouterr()
        return code, out, err

    return command


def signed(who: Identity = ADA, **how: Any) -> Path:
    wheel = write_wheel(Path(), plugin())
    bundle = instance().sign(wheel.read_bytes(), who, **how)
    wheel.with_name(f"{wheel.name}.sigstore.json").write_bytes(bundle)
    return wheel


def test_it_says_who_signed(run: Run) -> None:
    code, out, err = run(signed(workflow("acme/ledger", ref="refs/tags/v1.0.0")))
    assert (code, err) == (0, "")
    shown = dict(line.strip().split(maxsplit=1) for line in out.splitlines() if " " in line.strip())
    home = "https://github.com/acme/ledger"
    assert shown["identity"] == f"{home}/.github/workflows/release.yml@refs/tags/v1.0.0"
    assert shown["issuer"] == "https://token.actions.githubusercontent.com"
    assert shown["repository"] == home
    assert shown["workflow"] == ".github/workflows/release.yml"
    assert shown["ref"] == "refs/tags/v1.0.0"
    assert shown["signed"] == "at   2025-03-04T12:00:00Z"
    assert shown["log"] == "entry   5"
    assert "no trust policy configured" in out


def test_json_says_the_same_and_validates(run: Run) -> None:
    code, out, _ = run(signed(), "--format", "json")
    document = json.loads(out)
    jsonschema.Draft202012Validator(schema("signer")).validate(document)
    [signer] = document["signature"]["signers"]
    assert (signer["identity"], signer["issuer"]) == (
        "ada@acme.example",
        "https://accounts.example.com",
    )
    assert (code, document["exit_code"], document["signature"]["status"]) == (0, 0, "verified")


def test_without_a_signature_it_fails(run: Run) -> None:
    code, out, _ = run(write_wheel(Path(), plugin()))
    assert (code, "status      unsigned" in out) == (1, True)


def test_a_list_that_names_a_shared_workflow_decides_nothing(run: Run) -> None:
    builder = "builds/all/.github/workflows/build.yml@refs/tags/v2"
    wheel = signed(workflow("mallory/ledger", builder=builder))
    listed = f"STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=https://github.com/{builder}\n"
    Path("node.env").write_text(listed, "utf-8")
    code, out, _ = run(wheel, "--env-file", "node.env")
    assert (code, "names a workflow that any repository can call" in out) == (1, True)
    entry = (
        "[[signing.trusted]]\n"
        'repository = "https://github.com/mallory/ledger"\n'
        'workflow = ".github/workflows/release.yml"\n'
        'issuer = "https://token.actions.githubusercontent.com"\n'
    )
    Path("policy.toml").write_text(entry, "utf-8")
    assert run(wheel, "--env-file", "node.env", "--policy", "policy.toml")[0] == 0


def test_a_bundle_can_be_named(run: Run) -> None:
    wheel = write_wheel(Path(), plugin())
    Path("mine.json").write_bytes(instance().sign(wheel.read_bytes(), ADA))
    code, out, _ = run(wheel, "--bundle", "mine.json")
    assert (code, "ada@acme.example" in out) == (0, True)


def test_the_signature_of_another_file_is_invalid(run: Run) -> None:
    wheel = write_wheel(Path(), plugin())
    Path("mine.json").write_bytes(instance().sign(b"another file", ADA))
    code, out, _ = run(wheel, "--bundle", "mine.json")
    assert (code, "invalid" in out, "ada@" in out) == (1, True, False)


def test_what_cannot_be_verified_here_is_told_apart(run: Run) -> None:
    code, out, _ = run(signed(), root="")
    assert (code, "unverifiable" in out, "--trust-root" in out, "ada@" in out) == (
        3,
        True,
        True,
        False,
    )


def test_trust_decides_the_exit_code(run: Run) -> None:
    wheel = signed()
    Path("node.env").write_text("STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=grace@acme.example\n", "utf-8")
    code, out, _ = run(wheel, "--env-file", "node.env")
    assert (code, "untrusted" in out) == (1, True)
    Path("stigmem-review.toml").write_text(
        '[[signing.trusted]]\nidentity = "ada@acme.example"\n'
        'issuer = "https://accounts.example.com"\n',
        "utf-8",
    )
    code, out, _ = run(wheel, "--policy", "stigmem-review.toml")
    assert (code, "trusted by entry 1 of the policy" in out) == (0, True)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ('issuer = "https://login.example"', "trusts that name from another issuer"),
        (f'issuer = "{ISSUER}"\nplugins = ["other"]', "trusts it for other plugins"),
    ],
)
def test_it_says_why_a_signer_is_not_trusted(run: Run, entry: str, says: str) -> None:
    Path("policy.toml").write_text(
        f'[[signing.trusted]]\nidentity = "ada@acme.example"\n{entry}\n', "utf-8"
    )
    code, out, _ = run(signed(), "--policy", "policy.toml")
    assert (code, f"untrusted by the policy, which {says}\n" in out) == (1, True)


def test_a_look_alike_is_shown_beside_the_trusted_one(run: Run) -> None:
    Path("node.env").write_text("STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=ada@acme.example\n", "utf-8")
    _, out, _ = run(signed(username("\u0430da@acme.example")), "--env-file", "node.env")
    assert "identity    \\u{430}da@acme.example\n" in out
    assert "PUBLISHERS; easily taken for ada@acme.example\n" in out


def test_each_of_several_signers_is_judged(run: Run) -> None:
    wheel = signed()
    Path("more.json").write_bytes(instance().sign(wheel.read_bytes(), EVE))
    Path("node.env").write_text("STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=ada@acme.example\n", "utf-8")
    code, out, _ = run(wheel, "--bundle", "more.json", "--env-file", "node.env")
    ada, eve = out.split("\n\n")[1:]
    assert (code, "trust       trusted by" in ada, "trust       untrusted by" in eve) == (
        0,
        True,
        True,
    )


def test_a_signer_whom_the_policy_requires_is_missed(run: Run) -> None:
    entry = '[[signing.trusted]]\nidentity = "{}@acme.example"\nissuer = "{}"\nrequired = true\n'
    Path("policy.toml").write_text("".join(entry.format(each, ISSUER) for each in ("ada", "eve")))
    wheel = signed()
    code, out, _ = run(wheel, "--policy", "policy.toml")
    assert (code, "absent      eve@acme.example, who has to sign it" in out) == (1, True)
    Path("more.json").write_bytes(instance().sign(wheel.read_bytes(), EVE))
    code, out, _ = run(wheel, "--bundle", "more.json", "--policy", "policy.toml")
    assert (code, "absent" in out) == (0, False)


def test_a_signature_that_is_not_read_is_named(run: Run) -> None:
    wheel = signed()
    Path(f"{wheel}.asc").write_bytes(b"-----BEGIN PGP SIGNATURE-----")
    assert f"also seen   not verified: {wheel.name}.asc\n" in run(wheel)[1]


def test_it_says_which_other_files_of_the_release_are_signed(run: Run) -> None:
    wheel = signed()
    other = wheel.with_name(wheel.name.replace("py3", "py2"))
    other.write_bytes(wheel.read_bytes())
    assert f"other files not signed: {other.name}\n" in run(wheel)[1]
    wheel.with_name(f"{wheel.name}.sigstore.json").rename(f"{other}.sigstore.json")
    code, out, _ = run(wheel)
    assert (code, f"other files signed: {other.name}\n" in out) == (1, True)
    assert "\n\n" not in out


def test_the_environment_says_whom_the_node_trusts(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STIGMEM_PLUGIN_TRUSTED_PUBLISHERS", "grace@acme.example")
    assert run(signed())[0] == 1


@pytest.mark.parametrize("source", ["project", "none", "missing.whl"])
def test_what_is_not_signed_is_refused(run: Run, source: str) -> None:
    write_project(Path("project"), plugin())
    code, out, err = run(source)
    assert (code, out) == (2, "")
    assert source in err


def test_a_root_that_is_none_is_refused_by_name(run: Run) -> None:
    wheel = write_wheel(Path(), plugin())
    Path("no-root.json").write_text("{}", "utf-8")
    code, _, err = run(wheel, root="no-root.json")
    assert (code, "no-root.json" in err) == (2, True)
