"""Many commits at once, made by one run of git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from support.repository import git

Files = Mapping[str, str | bytes]
"""What a commit holds, by path: text or bytes, and for a path that ends in "@" a submodule's id."""


def history(folder: Path, pairs: Iterable[tuple[Files, Files]]) -> list[tuple[str, str]]:
    """Make a repository in which each pair is a commit and its parent; return their ids."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet")
    written: list[bytes] = []
    count = 0
    for pair in pairs:
        for number, files in enumerate(pair):
            count += 1
            written.append(b"commit refs/heads/c%d\nmark :%d\n" % (count, count))
            written.append(b"committer Somebody <somebody@acme.example> 1 +0000\ndata 0\n\n")
            if number:
                written.append(b"from :%d\ndeleteall\n" % (count - 1))
            written += (_entry(path, content) for path, content in files.items())
    subprocess.run(
        ["git", "fast-import", "--quiet", "--done"],
        cwd=folder,
        input=b"".join((*written, b"done\n")),
        check=True,
    )
    named = git(folder, "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)").split("\n")
    ids = dict(each.split() for each in named)
    return [(ids[f"c{each}"], ids[f"c{each + 1}"]) for each in range(1, count, 2)]


def _entry(path: str, content: str | bytes) -> bytes:
    if path.endswith("@"):
        return f"M 160000 {content!s} {path[:-1]}\n".encode()
    data = content.encode() if isinstance(content, str) else content
    return b"M 100644 inline %s\ndata %d\n%s\n" % (_quoted(path), len(data), data)


def _quoted(path: str) -> bytes:
    """Return a path as git's stream has it: whatever is no letter by its number."""
    return b'"%s"' % b"".join(b"\\%03o" % byte for byte in os.fsencode(path))
