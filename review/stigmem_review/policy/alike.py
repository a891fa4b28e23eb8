"""Texts that a person takes for each other. Pure functions."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from stigmem_review.patterns import late

# Small letters that are drawn like Latin ones, as Unicode's confusables.txt has them; compatibility
# forms, such as full-width letters, are what NFKC takes care of.
_CYRILLIC = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u0475"
)
_GREEK = "\u03b1\u03b5\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5"
_LATIN = "\u0131\u0251\u0261\u0262\u0274\u0280\u028f\ua731"
# Capitals only matter where the case of a text does.
_CAPITALS = (
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
)
_LETTERS = str.maketrans(_CYRILLIC + _GREEK + _LATIN, "aeopcyxijshdqwv" + "aeikvoptu" + "iaggnrys")
_DRAWN = _LETTERS | str.maketrans(_CAPITALS, "ABEKMHOPCTXIJS" + "ABEZHIKMNOPTYX")
# What is drawn alike within ASCII.
_SHAPES = str.maketrans("0135|i", "olesll")
_PAIRS = (("rn", "m"), ("vv", "w"))
_SEPARATORS = late(r"([@/.:])")

_SHORT, _LONG = 4, 8
"""From how many characters on one edit, and two, leave a name looking as it was."""

_COMPARED = 1024
"""How many characters of two texts are compared."""


def is_odd(text: str) -> bool:
    """Say whether a text holds a character that is not printable ASCII."""
    return not all(" " <= character <= "~" for character in text)


def as_drawn(text: str) -> str:
    """Return a text with the letters of other scripts that are drawn like Latin ones replaced."""
    return unicodedata.normalize("NFKC", text).translate(_DRAWN)


def looks_like(one: str, two: str) -> bool:
    """Say whether two different texts can be taken for each other.

    They can where they differ in case, in trailing, invisible or confusable characters, in digits
    that stand for letters, or by one or two edits of a name that is long enough. Of e-mail
    addresses also where one only goes on after the other.
    """
    if one == two:
        return False
    a, b = _skeleton(one[:_COMPARED]), _skeleton(two[:_COMPARED])
    if a == b or _goes_on(a, b) or _goes_on(b, a):
        return True
    first, second = _SEPARATORS.split(a), _SEPARATORS.split(b)
    if len(first) != len(second):
        return _edited(a, b)
    return all(one == two or _edited(one, two) for one, two in zip(first, second, strict=True))


def first_like(text: str, others: Iterable[str]) -> str:
    """Return the first of some texts that another one can be taken for, or nothing."""
    return next((other for other in others if looks_like(text, other)), "")


def _skeleton(text: str) -> str:
    """Return what two texts that look the same have in common (after Unicode's UTS #39)."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    letters = unicodedata.normalize("NFD", folded)
    shown = "".join(each for each in letters if unicodedata.category(each)[0] not in "CMZ")
    shown = shown.translate(_LETTERS).translate(_SHAPES).rstrip(".,;:/_-")
    for pair, letter in _PAIRS:
        shown = shown.replace(pair, letter)
    return shown


def _goes_on(longer: str, shorter: str) -> bool:
    """Say whether an e-mail address is the beginning of a longer text."""
    return "@" in shorter and longer.startswith(shorter)


def _edited(one: str, two: str) -> bool:
    shorter = min(len(one), len(two))
    return _within(one, two, (shorter >= _SHORT) + (shorter >= _LONG))


def _within(one: str, two: str, edits: int) -> bool:
    """Say whether some characters added, removed, replaced or swapped make one text the other."""
    if abs(len(one) - len(two)) > edits:
        return False
    same = next(
        (at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b),
        min(len(one), len(two)),
    )
    one, two = one[same:], two[same:]
    if not one or not two:
        return True
    if not edits:
        return False
    rests = [(one[1:], two), (one, two[1:]), (one[1:], two[1:])]
    if one[:2] == two[1::-1]:
        rests.append((one[2:], two[2:]))
    return any(_within(*rest, edits - 1) for rest in rests)
