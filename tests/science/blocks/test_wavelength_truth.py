"""Wavelength scales against what was put into simulated arcs and skies."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from reduction.errors import NoWavelengthSolution
from reduction.simulation.arcs import arc_lines
from reduction.simulation.modes import find_setup
from reduction.simulation.plan import NightPlan
from reduction.wavelength.arc_solution import solve
from reduction.wavelength.grating import predicted_wavelength
from reduction.wavelength.line_problem import Setup
from reduction.wavelength.resample import linear_grid, resample
from reduction.wavelength.wavelength_solution import (
    interpolate_solutions,
    shift_between,
    weight_of_second,
)
from reduction.wavelength.zero_points.line_profile import LineProfile
from reduction.wavelength.zero_points.sky_check import sky_offset
from tests.support.truth.arcs import LAMPS, MODES, accuracy, arc, custom_arcs, exposed, lamp_arc

Array = np.ndarray[Any, Any]


@pytest.mark.parametrize(("seed", "setup", "lamp", "binning", "camera"), MODES)
def test_the_scale_is_true_to_a_twentieth_of_a_pixel(
    seed: int, setup: str, lamp: str, binning: tuple[int, int], camera: str
) -> None:
    one = arc(seed, setup, lamp, binning, camera=camera)
    seen = accuracy(one, one.solve())
    assert seen.median <= 0.05
    assert seen.worst <= 0.3
    # the reported scatter is that of the lines about the true scale, not of an overfitted one
    assert 1 / 1.5 < seen.reported_over_true < 1.5


@pytest.mark.parametrize("number", range(len(LAMPS)), ids=["-".join(one) for one in LAMPS])
def test_every_lamp_of_every_setup_is_solved(number: int) -> None:
    one = lamp_arc(number)
    solution = one.solve()
    seen = accuracy(one, solution)
    assert seen.median <= 0.15
    assert seen.worst_between_lines <= 0.3
    # beyond the last line the scale is as uncertain as it says
    claimed = solution.check.uncertainty * solution.fwhm / np.gradient(one.truth).min()
    assert seen.worst <= max(0.3, 3 * claimed)


def test_a_setup_without_a_published_lamp_is_solved_by_grating_and_line_list() -> None:
    # 1200_M0; the lamp's intensities are those of 600_UV, which shows the same wavelengths
    column = np.arange(52.0, 4110.0, 2.0)
    truth = predicted_wavelength(column + 23.0 - 1.2e-3 * column, "1200_RALC_BLUE", 26.0, 16.3)
    lines = arc_lines(find_setup("600_UV", "CuHeAr"))
    centre = np.interp(lines.wavelength, truth, column, left=-999.0, right=-999.0)
    profile = np.exp(-0.5 * ((column - centre[:, None]) / 2.6) ** 2)
    flux = 400 + 60_000 * (lines.flux / lines.flux.max()) @ profile
    flux = np.random.default_rng(5).normal(flux, np.sqrt(flux))
    solution = solve(flux, column, Setup("1200_RALC_BLUE", 26.0, 16.3), "CuHeAr")
    miss = np.abs(solution.function(column) - truth) / np.gradient(truth)
    assert np.median(miss) <= 0.1
    assert miss.max() <= 0.5


def test_custom_angles_between_two_modes_are_solved_or_refused_and_never_wrong() -> None:
    arcs = custom_arcs()
    refused = []
    for one in arcs:
        try:
            seen = accuracy(one, one.solve())
        except NoWavelengthSolution as error:
            refused.append(str(error))
        else:
            assert seen.median <= 0.15, one.setup
            assert seen.worst_between_lines <= 0.3, one.setup
    assert len(arcs) > 100
    assert len(refused) < 0.03 * len(arcs), refused


def test_the_ends_beyond_the_last_line_are_said_to_be_uncertain() -> None:
    one = arc(3, "1200_M1", "Ar")
    solution = one.solve()
    miss = np.abs(solution.function(one.column) - one.truth).max()
    claimed = solution.check.uncertainty * solution.fwhm
    assert solution.check.uncertainty > 0.07, "from which on the observer is warned"
    assert miss < 3 * claimed


def timed(minutes: float, **cards: str) -> fits.Header:
    moment = dt.datetime(2026, 7, 6, 2) + dt.timedelta(minutes=minutes)
    return fits.Header({"DATE-OBS": moment.isoformat(), "EXPTIME": 60.0, **cards})


def test_an_arc_of_another_pointing_counts_as_an_hour_further_away() -> None:
    here = {"OBSRA": "10:00:00.0", "OBSDEC": "-30:00:00.0"}
    away = {"OBSRA": "14:00:00.0", "OBSDEC": "-30:00:00.0"}
    star = timed(30, **here)
    assert weight_of_second(star, timed(0, **here), timed(60, **here)) == pytest.approx(0.5)
    assert weight_of_second(star, timed(0, **away), timed(60, **away)) == pytest.approx(0.5)
    assert weight_of_second(star, timed(0, **away), timed(60, **here)) == pytest.approx(0.75)
    assert weight_of_second(star, timed(0, **here), timed(60, **away)) == pytest.approx(0.25)


def test_between_two_arcs_the_scale_follows_the_flexure() -> None:
    arcs = [arc(3, "930_M4", "HgArNe", flexure=f) for f in (0.0, 3.0)]
    first, second = (one.solve() for one in arcs)
    column = arcs[0].column
    moved = np.interp(arcs[1].truth[1000], arcs[0].truth, column) - column[1000]
    assert shift_between(first, second) == pytest.approx(-moved, abs=0.1)
    share = weight_of_second(timed(15), timed(0), timed(60))
    assert share == pytest.approx(0.25)
    scale = interpolate_solutions(first, second, share)
    truth = 0.75 * arcs[0].truth + 0.25 * arcs[1].truth
    assert np.abs(scale.function(column) - truth).max() < 0.3 * np.gradient(truth).max()
    # each line still lies where the scale has its wavelength
    rest = scale.function(scale.pixel) - scale.wavelength
    np.testing.assert_allclose(rest, scale.residual, atol=2e-3)
    assert scale.n_used == first.n_used + second.n_used
    assert weight_of_second(fits.Header(), timed(0), timed(60)) == 0.5


@pytest.mark.parametrize(
    ("seed", "setup"),
    [(3, "400_M2"), (4, "600_MID"), (5, "600_RED"), (6, "930_M5"), (7, "1200_M5"), (8, "930_M3")],
)
def test_flexure_is_measured_on_airglow_and_correcting_it_helps(seed: int, setup: str) -> None:
    plan = NightPlan(seed, setup, n_bias=0, n_flat=0, n_science=1, rows=120)
    plan = replace(plan, sky_magnitude=21.0)
    frame = exposed(plan, "science")
    far = [
        r for r in range(15, 105) if all(abs(r - s.trace.mean()) > 25 for s in frame.truth.sources)
    ]
    sky = 8 * np.median(frame.data[far, 26:2055] - frame.truth.bias_level, axis=0)
    place = 2 * np.arange(26, 2056) - 0.5 - frame.truth.flexure
    place = place - float(np.mean(frame.truth.row_shift[far]))
    for flexure in (0.0, 0.4, -1.7, 9.0):  # unbinned pixels between arc and science
        edges = plan.optics.wavelength(place - flexure)
        first, step, n = linear_grid(edges)
        new = first + step * (np.arange(n + 1) - 0.5)
        flags = np.zeros(sky.size, dtype=np.uint8)
        seen = resample(sky, np.ones(sky.size), flags, edges, new)[0]
        profile = LineProfile(6.5 * step / 2, 1.0 * step / 2)
        found = sky_offset(seen, first + step * np.arange(n), profile, reach=40 * step)
        assert found is not None
        true = -flexure * step / 2
        assert abs(found.offset - true) < min(3 * found.error, 0.3 * step)
        if abs(found.offset) > 2 * found.error:  # it is then corrected
            assert abs(found.offset - true) < abs(true)
