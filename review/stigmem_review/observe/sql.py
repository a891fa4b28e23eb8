"""What SQL does, by the first words of its statements."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review.patterns import late
from stigmem_review.text import shorten

_WORD = late(r"--|/\*|\$\w*\$|['\"`;(]|[\w.]+|\S")
_QUOTES = ("'", '"', "`")
_WORDS = 6
_ENDS = frozenset({"(", "AS", "BEGIN", "SELECT", "SET", "USING", "VALUES", "WHERE", "WITH"})
_FILLING = frozenset({"EXISTS", "IF", "NOT"})
_CHANGING = ("ALTER", "DELETE", "DROP", "REPLACE", "TRUNCATE", "UPDATE")


def statements(sql: str) -> tuple[str, ...]:
    """Return each statement's first words, those that change or delete what is there first."""
    heads = [shorten(" ".join(words), 80) for words in _statements(sql) if words]
    return tuple(sorted(dict.fromkeys(heads), key=lambda head: not changes(head)))


def changes(head: str) -> bool:
    """Say whether a statement changes or deletes what is there."""
    return head.upper().startswith(_CHANGING)


def _statements(sql: str) -> Iterator[list[str]]:
    words: list[str] = []
    over = False
    position = 0
    while match := _WORD.search(sql, position):
        word, position = match[0], match.end()
        if word == "--":
            position = _past(sql, "\n", position)
            continue
        if word == "/*":
            position = _past(sql, "*/", position)
            continue
        if word in _QUOTES or (word.startswith("$") and word.endswith("$") and word[1:]):
            start, position = position, _past(sql, word, position)
            word = word + sql[start:position]
        if word == ";":
            yield words
            words, over = [], False
        elif not over and word.upper() not in _FILLING:
            over = word.upper() in _ENDS and bool(words)
            if not over:
                words.append(word)
            over = over or len(words) == _WORDS
    yield words


def _past(text: str, end: str, position: int) -> int:
    found = text.find(end, position)
    return len(text) if found < 0 else found + len(end)
