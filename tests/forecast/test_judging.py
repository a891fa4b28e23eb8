"""What one plugin's ``config_validate`` says of the plugins that the node registers after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review.forecast import Outcome
from stigmem_review.model import HOLE
from support.foreseen import forecast
from support.plugins import write_wheel

GUARD = """\
from stigmem_node.plugins import Allow, Deny, PluginManifest, RejectError

OURS = ("acme-guard", "acme-other")

def check(ctx, plugin):
{body}

def manifest():
    return PluginManifest(name="acme-guard", version="1.0.0", hooks={{"config_validate": check}})
"""
NOTES = """\
from stigmem_node.plugins import PluginManifest

def manifest():
    return PluginManifest(
        name="acme-notes", version="1.0.0", capabilities={"network.outbound"},
    )
"""


def end(folder: Path, body: str, notes: str = NOTES) -> Outcome:
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    wheels = [
        write_wheel(
            folder,
            {f"{name}.py": text},
            name=name.replace("_", "-"),
            entry_points=f"[stigmem.plugins]\n{name} = {name}:manifest\n",
        )
        for name, text in (("acme_guard", GUARD.format(body=indented)), ("acme_notes", notes))
    ]
    return forecast(*wheels).usual


@pytest.mark.parametrize(
    "body",
    [
        "return Deny('no') if 'network.outbound' in plugin.capabilities else Allow()",
        "return Allow() if plugin.name in OURS else Deny('no')",
        "return Allow() if plugin.name.endswith('guard') else Deny('no')",
        "return Allow() if plugin.name == ctx.plugin_name else Deny('no')",
        "if plugin.name != 'acme-guard':\n    raise RejectError('no')\nreturn Allow()",
        "return Allow() if plugin.hooks and len(plugin.name) > 3 else Deny('no')",
    ],
)
def test_what_it_denies_is_refused(tmp_path: Path, body: str) -> None:
    found = end(tmp_path, body)
    assert (found.kind, found.refusal, found.exception) == (
        "refused",
        "CFG-OTHER-DENY",
        "ManifestError",
    )
    assert found.plugin == "acme-notes"
    assert found.says("plugin 'acme-notes' failed config validation: no")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return Deny('only me')", "only me"),
        ("raise RejectError('only me')", "only me"),
        ("return Deny(f'not {plugin.name}')", HOLE),
        ("return Deny('one') if plugin.name == 'acme-notes' else Deny('two')", HOLE),
    ],
)
def test_the_reason_is_said_where_there_is_only_one(tmp_path: Path, body: str, reason: str) -> None:
    found = end(tmp_path, f"if plugin.name == ctx.plugin_name:\n    return Allow()\n{body}")
    assert found.message == f"plugin 'acme-notes' failed config validation: {reason}"


@pytest.mark.parametrize(
    "body",
    [
        "return Allow()",
        "return Deny('no') if plugin.name == 'acme-else' else Allow()",
        "return Deny('no') if 'facts.write' in plugin.capabilities else Allow()",
        "return Allow() if plugin.name.startswith('acme-') else Deny('no')",
    ],
)
def test_what_it_allows_registers(tmp_path: Path, body: str) -> None:
    assert end(tmp_path, body).kind == "registers"


@pytest.mark.parametrize(
    ("body", "refusal", "printed"),
    [
        (
            "raise ValueError('bad')",
            "CFG-OTHER-RAISE",
            "handler 'acme-guard.check' failed for hook 'config_validate': bad",
        ),
        (
            "return None",
            "CFG-OTHER-RESULT",
            "handler 'acme-guard.check' returned None; expected VotingDecision",
        ),
        (
            "return True",
            "CFG-OTHER-RESULT",
            "handler 'acme-guard.check' returned bool; expected Allow or Deny",
        ),
    ],
)
def test_what_it_cannot_judge_stops_the_node(
    tmp_path: Path, body: str, refusal: str, printed: str
) -> None:
    found = end(tmp_path, f"if plugin.name == ctx.plugin_name:\n    return Allow()\n{body}")
    assert (found.refusal, found.exception) == (refusal, "PluginExecutionError")
    assert found.says(printed)


def test_what_hangs_on_something_unknown_cannot_be_told(tmp_path: Path) -> None:
    computed = NOTES.replace('"1.0.0"', "__import__('time').ctime()")
    body = "return Deny('no') if plugin.version == '2.0.0' else Allow()"
    assert end(tmp_path, body, computed).kind == "untold"


@pytest.mark.parametrize(
    "asked",
    ["plugin.name.union({'x'})", "plugin.capabilities.startswith('x')", "plugin.name < 5"],
)
def test_what_raises_where_it_is_asked_does_not_register(tmp_path: Path, asked: str) -> None:
    assert end(tmp_path, f"return Deny('no') if {asked} else Allow()").kind != "registers"
