"""Text of a release cannot bend a report, whatever it says."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from stigmem_review import bump, check, cli, review
from stigmem_review.approvals.write import record_text
from stigmem_review.document.parts import Report
from stigmem_review.errors import UsageError
from stigmem_review.pipeline.approve import Wish, propose
from stigmem_review.policy.file import ApprovalsPolicy
from stigmem_review.report import FORMATS, Format, render
from support.plugins import plugin, write_project, write_wheel
from support.repository import Deployment

HOSTILE = [
    "a|b",
    "a`b``c",
    "</details><script>alert(1)</script>",
    "![x](https://evil.example/x.png)",
    "[click](https://evil.example)",
    "@everyone #1 https://evil.example",
    "line one\nline two\r\n# heading",
    "::error::spoofed",
    "##[error]spoofed",
    "\x1b[2J\x1b]8;;https://evil.example\x07x",
    "\u202egnp.exe",
    "zero\u200bwidth\u3164\ufe0f\U000e0100",
    "f\u0430cts.read",
    "```\nfence",
    "&lt;b&gt;$x$ :tada:",
    "\\u{202e}",
    "",
    " ",
]


ANNOTATION = re.compile(
    r"::(error|warning|notice) (file=[^:,]+,)?(line=[0-9]+,)?title=[^:,]+::[^\r\n]*"
)


def hostile_report(text: str, folder: Path) -> Report:
    new = plugin(version="1.1.0", capabilities=("facts.read", text), hooks={text: "audit"})
    old = write_wheel(folder / "old", plugin())
    headers = f"Requires-Python: {' '.join(text.split()) or '>=3'}\n"
    entry_points = (
        "[stigmem.plugins]\ndemo = demo_plugin:plugin_manifest\n[console_scripts]\n"
        f"{' '.join(text.split())} = demo_plugin:main\n"
    )
    return review(
        str(old),
        str(
            write_wheel(
                folder / "new", new, version="1.1.0", headers=headers, entry_points=entry_points
            )
        ),
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_reports_are_printable_and_keep_their_structure(text: str, tmp_path: Path) -> None:
    report = hostile_report(text, tmp_path)
    for form in FORMATS:
        printed = render(report, form)
        allowed = "→·✅🟡⛔❔" if form in ("markdown", "summary") else ""
        odd = [c for c in printed if not (" " <= c <= "~" or c == "\n" or c in allowed)]
        assert odd == []
        # What a runner would take for a command: "::" at the start of a line, "##[" anywhere.
        assert "##[" not in printed
        commands = [line for line in printed.splitlines() if line.lstrip().startswith("::")]
        if form == "github":
            assert commands == printed.splitlines()
            assert len(commands) <= 10
            assert all(map(ANNOTATION.fullmatch, commands))
        else:
            assert commands == []
    assert report.verdict.exit_code == 1


def _is_command(text: str) -> bool:
    return text.startswith("stigmem-review ") and text.count("\n") == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_holds_outside_text_in_code_spans_alone(text: str, tmp_path: Path) -> None:
    parser = MarkdownIt("gfm-like", {"linkify": False})
    tokens = parser.parse(render(hostile_report(text, tmp_path), "markdown"))
    kinds = {each.type for token in tokens for each in (token, *(token.children or ()))}
    assert not kinds & {"link_open", "image", "code_block"}
    fences = [each for each in tokens if each.type == "fence"]
    assert {each.info for each in fences} <= {"diff", "sh"}
    assert all(_is_command(each.content) for each in fences if each.info == "sh")
    html = "".join(
        each.content
        for token in tokens
        for each in (token, *(token.children or ()))
        if each.type in ("html_inline", "html_block")
    )
    assert set(re.findall(r"<[^>]*>", html)) <= {
        "<b>",
        "</b>",
        "<br>",
        "<blockquote>",
        "</blockquote>",
        "<details>",
        "<details open>",
        "</details>",
        "<summary>",
        "</summary>",
    }
    outside = "".join(
        each.content for token in tokens for each in (token.children or ()) if each.type == "text"
    )
    assert "evil.example" not in outside
    assert "everyone" not in outside


SOURCES = [
    *HOSTILE,
    "\n```\n</details>\n\n# Approved\n",
    "\n  ```\n~~~\n````diff\n`````\n",
    "\n::error::spoofed\n ::error::spoofed\n",
    "\n##[error]spoofed\n",
    "\n<!--\n",
    "\n\n    <script>\n\n- x\n\n",
    "\x0c\x0b\x1c\x85\u2028",
    "\tx\ty",
    "x" * 100_000,
    "\x1b[2K\x1b[1A" * 5_000,
]


def hostile_source(text: str, folder: Path, *, code: bool) -> Report:
    """Review a plugin whose new handler has a text in it, as it is and as bytes of no encoding."""
    handlers = f'def audit(ctx, **_):\n    """{text}"""\n    return None\n'
    files: dict[str, str | bytes] = {**plugin(version="1.1.0", hooks={"recall_filter": "audit"})}
    files["demo_plugin/handlers.py"] = handlers.encode("utf-8", "replace")
    odd = b"# coding: latin-1\nx = '\xe9'\n" + text.encode("utf-8", "replace")
    files["demo_plugin/odd.py"] = odd
    files["demo_plugin/odd.sh"] = b"#!/bin/sh\n" + odd
    new = write_wheel(folder / "new", files, version="1.1.0")
    return review(str(write_wheel(folder / "old", plugin())), str(new), code=code)


@pytest.mark.parametrize("code", [False, True])
@pytest.mark.parametrize("text", SOURCES, ids=lambda text: repr(text[:20]))
def test_code_that_is_shown_cannot_bend_a_report(text: str, code: bool, tmp_path: Path) -> None:
    report = hostile_source(text, tmp_path, code=code)
    assert sum(each.evidence is not None for each in report.findings) >= 2
    for form in FORMATS:
        printed = render(report, form)
        allowed = "→·✅🟡⛔❔" if form in ("markdown", "summary") else ""
        assert [c for c in printed if not (" " <= c <= "~" or c == "\n" or c in allowed)] == []
        assert "##[" not in printed
        commands = [line for line in printed.splitlines() if line.lstrip().startswith("::")]
        assert commands == (printed.splitlines() if form == "github" else [])
        assert form == "json" or max(map(len, printed.splitlines())) < 3_000
    markdown = MarkdownIt("gfm-like", {"linkify": False})
    tokens = markdown.parse(render(report, "markdown"))
    headings = [tokens[i + 1].content for i, x in enumerate(tokens) if x.type == "heading_open"]
    assert not any("Approved" in each for each in headings)
    fences = [each for each in tokens if each.type == "fence" and each.info != "sh"]
    assert fences
    assert all(each.info == "diff" for each in fences)
    assert code or all(len(each.content.splitlines()) <= 12 for each in fences)
    html = "".join(
        x.content for t in tokens for x in (t, *(t.children or ())) if x.type.startswith("html_")
    )
    assert "script" not in html
    assert html.count("<details") == html.count("</details>")
    assert "<!--" not in html


@pytest.mark.parametrize("text", ["\ud800", "\x7f", 'a "quoted" name', "back\\slash"])
def test_what_no_encoding_takes_is_shown_with_escapes(text: str, tmp_path: Path) -> None:
    new = plugin(version="1.1.0", capabilities=("facts.read", text), hooks={text: "audit"})
    report = review(
        str(write_wheel(tmp_path / "old", plugin())),
        str(write_wheel(tmp_path / "new", new, version="1.1.0")),
    )
    assert report.verdict.state == "blocked"
    for form in FORMATS:
        printed = render(report, form)
        assert printed.isascii() or form in ("markdown", "summary")
        assert "\x7f" not in printed


def test_look_alikes_are_shown_with_escapes(tmp_path: Path) -> None:
    printed = render(hostile_report("f\u0430cts.read", tmp_path), "text")
    assert "f\\u{430}cts.read" in printed


def test_a_thousand_findings_do_not_hide_the_one_that_matters(tmp_path: Path) -> None:
    old = write_wheel(tmp_path / "old", plugin())
    flood = {f"data_{number}.py": "" for number in range(1000)}
    new = plugin(version="1.1.0", capabilities=("facts.read", "network.outbound"))
    report = review(str(old), str(write_wheel(tmp_path / "new", new, version="1.1.0", extra=flood)))
    assert len(report.findings) > 1000
    for form in ("text", "markdown"):
        printed = render(report, form)
        assert "network.outbound" in printed
        assert len(printed) < 60_000
        assert re.search(r"\d+ more findings", printed)


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_escaped_is_escaped_once(form: Format, tmp_path: Path) -> None:
    entry_points = '[project.entry-points."stigmem.plugins"]\ndemo = "demo_plugin.m\u0430in"\n'
    project = write_project(tmp_path / "project", plugin(), entry_points=entry_points)
    deployment = Deployment(tmp_path / "deployment")
    base = deployment.commit({"requirements.txt": ""})
    head = deployment.commit({"requirements.txt": "./m\u0430in.whl\n"})
    for report in (
        check(str(project)),
        review("none", str(project)),
        bump(base, head, repository=str(deployment.folder)),
    ):
        printed = render(report, form)
        is_json = form in ("json", "sarif", "gitlab")
        shown = printed.replace("\\\\", "\\") if is_json else printed
        assert form == "oneline" or "m\\u{430}in" in shown


def test_what_an_error_says_is_escaped_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", "nothing-\u0441"]) == 2
    assert "nothing-\\u{441}" in capsys.readouterr().err
    with pytest.raises(UsageError, match=r"nothing-\\u\{441\}"):
        check("nothing-\u0441")


def test_what_an_approval_says_is_outside_text_too(tmp_path: Path) -> None:
    """A file of approvals comes from the base, and is no place to write a report in."""
    old = write_wheel(tmp_path, plugin())
    more = plugin(version="1.0.1", capabilities=("network.outbound",))
    new = write_wheel(tmp_path, more, version="1.0.1")
    day = date(2026, 11, 27)
    wish = Wish("a`b|<b>[x](https://evil.example)\u202e", "::error::spoofed ##[error] x")
    proposal = propose(review(str(old), str(new)), wish, day, ApprovalsPolicy())
    assert proposal is not None
    path = tmp_path / "approvals.toml"
    for each in (proposal.record, replace(proposal.record, until=day)):
        path.write_text(record_text(each), "utf-8")
        for today in (day, day + timedelta(days=1)):
            report = review(str(old), str(new), approvals=str(path), today=today)
            for form in FORMATS:
                printed = render(report, form)
                assert form == "oneline" or "evil.example" in printed
                assert "\u202e" not in printed
                assert "##[" not in printed
                lines = [line.lstrip() for line in printed.splitlines()]
                spoofed = [line for line in lines if line.startswith("::error::")]
                assert spoofed == []
            markdown = MarkdownIt("gfm-like", {"linkify": False})
            tokens = markdown.parse(render(report, "markdown"))
            kinds = {each.type for token in tokens for each in (token, *(token.children or ()))}
            assert not kinds & {"link_open", "image", "code_block"}
