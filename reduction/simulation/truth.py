"""The truth about a simulated frame, stored beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reduction.simulation.detector import N_COLUMNS

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SourceTruth:
    """One source in a frame.

    Parameters
    ----------
    name, kind : str
        Object name, and a key of `reduction.simulation.sources.SPECTRA`.
    trace : (nx,) float64
        Binned row (0-based, integer at the pixel centre) of the source at each binned column.
    fwhm, beta : float
        Moffat profile along the slit; `fwhm` in unbinned rows.
    electrons : (4142,) float64
        Electrons per unbinned column on the middle row (the columns of `Truth.wavelength`), summed
        over an infinite slit, blurred by the line spread function, before slit illumination and
        pixel response, without the sky.
    electrons_per_angstrom : (4142,) float64
        `electrons` divided by the dispersion.
    flux : (4142,) float64
        Above the atmosphere, erg/s/cm²/Å, blurred by the line spread function. Empty, as the next,
        for a plan without weather.
    slit_transmission : (4142,) float64
        Fraction of the light that passes between the jaws of the slit.
    """

    name: str
    kind: str
    trace: Floats
    fwhm: float
    beta: float
    electrons: Floats
    electrons_per_angstrom: Floats
    flux: Floats = field(default_factory=lambda: np.empty(0))
    slit_transmission: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, eq=False)
class Truth:
    """Truth of one frame; columns are unbinned raw columns, 0-based, integer at the pixel centre.

    Parameters
    ----------
    file_name, kind : str
        The frame; `kind` is ``bias``, ``flat``, ``arc`` or ``science``.
    shape : (int, int)
        Raw image shape (ny, nx).
    binning : (int, int)
        Columns and rows per pixel.
    first_row : int
        Unbinned row of the full region of interest at which the image begins.
    gain, rdnoise : float
        electron/ADU and electron.
    bias_level : float
        Level of this read, ADU, without the bias structure of the detector (in the detector's
        file).
    flexure : float
        Columns by which the light of this frame is displaced, by flexure and by its slit mask;
        included in all positions.
    row_shift : (ny,) float64
        Columns by which each row is displaced relative to the middle row, by tilt and bow.
    wavelength : (4142,) float64
        Air wavelength, Å, of every column on the middle row: at row r and column x the wavelength
        is that at ``x − row_shift[r]``. Empty for a bias.
    illumination : (ny,) float64
        Fraction of the light that each row of the slit transmits.
    light : (4142,) float64
        Electrons per column and unbinned row of the light that fills the slit (quartz, lamp or
        sky), blurred, before illumination and response.
    scattered : float
        Electrons per pixel of the scattered light added to a flat.
    line_wavelength, line_column, line_electrons : (n_lines,) float64
        Lines of an arc, or of the sky: laboratory air Å, column on the middle row, electrons per
        unbinned row.
    sources : tuple of SourceTruth
        Science frames only.
    airmass : float
        At mid-exposure; 0 without weather, and so are the next.
    cloud : float
        Fraction of the light that clouds let through.
    sensitivity : (4142,) float64
        Electrons per s and Å, above the atmosphere, per erg/s/cm²/Å, before the slit and its
        illumination: what a wide slit at its most open row would measure.
    extinction : (4142,) float64
        Magnitudes per airmass, without the bands of O2 and H2O.
    bands : (4142,) float64
        Transmission of these bands, blurred by the line spread function.
    cosmic_index, cosmic_electrons : (n,)
        Flat pixel index, and charge deposited by cosmic rays, electron.
    n_saturated : int
        Pixels clipped by the converter.
    """

    file_name: str
    kind: str
    shape: tuple[int, int]
    binning: tuple[int, int]
    first_row: int
    gain: float
    rdnoise: float
    bias_level: float
    cosmic_index: NDArray[np.int64]
    cosmic_electrons: Floats
    n_saturated: int
    flexure: float = 0.0
    scattered: float = 0.0
    row_shift: Floats = field(default_factory=lambda: np.empty(0))
    wavelength: Floats = field(default_factory=lambda: np.empty(0))
    illumination: Floats = field(default_factory=lambda: np.empty(0))
    light: Floats = field(default_factory=lambda: np.empty(0))
    line_wavelength: Floats = field(default_factory=lambda: np.empty(0))
    line_column: Floats = field(default_factory=lambda: np.empty(0))
    line_electrons: Floats = field(default_factory=lambda: np.empty(0))
    sources: tuple[SourceTruth, ...] = ()
    airmass: float = 0.0
    cloud: float = 0.0
    sensitivity: Floats = field(default_factory=lambda: np.empty(0))
    extinction: Floats = field(default_factory=lambda: np.empty(0))
    bands: Floats = field(default_factory=lambda: np.empty(0))

    def cosmic_ray_mask(self, least: float = 0.0) -> NDArray[np.bool_]:
        """Return the pixels with charge from cosmic rays.

        Parameters
        ----------
        least : float
            Electrons that a pixel must exceed.

        Returns
        -------
        (ny, nx) bool
        """
        mask = np.zeros(self.shape, dtype=bool)
        mask.ravel()[self.cosmic_index[self.cosmic_electrons > least]] = True
        return mask

    def wavelength_at(self, column: Floats, row: int | None = None) -> Floats:
        """Return the wavelength of pixels.

        Parameters
        ----------
        column : ndarray of float
            Binned columns, 0-based, any shape.
        row : int, optional
            Binned row; the middle row when None.

        Returns
        -------
        ndarray of float64
            Air wavelength, Å, of the same shape.
        """
        unbinned = self.binning[0] * np.asarray(column) + (self.binning[0] - 1) / 2
        shift = 0.0 if row is None else self.row_shift[row]
        return np.interp(unbinned - shift, np.arange(N_COLUMNS), self.wavelength)

    def save(self, path: Path) -> None:
        """Write the truth to an npz file: arrays, and `facts`, the other fields as JSON."""
        facts: dict[str, object] = {}
        arrays: dict[str, NDArray[np.generic]] = {}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if isinstance(value, np.ndarray):
                arrays[name] = value
            elif name != "sources":
                facts[name] = value
        listed = []
        for n, source in enumerate(self.sources):
            arrays |= {f"source_{n}_{key}": getattr(source, key) for key in _SOURCE_ARRAYS}
            listed.append({key: getattr(source, key) for key in ("name", "kind", "fwhm", "beta")})
        facts["sources"] = listed
        with path.open("wb") as stream:
            np.savez(stream, allow_pickle=False, facts=np.array(json.dumps(facts)), **arrays)


_SOURCE_ARRAYS = ("trace", "electrons", "electrons_per_angstrom", "flux", "slit_transmission")


def load_truth(path: Path) -> Truth:
    """Read a file written by `Truth.save`."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    facts = json.loads(str(arrays.pop("facts")))
    sources = tuple(
        SourceTruth(**source, **{key: arrays.pop(f"source_{n}_{key}") for key in _SOURCE_ARRAYS})
        for n, source in enumerate(facts.pop("sources"))
    )
    facts |= {"shape": tuple(facts["shape"]), "binning": tuple(facts["binning"])}
    return Truth(**facts, **arrays, sources=sources)
