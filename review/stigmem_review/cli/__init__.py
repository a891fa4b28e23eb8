"""The command line: arguments in, a report and an exit code out."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import click

from stigmem_review._version import __version__
from stigmem_review.cli.diff import diff
from stigmem_review.cli.manifest import manifest
from stigmem_review.cli.rules import rules
from stigmem_review.cli.schema import schema
from stigmem_review.errors import ReviewError
from stigmem_review.text import clean


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stigmem-review")
def cli() -> None:
    """Review what an upgrade of a Stigmem plugin would be allowed to do, before it is deployed.

    Nothing of what is reviewed is ever executed. Exit codes: 0 the gate is open, 1 something
    needs a decision, 2 the request is wrong, 3 the review is incomplete.
    """


cli.add_command(diff)
cli.add_command(manifest)
cli.add_command(rules)
cli.add_command(schema)


def main() -> NoReturn:
    """Run the command line and exit."""
    try:
        code = cli.main(prog_name="stigmem-review", standalone_mode=False) or 0
    except click.exceptions.Exit as ended:
        code = ended.exit_code
    except click.Abort:
        code = 3
        click.echo("stigmem-review: interrupted", err=True)
    except click.ClickException as error:
        error.show()
        code = 2
    except ReviewError as error:
        click.echo(f"stigmem-review: {clean(str(error))}", err=True)
        code = error.exit_code
    except BrokenPipeError:
        # Whoever read the report stopped reading; what they have is not a whole review.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 3
    except Exception as error:
        click.echo(
            f"stigmem-review: an internal error: {type(error).__name__}: {clean(str(error))}; "
            "please report it",
            err=True,
        )
        code = 3
    sys.exit(code)
