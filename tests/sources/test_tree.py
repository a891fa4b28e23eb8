"""A project directory is listed as it lies there, and only what is asked for is read."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from stigmem_review import limits
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.tree import read_directory, tree_digest
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


def files_of(path: Path) -> Mapping[str, bytes]:
    return dict(read(path).files.items())


def test_a_directory_is_listed(project: Path) -> None:
    artifact = read(project)
    assert artifact.files == FILES
    assert len(artifact.files) == len(FILES)
    assert artifact.source.kind == "directory"
    assert artifact.source.asked == str(project)
    assert artifact.source.file == "demo"
    assert "src/demo" not in artifact.files
    with pytest.raises(KeyError):
        artifact.files["src/none"]


def test_the_digest_is_of_names_and_bytes() -> None:
    lines = "".join(
        f"{name}\0{hashlib.sha256(content).hexdigest()}\n"
        for name, content in sorted(FILES.items())
    )
    assert tree_digest(FILES) == hashlib.sha256(lines.encode()).hexdigest()
    assert tree_digest(dict(reversed(FILES.items()))) == tree_digest(FILES)
    assert tree_digest({**FILES, "README.md": b""}) != tree_digest(FILES)
    assert tree_digest({**FILES, "README.rst": b""}) != tree_digest(FILES)


@pytest.mark.parametrize("name", ["pyproject.toml", "setup.py", "setup.cfg"])
def test_any_file_that_can_be_built_makes_a_project(name: str, tmp_path: Path) -> None:
    write_files(tmp_path, {name: b"", "x.txt": b""})
    assert set(read(tmp_path).files) == {name, "x.txt"}


def test_a_directory_without_a_project_is_refused(tmp_path: Path) -> None:
    write_files(tmp_path, {"requirements.txt": b"", "src/pyproject.toml": b""})
    message = refusal_of(lambda: read(tmp_path))
    assert message.startswith(str(tmp_path))
    assert "it has no pyproject.toml, setup.py or setup.cfg" in message
    assert read(tmp_path / "src")


def test_what_is_no_directory_is_refused(project: Path) -> None:
    assert "Not a directory" in refusal_of(lambda: read(project / "README.md"))
    assert "No such file" in refusal_of(lambda: read(project / "none"))


def test_a_link_that_stays_inside_is_what_it_leads_to(project: Path) -> None:
    (project / "src/demo/LICENSE").symlink_to("../../README.md")
    (project / "pyproject.toml").rename(project / "real.toml")
    (project / "pyproject.toml").symlink_to(project / "real.toml")
    (project / "docs").symlink_to("src", target_is_directory=True)
    (project / "src/demo/up").symlink_to("..")
    files = files_of(project)
    assert files["src/demo/LICENSE"] == files["docs/demo/LICENSE"] == FILES["README.md"]
    assert files["pyproject.toml"] == files["real.toml"] == FILES["pyproject.toml"]
    assert not any("up" in name.split("/") for name in files)


def test_a_link_that_leads_out_is_refused_where_it_is_read(project: Path, tmp_path: Path) -> None:
    outside = write_files(tmp_path / "outside", {"secret.py": b"secret"})
    (project / "docs").symlink_to(outside, target_is_directory=True)
    (project / "src/demo/secret.py").symlink_to(outside / "secret.py")
    files = read(project).files
    assert {name: files[name] for name in FILES} == FILES
    assert "docs/secret.py" not in files
    for name in ("docs", "src/demo/secret.py"):
        message = refusal_of(lambda name=name: files[name])
        assert f"{name} is a symbolic link that leads out of the project" in message


def test_what_holds_nothing_to_read_is_left_out(project: Path, tmp_path: Path) -> None:
    (project / "src/demo/.#plugin.py").symlink_to("somebody@host.1234")
    (project / "loop").symlink_to("loop")
    os.mkfifo(project / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(project)
        try:
            listening.bind("socket")
        finally:
            os.chdir(here)
    assert files_of(project) == FILES


def test_a_pipe_that_is_called_a_module_is_refused_where_it_is_read(project: Path) -> None:
    os.mkfifo(project / "pipe.py")
    files = read(project).files
    assert files["README.md"]
    assert "not a regular file" in refusal_of(lambda: files["pipe.py"])


def test_limits_hold_for_what_is_read(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    total, largest = sum(map(len, FILES.values())), max(map(len, FILES.values()))
    monkeypatch.setattr(limits, "TOTAL_BYTES", total)
    monkeypatch.setattr(limits, "ENTRY_BYTES", largest)
    monkeypatch.setattr(limits, "LISTED", 6)
    assert files_of(project) == FILES
    monkeypatch.setattr(limits, "TOTAL_BYTES", total - 1)
    assert f"more than {total - 1} bytes" in refusal_of(lambda: files_of(project))
    monkeypatch.setattr(limits, "ENTRY_BYTES", largest - 1)
    assert f"limit of {largest - 1} bytes" in refusal_of(lambda: files_of(project))
    assert read(project).files["src/demo/table.json"] == b"{}"
    monkeypatch.setattr(limits, "LISTED", 5)
    assert "more than 5 files and directories" in refusal_of(lambda: files_of(project))
    assert "pyproject.toml" in read(project).files
