"""Draw the figures of the zero point in docs/reduction/wavelength.md from real frames.

Run from the project's folder: ``.venv/bin/python -m tools.figures.zero_point``. Needs the real
nights in ``shared/data`` beside the checkout, and what ``tools/figures/night.py`` needs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from astropy.nddata import CCDData
from plotly.subplots import make_subplots

from reduction.blocks.extract import ExtractSettings, extract
from reduction.blocks.reduce import ReduceSettings, reduce
from reduction.fits import frame_io, headers
from reduction.frames import FrameKind, Spectrum
from reduction.registry import BlockInputs
from reduction.wavelength import spectral_wcs
from reduction.wavelength.arc_solution import SolveOptions
from reduction.wavelength.wavelength_solution import extract_arc, solve_arc
from reduction.wavelength.zero_points import own_sky
from reduction.wavelength.zero_points.sky_check import REACH_PIXELS, sky_offset
from reduction.wavelength.zero_points.sky_model import components, prepare, scan
from reduction.wavelength.zero_points.slit_sky import slit_sky
from tests.support.paths import REAL_NIGHT, SHARED_DATA
from tools.figures.night import save

BLUE, GREY, RED = "#1f5fa8", "#bbbbbb", "#b5432a"
OLD_NIGHT = SHARED_DATA / "soar-blue-2014-12-18"
NIGHTS = {
    "2018-02-05, moonlight, slit 1.0″": (
        REAL_NIGHT / "0269_AT2018oh_930_blue.fits",
        REAL_NIGHT / "0019_Fe_930_blue_long.fits",
    ),
    "2014-12-19, dark, slit 3.0″": (
        OLD_NIGHT / "0203.WD0507p045A_930_blue.fits.gz",
        OLD_NIGHT / "0010.Fe_ZZCeti_930_blue_long.fits.gz",
    ),
}


def quiet(_step: str, _fraction: float) -> None:
    """Report nothing."""


def reduced(path: Path, kind: FrameKind) -> CCDData:
    """Reduce a frame without masters."""
    inputs = BlockInputs(frame=frame_io.read_raw(path), file_name=path.name, kind=kind)
    settings = ReduceSettings(ignore_bias=True, ignore_flats=True)
    (product,) = reduce(inputs, settings, quiet)
    assert isinstance(product.data, CCDData)
    return product.data


def draw() -> go.Figure:
    """Draw the skies, the model at the shift that was found, and what each shift explains."""
    figure = make_subplots(
        2,
        2,
        column_widths=[0.7, 0.3],
        subplot_titles=[title for night in NIGHTS for title in (night, "shift")],
        horizontal_spacing=0.08,
        vertical_spacing=0.22,
    )
    for row, (path, arc_path) in enumerate(NIGHTS.values(), 1):
        frame, arc = reduced(path, FrameKind.SPECTRUM), reduced(arc_path, FrameKind.ARC)
        spectra = extract(
            BlockInputs(frame=frame, file_name="x.fits", kind=FrameKind.SPECTRUM),
            ExtractSettings(),
            quiet,
        )
        spectrum = spectra[0].data
        assert isinstance(spectrum, Spectrum)
        solution, _ = solve_arc(extract_arc(spectrum, arc, arc_path.name), SolveOptions())
        sky = slit_sky(frame, spectrum.header, arc)
        assert sky is not None
        axis, (light, target) = spectral_wcs.on_axis(spectrum, solution, sky, spectrum.flux)
        profile = own_sky.profile_of(spectrum.header, [arc.meta], solution)
        reach = REACH_PIXELS * own_sky.dispersion_of(solution)
        found = sky_offset(light, axis, profile, reach=reach, target=target)
        observed = prepare(light, axis, profile.fwhm, target)
        assert found is not None
        assert observed is not None
        pixels = round(reach / observed.step)
        result = scan(observed, components(observed, profile, pixels))
        assert result is not None
        values, _ = result.shifted(found.offset / observed.step)
        basis = np.vstack([values, observed.target]) if observed.target is not None else values
        amplitude = np.linalg.lstsq(basis.T, observed.values, rcond=None)[0]
        model = amplitude[: len(values)] @ values
        for y, name, colour in (
            (observed.values, "sky of the slit", GREY),
            (model, "model, shifted", BLUE),
        ):
            trace = go.Scatter(
                x=axis, y=y, name=name, line={"color": colour, "width": 1.2}, showlegend=row == 1
            )
            figure.add_trace(trace, row, 1)
        limit = float(np.percentile(np.abs(observed.values), 99.5)) * 1.3
        figure.update_yaxes(range=[-limit, limit], title="electron", row=row, col=1)
        shifts = observed.step * np.arange(-pixels, pixels + 1)
        share = result.explained / result.total
        trace = go.Scatter(x=shifts, y=share, line={"color": RED, "width": 1.4}, showlegend=False)
        figure.add_trace(trace, row, 2)
        figure.update_yaxes(title="explained", rangemode="tozero", row=row, col=2)
        figure.layout.annotations[
            2 * row - 1
        ].text = f"{found.offset:+.2f} ± {found.error:.2f} Å".replace("-", "−")
    figure.update_xaxes(title="wavelength on the scale of the arc, Å", row=2, col=1)
    figure.update_xaxes(title="shift, Å", row=2, col=2)
    figure.update_layout(legend={"orientation": "h", "y": 1.16})
    return figure


if __name__ == "__main__":
    setattr(headers, "read_camera", lambda _header: "Blue")  # noqa: B010 - 2014 does not name it
    save({"wavelength-zero-point": draw()})
