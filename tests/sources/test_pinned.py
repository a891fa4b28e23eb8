"""Opening the one file that a pin allows, from an index or from a folder."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from stigmem_review import limits
from stigmem_review.errors import MismatchError, SourceError
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.folder import Folder
from stigmem_review.sources.request import find_pinned
from support.archives import SDIST, WHEEL, sdist, wheel
from support.index_server import File, IndexServer, body, cut_off, drip, sha256, stall

PURE = File(WHEEL, wheel())
BUILDS = [
    File(WHEEL.replace("-py3", f"-{build}-py3"), wheel({"demo/build.py": b"%d" % build}))
    for build in (1, 2, 3)
]
SOURCES = File(SDIST, sdist())
NOBODYS = "sha256:" + "0" * 64
FILES = f"/files/{WHEEL}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    created = tmp_path / "wheels"
    created.mkdir()
    return created


def put(folder: Path, *files: File) -> None:
    for file in files:
        (folder / file.name).write_bytes(file.data)


def hash_of(file: File, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, file.data).hexdigest()}"


def opened(*hashes: str, version: str = "1.0", folder: Path | None = None) -> Artifact:
    where = Folder(folder) if folder else None
    with find_pinned(f"demo=={version}", "demo", Version(version), hashes, where) as found:
        return found.read()


def refused(*hashes: str, version: str = "1.0", folder: Path | None = None) -> SourceError:
    with pytest.raises(SourceError) as caught:
        opened(*hashes, version=version, folder=folder)
    message = str(caught.value)
    assert message.isascii()
    assert message.isprintable()
    assert "; " in message, "every message says what to do"
    return caught.value


def mismatch(*hashes: str, folder: Path | None = None) -> MismatchError:
    error = refused(*hashes, folder=folder)
    assert isinstance(error, MismatchError)
    assert error.expected == hashes
    message = str(error)
    assert message.startswith("demo==1.0: ")
    assert message.endswith("; do not deploy it")
    for file, digest in error.found[:3]:
        assert f"{file} ({digest})" in message
    return error


class TestIndex:
    def test_the_source_says_what_was_asked_and_where_it_was(self, index: IndexServer) -> None:
        index.offer("demo", PURE)
        source = opened(hash_of(PURE)).source
        assert (source.kind, source.asked, source.file) == ("wheel", "demo==1.0", WHEEL)
        assert (source.origin, source.sha256) == (f"{index.root}{FILES}", PURE.digest)

    @pytest.mark.parametrize("number", [0, 1, 2])
    def test_the_hash_chooses_among_several_wheels(self, index: IndexServer, number: int) -> None:
        index.offer("demo", PURE, SOURCES, *BUILDS)
        source = opened(hash_of(BUILDS[number])).source
        assert (source.file, source.unreviewed) == (BUILDS[number].name, ())
        assert index.paths == ["/simple/demo/", f"/files/{source.file}"], "no other file is read"

    def test_of_several_that_are_allowed_the_one_pip_prefers(self, index: IndexServer) -> None:
        index.offer("demo", PURE, SOURCES, *BUILDS)
        source = opened(*map(hash_of, [BUILDS[0], BUILDS[1], SOURCES])).source
        assert (source.file, source.unreviewed) == (BUILDS[1].name, (BUILDS[0].name,))

    def test_a_wheel_that_is_not_allowed_leaves_the_sdist(self, index: IndexServer) -> None:
        index.offer("demo", PURE, SOURCES)
        source = opened(hash_of(SOURCES)).source
        assert (source.kind, source.file, source.unreviewed) == ("sdist", SDIST, ())

    def test_without_hashes_everything_is_allowed(self, index: IndexServer) -> None:
        index.offer("demo", PURE, SOURCES, *BUILDS)
        source = opened().source
        assert source.file == BUILDS[2].name
        assert source.unreviewed == tuple(sorted([WHEEL, BUILDS[0].name, BUILDS[1].name]))

    def test_a_local_version_is_left_out_by_its_hash(self, index: IndexServer) -> None:
        index.offer("demo", PURE, File("demo-1.0+ours-py3-none-any.whl"))
        assert opened(hash_of(PURE)).source.file == WHEEL

    def test_the_index_has_another_file(self, index: IndexServer) -> None:
        index.offer("demo", BUILDS[0], SOURCES)
        error = mismatch(NOBODYS)
        assert error.found == tuple((file.name, hash_of(file)) for file in (BUILDS[0], SOURCES))
        assert index.paths == ["/simple/demo/"]

    def test_a_long_list_is_cut_in_the_message_alone(self, index: IndexServer) -> None:
        index.offer("demo", PURE, SOURCES, *BUILDS)
        error = mismatch(*(f"sha256:{number:064}" for number in range(5)))
        assert len(error.found) == 5
        assert str(error).count("and 2 more") == 2

    @pytest.mark.parametrize("as_json", [False, True])
    def test_the_index_says_the_allowed_digest_of_another_file(
        self, index: IndexServer, as_json: bool
    ) -> None:
        index.offer("demo", replace(PURE, said=sha256(b"what was pinned")), as_json=as_json)
        error = mismatch("sha256:" + sha256(b"what was pinned"))
        assert error.found == ((PURE.name, hash_of(PURE)),)
        assert "do not deploy it" in str(error)

    @pytest.mark.parametrize("as_json", [False, True])
    def test_the_index_says_another_digest_of_the_allowed_file(
        self, index: IndexServer, as_json: bool
    ) -> None:
        index.offer("demo", replace(PURE, said="1" * 64), as_json=as_json)
        assert mismatch(hash_of(PURE)).found == ((WHEEL, "sha256:" + "1" * 64),)
        message = str(refused(hash_of(PURE, "sha512")))
        assert f"but the index says {'1' * 64}" in message

    @pytest.mark.parametrize("as_json", [False, True])
    def test_the_index_says_no_digest(self, index: IndexServer, as_json: bool) -> None:
        files = [replace(file, said=None) for file in (PURE, SOURCES, *BUILDS)]
        index.offer("demo", *files, as_json=as_json)
        assert opened(hash_of(BUILDS[1])).source.file == BUILDS[1].name
        assert opened(hash_of(SOURCES)).source.file == SDIST
        assert mismatch(NOBODYS).found == tuple((file.name, hash_of(file)) for file in files)

    @pytest.mark.parametrize("algorithm", ["sha384", "sha512"])
    def test_hashes_that_an_index_does_not_say(self, index: IndexServer, algorithm: str) -> None:
        index.offer("demo", PURE, SOURCES, *BUILDS)
        assert opened(hash_of(BUILDS[0], algorithm)).source.file == BUILDS[0].name
        error = mismatch(f"{algorithm}:{'0' * (96 if algorithm == 'sha384' else 128)}")
        assert set(error.found) == {(file.name, hash_of(file)) for file in (PURE, SOURCES, *BUILDS)}

    def test_hashes_of_several_algorithms(self, index: IndexServer) -> None:
        index.offer("demo", BUILDS[0], BUILDS[1])
        source = opened(hash_of(BUILDS[0]), hash_of(BUILDS[1], "sha512")).source
        assert (source.file, source.unreviewed) == (BUILDS[1].name, (BUILDS[0].name,))

    def test_a_file_that_changes_between_two_looks(self, index: IndexServer) -> None:
        index.offer("demo", replace(PURE, said=None))
        answers = iter([body(PURE.data), body(BUILDS[0].data)])
        index.answers[FILES] = lambda handler: next(answers)(handler)
        assert "do not deploy it" in str(refused(hash_of(PURE)))

    def test_two_indexes_without_digests_can_have_the_allowed_file(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with IndexServer() as second:
            monkeypatch.setenv("PIP_EXTRA_INDEX_URL", second.url)
            index.offer("demo", replace(PURE, said=None))
            second.offer("demo", replace(PURE, said=None))
            assert opened(hash_of(PURE)).source.file == WHEEL
            assert "may differ" in str(refused())

    def test_the_index_that_has_another_file_does_not_count(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with IndexServer() as second:
            monkeypatch.setenv("PIP_EXTRA_INDEX_URL", second.url)
            index.offer("demo", replace(BUILDS[0], name=WHEEL))
            second.offer("demo", PURE)
            assert opened(hash_of(PURE)).source.origin == f"{second.root}{FILES}"
            assert "is left to chance" in str(refused())

    @pytest.mark.parametrize("said", ["", None])
    def test_only_an_archive_that_is_not_read_is_allowed(
        self, index: IndexServer, said: str | None
    ) -> None:
        file = File("demo-1.0.zip", b"sources", said)
        index.offer("demo", PURE, file)
        error = refused(hash_of(file))
        assert not isinstance(error, MismatchError)
        assert "neither a wheel nor a .tar.gz of it that its pin allows, only demo-1.0" in str(
            error
        )

    def test_a_missing_version(self, index: IndexServer) -> None:
        index.offer("demo", PURE, File("demo-2.0-py3-none-any.whl"))
        error = refused(hash_of(PURE), version="3.0")
        assert not isinstance(error, MismatchError)
        assert "no version 3.0" in str(error)
        assert "ask for one that is there: 2.0, 1.0" in str(error)

    def test_a_missing_project(self, index: IndexServer) -> None:
        assert f"no release of demo at {index.url}" in str(refused(NOBODYS))

    @pytest.mark.parametrize("where", ["/simple/demo/", FILES])
    @pytest.mark.parametrize("said", ["", None])
    @pytest.mark.parametrize("misbehaves", [stall, drip, cut_off])
    def test_an_index_that_stalls(
        self,
        index: IndexServer,
        monkeypatch: pytest.MonkeyPatch,
        where: str,
        said: str | None,
        misbehaves: object,
    ) -> None:
        monkeypatch.setattr(limits, "INDEX_SECONDS", 0.3)
        monkeypatch.setattr(limits, "INDEX_TOTAL_SECONDS", 0.6)
        index.offer("demo", replace(PURE, said=said))
        index.answers[where] = misbehaves  # type: ignore[assignment]
        began = time.monotonic()
        assert not isinstance(refused(hash_of(PURE)), MismatchError)
        assert time.monotonic() - began < 2

    def test_a_file_that_was_renamed(self, index: IndexServer) -> None:
        file = File("demo-2.0-py3-none-any.whl", PURE.data)
        index.offer("demo", file)
        assert "dist-info directory for demo 2.0" in str(refused(hash_of(file), version="2.0"))


@pytest.mark.usefixtures("index")
class TestFolder:
    def test_no_index_is_asked(self, index: IndexServer, folder: Path) -> None:
        index.offer("demo", PURE)
        put(folder, BUILDS[0])
        assert opened(folder=folder).source.file == BUILDS[0].name
        refused(version="2.0", folder=folder)
        mismatch(hash_of(PURE), folder=folder)
        assert index.seen == []

    def test_the_source_says_what_was_asked(self, folder: Path) -> None:
        put(folder, PURE)
        source = opened(hash_of(PURE), folder=folder).source
        assert (source.kind, source.asked, source.file) == ("wheel", "demo==1.0", WHEEL)
        assert (source.origin, source.sha256) == ("", PURE.digest)

    def test_wheels_come_before_sdists_and_the_preferred_one_first(self, folder: Path) -> None:
        put(folder, PURE, SOURCES, *BUILDS)
        source = opened(folder=folder).source
        assert source.file == BUILDS[2].name
        assert source.unreviewed == tuple(sorted([WHEEL, BUILDS[0].name, BUILDS[1].name]))

    @pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
    def test_the_hash_chooses(self, folder: Path, algorithm: str) -> None:
        put(folder, PURE, SOURCES, *BUILDS)
        for file in (PURE, SOURCES, *BUILDS):
            source = opened(hash_of(file, algorithm), folder=folder).source
            assert (source.file, source.unreviewed) == (file.name, ())

    def test_of_several_that_are_allowed_the_one_pip_prefers(self, folder: Path) -> None:
        put(folder, PURE, SOURCES, *BUILDS)
        allowed = [hash_of(file) for file in (BUILDS[0], BUILDS[1], SOURCES)]
        source = opened(*allowed, folder=folder).source
        assert (source.file, source.unreviewed) == (BUILDS[1].name, (BUILDS[0].name,))

    def test_none_is_allowed(self, folder: Path) -> None:
        put(folder, PURE, SOURCES, File("demo-2.0-py3-none-any.whl"))
        error = mismatch(NOBODYS, folder=folder)
        assert error.found == ((WHEEL, hash_of(PURE)), (SDIST, hash_of(SOURCES)))
        assert str(folder) in str(error)

    def test_a_file_that_was_renamed(self, folder: Path) -> None:
        put(folder, File("demo-2.0-py3-none-any.whl", PURE.data))
        put(folder, File("demo-3.0.tar.gz", SOURCES.data))
        for hashes in ((), (hash_of(PURE),)):
            error = refused(*hashes, version="2.0", folder=folder)
            assert "dist-info directory for demo 2.0" in str(error)
        assert "the file name says demo 3.0" in str(refused(version="3.0", folder=folder))

    def test_a_file_that_was_renamed_is_found_by_its_hash(self, folder: Path) -> None:
        put(folder, replace(BUILDS[0], name=WHEEL))
        assert mismatch(hash_of(PURE), folder=folder).found == ((WHEEL, hash_of(BUILDS[0])),)

    def test_another_version_is_there(self, folder: Path) -> None:
        put(folder, PURE, File("demo-0.9.tar.gz"), File("other-2.0-py3-none-any.whl"))
        message = str(refused(NOBODYS, version="2.0", folder=folder))
        assert f"no file of demo 2.0 in {folder}, only 1.0, 0.9; " in message
        command = f"pip download --no-deps --only-binary :all: -d {folder} demo==2.0"
        assert message.endswith(command)

    def test_a_folder_that_a_shell_would_split(self, tmp_path: Path) -> None:
        folder = tmp_path / "all my wheels#sha256=0"
        folder.mkdir()
        assert str(refused(folder=folder)).endswith(f" -d '{folder}' demo==1.0")
        put(folder, PURE)
        assert opened(hash_of(PURE), folder=folder).source.file == WHEEL

    def test_names_and_versions_are_compared_as_pip_does(self, folder: Path) -> None:
        put(folder, File("Demo-1.0.0-py3-none-any.whl", b"x"))
        assert mismatch(NOBODYS, folder=folder).found[0][0] == "Demo-1.0.0-py3-none-any.whl"
        put(folder, PURE)
        assert opened(hash_of(PURE), version="1", folder=folder).source.file == WHEEL
        assert "is left to chance" in str(refused(folder=folder))

    def test_what_is_no_file_of_the_release(self, folder: Path) -> None:
        (folder / "deeper").mkdir()
        put(folder / "deeper", PURE)
        (folder / WHEEL).mkdir()
        (folder / SDIST).symlink_to(folder / "missing")
        os.mkfifo(folder / BUILDS[0].name)
        put(folder, File("demo_more-1.0-py3-none-any.whl"), File("demo-1.0.txt"), File("x.whl"))
        (folder / "links.html").write_text(f'<a href="deeper/{WHEEL}">x</a>')
        (folder / "index.json").write_bytes(b"\xff")
        assert f"no file of demo 1.0 in {folder}; " in str(refused(folder=folder))

    def test_an_archive_that_is_not_read(self, folder: Path) -> None:
        file = File("demo-1.0.zip")
        put(folder, file)
        for hashes in ((), (hash_of(file),)):
            error = refused(*hashes, folder=folder)
            assert not isinstance(error, MismatchError)
            assert "neither a wheel nor a .tar.gz" in str(error)

    def test_a_file_that_is_too_large(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "ARCHIVE_BYTES", 10)
        put(folder, PURE)
        assert "larger than the limit of 10 bytes" in str(refused(hash_of(PURE), folder=folder))

    @pytest.mark.parametrize("name", ["missing", "file", "x" * 5000, "nul\0"])
    def test_what_is_no_folder(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "file").write_text("")
        message = str(refused(folder=tmp_path / name))
        assert message.endswith("; check the path")

    def test_a_folder_that_cannot_be_listed(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def denied(_: Path) -> Iterator[Path]:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "iterdir", denied)
        message = str(refused(folder=folder))
        assert f"the folder {folder} cannot be looked into (Permission denied)" in message

    def test_a_relative_folder(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(folder.parent)
        put(folder, PURE)
        assert opened(hash_of(PURE), folder=Path("wheels")).source.file == WHEEL
