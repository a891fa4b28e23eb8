"""What pip is configured for, from its environment variables and its own answer."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from stigmem_review.errors import SourceError
from stigmem_review.sources import pip_config

needs_pip = pytest.mark.skipif(find_spec("pip") is None, reason="this interpreter has no pip")


@pytest.fixture
def no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@pytest.mark.usefixtures("no_files")
class TestEnvironment:
    def test_nothing_is_set(self) -> None:
        assert pip_config.read() == pip_config.PipConfig()

    def test_everything_is_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in {
            "PIP_INDEX_URL": "https://one.invalid/simple",
            "PIP_EXTRA_INDEX_URL": "https://two.invalid/simple\nhttps://three.invalid",
            "PIP_FIND_LINKS": "/wheels ~/more",
            "PIP_CERT": "/ca.pem",
            "PIP_CLIENT_CERT": "/me.pem",
            "PIP_PROXY": "http://proxy.invalid:3128",
            "PIP_TRUSTED_HOST": "a.invalid b.invalid:8443",
            "PIP_DEFAULT_TIMEOUT": "7",
            "PIP_NO_INDEX": "true",
        }.items():
            monkeypatch.setenv(name, value)
        assert pip_config.read() == pip_config.PipConfig(
            index_url="https://one.invalid/simple",
            extra_index_urls=("https://two.invalid/simple", "https://three.invalid"),
            no_index=True,
            find_links=("/wheels", "~/more"),
            cert="/ca.pem",
            client_cert="/me.pem",
            proxy="http://proxy.invalid:3128",
            trusted_hosts=("a.invalid", "b.invalid:8443"),
            timeout=7,
        )

    def test_an_empty_value_counts_as_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PIP_INDEX_URL", "")
        monkeypatch.setenv("PIP_NO_INDEX", "0")
        assert pip_config.read() == pip_config.PipConfig()

    @pytest.mark.parametrize("value", ["600", "0", "-1", "nan", "soon"])
    def test_no_timeout_is_longer_than_ours(
        self, monkeypatch: pytest.MonkeyPatch, value: str
    ) -> None:
        monkeypatch.setenv("PIP_TIMEOUT", value)
        assert pip_config.read().timeout == 30

    def test_what_is_neither_yes_nor_no(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PIP_NO_INDEX", "perhaps")
        with pytest.raises(SourceError, match="no-index is neither yes nor no"):
            pip_config.read()

    def test_the_representation_has_no_credentials(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_PROXY"):
            monkeypatch.setenv(name, "https://me:hunter2@host.invalid")
        assert "hunter2" not in repr(pip_config.read())


def configure(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("PIP_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))


@needs_pip
@pytest.mark.skipif(sys.platform != "linux", reason="pip's files lie elsewhere")
class TestFiles:
    def test_the_later_file_wins_as_it_does_for_pip(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        configure(tmp_path, monkeypatch)
        # pip lists these two sorted by name, in which the one that is overridden comes last.
        for place, text in {
            ".pip": "[global]\nindex-url = https://legacy.invalid/simple\n",
            ".config/pip": "[global]\nindex-url = https://user.invalid/simple\n"
            "extra-index-url =\n  https://two.invalid\n  https://three.invalid\n",
        }.items():
            (tmp_path / place).mkdir(parents=True)
            (tmp_path / place / "pip.conf").write_text(text)
        config = pip_config.read()
        assert config.index_url == "https://user.invalid/simple"
        assert config.extra_index_urls == ("https://two.invalid", "https://three.invalid")

    def test_sections_and_environment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        configure(tmp_path, monkeypatch)
        file = tmp_path / "some.conf"
        file.write_text(
            "[install]\nindex-url = https://install.invalid/\nfind-links = /a\n"
            "[global]\nindex-url = https://global.invalid/\ntrusted-host = h.invalid\n"
            "quiet = 3\n[list]\nindex-url = https://list.invalid/\n"
        )
        monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
        monkeypatch.setenv("PIP_FIND_LINKS", "/b")
        monkeypatch.setenv("PIP_QUIET", "3")
        config = pip_config.read()
        assert config.index_url == "https://install.invalid/"
        assert config.find_links == ("/b",)
        assert config.trusted_hosts == ("h.invalid",)

    def test_a_file_pip_cannot_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        configure(tmp_path, monkeypatch)
        file = tmp_path / "broken.conf"
        file.write_text("no section: hunter2\n")
        monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
        with pytest.raises(SourceError, match="pip cannot read its configuration") as caught:
            pip_config.read()
        assert "hunter2" not in str(caught.value)

    def test_pip_runs_outside_the_working_directory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        configure(tmp_path, monkeypatch)
        (tmp_path / "pip.py").write_text("open('executed', 'w')\n")
        (tmp_path / "pip").write_text("#!/bin/sh\ntouch executed\n")
        (tmp_path / "pip").chmod(0o755)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PYTHONPATH", ".")
        monkeypatch.setenv("PATH", f".{os.pathsep}{os.environ['PATH']}")
        pip_config.read()
        assert not (tmp_path / "executed").exists()


class TestNoPip:
    def test_only_the_environment_counts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pip_config, "_pips", list)
        monkeypatch.delenv("PIP_CONFIG_FILE", raising=False)
        monkeypatch.setenv("PIP_INDEX_URL", "https://here.invalid/")
        assert pip_config.read().index_url == "https://here.invalid/"

    def test_a_file_that_nothing_can_read_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pip_config, "_pips", list)
        monkeypatch.setenv("PIP_CONFIG_FILE", "/somewhere/pip.conf")
        with pytest.raises(SourceError, match="PIP_CONFIG_FILE is set, but there is no pip"):
            pip_config.read()

    def test_the_next_pip_is_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PIP_CONFIG_FILE", raising=False)
        monkeypatch.delenv("PIP_CERT", raising=False)
        monkeypatch.setattr(pip_config, "_pips", lambda: [["first"], ["second"]])
        monkeypatch.setattr(
            pip_config,
            "_ask",
            lambda pip, *_: None if pip == ["first"] else "global.cert='/second.pem'\n",
        )
        assert pip_config.read().cert == "/second.pem"


class TestAnswers:
    def test_what_cannot_be_read_is_an_error(self) -> None:
        with pytest.raises(SourceError, match=r"global\.cert cannot be read"):
            pip_config._parse_list("global.cert=hunter2(\n")

    def test_what_cannot_be_settled_is_an_error(self) -> None:
        values = {"global.extra-index-url": ["https://a.invalid", "https://b.invalid"]}
        with pytest.raises(SourceError, match="set PIP_EXTRA_INDEX_URL instead"):
            pip_config._settle(set(values), values, "user:\n  /x, exists: True\n")

    @pytest.mark.parametrize("variants", [("env", "user"), ("user", "env")])
    def test_the_order_of_the_files(self, variants: tuple[str, str]) -> None:
        values = {"global.cert": ["/env", "/user"]}
        debugged = "".join(
            f"{variant}:\n  /{variant}/pip.conf, exists: True\n    global.cert: /{variant}\n"
            for variant in variants
        )
        pip_config._settle({"global.cert"}, values, debugged)
        assert values["global.cert"][-1] == "/env"
