"""A release named ``name==version``, fetched from the index the user's pip is configured for.

One file is fetched, and nothing is built or installed. The indexes pip would search are all
read, because what an installer takes depends on all of them: where they disagree about a file,
or one of them cannot be read, there is no saying what would be deployed, and that is an error.

Import this module only when it is needed, and see that it imports the HTTP libraries only when
they are: they take many times longer to load than the interpreter.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import url2pathname

from packaging.utils import canonicalize_name
from packaging.version import Version

from stigmem_review import limits
from stigmem_review.errors import MismatchError, SourceError, UsageError
from stigmem_review.sources import pip_config
from stigmem_review.sources.artifact import SignatureFile
from stigmem_review.sources.disk import open_file, read_file
from stigmem_review.sources.download import Client, bounded, shown
from stigmem_review.sources.folder import Folder
from stigmem_review.sources.offers import (
    Link,
    Offer,
    Page,
    base_name,
    fits,
    html_links,
    json_links,
    offer_of,
    preferred,
)
from stigmem_review.sources.pip_config import PipConfig
from stigmem_review.sources.provenance import gives_signature, signatures
from stigmem_review.sources.stored import Stored
from stigmem_review.text import shorten

if TYPE_CHECKING:
    from pypi_simple import DistributionPackage

_JSON = "application/vnd.pypi.simple.v1+json"
_HTML = frozenset({"application/vnd.pypi.simple.v1+html", "text/html"})
_ARCHIVE = re.compile(r"\.(whl|tar\.\w+|tgz|zip|egg|exe|msi|rpm)$")
_NEWEST = 5

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fetched:
    """One file of a release, as the index gave it; whoever has it closes its ``content``.

    ``origin`` is where it was, without credentials (nothing for a file of the folder that was
    asked); ``unreviewed`` names the wheels (or, where there are none, the sdists) of the same
    version that are offered beside it, and ``at_hand`` are those of them that are on this machine.
    A wheel ``fits`` where pip would install it here. ``signatures`` sign the file, and ``others``
    are all other wheels and sdists of the version, by name, and whether something signs them.
    ``sdist`` fetches the sdist of the version, where this is a wheel and there is one, without what
    signs it.
    """

    file: str
    content: Stored
    origin: str
    unreviewed: tuple[str, ...] = ()
    signatures: tuple[SignatureFile, ...] = ()
    others: Mapping[str, bool] = field(default_factory=dict)
    sdist: Callable[[], Fetched] | None = field(default=None, compare=False)
    at_hand: tuple[Path, ...] = ()
    fits: bool = True


def parse_requirement(text: str) -> tuple[str, Version] | None:
    """Return the name and version in ``name==version``, or None if this is no requirement.

    A requirement of another form is a ``UsageError`` that says what to write.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    said = shorten(text)
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        if re.match(r"\s*[\w.-]+\s*(\[[^\]]*\]\s*)?(===?|~=|!=|[<>]=?|@\s)", text):
            raise UsageError(
                f"{said} is not a valid requirement; write NAME==VERSION, such as "
                "stigmem-plugin-example==1.2.0"
            ) from None
        return None
    name = requirement.name
    if name == text and _ARCHIVE.search(name):
        return None  # a file, if it were there
    specifiers = list(requirement.specifier)
    exact = specifiers[0].version if len(specifiers) == 1 else ""
    wanted = "VERSION"
    if exact and specifiers[0].operator in {"==", "==="} and not exact.endswith(".*"):
        try:
            version = Version(exact)
        except ValueError:  # also of a number too long to convert
            version = None
        if version is not None:
            plain = not (requirement.extras or requirement.marker or requirement.url)
            if plain and specifiers[0].operator == "==":
                return name, version
            wanted = str(version)
    raise UsageError(f"{said} does not name exactly one release; write {name}=={wanted}")


def fetch(
    asked: str,
    name: str,
    version: Version,
    hashes: tuple[str, ...] = (),
    folder: Folder | None = None,
) -> Fetched:
    """Fetch the file of ``name==version`` that pip would take, for the user who wrote ``asked``.

    A wheel wherever there is one; among several the one pip would prefer on this interpreter.
    What a file says it requires of Python is not looked at: the node's need not be this one.
    With ``hashes`` (``algorithm:hex``) only files that hash to one of them count. With a
    ``folder`` only what stands in it counts, and no index is asked.

    Raises ``SourceError`` where there is no such file, and ``MismatchError`` where there are
    some and none has an allowed hash. For what signs the file and is not to be had, nothing is
    raised: the signature says why.
    """
    config = pip_config.read() if folder is None else PipConfig(no_index=True)
    with Client(asked, f"{name}=={version}", config) as client:
        search = _Search(client, config, name, version, hashes, folder)
        fetched, same = bounded(search.fetch, client.seconds_left, client.late)
        return replace(
            fetched,
            signatures=signatures(client, same),
            sdist=search.sdist(same),
            fits=fits(same[0]),
        )


class _Search:
    """The search for one release in a folder, or in all the places pip would look in."""

    def __init__(
        self,
        client: Client,
        config: PipConfig,
        name: str,
        version: Version,
        hashes: tuple[str, ...],
        folder: Folder | None,
    ) -> None:
        self._client = client
        self._config = config
        self._name = name
        self._project = canonicalize_name(name)
        self._version = version
        self._hashes = hashes
        self._folder = folder
        self._offers: list[Offer] = []
        self._searched: list[str] = []
        self._ignored: list[str] = []

    def sdist(self, chosen: list[Offer]) -> Callable[[], Fetched] | None:
        """Return what fetches the sdist beside a wheel that was chosen, if there is one."""
        offers = [each for each in self._offers if each.kind == "sdist"]
        beside = any(self._matches(each.version) for each in offers)
        if not beside or any(each.kind != "wheel" for each in chosen):
            return None

        def fetched() -> Fetched:
            with Client(self._client.asked, f"{self._name}=={self._version}", self._config) as one:
                again = copy(self)
                again._client, again._offers = one, offers
                return bounded(again._take, one.seconds_left, one.late)[0]

        return fetched

    def fetch(self) -> tuple[Fetched, list[Offer]]:
        """Return the file, without what signs it, and all offers of it."""
        try:
            if self._folder is None:
                self._look_everywhere()
            else:
                self._look_only_in(self._folder)
        except (OSError, RuntimeError, ValueError) as error:
            where, do = "a place in pip's configuration", "see 'pip config list' and correct it"
            if self._folder is not None:
                where, do = f"the folder {shown(str(self._folder.path))}", "check the path"
            raise self._client.error(
                f"{where} cannot be looked into ({_reason(error)})", do
            ) from None
        return self._take()

    def _take(self) -> tuple[Fetched, list[Offer]]:
        """Return the file of all that was found that pip would take."""
        chosen, of_kind = self._choose()
        unreviewed = tuple(sorted({offer.file for offer in of_kind} - {chosen.file}))
        same = [offer for offer in of_kind if offer.key == chosen.key]
        others = self._others(chosen)
        content = self._load(chosen)
        try:
            self._hold_against(chosen, content)
        except BaseException:
            content.close()
            raise
        origin = shown(chosen.url) if self._folder is None else ""
        found = {offer.file: self._at_hand(offer) for offer in of_kind if offer.file in unreviewed}
        at_hand = tuple(path for path in found.values() if path)
        return Fetched(
            chosen.file, content, origin, unreviewed, others=others, at_hand=at_hand
        ), same

    def _at_hand(self, offer: Offer) -> Path | None:
        return self._local(offer.url) if urlsplit(offer.url).scheme == "file" else None

    def _hold_against(self, chosen: Offer, content: Stored) -> None:
        """Hold a file against the hashes of its pin, and against what the index says of it."""
        if self._hashes and not self._allows(content):
            raise self._mismatch([(chosen, content.digest())])
        declared = self._declared(chosen)
        if declared and declared != content.digest():
            raise self._client.error(
                f"{shown(chosen.url)} has the SHA-256 digest {content.digest()}, but the index "
                f"says {declared}",
                "do not deploy it, and tell whoever runs the index",
            )

    # Where to look

    def _look_everywhere(self) -> None:
        from pypi_simple import PYPI_SIMPLE_ENDPOINT

        config = self._config
        for location in config.find_links:
            self._look_in_links(location)
        indexes = (config.index_url or PYPI_SIMPLE_ENDPOINT, *config.extra_index_urls)
        for location in () if config.no_index else indexes:
            self._look_in_index(location)

    def _look_only_in(self, folder: Folder) -> None:
        if not folder.path.is_dir():
            raise self._client.error(f"{shown(str(folder.path))} is no folder", "check the path")
        self._add_files(folder.named(self._project), str(folder.path))

    def _look_in_index(self, location: str) -> None:
        root = self._local(location)
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

    def _look_in_links(self, location: str) -> None:
        path = self._local(location)
        if path is None:
            if self._usable(location):
                self._searched.append(shown(location))
                if _ARCHIVE.search(base_name(location)):
                    self._add(html_links([Link(location)], self._project))
                else:
                    self._read_remote_page(location)
            return
        if not path.is_dir() and not path.is_file():
            self._ignored.append(f"{shown(location)} (no such file or directory)")
            return
        for entry in self._look_in_folder(path, location):
            if entry.suffix.lower() in {".html", ".htm"} and entry.is_file():
                self._read_local_page(entry)

    def _look_in_folder(self, path: Path, location: str) -> list[Path]:
        """Note the files in a folder (or the one file), and return all there is."""
        entries = sorted(path.iterdir()) if path.is_dir() else [path]
        self._add_files([entry for entry in entries if entry.is_file()], location)
        return entries

    def _add_files(self, files: list[Path], location: str) -> None:
        self._searched.append(shown(location))
        self._add(html_links((Link(file.as_uri()) for file in files), self._project))

    def _local(self, location: str) -> Path | None:
        """Return the path a location stands for, or None if it is not on this machine."""
        if location.lower().startswith("file:"):
            parts = urlsplit(location)
            if parts.netloc not in {"", "localhost"}:
                raise self._client.error(
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
            raise self._client.error(
                f"pip's configuration names {shown(location)}, which depends on the working "
                "directory",
                "write an absolute path there",
            )
        return path

    def _usable(self, location: str) -> bool:
        """Tell whether pip would look there at all."""
        if self._client.is_secure(location):
            return True
        self._ignored.append(f"{shown(location)} (neither https nor one of pip's trusted hosts)")
        return False

    # What is there

    def _read_local_page(self, path: Path) -> None:
        data = self._of_disk(partial(read_file, path, limits.INDEX_PAGE_BYTES))
        self._add(self._parse(data, path.as_uri(), "text/html", "utf-8"))

    def _read_remote_page(self, url: str) -> None:
        from pypi_simple import ACCEPT_JSON_PREFERRED

        body = self._client.get(
            url, limits.INDEX_PAGE_BYTES, accept=ACCEPT_JSON_PREFERRED, decode=True
        )
        if body is None:
            return
        packages = self._parse(body.data, body.url, body.content_type, body.charset)
        for package in packages:
            if urlsplit(package.url).scheme not in {"http", "https"}:
                raise self._client.error(
                    f"{shown(url)} offers a file at {shown(package.url)}, which is not on the web",
                    "tell whoever runs the index",
                )
        self._add(packages)

    def _parse(
        self, data: bytes, url: str, content_type: str, charset: str
    ) -> list[DistributionPackage]:
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
                    return json_links(json.loads(data), url, self._project)
                page = Page()
                page.feed(data.decode(charset, "replace"))
                page.close()
                base = urljoin(url, page.base)
                return html_links((link.below(base) for link in page.links), self._project)
        except Exception:  # whatever an outside page makes of a parser
            raise self._client.error(
                f"{shown(url)} cannot be read as a page of a package index",
            ) from None

    def _add(self, packages: Iterable[DistributionPackage]) -> None:
        for package in packages:
            offer = offer_of(package, self._project)
            if offer is not None:
                self._offers.append(offer)

    # What to take

    def _choose(self) -> tuple[Offer, list[Offer]]:
        """Return the offer that pip would take, and all that it would take it from."""
        offers = [offer for offer in self._offers if self._matches(offer.version)]
        if not offers:
            raise self._nothing()
        if self._hashes:
            offers = self._allowed(offers)
        versions = sorted({offer.version for offer in offers if offer.kind != "other"})
        if len(versions) > 1:
            exact = " or ".join(f"{self._name}=={one}" for one in versions if one.local)
            raise self._client.error(
                f"{_several(self._searched)} offers {_several(map(str, versions))}, which all "
                "satisfy it",
                f"write {exact}, or pass the file you mean",
            )
        of_kind = [offer for offer in offers if offer.kind == "wheel"]
        if not of_kind:
            of_kind = [offer for offer in offers if offer.kind == "sdist"]
        if not of_kind:
            files = _several(sorted({offer.file for offer in offers}))
            allowed = " that its pin allows" if self._hashes else ""
            raise self._client.error(
                f"{_several(self._searched)} offers neither a wheel nor a .tar.gz of it{allowed}, "
                f"only {files}",
                "build a wheel from its sources where that is safe, and pass the file",
            )
        groups = defaultdict(list)
        for offer in of_kind:
            groups[offer.key].append(offer)
        for group in groups.values():
            self._agree(group)
        return preferred(of_kind), of_kind

    def _others(self, chosen: Offer) -> dict[str, bool]:
        """Return the other files of the version, and whether something signs them."""
        found: dict[str, bool] = {}
        for offer in self._offers:
            if offer.version == chosen.version and offer.kind != "other":
                found[offer.file] = found.get(offer.file, False) or gives_signature(offer)
        same = {offer.file for offer in self._offers if offer.key == chosen.key}
        return {file: found[file] for file in sorted(found.keys() - same - {chosen.file})}

    def _allowed(self, offers: list[Offer]) -> list[Offer]:
        """Return the files that a hash allows. Raises ``MismatchError`` if there are none.

        One that had to be read for it comes back with the digest it turned out to have.
        """
        known = {each.partition(":")[2] for each in self._hashes if each.startswith("sha256:")}
        allowed: list[Offer] = []
        others: list[tuple[Offer, str]] = []
        for offer in offers:
            declared = self._declared(offer)
            if declared in known:
                allowed.append(offer)
            elif declared and len(known) == len(self._hashes):
                others.append((offer, declared))
            else:
                # The index does not say what the pin asks for, so the file itself has to.
                with self._load(offer) as content:
                    if self._allows(content):
                        digest = declared or content.digest()
                        allowed.append(replace(offer, declared=frozenset({digest})))
                    else:
                        others.append((offer, content.digest()))
        if not allowed:
            raise self._mismatch(others)
        return allowed

    def _allows(self, content: Stored) -> bool:
        """Tell whether a file hashes to what the pin allows."""
        named = (each.partition(":") for each in self._hashes)
        return any(content.digest(algorithm) == digest for algorithm, _, digest in named)

    def _mismatch(self, others: list[tuple[Offer, str]]) -> MismatchError:
        """Return the error for files of which none is allowed, given with their digests."""
        found = [(offer.file, f"sha256:{digest}") for offer, digest in others]
        listed = _several(f"{shorten(file, 80)} ({digest})" for file, digest in found)
        return MismatchError(
            f"{self._client.asked}: no file at {_several(self._searched)} has a hash that its pin "
            f"allows ({_several(self._hashes)}); there is {listed}; do not deploy it",
            self._hashes,
            tuple(found),
        )

    def _matches(self, version: Version) -> bool:
        """Tell whether ``==`` takes this version: with or without a local part, unless asked."""
        if self._version.local is None:
            version = Version(version.public)
        return version == self._version

    def _agree(self, offers: list[Offer]) -> None:
        """Refuse files that pip cannot tell apart and that are not the same, byte for byte."""
        digests: dict[str, Offer] = {}
        urls = {offer.url for offer in offers}
        for offer in offers:
            digest = self._declared(offer)
            if not digest and len(urls) > 1:
                if urlsplit(offer.url).scheme != "file":
                    raise self._client.error(
                        f"{_several(sorted(map(shown, urls)))} may differ, because not every "
                        "index gives a SHA-256 digest",
                        f"find out which one is yours, then {self._client.by_hand}",
                    )
                with self._load(offer) as content:
                    digest = content.digest()
            digests.setdefault(digest, offer)
        if len(digests) > 1:
            first, second = [shown(offer.url) for offer in digests.values()][:2]
            raise self._client.error(
                f"{first} and {second} differ, and which of them is installed is left to chance",
                "find out which one is yours, remove the other (the file, or its index from pip's "
                "configuration), or pass the file",
            )

    def _declared(self, offer: Offer) -> str:
        """Return the SHA-256 digest the index gives for a file, or nothing."""
        if not offer.declared:
            return ""
        digest = next(iter(offer.declared)).lower()
        if len(offer.declared) > 1 or not re.fullmatch("[0-9a-f]{64}", digest):
            raise self._client.error(
                f"what the index gives for {shown(offer.url)} is no SHA-256 digest",
                "tell whoever runs the index",
            )
        return digest

    def _nothing(self) -> SourceError:
        """Return the error for a release that was not found."""
        ignored = f" (ignored, as by pip: {_several(self._ignored)})" if self._ignored else ""
        places = _several(dict.fromkeys(self._searched))
        if not self._searched:
            off = self._config.no_index
            why = "pip is configured with no-index" if off else "pip has no index it would use"
            return self._client.error(
                f"{why}, so there is nowhere to look for it{ignored}",
                "see 'pip config list', or pass the wheel as a file",
            )
        if self._folder is not None:
            there = f", only {self._newest()}" if self._offers else ""
            # Without wheels only, pip would run the code of what it downloads.
            return self._client.error(
                f"no file of {self._project} {self._version} in {places}{there}",
                "check its name and version, or put it there: pip download --no-deps "
                f"--only-binary :all: -d {shlex.quote(str(self._folder.path))} "
                f"{self._name}=={self._version}",
            )
        if not self._offers:
            return self._client.error(
                f"no release of {self._project} at {places}{ignored}",
                "check its name, and with 'pip config list' that this is the index you mean",
            )
        return self._client.error(
            f"no version {self._version} at {places}{ignored}",
            f"ask for one that is there: {self._newest()}",
        )

    def _newest(self) -> str:
        """Return the newest versions that are there."""
        known = sorted({offer.version for offer in self._offers}, reverse=True)
        newest = ", ".join(shorten(str(version), 40) for version in known[:_NEWEST])
        return f"{newest} and {len(known) - _NEWEST} older" if len(known) > _NEWEST else newest

    # The bytes

    def _load(self, offer: Offer) -> Stored:
        """Return a file that is offered, wherever it is; whoever has it closes it."""
        parts = urlsplit(offer.url)
        if parts.scheme == "file":
            path = self._local(offer.url)
            if path is None or not path.is_file():
                raise self._client.error(
                    f"{shown(offer.url)} is offered, but is not a file", "check the index"
                )
            return self._of_disk(partial(open_file, path))
        if not self._client.is_secure(offer.url):
            raise self._client.error(
                f"it is offered at {shown(offer.url)}, which is neither https nor one of pip's "
                "trusted hosts"
            )
        kept = self._client.room()
        try:
            body = self._client.get(offer.url, limits.DOWNLOAD_BYTES, decode=False, into=kept)
            if body is None:
                raise self._client.error(
                    f"{shown(offer.url)} is offered, but is not there",
                    "tell whoever runs the index",
                )
            return Stored(shown(offer.url), kept)
        except BaseException:
            kept.close()
            raise

    def _of_disk(self, look: Callable[[], T]) -> T:
        try:
            return look()
        except SourceError as error:
            raise SourceError(f"{self._client.asked}: {error}") from None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", "") or type(error).__name__


def _several(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    return ", ".join(shorten(name) for name in listed[:3]) + more
