"""Find, check and judge: rules are data, a case goes in, findings come out."""

from stigmem_review.rulebook.judge import Finding, judge, silent
from stigmem_review.rulebook.rule import Rule
from stigmem_review.rulebook.rules import load_rules, shipped_rules

__all__ = ["Finding", "Rule", "judge", "load_rules", "shipped_rules", "silent"]
