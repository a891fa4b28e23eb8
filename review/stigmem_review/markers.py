"""Which environment markers mean the same, however they are written.

Build tools write one marker in several ways: ``python_full_version < '3.11'`` for
``python_version < "3.11"``, other quotes, another order, other parentheses. Two of them mean the
same where they come out alike in every environment there could be. Of a Python only what is
released is looked at: to packaging, 3.11 is not above 3.11rc1 in full and is in short.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from stigmem_review.names import canonicalize_name
from stigmem_review.patterns import late

if TYPE_CHECKING:
    from packaging.specifiers import Specifier

_TOKEN = late(r"""\s*(\(|\)|"[^"]*"|'[^']*'|[<>=!~]+|\w+)""")
_RELEASE = late(r"([0-9]{1,6})(?:\.([0-9]{1,6}))?(?:\.([0-9]{1,6}))?(?:\.\*)?")
_COMPARISONS = frozenset(("<", "<=", ">", ">=", "==", "!=", "~="))
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_PYTHON = ("python_version", "python_full_version")
# Those that packaging compares as texts, if no version is written there.
_TEXTS = frozenset(
    (
        *("extra", "implementation_name", "os_name", "platform_machine"),
        *("platform_python_implementation", "platform_system", "sys_platform"),
    )
)
_OTHER = "\0"
"""A value that no marker has."""
_ENVIRONMENTS = 2_000
_EVALUATIONS = 50_000
"""How much is tried, for all markers of one distribution; 0.1 s. Beyond it, texts decide."""

OLDEST = (3, 11, 0)
"""The oldest Python that a node runs on (``requires-python`` of ``stigmem-node``)."""

Platform = Literal["linux", "macos", "windows"]
"""A system that a node can run on, by the name that people use."""

_PLATFORMS: Mapping[Platform, Mapping[str, str]] = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}
"""What markers call them ("Environment Markers", PEP 508)."""

_Python = tuple[int, int, int]
_Environment = Mapping[Any, Any]
_Test = Callable[[_Environment], bool]


class Machine(msgspec.Struct, frozen=True):
    """What is known of the machines that a node runs on: a Python, as 3.12, and their systems."""

    python: tuple[int, int] | None = None
    platforms: tuple[Platform, ...] = ()


ANY = Machine()
"""A machine of which nothing is known."""


def python_of(text: str) -> tuple[int, int] | None:
    """Return the Python that a text such as 3.12 names; nothing where it names none for a node."""
    found = re.fullmatch(r"([0-9]{1,3})\.([0-9]{1,3})", text)
    python = (int(found[1]), int(found[2])) if found else (0, 0)
    return python if python >= OLDEST[:2] else None


def alike(markers: Iterable[str]) -> dict[str, str]:
    """Return for each marker, as packaging writes it, the first of those that mean the same.

    An empty text is no marker at all, which is one that is always met.
    """
    known = list(dict.fromkeys(markers))
    as_written = {text: text for text in known}
    if len(known) < 2:
        return as_written
    space = _Space()
    try:
        tests = [space.test(text) for text in known]
        environments = space.environments(_EVALUATIONS // len(known))
        if environments is None:
            return as_written
        first: dict[tuple[bool, ...], str] = {}
        return {
            text: first.setdefault(tuple(map(test, environments)), text)
            for text, test in zip(known, tests, strict=True)
        }
    except (ValueError, RecursionError):
        return as_written


@cache
def never(marker: str, machine: Machine = ANY) -> bool:
    """Say whether no machine that a node runs on meets a marker, as packaging writes it.

    A node needs ``OLDEST`` or a newer Python, and nothing that a requirements file lists is
    installed as an extra. Of everything else nothing is known but what ``machine`` says. What
    cannot be read or tried may be met.
    """
    space = _Space()
    since = (*machine.python, 0) if machine.python else OLDEST
    try:
        test = space.test(marker)
        environments = space.environments(_EVALUATIONS, since=since, extras=False)
        return environments is not None and not any(
            test(each) for each in environments if space.is_on(each, machine)
        )
    except (ValueError, RecursionError):
        return False


class _Space:
    """What several markers ask for, and with that every environment that could tell them apart.

    A Python is a version, a text one of those that are written or another one, and any other term
    is true or false whatever the rest: that may tell apart what is the same, and never the
    reverse.
    """

    def __init__(self) -> None:
        self._axes: dict[Any, set[Any]] = {}

    def environments(
        self, limit: int, *, since: _Python = (0, 0, 0), extras: bool = True
    ) -> list[_Environment] | None:
        """Return them all, or ``None`` where they are too many to try.

        ``since`` is the oldest Python there is; without ``extras`` none is asked for.
        """
        axes = dict(self._axes)
        if "python" in axes:
            axes["python"] = {since, *(each for each in axes["python"] if each >= since)}
        if "extra" in axes and not extras:
            axes["extra"] = {""}
        count = 1
        for values in axes.values():
            count *= len(values)
            if count > min(_ENVIRONMENTS, limit):
                return None
        return [dict(zip(axes, each, strict=True)) for each in product(*axes.values())]

    def is_on(self, environment: _Environment, machine: Machine) -> bool:
        """Say whether an environment can be one of a machine."""
        python = environment.get("python", (0, 0, 0))
        if "python" in environment and machine.python and python[:2] != machine.python:
            return False
        if not machine.platforms:
            return True
        return any(
            all(
                environment[name] == (value if value in self._axes[name] else _OTHER)
                for name, value in _PLATFORMS[platform].items()
                if name in environment
            )
            for platform in machine.platforms
        )

    def test(self, marker: str) -> _Test:
        """Return what tells whether an environment meets a marker."""
        if not marker:
            return lambda _: True
        tokens = _TOKEN.findall(marker)
        if "".join(tokens) != _TOKEN.sub(r"\1", marker).strip():
            raise ValueError(marker)
        tokens.reverse()
        found = self._any(tokens)
        if tokens:
            raise ValueError(marker)
        return found

    def _any(self, tokens: list[str]) -> _Test:
        tests = [self._all(tokens)]
        while tokens and tokens[-1] == "or":
            tokens.pop()
            tests.append(self._all(tokens))
        return lambda environment: any(test(environment) for test in tests)

    def _all(self, tokens: list[str]) -> _Test:
        tests = [self._one(tokens)]
        while tokens and tokens[-1] == "and":
            tokens.pop()
            tests.append(self._one(tokens))
        return lambda environment: all(test(environment) for test in tests)

    def _one(self, tokens: list[str]) -> _Test:
        if _next(tokens) == "(":
            tokens.pop()
            inside = self._any(tokens)
            if _pop(tokens) != ")":
                raise ValueError("unbalanced parentheses")
            return inside
        left, operator = _pop(tokens), _pop(tokens)
        if operator == "not":
            operator = f"not {_pop(tokens)}"
        return self._term(left, operator, _pop(tokens))

    def _term(self, left: str, operator: str, right: str) -> _Test:
        if left[0] in "\"'" and operator in _MIRRORED and _turns(left[1:-1], right):
            left, operator, right = right, _MIRRORED[operator], left
        literal = right[1:-1] if right[0] in "\"'" else None
        release = _RELEASE.fullmatch(literal or "")
        if literal and release and left in _PYTHON and operator in _COMPARISONS:
            return self._python(left, operator, literal, release)
        is_version = literal is not None and literal[:1].isdecimal()
        if literal is not None and left in _TEXTS and operator in ("==", "!=") and not is_version:
            text = canonicalize_name(literal) if left == "extra" else literal
            self._axes.setdefault(left, {_OTHER}).add(text)
            wanted = operator == "=="
            return lambda environment: (environment[left] == text) is wanted
        positive = operator.removeprefix("not ")
        key = (left, positive, right)
        self._axes[key] = {True, False}
        return lambda environment: environment[key] is (positive == operator)

    def _python(self, variable: str, operator: str, literal: str, release: re.Match[str]) -> _Test:
        from packaging.specifiers import Specifier

        specifier: Specifier = Specifier(f"{operator}{literal}")
        major, minor, micro = (int(part or 0) for part in release.groups())
        # Where the answer to any comparison with this version changes, in full or in short.
        self._axes.setdefault("python", {(0, 0, 0)}).update(
            (
                *((major, minor, micro), (major, minor, micro + 1), (major, minor, 0)),
                *((major, minor + 1, 0), (major, 0, 0), (major + 1, 0, 0)),
            )
        )
        parts = 3 if variable == "python_full_version" else 2
        answers: dict[tuple[int, ...], bool] = {}

        def test(environment: _Environment) -> bool:
            python = environment["python"]
            if python not in answers:
                version = ".".join(map(str, python[:parts]))
                answers[python] = specifier.contains(version, prereleases=True)
            return answers[python]

        return test


def _turns(literal: str, variable: str) -> bool:
    """Say whether a comparison means the same the other way round.

    Of other terms that is not so: packaging compares as versions if the right side is one.
    """
    release = _RELEASE.fullmatch(literal)
    return variable in _TEXTS or (
        variable in _PYTHON and release is not None and "*" not in literal
    )


def _next(tokens: list[str]) -> str:
    return tokens[-1] if tokens else ""


def _pop(tokens: list[str]) -> str:
    if not tokens:
        raise ValueError("the marker breaks off")
    return tokens.pop()
