"""What a build of a source tree would run, as far as its files say it. Nothing is built.

A backend runs, whatever it needs is installed for it, and both do what the project tells them to:
run ``setup.py``, a hook, a module of the project itself. The facts are those of PEP 517 and 518,
and of the tools' own documentation of their settings.
"""

from __future__ import annotations

import ast
import posixpath
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from stigmem_review import toml
from stigmem_review.code.nodes import walk
from stigmem_review.code.parse import Failure, parse
from stigmem_review.manifest.backends.tree import SourceTree
from stigmem_review.model import BuildKind, Location
from stigmem_review.sources.artifact import Artifact

_PYPROJECT = "pyproject.toml"
_SETUP = "setup.py"
_CONFIG = "setup.cfg"
_HATCH = "hatch.toml"
_LEGACY = "setuptools.build_meta:__legacy__"
"""What installers call where a project names no backend (PEP 517)."""

_BACKENDS: Mapping[str, str] = {
    "flit_core.buildapi": "flit-core",
    "hatchling.build": "hatchling",
    "maturin": "maturin",
    "mesonpy": "meson-python",
    "pdm.backend": "pdm-backend",
    "poetry.core.masonry.api": "poetry-core",
    "scikit_build_core.build": "scikit-build-core",
    "setuptools.build_meta": "setuptools",
    _LEGACY: "setuptools",
    "uv_build": "uv-build",
}
"""Public backends, and the distribution each one is in."""
_PLAIN_NEEDS = frozenset(_BACKENDS.values()) | {"wheel"}

_CARGO = ("/Cargo.toml", "/Cargo.lock", "/build.rs")
_CMAKE = ("/CMakeLists.txt", ".cmake")
_COMPILED: Mapping[str, tuple[str, ...]] = {
    "maturin": _CARGO,
    "meson-python": ("/meson.build", "/meson.options", "/meson_options.txt"),
    "scikit-build": _CMAKE,
    "scikit-build-core": _CMAKE,
    "setuptools-rust": _CARGO,
}
"""What the files end with that tell a tool what to compile, and can run commands."""

_IMPORTED = (sys.stdlib_module_names | {"setuptools", "pkg_resources", "wheel"}) - {"test", "this"}
_METADATA = (".egg-info", ".dist-info")
_CALLED = (b"[setuptools.", b"[distutils.", b"[egg_info.")
_COMMANDS = ("global", "aliases", "easy_install", "build", "build_clib", "build_ext", "build_py")
"""Sections of ``setup.cfg`` that tell setuptools which commands run, and how."""
_IN_TABLES = ("cmdclass", "ext-modules", "ext_modules")

_NAMED = r"(?s)\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(.*)"
_NOT_LITERAL = (
    *("cmdclass", "command_options", "command_packages", "distclass", "ext_modules"),
    *("libraries", "options", "script_args", "setup_requires"),
)
_FINDERS = ("find_packages", "find_namespace_packages")
_LITERAL = (
    *(ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp, ast.USub),
    *(ast.keyword, ast.Load),
)


class Step(NamedTuple):
    """A step of a build, as ``model.BuildStep`` has it; ``code`` are the files it starts with."""

    kind: BuildKind
    item: str
    by: str = ""
    value: str = ""
    plain: bool = False
    code: tuple[str, ...] = ()
    at: Location | None = None


def build_steps(artifact: Artifact) -> Iterator[Step]:
    """Yield what building a source tree runs; there is nothing for a wheel or a capture."""
    if artifact.source.kind in ("sdist", "directory"):
        yield from _Project(artifact.files).steps()


class _Project:
    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._toml = _toml(files.get(_PYPROJECT, b""))
        self._lines = files.get(_PYPROJECT, b"").decode("utf-8", "replace").splitlines()
        self._system = _table(self._toml, "build-system")
        named = self._system.get("build-backend")
        self._backend = named if isinstance(named, str) else _LEGACY
        self._tool = _BACKENDS.get(self._backend, "")

    def steps(self) -> Iterator[Step]:
        yield self._backend_step()
        needs = [*self._needs()]
        yield from needs
        if _SETUP in self._files:
            yield self._setup_script()
        yield from self._of_setuptools()
        yield from self._of_hatch()
        yield from self._of_poetry()
        yield from self._of_pdm()
        yield from self._of_flit()
        tools = {self._tool, *(need.item.partition(" ")[0] for need in needs)} - {""}
        yield from self._of_other_tools(tools)
        yield from self._compiled(tools)

    def _at(self, text: str) -> Location:
        """Return the place of a text in ``pyproject.toml``."""
        lines = (number for number, line in enumerate(self._lines, 1) if text in line)
        return Location(_PYPROJECT, next(lines, 0))

    # Who builds it, and with what

    def _backend_step(self) -> Step:
        at = self._at("build-backend") if self._system else None
        below = _texts(self._system.get("backend-path"))
        if not below:
            plain = self._backend in _BACKENDS
            return Step("backend", "build-backend", "installers", self._backend, plain, at=at)
        value = f"{self._backend} (from {', '.join(below)})"
        code = tuple(self._in_tree(below))
        return Step("backend", "build-backend", "installers", value, code=code, at=at)

    def _in_tree(self, below: list[str]) -> Iterator[str]:
        """Yield the files of a backend of the project's own."""
        top = self._backend.partition(":")[0].partition(".")[0]
        for folder in map(_normal, below):
            # All of the project may be what its backend is taken from.
            inside = f"{folder}/" if folder else ""
            for path in sorted(self._files):
                place = path.removeprefix(inside)
                named = place == f"{top}.py" or place.startswith(f"{top}/")
                if path.startswith(inside) and path.endswith(".py") and (folder or named):
                    yield path

    def _needs(self) -> Iterator[Step]:
        listed = _texts(self._system.get("requires"))
        yield from (_need(each, "installers", self._at(_quoted(each))) for each in listed)
        config = sections(self._files)
        for each in _lines_of(config.get("options", {}).get("setup_requires", "")):
            yield _need(each, _CONFIG, Location(_CONFIG))
        hatch = self._hatch()
        tables = [_table(hatch, "build"), *_tables(_table(hatch, "build", "targets")).values()]
        for table in tables:
            for holder in (table, *_tables(_table(table, "hooks")).values()):
                for each in _texts(holder.get("dependencies")):
                    yield _need(each, "hatchling", self._at(_quoted(each)))

    # The tools, each with settings of its own

    def _setup_script(self) -> Step:
        runs = self._tool == "setuptools" or self._backend not in _BACKENDS
        runs = runs or bool(_table(self._toml, "tool", "pdm", "build").get("run-setuptools"))
        by = self._backend if runs else ""
        before = self._before_setup() if self._backend == _LEGACY else []
        plain = is_static(self._files[_SETUP]) and not before
        return Step("code", _SETUP, by, plain=plain, code=(_SETUP, *before), at=Location(_SETUP))

    def _before_setup(self) -> list[str]:
        """Return what else is run where the project's own folder goes first on the path.

        A module there is imported in the place of one of the standard library or of setuptools, and
        the metadata of an earlier build can name functions that setuptools is to call.
        """
        tree = SourceTree(self._files)
        folders = tree.names("", "folder")
        tables = [f"{each}/entry_points.txt" for each in folders if each.endswith(_METADATA)]
        found = [
            path
            for path in tables
            if tree.is_file(path) and any(group in self._files[path] for group in _CALLED)
        ]
        found += [f"{each}.py" for each in _IMPORTED if tree.is_file(f"{each}.py")]
        packages = [f"{each}/__init__.py" for each in folders if each in _IMPORTED]
        found += [path for path in packages if tree.is_file(path)]
        return sorted(found)

    def _of_setuptools(self) -> Iterator[Step]:
        table = _table(self._toml, "tool", "setuptools")
        for name in _IN_TABLES:
            if value := table.get(name):
                code = self._modules(value.values() if isinstance(value, Mapping) else ())
                yield self._setting(f"tool.setuptools.{name}", "setuptools", value, code)
        for name, value in _table(table, "dynamic").items():
            attribute = value.get("attr") if isinstance(value, Mapping) else None
            if isinstance(attribute, str):
                yield from self._attribute(attribute, f"{name} = {{attr = ...}}", self._at("attr"))
        for name, options in _tables(_table(self._toml, "tool", "distutils")).items():
            if name.replace("-", "_") in _COMMANDS:
                yield self._setting(f"tool.distutils.{name}", "setuptools", options, ())
        config = sections(self._files)
        at = Location(_CONFIG)
        for section, options in config.items():
            if section in _COMMANDS and options:
                item, value = f"setup.cfg [{section}]", _shown(options)
                packages = options.get("command_packages", "").split(",")
                own = tuple(self._below(packages))
                yield Step("setting", item, "setuptools", value, code=own, at=at)
            if section not in ("metadata", "options"):
                continue
            for name, text in options.items():
                if text.strip().startswith("attr:"):
                    attribute = text.strip().removeprefix("attr:").strip()
                    yield from self._attribute(attribute, f"{name} = attr:", at)
        if classes := config.get("options", {}).get("cmdclass", ""):
            values = [each.partition("=")[2].strip() for each in _lines_of(classes)]
            named = tuple(self._modules(values))
            item, by = "setup.cfg cmdclass", "setuptools"
            yield Step("setting", item, by, classes.strip(), code=named, at=at)

    def _attribute(self, attribute: str, item: str, at: Location) -> Iterator[Step]:
        """Yield the import of a module whose attribute setuptools cannot read without it."""
        module, _, name = attribute.rpartition(".")
        for path in self._modules([f"{module}:"]):
            if not _assigns_literal(self._files[path], name):
                yield Step("code", item, "setuptools", attribute, code=(path,), at=at)

    def _hatch(self) -> Mapping[str, Any]:
        own = _toml(self._files.get(_HATCH, b""))
        return {**_table(self._toml, "tool", "hatch"), **own}

    def _of_hatch(self) -> Iterator[Step]:
        hatch = self._hatch()
        targets = _tables(_table(hatch, "build", "targets"))
        places = {
            "build": _table(hatch, "build", "hooks"),
            **{f"build.targets.{name}": _table(each, "hooks") for name, each in targets.items()},
            "metadata": _table(hatch, "metadata", "hooks"),
        }
        for place, hooks in places.items():
            for name, table in _tables(hooks).items():
                item = f"tool.hatch.{place}.hooks.{name}"
                yield self._setting(item, "hatchling", table, self._custom(name, table))
        if (builder := targets.get("custom")) is not None:
            code = self._custom("custom", builder)
            yield self._setting("tool.hatch.build.targets.custom", "hatchling", builder, code)
        version = _table(hatch, "version")
        if version.get("source") == "code":
            code = self._existing([str(version.get("path", ""))])
            yield self._setting("tool.hatch.version", "hatchling", version, code)

    def _custom(self, name: str, table: Mapping[str, Any]) -> Iterable[str]:
        path = table.get("path") or "hatch_build.py"
        return self._existing([str(path)]) if name == "custom" else ()

    def _of_poetry(self) -> Iterator[Step]:
        found = _table(self._toml, "tool", "poetry").get("build")
        script = found.get("script") if isinstance(found, Mapping) else found
        if isinstance(script, str):
            code = self._existing([script])
            yield self._setting("tool.poetry.build", "poetry-core", found, code)

    def _of_pdm(self) -> Iterator[Step]:
        table = _table(self._toml, "tool", "pdm", "build")
        hook = table.get("custom-hook")
        if hook is None and self._tool == "pdm-backend" and "pdm_build.py" in self._files:
            hook = "pdm_build.py"
        if isinstance(hook, str):
            code = self._existing([hook])
            yield self._setting("tool.pdm.build.custom-hook", "pdm-backend", hook, code)
        version = _table(self._toml, "tool", "pdm", "version")
        if version.get("source") == "call":
            code = self._modules([version.get("getter")])
            yield self._setting("tool.pdm.version", "pdm-backend", version, code)

    def _of_flit(self) -> Iterator[Step]:
        """Yield the import of a module whose version flit cannot read without it."""
        project = _table(self._toml, "project")
        if self._tool != "flit-core" or "version" not in _texts(project.get("dynamic")):
            return
        name = _table(self._toml, "tool", "flit", "module").get("name") or project.get("name")
        for path in self._modules([f"{str(name).replace('-', '_')}:"]):
            if not _assigns_literal(self._files[path], "__version__"):
                at = self._at("dynamic")
                yield Step("code", "dynamic = version", "flit-core", code=(path,), at=at)

    def _of_other_tools(self, tools: Iterable[str]) -> Iterator[Step]:
        """Yield the settings of tools that the build needs and that are judged as a whole."""
        ours = {"setuptools", "hatchling", "poetry-core", "pdm-backend", "flit-core", "uv-build"}
        wanted = {_canonical(each) for each in {*tools} - ours}
        if "scikit-build-core" in wanted:
            wanted.add("scikit-build")
        for name, table in _table(self._toml, "tool").items():
            if _canonical(name) in wanted and isinstance(table, Mapping):
                yield self._setting(f"tool.{name}", _canonical(name), table, ())

    def _compiled(self, tools: Iterable[str]) -> Iterator[Step]:
        for tool in sorted({*tools} & _COMPILED.keys()):
            ends = _COMPILED[tool]
            code = tuple(path for path in sorted(self._files) if f"/{path}".endswith(ends))
            if code:
                yield Step("code", code[0], tool, code=code, at=Location(code[0]))

    # Helpers

    def _below(self, packages: Iterable[str]) -> Iterator[str]:
        """Yield the source files of packages."""
        stems = [each.strip().replace(".", "/") for each in packages if each.strip()]
        for path in sorted(self._files):
            if path.endswith(".py") and any(path.startswith(f"{stem}/") for stem in stems):
                yield path

    def _setting(self, item: str, by: str, value: Any, code: Iterable[str]) -> Step:
        at = self._at(f"[{item}")
        if not at.line and by == "hatchling" and _HATCH in self._files:
            at = Location(_HATCH)
        return Step("setting", f"[{item}]", by, _shown(value), code=tuple(code), at=at)

    def _existing(self, paths: Iterable[str]) -> list[str]:
        return [path for path in map(_normal, paths) if path in self._files]

    def _modules(self, targets: Iterable[Any]) -> list[str]:
        """Return the files of the modules that ``module:name`` or ``module.Name`` lead into."""
        found = []
        for target in targets:
            module, colon, _ = str(target).partition(":")
            dotted = module.strip() if colon else module.strip().rpartition(".")[0]
            stem = dotted.replace(".", "/")
            for root in ("", "src/"):
                for path in (f"{root}{stem}/__init__.py", f"{root}{stem}.py"):
                    if stem and path in self._files and path not in found:
                        found.append(path)
        return found


# setup.py


def is_static(data: bytes) -> bool:
    """Say whether a ``setup.py`` is nothing but one call of ``setup`` with what stands there."""
    tree = parse(data)
    if isinstance(tree, Failure):
        return False
    body: list[ast.stmt] = []
    for statement in tree.body:
        match statement:
            case ast.If(test=ast.Compare(left=ast.Name("__name__")), body=inner, orelse=[]):
                body += inner
            case _:
                body.append(statement)
    known: set[str] = set()
    calls = 0
    for statement in body:
        match statement:
            case ast.Import(names=[ast.alias(name="setuptools", asname=None)]):
                pass
            case ast.ImportFrom(module="setuptools", names=names, level=0) if all(
                each.asname is None and each.name in ("setup", *_FINDERS) for each in names
            ):
                pass
            case ast.ImportFrom(module="__future__") | ast.Expr(value=ast.Constant()):
                pass
            case ast.Try(
                body=[ast.ImportFrom(module="setuptools", names=[ast.alias("setup", None)])],
                handlers=[
                    ast.ExceptHandler(
                        type=ast.Name("ImportError"),
                        body=[
                            ast.ImportFrom(
                                module="distutils.core", names=[ast.alias("setup", None)]
                            )
                        ],
                    )
                ],
                orelse=[],
                finalbody=[],
            ):
                pass
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_literal(value, known):
                known.add(name)
            case ast.Expr(value=ast.Call() as call) if is_setup(call.func):
                calls += 1
                if call.args or not all(_is_declared(each, known) for each in call.keywords):
                    return False
            case _:
                return False
    return calls == 1 and not known & {"setup", "setuptools", *_FINDERS}


def is_setup(function: ast.expr) -> bool:
    """Say whether what is called is ``setup`` of setuptools by the names it is called by."""
    match function:
        case ast.Name("setup") | ast.Attribute(ast.Name("setuptools"), "setup"):
            return True
        case _:
            return False


def is_metadata(keyword: ast.keyword) -> bool:
    """Say whether an argument of ``setup`` only says something about the release."""
    return keyword.arg not in (None, *_NOT_LITERAL) and _is_literal(keyword.value, ())


def _is_declared(keyword: ast.keyword, known: Iterable[str]) -> bool:
    if keyword.arg in (None, *_NOT_LITERAL):
        return False
    match keyword.value:
        case ast.Call(func=ast.Name(name) | ast.Attribute(ast.Name("setuptools"), name)) as call:
            given = [*call.args, *(each.value for each in call.keywords)]
            return name in _FINDERS and all(_is_literal(each, known) for each in given)
        case value:
            return _is_literal(value, known)


def _is_literal(value: ast.expr, known: Iterable[str]) -> bool:
    return all(
        isinstance(each, _LITERAL) or (isinstance(each, ast.Name) and each.id in known)
        for each in walk(value)
    )


def _assigns_literal(data: bytes, name: str) -> bool:
    """Say whether a module assigns a name something that can be read without running it."""
    tree = parse(data)
    if isinstance(tree, Failure):
        return False
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=targets, value=value):
                named = any(isinstance(each, ast.Name) and each.id == name for each in targets)
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value):
                named = target == name
            case _:
                continue
        if named:
            return _is_literal(value, ())
    return False


# Files


def _toml(data: bytes) -> Mapping[str, Any]:
    """Return a TOML file; nothing for one that cannot be read, of which the review says so."""
    try:
        return toml.parse(data.decode("utf-8"))
    except ValueError:
        return {}


def sections(files: Mapping[str, bytes]) -> Mapping[str, Mapping[str, str]]:
    """Return the sections of ``setup.cfg``; nothing for one that setuptools cannot read either."""
    data = files.get(_CONFIG)
    if data is None:
        return {}
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read_string(data.decode("utf-8", "replace"))
    except configparser.Error:
        return {}
    return {
        name: {key.replace("-", "_"): value for key, value in parser.items(name)}
        for name in parser.sections()
    }


def _need(text: str, by: str, at: Location) -> Step:
    """Return the step that installs what a build needs."""
    wanted, _, marker = text.partition(";")
    found = re.fullmatch(_NAMED, wanted)
    if not found:
        return Step("requirement", text.strip(), by, at=at)
    name, value = _canonical(found[1]), re.sub(r"\s*([<>=!~]=?=?|,)\s*", r"\1", found[2].strip())
    plain = name in _PLAIN_NEEDS and "@" not in value
    item = f"{name} ; {marker.strip()}" if marker.strip() else name
    return Step("requirement", item, by, value or "any version", plain, at=at)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _normal(path: str) -> str:
    return "" if (found := posixpath.normpath(path)) == "." else found


def _quoted(text: str) -> str:
    return f'"{text}"'


def _lines_of(text: str) -> list[str]:
    return [each.strip() for each in re.split(r"[\n;]", text) if each.strip()]


def _shown(value: Any) -> str:
    import json

    return json.dumps(value, sort_keys=True, default=str)


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _table(value: Any, *keys: str) -> Mapping[str, Any]:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _tables(value: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {name: each for name, each in value.items() if isinstance(each, Mapping)}
