"""Which paths a release answers, and what they depend on."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from stigmem_review import host, review
from stigmem_review.document.parts import Report
from stigmem_review.model import Endpoint
from stigmem_review.pipeline.reading import read
from stigmem_review.sources.request import understand
from stigmem_review.text import flat
from support.plugins import plugin, write_wheel

MANIFEST = """\
from stigmem_node.plugins import PluginManifest

from .api import router


def plugin_manifest():
    return PluginManifest(name="demo-plugin", version="1.0.0", routes=[router])
"""
START = """\
from typing import Annotated

from fastapi import APIRouter, Depends, Security

from .more import Caller, prefix, who
"""
MORE = """\
from typing import Annotated

from fastapi import Depends, HTTPException

prefix = "/v1"


def who() -> str:
    raise HTTPException(401)


Caller = Annotated[str, Depends(who)]
GUARDS = [Depends(who)]
"""
ROUTER = START + "router = APIRouter()\n"


def files(api: str, version: str = "1.0.0") -> dict[str, str]:
    manifest = MANIFEST.replace("1.0.0", version)
    return plugin(manifest=manifest, api=api, more=MORE)


def endpoints(api: str, folder: Path) -> list[Endpoint]:
    wheel = write_wheel(folder, files(api))
    return list(read(understand(str(wheel)), host.node()).endpoints)


ANSWERS: dict[str, tuple[str, dict[str, list[str]]]] = {
    "a path": (
        ROUTER + '@router.get("/a")\ndef a(): ...\n',
        {"GET /a": []},
    ),
    "a path by name": (
        ROUTER + '@router.post(path=prefix + "/a")\nasync def a(): ...\n',
        {"POST /v1/a": []},
    ),
    "a prefix": (
        START + 'router = APIRouter(prefix=prefix)\n@router.put("/a")\ndef a(): ...\n',
        {"PUT /v1/a": []},
    ),
    "several methods": (
        ROUTER + '@router.api_route("/a", methods=["GET", "DELETE"])\ndef a(): ...\n'
        '@router.api_route("/b")\ndef b(): ...\n',
        {"DELETE /a": [], "GET /a": [], "GET /b": []},
    ),
    "two decorators": (
        ROUTER + '@router.get("/a")\n@router.get("/b")\ndef a(who=Depends(who)): ...\n',
        {"GET /a": ["who"], "GET /b": ["who"]},
    ),
    "a call": (
        ROUTER + 'def a(x: Caller): ...\nrouter.add_api_route("/a", a, methods=["POST"])\n'
        'def b(): ...\nrouter.add_api_route("/b", endpoint=b)\n',
        {"GET /b": [], "POST /a": ["who"]},
    ),
    "dependencies of a path": (
        ROUTER + '@router.get("/a", dependencies=[Depends(who)])\ndef a(): ...\n',
        {"GET /a": ["who"]},
    ),
    "dependencies of a router": (
        START + 'router = APIRouter(dependencies=[Security(who)])\n@router.get("/a")\n'
        "def a(): ...\n",
        {"GET /a": ["who"]},
    ),
    "dependencies by name": (
        START + "from .more import GUARDS\nrouter = APIRouter(dependencies=GUARDS)\n"
        '@router.get("/a")\ndef a(): ...\n',
        {"GET /a": ["who"]},
    ),
    "no dependencies": (
        START + 'router = APIRouter(dependencies=[])\n@router.get("/a", dependencies=[])\n'
        "def a(x: Annotated[int, 'Depends']): ...\n",
        {"GET /a": []},
    ),
    "an annotation": (
        ROUTER + '@router.get("/a")\ndef a(x: Annotated[str, Depends(who)], y: int = 1): ...\n',
        {"GET /a": ["who"]},
    ),
    "an annotation by name": (
        ROUTER + '@router.get("/a")\ndef a(x: Caller): ...\n',
        {"GET /a": ["who"]},
    ),
    "an annotation as text": (
        ROUTER + '@router.get("/a")\ndef a(x: "Caller"): ...\n',
        {"GET /a": ["who"]},
    ),
    "a router within": (
        START + 'inner = APIRouter(prefix="/i")\n@inner.get("/a")\ndef a(): ...\n'
        'router = APIRouter(prefix="/o")\n'
        'router.include_router(inner, prefix="/m", dependencies=[Depends(who)])\n',
        {"GET /o/m/i/a": ["who"]},
    ),
    "a router that a function makes": (
        START + "def made(name, *guards):\n    router = APIRouter(prefix='/' + name, "
        "dependencies=[Depends(each) for each in guards])\n"
        "    @router.get('/' + name)\n    def a(): ...\n    return router\n"
        "router = made('x', who)\n",
        {"GET /x/x": ["who"]},
    ),
    "paths in a loop": (
        ROUTER + "def a(): ...\nfor name in ('a', 'b'):\n"
        "    router.add_api_route(f'/{name}', a, methods=['POST'])\n",
        {"POST /a": [], "POST /b": []},
    ),
    "a method": (
        ROUTER + 'class Api:\n    def a(self, x: Caller): ...\nrouter.get("/a")(Api().a)\n',
        {"GET /a": ["who"]},
    ),
    "a function that is wrapped": (
        START + "import functools\nrouter = APIRouter()\n"
        "def logged(function):\n    @functools.wraps(function)\n"
        "    def inner(*args, **kwargs):\n        return function(*args, **kwargs)\n"
        '    return inner\n@router.get("/a")\n@logged\ndef a(x: Caller): ...\n',
        {"GET /a": ["who"]},
    ),
    "a guard that is made": (
        START + "def needs(role):\n    def check(): return who()\n    return check\n"
        'router = APIRouter()\n@router.get("/a", dependencies=[Depends(needs("admin"))])\n'
        "def a(): ...\n",
        {"GET /a": ["needs('admin')"]},
    ),
    "an alias or none, which is no dependency": (
        ROUTER + '@router.get("/a")\ndef a(x: Caller | None = None): ...\n',
        {"GET /a": []},
    ),
    "added after it was included": (
        START + "inner = APIRouter()\nrouter = APIRouter()\nrouter.include_router(inner)\n"
        '@inner.get("/a")\ndef a(): ...\n',
        {"GET /a": []},
    ),
    "a response of its own class": (
        START + "from pydantic import BaseModel\nclass Out(BaseModel):\n    x: int = 1\n"
        'router = APIRouter(tags=["x"], responses={404: {"description": "none"}})\n'
        '@router.get("/a", response_model=Out)\ndef a(): return Out()\n',
        {"GET /a": []},
    ),
    "a router that is not mounted": (
        ROUTER + 'other = APIRouter()\n@other.get("/a")\ndef a(): ...\n',
        {},
    ),
}


@pytest.mark.parametrize(("api", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_what_it_answers(api: str, expected: dict[str, list[str]], tmp_path: Path) -> None:
    assert {each.item: [*each.guards] for each in endpoints(api, tmp_path)} == expected


def test_a_path_that_cannot_be_read_is_not_left_out(tmp_path: Path) -> None:
    [found] = endpoints(
        "import socket\n" + ROUTER + "@router.get(socket.gethostname())\ndef a(): ...\n", tmp_path
    )
    assert (found.item, str(found.at)) == (
        "GET (a path that cannot be read)",
        "demo_plugin/api.py:8",
    )


STARLETTE = """\
from fastapi import Request
from starlette.responses import PlainTextResponse

inner = APIRouter(prefix="/i", dependencies=[Depends(who)])


@inner.route("/a", methods=["GET"])
def a(request: Request, who=Depends(who)): return PlainTextResponse("a")


router = APIRouter(prefix="/o")
router.include_router(inner, prefix="/m")
"""


def test_what_starlette_routes_takes_no_prefix_and_no_guard_of_its_router(tmp_path: Path) -> None:
    [found] = endpoints(START + STARLETTE, tmp_path)
    assert (found.item, found.guards) == ("GET /o/m/a", ())


def test_a_prefix_that_is_set_later_is_not_guessed(tmp_path: Path) -> None:
    code = ROUTER + 'router.prefix = "/v2"\n@router.get("/a")\ndef a(): ...\n'
    [found] = endpoints(code, tmp_path)
    assert found.item == "GET {prefix}/a"


WITHIN = """\
inner = APIRouter(prefix="/i")
@inner.get("/a")
def a(x: Caller): ...
def included(): raise LookupError
router = APIRouter()
"""


def test_a_router_within_that_is_not_known_is_said(tmp_path: Path) -> None:
    code = "import fastapi_pagination\n" + START + WITHIN
    code += 'router.include_router(fastapi_pagination.router(), prefix="/p")\n'
    [found] = endpoints(code, tmp_path)
    assert found.item == "(any method) /p(paths that cannot be read)"
    assert str(found.at) == "demo_plugin/api.py:12"


def test_paths_of_either_way_count_and_guards_of_both(tmp_path: Path) -> None:
    code = "import os\n" + START + "guards = [Depends(who)]\n"
    code += 'if os.environ.get("OPEN"):\n    guards = []\n'
    code += "router = APIRouter(dependencies=guards)\nprefix = '/v1'\n"
    code += 'if os.environ.get("V2"):\n    prefix = "/v2"\n'
    code += '@router.get(prefix + "/a")\ndef a(): ...\n'
    found = {each.item: each.guards for each in endpoints(code, tmp_path)}
    assert found == {"GET /v1/a": (), "GET /v2/a": ()}


ONE_WAY = {
    "a list": "guards = []\nif OPEN:\n    guards = [Depends(who)]\n",
    "an item": "guard = Depends(prefix)\nif OPEN:\n    guard = Depends(who)\nguards = [guard]\n",
    "a path": "guards = []\nif OPEN:\n    @router.get('/a', dependencies=[Depends(who)])\n"
    "    def b(): ...\n",
}


@pytest.mark.parametrize("code", ONE_WAY.values(), ids=ONE_WAY)
def test_a_guard_of_one_way_is_not_relied_on(code: str, tmp_path: Path) -> None:
    code = f"import os\nOPEN = os.environ.get('OPEN')\n{ROUTER}{code}"
    code += '@router.get("/a", dependencies=guards)\ndef a(): ...\n'
    [found] = endpoints(code, tmp_path)
    assert (found.item, found.guards) == ("GET /a", ())


def test_guards_are_seen_where_routes_are_not(tmp_path: Path) -> None:
    source = files(GUARDED)
    source["demo_plugin/manifest.py"] = MANIFEST.replace("[router]", "routes()")
    [found] = read(understand(str(write_wheel(tmp_path, source))), host.node()).endpoints
    assert (found.item, found.guards) == ("GET /a", ("who",))


def test_a_dependency_deeper_in_a_type_is_none(tmp_path: Path) -> None:
    code = ROUTER + '@router.get("/a")\ndef a(x: tuple[str, Caller]): ...\n'
    [found] = endpoints(code, tmp_path)
    assert found.guards == ()


def test_paths_of_a_class_that_is_not_followed_are_not_left_out(tmp_path: Path) -> None:
    code = START + 'class Routes(APIRouter): ...\nrouter = Routes()\n@router.get("/a")\n'
    [found] = endpoints(code + "def a(): ...\n", tmp_path)
    assert (found.item, found.router) == ("GET /a", "demo_plugin.api:router")


def test_a_router_of_no_module_is_named_by_what_makes_it(tmp_path: Path) -> None:
    source = files(
        START + "def make():\n    router = APIRouter()\n"
        '    router.add_api_route("/a", make)\n    return router\n'
    )
    manifest = source["demo_plugin/manifest.py"].replace("import router", "import make")
    source["demo_plugin/manifest.py"] = manifest.replace("[router]", "[make()]")
    [found] = read(understand(str(write_wheel(tmp_path, source))), host.node()).endpoints
    assert (found.item, found.router) == ("GET /a", "demo_plugin.api:make.<locals>.APIRouter")


def upgrade(folder: Path, old: str, new: str) -> Report:
    before = write_wheel(folder / "old", files(old))
    after = write_wheel(folder / "new", files(new, "1.1.0"), version="1.1.0")
    return review(str(before), str(after))


def found(report: Report) -> list[tuple[str, str, str]]:
    return [(each.name, each.level, each.item) for each in report.findings]


GUARDED = ROUTER + '@router.get("/a")\ndef a(x: Caller): ...\n'
OPEN = ROUTER + '@router.get("/a")\ndef a(x: str): ...\n'


def test_a_path_that_loses_what_it_depends_on(tmp_path: Path) -> None:
    report = upgrade(tmp_path, GUARDED, OPEN)
    assert found(report) == [("endpoint-unguarded", "error", "GET /a")]
    assert str(report.findings[0].at) == "demo_plugin/api.py:7"


def test_that_of_its_router_counts(tmp_path: Path) -> None:
    moved = OPEN.replace("APIRouter()", "APIRouter(dependencies=[Depends(who)])")
    assert found(upgrade(tmp_path, GUARDED, moved)) == []


def test_paths_that_come_and_go(tmp_path: Path) -> None:
    new = GUARDED.replace("/a", "/b") + '@router.post("/c")\ndef c(): ...\n'
    report = upgrade(tmp_path, GUARDED, new)
    assert found(report) == [
        ("endpoint-added", "warning", "POST /c"),
        ("endpoint-added", "note", "GET /b"),
        ("endpoint-removed", "note", "GET /a"),
    ]
    assert {flat(each.says) for each in report.gains} == {
        "answers requests: POST /c (on which no dependency is seen)",
        "answers requests: GET /b",
    }


def test_paths_are_compared_where_the_routes_could_not_be_read_before(tmp_path: Path) -> None:
    old = files(GUARDED)
    old["demo_plugin/manifest.py"] = MANIFEST.replace("[router]", "routes()")
    new = files(GUARDED + '@router.post("/c")\ndef c(): ...\n')
    report = review(
        str(write_wheel(tmp_path / "old", old)), str(write_wheel(tmp_path / "new", new))
    )
    assert ("endpoint-added", "warning", "POST /c") in found(report)
    assert "GET /a" not in [each.item for each in report.findings]


def test_a_router_says_for_its_paths(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, files(OPEN + '@router.post("/c")\ndef c(x: Caller): ...\n'))
    report = review("none", str(wheel))
    about = [each for each in report.findings if each.name.startswith(("route", "endpoint"))]
    assert [(each.name, each.item) for each in about] == [("route-added", "demo_plugin.api:router")]
    said = "".join(each.text for each in about[0].message)
    assert said.endswith("which answers GET /a, POST /c. No dependency is seen on GET /a.")


ROUTES = """
import json, sys
found = []
for folder in json.load(sys.stdin):
    sys.path.insert(0, folder)
    from fastapi import FastAPI
    from fastapi.testclient import TestClient
    from demo_plugin.api import router
    app = FastAPI()
    app.include_router(router)
    client = TestClient(app)
    found.append(
        {
            f"{method.upper()} {path}": client.request(method, path).status_code == 401
            for path, methods in app.openapi()["paths"].items()
            for method in methods
        }
    )
    sys.path.remove(folder)
    for name in [name for name in sys.modules if name.startswith("demo_plugin")]:
        del sys.modules[name]
print(json.dumps(found))
"""


@pytest.mark.network
def test_the_node_answers_what_is_read(node_python: Path, tmp_path: Path) -> None:
    folders = []
    for index, (api, _) in enumerate(ANSWERS.values()):
        folders.append(tmp_path / str(index))
        for path, text in files(api).items():
            target = folders[-1] / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
    done = subprocess.run(
        [str(node_python), "-I", "-c", ROUTES],
        input=json.dumps([str(each) for each in folders]),
        capture_output=True,
        text=True,
        check=True,
    )
    said = [
        {item: bool(guards) for item, guards in expected.items()}
        for _, expected in ANSWERS.values()
    ]
    assert json.loads(done.stdout) == said


def test_a_router_that_moved_is_no_gain(tmp_path: Path) -> None:
    """Another module for the same paths with the same guards opens nothing, and loses nothing."""
    api = ROUTER + "@router.get('/a', dependencies=[Depends(who)])\ndef a(): ...\n"
    old = write_wheel(tmp_path / "old", files(api))
    said = {}
    for name, moved in (
        ("moved", api),
        ("open", api.replace(", dependencies=[Depends(who)]", "")),
        ("more", f"{api}@router.get('/b', dependencies=[Depends(who)])\ndef b(): ...\n"),
        ("less", api.replace("'/a'", "'/c'")),
    ):
        new = files("", "1.0.1") | {"demo_plugin/web.py": moved}
        new["demo_plugin/manifest.py"] = new["demo_plugin/manifest.py"].replace(".api", ".web")
        report = review(str(old), str(write_wheel(tmp_path / name, new, version="1.0.1")))
        said[name] = {each.name: (each.level, flat(each.message)) for each in report.findings}
    assert said["moved"] == {
        "route-added": (
            "note",
            "It now adds the router demo_plugin.web:router to the node, which answers what another "
            "one answered before: GET /a.",
        ),
        "route-removed": (
            "note",
            "It no longer adds the router demo_plugin.api:router to the node; others answer all of "
            "its paths.",
        ),
    }
    assert all(said[name]["route-added"][0] == "warning" for name in ("open", "more", "less"))
    assert "semver-mismatch" in said["more"]
    assert said["less"]["route-removed"][1].endswith("to the node: GET /a no longer answers there.")


GATE = """

def gate(key):
    if key != CODE:
        raise {error}


@router.get("/a")
{async_}def a(key: str, flag: bool):
    {call}
    if flag:
        raise HTTPException(404)
    return 1
"""
REFUSING = ROUTER + (
    "from fastapi import HTTPException, status\nfrom starlette import exceptions\n"
    "class No(HTTPException): pass\nCODE = 'x'\n"
)


def gated(error: str = "HTTPException(403)", call: str = "gate(key)", async_: str = "") -> str:
    return REFUSING + GATE.format(error=error, call=call, async_=async_)


@pytest.mark.parametrize(
    ("api", "refuses"),
    [
        (gated(), ("403", "404")),
        (gated(async_="async "), ("403", "404")),
        (gated("HTTPException(status_code=status.HTTP_401_UNAUTHORIZED)"), ("401", "404")),
        (gated("exceptions.HTTPException(403, detail='no')"), ("403", "404")),
        (gated("HTTPException(int(key))"), ("404", "?")),
        (gated(call="pass"), ("404",)),
        (gated(call="return 2"), ()),
        (gated(call="if False: gate(key)"), ("404",)),
        (
            gated(call="\n    ".join(("try:", "    gate(key)", "except HTTPException: pass"))),
            ("404",),
        ),
    ],
)
def test_what_the_function_of_a_path_refuses_with(
    api: str, refuses: tuple[str, ...], tmp_path: Path
) -> None:
    assert [each.refuses for each in endpoints(api, tmp_path)] == [refuses]


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (gated(call="pass"), ["warning GET /a"]),
        (gated("HTTPException(404)"), ["warning GET /a"]),
        (gated("HTTPException(401)"), ["warning GET /a"]),
        (gated(call="if key != CODE: raise HTTPException(403)"), []),
        (gated(call="gate(key.strip())"), []),
        (gated(call="pass").replace('"/a")', '"/a", dependencies=[Depends(gate)])'), []),
    ],
)
def test_a_check_that_a_function_lost(new: str, said: list[str], tmp_path: Path) -> None:
    old = write_wheel(tmp_path / "old", files(gated()))
    after = write_wheel(tmp_path / "new", files(new, "1.1.0"), version="1.1.0")

    found = review(str(old), str(after)).findings

    assert [f"{each.level} {each.item}" for each in found if each.rule == "SPR427"] == said


def depending(on: str, at: str = '@router.get("/a", dependencies=[Depends(known)])') -> str:
    checks = f"def known(key: str = ''):\n    {on}\n    return key\n\n\n"
    takes = "" if "depend" in at else "who=Depends(known)"
    return f"{REFUSING}{checks}{at}\ndef a({takes}): ...\n"


ASKS = "if key != CODE: raise HTTPException(401)"


@pytest.mark.parametrize(
    "at", ['@router.get("/a", dependencies=[Depends(known)])', '@router.get("/a")']
)
@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("pass", ["warning GET /a"]),
        ("if key: raise HTTPException(404)", ["warning GET /a"]),
        (f"key = key.strip()\n    {ASKS}", []),
        ("raise HTTPException(int(key))", []),
    ],
)
def test_a_check_that_a_dependency_lost(at: str, on: str, said: list[str], tmp_path: Path) -> None:
    old = write_wheel(tmp_path / "old", files(depending(ASKS, at)))
    after = write_wheel(tmp_path / "new", files(depending(on, at), "1.1.0"), version="1.1.0")

    found = review(str(old), str(after)).findings

    assert [f"{each.level} {each.item}" for each in found if each.rule == "SPR427"] == said
    assert [each.needs for each in endpoints(depending(ASKS, at), tmp_path)] == [
        (("known", ("401",)),)
    ]
