"""A change is passed over before anything is installed only where a review would be clear."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stigmem_review.pins.checks import loosened_checks
from stigmem_review.pins.configured import changed_settings
from stigmem_review.pins.formats import FORMATS, format_of
from stigmem_review.pins.formats.requirements import is_list
from stigmem_review.pins.mentions import mentioned
from stigmem_review.pins.named import installs
from stigmem_review.pins.repository import unread_pins
from stigmem_review.pipeline.bump import Wanted, review_change
from stigmem_review.step.look import _is_pin_file, may_say, nothing_in
from support.repository import Deployment, git

Files = Mapping[str, str | bytes]

PINS = "requests==2.32.0 --hash=sha256:" + "0" * 64 + "\nrich==14.0.0 --hash=sha256:aa\n"
LOCK = (
    '[[package]]\nname = "rich"\nversion = "14.0.0"\nsource = { registry = "https://a.example" }\n'
)
COMPILED = f"""\
# This file is made by pip-compile
--require-hashes
--only-binary :all:

acme-lib[cli, x] @ https://a.example/acme_lib-1-py3-none-any.whl \\
    --hash=sha256:{"1" * 64}
requests[socks]==2.32.0 ; python_version < "3.13" and sys_platform != 'win32' \\
    --hash=sha256:{"2" * 64} \\
    --hash=sha256:{"3" * 64}
    # via -r requirements/base.in
rich==14.0.0  # pinned
"""
CODE = "import os\n\n\ndef run() -> bool:\n    return os.name == 'nt'\n"
PROSE = "# A title\n\nSome words.\n\nIt is got by pip install requests==2.32.0, as ever.\n"
POLICY = '[node]\nenv-file = "deploy/node.env"\n'


def pushed(tmp_path: Path, old: Files, new: Files) -> dict[str, str]:
    """Commit two states; return the environment of a step that is run for the push of both."""
    team = Deployment(tmp_path / "team")
    before, after = team.commit(old), team.commit(new)
    (tmp_path / "event").write_text(json.dumps({"before": before, "after": after}))
    return {
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(tmp_path / "event"),
        "GITHUB_SHA": after,
        "GITHUB_WORKSPACE": str(team.folder),
    }


def reviewed(given: Mapping[str, str]) -> int:
    """Return the exit code of a whole review, which has to be about nothing."""
    event = json.loads(Path(given["GITHUB_EVENT_PATH"]).read_text())
    wanted = Wanted(
        event["before"], given["GITHUB_SHA"], given["GITHUB_WORKSPACE"], exact=True, staged=False
    )
    report = review_change(wanted).report
    assert [*report.bumps, *report.findings, *report.gaps, *report.off] == []
    return report.verdict.exit_code


BASE: Files = {"requirements.txt": PINS, "app.py": CODE, "README.md": PROSE}
NOTHING: dict[str, tuple[Files, Files]] = {
    "code": (BASE, {**BASE, "app.py": f"{CODE}\n\ndef more() -> None:\n    run()\n"}),
    "new code": (BASE, {**BASE, "lib/more.py": CODE}),
    "code that goes": (BASE, {"requirements.txt": PINS}),
    "prose": (BASE, {**BASE, "README.md": f"{PROSE}\nMore of it follows.\n"}),
    "a picture": (BASE, {**BASE, "logo.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR==stigmem"}),
    "a chart": (BASE, {**BASE, "chart.yaml": "kind: Service\n# what it is for\nfor us all\n"}),
    "nothing": (BASE, BASE),
    "an empty file": (BASE, {**BASE, "lib/__init__.py": ""}),
    "includes": (
        {**BASE, "dev-requirements.txt": "-r requirements.txt\n"},
        {**BASE, "dev-requirements.txt": "-r requirements.txt\n", "a.py": CODE},
    ),
    "a lock": ({"uv.lock": LOCK}, {"uv.lock": LOCK, "a.py": CODE}),
    "a compiled list": (
        {"requirements/base.txt": COMPILED, "requirements/dev.txt": "-r base.txt\n"},
        {"requirements/base.txt": COMPILED, "requirements/dev.txt": "-r base.txt\n", "a.py": CODE},
    ),
    "a policy": (
        {**BASE, "stigmem-review.toml": "[levels]\n"},
        {**BASE, "stigmem-review.toml": "[levels]\n", "a.py": CODE},
    ),
    "an index": (
        {"requirements.txt": f"--index-url https://a.example/simple\n{PINS}"},
        {"requirements.txt": f"--index-url https://a.example/simple\n{PINS}", "a.py": CODE},
    ),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_cannot_matter_is_passed_over_and_a_review_agrees(name: str, tmp_path: Path) -> None:
    given = pushed(tmp_path, *NOTHING[name])
    assert nothing_in(given) is not None
    assert reviewed(given) == 0


def plus(more: Files, to: Files = BASE) -> tuple[Files, Files]:
    """A change that adds files."""
    return to, {**to, **more}


def beside(files: Files) -> tuple[Files, Files]:
    """A change of code in a repository that has other files as well."""
    return plus({"src/plug.py": CODE}, {**BASE, **files})


MAY: dict[str, tuple[Files, Files]] = {
    "a pin": plus({"requirements.txt": f"{PINS}acme==1\n"}),
    "a lock": plus({"uv.lock": LOCK}),
    "a list of another name": plus({"deps.in": "acme>=1\n"}),
    "a list that calls itself prose": plus({"deps.md": "acme==1\n"}),
    "a list that calls itself code": plus({"deps.py": "acme==1 --hash=sha256:aa\n"}),
    "a list in UTF-16": plus({"deps.md": "acme==1\n".encode("utf-16")}),
    "a list behind a backslash": plus({"deps.md": "acme==1 \\\nfoo bar\n"}),
    "an image": plus({"Dockerfile": "FROM x\nRUN pip install acme==1\n"}),
    "a setting": plus({"values.yaml": "some words\nenv: {PIP_INDEX_URL: https://x}\n"}),
    "a setting of the node": plus({"values.yaml": "some words\nSTIGMEM_PLUGIN_X: 1\n"}),
    "an installer": plus({"pip.conf": "[global]\nindex-url = https://x.example\n"}),
    "a project": plus({"pyproject.toml": "[project]\nname = 'x'\n"}),
    "an archive": plus({"a-1-py3-none-any.whl": b"PK\0"}),
    "a policy": plus({"stigmem-review.toml": ""}),
    "no lists": ({"app.py": CODE}, {"app.py": f"{CODE}\n"}),
    "a project of the repository": beside({"dev-requirements.txt": "-e .\n"}),
    "a folder of the repository": beside({"dev-requirements.txt": "./src\n"}),
    "a folder without a dot": beside({"dev-requirements.txt": "src/plug\n"}),
    "a folder by its address": beside({"dev-requirements.txt": "plug @ file:./src\n"}),
    "a folder of archives": beside({"dev-requirements.txt": "--find-links src\n"}),
    "a variable": beside({"dev-requirements.txt": "acme @ https://${HOST}/a.whl\n"}),
    "a list in a lock": beside({"uv.lock": LOCK.replace("registry", "editable")}),
    "a folder at the end": beside({"dev-requirements.txt": "src/"}),
    "a folder behind an option": beside({"dev-requirements.txt": "--pre -e src\n"}),
    "a folder behind another line break": beside({"dev-requirements.txt": "six==1\x0b-e src\n"}),
    "a folder behind an odd blank": beside({"dev-requirements.txt": "\u00a0-e src\n"}),
    "a list read in another way": beside({"dev-requirements.txt": "# coding: utf-7\nsix\n"}),
    "another list and a comment": beside(
        {"dev-requirements.txt": "-r other.cfg # both\n", "other.cfg": "-e src\n"}
    ),
    "another list behind an option": beside(
        {"dev-requirements.txt": "--pre -r other.cfg\n", "other.cfg": "-e src\n"}
    ),
    "another list that is none by its folder": beside(
        {"dev-requirements.txt": "-r venv/requirements.txt\n", "venv/requirements.txt": "-e src\n"}
    ),
    "a wheel in a chart": plus(
        {"values.yaml": "some words\nx: https://a.example/b-1-py3-none-any.whl\n"}
    ),
    "an sdist in a script": plus({"a.sh": "some words\npoetry add vendor/acme-1.0.tar.gz\n"}),
    "a NUL in an image": plus({"Dockerfile": "FROM x\n# \0\nRUN pip install acme==1\n"}),
    "a NUL in a list": plus({"deps.md": "# \0\nacme==1\n"}),
    "another list": beside({"dev-requirements.txt": "-r other.cfg\n", "other.cfg": "-e .\n"}),
    "what the policy names": beside({"stigmem-review.toml": 'rule-folders = ["src"]\n'}),
    "a policy that is no TOML": beside({"stigmem-review.toml": "["}),
    "a policy that leaves files out": beside({"stigmem-review.toml": "[pins]\nexclude = ['*']\n"}),
    "two policies": beside(
        {"stigmem-review.toml": "", "pyproject.toml": "[tool.stigmem-review]\n"}
    ),
}


@pytest.mark.parametrize("name", MAY)
def test_whatever_may_matter_is_reviewed(name: str, tmp_path: Path) -> None:
    assert nothing_in(pushed(tmp_path, *MAY[name])) is None


def test_what_is_no_plain_file_is_reviewed(tmp_path: Path) -> None:
    given = pushed(tmp_path, *NOTHING["code"])
    folder = Path(given["GITHUB_WORKSPACE"])
    (folder / "link.py").symlink_to("app.py")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "a link")
    assert nothing_in({**given, "GITHUB_SHA": "HEAD"}) is None


INPUTS = ("BASE", "HEAD", "FAIL_ON", "NODE_VERSION", "ENV_FILE", "TRUST_ROOT", "EXACT", "POLICY")


@pytest.mark.parametrize(
    "more",
    [
        *({f"INPUT_{name}": "HEAD"} for name in INPUTS),
        {"STIGMEM_PLUGIN_SIGNING_REQUIRED": "maybe"},
        {"INPUT_ARTIFACTS": "no-such-folder"},
        {"INPUT_WORKING_DIRECTORY": "no-such-folder"},
        {"GITHUB_EVENT_NAME": "workflow_dispatch"},
        {"GITHUB_EVENT_NAME": "pull_request_target"},
        {"GITHUB_EVENT_NAME": "pull_request"},
        {"GITHUB_EVENT_PATH": "no-such-file"},
        {"GITHUB_SHA": "0" * 40},
    ],
)
def test_what_is_asked_for_otherwise_is_for_the_review(
    more: dict[str, str], tmp_path: Path
) -> None:
    given = pushed(tmp_path, *NOTHING["code"])
    assert nothing_in(given | more) is None


def test_a_request_is_held_against_what_it_is_merged_into(tmp_path: Path) -> None:
    team = Deployment(tmp_path / "team")
    first = team.commit(BASE)
    git(team.folder, "checkout", "--quiet", "-b", "request")
    head = team.commit({**BASE, "app.py": f"{CODE}\n"})
    git(team.folder, "checkout", "--quiet", "-B", "main", first)
    tip = team.commit({**BASE, "requirements.txt": f"{PINS}acme==1\n"})
    git(team.folder, "checkout", "--quiet", "--detach", tip)
    git(team.folder, "merge", "--quiet", "--no-ff", "--message", "merge", head)
    request = {"base": {"sha": first, "ref": "main"}, "head": {"sha": head}}
    (tmp_path / "event").write_text(json.dumps({"pull_request": request}))
    given = {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(tmp_path / "event"),
        "GITHUB_SHA": "HEAD",
        "GITHUB_WORKSPACE": str(team.folder),
    }
    assert nothing_in(given) is None  # the base branch was not fetched
    git(team.folder, "update-ref", "refs/remotes/origin/main", tip)
    found = nothing_in(given)
    assert found is not None
    assert found[0] == tip
    # Where it has moved on, its policy is another's.
    git(team.folder, "update-ref", "refs/remotes/origin/main", head)
    assert nothing_in(given) is None


PATHS = ("a.py", "a.md", "a.yaml", "Dockerfile", "a.sh", "a.json", "a.env.j2", "a.ini", "a")
PIECES = (
    *(
        "import os",
        "some words",
        "def f(x):",
        "acme",
        "acme==1",
        "==",
        "Foo[x]>=2 ",
        "-r x",
        "-e .",
    ),
    *(
        "--hash=sha256:0",
        "--index-url z",
        "\n",
        "\n\n",
        "\\\n",
        "\\\r\n",
        "\r",
        "\x0b",
        "\x0c",
        " ",
    ),
    *("\t", "# c", "(>=1)", "@ https://x", "; x<'3'", "pip install ", "PIP_INDEX_URL=x", "uv add "),
    *("name: UV_INDEX\n  value: x", "ENV PIP_PRE 1", "stigmem-review", "\u2028", "=", '"a == 1"'),
    *("stigmem-plugin-x @ y", "- a ==1", '{"a": "==1"}', "\u017ftigmem-plugin-x==1", "'", ","),
    *("\0", "x/y-1-py3-none-any.whl", "poetry add x-1.tar.gz"),
)


@given(st.sampled_from(PATHS), st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_what_may_say_nothing_says_nothing_to_a_review(path: str, text: str) -> None:
    data = text.encode()
    if may_say(path, data):
        return
    assert not is_list(data, named_so=False)
    assert not (installs(path) and mentioned(path, data))
    for old, new in ((b"", data), (data, b"")):
        sides = (lambda _, old=old: old), (lambda _, new=new: new)
        assert changed_settings([path], *sides) == ([], [])
        assert not unread_pins([path], (), *sides)
        assert not [*loosened_checks([path], *sides)]


@pytest.mark.parametrize(
    "path",
    [
        *(
            "requirements.txt",
            "requirements/x.txt",
            "a/dev-constraints.txt",
            "uv.lock",
            "a/uv.lock",
        ),
        *("pylock.x.toml", "pdm.lock", "poetry.lock", "Pipfile.lock", "x.txt", "a.lock", "pylock"),
    ],
)
def test_files_of_pins_are_those_of_the_formats(path: str) -> None:
    assert _is_pin_file(path) == (format_of(path) is not None)
    assert FORMATS
