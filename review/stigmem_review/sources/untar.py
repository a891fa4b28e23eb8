"""Reads the files of a ``.tar.gz`` that every tool must read alike, or refuses it.

Tar readers stop at the first block they cannot read and disagree on extensions, so this one walks
the blocks itself: plain files and directories, checksums verified, nothing after the end mark.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from stigmem_review import limits
from stigmem_review.sources.paths import clash, fault
from stigmem_review.sources.refusal import ASK_SMALLER, refusal
from stigmem_review.text import shorten

_BLOCK = 512
_CHUNK = 8 * 1024  # so that no step can produce more than 9 MB
_POSIX, _GNU = b"ustar\x0000", b"ustar  \x00"
_OCTAL = re.compile(rb" *([0-7]+)[ \0]*")
# Modes, owners, times and devices decide nothing here, but a reader that cannot read one of
# them may take it for the end of the archive.
_NUMBERS = ((100, 108), (108, 116), (116, 124), (136, 148), (329, 337), (337, 345))
_NUMBER = re.compile(rb"[ \0]*| *[0-7]+[ \0]*|[\x80\xff].*", re.DOTALL)
_RECORD = re.compile(rb"([0-9]{1,5}) ([^=\n]{1,100})=")
_FILE, _FOLDER = (b"0", b"\0"), b"5"
_PAX, _PAX_GLOBAL, _GNU_NAME = b"x", b"g", b"L"
# What a builder may add without changing what is unpacked; "path" is read, "size" and links
# would change it.
_PAX_HARMLESS = frozenset(
    ("atime", "charset", "comment", "ctime", "gid", "gname", "mtime", "uid", "uname")
)


class Member(NamedTuple):
    """One file or directory of a tar archive."""

    name: str
    is_folder: bool
    content: memoryview


class _Header(NamedTuple):
    name: bytes
    kind: bytes
    size: int


def untar(archive: str, data: bytes) -> dict[str, bytes]:
    """Return the files in ``data``, a gzipped tar archive, in the archive's order."""
    tar = memoryview(_gunzip(archive, data))
    files: dict[str, bytes] = {}
    folders: list[str] = []
    for count, member in enumerate(_members(archive, tar)):
        if count >= limits.ENTRIES:
            raise refusal(archive, f"it has more than {limits.ENTRIES} entries", ASK_SMALLER)
        if why := fault(member.name):
            raise refusal(archive, f"the name of entry {shorten(member.name)} {why}")
        if member.is_folder:
            folders.append(member.name)
        # Some builders store a licence twice; with the same bytes that is one file.
        elif files.setdefault(member.name, bytes(member.content)) != member.content:
            raise refusal(archive, f"it holds {shorten(member.name)} twice, with different content")
    if why := clash(files, folders):
        raise refusal(archive, why)
    return files


def _gunzip(archive: str, data: bytes) -> bytearray:
    """Unpack the one gzip member that ``data`` must be, never far beyond the limits."""
    if len(data) > limits.ARCHIVE_BYTES:
        raise refusal(
            archive, f"it has {len(data)} bytes, the limit is {limits.ARCHIVE_BYTES}", ASK_SMALLER
        )
    limit = min(limits.TOTAL_BYTES, max(limits.MIB, limits.RATIO * len(data)))
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)  # 16: a gzip header and nothing else
    unpacked = bytearray()
    try:
        for at in range(0, len(data), _CHUNK):
            unpacked += inflater.decompress(data[at : at + _CHUNK], limit - len(unpacked) + 1)
            if len(unpacked) > limit:
                raise refusal(
                    archive,
                    f"its {len(data)} bytes unpack to more than the limit of {limit} bytes",
                    ASK_SMALLER,
                )
            if inflater.eof and (inflater.unused_data or at + _CHUNK < len(data)):
                raise refusal(archive, "bytes follow the end of its gzip stream")
    except zlib.error as error:
        raise refusal(archive, "it is no gzip file, or a damaged one") from error
    if not inflater.eof:
        raise refusal(archive, "its gzip stream breaks off", "download it again")
    return unpacked


def _members(archive: str, tar: memoryview) -> Iterator[Member]:
    at = 0
    long_name: bytes | None = None
    waiting: _Header | None = None
    while header := _header(archive, tar, at):
        start = at + _BLOCK
        content = tar[start : start + header.size]
        if len(content) < header.size:
            raise refusal(archive, f"it breaks off inside entry {_text(header.name)}")
        at = start + -(-header.size // _BLOCK) * _BLOCK
        # Python's tarfile takes what pads an extended header for more of its records.
        if any(tar[start + header.size : at]):
            raise refusal(archive, f"bytes are hidden after entry {_text(header.name)}")
        if header.kind in (_PAX, _PAX_GLOBAL, _GNU_NAME):
            if waiting and waiting.kind != _PAX_GLOBAL:
                raise refusal(archive, f"two extended headers meet at entry {_text(header.name)}")
            long_name, waiting = _extended(archive, header, content), header
            continue
        yield _member(archive, header, long_name, content)
        long_name = waiting = None
    if waiting:
        raise refusal(archive, f"the extended header {_text(waiting.name)} belongs to no entry")
    if len(tar) < at + 2 * _BLOCK or bytes(tar[at:]).strip(b"\0"):
        raise refusal(archive, f"its end mark, at byte {at}, is cut short or followed by more")


def _header(archive: str, tar: memoryview, at: int) -> _Header | None:
    """Return the header at ``at``, or None where the end mark starts."""
    block = bytes(tar[at : at + _BLOCK])
    if len(block) < _BLOCK:
        raise refusal(archive, f"it ends at byte {at} without the end mark of a tar archive")
    if not block.strip(b"\0"):
        return None
    stated = _number(block[148:156])
    if stated != sum(block) - sum(block[148:156]) + 8 * ord(" "):
        raise refusal(archive, f"the checksum of the tar header at byte {at} does not match")
    name, prefix = block[:100].rstrip(b"\0"), block[345:500].rstrip(b"\0")
    magic, size = block[257:265], _number(block[124:136])
    kind = block[156:157]
    if (
        size is None
        or magic not in (_POSIX, _GNU)
        or (magic == _GNU and prefix)
        or (kind == b"\0" and name.endswith(b"/"))  # to some a directory, whatever it is called
        or not all(_NUMBER.fullmatch(block[start:end]) for start, end in _NUMBERS)
    ):
        raise refusal(archive, f"entry {_text(name)} has a tar header not all tools read alike")
    return _Header(b"/".join((prefix, name)) if prefix else name, kind, size)


def _number(field: bytes) -> int | None:
    found = _OCTAL.fullmatch(field)
    return int(found[1], 8) if found else None


def _extended(archive: str, header: _Header, content: memoryview) -> bytes | None:
    """Return the name that an extended header gives the next entry, if any."""
    if header.size > limits.TAR_HEADER_BYTES:
        raise refusal(
            archive,
            f"the extended header {_text(header.name)} has {header.size} bytes, the limit is"
            f" {limits.TAR_HEADER_BYTES}",
        )
    if header.kind == _GNU_NAME:
        return bytes(content).removesuffix(b"\0")
    records = dict(_records(archive, header, bytes(content)))
    name = records.pop("path", None)
    allowed = _PAX_HARMLESS if header.kind == _PAX else {"comment"}
    unknown = sorted(records.keys() - allowed)
    if unknown or (name is not None and header.kind == _PAX_GLOBAL):
        raise refusal(
            archive,
            f"the extended header {_text(header.name)} sets {shorten((unknown or ['path'])[0])},"
            " which not all tools read alike",
        )
    return name


def _records(archive: str, header: _Header, content: bytes) -> Iterator[tuple[str, bytes]]:
    at, seen = 0, set()
    while at < len(content):
        found = _RECORD.match(content, at)
        end = at + int(found[1]) if found else 0
        if not found or not found.end() < end <= len(content) or content[end - 1] != ord("\n"):
            raise refusal(archive, f"the extended header {_text(header.name)} is malformed")
        key = found[2].decode("latin-1")
        if key in seen:
            raise refusal(
                archive, f"the extended header {_text(header.name)} sets {shorten(key)} twice"
            )
        seen.add(key)
        value = content[found.end() : end - 1]
        if b"\n" in value:  # some readers go by lines, and would find another record here
            raise refusal(
                archive,
                f"the extended header {_text(header.name)} sets {shorten(key)} to several lines",
            )
        yield key, value
        at = end


def _member(archive: str, header: _Header, long_name: bytes | None, content: memoryview) -> Member:
    raw = header.name if long_name is None else long_name
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refusal(archive, f"the name of entry {_text(raw)} is not in UTF-8") from error
    if header.kind == _FOLDER and not header.size:
        return Member(name.removesuffix("/"), True, content)
    if header.kind not in _FILE:
        kind = _text(header.kind)
        raise refusal(archive, f"entry {shorten(name)} is no plain file or directory (type {kind})")
    if header.size > limits.ENTRY_BYTES:
        raise refusal(
            archive,
            f"entry {shorten(name)} has {header.size} bytes, the limit is {limits.ENTRY_BYTES}",
            ASK_SMALLER,
        )
    return Member(name, False, content)


def _text(raw: bytes) -> str:
    return shorten(raw.decode("utf-8", "replace"))
