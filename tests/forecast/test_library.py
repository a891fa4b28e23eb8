"""What Python's own library raises of what plugins give it: as this Python raises it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stigmem_review.forecast import Outcome
from support.foreseen import forecast
from support.plugins import write_wheel

FROZEN = "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass Point:\n    x: int = 1\n\n"
RAISES = {
    "a pattern that is none": "import re\nre.compile('(')",
    "JSON that is none": "import json\njson.loads('{')",
    "TOML that is none": "import tomllib\ntomllib.loads('x')",
    "an identifier that is none": "import uuid\nuuid.UUID('x')",
    "a decimal number that is none": "import decimal\ndecimal.Decimal('x')",
    "base64 that is none": "import base64\nbase64.b64decode('x')",
    "a network that is none": "import ipaddress\nipaddress.ip_network('10.0.0.1/8')",
    "a date that is none": "import datetime\ndatetime.date(2026, 13, 1)",
    "a name that a module lost": "import collections\ncollections.Mapping",
    "a coroutine of old": "import asyncio\nasyncio.coroutine",
    "a date in words": "import datetime\ndatetime.datetime.fromisoformat('yesterday')",
    "a format that is none": "import struct\nstruct.calcsize('?y')",
    "a keyword of nobody's": "print(1, nothing=2)",
    "an operator of objects": "object() + 1",
    "a field that is frozen": f"{FROZEN}Point().x = 2",
    "a field that is frozen and goes": f"{FROZEN}del Point().x",
    "a subclass that is no class": "issubclass(1, int)",
}
NAMES = {
    "a name of nobody's": ("json", "nothing"),
    "a name that a module lost": ("collections", "Callable"),
}
TRIED = "try:\n    {}\nexcept {}:\n    pass"
FINE = {
    "a frozen field that is tried": FROZEN
    + TRIED.format("Point().x = 2", "dataclasses.FrozenInstanceError"),
    "what that is as well": FROZEN + TRIED.format("Point().x = 2", "AttributeError"),
    "a field that is not frozen": FROZEN.replace("True", "False") + "Point().x = 2",
    "a pattern": "import re\nre.compile(r'[a-z]+')",
    "what is caught": "import re\n" + TRIED.format("re.compile('(')", "re.error"),
    "what its base is caught as": "import json\n" + TRIED.format("json.loads('{')", "ValueError"),
    "a digest of a constant": "import hashlib\nhashlib.sha256(b'x').hexdigest()",
    "an address in parts": "import urllib.parse\nurllib.parse.urlsplit('https://acme.example/x')",
    "a name that a star brings": "from asyncio import gather, TaskGroup",
    "a module in a package": "from importlib import resources",
    "a name that another Python has": TRIED.format("from typing import nothing", "ImportError"),
    "a file that need not be there": TRIED.format("open('/etc/acme').read()", "OSError"),
    "a path that need not be there": (
        "from pathlib import Path\n" + TRIED.format("Path('/etc/acme').read_text()", "OSError")
    ),
}


def start(folder: Path, code: str) -> tuple[Outcome, ...]:
    module = f"from stigmem_node.plugins import PluginManifest\n{code}\n\n"
    module += "def plugin():\n    return PluginManifest(name='acme-notes', version='1.0.0')\n"
    points = "[stigmem.plugins]\nacme-notes = acme_notes:plugin\n"
    return forecast(
        write_wheel(folder, {"acme_notes.py": module}, name="acme-notes", entry_points=points)
    ).outcomes


def really(code: str) -> str:
    """Return what this Python says of code that raises."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = next(line for line in reversed(done.stderr.splitlines()) if line[:1] not in " ^")
    return last.partition(": ")[2].partition(". Did you mean")[0]


def prints(said: str) -> str:
    return f"failed to load plugin entry point 'acme-notes': {said}"


@pytest.mark.parametrize("code", RAISES.values(), ids=RAISES.keys())
def test_what_it_raises_is_said_in_its_words(code: str, tmp_path: Path) -> None:
    said = really(code)
    [found] = start(tmp_path, code)
    assert (found.kind, found.conditions) == ("refused", ())
    assert found.says(prints(said))


@pytest.mark.parametrize(("module", "name"), NAMES.values(), ids=NAMES.keys())
def test_a_name_that_it_has_not_is_said_where_it_is_imported(
    module: str, name: str, tmp_path: Path
) -> None:
    [found] = start(tmp_path, f"from {module} import {name}")
    assert found.says(prints(f"cannot import name '{name}' from '{module}' (/lib/{module}.py)"))


@pytest.mark.parametrize("code", FINE.values(), ids=FINE.keys())
def test_what_it_takes_or_is_caught_stops_nothing(code: str, tmp_path: Path) -> None:
    assert start(tmp_path, code) == (Outcome("registers"),)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("a: int = 5\nSettings(a='x')", "refused"),
        ("a: int = 5\nSettings(a='7')", "registers"),
        ("a: int = 5\nSettings(a=1.5)", "refused"),
        ("a: int | None = None\nSettings(a='x')", "refused"),
        ("a: int | str = 5\nSettings(a='x')", "registers"),
        ("a: int | str = 5\nSettings(a=[])", "refused"),
        ("a: list[int] = []\nSettings(a=['x'])", "refused"),
        ("a: str = ''\nSettings(a=4)", "refused"),
        ("a: bool = True\nSettings(a='perhaps')", "refused"),
        ("a: bool = True\nSettings(a='yes')", "registers"),
        ("a: float = 1\nSettings(a='inf')", "registers"),
        ("model_config = {'coerce_numbers_to_str': True}\n    a: str = ''\nSettings(a=4)",
         "registers"),
        ("model_config = {'extra': 'forbid'}\n    a: str = ''\nSettings(b=4)", "refused"),
        ("model_config = {'extra': 'forbid'}\n    a: str = ''\nSettings(a='b')", "registers"),
        ("a: int = Field(5, ge=1)\nSettings(a=0)", "refused"),
        ("a: int = Field(5, ge=1)\nSettings(a=1)", "registers"),
        ("a: int = Field(0, ge=1)\nSettings()", "registers"),
        ("a: int = Field(0, ge=1, validate_default=True)\nSettings()", "refused"),
        ("model_config = {'validate_default': True}\n    a: int = Field(0, ge=1)\nSettings()",
         "refused"),
        ("model_config = {'validate_default': True}\n    a: int = Field(1, ge=1)\nSettings()",
         "registers"),
        ("a: Annotated[str, Field(min_length=1)] = ''\nSettings(a='')", "refused"),
        ("a: Annotated[int | None, Field(gt=1)] = None\nSettings(a=None)", "registers"),
        ("a = 5", "refused"),
        ("_a = 5", "registers"),
    ],
)  # fmt: skip
def test_a_model_of_settings_refuses_what_is_of_another_type(
    given: str, kind: str, tmp_path: Path
) -> None:
    head = "from typing import Annotated\nfrom pydantic import BaseModel, Field\n"
    [found] = start(tmp_path, f"{head}class Settings(BaseModel):\n    {given}")
    assert found.kind == kind


@pytest.mark.parametrize(
    ("said", "call", "kind"),
    [
        ("extra='forbid'", "Settings(b=4)", "refused"),
        ("extra='forbid'", "Settings(a=4)", "registers"),
        ("frozen=True", "Settings().a = 4", "refused"),
        ("frozen=False", "Settings().a = 4", "registers"),
    ],
)
def test_a_model_is_configured_in_its_class_statement_as_well(
    said: str, call: str, kind: str, tmp_path: Path
) -> None:
    body = f"class Settings(BaseModel, {said}):\n    a: int = 5\n{call}"
    [found] = start(tmp_path, f"from pydantic import BaseModel\n{body}")
    assert found.kind == kind


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("acme_key: str\nSettings()", ["ACME_KEY is not set"]),
        ("acme_key: str = ''\nSettings()", []),
        ("acme_key: str\nSettings(acme_key='x')", []),
        ("model_config = SettingsConfigDict(env_prefix='acme_')\n    key: str\nSettings()",
         ["ACME_KEY is not set"]),
        ("acme_key: str", []),
    ],
)  # fmt: skip
def test_settings_that_have_to_be_set_are_conditions(
    body: str, wanted: list[str], tmp_path: Path
) -> None:
    head = "from pydantic_settings import BaseSettings, SettingsConfigDict\n"
    found = start(tmp_path, f"{head}class Settings(BaseSettings):\n    {body}")
    assert [each.conditions for each in found if each.kind == "refused"] == [(e,) for e in wanted]
    assert found[0].usual is True
    assert found[-1].kind == "registers"


def test_a_loop_of_its_own_is_no_promise_where_the_node_runs_one(tmp_path: Path) -> None:
    found = start(tmp_path, "import asyncio\nasync def main(): ...\nasyncio.run(main())")
    assert found[0].kind == "untold"


def test_a_version_that_is_asked_for_depends_on_what_is_installed(tmp_path: Path) -> None:
    code = "from importlib import metadata\n"
    refused, otherwise = start(tmp_path / "1", f"{code}metadata.version('acme-limits')")
    assert refused.conditions == ("the distribution acme-limits is not installed",)
    assert refused.says(prints("No package metadata was found for acme-limits"))
    assert otherwise.kind == "registers"
    tried = TRIED.format("metadata.version('acme-limits')", "metadata.PackageNotFoundError")
    # Without the node nothing of it is loaded.
    assert start(tmp_path / "3", f"{code}metadata.version('stigmem_node')") == (
        Outcome("registers"),
    )
    assert start(tmp_path / "2", f"{code}{tried}") == (Outcome("registers"),)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("open('/etc/acme').read()", "'/etc/acme' is not on the node's machine"),
        (
            "from pathlib import Path\nPath('/etc/acme').read_text()",
            "a file that is read is not on the node's machine",
        ),
        (
            "import os\nif not os.path.exists('/etc/acme'):\n    raise RuntimeError",
            "'/etc/acme' is not on the node's machine",
        ),
    ],
)
def test_a_file_of_the_machine_is_a_condition(code: str, says: str, tmp_path: Path) -> None:
    refused, otherwise = start(tmp_path, code)
    assert (refused.kind, refused.conditions, refused.usual) == ("refused", (says,), None)
    assert otherwise.kind == "registers"
