"""What each build backend would install from a source tree, told from its configuration alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stigmem_review.manifest.backends import flit, hatchling, pdm, poetry, setuptools, uv
from stigmem_review.manifest.backends.tree import SourceTree
from stigmem_review.manifest.config import Config
from stigmem_review.sources.artifact import Layout
from stigmem_review.text import shorten

_BACKENDS: Mapping[str, Callable[[SourceTree, Config], Layout]] = {
    "flit.buildapi": flit.layout,
    "flit_core.buildapi": flit.layout,
    "hatchling.build": hatchling.layout,
    "pdm.backend": pdm.layout,
    "poetry.core.masonry.api": poetry.layout,
    "poetry.masonry.api": poetry.layout,
    "setuptools.build_meta": setuptools.layout,
    "setuptools.build_meta:__legacy__": setuptools.layout,
    "uv_build": uv.layout,
}


def layout_of(tree: SourceTree, config: Config) -> Layout:
    """Return where a source tree would be installed, or why that is not known."""
    backend = _BACKENDS.get(config.backend)
    if backend is None:
        return Layout(why=f"what is built is up to {shorten(config.backend, 60)}")
    return backend(tree, config)
