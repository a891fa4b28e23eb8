"""What the node calls."""

from stigmem_node.plugins import Allow, Audit


def record(ctx, **_):
    return Allow(reason=Audit.__name__)
