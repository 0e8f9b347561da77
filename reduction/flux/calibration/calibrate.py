"""A spectrum in flux: sensitivity, extinction, telluric correction, magnitude, errors and grade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reduction.astrometry.airmass import Airmass
from reduction.fits import vocabulary
from reduction.fits.derivation.cards import usable_number
from reduction.flux.calibration import apply, grade, photometry, setup, slit_loss
from reduction.flux.calibration.uncertainty import AirmassTerms, SystematicError
from reduction.flux.references.extinction import magnitudes_at
from reduction.flux.telluric import cards
from reduction.flux.telluric.correction import Correction, correction
from reduction.flux.telluric.expectation import expected
from reduction.frames import Spectrum

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Observation:
    """Exposure time, s, and airmass of a spectrum, and what is asked for.

    `telluric`: whether the telluric bands are corrected; `magnitude`: that of the target, if the
    level is to be set by it.
    """

    exposure: float
    airmass: Airmass
    telluric: bool = True
    magnitude: photometry.Photometry | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """A spectrum in flux.

    Parameters
    ----------
    spectrum : Spectrum
        With the planes SYS, TRANSM and UNCORR.
    air : (n,) float64
        Air wavelengths, Å.
    known : (n,) bool
        Where sensitivity and extinction are known.
    error : (n,) float64
        σ_sys, as a fraction of the flux.
    telluric : Correction or None
        None if it was not asked for.
    scaling : Scaling or None
        To a photometric magnitude.
    grading : Grading
    """

    spectrum: Spectrum
    air: Floats
    known: NDArray[np.bool_]
    error: Floats
    telluric: Correction | None
    scaling: photometry.Scaling | None
    grading: grade.Grading


def calibrate(spectrum: Spectrum, sensitivity: Spectrum, observed: Observation) -> Calibrated:
    """Return a spectrum in flux.

    Parameters
    ----------
    spectrum : Spectrum
        Wavelength calibrated, electron per pixel.
    sensitivity : Spectrum
        Of the same setup.
    observed : Observation

    Returns
    -------
    Calibrated
        Nothing is known of a flux outside of the range of the sensitivity.

    Raises
    ------
    UnusableFrame
        The spectrum cannot be scaled to the magnitude: it does not cover the band, or has no light
        in it.
    """
    air = apply.air_wavelength(spectrum)
    response = apply.on_axis(sensitivity, air)
    atmosphere = _atmosphere(air, observed.airmass, sensitivity)
    factor = apply.conversion(
        spectrum,
        response,
        exposure=observed.exposure,
        dimming=atmosphere.extinction * atmosphere.airmass,
    )
    found = _absorption(spectrum, sensitivity, air, observed)
    evidence = _evidence(spectrum, sensitivity, air, observed.airmass)
    terms = grade.slit_terms(evidence)
    further: list[Floats | float] = [terms.other_slit, terms.refraction]
    if found is not None:
        further.append(found.error)
    scaling = None
    if observed.magnitude is not None:
        bare = _corrected(apply.in_flux(spectrum, factor), found)
        scaling = photometry.scaling(air, bare.flux, bare.variance, observed.magnitude)
        factor = factor * scaling.factor
        further.append(scaling.error)
    graded = grade.grade(evidence, terms, scaled=scaling is not None)
    if scaling is None and graded.grade is grade.Grade.ABSOLUTE:
        further.append(slit_loss.level_error(evidence.spectrum.width, evidence.seeing))
    error = SystematicError(response, atmosphere, tuple(further)).fraction
    made = _corrected(apply.in_flux(spectrum, factor), found)
    made.planes["SYS"] = error * np.abs(made.flux)
    return Calibrated(made, air, np.isfinite(factor), error, found, scaling, graded)


def _atmosphere(air: Floats, airmass: Airmass, sensitivity: Spectrum) -> AirmassTerms:
    """Return the extinction at the pixels, with the airmasses of spectrum and standard star."""
    card = vocabulary.Card(vocabulary.GSP_AIRM, float, "airmass")
    of_standard = usable_number(sensitivity.header, card)
    if of_standard is None:  # the nearest it can have been
        of_standard = 1.0
    return AirmassTerms(*magnitudes_at(air), airmass.value, airmass.error, of_standard)


def _absorption(
    spectrum: Spectrum, sensitivity: Spectrum, air: Floats, observed: Observation
) -> Correction | None:
    """Return the telluric absorption; it is fitted to the counts, which are known everywhere."""
    if not observed.telluric:
        return None
    return correction(
        air,
        np.asarray(spectrum.flux, dtype=float),
        np.asarray(spectrum.variance, dtype=float),
        spectrum.mask,
        expected=expected(spectrum.header, air, observed.airmass.value),
        standard=cards.read(sensitivity.header),
    )


def _corrected(spectrum: Spectrum, found: Correction | None) -> Spectrum:
    """Divide a spectrum in flux by a transmission, and keep both."""
    spectrum.planes["UNCORR"] = spectrum.flux
    passed = np.ones(spectrum.flux.shape) if found is None else found.transmission
    spectrum.planes["TRANSM"] = passed
    spectrum.flux = spectrum.flux / passed
    spectrum.variance = spectrum.variance / passed**2
    return spectrum


def _evidence(
    spectrum: Spectrum, sensitivity: Spectrum, air: Floats, airmass: Airmass
) -> grade.Evidence:
    header = spectrum.header
    return grade.Evidence(
        air=air,
        spectrum=setup.SlitAndNight.of(header),
        standard=setup.SlitAndNight.of(sensitivity.header),
        seeing=setup.seeing_of(header),
        airmass=airmass.value,
        off_parallactic=setup.off_parallactic(header, airmass.parallactic),
        loss_known=spectrum.loss is not None,
        zero_point=setup.zero_point_of(sensitivity.header),
        throughput=setup.throughput_of(sensitivity.header),
    )
