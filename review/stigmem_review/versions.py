"""How versions and requirements compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from packaging.version import Version

from stigmem_review.facts import Step
from stigmem_review.names import canonicalize_name
from stigmem_review.patterns import late

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet


_PLAIN = late(r">=\s*([0-9.]+(?:(?:a|b|rc)[0-9]+)?)")
"""A range that leaves out what is older, and nothing else."""
_BOUND = late(r"(>=|<)\s*([0-9.]+(?:(?:a|b|rc)[0-9]+)?)")
"""One end of a range of the kinds that nearly all have."""


def parse(text: str) -> Version | None:
    """Return a version, or ``None`` where the text is not one (PEP 440)."""
    try:
        return Version(text)
    except ValueError:  # also of a number with more digits than Python converts
        return None


def same(one: str, two: str) -> bool:
    """Say whether two texts name the same version, however they are spelled."""
    if one == two:
        return True
    left, right = parse(one), parse(two)
    return left is not None and left == right


def step(old: str, new: str) -> Step:
    """Return how far ``new`` is from ``old``, by the first part of the version that differs."""
    if old == new:
        return "same"
    before, after = parse(old), parse(new)
    if before is None or after is None:
        return "unknown"
    if after < before:
        return "downgrade"
    if after == before:
        return "same"
    if after.is_prerelease or (before.is_prerelease and before.release == after.release):
        return "pre-release"
    names: tuple[Step, ...] = ("major", "minor", "patch")
    if before.epoch != after.epoch:
        return "major"
    size = max(len(before.release), len(after.release), len(names))
    parts = zip(_padded(before, size), _padded(after, size), strict=True)
    for position, (one, two) in enumerate(parts):
        if one != two:
            return names[min(position, len(names) - 1)]
    return "rebuild"


def _padded(version: Version, size: int) -> tuple[int, ...]:
    return version.release + (0,) * (size - len(version.release))


def specifiers(one: str, two: str) -> tuple[str, str]:
    """Return two version ranges in one spelling; a text that is none stands for itself.

    They are equal where they mean the same: then both are spelled as the second.
    """
    if (first := _least(one)) and (second := _least(two)):
        spelled = f">={two[2:].strip()}"
        return (spelled if first == second else f">={one[2:].strip()}"), spelled
    old, new = _range(one), _range(two)
    if old is None or new is None:
        return one, two
    return (_spelled(new), _spelled(new)) if _equal(old, new) else (_spelled(old), _spelled(new))


def _least(text: str) -> Version | None:
    """Return the oldest version in a range; ``None`` where that may not be all that it says.

    It is what nearly all plugins say, for which no reader of ranges has to be loaded.
    """
    plain = _PLAIN.fullmatch(text)
    return parse(plain[1]) if plain else None


def _range(text: str) -> SpecifierSet | None:
    from packaging.specifiers import SpecifierSet

    try:
        return SpecifierSet(text)
    except ValueError:
        return None


def _spelled(specifier: SpecifierSet) -> str:
    return ",".join(sorted(map(str, specifier)))


def _equal(one: SpecifierSet, two: SpecifierSet) -> bool:
    try:
        return one == two
    except ValueError:  # a number with more digits than Python converts
        return str(one) == str(two)


def _takes(text: str, version: Version) -> bool | None:
    """Say whether a range takes a version; ``None`` where that is not for us to say.

    A range that ends before a version leaves out its pre-releases too, unless it names one.
    """
    taken = True
    for each in text.split(","):
        plain = _BOUND.fullmatch(each.strip())
        bound = parse(plain[2]) if plain else None
        if plain is None or bound is None:
            return None
        if plain[1] == ">=":
            taken &= version >= bound
        else:
            before = version.is_prerelease and same(version.base_version, bound.base_version)
            taken &= version < bound and (bound.is_prerelease or not before)
    return taken


def allows(text: str, version: str) -> bool | None:
    """Say whether a version range takes a version, a pre-release too; ``None`` if it is none."""
    if (has := parse(version)) and (taken := _takes(text, has)) is not None:
        return taken
    found = _range(text)
    try:
        return None if found is None else found.contains(version, prereleases=True)
    except ValueError:  # a number with more digits than Python converts
        return None


class _Wanted(msgspec.Struct, frozen=True):
    """What a requirement asks of a distribution."""

    extras: frozenset[str]
    specifier: SpecifierSet
    urls: tuple[str, ...]

    def means(self, other: _Wanted) -> bool:
        return (self.extras, self.urls) == (other.extras, other.urls) and _equal(
            self.specifier, other.specifier
        )

    def __str__(self) -> str:
        """Return it in words: extras, then the version range, or ``@`` and an address."""
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        places = [f"@ {url}" for url in self.urls]
        wanted = " and ".join(filter(None, (_spelled(self.specifier), *places)))
        return f"{extras} {wanted}".strip() or "any version"


_Asked = dict[tuple[str, str], "_Wanted | None"]


def requirements(
    one: tuple[str, ...], two: tuple[str, ...]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return what the requirements of two releases ask for, by what they are about.

    That is a distribution and, where there is one, a marker; the value is the version range,
    extras included, or ``@`` and a URL. What means the same on both sides is spelled as on the
    second. A text that is not a requirement stands for itself.
    """
    old, new = _asked(one), _asked(two)
    spelling = _spellings((*new, *old))
    old, new = _respelled(old, spelling), _respelled(new, spelling)
    before, after = {}, {}
    for key, wanted in new.items():
        after[_about(key)] = _INVALID if wanted is None else str(wanted)
    for key, wanted in old.items():
        other = new.get(key)
        same = wanted is not None and other is not None and wanted.means(other)
        before[_about(key)] = _INVALID if wanted is None else str(other if same else wanted)
    return before, after


_INVALID = "not a valid requirement"


def _about(key: tuple[str, str]) -> str:
    return " ; ".join(filter(None, key))


def _asked(texts: tuple[str, ...]) -> _Asked:
    """Return what is asked of each distribution under each marker, as packaging writes it."""
    from packaging.requirements import Requirement

    found: _Asked = {}
    for text in texts:
        try:
            parsed = Requirement(text)
        except (ValueError, RecursionError):
            found[text, ""] = None
            continue
        key = (str(canonicalize_name(parsed.name)), str(parsed.marker or ""))
        extras = frozenset(map(str, map(canonicalize_name, parsed.extras)))
        urls = (parsed.url,) if parsed.url else ()
        _add(found, key, _Wanted(extras, parsed.specifier, urls))
    return found


def _add(found: _Asked, key: tuple[str, str], wanted: _Wanted | None) -> None:
    """Add what is asked to what is asked under the same condition: all of it has to be met."""
    was = found.get(key)
    if was is not None and wanted is not None:
        try:
            specifier = was.specifier & wanted.specifier
        except ValueError:  # a number with more digits than Python converts
            specifier = wanted.specifier
        urls = tuple(sorted({*was.urls, *wanted.urls}))
        wanted = _Wanted(was.extras | wanted.extras, specifier, urls)
    found[key] = wanted


def _spellings(keys: tuple[tuple[str, str], ...]) -> dict[tuple[str, str], str]:
    """Return how each marker of a distribution is spelled: as the first that means the same."""
    from stigmem_review.markers import alike

    markers: dict[str, list[str]] = {}
    for name, marker in keys:
        markers.setdefault(name, []).append(marker)
    return {
        (name, marker): spelled
        for name, several in markers.items()
        for marker, spelled in alike(several).items()
    }


def _respelled(asked: _Asked, spelling: dict[tuple[str, str], str]) -> _Asked:
    found: _Asked = {}
    for (name, marker), wanted in asked.items():
        _add(found, (name, spelling[name, marker]), wanted)
    return found
