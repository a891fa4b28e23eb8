"""Findings carry the lines that they are about, from the files that were reviewed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from stigmem_review import check, limits, review
from stigmem_review.code.written import Written
from stigmem_review.document.evidence import with_evidence
from stigmem_review.model import Location, Side
from stigmem_review.rulebook import Finding
from support.plugins import plugin, write_project, write_wheel


def finding(path: str, line: int = 0, item: str = "", side: Side = "new") -> Finding:
    return Finding("SPR000", "name", "note", item, (), "", "", True, "", Location(path, line), side)


def written(files: Mapping[str, str], *, is_source: bool = False) -> Written:
    places = {f"site-packages/{path}": path for path in files}
    return Written(
        {place: files[path].encode() for place, path in places.items()},
        places,
        {path: place for place, path in places.items()},
        is_source,
    )


def lines(
    old: Mapping[str, str] | None, new: Mapping[str, str] | None, about: Finding
) -> list[str]:
    """Return the lines of a finding about two releases; pieces are set apart."""
    sides: dict[Side, Written] = {
        "old": Written() if old is None else written(old),
        "new": Written() if new is None else written(new),
    }
    [found] = with_evidence((about,), sides)
    if found.evidence is None:
        return []
    pieces = [[*each.lines, "@"] for each in found.evidence.hunks]
    return [line for piece in pieces for line in piece][:-1]


BEFORE = """\
import os


def gate(ctx):
    if ctx:
        return 1
    return 2


def other(ctx):
    return 3
"""


def test_what_changed_in_the_statement_at_the_place_is_shown_old_and_new() -> None:
    after = BEFORE.replace("return 1", "return 7").replace("return 3", "return 9")
    shown = lines({"m.py": BEFORE}, {"m.py": after}, finding("m.py", 4))
    assert shown == [
        *(" import os", " ", " ", " def gate(ctx):", "     if ctx:"),
        *("-        return 1", "+        return 7", "     return 2", " ", " "),
    ]


def test_what_took_the_place_of_a_line_is_shown_with_it() -> None:
    after = BEFORE.replace("import os", "import socket")
    shown = lines({"m.py": BEFORE}, {"m.py": after}, finding("m.py", 1))
    assert shown == ["-import os", "+import socket", " ", " ", " def gate(ctx):"]
    gone = lines({"m.py": BEFORE}, {"m.py": after}, finding("m.py", 1, side="old"))
    assert gone == shown


def test_what_did_not_change_is_shown_with_the_lines_around_it() -> None:
    after = BEFORE.replace("import os", "import socket")
    shown = lines({"m.py": BEFORE}, {"m.py": after}, finding("m.py", 10))
    assert shown == [" ", " ", " def other(ctx):", "     return 3"]


def test_of_a_new_file_the_statement_at_the_place_is_shown() -> None:
    shown = lines({"a.py": ""}, {"a.py": "", "m.py": BEFORE}, finding("m.py", 4))
    assert shown == ["+def gate(ctx):", "+    if ctx:", "+        return 1", "+    return 2"]


@pytest.mark.parametrize("side", ["old", "new"])
def test_where_there_is_no_other_release_nothing_is_new_and_nothing_is_gone(side: Side) -> None:
    one = {"m.py": BEFORE}
    shown = lines(
        one if side == "old" else None,
        one if side == "new" else None,
        finding("m.py", 10, side=side),
    )
    assert shown == [" ", " ", " def other(ctx):", "     return 3"]


def test_of_a_long_statement_all_that_changed_is_there_and_no_more() -> None:
    body = [f"    x = {number}" for number in range(40)]
    after = [*body]
    after[20] = "    evil()"
    old, new = ("\n".join(["def gate():", *each, ""]) for each in (body, after))
    shown = lines({"m.py": old}, {"m.py": new}, finding("m.py", 1))
    assert shown == [
        *(" def gate():", "     x = 0", "     x = 1", "     x = 2", "@"),
        *("     x = 17", "     x = 18", "     x = 19", "-    x = 20", "+    evil()"),
        *("     x = 21", "     x = 22", "     x = 23"),
    ]


METADATA = "Metadata-Version: 2.1\nVersion: {}\nSummary: x\nRequires-Dist: {}\n"


def test_without_a_line_those_that_name_the_item_are_shown() -> None:
    one, two = METADATA.format("1.0", "six"), METADATA.format("1.1", "requests>=2")
    about = finding("METADATA", 0, "requests")
    assert lines({"METADATA": one}, {"METADATA": two}, about) == [
        " Summary: x",
        "-Requires-Dist: six",
        "+Requires-Dist: requests>=2",
    ]
    # Of what it does not name, nothing is shown that it is not about.
    assert lines({"METADATA": one}, {"METADATA": two}, finding("METADATA", 0, "urllib3")) == []


def test_a_finding_about_a_whole_file_shows_what_changed_in_it_or_how_it_begins() -> None:
    about = finding("run.sh", 0, "run.sh")
    assert lines({"a": ""}, {"a": "", "run.sh": "#!/bin/sh\n"}, about) == ["+#!/bin/sh"]
    same = {"run.sh": "".join(f"{number}\n" for number in range(50))}
    assert lines(same, same, about) == [f" {number}" for number in range(6)]


@pytest.mark.parametrize(
    "about",
    [
        finding("m.py", 400),
        finding("other.py", 1),
        finding("/etc/passwd", 1),
        finding("../m.py", 1),
        finding("", 1),
    ],
)
def test_what_is_not_in_the_release_is_not_shown(about: Finding) -> None:
    assert lines({"m.py": "x\n"}, {"m.py": "y\n"}, about) == []


def test_a_path_of_a_release_never_leads_to_a_file_of_this_machine(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("PRIVATE\n")
    name = f"../../../../../..{secret}"
    files = {"m.py": "x\n", name: "x\n"}
    sides: dict[Side, Written] = {"old": written({"m.py": ""}), "new": written(files)}
    found = with_evidence((finding(name, 1), finding(str(secret), 1)), sides)
    assert "PRIVATE" not in str(found)


def test_a_file_that_was_not_kept_is_not_called_new() -> None:
    old = Written({}, {"site-packages/m.py": "m.py"}, {"m.py": "site-packages/m.py"})
    old = msgspec.structs.replace(old, files={"site-packages/a.py": b""})
    [found] = with_evidence((finding("m.py", 1),), {"old": old, "new": written({"m.py": "x\n"})})
    assert found.evidence is not None
    assert found.evidence.hunks[0].lines == (" x",)


def test_long_lines_are_cut_and_say_so() -> None:
    [line] = lines({"m.py": ""}, {"m.py": "x" * 10_000}, finding("m.py", 1))
    assert len(line) < 350
    assert line.endswith(" more characters)")


def test_there_is_a_limit_to_the_lines_of_one_finding_and_they_are_counted() -> None:
    source = "def f():\n" + "".join(f"    x{number}\n" for number in range(150))
    sides: dict[Side, Written] = {"old": written({"a": ""}), "new": written({"m.py": source})}
    [found] = with_evidence((finding("m.py", 1),), sides)
    assert found.evidence is not None
    assert sum(len(each.lines) for each in found.evidence.hunks) == limits.EVIDENCE_LINES
    assert found.evidence.more == 151 - limits.EVIDENCE_LINES


def test_many_findings_in_large_files_take_neither_memory_nor_time() -> None:
    text = "".join(f"v{number} = {number}\n" for number in range(15_000))
    files = {f"m{number}.py": f"# {number}\n{text}" for number in range(20)}
    old = {path: source.replace(" = 7", " = 8") for path, source in files.items()}
    sides: dict[Side, Written] = {"old": written(old), "new": written(files)}
    about = tuple(finding(f"m{n % 20}.py", n + 1, "no such") for n in range(2_000))
    start = time.process_time()
    found = with_evidence(about, sides)
    assert time.process_time() - start < 3
    shown = [each.evidence is not None for each in found]
    assert 50 < sum(shown) < limits.EVIDENCES
    # The first are the heaviest.
    assert all(shown[:6])


# What a review and a check hand over


def test_the_same_place_is_found_again_in_a_wheel_an_sdist_and_a_project(tmp_path: Path) -> None:
    old = write_wheel(tmp_path / "old", plugin())
    more = plugin(version="1.1.0", capabilities=("facts.read", "network.outbound"))
    new = write_project(tmp_path / "new", more)
    for one, two, sign in ((old, new, "+"), (new, old, "-")):
        report = review(str(one), str(two))
        names = ("capability-added", "capability-removed")
        [found] = [each for each in report.findings if each.name in names]
        assert found.evidence is not None
        changed = [x for each in found.evidence.hunks for x in each.lines if x[0] == sign]
        assert any("network.outbound" in each for each in changed)


def test_a_check_shows_the_lines_of_a_mistake(tmp_path: Path) -> None:
    project = write_project(tmp_path / "demo", plugin(capabilities=("facts.reed",)))
    report = check(str(project))
    [mistake] = [each for each in report.checked[0].mistakes if each.name == "capability-unknown"]
    assert mistake.evidence is not None
    assert any("facts.reed" in line for line in mistake.evidence.hunks[0].lines)
