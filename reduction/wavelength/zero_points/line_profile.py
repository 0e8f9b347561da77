"""The profile of a line behind a slit, and the resolution of a spectrum.

The image of a slit is a box; the optics blur it by a Gaussian. An arc through a narrow slit shows
the optics, so that the profile behind a wider slit follows. The sky fills the slit, and a point
source does not when the seeing is better than the slit is wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from reduction.slits import PLATE_SCALE, width_arcsec
from reduction.wavelength.arc_lines import FWHM_PER_SIGMA

Floats = NDArray[np.float64]

SHARPEST: Final = 0.6
"""Least FWHM of the blur, as a fraction of that of the arc's lines: a slit's nominal width is known
to a fifth, and a narrow one does not account for all of the width."""
SLIT_IMAGE: Final = 1.0
"""Width of a slit's image over that of the slit: 1.03 in the sky of spectra through slits of 1 and
3 arcsec at 930 lines/mm. Camera and collimator look at the grating under nearly the same angle in
all modes."""


@dataclass(frozen=True, slots=True)
class LineProfile:
    """A box convolved with a Gaussian.

    Parameters
    ----------
    box : float
        Full width of the box, Å or pixels.
    sigma : float
        Standard deviation of the Gaussian, in the same unit, above 0.
    """

    box: float
    sigma: float

    @property
    def fwhm(self) -> float:
        """Full width at half maximum, in the same unit."""
        return full_width(self.box, self.sigma)

    def scaled(self, factor: float) -> LineProfile:
        """Return the profile behind a slit whose width is multiplied by `factor`."""
        return LineProfile(factor * self.box, self.sigma)

    def kernel(self, step: float) -> Floats:
        """Return the profile in steps, (n,) float64 with n odd, centred, sum 1."""
        sigma = max(self.sigma, step / 2)
        half = int((self.box / 2 + 4 * sigma) / step) + 2
        x = step * np.arange(-half, half + 1)
        width = max(self.box, 1e-3 * sigma)
        scale = np.sqrt(2) * sigma
        values = erf((x + width / 2) / scale) - erf((x - width / 2) / scale)
        return np.asarray(values / values.sum())


def full_width(box: float, sigma: float) -> float:
    """Return the FWHM of a box convolved with a Gaussian."""
    from scipy.optimize import brentq  # noqa: PLC0415 - as in `targets`, for the start

    blur = FWHM_PER_SIGMA * sigma
    if box < 1e-3 * blur:
        return blur
    scale = np.sqrt(2) * sigma

    def above_half(x: float) -> float:
        value = erf((x + box / 2) / scale) - erf((x - box / 2) / scale)
        return float(value - erf(box / 2 / scale))

    return 2 * float(brentq(above_half, 0.0, box + 2 * blur))


def slit_pixels(slit: str) -> float | None:
    """Return the width of a slit's image, unbinned pixels; None when its name has no width."""
    width = width_arcsec(slit)
    return None if width is None else SLIT_IMAGE * width / PLATE_SCALE


def sky_profile(arc_fwhm: float, dispersion: float, arc_slit: str, slit: str) -> LineProfile:
    """Return the profile of the lines of the sky, which fills the slit.

    Parameters
    ----------
    arc_fwhm : float
        FWHM of the lines of the arc, Å.
    dispersion : float
        Å per unbinned pixel.
    arc_slit, slit : str
        Normalised names of the slits of arc and spectrum.

    Returns
    -------
    LineProfile
        In Å. That of the arc when a slit's width is not known.
    """
    theirs, ours = slit_pixels(arc_slit), slit_pixels(slit)
    if theirs is None or ours is None:
        return LineProfile(0.0, arc_fwhm / FWHM_PER_SIGMA)
    return LineProfile(ours * dispersion, _blur(arc_fwhm, theirs * dispersion))


def _blur(fwhm: float, box: float) -> float:
    """Return the standard deviation of the Gaussian that makes a box as wide as a line."""
    from scipy.optimize import brentq  # noqa: PLC0415 - as in `targets`, for the start

    least = SHARPEST * fwhm / FWHM_PER_SIGMA
    if full_width(box, least) >= fwhm:
        return least
    return float(brentq(lambda sigma: full_width(box, sigma) - fwhm, least, fwhm))


def centring_limit(slit: str, seeing: float | None, dispersion: float) -> float:
    """Return by how much a target may be shifted against the sky by its place in the slit, Å.

    Parameters
    ----------
    slit : str
        Normalised name of the slit.
    seeing : float or None
        FWHM of the target along the slit, arcsec; None when it is not known.
    dispersion : float
        Å per unbinned pixel.

    Returns
    -------
    float
        0 for a target that is half as wide as the slit or wider.
    """
    width = width_arcsec(slit)
    if width is None or seeing is None or seeing <= 0 or width < 2 * seeing:
        return 0.0
    return (width - seeing) / 2 / PLATE_SCALE * SLIT_IMAGE * dispersion


def target_fwhm(sky: LineProfile, dispersion: float, seeing: float | None) -> float:
    """Return the resolution of the spectrum of a target, FWHM in Å.

    Parameters
    ----------
    sky : LineProfile
        Profile of the sky's lines, Å.
    dispersion : float
        Å per unbinned pixel.
    seeing : float or None
        FWHM of the target along the slit, arcsec; None for a source that fills the slit.

    Returns
    -------
    float
        The Gaussian image of the target, cut by the slit and blurred by the optics. A target that
        is as wide as the slit has the resolution of the sky.
    """
    if seeing is None or seeing <= 0:
        return sky.fwhm
    image = seeing / PLATE_SCALE * SLIT_IMAGE * dispersion / FWHM_PER_SIGMA
    # A Gaussian cut by a slit: its own standard deviation, at most that of the slit.
    return min(sky.fwhm, FWHM_PER_SIGMA * float(np.hypot(sky.sigma, image)))
