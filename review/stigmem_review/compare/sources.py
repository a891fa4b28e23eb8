"""Whether a first signature is of the repository that the metadata names as the source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

from stigmem_review import facts
from stigmem_review.facts import Fact
from stigmem_review.model import Release, Signer
from stigmem_review.policy.identities import fold

_LABELS = frozenset(
    {"source", "sourcecode", "repository", "repo", "code", "github", "gitlab", "homepage"}
)
"""What addresses of a source repository are called, without what is no letter ("Well-known Project
URLs in Metadata", of the Python packaging guide)."""

_FORGES = frozenset({"github.com", "gitlab.com", "codeberg.org", "bitbucket.org"})

Agrees = Literal["", "agrees", "differs"]


def source_agrees(release: Release, signer: Signer) -> Agrees:
    """Say whether metadata and certificate name one repository; nothing where one names none."""
    named = [*_named(release, signer)]
    if not (signer.repository and named):
        return ""
    own = fold(signer.repository)
    return "agrees" if any(f"{each}/".startswith(f"{own}/") for each in named) else "differs"


def source_facts(release: Release, signer: Signer) -> Iterator[Fact]:
    """Yield that the two name different repositories."""
    if source_agrees(release, signer) == "differs":
        named = tuple(dict.fromkeys(_named(release, signer)))
        yield facts.SignerElsewhere(item="signer", repository=signer.repository, named=named)


def _named(release: Release, signer: Signer) -> Iterator[str]:
    """Yield the addresses of repositories that metadata has, on known forges or the signer's."""
    forges = _FORGES | {urlsplit(signer.repository).netloc}
    for link in release.links:
        label, _, address = link.partition(",")
        if re.sub("[^a-z]", "", label.lower()) in _LABELS:
            yield from _repository(address.strip(), forges)


def _repository(address: str, forges: frozenset[str]) -> Iterator[str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return
    path = parts.path.strip("/").removesuffix(".git")
    host = parts.netloc.lower().removeprefix("www.")
    if host in forges and path.count("/") >= 1:
        yield fold(f"https://{host}/{path}")
