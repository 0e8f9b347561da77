"""From electrons per pixel to flux: what a sensitivity makes of a spectrum.

flux = electrons / (exposure × Å per pixel) × 10^(0.4 k X) / S / (1 − aperture loss), with S in
electrons per second and Å above the atmosphere for a flux of 1 erg/s/cm²/Å, k the extinction and X
the airmass of the spectrum.

The variance of the flux is that of the photons and the read-out of the spectrum alone: it is
independent from pixel to pixel. The statistical error of the sensitivity, a smooth function, is
common to many pixels and to all spectra that it calibrates; it is part of σ_sys
(`reduction.flux.calibration.uncertainty`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reduction.flux.response.counts import MOST_LOSS
from reduction.frames import PixelFlag, Spectrum
from reduction.wavelength.axis.medium import in_air, medium_of

Floats = NDArray[np.float64]

FLUX_UNIT = "erg / (s cm2 Angstrom)"
"""``BUNIT`` of a spectrum in flux."""


@dataclass(frozen=True, slots=True, eq=False)
class SensitivityOnAxis:
    """A sensitivity at the pixels of a spectrum; NaN where it is not known.

    Parameters
    ----------
    value : (n,) float64
        S, electron cm² / erg.
    statistical : (n,) float64
        Its statistical error, as a fraction.
    systematic : (n,) float64
        Its systematic error, as a fraction.
    """

    value: Floats
    statistical: Floats
    systematic: Floats

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which pixels, (n,), are inside of the range in which the sensitivity is known."""
        return np.isfinite(self.value)


def air_wavelength(spectrum: Spectrum) -> Floats:
    """Return the air wavelengths of the pixel centres of a calibrated spectrum, (n,) float64, Å."""
    assert spectrum.wavelength is not None  # it is calibrated
    return in_air(spectrum.wavelength, medium_of(spectrum.header))


def on_axis(sensitivity: Spectrum, air: Floats) -> SensitivityOnAxis:
    """Interpolate a sensitivity, and never extrapolate it.

    Parameters
    ----------
    sensitivity : Spectrum
        `flux` is S; ``SYS`` among its planes is the systematic error, as a fraction.
    air : (n,) float64
        Air wavelengths of pixel centres, Å.

    Returns
    -------
    SensitivityOnAxis
        A pixel is known if the pixels of the sensitivity on both sides of it are: no gap is
        bridged.
    """
    own = air_wavelength(sensitivity)
    values = np.asarray(sensitivity.flux, dtype=float)
    usable = np.isfinite(values) & (values > 0) & np.isfinite(own)
    nothing = np.full(air.shape, np.nan)
    if np.count_nonzero(usable) < 2:
        return SensitivityOnAxis(nothing, nothing, nothing)
    whole = np.interp(air, own, usable.astype(float), left=0.0, right=0.0) == 1.0

    def at(array: NDArray[np.floating]) -> Floats:
        defined = usable & np.isfinite(array)
        if not defined.any():
            return np.where(whole, 0.0, np.nan)
        found = np.interp(air, own[defined], np.asarray(array, dtype=float)[defined])
        return np.where(whole, found, np.nan)

    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        statistical = np.sqrt(np.asarray(sensitivity.variance, dtype=float)) / values
    systematic = sensitivity.planes.get("SYS", np.full(values.shape, np.nan))
    return SensitivityOnAxis(at(values), at(statistical), at(systematic))


def conversion(
    spectrum: Spectrum, sensitivity: SensitivityOnAxis, *, exposure: float, dimming: Floats
) -> Floats:
    """Return the flux that one electron in a pixel stands for.

    Parameters
    ----------
    spectrum : Spectrum
        In electrons per pixel of a linear axis, with its aperture loss where that is known.
    sensitivity : SensitivityOnAxis
        At its pixels.
    exposure : float
        Exposure time, s.
    dimming : (n,) float64
        Extinction at the airmass of the spectrum, magnitudes.

    Returns
    -------
    (n,) float64
        erg/s/cm²/Å per electron; NaN where the sensitivity is not known, or nearly all of the light
        is outside of the aperture, as for a standard star.
    """
    assert spectrum.wavelength is not None
    width = np.gradient(np.asarray(spectrum.wavelength, dtype=float))
    factor = 10 ** (0.4 * dimming) / (exposure * width * sensitivity.value)
    if spectrum.loss is None:
        return np.asarray(factor, dtype=float)
    lost = np.nan_to_num(np.asarray(spectrum.loss, dtype=float))
    kept = np.where(lost < MOST_LOSS, 1 - np.clip(lost, 0.0, MOST_LOSS), np.nan)
    return np.asarray(factor / kept, dtype=float)


def in_flux(spectrum: Spectrum, factor: Floats) -> Spectrum:
    """Return a spectrum multiplied by a conversion.

    Parameters
    ----------
    spectrum : Spectrum
        In electrons per pixel.
    factor : (n,) float64
        erg/s/cm²/Å per electron; NaN where it is not known.

    Returns
    -------
    Spectrum
        Flux, variance and sky in erg/s/cm²/Å (the sky by the same factor, so that it stays in
        proportion); where the factor is not known NaN, with infinite variance and
        `PixelFlag.NO_SENSITIVITY`. The header is a copy with another ``BUNIT``.
    """
    known = np.isfinite(factor)
    flag = np.uint8(PixelFlag.NO_SENSITIVITY)
    header = spectrum.header.copy()
    header["BUNIT"] = (FLUX_UNIT, "unit of the flux")
    flux = np.where(known, np.asarray(spectrum.flux, dtype=np.float64) * factor, np.nan)
    with np.errstate(invalid="ignore"):
        variance = np.asarray(spectrum.variance, dtype=np.float64) * factor**2
        # Without an error there is no measurement.
        flux = np.where(np.isfinite(variance) & (variance >= 0), flux, np.nan)
    return Spectrum(
        flux,
        np.where(np.isfinite(flux), variance, np.inf),
        np.where(known, spectrum.mask, spectrum.mask | flag).astype(np.uint8),
        header,
        sky=None if spectrum.sky is None else np.asarray(spectrum.sky, dtype=np.float64) * factor,
        wavelength=spectrum.wavelength,
        arcs=spectrum.arcs,
        loss=spectrum.loss,
        planes=dict(spectrum.planes),
    )
