"""A release named ``name==version``, fetched from the index the user's pip is configured for.

One file is fetched, and nothing is built or installed. The indexes pip would search are all
read, because what an installer takes depends on all of them: where they disagree about a file,
or one of them cannot be read, there is no saying what would be deployed, and that is an error.

Import this module only when it is needed, and see that it imports the HTTP libraries only when
they are: they take many times longer to load than the interpreter.
"""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import IO, Self, TypeVar, cast
from urllib.parse import urlsplit

from packaging.version import Version

from stigmem_review import limits
from stigmem_review.errors import LateError, MismatchError, SourceError, UsageError
from stigmem_review.names import canonicalize_name
from stigmem_review.sources.artifact import SignatureFile
from stigmem_review.sources.disk import open_file
from stigmem_review.sources.download import Client, shown
from stigmem_review.sources.folder import Folder
from stigmem_review.sources.listing import (
    ARCHIVE,
    Listing,
    local_path,
    look_everywhere,
    look_in_folder,
    of_disk,
)
from stigmem_review.sources.network import Network
from stigmem_review.sources.offers import Offer, fits, preferred, runs_on
from stigmem_review.sources.peek import may_declare_plugin, may_list_plugin, names_host
from stigmem_review.sources.pip_config import PipConfig
from stigmem_review.sources.provenance import gives_signature, signatures
from stigmem_review.sources.ranged import NoPartsError, Ranged
from stigmem_review.sources.stored import Stored
from stigmem_review.text import shorten

T = TypeVar("T")

_NEWEST = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """One file of a release, as the index gave it; whoever has it closes its ``content``.

    ``origin`` is where it was, without credentials (nothing for a file of the folder that was
    asked); ``unreviewed`` names the wheels (or, where there are none, the sdists) of the same
    version that are offered beside it. ``signatures`` sign the file, and ``others`` are all other
    wheels and sdists of the version, by name, and whether something signs them. ``silent`` where
    nothing that offers the file could say so. ``sdist`` fetches the sdist of the version, where
    this is a wheel and there is one.
    """

    file: str
    content: Stored
    origin: str
    unreviewed: tuple[str, ...] = ()
    signatures: tuple[SignatureFile, ...] = ()
    others: Mapping[str, bool] = field(default_factory=dict)
    sdist: Callable[[], Fetched] | None = field(default=None, compare=False)
    silent: bool = False


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
    if name == text and ARCHIVE.search(name):
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


def find(
    asked: str,
    name: str,
    version: Version,
    hashes: tuple[str, ...] = (),
    folder: Folder | None = None,
    network: Network | None = None,
) -> Release:
    """Find the file of ``name==version`` that pip would take, for the user who wrote ``asked``.

    A wheel wherever there is one; among several the one pip would prefer on this interpreter.
    What a file says it requires of Python is not looked at: the node's need not be this one.
    With ``hashes`` (``algorithm:hex``) only files that hash to one of them count. With a
    ``folder`` only what stands in it counts, and no index is asked. ``network`` is shared with
    other releases; without one the release has its own.

    Raises ``SourceError`` where there is no such file, and ``MismatchError`` where there are
    some and none has an allowed hash.
    """
    own = network is None
    if folder is not None:
        network, own = Network(PipConfig(no_index=True)), True
    shared = network or Network()
    try:
        client = Client(asked, f"{name}=={version}", shared)
        return client.within(partial(Release, client, own, name, version, hashes, folder))
    except BaseException:
        if own:
            shared.close()
        raise


class Release:
    """One release in a folder, or in all the places pip would look in: found, and not fetched.

    ``file`` is the wheel or sdist that pip would take. ``by_contents`` are the wheels that were
    looked at in pieces, which no hash binds. Whoever has it closes it.
    """

    def __init__(
        self,
        client: Client,
        own: bool,
        name: str,
        version: Version,
        hashes: tuple[str, ...],
        folder: Folder | None,
    ) -> None:
        self._client = client
        self._own = own
        self._name = name
        self._project = canonicalize_name(name)
        self._version = version
        self._hashes = hashes
        self._folder = folder
        self._offers, self._searched, self._ignored, self._others_known = self._listing()
        self._chosen, self._of_kind = self._choose(self._offers)
        self._content: Stored | None = None
        self.by_contents: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of a file that was fetched and not given to anybody, and of the connection."""
        if self._content:
            self._content.close()
        self._content = None
        self._rest()

    def _rest(self) -> None:
        if self._own:
            self._client.network.close()

    @property
    def file(self) -> str:
        return self._chosen.file

    @property
    def yanked(self) -> str | None:
        """Why the file was withdrawn, as ``Offer.yanked`` has it."""
        return self._chosen.yanked

    @property
    def unknown_hashes(self) -> tuple[str, ...]:
        """The hashes that the pin allows and no file has that is offered of the release.

        Of a folder nothing is known of what else there is, nor where an index gives no digests.
        """
        offers = [each for each in self._offers if self._matches(each.version)]
        if self._folder is not None or not all(map(self._declared, offers)):
            return ()
        known = {self._declared(each) for each in offers} | self._others_known
        asked = [each for each in self._hashes if each.startswith("sha256:")]
        return tuple(each for each in asked if each.partition(":")[2] not in known)

    def _listing(self) -> Listing:
        if self._folder is not None:
            return look_in_folder(self._client, self._folder, self._project)

        def look() -> Listing:
            try:
                return look_everywhere(self._client, self._client.network.config, self._project)
            except SourceError as error:
                # What to do for one release is not what to do for the next.
                error.do = "" if error.do == self._client.by_hand else error.do
                raise

        try:
            return self._client.network.once(self._project, look)
        except LateError:
            raise self._client.late() from None
        except SourceError as error:
            raise self._client.error(error.why, error.do) from None

    # Whether it can be a plugin

    def may_be_plugin(self, *, in_pieces: bool = False) -> bool:
        """Say whether the file may be a plugin, or a sdist that names the host.

        ``in_pieces`` reads no more of a wheel of an index than that takes, where the index serves
        pieces of it. Raises ``SourceError`` and ``MismatchError`` as ``load`` does.
        """
        if in_pieces and self._content is None and self._list_none([self._chosen]):
            return False
        return _may_be(self._chosen, self.content())

    def others_that_may_be(
        self, *, oldest: tuple[int, int], in_pieces: bool = False, built: bool = False
    ) -> Iterator[tuple[str, bool]]:
        """Yield every other file that an installer may take, and whether it may be a plugin.

        Those are all wheels that the pin allows and that Python ``oldest`` or a newer one takes,
        and the sdist where the wheel does not fit here, or installers are told to build
        (``built``). Raises ``SourceError`` for one that cannot be looked at.
        """
        candidates = (*self._of_kind, *self._to_build(built=built))
        others = {each.file: each for each in candidates if each.file != self._chosen.file}
        taken = [each for each in others.values() if runs_on(each, oldest)]
        none = self._list_none(taken) if in_pieces else frozenset()
        for offer in taken:
            if offer.file in none:
                yield offer.file, False
                continue
            with self._within(partial(self._load, offer)) as content:
                allowed = not self._hashes or self._allows(content)
                yield offer.file, allowed and _may_be(offer, content)

    def _to_build(self, *, built: bool) -> list[Offer]:
        if self._chosen.kind != "wheel" or not (built or not fits(self._chosen)):
            return []
        sdists = [
            each for each in self._offers if each.kind == "sdist" and self._matches(each.version)
        ]
        with suppress(MismatchError):  # the pin does not allow it, so that nobody builds it
            return self._within(partial(self._allowed, sdists)) if self._hashes else sdists
        return []

    def _list_none(self, offers: Iterable[Offer]) -> frozenset[str]:
        """Return those wheels of an index that list no plugin, as far as pieces of them say."""
        wheels = [each for each in offers if each.kind == "wheel"]
        remote = [each for each in wheels if urlsplit(each.url).scheme != "file"]
        if not remote:
            return frozenset()

        def look() -> list[bool]:
            with ThreadPoolExecutor(limits.PIECES_AT_ONCE) as pool:
                return list(pool.map(self._lists_none, remote))

        answers = self._within(look)
        found = [each.file for each, none in zip(remote, answers, strict=True) if none]
        self.by_contents += found
        return frozenset(found)

    def _lists_none(self, wheel: Offer) -> bool:
        network, host = self._client.network, urlsplit(wheel.url).netloc
        if host in network.whole or not self._client.is_secure(wheel.url):
            return False
        try:
            pieces = cast("IO[bytes]", Ranged(partial(self._client.part, wheel.url)))
            return not may_list_plugin(pieces)
        except NoPartsError:
            network.whole.add(host)
            return False

    def _within(self, work: Callable[[], T]) -> T:
        try:
            return self._client.within(work)
        except BaseException:
            self._rest()
            raise

    # What is fetched of it

    def load(self) -> Fetched:
        """Return the file, and what signs it; whoever has it closes its content.

        Raises ``SourceError`` where it cannot be fetched, and ``MismatchError`` where the pin does
        not allow it. For what signs the file and is not to be had, nothing is raised: the signature
        says why.
        """
        same = [offer for offer in self._of_kind if offer.key == self._chosen.key]
        content, self._content = self.content(), None
        beside = {offer.file for offer in self._of_kind} - {self._chosen.file}
        try:
            return Fetched(
                self._chosen.file,
                content,
                origin=self._origin(self._chosen),
                unreviewed=tuple(sorted(beside)),
                signatures=signatures(self._client, same),
                silent=not any(offer.speaks for offer in same),
                others=self._others(self._chosen),
                sdist=self._sdist(),
            )
        except BaseException:
            content.close()
            raise

    def _origin(self, offer: Offer) -> str:
        return shown(offer.url) if self._folder is None else ""

    def content(self) -> Stored:
        """Return the bytes of the file, which stay this release's. Raises as ``load`` does."""
        if self._content is None:
            self._content = self._within(partial(self._held, self._chosen))
        return self._content

    def _held(self, offer: Offer) -> Stored:
        """Return the bytes of a file, held against its pin and its index."""
        content = self._load(offer)
        try:
            self._hold_against(offer, content)
        except BaseException:
            content.close()
            raise
        return content

    def _sdist(self) -> Callable[[], Fetched] | None:
        """Return what fetches the sdist beside a wheel that was chosen, if there is one."""
        offers = [each for each in self._offers if each.kind == "sdist"]
        if self._chosen.kind != "wheel" or not any(self._matches(each.version) for each in offers):
            return None

        def fetched() -> Fetched:
            def take() -> Fetched:
                chosen, _ = self._choose(offers)
                same = [each for each in offers if each.key == chosen.key]
                return Fetched(
                    chosen.file,
                    self._held(chosen),
                    self._origin(chosen),
                    signatures=signatures(self._client, same),
                )

            try:
                return self._client.within(take)
            finally:
                self._rest()

        return fetched

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

    # What to take

    def _choose(self, offered: Iterable[Offer]) -> tuple[Offer, list[Offer]]:
        """Return the offer that pip would take, and all that it would take it from."""
        offers = [offer for offer in offered if self._matches(offer.version)]
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
            off = self._client.network.config.no_index
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
            path = local_path(self._client, offer.url)
            if path is None or not path.is_file():
                raise self._client.error(
                    f"{shown(offer.url)} is offered, but is not a file", "check the index"
                )
            return of_disk(self._client, partial(open_file, path))
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


def _may_be(offer: Offer, content: Stored) -> bool:
    return (may_declare_plugin if offer.kind == "wheel" else names_host)(content)


def _several(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    return ", ".join(shorten(name) for name in listed[:3]) + more
