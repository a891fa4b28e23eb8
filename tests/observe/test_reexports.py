"""What a file uses through other files of its release is found, however many there are."""

from __future__ import annotations

import time

import pytest

from stigmem_review.code.modules import syntax_of
from stigmem_review.observe.reexports import modules_of, through
from stigmem_review.observe.uses import uses_of


def used(files: dict[str, str], place: str = "demo/plugin.py") -> set[str]:
    found = {name: uses_of(syntax_of(text.encode())) for name, text in files.items()}
    return {each.dotted for each in through(place, found[place].uses, modules_of(found))}


def chain(link: str, last: str, count: int) -> dict[str, str]:
    """Return files each of which takes what it gives from the one before it."""
    files = {f"demo/m{n}.py": link.format(n=n - 1) for n in range(1, count)}
    return {
        **files,
        "demo/m0.py": "import socket as wire\n",
        "demo/plugin.py": f"{last.format(n=count - 1)}wire.create_connection(('a', 1))\n",
    }


STAR, NAME = "from .m{n} import *\n", "from .m{n} import wire\n"


@pytest.mark.parametrize("link", [STAR, NAME])
@pytest.mark.parametrize("last", [STAR, NAME])
@pytest.mark.parametrize("count", [2, 12, 200])
def test_a_name_is_followed_through_any_number_of_files(link: str, last: str, count: int) -> None:
    assert "socket.create_connection" in used(chain(link, last, count))


def test_a_circle_of_star_imports_gives_what_any_of_them_has() -> None:
    files = {f"demo/m{n}.py": f"from .m{(n + 1) % 50} import *\n" for n in range(50)}
    files["demo/m30.py"] += "import socket as wire\n"
    files["demo/plugin.py"] = "from .m5 import *\nwire.create_connection(('a', 1))\n"
    assert "socket.create_connection" in used(files)


def test_what_another_distribution_gives_a_star_import_is_followed() -> None:
    files = {"demo/m.py": "from os import *\n", "demo/plugin.py": "from .m import *\nsystem('x')\n"}
    assert "os.system" in used(files)


def test_a_name_that_goes_on_and_on_is_computed() -> None:
    files = chain(NAME, NAME, 700)
    assert "builtins.<computed>" in used(files)


def test_star_imports_of_all_that_came_before_are_followed_soon() -> None:
    files = {
        f"demo/m{n}.py": "".join(f"from .m{m} import *\n" for m in range(max(0, n - 15), n))
        + f"X{n} = 1\nY = X{n - 1}\n"
        for n in range(1, 200)
    }
    files |= {"demo/m0.py": "import socket as wire\n"}
    files["demo/plugin.py"] = "from .m199 import *\nwire.create_connection(('a', 1))\n"
    start = time.process_time()
    assert "socket.create_connection" in used(files)
    assert time.process_time() - start < 2
