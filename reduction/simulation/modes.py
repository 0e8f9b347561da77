"""The grating modes: the wavelength of every column.

The wavelength map is the grating equation with a camera of focal length f,
``λ = z + (sin α + sin(β + arctan((x − x0)/f)))/G``, fitted per setup to the matched lines of the
published lamps (0.05 to 0.2 Å rms over the whole range with f within 0.6 % of 377.3 mm).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from reduction.errors import ReductionError
from reduction.lines.lamps import Lamp, grooves_per_mm, library
from reduction.notice_codes import NoticeCode

Floats = NDArray[np.float64]

FOCAL_LENGTH = 377.3 / 0.015
"""Camera focal length, unbinned pixels (377.3 mm, 15 micrometre pixels)."""

AXIS = 2098.0
"""Column of the optical axis: the middle of the 4096 active columns of the Red camera."""

PREFERRED = ("HgArNe", "HgAr", "Ne", "Ar", "CuHeAr", "FeHeAr")
"""Library lamps that a setup is simulated with, in order of preference."""

ENOUGH_LINES = 9
"""Number of matched lines from which a library lamp is suitable for a setup."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A grating mode: names and angles as in the header, and its wavelength map.

    Parameters
    ----------
    wavmode, grating, filter_2 : str
        Normalised header values.
    cam_targ, grt_targ : float
        Angles, degrees.
    lamp : Lamp
        The library lamp from which the line intensities of the arcs are taken.
    zero, turn, focal_length : float
        Fitted: offset, Å; rotation of the camera, degrees; focal length, unbinned pixels.
    """

    wavmode: str
    grating: str
    filter_2: str
    cam_targ: float
    grt_targ: float
    lamp: Lamp
    zero: float
    turn: float
    focal_length: float

    def wavelength(self, column: Floats) -> Floats:
        """Return the wavelengths of columns on the middle row, without flexure.

        Parameters
        ----------
        column : (n,) float64
            Unbinned raw columns.

        Returns
        -------
        (n,) float64
            Air wavelength, Å.
        """
        mode = (self.grating, self.cam_targ, self.grt_targ)
        return self.zero + _grating(column, mode, self.turn, self.focal_length)

    def column(self, wavelength: Floats) -> Floats:
        """Return the columns of wavelengths: the exact inverse of `wavelength`.

        Parameters
        ----------
        wavelength : (n,) float64
            Air wavelength, Å.

        Returns
        -------
        (n,) float64
            Unbinned raw columns.
        """
        spacing = 1e7 / grooves_per_mm(self.grating)
        sine = (np.asarray(wavelength) - self.zero) / spacing - np.sin(np.radians(self.grt_targ))
        angle = np.arcsin(sine) - np.radians(self.cam_targ - self.grt_targ + self.turn)
        return AXIS + self.focal_length * np.tan(angle)


def _grating(
    column: Floats, mode: tuple[str, float, float], turn: float, focal_length: float
) -> Floats:
    """Air wavelength, Å, by the grating equation; `mode` is grating, camera and grating angle."""
    grating, cam, grt = mode
    spacing = 1e7 / grooves_per_mm(grating)
    out = np.radians(cam - grt + turn) + np.arctan((column - AXIS) / focal_length)
    return np.asarray(spacing * (np.sin(np.radians(grt)) + np.sin(out)))


def setup_names() -> list[str]:
    """Return the modes that can be simulated: those with a lamp in the published library."""
    return sorted({candidate.wavmode for candidate in library().lamps})


@lru_cache(maxsize=32)
def find_setup(wavmode: str, lamp: str = "") -> Setup:
    """Find a mode by its name and fit its wavelength map.

    Parameters
    ----------
    wavmode : str
        Such as ``400_M2``; case, blanks and underscores do not matter.
    lamp : str, optional
        The lamp of its arcs; when empty, the first of `PREFERRED` with enough lines in this mode.

    Returns
    -------
    Setup

    Raises
    ------
    ReductionError
        The library has no lamp of this name in this mode.
    """
    wanted = _plain(wavmode)
    mode = [candidate for candidate in library().lamps if _plain(candidate.wavmode) == wanted]
    if not mode:
        names = ", ".join(setup_names())
        raise ReductionError(NoticeCode.SIMULATION_MODE_UNKNOWN, mode=wavmode, known=names)
    rank = [name for name in PREFERRED if lamp in ("", name)]
    candidates = sorted((c for c in mode if c.lamp in rank), key=lambda c: rank.index(c.lamp))
    # Mercury and neon have few lines in the blue, where observers use another lamp.
    candidates.sort(key=lambda c: -min(c.pixel.size, ENOUGH_LINES))
    if not candidates:
        known = ", ".join(sorted({candidate.lamp for candidate in mode}))
        raise ReductionError(
            NoticeCode.SIMULATION_LAMP_UNKNOWN, lamp=lamp, mode=wavmode, known=known
        )
    chosen = candidates[0]
    # Lamps of one mode, from different nights, can be ten pixels apart. They are combined only if
    # a single one has too few lines.
    pool = [chosen] if chosen.pixel.size >= 8 else mode
    x = np.concatenate([candidate.pixel + candidate.first_column for candidate in pool])
    zero, turn, scale = _fit(
        chosen, x, np.concatenate([candidate.wavelength for candidate in pool])
    )
    filter_2 = "NO_FILTER" if "NO" in chosen.filter_2.upper() else chosen.filter_2
    angles = (chosen.cam_targ, chosen.grt_targ)
    return Setup(
        chosen.wavmode, chosen.grating, filter_2, *angles, chosen, zero, turn, scale * FOCAL_LENGTH
    )


def _plain(name: str) -> str:
    return name.replace("_", "").replace(" ", "").upper()


def _fit(lamp: Lamp, column: Floats, wavelength: Floats) -> tuple[float, float, float]:
    """Fit offset (Å), rotation (deg) and focal scale, robustly, near the values of all setups."""
    mode = (lamp.grating, lamp.cam_targ, lamp.grt_targ)
    tolerance = 120 / grooves_per_mm(lamp.grating)

    def residuals(p: Floats) -> Floats:
        r = (p[0] + _grating(column, mode, p[1], FOCAL_LENGTH * p[2]) - wavelength) / tolerance
        robust = np.sign(r) * np.sqrt(np.log1p(r**2))  # Cauchy: limits the weight of outliers
        return np.concatenate([robust, [(p[1] + 0.8) / 0.5, (p[2] - 0.998) / 0.003]])

    def start(turn: float) -> list[float]:
        offset = np.median(wavelength - _grating(column, mode, turn, FOCAL_LENGTH))
        return [float(offset), turn, 0.998]

    fits = (least_squares(residuals, start(t), x_scale=[50, 0.5, 0.003]) for t in (-0.8, 0.0))
    zero, turn, scale = min(fits, key=lambda fit: fit.cost).x
    return float(zero), float(turn), float(scale)
