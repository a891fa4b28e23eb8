"""What opening a source gives: the bytes of one release, not yet understood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from stigmem_review.model import Problem, Source


class SignatureFile(msgspec.Struct, frozen=True):
    """A file that signs an artifact, found beside it, named by the user, or given by an index.

    ``name`` is its file name, or its address without credentials; ``why`` says why it could not
    be read, ``do`` what would help, and ``data`` is empty then. ``doubtful`` if files of such names
    are not always of a form that Sigstore knows; then it is only named.
    """

    name: str
    data: bytes = b""
    why: str = ""
    do: str = ""
    doubtful: bool = False


class Layout(msgspec.Struct, frozen=True):
    """Where the files of a project are installed, as far as that can be told without a build.

    ``places`` maps each place below ``site-packages`` to a path of the project. ``why`` says why
    it is not known; then there are none. ``whole`` is false where the build installs, or may
    install, more than that, and with a ``why`` where other files than the project's own package may
    come in its place; ``others`` are places of it that are known, such as a module that the build
    writes. ``refuses`` if the build ends there: nothing is installed then.
    """

    places: Mapping[str, str] = msgspec.field(default_factory=dict)
    why: str = ""
    whole: bool = True
    others: frozenset[str] = frozenset()
    refuses: bool = False


class Artifact(msgspec.Struct, frozen=True):
    """The files of one release, in memory.

    ``files`` maps a path to its bytes: in a wheel the archive's own names, in an sdist the path
    below its one top directory, in a directory the path below it. ``installed`` (wheels only)
    maps each place a file is installed to, such as ``site-packages/pkg/mod.py`` or
    ``scripts/tool``, to its path in ``files``; ``metadata_dir`` (wheels only) is the release's
    own ``.dist-info`` directory. ``capture`` is the decoded JSON object of a capture.
    ``layout`` (projects only, once it was worked out) is what its build would install; of a
    directory, ``files`` are then those that the build reads and those that it would install.
    ``signatures`` sign the artifact; ``seen`` names what may sign it in a way that is never read;
    ``silent`` if it is from an index that does not say what signs its files. ``others`` are the
    other files of the same release, by name, and whether something signs them; ``sdist_signed``
    gives what is needed to verify the sdist among them, where this is a wheel. ``sdist`` opens the
    sdist of the same release, where this is a wheel of an index that has one.
    """

    source: Source
    files: Mapping[str, bytes] = msgspec.field(default_factory=dict)
    installed: Mapping[str, str] = msgspec.field(default_factory=dict)
    metadata_dir: str = ""
    problems: tuple[Problem, ...] = ()
    capture: Mapping[str, Any] | None = None
    signatures: tuple[SignatureFile, ...] = ()
    others: Mapping[str, bool] = msgspec.field(default_factory=dict)
    seen: tuple[str, ...] = ()
    silent: bool = False
    sdist_signed: Callable[[], Artifact] | None = None
    sdist: Callable[[], Artifact] | None = None
    layout: Layout | None = None
