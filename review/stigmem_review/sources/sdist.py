"""Reads an sdist: its files, and that they are of the release its file name says."""

from __future__ import annotations

import hashlib

from packaging.utils import parse_sdist_filename

from stigmem_review.model import Source
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.metadata import check_identity, names_release
from stigmem_review.sources.refusal import ASK_REBUILD, NOT_AS_NAMED, RENAME, refusal
from stigmem_review.sources.untar import untar
from stigmem_review.text import shorten

_MACOS = "pack it again with COPYFILE_DISABLE=1, so that macOS adds no file to it"


def read_sdist(asked: str, file: str, data: bytes) -> Artifact:
    """Return the release in ``data``, the bytes of the sdist whose file name is ``file``."""
    if not file.endswith(".tar.gz"):
        raise refusal(file, "only sdists that end in .tar.gz are read", "name the .tar.gz")
    try:
        name, version = parse_sdist_filename(file)
    except ValueError as error:
        raise refusal(file, "its name is not that of an sdist", RENAME) from error
    unpacked = untar(file, data)
    tops = sorted({path.partition("/")[0] for path in unpacked})
    if len(tops) != 1:
        # Neither pip nor uv finds the project beside the file that macOS' tar puts there.
        do = _MACOS if any(top.startswith("._") for top in tops) else ASK_REBUILD
        what = f"it has {len(tops)} files and directories at its top instead of one"
        raise refusal(file, what, do)
    top = tops[0]
    if not names_release(top, name, version):
        raise refusal(
            file,
            f"its directory is {shorten(top)}, the file name says {name} {version}",
            NOT_AS_NAMED,
        )
    check_identity(file, f"{top}/PKG-INFO", unpacked, name, version)
    files = {path.partition("/")[2]: content for path, content in unpacked.items()}
    digest = hashlib.sha256(data).hexdigest()
    return Artifact(Source(kind="sdist", asked=asked, file=file, sha256=digest), files)
