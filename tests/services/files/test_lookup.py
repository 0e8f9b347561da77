from __future__ import annotations

import pytest

from services.errors import Conflict, NotFound
from services.files import lookup
from tests.support import builders
from tests.support.small_night import SmallNight

pytestmark = pytest.mark.usefixtures("site")


def test_a_file_by_id_or_name(night: SmallNight) -> None:
    assert lookup.get(night.pi, night.raw.id) == night.raw
    assert lookup.get(night.pi, "0001_a.fits") == night.raw
    for stranger, key in (
        (night.pi, night.secret.id),
        (night.pi, "0003_secret.fits"),
        (night.other, night.raw.id),
        (night.pi, "absent.fits"),
        (night.pi, 999),
        (night.pi, "a\0"),
    ):
        with pytest.raises(NotFound, match="No such file"):
            lookup.get(stranger, key)
    again = builders.row("0001_a.fits", night.own)
    with pytest.raises(Conflict) as several:
        lookup.get(night.pi, "0001_a.fits")
    assert several.value.detail == {"ids": [again.id, night.raw.id]}
