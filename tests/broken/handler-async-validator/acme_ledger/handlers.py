"""What the node calls."""

from stigmem_node.plugins import Allow


async def record(ctx, **_):
    return Allow()
