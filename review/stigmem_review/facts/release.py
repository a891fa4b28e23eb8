"""Facts about a release as a whole: its versions, its files, how it is built."""

from __future__ import annotations

from typing import Literal

from stigmem_review.facts.base import Explained, Fact, Gain, Replaced, Restated, State
from stigmem_review.model import BuildKind

Step = Literal[
    "major", "minor", "patch", "pre-release", "rebuild", "same", "downgrade", "unknown", "none"
]
"""How far one version is from another; ``none`` where one side has no version."""


Place = Literal["site-packages", "scripts", "headers", "data", "other"]


class PluginInstalled(Fact, frozen=True, kw_only=True):
    """There was no release before."""


class PluginRemoved(Fact, frozen=True, kw_only=True):
    """There is no release any more; ``hooks`` are those of the old one."""

    hooks: tuple[str, ...]


class NameChanged(Restated, frozen=True, kw_only=True):
    """The manifest's name: the node knows the plugin by it."""


class DistributionRenamed(Replaced, frozen=True, kw_only=True):
    """The name it is installed by."""


class VersionChanged(Restated, frozen=True, kw_only=True):
    """The version of the distribution; of the manifest where only that is carried."""

    step: Step


class ManifestVersionChanged(Restated, frozen=True, kw_only=True):
    """The manifest's own version; ``follows`` if it went the distribution's way."""

    step: Step
    follows: bool


def _outside(item: str, *, runs: bool) -> Gain:
    if runs:
        return Gain("code", "runs code at every start of Python", (item,))
    return Gain("files", "installs files outside its packages", (item,))


class OutsideFileAdded(Fact, frozen=True, kw_only=True):
    """A file installed outside its packages; ``runs`` if Python runs it at every start."""

    place: Place
    runs: bool
    sha256: str

    def gain(self) -> Gain | None:
        return _outside(self.item, runs=self.runs)


class OutsideFileRemoved(Fact, frozen=True, kw_only=True):
    """A file no longer installed outside its packages."""

    place: Place
    runs: bool


class OutsideFileChanged(Fact, frozen=True, kw_only=True):
    """Other content of a file outside its packages."""

    place: Place
    runs: bool
    sha256: str

    def gain(self) -> Gain | None:
        return _outside(self.item, runs=self.runs)


class SemverMismatch(Fact, frozen=True, kw_only=True):
    """More was gained than the step of the version promises.

    ``files`` are those of the package that differ, where it is the same version.
    """

    step: Step
    gained: tuple[str, ...]
    files: tuple[str, ...] = ()


class CodeChanged(Fact, frozen=True, kw_only=True):
    """Other files of the package under the same version, which ``item`` is.

    ``acts`` if they say something else to whoever runs them, and then ``files`` are those which do;
    ``unread`` are those of them of which only the bytes were compared; ``released`` if both are
    files of a release, and not states of a project.
    """

    files: tuple[str, ...]
    acts: bool
    unread: tuple[str, ...] = ()
    released: bool


class FilesUnreviewed(State, frozen=True, kw_only=True):
    """Other files of the release, which the index offers and nobody looked at."""

    files: tuple[str, ...]


Danger = Literal["none", "reaches", "unread", "address"]
"""Why a step of a build is worse than new: what its code reaches, that it cannot be read, or that
it is fetched from an address its author chose."""


def _built(step: BuildKind, item: str, danger: Danger) -> Gain:
    remarks = {
        "reaches": "which reaches more than a build needs",
        "unread": "which cannot be read",
        "address": "from an address of its author",
    }
    does = "runs when it is built" if step in ("code", "backend") else "is built in another way"
    return Gain("code", does, (item,), remarks.get(danger, ""))


class BuildStepAdded(Fact, frozen=True, kw_only=True):
    """Something that building the release runs, or needs, and that no installation did before.

    ``by`` is what runs it, ``value`` what is written there, ``files`` its own code, ``sha256`` of
    that, and ``reaches`` what it reaches by itself, as ``process: subprocess``. It is ``plain``
    where a public tool runs and nothing that the release chose; ``needs`` is what that tool is
    installed with.
    """

    step: BuildKind
    by: str
    value: str
    plain: bool
    danger: Danger
    files: tuple[str, ...] = ()
    reaches: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    sha256: str = ""
    why: str = ""

    def gain(self) -> Gain | None:
        return None if self.plain else _built(self.step, self.item, self.danger)


class BuildStepChanged(Replaced, frozen=True, kw_only=True):
    """A step of the build that is another one: another value, or other code in ``files``.

    ``minor`` if only versions of what the build needs are others, or one public tool takes the
    place of another.
    """

    step: BuildKind
    by: str
    minor: bool
    danger: Danger
    files: tuple[str, ...] = ()
    reaches: tuple[str, ...] = ()
    sha256: str = ""
    why: str = ""

    def gain(self) -> Gain | None:
        return None if self.minor else _built(self.step, self.item, self.danger)


class BuildStepRemoved(Fact, frozen=True, kw_only=True):
    """Something that building the old release ran, or needed, and building this one does not."""

    step: BuildKind


class ArtifactRebuilt(Fact, frozen=True, kw_only=True):
    """Another wheel, or another sdist, of the version that ``item`` is.

    ``files`` are the first of those that differ and that no other fact names, ``more`` counts the
    rest; there are none where the same files are packed otherwise.
    """

    files: tuple[str, ...]
    more: int


class WheelDiffersFromSdist(Fact, frozen=True, kw_only=True):
    """Files of a wheel that the sdist of its release lacks, or has with other content.

    ``runs`` if they are Python source, ``absent`` and ``other`` are the first of them, ``more``
    counts the rest.
    """

    sdist: str
    runs: bool
    absent: tuple[str, ...]
    other: tuple[str, ...]
    more: int


class UnclassifiedChange(Replaced, frozen=True, kw_only=True):
    """A difference that no typed change explains."""


class VersionMismatch(State, frozen=True, kw_only=True):
    """Manifest and distribution state different versions."""

    excuse = "as before"

    manifest: str
    distribution: str

    def covers(self, new: State) -> bool:
        # A manifest whose version was left behind falls back further with every release.
        return isinstance(new, VersionMismatch) and self.manifest == new.manifest


class RecordMismatch(Explained, frozen=True, kw_only=True):
    """The wheel's RECORD does not say what the wheel holds."""


class HiddenDistribution(Explained, frozen=True, kw_only=True):
    """The wheel installs a second distribution."""


class WheelTagsDiffer(Explained, frozen=True, kw_only=True):
    """The wheel says of itself that it runs elsewhere than its file name says."""

    excuse = "as before"
