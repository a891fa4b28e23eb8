"""Good projects of every common build backend, in every layout that it takes.

One plugin, ``acme-ledger`` 1.0.0, as a package, a package in a namespace or a single module, each
at the top and below ``src``, with the configuration that its backend documents for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

_HANDLER = "def record(ctx, **_):\n    return None\n"
_FACTORY = """\
def plugin_manifest():
    return PluginManifest(
        name="acme-ledger",
        version="1.0.0",
        requires_stigmem=">=0.9.0a10",
        capabilities={"facts.read"},
        hooks={"post_assert_audit": record},
    )
"""
_IMPORT = "from stigmem_node.plugins import PluginManifest\n"
_INIT = '"""Keeps a ledger."""\n\n__version__ = "1.0.0"\n'
_BESIDE = {
    "README.md": "# acme-ledger\n",
    "tests/test_plugin.py": "def test(): ...\n",
    "docs/conf.py": "project = 'acme'\n",
    ".gitignore": "dist/\n",
}


class Shape(NamedTuple):
    """Where the code stands: below ``root``, as ``module``, in a file of its own or a package."""

    root: str
    module: str
    single: bool = False

    @property
    def top(self) -> str:
        """The path of what stands at the top of the root: a file or a folder."""
        top = self.module.partition(".")[0] + (".py" if self.single else "")
        return f"{self.root}/{top}" if self.root else top

    @property
    def target(self) -> str:
        """What the entry point leads to."""
        return f"{self.module}{'' if self.single else '.plugin'}:plugin_manifest"

    def files(self) -> dict[str, str]:
        """Return the code."""
        base = f"{self.root}/" if self.root else ""
        base += self.module.replace(".", "/")
        if self.single:
            return {f"{base}.py": f"{_INIT}\n{_IMPORT}\n\n{_HANDLER}\n\n{_FACTORY}"}
        imports = f"{_IMPORT}\nfrom {self.module}.handlers import record\n\n\n"
        return {
            f"{base}/__init__.py": _INIT,
            f"{base}/handlers.py": _HANDLER,
            f"{base}/plugin.py": imports + _FACTORY,
        }


SHAPES = {
    f"{name}{'-src' if root else ''}": Shape(root, module, name == "module")
    for root in ("", "src")
    for name, module in (
        ("package", "acme_ledger"),
        ("namespace", "acme.ledger"),
        ("module", "acme_ledger"),
    )
}
Configuration = Mapping[str, str]


def _project(backend: str, requires: str, shape: Shape, more: str = "") -> Configuration:
    return {
        "pyproject.toml": f'[build-system]\nrequires = ["{requires}"]\n'
        f'build-backend = "{backend}"\n\n'
        '[project]\nname = "acme-ledger"\nversion = "1.0.0"\ndescription = "Keeps a ledger"\n'
        'requires-python = ">=3.11"\n\n[project.entry-points."stigmem.plugins"]\n'
        f'acme-ledger = "{shape.target}"\n\n{more}'
    }


def _is_usual(shape: Shape) -> bool:
    return shape.module == "acme_ledger" and not shape.single


def _hatchling(shape: Shape) -> Configuration:
    wheel = "[tool.hatch.build.targets.wheel]\n"
    if shape.single:
        more = f'{wheel}only-include = ["{shape.top}"]\nsources = ["src"]\n'
    else:
        more = "" if _is_usual(shape) else f'{wheel}packages = ["{shape.top}"]\n'
    return _project("hatchling.build", "hatchling", shape, more)


def _setuptools(shape: Shape) -> Configuration:
    more = ""
    if shape.single:
        more = '[tool.setuptools]\npy-modules = ["acme_ledger"]\n'
        more += 'package-dir = { "" = "src" }\n' if shape.root else ""
    elif not _is_usual(shape):
        more = f'[tool.setuptools.packages.find]\nwhere = ["{shape.root or "."}"]\n'
        more += 'include = ["acme*"]\n'
    return _project("setuptools.build_meta", "setuptools>=77", shape, more)


def _setup_cfg(shape: Shape) -> Configuration:
    packages = "py_modules = acme_ledger" if shape.single else "packages = find_namespace:"
    folder = "package_dir =\n    = src\n" if shape.root else ""
    find = f"[options.packages.find]\n{'where = src' if shape.root else 'include = acme*'}\n"
    return {
        "pyproject.toml": '[build-system]\nrequires = ["setuptools>=77"]\n'
        'build-backend = "setuptools.build_meta"\n',
        "setup.cfg": "[metadata]\nname = acme-ledger\nversion = 1.0.0\n"
        f"[options]\npython_requires = >=3.11\n{packages}\n{folder}"
        f"{'' if shape.single else find}"
        f"[options.entry_points]\nstigmem.plugins =\n    acme-ledger = {shape.target}\n",
    }


def _setup_py(shape: Shape) -> Configuration:
    where = '"src"' if shape.root else 'include=["acme*"]'
    packages = f"packages=find_namespace_packages({where})"
    return {
        "setup.py": "from setuptools import find_namespace_packages, setup\n\n"
        'setup(\n    name="acme-ledger",\n    version="1.0.0",\n    python_requires=">=3.11",\n'
        f"    {packages},\n"
        + ('    package_dir={"": "src"},\n' if shape.root else "")
        + f'    entry_points={{"stigmem.plugins": ["acme-ledger = {shape.target}"]}},\n)\n'
    }


def _flit(shape: Shape) -> Configuration:
    more = f'[tool.flit.module]\nname = "{shape.module}"\n'
    return _project("flit_core.buildapi", "flit_core>=3.11,<5", shape, more)


def _pdm(shape: Shape) -> Configuration:
    more = f'[tool.pdm.build]\nincludes = ["{shape.top}"]\n'
    more += 'package-dir = "src"\n' if shape.root else ""
    return _project("pdm.backend", "pdm-backend", shape, "" if _is_usual(shape) else more)


def _poetry(shape: Shape) -> Configuration:
    below = ', from = "src"' if shape.root else ""
    name = shape.top.rpartition("/")[2]
    more = f'[tool.poetry]\npackages = [{{ include = "{name}"{below} }}]\n'
    more = "" if _is_usual(shape) else more
    return _project("poetry.core.masonry.api", "poetry-core>=2", shape, more)


def _uv(shape: Shape) -> Configuration:
    more = f'[tool.uv.build-backend]\nmodule-name = "{shape.module}"\n'
    more += f'module-root = "{shape.root}"\n'
    return _project("uv_build", "uv_build>=0.9", shape, more)


def _scikit_build(shape: Shape) -> Configuration:
    more = f'[tool.scikit-build]\nwheel.packages = ["{shape.top}"]\nwheel.cmake = false\n'
    return _project("scikit_build_core.build", "scikit-build-core", shape, more)


def _meson(shape: Shape) -> Configuration:
    folder = shape.module.replace(".", "/")
    names = ", ".join(f"'{path}'" for path in shape.files())
    subdir = "" if shape.single else f", subdir: '{folder}'"
    build = "project('acme-ledger', version: '1.0.0')\n"
    build += "py = import('python').find_installation(pure: true)\n"
    build += f"py.install_sources([{names}]{subdir})\n"
    return {**_project("mesonpy", "meson-python", shape), "meson.build": build}


_BACKENDS: Mapping[str, Callable[[Shape], Configuration]] = {
    "flit": _flit,
    "hatchling": _hatchling,
    "meson-python": _meson,
    "pdm": _pdm,
    "poetry": _poetry,
    "scikit-build-core": _scikit_build,
    "setup.cfg": _setup_cfg,
    "setup.py": _setup_py,
    "setuptools": _setuptools,
    "uv": _uv,
}
_PACKAGES_ONLY = ("scikit-build-core", "setup.py", "uv")
"""Those of which a single module is installed in another way, or not at all."""


def _projects() -> Iterator[tuple[str, dict[str, str]]]:
    for backend, configured in _BACKENDS.items():
        for name, shape in SHAPES.items():
            if not (shape.single and backend in _PACKAGES_ONLY):
                yield f"{backend}-{name}", {**_BESIDE, **shape.files(), **configured(shape)}


PROJECTS = dict(_projects())
"""The files of each project by its name."""
