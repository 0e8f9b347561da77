"""Whatever a frame holds and its header says: a product, or a sentence; images come out true."""

from typing import Any

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, VarianceUncertainty
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reduction.blocks.reduce import ReduceSettings, reduce
from reduction.detector import geometry
from reduction.errors import ReductionError
from reduction.fits.frame_io import flags_of, variance_of
from reduction.frames import PixelFlag, Product
from reduction.notice_codes import Severity
from reduction.registry import BlockInputs, CalibrationRole
from tests.support.goodman_frames import MODERN, header
from tests.support.science.absurd_values import ABSURD, NX, NY, PATTERNS
from tests.support.science.star_field import raw_frame, star_field


def run(frame: CCDData, given: dict[str, Any] | None = None, **chosen: Any) -> Product:
    inputs = BlockInputs(frame=frame, file_name="0079_X.fits", **(given or {}))
    [product] = reduce(inputs, ReduceSettings(**chosen), lambda _step, _fraction: None)
    return product


def assert_sound(product: Product) -> None:
    assert isinstance(product.data, CCDData)
    variance = variance_of(product.data)
    assert variance is not None
    assert np.isfinite(product.data.data).all()
    assert np.isfinite(variance).all()
    assert (variance > 0).all()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    pattern=st.sampled_from(sorted(PATTERNS)),
    method=st.sampled_from(["dcr", "lacosmic"]),
    technique=st.sampled_from(["Spectroscopy", "Imaging"]),
)
def test_any_pixels_give_a_product_or_a_sentence(pattern: str, method: str, technique: str) -> None:
    counts = PATTERNS[pattern](np.random.default_rng(1))
    try:
        product = run(raw_frame(counts, header()), cosmic_rays=method, technique=technique)
    except ReductionError as error:
        assert error.notice.severity is Severity.ERROR
    else:
        assert_sound(product)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(keyword=st.sampled_from([*sorted(MODERN), "TRIMSEC"]), value=ABSURD)
def test_any_card_missing_or_absurd_gives_a_product_or_a_sentence(keyword: str, value: Any) -> None:
    counts = np.random.default_rng(2).normal(520, 3, (NY, NX))
    cards = header(**{"TRIMSEC": f"[26:2055,2:{NY}]", keyword: value})
    try:
        product = run(raw_frame(counts, cards), cosmic_rays="none")
    except ReductionError as error:
        assert error.notice.severity is Severity.ERROR
    else:
        assert_sound(product)


@pytest.mark.parametrize("binning", ["1 1", "2 2", "3 3"])
@pytest.mark.parametrize(("camera", "instrument"), [("Red", "ghts_red"), ("Blue", "ghts_blue")])
def test_the_imaging_chain_keeps_the_light_of_stars(
    camera: str, instrument: str, binning: str
) -> None:
    gain, noise = (1.48, 3.89) if camera == "Red" else (1.4, 4.74)
    shape = (300, 320)
    scene, stars = star_field(len(binning) + ord(camera[0]), shape, 12)
    rng = np.random.default_rng(5)
    response = 1 + 0.03 * rng.standard_normal(shape)
    electrons = rng.poisson(scene * response) + rng.normal(0, noise, shape)
    rays = rng.integers(10, 290, (25, 2))
    electrons[rays[:, 0], rays[:, 1]] += 4000
    cards = header(
        OBSTYPE="EXPOSE",
        INSTRUME=instrument,
        INSTCONF=camera,
        GRATING="NO_GRATING",
        SLIT="NO_MASK",
        WAVMODE="Imaging",
        ROI=f"Imaging {binning.replace(' ', 'x')}",
        FILTER="r-SDSS",
        FILTER2="NO_FILTER",
        GAIN=gain,
        RDNOISE=noise,
        CCDSUM=binning,
        CAM_TARG=0.0,
        GRT_TARG=0.0,
    )
    zero = np.full(shape, 400.0, np.float32)
    bias = CCDData(zero, unit=u.adu, meta=cards.copy())
    bias.uncertainty = VarianceUncertainty(np.full_like(zero, 0.5))
    meta = cards.copy()
    geometry.set_physical(meta, shape)
    flat = CCDData(response.astype(np.float32), unit=u.dimensionless_unscaled, meta=meta)
    names = {CalibrationRole.MASTER_BIAS: "bias.fits", CalibrationRole.MASTER_FLAT: "flat.fits"}
    product = run(
        raw_frame(400 + electrons / gain, cards),
        {"master_bias": bias, "master_flat": flat, "names": names},
        cosmic_rays="lacosmic",
    )
    assert product.file_name == "cfzt_0079_X.fits"  # no slit trim
    assert_sound(product)
    reduced = product.data
    assert isinstance(reduced, CCDData)
    assert reduced.meta["GSP_TECH"] == "Imaging"
    assert ((flags_of(reduced)[rays[:, 0], rays[:, 1]] & PixelFlag.COSMIC_RAY) != 0).mean() > 0.9
    y, x = np.mgrid[: shape[0], : shape[1]]
    for row, column, _flux in stars:
        disc = (y - row) ** 2 + (x - column) ** 2 < 36
        error = np.sqrt(scene[disc].sum())
        assert abs(float((reduced.data - scene)[disc].sum())) < 6 * error


def test_the_numbers_of_the_detector_are_told() -> None:
    rng = np.random.default_rng(9)
    counts = 500 + rng.normal(0, 3.89 / 1.48, (NY, NX))
    counts[12, 900:910] = 66000
    product = run(raw_frame(counts, header()), cosmic_rays="none", ignore_bias=True)
    assert product.quality["bias_level_adu"] == pytest.approx(500, abs=0.5)
    assert product.quality["read_noise_electron"] == pytest.approx(3.89, rel=0.1)
    assert product.quality["saturated_pixels"] == 10
    assert isinstance(product.data, CCDData)
    assert product.data.meta["GSP_SATF"] == product.quality["saturated_fraction"] > 0
