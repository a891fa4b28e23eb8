"""Functions of Python that are called for real: what they cost is counted."""

from __future__ import annotations

import pytest

from stigmem_review.code.modules import Modules
from stigmem_review.host import node
from stigmem_review.interpret.models import MODELS
from stigmem_review.interpret.program import Program


def steps(code: str) -> int:
    text = f"import html, re, shlex\n{code}\ndef plugin_manifest(): pass\n"
    program = Program("demo:plugin_manifest", Modules({"demo.py": text.encode()}), node())
    program.make()
    return program.machine.steps


@pytest.mark.parametrize(
    ("small", "large", "least"),
    [
        ("shlex.split('a ' * 8)", "shlex.split('a ' * 8000)", 900),
        ("html.unescape('&a' * 8)", "html.unescape('&a' * 8000)", 900),
        ("re.compile('(?i)[az]')", "re.compile('(?i)' + '[a-z]' * 20)", 2000),
    ],
)
def test_more_of_it_takes_more_steps(small: str, large: str, least: int) -> None:
    assert steps(large) - steps(small) >= least


@pytest.mark.parametrize("name", ["fnmatch.translate", "unicodedata.normalize", "math.factorial"])
def test_what_takes_more_than_its_text_is_not_called(name: str) -> None:
    assert name not in MODELS
