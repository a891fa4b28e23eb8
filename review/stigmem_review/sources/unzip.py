"""Reads the files of a zip archive within the limits, in memory."""

from __future__ import annotations

import stat
import zlib
from collections.abc import Sequence

from stigmem_review import limits
from stigmem_review.sources.paths import clash, fault
from stigmem_review.sources.refusal import ASK_SMALLER, refusal
from stigmem_review.sources.zip_structure import DEFLATED, STORED, Entry, layout
from stigmem_review.text import shorten

# Bit 3: sizes follow the bytes. Bit 11: the name is UTF-8. Bits 1, 2: how hard the packer tried.
_FLAGS = 0x0008 | 0x0800 | 0x0006


def unzip(archive: str, data: bytes) -> dict[str, bytes]:
    """Return the files in ``data``, a zip archive called ``archive``, in the archive's order."""
    if len(data) > limits.ARCHIVE_BYTES:
        raise refusal(
            archive, f"it has {len(data)} bytes, the limit is {limits.ARCHIVE_BYTES}", ASK_SMALLER
        )
    found = layout(archive, data)
    entries = [entry for entry, _ in found]
    for entry in entries:
        _check_kind(archive, entry)
    _check_names(archive, entries)
    _check_sizes(archive, entries)
    files: dict[str, bytes] = {}
    for entry, packed in found:
        # To who streams an archive, what is hidden behind a packed directory is the next entry.
        content = b"" if entry.is_folder and not packed else _unpack(archive, entry, packed)
        if not entry.is_folder:
            files[entry.name] = content
    return files


def _check_kind(archive: str, entry: Entry) -> None:
    """Allow plain files and directories only, packed in one of the two usual ways."""
    name, mode = shorten(entry.name), entry.attributes >> 16
    # A directory is one by its name, whatever its packer took it for.
    wanted = (0, stat.S_IFREG, stat.S_IFDIR) if entry.is_folder else (0, stat.S_IFREG)
    if entry.flags & ~_FLAGS:
        raise refusal(archive, f"entry {name} is encrypted or patched (flags 0x{entry.flags:04x})")
    if entry.method not in (STORED, DEFLATED):
        raise refusal(archive, f"entry {name} is packed by method {entry.method}, not 0 or 8")
    if stat.S_IFMT(mode) not in wanted:
        raise refusal(archive, f"entry {name} is no plain file or directory (mode {mode:o})")
    if mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX):
        raise refusal(archive, f"entry {name} would run as another user (mode {mode:o})")
    if entry.attributes & 0x10 and not entry.is_folder:
        raise refusal(archive, f"entry {name} is a file and is marked as a directory")
    if entry.is_folder and entry.size:
        raise refusal(archive, f"entry {name} is a directory and holds {entry.size} bytes")
    if entry.method == STORED and entry.packed != entry.size:
        raise refusal(
            archive, f"entry {name} is stored in {entry.packed} bytes and has {entry.size}"
        )


def _check_names(archive: str, entries: Sequence[Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if why := fault(entry.name.removesuffix("/")):
            raise refusal(archive, f"the name of entry {shorten(entry.name)} {why}")
        if entry.name in seen:
            raise refusal(archive, f"it holds the entry {shorten(entry.name)} twice")
        seen.add(entry.name)
    files = [entry.name for entry in entries if not entry.is_folder]
    folders = [entry.name[:-1] for entry in entries if entry.is_folder]
    if why := clash(files, folders):
        raise refusal(archive, why)


def _check_sizes(archive: str, entries: Sequence[Entry]) -> None:
    """Judge the sizes that entries state; ``_unpack`` holds each entry to its own."""
    for entry in entries:
        if entry.size > limits.ENTRY_BYTES:
            why = f"to {entry.size} bytes, the limit is {limits.ENTRY_BYTES}"
        elif entry.size > limits.RATIO_BYTES and entry.size > limits.RATIO * entry.packed:
            why = f"{entry.packed} bytes to {entry.size}, over the limit of {limits.RATIO} to 1"
        else:
            continue
        raise refusal(archive, f"entry {shorten(entry.name)} unpacks {why}", ASK_SMALLER)
    total = sum(entry.size for entry in entries)
    if total > limits.TOTAL_BYTES:
        raise refusal(
            archive, f"it unpacks to {total} bytes, the limit is {limits.TOTAL_BYTES}", ASK_SMALLER
        )


def _unpack(archive: str, entry: Entry, packed: memoryview) -> bytes:
    """Return exactly the bytes the entry states, producing at most one byte more."""
    if entry.method == STORED:
        content, whole = bytes(packed), True
    else:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            content = inflater.decompress(packed, entry.size + 1)
        except zlib.error as error:
            raise refusal(archive, f"entry {shorten(entry.name)} cannot be unpacked") from error
        whole = inflater.eof and not inflater.unused_data
    if not whole or len(content) != entry.size:
        raise refusal(
            archive,
            f"entry {shorten(entry.name)} does not unpack to the {entry.size} bytes it states",
        )
    if zlib.crc32(content) != entry.crc:
        raise refusal(archive, f"the checksum of entry {shorten(entry.name)} does not match")
    return content
