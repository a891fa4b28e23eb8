"""What the action installs comes from where the job's pip looks, and is what its hashes say."""

from __future__ import annotations

import hashlib
import re
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from action.runner import CHECKOUT
from stigmem_review.names import canonicalize_name
from stigmem_review.step.install import InstallError, fetching, install, prune, unpacking

JOB = {
    "PATH": "/bin",
    "PIP_INDEX_URL": "https://a.example",
    "pip_proxy": "http://b.example",
    "PIP_CERT": "c.pem",
    "PIP_TIMEOUT": "9",
    "PIP_CONFIG_FILE": "pip.conf",
}
HARM = ("CONSTRAINT", "USER", "TARGET", "PREFIX", "REQUIRE_HASHES", "DRY_RUN", "PYTHON", "ROOT")


def test_only_where_from_reaches_the_fetching() -> None:
    around = {f"PIP_{name}": "x" for name in HARM} | {"PYTHONPATH": "x", "PYTHONHOME": "x"}
    assert fetching(JOB | around) == JOB
    assert unpacking(JOB | around) == {
        "PATH": "/bin",
        "PIP_CONFIG_FILE": unpacking({}).popitem()[1],
    }


def _requirements(folder: Path, *contents: bytes) -> Path:
    digests = (hashlib.sha256(each).hexdigest() for each in contents)
    path = folder / "requirements.txt"
    path.write_text("".join(f"a==1 \\\n    --hash=sha256:{each}\n" for each in digests))
    return path


def test_what_no_hash_names_is_removed(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    (wheels / "folder").mkdir(parents=True)
    for name, data in (("good.whl", b"good"), ("bad.whl", b"bad"), ("good2.whl", b"good")):
        (wheels / name).write_bytes(data)
    (wheels / "link.whl").symlink_to(wheels / "good.whl")
    assert prune(wheels, _requirements(tmp_path, b"good", b"other")) == 2
    assert sorted(path.name for path in wheels.iterdir()) == ["folder", "good.whl", "good2.whl"]


def test_what_cannot_be_had_is_said(tmp_path: Path) -> None:
    nowhere = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"}
    with pytest.raises(InstallError, match="could not be fetched"):
        install(_requirements(tmp_path, b"x"), tmp_path / "wheels", tmp_path / "to", nowhere)


def _needed(name: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """Return everything that an installed distribution needs, on any system."""
    waiting: list[tuple[str, frozenset[str]]] = [(name, extras)]
    found: set[str] = set()
    while waiting:
        one, wanted = waiting.pop()
        for text in distribution(one).requires or ():
            each = Requirement(text)
            marker = each.marker
            if marker and not any(marker.evaluate({"extra": extra}) for extra in ("", *wanted)):
                continue
            known = canonicalize_name(each.name)
            if known not in found or each.extras:
                waiting.append((each.name, frozenset(each.extras)))
            found.add(known)
    return found


def test_everything_that_is_needed_is_named_and_hashed() -> None:
    text = (CHECKOUT / "requirements.txt").read_text("utf-8")
    named = set(re.findall(r"(?m)^([a-z0-9-]+)==[^\n]* \\\n    --hash=sha256:", text))
    assert _needed("stigmem-review") <= named
    assert not named & {"hatchling", "pytest", "pip"}
