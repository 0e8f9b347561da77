"""Spectra of standard stars of which every photon is known: flux, atmosphere, response, noise.

Nothing here is made with the code under test: fluxes and responses are formulas on a fine grid, and
pixels are sums over it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from astropy.io import fits
from scipy.ndimage import gaussian_filter1d

from reduction.astrometry.airmass import Airmass
from reduction.flux.references.extinction import magnitudes_at
from reduction.flux.references.library import Reference, Star
from reduction.frames import Spectrum
from tests.support.goodman_frames import header

FINE = 0.1
GRID = np.arange(3000.0, 11000.0, FINE)
"""Å in air."""
BALMER = (6562.8, 4861.3, 4340.5, 4101.7, 3970.1, 3889.1, 3835.4, 3797.9, 3770.6)
PLANCK_LIGHT = 6.62607015e-27 * 2.99792458e18  # erg Å
AREA = 1.15e5
RANGES = {
    "400_M1": (400, 11.6, 5.8, 3010.0, 7050.0),
    "400_M2": (400, 16.1, 7.5, 4980.0, 9040.0),
    "600_BLUE": (600, 17.0, 7.0, 3500.0, 6160.0),
    "930_M3": (930, 29.9, 15.0, 4700.0, 6400.0),
}
"""Grating, angles and first and last wavelength, Å."""


def blackbody(temperature: float) -> np.ndarray:
    """Flux of a black body, 1 at 5500 Å."""
    value = GRID**-5.0 / np.expm1(1.4388e8 / GRID / temperature)
    return value / np.interp(5500.0, GRID, value)


def star_flux(
    temperature: float = 16000.0,
    depth: float = 0.5,
    width: float = 18.0,
    flux: float = 3e-14,
    jump: float = 0.0,
) -> np.ndarray:
    """Flux of a star, erg/s/cm²/Å on `GRID`: black body, Balmer lines (Lorentzian), Balmer jump."""
    value = blackbody(temperature)
    for number, line in enumerate(BALMER):
        value = value * (1 - depth * 0.9**number / (1 + ((GRID - line) / width) ** 2))
    if jump:
        value = value * (1 - jump / (1 + np.exp((GRID - 3700.0) / 15.0)))
    return flux * value


def throughput(mode: str) -> np.ndarray:
    """Throughput on `GRID`: a cut-off in the blue, a broad maximum, a decline in the red."""
    rise = {"400_M2": (4700.0, 160.0)}.get(mode, (3720.0, 150.0))
    blue = 1 / (1 + np.exp(-(GRID - rise[0]) / rise[1]))
    red = 1 / (1 + np.exp((GRID - 9000.0) / 450.0))
    broad = np.exp(-(((GRID - 6500.0) / 4000.0) ** 2))
    return 0.24 * blue * red * broad


def true_sensitivity(mode: str, wavelength: np.ndarray) -> np.ndarray:
    """electron cm² / erg."""
    return np.interp(wavelength, GRID, throughput(mode) * AREA * GRID / PLANCK_LIGHT)


def telluric(airmass: float) -> np.ndarray:
    """Transmission of the bands of O2 and H2O on `GRID`, roughly."""
    depth = np.zeros(GRID.size)
    for first, last, strength in (
        (6868.0, 6950.0, 0.25),
        (7595.0, 7690.0, 0.6),
        (7180.0, 7330.0, 0.15),
        (8150.0, 8330.0, 0.12),
        (8950.0, 9800.0, 0.4),
    ):
        depth += strength * ((GRID > first) & (GRID < last))
    return (1 - depth) ** airmass


def table(flux: np.ndarray, width: float, bands_inside: bool = False) -> Reference:
    """A table of band passes of this width, or with 0 a spectrum sampled every Å."""
    seen = flux * telluric(1.0) if bands_inside else flux
    per = round((width or 1.0) / FINE)
    whole = GRID.size // per * per
    centres = GRID[:whole].reshape(-1, per).mean(axis=1)
    means = seen[:whole].reshape(-1, per).mean(axis=1)
    keep = (centres > 3300) & (centres < 10200) if width else centres > 0
    source, rank = ("Hamuy", 3) if width else ("Moehler", 1)
    uncertainty = np.full(int(keep.sum()), 0.02)
    flux_of_bins = (centres[keep], means[keep], uncertainty, width)
    return Reference(source, rank, *flux_of_bins, bands_inside, "simulated")


def star(*references: Reference, kind: str = "white dwarf", name: str = "LTT 3218") -> Star:
    """A standard star with these reference spectra."""
    return Star(name, (), 130.4, -32.9, 0.0, 0.0, kind, references)


@dataclass(frozen=True)
class Exposure:
    """How a star is observed."""

    mode: str = "400_M1"
    seconds: float = 60.0
    airmass: float = 1.3
    resolution: float = 6.0
    shift: float = 0.0
    grey: float = 1.0
    sky: float = 20.0
    with_telluric: bool = True
    cards: dict[str, object] = field(default_factory=dict)

    def known_airmass(self) -> Airmass:
        """The airmass as it is passed on."""
        return Airmass(self.airmass, 0.005, "position", None, ())


def observed(flux: np.ndarray, how: Exposure, rng: np.random.Generator | None = None) -> Spectrum:
    """Return a calibrated spectrum, electron per pixel; without a generator it has no noise."""
    lines, cam, grt, first, last = RANGES[how.mode]
    light = flux * true_sensitivity(how.mode, GRID) * how.grey
    light = light * 10 ** (-0.4 * extinction_at(GRID) * how.airmass)
    if how.with_telluric:
        light = light * telluric(how.airmass)
    light = at_resolution(light, how.resolution)
    n = 2046
    step = (last - first) / n
    edges = first + step * np.arange(n + 1)
    total = np.concatenate([[0.0], np.cumsum(light) * FINE])
    electrons = how.seconds * np.diff(
        np.interp(edges - how.shift, np.append(GRID - FINE / 2, GRID[-1] + FINE / 2), total)
    )
    variance = electrons + how.sky + 8 * 4.0**2
    if rng is not None:
        electrons = electrons + rng.normal(0.0, np.sqrt(variance))
    made = header(
        EXPTIME=how.seconds,
        GRATING=f"{lines}_SYZY",
        CAM_TARG=cam,
        GRT_TARG=grt,
        WAVMODE=how.mode,
        AIRMASS=how.airmass,
        FILTER2="GG455" if how.mode == "400_M2" else "NO_FILTER",
        SLIT="3.0_LONG_SLIT",
        OBJECT="LTT3218",
        OBSRA="08:41:32.43",
        OBSDEC="-32:56:32.9",
        DATE_OBS="2026-01-20T02:19:30",  # airmass 1.300 half a minute later (astropy's AltAz)
    )
    _put_axis(made, first + step / 2, step)
    made["GSP_RESO"] = how.resolution
    for keyword, value in how.cards.items():
        made[keyword] = value
    centres = 0.5 * (edges[1:] + edges[:-1])
    mask = np.zeros(n, dtype=np.uint8)
    return Spectrum(electrons, variance, mask, made, wavelength=centres)


def at_resolution(flux: np.ndarray, resolution: float) -> np.ndarray:
    """Return a flux on `GRID` as the instrument resolves it, FWHM in Å."""
    return gaussian_filter1d(flux, resolution / 2.3548 / FINE, mode="nearest")


def extinction_at(wavelength: np.ndarray) -> np.ndarray:
    """Magnitudes per airmass."""
    return np.interp(wavelength, *_extinction())


def _put_axis(made: fits.Header, first: float, step: float) -> None:
    made["CTYPE1"], made["CUNIT1"], made["AIRORVAC"] = "AWAV", "Angstrom", "air"
    made["CRPIX1"], made["CRVAL1"], made["CDELT1"] = 1.0, first, step
    made["BUNIT"] = "electron"


def _extinction() -> tuple[np.ndarray, np.ndarray]:
    """The extinction of the library, continued at its ends."""
    at = np.arange(3200.0, 10800.0, 10.0)
    return at, magnitudes_at(at)[0]


def published(of: Star) -> np.ndarray:
    """Return the best published flux of a star on `GRID`."""
    best = of.references[0]
    return np.interp(GRID, best.wavelength, best.flux)
