"""What a change does to what reviews go by: policy, approvals, rules, env file and trust root."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec

from stigmem_review.errors import ApprovalsError, PolicyError
from stigmem_review.facts import PolicyBroken, PolicyChanged
from stigmem_review.model import Location
from stigmem_review.pipeline.bumps.accepted import States
from stigmem_review.pipeline.bumps.work import Work, digest
from stigmem_review.policy.file import is_policy, parse_policy, policy_of
from stigmem_review.sources.git import Tree

Parse = Callable[[bytes, str], object]
"""Reads a file. Raises ``PolicyError`` or ``ApprovalsError`` where that cannot be done."""


def look_at_decisions(
    work: Work,
    files: Mapping[str, Parse | None],
    folders: Iterable[str],
    changed: Collection[str],
    states: States,
) -> None:
    """Judge that files which say what may pass are changed, or cannot be read any more.

    ``files`` are where they are, or would count, and what reads each; ``folders`` are those of the
    operator's own rules.
    """
    base, parted, head = states.base, states.parted, states.head
    for path, parse in files.items():
        if path in head.paths and path not in changed:
            continue
        found = policy_of(head.read(path), path)
        if found not in (policy_of(tree.read(path), path) for tree in (base, parted)):
            _changed(work, path, _state(policy_of(base.read(path), path)), _state(found))
            if parse and (why := _broken(parse, head.read(path), path)):
                fact = PolicyBroken(item=path, why=why, at=Location(path))
                work.judge("", fact, digest(base.read(path)), digest(head.read(path)))
    for folder in folders:
        if any(path.startswith(f"{folder}/") for path in changed):
            _changed(work, folder, _of_folder(base, folder), _of_folder(head, folder))


def _changed(work: Work, path: str, old: str, new: str) -> None:
    fact = PolicyChanged(item=path, with_pins=work.moved, at=Location(path))
    work.judge("", fact, old, new)


def mended(path: str, base: Tree, head: Tree) -> str:
    """Return what is wrong with the base's policy, where the head has one that can be read."""
    new = head.read(path)
    if new is None or not is_policy(new, path) or _broken(parse_policy, new, path):
        return ""
    return _broken(parse_policy, base.read(path), path)


def read_as_policy(data: bytes, path: str) -> object:
    """Read a file that lies where policies are looked for, if it is one."""
    return parse_policy(data, path) if is_policy(data, path) else None


def _broken(parse: Parse, data: bytes | None, path: str) -> str:
    """Return what is wrong with a file, if anything is."""
    try:
        if data is not None:
            parse(data, path)
    except (ApprovalsError, PolicyError) as error:
        return error.text
    return ""


def _state(policy: object) -> str:
    """Return what stands for the whole of what a file says as a policy."""
    if policy is None or isinstance(policy, bytes):
        return digest(policy)
    return digest(msgspec.json.encode(policy, order="deterministic"))


def _of_folder(tree: Tree, folder: str) -> str:
    """Return what stands for all files below a folder; nothing where there are none."""
    paths = [path for path in tree.paths if path.startswith(f"{folder}/")]
    said = "".join(f"{path} {digest(tree.read(path))}\n" for path in paths)
    return digest(said.encode()) if paths else ""
