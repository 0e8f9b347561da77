"""Normalise a combined flat: take the lamp's colour out, keep the pixels' response."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, VarianceUncertainty
from numpy.polynomial import Chebyshev, chebyshev
from numpy.typing import NDArray

from reduction.detector import robust, slit
from reduction.errors import UnusableFrame
from reduction.fits import vocabulary
from reduction.fits.frame_io import flags_of, variance_of
from reduction.frames import PixelFlag
from reduction.notice_codes import NoticeCode

Normalization = Literal["mean", "simple", "full"]
_CLIP = 3.0
_ITERATIONS = 3


def lit_rows(flat: CCDData) -> tuple[int, int]:
    """Return first and one-past-last row inside the slit of a combined flat."""
    return slit.lit_rows_of_flat(slit.profile_along_slit(flat.data, flags_of(flat) == 0))


def fit_colour(profile: NDArray[Any], order: int) -> NDArray[np.float64]:
    """Fit a Chebyshev polynomial along the dispersion, 3 σ-clipped; NaN in `profile` is left out.

    Parameters
    ----------
    profile : (n_dispersion,) float
    order : int
        Degree; lowered when there are too few columns for it.

    Returns
    -------
    (n_dispersion,) float64
        The fitted lamp spectrum.
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
        ``mean``: one number. ``simple``: a Chebyshev fit to the median spectrum of the lit rows,
        the same for every row, so that the slit's illumination stays in the flat. ``full``: a fit
        to every row by itself.
    order : int
        Degree of the Chebyshev polynomial.

    Returns
    -------
    CCDData
        Dimensionless, about 1; the lit rows are in ``GSP_SLO``, ``GSP_SHI``. Rows outside them and
        pixels where the lamp gives no light are flagged NO_FLAT.
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
    # Where the lamp is fainter than a thousandth of its typical light, the ratio is noise.
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
    return CCDData(
        np.where(dark, 1, flat.data / divisor).astype(np.float32),
        unit=u.dimensionless_unscaled,
        uncertainty=None
        if variance is None
        else VarianceUncertainty((variance / divisor**2).astype(np.float32), copy=False),
        mask=flags != 0,
        flags=flags.astype(np.uint8),
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
    """Return the lit rows (first, one past last) that a master flat records, None without."""
    if vocabulary.GSP_SLO not in flat.meta or vocabulary.GSP_SHI not in flat.meta:
        return None
    return int(flat.meta[vocabulary.GSP_SLO]) - 1, int(flat.meta[vocabulary.GSP_SHI])
