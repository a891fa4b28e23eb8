"""What stands beside a file and signs it is found by its name, and so is what a user names."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from stigmem_review import limits, review
from stigmem_review.errors import UsageError
from stigmem_review.pipeline.reading import opening
from stigmem_review.sources.artifact import Artifact, SignatureFile
from support.archives import MODULE, SDIST, WHEEL, refusal_of, sdist, wheel, write_files

SUFFIXES = (".sigstore.json", ".sigstore", ".publish.attestation", ".provenance")
RELEASES = {WHEEL: wheel(), SDIST: sdist()}


def opened(path: Path, bundle: Path | None = None) -> Artifact:
    artifact = opening(str(path), None if bundle is None else str(bundle)).open()
    assert MODULE in artifact.files.values(), "whatever signs it, it is read"
    return artifact


def signatures(path: Path, bundle: Path | None = None) -> tuple[SignatureFile, ...]:
    return opened(path, bundle).signatures


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    return write_files(tmp_path, {WHEEL: wheel()}) / WHEEL


class TestBeside:
    @pytest.mark.parametrize("file", RELEASES)
    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_each_kind_is_found(self, tmp_path: Path, file: str, suffix: str) -> None:
        write_files(tmp_path, {file: RELEASES[file], file + suffix: b"signed"})
        assert signatures(tmp_path / file) == (SignatureFile(file + suffix, b"signed"),)

    def test_all_that_are_there_are_taken_in_one_order(self, demo: Path) -> None:
        for suffix in reversed(SUFFIXES):
            demo.with_name(WHEEL + suffix).write_bytes(b"signed")
        assert [each.name for each in signatures(demo)] == [WHEEL + suffix for suffix in SUFFIXES]

    def test_what_signs_another_file_is_not_taken(self, demo: Path) -> None:
        stem = WHEEL.removesuffix(".whl")
        for name in (
            f"{stem}.sigstore.json",
            f"{SDIST}.sigstore",
            f"x{WHEEL}.sigstore",
            f"{WHEEL}.sigstore.json.bak",
            f"{WHEEL}.sig",
        ):
            demo.with_name(name).write_bytes(b"signed")
        assert signatures(demo) == ()

    def test_what_may_be_of_another_form_is_marked(self, demo: Path) -> None:
        names = [f"{WHEEL}{each}" for each in (".slsa.attestation", ".intoto.jsonl", ".bundle")]
        write_files(demo.parent, dict.fromkeys(names, b"signed"))
        assert signatures(demo) == tuple(
            SignatureFile(each, b"signed", doubtful=True) for each in names
        )

    def test_what_is_never_read_is_named(self, demo: Path) -> None:
        names = [f"{WHEEL}{each}" for each in (".asc", ".minisig", ".scan.attestation", ".sig")]
        others = [f"{WHEEL}.publish.attestation", f"{WHEEL}.txt", f"x{WHEEL}.asc", f"{SDIST}.asc"]
        write_files(demo.parent, dict.fromkeys((*names, *others), b"signed"))
        assert opened(demo).seen == tuple(names)

    def test_the_signed_sdist_of_a_wheel_can_be_verified(self, demo: Path) -> None:
        data = sdist()
        demo.with_name(SDIST).write_bytes(data)
        assert opened(demo).sdist_signed is None
        demo.with_name(f"{SDIST}.sigstore").write_bytes(b"signed")
        found = opened(demo).sdist_signed
        assert found is not None
        artifact = found()
        assert artifact.source.sha256 == hashlib.sha256(data).hexdigest()
        assert artifact.signatures == (SignatureFile(f"{SDIST}.sigstore", b"signed"),)
        assert opened(demo.with_name(SDIST)).sdist_signed is None

    def test_it_is_read_up_to_the_limit(self, demo: Path) -> None:
        sidecar = demo.with_name(f"{WHEEL}.provenance")
        sidecar.write_bytes(b"x" * limits.SIGNATURE_BYTES)
        (found,) = signatures(demo)
        assert (len(found.data), found.why) == (limits.SIGNATURE_BYTES, "")
        sidecar.write_bytes(b"x" * (limits.SIGNATURE_BYTES + 1))
        (found,) = signatures(demo)
        assert "larger than the limit of 262144 bytes" in found.why

    @pytest.mark.parametrize(
        ("make", "why"),
        [
            (lambda path: path.mkdir(), "it is not a regular file"),
            (lambda path: path.symlink_to("nowhere"), "it cannot be read: No such file"),
            (lambda path: path.symlink_to(path.name), "it cannot be read: Too many levels"),
            (os.mkfifo, "it is not a regular file"),
            (lambda path: path.symlink_to("/dev/zero"), "it is not a regular file"),
            (lambda path: path.touch(), "it is empty"),
        ],
    )
    def test_one_that_cannot_be_read_says_why(self, demo: Path, make: object, why: str) -> None:
        sidecar = demo.with_name(f"{WHEEL}.sigstore")
        make(sidecar)  # type: ignore[operator]
        (found,) = signatures(demo)
        assert (found.name, found.data) == (sidecar.name, b"")
        assert found.why.startswith(why)
        assert found.do

    def test_links_are_followed_and_looked_for_beside_the_link(
        self, demo: Path, tmp_path: Path
    ) -> None:
        demo.with_name(f"{WHEEL}.sigstore").write_bytes(b"beside the file")
        store = write_files(tmp_path / "store", {"bundle": b"beside the link"})
        linked = tmp_path / "linked" / WHEEL
        linked.parent.mkdir()
        linked.symlink_to(demo)
        assert signatures(linked) == ()
        linked.with_name(f"{WHEEL}.sigstore").symlink_to(store / "bundle")
        assert signatures(linked) == (SignatureFile(f"{WHEEL}.sigstore", b"beside the link"),)


class TestNamed:
    def test_it_signs_besides_what_stands_there(self, demo: Path, tmp_path: Path) -> None:
        named = write_files(tmp_path / "elsewhere", {"bundle": b"named"}) / "bundle"
        assert signatures(demo, named) == (SignatureFile("bundle", b"named"),)
        demo.with_name(f"{WHEEL}.sigstore").write_bytes(b"beside")
        found = signatures(demo, named)
        assert [each.data for each in found] == [b"beside", b"named"]

    def test_the_same_file_counts_once(self, demo: Path, tmp_path: Path) -> None:
        sidecar = demo.with_name(f"{WHEEL}.sigstore")
        sidecar.write_bytes(b"signed")
        link = tmp_path / "link"
        link.symlink_to(sidecar)
        once = (SignatureFile(sidecar.name, b"signed"),)
        assert signatures(demo, sidecar) == signatures(demo, link) == once
        sidecar.write_bytes(b"")
        assert len(signatures(demo, sidecar)) == 1

    def test_one_that_cannot_be_read_says_why(self, demo: Path, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        (found,) = signatures(demo, tmp_path / "pipe")
        assert (found.name, found.data) == ("pipe", b"")
        assert "not a regular file" in found.why
        assert found.do

    @pytest.mark.parametrize(
        ("bundle", "words"),
        [
            ("missing", "missing does not exist"),
            ("dangling", "dangling does not exist"),
            ("", " is a directory"),
            ("x" * 5000, "cannot be opened: File name too long"),
            ("nul\0", "does not exist"),
        ],
    )
    def test_one_that_is_not_there_is_an_error_of_the_request(
        self, tmp_path: Path, bundle: str, words: str
    ) -> None:
        write_files(tmp_path, {WHEEL: b"nothing opens this"})
        (tmp_path / "dangling").symlink_to("nowhere")
        with pytest.raises(UsageError, match="the bundle") as caught:
            opening(str(tmp_path / WHEEL), f"{tmp_path}/{bundle}")
        assert words in str(caught.value)
        assert caught.value.exit_code == 2

    @pytest.mark.parametrize(
        ("source", "words"),
        [
            ("none", "there is no release"),
            ("folder", "folder is a project directory"),
            ("capture.json", "is a capture"),
        ],
    )
    def test_there_must_be_something_to_sign(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, words: str
    ) -> None:
        write_files(tmp_path, {"folder/x": b"", "capture.json": b"", "bundle": b"signed"})
        monkeypatch.chdir(tmp_path)
        with pytest.raises(UsageError, match="signs nothing") as caught:
            opening(source, "bundle")
        assert words in str(caught.value)

    @pytest.mark.parametrize("option", ["old_bundle", "new_bundle"])
    def test_a_review_ends_before_anything_is_opened(self, demo: Path, option: str) -> None:
        demo.write_bytes(b"nothing opens this")
        with pytest.raises(UsageError, match="the bundle missing does not exist"):
            review(str(demo), str(demo), **{option: "missing"})  # type: ignore[arg-type]

    def test_a_requirement_can_have_one(self, tmp_path: Path) -> None:
        (tmp_path / "bundle").write_bytes(b"signed")
        opening("demo==1.0", str(tmp_path / "bundle"))


class TestOthers:
    def test_the_files_of_the_same_release(self, demo: Path) -> None:
        signed = "Demo-1.0.0-1-cp311-cp311-linux_x86_64.whl"
        files = (signed, SDIST, "demo-1.0-cp27-cp27m-win32.whl")
        write_files(demo.parent, dict.fromkeys((*files, f"{signed}.provenance"), b"x"))
        assert opened(demo).others == {signed: True, SDIST: False, files[2]: False}

    def test_neither_other_releases_nor_what_is_no_file_of_one(self, demo: Path) -> None:
        names = (
            "demo-1.0.post1.tar.gz",
            "demo-1.1-py3-none-any.whl",
            "demo_more-1.0-py3-none-any.whl",
            "demo-1.0-py3-none.whl",
            "demo-1.0.zip",
            "demo-1.0.tar.gz.sigstore",
            "demo-one.tar.gz",
            "demo-" + "9" * 200 + ".tar.gz",
        )
        write_files(demo.parent, dict.fromkeys(names, b"x"))
        demo.with_name("Demo-1.0.tar.gz").mkdir()
        demo.with_name("DEMO-1.0.tar.gz").symlink_to("nowhere")
        assert opened(demo).others == {}

    def test_they_are_not_read(self, demo: Path) -> None:
        demo.with_name(SDIST).write_bytes(b"no sdist")
        os.mkfifo(demo.with_name(f"{SDIST}.sigstore"))
        assert opened(demo).others == {SDIST: True}

    def test_an_sdist_has_them_too(self, demo: Path) -> None:
        sidecar = demo.with_name(f"{WHEEL}.sigstore")
        sidecar.write_bytes(b"signed")
        demo.with_name(SDIST).write_bytes(sdist())
        assert opened(demo.with_name(SDIST)).others == {WHEEL: True}

    def test_a_large_folder_is_left_alone_but_for_the_signature(
        self, demo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "FOLDER_ENTRIES", 3)
        demo.with_name(f"{WHEEL}.sigstore").write_bytes(b"signed")
        demo.with_name(SDIST).write_bytes(sdist())
        assert opened(demo).others == {SDIST: False}
        demo.with_name("one more").touch()
        artifact = opened(demo)
        assert artifact.others == {}
        assert [each.data for each in artifact.signatures] == [b"signed"]

    def test_a_folder_that_cannot_be_listed(
        self, demo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def denied(_: Path) -> object:
            raise PermissionError(13, "Permission denied")

        demo.with_name(SDIST).write_bytes(sdist())
        monkeypatch.setattr(os, "scandir", denied)
        assert opened(demo).others == {}


class TestRenamed:
    """A signature binds bytes and no version: what is in them has to be what they are named."""

    @pytest.mark.parametrize(
        ("file", "named", "words"),
        [
            (WHEEL, "demo-1.0.1-py3-none-any.whl", "only demo-1.0.dist-info"),
            (WHEEL, "demo-1.0+1-py3-none-any.whl", "only demo-1.0.dist-info"),
            (WHEEL, "other-1.0-py3-none-any.whl", "only demo-1.0.dist-info"),
            (SDIST, "demo-1.0.1.tar.gz", "its directory is demo-1.0"),
            (SDIST, "other-1.0.tar.gz", "its directory is demo-1.0"),
        ],
    )
    def test_another_release_under_a_new_name(
        self, tmp_path: Path, file: str, named: str, words: str
    ) -> None:
        write_files(tmp_path, {named: RELEASES[file], f"{named}.sigstore.json": b"signed"})
        message = refusal_of(opening(str(tmp_path / named)).open)
        assert message.startswith(f"{named}: ")
        assert words in message
        assert "do not deploy it as what it is named" in message

    def test_a_review_of_one_is_incomplete(self, demo: Path) -> None:
        renamed = demo.with_name("demo-1.0.1-py3-none-any.whl")
        table = b"[stigmem.plugins]\ndemo = demo:manifest\n"
        renamed.write_bytes(wheel({"demo-1.0.dist-info/entry_points.txt": table}))
        report = review(str(demo), str(renamed))
        assert report.verdict.state == "incomplete"
        (gap,) = report.gaps
        assert (gap.what, "only demo-1.0.dist-info" in gap.why) == ("new release", True)
