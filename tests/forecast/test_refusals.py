"""What stops a node on one plugin, with the class and the words that the node prints."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stigmem_review.forecast import Outcome
from support.foreseen import forecast
from support.plugins import write_wheel

HEAD = """\
from stigmem_node.plugins import Allow, Deny, Migration, PluginManifest, RejectError

{code}

def manifest():
    return PluginManifest(name="alpha", version="1.0.0", {more})
"""
LOAD = "failed to load plugin entry point 'alpha': "
FACTORY = "plugin entry point 'alpha' failed while creating PluginManifest: "
VISIT = "\n    For further information visit https://errors.pydantic.dev/2.14/v/"


def ends(folder: Path, code: str = "", more: str = "", entry: str = "alpha:manifest") -> Outcome:
    made = write_wheel(
        folder,
        {"alpha/__init__.py": HEAD.format(code=code, more=more), "alpha/data.txt": "data"},
        name="alpha",
        entry_points=f"[stigmem.plugins]\nalpha = {entry}\n",
    )
    return forecast(made).usual


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        ("import nowhere.deep", "No module named 'nowhere'"),
        ("import stigmem_node.nothing", "No module named 'stigmem_node.nothing'"),
        (
            "from stigmem_node.plugins import Nothing",
            "cannot import name 'Nothing' from 'stigmem_node.plugins' (/x/__init__.py)",
        ),
        ("nothing", "name 'nothing' is not defined"),
        ("1 / 0", "division by zero"),
        ("{}['key']", "'key'"),
        ("int('x')", "invalid literal for int() with base 10: 'x'"),
        ("raise ValueError", ""),
        ("raise Exception('a', 'b')", "('a', 'b')"),
        ("import os\nos.environ['ALPHA_KEY']", "'ALPHA_KEY'"),
        ("return 1", "'return' outside function (__init__.py, line 3)"),
        ("def f(:", "invalid syntax (__init__.py, line 3)"),
    ],
)
def test_importing_says_what_python_says(tmp_path: Path, code: str, printed: str) -> None:
    end = ends(tmp_path, code)
    assert (end.kind, end.refusal, end.exception) == (
        "refused",
        "DISC-LOAD",
        "PluginDiscoveryError",
    )
    assert end.says(LOAD + printed), end.message


def test_newer_syntax_is_not_told_where_the_release_is_for_another_python(tmp_path: Path) -> None:
    later = f">={sys.version_info.major}.{sys.version_info.minor + 1}"
    made = write_wheel(
        tmp_path,
        {"alpha.py": "def f(:\n"},
        name="alpha",
        entry_points="[stigmem.plugins]\nalpha = alpha:manifest\n",
        headers=f"Requires-Python: {later}\n",
    )
    assert forecast(made).usual.kind == "untold"


@pytest.mark.parametrize(
    ("entry", "refusal", "printed"),
    [
        ("alpha", "DISC-NOTCALLABLE", "loaded module; expected a callable"),
        ("alpha:NUMBER", "DISC-NOTCALLABLE", "loaded int; expected a callable"),
        ("alpha:gone", "DISC-LOAD", "module 'alpha' has no attribute 'gone'"),
        ("alpha:none", "DISC-TYPE", "returned NoneType; expected PluginManifest"),
        ("alpha:later", "DISC-TYPE", "returned coroutine; expected PluginManifest"),
        ("alpha manifest", "DISC-LOAD", "failed to load"),
    ],
)
def test_what_an_entry_point_names_has_to_give_a_manifest(
    tmp_path: Path, entry: str, refusal: str, printed: str
) -> None:
    code = "NUMBER = 5\ndef none(): pass\nasync def later(): pass"
    end = ends(tmp_path, code, entry=entry)
    assert (end.kind, end.refusal) == ("refused", refusal)
    assert printed in end.message


@pytest.mark.parametrize(
    ("more", "printed"),
    [
        (
            "capabilities=['b.x', 'facts.read']",
            "1 validation error for PluginManifest\ncapabilities\n  Value error, unknown plugin "
            "capabilities: b.x [type=value_error, input_value=['b.x', 'facts.read'], "
            f"input_type=list]{VISIT}value_error",
        ),
        (
            "hooks={'nothing': None}, async_safe='maybe'",
            "2 validation errors for PluginManifest\nasync_safe\n  Input should be a valid "
            "boolean, unable to interpret input [type=bool_parsing, input_value='maybe', "
            f"input_type=str]{VISIT}bool_parsing\nhooks.nothing\n  Input should be callable "
            f"[type=callable_type, input_value=None, input_type=NoneType]{VISIT}callable_type",
        ),
        (
            "depends_on=['alpha']",
            "1 validation error for PluginManifest\n  Value error, plugin cannot depend on itself "
            "[type=value_error, input_value={'name': 'alpha'}, input_type=dict]"
            f"{VISIT}value_error",
        ),
        (
            "requires_stigmem='>=0.9' + 'x' * 60, config_schema=5",
            "1 validation error for PluginManifest\nconfig_schema\n  Input should be a subclass of "
            f"BaseModel [type=is_subclass_of, input_value=5, input_type=int]{VISIT}is_subclass_of",
        ),
    ],
)
def test_what_the_manifest_refuses_is_printed_as_pydantic_does(
    tmp_path: Path, more: str, printed: str
) -> None:
    end = ends(tmp_path, more=more)
    assert (end.refusal, end.exception) == ("DISC-FACTORY", "PluginDiscoveryError")
    assert end.says(FACTORY + printed), end.message


@pytest.mark.parametrize(
    ("hook", "handler", "wanted"),
    [
        ("recall_filter", "lambda ctx: ctx", 2),
        ("post_assert_audit", "lambda: None", 1),
        ("recall_filter", "lambda ctx, value: value", 0),
        ("recall_filter", "lambda *args: args", 0),
        ("post_assert_audit", "len", 0),
        ("post_assert_audit", "Allow", 1),
        ("post_assert_audit", "Called()", 0),
        ("post_assert_audit", "wrapped", 0),
        ("pre_assert_authorize", "asked", 0),
    ],
)
def test_handlers_have_to_take_what_is_passed_by_position(
    tmp_path: Path, hook: str, handler: str, wanted: int
) -> None:
    code = """
import functools
class Called:
    def __call__(self, ctx, **_): pass
def inner(ctx, **_): pass
@functools.wraps(inner)
def wrapped(): pass
async def asked(ctx, **_): pass
"""
    end = ends(tmp_path, code, f"hooks={{{hook!r}: {handler}}}")
    if not wanted:
        assert end.kind == "registers"
        return
    assert (end.refusal, end.exception) == ("SIGN-ARITY", "ManifestError")
    assert end.message == (
        f"handler for hook {hook!r} on plugin 'alpha' must accept at least {wanted} positional "
        f"argument{'s' if wanted > 1 else ''}"
    )


@pytest.mark.parametrize(
    ("seconds", "exception", "printed"),
    [
        ("0", "ValueError", "handler timeout must be positive"),
        ("31", "ValueError", "handler timeout cannot exceed 30 seconds"),
        ("'x'", "ValueError", "could not convert string to float: 'x'"),
        ("[]", "TypeError", "float() argument must be a string or a real number, not 'list'"),
        ("30", "", ""),
        ("None", "", ""),
    ],
)
def test_the_time_that_a_handler_may_take_is_limited(
    tmp_path: Path, seconds: str, exception: str, printed: str
) -> None:
    code = f"def audit(ctx, **_): pass\naudit.__plugin_timeout__ = {seconds}"
    end = ends(tmp_path, code, "hooks={'post_assert_audit': audit}")
    assert (end.exception, end.message) == (exception, printed)


@pytest.mark.parametrize(
    ("body", "refusal", "printed"),
    [
        ("return Allow()", None, ""),
        ("return Deny('not here')", "CFG-OWN-DENY", "failed config validation: not here"),
        ("raise RejectError('no')", "CFG-OWN-RAISE", "config validator failed: no"),
        ("return True", "CFG-OWN-RESULT", "returned bool; expected Allow or Deny"),
        ("pass", "CFG-OWN-RESULT", "returned NoneType; expected Allow or Deny"),
        ("return Deny(plugin.version)", "CFG-OWN-DENY", "failed config validation: 1.0.0"),
        ("return Allow() if ctx.plugin_name == 'alpha' else Deny('x')", None, ""),
        (
            "ctx.get_facts_reader(); return Allow()",
            "CFG-OWN-RAISE",
            "cannot call get_facts_reader: capability 'facts.read' not declared",
        ),
    ],
)
def test_a_plugin_can_refuse_itself(
    tmp_path: Path, body: str, refusal: str | None, printed: str
) -> None:
    code = f"def check(ctx, plugin): {body}"
    end = ends(tmp_path, code, "hooks={'config_validate': check}")
    assert end.refusal == refusal
    assert end.message.endswith(printed)


def test_what_a_validator_asks_of_the_environment_is_its_condition(tmp_path: Path) -> None:
    code = (
        "import os\n"
        "def check(ctx, plugin):\n"
        "    return Deny('strict') if os.environ.get('ALPHA_STRICT') else Allow()"
    )
    made = write_wheel(
        tmp_path,
        {"alpha.py": HEAD.format(code=code, more="hooks={'config_validate': check}")},
        name="alpha",
        entry_points="[stigmem.plugins]\nalpha = alpha:manifest\n",
    )
    found = forecast(made)
    assert [(each.kind, each.conditions) for each in found.outcomes] == [
        ("refused", ("ALPHA_STRICT is set and not empty",)),
        ("registers", ()),
    ]
    assert found.usual.kind == "registers"


@pytest.mark.parametrize(
    ("routes", "refusal"),
    [("['text']", "ROUTE-TYPE"), ("[bare]", "ROUTE-EMPTY"), ("[fine]", None), ("[]", None)],
)
def test_routes_have_to_be_routers_with_paths(
    tmp_path: Path, routes: str, refusal: str | None
) -> None:
    code = """
from fastapi import APIRouter
bare, fine = APIRouter(), APIRouter(prefix="/alpha")
@bare.get("")
@fine.get("")
def get(): return {}
"""
    end = ends(tmp_path, code, f"routes={routes}")
    assert end.refusal == refusal
    if refusal == "ROUTE-EMPTY":
        assert end.message == "Prefix and path cannot be both empty (path operation: get)"


@pytest.mark.parametrize(
    ("body", "refusal", "printed"),
    [
        ("return migrations", None, ""),
        ("raise ValueError('no')", "MIG-RAISE", "failed for hook 'migration_register': no"),
        ("pass", "MIG-NONE", "returned None for filter-chain hook 'migration_register'"),
        ("return 5", "MIG-SHAPE", "'int' object is not iterable"),
    ],
)
def test_what_gives_migrations_has_to_give_them(
    tmp_path: Path, body: str, refusal: str | None, printed: str
) -> None:
    code = f"def migrate(ctx, migrations, **_): {body}"
    end = ends(tmp_path, code, "hooks={'migration_register': migrate}")
    assert end.refusal == refusal
    assert end.message.endswith(printed)


def test_what_another_plugin_installs_is_there(tmp_path: Path) -> None:
    def made(name: str, before: str) -> Path:
        code = before
        return write_wheel(
            tmp_path,
            {f"{name}.py": HEAD.format(code=code, more="").replace("alpha", name)},
            name=name,
            entry_points=f"[stigmem.plugins]\n{name} = {name}:manifest\n",
        )

    one, two = made("alpha", "import betas"), made("betas", "")
    assert forecast(one).usual.message == LOAD + "No module named 'betas'"
    assert forecast(one, two).usual.kind == "registers"


def test_a_validator_that_denies_all_denies_the_next(tmp_path: Path) -> None:
    def made(name: str, code: str, more: str) -> Path:
        return write_wheel(
            tmp_path,
            {f"{name}.py": HEAD.format(code=code, more=more).replace("alpha", name)},
            name=name,
            entry_points=f"[stigmem.plugins]\n{name} = {name}:manifest\n",
        )

    check = "def check(ctx, plugin): return {}"
    hooks = "hooks={'config_validate': check}"
    last = made("zebra", "", "")
    assert forecast(made("alpha", check.format("Allow()"), hooks), last).usual.kind == "registers"
    guard = made("guard", check.format("Allow() if ctx is None else Deny('none')"), hooks)
    assert forecast(guard, last).usual.message == ("plugin 'guard' failed config validation: none")
