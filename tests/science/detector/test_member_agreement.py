"""A frame that is no bias, or another flat, never enters a master; every good one does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reduction.blocks.master_bias import MasterBiasSettings, master_bias
from reduction.blocks.master_flat import MasterFlatSettings, master_flat
from reduction.detector import member_selection
from reduction.detector.member_agreement import Misfit
from reduction.errors import UnusableFrame
from reduction.fits import frame_io
from reduction.frames import Product
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs
from tests.support.goodman_frames import DATA, REASON, header, write
from tests.support.notices import codes, params, refused
from tests.support.science.flat_series import GAIN, NOISE, NX, NY, flat_scene

READ_NOISE = NOISE / GAIN
RNG = np.random.default_rng(12)
COLUMNS, ROWS = np.arange(NX)[None, :], np.arange(NY)[:, None]
LIT = (COLUMNS >= 25) & (COLUMNS < 2055)

Counts = Callable[[], np.ndarray]


def quiet(_step: str, _fraction: float) -> None:
    return None


def bias() -> np.ndarray:
    structure = 3 * np.sin(COLUMNS / 90) * np.ones((NY, 1))
    return 494 + RNG.uniform(-2, 2) + structure + RNG.normal(0, READ_NOISE, (NY, NX))


def drifted() -> np.ndarray:
    """A good bias after a change of temperature, as one of another night."""
    return bias() + 15


def science() -> np.ndarray:
    return bias() + LIT * RNG.normal(20_000, 110, (NY, NX))


def light() -> np.ndarray:
    return bias() + LIT * RNG.poisson(6.0, (NY, NX))


def glow() -> np.ndarray:
    return bias() + 40 * np.exp(-((COLUMNS - 300) ** 2 + (ROWS - 5) ** 2) / 2e4)


def higher_gain() -> np.ndarray:
    return 494 + (bias() - 494) * 2


def noisy() -> np.ndarray:
    return bias() + RNG.normal(0, 1.2 * READ_NOISE, (NY, NX))


def level() -> np.ndarray:
    return bias() + 800


def write_all(folder: Path, made: list[Counts], obstype: str) -> tuple[Path, ...]:
    cards = header(OBSTYPE=obstype, EXPTIME=0.0 if obstype == "BIAS" else 5.0)
    return tuple(write(folder / f"{i:04d}.fits", counts(), cards) for i, counts in enumerate(made))


def bias_of(folder: Path, made: list[Counts]) -> tuple[Product, tuple[Path, ...]]:
    members = write_all(folder, made, "BIAS")
    [product] = master_bias(BlockInputs(members=members), MasterBiasSettings(minimum=1), quiet)
    return product, members


@pytest.mark.parametrize(
    ("other", "misfit"),
    [
        (science, Misfit.LIGHT),
        (light, Misfit.LIGHT),
        (glow, Misfit.STRUCTURE),
        (higher_gain, Misfit.NOISE),
        (noisy, Misfit.NOISE),
        (level, Misfit.LEVEL),
    ],
)
@pytest.mark.parametrize("n_good", [2, 3, 9])
def test_what_is_no_bias_is_left_out(
    tmp_path: Path, other: Counts, misfit: Misfit, n_good: int
) -> None:
    product, members = bias_of(tmp_path, [bias, other, *[bias] * (n_good - 1)])
    assert product.left_out == {members[1]: misfit}
    assert product.quality["level_adu"] == pytest.approx(494, abs=3)
    said = params(product.notices, NoticeCode.MEMBERS_LEFT_OUT)
    assert (said["count"], said["total"], said["reasons"]) == (1, n_good + 1, [str(misfit)])
    assert (NoticeCode.MASTER_UNCONFIRMED in codes(product.notices)) == (n_good < 3)


def test_a_minority_of_several_is_left_out(tmp_path: Path) -> None:
    product, members = bias_of(tmp_path, [science, bias, light, bias, bias, noisy, bias])
    assert set(product.left_out) == {members[0], members[2], members[5]}


@pytest.mark.parametrize("made", [[bias, science], [bias, noisy], [bias, bias, science, science]])
def test_without_a_majority_there_is_no_master(tmp_path: Path, made: list[Counts]) -> None:
    with refused(UnusableFrame, NoticeCode.MEMBERS_DISAGREE, total=len(made)):
        bias_of(tmp_path, made)


def test_a_single_frame_with_light_is_no_bias_and_a_good_one_is_said_to_be_alone(
    tmp_path: Path,
) -> None:
    with refused(UnusableFrame, NoticeCode.MEMBERS_DISAGREE, reasons=["light"]):
        bias_of(tmp_path, [science])
    (tmp_path / "good").mkdir()
    product, _ = bias_of(tmp_path / "good", [bias])
    assert codes(product.notices) == [NoticeCode.MASTER_UNCONFIRMED]


def test_good_biases_of_two_nights_are_all_used(tmp_path: Path) -> None:
    product, members = bias_of(tmp_path, [bias, bias, drifted, bias, drifted, bias])
    assert (product.members, product.notices) == (members, ())


# --- flats ------------------------------------------------------------------------------------


def flat(strength: float = 1.0, shift: int = 0, rows: int = 0) -> np.ndarray:
    scene, response = flat_scene()
    colour = np.roll(scene / response, (rows, shift), axis=(0, 1)) * response
    electrons = RNG.poisson(np.maximum(colour * LIT * strength * GAIN, 0))
    return electrons / GAIN + 500 + RNG.normal(0, READ_NOISE, (NY, NX))


def dark() -> np.ndarray:
    return flat(0.0)


def brighter() -> np.ndarray:
    return flat(1.6)


def other_angle() -> np.ndarray:
    return flat(shift=150)


def other_slit() -> np.ndarray:
    return flat(rows=4)


def flat_of(folder: Path, made: list[Counts]) -> tuple[Product, tuple[Path, ...]]:
    members = write_all(folder, made, "FLAT")
    settings = MasterFlatSettings(minimum=len(made))
    [product] = master_flat(BlockInputs(members=members), settings, quiet)
    return product, members


@pytest.mark.parametrize(
    ("other", "misfit"),
    [(dark, Misfit.DARK), (other_angle, Misfit.SHAPE), (other_slit, Misfit.SHAPE)],
)
@pytest.mark.parametrize("n_good", [2, 9])
def test_another_flat_is_left_out(
    tmp_path: Path, other: Counts, misfit: Misfit, n_good: int
) -> None:
    product, members = flat_of(tmp_path, [flat, other, *[flat] * (n_good - 1)])
    assert product.left_out == {members[1]: misfit}
    assert product.quality["frames"] == n_good
    assert product.quality["frames_given"] == n_good + 1
    assert params(product.notices, NoticeCode.MEMBERS_LEFT_OUT)["reasons"] == [str(misfit)]


def test_a_lamp_that_grows_brighter_is_no_matter(tmp_path: Path) -> None:
    product, members = flat_of(tmp_path, [flat, brighter, flat, brighter])
    assert product.members == members


def test_two_flats_that_differ_or_none_with_light_make_no_master(tmp_path: Path) -> None:
    with refused(UnusableFrame, NoticeCode.MEMBERS_DISAGREE, count=2, total=2):
        flat_of(tmp_path, [flat, other_angle])
    (tmp_path / "dark").mkdir()
    with refused(UnusableFrame, NoticeCode.FLATS_WITHOUT_LIGHT, count=3):
        flat_of(tmp_path / "dark", [dark, dark, dark])


def test_a_frame_that_cannot_be_read_is_counted_and_left_out(tmp_path: Path) -> None:
    members = write_all(tmp_path, [flat] * 9, "FLAT")
    members[3].write_bytes(b"SIMPLE")
    inputs = BlockInputs(members=members, n_absent=1)
    [product] = master_flat(inputs, MasterFlatSettings(minimum=10), quiet)
    assert product.left_out == {members[3]: Misfit.UNREADABLE}
    assert params(product.notices, NoticeCode.MEMBERS_LEFT_OUT)["count"] == 2
    assert product.quality["frames"] == 8


# --- real frames ------------------------------------------------------------------------------

SERIES = {
    "2018 bias": ("soar-blue-2018-02-04", "*Zero*", "BIAS", 12),
    "2018 quartz": ("soar-blue-2018-02-04", "*QuFlat*", "FLAT", 12),
    "2014 bias": ("soar-blue-2014-12-18", "*Zero*", "BIAS", 10),
    "2014 quartz": ("soar-blue-2014-12-18", "*Quartz*", "FLAT", 10),
    "2014 dome": ("soar-blue-2014-12-18", "*DomeFlat*", "FLAT", 10),
}


def real(folder: Path, name: str) -> tuple[Path, ...]:
    """The frames of a real series; those of 2014 do not name their camera, which is added."""
    place, pattern, obstype, _ = SERIES[name]
    made = []
    for path in sorted((DATA / place).glob(pattern)):
        frame = frame_io.read_raw(path) if "2018" in name else None
        if frame is not None:
            made.append(path)
            continue
        pixels, cards = _of_2014(path)
        cards["OBSTYPE"] = obstype
        made.append(write(folder / f"{path.name.split('.')[0]}.fits", pixels, cards))
    return tuple(made)


def _of_2014(path: Path) -> tuple[np.ndarray, object]:
    from reduction.fits.card_repair import repair
    from reduction.fits.pixels import RawPixels

    raw = RawPixels(path)
    cards = repair(raw.header).header
    cards["INSTCONF"] = "Blue"
    for keyword in ("SIMPLE", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "NAXIS3", "BZERO", "BSCALE"):
        cards.remove(keyword, ignore_missing=True)
    return raw.read(), cards


@pytest.mark.skipif(not DATA.is_dir(), reason=REASON)
@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize("n_used", [2, 3, 12])
def test_no_real_frame_is_rejected(tmp_path: Path, name: str, n_used: int) -> None:
    paths = real(tmp_path, name)
    assert len(paths) == SERIES[name][3]
    given = member_selection.describe_members(paths[:n_used], 1, "master")
    if SERIES[name][2] == "BIAS":
        judged = member_selection.judge_biases(given, "master")
    else:
        judged, _ = member_selection.judge_flats(given, None, 1.0, "master")
    assert judged.left_out == {}
    assert len(judged.paths) == min(n_used, len(paths))


@pytest.mark.skipif(not DATA.is_dir(), reason=REASON)
def test_a_real_spectrum_among_real_biases_is_left_out() -> None:
    folder = DATA / "soar-blue-2018-02-04"
    biases = sorted(folder.glob("*Zero*"))
    science_frame = next(folder.glob("*AT2018oh*"))
    given = member_selection.describe_members((*biases, science_frame), 1, "master bias")
    judged = member_selection.judge_biases(given, "master bias")
    assert set(judged.left_out) == {science_frame}
