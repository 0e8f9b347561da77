from __future__ import annotations

import datetime as dt

import pytest

from db.models import File
from services.files import lookup, serialization
from tests.support.small_night import SmallNight

pytestmark = pytest.mark.usefixtures("site")


def test_the_api_types_a_file_as_the_manual_does(night: SmallNight) -> None:
    shown = serialization.as_dict(lookup.get(night.pi, night.raw.id))
    assert shown["cam_targ"] == "16.1"
    assert shown["gain"] == "1.4"
    assert shown["data_type"] == "0"
    assert shown["type"] == "Observed Raw"
    assert shown["original_file_id"] == shown["parent_file_id"] == night.raw.id
    assert shown["original_file"] == shown["parent_file"] == "0001_a.fits"
    assert shown["proposal_id"] == "SOAR2024A-001"
    assert shown["directory_name"] + "/0001_a.fits" == shown["full_path"]
    assert shown["date"] == night.raw.date_obs.date().isoformat()
    assert dt.datetime.fromisoformat(shown["created"]).utcoffset() == dt.timedelta(0)
    File.update(saturation_value=69257, image_id="34304", block_id="b7").execute()
    shown = serialization.as_dict(lookup.get(night.pi, night.raw.id))
    assert (shown["saturation_value"], type(shown["saturation_value"])) == (69257, int)
    assert (shown["image_id"], shown["block_id"], shown["observation_id"]) == (34304, "b7", None)
