"""The language of rules: Python's expressions, and messages with Jinja2's ``{{ }}`` and ``if``.

People know both from elsewhere. What is allowed in an expression is for whoever checks the rule to
say; here is only what is an expression and what is a message.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import msgspec

_TAG = re.compile(r"\{\{(?P<value>.*?)\}\}|\{%\s*(?P<word>\w*)(?P<test>.*?)%\}", re.DOTALL)
_OPENS = re.compile(r"\{[{%#]")


class If(msgspec.Struct, frozen=True):
    """A part of a message that depends on something, and what stands there otherwise."""

    test: ast.expr
    then: Template
    otherwise: Template = ()


Template = tuple[str | ast.expr | If, ...]
"""Words of ours, values, and parts that depend on something, in order."""


def expression(text: str) -> ast.expr:
    """Return an expression. Raises ``ValueError`` for what is none."""
    try:
        return ast.parse(f"(\n{text}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"{text.strip() or 'nothing'} is not an expression") from None


def template(text: str) -> Template:
    """Return a message. Raises ``ValueError`` for what is none."""
    parts, word, _ = _parts(_tags(text))
    if word:
        raise ValueError(f"{word} stands outside an if")
    return parts


def _tags(text: str) -> Iterator[str | re.Match[str]]:
    """Yield words and tags in order."""
    end = 0
    for found in _TAG.finditer(text):
        yield text[end : found.start()]
        yield found
        end = found.end()
    yield text[end:]


def _parts(tags: Iterator[str | re.Match[str]]) -> tuple[Template, str, str]:
    """Return what stands before the tag that ends it, and that tag; none at the end."""
    parts: list[str | ast.expr | If] = []
    for each in tags:
        if isinstance(each, str):
            if odd := _OPENS.search(each):
                raise ValueError(f"{odd[0]} opens what is not allowed here")
            parts += [each] if each else []
        elif each["value"] is not None:
            parts.append(expression(each["value"]))
        elif each["word"] == "if":
            parts.append(_if(each["test"], tags))
        elif each["word"] in ("elif", "else", "endif"):
            return tuple(parts), each["word"], each["test"]
        else:
            raise ValueError(f"{{% {each['word']} is not allowed here")
    return tuple(parts), "", ""


def _if(test: str, tags: Iterator[str | re.Match[str]]) -> If:
    then, word, rest = _parts(tags)
    otherwise: Template = ()
    if word == "elif":
        return If(expression(test), then, (_if(rest, tags),))
    if word == "else":
        otherwise, word, rest = _parts(tags)
    if word != "endif" or rest.strip():
        raise ValueError("an if has no endif")
    return If(expression(test), then, otherwise)
