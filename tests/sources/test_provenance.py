"""What an index says signs a file comes with the file, or it is said why it does not."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from stigmem_review import limits
from stigmem_review.pipeline.reading import opening
from stigmem_review.sources.artifact import Artifact, SignatureFile
from stigmem_review.sources.folder import Folder
from stigmem_review.sources.request import find_pinned
from support.archives import MODULE, SDIST, WHEEL, refusal_of, sdist, wheel
from support.index_server import (
    Answer,
    File,
    IndexServer,
    body,
    cut_off,
    drip,
    drip_header,
    endless,
    sha256,
    stall,
    status,
)

PURE = File(WHEEL, wheel())
SOURCES = File(SDIST, sdist())
SIGNED = replace(PURE, provenance=b"signed")
BUILD = WHEEL.replace("-py3", "-1-py3")

both_forms = pytest.mark.parametrize("as_json", [False, True])


def opened() -> Artifact:
    artifact = opening("demo==1.0").open()
    assert MODULE in artifact.files.values(), "whatever signs it, it is read"
    return artifact


def signatures() -> tuple[SignatureFile, ...]:
    return opened().signatures


def pinned(*files: File, folder: Path | None = None) -> Artifact:
    hashes = tuple(f"sha256:{sha256(file.data)}" for file in files)
    where = Folder(folder) if folder else None
    with find_pinned("demo==1.0", "demo", Version("1.0"), hashes, where) as found:
        return found.read()


def why() -> str:
    (found,) = signatures()
    assert found.data == b""
    assert found.do
    return found.why


class TestGiven:
    @both_forms
    def test_it_is_fetched_with_the_file(self, index: IndexServer, as_json: bool) -> None:
        index.offer("demo", SIGNED, SOURCES, as_json=as_json)
        address = f"{index.root}{SIGNED.provenance_path}"
        assert signatures() == (SignatureFile(address, b"signed"),)
        assert index.paths == ["/simple/demo/", f"/files/{WHEEL}", SIGNED.provenance_path]

    @both_forms
    def test_only_that_of_the_file(self, index: IndexServer, as_json: bool) -> None:
        signed = replace(SOURCES, provenance=b"signed")
        build = File(BUILD, wheel({"demo/build.py": b"1"}))
        index.offer("demo", SIGNED, build, signed, as_json=as_json)
        assert signatures() == ()
        assert index.paths == ["/simple/demo/", f"/files/{BUILD}"]

    @both_forms
    def test_that_of_the_file_that_a_pin_allows(self, index: IndexServer, as_json: bool) -> None:
        build = File(BUILD, wheel({"demo/build.py": b"1"}), provenance=b"the build's")
        index.offer("demo", SIGNED, build, as_json=as_json)
        assert [each.data for each in pinned(PURE).signatures] == [b"signed"]
        assert [each.data for each in pinned(build).signatures] == [b"the build's"]

    @both_forms
    def test_an_address_relative_to_the_page(self, index: IndexServer, as_json: bool) -> None:
        there = f"../../integrity/{WHEEL}/provenance"
        index.offer("demo", replace(SIGNED, provenance_at=there), as_json=as_json)
        address = f"{index.root}{SIGNED.provenance_path}"
        assert signatures() == (SignatureFile(address, b"signed"),)

    def test_a_redirect_is_followed(self, index: IndexServer) -> None:
        index.offer("demo", SIGNED)
        index.answers["/moved"] = index.answers[SIGNED.provenance_path]
        index.answers[SIGNED.provenance_path] = status(302, Location="/moved")
        assert signatures()[0].data == b"signed"

    def test_one_that_is_sent_compressed(self, index: IndexServer) -> None:
        index.offer("demo", SIGNED)
        index.answers[SIGNED.provenance_path] = body(
            gzip.compress(b"signed"), "application/json", Content_Encoding="gzip"
        )
        assert signatures()[0].data == b"signed"

    def test_no_credentials_are_shown(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://me:hunter2@{index.host}/simple")
        at = f"http://you:hunter3@{index.host}{SIGNED.provenance_path}?token=hunter4"
        index.offer("demo", replace(SIGNED, provenance_at=at))
        clean = f"{index.root}{SIGNED.provenance_path}"
        assert signatures() == (SignatureFile(clean, b"signed"),)
        index.answers[SIGNED.provenance_path] = status(401)
        (found,) = signatures()
        assert "hunter" not in repr(found)

    def test_the_login_is_for_its_own_index_alone(
        self, index: IndexServer, second: IndexServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("PIP_EXTRA_INDEX_URL")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://me:hunter2@{index.host}/simple")
        index.offer("demo", SIGNED)
        assert signatures()[0].data == b"signed"
        assert index.seen[-1] == (SIGNED.provenance_path, "Basic bWU6aHVudGVyMg==")
        second.answers["/elsewhere"] = body(b"signed elsewhere")
        index.offer("demo", replace(SIGNED, provenance_at=f"{second.root}/elsewhere"))
        assert signatures()[0].data == b"signed elsewhere"
        assert second.seen == [("/elsewhere", None)]


class TestNotToBeHad:
    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (status(404), "offers it, and it is not there"),
            (status(410), "offers it, and it is not there"),
            (status(401), "it demands a login (status 401)"),
            (status(500), "it answered with status 500"),
            (status(302, Location="http://index.invalid/"), "which is less secure"),
            (status(302, Location="file:///etc/passwd"), "which is less secure"),
            (status(302, Location=SIGNED.provenance_path), "redirected more than 5 times"),
            (cut_off, "the connection to it broke off"),
            (body(b""), "it is empty"),
            (body(b"x" * (limits.SIGNATURE_BYTES + 1)), "it is larger than the 262144 bytes"),
            (body(gzip.compress(b" " * 9_000_000), Content_Encoding="gzip"), "larger than the"),
            (body(b"no gzip", Content_Encoding="gzip"), "broke off"),
        ],
    )
    def test_the_index_does_not_give_it(
        self, index: IndexServer, answer: Answer, words: str
    ) -> None:
        index.offer("demo", SIGNED)
        index.answers[SIGNED.provenance_path] = answer
        assert words in why()

    @pytest.mark.parametrize("misbehaves", [stall, drip, drip_header, endless])
    def test_the_index_takes_its_time(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch, misbehaves: Answer
    ) -> None:
        monkeypatch.setattr(limits, "INDEX_SECONDS", 0.5)
        index.offer("demo", SIGNED)
        index.answers[SIGNED.provenance_path] = misbehaves
        began = time.monotonic()
        message = why()
        assert time.monotonic() - began < 3
        assert "0.5 seconds" in message or (misbehaves is endless and "larger than" in message)

    @both_forms
    @pytest.mark.parametrize(
        ("address", "words"),
        [
            ("http://index.invalid/x", "neither https nor one of pip's trusted hosts"),
            ("https://index.invalid/x", "no connection to it could be opened"),
            ("ftp://index.invalid/x", "not on the web"),
            ("data:application/json,{}", "not on the web"),
            ("javascript:0", "not on the web"),
            ("https:", "it is not a URL that can be fetched"),
            ("https://[broken", "no address"),
            ("https://index.invalid:port/x", "no address"),
            ("", "no address"),
        ],
    )
    def test_an_address_that_is_not_asked(
        self, index: IndexServer, address: str, words: str, as_json: bool
    ) -> None:
        index.offer("demo", replace(SIGNED, provenance_at=address), as_json=as_json)
        assert words in why()

    @both_forms
    def test_a_page_on_the_web_cannot_point_into_the_disk(
        self, index: IndexServer, tmp_path: Path, as_json: bool
    ) -> None:
        (tmp_path / "x").write_bytes(b"signed")
        at = (tmp_path / "x").as_uri()
        index.offer("demo", replace(SIGNED, provenance_at=at), as_json=as_json)
        assert "not on the web" in why()

    @pytest.mark.parametrize("said", [1, True, False, [], {"url": "x"}])
    def test_what_is_no_address_at_all(self, index: IndexServer, said: object) -> None:
        index.offer("demo", replace(SIGNED, provenance_at=said), as_json=True)
        assert "no address" in why()

    def test_an_attribute_without_a_value(self, index: IndexServer) -> None:
        page = f'<a href="/files/{WHEEL}" data-provenance>x</a>'.encode()
        index.offer("demo", PURE)
        index.answers["/simple/demo/"] = body(page, "text/html")
        assert "no address" in why()


class TestSeveralPlaces:
    def test_the_one_that_is_given(self, index: IndexServer, second: IndexServer) -> None:
        index.offer("demo", PURE)
        second.offer("demo", SIGNED, as_json=True)
        address = f"{second.root}{SIGNED.provenance_path}"
        assert signatures() == (SignatureFile(address, b"signed"),)
        assert pinned(PURE).signatures == signatures()

    def test_all_that_are_given(self, index: IndexServer, second: IndexServer) -> None:
        index.offer("demo", SIGNED)
        second.offer("demo", replace(SIGNED, provenance=b"signed by others"))
        assert [each.data for each in signatures()] == [b"signed", b"signed by others"]
        second.answers[SIGNED.provenance_path] = status(404)
        assert [bool(each.why) for each in signatures()] == [False, True]

    def test_each_once(self, index: IndexServer, second: IndexServer) -> None:
        index.offer("demo", SIGNED)
        second.offer("demo", SIGNED)
        assert len(signatures()) == 1
        same = f"{index.root}{SIGNED.provenance_path}"
        second.offer("demo", replace(SIGNED, provenance_at=same))
        index.seen.clear()
        assert len(signatures()) == 1
        assert index.paths.count(SIGNED.provenance_path) == 1

    def test_an_index_that_gives_no_end_of_them(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "PROVENANCES", 2)
        files = [replace(SIGNED, provenance_at=f"{index.root}/{number}") for number in range(4)]
        index.offer("demo", *files)
        for number in range(4):
            index.answers[f"/{number}"] = body(b"%d" % number)
        found = signatures()
        assert [each.data for each in found] == [b"0", b"1", b""]
        assert "offered at 4 addresses, and 2 are looked at" in found[2].why

    def test_a_folder_beside_an_index(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / WHEEL).write_bytes(PURE.data)
        (tmp_path / f"{WHEEL}.sigstore").write_bytes(b"beside")
        monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
        index.offer("demo", SIGNED)
        assert [each.data for each in signatures()] == [b"beside", b"signed"]

    def test_a_page_on_disk(
        self, alone: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", tmp_path.as_uri())
        (tmp_path / "demo").mkdir()
        (tmp_path / WHEEL).write_bytes(PURE.data)
        (tmp_path / "signed").write_bytes(b"signed")
        (tmp_path / "demo" / "index.html").write_text(
            f'<a href="../{WHEEL}" data-provenance="../signed">x</a>'
        )
        assert signatures() == (SignatureFile("signed", b"signed"),)


class TestFolder:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        for file in (PURE, SOURCES):
            (tmp_path / file.name).write_bytes(file.data)
        return tmp_path

    def test_what_stands_beside_the_file(self, folder: Path) -> None:
        assert pinned(PURE, folder=folder).signatures == ()
        (folder / f"{WHEEL}.provenance").write_bytes(b"signed")
        (folder / f"{WHEEL}.sigstore").mkdir()
        found = pinned(PURE, folder=folder).signatures
        assert [each.name for each in found] == [f"{WHEEL}.sigstore", f"{WHEEL}.provenance"]
        assert [each.data for each in found] == [b"", b"signed"]
        assert pinned(SOURCES, folder=folder).signatures == ()

    def test_a_folder_whose_name_a_url_would_spell_otherwise(self, tmp_path: Path) -> None:
        folder = tmp_path / "all my wheels?#sha256=0;%41"
        folder.mkdir()
        (folder / WHEEL).write_bytes(PURE.data)
        (folder / f"{WHEEL}.sigstore").write_bytes(b"signed")
        assert [each.data for each in pinned(folder=folder).signatures] == [b"signed"]

    def test_the_other_files_of_the_release(self, folder: Path) -> None:
        assert pinned(folder=folder).others == {SDIST: False}
        (folder / f"{SDIST}.sigstore.json").write_bytes(b"signed")
        assert pinned(folder=folder).others == {SDIST: True}
        assert pinned(SOURCES, folder=folder).others == {WHEEL: False}


class TestSilence:
    """Whether an index could say that something signs a file (PEP 740, PEP 700)."""

    @pytest.mark.parametrize(
        ("meta", "silent"),
        [
            ("", True),
            ('<meta name="pypi:repository-version" content="1.1">', True),
            ('<meta name="pypi:repository-version" content="1.3">', False),
            ('<meta name="pypi:repository-version" content="1.10">', False),
            ('<meta name="pypi:repository-version" content="new">', True),
        ],
    )
    def test_a_page_in_html(self, index: IndexServer, meta: str, silent: bool) -> None:
        index.offer("demo", PURE)
        link = f'<a href="../../files/{WHEEL}#sha256={PURE.digest}">{WHEEL}</a>'
        page = f"<!DOCTYPE html><html><head>{meta}</head><body>{link}</body></html>"
        index.answers["/simple/demo/"] = body(page.encode(), "text/html")
        assert opened().silent is silent

    def test_a_page_in_html_that_says_it_of_another_file(self, index: IndexServer) -> None:
        index.offer("demo", PURE, replace(SOURCES, provenance=b"signed"))
        assert opened().silent is False

    @pytest.mark.parametrize(("said", "silent"), [({}, True), ({"provenance": None}, False)])
    def test_a_page_in_json(
        self, index: IndexServer, said: Mapping[str, None], silent: bool
    ) -> None:
        index.offer("demo", PURE)
        file: dict[str, object] = {
            "filename": WHEEL,
            "url": f"../../files/{WHEEL}",
            "hashes": {},
            **said,
        }
        page = {"meta": {"api-version": "1.4"}, "name": "demo", "files": [file]}
        kind = "application/vnd.pypi.simple.v1+json"
        index.answers["/simple/demo/"] = body(json.dumps(page).encode(), kind)
        assert opened().silent is silent

    def test_a_folder_has_what_stands_in_it(self, tmp_path: Path) -> None:
        (tmp_path / WHEEL).write_bytes(PURE.data)
        assert pinned(folder=tmp_path).silent is False


class TestOthers:
    @both_forms
    def test_all_wheels_and_sdists_of_the_version(self, index: IndexServer, as_json: bool) -> None:
        index.offer(
            "demo",
            PURE,
            File(BUILD.replace("any", "win32"), b"never read"),
            replace(SOURCES, provenance=b"never read"),
            File("demo-1.0.zip"),
            File("demo-1.1-py3-none-any.whl"),
            File("demo-1.1.tar.gz"),
            File("demo-1.0+ours.tar.gz"),
            as_json=as_json,
        )
        expected = {BUILD.replace("any", "win32"): False, SDIST: True}
        assert pinned(PURE).others == expected
        assert index.paths == ["/simple/demo/", f"/files/{WHEEL}"]

    def test_one_index_gives_what_another_does_not(
        self, index: IndexServer, second: IndexServer
    ) -> None:
        signed = replace(SOURCES, provenance=b"signed")
        for one, two in ((SOURCES, signed), (signed, SOURCES)):
            index.offer("demo", PURE, one)
            second.offer("demo", PURE, two)
            assert opened().others == {SDIST: True}

    def test_another_spelling_of_the_file_is_no_other_file(
        self, index: IndexServer, second: IndexServer
    ) -> None:
        index.offer("demo", SIGNED)
        second.offer("demo", replace(PURE, name=WHEEL.replace("1.0", "1.0.0")))
        artifact = opened()
        assert artifact.others == {}
        assert [each.data for each in artifact.signatures] == [b"signed"]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (File("demo-1.0.1-py3-none-any.whl", PURE.data), "only demo-1.0.dist-info"),
        (File("demo-1.0.1.tar.gz", SOURCES.data), "its directory is demo-1.0"),
    ],
)
def test_an_index_that_serves_another_release_under_the_name(
    index: IndexServer, file: File, words: str
) -> None:
    index.offer("demo", replace(file, provenance=b"signed"))
    message = refusal_of(opening("demo==1.0.1").open)
    assert message.startswith(f"demo==1.0.1: {file.name}: ")
    assert words in message
    assert "do not deploy it as what it is named" in message
