"""Expressions, and with them all of a survey."""

from __future__ import annotations

import ast
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from stigmem_review.host import apis
from stigmem_review.host.destinations import UNKNOWN
from stigmem_review.interpret.survey import paths
from stigmem_review.interpret.survey.statements import Statements
from stigmem_review.interpret.survey.texts import percent
from stigmem_review.interpret.survey.things import (
    CHARS,
    EACH,
    Body,
    Bound,
    Box,
    Env,
    Far,
    Inst,
    Klass,
    Made,
    Partly,
    Table,
    Text,
    Value,
    Values,
    arguments_of,
    either,
    told,
    union,
)

_OPERATORS = {
    "Add": "add", "Sub": "sub", "Mult": "mul", "MatMult": "matmul", "Div": "truediv",
    "Mod": "mod", "Pow": "pow", "LShift": "lshift", "RShift": "rshift", "BitOr": "or",
    "BitXor": "xor", "BitAnd": "and", "FloorDiv": "floordiv", "Eq": "eq", "NotEq": "ne",
    "Lt": "lt", "LtE": "le", "Gt": "gt", "GtE": "ge", "In": "contains", "NotIn": "contains",
}  # fmt: skip


class Survey(Statements):
    """Looks at all code of a release. ``events`` and ``imports`` are what it has found."""

    def look(self, node: ast.expr, env: Env) -> Values:
        """Return what an expression can stand for, and note what evaluating it does."""
        self.looked += 1
        # Most are one of these two.
        if isinstance(node, ast.Name):
            found = self.name(node.id, env)
            for each in found:
                if isinstance(each, Far) and each.acts:
                    self.event("looks", each.dotted, node, env)
            return found
        if isinstance(node, ast.Constant):
            return self.text(node.value) if type(node.value) is str else ()
        run = _EXPRESSIONS.get(type(node))
        if run is None:
            self.below(node, env)
            return ()
        return run(self, node, env)

    def _attribute(self, node: ast.Attribute, env: Env) -> Values:
        owners = self.look(node.value, env)
        if not owners:
            if node.attr in self.accessors or apis.looked_at(f"?.{node.attr}"):
                self.event("looks", f"?.{node.attr}", node, env)
            return (self.attr(node.attr),)
        if len(owners) == 1:
            return self.member(owners[0], node.attr, node, env)
        found: dict[Value, None] = {}
        for each in owners:
            for member in self.member(each, node.attr, node, env):
                found[member] = None
        return tuple(found)

    def _subscript(self, node: ast.Subscript, env: Env) -> Values:
        owners = self.look(node.value, env)
        index = self.look(node.slice, env)
        found: dict[Value, None] = {}
        for each in owners:
            for item in self.item(each, index, node, env):
                found[item] = None
        return tuple(found)

    def _call(self, node: ast.Call, env: Env) -> Values:
        functions = self.look(node.func, env)
        args = tuple(
            [
                self.items(each.value, env)
                if isinstance(each, ast.Starred)
                else self.look(each, env)
                for each in node.args
            ]
        )
        keywords: dict[str, Values] = {}
        for word in node.keywords:
            keywords[word.arg or "**"] = self.look(word.value, env)
        for each in keywords.get("**", ()) if keywords else ():
            if isinstance(each, Table):
                self.get((each.owner,), (), node, env)
        if not functions:
            self.handed((*args, *keywords.values()), "", node, env)
            return ()
        if len(functions) == 1:
            return self.call(functions[0], args, keywords, node, env)
        found: dict[Value, None] = {}
        for function in functions:
            for given in self.call(function, args, keywords, node, env):
                found[given] = None
        return tuple(found)

    def _lambda(self, node: ast.Lambda, env: Env) -> Values:
        return (self.function(node, env, "<lambda>"),)

    def _display(self, node: ast.expr, env: Env) -> Values:
        key = (id(node), id(env.module))
        box = self.made.get(key)
        if box is None:
            box = self.made[key] = Box()
        assert isinstance(box, Box)
        if isinstance(node, ast.Dict):
            for name, value in zip(node.keys, node.values, strict=True):
                if name is None:
                    values = self.look(value, env)
                    self.whole(values, value, env)
                    self.grow(box, "*", self.inner(values))
                else:
                    self.keyed(self.look(name, env), node, env)
                    self.grow(box, "*", self.look(value, env))
        else:
            parts: list[Values | str] = []
            assert isinstance(node, (ast.List, ast.Tuple, ast.Set))
            for each in node.elts:
                if isinstance(each, ast.Starred):
                    parts.append(())
                    self.grow(box, "*", self.items(each.value, env))
                else:
                    values = self.look(each, env)
                    constant = each.value if isinstance(each, ast.Constant) else None
                    parts.append(str(constant) if type(constant) is int else values)
                    self.grow(box, "*", values)
                    if isinstance(node, ast.Set):
                        self.keyed(values, node, env)
            if not isinstance(node, ast.Set):
                box.parts = tuple(parts)
        return (box,)

    def keyed(self, values: Values, node: ast.AST, env: Env) -> None:
        for each in values:
            if isinstance(each, Inst):
                for name in ("__hash__", "__eq__"):
                    self.method(each, name, node, env)

    def _comprehension(self, node: Any, env: Env) -> Values:
        self.looping += 1
        for each in node.generators:
            self.assign(each.target, self.items(each.iter, env), env)
            for test in each.ifs:
                self.look(test, env)
        key = (id(node), id(env.module))
        box = self.made.get(key)
        if box is None:
            box = self.made[key] = Box()
        assert isinstance(box, Box)
        if isinstance(node, ast.DictComp):
            self.look(node.key, env)
            self.grow(box, "*", self.look(node.value, env))
        else:
            self.grow(box, "*", self.look(node.elt, env))
        self.looping -= 1
        return (box,)

    def _either(self, node: ast.IfExp, env: Env) -> Values:
        self.asked(self.look(node.test, env), node, env)
        return either(self.look(node.body, env), self.look(node.orelse, env))

    def _boolean(self, node: ast.BoolOp, env: Env) -> Values:
        return either(*(self.look(each, env) for each in node.values))

    def _walrus(self, node: ast.NamedExpr, env: Env) -> Values:
        values = self.look(node.value, env)
        self.assign(node.target, values, env)
        return values

    def _await(self, node: ast.Await, env: Env) -> Values:
        return self.look(node.value, env)

    def _yield(self, node: ast.Yield | ast.YieldFrom, env: Env) -> Values:
        if node.value is not None:
            values = self.look(node.value, env)
            self.grow(self.unit, "return", values)
            if isinstance(node, ast.YieldFrom):
                return values
        return ()

    def _operation(self, node: ast.BinOp, env: Env) -> Values:
        return self._operated(self.look(node.left, env), self.look(node.right, env), node, env)

    def augmented(self, left: Values, right: Values, node: ast.AugAssign, env: Env) -> Values:
        """Return what an operator makes of what a name stands for."""
        found = self.operate(left, type(node.op).__name__, node, env, prefix="i")
        kept = tuple(each for each in left if isinstance(each, Far))
        return union(found, kept, self._operated(left, right, node, env))

    def _operated(
        self, left: Values, right: Values, node: ast.BinOp | ast.AugAssign, env: Env
    ) -> Values:
        name = type(node.op).__name__
        if isinstance(node.op, ast.Add):
            texts = self._put_together(left, right)
            if texts:
                return texts
        if isinstance(node.op, ast.Mod) and any(isinstance(e, (Text, Partly)) for e in left):
            self.shown((right,), node, env)
            every = [text for e in left if isinstance(e, Text) for text in percent(e.text, right)]
            return tuple(each for text in every for each in self.spelled(text))
        found = self.operate(left, name, node, env)
        found = union(found, self.operate(right, name, node, env, prefix="r"))
        paths: Values = ()
        for each in left if isinstance(node.op, ast.Div) else ():
            if isinstance(each, Made):
                for text in told(right):
                    paths += self.path(each.dotted, f"{each.text}/{text}")
            elif isinstance(each, Far) and each.dotted.startswith(("pathlib.", "anyio.Path")):
                paths += (each,)
        for each in right if isinstance(node.op, ast.Div) else ():
            if isinstance(each, Made):
                for text in told(left):
                    paths += self.path(each.dotted, f"{text}/{each.text}")
            elif isinstance(each, Far) and each.dotted.startswith(("pathlib.", "anyio.Path")):
                paths += (each,)
        # Each once: what is added to itself again and again has no more in it each time.
        boxes = tuple(dict.fromkeys(e for e in (*left, *right) if isinstance(e, Box)))
        kinds: Values = ()
        if isinstance(node.op, ast.BitOr):
            # Types of which something has one.
            either_is = (e for e in (*left, *right) if isinstance(e, (Far, Klass, Body, Bound)))
            kinds = tuple(dict.fromkeys(either_is))
        return union(found, paths, boxes, kinds)

    def _put_together(self, left: Values, right: Values) -> Values:
        """Return every text that two make, where one is a text and there are not too many."""
        if not any(isinstance(each, (Text, Partly)) for each in (*left, *right)):
            return ()
        if any(isinstance(each, (Box, Inst)) for each in (*left, *right)):
            return ()
        ones, twos = told(left), told(right)
        if len(ones) * len(twos) > EACH:
            return ()
        return tuple(each for one in ones for two in twos for each in self.spelled(one + two))

    def _unary(self, node: ast.UnaryOp, env: Env) -> Values:
        values = self.look(node.operand, env)
        if isinstance(node.op, ast.Not):
            self.asked(values, node, env)
            return ()
        found: Values = ()
        for each in values:
            if isinstance(each, Inst):
                name = {ast.USub: "neg", ast.UAdd: "pos"}.get(type(node.op), "invert")
                found += self.method(each, f"__{name}__", node, env)
        return found

    def operate(
        self, values: Values, operator: str, node: ast.AST, env: Env, *, prefix: str = ""
    ) -> Values:
        found: Values = ()
        for each in values:
            if isinstance(each, Inst):
                name = _OPERATORS.get(operator, "")
                found = union(found, self.method(each, f"__{prefix}{name}__", node, env))
                if prefix == "i":
                    found = union(found, self.method(each, f"__{name}__", node, env))
        return found

    def _compare(self, node: ast.Compare, env: Env) -> Values:
        sides = [self.look(each, env) for each in (node.left, *node.comparators)]
        for item, owners in pairwise(sides):
            if any(isinstance(e, Far) and e.dotted == paths.ENVIRONMENT for e in owners):
                dotted = f"{paths.ENVIRONMENT}.__contains__"
                self.event("calls", dotted, node, env, arguments_of((item,), {}))
        for values in sides:
            for each in values:
                if isinstance(each, Inst):
                    for operator in node.ops:
                        name = _OPERATORS.get(type(operator).__name__)
                        if name:
                            self.method(each, f"__{name}__", node, env)
        return ()

    def _formatted(self, node: ast.JoinedStr, env: Env) -> Values:
        texts: list[str] = [""]
        for each in node.values:
            if isinstance(each, ast.Constant):
                texts = [text + str(each.value) for text in texts]
                continue
            assert isinstance(each, ast.FormattedValue)
            values = self.look(each.value, env)
            if each.format_spec is not None:
                self.look(each.format_spec, env)
            for value in values:
                if isinstance(value, Inst):
                    for name in ("__format__", "__str__", "__repr__"):
                        self.method(value, name, node, env)
            plain = each.conversion in (-1, ord("s")) and each.format_spec is None
            parts = told(values) if plain else (UNKNOWN,)
            if len(parts) * len(texts) > EACH:
                parts = (UNKNOWN,)
            texts = [text[:CHARS] + part for text in texts for part in parts]
        return tuple(each for text in texts for each in self.spelled(text))


_S: Any = Survey
_EXPRESSIONS: dict[type, Callable[[Survey, Any, Env], Values]] = {
    ast.Attribute: _S._attribute,
    ast.Subscript: _S._subscript,
    ast.Call: _S._call,
    ast.Lambda: _S._lambda,
    ast.Dict: _S._display,
    ast.List: _S._display,
    ast.Tuple: _S._display,
    ast.Set: _S._display,
    ast.ListComp: _S._comprehension,
    ast.SetComp: _S._comprehension,
    ast.GeneratorExp: _S._comprehension,
    ast.DictComp: _S._comprehension,
    ast.IfExp: _S._either,
    ast.BoolOp: _S._boolean,
    ast.NamedExpr: _S._walrus,
    ast.Await: _S._await,
    ast.Yield: _S._yield,
    ast.YieldFrom: _S._yield,
    ast.BinOp: _S._operation,
    ast.UnaryOp: _S._unary,
    ast.Compare: _S._compare,
    ast.JoinedStr: _S._formatted,
}
