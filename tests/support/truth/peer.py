"""How far the spectra that goodman-pipeline wrote are from the truth of their simulated frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from reduction.detector import geometry
from reduction.simulation import Truth, load_truth
from reduction.simulation.detector import N_COLUMNS


@dataclass(frozen=True)
class PeerSpectrum:
    """One calibrated spectrum of the peer.

    Parameters
    ----------
    file_name : str
        Of the product.
    median, worst : float
        Distance of its wavelengths from the true ones, pixels, over all columns.
    reported_over_true : float
        The rms that its header states over the rms of the true distances, both in ångström.
    flux : float or None
        Median of flux over truth where the source is bright; None without a source at its trace,
        which it calls a target all the same.
    """

    file_name: str
    median: float
    worst: float
    reported_over_true: float
    flux: float | None


def measure_spectrum(path: Path, truths: Path) -> PeerSpectrum | None:
    """Compare a product ``w….fits`` with the truth beside the raw frames; None for a lamp."""
    with fits.open(path) as opened:
        header, table = opened[0].header, opened[1].data
        wavelength, counts = (np.asarray(table.field(i), dtype=float) for i in (0, 1))
    name = Path(header["GSP_ONAM"])
    truth = load_truth(truths / name.with_suffix(".npz").name)
    if truth.kind != "science":
        return None
    column, row = _place(header, wavelength.size)
    true = truth.wavelength_at(column, round(float(np.median(row))))
    miss = wavelength - true
    pixels = np.abs(miss / np.gradient(true))
    return PeerSpectrum(
        path.name,
        float(np.median(pixels)),
        float(pixels.max()),
        float(header["GSP_WRMS"]) / float(np.sqrt(np.mean(miss**2))),
        _flux(counts * truth.gain, column, row, truth),
    )


def _place(header: fits.Header, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the raw columns of a spectrum's pixels, and the raw rows of its trace."""
    x0 = y0 = 0
    for keyword in ("GSP_TRIM", "GSP_SLIT"):
        section = geometry.parse_section(header[keyword])
        if section is not None:
            x0, y0 = x0 + section.x0, y0 + section.y0
    pixel = np.arange(n)
    powers = [header[f"GSP_TC{i:02d}"] for i in range(header["GSP_TORD"] + 1)]
    return x0 + pixel, y0 + np.polynomial.polynomial.polyval(pixel, powers)


def _flux(electrons: np.ndarray, column: np.ndarray, row: np.ndarray, truth: Truth) -> float | None:
    """Median of a spectrum's electrons over those of the source at its trace."""
    b = truth.binning[0]
    nearest = min(truth.sources, key=lambda one: abs(np.median(one.trace[column] - row)))
    if abs(np.median(nearest.trace[column] - row)) > 3:
        return None
    shift = truth.row_shift[round(float(np.median(row)))]
    edges = b * np.arange(column[0], column[0] + column.size + 1) - 0.5 - shift
    total = np.concatenate([[0.0], np.cumsum(nearest.electrons)])
    # The flat's reference is the typical row of the slit, which passes less than an open one.
    lit = truth.illumination > 0.5 * np.median(truth.illumination)
    passed = float(np.median(truth.illumination[lit]))
    true = passed * np.diff(np.interp(edges, np.arange(N_COLUMNS + 1) - 0.5, total))
    bright = true > 0.3 * np.median(true)
    return float(np.median(electrons[bright] / true[bright]))
