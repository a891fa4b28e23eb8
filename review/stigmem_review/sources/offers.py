"""What the pages of an index offer, read as pip reads them, and which file pip would take."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from packaging.utils import parse_wheel_filename
from packaging.version import Version

from stigmem_review.names import canonicalize_name

if TYPE_CHECKING:
    from packaging.tags import Tag
    from pypi_simple import DistributionPackage

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,254}")
_SHA256 = re.compile(r"(?:^|&)sha256=([^&]*)")


@dataclass(frozen=True, slots=True)
class Offer:
    """One file that an index offers.

    ``yanked`` is why it was withdrawn, empty where no reason is given, and absent where it was not
    (PEP 592). ``provenance`` is where it gives what signs the file: absent where it gives nothing,
    and empty where what it says is no address (PEP 740). ``speaks`` where the page could say so of
    a file.
    """

    kind: Literal["wheel", "sdist", "other"]
    file: str
    url: str
    version: Version
    declared: frozenset[str]
    yanked: str | None
    build: tuple[int, str] | tuple[()]
    tags: frozenset[Tag]
    provenance: str | None = None
    speaks: bool = True

    @property
    def key(self) -> object:
        """What pip tells files of one version apart by; among equals the order decides."""
        return self.kind, self.build, self.tags


class Link(NamedTuple):
    """A link to a file, and where the page says what signs it, if it says it."""

    url: str
    yanked: str | None = None
    provenance: str | None = None

    def below(self, base: str) -> Link:
        """Return the link with its addresses as they are on the page ``base``."""
        return Link(urljoin(base, self.url), self.yanked, address(base, self.provenance))


_SPEAKING = (1, 3)
"""The version of the index's API that has provenances (PEP 740, "Index changes")."""


def _has_provenances(version: object) -> bool:
    """Say whether an index of a version of the API says what signs its files."""
    parts = str(version).split(".")
    return all(each.isdecimal() for each in parts) and (*map(int, parts),) >= _SPEAKING


class Page(HTMLParser):
    """The links of an HTML page.

    pip reads them with the same parser of the standard library, so that no page shows pip one
    file and this review another; and it needs memory in proportion to the page, however nested.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.base = ""
        self.links: list[Link] = []
        self.version = ""

    @property
    def speaks(self) -> bool:
        """Whether it says what signs the files that something signs."""
        signed = any(each.provenance is not None for each in self.links)
        return signed or _has_provenances(self.version)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        href = values.get("href")
        if href and tag == "base" and not self.base:
            self.base = href
        elif tag == "meta" and values.get("name") == "pypi:repository-version":
            self.version = values.get("content") or ""
        elif href and tag == "a":
            yanked = values.get("data-yanked")
            # Without a value it is there, and no address.
            provenance = (values["data-provenance"] or "") if "data-provenance" in values else None
            self.links.append(Link(href, yanked, provenance))


def html_links(links: Iterable[Link], project: str) -> list[DistributionPackage]:
    import pypi_simple

    def attributes(link: Link) -> Iterator[tuple[str, str | list[str]]]:
        if link.yanked is not None:
            yield "data-yanked", link.yanked
        if link.provenance is not None:
            yield "data-provenance", link.provenance

    return [
        pypi_simple.DistributionPackage.from_link(
            pypi_simple.Link(text=file, url=link.url, attrs=dict(attributes(link))), project
        )
        for link in links
        if (file := _file(link.url, project))
    ]


def json_speaks(data: Any) -> bool:
    """Say whether a page in JSON says what signs its files, if only that nothing does."""
    return any("provenance" in entry for entry in data["files"])


def json_links(data: Any, url: str, project: str) -> list[DistributionPackage]:
    """Return the files of a page in JSON that can be the project's, read by pypi_simple."""
    from pypi_simple import ProjectPage

    entries = [(file, entry) for entry in data["files"] if (file := _file(entry["url"], project))]
    packages = ProjectPage.from_json_data(
        {
            "name": project,
            "meta": data["meta"],
            "files": [
                {
                    "filename": file,
                    "url": urljoin(url, entry["url"]),
                    "hashes": entry.get("hashes", {}),
                    "yanked": entry.get("yanked") or False,
                }
                for file, entry in entries
            ],
        }
    ).packages
    # pypi_simple would refuse the whole page for an address that is none.
    return [
        replace(package, provenance_url=address(url, entry.get("provenance")))
        for package, (_, entry) in zip(packages, entries, strict=True)
    ]


def address(base: str, said: object) -> str | None:
    """Return the address that the page ``base`` says: none if absent, empty if that is none."""
    if said is None:
        return None
    try:
        found = urljoin(base, said) if said and isinstance(said, str) else ""
        _ = urlsplit(found).port
    except ValueError:
        return ""
    return found


def base_name(url: str) -> str:
    try:
        return posixpath.basename(unquote(urlsplit(url).path).rstrip("/"))
    except ValueError:
        return ""


def _file(url: str, project: str) -> str:
    """Return the name of the file at ``url``, or nothing if it cannot be one of the project's.

    It is the URL that names a file, as for pip, and not the text beside it. Names are sorted out
    here because pypi_simple's patterns are slow on long ones.
    """
    name = base_name(url)
    if not _FILE_NAME.fullmatch(name) or not canonicalize_name(name).startswith(f"{project}-"):
        return ""
    return name


def offer_of(package: DistributionPackage, project: str, *, speaks: bool = True) -> Offer | None:
    """Return what a package on a page is, or None if it is not a release of the project.

    ``speaks`` if the page could say what signs it.
    """
    build: tuple[int, str] | tuple[()] = ()
    tags: frozenset[Tag] = frozenset()
    kind: Literal["wheel", "sdist", "other"] = "other"
    try:
        if package.project is None or canonicalize_name(package.project) != project:
            return None
        version = Version(package.version or "")
        if package.package_type == "wheel":
            kind = "wheel"
            _, version, build, tags = parse_wheel_filename(package.filename)
        elif package.package_type == "sdist" and package.filename.endswith(".tar.gz"):
            kind = "sdist"
    except ValueError:  # not a name that an installer would take either
        return None
    hashes = "&".join(f"{name}={value}" for name, value in package.digests.items())
    declared = _SHA256.findall(hashes) + _SHA256.findall(urlsplit(package.url).fragment)
    return Offer(
        kind=kind,
        file=package.filename,
        url=package.url.partition("#")[0],
        version=version,
        declared=frozenset(declared),
        yanked=(package.yanked_reason or "") if package.is_yanked else None,
        build=build,
        tags=tags,
        provenance=package.provenance_url,
        speaks=speaks,
    )


def preferred(offers: list[Offer]) -> Offer:
    """Return the offer pip would take here; if it would take none, the first by name."""
    from packaging.tags import sys_tags

    if offers[0].kind != "wheel":
        return max(offers, key=lambda offer: (offer.yanked is None, offer.file))
    place = {tag: number for number, tag in enumerate(sys_tags())}
    best: tuple[tuple[bool, int, tuple[int, str] | tuple[()]], Offer] | None = None
    for offer in offers:
        places = [place[tag] for tag in offer.tags if tag in place]
        if not places:
            continue
        rank = (offer.yanked is None, -min(places), offer.build)
        if best is None or rank >= best[0]:  # pip, too, takes the last of several as good
            best = rank, offer
    if best is not None:
        return best[1]
    return min(offers, key=lambda offer: (offer.yanked is not None, offer.file))


def fits(offer: Offer) -> bool:
    """Say whether pip would install a file here: of wheels, their tags decide it."""
    from packaging.tags import sys_tags

    return offer.kind != "wheel" or not offer.tags.isdisjoint(sys_tags())


def runs_on(offer: Offer, oldest: tuple[int, int]) -> bool:
    """Say whether some Python that is not older than ``oldest`` installs a file, by its tags."""
    return offer.kind != "wheel" or any(
        _newest(tag.interpreter, tag.abi) >= oldest for tag in offer.tags
    )


_ANY_NEWER = (99, 0)


def _newest(interpreter: str, abi: str) -> tuple[int, int]:
    """Return the newest Python that a tag is for."""
    said = re.fullmatch(r"([a-z]+)(\d)(\d*)", interpreter)
    if said is None or abi == "abi3":
        return _ANY_NEWER
    kind, major, minor = said.groups()
    if kind == "py":  # and every newer one of that major version
        return (int(major), _ANY_NEWER[0])
    return (int(major), int(minor or 0))
