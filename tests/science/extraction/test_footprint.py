"""Where spectra lie on frames, against coordinates written down by hand."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from numpy.polynomial import Polynomial

from reduction.astrometry import celestial
from reduction.detector import geometry
from reduction.errors import HeaderError
from reduction.extraction import apertures, footprint
from reduction.fits import vocabulary


def frame_header(binning: tuple[int, int], shape: tuple[int, int]) -> fits.Header:
    header = fits.Header({"CCDSUM": f"{binning[0]} {binning[1]}", "INSTCONF": "Red"})
    geometry.set_physical(header, shape)
    return header


def spectrum_header(parent: fits.Header) -> fits.Header:
    header = parent.copy()
    apertures.record_trace(header, Polynomial([50.0, 0.01, -1e-6]), (-4.0, 5.5), 0.02)
    header[vocabulary.GSP_TNUM] = 2
    header[vocabulary.GSP_BKG1] = "31.00:41.00 column 1"
    header[vocabulary.GSP_BKG2] = "none"
    return header


def test_a_header_tells_trace_aperture_and_zones() -> None:
    place = footprint.read_footprint(spectrum_header(frame_header((2, 2), (400, 2000))))
    assert place.trace(1000.0) == pytest.approx(59.0)
    assert place.aperture == (-4.0, 5.5)
    # Rows 31 to 41 counted from 1 are 30 to 40 from 0; the trace is at row 50 there.
    assert place.zones == (pytest.approx((-20.0, -10.0)),)
    assert place.target == 2
    with pytest.raises(HeaderError):
        footprint.read_footprint(fits.Header())


def test_on_the_raw_frame_it_lies_where_the_trim_says() -> None:
    raw = frame_header((2, 2), (500, 2071))
    reduced = raw.copy()
    geometry.shift_physical(reduced, 25, 80)
    place = footprint.read_footprint(spectrum_header(reduced))
    seen = place.seen_on(*footprint.axes_between(reduced, raw))
    for column in (0.0, 700.0, 1999.0):
        assert seen.trace(column + 25) == pytest.approx(place.trace(column) + 80, abs=1e-9)
    assert seen.aperture == pytest.approx(place.aperture)


def test_on_a_frame_of_another_binning_it_covers_the_same_detector_rows() -> None:
    here, there = frame_header((2, 2), (400, 2000)), frame_header((1, 1), (800, 4000))
    place = footprint.read_footprint(spectrum_header(here))
    seen = place.seen_on(*footprint.axes_between(here, there))
    # Pixel 100 of two joined ones covers unbinned pixels 200 and 201: its centre is at 200.5.
    assert seen.trace(200.5) == pytest.approx(2 * place.trace(100.0) + 0.5, abs=1e-9)
    assert seen.aperture == pytest.approx((-8.0, 11.0))
    assert seen.zones[0] == pytest.approx((-40.0, -20.0))


def test_the_wavelength_scale_of_the_columns_is_kept_to_a_thousandth() -> None:
    truth = Polynomial([3600.0, 0.98, 3.1e-5, -2.2e-9, 1e-13])
    columns = np.linspace(0, 4095, 300)
    bare = np.polynomial.Chebyshev.fit(columns, truth(columns), 4).convert(
        domain=[-1, 1], kind=np.polynomial.Chebyshev
    )
    header = fits.Header({vocabulary.GSP_ORDR: 4, vocabulary.GSP_NPIX: 4096})
    for number, value in enumerate(bare.coef):
        header[f"{vocabulary.GSP_C}{number:03d}"] = float(value)
    scale = footprint.read_scale(header)
    assert np.abs(scale(columns) - truth(columns)).max() < 1e-3
    assert tuple(scale.domain) == (0.0, 4095.0)
    with pytest.raises(HeaderError):
        footprint.read_scale(fits.Header({vocabulary.GSP_ORDR: 2, vocabulary.GSP_NPIX: 10}))


def test_directions_between_the_nodes_are_straight_to_a_thousandth_of_a_pixel() -> None:
    system = WCS(naxis=2)
    system.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    system.wcs.crval, system.wcs.crpix = [150.2, -29.7], [700.0, 900.0]
    system.wcs.cd = 0.15 / 3600 * np.array([[-0.8, 0.6], [0.6, 0.8]])
    shape = (1500, 1400)
    grid = celestial.directions(system.to_header(), shape)
    assert grid is not None
    y, x = 333.3, 1111.1
    v, u = y / (shape[0] - 1) * 8, x / (shape[1] - 1) * 8
    i, j = int(v), int(u)
    near = grid[i : i + 2, j : j + 2]
    rows = near[0] * (1 - (v - i)) + near[1] * (v - i)
    found = rows[0] * (1 - (u - j)) + rows[1] * (u - j)
    ra, dec = np.radians(system.all_pix2world(x, y, 0))
    truth = np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
    off = np.degrees(np.linalg.norm(found / np.linalg.norm(found) - truth)) * 3600 / 0.15
    assert off < 1e-3
    assert celestial.directions(fits.Header({"CTYPE1": "LINEAR"}), shape) is None
    assert celestial.directions(fits.Header({"CTYPE1": 3, "CD1_1": "x"}), shape) is None
