"""Which code of a release decides its manifest, and which of its files say the same as another's.

Both are digests of syntax (``code.digest``), and neither counts what a release states of itself.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from stigmem_review import limits
from stigmem_review.code.digest import digest_of, is_documented
from stigmem_review.code.installed import Code
from stigmem_review.code.modules import Syntax
from stigmem_review.code.parse import Failure
from stigmem_review.code.written import Written
from stigmem_review.interpret.escape import REWRITTEN
from stigmem_review.interpret.heap import ESCAPED
from stigmem_review.interpret.program import Program
from stigmem_review.model import FACTORY, IMPORT, Known, Manifest, OneOf, Release, Side, Unknown
from stigmem_review.outcomes import hooks, told, values

_SITE = "site-packages/"

Parse = Callable[[bytes], Syntax | Failure]


def stated(release: Release) -> frozenset[str]:
    """Return what a release says of itself, and a comparison says by itself: versions, its node."""
    version = release.distribution_version
    found = {version.value} if isinstance(version, Known) else set()
    if isinstance(release.manifest, Manifest):
        for field in (release.manifest.version, release.manifest.requires_stigmem):
            found |= {each.value for each in values(field)}
    return frozenset(found)


def is_unsure(release: Release) -> bool:
    """Say whether anything about a release's plugin could not be read, or is wrong."""
    manifest = release.manifest
    if not isinstance(manifest, Manifest) or release.problems:
        return True
    fields = [getattr(manifest, name) for name in Manifest.__struct_fields__]
    return (
        any(isinstance(each, Unknown) for each in fields)
        or any(isinstance(each, OneOf) and not all(told(each).values()) for each in fields)
        or any(hook.unread for hook in hooks(manifest.hooks))
    )


def decided_by(release: Release, code: Code, programs: Iterable[Program], parse: Parse) -> str:
    """Return a digest of all that runs to make the manifest, and of the files that it reads.

    Where that is not followed to its end, all code may.
    """
    documented = is_documented(data for _, data in code.sources())
    own = stated(release)
    found: dict[str, str] = {}
    for program in programs:
        machine = program.machine
        everything = program.lost is not None or (machine.imports.oid, REWRITTEN) in machine.cells
        run = {id(node) for node, _, when in machine.entered.values() if when in (IMPORT, FACTORY)}
        run |= {id(each.node) for each in machine.things if ESCAPED in each.cells}

        def is_left(node: ast.AST, run: set[int] = run) -> bool:
            return id(node) not in run

        for module in program.modules.loaded:
            skipped = (lambda node: False) if everything else is_left
            digest = digest_of(module.tree.body, documented=documented, skipped=skipped)
            found[module.path] = digest.given(own)
        for place, data in code.site.items():
            if place in program.modules.read or (everything and place not in found):
                found.setdefault(place, _acts(place, data, documented, own, parse))
    listed = "".join(f"{place}\0{each}\n" for place, each in sorted(found.items()))
    return hashlib.sha256(listed.encode("utf-8", "surrogateescape")).hexdigest() if listed else ""


def told_apart(
    old: Release, new: Release, written: Mapping[Side, Written], parse: Parse
) -> tuple[Release, Release]:
    """Return two releases with what their packages' files say, where their bytes differ.

    Files past the limit say something else: what is not held against each other is not the same.
    """
    if not isinstance(old.package, Known) or not isinstance(new.package, Known):
        return old, new
    one, two = old.package.value, new.package.value
    sources = [
        {place: files.get(f"{_SITE}{place}") for place in package if place.endswith(".py")}
        for files, package in ((written["old"].files, one), (written["new"].files, two))
    ]
    read = [[data for data in each.values() if data is not None] for each in sources]
    kept = all(None not in each.values() for each in sources)
    # What was not kept may read docstrings.
    documented = not kept or is_documented(data for each in read for data in each)
    differing = _within(
        {
            place: sum(len(each.get(place) or b"") for each in sources)
            for place in one
            if place in two and one[place] != two[place]
        }
    )
    acts = [
        {
            place: _acts(place, data, documented, stated(release), parse)
            for place in differing
            if (data := files.get(place)) is not None
        }
        for release, files in zip((old, new), sources, strict=True)
    ]
    return replace(old, acts=acts[0]), replace(new, acts=acts[1])


def _within(sizes: Mapping[str, int]) -> list[str]:
    """Return the first files that, all together, are within the limit."""
    found: list[str] = []
    left = limits.ALIKE_BYTES
    for place, size in sizes.items():
        left -= size
        if left < 0:
            break
        found.append(place)
    return found


def _acts(place: str, data: bytes, documented: bool, own: frozenset[str], parse: Parse) -> str:
    syntax = parse(data) if place.endswith(".py") else None
    if not isinstance(syntax, Syntax):
        return hashlib.sha256(data).hexdigest()
    return digest_of(syntax.tree.body, documented=documented).given(own)
