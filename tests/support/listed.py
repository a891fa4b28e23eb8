"""Reports of every kind, for formats that list what is found."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from stigmem_review import check, review
from stigmem_review.approvals.write import record_text
from stigmem_review.pipeline.node import Wanted, foresee_node
from stigmem_review.report.subjects import AnyReport
from support.bumped import Setting
from support.nodes import add
from support.plugins import plugin, write_project, write_wheel

WARNS = {"stigmem-review.toml": "warn-only = true\n"}
UNREAD = {"manifest": "from ."}


def bumped(folder: Path, **base: str) -> AnyReport:
    """Bump a plugin that gains something, on the fourth line of a list of pins."""
    setting = Setting(folder)
    before, after = (f"# pins\n#\n#\n{setting.pins[each]}" for each in ("1.0.0", "1.1.0"))
    setting.pins = {"1.0.0": before, "1.1.0": after}
    files = {name: text for name, text in base.items() if text}
    return setting.bump(setting.commit("1.0.0", **files), setting.commit("1.1.0", **files))


def warned(folder: Path) -> AnyReport:
    """Bump it where the base's policy only warns."""
    return bumped(folder, **WARNS)


def approved(folder: Path) -> AnyReport:
    """Bump it with an approval of that."""
    setting = Setting(folder)
    record = record_text(setting.record)
    return setting.bump(setting.commit("1.0.0", record), setting.commit("1.1.0", record))


def reviewed(folder: Path) -> AnyReport:
    """Review a first installation, from a folder."""
    return review("none", str(write_project(folder / "pl an", plugin(hooks={"nope": "audit"}))))


def unread(folder: Path) -> AnyReport:
    """Review a release of which nothing can be read."""
    old = write_wheel(folder / "old", plugin())
    (folder / "new").mkdir()
    broken = folder / "new" / old.name
    broken.write_bytes(b"no wheel")
    return review(str(old), str(broken))


def checked(folder: Path) -> AnyReport:
    """Check a project with a mistake, a wheel without one, and what is no plugin."""
    mistaken = write_project(folder / "mistaken", plugin(capabilities=("facts.raed",)))
    good = write_wheel(folder / "good", plugin("good-plugin"), name="good-plugin")
    (folder / "other").mkdir()
    (folder / "other" / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n')
    return check(str(mistaken), str(good), str(folder / "other"))


def node(folder: Path) -> AnyReport:
    """Foresee a node on which one of two plugins lacks what it depends on."""
    add(folder, "acme-alone", needs=["acme-gone"])
    add(folder, "acme-other")
    return foresee_node(Wanted((), str(folder)))


KINDS: dict[str, Callable[[Path], AnyReport]] = {
    each.__name__: each for each in (bumped, warned, approved, reviewed, unread, checked, node)
}


def from_npm(name: str, path: str, folder: Path) -> Path:
    """Return a file of an npm package, which is fetched for it and not installed."""
    subprocess.run(["npm", "pack", "--silent", name], cwd=folder, check=True, capture_output=True)
    [archive] = folder.glob("*.tgz")
    subprocess.run(["tar", "-xzf", archive.name], cwd=folder, check=True)
    archive.unlink()
    return folder / "package" / path
