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
from stigmem_review.errors import ReviewError, UsageError
from stigmem_review.text import clean, shorten

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
    "help",
    "action",
)
"""The modules of this package that each add a command, in the order that help lists them."""

_DESCRIPTION = """\
Review what an upgrade of a Stigmem plugin would be allowed to do, before it is deployed.
Nothing of what is reviewed is ever executed."""

_CODES = """\
stigmem-review help COMMAND explains a command.
exit codes: 0 the gate is open, 1 something needs a decision, 2 usage or configuration error,
3 the review is incomplete"""

_VERSION = ("-V", "--version")


_CHECKING = partial(argparse.HelpFormatter, width=80)


class _Parser(argparse.ArgumentParser):
    """A parser that looks how wide the terminal is when it shows something, and not before.

    ``argparse`` makes a formatter to check each option, and each of them looks; with it comes
    ``shutil``, and with that whatever Python can unpack.
    """

    def __init__(self, **more: Any) -> None:
        self._shown = more.pop("formatter_class", argparse.HelpFormatter)
        self._given: tuple[str, ...] = ()
        super().__init__(**more, formatter_class=_CHECKING)

    def format_help(self) -> str:
        """Return the whole help."""
        self.formatter_class = self._shown
        return super().format_help()

    def format_usage(self) -> str:
        """Return how it is used, in short."""
        self.formatter_class = self._shown
        return super().format_usage()

    # The parser of a command is asked this way too, and knows better than the one above it which
    # of its arguments it has no use for.
    def parse_known_args(  # type: ignore[override]  # with overloads for a namespace of one's own
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse all arguments; what is left over is an error."""
        self._given = tuple(sys.argv[1:] if args is None else args)
        parsed, left = super().parse_known_args(args, namespace)
        if left:
            self.error(f"unexpected arguments: {shorten(' '.join(left), 120)}")
        return parsed, left

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            from stigmem_review.cli.mistakes import refused

            self.error(refused(action, str(value), self._given))

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, what was probably meant, and where to read more."""
        from stigmem_review.cli.mistakes import explained

        said = with_help(explained(message, self, self._given), self.prog)
        self.exit(UsageError.exit_code, f"stigmem-review: {clean(said)}\n")


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
    top.add_argument(*_VERSION, action=_Version, nargs=0, help="print the version and end")
    commands = top.add_subparsers(prog=top.prog, metavar="COMMAND", required=True)
    needed = (command,) if command in _COMMANDS else () if command in _VERSION else _COMMANDS
    for name in needed:
        import_module(f"{__name__}.{name}").add(commands)
    return top


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if not given:
            parser().print_help(sys.stderr)
            return UsageError.exit_code
        options = parser(given[0]).parse_args(given)
        code: int = options.run(options)
        sys.stdout.flush()
    except UsageError as error:
        say(with_help(error.text, f"stigmem-review {given[0]}"))
        return error.exit_code
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


def with_help(said: str, command: str) -> str:
    """Return what is wrong with a call, and where to read how it is written."""
    return f"{said}{' See' if said.endswith('?') else '; see'} {command} --help"


def say(text: str) -> None:
    """Print one line for a person, on standard error; where that is not to be had, nothing."""
    with suppress(OSError):
        print(f"stigmem-review: {clean(text)}", file=sys.stderr, flush=True)


def _complete() -> None:
    """Answer the shell that asks how a command line can go on; nothing without the extra."""
    with suppress(ImportError):
        from argcomplete import autocomplete

        autocomplete(parser(), exclude=["action"])


def main() -> NoReturn:
    """Run the command line and exit."""
    # A stream that the caller has closed is None here; the exit code has to come all the same.
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
    try:
        try:
            if "_ARGCOMPLETE" in os.environ:
                _complete()
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
