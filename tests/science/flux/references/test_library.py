"""The reference spectra, against published magnitudes, laboratory lines and other copies."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from reduction.flux.references.library import Reference, star_of, stars
from reduction.flux.references.names import normalised
from reduction.wavelength.axis.medium import to_air
from tests.support.paths import SHARED_DATA

Floats = NDArray[np.float64]

BALMER = (6562.80, 4861.33, 4340.46, 4101.73)
"""Air wavelengths of H alpha to H delta (NIST)."""
V = {
    # Hamuy et al. 1992 (HR stars) and the list of ESO for the fainter ones.
    "HR 718": 4.279, "HR 1544": 4.356, "HR 3454": 4.298, "HR 4468": 4.701, "HR 4963": 4.382,
    "HR 5501": 5.682, "HR 7596": 5.629, "HR 7950": 3.778, "HR 8634": 3.405, "HR 9087": 5.118,
    "CD-34 241": 11.23, "LTT 1020": 11.52, "EG 21": 11.39, "LTT 1788": 13.16, "LTT 2415": 12.21,
    "Hiltner 600": 10.44, "LTT 3218": 11.86, "LTT 3864": 12.17, "LTT 4364": 11.50,
    "Feige 56": 11.06, "LTT 4816": 13.79, "CD-32 9927": 10.42, "LTT 6248": 11.80, "EG 274": 11.03,
    "LTT 7379": 10.23, "LTT 7987": 12.23, "LTT 9239": 12.07, "Feige 110": 11.83,
    "LTT 9491": 14.11,
    # STScI's table of CALSPEC.
    "GD 71": 13.032, "GD 153": 13.349, "Feige 34": 11.14, "HZ 44": 11.65, "HZ 4": 14.51,
    "G191-B2B": 11.781, "HR 1996": 5.18, "BD+28 4211": 10.51, "LDS 749B": 14.674,
    "EG 131": 12.29, "HD 14943": 5.91, "HD 2811": 7.50, "109 Vir": 3.73, "HD 34816": 4.29,
    "HD 42525": 5.69, "HD 160617": 8.73, "HD 111980": 8.38, "HD 74000": 9.66, "HD 31128": 9.14,
    "HD 200654": 9.11, "WD 1327-083": 12.34, "WD 2039-682": 13.30,
    "WD 1105-048": 13.06, "WD 1105-340": 13.63, "WD 0227+050": 12.80, "WD 0308-565": 14.07,
    "WD 2341+322": 12.94, "G93-48": 12.74, "HZ 21": 14.69, "HD 93521": 6.99, "HD 60753": 6.68,
}  # fmt: skip


def every_reference() -> list[tuple[str, Reference]]:
    return [(star.name, reference) for star in stars() for reference in star.references]


def one(star: str, source: str) -> Reference:
    found = star_of(star)
    assert found is not None
    return next(each for each in found.references if each.source == source)


def mean(reference: Reference, centre: Floats, width: float) -> Floats:
    """Return the mean flux of bins."""
    steps = np.diff(reference.wavelength)
    pieces = 0.5 * (reference.flux[1:] + reference.flux[:-1]) * steps
    integral = np.concatenate([[0.0], np.cumsum(pieces)])
    last, first = (
        np.interp(centre + sign * width / 2, reference.wavelength, integral) for sign in (1, -1)
    )
    return (last - first) / width


def line_centre(wavelength: Floats, flux: Floats, near: float, width: float = 8) -> float:
    """Return where an absorption line is deepest, by a parabola through its core."""
    core = np.abs(wavelength - near) < width
    bend, slope, _ = np.polyfit(wavelength[core] - near, flux[core], 2)
    return near - float(slope / bend / 2)


def test_the_library_has_the_stars_of_the_southern_lists() -> None:
    names = {star.name for star in stars()}
    assert set(V) <= names
    assert len(names) == len(stars()) >= 87
    assert len({normalised(name) for name in names}) == len(names)


def test_every_reference_can_be_used() -> None:
    for name, reference in every_reference():
        sizes = {reference.wavelength.size, reference.flux.size, reference.uncertainty.size}
        assert len(sizes) == 1, name
        assert np.all(np.diff(reference.wavelength) > 0), name
        assert np.all(reference.flux > 0) and np.all(np.isfinite(reference.flux)), name
        assert np.all((reference.uncertainty >= 0.01) & (reference.uncertainty < 0.6)), name
        assert reference.wavelength[-1] > 9000, name
        assert reference.telluric_inside == (reference.source == "Hamuy"), name


def test_the_best_reference_is_first() -> None:
    for star in stars():
        ranks = [reference.rank for reference in star.references]
        assert ranks == sorted(ranks) and ranks, star.name


@pytest.mark.parametrize("name", V)
def test_the_fluxes_agree_with_the_visual_magnitudes(name: str) -> None:
    """A factor of ten, or a unit, in one file would be 2.5 mag."""
    star = star_of(name)
    assert star is not None
    for reference in star.references:
        inside = (reference.wavelength > 5400) & (reference.wavelength < 5520)
        per_hertz = reference.flux[inside].mean() * 5460**2 / 2.99792458e18
        # AB less V is -0.03 in most of them; 0.15 would be a factor
        difference = -2.5 * np.log10(per_hertz) - 48.6 - V[name]
        assert -0.09 < difference < 0.05, reference.source


@pytest.mark.parametrize("line", BALMER)
def test_the_models_are_in_air(line: float) -> None:
    for name in ("LTT 3218", "EG 274", "LTT 7987", "GD 71"):
        reference = one(name, "Moehler")
        assert line_centre(reference.wavelength, reference.flux, line) == pytest.approx(
            line, abs=0.4
        )


@pytest.mark.parametrize("line", BALMER)
def test_calspec_is_converted_from_vacuum(line: float) -> None:
    """In A stars, which have small velocities; in vacuum it would be 1.2 to 1.8 Å further."""
    for name in ("HR 718", "HD 14943", "109 Vir", "HD 2811"):
        reference = one(name, "CALSPEC")
        width = 8 if line < 5650 else 13  # STIS has 2.7 and 4.9 Å per pixel
        found = line_centre(reference.wavelength, reference.flux, line, width)
        assert found == pytest.approx(line, abs=0.4)


def test_hamuy_agrees_with_the_models_outside_of_the_bands() -> None:
    for name in ("LTT 3218", "LTT 7987", "EG 274", "Feige 110"):
        model, table = one(name, "Moehler"), one(name, "Hamuy")
        ratio = table.flux / mean(model, table.wavelength, table.bin)
        clean = (table.wavelength > 4000) & (table.wavelength < 6800)
        assert 0.975 < np.median(ratio[clean]) < 1.0
        at = np.interp([7600, 6900, 9350], table.wavelength, ratio)
        assert 0.63 < at[0] < 0.69 and 0.89 < at[1] < 0.96 and 0.54 < at[2] < 0.70
        # both uncertainties, and that of the line cores, which depend on the resolution
        sigma = np.hypot(table.uncertainty, 0.02)
        assert np.mean(np.abs(1 - ratio) < 2 * sigma) > 0.9


def test_calspec_and_the_models_have_the_same_shape() -> None:
    """They differ by a factor: of 0.974 in Feige 110."""
    for name, level in (("Feige 110", 0.974), ("GD 71", 1.006), ("GD 153", 0.997)):
        model, other = one(name, "Moehler"), one(name, "CALSPEC")
        centres = np.arange(4000.0, 8800.0, 200.0)
        ratio = mean(other, centres, 200.0) / mean(model, centres, 200.0)
        assert ratio.std() < 0.005
        assert ratio.mean() == pytest.approx(level, abs=0.003)


def test_the_balmer_lines_of_the_models_are_not_smeared() -> None:
    """EG 274, T = 24,000 K: H beta is 40 to 60 % deep at this resolution."""
    reference = one("EG 274", "Moehler")
    near = np.abs(reference.wavelength - BALMER[1]) < 90
    flux = reference.flux[near]
    assert 0.4 < flux.min() / np.median(flux[:5]) < 0.6
    assert reference.bin == 2.0


def test_the_tables_of_other_reductions_agree() -> None:
    """Those of PypeIt, which takes the tables of Hamuy et al. as they are, in air for vacuum."""
    path = SHARED_DATA / "goodman-standards" / "red-400-2025-2026.npz"
    if not path.exists():
        pytest.skip(f"the standards observed with Goodman are not here ({path})")
    with np.load(path) as data:
        stored = {name: data[name] for name in ("star", "wave", "flux", "good", "table")}
    for row, name in enumerate(stored["star"]):
        star = star_of(str(name))
        assert star is not None
        reference = star.references[0]
        wave = stored["wave"][row].astype(float)
        axis = to_air(wave) if reference.source == "CALSPEC" else wave
        theirs = stored["flux"][row] * 1e-17
        used = stored["good"][row] & (theirs > 0) & (axis > 3300)
        ratio = np.interp(axis[used], reference.wavelength, reference.flux) / theirs[used]
        assert np.median(ratio) == pytest.approx(1.0, abs=0.0015)
        assert np.percentile(np.abs(ratio - 1), 90) < 0.004
