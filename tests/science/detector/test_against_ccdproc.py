"""The float32 reduction and the combination of frames give what ccdproc gives in float64."""

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty, VarianceUncertainty
from astropy.stats import mad_std

from reduction.detector import ccd, flatfield
from reduction.detector.combine import combine
from reduction.detector.geometry import Section, set_physical
from reduction.fits.frame_io import variance_of
from reduction.frames import PixelFlag
from tests.support.goodman_frames import MODERN, header

NX, NY = 2071, 60
GAIN, NOISE = MODERN["GAIN"], MODERN["RDNOISE"]
SECTION = Section(25, 2055, 5, 55)


def raw_frame(rng: np.random.Generator, level: float) -> CCDData:
    counts = 500 + rng.poisson(level, (NY, NX)) / GAIN + rng.normal(0, NOISE / GAIN, (NY, NX))
    meta = header()
    set_physical(meta, (NY, NX))
    return CCDData(
        counts.astype(np.float32), unit=u.adu, meta=meta, flags=np.zeros((NY, NX), np.uint8)
    )


def master_bias(rng: np.random.Generator) -> CCDData:
    return CCDData(
        rng.normal(500, 1, (NY, NX)).astype(np.float32),
        unit=u.adu,
        uncertainty=VarianceUncertainty(rng.uniform(0.5, 1.5, (NY, NX)).astype(np.float32)),
    )


def master_flat(rng: np.random.Generator, meta: object) -> CCDData:
    return CCDData(
        rng.normal(1, 0.02, SECTION.shape).astype(np.float32),
        unit=u.dimensionless_unscaled,
        uncertainty=VarianceUncertainty(rng.uniform(1e-5, 2e-5, SECTION.shape).astype(np.float32)),
        flags=np.zeros(SECTION.shape, np.uint8),
        meta=meta,
    )


def in_double(frame: CCDData) -> CCDData:
    """Return a frame in float64 and with a standard deviation, as ccdproc's own examples do."""
    variance = variance_of(frame)
    return CCDData(
        frame.data.astype(np.float64),
        unit=frame.unit,
        uncertainty=None
        if variance is None
        else StdDevUncertainty(np.sqrt(variance.astype(np.float64))),
    )


@pytest.mark.parametrize("level", [5.0, 20000.0])
def test_reducing_agrees_with_ccdproc_in_double_precision(level: float) -> None:
    rng = np.random.default_rng(31)
    frame, bias = raw_frame(rng, level), master_bias(rng)
    trimmed = ccd.trim(frame, SECTION)
    flat = master_flat(rng, trimmed.meta.copy())
    ours = flatfield.divide_flat(
        ccd.to_electrons(ccd.subtract_bias(trimmed, bias[SECTION.slices])), flat
    )

    counts = ccdproc.trim_image(in_double(frame), fits_section=str(SECTION))
    counts = ccdproc.subtract_bias(counts, in_double(bias[SECTION.slices]))
    electrons = ccdproc.gain_correct(counts, GAIN * u.electron / u.adu)
    of_bias = electrons.uncertainty.array**2
    of_light = ccdproc.create_deviation(
        electrons, readnoise=NOISE * u.electron, disregard_nan=True
    ).uncertainty.array
    electrons.uncertainty = StdDevUncertainty(np.sqrt(of_light**2 + of_bias))
    theirs = ccdproc.flat_correct(electrons, in_double(flat), norm_value=1.0)

    assert ours.data.dtype == np.float32
    np.testing.assert_allclose(ours.data, theirs.data, rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(variance_of(ours), theirs.uncertainty.array**2, rtol=2e-6)


def test_an_overscan_level_agrees_with_the_master_of_that_level() -> None:
    rng = np.random.default_rng(32)
    trimmed = ccd.trim(raw_frame(rng, 300), SECTION)
    level = CCDData(np.full(SECTION.shape, 501.25, np.float32), unit=u.adu)
    by_level, by_frame = (ccd.subtract_bias(trimmed, bias) for bias in (501.25, level))
    np.testing.assert_array_equal(by_level.data, by_frame.data)
    assert by_level.data.dtype == np.float32


def test_a_pixel_that_the_flat_cannot_correct_is_left_as_it_is() -> None:
    rng = np.random.default_rng(33)
    trimmed = ccd.trim(raw_frame(rng, 300), SECTION)
    flat = master_flat(rng, trimmed.meta.copy())
    flat.data[10, 20] = 0.05
    flat.flags[30, 40] = PixelFlag.BAD
    electrons = ccd.to_electrons(ccd.subtract_bias(trimmed, 500.0))
    divided = flatfield.divide_flat(electrons, flat)
    for place in ((10, 20), (30, 40)):
        assert divided.data[place] == electrons.data[place]
        assert variance_of(divided)[place] == variance_of(electrons)[place]
        assert divided.flags[place] == PixelFlag.NO_FLAT
        assert divided.mask[place]
    assert (divided.flags != 0).sum() == 2


def ccdproc_mean(stack: np.ndarray) -> np.ndarray:
    combiner = ccdproc.Combiner([CCDData(frame, unit=u.adu) for frame in stack])
    combiner.sigma_clipping(low_thresh=3, high_thresh=3, func=np.ma.median, dev_func=mad_std)
    return combiner.average_combine().data


def test_combining_rejects_what_ccdproc_rejects() -> None:
    # Two values per pixel, so that the deviation of every pixel is the same and only the outliers
    # are beyond three of it.
    rng = np.random.default_rng(34)
    signs = rng.permuted(np.repeat([-1.0, 1.0], 6)[:, None, None] * np.ones((12, 40, 300)), axis=0)
    stack = (500 + 5 * signs).astype(np.float32)
    hits = rng.random(stack.shape) < 0.002
    stack[hits] += rng.uniform(100, 30000, hits.sum()).astype(np.float32)
    mean, _ = combine(stack)
    np.testing.assert_allclose(mean, ccdproc_mean(stack), rtol=1e-6)


def test_combining_is_no_noisier_than_ccdproc() -> None:
    rng = np.random.default_rng(35)
    stack = rng.normal(500, 5, (12, 40, 300)).astype(np.float32)
    theirs = ccdproc_mean(stack)
    mean, _ = combine(stack)
    assert abs((mean - theirs).mean()) < 5 * 5 / np.sqrt(12 * theirs.size)
    assert mean.std() <= theirs.std()
