"""A frame of a camera whose clock is wrong leads nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from db import clock
from db.models import File, Run
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from services.calibration import master_selection
from services.context import Site
from services.files import file_list, ingest
from services.night import overview
from services.runs import claiming
from services.search import page as search_page
from services.search.filters import FileFilters
from tests.support import builders
from tests.support.notices import codes, params

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(master_selection, "SETTLE", dt.timedelta(0))


def arrive(raw: Path, name: str, taken: dt.datetime, obstype: str = "OBJECT") -> File:
    cards = {"DATE_OBS": taken.replace(tzinfo=None).isoformat(timespec="seconds")}
    return ingest.ingest(builders.write_frame(raw / name, obstype, **cards)).file


@pytest.mark.usefixtures("settled")
def test_a_frame_of_2062_leads_no_night_queue_or_list(site: Site) -> None:
    (raw,) = site.raw_roots
    staff = builders.person("staff", is_staff=True)
    builders.proposal("SOAR2024A-001", builders.person("pi"))
    true = arrive(raw, "0001.fits", NOW - dt.timedelta(hours=2))
    odd = arrive(raw, "0002.fits", dt.datetime(2062, 7, 7, 1, 59, 1, tzinfo=dt.UTC))
    assert params(odd.notices, NoticeCode.DATE_IN_FUTURE)["stored"].startswith(
        "2062-07-07T01:59:01"
    )
    assert overview.latest(staff) == true.night
    assert overview.nights(staff)[0].date == true.night
    assert file_list.page(staff).rows[0] == true
    (newest, *_) = search_page.overview(staff, FileFilters()).choices["date"]
    assert newest.value == true.date.isoformat()
    Run.update(state="queued").execute()
    first = claiming.claim("test")
    assert first is not None and first.file == true


@pytest.mark.usefixtures("blocks")
def test_frames_of_a_wrong_clock_are_no_calibrations_of_others(site: Site) -> None:
    (raw,) = site.raw_roots
    later = (NOW + dt.timedelta(days=3)).replace(hour=3, minute=0)  # far from noon: one night
    frames = [
        arrive(raw, f"b{n}.fits", later + n * dt.timedelta(minutes=1), "BIAS") for n in range(10)
    ]
    same_clock = arrive(raw, "s0.fits", later + dt.timedelta(hours=1))
    true = arrive(raw, "s1.fits", NOW - dt.timedelta(hours=1))
    builders.drain()
    (master,) = File.select().where(File.data_type == DataType.MASTER)
    assert (master.series, master.n_combined) == (frames[0].series, 10)

    def used(frame: File) -> list[str]:
        reduced = File.get(File.original == frame, File.data_type == DataType.REDUCED)
        return builders.input_names(reduced)

    assert used(same_clock) == [master.file_name]
    assert used(true) == []


def test_a_clock_slightly_ahead_is_no_matter_and_an_old_date_is_told(site: Site) -> None:
    (raw,) = site.raw_roots
    near = arrive(raw, "0001.fits", clock.now() + dt.timedelta(minutes=30))
    assert near.date_obs > clock.now() and near.notices == []
    old = arrive(raw, "0002.fits", dt.datetime(1999, 12, 31, 23, 0, tzinfo=dt.UTC))
    assert codes(old.notices) == [NoticeCode.DATE_TOO_EARLY]
    assert old.date == dt.date(1999, 12, 31)


@pytest.mark.parametrize("year", [2104, 2999, 9999])
def test_any_year_of_the_future_is_filed_before_the_first_light(site: Site, year: int) -> None:
    (raw,) = site.raw_roots
    filed = arrive(raw, "0001.fits", dt.datetime(year, 12, 31, 23, 0, tzinfo=dt.UTC)).date_obs
    assert 1900 < filed.year < 2004
