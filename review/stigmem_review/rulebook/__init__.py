"""Find, check and judge: rules are data, a case goes in, findings come out."""

from stigmem_review.rulebook.judge import Finding, judge
from stigmem_review.rulebook.rules import Rule, find_rules, load_rules

__all__ = ["Finding", "Rule", "find_rules", "judge", "load_rules"]
