"""What flit puts into a wheel (``flit_core``: ``common.Module``, ``config``)."""

from __future__ import annotations

from stigmem_review.manifest.backends.tree import SourceTree
from stigmem_review.manifest.config import Config, table
from stigmem_review.sources.artifact import Layout


def layout(tree: SourceTree, config: Config) -> Layout:
    """Return where a project that flit builds is installed."""
    flit = table(config.pyproject, "tool", "flit")
    found = module(tree, config)
    if isinstance(found, Layout):
        return found
    root, path = found
    whole = "external-data" not in flit
    if tree.is_file(path):
        return Layout({path.removeprefix(root): path}, whole=whole)
    places = {
        each.removeprefix(root): each
        for each in tree.below(path, ("__pycache__",))
        if not each.endswith(".pyc")
    }
    return Layout(places, whole=whole)


def module(tree: SourceTree, config: Config) -> tuple[str, str] | Layout:
    """Return the root and the path of the module, or the package, or why it is not known."""
    flit = table(config.pyproject, "tool", "flit")
    named = table(flit, "module").get("name") or table(flit, "metadata").get("module")
    name = named if isinstance(named, str) else config.name.replace("-", "_")
    path = name.replace(".", "/")
    found = [
        (root, candidate)
        for root in ("", "src/")
        for candidate, is_there in (
            (root + path, tree.is_folder(root + path)),
            (f"{root}{path}.py", tree.is_file(f"{root}{path}.py")),
        )
        if path and is_there
    ]
    if len(found) == 1:
        return found[0]
    if found:
        named_both = " and ".join(each for _, each in found)
        return Layout(
            why=f"flit builds nothing where {named_both} could be the module {name}", refuses=True
        )
    return Layout(why=f"flit finds no module {name}, which the project is called", refuses=True)
