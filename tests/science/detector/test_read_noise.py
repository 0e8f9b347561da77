"""Level and read noise of integer counts, against the numbers that they were drawn with."""

from pathlib import Path

import numpy as np
import pytest
from astropy.nddata import CCDData
from hypothesis import given, settings
from hypothesis import strategies as st

from reduction.blocks.master_bias import MasterBiasSettings, master_bias
from reduction.blocks.reduce import ReduceSettings, reduce
from reduction.detector import ccd, overscan, read_noise
from reduction.detector.distribution import core
from reduction.errors import HeaderError
from reduction.fits import frame_io
from reduction.fits.frame_io import variance_of
from reduction.frames import Product
from reduction.notice_codes import NoticeCode
from reduction.readouts import SATURATION_ADU
from reduction.registry import BlockInputs
from tests.support.goodman_frames import DATA, NIGHT, REASON, header, write
from tests.support.notices import codes, params, refused

READOUTS = [
    (camera, gain, noise) for camera, table in SATURATION_ADU.items() for gain, noise, _ in table
]
NX, NY = 2071, 120


def quiet(_step: str, _fraction: float) -> None:
    return None


def counts(
    rng: np.random.Generator, level: float, sigma: float, shape: tuple[int, int] = (200, 8)
) -> np.ndarray:
    """Integers of a normal distribution, with an offset of every column as real frames have."""
    pattern = rng.normal(0, 0.5, shape[1])
    pattern -= pattern.mean()
    drawn = level + pattern + sigma * rng.standard_normal(shape)
    return np.rint(drawn).astype(np.float32)


@pytest.mark.parametrize(("camera", "gain", "noise"), READOUTS)
def test_noise_and_level_of_every_readout(camera: str, gain: float, noise: float) -> None:
    rng = np.random.default_rng(1)
    sigma = noise / gain
    for true_noise in (sigma, 1.1 * sigma):
        levels, scatters = [], []
        for _ in range(20):
            level = 430 + rng.uniform()
            drawn = counts(rng, level, true_noise)
            found, seen = overscan.level(drawn), overscan.scatter(drawn)
            assert found is not None
            assert seen is not None
            assert seen.steady, camera
            levels.append(found - level)
            scatters.append(seen.adu / true_noise)
        assert abs(np.mean(levels)) < 0.05 + 0.03 * true_noise
        assert np.max(np.abs(levels)) < 0.06 + 0.2 * true_noise
        assert np.mean(scatters) == pytest.approx(1, abs=0.02)
        assert np.std(scatters) == pytest.approx(seen.error, rel=0.6)


def test_a_drift_of_a_tenth_of_a_count_is_seen() -> None:
    rng = np.random.default_rng(2)
    pattern = rng.normal(0, 2, 8)
    master = (430.3 + pattern + rng.normal(0, 0.7, (200, 8))).astype(np.float32)
    for true in (-0.4, 0.1, 0.5, 3.2):
        drawn = np.rint(430.3 + true + pattern + rng.normal(0, 2.6, (200, 8))).astype(np.float32)
        found = overscan.drift(drawn, master)
        assert found == pytest.approx(true, abs=0.25)
    seen = [
        overscan.drift(np.rint(430.3 + 0.1 + pattern + rng.normal(0, 2.6, (200, 8))), master)
        for _ in range(30)
    ]
    assert np.mean(seen) == pytest.approx(0.1, abs=0.08)


@settings(max_examples=60, deadline=None)
@given(
    sigma=st.floats(0.6, 14),
    slope=st.floats(-0.02, 0.02),
    lit_rows=st.integers(0, 18),
    bad_columns=st.integers(0, 1),
    seed=st.integers(0, 2**31),
)
def test_a_tilted_or_bled_overscan_has_the_same_noise(
    sigma: float, slope: float, lit_rows: int, bad_columns: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    level = 400 + rng.uniform() + slope * (np.arange(200)[:, None] - 100)
    drawn = np.rint(level + sigma * rng.standard_normal((200, 16)))
    first = int(rng.integers(0, 200 - 18))
    drawn[first : first + lit_rows] = rng.uniform(500, 65535, (lit_rows, 16)).round()
    drawn[:, :bad_columns] = 65535
    seen, found = overscan.scatter(drawn), overscan.level(drawn)
    assert seen is not None
    assert found is not None
    if seen.steady:
        assert seen.adu == pytest.approx(sigma, rel=0.12)
    assert found == pytest.approx(float(level.mean()), abs=0.15 + 0.25 * (sigma + abs(slope) * 58))


def test_an_overscan_that_is_none_is_not_trusted() -> None:
    rng = np.random.default_rng(3)
    lit = rng.poisson(np.linspace(20, 4000, 200)[:, None] * np.ones(22)).astype(np.float32)
    dead = np.full((200, 22), 430, np.float32)
    empty = np.full((200, 22), np.nan, np.float32)
    few = counts(rng, 430, 3, (20, 4))
    for drawn in (lit, dead, few):
        seen = overscan.scatter(drawn)
        assert seen is None or not seen.steady
    assert overscan.scatter(empty) is None
    assert overscan.level(empty) is None


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=0, max_size=60),
    st.integers(-70000, 70000),
)
def test_any_values_give_numbers_or_nothing(values: list[float], integer: int) -> None:
    with np.errstate(all="ignore"):
        for drawn in (np.array(values), np.array([*values, *[integer] * 20])):
            found = core(drawn)
            assert found is None or np.isfinite([found.mean, found.sigma]).all()


def raw(rng: np.random.Generator, noise: float, stated: float = 5.27) -> CCDData:
    meta = header(GAIN=1.45, RDNOISE=stated, TRIMSEC=f"[26:2055,2:{NY}]")
    drawn = np.rint(500.4 + rng.normal(0, noise / 1.45, (NY, NX))).astype(np.float32)
    flags = np.zeros(drawn.shape, np.uint8)
    return CCDData(drawn, unit="adu", flags=flags, mask=flags != 0, meta=meta)


def run(frame: CCDData, master: CCDData | None = None) -> Product:
    [product] = reduce(
        BlockInputs(frame=frame, file_name="0079_X.fits", master_bias=master),
        ReduceSettings(cosmic_rays="none", ignore_flats=True),
        quiet,
    )
    return product


def test_the_variance_is_that_of_the_measured_noise_and_it_is_said() -> None:
    product = run(raw(np.random.default_rng(4), 4.18))
    assert isinstance(product.data, CCDData)
    variance = variance_of(product.data)
    assert variance is not None
    # The counts of a frame without light scatter by what the variance says; half of them are
    # negative and have no photon noise.
    pull = product.data.data[product.data.data <= 0] / np.sqrt(variance[product.data.data <= 0])
    assert np.sqrt(np.mean(pull**2)) == pytest.approx(1, abs=0.03)
    assert product.data.meta["GSP_RNSO"] == "overscan"
    assert product.data.meta["GSP_RNUS"] == pytest.approx(4.18, rel=0.03)
    told = params(product.notices, NoticeCode.READ_NOISE_DIFFERS)
    assert told["stated"] == 5.27
    assert told["measured"] == product.data.meta["GSP_RNUS"]
    agreeing = run(raw(np.random.default_rng(5), 5.1))
    assert NoticeCode.READ_NOISE_DIFFERS not in codes(agreeing.notices)


def test_a_header_without_read_noise_is_completed_by_the_measurement() -> None:
    frame = raw(np.random.default_rng(7), 4.18)
    del frame.meta["RDNOISE"]
    product = run(frame)
    assert isinstance(product.data, CCDData)
    assert product.data.meta["GSP_RNSO"] == "overscan"
    assert product.data.meta["GSP_RNUS"] == pytest.approx(4.18, rel=0.03)
    lost = raw(np.random.default_rng(8), 4.18)
    del lost.meta["RDNOISE"]
    lost.data[:] = 500.0  # nothing scatters: there is nothing to measure
    with refused(HeaderError, NoticeCode.CARD_MISSING):
        run(lost)


def test_a_noise_far_from_the_header_is_not_used_but_said() -> None:
    product = run(raw(np.random.default_rng(6), 14.0))
    assert isinstance(product.data, CCDData)
    assert product.data.meta["GSP_RNSO"] == "header"
    assert product.data.meta["GSP_RNUS"] == 5.27
    assert product.quality["read_noise_electron"] == pytest.approx(14, rel=0.05)
    assert NoticeCode.READ_NOISE_NOT_USED in codes(product.notices)


def test_the_pairs_of_the_master_are_used_where_the_overscan_agrees(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    structure = 500 + 3 * np.sin(np.arange(NX) / 90)
    members = tuple(
        write(
            tmp_path / f"{i:04d}_bias.fits",
            structure + 0.3 * i + rng.normal(0, 4.18 / 1.45, (NY, NX)),
            header(GAIN=1.45, RDNOISE=5.27, OBSTYPE="BIAS", EXPTIME=0.0),
        )
        for i in range(6)
    )
    [made] = master_bias(BlockInputs(members=members), MasterBiasSettings(minimum=2), quiet)
    assert isinstance(made.data, CCDData)
    assert made.data.meta["GSP_RNOI"] == pytest.approx(4.18, rel=0.01)
    quiet_frame = run(raw(np.random.default_rng(8), 4.18), made.data)
    assert isinstance(quiet_frame.data, CCDData)
    assert quiet_frame.data.meta["GSP_RNSO"] == "bias pairs"
    assert quiet_frame.data.meta["GSP_RNUS"] == pytest.approx(4.18, rel=0.01)
    disturbed = run(raw(np.random.default_rng(9), 6.5), made.data)
    assert isinstance(disturbed.data, CCDData)
    assert disturbed.data.meta["GSP_RNSO"] == "overscan"
    assert disturbed.data.meta["GSP_RNUS"] == pytest.approx(6.5, rel=0.05)


def test_a_region_without_overscan_has_the_noise_of_its_master_or_of_the_header() -> None:
    rng = np.random.default_rng(10)
    drawn = np.rint(500 + rng.normal(0, 3, (NY, 1000))).astype(np.float32)
    frame = CCDData(drawn, unit="adu", meta=header(GAIN=1.45, RDNOISE=5.27))
    found = read_noise.of_frame(frame, 5.27, 1.45, None)
    assert (found.electron, found.source, found.overscan) == (5.27, "header", None)
    master = CCDData(drawn, unit="adu", meta=header(GAIN=1.45, RDNOISE=5.27))
    master.meta["GSP_RNOI"] = 4.2
    found = read_noise.of_frame(frame, 5.27, 1.45, master)
    assert (found.electron, found.source) == (4.2, "bias pairs")
    master.meta["GAIN"] = 1.48
    assert read_noise.of_frame(frame, 5.27, 1.45, master).source == "header"


@pytest.mark.skipif(not NIGHT.is_dir(), reason=REASON)
def test_the_noise_of_the_real_blue_camera() -> None:
    paths = sorted(NIGHT.glob("*_Zero_*"))
    pairs = read_noise.of_pairs(paths, 1.4)
    assert pairs is not None
    # From the standard deviation of the difference of two biases it is 5.04 to 5.23, with the
    # rounding of 0.40 electrons.
    assert 5.0 <= np.hypot(pairs, 1.4 / np.sqrt(12)) <= 5.25
    seen = [run(frame_io.read_raw(path)).quality["read_noise_electron"] for path in paths]
    # The 8 columns of the overscan are 4 % quieter than the illuminated ones, in pairs as well.
    assert np.mean(seen) == pytest.approx(pairs, rel=0.06)
    assert 0 < np.ptp(seen) < 0.5  # not in steps of the gain


@pytest.mark.skipif(not DATA.is_dir(), reason=REASON)
def test_the_noise_of_the_real_red_camera() -> None:
    for path in sorted((DATA / "focus-arcs").glob("*.fits")):
        frame = frame_io.read_raw(path)
        stated, gain = ccd.read_noise_and_gain(frame)
        found = read_noise.of_frame(frame, stated, gain, None)
        assert stated == 5.27
        assert found.source == "overscan"
        assert np.sqrt(found.variance) == pytest.approx(4.18, abs=0.08)
