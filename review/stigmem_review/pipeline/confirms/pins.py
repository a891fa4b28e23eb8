"""A requirements file, or a lock, that is about to be installed from."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stigmem_review import limits
from stigmem_review.errors import SourceError, UsageError
from stigmem_review.manifest.declares import is_about_plugin, registers_plugin
from stigmem_review.markers import never
from stigmem_review.model import Gap
from stigmem_review.pins.formats import FORMATS, format_of
from stigmem_review.pins.model import Aside, Local, Pin, PinFile
from stigmem_review.pipeline.confirms.artifacts import judged
from stigmem_review.pipeline.reading import gap
from stigmem_review.receipts.confirm import Answer, Confirmed, Receipts, Refused, judge_pin
from stigmem_review.sources.disk import read_file
from stigmem_review.sources.metadata import as_version
from stigmem_review.sources.request import find_pinned, find_source, understand
from stigmem_review.text import shorten

_AT_ONCE = 4
"""Releases that are fetched side by side, as a bump does."""

_LOOSE = "it names no single release, so that nothing says which file is installed"


def look_at_pins(path: str, receipts: Receipts, *, is_lock: bool) -> Answer:
    """Return what receipts say of what a file pins, and every file it includes.

    A pin that no receipt is about is looked up where pip would look, since only its file says
    whether it is a plugin. Raises ``UsageError`` where there is no such file, or no such lock.
    """
    said = pins_of(path, is_lock=is_lock)
    plugins: list[Confirmed] = []
    refused: list[Refused] = []
    gaps = [Gap(str(each.at), f"{each.text}: {each.why}", "") for each in _unclear(said)]
    unknown: dict[Pin, None] = {}
    for pin in said.pins:
        if never(pin.marker):
            continue
        if receipts.named(pin.name) or _is_known(receipts, pin):
            plugins.append(judge_pin(receipts, pin))
        else:
            unknown[pin] = None
    names = {pin.name for pin in said.pins}
    for line in said.loose:
        if line.name in names:
            continue  # a constraint beside it says which
        if receipts.named(line.name):
            refused.append(Refused(line.text, f"{line.at}: {_LOOSE}", "pin it, with its hash"))
        else:
            gaps.append(Gap(str(line.at), f"{line.text}: {_LOOSE}", "pin it"))
    others = 0
    for local in said.local:
        for found in _of_local(path, local, receipts):
            match found:
                case Confirmed():
                    plugins.append(found)
                case Refused():
                    refused.append(found)
                case Gap():
                    gaps.append(found)
                case None:
                    others += 1
    for pin, is_plugin in _looked_up(unknown):
        if isinstance(is_plugin, Gap):
            gaps.append(is_plugin)
        elif is_plugin:
            plugins.append(judge_pin(receipts, pin))
        else:
            others += 1
    return Answer(tuple(plugins), tuple(refused), tuple(gaps), others)


def pins_of(path: str, *, is_lock: bool) -> PinFile:
    """Return what a file of this machine pins, and every file it includes.

    Raises ``UsageError`` where there is no such file, or no such lock.
    """
    named = shorten(path) or "(an empty path)"
    try:
        there = bool(path) and Path(path).is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        raise UsageError(f"there is no file {named}; check the path")
    whole = Path(path).as_posix()
    form = format_of(whole)
    if is_lock and form in (None, FORMATS[0]):
        raise UsageError(
            f"{named} is no lock that is known by its name: uv.lock, poetry.lock, pdm.lock, "
            "Pipfile.lock or pylock.toml; a requirements file is for --requirements"
        )
    return (form or FORMATS[0]).read(whole, _on_disk, {})


def _on_disk(path: str) -> bytes | None:
    file = Path(path)
    return read_file(file, limits.PIN_FILE_BYTES) if file.exists() else None


def _unclear(said: PinFile) -> Iterator[Aside]:
    yield from said.unreadable
    yield from said.unfollowed


def _is_known(receipts: Receipts, pin: Pin) -> bool:
    return any(receipts.of(each.partition(":")[2]) for each in pin.hashes)


def _of_local(
    path: str, local: Local, receipts: Receipts
) -> Iterator[Confirmed | Refused | Gap | None]:
    """Yield what receipts say of what is installed from a path of this machine.

    Installers do not agree on what such a path is relative to: all that may be meant counts.
    ``None`` stands for what is no plugin.
    """
    near = (local.folder, posixpath.join(posixpath.dirname(path), local.folder))
    try:
        places = {place.resolve(): place for place in map(Path, near) if place.exists()}
        if not places:
            yield Gap(str(local.at), f"{local.text}: there is nothing at that path", "")
        for place in places.values():
            yield _at_place(place, local, receipts)
    except Exception as error:
        yield gap(str(local.at), error)


def _at_place(place: Path, local: Local, receipts: Receipts) -> Confirmed | Refused | None:
    if place.is_file():
        return judged(place, receipts)
    with find_source(understand(str(place))) as found:
        if not is_about_plugin(found):
            return None
    why = f"{local.at}: it installs what a folder holds, and not a file that was reviewed"
    return Refused(local.text, why, "install its wheel")


def _looked_up(pins: Iterable[Pin]) -> Iterator[tuple[Pin, bool | Gap]]:
    """Yield whether each release that is pinned is a plugin, by the file that pip would take."""
    pins = list(pins)
    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        yield from zip(pins, pool.map(_is_plugin, pins), strict=True)
    finally:
        # Whoever interrupts this does not wait for an index.
        pool.shutdown(wait=False, cancel_futures=True)


def _is_plugin(pin: Pin) -> bool | Gap:
    wanted = f"{pin.name}=={pin.version}"
    why = "no receipt is about it, and it may be a plugin"
    version = as_version(pin.version)
    if version is None or pin.url:
        return Gap(wanted, why, "hold the files themselves against the receipts: --artifacts")
    try:
        with find_pinned(wanted, pin.name, version, pin.hashes) as found:
            is_plugin = registers_plugin(found)
    except SourceError as error:
        return Gap(wanted, f"{why}: {error.why}", error.do)
    except Exception as error:
        return gap(wanted, error)
    return Gap(wanted, why, "pin a release that has a wheel") if is_plugin is None else is_plugin
