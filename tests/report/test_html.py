"""HTML: one file that asks nobody for anything, and what its pictures say."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from stigmem_review import host, review
from stigmem_review.document.parts import Report
from stigmem_review.model import FileDiff, Hunk
from stigmem_review.report import render
from stigmem_review.report.html.code import side_by_side
from stigmem_review.report.html.pictures import Path as Way
from stigmem_review.report.html.pictures import Step, of_review
from support.bumped import Setting
from support.command import run
from support.listed import KINDS, approved
from support.plugins import plugin, write_wheel
from support.stories import CASES, report_of

VOID = {"meta", "wbr", "rect", "br", "col"}


class Document(HTMLParser):
    """Reads a document; what is not closed in order is an error."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "href":
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_one_file_without_scripts_whose_links_stay_in_it(kind: str, tmp_path: Path) -> None:
    text = render(KINDS[kind](tmp_path), "html")
    assert text.isascii()
    document = Document(text)
    assert not document.tags & {"script", "link", "img", "iframe", "object", "form", "a:href"}
    assert not {each for each in document.attributes if each.startswith("on")}
    assert not document.attributes & {"src", "style", "srcset", "action"}
    assert "url(" not in text
    assert "@import" not in text
    assert all(link.startswith("#") for link in document.links)
    assert {link[1:] for link in document.links} <= {*document.ids}
    assert len(set(document.ids)) == len(document.ids)


def ways(report: Report) -> dict[str, Way]:
    return {each.name: each for each in of_review(report).paths}


def step(report: Report, hook: str) -> Step:
    [found] = [one for way in ways(report).values() for one in way.steps if one.hook == hook]
    return found


def story(name: str) -> Report:
    return review(str(CASES / name / "old"), str(CASES / name / "new"))


def test_every_hook_of_every_node_is_on_one_path_and_none_is_left_over() -> None:
    report = story("quiet-gain")
    hooks = [one.hook for way in ways(report).values() for one in way.steps]
    assert sorted(hooks) == sorted(host.node().hooks)
    assert "Other" not in ways(report)


def test_a_hook_that_the_node_does_not_have_is_on_a_path_of_its_own(tmp_path: Path) -> None:
    release = write_wheel(tmp_path, plugin(hooks={"made_up": "audit"}))
    found = ways(review("none", str(release)))["Other"]
    assert [(each.hook, each.becomes) for each in found.steps] == [("made_up", "new")]


def test_a_path_says_what_becomes_of_a_hook() -> None:
    gained = step(story("quiet-gain"), "pre_recall_authorize")
    assert (gained.becomes, gained.power, gained.old) == ("new", "deny", ())
    assert step(story("quiet-gain"), "post_assert_audit").becomes == "stays"
    swapped = step(story("swapped-handler"), "recall_filter")
    assert swapped.becomes == "changed"
    assert swapped.old != swapped.new
    assert step(story("decision-dropped"), "pre_recall_authorize").becomes == "changed"
    gone = review(str(CASES / "quiet-gain" / "new"), str(CASES / "quiet-gain" / "old"))
    assert step(gone, "pre_recall_authorize").becomes == "gone"


USED = """
def audit(ctx, **_):
    ctx.get_facts_reader()
    return None
"""


def test_capabilities_are_declared_before_or_now_and_used(tmp_path: Path) -> None:
    old = write_wheel(tmp_path / "old", plugin(capabilities=("recall.read",)))
    new = plugin(version="1.1.0", capabilities=("audit.read",), handlers=USED)
    report = review(str(old), str(write_wheel(tmp_path / "new", new, version="1.1.0")))
    found = {
        each.name: (each.before, each.now, each.used) for each in of_review(report).capabilities
    }
    assert found == {
        "facts.read": (False, False, True),
        "recall.read": (True, False, False),
        "audit.read": (False, True, False),
    }


def test_what_is_reached_stands_by_when_it_runs_and_what_is_new_is_named(tmp_path: Path) -> None:
    url = "import requests\nrequests.get('https://a.example')\n"
    new = f"{url}\n\ndef audit(ctx, **_):\n    requests.get('https://b.example')\n"
    sides = [
        str(write_wheel(tmp_path / name, plugin(handlers=text), version="1.0.0"))
        for name, text in (("old", f"{url}\n\ndef audit(ctx, **_):\n    pass\n"), ("new", new))
    ]
    drawn = of_review(review(*sides))
    [row] = drawn.reach
    assert drawn.whens == ("at import", "on requests")
    found = {when: [(one.to, one.is_new) for one in cell] for when, cell in row.cells.items()}
    assert found == {"at import": [("a.example", False)], "on requests": [("b.example", True)]}


WHERE = """
import requests


def audit(ctx, **_):
    requests.get("https://a.example" if ctx else ctx.place)
"""


def test_what_is_reached_besides_what_can_be_read_is_said_and_nothing_else(tmp_path: Path) -> None:
    release = write_wheel(tmp_path, plugin(handlers=WHERE))
    reached = {each.kind: each.cells for each in of_review(review("none", str(release))).reach}
    assert {one.to for one in reached["network"]["on requests"]} == {
        "a.example",
        "requests: not known where to",
    }
    [row] = of_review(story("quiet-gain")).reach
    assert {one.to for one in row.cells["on requests"]} == {"ledger.example", "urllib.request"}


def test_signers_stand_side_by_side(tmp_path: Path) -> None:
    old, new = of_review(report_of("signer-rotated", tmp_path)).signed
    assert [name for name, _ in old.signers] == ["ada@acme.example"]
    assert [name for name, _ in new.signers] == ["grace@acme.example"]
    assert (old.signed_at, new.signed_at) == ("2025-03-04T12:00:00Z", "2025-03-11T09:30:00Z")


def test_an_approval_fills_its_time(tmp_path: Path) -> None:
    words = Document(render(approved(tmp_path), "html")).words
    assert "Approvals in time" in words
    assert "Mara Lind approved SPR301 capability-added: CHG-4711" in words


def test_what_was_not_read_is_said_where_it_would_be_drawn(tmp_path: Path) -> None:
    old = write_wheel(tmp_path / "old", plugin())
    new = plugin(version="1.1.0")
    new["demo_plugin/manifest.py"] = "import os\nplugin_manifest = eval(os.environ['X'])\n"
    report = review(str(old), str(write_wheel(tmp_path / "new", new, version="1.1.0")))
    assert "Not drawn, because it is not known: the manifest of the new" in " ".join(
        Document(render(report, "html")).words.split()
    )


def test_lines_that_replace_others_stand_beside_them() -> None:
    lines = (" a", "-b", "-c", "+d", " e", "+f", "-g")
    [piece] = side_by_side(FileDiff("x.py", "changed", (Hunk(3, 4, lines),))).pieces
    found = [
        (row.kind, row.old.number, row.old.text, row.new.number, row.new.text) for row in piece
    ]
    assert found == [
        ("same", 3, "a", 4, "a"),
        ("changed", 4, "b", 5, "d"),
        ("gone", 5, "c", 0, ""),
        ("same", 6, "e", 6, "e"),
        ("come", 0, "", 7, "f"),
        ("gone", 7, "g", 0, ""),
    ]


def test_only_html_has_code_that_nobody_asked_for(tmp_path: Path) -> None:
    sides = [CASES / "quiet-gain" / side for side in ("old", "new")]
    more = ("--output", f"html={tmp_path / 'page.html'}", "--isolated")
    plain = run("diff", *sides, "--format", "json", "--isolated")
    done = run("diff", *sides, "--format", "json", *more)
    assert done == plain
    page = (tmp_path / "page.html").read_text()
    assert "The code that differs" in page
    assert "def blocked() -&gt; set[str]:" in page


def test_a_bump_has_the_code_of_each_plugin_and_what_shards_give_says_that_it_has_none(
    tmp_path: Path,
) -> None:
    setting = Setting(tmp_path)
    commits = [setting.commit(version) for version in ("1.0.0", "1.1.0")]
    folders = ("--repository", setting.deployment.folder, "--artifacts", setting.wheels)
    bumped, page = ("bump", *commits, *folders), tmp_path / "page.html"
    plain = run(*bumped, "--format", "json")
    assert run(*bumped, "--format", "json", "--output", f"html={page}") == plain
    assert "<code>demo_plugin/manifest.py</code>" in page.read_text()
    missing = "It is not in this report, as in one that was put together from shards"
    assert missing not in page.read_text()

    shard = tmp_path / "shard.json"
    run(*bumped, "--shard", "1/1", "--output", f"json={shard}", "--output", f"html={page}")
    assert missing in page.read_text()
    assert run("merge", shard, "--output", f"html={page}").returncode == 1
    assert missing in page.read_text()


def test_in_brief_it_is_the_first_screen_alone() -> None:
    report = story("quiet-gain")
    whole = Document(render(report, "html"))
    brief = Document(render(report, "html", detail="brief"))
    assert "can deny a recall" in brief.words
    assert "stigmem-review approve" in brief.words
    assert "stigmem-review rules show SPR808" in whole.words
    for words in ("What was found", "Where it acts", "stigmem-review rules show SPR808"):
        assert words not in brief.words
    assert not brief.links[1:]


def test_a_browser_is_shown_the_report(tmp_path: Path) -> None:
    seen, sides = tmp_path / "seen", [CASES / "quiet-gain" / side for side in ("old", "new")]
    viewer = tmp_path / "viewer"
    viewer.write_text(f'#!/bin/sh\nprintf %s "$1" >{seen}\n')
    viewer.chmod(0o755)
    page = tmp_path / "page.html"
    command = [sys.executable, "-m", "stigmem_review", "diff", *sides, "--isolated", "--open"]
    for more in ([], ["--output", f"html={page}"]):
        done = subprocess.run(
            [*map(str, command), *more],
            env={"BROWSER": f"{viewer} %s", "TMPDIR": str(tmp_path), "PATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        [path] = re.findall("the report is (.*)", done.stderr)
        assert Path(path).read_text().startswith("<!doctype html>")
        assert seen.read_text() == Path(path).as_uri()
    assert path == str(page)


def test_without_a_browser_the_path_is_said(tmp_path: Path) -> None:
    sides = [str(CASES / "quiet-gain" / side) for side in ("old", "new")]
    done = subprocess.run(
        [sys.executable, "-m", "stigmem_review", "diff", *sides, "--isolated", "--open"],
        env={"BROWSER": "/nothing %s", "TMPDIR": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no browser could be started" in done.stderr
    [page] = tmp_path.glob("stigmem-review-*.html")
    assert f"the report is {page}" in done.stderr
