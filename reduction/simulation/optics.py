"""The spectrograph and its slit: light along the slit, and its image on the detector."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve
from scipy.special import erf, gammaln

from reduction.simulation.detector import FULL_ROWS, N_COLUMNS, Detector, Image

Floats = NDArray[np.float64]

PLATE_SCALE = 0.15
"""arcsec per unbinned pixel."""

OVERSAMPLING = 8
"""Steps per unbinned pixel of a spectrum before it is summed into pixels."""

MARGIN = 32
"""Columns simulated beyond each end of the detector, for shifts and the wings of lines."""

HALO, HALO_SCALE, HALO_REACH = 0.02, 30.0, 200
"""Fraction of a line's light in its halo; e-folding length and end of it, unbinned pixels."""

SLIT_ROWS = (222.0, 1856.0)
"""First and last illuminated unbinned row of the long slit (4.1 arcmin)."""


def tilt(row: Floats) -> Floats:
    """Return the displacement of the slit image along the dispersion, by tilt and curvature.

    The tilt is −4.7 pixels per 1000 rows, as in raw arcs of the Red camera.

    Parameters
    ----------
    row : (n,) float64
        Unbinned rows.

    Returns
    -------
    (n,) float64
        Unbinned columns.
    """
    y = (row - FULL_ROWS / 2) / 1000
    return np.asarray(-4.7 * y + 1.2 * y**2)


def slit_illumination(row: Floats) -> Floats:
    """Return the illumination along the slit: soft ends, vignetting, and burrs on the jaws.

    Parameters
    ----------
    row : ndarray of float64
        Unbinned rows, any shape.

    Returns
    -------
    ndarray of float64
        Fraction of the light, of the same shape.
    """
    bottom, top = SLIT_ROWS
    ends = 0.25 * (1 + erf((row - bottom) / 2.5)) * (1 - erf((row - top) / 2.5))
    y = (row - (bottom + top) / 2) / (top - bottom)
    burrs = np.ones_like(row)
    for centre, width, depth in (
        (413, 3, 0.05),
        (951, 5, 0.025),
        (1190, 2.5, 0.08),
        (1602, 4, 0.04),
    ):
        burrs -= depth * np.exp(-(((row - centre) / width) ** 2))
    return np.asarray(ends * burrs * (1 + 0.02 * y - 0.18 * y**2))


def line_spread(slit_arcsec: float) -> Floats:
    """Return the line spread function: the image of the slit, blurred by the optics.

    The grating demagnifies the slit to about 0.87 of its width. The blur has a FWHM of 2.2 unbinned
    pixels, as the narrowest lines of raw arcs. A fraction of the light is scattered into a halo,
    which raises the level between the lines, as in those arcs.

    Parameters
    ----------
    slit_arcsec : float
        Width of the slit, arcsec.

    Returns
    -------
    (n,) float64
        Sum 1, in steps of 1 / `OVERSAMPLING` unbinned pixel, centred.
    """
    half = 0.87 * slit_arcsec / PLATE_SCALE / 2
    sigma = 2.2 / 2.3548 * np.sqrt(2)
    x = np.arange(-HALO_REACH * OVERSAMPLING, HALO_REACH * OVERSAMPLING + 1) / OVERSAMPLING
    kernel = erf((x + half) / sigma) - erf((x - half) / sigma)
    halo = np.exp(-np.abs(x) / HALO_SCALE)
    return np.asarray((1 - HALO) * kernel / kernel.sum() + HALO * halo / halo.sum())


def grid() -> Floats:
    """Return the unbinned columns of the steps of an oversampled spectrum, (n_steps,) float64."""
    n = (N_COLUMNS + 2 * MARGIN) * OVERSAMPLING
    return (np.arange(n) + 0.5) / OVERSAMPLING - MARGIN - 0.5


def unblurred_lines(column: Floats, electrons: Floats) -> Floats:
    """Return an oversampled spectrum of unblurred lines.

    Each line is divided between two steps, so that its centroid is exact.

    Parameters
    ----------
    column, electrons : (n_lines,) float64
        Unbinned column and electrons of each line; lines outside the grid are ignored.

    Returns
    -------
    (n_steps,) float64
        Electron per step.
    """
    position = (column + MARGIN + 0.5) * OVERSAMPLING - 0.5
    left = np.floor(position).astype(int)
    share = position - left
    spectrum = np.zeros((N_COLUMNS + 2 * MARGIN) * OVERSAMPLING)
    inside = (left >= 0) & (left < spectrum.size - 1)
    np.add.at(spectrum, left[inside], (electrons * (1 - share))[inside])
    np.add.at(spectrum, left[inside] + 1, (electrons * share)[inside])
    return spectrum


def blur(spectrum: Floats, kernel: Floats) -> Floats:
    """Convolve an oversampled spectrum with the line spread function.

    Parameters
    ----------
    spectrum : (n_steps,) float64
    kernel : (n,) float64
        From `line_spread`.

    Returns
    -------
    (n_steps,) float64
        In the unit of `spectrum`; not negative.
    """
    return np.asarray(np.maximum(fftconvolve(spectrum, kernel, mode="same"), 0))


def per_column(spectrum: Floats) -> Floats:
    """Sum an oversampled spectrum into unbinned columns, without any displacement.

    Parameters
    ----------
    spectrum : (n_steps,) float64
        Electron per step.

    Returns
    -------
    (4142,) float64
        Electron per column.
    """
    inside = spectrum[MARGIN * OVERSAMPLING : -MARGIN * OVERSAMPLING]
    return np.asarray(inside.reshape(N_COLUMNS, OVERSAMPLING).sum(axis=1))


def spread_rows(spectrum: Floats, shift: Floats, detector: Detector, rows: slice) -> Image:
    """Project a blurred spectrum onto some rows, each displaced by the tilt.

    Parameters
    ----------
    spectrum : (n,) float64
        Oversampled, electron per step.
    shift : (ny,) float64
        Displacement of every row of the detector, unbinned columns.
    detector : Detector
        Binning and width.
    rows : slice
        The rows to compute; start and stop are given.

    Returns
    -------
    (rows, nx) float32
        Electron per pixel column; each row holds the complete spectrum.
    """
    step = detector.binning[0] * OVERSAMPLING
    total = np.concatenate([[0.0], np.cumsum(spectrum)])
    binned = total[step:] - total[:-step]
    nx = detector.shape[1]
    span = step * (nx - 1) + 1
    image = np.empty((rows.stop - rows.start, nx), dtype=np.float32)
    for n, displacement in enumerate(shift[rows]):
        position = (MARGIN - displacement) * OVERSAMPLING
        left = int(np.floor(position))
        share = position - left
        image[n] = (1 - share) * binned[left : left + span : step]
        image[n] += share * binned[left + 1 : left + 1 + span : step]
    return image


def moffat_rows(
    centre: Floats, fwhm: float | Floats, beta: float, row: Floats, height: int
) -> Image:
    """Return the fraction of a source's light in each pixel: a Moffat profile along the slit.

    Parameters
    ----------
    centre : (nx,) float64
        Unbinned row of the source at each column.
    fwhm : float or (nx,) float64
        Of the Moffat function, unbinned rows; may change along the dispersion.
    beta : float
        Its exponent.
    row : (n,) float64
        Unbinned row of each pixel centre.
    height : int
        Rows per pixel.

    Returns
    -------
    (n, nx) float32
        The function integrated over each pixel; sums to 1 over an infinite slit.
    """
    core = np.float32(fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1)))
    area = core * np.sqrt(np.pi) * np.exp(gammaln(beta - 0.5) - gammaln(beta))
    image = np.zeros((row.size, centre.size), dtype=np.float32)
    n_steps = 2 * height
    for k in range(n_steps):
        offset = (k + 0.5) / n_steps * height - height / 2
        distance = ((row + offset)[:, None] - centre[None, :]).astype(np.float32) / core
        image += (1 + distance**2) ** np.float32(-beta)
    return np.asarray(image * np.float32(height / (n_steps * area)), dtype=np.float32)
