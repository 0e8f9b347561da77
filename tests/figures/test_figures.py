"""Figures show what the arrays say, and header text as text."""

from __future__ import annotations

import numpy as np
import pytest

from figures.image import frame
from figures.layout import title
from figures.spectrum import power_of_ten, spectrum


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


def test_a_small_flux_is_drawn_in_a_power_of_ten_of_its_unit() -> None:
    x, flux, sigma = data()
    unit = "erg / (s cm2 Angstrom)"
    figure = spectrum(x, flux * 3e-18, sigma * 3e-18, wavelength=True, unit=unit)
    assert figure.layout.yaxis.title.text == "Flux (10⁻¹⁶ erg s⁻¹ cm⁻² Å⁻¹)"
    np.testing.assert_allclose(figure.data[1].y, flux * 3e-2)
    np.testing.assert_allclose(figure.data[1].customdata, 9e-2)


@pytest.mark.parametrize(
    ("flux", "exponent"),
    [
        ([1.1e-16, 9.8e-16, np.nan], -16),
        ([1.1e-16, 1.02e-15, 1.0e-15], -15),
        ([-2e-17, -3e-17, -1e-17], -17),
        ([0.0, 0.0, np.nan], 0),
        ([np.nan, np.nan, np.nan], 0),
        ([0.02, 0.5, 1000.0], 0),
    ],
)
def test_the_power_of_ten_makes_readable_numbers(flux: list[float], exponent: int) -> None:
    assert power_of_ten(np.array(flux), np.full(3, 1e-18)) == exponent


def test_a_wild_pixel_does_not_set_the_power_of_ten() -> None:
    flux, sigma = np.full(50, 2e-17), np.full(50, 1e-18)
    flux[0], sigma[0] = 5e-13, 5e-13
    assert power_of_ten(flux, sigma) == -17
