"""Names that no certificate has are refused with the corrected one, and those that one has are not.

What was meant stands beside each as the message has to give it.
"""

from __future__ import annotations

import pytest

from stigmem_review.errors import PolicyError
from stigmem_review.model import Signer
from stigmem_review.policy.file import parse_policy
from stigmem_review.policy.settings import parse_settings, settings_of
from stigmem_review.policy.trust import Trust, judge

ACTIONS = "https://token.actions.githubusercontent.com"
HOME = "https://github.com/acme/ledger"
PATH = ".github/workflows/release.yml"
NAME = f"{HOME}/{PATH}@refs/tags/v1.0.0"
BUILDER = "https://github.com/builds/all/.github/workflows/build.yml"
LIST = "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS"

WORKFLOW = {"issuer": ACTIONS, "repository": HOME, "workflow": PATH}
PERSON = {"issuer": "https://accounts.acme.example", "identity": "ada@acme.example"}


def policy(entry: dict[str, str]) -> bytes:
    lines = (f"{key} = '''{value}'''\n" for key, value in entry.items())
    return f"[[signing.trusted]]\n{''.join(lines)}".encode()


REFUSED: tuple[tuple[dict[str, str], str, str, str], ...] = (
    *(
        (WORKFLOW, "repository", wrong, f"write '{HOME}'")
        for wrong in (
            "acme/ledger",
            "acme/ledger.git",
            "github.com/acme/ledger",
            "http://github.com/acme/ledger",
            "https://www.github.com/acme/ledger",
            f"{HOME}.git",
            f"{HOME}/",
            f"{HOME}/tree/main",
            "git@github.com:acme/ledger.git",
            "ssh://git@github.com/acme/ledger",
        )
    ),
    (WORKFLOW, "repository", "https://github.com/acme", "write owner = 'acme'"),
    (WORKFLOW, "repository", "https://github.com/acme/*", "one entry for each"),
    *(
        (WORKFLOW, "workflow", wrong, f"write '{PATH}'")
        for wrong in (
            "release.yml",
            f"./{PATH}",
            f"/{PATH}",
            ".github/workflow/release.yml",
            "workflows/release.yml",
        )
    ),
    (WORKFLOW, "workflow", "Release", f"write one such as '{PATH}'"),
    (WORKFLOW, "workflow", f"{PATH}@refs/tags/v1", "a field of its own"),
    *(
        (WORKFLOW, "issuer", wrong, f"write '{ACTIONS}'")
        for wrong in (
            f"{ACTIONS}/",
            "token.actions.githubusercontent.com",
            "http://token.actions.githubusercontent.com",
            "https://github.com",
            "github",
            "GitHub",
        )
    ),
    (PERSON, "issuer", "accounts.acme.example", "write 'https://accounts.acme.example'"),
    (PERSON, "issuer", "https://accounts.acme.example/", "write 'https://accounts.acme.example'"),
    (PERSON, "issuer", "acme", "write it with https://"),
    (PERSON, "issuer", "google", "write 'https://accounts.google.com'"),
    *((WORKFLOW, "ref", wrong, "refs/tags/v*") for wrong in ("v1.*", "refs/tag/v*", "refs/tags")),
    *(
        (WORKFLOW, "ref", wrong, "no regular expression")
        for wrong in ("refs/tags/v.*", r"refs/tags/v\d+", "refs/tags/(a|b)", "^refs/tags/v1", "v$")
    ),
    (WORKFLOW, "ref", "refs/tags/v?", "only *"),
    *(
        (WORKFLOW, "trigger", wrong, f"write '{meant}'")
        for wrong, meant in (
            ("releases", "release"),
            ("Push", "push"),
            ("workflow-dispatch", "workflow_dispatch"),
        )
    ),
    (WORKFLOW, "trigger", "tag", "such as 'push'"),
    (WORKFLOW, "trigger", "workflow_call", "started its caller"),
    (
        {"issuer": "https://gitlab.com", "owner": "acme"},
        "trigger",
        "merge_request",
        "write 'merge_request_event'",
    ),
    (WORKFLOW, "builder", "builds/all/.github/workflows/build.yml", "https://"),
    (WORKFLOW, "builder", f"{BUILDER}@v2", f"write '{BUILDER}@refs/tags/v2'"),
    (WORKFLOW, "builder", "https://github.com/builds/all", "FILE.yml@refs/tags/TAG"),
    (WORKFLOW, "builder", f"{BUILDER}@refs/tag/v2", f"write '{BUILDER}@refs/tags/v2'"),
    (WORKFLOW, "builder", f"{BUILDER}@main", f"write '{BUILDER}@refs/heads/main'"),
    *(
        (WORKFLOW, "environment", wrong, f"write '{meant}'")
        for wrong, meant in (
            ("github_hosted", "github-hosted"),
            ("GitHub-hosted", "github-hosted"),
            ("selfhosted", "self-hosted"),
        )
    ),
    *((WORKFLOW, key, "", "is empty") for key in ("ref", "trigger", "environment", "builder")),
    (WORKFLOW, "repository", "https://gitlab.com/acme/ledger", "is not on https://github.com/"),
    (WORKFLOW | {"issuer": "https://gitlab.com"}, "repository", HOME, "is not on https://gitlab"),
    (PERSON, "issuer", "https://Accounts.acme.example", "write 'https://accounts.acme.example'"),
    *(
        ({"issuer": ACTIONS}, "owner", wrong, says)
        for wrong, says in (
            ("@acme", "write 'acme'"),
            ("github.com/acme", "write 'acme'"),
            ("https://github.com", "the name of no owner"),
            ("https://github.com/", "the name of no owner"),
            ("https://gitlab.com/acme", "is not on https://github.com/"),
            ("acme/ledger", f"write repository = '{HOME}'"),
            (HOME, f"write repository = '{HOME}'"),
            ("acme corp", "the name of no owner"),
        )
    ),
    ({"issuer": "https://a.example"}, "owner", "acme", "https://forge.example/acme"),
)


@pytest.mark.parametrize(("entry", "field", "wrong", "says"), REFUSED)
def test_an_entry_that_no_signer_can_meet_is_refused(
    entry: dict[str, str], field: str, wrong: str, says: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(policy(entry | {field: wrong}), "p.toml")
    said = str(caught.value)
    assert f"`{field}` in entry 1 of [[signing.trusted]], line" in said
    assert says in said


# Names as a policy and the node's lists have them; what was meant, or nothing in its place.
IDENTITIES: dict[str, str] = {
    "acme/*": "one entry for each",
    "*@acme.example": "one entry for each",
    NAME.replace("v1.0.0", "*"): "one entry for each",
    "acme/ledger": "/OWNER/NAME/.github/workflows/FILE.yml@refs/tags/TAG'",
    HOME: "FILE.yml@refs/tags/TAG'",
    f"{HOME}.git": "FILE.yml@refs/tags/TAG'",
    f"github.com/acme/ledger/{PATH}@refs/tags/v1.0.0": "FILE.yml@refs/tags/TAG'",
    f"{HOME}/{PATH}": "@refs/tags/v1.0.0",
    PATH: "/OWNER/NAME/.github/workflows/FILE.yml@refs/tags/TAG'",
    "release.yml": "/OWNER/NAME/.github/workflows/FILE.yml@refs/tags/TAG'",
    "https://forge.example/o/n/.ci/release.yml": "@refs/tags/v1.0.0",
    f"{HOME}/{PATH}@v1.0.0": f"'{NAME}'",
    f"{HOME}/{PATH}@tags/v1.0.0": f"'{NAME}'",
    "Ada <ada@acme.example>": "write 'ada@acme.example'",
    "mailto:ada@acme.example": "write 'ada@acme.example'",
    "ada@acme.example;bob@acme.example": "write 'ada@acme.example', 'bob@acme.example'",
    "ada@acme.example bob@acme.example": "write 'ada@acme.example', 'bob@acme.example'",
    '["ada@acme.example"]': "write 'ada@acme.example'",
    "@acme.example": "is not one address",
}
GOOD = (
    "ada@acme.example",
    "o'brien+release@acme.example",
    '"Ada Lovelace"@acme.example',
    "ada",
    "Ada Lovelace",
    NAME,
    f"{HOME}/{PATH}@{'0a' * 20}",
    f"{HOME}/{PATH}@refs/tags/demo/v1;2",
    f"https://GitHub.com/Acme/Ledger/{PATH}@refs/heads/main",
    "https://gitlab.com/acme/team/ledger//.gitlab-ci.yml@refs/tags/v1.0.0",
    "https://forge.example/acme/ledger",
    "spiffe://acme.example/release",
)


@pytest.mark.parametrize("identity", IDENTITIES)
def test_a_name_that_no_signer_has_is_refused_wherever_it_stands(identity: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(policy(PERSON | {"identity": identity}), "p.toml")
    assert "`identity` in entry 1 of [[signing.trusted]], line 3" in str(caught.value)
    assert IDENTITIES[identity] in str(caught.value)
    env = f"\n# whom we trust\n{LIST}='b@c.example, {identity}'\n"
    with pytest.raises(PolicyError) as caught:
        parse_settings(env.encode(), "node.env")
    assert str(caught.value).startswith(f"the env file node.env:3: {LIST}: ")
    assert IDENTITIES[identity] in str(caught.value)


def test_quotes_that_a_node_takes_for_part_of_a_name_are_refused() -> None:
    with pytest.raises(PolicyError, match=f"^the environment: {LIST}: .* write it without those"):
        settings_of({LIST: "ada@acme.example, 'bob@acme.example'"})
    with pytest.raises(PolicyError, match=r"`identity` .* write it without those"):
        parse_policy(policy(PERSON | {"identity": '"ada@acme.example"'}), "p.toml")


@pytest.mark.parametrize("identity", GOOD)
def test_a_name_that_a_signer_can_have_is_taken(identity: str) -> None:
    assert parse_policy(policy(PERSON | {"identity": identity}), "p.toml").policy.signing.trusted
    env = f"{LIST}='{identity}'" if "'" not in identity else f'{LIST}="{identity}"'
    assert parse_settings(env.encode(), "node.env").trusted == (identity,)


@pytest.mark.parametrize("wrong", ["ada@acme.example", "acme", "https://gitlab.com/acme/ledger"])
def test_an_issuer_of_workflows_knows_nobody_else(wrong: str) -> None:
    with pytest.raises(PolicyError, match="the name of no signer: a workflow signs under"):
        parse_policy(policy({"issuer": ACTIONS, "identity": wrong}), "p.toml")


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"repository": "https://GitHub.com/Acme/Ledger"},
        {"ref": "refs/tags/v1.*"},
        {"ref": "refs/*/v1.0.0"},
        {"ref": "refs/tags/v1.0.0"},
        {"builder": BUILDER},
        {"builder": f"{BUILDER}@refs/heads/main"},
        {"builder": BUILDER.replace("builds/all", "Builds/All")},
    ],
)
def test_what_is_taken_can_be_met(more: dict[str, str]) -> None:
    signing = parse_policy(policy(WORKFLOW | more), "p.toml").policy.signing
    signer = Signer(
        f"{BUILDER}@refs/heads/main",
        "uri",
        ACTIONS,
        repository=HOME,
        workflow=PATH,
        ref="refs/tags/v1.0.0",
        builder=BUILDER,
    )
    assert judge(signer, "demo", Trust(signing)).decision == "trusted"


@pytest.mark.parametrize(
    "entry",
    [
        {"issuer": ACTIONS, "repository": HOME, "workflow": "dynamic/pages/build"},
        {
            "issuer": "https://gitlab.com",
            "repository": "https://gitlab.com/acme/team/ledger",
            "workflow": ".gitlab-ci.yml",
            "ref": "refs/merge-requests/*",
            "trigger": "merge_request_event",
        },
        {
            "issuer": "http://localhost:8080",
            "repository": "https://forge.example/acme/ledger",
            "workflow": ".ci/release.yml",
            "ref": "refs/changes/*",
            "trigger": "tag",
        },
        {"issuer": "https://oidc.ci.example/o", "repository": HOME, "workflow": ".ci/config.yml"},
        {"issuer": "https://oidc.ci.example/o", "owner": "https://github.com/acme"},
        {"issuer": ACTIONS, "owner": "https://github.com/Acme/"},
        {"issuer": "https://gitlab.com", "owner": "acme/team"},
        {"issuer": ACTIONS, "owner": "acme", "environment": "our-hosted"},
    ],
)
def test_what_another_forge_may_say_is_taken(entry: dict[str, str]) -> None:
    assert parse_policy(policy(entry), "p.toml").policy.signing.trusted
