"""Calibrate Flux: a calibrated spectrum in erg/s/cm²/Å, its confidence and its grade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reduction.astrometry.airmass import Airmass, airmass_of
from reduction.errors import HeaderError, MissingCalibration
from reduction.fits import provenance, vocabulary
from reduction.fits.derivation import times
from reduction.fits.derivation.cards import usable_number, usable_text
from reduction.flux.calibration import apply, grade, setup, slit_loss
from reduction.flux.calibration.uncertainty import AirmassTerms, SystematicError
from reduction.flux.references.extinction import extinction, magnitudes_at
from reduction.frames import DataType, FrameKind, Product, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.registry import BlockInputs, BlockSettings, CalibrationRole, Report, block

Floats = NDArray[np.float64]


class FluxSettings(BlockSettings):
    """There is nothing to choose."""


@block(
    name="flux",
    label="Calibrate Flux",
    accepts={DataType.WAVELENGTH},
    kinds={FrameKind.SPECTRUM},
    produces=DataType.FLUX,
    settings=FluxSettings,
    calibration_roles=(CalibrationRole.SENSITIVITY,),
    route="spectrum/calibrate/flux",
)
def flux(
    inputs: BlockInputs,
    settings: FluxSettings,  # noqa: ARG001 (blocks have the same parameters)
    report: Report,
) -> list[Product]:
    """Divide a spectrum by a sensitivity, with the extinction at its own airmass.

    Raises
    ------
    HeaderError
        The parent is not a wavelength-calibrated spectrum, or exposure time or airmass are not
        known.
    MissingCalibration
        There is no sensitivity, it is one of another setup, or it has no wavelength in common with
        the spectrum.
    """
    spectrum = _checked(inputs)
    sensitivity = _usable_sensitivity(inputs, spectrum)
    exposed = _exposed(spectrum)
    report("Apply the sensitivity", 0.3)
    air = apply.air_wavelength(spectrum)
    response = apply.on_axis(sensitivity, air)
    atmosphere = _atmosphere(air, exposed.airmass, sensitivity)
    factor = apply.conversion(
        spectrum,
        response,
        exposure=exposed.time,
        dimming=atmosphere.extinction * atmosphere.airmass,
    )
    calibrated = apply.in_flux(spectrum, factor)
    coverage = _coverage(inputs, sensitivity, air, np.isfinite(factor))
    report("Judge", 0.8)
    evidence = _evidence(spectrum, sensitivity, air, exposed.airmass)
    terms = grade.slit_terms(evidence)
    graded = grade.grade(evidence, terms)
    further: tuple[Floats | float, ...] = (terms.other_slit, terms.refraction)
    if graded.grade is grade.Grade.ABSOLUTE:
        lost = slit_loss.level_error(evidence.spectrum.width, evidence.seeing)
        further = (*further, lost)
    error = SystematicError(response, atmosphere, further).fraction
    calibrated.planes["SYS"] = error * np.abs(calibrated.flux)
    product = _product(inputs, calibrated, sensitivity, error)
    _record_grade(product, graded)
    _record_airmass(product, exposed.airmass)
    report("Done", 1.0)
    notices = (*inputs.notices, *exposed.airmass.notices, *coverage, *graded.reasons)
    return [
        Product(
            product.name,
            DataType.FLUX,
            calibrated,
            inputs=tuple(filter(None, [inputs.names.get(CalibrationRole.SENSITIVITY, "")])),
            quality=product.quality,
            notices=notices,
        )
    ]


@dataclass(frozen=True, slots=True)
class _Exposed:
    """Length of an exposure, s, and the airmass at its middle."""

    time: float
    airmass: Airmass


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """Name, spectrum and numbers of the product, while they are being collected."""

    name: str
    spectrum: Spectrum
    quality: dict[str, float | int | str | list[float]]


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
    """Return the sensitivity; MissingCalibration without one, or with one of another setup."""
    sensitivity = inputs.sensitivity
    if sensitivity is None or sensitivity.wavelength is None:
        raise MissingCalibration(NoticeCode.SENSITIVITY_MISSING, file=inputs.file_name)
    differences = setup.differences(spectrum.header, sensitivity.header)
    if differences:
        raise MissingCalibration(
            NoticeCode.CALIBRATION_IMPOSSIBLE,
            role=str(CalibrationRole.SENSITIVITY),
            file=inputs.names.get(CalibrationRole.SENSITIVITY, ""),
            differences=list(differences),
        )
    return sensitivity


def _exposed(spectrum: Spectrum) -> _Exposed:
    """Return exposure time and airmass; HeaderError if one of them is not known."""
    keyword = vocabulary.EXPTIME.keyword
    time = times.plausible_exposure(spectrum.header)
    if time is None or time <= 0:
        raise HeaderError(NoticeCode.EXPOSURE_TIME_UNUSABLE, keyword=keyword)
    airmass = airmass_of(spectrum.header)
    if airmass is None:
        raise HeaderError(NoticeCode.AIRMASS_UNKNOWN, keyword=vocabulary.ELEVATION.keyword)
    return _Exposed(time, airmass)


def _atmosphere(air: Floats, airmass: Airmass, sensitivity: Spectrum) -> AirmassTerms:
    """Return the extinction at the pixels, with the airmasses of spectrum and standard star."""
    card = vocabulary.Card(vocabulary.GSP_AIRM, float, "airmass")
    of_standard = usable_number(sensitivity.header, card)
    return AirmassTerms(
        *magnitudes_at(air),
        airmass.value,
        airmass.error,
        1.0 if of_standard is None else of_standard,
    )


def _coverage(
    inputs: BlockInputs, sensitivity: Spectrum, air: Floats, known: NDArray[np.bool_]
) -> tuple[Notice, ...]:
    """Return what is to be said of pixels outside of the range of the sensitivity.

    Raises
    ------
    MissingCalibration
        No pixel is inside of it.
    """
    if known.all():
        return ()
    if known.any():
        inside = air[known]
        first, last = float(inside[0]), float(inside[-1])
        return (notice(NoticeCode.SENSITIVITY_COVERS_PART, first=first, last=last),)
    name = inputs.names.get(CalibrationRole.SENSITIVITY, "")
    usable = apply.air_wavelength(sensitivity)[np.isfinite(sensitivity.flux)]
    if usable.size == 0:
        raise MissingCalibration(NoticeCode.SENSITIVITY_EMPTY, file=name)
    raise MissingCalibration(
        NoticeCode.SENSITIVITY_NO_OVERLAP,
        file=name,
        first=float(air[0]),
        last=float(air[-1]),
        lowest=float(usable[0]),
        highest=float(usable[-1]),
    )


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
    )


def _product(
    inputs: BlockInputs, calibrated: Spectrum, sensitivity: Spectrum, error: Floats
) -> _Made:
    """Name the product, and record what its flux comes from."""
    name = provenance.product_name("x", inputs.file_name)
    header = calibrated.header
    provenance.stamp(header, parent=inputs.file_name, file_name=name)
    used = inputs.names.get(CalibrationRole.SENSITIVITY, "")
    provenance.put(header, vocabulary.GSP_SENS, used or provenance.NONE, "sensitivity")
    quality: dict[str, float | int | str | list[float]] = {}
    for keyword, key, comment in (
        (vocabulary.GSP_STAR, "star", "standard star"),
        (vocabulary.GSP_STRF, "reference", "its reference spectrum"),
    ):
        stated = usable_text(sensitivity.header, vocabulary.Card(keyword, str, comment))
        provenance.put(header, keyword, stated or "unknown", comment)
        quality[key] = stated or "unknown"
    percent = round(100 * float(np.nanmedian(error)), 2)
    provenance.put(header, vocabulary.GSP_SSYS, percent, "median systematic error, percent")
    quality["sigma_sys_percent"] = percent
    return _Made(name, calibrated, quality)


def _record_grade(made: _Made, graded: grade.Grading) -> None:
    value = str(graded.grade)
    provenance.put(made.spectrum.header, vocabulary.GSP_GRAD, value, "grade of the flux")
    made.quality["grade"] = value


def _record_airmass(made: _Made, airmass: Airmass) -> None:
    header = made.spectrum.header
    value = round(airmass.value, 4)
    provenance.put(header, vocabulary.GSP_AIRM, value, "airmass at the middle of the exposure")
    provenance.put(header, vocabulary.GSP_AIRS, airmass.source, "where the airmass comes from")
    provenance.put(header, vocabulary.GSP_EXTI, extinction().source, "extinction")
    made.quality["airmass"] = value
