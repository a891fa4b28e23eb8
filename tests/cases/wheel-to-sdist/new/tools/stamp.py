from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Stamp(BuildHookInterface):
    def initialize(self, version, build_data):
        Path("src/acme_ledger/built.txt").write_text(version, encoding="utf-8")
