"""Environments as installers leave them, made without an installer."""

from __future__ import annotations

import base64
import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path


class Venv:
    """A virtual environment; ``site`` is where it has its distributions."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.site = top / "lib" / "python3.12" / "site-packages"
        self.site.mkdir(parents=True)
        (top / "bin").mkdir()
        (top / "bin" / "python").write_text("#!/bin/sh\nexit 9\n")
        (top / "bin" / "python").chmod(0o755)
        (top / "pyvenv.cfg").write_text("home = /nowhere/bin\n")
        library(self.site, "pip", {"pip/__init__.py": "", "pip/main.py": ""})

    def install(self, wheel: Path) -> Path:
        """Unpack a wheel as pip does, and return the folder of its metadata."""
        info = ""
        listed: dict[str, bytes] = {}
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                data = archive.read(name)
                folder, _, rest = name.partition("/")
                if folder.endswith(".dist-info"):
                    info = folder
                    if rest == "RECORD":
                        continue
                if folder.endswith(".data"):
                    scheme, _, below = rest.partition("/")
                    place = {"scripts": self.top / "bin", "data": self.top, "purelib": self.site}
                    if scheme == "scripts":
                        python = f"#!{self.top / 'bin' / 'python'}".encode()
                        data = data.replace(b"#!python", python, 1)
                    target = place[scheme] / below
                    listed[os.path.relpath(target, self.site)] = data
                else:
                    target = self.site / name
                    listed[name] = data
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
        written = {f"{info}/INSTALLER": b"pip\n", f"{info}/REQUESTED": b""}
        for name, data in written.items():
            (self.site / name).write_bytes(data)
        record(self.site, info, listed | written)
        return self.site / info


def library(site: Path, name: str, files: Mapping[str, str], record_it: bool = True) -> Path:
    """Install a distribution that is no plugin."""
    info = f"{name}-1.0.dist-info"
    every = {path: text.encode() for path, text in files.items()}
    every[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    for path, data in every.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(data)
    if record_it:
        record(site, info, every)
    return site / info


def record(site: Path, info: str, files: Mapping[str, bytes]) -> None:
    """Write a RECORD of some files."""
    lines = []
    for path, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(data)}\n")
    (site / info / "RECORD").write_text("".join([*lines, f"{info}/RECORD,,\n"]))
