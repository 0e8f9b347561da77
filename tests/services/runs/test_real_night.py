"""The real night of 2018-02-04, from raw files to spectra in ångström."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pytest

from db.models import Event, File, LogEntry, Run
from reduction.differences import Quantity
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from services import context
from services.calibration import master_selection
from services.context import Context, Site
from services.files import ingest
from services.monitoring import check
from tests.support import builders
from tests.support.notices import params
from tests.support.paths import REAL_NIGHT

NIGHT = REAL_NIGHT

pytestmark = pytest.mark.skipif(
    not NIGHT.is_dir(), reason="the real night of 2018-02-04 is not on this machine"
)


@pytest.mark.usefixtures("database")
def test_five_of_five_supernova_frames_are_calibrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(master_selection, "SETTLE", dt.timedelta(0))
    home = tmp_path / "home"
    context.bind(Context(Site(home, home / "products", home / "previews", (NIGHT.resolve(),))))
    frames = sorted(NIGHT.glob("*.fits"))
    random.Random(8).shuffle(frames)  # whatever the order of arrival
    for frame in frames:
        assert ingest.ingest(frame).outcome == "indexed"
    done = builders.drain()

    of_type = {t: list(File.select().where(File.data_type == t)) for t in DataType}
    assert len(of_type[DataType.RAW]) == 32
    assert sorted(file.kind for file in of_type[DataType.MASTER]) == ["bias", "flat"]
    assert {file.state for file in of_type[DataType.MASTER]} == {"current"}
    assert all(len(builders.input_names(file)) >= 12 for file in of_type[DataType.MASTER])
    assert {run.state for run in Run.select()} == {"done"}, [run.notice for run in done]
    assert {run.block for run in done} == {
        "master_bias",
        "master_flat",
        "reduce",
        "extract",
        "wavelength",
    }
    calibrated = of_type[DataType.WAVELENGTH]
    assert {file.original.file_name[:4] for file in calibrated} == {
        "0267",
        "0268",
        "0269",
        "0270",
        "0271",
    }
    assert len(calibrated) == 5
    for file in calibrated:
        assert file.quality["rms_angstrom"] <= 0.20
        assert file.quality["lines"] >= 15
        assert 0.84 <= file.quality["dispersion_angstrom"] <= 0.85
        assert "AT2018oh" in file.object
    science = [file for file in of_type[DataType.REDUCED] if file.kind == "spectrum"]
    for file in science:
        (difference,) = params(file.notices, NoticeCode.DEGRADED_MATCH)["differences"]
        assert difference["quantity"] == Quantity.SLIT
    assert check.violations() == []

    before = [table.select().count() for table in (File, Run, Event, LogEntry)]
    for frame in frames:
        ingest.ingest(frame)
    assert builders.drain() == []
    assert [table.select().count() for table in (File, Run, Event, LogEntry)] == before
