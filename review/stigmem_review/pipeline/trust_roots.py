"""The trust roots that signatures are held against, from the files that somebody names."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from stigmem_review.document.parts import Consulted
from stigmem_review.errors import PolicyError, ReviewError
from stigmem_review.facts import TrustRootOld
from stigmem_review.model import AnySignature, Signature
from stigmem_review.names import canonicalize_name
from stigmem_review.policy.file import PolicyFile
from stigmem_review.policy.mistake import Mistake
from stigmem_review.policy.trusted import PluginSigning, SigningPolicy, listed
from stigmem_review.toml import Keys

if TYPE_CHECKING:
    from stigmem_review.signing.roots import TrustRoot


def several(paths: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the paths that somebody names: none, one, or several."""
    return () if paths is None else (paths,) if isinstance(paths, str) else tuple(paths)


class TrustRoots(msgspec.Struct, frozen=True):
    """The roots that count: for all distributions, and for those that have their own.

    Where there are none at all, it is our copy of the public-good instance's.
    """

    usual: tuple[TrustRoot, ...] = ()
    plugins: Mapping[str, tuple[TrustRoot, ...]] = {}

    def of(self, distribution: str) -> tuple[TrustRoot, ...]:
        """Return the roots for a distribution, each of which is to be tried by itself."""
        return self.plugins.get(canonicalize_name(distribution), self.usual)


class ReadRoots(msgspec.Struct, frozen=True):
    """Roots, the files they were read from, and what a report says of those."""

    roots: TrustRoots = TrustRoots()
    consulted: tuple[Consulted, ...] = ()
    paths: tuple[str, ...] = ()


def read_trust_roots(
    file: PolicyFile,
    asked: Sequence[str],
    read: Callable[[str], bytes],
    today: date | None = None,
) -> ReadRoots:
    """Read the roots that options and the policy name; ``read`` returns such a file.

    Raises ``PolicyError`` where the two name different ones, ``SigningError`` for one that is none.
    """
    named = [
        _Named(keys, name, tuple(_beside(file, listed(each.trust_root))))
        for keys, name, each in _tables(file)
        if each.trust_root is not None
    ]
    wanted = tuple(_normal(each) for each in asked)
    general = next((paths for _, name, paths in named if not name), ())
    if wanted and general and wanted != general:
        raise PolicyError(
            f"the policy is for the trust root {', '.join(general)} and the option says "
            f"{', '.join(wanted)}; leave the option out, or change the policy"
        )
    if wanted and not general:
        named.append(_Named((), "", wanted))
    if not named:
        return ReadRoots()
    return _read(file, named, read, today)


class _Named(NamedTuple):
    """The roots that a key of the policy names, or an option, for a distribution or for all."""

    keys: Keys
    name: str
    paths: tuple[str, ...]


def _tables(file: PolicyFile) -> Iterator[tuple[Keys, str, SigningPolicy | PluginSigning]]:
    yield ("signing", "trust-root"), "", file.policy.signing
    for name, each in file.policy.plugins.items():
        yield ("plugins", name, "signing", "trust-root"), name, each.signing


def _read(
    file: PolicyFile,
    named: Sequence[_Named],
    read: Callable[[str], bytes],
    today: date | None,
) -> ReadRoots:
    from stigmem_review.signing.roots import PUBLIC_GOOD, read_roots, shipped_root

    found: dict[str, tuple[TrustRoot, ...]] = {}
    consulted: dict[str, Consulted] = {}
    by_plugin: dict[str, tuple[TrustRoot, ...]] = {}
    for keys, name, paths in named:
        for path in paths:
            if path in found:
                continue
            if path == PUBLIC_GOOD:
                found[path] = (shipped_root(today),)
                consulted[path] = Consulted("trust root", found[path][0].name)
                continue
            try:
                data = read(path)
            except ReviewError as error:
                if not keys:
                    raise
                raise file.error(Mistake(keys, f": {error.text}")) from None
            found[path], unused = read_roots(data, path)
            remark = "; ".join(f"not used: {each}" for each in unused)
            consulted[path] = Consulted("trust root", path, remark=remark)
        by_plugin[canonicalize_name(name)] = tuple(one for path in paths for one in found[path])
    usual = by_plugin.pop(canonicalize_name(""), ())
    files = tuple(each for each in found if each != PUBLIC_GOOD)
    return ReadRoots(TrustRoots(usual, by_plugin), tuple(consulted.values()), files)


def _beside(file: PolicyFile, paths: Sequence[str]) -> Iterator[str]:
    """Yield paths that a policy names, from where the policy itself was named."""
    from stigmem_review.signing.roots import PUBLIC_GOOD

    folder = posixpath.dirname(file.path)
    for each in paths:
        yield each if each == PUBLIC_GOOD else _normal(posixpath.join(folder, each))


def _normal(path: str) -> str:
    # An empty one stays what it is, so that it is no folder.
    return posixpath.normpath(path) if path else path


def old_root(
    signature: AnySignature | None, most: int | None, today: date | None
) -> Iterator[TrustRootOld]:
    """Yield that a signature rests on a copy of the public-good root that is too old.

    ``most`` is how many days old it may be, if anybody said; whatever day it is then counts.
    """
    if most is None or not isinstance(signature, Signature) or not signature.proofs:
        return
    from stigmem_review.signing.roots import shipped_root

    root = shipped_root()
    verified = {each.root for each in signature.proofs if each.status == "verified"}
    if not any(root.name in each for each in verified or {signature.root}):
        return
    days = ((today or datetime.now(UTC).date()) - date.fromisoformat(root.taken)).days
    if days > most:
        yield TrustRootOld(item="trust root", taken=root.taken, days=days, most=most)
