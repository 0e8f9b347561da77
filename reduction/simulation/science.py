"""The light of a science frame: the sky and the sources, through atmosphere and slit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reduction.simulation import optics
from reduction.simulation.atmosphere import Starlight, starlight, through_slit
from reduction.simulation.cards import sight_of
from reduction.simulation.detector import FULL_ROWS, N_COLUMNS, Detector
from reduction.simulation.light import (
    Exposure,
    Light,
    fill_slit,
    fringes,
    slit_width,
    with_lines,
)
from reduction.simulation.modes import Setup
from reduction.simulation.optics import MARGIN, OVERSAMPLING, PLATE_SCALE
from reduction.simulation.sky import (
    COLLECTING_AREA,
    SKY_LINES,
    lenses,
    sky_continuum,
    sky_per_row,
    telluric,
    throughput,
)
from reduction.simulation.sources import Source
from reduction.simulation.standards.spectra import PHOTONS_PER_ERG
from reduction.simulation.truth import SourceTruth

Floats = NDArray[np.float64]

SLIT_TRANSMISSION = 0.7
"""Fraction of a point source's light that passes the slit, in a plan without weather."""


@dataclass(frozen=True, eq=False)
class _Scene:
    """What the sources of a frame have in common.

    `wavelength` (Å) and `passed` (electron per photon per s, cm² and Å, before the slit) are along
    the steps of an oversampled spectrum; without weather, `passed` includes the loss at the slit.
    """

    exposure: Exposure
    detector: Detector
    wavelength: Floats
    kernel: Floats
    passed: Floats


def science(exposure: Exposure, setup: Setup, detector: Detector) -> Light:
    """Return the expected electrons of a science frame, and the truth about its sources.

    Parameters
    ----------
    exposure : Exposure
    setup : Setup
    detector : Detector

    Returns
    -------
    Light
        (ny, nx) electrons.
    """
    width = slit_width(exposure.facts.slit)
    kernel = optics.line_spread(width)
    seconds = exposure.facts.exptime
    wavelength = setup.wavelength(optics.grid() - exposure.flexure)
    step = np.gradient(wavelength)
    efficiency = throughput(setup, wavelength)
    lines, scale = sky_per_row(setup, width)
    low, high = wavelength[0], wavelength[-1]
    on_detector = (SKY_LINES[:, 0] > low) & (SKY_LINES[:, 0] < high)
    sky_wavelength = SKY_LINES[on_detector, 0]
    column = setup.column(sky_wavelength) + exposure.flexure
    spectrum = optics.unblurred_lines(column, seconds * lines[on_detector])
    spectrum += (
        seconds * scale * sky_continuum(wavelength, exposure.sky_magnitude) * efficiency * step
    )
    light = fill_slit(optics.blur(spectrum, kernel), exposure, setup, detector)
    light = with_lines(light, sky_wavelength, column, seconds * lines[on_detector])
    if exposure.weather is None:
        passed = (
            COLLECTING_AREA * SLIT_TRANSMISSION * seconds * telluric(wavelength) * efficiency * step
        )
    else:
        sight = sight_of(exposure.facts)
        efficiency = efficiency * lenses(wavelength)
        air = starlight(wavelength, exposure.weather, sight)
        passed = COLLECTING_AREA * seconds * efficiency * step * air.continuous * air.bands
        light.truth |= _air_truth(wavelength, efficiency, air, kernel)
        light.truth |= {"airmass": sight.airmass, "cloud": exposure.weather.cloud}
    scene = _Scene(exposure, detector, wavelength, kernel, passed)
    light.truth["sources"] = tuple(_add_source(light, one, scene) for one in exposure.sources)
    light.electrons *= fringes(light, detector)
    return light


def brightest_pixel(source: Source, setup: Setup, detector: Detector) -> float:
    """Return the electrons per s in the brightest pixel of a source, without air and slit."""
    wavelength = setup.wavelength(np.arange(0.0, N_COLUMNS, 8.0))
    dispersion = np.gradient(wavelength) / 8
    efficiency = throughput(setup, wavelength) * lenses(wavelength)
    rate = COLLECTING_AREA * efficiency * source.photons(wavelength) * dispersion
    (bx, by) = detector.binning
    in_row = by / (1.1 * max(source.fwhm, by))  # the share of the middle row of a Moffat profile
    return float(rate.max() * bx * in_row)


def _air_truth(
    wavelength: Floats, efficiency: Floats, air: Starlight, kernel: Floats
) -> dict[str, object]:
    """Return what a perfect flux calibration of the frame would find, per unbinned column."""
    sensitivity = COLLECTING_AREA * efficiency * wavelength * PHOTONS_PER_ERG
    return {
        "sensitivity": _mean_per_column(sensitivity),
        "extinction": _mean_per_column(air.extinction),
        "bands": _mean_per_column(optics.blur(air.bands, kernel)),
    }


def _mean_per_column(spectrum: Floats) -> Floats:
    return optics.per_column(spectrum) / OVERSAMPLING


def _add_source(light: Light, source: Source, scene: _Scene) -> SourceTruth:
    """Add a source to the expected electrons, out to 14 FWHM; return its truth."""
    detector = scene.detector
    x = (detector.column_centres - N_COLUMNS / 2) / 1000
    # Slope and bow of a real 400_M1 frame of the Red camera, measured with the official pipeline.
    centre = FULL_ROWS / 2 + source.offset - 1.5 * x + 0.55 * x**2
    ny, height = detector.shape[0], detector.binning[1]
    trace = (centre - detector.row_centres[0]) / height
    reach = 14 * source.fwhm / height
    rows = slice(max(int(trace.min() - reach), 0), min(int(trace.max() + reach) + 1, ny))
    photons = source.photons(scene.wavelength)
    truth: dict[str, Floats] = {}
    passed = scene.passed
    if scene.exposure.weather is not None:
        entered = _entered(source, scene)
        passed = passed * entered
        flux = photons / (scene.wavelength * PHOTONS_PER_ERG)
        truth["flux"] = _mean_per_column(optics.blur(flux, scene.kernel))
        truth["slit_transmission"] = _mean_per_column(entered)
    spectrum = optics.blur(passed * photons, scene.kernel)
    if rows.stop > rows.start:
        shift = np.asarray(light.truth["row_shift"])
        image = optics.spread_rows(spectrum, shift, detector, rows)
        image *= optics.moffat_rows(
            centre, _fwhm(source, light, detector), source.beta, detector.row_centres[rows], height
        )
        image *= np.asarray(light.truth["illumination"])[rows, None].astype(np.float32)
        light.electrons[rows] += image
    electrons = optics.per_column(spectrum)
    dispersion = np.gradient(np.asarray(light.truth["wavelength"]))
    return SourceTruth(
        source.name,
        source.kind,
        trace,
        source.fwhm,
        source.beta,
        electrons,
        electrons / dispersion,
        **truth,
    )


def _entered(source: Source, scene: _Scene) -> Floats:
    """Return the fraction of a source's light that passes the slit, along the steps."""
    exposure = scene.exposure
    assert exposure.weather is not None
    middle = scene.wavelength[(MARGIN + N_COLUMNS // 2) * OVERSAMPLING + OVERSAMPLING // 2]
    blurred = (scene.wavelength / middle) ** source.seeing_power
    return through_slit(
        scene.wavelength,
        exposure.weather,
        sight_of(exposure.facts),
        slit_width(exposure.facts.slit),
        (PLATE_SCALE * source.fwhm * blurred, source.beta),
    )


def _fwhm(source: Source, light: Light, detector: Detector) -> float | Floats:
    """Return the FWHM of a source, unbinned rows; an array if it depends on the wavelength."""
    if source.seeing_power == 0:
        return source.fwhm
    along = np.asarray(light.truth["wavelength"])
    wavelength = np.interp(detector.column_centres, np.arange(N_COLUMNS), along)
    return np.asarray(source.fwhm * (wavelength / along[N_COLUMNS // 2]) ** source.seeing_power)
