"""The spectrograph: where a wavelength and a slit position land on the detector.

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
from scipy.signal import fftconvolve
from scipy.special import erf, gammaln

from reduction.errors import ReductionError
from reduction.lamps import Lamp, grooves_per_mm, library
from reduction.simulation.detector import FULL_ROWS, N_COLUMNS, Detector, Image

Floats = NDArray[np.float64]

FOCAL_LENGTH = 377.3 / 0.015
"""Camera focal length, unbinned pixels (377.3 mm, 15 micrometre pixels)."""

PLATE_SCALE = 0.15
"""arcsec per unbinned pixel."""

AXIS = 2098.0
"""Column of the optical axis: the middle of the 4096 active columns of the Red camera."""

OVERSAMPLING = 8
"""Steps per unbinned pixel in which a spectrum is laid out before it is summed into pixels."""

MARGIN = 32
"""Columns laid out beyond each end of the detector, so that shifts and wings have light to use."""

HALO, HALO_SCALE, HALO_REACH = 0.02, 30.0, 200
"""Share of the light in the halo of a line, its e-folding length and its end, unbinned pixels."""

SLIT_ROWS = (222.0, 1856.0)
"""Unbinned rows between which the long slit is lit: 4.1 arcmin."""

PREFERRED = ("HgArNe", "HgAr", "Ne", "Ar", "CuHeAr", "FeHeAr")
"""Which library lamp a setup is simulated with, first choice first."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A grating mode: names and angles as in the header, and its wavelength map.

    Parameters
    ----------
    wavmode, grating, filter_2 : str
        Normalised header words.
    cam_targ, grt_targ : float
        Angles, degrees.
    lamp : Lamp
        The library lamp whose line intensities the arcs have.
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
        """Air wavelength, Å, at unbinned raw columns, without flexure, on the middle row."""
        mode = (self.grating, self.cam_targ, self.grt_targ)
        return self.zero + _grating(column, mode, self.turn, self.focal_length)

    def column(self, wavelength: Floats) -> Floats:
        """Exact inverse of `wavelength`: unbinned raw column of air wavelengths, Å."""
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
    """Return the modes that can be simulated: those the published library has a lamp of."""
    return sorted({one.wavmode for one in library().lamps})


@lru_cache(maxsize=32)
def find_setup(wavmode: str, lamp: str = "") -> Setup:
    """Find a mode by its name and fit its wavelength map.

    Parameters
    ----------
    wavmode : str
        Such as ``400_M2``; case, blanks and underscores do not matter.
    lamp : str, optional
        Which lamp its arcs are taken with; the richest that the library has when empty.

    Raises
    ------
    ReductionError
        When the library has no lamp of that name in that mode.
    """
    wanted = _plain(wavmode)
    mode = [one for one in library().lamps if _plain(one.wavmode) == wanted]
    if not mode:
        names = ", ".join(setup_names())
        raise ReductionError(f"No library lamp for setup {wavmode!r}; there are {names}.")
    rank = [name for name in PREFERRED if lamp in ("", name)]
    fitting = sorted((o for o in mode if o.lamp in rank), key=lambda o: rank.index(o.lamp))
    if not fitting:
        there = ", ".join(sorted({one.lamp for one in mode}))
        raise ReductionError(f"No {lamp!r} lamp in the library for {wavmode}; there are {there}.")
    chosen = fitting[0]
    # Lamps of one mode can be ten pixels apart (other nights); pool them only when one has too
    # few lines to stand by itself.
    pool = [chosen] if chosen.pixel.size >= 8 else mode
    x = np.concatenate([one.pixel + first_column(one) for one in pool])
    zero, turn, scale = _fit(chosen, x, np.concatenate([one.wavelength for one in pool]))
    filter_2 = "NO_FILTER" if "NO" in chosen.filter_2.upper() else chosen.filter_2
    angles = (chosen.cam_targ, chosen.grt_targ)
    return Setup(
        chosen.wavmode, chosen.grating, filter_2, *angles, chosen, zero, turn, scale * FOCAL_LENGTH
    )


def first_column(lamp: Lamp) -> float:
    """Raw column of a library spectrum's first pixel; 50, the usual one, when not published."""
    return lamp.first_column if np.isfinite(lamp.first_column) else 50.0


def _plain(name: str) -> str:
    return name.replace("_", "").replace(" ", "").upper()


def _fit(lamp: Lamp, column: Floats, wavelength: Floats) -> tuple[float, float, float]:
    """Fit offset (Å), rotation (deg) and focal scale, robustly, near the values of all setups."""
    mode = (lamp.grating, lamp.cam_targ, lamp.grt_targ)
    tolerance = 120 / grooves_per_mm(lamp.grating)

    def residuals(p: Floats) -> Floats:
        r = (p[0] + _grating(column, mode, p[1], FOCAL_LENGTH * p[2]) - wavelength) / tolerance
        robust = np.sign(r) * np.sqrt(np.log1p(r**2))  # Cauchy: a stray lamp has no say
        return np.concatenate([robust, [(p[1] + 0.8) / 0.5, (p[2] - 0.998) / 0.003]])

    def start(turn: float) -> list[float]:
        offset = np.median(wavelength - _grating(column, mode, turn, FOCAL_LENGTH))
        return [float(offset), turn, 0.998]

    fits = (least_squares(residuals, start(t), x_scale=[50, 0.5, 0.003]) for t in (-0.8, 0.0))
    zero, turn, scale = min(fits, key=lambda fit: fit.cost).x
    return float(zero), float(turn), float(scale)


def tilt(row: Floats) -> Floats:
    """Columns by which the slit image is displaced at unbinned rows: tilt and curvature.

    About −4.7 pixels per 1000 rows, as on raw arcs of the Red camera, and a bow.
    """
    y = (row - FULL_ROWS / 2) / 1000
    return np.asarray(-4.7 * y + 1.2 * y**2)


def slit_illumination(row: Floats) -> Floats:
    """Light along the slit at unbinned rows: soft ends, vignetting, burrs on the jaws."""
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
    """Line spread function on the oversampled grid, sum 1: the slit's width and the optics' blur.

    The slit is demagnified by the grating to about 0.87 of its width; the blur has a FWHM of 2.2
    unbinned pixels, as the narrowest lines of raw arcs. A share of the light is scattered into a
    halo, which lifts the ground between the lines as on those arcs.
    """
    half = 0.87 * slit_arcsec / PLATE_SCALE / 2
    sigma = 2.2 / 2.3548 * np.sqrt(2)
    x = np.arange(-HALO_REACH * OVERSAMPLING, HALO_REACH * OVERSAMPLING + 1) / OVERSAMPLING
    kernel = erf((x + half) / sigma) - erf((x - half) / sigma)
    halo = np.exp(-np.abs(x) / HALO_SCALE)
    return np.asarray((1 - HALO) * kernel / kernel.sum() + HALO * halo / halo.sum())


def grid() -> Floats:
    """Unbinned columns at which the oversampled spectra are laid out."""
    n = (N_COLUMNS + 2 * MARGIN) * OVERSAMPLING
    return (np.arange(n) + 0.5) / OVERSAMPLING - MARGIN - 0.5


def lay_lines(column: Floats, electrons: Floats) -> Floats:
    """Put lines on the oversampled grid, each shared by two steps so that its centroid is exact."""
    place = (column + MARGIN + 0.5) * OVERSAMPLING - 0.5
    left = np.floor(place).astype(int)
    share = place - left
    spectrum = np.zeros((N_COLUMNS + 2 * MARGIN) * OVERSAMPLING)
    inside = (left >= 0) & (left < spectrum.size - 1)
    np.add.at(spectrum, left[inside], (electrons * (1 - share))[inside])
    np.add.at(spectrum, left[inside] + 1, (electrons * share)[inside])
    return spectrum


def blur(spectrum: Floats, kernel: Floats) -> Floats:
    """Convolve an oversampled spectrum with the line spread function."""
    return np.asarray(np.maximum(fftconvolve(spectrum, kernel, mode="same"), 0))


def per_column(spectrum: Floats) -> Floats:
    """Sum an oversampled spectrum into the (4142,) unbinned columns, without any displacement."""
    inside = spectrum[MARGIN * OVERSAMPLING : -MARGIN * OVERSAMPLING]
    return np.asarray(inside.reshape(N_COLUMNS, OVERSAMPLING).sum(axis=1))


def spread_rows(spectrum: Floats, shift: Floats, detector: Detector, rows: slice) -> Image:
    """Lay a blurred spectrum on some rows, each displaced by its tilt.

    Parameters
    ----------
    spectrum : (n,) float64
        Oversampled, electron per step.
    shift : (ny,) float64
        Displacement of every row of the detector, unbinned columns.
    detector : Detector
        Binning and width.
    rows : slice
        The rows wanted, with definite ends.

    Returns
    -------
    (rows, nx) float32
        Electron per pixel column (all of the spectrum on every row).
    """
    step = detector.binning[0] * OVERSAMPLING
    total = np.concatenate([[0.0], np.cumsum(spectrum)])
    binned = total[step:] - total[:-step]
    nx = detector.shape[1]
    span = step * (nx - 1) + 1
    image = np.empty((rows.stop - rows.start, nx), dtype=np.float32)
    for n, displacement in enumerate(shift[rows]):
        place = (MARGIN - displacement) * OVERSAMPLING
        left = int(np.floor(place))
        share = place - left
        image[n] = (1 - share) * binned[left : left + span : step]
        image[n] += share * binned[left + 1 : left + 1 + span : step]
    return image


def moffat_rows(centre: Floats, fwhm: float, beta: float, row: Floats, height: int) -> Image:
    """Share of a source's light in each pixel of some rows: a Moffat profile along the slit.

    Parameters
    ----------
    centre : (nx,) float64
        Unbinned row of the source at each column.
    fwhm, beta : float
        Of the Moffat function, unbinned rows.
    row : (n,) float64
        Unbinned row of the pixels' centres.
    height : int
        Rows per pixel.

    Returns
    -------
    (n, nx) float32
        The function integrated over each pixel; sums to 1 over an endless slit.
    """
    core = fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1))
    area = core * np.sqrt(np.pi) * np.exp(gammaln(beta - 0.5) - gammaln(beta))
    image = np.zeros((row.size, centre.size), dtype=np.float32)
    n_steps = 2 * height
    for k in range(n_steps):
        offset = (k + 0.5) / n_steps * height - height / 2
        distance = ((row + offset)[:, None] - centre[None, :]).astype(np.float32) / np.float32(core)
        image += (1 + distance**2) ** np.float32(-beta)
    return image * np.float32(height / (n_steps * area))
