"""Reads a git repository as objects: what a commit or the index holds, and nothing that runs.

In goes a folder of a repository, out come commit ids, paths and bytes. Only commands that read
objects are used, and the settings of the repository that name programs or servers are overridden
(git's own documentation: ``git-config``, ``git``, ``gitcli``). So no hook, filter, attribute,
text conversion, file system monitor, replacement, graft or network has a part in what is read;
the bytes are those committed, without the changes a checkout makes to line ends or encodings.
Everything here raises ``SourceError`` only.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
from bisect import bisect_left
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple, cast

from stigmem_review import limits
from stigmem_review.errors import SourceError, reason
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.disk import note
from stigmem_review.sources.plumbing import OPTIONS, environment, program
from stigmem_review.sources.refusal import refusal
from stigmem_review.sources.tree import project_artifact
from stigmem_review.sources.unread import Kind, Unread
from stigmem_review.text import shorten

_ID = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_LISTED = re.compile(rb"(\d{6}) (?:[a-z]+ )?([0-9a-f]{40,64})(?: ([0-3]))?\t(.+)", re.DOTALL)
_BLOB = re.compile(rb"[0-9a-f]+ blob (\d+)\n\Z")
_FILES = ("100644", "100755")
_LINK = "120000"
_MODULE = "160000"
_LINKS = 10
_LINK_BYTES = 4096
_ERROR_BYTES = 4096
_HEADER_BYTES = 256
_GET_IT = "check its spelling, or fetch it with its history (git fetch origin)"
_GET_REPLACED = "fetch it (git fetch origin {}): what a forced push replaced is in no branch"
_DEEPEN = (
    "the repository is a shallow clone, which lacks older commits: fetch its history with "
    "'git fetch --unshallow' (in CI, check out with fetch-depth: 0)"
)
_WHOLE = "see what 'git fsck' says of it, or read a whole clone of it (without --filter)"


class Repository:
    """A git repository on this machine, found from any folder in it, or a bare one.

    ``top`` is the top of its work tree, with symbolic links resolved, or None where ``folder``
    is in no work tree. Environment variables do not lead to another repository.
    """

    top: Path | None

    def __init__(self, folder: Path) -> None:
        """Find the repository; ``SourceError`` if there is none, no git, or git refuses it."""
        self._git = _Git(folder)
        inside = self._git.run("rev-parse", "--is-inside-work-tree")
        if inside.code:
            raise _unopened(folder, inside.said)
        self.top = None
        if inside.wrote == b"true\n":
            self.top = self._git.top = self._path("--show-toplevel")
        self._name = self.top.name if self.top else self._bare()

    def commit(self, revision: str) -> str:
        """Return the id of the one commit that ``revision`` names: a branch, a tag, an id.

        ``SourceError`` where it names none that is here, or where two names would do.
        """
        source = f'revision "{revision}"'
        # git takes no name of a branch or a tag that starts with "-": that would be an option.
        if not revision or revision.startswith("-") or not _one_line(revision):
            raise refusal(source, "it names no commit", "name a branch, a tag or a commit id")
        peeled = f"{revision}^{{commit}}"
        found = self._git.run("rev-parse", "--verify", "--end-of-options", peeled)
        name = found.wrote.decode("ascii", "replace").rstrip("\n")
        if found.code or not _ID.match(name):
            fetch = _GET_REPLACED.format(revision) if _ID.match(revision) else _GET_IT
            do = _DEEPEN if self._shallow() else fetch
            raise refusal(source, f"it names no commit in {shorten(str(self._git.folder))}", do)
        if name != revision.lower() and "is ambiguous" in found.said:
            raise refusal(
                source,
                "it is ambiguous",
                "write refs/heads/... for a branch, refs/tags/... for a tag, or the whole id",
            )
        return name

    def merge_base(self, one: str, two: str) -> str:
        """Return the id of the one best common ancestor of two revisions.

        It is ``""`` where they have none or several; a shallow clone may lack the one they have.
        """
        found = self._git.run("merge-base", "--all", self.commit(one), self.commit(two))
        if found.code > 1 or found.code < 0:
            raise self._git.failure(found.said)
        names = found.wrote.decode("ascii", "replace").split()
        return names[0] if len(names) == 1 else ""

    def tree(self, commit: str) -> Tree:
        """Return the files of a commit, given by its id or any other revision."""
        name = self.commit(commit)
        listed = self._git.listed("ls-tree", "-r", "-z", "--full-tree", name)
        return Tree(self._git, self._name, _entries(f"commit {name[:12]}", listed))

    def nothing(self) -> Tree:
        """Return what there is before the first commit: no file."""
        return Tree(self._git, self._name, {})

    def is_unborn(self) -> bool:
        """Say whether the branch that HEAD names has no commit yet."""
        named = self._git.run("symbolic-ref", "--quiet", "HEAD")
        branch = os.fsdecode(named.wrote).rstrip("\n")
        if named.code or not branch:
            return False
        return self._git.run("show-ref", "--verify", "--quiet", branch).code == 1

    def origins(self, commit: str, path: str) -> tuple[Origin, ...]:
        """Return which commit each line of a file of a commit is from; nothing if that is unknown.

        ``path`` is from the top of the repository.
        """
        # Unlike other commands this one knows no path from the top.
        near = path if self.top is None else os.path.relpath(self.top / path, self._git.folder)
        wanted = ("--line-porcelain", "--no-textconv", self.commit(commit), "--", near)
        found = self._git.run("blame", *wanted)
        listed = self._git.run("rev-list", "--topo-order", self.commit(commit), "--", near)
        ages = {name: age for age, name in enumerate(listed.wrote.decode("ascii").split())}
        if found.code:
            return ()
        return tuple(
            origin._replace(age=ages.get(origin.commit, len(ages)))
            for origin in _origins(found.wrote.decode("utf-8", "replace"))
        )

    def index(self) -> Tree:
        """Return the files as they are staged, in the index ``GIT_INDEX_FILE`` names if it is set.

        A relative one is below the top of the work tree, as git has it. A file that is only
        intended to be added (``git add -N``) is there, without content. ``SourceError`` where
        there is no work tree and where a conflict is not resolved.
        """
        source = str(self._git.folder)
        if self.top is None:
            raise refusal(source, "it has no work tree, so nothing is staged", "name a commit")
        named = os.environ.get("GIT_INDEX_FILE")
        if named:
            named = str(self.top / named)
            if not Path(named).is_file():
                raise refusal(named, "GIT_INDEX_FILE names it, and it is no file", "unset that")
        listed = self._git.listed("ls-files", "-s", "-z", "--full-name", "--", ":/", index=named)
        return Tree(self._git, self._name, _entries("the index", listed))

    def _shallow(self) -> bool:
        return self._git.run("rev-parse", "--is-shallow-repository").wrote == b"true\n"

    def _path(self, option: str) -> Path:
        found = self._git.run("rev-parse", option)
        if found.code:
            raise self._git.failure(found.said)
        return Path(os.fsdecode(found.wrote.removesuffix(b"\n")))

    def _bare(self) -> str:
        found = self._path("--absolute-git-dir")
        return found.parent.name if found.name == ".git" else found.name.removesuffix(".git")


def user(folder: Path) -> str:
    """Return who commits in a folder, as git is configured; nothing where it does not say."""
    try:
        git = _Git(folder)
        found = [git.run("config", "--get", name).wrote for name in ("user.name", "user.email")]
    except SourceError:
        return ""
    name, email = (each.decode("utf-8", "replace").strip() for each in found)
    return f"{name} <{email}>" if name and email else name or email


class Origin(NamedTuple):
    """The commit that a line is from, who wrote it, and when it was committed (ISO 8601, UTC).

    ``age`` counts the commits of the file that came after it: clocks say less about the order.
    """

    commit: str
    author: str
    committed: str
    age: int = 0


_BLAMED = re.compile(r"([0-9a-f]{40,64}) \d+ \d+(?: \d+)?\Z")


def _origins(text: str) -> Iterator[Origin]:
    """Yield the origin of each line, as ``git blame --line-porcelain`` tells it."""
    from datetime import UTC, datetime

    commit = author = mail = committed = ""
    for each in text.split("\n"):
        if header := _BLAMED.match(each):
            commit = header[1]
        elif each.startswith("author "):
            author = each.removeprefix("author ")
        elif each.startswith("author-mail "):
            mail = each.removeprefix("author-mail ")
        elif each.startswith("committer-time "):
            seconds = int(each.removeprefix("committer-time "))
            committed = datetime.fromtimestamp(seconds, UTC).isoformat()
        elif each.startswith("\t"):
            yield Origin(commit, f"{author} {mail}".strip(), committed)


class Tree:
    """The files of one commit or index; ``Repository`` makes it.

    ``paths`` holds the paths of all regular files, sorted, with ``/`` between components, and
    ``links`` those of symbolic links. A path that is not UTF-8 is not among them; one that
    decides about code is refused.
    """

    paths: tuple[str, ...]
    links: tuple[str, ...]

    def __init__(self, git: _Git, name: str, entries: dict[str, _Entry]) -> None:
        """Take the entries of a tree; ``name`` is what its top folder is called."""
        self._git = git
        self._name = name
        self._entries = entries
        self._sorted = sorted(entries)
        self.paths = tuple(
            path for path in self._sorted if entries[path].mode in _FILES and _is_utf8(path)
        )
        self.links = tuple(
            path for path in self._sorted if entries[path].mode == _LINK and _is_utf8(path)
        )

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, or None where there is none.

        Symbolic links are followed inside the tree. ``SourceError`` where one leads out of it or
        round in circles, at a submodule, and for a file that is too large or not in this clone.
        """
        name = None if path.startswith("/") else self._resolved(path)
        entry = self._entries.get(name) if name else None
        if not name or entry is None:
            return None
        if entry.id in self._git.at_hand:
            self._git.note(name)
            return self._git.at_hand[entry.id]
        with closing(self._git.blobs([(name, entry.id)])) as contents:
            return next(contents)[1]

    def read_ahead(self, paths: Iterable[str]) -> None:
        """Have ``read`` give many regular files at once; what cannot be read is left to it."""
        wanted = {self._entries[path].id for path in paths} - self._git.at_hand.keys()
        if not wanted:
            return
        size = sum(map(len, self._git.at_hand.values()))
        with (
            suppress(SourceError),
            closing(self._git.blobs(self._git.small(sorted(wanted)))) as contents,
        ):
            for each, content in contents:
                size += len(content)
                if size > limits.AT_HAND_BYTES:
                    break
                self._git.at_hand[each] = content

    def read_all(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return many of the tree's regular files at once, by path; the errors of ``read``."""
        wanted = [(path, self._entries[path].id) for path in paths]
        with closing(self._git.blobs(wanted)) as contents:
            return dict(contents)

    def changed(self, other: Tree) -> list[str]:
        """Return the paths, sorted, at which another tree holds something else or nothing."""
        both = self._entries.keys() | other._entries.keys()
        return sorted(path for path in both if self._entries.get(path) != other._entries.get(path))

    def artifact(self, folder: str, asked: str) -> Artifact:
        """Return the release of the project directory ``folder`` (``""``: the top of the tree).

        It is what ``read_directory`` gives for a checkout that changes no line ends and leaves
        submodules empty, with the same digest, limits and refusals.
        """
        base = None if folder.startswith("/") else self._resolved(folder)
        if base is None or (base and not self._is_folder(base)):
            raise refusal(
                asked,
                f"there is no folder {shorten(folder)} in it",
                "name the project directory as it was called then",
            )
        project = _Below(self, base)
        files = Unread(asked, project.listed, project.read)
        return project_artifact(asked, base.rpartition("/")[2] or self._name, files)

    def _children(self, folder: str) -> Iterator[tuple[str, str]]:
        """Yield what ``folder`` (``""``, or ending with ``/``) holds, and the mode of each one."""
        at = bisect_left(self._sorted, folder)
        seen: set[str] = set()
        while at < len(self._sorted) and self._sorted[at].startswith(folder):
            last, below, _ = self._sorted[at][len(folder) :].partition("/")
            if last in seen:
                raise _malformed("the tree", folder + last)
            seen.add(last)
            if below:
                yield last, "folder"
                # "0" is the character after "/": this is the first path behind the folder.
                at = bisect_left(self._sorted, f"{folder}{last}0", at)
            else:
                yield last, self._entries[folder + last].mode
                at += 1

    def _is_folder(self, path: str) -> bool:
        at = bisect_left(self._sorted, f"{path}/")
        return at < len(self._sorted) and self._sorted[at].startswith(f"{path}/")

    def _resolved(self, path: str) -> str | None:
        """Return where the file or folder ``path`` lies, through links, or None for nowhere."""
        found: list[str] = []
        waiting = path.split("/")[::-1]
        links = 0
        while waiting:
            part = waiting.pop()
            if part == "..":
                if not found:
                    raise _leaves(path)
                found.pop()
            elif part not in ("", "."):
                found.append(part)
                name = "/".join(found)
                mode = self._mode(name)
                if mode == _LINK:
                    links += 1
                    found.pop()
                    waiting += self._target(path, name, links).split("/")[::-1]
                elif mode == "" or (mode != "folder" and any(waiting)):
                    return None
        return "/".join(found)

    def _mode(self, name: str) -> str:
        """Return the mode of what is at ``name``, "folder", or "" for nothing there."""
        entry = self._entries.get(name)
        if entry is None:
            return "folder" if self._is_folder(name) else ""
        if entry.mode == _MODULE:
            raise refusal(
                name, "it is a submodule, whose files are not here", "name its own repository"
            )
        return entry.mode

    def _target(self, path: str, link: str, links: int) -> str:
        if links > _LINKS:
            raise refusal(
                path,
                f"it leads through more than {_LINKS} symbolic links, or round in circles",
                "put the file itself there",
            )
        wanted = [(link, self._entries[link].id)]
        with closing(self._git.blobs(wanted, _LINK_BYTES)) as contents:
            target = next(contents)[1].decode("utf-8", "surrogateescape")
        if target.startswith("/"):
            raise _leaves(path)
        return target


class _Below:
    """One project of a tree, as the folder it would be in a checkout."""

    def __init__(self, tree: Tree, base: str) -> None:
        self._tree = tree
        self._base = f"{base}/" if base else ""
        self._links: dict[str, str] = {}

    def listed(self, folder: str) -> Iterator[tuple[str, Kind]]:
        """Yield what a folder holds, without submodules and links that lead nowhere."""
        real = self._tree._resolved(self._base + folder) or ""
        prefix = f"{real}/" if real else ""
        for name, mode in self._tree._children(prefix):
            if mode == "folder":
                yield name, "folder"
            elif mode in _FILES:
                self._links[folder + name] = prefix + name
                yield name, "file"
            elif mode == _LINK and (kind := self._target(folder + name, prefix + name)):
                yield name, kind

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each file with its bytes."""
        names = [*names]
        wanted = []
        for name in names:
            path = self._links.get(name)
            if path is None:
                raise refusal(
                    name,
                    "it is a symbolic link that leads out of the project",
                    "put the file itself there",
                )
            wanted.append((path, self._tree._entries[path].id))
        with closing(self._tree._git.blobs(wanted)) as contents:
            for name, (_, content) in zip(names, contents, strict=True):
                yield name, content

    def _target(self, name: str, path: str) -> Kind | None:
        """Say what a link stands for; one that leads out of the project is left to be refused."""
        try:
            real = self._tree._resolved(path)
        except SourceError:
            return "file"
        if real is None:
            return None
        if not f"{real}/".startswith(self._base):
            return "file"
        if real in self._tree._entries:
            self._links[name] = real
            return "file"
        # A link to a folder around it would be listed for ever.
        return None if f"{path}/".startswith(f"{real}/") or not real else "folder"


class _Entry(NamedTuple):
    mode: str
    id: str


class _Done(NamedTuple):
    """How a run of git ended; ``said`` is what it told a person."""

    code: int
    wrote: bytes
    said: str


class _Run:
    """A git at work: what it writes is read while it does."""

    def __init__(self, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        self.wrote = cast("IO[bytes]", process.stdout)
        self._process = process
        self._errors = errors
        self._late = threading.Event()

    def stop(self) -> None:
        self._late.set()
        self._process.kill()

    def end(self) -> tuple[int, str]:
        """Wait for it, and return its exit code and what it said."""
        code = self._process.wait()
        if self._late.is_set():
            raise refusal(
                "git",
                f"it took more than {limits.GIT_SECONDS} seconds",
                "see whether its repository answers at all ('git fsck')",
            )
        self._errors.seek(0)
        said = self._errors.read(_ERROR_BYTES).decode("utf-8", "surrogateescape")
        return code, " ".join(said.split())


class _Git:
    """Runs git for one folder, with nothing of the repository's or the caller's in its way."""

    def __init__(self, folder: Path) -> None:
        try:
            self.folder = folder.resolve()
            is_folder = self.folder.is_dir()
        except (OSError, RuntimeError, ValueError) as error:
            raise refusal(str(folder), "it cannot be found", "check the path") from error
        if not is_folder:
            raise refusal(str(folder), "it is no folder", "name a folder of a git repository")
        self._program = _program(self.folder)
        self.at_hand: dict[str, bytes] = {}
        self.top: Path | None = None

    def note(self, path: str) -> None:
        """Remember that a file of the work tree is reviewed, as git has it."""
        if self.top is not None:
            note(self.top / path)

    def run(self, *arguments: str, index: str | None = None) -> _Done:
        """Run git to its end; it is for the caller to say what a failure means."""
        with self._started(arguments, index=index) as run:
            wrote = _bounded(run)
            code, said = run.end()
        return _Done(code, wrote, said)

    def listed(self, *arguments: str, index: str | None = None) -> Iterator[bytes]:
        """Return the records, each ended by NUL, that git writes."""
        done = self.run(*arguments, index=index)
        if done.code:
            raise self.failure(done.said)
        return (record for record in done.wrote.split(b"\0") if record)

    def blobs(
        self, wanted: Sequence[tuple[str, str]], limit: int | None = None
    ) -> Generator[tuple[str, bytes], None, None]:
        """Yield each path of ``wanted`` (paths and ids of blobs) with its bytes, as git reads it.

        No content is asked for before every size was found to be within ``limit``: git holds a
        file in memory to write it.
        """
        limit = limits.ENTRY_BYTES if limit is None else limit
        given = "".join(f"{name}\n" for _, name in wanted).encode()
        with self._started(("cat-file", "--batch-check"), given) as run:
            sizes = [self._size(run, path, limit) for path, _ in wanted]
        with self._started(("cat-file", "--batch"), given) as run:
            for (path, _), size in zip(wanted, sizes, strict=True):
                if self._size(run, path, limit) != size:
                    raise self.failure("its objects are being changed")
                content = run.wrote.read(size + 1)
                if len(content) <= size:
                    raise self.failure(run.end()[1])
                self.note(path)
                yield path, content[:size]

    def small(self, blobs: Sequence[str]) -> list[tuple[str, str]]:
        """Return those of some blobs that are here and no larger than files of pins can be."""
        found = []
        given = "".join(f"{name}\n" for name in blobs).encode()
        with self._started(("cat-file", "--batch-check"), given) as run:
            for name in blobs:
                blob = _BLOB.match(run.wrote.readline(_HEADER_BYTES))
                if blob and int(blob[1]) <= limits.PIN_FILE_BYTES:
                    found.append((name, name))
        return found

    def failure(self, said: str) -> SourceError:
        return refusal(str(self.folder), f"git cannot read it: {_advice(said)}", _WHOLE)

    def _size(self, run: _Run, path: str, limit: int) -> int:
        line = run.wrote.readline(_HEADER_BYTES)
        if not line:
            raise self.failure(run.end()[1])
        blob = _BLOB.match(line)
        if blob is None:
            raise refusal(path, "its content is not in this repository", _WHOLE)
        if len(blob[1]) > 18 or int(blob[1]) > limit:
            raise refusal(
                path,
                f"it is larger than the limit of {limit} bytes",
                "check that it is the one you mean",
            )
        return int(blob[1])

    @contextmanager
    def _started(
        self, arguments: Iterable[str], given: bytes = b"", index: str | None = None
    ) -> Iterator[_Run]:
        # A file as its input cannot fill up while git waits for its output to be read.
        with _temporary(given) as asked, _temporary(b"") as errors:
            try:
                process = subprocess.Popen(  # noqa: S603
                    [self._program, "-C", str(self.folder), *OPTIONS, *arguments],
                    stdin=asked,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=environment(index),
                )
            except OSError as error:
                reason = error.strerror or str(error)
                raise refusal("git", f"it cannot be run: {reason}", "check its setup") from error
            run = _Run(process, errors)
            timer = threading.Timer(limits.GIT_SECONDS, run.stop)
            timer.daemon = True
            with process:
                timer.start()
                try:
                    yield run
                finally:
                    timer.cancel()
                    process.kill()


def _temporary(content: bytes) -> IO[bytes]:
    """Return a file without a name that holds ``content``, to be read from its start."""
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever asks for it closes it
        file.write(content)
        file.seek(0)
    except OSError as error:
        raise refusal(
            "git",
            f"a temporary file for it cannot be made: {reason(error)}",
            "make room, or name a folder that has some in TMPDIR",
        ) from error
    return file


def _bounded(run: _Run) -> bytes:
    wrote = run.wrote.read(limits.GIT_LIST_BYTES + 1)
    if len(wrote) > limits.GIT_LIST_BYTES:
        raise refusal(
            "git",
            f"the list of files is longer than {limits.GIT_LIST_BYTES} bytes",
            "review this repository by hand",
        )
    return wrote


def _program(folder: Path) -> str:
    """Return the git that is run."""
    found = program(folder)
    if found is None:
        raise refusal(
            "git",
            "there is no git program on PATH, outside the repository",
            "install git 2.30 or newer",
        )
    return found


def _unopened(folder: Path, said: str) -> SourceError:
    if "not a git repository" in said:
        return refusal(
            str(folder), "it is in no git repository", "name a folder of one, or clone it"
        )
    return refusal(
        str(folder),
        f"git refuses to open it: {_advice(said)}",
        "do what git says there if you trust the repository",
    )


def _advice(said: str) -> str:
    """Return what git said as a part of one of our messages."""
    return shorten(said.removeprefix("fatal: "), 400) or "it does not say why"


def _entries(source: str, listed: Iterable[bytes]) -> dict[str, _Entry]:
    """Return the entries of ``ls-tree`` or ``ls-files`` by path, having checked the paths."""
    entries: dict[str, _Entry] = {}
    for record in listed:
        found = _LISTED.match(record)
        if not found:
            raise _malformed(source, repr(record))
        path = found[4].decode("utf-8", "surrogateescape")
        if found[3] not in (None, b"0"):
            raise refusal(
                source, f"{shorten(path)} is in conflict", "resolve it and stage the result"
            )
        if path in entries or any(part in f"/{path}/" for part in ("//", "/./", "/../")):
            raise _malformed(source, path)
        if not _is_utf8(path) and path.endswith("pyproject.toml"):
            raise refusal(source, f"the name of {shorten(path)} is not UTF-8", "rename it")
        entries[path] = _Entry(found[1].decode(), found[2].decode())
    return entries


def _malformed(source: str, path: str) -> SourceError:
    return refusal(source, f"no checkout could have its entry {shorten(path)}", "review it by hand")


def _leaves(path: str) -> SourceError:
    return refusal(
        path, "it leads out of the tree, through '..' or a link", "put the file itself there"
    )


def _one_line(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return not any(character in text for character in "\0\r\n")


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
