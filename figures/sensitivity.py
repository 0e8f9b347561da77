"""A sensitivity: the points of the standard star, the fit, and the curves that it is compared with.

Traces are named by their `uid`, by which the style sheet colours them and the page hides them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from figures.layout import axis, layout, plain

Numbers = NDArray[np.float64]
SPLIT = 0.3
"""Part of the height that the residuals take."""
GAP = 0.05
MAGNITUDE = 2.5 / np.log(10.0)
"""Magnitudes of a small relative difference."""


@dataclass(frozen=True, slots=True, eq=False)
class EarlierCurve:
    """The curve of an earlier night; `name` is shown under the cursor."""

    id: int
    name: str
    wavelength: Numbers
    curve: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What is drawn of a sensitivity, all of it in `unit`.

    Attributes
    ----------
    wavelength : (n,) float
        Ångström, in `medium`.
    used : (n,) float
        The curve that spectra are calibrated with; NaN outside of its range.
    own : (n,) float
        The fit to this star alone.
    points : (n,) float
        What was measured; NaN where nothing was.
    masked : mapping of str to (n,) bool
        The points that the fit does not use, by the reason, the first reason before the others.
    library : (n,) float or None
        The site library.
    expected : (n,) float or None
        The expected curve.
    systematic : (n,) float
        σ_sys of `used`, as a fraction of it.
    earlier : sequence of EarlierCurve
    label, unit : str
        Of the vertical axis.
    """

    wavelength: Numbers
    used: Numbers
    own: Numbers
    points: Numbers
    systematic: Numbers
    label: str
    unit: str
    masked: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    library: Numbers | None = None
    expected: Numbers | None = None
    earlier: Sequence[EarlierCurve] = ()
    medium: str = "air"


def sensitivity(curves: Curves) -> go.Figure:
    """Return the curves above the residuals of the points from the fit to this star.

    Residuals are magnitudes, positive where more was measured than the fit says.

    Returns
    -------
    go.Figure
        Traces by `uid`: ``systematic``, ``earlier-<id>``, ``expected``, ``library``, ``masked-<n>``
        and ``points``, ``own``, ``fit``; then those of the residuals, which end in ``-residual``.

    Raises
    ------
    ValueError
        When the arrays differ in length or are empty.
    """
    arrays = (curves.used, curves.own, curves.points, curves.systematic)
    if not curves.wavelength.size or any(a.shape != curves.wavelength.shape for a in arrays):
        raise ValueError("all planes of a sensitivity have the length of its wavelengths")
    figure = go.Figure()
    _add_curves(figure, curves)
    _add_points(figure, curves)
    _line(figure, "own", "this star alone", curves.wavelength, curves.own, dash="dash")
    _line(figure, "fit", "sensitivity", curves.wavelength, curves.used, width=2)
    _add_residuals(figure, curves)
    label = f"{curves.label} ({plain(curves.unit)})" if curves.unit else curves.label
    figure.update_layout(
        layout(
            None,
            xaxis=axis(
                f"Wavelength in {curves.medium} (Å)",
                range=_reach(curves),
                anchor="y2",
                mirror="all",
            ),
            yaxis=axis(label, domain=[SPLIT + GAP, 1], range=_height(curves)),
            yaxis2=axis("Residual (mag)", domain=[0, SPLIT], range=_residual_height(curves)),
            hovermode="closest",
            uirevision=curves.label,
        )
    )
    figure.update_layout(margin_t=30)
    figure.add_hline(y=0, line={"width": 1}, yref="y2")
    return figure


def _add_curves(figure: go.Figure, curves: Curves) -> None:
    upper = curves.used * (1 + curves.systematic)
    lower = curves.used * (1 - curves.systematic)
    _band(figure, "systematic", curves.wavelength, lower, upper)
    for earlier in curves.earlier:
        _line(figure, f"earlier-{earlier.id}", earlier.name, earlier.wavelength, earlier.curve)
    if curves.expected is not None:
        _line(figure, "expected", "expected", curves.wavelength, curves.expected, dash="dot")
    if curves.library is not None:
        _line(figure, "library", "site library", curves.wavelength, curves.library)


def _add_points(figure: go.Figure, curves: Curves) -> None:
    for number, reason, chosen in _groups(curves):
        uid = "points" if number is None else f"masked-{number}"
        _markers(figure, uid, reason, curves.wavelength[chosen], curves.points[chosen])


def _add_residuals(figure: go.Figure, curves: Curves) -> None:
    error = MAGNITUDE * curves.systematic
    _band(figure, "systematic-residual", curves.wavelength, -error, error, yaxis="y2")
    residual = _residual(curves)
    for number, reason, chosen in _groups(curves):
        uid = "points" if number is None else f"masked-{number}"
        x, y = curves.wavelength[chosen], residual[chosen]
        _markers(figure, f"{uid}-residual", reason, x, y, yaxis="y2")


def _residual(curves: Curves) -> Numbers:
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = curves.points / curves.own
        return np.where(ratio > 0, 2.5 * np.log10(ratio), np.nan)


def _groups(curves: Curves) -> list[tuple[int | None, str, NDArray[np.bool_]]]:
    """Return number, reason and pixels of the masked points, and of the used ones at the end."""
    left = np.isfinite(curves.points)
    groups: list[tuple[int | None, str, NDArray[np.bool_]]] = []
    for number, (reason, mask) in enumerate(curves.masked.items()):
        if (chosen := left & mask).any():
            groups.append((number, reason, chosen))
        left &= ~mask
    return [*groups, (None, "used", left)]


def _line(
    figure: go.Figure,
    uid: str,
    name: str,
    x: Numbers,
    y: Numbers,
    *,
    width: float = 1.2,
    dash: str = "solid",
) -> None:
    figure.add_scatter(
        x=x,
        y=y,
        uid=uid,
        name=plain(name),
        mode="lines",
        line={"width": width, "dash": dash},
        hovertemplate=f"{plain(name)}<br>%{{x:.1f}} Å<br>%{{y:.4g}}<extra></extra>",
    )


def _markers(
    figure: go.Figure, uid: str, reason: str, x: Numbers, y: Numbers, *, yaxis: str = "y"
) -> None:
    number = "%{y:+.3f} mag" if yaxis == "y2" else "%{y:.4g}"
    state = reason if uid.startswith("points") else f"not used: {reason}"
    figure.add_scatter(
        x=x,
        y=y,
        uid=uid,
        yaxis=yaxis,
        name=plain(reason),
        mode="markers",
        marker={"size": 3 if uid.startswith("points") else 4},
        hovertemplate=f"%{{x:.1f}} Å<br>{number}<br>{plain(state)}<extra></extra>",
    )


def _band(
    figure: go.Figure, uid: str, x: Numbers, low: Numbers, high: Numbers, *, yaxis: str = "y"
) -> None:
    good = np.isfinite(x) & np.isfinite(low) & np.isfinite(high)
    x, low, high = x[good], low[good], high[good]
    figure.add_scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        uid=uid,
        yaxis=yaxis,
        name="σ_sys",
        mode="lines",
        fill="toself",
        line={"width": 0},
        hoverinfo="skip",
    )


def _reach(curves: Curves) -> list[float]:
    known = curves.wavelength[np.isfinite(curves.points) | np.isfinite(curves.used)]
    known = known if known.size else curves.wavelength
    return [float(known[0]), float(known[-1])]


def _height(curves: Curves) -> list[float]:
    """From 0 to what the curves of this night need, not a wild point."""
    drawn = [curves.used, curves.own]
    drawn += [curve for curve in (curves.library, curves.expected) if curve is not None]
    drawn += [earlier.curve for earlier in curves.earlier]
    tops = [float(np.nanmax(curve)) for curve in drawn if np.isfinite(curve).any()]
    return [0.0, 1.08 * max(tops, default=1.0)]


def _residual_height(curves: Curves) -> list[float]:
    """Three times the scatter of the used points, so that masked ones do not flatten it."""
    residual = _residual(curves)
    used = residual[_groups(curves)[-1][2]]
    used = used[np.isfinite(used)]
    error = MAGNITUDE * curves.systematic[np.isfinite(curves.systematic)]
    scatter = 3.5 * float(np.std(used)) if used.size else 0.0
    reach = max(scatter, 1.3 * float(np.median(error)) if error.size else 0.0, 0.02)
    return [-reach, reach]
