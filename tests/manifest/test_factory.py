"""From what a program gives to a manifest: certainty, places, and what the node refuses."""

from __future__ import annotations

import pytest

from stigmem_review.manifest.factory import Reading
from stigmem_review.model import Hook, Known, Location, Manifest, OneOf, Problem, Unknown
from support.real_node import read

HEAD = "import os\nfrom stigmem_node.plugins import Capability, HookName, PluginManifest\n"
CALL = 'return PluginManifest(name="demo-plugin", version="1.0.0", '


def reading(source: str) -> Reading:
    return read({"demo.py": HEAD + source}, "demo:plugin_manifest")


def manifest(source: str) -> Manifest:
    found = reading(source).manifest
    assert isinstance(found, Manifest), found
    return found


def line(number: int) -> Location:
    """Return a place, counted from the first line below the imports."""
    return Location("demo.py", number + 2)


WRITTEN = """\
NAME = "demo-plugin"
CAPS = {
    "facts.read",
    Capability.RECALL_READ,
}
CAPS.add("audit.emit")
def audit(ctx, **_): ...
class Handlers:
    def keep(self, ctx, value, **_): ...
HOOKS = {
    "post_assert_audit": audit,
    HookName.RECALL_FILTER: Handlers().keep,
}
def plugin_manifest():
    return PluginManifest(
        name=NAME,
        version="1.0" + ".0",
        capabilities=frozenset(CAPS),
        hooks=HOOKS,
        health_check=audit,
        depends_on={"other-plugin"},
    )
"""


def test_every_value_has_the_place_where_it_is_written() -> None:
    found = manifest(WRITTEN)
    assert found.name == Known("demo-plugin", line(1))
    assert found.version == Known("1.0.0", line(17))
    assert found.capabilities == Known(
        ("audit.emit", "facts.read", "recall.read"), line(18), each=(line(6), line(3), line(4))
    )
    audit = Hook("post_assert_audit", Known("demo:audit", line(7)), line(11))
    keep = Hook("recall_filter", Known("demo:Handlers.keep", line(9)), line(12), bound=True)
    assert found.hooks == Known((audit, keep), line(10))
    assert found.health_check == Known("demo:audit", line(7))
    assert found.depends_on == Known(("other-plugin",), line(21), each=(line(21),))
    assert found.routes == Known((), default=True)


def test_what_the_environment_decides_is_one_of_what_it_can_be() -> None:
    found = manifest(
        "CAPS = {'facts.read'}\nif os.environ.get('ACME_AUDIT') == '1':\n"
        f"    CAPS.add('audit.emit')\ndef plugin_manifest():\n    {CALL}capabilities=CAPS)\n"
    )
    assert isinstance(found.capabilities, OneOf)
    assert {each.value: each.conditions for each in found.capabilities.outcomes} == {
        ("facts.read",): ("ACME_AUDIT is not '1'",),
        ("audit.emit", "facts.read"): ("ACME_AUDIT is '1'",),
    }
    assert found.name == Known("demo-plugin", line(5))


def test_a_handler_that_is_an_object_is_what_it_does_when_it_is_called() -> None:
    found = manifest(
        "class Base:\n    def __call__(self, ctx, **_): ...\nclass Gate(Base): ...\n"
        f"def plugin_manifest():\n    {CALL}hooks={{'post_assert_audit': Gate()}})\n"
    )
    gate = Hook("post_assert_audit", Known("demo:Base.__call__", line(5)), line(5), bound=True)
    assert found.hooks == Known((gate,), line(5))


def test_an_object_that_nothing_calls_is_no_handler() -> None:
    found = reading(
        "class Gate: ...\ndef plugin_manifest():\n"
        f"    {CALL}hooks={{'post_assert_audit': Gate()}})\n"
    )
    assert [each.kind for each in found.problems] == ["field-refused"]


def test_a_handler_that_is_one_of_two_is_so_by_itself() -> None:
    found = manifest(
        "def one(ctx, **_): ...\ndef two(ctx, **_): ...\ndef plugin_manifest():\n"
        f"    {CALL}hooks={{'post_assert_audit': one if 'ACME' in os.environ else two}})\n"
    )
    assert isinstance(found.hooks, Known)
    [hook] = found.hooks.value
    assert isinstance(hook.target, OneOf)
    assert {each.value: each.conditions for each in hook.target.outcomes} == {
        "demo:one": ("ACME is set",),
        "demo:two": ("ACME is not set",),
    }


def test_conditions_of_the_same_words_do_not_exclude_each_other() -> None:
    found = manifest(
        "import acme\ndef plugin_manifest():\n    caps = []\n"
        "    if acme.one():\n        caps.append('facts.read')\n"
        "    if acme.two():\n        caps.append('audit.emit')\n"
        f"    {CALL}capabilities=caps)\n"
    )
    assert isinstance(found.capabilities, OneOf)
    assert {each.value for each in found.capabilities.outcomes} == {
        *((), ("facts.read",), ("audit.emit",), ("audit.emit", "facts.read"))
    }


def test_what_only_the_node_has_is_named() -> None:
    found = manifest(
        "WORDS = os.environ['ACME_WORDS'].split()\ndef plugin_manifest():\n"
        f"    {CALL}capabilities=frozenset(['facts.read', *WORDS]))\n"
    )
    why = "it depends on ACME_WORDS in the environment of the node's process"
    assert found.capabilities == Unknown(why, line(1))


@pytest.mark.parametrize(
    ("source", "why", "place"),
    [
        (
            "def plugin_manifest():\n    raise RuntimeError('no licence')\n",
            "the factory always raises RuntimeError: no licence",
            2,
        ),
        (
            "TOKEN = {}['token']\ndef plugin_manifest(): ...\n",
            "importing the module always raises KeyError: token",
            1,
        ),
        (
            f"def plugin_manifest():\n    {CALL}**{{'name': 'other'}})\n",
            "the factory always raises TypeError: got multiple values for keyword argument 'name'",
            2,
        ),
    ],
)
def test_a_factory_that_always_raises_says_what_and_where(
    source: str, why: str, place: int
) -> None:
    assert reading(source).manifest == Unknown(why, line(place))


REFUSED: dict[str, tuple[str, str, str]] = {
    "a number": ("version=1", "version", "it is 1, and the node wants text"),
    "a text": (
        *("capabilities='facts.read'", "capabilities"),
        "it is 'facts.read', and the node wants a set of names",
    ),
    "a list": (
        *("hooks=[]", "hooks"),
        "it is a list, and the node wants a dict of handlers by hook name",
    ),
    "two": ("async_safe=2", "async_safe", "it is 2, and the node wants true or false"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_field_costs_only_itself(case: str) -> None:
    given, field, why = REFUSED[case]
    version = "" if field == "version" else "version='1.0.0', "
    found = reading(
        f"def plugin_manifest():\n    return PluginManifest(name='demo-plugin', {version}{given})\n"
    )
    assert found.problems == (Problem("field-refused", field, why, line(2)),)
    assert isinstance(found.manifest, Manifest)
    unread = [
        name
        for name in Manifest.__struct_fields__
        if not isinstance(getattr(found.manifest, name), Known)
    ]
    assert unread == [field]


def test_a_manifest_with_a_name_that_is_refused_is_read_as_it_is_written() -> None:
    found = reading(
        "def plugin_manifest():\n    return PluginManifest(name='Demo', version='1',\n"
        "        capabilities={'facts.raed'}, bogus=1)\n"
    )
    assert isinstance(found.manifest, Manifest)
    assert found.manifest.name == Known("Demo", line(2))
    assert found.manifest.capabilities == Known(("facts.raed",), line(3), each=(line(3),))
    assert found.problems == (Problem("keyword-unknown", "bogus", "", line(3)),)


def test_what_is_refused_in_some_environment_says_in_which() -> None:
    found = reading(
        "def plugin_manifest():\n    caps = set()\n    if 'ACME_ALL' in os.environ:\n"
        f"        caps.add('everything')\n    {CALL}capabilities=caps)\n"
    )
    assert isinstance(found.manifest, Manifest)
    assert found.manifest.capabilities == Known((), line(2))
    [problem] = found.problems
    assert (problem.kind, problem.item) == ("field-refused", "capabilities")
    assert problem.why == (
        "it has 'everything', which is no capability of the node, if ACME_ALL is set"
    )


def test_what_a_model_checks_costs_the_field_and_not_its_class() -> None:
    found = manifest(
        "from pydantic import BaseModel, Field\nclass Config(BaseModel):\n"
        "    ttl: int = Field(default=60, ge=1)\n    wide: bool = False\n"
        "def plugin_manifest():\n    config = Config(wide=True)\n"
        f"    {CALL}config_schema=Config, async_safe=config.wide)\n"
    )
    assert found.config_schema == Known("demo:Config", line(2))
    assert found.async_safe == Known(True, line(6))


def test_a_copy_has_the_place_of_what_is_put_into_it() -> None:
    found = manifest(
        "def plugin_manifest():\n"
        "    basis = PluginManifest(name='demo-plugin', version='1.0.0')\n"
        "    return basis.model_copy(update={\n        'capabilities': {'facts.read'}})\n"
    )
    assert found.name == Known("demo-plugin", line(2))
    assert found.capabilities == Known(("facts.read",), line(4), each=(line(4),))


@pytest.mark.parametrize("value", ["1", "'a text'", "[]", "{}", "(1,)"])
def test_an_entry_point_that_names_no_function_is_no_factory(value: str) -> None:
    [problem] = reading(f"plugin_manifest = {value}\n").problems
    assert (problem.kind, problem.why) == (
        "target-not-factory",
        "the entry point does not name a function",
    )
