"""Rule files: where they are and what they must say."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from stigmem_review import limits, toml
from stigmem_review.errors import RuleError, SourceError, reason
from stigmem_review.facts import KINDS
from stigmem_review.patterns import late
from stigmem_review.policy.mistake import named
from stigmem_review.rulebook.rule import Rule
from stigmem_review.sources.disk import read_file
from stigmem_review.text import shorten

if TYPE_CHECKING:
    from stigmem_review.rulebook.prepared import Prepared

_NAME = r"-(?P<name>[a-z]+(?:-[a-z]+)*)\.toml"
_FILE = late(r"(?P<id>[A-Z]{2,8}[0-9]{3,4})" + _NAME)
_OURS = late(r"SPR[0-9]{3,4}")


class RuleFile(msgspec.Struct, frozen=True, dict=True):
    """A rule file: what its name and folder say, its text, and its examples apart.

    ``rule`` is what the text says, unless another is ``given``. ``path`` is below the folder of
    all; ``origin`` is that folder where the rule is an operator's own. It is read only when it is
    asked for: a review needs few rules, and TOML takes longer to read than the plugins. ``sha256``
    is the digest of the file. Of a rule that ships with an installed package, ``written`` is absent
    until it is asked for: the file is in ``folder``, and ``on`` are the kinds of facts it judges.
    """

    id: str
    name: str
    path: str
    category: str
    written: str | None
    sha256: str
    given: Rule | None = None
    origin: str = ""
    folder: str = ""
    on: frozenset[str] = frozenset()

    @cached_property
    def text(self) -> str:
        """Its text. Raises ``RuleError`` where a file is not the one that was shipped."""
        if self.written is not None:
            return self.written
        data = _read(f"{self.folder}/{self.path}")
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise RuleError(f"{self.path}: it is not as it was shipped; reinstall stigmem-review")
        return _decode(data, self.path)

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.path.rpartition("/")[2]

    @cached_property
    def head(self) -> str:
        """What it says apart from its examples, which are by far the larger part of most."""
        return self.text[: self._end]

    @property
    def examples(self) -> str:
        """Its examples, as they are written."""
        return self.text[self._end :]

    @property
    def _end(self) -> int:
        return self.text.find("\n[[example]]") + 1 or len(self.text)

    @cached_property
    def rule(self) -> Rule:
        """What the file says. Raises ``RuleError`` that names the file where it is no rule."""
        if self.given:
            return self.given
        if self.prepared:
            return self.prepared.rule
        return parse_rule(self)

    @cached_property
    def prepared(self) -> Prepared | None:
        """What was made of the file before; ``None`` where nothing was, or the rule is given."""
        if self.given:
            return None
        from stigmem_review.rulebook.prepared import prepared

        return prepared(self.sha256)

    def is_about(self, kind: str) -> bool:
        """Say whether it judges facts of a kind."""
        if self.written is None:
            return kind in self.on
        return kind in self.head and kind in self.rule.on


class Rulebook(msgspec.Struct, frozen=True, dict=True):
    """Rules by id, with a digest of their files."""

    rules: tuple[RuleFile, ...]
    digest: str

    @cached_property
    def _about(self) -> dict[str, tuple[RuleFile, ...]]:
        """What was found by kind of fact, for the reviews to come."""
        return {}

    def about(self, kind: str) -> tuple[RuleFile, ...]:
        """Return the rules that judge facts of a kind, by their ids."""
        found = self._about.get(kind)
        if found is None:
            found = tuple(each for each in self.rules if each.is_about(kind))
            self._about[kind] = found
        return found

    def joined(self, own: Rulebook, shown: str) -> Rulebook:
        """Return these rules and an operator's own from the folder ``shown``.

        Raises ``RuleError`` where an own rule has an id of ours, or an id or name that is taken.
        """
        for each in own.rules:
            path = f"{shown}/{each.path}"
            if _OURS.fullmatch(each.id):
                raise RuleError(
                    f"{path}: ids that begin with SPR are those of stigmem-review; give your rule "
                    "another, such as ACME001"
                )
            if other := self.get(each.id) or self.get(each.name):
                raise RuleError(f"{path}: the rule {other.id} {other.name} has its id or its name")
        mine = (msgspec.structs.replace(each, origin=shown) for each in own.rules)
        both = hashlib.sha256(f"{self.digest}{own.digest}".encode()).hexdigest()
        return Rulebook((*self.rules, *mine), both)

    def get(self, wanted: str) -> RuleFile | None:
        """Return a rule by its id, its name, or a name that it had before."""
        for each in self.rules:
            if wanted.upper() == each.id or wanted == each.name:
                return each
        # What a rule was called stands in its text, which few reviews need of all rules.
        return next((each for each in self.rules if wanted in each.rule.formerly), None)


def find_rules() -> Path:
    """Return the folder of the rules that ship with this package.

    An installed package carries them; in a checkout they stand beside the source root.
    """
    package = Path(__file__).resolve().parents[1]
    shipped = package / "rules"
    if shipped.is_dir():
        return shipped
    checkout = package.parents[1]
    declared = checkout / "pyproject.toml"
    if declared.is_file() and 'name = "stigmem-review"' in declared.read_text("utf-8"):
        return checkout / "rules"
    raise RuleError(f"there are no rules beside {package}; reinstall stigmem-review")


@cache
def shipped_rules() -> Rulebook:
    """Return the rules that ship with this package; they are read once in a process.

    To open and to hash all their files takes longer than to read two releases, so those of an
    installed package, which nobody edits, are taken from their list. In a checkout they are what
    the files say.
    """
    top = find_rules()
    is_installed = top.parent == Path(__file__).resolve().parents[1]
    return listed_rules(top) if is_installed else _find(top)


def listed_rules(top: Path) -> Rulebook:
    """Return the rules below a folder, as the list of those that ship has them."""
    from stigmem_review.rulebook.prepared import listed

    found = listed()
    return Rulebook(
        tuple(
            _named(each.path, None, "", each.sha256, folder=str(top), on=each.on)
            for each in found.rules
        ),
        found.digest,
    )


def load_rules(top: Path) -> Rulebook:
    """Read every rule below a folder.

    Raises ``RuleError`` that names the file for anything that is not a rule, and where a name that
    one had before is that of another.
    """
    book = _find(top)
    for each in book.rules:
        for name in each.rule.formerly:
            if book.get(name) is not each:
                raise RuleError(f"{each.path}: another rule has the name {name!r} of this one")
    return book


def _find(top: Path) -> Rulebook:
    """Return the rules below a folder, without reading what they say."""
    try:
        paths = sorted(_below(str(top)), key=lambda path: path.split("/"))
    except (OSError, ValueError) as error:
        raise RuleError(f"{shorten(str(top))}: {reason(error)}; pass a folder of rules") from None
    return book_of(shorten(str(top)), ((path, _read(f"{top}/{path}")) for path in paths), top.name)


def _below(top: str) -> Iterator[str]:
    """Yield the paths of all files below a folder. Raises ``OSError`` where one cannot be read."""
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        with os.scandir(f"{top}/{folder}") as entries:  # many times as quick as ``rglob``
            for each in entries:
                if each.is_dir(follow_symlinks=False):
                    waiting.append(f"{folder}{each.name}/")
                else:
                    yield folder + each.name


def book_of(folder: str, files: Iterable[tuple[str, bytes]], category: str = "") -> Rulebook:
    """Return the rules in files, each given with its path below a folder, from wherever they come.

    ``category`` is that of files in no folder below it. Raises ``RuleError`` that names the file
    for one that is not named as rules are, and where there is none.
    """
    found: dict[str, RuleFile] = {}
    names: set[str] = set()
    digest = hashlib.sha256()
    for shown, data in files:
        sha256 = hashlib.sha256(data).hexdigest()
        digest.update(f"{shown}\0{sha256}\n".encode("utf-8", "surrogateescape"))
        each = _named(shown, _decode(data, shown), category, sha256)
        if each.id in found or each.name in names:
            raise RuleError(f"{shown}: another rule has the id or the name of this one")
        found[each.id] = each
        names.add(each.name)
    if not found:
        raise RuleError(f"{folder} holds no rules; pass a folder of rules")
    return Rulebook(tuple(found[key] for key in sorted(found)), digest.hexdigest())


def _read(path: str) -> bytes:
    try:
        return read_file(path, limits.RULE_BYTES)
    except SourceError as error:
        raise RuleError(error.text) from None


def _named(
    shown: str,
    text: str | None,
    category: str,
    sha256: str,
    *,
    folder: str = "",
    on: frozenset[str] = frozenset(),
) -> RuleFile:
    above, _, name = shown.rpartition("/")
    parts = _FILE.fullmatch(name)
    if not parts:
        raise RuleError(f"{shown}: a rule file is named like ACME001-hook-added.toml")
    category = above.rpartition("/")[2] or category
    return RuleFile(parts["id"], parts["name"], shown, category, text, sha256, folder=folder, on=on)


def parse_rule(each: RuleFile) -> Rule:
    shown = "/".join(filter(None, (each.category, each.file)))
    data = parse_toml(each.head, shown)
    try:
        rule = msgspec.convert(data, Rule)
    except msgspec.ValidationError as error:
        from stigmem_review.policy.schema import mistakes

        # Where a key is wrong, the line says more than the library's words.
        for wrong in mistakes(data, Rule):
            line = toml.line_of(each.head, wrong.keys)
            why = wrong.why if wrong.why[0] in ":;" else f", {wrong.why}"
            said = f"{shown}: {named(wrong.keys, wrong.unknown)}, line {line}{why}"
            raise RuleError(said) from None
        raise RuleError(f"{shown}: {error!s}") from None
    if (rule.id, rule.name) != (each.id, each.name):
        raise RuleError(f"{shown}: it says id {rule.id} and name {rule.name}, unlike its file name")
    for kind in rule.on:
        if kind not in KINDS:
            known = ", ".join(KINDS)
            raise RuleError(
                f"{shown}: there is no kind of fact {shorten(kind)!r}; there are {known}"
            )
    return rule


def _decode(data: bytes, shown: str) -> str:
    try:
        return toml.decoded(data)
    except ValueError as error:
        raise RuleError(f"{shown}: {error}") from None


def parse_toml(text: str, shown: str) -> Mapping[str, Any]:
    """Parse TOML, naming the file where it is not."""
    try:
        return toml.parse(text)
    except ValueError as error:
        raise RuleError(f"{shown}: {error}") from None
