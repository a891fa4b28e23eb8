"""Which index the user's pip is configured for.

pip is asked for what its configuration files say, rather than its search for them repeated here;
``PIP_*`` variables are read from the environment, where they override the files. Values can hold
credentials: nothing in this module shows one.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from stigmem_review import limits
from stigmem_review.errors import SourceError

_SECTIONS = ("global", "install")
"""The sections ``pip install`` reads, the later overriding the earlier."""

_OPTIONS = {
    "index-url": "index-url",
    "pypi-url": "index-url",
    "extra-index-url": "extra-index-url",
    "no-index": "no-index",
    "find-links": "find-links",
    "cert": "cert",
    "client-cert": "client-cert",
    "proxy": "proxy",
    "trusted-host": "trusted-host",
    "timeout": "timeout",
    "default-timeout": "timeout",
}
"""pip's spellings of the options that are used here, and the one they stand for."""

_FILE_ORDER = {"global": 0, "user": 1, "site": 2, "env": 3}
"""Where pip's configuration files are, the later overriding the earlier."""


@dataclass(frozen=True, slots=True)
class PipConfig:
    """Where pip looks for distributions, and how it connects.

    ``index_url`` is empty for pip's default index. URLs are as the user wrote them, so that what
    may hold credentials stays out of the representation.
    """

    index_url: str = field(default="", repr=False)
    extra_index_urls: tuple[str, ...] = field(default=(), repr=False)
    no_index: bool = False
    find_links: tuple[str, ...] = field(default=(), repr=False)
    cert: str = ""
    client_cert: str = ""
    proxy: str = field(default="", repr=False)
    trusted_hosts: tuple[str, ...] = ()
    timeout: float = limits.INDEX_SECONDS


def read() -> PipConfig:
    """Return the configuration ``pip install`` would use in this environment."""
    options: dict[str, str] = {}
    for name, value in (*_from_files(frozenset(os.environ.items())), *_from_environment()):
        if value and name in _OPTIONS:  # pip drops empty values
            options[_OPTIONS[name]] = value
    return PipConfig(
        index_url=options.get("index-url", ""),
        extra_index_urls=tuple(options.get("extra-index-url", "").split()),
        no_index=_boolean("no-index", options.get("no-index", "no")),
        find_links=tuple(options.get("find-links", "").split()),
        cert=options.get("cert", ""),
        client_cert=options.get("client-cert", ""),
        proxy=options.get("proxy", ""),
        trusted_hosts=tuple(options.get("trusted-host", "").split()),
        timeout=_seconds(options.get("timeout", "")),
    )


def _boolean(name: str, value: str) -> bool:
    lowered = value.lower()
    if lowered in {"y", "yes", "t", "true", "on", "1"}:
        return True
    if lowered in {"n", "no", "f", "false", "off", "0"}:
        return False
    raise SourceError(f"pip's setting {name} is neither yes nor no; correct it, then run again")


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        return limits.INDEX_SECONDS
    return seconds if 0 < seconds < limits.INDEX_SECONDS else limits.INDEX_SECONDS


def _from_environment() -> list[tuple[str, str]]:
    return [
        (name[len("PIP_") :].lower().replace("_", "-"), value)
        for name, value in os.environ.items()
        if name.startswith("PIP_")
    ]


@lru_cache(maxsize=1)
def _from_files(environment: frozenset[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the options in pip's configuration files, in the order in which they apply.

    ``environment`` is what the answer depends on, so that one process asks pip once.
    """
    variables = dict(environment)
    config_file = variables.get("PIP_CONFIG_FILE")
    if config_file == os.devnull:
        return ()  # pip's own way to read no configuration file at all
    # Of pip's variables only this one bears on the files; PIP_QUIET would silence the answer.
    variables = {name: value for name, value in variables.items() if not name.startswith("PIP_")}
    variables |= {"PIP_QUIET": "0", "PIP_VERBOSE": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if config_file is not None:
        variables["PIP_CONFIG_FILE"] = str(Path(config_file).absolute())
    for pip in _pips():
        listed = _ask(pip, "list", variables)
        if listed is None:
            continue
        values = _parse_list(listed)
        doubtful = {name for name, found in values.items() if len(set(found)) > 1}
        if doubtful:
            _settle(doubtful, values, _ask(pip, "debug", variables) or "")
        return tuple(
            (name.removeprefix(f"{section}."), found[-1])
            for section in _SECTIONS
            for name, found in values.items()
            if name.startswith(f"{section}.")
        )
    if config_file:
        raise SourceError(
            "PIP_CONFIG_FILE is set, but there is no pip to read it; set PIP_INDEX_URL instead, "
            "or pass the wheel as a file"
        )
    return ()


def _pips() -> list[list[str]]:
    pips = []
    if sys.executable and not getattr(sys, "frozen", False):
        pips.append([sys.executable, "-I", "-m", "pip"])
    # Never one that lies in the working directory, which may be a checkout under review.
    folders = [one for one in os.get_exec_path() if Path(one).is_absolute()]
    found = shutil.which("pip", path=os.pathsep.join(folders))
    if found and Path(found).is_absolute():
        pips.append([found])
    return pips


def _ask(pip: list[str], what: str, variables: dict[str, str]) -> str | None:
    """Return what ``pip config`` prints, or None if there is no such pip.

    It runs where the interpreter lives: the working directory may be a checkout under review.
    """
    try:
        done = subprocess.run(  # noqa: S603
            [*pip, "config", what],
            cwd=sys.prefix,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limits.INDEX_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SourceError(
            f"pip did not say within {limits.INDEX_SECONDS} seconds how it is configured; "
            "see what 'pip config list' does, or pass the wheel as a file"
        ) from None
    except OSError:
        return None
    if done.returncode == 0:
        return done.stdout
    if "No module named pip" in done.stderr:
        return None
    raise SourceError(
        "pip cannot read its configuration; see what 'pip config list' says, correct it, "
        "then run again"
    )


def _parse_list(listed: str) -> dict[str, list[str]]:
    """Return the values of each ``section.option`` that ``pip config list`` prints.

    pip 23.3 and later print an option once for each file that sets it, sorted by the files'
    names, which is not the order in which they override one another.
    """
    values: dict[str, list[str]] = {}
    for line in listed.splitlines():
        name, equals, written = line.partition("=")
        section, _, option = name.partition(".")
        if not equals or section not in _SECTIONS or option not in _OPTIONS:
            continue
        try:
            value = ast.literal_eval(written)
        except (ValueError, SyntaxError):
            value = None
        if not isinstance(value, str):
            raise SourceError(
                f"pip's setting {name} cannot be read from 'pip config list'; "
                "pass the wheel as a file"
            )
        values.setdefault(name, []).append(value)
    return values


def _settle(doubtful: set[str], values: dict[str, list[str]], debugged: str) -> None:
    """Put last the value that pip uses of each option that several files set.

    ``pip config debug`` prints the files in their order, but values without quotes; so it decides
    between the values, and does not provide them.
    """
    winners: dict[str, tuple[int, str]] = {}
    rank, current = -1, ""
    for line in debugged.splitlines():
        if header := re.fullmatch(r"(\w+):", line):
            rank, current = _FILE_ORDER.get(header[1], -1), ""
        elif re.fullmatch(r"  \S.*, exists: (True|False)", line):
            current = ""
        elif setting := re.fullmatch(r"    ([^\s:]+\.[^\s:]+):(?: (.*))?", line):
            current = setting[1]
            if rank >= winners.get(current, (-1, ""))[0]:
                winners[current] = (rank, setting[2] or "")
            else:
                current = ""
        elif current:  # the next line of a value of several lines
            winners[current] = (rank, f"{winners[current][1]} {line}")
    for name in doubtful:
        place, used = winners.get(name, (-1, ""))
        same = [value for value in values[name] if value.split() == used.split()]
        if place == -1 or not same:
            raise SourceError(
                f"several of pip's configuration files set {name}, and which one pip uses cannot "
                f"be told; set PIP_{name.partition('.')[2].upper().replace('-', '_')} instead"
            )
        values[name].append(same[-1])
