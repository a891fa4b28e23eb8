"""The report as JSON validates against the schema that the tool prints."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from stigmem_review import bump, check, review
from stigmem_review.report import render
from stigmem_review.report.json import Kind
from stigmem_review.report.json import schema as schema_of
from support.plugins import plugin, write_project, write_wheel
from support.repository import Deployment
from support.stories import STORIES, report_of


def validator_of(kind: Kind) -> jsonschema.Draft202012Validator:
    schema = json.loads(json.dumps(schema_of(kind)))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    return validator_of("report")


@pytest.mark.parametrize("story", STORIES)
def test_every_story_validates(
    story: str, validator: jsonschema.Draft202012Validator, tmp_path: Path
) -> None:
    document = json.loads(render(report_of(story, tmp_path), "json"))
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


def test_a_check_validates(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "demo", plugin(capabilities=("facts.reed",)))
    report = check(str(folder), str(tmp_path))
    validator_of("check").validate(json.loads(render(report, "json")))


def test_a_change_of_pins_validates(tmp_path: Path) -> None:
    write_wheel(tmp_path / "wheels", plugin())
    deployment = Deployment(tmp_path / "deployment")
    base = deployment.commit({"requirements.txt": "nothing here\n--index-url x\n"})
    deployment.commit({"requirements.txt": "demo-plugin==1.0.0\nother==1\nopen\n"})
    report = bump(base, repository=str(deployment.folder), artifacts=str(tmp_path / "wheels"))
    assert report.bumps
    assert report.gaps
    assert report.findings
    validator_of("bump").validate(json.loads(render(report, "json")))
