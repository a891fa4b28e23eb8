"""A first policy, from what stands in a folder and in an environment; no plugin is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import is_normalized_name

from stigmem_review import host, limits
from stigmem_review.errors import (
    PolicyError,
    ReportError,
    ReviewError,
    SourceError,
    UsageError,
)
from stigmem_review.manifest.declares import declares
from stigmem_review.pipeline.terms import from_disk, policy_on_disk
from stigmem_review.policy.file import POLICY_FILE, parse_policy
from stigmem_review.policy.settings import Settings, parse_settings
from stigmem_review.policy.template import Known, new_policy
from stigmem_review.sources.environment import Distribution, environment
from stigmem_review.text import clean

_NODE = "stigmem-node"


class Plugin(NamedTuple):
    """A plugin that is installed, by its normalised name; ``version`` is empty if it has none."""

    name: str
    version: str
    distribution: Distribution


class Installed(NamedTuple):
    """What an environment holds: the node's version, empty where there is none, and plugins.

    Plugins are in the order of their names; nothing of them is imported.
    """

    node: str
    plugins: tuple[Plugin, ...]


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
    if host.is_known(found.node):
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
    return Known(values, remarks, _shown(found.plugins)), said


def _shown(plugins: Iterable[Plugin]) -> tuple[tuple[str, str], ...]:
    return tuple((each.name, each.version or "of no version that is known") for each in plugins)


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

    By default it is the one that this runs in. Raises ``UsageError`` where ``python`` names no
    environment, and ``SourceError`` where its folders cannot be listed.
    """
    there = environment(sys.prefix if python is None else python)
    node = ""
    plugins: dict[str, Plugin] = {}
    for each in there.distributions:
        try:
            version, is_plugin = each.version, declares(each.entry_points)
        except SourceError:
            continue  # of what the node cannot read either, nothing is a plugin
        if each.name == _NODE:
            node = node or str(version or "")
        # Of a name that is none, which can go over several lines, no policy can say anything.
        elif is_plugin and is_normalized_name(each.name):
            plugins.setdefault(each.name, Plugin(each.name, str(version or ""), each))
    return Installed(node, tuple(sorted(plugins.values(), key=lambda each: each.name)))
