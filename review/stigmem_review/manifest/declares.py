"""Whether a source is a plugin, which is asked first: what is none need not be read at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO

from stigmem_review import limits
from stigmem_review.manifest.entry_points import misspelt_group, parse_entry_points
from stigmem_review.manifest.factories import concerns_plugins, is_called_plugin, makes_plugin
from stigmem_review.markers import OLDEST
from stigmem_review.model import AS_INSTALLED, ENTRY_POINT_GROUP, Known
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.installed_files import archives_on_path
from stigmem_review.sources.paths import fold
from stigmem_review.sources.refusal import refusal
from stigmem_review.sources.request import Found
from stigmem_review.sources.stored import Stored
from stigmem_review.text import shorten

_FILE = "entry_points.txt"
_METADATA = (".dist-info", ".egg-info")


def registers_plugin(
    found: Found, *, in_pieces: bool = False, built: bool = False, others: bool = True
) -> bool | None:
    """Say whether installing what was found would register a plugin; ``None``: only a build tells.

    Nothing is read strictly of a wheel that has no table of entry points with the group in it,
    whatever its size and however odd it is, nor of an sdist in which the host's name stands
    nowhere: its build could still compute entry points, and nothing says so. ``in_pieces`` goes
    by the table of contents of a wheel of an index. With ``others`` every file of the release that
    installers may take is asked, and ``built`` says that they are told to build it.

    Raises ``SourceError`` where what may be a plugin cannot be read, and where another file of the
    release, which an installer may prefer elsewhere, may register one and this one does not.
    """
    registers = found.may_be_plugin(in_pieces=in_pieces) and declares_plugin(found.read())
    if registers is False and others and found.release is not None:
        asked = found.release.others_that_may_be(
            oldest=OLDEST[:2], in_pieces=in_pieces, built=built
        )
        _check_others(found, asked)
    return registers


def _check_others(found: Found, others: Iterable[tuple[str, bool]]) -> None:
    for file, may_be in others:
        if may_be and file.endswith(".whl"):
            raise refusal(
                file,
                f"it may register a plugin, and {shorten(found.file)} does not; which of them "
                "is installed is up to the node's machine",
                "review it with stigmem-review diff",
            )
        if may_be:
            raise refusal(
                file,
                f"it may register a plugin, and {shorten(found.file)} does not; where that wheel "
                "does not fit, or installers are told to build, they build this sdist",
                "pin the hashes of wheels only, or review it with stigmem-review diff",
            )


def is_about_plugin(found: Found) -> bool:
    """Say whether what was found is a plugin, or is meant to be one and fails at it.

    Raises ``SourceError`` where what may be a plugin cannot be read.
    """
    match found.kind:
        case "none" | "capture":
            return found.kind == "capture"
        case "directory":
            from stigmem_review.manifest.layout import laid_out

            return concerns_plugins(laid_out(found.read()).files)
        case _ if is_called_plugin(found.file):
            return True
        case "sdist":
            if not found.may_be_plugin():
                return False
            artifact = found.read()
            return concerns_plugins(artifact.files) or declares_plugin(artifact) is True
        case _:
            return bool(registers_plugin(found, others=False)) or _is_meant(found)


def _is_meant(wheel: Found) -> bool:
    """Say whether a wheel that registers no plugin was to do so, by what can be read of it."""
    files = wheel.texts()
    return makes_plugin(files) or any(
        misspelt_group(parse_entry_points(files[path].decode("utf-8", "replace"), "")[0])
        for path in files
        if path.endswith(f".dist-info/{_FILE}") and len(files[path]) <= limits.METADATA_BYTES
    )


def declares_plugin(artifact: Artifact) -> bool | None:
    """Say whether installing an artifact would register a plugin; ``None`` if only a build tells.

    A wheel counts with every distribution it installs, also one that hides in it or in an archive
    that it puts on the path (``importlib.metadata`` finds the metadata of all of them). What cannot
    be read and speaks of the group counts as a plugin. Raises ``SourceError`` where a project's
    metadata cannot be read.
    """
    if artifact.source.kind == "none":
        return False
    if artifact.source.kind in AS_INSTALLED:
        from stigmem_review.sources.peek import may_declare_plugin

        return any(map(declares, _tables(artifact))) or any(
            may_declare_plugin(Stored(path, BytesIO(artifact.files[path])))
            for path in archives_on_path(artifact.files, artifact.installed)
        )
    from stigmem_review.manifest.project import read_project

    project = read_project(artifact)
    for problem in project.problems:
        table = artifact.files.get(problem.at.path, b"") if problem.at else b""
        if problem.item == ENTRY_POINT_GROUP or declares(table):
            return True
    declared = project.entry_points.value if isinstance(project.entry_points, Known) else ()
    # What a source does not declare, its build can still add.
    return any(each.group == ENTRY_POINT_GROUP for each in declared) or None


def _tables(artifact: Artifact) -> Iterator[bytes]:
    """Yield each table of entry points that a wheel installs."""
    for place, path in artifact.installed.items():
        folder, _, name = fold(place).rpartition("/")
        # importlib.metadata, too, ignores the case of the folder; a file system can ignore that
        # of the file. In an egg the folder is EGG-INFO.
        if name == _FILE and f".{folder.rpartition('/')[2]}".endswith(_METADATA):
            yield artifact.files[path]


def declares(table: bytes) -> bool:
    """Say whether a table of entry points has the group, or cannot be read and speaks of it."""
    if ENTRY_POINT_GROUP.encode() not in table:
        return False
    if len(table) > limits.METADATA_BYTES:
        return True
    try:
        found, problems = parse_entry_points(table.decode("utf-8"), "")
    except UnicodeDecodeError:
        return True
    return bool(problems) or any(each.group == ENTRY_POINT_GROUP for each in found)
