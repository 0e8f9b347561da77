"""The sky-subtracted frame against the truth of simulated frames, and its residuals in sigmas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.nddata import CCDData

from reduction.blocks.subtract_sky import SubtractSkySettings, subtract_sky
from reduction.fits import frame_io
from reduction.frames import DataType, FrameKind, Product
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs, blocks_for
from reduction.simulation.sources import Source
from tests.support.notices import codes
from tests.support.truth.nights import Mode, Reduced, quiet, science


def subtracted(reduced: Reduced) -> list[Product]:
    inputs = BlockInputs(frame=reduced.frame, file_name="cfzst_0001_X.fits")
    return subtract_sky(inputs, SubtractSkySettings(), quiet)


@pytest.mark.parametrize("fwhm", [6.5, 50.0])
def test_only_noise_remains_of_the_sky(fwhm: float) -> None:
    reduced = science(Mode(), 31, 0, (Source("s", "star", 16.5, 40.0, fwhm, 3.5),))
    whole, sigma = subtracted(reduced)
    assert isinstance(whole.data, CCDData)
    assert isinstance(sigma.data, CCDData)
    assert whole.quality["sky_follows_lines"] == "yes"
    rows = np.arange(whole.data.shape[0])
    target = np.median(reduced.truth.sources[0].trace) - reduced.origin[1]
    beside = np.abs(rows - target) > 3 * fwhm / 2
    flags = whole.data.flags[beside]
    residual = sigma.data.data[beside]
    sky = whole.planes["SKY"][beside]
    lines = sky > 3 * np.median(sky)
    for part in (lines, ~lines):
        values = residual[part & (flags == 0)]
        low, high = np.percentile(values, [15.87, 84.13])
        assert (high - low) / 2 == pytest.approx(1, abs=0.05)
        assert abs(np.median(values)) < 0.1
    # Means of many rows show what is systematic.
    known = (flags == 0).all(axis=0)
    per_column = residual[:, known].mean(axis=0) * np.sqrt(beside.sum())
    assert np.mean(np.abs(per_column) < 5) > 0.998


def test_the_products_hold_model_and_variance(tmp_path: Path) -> None:
    reduced = science(Mode(), 31, 0, (Source("s", "star", 16.5, 40.0, 6.5),))
    whole, sigma = subtracted(reduced)
    assert [one.file_name for one in (whole, sigma)] == [
        "bcfzst_0001_X.fits",
        "bcfzst_0001_X_sigma.fits",
    ]
    frame = reduced.frame
    good = (whole.data.flags == 0) & np.isfinite(frame.data)
    summed = whole.data.data + whole.planes["SKY"]
    assert summed[good] == pytest.approx(frame.data[good], rel=1e-4, abs=1e-2)
    variance = frame_io.variance_of(whole.data)
    assert variance is not None
    assert (variance >= frame_io.variance_of(frame))[good].all()
    ratio = whole.data.data[good] / np.sqrt(variance[good])
    assert sigma.data.data[good] == pytest.approx(ratio, abs=1e-3)
    path = tmp_path / whole.file_name
    frame_io.write(whole, path)
    with fits.open(path) as opened:
        assert [hdu.name for hdu in opened] == ["PRIMARY", "UNCERT", "MASK", "SKY"]
    again = tmp_path / sigma.file_name
    frame_io.write(sigma, again)
    read = frame_io.read_product(again)
    assert isinstance(read, CCDData)
    assert str(read.unit) == ""


def test_without_a_target_it_is_said() -> None:
    reduced = science(Mode(), 31, 0, (Source("s", "star", 30.0, 40.0, 6.5),))
    whole, _ = subtracted(reduced)
    assert NoticeCode.SKY_WITH_TARGETS in codes(whole.notices)


def test_no_block_takes_the_product() -> None:
    assert not any(blocks_for(DataType.SKY_SUBTRACTED, kind) for kind in FrameKind)
    [_, on_request] = blocks_for(DataType.REDUCED, FrameKind.SPECTRUM)
    assert on_request.name == "subtract_sky"
    assert not on_request.automatic
