"""What a signature file holds: told by its content, and bounded before any library reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from stigmem_review import limits
from stigmem_review.model import Proof, SignatureForm
from stigmem_review.signing.outcome import ASK_OTHER_FORM, Unproven, invalid, unverifiable
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


def materials(file: SignatureFile) -> tuple[Material | Proof, ...]:
    """Return what a signature file holds, or the proof that it holds nothing that can be read.

    A provenance may hold no attestation at all: then there is nothing.
    """
    form = _likely_form(file.name)
    try:
        content = _content(file)
        form = _form(content)
        if form != "provenance":
            return (Material(file.name, form, content),)
        return tuple(_attestations(file.name, content))
    except Unproven as error:
        return (Proof(file.name, form, error.status, error.why, error.do),)


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


def _content(file: SignatureFile) -> dict[str, Any]:
    if file.why:
        raise unverifiable(file.why, file.do or ASK_OTHER_FORM)
    if len(file.data) > limits.SIGNATURE_BYTES:
        raise unverifiable(
            f"it has {len(file.data)} bytes, the limit is {limits.SIGNATURE_BYTES // 1024} KiB"
        )
    try:
        content = decode(file.data)
    except ValueError as error:
        raise invalid(f"it is not JSON that can be read: {error}", _NO_FORM) from None
    if not isinstance(content, dict):
        raise invalid("it is JSON, and not an object", _NO_FORM)
    if is_larger(content, limits.SIGNATURE_VALUES):
        raise unverifiable(f"it holds more than {limits.SIGNATURE_VALUES} values")
    return content


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
    if len(found) != 1:
        what = "of several forms at once" if found else "no signature file"
        raise invalid(f"it is {what}: its keys are {shorten(', '.join(content), 100)}", _NO_FORM)
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
        raise invalid("its attestation_bundles are not a list")
    listed = [(at(group, "publisher"), at(group, "attestations")) for group in groups]
    if not all(isinstance(each, list) for _, each in listed):
        raise invalid("an item of its attestation_bundles has no list of attestations")
    found = [(publisher, each) for publisher, several in listed for each in several]
    if len(found) > limits.ATTESTATIONS:
        raise unverifiable(
            f"it holds {len(found)} attestations, the limit is {limits.ATTESTATIONS}"
        )
    for number, (publisher, each) in enumerate(found, 1):
        if not isinstance(each, dict):
            raise invalid(f"attestation {number} of it is not an object")
        yield Material(f"{name}#{number}", "provenance", each, publisher)
