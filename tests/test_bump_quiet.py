"""Libraries whose pins move: read in pieces where they are, and left alone with few words."""

from __future__ import annotations

import io
import random
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from stigmem_review import BumpReport, bump, limits
from stigmem_review.report import render
from stigmem_review.text import flat
from support.archives import Tarred, gzipped, tar_bytes
from support.index_server import (
    Answer,
    File,
    Handler,
    IndexServer,
    after,
    body,
    drip,
    ranges,
    stall,
    status,
)
from support.plugins import plugin, write_sdist, write_wheel
from support.repository import Deployment

LARGE = random.Random(1).randbytes(400_000)
"""So much in a wheel that nobody wants to fetch all of it to learn that it is no plugin."""


def library(folder: Path, name: str = "acme-lib", version: str = "1.0.0", **more: str) -> File:
    """Return the wheel of a library, with scripts and much data."""
    files = {f"{name.replace('-', '_')}/data.bin": LARGE}
    scripts = "[console_scripts]\nacme = acme_lib:main\n"
    wheel = write_wheel(
        folder, files, name=name, version=version, entry_points=scripts, extra=more or None
    )
    return File(wheel.name, wheel.read_bytes())


def plugged(folder: Path, tag: str = "py3-none-any") -> File:
    """Return a wheel that registers a plugin under the name of a library."""
    wheel = write_wheel(folder, plugin(), name="acme-lib")
    return File(wheel.name.replace("py3-none-any", tag), wheel.read_bytes())


def pin(*files: File, name: str = "acme-lib", version: str = "1.0.0") -> str:
    hashes = "".join(f" --hash=sha256:{each.digest}" for each in files)
    return f"{name}=={version}{hashes}\n"


def reviewed(
    folder: Path, new: str, old: str = "", policy: str = "", artifacts: Path | None = None
) -> BumpReport:
    deployment = Deployment(folder / "deployment")
    files = {"stigmem-review.toml": policy} if policy else {}
    base, head = (deployment.commit({**files, "requirements.txt": each}) for each in (old, new))
    where = str(artifacts) if artifacts else None
    return bump(base, head, repository=str(deployment.folder), artifacts=where)


def outcome(report: BumpReport) -> tuple[int, list[str]]:
    gaps = [f"{gap.what}: {gap.why}" for gap in report.gaps]
    return report.verdict.exit_code, [*gaps, *(each.name for each in report.findings)]


def said(report: BumpReport) -> dict[str, str]:
    return {line.what: flat(line.says) for line in report.others}


def fetched(index: IndexServer) -> list[str]:
    """Return the files that were fetched whole."""
    asked = [path for path in index.paths if path.startswith("/files/")]
    for path, _ in index.ranged:
        asked.remove(path)
    return asked


# In pieces


def test_of_a_library_only_the_table_of_contents_is_read(
    index: IndexServer, tmp_path: Path
) -> None:
    old, new = library(tmp_path), library(tmp_path, version="2.0.0")
    index.serve = ranges
    index.offer("acme-lib", old, new)
    report = reviewed(tmp_path, pin(new, version="2.0.0"), pin(old))
    assert outcome(report) == (0, [])
    assert fetched(index) == []
    assert len(index.ranged) == 2
    assert said(report) == {
        "acme-lib": "upgraded, 1.0.0 -> 2.0.0; it is no plugin",
        "what this rests on": "of a wheel that is no plugin only the table of contents was read, "
        "which no hash of a pin binds; whole-files below [pins] in the policy reads all",
    }


def test_a_policy_can_ask_for_whole_files(index: IndexServer, tmp_path: Path) -> None:
    file = library(tmp_path)
    index.serve = ranges
    index.offer("acme-lib", file)
    report = reviewed(tmp_path, pin(file), policy="[pins]\nwhole-files = true\n")
    assert outcome(report) == (0, [])
    assert (index.ranged, fetched(index)) == ([], [f"/files/{file.name}"])
    assert [*said(report)] == ["acme-lib"]


def test_a_plugin_is_fetched_whole_and_held_against_its_pin(
    index: IndexServer, tmp_path: Path
) -> None:
    file = plugged(tmp_path)
    index.serve = ranges
    index.offer("acme-lib", file)
    report = reviewed(tmp_path, pin(file))
    assert [each.plugin for each in report.bumps] == ["acme-lib"]
    assert fetched(index) == [f"/files/{file.name}"]
    whole, parts = body(LARGE), ranges(file.data)

    def other(handler: Handler) -> None:
        (parts if handler.headers.get("Range") else whole)(handler)

    index.answers[f"/files/{file.name}"] = other
    code, names = outcome(reviewed(tmp_path / "other", pin(file)))
    assert (code, names) == (1, ["pin-mismatch"])


def lies(data: bytes) -> Answer:
    """Give another part than was asked for."""

    def answer(handler: Handler) -> None:
        if not handler.headers.get("Range"):
            return body(data)(handler)
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes 0-99/{len(data)}")
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(data[:100])
        return None

    return answer


def shrinks(data: bytes) -> Answer:
    """Say another size once the end was asked for."""

    def answer(handler: Handler) -> None:
        is_end = "bytes=-" in handler.headers.get("Range", "bytes=-")
        (ranges(data) if is_end else ranges(data[1:]))(handler)

    return answer


def no_parts(data: bytes) -> Answer:
    def answer(handler: Handler) -> None:
        (status(416) if handler.headers.get("Range") else body(data))(handler)

    return answer


def refuses(data: bytes) -> Answer:
    def answer(handler: Handler) -> None:
        (status(403) if handler.headers.get("Range") else body(data))(handler)

    return answer


def redirected(data: bytes) -> Answer:
    def answer(handler: Handler) -> None:
        handler.server.answers["/elsewhere"] = ranges(data)
        status(302, Location="/elsewhere")(handler)

    return answer


@pytest.mark.parametrize("serve", [body, ranges, lies, no_parts, refuses, redirected, shrinks])
def test_the_answer_is_the_same_however_the_index_serves_files(
    serve: Callable[[bytes], Answer], index: IndexServer, tmp_path: Path
) -> None:
    index.serve = serve
    # So much metadata that its end alone does not have it all.
    more = {f"acme_lib-1.0.0.dist-info/licenses/{n}": LARGE[n : n + 9000].hex() for n in range(9)}
    files = [library(tmp_path, **more), plugged(tmp_path, "cp311-cp311-win_arm64")]
    index.offer("acme-lib", *files)
    assert outcome(reviewed(tmp_path / "lib", pin(files[0])))[0] == 0
    report = reviewed(tmp_path / "both", pin(*files))
    [gap] = report.gaps
    assert f"{files[1].name}: it may register a plugin" in gap.why
    assert outcome(reviewed(tmp_path / "plugin", pin(files[1])))[0] == 1


def test_every_wheel_that_the_pin_allows_is_asked(index: IndexServer, tmp_path: Path) -> None:
    index.serve = ranges
    tags = [f"cp3{minor}-cp3{minor}-win_arm64" for minor in range(11, 15)]
    one = library(tmp_path)
    files = [one, *(File(one.name.replace("py3-none-any", tag), one.data) for tag in tags)]
    bad = plugged(tmp_path, "cp311-cp311-macosx_11_0_arm64")
    index.offer("acme-lib", *files, bad)
    assert outcome(reviewed(tmp_path / "good", pin(*files))) == (0, [])
    stable = plugged(tmp_path, "cp38-abi3-win_arm64")
    index.offer("acme-lib", *files, stable)
    assert outcome(reviewed(tmp_path / "stable", pin(*files, stable)))[0] == 3
    too_old = plugged(tmp_path, "cp310-cp310-win_arm64.pp310-pypy310_pp73-win_arm64")
    index.offer("acme-lib", *files, too_old)
    assert outcome(reviewed(tmp_path / "old", pin(*files, too_old))) == (0, [])
    index.offer("acme-lib", *files, bad)
    for number, new in enumerate((pin(*files, bad), "acme-lib==1.0.0\n")):
        code, _ = outcome(report := reviewed(tmp_path / str(number), new))
        assert (code, bad.name in report.gaps[0].why) == (3, True)


def test_what_a_path_file_adds_is_read_whole(index: IndexServer, tmp_path: Path) -> None:
    index.serve = ranges
    hidden = io.BytesIO()
    with zipfile.ZipFile(hidden, "w") as archive:
        archive.writestr("x-1.dist-info/entry_points.txt", "[stigmem.plugins]\nx = x:y\n")
    extra: dict[str, str | bytes] = {"acme.pth": "./more.zip\n", "more.zip": hidden.getvalue()}
    wheel = write_wheel(tmp_path, {}, name="acme-lib", entry_points="", extra=extra)
    file = File(wheel.name, wheel.read_bytes())
    harmless = library(tmp_path / "b", version="2.0.0", **{"acme.pth": "import acme_lib\n"})
    index.offer("acme-lib", file, harmless)
    assert outcome(reviewed(tmp_path, pin(file)))[0] != 0
    assert fetched(index) == [f"/files/{file.name}"]
    assert outcome(reviewed(tmp_path / "b", pin(harmless, version="2.0.0"))) == (0, [])


def test_an_sdist_that_installers_are_told_to_build_is_asked(
    index: IndexServer, tmp_path: Path
) -> None:
    wheel = library(tmp_path)
    built = write_sdist(tmp_path, plugin(), name="acme-lib")
    sdist = File(built.name, built.read_bytes())
    harmless = File(sdist.name, gzipped(tar_bytes([Tarred("acme_lib-1.0.0/setup.py")])))
    for number, (beside, option, code) in enumerate(
        (
            (sdist, "", 0),
            (sdist, "--no-binary acme-lib\n", 3),
            (sdist, "--no-binary :all:\n", 3),
            (sdist, "--no-binary other\n", 0),
            (harmless, "--no-binary acme-lib\n", 0),
        )
    ):
        index.offer("acme-lib", wheel, beside)
        old = option or "\n"
        report = reviewed(tmp_path / str(number), f"{old}{pin(wheel, beside)}", old)
        assert report.verdict.exit_code == code, option


# Indexes that have trouble


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_an_index_in_trouble_is_asked_again(code: int, index: IndexServer, tmp_path: Path) -> None:
    file = library(tmp_path)
    index.offer("acme-lib", file)
    for path in (f"/files/{file.name}", "/simple/acme-lib/"):
        index.answers[path] = after(2, status(code), index.answers[path])
    assert outcome(reviewed(tmp_path, pin(file))) == (0, [])


@pytest.mark.parametrize(
    "wait",
    [
        *("1", "Fri, 01 Jan 1999 00:00:00 GMT", "soon", "9" * 5000),
        *("Fri, 01 Jan 99999 00:00:00 GMT", f"Fri, 01 Jan 1999 {'9' * 400}:00:00 GMT"),
    ],
)
def test_an_index_is_left_alone_for_as_long_as_it_says(
    wait: str, index: IndexServer, tmp_path: Path
) -> None:
    file = library(tmp_path)
    index.offer("acme-lib", file)
    page = index.answers["/simple/acme-lib/"]
    asked: list[float] = []

    def answer(handler: Handler) -> None:
        asked.append(time.monotonic())
        (page if len(asked) > 1 else status(429, **{"Retry-After": wait}))(handler)

    index.answers["/simple/acme-lib/"] = answer
    assert outcome(reviewed(tmp_path, pin(file))) == (0, [])
    assert (asked[1] - asked[0] >= 1) == (wait == "1")


def test_an_index_that_stays_in_trouble_is_named_with_its_status(
    index: IndexServer, tmp_path: Path
) -> None:
    for number, (answer, times, words) in enumerate(
        (
            (status(503), limits.INDEX_RETRIES + 1, "answered with status 503"),
            (status(429, **{"Retry-After": "3600"}), 1, "429 and asks to wait 3600 seconds"),
        )
    ):
        index.seen.clear()
        index.answers["/simple/acme-lib/"] = answer
        code, [gap] = outcome(reviewed(tmp_path / str(number), "acme-lib==1.0.0\n"))
        assert (code, len(index.seen)) == (3, times)
        assert f"{index.host}/simple/acme-lib/ " in gap
        assert words in gap


def test_a_host_that_does_not_answer_is_not_asked_again(
    index: IndexServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "INDEX_SECONDS", 0.3)
    names = [f"lib{number}" for number in range(20)]
    for name in names:
        index.answers[f"/simple/{name}/"] = stall
    began = time.monotonic()
    report = reviewed(tmp_path, "".join(f"{name}==1\n" for name in names))
    assert (report.verdict.exit_code, len(report.gaps)) == (3, 20)
    # Several releases are looked for at once.
    assert len(index.seen) <= 4
    assert time.monotonic() - began < 10
    assert f"{index.host} did not answer before, and is not asked again" in report.gaps[-1].why


def test_a_page_is_fetched_once_for_all_releases_of_a_project(
    index: IndexServer, tmp_path: Path
) -> None:
    old, new = library(tmp_path), library(tmp_path, version="2.0.0")
    index.offer("acme-lib", old, new)
    assert outcome(reviewed(tmp_path, "acme-lib==2.0.0\n", "acme-lib==1.0.0\n")) == (0, [])
    assert index.paths.count("/simple/acme-lib/") == 1


def test_what_is_left_when_the_time_is_used_up_is_named(index: IndexServer, tmp_path: Path) -> None:
    names = [f"lib{number}" for number in range(12)]
    for name in names:
        index.answers[f"/simple/{name}/"] = drip
    began = time.monotonic()
    report = reviewed(
        tmp_path, "".join(f"{name}==1\n" for name in names), policy="[pins]\nseconds = 1\n"
    )
    assert time.monotonic() - began < 10
    [gap] = report.gaps
    assert report.verdict.exit_code == 3
    assert sorted(gap.what.split(", ")) == sorted(f"{name}==1" for name in names)
    assert gap.why.startswith("not looked at within the 1 seconds")


# What is not among the artifacts


def test_an_index_is_asked_whether_what_is_not_among_the_artifacts_is_a_plugin(
    index: IndexServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir()
    file, bad = library(tmp_path), plugged(tmp_path / "bad")
    index.offer("acme-lib", file)
    index.offer("acme-other", File(bad.name.replace("acme_lib", "acme_other"), bad.data))
    report = reviewed(tmp_path, pin(file), artifacts=artifacts)
    assert outcome(report) == (0, [])
    said = " ".join(render(report, "text", detail="all").split())
    assert "it is not among the artifacts, and in the index it is no plugin" in said
    for number, name in enumerate(("acme-other", "nowhere")):
        report = reviewed(tmp_path / str(number), f"{name}==1.0.0\n", artifacts=artifacts)
        [gap] = report.gaps
        assert f"no file of {name} 1.0.0 in {artifacts}" in gap.why
        assert report.bumps == ()
    index.seen.clear()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    report = reviewed(tmp_path / "offline", pin(file), artifacts=artifacts)
    assert (report.verdict.exit_code, index.seen) == (3, [])


# Where installers look


@pytest.mark.parametrize(
    ("compiled", "closed"),
    [("deploy/main.txt", 0), ("deploy/other.txt", 1), ("main.txt", 1), ("deploy/main.in.txt", 1)],
)
def test_what_a_list_is_compiled_from_is_pinned_by_that(
    compiled: str, closed: int, index: IndexServer, tmp_path: Path
) -> None:
    file = library(tmp_path)
    index.offer("acme-lib", file)
    team = Deployment(tmp_path / "team")
    base = team.commit({"deploy/main.in": "six\n", compiled: "six==1.16.0\n"})
    head = team.commit(
        {"deploy/main.in": "acme-lib>=1\nsix\n", compiled: f"{pin(file)}six==1.16.0\n"}
    )
    report = bump(base, head, repository=str(team.folder))
    assert report.verdict.exit_code == closed
    assert [each.name for each in report.findings] == ["requirement-unpinned"] * closed


def test_an_index_in_a_list_closes_nothing_for_libraries(
    index: IndexServer, tmp_path: Path
) -> None:
    index.offer("acme-lib", library(tmp_path), library(tmp_path, version="2.0.0"))
    for number, place in enumerate((f"{index.url}/", "https://x.example/simple")):
        lists = [f"--extra-index-url {place}\nacme-lib=={version}.0.0\n" for version in (1, 2)]
        assert outcome(reviewed(tmp_path / str(number), lists[1], lists[0])) == (0, [])


def test_an_index_that_nobody_read_is_named_for_a_plugin_without_a_hash(
    index: IndexServer, tmp_path: Path
) -> None:
    file = plugged(tmp_path)
    index.offer("acme-lib", file)
    for number, (place, new, gaps) in enumerate(
        (
            (index.url, "acme-lib==1.0.0\n", 0),
            ("https://x.example/simple", "acme-lib==1.0.0\n", 1),
            ("https://x.example/simple", pin(file), 0),
        )
    ):
        options = f"--index-url {place}\n"
        report = reviewed(tmp_path / str(number), f"{options}{new}", options)
        assert len(report.gaps) == gaps


# What an index says of releases


def test_a_plugin_that_was_yanked_is_named_with_the_reason(
    index: IndexServer, tmp_path: Path
) -> None:
    old = plugged(tmp_path)
    wheel = write_wheel(tmp_path / "new", plugin(version="1.1.0"), name="acme-lib", version="1.1.0")
    new = File(wheel.name, wheel.read_bytes(), yanked="loses <data>")
    for as_json in (False, True):
        index.offer("acme-lib", old, new, as_json=as_json)
        lists = pin(old), pin(new, version="1.1.0")
        report = reviewed(tmp_path / f"{as_json}", lists[1], lists[0])
        [finding] = report.findings
        assert (finding.name, finding.level) == ("release-yanked", "warning")
        assert "acme-lib==1.1.0 was yanked: loses <data>." in flat(finding.message)
        # What is left is no better, and nobody asks for it now.
        assert reviewed(tmp_path / f"back{as_json}", lists[0], lists[1]).findings == ()


def test_a_library_that_was_yanked_is_said_to_be(index: IndexServer, tmp_path: Path) -> None:
    file = library(tmp_path)
    index.offer("acme-lib", File(file.name, file.data, yanked="broken"))
    report = reviewed(tmp_path, pin(file))
    assert outcome(report) == (0, [])
    assert said(report)["acme-lib"].endswith("; the index says it was yanked: broken")


def test_a_hash_that_no_file_has_is_a_finding_also_for_a_library(
    index: IndexServer, tmp_path: Path
) -> None:
    file = library(tmp_path)
    egg = File("acme_lib-1.0.0-py2.7.egg", b"an egg")
    odd = File("acme-lib-any.exe", b"an installer")
    later = File("acme_lib-1.0.0-cp311-none-any.whl", b"added later")
    index.offer("acme-lib", file, egg, odd)
    rows: tuple[tuple[str, str, list[str]], ...] = (
        ("", pin(file, egg, odd), []),
        ("", pin(file, later), ["hash-unknown"]),
        (pin(file), pin(file, later), ["pin-mismatch"]),
        (pin(file, later), f"{pin(file, later)}\n", []),
    )
    for number, (old, new, names) in enumerate(rows):
        report = reviewed(tmp_path / str(number), new, old)
        assert outcome(report) == (1 if names else 0, names)


def test_other_extras_of_a_plugin_are_a_change(index: IndexServer, tmp_path: Path) -> None:
    file = plugged(tmp_path)
    index.offer("acme-lib", file)
    plain, fast = pin(file), pin(file, name="acme-lib[Fast]")
    for number, (old, new, level) in enumerate(((plain, fast, "warning"), (fast, plain, "note"))):
        report = reviewed(tmp_path / str(number), new, old)
        [bumped] = report.bumps
        [finding] = report.findings
        assert (bumped.what, bumped.state) == ("same version, other extras", "clear")
        assert (finding.name, finding.level) == ("extras-changed", level)
