"""A package index on the loopback interface, and ways for it to misbehave."""

from __future__ import annotations

import contextlib
import hashlib
import html
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Answer = Callable[["Handler"], None]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class File:
    """A file on a project page; ``said`` is the digest the page gives (None: none).

    ``provenance`` is what signs it, and ``provenance_at`` where the page says that this is: where
    it is served, unless it is given.
    """

    name: str
    data: bytes = b"the bytes of a wheel"
    said: str | None = ""
    query: str = ""
    yanked: str | bool = False
    provenance: bytes | None = None
    provenance_at: Any = None

    @property
    def digest(self) -> str | None:
        return sha256(self.data) if self.said == "" else self.said

    def signed_at(self, root: str) -> Any:
        """Return what the page says of its provenance."""
        if self.provenance is None or self.provenance_at is not None:
            return self.provenance_at
        return f"{root}{self.provenance_path}"

    @property
    def provenance_path(self) -> str:
        return f"/integrity/{self.name}/provenance"


class Handler(BaseHTTPRequestHandler):
    server: IndexServer

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.seen.append((self.path, self.headers.get("authorization")))
        with contextlib.suppress(OSError):  # the client may have had enough
            self.server.answers.get(path, status(404))(self)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


def body(data: bytes, content_type: str = "application/octet-stream", **headers: str) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def ranges(data: bytes) -> Answer:
    """Answer with the part of a file that is asked for, as the indexes of the world do."""

    def answer(handler: Handler) -> None:
        wanted = handler.headers.get("Range", "")
        if not wanted:
            return body(data)(handler)
        handler.server.ranged.append((handler.path, wanted))
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start = max(0, len(data) - int(last)) if not first else int(first)
        stop = min(int(last) + 1, len(data)) if first and last else len(data)
        if start >= len(data):
            return status(416, **{"Content-Range": f"bytes */{len(data)}"})(handler)
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
        handler.send_header("Content-Length", str(stop - start))
        handler.end_headers()
        handler.wfile.write(data[start:stop])
        return None

    return answer


def after(times: int, first: Answer, then: Answer) -> Answer:
    """Answer in one way so many times, and in another from then on."""
    left = [times]

    def answer(handler: Handler) -> None:
        left[0] -= 1
        (first if left[0] >= 0 else then)(handler)

    return answer


def status(code: int, **headers: str) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def stall(handler: Handler) -> None:
    """Say nothing until the server is stopped."""
    handler.server.stopping.wait(30)


def cut_off(handler: Handler) -> None:
    """Promise more than is sent."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"too little")


def endless(handler: Handler) -> None:
    """Send without a length and without an end."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.stopping.is_set():
        handler.wfile.write(b"x" * 65536)


def drip(handler: Handler) -> None:
    """Send the body a byte at a time, never silent for long."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.server.stopping.wait(0.05):
        handler.wfile.write(b"x")
        handler.wfile.flush()


def in_parts(data: bytes, count: int, seconds: float) -> Answer:
    """Send a body in so many parts, each so long after the one before."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        size = -(-len(data) // count)
        for start in range(0, len(data), size):
            if handler.server.stopping.wait(seconds):
                return
            handler.wfile.write(data[start : start + size])
            handler.wfile.flush()

    return answer


def drip_header(handler: Handler) -> None:
    """Send the headers a byte at a time."""
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Long: ")
    while not handler.server.stopping.wait(0.05):
        handler.wfile.write(b"x")
        handler.wfile.flush()


class IndexServer(ThreadingHTTPServer):
    """``with IndexServer() as index`` serves until the block ends; ``seen`` is what was asked.

    ``ranged`` are the parts that were asked for, and ``serve`` is how files are served.
    """

    daemon_threads = False

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, Answer] = {}
        self.seen: list[tuple[str, str | None]] = []
        self.ranged: list[tuple[str, str]] = []
        self.serve: Callable[[bytes], Answer] = body
        self.stopping = threading.Event()
        self.scheme = "http"
        if context is not None:
            self.scheme = "https"
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that hangs up or trusts no certificate is part of the tests

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def root(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def url(self) -> str:
        return f"{self.root}/simple"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.seen]

    def offer(self, project: str, *files: File, as_json: bool = False) -> None:
        """Serve a project page, in HTML or JSON, and its files."""
        page = _json_page(project, files, self.root) if as_json else _html_page(files, self.root)
        kind = "application/vnd.pypi.simple.v1+json" if as_json else "text/html; charset=utf-8"
        self.answers[f"/simple/{project}/"] = body(page, kind)
        for file in files:
            self.answers[f"/files/{file.name}"] = self.serve(file.data)
            if file.provenance is not None:
                self.answers[file.provenance_path] = body(file.provenance, "application/json")


def _html_page(files: tuple[File, ...], root: str) -> bytes:
    def anchors() -> Iterator[str]:
        for file in files:
            digest = f"#sha256={file.digest}" if file.digest is not None else ""
            reason = "" if file.yanked is True else html.escape(str(file.yanked))
            yanked = f' data-yanked="{reason}"' if file.yanked else ""
            href = html.escape(f"../../files/{file.name}{file.query}{digest}")
            said = file.signed_at(root)
            signed = "" if said is None else f' data-provenance="{html.escape(str(said))}"'
            yield f'<a href="{href}"{yanked}{signed}>{file.name}</a>'

    return f"<!DOCTYPE html><html><body>{''.join(anchors())}</body></html>".encode()


def _json_page(project: str, files: tuple[File, ...], root: str) -> bytes:
    return json.dumps(
        {
            "meta": {"api-version": "1.1"},
            "name": project,
            "files": [
                {
                    "filename": file.name,
                    "url": f"../../files/{file.name}{file.query}",
                    "hashes": {} if file.digest is None else {"sha256": file.digest},
                    "yanked": file.yanked,
                    "provenance": file.signed_at(root),
                }
                for file in files
            ],
        }
    ).encode()
