"""``init`` and ``policy``: a first policy that is right, and what is wrong with one that is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from stigmem_review import cli
from stigmem_review.host import versions
from stigmem_review.policy.file import Policy, parse_policy
from stigmem_review.policy.schema import keys_of
from support.repository import git

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in a new repository and return its exit code and what it printed and said."""
    git(tmp_path, "init", "--quiet")
    monkeypatch.chdir(tmp_path)

    def command(*arguments: object) -> tuple[int, str, str]:
        code = cli.run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def environment(folder: Path, node: str = "0.9.0a11") -> Path:
    """Make a virtual environment with a node and plugins, that fails whoever runs or imports it."""
    packages = folder / "lib" / "python3.11" / "site-packages"
    for name, version, points in (
        ("stigmem-node", node, ""),
        ("Acme_Ledger", "1.0.0", "[stigmem.plugins]\nledger = acme_ledger:plugin_manifest\n"),
        ("library", "2.0", "[console_scripts]\nx = y:z\n"),
    ):
        info = packages / f"{name.lower().replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n", "utf-8")
        (info / "entry_points.txt").write_text(points, "utf-8")
    (packages / "acme_ledger.py").write_text("raise SystemExit(9)\n", "utf-8")
    (packages / "zzz.pth").write_text("import acme_ledger\n", "utf-8")
    (folder / "bin").mkdir()
    (folder / "bin" / "python").write_text("#!/bin/sh\nexit 9\n", "utf-8")
    return folder


@pytest.mark.parametrize("named", ["venv", "venv/bin/python", "venv/lib/python3.11/site-packages"])
def test_a_first_policy_says_what_is_there(named: str, run: Run) -> None:
    environment(Path("venv"))
    Path("node.env").write_text("STIGMEM_PLUGIN_SIGNING_REQUIRED=true\n", "utf-8")
    Path("other.env").write_text("STIGMEM_PORT=1\n", "utf-8")
    code, printed, _ = run("init", "--python", named)
    assert code == 0
    assert "stigmem-node 0.9.0a11 is installed" in printed
    assert "node.env: signatures are required, 0 trusted" in printed
    written = Path("stigmem-review.toml").read_bytes()
    policy = parse_policy(written, "stigmem-review.toml").policy
    assert (policy.node.version, policy.node.env_file) == ("0.9.0a11", "node.env")
    assert policy.fail_on == "warning"
    assert b"# acme-ledger 1.0.0 is installed.\n# [plugins.acme-ledger]\n" in written
    assert b"library" not in written
    code, printed, said = run("policy", "check")
    assert (code, said) == (0, "")
    assert printed.startswith("stigmem-review.toml: nothing to correct\n")


def test_a_first_policy_explains_every_key_and_changes_nothing_by_itself(run: Run) -> None:
    environment(Path("venv"), node="0.1.0")
    code, printed, _ = run("init", "--python", "venv")
    assert (code, "0.1.0 is installed, which this version does not know" in printed) == (0, True)
    written = Path("stigmem-review.toml").read_text("utf-8")
    assert parse_policy(written.encode(), "stigmem-review.toml").policy == Policy()
    words = " ".join(written.replace("\n# ", " ").split())
    for key in keys_of(Policy):
        if key.example is not None and "NAME" not in key.tables:
            assert f"{key.help[1:]}." in words
    for line in written.splitlines():
        assert line.startswith(("#", "fail-on")) or not line


def test_a_plugin_whose_name_goes_over_several_lines_writes_nothing_into_it(run: Run) -> None:
    packages = environment(Path("venv")) / "lib" / "python3.11" / "site-packages"
    info = packages / "odd-1.dist-info"
    info.mkdir()
    metadata = "Name: odd\n [signing]\n required = false\nVersion: 1\n"
    (info / "METADATA").write_text(metadata, "utf-8")
    (info / "entry_points.txt").write_text("[stigmem.plugins]\nodd = odd:factory\n", "utf-8")
    code, printed, _ = run("init", "--python", "venv")
    assert (code, "1 plugin installed here" in printed) == (0, True)
    assert "odd" not in Path("stigmem-review.toml").read_text("utf-8")


def test_of_several_env_files_none_is_taken(run: Run) -> None:
    for name in (".env", "node.env"):
        Path(name).write_text("STIGMEM_PLUGIN_SIGNING_REQUIRED=true\n", "utf-8")
    run("init", "--python", environment(Path("venv")))
    policy = parse_policy(Path("stigmem-review.toml").read_bytes(), "p.toml").policy
    assert policy.node.env_file is None
    Path("stigmem-review.toml").unlink()
    run("init", "--python", "venv", "--env-file", "./.env")
    policy = parse_policy(Path("stigmem-review.toml").read_bytes(), "p.toml").policy
    assert policy.node.env_file == ".env"


@pytest.mark.parametrize("there", ["stigmem-review.toml", "pyproject.toml", "../pyproject.toml"])
def test_what_is_there_is_never_written_over_or_passed_by(there: str, run: Run) -> None:
    Path("inner").mkdir()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir("inner")
        Path(there).write_text("[tool.stigmem-review]\n", "utf-8")
        before = Path(there).read_bytes()
        code, _, said = run("init")
        assert code == 2
        assert there in said
        assert Path(there).read_bytes() == before
        assert not Path("stigmem-review.toml").exists() or there == "stigmem-review.toml"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--python", "nowhere"), "nowhere is no environment"),
        (("--python", "."), ". is no environment"),
        (("--env-file", "nowhere"), "the env file nowhere"),
        (("--env-file", "bad.env"), "bad.env:1: STIGMEM_PLUGIN_SIGNING_REQUIRED is 'perhaps'"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_and_nothing_written(
    options: tuple[str, ...], says: str, run: Run
) -> None:
    Path("bad.env").write_text("STIGMEM_PLUGIN_SIGNING_REQUIRED=perhaps\n", "utf-8")
    code, _, said = run("init", *options)
    assert (code, says in said) == (2, True)
    assert not Path("stigmem-review.toml").exists()


WRONG = """\
[node]
version = "0.1.2"
env-file = "node.env"

[levels]
capability-aded = "note"
SPR001 = "off"
"""


def test_everything_that_is_wrong_is_said_at_once(run: Run) -> None:
    Path("p.toml").write_text(WRONG, "utf-8")
    code, printed, said = run("policy", "check", "p.toml")
    assert (code, printed) == (2, "")
    assert [line.split(": ", 2)[2].split(":")[0] for line in said.splitlines()] == [
        '`version` in [node], line 2, is "0.1.2", which is not known here; known are '
        f"{versions()[0]} to {versions()[-1]}",
        "`capability-aded` in [levels], line 6, is no rule",
        "`SPR001` in [levels], line 7, is off, and cannot be approved",
        "`env-file` in [node], line 3",
    ]


def test_a_policy_by_which_no_receipt_can_count_is_wrong(run: Run) -> None:
    Path("p.toml").write_text("[receipts]\nsigned = true\n", "utf-8")
    code, _, said = run("policy", "check", "p.toml")
    assert (
        code,
        "`signed` in [receipts], line 2, is true, and no signer of receipts is trusted" in said,
    ) == (
        2,
        True,
    )
    entry = 'identity = "ada@acme.example"\nissuer = "https://accounts.example.com"\n'
    for table in ("receipts", "signing"):
        text = f"[receipts]\nsigned = true\n[[{table}.trusted]]\n{entry}"
        Path("p.toml").write_text(text, "utf-8")
        assert run("policy", "check", "p.toml")[0] == 0


def test_of_a_file_with_mistakes_all_are_said(run: Run) -> None:
    Path("p.toml").write_text("a = 1\nb = 2\n", "utf-8")
    code, _, said = run("policy", "check", "p.toml")
    assert (code, said.count("unknown key")) == (2, 2)


@pytest.mark.parametrize("file", [(), ("nowhere.toml",)])
def test_a_policy_that_is_not_there_is_an_error(file: tuple[str, ...], run: Run) -> None:
    assert run("policy", "check", *file)[0] == 2


def test_every_key_is_listed_in_both_formats(run: Run) -> None:
    _, text, _ = run("policy", "keys")
    _, markdown, _ = run("policy", "keys", "--format", "markdown")
    for key in keys_of(Policy):
        assert key.help.split(";")[0][:40] in " ".join(text.split())
        assert f"`{key.name}` | {key.help}" in markdown


def test_the_schema_for_editors_takes_what_is_right_and_nothing_else(run: Run) -> None:
    schema = json.loads(run("schema", "policy")[1])
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate({"fail-on": "note", "plugins": {"x": {"levels": {"SPR201": "off"}}}})
    for wrong in ({"failon": "note"}, {"fail-on": "of"}, {"node": {"vesion": "1"}}):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate(wrong)
