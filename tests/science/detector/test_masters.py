"""Masters: the mean, its variance, what is left out, and the pixels' response."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData

from reduction.blocks.master_bias import MasterBiasSettings, master_bias
from reduction.blocks.master_flat import MasterFlatSettings, master_flat
from reduction.detector import flatfield, masters, member_selection
from reduction.detector.combine import combine
from reduction.errors import MissingCalibration, UnusableFrame
from reduction.fits import vocabulary
from reduction.fits.frame_io import variance_of
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs
from tests.support.goodman_frames import header, write
from tests.support.notices import params, refused
from tests.support.science.flat_series import GAIN, NOISE, NX, NY, flat_scene, write_flats


def quiet(_step: str, _fraction: float) -> None:
    return None


def test_combining_gives_the_mean_and_its_variance() -> None:
    rng = np.random.default_rng(1)
    stack = rng.normal(500, 5, (12, 40, 300)).astype(np.float32)
    mean, variance = combine(stack)
    pull = (mean - 500) / np.sqrt(25 / 12)
    assert abs(pull.mean()) < 5 / np.sqrt(pull.size)
    assert abs(pull.std() - 1) < 0.06  # clipping at 3 robust sigma costs a few per cent
    assert np.median(variance) == pytest.approx(25 / 12, rel=0.15)


def test_an_outlier_is_left_out_and_a_pixel_without_value_is_said() -> None:
    rng = np.random.default_rng(2)
    stack = rng.normal(500, 5, (12, 10, 50)).astype(np.float32)
    stack[3, 4, 5] = 60000
    stack[:, 1, 1] = np.nan
    stack[0, 2, 2] = np.nan
    mean, variance = combine(stack)
    assert abs(mean[4, 5] - 500) < 8
    assert np.isnan(mean[1, 1])
    assert np.isinf(variance[1, 1])
    assert abs(mean[2, 2] - 500) < 8


def bias_structure() -> np.ndarray:
    return 500 + 3 * np.sin(np.arange(NX) / 90)[None, :] * np.ones((NY, 1))


def write_biases(folder: Path, n: int = 10) -> tuple[Path, ...]:
    rng = np.random.default_rng(3)
    return tuple(
        write(
            folder / f"{i:04d}_bias.fits",
            bias_structure() + i % 3 + rng.normal(0, NOISE / GAIN, (NY, NX)),
            header(OBSTYPE="BIAS", EXPTIME=0.0),
        )
        for i in range(n)
    )


def test_master_bias_has_the_structure_at_the_mean_level(tmp_path: Path) -> None:
    members = write_biases(tmp_path)
    [product] = master_bias(BlockInputs(members=members), MasterBiasSettings(), quiet)
    assert isinstance(product.data, CCDData)
    truth = bias_structure() + 0.9  # the mean of the drifts 0 1 2 0 1 2 0 1 2 0
    assert product.data.data == pytest.approx(truth, abs=6.5)
    assert abs(float(np.mean(product.data.data - truth))) < 0.15
    expected = (NOISE / GAIN) ** 2 / 10
    variance = variance_of(product.data)
    assert variance is not None
    assert np.median(variance) == pytest.approx(expected, rel=0.25)
    quality = product.quality
    assert (quality["frames"], quality["level_adu"]) == (10, pytest.approx(500.9, abs=0.5))
    assert quality["noise_adu"] == pytest.approx(np.sqrt(expected), rel=0.12)
    assert product.inputs == tuple(p.name for p in members)
    assert product.data.meta["GSP_IS10"] == sha256(members[9].read_bytes()).hexdigest()[:32]
    assert (quality["level_scatter_adu"], product.notices) == (pytest.approx(0.83, abs=0.3), ())
    assert product.file_name == "master_bias_RED_SP_2x2_R03.89_G01.48_20260705.fits"


def test_chunks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = write_biases(tmp_path, 4)
    whole, _ = masters.master_bias(members, lambda _: None)
    monkeypatch.setattr(masters, "CHUNK_BYTES", 4 * NX * 4 * 7)
    parts, _ = masters.master_bias(members, lambda _: None)
    np.testing.assert_array_equal(whole.data, parts.data)


def test_too_few_or_unlike_frames_are_refused(tmp_path: Path) -> None:
    members = write_biases(tmp_path, 3)
    with refused(MissingCalibration, NoticeCode.TOO_FEW_FRAMES, found=3, needed=10):
        master_bias(BlockInputs(members=members), MasterBiasSettings(), quiet)
    other = write(tmp_path / "z.fits", np.full((NY, NX), 500.0), header(OBSTYPE="BIAS", GAIN=3.48))
    [product] = master_bias(
        BlockInputs(members=(*members, other)), MasterBiasSettings(minimum=2), quiet
    )
    left_out = params(product.notices, NoticeCode.MEMBERS_LEFT_OUT)
    assert (left_out["count"], left_out["total"], left_out["reasons"]) == (1, 4, ["read-out"])
    assert (product.members, product.left_out) == (members, {other: "read-out"})


@pytest.mark.parametrize("method", ["simple", "full", "mean"])
def test_master_flat_holds_the_response(tmp_path: Path, method: str) -> None:
    members = write_flats(tmp_path, [1.0, 1.1, 0.9, 1.0, 1.05, 0.95])
    settings = MasterFlatSettings(minimum=5, normalization=method)
    [product] = master_flat(BlockInputs(members=members), settings, quiet)
    flat = product.data
    assert isinstance(flat, CCDData)
    slit = (flat.meta[vocabulary.GSP_SLO], flat.meta[vocabulary.GSP_SHI])
    assert slit == (8, 34)  # two rows inside each edge, counted from 1
    _, response = flat_scene()
    inside = flat.data[7:34]
    truth = response[7:34, 25:2055]
    if method == "mean":
        colour = inside / truth
        assert np.allclose(colour, colour.mean(axis=0), rtol=0.05)
        return
    variance = variance_of(flat)
    assert variance is not None
    assert np.median(np.abs(inside / truth - 1)) < 1.2 * np.sqrt(np.median(variance))
    assert np.all(flat.mask[:6])
    assert np.all(flat.mask[35:])
    quality = product.quality
    assert (quality["frames"], quality["slit_rows"]) == (6, "8:34")
    scatter = np.hypot(np.std(truth), np.sqrt(np.median(variance)))
    assert quality["response_scatter"] == pytest.approx(scatter, rel=0.1)
    assert params(product.notices, NoticeCode.MADE_WITHOUT) == {"role": "master bias"}


def test_saturated_flats_are_left_out_with_a_sentence(tmp_path: Path) -> None:
    members = write_flats(tmp_path, [1.0, 6.0, 1.0, 1.0])
    [product] = master_flat(BlockInputs(members=members), MasterFlatSettings(minimum=3), quiet)
    assert members[1].name not in product.inputs
    left_out = params(product.notices, NoticeCode.FLATS_LEFT_OUT)
    assert (left_out["count"], left_out["total"]) == (1, 4)
    bright = tmp_path / "bright"
    bright.mkdir()
    with refused(UnusableFrame, NoticeCode.FLATS_SATURATED, count=2):
        master_flat(
            BlockInputs(members=write_flats(bright, [8.0, 9.0])),
            MasterFlatSettings(minimum=2),
            quiet,
        )


def test_a_flat_without_light_is_refused() -> None:
    dark = CCDData(np.zeros((20, 50), np.float32), unit=u.adu, meta=header())
    with refused(UnusableFrame, NoticeCode.FLAT_DARK):
        flatfield.normalize(dark, "simple", 15)


def test_a_hot_pixel_does_not_reject_a_flat(tmp_path: Path) -> None:
    members = write_flats(tmp_path, [1.0, 1.0, 1.0])
    with fits.open(members[0], mode="update") as opened:
        opened[0].data[20, 1000] = 65535
    given = member_selection.describe_members(members, 1, "master flat")
    judged, used = member_selection.judge_flats(given, None, 0.0, "master flat")
    assert (len(used), judged.left_out) == (3, {})
    with fits.open(members[0], mode="update") as opened:
        opened[0].data[20, 1000:1002] = 65535
    judged, used = member_selection.judge_flats(given, None, 0.0, "master flat")
    assert judged.left_out == {members[0]: "saturated"}
