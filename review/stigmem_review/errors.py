"""The errors this package raises on purpose; each message is one line a person can act on."""

from __future__ import annotations


class ReviewError(Exception):
    """Base of every error this package raises on purpose.

    ``exit_code`` is what the command line ends with: 2 where nothing was opened yet, 3 where a
    review was begun and could not be completed.
    """

    exit_code = 3


class UsageError(ReviewError):
    """The request itself is wrong: an argument, an option, a node version nobody knows."""

    exit_code = 2


class RuleError(ReviewError):
    """A rule file cannot be read, is not a valid rule, or fails on a fact it says it covers."""

    exit_code = 2


class SourceError(ReviewError):
    """The bytes of a release cannot be obtained, or cannot be read without guessing."""


class ReportError(ReviewError):
    """A report could not be written where it was asked for."""
