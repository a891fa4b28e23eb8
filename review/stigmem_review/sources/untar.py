"""Reads the files of a ``.tar.gz`` that every tool must read alike, or refuses it.

Tar readers stop at the first block they cannot read and disagree on extensions, so this one walks
the blocks itself: plain files, directories and links to files in the archive, checksums verified,
nothing after the end mark. Tried on Python's ``tarfile``, pip, uv, GNU tar and bsdtar.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from stigmem_review import limits
from stigmem_review.sources.paths import clash, fault
from stigmem_review.sources.refusal import ASK_SMALLER, refusal
from stigmem_review.text import shorten

_BLOCK = 512
_LINKS_FOLLOWED = 8  # of links that lead to links
_CHUNK = 8 * 1024  # so that no step can produce more than 9 MB
_POSIX, _GNU = b"ustar\x0000", b"ustar  \x00"
_OCTAL = re.compile(rb" *([0-7]+)[ \0]*")
# Modes, owners, times and devices decide nothing here, but a reader that cannot read one of
# them may take it for the end of the archive.
_NUMBERS = ((100, 108), (108, 116), (116, 124), (136, 148), (329, 337), (337, 345))
_NUMBER = re.compile(rb"[ \0]*| *[0-7]+[ \0]*|[\x80\xff].*", re.DOTALL)
_RECORD = re.compile(rb"([0-9]{1,5}) ([^=\n]{1,255})=")
_FILE, _LINKS, _FOLDER = (b"0", b"\0", b"7"), (b"1", b"2"), b"5"
_HARD = b"1"
_PAX, _PAX_GLOBAL, _GNU_NAME = b"x", b"g", b"L"
# What a builder may say of a file without any reader taking a name, a kind, a size or bytes from
# it: times, owners, numbers, flags, access lists and attributes of its inode, and remarks. Of the
# two vendors, uv reads past what it does not know; it refuses all others.
_PAX_HARMLESS = re.compile(
    r"[acm]time|charset|comment|[gu]id|[gu]name"
    r"|SCHILY\.(?:dev|devmajor|devminor|fflags|ino|nlink|(?:acl|xattr)\..+)"
    r"|LIBARCHIVE\.(?:creationtime|xattr\..+)",
    re.DOTALL,
)
_PAX_GLOBAL_HARMLESS = re.compile("comment")
# What names are written in: bytes that tell no encoding, which must be UTF-8 here, or UTF-8.
_CHARSETS = (b"BINARY", b"ISO-IR 10646 2000 UTF-8")


class Member(NamedTuple):
    """One file or directory of a tar archive, or a link (``target``) to a file in it."""

    name: str
    is_folder: bool
    content: memoryview
    target: str = ""
    is_hard: bool = False


class _Extended(NamedTuple):
    """What extended headers say of the next entry."""

    name: bytes | None = None
    target: bytes | None = None
    size: bytes | None = None


class _Header(NamedTuple):
    name: bytes
    kind: bytes
    size: int
    target: bytes


def untar(archive: str, data: bytes) -> dict[str, bytes]:
    """Return the files in ``data``, a gzipped tar archive, in the archive's order."""
    tar = memoryview(_gunzip(archive, data))
    files: dict[str, bytes] = {}
    folders: list[str] = []
    links: dict[str, str] = {}
    for count, member in enumerate(_members(archive, tar)):
        if count >= limits.ENTRIES:
            raise refusal(archive, f"it has more than {limits.ENTRIES} entries", ASK_SMALLER)
        if why := fault(member.name):
            raise refusal(archive, f"the name of entry {shorten(member.name)} {why}")
        if member.is_folder:
            folders.append(member.name)
        elif member.is_hard and member.target not in files:
            raise refusal(
                archive,
                f"entry {shorten(member.name)} links to {shorten(member.target)}, which is no file"
                " before it",
            )
        elif member.target:
            if links.setdefault(member.name, member.target) != member.target:
                raise refusal(archive, f"it holds {shorten(member.name)} twice, as different links")
        # Some builders store a licence twice; with the same bytes that is one file.
        elif files.setdefault(member.name, bytes(member.content)) != member.content:
            raise refusal(archive, f"it holds {shorten(member.name)} twice, with different content")
    _follow(archive, files, links)
    if why := clash(files, folders):
        raise refusal(archive, why)
    return files


def _follow(archive: str, files: dict[str, bytes], links: Mapping[str, str]) -> None:
    """Add each link to a file as the file it leads to, which is what reading it gives."""
    if both := files.keys() & links.keys():
        raise refusal(archive, f"it holds {shorten(min(both))} twice, as a file and as a link")
    total = sum(map(len, files.values()))
    plain = frozenset(files)
    for name in links:
        target, steps = links[name], 0
        while target in links and steps < _LINKS_FOLLOWED:
            target, steps = links[target], steps + 1
        if target not in plain:
            raise refusal(
                archive,
                f"entry {shorten(name)} links to {shorten(links[name])}, which is no file in it",
            )
        files[name] = files[target]
        total += len(files[target])
        if total > limits.TOTAL_BYTES:
            raise refusal(
                archive,
                f"with what its links lead to, it has more than {limits.TOTAL_BYTES} bytes",
                ASK_SMALLER,
            )


def _gunzip(archive: str, data: bytes) -> bytearray:
    """Unpack the one gzip member that ``data`` must be, never far beyond the limits."""
    if len(data) > limits.ARCHIVE_BYTES:
        raise refusal(
            archive, f"it has {len(data)} bytes, the limit is {limits.ARCHIVE_BYTES}", ASK_SMALLER
        )
    limit = min(limits.TOTAL_BYTES, max(limits.RATIO_BYTES, limits.RATIO * len(data)))
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
            if inflater.eof:
                # Zeros fill up a block of a tape or a disk, and every reader leaves them alone.
                if (inflater.unused_data + data[at + _CHUNK :]).strip(b"\0"):
                    raise refusal(archive, "bytes follow the end of its gzip stream")
                break
    except zlib.error as error:
        raise refusal(archive, "it is no gzip file, or a damaged one") from error
    if not inflater.eof:
        raise refusal(archive, "its gzip stream breaks off", "download it again")
    return unpacked


def _members(archive: str, tar: memoryview) -> Iterator[Member]:
    at = 0
    extended = _Extended()
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
            extended, waiting = _extended(archive, header, content), header
            continue
        yield _member(archive, header, extended, content)
        extended, waiting = _Extended(), None
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
    whole = b"/".join((prefix, name)) if prefix else name
    return _Header(whole, kind, size, block[157:257].rstrip(b"\0"))


def _number(field: bytes) -> int | None:
    found = _OCTAL.fullmatch(field)
    return int(found[1], 8) if found else None


def _extended(archive: str, header: _Header, content: memoryview) -> _Extended:
    """Return what an extended header says of the next entry."""
    if header.size > limits.TAR_HEADER_BYTES:
        raise refusal(
            archive,
            f"the extended header {_text(header.name)} has {header.size} bytes, the limit is"
            f" {limits.TAR_HEADER_BYTES}",
        )
    if header.kind == _GNU_NAME:
        return _Extended(bytes(content).removesuffix(b"\0"))
    records = dict(_records(archive, header, bytes(content)))
    harmless, extended = _PAX_GLOBAL_HARMLESS, _Extended()
    if header.kind == _PAX:
        harmless = _PAX_HARMLESS
        extended = _Extended(*(records.pop(key, None) for key in ("path", "linkpath", "size")))
        if records.get("hdrcharset") in _CHARSETS:
            del records["hdrcharset"]
    unknown = sorted(key for key in records if not harmless.fullmatch(key))
    if unknown:
        raise _not_alike(archive, header, unknown[0])
    return extended


def _not_alike(archive: str, header: _Header, key: str) -> Exception:
    return refusal(
        archive,
        f"the extended header {_text(header.name)} sets {shorten(key)}, which not all tools read"
        " alike",
    )


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
        # Attributes are any bytes. Old readers go by lines, and could find another record there.
        if any(map(_RECORD.match, value.split(b"\n")[1:])):
            raise refusal(
                archive,
                f"the extended header {_text(header.name)} hides a record in {shorten(key)}",
            )
        yield key, value
        at = end


def _member(archive: str, header: _Header, extended: _Extended, content: memoryview) -> Member:
    name = _decoded(archive, header.name if extended.name is None else extended.name)
    # A record that repeats the header changes nothing; some readers would take any other.
    if extended.size not in (None, b"%d" % header.size):
        raise refusal(
            archive,
            f"entry {shorten(name)} has {header.size} bytes, its extended header says"
            f" {_text(extended.size or b'')}",
        )
    if header.kind in _LINKS and not header.size:
        raw = header.target if extended.target is None else extended.target
        target = _decoded(archive, raw)
        is_hard = header.kind == _HARD
        return Member(
            name, False, content, target if is_hard else _target(archive, name, target), is_hard
        )
    if extended.target is not None:
        raise _not_alike(archive, header, "linkpath")
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


def _target(archive: str, name: str, target: str) -> str:
    """Return the path in the archive that a symbolic link leads to."""
    parts = name.split("/")[:-1]
    inside = False
    for part in target.split("/"):
        # An installer gives the top directory another name, so a link out of it leads nowhere.
        if part == "" or "\\" in part or (part == ".." and len(parts) < 2):
            raise refusal(
                archive, f"entry {shorten(name)} links to {shorten(target)}, outside of the archive"
            )
        if part == "..":
            # A system goes into a folder before it goes out of it again, and it may not be there.
            if inside:
                raise refusal(
                    archive,
                    f"entry {shorten(name)} links to {shorten(target)}, which leads back from where"
                    " it went",
                )
            parts.pop()
        elif part != ".":
            inside = True
            parts.append(part)
    return "/".join(parts)


def _decoded(archive: str, raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refusal(archive, f"the name of entry {_text(raw)} is not in UTF-8") from error


def _text(raw: bytes) -> str:
    return shorten(raw.decode("utf-8", "replace"))
