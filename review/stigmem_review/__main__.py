"""The command ``stigmem-review``, and ``python -m stigmem_review``."""


def main() -> None:
    """Run the command line and exit."""
    try:
        # Most of the time until a review begins goes into this import, and it can be interrupted.
        from stigmem_review.cli import main as command

        command()
    except KeyboardInterrupt:
        import os

        os.write(2, b"stigmem-review: interrupted\n")
        os._exit(3)


if __name__ == "__main__":
    main()
