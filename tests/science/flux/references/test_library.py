"""The reference spectra, against published magnitudes, laboratory lines and other copies."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from reduction.flux.references.library import Reference, star_of, stars
from reduction.flux.references.names import normalised
from reduction.wavelength.axis.medium import to_air, to_vacuum
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
    "G93-48": 12.74, "HZ 21": 14.69, "HD 93521": 6.99, "HD 60753": 6.68,
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


def line_centre(wavelength: Floats, flux: Floats, near: float) -> float:
    """Return where an absorption line is deepest, by a parabola through its core."""
    core = np.abs(wavelength - near) < 8
    bend, slope, _ = np.polyfit(wavelength[core] - near, flux[core], 2)
    return near - float(slope / bend / 2)


def test_the_library_has_the_stars_of_the_southern_lists() -> None:
    names = {star.name for star in stars()}
    assert set(V) <= names
    assert len(names) == len(stars()) >= 55
    assert len({normalised(name) for name in names}) == len(names)


def test_every_reference_can_be_used() -> None:
    for name, reference in every_reference():
        sizes = {reference.wavelength.size, reference.flux.size, reference.uncertainty.size}
        assert len(sizes) == 1, name
        assert np.all(np.diff(reference.wavelength) > 0), name
        assert np.all(reference.flux > 0) and np.all(np.isfinite(reference.flux)), name
        assert np.all((reference.uncertainty >= 0.01) & (reference.uncertainty < 0.5)), name
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
        # V = AB(5460 Å) + 0.015 to 0.05 in these colours; 0.08 for the model of HD 60753
        difference = -2.5 * np.log10(per_hertz) - 48.6 - V[name]
        assert -0.09 < difference < 0.04, reference.source


@pytest.mark.parametrize("line", BALMER)
def test_the_models_are_in_air(line: float) -> None:
    for name in ("LTT 3218", "EG 274", "LTT 7987", "GD 71"):
        reference = one(name, "Moehler")
        assert line_centre(reference.wavelength, reference.flux, line) == pytest.approx(
            line, abs=0.4
        )


def test_calspec_is_converted_from_vacuum() -> None:
    """Oke's tables, of which the optical part of these was made, are in air."""
    line = BALMER[1]
    for name in ("Feige 110", "BD+28 4211", "HZ 44", "Feige 34", "GD 108"):
        calspec, oke = one(name, "CALSPEC"), one(name, "Oke")
        centres = [line_centre(each.wavelength, each.flux, line) for each in (calspec, oke)]
        assert centres[0] == pytest.approx(centres[1], abs=0.3)  # 1.36 between air and vacuum


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


def test_the_balmer_lines_of_the_models_are_not_smeared() -> None:
    """EG 274, T = 24,000 K: H beta is 40 to 60 % deep at this resolution."""
    reference = one("EG 274", "Moehler")
    near = np.abs(reference.wavelength - BALMER[1]) < 90
    flux = reference.flux[near]
    assert 0.4 < flux.min() / np.median(flux[:5]) < 0.6
    assert reference.bin == 2.0


def test_the_tables_of_other_reductions_agree() -> None:
    """Those of PypeIt, which takes the tables of Hamuy et al. as they are."""
    path = SHARED_DATA / "goodman-standards" / "red-400-2025-2026.npz"
    if not path.exists():
        pytest.skip(f"the standards observed with Goodman are not here ({path})")
    with np.load(path) as data:
        stored = {name: data[name] for name in ("star", "wave", "flux", "good", "table")}
    for row, name in enumerate(stored["star"]):
        star = star_of(str(name))
        assert star is not None
        reference = star.references[0]
        model = str(stored["table"][row]).startswith("mucol")
        wave = stored["wave"][row].astype(float)
        air = to_air(wave) if model else wave  # those tables are not converted there
        theirs = stored["flux"][row] * 1e-17
        used = stored["good"][row] & (theirs > 0) & (air > 4000 if model else air > 3300)
        ratio = np.interp(air[used], reference.wavelength, reference.flux) / theirs[used]
        assert np.median(ratio) == pytest.approx(1.0, abs=0.012 if model else 0.0015)
        assert np.percentile(np.abs(ratio - 1), 90) < (0.03 if model else 0.003)
    assert np.allclose(to_air(to_vacuum(np.array([5000.0]))), 5000.0)
