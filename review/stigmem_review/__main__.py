# PYTHON_ARGCOMPLETE_OK
"""The command ``stigmem-review``, and ``python -m stigmem_review``."""

import gc


def _import_msgspec() -> None:
    """Import ``msgspec`` without ``typing_extensions``, which it takes where it finds it.

    It looks there for what every Python that this runs on has in ``typing``, and together with
    ``inspect`` that costs more than the start of an interpreter. Whoever wants it later gets it.
    """
    import sys

    hidden = "typing_extensions"
    if hidden in sys.modules:
        return
    # None is how Python knows of a module that there is none.
    sys.modules[hidden] = None  # type: ignore[assignment]
    try:
        import msgspec  # noqa: F401 - for all that is imported after it
    except ImportError:
        pass  # a release that cannot do without
    finally:
        del sys.modules[hidden]


def collect_seldom() -> None:
    """Let the garbage collector come where there is something to collect.

    A review of small releases ends before that, and the collector took a twentieth of its time.
    What follows names through code leaves cycles behind, 1 MB for two small plugins: a change of
    hundreds of them would hold all of it.
    """
    gc.set_threshold(200_000, 2, 1)


def main() -> None:
    """Run the command line and exit."""
    collect_seldom()
    try:
        # Most of the time until a review begins goes into imports, and they can be interrupted.
        _import_msgspec()
        from stigmem_review.cli import main as command

        command()
    except KeyboardInterrupt:
        import os

        os.write(2, b"stigmem-review: interrupted\n")
        os._exit(3)


if __name__ == "__main__":
    main()
