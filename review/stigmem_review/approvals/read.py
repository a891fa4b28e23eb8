"""Reads a file of approvals, strictly: whoever wrote it is told the line and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple, NoReturn, get_args

from stigmem_review import limits, toml
from stigmem_review.approvals.places import Places
from stigmem_review.approvals.record import (
    SIGNER_KEYS,
    Accepted,
    AcceptedChange,
    AcceptedGap,
    Artifact,
    Baseline,
    Change,
    ChangeRecord,
    FoundPlugin,
    Record,
    Records,
)
from stigmem_review.errors import ApprovalsError
from stigmem_review.model import IdentityKind, Signer
from stigmem_review.text import shorten

_BOM = "\ufeff"


def parse_approvals(data: bytes, path: str) -> Records:
    """Return the records of a file of approvals.

    Raises ``ApprovalsError`` that names the file, the line, the key and what to do: for a file that
    is no TOML, for what is missing, unknown or of another type, and for records that contradict
    each other. An empty file has no records; a byte order mark is read over.
    """
    if len(data) > limits.APPROVALS_BYTES:
        raise ApprovalsError(
            f"{path}: it has more than {limits.APPROVALS_BYTES} bytes; take out the records that "
            "have ended (git keeps them)"
        )
    try:
        text = data.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ApprovalsError(f"{path}:{line}: this line is not UTF-8; save the file so") from None
    return _Reading(text, path).records()


_STRING = "a string"
_DATE = "a date"
_FLAG = "true or false"
_TABLES = "a list of tables"
_SIDE = 'a table, or the string "none"'


class _Key(NamedTuple):
    """A key of a table: what it holds, whether it has to be there, and an example of a value."""

    type: str
    required: bool = True
    example: str = ""


_DECISION: Mapping[str, _Key] = {
    "by": _Key(_STRING, example='"Mara Lind <mara@example.org>"'),
    "reason": _Key(_STRING, example='"CHG-4711"'),
    "approved": _Key(_DATE, example="2026-11-27"),
    "until": _Key(_DATE, example="2027-11-27"),
    "node": _Key(_STRING, required=False, example='"0.9.0a12"'),
    "partial": _Key(_FLAG, required=False, example="true"),
}
_APPROVAL: Mapping[str, _Key] = {
    "plugin": _Key(_STRING, example='"acme-ledger"'),
    **_DECISION,
    "old": _Key(_SIDE, example='"none"'),
    "new": _Key(_SIDE, example='"none"'),
    "finding": _Key(_TABLES, required=False),
    "incomplete": _Key(_TABLES, required=False),
}
_ARTIFACT: Mapping[str, _Key] = {
    "file": _Key(_STRING, example='"acme_ledger-1.0.0-py3-none-any.whl"'),
    "sha256": _Key(_STRING, example='"64 hexadecimal digits"'),
    "version": _Key(_STRING, required=False, example='"1.0.0"'),
    "signer": _Key(_TABLES, required=False),
}
_SIGNER: Mapping[str, _Key] = {
    **{key: _Key(_STRING, required=False, example='"..."') for key in SIGNER_KEYS.values()},
    "identity": _Key(_STRING, example='"release@acme.example"'),
    "kind": _Key(_STRING, example='"email"'),
    "issuer": _Key(_STRING, example='"https://accounts.google.com"'),
}
_FINDING: Mapping[str, _Key] = {
    "rule": _Key(_STRING, example='"SPR201"'),
    "item": _Key(_STRING, example='"pre_recall_authorize"'),
    "fingerprint": _Key(_STRING, example='"16 hexadecimal digits"'),
    "says": _Key(_STRING, example='"what the report said"'),
}
_INCOMPLETE: Mapping[str, _Key] = {
    "what": _Key(_STRING, example='"new release, manifest"'),
    "why": _Key(_STRING, example='"what the report said"'),
}
_CHANGE: Mapping[str, _Key] = {**_DECISION, "finding": _Key(_TABLES)}
_CHANGED: Mapping[str, _Key] = {
    **_FINDING,
    "file": _Key(_STRING, example='"requirements.txt"'),
    "old": _Key(_STRING, required=False, example='"what the base has there"'),
    "new": _Key(_STRING, required=False, example='"what the head has there"'),
}
_BASELINE: Mapping[str, _Key] = {
    **{name: key for name, key in _DECISION.items() if name != "partial"},
    "plugin": _Key(_TABLES),
}
_FOUND: Mapping[str, _Key] = {
    "plugin": _Key(_STRING, example='"acme-ledger"'),
    **_ARTIFACT,
    "finding": _Key(_TABLES, required=False),
}
_TOP: Mapping[str, _Key] = {
    "approval": _Key(_TABLES),
    "change": _Key(_TABLES),
    "baseline": _Key(_TABLES),
}

_AGAIN = "stigmem-review approve writes whole records"


class _Reading:
    """One file while it is read."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path
        self._places = Places(text, [*_TOP])
        try:
            self._raw = toml.parse(text)
        except ValueError as error:
            self._no_toml(str(error))

    def records(self) -> Records:
        for key in self._raw:
            if key not in _TOP:
                self._unknown(key, _TOP, 0)
        releases = tuple(self._record(each, line) for each, line in self._listed("approval"))
        changes = tuple(self._change(each, line) for each, line in self._listed("change"))
        baselines = tuple(self._baseline(each, line) for each, line in self._listed("baseline"))
        records = Records(releases, changes, baselines)
        self._agree(records.of_releases)
        self._agree_on_findings((*records.of_releases, *changes))
        return records

    def _listed(self, name: str) -> Iterator[tuple[dict[str, Any], int]]:
        """Yield the records of a kind, each with the line it starts on."""
        listed = self._raw.get(name, [])
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            line = self._places.of_key(name, 0)
            self._fail(line, f"`{name}` is not a list of tables; write [[{name}]] above each")
        starts = self._places.starts(name)
        # Records in one inline list have no line of their own.
        starts += [1] * (len(listed) - len(starts))
        yield from zip(listed, starts, strict=False)

    def _record(self, raw: dict[str, Any], line: int) -> Record:
        self._check(raw, _APPROVAL, line, "this approval")
        old, new = (self._side(raw[side], side, line) for side in ("old", "new"))
        findings = self._findings(self._places.tables(raw, "approval", "finding", line))
        gaps = []
        for each, at in self._places.tables(raw, "approval", "incomplete", line):
            self._check(each, _INCOMPLETE, at, "this incomplete part")
            gaps.append(AcceptedGap(**each))
        if old is None and new is None:
            self._fail(line, 'both `old` and `new` are "none"; one of them is a release')
        if not findings and not gaps:
            self._fail(line, f"this approval accepts nothing; take it out: {_AGAIN}")
        self._check_said(raw, _APPROVAL, ("plugin",), line)
        return Record(
            **self._decision(raw, line),
            plugin=raw["plugin"],
            old=old,
            new=new,
            findings=findings,
            incomplete=tuple(gaps),
        )

    def _findings(self, tables: Iterable[tuple[dict[str, Any], int]]) -> tuple[Accepted, ...]:
        found = []
        for each, at in tables:
            self._check(each, _FINDING, at, "this finding")
            self._check_fingerprint(each, at)
            found.append(Accepted(**each))
        return tuple(found)

    def _baseline(self, raw: dict[str, Any], line: int) -> Baseline:
        self._check(raw, _BASELINE, line, "this baseline")
        listed = [*self._places.tables(raw, "baseline", "plugin", line)]
        ends = [*(at - 1 for _, at in listed[1:]), 0]
        plugins = []
        for (each, at), end in zip(listed, ends, strict=True):
            self._check(each, _FOUND, at, "this plugin")
            self._check_said(each, _FOUND, ("plugin",), at)
            findings = self._places.tables(each, "baseline.plugin", "finding", at, end)
            artifact = self._artifact(each, "baseline.plugin", at, end)
            plugins.append(FoundPlugin(each["plugin"], artifact, self._findings(findings)))
        if not plugins:
            self._fail(line, "this baseline has no plugin; take it out")
        return Baseline(**self._decision(raw, line), plugins=tuple(plugins))

    def _change(self, raw: dict[str, Any], line: int) -> ChangeRecord:
        self._check(raw, _CHANGE, line, "this approval of a change")
        findings = []
        for each, at in self._places.tables(raw, "change", "finding", line):
            self._check(each, _CHANGED, at, "this finding")
            self._check_fingerprint(each, at)
            change = Change(each["file"], each.get("old", ""), each.get("new", ""))
            self._check_said(each, _CHANGED, ("file",), at)
            if not change.old and not change.new:
                self._fail(
                    at,
                    "this finding has neither `old` nor `new`, so it changes nothing: take it out, "
                    "and approve again",
                )
            accepted = {name: each[name] for name in _FINDING}
            findings.append(AcceptedChange(**accepted, change=change))
        if not findings:
            self._fail(line, f"this approval accepts nothing; take it out: {_AGAIN}")
        return ChangeRecord(**self._decision(raw, line), findings=tuple(findings))

    def _check_fingerprint(self, raw: dict[str, Any], line: int) -> None:
        if not re.fullmatch("[0-9a-f]{16}", raw["fingerprint"]):
            self._value("fingerprint", raw["fingerprint"], line, "16 hexadecimal digits")

    def _decision(self, raw: dict[str, Any], line: int) -> dict[str, Any]:
        """Return what every record says, and where this one starts."""
        self._check_said(raw, _DECISION, ("by", "reason"), line)
        if raw["until"] < raw["approved"]:
            self._fail(
                self._places.of_key("until", line),
                f"`until` is {raw['until']}, which is before `approved`, {raw['approved']}; "
                "correct one of them",
            )
        return {"line": line, **{name: raw[name] for name in _DECISION if name in raw}}

    def _side(self, raw: Any, side: str, line: int) -> Artifact | None:
        if raw == "none":
            return None
        start = self._places.of_key(side, line)
        if not isinstance(raw, dict):
            self._value(side, raw, start, 'a table with file and sha256, or "none"')
        self._check(raw, _ARTIFACT, start, f"`{side}` of this approval")
        return self._artifact(raw, f"approval.{side}", start)

    def _artifact(self, raw: dict[str, Any], table: str, start: int, end: int = 0) -> Artifact:
        if not re.fullmatch("[0-9a-f]{64}", raw["sha256"]):
            self._value("sha256", raw["sha256"], start, "64 hexadecimal digits in lower case")
        tables = self._places.tables(raw, table, "signer", start, end)
        signers = tuple(self._signer(each, at) for each, at in tables)
        return Artifact(raw["file"], raw["sha256"], raw.get("version", ""), signers)

    def _signer(self, raw: dict[str, Any], line: int) -> Signer:
        self._check(raw, _SIGNER, line, "this signer")
        if raw["kind"] not in get_args(IdentityKind):
            self._value("kind", raw["kind"], line, " or ".join(get_args(IdentityKind)))
        return Signer(**{name: raw[key] for name, key in SIGNER_KEYS.items() if key in raw})

    def _check(self, raw: dict[str, Any], keys: Mapping[str, _Key], line: int, what: str) -> None:
        for name in raw:
            if name not in keys:
                self._unknown(name, keys, line)
        for name, key in keys.items():
            if name not in raw:
                if key.required:
                    like = f", such as {name} = {key.example}" if key.example else ""
                    self._fail(line, f"{what} has no `{name}`{like}; {_AGAIN}")
                continue
            value = raw[name]
            if not _is(value, key.type):
                self._value(name, value, line, f"{key.type}, such as {key.example or '[[...]]'}")

    def _check_said(
        self, raw: dict[str, Any], keys: Mapping[str, _Key], names: Iterable[str], line: int
    ) -> None:
        """Refuse what is there and says nothing."""
        for name in names:
            if not raw[name].strip():
                do = f"write what it was, such as {name} = {keys[name].example}"
                self._fail(self._places.of_key(name, line), f"`{name}` is blank; {do}")

    def _agree_on_findings(self, records: Iterable[Record | ChangeRecord]) -> None:
        """Refuse records of which one says of a finding what another one denies."""
        meant: dict[tuple[str, str], tuple[Accepted | AcceptedChange, int]] = {}
        for record in records:
            plugin = record.plugin if isinstance(record, Record) else ""
            for each in record.findings:
                said, line = meant.setdefault((plugin, each.fingerprint), (each, record.line))
                if (said.rule, said.item) != (each.rule, each.item):
                    self._fail(
                        record.line,
                        f"fingerprint {each.fingerprint} is {each.rule} {shorten(each.item, 80)} "
                        f"here and {said.rule} {shorten(said.item, 80)} in line {line}, and "
                        "one fingerprint is one finding; take out the record that was edited, and "
                        "approve again",
                    )

    def _agree(self, records: tuple[Record, ...]) -> None:
        """Refuse records of which one says of some bytes what another one denies."""
        versions: dict[tuple[str, str], tuple[str, Record]] = {}
        for record in records:
            for side in filter(None, (record.old, record.new)):
                if not side.version:
                    continue
                version, first = versions.setdefault(
                    (record.plugin, side.sha256), (side.version, record)
                )
                if version != side.version:
                    self._fail(
                        record.line,
                        f"the bytes with the SHA-256 {side.sha256[:12]}... are version "
                        f"{shorten(side.version, 40)} here and {shorten(version, 40)} in line "
                        f"{first.line}; take out the record that was edited, and approve again",
                    )

    def _no_toml(self, why: str) -> NoReturn:
        found = re.search(r" \(at line (\d+), column \d+\)| \(at end of document\)", why)
        line = int(found[1]) if found and found[1] else len(self._text.splitlines()) or 1
        said = why.replace(found[0], "") if found else why
        if any(re.match("(<{7}|={7}|>{7})( |$)", each) for each in self._text.splitlines()):
            do = "git left both sides of a merge in it: keep the records of both"
        else:
            do = (
                "if writing it was interrupted, take out the unfinished record, or get the last "
                "committed state with git restore"
            )
        self._fail(line, f"it is not TOML: {shorten(said)}; {do}")

    def _unknown(self, name: str, keys: Mapping[str, _Key], line: int) -> NoReturn:
        from difflib import get_close_matches

        near = get_close_matches(name, keys, 1)
        do = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(keys)}"
        self._fail(self._places.of_key(name, line), f"unknown key `{shorten(name, 80)}`; {do}")

    def _value(self, name: str, value: Any, line: int, wanted: str) -> NoReturn:
        self._fail(
            self._places.of_key(name, line),
            f"`{name}` is {_shown(value)}, and has to be {wanted}; correct it, or approve again",
        )

    def _fail(self, line: int, why: str) -> NoReturn:
        raise ApprovalsError(f"{self._path}:{line}: {why}")


def _is(value: Any, kind: str) -> bool:
    match kind:
        case "a string":
            return isinstance(value, str)
        case "true or false":
            return isinstance(value, bool)
        case "a date":
            return isinstance(value, date) and not isinstance(value, datetime)
        case "a list of tables":
            return isinstance(value, list) and all(isinstance(each, dict) for each in value)
        case _:
            return True


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f'"{shorten(value, 80)}"'
    if isinstance(value, bool):
        return str(value).lower()
    return shorten(str(value), 80)
