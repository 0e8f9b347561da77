"""Whatever the pixels hold, Extract gives sound spectra or a sentence that names the cause."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.nddata import CCDData, VarianceUncertainty
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reduction.blocks.extract import ExtractSettings, extract
from reduction.errors import ReductionError
from reduction.frames import PixelFlag, Product, Spectrum
from reduction.notice_codes import Severity
from reduction.registry import BlockInputs
from tests.support.goodman_frames import moffat, reduced

ODD = [0.0, -1.0, -500.0, 1e-30, 1e9, 1e30, -1e30, np.nan, np.inf, -np.inf]


def quiet(_step: str, _fraction: float) -> None:
    return None


def tried(frame: CCDData, **chosen: object) -> list[Product]:
    """Extract; check what comes out. A `ReductionError` counts as nothing found."""
    try:
        products = extract(
            BlockInputs(frame=frame, file_name="cfzst_0079_X.fits"),
            ExtractSettings(**chosen),  # type: ignore[arg-type]
            quiet,
        )
    except ReductionError as error:
        assert error.notice.severity is Severity.ERROR
        return []
    for product in products:
        spectrum = product.data
        assert isinstance(spectrum, Spectrum)
        known = np.isfinite(spectrum.flux)
        assert known.any()
        assert np.isfinite(spectrum.variance[known]).all()
        assert (spectrum.variance[known] >= 0).all()
        assert np.isinf(spectrum.variance[~known]).all()
        assert (spectrum.mask[~known] & PixelFlag.BAD).all()
        assert all(np.isfinite(v) for v in product.quality.values() if not isinstance(v, str))
    return products


def scene(rng: np.random.Generator, shape: tuple[int, int], targets: int) -> CCDData:
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    light = np.full(shape, 30.0)
    for row in rng.uniform(3, shape[0] - 3, targets):
        light += rng.uniform(200, 5000) * moffat(y, row + 0.004 * x, rng.uniform(2, 6))
    return reduced(light, rng)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10_000),
    shape=st.tuples(st.integers(8, 90), st.integers(8, 300)),
    targets=st.sampled_from([0, 1, 2, 5, 20]),
    hurt=st.lists(
        st.tuples(st.sampled_from(ODD), st.floats(0, 1), st.floats(0, 1), st.booleans()),
        max_size=4,
    ),
    flag=st.sampled_from([0, *PixelFlag]),
    flagged=st.sampled_from([0.0, 0.01, 0.5, 0.95, 1.0]),
    kind=st.sampled_from(["fractional", "optimal"]),
    model=st.sampled_from(["moffat", "gaussian"]),
    degree=st.integers(0, 6),
    sizes=st.tuples(st.floats(0.3, 10), st.floats(0, 30), st.floats(0.3, 30)),
)
def test_any_pixels_give_sound_spectra_or_a_sentence(  # noqa: PLR0917
    seed, shape, targets, hurt, flag, flagged, kind, model, degree, sizes
) -> None:
    rng = np.random.default_rng(seed)
    frame = scene(rng, shape, targets)
    for value, first, size, of_variance in hurt:
        plane = frame.uncertainty.array if of_variance else frame.data
        low = int(first * plane.size)
        plane.ravel()[low : low + int(size * plane.size)] = value
    frame.flags[rng.random(shape) < flagged] |= np.uint8(flag)
    tried(
        frame,
        extraction_type=kind,
        target_model=model,
        trace_degree=degree,
        max_targets=20,
        aperture_width=sizes[0],
        background_offset=sizes[1],
        background_width=sizes[2],
    )


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("kind", ["fractional", "optimal"])
def test_a_frame_of_one_value_holds_no_target(value: float, kind: str) -> None:
    frame = scene(np.random.default_rng(1), (60, 200), 1)
    frame.data[:] = value
    assert tried(frame, extraction_type=kind) == []
    frame.uncertainty = VarianceUncertainty(np.full(frame.shape, value, np.float32))
    assert tried(frame, extraction_type=kind) == []


def test_a_saturated_target_is_extracted_and_flagged() -> None:
    frame = scene(np.random.default_rng(2), (80, 300), 1)
    peak = frame.data > 0.5 * frame.data.max()
    peak[:, 200:] = False
    frame.flags[peak] |= np.uint8(PixelFlag.SATURATED)
    [product] = tried(frame)
    assert isinstance(product.data, Spectrum)
    flagged = (product.data.mask & PixelFlag.SATURATED) != 0
    assert flagged[:200].any()
    assert not flagged[200:].any()


def test_twenty_targets_give_twenty_spectra() -> None:
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:500, :400].astype(float)
    light = np.full(y.shape, 30.0)
    rows = 20 + 24 * np.arange(20)
    for row in rows:
        light += 3000 * moffat(y, row + 0.004 * x, 3.0)
    products = tried(reduced(light, rng), max_targets=20, background_offset=1.0)
    assert sorted(float(p.quality["row"]) for p in products) == pytest.approx(rows + 0.8, abs=0.2)
    for product in products:
        assert isinstance(product.data, Spectrum)
        whole = product.data.flux / (1 - float(product.quality["aperture_loss"]))
        assert np.nanmedian(whole) == pytest.approx(3000, rel=0.02)
