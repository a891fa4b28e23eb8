"""The hook, run by the real pre-commit in a throw-away repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.repository import git

pytestmark = pytest.mark.network

CHECKOUT = Path(__file__).parents[2]
PLAIN = CHECKOUT / "tests" / "broken" / "good-plain"
UNQUOTED = CHECKOUT / "tests" / "broken" / "group-unquoted"


@pytest.fixture(scope="session")
def hook(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository with this project in it, and its one commit."""
    folder = tmp_path_factory.mktemp("hook") / "stigmem-review"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listed, cwd=CHECKOUT, capture_output=True, check=True, text=True)
    for name in filter(None, done.stdout.split("\0")):
        if (CHECKOUT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "a release")
    return folder, git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps the environment of the hook."""
    return tmp_path_factory.mktemp("pre-commit")


class Author:
    """Somebody's repository with the hook in its configuration."""

    def __init__(self, folder: Path, hook: tuple[Path, str], cache: Path) -> None:
        self.folder = folder
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(folder.parent)}
        self._environment |= {
            name: os.environ[name] for name in os.environ if name.startswith("PIP_")
        }
        self._environment |= {"PRE_COMMIT_HOME": str(cache), "PRE_COMMIT_COLOR": "never"}
        self._environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        for who in ("AUTHOR", "COMMITTER"):
            named = {f"GIT_{who}_NAME": "Somebody", f"GIT_{who}_EMAIL": "somebody@acme.example"}
            self._environment |= named
        folder.mkdir()
        git(folder, "init", "--quiet")
        (folder / ".pre-commit-config.yaml").write_text(
            f"repos:\n  - repo: {hook[0]}\n    rev: {hook[1]}\n"
            "    hooks:\n      - id: stigmem-review-check\n        verbose: true\n"
            "      - id: stigmem-review-pins\n        verbose: true\n"
        )

    def stage(self, project: Path, folder: str = ".") -> None:
        shutil.copytree(
            project,
            self.folder / folder,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("__pycache__", "expected.toml"),
        )
        git(self.folder, "add", "--all")

    def pre_commit(self, *arguments: str, **more: str) -> tuple[int, str]:
        executable = Path(sys.executable).with_name("pre-commit")
        return self.run(str(executable), *arguments, **more)

    def run(self, *command: str, **more: str) -> tuple[int, str]:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self._environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout


@pytest.fixture
def author(tmp_path: Path, hook: tuple[Path, str], cache: Path) -> Author:
    return Author(tmp_path / "mine", hook, cache)


def test_a_mistake_stops_the_commit_and_is_explained_as_by_hand(author: Author) -> None:
    author.stage(UNQUOTED)
    code, log = author.pre_commit("run")
    shown = log[log.index("check Stigmem plugins") : log.index("check pins of")]
    head, _, said = shown.partition("\n\n")
    assert (code, "Failed" in head, "exit code: 1" in head) == (1, True, True)
    by_hand = author.run(sys.executable, "-m", "stigmem_review", "check", "--staged", ".")
    assert by_hand == (1, said.rstrip("\n") + "\n")
    # The line, and what to write there.
    assert "pyproject.toml:9: error: entry-point-invalid [SPR106]" in said
    assert '    [project.entry-points."stigmem.plugins"]\n' in said


def test_a_good_plugin_is_committed_and_a_broken_one_is_not(author: Author) -> None:
    author.pre_commit("install")
    author.stage(PLAIN)
    code, log = author.run("git", "commit", "--message", "a plugin")
    assert (code, "check Stigmem plugins" in log, "Passed" in log) == (0, True, True)
    author.stage(UNQUOTED)
    code, log = author.run("git", "commit", "--message", "a mistake")
    assert (code, "SPR106" in log) == (1, True)
    assert git(author.folder, "log", "--format=%s") == "a plugin"


def test_what_is_staged_counts_and_not_the_working_tree(author: Author) -> None:
    author.stage(UNQUOTED)
    shutil.copy(PLAIN / "pyproject.toml", author.folder)
    assert author.pre_commit("run")[0] == 1
    author.stage(PLAIN)
    shutil.copy(UNQUOTED / "pyproject.toml", author.folder)
    code, log = author.pre_commit("run")
    assert (code, "Passed" in log) == (0, True)


def test_other_projects_are_left_alone(author: Author) -> None:
    (author.folder / "pyproject.toml").write_text('[project]\nname = "other"\nversion = "1"\n')
    (author.folder / "other.py").write_text("import stigmem_node\n")
    git(author.folder, "add", "--all")
    code, log = author.pre_commit("run")
    assert (code, "Passed" in log) == (0, True)


def test_a_file_of_no_project_does_not_wake_it(author: Author) -> None:
    for name in ("notes.pyproject.toml.md", "setup.cfg.bak", "data.pyi"):
        (author.folder / name).write_text("")
        git(author.folder, "add", name)
    code, log = author.pre_commit("run")
    assert (code, "no files to check" in log) == (0, True)


def test_every_project_of_a_repository_is_checked_once(author: Author) -> None:
    author.stage(UNQUOTED, "plugins/one")
    author.stage(PLAIN, "plugins/two")
    code, log = author.pre_commit("run", "--all-files")
    assert code == 1
    assert log.count("entry-point-invalid [SPR106]") == 1
    assert "plugins/one/pyproject.toml:9: error" in log


def test_it_needs_no_network_and_no_second(author: Author) -> None:
    author.stage(UNQUOTED)
    author.pre_commit("run")
    away = {"PIP_NO_INDEX": "1", "HTTPS_PROXY": "http://127.0.0.1:9", "HOME": "/nonexistent"}
    code, log = author.pre_commit("run", **away)
    assert (code, "SPR106" in log) == (1, True)
    for seconds in re.findall(r"- duration: ([0-9.]+)s", log):
        assert float(seconds) < 1


def test_a_pin_that_loses_its_hash_stops_the_commit_and_one_that_goes_does_not(
    author: Author,
) -> None:
    author.pre_commit("install")
    pins = author.folder / "requirements.txt"
    hashed = f"acme==1.0 --hash=sha256:{'1' * 64}\n"
    for text, code in ((hashed, 0), ("acme==1.1\n", 1), ("", 0)):
        pins.write_text(text)
        git(author.folder, "add", "--all")
        done, log = author.run(
            "git", "commit", "--message", "pins", HTTPS_PROXY="http://127.0.0.1:9"
        )
        assert (done, "SPR702" in log) == (code, code == 1)
    git(author.folder, "rm", "--quiet", "-f", "requirements.txt", ".pre-commit-config.yaml")
    git(author.folder, "checkout", "HEAD", "--", ".pre-commit-config.yaml")
    code, log = author.pre_commit("run", "stigmem-review-pins")
    assert code == 0
    [seconds] = re.findall(r"- duration: ([0-9.]+)s", log)
    assert float(seconds) < 1


def test_it_can_be_tried_without_a_configuration(author: Author, hook: tuple[Path, str]) -> None:
    author.stage(UNQUOTED)
    code, log = author.pre_commit("try-repo", str(hook[0]), "stigmem-review-check", "--all-files")
    assert (code, "SPR106" in log) == (1, True)
