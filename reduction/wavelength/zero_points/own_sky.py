"""Measure the zero point of a spectrum on its own sky."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from numpy.typing import NDArray

from reduction.errors import HeaderError
from reduction.fits import header_values, headers, vocabulary
from reduction.frames import Spectrum, night_of
from reduction.slits import mask_of
from reduction.wavelength import spectral_wcs
from reduction.wavelength.arc_solution import Solution
from reduction.wavelength.wavelength_solution import mid_exposure
from reduction.wavelength.zero_points.line_profile import LineProfile, sky_profile
from reduction.wavelength.zero_points.separation import (
    OTHER_NIGHT,
    Separation,
    flexure,
    same_orientation,
    same_pointing,
)
from reduction.wavelength.zero_points.sky_check import REACH_PIXELS, SkyOffset, sky_offset
from reduction.wavelength.zero_points.slit_sky import slit_sky
from reduction.wavelength.zero_points.zero_point import Circumstances

Floats = NDArray[np.float64]

SlitFrames = Callable[[], tuple[CCDData, CCDData | None] | None]
"""Opens the reduced 2-D frame that a spectrum was extracted from, and its 2-D arc."""

BRIGHT: Final = 5.0
"""Median signal over noise from which a target's light is looked for in its background zones."""
WELL_MEASURED: Final = 0.5
"""Error of an offset from which the sky of the whole slit is measured too, unbinned pixels."""
UNCERTAIN_FROM: Final = 1.0
"""Flexure between arc and spectrum from which the sky of the whole slit is measured if there is
need, unbinned pixels."""


def slit_of(header: fits.Header) -> str:
    """Return the normalised name of the slit in a header, ``""`` without one."""
    return header_values.slit_name(headers.text(header, vocabulary.SLIT))


def dispersion_of(solution: Solution) -> float:
    """Return the dispersion in the middle of a solution, Å per unbinned pixel."""
    middle = 0.5 * float(np.sum(solution.function.domain))
    return float(solution.function.deriv()(middle))


def circumstances(
    spectrum: fits.Header, arcs: Sequence[fits.Header], dispersion: float
) -> Circumstances:
    """Return how a spectrum and the arcs of its scale were taken.

    Parameters
    ----------
    spectrum : fits.Header
    arcs : sequence of fits.Header
        At least one. The one with the least flexure counts; the slits of all.
    dispersion : float
        Å per unbinned pixel.
    """
    masks = {mask_of(slit_of(header)) for header in (spectrum, *arcs)}
    shift = min(flexure_between(spectrum, arc) for arc in arcs)
    return Circumstances(dispersion, len(masks) > 1, shift)


def flexure_between(first: fits.Header, second: fits.Header) -> float:
    """Return the shift to expect between two frames, unbinned pixels (one sigma)."""
    try:
        begin, end = mid_exposure(first), mid_exposure(second)
    except HeaderError:
        return OTHER_NIGHT
    hours = abs((end - begin).total_seconds()) / 3600
    pointing = same_pointing(_direction(first), _direction(second))
    pointing = pointing or same_orientation(_orientation(first), _orientation(second))
    return flexure(Separation(hours, pointing, night_of(begin) == night_of(end)))


def _orientation(header: fits.Header) -> tuple[float | None, float | None]:
    return headers.number(header, vocabulary.ELEVATION), headers.number(header, vocabulary.ROTATOR)


def _direction(header: fits.Header) -> tuple[float, float] | None:
    ra = header_values.sexagesimal(headers.text(header, vocabulary.OBSRA), hours=True)
    dec = header_values.sexagesimal(headers.text(header, vocabulary.OBSDEC), hours=False)
    return None if ra is None or dec is None else (ra, dec)


def profile_of(
    spectrum: fits.Header, arcs: Sequence[fits.Header], solution: Solution
) -> LineProfile:
    """Return the profile of the lines of the sky of a spectrum, Å."""
    theirs = slit_of(arcs[0]) if arcs else ""
    return sky_profile(solution.fwhm, dispersion_of(solution), theirs, slit_of(spectrum))


def measure(
    spectrum: Spectrum,
    solution: Solution,
    profile: LineProfile,
    given: Circumstances,
    slit_frames: SlitFrames | None,
) -> SkyOffset | None:
    """Measure the offset of a spectrum's sky from the scale of its arc.

    The background zones of the target are measured first. Where they do not settle the zero point,
    and the arc does not either, the sky of the whole slit is measured.

    Parameters
    ----------
    spectrum : Spectrum
        Extracted.
    solution : Solution
        Of the arc, uncorrected.
    profile : LineProfile
        Of the lines of the sky, Å.
    given : Circumstances
    slit_frames : callable or None
        Opens the frames of the whole slit.
    """
    own = (
        None if spectrum.sky is None else _offset(spectrum, solution, profile, spectrum.sky, given)
    )
    needed = given.slits_differ or given.flexure > UNCERTAIN_FROM
    if own is not None and own.error <= WELL_MEASURED * given.dispersion:
        needed = False
    frames = slit_frames() if needed and slit_frames is not None else None
    if frames is None:
        return own
    sky = slit_sky(frames[0], spectrum.header, frames[1])
    if sky is None or sky.size != spectrum.flux.size:
        return own
    whole = _offset(spectrum, solution, profile, sky, given)
    if own is None or whole is None:
        return whole or own
    return min(own, whole, key=lambda offset: offset.error)


def _offset(
    spectrum: Spectrum,
    solution: Solution,
    profile: LineProfile,
    sky: Floats,
    given: Circumstances,
) -> SkyOffset | None:
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = spectrum.flux / np.sqrt(spectrum.variance)
    known = ratio[np.isfinite(ratio)]
    is_bright = known.size > 0 and float(np.median(known)) > BRIGHT
    wavelength, (light, target) = spectral_wcs.on_axis(spectrum, solution, sky, spectrum.flux)
    return sky_offset(
        light,
        wavelength,
        profile,
        reach=REACH_PIXELS * given.dispersion,
        target=target if is_bright else None,
    )
