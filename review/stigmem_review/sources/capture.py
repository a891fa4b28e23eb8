"""Reads what the host printed about one plugin: ``stigmem plugins describe NAME --json``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from stigmem_review import limits
from stigmem_review.model import Source
from stigmem_review.sources.artifact import Artifact
from stigmem_review.sources.refusal import refusal
from stigmem_review.sources.strict_json import parse
from stigmem_review.text import shorten

_AGAIN = "write it again with: stigmem plugins describe NAME --json > FILE"
_REQUIRED = {"name": str, "version": str, "capabilities": list, "hooks": list, "depends_on": list}
_OPTIONAL = {"discovery_source": dict, "signed_by": str}
_KINDS = {str: "a text", list: "a list of texts", dict: "an object"}


def read_capture(asked: str, file: str, data: bytes) -> Artifact:
    """Return the release that a capture describes."""
    if len(data) > limits.CAPTURE_BYTES:
        raise refusal(
            file, f"it has {len(data)} bytes, the limit is {limits.CAPTURE_BYTES}", _AGAIN
        )
    plugin = _chosen(file, _decoded(file, data))
    _check_shape(file, plugin)
    digest = hashlib.sha256(data).hexdigest()
    source = Source(kind="capture", asked=asked, file=file, sha256=digest)
    return Artifact(source, capture=plugin)


def _decoded(file: str, data: bytes) -> Any:
    if b"\0" in data[:4]:
        raise refusal(
            file,
            "it is UTF-16, as the > of Windows PowerShell writes it",
            "write it again with: stigmem plugins describe NAME --json | Out-File -Encoding utf8"
            " FILE",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refusal(file, f"byte {error.start} of it is not UTF-8", _AGAIN) from error
    if text.lstrip()[:1] not in ("{", "["):
        raise refusal(
            file, "it does not start with JSON; warnings of the host may be mixed in", _AGAIN
        )
    try:
        value = parse(text)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise refusal(file, "a text in it has half a character (a surrogate)", _AGAIN) from error
    except RecursionError as error:
        raise refusal(file, "its JSON is nested too deeply", _AGAIN) from error
    except json.JSONDecodeError as error:
        why = f"its JSON cannot be read from line {error.lineno}: {error.msg}"
        raise refusal(file, f"{why}; warnings of the host may be mixed in", _AGAIN) from error
    except ValueError as error:
        raise refusal(file, f"its JSON cannot be read: {error}", _AGAIN) from error
    return value


def _chosen(file: str, value: Any) -> Any:
    """Return the one plugin that ``value``, an object or a list of objects, is asked about."""
    plugins = value if isinstance(value, list) else [value]
    names = [str(each.get("name")) if isinstance(each, dict) else "?" for each in plugins]
    if len(plugins) == 1:
        return plugins[0]
    listed = shorten(", ".join(names), 400) or "none"
    raise refusal(
        file,
        f"it describes {len(plugins)} plugins instead of one: {listed}",
        "keep one entry of it, or use: stigmem plugins describe NAME --json",
    )


def _check_shape(file: str, plugin: Any) -> None:
    if not isinstance(plugin, dict):
        raise refusal(file, "it holds no JSON object that describes a plugin", _AGAIN)
    for key, kind in (_REQUIRED | _OPTIONAL).items():
        value = plugin.get(key)
        if key in _OPTIONAL and value is None:
            continue
        if key not in plugin:
            raise refusal(file, f"it does not say {key}", _AGAIN)
        if not isinstance(value, kind) or not _texts(value) or value == "":
            raise refusal(file, f"its {key} is not {_KINDS[kind]}", _AGAIN)


def _texts(value: Mapping[str, Any] | list[Any] | str) -> bool:
    return not isinstance(value, list) or all(isinstance(item, str) for item in value)
