"""What a calibrated spectrum tells of its arc, and the figure made of it."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from figures.arc import arc as arc_figure
from reduction.frames import Spectrum
from reduction.wavelength.arc_report import arc_report

N = 400
AXIS = np.linspace(5000.0, 7000.0, N)
LINES = [
    (100.2, 5852.488, 0.01),
    (220.7, 6143.063, -0.02),
    (300.1, 6402.248, 0.01),
    (350.0, 6598.953, 0.9),
]


def calibrated(*, arcs: np.ndarray | None, **cards: object) -> Spectrum:
    header = fits.Header(
        {
            "GSP_WRMS": 0.021,
            "GSP_LAMP": "Ne",
            "GSP_FUNC": "Chebyshev1D",
            "GSP_ORDR": 3,
            "GSP_WPOI": 3,
            "GSP_WREJ": 1,
            **cards,
        }
    )
    for i, (pixel, wavelength, residual) in enumerate(LINES, start=1):
        header[f"GSP_P{i:03d}"], header[f"GSP_A{i:03d}"] = pixel, wavelength
        header[f"GSP_D{i:03d}"] = residual
    flux = np.full(N, 7.0)
    return Spectrum(flux, flux, np.zeros(N, np.uint8), header, wavelength=AXIS, arcs=arcs)


def test_the_lines_are_named_by_their_emitter() -> None:
    spectrum = calibrated(arcs=np.ones((1, N), np.float32), GSP_ARC1="arc.fits")
    spectrum.header["GSP_A002"] = 6143.5  # of no laboratory line: the centre of a blend
    report = arc_report(spectrum)
    assert report.species == ("Ne I", "blend", "Ne I", "Ne I")
    assert list(report.lines.used) == [True, True, True, False]
    assert (report.lamp, report.function) == ("Ne", "Chebyshev polynomial of order 3")
    assert (report.rms, report.names) == (0.021, ("arc.fits",))
    assert report.sky_offset is None


def test_the_sky_s_offset_says_whether_it_was_taken_off() -> None:
    for comment, corrected in (("corrected", True), ("not corrected", False)):
        spectrum = calibrated(arcs=None, GSP_SKYE=0.2)
        spectrum.header["GSP_SKYO"] = (-1.4, f"sky minus arc scale, A, {comment}")
        report = arc_report(spectrum)
        assert (report.sky_offset, report.sky_error) == (-1.4, 0.2)
        assert report.sky_corrected is corrected


def test_an_arc_is_its_own_and_an_old_product_has_none() -> None:
    assert arc_report(calibrated(arcs=None)).arcs.tolist() == [[7.0] * N]
    assert arc_report(calibrated(arcs=None, GSP_ARC1="arc.fits")).arcs.shape == (0, N)
    before = Spectrum(AXIS, AXIS, np.zeros(N, np.uint8), fits.Header())
    assert arc_report(before) is None


@pytest.mark.parametrize("n_arcs", [0, 1, 2])
def test_the_figure_shows_every_line_and_arc(n_arcs: int) -> None:
    arcs = np.full((n_arcs, N), 50.0)
    arcs[:, :10] = np.nan
    report = arc_report(calibrated(arcs=arcs, GSP_ARC1="a.fits"))
    lines = report.lines
    figure = arc_figure(
        report.wavelength,
        report.arcs,
        line=lines.wavelength,
        residual=lines.residual,
        used=lines.used,
        species=report.species,
        rms=report.rms,
    )
    used, rejected, *drawn = figure.data
    assert list(used.x) == [line[1] for line in LINES[:3]]
    assert list(rejected.y) == [0.9]
    assert list(rejected.text) == ["Ne I"]
    assert len(drawn) == n_arcs
    assert {shape.y0 for shape in figure.layout.shapes} == {0.0, 0.021, -0.021}
    low, high = figure.layout.yaxis.range
    assert low < -0.9
    assert high > 0.9
