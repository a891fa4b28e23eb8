"""What calls give: of builtins, methods, functions of the distribution, and the manifest class."""

from __future__ import annotations

import ast
import builtins
from abc import abstractmethod

from packaging.utils import canonicalize_name

from stigmem_review import limits
from stigmem_review.code.modules import Module
from stigmem_review.code.nodes import walk
from stigmem_review.manifest.core import (
    ANY,
    CAPABILITY,
    COLLECTIONS,
    HOOK_NAME,
    MANIFEST_CLASSES,
    READING_ALL,
    TOO_MANY,
    Trace,
    called_name,
    changeable,
    unordered,
)
from stigmem_review.manifest.data import LOADERS, READERS, content, led_to, loaded
from stigmem_review.manifest.frames import Followed, Leaves, Place, Step, Stop, Use
from stigmem_review.manifest.leaks import COPYING, Leaks, Shape, leaks_of, shape_of
from stigmem_review.manifest.objects import Objects
from stigmem_review.manifest.operations import (
    SETS,
    constants,
    item_of,
    of_sets,
    of_text,
    truth,
)
from stigmem_review.manifest.values import (
    Collection,
    Const,
    Definition,
    FilePath,
    Foreign,
    Given,
    MadeManifest,
    Mapping,
    Raised,
    Result,
    Value,
)
from stigmem_review.model import Location, Unknown

_FILES = frozenset({"importlib.resources.files", "importlib_resources.files"})
_PARTIAL = frozenset({"functools.partial", "functools.partialmethod"})
_OTHER_CALLS = frozenset({"pathlib.Path", *LOADERS, *_FILES})
_VERSION = frozenset({"importlib.metadata.version", "importlib_metadata.version"})


class Calls(Objects):
    """Follows calls."""

    @abstractmethod
    def items_of(self, node: ast.expr, place: Place) -> tuple[list[Value], Followed] | None:
        """Return what a loop over an expression gives, and what reading that leans on."""

    @abstractmethod
    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, place: Place
    ) -> Value:
        """Return what a comprehension gives, read to its end."""

    @abstractmethod
    def run(
        self, function: ast.FunctionDef, module: Module, arguments: dict[str, Followed]
    ) -> tuple[Value | Raised, list[Step]]:
        """Return what a function gives for these arguments, and what the ways it takes lean on.

        Raises ``Stop`` where it cannot be followed.
        """

    def _call(self, node: ast.Call, place: Place) -> Value:
        if isinstance(node.func, ast.Attribute):
            start = len(self._trace)
            found = self._method_call(node, node.func, place)
            if found is not None:
                return found
            self._forget(start)
        start = len(self._trace)
        called = self.evaluate(node.func, place)
        match called:
            case Foreign(dotted=dotted) if dotted in MANIFEST_CLASSES:
                return self._manifest(node, place)
            case Definition(kind="function"):
                return self._function_call(called, node, place)
            case Definition(kind="class"):
                self._unsee(start)
                return self._instance(called, node, place)
            case _:
                self._unsee(start)
        match called:
            case Foreign(dotted=dotted) if dotted.startswith("builtins."):
                return self._builtin(dotted.removeprefix("builtins."), node, place)
            case Foreign(dotted=dotted) if dotted in _OTHER_CALLS:
                known = self._file_call(dotted, node, place)
                return Result(place.module.at(node)) if known is None else known
            case Foreign(dotted=dotted) if dotted in _VERSION | CAPABILITY | HOOK_NAME:
                known = self._foreign_call(dotted, node, place)
                return Result(place.module.at(node)) if known is None else known
            case Foreign(dotted=dotted) if dotted in _PARTIAL and node.args:
                of = self.evaluate(node.args[0], place)
                if isinstance(of, Definition):
                    why = f"it is {of.target} with some arguments given, made by functools.partial"
                    return place.unknown(why, node)
                return Result(place.module.at(node))
            case Foreign():
                return Result(place.module.at(node))
            case Unknown() if not _is_builtin(node.func):
                why = f"{called.why}, and it is called"
            case _:
                why = f"it is computed by {called_name(node.func)}, which is not followed"
        return place.unknown(why, node)

    def _foreign_call(self, dotted: str, node: ast.Call, place: Place) -> Value | None:
        """Return what a few calls of other libraries give."""
        at = place.module.at(node)
        given = [self.evaluate(arg, place) for arg in node.args]
        match given:
            case [Const(value=str(text))] if not node.keywords:
                pass
            case _:
                return None
        if dotted in _VERSION:
            if self._own and canonicalize_name(text) == canonicalize_name(self._own.name):
                return Const(self._own.version, at)
            return None
        members = self.node.capability_members if dotted in CAPABILITY else self.node.hook_members
        return Const(text, at) if text in members.values() else None

    def _file_call(self, dotted: str, node: ast.Call, place: Place) -> Value | None:
        """Return a path to a file of this distribution, or what is in a text."""
        at = place.module.at(node)
        given = [self.evaluate(arg, place) for arg in node.args]
        match dotted, given:
            case _ if node.keywords:
                return None
            case "pathlib.Path", [FilePath(path=path)]:
                return FilePath(path, False, at)
            case _, [Const(value=str(package))] if dotted in _FILES:
                module = self.modules.get(package) if self.modules.owns(package) else None
                if isinstance(module, Module) and module.is_package:
                    return FilePath(module.path.rpartition("/")[0], False, at)
            case _, [Const(value=str(text) | bytes(text))] if dotted in LOADERS:
                if isinstance(text, bytes):
                    text = text.decode("utf-8", "replace") if dotted == "json.loads" else ""
                if self._count_characters(text):
                    return loaded(LOADERS[dotted], text, at)
            case _:
                pass
        return None

    def _count_characters(self, text: str) -> bool:
        """Count what a text holds as steps; return whether there is room for it."""
        self._steps += len(text) // 4
        return self._steps <= limits.EVALUATION_STEPS

    def _path_call(
        self, owner: FilePath, method: str, node: ast.Call, place: Place
    ) -> Value | None:
        """Return what a method of a path gives: another path, or what is in the file."""
        at = place.module.at(node)
        self._trace += [Use(each, ANY) for each in (method, "open", "decode", "__truediv__")]
        given = [self.evaluate(arg, place) for arg in node.args]
        words = {word.arg: self.evaluate(word.value, place) for word in node.keywords}
        if method not in READERS:
            return None if words else led_to(owner, method, given)
        encoding = words.pop("encoding", Const(None, at))
        data = self.modules.data(owner.path, place.module)
        if words or data is None or owner.text or not isinstance(encoding, Const):
            return None
        read = content(data, method, given, encoding.value)
        return None if read is None else Const(read, Location(self.modules.shown(owner.path)))

    def _method_call(self, node: ast.Call, called: ast.Attribute, place: Place) -> Value | None:
        """Return what a method of a known text, set, dict, path or manifest gives."""
        at = place.module.at(node)
        if called.attr in ("joinpath", "with_name", "resolve", "absolute", *READERS):
            path = self.evaluate(called.value, place)
            self._trace.append(id(called))
            if isinstance(path, FilePath) and not any(
                isinstance(a, ast.Starred) for a in node.args
            ):
                return self._path_call(path, called.attr, node, place)
            return None
        if called.attr == "model_copy":
            return self._copied_manifest(node, called, place)
        if node.keywords or any(isinstance(arg, ast.Starred) for arg in node.args):
            return None
        owner = self.evaluate(called.value, place)
        self._trace.append(id(called))
        if not isinstance(owner, (Const, Collection, Mapping)):
            return None
        read = self._argument if called.attr in READING_ALL else self.evaluate
        given = [read(arg, place) for arg in node.args]
        self._weigh([owner, *given])
        if any(isinstance(each, Unknown) for each in given):
            return None
        match owner, called.attr:
            case Const(value=str(text)), "join" if len(given) == 1:
                parts = given[0]
                if not isinstance(parts, Collection) or unordered(parts):
                    return None
                texts = constants(parts.items)
                return None if texts is None else self._text(text.join(texts), node, place)
            case Const(value=str(text)), method:
                made = of_text(text, method, given)
                if isinstance(made, list):
                    words = tuple(Const(each, at) for each in self._copied(tuple(made)))
                    return Collection("list", words, at)
                if isinstance(made, bool):
                    return Const(made, at)
                return None if made is None else self._text(made, node, place)
            case Collection() | Mapping(), "copy" if not given:
                return owner
            case Collection(kind="set" | "frozenset"), "union":
                items = owner.items
                for each in given:
                    if isinstance(each, Mapping):
                        each = Collection("list", tuple(key for key, _ in each.pairs), at)
                    if not isinstance(each, Collection):
                        return None
                    items = (*items, *self._copied(each.items))
                return Collection(owner.kind, items, at)
            case Collection(kind="set" | "frozenset"), method if len(given) == 1:
                left = of_sets(method, owner, given[0])
                return None if left is None else Collection(owner.kind, left, at)
            case Mapping(), "get" if len(given) in (1, 2):
                keys = constants([key for key, _ in owner.pairs])
                if keys is None or constants(given[:1]) is None:
                    return None
                other = given[1] if len(given) > 1 else Const(None, at)
                item = item_of(owner, given[0]) or other
                return item if self._keeps_hold(item, called.value, place) else None
            case _:
                return None

    def _copied_manifest(self, node: ast.Call, called: ast.Attribute, place: Place) -> Value | None:
        """Return what ``model_copy`` makes of a manifest: pydantic takes an update as it is."""
        owner = self.evaluate(called.value, place)
        self._trace.append(id(called))
        if not isinstance(owner, MadeManifest) or node.args:
            return None
        given = {each.name: each for each in owner.given}
        for word in node.keywords:
            outer, self._trace = self._trace, []
            update = self.evaluate(word.value, place)
            followed, self._trace = Followed(update, self._trace), outer
            if word.arg != "update" or not isinstance(update, Mapping):
                return None
            self._trace.append(followed)
            for key, item in update.pairs:
                if not isinstance(key, Const) or not _is_as_validated(key.value, item):
                    return None
                name = str(key.value)
                if name in given:
                    self._trace.append(given[name].followed)
                given[name] = Given(name, item, followed, key.at, None, None)
        return MadeManifest(tuple(given.values()), owner.spread, place.module.at(node))

    def _manifest(self, node: ast.Call, place: Place) -> Value:
        """Read the keywords of a call of the manifest class, each by itself."""
        module = place.module
        if node.args:
            raise Stop(
                place.unknown(
                    "PluginManifest is called with positional arguments, which the node refuses",
                    node,
                )
            )
        self._trace += [id(part) for part in walk(node.func)]
        self._trace.append(Use("PluginManifest", ANY, True))
        here = Place(module, place.local, place.qualname)
        given: list[Given] = []
        spread: Unknown | None = None
        for word in node.keywords:
            outer, self._trace = self._trace, []
            value = self.evaluate(word.value, place)
            followed, self._trace = Followed(value, self._trace), outer
            at = module.at(word.value)
            if word.arg is not None:
                given.append(Given(word.arg, value, followed, at, word.value, here))
            elif isinstance(value, Mapping):
                # What is spread decides which fields there are, so it must be certain as a whole.
                self._trace.append(followed)
                for key, item in value.pairs:
                    if not isinstance(key, Const) or not isinstance(key.value, str):
                        spread = Unknown("keywords are spread into PluginManifest", at)
                        continue
                    given.append(Given(key.value, item, followed, at, None, None))
            else:
                why = value.why if isinstance(value, Unknown) else "it is not a known dict"
                spread = Unknown(f"keywords are spread into PluginManifest: {why}", at)
        return MadeManifest(tuple(given), spread, module.at(node))

    def _function_call(self, called: Definition, node: ast.Call, place: Place) -> Value:
        """Follow a function of this distribution with the arguments it is given."""
        module = self.modules.get(called.module)
        binding = module.scope.only(called.qualname) if isinstance(module, Module) else None
        function = binding.node if binding else None
        why = f"it is computed by {called_name(node.func)}, which is not followed"
        if not isinstance(module, Module) or not isinstance(function, ast.FunctionDef):
            return place.unknown(why, node)
        arguments = self._arguments(function, module, node, place)
        if arguments is None or self._calls >= limits.CALLS:
            return place.unknown(why, node)
        self._calls += 1
        self._runs += 1
        start = len(self._trace)
        try:
            value, control = self.run(function, module, arguments)
        except Stop as stop:
            return Unknown(f"{why}: {stop.unknown.why}", stop.unknown.at)
        finally:
            self._calls -= 1
        if isinstance(value, Raised):
            raise Leaves(value)
        self._trace += control
        can_change = changeable(value) or isinstance(value, MadeManifest)
        owner = ANY if isinstance(value, MadeManifest) else module.name
        use = Use(function.name, owner, can_change)
        if changeable(value):
            for each in Trace(self._trace[start:]).uses:
                if each.changeable:
                    self.handed.setdefault(each, set()).add(use)
        self._trace.append(use)
        return value

    def defaults_of(self, function: ast.FunctionDef, module: Module) -> dict[str, Followed] | None:
        """Return the parameters of a function that is called without arguments."""
        call = ast.Call(ast.Name(function.name, ast.Load()), [], [], lineno=function.lineno)
        return self._arguments(function, module, call, Place(module))

    def shape(self, function: ast.FunctionDef) -> Shape:
        """Return what of a function's body stays the same however often it is followed."""
        if id(function) not in self._shapes:
            self._shapes[id(function)] = shape_of(function)
        return self._shapes[id(function)]

    def leaks(self, function: ast.FunctionDef, module: Module) -> Leaks:
        """Return which values of a function may get names that are not followed."""
        if id(function) not in self._leaks:
            builtin = frozenset(
                name
                for name in COPYING - module.scope.bindings.keys()
                if not module.scope.star or self._starred(name, Place(module)) == []
            )
            self._leaks[id(function)] = leaks_of(function, module.scope, builtin)
        return self._leaks[id(function)]

    def _arguments(
        self, function: ast.FunctionDef, module: Module, node: ast.Call, place: Place
    ) -> dict[str, Followed] | None:
        """Bind the arguments of a call, where that is plain to see."""
        wanted = function.args
        if any(isinstance(arg, ast.Starred) for arg in node.args):
            return None
        rest = self._rest(wanted, module, node, place, self.leaks(function, module).names)
        if rest is None:
            return None
        named = [arg.arg for arg in wanted.args]
        order = [*(arg.arg for arg in wanted.posonlyargs), *named]
        by_name = {*named, *(arg.arg for arg in wanted.kwonlyargs)}
        expressions: dict[str, tuple[ast.expr, Place]] = {}
        for name, expression in zip(order, node.args, strict=False):
            expressions[name] = (expression, place)
        for word in node.keywords:
            if word.arg is None or word.arg in expressions:
                return None
            if word.arg in by_name:
                expressions[word.arg] = (word.value, place)
        at_home = Place(module)
        late = zip(reversed(order), reversed(wanted.defaults), strict=False)
        kept: dict[str, ast.expr] = dict(late)
        for arg, default in zip(wanted.kwonlyargs, wanted.kw_defaults, strict=True):
            if default is not None:
                kept[arg.arg] = default
        found = rest
        for name in [*order, *(arg.arg for arg in wanted.kwonlyargs)]:
            if name not in expressions and name not in kept:
                return None
            given = name in expressions
            expression, where = expressions[name] if given else (kept[name], at_home)
            outer, self._trace = self._trace, []
            running = self._importing
            if not given:
                self._importing = module.name
            try:
                value = self.evaluate(expression, where)
            finally:
                self._importing = running
            # A default is made once and stays; what is handed on can be changed elsewhere.
            kept_elsewhere = not given or name in self.leaks(function, module).names
            if kept_elsewhere and changeable(value):
                self._forget(0)
                self._trace = outer
                return None
            found[name] = Followed(value, self._trace)
            self._trace = outer
            self._trace.append(found[name])
        return found

    def _rest(
        self,
        wanted: ast.arguments,
        module: Module,
        node: ast.Call,
        place: Place,
        leaks: frozenset[str],
    ) -> dict[str, Followed] | None:
        """Bind what ``*args`` and ``**kwargs`` take of a call; ``None`` where that is too much."""
        found: dict[str, Followed] = {}
        order = len(wanted.posonlyargs) + len(wanted.args)
        named = {arg.arg for arg in (*wanted.args, *wanted.kwonlyargs)}
        extra = [word for word in node.keywords if word.arg not in named]
        if (node.args[order:] and not wanted.vararg) or (extra and not wanted.kwarg):
            return None
        at = place.module.at(node)
        for arg in (wanted.vararg, wanted.kwarg):
            if arg is None:
                continue
            if arg.arg in leaks:
                return None
            outer, self._trace = self._trace, []
            if arg is wanted.vararg:
                items = tuple(self.evaluate(each, place) for each in node.args[order:])
                value: Value = Collection("tuple", items, at)
            else:
                value = Mapping(
                    tuple(
                        (Const(word.arg, at), self.evaluate(word.value, place)) for word in extra
                    ),
                    at,
                )
            found[arg.arg] = Followed(value, self._trace)
            self._trace = outer
            self._trace.append(found[arg.arg])
        return found

    def _builtin(self, name: str, node: ast.Call, place: Place) -> Value:
        at = place.module.at(node)
        if name == "dict":
            return self._dict_call(node, place)
        if (
            node.keywords
            or len(node.args) > 1
            or any(isinstance(arg, ast.Starred) for arg in node.args)
        ):
            return place.unknown(f"this call of {name}() is not followed", node)
        value = self._argument(node.args[0], place) if node.args else None
        self._weigh([] if value is None else [value])
        if self._steps > limits.EVALUATION_STEPS:
            return place.unknown(TOO_MANY, node)
        match name, value:
            case "bool", _ if value is not None:
                known = truth(value)
                if known is None:
                    return place.unknown("this call of bool() is not followed", node)
                return Const(known, at)
            case "len", Collection(kind="list" | "tuple", items=items):
                return Const(len(items), at)
            case "sorted", Collection() | Mapping():
                items = (
                    value.items
                    if isinstance(value, Collection)
                    else tuple(key for key, _ in value.pairs)
                )
                texts = constants(items)
                if texts is None:
                    return place.unknown("this call of sorted() is not followed", node)
                if isinstance(value, Mapping) or value.kind in SETS:
                    texts = [*{*texts}]
                places = dict(zip(constants(items) or (), items, strict=True))
                return Collection("list", tuple(places[text] for text in sorted(texts)), at)
            case _, Unknown():
                return value
            case "str", None:
                return Const("", at)
            case "str", Const(value=str()):
                return Const(value.value, at)
            case _, None if name in COLLECTIONS:
                return Collection(name, (), at)
            case "tuple" | "list", Collection() if unordered(value):
                return place.unknown("it lists a set, whose order is not certain", node)
            case _, Collection() if name in COLLECTIONS:
                return Collection(name, value.items, at)
            case _, Mapping() if name in ("set", "frozenset"):
                return Collection(name, tuple(key for key, _ in value.pairs), at)
            case _:
                return place.unknown(f"this call of {name}() is not followed", node)

    def _argument(self, node: ast.expr, place: Place) -> Value:
        """Return what a builtin is given that copies it at once: also what can be read once."""
        match node:
            case ast.GeneratorExp():
                return self._comprehension(node, place)
            case ast.Call(func=ast.Attribute(attr="items" | "keys" | "values"), args=[]):
                found = self.items_of(node, place)
                if found is not None:
                    self._trace.append(found[1])
                    return Collection("list", tuple(found[0]), place.module.at(node))
            case _:
                pass
        return self.evaluate(node, place)

    def _dict_call(self, node: ast.Call, place: Place) -> Value:
        pairs: list[tuple[Value, Value]] = []
        sources: list[ast.expr] = [*node.args]
        if len(sources) > 1 or any(isinstance(arg, ast.Starred) for arg in sources):
            return place.unknown("this call of dict() is not followed", node)
        sources += [word.value for word in node.keywords if word.arg is None]
        for source in sources:
            value = self._argument(source, place)
            if isinstance(value, Unknown):
                return value
            if isinstance(value, Collection) and source in node.args and not unordered(value):
                for pair in value.items:
                    match pair:
                        case Collection(kind="tuple" | "list", items=(key, item)) if isinstance(
                            key, Const
                        ):
                            pairs.append((key, item))
                        case _:
                            return place.unknown("this call of dict() is not followed", source)
                self._copied(value.items)
                continue
            if not isinstance(value, Mapping):
                return place.unknown("this call of dict() is not followed", source)
            pairs.extend(self._copied(value.pairs))
        for word in node.keywords:
            if word.arg is not None:
                key = Const(word.arg, place.module.at(word.value))
                pairs.append((key, self.evaluate(word.value, place)))
        if self._steps > limits.EVALUATION_STEPS:
            return place.unknown(TOO_MANY, node)
        return Mapping(tuple(pairs), place.module.at(node))


def _is_as_validated(name: object, value: Value) -> bool:
    """Say whether a value is of the type that a field has after its validation."""
    match name, value:
        case "name" | "version" | "requires_stigmem", Const(value=str()):
            return True
        case "capabilities" | "depends_on", Collection(kind="set" | "frozenset", items=items):
            return constants(items) is not None
        case "async_safe", Const(value=bool()):
            return True
        case "hooks", Mapping(pairs=pairs):
            return constants([key for key, _ in pairs]) is not None
        case "health_check" | "config_schema", Definition() | Const(value=None):
            return True
        case _:
            return False


def _is_builtin(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and hasattr(builtins, node.id)
