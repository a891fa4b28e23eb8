"""What an operator's policy makes of findings: other levels, and none at all, all of it counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
from msgspec.structs import replace

from stigmem_review import facts
from stigmem_review.case import Case
from stigmem_review.compare.forbidden import forbidden
from stigmem_review.facts import Fact, kind_of
from stigmem_review.host import Node
from stigmem_review.model import Release
from stigmem_review.names import canonicalize_name
from stigmem_review.policy.file import PluginPolicy, PolicyFile, Rights, Setting, rights_of
from stigmem_review.policy.mistake import Mistake, nearest, quoted, table_named
from stigmem_review.rulebook.judge import Finding, by_weight, judge
from stigmem_review.rulebook.rules import Rulebook
from stigmem_review.text import shorten


class Judgement(msgspec.Struct, frozen=True):
    """Findings as a policy has them: those that count, and those that it turned off."""

    findings: tuple[Finding, ...] = ()
    off: tuple[Finding, ...] = ()


class RulePolicy(msgspec.Struct, frozen=True):
    """What a policy says of rules: settings by the id of a rule, for all plugins and for some.

    The settings of all are found below no name. ``plugins`` is what holds for distributions, by
    their normalised names, and ``forbid`` what none of them may have.
    """

    settings: Mapping[str, Mapping[str, Setting]] = {}
    plugins: Mapping[str, PluginPolicy] = {}
    forbid: Rights = Rights()

    def judge(
        self, stated: tuple[Fact, ...], case: Case, rulebook: Rulebook, distribution: str
    ) -> Judgement:
        """Return what the rules say of some facts about a distribution, by this policy."""
        name = canonicalize_name(distribution)
        allow = self.plugins[name].allow if name in self.plugins else Rights()
        allowed = tuple(each for each in stated if allow != Rights() and _allows(allow, each))
        others = tuple(each for each in stated if each not in allowed)
        found = [self._decided(each, distribution) for each in judge(others, case, rulebook)]
        for each in judge(allowed, case, rulebook):
            # What a rule says beside that, such as that the node has no such hook, stands.
            if each.approvable:
                found.append((replace(each, policy=f"[plugins.{quoted(name)}.allow]"), True))
            else:
                found.append(self._decided(each, distribution))
        kept = tuple(sorted((each for each, off in found if not off), key=by_weight))
        return Judgement(kept, tuple(each for each, off in found if off))

    def forbidden(self, release: Release, distribution: str) -> tuple[Fact, ...]:
        """Return what a release of a distribution has, or may have, and must not."""
        name = canonicalize_name(distribution)
        found = [*forbidden(release, self.forbid, "[forbid]")]
        if name in self.plugins:
            by = table_named(("plugins", name, "forbid"))
            known = {(kind_of(each), each.item) for each in found}
            of_one = forbidden(release, self.plugins[name].forbid, by)
            found += [each for each in of_one if (kind_of(each), each.item) not in known]
        return tuple(found)

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


def _allows(allow: Rights, fact: Fact) -> bool:
    """Say whether a fact is that a plugin has what it is allowed to have.

    What runs while the node loads it is not: that is before anybody could say no.
    """
    match fact:
        case facts.CapabilityAdded() | facts.CapabilityReconditioned() | facts.CapabilityUsed():
            return fact.item in allow.capabilities
        case facts.HookAdded() | facts.HookReconditioned():
            return fact.item in allow.hooks
        case facts.SemverMismatch():
            return {*fact.gained} <= {*allow.capabilities, *allow.hooks}
        case facts.ImportTimeEffect():
            return False
        case facts.Reaches():
            leads = fact.whole and fact.to and all(allow.leads(fact.act, to) for to in fact.to)
            return fact.act in allow.authority or bool(leads)
        case _:
            return False


def rule_policy(file: PolicyFile, rulebook: Rulebook, node: Node) -> RulePolicy:
    """Return what a policy says of rules. Raises ``PolicyError`` for the first thing it cannot."""
    for each in rule_mistakes(file, rulebook, node):
        raise file.error(each)
    return RulePolicy(
        {
            canonicalize_name(keys[1]) if len(keys) > 1 else "": {
                rule.id: setting
                for wanted, setting in levels.items()
                if (rule := rulebook.get(wanted))
            }
            for keys, levels in _levels(file)
        },
        {canonicalize_name(name): each for name, each in file.policy.plugins.items()},
        file.policy.forbid,
    )


def rule_mistakes(file: PolicyFile, rulebook: Rulebook, node: Node) -> Iterator[Mistake]:
    """Yield what a policy says of rules, capabilities and hooks that are none, or cannot be."""
    for keys, rights in rights_of(file.policy):
        for field, known in (("capabilities", node.capabilities), ("hooks", node.hooks)):
            for each in getattr(rights, field):
                if each not in known:
                    near = nearest(each, known)
                    meant = f": did you mean `{near}`?" if near else f": {', '.join(known)}"
                    why = f"has `{shorten(each, 80)}`, which node {node.version} does not have"
                    yield Mistake((*keys, field), f"{why}{meant}")
    for number, ignore in enumerate(file.policy.check.ignore):
        if rulebook.get(ignore.rule) is None:
            why = f"is `{shorten(ignore.rule, 80)}`, which {_no_rule(ignore.rule, rulebook)}"
            yield Mistake(("check", "ignore", number, "rule"), why)
    for keys, levels in _levels(file):
        said: dict[str, str] = {}
        for wanted, setting in levels.items():
            each = rulebook.get(wanted)
            if each is None:
                yield Mistake((*keys, wanted), _no_rule(wanted, rulebook))
                continue
            if each.id in said:
                yield Mistake((*keys, wanted), f"is the same rule as `{said[each.id]}`")
            elif setting != "error" and not each.rule.approvable:
                kind = "off" if setting == "off" else f"a {setting}"
                yield Mistake(
                    (*keys, wanted), f"is {kind}, and cannot be approved: leave it an error"
                )
            said[each.id] = wanted


def _no_rule(wanted: str, rulebook: Rulebook) -> str:
    rules = [name for rule in rulebook.rules for name in (rule.id, rule.name)]
    near = nearest(wanted, rules)
    return f"is no rule{f': did you mean `{near}`?' if near else '; stigmem-review rules list'}"


def _levels(file: PolicyFile) -> Iterator[tuple[tuple[str, ...], Mapping[str, Setting]]]:
    """Yield what leads to each table of levels, and the table."""
    yield ("levels",), file.policy.levels
    for name, each in file.policy.plugins.items():
        yield ("plugins", name, "levels"), each.levels
