"""The table of fields: what a manifest and a distribution state, and how that is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from stigmem_review import facts, versions
from stigmem_review.compare.behaviour import BEHAVIOUR
from stigmem_review.compare.builds import BUILDS
from stigmem_review.compare.code import CODE
from stigmem_review.compare.continuity import SIGNERS
from stigmem_review.compare.fields import Entries, Entry, Field, Sides, Thing, stated, value_of
from stigmem_review.manifest.entry_points import normal_value
from stigmem_review.model import AnyValue, Handler, Location, Manifest, Release
from stigmem_review.names import canonicalize_name
from stigmem_review.outcomes import hooks, is_read, members, values

# How a value is laid out


def _one(item: str) -> Callable[[Any, Release], Entries]:
    """Return how a field that is one value is laid out, under what facts call it."""
    return lambda field, release: {
        item: Entry(item, {"value": stated(values(field))}, getattr(field, "at", None))
    }


def _members(field: Any, release: Release) -> Entries:
    return {each.value: Entry(each.value, {"when": each.when}, each.at) for each in members(field)}


def _hooks(field: Any, release: Release) -> Entries:
    # An empty target stands for a handler that is not known.
    return {
        each.name: Entry(
            each.name, {"target": stated(each.targets), "when": each.when}, each.handled_at
        )
        for each in hooks(field)
    }


def _distribution(field: Any, release: Release) -> Entries:
    name = str(canonicalize_name(field.value))
    return {"distribution": Entry("distribution", {"value": name}, field.at)}


def _entry_points(field: Any, release: Release) -> Entries:
    """Lay out each entry point's value; of one that is declared twice, both."""
    found: Entries = {}
    for each in field.value:
        value = (normal_value(each) or each).value
        item = f"{each.group} : {each.name}"
        if item in found:
            value = f"{found[item].cell['value']} and {value}"
        found[item] = Entry(item, {"value": value}, each.at)
    return found


def _requirements(field: Any, release: Release) -> Entries:
    return {text: Entry(text, {"value": text}, field.at) for text in field.value}


def _mapping(field: Any, release: Release) -> Entries:
    return {item: Entry(item, {"value": value}) for item, value in field.value.items()}


def _outside(field: Any, release: Release) -> Entries:
    return {
        item: Entry(item, {"sha256": sha256}, Location(item.removeprefix("site-packages/")))
        for item, sha256 in field.value.items()
    }


# What means the same


def _conditions(before: Entries, after: Entries, sides: Sides) -> tuple[Entries, Entries]:
    if sides.is_once:
        for item in before.keys() & after.keys():
            before[item] = before[item].saying(when=after[item].cell["when"])
    return before, after


def _targets(before: Entries, after: Entries, sides: Sides) -> tuple[Entries, Entries]:
    for item in before.keys() & after.keys():
        if "" in (before[item].cell["target"], after[item].cell["target"]):
            before[item] = before[item].saying(target="")
            after[item] = after[item].saying(target="")
    return _conditions(before, after, sides)


def _ranges(before: Entries, after: Entries, sides: Sides) -> tuple[Entries, Entries]:
    if all(getattr(value_of(side, "requires_stigmem"), "default", False) for side in sides[:2]):
        return after, after  # each node fills in itself
    for item in before.keys() & after.keys():
        one, two = before[item].cell["value"], after[item].cell["value"]
        if one != two and isinstance(one, str) and isinstance(two, str):
            one, two = versions.specifiers(one, two)
            before[item], after[item] = (
                before[item].saying(value=one),
                after[item].saying(value=two),
            )
    return before, after


def _asked(before: Entries, after: Entries, sides: Sides) -> tuple[Entries, Entries]:
    if before.keys() == after.keys():
        # Reading them takes longer than all the rest of a review in which nothing changed.
        return before, after
    at = getattr(sides.new.requires_dist, "at", None)
    was, now = versions.requirements(tuple(before), tuple(after))
    return (
        {item: Entry(item, {"value": value}) for item, value in was.items()},
        {item: Entry(item, {"value": value}, at) for item, value in now.items()},
    )


# What facts say besides


def _capability(thing: Thing) -> dict[str, Any]:
    return {"capability": thing.sides.node.capability(thing.item)}


def _hook(thing: Thing) -> dict[str, Any]:
    return {"hook": thing.sides.node.hook(thing.item)}


def _bound(thing: Thing) -> dict[str, Any]:
    """Return the hook, and whether a handler of another name is the same code as the old one."""
    codes = [
        [_code_of(each) for each in side.handlers if (each.hook, each.target) == (thing.item, said)]
        for side, said in zip(thing.sides[:2], thing.says("target"), strict=True)
    ]
    return {**_hook(thing), "same": len(codes[0]) == 1 and codes[0] == codes[1]}


def _code_of(handler: Handler) -> dict[str, str]:
    """Return the code of a handler, under no name, and under their names all that it can reach."""
    names = {part.name: "" if part.name == handler.own else part.name for part in handler.parts}
    return {names[part.name]: part.sha256 for part in handler.parts}


def _paths(thing: Thing) -> dict[str, Any]:
    """Return what a router answers, and what of it other routers of the other release answer."""
    old, new = thing.sides.old.endpoints, thing.sides.new.endpoints
    paths = [each for each in new if each.router == thing.item]
    here = {each.router for each in new}
    before = {(each.item, frozenset(each.guards)) for each in old if each.router not in here}
    gone = [each.item for each in old if each.router == thing.item]
    after = {each.item for each in new}
    return {
        "paths": tuple(each.item for each in paths),
        "open": tuple(each.item for each in paths if not each.guards),
        "moved": bool(paths)
        and all((each.item, frozenset(each.guards)) in before for each in paths),
        "kept": tuple(each for each in gone if each in after),
        "lost": tuple(each for each in gone if each not in after),
    }


def _unsafe(thing: Thing) -> dict[str, Any]:
    field = value_of(thing.sides.new, "async_safe")
    unsafe = next((each for each in values(field) if not each.value), None)
    return {"unsafe": True, "when": unsafe.when, "at": unsafe.at} if unsafe else {"unsafe": False}


def _group(thing: Thing) -> dict[str, Any]:
    return {"group": thing.item.partition(" : ")[0]}


def _required(thing: Thing) -> dict[str, Any]:
    _, new = thing.says("value")
    # What an extra of the node brings along is one more thing that is installed.
    of_host = thing.item.partition(" ;")[0] == _HOST and not (new or "").startswith("[")
    return {"direct": "@ " in (new or ""), "optional": "extra ==" in thing.item, "of_host": of_host}


def _place(thing: Thing) -> dict[str, Any]:
    """Return where a file is installed to, and whether Python runs it at every start."""
    top, _, rest = thing.item.partition("/")
    # The site module reads every .pth file at the top of site-packages, and imports these two.
    runs = top == "site-packages" and (
        rest.endswith(".pth") or rest in ("sitecustomize.py", "usercustomize.py")
    )
    return {"place": top if top in _PLACES else "other", "runs": runs}


_HOST = "stigmem-node"
_PLACES = ("site-packages", "scripts", "headers", "data")


def installed(sides: Sides) -> tuple[facts.Stated, facts.Stated] | None:
    """Return the version that is installed on both sides, or else the manifest's."""
    for name in ("distribution_version", "version"):
        one, two = value_of(sides.old, name), value_of(sides.new, name)
        if is_read(one) and is_read(two):
            return stated(values(one)), stated(values(two))
    return None


def move(sides: Sides) -> tuple[str, str] | None:
    """Return both versions that are installed, if each is one."""
    one, two = installed(sides) or ("", "")
    return (one, two) if isinstance(one, str) and isinstance(two, str) and one and two else None


def _version(name: str) -> Callable[[Thing], dict[str, Any]]:
    def more(thing: Thing) -> dict[str, Any]:
        one, two = thing.says("value")
        if isinstance(one, str) and isinstance(two, str):
            went = move(thing.sides)
            follows = went is not None and all(map(versions.same, went, (one, two)))
            return {"step": versions.step(one, two), "follows": follows}
        return {"step": _step(name, thing.sides), "follows": False}

    return more


def _step(name: str, sides: Sides) -> facts.Step:
    """Return how far any version that a release can state is from any that the other can."""
    each = ([one.value for one in values(value_of(side, name))] for side in sides[:2])
    steps = {versions.step(one, two) for one, two in product(*each)}
    return steps.pop() if len(steps) == 1 else "unknown"


def version_of_captures(sides: Sides) -> Iterator[facts.VersionChanged]:
    """Yield the step of the manifest's version where no other is carried."""
    names = ("distribution_version", "version")
    fields = [[value_of(side, name) for side in sides[:2]] for name in names]
    carried = [all(map(is_read, each)) for each in fields]
    if carried != [False, True]:
        return
    one, two = (stated(values(each)) for each in fields[1])
    if one != two:
        more = _version("version")(Thing(sides, "version", *(_entry(each) for each in (one, two))))
        at = fields[1][1].at
        yield facts.VersionChanged(item="version", old=one, new=two, step=more["step"], at=at)


def _entry(value: facts.Stated) -> Entry:
    return Entry("version", {"value": value})


MANIFEST = (
    Field(name="name", read=_one("name"), changed={"value": (facts.NameChanged,)}),
    Field(
        name="version",
        read=_one("version"),
        changed={"value": (facts.ManifestVersionChanged,)},
        title="manifest version",
        more=_version("version"),
    ),
    Field(
        name="requires_stigmem",
        read=_one("requires_stigmem"),
        match=_ranges,
        changed={"value": (facts.RequiresStigmemChanged,)},
    ),
    Field(
        name="capabilities",
        read=_members,
        match=_conditions,
        added=facts.CapabilityAdded,
        removed=facts.CapabilityRemoved,
        changed={"when": (facts.CapabilityReconditioned,)},
        more=_capability,
        gain=True,
    ),
    Field(
        name="hooks",
        read=_hooks,
        match=_targets,
        added=facts.HookAdded,
        removed=facts.HookRemoved,
        changed={"target": (facts.HookRebound,), "when": (facts.HookReconditioned,)},
        more=_bound,
        gain=True,
        joins=" by ",
    ),
    Field(
        name="depends_on",
        read=_members,
        match=_conditions,
        added=facts.DependsOnAdded,
        removed=facts.DependsOnRemoved,
        changed={"when": (facts.DependsOnReconditioned,)},
    ),
    Field(
        name="async_safe",
        read=_one("async_safe"),
        changed={"value": (facts.AsyncSafeChanged,)},
        more=_unsafe,
    ),
    Field(
        name="routes",
        read=_members,
        added=facts.RouteAdded,
        removed=facts.RouteRemoved,
        changed={"when": (facts.RouteReconditioned,)},
        more=_paths,
        gain=True,
    ),
    Field(
        name="health_check",
        read=_one("health_check"),
        changed={"value": (facts.HealthCheckChanged,)},
    ),
    Field(
        name="config_schema",
        read=_one("config_schema"),
        changed={"value": (facts.ConfigSchemaChanged,)},
        title="configuration",
    ),
)

DISTRIBUTION = (
    Field(
        name="distribution",
        read=_distribution,
        changed={"value": (facts.DistributionRenamed,)},
    ),
    Field(
        name="distribution_version",
        read=_one("version"),
        changed={"value": (facts.VersionChanged,)},
        more=_version("distribution_version"),
    ),
    Field(
        name="entry_points",
        read=_entry_points,
        added=facts.EntryPointAdded,
        removed=facts.EntryPointRemoved,
        changed={"value": (facts.EntryPointChanged,)},
        more=_group,
        joins=" = ",
    ),
    Field(
        name="requires_dist",
        read=_requirements,
        match=_asked,
        added=facts.RequirementAdded,
        removed=facts.RequirementRemoved,
        changed={"value": (facts.RequirementChanged,)},
        more=_required,
        joins=" ",
        title="requirements",
    ),
    Field(
        name="requires_python",
        read=_one("requires_python"),
        match=_ranges,
        changed={"value": (facts.RequiresPythonChanged,)},
        title="requires Python",
    ),
    Field(name="metadata", read=_mapping, title="other metadata"),
    Field(
        name="outside",
        read=_outside,
        added=facts.OutsideFileAdded,
        removed=facts.OutsideFileRemoved,
        changed={"sha256": (facts.OutsideFileChanged,)},
        more=_place,
        title="other files installed",
    ),
)

FIELDS = (*MANIFEST, *DISTRIBUTION)
"""What a release states, as itself carries it or not."""

TABLE = (*FIELDS, *CODE, BEHAVIOUR, BUILDS, SIGNERS)
"""Whatever of two releases is compared: what differs there is in a fact, or named as it is."""

LABELS = {field.name: field.label for field in TABLE}

GAINS = tuple(kind for field in TABLE for kind in field.gains)
"""The kinds of facts by which a release is allowed more."""


def field_pairs(old: Release, new: Release) -> Iterator[tuple[str, AnyValue, AnyValue]]:
    """Yield every field of two releases that could be compared, with its value on each side."""
    both = isinstance(old.manifest, Manifest) and isinstance(new.manifest, Manifest)
    for field in (*(MANIFEST if both else ()), *DISTRIBUTION):
        yield field.name, value_of(old, field.name), value_of(new, field.name)
