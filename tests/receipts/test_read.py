"""Receipts that are damaged, of another kind, or put together by somebody else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from stigmem_review import limits
from stigmem_review.errors import ReceiptError
from stigmem_review.receipts.model import FIELD
from stigmem_review.receipts.read import parse_receipts

ONE, TWO = "1" * 64, "2" * 64


def receipt() -> dict[str, Any]:
    artifact = {"name": "acme_ledger-1.0.1-py3-none-any.whl", "digest": {"sha256": ONE}}
    counts = ("exitCode", "errors", "warnings", "notes", "lowered", "approved", "accepted")
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [artifact],
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": {
            "verifier": {"id": "pkg:pypi/stigmem-review", "version": {"stigmem-review": "1.0"}},
            "timeVerified": "2026-11-27T10:00:00Z",
            "resourceUri": "pkg:pypi/acme-ledger@1.0.1",
            "policy": {"uri": "stigmem-review.toml", "digest": {"sha256": TWO}},
            "verificationResult": "PASSED",
            "verifiedLevels": ["STIGMEM_REVIEWED"],
            FIELD: {
                "format": 1,
                "plugin": "acme-ledger",
                "version": "1.0.1",
                "artifact": artifact,
                "verdict": {"state": "clear", "gate": "warning", **dict.fromkeys(counts, 0)},
                "node": "0.9.0a12",
                "rules": {"sha256": TWO},
                "approvals": [],
                "previous": None,
                "files": {"site-packages/acme_ledger/__init__.py": TWO},
            },
        },
    }


def read(document: Any) -> Any:
    [held] = parse_receipts(json.dumps(document).encode(), "r.json")
    return held.receipt


def refusal(data: bytes) -> str:
    with pytest.raises(ReceiptError) as caught:
        parse_receipts(data, "r.json")
    assert caught.value.exit_code == 3
    said = str(caught.value)
    assert len(said) < 400
    return said


def test_what_others_add_is_passed_over() -> None:
    document = receipt()
    document["predicate"]["slsaVersion"] = "1.1"
    document["https://acme.example/more"] = {"_type": 1}
    document["subject"].insert(0, {"name": "another", "digest": {"sha512": "0", "sha256": TWO}})
    document["subject"][1]["digest"]["sha512"] = "0" * 128
    assert read(document).review.artifact.digest.sha256 == ONE


def test_a_byte_order_mark_and_windows_line_ends_are_read_over() -> None:
    text = json.dumps(receipt(), indent=2).replace("\n", "\r\n")
    assert len(parse_receipts(b"\xef\xbb\xbf" + text.encode(), "r.json")) == 1
    lines = "\r\n".join([json.dumps(receipt())] * 2) + "\r\n"
    assert [each.at for each in parse_receipts(lines.encode(), "r")] == ["r:1", "r:2"]


def test_an_envelope_around_it_is_opened() -> None:
    payload = base64.b64encode(json.dumps(receipt()).encode()).decode()
    envelope = {"payloadType": "application/vnd.in-toto+json", "payload": payload}
    assert read({**envelope, "signatures": []}).passed
    bundle = {"mediaType": "m", "verificationMaterial": {}, "dsseEnvelope": envelope}
    [held] = parse_receipts(json.dumps(bundle).encode(), "r.json")
    assert (held.bundle, json.loads(held.payload)) == (bundle, receipt())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "r.json: it is empty: no plugin was reviewed, or writing it was interrupted"),
        (b" \r\n", "it is empty"),
        (json.dumps(receipt(), indent=1).encode()[:-40], "it is not JSON that can be read"),
        (b'{"a": 1,\n"b"}', "r.json:2: it is not JSON that can be read"),
        (json.dumps(receipt()).encode() + b"\n{", "r.json:2: it is not JSON"),
        (b"\xff\xfe{\x00", "byte 0 is not UTF-8; save it as UTF-8"),
        (b"PK\x03\x04\x80", "is not UTF-8"),
        (b"[]", "it is JSON, and not an object"),
        (b"[" * 100_000, "it is nested too deep"),
        (b'{"_type": "a", "_type": "b"}', "the key _type is there twice"),
        (b" " * (limits.RECEIPT_BYTES + 1), "it has more than 16777216 bytes"),
        (b'{"mediaType": "m", "verificationMaterial": {}}', "the signature of another file"),
        (b'{"payload": "e30=", "payloadType": "text/plain"}', "its envelope is around text/plain"),
        (b'{"payload": "%", "payloadType": "application/vnd.in-toto+json"}', "is no base64"),
        (b'{"payload": 1, "payloadType": "application/vnd.in-toto+json"}', "is no base64"),
        (b'{"payload": "e3", "payloadType": "application/vnd.in-toto+json"}', "is no base64"),
        (b'{"payload": "ew==", "payloadType": "application/vnd.in-toto+json"}', "cannot be read"),
        (b'{"payload": "W10=", "payloadType": "application/vnd.in-toto+json"}', "not an object"),
        (b'{"format": 1, "verdict": {}}', "its _type is missing, and not"),
    ],
    ids=lambda each: repr(each[:40]),
)  # fmt: skip
def test_what_is_no_receipt_is_refused_with_the_place(data: bytes, said: str) -> None:
    assert said in refusal(data)


def _put(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        *keys, last = path.split("/")
        for key in keys:
            document = document[FIELD if key == "*" else key]
        document[FIELD if last == "*" else last] = value

    return change


_MISSING = [
    *("_type", "subject", "predicateType", "predicate", "predicate/verifier"),
    *("predicate/timeVerified", "predicate/resourceUri", "predicate/policy"),
    *("predicate/verificationResult", "predicate/verifiedLevels"),
    *(f"predicate/*/{each}" for each in receipt()["predicate"][FIELD]),
]


@pytest.mark.parametrize("path", _MISSING)
def test_each_field_has_to_be_there(path: str) -> None:
    document = receipt()
    inside: Any = document
    *keys, last = path.split("/")
    for key in keys:
        inside = inside[FIELD if key == "*" else key]
    del inside[last]
    assert "r.json: " in refusal(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_put("_type", "https://in-toto.io/Statement/v0.1"), "and not https://in-toto.io/Statem"),
        (_put("predicateType", "https://slsa.dev/provenance/v1"), "its predicate is https://slsa"),
        (_put("predicate/*", None), "a summary by pkg:pypi/stigmem-review, and of no review of"),
        (_put("predicate/*/format", 2), "of format 2, and this version reads format 1; update"),
        (_put("predicate/*/files", {"a": "xyz"}), "predicate.pkg:pypi/stigmem-review#receipt.fil"),
        (_put("predicate/timeVerified", "2026-11-27T10:00:00"), "predicate.timeVerified: "),
        (_put("predicate/timeVerified", "0001-01-01T00:00:00+23:00"), "no such time in UTC"),
        (_put("predicate/timeVerified", "yesterday"), "predicate.timeVerified: invalid RFC3339"),
        (_put("predicate/verificationResult", "passed"), "invalid enum value 'passed'"),
        (_put("subject", []), "its subject is not what was reviewed"),
        (
            _put("subject", [{"name": "acme", "digest": {"sha256": TWO}}]),
            "its subject is not what was reviewed, which is acme_ledger-1.0.1-py3-none-any.whl",
        ),
        (_put("subject", [{"name": "acme", "digest": {"sha1": "0"}}]), "subject[0].digest"),
    ],
)  # fmt: skip
def test_another_kind_of_statement_is_refused_in_words(
    change: Callable[[dict[str, Any]], None], said: str
) -> None:
    document = receipt()
    change(document)
    found = refusal(json.dumps(document).encode())
    assert said in found
    assert "$" not in found


def test_a_predicate_alone_is_told_from_a_receipt() -> None:
    found = refusal(json.dumps(receipt()["predicate"]).encode())
    assert "it is a predicate alone, which does not say what it is about" in found
