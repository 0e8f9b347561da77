"""A 1-D spectrum with its 1σ band."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from figures.layout import axis, layout, plain

Numbers = NDArray[np.float64]

_UNITS = {
    "adu": "ADU",
    "electron": "electron",
    "": "ADU",
    "erg / (s cm2 angstrom)": "erg s⁻¹ cm⁻² Å⁻¹",
    "electron cm2 / erg": "electron cm² erg⁻¹",
}
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SMALL = 1e-3
"""Fluxes below it are drawn in a power of ten of their unit, which is on the axis."""


def unit_name(unit: str) -> str:
    """Return the unit in ``BUNIT`` as written on an axis; "adu" and an empty text give ADU."""
    return _UNITS.get(unit.strip().lower(), unit.strip())


def power_of_ten(flux: Numbers, sigma: Numbers) -> int:
    """Return the exponent of ten that makes the well-measured flux a number from 1 to 10.

    0 when the numbers are readable as they are: at least `SMALL`, or all of them unknown.
    """
    good = _well_measured(flux, sigma)
    largest = float(np.quantile(np.abs(flux[good]), 0.98)) if good.any() else 0.0
    return math.floor(math.log10(largest)) if 0 < largest < SMALL else 0


def scaled_unit(unit: str, exponent: int) -> str:
    """Return a unit with the power of ten in front of it: ``10⁻¹⁶ erg s⁻¹ cm⁻² Å⁻¹``."""
    return f"10{str(exponent).translate(_SUPERSCRIPTS)} {unit}" if exponent else unit


def spectrum(
    x: Numbers,
    flux: Numbers,
    sigma: Numbers,
    *,
    saturated: NDArray[np.bool_] | None = None,
    wavelength: bool,
    medium: str = "air",
    unit: str = "ADU",
    heading: str | None = None,
) -> go.Figure:
    """Return the plot of a spectrum.

    A small flux is drawn in a power of ten of its unit, see `power_of_ten`.

    Parameters
    ----------
    x : (n,) float
        Wavelength in ångström, in `medium`, or the pixel (0 is the first) before calibration.
    flux, sigma : (n,) float
        Signal and its standard deviation, in `unit`; points that are not finite are left out.
    saturated : (n,) bool, optional
        Pixels marked as saturated.
    wavelength : bool
        Whether `x` is a wavelength.
    medium : str
        ``"air"`` or ``"vacuum"``, of the wavelengths.
    unit : str
        Unit of `flux`, as in the header's ``BUNIT``.
    heading : str, optional
        Title markup, see `figures.layout.title`.

    Returns
    -------
    go.Figure
        Trace 0 is the band, trace 1 the spectrum, trace 2 the saturated pixels when there are any.

    Raises
    ------
    ValueError
        When the arrays differ in length or are empty.
    """
    if not (x.shape == flux.shape == sigma.shape) or x.ndim != 1 or x.size == 0:
        raise ValueError("wavelength, flux and uncertainty must be of one length")
    exponent = power_of_ten(flux, sigma)
    flux, sigma = flux / 10.0**exponent, sigma / 10.0**exponent
    name = scaled_unit(unit_name(unit), exponent)
    label = f"Flux ({plain(name)})" if "erg" in name.lower() else f"Intensity ({plain(name)})"
    band_x, band_y = _band(x, flux, sigma)
    figure = go.Figure(
        [
            go.Scatter(
                x=band_x, y=band_y, mode="lines", fill="toself", line_width=0, hoverinfo="skip"
            ),
            go.Scatter(
                x=x,
                y=flux,
                customdata=sigma,
                mode="lines",
                line_width=1.2,
                hovertemplate="%{y:.5~g} ± %{customdata:.2~g}<extra></extra>",
            ),
        ]
    )
    if saturated is not None and saturated.any():
        figure.add_scatter(
            x=x[saturated], y=flux[saturated], mode="markers", marker_size=5, hoverinfo="skip"
        )
    spike = {
        "showspikes": True,
        "spikemode": "across",
        "spikesnap": "cursor",
        "spikethickness": 1,
        "spikedash": "solid",
    }
    x_label = f"Wavelength in {medium} (Å)" if wavelength else "Dispersion Axis (Pixels)"
    figure.update_layout(
        layout(
            heading,
            xaxis=axis(
                x_label, range=_reach(x), hoverformat=".2f" if wavelength else ".0f", **spike
            ),
            yaxis=axis(label, range=_height(flux, sigma), **spike),
            hovermode="x",
            hoverdistance=40,
            # The zoom is kept when the target or the file changes, unless the kind of axis changes.
            uirevision="wavelength" if wavelength else "pixel",
        )
    )
    return figure


def _band(x: Numbers, flux: Numbers, sigma: Numbers) -> tuple[list[float | None], ...]:
    """Outline of flux ± σ, one closed polygon for each unbroken stretch."""
    outline_x: list[float | None] = []
    outline_y: list[float | None] = []
    for stretch in _stretches(np.isfinite(x) & np.isfinite(flux) & np.isfinite(sigma)):
        near, low, high = x[stretch], (flux - sigma)[stretch], (flux + sigma)[stretch]
        if outline_x:
            outline_x.append(None)
            outline_y.append(None)
        outline_x += [*near.tolist(), *near[::-1].tolist()]
        outline_y += [*high.tolist(), *low[::-1].tolist()]
    return outline_x, outline_y


def _stretches(good: NDArray[np.bool_]) -> Iterator[slice]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], good.astype(np.int8), [0]))))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        yield slice(int(start), int(stop))


def _reach(x: Numbers) -> list[float] | None:
    known = x[np.isfinite(x)]
    return [float(known.min()), float(known.max())] if known.size else None


def _height(flux: Numbers, sigma: Numbers) -> list[float] | None:
    """Range of the well-measured flux, so that an outlier at an edge does not flatten the plot."""
    well_measured = _well_measured(flux, sigma)
    if not well_measured.any():
        return None
    low, high = float(flux[well_measured].min()), float(flux[well_measured].max())
    margin = 0.05 * (high - low) or 1.0
    return [min(low - margin, 0.0), high + margin]


def _well_measured(flux: Numbers, sigma: Numbers) -> NDArray[np.bool_]:
    good = np.isfinite(flux) & np.isfinite(sigma)
    if not good.any():
        return good
    return good & (sigma <= 20 * np.median(sigma[good]))
