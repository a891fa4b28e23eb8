"""Ways to get another release of a plugin past a review of pins, none of which must succeed.

And the other side: what a team changes every day, which must pass without a word too many.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from stigmem_review import BumpReport, bump
from stigmem_review.report import render
from stigmem_review.step.look import nothing_in
from support.history import Files, history
from support.plugins import plugin, write_wheel
from support.repository import git


class World(NamedTuple):
    """A folder of artifacts, and the wheels in it by version."""

    folder: Path
    wheels: dict[str, bytes]


def _file(version: str) -> str:
    return f"demo_plugin-{version}-py3-none-any.whl"


def _built(folder: Path) -> World:
    wheels = {}
    for version, more in (("1.0.0", ()), ("1.1.0", ("network.outbound",))):
        files = plugin(version=version, capabilities=("facts.read", *more))
        wheels[version] = write_wheel(folder, files, version=version).read_bytes()
    for version in ("1.0", "2.0"):
        library = {"acme_library/__init__.py": ""}
        write_wheel(folder, library, name="acme-library", version=version, entry_points="")
    return World(folder, wheels)


PARTS = 2
"""Parts of all attacks, of which one is tried in every run."""
Row = tuple[Files, Files, str]
"""What was, what is now, and what is to be said: a bump, or a finding, or where a gap is."""

UPGRADE = "demo-plugin 1.0.0>1.1.0"
NEW = "demo-plugin >1.1.0"


def _elsewhere(world: World) -> dict[str, Row]:
    """Pins in places with other names, and in other forms."""
    old, new = (f"demo-plugin=={version}\n" for version in ("1.0.0", "1.1.0"))
    url = f"https://files.example/{_file('1.1.0')}#sha256={_digest(world, '1.1.0')}"
    plain = f"https://files.example/{_file('1.1.0')}"
    git_url = "git+https://git.example/demo@v1.1#egg=demo-plugin"
    rows: dict[str, Row] = {
        f"a list called {path}": ({path: old}, {path: new}, UPGRADE)
        for path in (
            "requirements.dev",
            "REQUIREMENTS.TXT",
            "deploy/node.pins",
            "requirements/prod.cfg",
            "requirements/prod.yml",
            "deploy/NODE",
            "deploy/pins.md",
            "deploy/pins.py",
            "venv/requirements.txt",
            "node_modules/requirements.txt",
        )
    }
    rows["a NUL in the comment of a list"] = (
        {},
        {"deploy/node": f"# \0\n{new}"},
        "gap deploy/node",
    )
    rows |= {
        f"a new list that holds {line}": ({}, {"deploy/node": f"# what\n{line}\n"}, said)
        for line, said in (
            ("demo-plugin===1.1.0", NEW),
            ("demo-plugin == v1.1.0", "demo-plugin >v1.1.0"),
            ("demo-plugin (==1.1.0)", NEW),
            (f"demo-plugin @ {url}", NEW),
            (url, NEW),
            (f"{plain}#egg=demo-plugin&sha256={_digest(world, '1.1.0')}", NEW),
            (plain, "gap deploy/node:2"),
            (f"another @ {url}", "gap deploy/node:2"),
            (f"-e {git_url}", "gap deploy/node:2"),
            (git_url, "gap deploy/node:2"),
            ("demo-plugin>=1.1", "warning requirement-unpinned deploy/node:2"),
            ("demo-plugin~=1.1", "warning requirement-unpinned deploy/node:2"),
            ("--extra-index-url https://x.example", "warning index-option-changed deploy/node:2"),
        )
    }
    lists: dict[str, str | bytes] = {"deploy/node": "-r pins.data\n", "deploy/pins.data": old}
    return rows | {
        "a list that only includes": ({}, {**lists, "deploy/pins.data": new}, NEW),
        "what a list includes": (lists, {**lists, "deploy/pins.data": new}, UPGRADE),
        "a list in Latin-1": (
            {},
            {"deploy/node.pins": f"# caf\xe9\n{new}".encode("latin-1")},
            "gap deploy/node.pins",
        ),
        "a list in UTF-16": ({}, {"deploy/node.pins": f"\ufeff{new}".encode("utf-16-le")}, NEW),
        "a list that is no list any more": (
            {"deploy/node": old},
            {"deploy/node": "demo-plugin\n"},
            "error pin-loosened deploy/node:1",
        ),
    }


def _digest(world: World, version: str) -> str:
    return hashlib.sha256(world.wheels[version]).hexdigest()


def _in_the_repository(world: World) -> dict[str, Row]:
    """What is installed from the repository itself."""
    old, new = world.wheels["1.0.0"], world.wheels["1.1.0"]
    one, two = (f"wheels/{_file(version)}" for version in ("1.0.0", "1.1.0"))
    links = "--no-index\n--find-links ./wheels\n"
    path = {"requirements.txt": f"./{one}\n"}
    lying = {"requirements.txt": f"{links}demo-plugin==1.0.0\n"}
    return {
        "a wheel by its path": (
            {**path, one: old},
            {"requirements.txt": f"./{two}\n", two: new},
            UPGRADE,
        ),
        "a wheel by a file URL": (
            {"requirements.txt": f"file:{one}\n", one: old},
            {"requirements.txt": f"demo-plugin @ file:{two}\n", two: new},
            UPGRADE,
        ),
        "a wheel under a name that stays": (
            {**path, one: old},
            {**path, one: _repacked("1.0.0")},
            "demo-plugin 1.0.0>1.0.0",
        ),
        "a wheel where installers look": (
            {**lying, one: old},
            {**lying, one: _repacked("1.0.0")},
            "demo-plugin 1.0.0>1.0.0",
        ),
        **{
            f"a wheel where {path} looks": (
                {"requirements.txt": "demo-plugin==1.0.0\n", path: text, one: old},
                {
                    "requirements.txt": "demo-plugin==1.0.0\n",
                    path: text,
                    one: _repacked("1.0.0"),
                },
                "demo-plugin 1.0.0>1.0.0",
            )
            for path, text in {
                "pip.conf": "[global]\nfind-links = wheels\n",
                "pyproject.toml": "[tool.uv]\nfind-links = ['wheels']\n",
                "Dockerfile": "COPY wheels /wheels\nRUN pip install /wheels/*\n",
            }.items()
        },
        "a wheel that an image names": (
            {"Dockerfile": f"RUN pip install {one}\n", one: old},
            {"Dockerfile": f"RUN pip install {two}\n", two: new},
            UPGRADE,
        ),
        "a wheel where an open requirement looks": (
            {"requirements.txt": f"{links}demo-plugin\n", one: old},
            {"requirements.txt": f"{links}demo-plugin\n", two: new},
            UPGRADE,
        ),
    }


PROJECT = """\
[project]
name = "{}"
version = "1.0.0"
[project.entry-points."{}"]
demo = "demo_plugin:plugin_manifest"
"""


def _projects(_: World) -> dict[str, Row]:
    """Projects of the repository, and the ways to say that one is installed."""

    def project(*more: str, group: str = "stigmem.plugins") -> dict[str, str]:
        files = plugin(capabilities=("facts.read", *more))
        files |= {"pyproject.toml": PROJECT.format("demo-plugin", group)}
        return {f"plug/{path}": text for path, text in files.items()}

    spelt, image = "\\u0073tigmem.plugins", {"Dockerfile": "RUN pip install ./plug\n"}

    lines = {
        "requirements.txt": (
            "name @ file:plug\n",
            "demo-plugin @ ./plug\n",
            "-e ${PWD}/plug[a,b]\n",
            "demo-plugin @ file://${PROJECT_ROOT}/plug\n",
            "plug/../plug\n",
            "./plug ; python_version > '3'\n",
            "-e .\\plug\n",
            "-e './pl\\ug'\n",
            ".\\plug\n",
            "demo-plugin @ .\\plug\n",
        ),
        "Dockerfile": (
            "RUN pip install -e plug\n",
            "RUN uv pip install --no-deps './plug[a]'\n",
            "RUN pip install \\\n# why\n  ./plug\n",
        ),
        "install.ps1": ("pip install -e .\\plug\n",),
        "app/pyproject.toml": ("[tool.uv.sources]\ndemo-plugin = { path = '../plug' }\n",),
        ".github/workflows/x.yml": ("  - run: python -m pip install ./plug\n",),
    }
    rows: dict[str, Row] = {
        f"{line.strip()} in {path}": (
            {path: line, **project()},
            {path: line, **project("network.outbound")},
            "demo-plugin 1.0.0>1.0.0",
        )
        for path, each in lines.items()
        for line in each
    }
    rows["a group whose name is spelt in numbers"] = (
        {**image, **project(group=spelt)},
        {**image, **project("network.outbound", group=spelt)},
        "demo-plugin 1.0.0>1.0.0",
    )
    return rows


def _repacked(version: str) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        files = plugin(version=version, capabilities=("facts.read", "network.outbound"))
        return write_wheel(Path(folder), files, version=version).read_bytes()


def _in_other_files(_: World) -> dict[str, Row]:
    """Pins in files that install something and are no lists."""
    lines = {
        "Dockerfile": "RUN pip install demo-plugin=={}\n",
        "deploy/node.Dockerfile": "RUN pip install --no-cache-dir x 'demo-plugin[fast] == {}'\n",
        "install.sh": "python -m pip install demo_plugin=={}\n",
        ".github/workflows/x.yml": "    - run: pip install demo-plugin==={} && true\n",
        "pyproject.toml": '[project]\ndependencies = ["Demo.Plugin=={}"]\n',
        "deploy/pyproject.toml": '[tool.poetry.dependencies]\ndemo-plugin = "=={}"\n',
        "Pipfile": "[packages]\ndemo-plugin = {{version = '=={}', index = 'x'}}\n",
        "environment.yml": "dependencies:\n- pip:\n  - demo-plugin == {}\n",
        "Jenkinsfile": "sh 'pip install demo-plugin=={}'\n",
        "a/pyproject.toml": '[tool.poetry.dependencies]\ndemo-plugin = "{}"\n',
        "b/pyproject.toml": "[tool.poetry.dev-dependencies]\ndemo_plugin = {{version = '{}'}}\n",
        "c/pyproject.toml": '[tool.poetry.dependencies.demo-plugin]\nversion = "{}"\n',
        "a/Dockerfile": "ARG DEMO={}\nRUN pip install demo-plugin==${{DEMO}}\n",
        "up.sh": 'DEMO="{}"\npip install demo-plugin=="$DEMO"\n',
        "b/Dockerfile": "RUN pip install https://x.example/demo_plugin-{}-py3-none-any.whl\n",
        "tox.ini": "deps =\n    demo-plugin=={}\n",
        "nul/Dockerfile": "FROM x\n# \0\nRUN pip install demo-plugin=={}\n",
        "c/Dockerfile": "RUN pip install demo-plugin==\\\n{}\n",
        "f/Dockerfile": "ARG V={}\nRUN pip install \\\n  w/demo_plugin-$V-py3-none-any.whl\n",
        "g/Dockerfile": "ENV V={}\nRUN pip install demo-plugin==\\\n${{V}}\n",
        "d/Dockerfile": "RUN pip install demo-plugin\\\n# why\n==\\\n{}\n",
        "e/Dockerfile": 'RUN pip install demo-plugin"=="{}\n',
        "a.sh": "pip install d\"em\"o-plu\\gin\\=='{}'\n",
        "a.cmd": "pip install demo-plugin==^\n{}\n",
        "a.ps1": "pip install demo-plugin==`\n{}\n",
        "a/environment.yml": "- pip:\n  - demo-plugin==\n    {}\n",
        "b/environment.yml": "- pip:\n  - demo-plugin\n    == {}\n",
    }
    rows: dict[str, Row] = {
        f"a pin in {path}": ({path: line.format("1.0.0")}, {path: line.format("1.1.0")}, UPGRADE)
        for path, line in lines.items()
    }
    pin = "RUN pip install demo-plugin==1.1.0\n"
    return rows | {
        "a new pin in an image": (
            {"Dockerfile": "FROM x\n"},
            {"Dockerfile": f"FROM x\n{pin}"},
            NEW,
        ),
        "a pin that goes from a list into an image": (
            {"requirements.txt": "demo-plugin==1.0.0\n", "Dockerfile": "FROM x\n"},
            {"requirements.txt": "\n", "Dockerfile": f"FROM x\n{pin}"},
            UPGRADE,
        ),
        "a pin that goes from one list to another": (
            {"requirements.txt": "demo-plugin==1.0.0\n", "more-requirements.txt": "\n"},
            {"requirements.txt": "\n", "more-requirements.txt": "demo-plugin==1.1.0\n"},
            UPGRADE,
        ),
        "a wheel by its address in an image, whose file nobody has": (
            {"Dockerfile": "RUN pip install \\\n  https://x.example/acme-1.0-py3-none-any.whl\n"},
            {"Dockerfile": "RUN pip install \\\n  https://x.example/acme-1.1-py3-none-any.whl\n"},
            "gap acme==1.1, which may be a plugin",
        ),
        "a wheel by another address in an image, whose file nobody has": (
            {"Dockerfile": "ADD https://x.example/acme-1.0-py3-none-any.whl /srv\n"},
            {"Dockerfile": "ADD https://y.example/acme-1.0-py3-none-any.whl /srv\n"},
            "gap acme==1.0, which may be a plugin",
        ),
        "an extra in an image": (
            {"Dockerfile": "RUN pip install demo-plugin==1.0.0\n"},
            {"Dockerfile": "RUN pip install 'demo-plugin[fast]'==1.0.0\n"},
            "demo-plugin 1.0.0>1.0.0",
        ),
        "an extra in a project": (
            {"pyproject.toml": "[tool.poetry.dependencies]\ndemo-plugin = '1.0.0'\n"},
            {
                "pyproject.toml": "[tool.poetry.dependencies]\n"
                "demo-plugin = {version = '1.0.0', extras = ['fast']}\n"
            },
            "demo-plugin 1.0.0>1.0.0",
        ),
        "the host's own plugin, whose file nobody has": (
            {"Dockerfile": "FROM x\n"},
            {"Dockerfile": "FROM x\nRUN pip install stigmem-plugin-none==0.1.0\n"},
            "gap Dockerfile:2",
        ),
    }


UV = """\
version = 1
[[package]]
name = "acme-node"
version = "1.0"
source = {{ virtual = "." }}
dependencies = [{{ name = "demo-plugin"{extra} }}]
[[package]]
name = "demo-plugin"
version = "{version}"
source = {{ {source} }}
wheels = [{{ url = "https://files.example/{file}", hash = "sha256:{digest}" }}]
"""


def _in_locks(world: World) -> dict[str, Row]:
    """What a lock says of a release beside its version."""

    def uv(version: str = "1.0.0", extra: str = "", source: str = 'registry = "x"') -> str:
        return UV.format(
            extra=extra,
            version=version,
            source=source,
            file=_file(version),
            digest=_digest(world, version),
        )

    old, new = "1.0.0", "1.1.0"
    paths = {version: f"wheels/{_file(version)}" for version in (old, new)}
    by_path = {version: f'path = "{path}"' for version, path in paths.items()}
    by_url = {version: f'url = "https://x.example/{_file(version)}"' for version in (old, new)}
    poetry = (
        '[[package]]\nname = "acme-node"\nversion = "1"\nfiles = []\n[package.dependencies]\n'
        'demo-plugin = {}\n[[package]]\nname = "demo-plugin"\nversion = "1.0.0"\nfiles = []\n'
    )
    pdm = '[[package]]\nname = "demo-plugin"\nversion = "1.0.0"\n{}files = []\n'
    pipenv = '{{"_meta": {{}}, "default": {{"demo-plugin": {{{}"version": "==1.0.0"}}}}}}\n'
    extras = {
        "uv.lock": (uv(), uv(extra=', extra = ["fast"]')),
        "poetry.lock": (
            poetry.format('"*"'),
            poetry.format('[{version = "*"}, {version = "*", extras = ["fast"]}]'),
        ),
        "pdm.lock": (pdm.format(""), pdm.format("") + pdm.format('extras = ["fast"]\n')),
        "Pipfile.lock": (pipenv.format(""), pipenv.format('"extras": ["fast"], ')),
    }
    rows: dict[str, Row] = {
        f"an extra in {path}": ({path: one}, {path: two}, "demo-plugin 1.0.0>1.0.0")
        for path, (one, two) in extras.items()
    }
    wheels = {version: {paths[version]: world.wheels[version]} for version in (old, new)}
    return rows | {
        "a wheel by its path in a lock": (
            {"uv.lock": uv(old, source=by_path[old]), **wheels[old]},
            {"uv.lock": uv(new, source=by_path[new]), **wheels[new]},
            UPGRADE,
        ),
        "a wheel under a path that stays in a lock": (
            {"app/uv.lock": uv(source=f'path = "../{paths[old]}"'), **wheels[old]},
            {
                "app/uv.lock": uv(source=f'path = "../{paths[old]}"'),
                paths[old]: _repacked("1.0.0"),
            },
            "demo-plugin 1.0.0>1.0.0",
        ),
        "a wheel by its address and hash in a lock": (
            {"uv.lock": uv(old, source=by_url[old])},
            {"uv.lock": uv(new, source=by_url[new])},
            UPGRADE,
        ),
        "another file of a release in a lock": (
            {"uv.lock": uv()},
            {"uv.lock": uv().replace(_digest(world, old), "0" * 64)},
            "error pin-mismatch uv.lock:7",
        ),
    }


def _behind(_: World) -> dict[str, Row]:
    """What changes behind a line that stays."""
    version = {"requirements.txt": "demo-plugin==${VERSION}\n"}
    module = {"requirements.txt": "-r sub/list.txt\n"}
    return {
        "a variable": (
            {**version, ".env": "VERSION=1.0.0\n"},
            {**version, ".env": "VERSION=1.1.0\n"},
            "gap requirements.txt:1",
        ),
        "a submodule with an included list": (
            {**module, "sub@": "1" * 40},
            {**module, "sub@": "2" * 40},
            "gap sub/list.txt",
        ),
        "a list whose name is no text": (
            {"deploy/\udcff": "demo-plugin==1.0.0\n"},
            {"deploy/\udcff": "demo-plugin==1.1.0\n"},
            "gap deploy/\\u{dcff}",
        ),
    }


JOBS = """\
on: push
jobs:
  lint:
    steps:
      - run: make lint
  pins:
    steps:
      - uses: acme/stigmem-review@v1
        with:
          fail-on: warning

      - run: docker compose down
"""

STARTED = """\
on:
  pull_request:
jobs:
  pins:
    steps:
      - uses: acme/stigmem-review@v1
"""

HOOK = """\
repos:
- repo: https://x.example/stigmem-review
  hooks:
  - id: stigmem-review-pins
"""

SIGNING, TRUSTED = "STIGMEM_PLUGIN_SIGNING_REQUIRED", "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS"


def _loosened(_: World) -> dict[str, Row]:
    """What lets more in although no pin moved."""
    acknowledged = "STIGMEM_PLUGIN_UNSIGNED_ACK=i-understand-plugins-are-unsigned"
    signing = {
        "compose.yml": f"environment:\n  {SIGNING}: 'false'\n",
        "deploy/compose.yaml": f"environment:\n  - {SIGNING}=${{SIGNING:-false}}\n",
        "chart/values.yaml": f'env:\n  - name: {SIGNING}\n    value: "false"\n',
        "task.json": f'{{\n"name": "{SIGNING}", "value": "0"}}\n',
        "Dockerfile": f"FROM x\nENV {SIGNING} false\n",
        "deploy/Dockerfile": f"FROM x\nENV A=1 {acknowledged}\n",
        "deploy/node.env": f"A=1\n{TRUSTED.lower()}=ada@acme.example\n",
        "run.sh": f"#!/bin/sh\nexport {acknowledged}\n",
        "node.tf": f'env {{\n name = "{SIGNING}"\n value = "false"\n}}\n',
        "ecs.json": f'{{\n"value": "false", "name": "{SIGNING}"}}\n',
        "node.service": f'[Service]\nEnvironment="{SIGNING}=false"\n',
        "a/compose.yml": f"environment:\n  ? {SIGNING}\n  : 'false'\n",
        "b/compose.yml": f"environment:\n  {SIGNING}: !!str\n    false\n",
        "a.json": f'{{\n"{SIGNING}":\n"false"}}\n',
    }
    index = {
        "pip.conf": "[global]\nextra-index-url =\n    https://x.example/simple\n",
        "deploy/pip.conf": "[install]\ntrusted_host = x.example\n",
        "uv.toml": '\n[[index]]\nurl = "https://x.example/simple"\n',
        "pyproject.toml": '\n[[tool.uv.index]]\nname = "x"\nurl = "https://x.example/simple"\n',
        "Dockerfile": "FROM x\nENV PIP_INDEX_URL=https://x.example/simple\n",
        "deploy/Dockerfile": "FROM x\nRUN pip install --extra-index-url https://x.example x\n",
        "compose.yml": "environment:\n  UV_FIND_LINKS: /srv\n",
        "a/Dockerfile": "FROM x\nRUN pip install -i https://x.example/simple x\n",
        "b/Dockerfile": "FROM x\nRUN python -m pip install -f https://x.example x\n",
        "c/Dockerfile": "FROM x\nRUN pip config set global.extra-index-url https://x.example\n",
        "a/pyproject.toml": '\n[[tool.poetry.source]]\nurl = "https://x.example/simple"\n',
        "d/Dockerfile": "RUN poetry source add x \\\n  https://x.example/simple\n",
        "install.sh": "#!/bin/sh\npdm config pypi.url 'https://x.example/simple'\n",
        "Pipfile": '\n[[source]]\nurl = "https://x.example/simple"\n',
        "a/Pipfile": f'\n[[source]]\nurl = "{PYPI_SIMPLE_ENDPOINT}"\nverify_ssl = false\n',
        "e/Dockerfile": "RUN pip install x \\\n--pre # y\n",
        "a/uv.toml": "\nindex-strategy = 'unsafe-best-match'\n",
    }
    rows: dict[str, Row] = {}
    for name, files in (("signing-loosened", signing), ("index-option-changed", index)):
        for path, text in files.items():
            rows[f"{name} in {path}"] = ({}, {path: text}, f"warning {name} {path}:2")
    hashes = {"pip.conf": "[install]\nrequire-hashes = true\n"}
    runs = "on: push\njobs:\n  - uses: acme/stigmem-review@v1\n"
    workflow = ".github/workflows/pins.yml"
    signed = f"{TRUSTED}=ada@acme.example\n"
    return rows | {
        "an index of one's own that goes": (
            {"pip.conf": "[global]\nindex-url = https://x.example/simple\n"},
            {"pip.conf": "[global]\n"},
            "warning index-option-changed pip.conf:2",
        ),
        "an index that an image names behind a comment": (
            {"Dockerfile": "RUN pip install x\n"},
            {"Dockerfile": "RUN pip install x \\\n# y\n\n --extra-index-url https://x.example\n"},
            "warning index-option-changed Dockerfile:4",
        ),
        "an index of Pipenv's own that goes": (
            {"Pipfile": '[[source]]\nurl = "https://x.example/simple"\n'},
            {"Pipfile": f'[[source]]\nurl = "{PYPI_SIMPLE_ENDPOINT}"\n'},
            "warning index-option-changed Pipfile:1",
        ),
        "hashes that are no longer required": (
            hashes,
            {"pip.conf": "[install]\n"},
            "warning index-option-changed pip.conf:2",
        ),
        "hashes that are no longer required in a list": (
            {"requirements.txt": "--require-hashes\n"},
            {"requirements.txt": "\n"},
            "warning index-option-changed requirements.txt:1",
        ),
        "any release, however early": (
            {"Dockerfile": "RUN pip install x\n"},
            {"Dockerfile": "RUN pip install x \\\n  --pre\n"},
            "warning index-option-changed Dockerfile:2",
        ),
        "only final releases no more": (
            {"pip.conf": "[install]\nonly-final = :all:\n"},
            {"pip.conf": "[install]\n"},
            "warning index-option-changed pip.conf:2",
        ),
        "an option that nobody here knows, in a list": (
            {"requirements.txt": "\n"},
            {"requirements.txt": "--constraint-source x\n"},
            "gap requirements.txt:1",
        ),
        "one more signer": (
            {"node.env": signed},
            {"node.env": f"{signed[:-1]},eve@x.example\n"},
            "warning signing-loosened node.env:1",
        ),
        "what another file says, and still does": (
            {"a.env": f"{SIGNING}=false\n", "b.env": f"{SIGNING}=true\n"},
            {"a.env": f"{SIGNING}=false\nB=1\n", "b.env": f"{SIGNING}=false\n"},
            "warning signing-loosened b.env:1",
        ),
        "the check is run no more": (
            {workflow: runs},
            {workflow: "on: push\njobs: []\n"},
            f"warning check-loosened {workflow}:3",
        ),
        "the check is a comment": (
            {workflow: runs},
            {workflow: runs.replace("  - uses", "#  - uses")},
            f"warning check-loosened {workflow}:3",
        ),
        "the check stops nothing": (
            {workflow: runs},
            {workflow: f"{runs}    continue-on-error: true\n"},
            f"warning check-loosened {workflow}:4",
        ),
        "the check's job stops nothing": (
            {workflow: JOBS},
            {workflow: JOBS.replace("  pins:\n", "  pins:\n    continue-on-error: ${{ true }}\n")},
            f"warning check-loosened {workflow}:7",
        ),
        "the check's command never fails": (
            {"ci.sh": "python -m stigmem_review bump \\\n  main\n"},
            {"ci.sh": "python -m stigmem_review bump \\\n  main || exit 0\n"},
            "warning check-loosened ci.sh:2",
        ),
        "the check's command is not the last in its pipe": (
            {"ci.sh": "stigmem-review bump main 2>&1\n"},
            {"ci.sh": "stigmem-review bump main 2>&1 | tee log\n"},
            "warning check-loosened ci.sh:1",
        ),
        "the check is named and run no more": (
            {workflow: STARTED},
            {workflow: STARTED.replace("- uses: acme/stigmem-review@v1", "- name: stigmem-review")},
            f"warning check-loosened {workflow}:6",
        ),
        "the check's command has another base": (
            {"ci.sh": "stigmem-review bump origin/main \\\n# why\n  --exact\n"},
            {"ci.sh": "stigmem-review bump HEAD \\\n# why\n  --exact\n"},
            "warning check-loosened ci.sh:1",
        ),
        **{
            f"the check is given something else: {new or 'nothing'}": (
                {workflow: f"{STARTED}        with:\n          {old}\n"},
                {workflow: f"{STARTED}        with:\n          {new}\n"},
                f"warning check-loosened {workflow}:{line}",
            )
            for old, new, line in (
                ("fail-on: note", "fail-on: warning", 8),
                ("fail-on: note", "'fail-on' : 'error' # why", 8),
                ("fail-on: warning", "", 6),
                ("base: ${{ github.base_ref }}", "base: ${{ github.head_ref }}", 8),
                ("policy: a.toml", "policy: b.toml", 8),
                ("comment: true", "env-file: a.env", 8),
            )
        },
        "the hook is given something else": (
            {".pre-commit-config.yaml": HOOK},
            {".pre-commit-config.yaml": f"{HOOK}    args: [--policy, x.toml]\n"},
            "warning check-loosened .pre-commit-config.yaml:5",
        ),
        "the check's module is run no more": (
            {"ci.sh": "python -m stigmem_review bump main\n"},
            {"ci.sh": "true\n"},
            "warning check-loosened ci.sh:1",
        ),
        **{
            f"the check is run less: {what}": (
                {workflow: STARTED},
                {workflow: STARTED.replace(*change)},
                f"warning check-loosened {workflow}{line}",
            )
            for what, change, line in (
                ("of somebody else", ("acme/", "mallory/"), ":6"),
                ("by hand alone", ("pull_request:", "workflow_dispatch:"), ""),
                ("for some paths", ("request:\n", "request:\n    paths: [docs/**]\n"), ":3"),
                ("into some branches", ("request:\n", "request:\n    branches: [x]\n"), ":3"),
                ("where its job is", ("pins:\n", "pins:\n    if: github.actor != 'x'\n"), ":5"),
                ("after a failure", ("@v1\n", "@v1\n        if: failure()\n"), ":7"),
            )
        },
        "the hook is run by hand alone": (
            {".pre-commit-config.yaml": HOOK},
            {".pre-commit-config.yaml": f"{HOOK}    stages: [manual]\n"},
            "warning check-loosened .pre-commit-config.yaml:5",
        ),
        "a policy that cannot be read any more": (
            {"stigmem-review.toml": 'fail-on = "error"\n'},
            {"stigmem-review.toml": "fail-on = \n"},
            "error policy-broken stigmem-review.toml",
        ),
        "a first policy that cannot be read": (
            {},
            {"stigmem-review.toml": 'fail_on = "error"\n'},
            "error policy-broken stigmem-review.toml",
        ),
    }


def _attacks(world: World) -> dict[str, Row]:
    return (
        _elsewhere(world)
        | _in_the_repository(world)
        | _in_other_files(world)
        | _in_locks(world)
        | _projects(world)
        | _behind(world)
        | _loosened(world)
    )


def _ordinary(world: World) -> dict[str, Row]:
    """What a team changes every day; nothing of it is about a plugin, or moves one."""
    old, new = "acme-library==1.0", "acme-library==2.0"
    pin = f"demo-plugin==1.0.0 --hash=sha256:{_digest(world, '1.0.0')}\n"
    many = [f"lib{number}" for number in range(40)]
    uv = 'version = 1\n[[package]]\nname = "acme-library"\nversion = "{}"\n' + (
        'source = {{ registry = "https://index.example/simple" }}\n'
    )
    poetry = '[[package]]\nname = "acme-library"\nversion = "{}"\nfiles = []\n'
    pipenv = (
        '{{"_meta": {{"sources": []}}, "default": {{"acme-library": {{"version": "=={}"}}}}}}\n'
    )
    pylock = 'lock-version = "1.0"\n[[packages]]\nname = "acme-library"\nversion = "{}"\n'
    runs = "on: push\njobs:\n  - uses: acme/stigmem-review@v{}\n"
    workflow = ".github/workflows/x.yml"
    moved: dict[str, tuple[Files, Files]] = {
        path: ({path: text.format("1.0")}, {path: text.format("2.0")})
        for path, text in {
            "requirements.txt": "acme-library=={}\n",
            "requirements.dev": "acme-library=={}\n",
            "uv.lock": uv,
            "poetry.lock": poetry,
            "pdm.lock": poetry,
            "Pipfile.lock": pipenv,
            "pylock.toml": pylock,
            "Dockerfile": "RUN pip install acme-library=={}\n",
            "pyproject.toml": '[project]\ndependencies = ["acme-library=={}"]\n',
            ".github/workflows/x.yml": "  - run: pip install acme-library=={} nobody=={}\n".replace(
                "nobody=={}", "nobody=={0}"
            ).replace("library=={}", "library=={0}"),
            ".pre-commit-config.yaml": "additional_dependencies: [acme-library=={}]\n",
            "environment.yml": "- pip:\n  - acme-library=={}\n",
            ".github/workflows/pins.yml": runs,
            "README.md": "`pip install demo-plugin=={}`, STIGMEM_PLUGIN_SIGNING_REQUIRED=false\n",
            "docs/notes.txt": "Since this release\nacme==1.0\nis needed, of {}, says Ada.\n",
            "tool.py": "if version == {}:\n    pass\n",
            "script": "#!/bin/sh\nif [ $x == {} ]; then exit; fi\n",
            "SHA256SUMS": "00{}  acme_library-1.0-py3-none-any.whl\n",
            "go.sum": "github.com/acme/x v{} h1:abc=\n",
            ".env.example": f"# {SIGNING}=false\n# PIP_INDEX_URL=https://x.example/{{}}\n",
            "build.sh": "git stash --index {0}\nnpm publish --pre {0}\n",
            "NOTES": "acme=={}\nb\nAnd a line that no installer takes.\n",
            ".gitignore": "*.pyc\n/dist{}/\n",
            ".dockerignore": ".git\nnode_modules\nx{}\n",
            "packages.txt": "curl\ngit\nx{}\n",
            "yarn.lock": '"@acme/x@^{}":\n  version "1"\n',
            "Cargo.lock": '[[package]]\nname = "x"\nversion = "{}"\n',
            "deploy/Dockerfile": "FROM python:3.{}\n",
            "a/Dockerfile": "ARG V={}\nRUN pip install acme-library==$V\n",
            "b/Dockerfile": "RUN curl -O https://x.example/node-{}.tar.gz && pip list\n",
            "a/pyproject.toml": '[tool.poetry.dependencies]\nacme-library = "{}"\npython = "3"\n',
            "lib/pyproject.toml": '[project]\nname = "lib"\nversion = "{}"\n',
            "compose.yml": f"image: acme:{{}}\nenvironment:\n  {SIGNING}: 'true'\n",
        }.items()
    }
    rows = {path: (*pair, "") for path, pair in moved.items()}
    lock = "".join(f"{name}=={{0}}\n" for name in many)
    return rows | {
        "a new library": ({}, {"more-requirements.txt": f"{old}\n"}, ""),
        "a library that goes": ({"more-requirements.txt": f"{old}\n"}, {}, ""),
        "a library with extras": (
            {"requirements.txt": f"{old}\n"},
            {"requirements.txt": f"{new.replace('==', '[fast]==')}\n"},
            "",
        ),
        "a library as text": (
            {"requirements.txt": f"{old}\n"},
            {"requirements.txt": f"{new.replace('==', '===')}\n"},
            "",
        ),
        "a comment": ({"requirements.txt": pin}, {"requirements.txt": f"# why\n{pin}"}, ""),
        "a list that moves": ({"requirements.txt": pin}, {"requirements/all.txt": pin}, ""),
        "a pin that moves to another list": (
            {"requirements.txt": pin, "b-requirements.txt": f"{old}\n"},
            {"requirements.txt": f"{old}\n", "b-requirements.txt": pin},
            "",
        ),
        "a constraint that writes its version otherwise": (
            {
                "requirements.txt": f"-c constraints.txt\n{pin}",
                "constraints.txt": "demo-plugin==1.0.0\n",
            },
            {
                "requirements.txt": f"-c constraints.txt\n{pin}",
                "constraints.txt": "demo-plugin==1.0\n",
            },
            "",
        ),
        "extras of a library in locks": (
            {"pdm.lock": poetry.format("1.0"), "uv.lock": uv.format("1.0")},
            {
                "pdm.lock": poetry.format("2.0") + "extras = ['a']\n" + poetry.format("2.0"),
                "uv.lock": uv.format("2.0")
                + '[[package]]\nname = "x"\nsource = { virtual = "." }\n'
                + 'dependencies = [{ name = "acme-library", extra = ["a"] }]\n',
            },
            "",
        ),
        "a list that becomes a lock": (
            {"requirements.txt": f"{old}\n"},
            {"uv.lock": uv.format("1.0"), "requirements.txt": ""},
            "",
        ),
        "40 libraries in an image, of which no file is at hand": (
            {"Dockerfile": "RUN pip install \\\n" + lock.format("1.0").replace("\n", " \\\n")},
            {"Dockerfile": "RUN pip install \\\n" + lock.format("2.0").replace("\n", " \\\n")},
            "",
        ),
        "settings that are tightened": (
            {
                "requirements.txt": f"--extra-index-url https://x.example\n--pre\n{pin}",
                "node.env": f"{SIGNING}=false\n{TRUSTED}=ada@acme.example,eve@x.example\n",
                "pip.conf": "[global]\ntrusted-host = x.example\n",
            },
            {
                "requirements.txt": f"--require-hashes\n{pin}",
                "node.env": f"{SIGNING}=true\n{TRUSTED}=ada@acme.example\n",
                "pip.conf": "[global]\nrequire-hashes = true\n",
            },
            "",
        ),
        "what other jobs and steps do not mind": (
            {".github/workflows/x.yml": JOBS},
            {
                ".github/workflows/x.yml": JOBS.replace(
                    "  lint:\n", "  lint:\n    continue-on-error: true\n"
                )
                .replace("compose down\n", "compose down || true\n        if: false\n")
                .replace("make lint\n", "|\n          make lint || true\n")
            },
            "",
        ),
        "what the check is given to tighten it, and in other words": (
            {
                workflow: f"{STARTED}        with:\n"
                "          base: main\n          fail-on: error\n",
                "ci.sh": "stigmem-review bump main --fail-on warning\n",
            },
            {
                workflow: f"{STARTED}        name: Pins\n        with:\n"
                "          # why\n          comment: true\n          fail-on: 'note'\n"
                '          base: "main" # why\n',
                "ci.sh": "stigmem-review bump \\\n  main --fail-on=note --format=text && true\n",
            },
            "",
        ),
        "one more run of the check": (
            {workflow: STARTED},
            {
                workflow: f"{STARTED}      - uses: acme/stigmem-review@v1\n"
                "        with: {exact: true}\n"
            },
            "",
        ),
        "a list of Pipenv with its usual source": (
            {},
            {
                "Pipfile": f'[[source]]\nurl = "{PYPI_SIMPLE_ENDPOINT}"\nverify_ssl = true\n'
                '[packages]\nacme-library = "*"\n'
            },
            "",
        ),
        "a library by its address that goes": (
            {"Dockerfile": "RUN pip install https://x.example/acme-1.0-py3-none-any.whl\n"},
            {"Dockerfile": "RUN pip install acme\n"},
            "",
        ),
        "commands in several lines": (
            {"Dockerfile": "RUN pip install acme-library==1.0 \\\n  # x\n\n && npm publish\n"},
            {
                "Dockerfile": "RUN pip install 'acme-library==2.0' \\\n  # x\n\n"
                " && npm publish \\\n --pre\n",
                "x.sh": 'if [ "$A" == "1.0" ]; then\n  echo \\\n  a==b\nfi\n',
                "compose.yml": "environment:\n  PIP_INDEX_URL:\n  OTHER: 'x'\nservices:\n  y: 1\n",
            },
            "",
        ),
        "what does not make the check run less": (
            {".github/workflows/x.yml": STARTED, "ci.sh": "pip install -e lib\n"},
            {
                ".github/workflows/x.yml": STARTED.replace("@v1", "@v2").replace(
                    "pins:\n", "pins:\n    name: Pins\n    if: ${{ always() }}\n"
                ),
                ".github/workflows/y.yml": "on:\n  push:\n    paths: [x]\njobs:\n  x:\n    if: x\n",
                "ci.sh": "pip install -e lib\ngrep -i x -f y\n",
            },
            "",
        ),
        "a name of the check, and its files": (
            {"labels.yml": "stigmem-review:\n  - x\n", "OWNERS": "stigmem-review.toml @acme\n"},
            {"labels.yml": "pins:\n  - x\n", "OWNERS": "*.toml @acme\n"},
            "",
        ),
        "a password of the index that rotates": (
            {
                "requirements.txt": f"--extra-index-url https://a:b@x.example/simple\n{pin}",
                "pip.conf": "[global]\nindex-url = https://a:b@x.example/simple\n",
            },
            {
                "requirements.txt": f"--extra-index-url=https://a:c@x.example/simple/\n{pin}",
                "pip.conf": "[global]\nindex-url = https://a:c@x.example/simple\n",
            },
            "",
        ),
        "options that let nobody take more": (
            {"requirements.txt": pin, "pip.conf": "[install]\n"},
            {
                "requirements.txt": f"--prefer-binary\n{pin}",
                "pip.conf": "[install]\nno-binary = :none:\n",
            },
            "",
        ),
        "options of other commands, and tables of other tools": (
            {"ci.sh": "pip install x\n", "pyproject.toml": "[tool.acme]\nx = 1\n"},
            {
                "ci.sh": "pip install x && npm publish --pre\nmake --index https://x.example\n",
                "pyproject.toml": "[tool.acme]\nindex = 'https://x.example'\npre = true\n",
                "values.json": f'{{"{SIGNING}": {{"type": "boolean"}}}}\n',
            },
            "",
        ),
        "settings that move": (
            {"node.env": f"{SIGNING}=false\n", "compose.yml": "a: 1\n"},
            {"node.env": "A=1\n", "compose.yml": f"environment:\n  {SIGNING}: 'false'\n"},
            "",
        ),
        "a wheel that no hash allows": (
            {"requirements.txt": f"--find-links wheels\n{pin}"},
            {
                "requirements.txt": f"--find-links wheels\n{pin}",
                f"wheels/{_file('1.0.0')}": _repacked("1.0.0"),
            },
            "",
        ),
        "a wheel of a library in the repository": (
            {"requirements.txt": "./lib/acme_library-1.0-py3-none-any.whl\n"},
            {
                "requirements.txt": "./lib/acme_library-1.0-py3-none-any.whl\n# x\n",
                "lib/acme_library-1.0-py3-none-any.whl": _library(world, "1.0"),
            },
            "",
        ),
    }


def _library(world: World, version: str) -> bytes:
    return (world.folder / f"acme_library-{version}-py3-none-any.whl").read_bytes()


def test_an_ordinary_change_passes_with_few_words(tmp_path: Path) -> None:
    world = _built(tmp_path / "wheels")
    ordinary = _ordinary(world)
    folder, pairs = _deployment(tmp_path, ordinary)
    closed = []
    for name, pair in zip(ordinary, pairs, strict=True):
        report = _bumped(folder, world, pair)
        lines = render(report, "text").splitlines()
        if report.verdict.exit_code or report.bumps or len(lines) > 25:
            closed.append((name, _outcome(report), len(lines)))
    assert closed == []


def test_a_file_that_comes_with_the_change_is_believed_only_where_it_is_installed(
    tmp_path: Path,
) -> None:
    world = _built(tmp_path / "wheels")
    file = f"wheels/{_file('1.0.0')}"
    digest = _digest(world, "1.0.0")
    pins = {
        "demo-plugin==1.0.0\n": ["demo-plugin==1.0.0"],
        f"demo-plugin==1.0.0 --hash=sha256:{digest}\n": [],
        "--find-links wheels\ndemo-plugin==1.0.0\n": [],
    }
    folder = tmp_path / "deployment"
    new: list[Files] = [{"requirements.txt": pin, file: world.wheels["1.0.0"]} for pin in pins]
    pairs = history(folder, [(BASE, each) for each in new])
    for (base, head), gaps in zip(pairs, pins.values(), strict=True):
        git(folder, "checkout", "--quiet", head)
        report = bump(base, head, repository=str(folder), artifacts=str(folder / "wheels"))
        assert [each.what for each in report.gaps if "comes with" in each.why] == gaps


BASE: Files = {"requirements.txt": "acme-library==1.0\n"}


@pytest.mark.parametrize(
    "part",
    [pytest.param(each, marks=[pytest.mark.thorough] if each else []) for each in range(PARTS)],
)
def test_no_change_of_what_is_deployed_passes_unseen(part: int, tmp_path: Path) -> None:
    world = _built(tmp_path / "wheels")
    attacks = dict([*_attacks(world).items()][part::PARTS])
    folder, pairs = _deployment(tmp_path, attacks)
    passed, passed_over = [], []
    for (name, (_, _, said)), pair in zip(attacks.items(), pairs, strict=True):
        report = _bumped(folder, world, pair)
        outcome = _outcome(report)
        if report.verdict.exit_code == 0 or said not in outcome:
            passed.append((name, said, outcome, report.verdict.exit_code))
        if _seen_by_the_action(tmp_path, folder, *pair) is not None:
            passed_over.append(name)
    assert passed == []
    assert passed_over == []


def _deployment(tmp_path: Path, rows: dict[str, Row]) -> tuple[Path, list[tuple[str, str]]]:
    folder = tmp_path / "deployment"
    changes = [({**BASE, **old}, {**BASE, **new}) for old, new, _ in rows.values()]
    return folder, history(folder, changes)


def _bumped(folder: Path, world: World, pair: tuple[str, str]) -> BumpReport:
    return bump(*pair, exact=True, repository=str(folder), artifacts=str(world.folder))


def _seen_by_the_action(tmp_path: Path, folder: Path, base: str, head: str) -> object:
    """Return what the action says of a push that it passes over."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"before": base}))
    given = {"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(event)}
    return nothing_in(given | {"GITHUB_SHA": head, "GITHUB_WORKSPACE": str(folder)})


def _outcome(report: BumpReport) -> list[str]:
    return [
        *(f"{each.plugin} {each.old}>{each.new}" for each in report.bumps),
        *(f"{each.level} {each.name} {each.at}" for each in report.findings),
        *(f"gap {each.what}" for each in report.gaps),
    ]
