"""JUnit's XML, as build servers read it: one test case for each plugin.

A case fails where its plugin needs a decision, and is an error where it could not be reviewed.
Nothing stands in it but what the schema has that Jenkins holds such files against:
https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as Xml

from stigmem_review.document.check import CheckReport
from stigmem_review.report.findings import level_says
from stigmem_review.report.subjects import AnyReport, Placed, Subject, only_warns, subjects


def render_junit(report: AnyReport) -> str:
    """Return a report as one suite of tests."""
    cases = [_case(each, fails=not only_warns(report)) for each in subjects(report)]
    if isinstance(report, CheckReport):
        cases += map(_skipped, report.skipped)
    suite = Xml.Element("testsuite", _counts(cases))
    suite.extend(cases)
    counts = _counts(cases)
    del counts["skipped"]  # one that only a suite has
    suites = Xml.Element("testsuites", counts)
    suites.append(suite)
    Xml.indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(suites, "unicode")}\n'


def _counts(cases: list[Xml.Element]) -> dict[str, str]:
    kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    numbers = {
        name: sum(case.find(tag) is not None for case in cases) for name, tag in kinds.items()
    }
    return {
        "name": "stigmem-review",
        "tests": str(len(cases)),
        **{name: str(number) for name, number in numbers.items()},
    }


def _case(subject: Subject, *, fails: bool) -> Xml.Element:
    case = Xml.Element("testcase", {"classname": "stigmem-review", "name": subject.title})
    said = "\n".join(_lines(subject))
    if subject.state == "clear" or not fails:
        if said:
            Xml.SubElement(case, "system-out").text = said
        return case
    tag = "error" if subject.state == "incomplete" else "failure"
    problem = Xml.SubElement(case, tag, {"message": subject.sentence, "type": subject.state})
    problem.text = said
    return case


def _skipped(asked: str) -> Xml.Element:
    case = Xml.Element("testcase", {"classname": "stigmem-review", "name": asked})
    Xml.SubElement(case, "skipped", {"message": "not a Stigmem plugin, not checked"})
    return case


def _lines(subject: Subject) -> Iterator[str]:
    for gap in subject.gaps:
        yield subject.unreviewed(gap)
    for each in subject.findings:
        yield from _finding(each)
    if subject.at is not None and (subject.gaps or subject.findings):
        yield f"pinned at {subject.at}"


def _finding(each: Placed) -> Iterator[str]:
    finding = each.finding
    yield f"{level_says(finding)}: {finding.rule} {finding.name}: {each.says}"
    if not finding.approval:
        yield f"    {finding.do}"
        yield from (f"    {line}" for line in finding.write)
