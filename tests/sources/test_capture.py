"""Captures of the host's own description are read strictly."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from stigmem_review import limits
from stigmem_review.model import Source
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.capture import read_capture
from support.archives import refusal_of

# As `stigmem plugins describe stigmem-plugin-tombstones --json` prints it.
PLUGIN: dict[str, Any] = {
    "name": "stigmem-plugin-tombstones",
    "version": "0.1.0",
    "capabilities": ["audit.emit", "facts.read"],
    "hooks": ["migration_register", "recall_filter"],
    "hook_count": 2,
    "depends_on": [],
    "discovery_source": {
        "type": "python_entry_point",
        "entry_point_name": "tombstones",
        "entry_point_value": "stigmem_plugin_tombstones:plugin_manifest",
        "distribution": "stigmem-plugin-tombstones",
    },
    "signed_by": "unsigned",
    "enabled": False,
    "enable_env_var": "STIGMEM_TOMBSTONES_ENABLED",
    "health": {"status": "healthy", "message": "registered", "error_summary": None, "seconds": 0.5},
}
OTHER = PLUGIN | {"name": "other"}


def read(data: bytes) -> Artifact:
    return read_capture("old.json", "old.json", data)


def dumped(value: Any) -> bytes:
    return json.dumps(value, indent=2).encode() + b"\n"


def test_a_capture_is_read_as_it_is() -> None:
    data = dumped(PLUGIN)
    artifact = read(data)
    digest = hashlib.sha256(data).hexdigest()
    assert artifact.source == Source("capture", "old.json", "old.json", digest)
    assert artifact.capture == PLUGIN
    assert artifact.files == {}


def test_byte_order_mark_and_list_of_one_are_read() -> None:
    assert read(b"\xef\xbb\xbf" + dumped(PLUGIN)).capture == PLUGIN
    assert read(dumped([PLUGIN])).capture == PLUGIN
    minimal = {key: PLUGIN[key] for key in list(PLUGIN)[:4]} | {"depends_on": ["x"]}
    assert read(dumped(minimal | {"discovery_source": None})).capture


def test_several_plugins_are_one_too_many() -> None:
    message = refusal_of(lambda: read(dumped([PLUGIN, OTHER])))
    assert "2 plugins instead of one: stigmem-plugin-tombstones, other" in message
    assert "keep one entry" in message


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "does not start with JSON"),
        (b"error: plugin not found: x\n", "does not start with JSON"),
        (b"SECURITY WARNING: unsigned\n" + dumped(PLUGIN), "warnings of the host"),
        (dumped(PLUGIN) + b"SECURITY WARNING: unsigned\n", "warnings of the host"),
        (b"[2026-01-01] WARNING\n" + dumped(PLUGIN), "warnings of the host"),
        (dumped(PLUGIN).decode().encode("utf-16"), "Out-File -Encoding utf8"),
        (dumped(PLUGIN).decode().encode("utf-16-le"), "Out-File -Encoding utf8"),
        (dumped(PLUGIN).decode().encode("utf-16-be"), "Out-File -Encoding utf8"),
        (dumped(PLUGIN)[:40] + b"\xff", "byte 40 of it is not UTF-8"),
        (dumped(PLUGIN)[:-3], "cannot be read from line"),
        (b'{"name": "a", "name": "b"}', "the key name is there twice"),
        (b'{"health": {"\\u001b": 1, "\\u001b": 2}}', "the key \\u{1b} is there twice"),
        (b'{"name": NaN}', "NaN is no number"),
        (b'{"name": -Infinity}', "-Infinity is no number"),
        (b'{"name": 1e999}', "out of range"),
        (b'{"name": ' + b"9" * 5000 + b"}", "a number has 5000 digits, which is too long"),
        (b'{"name": "\\ud800"}', "surrogate"),
        (b"[" * 200_000, "nested too deeply"),
        (b"[1]", "no JSON object"),
        (b"[[]]", "no JSON object"),
    ],
)
def test_what_is_not_plain_json_is_refused(data: bytes, words: str) -> None:
    message = refusal_of(lambda: read(data))
    assert message.startswith("old.json: ")
    assert words in message


@pytest.mark.parametrize("key", ["name", "version", "capabilities", "hooks", "depends_on"])
def test_what_a_description_must_say_is_required(key: str) -> None:
    missing = {each: value for each, value in PLUGIN.items() if each != key}
    assert f"does not say {key}" in refusal_of(lambda: read(dumped(missing)))
    wrongs: tuple[object, ...] = (None, 1, "", {}, [1], ["a", None])
    for wrong in wrongs:
        data = dumped(PLUGIN | {key: wrong})
        assert f"its {key} is not a" in refusal_of(read, data)


@pytest.mark.parametrize(
    ("key", "wrong"), [("discovery_source", "x"), ("signed_by", ["x"]), ("signed_by", False)]
)
def test_what_a_description_may_say_has_its_kind(key: str, wrong: object) -> None:
    without = {each: value for each, value in PLUGIN.items() if each != key}
    assert read(dumped(without)).capture == without
    assert f"its {key} is not a" in refusal_of(lambda: read(dumped(PLUGIN | {key: wrong})))


def test_a_capture_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = dumped(PLUGIN)
    monkeypatch.setattr(limits, "CAPTURE_BYTES", len(data))
    assert read(data).capture == PLUGIN
    monkeypatch.setattr(limits, "CAPTURE_BYTES", len(data) - 1)
    assert f"the limit is {len(data) - 1}" in refusal_of(lambda: read(data))
