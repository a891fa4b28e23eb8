"""What all places that the user's pip would look in offer of one project.

Import this module only when it is needed, as ``index``.
"""

from __future__ import annotations

import json
import posixpath
import re
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import url2pathname

from stigmem_review import limits
from stigmem_review.errors import SourceError
from stigmem_review.sources.disk import read_file
from stigmem_review.sources.download import Client, shown
from stigmem_review.sources.folder import Folder
from stigmem_review.sources.offers import (
    Link,
    Offer,
    Page,
    base_name,
    html_links,
    json_links,
    json_speaks,
    offer_of,
)
from stigmem_review.sources.pip_config import PipConfig
from stigmem_review.text import shorten

if TYPE_CHECKING:
    from pypi_simple import DistributionPackage

_JSON = "application/vnd.pypi.simple.v1+json"
_HTML = frozenset({"application/vnd.pypi.simple.v1+html", "text/html"})
ARCHIVE = re.compile(r"\.(whl|tar\.\w+|tgz|zip|egg|exe|msi|rpm)$")

T = TypeVar("T")


class Listing(NamedTuple):
    """What is offered of a project, where that was looked for, and where it was not, and why.

    ``others`` are the SHA-256 digests of files that are no release by their names.
    """

    offers: tuple[Offer, ...]
    searched: tuple[str, ...]
    ignored: tuple[str, ...]
    others: frozenset[str] = frozenset()


def look_everywhere(client: Client, config: PipConfig, project: str) -> Listing:
    """Return what there is of a project, by its normalised name, wherever pip would look.

    Raises ``SourceError`` where one of those places cannot be read.
    """
    looking = _Looking(client, project)
    try:
        for location in config.find_links:
            looking.in_links(location)
        for location in _indexes(config):
            looking.in_index(location)
    except (OSError, RuntimeError, ValueError) as error:
        raise client.error(
            f"a place in pip's configuration cannot be looked into ({_reason(error)})",
            "see 'pip config list' and correct it",
        ) from None
    return looking.found()


def _indexes(config: PipConfig) -> tuple[str, ...]:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    indexes = (config.index_url or PYPI_SIMPLE_ENDPOINT, *config.extra_index_urls)
    return () if config.no_index else indexes


def places(config: PipConfig) -> tuple[str, ...]:
    """Return all places where pip looks."""
    return (*config.find_links, *_indexes(config))


def look_in_folder(client: Client, folder: Folder, project: str) -> Listing:
    """Return what a folder has of a project. Raises ``SourceError`` where it cannot be read."""
    looking = _Looking(client, project)
    shown_as = shown(str(folder.path))
    try:
        if not folder.path.is_dir():
            raise client.error(f"{shown_as} is no folder", "check the path")
        looking.at_files(folder.named(project), str(folder.path))
    except (OSError, RuntimeError, ValueError) as error:
        raise client.error(
            f"the folder {shown_as} cannot be looked into ({_reason(error)})", "check the path"
        ) from None
    return looking.found()


def local_path(client: Client, location: str) -> Path | None:
    """Return the path a location stands for, or None if it is not on this machine."""
    if location.lower().startswith("file:"):
        parts = urlsplit(location)
        if parts.netloc not in {"", "localhost"}:
            raise client.error(
                f"pip's configuration names {shown(location)}, a file of another machine",
                "correct it there",
            )
        path = Path(url2pathname(parts.path))
    elif re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", location):
        return None
    else:
        path = Path(location).expanduser() if location.startswith("~") else Path(location)
    if not path.is_absolute() and path.exists():
        # The working directory may be a checkout under review.
        raise client.error(
            f"pip's configuration names {shown(location)}, which depends on the working directory",
            "write an absolute path there",
        )
    return path


def of_disk(client: Client, look: Callable[[], T]) -> T:
    """Return what is read of this machine; an error of it names what was asked for."""
    try:
        return look()
    except SourceError as error:
        raise SourceError(f"{client.asked}: {error}") from None


class _Looking:
    """The search for everything of one project, in one place after the other."""

    def __init__(self, client: Client, project: str) -> None:
        self._client = client
        self._project = project
        self._offers: list[Offer] = []
        self._searched: list[str] = []
        self._ignored: list[str] = []
        self._others: set[str] = set()

    def found(self) -> Listing:
        return Listing(
            tuple(self._offers),
            tuple(self._searched),
            tuple(self._ignored),
            frozenset(self._others),
        )

    def in_index(self, location: str) -> None:
        root = local_path(self._client, location)
        if root is not None:
            page = root / self._project / "index.html"
            if not root.is_dir():
                self._ignored.append(f"{shown(location)} (no such directory)")
                return
            self._searched.append(shown(location))
            if page.is_file():
                self._read_local_page(page)
        elif self._usable(location):
            self._searched.append(shown(location))
            self._read_remote_page(posixpath.join(location, quote(self._project)) + "/")

    def in_links(self, location: str) -> None:
        path = local_path(self._client, location)
        if path is None:
            if self._usable(location):
                self._searched.append(shown(location))
                if ARCHIVE.search(base_name(location)):
                    self._add(html_links([Link(location)], self._project))
                else:
                    self._read_remote_page(location)
            return
        if not path.is_dir() and not path.is_file():
            self._ignored.append(f"{shown(location)} (no such file or directory)")
            return
        for entry in self._in_folder(path, location):
            if entry.suffix.lower() in {".html", ".htm"} and entry.is_file():
                self._read_local_page(entry)

    def _in_folder(self, path: Path, location: str) -> list[Path]:
        """Note the files in a folder (or the one file), and return all there is."""
        entries = sorted(path.iterdir()) if path.is_dir() else [path]
        self.at_files([entry for entry in entries if entry.is_file()], location)
        return entries

    def at_files(self, files: list[Path], location: str) -> None:
        self._searched.append(shown(location))
        self._add(html_links((Link(file.as_uri()) for file in files), self._project))

    def _usable(self, location: str) -> bool:
        """Tell whether pip would look there at all."""
        if self._client.is_secure(location):
            return True
        self._ignored.append(f"{shown(location)} (neither https nor one of pip's trusted hosts)")
        return False

    def _read_local_page(self, path: Path) -> None:
        data = of_disk(self._client, partial(read_file, path, limits.INDEX_PAGE_BYTES))
        packages, speaks = self._parse(data, path.as_uri(), "text/html", "utf-8")
        self._add(packages, speaks=speaks)

    def _read_remote_page(self, url: str) -> None:
        from pypi_simple import ACCEPT_JSON_PREFERRED

        body = self._client.get(
            url, limits.INDEX_PAGE_BYTES, accept=ACCEPT_JSON_PREFERRED, decode=True
        )
        if body is None:
            return
        packages, speaks = self._parse(body.data, body.url, body.content_type, body.charset)
        for package in packages:
            if urlsplit(package.url).scheme not in {"http", "https"}:
                raise self._client.error(
                    f"{shown(url)} offers a file at {shown(package.url)}, which is not on the web",
                    "tell whoever runs the index",
                )
        self._add(packages, speaks=speaks)

    def _parse(
        self, data: bytes, url: str, content_type: str, charset: str
    ) -> tuple[list[DistributionPackage], bool]:
        """Return the files of a page, and whether it could say what signs them."""
        if content_type != _JSON and content_type not in _HTML:
            raise self._client.error(
                f"{shown(url)} is not a page of a package index, but {shorten(content_type)}",
                "check pip's index-url (it usually ends in /simple)",
            )
        try:
            # A newer minor version of the format is readable, by the format's own rules.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if content_type == _JSON:
                    content = json.loads(data)
                    return json_links(content, url, self._project), json_speaks(content)
                page = Page()
                page.feed(data.decode(charset, "replace"))
                page.close()
                base = urljoin(url, page.base)
                links = (link.below(base) for link in page.links)
                return html_links(links, self._project), page.speaks
        except Exception:  # whatever an outside page makes of a parser
            raise self._client.error(
                f"{shown(url)} cannot be read as a page of a package index",
            ) from None

    def _add(self, packages: Iterable[DistributionPackage], *, speaks: bool = True) -> None:
        for package in packages:
            offer = offer_of(package, self._project, speaks=speaks)
            if offer is not None:
                self._offers.append(offer)
            elif digest := package.digests.get("sha256"):
                self._others.add(digest)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", "") or type(error).__name__
