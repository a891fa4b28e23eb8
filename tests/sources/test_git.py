"""A repository is read as objects: what was committed or staged, with nothing of it run."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from stigmem_review import limits
from stigmem_review.sources import plumbing
from stigmem_review.sources.git import Repository
from stigmem_review.sources.tree import read_directory
from support.archives import refusal_of, write_files

FILES = {
    "pyproject.toml": b"[project]\n",
    "src/demo/__init__.py": b"",
    "src/demo/table.json": b"{}\r\n",
    "README.md": b"# demo\n",
}
SCRIPT = b"""
import sys
from pathlib import Path
from stigmem_review.sources.git import Repository
sys.stdout.buffer.write(Repository(Path("src")).index().read("README.md"))
"""
SETTINGS = (
    *("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"),
    *("-c", "protocol.file.allow=always", "-c", "core.autocrlf=false"),
)


def git(folder: Path, *arguments: str, given: bytes = b"") -> str:
    """Run the real git as a person would, and return what it writes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", str(folder), *SETTINGS, *arguments],
        input=given,
        env={**kept, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return os.fsdecode(done.stdout).strip()


def commit(folder: Path, files: Mapping[str, bytes] | None = None) -> str:
    write_files(folder, files or {})
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "change")
    return git(folder, "rev-parse", "HEAD")


def made(folder: Path, files: Mapping[str, bytes] = FILES, *options: str) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "-b", "main", *options)
    commit(folder, files)
    return folder


def blob(folder: Path, content: bytes) -> str:
    return git(folder, "hash-object", "-w", "--stdin", given=content)


def stage(folder: Path, mode: str, name: str, path: str) -> None:
    git(folder, "update-index", "--add", "--cacheinfo", f"{mode},{name},{path}")


def link(folder: Path, path: str, target: str) -> None:
    stage(folder, "120000", blob(folder, target.encode()), path)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, so that nobody's configuration has a part in a test."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("GIT_INDEX_FILE", raising=False)
    return folder


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    return made(tmp_path / "demo")


# Finding a repository


def test_a_repository_is_found_from_any_folder_in_it(demo: Path) -> None:
    head = git(demo, "rev-parse", "HEAD")
    for folder in (demo, demo / "src/demo"):
        repository = Repository(folder)
        assert repository.top == demo.resolve()
        assert repository.commit("HEAD") == head
        assert repository.tree(head).paths == tuple(sorted(FILES))
        assert repository.index().paths == tuple(sorted(FILES))


def test_a_symbolic_link_leads_to_a_repository(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(demo, target_is_directory=True)
    repository = Repository(tmp_path / "way/src")
    assert repository.top == demo.resolve()
    assert repository.tree("HEAD").artifact("", "x").source.file == "demo"


@pytest.mark.parametrize("name", ["store.git", "store-1.0"])
def test_a_bare_repository_has_commits_only(demo: Path, tmp_path: Path, name: str) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", "demo", name)
    repository = Repository(tmp_path / name)
    assert repository.top is None
    assert repository.tree("main").read("README.md") == b"# demo\n"
    assert repository.tree("main").artifact("", "x").source.file == name.removesuffix(".git")
    assert "it has no work tree" in refusal_of(repository.index)


def test_a_linked_work_tree_has_its_own_head_and_index(demo: Path, tmp_path: Path) -> None:
    git(demo, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"))
    head = commit(tmp_path / "linked", {"more.txt": b"more"})
    repository = Repository(tmp_path / "linked/src")
    assert repository.top == (tmp_path / "linked").resolve()
    assert repository.commit("HEAD") == head
    assert repository.index().read("more.txt") == b"more"
    assert Repository(demo).index().read("more.txt") is None


def test_the_git_directory_itself_has_no_work_tree(demo: Path) -> None:
    repository = Repository(demo / ".git")
    assert repository.top is None
    assert repository.tree("main").artifact("", "x").source.file == "demo"


def test_what_is_no_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert "it is in no git repository" in refusal_of(Repository, tmp_path)
    assert "it is no folder" in refusal_of(Repository, tmp_path / "none")
    assert "it is no folder" in refusal_of(Repository, tmp_path / "file")
    assert refusal_of(Repository, Path("a\0b"))


def test_the_advice_of_git_on_ownership_is_passed_on(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(plumbing._VARIABLES, "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    message = refusal_of(Repository, demo)
    assert "dubious ownership" in message
    assert f"git config --global --add safe.directory {demo.resolve()}" in message


def test_a_repository_of_a_later_git_is_refused(demo: Path) -> None:
    git(demo, "config", "core.repositoryFormatVersion", "99")
    assert "git refuses to open it" in refusal_of(Repository, demo)


def test_variables_of_git_lead_nowhere_else(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = made(tmp_path / "other", {"a.txt": b"a"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git/objects"))
    monkeypatch.setenv("GIT_TRACE", "2")
    assert Repository(demo).tree("HEAD").paths == tuple(sorted(FILES))


def test_a_git_in_the_repository_or_a_relative_one_is_not_run(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = demo / "bin/git"
    write_files(demo, {"bin/git": f"#!/bin/sh\ntouch {tmp_path}/ran\n".encode()})
    program.chmod(0o755)
    (tmp_path / "bin").symlink_to(demo / "bin")
    real = os.environ["PATH"]
    monkeypatch.chdir(demo)
    hostile = os.pathsep.join(["bin", "", str(demo / "bin"), str(tmp_path / "bin")])
    monkeypatch.setenv("PATH", f"{hostile}{os.pathsep}{real}")
    assert Repository(demo / "src").commit("HEAD")
    monkeypatch.setenv("PATH", hostile)
    assert "no git program on PATH" in refusal_of(Repository, demo / "src")
    assert not (tmp_path / "ran").exists()


# Commits


def test_a_commit_is_named_by_branch_tag_or_id(demo: Path) -> None:
    first = git(demo, "rev-parse", "HEAD")
    git(demo, "tag", "-a", "-m", "one", "v1")
    second = commit(demo, {"more.txt": b"more"})
    repository = Repository(demo)
    for name in ("v1", "refs/tags/v1", "HEAD~1", first, first[:10], first.upper()):
        assert repository.commit(name) == first
    for name in ("main", "HEAD", "@", "main@{0}"):
        assert repository.commit(name) == second


NO_COMMITS = [
    *("", "-x", "--upload-pack=touch ran", "--all", "--", "-", "--git-dir", "none"),
    *("a\0b", "main\n", "main\nmain", "main..side", "main...side", "^main", "main^@", "main^!"),
    *("HEAD:README.md", "HEAD:", ":README.md", "HEAD^{tree}", "file", "0" * 40, "f" * 64),
    *("\ud800", "\udcff", "caf\xe9", "main main", "@{99}", "*", "%s", "HEAD; touch ran"),
]


def test_what_names_no_commit_is_refused(demo: Path) -> None:
    git(demo, "branch", "side")
    git(demo, "tag", "file", blob(demo, b"content"))
    for revision in NO_COMMITS:
        message = refusal_of(Repository(demo).commit, revision)
        assert message.startswith('revision "'), revision
        assert "it names no commit" in message, revision
        assert "shallow" not in message, revision
        assert not (demo / "ran").exists(), revision


@pytest.mark.parametrize(
    ("revision", "advice"),
    [
        ("1" * 40, f"git fetch origin {'1' * 40}): what a forced push replaced"),
        ("mian", "spelling"),
    ],
)
def test_what_is_not_there_is_said_how_to_get(demo: Path, revision: str, advice: str) -> None:
    assert advice in refusal_of(Repository(demo).commit, revision)


def test_a_branch_that_looks_like_an_option_is_named_in_full(demo: Path) -> None:
    head = git(demo, "rev-parse", "HEAD")
    git(demo, "update-ref", "refs/heads/--all", head)
    assert Repository(demo).commit("refs/heads/--all") == head


def test_an_ambiguous_name_is_refused(demo: Path) -> None:
    first = git(demo, "rev-parse", "HEAD")
    git(demo, "branch", "twice")
    second = commit(demo)
    git(demo, "tag", "twice")
    git(demo, "config", "core.warnAmbiguousRefs", "false")
    repository = Repository(demo)
    assert "it is ambiguous" in refusal_of(repository.commit, "twice")
    assert repository.commit("refs/heads/twice") == first
    assert repository.commit("refs/tags/twice") == second
    git(demo, "branch", first[:8], second)
    assert "it is ambiguous" in refusal_of(repository.commit, first[:8])
    git(demo, "update-ref", f"refs/heads/{first}", second)
    assert repository.commit(first) == first


def test_a_shallow_clone_says_what_it_lacks(demo: Path, tmp_path: Path) -> None:
    first = git(demo, "rev-parse", "HEAD")
    commit(demo, {"more.txt": b"more"})
    git(tmp_path, "clone", "--quiet", "--depth=1", demo.as_uri(), "shallow")
    repository = Repository(tmp_path / "shallow")
    assert repository.tree("HEAD").read("more.txt") == b"more"
    for revision in (first, "HEAD~1"):
        message = refusal_of(repository.commit, revision)
        assert "shallow clone" in message
        assert "git fetch --unshallow" in message


def test_the_one_common_ancestor_is_the_merge_base(demo: Path) -> None:
    base = git(demo, "rev-parse", "HEAD")
    one = commit(demo, {"one.txt": b"1"})
    git(demo, "checkout", "--quiet", "-b", "side", base)
    two = commit(demo, {"two.txt": b"2"})
    repository = Repository(demo)
    assert repository.merge_base("main", "side") == base
    assert repository.merge_base(one, base) == base
    git(demo, "merge", "--quiet", "-m", "m", one)
    git(demo, "checkout", "--quiet", "main")
    git(demo, "merge", "--quiet", "-m", "m", two)
    assert repository.merge_base("main", "side") == ""
    git(demo, "checkout", "--quiet", "--orphan", "alone")
    commit(demo)
    assert repository.merge_base("main", "alone") == ""
    assert "it names no commit" in refusal_of(repository.merge_base, "main", "--all")


# Trees


def test_a_tree_is_read_as_it_was_committed(demo: Path) -> None:
    head = git(demo, "rev-parse", "HEAD")
    write_files(demo, {"README.md": b"changed", "new.txt": b"new"})
    tree = Repository(demo).tree(head)
    assert {path: tree.read(path) for path in tree.paths} == FILES
    for path in ("none", "src", "", "/README.md", "README.md/x", "src/none/x", "new.txt"):
        assert tree.read(path) is None
    assert tree.read("./src/../README.md") == b"# demo\n"
    assert "leads out of the tree" in refusal_of(tree.read, "../demo/README.md")


def test_odd_names_are_names(demo: Path) -> None:
    names = ["-rf", 'a "quote".txt', "new\nline.txt", "caf\xe9.txt", "tab\t.py", ":(top)x", " "]
    commit(demo, {name: name.encode() for name in names})
    for tree in (Repository(demo).tree("HEAD"), Repository(demo).index()):
        assert tree.paths == tuple(sorted([*FILES, *names]))
        assert [tree.read(name) for name in names] == [name.encode() for name in names]
        assert set(names) < set(tree.artifact("", "x").files)


def test_an_executable_file_is_a_file(demo: Path) -> None:
    stage(demo, "100755", blob(demo, b"#!"), "run")
    assert Repository(demo).index().read("run") == b"#!"


def test_an_empty_tree_has_no_files(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    git(folder, "init", "--quiet", "-b", "main")
    assert Repository(folder).index().paths == ()
    assert "it names no commit" in refusal_of(Repository(folder).commit, "HEAD")
    assert "no pyproject.toml" in refusal_of(Repository(folder).index().artifact, "", "x")


def test_a_sha256_repository_is_read(tmp_path: Path) -> None:
    try:
        folder = made(tmp_path / "long", FILES, "--object-format=sha256")
    except AssertionError:
        pytest.skip("this git has no SHA-256")
    repository = Repository(folder)
    assert len(repository.commit("main")) == 64
    assert repository.tree(repository.commit("main")).artifact("", "x").files == FILES
    assert repository.index().artifact("", "x").files == FILES


def test_links_are_followed_inside_the_tree(demo: Path) -> None:
    link(demo, "a", "src/demo/table.json")
    link(demo, "src/b", "../a")
    link(demo, "docs", "src/demo")
    link(demo, "up", "src/..")
    link(demo, "gone", "nowhere/at/all")
    tree = Repository(demo).index()
    for path in ("a", "src/b", "docs/table.json", "up/docs/table.json", "docs/../b"):
        assert tree.read(path) == b"{}\r\n"
    for path in ("docs", "gone", "a/x", "docs/none"):
        assert tree.read(path) is None
    assert not {"a", "src/b", "docs", "up", "gone"} & set(tree.paths)


@pytest.mark.parametrize("target", ["/etc/passwd", "../x", "src/../../demo/README.md", "/"])
def test_a_link_out_of_the_tree_is_refused(demo: Path, target: str) -> None:
    link(demo, "away", target)
    link(demo, "first", "away")
    tree = Repository(demo).index()
    for path in ("away", "first"):
        assert refusal_of(tree.read, path).startswith(f"{path}: it leads out of the tree")
    files = tree.artifact("", "x").files
    assert {path: files[path] for path in FILES} == FILES
    for path in ("away", "first"):
        message = refusal_of(lambda path=path: files[path])
        assert message.startswith(f"{path}: it is a symbolic link that leads out of the project")


def test_links_that_lead_in_circles_are_refused(demo: Path) -> None:
    link(demo, "one", "two")
    link(demo, "two", "one")
    link(demo, "self", "self/self")
    for step in range(12):
        link(demo, f"step{step}", f"step{step + 1}")
    link(demo, "step12", "README.md")
    tree = Repository(demo).index()
    for path in ("one", "self", "step0"):
        assert "more than 10 symbolic links" in refusal_of(tree.read, path)
    assert tree.read("step3") == b"# demo\n"


def test_a_link_with_a_huge_target_is_refused(demo: Path) -> None:
    link(demo, "long", "a/" * 3000)
    assert "long: it is larger than the limit" in refusal_of(Repository(demo).index().read, "long")


def test_a_submodule_is_refused(demo: Path) -> None:
    stage(demo, "160000", git(demo, "rev-parse", "HEAD"), "sub")
    tree = Repository(demo).index()
    for path in ("sub", "sub/README.md"):
        assert refusal_of(tree.read, path).startswith("sub: it is a submodule")
    assert "it is a submodule" in refusal_of(tree.artifact, "sub", "x")
    assert tree.artifact("", "x").files == FILES


def test_a_file_over_the_limit_is_refused(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = Repository(demo).tree("HEAD")
    monkeypatch.setattr(limits, "ENTRY_BYTES", 7)
    assert tree.read("README.md") == b"# demo\n"
    monkeypatch.setattr(limits, "ENTRY_BYTES", 6)
    message = refusal_of(tree.read, "README.md")
    assert message.startswith("README.md: it is larger than the limit of 6 bytes")


def test_a_file_over_the_real_limit_is_not_read(demo: Path) -> None:
    with (demo / "large.bin").open("wb") as file:
        file.truncate(limits.ENTRY_BYTES + 1)
    commit(demo)
    assert "larger than the limit" in refusal_of(Repository(demo).tree("HEAD").read, "large.bin")


def test_many_and_large_files_are_read_at_once(demo: Path, tmp_path: Path) -> None:
    files = {f"data/{number}.bin": bytes([number % 256]) * number for number in range(3000)}
    commit(demo, {**files, "data/x.bin": os.urandom(3 * limits.MIB)})
    (demo / ".git").rename(tmp_path / "repository")
    git(demo, "clone", "--quiet", "--bare", str(tmp_path / "repository"), str(tmp_path / "bare"))
    read = Repository(tmp_path / "bare").tree("main").artifact("", "x")
    assert read.files == read_directory("x", demo).files


def test_a_git_that_takes_too_long_is_ended(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path / "bin", {"git": b"#!/bin/sh\nexec sleep 60\n"})
    (tmp_path / "bin/git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(limits, "GIT_SECONDS", 0.2)
    assert "more than 0.2 seconds" in refusal_of(Repository, demo)


def test_a_git_that_cannot_be_run_is_named(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path / "bin", {"git": b"#!/no/such/program\n"})
    (tmp_path / "bin/git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert refusal_of(Repository, demo).startswith("git: it cannot be run")


def test_a_list_without_end_is_cut(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = git(demo, "mktree", given=f"100644 blob {blob(demo, b'')}\ta\n".encode())
    for _ in range(11):
        entries = "".join(f"040000 tree {name}\t{letter}\n" for letter in "abcd")
        name = git(demo, "mktree", given=entries.encode())
    bomb = git(demo, "commit-tree", "-m", "bomb", name)
    monkeypatch.setattr(limits, "GIT_LIST_BYTES", limits.MIB)
    assert "longer than 1048576 bytes" in refusal_of(Repository(demo).tree, bomb)


def test_names_that_are_not_utf8(demo: Path) -> None:
    name = blob(demo, b"x")
    git(
        demo,
        "update-index",
        "-z",
        "--index-info",
        given=f"100644 {name}\tlib/".encode() + b"\xe9\0",
    )
    tree = Repository(demo).index()
    assert tree.paths == tuple(sorted(FILES))
    assert tree.artifact("", "x").files == {**FILES, "lib/\udce9": b"x"}
    given = f"100644 {name}\t".encode() + b"\xe9pyproject.toml\0"
    git(demo, "update-index", "-z", "--index-info", given=given)
    assert "\\u{dce9}pyproject.toml is not UTF-8" in refusal_of(Repository(demo).index)


@pytest.mark.parametrize(
    "entries",
    [
        [b"100644 a", b"100644 a"],
        [b"100644 .."],
        [b"100644 ."],
        [b"100644 a/../b"],
        [b"100644 /a"],
        [b"100644 a//b"],
    ],
)
def test_a_tree_no_checkout_could_have_is_refused(demo: Path, entries: list[bytes]) -> None:
    raw = bytes.fromhex(blob(demo, b"x"))
    given = b"".join(entry + b"\0" + raw for entry in entries)
    name = git(demo, "hash-object", "-w", "-t", "tree", "--literally", "--stdin", given=given)
    bad = git(demo, "commit-tree", "-m", "bad", name)
    assert "no checkout could have" in refusal_of(Repository(demo).tree, bad)


def test_a_name_that_is_both_file_and_folder_is_refused(demo: Path) -> None:
    raw = bytes.fromhex(blob(demo, b"x"))
    below = bytes.fromhex(git(demo, "mktree", given=f"100644 blob {raw.hex()}\tb\n".encode()))
    given = b"100644 a\0" + raw + b"100644 a-\0" + raw + b"40000 a\0" + below
    name = git(demo, "hash-object", "-w", "-t", "tree", "--literally", "--stdin", given=given)
    tree = Repository(demo).tree(git(demo, "commit-tree", "-m", "bad", name))
    assert "no checkout could have" in refusal_of(tree.artifact, "", "x")


def test_an_entry_that_is_no_blob_is_refused(demo: Path) -> None:
    raw = bytes.fromhex(git(demo, "rev-parse", "HEAD"))
    name = git(
        *(demo, "hash-object", "-w", "-t", "tree", "--literally", "--stdin"),
        given=b"100644 a\0" + raw,
    )
    bad = git(demo, "commit-tree", "-m", "bad", name)
    assert "a: its content is not in this" in refusal_of(Repository(demo).tree(bad).read, "a")


# The index


def test_the_index_is_what_is_staged(demo: Path) -> None:
    write_files(demo, {"README.md": b"staged", "new.txt": b"new"})
    git(demo, "add", "README.md")
    git(demo, "rm", "--quiet", "--cached", "src/demo/table.json")
    write_files(demo, {"README.md": b"later"})
    tree = Repository(demo / "src").index()
    assert tree.paths == ("README.md", "pyproject.toml", "src/demo/__init__.py")
    assert tree.read("README.md") == b"staged"
    assert tree.read("new.txt") is None


def test_reading_the_index_does_not_write_it(demo: Path) -> None:
    index = demo / ".git/index"
    os.utime(demo / "README.md", (1, 1))
    before = (index.read_bytes(), index.stat().st_mtime_ns, sorted((demo / ".git").rglob("*")))
    Repository(demo).index().artifact("", "x")
    assert before == (
        *(index.read_bytes(), index.stat().st_mtime_ns),
        sorted((demo / ".git").rglob("*")),
    )


def test_a_conflict_is_refused(demo: Path) -> None:
    lines = [f"100644 {blob(demo, b'x')} {stage}\tREADME.md\n" for stage in (1, 2, 3)]
    git(demo, "rm", "--quiet", "--cached", "README.md")
    git(demo, "update-index", "--index-info", given="".join(lines).encode())
    assert "README.md is in conflict" in refusal_of(Repository(demo).index)


@pytest.mark.parametrize("absolute", [True, False])
def test_the_index_a_commit_is_made_from_is_read(
    demo: Path, monkeypatch: pytest.MonkeyPatch, absolute: bool
) -> None:
    (demo / ".git/index").rename(demo / ".git/next-index")
    git(demo, "read-tree", "--empty")
    named = str(demo / ".git/next-index") if absolute else ".git/next-index"
    monkeypatch.setenv("GIT_INDEX_FILE", named)
    for folder in (demo, demo / "src"):
        assert Repository(folder).index().paths == tuple(sorted(FILES))
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert Repository(demo).index().paths == ()
    monkeypatch.setenv("GIT_INDEX_FILE", "none")
    assert "GIT_INDEX_FILE names it" in refusal_of(Repository(demo).index)


def test_a_hook_sees_what_commit_all_would_commit(demo: Path, tmp_path: Path) -> None:
    seen, hook = tmp_path / "seen", demo / ".git/hooks/pre-commit"
    script = write_files(tmp_path, {"hook.py": SCRIPT}) / "hook.py"
    write_files(hook.parent, {hook.name: b"#!/bin/sh\n"})
    with hook.open("a") as file:
        file.write(f"PYTHONPATH='{os.pathsep.join(sys.path)}' ")
        file.write(f"'{sys.executable}' '{script}' > '{seen}'\n")
    hook.chmod(0o755)
    write_files(demo, {"README.md": b"all of it"})
    git(demo, "commit", "--quiet", "--all", "-m", "all")
    assert seen.read_bytes() == b"all of it"


def test_a_broken_index_is_refused(demo: Path) -> None:
    (demo / ".git/index").write_bytes(b"no index")
    assert "git cannot read it" in refusal_of(Repository(demo).index)


# Project directories


def test_an_artifact_is_that_of_a_checkout(tmp_path: Path) -> None:
    files = {
        **FILES,
        "src/demo/__pycache__/a.py": b"x",
        "src/dist/a.py": b"x",
        "src/demo.egg-info/PKG-INFO": b"x",
        ".github/workflows/ci.yml": b"x",
        "build/lib/a.py": b"x",
        "demo.egg-info/PKG-INFO": b"x",
        "venv": b"a file",
    }
    top = made(tmp_path / "all", {f"plugins/demo/{name}": files[name] for name in files})
    commit(top, {"pyproject.toml": b"[tool]\n", "plugins/demo-2/x.py": b"", "plugins/x": b""})
    repository = Repository(top)
    for tree in (repository.tree("HEAD"), repository.index()):
        for asked in ("plugins/demo", "plugins/demo/", "./plugins//demo"):
            assert tree.artifact(asked, "x") == read_directory("x", top / "plugins/demo")
        assert tree.artifact("", "x").source.file == "all"
        assert tree.artifact(".", "x").source.kind == "directory"


def test_a_folder_that_is_no_project_is_refused(demo: Path) -> None:
    tree = Repository(demo).tree("HEAD")
    assert refusal_of(tree.artifact, "src", "it").startswith("it: it has no pyproject.toml")
    for folder in ("none", "README.md", "README.md/x", "src/dem", "/", "/src"):
        assert f"there is no folder {folder} in it" in refusal_of(tree.artifact, folder, "it")
    assert "leads out of the tree" in refusal_of(tree.artifact, "..", "it")


def test_a_linked_project_folder_is_read(tmp_path: Path) -> None:
    top = made(tmp_path / "all", {f"plugins/demo/{name}": FILES[name] for name in FILES})
    link(top, "demo", "plugins/demo")
    assert Repository(top).index().artifact("demo", "x").files == FILES


def test_a_link_inside_a_project_is_the_file_it_leads_to(demo: Path) -> None:
    link(demo, "src/demo/b.py", "__init__.py")
    link(demo, "src/demo/.#b.py", "nobody@nowhere")
    link(demo, "docs", "src/demo")
    link(demo, "src/demo/up", "../..")
    link(demo, "pyproject.toml", "README.md")
    stage(demo, "160000", git(demo, "rev-parse", "HEAD"), "src/sub")
    package = {f"{folder}/b.py": b"" for folder in ("src/demo", "docs")}
    package |= {path.replace("src/demo", "docs"): FILES[path] for path in FILES if "demo" in path}
    wanted = {**FILES, **package, "pyproject.toml": FILES["README.md"]}
    assert Repository(demo).index().artifact("", "x").files == wanted


def test_limits_hold_for_a_tree_too(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = Repository(demo).tree("HEAD")
    total, largest = sum(map(len, FILES.values())), max(map(len, FILES.values()))
    monkeypatch.setattr(limits, "TOTAL_BYTES", total)
    monkeypatch.setattr(limits, "ENTRY_BYTES", largest)
    monkeypatch.setattr(limits, "LISTED", 6)
    assert tree.artifact("", "x").files == FILES

    def refused() -> str:
        return refusal_of(lambda: tree.artifact("", "x").files.items())

    monkeypatch.setattr(limits, "TOTAL_BYTES", total - 1)
    assert f"more than {total - 1} bytes" in refused()
    monkeypatch.setattr(limits, "ENTRY_BYTES", largest - 1)
    assert f"limit of {largest - 1} bytes" in refused()
    monkeypatch.setattr(limits, "LISTED", 5)
    assert "more than 5 files and directories" in refused()


# Hostile repositories


HOOKS = (
    *("post-checkout", "pre-commit", "post-commit", "post-index-change", "reference-transaction"),
    *("fsmonitor-watchman", "query-watchman", "pre-auto-gc", "post-merge", "pre-push", "update"),
)


def armed(folder: Path, marker: Path, hooks: Path) -> None:
    """Put into a repository whatever could make git run something."""
    for hook in HOOKS:
        path = write_files(hooks, {hook: f"#!/bin/sh\ntouch '{marker}'\n".encode()}) / hook
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    run = f"touch '{marker}'; cat"
    programs = (
        *("filter.x.smudge", "filter.x.clean", "filter.x.process", "diff.x.textconv"),
        *("diff.x.command", "diff.external", "merge.x.driver", "core.pager", "pager.ls-tree"),
        *("core.sshCommand", "core.gitProxy", "core.editor", "core.askPass", "gpg.program"),
        *("core.alternateRefsCommand", "uploadpack.packObjectsHook"),
    )
    commands = ("ls-tree", "ls-files", "cat-file", "rev-parse", "merge-base")
    settings = {
        **dict.fromkeys(programs, run),
        **{f"alias.{command}": f"!{run}" for command in commands},
        "credential.helper": f"!{run}",
        "core.fsmonitor": str(hooks / "fsmonitor-watchman"),
        "core.hooksPath": str(hooks),
        "filter.x.required": "true",
        "core.autocrlf": "true",
        "core.quotePath": "true",
        "log.showSignature": "true",
        "protocol.allow": "always",
        "protocol.ext.allow": "always",
    }
    for name, value in settings.items():
        git(folder, "config", name, value)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "ran"


@pytest.fixture
def hostile(tmp_path: Path, marker: Path) -> Path:
    attributes = (
        b"* filter=x diff=x merge=x export-subst eol=crlf text ident\n"
        b"*.md export-ignore\n*.json working-tree-encoding=UTF-16\n"
    )
    folder = made(tmp_path / "hostile", {**FILES, "README.md": b"$Format:%H$ $Id$\n"})
    name = blob(folder, attributes)
    stage(folder, "100644", name, ".gitattributes")
    git(folder, "commit", "--quiet", "-m", "attributes")
    (folder / ".git/info").mkdir(exist_ok=True)
    (folder / ".git/info/attributes").write_bytes(attributes)
    armed(folder, marker, folder / ".git/hooks")
    return folder


def read_all(repository: Repository) -> list[dict[str, bytes | None]]:
    trees = [repository.tree("HEAD"), repository.index()]
    for tree in trees:
        tree.artifact("", "x")
    repository.merge_base("HEAD", "HEAD~1")
    return [{path: tree.read(path) for path in FILES} for tree in trees]


def test_the_trap_works(hostile: Path, marker: Path) -> None:
    subprocess.run(["git", "-C", str(hostile), "status"], capture_output=True, check=False)
    assert marker.exists()


def test_nothing_of_a_repository_is_run(hostile: Path, marker: Path) -> None:
    expected = {**FILES, "README.md": b"$Format:%H$ $Id$\n"}
    assert read_all(Repository(hostile)) == [expected, expected]
    assert not marker.exists()


def test_nothing_of_a_nested_bare_repository_is_run(
    demo: Path, tmp_path: Path, marker: Path
) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(demo), str(demo / "fixture"))
    armed(demo / "fixture", marker, demo / "fixture/hooks")
    assert Repository(demo / "fixture").tree("main").artifact("", "x").files == FILES
    assert not marker.exists()


def test_replacements_and_grafts_change_nothing(demo: Path) -> None:
    first = git(demo, "rev-parse", "HEAD")
    second = commit(demo, {"README.md": b"two"})
    other = git(demo, "commit-tree", "-m", "other", f"{first}^{{tree}}")
    repository = Repository(demo)
    git(demo, "replace", second, other)
    git(demo, "replace", "-f", blob(demo, b"two"), blob(demo, b"replaced"))
    assert git(demo, "cat-file", "-p", f"{second}:README.md") != "two"
    assert repository.tree(second).read("README.md") == b"two"
    assert repository.index().read("README.md") == b"two"
    assert repository.merge_base(second, first) == first
    git(demo, "replace", "-d", second)
    (demo / ".git/info").mkdir(exist_ok=True)
    (demo / ".git/info/grafts").write_text(f"{second}\n")
    assert repository.commit("HEAD~1") == first
    assert repository.merge_base(second, first) == first


def partial_clone(demo: Path, tmp_path: Path, marker: Path, lacking: str) -> Path:
    git(demo, "config", "uploadpack.allowFilter", "true")
    options = ("--quiet", "--no-checkout", f"--filter={lacking}")
    git(tmp_path, "clone", *options, demo.as_uri(), "partial")
    armed(tmp_path / "partial", marker, tmp_path / "partial/.git/hooks")
    return tmp_path / "partial"


def test_the_trap_of_a_partial_clone_works(demo: Path, tmp_path: Path, marker: Path) -> None:
    partial = partial_clone(demo, tmp_path, marker, "blob:none")
    git(partial, "config", "remote.origin.url", f"ext::sh -c touch% {marker}")
    subprocess.run(
        ["git", "-C", str(partial), "cat-file", "-p", "HEAD:README.md"],
        capture_output=True,
        check=False,
    )
    assert marker.exists()


@pytest.mark.parametrize("old", [False, True], ids=["git", "git without GIT_NO_LAZY_FETCH"])
@pytest.mark.parametrize("lacking", ["blob", "tree"])
def test_what_a_partial_clone_lacks_is_not_fetched(
    *,
    demo: Path,
    tmp_path: Path,
    marker: Path,
    monkeypatch: pytest.MonkeyPatch,
    old: bool,
    lacking: str,
) -> None:
    partial = partial_clone(demo, tmp_path, marker, "blob:none" if lacking == "blob" else "tree:0")
    if old:
        monkeypatch.delitem(plumbing._VARIABLES, "GIT_NO_LAZY_FETCH")
    urls = [demo.as_uri(), f"ext::sh -c touch% {marker}", f"ssh://host/{marker}", "x::y"]
    for url in urls:
        git(partial, "config", "remote.origin.url", url)
        git(partial, "config", "remote.origin.uploadpack", f"touch {marker}; git-upload-pack")
        assert reads(lambda: Repository(partial).tree("HEAD").read("README.md"))
        assert reads(lambda: Repository(partial).tree("HEAD").artifact("", "x").files.items())
        assert "it names no commit" in refusal_of(Repository(partial).commit, "1" * 40)
    assert not marker.exists()


def reads(read: Callable[[], object]) -> bool:
    message = refusal_of(read)
    return "its content is not in this repository" in message or "git cannot read it" in message


def test_a_missing_or_broken_object_is_refused(demo: Path) -> None:
    tree = Repository(demo).tree("HEAD")
    name = git(demo, "rev-parse", "HEAD:README.md")
    stored = demo / ".git/objects" / name[:2] / name[2:]
    stored.chmod(0o644)
    stored.write_bytes(b"broken")
    assert refusal_of(tree.read, "README.md")
    stored.unlink()
    message = refusal_of(lambda: tree.artifact("", "x").files.items())
    assert message.startswith("README.md: its content is not in this repository")


def test_a_work_tree_elsewhere_is_not_taken_for_the_folder(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    git(demo, "config", "core.worktree", str(tmp_path / "elsewhere"))
    repository = Repository(demo)
    assert repository.top is None
    assert repository.tree("HEAD").read("README.md") == b"# demo\n"
