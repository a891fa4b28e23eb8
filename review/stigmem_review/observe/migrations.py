"""The migrations that the code makes for the node's database, and what their SQL does."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from msgspec.structs import replace

from stigmem_review.code.installed import Code
from stigmem_review.code.modules import Module
from stigmem_review.manifest.frames import Place
from stigmem_review.manifest.values import Const
from stigmem_review.model import Known, Manifest, Migration, Release, Unknown
from stigmem_review.observe.places import Reader
from stigmem_review.observe.texts import text_of
from stigmem_review.outcomes import Bound, hooks
from stigmem_review.text import shorten

_CLASS = frozenset({"stigmem_node.plugins.Migration", "stigmem_node.plugins.handlers.Migration"})
_FIELDS = ("plugin_name", "migration_id", "sql", "description", "plugin_version", "backend")
"""The fields of ``stigmem_node.plugins.Migration``, in the order of its arguments."""

_HIGHEST = 2**63
HOOK = "migration_register"


def migrations(release: Release, code: Code, reader: Reader) -> tuple[Migration, ...]:
    """Return every ``Migration(...)`` in the code of a release, sorted by item.

    Those that stand in different branches all count: which of them the node gets is not decided.
    Where the manifest has a handler for them and none is found, one that is unread says so.
    """
    found: dict[str, Migration] = {}
    own = _own_name(release)
    for each in _migrations(code, reader, own):
        before = found.get(each.item)
        if before and (before.sql, before.version) != (each.sql, each.version):
            why = f"it is made in {before.at} as well, in another way"
            each = replace(before, sql=None, unread=why)
        found[each.item] = each
    handler = None if found else _handler(release)
    if handler and not (
        handler.targets and all(_gives_nothing(each.value, reader) for each in handler.targets)
    ):
        why = "the manifest has a handler for migrations, and none is found in the code"
        return (Migration(HOOK, backend="", unread=why, at=handler.at),)
    return tuple(found[item] for item in sorted(found))


def _own_name(release: Release) -> str:
    manifest = release.manifest
    name = manifest.name if isinstance(manifest, Manifest) else None
    return name.value if isinstance(name, Known) else ""


def _handler(release: Release) -> Bound | None:
    manifest = release.manifest
    found = hooks(manifest.hooks) if isinstance(manifest, Manifest) else ()
    return next((each for each in found if each.name == HOOK), None)


def _gives_nothing(target: str, reader: Reader) -> bool:
    """Say whether a handler only gives back the migrations that it is given."""
    module = reader.modules.get(target.partition(":")[0]) if target else None
    binding = module.scope.only(target.partition(":")[2]) if isinstance(module, Module) else None
    function = binding.node if binding else None
    if not isinstance(function, ast.FunctionDef) or len(function.args.args) < 2:
        return False
    given = function.args.args[1].arg
    for statement in function.body:
        match statement:
            case ast.Expr(value=ast.Constant()):
                pass
            case ast.Return(
                value=ast.Name(id=name) | ast.List(elts=[ast.Starred(value=ast.Name(id=name))])
            ) if name == given:
                pass
            case _:
                return False
    return True


def _migrations(code: Code, reader: Reader, own: str) -> Iterator[Migration]:
    for place, data in code.sources():
        if b"Migration" not in data:
            continue
        module = reader.module(place)
        if module is None and b"stigmem_node" in data:
            why = "the module cannot be followed, and it names Migration"
            yield Migration(f"in {place}", backend="", unread=why, at=code.at(place))
        for node, where in reader.everywhere(module) if module else ():
            if isinstance(node, ast.Call) and reader.foreign(node.func, where) in _CLASS:
                yield _migration(node, where, reader, own)


def _migration(node: ast.Call, place: Place, reader: Reader, own: str) -> Migration:
    at = reader.at(node, place)
    given = dict(zip(_FIELDS, node.args, strict=False))
    given.update({word.arg: word.value for word in node.keywords if word.arg})
    if any(isinstance(each, ast.Starred) for each in node.args) or None in {
        word.arg for word in node.keywords
    }:
        return Migration(
            f"in line {at.line} of {at.path}", unread="its arguments are spread", at=at
        )
    unread: list[str] = []

    def text(name: str, otherwise: str) -> str:
        if name not in given:
            return otherwise
        found = reader.text(given[name], place)
        if found is None:
            unread.append(f"its {name} cannot be read")
        return found or ""

    number = reader.value(given["migration_id"], place) if "migration_id" in given else None
    known = None
    if isinstance(number, Const) and type(number.value) is int and abs(number.value) < _HIGHEST:
        known = number.value
    if known is None:
        unread.append("its migration_id cannot be read")
    plugin = text("plugin_name", "")
    stated = reader.text(given.get("plugin_version"), place)
    # Without a version of its own the ledger takes the manifest's.
    version = "" if "plugin_version" not in given or stated == "0.0.0" else stated
    backend = text("backend", "sqlite")
    sql = text_of(reader, given["sql"], place) if "sql" in given else ""
    if isinstance(sql, Unknown):
        unread.append(f"its SQL cannot be read: {shorten(sql.why)}")
    item = (
        f"{known} ({backend or 'unknown backend'})"
        if known is not None
        else (f"in line {at.line} of {at.path}")
    )
    if plugin and own and plugin != own:
        item = f"{plugin} {item}"
    return Migration(
        item=item,
        plugin=plugin,
        number=known,
        backend=backend,
        version=version,
        sql=None if isinstance(sql, Unknown) else sql,
        unread=" and ".join(unread),
        at=at,
    )
