"""Whether a change can matter at all, asked before anything is installed.

The answer is either that it cannot, and then the review would find nothing and open its gate, or
that it may: whatever is not simple may. So nothing here decides about a pin; it only recognises
changes that hold none, in repositories that install nothing from themselves.
"""

from __future__ import annotations

import codecs
import json
import posixpath
import re
import subprocess
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from stigmem_review import limits
from stigmem_review.pins.named import (
    LISTS,
    LOCKS,
    configures,
    installs,
    is_binary,
    is_lock,
    is_requirements_file,
)
from stigmem_review.sources.plumbing import OPTIONS, environment, program

_FILES = ("100644", "100755")
_LINES = 1000
"""Of a file; what stands further down may be behind where a reader of lists stops."""

_CHANGED = 1000
"""Files; of more it takes as long to look at them as to install."""

_PROJECT = "pyproject.toml"
_INSTALLERS = frozenset({"pip.conf", "pip.ini", "uv.toml", _PROJECT, "setup.py", "setup.cfg"})
_MARKS = (*(codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),)
_ARCHIVES = (".whl", ".zip", ".tgz", ".tar.gz", ".egg")

_HOST = re.compile(rb"stigmem(?!-review)|\\[uUx]")
"""The host's name in a project, in letters or, as TOML and Python can write them, in numbers."""

_NO_LIST = re.compile(
    r"(?:\A|(?<!\\)(?<!\\\r)\n)[ \t]*[A-Za-z]\w*[ \t]+[A-Za-z][\w \t,.:()'\"]*(?=\r?\n|\Z)"
)
"""A line that is no requirement and no option: words with blanks between them.

Installers refuse a file that has one, unless its name says that it is a list.
"""

_MAY_SAY = re.compile(r"(?i)==|stigmem|\.whl|\.tar\.gz|(?<!\w)(?:pip|uv)[0-9.]*(?:[\s_]|$)")
"""What stands wherever a file could pin something, configure an installer, or run this review."""

_USUAL = re.compile(
    r"[A-Za-z0-9][\w.-]*+[ \t]*+(?:\[[\w., \t-]*+\])?+[ \t]*+"
    r"(?:@[ \t]*+https?://[^\s\\$]++[ \t]*+|[(<>=!~][\w.,*+!<>=~() \t-]*+)?+"
    r"(?:;[\w.,<>=!~() \t'\"-]*+)?+|"
    r"(?:-i|--index-url|--extra-index-url)[ \t=]+https?://[^\s\\$]+|"
    r"--(?:trusted-host|only-binary|no-binary)[ \t=]+[\w.:,-]+|"
    r"--(?:pre|no-index|require-hashes|prefer-binary)|"
    r"(?:(?:-r|-c|--requirement|--constraint)[ \t=]*(?P<include>[\w./-]+))?"
)
"""A line of a list that installs nothing from the repository itself, or includes another list."""

_FROM_HERE = re.compile(
    r"(?im)\$\{|\bfile:|^[^#\n]*[^\s#:/][/\\][^/]|@[ \t]*(?![a-z+]+://)|"
    r"\b(?:path|editable|virtual|directory|develop|url)\b[\"']?[ \t]*[=:]|type = \"(?:file|dir)"
)
"""What stands in a lock that installs something from the repository itself."""

_COMMENT = re.compile(r"(?:^|[ \t])#.*")
_OPTION = re.compile(r"[ \t]-")
_URL = re.compile(r"https?://\S*")
_HASH = re.compile(r"(?:[ \t]*\\\r?\n)?[ \t]*--hash[= ]\S+|sha256:[0-9a-f]{64}")


class Nothing(NamedTuple):
    """A change that cannot matter: its commits, and how many files it is about."""

    base: str
    head: str
    files: int


class _MayError(Exception):
    """It may matter."""


def nothing_in(given: Mapping[str, str]) -> Nothing | None:
    """Return what a run is about where nothing of it can matter, by the step's environment."""
    try:
        return _nothing(given)
    except (_MayError, OSError, ValueError, KeyError, IndexError, RecursionError):
        return None
    except subprocess.SubprocessError:
        return None


def _nothing(given: Mapping[str, str]) -> Nothing:
    # What is asked for otherwise can be wrong, which the review says.
    own = ("BASE", "HEAD", "FAIL_ON", "NODE_VERSION", "ENV_FILE", "TRUST_ROOT", "EXACT", "POLICY")
    _stop(any(given.get(f"INPUT_{name}", "").strip() for name in own))
    _stop(any(name.startswith("STIGMEM_") for name in given))
    folder = Path(given["GITHUB_WORKSPACE"]) / given.get("INPUT_WORKING_DIRECTORY", "").strip()
    artifacts = given.get("INPUT_ARTIFACTS", "").strip()
    _stop(bool(artifacts) and not (folder / artifacts).is_dir())
    git = _Git(folder)
    base, head = _commits(given, git)
    old, new = git.files(base), git.files(head)
    changed = sorted(path for path in {*old, *new} if old.get(path) != new.get(path))
    _stop(len(changed) > _CHANGED)
    named = _named_in_policies(git, old, git.line("rev-parse", "--show-prefix"))
    # Where they lie, they come with the change that is to be judged.
    named |= _parts(artifacts)
    for path in changed:
        _stop(_is_special(path) or not named.isdisjoint(_parts(path)))
        for entry in filter(None, (old.get(path), new.get(path))):
            _stop(entry.mode not in _FILES)
    around = {each for path in changed for each in _projects_around(path)}
    for data in git.contents(side[each].id for side in (old, new) for each in around & side.keys()):
        # An image or a script can install it, and that need not change.
        _stop(bool(_HOST.search(data)))
    lists = dict.fromkeys(path for path in new if _is_pin_file(path))
    _stop(not lists)
    _stop(any(new[path].mode not in _FILES for path in lists))
    for path, data in zip(lists, git.contents(new[path].id for path in lists), strict=True):
        text = _HASH.sub("", data.decode("utf-8"))
        is_list = is_requirements_file(path)
        _stop(not _is_usual(path, text, lists) if is_list else _installs_from_here(text))
    sides = [
        (path, entry.id)
        for path in changed
        for entry in (old.get(path), new.get(path))
        if entry is not None
    ]
    for (path, _), data in zip(sides, git.contents(blob for _, blob in sides), strict=True):
        _stop(may_say(path, data))
    return Nothing(base, head, len(changed))


def _projects_around(path: str) -> Iterator[str]:
    """Yield where the projects are that a file can be a part of."""
    folder = path
    while folder:
        folder = posixpath.dirname(folder)
        yield from (posixpath.join(folder, name) for name in (_PROJECT, "setup.py", "setup.cfg"))


def may_say(path: str, data: bytes) -> bool:
    """Say whether a file can hold a pin, or a setting, or be a list of what is installed."""
    if not data:
        return False
    if is_binary(data):  # as UTF-16 is too; pip knows that by its mark
        return data.startswith(_MARKS) or (installs(path) and b"stigmem" in data.lower())
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return True
    if (installs(path) or configures(path)) and _MAY_SAY.search(text):
        return True
    found = _NO_LIST.search(text)
    return found is None or text.count("\n", 0, found.start()) > _LINES


def _is_special(path: str) -> bool:
    """Say whether a file counts by its name: pins, installers, archives, what is ours."""
    name = path.rpartition("/")[2].lower()
    return (
        _is_pin_file(path)
        or name in _INSTALLERS
        or name.endswith((*_ARCHIVES, *LISTS, ".env"))
        or "stigmem" in path.lower()
        or not path.isprintable()
    )


def _is_pin_file(path: str) -> bool:
    return is_requirements_file(path) or any(map(partial(is_lock, path=path), LOCKS))


def _is_usual(path: str, text: str, lists: Collection[str]) -> bool:
    """Say whether every line of a list is one of those whose meaning is known here."""
    lines = text.splitlines()
    if any("coding" in line for line in lines[:2]):  # as pip would be told to read it
        return False
    for line in lines:
        said = _COMMENT.sub("", line).strip(" \t")
        found = _USUAL.fullmatch(said)
        if found is None or _OPTION.search(said):
            return False
        if found["include"]:
            beside = posixpath.join(posixpath.dirname(path), found["include"])
            if posixpath.normpath(beside) not in lists:
                return False
    return True


def _installs_from_here(text: str) -> bool:
    return bool(_FROM_HERE.search(_URL.sub("", text)))


def _commits(given: Mapping[str, str], git: _Git) -> tuple[str, str]:
    """Return what pins are compared with, and the head; what is reviewed otherwise may matter."""
    event = json.loads(Path(given["GITHUB_EVENT_PATH"]).read_bytes())
    name = given["GITHUB_EVENT_NAME"]
    if name == "pull_request":
        request = event["pull_request"]
        head = git.commit(given["GITHUB_SHA"])
        base = git.commit(f"{head}^1")
        _stop(git.commit(f"{head}^2") != request["head"]["sha"])
        # The policy is the one of its tip.
        _stop(git.commit(f"refs/remotes/origin/{request['base']['ref']}") != base)
        return base, head
    if name == "merge_group":
        base, head = event["merge_group"]["base_sha"], event["merge_group"]["head_sha"]
        _stop(git.line("merge-base", "--all", git.commit(base), git.commit(head)) != base)
        return base, head
    _stop(name != "push")
    return git.commit(event["before"]), git.commit(given["GITHUB_SHA"])


def _named_in_policies(git: _Git, files: Mapping[str, _Entry], prefix: str) -> set[str]:
    """Return the parts of every path that the policy could name."""
    named: set[str] = set()
    found = 0
    folder = prefix.rstrip("/")
    while True:
        for name in ("stigmem-review.toml", _PROJECT):
            path = posixpath.join(folder, name)
            if path in files:
                _stop(files[path].mode not in _FILES)
                table = tomllib.loads(next(git.contents([files[path].id])).decode("utf-8"))
                if name == _PROJECT:
                    table = table.get("tool", {}).get("stigmem-review")
                    if table is None:
                        continue
                found += 1
                # Which files count is then for the review to say.
                _stop("pins" in table)
                for text in _strings(table):
                    named |= _parts(text)
        if not folder:
            _stop(found > 1)
            return named
        folder = posixpath.dirname(folder)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


def _parts(path: str) -> set[str]:
    return {*re.split(r"[/\\]", path)} - {"", ".", ".."}


def _stop(may: bool) -> None:
    if may:
        raise _MayError


class _Entry(NamedTuple):
    mode: str
    id: str


class _Git:
    """Reads objects of the repository around a folder, as ``sources.git`` does."""

    def __init__(self, folder: Path) -> None:
        found = program(folder.resolve())
        _stop(found is None)
        self._command = [found or "", "-C", str(folder), *OPTIONS]

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        done = subprocess.run(  # noqa: S603
            [*self._command, *arguments],
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
            timeout=limits.GIT_SECONDS,
            check=True,
        )
        return done.stdout

    def line(self, *arguments: str) -> str:
        return self.run(*arguments).decode("ascii").removesuffix("\n")

    def commit(self, revision: str) -> str:
        return self.line("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")

    def files(self, commit: str) -> dict[str, _Entry]:
        found: dict[str, _Entry] = {}
        for line in self.run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")[:-1]:
            entry, _, path = line.partition(b"\t")
            mode, _, blob = entry.decode("ascii").split()
            found[path.decode("utf-8")] = _Entry(mode, blob)
        return found

    def contents(self, blobs: Iterable[str]) -> Iterator[bytes]:
        """Yield the content of blobs, each of which has a size that is worth a look."""
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        sizes = self.run("cat-file", "--batch-check=%(objectsize)", given=asked).split()
        _stop(any(int(size) > limits.PIN_FILE_BYTES for size in sizes))
        said, at = self.run("cat-file", "--batch", given=asked), 0
        for size in map(int, sizes):
            start = said.index(b"\n", at) + 1
            yield said[start : start + size]
            at = start + size + 1
