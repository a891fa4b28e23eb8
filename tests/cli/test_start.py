"""How the command ends where its surroundings fail it: one line, and the right exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stigmem_review.cli import run
from support.plugins import plugin, write_wheel

# Interrupts the import of a module, as a person does who was too quick.
_INTERRUPTED = """
import sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
from stigmem_review.__main__ import main
sys.argv[1:] = ["diff", "none", "none"]
main()
"""


@pytest.mark.parametrize(
    "module",
    ["argparse", "stigmem_review.cli", "stigmem_review.text", "stigmem_review.cli.diff",
     "stigmem_review.pipeline.upgrade"],
)  # fmt: skip
def test_an_interruption_while_it_starts_is_one_line(module: str) -> None:
    command = [sys.executable, "-c", _INTERRUPTED.replace("sys.argv[1]", repr(module))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "stigmem-review: interrupted\n")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("diff {wheel} {wheel} >/dev/full", 3),
        ("diff {wheel} {wheel} 2>/dev/full", 0),
        ("diff {wheel} {absent} 2>/dev/full", 2),
        ("diff {wheel} {cut} 2>/dev/full", 3),
        ("diff {wheel} 2>/dev/full", 2),
        ("--version", 0),
    ],
)
def test_a_full_disk_does_not_change_the_exit_code(line: str, code: int, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, plugin())
    cut = tmp_path / "cut" / wheel.name
    cut.parent.mkdir()
    cut.write_bytes(wheel.read_bytes()[:-30])
    arguments = line.format(wheel=wheel, absent=tmp_path / "absent.whl", cut=cut)
    shell = f"{sys.executable} -m stigmem_review {arguments}"
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert len(done.stderr.splitlines()) == (1 if ">/dev/full" in line and "2>" not in line else 0)
    assert bool(done.stdout) == (code == 0)


@pytest.mark.parametrize("command", ["diff none", "check", "manifest", "signer", "rules test"])
@pytest.mark.parametrize("path", ["a" * 5000, "\udcff", "x==" + "9" * 5000, "a\0b"])
def test_a_path_that_can_be_none_is_refused_in_one_line(
    command: str, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command.split(), path]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert len(line) < 500


@pytest.mark.parametrize("asked", ["--version", "rules list", "schema report"])
def test_what_reads_no_code_is_told_without_what_reads_it(asked: str) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "stigmem_review", *asked.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout
    assert "stigmem_review.cli" in done.stderr
    assert "stigmem_review.interpret" not in done.stderr
