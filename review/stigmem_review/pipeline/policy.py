"""A policy looked at by itself, with everything that it names; nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator

from stigmem_review import limits
from stigmem_review.errors import ReviewError
from stigmem_review.pipeline.terms import named_file, read_decisions, read_policy
from stigmem_review.policy.file import PolicyFile, examine
from stigmem_review.policy.mistake import Mistake
from stigmem_review.rulebook import shipped_rules
from stigmem_review.rulebook.decided import rule_mistakes
from stigmem_review.rulebook.rules import Rulebook


def examined(path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what the policy in a file decides, in short, and all that is wrong with it.

    Raises ``PolicyError`` where it cannot be read as a policy at all.
    """
    file, errors = examine(named_file(path, "the policy", limits.POLICY_BYTES), path)
    if errors:
        return (), tuple(each.text for each in errors)
    try:
        book = read_policy(path).rulebook or shipped_rules()
    except ReviewError as error:  # of the policy's own rules, without which nothing is known of any
        return (), (error.text,)
    found = (*_failing(book), *_mistakes(file, book))
    wrong = [file.error(each).text for each in found]
    try:
        read_decisions(path, None, {}, None)
    except ReviewError as error:
        if error.text not in wrong:
            wrong.append(error.text)
    return tuple(_summary(file)), tuple(wrong)


def _failing(book: Rulebook) -> Iterator[Mistake]:
    """Yield the operator's own rules of which an example does not hold."""
    from stigmem_review.rulebook.examples import run_examples

    for each in book.rules:
        outcomes = run_examples(each) if each.origin else ()
        failed = [str(found.number) for found in outcomes if not found.passed]
        if failed:
            why = (
                f": of {each.id} {each.name} the examples {', '.join(failed)} do not hold; "
                "stigmem-review rules test says what they gave"
            )
            yield Mistake(("rule-folders",), why)


def _mistakes(file: PolicyFile, book: Rulebook) -> Iterator[Mistake]:
    from stigmem_review import host

    version = file.policy.node.version
    if version is not None and not host.is_known(version):
        known = host.versions()
        yield Mistake(
            ("node", "version"),
            f'is "{version}", which is not known here; known are {known[0]} to {known[-1]}',
        )
        version = None
    if file.policy.receipts.signed and not file.policy.receipt_signers:
        yield Mistake(
            ("receipts", "signed"),
            "is true, and no signer of receipts is trusted; write [[receipts.trusted]]",
        )
    yield from rule_mistakes(file, book, host.node(version))


def _summary(file: PolicyFile) -> Iterator[str]:
    policy = file.policy
    yield f"node {policy.node.version or 'the newest that is known'}, fails on {policy.fail_on}"
    known = [f"Python {policy.node.python}" if policy.node.python else "", *policy.node.platforms]
    if runs_on := ", ".join(filter(None, known)):
        yield f"the node runs on {runs_on}; pins that it cannot meet do not count"
    if policy.approvals_from == "head":
        yield "in bump, approvals count that a change brings itself"
    for name, levels in (
        ("all plugins", policy.levels),
        *((name, each.levels) for name, each in policy.plugins.items()),
    ):
        if levels:
            yield f"{name}: " + ", ".join(f"{rule} {level}" for rule, level in levels.items())
    required = {True: "required", False: "not required", None: "as the node's settings say"}
    yield (
        f"signatures {required[policy.signing.required]}; "
        f"{len(policy.signing.trusted)} trusted by name"
    )
