"""What handlers decide and when, in the same words for code that decides the same."""

from __future__ import annotations

import pytest

from stigmem_review.host import node
from stigmem_review.interpret.deciding import Changes, Told, decisions
from stigmem_review.interpret.deciding.terms import LONG
from stigmem_review.interpret.program import Programs
from stigmem_review.interpret.registered import handlers
from support.plugins import plugin

GATE = "pre_recall_authorize"
TOP = """\
from __future__ import annotations
import dataclasses
import functools
import os
import random
from stigmem_node.plugins import Allow, Deny, RejectError
BLOCKED = frozenset({"a", "b"})
"""


def told(code: str, hook: str = GATE) -> Told | None:
    files = plugin(hooks={hook: "gate"}, handlers=f"{TOP}{code}\n")
    data = {path: text.encode() for path, text in files.items()}
    program = Programs().get("demo_plugin:plugin_manifest", data, {}, node())
    [(_, handler)] = handlers(program)
    assert program.lost is None
    return decisions(Changes(program.machine), handler, rewrites=hook != GATE)


def test_where_it_is_too_much_to_tell_anything_may_be_changed() -> None:
    code = (
        "CLOSED = ['a']\ndef gate(ctx, entity=None, **_):\n    if entity in CLOSED: return Deny()\n"
    )
    files = plugin(hooks={GATE: "gate"}, handlers=f"{TOP}{code}")
    data = {path: text.encode() for path, text in files.items()}
    program = Programs().get("demo_plugin:plugin_manifest", data, {}, node())
    [(_, handler)] = handlers(program)
    for steps, is_changed in ((0, False), (10**9, True)):
        changes = Changes(program.machine)
        changes.steps = steps
        found = decisions(changes, handler, rewrites=False)
        assert found is not None
        assert all(("as changed" in each.when[0][0]) == is_changed for each in found.ways)


def ways(code: str, hook: str = GATE) -> set[tuple[str, tuple[tuple[str, bool], ...]]]:
    found = told(code, hook)
    assert found is not None
    plain = {f"<{name}>": value for name, value in found[1].items()}

    def valued(text: str) -> str:
        for name, value in plain.items():
            text = text.replace(name, value)
        return text

    return {(valued(each.end), tuple((valued(a), so) for a, so in each.when)) for each in found[0]}


IN = "entity in {'a', 'b'}"
PLAIN = {("deny", ((IN, True),)), ("allow", ((IN, False),))}
SAME = {
    "as it is": """
def gate(ctx, **kwargs):
    entity = kwargs.get("entity")
    if entity in BLOCKED:
        return Deny("x")
    return Allow()""",
    "a parameter": """
def gate(ctx, entity=None, **kwargs):
    return Deny("x") if entity in BLOCKED else Allow()""",
    "the other way round": """
def gate(ctx, *, entity, **kwargs):
    if not entity not in BLOCKED:
        return Deny(reason="y")
    else:
        return Allow()""",
    "a subscript, and another name": """
def gate(context, **more):
    who = more["entity"]
    blocked = who in BLOCKED
    verdict = Deny("x") if blocked else Allow()
    return verdict""",
    "a helper": """
def is_blocked(who):
    return who in BLOCKED
def gate(ctx, **kwargs):
    if is_blocked(who=kwargs.get("entity")):
        raise RejectError("x")
    return Allow()""",
    "a helper that votes": """
def vote(entity, **more):
    if entity in BLOCKED: return Deny("x")
    return Allow()
def gate(ctx, **kwargs):
    return vote(**kwargs)""",
    "a decorator": """
def timed(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        finally:
            print(1)
    return inner
@timed
def gate(ctx, **kwargs):
    return Deny("x") if kwargs.get("entity") in BLOCKED else Allow()""",
    "a match": """
def gate(ctx, entity, **kwargs):
    match entity:
        case "a" | "b":
            return Deny("x")
        case _:
            return Allow()""",
    "a list that is written out": """
def gate(ctx, entity, **kwargs):
    if entity in ("b", "a"):
        return Deny("x")
    return Allow()""",
    "a method": """
class Gate:
    def __init__(self, blocked):
        self.blocked = blocked
    def __call__(self, ctx, **kwargs):
        return self.vote(kwargs.get("entity"))
    def vote(self, entity):
        return Deny("x") if entity in self.blocked else Allow()
gate = Gate(BLOCKED)""",
    "a method of the class": """
class Gate:
    blocked = BLOCKED
    @classmethod
    def of(cls, **given):
        return cls.vote(given["entity"])
    @staticmethod
    def vote(entity):
        return Deny("x") if entity in Gate.blocked else Allow()
def gate(ctx, **kwargs):
    return Gate.of(**kwargs)""",
    "a property": """
class Lists:
    @functools.cached_property
    def blocked(self):
        return BLOCKED
LISTS = Lists()
def gate(ctx, entity, **kwargs):
    return Deny("x") if entity in LISTS.blocked else Allow()""",
    "a function within": """
def gate(ctx, entity, **kwargs):
    def is_blocked():
        return entity in BLOCKED
    never = lambda: not is_blocked()
    return Allow() if never() else Deny("x")""",
    "some of the arguments": """
def vote(blocked, ctx, **kwargs):
    return Deny("x") if kwargs["entity"] in blocked else Allow()
gate = functools.partial(vote, BLOCKED)""",
    "a dataclass": """
@dataclasses.dataclass(frozen=True)
class Asked:
    entity: str
    strict: bool = True
    @property
    def blocked(self):
        return self.strict and self.entity in BLOCKED
def gate(ctx, **kwargs):
    asked = Asked(entity=kwargs.get("entity"))
    if asked.blocked and asked:
        return Deny("x")
    return Allow()""",
    "a switch that is on": """
STRICT = True
def gate(ctx, **kwargs):
    if STRICT and None is None and 1 == 1 and kwargs.get("entity") in BLOCKED:
        return Deny("x")
    return Allow()""",
    "an empty list besides": """
def gate(ctx, **kwargs):
    extra = ()
    if (who := getattr(kwargs, "x", None) and ctx in () or kwargs.get("entity")) in BLOCKED:
        return Deny("x")
    return Allow()""",
    "any of comparisons": """
def gate(ctx, entity=None, **kwargs):
    return Deny("x") if any(entity == each for each in BLOCKED) else Allow()""",
    "any of a list of comparisons": """
def gate(ctx, entity=None, **kwargs):
    return Deny("x") if any([each == entity for each in BLOCKED]) else Allow()""",
    "a loop that looks for it": """
def gate(ctx, entity=None, **kwargs):
    for each in BLOCKED:
        if each == entity:
            return Deny("x")
    return Allow()""",
    "one comparison after the other": """
def gate(ctx, entity=None, **kwargs):
    return Deny("x") if entity == "a" or "b" == entity else Allow()""",
    "neither one nor the other": """
def gate(ctx, entity=None, **kwargs):
    return Allow() if entity != "b" and entity != "a" else Deny("x")""",
    "whether it is so": """
def gate(ctx, entity=None, **kwargs):
    return Deny("x") if bool(entity in BLOCKED) else Allow()""",
    "whether that is true": """
def gate(ctx, entity=None, **kwargs):
    return Deny("x") if (entity in BLOCKED) is True else Allow()""",
    "whether that is not true": """
def gate(ctx, entity=None, **kwargs):
    return Allow() if (entity in BLOCKED) != True else Deny("x")""",
    "whether it is false": """
def gate(ctx, entity=None, **kwargs):
    return Allow() if (entity in BLOCKED) == False else Deny("x")""",
    "whether its opposite is not false": """
def gate(ctx, entity=None, **kwargs):
    return Allow() if (not entity in BLOCKED) is not False else Deny("x")""",
    "a match of whether it is so": """
def gate(ctx, entity=None, **kwargs):
    match entity in BLOCKED:
        case True:
            return Deny("x")
        case _:
            return Allow()""",
}


@pytest.mark.parametrize("case", SAME)
def test_what_decides_the_same_is_the_same(case: str) -> None:
    if case == "an empty list besides":
        # That the list is empty decides, whatever else was asked for.
        assert {end for end, _ in ways(SAME[case])} == {"deny", "allow"}
        return
    assert ways(SAME[case]) == PLAIN


OTHER = {
    "an environment variable": (
        "    if entity in BLOCKED and os.environ.get('STRICT'): return Deny('x')\n"
        "    return Allow()",
        {
            ("deny", ((IN, True), ("os.environ.get('STRICT')", True))),
            ("allow", ((IN, True), ("os.environ.get('STRICT')", False))),
            ("allow", ((IN, False),)),
        },
    ),
    "an order": (
        "    if 3 <= len(entity): return Deny('x')\n    return Allow()",
        {("deny", (("len(entity) < 3", False),)), ("allow", (("len(entity) < 3", True),))},
    ),
    "what is set": (
        "    if entity is not None and entity != 'x': return Deny('x')",
        {
            ("deny", (("entity == 'x'", False), ("entity is None", False))),
            ("none", (("entity == 'x'", True), ("entity is None", False))),
            ("none", (("entity is None", True),)),
        },
    ),
    "an exception": (
        "    try:\n        found = int(entity)\n    except ValueError as error:\n"
        "        raise KeyError(error)\n    except TypeError:\n        return Deny('x')\n"
        "    return Allow()",
        {
            ("raises", (("ValueError is raised", True),)),
            ("deny", (("TypeError is raised", True), ("ValueError is raised", False))),
            ("allow", (("TypeError is raised", False), ("ValueError is raised", False))),
        },
    ),
    "each of some": (
        "    for each in more['names']:\n        if each == entity:\n            return Deny('x')\n"
        "    return Allow()",
        {
            ("deny", (("each of names == entity", True),)),
            ("allow", (("each of names == entity", False),)),
        },
    ),
    "a loop that is left": (
        "    while entity:\n        if entity.x: break\n        return Deny('x')\n"
        "    return Allow()",
        {
            ("deny", (("entity", True), ("entity.x", False))),
            ("allow", (("entity", True), ("entity.x", True))),
        },
    ),
    "what it is like": (
        "    match entity:\n        case None: return Allow()\n"
        "        case 'x' if ctx: return Deny('x')\n"
        "        case {'a': 1}: return Deny('x')\n        case name: return name",
        {
            ("allow", (("entity is None", True),)),
            ("deny", (("ctx", True), ("entity == 'x'", True), ("entity is None", False))),
            (
                "deny",
                (
                    ("ctx", False),
                    ("entity == 'x'", True),
                    ("entity is None", False),
                    ("entity is like {'a': 1}", True),
                ),
            ),
            (
                "entity",
                (
                    ("ctx", False),
                    ("entity == 'x'", True),
                    ("entity is None", False),
                    ("entity is like {'a': 1}", False),
                ),
            ),
            (
                "deny",
                (
                    ("entity == 'x'", False),
                    ("entity is None", False),
                    ("entity is like {'a': 1}", True),
                ),
            ),
            (
                "entity",
                (
                    ("entity == 'x'", False),
                    ("entity is None", False),
                    ("entity is like {'a': 1}", False),
                ),
            ),
        },
    ),
    "what is made of it": (
        "    with open(entity) as file: a, *b = file, 1\n    b += [2]\n    c: int = -1\n"
        "    import os.path as p\n    from os import path\n    def inner(): ...\n"
        "    return [x for x in a if x in BLOCKED], f'{a}!', {**more}, a[0], p.join, path.join, c",
        {
            (
                "[[each of open(entity) for each of open(entity) if each of open(entity) in "
                "{'a', 'b'}], f'{open(entity)}!', {****}, open(entity)[0], os.path.join, "
                "os.path.join, -1]",
                (),
            )
        },
    ),
}


@pytest.mark.parametrize("case", OTHER)
def test_what_a_handler_decides(case: str) -> None:
    body, expected = OTHER[case]
    assert ways(f"def gate(ctx, entity=None, **more):\n{body}\n") == expected


APART = {
    "all of comparisons": "all(entity == each for each in BLOCKED)",
    "any but for some": "any(entity == each for each in BLOCKED if each != 'b')",
    "any of something else": "any(str(entity).startswith(each) for each in BLOCKED)",
    "any compared with itself": "any(each == each for each in BLOCKED)",
    "any of a text": "any(entity == each for each in 'ab')",
    "any of what is passed": "any(entity == each for each in kwargs['them'])",
    "another function of that name": "other(entity == each for each in BLOCKED)",
    "a comparison of two things": "entity == 'a' or kwargs['x'] == 'b'",
    "a comparison with what is passed": "entity == 'a' or entity == kwargs['x']",
    "both": "entity == 'a' and entity == 'b'",
    "either is not": "entity != 'a' or entity != 'b'",
    "whether it is one": "(entity in BLOCKED) is 1",
    "whether it is true, of what may be anything": "kwargs['x'] is True",
}


@pytest.mark.parametrize("case", APART)
def test_what_asks_something_else_is_not_the_same(case: str) -> None:
    top = "def other(each): return not entity\n"
    code = f"{top}def gate(ctx, entity=None, **kwargs):\n    return {APART[case]} and Deny()"
    assert ways(code) != PLAIN


def test_what_is_compared_with_itself_is_not_looked_for() -> None:
    start = "def gate(ctx, each=None, **kwargs):\n    return Deny() if "
    one = f"{start}any(each == each.x for each in BLOCKED) else Allow()"
    assert ways(one) != ways(f"{start}each.x in BLOCKED else Allow()")


LOOPS_APART = {
    "what it does hangs on the item": "if each == entity: return each",
    "it goes on": "if each == entity: kwargs['x'] = 1",
    "with an else": "if each == entity: return Deny()\n        else: return Allow()",
    "after something else": "kwargs['x'] = 1\n        if each == entity: return Deny()",
    "something else of each": "if each.x == entity: return Deny()",
}


@pytest.mark.parametrize("case", LOOPS_APART)
def test_a_loop_that_does_something_else_is_not_the_same(case: str) -> None:
    code = "def gate(ctx, entity=None, **kwargs):\n    for each in BLOCKED:\n"
    assert ways(f"{code}        {LOOPS_APART[case]}\n    return Allow()") != PLAIN


KEPT = "[each of value for each of value if 'x' in each of value]"
LISTS = {
    "a comprehension": ("return [each for each in value if 'x' in each]", True),
    "a list of a generator": ("return list(each for each in value if 'x' in each)", True),
    "a list of a filter": ("return list(filter(lambda each: 'x' in each, value))", True),
    "a filter that names it as it is": (
        "return list(filter(lambda value: 'x' in value, value))",
        True,
    ),
    "a filter of its own": (
        "filter = sorted; return list(filter(lambda each: 'x' in each, value))",
        False,
    ),
    "another filter": ("return list(filter(lambda each: 'x' not in each, value))", False),
    "a filter that asks more": (
        "return list(filter(lambda each, at=1: 'x' in each, value))",
        False,
    ),
    "a list that is extended": ("kept.extend(each for each in value if 'x' in each)", True),
    "a list that is extended twice": (
        "kept.extend(each for each in value if 'x' in each)\n"
        "    kept.extend(each for each in value if 'x' in each)",
        False,
    ),
    "a list that is extended by what is in it": (
        "kept.extend(each for each in value if 'x' in each and each not in kept)",
        False,
    ),
    "a loop": ("for each in value:\n        if 'x' in each: kept.append(each)", True),
    "a loop that goes on": (
        "for each in value:\n        if 'x' not in each: continue\n        kept.append(each)",
        True,
    ),
    "a loop that adds all": ("for each in value: kept.append(each)", False),
    "a loop that adds the others": (
        "for each in value:\n        if 'x' not in each: kept.append(each)",
        False,
    ),
    "a loop that ends early": (
        "for each in value:\n        if 'x' not in each: break\n        kept.append(each)",
        False,
    ),
    "a loop with an else": (
        "for each in value:\n        if 'x' in each: kept.append(each)\n    else: kept = []",
        False,
    ),
    "a loop that changes each": (
        "for each in value:\n        if 'x' in each:\n            each.y = 1\n"
        "            kept.append(each)",
        False,
    ),
    "a loop that adds something in the place of the others": (
        "for each in value:\n        if 'x' in each: kept.append(each)\n"
        "        else: kept.append(1)",
        False,
    ),
    "a loop that changes each that it added": (
        "for each in value:\n        if 'x' in each:\n            kept.append(each)\n"
        "            each.y = 1",
        False,
    ),
    "a loop that adds something else": (
        "for each in value:\n        if 'x' in each: kept.append(each.y)",
        False,
    ),
    "a loop that goes by what it added": (
        "for each in value:\n        if 'x' in each and each not in kept: kept.append(each)",
        False,
    ),
    "a loop over what has something in it": (
        "kept.append(1)\n    for each in value:\n        if 'x' in each: kept.append(each)",
        False,
    ),
    "a loop over what has two names": (
        "kept = also = []\n    for each in value:\n        if 'x' in each: kept.append(each)\n"
        "    return also",
        False,
    ),
}


@pytest.mark.parametrize("case", LISTS)
def test_a_loop_that_makes_a_list_is_a_comprehension(case: str) -> None:
    body, is_same = LISTS[case]
    code = f"def gate(ctx, value, **more):\n    kept = []\n    {body}\n    return kept\n"
    assert ({end for end, _ in ways(code, "recall_filter")} == {KEPT}) == is_same
    assert ways(code, "recall_filter") != {("[]", ())}


FILTERS = {
    "it hands on what it gets": ("return value", {"value"}),
    "it drops some": (
        "return [each for each in value if 'x' in each]",
        {"[each of value for each of value if 'x' in each of value]"},
    ),
    "it empties it": ("value.clear(); return value", {"value after .clear()"}),
    "it sets something of it": ("value.x = []; return value", {"value after .x = []"}),
    "it sets an item": ("value['x'] = 1; return value", {"value after ['x'] = 1"}),
    "it deletes an item": ("del value[0]; return value", {"value after [0] = nothing"}),
    "it sets what is deep in it": (
        "value.x['y'].z = 1; return value",
        {"value after .x['y'].z = 1"},
    ),
    "it fills what is in it": (
        "value.x.append(1); return value",
        {"value after .x.append(1)"},
    ),
    "it sets something of each": (
        "for each in value: each.x = 1\n    return value",
        {"value after [each].x = 1"},
    ),
    "it sets something by name": ("setattr(value, 'x', 1); return value", {"value after .x = 1"}),
    "under another name": ("one = value; one.x = 1; return value", {"value after .x = 1"}),
    "what it is made of": ("one = [*value]; one.sort(); return value", {"value"}),
    "by a helper": (
        "def mend(one, to): one.x = to\n    mend(value, 1); return value",
        {"value after .x = 1"},
    ),
    "by a helper, now and then": (
        "def mend(one):\n        if one.y: one.x = 1\n    mend(value); return value",
        {"value after .x = 1 or nothing"},
    ),
    "what it fills": (
        "kept = []; kept.append(value); return kept if kept else value",
        {"[] after .append(value)", "value"},
    ),
    "whatever its names are": (
        "return [one for one in value if 'x' in one]",
        {"[each of value for each of value if 'x' in each of value]"},
    ),
}


@pytest.mark.parametrize("case", FILTERS)
def test_what_a_filter_gives(case: str) -> None:
    body, expected = FILTERS[case]
    found = ways(f"def gate(ctx, value, **more):\n    {body}\n", "recall_filter")
    assert {end for end, _ in found} == expected


def test_a_constant_goes_by_its_name() -> None:
    found = told(SAME["as it is"])
    assert found is not None
    assert found[1] == {"demo_plugin.handlers:BLOCKED": "{'a', 'b'}"}
    assert {atom for each in found[0] for atom, _ in each.when} == {
        "entity in <demo_plugin.handlers:BLOCKED>"
    }


def test_the_context_is_asked_where_the_code_does_it() -> None:
    found = told("def gate(ctx, **kwargs):\n    ctx.count += 1\n    return Allow()")
    assert found is not None
    assert found.asked_for["count"].line == TOP.count("\n") + 2


def test_a_switch_decides_by_its_name() -> None:
    code = "def gate(ctx, **_):\n    return Allow() if {} else Deny('x')\n"
    for top, test in (("ON = True", "ON"), ("ON = ''", "not ON"), ("ON = 1", "ON == 1")):
        found = told(f"{top}\n{code.format(test)}")
        assert found is not None
        assert [each.end for each in found[0]] == ["allow"]
        assert found[1] == {"demo_plugin.handlers:ON": top.partition("= ")[2]}


def test_a_list_that_can_be_filled_is_not_taken_to_be_empty() -> None:
    code = "SEEN = set()\ndef gate(ctx, entity, **_):\n    if entity in SEEN: return Deny('x')\n"
    assert {end for end, _ in ways(code)} == {"deny", "none"}
    code = code.replace("set()", "frozenset()")
    assert {end for end, _ in ways(code)} == {"none"}


def test_what_a_function_binds_anew_is_not_taken_to_stay() -> None:
    code = "def gate(ctx, **_):\n    global OFF\n    OFF = False\n"
    late = "OFF = True\ndef gate(ctx, **_):\n    if OFF: return Allow()\n    return Deny('x')\n"
    assert {end for end, _ in ways(late)} == {"allow"}
    late += "def turn():\n    global OFF\n    OFF = False\n"
    assert {end for end, _ in ways(late)} == {"allow", "deny"}
    assert {end for end, _ in ways(code)} == {"none"}


UNTOLD = {
    "it is not waited for": "async def gate(ctx, **_): return Allow()",
    "it gives one by one": "def gate(ctx, **_): yield Allow()",
    "too many ways": "def gate(ctx, **more):\n"
    + "".join(f"    if more['{name}']: print()\n" for name in "abcdefghij"),
    "it never ends": "def gate(ctx, **more):\n"
    + "    if ctx: print()\n    else: print()\n" * 60
    + "    print()\n" * 3000,
    "code of others": "import acme\ngate = acme.gate",
}


@pytest.mark.parametrize("case", UNTOLD)
def test_what_cannot_be_told(case: str) -> None:
    assert told(UNTOLD[case]) is None


def test_a_helper_with_too_many_ways_is_what_it_is_called() -> None:
    code = "def ask(more):\n" + "".join(
        f"    if more['{n}']: return '{n}'\n" for n in "abcdefghijklm"
    )
    code += "def gate(ctx, **more):\n    if ask(more): return Deny('x')\n    return Allow()\n"
    assert {each for _, when in ways(code) for each in when} == {
        ("ask(**)", True),
        ("ask(**)", False),
    }


def test_what_is_long_is_cut_and_still_told_apart() -> None:
    one, two = (
        f"def gate(ctx, entity, **_):\n    if entity == '{'x' * LONG}{end}': return Deny('x')\n"
        for end in "ab"
    )
    assert ways(one) != ways(two)
    assert all(len(atom) < 2 * LONG for _, when in ways(one) for atom, _ in when)


SENDS = """
import httpx
import io
import json
import subprocess
import threading
LAST = {}
class Client:
    kind = "audit"
    def __init__(self, more=None):
        self.more = more
    def send(self, payload):
        httpx.post("https://acme.example", content=json.dumps(payload))
    def flush(self):
        httpx.post("https://acme.example", content=self.more)
def summarize(given):
    return {"keys": sorted(given), "count": len(given)}
"""
SENT = {
    "nothing": ("httpx.post('x', json={'up': 1})", set()),
    "names and a number": ("Client().send(summarize(more))", set()),
    "whether it is something": ("httpx.post('x', json=[fact is None, bool(fact)])", set()),
    "all of it": ("Client().send(more)", {"*"}),
    "all values": ("Client().send({k: str(v) for k, v in more.items()})", {"*"}),
    "the names": ("Client().send([k for k, v in more.items()])", set()),
    "each name": ("Client().send([each for each in more])", set()),
    "its keys": ("Client().send(list(more.keys()))", set()),
    "a parameter": ("Client().send(fact)", {"fact"}),
    "one of them": ("Client().send(more.get('tenant'))", {"tenant"}),
    "another way to say it": ("Client().send(more['tenant'].lower())", {"tenant"}),
    "an attribute": ("Client().send(str(fact.entity))", {"fact.entity"}),
    "an item of one": ("Client().send(fact.tags['x'].y.z)", {"fact.tags.x"}),
    "a copy": ("Client().send({**more})", {"*"}),
    "in a text": ("httpx.get(f'https://acme.example/{fact}')", {"fact"}),
    "put together": ("httpx.get('https://acme.example/' + fact)", {"fact"}),
    "in a list": ("found = []; found.append(fact); Client().send(found)", {"fact"}),
    "in a dict": ("found = {}; found['x'] = fact; Client().send(found)", {"fact"}),
    "in an object": ("made = Client(); made.more = fact; made.flush()", {"fact"}),
    "given to an object": ("Client(more=fact).flush()", {"fact"}),
    "by another module": ("subprocess.run(['x', fact])", {"fact"}),
    "through an object of others": (
        "with httpx.Client() as c: c.post('x', json=fact)",
        {"fact"},
    ),
    "in a loop": ("for each in fact.tags: Client().send(each)", {"fact.tags"}),
    "from the context": (
        "Client().send(ctx.get_facts_reader().all())",
        {"ctx.get_facts_reader"},
    ),
    "all that there is": ("Client().send(locals())", {"*", "fact"}),
    "by a container of the module": ("LAST.update(more); Client().send(LAST)", {"*"}),
    "by a thread": ("threading.Thread(target=Client().send, args=(more,)).start()", {"*"}),
    "by a thread of others": (
        "threading.Thread(target=httpx.post, args=(fact,)).start()",
        {"fact"},
    ),
    "written out": ("httpx.post('x', json.dumps({'x': fact}).encode())", {"fact"}),
    "deep in it": ("found = {'x': []}; found['x'].append(fact); Client().send(found)", {"fact"}),
    "where there was nothing": (
        "found = {}; found.setdefault('x', []).append(fact); Client().send(found)",
        {"fact"},
    ),
    "under another name": ("one = {}; two = one; two['x'] = fact; Client().send(one)", {"fact"}),
    "by a helper": (
        "def fill(to, what): to['x'] = what; found = dict(); fill(found, fact); "
        "Client().send(found)",
        {"fact"},
    ),
    "by a function within": ("def made(): return fact; Client().send(made())", {"fact"}),
    "what is waited for": (
        "async def post(it): await httpx.AsyncClient().post(it); post(fact)",
        {"fact"},
    ),
    "into a file of the memory": (
        "out = io.StringIO(); out.write(fact); Client().send(out)",
        {"fact"},
    ),
    "added up": ("text = ''; text += fact; Client().send(text)", {"fact"}),
}


@pytest.mark.parametrize("case", SENT)
def test_what_of_a_request_is_handed_on(case: str) -> None:
    code, expected = SENT[case]
    lines = "\n".join(f"    {each}" for each in code.split("; "))
    found = told(f"{SENDS}def gate(ctx, fact=None, **more):\n{lines}\n")
    assert found is not None
    sent = {
        name
        for (_, _, call), given in found.sent.items()
        if call in ("post", "get", "run")
        for each in given.values()
        for name in each
    }
    assert sent == expected
