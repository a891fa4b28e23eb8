"""How the names in certificates are spelt, and what was meant by a name that no certificate has.

Each function returns why a name can never be that of a signer, with the corrected one where it can
be told, and nothing for a name that can be. Pure functions. The forms are those of Fulcio ("OIDC",
"OID info") and of the issuers it knows.
"""

from __future__ import annotations

import re

from stigmem_review.policy.identities import ON_GITHUB, fold
from stigmem_review.policy.mistake import nearest
from stigmem_review.policy.trusted import RUNNERS
from stigmem_review.text import shorten

ACTIONS = "https://token.actions.githubusercontent.com"
"""The issuer for workflows on GitHub, which knows nothing else."""

_GITLAB = "https://gitlab.com"
_FORGES = {ACTIONS: ON_GITHUB, _GITLAB: f"{_GITLAB}/"}
"""Where the repositories are that an issuer speaks of, of those that have one place."""

_CALLED = {
    "github": ACTIONS,
    "github.com": ACTIONS,
    "gitlab": _GITLAB,
    "google": "https://accounts.google.com",
}
"""Issuers by the names that people know."""

_TRIGGERS = {
    ACTIONS: "branch_protection_rule check_run check_suite create delete deployment "
    "deployment_status discussion discussion_comment dynamic fork gollum image_version "
    "interactive_component issue_comment issues label member merge_group milestone page_build "
    "project project_card project_column public pull_request pull_request_comment "
    "pull_request_review pull_request_review_comment pull_request_target push registry_package "
    "release repository_dispatch schedule status watch workflow_dispatch workflow_run",
    _GITLAB: "api chat container_registry_push duo_workflow external external_pull_request_event "
    "merge_request_event ondemand_dast_scan ondemand_dast_validation parent_pipeline pipeline "
    "pipeline_execution_policy_schedule push schedule security_orchestration_policy trigger web "
    "webide",
}
"""What starts runs: events of GitHub, as its runner knows them (actions/runner,
``workflow-v1.0.json``), and sources of GitLab's pipelines (``CI_PIPELINE_SOURCE``)."""

_PART = r"[\w.-]+"
_REPOSITORY = re.compile(rf"https://github\.com/{_PART}/{_PART}")
_WORKFLOW = re.compile(r"(?:\.github/workflows/[^/@]+\.ya?ml|dynamic/[^@]+)")
_SIGNS_AS = re.compile(
    rf"{_REPOSITORY.pattern}/{_WORKFLOW.pattern}"
    r"@(?:refs/(?:heads|tags|pull)/.+|[0-9a-f]{40}|[0-9a-f]{64})"
)
_ABOUT_GITHUB = re.compile(
    rf"(?:\w+://)?(?:[^/@]+@)?(?:www\.)?github\.com[/:]({_PART})(?:/({_PART}?)(?:\.git)?(/.*)?)?/?",
    re.IGNORECASE,
)
"""The ways to name a place on GitHub: in a browser, to clone it, or without the scheme."""
_SHORT = re.compile(rf"({_PART})/({_PART}?)(?:\.git)?/?")
_FILE = re.compile(r"[^/@]+\.ya?ml")
_ADDRESS = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^@\s<>;:\[\]]+)@[^@\s<>;:\[\]"]+')
"""An address (RFC 5321, section 4.1.2), of which the first part may be quoted."""
_RAN_AT = re.compile(r"refs/(?:heads|tags|pull|merge-requests|[^/]*\*[^/]*)/.+")
_REGULAR = re.compile(r"[\^$\\+(){}|]|(?<!\d)\.\*")
"""What a pattern for tags has no use for; ``v1.*`` is one, where ``v.*`` is an expression."""

_AS_A_WORKFLOW = f"{ON_GITHUB}OWNER/NAME/.github/workflows/FILE.yml@refs/tags/TAG"


def forge_of(issuer: str) -> str:
    """Return what the addresses of all repositories begin with that an issuer speaks of, if any."""
    return _FORGES.get(issuer, "")


def quoted(text: str) -> str:
    """Return why a text with quotes around it is the name of nothing."""
    if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]:
        return f"{shorten(text)} has quotes of its own; write it without those"
    return ""


def issuer_wrong(issuer: str) -> str:
    """Say why nothing is issued by an issuer (OpenID Connect Discovery, "Issuer Identifier")."""
    if issuer == ON_GITHUB.rstrip("/"):
        return (
            f"{issuer!r} issues nothing; write {ACTIONS!r} for a workflow, or "
            "'https://github.com/login/oauth' for a person"
        )
    address = issuer.rstrip("/")
    host = address.rpartition("://")[2]
    meant = _CALLED.get(host.lower(), f"https://{host}")
    if "://" not in issuer or (meant in _FORGES and issuer != meant):
        write = f"write {shorten(meant)!r}" if "." in meant else "write it with https://"
        return f"{shorten(issuer)!r} is not the address of an issuer; {write}"
    if issuer[-1] == "/":
        return f"no issuer ends with a slash; write {shorten(address)!r}"
    # It is compared as it is, and no issuer writes its own host in capitals.
    scheme, _, rest = issuer.partition("://")
    named, slash, path = rest.partition("/")
    lower = f"{scheme.lower()}://{named.lower()}{slash}{path}"
    return "" if issuer == lower else f"no issuer has capitals there; write {shorten(lower)!r}"


def repository_wrong(repository: str, issuer: str) -> str:
    """Say why no repository has an address, which is the whole one without a slash at the end."""
    shown = shorten(repository)
    about = _ABOUT_GITHUB.fullmatch(repository)
    if about is None and forge_of(issuer) == ON_GITHUB:
        about = _SHORT.fullmatch(repository)
    if about is not None:
        owner, name = about[1], about[2]
        if not name:
            return (
                f"{shown!r} is an owner; write owner = {owner!r} for any repository of theirs, or "
                f"one of them, such as '{ON_GITHUB}{owner}/NAME'"
            )
        address = f"{ON_GITHUB}{owner}/{name}"
        if fold(repository) == fold(address):
            return _elsewhere(repository, issuer)
        return f"{shown!r} is not the whole address of a repository; write {address!r}"
    if repository.endswith(".git"):
        address = repository.removesuffix(".git")
        return f"its address has no .git at the end; write {shorten(address)!r}"
    if "://" not in repository or repository.endswith("/"):
        return (
            f"{shown!r} is not its whole address, such as https://forge.example/owner/name, "
            "without a slash at the end"
        )
    return _elsewhere(repository, issuer)


def _elsewhere(address: str, issuer: str) -> str:
    """Say that an issuer never speaks of what lies at an address."""
    forge = forge_of(issuer)
    if not forge or fold(address).startswith(forge):
        return ""
    return f"{shorten(address)!r} is not on {forge}, of which alone {issuer} speaks"


def owner_wrong(owner: str, issuer: str) -> str:
    """Say why an owner has no repository of which an issuer speaks."""
    shown = shorten(owner)
    if owner.startswith("@"):
        return f"write {shorten(owner.lstrip('@'))!r}, without the @"
    forge = forge_of(issuer)
    if not forge:
        if not issuer or "://" in owner:
            return ""
        return (
            f"write {shown!r} as a whole address, such as https://forge.example/{shown}: which "
            f"forge {shorten(issuer)} is for is not known"
        )
    if "://" in owner and (why := _elsewhere(f"{owner}/", issuer)):
        return why
    name = fold(f"{owner.rstrip('/')}/").removeprefix(forge).rstrip("/")
    name = name.removeprefix(forge.removeprefix("https://"))
    if forge == ON_GITHUB and "/" in name:
        return f"{shown!r} is a repository; write repository = '{ON_GITHUB}{shorten(name)}'"
    if not re.fullmatch(rf"{_PART}(?:/{_PART})*", name):
        return f"{shown!r} is the name of no owner"
    if fold(owner).rstrip("/") not in (name, fold(f"{forge}{name}")):
        return f"{shown!r} is the name of no owner; write {shorten(name)!r}"
    return ""


def workflow_wrong(workflow: str, repository: str, issuer: str) -> str:
    """Say why no workflow of a repository has a path."""
    example = _FILE.fullmatch(workflow.rpartition("/")[2])
    path = f".github/workflows/{example[0] if example else 'release.yml'}"
    if "@" in workflow:
        return (
            f"{shorten(workflow)!r} is not a path in the repository, such as {path}; a ref has a "
            "field of its own"
        )
    write = f"write {path!r}" if example else f"write one such as {path!r}"
    on_github = repository.startswith(ON_GITHUB) or forge_of(issuer) == ON_GITHUB
    if on_github and "/" not in workflow:
        return f"it is a path from the top of the repository; {write}"
    if issuer == ACTIONS and not _WORKFLOW.fullmatch(workflow):
        return f"{shorten(workflow)!r} is the path of no workflow on GitHub; {write}"
    if {"", ".", ".."} & {*workflow.split("/")}:
        return f"{shorten(workflow)!r} is not a path in the repository, such as {path}"
    return ""


def ref_wrong(ref: str, issuer: str) -> str:
    """Say why no run is at a ref that fits a pattern."""
    if _REGULAR.search(ref):
        return (
            f"{shorten(ref)!r} is no regular expression: * stands for anything but a slash, and "
            "everything else for itself; write refs/tags/v*"
        )
    if set(ref) & set("?[]"):
        return f"in {shorten(ref)!r} only * stands for other characters"
    if not ref.startswith("refs/"):
        return f"write {shorten(ref)!r} in full, such as refs/tags/v*"
    if forge_of(issuer) and not _RAN_AT.fullmatch(ref):
        return (
            f"no run is at {shorten(ref)!r}; write refs/tags/v* for tags, or refs/heads/main for "
            "that branch"
        )
    return ""


def trigger_wrong(trigger: str, issuer: str) -> str:
    """Say why no run that an issuer speaks of is started by something."""
    known = _TRIGGERS.get(issuer, "").split()
    if not known or trigger in known:
        return ""
    if trigger == "workflow_call":
        return "a called workflow has the event that started its caller; write that"
    meant = nearest(trigger, known)
    write = f"write {meant!r}" if meant else "write one of its events, such as 'push'"
    return f"no run is started by {shorten(trigger)!r}; {write}"


def environment_wrong(environment: str) -> str:
    """Say why no run is in an environment, of which the runners alone are known by name."""
    letters = re.sub(r"[^a-z]", "", environment.lower())
    meant = next((each for each in RUNNERS if letters == each.replace("-", "")), environment)
    return "" if environment == meant else f"no runner is {shorten(environment)!r}; write {meant!r}"


def builder_wrong(builder: str) -> str:
    """Say why no reusable workflow has an address, with or without a ref."""
    shown = shorten(builder)
    if "://" not in builder:
        return f"{shown!r} is not its whole address, with https://"
    if not builder.lower().startswith(ON_GITHUB):
        return ""
    if not _is_workflow(builder if "@" in builder else f"{builder}@refs/tags/x"):
        return (
            f"{shown!r} is no workflow on GitHub; write {_corrected(builder)!r}, or that without @ "
            "and the ref for any ref of it"
        )
    return ""


def _corrected(identity: str) -> str:
    """Return the address of a workflow on GitHub with its ref in full, or else an example."""
    address, at, ref = identity.rpartition("@")
    kind = "heads" if ref in ("main", "master") else "tags"
    full = f"{address}@refs/{kind}/{re.sub('^(?:refs/)?(?:tags?/)?', '', ref)}" if at else ""
    return full if _is_workflow(full) else _AS_A_WORKFLOW


def _is_workflow(identity: str) -> bool:
    return _SIGNS_AS.fullmatch(fold(identity)) is not None


def identity_wrong(identity: str, issuer: str = "") -> str:
    """Say why no signer has an identity; ``issuer`` is whose it is, where that is said."""
    shown = shorten(identity)
    if said := quoted(identity):
        return said
    if "*" in identity:
        return (
            f"{shown!r} is compared as it is, and * stands for nothing here; write one entry for "
            "each"
        )
    is_workflow = re.search(r"\.ya?ml$", identity) is not None
    if is_workflow and "://" in identity:
        return (
            f"a workflow signs as {shown}@ and its ref, such as @refs/tags/v1.0.0; write it with "
            "the ref, or write repository and workflow in a policy"
        )
    if _is_workflow(identity):
        return ""
    is_path = (is_workflow or "/" in identity) and "://" not in identity
    if issuer == ACTIONS or is_path or _ABOUT_GITHUB.fullmatch(identity):
        return (
            f"{shown!r} is the name of no signer: a workflow signs under its whole address and "
            f"ref, {_corrected(identity)!r}; a policy can name its repository and workflow instead"
        )
    if "@" in identity and "://" not in identity and not _ADDRESS.fullmatch(identity):
        found = re.findall(r"[\w.+-]+@[\w.-]+", identity)
        write = f"; write {', '.join(map(repr, found))}" if found else ""
        return f"{shown!r} is not one address{write}"
    return ""
