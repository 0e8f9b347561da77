"""Write a trace to a header, read it, and convert it to another frame.

``GSP_TC00`` … are the coefficients of row(column), in 0-based rows and columns of the reduced
parent. With the ``LTM``/``LTV`` cards of the parent, which the spectrum keeps, the trace can be
converted to any frame of the detector.
"""

from __future__ import annotations

import numpy as np
from astropy.io import fits
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from reduction.detector import geometry
from reduction.errors import HeaderError
from reduction.extraction.tracing import Guide, TraceSource
from reduction.fits import provenance, vocabulary
from reduction.notice_codes import NoticeCode

Array = NDArray[np.float64]


def record_trace(
    header: fits.Header, trace: Polynomial, edges: tuple[float, float], rms: float
) -> None:
    """Write trace, aperture and rms (rows) to a header; `read_trace` reads them."""
    coefficients = trace.convert().coef
    provenance.put(header, vocabulary.GSP_TMOD, "Polynomial1D", "model of the trace")
    provenance.put(header, vocabulary.GSP_TORD, len(coefficients) - 1, "degree of the trace")
    for number, value in enumerate(coefficients):
        provenance.put(
            header, f"{vocabulary.GSP_TC}{number:02d}", float(value), f"parameter c{number}"
        )
    provenance.put(header, vocabulary.GSP_TERR, round(rms, 6), "rms of the trace, pixel")
    provenance.put(header, vocabulary.GSP_TLO, float(edges[0]), "lower edge against the trace")
    provenance.put(header, vocabulary.GSP_THI, float(edges[1]), "upper edge against the trace")
    low, high = (float(trace(0.0)) + edge + 1 for edge in edges)
    provenance.put(
        header, vocabulary.GSP_EXTR, f"{low:.2f}:{high:.2f}", "extraction window at first column"
    )


def read_trace(header: fits.Header) -> tuple[Polynomial, tuple[float, float]]:
    """Return the trace and the aperture edges (rows) that a spectrum's header records.

    Raises
    ------
    HeaderError
        A card is missing or implausible: the spectrum was not extracted by this software.
    """
    keyword = vocabulary.GSP_TORD
    try:
        coefficients = []
        for number in range(max(int(header[keyword]), 0) + 1):
            keyword = f"{vocabulary.GSP_TC}{number:02d}"
            coefficients.append(float(header[keyword]))
        keyword = vocabulary.GSP_TLO
        low = float(header[keyword])
        keyword = vocabulary.GSP_THI
        high = float(header[keyword])
    except (KeyError, TypeError, ValueError) as error:
        raise HeaderError(NoticeCode.APERTURE_MISSING, keyword=keyword) from error
    if not (np.isfinite(coefficients).all() and low < high and max(-low, high) < geometry.FAR):
        raise HeaderError(NoticeCode.APERTURE_IMPLAUSIBLE, keyword=keyword)
    return Polynomial(coefficients), (low, high)


def rows_of(
    trace: Polynomial, reference: fits.Header, frame: fits.Header, columns: Array
) -> tuple[Array, float]:
    """Return the rows of a trace in another frame.

    Parameters
    ----------
    trace : Polynomial
        Row of a column, in the frame that `reference` belongs to.
    reference, frame : fits.Header
        With ``LTM`` and ``LTV``.
    columns : (n,) float
        Of the other frame, 0-based.

    Returns
    -------
    rows : (n,) float
        0-based rows of the other frame.
    scale : float
        Rows of the other frame per row of the reference.

    Raises
    ------
    HeaderError
        A header lacks the position of its frame on the detector, or it is implausible.
    """
    reference_columns = geometry.to_logical(reference, 1, geometry.to_physical(frame, 1, columns))
    rows = trace(np.asarray(reference_columns, dtype=float))
    frame_rows = geometry.to_logical(frame, 2, geometry.to_physical(reference, 2, rows))
    scale = geometry.binning_along(reference, 2) / geometry.binning_along(frame, 2)
    if not (np.isfinite(frame_rows).all() and np.isfinite(scale)):
        raise HeaderError(NoticeCode.POSITION_IMPLAUSIBLE, keyword="LTV2", cards=["LTV2", "LTM2_2"])
    return np.asarray(frame_rows, dtype=float), float(scale)


def guide_from(name: str, reference: fits.Header, frame: fits.Header, n_columns: int) -> Guide:
    """Return the trace of a spectrum of another frame, as the guide for faint targets.

    Raises
    ------
    HeaderError
        A header lacks the trace, or the position of its frame on the detector.
    """
    trace, _ = read_trace(reference)
    columns = np.arange(n_columns, dtype=float)
    rows, scale = rows_of(trace, reference, frame, columns)
    centred_trace = Polynomial.fit(columns, rows, max(trace.degree(), 1)).convert()
    centred_trace -= float(centred_trace((n_columns - 1) / 2))
    try:
        fwhm, rms = (float(reference[k]) for k in (vocabulary.GSP_FWHM, vocabulary.GSP_TERR))
    except (KeyError, TypeError, ValueError) as error:
        cards = [vocabulary.GSP_FWHM, vocabulary.GSP_TERR]
        raise HeaderError(NoticeCode.CARDS_MISSING, keyword=cards[0], cards=cards) from error
    return Guide(centred_trace, fwhm * scale, rms * scale, TraceSource.OTHER_FRAME, name)
