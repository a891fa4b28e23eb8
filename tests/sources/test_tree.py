"""A project directory is read as it lies there, and nothing beyond it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from stigmem_review import limits
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.tree import read_directory
from support.archives import refusal_of, write_files

FILES = {
    "pyproject.toml": b"[project]\n",
    "src/demo/__init__.py": b"",
    "src/demo/table.json": b"{}",
    "README.md": b"# demo\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_files(tmp_path / "demo", FILES)


def read(path: Path) -> Artifact:
    return read_directory(str(path), path)


def test_a_directory_is_read_with_a_digest_anyone_can_repeat(project: Path) -> None:
    artifact = read(project)
    lines = "".join(
        f"{name}\0{hashlib.sha256(content).hexdigest()}\n"
        for name, content in sorted(FILES.items())
    )
    assert artifact.files == FILES
    assert artifact.source.kind == "directory"
    assert artifact.source.asked == str(project)
    assert artifact.source.file == "demo"
    assert artifact.source.sha256 == hashlib.sha256(lines.encode()).hexdigest()


def test_the_digest_is_of_names_and_bytes(project: Path, tmp_path: Path) -> None:
    digest = read(project).source.sha256
    copy = write_files(tmp_path / "copy", dict(reversed(FILES.items())))
    assert read(copy).source.sha256 == digest
    (copy / "README.md").rename(copy / "README.rst")
    assert read(copy).source.sha256 != digest


@pytest.mark.parametrize(
    ("name", "ignored"),
    [
        (".git/config", True),
        ("src/.git/config", True),
        ("src/demo/__pycache__/a.pyc", True),
        (".venv/lib/a.py", True),
        ("venv/lib/a.py", True),
        ("dist/demo.whl", True),
        ("build/lib/a.py", True),
        ("demo.egg-info/PKG-INFO", True),
        ("node_modules/a.js", True),
        ("src/dist/a.py", False),
        ("src/venv/a.py", False),
        ("src/demo.egg-info/PKG-INFO", False),
        (".github/workflows/ci.yml", False),
        ("dist", False),
    ],
)
def test_what_no_build_takes_is_left_out(project: Path, name: str, ignored: bool) -> None:
    write_files(project, {name: b"more"})
    assert (name not in read(project).files) is ignored


def test_a_directory_without_a_project_is_refused(tmp_path: Path) -> None:
    write_files(tmp_path, {"setup.py": b"", "src/pyproject.toml": b""})
    message = refusal_of(lambda: read(tmp_path))
    assert message.startswith(str(tmp_path))
    assert "it has no pyproject.toml" in message
    assert "build a wheel and name that" in message
    assert read(tmp_path / "src")


def test_what_is_no_directory_is_refused(project: Path) -> None:
    assert "Not a directory" in refusal_of(lambda: read(project / "README.md"))
    assert "No such file" in refusal_of(lambda: read(project / "none"))
    assert "null" in refusal_of(lambda: read(project / "a\0b"))


def test_no_link_is_followed(project: Path, tmp_path: Path) -> None:
    outside = write_files(tmp_path / "outside", {"secret.py": b"secret", "b.txt": b"secret"})
    (project / "docs").symlink_to(outside, target_is_directory=True)
    (project / "b.txt").symlink_to(outside / "b.txt")
    (project / "up").symlink_to("..")
    (project / "gone").symlink_to("nowhere")
    assert read(project).files == FILES
    (project / "src/demo/secret.py").symlink_to(outside / "secret.py")
    assert "src/demo/secret.py is no regular file" in refusal_of(lambda: read(project))


def test_a_project_file_that_is_a_link_is_refused(project: Path) -> None:
    (project / "pyproject.toml").rename(project / "real.toml")
    (project / "pyproject.toml").symlink_to("real.toml")
    assert "pyproject.toml is no regular file" in refusal_of(lambda: read(project))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_not_opened(project: Path) -> None:
    os.mkfifo(project / "pipe")
    assert read(project).files == FILES
    os.mkfifo(project / "pipe.py")
    assert "pipe.py is no regular file" in refusal_of(lambda: read(project))


def test_a_name_that_is_not_utf8_is_refused(project: Path) -> None:
    try:
        (project / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes no such name")
    assert "caf\\u{dce9}.txt is not UTF-8" in refusal_of(lambda: read(project))


def test_limits_hold_for_a_directory_too(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    total, largest = sum(map(len, FILES.values())), max(map(len, FILES.values()))
    monkeypatch.setattr(limits, "TOTAL_BYTES", total)
    monkeypatch.setattr(limits, "ENTRY_BYTES", largest)
    monkeypatch.setattr(limits, "ENTRIES", 6)
    assert read(project).files == FILES
    monkeypatch.setattr(limits, "TOTAL_BYTES", total - 1)
    assert f"more than {total - 1} bytes" in refusal_of(lambda: read(project))
    monkeypatch.setattr(limits, "ENTRY_BYTES", largest - 1)
    assert f"limit of {largest - 1} bytes" in refusal_of(lambda: read(project))
    monkeypatch.setattr(limits, "ENTRIES", 5)
    assert "more than 5 files and directories" in refusal_of(lambda: read(project))
    monkeypatch.setattr(limits, "PATH_CHARS", 10)
    monkeypatch.setattr(limits, "ENTRIES", 6)
    assert "deeper than 10 characters" in refusal_of(lambda: read(project))
