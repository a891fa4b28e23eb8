"""What a rule says."""

from __future__ import annotations

from typing import Annotated

import msgspec

from stigmem_review.model import Level

Sentence = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One rule.

    ``on`` names the kinds of facts it judges. It fires on such a fact unless ``when`` says no;
    its level is ``level``, or a heavier one where ``warning_when`` or ``error_when`` says so.
    ``says`` is the message, ``why`` and ``do`` are plain text; ``mend`` says what the author of
    the release can do, where that is not what its reviewer does. A finding of a rule that is not
    ``approvable`` cannot be accepted, only removed. ``formerly`` are names that it had
    before, which policies may still call it by.
    """

    id: str
    name: str
    on: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    level: Level
    says: Sentence
    why: Sentence
    do: Sentence
    when: str = ""
    warning_when: str = ""
    error_when: str = ""
    mend: str = ""
    approvable: bool = True
    formerly: tuple[str, ...] = ()
