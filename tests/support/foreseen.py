"""Forecasts of plugins that a test writes out."""

from __future__ import annotations

from pathlib import Path

from stigmem_review import host
from stigmem_review.forecast import NodeForecast, NodeSettings, foresee
from stigmem_review.observe.observe import Seen
from stigmem_review.pipeline.reading import Reader
from stigmem_review.sources.request import open_source, understand

ACCEPTING = NodeSettings("off")
"""The settings of a node that takes unsigned plugins."""

_READER = Reader(Seen())


def forecast(
    *sources: Path, version: str | None = None, settings: NodeSettings = ACCEPTING
) -> NodeForecast:
    """Return what one node release does with some sources, all of them on one node."""
    node = host.node(version)
    read = [_READER.read(open_source(understand(str(each))), node).release for each in sources]
    return foresee(read, node, settings)
