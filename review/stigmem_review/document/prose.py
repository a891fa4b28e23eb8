"""What a report says in sentences: what was not assessed, the checklist."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from stigmem_review import facts
from stigmem_review.case import Case
from stigmem_review.document.parts import Item, Line
from stigmem_review.document.signatures import expected, unassessed_signature
from stigmem_review.document.table import label
from stigmem_review.model import Known, Manifest, Release, Unknown
from stigmem_review.rulebook import Finding
from stigmem_review.rulebook.judge import Silent
from stigmem_review.text import Segment
from stigmem_review.verdict import count


def files(old: Release, new: Release) -> Iterable[Item]:
    """Yield the package's files that differ, where both sides carry them."""
    if not isinstance(old.package, Known) or not isinstance(new.package, Known):
        return
    before, after = old.package.value, new.package.value
    for path in sorted(before.keys() | after.keys()):
        if path not in before:
            yield Item(path, "+")
        elif path not in after:
            yield Item(path, "-")
        elif before[path] != after[path]:
            yield Item(path, "", "modified")


def not_assessed(case: Case, old: Release, new: Release) -> Iterable[Line]:
    yield from unassessed_signature(old, new)
    for side, release in (("old", old), ("new", new)):
        if release.source.kind != "none" and not release.walked:
            yield _line("code", f"what the code of the {side} release does could not be read")
    if new.walked:
        yield _line("libraries", "what the libraries do that the code imports is not looked into")
    sources = [
        side
        for side, release in (("old", old), ("new", new))
        if release.source.kind in ("sdist", "directory")
    ]
    if sources:
        named = f"the {sources[0]} release is" if len(sources) == 1 else "both releases are"
        built = dict.fromkeys(
            each.value for one in (old, new) for each in one.builds if each.kind == "backend"
        )
        yield Line(
            "build",
            (
                Segment(f"{named} source: what a build by "),
                Segment(" and ".join(built), theirs=True),
                Segment(" installs can differ"),
            ),
        )
    for side, release in (("old", old), ("new", new)):
        held = release.held_against
        if held is not None and held.why:
            yield Line(
                "sdist",
                (
                    Segment(held.file, theirs=True),
                    Segment(f" of the {side} release was not compared with its wheel: "),
                    Segment(held.why, theirs=True),
                ),
            )
    by_source: dict[str, list[str]] = {}
    for name, source in case.comparison.not_carried:
        by_source.setdefault(source, []).append(label(name))
    for source, names in by_source.items():
        yield _line(", ".join(names), f"not carried by a {source}")


def _line(what: str, says: str) -> Line:
    return Line(what, (Segment(says),))


def checklist(case: Case, new: Release, findings: tuple[Finding, ...]) -> Iterable[Line]:
    """Yield the steps of the operators' handbook for an upgrade, and where each one stands."""
    compared = len(case.comparison.unchanged)
    unread = [
        fact
        for fact in case.comparison.facts
        if isinstance(fact, (facts.FieldLost, facts.FieldUnread, facts.ManifestUnread))
    ]
    rights = [each for each in findings if each.gain and each.gain.what in ("hook", "capability")]
    manifest = f"compared; {count(compared, 'field')} unchanged"
    if unread:
        manifest = "not fully: something could not be read"
    yield _line("manifest compared with the old one", manifest)
    yield _line(
        "added hooks and capabilities reviewed",
        f"{count(len(rights), 'finding')} to review" if rights else "none added",
    )
    yield Line("signing identity expected", expected(case, new))
    yield _line("tried on a node with production-like signing", "manual step")
    name = case.new.name
    yield Line(
        "state captured before and after",
        (
            Segment("manual step: "),
            Segment(f"stigmem plugins describe {shlex.quote(name)} --json", theirs=True),
        ),
    )


def silent_line(each: Silent) -> Line:
    """Return a rule that does not apply: to what, and where it would."""
    says = (
        Segment(each.item, theirs=True),
        Segment(": only where "),
        Segment(each.when, theirs=True),
    )
    return Line(f"{each.rule} {each.name}", says)


def unknown_lines(manifest: Manifest | Unknown | None, of: str = "") -> Iterator[Line]:
    """Yield each field of a manifest that is not known, with the reason and the place.

    ``of`` says whose it is, where a report is about several.
    """
    fields = {"manifest": manifest}
    if isinstance(manifest, Manifest):
        fields = {name: getattr(manifest, name) for name in manifest.__struct_fields__}
    for name, field in fields.items():
        if isinstance(field, Unknown):
            at = (Segment(", at "), Segment(str(field.at), theirs=True)) if field.at else ()
            yield Line(f"{of} {label(name)}".lstrip(), (Segment(field.why, theirs=True), *at))
