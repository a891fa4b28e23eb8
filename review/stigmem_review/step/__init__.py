"""The step of the GitHub action until everything is installed: the standard library alone."""
