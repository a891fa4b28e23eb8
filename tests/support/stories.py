"""The stories in ``cases``: what each asks to review, and its report.

A side of a story is a project, or the wheel (``wheel-of``) or the sdist (``sdist-of``) that is
built from one, and perhaps signed:

    [new]
    wheel-of = "../signed-as-before/new"
    file = "..."                # another file name than the wheel's own
    signed = { identity = "ada@acme.example", issuer = "...", at = 2025-03-11T09:30:00Z }
    signed = { repository = "acme/ledger", workflow = "...", ref = "...", at = ... }

A person signs with a bundle and a workflow with an attestation, unless ``as`` says otherwise. A
repository has the same number as any other, as if it had been moved, but for ``repository-id``;
``builder``, ``commit``, ``trigger``, ``runner`` and ``environment`` are as ``support.identities``
has them. ``beside`` is a list of more signatures, each made as ``signed`` is, in a form of its own.
``served`` is a wheel on an index that carries no attestations, and named by name and version.
``policy`` and ``settings`` are the text of the files that say whom the operator trusts.
"""

from __future__ import annotations

import contextlib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec

from stigmem_review import review
from stigmem_review.document.parts import Report, Reviewed, Tool
from stigmem_review.model import Side
from stigmem_review.report import render
from support import sigstore as mini
from support.archives import TAGS, Tarred, Zipped, record, stored, tar_bytes, zip_bytes
from support.index_server import File, IndexServer

CASES = Path(__file__).parents[1] / "cases"
STORIES = sorted(path.name for path in CASES.iterdir() if path.is_dir())
NODE = "0.9.0a12"
SUFFIXES = {
    "bundle": ".sigstore.json",
    "attestation": ".publish.attestation",
}


SERVED = "served:"
"""What stands before the path of a wheel that an index is to serve."""

_RUN = ("builder", "commit", "trigger", "runner", "environment")


def read_story(story: str) -> dict[str, Any]:
    return tomllib.loads((CASES / story / "case.toml").read_text("utf-8"))


def report_of(story: str, work: Path) -> Report:
    """Review what a story asks for; what has to be built for it is written below ``work``."""
    case, home = read_story(story), CASES / story
    if isinstance(case["old"], str) and isinstance(case["new"], str):
        with contextlib.chdir(home):
            return review(case["old"], case["new"], node_version=NODE)
    asked = {side: _built(case[side], home, work, side) for side in ("old", "new")}
    files = {"policy": "stigmem-review.toml", "settings": "node.env"}
    for key, name in files.items():
        if key in case:
            (work / name).write_text(case[key], "utf-8")
    (work / "trusted_root.json").write_bytes(mini.instance().root())
    with contextlib.chdir(work), _serving(asked) as root:
        report = review(
            asked["old"],
            asked["new"],
            node_version=NODE,
            policy=files["policy"] if "policy" in case else None,
            env_file=files["settings"] if "settings" in case else None,
            trust_root="trusted_root.json",
        )
    reviewed = tuple(_from(each, root) for each in report.reviewed) if root else report.reviewed
    return msgspec.structs.replace(report, reviewed=reviewed)


@contextlib.contextmanager
def _serving(asked: dict[str, str]) -> Iterator[str]:
    """Serve the wheels that an index is to serve, and ask for those by name and version.

    Gives the root of its URLs, or nothing where there is none.
    """
    if not any(path.startswith(SERVED) for path in asked.values()):
        yield ""
        return
    with IndexServer() as server, mock.patch.dict(os.environ):
        for name in [*os.environ]:
            if name.startswith("PIP_") or name.lower().endswith("_proxy"):
                del os.environ[name]
        os.environ |= {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": server.url}
        for side, path in asked.items():
            if path.startswith(SERVED):
                wheel = Path(path.removeprefix(SERVED))
                name, version, *_ = wheel.name.split("-")
                server.offer(name.replace("_", "-"), File(wheel.name, wheel.read_bytes()))
                asked[side] = f"{name.replace('_', '-')}=={version}"
        yield server.root


def _from(reviewed: Reviewed, root: str) -> Reviewed:
    """Return what was reviewed as if it were from a server whose port is not another each time."""
    origin = reviewed.source.origin.replace(root, "https://index.example")
    source = msgspec.structs.replace(reviewed.source, origin=origin)
    return msgspec.structs.replace(reviewed, source=source)


def page_of(report: Report) -> str:
    """Return a report as it is kept: who made it, and with which rules, is not part of a story."""
    anybody = Tool("stigmem-review", "X", 0, "0" * 64)
    return render(msgspec.structs.replace(report, tool=anybody), "markdown")


def _built(wanted: str | Mapping[str, Any], home: Path, work: Path, side: Side) -> str:
    """Build a side of a story, sign it, and return its path below ``work``."""
    if isinstance(wanted, str):
        return wanted
    name, data = (
        wheel_of(home / wanted["wheel-of"])
        if "wheel-of" in wanted
        else sdist_of(home / wanted["sdist-of"])
    )
    signed_as = name
    name = wanted.get("file", name)
    folder = work / side
    folder.mkdir()
    (folder / name).write_bytes(data)
    if said := wanted.get("signed"):
        for each in (said, *wanted.get("beside", ())):
            form = each.get("as", "bundle" if "identity" in each else "attestation")
            (folder / (name + SUFFIXES[form])).write_bytes(_signature(form, signed_as, data, each))
    return f"{SERVED if wanted.get('served') else ''}{side}/{name}"


def _signature(form: str, name: str, data: bytes, said: Mapping[str, Any]) -> bytes:
    who = (
        mini.person(said["identity"], said["issuer"])
        if "identity" in said
        else mini.workflow(
            said["repository"],
            said["workflow"],
            said["ref"],
            repository_id=said.get("repository-id", "1001"),
            **{each: said[each] for each in _RUN if each in said},
        )
    )
    sigstore = mini.instance(said.get("instance", "mini"))
    if form == "bundle":
        return sigstore.sign(data, who, at=said["at"])
    return sigstore.attest(name, data, who, at=said["at"])


def wheel_of(project: Path) -> tuple[str, bytes]:
    """Return the name and the bytes of the wheel of a project, without running a backend.

    Nothing is compressed, so that the bytes are the same everywhere.
    """
    project_file = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    about = project_file["project"]
    stem, metadata = _metadata(about)
    groups = [
        "\n".join([f"[{group}]", *(f"{key} = {target}" for key, target in points.items())])
        for group, points in about["entry-points"].items()
    ]
    files = {
        path.relative_to(package.parent).as_posix(): path.read_bytes()
        for package in map(
            project.joinpath, project_file["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
        )
        for path in sorted(package.rglob("*.py"))
    }
    info = f"{stem}.dist-info"
    files[f"{info}/METADATA"] = metadata
    files[f"{info}/WHEEL"] = TAGS
    files[f"{info}/entry_points.txt"] = ("\n\n".join(groups) + "\n").encode()
    files[f"{info}/RECORD"] = record(files, info)
    data = zip_bytes(Zipped(path, content, method=0) for path, content in files.items())
    return f"{stem}-py3-none-any.whl", data


def sdist_of(project: Path) -> tuple[str, bytes]:
    """Return the name and the bytes of the sdist of a project, as ``wheel_of`` does."""
    about = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    stem, metadata = _metadata(about)
    files = {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in sorted(project.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }
    files["PKG-INFO"] = metadata
    tar = tar_bytes(Tarred(f"{stem}/{path}", content) for path, content in files.items())
    return f"{stem}.tar.gz", stored(tar)


def _metadata(about: Mapping[str, Any]) -> tuple[str, bytes]:
    """Return the first part of a file's name, and its metadata."""
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {about['name']}",
        f"Version: {about['version']}",
        f"Summary: {about['description']}",
        f"Requires-Python: {about['requires-python']}",
        *(f"Requires-Dist: {each}" for each in about["dependencies"]),
    ]
    return f"{about['name'].replace('-', '_')}-{about['version']}", (
        "\n".join(lines) + "\n"
    ).encode()
