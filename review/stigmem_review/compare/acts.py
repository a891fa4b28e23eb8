"""Old code against new: what one version stands for, and whether what decides is the same."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review import facts, versions
from stigmem_review.facts import Fact
from stigmem_review.model import AS_INSTALLED, Known, Manifest, Release

_RELEASED = (*AS_INSTALLED, "sdist")
MIGRATIONS = "migration_register"


def code_changed(version: str, old: Release, new: Release) -> Iterator[facts.CodeChanged]:
    """Yield a fact where the version, which is that of both, stayed, and the package did not."""
    if not isinstance(old.package, Known) or not isinstance(new.package, Known):
        return
    one, two = old.package.value, new.package.value
    differing = sorted(
        path
        for path in one.keys() | two.keys()
        # What else an sdist holds, a wheel may leave out.
        if one.get(path) != two.get(path) and (_is_alike(old, new) or path.endswith(".py"))
    )
    acting = [
        path for path in differing if path not in old.acts or old.acts[path] != new.acts.get(path)
    ]
    unread = [
        path
        for path in acting
        if path.endswith(".py") and path not in old.acts and path in one.keys() & two.keys()
    ]
    if differing:
        yield facts.CodeChanged(
            item=version,
            files=tuple(acting or differing),
            acts=bool(acting),
            unread=tuple(unread),
            released=old.source.kind in _RELEASED and new.source.kind in _RELEASED,
        )


def _is_alike(old: Release, new: Release) -> bool:
    one, two = old.source.kind, new.source.kind
    return one == two or (one in AS_INSTALLED and two in AS_INSTALLED)


def is_one_version(old: Release, new: Release) -> bool:
    """Say whether two releases state one version, so that they should be the same."""
    one, two = (_version(each) for each in (old, new))
    return one is not None and two is not None and versions.same(one, two)


def _version(release: Release) -> str | None:
    manifest = release.manifest
    stated = manifest.version if isinstance(manifest, Manifest) else None
    for field in (release.distribution_version, stated):
        if isinstance(field, Known):
            return field.value
    return None


def is_same_code(state: Fact, old: Release, new: Release) -> bool:
    """Say whether what a state of both releases hangs on is the same code in both."""
    # An empty digest is that of code that is not known.
    if old.code and old.code == new.code:
        return True
    if isinstance(state, facts.MigrationUnread):
        one, two = (_behind(each, MIGRATIONS) for each in (old, new))
        return bool(one) and one == two
    return bool(old.decided) and old.decided == new.decided


def _behind(release: Release, hook: str) -> set[tuple[str, str, str]]:
    return {
        (each.target, part.name, part.sha256)
        for each in release.handlers
        if each.hook == hook
        for part in each.parts
    }
