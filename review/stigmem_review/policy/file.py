"""The operator's decisions: which node, which gate, how heavy each rule is."""

from __future__ import annotations

import re

import msgspec

from stigmem_review import toml
from stigmem_review.errors import PolicyError
from stigmem_review.model import LEVELS, Level
from stigmem_review.policy.trust import SigningPolicy, check_signing
from stigmem_review.text import shorten

POLICY_FILE = "stigmem-review.toml"
"""Where a repository keeps its policy, unless it is told otherwise."""


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What an operator decided.

    ``node_version`` is the node the plugins are deployed to; ``fail_on`` the lightest finding
    that closes the gate; ``levels`` gives rules, by id or name, another level; ``signing``
    says whom to trust.
    """

    node_version: str | None = None
    fail_on: Level = "warning"
    levels: dict[str, Level] = {}
    signing: SigningPolicy = SigningPolicy()


def parse_policy(data: bytes, path: str) -> Policy:
    """Read a policy file. Raises ``PolicyError`` that names the file and what is wrong in it."""
    try:
        policy = msgspec.convert(toml.parse(data.decode("utf-8")), Policy)
    except (ValueError, RecursionError) as error:
        why = shorten(_ENTRY.sub(_numbered, str(error)))
        raise PolicyError(
            f"the policy {path}: {why}; it may say node-version (a text such as "
            '"0.9.0a12"), fail-on, below [levels] the level of a rule (each error, warning or '
            "note), below [signing] whether it is required (true or false), and below "
            "[[signing.trusted]] an issuer with an identity, or with a repository, a workflow and "
            "a ref, and plugins"
        ) from None
    try:
        check_signing(policy.signing)
    except PolicyError as error:
        raise PolicyError(f"the policy {path}: {error.text}") from None
    return policy


_ENTRY = re.compile(r"`\$\.signing\.trusted\[([0-9]+)\](?:\.([a-z]+))?(?:\[[^]]*\])*`")


def _numbered(found: re.Match[str]) -> str:
    """Return what msgspec says of an entry in the words of a policy, counted from one."""
    field = f", {found[2]}" if found[2] else ""
    return f"entry {int(found[1]) + 1} of [[signing.trusted]]{field}"


def tightened(policy: Policy, gate: Level | None) -> Level:
    """Return the gate of a policy, or the tighter one that was asked for.

    Raises ``PolicyError`` where what was asked for is looser: only the policy may loosen.
    """
    if gate is None:
        return policy.fail_on
    if LEVELS.index(gate) < LEVELS.index(policy.fail_on):
        raise PolicyError(
            f"fail-on {gate} is looser than the policy's {policy.fail_on}; an option can only "
            f"tighten the gate: write fail-on in {POLICY_FILE} on the base branch"
        )
    return gate


def node_version(policy: Policy, asked: str | None) -> str | None:
    """Return the node a policy or an option names.

    Raises ``PolicyError`` where they name two different ones.
    """
    if asked and policy.node_version and asked != policy.node_version:
        raise PolicyError(
            f"the policy is for node {policy.node_version} and the option says "
            f"{asked}; leave the option out, or change the policy on the base branch"
        )
    return asked or policy.node_version
