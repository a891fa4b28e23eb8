"""Regular expressions that are made when they are first asked something.

To make all those that only some releases need took a tenth of the review of a small one.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, Generic, cast


def late(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what does all that ``re.compile`` of these gives can do.

    It is for methods alone: the functions of ``re`` take none.
    """
    return cast("re.Pattern[AnyStr]", _Late(text, flags))


class _Late(Generic[AnyStr]):
    def __init__(self, text: AnyStr, flags: int) -> None:
        self._asked: tuple[AnyStr, int] = text, flags

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(*self._asked), name)
        setattr(self, name, value)  # so that it is found at once from now on
        return value
