"""The errors this package raises on purpose; each message is one line a person can act on."""

from __future__ import annotations

from stigmem_review.text import clean


class ReviewError(Exception):
    """Base of every error this package raises on purpose.

    ``exit_code`` is what the command line ends with: 2 where nothing was opened yet, 3 where a
    review was begun and could not be completed.
    """

    exit_code = 3

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        """Return the message fit for a terminal; ``text`` has it as it is, for a report."""
        return clean(self.text)


def reason(error: OSError | ValueError) -> str:
    """Return what the system says of a path, without the path: whoever asks names that."""
    return getattr(error, "strerror", None) or str(error)


class UsageError(ReviewError):
    """The request itself is wrong: an argument, an option, a node version nobody knows."""

    exit_code = 2


class PolicyError(ReviewError):
    """A policy file is in error, or an option contradicts it."""

    exit_code = 2


class ApprovalsError(ReviewError):
    """A file of approvals is in error, or cannot be added to."""

    exit_code = 2


class RefusedError(ReviewError):
    """What was asked for is not done: the review that was to be approved cannot be, or is another.

    The gate stays as it is.
    """

    exit_code = 1


class IncompleteError(ReviewError):
    """What was to be approved could not be reviewed completely."""


class ReceiptError(ReviewError):
    """A receipt cannot be read, or is none of this tool's: nothing can be confirmed with it."""


class SigningError(ReviewError):
    """A trust root cannot be read: nothing can be verified with it."""

    exit_code = 2


class RuleError(ReviewError):
    """A rule file cannot be read, is not a valid rule, or fails on a fact it says it covers."""

    exit_code = 2


class SourceError(ReviewError):
    """The bytes of a release cannot be obtained, or cannot be read without guessing.

    ``why`` is what is wrong without the name of the source, and ``do`` what would help, where
    they are known apart.
    """

    def __init__(self, text: str, why: str = "", do: str = "") -> None:
        super().__init__(text)
        self.why = why or text
        self.do = do


class MismatchError(SourceError):
    """There are files of a release, and none has a hash that its pin allows.

    ``expected`` are the hashes of the pin, ``found`` the files and what they hash to.
    """

    def __init__(
        self, text: str, expected: tuple[str, ...], found: tuple[tuple[str, str], ...]
    ) -> None:
        super().__init__(text)
        self.expected = expected
        self.found = found


class LateError(SourceError):
    """The time that there was for all releases of a change is used up."""


class ReportError(ReviewError):
    """A report could not be written where it was asked for."""
