"""What reviews go by, whatever releases they are about."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stigmem_review import host, limits
from stigmem_review.document.parts import Consulted
from stigmem_review.errors import (
    ApprovalsError,
    PolicyError,
    ReviewError,
    RuleError,
    SigningError,
    SourceError,
    UsageError,
    reason,
)
from stigmem_review.forecast.ledger import Database
from stigmem_review.forecast.model import NOTHING, NodeSettings, node_settings
from stigmem_review.host import Node
from stigmem_review.model import Level, Release, Side
from stigmem_review.pipeline.consent import Approvals
from stigmem_review.pipeline.trust_roots import ReadRoots, TrustRoots, read_trust_roots, several
from stigmem_review.policy.file import (
    NO_POLICY,
    POLICY_FILE,
    PROJECT_FILE,
    ApprovalsPolicy,
    Ignore,
    PinsPolicy,
    PolicyFile,
    agreed,
    is_policy,
    parse_policy,
    tightened,
)
from stigmem_review.policy.mistake import Mistake
from stigmem_review.policy.settings import Settings, parse_settings, settings_of, variables_of
from stigmem_review.policy.trust import Trust
from stigmem_review.rulebook import shipped_rules
from stigmem_review.rulebook.decided import RulePolicy, rule_policy
from stigmem_review.rulebook.rules import Rulebook, book_of
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.disk import read_file
from stigmem_review.toml import Keys

if TYPE_CHECKING:
    from stigmem_review.sources.git import Tree


class Terms(msgspec.Struct, frozen=True):
    """The node, the rules, the gate, whom the operator trusts, and the root that proves it.

    ``old_node`` is the one that the old release runs on, where that is another one.
    ``met`` is shown every release that was read.
    ``policy`` is what the operator says of the rules. ``roots`` are what signatures are held
    against. ``consulted`` is what a report of its own names; reviews within another leave that to
    it. ``approvals`` are absent where nobody asked for any, and ``limits`` say how far they count.
    ``witness`` is shown every artifact that is opened, and returns it. ``ledger`` is that of the
    node's database, where one is given. ``today`` (UTC) is what ages are counted to, if anybody
    said which day it is. ``named`` if somebody said which node it is: it is the newest that is
    known where nobody did. ``variables`` are what the node's environment is known to have.
    ``ignore`` are findings of ``check`` that do not count. With ``explain`` reports say which rules
    do not apply to what was found, and of ``check`` and ``node`` which fields are not known.
    """

    node: Node
    rulebook: Rulebook
    gate: Level
    policy: RulePolicy = RulePolicy()
    trust: Trust = Trust()
    roots: TrustRoots = TrustRoots()
    consulted: tuple[Consulted, ...] = ()
    approvals: Approvals | None = None
    limits: ApprovalsPolicy = ApprovalsPolicy()
    witness: Callable[[Artifact], Artifact] | None = None
    pins: PinsPolicy = PinsPolicy()
    today: date | None = None
    plugins: tuple[str, ...] = ()
    old_node: Node | None = None
    ledger: Database | None = None
    met: Callable[[Side, Release], None] | None = None
    named: bool = False
    variables: Mapping[str, str] = NOTHING
    ignore: tuple[Ignore, ...] = ()
    explain: bool = False

    @property
    def settings(self) -> NodeSettings:
        """What the node's settings come to."""
        return node_settings(self.trust.settings, self.trust.verifier, self.variables)


class Decisions(msgspec.Struct, frozen=True):
    """What an operator decided, and where it was read: ``paths`` are the files.

    ``rulebook`` are all rules, where the operator has ``folders`` of their own. ``variables`` are
    what the env file sets.
    """

    file: PolicyFile = NO_POLICY
    trust: Trust = Trust()
    roots: TrustRoots = TrustRoots()
    consulted: tuple[Consulted, ...] = ()
    paths: tuple[str, ...] = ()
    rulebook: Rulebook | None = None
    folders: tuple[str, ...] = ()
    variables: Mapping[str, str] = NOTHING

    def terms(
        self,
        node: str | None,
        gate: Level | None,
        pinned: str | None = None,
        *,
        base: bool = False,
        old_node: str | None = None,
    ) -> Terms:
        """Return what a review goes by, with what the options ask for.

        ``pinned`` is the node where neither policy nor option names one, and ``old_node`` the
        one that the old release runs on, where that is another. Where there is no policy,
        an option may put the gate anywhere, but not in a review that goes by a ``base``. Raises
        ``PolicyError`` where the options contradict the policy and for what that says of rules
        that are none, ``UsageError`` for an unknown node version.
        """
        policy, rulebook = self.file.policy, self.rulebook or shipped_rules()
        wanted = agreed("node", policy.node.version, node)
        known = host.node(wanted or pinned)
        old = host.node(old_node) if old_node is not None else known
        return Terms(
            known,
            rulebook,
            tightened(policy, gate) if base or self.file.path or not gate else gate,
            rule_policy(self.file, rulebook, known),
            self.trust,
            self.roots,
            self.consulted,
            limits=policy.approvals,
            pins=policy.pins,
            plugins=policy.node.plugins,
            old_node=None if old is known else old,
            named=bool(wanted or pinned),
            variables=self.variables,
            ignore=policy.check.ignore,
        )


IN_THE_BASE = "in the base; it counts once it is there"
"""Where a file is not, in words."""

Read = Callable[[str, int], bytes]
"""Returns a file that a user names, of at most so many bytes. Raises ``SourceError``."""


def from_disk(path: str, limit: int) -> bytes:
    """Return a file of this machine."""
    return read_file(Path(path), limit)


def find_policy(
    folder: str, read: Callable[[str], bytes | None]
) -> tuple[str | None, tuple[str, ...]]:
    """Return the policy that holds in a folder, and where one would have counted before it.

    It is the nearest from the folder, as a path below the top of its repository, up to that top.
    ``read`` returns a file by such a path, or ``None`` where there is none. Raises ``PolicyError``
    where one folder has two.
    """
    looked: list[str] = []
    while True:
        found = []
        for name in (POLICY_FILE, PROJECT_FILE):
            path = posixpath.join(folder, name)
            looked.append(path)
            try:
                data = read(path)
            except SourceError as error:
                raise PolicyError(f"the policy {error.text}") from None
            if data is not None and is_policy(data, path):
                found.append(path)
        if len(found) > 1:
            raise PolicyError(
                f"there are two policies, {found[0]} and [tool.stigmem-review] in {found[1]}; "
                "keep one of them"
            )
        if found or not folder:
            return (found[0] if found else None), tuple(looked)
        folder = posixpath.dirname(folder)


def policy_on_disk() -> str | None:
    """Return the path of the policy that holds in the working directory.

    It is looked for up to the top of the repository around it; where there is none, whoever writes
    to a folder further up has no say. Raises ``PolicyError`` as ``find_policy`` does, and for a
    file that may be one and cannot be read.
    """
    here = Path.cwd()
    top = next((each for each in (here, *here.parents) if os.path.lexists(each / ".git")), here)

    def read(path: str) -> bytes | None:
        file = top / path
        if not os.path.lexists(file) or (path.endswith(PROJECT_FILE) and not file.is_file()):
            return None
        shown = os.path.relpath(file, here)
        return from_disk(shown, limits.POLICY_BYTES)

    found, _ = find_policy(posixpath.join(*here.relative_to(top).parts or ("",)), read)
    return None if found is None else os.path.relpath(top / found, here)


def from_tree(tree: Tree, where: str, path: str, limit: int) -> bytes:
    """Return a file of a commit or of the index; ``where`` says in words where it is not."""
    data = tree.read(path)
    if data is None:
        raise SourceError(f"{path} is not {where}")
    if len(data) > limit:
        raise SourceError(f"{path} has more than {limit} bytes; check that it is the one you mean")
    return data


Listed = Callable[[str], Iterable[str]]
"""Returns the paths of all files below a folder, sorted. Raises ``SourceError``."""


def on_disk(folder: str) -> Iterable[str]:
    """Return the files below a folder of this machine."""
    top = Path(folder)
    try:
        if not top.is_dir():
            raise SourceError(f"{folder} is no folder; check the path")
        found = top.rglob("*")
        # A link to a folder is read, and refused: what is behind it is not passed over in silence.
        return sorted(each.as_posix() for each in found if each.is_symlink() or not each.is_dir())
    except (OSError, ValueError) as error:
        raise SourceError(f"{folder} cannot be looked into: {reason(error)}") from None


def in_tree(tree: Tree, where: str, folder: str) -> Iterable[str]:
    """Return the files below a folder of a commit or of the index."""
    found = [each for each in tree.paths if each.startswith(f"{folder}/")]
    if not found:
        raise SourceError(f"{folder} is not {where}")
    return found


def _with_own_rules(decided: Decisions, read: Read, listed: Listed) -> Decisions:
    """Return decisions with the operator's own rules, each of them checked."""
    # It brings Jinja2, which only rules that have to be checked are worth.
    from stigmem_review.rulebook.compiled import compiled

    file, book = decided.file, shipped_rules()
    consulted = [*decided.consulted]
    for said in file.policy.rule_folders:
        folder = beside(file, said)
        try:
            files = [
                (path.removeprefix(f"{folder}/"), read(path, limits.RULE_BYTES))
                for path in listed(folder)
            ]
            own = book_of(folder, files)
            for each in own.rules:
                compiled(each)
            book = book.joined(own, folder)
        except (SourceError, RuleError) as error:
            where = "" if error.text.startswith(folder) else f"{folder}: "
            raise file.error(Mistake(("rule-folders",), f": {where}{error.text}")) from None
        consulted.append(Consulted("rules", folder, own.digest))
    folders = tuple(beside(file, each) for each in file.policy.rule_folders)
    return msgspec.structs.replace(
        decided, rulebook=book, folders=folders, consulted=tuple(consulted)
    )


def read_policy(path: str | None, read: Read = from_disk, listed: Listed = on_disk) -> Decisions:
    """Return what a policy decides, with its own rules and without the other files that it names.

    Raises ``PolicyError`` for a policy in error.
    """
    if path is None:
        return Decisions()
    data = named_file(path, "the policy", limits.POLICY_BYTES, read)
    consulted = Consulted("policy", path, _sha256(data))
    decided = Decisions(parse_policy(data, path), consulted=(consulted,), paths=(path,))
    return _with_own_rules(decided, read, listed) if decided.file.policy.rule_folders else decided


def read_decisions(
    policy: str | None,
    env_file: str | None,
    environment: Mapping[str, str],
    trust_root: str | Sequence[str] | None,
    read: Read = from_disk,
    listed: Listed = on_disk,
    today: date | None = None,
) -> Decisions:
    """Return what an operator decided, from the files that a user names.

    The node's settings are those of the env file that an option or the policy names, or else those
    of ``environment``. An empty path is a file that is not there: whoever passes a variable that is
    not set has named a file all the same. Raises ``PolicyError`` for a policy or settings in error,
    ``SigningError`` for a root that is none.
    """
    decided = read_policy(policy, read, listed)
    file, consulted = decided.file, [*decided.consulted]
    env_file, env_keys = _agreed(
        "env file", env_file, file, file.policy.node.env_file, ("node", "env-file")
    )
    roots = roots_of(file, trust_root, read, today)
    variables: Mapping[str, str] = NOTHING
    if env_file is None:
        settings = settings_of(environment)
        if settings != Settings():
            consulted.append(Consulted("node's settings", "the environment"))
    else:
        with _told(file, env_keys):
            data = named_file(env_file, "the env file", limits.ENV_FILE_BYTES, read)
        settings = parse_settings(data, env_file)
        variables = variables_of(data)
        remark = "" if settings != Settings() else "it says nothing about signatures"
        consulted.append(Consulted("node's settings", env_file, _sha256(data), remark))
    paths = (*decided.paths, *(() if env_file is None else (env_file,)), *roots.paths)
    plugins = {name: each.signing for name, each in file.policy.plugins.items()}
    return msgspec.structs.replace(
        decided,
        trust=Trust(
            file.policy.signing, settings, plugins=plugins, verifier=file.policy.node.verifier
        ),
        roots=roots.roots,
        consulted=(*consulted, *roots.consulted),
        paths=paths,
        variables=variables,
    )


def roots_of(
    file: PolicyFile,
    asked: str | Sequence[str] | None,
    read: Read = from_disk,
    today: date | None = None,
) -> ReadRoots:
    """Return the trust roots that options or a policy name; none where neither names one.

    Raises ``PolicyError`` where they disagree, ``SigningError`` for what is no root.
    """

    def opened(path: str) -> bytes:
        return named_file(path, "the trust root", limits.TRUST_ROOT_BYTES, read, SigningError)

    return read_trust_roots(file, several(asked), opened, today)


def _agreed(
    what: str, asked: str | None, file: PolicyFile, said: str | None, keys: Keys
) -> tuple[str | None, Keys | None]:
    """Return the file that an option or the policy names, and the key if it is the policy."""
    # An empty one stays what it is, so that it is no folder.
    asked = posixpath.normpath(asked) if asked else asked
    path = agreed(f"the {what}", None if said is None else beside(file, said), asked)
    return path, keys if said is not None else None


@contextmanager
def _told(file: PolicyFile, keys: Keys | None) -> Iterator[None]:
    """Have an error say which line of the policy names the file, where it does."""
    try:
        yield
    except ReviewError as error:
        if keys is None:
            raise
        raise file.error(Mistake(keys, f": {error.text}")) from None


def beside(file: PolicyFile, path: str) -> str:
    """Return a path that a policy names, from where the policy itself was named."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(file.path), path))


def read_records(
    path: str, today: date | None, allowed: ApprovalsPolicy, read: Read = from_disk
) -> tuple[Approvals, Consulted]:
    """Return the approvals in a file, held to a day.

    Raises ``ApprovalsError`` for a file in error or one that is not there.
    """
    from stigmem_review.approvals.read import parse_approvals

    if today is None:
        raise UsageError("approvals are given, and no day to hold them to; give today as well")
    data = named_file(path, "the approvals", limits.APPROVALS_BYTES, read, ApprovalsError)
    records = parse_approvals(data, path)
    return Approvals(records, today, allowed), Consulted("approvals", path, _sha256(data))


def named_file(
    path: str,
    what: str,
    limit: int,
    read: Read = from_disk,
    failure: type[ReviewError] = PolicyError,
) -> bytes:
    """Return a file that a user or a policy names; ``failure`` where it cannot be read."""
    try:
        return read(path, limit)
    except SourceError as error:
        raise failure(f"{what} {error.text}") from None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
