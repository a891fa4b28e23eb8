"""What of a module the node never runs."""

from __future__ import annotations

import ast

import pytest

from stigmem_review.code.names import never_run

IMPORT = "from typing import TYPE_CHECKING\n"
GUARD = "if TYPE_CHECKING:\n    import httpx\n"
IN_FUNCTION = "def f():\n    TYPE_CHECKING = 1\n"
NEVER = {
    "by name": IMPORT + GUARD,
    "by another name": "from typing import TYPE_CHECKING as T\nif T:\n    X = 1\n",
    "by the module": "import typing\nif typing.TYPE_CHECKING:\n    X = 1\n",
    "by the module's other name": "import typing as t\nif t.TYPE_CHECKING:\n    X = 1\n",
    "a script": "X = 1\nif __name__ == '__main__':\n    X = 2\n",
    "a star inside": IMPORT + "if TYPE_CHECKING:\n    from a import *\n",
    "bound in a function": IMPORT + GUARD + IN_FUNCTION,
}
RUNS = {
    "not imported": GUARD,
    "of another module": "from ours import TYPE_CHECKING\n" + GUARD,
    "of a relative module": "from .typing import TYPE_CHECKING\n" + GUARD,
    "a submodule": "import typing.io as t\nif t.TYPE_CHECKING:\n    X = 1\n",
    "the module itself": "import typing\nif typing:\n    X = 1\n",
    "bound twice": IMPORT + "TYPE_CHECKING = 1\n" + GUARD,
    "imported twice": IMPORT + "from a import TYPE_CHECKING\n" + GUARD,
    "bound in a branch": IMPORT + "if X:\n    TYPE_CHECKING = 1\n" + GUARD,
    "bound in itself": IMPORT + "if TYPE_CHECKING:\n    TYPE_CHECKING = 2\n",
    "declared by a function": IMPORT + GUARD + "def f():\n    global TYPE_CHECKING\n",
    "declared by the module": IMPORT + "global TYPE_CHECKING\nTYPE_CHECKING = 1\n" + GUARD,
    "a star": IMPORT + "from a import *\n" + GUARD,
    "a star in a branch": IMPORT + "if X:\n    from a import *\n" + GUARD,
    "a star in another guard": IMPORT + GUARD + "if ours:\n    from a import *\n",
    "another branch": IMPORT + GUARD + "else:\n    X = 2\n",
    "a name that was given": "__name__ = '__main__'\nif __name__ == '__main__':\n    X = 2\n",
    "another question": "if __name__ == 'ours':\n    X = 2\n",
}


@pytest.mark.parametrize("case", NEVER)
def test_only_type_checkers_and_scripts_run_it(case: str) -> None:
    module = ast.parse(NEVER[case])
    assert never_run(module) == {id(e) for e in module.body if isinstance(e, ast.If)}


@pytest.mark.parametrize("case", RUNS)
def test_the_node_may_run_it(case: str) -> None:
    assert not never_run(ast.parse(RUNS[case]))
