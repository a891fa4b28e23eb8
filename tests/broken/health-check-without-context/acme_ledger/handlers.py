"""What the node calls."""

from stigmem_node.plugins import PluginHealth, PluginHealthStatus


def record(ctx, **_):
    return None


def is_healthy():
    return PluginHealth(PluginHealthStatus.HEALTHY)
