"""The names of distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from packaging.utils import NormalizedName


def canonicalize_name(name: str) -> NormalizedName:
    """Return the one spelling of a distribution's name (PEP 503).

    It is what ``packaging.utils`` gives, which takes as long to import as two interpreters take to
    start.
    """
    value = name.lower().replace("_", "-").replace(".", "-")
    while "--" in value:
        value = value.replace("--", "-")
    return cast("NormalizedName", value)
