"""What the node calls."""


def record(ctx, **_):
    loger.info("recorded")
