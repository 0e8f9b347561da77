"""Figures show what the arrays say, and header text as text."""

from __future__ import annotations

import numpy as np
import pytest

from figures.image import frame
from figures.layout import title
from figures.spectrum import spectrum


def test_titles_show_markup_literally() -> None:
    heading = title("SPECTRUM", '<a href="https://example.org">AT2018oh</a>', "A & B")
    assert heading == (
        'SPECTRUM &lt;a href="https://example.org"&gt;AT2018oh&lt;/a&gt;<br>A &amp; B'
    )
    assert title("BIAS", " ", "") == "BIAS"


def test_the_axes_of_an_image_end_at_its_edges() -> None:
    figure = frame(2071, 200, heading=title("ARC", "Fe", "SOAR2018A-001"), unit="electron")
    assert tuple(figure.layout.xaxis.range) == (-0.5, 2070.5)
    assert tuple(figure.layout.yaxis.range) == (-0.5, 199.5)
    assert figure.layout.xaxis.title.text == "Dispersion Axis (Pixels)"
    assert figure.layout.yaxis.title.text == "Spatial Axis (Pixels)"
    assert figure.data[0].marker.colorbar.title.text == "electron"
    assert figure.data[0].marker.colorbar.tickvals == (), "no number before there are pixels"
    assert figure.layout.yaxis.scaleanchor is None
    assert frame(100, 100, spectroscopic=False).layout.yaxis.scaleanchor == "x"
    with pytest.raises(ValueError, match="rows and columns"):
        frame(0, 100)


def data(n: int = 100) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = 4000 + 0.84 * np.arange(n)
    return x, 100 + np.sin(x), np.full(n, 3.0)


def test_the_spectrum_and_its_band() -> None:
    x, flux, sigma = data()
    figure = spectrum(x, flux, sigma, wavelength=True, unit="adu")
    band, line = figure.data
    assert np.array_equal(line.x, x)
    assert np.array_equal(line.y, flux)
    assert max(band.y) == pytest.approx(flux.max() + 3)
    assert min(band.y) == pytest.approx(flux.min() - 3)
    assert figure.layout.xaxis.title.text == "Wavelength in air (Å)"
    assert figure.layout.yaxis.title.text == "Intensity (ADU)"
    assert tuple(figure.layout.xaxis.range) == (x[0], x[-1])


def test_the_band_breaks_where_nothing_is_known() -> None:
    x, flux, sigma = data()
    flux[40:50], sigma[80] = np.nan, np.inf
    band = spectrum(x, flux, sigma, wavelength=True).data[0]
    assert list(band.x).count(None) == 2
    drawn = {value for value in band.x if value is not None}
    assert drawn == set(x) - {*x[40:50], x[80]}


def test_before_calibration_the_axis_is_in_pixels() -> None:
    _, flux, sigma = data()
    figure = spectrum(np.arange(100.0), flux, sigma, wavelength=False, unit="electron")
    assert figure.layout.xaxis.title.text == "Dispersion Axis (Pixels)"
    assert figure.layout.yaxis.title.text == "Intensity (electron)"
    other = spectrum(*data(), wavelength=True)
    assert figure.layout.uirevision != other.layout.uirevision


def test_a_wild_edge_does_not_flatten_the_spectrum() -> None:
    x, flux, sigma = data()
    flux[-1], sigma[-1] = 1e7, 1e6
    low, high = spectrum(x, flux, sigma, wavelength=True).layout.yaxis.range
    assert low <= 0
    assert 101 < high < 120


def test_saturated_pixels_are_marked() -> None:
    x, flux, sigma = data()
    saturated = np.zeros(100, dtype=bool)
    assert len(spectrum(x, flux, sigma, saturated=saturated, wavelength=True).data) == 2
    saturated[7] = True
    marks = spectrum(x, flux, sigma, saturated=saturated, wavelength=True).data[2]
    assert list(marks.x) == [x[7]]


def test_nothing_known_is_still_a_figure_and_nonsense_is_refused() -> None:
    nothing = np.full(5, np.nan)
    assert len(spectrum(nothing, nothing, nothing, wavelength=False).data) == 2
    with pytest.raises(ValueError, match="one length"):
        spectrum(np.arange(5.0), np.arange(4.0), np.arange(5.0), wavelength=False)
