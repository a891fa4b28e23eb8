"""Releases looked at by themselves, for those who write them."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from msgspec.structs import replace

from stigmem_review.case import build_check, distribution, plugin_name, plugin_version
from stigmem_review.compare.starting import (
    compiled,
    duplicates,
    ranging,
    starting_nodes,
    stating,
    wider,
)
from stigmem_review.compare.states import built_otherwise, left_to_the_build
from stigmem_review.corrections import corrections
from stigmem_review.document.check import Checked, CheckReport, Waived, build_check_report
from stigmem_review.document.parts import Report
from stigmem_review.document.prose import silent_line, unknown_lines
from stigmem_review.document.starting import foretold, starting
from stigmem_review.errors import UsageError
from stigmem_review.facts import (
    Fact,
    ManifestUnread,
    NotShipped,
    RequiresStigmemUnmet,
    StartAtRisk,
    StartRefused,
)
from stigmem_review.fixes import fixed
from stigmem_review.forecast.alone import ACCEPTING
from stigmem_review.host import Node
from stigmem_review.manifest.elsewhere import held_against, meant
from stigmem_review.manifest.layout import laid_out
from stigmem_review.manifest.shipping import Shipping
from stigmem_review.model import LEVELS, Known, Level, Release
from stigmem_review.names import canonicalize_name
from stigmem_review.pipeline.foreseen import Reread, as_set, foreseen
from stigmem_review.pipeline.reading import Opening, ReadRelease, gap, opening, read_artifact
from stigmem_review.pipeline.terms import Terms, read_policy
from stigmem_review.policy.file import Ignore
from stigmem_review.rulebook import Finding, silent
from stigmem_review.rulebook.rules import Rulebook
from stigmem_review.sources.artifact import Artifact


def check(
    *sources: str,
    node_version: str | None = None,
    gate: Level | None = None,
    policy: str | None = None,
    against: str | None = None,
    explain: bool = False,
) -> CheckReport:
    """Say what is wrong with releases by themselves, and what their author can write instead.

    Each source is a wheel, an sdist, a project directory or ``name==version``; no code of theirs
    is executed. Where a project and what was built from it are both given, they are held against
    each other. What is no plugin, nor meant to be one, is left alone and named. ``policy`` is the
    file of a policy, and ``gate`` can tighten what it says. ``against`` is an earlier release, or a
    revision: the report then has what users of the next release will see. With ``explain`` it has
    the rules that do not apply to what was found, and the fields that are not known. Raises
    ``UsageError`` for a source that is not to be checked and for an unknown node version,
    ``PolicyError`` for a policy in error.
    """
    openings = [opening(each) for each in sources]
    for each in openings:
        if each.unread.kind in ("capture", "none"):
            raise UsageError(
                f"there is nothing to check in {each.unread.asked}; name a project directory, a "
                "wheel, an sdist or name==version"
            )
    terms = replace(read_policy(policy).terms(node_version, gate), explain=explain)
    if against is None:
        return check_releases(openings, terms)
    from stigmem_review.pipeline.against import upcoming

    again = [opening(each) for each in sources]
    new = [(each, each.unread.asked if each.unread.kind == "directory" else "") for each in again]
    return check_releases(openings, terms, upcoming=upcoming(new, against, node_version))


def check_releases(
    openings: Sequence[Opening],
    terms: Terms,
    skipped: tuple[str, ...] = (),
    upcoming: tuple[Report, ...] = (),
    *,
    whole: bool = True,
) -> CheckReport:
    """Check releases that can be opened; ``skipped`` are others that nobody has to look at.

    ``whole`` if these are all that the policy is about: else what it ignores can be elsewhere.

    A file of a plugin that is given, too, is checked whatever it is itself.
    """
    node = terms.node
    checked: list[Checked] = []
    read: list[tuple[ReadRelease, _Opened]] = []
    others: list[Opening] = []

    def look(each: Opening) -> None:
        try:
            opened = each.open()
            artifact = laid_out(opened)
            read.append((read_artifact(artifact, node), _Opened(opened, artifact)))
        except Exception as error:
            checked.append(Checked(each.unread, gaps=(gap(each.unread.asked, error),)))

    for each in openings:
        if each.is_about_plugin():
            look(each)
        else:
            others.append(each)
    plugins = {
        canonicalize_name(release.distribution.value)
        for (release, _), _ in read
        if isinstance(release.distribution, Known)
    }
    for each in others:
        if _named(each.unread.asked) in plugins:
            look(each)
        else:
            each.close()
            skipped = (*skipped, each.unread.asked)
    releases = [found.release for found, _ in read]
    by_source = {found.release.source: opened for found, opened in read}
    twice = duplicates(releases, node) if len(releases) > 1 else {}
    for place, (found, opened) in enumerate(read):
        source = found.release.source
        if left_to_the_build(found.release, releases):
            checked.append(Checked(source, gaps=found.release.gaps))
            continue
        try:
            checked.append(_checked(found, opened, releases, terms, twice.get(place)))
        except Exception as error:
            checked.append(Checked(source, gaps=(gap(source.asked, error),)))
    order = [each.unread.asked for each in openings]
    checked.sort(key=lambda each: order.index(each.source.asked))
    fixable = sum(
        _is_fixable(mistake, opened.artifact)
        for each in checked
        for mistake in each.mistakes
        for opened in [by_source.get(each.source)]
        if opened and each.source.kind == "directory"
    )
    return build_check_report(
        tuple(checked),
        node,
        terms.rulebook,
        terms.gate,
        skipped,
        terms.consulted,
        fixable,
        upcoming,
        _unused(checked, terms) if whole else (),
    )


def _is_fixable(mistake: Finding, artifact: Artifact) -> bool:
    data = artifact.files.get(mistake.at.path, b"") if mistake.at else b""
    return fixed(mistake, data.decode("utf-8", "replace")) is not None


class _Opened(NamedTuple):
    """A source as it was opened, and as far as it counts."""

    source: Artifact
    artifact: Artifact

    def shipping(self, release: Release) -> Shipping | None:
        """Return what says of a project what its build leaves out; nothing of what was built."""
        if release.source.kind not in ("directory", "sdist"):
            return None
        return Shipping(self.source, self.artifact)


def _required(release: Release) -> frozenset[str]:
    """Return the packages that are called like what a release requires."""
    from stigmem_review.observe.providers import distributions

    asked = release.requires_dist.value if isinstance(release.requires_dist, Known) else ()
    return frozenset(each.partition("[")[0].replace("-", "_") for each in distributions(asked))


def _named(asked: str) -> str:
    """Return the distribution that a file or requirement is of, by its name."""
    name = asked.rpartition("/")[2].partition("==")[0]
    if name.endswith(".tar.gz"):
        return canonicalize_name(name.rpartition("-")[0])
    return canonicalize_name(name.partition("-")[0] if name.endswith(".whl") else name)


def _checked(
    found: ReadRelease,
    opened: _Opened,
    releases: Sequence[Release],
    terms: Terms,
    twice: StartRefused | None,
) -> Checked:
    artifact = opened.artifact
    against = built_otherwise(found.release, releases)
    release = replace(found.release, problems=(*found.release.problems, *against))
    release = compiled(release)
    shipping = opened.shipping(release)
    if shipping:
        release = meant(held_against(release, shipping.config), shipping.places, _required(release))
        held = (*shipping.problems(release), *shipping.absent(release))
        release = replace(release, problems=held)
    case = build_check(release, terms.node, named=terms.named)

    def reread(node: Node) -> Release:
        return read_artifact(artifact, node, to_start=True).release

    nodes = foreseen(release, terms, reread)
    mistakes: list[Finding] = []
    off: list[Finding] = []
    name = distribution(release)
    stated: list[Fact] = [*case.comparison.facts, *terms.policy.forbidden(release, name)]
    stated += () if terms.named else wider(release, nodes)
    stated += (twice,) if twice else ()
    stated = [*as_set(stated, nodes, terms.variables)]
    if any(isinstance(each, StartAtRisk) and each.usual for each in stated):
        # What the node does about it says more than that it could not be read.
        stated = [each for each in stated if not isinstance(each, ManifestUnread)]
    misfit = any(isinstance(each, RequiresStigmemUnmet) for each in stated)
    fits = _fitting(release, terms, reread) if misfit else ""
    for fact in stated:
        judged = terms.policy.judge((fact,), case, terms.rulebook, name)
        if shipping and isinstance(fact, NotShipped):
            write = shipping.lines(fact.item)
        else:
            write = corrections(fact, release, artifact, fits)
        for findings, to in ((judged.findings, mistakes), (judged.off, off)):
            to += [_mistake(each, write, terms.rulebook) for each in findings]
    mistakes.sort(key=lambda each: LEVELS.index(each.level))
    if mistakes:
        from stigmem_review.document.evidence import with_evidence

        mistakes = [*with_evidence(tuple(mistakes), {"new": found.written})]
    mistakes, ignored = _ignoring(mistakes, terms)
    without = silent(tuple(stated), case, terms.rulebook) if terms.explain else ()
    told = foretold(stating(release, nodes))
    plain = all(one.kind == "registers" for each in told for one in each.outcomes)
    return Checked(
        release.source,
        plugin_name(release),
        plugin_version(release),
        tuple(mistakes),
        release.gaps,
        tuple(off),
        told,
        () if plain else starting(told, ACCEPTING),
        ignored,
        tuple(map(silent_line, without)),
        tuple(unknown_lines(release.manifest)) if terms.explain else (),
    )


def _fitting(release: Release, terms: Terms, reread: Reread) -> str:
    """Return the range of nodes that start with a release, whatever range it states itself."""
    found = foreseen(ranging(release), terms, lambda node: ranging(reread(node)))
    return starting_nodes(found)


def _ignoring(
    mistakes: Sequence[Finding], terms: Terms
) -> tuple[list[Finding], tuple[Waived, ...]]:
    """Return the mistakes that count, and those that the policy ignores, each with the reason."""
    left, ignored = [], []
    for each in mistakes:
        entry = next((one for one in terms.ignore if _ignores(one, each, terms.rulebook)), None)
        if entry is None:
            left.append(each)
        else:
            ignored.append(Waived(each, entry.reason))
    return left, tuple(ignored)


def _ignores(entry: Ignore, finding: Finding, rulebook: Rulebook) -> bool:
    rule = rulebook.get(entry.rule)
    return bool(rule and rule.id == finding.rule and fnmatchcase(finding.item, entry.item))


def _unused(checked: Sequence[Checked], terms: Terms) -> tuple[str, ...]:
    """Return the entries of the policy that ignore nothing of what was checked."""
    found = [waived.finding for each in checked for waived in each.ignored]
    return tuple(
        f"{each.rule}, {each.item}: {each.reason}"
        for each in terms.ignore
        if not any(_ignores(each, one, terms.rulebook) for one in found)
    )


def _mistake(finding: Finding, write: tuple[str, ...], rulebook: Rulebook) -> Finding:
    """Return a finding with what the author of the release can do."""
    rule = rulebook.get(finding.rule)
    mend = rule.rule.mend if rule else ""
    return replace(finding, do=mend or finding.do, write=write)
