"""Where reports go: standard output, and files that are written whole or not at all."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO

import msgspec

from stigmem_review.document.parts import Report
from stigmem_review.errors import ReportError, UsageError, reason
from stigmem_review.model import Gap
from stigmem_review.report import FORMATS, Format, all_gaps, render, without_source
from stigmem_review.text import shorten
from stigmem_review.verdict import Verdict

if TYPE_CHECKING:
    from stigmem_review.report.blocks import Detail
    from stigmem_review.report.subjects import AnyReport
    from stigmem_review.sources.disk import Watch


Colour = Literal["auto", "always", "never"]

_WIDEST = 100
"""Lines longer than this are hard to read, however wide the terminal is."""

_PLAIN = {
    "→": "->",
    "·": "-",
    "⛔": "[x]",
    "🟡": "[!]",
    "✅": "[ok]",
    "❔": "[?]",
}
"""What stands for the characters of ours that a stream may not have."""


class Target(msgspec.Struct, frozen=True):
    """A file to write a report to, and its format."""

    form: Format
    path: Path


def format_name(text: str) -> str:
    """Return the name of a format by what people call it."""
    return {"md": "markdown"}.get(text, text)


def target(text: str) -> Target:
    """Read ``FORMAT=PATH``."""
    name, equals, path = text.partition("=")
    form = next((form for form in FORMATS if form == format_name(name)), None)
    if form is None or not equals or not path:
        from stigmem_review.cli.mistakes import near

        if not equals:
            # A path alone: what its name ends with says which format was meant.
            name, path = format_name(Path(text).suffix[1:]), text
        close = near(name, FORMATS) if path else []
        raise argparse.ArgumentTypeError(
            f"{shorten(text)} is not FORMAT=PATH"
            + (f"; did you mean {close[0]}={shorten(path, 120)}?" if close else "")
            + ("" if close else f" with a format of {', '.join(FORMATS)}")
        )
    return Target(form, writable(path))


def writable(path: str) -> Path:
    """Read the path of a file that is to be written, which has to be possible."""
    try:
        resolved = Path(os.path.realpath(path))
        folder, exists = resolved.parent.is_dir(), _exists(resolved)
        is_folder, is_special = resolved.is_dir(), exists and not resolved.is_file()
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(
            f"{shorten(path)} cannot be written to: {reason(error)}"
        ) from None
    if not folder:
        raise argparse.ArgumentTypeError(f"there is no directory {resolved.parent} to write to")
    if is_folder:
        raise argparse.ArgumentTypeError(f"{path} is a directory; name a file in it")
    # A file is put in the place of the one that is there, which its directory has to allow.
    place = resolved if is_special else resolved.parent
    if not os.access(place, os.W_OK):
        raise argparse.ArgumentTypeError(f"{place} may not be written to; name another place")
    return resolved


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def finish(
    report: AnyReport,
    verdict: Verdict,
    options: argparse.Namespace,
    watch: Watch,
    more: Sequence[tuple[Path, str]] = (),
) -> int:
    """Write every file, print the report, and return the exit code of its verdict.

    ``more`` are files to write besides, with what they hold.

    Raises ``UsageError`` where two reports would land in one file, or one over a file that was
    read, by whatever name; nothing is written then. ``ReportError`` where one cannot be written.
    """
    targets: list[Target] = options.output
    page = _page(targets) if options.open else None
    if page is not None and page not in targets:
        targets = [*targets, page]
    paths = [*(each.path for each in targets), *(path for path, _ in more)]
    for path in paths:
        if name := watch.name_of(path):
            raise UsageError(
                f"the report would be written over what it is about: {path} is {name}; give "
                "it a file of its own"
            )
    if len({*paths}) < len(paths):
        raise UsageError("two reports are to be written to the same file; give each its own")
    failure: ReportError | None = None
    detail = detail_of(options)
    shown = ((each, for_format(report, each.form, options)) for each in targets)
    written = ((each.path, render(one, each.form, detail=detail)) for each, one in shown)
    texts = chain(written, more)
    for path, text in texts:
        try:
            write_file(path, text)
        except ReportError as error:
            failure = failure or error
    # A review that could not read a release has nothing to print but its gaps.
    gaps_alone = isinstance(report, Report) and not report.plugin
    is_silent = options.quiet and verdict.exit_code == 0
    if not is_silent and (options.format != "text" or not gaps_alone):
        one = for_format(report, options.format, options)
        _print(one, options.format, detail, options.color)
    if isinstance(report, Report) or options.format not in ("text", "github"):
        say_gaps(all_gaps(report))
    if failure:
        sys.stdout.flush()
        raise failure
    if page is not None:
        from stigmem_review.cli.browser import open_page

        open_page(page.path)
    return verdict.exit_code


def wants_code(options: argparse.Namespace) -> bool:
    """Say whether a report is to have what differs of the code: HTML has it folded."""
    forms = (options.format, *(each.form for each in options.output))
    return getattr(options, "code", False) or options.open or "html" in forms


def for_format(report: AnyReport, form: Format, options: argparse.Namespace) -> AnyReport:
    """Return a report as a format has it: only HTML has code that nobody asked for."""
    is_asked = form == "html" or getattr(options, "code", False)
    return report if is_asked else without_source(report)


def _page(targets: Sequence[Target]) -> Target:
    """Return the file of HTML among those that are written, or a new one."""
    for each in targets:
        if each.form == "html":
            return each
    from stigmem_review.cli.browser import new_page

    return Target("html", new_page())


def detail_of(options: argparse.Namespace) -> Detail:
    """Return how much options ask for."""
    if options.brief:
        return "brief"
    return "all" if options.all or options.verbose else "usual"


def _print(report: AnyReport, form: Format, detail: Detail, colour: Colour) -> None:
    stream = sys.stdout
    shown = in_colour(colour, stream, os.environ)
    put(render(report, form, width=width_of(stream), colour=shown, detail=detail), stream)


def in_colour(wanted: Colour, stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Say whether a stream gets colours.

    What is asked for counts first, then ``NO_COLOR`` and ``FORCE_COLOR`` where they say something
    (no-color.org, force-color.org), and else whether it is a terminal that has some.
    """
    if wanted != "auto":
        return wanted == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int:
    """Return how wide lines are: as the terminal is, up to what can be read."""
    if not stream.isatty():
        return 80
    import shutil

    return min(shutil.get_terminal_size().columns, _WIDEST)


def put(text: str, stream: TextIO) -> None:
    """Write a text to a stream, with other characters for those that its encoding has not."""
    encoding = stream.encoding or "ascii"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        text = "".join(_as_it_can(each, encoding) for each in text)
    stream.write(text)


def _as_it_can(character: str, encoding: str) -> str:
    try:
        character.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return _PLAIN.get(character, "?")
    return character


@contextlib.contextmanager
def waiting(what: str, stream: TextIO | None, *, quiet: bool = False) -> Iterator[None]:
    """Say on a terminal, each second from the first, that something goes on; then take it away."""
    if quiet or stream is None or not stream.isatty():
        yield
        return
    import threading

    ended = threading.Event()

    def show() -> None:
        seconds = 0
        while not ended.wait(1):
            seconds += 1
            with contextlib.suppress(OSError):
                stream.write(f"\r{what}: {seconds} s")
                stream.flush()
        if seconds:
            with contextlib.suppress(OSError):
                stream.write(f"\r{' ' * len(f'{what}: {seconds} s')}\r")
                stream.flush()

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def say_gaps(gaps: Iterable[Gap]) -> None:
    """Print what could not be reviewed, a line each, on standard error."""
    for gap in gaps:
        # The exit code says it too, where nothing can be said.
        with contextlib.suppress(OSError):
            print(f"stigmem-review: incomplete: {gap}", file=sys.stderr)


def write_file(path: Path, text: str) -> None:
    """Write a file so that it is there as a whole or not at all.

    What exists and is no ordinary file, such as ``/dev/stdout`` or a pipe, is written to.
    """
    # A name of its own, so that nothing is in its way, and short, so that it can be had wherever
    # the file's can; the umask decides who may read it, as for any other file.
    temporary = path.with_name(f".stigmem-review-{os.urandom(8).hex()}")
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8", newline="\n") as handle:
                handle.write(text)
            return
        try:
            with temporary.open("x", encoding="utf-8", newline="\n") as handle:
                handle.write(text)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}; the report was not written there") from None
