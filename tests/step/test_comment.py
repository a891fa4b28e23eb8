"""A comment is brought up to date where the token allows it, and never somebody else's."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from stigmem_review.step.comment import MARKER, CommentError, comment
from stigmem_review.step.run import COMMENT, say

ME, OTHER = "github-actions[bot]", "mallory"


class Forge:
    """As much of GitHub as a comment needs: who asks, and the comments of one pull request."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.refuses: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.tokens: set[str | None] = set()
        self.url = ""

    def add(self, author: str, body: str) -> None:
        number = len(self.comments) + 1
        self.comments.append({"id": number, "user": {"login": author}, "body": body})

    def answer(self, method: str, path: str, data: Any) -> tuple[int, Any]:
        path, _, query = path.partition("?")
        self.asked.append((method, path))
        if method in self.refuses:
            return 403, {"message": "Resource not accessible by integration"}
        if path == "/graphql":
            return 200, {"data": {"viewer": {"login": ME}}}
        if (method, path) == ("GET", "/repos/acme/deployment/issues/7/comments"):
            page = int(query.rpartition("=")[2])
            return 200, self.comments[100 * (page - 1) : 100 * page]
        if (method, path) == ("POST", "/repos/acme/deployment/issues/7/comments"):
            self.add(ME, data["body"])
            return 201, self.comments[-1]
        number = int(path.removeprefix("/repos/acme/deployment/issues/comments/"))
        self.comments[number - 1]["body"] = data["body"]
        return 200, self.comments[number - 1]


@pytest.fixture
def forge() -> Iterator[Forge]:
    made = Forge()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            length = int(self.headers["Content-Length"] or 0)
            data = json.loads(self.rfile.read(length)) if length else None
            made.tokens.add(self.headers["Authorization"])
            code, said = made.answer(self.command, self.path, data)
            self.send_response(code)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        do_GET = do_POST = do_PATCH = _do  # noqa: N815 - http.server calls them so

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def job(forge: Forge, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "event").write_text(json.dumps({"pull_request": {"number": 7}}))
    url = forge.url
    return {
        "GITHUB_EVENT_PATH": str(tmp_path / "event"),
        "GITHUB_API_URL": url,
        "GITHUB_GRAPHQL_URL": f"{url}/graphql",
        "GITHUB_REPOSITORY": "acme/deployment",
        "INPUT_TOKEN": "secret",
    }


def bodies(forge: Forge) -> list[tuple[str, str]]:
    return [(each["user"]["login"], each["body"]) for each in forge.comments]


def test_there_is_one_comment_and_it_has_the_newest_report(
    forge: Forge, job: dict[str, str]
) -> None:
    comment("# blocked", job, needed=True)
    assert bodies(forge) == [(ME, f"{MARKER}\n# blocked")]
    comment("# clear", job, needed=False)
    comment("# clear", job, needed=False)
    assert bodies(forge) == [(ME, f"{MARKER}\n# clear")]
    assert [method for method, _ in forge.asked].count("PATCH") == 1
    assert forge.tokens == {"Bearer secret"}


def test_what_needs_no_comment_makes_none(forge: Forge, job: dict[str, str]) -> None:
    comment("# clear", job, needed=False)
    assert bodies(forge) == []


def test_others_comments_are_left_alone(forge: Forge, job: dict[str, str]) -> None:
    theirs = [(OTHER, f"{MARKER}\n# clear"), (ME, f"about {MARKER}")]
    for each in theirs:
        forge.add(*each)
    for number in range(150):
        forge.add(OTHER, str(number))
    before = bodies(forge)
    comment("# blocked", job, needed=True)
    assert bodies(forge) == [*before, (ME, f"{MARKER}\n# blocked")]
    comment("# clear", job, needed=True)
    assert bodies(forge) == [*before, (ME, f"{MARKER}\n# clear")]


@pytest.mark.parametrize("refused", ["GET", "POST", "PATCH"])
def test_a_token_that_may_not_is_said_and_changes_nothing(
    refused: str,
    forge: Forge,
    job: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    forge.add(ME, f"{MARKER}\n# old")
    forge.refuses.add(refused)
    with pytest.raises(CommentError, match="pull-requests: write"):
        comment("# new", job, needed=True)
    (tmp_path / COMMENT).write_text("# new")
    say(tmp_path, job)
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("::notice title=stigmem-review%3A no comment::")
    assert "secret" not in line
    assert bodies(forge) == [(ME, f"{MARKER}\n# old")]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"INPUT_TOKEN": ""}, "no token"),
        ({"GITHUB_GRAPHQL_URL": "http://127.0.0.1:1/graphql"}, "cannot be asked"),
        ({"GITHUB_GRAPHQL_URL": "file:///etc/passwd"}, "where GitHub is"),
    ],
)
def test_what_is_not_there_is_said(
    more: dict[str, str], said: str, job: dict[str, str], forge: Forge
) -> None:
    with pytest.raises(CommentError, match=said):
        comment("# new", job | more, needed=True)
    assert not forge.asked


def test_what_is_no_pull_request_has_no_comment(
    forge: Forge, job: dict[str, str], tmp_path: Path
) -> None:
    for text in ("{}", "[]", "{", json.dumps({"pull_request": {"number": "7; x"}})):
        (tmp_path / "event").write_text(text)
        comment("# blocked", job, needed=True)
    assert not forge.asked
