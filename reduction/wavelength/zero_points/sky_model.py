"""The sky as a sum of sunlight and groups of airglow, compared with an observed sky at every shift.

The amplitude of each component is free and not negative. The sums of products that the least
squares need at all shifts are correlations, so that a search costs a few milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, median_filter, percentile_filter

from reduction.lines.sky_library import GROUPS, sky_library
from reduction.wavelength.zero_points.line_profile import LineProfile

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SMOOTH_A: Final = 50.0
"""Standard deviation of the Gaussian whose smooth part is taken from sky and model, Å."""
CONTINUUM_A: Final = 120.0
END_A: Final = 10.0
"""Part of the spectrum at either end that is not compared, Å."""
OVERLAP_A: Final = 30.0
"""Least part of a group of airglow inside the spectrum, Å."""
SPIKE: Final = 5.0
"""A pixel that exceeds those on the flanks of a line around it by this factor is not part of a
line."""
LARGEST_SHARE: Final = 0.2
"""Largest part of a target's light in the sky of its aperture."""
LEAST_WIDTH: Final = 1.8
"""Width of a line from which it can be told from a cosmic ray, pixels."""


@dataclass(frozen=True, eq=False)
class Observed:
    """A sky prepared for comparison.

    Parameters
    ----------
    wavelength : (n,) float64
        Air wavelength, Å, evenly spaced, ascending.
    values : (n,) float64
        The sky without its smooth part, any unit.
    continuum : (n,) float64
        Its smooth level, in the same unit.
    weight : (n,) float64
        1 / variance; 0 where the sky is not known.
    target : (n,) float64 or None
        The spectrum of the target without its smooth part: its light in the background zones is
        fitted with the sky, at no shift. None when it is not known.
    """

    wavelength: Floats
    values: Floats
    continuum: Floats
    weight: Floats
    target: Floats | None

    @property
    def step(self) -> float:
        """Distance of two pixels, Å."""
        return float(self.wavelength[1] - self.wavelength[0])


@dataclass(frozen=True, eq=False)
class Scan:
    """The agreement of a sky with the model at every shift.

    Parameters
    ----------
    explained : (2 reach + 1,) float64
        Sum of squares that the model accounts for at the shifts -reach, …, reach pixels.
    amplitude : (2 reach + 1, n_components) float64
        Of each component.
    total : float
        Sum of squares of the sky.
    components : (n_components, n + 2 reach) float64
        The model's components; the sunlight is the first.
    """

    explained: Floats
    amplitude: Floats
    total: float
    components: Floats

    @property
    def reach(self) -> int:
        """Largest shift, pixels."""
        return self.explained.size // 2

    def shifted(self, shift: float) -> tuple[Floats, Floats]:
        """Return the components at a shift (pixels), and their derivatives by the shift."""
        n = self.components.shape[1] - 2 * self.reach
        position = np.arange(n) - shift + self.reach
        pixel = np.arange(self.components.shape[1])
        values = [np.interp(position, pixel, one) for one in self.components]
        slopes = [-np.interp(position, pixel, np.gradient(one)) for one in self.components]
        return np.array(values), np.array(slopes)


def prepare(sky: Floats, wavelength: Floats, fwhm: float, target: Floats | None) -> Observed | None:
    """Remove spikes and the smooth part of a sky.

    Parameters
    ----------
    sky : (n,) float64
        Any unit; NaN where there is no value.
    wavelength : (n,) float64
        Air wavelength, Å, evenly spaced.
    fwhm : float
        Width of a line, Å.
    target : (n,) float64 or None
        Spectrum of the target; None when it is too faint to be seen in the background zones.

    Returns
    -------
    Observed or None
        None when less than 200 pixels or half of the sky are known, or it has no noise.
    """
    known = np.isfinite(sky)
    if known.sum() < 200 or known.mean() < 0.5:
        return None
    step = float(wavelength[1] - wavelength[0])
    filled = np.interp(wavelength, wavelength[known], sky[known])
    known &= ~_spikes(filled, step, fwhm)
    filled = np.interp(wavelength, wavelength[known], filled[known])
    values = without_smooth(filled, step)
    noise = _noise(values)
    if not noise > 0:
        return None
    light = None if target is None else _light_of_target(target, step, fwhm)
    if light is not None:
        filled = filled - _share(values, light.broad) * light.counts
        values = without_smooth(filled, step)
    weight = known / noise**2
    end = max(int(END_A / step), 3)
    weight[:end] = weight[-end:] = 0.0
    size = max(int(CONTINUUM_A / step), 41)
    level = gaussian_filter1d(percentile_filter(filled, 40, size=size), size / 4)
    broad = None if light is None else light.broad
    return Observed(wavelength, values, np.clip(level, 0, None), weight, broad)


def without_smooth(values: Floats, step: float) -> Floats:
    """Return values without their part on scales above `SMOOTH_A`."""
    return np.asarray(values - gaussian_filter1d(values, SMOOTH_A / step, mode="nearest"))


@dataclass(frozen=True, eq=False)
class _TargetLight:
    """The light of a target: `counts` in the unit of its spectrum, and `broad`, its broad features.

    The broad features have no smooth part; noise and remains of sky lines are smoothed out of them.
    """

    counts: Floats
    broad: Floats


def _light_of_target(target: Floats, step: float, fwhm: float) -> _TargetLight | None:
    known = np.isfinite(target)
    if known.sum() < 200:
        return None
    pixel = np.arange(target.size)
    filled = np.interp(pixel, pixel[known], target[known])
    smooth = median_filter(filled, size=max(int(10 / step), 5) | 1)
    broad = without_smooth(gaussian_filter1d(smooth, max(5.0, fwhm) / step), step)
    counts = gaussian_filter1d(filled, max(0.4 * fwhm / step, 0.5))
    return _TargetLight(counts, broad) if np.any(broad != 0) else None


def _share(sky: Floats, light: Floats) -> float:
    """Return how much of the light of a target is in its sky, 0 to `LARGEST_SHARE`."""
    return float(np.clip(sky @ light / (light @ light), 0.0, LARGEST_SHARE))


def _noise(values: Floats) -> float:
    """Return the noise of a pixel from the differences of neighbours."""
    return 1.4826 * float(np.median(np.abs(np.diff(values)))) / float(np.sqrt(2))


def _spikes(sky: Floats, step: float, fwhm: float) -> Bools:
    """Return the pixels of features that are narrower than a line: cosmic rays, bad columns."""
    width = fwhm / step
    if width < LEAST_WIDTH:
        return np.zeros(sky.size, dtype=bool)
    flank = max(round(0.4 * width), 1)
    height = sky - median_filter(sky, size=max(int(60 / step), 31) | 1)
    noise = 1.4826 * float(np.median(np.abs(height)))
    beside = np.maximum(np.maximum(np.roll(height, flank), np.roll(height, -flank)), noise)
    spike = (height > 5 * noise) & (height > SPIKE * beside)
    return np.asarray(maximum_filter1d(spike, 2 * (flank // 2) + 1), dtype=bool)


def components(observed: Observed, profile: LineProfile, reach: int) -> Floats:
    """Return the components of the model on the pixels of a sky, and `reach` more on either side.

    Parameters
    ----------
    observed : Observed
    profile : LineProfile
        Of the lines, Å.
    reach : int
        Pixels.

    Returns
    -------
    (n_components, n + 2 reach) float64
        Each without its smooth part and with a mean square of 1. The sunlight is the first; it is
        zero where the spectrum of the Sun is not known.
    """
    library = sky_library()
    step, n = observed.step, observed.wavelength.size
    axis = observed.wavelength[0] + step * np.arange(-reach, n + reach)
    kernel = profile.kernel(library.step)
    grid = library.wavelength
    window = (grid > axis[0] - 100) & (grid < axis[-1] + 100)
    if window.sum() <= kernel.size:
        return np.zeros((0, axis.size))
    grid = grid[window]

    def drawn(values: Floats) -> Floats:
        from scipy.signal import fftconvolve  # noqa: PLC0415 - as in `targets`, for the start

        return np.interp(axis, grid, fftconvolve(values, kernel, mode="same"), left=0, right=0)

    level = np.interp(axis, observed.wavelength, observed.continuum)
    found = [drawn(library.solar[window] - 1.0) * level]
    night = library.night[window]
    for low, high in GROUPS:
        seen = min(high, observed.wavelength[-1]) - max(low, observed.wavelength[0])
        if seen > OVERLAP_A:
            found.append(drawn(np.where((grid >= low) & (grid < high), night, 0.0)))
    passed = [without_smooth(one, step) for one in found]
    norms = [float(np.sqrt(np.mean(one**2))) for one in passed]
    kept = [one / norm for one, norm in zip(passed, norms, strict=True) if norm > 0]
    return np.array(kept).reshape(-1, axis.size)


def scan(observed: Observed, model: Floats) -> Scan | None:
    """Fit the components to a sky at every shift.

    Parameters
    ----------
    observed : Observed
    model : (n_components, n + 2 reach) float64
        From `components`.

    Returns
    -------
    Scan or None
        None when the model has no components.
    """
    n_components = len(model)
    if n_components == 0:
        return None
    weighted = observed.weight * observed.values
    right = _at_all_shifts(model, weighted)
    first, second = np.triu_indices(n_components)
    gram = np.empty((n_components, n_components, right.shape[1]))
    gram[first, second] = _at_all_shifts(model[first] * model[second], observed.weight)
    gram[second, first] = gram[first, second]
    total = float(weighted @ observed.values)
    if observed.target is not None:  # its part of everything is taken out first
        own = observed.weight * observed.target
        norm = float(own @ observed.target)
        cross = _at_all_shifts(model, own)
        part = float(weighted @ observed.target)
        right = right - cross * part / norm
        gram = gram - cross[:, None] * cross[None] / norm
        total -= part**2 / norm
    explained = np.zeros(right.shape[1])
    amplitude = np.zeros((right.shape[1], n_components))
    for shift in range(right.shape[1]):
        explained[shift], amplitude[shift] = _fit(gram[:, :, shift], right[:, shift])
    return Scan(explained, amplitude, total, model)


def _at_all_shifts(components: Floats, weight: Floats) -> Floats:
    """Return the sums of weight × component for shifts from -reach to reach.

    Parameters
    ----------
    components : (n_components, n + 2 reach) float64
    weight : (n,) float64

    Returns
    -------
    (n_components, 2 reach + 1) float64
    """
    length = components.shape[1]
    padded = fft.next_fast_len(length, real=True)
    product = fft.rfft(components, padded) * np.conj(fft.rfft(weight, padded))
    sums = fft.irfft(product, padded)[:, : length - weight.size + 1]
    return np.asarray(sums[:, ::-1])


def _fit(gram: Floats, right: Floats) -> tuple[float, Floats]:
    """Solve the normal equations with amplitudes that are not negative."""
    from scipy.optimize import nnls  # noqa: PLC0415 - as in `targets`, for the start

    ridge = 1e-6 * np.trace(gram) / len(right)
    root = np.linalg.cholesky(gram + ridge * np.eye(len(right)))
    reduced = np.linalg.solve(root, right)
    amplitude, rest = nnls(root.T, reduced)
    return float(reduced @ reduced) - float(rest) ** 2, amplitude
