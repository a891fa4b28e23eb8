"""Other ways to write the same: each as the one that all of them are compared in."""

from __future__ import annotations

import ast

from stigmem_review.code.nodes import walk


def as_comprehension(node: ast.For | ast.Expr) -> tuple[str, ast.ListComp] | None:
    """Return the list that items are added to, and how else they would be written there.

    Nothing where anything is done besides, or asked for what was added so far.
    """
    return _of_extend(node) if isinstance(node, ast.Expr) else _of_loop(node)


def _of_extend(node: ast.Expr) -> tuple[str, ast.ListComp] | None:
    match node.value:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=name), attr="extend"),
            args=[ast.GeneratorExp(elt=item, generators=every) as given],
            keywords=[],
        ) if not _mentions(given, name):
            return name, ast.ListComp(item, every)
        case _:
            return None


def _of_loop(loop: ast.For) -> tuple[str, ast.ListComp] | None:
    *guards, last = loop.body
    tests: list[ast.expr] = []
    for each in guards:
        if not (isinstance(each, ast.If) and not each.orelse):
            return None
        if not all(isinstance(one, ast.Continue) for one in each.body):
            return None
        tests.append(ast.UnaryOp(ast.Not(), each.test))
    while isinstance(last, ast.If) and not last.orelse and len(last.body) == 1:
        tests.append(last.test)
        last = last.body[0]
    match last:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="append"),
                args=[item],
                keywords=[],
            )
        ) if not loop.orelse:
            if any(_mentions(each, name) for each in (loop.target, loop.iter, item, *tests)):
                return None
            every = ast.comprehension(loop.target, loop.iter, tests, 0)
            return name, ast.ListComp(item, [every])
        case _:
            return None


def as_condition(loop: ast.For) -> tuple[ast.Compare, ast.If] | None:
    """Return what a loop asks that only looks for something among its items, and where it is.

    What it then does has to end the loop, and may not hang on which of the items it was.
    """
    match loop:
        case ast.For(
            target=ast.Name(id=name), iter=items, body=[ast.If(orelse=[]) as found], orelse=[]
        ) if isinstance(found.body[-1], (ast.Return, ast.Raise)):
            wanted = _wanted(found.test, name)
            if wanted is None or any(_mentions(each, name) for each in found.body):
                return None
            return ast.Compare(wanted, [ast.In()], [items]), found
        case _:
            return None


def as_membership(call: ast.Call) -> ast.Compare | None:
    """Return what ``any`` of comparisons with the items of something asks."""
    match call:
        case ast.Call(
            args=[
                ast.GeneratorExp(
                    elt=test,
                    generators=[
                        ast.comprehension(target=ast.Name(id=name), iter=items, ifs=[], is_async=0)
                    ],
                )
                | ast.ListComp(
                    elt=test,
                    generators=[
                        ast.comprehension(target=ast.Name(id=name), iter=items, ifs=[], is_async=0)
                    ],
                )
            ],
            keywords=[],
        ):
            wanted = _wanted(test, name)
            return ast.Compare(wanted, [ast.In()], [items]) if wanted is not None else None
        case _:
            return None


def as_list(call: ast.Call) -> ast.ListComp | None:
    """Return the comprehension that ``list`` of a generator, or of ``filter``, stands for."""
    match call:
        case ast.Call(args=[ast.GeneratorExp(elt=item, generators=every)], keywords=[]):
            return ast.ListComp(item, every)
        case ast.Call(
            args=[
                ast.Call(
                    func=ast.Name(id="filter"),
                    args=[
                        ast.Lambda(
                            args=ast.arguments(
                                posonlyargs=[],
                                args=[ast.arg(arg=name)],
                                vararg=None,
                                kwonlyargs=[],
                                kwarg=None,
                                defaults=[],
                            ),
                            body=test,
                        ),
                        items,
                    ],
                    keywords=[],
                )
            ],
            keywords=[],
        ):
            kept = ast.comprehension(ast.Name(name, ast.Store()), items, [test], 0)
            return ast.ListComp(ast.Name(name, ast.Load()), [kept])
        case _:
            return None


def _wanted(test: ast.expr, name: str) -> ast.expr | None:
    """Return what a name is compared with, if that is all that a test asks."""
    match test:
        case ast.Compare(left=one, ops=[ast.Eq()], comparators=[other]):
            for this, that in ((one, other), (other, one)):
                is_it = isinstance(this, ast.Name) and this.id == name
                if is_it and not _mentions(that, name):
                    return that
            return None
        case _:
            return None


def _mentions(node: ast.AST, name: str) -> bool:
    return any(isinstance(each, ast.Name) and each.id == name for each in walk(node))
