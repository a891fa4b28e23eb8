"""What the certificates say of the runs that signed two releases: facts for the rules."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review import facts, versions
from stigmem_review.compare.relations import (
    ref_kind,
    ref_of,
    reused_ref,
    reuses_another_ref,
    runs_another,
    same_repository,
)
from stigmem_review.facts import Fact
from stigmem_review.model import Signer
from stigmem_review.patterns import late

_OUTSIDERS = frozenset(
    {
        *("pull_request", "pull_request_target", "pull_request_review", "workflow_run"),
        *("pull_request_review_comment", "issue_comment", "issues", "discussion", "fork"),
        *("discussion_comment", "watch", "gollum"),
        *("merge_request_event", "external_pull_request_event"),
    }
)
"""What starts a run and can be done by whoever has an account: events of GitHub ("Events that
trigger workflows"), and sources of GitLab's pipelines (``CI_PIPELINE_SOURCE``). A ``workflow_run``
follows on any other workflow, those of a pull request among them."""

_SELF_HOSTED = "self-hosted"
"""What a certificate calls every runner that is not the forge's own ("Runner Environment")."""

_TAG = "refs/tags/"


def workflow_facts(old: Signer, new: Signer) -> Iterator[Fact]:
    """Yield what changed of the workflow and its ref, in one repository."""
    if runs_another(old, new):
        reusable = old.workflow == new.workflow
        runs = [each.builder if reusable else "" for each in (old, new)]
        yield facts.SignerWorkflowChanged(
            item="signer",
            old=runs[0] or old.workflow,
            new=runs[1] or new.workflow,
            reusable=reusable,
        )
    yield from _ref_facts(old, new)


def looser_refs(old: Signer, new: Signer) -> Iterator[Fact]:
    """Yield what ran at a ref that more people can move than before, of two workflows."""
    for fact in _ref_facts(old, new):
        if fact.old and fact.new and fact.was != fact.now != "a tag":
            yield fact


def _ref_facts(old: Signer, new: Signer) -> Iterator[facts.SignerRefChanged]:
    refs = {"": (ref_of(old), ref_of(new))}
    if reuses_another_ref(old, new):
        refs[new.builder] = (reused_ref(old), reused_ref(new))
    for builder, (one, two) in refs.items():
        if one != two:
            yield facts.SignerRefChanged(
                item="signer",
                old=one,
                new=two,
                was=ref_kind(one),
                now=ref_kind(two),
                builder=builder,
            )


def run_facts(old: Signer, new: Signer, was: str, now: str) -> Iterator[Fact]:
    """Yield what is worse of a run than of the one before it.

    ``was`` and ``now`` are the versions of the two releases, empty where they are not known.
    """
    if new.trigger in _OUTSIDERS and old.trigger not in _OUTSIDERS:
        yield facts.SignerTriggerOpen(item="signer", old=old.trigger, new=new.trigger)
    if new.runner == _SELF_HOSTED and old.runner not in ("", _SELF_HOSTED):
        yield facts.SignerRunnerChanged(item="signer", old=old.runner, new=new.runner)
    if not same_repository(old, new) or ref_kind(new.ref) != "a tag":
        return
    if old.ref == new.ref and old.commit and new.commit and old.commit != new.commit:
        yield facts.SignerTagMoved(
            item="signer", tag=new.ref.removeprefix(_TAG), old=old.commit, new=new.commit
        )
    elif _names(old.ref, was) is True and _names(new.ref, now) is False:
        yield facts.SignerTagMismatch(
            item="signer", tag=new.ref.removeprefix(_TAG), version=now, before=old.ref
        )


_STARTS = late(r"(?<![0-9.])(?=[0-9])")
"""Where in the name of a tag a version can begin."""


def _names(ref: str, version: str) -> bool | None:
    """Say whether a tag names a version, whatever stands before that; ``None`` for no version.

    ``v1.0.1``, ``ledger-1.0.1``, ``ledger/v1.0.1`` and ``release_1_0_1`` name ``1.0.1``.
    """
    if not version or ref_kind(ref) != "a tag":
        return None
    wanted = version.partition("+")[0]
    tag = ref.removeprefix(_TAG).partition("+")[0]
    spelt = dict.fromkeys((tag, tag.replace("_", ".")))
    rests = [each[match.start() :] for each in spelt for match in _STARTS.finditer(each)]
    named = [rest for rest in rests if versions.parse(rest) is not None]
    return any(versions.same(rest, wanted) for rest in named) if named else None
