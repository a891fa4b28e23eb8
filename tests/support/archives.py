"""Builds wheels, sdists, zip and tar archives, honest ones and, field by field, hostile ones."""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stigmem_review.errors import SourceError

WHEEL = "demo-1.0-py3-none-any.whl"
SDIST = "demo-1.0.tar.gz"
INFO = "demo-1.0.dist-info"
METADATA = b"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n\nA demo.\n"
TAGS = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n\n"
MODULE = b"def manifest():\n    return None\n"


def refusal_of(read: Callable[..., object], *arguments: object) -> str:
    """Return the message ``read`` is refused with, which must be one line to act on."""
    import pytest  # the benchmarks build archives where there is none

    with pytest.raises(SourceError) as caught:
        read(*arguments)
    message = str(caught.value)
    assert message.isascii()
    assert message.isprintable()
    what, _, do = message.rpartition("; ")
    assert what
    assert do
    assert len(message) < 1000
    return message


@dataclass
class Zipped:
    """One entry of a zip archive; ``local`` and ``central`` override fields of one header."""

    name: str | bytes
    content: bytes = b""
    method: int = 8
    flags: int = 0
    attributes: int = 0o100644 << 16
    extra: bytes = b""
    local: Mapping[str, int | bytes] = field(default_factory=dict)
    central: Mapping[str, int | bytes] = field(default_factory=dict)
    packed: bytes | None = None
    before: bytes = b""
    after: bytes = b""


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def zip_bytes(
    entries: Iterable[Zipped],
    *,
    end: Mapping[str, int] | None = None,
    tail: bytes = b"",
    comment: bytes = b"",
) -> bytes:
    """Return the zip archive of ``entries``, with fields of its end record overridden.

    ``tail`` is put behind the last entry of the central directory, and counted in its size.
    """
    body, directory, count = b"", b"", 0
    for entry in entries:
        raw = entry.name.encode() if isinstance(entry.name, str) else entry.name
        packed = entry.packed
        if packed is None:
            packed = deflated(entry.content) if entry.method == 8 else entry.content
        body += entry.before
        fields: dict[str, int | bytes] = {
            "name": raw,
            "flags": entry.flags,
            "method": entry.method,
            "crc": zlib.crc32(entry.content),
            "packed": len(packed),
            "size": len(entry.content),
            "extra": entry.extra,
            "comment": b"",
            "disk": 0,
            "offset": len(body),
            "attributes": entry.attributes,
            "needs": 20,
        }
        directory += _central(fields | dict(entry.central))
        body += _local(fields | dict(entry.local)) + packed + entry.after
        count += 1
    directory += tail
    last = {"disk": 0, "first_disk": 0, "here": count, "count": count}
    last |= {"size": len(directory), "start": len(body), "comment": len(comment)}
    last |= end or {}
    record = struct.pack(
        "<4s4H2LH",
        b"PK\x05\x06",
        last["disk"],
        last["first_disk"],
        last["here"],
        last["count"],
        last["size"],
        last["start"],
        last["comment"],
    )
    return body + directory + record + comment


def _local(fields: Mapping[str, int | bytes]) -> bytes:
    name, extra = bytes(fields["name"]), bytes(fields["extra"])
    numbers = (fields[key] for key in ("crc", "packed", "size"))
    head = struct.pack(
        "<4s5H3L2H",
        *(b"PK\x03\x04", 20, fields["flags"], fields["method"], 0, 33),
        *numbers,
        *(len(name), len(extra)),
    )
    return head + name + extra


def _central(fields: Mapping[str, int | bytes]) -> bytes:
    name, extra, comment = (bytes(fields[key]) for key in ("name", "extra", "comment"))
    numbers = (fields[key] for key in ("crc", "packed", "size"))
    head = struct.pack(
        "<4s6H3L5H2L",
        *(b"PK\x01\x02", 0x0314, fields["needs"], fields["flags"], fields["method"], 0, 33),
        *numbers,
        *(len(name), len(extra), len(comment), fields["disk"], 0),
        *(fields["attributes"], fields["offset"]),
    )
    return head + name + extra + comment


def descriptor(content: bytes, packed: bytes) -> bytes:
    """Return the record that follows an entry whose flag bit 3 is set."""
    return struct.pack("<4s3L", b"PK\x07\x08", zlib.crc32(content), len(packed), len(content))


def record_row(path: str, content: bytes, algorithm: str = "sha256") -> str:
    digest = urlsafe_b64encode(hashlib.new(algorithm, content).digest()).rstrip(b"=").decode()
    return f"{path},{algorithm}={digest},{len(content)}"


def record(files: Mapping[str, bytes], info: str = INFO) -> bytes:
    """Return the RECORD that lists ``files`` and itself."""
    rows = [record_row(path, content) for path, content in files.items()]
    return "".join(f"{row}\n" for row in (*rows, f"{info}/RECORD,,")).encode()


def wheel_files(more: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """Return the files of the wheel of ``demo`` 1.0, with ``more``, listed in its RECORD."""
    files = {"demo/__init__.py": MODULE, f"{INFO}/METADATA": METADATA, f"{INFO}/WHEEL": TAGS}
    files |= more or {}
    files[f"{INFO}/RECORD"] = record(files)
    return files


def zipped(files: Mapping[str, bytes]) -> bytes:
    return zip_bytes(Zipped(name, content) for name, content in files.items())


def wheel(more: Mapping[str, bytes] | None = None) -> bytes:
    return zipped(wheel_files(more))


@dataclass
class Tarred:
    """One entry of a tar archive, as its header block says it."""

    name: str | bytes
    content: bytes = b""
    kind: bytes = b"0"
    magic: bytes = b"ustar\x0000"
    prefix: bytes = b""
    link: bytes = b""
    size: bytes | None = None
    mode: bytes = b"0000644\0"
    checksum: bytes | None = None
    padding: bytes = b""

    def block(self) -> bytes:
        raw = self.name.encode() if isinstance(self.name, str) else self.name
        size = b"%011o\0" % len(self.content) if self.size is None else self.size
        block = struct.pack(
            "<100s8s8s8s12s12s8s1s100s8s32s32s8s8s155s12x",
            *(raw, self.mode, b"0000000\0", b"0000000\0", size, b"00000000000\0", b" " * 8),
            *(self.kind, self.link, self.magic, b"", b"", b"0000000\0", b"0000000\0", self.prefix),
        )
        checksum = b"%06o\0 " % sum(block) if self.checksum is None else self.checksum
        padding = self.padding.ljust(-len(self.content) % 512, b"\0")
        return block[:148] + checksum + block[156:] + self.content + padding


def pax(kind: bytes = b"x", **values: str | bytes) -> Tarred:
    """Return an extended header that sets ``values``."""
    content = b""
    for key, value in values.items():
        raw = value.encode() if isinstance(value, str) else value
        record = b" %s=%s\n" % (key.replace("__", ".").encode(), raw)
        length = len(record) + len(str(len(record)))
        length = len(record) + len(str(length))
        content += b"%d" % length + record
    return Tarred("././@PaxHeader", content, kind)


def tar_bytes(entries: Iterable[Tarred], *, end: bytes = b"\0" * 1024) -> bytes:
    return b"".join(entry.block() for entry in entries) + end


def sdist_entries(more: Mapping[str, bytes] | None = None) -> list[Tarred]:
    files = {
        "PKG-INFO": METADATA,
        "pyproject.toml": b'[project]\nname = "demo"\n',
        "src/demo/__init__.py": MODULE,
    }
    return [
        Tarred(f"demo-1.0/{name}", content) for name, content in (files | dict(more or {})).items()
    ]


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=1, mtime=0)


def stored(data: bytes) -> bytes:
    """Return data as gzip holds it without compressing, so that it is the same everywhere."""
    blocks = [data[start : start + 0xFFFF] for start in range(0, len(data), 0xFFFF)] or [b""]
    body = b"".join(
        struct.pack("<BHH", block is blocks[-1], len(block), len(block) ^ 0xFFFF) + block
        for block in blocks
    )
    tail = struct.pack("<2L", zlib.crc32(data), len(data) & 0xFFFFFFFF)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body + tail


def sdist(entries: Iterable[Tarred] | None = None, *, end: bytes = b"\0" * 1024) -> bytes:
    return gzipped(tar_bytes(sdist_entries() if entries is None else entries, end=end))


def write_files(root: Path, files: Mapping[str, bytes]) -> Path:
    """Write ``files`` below ``root`` and return it."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root
