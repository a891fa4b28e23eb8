"""What the author of a release can write in place of a mistake: whole lines, ready to paste."""

from __future__ import annotations

import difflib
import re

from stigmem_review import facts, toml, versions
from stigmem_review.facts import Fact
from stigmem_review.manifest.entry_points import misspelt_group, normal_value
from stigmem_review.manifest.factories import factories
from stigmem_review.model import ENTRY_POINT_GROUP, EntryPoint, Known, Location, Manifest, Release
from stigmem_review.sources.artifact import Artifact

_PYPROJECT = "pyproject.toml"
_SETUP_FILES = ("setup.cfg", "setup.py")
_CFG_SECTION = "[options.entry_points]"
_POSITIONALS = ("ctx", "value")


def corrections(
    fact: Fact, release: Release, artifact: Artifact, nodes: str = ""
) -> tuple[str, ...]:
    """Return the lines to write in place of what a fact complains about; none if not known.

    ``nodes`` is the range of nodes that start with the release, whatever range it states.
    """
    writer = _Writer(release, artifact)
    match fact:
        case facts.EntryPointMissing() | facts.EntryPointsSeveral():
            left, lines = writer.undynamic(fact.at), writer.declaration()
            return (*left, "", *lines) if left and lines else lines
        case facts.EntryPointInvalid() if writer.undynamic(fact.at):
            return writer.undynamic(fact.at)
        case facts.EntryPointOdd() if not writer.counts(fact.at):
            return ()
        case facts.EntryPointInvalid() | facts.EntryPointOdd() | facts.TargetMissing():
            return writer.declaration()
        case facts.TargetNotFactory():
            return writer.factory(fact)
        case facts.HookUnknown() | facts.CapabilityUnknown() | facts.KeywordUnknown():
            return writer.replaced(fact.at, fact.item, fact.nearest)
        case facts.NameInvalid():
            return writer.replaced(fact.at, fact.item, _name(fact.item))
        case facts.VersionInvalid():
            return writer.replaced(fact.at, fact.item, _version(fact.item))
        case facts.VersionMismatch():
            return writer.replaced(fact.at, fact.manifest, fact.distribution)
        case facts.RequiresStigmemUnmet():
            return writer.replaced(fact.at, fact.item, nodes)
        case facts.StartRange():
            return writer.replaced(fact.at, fact.item, fact.holds)
        case facts.HandlerArity():
            return writer.handler(fact)
        case facts.FieldRefused(item="depends_on"):
            return writer.dependencies()
        case _:
            return ()


class _Writer:
    """Writes corrected lines for one release."""

    def __init__(self, release: Release, artifact: Artifact) -> None:
        self._release = release
        self._files = artifact.files
        places = artifact.layout.places if artifact.layout else {}
        self._site = {place: artifact.files[path] for place, path in places.items()}

    def declaration(self) -> tuple[str, ...]:
        """Return the entry point's table with one entry as it should be."""
        declared = self._declared()
        target = self._target(declared.value if declared else "")
        if not target:
            return ()
        name = declared.name if declared else self._plugin_name()
        match self._declares(declared.at.path if declared and declared.at else ""):
            case "setup.cfg":
                return _CFG_SECTION, f"{ENTRY_POINT_GROUP} =", f"    {name} = {target}"
            case "setup.py":
                return (f'entry_points={{"{ENTRY_POINT_GROUP}": ["{name} = {target}"]}},',)
        key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'
        return self._table(), f'{key} = "{target}"'

    def _declares(self, path: str) -> str:
        """Return the file to declare an entry point in, where ``path`` is where one stands."""
        own = [each for each in _SETUP_FILES if each in self._files]
        if path in own or not own:
            return path
        source = self._files.get(_PYPROJECT, b"").decode("utf-8", "replace")
        # A table below [project] makes a [project] of it, which has to have a name and a version.
        return _PYPROJECT if re.search(r"(?m)^\[(project|tool\.poetry)\]", source) else own[0]

    def counts(self, at: Location | None) -> bool:
        """Say whether something stands where an entry point does that is built, or nowhere."""
        found = self._release.entry_points
        known = found.value if isinstance(found, Known) else ()
        return at is None or any(each.at == at for each in known)

    def undynamic(self, at: Location | None) -> tuple[str, ...]:
        """Return a line about what is left to the backend without the entry points."""
        line = self._line(at)
        if not re.match(r"dynamic\s*=.*\]$", line):
            return ()
        named = re.findall(r"[\"']([\w-]+)[\"']", line)
        left = ", ".join(f'"{each}"' for each in named if each != "entry-points")
        return (f"dynamic = [{left}]",)

    def _table(self) -> str:
        source = self._files.get(_PYPROJECT, b"").decode("utf-8", "replace")
        poetry = "[tool.poetry]" in source and "[project]" not in source
        parent = "tool.poetry.plugins" if poetry else "project.entry-points"
        return f'[{parent}."{ENTRY_POINT_GROUP}"]'

    def _declared(self) -> EntryPoint | None:
        """Return the entry point that was meant, wherever it was written."""
        found = self._release.entry_points
        known = found.value if isinstance(found, Known) else ()
        meant = [each for each in known if each.group == ENTRY_POINT_GROUP]
        return next(iter(meant), None) or misspelt_group(known) or self._nested()

    def _nested(self) -> EntryPoint | None:
        """Return what stands below the group's name written without quotes."""
        try:
            table = toml.parse(self._files.get(_PYPROJECT, b"").decode("utf-8", "replace"))
        except ValueError:
            return None
        value: object = table
        for key in ("project", "entry-points", *ENTRY_POINT_GROUP.split(".")):
            value = value.get(key) if isinstance(value, dict) else None
        for name, target in value.items() if isinstance(value, dict) else ():
            if isinstance(target, str):
                return EntryPoint(ENTRY_POINT_GROUP, name, target)
        return None

    def _target(self, written: str) -> str:
        """Return what the entry point should lead to: what is written, as far as that is there."""
        choices = list(factories(self._site or self._files))
        wanted = _as_reference(written)
        if not choices:
            return wanted if ":" in wanted else ""
        if wanted in choices:
            return wanted
        module, _, attribute = wanted.partition(":")
        if not attribute:
            # "package.module.function" is how people write what they would import.
            module, _, attribute = wanted.rpartition(".")
            if f"{module}:{attribute}" in choices:
                return f"{module}:{attribute}"
        same = [each for each in choices if each.partition(":")[0] in (wanted, module)]
        close = difflib.get_close_matches(wanted, same or choices, n=1, cutoff=0)
        return close[0] if close else choices[0]

    def _plugin_name(self) -> str:
        manifest = self._release.manifest
        if isinstance(manifest, Manifest) and isinstance(manifest.name, Known):
            return manifest.name.value
        name = self._release.distribution
        return name.value if isinstance(name, Known) else "plugin"

    def factory(self, fact: facts.TargetNotFactory) -> tuple[str, ...]:
        """Return the lines of a factory the node can call, or lead to one that is there."""
        line = self._line(fact.at)
        if yielded := re.match(r"yield\s+(?!from\b)(.*\S)", line):
            return (f"return {yielded[1]}",)
        if made := re.match(r"(\w+)\s*(?::[^=]*)?=\s*(([\w.]*\bPluginManifest)\(.*)", line):
            return f"def {made[1]}() -> {made[3]}:", f"    return {made[2]}"
        named = re.match(r"(?:async\s+)?def\s+(\w+)", line)
        if not named and any(factories(self._site or self._files)):
            return self.declaration()
        name = named[1] if named else fact.item.rpartition(":")[2]
        if not name.isidentifier():
            return ()
        lines = (f"def {name}() -> PluginManifest:",)
        return lines if named else (*lines, "    return PluginManifest(...)")

    def handler(self, fact: facts.HandlerArity) -> tuple[str, ...]:
        """Return the first line of a handler with as many arguments as the node passes."""
        named = re.fullmatch(
            r"((?:async\s+)?def\s+\w+\()([^()]*)(\)[^()]*:)(?:\s*\.\.\.)?", self._line(fact.at)
        )
        if not named:
            return ()
        given = [each.strip() for each in named[2].split(",") if each.strip()]
        start = next((at for at, each in enumerate(given) if each.startswith("*")), len(given))
        names = given[:start] + [each for each in _POSITIONALS if each not in given[:start]]
        rest = given[start:]
        if not any(each.startswith("**") for each in rest):
            rest.append("**_")
        return (f"{named[1]}{', '.join([*names[: fact.needs], *rest])}{named[3]}",)

    def dependencies(self) -> tuple[str, ...]:
        """Return the keyword without the plugin itself."""
        manifest = self._release.manifest
        if not isinstance(manifest, Manifest) or not isinstance(manifest.depends_on, Known):
            return ()
        if not self._line(manifest.depends_on.at).startswith("depends_on"):
            return ()
        others = [f'"{each}"' for each in manifest.depends_on.value if each != self._plugin_name()]
        listed = f"{{{', '.join(others)}}}" if others else ""
        return (f"depends_on=frozenset({listed}),",)

    def replaced(self, at: Location | None, wrong: str, right: str) -> tuple[str, ...]:
        """Return a line of the release with one text in it replaced by another."""
        line = self._line(at)
        # As a text of its own, or else as a word that is no part of another.
        for whole in (
            rf"(?<=[\"']){re.escape(wrong)}(?=[\"'])",
            rf"(?<![\w.\"'-]){re.escape(wrong)}(?=\s*[=:])",
        ):
            if right and re.search(whole, line):
                return (re.sub(whole, lambda _: right, line),)
        return ()

    def _line(self, at: Location | None) -> str:
        if at is None or at.path not in self._files or at.line < 1:
            return ""
        lines = self._files[at.path].decode("utf-8", "replace").splitlines()
        return lines[at.line - 1].strip() if at.line <= len(lines) else ""


def _as_reference(written: str) -> str:
    """Return ``module:attribute`` for what was written, a file's path included."""
    normal = normal_value(EntryPoint(ENTRY_POINT_GROUP, "", written.strip()))
    if normal is not None:
        return normal.value
    module, colon, attribute = written.partition(":")
    dotted = re.sub(r"[/\\]+", ".", re.sub(r"\.py$", "", module.strip())).strip(".")
    return dotted.replace("-", "_").removeprefix("src.") + colon + attribute.strip()


def _name(written: str) -> str:
    """Return a name the host takes (3 to 64 of a-z, 0-9 and hyphens, a letter first), or none."""
    name = re.sub(r"[^a-z0-9]+", "-", written.lower()).strip("-")
    return name if re.fullmatch(r"[a-z][a-z0-9-]{2,63}", name) else ""


def _version(written: str) -> str:
    """Return the same version as every node release takes it, three numbers first, or none."""
    numbers = re.match(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:[-_.]?([a-z][a-z0-9.-]*)$)?", written)
    if not numbers:
        return ""
    *release, rest = numbers.groups()
    plain = ".".join(part or "0" for part in release)
    # A suffix behind a hyphen is the same version to installers: 1.0.0-dev1 is 1.0.0.dev1.
    whole = f"{plain}-{rest}"
    return whole if rest and versions.same(whole, written) else plain
