"""The sensitivity as a product: a spectrum with planes, and the response that it holds."""

from __future__ import annotations

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from reduction.errors import HeaderError
from reduction.fits import shared_cards, vocabulary
from reduction.fits.provenance import put
from reduction.flux.response import plausibility, throughput
from reduction.flux.response.model import MAGNITUDE, Response
from reduction.frames import PixelFlag, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.wavelength.axis.medium import in_air, medium_of

Floats = NDArray[np.float64]

UNIT = "electron cm2 / erg"
ZERO_POINT_AT = 5500.0
"""Å, of the zero point; the middle of the range where it does not lie within."""


def spectrum_of(standard: Spectrum, own: Response, library: Response | None) -> Spectrum:
    """Return the sensitivity as a spectrum.

    Parameters
    ----------
    standard : Spectrum
        Of the star; its axis is kept, of its header only what everybody may see.
    own : Response
        Of the star alone.
    library : Response or None
        Its combination with the site library, which is then the sensitivity.

    Returns
    -------
    Spectrum
        `flux` is the sensitivity, with the planes OWN, POINTS, PMASK, LIBRARY, SYS and EXPECTED.
    """
    best = library or own
    mode = plausibility.mode_of_header(standard.header)
    header = shared_cards.shared(standard.header, of_spectrum=True)
    header[vocabulary.BUNIT.keyword] = UNIT
    known = np.isfinite(best.sensitivity)
    return Spectrum(
        flux=best.sensitivity,
        variance=best.variance,
        mask=np.where(known, 0, int(PixelFlag.NO_SENSITIVITY)).astype(np.uint8),
        header=header,
        wavelength=standard.wavelength,
        planes={
            "OWN": own.sensitivity,
            "POINTS": own.points,
            "PMASK": own.masked,
            "LIBRARY": np.full(known.size, np.nan) if library is None else library.sensitivity,
            "SYS": best.systematic,
            "EXPECTED": throughput.expected(mode, own.wavelength),
        },
    )


def record(header: fits.Header, own: Response, members: int) -> None:
    """Write what the sensitivity rests on to a header."""
    ratio = "unknown" if own.throughput_ratio is None else round(own.throughput_ratio, 4)
    for keyword, value, comment in (
        (vocabulary.GSP_STAR, own.star, "standard star"),
        (vocabulary.GSP_STRF, own.source, "source of its reference spectrum"),
        (vocabulary.GSP_STRK, own.rank, "rank of the source, 1 is best"),
        (vocabulary.GSP_AIRM, round(own.airmass, 4), "airmass of the extinction correction"),
        (vocabulary.GSP_NLIB, members, "sensitivities in the site library"),
        (vocabulary.GSP_SFRM, round(own.rms, 4), "scatter around the response, mag"),
        (vocabulary.GSP_SFNP, own.points_used, "points that the response rests on"),
        (vocabulary.GSP_SFTR, ratio, "throughput relative to the expected one"),
    ):
        put(header, keyword, value, comment)


def response_of(sensitivity: Spectrum) -> Response:
    """Return the response of the star alone that a sensitivity holds.

    Parameters
    ----------
    sensitivity : Spectrum
        As read from its file.

    Returns
    -------
    Response
        Its wavelengths are in air.

    Raises
    ------
    HeaderError
        The spectrum is not a sensitivity.
    """
    planes = sensitivity.planes
    if sensitivity.wavelength is None or not {"OWN", "POINTS", "PMASK", "SYS"} <= planes.keys():
        raise HeaderError(NoticeCode.CARD_MISSING, keyword=vocabulary.GSP_STAR, meaning="star")
    header = sensitivity.header
    air = in_air(sensitivity.wavelength, medium_of(header))
    own = np.asarray(planes["OWN"], dtype=float)
    known = np.flatnonzero(np.isfinite(own))
    first, last = (air[known[0]], air[known[-1]]) if known.size else (np.nan, np.nan)
    points = np.asarray(planes["POINTS"], dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = MAGNITUDE * np.log(points / own)
    ratio = header.get(vocabulary.GSP_SFTR)
    return Response(
        wavelength=air,
        sensitivity=own,
        variance=sensitivity.variance,
        points=points,
        masked=np.asarray(planes["PMASK"], dtype=np.uint8),
        residual=residual,
        systematic=np.asarray(planes["SYS"], dtype=float),
        first=float(first),
        last=float(last),
        rms=float(header.get(vocabulary.GSP_SFRM, np.nan)),
        star=str(header.get(vocabulary.GSP_STAR, "")),
        source=str(header.get(vocabulary.GSP_STRF, "")),
        airmass=float(header.get(vocabulary.GSP_AIRM, np.nan)),
        rank=int(header.get(vocabulary.GSP_STRK, 0)),
        points_used=int(header.get(vocabulary.GSP_SFNP, 0)),
        throughput_ratio=float(ratio) if isinstance(ratio, int | float) else None,
    )


def quality_of(own: Response, best: Response, members: int) -> dict[str, float | int | str]:
    """Return the numbers that are shown with a sensitivity."""
    known = np.isfinite(best.sensitivity)
    wavelength, sensitivity = best.wavelength[known], best.sensitivity[known]
    inside = wavelength[0] <= ZERO_POINT_AT <= wavelength[-1]
    at = ZERO_POINT_AT if inside else 0.5 * float(wavelength[0] + wavelength[-1])
    zero_point = MAGNITUDE * np.log(np.interp(at, wavelength, sensitivity))
    shown: dict[str, float | int | str] = {
        "star": own.star,
        "reference": own.source,
        "airmass": round(own.airmass, 3),
        "zero_point_mag": round(float(zero_point), 3),
        "throughput_peak": round(float(throughput.throughput(wavelength, sensitivity).max()), 4),
        "response_rms_mag": round(own.rms, 4),
        "points_used": own.points_used,
        "library_size": members,
        "first_angstrom": round(float(wavelength[0]), 1),
        "last_angstrom": round(float(wavelength[-1]), 1),
    }
    if own.throughput_ratio is not None:
        shown["throughput_ratio"] = round(own.throughput_ratio, 3)
    return shown
