"""Requirements and constraints files, read as pip reads them, without running pip.

In goes the path of a file in a repository and a way to read files there; out comes what it and
every file it includes pin. The format has no other definition than pip: what is read here
follows ``pip/_internal/req/req_file.py`` and ``constructors.py`` of pip 23.2 to 26.3. It is
stricter than pip where pip guesses (an encoding from the locale), takes what it cannot use (a
hash of the wrong length) or silently leaves something out; each such place says so.
"""

from __future__ import annotations

import codecs
import hashlib
import posixpath
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from urllib.parse import unquote, urlsplit

from stigmem_review import limits
from stigmem_review.errors import SourceError
from stigmem_review.model import Location
from stigmem_review.names import canonicalize_name
from stigmem_review.pins.model import Aside, Known, Local, Loose, Pin, PinFile, Read
from stigmem_review.text import shorten

if TYPE_CHECKING:
    from optparse import OptionParser

    from packaging.requirements import Requirement

_TOTAL_BYTES = 4 * limits.PIN_FILE_BYTES
"""All files of one reading; if all of it is hostile, a MiB takes two seconds."""

_LINES = 50_000
"""Logical lines of one reading that say something; large lock files have 2,000."""

_LINE_CHARS = limits.MIB
"""One logical line without its comment; 13,000 hashes fit in it."""

_WORDS = 10_000
"""Words in the options of one line; optparse takes each from the front of a list."""

_PARSED_CHARS = 20_000
"""A requirement, or options with quotes in them: their parsers copy what they have read."""

_NESTING = 50
"""Parentheses in a marker, which is parsed by recursion."""

# UTF-32 first: its little-endian mark starts with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_COOKIE = re.compile(rb"coding[:=]\s*([-\w.]+)")
_LFS_POINTER = b"version https://git-lfs.github.com/spec/v1"

# pip's own pattern, (^|\s+)#.*$, takes quadratic time on a line of blanks. This one finds the
# same comments; the blanks before them go when the line is stripped.
_COMMENT = re.compile(r"(?<!\S)#")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_ROOTED = re.compile(
    r"\A((?:(?:-e|--editable)[ \t=]*)?(?:[\w.-]+[ \t]*(?:\[[^\]]*\][ \t]*)?@[ \t]*)?)"
    r"(?:file:/*)?\$\{[A-Z0-9_]+\}/(?=[\w.])"
)
"""A variable that a path starts with, as a rule for where the repository lies."""
_PLACED = re.compile(r"[\w.-]+[ \t]*(?:\[[^\]]*\][ \t]*)?@[ \t]*(\S.*)")
"""A name and where it is installed from."""
_EDITABLE = re.compile(r"(?:-e|--e\w*)[ \t=]*[\"']?([^\s\"']+)")
_QUOTING = re.compile(r"['\"\\]")
_SHELL_BLANKS = re.compile(r"[ \t\r\n]+")
_CREDENTIALS = re.compile(r"//[^/?#\s]*@")
_INCLUDE_URL = re.compile(r"(?:https?|file):", re.IGNORECASE)

# What most lines are: a name, a version of numbers, perhaps a marker, perhaps hashes. The parsers
# that read any line take ten times as long, and find the same in these.
_USUAL = re.compile(
    r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?) *+== *+([0-9]{1,9}(?:\.[0-9]{1,9}){0,9}) *+"
    r"(?:;([^-$\\]*+))?((?:(?<= )--hash=sha256:[0-9a-f]{64} *+)*+)"
)
_URL_HASH = re.compile(r"[#&](md5|sha1|sha224|sha256|sha384|sha512)=([^&]*)")
_HASH = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")

# What of the lines that are not followed says that something is installed, and is no mere path.
_INSTALLS = re.compile(
    r"-e|--e|\S*===|\S+ *@ *[A-Za-z][\w+.-]*:|(?:git|hg|svn|bzr)\+|\S*[#&]egg=|"
    r"(?:\.{1,2}/|file:)\S+ *(?:;|$)|\S+\.(?:whl|zip|tgz|tar\.\w+)(?:[#?[]\S*)? *(?:;|$)"
)

# The schemes pip takes a whole line for a URL by, and the names it takes for those of archives.
_URL_SCHEMES = frozenset(
    ["http", "https", "file", "ftp"]
    + [f"git+{each}" for each in ("http", "https", "ssh", "git", "file")]
    + [f"hg+{each}" for each in ("http", "https", "ssh", "static-http", "file")]
    + [f"svn+{each}" for each in ("http", "https", "ssh", "svn", "file")]
    + [f"bzr+{each}" for each in ("http", "https", "ssh", "sftp", "ftp", "lp", "file")]
)
_ARCHIVES = (
    *(".zip", ".whl", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz"),
    *(".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma"),
)

# By their first long name: whether they take a value, and their other names.
_GLOBAL_OPTIONS: dict[str, tuple[bool, tuple[str, ...]]] = {
    "index-url": (True, ("-i", "--pypi-url")),
    "extra-index-url": (True, ()),
    "no-index": (False, ()),
    "find-links": (True, ("-f",)),
    "no-binary": (True, ()),
    "only-binary": (True, ()),
    "prefer-binary": (False, ()),
    "require-hashes": (False, ()),
    "no-require-hashes": (False, ()),
    "pre": (False, ()),
    "all-releases": (True, ()),
    "only-final": (True, ()),
    "trusted-host": (True, ()),
    "use-feature": (True, ()),
}
_BUILD_OPTIONS: dict[str, tuple[bool, tuple[str, ...]]] = {
    "config-settings": (True, ("-C",)),
    "global-option": (True, ()),
}
_OTHER_OPTIONS: dict[str, tuple[bool, tuple[str, ...]]] = {
    "requirement": (True, ("-r",)),
    "constraint": (True, ("-c",)),
    "editable": (True, ("-e",)),
    "hash": (True, ()),
}
_OPTIONS = _GLOBAL_OPTIONS | _BUILD_OPTIONS | _OTHER_OPTIONS
_NAME_LISTS = frozenset({"no-binary", "only-binary", "all-releases", "only-final"})


class _RefusedError(SourceError):
    """A line or a file that cannot be read; the message is the reason and what to do."""


class _NoneError(_RefusedError):
    """A line that pip refuses too, whatever its release: with it, it installs nothing."""


class _Option(NamedTuple):
    name: str
    value: str

    @property
    def text(self) -> str:
        return f"--{self.name} {self.value}".rstrip()


class _File(NamedTuple):
    """A file to read, and the line that asks for it (line 0: nobody's)."""

    path: str
    line: str
    at: Location


@dataclass(slots=True)
class _Found:
    pins: list[Pin] = field(default_factory=list)
    loose: list[Loose] = field(default_factory=list)
    local: list[Local] = field(default_factory=list)
    unfollowed: list[Aside] = field(default_factory=list)
    unreadable: list[Aside] = field(default_factory=list)
    options: list[Aside] = field(default_factory=list)
    includes: list[_File] = field(default_factory=list)
    bytes: int = 0
    lines: int = 0
    cut: bool = False

    def add(self, other: _Found) -> None:
        self.pins += other.pins
        self.loose += other.loose
        self.local += other.local
        self.unfollowed += other.unfollowed
        self.unreadable += other.unreadable
        self.options += other.options
        self.lines += other.lines

    def add_requirement(self, item: Pin | Loose | Local | Aside) -> None:
        if isinstance(item, Pin):
            self.pins.append(item)
        elif isinstance(item, Local):
            self.local.append(item)
        elif isinstance(item, Loose):
            self.loose.append(item)
        else:
            self.unfollowed.append(item)

    def frozen(self) -> PinFile:
        return PinFile(
            pins=tuple(self.pins),
            loose=tuple(self.loose),
            local=tuple(self.local),
            unfollowed=tuple(self.unfollowed),
            unreadable=tuple(self.unreadable),
            options=tuple(self.options),
        )


def is_list(data: bytes, *, named_so: bool) -> bool:
    """Say whether installers could take a file for a list, by what it holds.

    They refuse all of a file for one line that they cannot read. So only a file that is
    ``named_so`` may have some, and then fewer of them than of others; and a line must say more
    than a bare word does.
    """
    try:
        text = _decoded(data)
    except _RefusedError:
        if b"\0" in data:
            return False
        text = data.decode("latin-1")  # as pip does where it is the encoding of the locale
    found = _Found()
    says, refused = False, 0
    for count, (_, line) in enumerate(_logical_lines(text), 1):
        try:
            says |= _says(line, found)
        except _NoneError:
            if not named_so:
                return False
            refused += 1
        except _RefusedError:
            says |= "=" in line
        if count >= _LINES:
            break
    return says and refused * 2 <= found.lines


def _says(line: str, found: _Found) -> bool:
    """Say whether a line names what is to be installed, or where from."""
    found.lines += 1
    known = len(found.pins) + len(found.options) + len(found.includes)
    loose = len(found.loose)
    _read_line(line, Location(""), found)
    return (
        known < len(found.pins) + len(found.options) + len(found.includes)
        or any(set("<>=~!") & set(each.text) for each in found.loose[loose:])
        or bool(_INSTALLS.match(line))
    )


def read_requirements(path: str, read: Read, known: Known | None = None) -> PinFile:
    """Return what the requirements file at ``path`` says, and every file it includes.

    Files come in the order in which they are included, each once however often that is, and
    their lines in file order. Whatever the files contain is an entry of the result, never an
    error. What a file says is looked up in ``known``, and added to it.
    """
    known = {} if known is None else known
    found = _Found()
    queue = deque([_File(path, path, Location(path, 0))])
    tried: set[str] = set()
    while queue:
        file = queue.popleft()
        if file.path in tried:
            continue
        if len(tried) >= limits.PIN_FILES:
            why = f"more than the limit of {limits.PIN_FILES} files are included; include fewer"
            found.unreadable.append(_aside(file.line, why, file.at))
            continue
        tried.add(file.path)
        text = _content(file, read, found)
        key = file.path, hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        said: _Found | None = known.get(key)
        if said is None or found.lines + said.lines > _LINES:
            known[key] = said = _said(file.path, text, _LINES - found.lines)
        found.add(said)
        if said.cut:
            del known[key]
            break
        queue.extend(said.includes)
    return found.frozen()


def _said(path: str, text: str, limit: int) -> _Found:
    """Return what one file says by itself, up to so many lines."""
    found = _Found()
    for number, line in _logical_lines(text):
        at = Location(path, number)
        found.lines += 1
        if found.lines > limit:
            why = f"nothing is read after the limit of {_LINES} lines; split the file"
            found.unreadable.append(_aside(line, why, at))
            found.cut = True
            break
        try:
            _read_line(line, at, found)
        except _RefusedError as error:
            found.unreadable.append(_aside(line, error.text, at))
    return found


def _content(file: _File, read: Read, found: _Found) -> str:
    """Return the text of a file; where it has none that can be read, note that and return ""."""
    at = Location(file.path, 0)
    try:
        data = read(file.path)
        if data is not None:
            found.bytes += len(data)
            if found.bytes > _TOTAL_BYTES:
                raise _RefusedError(
                    f"with it the files exceed the limit of {_TOTAL_BYTES} bytes; include fewer"
                )
            return _text(data)
    except SourceError as error:
        found.unreadable.append(_aside(file.path, error.text, at))
        return ""
    why = f"the repository has no file {shorten(file.path)}; add it, or correct the path"
    found.unreadable.append(_aside(file.line, why, file.at))
    return ""


def _aside(text: str, why: str, at: Location) -> Aside:
    """Return a line as a report may show it: without credentials, and not longer than it can."""
    return Aside(_cut(text), why, at)


def _cut(text: str) -> str:
    """Return outside text without credentials; where it is cut, two texts never come out alike."""
    whole = _CREDENTIALS.sub("//", text)
    cut = shorten(whole)
    return (
        cut if cut == whole else f"{cut}, sha256 {hashlib.sha256(whole.encode()).hexdigest()[:32]}"
    )


def _text(data: bytes) -> str:
    """Return the text of a file, decoded as pip does it or not at all.

    pip falls back to the encoding of the locale, so that one file says different things on
    different machines; such a file, and one that names another encoding, is refused.
    """
    if len(data) > limits.PIN_FILE_BYTES:
        raise _RefusedError(
            f"it has {len(data)} bytes, more than the limit of {limits.PIN_FILE_BYTES}; split it"
        )
    if data.startswith(_LFS_POINTER):
        raise _RefusedError("it is a Git LFS pointer and not the file; fetch it with Git LFS")
    text = _decoded(data)
    if "\0" in text:
        raise _RefusedError("it contains NUL bytes and is no text; save it as UTF-8")
    return text


def _decoded(data: bytes) -> str:
    encoding, start = "utf-8", 0
    for mark, name in _MARKS:
        if data.startswith(mark):
            encoding, start = name, len(mark)
            break
    else:
        _refuse_cookie(data)
    try:
        return data[start:].decode(encoding)
    except UnicodeDecodeError as error:
        byte = start + error.start
        raise _RefusedError(f"byte {byte} of it is not {encoding}; save it as UTF-8") from error


def _refuse_cookie(data: bytes) -> None:
    for line in data.split(b"\n", 2)[:2]:
        cookie = _COOKIE.search(line) if line.startswith(b"#") else None
        if cookie is None:
            continue
        name = cookie[1].decode("ascii")
        if name.lower().replace("_", "-") not in ("utf-8", "utf8"):
            raise _RefusedError(f"it names the encoding {shorten(name, 40)}; save it as UTF-8")
        return


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Return the lines that say something, with the number each starts at."""
    for number, line in _joined(text):
        comment = _COMMENT.search(line) if "#" in line else None
        if stripped := (line[: comment.start()] if comment else line).strip():
            yield number, stripped


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Join lines that end in a backslash with the next one, as pip does.

    A comment is never continued, ends a line that is, and is kept apart from what it ends.
    """
    first, pieces = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not comment:
            first = first if pieces else number
            pieces.append(line.strip("\\"))
        elif pieces:
            pieces.append(f" {line}" if comment else line)
            yield first, "".join(pieces)
            pieces = []
        else:
            yield number, line
    if pieces:
        yield first, "".join(pieces)


def _read_line(line: str, at: Location, found: _Found) -> None:
    if len(line) > _LINE_CHARS:
        raise _RefusedError(f"the line exceeds the limit of {_LINE_CHARS} characters; split it")
    if len(line) <= _PARSED_CHARS and (usual := _USUAL.fullmatch(line)):
        hashes = {word.removeprefix("--hash=") for word in usual[4].split()}
        marker = _marker((usual[3] or "").strip())
        pin = Pin(canonicalize_name(usual[1]), usual[2], tuple(sorted(hashes)), marker, at)
        found.pins.append(pin)
        return
    line = _ROOTED.sub(r"\1./", line)
    if variable := _VARIABLE.search(line):
        why = f"it depends on the environment variable {shorten(variable[1], 40)}, unknown here"
        found.unfollowed.append(_aside(line, why, at))
        return
    wanted, rest = _split(line)
    given, words = _options(rest)
    chosen: _Option | None = None
    kept = frozenset(_BUILD_OPTIONS)
    if wanted:
        hashes = {option.value for option in given if option.name == "hash"}
        found.add_requirement(_requirement(wanted, tuple(sorted(hashes)), at))
    elif chosen := _first(given, "editable"):
        # Others than pip take no backslash away: what is written says what either has.
        written = _EDITABLE.match(line) if "\\" in line else None
        folder = _folder(written[1] if written else chosen.value)
        why = "it installs a working tree in place, and no release"
        aside = _aside(chosen.text, why, at)
        found.add_requirement(aside if folder is None else Local(folder, aside.text, at))
    elif chosen := _first(given, "requirement") or _first(given, "constraint"):
        kept = frozenset()
        _include(chosen, at, found)
    else:
        kept = frozenset(_GLOBAL_OPTIONS)
    for option in given:
        if option is chosen or (wanted and option.name == "hash"):
            continue
        if option.name in kept:
            found.options.append(_aside(option.text, "", at))
        elif option.name == "hash":
            why = "the hash belongs to no requirement; put both on one logical line"
            found.unreadable.append(_aside(option.text, why, at))
        else:
            why = "pip ignores this option on this line; put it where it counts, or drop it"
            found.unfollowed.append(_aside(option.text, why, at))
    if words:
        why = "pip ignores what follows the options; put it before them, or on its own line"
        found.unreadable.append(_aside(" ".join(words), why, at))


def _split(line: str) -> tuple[str, str]:
    """Split a line where pip splits it: before the first word that starts with a dash.

    Words are what blanks separate; a tab does not.
    """
    if line.startswith("-"):
        return "", line
    wanted, dash, rest = line.partition(" -")
    return wanted, f"-{rest}" if dash else ""


def _first(given: list[_Option], name: str) -> _Option | None:
    return next((option for option in given if option.name == name), None)


def _options(text: str) -> tuple[list[_Option], list[str]]:
    """Return the options in ``text`` in their order, and the words that belong to none."""
    if not text:
        return [], []
    from optparse import Values

    words = _shell_words(text)
    if len(words) > _WORDS:
        raise _RefusedError(f"the line has more than the limit of {_WORDS} words; split it")
    given: list[_Option] = []
    _, rest = _option_parser().parse_args(words, Values({"given": given}))
    return [_checked(option) for option in given], rest


def _shell_words(text: str) -> list[str]:
    """Split options into words as a shell does.

    Without quotes that is to split at blanks. ``shlex`` takes quadratic time for a long word.
    """
    import shlex

    if not _QUOTING.search(text):
        return [word for word in _SHELL_BLANKS.split(text) if word]
    if len(text) > _PARSED_CHARS:
        raise _RefusedError(
            f"quoted options exceed the limit of {_PARSED_CHARS} characters; leave quotes out"
        )
    try:
        return shlex.split(text)
    except ValueError as error:
        raise _NoneError("a quote or a backslash in the options is not closed") from error


@cache
def _option_parser() -> OptionParser:
    """Return a parser of the options pip knows in these files, with pip's abbreviations."""
    from optparse import OptionParser

    class Parser(OptionParser):
        def error(self, msg: str) -> NoReturn:
            raise _NoneError(f"pip refuses its options: {shorten(msg)}; correct or drop them")

    def note(_: Any, __: str, value: str | None, parser: Any, name: str) -> None:
        parser.values.given.append(_Option(name, value or ""))

    parser = Parser(add_help_option=False)
    for name, (valued, others) in _OPTIONS.items():
        parser.add_option(
            *(f"--{name}", *others),
            action="callback",
            callback=note,
            callback_args=(name,),
            type="string" if valued else None,
        )
    return parser


def _checked(option: _Option) -> _Option:
    """Return ``option`` if its value is one pip can use, a hash in lower case.

    pip takes a hash of any form and then finds no file that has it. Which features
    ``--use-feature`` names changes with every pip, so any is taken here.
    """
    name, value = option
    if name == "hash":
        algorithm, _, digest = value.partition(":")
        value = f"{algorithm}:{digest.lower()}"
        if not _HASH.fullmatch(value):
            raise _RefusedError(
                f"{shorten(value)} is no hash; write sha256:, sha384: or sha512: and all hex digits"
            )
        return _Option(name, value)
    if name == "config-settings" and "=" not in value:
        raise _RefusedError(f"the setting {shorten(value)} has no value; write it as key=value")
    if name in _NAME_LISTS and value.startswith("-"):
        raise _RefusedError(f"--{name} needs names and not {shorten(value)}; write them behind it")
    return option


def _include(option: _Option, at: Location, found: _Found) -> None:
    if _INCLUDE_URL.match(option.value):
        why = "it includes a file from elsewhere"
        found.unfollowed.append(_aside(option.text, why, at))
        return
    if len(option.value) > limits.PATH_CHARS:
        raise _RefusedError(f"its path exceeds the limit of {limits.PATH_CHARS} characters")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(at.path), option.value))
    if path == ".." or path.startswith(("/", "../")):
        raise _RefusedError(
            f"{shorten(option.value)} stands outside the repository; include a file within it"
        )
    found.includes.append(_File(path, option.text, at))


def _requirement(text: str, hashes: tuple[str, ...], at: Location) -> Pin | Loose | Local | Aside:
    """Return what a requirement says; an ``Aside`` is one that is not followed."""
    if len(text) > _PARSED_CHARS:
        raise _RefusedError(f"it exceeds the limit of {_PARSED_CHARS} characters; shorten it")
    url = _is_url(text)
    named, _, condition = text.partition("; " if url else ";")
    named = named.strip()
    marker = _marker(condition.strip())
    placed = _PLACED.fullmatch(named)
    place = placed[1] if placed else named
    if _is_path(place) or place.startswith("file:"):
        path = _path_of(place)
        if path is not None:
            return Local(path, _cut(text), at)
    if url:
        return _at_url(named, "", hashes, marker, at) or _elsewhere(text, "URL", at)
    if _is_archive(named):
        path = _path_of(named)
        return _elsewhere(text, "local file", at) if path is None else Local(path, _cut(text), at)
    requirement = _parsed(named)
    if requirement is None:
        return _elsewhere(text, "local path", at)
    if requirement.url is not None:
        found = _at_url(requirement.url, requirement.name, hashes, marker, at)
        return found or _elsewhere(text, "URL", at)
    return _named(requirement, text, hashes, marker, at)


def _elsewhere(text: str, what: str, at: Location) -> Aside:
    return _aside(text, f"it stands for a {what}, and no release of an index", at)


def _at_url(url: str, name: str, hashes: tuple[str, ...], marker: str, at: Location) -> Pin | None:
    """Return the one file that a URL stands for, where its own hash says which that is.

    The first hash in the URL counts, as for pip (``pip/_internal/models/link.py``), and those of
    the options beside it are others that it takes.
    """
    from packaging.utils import parse_sdist_filename, parse_wheel_filename

    address, _, fragment = url.partition("#")
    said = _URL_HASH.search(f"#{fragment}")
    if said is None or not _HASH.fullmatch(digest := f"{said[1]}:{said[2].lower()}"):
        return None
    file = unquote(urlsplit(address).path.rpartition("/")[2])
    try:
        if file.endswith(".whl"):
            called, version = parse_wheel_filename(file)[:2]
        elif file.endswith(".tar.gz"):
            called, version = parse_sdist_filename(file)
        else:
            return None
    except ValueError:
        return None
    if name and canonicalize_name(name) != called:
        return None
    allowed = tuple(sorted({digest, *hashes}))
    return Pin(called, str(version), allowed, marker, at, _cut(address))


def _named(
    requirement: Requirement, text: str, hashes: tuple[str, ...], marker: str, at: Location
) -> Pin | Loose | Aside:
    from packaging.version import Version

    name = canonicalize_name(requirement.name)
    extras = tuple(sorted({canonicalize_name(each) for each in requirement.extras}))
    specifiers = list(requirement.specifier)
    if any(each.operator == "===" for each in specifiers):
        if len(specifiers) > 1:
            # Some releases of pip take the comma for part of the text.
            raise _RefusedError("pip ignores or refuses what stands beside ===; write one version")
        # It compares as text: of the releases that are equal to a version, one that is written so.
        version = specifiers[0].version
        if not _is_version(version):
            return _aside(text, "=== compares versions as text, so it names no one release", at)
        return Pin(name, version, hashes, marker, at, extras=extras)
    exact = [
        each.version
        for each in specifiers
        if each.operator == "==" and not each.version.endswith(".*")
    ]
    try:
        versions = {Version(each) for each in exact}
        if len(versions) == 1 and requirement.specifier.contains(exact[0], prereleases=True):
            return Pin(name, exact[0], hashes, marker, at, extras=extras)
    except ValueError as error:  # numbers longer than Python converts
        raise _RefusedError("its version is none that can be compared; correct it") from error
    return Loose(name, _cut(text), at, marker)


def _is_version(text: str) -> bool:
    from packaging.version import Version

    try:
        Version(text)
    except ValueError:
        return False
    return True


def _is_url(text: str) -> bool:
    try:
        return urlsplit(text).scheme in _URL_SCHEMES
    except ValueError as error:
        raise _RefusedError("its URL cannot be taken apart; correct it") from error


@lru_cache(1_000)
def _marker(text: str) -> str:
    """Return the marker ``text`` as it is written in one way; pip takes an empty one as none.

    A backslash in a marker is refused, though pip takes it as an escape of Python: no marker
    needs one, and what it compares with would not be what is written.
    """
    from packaging.markers import Marker

    if not text:
        return ""
    if text.count("(") > _NESTING:
        raise _RefusedError(f"its marker has more than the limit of {_NESTING} parentheses")
    if "\\" in text:
        raise _RefusedError("its marker has a backslash in it; write what it stands for")
    try:
        return str(Marker(text))
    except ValueError as error:
        raise _NoneError(f"{shorten(text)} is no environment marker; correct it") from error


def _parsed(text: str) -> Requirement | None:
    """Return the requirement ``text``, or None if pip would look for a folder of that name."""
    from packaging.requirements import Requirement

    try:
        return Requirement(text)
    except ValueError as error:
        if _is_path(text):
            return None
        raise _NoneError("it is no requirement, URL or path; write it as name==version") from error


def _folder(text: str) -> str | None:
    """Return the folder in the repository that a path, a URL or a named URL stands for.

    ``None`` for an archive, and for what lies elsewhere.
    """
    path = _path_of(text)
    return None if path is None or path.lower().endswith(_ARCHIVES) else path


def _path_of(text: str) -> str | None:
    """Return the path that a path, a URL or a named URL stands for, if it can be followed."""
    named, at, url = text.partition("@")
    if at and url.strip().startswith("file:") and not _is_path(named):
        text = url.strip()
    text = text.partition("#")[0]
    if text.startswith("file:"):
        text = text.removeprefix("file:").removeprefix("//localhost")
        if text.startswith("//"):
            return None
    elif ":" in text:
        return None
    if text.endswith("]"):
        text = text.rpartition("[")[0]
    text = text.strip()
    return None if not text or text.startswith(("/", "~")) else text


def _is_path(text: str) -> bool:
    return "/" in text or text.startswith(".")


def _is_archive(text: str) -> bool:
    """Return whether pip takes ``text`` for a file, by the end of its name.

    That comes before it is read as a requirement: ``acme.zip`` is a valid name.
    """
    if text.endswith("]"):
        path, _, extras = text[:-1].rpartition("[")
        text = path.rstrip() if path and extras and "]" not in extras else text
    if not text.lower().endswith(_ARCHIVES):
        return False
    before, at, _ = text.partition("@")
    return not at or _is_path(before)
