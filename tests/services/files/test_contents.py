from __future__ import annotations

from pathlib import Path

import pytest

from services.errors import NotFound, Unacceptable
from services.files import contents
from services.files.visualization import previews
from tests.support import builders
from tests.support.small_night import SmallNight

pytestmark = pytest.mark.usefixtures("site")


def test_header_and_preview_of_a_real_file(night: SmallNight, tmp_path: Path) -> None:
    path = builders.write_frame(tmp_path / "0009.fits", OBJECT="<b>bold</b>")
    file = builders.row("0009.fits", night.own, full_path=str(path))
    cards = contents.header(night.pi, file)
    assert cards[0].keyword == "SIMPLE"
    assert ("OBJECT", "<b>bold</b>") in [(card.keyword, card.value) for card in cards]
    assert previews.find(night.pi, file.id) is None
    previews.build(file.id)
    previews.build(file.id)
    folder = previews.find(night.pi, file.id)
    assert (folder / "pyramid.json").is_file()
    for ask in (contents.header, lambda user, one: previews.find(user, one.id), contents.spectrum):
        with pytest.raises(NotFound):
            ask(night.other, file)
    with pytest.raises(Unacceptable, match="is an image"):
        contents.spectrum(night.pi, file)
