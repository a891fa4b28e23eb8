"""Whom a certificate is for: names, and extensions as Fulcio's certificates have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography import x509

from support.keys import der

FULCIO = "1.3.6.1.4.1.57264.1"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PERSON_ISSUER = "https://accounts.example.com"
GITHUB_ISSUER = "https://token.actions.githubusercontent.com"


@dataclass(frozen=True)
class Identity:
    """The names a certificate is for, and its extensions of Fulcio's, by their last number.

    ``publisher`` is what an index would say of it in a provenance (PEP 740).
    """

    names: tuple[x509.GeneralName, ...]
    claims: Mapping[int, str]
    publisher: Mapping[str, Any] = field(default_factory=dict)

    def but(self, claims: Mapping[int, str | None]) -> Identity:
        """Return the same with other claims; ``None`` leaves one out."""
        merged = dict(self.claims) | {key: text for key, text in claims.items() if text is not None}
        left = {key: merged[key] for key in merged if claims.get(key, "") is not None}
        return replace(self, claims=left)


def person(email: str, issuer: str = PERSON_ISSUER) -> Identity:
    """Return a person who logged in at ``issuer``."""
    publisher = {"kind": "Google", "email": email}
    return Identity((x509.RFC822Name(email),), {1: issuer, 8: issuer}, publisher)


def username(name: str, issuer: str = PERSON_ISSUER) -> Identity:
    """Return somebody whom ``issuer`` knows by a name without an address."""
    kind = x509.ObjectIdentifier(f"{FULCIO}.7")
    return Identity((x509.OtherName(kind, der(0x0C, name.encode())),), {1: issuer, 8: issuer})


def workflow(
    repository: str = "acme/ledger",
    path: str = ".github/workflows/release.yml",
    ref: str = "refs/tags/v1.0.0",
    *,
    builder: str = "",
    commit: str = COMMIT,
    trigger: str = "release",
    repository_id: str = "1001",
    issuer: str = GITHUB_ISSUER,
    forge: str = "https://github.com",
    runner: str = "github-hosted",
    environment: str = "",
) -> Identity:
    """Return a GitHub workflow; ``builder`` is a reusable one (path and ref) that it calls."""
    home, owner = f"{forge}/{repository}", repository.partition("/")[0]
    config = f"{home}/{path}@{ref}"
    signer = f"{forge}/{builder}" if builder else config
    old = {1: issuer, 2: trigger, 3: commit, 4: "release", 5: repository, 6: ref}
    new = {8: issuer, 9: signer, 10: commit, 11: runner, 12: home, 13: commit, 14: ref}
    new |= {15: repository_id, 16: f"{forge}/{owner}", 17: "2002", 18: config, 19: commit}
    new |= {20: trigger, 21: f"{home}/actions/runs/3003/attempts/1", 22: "public"}
    new |= {23: environment} if environment else {}
    file = path.rpartition("/")[2]
    publisher: dict[str, str | None] = {"kind": "GitHub", "repository": repository}
    publisher |= {"workflow": file, "environment": environment or None}
    return Identity((x509.UniformResourceIdentifier(signer),), old | new, publisher)


def pipeline(
    repository: str = "acme/ledger",
    path: str = ".gitlab-ci.yml",
    ref: str = "refs/tags/v1.0.0",
    *,
    commit: str = COMMIT,
    trigger: str = "push",
    repository_id: str = "1001",
    forge: str = "https://gitlab.com",
) -> Identity:
    """Return a pipeline of GitLab."""
    home, owner = f"{forge}/{repository}", repository.rpartition("/")[0]
    config = f"{home}//{path}@{ref}"
    claims = {1: forge, 8: forge, 9: config, 10: commit, 11: "gitlab-hosted", 12: home, 13: commit}
    claims |= {14: ref, 15: repository_id, 16: f"{forge}/{owner}", 17: "2002", 18: config}
    claims |= {19: commit, 20: trigger, 21: f"{home}/-/jobs/3003", 22: "private"}
    publisher = {"kind": "GitLab", "repository": repository, "workflow_filepath": path}
    return Identity((x509.UniformResourceIdentifier(config),), claims, publisher)
