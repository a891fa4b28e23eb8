"""Files of a release that are no Python source, and could run or hide code.

That is decided by structure: text is harmless whatever its name, and so is binary data of a format
of which nothing runs. What can run, what is not what its name promises, and data of an unknown
kind are odd.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from stigmem_review.code.installed import Code
from stigmem_review.model import Known, Observation, Release
from stigmem_review.observe.encoded import PYTHON, Decoder
from stigmem_review.observe.formats import (
    ARCHIVE,
    BYTECODE,
    COMPRESSED,
    NATIVE,
    PICKLE,
    after,
    as_utf_8,
    inert,
    is_compressed,
    is_object_array,
    is_text,
    promised,
    runnable,
)

# How Python's finders take modules from files, and Windows programs and scripts, by their names.
_NATIVE = (".so", ".pyd", ".dll", ".dylib")
_BYTECODE = (".pyc", ".pyo")
_ARCHIVES = (".egg", ".jar", ".pyz", ".pyzw", ".tar", ".tgz", ".whl", ".zip")
_PICKLES = (".joblib", ".pickle", ".pkl")
_SCRIPTS = (".bat", ".cmd", ".com", ".exe", ".ps1", ".sh", ".vbs")
_RUNS = (NATIVE, BYTECODE)
_TEMPLATE = r"\.py[-_.](?:in|j2|jinja2?|mako|t|te?mpl(?:ate)?|tpl)$"
"""What says by its name that it is Python, for something else to fill in."""


class Odd(msgspec.Struct, frozen=True):
    """What is odd about a file; ``runs`` if it runs without the plugin's asking, or hides code."""

    what: str
    runs: bool = False


def odd_files(code: Code, release: Release) -> Iterator[Observation]:
    """Yield every file of the packages that holds, or could hold, code that is not Python source.

    That is judged by its content as well as by its name.
    """
    packages = release.package.value if isinstance(release.package, Known) else {}
    look = Look()
    for place in sorted(code.files.keys() & packages.keys()):
        odd = look.at(place, code.files[place])
        if odd is not None:
            about = "runs" if odd.runs else ""
            why = f"{place} is {odd.what}"
            yield Observation("unexpected-file", place, why, about, code.at(place), packages[place])


class Look:
    """Looks at the files of one release, within limits for all of them together."""

    def __init__(self) -> None:
        self._decoder = Decoder()

    def at(self, place: str, data: bytes) -> Odd | None:
        """Return what is odd about one file, by the place it is installed to, if anything is."""
        name = place.rpartition("/")[2].lower()
        # Python's finders want small letters, and so does whatever reads sources here.
        if place.endswith(".py") or not data:
            return None
        if name.endswith(_NATIVE) or ".so." in name:
            return Odd("a native module, which runs as soon as it is imported", runs=True)
        if name.endswith(_BYTECODE):
            return Odd("compiled Python, which can run without its source", runs=True)
        if name.endswith(".pyw"):
            return Odd("a Python module by its name, for Windows only", runs=True)
        if name.endswith(".pth") and "/" not in place:
            return Odd("a path file, of which Python runs lines at every start", runs=True)
        return self._by_content(name, data)

    def _by_content(self, name: str, data: bytes) -> Odd | None:
        if what := runnable(data):
            called = what == ARCHIVE and name.endswith(_ARCHIVES)
            by_name = called or (what == PICKLE and name.endswith(_PICKLES))
            return Odd(what if by_name else f"by its content {what}", what in _RUNS)
        if name.endswith(_ARCHIVES):
            return Odd("called an archive")
        if name.endswith(_PICKLES):
            return Odd("called a pickle")
        if is_object_array(data):
            return Odd("an array of objects, which are pickled")
        text = is_text(data)
        if not text and is_compressed(data):
            return self._compressed(name, data)
        # All of a text can be source, however it begins.
        known = None if text else inert(data, name)
        if known is not None:
            rest = after(data, known)
            if hidden := self._hidden(rest) if len(rest) > 2 else "":
                return Odd(f"{known} with {hidden} after its end", runs=True)
            if hidden := self._decoder.in_binary(data):
                return Odd(f"{known} with {hidden} in it", runs=True)
            return None
        if not text:
            wanted = promised(name)
            if wanted is not None:
                return Odd(f"called {wanted}, and is none by its content")
            return Odd("binary data of an unknown kind")
        return self._text(name, data)

    def _hidden(self, data: bytes) -> str:
        if what := runnable(data):
            return what
        if is_compressed(data):
            return COMPRESSED
        if is_text(data) and self._decoder.is_python(data):
            return PYTHON
        return self._decoder.in_binary(data)

    def _compressed(self, name: str, data: bytes) -> Odd | None:
        """Return what is odd about compressed data: all but a harmless file that is seen whole."""
        inner = self._decoder.unpacked(data)
        stem = name.rpartition(".")[0] if name.endswith((".gz", ".bz2", ".xz", ".lzma")) else name
        if inner is None or is_compressed(inner):
            return Odd(f"{COMPRESSED} that cannot be looked through")
        found = self.at(stem, inner)
        return Odd(f"{COMPRESSED}: {found.what}", found.runs) if found else None

    def _text(self, name: str, data: bytes) -> Odd | None:
        data = as_utf_8(data)
        if data.startswith((b"#!", b"\xef\xbb\xbf#!")):
            return Odd("a script")
        if name.endswith(_SCRIPTS):
            return Odd("a script or program by its name")
        if not re.search(_TEMPLATE, name) and self._decoder.is_python(
            data, stub=name.endswith(".pyi")
        ):
            return Odd("Python source under another ending")
        if found := self._decoder.in_text(data):
            return Odd(f"text that decodes to {found}", runs=True)
        return None
