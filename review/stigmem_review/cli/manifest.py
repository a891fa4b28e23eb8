"""``stigmem-review manifest``."""

from __future__ import annotations

import argparse
from typing import Any

from stigmem_review.cli.output import say_gaps


def add(commands: Any) -> None:
    """Add this command to the command line."""
    about = "print what was read of one release, with its place and how sure it is"
    parser: argparse.ArgumentParser = commands.add_parser(
        "manifest", help=about, description=f"{about.capitalize()}.", allow_abbrev=False
    )
    parser.add_argument("source", metavar="SOURCE", help="a release, as for diff")
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="what is printed (default: %(default)s)",
    )
    parser.add_argument(
        "--node-version",
        metavar="VERSION",
        help="the node it is for (default: the newest that is known)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print one release field by field; 3 where a part of it could not be read."""
    import msgspec

    from stigmem_review import host
    from stigmem_review.model import Gap
    from stigmem_review.pipeline.reading import read
    from stigmem_review.report.manifest import render_manifest
    from stigmem_review.sources.request import understand
    from stigmem_review.text import clean_all

    release = read(understand(options.source), host.node(options.node_version))
    shown: dict[str, Any] = clean_all(msgspec.to_builtins(release))
    if options.format == "json":
        print(msgspec.json.format(msgspec.json.encode(shown), indent=2).decode())
    else:
        print(render_manifest(shown), end="")
    say_gaps(msgspec.convert(shown["gaps"], tuple[Gap, ...]))
    return 3 if release.gaps else 0
