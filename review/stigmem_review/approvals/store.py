"""The file of approvals on disk: found, read, and added to without losing what others write."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from stigmem_review import limits
from stigmem_review.approvals.record import APPROVALS_FILE, AnyRecord, Records
from stigmem_review.errors import ApprovalsError, SourceError, reason
from stigmem_review.sources.disk import read_file


class Added(NamedTuple):
    """The text of a file before and after a record was added to it."""

    before: str
    after: str


def repository_top(folder: Path) -> Path | None:
    """Return the top of the work tree that a folder is in, if it is in one."""
    place = Path(os.path.realpath(folder))
    # Git itself is not asked: a review of two files on disk needs none.
    return next((each for each in (place, *place.parents) if (each / ".git").exists()), None)


def find_approvals(folder: Path) -> Path | None:
    """Return the nearest file of approvals from a folder up to the top of its repository.

    Outside a repository only the folder itself is looked in.
    """
    place = Path(os.path.realpath(folder))
    top = repository_top(place) or place
    for each in (place, *place.parents):
        if os.path.lexists(each / APPROVALS_FILE):
            return each / APPROVALS_FILE
        if each == top:
            break
    return None


def approvals_for(named: str | None, policy: str | None) -> str | None:
    """Return the path of the approvals that count in the working directory, if there are any.

    They are those that are ``named``, or else beside the ``policy``, or else the nearest ones.
    Raises ``ApprovalsError`` where named ones are of another repository than the policy.
    """
    if named is not None:
        tops = [repository_top(Path(each).parent) for each in (named, policy) if each]
        if len(tops) == 2 and None not in tops and tops[0] != tops[1]:
            raise ApprovalsError(
                f"the approvals {named} and the policy {policy} are of different repositories; "
                "name two of the same one"
            )
        return named
    if policy is not None:
        beside = Path(policy).with_name(APPROVALS_FILE)
        return str(beside) if os.path.lexists(beside) else None
    found = find_approvals(Path())
    return None if found is None else os.path.relpath(found)


def default_path(policy: str | None) -> str:
    """Return where approvals are written to as long as there are none.

    That is beside the policy, or else at the top of the repository, or else in this folder.
    """
    if policy is not None:
        return str(Path(policy).with_name(APPROVALS_FILE))
    return os.path.relpath((repository_top(Path()) or Path().resolve()) / APPROVALS_FILE)


def read_approvals(path: Path, shown: str = "") -> tuple[bytes, Records]:
    """Return the bytes and the records of a file. Raises ``ApprovalsError``."""
    # Most reviews look whether there is a file, and there is none.
    from stigmem_review.approvals.read import parse_approvals

    try:
        data = read_file(path, limits.APPROVALS_BYTES)
    except SourceError as error:
        raise ApprovalsError(f"the approvals {error.text}") from None
    return data, parse_approvals(data, shown or str(path))


def append(path: Path, *records: AnyRecord) -> Added:
    """Add records at the end of a file, which is made where there is none.

    What is in the file stays as it is, to the byte. It is written beside the file and put in its
    place as a whole; whoever else adds a record meanwhile waits for this one. Raises
    ``ApprovalsError`` where the file is in error, cannot be locked or cannot be written; then
    nothing of it changed.
    """
    from stigmem_review.approvals.read import parse_approvals

    path = Path(os.path.realpath(path))
    try:
        with _locked(path.parent):
            before, known = read_approvals(path) if os.path.lexists(path) else (b"", Records())
            after = _added(before, records)
            now = parse_approvals(after, str(path)).unplaced()
            if now != known.with_more(records).unplaced():
                raise ApprovalsError(
                    f"{path}: a record cannot be added below what is in it; write every record "
                    "under a line [[approval]] of its own"
                )
            _put(path, after)
    except (OSError, ValueError) as error:
        raise ApprovalsError(
            f"{path}: {reason(error)}; the approval was not recorded: see to the folder, and "
            "approve again"
        ) from None
    return Added(before.decode("utf-8"), after.decode("utf-8"))


def _added(before: bytes, records: Iterable[AnyRecord]) -> bytes:
    from stigmem_review.approvals.write import HEADER, record_text

    text = "\n".join(map(record_text, records))
    if not before.strip(b"\xef\xbb\xbf \t\r\n"):
        return before + f"{HEADER}\n{text}".encode()
    # An editor that keeps a file with the line ends of Windows gets no mixture.
    if b"\r\n" in before:
        text = text.replace("\n", "\r\n")
        between = b"\r\n" if before.endswith(b"\n") else b"\r\n\r\n"
    else:
        between = b"\n" if before.endswith(b"\n") else b"\n\n"
    return before + between + text.encode()


def _put(path: Path, data: bytes) -> None:
    """Put a file in the place of another as a whole, with the rights that one had."""
    temporary = path.with_name(f".stigmem-review-{os.urandom(8).hex()}")
    try:
        with temporary.open("xb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o7777)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


if sys.platform == "win32":
    import msvcrt
    import tempfile
    from hashlib import sha256

    def _opened(folder: Path) -> int:
        # A folder cannot be opened here; a file elsewhere leaves none in the repository.
        name = sha256(os.path.normcase(folder).encode("utf-8", "replace")).hexdigest()
        lock = Path(tempfile.gettempdir()) / f"stigmem-review-{name[:16]}.lock"
        return os.open(lock, os.O_RDWR | os.O_CREAT)

    def _try_lock(descriptor: int) -> None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(error.errno, error.strerror) from None

else:
    import fcntl

    def _opened(folder: Path) -> int:
        # The folder, and no file in it, so that nothing is left there that git would list.
        return os.open(folder, os.O_RDONLY)

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold what only one process at a time can hold; the system lets go when that ends."""
    descriptor = _opened(folder)
    try:
        ends = time.monotonic() + limits.APPROVALS_SECONDS
        while True:
            try:
                _try_lock(descriptor)
                break
            except BlockingIOError:
                if time.monotonic() > ends:
                    raise ApprovalsError(
                        f"{folder}: another approval has been written here for "
                        f"{limits.APPROVALS_SECONDS} seconds; see what holds it, and approve again"
                    ) from None
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)
