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
from stigmem_review.model import AnyValue, EntryPoint, Hook, Known, Manifest, Release
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


def hooks_of(release: Release) -> tuple[Hook, ...]:
    """Return the hooks of a release, as far as they are known."""
    hooks = release.manifest.hooks if isinstance(release.manifest, Manifest) else None
    return hooks.value if isinstance(hooks, Known) else ()


def ledgers(old: Release, new: Release) -> tuple[Ledger, Ledger]:
    """Return what both releases state, restricted to what both carry and can be read in both."""
    before: Ledger = {}
    after: Ledger = {}
    for name, one, two in field_pairs(old, new):
        if isinstance(one, Known) and isinstance(two, Known):
            before[name], after[name] = _pair(name, one.value, two.value)
    hooks = before.get("hooks", {}), after.get("hooks", {})
    for hook in hooks[0].keys() & hooks[1].keys():
        if "" in (hooks[0][hook], hooks[1][hook]):
            hooks[0][hook] = hooks[1][hook] = ""
    return before, after


def _pair(name: str, one: Any, two: Any) -> tuple[Any, Any]:
    """Return the value of a field on both sides, equal where it means the same."""
    if one != two and name == "requires_dist":
        return versions.requirements(one, two)
    if one != two and name in ("requires_python", "requires_stigmem"):
        return versions.specifiers(one or "", two or "")
    return _plain(name, one), _plain(name, two)


def _plain(name: str, value: Any) -> Any:
    match name:
        case "hooks":
            # An empty target stands for a handler that is not known.
            return {
                hook.name: hook.target.value if isinstance(hook.target, Known) else ""
                for hook in value
            }
        case "entry_points":
            return _entry_points(value)
        case "distribution":
            return str(canonicalize_name(value))
        case "metadata" | "outside":
            return dict(value)
        case _:
            return set(value) if isinstance(value, tuple) else value or ""


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


def _add(name: str) -> Callable[[Ledger, Any], None]:
    return lambda ledger, change: ledger[name].add(change.item)


def _drop(name: str) -> Callable[[Ledger, Any], None]:
    return lambda ledger, change: ledger[name].discard(change.item)


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
    facts.CapabilityAdded: _add("capabilities"),
    facts.CapabilityRemoved: _drop("capabilities"),
    facts.HookAdded: _put("hooks", "target"),
    facts.HookRemoved: _pop("hooks"),
    facts.HookRebound: _put("hooks", "new"),
    facts.DependsOnAdded: _add("depends_on"),
    facts.DependsOnRemoved: _drop("depends_on"),
    facts.AsyncSafeChanged: _set("async_safe"),
    facts.RouteAdded: _add("routes"),
    facts.RouteRemoved: _drop("routes"),
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
