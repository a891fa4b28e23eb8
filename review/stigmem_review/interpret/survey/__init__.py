"""A survey of code: what each piece calls, whoever runs it, and in which phase.

The interpreter runs what is certain; this looks once at everything, also at what nothing calls or
what could not be followed. A name stands for all it is ever bound to: for what the interpreter
left in its modules, and for what is assigned to it wherever; only what leads to code, to a text or
to what others provide is kept of it. Each piece of code is looked at once, and again only where
what it reads has become more.
"""

from __future__ import annotations

from stigmem_review.interpret.survey.expressions import Survey

__all__ = ["Survey"]
