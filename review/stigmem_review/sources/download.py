"""Bounded HTTP: a few requests to a package index, in so many bytes and seconds and no more.

Every failure ends in a ``SourceError`` of one line, which shows no credentials: messages are made
here, never taken from the exceptions of the HTTP libraries, whose text can hold whole URLs.
"""

from __future__ import annotations

import ipaddress
import posixpath
import re
import ssl
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeVar, cast
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

from stigmem_review import limits
from stigmem_review.errors import LateError, SourceError
from stigmem_review.sources.network import Network
from stigmem_review.sources.pip_config import PipConfig
from stigmem_review.text import shorten

if TYPE_CHECKING:
    import requests

T = TypeVar("T")

MAX_REDIRECTS = 5
_CHUNK = 64 * 1024
_REDIRECT = frozenset({301, 302, 303, 307, 308})
_ABSENT = frozenset({404, 410})
_PASSING = frozenset({429, 500, 502, 503, 504})
_PARTIAL = 206
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def shown(url: str) -> str:
    """Return ``url`` fit to be shown and stored: without credentials, query and fragment."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "a URL that cannot be read"
    if not parts.scheme:
        return shorten(url)
    host = parts.hostname or ""
    # A password with an unescaped "/", "?" or "#" leaves its "@" behind in another part.
    if host and (
        "@" in parts.path or "@" in parts.fragment or ("@" in parts.query and not parts.path)
    ):
        return f"{parts.scheme}://..."
    if ":" in host:
        host = f"[{host}]"
    netloc = host if port is None else f"{host}:{port}"
    return shorten(f"{parts.scheme}://{netloc}{parts.path}", limits.PATH_CHARS)


def bounded(
    work: Callable[[], T], seconds: Callable[[], float], late: Callable[[], Exception]
) -> T:
    """Return what ``work`` returns, or raise ``late`` once no ``seconds`` are left of its time.

    Name resolution cannot be interrupted, and a server may send a header a byte at a time without
    ever being silent; so ``work`` runs in a thread of its own, which is then left behind.
    """
    returned: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            returned.append(work())
        except BaseException as error:  # raised again below
            raised.append(error)

    thread = threading.Thread(target=run, name="stigmem-review-index", daemon=True)
    thread.start()
    while thread.is_alive() and (left := seconds()) > 0:
        thread.join(left)
    if raised:
        raise raised.pop()
    if returned:
        return returned.pop()
    raise late()


@dataclass(frozen=True, slots=True)
class Body:
    """What was received, from where after redirects, and as what.

    ``data`` is empty where it was put into a file.
    """

    data: bytes
    url: str
    content_type: str
    charset: str


class Part(NamedTuple):
    """Some bytes of a file, where they start, and the size of the whole."""

    data: bytes
    start: int
    size: int


class Client:
    """Requests on behalf of one requirement, with the connection settings pip has.

    ``asked`` opens every message; ``pinned`` is the same requirement as pip would be given it.
    What is asked goes through ``within``, which bounds it in time.
    """

    def __init__(self, asked: str, pinned: str, network: Network) -> None:
        self.asked = shorten(asked)
        self.network = network
        self._pinned = pinned
        self._config = network.config
        self._began = time.monotonic()
        self._seconds: float = limits.INDEX_TOTAL_SECONDS
        self._timeout = min(self._config.timeout, limits.INDEX_SECONDS)
        self._logins = list(_logins(self._config))
        self._kept: list[IO[bytes]] = []

    def within(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, in the time that one download may take, and no more."""
        if not self._config.no_index:
            _ = self.network.session  # it takes a while, in which no index is waited for yet
        self._began, self._seconds = time.monotonic(), limits.INDEX_TOTAL_SECONDS
        try:
            return bounded(work, self.seconds_left, self.late)
        except BaseException:
            # A thread that was left behind still holds what it was writing.
            for file in self._kept:
                file.close()
            raise
        finally:
            self._kept.clear()

    def room(self) -> IO[bytes]:
        """Return a new file for what is fetched, in memory while it is small.

        Whoever gets what was fetched closes it; where nobody does, because the fetch fails, it is
        closed here.
        """
        file = cast("IO[bytes]", tempfile.SpooledTemporaryFile(limits.SPOOLED_BYTES))  # noqa: SIM115
        self._kept.append(file)
        return file

    @property
    def by_hand(self) -> str:
        """What to do when pip can get what this client cannot."""
        return (
            f"run 'pip download --no-deps --only-binary :all: {self._pinned}' "
            "and pass the file it saves"
        )

    def error(self, what: str, do: str = "") -> SourceError:
        """Return the error that says ``what`` is wrong with the requirement and what to do."""
        do = do or self.by_hand
        return SourceError(f"{self.asked}: {what}; {do}", what, do)

    def late(self) -> SourceError:
        """Return the error for a fetch that took too long altogether."""
        if self.network.seconds_left() <= 0:
            what = f"the {self.network.seconds:g} seconds for the whole change are used up"
            do = "run it again, or give it more time (seconds below [pins] in the policy)"
            return LateError(f"{self.asked}: {what}; {do}", what, do)
        allowed = round(self._seconds, 1)
        return self.error(f"the index did not deliver within {allowed:g} seconds in all")

    def seconds_left(self) -> float:
        """Return how long the fetch may still take; what arrives makes it longer."""
        own = self._began + self._seconds - time.monotonic()
        return min(own, self.network.seconds_left())

    def is_secure(self, url: str) -> bool:
        """Tell whether pip would talk to this URL: TLS, this machine, or a trusted host."""
        parts = urlsplit(url)
        if parts.scheme == "https":
            return True
        return parts.scheme == "http" and (
            _is_loopback(parts.hostname or "") or self._trusts(parts)
        )

    def get(
        self,
        url: str,
        limit: int,
        *,
        accept: str = "*/*",
        decode: bool,
        into: IO[bytes] | None = None,
    ) -> Body | None:
        """Return what ``url`` serves, or None where it serves nothing (404, 410).

        ``decode`` undoes a content encoding: right for a page, wrong for a file, whose bytes are
        what its digest was made of. ``into`` is a file that what is served is written to.
        """

        def read(response: requests.Response, place: str, at: str) -> Body:
            chunks = self._chunks(response.raw, place, limit, decode)
            if into is not None:
                self._keep(chunks, into, place)
            said = response.headers.get("content-type", "")
            return Body(
                data=b"".join(chunks),
                url=_without_login(at),
                content_type=(said or "text/html").partition(";")[0].strip().lower(),
                charset=_charset(said),
            )

        return self._followed(url, {"Accept": accept}, read)

    def part(self, url: str, start: int, count: int) -> Part | None:
        """Return ``count`` bytes of what ``url`` serves from ``start`` on; None if it has no parts.

        A negative start counts from the end.
        """
        wanted = f"bytes={start}" if start < 0 else f"bytes={start}-{start + count - 1}"

        def read(response: requests.Response, place: str, _: str) -> Part | None:
            said = _RANGE.fullmatch(response.headers.get("content-range", ""))
            if response.status_code != _PARTIAL or said is None:
                return None
            first, last, size = map(int, said.groups())
            asked_for = max(0, size + start) if start < 0 else start
            if first != asked_for or last != min(first + count, size) - 1:
                return None
            data = b"".join(self._chunks(response.raw, place, count, decode=False))
            return Part(data, first, size) if len(data) == last - first + 1 else None

        return self._followed(url, {"Accept": "*/*", "Range": wanted}, read)

    def _followed(
        self,
        url: str,
        headers: dict[str, str],
        read: Callable[[requests.Response, str, str], T],
    ) -> T | None:
        """Return what is read of the answer, at the end of all redirects; None where it is none."""
        for _ in range(MAX_REDIRECTS + 1):
            following = self._answer(url, headers, read)
            if not isinstance(following, str):
                return following
            url = following
        raise self.error(f"{shown(url)} was redirected more than {MAX_REDIRECTS} times")

    def _answer(
        self,
        url: str,
        headers: dict[str, str],
        read: Callable[[requests.Response, str, str], T],
    ) -> T | str | None:
        import requests
        import urllib3

        place, host = shown(url), urlsplit(url).netloc.rpartition("@")[2]
        try:
            for asked in range(limits.INDEX_RETRIES + 1):
                if self.seconds_left() <= 0:
                    raise self.late()
                if host in self.network.silent:
                    raise self.error(
                        f"{shorten(host)} did not answer before, and is not asked again",
                        "check the network",
                    )
                with self._request(url, headers) as response:
                    status = response.status_code
                    if status in _REDIRECT and "location" in response.headers:
                        return self._redirected(url, response.headers["location"])
                    if status in _ABSENT:
                        return None
                    wait = _wait(response, asked) if status in _PASSING else None
                    if wait is None and "Range" in headers:  # it may give whole files
                        return read(response, place, url)
                    if wait is None or wait > min(limits.INDEX_WAIT_SECONDS, self.seconds_left()):
                        self._check(status, place, wait)
                        return read(response, place, url)
                time.sleep(wait)
        # ValueError: a URL or header these libraries cannot make sense of.
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            HTTPException,
            OSError,
            ValueError,
        ) as error:
            raise self.error(*self._why(error, place, host)) from None
        raise AssertionError("the last answer is read or refused")

    def _request(self, url: str, headers: dict[str, str]) -> requests.Response:
        from requests.auth import HTTPBasicAuth

        parts = urlsplit(url)
        login = self._login(parts)
        verify: bool | str = self._config.cert or True
        if self._trusts(parts):
            verify = False
        timeout = min(self._timeout, max(0.001, self.seconds_left()))
        proxy = self._config.proxy
        with warnings.catch_warnings():
            if verify is False:  # the user's own setting; urllib3 would warn at every request
                warnings.simplefilter("ignore")
            return self.network.session.get(
                _without_login(url),
                headers=headers,
                auth=HTTPBasicAuth(*login) if login else None,  # if none, requests asks netrc
                timeout=(timeout, timeout),
                verify=verify,
                cert=self._config.client_cert or None,
                proxies={"http": proxy, "https": proxy} if proxy else None,
                allow_redirects=False,  # requests would read what a redirect carries, unbounded
                stream=True,
            )

    def _redirected(self, url: str, location: str) -> str:
        target = urljoin(_without_login(url), location)
        if not self.is_secure(target) or (
            urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https"
        ):
            raise self.error(f"{shown(url)} redirects to {shown(target)}, which is less secure")
        return target

    def _check(self, status: int, place: str, wait: float | None) -> None:
        if status in {401, 403}:
            raise self.error(
                f"{place} demands a login (status {status}), and neither the index URL nor a "
                "netrc file has one that it accepts (pip's keyring is not asked)"
            )
        if status == 407:
            raise self.error("the proxy demands a login", "put one into pip's proxy setting")
        if status != 200:
            raise self.error(
                f"{place} answered with status {status}"
                + (f" and asks to wait {wait:g} seconds" if wait else ""),
                f"try later, or {self.by_hand}",
            )

    def _keep(self, chunks: Iterator[bytes], into: IO[bytes], place: str) -> None:
        for chunk in chunks:
            try:
                into.write(chunk)
            except OSError as error:
                raise self.error(
                    f"{place} cannot be kept in a temporary file: {error.strerror}",
                    "make room, or set TMPDIR to a folder that has it",
                ) from None

    def _chunks(self, raw: Any, place: str, limit: int, decode: bool) -> Iterator[bytes]:
        # read1 returns what has arrived, so that the clock is looked at however slowly it comes;
        # urllib3 before 2.2 has no read1, and there only ``bounded`` sees a slow drip.
        read = getattr(raw, "read1", raw.read)
        size = 0
        while chunk := read(_CHUNK, decode_content=decode):
            size += len(chunk)
            self._seconds += len(chunk) / limits.INDEX_RATE
            if size > limit:
                raise self.error(
                    f"{place} is larger than the {limit} bytes that are read",
                    "check what the index serves there",
                )
            if self.seconds_left() <= 0:
                raise self.late()
            yield chunk

    def _trusts(self, parts: SplitResult) -> bool:
        for trusted in self._config.trusted_hosts:
            entry = urlsplit(f"//{trusted}")
            try:
                if entry.hostname == parts.hostname and entry.port in {None, parts.port}:
                    return True
            except ValueError:
                continue
        return False

    def _login(self, parts: SplitResult) -> tuple[bytes, bytes] | None:
        """Return the login in the URL itself, else that of the closest configured index there."""
        if own := _own_login(parts):
            return own
        near = [(path, login) for origin, path, login in self._logins if origin == _origin(parts)]
        if not near:
            return None
        return max(near, key=lambda one: len(posixpath.commonprefix([one[0], parts.path])))[1]

    def _why(self, error: Exception, place: str, host: str) -> tuple[str, str]:
        """Return what went wrong at ``place``, told by the kinds of exceptions involved."""
        import requests
        import urllib3

        involved = list(_chain(error))

        def find(*kinds: type[BaseException]) -> BaseException | None:
            return next((one for one in involved if isinstance(one, kinds)), None)

        if untrusted := find(ssl.SSLCertVerificationError):
            reason = shorten(str(getattr(untrusted, "verify_message", "") or "unknown issuer"))
            return (
                f"{place} has a TLS certificate that is not trusted here ({reason})",
                "set pip's cert to the file of its authority",
            )
        if find(ssl.SSLError, requests.exceptions.SSLError, urllib3.exceptions.SSLError):
            return (f"no TLS connection to {place} could be made", "check its URL, and pip's cert")
        if find(requests.exceptions.ProxyError, urllib3.exceptions.ProxyError):
            return (
                f"the proxy for {place} refused, or cannot be reached",
                "check pip's proxy setting and HTTPS_PROXY",
            )
        # Before timeouts: urllib3 counts what could not be opened among them.
        if find(urllib3.exceptions.NewConnectionError):
            self.network.silent.add(host)
            return (f"no connection to {place} could be opened", "check the network and the URL")
        if find(TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError):
            self.network.silent.add(host)
            return (f"{place} did not answer for {self._timeout:g} seconds", "check the network")
        if find(requests.ConnectionError, urllib3.exceptions.HTTPError, HTTPException):
            return (f"the connection to {place} broke off", "check the network")
        if isinstance(error, OSError) and not isinstance(error, ValueError):
            return (
                f"the certificates to connect to {place} with cannot be read",
                "check pip's cert and client-cert, and REQUESTS_CA_BUNDLE",
            )
        return (f"{place} is not a URL that can be fetched", "see 'pip config list'")


def _wait(response: requests.Response, asked: int) -> float | None:
    """Return for how many seconds an index wants to be left alone; None to ask no more."""
    from urllib3.exceptions import InvalidHeader
    from urllib3.util.retry import Retry

    if asked == limits.INDEX_RETRIES:
        return None
    wanted = 0.0
    if said := response.headers.get("retry-after"):
        # What it says can be no number and no date, or a date that no calendar has.
        with suppress(InvalidHeader, ValueError, OverflowError):
            wanted = Retry().parse_retry_after(said)
    return max(wanted, limits.INDEX_BACKOFF_SECONDS * float(2**asked))


def _logins(config: PipConfig) -> Iterator[tuple[tuple[str, str, int], str, tuple[bytes, bytes]]]:
    for url in (config.index_url, *config.extra_index_urls, *config.find_links):
        try:
            parts = urlsplit(url)
            login = _own_login(parts)
            if login is not None:
                yield _origin(parts), parts.path, login
        except ValueError:  # reported where it is used
            continue


def _own_login(parts: SplitResult) -> tuple[bytes, bytes] | None:
    if not parts.username and not parts.password:
        return None
    # As bytes: requests would encode text as Latin-1, pip sends UTF-8.
    return unquote(parts.username or "").encode(), unquote(parts.password or "").encode()


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return parts.scheme, parts.hostname or "", port


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _charset(content_type: str) -> str:
    found = re.search(r"charset=\"?([\w-]+)", content_type, re.IGNORECASE)
    return found[1] if found else "utf-8"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those it was made from, which urllib3 keeps in several places."""
    waiting: list[object] = [error]
    seen: list[object] = []
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or any(one is other for other in seen):
            continue
        seen.append(one)
        yield one
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
