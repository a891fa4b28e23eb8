"""What is installed: the distribution itself, its modules by name, and what else there is."""

from __future__ import annotations

import re

from stigmem_review.interpret import imports, lazy, records
from stigmem_review.interpret.ends import Exit, GiveUp
from stigmem_review.interpret.escape import REWRITTEN, SEARCHED
from stigmem_review.interpret.heap import Thing
from stigmem_review.interpret.machine import LOADING, Machine
from stigmem_review.interpret.models import Args, Keywords, count, model
from stigmem_review.interpret.objects import new_class
from stigmem_review.interpret.values import (
    NONE,
    TRUE,
    Const,
    File,
    Foreign,
    Ref,
    Tuple,
    Value,
    flag,
)

_TUPLE = Foreign("builtins.tuple")
_DISTRIBUTION = "importlib.metadata.Distribution"
_NODE = "stigmem-node"


def _is_own(m: Machine, args: Args, keywords: Keywords) -> bool:
    given = dict(keywords)
    name = args[0] if args else given.pop("distribution_name", NONE)
    if given or len(args) > 1 or not isinstance(name, Const) or not isinstance(name.value, str):
        raise GiveUp("of which distribution is asked is not known")
    return m.own is not None and _normal(name.value) == _normal(m.own.name)


_NOT_FOUND = Foreign("importlib.metadata.PackageNotFoundError")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@model("importlib.metadata.version")
def _version(m: Machine, args: Args, keywords: Keywords) -> Value:
    if _is_own(m, args, keywords) and m.own is not None:
        return Const(m.own.version)
    [name] = args
    assert isinstance(name, Const)
    asked = name.value
    if _normal(asked) == _NODE:
        # Whatever is loaded is loaded by the node.
        return m.some_text()

    def absent() -> Value:
        said = Const(f"No package metadata was found for {asked}")
        raise Exit("raises", m.exception(_NOT_FOUND, (said,)))

    return m.decide(("distribution", asked), m.some_text, absent)


@model("importlib.metadata.metadata", "importlib.metadata.distribution")
def _metadata(m: Machine, args: Args, keywords: Keywords) -> Value:
    if not _is_own(m, args, keywords):
        raise GiveUp("what is installed is not known")
    return m.alloc(Thing("object", type=Foreign(_DISTRIBUTION)))


@model(f"{_DISTRIBUTION}.__getitem__", f"{_DISTRIBUTION}.get")
def _header(m: Machine, args: Args, keywords: Keywords) -> Value:
    count(args, keywords, 2, 3)
    if not isinstance(args[1], Const) or m.own is None:
        raise GiveUp("which header is meant is not known")
    match str(args[1].value).lower():
        case "name":
            return Const(m.own.name)
        case "version":
            return Const(m.own.version)
        case _:
            raise GiveUp("what the metadata says is not followed")


@model("importlib.metadata.entry_points")
def _entry_points(m: Machine, args: Args, keywords: Keywords) -> Value:
    # Loading one imports its module, which can be one of ours.
    m.put((m.imports.oid, LOADING), TRUE)
    for each in (*args, *(value for _, value in keywords)):
        m.shown(each)
    return m.unknown("what is installed is not known")


@model("importlib.metadata.packages_distributions", "importlib.metadata.requires")
def _other(m: Machine, args: Args, keywords: Keywords) -> Value:
    raise GiveUp("what is installed is not known")


def _named(m: Machine, args: Args, keywords: Keywords) -> str:
    given = dict(keywords)
    package = args[1] if len(args) > 1 else given.pop("package", NONE)
    if given or not 1 <= len(args) <= 2:
        raise GiveUp("it is called in an unusual way")
    if not isinstance(args[0], Const) or not isinstance(args[0].value, str):
        m.doom("which module is imported is not known")
    name = args[0].value
    if not name.startswith("."):
        return name
    if not isinstance(package, Const) or not isinstance(package.value, str):
        m.doom("which module is imported is not known")
    level = len(name) - len(name.lstrip("."))
    parts = package.value.split(".")
    if level > len(parts):
        m.raise_("ImportError", Const("attempted relative import beyond top-level package"))
    kept = parts[: len(parts) - level + 1]
    return ".".join([*kept, name[level:]] if name[level:] else kept)


@model("importlib.import_module")
def _import_module(m: Machine, args: Args, keywords: Keywords) -> Value:
    name = _named(m, args, keywords)
    if not name or not all(part.isidentifier() for part in name.split(".")):
        m.raise_("ModuleNotFoundError", Const(f"No module named '{name}'"))
    try:
        return imports.load(m, name)
    except GiveUp as stop:
        # As with an import that is not followed, what it runs is not known.
        m.doom(stop.why)


def _package(m: Machine, path: Value) -> str:
    """Return the package whose modules stand in a folder."""
    match path:
        case Ref(kind="object") as ref if m.thing(ref).type == SEARCHED:
            return m.thing(ref).name
        case File(parts=parts) if parts and all(part.isidentifier() for part in parts):
            return ".".join(parts)
        case _:
            raise GiveUp("which modules are looked for is not known")


def _modules_in(m: Machine, args: Args, keywords: Keywords) -> list[tuple[str, str, bool]]:
    """Return the modules below folders: prefix, name, and whether each is a package."""
    given = dict(zip(("path", "prefix"), args, strict=False)) | dict(keywords)
    path, prefix = given.pop("path", NONE), given.pop("prefix", Const(""))
    if given or len(args) > 2 or not isinstance(prefix, Const) or m.has((m.imports.oid, REWRITTEN)):
        raise GiveUp("which modules are looked for is not known")
    listed = m.read(path) if isinstance(path, Ref) and path.kind == "list" else Tuple((path,))
    if not isinstance(listed, Tuple) or listed.shuffled:
        raise GiveUp("which modules are looked for is not known")
    found: dict[str, bool] = {}
    for package in (_package(m, each) for each in listed.items):
        for each in m.modules.below(package):
            name = each.rpartition(".")[2]
            if name != "__init__":
                found.setdefault(name, m.modules.has(f"{each}.__init__"))
    if not all(name.isidentifier() for name in found):
        raise GiveUp("a module has a name that no module has")
    return [(str(prefix.value), name, is_package) for name, is_package in found.items()]


@model("pkgutil.iter_modules")
def _iterate(m: Machine, args: Args, keywords: Keywords) -> Value:
    return _infos(m, _modules_in(m, args, keywords))


def _infos(m: Machine, found: list[tuple[str, str, bool]]) -> Value:
    kind = new_class(m, "ModuleInfo", "ModuleInfo", (_TUPLE,), frozenset({"namedtuple"}))
    records.name_fields(m, kind, ["module_finder", "name", "ispkg"], {})
    finder = Foreign("importlib.machinery.FileFinder.made")
    infos = [
        Tuple((finder, Const(prefix + name), flag(is_package)), named=kind)
        for prefix, name, is_package in found
    ]
    return lazy.new_iterator(m, "iter", Tuple(tuple(infos)))


@model("pkgutil.walk_packages")
def _walk(m: Machine, args: Args, keywords: Keywords) -> Value:
    found = _modules_in(m, args, keywords)
    if any(is_package for _, _, is_package in found):
        m.doom("packages are imported as they are found")
    return _infos(m, found)


@model("importlib.util.find_spec")
def _find_spec(m: Machine, args: Args, keywords: Keywords) -> Value:
    name = _named(m, args, keywords)
    if "." in name or not name.isidentifier():
        m.doom("find_spec() imports packages")
    spec = m.alloc(Thing("object", type=Foreign("importlib.machinery.ModuleSpec")))
    if m.modules.owns(name):
        return spec
    outcomes = m.run(lambda: m.foreign_module(name))
    if all(each.kind == "falls" for each in outcomes):
        return spec
    if not any(each.kind == "falls" for each in outcomes):
        return NONE
    return m.decide(("installed", name), lambda: spec, lambda: NONE)
