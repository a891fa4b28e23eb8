"""The receipts that reviews write, as other tools read them."""

from __future__ import annotations

import hashlib
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sigstore.dsse import Statement

from support.command import run
from support.plugins import plugin, write_project, write_sdist, write_wheel
from support.repository import Deployment
from support.sigstore import instance, person

OLD, NEW = "demo_plugin-1.0.0-py3-none-any.whl", "demo_plugin-1.0.1-py3-none-any.whl"
FIELD = "pkg:pypi/stigmem-review#receipt"


def sha256(path: str | Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@pytest.fixture
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_wheel(Path(), plugin())
    write_wheel(Path(), plugin(version="1.0.1"), version="1.0.1")


def gaining() -> None:
    files = plugin(version="1.0.1", capabilities=("facts.read", "network.outbound"))
    write_wheel(Path(), files, version="1.0.1")


def receipt(*arguments: object, code: int = 0) -> dict[str, Any]:
    assert run("diff", *(arguments or (OLD, NEW)), "--receipt", "r.json")[0] == code
    found: dict[str, Any] = json.loads(Path("r.json").read_bytes())
    return found


@pytest.mark.usefixtures("_here")
def test_a_receipt_is_a_statement_about_the_file_that_was_reviewed() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    found = receipt()
    Statement(Path("r.json").read_bytes())  # which refuses what is no statement
    assert found["_type"] == "https://in-toto.io/Statement/v1"
    assert found["subject"] == [{"name": NEW, "digest": {"sha256": sha256(NEW)}}]
    assert found["predicateType"] == "https://slsa.dev/verification_summary/v1"
    predicate = found["predicate"]
    assert predicate["verifier"]["id"] == "pkg:pypi/stigmem-review"
    assert predicate["verifier"]["version"].keys() == {"stigmem-review"}
    assert predicate["timeVerified"].endswith("Z")
    assert before <= datetime.fromisoformat(predicate["timeVerified"]) <= datetime.now(UTC)
    assert predicate["resourceUri"] == "pkg:pypi/demo-plugin@1.0.1"
    assert predicate["verificationResult"] == "PASSED"
    assert predicate["verifiedLevels"] == ["STIGMEM_REVIEWED"]
    review = predicate[FIELD]
    assert (review["verdict"]["state"], review["verdict"]["exitCode"]) == ("clear", 0)
    assert review["node"]
    assert len(review["rules"]["sha256"]) == 64
    assert review["previous"]["digest"] == {"sha256": sha256(OLD)}
    assert review["previous"]["back"] is True


@pytest.mark.usefixtures("_here")
def test_it_says_what_the_wheel_installs_but_for_what_installers_rewrite() -> None:
    with zipfile.ZipFile(NEW) as archive:
        expected = {
            f"site-packages/{name}": hashlib.sha256(archive.read(name)).hexdigest()
            for name in archive.namelist()
            if not name.endswith("/RECORD")
        }
    assert len(expected) == 6
    assert receipt()["predicate"][FIELD]["files"] == expected


@pytest.mark.usefixtures("_here")
def test_the_predicate_alone_is_that_of_the_receipt() -> None:
    assert run("diff", OLD, NEW, "--receipt", "r.json", "--receipt-predicate", "p.json")[0] == 0
    whole = json.loads(Path("r.json").read_bytes())
    assert json.loads(Path("p.json").read_bytes()) == whole["predicate"]


@pytest.mark.usefixtures("_here")
def test_a_closed_gate_is_a_failure() -> None:
    gaining()
    predicate = receipt(code=1)["predicate"]
    assert (predicate["verificationResult"], predicate["verifiedLevels"]) == ("FAILED", ["FAILED"])
    assert predicate[FIELD]["verdict"]["exitCode"] == 1


@pytest.mark.usefixtures("_here")
def test_it_names_the_approvals_that_opened_the_gate() -> None:
    gaining()
    assert run("approve", OLD, NEW, "--by", "Mara Lind", "--reason", "CHG-4711")[0] == 0
    predicate = receipt()["predicate"]
    assert predicate["verificationResult"] == "PASSED"
    [used] = predicate[FIELD]["approvals"]
    assert (used["by"], used["reason"]) == ("Mara Lind", "CHG-4711")
    assert "SPR301 network.outbound" in " ".join(used["findings"])


@pytest.mark.usefixtures("_here")
def test_it_names_the_policy_with_its_digest() -> None:
    nothing = hashlib.sha256().hexdigest()
    assert receipt()["predicate"]["policy"]["digest"] == {"sha256": nothing}
    Path("my policy.toml").write_text('fail-on = "note"\n')
    found = receipt(OLD, NEW, "--policy", "my policy.toml")["predicate"]["policy"]
    assert found == {"uri": "my%20policy.toml", "digest": {"sha256": sha256("my policy.toml")}}


@pytest.mark.usefixtures("_here")
def test_a_first_installation_has_nothing_before_it() -> None:
    found = receipt("none", NEW, "--fail-on", "error")["predicate"][FIELD]
    assert found["previous"] is None


@pytest.mark.usefixtures("_here")
def test_a_release_against_itself_was_not_reviewed_and_both_say_so() -> None:
    code, _, said = run("diff", NEW, NEW, "--receipt", "r.json")
    assert code == 0
    assert "the receipt compares demo-plugin 1.0.1 with itself: alone it confirms nothing" in said
    predicate = json.loads(Path("r.json").read_bytes())["predicate"]
    assert predicate["verifiedLevels"] == ["STIGMEM_UNCHANGED"]


@pytest.mark.usefixtures("_here")
def test_it_names_what_signs_the_release() -> None:
    bundle = instance().sign(Path(NEW).read_bytes(), person("ada@acme.example"))
    Path(f"{NEW}.sigstore.json").write_bytes(bundle)
    [looked] = receipt(code=1)["predicate"]["inputAttestations"]
    assert looked["uri"] == f"{NEW}.sigstore.json"
    assert looked["digest"] == {"sha256": sha256(f"{NEW}.sigstore.json")}


@pytest.mark.usefixtures("_here")
def test_an_sdist_has_a_receipt_without_files() -> None:
    sdist = write_sdist(Path(), plugin())
    assert run("diff", "none", sdist, "--receipt", "r.json")[0] in (0, 1)
    found = json.loads(Path("r.json").read_bytes())
    assert found["subject"] == [{"name": sdist.name, "digest": {"sha256": sha256(sdist)}}]
    assert found["predicate"][FIELD]["files"] == {}


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize("new", ["none", "project"])
def test_what_is_no_file_has_no_receipt_and_that_is_said(new: str) -> None:
    write_project(Path("project"), plugin(), version="1.0.0")
    Path("r.json").write_text("as it was")
    code, _, said = run("diff", OLD, new, "--receipt", "r.json", "--fail-on", "error")
    assert code in (1, 2)
    assert "no receipt was written: NEW is no file" in said
    assert Path("r.json").read_text() == "as it was"


@pytest.mark.usefixtures("_here")
def test_what_could_not_be_read_never_passes() -> None:
    Path(NEW).write_bytes(Path(NEW).read_bytes()[:-30])
    code, _, said = run("diff", OLD, NEW, "--receipt", "r.json")
    assert code == 3
    assert "no receipt was written" in said
    assert not Path("r.json").exists()


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize("path", [NEW, "r.json"])
def test_a_receipt_is_written_over_nothing_else(path: str) -> None:
    before = sha256(NEW)
    code, _, said = run("diff", OLD, NEW, "--receipt", path, "--output", "json=r.json")
    assert (code, sha256(NEW), Path("r.json").exists()) == (2, before, False)
    assert "the report would be written over" in said or "two reports" in said


def deployment(folder: Path, *, gains: bool) -> tuple[Deployment, str, str]:
    """A repository in which two plugins move, one of which gains something at times."""
    lists = []
    for version in ("1.0.0", "1.0.1"):
        lines = []
        for name in ("demo-plugin", "other-plugin"):
            more = ("network.outbound",) if gains and name[0] == "o" and version[-1] == "1" else ()
            files = plugin(name, version, ("facts.read", *more))
            wheel = write_wheel(folder / "files", files, name=name, version=version)
            lines.append(f"{name}=={version} --hash=sha256:{sha256(wheel)}\n")
        lists.append("".join(lines))
    repository = Deployment(folder / "repository")
    old, new = (repository.commit({"requirements.txt": each}) for each in lists)
    return repository, old, new


@pytest.mark.parametrize("gains", [False, True])
def test_a_bump_has_a_receipt_for_each_plugin_and_they_pass_together(
    tmp_path: Path, gains: bool
) -> None:
    repository, old, new = deployment(tmp_path, gains=gains)
    file, alone = tmp_path / "r.jsonl", tmp_path / "p.jsonl"
    code, _, _ = run(
        *("bump", old, new, "--repository", repository.folder, "--receipt", file),
        *("--artifacts", tmp_path / "files", "--receipt-predicate", alone),
    )
    assert code == int(gains)
    found = [json.loads(line) for line in file.read_text().splitlines()]
    assert {each["predicate"]["resourceUri"] for each in found} == {
        "pkg:pypi/demo-plugin@1.0.1",
        "pkg:pypi/other-plugin@1.0.1",
    }
    result = "FAILED" if gains else "PASSED"
    assert {each["predicate"]["verificationResult"] for each in found} == {result}
    assert [json.loads(line) for line in alone.read_text().splitlines()] == [
        each["predicate"] for each in found
    ]


def test_a_bump_that_changes_no_plugin_writes_an_empty_file(tmp_path: Path) -> None:
    repository, old, _ = deployment(tmp_path, gains=False)
    file = tmp_path / "r.jsonl"
    file.write_text("of an earlier run")
    code, _, _ = run("bump", old, old, "--repository", repository.folder, "--receipt", file)
    assert (code, file.read_text()) == (0, "")
