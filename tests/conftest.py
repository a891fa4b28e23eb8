"""Fixtures that several rooms share."""

from __future__ import annotations

import gc
import os
import subprocess
import venv
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from stigmem_review import limits
from support.index_server import IndexServer
from support.real_node import NODE
from support.seed import SEED
from support.starts import AGREED

# The commands run without the collector. Here it would go through every tree and program that is
# kept, again and again: a quarter of the time of the tests that run programs.
gc.set_threshold(200_000, 20, 20)

# How long one example takes says more of what else the machine does. What must be quick has limits
# of its own.
hypothesis.settings.register_profile("quick", deadline=None, max_examples=30)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=300)
hypothesis.settings.load_profile("quick")


def pytest_report_header() -> str:
    """Name the seed of generated tests, so that a run can be repeated."""
    return f"STIGMEM_REVIEW_SEED={SEED}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how often the forecast of a start was what the real node did."""
    found = [
        numbers
        for each in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
        for name, numbers in getattr(each, "user_properties", ())
        if name == AGREED
    ]
    if found:
        agreed, every = map(sum, zip(*found, strict=True))
        terminalreporter.write_line(
            f"forecast: {agreed} of {every} starts are as the real nodes had them "
            f"({agreed / every:.2%})"
        )


@pytest.fixture(scope="session")
def node_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the real node in it.

    ``STIGMEM_REVIEW_NODE_PYTHON`` can name one that exists, to save the installation.
    """
    if given := os.environ.get("STIGMEM_REVIEW_NODE_PYTHON"):
        return Path(given)
    folder = tmp_path_factory.mktemp("node")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", NODE], check=True)
    return python


@pytest.fixture(autouse=True)
def _no_index(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the index that pip is configured for only in tests that are marked to need it."""
    if not any(map(request.node.get_closest_marker, ("network", "packaged"))):
        monkeypatch.setenv("PIP_NO_INDEX", "1")


@pytest.fixture(autouse=True)
def _read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each review find out everything itself: tests change what is read, or how much of it."""
    monkeypatch.setattr(limits, "REMEMBERED_BYTES", -1)
    monkeypatch.setattr(limits, "REMEMBERED_SQL", -1)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Leave nothing of the machine's own configuration of pip, proxies and netrc."""
    for name in list(os.environ):
        if name.startswith("PIP_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


@pytest.fixture
def index(alone: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexServer]:
    """A package index on the loopback interface, and the only one that pip is configured for.

    Within the process of the test nobody waits long before asking it again.
    """
    monkeypatch.setattr(limits, "INDEX_BACKOFF_SECONDS", 0.01)
    with IndexServer() as server:
        monkeypatch.setenv("PIP_INDEX_URL", server.url)
        yield server
