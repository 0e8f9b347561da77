"""Spectra of known flux behind a known sensitivity, made from photons.

Nothing of the flux calibration is used to make them, but the table of the extinction of the site.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from astropy.io import fits

from reduction.flux.references.extinction import magnitudes_at
from reduction.frames import Spectrum
from reduction.registry import BlockInputs, CalibrationRole
from tests.support.goodman_frames import header
from tests.support.science.telluric_sky import true_transmission

STAR, REFERENCE = "LTT 3218", "Moehler et al. 2014"
NAME = "sensitivity_400_M2_GG455_S3.0_LTT3218_20260705.fits"
AIRMASS = 1.6
RESOLUTION = 6.7
"""FWHM of the star, Å."""
ELEVATION = float(np.degrees(np.arcsin(1 / AIRMASS)))
WIDE: dict[str, Any] = {
    "SLIT": "3.0_LONG_SLIT",
    "GSP_FWAS": 0.8,
    "MOUNT_EL": ELEVATION,
    "AIRMASS": AIRMASS,
    "OBSRA": None,
    "OBSDEC": None,
}
"""Cards of a night without reason for anything but an absolute flux."""


def true_sensitivity(air: np.ndarray) -> np.ndarray:
    """Electrons per second and Å for 1 erg/s/cm²/Å above the atmosphere."""
    return 4.5e15 * np.exp(-0.5 * ((air - 6300) / 1700) ** 2)


def hazy(air: np.ndarray) -> np.ndarray:
    """Return an extinction, magnitudes per airmass: Rayleigh scattering and some haze."""
    return 0.008 * (air / 1e4) ** -4.0 + 0.03


def true_flux(air: np.ndarray) -> np.ndarray:
    """erg/s/cm²/Å above the atmosphere."""
    return 3e-15 * (air / 6000) ** -1.5


def of_header(**changes: Any) -> fits.Header:
    """Return the header of an exposure of a clear night through a wide slit."""
    return header(**(WIDE | changes))


def sensitivity(
    first: float = 4600.0, last: float = 9000.0, sigma: float = 0.01, **changes: Any
) -> Spectrum:
    """Return the true sensitivity as a product, known between two wavelengths."""
    air = np.arange(4500.0, 9100.0, 1.9)
    inside = (air >= first) & (air <= last)
    values = np.where(inside, true_sensitivity(air), np.nan)
    made = of_header(EXPTIME=20.0, DATE_OBS="2026-07-06T01:00:00.0", **changes)
    made["GSP_STAR"], made["GSP_STRF"], made["GSP_AIRM"] = STAR, REFERENCE, 1.1
    made["BUNIT"] = "electron cm2 / erg"
    variance = np.where(inside, (0.002 * values) ** 2, np.inf)
    return Spectrum(
        values,
        variance,
        np.where(inside, 0, 64).astype(np.uint8),
        made,
        wavelength=air,
        planes={"SYS": np.where(inside, sigma, np.nan)},
    )


def observed(
    rng: np.random.Generator | None = None,
    *,
    flux: np.ndarray | None = None,
    transmission: np.ndarray | float = 1.0,
    extinction: Callable[[np.ndarray], np.ndarray] = hazy,
    air: np.ndarray | None = None,
    sky: float = 40.0,
    loss: float = 0.05,
    **changes: Any,
) -> Spectrum:
    """Return a calibrated spectrum of a star, electron per pixel; without noise if `rng` is None.

    `sky` is in electrons per pixel; `loss` the share of the light outside of the aperture.
    """
    air = np.arange(4700.0, 8800.0, 2.0) if air is None else air
    made = of_header(**changes)
    seconds = float(made.get("EXPTIME", 0.0))
    flux = true_flux(air) if flux is None else flux
    dimmed = 10 ** (-0.4 * AIRMASS * extinction(air))
    step = np.gradient(air)
    star = flux * true_sensitivity(air) * dimmed * transmission * seconds * step * (1 - loss)
    noise = 4.0**2 * 5
    counts, variance = star, star + sky + noise
    if rng is not None:
        counts = rng.poisson(star + sky) + rng.normal(0, np.sqrt(noise), air.size) - sky
    made["BUNIT"] = "electron"
    made["CRVAL1"], made["CDELT1"], made["CRPIX1"] = air[0], air[1] - air[0], 1.0
    made["CTYPE1"], made["CUNIT1"], made["AIRORVAC"] = "AWAV", "Angstrom", "air"
    return Spectrum(
        counts.astype(float),
        variance.astype(float),
        np.zeros(air.size, dtype=np.uint8),
        made,
        sky=np.full(air.size, sky),
        wavelength=air,
        loss=np.full(air.size, loss),
    )


def inputs(
    spectrum: Spectrum | None = None, response: Spectrum | None = None, **changes: Any
) -> BlockInputs:
    """Return what the block Calibrate Flux is given: a star behind the atmosphere of the site."""
    if spectrum is None:
        spectrum = behind_the_atmosphere(np.random.default_rng(1), **changes)
    return BlockInputs(
        frame=spectrum,
        file_name="wecfzst_0079_X_ws_1.fits",
        sensitivity=sensitivity() if response is None else response,
        names={CalibrationRole.SENSITIVITY: NAME},
    )


def behind_the_atmosphere(
    rng: np.random.Generator | None = None, *, water: float = 3.0, **changes: Any
) -> Spectrum:
    """Return a spectrum with the extinction of the site and the bands of the simulator."""
    air = changes.pop("air", np.arange(4700.0, 8800.0, 2.0))
    passed = true_transmission(air, RESOLUTION, AIRMASS, water)
    return observed(
        rng,
        air=air,
        transmission=passed,
        extinction=lambda at: magnitudes_at(at)[0],
        GSP_RESO=RESOLUTION * 3.0 / 0.8,  # of the sky, which fills the slit
        **changes,
    )
