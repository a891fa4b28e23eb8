"""What is on a node: a folder of files, a file that pins them, or each by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from stigmem_review.errors import SourceError, UsageError
from stigmem_review.manifest.declares import registers_plugin
from stigmem_review.markers import never
from stigmem_review.model import Gap
from stigmem_review.names import canonicalize_name
from stigmem_review.pins.formats import FORMATS, format_of
from stigmem_review.pins.model import Pin
from stigmem_review.pipeline.bumps.nodes import NODE
from stigmem_review.pipeline.confirms.artifacts import files_in
from stigmem_review.pipeline.confirms.pins import pins_of
from stigmem_review.pipeline.reading import gap, opening
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.metadata import as_version
from stigmem_review.sources.network import Network
from stigmem_review.sources.request import find_pinned, release_of

_ARCHIVES = (".whl", ".tar.gz")
_PROJECT = ("pyproject.toml", "setup.cfg", "setup.py")


class Placed(msgspec.Struct):
    """What was found: how each plugin is opened, by what it is asked for, and what is not known.

    ``node`` is the version of the node that stands among them, and ``others`` counts libraries.
    """

    plugins: dict[str, Callable[[], Artifact]]
    gaps: list[Gap]
    node: str = ""
    others: int = 0


def placed(
    sources: Sequence[str], artifacts: str | None, requirements: str | None, network: Network
) -> Placed:
    """Return what is on a node by one way of saying it.

    Raises ``UsageError`` where it is said in no way, or in several, or names nothing.
    """
    said = (bool(sources), artifacts is not None, requirements is not None)
    if sum(said) != 1:
        raise UsageError(
            "name what is on the node in one way: plugins, --artifacts with the folder that they "
            "are installed from, or --requirements with the file that pins them"
        )
    found = Placed({}, [])
    if artifacts is not None:
        _in_folder(artifacts, found)
    elif requirements is not None:
        _pinned(requirements, found, network)
    else:
        for each in sources:
            _open(each, found)
    return found


def placed_before(places: Sequence[str], network: Network) -> Placed:
    """Return what was on a node before: a folder, a file that pins, or plugins, by what it is."""
    if len(places) == 1:
        [place] = places
        path = Path(place)
        try:
            is_folder, is_file = path.is_dir(), path.is_file()
        except (OSError, ValueError):
            is_folder = is_file = False
        if is_folder and not any((path / name).exists() for name in _PROJECT):
            return placed((), place, None, network)
        is_archive = place.endswith((*_ARCHIVES, ".json"))
        if is_file and (format_of(path.as_posix()) is not None or not is_archive):
            return placed((), None, place, network)
    return placed(places, None, None, network)


def _open(asked: str, found: Placed) -> None:
    """Take one release; a library is counted, and the node says which one it is."""
    each = opening(asked)
    if each.unread.kind in ("none", "capture"):
        raise UsageError(
            f"{each.unread.asked} has no code to foresee a start of; name a wheel, an sdist, a "
            "project directory, name==version or what is installed"
        )
    if node := _node(each.unread.file or asked):
        each.close()
        _say_node(node, found)
    elif each.is_about_plugin():
        found.plugins[asked] = each.open
    else:
        each.close()
        found.others += 1


def _node(file: str) -> str:
    """Return the version of the node that a file or a requirement is, or nothing."""
    name, _, version = file.partition("==")
    if version and canonicalize_name(name) == NODE:
        return str(as_version(version) or version)
    named, known = release_of(Path(file).name)
    return str(known) if named == NODE and known else ""


def _say_node(version: str, found: Placed) -> None:
    if found.node not in ("", version):
        why = f"both {found.node} and {version} are there"
        found.gaps.append(Gap(NODE, why, "leave the one that does not run"))
    found.node = version


def _in_folder(folder: str, found: Placed) -> None:
    by_name: dict[str, dict[str, list[Path]]] = {}
    for path in files_in(folder):
        if path.is_dir():
            found.gaps.append(Gap(str(path), "it is a link to a folder, which is not followed", ""))
        elif path.name.endswith(_ARCHIVES):
            name, version = release_of(path.name)
            versions = by_name.setdefault(str(name) or str(path), {})
            versions.setdefault(str(version), []).append(path)
    for name, versions in sorted(by_name.items()):
        files = [_first(each) for _, each in sorted(versions.items())]
        count = len(found.plugins)
        for path in files:
            _open(str(path), found)
        if len(files) > 1 and len(found.plugins) > count:
            why = f"{len(files)} versions of it are there, and a node has one"
            found.gaps.append(Gap(name, why, "leave the one that is installed"))


def _first(files: Iterable[Path]) -> Path:
    """Return the file that an installer takes first: a wheel goes before the sdist."""
    return min(files, key=lambda each: (not each.name.endswith(".whl"), each.name))


def _pinned(path: str, found: Placed, network: Network) -> None:
    said = pins_of(path, is_lock=format_of(Path(path).as_posix()) not in (None, FORMATS[0]))
    for each in (*said.unreadable, *said.unfollowed):
        found.gaps.append(Gap(str(each.at), f"{each.text}: {each.why}", ""))
    names = {pin.name for pin in said.pins}
    for line in said.loose:
        if line.name not in names and not never(line.marker):
            why = f"{line.text}: it names no single release"
            found.gaps.append(Gap(str(line.at), why, "pin it"))
    for pin in dict.fromkeys(said.pins):
        if never(pin.marker):
            continue
        if pin.name == NODE:
            _say_node(str(as_version(pin.version) or pin.version), found)
        else:
            _take(pin, found, network)
    for local in said.local:
        near = [place for place in _near(path, local.folder) if place.exists()]
        if near:
            _open(str(near[0]), found)
        else:
            why = f"{local.text}: there is nothing at that path"
            found.gaps.append(Gap(str(local.at), why, ""))


def _near(path: str, folder: str) -> Iterator[Path]:
    yield Path(folder)
    yield Path(path).parent / folder


def _take(pin: Pin, found: Placed, network: Network) -> None:
    asked, version = f"{pin.name}=={pin.version}", as_version(pin.version)
    if version is None or pin.url:
        found.gaps.append(Gap(asked, "it is no release of an index", "name its file"))
        return
    try:
        release = find_pinned(asked, pin.name, version, pin.hashes, None, network)
        is_plugin = registers_plugin(release)
    except SourceError as error:
        found.gaps.append(Gap(asked, error.why, error.do))
    except Exception as error:
        found.gaps.append(gap(asked, error))
    else:
        if is_plugin is False:
            release.close()
            found.others += 1
        else:
            found.plugins[asked] = release.read
