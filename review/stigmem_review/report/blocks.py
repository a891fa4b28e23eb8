"""What a report is made of, whichever way it is written: a page of blocks.

A layout (``review``, ``bump``, ``node``, ``check``) makes a page of a report and decides what is
said, in which order and how much of it; a writer (``text``, ``markdown``) decides how it looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from stigmem_review.document.parts import Line
from stigmem_review.model import Level
from stigmem_review.text import Message, capital
from stigmem_review.verdict import State

if TYPE_CHECKING:
    from stigmem_review.report.excerpt import Shortened

Detail = Literal["brief", "usual", "all"]
"""How much is shown: the first screen alone, what changed, or what is folded as well."""

Tone = Level | State | Literal["", "strong"]
"""What a line weighs, which a writer shows by a mark or by colour."""


class Title(msgspec.Struct, frozen=True):
    """The first line of a report, or of a section about one plugin: what it is about, and its
    verdict; ``remark`` is for which node."""

    says: Message
    state: State | None = None
    remark: str = ""
    level: int = 1


class Heading(msgspec.Struct, frozen=True):
    """A line above what follows."""

    text: str


class Paragraph(msgspec.Struct, frozen=True):
    """One or more sentences. Each ``strong`` one can stand without what surrounds it."""

    says: Message
    tone: Tone = ""


class Item(msgspec.Struct, frozen=True):
    """One of several things."""

    says: Message
    tone: Tone = ""


class Items(msgspec.Struct, frozen=True):
    """Several things, one below the other."""

    items: tuple[Item, ...]


class Pairs(msgspec.Struct, frozen=True):
    """Things with what is said of each; ``is_theirs`` if what they are called is outside text."""

    lines: tuple[Line, ...]
    is_theirs: bool = False


class Verbatim(msgspec.Struct, frozen=True):
    """Lines that are shown as they are, to be copied, or as a unified diff."""

    lines: tuple[str, ...]
    is_diff: bool = False


class Fold(msgspec.Struct, frozen=True):
    """What is shown where somebody asks for it, below a title that says what and how much."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def heading(self) -> str:
        """Its title where it stands alone."""
        return capital(self.title)


class Member(msgspec.Struct, frozen=True):
    """One finding of several by one rule: what it says, where, and what approves it.

    ``code`` are the lines it is about, and ``glimpse`` those of them that say most.
    """

    says: Message
    at: str = ""
    note: str = ""
    code: Shortened | None = None
    glimpse: Shortened | None = None
    write: tuple[str, ...] = ()
    approval: Message = ()


class Found(msgspec.Struct, frozen=True):
    """Findings of one rule at one level.

    ``title`` is what they come to in words of ours. ``why`` and ``do`` are empty where they have
    been said. ``is_compiler`` if each stands at its place, as a compiler says it.
    """

    number: int
    level: Level
    level_says: str
    rule: str
    name: str
    title: str
    members: tuple[Member, ...]
    why: str = ""
    do: str = ""
    remark: str = ""
    is_open: bool = False
    is_compiler: bool = False

    @property
    def is_named(self) -> bool:
        """Whether its title is the name of its rule, which a policy calls it by."""
        return self.title.startswith(self.name)

    @property
    def heading(self) -> str:
        """Its title where it stands alone; the name of a rule as it is written."""
        return self.title if self.is_named else capital(self.title)


class Command(msgspec.Struct, frozen=True):
    """What to type for something, or why there is nothing to type."""

    label: str
    line: str = ""
    remark: Message = ()


class Commands(msgspec.Struct, frozen=True):
    """What to type next."""

    commands: tuple[Command, ...]


class Separator(msgspec.Struct, frozen=True):
    """What sets the review of one plugin apart from the next."""


Block = Title | Heading | Paragraph | Items | Pairs | Verbatim | Fold | Found | Commands | Separator


class Page(msgspec.Struct, frozen=True):
    """A report: its ``first`` screen, what to ``decide``, what proves it, and what is folded.

    The first two are what is shown in brief. A terminal shows what to decide at the end, where the
    eye is, with the ``verdict`` once more, and everything else shows it at the top. ``is_calm`` if
    there is nothing to look at, and what is folded is not worth a line.
    """

    first: tuple[Block, ...]
    decide: tuple[Block, ...] = ()
    body: tuple[Block, ...] = ()
    rest: tuple[Block, ...] = ()
    verdict: Paragraph | None = None
    is_calm: bool = False

    @property
    def screen(self) -> tuple[Block, ...]:
        """The first screen with what to decide, where no verdict stands at the end."""
        verdict = (self.verdict,) if self.verdict and self.verdict not in self.first else ()
        return (*self.first, *verdict, *self.decide)
