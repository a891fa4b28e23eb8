"""Reads receipts, strictly: whoever has a damaged one is told where it is wrong and what to do."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import UTC
from typing import Any, NamedTuple, NoReturn

import msgspec

from stigmem_review import limits
from stigmem_review.errors import ReceiptError
from stigmem_review.receipts.model import FIELD, PREDICATE, Receipt
from stigmem_review.signing.envelope import PAYLOAD
from stigmem_review.signing.statement import STATEMENT
from stigmem_review.sources.strict_json import parse
from stigmem_review.text import shorten

_AGAIN = "get the file again, or review again with --receipt"
_STATEMENT = "name the file that --receipt wrote, or what signs it"


class Held(NamedTuple):
    """One receipt as its file has it.

    ``bundle`` is the Sigstore bundle that it stands in, if it stands in one, and ``payload`` the
    statement as that has it; nothing of it is verified. ``at`` is its file, and its line where that
    holds several.
    """

    receipt: Receipt
    at: str
    bundle: dict[str, Any] | None = None
    payload: bytes = b""


def parse_receipts(data: bytes, path: str) -> tuple[Held, ...]:
    """Return the receipts in a file: a statement, or a signed envelope or bundle around one.

    A file may hold several, one a line. Raises ``ReceiptError`` that names the file, the line and
    what to do: for what is no JSON, holds nothing, is another kind of statement, or lacks what a
    receipt has.
    """
    if len(data) > limits.RECEIPT_BYTES:
        raise ReceiptError(
            f"{path}: it has more than {limits.RECEIPT_BYTES} bytes; check that it is a receipt"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReceiptError(f"{path}: byte {error.start} is not UTF-8; save it as UTF-8") from None
    if not text.strip():
        raise ReceiptError(
            f"{path}: it is empty: no plugin was reviewed, or writing it was interrupted; {_AGAIN}"
        )
    return tuple(_held(*each) for each in _documents(text, path))


def _documents(text: str, path: str) -> list[tuple[Any, str]]:
    try:
        return [(parse(text), path)]
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            _no_json(path, error.lineno, error.msg)
    except (ValueError, RecursionError) as error:
        _no_json(path, 0, _said(error))
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found.append((parse(line), f"{path}:{number}"))
        except json.JSONDecodeError as error:
            _no_json(path, number, error.msg)
        except (ValueError, RecursionError) as error:
            _no_json(path, number, _said(error))
    return found


def _said(error: Exception) -> str:
    return "it is nested too deep" if isinstance(error, RecursionError) else str(error)


def _no_json(path: str, line: int, why: str) -> NoReturn:
    place = f"{path}:{line}" if line else path
    raise ReceiptError(f"{place}: it is not JSON that can be read: {shorten(why)}; {_AGAIN}")


def _held(document: Any, at: str) -> Held:
    if not isinstance(document, dict):
        raise ReceiptError(f"{at}: it is JSON, and not an object; {_STATEMENT}")
    if "verificationMaterial" in document:
        envelope = document.get("dsseEnvelope")
        if not isinstance(envelope, dict):
            raise ReceiptError(
                f"{at}: it is the signature of another file, and no receipt itself; name that file"
            )
        payload = _payload(envelope, at)
        return Held(_receipt(_statement(payload, at), at), at, document, payload)
    if "payload" in document:
        return Held(_receipt(_statement(_payload(document, at), at), at), at)
    return Held(_receipt(document, at), at)


def _payload(envelope: dict[str, Any], at: str) -> bytes:
    kind, payload = envelope.get("payloadType"), envelope.get("payload")
    if kind != PAYLOAD:
        raise ReceiptError(
            f"{at}: its envelope is around {shorten(str(kind), 60)}, and not around {PAYLOAD}; "
            f"{_STATEMENT}"
        )
    try:
        return b64decode(payload if isinstance(payload, str) else "!", validate=True)
    except ValueError:
        raise ReceiptError(f"{at}: the payload of its envelope is no base64; {_AGAIN}") from None


def _statement(payload: bytes, at: str) -> Any:
    try:
        return parse(payload.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ReceiptError(
            f"{at}: what its envelope holds cannot be read: {shorten(_said(error))}; {_AGAIN}"
        ) from None


def _receipt(document: Any, at: str) -> Receipt:
    if not isinstance(document, dict):
        raise ReceiptError(f"{at}: it is JSON, and not an object; {_STATEMENT}")
    if "_type" not in document and "verificationResult" in document:
        raise ReceiptError(
            f"{at}: it is a predicate alone, which does not say what it is about; {_STATEMENT}"
        )
    if document.get("_type") != STATEMENT:
        said = _said_of(document, "_type")
        raise ReceiptError(f"{at}: its _type is {said}, and not {STATEMENT}; {_STATEMENT}")
    if document.get("predicateType") != PREDICATE:
        said = _said_of(document, "predicateType")
        raise ReceiptError(f"{at}: its predicate is {said}, and not {PREDICATE}; {_STATEMENT}")
    predicate = document.get("predicate")
    review = predicate.get(FIELD) if isinstance(predicate, dict) else None
    if isinstance(predicate, dict) and review is None:
        who = predicate.get("verifier")
        said = shorten(str(who.get("id") if isinstance(who, dict) else who), 80)
        raise ReceiptError(
            f"{at}: it is a summary by {said}, and of no review of this tool; {_STATEMENT}"
        )
    if isinstance(review, dict) and review.get("format", 1) != 1:
        said = shorten(str(review["format"]), 20)
        raise ReceiptError(
            f"{at}: it is of format {said}, and this version reads format 1; update stigmem-review"
        )
    try:
        found = msgspec.convert(document, Receipt)
    except (msgspec.ValidationError, ValueError) as error:
        raise ReceiptError(f"{at}: {_in_words(str(error))}; {_AGAIN}") from None
    try:
        found.predicate.time_verified.astimezone(UTC)
    except OverflowError:
        raise ReceiptError(f"{at}: predicate.timeVerified: no such time in UTC; {_AGAIN}") from None
    reviewed = found.review.artifact
    if all(each.digest != reviewed.digest for each in found.subject):
        raise ReceiptError(
            f"{at}: its subject is not what was reviewed, which is {shorten(reviewed.name, 120)} "
            f"with the SHA-256 {reviewed.digest.sha256}; sign the file that was reviewed"
        )
    return found


def _said_of(document: dict[str, Any], name: str) -> str:
    return shorten(str(document[name]), 80) if name in document else "missing"


def _in_words(error: str) -> str:
    """Return what the library says of a document, without its own syntax of paths."""
    why, _, path = error.partition(" - at `")
    place = path.rstrip("`").removeprefix("$").removeprefix(".") or "the whole of it"
    return f"{shorten(place, 120)}: {shorten(why[:1].lower() + why[1:])}"
