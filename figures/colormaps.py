"""Colour maps and stretches by name; the same as the viewer's in ``assets/viewer/colormaps.js``.

Stops of Viridis, Cividis, Inferno, Magma and Plasma: matplotlib's public-domain (CC0) maps, as
sampled by Plotly.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

STOPS: dict[str, str] = {
    "Gray": "#000000 #ffffff",
    "Gray inverted": "#ffffff #000000",
    "Viridis": "#440154 #482878 #3e4989 #31688e #26828e #1f9e89 #35b779 #6ece58 #b5de2b #fde725",
    "Cividis": "#00224e #123570 #3b496c #575d6d #707173 #8a8678 #a59c74 #c3b369 #e1cc55 #fee838",
    "Inferno": "#000004 #1b0c41 #4a0c6b #781c6d #a52c60 #cf4446 #ed6925 #fb9b06 #f7d13d #fcffa4",
    "Magma": "#000004 #180f3d #440f76 #721f81 #9e2f7f #cd4071 #f1605d #fd9668 #feca8d #fcfdbf",
    "Plasma": "#0d0887 #46039f #7201a8 #9c179e #bd3786 #d8576b #ed7953 #fb9f3a #fdca26 #f0f921",
}
"""Evenly spaced stops, the darkest first (last in an inverted map)."""

APERTURE, ZONE = (255, 176, 0), (169, 155, 255)
"""Colours of the curves over an image, as in ``assets/viewer/overlay_painting.js``."""

SATURATED, COSMIC_RAY = (255, 64, 64), (0, 190, 255)
"""Colours of marked pixels. No colour map has them, and colour-blind users can tell them apart."""

Numbers = NDArray[np.float64]

STRETCHES: dict[str, Callable[[Numbers], Numbers]] = {
    "linear": lambda t: t,
    "log": lambda t: np.log1p(1000 * t) / np.log1p(1000),
    "sqrt": np.sqrt,
    "asinh": lambda t: np.arcsinh(10 * t) / np.arcsinh(10),
}
"""Increasing functions that map the range 0 to 1 onto itself."""


def colours(name: str, t: Numbers, *, invert: bool = False) -> NDArray[np.uint8]:
    """Return the RGB colours of numbers from 0 to 1.

    Parameters
    ----------
    name : str
        A key of `STOPS`.
    t : (…) float
        Clipped to the range from 0 to 1; NaN counts as 0.
    invert : bool
        Reverse the map.

    Returns
    -------
    (…, 3) uint8
    """
    stops = [[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in STOPS[name].split()]
    table = np.array(stops, dtype=float)
    table = table[::-1] if invert else table
    positions = np.linspace(0, 1, len(table))
    known = np.clip(np.nan_to_num(t), 0, 1)
    return np.stack(
        [np.rint(np.interp(known, positions, table[:, c])).astype(np.uint8) for c in range(3)],
        axis=-1,
    )


def colorscale(name: str, stretch: str, n: int = 65, *, invert: bool = False) -> list[list[object]]:
    """Return a Plotly colour scale that shows plain numbers under a stretch."""
    t = np.linspace(0, 1, n) ** 2  # the stretches are steep at the dark end
    shown = colours(name, STRETCHES[stretch](t), invert=invert)
    return [
        [float(position), f"rgb({r},{g},{b})"]
        for position, (r, g, b) in zip(t, shown.tolist(), strict=True)
    ]
