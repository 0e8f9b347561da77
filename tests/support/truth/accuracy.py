"""How far an extracted spectrum is from the truth of its simulated frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from reduction.extraction.apertures import read_trace
from reduction.frames import Product, Spectrum
from reduction.simulation.detector import N_COLUMNS
from reduction.simulation.truth import SourceTruth
from tests.support.truth.nights import Reduced

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Accuracy:
    """One spectrum against the truth.

    Parameters
    ----------
    name : str
        The source.
    flux : float
        Median of flux over truth, where the source is bright enough to tell.
    stated_loss : float
        Light outside the aperture that the header states (the spectrum states it per column);
        `true_loss` is what really is.
    noise : float
        Scatter about the truth over that of the ideal optimal extraction: known profile, known
        variance, endless slit.
    pull_mean, pull : float
        Mean and standard deviation of (flux − truth) / σ.
    trace : float
        Largest distance of the trace from the true one, rows.
    fwhm : float
        Measured minus true FWHM, rows.
    signal_to_noise : float
        Median of truth over the ideal noise.
    used : float
        Share of the columns without a flag.
    """

    name: str
    flux: float
    stated_loss: float
    true_loss: float
    noise: float
    pull_mean: float
    pull: float
    trace: float
    fwhm: float
    signal_to_noise: float
    used: float


def moffat_share(fwhm: float, beta: float, low: float, high: float) -> float:
    """Share of a Moffat profile's light between two distances from its centre."""
    core = fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1))
    area = core * np.sqrt(np.pi) * np.exp(gammaln(beta - 0.5) - gammaln(beta))
    x = np.linspace(low, high, 20001)
    return float(np.trapezoid((1 + (x / core) ** 2) ** -beta, x) / area)


def expected_electrons(reduced: Reduced, source: SourceTruth) -> Floats:
    """Electrons of a source in every column of the reduced frame, over an endless slit.

    The spectrum is displaced by the slit's tilt at the row of the trace, and dimmed by the slit
    like its typical row, to which the flat refers all others.
    """
    row = float(np.median(source.trace))
    return reduced.typical_throughput * _binned(reduced, source.electrons, row)


def _binned(reduced: Reduced, per_column: Floats, row: float) -> Floats:
    """Sum what is given per unbinned column into the frame's columns, as displaced at a raw row."""
    truth = reduced.truth
    bx = truth.binning[0]
    shift = float(np.interp(row, np.arange(truth.row_shift.size), truth.row_shift))
    edges = bx * (reduced.origin[0] + np.arange(reduced.frame.shape[1] + 1)) - 0.5 - shift
    total = np.concatenate([[0.0], np.cumsum(per_column)])
    return np.diff(np.interp(edges, np.arange(N_COLUMNS + 1) - 0.5, total))


def ideal_variance(reduced: Reduced, source: SourceTruth, electrons: Floats) -> Floats:
    """Return the variance per column that no unbiased extraction can beat (Horne 1986, eq. 8).

    Neighbours' light counts as background.
    """
    truth = reduced.truth
    ny, nx = reduced.frame.shape
    by = truth.binning[1]
    columns = slice(reduced.origin[0], reduced.origin[0] + nx)
    trace = source.trace[columns] - reduced.origin[1]
    middle = float(np.median(source.trace))
    sky = by * _binned(reduced, truth.light, middle)
    scene = np.repeat(reduced.typical_throughput * sky[None, :], ny, axis=0)
    profile = np.empty((0, 0))
    for one in truth.sources:
        light = electrons if one is source else expected_electrons(reduced, one)
        place = one.trace[columns] - reduced.origin[1]
        shape = _pixel_profile(np.arange(ny), place, one.fwhm / by, one.beta)
        scene += light * shape
        if one is source:
            profile = shape
    reach = np.abs(np.arange(ny)[:, None] - trace) < 8 * source.fwhm / by
    dimmed = reduced.throughput[:, None]
    variance = scene / dimmed + truth.rdnoise**2 / dimmed**2
    return np.asarray(1 / np.sum(np.where(reach, profile**2 / variance, 0), axis=0))


def _pixel_profile(rows: NDArray[np.int64], centre: Floats, fwhm: float, beta: float) -> Floats:
    """Moffat profile integrated over pixels (midpoint rule, 5 steps), (rows, columns)."""
    core = fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1))
    area = core * np.sqrt(np.pi) * np.exp(gammaln(beta - 0.5) - gammaln(beta))
    image = np.zeros((rows.size, centre.size))
    for step in (-0.4, -0.2, 0.0, 0.2, 0.4):
        image += (1 + (((rows + step)[:, None] - centre) / core) ** 2) ** -beta
    return np.asarray(image / (5 * area))


def measure(reduced: Reduced, product: Product) -> Accuracy | None:
    """Compare an extracted spectrum with the source nearest to its trace.

    Returns
    -------
    Accuracy or None
        None when no source lies within three rows of the trace.
    """
    spectrum = product.data
    assert isinstance(spectrum, Spectrum)
    trace, edges = read_trace(spectrum.header)
    n = spectrum.flux.size
    columns = slice(reduced.origin[0], reduced.origin[0] + n)
    offsets = {
        source.name: trace(np.arange(n)) - (source.trace[columns] - reduced.origin[1])
        for source in reduced.truth.sources
    }
    nearest = min(
        reduced.truth.sources, key=lambda s: abs(float(np.median(offsets[s.name]))), default=None
    )
    if nearest is None or abs(float(np.median(offsets[nearest.name]))) > 3:
        return None
    by = reduced.truth.binning[1]
    fwhm = nearest.fwhm / by
    true_loss = 1 - moffat_share(fwhm, nearest.beta, *edges)
    stated = float(spectrum.header.get("GSP_LOSS", 0.0))
    lost = spectrum.loss if spectrum.loss is not None else stated
    whole = expected_electrons(reduced, nearest)
    sigma = np.sqrt(ideal_variance(reduced, nearest, whole))
    truth = whole * (1 - lost)
    good = (spectrum.mask == 0) & np.isfinite(spectrum.flux) & (whole > 0)
    ratio = spectrum.flux / np.where(truth > 0, truth, 1)
    bright = good & (whole > 0.3 * np.median(whole[good]))
    pulls = ((spectrum.flux - truth) / np.sqrt(spectrum.variance))[good]
    off = ((spectrum.flux - truth) / (1 - lost) / sigma)[good]
    weight = (whole / sigma)[bright] ** 2
    return Accuracy(
        nearest.name,
        float(np.sum(ratio[bright] * weight) / np.sum(weight)),
        stated,
        true_loss,
        _spread(off),
        float(np.mean(pulls)),
        _spread(pulls),
        float(np.max(np.abs(offsets[nearest.name]))),
        float(spectrum.header["GSP_FWHM"]) - fwhm,
        float(np.median((whole / sigma)[good])),
        float(good.mean()),
    )


def _spread(values: Floats) -> float:
    """Standard deviation from the percentiles that hold 95 % of a normal distribution."""
    low, high = np.percentile(values, [2.275, 97.725])
    return float(high - low) / 4
