"""The passbands, against photometry of the standard stars and published zero points."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.flux.references.library import Reference, star_of
from reduction.flux.references.passbands import Passband, passband, passband_names

COLOURS = {
    # V and B - V: Landolt 1992, AJ 104, 372, and Landolt & Uomoto 2007, AJ 133, 768
    "LTT 4364": (11.504, 0.162),
    "LTT 6248": (11.797, 0.491),
    "LTT 7987": (12.230, 0.046),
    "LTT 9239": (12.068, 0.609),
    "Feige 110": (11.832, -0.305),
    "GD 71": (13.032, -0.249),
    "BD+28 4211": (10.509, -0.341),
}


def magnitude(reference: Reference, band: Passband) -> float:
    """Return a synthetic magnitude, by photons."""
    at = np.interp(reference.wavelength, band.wavelength, band.response, left=0, right=0)
    photons = np.trapezoid(reference.flux * at * reference.wavelength, reference.wavelength)
    flat = np.trapezoid(at / reference.wavelength, reference.wavelength)
    return float(-2.5 * np.log10(photons / flat / 2.99792458e18) - 48.6 - band.zero_point)


@pytest.mark.parametrize("name", COLOURS)
def test_the_colours_of_standard_stars_are_those_measured(name: str) -> None:
    star = star_of(name)
    assert star is not None
    v, colour = COLOURS[name]
    for reference in star.references:
        blue, visual = (magnitude(reference, passband(band)) for band in "BV")
        assert visual == pytest.approx(v, abs=0.035), reference.source
        assert blue - visual == pytest.approx(colour, abs=0.04), reference.source


def test_the_zero_points_are_the_published_ones() -> None:
    """Fluxes of magnitude 0: Bessell, Castelli & Plez 1998, A&A 333, 231, table A2.

    They are 2.6 % brighter than Vega of today's CALSPEC (Bohlin 2014, AJ 147, 127).
    """
    fluxes = {"U": 1.790e-20, "B": 4.063e-20, "V": 3.636e-20, "R": 3.064e-20, "I": 2.416e-20}
    for name, flux in fluxes.items():
        offset = -2.5 * np.log10(flux) - 48.6
        assert passband(name).zero_point == pytest.approx(offset, abs=0.03)
    assert passband("Gaia G").zero_point == pytest.approx(0.1136, abs=1e-3)
    assert all(passband(f"SDSS {band}").zero_point == 0 for band in "ugriz")


@pytest.mark.parametrize(
    ("name", "pivot"),
    [("U", 3585), ("B", 4371), ("V", 5477), ("R", 6494), ("I", 8018), ("SDSS g", 4702),
     ("SDSS r", 6176), ("SDSS i", 7490), ("PS1 g", 4849), ("PS1 r", 6201), ("PS1 i", 7535),
     ("PS1 z", 8674), ("Gaia BP", 5110), ("Gaia RP", 7769)],
)  # fmt: skip
def test_the_pivot_wavelengths_are_the_published_ones(name: str, pivot: float) -> None:
    band = passband(name)
    at, response = band.wavelength, band.response
    found = np.sqrt(np.trapezoid(response * at, at) / np.trapezoid(response / at, at))
    assert found == pytest.approx(pivot, rel=0.003)


def test_every_band_can_be_used() -> None:
    for name in passband_names():
        band = passband(name)
        assert np.all(np.diff(band.wavelength) > 0), name
        assert band.response.max() == pytest.approx(1, abs=1e-3), name
        assert band.response[0] == band.response[-1] == 0 and band.response.min() >= 0, name
        assert band.system in {"AB", "Vega"}


def test_there_is_no_other_band() -> None:
    with pytest.raises(KeyError):
        passband("v")
