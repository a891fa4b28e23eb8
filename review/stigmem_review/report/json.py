"""Reports as JSON, and their schemas."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from stigmem_review.document.bump import BumpReport
from stigmem_review.document.check import CheckReport
from stigmem_review.document.node import NodeReport
from stigmem_review.document.parts import Report
from stigmem_review.document.signer import SignerReport
from stigmem_review.receipts.confirm import Confirmation

Kind = Literal["report", "check", "node", "bump", "signer", "confirm"]
_DOCUMENTS: dict[Kind, type[msgspec.Struct]] = {
    "report": Report,
    "check": CheckReport,
    "node": NodeReport,
    "bump": BumpReport,
    "signer": SignerReport,
    "confirm": Confirmation,
}


def render_json(report: msgspec.Struct) -> str:
    """Return a report as indented JSON; it validates against its ``schema``."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"


def schema(kind: Kind) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one kind of report."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:stigmem-review:{kind}:1",
        "title": f"stigmem-review {kind}, format 1",
        **msgspec.json.schema(_DOCUMENTS[kind]),
    }
