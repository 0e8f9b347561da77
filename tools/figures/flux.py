"""Draw the figure of docs/user/flux.md: a simulated spectrum in flux, over its truth.

Run from the project's folder: ``.venv/bin/python -m tools.figures.flux``. Needs what
``tools/figures/night.py`` needs.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from PIL import Image
from plotly.subplots import make_subplots

from figures.spectrum import power_of_ten, scaled_unit, unit_name
from reduction.simulation.sources import Source
from tests.support.truth.flux_chain import flux_of, sensitivity_of, spectrum_of
from tests.support.truth.flux_nights import mode_of, night
from tools.figures.night import IMAGES, save

NAME = "flux-truth"
MANUAL = IMAGES.parent / "user" / "images"
TARGET = Source("target", "white dwarf", 16.0, 0, 6.5)
BLUE, AMBER, GREY = "#1f5fa8", "rgba(214, 118, 0, .35)", "#888888"


def draw() -> go.Figure:
    """Draw the flux with both of its errors, the truth, and their ratio."""
    star, target, *_ = night(mode_of("400_M2"), [TARGET])
    calibrated = spectrum_of(flux_of(target, sensitivity_of(star)))
    flux, systematic = calibrated.flux, calibrated.planes["SYS"]
    sigma = np.sqrt(calibrated.variance)
    power = power_of_ten(flux, sigma)
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.66, 0.34], vertical_spacing=0.06
    )
    x = target.wavelength
    good = np.isfinite(flux) & np.isfinite(systematic)
    _band(figure, x[good], (flux / 10.0**power)[good], (systematic / 10.0**power)[good], 1)
    figure.add_scatter(x=x, y=flux / 10.0**power, name="flux", line={"width": 1, "color": BLUE})
    figure.add_scatter(
        x=x[good],
        y=(target.true_flux / 10.0**power)[good],
        name="truth",
        line={"width": 1.5, "color": "#222222", "dash": "dot"},
    )
    ratio = flux / target.true_flux
    _band(figure, x[good], np.ones(good.sum()), (systematic / flux)[good], 2)
    figure.add_scatter(
        x=x, y=ratio, row=2, col=1, showlegend=False, line={"width": 0.8, "color": BLUE}
    )
    unit = scaled_unit(unit_name("erg / (s cm2 Angstrom)"), power)
    figure.update_yaxes(title_text=f"Flux ({unit})", rangemode="tozero", row=1, col=1)
    figure.update_yaxes(title_text="Flux / truth", range=[0.85, 1.15], row=2, col=1)
    figure.update_xaxes(title_text="Wavelength in air (Å)", row=2, col=1)
    figure.update_layout(legend={"orientation": "h", "y": 1.12}, height=520)
    return figure


def _band(figure: go.Figure, x: np.ndarray, y: np.ndarray, sigma: np.ndarray, row: int) -> None:
    figure.add_scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([y + sigma, (y - sigma)[::-1]]),
        fill="toself",
        fillcolor=AMBER,
        line={"width": 0},
        name="σ_sys",
        showlegend=row == 1,
        row=row,
        col=1,
    )


def main() -> None:
    """Draw the figure for the manual, as WebP."""
    save({NAME: draw()})
    drawn = IMAGES / f"{NAME}.png"
    Image.open(drawn).convert("RGB").save(MANUAL / f"{NAME}.webp", "WEBP", quality=88, method=6)
    drawn.unlink()


if __name__ == "__main__":
    main()
