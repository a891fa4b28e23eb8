"""A file of approvals: what is in it, and what whoever damaged it is told."""

from __future__ import annotations

import time

import pytest
from msgspec.structs import replace

from stigmem_review import limits
from stigmem_review.approvals.read import parse_approvals
from stigmem_review.approvals.record import Accepted, AcceptedGap, Artifact, Records
from stigmem_review.approvals.write import HEADER, record_text
from stigmem_review.errors import ApprovalsError
from support.approvals import HOOK, NEW, record

GOOD = HEADER + "\n" + record_text(record())
LINE = {text: number for number, text in enumerate(GOOD.splitlines(), 1)}


def refused(text: str | bytes) -> str:
    with pytest.raises(ApprovalsError) as caught:
        parse_approvals(text.encode() if isinstance(text, str) else text, "a.toml")
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


def line_of(start: str) -> int:
    return next(number for text, number in LINE.items() if text.startswith(start))


def test_what_is_written_is_read() -> None:
    gaps = (AcceptedGap("new release", "why"),)
    whole = record(HOOK, node="0.9.0a12", partial=True, incomplete=gaps)
    [read] = parse_approvals(record_text(whole).encode(), "a.toml").releases
    assert read == replace(whole, line=1)


@pytest.mark.parametrize("side", ["old", "new"])
def test_a_side_without_a_release_is_none(side: str) -> None:
    without = record(old=None) if side == "old" else record(new=None)
    assert f'{side} = "none"' in record_text(without)
    [read] = parse_approvals(record_text(without).encode(), "a.toml").releases
    assert getattr(read, side) is None


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"# only a remark\n"])
def test_an_empty_file_has_no_records(data: bytes) -> None:
    assert parse_approvals(data, "a.toml") == Records()


def test_a_byte_order_mark_is_read_over() -> None:
    assert parse_approvals(b"\xef\xbb\xbf" + GOOD.encode(), "a.toml")


def test_windows_line_ends_are_read() -> None:
    assert parse_approvals(GOOD.replace("\n", "\r\n").encode(), "a.toml")


@pytest.mark.parametrize(
    "text",
    [
        '"quoted" and back\\slash',
        "Jürgen Ærø",
        "a\x00b\x1fc",
        "\u202eevil",
        "tab\tend",
        "\U000e0001",
    ],
)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    written = record_text(record(reason=f"CHG {text}"))
    assert all(each.isprintable() or each == "\n" for each in written)
    assert parse_approvals(written.encode(), "a.toml").releases[0].reason == f"CHG {text}"


@pytest.mark.parametrize(
    ("old", "new", "at", "words"),
    [
        ("until = 2027-11-27\n", "", "[[approval]]", "has no `until`, such as until = 2027-11-27"),
        ('plugin = "demo-plugin"\n', "", "[[approval]]", "has no `plugin`"),
        ('sha256 = "aaaa', 'sha265 = "aaaa', "sha256", "unknown key `sha265`; did you"),
        ("reason =", "reasons =", "reason", "unknown key `reasons`; did you mean `reason`?"),
        ("until = 2027-11-27", 'until = "2027-11-27"', "until", "has to be a date"),
        ("until = 2027-11-27", "until = 2027-11-27T10:00:00Z", "until", "has to be a date"),
        ("until = 2027-11-27", "until = 2027-02-30", "until", "Invalid date"),
        ("until = 2027-11-27", "until = 2025-11-27", "until", "before `approved`, 2026-11-27"),
        ('by = "Mara', "by = 4 #", "by", "`by` is 4, and has to be a string"),
        ('reason = "CHG-4711"', 'reason = "  "', "reason", "`reason` is blank; write what"),
        ('"0123456789abcdef"', '"0123"', "fingerprint", "and has to be 16"),
        ("until = ", "partial = 1\nuntil = ", "until", "`partial` is 1, and has to be true or"),
        ("a" * 64, "A" * 64, "sha256", "64 hexadecimal digits in lower case"),
        ("a" * 64, "a" * 63, "sha256", "64 hexadecimal digits"),
        ('rule = "SPR201"\n', "", "[[approval.finding]]", "this finding has no `rule`"),
        ("[approval.old]", "[approval.olds]", "[approval.old]", "unknown key `olds`; did you mean"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(old: str, new: str, at: str, words: str) -> None:
    assert old in GOOD
    said = refused(GOOD.replace(old, new, 1))
    assert said.startswith(f"a.toml:{line_of(at)}: ")
    assert words in said


def test_the_line_is_that_of_the_record_and_of_its_finding() -> None:
    second = record_text(record(HOOK, HOOK, until=record().until))
    before = second.rpartition("0123456789abcdef")[0].count("\n")
    damaged = "0123".join(second.rsplit("0123456789abcdef", 1))
    said = refused(f"{GOOD}\n{damaged}")
    assert said.startswith(f"a.toml:{GOOD.count(chr(10)) + 1 + before + 1}: `fingerprint`")


def test_what_looks_like_a_record_in_a_long_text_is_none() -> None:
    text = GOOD.replace('"CHG-4711"', '"""\n[[approval]]\nuntil = 3\n"""')
    wrong = text.replace("until = 2027-11-27", "until = 5")
    said = refused(wrong)
    assert wrong.splitlines()[int(said.split(":")[1]) - 1] == "until = 5"


@pytest.mark.parametrize("cut", range(len(HEADER) + 10, len(GOOD) - 2, 7))
def test_half_a_file_is_refused_wherever_it_ends(cut: int) -> None:
    said = refused(GOOD[:cut])
    assert "git restore" in said or "approve writes whole records" in said or "has to be" in said


def test_what_a_merge_left_is_named() -> None:
    text = f"<<<<<<< HEAD\n{GOOD}=======\n{GOOD}>>>>>>> other\n"
    assert "keep the records of both" in refused(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[approvals]\nx = 1\n', "a.toml:1: unknown key `approvals`; did you mean `approval`?"),
        ("approval = 3\n", "a.toml:1: `approval` is not a list of tables"),
        (GOOD + "\n[[approvel]]\n", f"a.toml:{GOOD.count(chr(10)) + 2}: unknown key `approvel`"),
        ("\n" + GOOD.replace("[approval.new]", "[approval.x]"), "unknown key `x`"),
    ],
)  # fmt: skip
def test_what_is_no_record_is_refused(text: str, words: str) -> None:
    assert words in refused(text)


def test_a_line_that_is_not_utf_8_is_named() -> None:
    assert refused(GOOD.encode() + b"# \xff\n").startswith(f"a.toml:{GOOD.count(chr(10)) + 1}: ")


def test_a_record_that_accepts_nothing_is_refused() -> None:
    assert "accepts nothing" in refused(GOOD.partition("[[approval.finding]]")[0])


def test_a_record_about_no_release_is_refused() -> None:
    assert "one of them is a release" in refused(record_text(record(old=None, new=None)))


def test_records_that_disagree_about_a_finding_are_refused() -> None:
    other = Accepted("SPR202", HOOK.item, HOOK.fingerprint, "It can deny nothing.")
    said = refused(f"{GOOD}\n{record_text(record(other))}")
    assert f"SPR202 {HOOK.item} here and SPR201 {HOOK.item} in line" in said


def test_records_that_disagree_about_bytes_are_refused() -> None:
    renamed = Artifact(NEW.file, NEW.sha256, "1.0.2")
    assert "are version 1.0.2 here and 1.0.1 in line" in refused(
        f"{GOOD}\n{record_text(record(new=renamed))}"
    )


def test_two_approvals_of_one_finding_agree() -> None:
    again = record_text(record(by="Somebody Else"))
    assert len(parse_approvals(f"{GOOD}\n{again}".encode(), "a.toml").releases) == 2


def test_a_file_without_end_is_refused() -> None:
    assert "take out the records that have ended" in refused(b"#" * (limits.APPROVALS_BYTES + 1))


def test_hundreds_of_records_are_read_in_no_time() -> None:
    text = "\n".join(record_text(record(by=str(number))) for number in range(300))
    started = time.process_time()
    assert [each.line for each in parse_approvals(text.encode(), "a").releases][:2] == [1, 24]
    assert time.process_time() - started < 3
