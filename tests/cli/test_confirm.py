"""What a deploy job gets from ``stigmem-review confirm``: open for what was reviewed alone."""

from __future__ import annotations

import base64
import contextlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from stigmem_review.report.json import schema
from support.command import Done, run
from support.plugins import plugin, write_sdist, write_wheel
from support.shown import ROOT, block
from support.sigstore import Identity, instance, person, workflow

OLD, NEW = "demo_plugin-1.0.0-py3-none-any.whl", "demo_plugin-1.0.1-py3-none-any.whl"
VSA = "https://slsa.dev/verification_summary/v1"
ADA, EVE = person("ada@acme.example"), person("eve@acme.example")
ISSUER = "https://accounts.example.com"
RECEIPTS = ROOT / "docs" / "receipts.md"
KEY = "pkg:pypi/stigmem-review#receipt"


def confirm(*arguments: object) -> Done:
    return flowing(run("confirm", *(arguments or ("r.json",)), "--artifacts", "files"))


def flowing(done: Done) -> Done:
    """Return what was printed without its lines."""
    return done._replace(stdout=" ".join(done.stdout.split()))


@pytest.fixture
def _reviewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release that was reviewed, with its receipt, in a folder with nothing else."""
    monkeypatch.chdir(tmp_path)
    write_wheel(Path("before"), plugin())
    write_wheel(Path("files"), plugin(version="1.0.1"), version="1.0.1")
    assert run("diff", f"before/{OLD}", f"files/{NEW}", "--receipt", "r.json")[0] == 0


pytestmark = pytest.mark.usefixtures("_reviewed")


def changed(change: Callable[[dict[str, Any]], object], name: str = "r.json") -> None:
    """Write the receipt with a change."""
    receipt = json.loads(Path("r.json").read_bytes())
    change(receipt)
    Path(name).write_text(json.dumps(receipt))


def dated(time: datetime) -> Callable[[dict[str, Any]], object]:
    said = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    return lambda receipt: receipt["predicate"].update(timeVerified=said)


def test_what_was_reviewed_is_confirmed() -> None:
    code, out, said = confirm()
    assert (code, said) == (0, "")
    assert out.startswith("CONFIRMED | files 1 plugin is what was reviewed.")
    assert f"demo-plugin 1.0.1: as reviewed at files/{NEW} receipt r.json, of 2" in out


def test_one_other_byte_is_refused() -> None:
    write_wheel(Path("files"), plugin(version="1.0.1") | {"demo_plugin/x.py": ""}, version="1.0.1")
    code, out, _ = confirm()
    assert code == 1
    assert "these are not the bytes that were reviewed" in out


def test_a_plugin_without_a_receipt_is_refused_wherever_it_lies() -> None:
    write_wheel(Path("files/below"), plugin("other-plugin"), name="other-plugin")
    code, out, _ = confirm()
    assert code == 1
    assert "other-plugin 1.0.0: REFUSED" in out
    assert "it is a plugin without a receipt" in out


def test_libraries_need_none_and_are_counted() -> None:
    write_wheel(Path("files"), {"a.py": ""}, name="a", entry_points="")
    write_wheel(Path("files"), {"b.py": ""}, name="b", entry_points="")
    code, out, _ = confirm()
    assert code == 0
    assert "1 plugin is what was reviewed. 2 others are no plugins." in out


def test_a_plugin_that_is_not_there_is_refused() -> None:
    Path("files", NEW).unlink()
    code, out, _ = confirm()
    assert code == 1
    assert "demo-plugin: r.json is about it, and it is not there" in out


def test_a_review_that_did_not_pass_confirms_nothing() -> None:
    gains = plugin(version="1.0.1", capabilities=("facts.read", "network.outbound"))
    write_wheel(Path("files"), gains, version="1.0.1")
    assert run("diff", f"before/{OLD}", f"files/{NEW}", "--receipt", "r.json")[0] == 1
    code, out, _ = confirm()
    assert code == 1
    assert "the review of it (blocked) did not pass" in out
    approved = run("approve", f"before/{OLD}", f"files/{NEW}", "--by", "M", "--reason", "CHG-1")
    assert approved[0] == 0
    assert run("diff", f"before/{OLD}", f"files/{NEW}", "--receipt", "later.json")[0] == 0
    changed(dated(datetime.now(UTC) - timedelta(hours=1)))
    assert confirm("r.json", "later.json")[0] == 0
    Path("r.json").rename("first.json")
    Path("later.json").rename("r.json")
    changed(dated(datetime.now(UTC) - timedelta(days=1)))
    assert confirm("r.json", "first.json")[0] == 1  # the newest counts


@pytest.mark.parametrize(
    ("days", "code"), [(0, 0), (89, 0), (91, 1), (-0.001, 0), (-1, 1)], ids=str
)
def test_a_receipt_counts_as_long_as_the_policy_says(days: float, code: int) -> None:
    Path("stigmem-review.toml").write_text("[receipts]\nlongest-days = 90\n")
    changed(dated(datetime.now(UTC) - timedelta(days=days)))
    found, out, _ = confirm()
    assert found == code
    if code:
        said = "it is 91 days old; the policy allows 90" if days > 0 else "it is from 2"
        assert said in out


def test_of_two_reviews_at_one_time_the_one_that_did_not_pass_counts() -> None:
    changed(lambda each: each["predicate"].update(verificationResult="FAILED"), "failed.json")
    assert confirm("r.json", "failed.json")[0] == 1
    assert confirm("failed.json", "r.json")[0] == 1


def against_itself(receipt: dict[str, Any]) -> None:
    review = receipt["predicate"][KEY]
    digest = review["artifact"]["digest"]
    review["previous"] = {"name": NEW, "version": "1.0.1", "back": True, "digest": digest}


def as_installed(receipt: dict[str, Any]) -> None:
    previous = {"name": "demo_plugin-1.0.1.dist-info", "version": "1.0.1.0", "back": False}
    receipt["predicate"][KEY]["previous"] = previous


@pytest.mark.parametrize("change", [against_itself, as_installed])
@pytest.mark.parametrize("back", [[], ["--back"]], ids=str)
def test_a_release_that_was_compared_with_itself_was_not_reviewed(
    change: Callable[[dict[str, Any]], None], back: list[str]
) -> None:
    changed(change, "same.json")
    code, out, _ = confirm("same.json", *back)
    assert code == 1
    assert "it compares demo-plugin 1.0.1 with itself, which reviews nothing of it" in out


@pytest.mark.parametrize("result", ["PASSED", "FAILED"])
def test_what_compares_a_release_with_itself_changes_nothing_of_its_review(result: str) -> None:
    changed(against_itself, "same.json")
    changed(dated(datetime.now(UTC) - timedelta(hours=1)), "r.json")
    changed(lambda each: each["predicate"].update(verificationResult=result), "r.json")
    assert confirm("r.json", "same.json")[0] == (0 if result == "PASSED" else 1)
    assert confirm("same.json", "r.json")[0] == (0 if result == "PASSED" else 1)


def test_a_release_that_was_compared_with_itself_and_failed_fails() -> None:
    changed(against_itself, "same.json")
    same = json.loads(Path("same.json").read_bytes())
    same["predicate"].update(verificationResult="FAILED", timeVerified="2100-01-01T00:00:00Z")
    Path("same.json").write_text(json.dumps(same))
    assert confirm("r.json", "same.json")[0] == 1


def test_what_ran_before_counts_though_it_was_compared_with_itself() -> None:
    Path("files", NEW).unlink()
    Path("before", OLD).rename(Path("files", OLD))
    assert run("diff", f"files/{OLD}", f"files/{OLD}", "--receipt", "same.json")[0] == 0
    assert confirm("r.json", "same.json")[0] == 1
    code, out, _ = confirm("r.json", "same.json", "--back")
    assert (code, "demo-plugin 1.0.0: as it ran before" in out) == (0, True)


@pytest.mark.parametrize(("exit_code", "state"), [(1, "blocked"), (3, "incomplete")])
def test_a_receipt_that_contradicts_itself_did_not_pass(exit_code: int, state: str) -> None:
    verdict = {"exitCode": exit_code, "state": state}
    changed(lambda each: each["predicate"][KEY]["verdict"].update(verdict))
    code, out, _ = confirm()
    assert (code, f"the review of it ({state}) did not pass" in out) == (1, True)
    assert run("receipt", "r.json")[0] == 1


def test_going_back_is_confirmed_where_it_is_asked_for() -> None:
    Path("files", NEW).unlink()
    Path("before", OLD).rename(Path("files", OLD))
    code, out, _ = confirm()
    assert code == 1
    assert "it is what ran before 1.0.1, by r.json, and it has no receipt of its own" in out
    code, out, _ = confirm("r.json", "--back")
    assert code == 0
    assert "demo-plugin 1.0.0: as it ran before" in out
    changed(lambda each: each["predicate"][KEY]["previous"].update(back=False))
    assert confirm("r.json", "--back")[0] == 1


def test_another_name_for_the_same_bytes_is_refused() -> None:
    other = "demo_plugin-1.0.2-py3-none-any.whl"
    Path("files", NEW).rename(Path("files", other))
    code, out, _ = confirm()
    assert code == 1
    assert "it was reviewed as demo-plugin 1.0.1, and has another name" in out


def test_an_sdist_is_asked_whether_it_is_a_plugin() -> None:
    write_sdist(Path("files"), plugin("other-plugin"), name="other-plugin")
    code, out, _ = confirm()
    assert code == 1
    assert "other-plugin 1.0.0: REFUSED" in out


@pytest.mark.parametrize("name", ["other_plugin-1.0.0-py3-none-any.whl", "other-1.0.zip"])
def test_what_cannot_be_read_confirms_nothing(name: str) -> None:
    Path("files", name).write_bytes(b"PK")
    code, out, said = confirm()
    assert code == 3
    assert out.startswith("INCOMPLETE | files 1 thing could not be read")
    assert name in said


def test_what_is_behind_a_link_is_not_passed_over() -> None:
    write_wheel(Path("elsewhere"), plugin("other-plugin"), name="other-plugin")
    Path("files", "more").symlink_to(Path("elsewhere").resolve())
    code, out, said = confirm()
    assert (code, out.startswith("INCOMPLETE | files 1 thing")) == (3, True)
    assert "files/more: it is a link to a folder, which is not followed; put the files" in said
    Path("files", "more").unlink()
    Path("linked").symlink_to("files")
    assert run("confirm", "r.json", "--artifacts", "linked")[0] == 0


def test_a_folder_that_cannot_be_listed_confirms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = Path("files", "inner")
    inner.mkdir()
    listed = os.scandir

    def refusing(path: Any = ".") -> Any:
        if Path(path) == inner:  # as it is for whoever is not the super-user
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    assert confirm()[0] == 0
    monkeypatch.setattr(os, "scandir", refusing)
    code, out, said = confirm()
    assert (code, out) == (3, "")
    assert "files/inner cannot be listed: Permission denied" in said


def test_json_says_the_same_and_validates() -> None:
    done = run("confirm", "r.json", "--artifacts", "files", "--format", "json")
    document = json.loads(done.stdout)
    jsonschema.Draft202012Validator(schema("confirm")).validate(document)
    [found] = document["plugins"]
    assert document["exit_code"] == done.returncode == 0
    assert (found["plugin"], found["refused"]) == ("demo-plugin", [])


@pytest.mark.parametrize(
    "arguments",
    [
        ("r.json",),
        ("r.json", "--artifacts", "nowhere"),
        ("r.json", "--artifacts", ""),
        ("r.json", "--artifacts", "r.json"),
        ("nowhere.json", "--artifacts", "files"),
        ("files", "--artifacts", "files"),
        ("--artifacts", "files"),
        ("r.json", "--artifacts", "files", "--policy", "nowhere.toml"),
        ("r.json", "--artifacts", "files", "--signed-by"),
    ],
    ids=" ".join,
)
def test_a_wrong_request_is_one_line(arguments: tuple[str, ...]) -> None:
    code, out, said = flowing(run("confirm", *arguments))
    assert (code, out) == (2, "")
    assert len(said.splitlines()) == 1


# Receipts that somebody signed


def signed(who: Identity = ADA, name: str = "signed.json", **how: Any) -> None:
    statement = Path("r.json").read_bytes()
    bundle = instance().sign_statement(NEW, b"", who, payload=statement, **how)
    Path(name).write_bytes(bundle)


@pytest.fixture
def _trusting(_reviewed: None) -> None:
    Path("root.json").write_bytes(instance().root())
    Path("stigmem-review.toml").write_text(
        '[signing]\ntrust-root = "root.json"\n[[receipts.trusted]]\n'
        f'identity = "ada@acme.example"\nissuer = "{ISSUER}"\n'
    )


@pytest.mark.usefixtures("_trusting")
def test_a_signed_receipt_counts_for_who_signed_it() -> None:
    signed()
    code, out, _ = confirm("signed.json", "--signed-by")
    assert code == 0
    assert "signer ada@acme.example" in out
    assert confirm("signed.json")[0] == 0


@pytest.mark.usefixtures("_trusting")
def test_an_unsigned_one_does_not_count_and_does_no_harm_beside_it() -> None:
    code, out, _ = confirm("r.json", "--signed-by")
    assert code == 1
    assert "r.json: it is not signed" in out
    signed()
    changed(lambda each: each["predicate"].update(verificationResult="FAILED"))
    assert confirm("signed.json", "r.json", "--signed-by")[0] == 0


@pytest.mark.usefixtures("_trusting")
def test_a_stranger_does_not_count() -> None:
    signed(EVE)
    code, out, _ = confirm("signed.json", "--signed-by")
    assert code == 1
    assert "it is signed by eve@acme.example" in out
    assert confirm("signed.json")[0] == 0


@pytest.mark.usefixtures("_trusting")
@pytest.mark.parametrize(("who", "code"), [("ada@acme.example", 0), ("eve@acme.example", 1)])
def test_one_signer_alone_can_be_asked_for(who: str, code: int) -> None:
    signed()
    assert confirm("signed.json", "--signed-by", who)[0] == code


def test_a_workflow_signs_receipts_and_the_policy_can_require_it() -> None:
    Path("root.json").write_bytes(instance().root())
    Path("stigmem-review.toml").write_text(
        '[signing]\ntrust-root = "root.json"\n[receipts]\nsigned = true\n[[receipts.trusted]]\n'
        'repository = "https://github.com/acme/deploy"\nref = "refs/heads/main"\n'
        'workflow = ".github/workflows/plugins.yml"\n'
        'issuer = "https://token.actions.githubusercontent.com"\n'
    )
    assert confirm()[0] == 1
    home = {"path": ".github/workflows/plugins.yml"}
    signed(workflow("acme/deploy", ref="refs/heads/main", **home))
    assert confirm("signed.json", "--signed-by", "https://github.com/acme/deploy")[0] == 0
    assert confirm("signed.json", "--signed-by", "https://github.com/acme/ledger")[0] == 1
    signed(workflow("acme/deploy", ref="refs/heads/other", **home))
    assert confirm("signed.json")[0] == 1


@pytest.mark.usefixtures("_trusting")
def test_those_who_sign_plugins_are_trusted_unless_others_are_named() -> None:
    signed(EVE)
    policy = Path("stigmem-review.toml")
    policy.write_text(policy.read_text().replace("ada@", "eve@").replace("receipts.", "signing."))
    assert confirm("signed.json", "--signed-by")[0] == 0


@pytest.mark.usefixtures("_trusting")
def test_what_was_changed_after_it_was_signed_does_not_count() -> None:
    changed(lambda each: each["predicate"].update(verificationResult="FAILED"), "failed.json")
    passed = Path("r.json").read_bytes()
    Path("failed.json").replace("r.json")
    signed()
    Path("r.json").write_bytes(passed)
    bundle = json.loads(Path("signed.json").read_bytes())
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(passed).decode()
    Path("forged.json").write_text(json.dumps(bundle))
    code, out, _ = confirm("forged.json", "--signed-by")
    assert code == 1
    assert "its signature is invalid" in out


@pytest.mark.usefixtures("_trusting")
def test_a_large_receipt_can_be_signed() -> None:
    def grow(receipt: dict[str, Any]) -> None:
        files = receipt["predicate"][KEY]["files"]
        files |= {f"site-packages/demo_plugin/data/{n}.json": "0" * 64 for n in range(5000)}

    changed(grow)
    signed()
    assert Path("signed.json").stat().st_size > 512 * 1024
    assert confirm("signed.json", "--signed-by")[0] == 0


def test_what_the_documentation_signs_is_what_its_policy_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from sigstore import oidc, sign
    from sigstore.dsse import Statement
    from sigstore.models import Bundle, ClientTrustConfig

    who = workflow("acme/deployment", ".github/workflows/plugins.yml", "refs/heads/main")

    class Signer:
        """Signs as the public instance would for that workflow, in the miniature one."""

        def sign_dsse(self, statement: Statement) -> Bundle:
            signed = instance().sign_statement(NEW, b"", who, payload=statement._contents)
            return Bundle.from_json(signed)

    class Context:
        def signer(self, token: str) -> contextlib.AbstractContextManager[Signer]:
            assert token == "of the job"
            return contextlib.nullcontext(Signer())

    monkeypatch.setattr(oidc, "detect_credential", lambda: "of the job")
    monkeypatch.setattr(oidc, "IdentityToken", str)
    monkeypatch.setattr(ClientTrustConfig, "production", lambda: "public")
    monkeypatch.setattr(sign.SigningContext, "from_trust_config", lambda _: Context())
    Path("r.json").rename("acme-ledger.json")
    exec(block("signer", RECEIPTS).text, {})
    Path("stigmem-review.toml").write_text(block("deploying", RECEIPTS).text)
    Path("root.json").write_bytes(instance().root())
    taken = ("acme-ledger.sigstore.json", "--trust-root", "root.json")
    assert confirm(*taken)[0] == 0
    assert confirm("acme-ledger.json", "--trust-root", "root.json")[0] == 1
