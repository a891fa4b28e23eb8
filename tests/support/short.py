"""Reports about releases in short, as the examples of rules give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from stigmem_review import host
from stigmem_review.case import build_case
from stigmem_review.document.approvals import Consents
from stigmem_review.document.build import build_report, gaps_of
from stigmem_review.document.parts import Report
from stigmem_review.model import Release
from stigmem_review.rulebook import judge, shipped_rules
from stigmem_review.rulebook.examples import ShortRelease, release_of


def report_of(old: Mapping[str, Any] | Release, new: Mapping[str, Any] | Release) -> Report:
    """Return the report about two releases, each in short or as it is."""
    before, after = (
        each if isinstance(each, Release) else release_of(msgspec.convert(each, ShortRelease))
        for each in (old, new)
    )
    node, rules = host.node(), shipped_rules()
    case = build_case(before, after, node)
    facts = case.comparison
    findings, already = (judge(each, case, rules) for each in (facts.facts, facts.already))
    agreed = Consents(findings, gaps_of(before, after))
    return build_report(case, before, after, agreed, already, node, rules, "warning")
