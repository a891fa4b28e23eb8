"""What reviews go by, whatever releases they are about."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stigmem_review import limits
from stigmem_review.document import Consulted
from stigmem_review.errors import PolicyError, ReviewError, SigningError, SourceError
from stigmem_review.host import Node
from stigmem_review.model import Level
from stigmem_review.policy.file import Policy, parse_policy
from stigmem_review.policy.settings import Settings, parse_settings, settings_of
from stigmem_review.policy.trust import Trust
from stigmem_review.rulebook.rules import Rulebook
from stigmem_review.sources.disk import read_file

if TYPE_CHECKING:
    from stigmem_review.signing.roots import TrustRoot


class Terms(NamedTuple):
    """The node, the rules, the gate, whom the operator trusts, and the root that proves it.

    Without a ``root`` signatures are held against the one that ships with this package.
    ``consulted`` is what a report of its own names; reviews within another leave that to it.
    """

    node: Node
    rulebook: Rulebook
    gate: Level
    trust: Trust = Trust()
    root: TrustRoot | None = None
    consulted: tuple[Consulted, ...] = ()


class Decisions(NamedTuple):
    """What an operator decided, and where it was read."""

    policy: Policy
    trust: Trust
    root: TrustRoot | None
    consulted: tuple[Consulted, ...]


Read = Callable[[str, int], bytes]
"""Returns a file that a user names, of at most so many bytes. Raises ``SourceError``."""


def from_disk(path: str, limit: int) -> bytes:
    """Return a file of this machine."""
    return read_file(Path(path), limit)


def read_decisions(
    policy: str | None,
    env_file: str | None,
    environment: Mapping[str, str],
    trust_root: str | None,
    read: Read = from_disk,
) -> Decisions:
    """Return what an operator decided, from the files that a user names.

    Without ``env_file`` the node's settings are those of ``environment``. An empty path is a file
    that is not there: whoever passes a variable that is not set has named a file all the same.
    Raises ``PolicyError`` for a policy or settings in error, ``SigningError`` for a root that is
    none.
    """
    decided, root, consulted = Policy(), None, []
    if policy is not None:
        data = _named(policy, "the policy", limits.POLICY_BYTES, read, PolicyError)
        decided = parse_policy(data, policy)
        consulted.append(Consulted("policy", policy, _sha256(data)))
    if env_file is None:
        settings = settings_of(environment)
        if settings != Settings():
            consulted.append(Consulted("node's settings", "the environment"))
    else:
        data = _named(env_file, "the env file", limits.ENV_FILE_BYTES, read, PolicyError)
        settings = parse_settings(data, env_file)
        remark = "" if settings != Settings() else "it says nothing about signatures"
        consulted.append(Consulted("node's settings", env_file, _sha256(data), remark))
    if trust_root is not None:
        from stigmem_review.signing.roots import read_root

        data = _named(trust_root, "the trust root", limits.TRUST_ROOT_BYTES, read, SigningError)
        root = read_root(data, trust_root)
        consulted.append(Consulted("trust root", trust_root))
    return Decisions(decided, Trust(decided.signing, settings), root, tuple(consulted))


def _named(path: str, what: str, limit: int, read: Read, failure: type[ReviewError]) -> bytes:
    try:
        return read(path, limit)
    except SourceError as error:
        raise failure(f"{what} {error.text}") from None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
