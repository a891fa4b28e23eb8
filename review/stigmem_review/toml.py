"""TOML, and why a text is none that can be read, in words for whoever wrote it."""

from __future__ import annotations

from typing import Any

from stigmem_review.text import shorten


def parse(text: str) -> dict[str, Any]:
    """Return what a text of TOML holds. Raises ``ValueError`` that says why there is nothing."""
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(shorten(str(error))) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError:  # of Python's own, which is about thousands of digits or about dates
        raise ValueError("a number in it has too many digits, or a date in it is none") from None
