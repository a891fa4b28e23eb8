"""The root that signatures are held against: ours, or one that a user names; never a cached one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sigstore._internal.tuf import DEFAULT_TUF_URL, TrustUpdater

from stigmem_review.errors import SigningError
from stigmem_review.signing.roots import parse_root, read_roots, shipped_root
from support import sigstore as mini
from support.alone import alone, said_aside
from support.archives import WHEEL
from support.signed import BUNDLE, DATA, checked
from support.sigstore import changed, instance, without

ADA = mini.person("ada@acme.example")


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


# Roots that a user names


@pytest.mark.parametrize("form", ["root", "config"])
def test_a_root_is_read_in_either_format(form: str) -> None:
    data = instance().root() if form == "root" else instance().config()
    [root] = read_roots(data, "private.json").roots
    found = checked((BUNDLE, instance().sign(DATA, ADA)), root=root)
    assert (found.status, found.why) == ("verified", "")
    assert found.root == "private.json"


def test_a_root_counts_alone() -> None:
    """A root that is named takes the place of ours, and is not added to it."""
    ours, theirs = parse_root(shipped_root()), json.loads(instance().root())
    assert all(theirs["tlogs"][0]["baseUrl"] != log.base_url for log in ours.tlogs)
    found = checked((BUNDLE, instance().sign(DATA, ADA)), root=shipped_root())
    assert (found.status, found.signers) == ("unverifiable", ())
    assert "unknown trust root" in found.why
    assert "--trust-root" in found.do


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "not JSON"),
    "not JSON": (lambda root: root[:-1], "not JSON"),
    "the same key twice": (lambda root: b'{"tlogs": [], ' + root[1:], "twice"),
    "neither format": (lambda _: b'{"mediaType": "application/json"}', "neither"),
    "a list": (lambda root: b"[" + root + b"]", "neither"),
    "a bundle": (lambda _: instance().sign(DATA, ADA), "neither"),
    "a configuration without a root": (
        lambda _: without(instance().config(), "trustedRoot"),
        "neither",
    ),
    "no authority": (lambda root: changed(root, "certificateAuthorities", []), "authority"),
    "no log": (lambda root: without(root, "tlogs"), "log"),
    "a key that is none": (lambda root: changed(root, "tlogs/0/publicKey", 1), "well-formed"),
    "a period without a time zone": (
        lambda root: changed(
            root, "timestampAuthorities/0/validFor", {"start": "2024-01-01T00:00:00"}
        ),
        "offset",
    ),
    "a log whose period has no start": (
        lambda root: changed(root, "tlogs/0/publicKey/validFor", {}),
        "start",
    ),
    "a log of certificates whose period has no start": (
        lambda root: changed(root, "ctlogs/0/publicKey/validFor", {"end": "2030-01-01T00:00:00Z"}),
        "start",
    ),
    "a certificate that is none": (
        lambda root: changed(
            root, "certificateAuthorities/0/certChain/certificates/0/rawBytes", "AAAA"
        ),
        "asn1",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_root_in_error_is_named_with_what_to_do(what: str) -> None:
    make, why = BROKEN[what]
    with pytest.raises(SigningError) as raised:
        read_roots(make(instance().root()), "private.json")
    message = str(raised.value)
    assert "private.json" in message
    assert re.search(why, message, re.IGNORECASE), message
    assert "; " in message
    assert "\n" not in message
    assert raised.value.exit_code == 2


# Ours


def test_our_root_is_named_with_its_day() -> None:
    name = shipped_root().name
    assert re.fullmatch(r"the public-good instance, as of 20\d\d-\d\d-\d\d", name)


def test_our_root_is_one() -> None:
    root = parse_root(shipped_root())
    assert root.ctlogs
    assert len({log.log_id.key_id for log in root.tlogs}) == len(root.tlogs) > 0


def test_a_folder_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    wheel = written(tmp_path, WHEEL, DATA)
    bundle = written(tmp_path, BUNDLE, instance().sign(DATA, ADA))
    root = written(tmp_path, "private.json", instance().root())
    home = written(tmp_path, "home", b"a file, so that nobody can write below it")
    assert alone("ours", home, wheel, bundle, root) == "verified"
    assert alone("ours", home, wheel, bundle) == "unverifiable"
    assert "NotADirectoryError" in alone("the library", home, wheel, bundle)


def test_a_poisoned_cache_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = written(tmp_path, WHEEL, DATA)
    bundle = written(tmp_path, BUNDLE, instance().sign(DATA, ADA))
    home = tmp_path / "home"
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(home))
    cached = Path(TrustUpdater(DEFAULT_TUF_URL, offline=True).get_trusted_root_path())
    assert cached.is_relative_to(home)
    cached.write_bytes(instance().root())
    assert alone("the library", home, wheel, bundle) == "verified"
    assert alone("ours", home, wheel, bundle) == "unverifiable"


def test_the_libraries_do_not_speak_for_themselves(tmp_path: Path) -> None:
    """A certificate with a negative serial number, of which one of them warns."""

    def negative(certificate: str) -> str:
        raw = bytearray(mini.raw64(certificate))
        version = b"\xa0\x03\x02\x01\x02"
        raw[raw.index(version) + len(version) + 2] |= 0x80
        return mini.text64(bytes(raw))

    path = "verificationMaterial/certificate/rawBytes"
    made = changed(instance().sign(DATA, ADA), path, negative)
    files = (
        written(tmp_path, WHEEL, DATA),
        written(tmp_path, BUNDLE, made),
        written(tmp_path, "private.json", instance().root()),
    )
    assert said_aside(*files) == ""
