"""Distributions that were really signed: they verify offline, and the signers are the right ones.

The sdist of ``pypi-attestations`` carries them among its tests.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import NamedTuple

import pytest
from pypi_attestations import AttestationType
from sigstore._internal.tuf import STAGING_TUF_URL
from sigstore._utils import read_embedded

from stigmem_review.model import Signature, Signer, Source, SourceKind
from stigmem_review.signing.roots import TrustRoot
from stigmem_review.signing.verify import verify
from stigmem_review.sources.artifact import Artifact, SignatureFile
from support.alone import alone

pytestmark = pytest.mark.network

VERSION = "0.0.30"
STAGING = TrustRoot("staging", read_embedded("trusted_root.json", STAGING_TUF_URL))
PUBLISH = AttestationType.PYPI_PUBLISH_V1.value
SLSA = AttestationType.SLSA_PROVENANCE_V1.value

GITHUB = "https://github.com/trailofbits/"
ACTIONS = "https://token.actions.githubusercontent.com"
CIRCLE = (
    "https://circleci.com/api/v2/projects/fdd9283f-e619-46af-8f9c-851f7d3e8b2b/"
    "pipeline-definitions/8e4f8ab2-8d7c-4827-9f15-de076d6d647f"
)


def released(repository: str, tag: str, commit: str) -> Signer:
    return Signer(
        f"{GITHUB}{repository}/.github/workflows/release.yml@refs/tags/{tag}",
        "uri",
        ACTIONS,
        repository=f"{GITHUB}{repository}",
        workflow=".github/workflows/release.yml",
        ref=f"refs/tags/{tag}",
        commit=commit,
        trigger="release",
        repository_id="772247423",
        runner="github-hosted",
    )


MODELS = released("pypi-attestation-models", "v0.0.4a2", "153c9a3f5c152ef5405cba227676534658acde27")
ATTESTATIONS = released("pypi-attestations", "v0.0.19", "08802efe1f8e5fec4ad842d6b8ce97656092ee72")
GITLAB = Signer(
    "https://gitlab.com/facutuesca/gitlab-oidc-project//.gitlab-ci.yml@refs/heads/main",
    "uri",
    "https://gitlab.com",
    repository="https://gitlab.com/facutuesca/gitlab-oidc-project",
    workflow=".gitlab-ci.yml",
    ref="refs/heads/main",
    commit="72f7c63b75eb55ea80864962f0e645c93414da34",
    trigger="push",
    repository_id="55235664",
    runner="gitlab-hosted",
)
CIRCLECI = Signer(
    CIRCLE,
    "uri",
    "https://oidc.circleci.com",
    repository="github.com/CircleCI-Public/sign-and-publish-examples",
    ref="refs/heads/pypi",
    builder=CIRCLE,
)
GOOGLE = Signer(
    "919436158236-compute@developer.gserviceaccount.com", "email", "https://accounts.google.com"
)
PERSON = Signer("william@yossarian.net", "email", "https://github.com/login/oauth")


class Asset(NamedTuple):
    """An artifact, the endings of what signs it in the same way, by whom, when, and as what."""

    artifact: str
    endings: tuple[str, ...]
    signer: Signer
    signed_at: str
    log_index: int
    predicate: str = PUBLISH


PUBLIC = (
    Asset(
        "pypi_attestation_models-0.0.4a2.tar.gz",
        (".attestation", ".sigstore"),
        MODELS,
        "2024-06-10T19:47:25Z",
        97323996,
    ),
    Asset(
        "pypi_attestations-0.0.19.tar.gz",
        (".publish.attestation", ".provenance"),
        ATTESTATIONS,
        "2024-12-04T23:14:01Z",
        31550401,
    ),
    Asset(
        "pypi_attestations-0.0.19.tar.gz",
        (".slsa.attestation",),
        ATTESTATIONS,
        "2024-12-04T23:13:46Z",
        31550385,
        SLSA,
    ),
    Asset(
        "gitlab_oidc_project-0.0.3.tar.gz",
        (".publish.attestation",),
        GITLAB,
        "2024-11-19T17:37:00Z",
        28041512,
    ),
    Asset(
        "circleci_sign_publish_example-0.0.1.dev137-py3-none-any.whl",
        (".publish.attestation", ".provenance"),
        CIRCLECI,
        "2026-02-05T22:59:42Z",
        798706254,
    ),
    Asset(
        "gcb_attestation_test-0.0.0.tar.gz",
        (".provenance",),
        GOOGLE,
        "2025-04-21T15:02:27Z",
        78266105,
    ),
)
STAGED = Asset(
    "rfc8785-0.1.2-py3-none-any.whl",
    (".attestation", ".publish.attestation", ".sigstore"),
    PERSON,
    "2024-06-06T18:39:05Z",
    28160930,
)


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("attested")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-binary", ":all:", "--dest", str(folder), f"pypi-attestations=={VERSION}"]
    subprocess.run(command, check=True)
    with tarfile.open(folder / f"pypi_attestations-{VERSION}.tar.gz") as sdist:
        sdist.extractall(folder, filter="data")
    return folder / f"pypi_attestations-{VERSION}" / "test" / "assets"


def verified(assets: Path, asset: Asset, ending: str, *roots: TrustRoot, of: str = "") -> Signature:
    """Verify an artifact, or the one ``of`` another name, against what signs the asset."""
    name = of or asset.artifact
    digest = hashlib.sha256((assets / name).read_bytes()).hexdigest()
    signature = SignatureFile(name + ending, (assets / f"{asset.artifact}{ending}").read_bytes())
    kind: SourceKind = "wheel" if name.endswith(".whl") else "sdist"
    found = verify(Artifact(Source(kind, name, name, digest), signatures=(signature,)), roots)
    assert isinstance(found, Signature)
    return found


def exactly(found: Signature, asset: Asset) -> None:
    assert (found.status, found.why) == ("verified", "")
    assert found.signers == (asset.signer,)
    [proof] = found.proofs
    assert (proof.signed_at, proof.log_index) == (asset.signed_at, asset.log_index)
    assert proof.predicate == asset.predicate


@pytest.mark.parametrize("asset", PUBLIC, ids=lambda asset: asset.artifact)
def test_the_signer_is_the_right_one(assets: Path, asset: Asset) -> None:
    for ending in asset.endings:
        exactly(verified(assets, asset, ending), asset)


def test_what_staging_signed_needs_the_root_of_staging(assets: Path) -> None:
    for ending in STAGED.endings:
        found = verified(assets, STAGED, ending)
        assert (found.status, found.signers) == ("unverifiable", ())
        assert "unknown trust root" in found.why
        exactly(verified(assets, STAGED, ending, STAGING), STAGED)


@pytest.mark.parametrize("asset", PUBLIC, ids=lambda asset: asset.artifact)
def test_it_signs_nothing_else_and_under_no_other_root(assets: Path, asset: Asset) -> None:
    other = next(each.artifact for each in PUBLIC if each.artifact != asset.artifact)
    for ending in asset.endings:
        assert verified(assets, asset, ending, of=other).status == "invalid"
        assert verified(assets, asset, ending, STAGING).status == "unverifiable"


def test_it_verifies_with_no_network_and_no_folder_to_write_in(
    assets: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.write_bytes(b"a file, so that nobody can write below it")
    asset = PUBLIC[0]
    artifact, bundle = assets / asset.artifact, assets / f"{asset.artifact}.sigstore"
    assert alone("ours", home, artifact, bundle) == "verified"
