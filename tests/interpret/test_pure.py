"""Functions of Python that are called for real: what they cost, and where all Pythons agree."""

from __future__ import annotations

import pytest

from stigmem_review.code.modules import Modules
from stigmem_review.host import apis, node
from stigmem_review.interpret.models import MODELS
from stigmem_review.interpret.program import Program
from stigmem_review.interpret.readout import read
from stigmem_review.model import Known


def steps(code: str) -> int:
    text = f"import html, logging, re, shlex\n{code}\ndef plugin_manifest(): pass\n"
    program = Program("demo:plugin_manifest", Modules({"demo.py": text.encode()}), node())
    program.make()
    return program.machine.steps


@pytest.mark.parametrize(
    ("small", "large", "least"),
    [
        ("shlex.split('a ' * 8)", "shlex.split('a ' * 8000)", 900),
        ("html.unescape('&a' * 8)", "html.unescape('&a' * 8000)", 900),
        ("re.compile('(?i)[az]')", "re.compile('(?i)' + '[a-z]' * 20)", 2000),
        ("logging.Formatter('%(a)s')", "logging.Formatter('%(a)' + '0' * 800 + 's')", 8000),
        ("re.compile('[\u0100\u0102\u012c]')", "re.compile('[\u0100\u0102\u012c]' * 300)", 2000),
    ],
)
def test_more_of_it_takes_more_steps(small: str, large: str, least: int) -> None:
    assert steps(large) - steps(small) >= least


@pytest.mark.parametrize("name", ["fnmatch.translate", "unicodedata.normalize", "math.factorial"])
def test_what_takes_more_than_its_text_is_not_called(name: str) -> None:
    assert name not in MODELS


IMPORTS = (
    "import base64, concurrent.futures, datetime, hashlib, logging, math, re, shlex, struct\n"
    "import textwrap, threading, urllib.parse, uuid\n"
)


def is_told(code: str) -> bool:
    """Say whether it is told if code raises."""
    return raises(code) is not None


def raises(code: str) -> bool | None:
    """Say whether code raises; nothing where that is not told."""
    text = f"""{IMPORTS}
from stigmem_node.plugins import PluginManifest
try:
    {code}
    NAME = "acme-a"
except Exception:
    NAME = "acme-b"
def plugin_manifest():
    return PluginManifest(name=NAME, version="1.0.0")
"""
    reading = read("demo:plugin_manifest", Modules({"demo.py": text.encode()}), node())
    name = reading.fields["name"]
    return name.value == "acme-b" if isinstance(name, Known) else None


@pytest.mark.parametrize("flags", ["re.I", "re.I | re.M", "re.RegexFlag.DOTALL | re.X | re.A"])
def test_a_pattern_is_compiled_with_its_flags(flags: str) -> None:
    assert raises(f"re.compile('(', {flags})")
    assert raises(f"re.compile('a', {flags})") is False
    assert raises(f"re.compile('a', {flags} | re.DEBUG)") is None


@pytest.mark.parametrize(
    ("refused", "taken", "unknown"),
    [
        ("threading.Semaphore(-1)", "threading.Semaphore(2)", "threading.Semaphore(None)"),
        ("logging.Formatter('%(a')", "logging.Formatter('%(a)s')", "logging.Formatter(None)"),
        ("concurrent.futures.ThreadPoolExecutor(0)",
         "concurrent.futures.ThreadPoolExecutor(2)",
         "concurrent.futures.ThreadPoolExecutor(2, '', print, ([],))"),
    ],
)  # fmt: skip
def test_a_class_that_keeps_constants_takes_or_refuses_them(
    refused: str, taken: str, unknown: str
) -> None:
    assert raises(refused)
    assert raises(taken) is False
    assert raises(unknown) is None


def test_flags_are_refused_where_they_do_not_go_together() -> None:
    assert raises("re.compile('a', re.A | re.U)")
    assert raises("re.compile(b'a', re.U | re.I)")


@pytest.mark.parametrize(
    ("refused", "taken", "unknown"),
    [
        ("re.match('(', 'a')", "re.match('a', 'b')", "re.match('a', 5)"),
        ("re.search(')', 'a', re.I)", "re.search('a', 'b', re.I)", "re.search('a', b'b')"),
        ("re.fullmatch('[', string=5)", "re.fullmatch('a', string='b')", "re.fullmatch('[')"),
        ("re.findall('*', 'a')", "re.findall(b'a', b'b')", "re.findall('a', 'b', 'c')"),
        ("re.finditer('a{2,1}', 'a')", "re.finditer('a', 'b')", "re.finditer(pattern='a')"),
        ("re.sub('(', '', 'a')", "re.sub('a', 'b', 'c', 1)", "re.sub('a', r'\\1', 'c')"),
        ("re.subn('(', '', 'a')", "re.subn('a', 'b', 'c')", "re.subn('a', 'b', 'c', 'd')"),
        ("re.split('(', 'a')", "re.split('a', 'b', maxsplit=1)", "re.split('a', 'b', which=1)"),
    ],
)
def test_a_function_that_compiles_a_pattern_raises_what_that_raises(
    refused: str, taken: str, unknown: str
) -> None:
    assert raises(refused)
    assert raises(taken) is False
    assert raises(unknown) is None


@pytest.mark.parametrize(
    ("different", "same"),
    [
        ("re.compile('a\\\\z')", "re.compile('a\\\\Z')"),
        ("re.compile('a', 1)", "re.compile('a', 2)"),
        ("re.compile('[[a]')", "re.compile('[a]')"),
        ("re.compile('(' * 240 + ')' * 240)", "re.compile('(' * 40 + ')' * 40)"),
        (
            "datetime.datetime.fromisoformat('2024-01-02T24:00')",
            "datetime.datetime.fromisoformat('2024-01-24T23:00')",
        ),
        ("uuid.UUID(int=0, version=7)", "uuid.UUID(int=0)"),
        ("hashlib.sha256(data=b'')", "hashlib.sha256(b'')"),
        ("struct.calcsize('D')", "struct.calcsize('d')"),
        ("shlex.split(None)", "shlex.split('a b')"),
        ("urllib.parse.urlsplit('http://a[b]c/')", "urllib.parse.urlsplit('http://a/?b=c#d')"),
        ("base64.b64decode('', validate='a')", "base64.b64decode('', validate=True)"),
        ("int(textwrap.dedent('  1\\r\\n  \\r\\n'))", "int(textwrap.dedent('  1'))"),
    ],
)
def test_what_another_python_does_otherwise_is_not_told(different: str, same: str) -> None:
    assert not is_told(different)
    assert is_told(same)


def test_words_and_last_digits_are_not_told_and_exceptions_are() -> None:
    assert not is_told("assert math.sin(1e22) > 0")
    assert not is_told("try: math.log(0)\n    except ValueError as no: assert no.args == ('x',)")
    assert is_told("math.log(0)")
    assert is_told("re.compile('(')")


def test_an_exception_has_one_name_in_all_pythons() -> None:
    assert apis.canonical("re.PatternError") == apis.canonical("re.error")


@pytest.mark.parametrize("name", ["punycode", "Puny_Code", "idna"])
def test_a_text_is_put_into_no_encoding_that_is_slow(name: str) -> None:
    for code in (
        f"'a'.encode('{name}')",
        f"b'a'.decode(encoding='{name}')",
        f"bytes('a', '{name}')",
        f"urllib.parse.quote('a', '', '{name}')",
    ):
        assert not is_told(code)


@pytest.mark.parametrize(
    "code", ["re.compile('a', 128)", "re.compile('[[a]')", "shlex.split(None)"]
)
def test_a_call_for_real_says_and_asks_nothing(
    code: str, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    assert not is_told(code)
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list
