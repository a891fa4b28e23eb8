"""What receipts say of what is about to be installed, or is installed. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from stigmem_review.document.sanitise import sanitised
from stigmem_review.model import Gap
from stigmem_review.names import canonicalize_name
from stigmem_review.pins.model import Pin
from stigmem_review.policy.file import ReceiptsPolicy
from stigmem_review.receipts.model import Files, Receipt
from stigmem_review.sources.metadata import as_version
from stigmem_review.verdict import count

_LINES = "write the lines that stigmem-review receipt prints"
_BACK = "to go back to it, add --back"

_SKEW = timedelta(minutes=10)
"""By how much the clocks of two machines may differ."""


class Refused(msgspec.Struct, frozen=True):
    """Something that is not what was reviewed: what, why, and what would help."""

    what: str
    why: str
    do: str = ""


class Confirmed(msgspec.Struct, frozen=True):
    """One plugin that is there, at a place; it is confirmed if nothing of it is ``refused``.

    ``receipt`` is the file of the one that it was held against, empty where there is none;
    ``verified`` the time of that review, ``signer`` who signed the receipt, if that was asked, and
    ``back`` if it is what ran before the release that the receipt is about.
    """

    plugin: str
    version: str
    at: str
    receipt: str = ""
    verified: str = ""
    signer: str = ""
    back: bool = False
    refused: tuple[Refused, ...] = ()


class Confirmation(msgspec.Struct, frozen=True):
    """Whether what is there is what was reviewed. Every string in it is printable ASCII.

    ``format`` is the version of this document's structure, ``against`` what was looked at.
    ``refused`` belongs to no plugin that is there, ``gaps`` could not be read, ``others`` counts
    what is there and is no plugin. ``exit_code`` is 0 where all is what was reviewed, 1 where
    something is refused, and 3 where something could not be read; 3 goes before 1.
    """

    format: Literal[1]
    against: str
    plugins: tuple[Confirmed, ...]
    refused: tuple[Refused, ...]
    gaps: tuple[Gap, ...]
    others: int
    exit_code: Literal[0, 1, 3]
    sentence: str


class Answer(NamedTuple):
    """What was found by looking in one place; the fields are those of ``Confirmation``."""

    plugins: tuple[Confirmed, ...] = ()
    refused: tuple[Refused, ...] = ()
    gaps: tuple[Gap, ...] = ()
    others: int = 0


class Counted(NamedTuple):
    """A release that a receipt is about.

    ``at`` is where the receipt stands, ``signer`` who signed it, if that was asked, and ``void``
    what keeps all of it from counting. ``back`` if the release is the one that ran before.
    """

    receipt: Receipt
    at: str
    signer: str = ""
    void: Refused | None = None
    back: bool = False

    @property
    def plugin(self) -> str:
        return canonicalize_name(self.receipt.review.plugin)

    @property
    def version(self) -> str:
        review = self.receipt.review
        return review.previous.version if self.back and review.previous else review.version

    @property
    def sha256(self) -> str:
        review = self.receipt.review
        if not self.back:
            return review.artifact.digest.sha256
        return review.previous.digest.sha256 if review.previous and review.previous.digest else ""

    @property
    def files(self) -> Files:
        review = self.receipt.review
        return review.previous.files if self.back and review.previous else review.files

    @property
    def builds(self) -> frozenset[str]:
        """The digests of sdists that no installer builds, because the wheel fits everywhere."""
        review = self.receipt.review
        if self.back or not review.artifact.name.endswith("-none-any.whl"):
            return frozenset()
        return frozenset(each.digest.sha256 for each in review.sdists)

    @property
    def verified(self) -> datetime:
        return self.receipt.predicate.time_verified


class Receipts:
    """All receipts that were given, held to a time.

    Of several about one file the newest counts, of those of one time one that did not pass, and
    those that are void only where no other is there. One that passed because it compares a release
    with itself is void. Where ``back`` is allowed, what ran before a release counts as reviewed
    too, unless the review found that there is no way back.
    """

    def __init__(
        self,
        counted: Iterable[Counted],
        policy: ReceiptsPolicy,
        now: datetime,
        *,
        back: bool = False,
    ) -> None:
        self._policy = policy
        self._now = now
        given = [each._replace(void=each.void or _of_nothing(each)) for each in counted]
        before = [
            each._replace(back=True)
            for each in given
            if (previous := each.receipt.review.previous) and previous.back and previous.digest
        ]
        self._before = _by_digest(before)
        self._by_digest = _by_digest([*before, *given] if back else given)

    def of(self, sha256: str) -> Counted | None:
        """Return the newest receipt of a file."""
        return self._by_digest.get(sha256)

    def before(self, sha256: str) -> Counted | None:
        """Return the newest receipt of what a file was upgraded to, and can go back from."""
        return self._before.get(sha256)

    def goes_back_to(self, plugin: str, version: str) -> bool:
        """Say whether a release of a plugin ran before one that a receipt is about."""
        wanted = (canonicalize_name(plugin), version)
        return any((each.plugin, each.version) == wanted for each in self._before.values())

    def named(self, plugin: str, version: str = "") -> tuple[Counted, ...]:
        """Return the receipts of a plugin, or of one release of it, newest first."""
        name = canonicalize_name(plugin)
        found = [
            each
            for each in self._by_digest.values()
            if each.plugin == name and version in ("", each.version)
        ]
        return tuple(sorted(found, key=lambda each: each.verified, reverse=True))

    @property
    def plugins(self) -> tuple[str, ...]:
        """The plugins that receipts are about, by normalised name, sorted."""
        return tuple(sorted({each.plugin for each in self._by_digest.values()}))

    def standing(self, counted: Counted) -> Iterator[Refused]:
        """Yield what keeps a receipt from opening the gate, whatever it is held against."""
        if counted.void:
            yield counted.void
        at, state = counted.at, counted.receipt.review.verdict.state
        if not counted.receipt.passed:
            why = "the change that brings it" if state == "clear" else f"it ({state})"
            yield Refused(at, f"the review of {why} did not pass", "deploy what passed")
        age, longest = self._now - counted.verified, self._policy.longest_days
        if age < -_SKEW:
            yield Refused(
                at,
                f"it is from {_time(counted.verified)}, and here it is {_time(self._now)}",
                "set the clock of this machine, or of the one that reviewed",
            )
        elif age > timedelta(days=longest):
            old = count(age.days, "day")
            yield Refused(at, f"it is {old} old; the policy allows {longest}", "review it again")


def _by_digest(counted: Iterable[Counted]) -> dict[str, Counted]:
    """Return by digest the one of several that counts."""
    weakest_first = sorted(
        counted,
        key=lambda each: (
            each.void is None,
            not each.back,
            each.verified,
            not each.receipt.passed,
        ),
    )
    return {each.sha256: each for each in weakest_first}


def _of_nothing(counted: Counted) -> Refused | None:
    review = counted.receipt.review
    if not counted.receipt.passed or not review.is_against_itself:
        return None
    return Refused(
        counted.at,
        f"it compares {review.plugin} {review.version} with itself, which reviews nothing of it",
        "review it against the release before it, or against none",
    )


def _time(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def confirmed(
    receipts: Receipts,
    counted: Counted,
    at: str,
    refused: Iterable[Refused] = (),
) -> Confirmed:
    """Return a plugin that was held against a receipt, with all that is refused of both."""
    return Confirmed(
        counted.plugin,
        counted.version,
        at,
        counted.at,
        _time(counted.verified),
        counted.signer,
        counted.back,
        (*receipts.standing(counted), *refused),
    )


def judge_file(receipts: Receipts, file: str, sha256: str, plugin: str, version: str) -> Confirmed:
    """Return what receipts say of a file, by its digest; its name says what release it is."""
    counted = receipts.of(sha256)
    if counted is None:
        refused = unknown_bytes(receipts, file, sha256, plugin, version)
        return Confirmed(plugin, version, file, refused=(refused,))
    wrong = []
    if (counted.plugin, counted.version) != (plugin, version):
        why = f"it was reviewed as {counted.plugin} {counted.version}, and has another name"
        wrong.append(Refused(file, why, "give it the name that it was reviewed under"))
    return confirmed(receipts, counted, file, wrong)


def judge_pin(receipts: Receipts, pin: Pin) -> Confirmed:
    """Return what receipts say of all files that a pin of a plugin allows, by their hashes."""
    at, version = str(pin.at), str(as_version(pin.version) or pin.version)
    wanted = f"{pin.name}=={pin.version}"
    allowed = [each.partition(":")[2] for each in pin.hashes if each.startswith("sha256:")]
    known = [found for each in allowed if (found := receipts.of(each))]
    if not known:
        if not receipts.named(pin.name):
            return Confirmed(pin.name, version, at, refused=(no_receipt(wanted),))
        refused = _unknown_pin(receipts, wanted, pin, allowed)
        return Confirmed(pin.name, version, at, refused=(refused,))
    wrong = [each for other in known[1:] for each in receipts.standing(other)]
    builds = {sha256 for each in known for sha256 in each.builds}
    others = [each for each in pin.hashes if each.partition(":")[2] not in builds]
    others = [each for each in others if receipts.of(each.partition(":")[2]) is None]
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        why = f"it also allows files that no receipt is about: {others[0]}{more}"
        wrong.append(Refused(wanted, why, _LINES))
    if any((each.plugin, each.version) != (pin.name, version) for each in known):
        why = f"its hash is that of {known[0].plugin} {known[0].version}"
        wrong.append(Refused(wanted, why, _LINES))
    return confirmed(receipts, known[0], at, wrong)


def _unknown_pin(receipts: Receipts, wanted: str, pin: Pin, allowed: list[str]) -> Refused:
    """Return why a pin is refused of which no file was reviewed, and another of its plugin was."""
    version = str(as_version(pin.version) or pin.version)
    before = next(filter(None, map(receipts.before, allowed)), None)
    if before and before.version == version:
        return _ran_before(wanted, before)
    if before:
        why = f"its hash is that of {before.plugin} {before.version}"
        return Refused(wanted, why, _LINES)
    if receipts.named(pin.name, version):
        why = "none of its hashes is that of a file that was reviewed"
        if not pin.hashes:
            why = "it has no hash, so that nothing says which file is installed"
        return Refused(wanted, why, _LINES)
    other = receipts.named(pin.name)[0]
    why = f"no receipt is about it; {other.at} is about {other.version}"
    do = _LINES
    if receipts.goes_back_to(pin.name, version):
        do = f"{_BACK}, and write the lines that stigmem-review receipt --back prints"
    return Refused(wanted, why, do)


def another_release(receipts: Receipts, what: str, plugin: str, version: str) -> Refused:
    """Return why an installed release is refused of whose plugin another one was reviewed."""
    other = receipts.named(plugin)[0]
    why = f"{other.at} is about {other.version}, and {version} is installed"
    do = "install the release that was reviewed, or review it"
    if receipts.goes_back_to(plugin, version):
        do = f"{_BACK}; otherwise install the release that was reviewed"
    return Refused(what, why, do)


def _ran_before(what: str, before: Counted) -> Refused:
    why = (
        f"it is what ran before {before.receipt.review.version}, by {before.at}, and it has no "
        "receipt of its own"
    )
    return Refused(what, why, _BACK)


def unknown_bytes(receipts: Receipts, what: str, sha256: str, plugin: str, version: str) -> Refused:
    """Return why a file of a plugin is refused that no receipt is about."""
    if before := receipts.before(sha256):
        return _ran_before(what, before)
    if near := receipts.named(plugin, version):
        return Refused(
            what,
            f"these are not the bytes that were reviewed: their SHA-256 is {sha256}, that of the "
            f"file in {near[0].at} is {near[0].sha256}",
            "install the file that was reviewed, or review this one",
        )
    return no_receipt(what)


def no_receipt(what: str) -> Refused:
    """Return why a plugin is refused of which there is no receipt at all."""
    return Refused(what, "it is a plugin without a receipt", "review it with --receipt")


def conclude(receipts: Receipts, against: str, answer: Answer) -> Confirmation:
    """Put the answer together; everything in it is sanitised here, once.

    A plugin with a receipt of which nothing is there is refused too.
    """
    plugins, gaps = answer.plugins, answer.gaps
    there = {each.plugin for each in plugins}
    # What could not be read may be what is missed.
    missed = [each for each in receipts.plugins if each not in there and not gaps]
    refused = (*answer.refused, *(_absent(receipts, each) for each in missed))
    wrong = sum(bool(each.refused) for each in plugins) + len(refused)
    if gaps:
        sentence = f"{count(len(gaps), 'thing')} could not be read, so nothing is confirmed."
    elif wrong:
        sentence = f"{count(wrong, 'thing')} {_are(wrong)} not what was reviewed."
    else:
        sentence = f"{count(len(plugins), 'plugin')} {_are(len(plugins))} what was reviewed."
    code: Literal[0, 1, 3] = 3 if gaps else 1 if wrong else 0
    return sanitised(
        Confirmation(1, against, plugins, refused, gaps, answer.others, code, sentence)
    )


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _absent(receipts: Receipts, plugin: str) -> Refused:
    at = receipts.named(plugin)[0].at
    return Refused(plugin, f"{at} is about it, and it is not there", "leave its receipt out, if so")
