"""The names under which somebody signs, and what of them stays the same. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from stigmem_review.model import Signer
from stigmem_review.patterns import late
from stigmem_review.policy.alike import first_like

ON_GITHUB = "https://github.com/"

_COMMIT = late(r"[0-9a-f]{40}|[0-9a-f]{64}")


def is_commit(ref: str) -> bool:
    """Say whether a ref is a commit, at which a caller can pin a reusable workflow."""
    return _COMMIT.fullmatch(ref) is not None


def without_ref(identity: str) -> str:
    """Return what of a workflow's identity stays the same from one tag or branch to another.

    It is the workflow's address, an ``@``, and the ref it ran at; of a reusable one that its caller
    pinned, the commit (Fulcio, "OIDC": GitHub, GitLab).
    """
    address, _, commit = identity.rpartition("@")
    if not is_commit(commit):
        address = identity[: max(identity.rfind("@refs/", 0, -1), 0)]
    return address if "://" in address[1:-1] else identity


def address_of(signer: Signer) -> str:
    """Return what of a signer's identity stays the same from one release to the next."""
    ending = f"@{signer.ref}"
    if signer.ref and signer.identity.endswith(ending):
        return signer.identity.removesuffix(ending)
    return without_ref(signer.identity)


def name_of(signer: Signer) -> str:
    """Return the name of who had a file signed, with the ref: of a workflow, whoever built it.

    A workflow that others call signs under its own name for all of them; what they differ in are
    the "Source Repository URI" and the "Build Config URI" (Fulcio, "OID info").
    """
    if not (signer.builder and signer.repository and signer.workflow):
        return signer.identity
    return f"{signer.repository}/{signer.workflow}" + (f"@{signer.ref}" if signer.ref else "")


def names_of(signers: Iterable[Signer]) -> tuple[str, ...]:
    """Return the names of some signers, each once: two runs of a workflow are two signers."""
    return tuple(dict.fromkeys(map(name_of, signers)))


def texts_of(signer: Signer) -> tuple[str, ...]:
    """Return all that names a signer."""
    place = (signer.repository, signer.workflow, signer.ref, signer.builder)
    return (signer.identity, signer.issuer, *place)


def folded(signer: Signer) -> Signer:
    """Return a signer with small letters where its issuer does not tell letter cases apart.

    Those are the domain of an address (RFC 5321, section 2.4), and owner and name of a repository
    on GitHub.
    """
    return replace(
        signer,
        identity=fold(signer.identity),
        repository=fold(signer.repository),
        builder=fold(signer.builder),
    )


def fold(name: str) -> str:
    """Return a name, or the address of a repository or of a workflow, as ``folded`` has it."""
    if name.lower().startswith(ON_GITHUB):
        parts = name.split("/", 5)
        return "/".join((*(each.lower() for each in parts[:5]), *parts[5:]))
    if "://" in name:
        return name
    local, at, domain = name.rpartition("@")
    return f"{local}{at}{domain.lower()}"


def signs_for_others(signer: Signer) -> bool:
    """Say whether the name that a signature is under is that of a workflow of another repository.

    It is the same for every repository that calls it: "Build Signer URI" of a certificate, beside
    the "Source Repository URI" (Fulcio, "OID info").
    """
    own = f"{fold(signer.repository)}/"
    return bool(signer.workflow and signer.builder) and not fold(signer.builder).startswith(own)


def nearest(signer: Signer, known: Iterable[str]) -> str:
    """Return which of some identities, or addresses of workflows, a signer can be taken for.

    Another workflow of the same repository is no other signer's, so it is none of them.
    """
    addresses = {without_ref(name_of(signer)) if signer.builder else address_of(signer)}
    if signer.repository:
        addresses.add(f"{signer.repository}/{signer.workflow}")
        known = [each for each in known if not each.startswith(f"{signer.repository}/")]
    others = {without_ref(each): each for each in known}
    if {*map(fold, addresses)} & {*map(fold, others)}:
        return ""
    like = next(filter(None, (first_like(each, others) for each in sorted(addresses))), "")
    return others.get(like, "")
