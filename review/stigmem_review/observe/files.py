"""Files of a release that are no Python source."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review.manifest.code import Code
from stigmem_review.model import Known, Observation, Release

_TEXT = (
    *(".cfg", ".css", ".csv", ".graphql", ".html", ".ini", ".j2", ".jinja", ".jinja2", ".js"),
    *(".json", ".jsonl", ".md", ".po", ".pot", ".proto", ".pyi", ".rst", ".sql", ".svg", ".toml"),
    *(".tpl", ".tsv", ".txt", ".typed", ".xml", ".yaml", ".yml"),
)
_NAMES = ("LICENSE", "NOTICE", "README", "py.typed")
_NATIVE = (".so", ".pyd", ".dll", ".dylib")
_BYTECODE = (".pyc", ".pyo")
_ARCHIVES = (".egg", ".gz", ".jar", ".pyz", ".tar", ".whl", ".zip")
_MAGIC = (
    (b"\x7fELF", "a native program or library"),
    (b"MZ", "a native program or library"),
    (b"\xcf\xfa\xed\xfe", "a native program or library"),
    (b"\xca\xfe\xba\xbe", "a native program or library"),
    (b"PK\x03\x04", "an archive"),
    (b"\x1f\x8b", "an archive"),
    (b"#!", "a script"),
)


def odd_files(code: Code, release: Release) -> Iterator[Observation]:
    """Yield every file of the packages that holds, or could hold, code that is not Python source.

    That is judged by its content as well as by its name. Data in text is left out.
    """
    packages = release.package.value if isinstance(release.package, Known) else {}
    for place in sorted(code.files.keys() & packages.keys()):
        what, runs = _judge(place, code.files[place])
        if what:
            about = "runs" if runs else ""
            yield Observation("file", place, f"{place} is {what}", about, code.at(place))


def _judge(place: str, data: bytes) -> tuple[str, bool]:
    name = place.rpartition("/")[2]
    if name.endswith(".py"):
        return "", False
    if name.endswith(_NATIVE) or ".so." in name:
        return "a native module, which runs as soon as it is imported", True
    if name.endswith(_BYTECODE):
        return "compiled Python, which can run without its source", True
    if name.endswith(".pth"):
        return "a path file, of which Python runs lines at every start", True
    for magic, what in _MAGIC:
        if data.startswith(magic):
            archive = name.endswith(_ARCHIVES)
            return what if archive or what == "a script" else f"{what} by its content", False
    if name.endswith(_ARCHIVES):
        return "called an archive", False
    if (name.endswith(_TEXT) or name.startswith(_NAMES)) and b"\0" not in data:
        return "", False
    return ("binary data" if b"\0" in data else "data of an unknown kind"), False
