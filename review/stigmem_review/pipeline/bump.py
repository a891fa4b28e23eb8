"""Every plugin whose pin changed between two revisions of a repository, reviewed."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from stigmem_review.approvals.read import parse_approvals
from stigmem_review.approvals.record import APPROVALS_FILE
from stigmem_review.document.approvals import Asked
from stigmem_review.document.bump import BumpReport
from stigmem_review.document.parts import Consulted, Line, tool
from stigmem_review.errors import SourceError, UsageError, reason
from stigmem_review.markers import Machine, python_of
from stigmem_review.model import Gap, Level
from stigmem_review.pins.formats import format_of
from stigmem_review.pins.model import Known
from stigmem_review.pins.named import installs
from stigmem_review.pins.repository import Pins, find_lists, read_pins, unread_pins
from stigmem_review.pipeline.bumps.accepted import States, on_disk_accepted, read_accepted
from stigmem_review.pipeline.bumps.decided import Parse, look_at_decisions, mended, read_as_policy
from stigmem_review.pipeline.bumps.lines import look_at_lines, look_at_settings
from stigmem_review.pipeline.bumps.nodes import Nodes, under
from stigmem_review.pipeline.bumps.pins import look_behind, review_pins
from stigmem_review.pipeline.bumps.places import Commit, brought, look_at_folders
from stigmem_review.pipeline.bumps.revisions import between, staged
from stigmem_review.pipeline.bumps.sets import look_at_sets
from stigmem_review.pipeline.bumps.whole import Common, Parts, assemble, pack
from stigmem_review.pipeline.bumps.work import Work, few
from stigmem_review.pipeline.consent import Approvals
from stigmem_review.pipeline.terms import (
    IN_THE_BASE,
    Terms,
    beside,
    find_policy,
    from_tree,
    in_tree,
    read_decisions,
)
from stigmem_review.pipeline.trust_roots import several
from stigmem_review.policy.file import ApprovalsPolicy, NodePolicy, PinsPolicy, Policy
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.folder import Folder
from stigmem_review.sources.git import Repository, Tree
from stigmem_review.sources.network import Network
from stigmem_review.sources.pip_config import PipConfig
from stigmem_review.text import Segment, shorten


def bump(
    base: str,
    head: str = "HEAD",
    *,
    repository: str = ".",
    artifacts: str | None = None,
    policy: str | None = None,
    node: str | None = None,
    gate: Level | None = None,
    exact: bool = False,
    env_file: str | None = None,
    environment: Mapping[str, str] | None = None,
    trust_root: str | Sequence[str] | None = None,
    approvals: str | None = None,
    today: date | None = None,
    witness: Callable[[Artifact], Artifact] | None = None,
    ledger: str | None = None,
) -> BumpReport:
    """Review every plugin whose pin changed between two revisions of a git repository.

    ``repository`` is a folder in it, ``artifacts`` a folder that holds the files of the releases
    (without one they come from the package index), ``policy`` the path of the policy in the tree
    of ``base``. ``node`` is the version of the node, ``gate`` may tighten the policy's. Where the
    two have gone different ways, ``head`` is taken for a branch to be merged, and compared with
    where they part; ``exact`` takes it for what is deployed in the place of ``base``. The node's
    settings are read from ``env_file``, or else from ``environment``; ``trust_root`` are
    those of Sigstore instances. All are paths in the tree of ``base``. What was accepted is read
    from the path ``approvals`` (without one: beside the policy, where it is) in the tree of
    ``base``, and held to the day ``today`` (UTC); without a day nothing is approved. ``witness`` is
    shown each artifact of a plugin as it was opened, and returns it. ``ledger`` is a file of this
    machine, as for ``review``.

    Raises ``UsageError`` where there is no such repository, revision, folder or node version,
    ``PolicyError`` for a policy or settings in error, ``ApprovalsError`` for approvals in error,
    ``SigningError`` for a root that is none,
    and ``SourceError`` where a revision's list of files cannot be read. Whatever else cannot be
    read makes the report incomplete.
    """
    wanted = Wanted(
        base,
        head,
        repository,
        artifacts,
        policy,
        node,
        gate,
        exact,
        env_file,
        environment or {},
        trust_root,
        approvals,
        today,
        witness=witness,
        ledger=ledger,
    )
    return review_change(wanted).report


class Wanted(NamedTuple):
    """What is to be reviewed, and by what, as ``bump`` has it.

    ``recorded`` if approvals are those of the work tree, as for whoever is about to add to them.
    ``shown`` is a commit that whoever decides has, where ``head`` is one of a CI's own making, and
    ``repeat`` are more options that the commands in the report repeat. ``staged`` is for what is
    staged against the last commit, whatever the two revisions are: no index is asked then, and pins
    whose files are not among the artifacts are left to another review. With a ``shard`` (its
    number from 1, and of how many) only its share of the distributions is looked at, and the
    report is one to be merged. ``ledger`` is a file of this machine, ``code`` says whether
    each review has what differs of the code, and ``explain`` which rules do not apply, as for
    ``review``.
    """

    base: str
    head: str = "HEAD"
    repository: str = "."
    artifacts: str | None = None
    policy: str | None = None
    node: str | None = None
    gate: Level | None = None
    exact: bool = False
    env_file: str | None = None
    environment: Mapping[str, str] = {}
    trust_root: str | Sequence[str] | None = None
    approvals: str | None = None
    today: date | None = None
    recorded: bool = False
    shown: str = ""
    repeat: tuple[str, ...] = ()
    witness: Callable[[Artifact], Artifact] | None = None
    staged: bool = False
    shard: tuple[int, int] | None = None
    ledger: str | None = None
    code: bool = False
    explain: bool = False


class Change(NamedTuple):
    """A reviewed change: the file that its approvals are written to, and how far they go."""

    report: BumpReport
    approvals: Path
    limits: ApprovalsPolicy


def review_change(wanted: Wanted) -> Change:
    """Review a change of a repository. Raises what ``bump`` does."""
    artifacts, repository, policy = wanted.artifacts, wanted.repository, wanted.policy
    folder = None if artifacts is None else _folder(artifacts)
    try:
        opened = Repository(Path(repository))
    except SourceError as error:
        raise UsageError(error.text) from None
    compared, base_tree, before, after = (
        staged(opened)
        if wanted.staged
        else between(opened, wanted.base, wanted.head, exact=wanted.exact)
    )
    base_id, head_id, pins_from = compared.base, compared.head, compared.pins_from
    looked: tuple[str, ...] = ()
    if policy is None:
        policy, looked = find_policy(_below_top(opened, repository), base_tree.read)
    else:
        policy = posixpath.normpath(policy)
    broken = "" if policy is None else mended(policy, base_tree, after)
    if policy is not None and broken:
        looked = tuple(dict.fromkeys((*looked, policy)))
    decisions = read_decisions(
        None if broken else policy,
        wanted.env_file,
        wanted.environment,
        wanted.trust_root,
        partial(from_tree, base_tree, IN_THE_BASE),
        partial(in_tree, base_tree, IN_THE_BASE),
        wanted.today,
    )
    pins = decisions.file.policy.pins
    everything = before.changed(after)
    changed = [path for path in everything if pins.counts(path)]
    known: Known = {}
    for tree in (before, after):
        tree.read_ahead(path for path in tree.paths if format_of(path) and pins.counts(path))
        tree.read_ahead({*changed}.intersection(tree.paths))
    lists = find_lists(changed, before.read, after.read)
    machine = _machine(decisions.file.policy.node)
    old, new = (_pins(tree, lists, known, machine, pins, changed) for tree in (before, after))
    nodes, said = Nodes(old, new), decisions.file.policy
    if nodes.moves:
        # What did not change is beside another node now, wherever it is installed.
        for tree in (before, after):
            tree.read_ahead(filter(installs, filter(pins.counts, tree.paths)))
        old, new = (
            _pins(tree, lists, known, machine, pins, tree.paths) for tree in (before, after)
        )
        nodes = Nodes(old, new)
    is_said = (wanted.node or said.node.version) is not None
    terms = decisions.terms(wanted.node, wanted.gate, base=True)
    terms = under(terms, nodes.of("", "")[0], is_said=is_said)
    accepted = wanted.approvals or beside(decisions.file, APPROVALS_FILE)
    states = States(opened, base_tree, before, after, head_id)
    records, read = _accepted(wanted, states, accepted, said)
    terms = msgspec.structs.replace(
        terms,
        consulted=(),
        approvals=records,
        witness=wanted.witness,
        today=wanted.today,
        explain=wanted.explain,
    )
    if wanted.ledger is not None:
        from stigmem_review.pipeline.ledger import consulted, read_ledger

        ledger = read_ledger(wanted.ledger)
        terms = msgspec.structs.replace(terms, ledger=ledger)
        read = (*read, consulted(wanted.ledger, ledger))
    given = {
        "--policy": wanted.policy,
        "--env-file": wanted.env_file,
        "--approvals": wanted.approvals,
        "--fail-on": wanted.gate,
        "--ledger": wanted.ledger,
    }
    again = tuple(word for name, value in given.items() if value for word in (name, value))
    again += tuple(word for each in several(wanted.trust_root) for word in ("--trust-root", each))
    offline = PipConfig(no_index=True) if wanted.staged else None
    with Network(offline, terms.pins.seconds) as network:
        work = Work(terms, old, new, folder, again, _from_top(opened, artifacts), network, nodes)
        work.is_node_said, work.node_said = is_said, said.node.version
        work.at_hand_alone = wanted.staged
        work.shard = wanted.shard
        work.code = wanted.code
        work.brought = brought(opened, artifacts, everything)
        review_pins(work, set(before.paths), set(after.paths))
    if broken:
        says = (
            Segment("the base's policy cannot be read, and HEAD's can: reviewed by the defaults ("),
            Segment(broken, theirs=True),
            Segment(")"),
        )
        work.as_before.append(Line(policy or "", says))
    look_at_lines(work, everything, before.read, after.read)
    others = sorted(set(changed).difference(old.files, new.files))
    look_at_settings(work, others, before, after)
    look_at_folders(work, Commit(pins_from, before), Commit(head_id, after), everything)
    look_at_sets(work)
    work.say_undescribed()
    if not wanted.staged:  # a repository in which a hook runs may have none yet
        _look_at_files(work)
    _look_at_names(work, lists, after)
    files: dict[str, Parse | None] = {
        **dict.fromkeys(decisions.paths),
        **dict.fromkeys(filter(None, (*looked, decisions.file.path)), read_as_policy),
    }
    # Where those who own the file review it on the head, that is how it changes.
    if said.approvals_from == "base":
        files[accepted] = parse_approvals
    look_at_decisions(work, files, decisions.folders, everything, states)
    _say_left_out(work, everything, changed)
    for line in unread_pins(changed, new.files, before.read, after.read):
        if line.at in work.looked_at:
            continue
        work.gaps.append(Gap(str(line.at), f"{line.text}: {line.why}", ""))
    if pins_from != base_id:
        base_tree.read_ahead(filter(format_of, base_tree.paths))
        look_behind(work, _pins(base_tree, lists, known, machine, pins))
    exactly = ("--exact",) if wanted.exact else ()
    folders = ("--artifacts", work.shown) if work.shown else ()
    on = ("--node-version", wanted.node) if wanted.node else ()
    options = (*wanted.repeat, *exactly, *folders, *again, *on)
    common = Common(
        tool=tool(terms.rulebook),
        node=terms.node.version,
        old_node=terms.old_node.version if terms.old_node else "",
        gate=terms.gate,
        warn_only=said.warn_only,
        settings=_settings(terms),
        compared=compared,
        consulted=(*decisions.consulted, *read),
        files=new.files,
        changed=tuple(changed),
        names=work.names,
        asked=Asked(base_id[:12], (wanted.shown or head_id)[:12], options),
        seconds=terms.pins.seconds,
        approvals=terms.approvals,
    )
    parts = Parts(
        bumps=tuple(work.bumps),
        findings=tuple(work.findings),
        off=tuple(work.off),
        gaps=tuple(work.gaps),
        others=tuple(work.others),
        as_before=tuple(work.as_before),
        left=tuple(work.left),
        late=tuple(work.late),
        by_contents=tuple(work.by_contents),
        not_found=tuple(work.not_found),
        untold=tuple(work.untold),
        as_fine=tuple((*pair, name) for pair, names in work.as_fine.items() for name in names),
    )
    report = assemble(common, (parts,))
    if wanted.shard is not None:
        report = msgspec.structs.replace(report, shard=pack(common, parts, *wanted.shard))
    return Change(report, (opened.top or Path(repository)) / accepted, terms.limits)


def _settings(terms: Terms) -> str:
    """Return what stands for all that the operator said of a review, wherever that was."""
    every = (terms.policy, terms.trust, terms.roots, terms.limits, terms.pins, terms.plugins)
    said = json.dumps(msgspec.to_builtins(every, order="deterministic"))
    return hashlib.sha256(said.encode()).hexdigest()


def _accepted(
    wanted: Wanted, states: States, path: str, policy: Policy
) -> tuple[Approvals | None, tuple[Consulted, ...]]:
    """Return the approvals that count, and where they were read; without a day none do."""
    if wanted.today is None:
        return None, ()
    if not wanted.recorded:
        is_named = wanted.approvals is not None
        return read_accepted(states, path, wanted.today, policy, is_named=is_named)
    top = states.repository.top
    if top is None:
        raise UsageError("approvals are written into a work tree, and this repository has none")
    return on_disk_accepted(top / path, wanted.today, policy), ()


def _below_top(repository: Repository, folder: str) -> str:
    """Return where a folder lies in its repository; of a bare one, only the top is there."""
    if repository.top is None:
        return ""
    below = Path(folder).resolve().relative_to(repository.top).as_posix()
    return "" if below == "." else below


def _from_top(repository: Repository, artifacts: str | None) -> str | None:
    """Return a folder as whoever has the repository elsewhere can name it, where that is so."""
    if artifacts is None or repository.top is None or not Path(artifacts).is_absolute():
        return artifacts
    try:
        return Path(artifacts).resolve().relative_to(repository.top).as_posix()
    except ValueError:
        return artifacts


def _folder(artifacts: str) -> Folder:
    named = shorten(artifacts) or "(an empty path)"
    try:
        if artifacts and Path(artifacts).is_dir():
            return Folder(Path(artifacts))
    except (OSError, ValueError) as error:
        why = f"cannot be looked into: {reason(error)}"
        raise UsageError(f"the folder of artifacts {named} {why}; check the path") from None
    raise UsageError(f"there is no folder of artifacts {named}; check the path")


def _pins(
    tree: Tree,
    lists: frozenset[str],
    known: Known,
    machine: Machine,
    policy: PinsPolicy,
    changed: Collection[str] = (),
) -> Pins:
    paths = filter(policy.counts, (*tree.paths, *tree.links))
    return read_pins(paths, lists, tree.read, known, changed, machine)


def _say_left_out(work: Work, everything: list[str], changed: list[str]) -> None:
    """Say which changed files nobody looked at, because the base's policy leaves them out."""
    if left := sorted({*everything}.difference(changed)):
        count = "1 changed file" if len(left) == 1 else f"{len(left)} changed files"
        says = (Segment(f"{count} left out by [pins] in the base's policy: "), *few(left))
        work.others.append(Line("files", says))


def _machine(node: NodePolicy) -> Machine:
    """Return what a policy says of the machines that a node runs on."""
    return Machine(python_of(node.python) if node.python else None, node.platforms)


def _look_at_files(work: Work) -> None:
    """Note that nothing pins anything."""
    if not work.old.files and not work.new.files:
        work.gaps.append(
            Gap(
                "pins",
                "neither revision has a requirements file or a lock, so nothing was reviewed",
                "name the file requirements.txt, or requirements-NAME.txt",
            )
        )


def _look_at_names(work: Work, lists: Iterable[str], after: Tree) -> None:
    """Note lists whose names are no text, so that nothing can be said of them."""
    for path in sorted(lists):
        if not {path}.intersection((*after.paths, *after.links)) and after.read(path):
            why = "it is a list, and its name is not UTF-8; give it another name"
            work.gaps.append(Gap(shorten(path), why, ""))
