"""What signs a file that an index offers: what it gives as provenance (PEP 740), or sidecars.

Whatever an index says or serves there, the file itself is reviewed: what is not to be had becomes
a signature that says why.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from stigmem_review import limits
from stigmem_review.errors import SourceError
from stigmem_review.sources.artifact import SignatureFile
from stigmem_review.sources.download import Client, bounded, shown
from stigmem_review.sources.offers import Offer
from stigmem_review.sources.signatures import (
    beside,
    is_signed,
    read_signature,
    signature_file,
    with_more,
)

_TELL = "tell whoever runs the index"
_RETRY = f"try again later, and {_TELL} if it stays so"


def gives_signature(offer: Offer) -> bool:
    """Tell whether the index says that something signs a file, or something stands beside it."""
    path = _path(offer.url)
    return offer.provenance is not None or (path is not None and is_signed(path))


def signatures(client: Client, same: Sequence[Offer]) -> tuple[SignatureFile, ...]:
    """Return all that signs one file, of which ``same`` are all offers, each once.

    Raises nothing for what cannot be had.
    """
    found: tuple[SignatureFile, ...] = ()
    given: dict[str, Offer] = {}
    for offer in same:
        if path := _path(offer.url):
            found = with_more(found, beside(path))
        if offer.provenance is not None:
            given.setdefault(offer.provenance, offer)
    for number, (address, offer) in enumerate(given.items()):
        if number == limits.PROVENANCES:
            why = f"it is offered at {len(given)} addresses, and {number} are looked at"
            return (*found, SignatureFile(_of(offer), why=why, do=_TELL))
        found = with_more(found, [_fetched(client, address, offer)])
    return found


def _of(offer: Offer) -> str:
    return f"the provenance of {offer.file}"


def _fetched(client: Client, address: str, offer: Offer) -> SignatureFile:
    """Return what an address holds: one of this machine only for a file that is there too."""
    name = shown(address) if address else _of(offer)
    path = _path(address)
    if path is not None and _path(offer.url):
        return read_signature(path)
    try:
        if why := _refused(client, address):
            return SignatureFile(name, why=why, do=_TELL)
        get = partial(client.get, address, limits.SIGNATURE_BYTES, decode=True)
        late = f"{name} was not delivered within {limits.INDEX_SECONDS:g} seconds"
        until = time.monotonic() + limits.INDEX_SECONDS
        body = bounded(get, lambda: until - time.monotonic(), lambda: client.error(late))
    except SourceError as error:
        # Wherever a signature is shown, its name stands beside the reason.
        return SignatureFile(name, why=error.why.replace(name, "it", 1), do=_RETRY)
    if body is None:
        return SignatureFile(name, why="the index offers it, and it is not there", do=_TELL)
    return signature_file(name, body.data, _TELL)


def _refused(client: Client, address: str) -> str:
    """Return why nothing is fetched from an address, or nothing."""
    if not address:
        return "the index gives no address of it"
    if urlsplit(address).scheme not in {"http", "https"}:
        return "it is offered at an address that is not on the web"
    if not client.is_secure(address):
        return "it is offered at an address that is neither https nor one of pip's trusted hosts"
    return ""


def _path(url: str) -> Path | None:
    """Return the path of a file on this machine, or None."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"}:
        return None
    return Path(url2pathname(parts.path))
