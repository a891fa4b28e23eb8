"""Make out the rules that ship before a review needs them: ``python tests/update_rules.py``.

Writes what each file below ``rules/`` says to ``prepared.json``, a line a rule, found by the digest
of the file. A file that is not there as it stands is parsed in every review that needs it, which is
slower and nothing else. ``--check`` only says whether that is what the file has.
"""

from __future__ import annotations

import argparse
import sys

import msgspec

from stigmem_review.rulebook import shipped_rules
from stigmem_review.rulebook.parsing import parse
from stigmem_review.rulebook.prepared import FILE, Prepared
from stigmem_review.rulebook.rules import RuleFile, parse_rule


def line(each: RuleFile) -> str:
    """Return the digest of a rule file, and what it says."""
    rule = parse_rule(each)
    said = msgspec.json.encode(Prepared(rule, parse(rule))).decode()
    return f'"{each.sha256}":{said}'


def text() -> str:
    """Return what the file of prepared rules has to have."""
    lines = sorted(shipped_rules().rules, key=lambda each: each.id)
    return "{\n" + ",\n".join(map(line, lines)) + "\n}\n"


def update() -> None:
    """Write the file."""
    FILE.write_text(text(), "utf-8", newline="\n")


def main() -> int:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        update()
    elif FILE.read_text("utf-8") != text():
        print(f"{FILE.name} is not what the rules say: run python tests/update_rules.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
