"""Files of a simulated night: names, headers, truth beside them, the same bits for one seed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from reduction.errors import ReductionError
from reduction.notice_codes import NoticeCode
from reduction.simulation import NightPlan, frames, load_truth, science_frame, simulate_night
from tests.support.notices import refused

SMALL = {"n_bias": 2, "n_flat": 1, "n_science": 1, "rows": 120}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return simulate_night(tmp_path_factory.mktemp("night"), seed=7, **SMALL)


def test_names_and_order(written: list[Path]) -> None:
    words = [path.name.split("_")[:2] for path in written]
    numbers, kinds = zip(*words, strict=True)
    assert numbers == ("0001", "0002", "0003", "0004", "0005", "0006")
    assert kinds[:4] == ("BIAS", "BIAS", "FLAT", "COMP")
    assert kinds[4].startswith("WD.J")
    assert kinds[5] == "COMP"
    assert all(path.name.endswith("_2x2_06-07-2026.fits") for path in written)
    opened = [fits.getval(path, "DATE-OBS") for path in written]
    assert opened == sorted(opened)


def test_files_are_complete_and_nothing_else_is_left(written: list[Path]) -> None:
    folder = written[0].parent
    assert sorted(folder.glob("*.fits")) == sorted(written)
    assert not list(folder.glob(".*"))
    for path in written:
        with fits.open(path, do_not_scale_image_data=True) as hdus:
            hdus.verify("exception")
            assert hdus[0].header["BZERO"] == 32768
            assert hdus[0].header["BITPIX"] == 16
            assert hdus[0].data.shape == (120, 2071)


def test_modern_header(written: list[Path]) -> None:
    header = fits.getheader(written[4])
    expected = {
        "INSTRUME": "ghts_red",
        "INSTCONF": "Red",
        "OBSTYPE": "OBJECT",
        "GRATING": "400_SYZY",
        "FILTER2": "GG455",
        "SLIT": "1.0_LONG_SLIT",
        "WAVMODE": "400_M2",
        "CAM_TARG": 16.1,
        "GRT_TARG": 7.5,
        "CCDSUM": "2 2",
        "TRIMSEC": "[26:2055,2:120]",
        "PROPID": "SOAR2026B-001",
        "EXPTIME": 300.0,
        "GAIN": 1.48,
        "RDNOISE": 3.89,
    }
    assert {key: header[key] for key in expected} == expected
    assert 1 <= header["AIRMASS"] < 2.5
    arc = fits.getheader(written[5])
    assert arc["OBSTYPE"] == "COMP"
    on = {key for key in arc if key.startswith("LAMP_") and arc[key] == "TRUE"}
    assert on == {"LAMP_HGA", "LAMP_NE"}
    assert fits.getheader(written[2])["LAMP_QUA"] == "TRUE"
    assert fits.getheader(written[0])["EXPTIME"] == 0


def test_whole_region_has_the_published_sections() -> None:
    header = science_frame(1).header
    assert header["TRIMSEC"] == "[26:2055,2:948]"
    assert header["ROI"] == "Spectroscopic 2x2"


def test_old_header() -> None:
    plan = NightPlan(1, camera="Blue", old_headers=True, setup="930_M2", lamp="HgArNe", **SMALL)
    made = {frame.truth.kind: frame for frame in frames(plan)}
    header = made["science"].header
    assert header["INSTRUME"] == "Goodman Spectro"
    assert header["GRATING"] == "SYZY_930"
    assert header["SLIT"] == '1.0" long slit'
    assert header["WAVMODE"] == "930 m2"
    assert header["FILTER2"] == "<NO FILTER>"
    assert header["TRIMSEC"] == "[1:4142,1:240]"
    assert header["PROPOSAL"] == "SOAR2026B-001"
    assert "PROPID" not in header
    assert made["arc"].header["OBJECT"] == "HgArNe"
    assert not [key for key in made["arc"].header if key.startswith("LAMP_")]
    data = made["flat"].data
    assert data[:, 2057:].max() < 600  # the Blue overscan is dark
    assert np.median(data[:, 1900]) > 3000


def test_truth_lies_beside_the_frames(written: list[Path]) -> None:
    folder = written[0].parent / "truth"
    made = frames(NightPlan(7, **SMALL))
    for path, frame in zip(written, made, strict=True):
        kept = load_truth(folder / f"{path.stem}.npz")
        assert (kept.file_name, kept.kind) == (path.name, frame.truth.kind)
        assert (kept.shape, kept.binning) == (frame.data.shape, (2, 2))
        assert (kept.bias_level, kept.flexure) == (frame.truth.bias_level, frame.truth.flexure)
        np.testing.assert_array_equal(kept.wavelength, frame.truth.wavelength)
        np.testing.assert_array_equal(kept.cosmic_index, frame.truth.cosmic_index)
        assert [s.name for s in kept.sources] == [s.name for s in frame.truth.sources]
        for stored, source in zip(kept.sources, frame.truth.sources, strict=True):
            np.testing.assert_array_equal(stored.electrons, source.electrons)
    with np.load(folder / "detector_2x2.npz") as patterns:
        assert patterns["response"].shape == patterns["bias"].shape == (120, 2071)


def test_same_seed_same_bytes(written: list[Path], tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    again = simulate_night(
        tmp_path, seed=7, progress=lambda done, total: told.append((done, total)), **SMALL
    )
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written]
    assert told == [(n, 6) for n in range(1, 7)]


def test_other_seed_other_night() -> None:
    one, other = science_frame(1, rows=60), science_frame(2, rows=60)
    assert not np.array_equal(one.data, other.data)
    assert one.truth.flexure != other.truth.flexure


def test_single_frame_is_that_of_the_night() -> None:
    plan = NightPlan(4, n_bias=0, n_flat=0, n_science=2, rows=60)
    science = [frame for frame in frames(plan) if frame.truth.kind == "science"]
    alone = science_frame(4, 1, rows=60)
    assert alone.file_name == science[1].file_name
    np.testing.assert_array_equal(alone.data, science[1].data)


@pytest.mark.parametrize("binning", [(1, 1), (1, 2), (3, 3)])
def test_binnings_show_the_same_light(binning: tuple[int, int]) -> None:
    rows = 240 // binning[1]
    frame = science_frame(3, binning=binning, rows=rows)
    other = science_frame(3, binning=(2, 2), rows=120)
    assert frame.data.shape == (rows, 4142 // binning[0])
    assert frame.header["CCDSUM"] == f"{binning[0]} {binning[1]}"
    np.testing.assert_allclose(frame.truth.wavelength, other.truth.wavelength)
    source, reference = frame.truth.sources[0], other.truth.sources[0]
    np.testing.assert_allclose(source.electrons, reference.electrons)
    unbinned = binning[1] * source.trace.mean() + (binning[1] - 1) / 2
    assert unbinned == pytest.approx(2 * reference.trace.mean() + 0.5, abs=0.02)
    row = round(source.trace[len(source.trace) // 2])
    assert np.median(frame.data[row]) > np.median(frame.data[5]) + 50


def test_arcs_may_be_binned_otherwise() -> None:
    plan = NightPlan(3, n_bias=0, n_flat=0, n_science=1, rows=60, arc_binning=(1, 2))
    shapes = {frame.truth.kind: frame.data.shape for frame in frames(plan)}
    assert shapes == {"arc": (60, 4142), "science": (60, 2071)}


def test_start_decides_the_dates() -> None:
    start = dt.datetime(2022, 7, 6, 20, 0)
    plan = NightPlan(1, start=start, n_bias=1, n_flat=0, n_science=0, rows=60)
    (frame,) = frames(plan)
    assert frame.file_name == "0001_BIAS_2x2_06-07-2022.fits"
    assert frame.header["DATE-OBS"] == "2022-07-06T20:00:00.000"


@pytest.mark.parametrize(
    ("choices", "code"),
    [
        ({"setup": "1200_M0"}, NoticeCode.SIMULATION_MODE_UNKNOWN),
        ({"setup": "930_M3", "lamp": "HgArNe"}, NoticeCode.SIMULATION_LAMP_UNKNOWN),
        ({"camera": "Green"}, NoticeCode.SIMULATION_CAMERA_UNKNOWN),
        ({"binning": (7, 7)}, NoticeCode.SIMULATION_BINNING),
        ({"rows": 5000}, NoticeCode.SIMULATION_ROWS),
        ({"slit": "wide"}, NoticeCode.SIMULATION_SLIT),
        ({"n_bias": -1}, NoticeCode.SIMULATION_NEGATIVE),
        ({"seed": -1}, NoticeCode.SIMULATION_NEGATIVE),
    ],
)
def test_what_can_not_be_simulated_is_said(choices: dict[str, object], code: NoticeCode) -> None:
    plan = {"seed": 1, "n_bias": 1, "n_flat": 0, "n_science": 0} | choices
    with refused(ReductionError, code):
        list(frames(NightPlan(**plan)))
