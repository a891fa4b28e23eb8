"""What a release has written in its files, kept until a report has shown lines of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from stigmem_review import limits
from stigmem_review.model import AS_INSTALLED
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.unread import Unread

_SITE = "site-packages/"


class Written(msgspec.Struct, frozen=True):
    """The files of a release that people can read, by place.

    A place is where a file is installed to, such as ``site-packages/pkg/mod.py`` or
    ``scripts/tool``; for those files of a project that are not installed it is their path.
    ``shown`` is what the release calls the file at a place, ``places`` the place of a file by any
    of its names. ``is_source`` if it is a project, with files that nothing built from it has.
    """

    files: Mapping[str, bytes] = {}
    shown: Mapping[str, str] = {}
    places: Mapping[str, str] = {}
    is_source: bool = False

    def lacks(self, place: str, other: Written) -> bool:
        """Say whether it is known that this release has no such file, as another one has.

        Of what a project does not install only the names at its top are known for certain.
        """
        if place in self.shown or not self.files:
            return False
        if self.is_source != other.is_source or place.startswith(_SITE):
            return place.startswith(_SITE)
        return not self.is_source or "/" not in place


def written_of(artifact: Artifact) -> Written:
    """Return what is written in the files of an artifact, of a project once it is laid out.

    Files of a directory are those that were read so far; none is opened here. What is no text,
    and what is past the limits on what is kept, is left out.
    """
    files = artifact.files.taken if isinstance(artifact.files, Unread) else artifact.files
    shown: dict[str, str] = {}
    places: dict[str, str] = {}
    paths: dict[str, str] = {}
    for place, path, name in _placed(artifact, files):
        shown[place], paths[place] = name, path
        places.setdefault(path, place)
        places.setdefault(name, place)
    if isinstance(artifact.files, Unread):
        shown |= {name: name for name in artifact.files.children("") if name not in places}
    kept: dict[str, bytes] = {}
    left = limits.WRITTEN_BYTES
    for place in sorted(paths, key=lambda each: (not each.endswith(".py"), each)):
        data = files[paths[place]]
        is_text = place.endswith(".py") or b"\0" not in data
        if is_text and len(data) <= min(left, limits.WRITTEN_FILE_BYTES):
            kept[place] = data
            left -= len(data)
    return Written(kept, shown, places, artifact.source.kind in ("directory", "sdist"))


def _placed(artifact: Artifact, files: Mapping[str, bytes]) -> Iterator[tuple[str, str, str]]:
    """Yield the place of each file, its path, and what a report calls it."""
    if artifact.source.kind in AS_INSTALLED:
        for place, path in artifact.installed.items():
            if path.startswith(f"{artifact.metadata_dir}/"):
                # Its folder has the version in its name, and is the same one all the same.
                yield path.replace(artifact.metadata_dir, ".dist-info", 1), path, path
            else:
                yield place, path, place.removeprefix(_SITE)
        return
    layout = artifact.layout
    installed = layout.places if layout else {}
    for place, path in installed.items():
        if path in files:
            yield _SITE + place, path, path
    below = {*installed.values()}
    for path in files:
        if path not in below:
            yield path, path, path
