"""What all requests of one run share: a session, hosts that do not answer, and the time there is.

One run looks for many releases, of which several are of one project and most on one host.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from stigmem_review.errors import SourceError
from stigmem_review.sources import pip_config
from stigmem_review.sources.pip_config import PipConfig

if TYPE_CHECKING:
    import requests

T = TypeVar("T")

_AT_ONCE = 32
"""Connections to one host that are kept for the next request."""

_KEPT = 16
"""Answers that are kept, since what asks for the same comes soon after."""


class Network:
    """The connection of one run to all indexes, as pip is configured.

    ``seconds`` is the time that there is for all of it; without it there is no such bound.
    ``silent`` are hosts that did not answer in time, and ``whole`` those that serve no parts of
    files. Several threads may use it; whoever made it closes it, and can use it again then.
    """

    def __init__(self, config: PipConfig | None = None, seconds: float | None = None) -> None:
        self._given = config
        self.seconds = seconds
        self._until = None if seconds is None else time.monotonic() + seconds
        self.silent: set[str] = set()
        self.whole: set[str] = set()
        self._lock = threading.Lock()
        self._locks: dict[object, threading.Lock] = {}
        self._answers: OrderedDict[object, tuple[Any, SourceError | None]] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections; one that is needed again is made again."""
        with self._lock:
            if session := vars(self).pop("_session", None):
                session.close()

    @cached_property
    def config(self) -> PipConfig:
        """How pip is configured. Raises ``SourceError`` where pip cannot say so."""
        return self._given or pip_config.read()

    @property
    def session(self) -> requests.Session:
        """The one session of all requests, made when it is needed first."""
        with self._lock:
            return self._session

    @cached_property
    def _session(self) -> requests.Session:
        return _session(self.config)

    def seconds_left(self) -> float:
        """Return how long the run may still take."""
        return float("inf") if self._until is None else self._until - time.monotonic()

    def once(self, key: object, work: Callable[[], T]) -> T:
        """Return what ``work`` returns for a key, or raise its ``SourceError``, and do it once."""
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            with self._lock:
                found = self._answers.get(key)
            if found is None:
                try:
                    found = (work(), None)
                except SourceError as error:
                    found = (None, error)
                with self._lock:
                    self._answers[key] = found
                    if len(self._answers) > _KEPT:
                        old, _ = self._answers.popitem(last=False)
                        self._locks.pop(old, None)
        answer, failed = found
        if failed is not None:
            raise failed
        return cast("T", answer)


def _session(config: PipConfig) -> requests.Session:
    import requests
    from requests.adapters import HTTPAdapter
    from requests.cookies import RequestsCookieJar
    from urllib3.util.retry import Retry

    class SystemTrust(HTTPAdapter):
        """Trust this system's authorities too, as pip does, beside those requests brings.

        They are read before the first request: that takes longer than Python's start, and where an
        index is on this machine or in its network, often nothing is asked by TLS.
        """

        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies, host name included
            self._has_authorities = False
            super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

        def send(self, *args: Any, **kwargs: Any) -> requests.Response:
            if not self._has_authorities:
                self._context.load_default_certs()
                self._has_authorities = True
            return super().send(*args, **kwargs)

    class NoCookies(RequestsCookieJar):
        """Keep nothing."""

        def set_cookie(self, *args: Any, **kwargs: Any) -> None:
            return

    # What an answer says of waiting is seen to where the answer is read.
    retry = Retry(
        total=1,
        connect=1,
        read=False,
        redirect=False,
        status=0,
        other=0,
        respect_retry_after_header=False,
    )
    session = requests.Session()
    session.cookies = NoCookies()
    session.headers.update({"User-Agent": "stigmem-review", "Accept-Encoding": "identity"})
    session.mount("http://", HTTPAdapter(max_retries=retry, pool_maxsize=_AT_ONCE))
    session.mount("https://", SystemTrust(max_retries=retry, pool_maxsize=_AT_ONCE))
    for host in config.trusted_hosts:  # a context that verifies cannot be told not to
        for end in ("/", ":"):
            session.mount(f"https://{host.lower()}{end}", HTTPAdapter(max_retries=retry))
    return session
