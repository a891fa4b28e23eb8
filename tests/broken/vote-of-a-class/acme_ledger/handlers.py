"""What the node calls."""

from stigmem_node.plugins import Allow


def decide(ctx, **_):
    return Allow
