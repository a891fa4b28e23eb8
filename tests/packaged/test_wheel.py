"""The wheel that users install, away from the source it was built from."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

from support.sigstore import instance, workflow

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.packaged


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from an sdist, as an index would get it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
    )
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def script(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in an environment that has nothing but the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    subprocess.run(
        [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", str(wheel)], check=True
    )
    return folder / "bin" / "stigmem-review"


def test_the_wheel_holds_every_rule_and_nothing_of_the_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    rules = {
        f"stigmem_review/{path.relative_to(ROOT)}" for path in (ROOT / "rules").rglob("*.toml")
    }
    assert rules
    assert {name for name in names if name.startswith("stigmem_review/rules/")} == rules
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"stigmem_review", names[-1].partition("/")[0]}
    assert "stigmem_review/py.typed" in names
    for data in ("stigmem_node", "releases", "modules"):
        assert f"stigmem_review/host/{data}.json" in names
    pages = ROOT / "review" / "stigmem_review" / "report" / "html" / "templates"
    shown = {f"stigmem_review/report/html/templates/{path.name}" for path in pages.iterdir()}
    assert shown
    assert shown <= {*names}
    assert {f"stigmem_review/signing/public_good.{each}" for each in ("json", "taken")} < set(names)


def test_the_installed_command_reviews_a_story(script: Path, tmp_path: Path) -> None:
    story = ROOT / "tests" / "cases" / "quiet-gain"
    done = subprocess.run(
        [str(script), "diff", str(story / "old"), str(story / "new"), "--output", "html=page.html"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "network.outbound" in done.stdout
    assert "network.outbound" in (tmp_path / "page.html").read_text("ascii")


def test_the_installed_rules_pass_their_examples(script: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(script), "rules", "test"], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stdout


def test_a_folder_named_like_the_package_is_not_used(script: Path, tmp_path: Path) -> None:
    (tmp_path / "stigmem_review").mkdir()
    (tmp_path / "stigmem_review" / "__init__.py").write_text("raise SystemExit(42)\n", "utf-8")
    done = subprocess.run(
        [str(script), "--version"], capture_output=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0


def test_it_passes_what_it_asks_of_others(script: Path, wheel: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(script), "check", *map(str, wheel.parent.iterdir())],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    # Paths are as long as they are, and lines are wrapped behind them.
    said = " ".join(done.stdout.split())
    assert (done.returncode, said.count("not a Stigmem plugin")) == (0, 2), said


def release_policy() -> str:
    """Return the policy that the release's workflow holds its own signature against."""
    release = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))
    [script] = [
        each["run"] for each in release["jobs"]["sign"]["steps"] if "POLICY" in each.get("run", "")
    ]
    policy: str = script.partition("<<POLICY\n")[2].partition("POLICY\n")[0]
    for name, value in {
        "SERVER_URL": "https://github.com",
        "REPOSITORY": "acme/stigmem-review",
        "REF": "refs/tags/v1.0.0",
    }.items():
        policy = policy.replace(f"$GITHUB_{name}", value)
    return policy


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (("acme/stigmem-review", ".github/workflows/release.yml", "refs/tags/v1.0.0"), 0),
        (("acme/stigmem-review", ".github/workflows/ci.yml", "refs/tags/v1.0.0"), 1),
        (("acme/stigmem-review", ".github/workflows/release.yml", "refs/heads/main"), 1),
        (("mallory/stigmem-review", ".github/workflows/release.yml", "refs/tags/v1.0.0"), 1),
    ],
)
def test_a_release_is_signed_by_its_workflow_and_by_nobody_else(
    script: Path, wheel: Path, tmp_path: Path, who: tuple[str, str, str], code: int
) -> None:
    name, path, ref = who
    signed = tmp_path / wheel.name
    signed.write_bytes(wheel.read_bytes())
    bundle = instance().sign(signed.read_bytes(), workflow(name, path, ref))
    (tmp_path / f"{wheel.name}.sigstore.json").write_bytes(bundle)
    (tmp_path / "root.json").write_bytes(instance().root())
    (tmp_path / "policy.toml").write_text(release_policy(), "utf-8")
    done = subprocess.run(
        [str(script), "signer", signed.name, "--policy=policy.toml", "--trust-root=root.json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert "status      verified" in done.stdout
    assert done.returncode == code, done.stdout
