"""Extract a lamp from the middle of the slit, or along the aperture of a target.

Trace and aperture of a target are recorded in its header (`reduction.extraction.trace_cards`), so
that the same physical aperture can be used on a frame of another binning or trim.
"""

from __future__ import annotations

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from reduction.detector import geometry
from reduction.detector.strip import cut_strip
from reduction.errors import MissingCalibration
from reduction.extraction import aperture_sums
from reduction.extraction.trace_cards import read_trace, record_trace, rows_of
from reduction.frames import Spectrum
from reduction.notice_codes import NoticeCode

Array = NDArray[np.float64]

LAMP_HALF_WIDTH = 10.0
"""Half height of the aperture of a lamp, around the middle of the slit, unbinned rows."""


def extract_lamp(frame: CCDData) -> Spectrum:
    """Extract a comparison lamp from the middle of the slit, without background subtraction.

    Parameters
    ----------
    frame : CCDData
        (n_spatial, n_dispersion), electron, reduced, with ``LTM`` and ``LTV``.

    Returns
    -------
    Spectrum
        Electron, the sum of `LAMP_HALF_WIDTH` unbinned rows to either side of the middle.
    """
    half = LAMP_HALF_WIDTH / geometry.binning_along(frame.meta, 2)
    trace = Polynomial([(frame.shape[0] - 1) / 2])
    half = min(half, frame.shape[0] / 2)
    summed = _sum_lamp(frame, np.full(frame.shape[1], trace(0.0)), (-half, half))
    header = frame.meta.copy()
    record_trace(header, trace, (-half, half), 0.0)
    return Spectrum(summed.flux, summed.variance, summed.flags, header, summed.sky)


def _sum_lamp(
    frame: CCDData, centre: Array, edges: tuple[float, float]
) -> aperture_sums.ExtractedFlux:
    strip = cut_strip(
        frame, float(np.nanmin(centre)) + edges[0], float(np.nanmax(centre)) + edges[1]
    )
    return aperture_sums.boxcar_extract(strip, centre, edges)


def extract_along(frame: CCDData, reference: fits.Header) -> Spectrum:
    """Extract the physical aperture of a spectrum from another reduced frame, such as its lamp.

    Parameters
    ----------
    frame : CCDData
        Reduced frame, possibly of another binning or trim than the spectrum's parent.
    reference : fits.Header
        Header of the spectrum: trace, aperture, ``LTM`` and ``LTV`` of its parent.

    Returns
    -------
    Spectrum
        On the frame's own dispersion pixels, with the frame's header (its ``LTM1_1`` and ``LTV1``
        hold), no background subtracted.

    Raises
    ------
    HeaderError
        A header lacks the aperture, or the position of its frame on the detector.
    MissingCalibration
        The frame does not cover the rows of the aperture.
    """
    trace, edges = read_trace(reference)
    columns = np.arange(frame.shape[1], dtype=float)
    rows, scale = rows_of(trace, reference, frame.meta, columns)
    low, high = (edge * scale for edge in edges)
    outside = (rows + low < -0.5) | (rows + high > frame.shape[0] - 0.5)
    if outside.mean() > 0.5:
        covers = [float(geometry.to_physical(frame.meta, 2, r)) for r in (0, frame.shape[0] - 1)]
        middle = float(geometry.to_physical(frame.meta, 2, float(np.median(rows))))
        raise MissingCalibration(
            NoticeCode.LAMP_DOES_NOT_COVER, first=covers[0], last=covers[1], row=middle
        )
    summed = _sum_lamp(frame, rows, (low, high))
    header = frame.meta.copy()
    repeated = Polynomial.fit(columns, rows, max(trace.degree(), 1)).convert()
    record_trace(header, repeated, (low, high), 0.0)
    return Spectrum(summed.flux, summed.variance, summed.flags, header, summed.sky)
