"""What is said where code changed, and where only its text did."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from stigmem_review import review
from stigmem_review.document.parts import Report
from stigmem_review.text import flat
from support.plugins import plugin, write_project, write_wheel

UNDECIDED = """\
import json
import os

from stigmem_node.plugins import PluginManifest

from . import handlers

VERSION = "1.0.0"


def capabilities():
    '''What the node is asked for.'''
    return json.loads(os.environ["DEMO_CAPABILITIES"])


def unused():
    return 1


def plugin_manifest():
    return PluginManifest(
        name="demo-plugin",
        version=VERSION,
        requires_stigmem=">=0.9.0a10",
        capabilities=capabilities(),
        hooks={"post_assert_audit": handlers.audit},
    )
"""
AUDIT = "def audit(ctx, **_):\n    return None\n"

counter = itertools.count()


def compared(
    folder: Path, old: dict[str, str], new: dict[str, str], version: str = "1.0.0"
) -> Report:
    sides = (("1.0.0", old), (version, new))
    wheels = [
        str(write_wheel(folder / str(next(counter)), {**plugin(), **files}, version=each))
        for each, files in sides
    ]
    return review(*wheels)


def found(report: Report) -> list[str]:
    return [f"{each.level} {each.name}" for each in report.findings]


TEXT = {
    "a docstring": AUDIT.replace(":\n", ":\n    'Keep it.'\n", 1),
    "a comment": AUDIT + "# the end\n",
    "annotations": AUDIT.replace("**_)", "**_: object) -> None"),
    "layout": AUDIT.replace("return None", "return (\n        None\n    )"),
}


@pytest.mark.parametrize("case", TEXT)
def test_text_under_one_version_is_a_note(case: str, tmp_path: Path) -> None:
    report = compared(
        tmp_path, {"demo_plugin/handlers.py": AUDIT}, {"demo_plugin/handlers.py": TEXT[case]}
    )
    assert found(report) == ["note code-changed-under-version"]
    assert report.verdict.exit_code == 0


CODE = {
    "a statement": AUDIT.replace("return None", "return 1"),
    "a docstring that runs": "def audit(ctx, **_):\n    '2'\n    return eval(audit.__doc__)\n",
}


@pytest.mark.parametrize("case", CODE)
def test_code_under_one_version_closes_the_gate(case: str, tmp_path: Path) -> None:
    old = CODE[case].replace("'2'", "'1'") if "doc__" in CODE[case] else AUDIT
    report = compared(
        tmp_path, {"demo_plugin/handlers.py": old}, {"demo_plugin/handlers.py": CODE[case]}
    )
    assert "warning code-changed-under-version" in found(report)
    assert "note handler-changed" in found(report)


def test_data_under_one_version_is_no_text(tmp_path: Path) -> None:
    old, new = ({"demo_plugin/one.sql": each} for each in ("SELECT 1", "SELECT 2"))
    assert found(compared(tmp_path, old, new)) == ["warning code-changed-under-version"]


def test_a_project_gets_its_version_when_it_is_released(tmp_path: Path) -> None:
    projects = [
        str(write_project(tmp_path / each, {**plugin(), "demo_plugin/more.py": each}))
        for each in ("a", "b")
    ]
    assert "note code-changed-under-version" in found(review(*projects))


def test_with_what_it_gains_it_is_said_once(tmp_path: Path) -> None:
    report = compared(tmp_path, plugin(), plugin(capabilities=("facts.read", "facts.write")))
    names = [each.name for each in report.findings]
    assert "code-changed-under-version" not in names
    [surprise] = [each for each in report.findings if each.name == "semver-mismatch"]
    assert "demo_plugin/manifest.py" in "".join(part.text for part in surprise.message)


def test_the_releases_own_version_is_no_change_of_a_handler(tmp_path: Path) -> None:
    old, new = (
        plugin(version=each, handlers=f"VERSION = {each!r}\n{AUDIT}".replace("None", "VERSION"))
        for each in ("1.0.0", "1.0.1")
    )
    assert "note handler-changed" not in found(compared(tmp_path, old, new, "1.0.1"))
    other = plugin(
        version="1.0.1", handlers=f"VERSION = '1.0.2'\n{AUDIT}".replace("None", "VERSION")
    )
    assert "note handler-changed" in found(compared(tmp_path, old, other, "1.0.1"))


AS_BEFORE = {
    "a docstring": {"demo_plugin/manifest.py": UNDECIDED.replace("asked for", "asked for now")},
    "a function that nothing calls": {
        "demo_plugin/manifest.py": UNDECIDED.replace("return 1", "return 2")
    },
    "a handler, which does not run then": {
        "demo_plugin/handlers.py": AUDIT.replace("return None", "return 1")
    },
    "the version": {"demo_plugin/manifest.py": UNDECIDED.replace("1.0.0", "1.0.1")},
    "a file that it does not read": {"demo_plugin/one.sql": "SELECT 1"},
}


@pytest.mark.parametrize("case", AS_BEFORE)
def test_what_was_as_unread_before_is_no_finding(case: str, tmp_path: Path) -> None:
    old = {**plugin(), "demo_plugin/manifest.py": UNDECIDED, "demo_plugin/handlers.py": AUDIT}
    report = compared(tmp_path, old, {**old, **AS_BEFORE[case]}, "1.0.1")
    assert "error field-unread" not in found(report)
    assert "field-unread" in [each.what for each in report.already]


UNLIKE = {
    "what makes it": ("DEMO_CAPABILITIES", "DEMO_RIGHTS"),
    "a default of a function that nothing calls": ("unused()", "unused(a=print())"),
}


@pytest.mark.parametrize("case", UNLIKE)
def test_what_other_code_makes_can_be_another_one(case: str, tmp_path: Path) -> None:
    old = {**plugin(), "demo_plugin/manifest.py": UNDECIDED}
    new = {**old, "demo_plugin/manifest.py": UNDECIDED.replace(*UNLIKE[case])}
    assert "error field-unread" in found(compared(tmp_path, old, new, "1.0.1"))


def test_a_function_that_others_are_given_may_decide(tmp_path: Path) -> None:
    given = UNDECIDED.replace("capabilities=capabilities()", "capabilities=other.made(unused)")
    given = given.replace("import json\n", "import json\nimport other\n")
    old = {**plugin(), "demo_plugin/manifest.py": given}
    new = {**old, "demo_plugin/manifest.py": given.replace("return 1", "return 2")}
    assert "error field-unread" in found(compared(tmp_path, old, new, "1.0.1"))


RENAMED = """\
def {name}(ctx, **_):
    return helper({given})


def helper(given):
    return given
"""


@pytest.mark.parametrize(
    ("given", "expected"), [("1", ["note hook-rebound"]), ("2", ["warning hook-rebound"])]
)
def test_a_handler_of_another_name_is_other_code_only_if_it_does_something_else(
    given: str, expected: list[str], tmp_path: Path
) -> None:
    old = plugin(handlers=RENAMED.format(name="audit", given="1"))
    new = plugin(
        version="1.0.1",
        hooks={"post_assert_audit": "record"},
        handlers=RENAMED.format(name="record", given=given),
    )
    assert found(compared(tmp_path, old, new, "1.0.1")) == expected


def test_two_functions_that_change_their_names_are_other_code(tmp_path: Path) -> None:
    text = "def {}(ctx, **_):\n    return 1\n\n\ndef {}(ctx, **_):\n    return 2\n"
    old = plugin(handlers=text.format("audit", "other"))
    new = plugin(version="1.0.1", handlers=text.format("other", "audit"))
    assert found(compared(tmp_path, old, new, "1.0.1")) == ["note handler-changed"]


def test_what_a_module_does_when_it_is_imported_is_not_called_all_of_it(tmp_path: Path) -> None:
    old = plugin(handlers="STATE = {}\n\n\ndef audit(ctx, **_):\n    return None\n")
    new = plugin(
        version="1.0.1",
        handlers="STATE = {}\nSTATE['a'] = 1\n\n\ndef audit(ctx, **_):\n    return STATE\n",
    )
    [each] = compared(tmp_path, old, new, "1.0.1").findings
    assert "reach statements of demo_plugin.handlers, demo_plugin.handlers:STATE." in flat(
        each.message
    )
