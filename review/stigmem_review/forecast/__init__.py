"""What a node would do with plugins while it starts, and why: pure functions over what was read."""

from stigmem_review.forecast.model import (
    NodeForecast,
    NodeSettings,
    Outcome,
    PluginForecast,
    node_settings,
)
from stigmem_review.forecast.start import foresee

__all__ = [
    "NodeForecast",
    "NodeSettings",
    "Outcome",
    "PluginForecast",
    "foresee",
    "node_settings",
]
