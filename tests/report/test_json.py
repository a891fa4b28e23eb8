"""The report as JSON validates against the schema that the tool prints."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from stigmem_review import review
from stigmem_review.report import render
from stigmem_review.report.json import schema as schema_of

CASES = Path(__file__).parents[1] / "cases"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(json.dumps(schema_of("report")))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("story", sorted(path.name for path in CASES.iterdir() if path.is_dir()))
def test_every_story_validates(
    story: str, validator: jsonschema.Draft202012Validator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CASES / story)
    case = tomllib.loads(Path("case.toml").read_text("utf-8"))
    document = json.loads(render(review(case["old"], case["new"]), "json"))
    validator.validate(document)
    assert document["format"] == 1


def test_an_incomplete_review_validates(
    validator: jsonschema.Draft202012Validator, tmp_path: Path
) -> None:
    broken = tmp_path / "demo-1.0-py3-none-any.whl"
    broken.write_bytes(b"PK")
    document = json.loads(render(review(str(broken), "none"), "json"))
    validator.validate(document)
    assert document["verdict"]["exit_code"] == 3


def test_the_schema_refuses_what_is_not_a_report(
    validator: jsonschema.Draft202012Validator,
) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"format": 1})
