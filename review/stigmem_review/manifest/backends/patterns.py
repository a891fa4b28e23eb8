"""Patterns of paths in the dialects that build backends use, each as one regular expression.

They come from the project that is reviewed, so none of them may take long: what stands between two
wildcards is matched where it is found first, which is as good as any other place, and never tried
again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

Matches = Callable[[str], bool]


def path_glob(pattern: str, *, hidden: bool = True) -> re.Pattern[str]:
    """Return what a glob matches as a whole path: ``**`` any folders, ``*`` within one name.

    This is how ``glob`` and ``pathlib`` read it, and setuptools' ``MANIFEST.in``. Where ``hidden``
    is false, a wildcard does not match a name's leading dot, as in ``glob``.
    """
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    return _compiled(f"{_path(parts, hidden)}\\Z")


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:  # a range that no name can match
        return re.compile(r"(?!)")


def _path(parts: Sequence[str], hidden: bool = True) -> str:
    dot = "" if hidden else r"(?!\.)"
    gap = f"(?:{dot}[^/]+/)"
    chunks: list[list[str]] = [[]]
    for part in parts:
        if part != "**":
            chunks[-1].append(part)
        elif len(chunks) == 1 or chunks[-1]:
            chunks.append([])
    made = ""
    for number, chunk in enumerate(chunks):
        last = number == len(chunks) - 1
        names = "/".join(
            (dot if part[:1] in ("*", "?", "[") else "") + _name(part) for part in chunk
        )
        if number == 0:
            made += names + ("/" if names and not last else "")
        elif not last:
            made += f"(?>{gap}*?{names}/)"
        elif names:
            made += f"{gap}*{names}"
        else:
            made += f"{gap}*{dot}[^/]+"
    return made


def _name(part: str) -> str:
    """Return a pattern of one name as a regular expression."""
    pieces, piece, at = [], "", 0
    while at < len(part):
        character = part[at]
        at += 1
        if character == "*":
            pieces.append(piece)
            piece = ""
        elif character == "?":
            piece += "[^/]"
        elif character == "[" and (end := part.find("]", at + 1)) > 0:
            inside = part[at:end].replace("\\", "\\\\").replace("[", "\\[")
            at = end + 1
            negated = inside[:1] in ("!", "^")
            piece += f"[{'^' if negated else ''}{inside[1:] if negated else inside}]"
        else:
            if character == "\\" and at < len(part):
                character = part[at]
                at += 1
            piece += re.escape(character)
    if not pieces:
        return piece
    first, *middle = pieces
    return first + "".join(f"(?>[^/]*?{each})" for each in middle) + f"[^/]*{piece}"


def ignored(lines: Iterable[str]) -> Matches:
    """Return whether a path is matched by lines in the form of a ``.gitignore``.

    The last line that matches decides, as git documents it (``gitignore``); hatch uses the same
    form to include. A line that names a folder matches what is below it.
    """
    rules: list[tuple[re.Pattern[str], bool]] = []
    for raw in lines:
        line = raw.rstrip("\r\n")
        line = line if line.endswith("\\ ") else line.rstrip()
        wanted = not line.startswith("!")
        line = line if wanted else line[1:]
        if line.strip("/") and not line.startswith("#"):
            rules.append((_rule(line), wanted))

    def matches(path: str) -> bool:
        found, direct = False, False
        for rule, wanted in rules:
            match = rule.match(path)
            if match is None:
                continue
            # What is in an excluded folder is included again only by a line about itself.
            if match["below"] is None:
                found, direct = wanted, True
            elif wanted or not direct:
                found, direct = wanted, False
        return found

    return matches


def _rule(line: str) -> re.Pattern[str]:
    folder = line.endswith("/")
    parts = line.strip("/").split("/")
    if "/" not in line.rstrip("/"):
        parts.insert(0, "**")
    everything = parts[-1] == "**"
    made = _path([*parts, "*"]) if everything and len(parts) == 1 else _path(parts)
    return _compiled(f"{made}(?P<below>/.*){'' if folder and not everything else '?'}\\Z")
