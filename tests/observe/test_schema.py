"""Which settings a release has, of what type and with which default."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from stigmem_review import host, review
from stigmem_review.interpret.program import Programs
from stigmem_review.manifest.release import none_release
from stigmem_review.model import Setting
from stigmem_review.observe import schema
from stigmem_review.pipeline.reading import read
from stigmem_review.sources.request import understand
from support.plugins import plugin, write_wheel

MANIFEST = """\
from stigmem_node.plugins import PluginManifest

from .config import Config


def plugin_manifest():
    return PluginManifest(name="demo-plugin", version="1.0.0", config_schema=Config)
"""
START = """\
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

LIMIT = 5
"""


def files(config: str, version: str = "1.0.0") -> dict[str, str]:
    manifest = MANIFEST.replace("1.0.0", version)
    return plugin(manifest=manifest, config=config)


def settings(config: str, folder: Path) -> tuple[Setting, ...] | None:
    wheel = write_wheel(folder, files(config))
    return read(understand(str(wheel)), host.node()).settings


def config(*fields: str) -> str:
    return START + "class Config(BaseModel):\n" + "".join(f"    {each}\n" for each in fields)


FIELDS = {
    "a: int": ("int", ""),
    "a: int | None": ("int | None", ""),
    "a: int = 5": ("int", "5"),
    "a: int = LIMIT": ("int", "5"),
    "a: str = ''": ("str", "''"),
    "a: int = Field(...)": ("int", ""),
    "a: int = Field(5, ge=1, description='x')": ("int (ge=1)", "5"),
    "a: int = Field(default=LIMIT)": ("int", "5"),
    "a: list[str] = Field(default_factory=list)": ("list[str]", "list()"),
    "a: Annotated[int, Field(gt=0)] = 1": ("int (gt=0)", "1"),
    "a: Annotated[int, Field(gt=0)]": ("int (gt=0)", ""),
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_field(field: str, tmp_path: Path) -> None:
    found = settings(config(field), tmp_path)
    assert found is not None
    assert [(each.type, each.default) for each in found] == [FIELDS[field]]
    assert str(found[0].at) == "demo_plugin/config.py:7"


def test_what_is_no_field(tmp_path: Path) -> None:
    other = config(
        "model_config = ConfigDict(frozen=True)", "_a: int = 1", "b: ClassVar[int] = 1", "c = ''"
    )
    assert settings(other.replace("    c = ''\n", ""), tmp_path) == ()


def test_fields_of_a_base_class(tmp_path: Path) -> None:
    base = config("a: int = 1", "b: int = 1").replace("class Config", "class Base")
    found = settings(base + "class Config(Base):\n    b: int = 2\n", tmp_path)
    assert found is not None
    assert [(each.item, each.default) for each in found] == [("a", "1"), ("b", "2")]


def test_a_default_that_is_computed(tmp_path: Path) -> None:
    fields = config("a: int = LIMIT * 2", "b: str = Field('x'.upper(), max_length=LIMIT + 1)")
    found = settings(fields, tmp_path)
    assert found is not None
    assert [(each.type, each.default) for each in found] == [
        ("int", "10"),
        ("str (max_length=6)", "'X'"),
    ]


def test_a_class_of_another_module_whose_fields_one_way_has() -> None:
    source = files(
        "import os\nfrom .more import Base\nif os.environ.get('DEMO'):\n"
        "    class Config(Base):\n        b: int = 1\n"
        "else:\n    class Config(Base):\n        c: int = Base.DEFAULT\n"
    )
    source["demo_plugin/more.py"] = (
        "from typing import ClassVar\nfrom pydantic import BaseModel\n"
        "class Base(BaseModel):\n    DEFAULT: ClassVar[int] = 3\n    a: str\n"
    )
    data = {path: text.encode() for path, text in source.items()}
    program = Programs().get("demo_plugin:plugin_manifest", data, {}, host.node())
    found = schema.settings(none_release(), [program])
    assert found is not None
    assert [(each.item, each.default) for each in found] == [
        ("a", ""),
        ("b", "1"),
        ("c", "3"),
    ]


CHANGES = {
    "nothing": ("a: int = 5", "a: int = LIMIT", []),
    "a new one": ("", "b: int = 1", [("config-field-added", "note", "b")]),
    "a new one that is required": ("", "b: int", [("config-field-added", "warning", "b")]),
    "one less": ("b: int = 1", "", [("config-field-removed", "warning", "b")]),
    "another type": ("b: int = 1", "b: str = 1", [("config-field-changed", "note", "b")]),
    "another limit": (
        "b: int = Field(1, ge=0)",
        "b: int = Field(1, ge=1)",
        [("config-field-changed", "note", "b")],
    ),
    "another default": (
        "b: bool = True",
        "b: bool = False",
        [("config-field-changed", "note", "b")],
    ),
    "no default any more": ("b: int = 1", "b: int", [("config-field-changed", "warning", "b")]),
}


@pytest.mark.parametrize(("old", "new", "expected"), CHANGES.values(), ids=CHANGES)
def test_what_changes(
    old: str, new: str, expected: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    before = write_wheel(tmp_path / "old", files(config("z: int = 0", old)))
    files_after = files(config("z: int = 0", new), "1.1.0")
    after = write_wheel(tmp_path / "new", files_after, version="1.1.0")
    report = review(str(before), str(after))
    assert [(each.name, each.level, each.item) for each in report.findings] == expected


REQUIRED = """
import json, sys
found = []
for text in json.load(sys.stdin):
    names = {}
    exec(text, names)
    fields = names["Config"].model_fields
    found.append({name: field.is_required() for name, field in fields.items()})
print(json.dumps(found))
"""


@pytest.mark.network
def test_what_is_required_is_required(node_python: Path) -> None:
    done = subprocess.run(
        [str(node_python), "-I", "-c", REQUIRED],
        input=json.dumps([config(field) for field in FIELDS]),
        capture_output=True,
        text=True,
        check=True,
    )
    said = [{"a": not default} for _, default in FIELDS.values()]
    assert json.loads(done.stdout) == said
