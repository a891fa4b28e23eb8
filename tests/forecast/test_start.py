"""What a node does with several plugins while it starts, and in which order it stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import host
from stigmem_review.forecast import NodeForecast, NodeSettings, Outcome
from support.foreseen import ACCEPTING, forecast
from support.plugins import write_wheel

MODULE = """\
from stigmem_node.plugins import PluginManifest

{before}

def plugin_manifest():
    return PluginManifest(name={name!r}, version="1.0.0", {more})
"""


def wheel(
    folder: Path, name: str, more: str = "", before: str = "", entry: str | None = None
) -> Path:
    module = name.replace("-", "_")
    return write_wheel(
        folder,
        {f"{module}.py": MODULE.format(name=name, more=more, before=before)},
        name=name,
        entry_points=f"[stigmem.plugins]\n{entry or name} = {module}:plugin_manifest\n",
    )


def said(found: NodeForecast) -> tuple[str, str | None, str, str]:
    end = found.usual
    return end.kind, end.refusal, end.exception, end.message


def test_a_plain_plugin_registers_on_every_release(tmp_path: Path) -> None:
    plain = wheel(tmp_path, "alpha")
    for version in host.versions():
        found = forecast(plain, version=version)
        assert found.node == version
        assert [each.usual.kind for each in found.plugins] == ["registers"]
        assert found.outcomes == (Outcome("registers"),)


def test_what_raises_at_import_stops_the_node_with_its_words(tmp_path: Path) -> None:
    assert said(forecast(wheel(tmp_path, "alpha", before='raise RuntimeError("boom")'))) == (
        "refused",
        "DISC-LOAD",
        "PluginDiscoveryError",
        "failed to load plugin entry point 'alpha': boom",
    )


def test_a_variable_that_is_not_set_stops_the_node_as_it_is_usually_run(tmp_path: Path) -> None:
    before = 'import os\n\ndef limit():\n    return int(os.environ["ALPHA_LIMIT"])\n'
    found = forecast(wheel(tmp_path, "alpha", "requires_stigmem='' * limit()", before))
    end = found.usual
    assert (end.kind, end.refusal) == ("refused", "DISC-FACTORY")
    assert end.conditions == ("ALPHA_LIMIT is not set",)
    assert not end.ends
    assert found.outcomes[-1].kind == "registers"


def test_what_exits_is_not_caught(tmp_path: Path) -> None:
    found = forecast(wheel(tmp_path, "alpha", before="raise SystemExit(3)"))
    assert said(found) == ("refused", "DISC-BASEEXC", "SystemExit", "3")


def test_one_name_from_two_entry_points_is_refused(tmp_path: Path) -> None:
    one = wheel(tmp_path / "1", "alpha", entry="first")
    two = wheel(tmp_path / "2", "alpha", entry="second")
    assert said(forecast(two, one)) == (
        "refused",
        "DISC-DUP",
        "PluginDiscoveryError",
        "duplicate plugin name 'alpha' discovered from entry points 'first' and 'second'",
    )


def test_missing_dependencies_are_all_named(tmp_path: Path) -> None:
    one = wheel(tmp_path, "alpha", "depends_on={'gamma', 'delta'}")
    two = wheel(tmp_path, "beta", "depends_on={'zeta', 'alpha'}")
    assert said(forecast(one, two)) == (
        "refused",
        "DEP-MISSING",
        "PluginDependencyError",
        "missing plugin dependencies: alpha missing delta, gamma; beta missing zeta",
    )


def test_a_cycle_is_said_as_the_node_walks_it(tmp_path: Path) -> None:
    one = wheel(tmp_path, "alpha", "depends_on={'beta'}")
    two = wheel(tmp_path, "beta", "depends_on={'gamma'}")
    three = wheel(tmp_path, "gamma", "depends_on={'beta'}")
    assert said(forecast(three, two, one)) == (
        "refused",
        "DEP-CYCLE",
        "PluginDependencyError",
        "plugin dependency cycle detected: beta -> gamma -> beta",
    )


def test_plugins_load_behind_what_they_depend_on(tmp_path: Path) -> None:
    one = wheel(tmp_path, "alpha", "depends_on={'gamma'}")
    two = wheel(tmp_path, "beta")
    three = wheel(tmp_path, "gamma")
    found = forecast(one, two, three)
    assert [each.plugin for each in found.plugins] == ["gamma", "alpha", "beta"]


@pytest.mark.parametrize(
    ("wanted", "refusal", "words"),
    [
        (">=0.9.0", "REQ-UNMET", "requires stigmem '>=0.9.0', but current version is"),
        ("~=0.9.0a1", None, ""),
        ("", None, ""),
        ("^0.9", "REQ-INVALID", "invalid requires_stigmem '^0.9': Invalid specifier: '^0.9'"),
    ],
)
def test_the_range_that_is_asked_for_decides(
    tmp_path: Path, wanted: str, refusal: str | None, words: str
) -> None:
    found = forecast(wheel(tmp_path, "alpha", f"requires_stigmem={wanted!r}"))
    assert found.usual.refusal == refusal
    assert words in found.usual.message


def test_what_graduated_is_ignored_and_missing_to_what_needs_it(tmp_path: Path) -> None:
    newest = host.node()
    [gone, *_] = sorted(newest.graduated)
    one = wheel(tmp_path, gone)
    [found] = forecast(one).plugins
    assert found.usual.kind == "ignored"
    before = [each for each in host.versions() if gone not in host.node(each).graduated]
    assert forecast(one, version=before[-1]).usual.kind == "registers"
    two = wheel(tmp_path, "beta", f"depends_on={{{gone!r}}}")
    assert said(forecast(one, two))[3] == f"missing plugin dependencies: beta missing {gone}"


def test_what_graduated_is_refused_all_the_same_where_it_cannot_be_loaded(tmp_path: Path) -> None:
    [gone, *_] = sorted(host.node().graduated)
    assert forecast(wheel(tmp_path, gone, before="1 / 0")).usual.refusal == "DISC-LOAD"


def test_the_first_refusal_wins_and_the_rest_is_not_reached(tmp_path: Path) -> None:
    one = wheel(tmp_path, "alpha", "requires_stigmem='<0.1'")
    two = wheel(tmp_path, "beta", "requires_stigmem='<0.2'")
    found = forecast(two, one)
    assert [(each.plugin, each.reached) for each in found.plugins] == [
        ("alpha", True),
        ("beta", False),
    ]
    assert len(found.outcomes) == 1
    # What cannot be loaded goes before it, whatever its name.
    three = wheel(tmp_path, "gamma", before="import gamma.nothing")
    assert forecast(two, one, three).usual.plugin == "gamma"


def test_signing_is_a_condition_where_nobody_speaks_of_it(tmp_path: Path) -> None:
    one = wheel(tmp_path, "alpha")
    found = forecast(one, settings=NodeSettings())
    assert found.assumes_unsigned
    assert found.usual.kind == "registers"
    assert not forecast(one, settings=ACCEPTING).assumes_unsigned
    assert said(forecast(one, settings=NodeSettings("required"))) == (
        "refused",
        "SIG-UNSIGNED",
        "PluginSignatureError",
        "plugin 'alpha' is unsigned; production plugin registration requires Sigstore verification",
    )
    assert said(forecast(one, settings=NodeSettings("unacknowledged")))[1:3] == (
        "SIG-ACK",
        "RuntimeError",
    )


def test_a_node_that_looks_for_no_plugins_stops_for_none(tmp_path: Path) -> None:
    broken = wheel(tmp_path, "alpha", before="1 / 0")
    found = forecast(broken, settings=NodeSettings("required", discovery=False))
    assert found.outcomes == (Outcome("registers"),)
    assert found.plugins == ()
    older = [each for each in host.versions() if not host.node(each).can_be_told_to_find_none]
    found = forecast(broken, version=older[-1], settings=NodeSettings("off", discovery=False))
    assert found.usual.refusal == "DISC-LOAD"


def test_a_message_with_holes_is_held_against_what_is_printed() -> None:
    told = Outcome("refused", message="failed: … at … now")
    assert told.says("failed: boom at 3 now")
    assert not told.says("failed: boom now")
    assert not told.says("it failed: boom at 3 now")
    assert not told.says("failed: boom at 3 now and then")
    assert Outcome("refused", message="boom").says("boom")
    assert not Outcome("refused", message="boom").says("boom!")


@pytest.mark.parametrize(
    ("gives", "kind"),
    [
        ("[made('beta', 'CREATE TABLE beta (x)')]", "registers"),
        ("[]", "registers"),
        ("[*migrations]", "refused"),
        ("migrations", "refused"),
        ("migrations or []", "refused"),
        ("list(migrations) + []", "refused"),
        ("[each for each in migrations]", "refused"),
    ],
)
def test_migrations_that_a_later_handler_drops_are_not_run(
    gives: str, kind: str, tmp_path: Path
) -> None:
    before = (
        "from stigmem_node.plugins import Migration\ndef made(name, sql):\n    return Migration("
        "plugin_name=name, migration_id=1, description='', sql=sql)\n"
        "def add(ctx, migrations, **more):\n"
    )
    broken = "[*migrations, made('alpha', 'CREATE TABEL alpha')]"
    hooks = "hooks={'migration_register': add}"
    first = wheel(tmp_path, "alpha", hooks, f"{before}    return {broken}")
    found = forecast(first, wheel(tmp_path, "beta", hooks, f"{before}    return {gives}"))
    assert found.usual.kind == kind
    # What is only asked at times drops nothing for sure.
    rarely = "hooks={'migration_register': add} if os.environ.get('DROP') else {}"
    second = wheel(tmp_path, "beta", rarely, f"import os\n{before}    return {gives}")
    assert forecast(first, second).usual.kind == "refused"
    # Who drops them first has nothing to drop.
    first = wheel(
        tmp_path, "gamma", hooks, f"{before}    return {broken.replace('alpha', 'gamma')}"
    )
    found = forecast(wheel(tmp_path, "beta", hooks, f"{before}    return {gives}"), first)
    assert found.usual.kind == "refused"
