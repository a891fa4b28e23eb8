"""What is said where a handler decides by what other code of the release changes as it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review import review
from support.plugins import plugin, write_wheel

GATE = """\
from __future__ import annotations

import logging
import sys

from stigmem_node.plugins import Allow, Deny

from . import policy
from .policy import CLOSED

LIMIT = 5
BLOCKED = frozenset({"eve"})
COUNTS = {}
LOG = logging.getLogger(__name__)


def gate(ctx, entity=None, size=0, **_):
    COUNTS[entity] = COUNTS.get(entity, 0) + 1
    LOG.info("asked")
    if size > LIMIT or entity in BLOCKED or entity in CLOSED:
        return Deny("no")
    return Allow() if entity in policy.OPEN or policy.STATE.lax else Deny("not open")


"""
POLICY = """\
class State:
    def __init__(self):
        self.lax = False


def drop(things, state=None):
    things.clear()


def relax(state):
    state.lax = True


def let(state):
    relax(state)


def pass_on(these):
    drop(these)


def shut():
    return CLOSED


STATE = State()
OPEN = {"ada"}
CLOSED = ["mallory"]
SEEN = {}


"""
FIRST = {"handlers": GATE, "policy": POLICY}


def said(folder: Path, old: dict[str, str], new: dict[str, str]) -> list[str]:
    wheels = [
        str(
            write_wheel(
                folder / version,
                {
                    **plugin(version=version, hooks={"pre_recall_authorize": "gate"}),
                    **{f"demo_plugin/{stem}.py": text for stem, text in files.items()},
                },
                version=version,
            )
        )
        for version, files in (("1.0.0", old), ("1.0.1", new))
    ]
    return [each.name for each in review(*wheels).findings if each.level != "note"]


def with_(where: str, line: str) -> dict[str, str]:
    """Return the release with one more function."""
    return {**FIRST, where: f"{FIRST.get(where, '')}def turn(names=()):\n    {line}\n"}


GAINS = {
    "a limit of another module": ("policy", "from . import handlers\n    handlers.LIMIT = 10**9"),
    "a name by setattr": ("handlers", "setattr(sys.modules[__name__], 'BLOCKED', ())"),
    "names that are computed": (
        "handlers",
        "for name in names: setattr(sys.modules[__name__], name, ())",
    ),
    "names of the module as a dict": ("handlers", "globals().update(LIMIT=10**9)"),
    "what is in a dict of names": ("handlers", "vars(policy)['OPEN'] = names"),
    "something more in a set": ("handlers", "policy.OPEN.update(names)"),
    "a list that is emptied": ("policy", "CLOSED.clear()"),
    "a list that is emptied, by its class": ("policy", "list.clear(CLOSED)"),
    "a list that is emptied, by another name": ("policy", "these = CLOSED\n    these.clear()"),
    "an item": ("policy", "CLOSED[0] = ''"),
    "an item that goes": ("handlers", "del policy.CLOSED[:]"),
    "a set that is joined": ("handlers", "policy.OPEN |= set(names)"),
    "a set that is cut": ("policy", "OPEN.intersection_update(())"),
    "a name that is bound anew": ("handlers", "global LIMIT\n    LIMIT = 10**9"),
    "an attribute of an object": ("policy", "STATE.lax = True"),
    "the names of an object as a dict": ("policy", "STATE.__dict__['lax'] = True"),
    "a module that is looked up": ("policy", "import sys\n    sys.modules[__name__].OPEN = names"),
    "by a function that is given it": ("policy", "drop(CLOSED)"),
    "by a function that is given it, by name": ("policy", "drop(state=1, things=CLOSED)"),
    "by a function that gives it to another": ("policy", "pass_on(CLOSED)"),
    "an attribute, by a function that is given the object": ("policy", "relax(STATE)"),
    "an attribute, by functions that give it to each other": ("policy", "let(STATE)"),
    "by a thread": ("policy", "threading.Thread(target=drop, args=(CLOSED,)).start()"),
    "what a function gives": ("policy", "shut().clear()"),
    "what a function gives, by a name": ("policy", "these = shut()\n    these.clear()"),
    "one of two": ("policy", "these = SEEN if names else CLOSED\n    these.clear()"),
    "by a method that is handed on": ("policy", "atexit.register(CLOSED.clear)"),
    "names that are split": ("policy", "one, these = 1, CLOSED\n    these.clear()"),
    "a function within another": ("policy", "def inner(): CLOSED.clear()\n    return inner"),
}


@pytest.mark.parametrize("case", GAINS)
def test_what_decides_and_is_changed_meanwhile_is_new(case: str, tmp_path: Path) -> None:
    new = with_(*GAINS[case])
    assert "decides-otherwise" in said(tmp_path / "new", FIRST, new)
    assert said(tmp_path / "kept", new, new) == []


METHODS = {
    "binds": "def turn(self): self.lax = True",
    "gives it to a function": "def turn(self): relax(self)",
    "changes by a name": "def turn(self):\n        me = self\n        me.lax = True",
}


@pytest.mark.parametrize("case", METHODS)
def test_what_an_object_changes_of_itself_is_new(case: str, tmp_path: Path) -> None:
    text = POLICY.replace(
        "        self.lax = False\n", f"        self.lax = False\n\n    {METHODS[case]}\n"
    )
    new = {**FIRST, "policy": text}
    assert "decides-otherwise" in said(tmp_path, FIRST, new)


OF_CLASS = {
    "of an object": "def turn(self): self.lax = True",
    "of the class": "@classmethod\n    def turn(cls): cls.lax = True",
    "of the class of an object": "def turn(self): type(self).lax = True",
    "of the class, by its name": "def turn(self): State.lax = True",
}


@pytest.mark.parametrize("case", OF_CLASS)
def test_what_is_changed_of_a_class_is_new(case: str, tmp_path: Path) -> None:
    init = "    def __init__(self):\n        self.lax = False\n"
    old = {**FIRST, "policy": POLICY.replace(init, "    lax = False\n")}
    new = {**FIRST, "policy": POLICY.replace(init, f"    lax = False\n\n    {OF_CLASS[case]}\n")}
    assert "decides-otherwise" in said(tmp_path, old, new)


def test_a_class_is_not_what_its_objects_have_of_their_own(tmp_path: Path) -> None:
    text = POLICY.replace(
        "        self.lax = False\n",
        "        self.lax = False\n\n    @classmethod\n    def turn(cls): cls.lax = True\n",
    )
    assert said(tmp_path, FIRST, {**FIRST, "policy": text}) == []


def test_what_a_class_does_as_it_makes_an_object_is_no_change(tmp_path: Path) -> None:
    text = POLICY.replace(
        "        self.lax = False\n", "        self.lax = True\n        self.lax = False\n"
    )
    assert said(tmp_path, FIRST, {**FIRST, "policy": text}) == []


IN_OBJECT = """\
from stigmem_node.plugins import Allow, Deny


class Gate:
    def __init__(self):
        self.blocked = {"eve"}

    def gate(self, ctx, entity=None, **_):
        return Deny("no") if entity in self.blocked else Allow()


gate = Gate().gate
"""


def test_a_handler_that_empties_what_another_decides_by_is_new(tmp_path: Path) -> None:
    old = {"handlers": IN_OBJECT}
    more = "    def audit(self, ctx, **_):\n        self.blocked.clear()\n\n\ngate ="
    new = {"handlers": IN_OBJECT.replace("\ngate =", more)}
    assert {*said(tmp_path / "new", old, new)} == {"decides-otherwise"}
    calm = {"handlers": IN_OBJECT.replace("\ngate =", more.replace(".clear()", ".copy()"))}
    assert said(tmp_path / "calm", old, calm) == []


def test_a_module_that_is_imported_late_changes_what_decides(tmp_path: Path) -> None:
    new = with_("policy", "from . import admin\n    return admin")
    assert said(tmp_path / "calm", FIRST, {**new, "admin": "CLOSED = []\nCLOSED.clear()\n"}) == []
    new["admin"] = "from .policy import CLOSED\n\nCLOSED.clear()\n"
    assert "decides-otherwise" in said(tmp_path / "new", FIRST, new)
    new["admin"] = "from .policy import CLOSED as SHUT\n\n\ndef turn():\n    SHUT.clear()\n"
    assert "decides-otherwise" in said(tmp_path / "in-a-function", FIRST, new)


def test_a_module_of_which_something_is_imported_late_changes_what_decides(tmp_path: Path) -> None:
    admin = "from .policy import CLOSED\n\nCLOSED.clear()\nDONE = True\n"
    new = {**with_("policy", "from .admin import DONE\n    return DONE"), "admin": admin}
    assert "decides-otherwise" in said(tmp_path, FIRST, new)


CALM = {
    "a counter": ("handlers", "COUNTS.clear()"),
    "a cache": ("policy", "SEEN.update(names)"),
    "a logger": ("handlers", "LOG.disabled = True"),
    "a name of its own": ("handlers", "LIMIT = 7\n    return LIMIT"),
    "a parameter": ("handlers", "names.clear()"),
    "a copy": ("policy", "these = list(CLOSED)\n    these.clear()"),
    "another object's": ("policy", "state = State()\n    state.lax = True"),
    "a name of its own, of the same": ("policy", "CLOSED = []\n    CLOSED.clear()"),
    "a function that is given another's": (
        "policy",
        "drop(SEEN)\n    drop([])\n    relax(State())",
    ),
    "a function that is given what it does not change": ("policy", "drop(SEEN, CLOSED)"),
    "a method that is not its own": ("policy", "names.CLOSED.clear()"),
    "a call that fails": ("policy", "CLOSED.copy()\n    getattr(names).x = 1"),
    "only read": ("policy", "return CLOSED.copy(), CLOSED[0], STATE.lax, sorted(OPEN)"),
}


@pytest.mark.parametrize("case", CALM)
def test_what_no_handler_decides_by_is_not_said(case: str, tmp_path: Path) -> None:
    assert said(tmp_path, FIRST, with_(*CALM[case])) == []


KEEPS = """\
from stigmem_node.plugins import Allow, Deny

BLOCKED = {"eve"}
KNOWN = {}


def gate(ctx, entity=None, **_):
    if entity not in KNOWN:
        KNOWN[entity] = entity in BLOCKED
    return Deny("no") if KNOWN[entity] else Allow()
"""


def test_a_cache_that_the_handler_filled_before_is_not_said(tmp_path: Path) -> None:
    old, new = {"handlers": KEEPS}, {"handlers": f"{KEEPS}\n\ndef more():\n    return 1\n"}
    assert said(tmp_path, old, new) == []


CALLED_AS_ITS_CLASS = IN_OBJECT.replace("gate = Gate().gate", "Gate = Gate()\ngate = Gate.gate")
IN_CLASS = IN_OBJECT.replace(
    'def __init__(self):\n        self.blocked = {"eve"}', 'blocked = {"eve"}'
)


@pytest.mark.parametrize("text", [CALLED_AS_ITS_CLASS, IN_CLASS])
def test_objects_are_known_whatever_they_are_called(text: str, tmp_path: Path) -> None:
    place = text.index("\n\n\n", text.index("def gate"))
    more = "\n\n    def audit(self, ctx, **_):\n        self.blocked.clear()"
    new = {"handlers": f"{text[:place]}{more}{text[place:]}"}
    assert "decides-otherwise" in said(tmp_path / "new", {"handlers": text}, new)
    calm = {"handlers": new["handlers"].replace(".clear()", ".copy()")}
    assert said(tmp_path / "calm", {"handlers": text}, calm) == []


def test_what_was_changed_before_still_starts_from_what_it_is(tmp_path: Path) -> None:
    old = with_("policy", "CLOSED.append(names)")
    new = {**old, "policy": old["policy"].replace('["mallory"]', "[]")}
    assert said(tmp_path, old, new) == ["deciding-constant-changed"]


def test_what_can_no_longer_be_told_is_said(tmp_path: Path) -> None:
    asked = "".join(f"    if more.get({each!r}):\n        size += {each}\n" for each in range(9))
    start = "def gate(ctx, entity=None, size=0, **more):\n"
    new = {**FIRST, "handlers": GATE.replace("size=0, **_):\n", f"size=0, **more):\n{asked}")}
    assert start in new["handlers"]
    assert said(tmp_path / "new", FIRST, new) == ["decides-otherwise"]
    assert said(tmp_path / "kept", new, new) == []


def test_what_could_not_be_told_before_is_said_once_it_is_other_code(tmp_path: Path) -> None:
    asked = "".join(f"    if more.get({each!r}):\n        size += {each}\n" for each in range(9))
    old = {**FIRST, "handlers": GATE.replace("size=0, **_):\n", f"size=0, **more):\n{asked}")}
    new = {**old, "handlers": old["handlers"].replace("entity in BLOCKED", "size in BLOCKED")}
    assert said(tmp_path, old, new) == ["decides-otherwise"]
