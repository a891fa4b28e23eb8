"""What reviews go by, whatever releases they are about."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from stigmem_review import limits
from stigmem_review.errors import PolicyError, SourceError
from stigmem_review.host import Node
from stigmem_review.model import Level
from stigmem_review.policy.file import Policy, parse_policy
from stigmem_review.policy.settings import parse_settings, settings_of
from stigmem_review.policy.trust import Trust
from stigmem_review.rulebook.rules import Rulebook
from stigmem_review.signing.roots import TrustRoot, read_root
from stigmem_review.sources.disk import read_file


class Terms(NamedTuple):
    """The node, the rules, the gate, whom the operator trusts, and the root that proves it.

    Without a ``root`` signatures are held against the one that ships with this package.
    """

    node: Node
    rulebook: Rulebook
    gate: Level
    trust: Trust = Trust()
    root: TrustRoot | None = None


def read_decisions(
    policy: str | None,
    env_file: str | None,
    environment: Mapping[str, str],
    trust_root: str | None,
) -> tuple[Policy, Trust, TrustRoot | None]:
    """Return what an operator decided, from the files that a user names.

    Without ``env_file`` the node's settings are those of ``environment``. An empty path is a file
    that is not there: whoever passes a variable that is not set has named a file all the same.
    Raises ``PolicyError`` for a policy or settings in error, ``SigningError`` for a root that is
    none.
    """
    decided = Policy()
    if policy is not None:
        decided = parse_policy(_read(policy, "the policy", limits.POLICY_BYTES), policy)
    settings = (
        settings_of(environment)
        if env_file is None
        else parse_settings(_read(env_file, "the env file", limits.ENV_FILE_BYTES), env_file)
    )
    root = None if trust_root is None else read_root(Path(trust_root))
    return decided, Trust(decided.signing, settings), root


def _read(path: str, what: str, limit: int) -> bytes:
    try:
        return read_file(Path(path), limit)
    except SourceError as error:
        raise PolicyError(f"{what} {error.text}") from None
