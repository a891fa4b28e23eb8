"""What the action compares, from the events as the runner describes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stigmem_review.cli.action import Revisions, merged_into, revisions
from stigmem_review.errors import UsageError
from support.repository import Deployment, git

BASE, HEAD, MERGE = "1" * 40, "2" * 40, "3" * 40
REQUEST = {"pull_request": {"base": {"sha": BASE, "ref": "main"}, "head": {"sha": HEAD}}}
GROUP = {"merge_group": {"base_sha": BASE, "head_sha": HEAD}}
PUSH = {"before": BASE, "after": HEAD}


def environment(folder: Path, name: str, payload: Any, **more: str) -> dict[str, str]:
    path = folder / "event.json"
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload), "utf-8")
    return {
        "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_SHA": MERGE,
        **more,
    }


@pytest.mark.parametrize(
    ("name", "payload", "wanted"),
    [
        # What would be deployed is the merge of the request, not its own last commit.
        ("pull_request", REQUEST, Revisions(BASE, MERGE, exact=False)),
        ("merge_group", GROUP, Revisions(BASE, HEAD, exact=False)),
        ("push", PUSH, Revisions(BASE, MERGE, exact=True)),
    ],
)
def test_the_event_says_it(name: str, payload: Any, wanted: Revisions, tmp_path: Path) -> None:
    assert revisions(environment(tmp_path, name, payload)) == wanted


@pytest.mark.parametrize("name", ["pull_request", "push", "workflow_dispatch", "schedule"])
def test_the_inputs_go_first(name: str, tmp_path: Path) -> None:
    given = environment(tmp_path, name, {}, INPUT_BASE=" v1 ", INPUT_HEAD="v2")
    assert revisions(given)[:2] == ("v1", "v2")


def test_a_dispatch_needs_only_the_base(tmp_path: Path) -> None:
    given = environment(tmp_path, "workflow_dispatch", {}, INPUT_BASE="v1")
    assert revisions(given) == Revisions("v1", MERGE, exact=False)
    del given["GITHUB_SHA"], given["GITHUB_EVENT_PATH"]
    assert revisions(given).head == "HEAD"


@pytest.mark.parametrize("inputs", [{}, {"INPUT_BASE": "v1", "INPUT_HEAD": "v2"}])
def test_a_run_with_the_rights_of_the_base_is_refused(
    inputs: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="pull_request_target is refused"):
        revisions(environment(tmp_path, "pull_request_target", REQUEST, **inputs))


@pytest.mark.parametrize(
    ("name", "payload", "said"),
    [
        ("push", {"before": "0" * 40}, "made a new branch"),
        ("push", {"before": "0" * 40, "ref": "refs/heads/x"}, "made a new branch"),
        ("push", {"before": "0" * 40, "ref": "refs/tags/v1"}, "made a new tag"),
        ("schedule", {}, "the event schedule does not say"),
        ("", {}, "the event (none) does not say"),
        ("pull_request", {}, "the event has no pull_request.base.sha"),
        ("pull_request", {"pull_request": {"base": {"sha": 7}}}, "pull_request.base.sha"),
        ("pull_request", {"pull_request": None}, "pull_request.base.sha"),
        ("merge_group", {"merge_group": {"base_sha": BASE}}, "merge_group.head_sha"),
        ("push", [], "the event has no before"),
        ("push", "{", "event.json cannot be read"),
        ("push", "[" * 100_000, "event.json cannot be read"),
    ],
)
def test_what_cannot_be_told_says_what_to_give(
    name: str, payload: Any, said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=said.replace("(", r"\(").replace(")", r"\)")):
        revisions(environment(tmp_path, name, payload))


@pytest.fixture
def merged(tmp_path: Path) -> dict[str, str]:
    """A request from an old base, and the merge of it into a base that has moved on."""
    team = Deployment(tmp_path / "team")

    def run(*command: str) -> str:
        return git(team.folder, *command)

    old = team.commit({"requirements.txt": "a==1\n"})
    run("checkout", "--quiet", "-b", "request")
    head = team.commit({"requirements.txt": "a==1\n", "b": "1"})
    run("checkout", "--quiet", "-B", "main", old)
    first = team.commit({"requirements.txt": "a==2\n"})
    later = team.commit({"requirements.txt": "a==2\n", "c": "1"})
    run("checkout", "--quiet", "--detach", first)
    run("merge", "--quiet", "--no-ff", "--message", "merge", head)
    merge = run("rev-parse", "HEAD")
    return {"folder": str(team.folder), "old": old, "head": head, "first": first,
            "later": later, "merge": merge}  # fmt: skip


def base_of(merged: Mapping[str, str], tmp_path: Path, head: str = "", **more: str) -> str:
    request = {
        "base": {"sha": merged["old"], "ref": "main"},
        "head": {"sha": head or merged["head"]},
    }
    around = environment(tmp_path, "pull_request", {"pull_request": request}, **more)
    around["GITHUB_SHA"] = merged["merge"]
    found = merged_into(Path(merged["folder"]), revisions(around), around)
    assert found.head == merged["merge"] or more
    # Whoever decides has the commit that was proposed, and not the merge of it.
    assert found.shown == (merged["head"] if found.base != merged["old"] else "")
    return found.base


def test_a_request_is_held_against_what_it_is_merged_into(
    merged: dict[str, str], tmp_path: Path
) -> None:
    assert base_of(merged, tmp_path) == merged["first"]


@pytest.mark.parametrize(("fetched", "base"), [("first", "first"), ("later", "later"),
                                               ("old", "first"), ("head", "first")])  # fmt: skip
def test_the_base_branch_as_it_was_fetched_says_how_to_review(
    fetched: str, base: str, merged: dict[str, str], tmp_path: Path
) -> None:
    git(Path(merged["folder"]), "update-ref", "refs/remotes/origin/main", merged[fetched])
    assert base_of(merged, tmp_path) == merged[base]


def test_what_is_no_merge_of_the_request_is_held_against_what_the_event_says(
    merged: dict[str, str], tmp_path: Path
) -> None:
    assert base_of(merged, tmp_path, head=merged["later"]) == merged["old"]
    assert base_of(merged, tmp_path, INPUT_BASE=merged["old"]) == merged["old"]
    assert base_of({**merged, "merge": merged["later"]}, tmp_path) == merged["old"]
