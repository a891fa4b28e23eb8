"""Where an installer puts the files of a wheel, and which distributions that registers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BytesIO

from stigmem_review import limits
from stigmem_review.model import ENTRY_POINT_GROUP, Location, Problem
from stigmem_review.patterns import late
from stigmem_review.sources.paths import clash, fold
from stigmem_review.sources.refusal import refusal
from stigmem_review.sources.stored import Stored
from stigmem_review.text import shorten

_SITE = "site-packages/"
_SCHEMES = {
    "purelib": _SITE,
    "platlib": _SITE,
    "scripts": "scripts/",
    "headers": "headers/",
    "data": "data/",
}
# "data" is the root of the environment, so it reaches the place modules are imported from; case
# does not matter where the file system ignores it.
_DATA_TO_SITE = late(
    r"data/(?:local/)?lib(?:32|64)?/(?:[^/]+/)?(?:site|dist)-packages/(?=.)", re.IGNORECASE
)
_METADATA = (".dist-info", ".egg-info")
_PATH_FILE = late(re.escape(_SITE) + r"[^/]+\.pth")
_ZIP_END = b"PK\x05\x06"


def install_map(file: str, files: Mapping[str, bytes], own: str) -> dict[str, str]:
    """Return the place each file of the wheel is installed to, mapped to its path in it."""
    data_folder = own.removesuffix(".dist-info") + ".data"
    installed: dict[str, str] = {}
    moved = False
    for path in files:
        place = _place(file, path, data_folder)
        moved = moved or place != _SITE + path
        if place in installed:
            raise refusal(
                file,
                f"{shorten(installed[place])} and {shorten(path)} are both installed as "
                f"{shorten(place)}",
            )
        if place.startswith(f"{_SITE}{own}/") and not path.startswith(f"{own}/"):
            raise refusal(
                file, f"{shorten(path)} is installed into its own metadata, {shorten(own)}"
            )
        installed[place] = path
    if moved and (why := clash(installed)):
        raise refusal(file, f"once installed, {why}")
    return installed


def _place(file: str, path: str, data_folder: str) -> str:
    top, _, rest = path.partition("/")
    if not fold(top).endswith(".data"):
        return _SITE + path
    if top != data_folder:
        # pip takes anything of such a name for the wheel's own data, others do not.
        raise refusal(
            file,
            f"installers disagree on {shorten(path)}: its data directory is {shorten(data_folder)}",
        )
    scheme, _, below = rest.partition("/")
    if scheme not in _SCHEMES or not below:
        raise refusal(file, f"{shorten(path)} is in none of the directories a wheel may fill")
    return _DATA_TO_SITE.sub(_SITE, _SCHEMES[scheme] + below, count=1)


def hidden_distributions(
    files: Mapping[str, bytes], installed: Mapping[str, str], own: str
) -> Iterator[Problem]:
    """Yield a problem for each distribution, other than its own, that the wheel registers."""
    found: dict[str, str] = {}
    for place, path in installed.items():
        if place.startswith(_SITE):
            top = place.removeprefix(_SITE).partition("/")[0]
            if fold(top).endswith(_METADATA) and top != own:
                found.setdefault(top, path)
    for top in sorted(found):
        table = installed.get(f"{_SITE}{top}/entry_points.txt")
        declared = _plugins(files[table][: limits.METADATA_BYTES]) if table else ()
        why = f"The wheel also installs {shorten(top)}, the metadata of another distribution"
        if declared:
            count = "plugin entry points" if len(declared) > 1 else "plugin entry point"
            why += f", which declares the {count} {shorten(', '.join(declared), 400)}"
        yield Problem("hidden-distribution", top, f"{why}.", Location(table or found[top]))
    for path in archives_on_path(files, installed):
        from stigmem_review.sources.peek import may_declare_plugin

        if may_declare_plugin(Stored(path, BytesIO(files[path]))):
            where = f"{shorten(path)}, an archive that the wheel puts on Python's path"
            why = f"Distributions are found in {where}, and its entry points can name plugins."
            yield Problem("hidden-distribution", path, why, Location(path))


def archives_on_path(files: Mapping[str, bytes], installed: Mapping[str, str]) -> Iterator[str]:
    """Yield the files of a wheel that are zip archives and, once installed, on Python's path.

    There, ``importlib.metadata`` finds distributions in them. A ``.pth`` file can name a place in
    any way, so that names alone are compared.
    """
    archives = {place: path for place, path in installed.items() if _ZIP_END in files[path]}
    if not archives:
        return
    from stigmem_review.sources.peek import is_standard_archive, path_entries

    added: set[str] = set()
    for place, path in installed.items():
        if _PATH_FILE.fullmatch(fold(place)):
            added |= path_entries(files[path])
    for place, path in archives.items():
        name = fold(place).rpartition("/")[2]
        if name in added or (place.startswith("data/") and is_standard_archive(name)):
            yield path


def _plugins(table: bytes) -> tuple[str, ...]:
    """Return the plugin entry points in an ``entry_points.txt``, as the host would find them."""
    section, declared = "", []
    for line in map(str.strip, table.decode("utf-8", "replace").splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = line.strip("[]")
        elif section == ENTRY_POINT_GROUP and line and not line.startswith("#"):
            declared.append(line)
    return tuple(declared)
