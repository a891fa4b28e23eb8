"""What a change of pins gives: which plugins are reviewed, and what is said of the pins."""

from __future__ import annotations

import hashlib
import importlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from stigmem_review import BumpReport, bump, limits
from stigmem_review.cli import run
from stigmem_review.errors import PolicyError, SigningError, UsageError
from stigmem_review.pins.changes import PinChange
from stigmem_review.report import render
from stigmem_review.text import flat
from support.archives import gzipped
from support.plugins import plugin, write_wheel
from support.repository import Deployment, git
from support.sigstore import Sigstore, instance, person

LIBRARY = {"acme_library/__init__.py": ""}


class Wheels:
    """A folder of wheels: the demo plugin in several releases, and a library."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._add("1.0.0")
        self._add("1.0.1")
        self._add("1.1.0", capabilities=("facts.read", "network.outbound"))
        for version in ("1.0", "2.0"):
            write_wheel(folder, LIBRARY, name="acme-library", version=version, entry_points="")

    def _add(self, version: str, capabilities: tuple[str, ...] = ("facts.read",)) -> None:
        files = plugin(version=version, capabilities=capabilities)
        write_wheel(self.folder, files, version=version)

    def hash(self, version: str) -> str:
        data = (self.folder / f"demo_plugin-{version}-py3-none-any.whl").read_bytes()
        return f"--hash=sha256:{hashlib.sha256(data).hexdigest()}"

    def pin(self, version: str) -> str:
        return f"demo-plugin=={version} {self.hash(version)}\n"


@pytest.fixture
def wheels(tmp_path: Path) -> Wheels:
    return Wheels(tmp_path / "wheels")


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return Deployment(tmp_path / "deployment")


Reviewed = Callable[..., BumpReport]


@pytest.fixture
def reviewed(deployment: Deployment, wheels: Wheels) -> Reviewed:
    """Commit two states (a text is a requirements.txt) and review what changed."""

    def review(
        old: str | Mapping[str, str | bytes], new: str | Mapping[str, str | bytes], **options: Any
    ) -> BumpReport:
        base, head = (
            deployment.commit({"requirements.txt": each} if isinstance(each, str) else each)
            for each in (old, new)
        )
        folder = str(deployment.folder)
        return bump(base, head, repository=folder, artifacts=str(wheels.folder), **options)

    return review


def outcome(report: BumpReport) -> tuple[list[str], list[str], int]:
    """The bumps, the findings about pins, and the exit code."""
    return (
        [f"{each.plugin} {each.old}>{each.new} {each.state}" for each in report.bumps],
        [f"{each.level} {each.name} {each.at}" for each in report.findings],
        report.verdict.exit_code,
    )


def test_an_upgrade_is_reviewed(wheels: Wheels, reviewed: Reviewed) -> None:
    report = reviewed(wheels.pin("1.0.0"), wheels.pin("1.1.0"))
    assert outcome(report) == (["demo-plugin 1.0.0>1.1.0 blocked"], [], 1)
    [each] = report.bumps
    assert each.report is not None
    assert each.report.findings[0].name == "capability-added"
    assert each.what == "upgraded"
    assert str(each.at) == "requirements.txt:1"


def test_a_harmless_upgrade_is_clear(wheels: Wheels, reviewed: Reviewed) -> None:
    report = reviewed(wheels.pin("1.0.0"), wheels.pin("1.0.1"))
    assert outcome(report) == (["demo-plugin 1.0.0>1.0.1 clear"], [], 0)
    assert len(render(report, "text").splitlines()) < 30


def test_a_change_of_nothing_is_clear(wheels: Wheels, reviewed: Reviewed) -> None:
    report = reviewed(wheels.pin("1.0.0"), "# again\n" + wheels.pin("1.0.0"))
    assert outcome(report) == ([], [], 0)
    assert "No pin of a plugin changed." in render(report, "text")


@pytest.mark.parametrize(
    ("old", "new", "what", "state"),
    [
        ("1.0.1", "1.0.0", "downgraded", "blocked"),
        ("", "1.0.0", "added", "needs approval"),
        ("1.0.0", "", "removed", "needs approval"),
    ],
)
def test_other_moves_are_reviewed(
    old: str, new: str, what: str, state: str, wheels: Wheels, reviewed: Reviewed
) -> None:
    report = reviewed(*(wheels.pin(each) if each else "" for each in (old, new)))
    assert [(each.what, each.state) for each in report.bumps] == [(what, state)]
    assert report.verdict.exit_code == 1


def test_what_is_no_plugin_is_named_and_not_judged(wheels: Wheels, reviewed: Reviewed) -> None:
    report = reviewed("acme-library==1.0", "acme-library==2.0")
    assert outcome(report) == ([], [], 0)
    assert [line.what for line in report.others] == ["acme-library"]
    assert "acme-library" in render(report, "text", detail="all")


def libraries(folder: Path) -> str:
    """Put releases of libraries there that no reading accepts, and return their pins."""
    library = write_wheel(folder, {"acme/__init__.py": ""}, name="acme-odd", entry_points="")
    library.write_bytes(b"#!/bin/sh\n" + library.read_bytes())
    large = {"acme/data.bin": bytes(3 * limits.MIB)}  # 1000 times what it is packed in
    write_wheel(folder, large, name="acme-large", entry_points="[console_scripts]\nx = acme:x\n")
    (folder / "acme-sources-1.0.0.tar.gz").write_bytes(gzipped(b"no tar archive"))
    return "acme-odd==1.0.0\nacme-large==1.0.0\nacme-sources==1.0.0\n"


def test_libraries_are_left_alone_whatever_they_are(wheels: Wheels, reviewed: Reviewed) -> None:
    pins = libraries(wheels.folder)
    report = reviewed("", pins)
    assert outcome(report) == ([], [], 0)
    assert report.gaps == ()
    assert {line.what: flat(line.says) for line in report.others} == {
        "acme-large": "added, none -> 1.0.0; it is no plugin",
        "acme-odd": "added, none -> 1.0.0; it is no plugin",
        "acme-sources": "added, none -> 1.0.0; it is no plugin as far as anybody can tell: its "
        "build could compute entry points, and it names the host nowhere",
    }


def test_a_library_is_held_against_its_pin(wheels: Wheels, reviewed: Reviewed) -> None:
    libraries(wheels.folder)
    wrong = f"acme-odd==1.0.0 --hash=sha256:{'0' * 64}\n"
    assert outcome(reviewed("", wrong)) == (
        ["acme-odd >1.0.0 blocked"],
        ["error pin-mismatch requirements.txt:1"],
        1,
    )


def test_a_plugin_that_cannot_be_read_is_not_passed_over(
    wheels: Wheels, reviewed: Reviewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ARCHIVE_BYTES", 100)
    report = reviewed("", wheels.pin("1.0.0"))
    assert report.verdict.exit_code == 3
    [gap] = report.gaps
    assert "which may be a plugin" in gap.what
    assert "limit of 100 bytes" in gap.why


def test_a_library_that_becomes_a_plugin_is_reviewed(wheels: Wheels, reviewed: Reviewed) -> None:
    write_wheel(wheels.folder, {"demo_plugin/__init__.py": ""}, version="0.9.0", entry_points="")
    report = reviewed("demo-plugin==0.9.0\n", "demo-plugin==1.0.0\n")
    [each] = report.bumps
    assert (each.what, each.state) == ("upgraded", "needs approval")
    assert each.report is not None
    assert each.report.reviewed[0].source.file == "demo_plugin-0.9.0-py3-none-any.whl"


def test_other_files_under_the_same_version_are_reviewed(
    wheels: Wheels, reviewed: Reviewed, deployment: Deployment
) -> None:
    before = wheels.pin("1.0.0")
    changed = plugin(version="1.0.0", hooks={"pre_recall_authorize": "gate"})
    other = Wheels(wheels.folder.parent / "other")
    write_wheel(other.folder, changed, version="1.0.0")
    # Both files of the one version are at hand, under names that an index would give them.
    again = (other.folder / "demo_plugin-1.0.0-py3-none-any.whl").rename(
        wheels.folder / "demo_plugin-1.0.0-1-py3-none-any.whl"
    )
    digest = hashlib.sha256(again.read_bytes()).hexdigest()
    report = reviewed(before, f"demo-plugin==1.0.0 --hash=sha256:{digest}")
    [each] = report.bumps
    assert (each.what, each.state) == ("same version, other files", "blocked")
    assert each.report is not None
    names = [finding.name for finding in each.report.findings]
    assert {"hook-added", "semver-mismatch"} <= set(names)


def test_a_file_that_is_not_the_pinned_one_is_an_error(wheels: Wheels, reviewed: Reviewed) -> None:
    wrong = f"demo-plugin==1.0.1 --hash=sha256:{'0' * 64}\n"
    report = reviewed(wheels.pin("1.0.0"), wrong)
    assert outcome(report) == (
        ["demo-plugin 1.0.0>1.0.1 blocked"],
        ["error pin-mismatch requirements.txt:1"],
        1,
    )
    said = flat(report.findings[0].message)
    assert "0000" in said
    assert "demo_plugin-1.0.1-py3-none-any.whl" in said


def test_a_missing_file_is_an_incomplete_review(wheels: Wheels, reviewed: Reviewed) -> None:
    report = reviewed(wheels.pin("1.0.0"), "demo-plugin==9.9\n")
    assert report.verdict.exit_code == 3
    text = render(report, "text")
    assert "demo-plugin==9.9" in text
    assert str(wheels.folder) in " ".join(text.split())


def test_an_unhashed_pin_is_a_finding_once(wheels: Wheels, reviewed: Reviewed) -> None:
    report = reviewed(wheels.pin("1.0.0"), "demo-plugin==1.0.1\n")
    assert outcome(report)[1] == ["warning pin-unhashed requirements.txt:1"]
    report = reviewed("demo-plugin==1.0.0\n", "demo-plugin==1.0.1\n")
    assert outcome(report)[1:] == ([], 0)
    assert "without a hash, as before" in render(report, "text", detail="all")


def test_a_pin_that_is_loosened_is_an_error(wheels: Wheels, reviewed: Reviewed) -> None:
    report = reviewed(wheels.pin("1.0.0"), "demo-plugin>=1\n")
    assert outcome(report) == ([], ["error pin-loosened requirements.txt:1"], 1)


def test_a_new_open_requirement_needs_a_decision(wheels: Wheels, reviewed: Reviewed) -> None:
    old = "acme-other>=1\n" + wheels.pin("1.0.0")
    report = reviewed(old, old + "acme-library>=1\n")
    assert outcome(report) == ([], ["warning requirement-unpinned requirements.txt:3"], 1)


@pytest.mark.parametrize(
    ("marker", "installs"),
    [("python_version < '3.11'", False), ("python_version < '3.12'", True)],
)
def test_an_open_requirement_that_no_node_installs_needs_none(
    marker: str, installs: bool, wheels: Wheels, reviewed: Reviewed
) -> None:
    report = reviewed(wheels.pin("1.0.0"), f"{wheels.pin('1.0.0')}acme-library>=1; {marker}\n")
    assert outcome(report)[2] == installs
    assert ("the node does not install it" in render(report, "text", detail="all")) == (
        not installs
    )


@pytest.mark.parametrize(
    "marker",
    [
        "python_full_version < '3.11.5'",
        "python_full_version == '3.12.7'",
        "platform_machine == 'armv7l'",
        "sys_platform == 'freebsd14'",
        "platform_release >= '5'",
    ],
)
def test_a_pin_for_some_machines_is_reviewed(
    marker: str, wheels: Wheels, reviewed: Reviewed
) -> None:
    old, new = (f"demo-plugin=={version} ; {marker}\n" for version in ("1.0.0", "1.1.0"))
    report = reviewed(old, new)
    assert outcome(report)[0] == ["demo-plugin 1.0.0>1.1.0 blocked"]


def test_a_pin_that_no_node_installs_is_named_and_not_reviewed(
    wheels: Wheels, reviewed: Reviewed
) -> None:
    old, new = (f"demo-plugin=={each} ; python_version < '3.11'\n" for each in ("1.0.0", "1.1.0"))
    report = reviewed(old, new)
    assert outcome(report) == ([], [], 0)
    shown = " ".join(render(report, "text", detail="all").split())
    assert "demo-plugin==1.1.0" in shown
    assert "it runs on Python 3.11 or newer, or as the policy says, and it stands" in shown
    assert 'where python_version < "3.11"' in shown
    assert "demo-plugin==1.1.0" not in render(reviewed(new, new), "text")


def test_includes_and_constraints_are_followed(wheels: Wheels, reviewed: Reviewed) -> None:
    files = {
        "requirements.txt": "-r plugins/all.list\n-c plugins/pins.list\n",
        "plugins/all.list": "demo-plugin\n",
        "plugins/pins.list": "demo-plugin==1.0.0\n",
    }
    report = reviewed(files, {**files, "plugins/pins.list": "demo-plugin==1.1.0\n"})
    [each] = report.bumps
    assert (each.state, str(each.at)) == ("blocked", "plugins/pins.list:1")


def test_a_changed_file_that_pins_is_read_whatever_it_is_called(
    wheels: Wheels, reviewed: Reviewed
) -> None:
    report = reviewed(
        {"deploy/node.txt": wheels.pin("1.0.0")}, {"deploy/node.txt": wheels.pin("1.1.0")}
    )
    assert [str(each.at) for each in report.bumps] == ["deploy/node.txt:1"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            {"requirements/dev.txt": "PIN", "requirements/prod.txt": "acme-library==1.0\n"},
            {"requirements/dev.txt": "PIN", "requirements/prod.txt": "acme-library==1.0\nPIN"},
            id="from one deployment to another",
        ),
        pytest.param(
            {"constraints.txt": "demo-plugin==1.0.1\n", "requirements.txt": ""},
            {"constraints.txt": "demo-plugin==1.0.1\n", "requirements.txt": "PIN"},
            id="a constraint is installed",
        ),
        pytest.param(
            {"constraints.txt": "demo-plugin==1.0.1\n", "requirements.txt": "-c constraints.txt\n"},
            {
                "constraints.txt": "demo-plugin==1.0.1\n",
                "requirements.txt": "-c constraints.txt\ndemo-plugin\n",
            },
            id="a bare requirement beside a constraint",
        ),
        pytest.param(
            {"requirements.txt": "demo-plugin==1.0.1 ; python_version < '3'\n"},
            {"requirements.txt": "PIN"},
            id="a marker that never held goes",
        ),
    ],
)
def test_what_is_installed_for_the_first_time_is_reviewed_as_that(
    old: dict[str, str], new: dict[str, str], wheels: Wheels, reviewed: Reviewed
) -> None:
    states = [
        {path: text.replace("PIN", wheels.pin("1.0.1")) for path, text in each.items()}
        for each in (old, new)
    ]
    assert [each.what for each in reviewed(*states).bumps] == ["added"]


def test_a_pin_that_is_loosened_in_one_of_two_files_is_an_error(
    wheels: Wheels, reviewed: Reviewed
) -> None:
    pin = wheels.pin("1.0.1")
    report = reviewed(
        {"a/requirements.txt": pin, "b/requirements.txt": pin},
        {"a/requirements.txt": "demo-plugin\n", "b/requirements.txt": pin},
    )
    assert outcome(report)[1:] == (["error pin-loosened a/requirements.txt:1"], 1)


@pytest.mark.parametrize(
    "data",
    [
        "# caf\u00e9\nPIN".encode("latin-1"),
        b"\xef\xbb\xbfPIN\r\n",
        "\ufeffPIN".encode("utf-16-le"),
        b"PINstray @ https://acme.example/x.whl\n",
        b"PIN--no-such-option\n",
    ],
    ids=["another encoding", "a mark", "UTF-16", "a URL", "an unknown option"],
)
def test_a_list_of_another_name_counts_as_a_whole(
    data: bytes, wheels: Wheels, reviewed: Reviewed
) -> None:
    old, new = (wheels.pin(version).replace(" --", " \\\n --") for version in ("1.0.0", "1.1.0"))
    base = {"requirements.txt": "acme-library==1.0\n"}
    encode = "utf-16-le" if b"\0" in data else "latin-1"
    report = reviewed(
        {**base, "Plugins.TXT": old},
        {**base, "Plugins.TXT": data.replace("PIN".encode(encode), new.encode(encode))},
    )
    assert report.verdict.exit_code != 0


def test_other_changed_files_do_not_end_the_review(wheels: Wheels, deployment: Deployment) -> None:
    base = deployment.commit({"requirements.txt": wheels.pin("1.0.0")})
    (deployment.folder / "current").symlink_to("../releases/5")
    (deployment.folder / "requirements.txt").write_text(wheels.pin("1.0.1"))
    git(deployment.folder, "update-index", "--add", "--cacheinfo", f"160000,{base},vendor")
    git(deployment.folder, "add", "current", "requirements.txt")
    git(deployment.folder, "commit", "--quiet", "--message", "bump")
    report = bump(base, repository=str(deployment.folder), artifacts=str(wheels.folder))
    assert outcome(report) == (["demo-plugin 1.0.0>1.0.1 clear"], [], 0)


PROJECT = """[project]
name = "demo-plugin"
version = "1.0.0"
[project.entry-points."stigmem.plugins"]
demo = "demo_plugin:plugin_manifest"
"""


def project(folder: str, *capabilities: str) -> dict[str, str]:
    files = {"pyproject.toml": PROJECT, **plugin(capabilities=("facts.read", *capabilities))}
    return {f"{folder}{path}": text for path, text in files.items()}


@pytest.mark.parametrize(
    ("line", "path", "folder"),
    [
        ("-e .", "requirements.txt", ""),
        (".", "requirements.txt", ""),
        ("-e file:.", "requirements.txt", ""),
        ("-e plug", "requirements.txt", "plug/"),
        ("./plug[fast]", "requirements.txt", "plug/"),
        ("-e ../plug", "deploy/requirements.txt", "plug/"),
        ("-e plugins/a", "deploy/requirements.txt", "plugins/a/"),
        ("demo-plugin @ file:./plugins/a", "requirements.txt", "plugins/a/"),
    ],
)
def test_a_plugin_in_the_repository_is_reviewed_where_its_folder_changed(
    line: str, path: str, folder: str, reviewed: Reviewed
) -> None:
    lines = {path: f"{line}\n"}
    report = reviewed(
        {**lines, **project(folder)}, {**lines, **project(folder, "network.outbound")}
    )
    assert outcome(report)[0] == ["demo-plugin 1.0.0>1.0.0 blocked"]
    assert report.gaps == ()


def test_a_plugin_in_the_repository_that_is_installed_newly_or_no_more_is_a_change(
    reviewed: Reviewed,
) -> None:
    files = project("plug/")
    none, line = {"requirements.txt": "\n"}, {"requirements.txt": "-e plug\n"}
    assert [each.what for each in reviewed({**none, **files}, {**line, **files}).bumps] == ["added"]
    assert [e.what for e in reviewed({**line, **files}, {**none, **files}).bumps] == ["removed"]


def test_what_is_no_plugin_and_what_did_not_change_in_the_repository_is_quiet(
    reviewed: Reviewed,
) -> None:
    library = {"lib/pyproject.toml": '[project]\nname = "acme"\nversion = "1"\n'}
    lines = {"requirements.txt": "-e lib\n-e plug\n-e .github\n", **project("plug/")}
    old = {**lines, **library, "lib/acme.py": "a = 1\n", "plugs": "1", "plug.txt": "1"}
    report = reviewed(old, {**old, "lib/acme.py": "a = 2\n", "plugs": "2", "plug.txt": "2"})
    assert outcome(report) == ([], [], 0)
    # What is no project in both revisions is as it was before.
    assert report.gaps == ()


def test_a_folder_that_is_no_project_is_not_passed_over(reviewed: Reviewed) -> None:
    report = reviewed("\n", "-e ./elsewhere\n-e ../outside\n")
    assert [gap.what for gap in report.gaps] == ["requirements.txt:1", "requirements.txt:2"]
    assert report.verdict.exit_code == 3


def test_a_commit_is_not_changed_beside_itself(wheels: Wheels, reviewed: Reviewed) -> None:
    files = {
        "requirements.txt": f"-e plug\n-e gone\n{wheels.pin('1.0.0')}demo-plugin==1.0.1\n",
        "constraints.txt": "demo-plugin==0.9\nacme-library==0.1\n",
        "other/requirements.txt": "acme-library\ndemo-plugin\n",
        **project("plug/"),
    }
    report = reviewed(files, files)
    assert (report.bumps, report.gaps, report.findings, report.others) == ((), (), (), ())


@pytest.mark.parametrize("name", ["demo-plugin", "other,Demo_Plugin", "demo.plugin"])
def test_a_plugin_that_installers_build_is_not_reviewed(
    name: str, wheels: Wheels, reviewed: Reviewed
) -> None:
    option = f"--no-binary {name}\n"
    report = reviewed(option + wheels.pin("1.0.0"), option + wheels.pin("1.0.1"))
    assert [gap.what for gap in report.gaps] == ["requirements.txt:1"]


def test_several_releases_of_one_plugin_are_all_reviewed(
    wheels: Wheels, reviewed: Reviewed
) -> None:
    report = reviewed(
        wheels.pin("1.0.0"),
        {
            "requirements.txt": wheels.pin("1.0.1").replace(" --", " ; python_version < '3.12' --")
            + wheels.pin("1.1.0").replace(" --", " ; python_version >= '3.12' --")
        },
    )
    assert sorted(outcome(report)[0]) == [
        "demo-plugin 1.0.0>1.0.1 clear",
        "demo-plugin 1.0.0>1.1.0 blocked",
    ]
    assert outcome(report)[1] == ["warning conflicting-pins requirements.txt:1"]


@pytest.mark.parametrize(
    "line", ["demo plugin ==", "-r missing.txt", "--no-such-option", "-r ../outside.txt"]
)
def test_an_unreadable_line_is_named(line: str, wheels: Wheels, reviewed: Reviewed) -> None:
    old, new = (f"{line}\n{wheels.pin(version)}" for version in ("1.0.0", "1.0.1"))
    report = reviewed(old, new)
    assert report.verdict.exit_code == 3
    assert report.gaps[0].what == "requirements.txt:1"
    assert line.split()[-1] in report.gaps[0].why


def test_an_unreadable_file_that_did_not_change_is_as_before(
    wheels: Wheels, reviewed: Reviewed
) -> None:
    old = {"docs/requirements.txt": "Some prose here.\n", "requirements.txt": wheels.pin("1.0.0")}
    report = reviewed(old, {**old, "requirements.txt": wheels.pin("1.0.1")})
    assert outcome(report) == (["demo-plugin 1.0.0>1.0.1 clear"], [], 0)
    assert [line.what for line in report.as_before] == ["docs/requirements.txt:1"]


def test_a_line_that_is_not_followed_counts_where_it_is_new(
    wheels: Wheels, reviewed: Reviewed
) -> None:
    old = f"./plugins/acme\n{wheels.pin('1.0.0')}"
    report = reviewed(old, old + "acme @ https://acme.example/acme-1.whl\n")
    assert [gap.what for gap in report.gaps] == ["requirements.txt:3"]
    assert [line.what for line in report.as_before] == ["requirements.txt:1"]


def test_where_installers_look_is_a_finding_where_it_changes(
    wheels: Wheels, reviewed: Reviewed
) -> None:
    old = "--index-url https://acme.example/simple\n" + wheels.pin("1.0.0")
    report = reviewed(old, old.replace("acme.example", "other.example"))
    assert outcome(report)[1] == ["warning index-option-changed requirements.txt:1"] * 2


def uv_lock(wheels: Wheels, version: str, index: str = "https://index.example/simple") -> str:
    digest = wheels.hash(version).removeprefix("--hash=")
    return (
        f'version = 1\n[[package]]\nname = "demo-plugin"\nversion = "{version}"\n'
        f'source = {{ registry = "{index}" }}\n'
        f'wheels = [{{ url = "https://files.example/d.whl", hash = "{digest}" }}]\n'
    )


def test_a_plugin_that_moves_in_a_lock_is_reviewed(wheels: Wheels, reviewed: Reviewed) -> None:
    one, two = ({"uv.lock": uv_lock(wheels, version)} for version in ("1.0.0", "1.1.0"))
    assert outcome(reviewed(one, two)) == (["demo-plugin 1.0.0>1.1.0 blocked"], [], 1)
    assert outcome(reviewed(one, one)) == ([], [], 0)
    added = reviewed({"requirements.txt": ""}, {"requirements.txt": "", **one})
    assert [(each.what, each.old, each.new) for each in added.bumps] == [("added", "", "1.0.0")]
    assert added.findings == ()


def test_a_move_from_requirements_to_a_lock_is_no_change(
    wheels: Wheels, reviewed: Reviewed
) -> None:
    report = reviewed(wheels.pin("1.0.0"), {"uv.lock": uv_lock(wheels, "1.0.0")})
    assert outcome(report) == ([], [], 0)


def test_a_lock_that_takes_releases_from_another_index_needs_a_decision(
    wheels: Wheels, reviewed: Reviewed
) -> None:
    one, two = (
        {"uv.lock": uv_lock(wheels, "1.0.0", f"https://{host}.example/simple")}
        for host in ("index", "other")
    )
    assert [each.split()[1] for each in outcome(reviewed(one, two))[1]] == [
        "index-option-changed"
    ] * 2


def test_a_lock_that_cannot_be_read_is_not_passed_over(wheels: Wheels, reviewed: Reviewed) -> None:
    old = {"uv.lock": uv_lock(wheels, "1.0.0")}
    report = reviewed(old, {"uv.lock": "version = \n"})
    assert report.verdict.exit_code == 3
    assert report.gaps[0].what == "uv.lock"


def test_a_repository_without_pins_is_not_reviewed(reviewed: Reviewed) -> None:
    report = reviewed({"a": "1"}, {"a": "2"})
    assert (report.verdict.exit_code, report.gaps[0].what) == (3, "pins")


# The policy

STRICT = 'fail-on = "note"\nnode-version = "0.9.0a11"\n'
LAX = '[levels]\ncapability-added = "note"\nsemver-mismatch = "note"\n'


def test_the_policy_is_that_of_the_base(wheels: Wheels, reviewed: Reviewed) -> None:
    old = {"requirements.txt": wheels.pin("1.0.0"), "stigmem-review.toml": STRICT}
    report = reviewed(old, {**old, "requirements.txt": wheels.pin("1.0.1")})
    assert (report.node, report.verdict.gate) == ("0.9.0a11", "note")
    assert [(each.what, each.path) for each in report.consulted] == [
        ("policy", "stigmem-review.toml")
    ]


def test_a_policy_that_comes_with_the_bump_does_not_count(
    wheels: Wheels, reviewed: Reviewed
) -> None:
    report = reviewed(
        wheels.pin("1.0.0"),
        {"requirements.txt": wheels.pin("1.1.0"), "stigmem-review.toml": LAX},
    )
    assert outcome(report) == (
        ["demo-plugin 1.0.0>1.1.0 blocked"],
        ["error policy-changed stigmem-review.toml"],
        1,
    )


TRUSTS_ADA = "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=ada@acme.example\n"


@pytest.fixture
def signed(wheels: Wheels) -> Wheels:
    """The wheels, and bundles beside them."""
    for version in ("1.0.0", "1.0.1"):
        wheel = wheels.folder / f"demo_plugin-{version}-py3-none-any.whl"
        bundle = instance().sign(wheel.read_bytes(), person("ada@acme.example"))
        wheel.with_name(f"{wheel.name}.sigstore.json").write_bytes(bundle)
    return wheels


def trusting(signed: Wheels, version: str, root: bytes, settings: str) -> dict[str, str | bytes]:
    return {
        "requirements.txt": signed.pin(version),
        "node.env": settings,
        "root.json": root,
    }


FILES = {"env_file": "node.env", "trust_root": "root.json"}


def test_signatures_are_held_against_what_the_base_says(signed: Wheels, reviewed: Reviewed) -> None:
    root = instance().root()
    old, new = (trusting(signed, each, root, TRUSTS_ADA) for each in ("1.0.0", "1.0.1"))
    report = reviewed(old, new, **FILES)
    [bumped] = report.bumps
    assert bumped.report
    found = bumped.report.signing
    assert found
    assert (found.continuity, found.decision) == ("same", "trusted")
    assert (found.by, found.required) == ("STIGMEM_PLUGIN_TRUSTED_PUBLISHERS", True)


def test_a_root_and_settings_that_come_with_the_bump_do_not_count(
    signed: Wheels, reviewed: Reviewed
) -> None:
    strangers = "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=grace@acme.example\n"
    old = trusting(signed, "1.0.0", Sigstore("other").root(), strangers)
    new = trusting(signed, "1.0.1", instance().root(), TRUSTS_ADA)
    report = reviewed(old, new, **FILES)
    assert outcome(report)[1] == [
        "error policy-changed node.env",
        "error policy-changed root.json",
        "warning signing-loosened node.env:1",
    ]
    assert report.verdict.exit_code == 3
    [bumped] = report.bumps
    assert bumped.report
    assert "unknown trust root" in bumped.report.gaps[0].why


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_only_the_bump_brings_is_refused(
    name: str, signed: Wheels, reviewed: Reviewed
) -> None:
    new = trusting(signed, "1.0.1", instance().root(), TRUSTS_ADA)
    with pytest.raises((PolicyError, SigningError), match=f"{FILES[name]} is not in the base"):
        reviewed(signed.pin("1.0.0"), new, **{name: FILES[name]})


def test_a_policy_by_itself_is_a_note(wheels: Wheels, reviewed: Reviewed) -> None:
    old = {"requirements.txt": wheels.pin("1.0.0")}
    report = reviewed(old, {**old, "stigmem-review.toml": LAX})
    assert outcome(report) == ([], ["note policy-changed stigmem-review.toml"], 0)


def test_a_policy_gives_rules_another_level(wheels: Wheels, reviewed: Reviewed) -> None:
    old = {"requirements.txt": wheels.pin("1.0.0"), "stigmem-review.toml": LAX}
    report = reviewed(old, {**old, "requirements.txt": wheels.pin("1.1.0")})
    assert outcome(report) == (["demo-plugin 1.0.0>1.1.0 clear"], [], 0)


def test_a_policy_can_stand_in_the_project_file(wheels: Wheels, reviewed: Reviewed) -> None:
    table = '[tool.stigmem-review]\nfail-on = "note"\n'
    old = {"requirements.txt": wheels.pin("1.0.0"), "pyproject.toml": table}
    report = reviewed(old, {**old, "requirements.txt": wheels.pin("1.0.1")})
    assert report.verdict.gate == "note"
    assert [each.path for each in report.consulted] == ["pyproject.toml"]


def test_of_a_project_file_only_the_policy_counts_as_one(
    wheels: Wheels, reviewed: Reviewed
) -> None:
    old = {"requirements.txt": wheels.pin("1.0.0"), "pyproject.toml": '[project]\nname = "x"\n'}
    new = {"requirements.txt": wheels.pin("1.0.1"), "pyproject.toml": '[project]\nname = "y"\n'}
    assert outcome(reviewed(old, new))[1] == []
    new["pyproject.toml"] += '[tool.stigmem-review]\nfail-on = "error"\n'
    assert outcome(reviewed(old, new))[1] == ["error policy-changed pyproject.toml"]


def test_a_policy_that_would_count_before_the_one_of_the_base_is_one(
    wheels: Wheels, reviewed: Reviewed
) -> None:
    old = {"requirements.txt": wheels.pin("1.0.0"), "pyproject.toml": "[tool.stigmem-review]\n"}
    report = reviewed(old, {**old, "stigmem-review.toml": LAX})
    assert outcome(report)[1] == ["note policy-changed stigmem-review.toml"]


def test_what_the_policy_of_the_base_names_is_read_from_there(
    signed: Wheels, reviewed: Reviewed
) -> None:
    named = '[node]\nenv-file = "node.env"\n[signing]\ntrust-root = "root.json"\n'
    root = instance().root()
    old, new = (trusting(signed, each, root, TRUSTS_ADA) for each in ("1.0.0", "1.0.1"))
    strangers = "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=grace@acme.example\n"
    both = {"stigmem-review.toml": named}
    report = reviewed(old | both, new | both | {"node.env": strangers})
    [bumped] = report.bumps
    assert bumped.report
    assert bumped.report.signing
    assert bumped.report.signing.decision == "trusted"
    assert outcome(report)[1] == [
        "error policy-changed node.env",
        "warning signing-loosened node.env:1",
    ]


@pytest.mark.parametrize(
    ("policy", "options", "word"),
    [
        ('fail_on = "note"', {}, "fail_on"),
        ('fail-on = "nothing"', {}, "nothing"),
        ("fail-on = ", {}, "stigmem-review.toml"),
        ('[levels]\nno-such-rule = "note"', {}, "no-such-rule"),
        ('[levels]\ntarget-missing = "note"', {}, "target-missing"),
        ('node-version = "0.9.0a11"', {"node": "0.9.0a12"}, "0.9.0a11"),
        ('fail-on = "note"', {"gate": "warning"}, "looser"),
        ("", {"gate": "error"}, "looser"),
        ("", {"policy": "other.toml"}, "other.toml"),
    ],
)
def test_a_policy_in_error_is_refused(
    policy: str, options: dict[str, str], word: str, wheels: Wheels, reviewed: Reviewed
) -> None:
    old = {"requirements.txt": wheels.pin("1.0.0"), "stigmem-review.toml": policy}
    with pytest.raises(PolicyError, match=word):
        reviewed(old, {**old, "requirements.txt": wheels.pin("1.0.1")}, **options)


def test_an_option_can_tighten(wheels: Wheels, reviewed: Reviewed) -> None:
    report = reviewed(wheels.pin("1.0.0"), wheels.pin("1.0.1"), gate="note")
    assert report.verdict.gate == "note"


def test_the_node_is_the_one_that_is_pinned_beside_the_plugins(
    wheels: Wheels, reviewed: Reviewed
) -> None:
    node = "stigmem-node==0.9.0a10\n"
    report = reviewed(node + wheels.pin("1.0.0"), node + wheels.pin("1.0.1"))
    assert report.node == "0.9.0a10"


# The revisions


def test_pins_are_compared_with_where_the_branches_part(
    wheels: Wheels, deployment: Deployment
) -> None:
    deployment.commit({"requirements.txt": wheels.pin("1.0.0")})
    git(deployment.folder, "branch", "topic")
    base = deployment.commit({"requirements.txt": wheels.pin("1.1.0")})
    git(deployment.folder, "checkout", "--quiet", "topic")
    deployment.commit({"requirements.txt": wheels.pin("1.0.0"), "notes": "other work"})
    report = bump(base, "topic", repository=str(deployment.folder), artifacts=str(wheels.folder))
    assert outcome(report) == ([], [], 0)


def test_a_commit_beside_itself_says_that_nothing_changed(
    wheels: Wheels, deployment: Deployment
) -> None:
    only = deployment.commit({"requirements.txt": wheels.pin("1.0.0")})
    report = bump(only, only, repository=str(deployment.folder))
    assert outcome(report) == ([], [], 0)
    assert "Nothing changed: both are the same commit." in render(report, "text")


def test_going_back_to_an_earlier_revision_is_a_change(
    wheels: Wheels, deployment: Deployment
) -> None:
    earlier = deployment.commit({"requirements.txt": wheels.pin("1.0.0")})
    later = deployment.commit({"requirements.txt": wheels.pin("1.0.1")})
    where: Any = {"repository": str(deployment.folder), "artifacts": str(wheels.folder)}
    assert [each.what for each in bump(later, earlier, **where).bumps] == ["downgraded"]


def test_what_is_deployed_in_the_place_of_another_is_compared_with_that(
    wheels: Wheels, deployment: Deployment
) -> None:
    deployment.commit({"requirements.txt": wheels.pin("1.0.0")})
    git(deployment.folder, "branch", "other")
    deployed = deployment.commit({"requirements.txt": wheels.pin("1.0.1")})
    git(deployment.folder, "checkout", "--quiet", "other")
    deployment.commit({"requirements.txt": wheels.pin("1.0.0"), "notes": "a forced push"})
    where: Any = {"repository": str(deployment.folder), "artifacts": str(wheels.folder)}
    report = bump(deployed, "other", **where)
    assert report.bumps == ()
    assert [line.what for line in report.as_before] == ["demo-plugin==1.0.1"]
    assert [each.what for each in bump(deployed, "other", exact=True, **where).bumps] == [
        "downgraded"
    ]


def test_a_requirements_file_that_is_a_link_is_followed(
    wheels: Wheels, deployment: Deployment
) -> None:
    where: Any = {"repository": str(deployment.folder), "artifacts": str(wheels.folder)}
    (deployment.folder / "requirements.txt").symlink_to("deploy/pins.conf")
    base = deployment.commit({"deploy/pins.conf": wheels.pin("1.0.0")})
    (deployment.folder / "deploy/pins.conf").write_text(wheels.pin("1.1.0"))
    git(deployment.folder, "commit", "--quiet", "--all", "--message", "bump")
    assert [each.state for each in bump(base, **where).bumps] == ["blocked"]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("pyproject.toml", 'dependencies = ["stigmem-plugin-tombstones==0.1.0"]\n'),
        ("Dockerfile", "RUN pip install stigmem_plugin_tombstones==0.1.0\n"),
        (".github/workflows/x.yml", "  - run: pip install stigmem-plugin-tombstones@https://x\n"),
    ],
)
def test_a_pin_where_nobody_reads_pins_is_not_passed_over(
    file: str, line: str, wheels: Wheels, reviewed: Reviewed
) -> None:
    old = {"requirements.txt": wheels.pin("1.0.0"), file: "# nothing\n"}
    report = reviewed(old, {**old, file: f"# nothing\n{line}"})
    assert report.verdict.exit_code == 3
    assert [gap.what for gap in report.gaps] == [f"{file}:2"]
    assert reviewed({**old, file: line}, {**old, file: f"# more\n{line}"}).verdict.exit_code == 0


@pytest.mark.parametrize("revision", ["no-such", "--upload-pack=x", "", "main..main"])
def test_a_revision_that_is_none_is_refused(revision: str, deployment: Deployment) -> None:
    deployment.commit({"requirements.txt": ""})
    with pytest.raises(UsageError, match=r"revision|commit"):
        bump(revision, repository=str(deployment.folder))


def test_the_formats_agree(
    wheels: Wheels,
    deployment: Deployment,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    base = deployment.commit({"requirements.txt": wheels.pin("1.0.0")})
    deployment.commit({"requirements.txt": wheels.pin("1.1.0")})
    where = ["--repository", str(deployment.folder), "--artifacts", str(wheels.folder)]
    outputs = [
        argument
        for form in ("json", "markdown", "summary", "github")
        for argument in ("--output", f"{form}={tmp_path / form}")
    ]
    assert run(["bump", base, *where, *outputs]) == 1
    printed = capsys.readouterr()
    assert "  blocked  demo-plugin 1.0.0 -> 1.1.0: " in printed.out
    assert printed.err == ""
    report = json.loads((tmp_path / "json").read_text())
    assert report["verdict"]["exit_code"] == 1
    markdown = (tmp_path / "markdown").read_text()
    assert markdown == (tmp_path / "summary").read_text()
    assert markdown.index("- ⛔ `demo-plugin` ") < markdown.index("## ⛔ `demo-plugin`")
    first, *rest = (tmp_path / "github").read_text().splitlines()
    assert first.startswith("::error title=stigmem-review%3A blocked::")
    assert all("file=requirements.txt,line=1," in line for line in rest)


def test_a_folder_of_artifacts_that_cannot_be_looked_into_is_refused() -> None:
    for named in ("a" * 5000, "a\0b", "", "absent"):
        with pytest.raises(UsageError, match=r"the folder of artifacts|there is no folder"):
            bump("HEAD", artifacts=named)


def test_who_interrupts_a_review_does_not_wait_for_an_index(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silent = threading.Event()
    module = importlib.import_module("stigmem_review.pipeline.bumps.releases")

    def look(change: PinChange, _: object, **__: object) -> str:
        if change.name != "first":
            silent.wait(20)
        return change.name

    monkeypatch.setattr(module, "_look", look)
    moves = tuple((PinChange(name, None, None), True) for name in ("first", *"abcdefgh"))
    began = time.monotonic()
    looked = module.look_at_all(moves, None)
    assert next(looked)[1] == "first"
    looked.close()
    assert time.monotonic() - began < 10
    silent.set()


def test_what_is_looked_at_ahead_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    module = importlib.import_module("stigmem_review.pipeline.bumps.releases")
    monkeypatch.setattr(module, "_look", lambda change, _, **__: asked.append(change.name))
    moves = tuple((PinChange(f"x{number}", None, None), True) for number in range(50))
    for number, (change, _) in enumerate(module.look_at_all(moves, None)):
        assert change is moves[number][0]
        assert len(asked) <= number + 4


def test_many_pin_files_take_as_many_runs_of_git_as_few(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[object] = []
    module = importlib.import_module("stigmem_review.sources.git")
    started = subprocess.Popen

    def counted(*arguments: Any, **more: Any) -> Any:
        runs.append(arguments)
        return started(*arguments, **more)

    counts = []
    for number in (2, 40):
        files = {f"s{each}/requirements.txt": f"x=={each}\n" for each in range(number)}
        files |= {f"s{each}/more.yml": "a: 1\n" for each in range(number)}
        base = deployment.commit(files)
        head = deployment.commit({path: text + "\n" for path, text in files.items()})
        monkeypatch.setattr(module.subprocess, "Popen", counted)
        report = bump(base, head, repository=str(deployment.folder))
        monkeypatch.setattr(module.subprocess, "Popen", started)
        assert len(report.files) == number
        counts.append(len(runs))
        runs.clear()
    assert counts[0] == counts[1]


def test_many_pins_that_are_nowhere_take_no_connection_and_one_look_into_the_folder(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    texts = ["".join(f"x{n}==1.{v}\n" for n in range(30)) for v in (0, 1)]
    base, head = (deployment.commit({"requirements.txt": text}) for text in texts)
    listed: list[Path] = []
    list_folder = Path.iterdir

    def counted(path: Path) -> Any:
        listed.append(path)
        return list_folder(path)

    def connected(_: object) -> None:
        raise AssertionError("nothing is to be connected to")

    monkeypatch.setattr(Path, "iterdir", counted)
    monkeypatch.setattr("stigmem_review.sources.network._session", connected)
    report = bump(base, head, repository=str(deployment.folder), artifacts=str(folder))
    assert len(report.gaps) == 60
    assert all("no file of x" in gap.why for gap in report.gaps)
    # Several releases are looked for at once, and the first of them all look.
    assert 1 <= listed.count(folder) <= 4
