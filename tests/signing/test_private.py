"""What the room takes of the library's own insides stands in one module, and is still there."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from stigmem_review import signing
from stigmem_review.signing import private
from support import sigstore as mini
from support.signed import ATTESTATION, BUNDLE, DATA, checked
from support.sigstore import instance

ROOM = Path(signing.__file__).parent
PRIVATE = re.compile(
    r"sigstore(?:_models)?\._|pypi_attestations\._|\._[a-z]\w*\.|\b[A-Z]\w*\._[A-Z]"
)


def code_of(path: Path) -> str:
    """Return the lines of a module without what is only said in it."""
    return re.sub(r'"""(?s:.)*?"""|#.*', "", path.read_text("utf-8")).replace("self._", "self.")


def test_one_module_alone_reaches_into_the_library() -> None:
    reaching = {each.name for each in ROOM.glob("*.py") if PRIVATE.search(code_of(each))}
    assert reaching == {"private.py"}


NAMES = sorted(
    (module, name.strip())
    for module, names in re.findall(
        r"from (sigstore\._[\w.]+) import ([\w, ]+)", code_of(Path(private.__file__))
    )
    for name in names.split(",")
)


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_the_library_still_has_it(module: str, name: str) -> None:
    assert hasattr(import_module(module), name)


def test_the_names_were_found() -> None:
    assert len(NAMES) >= 5


@pytest.mark.parametrize("name", ["_establish_time"])
def test_a_verifier_still_has_its_method(name: str) -> None:
    from sigstore.verify import Verifier

    assert callable(getattr(Verifier, name))


def test_all_of_it_still_says_what_it_did() -> None:
    """A bundle and an attestation go through every one of these."""
    ada = mini.person("ada@acme.example")
    for name, data in (
        (BUNDLE, instance().sign(DATA, ada)),
        (ATTESTATION, instance().attest(mini_wheel(), DATA, ada)),
    ):
        found = checked((name, data))
        assert (found.status, found.why) == ("verified", "")
        [proof] = found.proofs
        assert (proof.signed_at, proof.log_index) == ("2025-03-04T12:00:00Z", mini.LOG_INDEX)


def mini_wheel() -> str:
    return ATTESTATION.removesuffix(".publish.attestation")
