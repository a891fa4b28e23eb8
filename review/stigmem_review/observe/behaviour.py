"""What code does by itself, with where it leads and what makes it run.

The node hands its own interfaces to whoever declares the right capability, and stops nobody from
opening a socket. What an API reaches is in ``host.apis``, and which of its arguments say where it
leads in ``host.destinations``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from stigmem_review.code.installed import Code
from stigmem_review.code.parse import Failure
from stigmem_review.host import apis, destinations
from stigmem_review.host.destinations import OWN, TEMPORARY, UNKNOWN
from stigmem_review.interpret.deciding import Call, Told
from stigmem_review.interpret.events import Argument, Event
from stigmem_review.model import (
    CARRIES,
    FACTORY,
    IMPORT,
    NAMED,
    Act,
    ActKind,
    Authority,
    Known,
    Manifest,
    Release,
)
from stigmem_review.observe.authority import reached
from stigmem_review.observe.outline import Outline
from stigmem_review.outcomes import values
from stigmem_review.patterns import late
from stigmem_review.text import shorten

START = (IMPORT, FACTORY)
"""What loading the plugin runs."""
_LONG = 120
"""Characters of a destination."""
_ALL = "all variables"
_WORKERS = ("multiprocessing", "psutil", "concurrent.futures")
"""What starts the plugin's own code in other processes."""
_WORDLESS = ("stigmem", "plugin", "plugins", "adapter", "py", "python")
"""Parts of a plugin's name that are no name of its own."""
_VARIABLE = late(r"\A\$\{(\w+)\}\Z")
_TEMPORARY = ("/tmp/", "/var/tmp/", TEMPORARY)  # noqa: S108 - it is only looked at


class _Led(NamedTuple):
    kind: ActKind
    to: tuple[str, ...]
    whole: bool = True


class Acts:
    """Makes acts of the events of one release."""

    def __init__(
        self,
        release: Release,
        code: Code,
        outline: Callable[[bytes], Outline | Failure],
        stated: frozenset[str],
        told: Mapping[str, Iterable[Told]],
        late: Mapping[Call, frozenset[tuple[str, str]]],
    ) -> None:
        """``outline`` returns the outline of a source file's content.

        ``stated`` is what the release says of itself, which is no other code; ``told`` what the
        handler of each hook hands on of what it is given, and ``late`` which calls are given what
        handlers keep.
        """
        self._told = told
        self._late = late
        self._stated = stated
        self._code = code
        self._outline = outline
        self._prefixes = prefixes(release)
        self._own = {place.partition("/")[0].removesuffix(".py") for place in code.files}
        self._digests: dict[str, str] = {}

    def of(self, events: Iterable[Event]) -> tuple[Act, ...]:
        """Return all acts, sorted by place; each once, with all that makes it run.

        What opens its connections only when it is asked to runs, and carries, what asks it.
        """
        found: dict[Act, list[str]] = {}
        data: dict[Act, dict[tuple[str, str], None]] = {}
        every = [*events]
        asked_of = _asked_of(every)
        for event in every:
            held = asked_of.get(event.api, [])
            for act in self._acts(event):
                asked = held if act.kind == "network" and _opens_later(event) else []
                if act.kind in CARRIES:
                    for one in (event, *asked):
                        data.setdefault(act, {}).update(dict.fromkeys(self._data(one)))
                runs = [event.phase]
                if event.phase in START and asked:
                    runs = [each.phase for each in asked]
                elif act.kind == "host internals" and event.kind == "looks" and runs[0] in START:
                    # To have a part of the host at hand is not to use it.
                    runs = [NAMED]
                roots = found.setdefault(act, [])
                roots += [each for each in dict.fromkeys(runs) if each not in roots]
        used = {act.to for act, roots in found.items() if roots != [NAMED]}
        made = [
            replace(each, roots=tuple(roots), data=tuple(sorted(data.get(each, ()))))
            for each, roots in found.items()
            if roots != [NAMED] or each.to not in used
        ]
        return tuple(sorted(made, key=_order))

    def _data(self, event: Event) -> Iterator[tuple[str, str]]:
        """Yield what of the request an event is given, with the hook whose request that is."""
        kind, _, hook = event.phase.partition(" ")
        key = event.place, event.line, event.api.rpartition(".")[2]
        yield from self._late.get(key, ())
        for told in self._told.get(hook, ()) if kind == "handler" else ():
            for data in told.sent.get(key, {}).values():
                yield from ((hook, each) for each in data)

    def _acts(self, event: Event) -> Iterator[Act]:
        known = reached(event)
        yield from self._unverified(event, known[0] if known else None)
        if known is None or (event.kind == "looks" and known[0] == "environment"):
            # Only what is done with the table of variables says which are read.
            return
        authority, by = known
        at = self._code.at(event.place, event.line)
        for kind, to, whole in self._led(event, authority, by):
            code = "" if whole else self._digest(event)
            short = tuple(dict.fromkeys(_shown(each) for each in to))
            yield Act(kind, by, short, whole, at=at, code=code)

    def _unverified(self, event: Event, authority: Authority | None) -> Iterator[Act]:
        """Yield a connection of which nobody makes sure with whom it is."""
        given = {each.name: each.texts for each in event.arguments}
        by = authority if event.kind == "calls" else (apis.called(event.api) or (None,))[0]
        talks = by == "network" or event.api.startswith("ssl.")
        if destinations.unchecked(event.api, given if talks else {}):
            led = _network(event, event.api) if event.kind == "calls" else None
            to = led.to if led and led.to else (event.api,)
            short = tuple(dict.fromkeys(_shown(each) for each in to))
            yield Act("unverified", event.api, short, at=self._code.at(event.place, event.line))

    def _led(self, event: Event, authority: Authority, by: str) -> Iterator[_Led]:
        """Yield where an event leads, apart for each kind of destination."""
        match authority:
            case "network":
                yield _network(event, by)
            case "files":
                yield from self._files(event, by)
            case "environment":
                yield from self._environment(event, by)
            case "databases":
                yield from self._database(event, by)
            case "process" | "native code":
                yield from _plain(authority, event, by)
            case "dynamic code":
                yield from _code(event, by)
            case "threads":
                if "()" not in event.api:
                    yield _Led("background", (event.api,))
            case _:
                yield _Led(authority, (by.removeprefix("assigning "),))

    def _files(self, event: Event, by: str) -> Iterator[_Led]:
        given = {each.name: each for each in event.arguments}
        if destinations.temporary(by):
            yield _Led("own", (by,))
            return
        if destinations.credentials(by):
            yield _Led("credentials", (by,))
            return
        modes = given.get("mode") or given.get("0" if "self" in given else "1")
        told = modes is None or modes.whole
        writes = destinations.writes(event.api, modes.texts if modes else (), told=told)
        kind: ActKind = "files written" if writes else "files read"
        texts, whole = _destinations(event.api, given)
        if destinations.is_content(event.api):
            # What an open file has leads to where it was opened.
            return
        if not texts and whole:
            if "()" not in event.api:
                yield _Led(kind, (by,))
            return
        yield from self._sorted(texts, whole, kind, self._is_own_file, destinations.is_secret_file)

    def _environment(self, event: Event, by: str) -> Iterator[_Led]:
        given = {each.name: each for each in event.arguments}
        if not by.startswith(("os.", "posix.", "nt.", "starlette.config.environ")):
            if "()" not in event.api:
                yield _Led("environment", (by,))
            return
        texts, whole = _destinations(event.api, given)
        if not texts and whole:
            yield _Led("environment", (_ALL,))
            return
        yield from self._sorted(
            texts, whole, "environment", self._is_own_variable, destinations.is_secret_variable
        )

    def _database(self, event: Event, by: str) -> Iterator[_Led]:
        given = {each.name: each for each in event.arguments}
        if "()" in event.api:
            return
        texts, whole = _destinations(event.api, given)
        if not texts and whole:
            yield _Led("databases", (by,))
            return
        yield from self._sorted(
            tuple(map(destinations.host_of, texts)),
            whole,
            "databases",
            lambda each: each == ":memory:" or self._is_own_file(each),
            destinations.is_secret_file,
        )

    def _sorted(
        self,
        texts: tuple[str, ...],
        whole: bool,
        kind: ActKind,
        is_own: Callable[[str], bool],
        is_secret: Callable[[str], bool],
    ) -> Iterator[_Led]:
        """Yield destinations by whose they are: the plugin's own, a secret, or anything else."""
        own = tuple(each for each in texts if is_own(each))
        secret = tuple(each for each in texts if each not in own and is_secret(each))
        other = tuple(each for each in texts if each not in own and each not in secret)
        named = tuple(each for each in other if each.replace(UNKNOWN, "").strip("/."))
        if own and (kind != "files written" or all(each.startswith(_TEMPORARY) for each in own)):
            yield _Led("own", own)
        elif own:
            other, named = (*own, *other), (*own, *named)
        if secret:
            yield _Led("credentials", tuple(_VARIABLE.sub(r"\1", each) for each in secret))
        partly = any(UNKNOWN in each for each in other)
        if other or not (whole or own or secret):
            yield _Led(kind, named, whole and not partly)

    def _is_own_file(self, path: str) -> bool:
        if path.startswith(OWN):
            return path.removeprefix(OWN).partition("/")[0].removesuffix(".py") in self._own
        return path.startswith(_TEMPORARY)

    def _is_own_variable(self, name: str) -> bool:
        return name.upper().startswith(self._prefixes)

    def _digest(self, event: Event) -> str:
        """Return a digest of the definition that an event stands in, or of all of the module."""
        name = event.within.partition(".")[0]
        key = f"{event.place}:{name}"
        if key not in self._digests:
            outline = self._outline(self._code.files.get(event.place, b""))
            found = []
            if isinstance(outline, Outline):
                piece = outline.pieces.get(name)
                every = (*outline.pieces.values(), *(each.piece for each in outline.acts))
                found = [piece] if piece else [*every]
            text = "\n".join(each.digest.given(self._stated) for each in found)
            self._digests[key] = hashlib.sha256(text.encode()).hexdigest()
        return self._digests[key]


def _asked_of(events: Iterable[Event]) -> dict[str, list[Event]]:
    """Return what is asked of objects, by what makes them."""
    found: dict[str, list[Event]] = {}
    for event in events:
        owner, call, _ = event.api.partition("()")
        if call:
            found.setdefault(owner, []).append(event)
    return found


def _opens_later(event: Event) -> bool:
    """Say whether an event makes what opens connections, and opens none itself."""
    return destinations.opens_later(event.api, [each.name for each in event.arguments])


def prefixes(release: Release) -> tuple[str, ...]:
    """Return what the names of a plugin's own variables begin with."""
    names = [release.distribution.value] if isinstance(release.distribution, Known) else []
    if isinstance(release.manifest, Manifest):
        names += [each.value for each in values(release.manifest.name)]
    found: dict[str, None] = {}
    for name in names:
        words = [each for each in re.split(r"[^A-Za-z0-9]+", name.upper()) if each]
        own = [each for each in words if each.lower() not in _WORDLESS]
        if not own:
            continue
        for parts in (own, own[:1]):
            plain = "_".join(parts)
            for before in ("", "STIGMEM_", "STIGMEM_PLUGIN_", "STIGMEM_PLUGINS_"):
                found[f"{before}{plain}_"] = None
    return tuple(found)


def _destinations(api: str, given: Mapping[str, Argument]) -> tuple[tuple[str, ...], bool]:
    """Return the destinations that arguments say, and whether there are no others.

    There are no others where no argument says one, either.
    """
    told = [given[each] for each in destinations.arguments(api, given)]
    texts = tuple(dict.fromkeys(text for each in told for text in each.texts))
    return texts, all(each.whole for each in told)


def _network(event: Event, by: str) -> _Led:
    given = {each.name: each for each in event.arguments}
    api = event.api
    kind: ActKind = "server" if destinations.listens(api) else "network"
    texts, whole = _destinations(api, given)
    last = api.rpartition(".")[2]
    makes = last[:1].isupper() or last in ("client", "create_default_context", "session", "socket")
    if kind == "network" and "()" in api and not destinations.talks(api):
        return _Led(kind, ())
    if makes and not texts and "0" in given:
        # What an object for the network is made of is often not where it goes.
        whole = True
    found = []
    for each in texts:
        if destinations.is_relative(api, each):
            continue
        host = destinations.host_of(destinations.base_of(each))
        host = host.replace(f" {UNKNOWN}", "").replace(" ", ":")
        whole = whole or each.endswith(f" {UNKNOWN}")
        if host.replace(UNKNOWN, "").strip("./:"):
            found.append(host)
    told = whole and all(UNKNOWN not in each for each in found)
    return _Led(kind, tuple(dict.fromkeys(found)), told)


def _plain(kind: ActKind, event: Event, by: str) -> Iterator[_Led]:
    given = {each.name: each for each in event.arguments}
    if "()" in event.api:
        # What a process that runs has leads to where it was started.
        return
    texts, whole = _destinations(event.api, given)
    named = tuple(each for each in texts if each.replace(UNKNOWN, "").strip())
    if by.startswith(_WORKERS) or (not named and whole):
        yield _Led(kind, (by,))
    else:
        yield _Led(kind, named, whole and not any(UNKNOWN in each for each in texts))


def _code(event: Event, by: str) -> Iterator[_Led]:
    if by.startswith(("something computed", "handing on")):
        yield _Led("computed", (by,), whole=False)
    elif destinations.loads(by):
        yield from _plain("computed", event, by)
    else:
        yield from _plain("code", event, by)


def _shown(text: str) -> str:
    """Return a destination as it is shown: with a star for what is not known."""
    plain = text.replace(UNKNOWN, "*").replace(TEMPORARY, "*")
    return shorten(plain.replace(OWN, "site-packages/"), _LONG)


def _order(act: Act) -> tuple[str, int, str, str, tuple[str, ...]]:
    return act.at.path if act.at else "", act.at.line if act.at else 0, act.kind, act.api, act.to
