"""Which requirement provides which top-level module, as far as that can be told by names.

Nobody but an index can say what a distribution installs, and what it requires in turn. So:

- of the distributions that the node and its SDK need, what they install and require is known here;
- of any other, its name has to hold the module's (``pyyaml`` for ``yaml``), or stand in the list
  of those whose names differ;
- whatever else a module is called, a requirement that is not known here may bring it along.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator

import msgspec

from stigmem_review.names import canonicalize_name

_KNOWN: dict[str, tuple[str, str]] = {
    # A distribution, with its extras: the modules it installs, and what it requires.
    "annotated-doc": ("annotated_doc", ""),
    "annotated-types": ("annotated_types", ""),
    "anyio": ("anyio exceptiongroup sniffio", "idna typing-extensions"),
    "argon2-cffi": ("argon2 _argon2_cffi_bindings", "cffi"),
    "canonicaljson": ("canonicaljson frozendict simplejson", ""),
    "certifi": ("certifi", ""),
    "cffi": ("cffi _cffi_backend pycparser", ""),
    "click": ("click colorama", ""),
    "cryptography": ("cryptography", "cffi typing-extensions"),
    "fastapi": (
        "fastapi",
        "annotated-doc anyio opentelemetry-api pydantic starlette typing-extensions",
    ),
    "h11": ("h11", ""),
    "httpcore": ("httpcore", "anyio certifi h11"),
    "httpx": ("httpx", "anyio certifi httpcore idna"),
    "idna": ("idna", ""),
    "opentelemetry-api": ("opentelemetry deprecated importlib_metadata wrapt zipp", ""),
    "packaging": ("packaging", ""),
    "pydantic": ("pydantic", "annotated-types pydantic-core typing-extensions typing-inspection"),
    "pydantic-core": ("pydantic_core", "typing-extensions"),
    "pydantic-settings": ("pydantic_settings", "pydantic python-dotenv typing-inspection"),
    "pyjwt": ("jwt", "typing-extensions"),
    "pyjwt[crypto]": ("", "cryptography pyjwt"),
    "python-dotenv": ("dotenv", ""),
    "pyyaml": ("yaml _yaml", ""),
    "starlette": ("starlette", "anyio opentelemetry-api typing-extensions"),
    "stigmem-node": ("", ""),  # what it brings is asked of the node release itself
    "stigmem-py": ("stigmem", "httpx pydantic"),
    "typing-extensions": ("typing_extensions", ""),
    "typing-inspection": ("typing_inspection", "typing-extensions"),
    "uvicorn": ("uvicorn", "click h11 typing-extensions"),
    "uvicorn[standard]": (
        "httptools uvloop watchfiles websockets",
        "anyio python-dotenv pyyaml uvicorn",
    ),
}

_OTHERWISE_NAMED = {
    "apiclient": "google-api-python-client",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-",
    "fitz": "pymupdf",
    "gi": "pygobject",
    "google": "protobuf",
    "googleapiclient": "google-api-python-client",
    "mpl_toolkits": "matplotlib",
    "MySQLdb": "mysqlclient",
    "PIL": "pillow",
    "pylab": "matplotlib",
    "pythoncom": "pywin32",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "tlz": "toolz",
    "vertexai": "google-cloud-aiplatform",
    "win32api": "pywin32",
    "win32con": "pywin32",
}
"""Modules whose distribution has another name, and how that starts."""

ALWAYS = frozenset({"__main__", "_distutils_hack", "pip", "pkg_resources", "setuptools", "wheel"})
"""Modules that Python or those who made the environment may provide."""


class Provided(msgspec.Struct, frozen=True):
    """What some requirements provide.

    ``modules`` are certain; ``strangers`` are the distributions of which only the name is known.
    """

    modules: frozenset[str]
    strangers: tuple[str, ...]

    def names(self, module: str) -> bool:
        """Say whether a requirement provides a top-level module, as its name has it."""
        if module in self.modules:
            return True
        other = _OTHERWISE_NAMED.get(module, "?")
        letters = _letters(module)
        return any(each.startswith(other) or letters in _letters(each) for each in self.strangers)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


@functools.cache
def provided(distributions: tuple[str, ...]) -> Provided:
    """Return what distributions provide, each given by its normalised name, with an extra."""
    modules: set[str] = set()
    strangers: set[str] = set()
    for name in distributions:
        if name in _KNOWN:
            modules |= _brought(name)
        else:
            strangers.add(name)
    return Provided(frozenset(modules), tuple(sorted(strangers)))


def without_extras(requirements: Iterable[str]) -> tuple[str, ...]:
    """Return the requirements that are installed with a release whatever is asked for."""
    return tuple(each for each in requirements if "extra ==" not in each.partition(";")[2])


@functools.cache
def distributions(requirements: tuple[str, ...]) -> tuple[str, ...]:
    """Return the name of each requirement, whatever its version and conditions, with its extras.

    What comes from a URL has none.
    """
    return tuple(_names(requirements))


def _names(requirements: Iterable[str]) -> Iterator[str]:
    from packaging.requirements import InvalidRequirement, Requirement

    for text in requirements:
        try:
            parsed = Requirement(text)
        except InvalidRequirement:
            yield text
            continue
        name = str(canonicalize_name(parsed.name))
        if parsed.url:
            yield f"{name} @"
        elif parsed.extras:
            yield from (f"{name}[{extra.lower()}]" for extra in sorted(parsed.extras))
        else:
            yield name


def _brought(name: str) -> set[str]:
    """Return the modules of a distribution that is known, and of what it requires."""
    modules, requires = _KNOWN[name]
    return set(modules.split()).union(*map(_brought, requires.split()))
