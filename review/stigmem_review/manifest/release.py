"""From the files of an artifact to a release."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from stigmem_review.code.installed import Own
from stigmem_review.code.modules import NO_MORE, Built
from stigmem_review.host import Node
from stigmem_review.manifest.entry_points import factory_entry_point, parse_entry_points
from stigmem_review.model import (
    ENTRY_POINT_GROUP,
    Digests,
    EntryPoint,
    Gap,
    Headers,
    Hook,
    Known,
    Location,
    Manifest,
    NotCarried,
    Problem,
    Release,
    Source,
    Text,
    Unknown,
)
from stigmem_review.patterns import late
from stigmem_review.sources.artifact import Artifact, Layout
from stigmem_review.sources.metadata import headers

if TYPE_CHECKING:
    from stigmem_review.interpret.program import Programs
    from stigmem_review.manifest.project import Project

_SITE = "site-packages/"
_METADATA = (".dist-info", ".egg-info")

# Headers of the core metadata (up to 2.6) that a typed field carries, or that describe a release
# to people and to indexes. What says something of other distributions counts, and so does every
# header that the specification does not have, so that one nobody has thought of is noticed.
_NOT_COUNTED = frozenset(
    (
        *("author", "author-email", "classifier", "description", "description-content-type"),
        *("download-url", "dynamic", "generator", "home-page", "import-name", "import-namespace"),
        *("keywords", "license", "license-expression", "license-file", "maintainer"),
        *("maintainer-email", "metadata-version", "name", "project-url", "provides-extra"),
        *("requires-dist", "requires-python", "summary", "version"),
    )
)
# Where it runs is up to the tags in a file name and to markers; a line that restricts nothing is
# what setuptools fills in, or what people write there.
_PLATFORM = "platform"
_ANY_PLATFORM = late(
    r"|\*|all|any|cross[- ]?platform|none|unknown|(?:(?:os|platform)[- ]?)?independent"
    r"|(?:all|any)[- ](?:os|platforms?)",
    re.IGNORECASE,
)


def _carries(nothing: NotCarried) -> Manifest:
    """Return the manifest of a source that carries no field of it."""
    return Manifest(*[nothing for _ in Manifest.__struct_fields__])


def none_release() -> Release:
    """Return the empty release that a first installation or a removal is compared with."""
    nothing: Known[tuple[str, ...]] = Known(())
    absent = NotCarried("none")
    return Release(
        source=Source("none", "none"),
        distribution=absent,
        distribution_version=absent,
        entry_points=Known(()),
        manifest=msgspec.structs.replace(
            _carries(absent),
            capabilities=nothing,
            hooks=Known(()),
            depends_on=nothing,
            routes=nothing,
        ),
        requires_dist=nothing,
        requires_python=absent,
        metadata=Known({}),
        outside=Known({}),
        package=NotCarried("none"),
    )


def read_release(artifact: Artifact, node: Node, programs: Programs | None = None) -> Release:
    """Read one release as the given node would see it.

    ``programs`` keeps what was parsed and run, so that what two releases share is read once.

    Raises ``SourceError`` where its metadata cannot be read at all.
    """
    if programs is None:
        # Running a program takes most of the modules there are, and many commands run none.
        from stigmem_review.interpret.program import Programs

        programs = Programs()
    match artifact.source.kind:
        case "capture":
            return _read_capture(artifact)
        case "wheel" | "installed":
            release = _read_wheel(artifact, node, programs)
        case _:
            release = _read_project(artifact, node, programs)
    if artifact.source.kind == "directory":
        return release
    contents = {path: hashlib.sha256(data).hexdigest() for path, data in artifact.files.items()}
    return replace(release, contents=Known(contents))


def _read_wheel(artifact: Artifact, node: Node, programs: Programs) -> Release:
    site = {
        place.removeprefix(_SITE): artifact.files[path]
        for place, path in artifact.installed.items()
        if place.startswith(_SITE)
    }
    metadata = headers(artifact.files[f"{artifact.metadata_dir}/METADATA"])
    declared = artifact.files.get(f"{artifact.metadata_dir}/entry_points.txt", b"")
    entry_points, broken = parse_entry_points(
        declared.decode("utf-8", "replace"), f"{artifact.metadata_dir}/entry_points.txt"
    )
    requires = tuple(sorted(metadata.get("requires-dist", ())))
    if any(problem.kind == "entry-point-invalid" for problem in broken):
        reading = _Plugin(Unknown(broken[0].why, broken[0].at), broken)
    else:
        itself = itself_of(Known(metadata["name"][0]), Known(metadata["version"][0]))
        reading = _read_plugin(entry_points, site, {}, node, requires, programs, itself, NO_MORE)
        reading.problems = (*broken, *reading.problems)
    own = _own_packages(entry_points, site)
    outside, package = {}, {}
    for place, path in sorted(artifact.installed.items()):
        inside = place.removeprefix(_SITE)
        if place.startswith(_SITE) and inside.partition("/")[0].endswith(_METADATA):
            continue
        digest = hashlib.sha256(artifact.files[path]).hexdigest()
        if place.startswith(_SITE) and _is_own(inside, own):
            package[inside] = digest
        else:
            outside[place] = digest
    code = _digest({path: data for path, data in site.items() if not _is_metadata(path)})
    return _release(artifact, metadata, entry_points, reading, Known(outside), Known(package), code)


def _read_project(artifact: Artifact, node: Node, programs: Programs) -> Release:
    # Most releases are wheels, and reading a source tree takes modules of its own.
    from stigmem_review.manifest.layout import laid_out
    from stigmem_review.manifest.project import read_project

    artifact = laid_out(artifact)
    layout = artifact.layout or Layout()
    project = read_project(artifact)
    reading = _read_project_plugin(artifact, project, layout, node, programs)
    package: Digests = NotCarried(artifact.source.kind)
    outside: Digests = NotCarried(artifact.source.kind)
    code = ""
    if isinstance(project.entry_points, Known) and not layout.why:
        site = {place: artifact.files[path] for place, path in layout.places.items()}
        own = _own_packages(project.entry_points.value, site)
        digests = {place: hashlib.sha256(data).hexdigest() for place, data in sorted(site.items())}
        package = Known({place: each for place, each in digests.items() if _is_own(place, own)})
        if layout.whole:
            outside = Known(
                {
                    _SITE + place: each
                    for place, each in digests.items()
                    if place not in package.value
                }
            )
        code = _digest(site)
    return Release(
        source=artifact.source,
        distribution=project.name,
        distribution_version=project.version,
        entry_points=project.entry_points,
        manifest=reading.manifest,
        requires_dist=project.requires_dist,
        requires_python=project.requires_python,
        metadata=NotCarried(artifact.source.kind),
        outside=outside,
        package=package,
        code=code,
        problems=(*artifact.problems, *project.problems, *reading.problems),
        gaps=reading.gaps,
    )


def _read_project_plugin(
    artifact: Artifact, project: Project, layout: Layout, node: Node, programs: Programs
) -> _Plugin:
    """Read the plugin of a source tree."""
    declared = project.entry_points
    if isinstance(declared, Unknown):
        return _Plugin(declared)
    if any(problem.kind == "entry-point-invalid" for problem in project.problems):
        return _Plugin(Unknown(project.problems[0].why, project.problems[0].at))
    entry_points = declared.value if isinstance(declared, Known) else ()
    if layout.why and any(each.group == ENTRY_POINT_GROUP for each in entry_points):
        return _Plugin(Unknown(f"{layout.why}; review the built wheel"))
    requires = project.requires_dist.value if isinstance(project.requires_dist, Known) else ()
    site = {place: artifact.files[path] for place, path in layout.places.items()}
    own = itself_of(project.name, project.version)
    return _read_plugin(
        entry_points,
        site,
        layout.places,
        node,
        requires,
        programs,
        own,
        Built(layout.others, layout.whole),
    )


def itself_of(name: Text, version: Text) -> Own | None:
    """Return the distribution as its own code finds it, where its name and version are known."""
    if isinstance(name, Known) and isinstance(version, Known):
        return Own(name.value, version.value)
    return None


class _Plugin:
    def __init__(
        self,
        manifest: Manifest | Unknown,
        problems: tuple[Problem, ...] = (),
        gaps: tuple[Gap, ...] = (),
    ) -> None:
        self.manifest = manifest
        self.problems = problems
        self.gaps = gaps


def _read_plugin(
    entry_points: tuple[EntryPoint, ...],
    site: Mapping[str, bytes],
    places: Mapping[str, str],
    node: Node,
    requires: tuple[str, ...],
    programs: Programs,
    own: Own | None,
    built: Built,
) -> _Plugin:
    entry_point, problems = factory_entry_point(entry_points)
    if entry_point is None:
        return _Plugin(Unknown(problems[0].why, problems[0].at), problems)
    program = programs.get(entry_point.value, site, places, node, own, built)
    if requires and not program.modules.owns(entry_point.value.partition(":")[0]):
        why = "the module it leads to is not in this release; what the release requires may have it"
        return _Plugin(Unknown(why, entry_point.at))
    from stigmem_review.manifest.factory import read_factory

    reading = read_factory(entry_point, program)
    return _Plugin(reading.manifest, (*problems, *reading.problems), reading.gaps)


def _is_metadata(path: str) -> bool:
    return path.partition("/")[0].endswith(_METADATA)


def _digest(files: Mapping[str, bytes]) -> str:
    """Return one digest of many files, their paths included."""
    listed = "".join(
        f"{path}\0{hashlib.sha256(data).hexdigest()}\n" for path, data in sorted(files.items())
    )
    return hashlib.sha256(listed.encode("utf-8", "surrogateescape")).hexdigest()


def _own_packages(entry_points: tuple[EntryPoint, ...], site: Mapping[str, bytes]) -> set[str]:
    """Return the top-level packages that are the plugin's: those its entry points lead into."""
    plugins = [each for each in entry_points if each.group == ENTRY_POINT_GROUP]
    if plugins:
        return {each.value.partition(":")[0].partition(".")[0].strip() for each in plugins}
    return {path.partition("/")[0] for path in site if path.endswith("/__init__.py")}


def _is_own(place: str, own: set[str]) -> bool:
    """Say whether a file below ``site-packages`` is in one of the plugin's own packages."""
    top = place.partition("/")[0].partition(".")[0]
    return top in own and not place.endswith(".pth")


def _release(
    artifact: Artifact,
    metadata: Mapping[str, tuple[str, ...]],
    entry_points: tuple[EntryPoint, ...],
    reading: _Plugin,
    outside: Digests,
    package: Digests,
    code: str,
) -> Release:
    path = f"{artifact.metadata_dir}/METADATA"
    kept: Headers = Known(_counted(metadata))
    return Release(
        source=artifact.source,
        distribution=Known(metadata["name"][0], Location(path)),
        distribution_version=Known(metadata["version"][0], Location(path)),
        entry_points=Known(entry_points),
        manifest=reading.manifest,
        requires_dist=Known(tuple(sorted(metadata.get("requires-dist", ()))), Location(path)),
        requires_python=Known(next(iter(metadata.get("requires-python", ())), None)),
        metadata=kept,
        outside=outside,
        package=package,
        code=code,
        problems=(*artifact.problems, *reading.problems),
        gaps=reading.gaps,
        links=_links(metadata),
    )


def _links(metadata: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the project URLs of a release, its home page among them (core metadata)."""
    homes = (f"Homepage, {each}" for each in metadata.get("home-page", ()))
    return (*metadata.get("project-url", ()), *homes)


def _counted(metadata: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the headers whose change is one, each with its values in any order."""
    found = {
        name: tuple(sorted(set(values)))
        for name, values in metadata.items()
        if name not in _NOT_COUNTED
    }
    platforms = found.pop(_PLATFORM, ())
    if platforms and not any(map(_ANY_PLATFORM.fullmatch, platforms)):
        found[_PLATFORM] = platforms
    return found


def _read_capture(artifact: Artifact) -> Release:
    """Read what ``stigmem plugins describe --json`` carries (``stigmem_node.cli.plugins``)."""
    capture: Mapping[str, Any] = artifact.capture or {}
    absent = NotCarried("capture")
    discovery = capture.get("discovery_source") or {}
    entry = (discovery.get("entry_point_name"), discovery.get("entry_point_value"))
    entry_points: Known[tuple[EntryPoint, ...]] | NotCarried = absent
    if isinstance(entry[0], str) and isinstance(entry[1], str):
        entry_points = Known((EntryPoint(ENTRY_POINT_GROUP, entry[0], entry[1]),))
    distribution = discovery.get("distribution")
    name: Text = Known(distribution) if isinstance(distribution, str) else absent
    return Release(
        source=artifact.source,
        distribution=name,
        distribution_version=absent,
        entry_points=entry_points,
        manifest=msgspec.structs.replace(
            _carries(absent),
            name=Known(capture["name"]),
            version=Known(capture["version"]),
            capabilities=Known(tuple(sorted(capture["capabilities"]))),
            hooks=Known(tuple(Hook(hook, absent) for hook in sorted(capture["hooks"]))),
            depends_on=Known(tuple(sorted(capture["depends_on"]))),
        ),
        requires_dist=absent,
        requires_python=absent,
        metadata=absent,
        outside=absent,
        package=absent,
        problems=artifact.problems,
        signed_by=str(capture.get("signed_by") or ""),
    )
