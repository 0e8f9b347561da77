"""Measure the shift of a calibrated spectrum from its own sky.

The arc is taken at another time, position or slit than the target, so that flexure and the position
of the slit mask shift the spectrum relative to its wavelength solution. The sky in the same
exposure shows the shift: airglow and, in moonlight, twilight and zodiacal light, the absorption
lines of the Sun.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reduction.lines.sky_library import ACCURACY_A
from reduction.wavelength.zero_points.line_profile import LineProfile
from reduction.wavelength.zero_points.sky_model import Observed, Scan, components, prepare, scan

Floats = NDArray[np.float64]

REACH_PIXELS: Final = 80.0
"""Largest shift that is looked for, unbinned pixels: twice the offset of a slit mask."""
SLIT_FACTORS: Final = 0.87, 1.0, 1.13
"""Widths of the slit that are tried, as a fraction of the expected one."""
SIGNIFICANCE: Final = 10.0
"""Least advantage of the best shift over any other, in units of the scatter of the sky about the
model in independent line widths; see `docs/reduction/wavelength.md` for how it was chosen."""
SUPPORT: Final = 6.0
"""Least of what the model explains outside the two best segments of the sky, in the unit of
`SIGNIFICANCE`."""
SUPPORT_PART: Final = 0.0035
"""The same as a part of the significance, so that one bright line does not settle it alone."""
AGREEMENT: Final = 0.5
"""Least part of the light of lines that the model explains, the noise apart."""
CONTRAST: Final = 2.0
"""Least ratio of what the best shift and any other explain."""
CORRELATED: Final = 1.2
"""Length over which the deviations from the model are correlated, line widths."""
BLOCK_A: Final = 25.0
"""Least length of the segments whose disagreement enters the error, Å."""
PROFILE_ERROR: Final = 0.02
"""Uncertainty of the centre of a line by the unknown illumination of the slit, line widths."""


@dataclass(frozen=True, slots=True)
class SkyOffset:
    """Offset of the features of a sky from their true wavelengths.

    Parameters
    ----------
    offset : float
        Measured minus true wavelength, Å.
    error : float
        One-sigma uncertainty of the offset, Å: noise, disagreement between the features, and
        uncertainty of their wavelengths.
    features : str
        ``"airglow"`` or ``"solar"``, whichever explains more of the sky.
    significance : float
        Advantage over any other shift; see `SIGNIFICANCE`.
    fwhm : float
        Width of the lines of the sky that fits best, Å.
    contrast, support, agreement : float
        What speaks for the offset: see `CONTRAST`, `SUPPORT` and `AGREEMENT`.
    """

    offset: float
    error: float
    features: str
    significance: float
    fwhm: float
    contrast: float
    support: float
    agreement: float


def sky_offset(
    sky: Floats,
    wavelength: Floats,
    profile: LineProfile,
    *,
    reach: float,
    target: Floats | None = None,
) -> SkyOffset | None:
    """Measure the shift of a sky against sunlight and airglow.

    Parameters
    ----------
    sky : (n,) float64
        Sky in the aperture of the spectrum, any unit; NaN where there is no value.
    wavelength : (n,) float64
        Air wavelength, Å, evenly spaced and ascending.
    profile : LineProfile
        Expected profile of the lines of the sky, Å. Narrower and wider slits are tried too.
    reach : float
        Largest shift that is looked for, Å.
    target : (n,) float64, optional
        Spectrum of the target, whose light in the background zones is not taken for sky.

    Returns
    -------
    SkyOffset or None
        None when the features are too weak, or fit at more than one shift.
    """
    observed = prepare(sky, wavelength, profile.fwhm, target)
    if observed is None:
        return None
    pixels = max(round(reach / observed.step), 4)
    wide = profile.box > 1.5 * profile.sigma
    tried = []
    for factor in SLIT_FACTORS if wide else (1.0,):
        shape = profile.scaled(factor)
        found = scan(observed, components(observed, shape, pixels))
        if found is not None:
            tried.append((float(found.explained.max()), shape.fwhm, found))
    if not tried:
        return None
    _, fwhm, best = max(tried, key=lambda one: one[0])
    return _measured(observed, best, fwhm)


def _measured(observed: Observed, found: Scan, fwhm: float) -> SkyOffset | None:
    """Return the shift at the maximum of a scan if that is distinct."""
    score = found.explained
    peak = int(np.argmax(score))
    if peak in (0, score.size - 1):
        return None
    width = fwhm / observed.step
    elsewhere = _best_elsewhere(score, peak, width)
    if score[peak] < CONTRAST * elsewhere:
        return None
    before, top, after = score[peak - 1 : peak + 2]
    shift = peak - found.reach + 0.5 * float((before - after) / (before - 2 * top + after))
    fit = _LocalFit.at(observed, found, shift, found.amplitude[peak])
    length = max(BLOCK_A, 3 * fwhm)
    unit = fit.variance * max(CORRELATED * width, 1.0)
    significance = float(score[peak] - elsewhere) / unit
    support = fit.support(observed, length, unit)
    agreement = fit.agreement(observed)
    if support < max(SUPPORT, SUPPORT_PART * significance):
        return None
    if significance < SIGNIFICANCE or agreement < AGREEMENT:
        return None
    error = float(
        np.sqrt(
            (observed.step * fit.error(observed, length)) ** 2
            + ACCURACY_A**2
            + (PROFILE_ERROR * fwhm) ** 2
        )
    )
    if not np.isfinite(error) or error > fwhm:
        return None
    features = "solar" if fit.solar > 0.5 else "airglow"
    return SkyOffset(
        shift * observed.step,
        error,
        features,
        significance,
        fwhm,
        float(score[peak] / max(elsewhere, 1e-9)),
        support,
        agreement,
    )


def _best_elsewhere(score: Floats, peak: int, width: float) -> float:
    """Return the best score outside the peak, which ends where the score rises again."""
    left = right = peak
    while left > 0 and score[left - 1] < score[left]:
        left -= 1
    while right < score.size - 1 and score[right + 1] < score[right]:
        right += 1
    near = max(round(1.2 * width), 3)
    left, right = max(min(left, peak - near), 0), max(right, peak + near)
    return float(max(score[:left].max(initial=0.0), score[right + 1 :].max(initial=0.0)))


@dataclass(frozen=True, eq=False)
class _LocalFit:
    """The model at one shift: its residuals, and its slope with the shift.

    `slope` is orthogonal to the components, whose amplitudes are free; `values` is the sky without
    the light of the target; `variance` is the weighted mean square of the residuals, and `solar`
    the share of sunlight in the model.
    """

    values: Floats
    residual: Floats
    slope: Floats
    variance: float
    solar: float

    @classmethod
    def at(cls, observed: Observed, found: Scan, shift: float, amplitude: Floats) -> _LocalFit:
        values, slopes = found.shifted(shift)
        used = amplitude > 0
        basis = values[used]
        if observed.target is not None:
            basis = np.vstack([basis, observed.target])
        root = np.sqrt(observed.weight)
        design = (basis * root).T
        fitted = np.linalg.lstsq(design, observed.values * root, rcond=None)[0]
        gradient = fitted[: int(used.sum())] @ slopes[used]
        gradient -= np.linalg.lstsq(design, gradient * root, rcond=None)[0] @ basis
        residual = observed.values - fitted @ basis
        own = fitted[-1] * observed.target if observed.target is not None else 0.0
        variance = float(
            (observed.weight @ residual**2) / max(int(np.count_nonzero(observed.weight)), 1)
        )
        power = (amplitude[:, None] * values) ** 2 @ observed.weight
        return cls(
            observed.values - own,
            residual,
            gradient,
            variance,
            float(power[0] / max(power.sum(), 1e-30)),
        )

    def agreement(self, observed: Observed) -> float:
        """Return the part of the lines that the model explains, 0 to 1, noise apart.

        Of the pixels where the model stands above the noise: a cosmic ray taken for one line
        of a group leaves the others of the group unexplained.
        """
        model = self.values - self.residual
        height = np.abs(model) * np.sqrt(observed.weight)
        lines = height > max(1.0, 0.05 * float(height.max()))
        weight = observed.weight[lines]
        explained = float(weight @ model[lines] ** 2)
        left = max(float(weight @ self.residual[lines] ** 2) - float(np.count_nonzero(weight)), 0.0)
        return explained / (explained + left) if explained > 0 else 0.0

    def support(self, observed: Observed, length: float, unit: float) -> float:
        """Return what the model explains outside the two segments where it explains most.

        In multiples of `unit`; segments with less than that count as noise. `length` of a segment
        in Å. Cosmic rays and bad columns may be taken for a line or two, but not for the others.
        """
        segment = _segments(observed, length)
        explained = np.bincount(segment, observed.weight * (self.values**2 - self.residual**2))
        shares = np.where(explained > unit, explained, 0.0) / unit
        for _ in range(2):
            most = int(np.argmax(shares))
            shares[max(most - 1, 0) : most + 2] = 0.0
        return float(shares.sum())

    def error(self, observed: Observed, length: float) -> float:
        """Return the uncertainty of the shift, pixels.

        The linearised jackknife over segments of `length` Å has the disagreement between the
        features (Efron & Stein 1981, Ann. Stat. 9, 586); the noise of the pixels is added, since
        with few features the former is uncertain itself.
        """
        segment = _segments(observed, length)
        score = np.bincount(segment, observed.weight * self.slope * self.residual)
        information = np.bincount(segment, observed.weight * self.slope**2)
        total = float(information.sum())
        if not total > 0:
            return float("inf")
        number = total**2 / float((information**2).sum())
        left_out = score / np.maximum(total - information, 1e-3 * total)
        disagreement = (1 - 1 / number) * float((left_out**2).sum())
        return float(np.sqrt(disagreement + self.variance / total))


def _segments(observed: Observed, length: float) -> NDArray[np.int_]:
    """Return the number of the segment of `length` Å that each pixel belongs to."""
    return np.asarray((observed.wavelength - observed.wavelength[0]) / length).astype(int)
