"""The frame around an image: axes, title and colour bar.

The figure does not contain the pixels. The browser paints them, as cut by `figures.pyramid`, on a
canvas behind the transparent plot, since a heat map of 16 million cells takes seconds.
"""

from __future__ import annotations

import plotly.graph_objects as go

from figures.layout import axis, layout, plain


def frame(
    n_x: int,
    n_y: int,
    *,
    heading: str | None = None,
    unit: str = "ADU",
    spectroscopic: bool = True,
) -> go.Figure:
    """Return the empty plot that an image is painted behind.

    Parameters
    ----------
    n_x, n_y : int
        Columns and rows of the image. Pixel i is centred at i and reaches half a pixel either side.
    heading : str, optional
        Title markup, see `figures.layout.title`.
    unit : str
        Unit of the pixel values, written at the colour bar.
    spectroscopic : bool
        A spectrum's axes are dispersion and slit and fill the plot; a picture's are columns and
        rows and keep pixels square.

    Returns
    -------
    go.Figure
        Trace 0 carries the colour bar. The bar has no numbers until the code that draws the pixels
        sets the limits and the colours.

    Raises
    ------
    ValueError
        The image has no rows or no columns.
    """
    if n_x < 1 or n_y < 1:
        raise ValueError("an image needs rows and columns")
    x_label = "Dispersion Axis (Pixels)" if spectroscopic else "Columns (Pixels)"
    y_label = "Spatial Axis (Pixels)" if spectroscopic else "Rows (Pixels)"
    shape = {"range": [-0.5, n_y - 0.5], "showgrid": False}
    if not spectroscopic:
        shape |= {"scaleanchor": "x", "constrain": "domain"}
    figure = go.Figure(
        go.Scatter(
            x=[0.0],
            y=[0.0],
            mode="markers",
            hoverinfo="skip",
            marker={
                "opacity": 0,
                "color": [0.0],
                "cmin": 0.0,
                "cmax": 1.0,
                "colorscale": "Gray",
                "showscale": True,
                "colorbar": {
                    "title": {"text": plain(unit), "side": "right"},
                    "thickness": 14,
                    "outlinewidth": 1,
                    "ticks": "outside",
                    "ticklen": 4,
                    "x": 1.012,
                    "xpad": 0,
                    "y": 0.5,
                    "len": 1.0,
                    "lenmode": "fraction",
                    "ypad": 0,
                    "tickvals": [],
                },
            },
        )
    )
    figure.update_layout(
        layout(
            heading,
            xaxis=axis(x_label, range=[-0.5, n_x - 0.5], showgrid=False, constrain="domain"),
            yaxis=axis(y_label, **shape),
            hovermode=False,
            # The zoom is kept when the file changes to another of the same size.
            uirevision=f"image {n_x}x{n_y}",
        )
    )
    # The browser draws the wavelength axis above a spectrum.
    above = 18 if spectroscopic else 0
    figure.update_layout(margin_r=92, margin_t=figure.layout.margin.t + above)
    figure.update_annotations(yshift=3 + above)
    return figure
