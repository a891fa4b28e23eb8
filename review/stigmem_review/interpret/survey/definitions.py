"""Functions, classes and annotations."""

from __future__ import annotations

import ast

from stigmem_review.interpret.survey.imports import Imports
from stigmem_review.interpret.survey.things import (
    VALIDATORS,
    Attr,
    Body,
    Bound,
    Box,
    Env,
    Far,
    Inst,
    Klass,
    Mod,
    Value,
    Values,
    union,
)

_ANNOTATION = 4_000
"""Characters of a text that is an annotation."""


class Definitions(Imports):
    """Adds definitions, and what annotations say that a value is."""

    def _def(self, node: ast.FunctionDef | ast.AsyncFunctionDef, env: Env) -> None:
        body = self.function(node, env, node.name)
        values: Values = (body,)
        for each in reversed(node.decorator_list):
            values = self._decorated(each, values, body, env)
        self.bind(node.name, values, env)

    def _decorated(self, node: ast.expr, values: Values, body: Body | Klass, env: Env) -> Values:
        functions = self.look(node, env)
        found: dict[Value, None] = dict.fromkeys(values)
        for function in functions:
            if isinstance(function, Far) and isinstance(body, Body):
                dotted = function.dotted
                if dotted in ("builtins.staticmethod", "builtins.classmethod"):
                    body.traits.add(dotted.partition(".")[2])
                    continue
                if dotted.startswith("pydantic.") and dotted.endswith(("validator", "validator()")):
                    body.traits.add("validates")
                if dotted in ("builtins.property", "functools.cached_property"):
                    body.traits.add("property")
                    continue
            if isinstance(function, Far):
                self.event("calls", function.dotted, node, env)
                for each in values:
                    if isinstance(each, Far):
                        self.hand(each, function.dotted, node, env)
                continue
            if isinstance(function, Attr):
                if function.name in ("setter", "getter", "deleter") and isinstance(body, Body):
                    body.traits.add("property")
                continue
            found.update(dict.fromkeys(self.call(function, (values,), {}, node, env)))
        return tuple(found)

    def function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, env: Env, name: str
    ) -> Body:
        key = (id(node), id(env.module))
        body = self.made.get(key)
        new = body is None
        if new:
            within = env.unit.within
            klass = env.space if env.kind == "class" else None
            around = klass.name if isinstance(klass, Klass) else within
            body = Body(node, f"{around}.{name}" if around else name)
            body.klass = klass if isinstance(klass, Klass) else None
            self.made[key] = body
            self.bodies.append(body)
            body.env = Env("function", body, env, env.module, body)
        assert isinstance(body, Body)
        args = node.args
        plain = [*args.posonlyargs, *args.args]
        for each in (*plain, *args.kwonlyargs, args.vararg, args.kwarg):
            if each is None:
                continue
            typed = self._annotation(each.annotation, env) if each.annotation is not None else ()
            body.names.setdefault(each.arg, {})
            if typed:
                self.grow(body, each.arg, typed)
        returns = None if isinstance(node, ast.Lambda) else node.returns
        if returns is not None and (returned := self._annotation(returns, env)):
            self.grow(body, "return", returned)
        given = args.defaults
        for each, default in zip(plain[len(plain) - len(given) :], given, strict=True):
            if values := self.look(default, env):
                self.grow(body, each.arg, values)
        for each, other in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            if other is not None and (values := self.look(other, env)):
                self.grow(body, each.arg, values)
        if new and body.klass is not None and plain and not isinstance(node, ast.Lambda):
            marks = {each.id for each in node.decorator_list if isinstance(each, ast.Name)}
            if "staticmethod" not in marks:
                by_class = "classmethod" in marks or name in ("__new__", "__init_subclass__")
                me: Value = body.klass if by_class else body.klass.instance
                self.grow(body, plain[0].arg, (me,))
        return body

    def _class(self, node: ast.ClassDef, env: Env) -> None:
        key = (id(node), id(env.module))
        klass = self.made.get(key)
        if klass is None:
            around = env.space.name if isinstance(env.space, Klass) else env.unit.within
            klass = Klass(f"{around}.{node.name}" if around else node.name, env.module.name)
            self.made[key] = klass
            self.classes.append(klass)
        assert isinstance(klass, Klass)
        for each in node.bases:
            self.derives(klass, self.look(each, env))
        metas: Values = ()
        for word in node.keywords:
            found = self.look(word.value, env)
            if word.arg == "metaclass":
                metas = found
        inner = Env("class", klass, env, env.module, env.unit)
        self.block(node.body, inner)
        for value in klass.bases:
            if isinstance(value, Klass):
                for hook in self.member(value, "__init_subclass__", node, env):
                    self.call(hook, ((klass,),), {}, node, env)
            elif isinstance(value, Body):
                self.call(value, (), {}, node, env)
            elif isinstance(value, Inst):
                self.method(value, "__mro_entries__", node, env)
        for meta in metas:
            if isinstance(meta, Klass):
                klass.metas[meta] = None
                for name in ("__new__", "__init__", "__prepare__"):
                    for each_ in self.member(meta, name, node, env):
                        self.call(each_, ((meta,), (), (), ()), {}, node, env)
            elif isinstance(meta, (Body, Far)):
                self.call(meta, (), {}, node, env)
        for held in [*klass.names.values()]:
            for value in [*held]:
                if isinstance(value, Inst):
                    self.method(value, "__set_name__", node, env)
        values: Values = (klass,)
        for decorator in reversed(node.decorator_list):
            values = self._decorated(decorator, values, klass, env)
        self.bind(node.name, values, env)

    def _annotation(self, node: ast.expr, env: Env) -> Values:
        """Evaluate an annotation, and return what stands for an object of its type."""
        if not isinstance(node, ast.Constant):
            self._validated(self.look(node, env), env)
        return self.typed(node, env)

    def _validated(self, values: Values, env: Env) -> None:
        """Note the functions in an annotation of a class, which a model calls for the field."""
        if isinstance(env.space, Klass):
            self.grow(env.space, VALIDATORS, (e for e in values if isinstance(e, (Body, Bound))))

    def typed(self, node: ast.expr, env: Env, depth: int = 0) -> Values:
        """Return what stands for an object of the type that an annotation names."""
        if depth > 6:
            return ()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if len(node.value) > _ANNOTATION:
                return ()
            try:
                parsed = self.made.get((id(node), -2))
                if parsed is None:
                    parsed = self.made[id(node), -2] = ast.parse(node.value, mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return ()
            ast.copy_location(parsed, node)
            if any(isinstance(each, ast.Call) for each in ast.walk(parsed)):
                # Whoever asks for the types runs the text.
                self._validated(self.look(parsed, env), env)
            return self.typed(parsed, env, depth + 1)
        if isinstance(node, ast.BinOp):
            return union(
                self.typed(node.left, env, depth + 1), self.typed(node.right, env, depth + 1)
            )
        if isinstance(node, ast.Subscript):
            owner = node.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if name in ("Optional", "Union", "Annotated", "Final", "ClassVar", "Awaitable"):
                return union(*(self.typed(each, env, depth + 1) for each in inner[:4]))
            if name in ("type", "Type"):
                return union(*(self._named(each, env) for each in inner[:1]))
            if name in ("list", "List", "tuple", "Tuple", "set", "Sequence", "Iterable", "dict",
                        "Dict", "Mapping", "AsyncIterator", "Iterator"):  # fmt: skip
                key = (id(node), id(env.module))
                box = self.made.setdefault(key, Box())
                self.grow(
                    box, "*", union(*(self.typed(each, env, depth + 1) for each in inner[-1:]))
                )
                return (box,)
            return ()
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return ()
        found: list[Value] = []
        for each in self._named(node, env):
            if isinstance(each, Klass):
                found.append(each.instance)
            elif isinstance(each, Far) and not each.dotted.startswith(
                ("typing.", "builtins.", "collections.abc.", "typing_extensions.")
            ):
                found.append(self.far(f"{each.dotted}()"))
        return tuple(found)

    def _named(self, node: ast.expr, env: Env) -> Values:
        """Return what a dotted name stands for, without looking at it."""
        if isinstance(node, ast.Name):
            return self.name(node.id, env)
        if isinstance(node, ast.Attribute):
            found: list[Value] = []
            for each in self._named(node.value, env):
                if isinstance(each, Far):
                    found.append(self.far(f"{each.dotted}.{node.attr}"))
                elif isinstance(each, (Mod, Klass)):
                    found += self.held(each, node.attr)
            return tuple(found)
        return ()
