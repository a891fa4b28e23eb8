"""What the node calls."""


def record(ctx, **_):
    return None


def is_healthy(ctx):
    return True
