"""What a signature file holds: told by its content, and bounded before any library reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from stigmem_review import limits
from stigmem_review.model import Proof, SignatureForm
from stigmem_review.signing.outcome import ASK_OTHER_FORM, Unproven, unreadable, unverifiable
from stigmem_review.sources.artifact import SignatureFile
from stigmem_review.sources.strict_json import parse
from stigmem_review.text import shorten

_NO_FORM = "name a Sigstore bundle, or an attestation or a provenance of PEP 740"

_MARKS: dict[SignatureForm, frozenset[str]] = {
    "bundle": frozenset({"mediaType"}),
    "attestation": frozenset({"version", "verification_material", "envelope"}),
    "provenance": frozenset({"attestation_bundles"}),
}
"""The keys that make a form (``sigstore_bundle.proto``; PEP 740)."""


class Material(NamedTuple):
    """One bundle or attestation, not verified. ``publisher`` is who its provenance says made it."""

    name: str
    form: SignatureForm
    content: dict[str, Any]
    publisher: Any = None


class Contents(NamedTuple):
    """What a signature file holds; ``seen`` if it is of no form that is read, and need not be.

    Even then it may be a signature that cannot be verified here, in which case it is ``found``.
    """

    found: tuple[Material | Proof, ...] = ()
    seen: bool = False


def materials(file: SignatureFile) -> Contents:
    """Return what a signature file holds, or the proof that it holds nothing that can be read.

    A provenance may hold no attestation at all: then there is nothing. Lines of JSON, such as
    ``gh attestation download`` writes, hold one signature each.
    """
    try:
        lines = _contents(file)
    except Unproven as error:
        unread = () if file.doubtful else (_unread(file.name, error),)
        return Contents(unread, seen=file.doubtful)
    found: list[Material | Proof] = []
    for number, content in enumerate(lines, 1):
        name = file.name if len(lines) == 1 else f"{file.name}#{number}"
        try:
            found += _materials(name, content)
        except Unproven as error:
            found.append(_unread(name, error))
    if file.doubtful and not any(isinstance(each, Material) for each in found):
        unverifiable = (each for each in found if isinstance(each, Proof) and not each.unread)
        return Contents(tuple(unverifiable), seen=True)
    return Contents(tuple(found))


def _materials(name: str, content: dict[str, Any]) -> Iterable[Material]:
    form = _form(content)
    if form == "provenance":
        return tuple(_attestations(name, content))
    return (Material(name, form, content),)


def _unread(name: str, error: Unproven) -> Proof:
    form = _likely_form(name.partition("#")[0])
    return Proof(name, form, error.status, error.why, error.do, unread=error.unread)


def decode(data: bytes) -> Any:
    """Decode JSON in UTF-8. Raises ``ValueError`` that says why ``parse`` does not take it."""
    try:
        return parse(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} of it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: {error.msg}") from None
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def at(content: Any, *path: str | int) -> Any:
    """Return what stands at a path of decoded JSON; ``None`` where there is nothing."""
    for step in path:
        if isinstance(step, str):
            content = content.get(step) if isinstance(content, dict) else None
        else:
            content = content[step] if isinstance(content, list) and step < len(content) else None
    return content


def _contents(file: SignatureFile) -> list[dict[str, Any]]:
    """Return the JSON objects of a file: one, or one in each of several lines."""
    if file.why:
        raise unverifiable(file.why, file.do or ASK_OTHER_FORM)
    if len(file.data) > limits.SIGNATURE_BYTES:
        raise unverifiable(
            f"it has {len(file.data)} bytes, the limit is {limits.SIGNATURE_BYTES // 1024} KiB"
        )
    lines = [each for each in file.data.splitlines() if each.strip()]
    # Whatever a line begins is an object of its own, unless it goes on in the next one.
    several = len(lines) > 1 and all(each.rstrip().endswith(b"}") for each in lines)
    texts = lines if several and lines[1].lstrip().startswith(b"{") else [file.data]
    if len(texts) > limits.ATTESTATIONS:
        raise unverifiable(f"it holds {len(texts)} lines, the limit is {limits.ATTESTATIONS}")
    found = []
    for text in texts:
        try:
            content = decode(text)
        except ValueError as error:
            raise unreadable(f"it is not JSON that can be read: {error}", _NO_FORM) from None
        if not isinstance(content, dict):
            raise unreadable("it is JSON, and not an object", _NO_FORM)
        found.append(content)
    if is_larger(found, limits.SIGNATURE_VALUES):
        raise unverifiable(f"it holds more than {limits.SIGNATURE_VALUES} values")
    return found


def is_larger(content: Any, limit: int) -> bool:
    """Return whether there are more values in decoded JSON than a limit, however deep."""
    waiting, count = [content], 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            count += len(value)
            waiting += value
        if count > limit:
            return True
    return False


def _form(content: dict[str, Any]) -> SignatureForm:
    found = [form for form, keys in _MARKS.items() if keys <= content.keys()]
    if {"base64Signature", "rekorBundle"} <= content.keys():
        raise unverifiable(
            "it is a bundle as cosign wrote it before Sigstore had a format", _NO_FORM
        )
    if {"payload", "payloadType", "signatures"} <= content.keys():
        raise unverifiable(
            "it is an envelope that is signed with a key, and sigstore, which verifies here, takes "
            "certificates alone"
        )
    if len(found) != 1:
        what = "of several forms at once" if found else "no signature file"
        keys = shorten(", ".join(content), 100) or "none"
        raise unreadable(f"it is {what}: its keys are {keys}", _NO_FORM)
    return found[0]


def _likely_form(name: str) -> SignatureForm:
    """Return what a file that cannot be read would be, by its name."""
    stem = name.lower()
    if stem.endswith(".provenance"):
        return "provenance"
    return "attestation" if stem.endswith(".attestation") else "bundle"


def _attestations(name: str, content: dict[str, Any]) -> Iterator[Material]:
    if content.get("version", 1) != 1:
        raise unverifiable(f"it is a provenance of version {shorten(str(content['version']), 20)}")
    groups = content["attestation_bundles"]
    if not isinstance(groups, list):
        raise unreadable("its attestation_bundles are not a list")
    listed = [(at(group, "publisher"), at(group, "attestations")) for group in groups]
    if not all(isinstance(each, list) for _, each in listed):
        raise unreadable("an item of its attestation_bundles has no list of attestations")
    found = [(publisher, each) for publisher, several in listed for each in several]
    if len(found) > limits.ATTESTATIONS:
        raise unverifiable(
            f"it holds {len(found)} attestations, the limit is {limits.ATTESTATIONS}"
        )
    for number, (publisher, each) in enumerate(found, 1):
        if not isinstance(each, dict):
            raise unreadable(f"attestation {number} of it is not an object")
        yield Material(f"{name}#{number}", "provenance", each, publisher)
