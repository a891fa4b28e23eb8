"""A record as text, in the form in which a colleague reads it in a diff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stigmem_review.approvals.record import (
    SIGNER_KEYS,
    Accepted,
    AnyRecord,
    Artifact,
    Baseline,
    ChangeRecord,
    Decided,
    Record,
)

HEADER = """\
# What was accepted, for exactly these bytes, or exactly this change of these files: written by
# "stigmem-review approve", read by "stigmem-review diff" and "stigmem-review bump". Take a record
# out to withdraw it.
"""


def record_text(record: AnyRecord) -> str:
    """Return a record as TOML, ending in a line feed."""
    match record:
        case Record():
            lines = _lines(record)
        case ChangeRecord():
            lines = _changes(record)
        case Baseline():
            lines = _baseline(record)
    return "".join(f"{line}\n" for line in lines)


def _decision(record: Decided) -> Iterator[str]:
    yield f"by = {_string(record.by)}"
    yield f"reason = {_string(record.reason)}"
    yield f"approved = {record.approved.isoformat()}"
    yield f"until = {record.until.isoformat()}"


def _circumstances(record: AnyRecord) -> Iterator[str]:
    if record.node:
        yield f"node = {_string(record.node)}"
    if not isinstance(record, Baseline) and record.partial:
        yield "partial = true"


def _baseline(record: Baseline) -> Iterator[str]:
    yield "[[baseline]]"
    yield from _decision(record)
    yield from _circumstances(record)
    for each in record.plugins:
        yield ""
        yield "[[baseline.plugin]]"
        yield f"plugin = {_string(each.plugin)}"
        yield from _bytes(each.artifact, "baseline.plugin")
        yield from _findings(each.findings, "baseline.plugin")


def _changes(record: ChangeRecord) -> Iterator[str]:
    yield "[[change]]"
    yield from _decision(record)
    yield from _circumstances(record)
    for finding in record.findings:
        yield ""
        yield "[[change.finding]]"
        yield f"rule = {_string(finding.rule)}"
        yield f"item = {_string(finding.item)}"
        yield f"says = {_string(finding.says)}"
        yield f"file = {_string(finding.change.file)}"
        for side, text in (("old", finding.change.old), ("new", finding.change.new)):
            if text:
                yield f"{side} = {_string(text)}"
        yield f"fingerprint = {_string(finding.fingerprint)}"


def _lines(record: Record) -> Iterator[str]:
    yield "[[approval]]"
    yield f"plugin = {_string(record.plugin)}"
    yield from _decision(record)
    yield from _circumstances(record)
    sides = (("old", record.old), ("new", record.new))
    for side, artifact in sides:
        if artifact is None:
            yield f'{side} = "none"'
    for side, artifact in sides:
        if artifact is not None:
            yield from _artifact(side, artifact)
    yield from _findings(record.findings, "approval")
    for gap in record.incomplete:
        yield ""
        yield "[[approval.incomplete]]"
        yield f"what = {_string(gap.what)}"
        yield f"why = {_string(gap.why)}"


def _findings(findings: Iterable[Accepted], table: str) -> Iterator[str]:
    for finding in findings:
        yield ""
        yield f"[[{table}.finding]]"
        yield f"rule = {_string(finding.rule)}"
        yield f"item = {_string(finding.item)}"
        yield f"says = {_string(finding.says)}"
        yield f"fingerprint = {_string(finding.fingerprint)}"


def _artifact(side: str, artifact: Artifact) -> Iterator[str]:
    yield ""
    yield f"[approval.{side}]"
    yield from _bytes(artifact, f"approval.{side}")


def _bytes(artifact: Artifact, table: str) -> Iterator[str]:
    if artifact.version:
        yield f"version = {_string(artifact.version)}"
    yield f"file = {_string(artifact.file)}"
    yield f"sha256 = {_string(artifact.sha256)}"
    for signer in artifact.signers:
        yield ""
        yield f"[[{table}.signer]]"
        for name, key in SIGNER_KEYS.items():
            if value := getattr(signer, name):
                yield f"{key} = {_string(value)}"


_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def _string(text: str) -> str:
    """Return a text as a basic string of TOML; what cannot be seen is written as an escape."""
    return '"' + "".join(map(_character, text)) + '"'


def _character(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    # Of all that is printable nothing turns or hides the line it stands in.
    if character.isprintable():
        return character
    if short := _SHORT.get(character):
        return short
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
