"""Calibrate Wavelength: solve the arc along the aperture of a spectrum and resample both."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Literal

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from pydantic import Field

from reduction.errors import HeaderError, MissingCalibration
from reduction.fits import headers, provenance, vocabulary
from reduction.frames import (
    LAMP_KINDS,
    ArcSide,
    DataType,
    FrameKind,
    OfferedArc,
    Product,
    Spectrum,
)
from reduction.matching import ArcChoice
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs, BlockSettings, CalibrationRole, Report, block
from reduction.wavelength import spectral_wcs
from reduction.wavelength.arc_solution import Solution, SolveOptions
from reduction.wavelength.axis import barycentric, remarks
from reduction.wavelength.axis.medium import Medium
from reduction.wavelength.spectrum_scale import NextArc, Scale, lamp_scale, scale_of
from reduction.wavelength.verification import Limits
from reduction.wavelength.zero_points.report import ZeroPointReport, arc_report, report_on


class WavelengthSettings(BlockSettings):
    """How the lamp lines are found and fitted, and the axis that the spectrum is put on."""

    order: int = Field(
        3,
        ge=2,
        le=6,
        title="Order of the Solution",
        description="Order of the Chebyshev polynomial that leads from pixel to wavelength.",
    )
    minimum_lines: int = Field(
        5,
        ge=4,
        le=60,
        title="Minimum Number of Lines",
        description="Fewest laboratory lines that a solution may rest on; the Fe and Cu lamps, "
        "whose many lines match by chance more easily, need 1.7 times as many.",
    )
    maximum_rms: float = Field(
        0.1,
        ge=0.01,
        le=0.3,
        title="Maximum RMS",
        description="Largest scatter of the lines around the solution, in widths (FWHM) of a line.",
    )
    maximum_shift: float = Field(
        150.0,
        ge=10.0,
        le=600.0,
        title="Maximum Shift",
        description="Largest distance between where the grating angles put the lines and where "
        "they are, in unbinned pixels.",
    )
    arc_choice: ArcChoice = Field(
        ArcChoice.BRACKETING,
        title="Arc Choice",
        description="Which comparison lamp of the setup is taken: 'bracketing' the nearest before "
        "and after in the same night, with the scale interpolated to the exposure; 'nearest' the "
        "nearest in time, one at the same pointing first; 'fixed' the one named below.",
    )
    arc_name: str = Field(
        "",
        max_length=200,
        title="Fixed Arc",
        description="File name of the raw arc for the choice 'fixed'.",
    )
    step: float = Field(
        0.0,
        ge=0.0,
        le=50.0,
        title="Linear Dispersion",
        description="Ångström per pixel of the resampled spectrum; 0 keeps the number of pixels.",
    )
    medium: Medium = Field(
        "air",
        title="Wavelengths in",
        description="Medium in which the wavelength axis is given and linear: standard 'air', or "
        "'vacuum' (Ciddor 1996). Laboratory lines and solutions stay in air.",
    )
    sky: Literal["apply", "warn", "ignore"] = Field(
        "apply",
        title="Check Against the Sky",
        description="Compare the sky of the exposure with airglow and solar lines. When the "
        "spectrum is clearly shifted against its arc, or the arc was taken through another slit: "
        "'apply' corrects it and says so, 'warn' only says so, 'ignore' does not look.",
    )

    def effective(self, kind: FrameKind) -> dict[str, Any]:
        """Return the settings that make a difference: a fixed arc only when it is chosen."""
        values = super().effective(kind)
        if self.arc_choice is not ArcChoice.FIXED:
            del values["arc_name"]
        return values


@block(
    name="wavelength",
    label="Calibrate Wavelength",
    accepts={DataType.EXTRACTED},
    kinds={FrameKind.SPECTRUM, FrameKind.ARC},
    produces=DataType.WAVELENGTH,
    settings=WavelengthSettings,
    calibration_roles=(CalibrationRole.ARC,),
    route="spectrum/calibrate/wavelength",
)
def wavelength(inputs: BlockInputs, settings: WavelengthSettings, report: Report) -> list[Product]:
    """Solve the arc along the spectrum's aperture and resample the spectrum to a linear axis.

    Raises
    ------
    HeaderError
        The parent is not an extracted spectrum, or a needed card is missing.
    MissingCalibration
        There is no arc, or it does not fit the spectrum.
    NoWavelengthSolution
        The lines of the arc do not determine a solution.
    """
    if not isinstance(inputs.frame, Spectrum):
        raise HeaderError(NoticeCode.NOT_EXTRACTED, keyword="NAXIS", file=inputs.file_name)
    spectrum = inputs.frame
    scale = _scale_of(inputs, spectrum, settings, report)
    report("Resample", 0.7)
    zero, solution = _zero_point(inputs, spectrum, scale, settings)
    calibrated = spectral_wcs.apply_solution(spectrum, solution, settings.step, settings.medium)
    calibrated.arcs = _arcs_on(calibrated, scale, settings.medium)
    orders = remarks.flag_second_order(calibrated, settings.medium)
    if not _is_lamp(inputs, spectrum):
        barycentric.put(calibrated.header, barycentric.correction(calibrated.header))
    file_name = product_name(inputs.file_name)
    header = calibrated.header
    zero.record(header)
    for number, name in enumerate(scale.arcs, start=1):
        provenance.put(header, f"{vocabulary.GSP_ARC}{number}", name, "arc of the scale")
    provenance.stamp(header, parent=inputs.file_name, file_name=file_name)
    _record(header, settings)
    report("Done", 1.0)
    return [
        Product(
            file_name,
            DataType.WAVELENGTH,
            calibrated,
            inputs=scale.arcs,
            arcs=scale.tried,
            quality=_quality(scale, calibrated)
            | zero.quality
            | remarks.quality(calibrated, orders),
            notices=(*inputs.notices, *scale.notices, *zero.notices, *orders.notices()),
            siblings=zero.siblings,
        )
    ]


def _record(header: fits.Header, settings: WavelengthSettings) -> None:
    """Write the settings to a header; the order is part of the solution's cards."""
    for keyword, value, comment in (
        (vocabulary.GSP_WMIN, settings.minimum_lines, "fewest lines asked for"),
        (vocabulary.GSP_WMAX, settings.maximum_rms, "largest scatter allowed, line widths"),
        (vocabulary.GSP_WSHI, settings.maximum_shift, "largest shift looked for, pixel"),
        (vocabulary.GSP_WSTE, settings.step, "linear dispersion asked for, A (0: as is)"),
        (vocabulary.GSP_ARCC, str(settings.arc_choice), "arc choice"),
        (vocabulary.GSP_ARCN, settings.arc_name, "arc named for the choice fixed"),
        (vocabulary.GSP_WMED, settings.medium, "medium asked for"),
        (vocabulary.GSP_SKYC, settings.sky, "what is done about the offset of the sky"),
    ):
        provenance.put(header, keyword, value, comment)


def product_name(parent: str) -> str:
    """``ecfzst_X_target_2.fits`` → ``wecfzst_X_ws_2.fits``; the number of an arc is 1.

    A version of the parent is kept: ``ecfzst_X_target_2_v2.fits`` → ``wecfzst_X_ws_2_v2.fits``.
    """
    stem = provenance.stem(parent)
    match = re.fullmatch(r"(.+?)(?:_target_(\d+))?(_v\d+)?", stem)
    assert match is not None  # a stem has at least one character
    bare, number, version = match.groups()
    return provenance.product_name("w", f"{bare}.fits", f"_ws_{number or 1}{version or ''}")


def _scale_of(
    inputs: BlockInputs, spectrum: Spectrum, settings: WavelengthSettings, report: Report
) -> Scale:
    """Solve the arcs along the spectrum's aperture; an arc is solved directly."""
    options = SolveOptions(
        order=settings.order,
        reach=settings.maximum_shift,
        limits=Limits(minimum_lines=settings.minimum_lines, maximum_rms=settings.maximum_rms),
    )
    report("Extract arc", 0.1)
    if _is_lamp(inputs, spectrum):
        report("Find lamp lines", 0.3)
        return lamp_scale(spectrum, options)
    report("Find lamp lines", 0.3)
    scale = scale_of(spectrum, inputs.next_arc or _given(inputs), options)
    if scale is None:
        raise MissingCalibration(NoticeCode.ARC_MISSING, file=inputs.file_name)
    return scale


def _given(inputs: BlockInputs) -> NextArc:
    """Return a supply of the arcs that were given opened."""
    opened = {
        ArcSide.FIRST: (inputs.arc, CalibrationRole.ARC),
        ArcSide.SECOND: (inputs.second_arc, CalibrationRole.SECOND_ARC),
    }

    def next_arc(side: ArcSide) -> OfferedArc | None:
        frame, role = opened.pop(side, (None, CalibrationRole.ARC))
        if frame is None:
            return None
        return OfferedArc(inputs.names.get(role, f"the {role}"), lambda: frame)

    return next_arc


def _is_lamp(inputs: BlockInputs, spectrum: Spectrum) -> bool:
    """Return whether the spectrum is an arc; a reclassification overrides the header."""
    if inputs.kind is not None:
        return inputs.kind in LAMP_KINDS
    obstype = headers.text(spectrum.header, vocabulary.OBSTYPE).upper()
    lamps_on = inputs.arc is None and bool(headers.lamps(spectrum.header))
    return obstype in {"COMP", "ARC"} or lamps_on


def _arcs_on(calibrated: Spectrum, scale: Scale, medium: Medium) -> NDArray[np.float32] | None:
    """Return the arcs on the axis of a calibrated spectrum, (n_arcs, n) float32, for display."""
    if not scale.extracted or calibrated.wavelength is None:
        return None
    axis = calibrated.wavelength
    return np.stack(
        [spectral_wcs.arc_on_axis(arc, solution, axis, medium) for arc, solution in scale.extracted]
    )


def _zero_point(
    inputs: BlockInputs, spectrum: Spectrum, scale: Scale, settings: WavelengthSettings
) -> tuple[ZeroPointReport, Solution]:
    """Determine the zero point; return it with the solution after its correction."""
    arcs = [arc.header for arc, _ in scale.extracted]
    if not arcs:  # an arc is its own reference
        return arc_report(scale.solution), scale.solution
    frames = inputs.slit_frames
    report = report_on(
        spectrum,
        scale.solution,
        arcs,
        evidence=inputs.zero_points,
        slit_frames=None if frames is None else partial(frames, scale.arcs[0]),
        treatment=settings.sky,
    )
    solution = scale.solution
    return report, solution.shifted(report.correction) if report.correction else solution


def _quality(scale: Scale, spectrum: Spectrum) -> dict[str, float | int | str]:
    solution = scale.solution
    axis = spectrum.wavelength
    first, last = (0.0, 0.0) if axis is None else (float(axis[0]), float(axis[-1]))
    quality: dict[str, float | int | str] = {
        "rms_angstrom": round(solution.rms, 4),
        "lines": solution.n_used,
        "lines_rejected": solution.n_rejected,
        "lamp": solution.lamp,
        "first_angstrom": round(first, 3),
        "last_angstrom": round(last, 3),
        "dispersion_angstrom": round(float(spectrum.header["CDELT1"]), 5),
        "brightest_lines_explained": round(float(solution.check.brightest_identified), 3),
    }
    if scale.shift is not None:
        quality["arc_shift_pixel"] = round(scale.shift, 3)
    return quality
