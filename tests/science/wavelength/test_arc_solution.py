"""A solved arc is right, and an arc that can't be solved is refused with a reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reduction.detector import geometry
from reduction.errors import NoWavelengthSolution
from reduction.fits import frame_io, header_values, headers, vocabulary
from reduction.lines.lamps import LAMP_ELEMENTS, Lamp, library
from reduction.lines.line_list import lamp_lines, lamp_name, single_lines
from reduction.notice_codes import NoticeCode
from reduction.wavelength import arc_solution
from reduction.wavelength.arc_lines import find_lines
from reduction.wavelength.arc_solution import solve
from reduction.wavelength.grating import predicted_wavelength
from reduction.wavelength.line_problem import Setup
from tests.support.notices import refused
from tests.support.paths import SHARED_DATA
from tests.support.truth.library import columns, left_out_one_by_one, setup, solve_alone

DATA = SHARED_DATA
Array = np.ndarray[Any, Any]


def named(name: str) -> Lamp:
    return next(one for one in library().lamps if one.name.endswith(name))


def test_each_published_lamp_is_solved_without_itself_and_none_wrongly() -> None:
    seen = left_out_one_by_one()
    assert (seen.wrong, seen.refused) == ([], [])
    assert seen.largest_rms < 0.12


def through_a_wide_slit(lamp: Lamp) -> Array:
    """The lamp as a slit of 3 arcsec shows it: 17 unbinned pixels wide, most lines blended."""
    return np.convolve(lamp.flux, np.ones(17) / 17, mode="same")


def test_most_lamps_are_solved_through_a_wide_slit_and_none_wrongly() -> None:
    refused, off = 0, []
    for lamp in library().lamps[::2]:
        try:
            solution = solve_alone(lamp, flux=through_a_wide_slit(lamp))
        except NoWavelengthSolution:
            refused += 1
            continue
        sharp = solve(lamp.flux, columns(lamp), setup(lamp), lamp.lamp)
        miss = np.abs(solution.function(columns(lamp)) - sharp.function(columns(lamp)))
        off.append(float(np.median(miss) / solution.fwhm))
        # at the ends, where a lamp may have no lines, a third of a line width
        assert miss.max() < 0.35 * solution.fwhm, lamp.name
    assert refused <= 4
    assert np.median(off) < 0.01


def test_nothing_wrong_is_accepted_in_the_library() -> None:
    accepted = []
    for lamp in library().lamps[::9]:
        here = setup(lamp)
        turned = [
            Setup(here.grating, here.cam_targ + 2 * d, here.grt_targ + d) for d in (-0.9, 2.0)
        ]
        unrelated = [
            name
            for name in ("Ne", "Ar", "CuHeAr")
            if not set(lamp.elements) & set(LAMP_ELEMENTS[name])
        ]
        cases = [
            ("mirrored", lamp.lamp, {"flux": lamp.flux[::-1].copy()}),
            *(("turned", lamp.lamp, {"setup": one}) for one in turned),
            *(("unrelated", name, {}) for name in unrelated),
        ]
        for kind, claimed, changes in cases:
            for wide in (False, True):
                flux = changes.get("flux", lamp.flux)
                if wide:
                    flux = np.convolve(flux, np.ones(17) / 17, mode="same")
                try:
                    solve_alone(lamp, claimed, **{**changes, "flux": flux})
                except NoWavelengthSolution:
                    continue
                accepted.append((lamp.name, kind, claimed, wide))
    assert accepted == []


def test_lamps_of_one_setup_agree() -> None:
    lamps = library().find(wavmode="930_M4")
    scales = np.array([solve_alone(one).function(columns(one)) for one in lamps])
    assert np.abs(scales - np.median(scales, axis=0)).max() < 0.25  # 0.6 of an unbinned pixel


def test_binning_moves_nothing() -> None:
    lamp = named("400M2_GG455_HgArNe")
    whole = solve_alone(lamp)
    for b in (2, 3):
        n = lamp.flux.size // b
        binned = lamp.flux[: n * b].reshape(n, b).sum(axis=1)
        middle = columns(lamp)[0] + b * np.arange(n) + (b - 1) / 2
        solution = solve_alone(lamp, flux=binned, column=middle)
        difference = (solution.function(middle) - whole.function(middle)) / 0.99
        # unbinned pixels; a forgotten half of a binned pixel would be 0.5 or 1
        assert abs(np.median(difference)) < 0.2
        assert np.abs(difference).max() < 0.8


def test_a_synthetic_arc_with_known_scale_is_recovered() -> None:
    column = np.arange(50.0, 4110.0)
    shift = 27.3
    truth = predicted_wavelength(column + shift + 2e-7 * (column - 2080) ** 2, "600_X", 20.0, 10.0)
    wavelength, strength = lamp_lines("HgArNe")
    rng = np.random.default_rng(11)
    centre = np.interp(wavelength, truth, column, left=-99, right=-99)
    flux = 300 + rng.normal(0, 5, column.size)
    for x, s in zip(centre, strength, strict=True):
        if x > 0:
            flux += 30_000 * s**0.7 * np.exp(-0.5 * ((column - x) / 1.4) ** 2)
    flux = rng.normal(flux, np.sqrt(np.clip(flux, 1, None)))
    solution = solve(flux, column, Setup("600_X", 20.0, 10.0), "HgArNe")
    error = (solution.function(column) - truth) / np.gradient(truth)
    inside = (column > solution.pixel.min()) & (column < solution.pixel.max())
    assert np.abs(error[inside]).max() < 0.15
    assert np.abs(np.median(error)) < 0.03


ARC_CODES = {
    NoticeCode.ARC_WITHOUT_PIXELS,
    NoticeCode.ARC_WITHOUT_LINES,
    NoticeCode.NO_SHIFT_FITS,
    NoticeCode.TOO_FEW_LINES,
    NoticeCode.BRIGHT_LINES_UNEXPLAINED,
    NoticeCode.PUBLISHED_LINES_ABSENT,
    NoticeCode.AGREEMENT_BY_CHANCE,
    NoticeCode.LINES_SCATTER,
    NoticeCode.LINES_COVER_TOO_LITTLE,
}


@pytest.mark.parametrize(
    ("claimed", "name"),
    [("Ne", "930M2_FeHeAr"), ("CuHeAr", "930M1_HgAr"), ("HgArNe", "1200M1_FeHeAr")],
)
def test_a_wrong_lamp_is_refused(claimed: str, name: str) -> None:
    with pytest.raises(NoWavelengthSolution) as raised:
        solve_alone(named(name), claimed)
    assert raised.value.notice.params["lamp"] == claimed


def test_what_is_no_arc_is_refused() -> None:
    lamp = named("400M2_GG455_HgArNe")
    rng = np.random.default_rng(2)
    n = lamp.flux.size
    cases = {
        "noise": rng.normal(100, 10, n),
        "nothing": np.full(n, np.nan),
        "constant": np.zeros(n),
        "quartz": rng.poisson(1e4 * np.sin(np.linspace(0.2, 3, n))).astype(float),
        "mirrored": lamp.flux[::-1].copy(),
    }
    for flux in cases.values():
        with pytest.raises(NoWavelengthSolution) as raised:
            solve_alone(lamp, flux=flux)
        assert raised.value.notice.code in ARC_CODES


@pytest.mark.parametrize("wrong", [Setup("930_SYZY", 16.1, 7.5), Setup("400_SYZY", 11.6, 5.8)])
def test_another_setup_is_refused(wrong: Setup) -> None:
    with pytest.raises(NoWavelengthSolution):
        solve_alone(named("400M2_GG455_HgArNe"), setup=wrong)


def test_angles_without_light_are_refused() -> None:
    with refused(NoWavelengthSolution, NoticeCode.GRATING_OUT_OF_RANGE, cam_targ=0.0):
        predicted_wavelength(np.arange(3.0), "400_SYZY", 0.0, 0.0)


def test_saturated_and_dead_pixels_do_no_harm() -> None:
    lamp = named("930M5_GG495_HgArNe")
    reference = solve_alone(lamp).function(columns(lamp))
    level = np.percentile(lamp.flux, 99.5)
    flux = np.minimum(lamp.flux, level)
    flux[1500:1520] = np.nan
    solution = solve_alone(lamp, flux=flux, saturated=lamp.flux >= level)
    assert np.abs(solution.function(columns(lamp)) - reference).max() < 0.2  # half a pixel


def test_centres_are_good_to_a_few_hundredths_of_a_pixel() -> None:
    rng = np.random.default_rng(4)
    x = np.arange(2000.0)
    truth = np.arange(40.0, 1960, 40) + rng.uniform(-0.5, 0.5, 48)
    for width in (2.4, 3.2, 7.0):
        edges = np.arange(2001.0) - 0.5
        flat = np.clip(edges[:, None] - truth + width / 2, 0, width)  # the slit's image: a box
        flux = 2e4 * np.diff(flat, axis=0).sum(axis=1)
        flux = np.convolve(flux, [0.1, 0.8, 0.1], mode="same") + 500
        lines = find_lines(rng.normal(flux, np.sqrt(flux)))
        assert lines.pixel.size == truth.size
        assert np.abs(lines.pixel - truth).max() < 0.12
        assert lines.clean.all()
    assert x.size == 2000


def test_close_lines_are_not_measured() -> None:
    wavelength = np.array([5000.0, 5001.0, 5050.0, 5100.0, 5101.0])
    strength = np.array([1.0, 0.8, 0.5, 1.0, 0.01])
    single = single_lines(wavelength, strength, np.full(5, 2.0))
    assert single.tolist() == [False, False, True, True, False]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (("HgAr", "Ne"), "HgArNe"),
        (("Fe",), "FeHeAr"),
        (("Cu",), "CuHeAr"),
        (("HgAr", "Ar"), "HgAr"),
        (("Ne", "Fe"), "FeHeAr+Ne"),
        ((), ""),
    ],
)
def test_lamp_names(header: tuple[str, ...], name: str) -> None:
    assert lamp_name(header) == name
    if name:
        assert lamp_lines(name)[0].size > 20


@pytest.mark.parametrize("mode", ["400m1", "400m2"])
def test_real_two_dimensional_arcs(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = DATA / "focus-arcs" / f"sp_{mode}.fits"
    if not path.exists():
        pytest.skip("the real arcs of shared/data/focus-arcs are not here")
    frame = frame_io.read_raw(path)
    geometry.set_physical(frame.meta, frame.shape)
    section = geometry.image_section(frame.meta, frame.shape)
    data = frame.data[section.slices].astype(float)
    row = data.shape[0] // 2
    arc = (
        data[row - 5 : row + 6].sum(axis=0),
        section.x0 + np.arange(data.shape[1], dtype=float),
        Setup(
            header_values.grating_name(headers.text(frame.meta, vocabulary.GRATING)),
            headers.require_number(frame.meta, vocabulary.CAM_TARG),
            headers.require_number(frame.meta, vocabulary.GRT_TARG),
        ),
        lamp_name(headers.lamps(frame.meta)),
    )
    solution = solve(*arc)
    first = {"400m1": 3030, "400m2": 4970}[mode]
    assert solution.n_used >= 25
    assert solution.rms < 0.1
    assert abs(solution.function(section.x0) - first) < 40
    # a scale that never knew a fifth of the laboratory lines has them where the arc shows them
    misses = []
    for start in range(5):
        hidden = np.flatnonzero(solution.used)[1:-1][start::5]
        unseen = solution.wavelength[hidden]

        def others(lamp: str, unseen: Array = unseen) -> tuple[Array, Array]:
            wavelength, strength = lamp_lines(lamp)
            kept = np.abs(np.subtract.outer(wavelength, unseen)).min(axis=1) > 1e-3
            return wavelength[kept], strength[kept]

        with monkeypatch.context() as patched:
            patched.setattr(arc_solution, "lamp_lines", others)
            part = solve(*arc)
        assert not np.isin(unseen, part.wavelength).any()
        pixels = solution.pixel[hidden]
        miss = np.abs(part.function(pixels) - unseen) / part.function.deriv()(pixels)
        misses.append(miss)
    assert np.median(np.concatenate(misses)) <= 0.05
    assert np.concatenate(misses).max() <= 0.3
