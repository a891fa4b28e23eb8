"""What two releases state, as plain data, and what the typed changes make of it.

Applying every change to the old ledger must give the new one; what is left over is a difference
that nobody has classified, and DeepDiff names it. A field that either side does not carry, or
that could not be read, is in neither ledger: other facts speak of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from packaging.utils import canonicalize_name

from stigmem_review import facts, versions
from stigmem_review.manifest.entry_points import normal_value
from stigmem_review.model import AnyValue, EntryPoint, Manifest, Release
from stigmem_review.outcomes import Bound, Possible, hooks, is_read, members, shown, values
from stigmem_review.text import shorten

Ledger = dict[str, Any]

RELEASE_FIELDS = (
    "distribution",
    "distribution_version",
    "entry_points",
    "requires_dist",
    "requires_python",
    "metadata",
    "outside",
)


def field_pairs(old: Release, new: Release) -> Iterator[tuple[str, AnyValue, AnyValue]]:
    """Yield every field of two releases that could be compared, with its value on each side."""
    if isinstance(old.manifest, Manifest) and isinstance(new.manifest, Manifest):
        for name in Manifest.__struct_fields__:
            yield name, getattr(old.manifest, name), getattr(new.manifest, name)
    for name in RELEASE_FIELDS:
        yield name, getattr(old, name), getattr(new, name)


def value_of(release: Release, name: str) -> Any:
    """Return a field of a manifest or a release; nothing where no manifest could be read."""
    if name in Manifest.__struct_fields__:
        return getattr(release.manifest, name, None)
    return getattr(release, name, None)


def hooks_of(release: Release) -> tuple[Bound, ...]:
    """Return the hooks that a release can have, as far as they are known."""
    return hooks(release.manifest.hooks) if isinstance(release.manifest, Manifest) else ()


def stated(possible: tuple[Possible, ...]) -> facts.Stated:
    """Return what a field states: its value, or every one with its condition; else nothing."""
    if not possible:
        return ""
    if len(possible) == 1:
        value = possible[0].value
        return shown(value) if isinstance(value, bool) else value or ""
    return tuple(map(str, possible))


def ledgers(old: Release, new: Release) -> tuple[Ledger, Ledger]:
    """Return what both releases state, restricted to what both carry and can be read in both."""
    before: Ledger = {}
    after: Ledger = {}
    for name, one, two in field_pairs(old, new):
        if is_read(one) and is_read(two):
            before[name], after[name] = _pair(name, one, two)
    # A capture shows one environment, and not when that is so.
    once = "capture" in (old.source.kind, new.source.kind)
    for name in ("capabilities", "depends_on") if once else ():
        was, now = before.get(name, {}), after.get(name, {})
        was.update((item, now[item]) for item in was.keys() & now.keys())
    handled = before.get("hooks", {}), after.get("hooks", {})
    for hook in handled[0].keys() & handled[1].keys():
        (old_target, was), (new_target, when) = (side[hook] for side in handled)
        if "" in (old_target, new_target):
            old_target = new_target = ""
        handled[0][hook] = old_target, when if once else was
        handled[1][hook] = new_target, when
    return before, after


def _pair(name: str, one: Any, two: Any) -> tuple[Any, Any]:
    """Return what a field states on both sides, equal where it means the same."""
    match name:
        case "requires_dist" if one.value == two.value:
            # Reading them takes longer than all the rest of a review in which nothing changed.
            return one.value, two.value
        case "requires_dist":
            return versions.requirements(one.value, two.value)
        case "requires_python" | "requires_stigmem":
            old, new = stated(values(one)), stated(values(two))
            if old != new and isinstance(old, str) and isinstance(new, str):
                return versions.specifiers(old, new)
            return old, new
        case _:
            return _plain(name, one), _plain(name, two)


def _plain(name: str, field: Any) -> Any:
    match name:
        case "capabilities" | "depends_on" | "routes":
            return {each.value: each.when for each in members(field)}
        case "hooks":
            # An empty target stands for a handler that is not known.
            return {each.name: (stated(each.targets), each.when) for each in hooks(field)}
        case "entry_points":
            return _entry_points(field.value)
        case "distribution":
            return str(canonicalize_name(field.value))
        case "metadata" | "outside":
            return dict(field.value)
        case _:
            return stated(values(field))


def _entry_points(value: tuple[EntryPoint, ...]) -> dict[str, str]:
    """Return each entry point's value; of one that is declared twice, both."""
    found: dict[str, str] = {}
    for each in value:
        plain = normal_value(each) or each
        key = f"{each.group} : {each.name}"
        found[key] = f"{found[key]} and {plain.value}" if key in found else plain.value
    return found


def unexplained(
    old: Ledger, new: Ledger, changes: Iterable[facts.Fact]
) -> Iterator[facts.UnclassifiedChange]:
    """Yield what the typed changes do not explain. The ledger ``old`` is used up."""
    for change in changes:
        apply = _APPLY.get(type(change))
        if apply is not None:
            apply(old, change)
    if old == new:
        return
    from deepdiff import DeepDiff

    for group in DeepDiff(old, new, view="tree").values():
        for difference in group:
            yield facts.UnclassifiedChange(
                item=".".join(map(str, difference.path(output_format="list"))),
                old=_text(difference.t1),
                new=_text(difference.t2),
            )


def _text(value: Any) -> str:
    shown = ", ".join(map(str, value)) if isinstance(value, (list, tuple, set)) else str(value)
    return "nothing" if shown == "not present" else shorten(shown)


def _set(name: str) -> Callable[[Ledger, Any], None]:
    def apply(ledger: Ledger, change: Any) -> None:
        if name in ledger:
            ledger[name] = change.new

    return apply


def _bind(ledger: Ledger, change: facts.HookAdded) -> None:
    ledger["hooks"][change.item] = change.target, change.when


def _rebind(ledger: Ledger, change: facts.HookRebound) -> None:
    _, when = ledger["hooks"][change.item]
    ledger["hooks"][change.item] = change.new, when


def _shift(ledger: Ledger, change: facts.HookReconditioned) -> None:
    target, _ = ledger["hooks"][change.item]
    ledger["hooks"][change.item] = target, change.when


def _put(name: str, value: str) -> Callable[[Ledger, Any], None]:
    def apply(ledger: Ledger, change: Any) -> None:
        ledger[name][change.item] = getattr(change, value)

    return apply


def _pop(name: str) -> Callable[[Ledger, Any], None]:
    return lambda ledger, change: ledger[name].pop(change.item, None)


_APPLY: dict[type[facts.Fact], Callable[[Ledger, Any], None]] = {
    facts.NameChanged: _set("name"),
    facts.DistributionRenamed: _set("distribution"),
    facts.VersionChanged: _set("distribution_version"),
    facts.ManifestVersionChanged: _set("version"),
    facts.RequiresStigmemChanged: _set("requires_stigmem"),
    facts.CapabilityAdded: _put("capabilities", "when"),
    facts.CapabilityRemoved: _pop("capabilities"),
    facts.CapabilityReconditioned: _put("capabilities", "when"),
    facts.HookAdded: _bind,
    facts.HookRemoved: _pop("hooks"),
    facts.HookRebound: _rebind,
    facts.HookReconditioned: _shift,
    facts.DependsOnAdded: _put("depends_on", "when"),
    facts.DependsOnRemoved: _pop("depends_on"),
    facts.DependsOnReconditioned: _put("depends_on", "when"),
    facts.AsyncSafeChanged: _set("async_safe"),
    facts.RouteAdded: _put("routes", "when"),
    facts.RouteRemoved: _pop("routes"),
    facts.RouteReconditioned: _put("routes", "when"),
    facts.HealthCheckChanged: _set("health_check"),
    facts.ConfigSchemaChanged: _set("config_schema"),
    facts.EntryPointAdded: _put("entry_points", "value"),
    facts.EntryPointRemoved: _pop("entry_points"),
    facts.EntryPointChanged: _put("entry_points", "new"),
    facts.RequirementAdded: _put("requires_dist", "value"),
    facts.RequirementRemoved: _pop("requires_dist"),
    facts.RequirementChanged: _put("requires_dist", "new"),
    facts.RequiresPythonChanged: _set("requires_python"),
    facts.OutsideFileAdded: _put("outside", "sha256"),
    facts.OutsideFileRemoved: _pop("outside"),
    facts.OutsideFileChanged: _put("outside", "sha256"),
}
