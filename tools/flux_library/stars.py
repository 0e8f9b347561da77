"""The standard stars and their reference spectra, from the wheel of aspired."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from reduction.wavelength.axis.medium import to_air
from tools.flux_library import agreement

Floats = NDArray[np.float64]

TABLE = Path(__file__).with_name("stars.txt")
RANGE = (3000.0, 11000.0)
"""Wavelengths that are kept, Å."""
REFRACTION_FROM = 2500.0
"""Å: the formula of the refraction is for wavelengths above 2300 Å."""
MOEHLER_BIN = 2.0
"""Å: the 0.1 Å of the models of Moehler et al. are averaged in bins of this width, which is finer
than the resolution of Goodman."""
FLUX_STEP = 2e-4
"""Magnitudes: fluxes are rounded to this."""
WAVELENGTH_STEP = 0.01
"""Å: wavelengths are rounded to this."""
OKE_BANDS = 1e-16
"""erg/s/cm²/Å: unit of ESO's tables but those of X-shooter, which are absolute."""


@dataclass(frozen=True)
class Source:
    """A set of reference spectra.

    Parameters
    ----------
    folder : str
        Of aspired/standards, or of PypeIt.
    name, paper : str
    rank : int
        1 is best.
    unit : float
        erg/s/cm²/Å of the tables.
    vacuum : bool
        Wavelengths are in vacuum.
    """

    folder: str
    name: str
    paper: str
    rank: int
    unit: float = OKE_BANDS
    vacuum: bool = False


SOURCES = {
    "moehler": Source("esoxshooter", "Moehler", "Moehler et al. 2014, A&A 568, A9", 1, unit=1.0),
    "stis": Source(
        "pypeit/data/standards/calspec",
        "CALSPEC",
        "Bohlin, Gordon & Tremblay 2014, PASP 126, 711",
        2,
        unit=1.0,
        vacuum=True,
    ),
    "calspec": Source(
        "esohststan",
        "CALSPEC",
        "CALSPEC as distributed by ESO in 2007, a model in the optical",
        2,
        vacuum=True,
    ),
    "hamuy": Source("esoctiostan", "Hamuy", "Hamuy et al. 1992, PASP 104, 533; 1994, 106, 566", 3),
    "oke": Source("esookestan", "Oke", "Oke 1990, AJ 99, 1621", 4),
}
CALSPEC_BIN = 1.0
"""Å; the spectra of STIS have 2.7 Å per pixel, and more in the red."""
STIS_FLOOR = 0.01
"""Least uncertainty of CALSPEC (Bohlin, Gordon & Tremblay 2014)."""
TELLURIC = ((6864, 6960, 0.09), (7160, 7360, 0.08), (7590, 7720, 0.4), (8100, 8370, 0.06),
            (8920, 9850, 0.4))  # fmt: skip
"""First and last wavelength (Å) of bands of the atmosphere, and what they absorb at most of the
tables of Hamuy et al. at 50 Å: measured against the models of Moehler et al. of the same stars."""


@dataclass(frozen=True)
class Archives:
    """The wheel of aspired and the source distribution of PypeIt."""

    aspired: zipfile.ZipFile
    pypeit: tarfile.TarFile | None = None


def read_table(archives: Archives, source: Source, name: str) -> NDArray[np.float64]:
    """Return the columns of a table of aspired: wavelength, flux, and what else it has."""
    path = f"aspired/standards/{source.folder}/{name}.dat"
    return np.loadtxt(io.StringIO(archives.aspired.read(path).decode()), unpack=True)


def read_calspec(archives: Archives, source: Source, name: str) -> NDArray[np.float64]:
    """Return wavelength, flux and its uncertainty of a CALSPEC file.

    The uncertainty is the statistical and the systematic one; it is 0 where none is stated. Models
    that continue a spectrum beyond the detector are averaged in bins of `CALSPEC_BIN`.
    """
    if archives.pypeit is None:
        raise FileNotFoundError(name)
    root = archives.pypeit.getnames()[0].split("/")[0]
    member = archives.pypeit.extractfile(f"{root}/{source.folder}/{name}.fits.gz")
    if member is None:
        raise FileNotFoundError(name)
    with fits.open(io.BytesIO(gzip.decompress(member.read()))) as hdus:
        data = hdus[1].data
        columns = [
            np.array(data[column], dtype=float)
            for column in ("WAVELENGTH", "FLUX", "STATERROR", "SYSERROR")
        ]
    wavelength, flux, noise, systematic = columns
    error = np.nan_to_num(np.hypot(noise, systematic), nan=0.0, posinf=0.0)
    _, bins = np.unique(wavelength // CALSPEC_BIN, return_inverse=True)
    number = np.bincount(bins)
    return np.array([np.bincount(bins, one) / number for one in (wavelength, flux, error)])


def rebinned(wavelength: Floats, flux: Floats, width: float) -> tuple[Floats, Floats]:
    """Return the centres and means of bins, with the integral of the flux conserved."""
    edges = np.arange(RANGE[0] + width, RANGE[1], width)
    steps = np.diff(wavelength)
    integral = np.concatenate([[0.0], np.cumsum(0.5 * (flux[1:] + flux[:-1]) * steps)])
    means = np.diff(np.interp(edges, wavelength, integral)) / width
    return edges[:-1] + width / 2, means


def uncertainty(kind: str, wavelength: Floats) -> Floats:
    """Return the fractional uncertainty (one sigma) of a reference without a stated one.

    The floors are for stars with one reference: the sets differ by 3 % (rms) from each other. They
    grow at the ends, in the bands of the atmosphere that the tables of Hamuy et al. contain, and
    towards the Balmer limit in models: that of HR 1996 is 8 % below its STIS spectrum there.
    """
    floor = {"moehler": 0.015, "calspec": 0.02, "hamuy": 0.02, "oke": 0.025}[kind]
    sigma = np.full(wavelength.size, floor)
    if kind == "calspec":
        sigma[wavelength < 4000] = 0.08
    sigma[wavelength < 3500] = np.hypot(sigma[wavelength < 3500], 0.015)
    sigma[wavelength > 9000] = np.hypot(sigma[wavelength > 9000], 0.02)
    if kind == "hamuy":
        for first, last, absorbed in TELLURIC:
            inside = (wavelength > first - 25) & (wavelength < last + 25)
            sigma[inside] = np.hypot(sigma[inside], absorbed)
    return sigma


def reference(
    archives: Archives, kind: str, name: str
) -> tuple[dict[str, Any], Floats, Floats, Floats]:
    """Return the facts of one reference, and its air wavelength, flux and uncertainty."""
    source = SOURCES[kind]
    read = read_calspec if kind == "stis" else read_table
    columns = read(archives, source, name)
    columns = columns[:, columns[0] > REFRACTION_FROM]
    wavelength, flux = columns[0], columns[1] * source.unit
    width = 0.0
    if source.vacuum:
        wavelength = to_air(wavelength)
    if kind == "moehler":
        wavelength, flux = rebinned(wavelength, flux, MOEHLER_BIN)
        width = MOEHLER_BIN
    elif kind == "hamuy":
        width = float(columns[3][0])
    kept = (wavelength >= RANGE[0]) & (wavelength <= RANGE[1]) & (flux > 0)
    if kind == "stis":
        sigma = np.zeros(wavelength.size)
        sigma[kept] = np.maximum(columns[2][kept] / flux[kept], STIS_FLOOR)
    else:
        sigma = uncertainty(kind, wavelength)
    facts = {
        "source": source.name,
        "rank": source.rank,
        "bin": width,
        "telluric_inside": kind == "hamuy",
        "paper": f"{source.paper} ({name})" if kind == "stis" else source.paper,
        "points": int(kept.sum()),
    }
    return facts, wavelength[kept], flux[kept], sigma[kept]


def read_stars() -> list[dict[str, Any]]:
    """Return the rows of ``stars.txt``."""
    stars = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, ra, dec, pm_ra, pm_dec, motion, kind, names, others = line.split("|")
        stars.append(
            {
                "name": name.strip(),
                "aliases": [alias.strip() for alias in others.split(",") if alias.strip()],
                "ra": float(ra),
                "dec": float(dec),
                "pm_ra": float(pm_ra),
                "pm_dec": float(pm_dec),
                "motion": motion.strip(),
                "kind": kind.strip(),
                "files": [one.strip() for one in names.split(",")],
            }
        )
    return stars


def arrays(archives: Archives) -> tuple[list[dict[str, Any]], dict[str, NDArray[Any]]]:
    """Return the facts of all stars and the arrays of their references, one after the other.

    Wavelengths, magnitudes (-2.5 log of the flux) and uncertainties are whole numbers of
    `WAVELENGTH_STEP`, `FLUX_STEP` and 0.001, as differences from the point before: these compress
    to a third.
    """
    stars = read_stars()
    columns: dict[str, list[NDArray[Any]]] = {"wavelength": [], "magnitude": [], "uncertainty": []}
    for star in stars:
        files = [file.split("/") for file in star.pop("files")]
        read = [reference(archives, kind, name) for kind, name in files]
        star["references"] = [facts for facts, *_ in read]
        bands = [(first, last) for first, last, _ in TELLURIC]
        spectra = [(wavelength, flux) for _, wavelength, flux, _ in read]
        halves = agreement.halves(spectra, [kind for kind, _ in files], bands)
        for (_, wavelength, flux, sigma), half in zip(read, halves, strict=True):
            magnitude = -2.5 * np.log10(flux)
            columns["wavelength"].append(np.round(wavelength / WAVELENGTH_STEP))
            columns["magnitude"].append(np.round(magnitude / FLUX_STEP))
            columns["uncertainty"].append(np.round(np.hypot(sigma, half) * 1000))
    return stars, {
        f"reference_{name}": np.concatenate([np.diff(one, prepend=0) for one in ones]).astype(
            np.int32
        )
        for name, ones in columns.items()
    }
