"""The command line: arguments in, a report and an exit code out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any, NoReturn

from stigmem_review._version import __version__
from stigmem_review.errors import ReviewError
from stigmem_review.text import clean

_COMMANDS = (
    "diff",
    "check",
    "node",
    "bump",
    "merge",
    "approve",
    "approvals",
    "confirm",
    "receipt",
    "signer",
    "manifest",
    "rules",
    "policy",
    "init",
    "schema",
    "action",
)
"""The modules of this package that each add a command, in the order that help lists them."""

_DESCRIPTION = """\
Review what an upgrade of a Stigmem plugin would be allowed to do, before it is deployed.
Nothing of what is reviewed is ever executed."""

_CODES = """\
exit codes: 0 the gate is open, 1 something needs a decision, 2 the request is wrong,
3 the review is incomplete"""


_CHECKING = partial(argparse.HelpFormatter, width=80)


class _Parser(argparse.ArgumentParser):
    """A parser that looks how wide the terminal is when it shows something, and not before.

    ``argparse`` makes a formatter to check each option, and each of them looks; with it comes
    ``shutil``, and with that whatever Python can unpack.
    """

    def __init__(self, **more: Any) -> None:
        self._shown = more.pop("formatter_class", argparse.HelpFormatter)
        super().__init__(**more, formatter_class=_CHECKING)

    def format_help(self) -> str:
        """Return the whole help."""
        self.formatter_class = self._shown
        return super().format_help()

    def format_usage(self) -> str:
        """Return how it is used, in short."""
        self.formatter_class = self._shown
        return super().format_usage()

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, and where to read more."""
        self.exit(2, f"stigmem-review: {clean(message)}; see {self.prog} --help\n")


class _Version(argparse.Action):
    """Prints the version, and of which day the trust root is that comes with it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from stigmem_review.signing.taken import root_taken

        print(f"stigmem-review {__version__} (public-good trust root of {root_taken()})")
        parser.exit()


def parser(command: str = "") -> argparse.ArgumentParser:
    """Return the parser of a command, or of the whole command line where it is none.

    What the other commands import would cost each of them half the start of an interpreter.
    """
    top = _Parser(
        prog="stigmem-review",
        description=_DESCRIPTION,
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action=_Version, nargs=0, help="print the version and end")
    commands = top.add_subparsers(prog=top.prog, metavar="COMMAND", required=True)
    needed = (command,) if command in _COMMANDS else () if command == "--version" else _COMMANDS
    for name in needed:
        import_module(f"{__name__}.{name}").add(commands)
    return top


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        options = parser(given[0] if given else "").parse_args(given)
        code: int = options.run(options)
        sys.stdout.flush()
    except ReviewError as error:
        say(error.text)
        return error.exit_code
    except KeyboardInterrupt:
        say("interrupted")
        return 3
    except BrokenPipeError:
        # Whoever read the report stopped reading; what they have is not a whole review.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 3
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        say(f"{what}{error.strerror or error}; the report was not written")
        return 3
    except MemoryError:
        say("there is not enough memory for this review; give it more")
        return 3
    except Exception as error:
        say(f"an internal error: {type(error).__name__}: {error}; please report it")
        return 3
    return code


def say(text: str) -> None:
    """Print one line for a person, on standard error; where that is not to be had, nothing."""
    with suppress(OSError):
        print(f"stigmem-review: {clean(text)}", file=sys.stderr, flush=True)


def main() -> NoReturn:
    """Run the command line and exit."""
    # A stream that the caller has closed is None here; the exit code has to come all the same.
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
    try:
        try:
            code = run()
        except SystemExit as stop:  # of argparse, which has said what there is to say
            code = stop.code if isinstance(stop.code, int) else 0
        sys.stdout.flush()
    except OSError as error:
        say(f"{error.strerror or error}; nothing was printed")
        code = 3
    with suppress(OSError):
        sys.stderr.flush()
    # Taking the interpreter down in order takes twice as long as starting it, and frees what the
    # end of the process frees anyway. Everything is written and flushed here.
    os._exit(code)
