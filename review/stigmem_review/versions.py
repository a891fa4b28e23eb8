"""How versions and requirements compare."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version

from stigmem_review.facts import Step


def parse(text: str) -> Version | None:
    """Return a version, or ``None`` where the text is not one (PEP 440)."""
    try:
        return Version(text)
    except InvalidVersion:
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


def specifiers(text: str) -> str:
    """Return a version range in one spelling; a text that is not one stands for itself."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return ",".join(sorted(map(str, SpecifierSet(text))))
    except InvalidSpecifier:
        return text


def allows(text: str, version: str) -> bool | None:
    """Say whether a version range takes a version, a pre-release too; ``None`` if it is none."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(text).contains(version, prereleases=True)
    except InvalidSpecifier:
        return None


def requirements(texts: tuple[str, ...]) -> dict[str, str]:
    """Return what each requirement asks for, by the distribution (and condition) it is about.

    The value is the version range, extras included, in one spelling, or ``@`` and a URL. A text
    that is not a requirement stands for itself.
    """
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    found: dict[str, str] = {}
    for text in texts:
        try:
            parsed = Requirement(text)
        except InvalidRequirement:
            found[text] = "not a valid requirement"
            continue
        key = str(canonicalize_name(parsed.name))
        if parsed.marker:
            key = f"{key} ; {parsed.marker}"
        extras = f"[{','.join(sorted(parsed.extras))}]" if parsed.extras else ""
        wanted = f"@ {parsed.url}" if parsed.url else ",".join(sorted(map(str, parsed.specifier)))
        value = f"{extras} {wanted}".strip() or "any version"
        found[key] = f"{found[key]} and {value}" if key in found else value
    return found
