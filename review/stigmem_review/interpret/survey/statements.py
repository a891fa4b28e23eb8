"""Statements."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from stigmem_review.code.nodes import children, walk
from stigmem_review.interpret.survey.definitions import Definitions
from stigmem_review.interpret.survey.things import (
    Body,
    Box,
    Env,
    Far,
    Inst,
    Klass,
    Mod,
    Space,
    Text,
    Value,
    Values,
    either,
    is_for_types,
    union,
)


class Statements(Definitions):
    """Adds statements."""

    def block(self, body: Sequence[ast.stmt], env: Env) -> None:
        """Look at statements."""
        for node in body:
            if self.full:
                return
            run = _STATEMENTS.get(type(node))
            if run is not None:
                run(self, node, env)
            else:
                self.below(node, env)

    def below(self, node: ast.AST, env: Env) -> None:
        """Look at whatever stands below a node."""
        for each in children(node):
            if isinstance(each, ast.expr):
                self.look(each, env)
            elif isinstance(each, ast.stmt):
                self.block((each,), env)
            else:
                self.below(each, env)

    def _while(self, node: ast.While, env: Env) -> None:
        self.loop(node)
        self.asked(self.look(node.test, env), node, env)
        self._in_loop(node, env)

    def loop(self, node: ast.AST) -> None:
        """Note that what a loop binds can be there from the round before."""
        self.guarded += 1
        self.looping += 1
        if self.now:
            for each in walk(node):
                if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load):
                    self.now.pop(each.id, None)

    def _in_loop(self, node: ast.While | ast.For | ast.AsyncFor, env: Env) -> None:
        self.block(node.body, env)
        self.block(node.orelse, env)
        self.guarded -= 1
        self.looping -= 1
        if isinstance(self.unit, Body):
            self.sure = False

    def _if(self, node: ast.If, env: Env) -> None:
        test = self.look(node.test, env)
        self.asked(test, node, env)
        if is_for_types(node.test, test):
            # Only names count that annotations use.
            for each in ast.walk(node):
                if isinstance(each, (ast.Import, ast.ImportFrom)):
                    self.bind_import(each, env, quiet=True)
            self.block(node.orelse, env)
            return
        if isinstance(node.test, ast.Constant) and not node.test.value:
            self.block(node.orelse, env)
            return
        self.guarded += 1
        script = self._is_for_scripts(node)
        self.apart = self.apart or script
        self.block(node.body, env)
        self.apart = self.apart and not script
        self.block(node.orelse, env)
        self.guarded -= 1
        if isinstance(self.unit, Body):
            self.sure = False

    def _is_for_scripts(self, node: ast.If) -> bool:
        unit = self.unit
        if self.apart or not isinstance(unit, Mod) or not isinstance(node.test, ast.Compare):
            return False
        return id(node) in unit.idle

    def _try(self, node: ast.Try, env: Env) -> None:
        if not node.handlers:
            self.below(node, env)
            return
        self.guarded += 1
        self.block(node.body, env)
        for each in node.handlers:
            caught: Values = ()
            if each.type is not None:
                kinds = self.inner(self.look(each.type, env))
                caught = tuple(
                    e.instance if isinstance(e, Klass) else self.far(f"{e.dotted}()")
                    for e in kinds
                    if isinstance(e, Klass) or (isinstance(e, Far) and "()" not in e.dotted)
                )
            if each.name:
                self.bind(each.name, caught, env)
            self.block(each.body, env)
        self.block(node.orelse, env)
        self.block(node.finalbody, env)
        self.guarded -= 1
        if isinstance(self.unit, Body):
            self.sure = False

    def _for(self, node: ast.For | ast.AsyncFor, env: Env) -> None:
        items = self.items(node.iter, env)
        self.loop(node)
        self.assign(node.target, items, env)
        self._in_loop(node, env)

    def items(self, node: ast.expr, env: Env) -> Values:
        """Return what going through something gives."""
        return self.items_of(self.look(node, env), node, env)

    def items_of(self, values: Values, node: ast.AST, env: Env) -> Values:
        """Return what going through something gives."""
        found: dict[Value, None] = {}
        for each in values:
            if isinstance(each, Box):
                found.update(dict.fromkeys(self.held(each, "*")))
            elif isinstance(each, Inst):
                for name in ("__iter__", "__next__", "__aiter__", "__anext__"):
                    found.update(dict.fromkeys(self.method(each, name, node, env)))
            elif isinstance(each, Far):
                self.whole((each,), node, env)
                found[each if each.dotted.endswith("()") else self.far(f"{each.dotted}()")] = None
            elif not isinstance(each, Text):
                found[each] = None
        return tuple(found)

    def _with(self, node: ast.With | ast.AsyncWith, env: Env) -> None:
        for each in node.items:
            entered: dict[Value, None] = {}
            for value in self.look(each.context_expr, env):
                if isinstance(value, Inst):
                    for name in ("__enter__", "__aenter__"):
                        entered.update(dict.fromkeys(self.method(value, name, node, env)))
                    for name in ("__exit__", "__aexit__"):
                        self.method(value, name, node, env)
                elif isinstance(value, Box):
                    entered.update(dict.fromkeys((value, *self.held(value, "*"))))
                else:
                    entered[value] = None
            if each.optional_vars is not None:
                self.assign(each.optional_vars, tuple(entered), env)
        self.guarded += 1
        self.block(node.body, env)
        self.guarded -= 1
        if isinstance(self.unit, Body):
            self.sure = False

    def _assign(self, node: ast.Assign, env: Env) -> None:
        for target in node.targets:
            if (
                isinstance(target, (ast.Tuple, ast.List))
                and isinstance(node.value, (ast.Tuple, ast.List))
                and len(target.elts) == len(node.value.elts)
                and not any(isinstance(e, ast.Starred) for e in (*target.elts, *node.value.elts))
            ):
                for one, two in zip(target.elts, node.value.elts, strict=True):
                    self.assign(one, self.look(two, env), env)
                continue
            self.assign(target, self.look(node.value, env), env)

    def _annotated(self, node: ast.AnnAssign, env: Env) -> None:
        values = self.look(node.value, env) if node.value is not None else ()
        typed = self._annotation(node.annotation, env)
        self.assign(node.target, (*values, *typed), env)
        if isinstance(env.space, Klass) and isinstance(node.target, ast.Name):
            env.space.fields[node.target.id] = None

    def _augmented(self, node: ast.AugAssign, env: Env) -> None:
        values = self.look(node.value, env)
        if isinstance(node.target, ast.Name):
            found = self.name(node.target.id, env)
            for each in found:
                if isinstance(each, Box):
                    self.grow(each, "*", self.inner(values))
            self.bind(node.target.id, self.augmented(found, values, node, env), env)
        else:
            self.assign(node.target, values, env)

    def assign(self, target: ast.expr, values: Values, env: Env) -> None:
        """Bind a target."""
        if isinstance(target, ast.Name):
            self.bind(target.id, values, env)
        elif isinstance(target, ast.Attribute):
            self.set_attribute(self.look(target.value, env), target.attr, values, target, env)
        elif isinstance(target, ast.Subscript):
            index = self.look(target.slice, env)
            for owner in self.look(target.value, env):
                self.set_item(owner, index, values, target, env)
        elif isinstance(target, (ast.Tuple, ast.List)):
            inner = self.items_of(values, target, env)
            for each in target.elts:
                self.assign(each, inner, env)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, values, env)

    def bind(self, name: str, values: Values, env: Env) -> None:
        """Bind a name; what stands after it, and nowhere else, then has nothing but that."""
        space = self.space_of(name, env)
        self.grow(space, name, values)
        if space is not self.unit:
            return
        if self.looping:
            self.now.pop(name, None)
        elif not self.guarded:
            self.now[name] = values
        elif name in self.now:
            self.now[name] = either(self.now[name], values)

    def space_of(self, name: str, env: Env) -> Space:
        """Return where a name is bound."""
        if name in env.globals:
            return env.module
        return env.nonlocals.get(name, env.space)

    def _global(self, node: ast.Global, env: Env) -> None:
        env.globals.update(node.names)
        env.module.shared.update(node.names)
        if self.unit is env.module:
            for name in node.names:
                self.now.pop(name, None)

    def _nonlocal(self, node: ast.Nonlocal, env: Env) -> None:
        scope = env.outer
        while scope is not None:
            for name in node.names:
                if name in scope.space.names and scope.kind == "function":
                    env.nonlocals[name] = scope.space
                    scope.unit.shared.add(name)
            scope = scope.outer

    def _return(self, node: ast.Return, env: Env) -> None:
        if node.value is not None:
            self.grow(self.unit, "return", self.look(node.value, env))

    def _expr(self, node: ast.Expr, env: Env) -> None:
        self.look(node.value, env)

    def _delete(self, node: ast.Delete, env: Env) -> None:
        for each in node.targets:
            if isinstance(each, (ast.Attribute, ast.Subscript)):
                for owner in self.look(each.value, env):
                    if isinstance(owner, Inst):
                        for name in ("__delattr__", "__delitem__"):
                            self.method(owner, name, node, env)
                self.assign(each, (), env)

    def _match(self, node: ast.Match, env: Env) -> None:
        subject = self.look(node.subject, env)
        self.guarded += 1
        for case in node.cases:
            self._pattern(case.pattern, subject, node, env)
            if case.guard is not None:
                self.look(case.guard, env)
            self.block(case.body, env)
        self.guarded -= 1
        if isinstance(self.unit, Body):
            self.sure = False

    def _pattern(self, pattern: ast.pattern, values: Values, node: ast.Match, env: Env) -> None:
        """Bind what a pattern takes apart."""
        match pattern:
            case ast.MatchValue(value=value):
                self.look(value, env)
            case ast.MatchAs(pattern=inner, name=name):
                if inner is not None:
                    self._pattern(inner, values, node, env)
                if name:
                    self.bind(name, values, env)
            case ast.MatchStar(name=str(name)):
                self.bind(name, values, env)
            case ast.MatchOr(patterns=patterns):
                for each in patterns:
                    self._pattern(each, values, node, env)
            case ast.MatchSequence(patterns=patterns):
                for each in patterns:
                    self._pattern(each, self.inner(values), node, env)
            case ast.MatchMapping(patterns=patterns, rest=rest):
                for each in patterns:
                    self._pattern(each, self.inner(values), node, env)
                if rest:
                    self.bind(rest, values, env)
            case ast.MatchClass(cls=kind, patterns=patterns, kwd_attrs=names, kwd_patterns=named):
                self.look(kind, env)
                for each in patterns:
                    self._pattern(each, union(values, self.get(values, (), node, env)), node, env)
                for name, each in zip(names, named, strict=True):
                    self._pattern(each, self.get(values, self.text(name), node, env), node, env)


_S: Any = Statements
_STATEMENTS: dict[type, Callable[[Statements, Any, Env], None]] = {
    ast.Expr: _S._expr,
    ast.Assign: _S._assign,
    ast.AnnAssign: _S._annotated,
    ast.AugAssign: _S._augmented,
    ast.Return: _S._return,
    ast.If: _S._if,
    ast.For: _S._for,
    ast.AsyncFor: _S._for,
    ast.While: _S._while,
    ast.With: _S._with,
    ast.AsyncWith: _S._with,
    ast.Try: _S._try,
    ast.TryStar: _S._try,
    ast.FunctionDef: _S._def,
    ast.AsyncFunctionDef: _S._def,
    ast.ClassDef: _S._class,
    ast.Import: _S._import,
    ast.ImportFrom: _S._import,
    ast.Global: _S._global,
    ast.Nonlocal: _S._nonlocal,
    ast.Delete: _S._delete,
    ast.Match: _S._match,
}
