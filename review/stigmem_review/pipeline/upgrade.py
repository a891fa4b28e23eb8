"""One review, from an old and a new release to a report."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import partial

import msgspec

from stigmem_review.approvals.match import Subject
from stigmem_review.case import build_case, called, distribution, plugin_name, plugin_version
from stigmem_review.code.written import Written
from stigmem_review.compare.acts import is_one_version
from stigmem_review.compare.signers import verification_gap
from stigmem_review.document.approvals import Asked, decide_commands
from stigmem_review.document.build import build_report, gaps_of, incomplete_report
from stigmem_review.document.parts import Report, Size
from stigmem_review.document.starting import foretold
from stigmem_review.errors import UsageError
from stigmem_review.facts import Fact
from stigmem_review.model import ENTRY_POINT_GROUP, Gap, Level, Release, Side
from stigmem_review.pipeline.consent import artifact_of, consents, review_id, with_approved
from stigmem_review.pipeline.foreseen import Reread, as_set, foreseen, ranges
from stigmem_review.pipeline.reading import (
    Opening,
    Reader,
    against_sdist,
    gap,
    opening,
)
from stigmem_review.pipeline.terms import Terms, read_decisions, read_records
from stigmem_review.pipeline.trust_roots import old_root
from stigmem_review.rulebook import Finding, judge, silent
from stigmem_review.signing.verify import verify
from stigmem_review.sources.artifact import Artifact
from stigmem_review.text import shorten


def review(
    old: str,
    new: str,
    *,
    node_version: str | None = None,
    old_node_version: str | None = None,
    gate: Level | None = None,
    old_bundle: str | None = None,
    new_bundle: str | None = None,
    policy: str | None = None,
    env_file: str | None = None,
    environment: Mapping[str, str] | None = None,
    trust_root: str | Sequence[str] | None = None,
    code: bool = False,
    approvals: str | None = None,
    today: date | None = None,
    repeat: tuple[str, ...] = (),
    witness: Callable[[Artifact], Artifact] | None = None,
    ledger: str | None = None,
    explain: bool = False,
) -> Report:
    """Review the upgrade from one release to another, as one node release would see it.

    ``old`` and ``new`` are each a wheel, an sdist, a project directory, a capture,
    ``name==version`` or ``none``; no code of theirs is executed. ``old_node_version`` is the node
    that the old one runs on, where the node moves as well. ``old_bundle`` and ``new_bundle``
    are files that sign them, besides those that stand beside them. Whom the operator trusts is
    said by the file ``policy`` and by the node's settings, which are taken from ``env_file``, or
    else from ``environment``. ``trust_root`` are files of trust roots, each tried by itself. With
    ``code`` the report has what differs of the code, line by line.
    ``approvals`` is the file of what was accepted, held to the day ``today`` (UTC). ``repeat`` are
    the options of the command line that the commands in the report repeat, and ``witness`` is
    shown each artifact as it was opened, and returns it. ``ledger`` is a database of the node, or
    an export of its table of migrations: the way back is then that of this database. With
    ``explain`` the report has the rules that do not apply to what was found.

    A release that cannot be read gives a report whose verdict is ``incomplete``. Raises
    ``UsageError`` for arguments that name nothing to review, two of which none is a plugin among
    them, and for an unknown node version,
    ``PolicyError`` for a policy or settings in error, ``ApprovalsError`` for approvals in error,
    ``SigningError`` for a root that is none.
    """
    openings: dict[Side, Opening] = {
        "old": opening(old, old_bundle),
        "new": opening(new, new_bundle),
    }
    _check_plugins(openings.values())
    decisions = read_decisions(policy, env_file, environment or {}, trust_root, today=today)
    terms = decisions.terms(node_version, gate, old_node=old_node_version)
    terms = msgspec.structs.replace(terms, witness=witness, today=today, explain=explain)
    if ledger is not None:
        from stigmem_review.pipeline.ledger import consulted, read_ledger

        given = read_ledger(ledger)
        terms = msgspec.structs.replace(
            terms, ledger=given, consulted=(*terms.consulted, consulted(ledger, given))
        )
    if approvals is not None:
        records, read = read_records(approvals, today, terms.limits)
        terms = msgspec.structs.replace(
            terms, approvals=records, consulted=(*terms.consulted, read)
        )
    return review_releases(openings, terms, Asked(old, new, repeat), code=code)


def _check_plugins(openings: Collection[Opening]) -> None:
    """Raise ``UsageError`` where no release is a plugin, or meant to be one.

    Two libraries are never clear: nothing about them was asked of a rule.
    """
    named = dict.fromkeys(each.unread.asked for each in openings if each.unread.kind != "none")
    if not named:
        raise UsageError("there is nothing to review between none and none")
    if any(each.is_about_plugin() for each in {each.unread: each for each in openings}.values()):
        return
    for each in openings:
        each.close()
    first, *others = (shorten(each, 120) for each in named)
    who = f"neither {first} nor {others[0]} is" if others else f"{first} is not"
    raise UsageError(
        f"{who} a Stigmem plugin: no entry point in the group {ENTRY_POINT_GROUP}; there is "
        "nothing to review"
    )


def review_releases(
    openings: Mapping[Side, Opening],
    terms: Terms,
    asked: Asked,
    *,
    code: bool = False,
) -> Report:
    """Review the upgrade between two releases that can be opened; ``code`` as for ``review``.

    ``asked`` is how to ask for it again.
    """
    releases: dict[Side, Release] = {}
    written: dict[Side, Written] = {}
    reread: dict[Side, Reread] = {}
    gaps: list[Gap] = []
    from stigmem_review.observe.observe import Seen  # which takes most of the modules there are

    reader = Reader(Seen())
    for side, each in openings.items():
        try:
            artifact = each.open()
            if terms.witness:
                artifact = terms.witness(artifact)
            node = terms.old_node or terms.node if side == "old" else terms.node
            release, written[side] = reader.read(artifact, node)
            release = against_sdist(release, artifact)
            signature = verify(artifact, terms.roots.of(distribution(release)), terms.today)
            release = msgspec.structs.replace(release, signature=signature)
            if side == "new" and (missing := verification_gap(release, terms.trust)):
                release = msgspec.structs.replace(release, gaps=(*release.gaps, missing))
            if terms.met:
                terms.met(side, release)
            releases[side] = release
            reread[side] = partial(reader.read_start, artifact)
        except Exception as error:
            gaps.append(gap(f"{side} release", error))
    if not gaps:
        try:
            old, new = releases["old"], releases["new"]
            if is_one_version(old, new):
                from stigmem_review.observe.acts import told_apart

                old, new = told_apart(old, new, written, reader.seen.syntax)
            return _judged(old, new, written, reread, terms, asked, code=code)
        except Exception as error:
            gaps.append(gap("comparison", error))
    sources = [
        releases[side].source if side in releases else each.unread
        for side, each in openings.items()
    ]
    versions = [plugin_version(releases[side]) if side in releases else "" for side in openings]
    names = [plugin_name(each) for each in releases.values()] if len(releases) == 2 else []
    plugin = next(filter(None, reversed(names)), "")
    subject = Subject(plugin, *map(artifact_of, sources, versions))
    agreed = consents((), tuple(gaps), subject, terms.gate, terms.approvals)
    report = incomplete_report(
        sources[0], sources[1], agreed, terms.node.version, terms.rulebook, terms.gate, plugin
    )
    return _with_commands(report, subject, (), tuple(gaps), terms, asked)


def _with_commands(
    report: Report,
    subject: Subject,
    findings: tuple[Finding, ...],
    gaps: tuple[Gap, ...],
    terms: Terms,
    asked: Asked,
) -> Report:
    commands = decide_commands(
        asked,
        review_id(subject, findings, gaps),
        report.verdict,
        report.findings,
        has_bytes=all(each.sha256 for each in (subject.old, subject.new) if each),
        may_be_incomplete=terms.limits.incomplete,
    )
    return msgspec.structs.replace(report, commands=commands)


def _judged(
    old: Release,
    new: Release,
    written: Mapping[Side, Written],
    reread: Mapping[Side, Reread],
    terms: Terms,
    asked: Asked,
    *,
    code: bool,
) -> Report:
    subject = Subject(
        called(new, old),
        artifact_of(old.source, plugin_version(old)),
        artifact_of(new.source, plugin_version(new)),
    )
    trust = with_approved(terms.trust, subject, terms.approvals)
    case = build_case(
        old, new, terms.node, trust, terms.plugins, terms.old_node, ledger=terms.ledger
    )
    name = distribution(new) or distribution(old)
    stated: tuple[Fact, ...] = (
        *case.comparison.facts,
        *terms.policy.forbidden(new, name),
        *old_root(new.signature, terms.trust.policy.root_max_age, terms.today),
    )
    if terms.old_node and old.source.sha256 and old.source.sha256 == new.source.sha256:
        # What is so of it on the node before as well, the other node does not bring.
        as_it_is = build_case(old, old, terms.old_node, trust, terms.plugins)
        stated = tuple(
            each for each in case.comparison.facts if each not in as_it_is.comparison.facts
        )
    found = foreseen(new, terms, reread["new"])
    stated = (*stated, *ranges(new, found, old, terms, reread["old"]))
    stated = tuple(as_set(stated, found, terms.variables))
    judged = terms.policy.judge(stated, case, terms.rulebook, name)
    findings = judged.findings
    if findings:
        from stigmem_review.document.evidence import with_evidence

        findings = with_evidence(findings, written)
    already = judge(case.comparison.already, case, terms.rulebook)
    gaps = gaps_of(old, new)
    source = None
    much: Size | None = Size()
    if old.source.sha256 != new.source.sha256 or not old.source.sha256:
        from stigmem_review.document.source import size

        much = size({"old": old, "new": new}, written)
    if code:
        from stigmem_review.document.source import source_diff

        source = source_diff({"old": old, "new": new}, written, findings)
    report = build_report(
        case,
        old,
        new,
        consents(findings, gaps, subject, terms.gate, terms.approvals),
        already,
        terms.node,
        terms.rulebook,
        terms.gate,
        terms.consulted,
        judged.off,
        source,
        terms.old_node,
        foretold(found),
        terms.settings,
        much,
        silent(stated, case, terms.rulebook) if terms.explain else (),
    )
    return _with_commands(report, subject, findings, gaps, terms, asked)
