"""Attributes: of modules, classes, objects, enumerations and paths."""

from __future__ import annotations

import ast

from msgspec.structs import replace

from stigmem_review.code.modules import Module
from stigmem_review.code.scope import Function, Scope, scope_of
from stigmem_review.manifest.core import (
    ANY,
    CAPABILITY,
    HOOK_NAME,
    brief,
    called_name,
)
from stigmem_review.manifest.data import led_to
from stigmem_review.manifest.frames import Place, Use
from stigmem_review.manifest.names import Names
from stigmem_review.manifest.values import (
    Const,
    Definition,
    FilePath,
    Foreign,
    Instance,
    Member,
    ModuleValue,
    Value,
)
from stigmem_review.model import Unknown

_ENUMERATIONS = frozenset({"enum.Enum", "enum.StrEnum"})
_PLAIN_IN_CLASS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Expr, ast.Pass, ast.AnnAssign)


class Objects(Names):
    """Follows attributes."""

    def _attribute(self, node: ast.Attribute, place: Place) -> Value:
        self._trace.append(id(node))
        owner = self.evaluate(node.value, place)
        match owner:
            case ModuleValue(name=name):
                return self.member(name, node.attr, node, place)
            case Foreign(dotted=dotted):
                self._trace.append(Use(node.attr, dotted))
                return self._member_of(dotted, node, place)
            case Const(value=str()) if node.attr == "value" and isinstance(
                node.value, ast.Attribute
            ):
                return owner
            case Member(value=text) if node.attr == "value":
                return Const(text, owner.at)
            case Definition(kind="class"):
                return self._class_attribute(owner, node, place)
            case Instance(made_of=made_of):
                self._trace.append(Use("__class__", ANY))
                return _bound_to_object(self._method(made_of, node, place))
            case FilePath():
                found = led_to(owner, node.attr, []) if node.attr == "parent" else None
                return found or place.unknown("this part of a path is not followed", node)
            case Unknown():
                return owner
            case _:
                return place.unknown(f"the attribute {brief(node.attr)} is not followed", node)

    def _member_of(self, dotted: str, node: ast.Attribute, place: Place) -> Value:
        """Return an attribute of something foreign: the host's enumerations are known."""
        at = place.module.at(node)
        if dotted in CAPABILITY and node.attr in self.node.capability_members:
            return Const(self.node.capability_members[node.attr], at)
        if dotted in HOOK_NAME and node.attr in self.node.hook_members:
            return Const(self.node.hook_members[node.attr], at)
        return Foreign(f"{dotted}.{node.attr}", at)

    def _class_attribute(self, owner: Definition, node: ast.Attribute, place: Place) -> Value:
        member = self._enum_member(owner, node.attr)
        return member or self._method(owner, node, place)

    def _enum_member(self, owner: Definition, name: str) -> Value | None:
        """Return a member of an enumeration that has texts for members and nothing else."""
        module = self.modules.get(owner.module)
        binding = module.scope.only(owner.qualname) if isinstance(module, Module) else None
        definition = binding.node if binding else None
        if not isinstance(module, Module) or not isinstance(definition, ast.ClassDef):
            return None
        bases = [self.evaluate(each, Place(module)) for each in definition.bases]
        dotted = [each.dotted if isinstance(each, Foreign) else "" for each in bases]
        if definition.keywords or definition.decorator_list or not dotted:
            return None
        if dotted[-1] not in _ENUMERATIONS or dotted[:-1] not in ([], ["builtins.str"]):
            return None
        if id(definition) not in self._members:
            self._members[id(definition)] = _members(definition)
        found = self._members[id(definition)]
        if found is None or name not in found:
            return None
        self._trace += [Use(name, owner.module), Use("_value_", ANY), Use("__class__", ANY)]
        at = module.at(definition)
        if dotted == ["enum.StrEnum"]:
            return Const(found[name], at)
        return Member(found[name], len(dotted) > 1, at)

    def _instance(self, called: Definition, node: ast.Call, place: Place) -> Value:
        """Return what calling a class of this distribution makes, unless something decides."""
        module = self.modules.get(called.module)
        binding = module.scope.only(called.qualname) if isinstance(module, Module) else None
        match binding.node if binding else None:
            case ast.ClassDef(bases=[], keywords=[], decorator_list=[], body=body):
                self._steps += len(body)
                special = [
                    each.name
                    for each in body
                    if isinstance(each, Function)
                    and each.name.startswith("__")
                    and each.name not in ("__init__", "__repr__", "__str__")
                ]
                if not special and all(isinstance(each, _PLAIN_IN_CLASS) for each in body):
                    return Instance(called, place.module.at(node))
            case _:
                pass
        what = f"it is made by {called_name(node.func)}, of which only a running node knows more"
        return place.unknown(what, node)

    def _method(self, owner: Definition, node: ast.Attribute, place: Place) -> Value:
        """Follow ``Class.method`` where nothing but the class's own body can decide it."""
        module = self.modules.get(owner.module)
        binding = module.scope.only(owner.qualname) if isinstance(module, Module) else None
        if not isinstance(module, Module) or binding is None:
            return place.unknown("a class inside a function is not followed", node)
        match binding.node:
            case ast.ClassDef(bases=[], keywords=[], decorator_list=[]) as definition:
                self._steps += len(definition.body)
                scope = scope_of(definition, module.syntax.source)
                found = scope.only(node.attr)
                method = found.node if found and not scope.star else None
                if (
                    isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef))
                    and self._is_plain_method(method, scope, module)
                    and not node.attr.startswith("__")
                ):
                    self._trace.append(Use(node.attr, owner.module))
                    qualname = f"{owner.qualname}.{method.name}"
                    return Definition("function", owner.module, qualname, module.at(method))
            case _:
                pass
        return place.unknown(f"the attribute {brief(node.attr)} of a class is not followed", node)

    def _is_plain_method(self, method: Function, scope: Scope, module: Module) -> bool:
        match method.decorator_list:
            case []:
                return True
            case [ast.Name(id="staticmethod" | "classmethod" as name)]:
                shadowed = name in scope.bindings or name in module.scope.bindings
                self._trace.append(Use(name, module.name))
                return not shadowed and not module.scope.star
            case _:
                return False


def _members(definition: ast.ClassDef) -> dict[str, str] | None:
    """Return the members of an enumeration, if it has texts for members and nothing else."""
    found: dict[str, str] = {}
    for part in definition.body:
        match part:
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                pass
            case ast.Assign(targets=[ast.Name(id=member)], value=ast.Constant(value=str(text))):
                if member.startswith("_") or member in ("name", "value") or member in found:
                    return None
                found[member] = text
            case _:
                return None
    return found


def _bound_to_object(method: Value) -> Value:
    return replace(method, bound=True) if isinstance(method, Definition) else method
