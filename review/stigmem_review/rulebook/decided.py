"""What an operator's policy makes of findings: other levels, and none at all, all of it counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec.structs import replace
from packaging.utils import canonicalize_name

from stigmem_review.case import Case
from stigmem_review.facts import Fact
from stigmem_review.policy.file import PolicyFile, Setting
from stigmem_review.policy.mistake import Mistake, nearest, table_named
from stigmem_review.rulebook.judge import Finding, by_weight, judge
from stigmem_review.rulebook.rules import Rulebook


class Judgement(NamedTuple):
    """Findings as a policy has them: those that count, and those that it turned off."""

    findings: tuple[Finding, ...] = ()
    off: tuple[Finding, ...] = ()


class RulePolicy(NamedTuple):
    """What a policy says of rules: settings by the id of a rule, for all plugins and for some.

    The settings of all are found below no name.
    """

    settings: Mapping[str, Mapping[str, Setting]] = {}

    def judge(
        self, facts: tuple[Fact, ...], case: Case, rulebook: Rulebook, distribution: str
    ) -> Judgement:
        """Return what the rules say of some facts about a distribution, by this policy."""
        found = [self._decided(each, distribution) for each in judge(facts, case, rulebook)]
        kept = tuple(sorted((each for each, off in found if not off), key=by_weight))
        return Judgement(kept, tuple(each for each, off in found if off))

    def _decided(self, finding: Finding, distribution: str) -> tuple[Finding, bool]:
        """Return a finding at the level that the policy gives it, and whether it is turned off."""
        table, setting = self._setting(finding.rule, canonicalize_name(distribution))
        if setting is None or setting == finding.level:
            return finding, False
        if setting == "off":
            return replace(finding, policy=table), True
        return replace(finding, level=setting, rule_level=finding.level, policy=table), False

    def _setting(self, rule: str, name: str) -> tuple[str, Setting | None]:
        """Return what is said of a rule, and in which table: the word about one plugin counts."""
        of_one = self.settings.get(name, {}) if name else {}
        if rule in of_one:
            return table_named(("plugins", name, "levels")), of_one[rule]
        return "[levels]", self.settings.get("", {}).get(rule)


def rule_policy(file: PolicyFile, rulebook: Rulebook) -> RulePolicy:
    """Return what a policy says of rules. Raises ``PolicyError`` for the first thing it cannot."""
    for each in rule_mistakes(file, rulebook):
        raise file.error(each)
    return RulePolicy(
        {
            canonicalize_name(keys[1]) if len(keys) > 1 else "": {
                rule.id: setting
                for wanted, setting in levels.items()
                if (rule := rulebook.get(wanted))
            }
            for keys, levels in _levels(file)
        }
    )


def rule_mistakes(file: PolicyFile, rulebook: Rulebook) -> Iterator[Mistake]:
    """Yield what a policy says of rules that are none, or that it cannot say of them."""
    for keys, levels in _levels(file):
        said: dict[str, str] = {}
        for wanted, setting in levels.items():
            each = rulebook.get(wanted)
            if each is None:
                known = [name for rule in rulebook.rules for name in (rule.id, rule.name)]
                near = nearest(wanted, known)
                meant = f": did you mean `{near}`?" if near else "; stigmem-review rules list"
                yield Mistake((*keys, wanted), f"is no rule{meant}")
                continue
            if each.id in said:
                yield Mistake((*keys, wanted), f"is the same rule as `{said[each.id]}`")
            elif setting != "error" and not each.rule.approvable:
                kind = "off" if setting == "off" else f"a {setting}"
                yield Mistake(
                    (*keys, wanted), f"is {kind}, and cannot be approved: leave it an error"
                )
            said[each.id] = wanted


def _levels(file: PolicyFile) -> Iterator[tuple[tuple[str, ...], Mapping[str, Setting]]]:
    """Yield what leads to each table of levels, and the table."""
    yield ("levels",), file.policy.levels
    for name, each in file.policy.plugins.items():
        yield ("plugins", name, "levels"), each.levels
