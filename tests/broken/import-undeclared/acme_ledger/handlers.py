"""What the node calls."""

from stigmem import StigmemClient
from stigmem_node.plugins import Allow


def record(ctx, **_):
    return Allow(reason=StigmemClient.__name__)
