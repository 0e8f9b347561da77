"""The wavelength solution of a spectrum from its arcs: one, or two around it in time.

An arc is extracted along the aperture of the spectrum, so that the tilt of the lines along the slit
has no effect. Flexure shifts the light on the detector as the telescope moves; between two arcs the
solution is interpolated to the middle of the exposure.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData

from reduction.detector import geometry
from reduction.differences import Difference, Effect, Quantity, number_differences, text_differences
from reduction.errors import HeaderError, MissingCalibration, NoWavelengthSolution
from reduction.extraction import apertures
from reduction.fits import header_values, headers, vocabulary
from reduction.fits.derivation import times
from reduction.frames import PixelFlag, Spectrum
from reduction.lines.lamps import LAMP_ELEMENTS
from reduction.lines.line_list import lamp_name
from reduction.matching import SAME_POINTING_S, is_one_pointing
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice
from reduction.suitability import ANGLE_TOLERANCE
from reduction.wavelength.arc_solution import Solution, SolveOptions, solve
from reduction.wavelength.line_problem import Setup


def setup_of(header: fits.Header) -> Setup:
    """Return grating and angles of a frame.

    Raises
    ------
    HeaderError
        A card is missing.
    """
    return Setup(
        header_values.grating_name(headers.require_text(header, vocabulary.GRATING)),
        headers.require_number(header, vocabulary.CAM_TARG),
        headers.require_number(header, vocabulary.GRT_TARG),
    )


def _differences(spectrum: Setup, arc: Setup) -> tuple[Difference, ...]:
    """Return what differs between the setups of a spectrum and of an arc."""
    fatal, near = Effect.FATAL, ANGLE_TOLERANCE
    angles = (
        (Quantity.CAMERA_ANGLE, spectrum.cam_targ, arc.cam_targ),
        (Quantity.GRATING_ANGLE, spectrum.grt_targ, arc.grt_targ),
    )
    return (
        *text_differences(Quantity.GRATING, spectrum.grating, arc.grating, fatal),
        *(
            difference
            for name, wanted, value in angles
            for difference in number_differences(name, wanted, value, fatal, tolerance=near)
        ),
    )


def extract_arc(spectrum: Spectrum, arc: CCDData, arc_name: str) -> Spectrum:
    """Extract a reduced 2-D arc along the aperture of a spectrum.

    Parameters
    ----------
    spectrum : Spectrum
        With trace, aperture and detector coordinates in its header.
    arc : CCDData
        (n_spatial, n_dispersion), electron; binning and trim may differ from those of the spectrum.
    arc_name : str
        File name of the arc, for messages.

    Returns
    -------
    Spectrum
        On the dispersion pixels of the arc.

    Raises
    ------
    MissingCalibration
        The arc was taken with another grating or angle, or does not cover the aperture.
    """
    differences = _differences(setup_of(spectrum.header), setup_of(arc.meta))
    if differences:
        raise MissingCalibration(
            NoticeCode.ARC_SETUP_DIFFERS, file=arc_name, differences=differences
        )
    return apertures.extract_along(arc, spectrum.header)


def solve_arc(arc: Spectrum, options: SolveOptions) -> tuple[Solution, tuple[Notice, ...]]:
    """Solve an extracted arc for the lamps in its header, or else for every known lamp.

    Parameters
    ----------
    arc : Spectrum
        With detector coordinates and setup in its header.
    options : SolveOptions

    Returns
    -------
    solution : Solution
        Detector column → air wavelength.
    notices : tuple of Notice
        One when the lamp was identified from the lines.

    Raises
    ------
    HeaderError
        A card of the setup is missing.
    NoWavelengthSolution
        The lines do not determine a solution, or fit no known lamp.
    """
    pixel = np.arange(arc.flux.size, dtype=float)
    column = np.asarray(geometry.to_physical(arc.header, 1, pixel), dtype=float)
    saturated = (arc.mask & np.uint8(PixelFlag.SATURATED)) != 0
    setup = setup_of(arc.header)
    name = lamp_name(headers.lamps(arc.header))
    if name:
        return solve(arc.flux, column, setup, name, saturated=saturated, options=options), ()
    solutions = []
    for lamp in LAMP_ELEMENTS:
        try:
            solution = solve(arc.flux, column, setup, lamp, saturated=saturated, options=options)
        except NoWavelengthSolution:
            continue
        solutions.append(solution)
    if not solutions:
        raise NoWavelengthSolution(NoticeCode.LAMP_NOT_IDENTIFIED)
    best = max(solutions, key=lambda s: s.check.brightest_identified * s.n_used)
    return best, (notice(NoticeCode.LAMP_GUESSED, lamp=best.lamp),)


def mid_exposure(header: fits.Header) -> dt.datetime:
    """Return the middle of an exposure, UTC; its start if the exposure time cannot be true."""
    half = (times.plausible_exposure(header) or 0.0) / 2
    return headers.read_date(header) + dt.timedelta(seconds=half)


def weight_of_second(spectrum: fits.Header, first: fits.Header, second: fits.Header) -> float:
    """Return the weight of the second of two arcs by the time of an exposure, 0 to 1.

    An arc at another pointing than the exposure counts as an hour further away when the other one
    is at its pointing, since flexure depends on the pointing. One half if a header lacks the time.
    """
    try:
        begin, now, end = (mid_exposure(header) for header in (first, spectrum, second))
    except HeaderError:
        return 0.5
    if begin == end:
        return 0.5
    share = float(np.clip((now - begin) / (end - begin), 0.0, 1.0))
    here = [_is_at(spectrum, arc) for arc in (first, second)]
    if here[0] == here[1] or share in {0.0, 1.0}:
        return share
    gaps = [abs((time - now).total_seconds()) for time in (begin, end)]
    far = [gap + (0.0 if at else SAME_POINTING_S) for gap, at in zip(gaps, here, strict=True)]
    return far[0] / sum(far)


def _is_at(spectrum: fits.Header, arc: fits.Header) -> bool:
    """Return whether an arc was taken at the pointing of a spectrum."""
    return is_one_pointing(_pointing(spectrum), _pointing(arc))


def _pointing(header: fits.Header) -> tuple[float | None, float | None]:
    return (
        header_values.sexagesimal(headers.text(header, vocabulary.OBSRA), hours=True),
        header_values.sexagesimal(headers.text(header, vocabulary.OBSDEC), hours=False),
    )


def interpolate_solutions(first: Solution, second: Solution, share: float) -> Solution:
    """Interpolate two solutions of one setup.

    Parameters
    ----------
    first, second : Solution
        Of the two arcs.
    share : float
        Weight of the second, 0 to 1.

    Returns
    -------
    Solution
        With the lines of both, each shifted along the detector with the solution of its arc.
    """
    parts = (first.function, second.function)
    low = min(float(np.min(part.domain)) for part in parts)
    high = max(float(np.max(part.domain)) for part in parts)
    column = np.linspace(low, high, 400)
    scale = (1 - share) * parts[0](column) + share * parts[1](column)
    order = max(part.degree() for part in parts)
    function = np.polynomial.Chebyshev.fit(column, scale, order, domain=[low, high])
    moved = [_moved(solution, function) for solution in (first, second)]
    return replace(
        first,
        function=function,
        lamp=first.lamp if first.lamp == second.lamp else f"{first.lamp}+{second.lamp}",
        pixel=np.concatenate(moved),
        wavelength=np.concatenate([first.wavelength, second.wavelength]),
        residual=np.concatenate([first.residual, second.residual]),
        height=np.concatenate([first.height, second.height]),
        used=np.concatenate([first.used, second.used]),
        fwhm=max(first.fwhm, second.fwhm),
        check=max(first.check, second.check, key=lambda check: check.uncertainty),
    )


def shift_between(first: Solution, second: Solution) -> float:
    """Return the shift of the second arc's lines relative to the first's, unbinned pixels."""
    middle = 0.5 * float(np.sum(first.function.domain))
    slope = float(first.function.deriv()(middle))
    return float(first.function(middle) - second.function(middle)) / slope


def _moved(solution: Solution, function: np.polynomial.Chebyshev) -> np.ndarray:
    """Return the columns at which `function` gives the wavelengths of the solution's lines."""
    offset = solution.function(solution.pixel) - function(solution.pixel)
    return np.asarray(solution.pixel + offset / function.deriv()(solution.pixel), dtype=float)
