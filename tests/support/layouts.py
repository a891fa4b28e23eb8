"""Projects as their authors lay them out, for every build backend whose configuration is read.

Each is given as what is written in it beside one plugin, ``acme-ledger`` 1.2.0, and the files that
its wheel has besides the metadata. The tests marked ``network`` build each one with the real
backend and hold that list against the wheel.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_PLUGIN = {
    "__init__.py": '__version__ = "1.2.0"\n',
    "handlers.py": "def audit(ctx, **_):\n    return None\n",
    "plugin.py": """\
from stigmem_node.plugins import PluginManifest

from . import handlers


def plugin_manifest():
    return PluginManifest(
        name="acme-ledger",
        version="1.2.0",
        requires_stigmem=">=0.9.0a10",
        capabilities={"facts.read"},
        hooks={"post_assert_audit": handlers.audit},
    )
""",
}
_ASIDE = {
    "README.md": "# acme-ledger\n",
    "tests/test_plugin.py": "def test(): ...\n",
    "docs/conf.py": "project = 'acme'\n",
}
_GROUP = 'stigmem.plugins"]\nacme-ledger = "{}.plugin:plugin_manifest"\n'
_NAME = '[project]\nname = "acme-ledger"\n'
_PROJECT = f'{_NAME}version = "1.2.0"\n[project.entry-points."{_GROUP.format("acme_ledger")}'
_DYNAMIC = f'{_NAME}dynamic = ["version"]\n[project.entry-points."{_GROUP.format("acme_ledger")}'
_LINE = "acme-ledger = acme_ledger.plugin:plugin_manifest"


def _backend(name: str, requires: str) -> str:
    return f'[build-system]\nrequires = ["{requires}"]\nbuild-backend = "{name}"\n'


_HATCH = _backend("hatchling.build", "hatchling")
_SETUPTOOLS = _backend("setuptools.build_meta", "setuptools>=77")
_FLIT = _backend("flit_core.buildapi", "flit_core>=3.11,<5")
_FLIT_3 = _backend("flit_core.buildapi", "flit_core>=3.11,<4")
_POETRY = _backend("poetry.core.masonry.api", "poetry-core>=2")
_PDM = _backend("pdm.backend", "pdm-backend")
_UV = _backend("uv_build", "uv_build>=0.9")


class Layout(NamedTuple):
    """One project: its files, and what its wheel has (``place: path``)."""

    files: Mapping[str, str]
    places: Mapping[str, str]


def _layout(
    configuration: Mapping[str, str],
    *,
    root: str = "",
    package: str = "acme_ledger",
    shipped: Mapping[str, str] | None = None,
    beside: Mapping[str, str] | None = None,
    init: bool = True,
) -> Layout:
    """Make a project with the plugin in ``package``, below ``root``.

    ``shipped`` are more files of the wheel, as ``place: path``; ``beside`` are files that are not.
    """
    folder = package.replace(".", "/")
    modules = {name: text for name, text in _PLUGIN.items() if init or name != "__init__.py"}
    places = {f"{folder}/{name}": f"{root}{folder}/{name}" for name in modules}
    files = {path: _PLUGIN[path.rpartition("/")[2]] for path in places.values()}
    files |= dict.fromkeys((shipped or {}).values(), "{}\n")
    return Layout(
        {**_ASIDE, **files, **(beside or {}), **configuration}, {**places, **(shipped or {})}
    )


def _same(*paths: str, root: str = "") -> dict[str, str]:
    return {path: root + path for path in paths}


LAYOUTS: dict[str, Layout] = {
    "hatch-flat": _layout(
        {"pyproject.toml": _HATCH + _PROJECT, ".gitignore": "*.log\nacme_ledger/cache/\n"},
        shipped=_same("acme_ledger/table.json", "acme_ledger/sql/one.sql"),
        beside={"acme_ledger/x.log": "", "acme_ledger/cache/x.json": "", "build/lib/a.py": ""},
    ),
    "hatch-src-version-in-a-file": _layout(
        {
            "pyproject.toml": _HATCH
            + _DYNAMIC
            + '[tool.hatch.version]\npath = "src/acme_ledger/__init__.py"\n'
            '[tool.hatch.build.targets.wheel]\npackages = ["src/acme_ledger"]\n'
            'exclude = ["*.tmp", "/src/acme_ledger/private"]\n'
        },
        root="src/",
        beside={"src/acme_ledger/x.tmp": "", "src/acme_ledger/private/x.py": ""},
    ),
    "hatch-only-include-and-sources": _layout(
        {
            "pyproject.toml": _HATCH
            + _PROJECT
            + '[tool.hatch.build.targets.wheel]\nonly-include = ["lib/acme_ledger", "rules"]\n'
            '[tool.hatch.build.targets.wheel.sources]\n"lib" = ""\n"rules" = "acme_ledger/rules"\n'
            '[tool.hatch.build.targets.wheel.force-include]\n"data/a.csv" = "acme_ledger/a.csv"\n'
        },
        root="lib/",
        shipped={"acme_ledger/rules/one.toml": "rules/one.toml", "acme_ledger/a.csv": "data/a.csv"},
        beside={"old/acme_ledger/plugin.py": ""},
    ),
    "hatch-include-patterns": _layout(
        {
            "pyproject.toml": _HATCH
            + _PROJECT
            + '[tool.hatch.build]\ninclude = ["acme_*/**/*.py", "/acme_ledger/*.json"]\n'
            '[tool.hatch.build.force-include]\n"acme_ledger/is.json" = "acme_ledger/was.json"\n'
        },
        shipped={
            **_same("acme_ledger/deep/er/x.py", "acme_ledger/table.json"),
            "acme_ledger/was.json": "acme_ledger/is.json",
        },
        beside={"acme_ledger/deep/x.json": "", "acme_ledger/x.txt": ""},
    ),
    "hatch-namespace": _layout(
        {
            "pyproject.toml": _HATCH
            + f'{_NAME}version = "1.2.0"\n'
            + f'[project.entry-points."{_GROUP.format("acme.ledger")}'
            + '[tool.hatch.build.targets.wheel]\npackages = ["src/acme"]\n'
        },
        root="src/",
        package="acme.ledger",
    ),
    "hatch-file-of-its-own": _layout(
        {
            "pyproject.toml": _HATCH
            + _PROJECT
            + '[tool.hatch.build.targets.wheel]\npackages = ["acme_ledger"]\n',
            "hatch.toml": '[build.targets.wheel]\npackages = ["acme_ledger", "acme_more"]\n',
            ".gitignore": "draft.py\nx\x0cacme_ledger/kept.py\ny\u2028acme_ledger/also.py\n",
        },
        shipped=_same("acme_more/a.py", "acme_ledger/kept.py", "acme_ledger/also.py"),
        beside={"acme_ledger/draft.py": ""},
    ),
    "setuptools-data-beside": _layout(
        {
            "pyproject.toml": _SETUPTOOLS
            + _PROJECT
            + '[tool.setuptools]\npackages = ["acme_ledger"]\n'
            '[tool.setuptools.package-dir]\n"" = "lib"\n'
            '[tool.setuptools.package-data]\nacme_ledger = ["../rules/*.py", "../one.json"]\n',
            "lib/acme_ledger.egg-info/SOURCES.txt": "lib/acme_ledger/tables/a.py\n",
        },
        root="lib/",
        shipped=_same("rules/a.py", "one.json", "acme_ledger/tables/a.py", root="lib/"),
        beside={"lib/rules/a.txt": "", "lib/other.json": "", "lib/acme_ledger/tables/b.py": ""},
    ),
    "setup-py-with-a-fallback": _layout(
        {
            "setup.py": "try:\n    from setuptools import setup\nexcept ImportError:\n"
            "    from distutils.core import setup\n\n"
            'setup(name="acme-ledger", version="1.2.0", packages=["acme_ledger"],\n'
            f'    entry_points={{"stigmem.plugins": ["{_LINE}"]}})\n'
        },
        beside={"old/acme_ledger/plugin.py": ""},
    ),
    "setuptools-src": _layout(
        {"pyproject.toml": _SETUPTOOLS + _PROJECT},
        root="src/",
        shipped=_same("acme_ledger/py.typed", "acme_ledger/a.pyi", root="src/"),
        beside={"src/acme_ledger/x.txt": "", "old/acme_ledger/plugin.py": ""},
    ),
    "setuptools-flat-manifest": _layout(
        {
            "pyproject.toml": _SETUPTOOLS
            + _DYNAMIC
            + '[tool.setuptools.dynamic]\nversion = { attr = "acme_ledger.__version__" }\n',
            "MANIFEST.in": "recursive-include acme_ledger *.json *.txt\nprune acme_ledger/raw\n"
            "global-exclude secret.*\ninclude acme_ledger/more/one.csv\n",
        },
        shipped=_same("acme_ledger/t/a.json", "acme_ledger/b.txt", "acme_ledger/more/one.csv"),
        beside={"acme_ledger/raw/x.json": "", "acme_ledger/secret.txt": ""},
    ),
    "setuptools-find": _layout(
        {
            "pyproject.toml": _SETUPTOOLS
            + _PROJECT
            + '[tool.setuptools.packages.find]\nwhere = ["lib"]\ninclude = ["acme*"]\n'
            'exclude = ["*.tests*"]\nnamespaces = false\n'
            '[tool.setuptools.package-data]\n"*" = ["*.json"]\nacme_ledger = ["sql/**/*.sql"]\n'
            '[tool.setuptools.exclude-package-data]\n"*" = ["draft*"]\n'
        },
        root="lib/",
        shipped=_same(
            "acme_ledger/a.json", "acme_ledger/sql/a.sql", "acme_ledger/sql/b/c.sql", root="lib/"
        ),
        beside={
            "lib/acme_ledger/tests/__init__.py": "",
            "lib/acme_ledger/draft.json": "",
            "lib/acme_ledger/.hidden.json": "",
            "lib/other/__init__.py": "",
        },
    ),
    "setuptools-cfg": _layout(
        {
            "setup.cfg": "[metadata]\nname = acme-ledger\nversion = attr: acme_ledger.__version__\n"
            "[options]\npackages = find:\npackage_dir =\n    = src\npython_requires = >=3.11\n"
            "install_requires =\n    attrs>=23\n[options.packages.find]\nwhere = src\n"
            f"[options.package_data]\nacme_ledger = *.json\n"
            f"[options.entry_points]\nstigmem.plugins =\n    {_LINE}\n",
            "setup.py": "from setuptools import setup\n\nsetup()\n",
        },
        root="src/",
        shipped=_same("acme_ledger/a.json", root="src/"),
        beside={"src/plain/x.py": ""},
    ),
    "setuptools-cfg-and-pyproject": _layout(
        {
            "pyproject.toml": _SETUPTOOLS,
            "setup.cfg": "[metadata]\nname = acme-ledger\nversion = file: VERSION\n"
            "[options]\npackages = acme_ledger\ninclude_package_data = True\n"
            f"entry_points =\n    [stigmem.plugins]\n    {_LINE}\n",
            "MANIFEST.in": "graft acme_ledger/data\n",
            "VERSION": "1.2.0\n",
        },
        shipped=_same("acme_ledger/data/a.bin"),
        beside={"acme_ledger/a.bin": "", "backup/acme_ledger/plugin.py": ""},
    ),
    "setup-py": _layout(
        {
            "setup.py": "from setuptools import find_packages, setup\n\n"
            'VERSION = "1.2.0"\nREQUIRES = ["attrs>=23"]\n\nsetup(\n'
            '    name="acme-ledger",\n    version=VERSION,\n'
            '    description=open("README.md").read(9),\n'
            '    packages=find_packages(where="src", exclude=["acme_ledger.drafts"]),\n'
            '    package_dir={"": "src"},\n    package_data={"acme_ledger": ["*.json"]},\n'
            '    install_requires=REQUIRES,\n    python_requires=">=3.11",\n'
            f'    entry_points={{"stigmem.plugins": ["{_LINE}"]}},\n)\n'
        },
        root="src/",
        shipped=_same("acme_ledger/a.json", root="src/"),
        beside={"src/acme_ledger/drafts/__init__.py": "", "src/acme_ledger/b.txt": ""},
    ),
    "flit-flat": _layout(
        {"pyproject.toml": _FLIT + _PROJECT.replace('1.2.0"\n[', '1.2.0"\ndescription = "x"\n[')},
        shipped=_same("acme_ledger/a.json", "acme_ledger/.hidden", "acme_ledger/data/b.txt"),
        beside={"acme_ledger/x.pyc": "", "out/acme_ledger/plugin.py": ""},
    ),
    "flit-src-dynamic": _layout(
        {
            "pyproject.toml": _FLIT
            + _DYNAMIC.replace('["version"]\n', '["version"]\ndescription = "x"\n')
            + '[tool.flit.module]\nname = "acme_ledger"\n'
        },
        root="src/",
    ),
    "flit-legacy": _layout(
        {
            "pyproject.toml": _FLIT_3
            + '[tool.flit.metadata]\nmodule = "acme_ledger"\ndist-name = "acme-ledger"\n'
            'author = "Acme"\nauthor-email = "a@example.org"\nrequires-python = ">=3.11"\n'
            f'[tool.flit.entrypoints."{_GROUP.format("acme_ledger")}',
            "acme_ledger/__init__.py": '"""Keeps a ledger."""\n\n__version__ = "1.2.0"\n',
        },
    ),
    "poetry-legacy-src": _layout(
        {
            "pyproject.toml": _POETRY
            + '[tool.poetry]\nname = "acme-ledger"\nversion = "1.2.0"\ndescription = "x"\n'
            'authors = ["Acme <a@example.org>"]\nexclude = ["**/*.tmp"]\n'
            f'[tool.poetry.plugins."{_GROUP.format("acme_ledger")}'
        },
        root="src/",
        shipped=_same("acme_ledger/a.json", "acme_ledger/.hidden", root="src/"),
        beside={"src/acme_ledger/x.tmp": "", "old/acme_ledger/plugin.py": ""},
    ),
    "poetry-packages": _layout(
        {
            "pyproject.toml": _POETRY
            + _PROJECT
            + '[tool.poetry]\npackages = [{ include = "acme_ledger", from = "lib" }, '
            '{ include = "extra.py", to = "acme_ledger/more" }]\n'
            'include = [{ path = "notes/*.txt", format = ["wheel"] }, "CHANGES"]\n'
            'exclude = ["lib/acme_ledger/private"]\n',
            "CHANGES": "",
        },
        root="lib/",
        shipped={
            "acme_ledger/more/extra.py": "extra.py",
            "notes/a.txt": "notes/a.txt",
        },
        beside={"lib/acme_ledger/private/x.py": "", "notes/deep/b.txt": ""},
    ),
    "pdm-src": _layout(
        {
            "pyproject.toml": _PDM
            + _DYNAMIC
            + '[tool.pdm.version]\nsource = "file"\npath = "src/acme_ledger/__init__.py"\n'
        },
        root="src/",
        shipped=_same("acme_ledger/a.json", "acme_ledger/deep/b.txt", root="src/"),
        beside={"src/plain/x.txt": ""},
    ),
    "pdm-includes": _layout(
        {
            "pyproject.toml": _PDM
            + _PROJECT
            + '[tool.pdm.build]\nincludes = ["acme_ledger/**/*.py", "acme_ledger/data"]\n'
            'excludes = ["acme_ledger/data/raw", "acme_ledger/**/draft.py"]\n'
        },
        shipped=_same("acme_ledger/data/a.csv", "acme_ledger/x/y.py"),
        beside={
            "acme_ledger/data/raw/x.csv": "",
            "acme_ledger/x/draft.py": "",
            "acme_ledger/a.txt": "",
        },
    ),
    "uv-src": _layout(
        {
            "pyproject.toml": _UV
            + _PROJECT
            + '[tool.uv.build-backend]\nwheel-exclude = ["*.tmp", "raw", '
            '"/src/acme_ledger/draft*", "/src/acme_ledger/kept"]\n'
        },
        root="src/",
        shipped=_same("acme_ledger/.hidden", "acme_ledger/kept/a.json", root="src/"),
        beside={
            "src/acme_ledger/x.tmp": "",
            "src/acme_ledger/raw/x.json": "",
            "src/acme_ledger/draft.json": "",
        },
    ),
    "uv-flat-namespace": _layout(
        {
            "pyproject.toml": _UV
            + f'{_NAME}version = "1.2.0"\n'
            + f'[project.entry-points."{_GROUP.format("acme.ledger")}'
            + '[tool.uv.build-backend]\nmodule-root = ""\nmodule-name = "acme.ledger"\n'
        },
        package="acme.ledger",
        beside={"old/acme/ledger/plugin.py": ""},
    ),
}
"""Projects by name, that which builds them first."""


def write_layout(folder: Path, layout: Layout) -> Path:
    """Write a project and return its folder."""
    for path, text in layout.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    return folder
