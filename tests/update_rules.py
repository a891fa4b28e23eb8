"""Make out the rules that ship before a review needs them: ``python tests/update_rules.py``.

Writes what each file below ``rules/`` says to ``prepared.json``, a line a rule, found by the digest
of the file. A file that is not there as it stands is parsed in every review that needs it, which is
slower and nothing else. ``listed.json`` says which files there are: those of an installed package
are found by it. ``--check`` only says whether that is what both have.
"""

from __future__ import annotations

import argparse
import json
import sys

import msgspec

from stigmem_review.rulebook.parsing import parse
from stigmem_review.rulebook.prepared import FILE, LIST, Prepared
from stigmem_review.rulebook.rules import RuleFile, find_rules, load_rules, parse_rule


def line(each: RuleFile) -> str:
    """Return the digest of a rule file, and what it says."""
    rule = parse_rule(each)
    said = msgspec.json.encode(Prepared(rule, parse(rule))).decode()
    return f'"{each.sha256}":{said}'


def text() -> str:
    """Return what the file of prepared rules has to have."""
    lines = load_rules(find_rules()).rules
    return "{\n" + ",\n".join(map(line, lines)) + "\n}\n"


def listing() -> str:
    """Return what the list of the rules that ship has to have."""
    book = load_rules(find_rules())
    rows = [[each.path, each.sha256, sorted(each.rule.on)] for each in book.rules]
    lines = ",\n".join(json.dumps(row) for row in rows)
    return f'{{"digest":"{book.digest}","rules":[\n{lines}\n]}}\n'


def update() -> None:
    """Write the files."""
    for file, made in ((FILE, text()), (LIST, listing())):
        file.write_text(made, "utf-8", newline="\n")


def main() -> int:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        update()
        return 0
    for file, made in ((FILE, text()), (LIST, listing())):
        if file.read_text("utf-8") != made:
            print(f"{file.name} is not what the rules say: run python tests/update_rules.py")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
