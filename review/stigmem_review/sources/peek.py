"""A first look at what was named, before it is read: can it have to do with a plugin at all?

Reading refuses whatever two tools could read differently, and is bounded. A library is nobody's
concern here and owes us neither, so this look comes first: at any size, in little memory, and
erring on one side only. What it is not sure of may be a plugin.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Set
from io import BytesIO
from typing import IO

import msgspec
from msgspec.structs import replace

from stigmem_review import limits
from stigmem_review.errors import SourceError
from stigmem_review.model import ENTRY_POINT_GROUP
from stigmem_review.patterns import late
from stigmem_review.sources.paths import fold
from stigmem_review.sources.stored import PIECE, Stored

_GROUP = ENTRY_POINT_GROUP.encode()
_HOST = _GROUP.partition(b".")[0]
# TOML and Python can write any letter by its number.
_ESCAPE = late(rb"\\(?:u00|U000000|x)[67][0-9A-Fa-f]")
_SPELLED = late(
    b"".join(b"(?:%c|\\\\(?:u00|U000000|x)(?i:%02x))" % (letter, letter) for letter in _HOST)
)
_SPELLED_BYTES = 10 * len(_HOST)
_TABLE = "entry_points.txt"
_MANIFEST = b"PluginManifest"

_PATH_FILE = ".pth"
# Every Python has this archive below its root on the path, whether it is there or not.
_STANDARD = late(r"python[0-9]+\.zip")
_TOPS = ("site-packages", "dist-packages")
_SEPARATOR = late(r"[/\\]+")

_LOCAL, _CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
_END, _END_64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_SIGNATURE = late(rb"PK(?:\x03\x04|\x01\x02|\x05\x06|\x06\x06|\x06\x07)")
_LOCAL_FORM = struct.Struct("<4x2x2H4x3L2H")
_CENTRAL_FORM = struct.Struct("<4x4x2H4x3L3H8xL")
_END_FORM = struct.Struct("<4x8x2LH")
_END_64_FORM = struct.Struct("<4x36x2Q")
_LOCATOR_FORM = struct.Struct("<4x4xQ")

_METHODS = _STORED, _DEFLATED = 0, 8
_HIDDEN = 0x0001 | 0x2000  # encrypted
_COMMENT = 0xFFFF  # the longest there can be
_STARTS = 64  # of archives within the archive
_CHUNK = 64 * 1024


class _Header(msgspec.Struct, frozen=True):
    """What one header of a zip archive claims of an entry; ``offset`` is that of its bytes."""

    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    raw_name: bytes


def may_declare_plugin(wheel: Stored) -> bool:
    """Say whether a wheel may install a table of entry points that has the host's group.

    Every reader of zip archives finds an entry by a header, and every header starts with one of
    two signatures and holds the entry's name uncompressed. So all of them are looked at, wherever
    they are, whichever of two end records a reader goes by, and whether it believes the local
    headers or the central ones. Where one names such a table, its bytes are unpacked in each way
    that any header claims. So are those of a file that adds to Python's path: an archive that it
    adds can hold a table, too. Raises ``SourceError`` where the file cannot be read.
    """
    added: set[str] = set()
    try:
        for content in _looked_into(wheel):
            if _GROUP in content:
                return True
            added |= path_entries(content)
        return bool(added) and _holds_file(wheel, added)
    except _NotSureError:
        return True


def may_list_plugin(wheel: IO[bytes]) -> bool:
    """Say the same by the table of contents, and what little of the wheel has to be read for it.

    pip unpacks what that table names. What other headers say, which other readers may go by, is
    not looked at, so that this is less than ``may_declare_plugin`` says. Raises ``SourceError``
    where the file cannot be read.
    """
    from zipfile import ZipFile

    try:
        with ZipFile(wheel) as archive:
            entries = archive.infolist()
            raw = [os.fsencode(each.orig_filename) for each in entries]
            wanted = [
                each for each, name in zip(entries, raw, strict=True) if _is_looked_into(name)
            ]
            if len(entries) > limits.ENTRIES or len(wanted) > limits.PEEKED_TABLES:
                return True
            added: set[str] = set()
            for each in wanted:
                if each.file_size > limits.METADATA_BYTES or each.compress_type not in _METHODS:
                    return True
                content = archive.read(each)
                if _GROUP in content:
                    return True
                added |= path_entries(content)
    except SourceError:
        raise
    except Exception:  # whatever an odd wheel makes of a lenient reader
        return True
    return bool(added) and any(_SEPARATOR.split(_text(name))[-1] in added for name in raw)


def path_entries(content: bytes) -> set[str]:
    """Return the names, without their folders, that a ``.pth`` file adds to the path."""
    return {
        name
        for line in fold(content.decode("utf-8", "ignore")).splitlines()
        if not line.startswith(("#", "import ", "import\t"))
        and (name := _SEPARATOR.split(line.strip().rstrip("/\\"))[-1])
    }


def is_standard_archive(name: str) -> bool:
    """Say whether a file that is called so, below the root of Python, is on its path anyway."""
    return _STANDARD.fullmatch(name) is not None


class _NotSureError(Exception):
    """What is looked at may be anything."""


def _looked_into(wheel: Stored) -> Iterator[bytes]:
    claims: dict[int, list[_Header]] = {}
    central: list[_Header] = []
    starts, ends_64 = {0}, set[int]()
    last = None
    room = limits.PEEKED_NAMES_BYTES
    for count, (at, signature) in enumerate(_signatures(wheel)):
        if count == limits.PEEKED_HEADERS or len(starts) > _STARTS or room < 0:
            raise _NotSureError
        if signature == _END_64:
            if at != sum(_unpacked(_END_64_FORM, wheel.at(at, _END_64_FORM.size))):
                raise _NotSureError  # readers differ in what they take its offsets from
            ends_64.add(at)
        elif signature == _LOCATOR:
            if _unpacked(_LOCATOR_FORM, wheel.at(at, _LOCATOR_FORM.size))[0] not in ends_64:
                raise _NotSureError
        elif signature == _END:
            # What stands before an archive moves all offsets in it.
            size, start, _ = _unpacked(_END_FORM, wheel.at(at, _END_FORM.size))
            starts.add(at - size - start)
            last = at
        else:
            header, more = _header(wheel, at, signature)
            room -= len(header.raw_name) + len(more)
            if not (_is_looked_into(header.raw_name) or _is_looked_into(more)):
                continue
            if signature == _LOCAL:
                claims.setdefault(at, []).append(header)
            else:
                central.append(header)
            if len(claims) + len(central) > 2 * limits.PEEKED_TABLES:
                raise _NotSureError
    if last is None or last < wheel.size - _END_FORM.size - _COMMENT:
        raise _NotSureError  # it is no zip archive, or a part of one
    for each in central:
        places = [
            (start + each.offset, local)
            for start in starts
            if (local := _local_at(wheel, start + each.offset))
        ]
        if not places or any(local.raw_name != each.raw_name for _, local in places):
            raise _NotSureError
        for at, local in places:
            claims.setdefault(at, [local]).append(replace(each, offset=local.offset))
    for found in claims.values():
        yield from _contents(wheel, found)


def _signatures(wheel: Stored) -> Iterator[tuple[int, bytes]]:
    start, kept = 0, b""
    for piece in wheel.pieces():
        window = kept + piece
        for found in _SIGNATURE.finditer(window):
            yield start + found.start(), found[0]
        kept = window[-3:]  # too short to be found twice
        start += len(window) - len(kept)


def _unpacked(form: struct.Struct, data: bytes) -> tuple[int, ...]:
    if len(data) < form.size:
        raise _NotSureError
    return form.unpack(data)


def _header(wheel: Stored, at: int, signature: bytes) -> tuple[_Header, bytes]:
    """Return a header and its extra fields, in which a second name can stand."""
    if signature == _LOCAL:
        form = _LOCAL_FORM
        *numbers, name, extra = _unpacked(form, wheel.at(at, form.size))
        offset = at + form.size + name + extra
    else:
        form = _CENTRAL_FORM
        *numbers, name, extra, _, offset = _unpacked(form, wheel.at(at, form.size))
    rest = wheel.at(at + form.size, name + extra)
    flags, method, crc, packed, size = numbers
    return _Header(flags, method, crc, packed, size, offset, rest[:name]), rest[name:]


def _local_at(wheel: Stored, at: int) -> _Header | None:
    if at < 0 or wheel.at(at, len(_LOCAL)) != _LOCAL:
        return None
    return _header(wheel, at, _LOCAL)[0]


def _is_looked_into(raw: bytes) -> bool:
    """Say whether a name, or bytes that hold one, can become that of a table or a path file.

    Raises ``_NotSureError`` for that of an archive which is on the path anyway.
    """
    if len(raw) < len(_PATH_FILE):
        return False
    text = _text(raw)
    if _TABLE in text:
        return True
    if _PATH_FILE not in text and ".zip" not in text:
        return False
    *folders, name = filter(lambda part: part not in ("", "."), _SEPARATOR.split(text))
    moved = folders and (".data" in folders[0] or ".." in folders)
    if moved and is_standard_archive(name):
        raise _NotSureError
    # Python reads those at the top only, and deeper ones may be anything: weights, for one.
    is_at_top = moved and (".." in folders or not folders[2:] or folders[-1] in _TOPS)
    return _PATH_FILE in name and bool(is_at_top or not folders)


def _text(raw: bytes) -> str:
    """Return a name as a file system may take it."""
    if raw.isascii():
        return raw.decode().lower()
    import unicodedata

    text = raw.decode("utf-8", "ignore")
    # Some file systems drop what cannot be seen.
    return fold("".join(char for char in text if unicodedata.category(char) != "Cf"))


def _holds_file(wheel: Stored, names: Set[str]) -> bool:
    """Say whether a header may name a file that is called so, in whatever folder."""
    for at, signature in _signatures(wheel):
        if signature in (_LOCAL, _CENTRAL):
            header, more = _header(wheel, at, signature)
            if _SEPARATOR.split(_text(header.raw_name))[-1] in names:
                return True
            if more and any(name in _text(more) for name in names):
                return True
    return False


def _contents(wheel: Stored, claims: list[_Header]) -> Iterator[bytes]:
    """Yield what one entry may unpack to. Of what no claim fits, nobody can be sure."""
    fits = False
    for each in claims:
        if each.flags & _HIDDEN or each.method not in (_STORED, _DEFLATED):
            raise _NotSureError
        if each.method == _STORED:
            count = max(each.packed, each.size)
            if count > limits.METADATA_BYTES:
                raise _NotSureError
            content = wheel.at(each.offset, count)
        else:
            content = _inflated(wheel, each.offset)
        fits = fits or (len(content), zlib.crc32(content)) == (each.size, each.crc)
        yield content
    if not fits:
        raise _NotSureError


def _inflated(wheel: Stored, at: int) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    content = b""
    for start in range(at, at + limits.METADATA_BYTES, _CHUNK):
        try:
            content += inflater.decompress(
                wheel.at(start, _CHUNK), limits.METADATA_BYTES + 1 - len(content)
            )
        except zlib.error:
            break
        if inflater.eof:
            return content
        if len(content) > limits.METADATA_BYTES:
            break
    raise _NotSureError


def spells_host(data: bytes) -> bool:
    """Say whether the host's name stands in a piece of source, however its letters are written."""
    return _HOST in data or bool(_ESCAPE.search(data) and _SPELLED.search(data))


def names_host(sdist: Stored) -> bool:
    """Say whether the host's name stands anywhere in the files of an sdist, or it is no sdist.

    Raises ``SourceError`` where the file cannot be read.
    """
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)  # 16: a gzip header and nothing else
    kept, room = b"", limits.PEEKED_BYTES
    for piece in sdist.pieces(_CHUNK):
        piece, after = (b"", piece) if inflater.eof else (piece, b"")
        while piece:
            try:
                unpacked = inflater.decompress(piece, PIECE)
            except zlib.error:
                return True
            window = kept + unpacked
            room -= len(unpacked)
            if room < 0 or spells_host(window):
                return True
            kept = window[1 - _SPELLED_BYTES :]
            piece = inflater.unconsumed_tail
        # Zeros at the end fill up a block, and every reader leaves them alone.
        if after.strip(b"\0") or inflater.unused_data.strip(b"\0"):
            return True
    return not inflater.eof


def texts(wheel: Stored) -> dict[str, bytes]:
    """Return tables of entry points and the sources that may make a manifest, by their names.

    This is what the standard library reads of them, however odd the wheel is: good enough to tell
    what its author means, and no more. Other sources are there without their bytes; of a wheel
    over the limit there is nothing.
    """
    from zipfile import ZipFile

    found: dict[str, bytes] = {}
    if wheel.size > limits.ARCHIVE_BYTES:
        return found
    room = limits.TOTAL_BYTES
    try:
        with ZipFile(BytesIO(wheel.read(limits.ARCHIVE_BYTES))) as archive:
            for entry in archive.infolist():
                is_source = entry.filename.endswith(".py")
                if not (is_source or entry.filename.endswith(_TABLE)):
                    continue
                data = b""
                if entry.file_size <= limits.SOURCE_BYTES and entry.compress_type in _METHODS:
                    data = archive.read(entry)
                    room -= len(data)
                if room < 0:
                    break
                found[entry.filename] = b"" if is_source and _MANIFEST not in data else data
    except Exception:  # whatever an odd wheel makes of a lenient reader
        return found
    return found
