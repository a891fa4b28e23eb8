"""A wheel's RECORD: does it list exactly the files that are there, as they are there?"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from stigmem_review import limits
from stigmem_review.model import Location, Problem
from stigmem_review.text import shorten

_HASHES = ("sha256", "sha384", "sha512")
_SHOWN = 20
"""Problems that are listed one by one; one wrong tool makes as many as there are files."""


def record_problems(files: Mapping[str, bytes], record: str) -> tuple[Problem, ...]:
    """Return what is wrong with the RECORD at ``record``; no problem means it proves the files."""
    if record not in files:
        why = "The wheel has no RECORD, so nothing in it says which files belong to it."
        return (Problem("record-mismatch", record, why),)
    mismatches = _mismatches(files, record)
    found = list(islice(mismatches, _SHOWN))
    if more := sum(1 for _ in mismatches):
        last = found.pop()
        why = f"{last.why} Mismatches that are not listed: {more}."
        found.append(Problem(last.kind, last.item, why, last.at))
    return tuple(found)


def _mismatches(files: Mapping[str, bytes], record: str) -> Iterator[Problem]:
    listed: set[str] = set()
    try:
        for line, row in record_rows(files[record]):
            path = row[0]
            if path in listed:
                yield _problem(path, "is listed in RECORD twice", record, line)
            elif path not in files:
                yield _problem(path, "is listed in RECORD and not in the wheel", record, line)
            elif path not in _unhashed(record) and (why := difference(files[path], *row[1:])):
                yield _problem(path, why, record, line)
            listed.add(path)
    except ValueError as error:
        yield _problem(record, f"cannot be read: {error}", record, 0)
        return
    for path in files:
        if path not in listed and path not in _unhashed(record):
            yield _problem(path, "is in the wheel and not listed in RECORD", path, 0)


def _unhashed(record: str) -> tuple[str, ...]:
    """Return the files that RECORD cannot hash: itself and the signatures of it."""
    return record, f"{record}.jws", f"{record}.p7s"


def record_rows(data: bytes) -> Iterable[tuple[int, list[str]]]:
    """Return the rows of a RECORD, each of path, hash and size, with the line of each.

    Raises ``ValueError``, also while they are taken, where it cannot be read.
    """
    if len(data) > limits.RECORD_BYTES:
        raise ValueError(f"it exceeds the limit of {limits.RECORD_BYTES} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8") from error
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if '"' in text or "\r" in text:
        return _quoted(lines)
    rows = ((number, line.split(",")) for number, line in enumerate(lines, 1) if line)
    return _three_fields(rows)


def _quoted(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Read rows with quoted fields; few wheels have any, so ``csv`` is rarely imported."""
    import csv

    reader = csv.reader((f"{line}\n" for line in lines), strict=True)
    try:
        yield from _three_fields((reader.line_num, row) for row in reader if row)
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from error


def _three_fields(rows: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    for count, (line, row) in enumerate(rows):
        if count >= limits.ENTRIES:
            raise ValueError(f"it lists more than the limit of {limits.ENTRIES} files")
        if len(row) != 3:
            raise ValueError(f"line {line} has {len(row)} fields instead of 3")
        yield line, row


def difference(content: bytes, stated: str, size: str = "") -> str:
    """Return how a file differs from the hash and the size that RECORD states, or ``""``."""
    algorithm, _, digest = stated.partition("=")
    if algorithm not in _HASHES:
        return f"is listed in RECORD with {shorten(algorithm) or 'no'} hash instead of sha256"
    actual = urlsafe_b64encode(hashlib.new(algorithm, content).digest()).decode("ascii")
    if digest.rstrip("=") != actual.rstrip("="):
        return f"does not have the {algorithm} hash that RECORD gives"
    if size and size != str(len(content)):
        return f"has {len(content)} bytes, RECORD says {shorten(size)}"
    return ""


def _problem(path: str, why: str, at: str, line: int) -> Problem:
    return Problem("record-mismatch", path, f"{shorten(path)} {why}.", Location(at, line))
