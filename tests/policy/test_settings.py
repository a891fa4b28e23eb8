"""The node's settings, read as the node reads them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stigmem_review import limits
from stigmem_review.errors import PolicyError
from stigmem_review.policy.settings import Settings, parse_settings, settings_of

TRUSTED = "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS"
OVERRIDE = "STIGMEM_PLUGIN_TRUST_OVERRIDE_PUBLISHERS"
REQUIRED = "STIGMEM_PLUGIN_SIGNING_REQUIRED"
ACK = "STIGMEM_PLUGIN_UNSIGNED_ACK"
WORDS = "i-understand-plugins-are-unsigned"

FILES: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing": ("", {}),
    "other settings": ("STIGMEM_PORT=1\nPLUGIN_SIGNING_REQUIRED=false\n", {}),
    "one publisher": (f"{TRUSTED}=a@b.example\n", {"trusted": ["a@b.example"]}),
    "a list with blanks": (
        f'{TRUSTED}=" a@b.example , ,https://c.example/x,a@b.example"\n',
        {"trusted": ["a@b.example", "https://c.example/x"]},
    ),
    "an empty list": (f"{TRUSTED}=\n", {}),
    "a name without a value": (f"{TRUSTED}\n{REQUIRED}\n", {}),
    "an exception": (f"{OVERRIDE}=a@b.example # until May\n", {"override": ["a@b.example"]}),
    "a comment that is none": (f"{OVERRIDE}=a@b.example#x\n", {"override": ["a@b.example#x"]}),
    "names in small letters": (
        f"{TRUSTED.lower()}=a@b.example\n{REQUIRED.title()}=off\n",
        {"trusted": ["a@b.example"], "required": False},
    ),
    "the last line counts": (f"{REQUIRED}=true\n{REQUIRED}=false\n", {"required": False}),
    "no value after a value": (f"{REQUIRED}=true\n{REQUIRED}\n", {}),
    "two spellings of one name": (
        f"{TRUSTED}=a\n{TRUSTED.lower()}=b\n{TRUSTED}=c\n",
        {"trusted": ["b"]},
    ),
    "export": (f"export {REQUIRED}=true\n", {"required": True}),
    "single quotes": (f"{TRUSTED}='a@b.example'\n", {"trusted": ["a@b.example"]}),
    "a quoted name": (f"'{REQUIRED}'=no\n", {"required": False}),
    "escapes": (f'{TRUSTED}="a\\tb,c"\n', {"trusted": ["a\tb", "c"]}),
    "several lines": (f'{TRUSTED}="a,\nb"\n', {"trusted": ["a", "b"]}),
    "Windows": (f"{REQUIRED}=yes\r\n{TRUSTED}=a\r\n", {"required": True, "trusted": ["a"]}),
    "Windows, several lines": (f'{TRUSTED}="a,\r\nb"\r\n', {"trusted": ["a", "b"]}),
    "a lone carriage return": (f'{TRUSTED}="a\rb"\n', {"trusted": ["a\nb"]}),
    "a byte order mark": (f"\ufeff{REQUIRED}=1\n", {"required": True}),
    "a dollar": (f"{TRUSTED}=a$b\n", {"trusted": ["a$b"]}),
    "acknowledged": (
        f"{REQUIRED}=0\n{ACK}={WORDS}\n",
        {"required": False, "acknowledged": True},
    ),
    "nearly acknowledged": (f"{ACK}={WORDS.upper()}\n", {}),
    "acknowledged with a blank": (f'{ACK}="{WORDS} "\n', {}),
    "a long s is no s": (f"{REQUIRED.replace('S', chr(0x17F), 1)}=false\n", {}),
    "a Kelvin sign is a k": (
        f"{ACK.replace('K', chr(0x212A))}={WORDS}\n",
        {"acknowledged": True},
    ),
    "another line is broken": (f'OTHER="\n{REQUIRED}=true\n', {"required": True}),
    **{
        f"required: {value}": (f"{REQUIRED}={value}\n", {"required": required})
        for required, values in (
            (True, ("1", "on", "t", "true", "y", "yes", "TRUE", "Yes", "oN")),
            (False, ("0", "off", "f", "false", "n", "no", "FALSE", "No", "oFf")),
        )
        for value in values
    },
}
REFUSED = {
    "maybe": f"{REQUIRED}=maybe\n",
    "an empty flag": f"{REQUIRED}=\n",
    "a flag with a blank": f'{REQUIRED}=" true"\n',
    "two": f"{REQUIRED}=2\n",
    "a long s in the value": f"{REQUIRED}=ye{chr(0x17F)}\n",
}
UNSURE = {
    "another variable": f"A=x\n{TRUSTED}=${{A}}\n",
    "another variable, quoted": f"{TRUSTED}='${{A:-x}}'\n",
    "a line that is broken": f'{REQUIRED}="false\n',
    "a broken line in small letters": f"{TRUSTED.lower()}='a\n",
}


def settings(said: dict[str, Any]) -> Settings:
    return Settings(
        trusted=tuple(said.get("trusted", ())),
        override=tuple(said.get("override", ())),
        required=said.get("required"),
        acknowledged=said.get("acknowledged", False),
    )


@pytest.mark.parametrize("case", FILES)
def test_an_env_file_says_what_it_says(case: str) -> None:
    text, said = FILES[case]
    assert parse_settings(text.encode(), "node.env") == settings(said)


@pytest.mark.parametrize("text", [*REFUSED.values(), *UNSURE.values()], ids=[*REFUSED, *UNSURE])
def test_a_setting_nobody_can_be_sure_of_is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match=r"^the env file node\.env") as caught:
        parse_settings(text.encode(), "node.env")
    assert "STIGMEM_PLUGIN_" in str(caught.value).upper()


def test_an_environment_says_what_it_says() -> None:
    environment = {TRUSTED.lower(): "env@b.example", REQUIRED: "off", "PATH": "/bin"}
    assert settings_of(environment) == settings({"trusted": ["env@b.example"], "required": False})
    with pytest.raises(PolicyError, match=r"^the environment: .*SIGNING_REQUIRED is 'perhaps'"):
        settings_of({REQUIRED: "perhaps"})


def test_what_is_no_env_file_is_refused_by_name() -> None:
    wrong = {
        b"#" * (limits.ENV_FILE_BYTES + 1): "bytes",
        TRUSTED.encode() + b"=\xe9\n": "UTF-8",
    }
    for data, word in wrong.items():
        with pytest.raises(PolicyError, match=rf"^the env file node\.env: .*{word}"):
            parse_settings(data, "node.env")


def test_no_secret_of_an_env_file_is_in_a_message() -> None:
    with pytest.raises(PolicyError) as caught:
        parse_settings(f"SECRET=hunter2\n{REQUIRED}=maybe\n".encode(), "node.env")
    assert "hunter2" not in str(caught.value)


PIECES = st.sampled_from(
    (
        TRUSTED,
        REQUIRED,
        ACK,
        "=",
        '"',
        "'",
        "\\",
        "\n",
        "\r",
        "#",
        " ",
        "${A}",
        "$",
        "export ",
        "a,b",
    )
)


@given(st.binary() | st.lists(PIECES).map(lambda pieces: "".join(pieces).encode()))
def test_whatever_a_file_holds_is_read_or_refused(data: bytes) -> None:
    refused = ""
    try:
        parse_settings(data, "node.env")
    except PolicyError as error:
        refused = str(error)
    assert not refused or "node.env" in refused


# Runs in the node's Python: what its own classes make of the same files and variables.
ASK_THE_NODE = """
import json, os, sys, tempfile
from stigmem_node.plugins.signing import _UNSIGNED_PLUGIN_ACK, _parse_identity_set
from stigmem_node.settings import Settings

def ask(file):
    try:
        found = Settings(_env_file=file)
    except ValueError:
        return None
    return {
        "trusted": sorted(_parse_identity_set(found.plugin_trusted_publishers)),
        "override": sorted(_parse_identity_set(found.plugin_trust_override_publishers)),
        "required": found.plugin_signing_required,
        "acknowledged": found.plugin_unsigned_ack == _UNSIGNED_PLUGIN_ACK,
    }

answers = []
for text, environment in json.load(sys.stdin):
    with tempfile.NamedTemporaryFile(suffix=".env") as file:
        file.write(text.encode())
        file.flush()
        os.environ.update(environment)
        answers.append(ask(file.name))
        for name in environment:
            del os.environ[name]
print(json.dumps(answers))
"""

ENVIRONMENTS: dict[str, dict[str, str]] = {
    "any case": {TRUSTED.lower(): "a, b ,,c", REQUIRED.title(): "F"},
    "a name of nothing": {TRUSTED: ""},
    "quotes are part of a value": {TRUSTED: '"a" b', ACK: WORDS},
    "no other variables": {TRUSTED: "${HOME}"},
    "refused": {REQUIRED: ""},
}


@pytest.mark.network
def test_the_real_node_reads_the_same(node_python: Path) -> None:
    texts = [text for text, _ in FILES.values()] + list(REFUSED.values())
    asked: list[tuple[str, dict[str, str]]] = [(text, {}) for text in texts]
    asked += [("", each) for each in ENVIRONMENTS.values()]
    done = subprocess.run(
        [str(node_python), "-I", "-c", ASK_THE_NODE],
        input=json.dumps(asked).encode(),
        capture_output=True,
        check=True,
    )
    got = json.loads(done.stdout)
    assert len(got) == len(asked)
    for (text, environment), answer in zip(asked, got, strict=True):
        assert _ours(text, environment) == answer, (text, environment)


def _ours(text: str, environment: dict[str, str]) -> dict[str, Any] | None:
    try:
        read = (
            settings_of(environment) if environment else parse_settings(text.encode(), "node.env")
        )
    except PolicyError:
        return None
    return {
        "trusted": sorted(read.trusted),
        "override": sorted(read.override),
        # Where nobody says it, the node's default counts.
        "required": read.required is not False,
        "acknowledged": read.acknowledged,
    }
