"""Who signed, as a release manager reads it."""

from __future__ import annotations

from itertools import dropwhile, islice
from pathlib import Path
from typing import Any

import pytest

from stigmem_review import review
from stigmem_review.document.parts import Report
from stigmem_review.policy.file import parse_policy
from stigmem_review.policy.trusted import Trusted
from stigmem_review.report import Format, render
from stigmem_review.sources.signatures import SUFFIXES
from stigmem_review.text import flat
from support.plugins import plugin, write_wheel
from support.sigstore import GITHUB_ISSUER, Identity, instance, person, username, workflow

ADA = person("ada@acme.example")
OLD_REF, NEW_REF = "refs/tags/v1.0.0", "refs/tags/v1.0.1"
TAG, NEXT_TAG = workflow(ref=OLD_REF), workflow(ref=NEW_REF)
TRUST_ADA = "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=ada@acme.example\n"

Signers = Identity | tuple[Identity, ...] | None


@pytest.fixture
def upgrade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Review two releases that differ in their version and in who signed them, if anybody did."""
    monkeypatch.chdir(tmp_path)
    Path("root.json").write_bytes(instance().root())

    def reviewed(old: Signers, new: Signers, **options: Any) -> Report:
        wheels = []
        for version, who in (("1.0.0", old), ("1.0.1", new)):
            wheel = write_wheel(Path(version), plugin(version=version), version=version)
            several = who if isinstance(who, tuple) else (who,)
            for each, suffix in zip(filter(None, several), SUFFIXES, strict=False):
                bundle = instance().sign(wheel.read_bytes(), each)
                Path(f"{wheel}{suffix}").write_bytes(bundle)
            wheels.append(str(wheel))
        options.setdefault("trust_root", "root.json")
        return review(*wheels, **options)

    return reviewed


def first_lines(report: Report) -> str:
    return " ".join(render(report, "text").split("\n\n")[0].split())


def rows(report: Report, start: str) -> list[str]:
    """Return what is said in pairs of what begins with a word."""
    lines = render(report, "markdown").splitlines()
    return [line for line in lines if line.startswith(f"* **{start}")]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (ADA, ADA, "Signed by ada@acme.example (as before); no trust policy configured."),
        (
            TAG,
            NEXT_TAG,
            "Signed by acme/ledger, release.yml, tag v1.0.1 (as before: v1.0.0); no trust",
        ),
        (
            workflow(ref="refs/heads/main"),
            workflow(ref="refs/heads/try"),
            "Signed by acme/ledger, release.yml, branch try (before: acme/ledger, release.yml, "
            "branch main); no trust",
        ),
        (
            ADA,
            person("eve@acme.example"),
            "Signed by eve@acme.example (before: ada@acme.example); no trust policy",
        ),
        (
            ADA,
            username("ada@acme.example"),
            "Signed by ada@acme.example (before: ada@acme.example); no trust policy",
        ),
        (None, ADA, "Signed by ada@acme.example (before: not signed); no trust policy"),
        (
            ADA,
            None,
            "Not signed (before: ada@acme.example); by default the node requires",
        ),
    ],
    ids=["same", "next tag", "another branch", "another", "user name", "first", "dropped"],
)
def test_the_first_lines_say_whether_it_is_who_signed_before(
    upgrade: Any, old: Identity | None, new: Identity | None, says: str
) -> None:
    assert says in first_lines(upgrade(old, new))


def test_a_clear_upgrade_names_both_signers(upgrade: Any) -> None:
    report = upgrade(TAG, NEXT_TAG)
    assert report.verdict.state == "clear"
    text = " ".join(render(report, "text", detail="all").split())
    for ref in ("v1.0.0", "v1.0.1"):
        assert f"ref refs/tags/{ref}" in text
    assert "signed at 2025-03-04T12:00:00Z, log entry 5" in text


def test_two_unsigned_releases_are_one_remark(upgrade: Any) -> None:
    report = upgrade(None, None)
    assert report.verdict.state == "clear"
    assert render(report, "text").splitlines()[2:] == ["Not signed, as before."]
    assert "Signatures" not in render(report, "markdown")
    Path("policy.toml").write_text("[signing]\nrequired = true\n", "utf-8")
    assert " Not signed, as before" in first_lines(upgrade(None, None, policy="policy.toml"))


def test_the_checklist_says_whether_the_identity_is_expected(upgrade: Any) -> None:
    Path("node.env").write_text(TRUST_ADA, "utf-8")
    markdown = render(upgrade(ADA, ADA, env_file="node.env"), "markdown")
    assert (
        "* **signing identity expected**: yes: verified, issuer `https://accounts.example.com`, "
        "as before, trusted by STIGMEM_PLUGIN_TRUSTED_PUBLISHERS\n"
    ) in markdown


def test_a_name_that_another_issuer_vouches_for_is_not_yet_expected(upgrade: Any) -> None:
    Path("node.env").write_text(TRUST_ADA, "utf-8")
    other = person("ada@acme.example", "https://login.elsewhere.example")
    [row] = rows(upgrade(ADA, other, env_file="node.env"), "signing identity")
    assert ": to be confirmed: verified, issuer `https://login.elsewhere.example`" in row


@pytest.mark.parametrize("form", ["text", "markdown", "github"])
def test_the_lines_that_pin_a_signer_can_be_copied(upgrade: Any, form: Format) -> None:
    Path("node.env").write_text(TRUST_ADA, "utf-8")
    report = upgrade(ADA, ADA, env_file="node.env")
    printed = render(report, form, detail="all").replace("%0A", "\n")
    lines = dropwhile(lambda line: "[[signing" not in line, printed.splitlines())
    policy = parse_policy("\n".join(islice(lines, 3)).encode(), "policy.toml")
    assert policy.policy.signing.trusted == (
        Trusted(issuer="https://accounts.example.com", identity="ada@acme.example"),
    )


def test_of_several_signers_each_is_what_it_is(upgrade: Any) -> None:
    Path("node.env").write_text(TRUST_ADA, "utf-8")
    report = upgrade((ADA, TAG), (ADA, NEXT_TAG), env_file="node.env")
    [row] = [row for row in report.rows if row.field == "signed by"]
    assert {item.text: item.remark for item in row.items if item.sign != "-"} == {
        "ada@acme.example": "as before, trusted",
        "acme/ledger, release.yml, tag v1.0.1": "as before, not trusted",
    }
    [row] = rows(report, "signed by")
    assert "`ada@acme.example` (as before, trusted)" in row
    assert "`acme/ledger, release.yml, tag v1.0.1` (as before, not trusted)" in row


def test_a_signer_who_is_not_shown_is_not_called_trusted(upgrade: Any) -> None:
    names = [f"{name}@acme.example" for name in ("ada", "bob", "cy")]
    people = tuple(map(person, names))
    listed = f"STIGMEM_PLUGIN_TRUSTED_PUBLISHERS={','.join(names)}\n"
    Path("node.env").write_text(listed, "utf-8")
    said = first_lines(upgrade(people, (*people, person("eve@else.example")), env_file="node.env"))
    assert "and 1 more, trusted" not in said
    assert "(as before), trusted, bob@acme.example" in said


def test_what_could_not_be_verified_before_either_is_said_and_opens(upgrade: Any) -> None:
    upgrade(None, None)
    keyed = b'{"payload": "e30=", "payloadType": "application/vnd.in-toto+json", "signatures": []}'
    wheels = [next(Path(each).glob("*.whl")) for each in ("1.0.0", "1.0.1")]
    for each in wheels:
        Path(f"{each}.intoto.jsonl").write_bytes(keyed)
    report = review(*map(str, wheels))
    assert report.verdict.state == "clear"
    assert "The signature cannot be verified here, as before." in first_lines(report)
    [row] = [row for row in report.rows if row.field == "signed by"]
    assert [(item.sign, item.remark) for item in row.items] == [("", "as before")]
    assert [each.what for each in report.already] == ["signature-unverifiable"]


def test_an_invalid_signature_is_compared_with_nothing(upgrade: Any) -> None:
    upgrade(ADA, ADA)
    Path("1.0.1/demo_plugin-1.0.1-py3-none-any.whl.sigstore.json").write_bytes(
        instance().sign(b"another file", ADA)
    )
    wheels = [str(next(Path(each).glob("*.whl"))) for each in ("1.0.0", "1.0.1")]
    report = review(*wheels, trust_root="root.json")
    [row] = [row for row in report.rows if row.field == "signed by"]
    assert [(item.text, item.remark) for item in row.items] == [
        ("ada@acme.example", ""),
        ("the signature is invalid", ""),
    ]
    says = "Signed by ada@acme.example (before: the signature is invalid); no trust policy"
    assert says in first_lines(review(*reversed(wheels), trust_root="root.json"))


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("", "Not signed; by default the node requires signatures."),
        ("required = true", " Not signed. "),
        ("required = false", "Not signed; signatures are not required."),
    ],
)
def test_a_first_installation_that_is_not_signed_says_so(
    tmp_path: Path, said: str, says: str
) -> None:
    wheel = write_wheel(tmp_path, plugin())
    policy = tmp_path / "policy.toml"
    policy.write_text(f"[signing]\n{said}\n", "utf-8")
    report = review("none", str(wheel), policy=str(policy))
    assert says in first_lines(report)
    assert "As before" not in render(report, "markdown")
    assert rows(report, "signed by") == ["* **signed by**: now `not signed`"]


def test_one_name_from_two_issuers_is_shown_with_both(upgrade: Any) -> None:
    other = person("ada@acme.example", "https://login.elsewhere.example")
    report = upgrade(ADA, other)
    [row] = rows(report, "signed by")
    assert "`ada@acme.example by https://accounts.example.com`" in row
    assert "`ada@acme.example by https://login.elsewhere.example`" in row


def test_the_first_lines_name_both_issuers_of_one_name(upgrade: Any) -> None:
    other = person("ada@acme.example", "https://login.elsewhere.example")
    assert (
        "Signed by ada@acme.example, issued by https://login.elsewhere.example (before: "
        "https://accounts.example.com); no trust policy configured."
    ) in first_lines(upgrade(ADA, other))


def test_a_report_names_an_owner_who_is_trusted_in_any_repository(upgrade: Any) -> None:
    entry = '[[signing.trusted]]\nowner = "acme"\nissuer = "{}"\n'
    Path("policy.toml").write_text(entry.format(GITHUB_ISSUER), "utf-8")
    said = first_lines(upgrade(TAG, NEXT_TAG, policy="policy.toml"))
    assert "(as before: v1.0.0), trusted as any repository of acme." in said


def test_two_runs_of_one_workflow_are_one_signer(upgrade: Any) -> None:
    both = [(workflow(ref=ref), workflow(ref=ref, trigger="push")) for ref in (OLD_REF, NEW_REF)]
    report = upgrade(*both)
    assert report.verdict.state == "clear"
    assert first_lines(report).count("acme/ledger, release.yml, tag v1.0.1") == 1
    [row] = [row for row in report.rows if row.field == "signed by"]
    assert [item.sign for item in row.items] == ["-", "+"]


SHARED = "builds/all/.github/workflows/build.yml@refs/tags/v2"


def test_who_calls_a_shared_workflow_is_the_signer(upgrade: Any) -> None:
    acme, mallory = (
        workflow(each, builder=SHARED, repository_id=number)
        for each, number in (("acme/ledger", "1001"), ("mallory/ledger", "4004"))
    )
    report = upgrade(acme, mallory)
    assert (
        "Signed by mallory/ledger, release.yml, tag v1.0.0, built by builds/all/.github/workflows/"
        "build.yml (before: acme/ledger, release.yml, tag v1.0.0, built by"
    ) in first_lines(report)
    [row] = [row for row in report.rows if row.field == "signed by"]
    assert [(item.sign, item.text.partition(",")[0]) for item in row.items] == [
        ("-", "acme/ledger"),
        ("+", "mallory/ledger"),
    ]
    assert "error" in {each.level for each in report.findings}


def test_who_is_trusted_for_a_shared_workflow_is_not_simply_trusted(upgrade: Any) -> None:
    listed = f"STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=https://github.com/{SHARED}\n"
    Path("node.env").write_text(listed, "utf-8")
    report = upgrade(
        workflow("acme/ledger", builder=SHARED),
        workflow("acme/ledger", builder=SHARED, ref=NEW_REF),
        env_file="node.env",
    )
    assert "(as before: v1.0.0), trusted by the name of its builder alone." in first_lines(report)
    [row] = [row for row in report.rows if row.field == "signed by"]
    assert row.items[-1].remark == "as before, trusted by the name of its builder alone"
    [expected] = [each for each in report.checklist if "signing identity" in each.what]
    assert "to be confirmed" in flat(expected.says)


def test_the_annotation_says_who_made_a_clear_release(upgrade: Any) -> None:
    [first, *_] = render(upgrade(TAG, NEXT_TAG), "github").splitlines()
    assert first.startswith("::notice title=stigmem-review%3A clear::")
    assert "Signed by acme/ledger, release.yml, tag v1.0.1 (as before: v1.0.0)" in first


def test_an_identity_cannot_bend_a_report(upgrade: Any) -> None:
    report = upgrade(ADA, username("a|b`</details>\n::error::x"))
    for form in ("markdown", "text", "json"):
        printed = render(report, form)
        assert printed.isascii() or form == "markdown"
    markdown = render(report, "markdown")
    assert "a\\u{7c}b\\u{60}</details>\\u{a}\\u{3a}:error::x" in markdown
    assert "a|b" not in markdown


def test_what_cannot_be_verified_is_incomplete_where_trust_is_stated(upgrade: Any) -> None:
    unstated = upgrade(None, ADA, trust_root=None)
    assert [each.name for each in unstated.findings] == ["signature-unverifiable"]
    assert unstated.verdict.exit_code == 1
    Path("node.env").write_text(TRUST_ADA, "utf-8")
    stated = upgrade(ADA, ADA, trust_root=None, env_file="node.env")
    assert (stated.verdict.state, stated.verdict.exit_code) == ("incomplete", 3)


def test_a_bundle_with_a_statement_shows_what_it_states(upgrade: Any) -> None:
    wheel = write_wheel(Path("1.0.1"), plugin(version="1.0.1"), version="1.0.1")
    scanned = "https://acme.example/attestations/scan/v1"
    bundle = instance().sign_statement(wheel.name, wheel.read_bytes(), ADA, predicate_type=scanned)
    Path("scan.json").write_bytes(bundle)
    report = upgrade(ADA, None, new_bundle="scan.json")
    assert f"in a statement of the type `{scanned}`" in render(report, "markdown")
