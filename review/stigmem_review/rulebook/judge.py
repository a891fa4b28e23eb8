"""A case goes in, findings come out. Only rules about facts of the case are compiled."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from stigmem_review.approvals.record import Approval, Change
from stigmem_review.case import Case
from stigmem_review.conditions import phrase
from stigmem_review.errors import RuleError
from stigmem_review.facts import Fact, Gain, Reconditioned, evidence, kind_of
from stigmem_review.model import LEVELS, Excerpt, Level, Location, Side
from stigmem_review.rulebook.rule import Rule
from stigmem_review.rulebook.rules import Rulebook, RuleFile
from stigmem_review.text import Message, Segment, capital, clean_all


class Finding(msgspec.Struct, frozen=True):
    """One rule's statement about one fact.

    ``fingerprint`` identifies it for an approval: it comes from the rule, the plugin, the item
    and the evidence, never from the wording or from line numbers. ``write`` are whole lines that
    would settle it, for the policy or, in a check, for the author. ``evidence`` are the lines it is
    about, where a file that can be read has them; judging gives none. ``gain`` is what the new
    release gains by it, if that is anything. Where a policy decided about it, ``policy`` is the
    table that did, and ``rule_level`` the level that the rule gives it.
    ``approval`` is what approves it, and ``void`` why an approval that could be thought to does
    not; ``change`` is what it is about, where that is a change of a repository; judging gives none.
    """

    rule: str
    name: str
    level: Level
    item: str
    message: Message
    why: str
    do: str
    approvable: bool
    fingerprint: str
    at: Location | None = None
    side: Side | Literal[""] = ""
    write: tuple[str, ...] = ()
    evidence: Excerpt | None = None
    gain: Gain | None = None
    rule_level: Level | Literal[""] = ""
    policy: str = ""
    approval: Approval | None = None
    void: Message = ()
    change: Change | None = None

    @property
    def is_lowered(self) -> bool:
        """Whether a policy makes less of it than the rule does."""
        own = self.rule_level
        return bool(own) and LEVELS.index(own) < LEVELS.index(self.level)


def by_weight(finding: Finding) -> tuple[int, str]:
    """Return what findings are sorted by: heaviest first, those of a rule together."""
    return LEVELS.index(finding.level), finding.rule


def judge(facts: tuple[Fact, ...], case: Case, rulebook: Rulebook) -> tuple[Finding, ...]:
    """Return every finding about some facts of a case, heaviest first.

    Raises ``RuleError`` if no rule is about a fact, or one fails on a fact it says it is about.
    """
    if not facts:
        return ()
    # A case without facts, such as that of a release and itself, needs no rule.
    from stigmem_review.rulebook.compiled import compiled

    by_kind: dict[str, list[Fact]] = {}
    for fact in facts:
        by_kind.setdefault(kind_of(fact), []).append(fact)
    files: dict[str, RuleFile] = {}
    for kind in by_kind:
        if not (about_it := rulebook.about(kind)):
            # A fact that nobody judges would pass in silence.
            raise RuleError(f"no rule is about facts of the kind {kind}")
        files.update((each.id, each) for each in about_it)
    findings = []
    for _, each in sorted(files.items()):
        about = [fact for kind in each.rule.on for fact in by_kind.get(kind, ())]
        rule = compiled(each)
        for fact in about:
            level = rule.level(fact, case)
            if level is not None:
                findings.append(_finding(each.rule, level, rule.says(fact, case), fact, case))
    return tuple(sorted(findings, key=by_weight))


class Silent(msgspec.Struct, frozen=True):
    """A rule that is about a fact of a case and does not apply to it, and when it would."""

    rule: str
    name: str
    item: str
    when: str


def silent(facts: tuple[Fact, ...], case: Case, rulebook: Rulebook) -> tuple[Silent, ...]:
    """Return which rules are about facts of a case and say nothing of them.

    Raises ``RuleError`` if one fails on a fact that it says it is about.
    """
    from stigmem_review.rulebook.compiled import compiled

    found = [
        Silent(each.rule.id, each.rule.name, fact.item, each.rule.when)
        for fact in facts
        for each in rulebook.about(kind_of(fact))
        if compiled(each).level(fact, case) is None
    ]
    return tuple(sorted(found, key=lambda each: (each.rule, each.item)))


def _finding(rule: Rule, level: Level, message: Message, fact: Fact, case: Case) -> Finding:
    return Finding(
        rule=rule.id,
        name=rule.name,
        level=level,
        item=fact.item,
        message=_timed(message, fact),
        why=rule.why,
        do=rule.do,
        approvable=rule.approvable,
        fingerprint=_fingerprint(rule.id, case.new.name, fact),
        at=fact.at,
        side=fact.side if fact.at else "",
        write=fact.write,
        gain=fact.gain() if case.purpose == "upgrade" else None,
    )


def _timed(message: Message, fact: Fact) -> Message:
    """Return a message with when it is so, for all rules alike."""
    if isinstance(fact, Reconditioned):
        now, was = phrase(fact.when), phrase(fact.was)
        return (*message, Segment(" Now "), *now, Segment("; before, "), *was, Segment("."))
    if not fact.when:
        return message
    if fact.side == "old":
        return (*message, Segment(" Before, it was so "), *phrase(fact.when), Segment("."))
    first, *rest = phrase(fact.when)
    return (Segment(capital(first.text)), *rest, Segment(": "), *message)


def _fingerprint(rule: str, plugin: str, fact: Fact) -> str:
    identity = dict(evidence(fact))
    if fact.when:
        # What is always so was evidence before there was anything else.
        identity["when"] = fact.when
    parts = clean_all([rule, plugin, kind_of(fact), identity])
    text = msgspec.json.encode(parts, order="deterministic")
    return hashlib.sha256(text).hexdigest()[:16]
