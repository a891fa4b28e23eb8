"""Which range of nodes a release starts on, whatever range it states."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from stigmem_review.compare.starting import ranging, starting_nodes
from stigmem_review.forecast.alone import Foreseen
from stigmem_review.forecast.model import Outcome
from stigmem_review.manifest import none_release
from stigmem_review.model import Known, Manifest, Start, Unknown

FINE, REFUSED = Outcome("registers"), Outcome("refused")
AT_TIMES = Outcome("refused", conditions=("KEY is not set",))


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([[FINE], [FINE]], ">=0"),
        ([[REFUSED], [FINE]], ">=1"),
        ([[FINE], [REFUSED], [FINE]], ">=2"),
        ([[AT_TIMES, FINE], [FINE]], ">=0"),
        ([[FINE], [REFUSED]], ""),
        ([], ""),
    ],
)
def test_the_range_reaches_back_to_the_last_node_that_stops(
    outcomes: list[list[Outcome]], expected: str
) -> None:
    found = [Foreseen(str(node), tuple(each)) for node, each in enumerate(outcomes)]
    assert starting_nodes(found) == expected


def test_no_range_is_stated_wherever_a_manifest_was_read() -> None:
    release = none_release()
    assert isinstance(release.manifest, Manifest)
    stated = replace(release.manifest, requires_stigmem=Known(">=99"))
    unread = Unknown("it is computed")
    starts = (Start("one", stated), Start("two", unread))
    found = ranging(replace(release, manifest=stated, starts=starts))
    assert isinstance(found.manifest, Manifest)
    assert found.manifest.requires_stigmem == Known(">=0a0", default=True)
    assert [each.manifest for each in found.starts] == [found.manifest, unread]
