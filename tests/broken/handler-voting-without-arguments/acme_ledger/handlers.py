"""What the node calls."""

from stigmem_node.plugins import Allow


def record(**_):
    return Allow()
