"""What bytes are, by their structure: text, a format that cannot run, or what can run or hide code.

Nothing is unpickled, unmarshalled or unpacked beyond the bytes that a caller allows.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

_CONTROLS = bytes([*range(9), *range(14, 27), *range(28, 32), 127])
_BOMS = (b"\xff\xfe", b"\xfe\xff")

NATIVE = "a native program or library"
BYTECODE = "compiled Python"
ARCHIVE = "an archive"
COMPRESSED = "compressed data"
PICKLE = "a pickle, which can run anything when it is loaded"
WEBASSEMBLY = "a WebAssembly program"


class Inert(msgspec.Struct, frozen=True):
    """A format of which nothing runs: where its ``magic`` stands, its endings, what ends it.

    A magic of fewer than three bytes says little, so it counts under one of the endings only.
    """

    name: str
    magic: bytes
    endings: tuple[str, ...]
    at: int = 0
    last: bytes = b""

    def __str__(self) -> str:
        return f"{'an' if self.name[0] in 'AEIOUaeiou' else 'a'} {self.name}"


INERT = (
    Inert("PNG image", b"\x89PNG\r\n\x1a\n", (".png", ".apng"), last=b"IEND\xaeB`\x82"),
    Inert("JPEG image", b"\xff\xd8\xff", (".jpg", ".jpeg", ".jfif"), last=b"\xff\xd9"),
    Inert("GIF image", b"GIF8", (".gif",)),
    Inert("RIFF file", b"RIFF", (".webp", ".wav", ".avi", ".ani")),
    Inert("RIFF file", b"RIFX", (".wav",)),
    Inert("RIFF file", b"RF64", (".wav",)),
    Inert(
        "ISO media file", b"ftyp", (".mp4", ".m4a", ".m4v", ".mov", ".heic", ".avif", ".3gp"), at=4
    ),
    Inert("icon", b"\0\0\1\0", (".ico",)),
    Inert("cursor", b"\0\0\2\0", (".cur",)),
    Inert("icon", b"icns", (".icns",)),
    Inert("bitmap", b"BM", (".bmp", ".dib")),
    Inert("TIFF image", b"II*\0", (".tif", ".tiff")),
    Inert("TIFF image", b"MM\0*", (".tif", ".tiff")),
    Inert("JPEG 2000 image", b"\0\0\0\x0cjP  ", (".jp2",)),
    Inert("Photoshop image", b"8BPS", (".psd",)),
    Inert("texture", b"DDS ", (".dds",)),
    Inert("TrueType font", b"\0\1\0\0", (".ttf", ".otf", ".eot")),
    Inert("TrueType font", b"true", (".ttf",)),
    Inert("TrueType collection", b"ttcf", (".ttc", ".otc")),
    Inert("OpenType font", b"OTTO", (".otf",)),
    Inert("web font", b"wOFF", (".woff",)),
    Inert("web font", b"wOF2", (".woff2",)),
    Inert("embedded font", b"LP", (".eot",), at=34),
    Inert("PostScript font", b"\x80\1", (".pfb",)),
    Inert("MP3 sound", b"ID3", (".mp3",)),
    Inert("MP3 sound", b"\xff", (".mp3",)),
    Inert("Ogg media file", b"OggS", (".ogg", ".oga", ".ogv", ".opus")),
    Inert("FLAC sound", b"fLaC", (".flac",)),
    Inert("AIFF sound", b"FORM", (".aif", ".aiff")),
    Inert("MIDI music", b"MThd", (".mid", ".midi")),
    Inert("Matroska media file", b"\x1aE\xdf\xa3", (".webm", ".mkv", ".mka")),
    Inert("PDF document", b"%PDF-", (".pdf",), last=b"%%EOF"),
    Inert("PostScript file", b"%!PS", (".eps", ".ps", ".pfa")),
    Inert("message catalogue", b"\xde\x12\x04\x95", (".mo", ".gmo")),
    Inert("message catalogue", b"\x95\x04\x12\xde", (".mo", ".gmo")),
    Inert("message catalogue", b"\x3c\xb8\x64\x18\xca\xef\x9c\x95", (".qm",)),
    Inert("time zone", b"TZif", (".tzif",)),
    Inert("SQLite database", b"SQLite format 3\0", (".sqlite", ".sqlite3", ".db")),
    Inert("array", b"\x93NUMPY", (".npy",)),
    Inert("colour profile", b"acsp", (".icc", ".icm"), at=36),
    Inert("property list", b"bplist00", (".plist",)),
    Inert("inventory", b"# Sphinx inventory version", (".inv",)),
    Inert("Parquet table", b"PAR1", (".parquet",)),
    Inert("Arrow table", b"ARROW1", (".arrow", ".feather")),
    Inert("Avro table", b"Obj\1", (".avro",)),
    Inert("HDF5 file", b"\x89HDF\r\n\x1a\n", (".h5", ".hdf5", ".nc")),
    Inert("NetCDF file", b"CDF", (".nc", ".cdf")),
    Inert("FITS file", b"SIMPLE  =", (".fits", ".fit")),
    Inert("MATLAB file", b"MATLAB 5.0 MAT-file", (".mat",)),
    Inert("3D model", b"glTF", (".glb",)),
    Inert("shapefile", b"\0\0\x27\x0a", (".shp", ".shx")),
    Inert("model of TensorFlow Lite", b"TFL3", (".tflite",), at=4),
    Inert("file of tensors", b"GGUF", (".gguf",)),
    Inert("metafile", b" EMF", (".emf",), at=40),
    Inert("metafile", b"\xd7\xcd\xc6\x9a", (".wmf",)),
    Inert("MPEG video", b"\0\0\1\xba", (".mpg", ".mpeg")),
    Inert("JPEG 2000 image", b"\xff\x4f\xff\x51", (".j2k", ".jpc")),
    Inert("JPEG XL image", b"\0\0\0\x0cJXL ", (".jxl",)),
    Inert("OpenEXR image", b"\x76\x2f\x31\x01", (".exr",)),
    Inert("texture", b"\xabKTX ", (".ktx", ".ktx2")),
    Inert("pixel map", b"P6", (".ppm", ".pnm")),
    Inert("pixel map", b"P5", (".pgm", ".pnm")),
    Inert("pixel map", b"P4", (".pbm", ".pnm")),
    Inert("pixel map", b"\x0a\5", (".pcx",)),
    Inert("trie of words", b"We love Marisa.\0", (".marisa",)),
    Inert("folder settings", b"\0\0\0\1Bud1", (".ds_store",)),
)

_NATIVE = (
    *(b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe"),
    *(b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf", b"\xbe\xba\xfe\xca"),
)
_ARCHIVES = (
    *(b"PK\3\4", b"PK\5\6", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\7", b"\x28\xb5\x2f\xfd"),
    *(b"\4\x22\x4d\x18", b"MSCF\0\0", b"!<arch>\n", b"\xed\xab\xee\xdb", b"LZIP\1"),
)
_GZIP, _BZ2, _XZ = b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\0"
_LZMA = rb"(?s)\x5d\0\0[\0-\xff]{2}(?:\xff{8}|[\0-\xff]{5}\0\0\0)"
_MEMORY = 64 * 1024 * 1024
"""What unpacking lzma may take; the largest dictionaries of its presets need it."""
_END_OF_ZIP = b"PK\5\6"
_END_OF_ZIP_BYTES = 22
_COMMENT_BYTES = 0xFFFF

_PATH = rb"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_GLOBAL_IN_TEXT = rb"[ci]" + _PATH + rb"\r?\n" + _PATH + rb"\r?\n"
_DOTTED = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_CALLS = frozenset(("STACK_GLOBAL", "EXT1", "EXT2", "EXT4"))
_OPCODES = 2_000
"""Opcodes of a pickle that are read; a text that reads as so many of them is one."""


def is_text(data: bytes) -> bool:
    """Say whether bytes are text: of any encoding, if there are no control characters in it.

    UTF-8 may have some, as scripts for browsers do.
    """
    if data[:2] in _BOMS:
        try:
            text = data.decode("utf-16")
        except UnicodeDecodeError:
            return False
        return "\0" not in text
    if _controls(data[:4096]) * 10 > len(data[:4096]):
        return False
    controls = _controls(data)
    return not controls or (controls * 100 <= len(data) and _is_utf8(data))


def as_utf_8(text: bytes) -> bytes:
    """Return text as source is written, where its byte order mark says that it is UTF-16."""
    return text.decode("utf-16").encode() if text[:2] in _BOMS else text


def _controls(data: bytes) -> int:
    return len(data) - len(data.translate(None, _CONTROLS))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def runnable(data: bytes) -> str:
    """Return what bytes are that can run, or bring what can, and nothing for any other.

    Compressed data is not in it: see ``unpacked``.
    """
    if data.startswith(_NATIVE) or _is_windows_program(data):
        return NATIVE
    if data.startswith(b"\0asm"):
        return WEBASSEMBLY
    if data.startswith(_ARCHIVES) or data[257:262] == b"ustar":
        return ARCHIVE
    if is_bytecode(data):
        return BYTECODE
    if is_pickle(data):
        return PICKLE
    if _ends_in_zip(data):
        return f"{ARCHIVE} behind other data"
    return ""


def _is_windows_program(data: bytes) -> bool:
    if not data.startswith(b"MZ"):
        return False
    header = int.from_bytes(data[60:64], "little")
    return header >= 64 and data[header : header + 4] in (b"PE\0\0", b"NE\5\1", b"LE\0\0")


def _ends_in_zip(data: bytes) -> bool:
    """Say whether Python would find an archive at the end, whatever is before it (zipimport)."""
    at = data.rfind(_END_OF_ZIP, max(0, len(data) - _END_OF_ZIP_BYTES - _COMMENT_BYTES))
    if at < 0 or at + _END_OF_ZIP_BYTES > len(data):
        return False
    size = int.from_bytes(data[at + 12 : at + 16], "little")
    return size <= at and data[at - size : at - size + 4] == b"PK\1\2"


def is_bytecode(data: bytes) -> bool:
    """Say whether bytes are a module of compiled Python, or a code object that was marshalled.

    A module has a header of 8, 12 or 16 bytes, of which the third and fourth are a line ending.
    """
    starts = (8, 12, 16) if data[2:4] == b"\r\n" else (0,)
    return any(_is_code_object(data[start : start + 64], len(data) - start) for start in starts)


def _is_code_object(head: bytes, size: int) -> bool:
    """Say whether a marshalled code object starts here: counts and flags, then a string."""
    if head[:1] not in (b"c", b"\xe3"):
        return False
    for counts in (4, 5, 6):
        at = 1 + 4 * counts
        if head[at : at + 1] not in (b"s", b"\xf3"):
            continue
        numbers = [int.from_bytes(head[i : i + 4], "little") for i in range(1, at, 4)]
        length = int.from_bytes(head[at + 1 : at + 5], "little")
        if max(numbers[:-1]) < 0x10000 and numbers[-1] < 0x10000000 and 0 < length <= size:
            return True
    return False


def is_pickle(data: bytes) -> bool:
    """Say whether unpickling this would get to the end of a pickle that can name a function.

    A binary pickle of any protocol that says its protocol is one even if it names none.
    """
    says = data[:1] == b"\x80" and data[1:2] in (b"\2", b"\3", b"\4", b"\5")
    if not says and not _may_name(data):
        return False
    import io
    import pickletools

    named = False
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(io.BytesIO(data))):
            if opcode.name in ("GLOBAL", "INST"):
                named = True
                if not all(re.fullmatch(_DOTTED, each) for each in str(argument).split(" ", 1)):
                    return False
            named = named or opcode.name in _CALLS
            if opcode.name == "STOP":
                return says or named
            if count >= _OPCODES:
                return True
    except (ValueError, OverflowError, MemoryError, UnicodeError):
        return False
    return False


def _may_name(data: bytes) -> bool:
    head = data[:4096]
    return bool(re.search(_GLOBAL_IN_TEXT, head)) or (
        # What starts a binary pickle that does not say its protocol.
        head[:1] in (b"}", b"]", b"(", b")", b"X", b"U", b"G", b"K", b"N", b"B", b"C", b"\x8c")
        and b"\x93" in data
        and b"." in data
    )


def is_object_array(data: bytes) -> bool:
    """Say whether a file of numpy's own format holds pickled objects (``numpy.lib.format``)."""
    if not data.startswith(b"\x93NUMPY"):
        return False
    header = data[8:].partition(b"\n")[0]
    return bool(re.search(rb"['\"|]O", header[:4096]))


def is_compressed(data: bytes) -> bool:
    """Say whether bytes start like a stream of gzip, bzip2, xz or lzma, or of zlib."""
    return (
        data.startswith((_GZIP, _XZ))
        or (data.startswith(_BZ2) and data[4:10] in (b"1AY&SY", b"\x17rE8P\x90"))
        or bool(re.match(_LZMA, data))
        or _is_zlib(data)
    )


def _is_zlib(data: bytes) -> bool:
    return len(data) > 8 and data[0] == 0x78 and int.from_bytes(data[:2], "big") % 31 == 0


def unpacked(data: bytes, most: int) -> tuple[bytes, bool]:
    """Return what one compressed stream holds, and whether that is all there is.

    It is not where the stream is broken, something follows it, or it holds more than ``most``.
    """
    import zlib

    stream: Any
    broken: type[Exception] = zlib.error
    if data.startswith(_GZIP) or _is_zlib(data):
        stream = zlib.decompressobj(31 if data.startswith(_GZIP) else 15)
    elif data.startswith(_BZ2):
        import bz2

        stream = bz2.BZ2Decompressor()
    else:
        import lzma

        broken = lzma.LZMAError
        stream = lzma.LZMADecompressor(memlimit=_MEMORY)
    try:
        found = stream.decompress(data, most + 1)
    except (OSError, ValueError, broken):
        return b"", False
    return found, len(found) <= most and stream.eof and not stream.unused_data


def inert(data: bytes, name: str) -> Inert | None:
    """Return the format that cannot run and that bytes are of, under the name that they have."""
    lower = name.lower()
    for each in INERT:
        magic = data[each.at : each.at + len(each.magic)] == each.magic
        if magic and (len(each.magic) >= 3 or lower.endswith(each.endings)):
            return each
    if _is_der(data):
        return _DER
    if _LOCATIONS in data[-_LOCATIONS_BYTES:]:
        return _MMDB
    if _is_safetensors(data):
        return _TENSORS
    return None


_DER = Inert("certificate or key", b"", (".der", ".p12", ".pfx", ".p7b"))
_MMDB = Inert("database of addresses", b"", (".mmdb",))
_LOCATIONS = b"\xab\xcd\xefMaxMind.com"
_LOCATIONS_BYTES = 128 * 1024
"""What stands at the end of a MaxMind DB: its metadata (its format, version 2.0)."""
_TENSORS = Inert("file of tensors", b"", (".safetensors",))


def promised(name: str) -> Inert | None:
    """Return the format of binary data that the ending of a name promises."""
    lower = name.lower()
    for each in INERT:
        if lower.endswith(each.endings):
            return each
    return None


def _is_der(data: bytes) -> bool:
    """Say whether all of it is one sequence of DER, as a certificate or a key is (X.690)."""
    if data[:1] != b"\x30" or len(data) < 16:
        return False
    length = data[1]
    if length < 0x80:
        return len(data) == 2 + length
    size = length & 0x7F
    return size in (1, 2, 3) and len(data) == 2 + size + int.from_bytes(data[2 : 2 + size], "big")


def _is_safetensors(data: bytes) -> bool:
    """Say whether it is a file of tensors: a JSON header behind its length, then numbers."""
    return data[8:10] == b'{"' and 2 <= int.from_bytes(data[:8], "little") <= len(data) - 8


def after(data: bytes, each: Inert) -> bytes:
    """Return what follows the end of a file of a format that says where it ends.

    The last thing that looks like an end need not be it: that can follow what is hidden.
    """
    walk = _ENDS.get(each.magic)
    end = walk(data) if walk is not None else 0
    if end:
        return data[end:]
    at = data.rfind(each.last) if each.last else -1
    return data[at + len(each.last) :] if at >= 0 else b""


def _steps(data: bytes) -> range:
    """Return how often is looked for the next part: more often than in any file of a program's."""
    return range(1_000 + len(data) // 64)


def _end_of_png(data: bytes) -> int:
    at = 8
    for _ in _steps(data):
        kind = data[at + 4 : at + 8]
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        if kind == b"IEND":
            return at
    return 0


def _end_of_jpeg(data: bytes) -> int:
    at = 2
    for _ in _steps(data):
        marker = data[at + 1 : at + 2] if data[at : at + 1] == b"\xff" else b""
        if marker in (b"", b"\xd9"):
            return at + 2 if marker else 0
        if marker == b"\xff":
            at += 1
        elif marker == b"\1" or b"\xd0" <= marker <= b"\xd8":
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == b"\xda":
            # What follows is compressed: in it 0xFF stands before 0 and restarts only.
            found = re.compile(rb"\xff[^\0\xd0-\xd7\xff]").search(data, at)
            at = found.start() if found else len(data)
    return 0


def _end_of_gif(data: bytes) -> int:
    at = 13 + _colours(data[10:11])
    within = False
    for _ in _steps(data):
        kind = data[at : at + 1]
        if within:
            at += 1 + int.from_bytes(kind, "big")
            within = kind not in (b"\0", b"")
        elif kind == b";":
            return at + 1
        elif kind in (b"!", b","):
            at += 2 if kind == b"!" else 11 + _colours(data[at + 9 : at + 10])
            within = True
        else:
            return 0
    return 0


def _colours(flags: bytes) -> int:
    """Return the bytes of a table of colours, of which the flags before it say the length."""
    return 3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0


def _end_of_riff(data: bytes) -> int:
    return 8 + int.from_bytes(data[4:8], "little")


_ENDS = {
    b"\x89PNG\r\n\x1a\n": _end_of_png,
    b"\xff\xd8\xff": _end_of_jpeg,
    b"GIF8": _end_of_gif,
    b"RIFF": _end_of_riff,
}
