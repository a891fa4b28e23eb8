"""The structure of a zip archive that every tool must read alike, or it is refused.

Installers differ in what they believe: some read the central directory, some stream the local
headers, and each tolerates other oddities. So the two must agree byte by byte, nothing may be
left over, and no field may be in use that only some tools know.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from stigmem_review import limits
from stigmem_review.sources.refusal import ASK_SMALLER, refusal
from stigmem_review.text import shorten

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_DESCRIPTOR = struct.Struct("<4s3L")
_EXTRA = struct.Struct("<2H")
_SIZES_64 = struct.Struct("<2Q")

STORED, DEFLATED = 0, 8
_FLAG_DESCRIPTOR, _FLAG_UTF8 = 0x0008, 0x0800
_VERSION = 45  # in tenths; what is newer than eight-byte sizes is not in use here
_SIZE_64 = 0xFFFFFFFF
_EXTRA_64 = 0x0001
# Times and owners, which no installer of wheels looks at. Among those refused is 0x7075, a
# second name for the entry, which some tools prefer.
_EXTRA_HARMLESS = frozenset((0x000A, 0x5455, 0x5855, 0x7855, 0x7875, 0xCAFE))


class Entry(NamedTuple):
    """One entry as the central directory describes it."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    attributes: int

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/")


def layout(archive: str, data: bytes) -> list[tuple[Entry, memoryview]]:
    """Return the entries of ``data``, each with its packed bytes, in the order they lie there.

    They fill the space before the central directory exactly.
    """
    count, end = _end_record(archive, data)
    entries = sorted(_central_entries(archive, data, count, end), key=lambda entry: entry.offset)
    view = memoryview(data)[:end]
    at, found = 0, []
    for entry in entries:
        if entry.offset != at:
            raise refusal(
                archive,
                f"entry {shorten(entry.name)} starts at byte {entry.offset} instead of {at}, so"
                " entries overlap or bytes are hidden between them",
            )
        start = _local_header(archive, view, entry)
        at = start + entry.packed
        found.append((entry, view[start:at]))
        if entry.flags & _FLAG_DESCRIPTOR:
            at += _descriptor(archive, view[at:], entry)
    if at != end:
        raise refusal(archive, f"bytes {at} to {end} belong to no entry")
    return found


def _end_record(archive: str, data: bytes) -> tuple[int, int]:
    """Return how many entries there are and where the central directory starts."""
    at = len(data) - _END.size
    if at < 0 or data[at : at + 4] != b"PK\x05\x06":
        raise refusal(archive, "it does not end where a zip archive ends")
    _, disk, first_disk, here, count, size, start, comment = _END.unpack_from(data, at)
    if disk or first_disk or here != count:
        raise refusal(archive, "it is one part of an archive in several parts")
    if comment or start + size != at:
        raise refusal(archive, "its central directory is not where its last record says")
    if data[max(at - 20, 0) : at].startswith(b"PK\x06\x07"):
        raise refusal(archive, "it is a zip64 archive, which its sizes do not need")
    if count > limits.ENTRIES:
        raise refusal(
            archive, f"it has {count} entries, the limit is {limits.ENTRIES}", ASK_SMALLER
        )
    return count, start


def _central_entries(archive: str, data: bytes, count: int, at: int) -> Iterator[Entry]:
    end = len(data) - _END.size
    for _ in range(count):
        if at + _CENTRAL.size > end or data[at : at + 4] != b"PK\x01\x02":
            raise refusal(archive, f"its central directory breaks off at byte {at}")
        fields = _CENTRAL.unpack_from(data, at)
        _, _, needs, flags, method, _, _, crc, packed, size = fields[:10]
        name_length, extra_length, comment_length, disk, _, attributes, offset = fields[10:]
        at += _CENTRAL.size
        raw_name = data[at : at + name_length]
        extra = data[at + name_length : at + name_length + extra_length]
        at += name_length + extra_length
        name = _name(archive, raw_name, flags)
        if comment_length or disk:
            raise refusal(archive, f"entry {shorten(name)} has a comment or is on another disk")
        if needs > _VERSION:
            raise refusal(
                archive,
                f"entry {shorten(name)} needs version {needs} of the format, not {_VERSION}",
            )
        for kind, _ in _extras(archive, name, extra):
            if kind not in _EXTRA_HARMLESS:
                raise _bad_extra(archive, name, kind)
        yield Entry(name, raw_name, flags, method, crc, packed, size, offset, attributes)
    if at != end:
        raise refusal(archive, f"its central directory ends at byte {at} instead of {end}")


def _name(archive: str, raw: bytes, flags: int) -> str:
    try:
        return raw.decode("utf-8" if flags & _FLAG_UTF8 else "ascii")
    except UnicodeDecodeError as error:
        name = shorten(raw.decode("latin-1"))
        raise refusal(archive, f"the name of entry {name} is not in UTF-8") from error


def _extras(archive: str, name: str, extra: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(extra):
        if at + _EXTRA.size > len(extra):
            raise refusal(archive, f"entry {shorten(name)} has a broken extra field")
        kind, length = _EXTRA.unpack_from(extra, at)
        at += _EXTRA.size
        if at + length > len(extra):
            raise refusal(archive, f"entry {shorten(name)} has a broken extra field")
        yield kind, extra[at : at + length]
        at += length


def _bad_extra(archive: str, name: str, kind: int) -> Exception:
    return refusal(
        archive,
        f"entry {shorten(name)} has the extra field 0x{kind:04x}, which not all tools read alike",
    )


def _local_header(archive: str, view: memoryview, entry: Entry) -> int:
    """Return where the packed bytes start."""
    start: int = entry.offset + _LOCAL.size
    if bytes(view[entry.offset : entry.offset + 4]) != b"PK\x03\x04" or start > len(view):
        raise refusal(archive, f"entry {shorten(entry.name)} has no local header")
    fields: tuple[int, ...] = _LOCAL.unpack_from(view, entry.offset)
    _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = fields
    raw_name = bytes(view[start : start + name_length])
    start += name_length
    allowed = {(entry.crc, entry.packed, entry.size)}
    if flags & _FLAG_DESCRIPTOR:
        allowed.add((0, 0, 0))
    if _has_long_sizes(archive, entry, bytes(view[start : start + extra_length])):
        allowed.add((entry.crc, _SIZE_64, _SIZE_64))
    same = (flags, method, raw_name) == (entry.flags, entry.method, entry.raw_name)
    if not same or (crc, packed, size) not in allowed:
        raise refusal(
            archive,
            f"entry {shorten(entry.name)} is described differently by its local header and by the"
            " central directory",
        )
    return start + extra_length


def _has_long_sizes(archive: str, entry: Entry, extra: bytes) -> bool:
    """Tell whether the sizes are there in eight bytes too: some packers always write them."""
    sizes = _SIZES_64.pack(entry.size, entry.packed)
    found = False
    for kind, value in _extras(archive, entry.name, extra):
        if kind == _EXTRA_64 and value == sizes and not entry.flags & _FLAG_DESCRIPTOR:
            found = True
        elif kind not in _EXTRA_HARMLESS:
            raise _bad_extra(archive, entry.name, kind)
    return found


def _descriptor(archive: str, rest: memoryview, entry: Entry) -> int:
    """Return the length of the record after an entry's bytes that repeats its sizes."""
    expected = _DESCRIPTOR.pack(b"PK\x07\x08", entry.crc, entry.packed, entry.size)
    # Nothing tells a streaming reader where stored bytes end when sizes only come after them.
    endless = entry.method == STORED and entry.size > 0
    if endless or rest[: len(expected)] != expected:
        raise refusal(
            archive, f"the size of entry {shorten(entry.name)} is not given where tools look for it"
        )
    return len(expected)
