"""The structure of a zip archive that every tool must read alike, or it is refused.

Installers differ in what they believe: some read the central directory, some stream the local
headers, and each tolerates other oddities. So the two must agree byte by byte, nothing may be
left over, and a field that only some tools know must say what the others read elsewhere. What
decides nothing (comments, times, the system of the packer) may be anything. Tried on Python's
``zipfile``, pip, ``installer`` and both readers of uv.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping

import msgspec

from stigmem_review import limits
from stigmem_review.sources.refusal import ASK_SMALLER, refusal
from stigmem_review.text import shorten

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_DESCRIPTOR, _DESCRIPTOR_64 = struct.Struct("<3L"), struct.Struct("<L2Q")
_DESCRIPTOR_MARK = b"PK\x07\x08"
_EXTRA = struct.Struct("<2H")
_SIZES_64 = struct.Struct("<2Q")
_OTHER_NAME = struct.Struct("<BL")

STORED, DEFLATED = 0, 8
_FLAG_DESCRIPTOR, _FLAG_UTF8 = 0x0008, 0x0800
# The lower byte is the version in tenths, above which pip and uv refuse to read; the methods of
# packing that came with the newer ones are refused elsewhere. The upper byte names a system.
_VERSION, _VERSION_BYTE = 63, 0xFF
_SIZE_64, _COUNT_64 = 0xFFFFFFFF, 0xFFFF
_EXTRA_64, _EXTRA_NAME = 0x0001, 0x7075
# Fields by which some tools decrypt an entry, or make something else of it than a file.
_EXTRA_HARMFUL = frozenset((0x0017, 0x6C78, 0x9901))


class Entry(msgspec.Struct, frozen=True):
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
    count, end, close = _end_record(archive, data)
    entries = sorted(
        _central_entries(archive, data, count, end, close), key=lambda entry: entry.offset
    )
    view = memoryview(data)[:end]
    at, found = 0, []
    for entry in entries:
        if entry.offset != at:
            raise refusal(
                archive,
                f"entry {shorten(entry.name)} starts at byte {entry.offset} instead of {at}, so"
                " entries overlap or bytes are hidden between them",
            )
        start, long = _local_header(archive, view, entry)
        at = start + entry.packed
        found.append((entry, view[start:at]))
        if entry.flags & _FLAG_DESCRIPTOR:
            at += _descriptor(archive, view[at:], entry, long)
    if at != end:
        raise refusal(archive, f"bytes {at} to {end} belong to no entry")
    return found


def _end_record(archive: str, data: bytes) -> tuple[int, int, int]:
    """Return how many entries there are, where the central directory starts, and where it ends."""
    at = data.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(data):
        raise refusal(archive, "it does not end where a zip archive ends")
    _, disk, first_disk, here, count, size, start, comment = _END.unpack_from(data, at)
    if at + _END.size + comment != len(data):
        raise refusal(archive, "it does not end where a zip archive ends")
    if disk or first_disk or here != count:
        raise refusal(archive, "it is one part of an archive in several parts")
    close = at
    if data[max(at - _LOCATOR_64.size, 0) : at].startswith(b"PK\x06\x07"):
        close, long = _end_record_64(archive, data, at - _LOCATOR_64.size)
        for said, marker, value in zip(
            (count, size, start), (_COUNT_64, _SIZE_64, _SIZE_64), long, strict=True
        ):
            if said not in (marker, value):
                raise refusal(archive, "its last record and that of zip64 do not agree")
        count, size, start = long
    if start + size != close:
        raise refusal(archive, "its central directory is not where its last record says")
    if count > limits.ENTRIES:
        raise refusal(
            archive, f"it has {count} entries, the limit is {limits.ENTRIES}", ASK_SMALLER
        )
    return count, start, close


def _end_record_64(archive: str, data: bytes, locator: int) -> tuple[int, tuple[int, int, int]]:
    """Return where the record in eight-byte numbers starts; its count of entries, size, start."""
    at = locator - _END_64.size
    _, disk, place, disks = _LOCATOR_64.unpack_from(data, locator)
    if at < 0 or (disk, place, disks) != (0, at, 1):
        raise refusal(archive, "its zip64 record is not where its locator says")
    mark, length, _, _, disk, first, here, count, size, start = _END_64.unpack_from(data, at)
    if mark != b"PK\x06\x06" or length != _END_64.size - 12 or disk or first or here != count:
        raise refusal(archive, "its zip64 record is not one that all tools read alike")
    return at, (count, size, start)


def _central_entries(archive: str, data: bytes, count: int, at: int, end: int) -> Iterator[Entry]:
    for _ in range(count):
        if at + _CENTRAL.size > end or data[at : at + 4] != b"PK\x01\x02":
            raise refusal(archive, f"its central directory breaks off at byte {at}")
        fields = _CENTRAL.unpack_from(data, at)
        _, _, needs, flags, method, _, _, crc, packed, size = fields[:10]
        name_length, extra_length, comment_length, disk, _, attributes, offset = fields[10:]
        at += _CENTRAL.size
        raw_name = data[at : at + name_length]
        extra = data[at + name_length : at + name_length + extra_length]
        at += name_length + extra_length + comment_length
        name = _name(archive, raw_name, flags)
        if disk:
            raise refusal(archive, f"entry {shorten(name)} is on another disk")
        if needs & _VERSION_BYTE > _VERSION:
            raise refusal(
                archive,
                f"entry {shorten(name)} needs version {needs & _VERSION_BYTE} of the format, not"
                f" {_VERSION}",
            )
        extras = _extras(archive, raw_name, extra)
        size, packed, offset = _long_numbers(archive, name, extras, (size, packed, offset))
        yield Entry(name, raw_name, flags, method, crc, packed, size, offset, attributes)
    if at != end:
        raise refusal(archive, f"its central directory ends at byte {at} instead of {end}")


def _long_numbers(
    archive: str, name: str, extras: Mapping[int, bytes], numbers: tuple[int, ...]
) -> tuple[int, ...]:
    """Return the numbers with those that are marked taken from the field of eight-byte ones.

    It holds them and nothing else; a number that is not marked is not looked for there.
    """
    marked = numbers.count(_SIZE_64)
    long = extras.get(_EXTRA_64, b"")
    if len(long) != 8 * marked or (_EXTRA_64 in extras and not marked):
        raise _bad_extra(archive, name, _EXTRA_64)
    taken = iter(struct.unpack(f"<{marked}Q", long))
    return tuple(next(taken) if number == _SIZE_64 else number for number in numbers)


def _name(archive: str, raw: bytes, flags: int) -> str:
    try:
        return raw.decode("utf-8" if flags & _FLAG_UTF8 else "ascii")
    except UnicodeDecodeError as error:
        name = shorten(raw.decode("latin-1"))
        raise refusal(archive, f"the name of entry {name} is not in UTF-8") from error


def _extras(archive: str, raw_name: bytes, extra: bytes) -> dict[int, bytes]:
    """Return the extra fields of an entry by their kind; each must be harmless or agree."""
    found: dict[int, bytes] = {}
    at, name = 0, raw_name.decode("utf-8", "replace")
    while at + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        at += _EXTRA.size
        if at + length > len(extra):
            raise refusal(archive, f"entry {shorten(name)} has a broken extra field")
        value = extra[at : at + length]
        other_name = _OTHER_NAME.pack(1, zlib.crc32(raw_name)) + raw_name
        if kind in found or kind in _EXTRA_HARMFUL or (kind == _EXTRA_NAME and value != other_name):
            raise _bad_extra(archive, name, kind)
        found[kind] = value
        at += length
    if any(extra[at:]):  # some packers align what follows with a few zeros
        raise refusal(archive, f"entry {shorten(name)} has a broken extra field")
    return found


def _bad_extra(archive: str, name: str, kind: int) -> Exception:
    return refusal(
        archive,
        f"entry {shorten(name)} has the extra field 0x{kind:04x}, which not all tools read alike",
    )


def _local_header(archive: str, view: memoryview, entry: Entry) -> tuple[int, bool]:
    """Return where the packed bytes start, and whether sizes after them have eight bytes."""
    start: int = entry.offset + _LOCAL.size
    if bytes(view[entry.offset : entry.offset + 4]) != b"PK\x03\x04" or start > len(view):
        raise refusal(archive, f"entry {shorten(entry.name)} has no local header")
    fields: tuple[int, ...] = _LOCAL.unpack_from(view, entry.offset)
    _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = fields
    raw_name = bytes(view[start : start + name_length])
    start += name_length
    extras = _extras(archive, raw_name, bytes(view[start : start + extra_length]))
    long = extras.get(_EXTRA_64)
    late = bool(flags & _FLAG_DESCRIPTOR)
    sizes = _SIZES_64.pack(entry.size, entry.packed)
    allowed = {(entry.crc, entry.packed, entry.size)}
    if late:
        allowed.add((0, 0, 0))
    if long is not None:
        # Some packers always write them, with or without the short ones.
        allowed = {(entry.crc, _SIZE_64, _SIZE_64)} | (set() if late else allowed)
        if late:
            allowed.add((0, _SIZE_64, _SIZE_64))
        if long != sizes and not (late and not any(long) and len(long) == len(sizes)):
            raise _bad_extra(archive, entry.name, _EXTRA_64)
    same = (flags, method, raw_name) == (entry.flags, entry.method, entry.raw_name)
    if not same or (crc, packed, size) not in allowed:
        raise refusal(
            archive,
            f"entry {shorten(entry.name)} is described differently by its local header and by the"
            " central directory",
        )
    return start + extra_length, long is not None


def _descriptor(archive: str, rest: memoryview, entry: Entry, long: bool) -> int:
    """Return the length of the record after an entry's bytes that repeats its sizes."""
    form = _DESCRIPTOR_64 if long else _DESCRIPTOR
    expected = form.pack(entry.crc, entry.packed, entry.size)
    marked = _DESCRIPTOR_MARK + expected
    # Nothing tells a streaming reader where stored bytes end when sizes only come after them.
    endless = entry.method == STORED and entry.size > 0
    if not endless and rest[: len(marked)] == marked:
        return len(marked)
    # The mark is optional, so a checksum that looks like it would be taken for one.
    if endless or expected.startswith(_DESCRIPTOR_MARK) or rest[: len(expected)] != expected:
        raise refusal(
            archive, f"the size of entry {shorten(entry.name)} is not given where tools look for it"
        )
    return len(expected)
