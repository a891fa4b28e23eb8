"""What is run besides import and factory leaves no trace."""

from __future__ import annotations

from stigmem_review.host import node
from stigmem_review.interpret.calls import enter
from stigmem_review.interpret.program import Program, Programs
from stigmem_review.interpret.values import NONE, Const, Ref, Value
from support.plugins import plugin

HANDLERS = """\
STATE = 0


def audit(ctx, **_):
    global STATE
    STATE = 1
    {more}
"""
ENDLESS = "[n for n in range(300) for m in range(300)]"


def looked(more: str) -> tuple[Program, list[Value]]:
    """Return a program whose handler was looked at, and what that left and saw in its module."""
    files = plugin(handlers=HANDLERS.format(more=more))
    data = {path: text.encode() for path, text in files.items()}
    program = Programs().get("demo_plugin:plugin_manifest", data, {}, node())
    program.make()
    m = program.machine
    module = m.read(m.imports, "demo_plugin.handlers")
    assert isinstance(module, Ref)
    handler = m.read(module, "audit")
    assert isinstance(handler, Ref)
    seen: list[Value] = []

    def part() -> Value:
        m.settle(m.run(lambda: enter(m, handler)), frozenset({"falls"}))
        seen.append(m.read(module, "STATE"))
        return NONE

    program.look(part)
    return program, [m.read(module, "STATE"), *seen]


def test_what_a_look_changes_is_taken_back() -> None:
    program, found = looked("pass")
    assert found == [Const(0), Const(1)]
    assert program.lost is None


def test_a_look_that_takes_too_long_is_given_up() -> None:
    program, found = looked(ENDLESS)
    assert found == [Const(0)]
    assert program.machine.lost is None
    program.look(lambda: NONE)
    program.machine.tick()
