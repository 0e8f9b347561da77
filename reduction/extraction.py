"""From a reduced frame to 1-D spectra: apertures laid on traces, recorded so they can be repeated.

The trace is written as ``GSP_TC00`` …: coefficients of row(column), rows and columns of the reduced
parent counted from 0. With the parent's ``LTM``/``LTV`` cards, which the spectrum keeps, the same
physical aperture can be laid on a frame of another binning or trim (`extract_along`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from reduction import geometry, headers, provenance
from reduction.aperture import Background, background_beside, sum_aperture
from reduction.errors import HeaderError, MissingCalibration
from reduction.frames import Spectrum
from reduction.tracing import Trace, gaussian, moffat

Array = NDArray[np.float64]

LAMP_HALF_WIDTH = 10.0
"""Unbinned rows to either side of the middle of the slit that a lamp is summed over (3″)."""


@dataclass(frozen=True, slots=True)
class Apertures:
    """How wide aperture and background zones are, all in FWHM of the target.

    `width` is the whole aperture; zones begin `offset` beyond its edges and are `zone` wide.
    """

    width: float = 2.0
    offset: float = 3.0
    zone: float = 2.0


def extract_target(
    frame: CCDData,
    trace: Trace,
    others: Sequence[Trace],
    apertures: Apertures,
    *,
    optimal: bool,
) -> tuple[Spectrum, str | None]:
    """Extract one target from a reduced frame.

    Parameters
    ----------
    frame : CCDData
        (n_spatial, n_dispersion), electron, with variance, flags, ``LTM`` and ``LTV``.
    trace : Trace
        The target.
    others : sequence of Trace
        Other targets, whose light is kept out of the background.
    apertures : Apertures
    optimal : bool
        Horne's weights instead of a plain sum.

    Returns
    -------
    spectrum : Spectrum
        Electron per column, with variance, mask and the sky in the aperture.
    warning : str or None
        A sentence when the background could not be taken on both sides.
    """
    fwhm = trace.profile.fwhm
    half = apertures.width * fwhm / 2
    background, warning = _background(frame, trace, others, apertures)
    flux, variance, flags, sky = sum_aperture(
        frame,
        trace.polynomial,
        (-half, half),
        background,
        _light(trace),
        optimal=optimal,
    )
    header = frame.meta.copy()
    record_trace(header, trace.polynomial, (-half, half), float(trace.rms))
    provenance.put(header, headers.GSP_FWHM, round(fwhm, 4), "FWHM along the slit, pixel")
    first = float(trace.polynomial(0.0))
    zones = () if background is None else background.zones
    for number, keyword in enumerate((headers.GSP_BKG1, headers.GSP_BKG2)):
        said = provenance.NONE
        if number < len(zones):
            low, high = (first + edge + 1 for edge in zones[number])
            said = f"{low:.2f}:{high:.2f} column 1"
        provenance.put(header, keyword, said, "background extraction zone")
    return Spectrum(flux, variance, flags, header, sky), warning


def _light(trace: Trace) -> Callable[[Array], Array]:
    """Return how the target's light falls with the distance from its trace."""
    target = trace.profile
    if target.beta is None:
        return lambda offset: gaussian(offset, 1.0, 0.0, target.fwhm, 0.0)
    beta = target.beta
    return lambda offset: moffat(offset, 1.0, 0.0, target.fwhm, beta, 0.0)


def _background(
    frame: CCDData, trace: Trace, others: Sequence[Trace], apertures: Apertures
) -> tuple[Background | None, str | None]:
    """Measure the background in both zones, in one, else in whatever is free beside the target."""
    fwhm = trace.profile.fwhm
    edge = apertures.width * fwhm / 2
    near = edge + apertures.offset * fwhm
    far = near + max(apertures.zone * fwhm, 4.0)
    avoid = [(other.polynomial, 1.5 * other.profile.fwhm + 1) for other in others]
    found = background_beside(frame, trace.polynomial, [(-far, -near), (near, far)], avoid)
    if found is not None and len(found.zones) == 2:
        return found, None
    if found is not None:
        return found, "the background was taken on one side of the target only."
    close, wide = edge + 0.5 * fwhm, far + 3 * fwhm
    found = background_beside(frame, trace.polynomial, [(-wide, -close), (close, wide)], avoid)
    if found is not None:
        return found, "the background zones had to be moved closer to the target."
    return None, "no room for a background beside the target: none was subtracted."


def record_trace(
    header: fits.Header, trace: Polynomial, edges: tuple[float, float], rms: float
) -> None:
    """Write trace and aperture into a header; `read_trace` reads them back."""
    coefficients = trace.convert().coef
    provenance.put(header, headers.GSP_TMOD, "Polynomial1D", "model of the trace")
    provenance.put(header, headers.GSP_TORD, len(coefficients) - 1, "degree of the trace")
    for number, value in enumerate(coefficients):
        provenance.put(
            header, f"{headers.GSP_TC}{number:02d}", float(value), f"parameter c{number}"
        )
    provenance.put(header, headers.GSP_TERR, round(rms, 6), "rms of the trace, pixel")
    provenance.put(header, headers.GSP_TLO, float(edges[0]), "lower edge against the trace")
    provenance.put(header, headers.GSP_THI, float(edges[1]), "upper edge against the trace")
    low, high = (float(trace(0.0)) + edge + 1 for edge in edges)
    provenance.put(
        header, headers.GSP_EXTR, f"{low:.2f}:{high:.2f}", "extraction window at first column"
    )


def read_trace(header: fits.Header) -> tuple[Polynomial, tuple[float, float]]:
    """Return trace and aperture edges that a spectrum's header records.

    Raises
    ------
    HeaderError
        A card is missing: the spectrum was not extracted here.
    """
    keyword = headers.GSP_TORD
    try:
        degree = int(header[keyword])
        coefficients = []
        for number in range(degree + 1):
            keyword = f"{headers.GSP_TC}{number:02d}"
            coefficients.append(float(header[keyword]))
        keyword = headers.GSP_TLO
        low = float(header[keyword])
        keyword = headers.GSP_THI
        high = float(header[keyword])
    except (KeyError, TypeError, ValueError) as error:
        raise HeaderError(
            keyword, f"{keyword} is missing: the spectrum does not tell where it was extracted."
        ) from error
    return Polynomial(coefficients), (low, high)


def extract_lamp(frame: CCDData) -> Spectrum:
    """Extract a comparison lamp from the middle of the slit, without background subtraction.

    Returns
    -------
    Spectrum
        Electron, the sum of `LAMP_HALF_WIDTH` unbinned rows to either side of the middle.
    """
    half = LAMP_HALF_WIDTH / geometry.binning_along(frame.meta, 2)
    trace = Polynomial([(frame.shape[0] - 1) / 2])
    half = min(half, frame.shape[0] / 2)
    flux, variance, flags, sky = sum_aperture(frame, trace, (-half, half), None)
    header = frame.meta.copy()
    record_trace(header, trace, (-half, half), 0.0)
    return Spectrum(flux, variance, flags, header, sky)


def extract_along(frame: CCDData, reference: fits.Header) -> Spectrum:
    """Extract the physical aperture of a spectrum from another reduced frame, as its lamp.

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
        The reference does not tell its aperture, or a frame its place on the detector.
    MissingCalibration
        The frame does not cover the rows of the aperture.
    """
    trace, edges = read_trace(reference)
    columns = np.arange(frame.shape[1], dtype=float)
    seen_at = _array(
        geometry.to_logical(reference, 1, geometry.to_physical(frame.meta, 1, columns))
    )
    rows = _array(
        geometry.to_logical(frame.meta, 2, geometry.to_physical(reference, 2, trace(seen_at)))
    )
    scale = geometry.binning_along(reference, 2) / geometry.binning_along(frame.meta, 2)
    low, high = (edge * scale for edge in edges)
    outside = (rows + low < -0.5) | (rows + high > frame.shape[0] - 0.5)
    if outside.mean() > 0.5:
        covers = [float(geometry.to_physical(frame.meta, 2, r)) for r in (0, frame.shape[0] - 1)]
        wanted = float(geometry.to_physical(frame.meta, 2, float(np.median(rows))))
        raise MissingCalibration(
            f"the lamp was read from detector rows {covers[0]:.0f} to {covers[1]:.0f} only; the "
            f"target is at row {wanted:.0f}."
        )
    flux, variance, flags, sky = sum_aperture(frame, rows, (low, high), None)
    header = frame.meta.copy()
    usable = np.isfinite(rows)
    repeated = Polynomial.fit(columns[usable], rows[usable], max(trace.degree(), 1)).convert()
    record_trace(header, repeated, (low, high), 0.0)
    return Spectrum(flux, variance, flags, header, sky)


def _array(values: Any) -> Array:
    return np.asarray(values, dtype=float)
