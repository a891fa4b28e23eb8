"""Starts the node that is installed beside it with plugins: run by the Python of that node.

A line on the standard input is what to start: ``files`` of what is installed, by path, ``env``, and
``fire``, the keywords with which each hook is called that is to be called once. A line on the
standard output is what came of it. The node's modules are loaded once; every start has a process,
a folder and a database of its own, and goes through the node's own lifespan. The wheels of some
releases lack a table that those want behind all plugins: what stops a node without any plugin is
not counted.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import importlib
import json
import logging
import os
import select
import shutil
import signal
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

SECONDS = 60
_SITE = "/site-packages"
_PYTHON = ((sysconfig.get_path("stdlib"), "/python"),)


class _Ignored(logging.Handler):
    """Keeps the names of plugins that the node says it ignores."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith("Ignoring installed plugin") and record.args:
            self.names.append(str(next(iter(record.args))))


def start(asked: dict[str, Any], folder: str) -> dict[str, Any]:
    """Start the node with what is asked for, and return what comes of it."""
    place = Path(folder) / "installed"
    for path, data in asked["files"].items():
        full = place / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(base64.b64decode(data))
    os.chdir(folder)
    sys.path.append(str(place))
    importlib.invalidate_caches()
    os.environ.update(asked["env"])
    importlib.import_module("stigmem_node.settings").settings.__init__()
    node = importlib.import_module("stigmem_node.main")
    plugins = importlib.import_module("stigmem_node.plugins")
    ignored = _Ignored()
    logging.getLogger("stigmem.plugins").addHandler(ignored)
    answer: dict[str, Any] = {}

    async def lifespan() -> None:
        async with node.app.router.lifespan_context(node.app):
            pass

    try:
        asyncio.run(lifespan())
    except BaseException as error:  # a plugin can raise whatever it likes
        answer["error"] = type(error).__name__
        answer["message"] = str(error)
        for part, shown in ((str(place), _SITE), (sysconfig.get_path("purelib"), _SITE), *_PYTHON):
            answer["message"] = answer["message"].replace(part, shown)
    stopped = {key: answer[key] for key in ("error", "message") if key in answer}
    if stopped == asked.get("alone"):
        answer = {}
    registry = plugins.get_registry()
    fired = asked["fire"] if "error" not in answer else {}
    answer["first"] = {
        hook: failure
        for hook, keywords in fired.items()
        if (failure := fire(registry, hook, keywords))
    }
    answer["order"] = list(registry.plugin_registration_order())
    answer["ignored"] = ignored.names
    answer["handlers"] = {
        hook: names
        for hook in importlib.import_module("stigmem_node.plugins.hooks").HOOK_SPECS
        if any(not each.is_core for each in registry.handlers_for(hook))
        and (names := [each.handler_name for each in registry.handlers_for(hook)])
    }
    return answer


def fire(registry: Any, hook: str, keywords: list[str]) -> str:
    """Call the handlers of a hook as a request would; return how that fails, or nothing."""
    spec = importlib.import_module("stigmem_node.plugins.hooks").HOOK_SPECS[hook]
    call = getattr(registry, f"fire_{spec.semantic.value}")
    first = [["value"]] if spec.semantic.value in ("filter_chain", "score_delta") else []
    try:
        call(hook, *first, **dict.fromkeys(keywords))
    except Exception as error:  # a handler can raise whatever it likes
        return f"{type(error).__name__}: {error}"
    return ""


def answer_of(asked: dict[str, Any]) -> bytes:
    """Return what a start in a process of its own comes to, as JSON."""
    into, out = os.pipe()
    folder = tempfile.mkdtemp()
    child = os.fork()
    if child == 0:
        os.close(into)
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        try:
            os.write(out, json.dumps(start(asked, folder)).encode())
        finally:
            os._exit(0)
    os.close(out)
    chunks = []
    while select.select([into], [], [], SECONDS)[0] and (chunk := os.read(into, 65536)):
        chunks.append(chunk)
    os.close(into)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    shutil.rmtree(folder, ignore_errors=True)
    return b"".join(chunks) or b'{"error": "nothing came back"}'


def main() -> None:
    """Answer until there are no more lines."""
    sys.dont_write_bytecode = True
    importlib.import_module("stigmem_node.main")
    # What is loaded stays in pages that all processes share.
    gc.freeze()
    bare = json.loads(answer_of({"files": {}, "env": {}, "fire": {}}))
    alone = {key: bare[key] for key in ("error", "message") if key in bare}
    for line in sys.stdin:
        sys.stdout.buffer.write(answer_of({**json.loads(line), "alone": alone}) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
