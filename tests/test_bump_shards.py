"""A change that is reviewed in shards gives the report that it gives whole, or none."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from stigmem_review import review
from stigmem_review.approvals.record import APPROVALS_FILE, Record
from stigmem_review.approvals.write import record_text
from stigmem_review.cli.options import today
from stigmem_review.pipeline.approve import Wish, propose
from stigmem_review.policy.file import ApprovalsPolicy
from stigmem_review.report import FORMATS
from support.command import Done, run
from support.plugins import plugin, write_project, write_wheel
from support.repository import Deployment

LIBRARY = {"acme_library.py": "VALUE = 1\n"}
POINTS = "[stigmem.plugins]\ndemo = demo_plugin:plugin_manifest\n"
GAIN = ("facts.read", "network.outbound")


class Fleet(NamedTuple):
    """A deployment of many plugins, and what changes of them."""

    deployment: Deployment
    wheels: Path
    base: str
    head: str

    def asked(self, *more: str) -> list[str]:
        """Return what bump is asked for."""
        folder = ("--repository", str(self.deployment.folder))
        return [self.base, self.head, *folder, "--artifacts", str(self.wheels), *more]

    def shard(self, index: int, of: int, folder: Path, *more: str) -> Path:
        """Review one shard; return its report."""
        folder.mkdir(exist_ok=True)
        path = folder / f"{index}.json"
        shard = ("--shard", f"{index}/{of}", "--output", f"json={path}")
        run("bump", *self.asked(*shard, *more), PIP_NO_INDEX="1")
        return path

    def shards(self, of: int, folder: Path, *more: str) -> list[Path]:
        """Review each shard on its own; return their reports."""
        return [self.shard(index, of, folder, *more) for index in range(1, of + 1)]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """Plugins of every outcome, libraries, and what is said of the repository itself."""
    folder = tmp_path_factory.mktemp("fleet")
    wheels = folder / "wheels"
    hashes: dict[tuple[str, str], str] = {}

    def add(name: str, version: str, files: dict[str, str], points: str = POINTS) -> None:
        wheel = write_wheel(wheels, files, name=name, version=version, entry_points=points)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        hashes[name, version] = f" --hash=sha256:{digest}"

    for letter in "abcdefghij":
        name = f"plugin-{letter}"
        gains = GAIN if letter in "bde" else ("facts.read",)
        add(name, "1.0.0", plugin(name))
        add(name, "1.1.0", plugin(name, "1.1.0", gains))
    for version in ("1.0.0", "1.1.0"):
        add("acme-library", version, LIBRARY, "")

    def pin(name: str, version: str) -> str:
        return f"{name}=={version}{hashes[name, version]}\n"

    names = [f"plugin-{letter}" for letter in "abcdefgh"]
    old = "".join(pin(name, "1.0.0") for name in [*names, "acme-library"])
    local = write_project(folder / "local", plugin("plugin-local"))
    tree = {
        f"local/{path.relative_to(local)}": path.read_text()
        for path in local.rglob("*")
        if path.is_file()
    }
    new = "".join(pin(name, "1.1.0") for name in [*names[:5], "acme-library"])
    new += f"plugin-f==1.1.0\nplugin-g==1.1.0 --hash=sha256:{'0' * 64}\nplugin-h>=1\n"
    new += "acme-absent==2.0\nacme-open>=1\n--extra-index-url https://b.example/simple\n"
    new += "this is no requirement\n"
    deployment = Deployment(folder / "deployment")
    stays = pin("plugin-i", "1.0.0") + pin("plugin-j", "1.0.0") + "acme-gone==1\nacme-lost==1\n"
    old, new = (
        f"{pins}{stays}stigmem-node=={node}\n"
        for pins, node in ((old, "0.9.0a11"), (new, "0.9.0a12"))
    )
    before = {"requirements.txt": f"{old}-e ./local\n"}
    before |= tree | {APPROVALS_FILE: record_text(_approval(wheels))}
    after = dict(before) | {"requirements.txt": f"{new}-e ./local\n", "node.env": "UNUSED=1\n"}
    after["other/requirements.txt"] = pin("plugin-a", "1.0.0")
    after["Dockerfile"] = "RUN pip install acme-made-up==3 acme-other==4 plugin-c==1.0.0\n"
    after["run.sh"] = "STIGMEM_PLUGIN_SIGNING_REQUIRED=false\n"
    for path in tree:
        after[path] = after[path].replace("('facts.read',)", repr(GAIN))
    base = deployment.commit(before)
    head = deployment.commit(after)
    return Fleet(deployment, wheels, base, head)


def _approval(wheels: Path) -> Record:
    """Approve the upgrade of one of the plugins."""
    old, new = (wheels / f"plugin_b-{version}-py3-none-any.whl" for version in ("1.0.0", "1.1.0"))
    proposal = propose(
        review(str(old), str(new)), Wish("Mara Lind", "CHG-4711"), today(), ApprovalsPolicy()
    )
    assert proposal is not None
    assert isinstance(proposal.record, Record)
    return proposal.record


@pytest.fixture(scope="module")
def wholes(fleet: Fleet) -> dict[str, Done]:
    """What the review of the whole change gives, in every format."""
    return {form: run("bump", *fleet.asked("--format", form), PIP_NO_INDEX="1") for form in FORMATS}


def without_code(done: Done) -> Done:
    """Leave out what differs of the code, which a page of HTML has and shards do not hand over."""
    code = r'<h2 class="part" id="[^"]*-code">.*?(?=</section>)'
    return done._replace(stdout=re.sub(code, "", done.stdout, flags=re.DOTALL))


@pytest.mark.parametrize(
    "of", [1, 3, *(pytest.param(each, marks=pytest.mark.thorough) for each in (2, 5, 20, 40))]
)
def test_merged_shards_are_the_report_of_the_whole(
    of: int, fleet: Fleet, wholes: dict[str, Done], tmp_path: Path
) -> None:
    paths = fleet.shards(of, tmp_path)
    for form, one in wholes.items():
        # In whatever order they come from the jobs.
        merged = run("merge", *reversed(paths), "--format", form)
        assert without_code(merged) == without_code(one)
    report = json.loads(wholes["json"].stdout)
    # Every kind of thing that shards have to bring together is there.
    assert {each["state"] for each in report["bumps"]} >= {"clear", "blocked"}
    assert len(report["bumps"]) >= 8
    assert len(report["gaps"]) >= 2
    assert report["verdict"]["approved"] >= 1
    assert len(report["findings"]) >= 3
    said = {each["what"] for each in report["others"]}
    assert {"acme-library", "other files", "stigmem-node 0.9.0a12"} <= said
    assert any("did not move" in each["why"] for each in report["gaps"])


def test_a_shard_says_that_it_is_one(fleet: Fleet) -> None:
    done = run("bump", *fleet.asked("--shard", "2/3"))
    assert "Shard 2 of 3 alone: " in done.stdout


def test_each_plugin_is_looked_at_in_one_shard(two: list[Path]) -> None:
    bumps = [json.loads(path.read_text())["bumps"] for path in two]
    one, other = ({each["plugin"] for each in shard} for shard in bumps)
    assert one & other == {"plugin-local"}
    assert min(len(one), len(other)) >= 3


@pytest.fixture(scope="module")
def two(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The reports of both shards of a change."""
    return fleet.shards(2, tmp_path_factory.mktemp("two"))


def refused(*paths: Path) -> str:
    """Merge what cannot be merged; return what is said of it."""
    done = run("merge", *paths)
    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def test_a_shard_that_is_missing_or_there_twice_is_no_review(
    fleet: Fleet, two: list[Path], tmp_path: Path
) -> None:
    assert "missing: 2/2" in refused(two[0])
    assert "more than once: 1/2" in refused(*two, two[0])
    assert "missing: 1/2" in refused(two[1])
    [alone] = fleet.shards(1, tmp_path)
    assert "different divisions (into 1, 2 shards)" in refused(*two, alone)
    assert "No such file" in refused(two[0], tmp_path / "absent.json")


def test_shards_of_different_reviews_are_no_review(
    fleet: Fleet, two: list[Path], tmp_path: Path
) -> None:
    other = fleet.deployment
    later = other.commit({"requirements.txt": "plugin-z==1\n"})
    of_another_change = fleet._replace(head=later).shard(2, 2, tmp_path / "change")
    assert "of different changes" in refused(two[0], of_another_change)
    # A policy is the one of the base, so that another one is another change.
    base = other.commit({"requirements.txt": "plugin-a==1\n", "stigmem-review.toml": "[levels]\n"})
    second = fleet._replace(base=base).shard(2, 2, tmp_path / "policy")
    assert "of different changes" in refused(two[0], second)
    tightened = fleet.shard(2, 2, tmp_path / "gate", "--fail-on", "note")
    assert "of different requests (gate)" in refused(two[0], tightened)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STIGMEM_PLUGIN_TRUSTED_PUBLISHERS", "grace@acme.example")
        trusting = fleet.shard(2, 2, tmp_path / "trust")
    assert "of different policies or settings" in refused(two[0], trusting)


def test_shards_of_another_version_are_no_review(
    fleet: Fleet, two: list[Path], tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stigmem_review.document.parts.__version__", "0.0.1")
        old = fleet.shards(2, tmp_path)
    assert "of different versions or rules" in refused(two[0], old[1])
    assert "reviewed by stigmem-review 0.0.1" in refused(*old)


def test_what_is_no_report_of_a_shard_is_no_review(
    fleet: Fleet, two: list[Path], tmp_path: Path
) -> None:
    whole = tmp_path / "whole.json"
    run("bump", *fleet.asked("--output", f"json={whole}"))
    assert "is no report of a shard" in refused(whole)
    report = json.loads(two[0].read_text())
    bad = tmp_path / "bad.json"
    work = report["shard"]["work"]
    for shard in (
        {**report["shard"], "index": 3},
        {**report["shard"], "work": work[: len(work) // 2]},
        {**report["shard"], "work": "e30="},
        {**report["shard"], "work": 7},
        "1/2",
    ):
        bad.write_text(json.dumps({**report, "shard": shard}))
        assert str(bad) in refused(bad, two[1])
    for text in ("", "{", "[" * 100_000, "[]"):
        bad.write_text(text)
        assert "is no report of a shard" in refused(bad, two[1])


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "a/b", "-1/2", "1/2/3", "\u0661/2"])
def test_a_shard_is_one_of_so_many(text: str, fleet: Fleet) -> None:
    done = run("bump", *fleet.asked(f"--shard={text}"))
    assert done.returncode == 2
    assert "no shard" in done.stderr


@pytest.mark.parametrize("more", [("--receipt", "x.json"), ("--staged",)])
def test_a_part_of_a_change_has_no_receipt(more: tuple[str, ...], fleet: Fleet) -> None:
    assert run("bump", *fleet.asked("--shard", "1/2", *more)).returncode == 2
