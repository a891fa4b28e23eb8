"""One comment of a pull request that always has the newest report.

It is known by a marker in it and by its author: a comment that somebody else wrote is never
touched, whatever it says. Where the token may not comment, the report stands in the summary alone.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MARKER = "<!-- stigmem-review -->"

_SECONDS = 20
_PAGES = 30
_RIGHTS = "the token may not do that; give the job the permission pull-requests: write"


class CommentError(Exception):
    """There is no comment, or not the newest; the text says why."""


def comment(markdown: str, environment: Mapping[str, str], *, needed: bool) -> None:
    """Put a report into the comment of the pull request that a run is about, if it is about one.

    A comment is made where it is ``needed``, and brought up to date wherever there is one. Raises
    ``CommentError``.
    """
    number = _number(environment)
    if number is None:
        return
    token = environment.get("INPUT_TOKEN", "")
    if not token:
        raise CommentError("there is no token to comment with")
    api = _Api(environment, token)
    body = f"{MARKER}\n{markdown}"
    mine = _mine(api, number)
    if mine is not None and mine.get("body") != body:
        api.call("PATCH", f"issues/comments/{mine['id']}", {"body": body})
    elif mine is None and needed:
        api.call("POST", f"issues/{number}/comments", {"body": body})


def _number(environment: Mapping[str, str]) -> int | None:
    try:
        event = json.loads(Path(environment.get("GITHUB_EVENT_PATH", "")).read_bytes())
        number = event["pull_request"]["number"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return number if isinstance(number, int) else None


def _mine(api: _Api, number: int) -> dict[str, Any] | None:
    """Return the first comment with the marker that whoever has the token wrote."""
    author = api.author()
    for page in range(1, _PAGES + 1):
        found = api.call("GET", f"issues/{number}/comments?per_page=100&page={page}")
        for each in found:
            login = (each.get("user") or {}).get("login")
            if login == author and str(each.get("body")).startswith(MARKER):
                return dict(each)
        if len(found) < 100:
            return None
    return None


class _Api:
    """The part of GitHub's interface that comments need."""

    def __init__(self, environment: Mapping[str, str], token: str) -> None:
        self._api = environment.get("GITHUB_API_URL", "")
        self._graph = environment.get("GITHUB_GRAPHQL_URL", "")
        self._repository = environment.get("GITHUB_REPOSITORY", "")
        self._token = token

    def author(self) -> str:
        """Return who writes with this token; the token of a job has no user to ask for."""
        found = self._ask("POST", self._graph, {"query": "{viewer{login}}"})
        try:
            return str(found["data"]["viewer"]["login"])
        except (KeyError, TypeError):
            raise CommentError("GitHub does not say whose token it is") from None

    def call(self, method: str, path: str, data: Any = None) -> Any:
        """Return what a repository's resource answers."""
        return self._ask(method, f"{self._api}/repos/{self._repository}/{path}", data)

    def _ask(self, method: str, url: str, data: Any) -> Any:
        if not url.startswith(("https://", "http://")):
            raise CommentError("the runner does not say where GitHub is")
        request = urllib.request.Request(  # noqa: S310 - checked above
            url,
            method=method,
            data=None if data is None else json.dumps(data).encode(),
            headers={
                "Authorization": f"Bearer {self._token}",
                "Accept": "application/vnd.github+json",
                "Content-Type": "application/json",
                "User-Agent": "stigmem-review",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            said = f"GitHub answers {error.code}"
            raise CommentError(
                f"{said}: {_RIGHTS}" if error.code in (401, 403, 404) else said
            ) from None
        except (OSError, ValueError) as error:
            raise CommentError(
                f"GitHub cannot be asked: {getattr(error, 'reason', error)}"
            ) from None
