"""Where the factory of a plugin stops the node."""

from __future__ import annotations

from pathlib import Path

from stigmem_review import review
from support.plugins import plugin, write_wheel

SETTINGS = """\
import os


class Settings:
    def __init__(self, limit, key):
        if not key:
            raise ValueError("a key is needed")
        self.limit = limit


def load():
    try:
        again = int(os.environ.get("DEMO_AGAIN"))
    except ValueError:
        again = 0
    return Settings(int(os.environ.get("DEMO_LIMIT", "1")), os.environ.get("DEMO_KEY"))


def unused():
    raise RuntimeError
"""
HANDLERS = """\
def audit(ctx, **_):
    raise LookupError("only when the hook fires")
"""


def files(settings: str) -> dict[str, str]:
    source = plugin(settings=settings, handlers=HANDLERS)
    start = "def plugin_manifest():\n"
    manifest = source["demo_plugin/manifest.py"]
    source["demo_plugin/manifest.py"] = "from .settings import load\n" + manifest.replace(
        start, f"{start}    load()\n"
    )
    return source


def said(old: str | None, new: str, folder: Path) -> list[str]:
    before = "none" if old is None else str(write_wheel(folder / "old", files(old)))
    report = review(before, str(write_wheel(folder / "new", files(new))))
    found = [each for each in report.findings if each.rule == "SPR806"]
    return sorted(f"{each.item} at {each.at}" for each in found)


def test_what_it_calls_and_under_which_condition(tmp_path: Path) -> None:
    assert said(None, SETTINGS, tmp_path) == [
        "raises ValueError where not key at demo_plugin/settings.py:7",
        "raises ValueError where os.environ.get('DEMO_LIMIT', '1') is no number "
        "at demo_plugin/settings.py:16",
    ]


def test_only_what_is_new(tmp_path: Path) -> None:
    assert said(SETTINGS, SETTINGS + "\n# nothing else\n", tmp_path) == []
    worse = SETTINGS.replace("if not key:", "if not key or limit > 9:")
    assert said(SETTINGS, worse, tmp_path) == [
        "raises ValueError where not key or limit > 9 at demo_plugin/settings.py:7"
    ]
