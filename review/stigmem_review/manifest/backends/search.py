"""Where a package stands in a source tree whose build backend does not tell."""

from __future__ import annotations

from stigmem_review.manifest.backends.tree import SourceTree, joined
from stigmem_review.sources.artifact import Layout
from stigmem_review.text import shorten

ASIDE = frozenset(
    (
        *("tests", "test", "docs", "examples", "build", "dist", "venv", "env", "node_modules"),
        *("site-packages", "__pycache__", "__pypackages__"),
        *(".git", ".hg", ".svn", ".tox", ".nox", ".venv", ".eggs"),
    )
)
"""Folders that no build takes a package from: of tools, of environments, of an earlier build."""
_USUAL = ("", "src")


def search(tree: SourceTree, package: str, why: str) -> Layout:
    """Return where a top-level package or module stands, if that is one place.

    ``why`` says why the build backend does not tell. Where it stands both at one of the usual
    places, the top or ``src``, and elsewhere, it is the usual one that is built.
    """
    roots = _roots(tree, package)
    usual = [root for root in roots if root in _USUAL]
    roots = usual or roots
    if len(roots) > 1:
        where = ", ".join(shorten(f"{root}/" if root else "./", 60) for root in sorted(roots)[:4])
        return Layout(
            why=f"the package {shorten(package, 60)} stands in more than one folder ({where}), and "
            f"which one is built is not known: {why}"
        )
    if not roots:
        return Layout(why=why)
    root = roots[0]
    prefix = f"{root}/" if root else ""
    paths = [f"{prefix}{package}.py"] if tree.is_file(f"{prefix}{package}.py") else []
    paths += tree.below(joined(root, package), ("__pycache__",))
    # What stands beside it is built with it as a rule, and can be imported then.
    return Layout(
        {path.removeprefix(prefix): path for path in paths},
        whole=False,
        others=frozenset(tree.children(root)),
    )


def _roots(tree: SourceTree, package: str) -> list[str]:
    found: list[str] = []
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        names = tree.names(folder, "folder")
        inside = package in names and any(
            path.endswith(".py") for path in tree.below(joined(folder, package))
        )
        if inside or tree.is_file(joined(folder, f"{package}.py")):
            found.append(folder)
        waiting += [
            joined(folder, name)
            for name in names
            if name != package and name not in ASIDE and not name.startswith(".")
        ]
    return found
