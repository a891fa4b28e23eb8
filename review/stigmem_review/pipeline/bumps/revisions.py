"""What is compared: two commits of a repository, or its last commit and what is staged."""

from __future__ import annotations

from typing import NamedTuple

from stigmem_review.document.bump import STAGED, Compared
from stigmem_review.errors import SourceError, UsageError
from stigmem_review.sources.git import Repository, Tree


class Revisions(NamedTuple):
    """Both sides, by name and by content; ``before`` is what pins are compared with."""

    compared: Compared
    base: Tree
    before: Tree
    after: Tree


def between(repository: Repository, base: str, head: str, *, exact: bool) -> Revisions:
    """Return two commits, and where the second parts from the first, unless ``exact``.

    Raises ``UsageError`` where one is not there, ``SourceError`` where its files cannot be listed.
    """
    try:
        base_id, head_id = repository.commit(base), repository.commit(head)
    except SourceError as error:
        raise UsageError(error.text) from None
    pins_from = base_id if exact else _pins_from(repository, base_id, head_id)
    base_tree, after = repository.tree(base_id), repository.tree(head_id)
    before = base_tree if pins_from == base_id else repository.tree(pins_from)
    return Revisions(Compared(base_id, head_id, pins_from), base_tree, before, after)


def staged(repository: Repository) -> Revisions:
    """Return the last commit, or nothing where there is none yet, and what is staged.

    Raises ``UsageError`` where nothing can be staged, ``SourceError`` for a conflict that is not
    resolved, and where a list of files cannot be read.
    """
    if repository.top is None:
        raise UsageError("this repository has no work tree, so nothing can be staged in it")
    if repository.is_unborn():
        name, base = "nothing", repository.nothing()
    else:
        name = repository.commit("HEAD")
        base = repository.tree(name)
    return Revisions(Compared(name, STAGED, name), base, base, repository.index())


def _pins_from(repository: Repository, base: str, head: str) -> str:
    """Return where a branch to be merged parts from its base.

    Going back to what the base already left behind is no merge, and is compared with the base.
    """
    parted = repository.merge_base(base, head)
    return base if parted in ("", head) else parted
