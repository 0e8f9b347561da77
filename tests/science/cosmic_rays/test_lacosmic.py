"""Cosmic rays are found; night-sky lines, traces and a target's emission lines are not eaten."""

import astroscrappy
import numpy as np
import pytest
from scipy.ndimage import label, maximum

from reduction.cosmic_rays.cleaning import Method, clean
from reduction.cosmic_rays.lacosmic import lacosmic
from reduction.cosmic_rays.scene import without_scene
from tests.support.goodman_frames import moffat, reduced

NY, NX = 240, 700


def scene() -> np.ndarray:
    """Sky with bowed lines, a bright target on a curved trace with strong emission lines."""
    y, x = np.mgrid[:NY, :NX].astype(float)
    sky = np.full((NY, NX), 30.0)
    for column, height in ((90, 400), (240, 3000), (251, 900), (430, 1500), (600, 8000)):
        bow = column + 6e-5 * (y - NY / 2) ** 2 + 0.004 * (y - NY / 2)
        sky += height * np.exp(-0.5 * ((x - bow) / 1.1) ** 2)
    centre = 118 + 2e-5 * (x - 300) ** 2
    light = 4000 + 60000 * np.exp(-0.5 * ((x - 333) / 1.1) ** 2)
    light += 15000 * np.exp(-0.5 * ((x - 150.4) / 1.3) ** 2)
    return sky + light * moffat(y, centre, 3.2)


def with_rays(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return electrons of n short tracks."""
    rays = np.zeros((NY, NX))
    for _ in range(n):
        y, x = rng.uniform(3, NY - 4), rng.uniform(3, NX - 4)
        angle, length = rng.uniform(0, np.pi), rng.uniform(0.5, 6)
        for step in np.linspace(0, length, 12):
            row = int(np.clip(y + step * np.sin(angle), 0, NY - 1))
            column = int(np.clip(x + step * np.cos(angle), 0, NX - 1))
            rays[row, column] += rng.uniform(600, 3000) / 12 * max(length, 1)
    return rays


def test_the_wide_track_of_a_muon_is_found_to_its_core() -> None:
    rng = np.random.default_rng(22)
    truth = scene()
    y, x = np.mgrid[:NY, :NX].astype(float)
    track = np.zeros((NY, NX))
    for step in np.arange(-40, 40, 0.5):
        away = np.hypot(x - 280 - 0.6 * step, y - 60 + 0.8 * step)
        track += rng.gamma(1.0, 5000) * np.exp(-0.5 * (away / 0.45) ** 2)
    frame = reduced(truth + track, rng)
    cleaned = clean(frame, "lacosmic", spectrum=True).frame
    hit = track > 5 * np.sqrt(truth + 16)
    found = (cleaned.flags & 4) != 0
    assert found[track > 1000].all()
    assert found[hit].mean() > 0.97
    assert (found & (track < 1)).sum() < 5


@pytest.mark.parametrize(("method", "complete"), [("lacosmic", 0.98), ("dcr", 0.9)])
def test_rays_are_found_and_light_is_left(method: Method, complete: float) -> None:
    rng = np.random.default_rng(21)
    truth = scene()
    rays = with_rays(rng, 60)
    frame = reduced(truth, rng)
    frame.data += rays.astype(np.float32)
    cleaned, n_pixels = (one := clean(frame, method, spectrum=True)).frame, one.n_pixels
    found = (cleaned.flags & 4) != 0
    assert n_pixels == found.sum()
    events, n = label(rays > 300, np.ones((3, 3)))
    assert maximum(found, events, range(1, n + 1)).mean() >= complete
    near = label(rays > 0, np.ones((3, 3)))[0] > 0
    for _ in range(2):
        near |= np.roll(near, 1, 0) | np.roll(near, -1, 0) | np.roll(near, 1, 1)
        near |= np.roll(near, -1, 1)
    assert (found & ~near).sum() < 10
    assert np.median(np.abs(cleaned.data - truth)[found]) < 30


@pytest.mark.parametrize("method", ["lacosmic", "dcr"])
def test_a_bright_target_with_emission_lines_is_not_eaten(method: Method) -> None:
    for seed in range(3):
        frame = reduced(scene(), np.random.default_rng(seed))
        cleaned = clean(frame, method, spectrum=True)
        assert cleaned.n_pixels < 8
        assert not cleaned.frame.mask[110:130, 325:342].any()


def test_it_finds_the_events_that_astroscrappy_finds() -> None:
    rng = np.random.default_rng(4)
    frame = reduced(np.full((NY, NX), 60.0), rng)
    frame.data += with_rays(rng, 80).astype(np.float32)
    variance = frame.uncertainty.array
    good = np.zeros(frame.shape, bool)
    ours = lacosmic(without_scene(frame.data, variance, good, spectrum=False), good)
    theirs, _ = astroscrappy.detect_cosmics(
        frame.data,
        invar=variance,
        sigclip=5.0,
        sigfrac=0.3,
        objlim=5.0,
        gain=1.0,
        readnoise=0.0,
        satlevel=np.inf,
        sepmed=True,
        cleantype="meanmask",
    )
    events, n = label(theirs, np.ones((3, 3)))
    assert maximum(ours, events, range(1, n + 1)).mean() > 0.95
    events, n = label(ours, np.ones((3, 3)))
    assert maximum(theirs, events, range(1, n + 1)).mean() > 0.9
