"""The simulated night holds what its truth says, measured without the reduction's code."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.stats import mad_std

from reduction.simulation import Frame, NightPlan, frames, science_frame, setup_names
from reduction.simulation.arcs import arc_lines
from reduction.simulation.detector import CAMERAS, detector
from reduction.simulation.modes import find_setup
from reduction.simulation.optics import slit_illumination

PLAN = NightPlan(11, n_bias=2, n_flat=2, n_science=3, rows=300)


@pytest.fixture(scope="module")
def night() -> list[Frame]:
    return list(frames(PLAN))


def of_kind(night: list[Frame], kind: str) -> list[Frame]:
    return [frame for frame in night if frame.truth.kind == kind]


def clean_difference(first: Frame, second: Frame) -> np.ndarray:
    """First minus second, NaN where either has a cosmic ray."""
    difference = first.data.astype(float) - second.data
    struck = first.truth.cosmic_ray_mask() | second.truth.cosmic_ray_mask()
    difference[struck] = np.nan
    return difference


def centroid(profile: np.ndarray, near: float, reach: float) -> float:
    """Centroid of a line within `reach` of `near`, above the level at its sides."""
    low, high = round(near - reach), round(near + reach) + 1
    x = np.arange(low, high)
    window = profile[low:high]
    signal = window - min(window[:2].mean(), window[-2:].mean())
    return float((x * signal).sum() / signal.sum())


def isolated(frame: Frame, apart: float) -> np.ndarray:
    """Indices of bright lines without a neighbour (above 0.3 %) within `apart` columns."""
    truth = frame.truth
    place, light = truth.line_column, truth.line_electrons
    wanted = []
    for i in np.flatnonzero((place > 100) & (place < 4050)):
        near = (abs(place - place[i]) < apart) & (light > 0.003 * light[i])
        if near.sum() == 1 and 0.005 * light.max() < light[i] < 0.5 * light.max():
            wanted.append(i)
    return np.array(wanted)


def test_bias_noise_is_the_read_noise(night: list[Frame]) -> None:
    first, second = of_kind(night, "bias")
    difference = clean_difference(first, second)
    gain = first.header["GAIN"]
    noise = gain * np.nanstd(difference) / np.sqrt(2)
    expected = np.hypot(first.header["RDNOISE"], gain / np.sqrt(12))  # and of rounding
    assert noise == pytest.approx(expected, rel=5 / np.sqrt(2 * difference.size))


def test_bias_level_and_structure_are_the_truth(night: list[Frame]) -> None:
    frame = of_kind(night, "bias")[0]
    residual = frame.data - frame.truth.bias_level - PLAN.detector("bias").bias
    residual = residual[~frame.truth.cosmic_ray_mask()]
    error = frame.truth.rdnoise / frame.truth.gain / np.sqrt(residual.size)
    assert abs(residual.mean()) < 4 * error


def test_flat_pair_gives_the_gain(night: list[Frame]) -> None:
    first, second = of_kind(night, "flat")
    difference = clean_difference(first, second)[20:280, 400:1800]
    level = (first.data.astype(float) + second.data) / 2 - first.truth.bias_level
    level = (level - PLAN.detector("flat").bias)[20:280, 400:1800]
    level[np.isnan(difference)] = np.nan
    n = np.isfinite(difference).sum()
    # Bright and dim pixels weigh alike in the sum of (difference² − read noise²) = 2 level / gain.
    read = 2 * (first.truth.rdnoise / first.truth.gain) ** 2
    gain = 2 * np.nanmean(level) / (np.nanmean(difference**2) - read)
    assert gain == pytest.approx(first.header["GAIN"], rel=6 * np.sqrt(2 / n))


def test_flat_over_its_truth_is_flat(night: list[Frame]) -> None:
    frame = of_kind(night, "flat")[0]
    truth, used = frame.truth, PLAN.detector("flat")
    electrons = truth.gain * (frame.data - truth.bias_level - used.bias)
    light = 2 * truth.illumination[:, None] * truth.light.reshape(-1, 2).sum(axis=1)[None, :]
    expected = (light + truth.scattered) * used.response
    pull = (electrons - expected) / np.sqrt(expected + truth.rdnoise**2)
    pull = pull[10:-10, 100:1500][~truth.cosmic_ray_mask()[10:-10, 100:1500]]
    assert abs(pull.std() - 1) < 0.02  # the tilt moves the smooth spectrum by less than a pixel


def test_arc_lines_are_where_the_truth_says(night: list[Frame]) -> None:
    for frame in of_kind(night, "arc"):
        truth = frame.truth
        electrons = truth.gain * (frame.data - truth.bias_level - PLAN.detector("arc").bias)
        row = truth.shape[0] // 2 + 20
        profile = electrons[row - 8 : row + 9].mean(axis=0)
        profile[frame.data[row - 8 : row + 9].max(axis=0) == 65535] = np.nan
        shift = truth.row_shift[row - 8 : row + 9].mean()
        offsets = []
        for i in isolated(frame, apart=24):
            expected = (truth.line_column[i] + shift - 0.5) / 2
            offsets.append(centroid(profile, expected, 6) - expected)
        offsets = np.array(offsets)[np.isfinite(offsets)]
        assert offsets.size >= 8
        assert abs(np.median(offsets)) < 0.02
        assert mad_std(offsets) < 0.04


def test_wavelengths_of_the_lines_are_the_laboratory_s(night: list[Frame]) -> None:
    for frame in [*of_kind(night, "arc"), *of_kind(night, "science")]:
        truth = frame.truth
        mapped = truth.wavelength_at((truth.line_column - 0.5) / 2)
        assert np.abs(mapped - truth.line_wavelength).max() < 2e-4
        assert (np.diff(truth.wavelength) > 0).all()


def test_slit_is_tilted_as_the_truth_says() -> None:
    plan = NightPlan(2, n_bias=0, n_flat=0, n_science=1)
    frame = next(iter(frames(plan)))
    assert frame.truth.kind == "arc"
    brightest = isolated(frame, apart=24)
    brightest = brightest[np.argmax(frame.truth.line_electrons[brightest])]
    place = frame.truth.line_column[brightest]
    for row in (160, 474, 860):
        profile = frame.data[row - 5 : row + 6].mean(axis=0) - frame.truth.bias_level
        expected = (place + frame.truth.row_shift[row] - 0.5) / 2
        assert centroid(profile, expected, 6) == pytest.approx(expected, abs=0.05)
    assert np.ptp(frame.truth.row_shift[120:910]) > 5


def test_sky_line_and_flexure(night: list[Frame]) -> None:
    afternoon = of_kind(night, "arc")[0].truth
    for frame in of_kind(night, "science"):
        truth = frame.truth
        green = np.argmin(abs(truth.line_wavelength - 5577.338))
        column = truth.line_column[green]
        trace = truth.sources[0].trace.mean()
        rows = np.arange(truth.shape[0])
        empty = np.ones(rows.size, dtype=bool)
        for source in truth.sources:
            empty &= abs(rows - source.trace.mean()) > 45
        assert empty.sum() > 60, trace
        used = frame.data.astype(float)
        used[truth.cosmic_ray_mask()] = np.nan
        profile = np.nanmean(used[empty], axis=0) - truth.bias_level
        expected = (column + truth.row_shift[empty].mean() - 0.5) / 2
        assert centroid(profile, expected, 8) == pytest.approx(expected, abs=0.08)
        assert 1.0 < abs(truth.flexure - afternoon.flexure) < 2.0
    pairs = zip(of_kind(night, "science"), of_kind(night, "arc")[1:], strict=True)
    assert all(abs(a.truth.flexure - b.truth.flexure) < 0.6 for a, b in pairs)


def test_source_holds_the_electrons_and_place_of_the_truth(night: list[Frame]) -> None:
    frame = of_kind(night, "science")[0]
    truth, used = frame.truth, PLAN.detector("science")
    (source,) = truth.sources
    electrons = (
        truth.gain * (frame.data - truth.bias_level - used.bias) / np.maximum(used.response, 0.2)
    )
    sky = 2 * truth.illumination[:, None] * truth.light.reshape(-1, 2).sum(axis=1)[None, :]
    light = (electrons - sky) / truth.illumination[:, None]
    light[truth.cosmic_ray_mask()] = np.nan
    columns = slice(700, 1000)  # between the bright sky lines
    middle = round(source.trace[columns].mean())
    box = light[middle - 30 : middle + 31, columns]
    box = np.where(np.isnan(box), np.nanmedian(box, axis=1)[:, None], box)
    expected = source.electrons.reshape(-1, 2).sum(axis=1)[columns]
    assert box.sum() == pytest.approx(expected.sum(), rel=0.01)
    rows = np.arange(middle - 30, middle + 31)
    place = (rows[:, None] * box).sum() / box.sum()
    assert place == pytest.approx(source.trace[columns].mean(), abs=0.15)
    profile = box.sum(axis=1)
    width = 2 * profile.sum() / profile.max()  # equivalent width, unbinned rows
    assert 0.95 < width / (1.13 * source.fwhm) < 1.15  # a Moffat of β 3.5: 1.13 FWHM


def test_cosmic_rays_are_the_mask_and_nothing_else() -> None:
    frame = science_frame(5)  # the ends of the slit are dark: only cosmic rays there
    truth, used = frame.truth, detector("Red", (2, 2))
    residual = truth.gain * (frame.data - truth.bias_level - used.bias)[930:]
    outliers = residual > 6 * truth.rdnoise
    assert not (outliers & ~truth.cosmic_ray_mask(3.0)[930:]).any()
    assert outliers[truth.cosmic_ray_mask(60.0)[930:]].all()
    area = np.prod(truth.shape) * (2 * 15e-4) ** 2  # cm²
    per_minute = (truth.cosmic_electrons > 100).sum() / area / 5
    assert 3 < per_minute < 40  # pixels, at some 3 events of a few pixels per cm² and minute


def test_cosmic_ray_charge_comes_back() -> None:
    frame = science_frame(5)
    truth, used = frame.truth, detector("Red", (2, 2))
    dark = truth.cosmic_index[truth.cosmic_index // truth.shape[1] > 930]
    charge = truth.cosmic_electrons[truth.cosmic_index // truth.shape[1] > 930]
    seen = truth.gain * (frame.data - truth.bias_level - used.bias).ravel()[dark]
    strong = charge > 500
    assert strong.sum() > 3
    np.testing.assert_allclose(seen[strong], charge[strong], atol=6 * truth.rdnoise)


def test_arc_saturates_where_the_truth_counts(night: list[Frame]) -> None:
    for frame in of_kind(night, "arc"):
        assert frame.data.dtype == np.uint16
        assert frame.truth.n_saturated == (frame.data == 65535).sum() > 0
    assert all(frame.truth.n_saturated == 0 for frame in of_kind(night, "flat"))


def test_one_frame_has_two_targets(night: list[Frame]) -> None:
    counts = [len(frame.truth.sources) for frame in of_kind(night, "science")]
    assert counts == [1, 1, 2]
    two = of_kind(night, "science")[2].truth.sources
    assert abs(two[0].trace[0] - two[1].trace[0]) * 2 > 4 * two[0].fwhm


@pytest.mark.parametrize("name", setup_names())
def test_every_setup_agrees_with_the_library(name: str) -> None:
    setup = find_setup(name)
    lamp = setup.lamp
    off = setup.wavelength(lamp.pixel + lamp.first_column) - lamp.wavelength
    dispersion = np.ptp(setup.wavelength(np.array([2000.0, 2100.0]))) / 100
    assert np.median(abs(off)) < 0.6 * dispersion
    column = np.linspace(0, 4141, 50)
    np.testing.assert_allclose(setup.column(setup.wavelength(column)), column, atol=1e-6)
    lines = arc_lines(setup)
    assert lines.wavelength.size >= 12
    assert lines.flux.max() == pytest.approx(1)
    # its brightest line is one of the brightest of the published exposure
    place = setup.column(lines.wavelength[[np.argmax(lines.flux)]])[0] - lamp.first_column
    near = lamp.flux[max(int(place) - 20, 0) : int(place) + 20]
    assert near.max() > 0.3 * lamp.flux.max()


def test_patterns_do_not_depend_on_the_region() -> None:
    whole, part = detector("Red", (2, 2)), detector("Red", (2, 2), 300)
    first = (part.first_row - whole.first_row) // 2
    np.testing.assert_array_equal(whole.response[first + 1 : first + 300], part.response[1:])
    np.testing.assert_array_equal(whole.bias[first : first + 300], part.bias)
    assert set(CAMERAS) == {"Red", "Blue"}
    lit = slit_illumination(np.array([150.0, 948.0, 1890.0]))
    assert lit[1] > 0.9
    assert max(lit[0], lit[2]) < 1e-6
