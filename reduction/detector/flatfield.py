"""Normalise a combined flat, and divide frames by it.

The colour of the lamp is removed from the flat, the response of the pixels is kept.
"""

from __future__ import annotations

from typing import Any, Literal

import ccdproc
import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, VarianceUncertainty
from numpy.polynomial import Chebyshev, chebyshev
from numpy.typing import NDArray

from reduction.detector import coverage, geometry, robust, slit
from reduction.detector.geometry import Section
from reduction.errors import UnusableFrame
from reduction.fits import vocabulary
from reduction.fits.frame_io import flags_of, image_frame, variance_of
from reduction.frames import PixelFlag
from reduction.notice_codes import NoticeCode

Normalization = Literal["mean", "simple", "full"]
FLAT_FLOOR = 0.1
"""Least response by which a frame is divided; below it a pixel is outside the slit, or dead."""
_CLIP = 3.0
_ITERATIONS = 3


def lit_rows(flat: CCDData) -> tuple[int, int]:
    """Return the rows of a combined flat that are inside the slit.

    Parameters
    ----------
    flat : CCDData
        (n_spatial, n_dispersion), with flags.

    Returns
    -------
    first, last : int
        First row, and one past the last.
    """
    return slit.lit_rows_of_flat(slit.profile_along_slit(flat.data, flags_of(flat) == 0))


def fit_colour(profile: NDArray[Any], order: int) -> NDArray[np.float64]:
    """Fit a Chebyshev polynomial along the dispersion, 3 σ-clipped; NaN is ignored.

    Parameters
    ----------
    profile : (n_dispersion,) float
        ADU.
    order : int
        Degree; lowered when there are too few columns for it.

    Returns
    -------
    (n_dispersion,) float64
        The fitted lamp spectrum, ADU.

    Raises
    ------
    UnusableFrame
        Fewer than two columns have a value.
    """
    x = np.arange(profile.size, dtype=float)
    keep = np.isfinite(profile)
    if keep.sum() < 2:
        raise UnusableFrame(NoticeCode.FLAT_COLOUR_NOT_FITTED)
    model = np.full(profile.size, np.nan)
    for _ in range(_ITERATIONS):
        degree = min(order, int(keep.sum()) - 1)
        fitted = Chebyshev.fit(x[keep], profile[keep], degree, domain=[0, max(x[-1], 1)])
        model = np.asarray(fitted(x))
        residual = profile - model
        sigma = 1.4826 * float(np.median(np.abs(residual[keep])))
        keep = np.isfinite(profile) & (np.abs(residual) <= _CLIP * max(sigma, 1e-9))
    return model


def normalize(flat: CCDData, method: Normalization, order: int) -> CCDData:
    """Divide a combined flat by its level or by the lamp's colour.

    Parameters
    ----------
    flat : CCDData
        (n_spatial, n_dispersion), ADU, bias-subtracted, with variance.
    method : {"mean", "simple", "full"}
        ``mean``: divide by one number. ``simple``: divide every row by a Chebyshev fit to the
        median spectrum of the lit rows, so that the illumination of the slit remains in the flat.
        ``full``: divide every row by a fit to it.
    order : int
        Degree of the Chebyshev polynomial.

    Returns
    -------
    CCDData
        Dimensionless, near 1; the lit rows are in ``GSP_SLO``, ``GSP_SHI``. Other rows, and pixels
        without light from the lamp, are flagged NO_FLAT.

    Raises
    ------
    UnusableFrame
        The flat has no light, or too few columns for the fit.
    """
    first, last = lit_rows(flat)
    good = flags_of(flat) == 0
    values = np.where(good[first:last], flat.data[first:last], np.float32(np.nan))
    model: NDArray[Any]
    if method == "mean":
        model = np.full((1, flat.shape[1]), np.nanmean(values))
    elif method == "simple":
        model = fit_colour(robust.known_median(values, 0), order)[None, :]
    else:
        model = _fit_rows(values, order, flat.shape[0], first)
    # Where the lamp is fainter than a thousandth of its median, the ratio is noise.
    floor = 1e-3 * float(np.nanmedian(model))
    if not floor > 0:
        raise UnusableFrame(NoticeCode.FLAT_DARK)
    dark = ~(model > floor)
    divisor = np.where(dark, 1, model)
    flags = flags_of(flat) | np.where(dark, np.uint8(PixelFlag.NO_FLAT), np.uint8(0))
    flags[:first] |= np.uint8(PixelFlag.NO_FLAT)
    flags[last:] |= np.uint8(PixelFlag.NO_FLAT)
    variance = variance_of(flat)
    meta = flat.meta.copy()
    meta[vocabulary.GSP_SLO] = (first + 1, "first lit row, counted from 1")
    meta[vocabulary.GSP_SHI] = (last, "last lit row, counted from 1")
    return image_frame(
        np.where(dark, 1, flat.data / divisor).astype(np.float32),
        None if variance is None else (variance / divisor**2).astype(np.float32),
        flags.astype(np.uint8),
        unit=u.dimensionless_unscaled,
        meta=meta,
    )


def _fit_rows(values: NDArray[Any], order: int, n_rows: int, first: int) -> NDArray[np.float64]:
    """Fit every lit row by one least-squares solution; the other rows get the mean model."""
    n = values.shape[1]
    x = np.linspace(-1, 1, n)
    design = chebyshev.chebvander(x, min(order, n - 1))
    typical = fit_colour(robust.known_median(values, 0), order)
    filled = np.where(np.isfinite(values), values, typical)
    coefficients, *_ = np.linalg.lstsq(design, filled.T, rcond=None)
    model = np.repeat(typical[None, :], n_rows, axis=0)
    model[first : first + values.shape[0]] = (design @ coefficients).T
    return model


def slit_rows(flat: CCDData) -> tuple[int, int] | None:
    """Return the lit rows that a master flat records.

    Parameters
    ----------
    flat : CCDData
        From `normalize`.

    Returns
    -------
    (int, int) or None
        First row, and one past the last; None if they are not recorded.
    """
    if vocabulary.GSP_SLO not in flat.meta or vocabulary.GSP_SHI not in flat.meta:
        return None
    return int(flat.meta[vocabulary.GSP_SLO]) - 1, int(flat.meta[vocabulary.GSP_SHI])


def divide_flat(frame: CCDData, flat: CCDData) -> CCDData:
    """Divide a frame by the part of a master flat that covers it; the variances are propagated.

    Parameters
    ----------
    frame : CCDData
        (ny, nx), electron, with variance, flags and detector coordinates.
    flat : CCDData
        Response around 1, with variance, flags and detector coordinates; covers the frame.

    Returns
    -------
    CCDData
        (ny, nx), electron. A pixel whose response is below `FLAT_FLOOR` or flagged in the flat is
        not divided, and flagged NO_FLAT.

    Raises
    ------
    MissingCalibration
        Another binning, or the flat does not cover the frame.
    """
    part = flat_section(flat, frame.meta, frame.shape).slices
    response, variance = flat.data[part], variance_of(flat)
    with np.errstate(invalid="ignore"):
        unusable = ~(response > FLAT_FLOOR) | (flags_of(flat)[part] != 0)
    divisor = CCDData(
        np.where(unusable, np.float32(1), response),
        unit=u.dimensionless_unscaled,
        uncertainty=None
        if variance is None
        else VarianceUncertainty(np.where(unusable, np.float32(0), variance[part]), copy=False),
    )
    # A float32 norm, since a float64 one would turn the frame into float64.
    divided = ccdproc.flat_correct(
        frame, divisor, norm_value=u.Quantity(np.float32(1)), add_keyword=None
    )
    flags = flags_of(frame) | unusable * np.uint8(PixelFlag.NO_FLAT)
    return image_frame(
        divided.data, variance_of(divided), flags, unit=divided.unit, meta=divided.meta
    )


def flat_section(flat: CCDData, header: fits.Header, shape: tuple[int, int]) -> Section:
    """Return the section of a master flat that covers exactly the pixels of a frame.

    Parameters
    ----------
    flat : CCDData
        The master, with detector coordinates (``LTV``, ``LTM``).
    header : fits.Header
        Of the trimmed frame, with detector coordinates.
    shape : (int, int)
        Rows and columns of the trimmed frame.

    Returns
    -------
    Section
        In pixels of the master.

    Raises
    ------
    MissingCalibration
        Another binning, or the flat does not cover the frame.
    """
    shared = geometry.shared_part(header, shape, flat.meta, flat.shape)
    if shared is None or shared[0].shape != tuple(shape):
        raise coverage.misfit(header, shape, flat, "master flat")
    return shared[1]
