"""Wavelength calibration: the arc along the same aperture gives the scale of a spectrum."""

from __future__ import annotations

import re
from typing import Literal

import numpy as np
from astropy.io import fits
from pydantic import Field

from reduction import dispersion, extraction, geometry, headers, normalise, provenance
from reduction.errors import HeaderError, MissingCalibration, NoWavelengthSolution
from reduction.frames import DataType, FrameKind, PixelFlag, Product, Spectrum
from reduction.lamps import LAMP_ELEMENTS
from reduction.linelist import lamp_name
from reduction.linematch import Setup
from reduction.registry import BlockInputs, BlockSettings, Need, Report, block
from reduction.resample import linear_grid, resample
from reduction.skycheck import SkyOffset, sky_offset
from reduction.verification import Limits
from reduction.wavelength import Solution, SolveOptions, solve

UNCERTAIN_END = 0.2
"""Part of a line width by which the scale may be off at an end before the observer is told."""
SKY_TOLERANCE = {"airglow": 0.3, "solar": 1.0}
"""Part of a line width by which the sky may be off before it counts: airglow lines are narrow, the
blends of the moonlit sky tell their place to about 0.3 Å only."""


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
    step: float = Field(
        0.0,
        ge=0.0,
        le=50.0,
        title="Linear Dispersion",
        description="Ångström per pixel of the resampled spectrum; 0 keeps the number of pixels.",
    )
    sky: Literal["apply", "warn", "ignore"] = Field(
        "apply",
        title="Check Against the Sky",
        description="Compare the sky of the exposure with airglow or, by moonlight, solar lines. "
        "When the spectrum is clearly shifted against its arc: 'apply' corrects it and says so, "
        "'warn' only says so, 'ignore' does not look.",
    )


@block(
    name="wavelength",
    label="Calibrate Wavelength",
    accepts={DataType.EXTRACTED},
    kinds={FrameKind.SPECTRUM, FrameKind.ARC},
    produces=DataType.WAVELENGTH,
    settings=WavelengthSettings,
    needs=(Need.ARC,),
    route="spectrum/calibrate/wavelength",
)
def wavelength(inputs: BlockInputs, settings: WavelengthSettings, report: Report) -> list[Product]:
    """Solve the arc along the spectrum's aperture and resample the spectrum to a linear axis."""
    if not isinstance(inputs.frame, Spectrum):
        raise HeaderError("NAXIS", f"{inputs.file_name} is not an extracted spectrum.")
    spectrum = inputs.frame
    report("Extract arc", 0.1)
    arc, arc_name = _arc_of(inputs, spectrum)
    report("Find lamp lines", 0.3)
    solution, warnings = _solve(arc, settings)
    report("Resample", 0.7)
    file_name = product_name(inputs.file_name)
    calibrated = apply_solution(spectrum, solution, settings.step)
    offset = None if settings.sky == "ignore" else _offset_of(calibrated, solution)
    applied = False
    if offset is not None and _counts(offset, solution):
        applied = settings.sky == "apply"
        warnings = (*warnings, _sky_sentence(offset, applied=applied))
        if applied:
            solution = solution.displaced(offset.offset)
            calibrated = apply_solution(spectrum, solution, settings.step)
    header = calibrated.header
    if offset is not None:
        comment = "sky minus arc scale, A, " + ("corrected" if applied else "not corrected")
        provenance.put(header, headers.GSP_SKYO, round(offset.offset, 3), comment)
    provenance.stamp(header, parent=inputs.file_name, file_name=file_name)
    provenance.put(header, "AIRORVAC", "air", "wavelengths are in air")
    report("Done", 1.0)
    return [
        Product(
            file_name,
            DataType.WAVELENGTH,
            calibrated,
            inputs=() if arc is spectrum else (arc_name,),
            quality=_quality(solution, calibrated, offset),
            warnings=(*inputs.notes, *warnings),
        )
    ]


def product_name(parent: str) -> str:
    """``ecfzst_X_target_2.fits`` → ``wecfzst_X_ws_2.fits``; an arc, which has no target, is 1."""
    stem = provenance.stem(parent)
    found = re.search(r"_target_(\d+)$", stem)
    number = found.group(1) if found else "1"
    bare = stem[: found.start()] if found else stem
    return provenance.product_name("w", f"{bare}.fits", f"_ws_{number}")


def apply_solution(spectrum: Spectrum, solution: Solution, step: float) -> Spectrum:
    """Resample a spectrum to a linear wavelength axis, counts kept.

    Parameters
    ----------
    spectrum : Spectrum
        Extracted, with detector coordinates in its header.
    solution : Solution
        Detector column → air wavelength.
    step : float
        Å per pixel, 0 for as many pixels as before.
    """
    n = spectrum.flux.size
    edges = solution.function(dispersion.pixel_edges(spectrum.header, n))
    if not np.all(np.diff(edges) > 0):
        raise NoWavelengthSolution("The wavelength solution is not monotonic over the spectrum.")
    first, step, n_new = linear_grid(edges, step)
    new_edges = np.asarray(first + step * (np.arange(n_new + 1) - 0.5), dtype=float)
    flux, variance, mask = resample(
        spectrum.flux, spectrum.variance, spectrum.mask, edges, new_edges
    )
    sky = spectrum.sky
    if sky is not None:
        no_noise, no_flags = np.zeros(n), np.zeros(n, dtype=np.uint8)
        sky = resample(sky, no_noise, no_flags, edges, new_edges)[0]
    header: fits.Header = spectrum.header.copy()
    dispersion.write_solution(header, solution, n)
    dispersion.set_linear_axis(header, first, step)
    return Spectrum(flux, variance, mask, header, sky, dispersion.axis_of(header, n_new))


def _arc_of(inputs: BlockInputs, spectrum: Spectrum) -> tuple[Spectrum, str]:
    """Return the arc to solve: the spectrum itself if it is one, else along its aperture."""
    if inputs.kind is not None:
        is_lamp = inputs.kind in {FrameKind.ARC, FrameKind.FOCUS}
    else:
        obstype = headers.text(spectrum.header, headers.OBSTYPE).upper()
        lamps_on = inputs.arc is None and bool(headers.lamps(spectrum.header))
        is_lamp = obstype in {"COMP", "ARC"} or lamps_on
    if is_lamp:
        return spectrum, inputs.file_name
    if inputs.arc is None:
        raise MissingCalibration(f"There is no arc lamp for {inputs.file_name}.")
    arc_name = inputs.names.get(Need.ARC, "the arc")
    _check_setups(spectrum.header, inputs.arc.meta, arc_name)
    return extraction.extract_along(inputs.arc, spectrum.header), arc_name


def _check_setups(science: fits.Header, arc: fits.Header, arc_name: str) -> None:
    """Refuse an arc taken with another grating or angle: its scale is not the spectrum's."""
    one, other = setup_of(science), setup_of(arc)
    angles = (one.cam_targ - other.cam_targ, one.grt_targ - other.grt_targ)
    if one.grating != other.grating or max(abs(a) for a in angles) > 0.05:
        raise MissingCalibration(
            f"{arc_name} was taken with GRATING {other.grating}, CAM_TARG {other.cam_targ:g}, "
            f"GRT_TARG {other.grt_targ:g}, the spectrum with GRATING {one.grating}, "
            f"CAM_TARG {one.cam_targ:g}, GRT_TARG {one.grt_targ:g}."
        )


def setup_of(header: fits.Header) -> Setup:
    """Return grating and angles; HeaderError names what is missing."""
    return Setup(
        normalise.grating_name(headers.require_text(header, headers.GRATING)),
        headers.require_number(header, headers.CAM_TARG),
        headers.require_number(header, headers.GRT_TARG),
    )


def _solve(arc: Spectrum, settings: WavelengthSettings) -> tuple[Solution, tuple[str, ...]]:
    """Solve with the lamps the header names; if it names none, with each that fits."""
    options = SolveOptions(
        order=settings.order,
        reach=settings.maximum_shift,
        limits=Limits(minimum_lines=settings.minimum_lines, maximum_rms=settings.maximum_rms),
    )
    pixel = np.arange(arc.flux.size, dtype=float)
    column = np.asarray(geometry.to_physical(arc.header, 1, pixel), dtype=float)
    saturated = (arc.mask & np.uint8(PixelFlag.SATURATED)) != 0
    setup = setup_of(arc.header)
    name = lamp_name(headers.lamps(arc.header))
    warnings: list[str] = []
    if name:
        solution = solve(arc.flux, column, setup, name, saturated=saturated, options=options)
    else:
        found = []
        for lamp in LAMP_ELEMENTS:
            try:
                found.append(
                    solve(arc.flux, column, setup, lamp, saturated=saturated, options=options)
                )
            except NoWavelengthSolution:
                continue
        if not found:
            raise NoWavelengthSolution(
                "The arc's header names no lamp, and none of the known lamps fits its lines."
            )
        solution = max(found, key=lambda one: one.check.brightest_explained * one.n_used)
        warnings.append(f"The arc's header names no lamp; its lines are those of {solution.lamp}.")
    if solution.check.uncertainty > UNCERTAIN_END:
        warnings.append(
            f"The lamp's lines end {solution.wavelength[solution.used].min():.0f}–"
            f"{solution.wavelength[solution.used].max():.0f} Å: beyond them the scale may be off "
            f"by {solution.check.uncertainty * solution.fwhm:.2f} Å."
        )
    return solution, tuple(warnings)


def _offset_of(calibrated: Spectrum, solution: Solution) -> SkyOffset | None:
    if calibrated.sky is None or calibrated.wavelength is None:
        return None
    return sky_offset(calibrated.sky, calibrated.wavelength, solution.fwhm)


def _counts(offset: SkyOffset, solution: Solution) -> bool:
    return abs(offset.offset) > SKY_TOLERANCE[offset.features] * solution.fwhm


def _sky_sentence(offset: SkyOffset, *, applied: bool) -> str:
    features = "airglow" if offset.features == "airglow" else "solar"
    done = "the wavelengths were corrected by it" if applied else "the wavelengths are the arc's"
    return (
        f"The {features} lines of the sky lie {offset.offset:+.1f} Å from where they belong: the "
        f"spectrum is shifted against its arc; {done}."
    )


def _quality(
    solution: Solution, spectrum: Spectrum, offset: SkyOffset | None
) -> dict[str, float | int | str]:
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
        "resolution_angstrom": round(float(solution.fwhm), 3),
        "brightest_lines_explained": round(float(solution.check.brightest_explained), 3),
    }
    if offset is not None:
        quality["sky_offset_angstrom"] = round(offset.offset, 2)
    return quality
