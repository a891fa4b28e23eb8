"""Verifies in a process of its own, which cannot reach anything and has no folders but one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_CODE = """
import hashlib, socket, sys
from pathlib import Path

def unreachable(*_):
    raise AssertionError("the network was asked for")

socket.socket.connect = socket.getaddrinfo = unreachable
artifact, bundle, *named = map(Path, sys.argv[2:])

def ours():
    from stigmem_review.model import Source
    from stigmem_review.signing.roots import read_roots
    from stigmem_review.signing.verify import verify
    from stigmem_review.sources.artifact import Artifact, SignatureFile

    digest = hashlib.sha256(artifact.read_bytes()).hexdigest()
    source = Source("wheel", artifact.name, artifact.name, digest)
    signature = SignatureFile(bundle.name, bundle.read_bytes())
    roots = read_roots(named[0].read_bytes(), named[0].name).roots if named else ()
    return verify(Artifact(source, signatures=(signature,)), roots).status

def the_library():
    from sigstore.models import Bundle
    from sigstore.verify import Verifier, policy

    verifier = Verifier.production(offline=True)
    read = Bundle.from_json(bundle.read_bytes())
    verifier.verify_artifact(artifact.read_bytes(), read, policy.UnsafeNoOp())
    return "verified"

print({"ours": ours, "the library": the_library}[sys.argv[1]]())
"""


def alone(who: str, home: Path, artifact: Path, bundle: Path, *root: Path) -> str:
    """Verify a bundle, by what is reviewed or by the library alone, and return what came of it.

    ``home`` is all there is of a user's folders. Without a root it is the public-good one.
    """
    users = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(home))
    done = subprocess.run(
        [sys.executable, "-c", _CODE, who, str(artifact), str(bundle), *map(str, root)],
        env=os.environ | users,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def said_aside(artifact: Path, bundle: Path, root: Path) -> str:
    """Return what verifying a bundle writes beside its result."""
    command = [sys.executable, "-c", _CODE, "ours", str(artifact), str(bundle), str(root)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr
