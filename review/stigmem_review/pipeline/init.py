"""A first policy, from what stands in a folder and in an environment; no plugin is imported."""

from __future__ import annotations

import os
from importlib import metadata
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import is_normalized_name

from stigmem_review import host, limits
from stigmem_review.errors import PolicyError, ReportError, ReviewError, UsageError
from stigmem_review.model import ENTRY_POINT_GROUP
from stigmem_review.names import canonicalize_name
from stigmem_review.pipeline.terms import from_disk, policy_on_disk
from stigmem_review.policy.file import POLICY_FILE, parse_policy
from stigmem_review.policy.settings import Settings, parse_settings
from stigmem_review.policy.template import Known, new_policy
from stigmem_review.sources.environment import environment
from stigmem_review.text import clean, shorten

_NODE = "stigmem-node"


class Installed(NamedTuple):
    """What an environment holds: the node's version, empty where there is none, and plugins.

    Plugins are by their normalised names, in order; nothing of them is imported.
    """

    node: str = ""
    distributions: tuple[tuple[str, Distribution], ...] = ()

    @property
    def plugins(self) -> tuple[tuple[str, str], ...]:
        """The plugins with their versions, as they can be shown."""
        return tuple((name, shorten(clean(each.version), 80)) for name, each in self.distributions)


def init(env_file: str | None = None, python: str | None = None) -> tuple[str, tuple[str, ...]]:
    """Write a policy into the working directory, and return its path and what it was made from.

    ``env_file`` is the node's env file (by default the only one in the folder that says something
    about plugins), ``python`` the environment of the node: its folder, its interpreter or its
    ``site-packages`` (by default the one that runs this). Raises ``UsageError`` where there is a
    policy already, ``PolicyError`` for an env file in error, ``ReportError`` where nothing can be
    written.
    """
    there = policy_on_disk()
    if there is not None or os.path.lexists(POLICY_FILE):
        raise UsageError(
            f"there is a policy already, {there or POLICY_FILE}; change that one, or take it away"
        )
    known, said = _known(env_file, installed(python))
    text = new_policy(known)
    parse_policy(text.encode(), POLICY_FILE)
    try:
        with Path(POLICY_FILE).open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise ReportError(f"{POLICY_FILE}: {error.strerror}; it was not written") from None
    return POLICY_FILE, tuple(said)


def _known(env_file: str | None, found: Installed) -> tuple[Known, list[str]]:
    values: dict[tuple[str, ...], Any] = {("fail-on",): "warning"}
    remarks: dict[tuple[str, ...], str] = {}
    said: list[str] = []
    if found.node in host.versions():
        values["node", "version"] = found.node
        said.append(f"{_NODE} {found.node} is installed")
    elif found.node:
        remarks["node", "version"] = f"{clean(found.node)} is installed, which is not known here."
        said.append(f"{_NODE} {found.node} is installed, which this version does not know")
    path, settings = _settings(env_file)
    if path is not None:
        values["node", "env-file"] = path
        listed = len(settings.trusted) + len(settings.override)
        required = {True: "are required", False: "are not required", None: "are not mentioned"}
        remark = f"signatures {required[settings.required]}, {listed} trusted to sign"
        remarks["node", "env-file"] = f"It says: {remark}."
        said.append(f"{path}: {remark}")
    plugins = f"{len(found.plugins)} plugins" if len(found.plugins) != 1 else "1 plugin"
    said.append(f"{plugins} installed here")
    return Known(values, remarks, found.plugins), said


def _settings(env_file: str | None) -> tuple[str | None, Settings]:
    """Return the node's env file and what it says; of several that may be it, none."""
    if env_file is not None:
        try:
            data = from_disk(env_file, limits.ENV_FILE_BYTES)
        except ReviewError as error:
            raise PolicyError(f"the env file {error.text}") from None
        return os.path.normpath(env_file), parse_settings(data, env_file)
    found = []
    for path in [*sorted(Path().glob("*.env")), Path(".env")]:
        try:
            data = from_disk(str(path), limits.ENV_FILE_BYTES)
            if b"STIGMEM_PLUGIN_" in data.upper():
                found.append((str(path), parse_settings(data, str(path))))
        except ReviewError:
            continue  # nobody named it
    return found[0] if len(found) == 1 else (None, Settings())


def installed(python: str | None) -> Installed:
    """Return what an environment holds, from its metadata; nothing of it is imported or run.

    Raises ``UsageError`` where ``python`` names no environment.
    """
    folders = None if python is None else [*map(str, environment(python).sites)]
    found = metadata.distributions() if folders is None else metadata.distributions(path=folders)
    node = ""
    plugins: dict[str, Distribution] = {}
    for each in found:
        try:
            name, version = str(each.metadata["Name"] or ""), each.version
            points = {point.group for point in each.entry_points}
        except _DAMAGED:
            continue  # of what the node cannot read either, nothing is a plugin
        normal = canonicalize_name(name)
        if normal == _NODE:
            node = node or version
        # Of a name that is none, which can go over several lines, no policy can say anything.
        elif ENTRY_POINT_GROUP in points and is_normalized_name(normal) and version:
            plugins.setdefault(normal, each)
    return Installed(node, tuple(sorted(plugins.items(), key=lambda each: each[0])))


_DAMAGED = (OSError, ValueError, TypeError, LookupError, AttributeError, ImportError)
"""What ``importlib.metadata`` raises where the metadata of a distribution is damaged."""
