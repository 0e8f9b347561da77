"""Calibrate Flux: a calibrated spectrum in erg/s/cm²/Å, its confidence and its grade."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from reduction.astrometry.airmass import airmass_of
from reduction.errors import HeaderError, MissingCalibration, UnusableFrame
from reduction.fits import provenance, vocabulary
from reduction.fits.derivation import times
from reduction.fits.derivation.cards import usable_text
from reduction.flux.calibration import apply, record, setup
from reduction.flux.calibration.calibrate import Observation, calibrate
from reduction.flux.calibration.photometry import Photometry
from reduction.frames import DataType, FrameKind, Product, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs, BlockSettings, CalibrationRole, Report, block


class FluxSettings(BlockSettings):
    """How a spectrum is calibrated in flux."""

    telluric: Literal["apply", "off"] = Field(
        "apply",
        title="Telluric Correction",
        description="'apply' divides by the absorption of oxygen and water in the atmosphere where "
        "that improves the spectrum: fitted to the spectrum itself, or taken from the standard "
        "star and scaled with the airmass. The uncorrected flux is kept as well.",
    )


class FluxRunSettings(FluxSettings):
    """How a spectrum is calibrated in flux, and the magnitude of its target."""

    photometry: Photometry | None = Field(
        None,
        title="Photometry",
        description="Scale the flux to this magnitude of the target.",
    )


@block(
    name="flux",
    label="Calibrate Flux",
    accepts={DataType.WAVELENGTH},
    kinds={FrameKind.SPECTRUM},
    produces=DataType.FLUX,
    settings=FluxSettings,
    request=FluxRunSettings,
    calibration_roles=(CalibrationRole.SENSITIVITY,),
    route="spectrum/calibrate/flux",
    only_with=(CalibrationRole.SENSITIVITY,),
)
def flux(inputs: BlockInputs, settings: FluxSettings, report: Report) -> list[Product]:
    """Divide a spectrum by a sensitivity and by the telluric absorption, at its own airmass.

    Raises
    ------
    HeaderError
        The parent is not a wavelength-calibrated spectrum, or exposure time or airmass are not
        known.
    MissingCalibration
        There is no sensitivity, it is one of another setup, or it has no wavelength in common with
        the spectrum.
    UnusableFrame
        The spectrum cannot be scaled to the magnitude, or nearly all of its light is outside of
        the aperture at every wavelength.
    """
    spectrum = _checked(inputs)
    sensitivity = _usable_sensitivity(inputs, spectrum)
    observed = _observation(spectrum, settings)
    report("Apply the sensitivity", 0.3)
    made = calibrate(spectrum, sensitivity, observed)
    if not made.known.any():
        raise UnusableFrame(NoticeCode.FLUX_NOWHERE, file=inputs.file_name)
    report("Judge", 0.8)
    used = inputs.names.get(CalibrationRole.SENSITIVITY, "")
    name = provenance.product_name("x", inputs.file_name)
    header = made.spectrum.header
    provenance.stamp(header, parent=inputs.file_name, file_name=name)
    provenance.put(header, vocabulary.GSP_SENS, used or provenance.NONE, "sensitivity")
    provenance.put(header, vocabulary.GSP_TELC, settings.telluric, "telluric correction asked for")
    quality = record.record(made, sensitivity, observed.airmass)
    report("Done", 1.0)
    return [
        Product(
            name,
            DataType.FLUX,
            made.spectrum,
            inputs=(used,) if used else (),
            quality=quality,
            notices=(*inputs.notices, *observed.airmass.notices, *record.notices(made)),
        )
    ]


def _checked(inputs: BlockInputs) -> Spectrum:
    """Return the parent; HeaderError unless it is a calibrated spectrum in electrons."""
    spectrum = inputs.frame
    if isinstance(spectrum, Spectrum) and spectrum.wavelength is not None:
        unit = usable_text(spectrum.header, vocabulary.BUNIT) or "electron"
        axis = np.asarray(spectrum.wavelength, dtype=float)
        if unit == "electron" and axis.size >= 2 and bool(np.all(np.diff(axis) > 0)):
            return spectrum
    raise HeaderError(
        NoticeCode.NOT_WAVELENGTH_CALIBRATED,
        keyword=vocabulary.BUNIT.keyword,
        file=inputs.file_name,
    )


def _usable_sensitivity(inputs: BlockInputs, spectrum: Spectrum) -> Spectrum:
    """Return the sensitivity.

    Raises
    ------
    MissingCalibration
        There is none, or it is one of another setup or of other wavelengths.
    """
    sensitivity = inputs.sensitivity
    if sensitivity is None or sensitivity.wavelength is None:
        raise MissingCalibration(NoticeCode.SENSITIVITY_MISSING, file=inputs.file_name)
    name = inputs.names.get(CalibrationRole.SENSITIVITY, "")
    differences = setup.differences(spectrum.header, sensitivity.header)
    if differences:
        raise MissingCalibration(
            NoticeCode.CALIBRATION_IMPOSSIBLE,
            role=str(CalibrationRole.SENSITIVITY),
            file=name,
            differences=list(differences),
        )
    usable = apply.air_wavelength(sensitivity)[np.isfinite(sensitivity.flux)]
    if usable.size < 2:
        raise MissingCalibration(NoticeCode.SENSITIVITY_EMPTY, file=name)
    air = apply.air_wavelength(spectrum)
    if not np.isfinite(apply.on_axis(sensitivity, air).value).any():
        raise MissingCalibration(
            NoticeCode.SENSITIVITY_NO_OVERLAP,
            file=name,
            first=float(air[0]),
            last=float(air[-1]),
            lowest=float(usable[0]),
            highest=float(usable[-1]),
        )
    return sensitivity


def _observation(spectrum: Spectrum, settings: FluxSettings) -> Observation:
    """Return exposure time and airmass; HeaderError if one of them is not known."""
    keyword = vocabulary.EXPTIME.keyword
    exposure = times.plausible_exposure(spectrum.header)
    if exposure is None or exposure <= 0:
        raise HeaderError(NoticeCode.EXPOSURE_TIME_UNUSABLE, keyword=keyword)
    airmass = airmass_of(spectrum.header)
    if airmass is None:
        raise HeaderError(NoticeCode.AIRMASS_UNKNOWN, keyword=vocabulary.ELEVATION.keyword)
    magnitude = settings.photometry if isinstance(settings, FluxRunSettings) else None
    return Observation(exposure, airmass, settings.telluric == "apply", magnitude)
