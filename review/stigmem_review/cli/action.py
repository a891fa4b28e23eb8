"""``stigmem-review action``: the step of the GitHub action, from its inputs to its outputs.

Everything comes from the environment, as the runner sets it: the inputs as ``INPUT_...``, the
event in ``GITHUB_EVENT_PATH``. Outputs go to ``GITHUB_OUTPUT`` and are words and numbers of ours
and paths of the runner's; the summary goes to ``GITHUB_STEP_SUMMARY``, annotations to standard
output, and the whole report to files in the folder ``REPORTS``.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from stigmem_review.errors import ReportError, ReviewError, UsageError
from stigmem_review.model import LEVELS, Level
from stigmem_review.report.budget import COMMENT_BYTES, within
from stigmem_review.text import clean, shorten
from stigmem_review.workflow import annotation, append, set_outputs

if TYPE_CHECKING:
    from stigmem_review.document.bump import BumpReport
    from stigmem_review.report import Format

_NEVER = """\
pull_request_target is refused: it runs with the rights of the base repository on what anybody \
proposes; use pull_request, which needs none of them"""

_NO_COMMIT = "0" * 40


class Revisions(NamedTuple):
    """What a run compares; ``shown`` is the commit that others know the head by, where it has one.

    The merge that a CI makes of a pull request is nowhere else.
    """

    base: str
    head: str
    exact: bool
    shown: str = ""


def add(commands: Any) -> None:
    """Add this command to the command line, unlisted: only the action calls it."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "action", description="The step of the GitHub action; it reads its environment."
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Review what the event is about; write outputs, summary and annotations."""
    try:
        return run_action(os.environ)
    except Exception as error:
        # A log is read where it is red; standard error alone would be one line among many.
        text = str(error) if isinstance(error, ReviewError) else clean(f"an error: {error!r}")
        print(annotation("error", "stigmem-review: nothing was reviewed", text), end="", flush=True)
        raise


def run_action(environment: Mapping[str, str]) -> int:
    """Run the step in an environment and return its exit code.

    Raises ``UsageError`` for an event or an input that cannot be worked with.
    """
    from stigmem_review.cli.options import today
    from stigmem_review.pipeline.bump import Wanted, review_change
    from stigmem_review.report import render

    workspace = Path(environment.get("GITHUB_WORKSPACE") or ".")
    workspace = _below(workspace, environment.get("INPUT_WORKING_DIRECTORY", "").strip())
    wanted = merged_into(workspace, revisions(environment), environment)
    artifacts = environment.get("INPUT_ARTIFACTS", "").strip()
    asked = Wanted(
        wanted.base,
        wanted.head,
        repository=str(workspace),
        artifacts=str(workspace / artifacts) if artifacts else None,
        policy=environment.get("INPUT_POLICY", "").strip() or None,
        node=environment.get("INPUT_NODE_VERSION", "").strip() or None,
        gate=_gate(environment.get("INPUT_FAIL_ON", "").strip()),
        exact=wanted.exact,
        env_file=environment.get("INPUT_ENV_FILE", "").strip() or None,
        environment=environment,
        trust_root=environment.get("INPUT_TRUST_ROOT", "").split(),
        today=today(),
        shown=wanted.shown,
    )
    report = review_change(asked).report
    verdict = report.verdict
    summary = render(report, "summary")
    print(render(report, "github"), end="")
    written = _write_reports(environment, report)
    set_outputs(
        environment,
        {
            "verdict": verdict.state,
            "exit-code": str(verdict.exit_code),
            "plugins": str(len(report.bumps)),
            "errors": str(verdict.errors),
            "warnings": str(verdict.warnings),
            "notes": str(verdict.notes),
            **written,
        },
    )
    append(environment, "GITHUB_STEP_SUMMARY", summary)
    return report.exit_code


def _write_reports(environment: Mapping[str, str], report: BumpReport) -> dict[str, str]:
    """Write the whole report to files; return the outputs that say where they are."""
    from stigmem_review.cli.output import write_file
    from stigmem_review.report import render

    folder = environment.get("REPORTS")
    if not folder:
        return {}
    written = {}
    texts: dict[str, Format] = {"report.json": "json", "report.md": "markdown"}
    try:
        for name, form in texts.items():
            path = Path(folder) / name
            write_file(path, render(report, form))
            written[f"report-{form}"] = str(path)
        comment = within(render(report, "markdown"), COMMENT_BYTES)
        write_file(Path(folder) / "comment.md", comment)
    except ReportError as error:
        title = "stigmem-review: the report could not be written"
        print(annotation("warning", title, str(error)), end="")
    return written


def revisions(environment: Mapping[str, str]) -> Revisions:
    """Return what to compare: the inputs, or else what the event says.

    Raises ``UsageError`` for an event that must not, or cannot, be reviewed.
    """
    name = environment.get("GITHUB_EVENT_NAME", "")
    if name == "pull_request_target":
        raise UsageError(_NEVER)
    event = _event(environment)
    base = environment.get("INPUT_BASE", "").strip() or _base(name, event)
    head = environment.get("INPUT_HEAD", "").strip() or _head(name, event, environment)
    # A push puts its head in the place of what was there, also where it does not follow it.
    exact = _flag("exact", environment.get("INPUT_EXACT", "").strip(), default=name == "push")
    return Revisions(base, head, exact)


def merged_into(workspace: Path, wanted: Revisions, environment: Mapping[str, str]) -> Revisions:
    """Return the same revisions, of a pull request with what it really is merged into as base.

    GitHub makes the merge of a request from the base branch as that is then; the commit that the
    event calls the base can be older by many others' changes. Where the branch was fetched and has
    moved on since, its tip is what says how to review; the pins are compared with the merge's own
    first parent all the same.
    """
    if environment.get("GITHUB_EVENT_NAME") != "pull_request":
        return wanted
    if environment.get("INPUT_BASE", "").strip():
        return wanted
    from stigmem_review.sources.git import Repository

    event = _event(environment)
    try:
        repository = Repository(workspace)
        proposed = _text(event, "pull_request", "head", "sha")
    except ReviewError:
        return wanted
    try:
        if repository.commit(f"{wanted.head}^2") == proposed:
            first = repository.commit(f"{wanted.head}^1")
            wanted = wanted._replace(base=first, shown=proposed)
    except ReviewError:
        pass  # the head is no merge: what the event calls the base is what it was made from
    try:
        tip = repository.commit(
            f"refs/remotes/origin/{_text(event, 'pull_request', 'base', 'ref')}"
        )
        known = repository.commit(wanted.base)
        moved_on = repository.merge_base(tip, known) == known
    except ReviewError:
        return wanted
    return wanted._replace(base=tip) if moved_on else wanted


def _base(name: str, event: Mapping[str, Any]) -> str:
    match name:
        case "pull_request":
            return _text(event, "pull_request", "base", "sha")
        case "merge_group":
            return _text(event, "merge_group", "base_sha")
        case "push":
            before = _text(event, "before")
            if before == _NO_COMMIT:
                ref = event.get("ref")
                made = "tag" if str(ref).startswith("refs/tags/") else "branch"
                raise UsageError(
                    f"this push made a new {made}, so there is nothing before it to compare with; "
                    "give the input base"
                )
            return before
        case _:
            raise UsageError(
                f"the event {shorten(name) or '(none)'} does not say what to compare with; "
                "give the input base"
            )


def _head(name: str, event: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    if name == "merge_group":
        return _text(event, "merge_group", "head_sha")
    # In a pull request this is the merge of it into its base: what would be deployed.
    return environment.get("GITHUB_SHA") or "HEAD"


def _event(environment: Mapping[str, str]) -> Mapping[str, Any]:
    path = environment.get("GITHUB_EVENT_PATH")
    if not path:
        return {}
    try:
        event = json.loads(Path(path).read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"the event in {path} cannot be read: {error}") from None
    return event if isinstance(event, dict) else {}


def _text(event: Mapping[str, Any], *keys: str) -> str:
    value: Any = event
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str) or not value:
        raise UsageError(f"the event has no {'.'.join(keys)}; give the inputs base and head")
    return value


def _below(workspace: Path, folder: str) -> Path:
    """Return a folder of the workspace."""
    found = workspace / folder
    try:
        if not folder or (found.is_dir() and found.resolve().is_relative_to(workspace.resolve())):
            return found
    except (OSError, ValueError):
        pass
    raise UsageError(f"working-directory is {shorten(folder)!r}, no folder of the workspace")


def _flag(name: str, text: str, *, default: bool) -> bool:
    if text in ("", "true", "false"):
        return text == "true" if text else default
    raise UsageError(f"{name} is {shorten(text)!r}; it is true or false")


def _gate(text: str) -> Level | None:
    if not text:
        return None
    for level in LEVELS:
        if text == level:
            return level
    raise UsageError(f"fail-on is {shorten(text)!r}; it is one of {', '.join(LEVELS)}")
