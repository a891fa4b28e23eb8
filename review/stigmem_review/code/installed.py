"""The code of a release, as it would be installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from stigmem_review.code.modules import NO_MORE, Built
from stigmem_review.model import AS_INSTALLED, Known, Location, Release
from stigmem_review.sources.artifact import Artifact

_SITE = "site-packages/"
_METADATA = (".dist-info", ".egg-info")


class Own(msgspec.Struct, frozen=True):
    """The distribution whose code runs: what it is called, and its version."""

    name: str
    version: str


class Code(msgspec.Struct, frozen=True):
    """Files by the place below ``site-packages`` that they are installed to.

    ``paths`` says what a release calls the file at a place, where that is not the same;
    ``beside`` names what else can be imported at the top; ``site`` has all that is installed there,
    as the manifest was read from it, and ``built`` says what is installed besides.
    """

    files: Mapping[str, bytes]
    paths: Mapping[str, str] = {}
    beside: frozenset[str] = frozenset()
    site: Mapping[str, bytes] = {}
    built: Built = NO_MORE

    def at(self, place: str, line: int = 0) -> Location:
        """Return where a file, or a line of it, stands in the release."""
        return Location(self.paths.get(place, place), line)

    def sources(self) -> Iterator[tuple[str, bytes]]:
        """Yield the Python source files, sorted by place."""
        for place in sorted(self.files):
            if place.endswith(".py"):
                yield place, self.files[place]


def code_of(artifact: Artifact, release: Release) -> Code:
    """Return the code that a release which was read would install, metadata left out.

    Of a source tree that was laid out these are the packages that its entry points name; nothing
    where they are not known.
    """
    if artifact.source.kind in AS_INSTALLED:
        site = {
            place.removeprefix(_SITE): artifact.files[path]
            for place, path in artifact.installed.items()
            if place.startswith(_SITE)
        }
        files = {
            place: data
            for place, data in site.items()
            if not place.partition("/")[0].endswith(_METADATA)
        }
        return Code(files, site=site)
    layout = artifact.layout
    if layout is None or not isinstance(release.package, Known):
        return Code({})
    beside = frozenset(
        place.partition("/")[0].partition(".")[0] for place in (*layout.places, *layout.others)
    )
    files = {place: artifact.files[layout.places[place]] for place in release.package.value}
    site = {place: artifact.files[path] for place, path in layout.places.items()}
    return Code(files, layout.places, beside, site, Built(layout.others, layout.whole))
