"""The report as JSON, and its schema."""

from __future__ import annotations

from typing import Any

import msgspec

from stigmem_review.document import Report


def render_json(report: Report) -> str:
    """Return a report as indented JSON; it validates against ``report_schema``."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"


def report_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the report."""
    schema = msgspec.json.schema(Report)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "stigmem-review report, format 1",
        **schema,
    }
