"""Where files of a wheel end up, and what else that registers."""

from __future__ import annotations

import pytest

from stigmem_review.model import Location
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.wheel import read_wheel
from support.archives import INFO, METADATA, WHEEL, refusal_of, wheel

DATA = "demo-1.0.data"
TABLE = b"""# ours
[console_scripts]
x = y:z
[stigmem.plugins]
# theirs
 sly = sly:make [extra]

[odd = odd:make
[other]
z = y:z
"""


def read(more: dict[str, bytes]) -> Artifact:
    return read_wheel(WHEEL, WHEEL, wheel(more))


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("demo/a.py", "site-packages/demo/a.py"),
        ("evil.pth", "site-packages/evil.pth"),
        (f"{DATA}/purelib/a.py", "site-packages/a.py"),
        (f"{DATA}/platlib/demo/a.py", "site-packages/demo/a.py"),
        (f"{DATA}/scripts/tool", "scripts/tool"),
        (f"{DATA}/headers/demo.h", "headers/demo.h"),
        (f"{DATA}/data/share/a.txt", "data/share/a.txt"),
        (f"{DATA}/data/lib/python3.12/site-packages/a.pth", "site-packages/a.pth"),
        (f"{DATA}/data/lib64/python3.12/site-packages/b/a.py", "site-packages/b/a.py"),
        (f"{DATA}/data/lib/python3/dist-packages/a.py", "site-packages/a.py"),
        (f"{DATA}/data/local/lib/python3.12/dist-packages/a.py", "site-packages/a.py"),
        (f"{DATA}/data/Lib/site-packages/a.py", "site-packages/a.py"),
        (f"{DATA}/data/LIB/Site-Packages/a.py", "site-packages/a.py"),
        (f"{DATA}/data/lib/python3.12/a.py", "data/lib/python3.12/a.py"),
        (f"{DATA}/data/share/lib/site-packages/a.py", "data/share/lib/site-packages/a.py"),
        (f"{DATA}/data/lib/site-packages", "data/lib/site-packages"),
        ("demo/x.data/purelib/a.py", "site-packages/demo/x.data/purelib/a.py"),
    ],
)
def test_a_file_is_mapped_to_its_place(path: str, place: str) -> None:
    artifact = read({path: b"#"})
    assert artifact.installed[place] == path
    assert sorted(artifact.installed.values()) == sorted(artifact.files)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([f"{DATA}/stdlib/a.py"], "none of the directories a wheel may fill"),
        ([f"{DATA}/Purelib/a.py"], "none of the directories a wheel may fill"),
        ([f"{DATA}/a.py"], "none of the directories a wheel may fill"),
        ([f"{DATA}/scripts"], "none of the directories a wheel may fill"),
        ([DATA], "none of the directories a wheel may fill"),
        (["other-1.0.data/purelib/a.py"], "installers disagree"),
        (["Demo-1.0.data/purelib/a.py"], "installers disagree"),
        (["demo-1.0.DATA/purelib/a.py"], "installers disagree"),
        (["table.data"], "installers disagree"),
        (["a.py", f"{DATA}/purelib/a.py"], "both installed as site-packages/a.py"),
        (["a.py", f"{DATA}/purelib/A.py"], "once installed, site-packages/a.py and"),
        ([f"{DATA}/purelib/demo"], "are one place"),
        ([f"{DATA}/purelib/a.py", f"{DATA}/data/lib/p/site-packages/a.py"], "both installed"),
        ([f"{DATA}/purelib/{INFO}/entry_points.txt"], "into its own metadata"),
    ],
)
def test_places_that_are_not_clear_are_refused(more: list[str], words: str) -> None:
    assert read({f"{DATA}/purelib/b.py": b"#"}).problems == ()
    assert words in refusal_of(lambda: read(dict.fromkeys(more, b"#")))


@pytest.mark.parametrize(
    "folder",
    [
        "sly-2.0.dist-info",
        "sly.egg-info",
        "SLY-2.0.Dist-Info",
        "demo-1.0.egg-info",
        "demo-2.0.dist-info",
        f"{DATA}/purelib/sly-2.0.dist-info",
        f"{DATA}/platlib/sly.egg-info",
        f"{DATA}/data/lib/python3.12/site-packages/sly-2.0.dist-info",
    ],
)
def test_a_second_distribution_is_a_problem_that_names_its_plugins(folder: str) -> None:
    name, table = folder.rpartition("/")[2], f"{folder}/entry_points.txt"
    (problem,) = read({f"{folder}/METADATA": METADATA, table: TABLE}).problems
    assert problem.kind == "hidden-distribution"
    assert problem.item == name
    assert problem.at == Location(table)
    assert problem.why == (
        f"The wheel also installs {name}, the metadata of another distribution, which declares the"
        " plugin entry points sly = sly:make [extra], [odd = odd:make."
    )


def test_a_second_distribution_without_plugins_is_a_problem_too() -> None:
    (bare,) = read({"sly.egg-info": METADATA}).problems
    assert (bare.item, bare.at) == ("sly.egg-info", Location("sly.egg-info"))
    assert bare.why.endswith("sly.egg-info, the metadata of another distribution.")
    table = {"sly.egg-info/entry_points.txt": b"[console_scripts]\nx = y:z\n"}
    (scripts,) = read(table).problems
    assert "declares" not in scripts.why


def test_metadata_below_a_package_are_no_distribution() -> None:
    """Packages that carry copies of others keep their metadata; nothing looks for them there."""
    vendored = "demo/_vendor/other-1.0.dist-info"
    assert read({f"{vendored}/METADATA": b"", f"{DATA}/scripts/x.dist-info": b""}).problems == ()
