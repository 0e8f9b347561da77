"""The header cards of a calibrated spectrum: linear axis, solution and matched lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from reduction.detector import geometry
from reduction.errors import HeaderError, NoWavelengthSolution
from reduction.fits import vocabulary
from reduction.fits.provenance import put
from reduction.frames import Spectrum
from reduction.notice_codes import NoticeCode
from reduction.wavelength.arc_solution import Solution
from reduction.wavelength.axis.medium import CTYPE, Medium, from_air
from reduction.wavelength.resample import linear_grid, resample

Floats = NDArray[np.float64]

MAX_TABLE = 300
_OLD_AXES = re.compile(
    r"(CTYPE|CRVAL|CRPIX|CDELT|CUNIT|CROTA|CNAME)\d|(CD|PC)\d_\d|LT[VM]\d(_\d)?|WCSDIM|WCSAXES|"
    r"WAT\d_\d{3}|DC-FLAG|WCSNAME|LONPOLE|LATPOLE|RADE?SYS|APNUM\d+"
)


@dataclass(frozen=True, eq=False)
class MatchedLines:
    """The matched lines of a solution, as recorded in the header of a product.

    Parameters
    ----------
    pixel : (n,) float64
        0-based pixel of the line on the grid of the spectrum before resampling.
    wavelength : (n,) float64
        Laboratory wavelength in air, Å.
    residual : (n,) float64
        Fitted minus laboratory wavelength, Å.
    used : (n,) bool
        False for rejected outliers.
    """

    pixel: Floats
    wavelength: Floats
    residual: Floats
    used: NDArray[np.bool_]


def pixel_edges(header: fits.Header, n: int) -> Floats:
    """Return the detector columns of the edges of a spectrum's pixels.

    Parameters
    ----------
    header : fits.Header
        With detector coordinates.
    n : int
        Number of pixels.

    Returns
    -------
    (n + 1,) float64
        0-based, unbinned.
    """
    edges = np.arange(n + 1, dtype=float) - 0.5
    return np.asarray(geometry.to_physical(header, 1, edges), dtype=float)


def set_linear_axis(header: fits.Header, first: float, step: float, medium: Medium = "air") -> None:
    """Write the linear wavelength axis (FITS WCS paper III: ``AWAV`` is the wavelength in air).

    Older axis cards and the detector coordinates, which a resampled axis lacks, are removed.
    """
    for keyword in [k for k in header if _OLD_AXES.fullmatch(k)]:
        header.remove(keyword, remove_all=True)
    header["WCSAXES"] = (1, "number of axes")
    header["CTYPE1"] = (CTYPE[medium], f"wavelength in {medium}, linear")
    put(header, "AIRORVAC", medium, f"wavelengths are in {medium}")
    header["CUNIT1"] = ("Angstrom", "unit of the axis")
    header["CRPIX1"] = (1.0, "reference pixel")
    header["CRVAL1"] = (first, "wavelength of the reference pixel")
    header["CDELT1"] = (step, "wavelength step per pixel")


def wavelength_axis(header: fits.Header, n: int) -> Floats:
    """Return the wavelengths of the pixel centres of a linear axis.

    Parameters
    ----------
    header : fits.Header
        With ``CRVAL1``, ``CDELT1`` and ``CRPIX1``.
    n : int
        Number of pixels.

    Returns
    -------
    (n,) float64
        Wavelength, Å, in the medium of the axis.

    Raises
    ------
    HeaderError
        The spectrum is not wavelength calibrated.
    """
    try:
        first, step = float(header["CRVAL1"]), float(header["CDELT1"])
        reference = float(header["CRPIX1"])
    except (KeyError, TypeError, ValueError) as error:
        raise HeaderError(
            NoticeCode.CARDS_MISSING, keyword="CRVAL1", cards=["CRVAL1", "CDELT1", "CRPIX1"]
        ) from error
    return np.asarray(first + step * (np.arange(n) + 1 - reference), dtype=float)


def write_solution(header: fits.Header, solution: Solution, n: int) -> None:
    """Write a solution, for the `n` pixels before resampling, and its matched lines.

    ``GSP_C`` are Chebyshev coefficients of the unscaled 0-based pixel, the convention of the
    published lamps. The used lines, ``GSP_WPOI`` of them, are listed first.
    """
    dense = np.linspace(0.0, n - 1.0, 50)
    columns = np.asarray(geometry.to_physical(header, 1, dense), dtype=float)
    order = solution.function.degree()
    scaled = np.polynomial.Chebyshev.fit(dense, solution.function(columns), order)
    bare = scaled.convert(domain=[-1, 1], kind=np.polynomial.Chebyshev)
    put(header, vocabulary.GSP_LAMP, solution.lamp, "comparison lamp")
    put(
        header,
        vocabulary.GSP_WRMS,
        round(solution.rms, 4),
        "rms of the wavelength solution, Angstrom",
    )
    put(header, vocabulary.GSP_WPOI, solution.n_used, "laboratory lines used")
    put(header, vocabulary.GSP_WREJ, solution.n_rejected, "laboratory lines rejected")
    put(header, vocabulary.GSP_FUNC, "Chebyshev1D", "model of the solution: pixel to air Angstrom")
    put(header, vocabulary.GSP_ORDR, order, "order of the model")
    put(header, vocabulary.GSP_NPIX, n, "pixels before resampling")
    for i, coefficient in enumerate(np.pad(bare.coef, (0, order + 1 - bare.coef.size))):
        put(header, f"{vocabulary.GSP_C}{i:03d}", float(coefficient), f"value of parameter c{i}")
    pixel = np.asarray(geometry.to_logical(header, 1, solution.pixel), dtype=float)
    sequence = np.lexsort((solution.pixel, ~solution.used))[:MAX_TABLE]
    table: list[tuple[str, float]] = []
    for i, line in enumerate(sequence, start=1):
        table.append((f"{vocabulary.GSP_P}{i:03d}", round(float(pixel[line]), 3)))
        table.append((f"{vocabulary.GSP_A}{i:03d}", round(float(solution.wavelength[line]), 4)))
        table.append((f"{vocabulary.GSP_D}{i:03d}", round(float(solution.residual[line]), 4)))
    # Appended together after the comments, since inserting a card moves all that follow it.
    header.extend(table, update=True, end=True)


def shift_between_solutions(before: fits.Header, after: fits.Header) -> tuple[float, float] | None:
    """Return by how much the wavelengths of a spectrum have changed.

    Parameters
    ----------
    before, after : fits.Header
        Two calibrated products of one extracted spectrum.

    Returns
    -------
    (float, float) or None
        Median change over the pixels, Å, and in pixels of the spectrum. None when a header has no
        solution, or when they are of spectra of another length.
    """
    n = int(after.get(vocabulary.GSP_NPIX, 0))
    if n < 2 or int(before.get(vocabulary.GSP_NPIX, 0)) != n:
        return None
    pixel = np.arange(n, dtype=float)
    old, new = (_stored_solution(header)(pixel) for header in (before, after))
    angstrom = float(np.median(new - old))
    return angstrom, angstrom / float(np.median(np.diff(new)))


def _stored_solution(header: fits.Header) -> np.polynomial.Chebyshev:
    order = int(header[vocabulary.GSP_ORDR])
    terms = [float(header[f"{vocabulary.GSP_C}{i:03d}"]) for i in range(order + 1)]
    return np.polynomial.Chebyshev(terms, domain=[-1, 1])


def matched_lines(header: fits.Header) -> MatchedLines:
    """Read the matched lines of a calibrated product; empty when it records none."""
    n_used = int(header.get(vocabulary.GSP_WPOI, 0))
    rows = []
    for i in range(1, MAX_TABLE + 1):
        keys = [
            f"{prefix}{i:03d}" for prefix in (vocabulary.GSP_P, vocabulary.GSP_A, vocabulary.GSP_D)
        ]
        if not all(key in header for key in keys):
            break
        rows.append([float(header[key]) for key in keys])
    table = np.array(rows, dtype=float).reshape(-1, 3)
    return MatchedLines(table[:, 0], table[:, 1], table[:, 2], np.arange(len(rows)) < n_used)


def apply_solution(
    spectrum: Spectrum, solution: Solution, step: float, medium: Medium = "air"
) -> Spectrum:
    """Resample a spectrum to a linear wavelength axis, conserving counts.

    Parameters
    ----------
    spectrum : Spectrum
        Extracted, with detector coordinates in its header.
    solution : Solution
        Detector column → air wavelength.
    step : float
        Å per pixel; 0 keeps the number of pixels.
    medium : {"air", "vacuum"}
        In which the axis is linear; the solution in the header is in air.

    Returns
    -------
    Spectrum
        On an evenly spaced wavelength axis, with the solution in its header.

    Raises
    ------
    NoWavelengthSolution
        The wavelengths do not increase along the spectrum.
    """
    n = spectrum.flux.size
    edges, new_edges = _axis(spectrum, solution, step, medium)
    flux, variance, mask = resample(
        spectrum.flux, spectrum.variance, spectrum.mask, edges, new_edges
    )
    header: fits.Header = spectrum.header.copy()
    write_solution(header, solution, n)
    step = float(new_edges[1] - new_edges[0])
    set_linear_axis(header, float(new_edges[0] + 0.5 * step), step, medium)
    sky = None if spectrum.sky is None else _resampled_sky(spectrum.sky, edges, new_edges)
    axis = wavelength_axis(header, new_edges.size - 1)
    loss = None
    if spectrum.loss is not None:
        loss = np.interp(axis, 0.5 * (edges[:-1] + edges[1:]), spectrum.loss)
    return Spectrum(flux, variance, mask, header, sky, axis, loss=loss)


def arc_on_axis(
    arc: Spectrum, solution: Solution, wavelength: Floats, medium: Medium = "air"
) -> NDArray[np.float32]:
    """Resample the counts of an arc to a linear wavelength axis.

    Parameters
    ----------
    arc : Spectrum
        Extracted, with detector coordinates in its header.
    solution : Solution
        Solution of the arc: detector column → air wavelength.
    wavelength : (n,) float64
        Evenly spaced pixel centres, Å in `medium`.
    medium : {"air", "vacuum"}

    Returns
    -------
    (n,) float32
        In the unit of the arc; NaN outside its range.
    """
    edges = from_air(solution.function(pixel_edges(arc.header, arc.flux.size)), medium)
    step = float(wavelength[1] - wavelength[0])
    new_edges = np.append(wavelength - 0.5 * step, wavelength[-1] + 0.5 * step)
    counts = resample(arc.flux, arc.variance, arc.mask, edges, new_edges)[0]
    return np.asarray(counts, dtype=np.float32)


def on_axis(
    spectrum: Spectrum, solution: Solution, *values: Floats
) -> tuple[Floats, tuple[Floats, ...]]:
    """Resample values on the pixels of a spectrum to a linear wavelength axis of as many pixels.

    Parameters
    ----------
    spectrum : Spectrum
        Extracted, with detector coordinates in its header.
    solution : Solution
        Detector column → air wavelength.
    *values : (n,) float64
        Counts per pixel, such as the sky; NaN where there is no value.

    Returns
    -------
    wavelength : (n,) float64
        Air wavelength, Å.
    values : tuple of (n,) float64
        Each of `values`, in its unit.

    Raises
    ------
    NoWavelengthSolution
        The wavelengths do not increase along the spectrum.
    """
    edges, new_edges = _axis(spectrum, solution, 0.0)
    wavelength = 0.5 * (new_edges[:-1] + new_edges[1:])
    return wavelength, tuple(_resampled_sky(each, edges, new_edges) for each in values)


def _axis(
    spectrum: Spectrum, solution: Solution, step: float, medium: Medium = "air"
) -> tuple[Floats, Floats]:
    """Return the edges of the spectrum's pixels, and of a linear axis inside them, Å."""
    edges = from_air(solution.function(pixel_edges(spectrum.header, spectrum.flux.size)), medium)
    if not np.all(np.diff(edges) > 0):
        raise NoWavelengthSolution(NoticeCode.SOLUTION_NOT_MONOTONIC)
    first, step, n = linear_grid(edges, step)
    return edges, np.asarray(first + step * (np.arange(n + 1) - 0.5), dtype=float)


def _resampled_sky(sky: Floats, edges: Floats, new_edges: Floats) -> Floats:
    no_noise, no_flags = np.zeros(sky.size), np.zeros(sky.size, dtype=np.uint8)
    return resample(sky, no_noise, no_flags, edges, new_edges)[0]
