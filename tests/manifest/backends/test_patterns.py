"""Patterns match what the tools that define them say, and none of them takes long."""

from __future__ import annotations

import glob
import os
import time
from pathlib import Path

import pytest

from stigmem_review.manifest.backends.patterns import ignored, path_glob
from support.archives import write_files

FILES = (
    *("a.py", "a.txt", ".hidden", "pkg/a.py", "pkg/.b.py", "pkg/sub/a.py", "pkg/sub/c[1].txt"),
    *("pkg/.cache/a.py", "docs/pkg/a.py", "pkgs/a.py", "pkg/sub/deep/d.txt"),
)
GLOBS = (
    *("*", "*.py", "**/*.py", "pkg/*", "pkg/**", "pkg/**/*.txt", "**", "p?g/a.py", "p*/a.*"),
    *("pkg/[a-c].py", "pkg/[!b].py", "**/sub/**/*", "pkg/.*", "**/.cache/*", "./pkg/a.py"),
    *("pkg/sub/c[[]1].txt", "pkg/*/*/d.txt", "nothing/*"),
)


@pytest.mark.parametrize("pattern", GLOBS)
def test_a_glob_is_that_of_the_standard_library(
    pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, dict.fromkeys(FILES, b""))
    monkeypatch.chdir(tmp_path)
    wanted = {os.path.normpath(each) for each in glob.glob(pattern, recursive=True)}  # noqa: PTH207
    matches = path_glob(pattern, hidden=False)
    assert {path for path in FILES if matches.match(path)} == wanted & {*FILES}


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (
            ["a.py"],
            {"a.py", "pkg/a.py", "pkg/sub/a.py", "pkg/.cache/a.py", "docs/pkg/a.py", "pkgs/a.py"},
        ),
        (["/a.py"], {"a.py"}),
        (["pkg/"], {path for path in FILES if "pkg/" in path}),
        (["/pkg"], {path for path in FILES if path.startswith("pkg/")}),
        (["pkg/sub/*.txt"], {"pkg/sub/c[1].txt"}),
        (["pkg/**/d.txt"], {"pkg/sub/deep/d.txt"}),
        (["docs/**"], {"docs/pkg/a.py"}),
        (["*.txt", "!d.txt"], {"a.txt", "pkg/sub/c[1].txt"}),
        (["sub/", "!pkg/sub/a.py"], {"pkg/sub/c[1].txt", "pkg/sub/deep/d.txt"}),
        (["# a.py", "", "  ", "/"], set()),
        (["c\\[1\\].txt"], {"pkg/sub/c[1].txt"}),
        (["[z-a].py", "a.txt"], {"a.txt"}),
    ],
)
def test_ignored_is_that_of_git(lines: list[str], wanted: set[str]) -> None:
    matches = ignored(lines)
    assert {path for path in FILES if matches(path)} == wanted


def test_a_hostile_pattern_takes_no_time() -> None:
    path = "a/" * 400 + "b"
    start = time.process_time()
    for pattern in ("**/a/" * 40 + "c", "*a" * 100 + "c", "**/*a*/" * 30 + "c"):
        assert not path_glob(pattern).match(path)
        assert not path_glob(pattern).match("a" * 1000)
        assert not ignored([pattern])(path)
    assert time.process_time() - start < 10
