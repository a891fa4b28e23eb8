"""What the node calls."""


def record(ctx, **_):
    return None
