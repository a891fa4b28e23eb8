"""Fetching ``name==version`` from an index, however the index behaves."""

from __future__ import annotations

import datetime
import gzip
import hashlib
import ipaddress
import json
import ssl
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.tags import sys_tags
from packaging.version import Version

from stigmem_review import limits
from stigmem_review.errors import SourceError, UsageError
from stigmem_review.sources import pip_config
from stigmem_review.sources.download import shown
from stigmem_review.sources.index import find, parse_requirement
from support.index_server import (
    Answer,
    File,
    IndexServer,
    body,
    cut_off,
    drip,
    drip_header,
    endless,
    in_parts,
    sha256,
    stall,
    status,
)

WHEEL = File("stigmem_plugin_demo-1.0-py3-none-any.whl")
SDIST = File("stigmem_plugin_demo-1.0.tar.gz", b"the bytes of an sdist")
PROJECT = "stigmem-plugin-demo"
PAGE = f"/simple/{PROJECT}/"


class Got(NamedTuple):
    """What was fetched, and the bytes in it."""

    file: str
    data: bytes
    origin: str
    unreviewed: tuple[str, ...] = ()
    others: Mapping[str, bool] = {}


def get(requirement: str = f"{PROJECT}==1.0") -> Got:
    parsed = parse_requirement(requirement)
    assert parsed is not None
    with find(requirement, *parsed) as release:
        found = release.load()
    with found.content as content:
        data = content.read(1_000_000)
    return Got(found.file, data, found.origin, found.unreviewed, found.others)


def get_sdist() -> tuple[str, bytes] | None:
    """Return the name and the bytes of the sdist beside the wheel that is taken, if any."""
    with find(f"{PROJECT}==1.0", PROJECT, Version("1.0")) as release:
        found = release.load()
    found.content.close()
    if found.sdist is None:
        return None
    beside = found.sdist()
    with beside.content as content:
        return beside.file, content.read(1_000_000)


def refused(requirement: str = f"{PROJECT}==1.0") -> str:
    with pytest.raises(SourceError) as caught:
        get(requirement)
    message = str(caught.value)
    assert message.startswith(f"{requirement}: ")
    assert "\n" not in message
    assert "; " in message, "every message says what to do"
    return message


class TestRequirement:
    @pytest.mark.parametrize(
        ("text", "version"),
        [("demo==1.0", "1.0"), ("demo == 1!2.0rc1", "1!2.0rc1"), ("demo==1.0+local", "1.0+local")],
    )
    def test_exactly_one_release(self, text: str, version: str) -> None:
        assert parse_requirement(text) == ("demo", Version(version))

    @pytest.mark.parametrize(
        ("text", "write"),
        [
            ("demo", "write demo==VERSION"),
            ("demo>=1", "write demo==VERSION"),
            ("demo~=1.1", "write demo==VERSION"),
            ("demo==1.*", "write demo==VERSION"),
            ("demo==1,==1.0", "write demo==VERSION"),
            ("demo===1.0", "write demo==1.0"),
            ("demo[extra]==1.0", "write demo==1.0"),
            ("demo==1.0; python_version > '3'", "write demo==1.0"),
            ("demo @ https://host.invalid/demo.zip", "write demo==VERSION"),
            ("demo==one", "write NAME==VERSION"),
            ("demo==", "write NAME==VERSION"),
            ("demo==" + "9" * 5000, "write demo==VERSION"),
            ("demo==1.0 \x1b[31m", r"\\u\{1b\}"),
        ],
    )
    def test_anything_else_says_what_to_write(self, text: str, write: str) -> None:
        with pytest.raises(UsageError, match=write):
            parse_requirement(text)

    @pytest.mark.parametrize("text", ["./demo", "dir/demo", "demo-1.0-py3-none-any.whl", "", "-"])
    def test_what_is_no_requirement(self, text: str) -> None:
        assert parse_requirement(text) is None


class TestChoice:
    @pytest.mark.parametrize("as_json", [False, True])
    def test_a_wheel_is_preferred_to_an_sdist(self, index: IndexServer, as_json: bool) -> None:
        index.offer(PROJECT, SDIST, WHEEL, as_json=as_json)
        origin = f"{index.root}/files/{WHEEL.name}"
        assert get() == Got(WHEEL.name, WHEEL.data, origin, others={SDIST.name: False})
        assert index.paths == [PAGE, f"/files/{WHEEL.name}"]

    def test_the_sdist_beside_a_wheel_is_fetched_when_it_is_asked_for(
        self, index: IndexServer
    ) -> None:
        index.offer(PROJECT, SDIST, WHEEL)
        assert get_sdist() == (SDIST.name, SDIST.data)
        assert index.paths.count(PAGE) == 1
        index.offer(PROJECT, WHEEL)
        assert get_sdist() is None
        index.offer(PROJECT, SDIST)
        assert get_sdist() is None

    @pytest.mark.parametrize("as_json", [False, True])
    def test_an_sdist_where_there_is_no_wheel(self, index: IndexServer, as_json: bool) -> None:
        index.offer(PROJECT, SDIST, as_json=as_json)
        assert get().file == SDIST.name

    def test_neither_a_wheel_nor_a_tar_gz(self, index: IndexServer) -> None:
        index.offer(
            PROJECT,
            File("stigmem_plugin_demo-1.0.zip"),
            File("stigmem_plugin_demo-1.0-py3.11.egg"),
        )
        message = refused()
        assert "neither a wheel nor a .tar.gz" in message
        assert "stigmem_plugin_demo-1.0.zip" in message

    def test_the_name_and_version_are_compared_as_pip_does(self, index: IndexServer) -> None:
        file = File("Stigmem.Plugin_Demo-1.0.0-py3-none-any.whl")
        index.offer(PROJECT, file)
        assert get("Stigmem_Plugin.Demo==1").file == file.name

    def test_a_yanked_release_is_still_fetched(self, index: IndexServer) -> None:
        index.offer(PROJECT, File(WHEEL.name, yanked=True))
        assert get().file == WHEEL.name

    def test_other_wheels_are_named(self, index: IndexServer) -> None:
        tag = next(tag for tag in sys_tags() if tag.platform != "any")
        here = File(f"stigmem_plugin_demo-1.0-{tag}.whl")
        pure = File("stigmem_plugin_demo-1.0-py3-none-any.whl", b"pure")
        other = File("stigmem_plugin_demo-1.0-cp27-cp27m-os2.whl", b"other")
        index.offer(PROJECT, pure, other, here, SDIST)
        fetched = get()
        assert fetched.file == here.name
        assert fetched.unreviewed == (other.name, pure.name)

    def test_the_first_by_name_where_none_fits_this_interpreter(self, index: IndexServer) -> None:
        names = [f"stigmem_plugin_demo-1.0-cp27-cp27m-os{number}.whl" for number in (3, 1, 2)]
        index.offer(PROJECT, *(File(name, name.encode()) for name in names))
        fetched = get()
        assert fetched.file == names[1]
        assert fetched.unreviewed == (names[2], names[0])

    def test_the_later_build(self, index: IndexServer) -> None:
        names = [f"stigmem_plugin_demo-1.0-{build}-py3-none-any.whl" for build in (2, 10, 9)]
        index.offer(PROJECT, *(File(name, name.encode()) for name in names))
        assert get().file == names[1]

    def test_a_local_version_satisfies_the_public_one(self, index: IndexServer) -> None:
        file = File("stigmem_plugin_demo-1.0+ours-py3-none-any.whl")
        index.offer(PROJECT, file)
        assert get().file == file.name
        assert get(f"{PROJECT}==1.0+ours").file == file.name
        assert "no version 1.0+theirs" in refused(f"{PROJECT}==1.0+theirs")

    def test_several_local_versions_are_ambiguous(self, index: IndexServer) -> None:
        index.offer(PROJECT, WHEEL, File("stigmem_plugin_demo-1.0+ours-py3-none-any.whl"))
        assert f"write {PROJECT}==1.0+ours, or pass the file" in refused()

    def test_what_cannot_be_the_projects_is_passed_over(self, index: IndexServer) -> None:
        index.offer(
            PROJECT,
            File("stigmem_plugin_demo_evil-1.0-py3-none-any.whl"),
            File("stigmem_plugin_demo-1.0-py3.whl"),
            File("stigmem_plugin_demo-one-py3-none-any.whl"),
            File("stigmem_plugin_demo-" + "9" * 5000 + "-py3-none-any.whl"),
            File("other-1.0-py3-none-any.whl"),
            WHEEL,
        )
        fetched = get()
        assert (fetched.file, fetched.unreviewed) == (WHEEL.name, ())

    def test_the_url_names_the_file_and_not_the_text_beside_it(self, index: IndexServer) -> None:
        index.answers[PAGE] = body(
            f'<a href="/files/{SDIST.name}">{WHEEL.name}</a>'.encode(), "text/html"
        )
        index.answers[f"/files/{SDIST.name}"] = body(SDIST.data)
        assert get().file == SDIST.name

    def test_a_base_element_counts(self, index: IndexServer) -> None:
        index.answers[PAGE] = body(
            f'<base href="/there/"><a href="{WHEEL.name}">x</a>'.encode(), "text/html"
        )
        index.answers[f"/there/{WHEEL.name}"] = body(WHEEL.data)
        assert get().origin == f"{index.root}/there/{WHEEL.name}"


class TestNotFound:
    def test_an_unknown_name(self, index: IndexServer) -> None:
        message = refused()
        assert f"no release of {PROJECT} at {index.url}" in message
        assert index.paths == [PAGE]

    def test_an_unknown_version_names_the_newest(self, index: IndexServer) -> None:
        versions = ["0.9", "1.1", "1.10", "1.2", "2.0rc1", "1.3", "1.4"]
        index.offer(
            PROJECT, *(File(f"stigmem_plugin_demo-{one}-py3-none-any.whl") for one in versions)
        )
        assert "2.0rc1, 1.10, 1.4, 1.3, 1.2 and 2 older" in refused()

    def test_a_file_that_is_offered_but_missing(self, index: IndexServer) -> None:
        index.offer(PROJECT, WHEEL)
        del index.answers[f"/files/{WHEEL.name}"]
        assert "is offered, but is not there" in refused()

    def test_no_index(self, index: IndexServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        assert "no-index, so there is nowhere to look" in refused()
        assert index.paths == []

    def test_an_index_without_tls_is_ignored_as_by_pip(
        self, alone: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", "http://me:hunter2@index.invalid/simple")
        message = refused()
        assert "http://index.invalid/simple (neither https nor one of pip's trusted" in message

    def test_nobody_listens(self, alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
        with IndexServer() as stopped:
            url = stopped.url
        monkeypatch.setenv("PIP_INDEX_URL", url)
        assert f"no connection to {url}/{PROJECT}/ could be opened" in refused()

    def test_the_name_does_not_resolve(self, alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", "https://index.invalid/simple")
        assert f"no connection to https://index.invalid/simple/{PROJECT}/" in refused()

    @pytest.mark.parametrize("url", ["https://[::1", "https://host.invalid:port/", "file://h/x"])
    def test_a_url_that_is_none(
        self, alone: None, monkeypatch: pytest.MonkeyPatch, url: str
    ) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", url)
        refused()


class TestDigests:
    @pytest.mark.parametrize("as_json", [False, True])
    def test_a_mismatch(self, index: IndexServer, as_json: bool) -> None:
        index.offer(PROJECT, File(WHEEL.name, said="0" * 64), as_json=as_json)
        message = refused()
        assert sha256(WHEEL.data) in message
        assert "0" * 64 in message
        assert "do not deploy it" in message

    @pytest.mark.parametrize("as_json", [False, True])
    def test_none_is_given(self, index: IndexServer, as_json: bool) -> None:
        index.offer(PROJECT, File(WHEEL.name, said=None), as_json=as_json)
        assert get().data == WHEEL.data

    @pytest.mark.parametrize("as_json", [False, True])
    def test_what_is_given_is_none(self, index: IndexServer, as_json: bool) -> None:
        index.offer(PROJECT, File(WHEEL.name, said="abc"), as_json=as_json)
        assert "is no SHA-256 digest" in refused()

    def test_it_is_found_beside_other_parts_of_the_fragment(self, index: IndexServer) -> None:
        href = f"/files/{WHEEL.name}#egg=demo&amp;sha256={'0' * 64}"
        index.answers[PAGE] = body(f'<a href="{href}">x</a>'.encode(), "text/html")
        index.answers[f"/files/{WHEEL.name}"] = body(WHEEL.data)
        assert "do not deploy it" in refused()


class TestSeveralIndexes:
    def test_they_disagree(self, index: IndexServer, second: IndexServer) -> None:
        index.offer(PROJECT, WHEEL)
        second.offer(PROJECT, File(WHEEL.name, b"something else"))
        message = refused()
        assert f"{index.root}/files/{WHEEL.name} and {second.root}/files/" in message
        assert f"/files/{WHEEL.name}" not in index.paths + second.paths

    def test_they_disagree_under_another_spelling(
        self, index: IndexServer, second: IndexServer
    ) -> None:
        index.offer(PROJECT, WHEEL)
        second.offer(PROJECT, File("Stigmem_Plugin_Demo-1.0.0-py3-none-any.whl", b"else"))
        assert "is left to chance" in refused()

    def test_they_agree(self, index: IndexServer, second: IndexServer) -> None:
        index.offer(PROJECT, WHEEL)
        second.offer(PROJECT, WHEEL, as_json=True)
        assert get().unreviewed == ()

    def test_one_does_not_give_a_digest(self, index: IndexServer, second: IndexServer) -> None:
        index.offer(PROJECT, WHEEL)
        second.offer(PROJECT, File(WHEEL.name, said=None))
        assert "may differ" in refused()

    def test_only_one_has_it(self, index: IndexServer, second: IndexServer) -> None:
        second.offer(PROJECT, WHEEL)
        assert get().origin.startswith(second.root)

    def test_one_cannot_be_read(self, index: IndexServer, second: IndexServer) -> None:
        index.offer(PROJECT, WHEEL)
        second.answers[PAGE] = status(500)
        assert f"{second.url}/{PROJECT}/ answered with status 500" in refused()

    def test_a_directory_that_is_not_there_is_ignored(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        missing = (tmp_path / "missing").as_uri()
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", missing)
        monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
        index.offer(PROJECT, WHEEL)
        assert get().file == WHEEL.name
        assert f"{missing} (no such directory)" in refused(f"{PROJECT}==2")


class TestOnDisk:
    def test_an_index_directory(
        self, alone: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        folder = tmp_path / "simple" / PROJECT
        folder.mkdir(parents=True)
        (tmp_path / WHEEL.name).write_bytes(WHEEL.data)
        (folder / "index.html").write_text(
            f'<a href="../../{WHEEL.name}#sha256={WHEEL.digest}">x</a>'
        )
        monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "simple").as_uri())
        assert get() == Got(WHEEL.name, WHEEL.data, (tmp_path / WHEEL.name).as_uri(), ())
        assert "no release of other" in refused("other==1.0")

    def test_find_links(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / WHEEL.name).write_bytes(WHEEL.data)
        (tmp_path / "more.html").write_text(
            f'<a href="{index.root}/files/stigmem_plugin_demo-2.0.tar.gz">x</a>'
        )
        index.answers["/files/stigmem_plugin_demo-2.0.tar.gz"] = body(b"two")
        monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
        monkeypatch.setenv("PIP_NO_INDEX", "yes")
        assert get().origin == (tmp_path / WHEEL.name).as_uri()
        assert get(f"{PROJECT}==2").data == b"two"

    def test_find_links_disagree_with_the_index(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        index.offer(PROJECT, WHEEL)
        monkeypatch.setenv("PIP_FIND_LINKS", tmp_path.as_uri())
        (tmp_path / WHEEL.name).write_bytes(WHEEL.data)
        assert get().data == WHEEL.data
        (tmp_path / WHEEL.name).write_bytes(b"something else")
        assert "is left to chance" in refused()

    def test_find_links_on_the_web(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        index.answers["/links"] = body(f'<a href="files/{WHEEL.name}">x</a>'.encode(), "text/html")
        index.answers[f"/files/{WHEEL.name}"] = body(WHEEL.data)
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", f"{index.root}/links")
        assert get().data == WHEEL.data
        monkeypatch.setenv("PIP_FIND_LINKS", f"{index.root}/files/{WHEEL.name}")
        assert get().data == WHEEL.data

    def test_a_relative_path_is_refused(
        self, alone: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "wheels").mkdir()
        monkeypatch.setenv("PIP_FIND_LINKS", "wheels")
        assert "depends on the working directory" in refused()

    def test_a_page_on_the_web_cannot_point_into_the_disk(
        self, index: IndexServer, tmp_path: Path
    ) -> None:
        (tmp_path / WHEEL.name).write_bytes(WHEEL.data)
        href = (tmp_path / WHEEL.name).as_uri()
        index.answers[PAGE] = body(f'<a href="{href}">x</a>'.encode(), "text/html")
        assert "which is not on the web" in refused()


class TestLimits:
    @pytest.mark.parametrize("misbehaves", [stall, drip, drip_header, endless])
    @pytest.mark.parametrize("where", [PAGE, f"/files/{WHEEL.name}"])
    def test_a_fetch_ends_in_time(
        self,
        index: IndexServer,
        monkeypatch: pytest.MonkeyPatch,
        misbehaves: Answer,
        where: str,
    ) -> None:
        monkeypatch.setattr(limits, "INDEX_SECONDS", 0.3)
        monkeypatch.setattr(limits, "INDEX_TOTAL_SECONDS", 0.6)
        monkeypatch.setattr(limits, "DOWNLOAD_BYTES", 8 * limits.MIB)
        index.offer(PROJECT, WHEEL)
        index.answers[where] = misbehaves
        began = time.monotonic()
        message = refused()
        assert time.monotonic() - began < 2
        if misbehaves is stall:
            assert "did not answer for 0.3 seconds" in message
        elif misbehaves is endless:
            assert "larger than" in message or "within 0.6 seconds" in message
        else:
            assert "within 0.6 seconds" in message

    def test_a_page_that_is_too_large(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "INDEX_PAGE_BYTES", 100_000)
        index.answers[PAGE] = endless
        assert f"{index.url}/{PROJECT}/ is larger than the 100000 bytes" in refused()

    def test_a_file_that_is_too_large(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "DOWNLOAD_BYTES", 100_000)
        index.offer(PROJECT, WHEEL)
        index.answers[f"/files/{WHEEL.name}"] = endless
        assert "is larger than the 100000 bytes" in refused()

    def test_a_file_that_keeps_arriving_has_more_time(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = File(WHEEL.name, bytes(100_000))
        index.offer(PROJECT, file)
        index.answers[f"/files/{file.name}"] = in_parts(file.data, 10, 0.12)
        monkeypatch.setattr(limits, "INDEX_TOTAL_SECONDS", 1)
        assert "did not deliver within 1 seconds" in refused()
        monkeypatch.setattr(limits, "INDEX_RATE", 5_000)
        assert get().data == file.data

    def test_a_large_file_is_kept_on_disk(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        index.offer(PROJECT, WHEEL)
        monkeypatch.setattr(limits, "SPOOLED_BYTES", 1)
        assert get().data == WHEEL.data
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "full"))
        assert "cannot be kept in a temporary file: No such file" in refused()

    def test_a_page_that_unpacks_to_too_much(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "INDEX_PAGE_BYTES", 100_000)
        index.answers[PAGE] = body(
            gzip.compress(b" " * 1_000_000), "text/html", Content_Encoding="gzip"
        )
        assert "is larger than the 100000 bytes" in refused()

    def test_a_compressed_page_is_read(self, index: IndexServer) -> None:
        index.offer(PROJECT, WHEEL)
        page = gzip.compress(f'<a href="/files/{WHEEL.name}">x</a>'.encode())
        index.answers[PAGE] = body(page, "text/html", Content_Encoding="gzip")
        assert get().data == WHEEL.data

    def test_a_file_is_kept_as_it_is_stored(self, index: IndexServer) -> None:
        file = File(SDIST.name, gzip.compress(b"tar"))
        index.offer(PROJECT, file)
        index.answers[f"/files/{file.name}"] = body(file.data, Content_Encoding="gzip")
        assert get().data == file.data

    def test_a_file_that_is_cut_off(self, index: IndexServer) -> None:
        index.offer(PROJECT, WHEEL)
        index.answers[f"/files/{WHEEL.name}"] = cut_off
        assert "broke off" in refused()


class TestAnswers:
    @pytest.mark.parametrize("code", [401, 403])
    def test_a_login_is_demanded(self, index: IndexServer, code: int) -> None:
        index.answers[PAGE] = status(code)
        message = refused()
        assert f"status {code}" in message
        assert "keyring is not asked" in message
        assert f"pip download --no-deps --only-binary :all: {PROJECT}==1.0" in message

    @pytest.mark.parametrize("code", [206, 304, 400, 429, 500, 503])
    def test_another_status(self, index: IndexServer, code: int) -> None:
        index.answers[PAGE] = status(code)
        assert f"answered with status {code}" in refused()

    @pytest.mark.parametrize(
        ("data", "content_type"),
        [
            (b"{}", "application/vnd.pypi.simple.v1+json"),
            (b"[" * 100_000, "application/vnd.pypi.simple.v1+json"),
            (
                b'{"meta": {"api-version": "9.0"}, "files": []}',
                "application/vnd.pypi.simple.v1+json",
            ),
            (b'{"files": [{"url": 1}]}', "application/vnd.pypi.simple.v1+json"),
            (b"\xff\xfe", "application/vnd.pypi.simple.v1+json"),
            (b"x", "text/html; charset=no-such-charset"),
        ],
    )
    def test_a_page_that_cannot_be_read(
        self, index: IndexServer, data: bytes, content_type: str
    ) -> None:
        index.answers[PAGE] = body(data, content_type)
        assert "cannot be read as a page of a package index" in refused()

    def test_something_else_than_a_page(self, index: IndexServer) -> None:
        index.answers[PAGE] = body(b"{}", "application/json\x1b")
        assert "is not a page of a package index, but application/json" in refused()

    def test_a_newer_minor_version_of_the_format(self, index: IndexServer) -> None:
        page = {
            "meta": {"api-version": "1.99"},
            "files": [{"url": f"/files/{WHEEL.name}", "provenance": 1, "yanked": "broken"}],
        }
        index.answers[PAGE] = body(json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")
        index.answers[f"/files/{WHEEL.name}"] = body(WHEEL.data)
        assert get().data == WHEEL.data

    def test_no_cookie_is_kept(self, index: IndexServer) -> None:
        index.offer(PROJECT, WHEEL)
        index.answers[PAGE] = status(302, Location="/moved/", **{"Set-Cookie": "id=1; Path=/"})
        cookies: list[str | None] = []

        def answer(handler: object) -> None:
            cookies.append(handler.headers.get("cookie"))  # type: ignore[attr-defined]
            body(f'<a href="/files/{WHEEL.name}">x</a>'.encode(), "text/html")(handler)  # type: ignore[arg-type]

        index.answers["/moved/"] = answer
        get()
        assert cookies == [None]


class TestRedirects:
    def test_a_few_are_followed(self, index: IndexServer) -> None:
        index.offer(PROJECT, WHEEL)
        index.answers["/5"] = index.answers[PAGE]
        for number in range(5):
            index.answers[f"/{number}"] = status(302, Location=f"/{number + 1}")
        index.answers[PAGE] = index.answers["/1"]
        page = f'<a href="/files/{WHEEL.name}">x</a>'.encode()
        index.answers["/5"] = body(page, "text/html")
        assert get().origin == f"{index.root}/files/{WHEEL.name}"

    def test_too_many(self, index: IndexServer) -> None:
        index.answers[PAGE] = status(301, Location=PAGE)
        assert "redirected more than 5 times" in refused()
        assert len(index.paths) == 6

    @pytest.mark.parametrize(
        "target", ["http://index.invalid/", "file:///etc/passwd", "ftp://index.invalid/"]
    )
    def test_not_to_where_it_is_less_secure(self, index: IndexServer, target: str) -> None:
        index.answers[PAGE] = status(302, Location=target)
        assert "which is less secure" in refused()

    def test_a_file_without_tls(self, index: IndexServer) -> None:
        page = f'<a href="http://index.invalid/{WHEEL.name}">x</a>'.encode()
        index.answers[PAGE] = body(page, "text/html")
        assert "neither https nor one of pip's trusted hosts" in refused()


class TestCredentials:
    def test_they_are_sent_and_not_shown(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://me:hunt%40er2@{index.host}/simple")
        index.offer(PROJECT, File(WHEEL.name, query="?token=hunter3"))
        fetched = get()
        assert fetched.origin == f"{index.root}/files/{WHEEL.name}"
        expected = "Basic bWU6aHVudEBlcjI="  # me:hunt@er2
        assert index.seen == [(PAGE, expected), (f"/files/{WHEEL.name}?token=hunter3", expected)]

    @pytest.mark.parametrize(
        "answer", [status(401), status(404), status(500), stall, status(302, Location="http://x/")]
    )
    @pytest.mark.parametrize("where", [PAGE, f"/files/{WHEEL.name}"])
    def test_no_error_shows_them(
        self, index: IndexServer, monkeypatch: pytest.MonkeyPatch, answer: Answer, where: str
    ) -> None:
        monkeypatch.setattr(limits, "INDEX_SECONDS", 0.2)
        monkeypatch.setenv("PIP_INDEX_URL", f"http://me:hunter2@{index.host}/simple")
        index.offer(PROJECT, File(WHEEL.name, query="?token=hunter3"))
        index.answers[where] = answer
        message = refused()
        assert "hunter" not in message
        assert index.root in message

    def test_they_do_not_follow_to_another_host(
        self, index: IndexServer, second: IndexServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://me:hunter2@{index.host}/simple")
        monkeypatch.delenv("PIP_EXTRA_INDEX_URL")
        second.offer(PROJECT, WHEEL)
        index.answers[PAGE] = status(302, Location=f"{second.url}/{PROJECT}/")
        get()
        assert {login for _, login in second.seen} == {None}

    def test_netrc(self, index: IndexServer, tmp_path: Path) -> None:
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hunter2\n")
        index.offer(PROJECT, WHEEL)
        get()
        assert index.seen[0][1] == "Basic bWU6aHVudGVyMg=="

    @pytest.mark.parametrize(
        ("url", "safe"),
        [
            ("https://me:pw@host/simple?token=x#y", "https://host/simple"),
            ("https://host:8443/", "https://host:8443/"),
            ("https://me:p/w@host/simple", "a URL that cannot be read"),
            ("https://me:1/w@host/simple", "https://..."),
            ("https://me:1#w@host/simple", "https://..."),
            ("https://me:1?w@host/simple", "https://..."),
            ("https://me:pw@[::1]:1/x", "https://[::1]:1/x"),
            ("https://[broken", "a URL that cannot be read"),
            ("file:///wheels/x.whl#sha256=1", "file:///wheels/x.whl"),
            ("/wheels", "/wheels"),
        ],
    )
    def test_what_is_shown_of_a_url(self, url: str, safe: str) -> None:
        assert shown(url) == safe

    def test_a_proxy(self, index: IndexServer, monkeypatch: pytest.MonkeyPatch) -> None:
        with IndexServer() as proxy:
            proxy.answers[f"{index.url}/{PROJECT}/"] = status(407)
            monkeypatch.setenv("PIP_PROXY", f"http://me:hunter2@{proxy.host}")
            message = refused()
        assert "the proxy demands a login" in message
        assert "hunter2" not in message
        assert index.seen == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the loopback address, and its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def secure(
    alone: None, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[IndexServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with IndexServer(context) as server:
        server.offer(PROJECT, WHEEL)
        monkeypatch.setenv("PIP_INDEX_URL", server.url)
        yield server


class TestTls:
    def test_a_certificate_that_is_not_trusted(self, secure: IndexServer) -> None:
        message = refused()
        assert "TLS certificate that is not trusted here (" in message
        assert "set pip's cert" in message

    def test_pips_cert(
        self, secure: IndexServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PIP_CERT", str(certificate))
        assert get().data == WHEEL.data

    def test_the_systems_authorities(
        self, secure: IndexServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert get().data == WHEEL.data

    @pytest.mark.parametrize("port", ["", ":{port}"])
    def test_a_trusted_host(
        self, secure: IndexServer, monkeypatch: pytest.MonkeyPatch, port: str
    ) -> None:
        host = "127.0.0.1" + port.format(port=secure.server_port)
        monkeypatch.setenv("PIP_TRUSTED_HOST", f"broken:port {host}")
        assert get().data == WHEEL.data

    @pytest.mark.parametrize("host", ["127.0.0.1:1", "127.0.0.10", "127.0.0"])
    def test_another_trusted_host(
        self, secure: IndexServer, monkeypatch: pytest.MonkeyPatch, host: str
    ) -> None:
        monkeypatch.setenv("PIP_TRUSTED_HOST", host)
        assert "not trusted here" in refused()

    @pytest.mark.parametrize("name", ["PIP_CERT", "PIP_CLIENT_CERT"])
    def test_a_certificate_file_that_is_missing(
        self, secure: IndexServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
    ) -> None:
        monkeypatch.setenv(name, str(tmp_path / "missing.pem"))
        assert "certificates to connect" in refused()

    def test_not_from_https_to_http(
        self,
        secure: IndexServer,
        index: IndexServer,
        certificate: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", secure.url)
        monkeypatch.setenv("PIP_CERT", str(certificate))
        secure.answers[PAGE] = status(302, Location=f"{index.url}/{PROJECT}/")
        assert "which is less secure" in refused()
        assert index.seen == []

    def test_no_tls_at_all(self, index: IndexServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", index.url.replace("http:", "https:"))
        assert "no TLS connection" in refused()


@pytest.mark.network
def test_a_published_release() -> None:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT, PyPISimple

    fetched = get("stigmem-plugin-tombstones==0.1.0")
    config = pip_config.read()
    with PyPISimple(config.index_url or PYPI_SIMPLE_ENDPOINT) as client:
        page = client.get_project_page("stigmem-plugin-tombstones", timeout=30)
    (said,) = [one.digests["sha256"] for one in page.packages if one.filename == fetched.file]
    assert fetched.file.endswith(".whl")
    assert hashlib.sha256(fetched.data).hexdigest() == said
