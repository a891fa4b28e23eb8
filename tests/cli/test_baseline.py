"""``init --baseline``: what already runs is recorded as it was found, and nothing else is open."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stigmem_review import cli
from stigmem_review.approvals.record import APPROVALS_FILE
from stigmem_review.approvals.store import read_approvals
from support.installed import Venv
from support.plugins import plugin, write_wheel
from support.repository import git

Run = Callable[..., tuple[int, str, str]]
TODAY = datetime.now(UTC).date()
NAMES = ("demo-plugin", "other-plugin")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in a repository beside an environment with two plugins, and their wheels."""
    git(tmp_path, "init", "--quiet")
    monkeypatch.chdir(tmp_path)
    packages = tmp_path / "venv" / "lib" / "python3.11" / "site-packages"
    for name in NAMES:
        module = name.replace("-", "_")
        files = {
            path.replace("demo_plugin", module): text.replace("demo_plugin", module).replace(
                "demo-plugin", name
            )
            for path, text in plugin(capabilities=("facts.read", "network.outbound")).items()
        }
        points = f"[stigmem.plugins]\n{name} = {module}:plugin_manifest\n"
        wheel = write_wheel(tmp_path / "wheels", files, name=name, entry_points=points)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(packages)
    for record in packages.glob("*/RECORD"):
        record.write_text("as installers write it", "utf-8")

    def command(*arguments: object) -> tuple[int, str, str]:
        code = cli.run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


BASELINE = ("init", "--baseline", "--python", "venv", "--artifacts", "wheels", "--by", "Mara Lind")


def wheel(name: str) -> Path:
    return Path("wheels", f"{name.replace('-', '_')}-1.0.0-py3-none-any.whl")


def test_all_that_runs_is_accepted_as_found_in_one_record(run: Run) -> None:
    assert run("diff", "none", wheel("demo-plugin"))[0] == 1
    code, printed, _ = run(*BASELINE)
    assert code == 0
    assert "stigmem-review.toml was written" in printed
    assert "+[[baseline]]\n" in printed
    [record] = read_approvals(Path(APPROVALS_FILE))[1].baselines
    assert [each.plugin for each in record.plugins] == [*NAMES]
    assert (record.by, record.reason) == ("Mara Lind", "accepted as found")
    assert (record.approved, record.until) == (TODAY, TODAY + timedelta(days=365))
    for name in NAMES:
        code, printed, _ = run("diff", "none", wheel(name))
        said = " ".join(printed.split())
        assert (code, f"approved by Mara Lind on {TODAY}" in said) == (0, True)
        assert "accepted as found" in said
    listed = json.loads(run("approvals", "--format", "json")[1])
    assert [(each["kind"], each["plugin"]) for each in listed] == [
        ("baseline", name) for name in NAMES
    ]
    assert "network.outbound" in listed[0]["findings"][0]


def test_other_bytes_and_a_passed_day_close_it_again(run: Run) -> None:
    assert run(*BASELINE)[0] == 0
    changed = plugin(capabilities=("facts.read", "network.outbound"))
    changed["demo_plugin/handlers.py"] += "\nMORE = 1\n"
    write_wheel(Path("wheels"), changed)
    code, printed, _ = run("diff", "none", wheel("demo-plugin"))
    assert (code, "other bytes of the new release" in " ".join(printed.split())) == (1, True)
    path = Path(APPROVALS_FILE)
    text = path.read_text("utf-8")
    for day in (TODAY, TODAY + timedelta(days=365)):
        text = text.replace(str(day), str(day - timedelta(days=400)))
    path.write_text(text, "utf-8")
    code, printed, _ = run("diff", "none", wheel("other-plugin"))
    assert (code, "ended on" in printed) == (1, True)
    run(*BASELINE)
    assert run("diff", "none", wheel("other-plugin"))[0] == 0


def test_what_is_installed_has_to_be_the_file_that_is_recorded(run: Run) -> None:
    module = next(Path("venv").rglob("demo_plugin/handlers.py"))
    module.write_text(module.read_text("utf-8") + "\n# a local change\n", "utf-8")
    code, printed, _ = run(*BASELINE)
    assert code == 3
    assert "demo-plugin 1.0.0: not recorded: " in printed
    assert "demo_plugin/handlers.py differs" in printed
    [record] = read_approvals(Path(APPROVALS_FILE))[1].baselines
    assert [each.plugin for each in record.plugins] == ["other-plugin"]


def test_a_script_and_data_have_to_be_those_of_the_file_too(run: Run, tmp_path: Path) -> None:
    script, data = "demo_plugin-1.0.0.data/scripts/demo", "demo_plugin-1.0.0.data/data/etc/demo.ini"
    files = plugin() | {script: "#!python\nprint(1)\n", data: "[demo]\n"}
    made = Venv(tmp_path / "other")
    made.install(write_wheel(Path("wheels"), files))
    there = (*BASELINE, "--python", "other")
    (made.top / "bin" / "demo").write_text("#!/bin/sh\nexit 0\n")
    code, printed, _ = run(*there)
    assert (code, f"this file: {made.top / 'bin' / 'demo'} differs\n" in printed) == (3, True)
    made.install(wheel("demo-plugin"))
    (made.top / "etc" / "demo.ini").unlink()
    code, printed, _ = run(*there)
    assert (code, "this file: data/etc/demo.ini is missing\n" in printed) == (3, True)
    assert not Path(APPROVALS_FILE).exists()
    made.install(wheel("demo-plugin"))
    code, printed, _ = run(*there)
    assert (code, "demo-plugin 1.0.0: " in printed) == (0, True)


def test_a_plugin_without_a_version_is_named_and_not_recorded(run: Run) -> None:
    metadata = next(Path("venv").rglob("demo_plugin-*/METADATA"))
    metadata.write_text(metadata.read_text("utf-8").replace("Version: 1.0.0", "Version: x y"))
    code, printed, _ = run(*BASELINE)
    assert (code, "demo-plugin: not recorded: " in printed) == (3, True)
    assert "its metadata have no version that can be compared" in printed
    [record] = read_approvals(Path(APPROVALS_FILE))[1].baselines
    assert [each.plugin for each in record.plugins] == ["other-plugin"]
    assert "# demo-plugin of no version that is known" in Path("stigmem-review.toml").read_text()


def test_what_is_on_record_is_not_recorded_again(run: Run) -> None:
    run(*BASELINE)
    before = Path(APPROVALS_FILE).read_bytes()
    code, printed, _ = run(*BASELINE)
    assert (code, printed.count("already on record")) == (0, 2)
    assert "No plugin was recorded." in printed
    assert Path(APPROVALS_FILE).read_bytes() == before


def test_what_is_not_approvable_is_named_and_stays_closed(run: Run) -> None:
    Path("stigmem-review.toml").write_text('[forbid]\ncapabilities = ["network.outbound"]\n')
    code, printed, _ = run(*BASELINE)
    assert (code, printed.count("not approvable, and still to be fixed: SPR751")) == (1, 2)
    assert "SPR751" not in Path(APPROVALS_FILE).read_text("utf-8")
    assert run("diff", "none", wheel("demo-plugin"))[0] == 1


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--artifacts", "nowhere"), 2, "there is no folder of artifacts nowhere"),
        (("--python", "nowhere"), 2, "nowhere is no environment"),
        (("--until", "2020-01-01"), 2, "--until 2020-01-01 has passed"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    options: tuple[str, ...], code: int, says: str, run: Run
) -> None:
    Path("stigmem-review.toml").write_text("")
    got, _, said = run(*BASELINE, *options)
    assert (got, says in said) == (code, True)
    assert not Path(APPROVALS_FILE).exists()


def test_without_the_files_nothing_is_recorded(run: Run) -> None:
    wheel("demo-plugin").unlink()
    wheel("other-plugin").unlink()
    code, printed, _ = run(*BASELINE)
    assert (code, printed.count("its wheel is not in wheels")) == (3, 2)
    assert not Path(APPROVALS_FILE).exists()
    assert run("init", "--by", "Mara")[0] == 2


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[[baseline.plugin]]\n", "[[baseline.plugins]]\n", "unknown key `plugins`; did you mean"),
        ('plugin = "other-plugin"\n', "", "this plugin has no `plugin`"),
        ('reason = "accepted as found"\n', "", "this baseline has no `reason`"),
    ],
)
def test_a_damaged_baseline_is_named_with_its_line(old: str, new: str, says: str, run: Run) -> None:
    run(*BASELINE)
    path = Path(APPROVALS_FILE)
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    code, _, said = run("approvals")
    assert (code, says in said) == (2, True)
    line = int(said.split(":")[2])
    header = "[[baseline]]" if "reason" in old else "[[baseline.plugin"
    assert path.read_text("utf-8").splitlines()[line - 1].startswith(header)
