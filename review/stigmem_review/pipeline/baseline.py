"""What already runs, recorded as it was found: each release is reviewed, and none is run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from stigmem_review.approvals.match import last_day
from stigmem_review.approvals.record import Baseline, FoundPlugin, Records
from stigmem_review.document.approvals import Asked
from stigmem_review.errors import ReviewError, SourceError, UsageError
from stigmem_review.model import Side
from stigmem_review.pipeline.approve import Wish, accepted, last_day_of
from stigmem_review.pipeline.confirms.held import differing
from stigmem_review.pipeline.consent import bytes_of
from stigmem_review.pipeline.init import Plugin, installed
from stigmem_review.pipeline.reading import Opening, opening
from stigmem_review.pipeline.receipts import files_of
from stigmem_review.pipeline.terms import Terms, read_decisions
from stigmem_review.pipeline.upgrade import review_releases
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.environment import Distribution
from stigmem_review.sources.folder import Folder
from stigmem_review.sources.request import release_of
from stigmem_review.text import clean, shorten
from stigmem_review.verdict import count, is_closing
from stigmem_review.versions import parse

FOUND = "accepted as found"
"""Why what already runs is accepted, unless somebody says more."""


class Taken(NamedTuple):
    """What of an environment is recorded: nothing where there is nothing new.

    ``said`` is a line about each plugin, and ``code`` how it went: 0, 1 where something is not
    approvable, 3 where something could not be read.
    """

    record: Baseline | None
    said: tuple[str, ...]
    code: int


def take_baseline(
    wish: Wish,
    today: date,
    known: Records,
    *,
    python: str | None,
    artifacts: str | None,
    policy: str | None,
    environment: Mapping[str, str],
) -> Taken:
    """Review what is installed in an environment, and return a record that accepts it.

    ``python`` is the environment, as for ``init``. The files of the releases are taken from the
    folder ``artifacts``, or else from the package index, and what is installed has to be what they
    install. What ``known`` records are about, as long as they count, is left out. Raises
    ``UsageError`` where there is no such environment or folder, and ``PolicyError`` for a policy in
    error.
    """
    decisions = read_decisions(policy, None, environment, None)
    terms = decisions.terms(None, None)
    folder = _folder(artifacts)
    until = last_day_of(wish, today, terms.limits)
    on_record = {
        each.new.sha256
        for each in known.of_releases
        if each.new and today <= last_day(each, terms.limits)
    }
    plugins: list[FoundPlugin] = []
    said: list[str] = []
    code = 0
    for plugin in installed(python).plugins:
        shown = f"{plugin.name} {plugin.version}".strip()
        try:
            found, final = _look(plugin, folder, terms)
        except ReviewError as error:
            said.append(f"{shown}: not recorded: {clean(error.text)}")
            code = 3
            continue
        if found.artifact.sha256 in on_record:
            said.append(f"{shown}: already on record")
        else:
            plugins.append(found)
            listed = count(len(found.findings), "finding")
            said.append(f"{shown}: {listed} accepted as found" if found.findings else shown)
            if final:
                said.append(f"{shown}: not approvable, and still to be fixed: {', '.join(final)}")
                code = code or 1
    if not plugins:
        return Taken(None, tuple(said), code)
    record = Baseline(
        by=wish.by,
        reason=wish.reason or FOUND,
        approved=today,
        until=until,
        plugins=tuple(plugins),
        node=terms.node.version,
    )
    return Taken(record, tuple(said), code)


def _look(
    plugin: Plugin, folder: Folder | None, terms: Terms
) -> tuple[FoundPlugin, tuple[str, ...]]:
    """Return an installed plugin, and what of it is not approvable.

    Raises ``SourceError`` where it could not be reviewed.
    """
    asked = _asked(plugin, folder)
    new = opening(asked)
    artifact = new.open()
    if why := _unlike(plugin.distribution, artifact):
        raise SourceError(f"{asked}: {why}")
    sides: dict[Side, Opening] = {
        "old": opening("none"),
        "new": Opening(artifact.source, lambda: artifact),
    }
    report = review_releases(sides, terms, Asked("none", asked))
    if report.gaps:
        raise SourceError(str(report.gaps[0]))
    side = report.reviewed[1]
    closing = [each for each in report.findings if is_closing(each, report.verdict.gate)]
    found = FoundPlugin(
        report.plugin,
        bytes_of(side.source, side.version, side.signature),
        tuple(accepted(each) for each in closing if each.approvable),
    )
    final = tuple(f"{each.rule} {each.item}" for each in closing if not each.approvable)
    return found, final


def _folder(artifacts: str | None) -> Folder | None:
    if artifacts is None:
        return None
    if not Path(artifacts).is_dir():
        raise UsageError(f"there is no folder of artifacts {shorten(artifacts)}; check the path")
    return Folder(Path(artifacts))


def _asked(plugin: Plugin, folder: Folder | None) -> str:
    """Return what asks for a release: its wheel in a folder, or the release on the index."""
    if not plugin.version:
        raise SourceError(
            f"{plugin.distribution.path}: its metadata have no version that can be compared"
        )
    wanted = (plugin.name, parse(plugin.version))
    for path in folder.named(plugin.name) if folder else ():
        if path.suffix == ".whl" and release_of(path.name) == wanted:
            return str(path)
    if folder is not None:
        raise UsageError(f"its wheel is not in {shorten(str(folder.path))}; put it there")
    return f"{plugin.name}=={plugin.version}"


def _unlike(distribution: Distribution, artifact: Artifact) -> str:
    """Return how what is installed is not what a wheel installs, if it is not."""
    if not artifact.installed:
        return "it has no wheel, and what a build made of it is not known here"
    first = next(differing(distribution, files_of(artifact)), None)
    if first is None:
        return ""
    state = "is missing" if first.missing else "differs"
    return f"what is installed is not this file: {first.where} {state}"
