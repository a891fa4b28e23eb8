"""The miniature Sigstore of these tests: the unmodified verifier accepts all that it signs."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pypi_attestations
import pytest
from sigstore.models import Bundle, ClientTrustConfig
from sigstore.verify import Verifier, policy

from support import sigstore as mini

WHEEL = "demo-1.0-py3-none-any.whl"
DATA = b"the bytes of a wheel"
WAYS: dict[str, dict[str, Any]] = {
    "promised": {},
    "promised and stamped": {"stamped": True},
    "stamped": {"stamped": True, "promise": False},
    "second log": {"rekor": 2},
}
IDENTITIES = {
    "person": mini.person("ada@acme.example"),
    "workflow": mini.workflow(),
    "pipeline": mini.pipeline(),
}


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    config = ClientTrustConfig.from_json(mini.instance().config().decode())
    return Verifier(trusted_root=config.trusted_root)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("who", IDENTITIES)
def test_the_library_verifies_what_it_signs(verifier: Verifier, who: str, way: str) -> None:
    identity, how = IDENTITIES[who], WAYS[way]
    expected = policy.Identity(identity=identity.names[0].value, issuer=identity.claims[8])
    bundle = Bundle.from_json(mini.instance().sign(DATA, identity, **how))
    verifier.verify_artifact(DATA, bundle, expected)
    stated = Bundle.from_json(mini.instance().sign_statement(WHEEL, DATA, identity, **how))
    kind, payload = verifier.verify_dsse(stated, expected)
    assert kind == mini.PAYLOAD_TYPE
    digest = hashlib.sha256(DATA).hexdigest()
    assert json.loads(payload)["subject"] == [{"name": WHEEL, "digest": {"sha256": digest}}]


@pytest.mark.parametrize("who", IDENTITIES)
def test_the_library_verifies_what_it_attests(verifier: Verifier, who: str) -> None:
    identity = IDENTITIES[who]
    given = mini.instance().provenance(WHEEL, DATA, identity)
    [group] = pypi_attestations.Provenance.model_validate_json(given).attestation_bundles
    [attestation] = group.attestations
    _, payload = verifier.verify_dsse(attestation.to_bundle(), policy.UnsafeNoOp())
    assert json.loads(payload)["predicateType"] == mini.PUBLISH
    if who != "person":
        publisher: Any = group.publisher
        publisher._as_policy().verify(attestation.to_bundle().signing_certificate)
