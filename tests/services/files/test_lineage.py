from __future__ import annotations

import pytest

from services.errors import NotFound
from services.files import lineage
from tests.support.small_night import SmallNight

pytestmark = pytest.mark.usefixtures("site")


def test_the_family_begins_with_the_furthest_stage(night: SmallNight) -> None:
    family = [night.extracted, night.reduced, night.raw]
    for file in family:
        assert lineage.related(night.pi, file) == family
    assert lineage.related(night.other, night.master) == [night.master]
    with pytest.raises(NotFound):
        lineage.related(night.other, night.raw)


def test_descendants_follow_generation_by_generation(night: SmallNight) -> None:
    assert lineage.with_descendants(night.reduced) == [night.reduced, night.extracted]
    assert lineage.with_descendants(night.extracted) == [night.extracted]
