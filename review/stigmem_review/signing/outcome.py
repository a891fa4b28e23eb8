"""Why something is not verified: what may be raised while one signature is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from stigmem_review.text import shorten

if TYPE_CHECKING:
    from pydantic import ValidationError

ASK_ANOTHER = "ask its author for a valid signature of this very file"
NAME_ROOT = (
    "name the trust root of its instance: --trust-root FILE; for the public-good one, take a newer "
    "stigmem-review"
)
ASK_OTHER_FORM = "ask its author for a bundle that can be checked, or have it checked elsewhere"


class Unproven(Exception):
    """A signature that is not verified: ``invalid``, or ``unverifiable`` here; and what to do.

    ``unread`` if it is invalid for being nothing that can be read, ``elsewhere`` if it is of
    another instance than the root's, so that another root may do.
    """

    def __init__(
        self,
        status: Literal["invalid", "unverifiable"],
        why: str,
        do: str,
        *,
        unread: bool = False,
        elsewhere: bool = False,
    ) -> None:
        super().__init__(why)
        self.status: Literal["invalid", "unverifiable"] = status
        self.why = why
        self.do = do
        self.unread = unread
        self.elsewhere = elsewhere


def invalid(why: str, do: str = ASK_ANOTHER) -> Unproven:
    """Return the error for a signature that proves nothing."""
    return Unproven("invalid", why, do)


def unreadable(why: str, do: str = ASK_ANOTHER) -> Unproven:
    """Return the error for what is no signature at all, or a broken one."""
    return Unproven("invalid", why, do, unread=True)


def unverifiable(why: str, do: str = ASK_OTHER_FORM) -> Unproven:
    """Return the error for a signature that may be good, and cannot be checked here."""
    return Unproven("unverifiable", why, do)


# What the library says, and what that means to somebody who does not know it. The first that
# occurs in its message counts.
_WORDS = (
    ("failed to load bundle", "it is not a well-formed bundle"),
    ("validation error", "it is not well-formed"),
    ("invalid X.509 certificate", "it has no well-formed certificate"),
    ("invalid transparency log entry", "its log entry is not well-formed"),
    ("Bundle message digest mismatch", "it signs another file"),
    ("Signature is invalid for input", "the signature does not fit this file"),
    ("DSSE: invalid signature", "the signature does not fit the statement that it signs"),
    ("envelope must contain exactly one signature", "its envelope does not have one signature"),
    (
        "failed to build timestamp certificate chain",
        "its certificate was not issued by the authority of the trust root, or was not valid when "
        "it was used",
    ),
    ("expired at time of signing", "its certificate was not valid when it was used"),
    ("usage", "its certificate is not one for signing files"),
    ("SCT", "its certificate is not in the log of certificates"),
    ("certificate timestamp", "its certificate is not in the log of certificates"),
    (
        "must contain an inclusion promise or signed timestamp",
        "nothing that can be trusted says when it was signed",
    ),
    ("not enough sources of verified time", "nothing that can be trusted says when it was signed"),
    ("too many signed timestamp", "it has more time stamps than are looked at"),
    ("Timestamp Authorities", "the trust root has no authority that could have stamped its time"),
    ("SET:", "its log entry is not signed by the transparency log"),
    ("checkpoint", "its log entry is not signed by the transparency log"),
    ("malformed Note", "its log entry is not signed by the transparency log"),
    ("malformed LogCheckpoint", "its log entry is not signed by the transparency log"),
    ("note must contain", "its log entry is not signed by the transparency log"),
    ("Invalid Timestamp Response", "it has a time stamp that is not well-formed"),
    ("inclusion proof", "its log entry is not in the transparency log"),
    ("Inclusion proof", "its log entry is not in the transparency log"),
    ("log entry payload hash does not match", "its log entry is one of another signature"),
    ("log entry signatures do not match", "its log entry is one of another signature"),
    ("log entry is inconsistent", "its log entry is one of another signature"),
    ("exactly one log entry", "it does not have one log entry"),
    ("keys not found in trusted root", "a log of the trust root is not valid yet"),
    ("Rekor keys in trusted root", "the transparency log of the trust root is not valid yet"),
    ("certificates not found in trusted root", "the authority of the trust root is not valid yet"),
)


def first_of(error: ValidationError) -> str:
    """Say where a document is first wrong, and how."""
    [found, *_] = error.errors(include_url=False, include_input=False, include_context=False)
    return on_one_line(f"{'.'.join(map(str, found['loc']))}: {found['msg']}")


def on_one_line(text: str) -> str:
    """Return words of a library's, which may be many, fit for a reason."""
    return shorten(" ".join(text.split()), 160)


def in_our_words(error: BaseException) -> str:
    """Say on one line what an error of the library means."""
    theirs = on_one_line(str(error))
    ours = next((ours for words, ours in _WORDS if words in str(error)), "")
    if ours:
        return f"{ours} ({theirs})"
    return f"it cannot be verified: {type(error).__name__}: {theirs}"
