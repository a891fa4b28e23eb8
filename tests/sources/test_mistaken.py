"""What is said of an argument that names nothing: what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from stigmem_review.errors import UsageError
from stigmem_review.sources.request import understand
from support.plugins import plugin, write_wheel


def told(asked: str) -> str:
    with pytest.raises(UsageError) as error:
        understand(asked)
    return str(error.value)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("None", "did you mean none,"),
        ("-", "did you mean none,"),
        ("acme-ledger=1.0", "did you mean acme-ledger==1.0?"),
        ("acme-ledger>=1.0", "did you mean acme-ledger==1.0?"),
        ("acme_ledger@v1.0a1", "did you mean acme_ledger==1.0a1?"),
        ("acme.ledger 1.0", "did you mean acme.ledger==1.0?"),
        ("pkg:pypi/acme-ledger@1.0?x=y", "did you mean acme-ledger==1.0?"),
        ("acme-ledger", "is written acme-ledger==VERSION"),
        ("https://acme.example/a-1.0-py3-none-any.whl", "download the file and name it"),
        ("https://acme.example/ledger.git", "clone the repository"),
        ("git+https://acme.example/ledger", "clone the repository"),
        ("file:///srv/a-1.0-py3-none-any.whl", "did you mean /srv/a-1.0-py3-none-any.whl?"),
        ("!", "a release on the package index is written name==version"),
    ],
)
def test_a_source_that_is_written_wrong(
    asked: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert meant in told(asked)


def test_a_file_that_is_nearly_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wheel = write_wheel(tmp_path, plugin())
    (tmp_path / "releases" / "old").mkdir(parents=True)
    for asked, meant in (
        (wheel.name.replace("1", "2", 1), wheel.name),
        (str(wheel)[:-5] + ".whl", str(wheel)),
        ("release/old", "releases/old"),
        ("./releases/odl", "releases/old"),
    ):
        assert f"did you mean {meant}?" in told(asked), asked
    for asked in ("something-else.whl", "release/gone", "releases/new/folder"):
        assert "did you mean" not in told(asked), asked


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("plug/pyproject.toml", "did you mean the project, plug?"),
        ("setup.py", "did you mean the project, .?"),
        ("requirements.txt", "stigmem-review node --requirements requirements.txt"),
        ("uv.lock", "stigmem-review bump"),
        ("plug.zip", "pass a wheel (.whl)"),
    ],
)
def test_a_file_of_another_kind(
    name: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plug").mkdir()
    Path(name).write_text("")
    assert meant in told(name)
