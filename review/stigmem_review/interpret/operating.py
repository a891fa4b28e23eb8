"""The functions of ``operator``, which do what the operators do."""

from __future__ import annotations

import ast

from stigmem_review.interpret import operators
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.models import Args, Keywords, Run, count, model
from stigmem_review.interpret.values import FALSE, TRUE, Value

_BINARY: dict[str, type[ast.operator]] = {
    "add": ast.Add,
    "and_": ast.BitAnd,
    "floordiv": ast.FloorDiv,
    "mod": ast.Mod,
    "mul": ast.Mult,
    "or_": ast.BitOr,
    "sub": ast.Sub,
    "truediv": ast.Div,
    "xor": ast.BitXor,
}
_COMPARED: dict[str, type[ast.cmpop]] = {
    "eq": ast.Eq,
    "ge": ast.GtE,
    "gt": ast.Gt,
    "is_": ast.Is,
    "is_not": ast.IsNot,
    "le": ast.LtE,
    "lt": ast.Lt,
    "ne": ast.NotEq,
}


def _binary(op: type[ast.operator], *, inplace: bool) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        count(args, keywords, 2, 2)
        return operators.binary(m, op(), args[0], args[1], inplace=inplace)

    return run


def _compared(op: type[ast.cmpop]) -> Run:
    def run(m: Machine, args: Args, keywords: Keywords) -> Value:
        count(args, keywords, 2, 2)
        return operators.compare(m, op(), args[0], args[1])

    return run


for _name, _op in _BINARY.items():
    model(f"operator.{_name}")(_binary(_op, inplace=False))
    model(f"operator.i{_name.rstrip('_')}")(_binary(_op, inplace=True))
for _name, _comparison in _COMPARED.items():
    model(f"operator.{_name}")(_compared(_comparison))


@model("operator.getitem")
def _item(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    return operators.subscript(m, args[0], args[1])


@model("operator.setitem")
def _set_item(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 3, 3)
    return operators.set_subscript(m, args[0], args[1], args[2])


@model("operator.contains")
def _contains(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 2)
    return operators.compare(m, ast.In(), args[1], args[0])


@model("operator.not_")
def _not(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    return operators.choose(m, args[0], lambda: FALSE, lambda: TRUE)


@model("operator.truth")
def _truth(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 1, 1)
    return operators.choose(m, args[0], lambda: TRUE, lambda: FALSE)
