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


def main() -> None:
    """Run the command line and exit."""
    # This process ends soon, and reviews leave no cycles behind: without the collector hundreds of
    # them hold no more memory, and it took a twentieth of the time of one.
    gc.disable()
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
