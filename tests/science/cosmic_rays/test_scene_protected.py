"""Slit images and lamps are left alone; no exposure has more hits than its time allows."""

import numpy as np
import pytest
from scipy.special import erf

from reduction.cosmic_rays import plausibility
from reduction.cosmic_rays.cleaning import Method, clean
from reduction.frames import PixelFlag
from reduction.notice_codes import NoticeCode
from tests.support.goodman_frames import reduced
from tests.support.notices import codes

NY, NX = 400, 500
METHODS: tuple[Method, ...] = ("lacosmic", "dcr")


def slit_image(rng: np.random.Generator, width: float, level: float, tilt: float) -> np.ndarray:
    """Electrons of a slit of given width, with dust on its jaws, that ends inside the frame."""
    y, x = np.mgrid[:NY, :NX].astype(float)
    centre = NX / 2 + 0.3 + tilt * (y - NY / 2)
    across = 0.5 * (erf((x - centre + width / 2) / 0.8) - erf((x - centre - width / 2) / 0.8))
    along = np.full((NY, 1), float(level))
    for row in rng.integers(70, 330, 8):
        along[row : row + 2] *= rng.uniform(0.3, 0.9)
    along[:60] = along[340:] = 0
    return 30 + across * along


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("width", "level", "tilt"), [(3.5, 3000, 0.004), (10, 30000, -0.002), (5, 20000, 0.01)]
)
@pytest.mark.parametrize("spectrum", [False, True])
def test_a_slit_image_of_three_seconds_is_not_erased(
    method: Method, width: float, level: float, tilt: float, *, spectrum: bool
) -> None:
    rng = np.random.default_rng(4)
    frame = reduced(slit_image(rng, width, level, tilt), rng)
    most = plausibility.most_events(NY * NX, (1, 1), 3.0)
    cleaned = clean(frame, method, spectrum=spectrum, most=most)
    # In a spectrum the ends of a slit inside the frame are as sharp as anything can be.
    assert cleaned.n_pixels < (5e-4 if spectrum else 1e-4) * NY * NX


@pytest.mark.parametrize("method", METHODS)
def test_rays_beside_and_on_a_slit_image_are_found(method: Method) -> None:
    rng = np.random.default_rng(5)
    truth = slit_image(rng, 4, 2000, 0.004)
    rays = np.zeros_like(truth)
    rows, columns = rng.integers(5, NY - 5, 40), rng.integers(5, NX - 5, 40)
    columns[:8] = NX // 2
    rows[:8] = np.linspace(80, 320, 8).astype(int)
    rays[rows, columns] += 4000
    frame = reduced(truth + rays, rng)
    cleaned = clean(frame, method, spectrum=False, most=100).frame
    found = (cleaned.flags & PixelFlag.COSMIC_RAY) != 0
    assert found[rays > 0].mean() >= 0.95
    assert (found & (rays == 0)).sum() <= 3


def crowd(rng: np.random.Generator, n: int) -> np.ndarray:
    """Points of one pixel all over the frame: optics of no use, or another instrument."""
    scene = np.full((NY, NX), 30.0)
    scene[rng.integers(2, NY - 2, n), rng.integers(2, NX - 2, n)] += 5000
    return scene


def test_more_than_the_exposure_time_allows_is_not_removed_but_said() -> None:
    rng = np.random.default_rng(6)
    frame = reduced(crowd(rng, 600), rng)
    short = plausibility.most_events(NY * NX, (1, 1), 3.0)
    long = plausibility.most_events(NY * NX, (1, 1), 7200.0)
    cleaned = clean(frame, "lacosmic", spectrum=False, most=short)
    assert cleaned.n_pixels == 0
    np.testing.assert_array_equal(cleaned.frame.data, frame.data)
    [said] = cleaned.notices
    assert said.code is NoticeCode.COSMIC_RAYS_TOO_MANY
    assert said.params["found"] > 500 > said.params["most"] == short
    assert clean(frame, "lacosmic", spectrum=False, most=long).n_pixels > 500


def test_marks_that_crowd_in_a_few_rows_are_the_scene() -> None:
    rng = np.random.default_rng(7)
    scene = crowd(rng, 60)
    scene[200, rng.integers(2, NX - 2, 60)] += 5000
    cleaned = clean(reduced(scene, rng), "lacosmic", spectrum=False, most=500)
    found = (cleaned.frame.flags & PixelFlag.COSMIC_RAY) != 0
    assert not found[200:204].any()
    assert 50 <= found.sum() <= 70
    assert codes(cleaned.notices) == [NoticeCode.COSMIC_RAYS_PROTECTED]


@pytest.mark.parametrize("turned", [False, True])
def test_marks_along_a_row_or_column_are_no_track(turned: bool) -> None:
    hits = np.zeros((NY, NX), bool)
    hits[100:103, 50:150] = True
    slanted = np.arange(60)
    hits[200 + slanted // 2, 300 + slanted] = True
    left = plausibility.judge(hits.T if turned else hits, None)
    assert left.n_protected == 300
    assert left.hits.sum() == 60


def test_the_largest_number_grows_with_area_and_time() -> None:
    least = plausibility.most_events(400 * 400, (1, 1), 0.0)
    assert 20 <= least <= 60
    one = plausibility.most_events(2000 * 900, (2, 2), 600.0)
    per_cm2 = (one - 20) / (2000 * 900 * 4 * 15e-4**2) / 11
    assert 10 < per_cm2 < 25  # of some three that fall per minute
