"""What each kind of statement does."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from stigmem_review.code.names import names_of
from stigmem_review.interpret import annotation, lazy, objects, operators
from stigmem_review.interpret.ends import Exit, GiveUp
from stigmem_review.interpret.environment import Env, mangled
from stigmem_review.interpret.loops import block, run_for, run_while
from stigmem_review.interpret.machine import Machine
from stigmem_review.interpret.raising import run_raise, run_try, run_with
from stigmem_review.interpret.routers import ROUTED
from stigmem_review.interpret.values import (
    MISSING,
    NONE,
    Bound,
    Const,
    Foreign,
    Ref,
    Tuple,
    Value,
    values_of,
)


def execute(m: Machine, body: Sequence[ast.stmt], env: Env) -> None:
    """Run statements."""
    for node in body:
        m.tick()
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            # What is imported, and from whom, is for the survey to say.
            m.seen.add(id(node))
        m.site = (env, node)
        _statement(m, node, env)


def _statement(m: Machine, node: ast.stmt, env: Env) -> None:
    match node:
        case ast.Expr(value=value):
            m.evaluate(value, env)
        case ast.Assign(targets=targets, value=value):
            found = m.evaluate(value, env)
            for target in targets:
                m.assign(target, found, env)
        case ast.AnnAssign(target=target, value=given, annotation=named, simple=simple):
            found = m.evaluate(given, env) if given else MISSING
            if given:
                m.assign(target, annotation.value_of(m, found, named, env), env)
            elif isinstance(target, (ast.Attribute, ast.Subscript)):
                m.evaluate(target.value, env)
                if isinstance(target, ast.Subscript):
                    m.evaluate(target.slice, env)
            if simple and env.kind in ("module", "class"):
                if not m.postponed(env):
                    m.evaluate(named, env)
                if env.kind == "class" and isinstance(target, ast.Name):
                    _note_field(m, env, target.id, named)
        case ast.AugAssign(target=target, op=op, value=value):
            _augmented(m, target, op, value, env)
        case ast.Return(value=value):
            raise Exit("returns", m.evaluate(value, env) if value else NONE)
        case ast.If(test=test, body=body, orelse=orelse):
            m.choose(m.evaluate(test, env), block(m, body, env), block(m, orelse, env))
        case ast.For():
            run_for(m, node, env)
        case ast.AsyncFor() if m.roots:
            run_for(m, node, env)
        case ast.While():
            run_while(m, node, env)
        case ast.Try() | ast.TryStar():
            run_try(m, node, env)
        case ast.With(items=items, body=body):
            run_with(m, items, body, env)
        case ast.AsyncWith(items=items, body=body) if m.roots:
            run_with(m, items, body, env)
        case ast.Raise(exc=exc, cause=cause):
            run_raise(m, exc, cause, env)
        case ast.Assert(test=test, msg=msg):

            def failed() -> Value:
                args = (m.evaluate(msg, env),) if msg else ()
                m.raise_("AssertionError", *args)

            m.choose(m.evaluate(test, env), lambda: NONE, failed)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            _define(m, node, env)
        case ast.ClassDef():
            _class(m, node, env)
        case ast.Import(names=aliases):
            for alias in aliases:
                m.import_(alias.name, alias.asname, env)
        case ast.ImportFrom():
            m.import_from(node, env)
        case ast.Pass() | ast.Global() | ast.Nonlocal():
            pass
        case ast.Break():
            raise Exit("breaks", NONE)
        case ast.Continue():
            raise Exit("continues", NONE)
        case ast.Delete(targets=targets):
            for target in targets:
                _delete(m, target, env)
        case ast.Match(subject=subject, cases=cases):
            from stigmem_review.interpret import patterns  # few plugins match anything

            patterns.match(m, m.evaluate(subject, env), cases, env)
        case _:
            m.doom(f"{type(node).__name__} is not followed")


def bind_name(m: Machine, name: str, value: Value, env: Env) -> None:
    """Bind a name, where its scope has it."""
    cell = mangled(name, env)
    if name in env.names.globals:
        m.write(env.globals, value, cell)
    elif name in env.names.nonlocals:
        m.write(m.frame_of(name, env, nested=True), value, cell)
    else:
        m.write(env.frame, value, cell)


def assign(m: Machine, target: ast.expr, value: Value, env: Env) -> None:
    """Bind a target. Raises ``GiveUp`` where it is not known what that changes."""
    match target:
        case ast.Name(id=name):
            bind_name(m, name, value, env)
        case ast.Attribute(value=owner, attr=attr):
            objects.set_attribute(m, m.evaluate(owner, env), mangled(attr, env), value)
        case ast.Subscript(value=owner, slice=index):
            held, place = m.evaluate(owner, env), m.evaluate(index, env)
            m.guard((held, place, value), lambda: operators.set_subscript(m, held, place, value))
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            _unpack(m, targets, value, env)
        case ast.Starred(value=inner):
            assign(m, inner, value, env)
        case _:
            raise GiveUp("a target is not followed")


def _unpack(m: Machine, targets: Sequence[ast.expr], value: Value, env: Env) -> None:
    star = next((n for n, each in enumerate(targets) if isinstance(each, ast.Starred)), -1)

    def bind(items: Tuple) -> Value:
        found = [*items.items]
        if items.shuffled:
            found = [m.unknown("which item of a set comes first is up to chance", *found)] * len(
                found
            )
        if star < 0:
            if len(found) > len(targets) + 1 and lazy.is_iterator(value):
                raise GiveUp("what is left of an iterator is not known")
            if len(found) != len(targets):
                m.raise_("ValueError", Const("the number of values to unpack"))
        else:
            after = len(targets) - star - 1
            if len(found) < len(targets) - 1:
                m.raise_("ValueError", Const("not enough values to unpack"))
            middle = found[star : len(found) - after]
            found[star : len(found) - after] = [m.new_list(middle, shuffled=items.shuffled)]
        for target, each in zip(targets, found, strict=True):
            m.assign(target, each, env)
        return NONE

    try:
        lazy.with_items(m, value, bind)
    except GiveUp as stop:
        m.may_raise(stop.why)
        for target in targets:
            m.assign(target, m.unknown(stop.why, value), env)


def _augmented(m: Machine, target: ast.expr, op: ast.operator, node: ast.expr, env: Env) -> None:
    match target:
        case ast.Name():
            old = m.evaluate(ast.Name(target.id, ast.Load(), lineno=target.lineno), env)
            value = m.evaluate(node, env)
            m.assign(target, _inplace(m, op, old, value), env)
        case ast.Attribute(value=owner, attr=attr):
            held = m.evaluate(owner, env)
            name = mangled(attr, env)
            old = m.each(held, lambda one: m.get(one, name))
            value = m.evaluate(node, env)
            objects.set_attribute(m, held, name, _inplace(m, op, old, value))
        case ast.Subscript(value=owner, slice=index):
            held, place = m.evaluate(owner, env), m.evaluate(index, env)
            old = m.guard((held, place), lambda: operators.subscript(m, held, place))
            value = m.evaluate(node, env)
            new = _inplace(m, op, old, value)
            m.guard((held, place, new), lambda: operators.set_subscript(m, held, place, new))
        case _:
            m.doom("a target is not followed")


def _inplace(m: Machine, op: ast.operator, old: Value, value: Value) -> Value:
    return m.guard((old, value), lambda: operators.binary(m, op, old, value, inplace=True))


def _delete(m: Machine, target: ast.expr, env: Env) -> None:
    match target:
        case ast.Name(id=name):
            found = m.evaluate(ast.Name(name, ast.Load(), lineno=target.lineno), env)

            def bound(held: Value) -> Value:
                if held == MISSING:
                    m.raise_("NameError", Const(f"name '{name}' is not defined"))
                return NONE

            if any(
                isinstance(each, Foreign) and each.dotted.startswith("builtins.")
                for each in values_of(found)
            ):
                m.each(m.read(m.frame_of(name, env), mangled(name, env)), bound)
            bind_name(m, name, MISSING, env)
        case ast.Attribute(value=owner, attr=attr):
            objects.set_attribute(m, m.evaluate(owner, env), mangled(attr, env), MISSING)
        case ast.Subscript(value=owner, slice=index):
            held, place = m.evaluate(owner, env), m.evaluate(index, env)
            m.guard((held, place), lambda: operators.delete_subscript(m, held, place))
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            for each in targets:
                _delete(m, each, env)
        case _:
            m.doom("a target is not followed")


# Definitions.


def _decorated(m: Machine, value: Value, nodes: Sequence[Value], site: ast.AST, env: Env) -> Value:
    for decorator in reversed(nodes):
        m.site = (env, site)
        value = m.call(decorator, (value,))
    return value


def _define(m: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef, env: Env) -> None:
    decorators = [m.evaluate(each, env) for each in node.decorator_list]
    function = m.function(node, env)
    if any(isinstance(each, Bound) and each.function == ROUTED for each in decorators):

        def typed() -> Value:
            annotation.typed(m, node, env)
            return NONE

        m.guard((), typed)
    if not m.postponed(env):
        args = node.args
        every = (*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg)
        for each in every:
            if each and each.annotation:
                m.evaluate(each.annotation, env)
        if node.returns:
            m.evaluate(node.returns, env)
    bind_name(m, node.name, _decorated(m, function, decorators, node, env), env)


def _class(m: Machine, node: ast.ClassDef, env: Env) -> None:
    decorators = [m.evaluate(each, env) for each in node.decorator_list]

    def make() -> Value:
        return m.new_class(node, env)

    # Deriving from what others provide changes nothing of it.
    bases = [each for each in node.bases if not isinstance(annotation.named(m, each, env), Foreign)]
    shown = ast.ClassDef(node.name, bases, node.keywords, node.body, [])
    made = m.guard((), make, shown=(shown, env))
    bind_name(m, node.name, _decorated(m, made, decorators, node, env), env)


def class_env(m: Machine, node: ast.ClassDef, env: Env, klass: Ref) -> Env:
    """Return the scope of a class body."""
    return Env(
        "class", klass, names_of(node), env, env.module, env.globals, node.name,
        str(m.thing(klass).extra), "", env.function,
    )  # fmt: skip


def _note_field(m: Machine, env: Env, name: str, annotation: ast.expr) -> None:
    """Note an annotated name of a class, in order: what dataclasses and models are made of."""
    found = m.fields.setdefault(env.frame.oid, {})
    found[name] = annotation
