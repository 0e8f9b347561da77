"""The detectors: geometry, bias structure, pixel response, noise and the converter.

Coordinates along the dispersion are unbinned raw columns (0-based, prescan included, integer at the
pixel centre); along the slit they are unbinned rows of the full spectroscopic region of interest.
The patterns of a camera are the same on every night.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from reduction.errors import ReductionError
from reduction.notice_codes import NoticeCode

Floats = NDArray[np.float64]
Image = NDArray[np.float32]
Raw = NDArray[np.uint16]

N_COLUMNS = 4142
"""Unbinned columns of a raw frame: prescan, active columns that are read, and overscan."""

FULL_ROWS = 1896
"""Unbinned rows of the spectroscopic region of interest."""

ADC_MAX = 65535


@dataclass(frozen=True, slots=True)
class Camera:
    """One of the two cameras, in its default spectroscopic read-out.

    Parameters
    ----------
    name : str
        ``Red`` or ``Blue`` (``INSTCONF``).
    gain, rdnoise : float
        electron/ADU, and electron per read pixel.
    level : float
        Bias level of the prescan, ADU.
    lit : (int, int)
        First illuminated column and one past the last, unbinned.
    depth : float
        Thickness of the silicon, micrometre; sets the length of cosmic-ray tracks.
    fringes : float
        Fractional fringe amplitude at 9000 Å.
    model, controller : str
        Names of the chip and of its controller.
    seed : int
        Seed of the bias structure and the pixel response.
    """

    name: str
    gain: float
    rdnoise: float
    level: float
    lit: tuple[int, int]
    depth: float
    fringes: float
    model: str
    controller: str
    seed: int


CAMERAS = {
    # Levels and edges were measured on raw frames of both cameras. The Red camera has a
    # deep-depletion e2v 231-84 (weak fringing), the Blue one a thinned Fairchild 486 (strong).
    "Red": Camera(
        "Red", 1.48, 3.89, 492.0, (50, 4142), 40.0, 0.004, "e2V CCD231-84", "Si 1110-111", 231
    ),
    "Blue": Camera("Blue", 1.40, 4.74, 432.0, (16, 4112), 16.0, 0.05, "CCD 486", "Si 600-658", 486),
}


def camera(name: str) -> Camera:
    """Return a camera by its ``INSTCONF``.

    Raises
    ------
    ReductionError
        There is no such camera.
    """
    try:
        return CAMERAS[name]
    except KeyError:
        raise ReductionError(NoticeCode.SIMULATION_CAMERA_UNKNOWN, camera=name) from None


@dataclass(frozen=True, eq=False)
class Detector:
    """A camera read out with one binning and region of interest.

    Parameters
    ----------
    camera : Camera
    binning : (int, int)
        Columns (dispersion) and rows per pixel.
    first_row : int
        First row, as an unbinned row of the full region.
    bias : (ny, nx) float32
        Bias structure above the level of the prescan, ADU.
    response : (ny, nx) float32
        Pixel response, mean near 1; 0 in columns without light.
    """

    camera: Camera
    binning: tuple[int, int]
    first_row: int
    bias: Image
    response: Image

    @property
    def shape(self) -> tuple[int, int]:
        """Raw image shape (ny, nx)."""
        return self.bias.shape[0], self.bias.shape[1]

    @property
    def row_centres(self) -> Floats:
        """Unbinned row of each pixel centre in the full region of interest, (ny,) float64."""
        step = self.binning[1]
        return self.first_row + step * np.arange(self.shape[0], dtype=float) + (step - 1) / 2

    @property
    def column_centres(self) -> Floats:
        """Unbinned raw column of each pixel centre, (nx,) float64."""
        step = self.binning[0]
        return step * np.arange(self.shape[1], dtype=float) + (step - 1) / 2

    def read_out(
        self,
        electrons: Image | None,
        cosmic_rays: tuple[NDArray[np.int64], Floats],
        level: float,
        rng: np.random.Generator,
    ) -> Raw:
        """Convert expected electrons to raw counts.

        Parameters
        ----------
        electrons : (ny, nx) float32 or None
            Expected photo-electrons before the pixel response; None for a bias.
        cosmic_rays : (n,) int64, (n,) float64
            Flat pixel index and deposited electrons.
        level : float
            Bias level of this read, ADU.
        rng : numpy.random.Generator
            Source of the photon and read noise.

        Returns
        -------
        (ny, nx) uint16
            ADU, clipped to the range of the converter.
        """
        noise = rng.standard_normal(self.shape, dtype=np.float32)
        noise *= np.float32(self.camera.rdnoise)
        if electrons is not None:
            noise += rng.poisson(electrons * self.response).astype(np.float32)
        index, charge = cosmic_rays
        noise.ravel()[index] += charge.astype(np.float32)
        noise /= np.float32(self.camera.gain)
        noise += self.bias
        noise += np.float32(level)
        return np.clip(np.rint(noise, out=noise), 0, ADC_MAX).astype(np.uint16)


@lru_cache(maxsize=4)
def detector(name: str, binning: tuple[int, int], rows: int | None = None) -> Detector:
    """Build a detector; the same arguments always give the same pixels.

    Parameters
    ----------
    name : str
        Camera, ``Red`` or ``Blue``.
    binning : (int, int)
        Columns and rows per pixel, 1 to 4.
    rows : int, optional
        Binned rows to read, centred on the slit; the whole region when None.

    Returns
    -------
    Detector

    Raises
    ------
    ReductionError
        The camera, binning or region does not exist.
    """
    detector_camera = camera(name)
    bx, by = binning
    if not (1 <= bx <= 4 and 1 <= by <= 4):
        raise ReductionError(NoticeCode.SIMULATION_BINNING, binning=f"{bx}x{by}")
    most = FULL_ROWS // by
    n_rows = most if rows is None else rows
    if not 50 <= n_rows * by <= FULL_ROWS:
        raise ReductionError(
            NoticeCode.SIMULATION_ROWS,
            rows=n_rows,
            least=50 // by,
            most=most,
            binning=f"{bx}x{by}",
        )
    first = (FULL_ROWS - n_rows * by) // 2
    window = slice(first, first + n_rows * by)
    columns = slice(0, N_COLUMNS // bx * bx)
    response, bias = (
        _response(detector_camera)[window, columns],
        _bias(detector_camera)[window, columns],
    )
    shape = (n_rows, by, N_COLUMNS // bx, bx)
    pixels = response.reshape(shape).mean(axis=(1, 3), dtype=np.float32)
    pixels[0] *= np.float32(0.03)  # the first row of a region of real frames receives little light
    # A binned pixel is read once, so its bias structure is the mean, not the sum, of its pixels.
    return Detector(
        detector_camera,
        binning,
        first,
        bias.reshape(shape).mean(axis=(1, 3), dtype=np.float32),
        pixels,
    )


def _bias(detector_camera: Camera) -> Image:
    """Bias above the prescan, (FULL_ROWS, N_COLUMNS) ADU: settling, step, gradient, columns."""
    rng = np.random.default_rng([detector_camera.seed, 1])
    x = np.arange(N_COLUMNS, dtype=float)
    first, last = detector_camera.lit
    profile = 14 * np.exp(-x / 1.5) + 0.35 * rng.standard_normal(N_COLUMNS)
    lit = (x >= first) & (x < last)
    inside = x - first
    profile[lit] += (1.5 + 5 * np.exp(-inside / 160) * (1 - np.exp(-inside / 12)))[lit]
    profile[lit] += (2.5 * np.exp(-(last - x) / 150))[lit]
    profile[x >= last] += 3.5
    y = np.arange(FULL_ROWS, dtype=float)[:, None]
    smooth = profile[None, :] + 0.5 * np.exp(-y / 25) + 0.4 * (y / FULL_ROWS - 0.5)
    image: Image = smooth.astype(np.float32)
    image += np.float32(0.25) * rng.standard_normal(image.shape, dtype=np.float32)
    for column in rng.integers(first + 100, last - 100, 3):  # hot columns, from a row upwards
        image[rng.integers(0, 300) :, column] += np.float32(rng.uniform(8, 120))
    return image


def _response(detector_camera: Camera) -> Image:
    """Pixel response, (FULL_ROWS, N_COLUMNS): pixels, broad structure, dust, bad columns, edges."""
    rng = np.random.default_rng([detector_camera.seed, 2])
    coarse = gaussian_filter(rng.standard_normal((121, 261)), 3)
    broad = zoom((coarse / coarse.std()).astype(np.float32), 16, order=1)
    image: Image = np.float32(1) + np.float32(0.004) * broad[:FULL_ROWS, :N_COLUMNS]
    image += np.float32(0.006) * rng.standard_normal(image.shape, dtype=np.float32)
    y, x = np.ogrid[:FULL_ROWS, :N_COLUMNS]
    for _ in range(14):  # dust on the window is out of focus and appears as rings
        cx, cy = rng.uniform(100, 4000), rng.uniform(50, 1850)
        radius, depth = rng.uniform(8, 22), rng.uniform(0.01, 0.05)
        box = np.s_[max(int(cy) - 45, 0) : int(cy) + 45, max(int(cx) - 45, 0) : int(cx) + 45]
        distance = np.hypot(x[:, box[1]] - cx, y[box[0]] - cy)
        image[box] *= (1 - depth * np.exp(-(((distance - radius) / 4) ** 2))).astype(np.float32)
    for column in rng.integers(200, 4000, 2):  # partly blocked columns
        image[rng.integers(200, 1500) :, column] *= np.float32(rng.uniform(0.3, 0.8))
    first, last = detector_camera.lit
    image[:, :first] = 0
    image[:, last:] = 0
    return image
