"""The arc of a calibrated spectrum: its counts, lines, residuals and model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reduction.errors import NoWavelengthSolution
from reduction.fits import vocabulary
from reduction.frames import Spectrum
from reduction.lines.lamps import library
from reduction.lines.line_list import spectra_of
from reduction.wavelength import spectral_wcs
from reduction.wavelength.axis.medium import medium_of, to_air

Floats = NDArray[np.float64]

SAME_LINE = 0.02
"""Largest difference between a matched wavelength and a listed line, Å; else it is a blend."""
MOST_ARCS = 2


@dataclass(frozen=True, eq=False)
class ArcReport:
    """The arc of a wavelength solution.

    Parameters
    ----------
    wavelength : (n,) float64
        The spectrum's axis, air Å.
    arcs : (k, n) float
        Counts of each arc on that axis; k is 0 for products that contain no arc.
    names : tuple of str
        The arcs' file names; empty when the spectrum is the arc itself.
    lines : MatchedLines
        The lines of the fit.
    species : tuple of str
        Emitter of each line (``Ne I``); ``blend`` for a blend of several.
    lamp, function : str
        The lamp, and a description of the model.
    rms : float
        Of the used lines about the model, Å.
    sky_offset, sky_error : float or None
        Measured minus true wavelength of the sky's features, and its uncertainty, Å.
    sky_corrected : bool
        Whether the solution was corrected by it.
    """

    wavelength: Floats
    arcs: NDArray[np.float64]
    names: tuple[str, ...]
    lines: spectral_wcs.MatchedLines
    species: tuple[str, ...]
    lamp: str
    function: str
    rms: float
    sky_offset: float | None
    sky_error: float | None
    sky_corrected: bool


def arc_report(spectrum: Spectrum) -> ArcReport | None:
    """Return the data of the arc that a calibrated spectrum contains.

    Parameters
    ----------
    spectrum : Spectrum
        Its header records the solution and the matched lines.

    Returns
    -------
    ArcReport or None
        None before calibration.
    """
    header = spectrum.header
    if spectrum.wavelength is None or vocabulary.GSP_WRMS not in header:
        return None
    keys = [f"{vocabulary.GSP_ARC}{i}" for i in range(1, MOST_ARCS + 1)]
    names = tuple(str(header[key]) for key in keys if key in header)
    if spectrum.arcs is not None:
        arcs = np.asarray(spectrum.arcs, dtype=float)
    else:  # an arc is its own arc; an older product contains none
        arcs = np.empty((0, spectrum.flux.size)) if names else spectrum.flux[None, :]
    lines = spectral_wcs.matched_lines(header)
    lamp = str(header.get(vocabulary.GSP_LAMP, ""))
    function = str(header.get(vocabulary.GSP_FUNC, "")).removesuffix("1D")
    comment = str(header.comments[vocabulary.GSP_SKYO]) if vocabulary.GSP_SKYO in header else ""
    in_vacuum = medium_of(header) == "vacuum"  # the laboratory lines are in air
    return ArcReport(
        wavelength=to_air(spectrum.wavelength) if in_vacuum else spectrum.wavelength,
        arcs=arcs,
        names=names,
        lines=lines,
        species=_species(lines.wavelength, lamp),
        lamp=lamp,
        function=f"{function} polynomial of order {header.get(vocabulary.GSP_ORDR, '?')}",
        rms=float(header[vocabulary.GSP_WRMS]),
        sky_offset=_number(header.get(vocabulary.GSP_SKYO)),
        sky_error=_number(header.get(vocabulary.GSP_SKYE)),
        sky_corrected=comment.endswith(" corrected") and not comment.endswith("not corrected"),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _species(wavelength: Floats, lamp: str) -> tuple[str, ...]:
    """Name the emitter of each laboratory wavelength, Å."""
    try:
        emitted = spectra_of(lamp)
    except NoWavelengthSolution:
        emitted = ()
    listed = library()
    of_lamp = np.isin(listed.line_spectrum, emitted)
    table, names = listed.line_wavelength[of_lamp], listed.line_spectrum[of_lamp]
    species = []
    for line in wavelength:
        near = int(np.argmin(np.abs(table - line))) if table.size else -1
        same = near >= 0 and abs(table[near] - line) <= SAME_LINE
        species.append(str(names[near]) if same else "blend")
    return tuple(species)
