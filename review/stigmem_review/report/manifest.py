"""What was read of one release, field by field, as text."""

from __future__ import annotations

from typing import Any

from stigmem_review.conditions import phrase
from stigmem_review.text import flat


def render_manifest(release: dict[str, Any]) -> str:
    """Return a release, as builtins that are sanitised, with places and how sure each value is."""
    return "".join(f"{line}\n" for line in _lines(release))


def _lines(release: dict[str, Any]) -> list[str]:
    source = release["source"]
    lines = [f"{source['file'] or source['asked']} ({source['kind']}, sha256 {source['sha256']})"]
    for name in ("distribution", "distribution_version", "requires_python", "requires_dist"):
        lines += _field(name, release[name])
    lines += _field("entry_points", release["entry_points"])
    fields = release["manifest"]
    if fields["certainty"] != "manifest":
        lines += _field("manifest", fields)
    else:
        for name, value in fields.items():
            lines += _field(name, value) if name != "certainty" else []
    for problem in release["problems"]:
        lines.append(f"problem: {problem['kind']}: {problem['item']}: {problem['why']}")
    return lines


def _field(name: str, value: dict[str, Any]) -> list[str]:
    """Return the lines of one field: its value, where it is written, and how sure that is."""
    at = f"  [{_place(value['at'])}]" if value.get("at") else ""
    match value["certainty"]:
        case "unknown":
            return [f"{name}: not known, because {value['why']}{at}"]
        case "not-carried":
            return [f"{name}: not carried by a {value['source']}"]
        case "one-of":
            outcomes = [_outcome(each) for each in value["outcomes"]]
            return [f"{name}: one of{at}", *(f"  {line}" for each in outcomes for line in each)]
        case _:
            pass
    known = value["value"]
    if value.get("default"):
        at = "  [the node's default]"
    if not isinstance(known, list):
        return [f"{name}: {_scalar(known)}{at}"]
    if not known:
        return [f"{name}: none{at}"]
    places = value.get("each") or [None] * len(known)
    lines = [f"{name}:"]
    for item, place in zip(known, places, strict=True):
        if isinstance(item, dict):
            lines += [f"  {line}" for line in _compound(item)]
        else:
            lines.append(f"  {item}" + (f"  [{_place(place)}]" if place else ""))
    return lines


def _outcome(outcome: dict[str, Any]) -> list[str]:
    """Return the lines of one value that a field can have, below what has to be so for it."""
    when = flat(phrase((tuple(outcome["conditions"]),)))
    return _field(when, {"certainty": "known", **outcome})


def _compound(item: dict[str, Any]) -> list[str]:
    if "group" in item:
        where = f"  [{_place(item['at'])}]" if item["at"] else ""
        return [f"{item['group']} : {item['name']} = {item['value']}{where}"]
    return _field(item["name"], item["target"])


def _scalar(value: Any) -> str:
    return {None: "none", True: "yes", False: "no"}.get(value, str(value))


def _place(at: dict[str, Any]) -> str:
    return f"{at['path']}:{at['line']}" if at["line"] else str(at["path"])
