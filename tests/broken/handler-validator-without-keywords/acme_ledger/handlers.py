"""What the node calls."""

from stigmem_node.plugins import Allow


def record(ctx):
    return Allow()
