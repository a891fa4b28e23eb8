"""What reviews go by, whatever releases they are about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from stigmem_review import limits
from stigmem_review.document import Consulted
from stigmem_review.errors import PolicyError, SourceError
from stigmem_review.host import Node
from stigmem_review.model import Level
from stigmem_review.policy.file import Policy, parse_policy
from stigmem_review.policy.settings import Settings, parse_settings, settings_of
from stigmem_review.policy.trust import Trust
from stigmem_review.rulebook.rules import Rulebook
from stigmem_review.signing.roots import TrustRoot, read_root
from stigmem_review.sources.disk import read_file


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


def read_decisions(
    policy: str | None,
    env_file: str | None,
    environment: Mapping[str, str],
    trust_root: str | None,
) -> Decisions:
    """Return what an operator decided, from the files that a user names.

    Without ``env_file`` the node's settings are those of ``environment``. An empty path is a file
    that is not there: whoever passes a variable that is not set has named a file all the same.
    Raises ``PolicyError`` for a policy or settings in error, ``SigningError`` for a root that is
    none.
    """
    decided, consulted = Policy(), []
    if policy is not None:
        data = _read(policy, "the policy", limits.POLICY_BYTES)
        decided = parse_policy(data, policy)
        consulted.append(consulted_policy(policy, data))
    if env_file is None:
        settings = settings_of(environment)
        consulted += consulted_environment(settings)
    else:
        data = _read(env_file, "the env file", limits.ENV_FILE_BYTES)
        settings = parse_settings(data, env_file)
        consulted.append(consulted_settings(env_file, data, settings))
    root = None if trust_root is None else read_root(Path(trust_root))
    if root is not None:
        consulted.append(Consulted("trust root", root.name))
    return Decisions(decided, Trust(decided.signing, settings), root, tuple(consulted))


def consulted_policy(path: str, data: bytes) -> Consulted:
    """Return the note that a policy was gone by."""
    return Consulted("policy", path, hashlib.sha256(data).hexdigest())


def consulted_settings(path: str, data: bytes, settings: Settings) -> Consulted:
    """Return the note that an env file was gone by, and whether it says anything at all."""
    remark = "" if settings != Settings() else "it says nothing about signatures"
    return Consulted("node's settings", path, hashlib.sha256(data).hexdigest(), remark)


def consulted_environment(settings: Settings) -> tuple[Consulted, ...]:
    """Return the note that the environment was gone by, if it says anything."""
    return () if settings == Settings() else (Consulted("node's settings", "the environment"),)


def _read(path: str, what: str, limit: int) -> bytes:
    try:
        return read_file(Path(path), limit)
    except SourceError as error:
        raise PolicyError(f"{what} {error.text}") from None
