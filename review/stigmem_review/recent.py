"""Answers that are kept for whoever asks the same again in one process."""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """The answers that were asked for last, at most so many.

    It is for what is worked out from the question alone, and changed by nobody: whether an answer
    is kept makes no difference but to the time that it takes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: dict[K, V] = {}

    def get(self, asked: K) -> V | None:
        """Return an answer, and keep it for longer than the others."""
        found = self._answers.pop(asked, None)
        if found is not None:
            self._answers[asked] = found
        return found

    def keep(self, asked: K, answer: V) -> None:
        """Keep an answer, instead of the one that nobody asked for longest."""
        self._answers[asked] = answer
        for oldest in [*self._answers][: -self._most]:
            self._answers.pop(oldest, None)

    def forget(self) -> None:
        """Let go of everything."""
        self._answers.clear()
