"""What the node calls."""


def keep_own(ctx, value, **more):
    if isinstance(value, list):
        return [each for each in value if each]
