"""Reads a file of approvals, strictly: whoever wrote it is told the line and what to do."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple, NoReturn

from stigmem_review import limits, toml
from stigmem_review.approvals.record import Accepted, AcceptedGap, Artifact, Record
from stigmem_review.errors import ApprovalsError
from stigmem_review.text import shorten

_BOM = "\ufeff"


def parse_approvals(data: bytes, path: str) -> tuple[Record, ...]:
    """Return the records of a file of approvals, in its order.

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


_APPROVAL: Mapping[str, _Key] = {
    "plugin": _Key(_STRING, example='"acme-ledger"'),
    "by": _Key(_STRING, example='"Mara Lind <mara@example.org>"'),
    "reason": _Key(_STRING, example='"CHG-4711"'),
    "approved": _Key(_DATE, example="2026-11-27"),
    "until": _Key(_DATE, example="2027-11-27"),
    "node": _Key(_STRING, required=False, example='"0.9.0a12"'),
    "partial": _Key(_FLAG, required=False, example="true"),
    "old": _Key(_SIDE, example='"none"'),
    "new": _Key(_SIDE, example='"none"'),
    "finding": _Key(_TABLES, required=False),
    "incomplete": _Key(_TABLES, required=False),
}
_ARTIFACT: Mapping[str, _Key] = {
    "file": _Key(_STRING, example='"acme_ledger-1.0.0-py3-none-any.whl"'),
    "sha256": _Key(_STRING, example='"64 hexadecimal digits"'),
    "version": _Key(_STRING, required=False, example='"1.0.0"'),
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
_TOP: Mapping[str, _Key] = {"approval": _Key(_TABLES)}

_ELSEWHERE = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\#[^\n]*''', re.DOTALL
)
"""A string or a remark, in a text that is TOML."""

_AGAIN = "stigmem-review approve writes whole records"


class _Reading:
    """One file while it is read."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._lines = text.split("\n")
        self._path = path
        try:
            self._raw = toml.parse(text)
        except ValueError as error:
            self._no_toml(str(error))

    def records(self) -> tuple[Record, ...]:
        raw = self._raw
        for key in raw:
            if key != "approval":
                self._unknown(key, _TOP, 0)
        listed = raw.get("approval", [])
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            line = self._line_of("approval", 0)
            self._fail(line, "`approval` is not a list of tables; write [[approval]] above each")
        starts = list(self._starts)
        # Records in one inline list have no line of their own.
        starts += [1] * (len(listed) - len(starts))
        records = tuple(
            self._record(each, start) for each, start in zip(listed, starts, strict=False)
        )
        self._agree(records)
        return records

    def _record(self, raw: dict[str, Any], line: int) -> Record:
        self._check(raw, _APPROVAL, line, "this approval")
        old, new = (self._side(raw[side], side, line) for side in ("old", "new"))
        findings, gaps = [], []
        for each, at in self._placed(raw, "finding", line):
            self._check(each, _FINDING, at, "this finding")
            if not re.fullmatch("[0-9a-f]{16}", each["fingerprint"]):
                self._value("fingerprint", each["fingerprint"], at, "16 hexadecimal digits")
            findings.append(Accepted(**each))
        for each, at in self._placed(raw, "incomplete", line):
            self._check(each, _INCOMPLETE, at, "this incomplete part")
            gaps.append(AcceptedGap(**each))
        if old is None and new is None:
            self._fail(line, 'both `old` and `new` are "none"; one of them is a release')
        if not findings and not gaps:
            self._fail(line, f"this approval accepts nothing; take it out: {_AGAIN}")
        for name in ("plugin", "by", "reason"):
            if not raw[name].strip():
                self._value(name, raw[name], line, _APPROVAL[name].example)
        if raw["until"] < raw["approved"]:
            self._fail(
                self._line_of("until", line),
                f"`until` is {raw['until']}, which is before `approved`, {raw['approved']}; "
                "correct one of them",
            )
        return Record(
            plugin=raw["plugin"],
            old=old,
            new=new,
            by=raw["by"],
            reason=raw["reason"],
            approved=raw["approved"],
            until=raw["until"],
            findings=tuple(findings),
            incomplete=tuple(gaps),
            node=raw.get("node", ""),
            partial=raw.get("partial", False),
            line=line,
        )

    def _side(self, raw: Any, side: str, line: int) -> Artifact | None:
        if raw == "none":
            return None
        start = self._line_of(side, line)
        if not isinstance(raw, dict):
            self._value(side, raw, start, 'a table with file and sha256, or "none"')
        self._check(raw, _ARTIFACT, start, f"`{side}` of this approval")
        if not re.fullmatch("[0-9a-f]{64}", raw["sha256"]):
            self._value("sha256", raw["sha256"], start, "64 hexadecimal digits in lower case")
        return Artifact(raw["file"], raw["sha256"], raw.get("version", ""))

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

    def _agree(self, records: tuple[Record, ...]) -> None:
        """Refuse records of which one says of the same thing what another one denies."""
        meant: dict[tuple[str, str], tuple[Accepted, Record]] = {}
        versions: dict[tuple[str, str], tuple[str, Record]] = {}
        for record in records:
            for each in record.findings:
                said, first = meant.setdefault((record.plugin, each.fingerprint), (each, record))
                if (said.rule, said.item) != (each.rule, each.item):
                    self._fail(
                        record.line,
                        f"fingerprint {each.fingerprint} is {each.rule} {shorten(each.item, 80)} "
                        f"here and {said.rule} {shorten(said.item, 80)} in line {first.line}, and "
                        "one fingerprint is one finding; take out the record that was edited, and "
                        "approve again",
                    )
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

    # Where something stands, for whoever has to correct it

    def _placed(
        self, raw: dict[str, Any], key: str, line: int
    ) -> Iterator[tuple[dict[str, Any], int]]:
        """Yield the tables of a list in a record, each with the line it starts on."""
        tables = raw.get(key, [])
        header = rf"\s*\[\[\s*approval\s*\.\s*{key}\s*\]\]"
        starts = [*self._where(header, line, self._end(line))] if tables else []
        starts += [line] * (len(tables) - len(starts))
        yield from zip(tables, starts, strict=False)

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        """The lines on which records start."""
        header = r"\s*\[\[\s*[\"']?approval[\"']?\s*\]\]"
        return tuple(self._where(header, 0, len(self._lines)))

    def _end(self, start: int) -> int:
        """Return the last line of the record that a line belongs to; of line 0 all are."""
        at = bisect_right(self._starts, start) if start else len(self._starts)
        return self._starts[at] - 1 if at < len(self._starts) else len(self._lines)

    def _line_of(self, key: str, start: int) -> int:
        """Return the line that sets a key, in the record that starts on a line, or else that."""
        name = re.escape(key)
        pattern = rf"\s*(?:[\"']?{name}[\"']?\s*[.=]|\[+[^]]*\b{name}\b[^]]*\]+)"
        found = self._where(pattern, max(start - 1, 0), self._end(start))
        return next(found, max(start, 1))

    @cached_property
    def _own(self) -> list[str]:
        """The lines without what stands in remarks and in texts over several lines."""
        return _ELSEWHERE.sub(_blanked, self._text).split("\n")

    def _where(self, pattern: str, start: int, end: int) -> Iterator[int]:
        for number in range(start, min(end, len(self._own))):
            if re.match(pattern, self._own[number]):
                yield number + 1

    def _no_toml(self, why: str) -> NoReturn:
        found = re.search(r" \(at line (\d+), column \d+\)| \(at end of document\)", why)
        line = int(found[1]) if found and found[1] else len(self._text.splitlines()) or 1
        said = why.replace(found[0], "") if found else why
        if any(re.match("(<{7}|={7}|>{7})( |$)", each) for each in self._lines):
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
        self._fail(self._line_of(name, line), f"unknown key `{shorten(name, 80)}`; {do}")

    def _value(self, name: str, value: Any, line: int, wanted: str) -> NoReturn:
        self._fail(
            self._line_of(name, line),
            f"`{name}` is {_shown(value)}, and has to be {wanted}; correct it, or approve again",
        )

    def _fail(self, line: int, why: str) -> NoReturn:
        raise ApprovalsError(f"{self._path}:{line}: {why}")


def _blanked(found: re.Match[str]) -> str:
    text = found[0]
    if text.startswith("#"):
        return ""
    return "\n" * text.count("\n") if "\n" in text else text


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
