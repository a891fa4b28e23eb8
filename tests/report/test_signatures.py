"""Who signed, as a release manager reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stigmem_review import review
from stigmem_review.document import Report
from stigmem_review.report import render
from support.plugins import plugin, write_wheel
from support.sigstore import Identity, instance, person, username, workflow

ADA = person("ada@acme.example")
TAG = workflow(ref="refs/tags/v1.0.0")
NEXT_TAG = workflow(ref="refs/tags/v1.0.1")


@pytest.fixture
def upgrade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Review two releases that differ in their version and in who signed them."""
    monkeypatch.chdir(tmp_path)
    Path("root.json").write_bytes(instance().root())

    def reviewed(old: Identity | None, new: Identity | None, **options: Any) -> Report:
        wheels = []
        for version, who in (("1.0.0", old), ("1.0.1", new)):
            wheel = write_wheel(Path(version), plugin(version=version), version=version)
            if who:
                bundle = instance().sign(wheel.read_bytes(), who)
                Path(f"{wheel}.sigstore.json").write_bytes(bundle)
            wheels.append(str(wheel))
        options.setdefault("trust_root", "root.json")
        return review(*wheels, **options)

    return reviewed


def first_lines(report: Report) -> str:
    return " ".join(render(report, "text").split("\n\n")[0].split())


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (ADA, ADA, "It is signed by the same signer as before; nobody said whom to trust."),
        (TAG, NEXT_TAG, "It is signed by the same workflow as before, at another ref;"),
        (ADA, person("eve@acme.example"), "It is signed by somebody else than before;"),
        (None, ADA, "It is signed, which the old release was not;"),
        (ADA, None, "It is not signed, and the old release is."),
    ],
    ids=["same", "next tag", "another", "first", "dropped"],
)
def test_the_first_lines_say_whether_it_is_who_signed_before(
    upgrade: Any, old: Identity | None, new: Identity | None, says: str
) -> None:
    assert says in first_lines(upgrade(old, new))


def test_a_clear_upgrade_names_both_signers(upgrade: Any) -> None:
    report = upgrade(TAG, NEXT_TAG)
    assert report.verdict.state == "clear"
    text = " ".join(render(report, "text").split())
    for ref in ("v1.0.0", "v1.0.1"):
        assert f"ref refs/tags/{ref}" in text
    assert "signed at 2025-03-04T12:00:00Z, log entry 5" in text


def test_two_unsigned_releases_are_one_remark(upgrade: Any) -> None:
    report = upgrade(None, None)
    assert report.verdict.state == "clear"
    assert "as before: not signed" in " ".join(render(report, "text").split())
    assert "Signatures" not in render(report, "markdown")


def test_the_checklist_says_whether_the_identity_is_expected(upgrade: Any) -> None:
    Path("node.env").write_text("STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=ada@acme.example\n", "utf-8")
    markdown = render(upgrade(ADA, ADA, env_file="node.env"), "markdown")
    assert (
        "| signing identity expected | yes: verified, issuer `https://accounts.example.com`, "
        "same signer, trusted by STIGMEM_PLUGIN_TRUSTED_PUBLISHERS |"
    ) in markdown


def test_one_name_from_two_issuers_is_shown_with_both(upgrade: Any) -> None:
    other = person("ada@acme.example", "https://login.elsewhere.example")
    markdown = render(upgrade(ADA, other), "markdown")
    [row] = [line for line in markdown.splitlines() if line.startswith("| signed by")]
    assert "`ada@acme.example by https://accounts.example.com`" in row
    assert "`ada@acme.example by https://login.elsewhere.example`" in row


def test_an_identity_cannot_bend_a_report(upgrade: Any) -> None:
    report = upgrade(ADA, username("a|b`</details>\n::error::x"))
    for form in ("markdown", "text", "json"):
        printed = render(report, form)
        assert printed.isascii() or form == "markdown"
    markdown = render(report, "markdown")
    assert "a\\u{7c}b\\u{60}</details>\\u{a}\\u{3a}:error::x" in markdown
    assert "a|b" not in markdown


def test_what_cannot_be_verified_is_incomplete_where_trust_is_stated(upgrade: Any) -> None:
    Path("node.env").write_text("STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=ada@acme.example\n", "utf-8")
    stated = upgrade(ADA, ADA, trust_root=None, env_file="node.env")
    assert (stated.verdict.state, stated.verdict.exit_code) == ("incomplete", 3)
    unstated = upgrade(ADA, ADA, trust_root=None)
    assert [each.name for each in unstated.findings] == ["signature-unverifiable"]
    assert unstated.verdict.exit_code == 1
