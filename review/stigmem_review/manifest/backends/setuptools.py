"""What setuptools puts into a wheel.

The rules are those of ``setuptools.discovery`` (which packages), ``setuptools.command.build_py``
(which of their files) and ``setuptools.command.egg_info`` (``MANIFEST.in``).
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from stigmem_review.manifest.backends.patterns import ignored, path_glob
from stigmem_review.manifest.backends.tree import SourceTree, joined, lines
from stigmem_review.manifest.builds import is_static, sections
from stigmem_review.manifest.config import Config, table, texts
from stigmem_review.manifest.setup_files import Computed, Find
from stigmem_review.sources.artifact import Layout

_FLAT_PACKAGES = (
    *("ci", "bin", "debian", "doc", "docs", "documentation", "manpages", "news", "newsfragments"),
    *("changelog", "test", "tests", "unit_test", "unit_tests", "example", "examples", "scripts"),
    *("tools", "util", "utils", "python", "build", "dist", "venv", "env", "requirements", "tasks"),
    *("fabfile", "site_scons", "benchmark", "benchmarks", "exercise", "exercises", "htmlcov"),
    "[._]*",
)
_FLAT_MODULES = (
    *("setup", "conftest", "test", "tests", "example", "examples", "build", "toxfile", "noxfile"),
    *("pavement", "dodo", "tasks", "fabfile", "[Ss][Cc]onstruct", "conanfile", "manage"),
    *("benchmark", "benchmarks", "exercise", "exercises", "[._]*"),
)
_ALWAYS_EXCLUDED = ("ez_setup", "*__pycache__")
_IMPLICIT_DATA = ("*.pyi", "py.typed")
# Keywords with which a build does, or may do, more than copy files.
_MORE = (
    *(
        "cmdclass",
        "data_files",
        "scripts",
        "script_files",
        "ext_modules",
        "distclass",
        "namespace_packages",
    ),
    *("ext_package", "libraries", "headers", "command_options", "options", "use_scm_version", ""),
)
_BY_VCS = ("setuptools-scm", "setuptools_scm", "setuptools-git", "hatch-vcs")
_SETUP = "setup.py"
_CFG = "setup.cfg"
_FOLDERS = {
    "build": ("build_base", "build_lib", "build_platlib", "build_purelib"),
    "build_py": ("build_lib",),
    "bdist_wheel": ("bdist_dir", "skip_build"),
    "install": ("build_base", "build_lib", "root", "install_lib", "install_purelib"),
    "install_lib": ("build_dir", "install_dir"),
}
"""Options, by command, of the folders that a build writes to, whatever lies there already."""
_MODULE = re.compile(r"[^\W\d]\w*\.py")


class Packaging(NamedTuple):
    """Which packages and modules are built, and the folders they are in."""

    packages: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    folders: Mapping[str, str] = {}
    why: str = ""
    refuses: bool = False

    def folder(self, name: str) -> str:
        """Return the folder of a package (``distutils.command.build_py``)."""
        parts, tail = name.split(".") if name else [], ""
        while parts:
            if (above := self.folders.get(".".join(parts))) is not None:
                return joined(above, tail)
            tail = joined(parts.pop(), tail)
        return joined(self.folders.get("", ""), tail)


def layout(tree: SourceTree, config: Config) -> Layout:
    """Return where a project that setuptools builds is installed."""
    built = packaging(tree, config)
    if built.why:
        return Layout(why=built.why, refuses=built.refuses)
    options = _Options(tree, config)
    if why := _moved(tree, config):
        return Layout(why=why, whole=False)
    places: dict[str, str] = {}
    for module in built.modules:
        package, _, name = module.rpartition(".")
        path = joined(built.folder(package), f"{name}.py")
        if tree.is_file(path):
            places[module.replace(".", "/") + ".py"] = path
    data = _Data(tree, options, built)
    for package in built.packages:
        folder = built.folder(package)
        prefix = package.replace(".", "/") + "/"
        for path in (*_modules_in(tree, folder), *data.of(package)):
            # Data can stand beside its package: what leads up from there does so in the wheel too.
            places[joined(prefix, posixpath.relpath(path, folder or "."))] = path
    if why := _left_over(tree, places):
        return Layout(why=why, whole=False)
    # A script that is more than one call of setup can add to what that is told.
    script = tree.is_file(_SETUP) and not is_static(tree.files[_SETUP])
    whole = not (script or options.more())
    return Layout(places, whole=whole, others=options.written(built))


def _moved(tree: SourceTree, config: Config) -> str:
    """Return why what is installed may come from a folder that an option names."""
    tools = table(config.pyproject, "tool", "distutils")
    given = {(section, name) for section in tools for name in table(tools, section)}
    if tree.is_file(_CFG):
        given |= {
            (section, name) for section, options in sections(tree.files).items() for name in options
        }
    for section, name in sorted(given):
        if name.replace("-", "_") in _FOLDERS.get(section.replace("-", "_"), ()):
            return f"where setuptools takes from what it installs is set by {name} of [{section}]"
    return ""


def _left_over(tree: SourceTree, places: Mapping[str, str]) -> str:
    """Return why an sdist installs what an earlier build left in it.

    A directory's is not there in the clean checkout that a release is built from.
    """
    for folder in tree.names("build", "folder") if tree.is_file("PKG-INFO") else ():
        if folder.startswith("lib"):
            base = f"build/{folder}/"
            for path in tree.below(base.rstrip("/")):
                now = places.get(path.removeprefix(base))
                if now is None or tree.files[now] != tree.files[path]:
                    return f"setuptools installs what an earlier build left in {base} as well"
    return ""


def packaging(tree: SourceTree, config: Config) -> Packaging:
    """Return which packages and modules setuptools would build, or why that is not known."""
    options = _Options(tree, config)
    packages, modules = options.get("packages"), options.get("py_modules")
    folders = options.get("package_dir") or {}
    for value in (packages, modules, folders, options.get("")):
        if isinstance(value, Computed):
            return Packaging(why=f"which packages are built is not written out: {value.why}")
    if not isinstance(folders, Mapping) or not all(isinstance(f, str) for f in folders.values()):
        return Packaging(why="package_dir is not written out")
    folders = {str(name): joined(folder) for name, folder in folders.items()}
    if packages is None and modules is None:
        if options.get("ext_modules") is not None and not options.in_pyproject:
            return Packaging(folders=folders)
        return _discovered(tree, folders)
    found: list[str] = []
    if isinstance(packages, Find):
        found = _found(tree, packages, folders, fill=options.in_pyproject)
    elif packages is not None:
        found = texts(packages)
    return Packaging(tuple(found), tuple(texts(modules)), folders)


class _Options:
    """What setuptools is told, from whichever file."""

    def __init__(self, tree: SourceTree, config: Config) -> None:
        self._config = config
        self._versioned = not tree.is_file("PKG-INFO")
        self._tool = table(config.pyproject, "tool", "setuptools")
        self.in_pyproject = bool(table(config.pyproject, "project") or self._tool)

    def get(self, name: str) -> Any:
        """Return the value of a keyword; what ``pyproject.toml`` says goes first."""
        said = self._tool.get(name.replace("_", "-"))
        if name == "packages" and isinstance(said, Mapping):
            find = table(said, "find")
            return Find(
                tuple(texts(find.get("where"))) or (".",),
                tuple(texts(find.get("include"))) or ("*",),
                tuple(texts(find.get("exclude"))),
                find.get("namespaces", True) is not False,
            )
        if said is not None:
            return said
        option = self._config.setup.get(name)
        return option.value if option else None

    def globs(self, name: str, package: str) -> list[str]:
        """Return the patterns of data for a package, and for all (``""`` or ``*``)."""
        given = self.get(name)
        given = given if isinstance(given, Mapping) else {}
        return [each for key in ("", "*", package) for each in texts(given.get(key))]

    def with_data(self) -> bool:
        """Say whether files in packages that ``MANIFEST.in`` names are installed."""
        said = self.get("include_package_data")
        return self.in_pyproject if said is None else bool(said)

    def by_vcs(self) -> bool:
        """Say whether what is under version control counts as named in ``MANIFEST.in``."""
        required = texts(table(self._config.pyproject, "build-system").get("requires"))
        setup = self.get("setup_requires")
        required += texts(setup) if isinstance(setup, list) else []
        # An unpacked sdist is under no version control.
        return self._versioned and any(each.strip().startswith(_BY_VCS) for each in required)

    def more(self) -> bool:
        """Say whether a build installs, or may install, more than files of packages."""
        found = any(self.get(name) for name in _MORE)
        return found or isinstance(self.get("package_data"), Computed)

    def written(self, built: Packaging) -> frozenset[str]:
        """Return the places of modules that setuptools_scm writes."""
        scm = table(self._config.pyproject, "tool", "setuptools_scm")
        named = (scm.get("version_file"), scm.get("write_to"))
        roots = {joined(built.folders.get("", "")), ""}
        return frozenset(
            path.removeprefix(f"{root}/") if root else path
            for path in map(joined, filter(None, map(_text, named)))
            for root in roots
        )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


# Which packages


def _discovered(tree: SourceTree, folders: dict[str, str]) -> Packaging:
    """Return what is built where nothing is named: an explicit, a src or a flat layout."""
    explicit = {name: folder for name, folder in folders.items() if name}
    if explicit:
        found = [
            package
            for name, folder in explicit.items()
            for package in (name, *(f"{name}.{each}" for each in _search(tree, folder)))
        ]
        return Packaging(tuple(found), (), folders)
    source = folders.get("", "src")
    if tree.is_folder(source):
        modules = [each for each in _modules(tree, source) if each.isidentifier()]
        packages = _search(tree, source)
        return Packaging(tuple(packages), tuple(modules), {"": source, **folders})
    exclude = (*_FLAT_PACKAGES, *(f"{name}.*" for name in _FLAT_PACKAGES))
    packages = [
        each
        for each in _search(tree, "", exclude=exclude)
        if all(part.removesuffix("-stubs").isidentifier() for part in each.split("."))
    ]
    tops = sorted({each.partition(".")[0] for each in packages if "-stubs" not in each})
    modules = [
        each for each in _modules(tree, "") if each.isidentifier() and not _any(each, _FLAT_MODULES)
    ]
    several = tops if tops else sorted(modules)
    if len(several) > 1:
        named = ", ".join(several[:4])
        return Packaging(
            why=f"setuptools finds {len(several)} candidates ({named}) and builds none of them "
            "unless it is told which",
            refuses=not tree.is_file(_SETUP),
        )
    return Packaging(tuple(packages), () if tops else tuple(modules), folders)


def _found(tree: SourceTree, find: Find, folders: dict[str, str], *, fill: bool) -> list[str]:
    """Return what a search finds, and note where in ``folders``, if that is for us to ``fill``."""
    where = list(dict.fromkeys(joined(each) for each in find.where))
    if fill and len(where) == 1 and where[0]:
        folders.setdefault("", where[0])
    found: list[str] = []
    for root in where:
        packages = _search(tree, root, find.include, find.exclude, namespaces=find.namespaces)
        found += packages
        if fill and root and folders.get("") != root:
            folders |= {each: joined(root, each.replace(".", "/")) for each in packages}
    return found


def _search(
    tree: SourceTree,
    root: str,
    include: Iterable[str] = ("*",),
    exclude: Iterable[str] = (),
    *,
    namespaces: bool = True,
) -> list[str]:
    """Return the packages below a folder (``PackageFinder.find``)."""
    include, exclude = tuple(include), (*_ALWAYS_EXCLUDED, *exclude)
    found: list[str] = []
    waiting = [("", root)]
    while waiting:
        above, folder = waiting.pop()
        for name in tree.names(folder, "folder"):
            package, path = f"{above}.{name}" if above else name, joined(folder, name)
            if "." in name or not (namespaces or tree.is_file(f"{path}/__init__.py")):
                continue
            if _any(package, include) and not _any(package, exclude):
                found.append(package)
            if f"{package}*" not in exclude and f"{package}.*" not in exclude:
                waiting.append((package, path))
    return sorted(found)


def _any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _modules(tree: SourceTree, folder: str) -> list[str]:
    return [
        name.removesuffix(".py")
        for name in tree.names(folder, "file")
        if name.endswith(".py") and not name.startswith(".")
    ]


def _modules_in(tree: SourceTree, folder: str) -> Iterator[str]:
    for name in _modules(tree, folder):
        path = joined(folder, f"{name}.py")
        if path != "setup.py":
            yield path


# Which of their files


class _Data:
    """The files of packages that are no modules of theirs."""

    def __init__(self, tree: SourceTree, options: _Options, built: Packaging) -> None:
        self._tree = tree
        self._options = options
        self._built = built
        self._named: dict[str, list[str]] = {}
        if options.with_data():
            self._by_manifest()

    def of(self, package: str) -> Iterator[str]:
        """Yield the data files of one package."""
        folder = self._built.folder(package)
        prefix = f"{folder}/" if folder else ""
        named = self._options.globs("package_data", package)
        patterns = [joined(prefix + each) for each in (*_IMPLICIT_DATA, *named)]
        wanted = [path_glob(each, hidden=False) for each in patterns]
        unwanted = [
            prefix + joined(each) for each in self._options.globs("exclude_package_data", package)
        ]
        found = dict.fromkeys(self._named.get(package, ()))
        outside = [each for each in patterns if not each.startswith(prefix)]
        roots = [folder, *(re.split(r"[*?\[]", each)[0].rpartition("/")[0] for each in outside)]
        deep = any("/" in each for each in named)
        near = (prefix + name for name in self._tree.names(folder, "file"))
        for path in (each for root in roots for each in self._tree.below(root)) if deep else near:
            if any(each.match(path) for each in wanted):
                found[path] = None
        for path in found:
            if not _any(path, unwanted):
                yield path

    def _by_manifest(self) -> None:
        """Note the files that ``MANIFEST.in``, or an sdist's list, names in each package."""
        folders = {self._built.folder(each): each for each in self._built.packages}
        for path in _manifest(self._tree, folders, everything=self._options.by_vcs()):
            folder, _, name = path.rpartition("/")
            near = folder
            while near and near not in folders:
                near = near.rpartition("/")[0]
            if near in folders and not (near == folder and _MODULE.fullmatch(name)):
                self._named.setdefault(folders[near], []).append(path)


_NEVER = re.compile(
    r"(?:^|.*/)(?:RCS|CVS|\.svn|\.hg|\.git|\.bzr|_darcs)/|build/|\.(?:tox|nox|venv)/"
)


def _manifest(tree: SourceTree, folders: Mapping[str, str], *, everything: bool) -> Iterator[str]:
    """Yield the files below some folders that belong to the sdist, apart from modules."""
    commands = lines(tree.text("MANIFEST.in")) if tree.is_file("MANIFEST.in") else []
    listed = {
        path for info in _infos(tree) for path in tree.text(f"{info}/SOURCES.txt").splitlines()
    }
    if not (commands or listed or everything):
        return
    steps = list(_steps(commands))
    unversioned = ignored(lines(tree.text(".gitignore")))
    tops = {folder for folder in folders if folder.rpartition("/")[0] not in folders or not folder}
    for top in sorted(tops):
        # What Python compiled there is gone in the clean checkout that a release is built from.
        for path in tree.below(top, ("__pycache__",)):
            taken = path in listed or (everything and not unversioned(path))
            for pattern, wanted in steps:
                if taken is not wanted and pattern.match(path):
                    taken = wanted
            if taken and not _NEVER.match(path):
                yield path


def _infos(tree: SourceTree) -> Iterator[str]:
    """Yield the folders of metadata; setuptools takes the files that the last build listed."""
    for folder in ("", *tree.names("", "folder")):
        for name in tree.names(folder, "folder"):
            if name.endswith(".egg-info"):
                yield joined(folder, name)


def _steps(commands: Iterable[str]) -> Iterator[tuple[re.Pattern[str], bool]]:
    """Yield the patterns of a ``MANIFEST.in``, in order, and whether each one adds."""
    lines = "\n".join(commands).replace("\\\n", " ").splitlines()
    for line in lines:
        command, *words = line.partition("#")[0].split() or [""]
        wanted = not command.endswith("exclude") and command != "prune"
        match command:
            case "include" | "exclude":
                globs = words
            case "global-include" | "global-exclude":
                globs = [f"**/{word}" for word in words]
            case "recursive-include" | "recursive-exclude":
                globs = [f"{words[0]}/**/{word}" for word in words[1:]] if words else []
            case "graft" | "prune":
                globs = [f"{word}/**" for word in words]
            case _:
                globs = []
        for glob in globs:
            yield path_glob(joined(glob)), wanted
