"""The operator's decisions: which node, which gate, how heavy each rule is, whom to trust."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from stigmem_review import limits, toml
from stigmem_review.errors import PolicyError
from stigmem_review.markers import OLDEST, Platform, python_of
from stigmem_review.model import DOES, LEVELS, ActKind, Level
from stigmem_review.names import canonicalize_name
from stigmem_review.policy.mistake import Mistake, named, nearest
from stigmem_review.policy.trust import Verifier
from stigmem_review.policy.trusted import (
    PluginSigning,
    SigningPolicy,
    Trusted,
    signing_mistakes,
)
from stigmem_review.text import shorten
from stigmem_review.toml import Keys

POLICY_FILE = "stigmem-review.toml"
"""Where a repository keeps its policy, unless it is told otherwise."""

PROJECT_FILE = "pyproject.toml"
"""Where it can keep it as well, in the table ``[tool.stigmem-review]``."""

_TABLE = ("tool", "stigmem-review")

Setting = Literal["off", "note", "warning", "error"]
"""What a policy makes of a rule: nothing, or findings of a level."""


class NodePolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The table ``[node]`` of a policy: where the plugins are deployed to."""

    version: Annotated[
        str | None,
        Meta(
            description="the release of the node that the plugins are deployed to (default: the "
            "newest that is known; in bump the one that is pinned beside them)",
            examples=["0.9.0a12"],
        ),
    ] = None
    env_file: Annotated[
        str | None,
        Meta(
            description="the node's env file, which says whom it trusts to sign, as a path from "
            "the policy's folder (default: the environment says it)",
            examples=["node.env"],
        ),
    ] = None
    python: Annotated[
        str | None,
        Meta(
            description="the Python that the node runs on: pins under a marker that it cannot meet "
            "do not count in bump (default: any that a node can run on)",
            examples=["3.12"],
        ),
    ] = None
    platforms: Annotated[
        tuple[Platform, ...],
        Meta(
            description="the systems that the node runs on: pins under a marker that none of them "
            "meets do not count in bump (default: any)",
            examples=[["linux"]],
        ),
    ] = ()
    verifier: Annotated[
        Verifier | None,
        Meta(
            description="what verifies signatures on the node: stock is what it comes with, which "
            "refuses every plugin while signatures are required (default: not stated)",
            examples=["own"],
        ),
    ] = None
    plugins: Annotated[
        tuple[str, ...],
        Meta(
            description="the other plugins on the node, by the names they register: a release that "
            "newly needs one that is not there is an error, and one that is there a note",
            examples=[["acme-base"]],
        ),
    ] = ()


_LEVELS = Meta(
    description="rules by id or name, at another level, or off; what that lowers is counted in "
    "every report, and a rule that cannot be approved cannot be lowered",
    examples=[{"requirement-unpinned": "note"}],
)


class Rights(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What a plugin can have: a table ``allow`` or ``forbid`` of a policy."""

    capabilities: Annotated[
        tuple[str, ...],
        Meta(description="capabilities that it declares", examples=[["network.outbound"]]),
    ] = ()
    hooks: Annotated[
        tuple[str, ...], Meta(description="hooks that it runs at", examples=[["post_assert_audit"]])
    ] = ()
    authority: Annotated[
        tuple[ActKind, ...],
        Meta(description="what its code does by itself, wherever it leads", examples=[["process"]]),
    ] = ()
    destinations: Annotated[
        tuple[str, ...],
        Meta(
            description="what its code does by itself, as KIND: DESTINATION in the words of the "
            "report; * is any letters, digits and the like, but no slash",
            examples=[["network: *.acme.example"]],
        ),
    ] = ()

    def leads(self, kind: ActKind, to: str) -> bool:
        """Say whether a destination is one of those that are named."""
        return any(_fits(each, kind, to) for each in self.destinations)


_ANY = r"[^/\\\s?#@:]*"
"""What a star stands for: nothing that could end the name of a host, or of a folder."""


def _fits(pattern: str, kind: ActKind, to: str) -> bool:
    wanted, _, place = pattern.partition(":")
    if wanted != kind or ".." in to.split("/"):
        return False
    return bool(re.fullmatch(_ANY.join(map(re.escape, place.strip().split("*"))), to))


class PluginPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A table ``[plugins.NAME]`` of a policy: what is decided about one distribution."""

    levels: Annotated[dict[str, Setting], _LEVELS] = {}
    allow: Annotated[
        Rights,
        Meta(
            description="what it may have without a finding that counts; what that hides is "
            "listed and counted, and at import nothing is allowed by it"
        ),
    ] = Rights()
    forbid: Annotated[
        Rights, Meta(description="what it must never have: an error that cannot be approved")
    ] = Rights()
    signing: Annotated[
        PluginSigning, Meta(description="how it has to be signed, where that is another way")
    ] = PluginSigning()


class ApprovalsPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The table ``[approvals]`` of a policy: how far somebody can accept what a review found."""

    longest_days: Annotated[
        int,
        Meta(
            ge=1,
            le=3650,
            description="how many days an approval counts at most, whatever it says itself",
            examples=[365],
        ),
    ] = 365
    incomplete: Annotated[
        bool,
        Meta(
            description="whether a review that is incomplete can be accepted, for at most seven "
            "days",
            examples=[True],
        ),
    ] = True


class ReceiptsPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The table ``[receipts]`` of a policy: which receipts confirm what is deployed."""

    longest_days: Annotated[
        int,
        Meta(
            ge=1,
            le=3650,
            description="how many days a receipt counts at most (default: 3650)",
            examples=[90],
        ),
    ] = 3650
    signed: Annotated[
        bool,
        Meta(
            description="whether only receipts count that somebody signed who is trusted to",
            examples=[True],
        ),
    ] = False
    trusted: Annotated[
        tuple[Trusted, ...],
        Meta(
            description="who is trusted to sign receipts, as those who are trusted to sign "
            "plugins (default: those)"
        ),
    ] = ()


class PinsPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The table ``[pins]`` of a policy: how the releases are looked at that a change pins."""

    include: Annotated[
        tuple[str, ...],
        Meta(
            description="the files whose pins and settings count, as paths from the top of the "
            "repository; * is anything within a name and ** any folders (default: all)",
            examples=[["deploy/**"]],
        ),
    ] = ()
    exclude: Annotated[
        tuple[str, ...],
        Meta(
            description="the files that do not count, written as in include; what of them changed "
            "is counted in the report",
            examples=[["docs/**"]],
        ),
    ] = ()
    whole_files: Annotated[
        bool,
        Meta(
            description="whether wheels of an index are fetched whole and held against the hashes "
            "of their pins also where they are no plugins, instead of reading their tables of "
            "contents",
            examples=[True],
        ),
    ] = False
    seconds: Annotated[
        int,
        Meta(
            ge=1,
            le=86_400,
            description="how long all releases of one change may take that come from an index; "
            "what is left then is named, and the review is incomplete",
            examples=[limits.CHANGE_SECONDS],
        ),
    ] = limits.CHANGE_SECONDS

    def counts(self, path: str) -> bool:
        """Say whether a file of the repository is one of those that are looked at."""
        if self.include and not any(_path_fits(each, path) for each in self.include):
            return False
        return not any(_path_fits(each, path) for each in self.exclude)


def _path_fits(pattern: str, path: str) -> bool:
    return _path_pattern(pattern).fullmatch(path) is not None


@lru_cache
def _path_pattern(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/?|\*)", pattern.removeprefix("./"))
    meant = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
    return re.compile("".join(meant.get(each) or re.escape(each) for each in parts), re.DOTALL)


class Ignore(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """An entry of ``[[check.ignore]]``: findings that an author does not want to hear of."""

    rule: Annotated[
        str, Meta(description="the rule, by id or name", examples=["requires-stigmem-unmet"])
    ] = ""
    reason: Annotated[
        str,
        Meta(
            description="why: the report says it beside each finding that is ignored",
            examples=["it is for the next node, which is tried every night"],
        ),
    ] = ""
    item: Annotated[
        str,
        Meta(
            description="what it is about, as the finding says it; * is any letters (default: all)",
            examples=[">=1.0"],
        ),
    ] = "*"


class CheckPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The table ``[check]`` of a policy: what the author of a plugin decided about ``check``."""

    ignore: Annotated[
        tuple[Ignore, ...],
        Meta(description="findings of check that do not count, each with a reason"),
    ] = ()


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What an operator decided. Its fields are all that a policy file can say."""

    fail_on: Annotated[
        Level,
        Meta(
            description="the minimum level of a finding that closes the gate; an option can only "
            "tighten it",
            examples=["warning"],
        ),
    ] = "warning"
    warn_only: Annotated[
        bool,
        Meta(
            description="whether bump, its merge and the action only report what they find, and "
            "end with 0 where a gate is closed; read from the base alone, and said in each report",
            examples=[True],
        ),
    ] = False
    node: Annotated[NodePolicy, Meta(description="the node the plugins are deployed to")] = (
        NodePolicy()
    )
    levels: Annotated[dict[str, Setting], _LEVELS] = {}
    forbid: Annotated[
        Rights, Meta(description="what no plugin may ever have: an error that cannot be approved")
    ] = Rights()
    rule_folders: Annotated[
        tuple[str, ...],
        Meta(
            description="folders of rules of your own, as paths from the policy's folder; "
            "stigmem-review rules test runs their examples",
            examples=[["review-rules"]],
        ),
    ] = ()
    signing: Annotated[SigningPolicy, Meta(description="whom to trust to sign")] = SigningPolicy()
    approvals: Annotated[ApprovalsPolicy, Meta(description="how far a review can be approved")] = (
        ApprovalsPolicy()
    )
    approvals_from: Annotated[
        Literal["base", "head"],
        Meta(
            description="where bump takes approvals from: head lets those count as well that the "
            "change itself brings, for a repository whose rules make the owners of that file "
            "review it; the report names who committed them",
            examples=["base"],
        ),
    ] = "base"
    receipts: Annotated[
        ReceiptsPolicy, Meta(description="which receipts confirm what is deployed")
    ] = ReceiptsPolicy()
    pins: Annotated[PinsPolicy, Meta(description="how the releases of a change are looked at")] = (
        PinsPolicy()
    )
    check: Annotated[
        CheckPolicy, Meta(description="what does not count in check, and in no other command")
    ] = CheckPolicy()
    plugins: Annotated[
        dict[str, PluginPolicy],
        Meta(description="what holds for one distribution, by its name"),
    ] = {}

    @property
    def receipt_signers(self) -> tuple[Trusted, ...]:
        """Who may sign receipts: those that are named for it, or else who may sign plugins."""
        return self.receipts.trusted or self.signing.trusted


_EARLIER: Mapping[str, tuple[str, str]] = {"node-version": ("node", "version")}
"""Keys that had another place, which they may still stand at."""


class PolicyFile(msgspec.Struct, frozen=True):
    """A policy and the text it was read from, so that an error can say where.

    ``path`` is as the user named it, empty where there is no policy and all is as by default.
    ``table`` is what leads to the policy in the text.
    """

    policy: Policy = Policy()
    path: str = ""
    text: str = ""
    table: tuple[str, ...] = ()

    def error(self, mistake: Mistake) -> PolicyError:
        """Return the error that a mistake in this file is."""
        keys = (*self.table, *mistake.keys)
        # A required key that is not there has no line; its table has.
        lines = (toml.line_of(self.text, keys[:end]) for end in range(len(keys), 0, -1))
        line = next(filter(None, lines), 0)
        place = f", line {line}" if line else ""
        why = mistake.why if mistake.why[0] in ":;" else f"{',' if line else ''} {mistake.why}"
        said = f"{named(keys, mistake.unknown)}{place}{why}"
        return PolicyError(f"the policy {self.path}: {said}")


NO_POLICY = PolicyFile()


def parse_policy(data: bytes, path: str) -> PolicyFile:
    """Read a policy file, or the policy's table of a ``pyproject.toml``.

    Raises ``PolicyError`` that names the file, the key, its line and what is wrong with it.
    """
    read, wrong = examine(data, path)
    if wrong:
        more = f" ({len(wrong) - 1} more: stigmem-review policy check)" if len(wrong) > 1 else ""
        raise PolicyError(f"{wrong[0].text}{more}")
    return read


def examine(data: bytes, path: str) -> tuple[PolicyFile, list[PolicyError]]:
    """Return a policy and everything that is wrong with its file.

    Raises ``PolicyError`` where it is no TOML, or holds no policy.
    """
    try:
        text = toml.decoded(data)
        document = toml.parse(text)
    except ValueError as error:
        raise PolicyError(f"the policy {path}: {shorten(str(error))}") from None
    if _is_project(path) and (document := _table(document)) is None:
        raise PolicyError(f"the policy {path}: it has no table [tool.stigmem-review]")
    read = PolicyFile(Policy(), path, text, _TABLE if _is_project(path) else ())
    # What inspects types takes longer to import than a policy takes to be read.
    from stigmem_review.policy.schema import mistakes

    document, places = _moved(document)
    wrong = [
        msgspec.structs.replace(_told(each), keys=places.get(each.keys, each.keys))
        for each in mistakes(document, Policy)
    ]
    if not wrong:
        read = msgspec.structs.replace(read, policy=msgspec.convert(document, Policy))
        wrong = [
            *signing_mistakes(read.policy.signing.trusted, ("signing", "trusted")),
            *signing_mistakes(read.policy.receipts.trusted, ("receipts", "trusted")),
            *_ignore_mistakes(read.policy.check),
            *_node_mistakes(read.policy.node),
            *_plugin_mistakes(read.policy.plugins),
            *_rights_mistakes(read.policy),
        ]
    return read, [read.error(each) for each in wrong]


def is_policy(data: bytes, path: str) -> bool:
    """Say whether a file that lies where policies are looked for is one, whatever is wrong in it.

    Of a ``pyproject.toml`` that is no TOML only whoever reads the project has to be told, unless
    it seems to have the table.
    """
    if not _is_project(path) or b"stigmem-review" not in data:
        return not _is_project(path)
    try:
        return _table(toml.parse(toml.decoded(data))) is not None
    except ValueError:
        return b"tool.stigmem-review" in data.replace(b'"', b"").replace(b" ", b"")


def policy_of(data: bytes | None, path: str) -> object:
    """Return what of a file is a policy, to be compared with another state of the file.

    The rest of a ``pyproject.toml`` changes for its own reasons.
    """
    if data is None or not _is_project(path):
        return data
    try:
        return _table(toml.parse(toml.decoded(data)))
    except ValueError:
        return data if is_policy(data, path) else None


def _table(document: Any) -> Any:
    for key in _TABLE:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _is_project(path: str) -> bool:
    return path.replace("\\", "/").rpartition("/")[2] == PROJECT_FILE


def _moved(document: Any) -> tuple[Any, dict[Keys, Keys]]:
    """Return what a file says with every key at the place it has today, and what that was."""
    places: dict[Keys, Keys] = {}
    for earlier, (table, key) in _EARLIER.items():
        inside = document.get(table, {}) if isinstance(document, dict) else None
        if isinstance(inside, dict) and earlier in document and key not in inside:
            document = {**document, table: {**inside, key: document[earlier]}}
            del document[earlier]
            places[table, key] = (earlier,)
    return document, places


_NO_KEYS = (
    "signatures of a key without a certificate cannot be verified here, since sigstore, which "
    "verifies, takes certificates alone: name who signs by identity and issuer"
)


def _told(mistake: Mistake) -> Mistake:
    """Return what is wrong with a key that had another place, or that people look for here."""
    if mistake.unknown and mistake.keys[-1] == "key" and "trusted" in mistake.keys:
        return msgspec.structs.replace(mistake, why=f"; {_NO_KEYS}")
    if len(mistake.keys) != 1 or mistake.keys[0] not in _EARLIER:
        return mistake
    table, key = _EARLIER[str(mistake.keys[0])]
    return msgspec.structs.replace(
        mistake, why=f"; it is `{key}` in [{table}] now, which is there as well"
    )


def _ignore_mistakes(check: CheckPolicy) -> Iterator[Mistake]:
    for index, entry in enumerate(check.ignore):
        for field, value in (("rule", entry.rule), ("reason", entry.reason)):
            if not value.strip():
                yield Mistake(("check", "ignore", index, field), ": it is missing")


def _node_mistakes(node: NodePolicy) -> Iterator[Mistake]:
    if node.python is not None and python_of(node.python) is None:
        oldest = ".".join(map(str, OLDEST[:2]))
        why = f'is "{shorten(node.python, 40)}"; it is one such as "{oldest}", or newer'
        yield Mistake(("node", "python"), why)
    for name in node.plugins:
        if not name.strip() or name != name.strip():
            yield Mistake(("node", "plugins"), f'has "{shorten(name, 80)}", which names no plugin')


def _plugin_mistakes(plugins: Iterable[str]) -> Iterator[Mistake]:
    from packaging.utils import is_normalized_name

    seen: dict[str, str] = {}
    for name in plugins:
        normal = canonicalize_name(name)
        if not is_normalized_name(normal):
            yield Mistake(("plugins", name), "is not the name of a distribution")
        elif normal in seen:
            yield Mistake(("plugins", name), f"is the same distribution as `{seen[normal]}`")
        seen.setdefault(normal, name)


def rights_of(policy: Policy) -> Iterator[tuple[tuple[str, ...], Rights]]:
    """Yield every table of rights, with what leads to it."""
    yield ("forbid",), policy.forbid
    for name, each in policy.plugins.items():
        yield ("plugins", name, "allow"), each.allow
        yield ("plugins", name, "forbid"), each.forbid


def _rights_mistakes(policy: Policy) -> Iterator[Mistake]:
    kinds = [each for each in DOES if each != "own"]
    for keys, rights in rights_of(policy):
        if "own" in rights.authority:
            yield Mistake((*keys, "authority"), f"has `own`; it is one of {', '.join(kinds)}")
        for each in rights.destinations:
            kind, colon, place = each.partition(":")
            if not colon or not place.strip() or kind not in kinds:
                near = nearest(kind, kinds)
                meant = f": did you mean `{near}: ...`?" if near and near != kind else ""
                why = f'has "{shorten(each, 80)}", which is not KIND: DESTINATION{meant}'
                yield Mistake((*keys, "destinations"), why)
    for name, plugin in policy.plugins.items():
        for forbid, whose in ((plugin.forbid, f"plugins.{name}.forbid"), (policy.forbid, "forbid")):
            for field in Rights.__struct_fields__:
                for both in sorted({*getattr(plugin.allow, field)} & {*getattr(forbid, field)}):
                    yield Mistake(
                        ("plugins", name, "allow", field),
                        f"has `{shorten(both, 80)}`, which [{whose}] has too",
                    )


def tightened(policy: Policy, gate: Level | None) -> Level:
    """Return the gate of a policy, or the tighter one that was asked for.

    Raises ``PolicyError`` where what was asked for is looser: only the policy may loosen.
    """
    if gate is None:
        return policy.fail_on
    if LEVELS.index(gate) < LEVELS.index(policy.fail_on):
        raise PolicyError(
            f"fail-on {gate} is looser than the policy's {policy.fail_on}; an option can only "
            f"tighten the gate: write fail-on in the policy"
        )
    return gate


def agreed(said: str, policy: str | None, asked: str | None) -> str | None:
    """Return what a policy or an option names.

    Raises ``PolicyError`` where they name two different ones.
    """
    if asked is not None and policy is not None and asked != policy:
        raise PolicyError(
            f"the policy is for {said} {policy} and the option says {asked}; leave the option "
            "out, or change the policy"
        )
    return policy if asked is None else asked
