"""Data types of frames: kind, description from the header, spectrum and product."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag, StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from numpy.typing import NDArray

from reduction.notices import Notice


class DataType(IntEnum):
    """Stage of a file, in the order of the reduction; the JSON API uses text for it."""

    RAW = 0
    MASTER = 1
    REDUCED = 2
    EXTRACTED = 3
    WAVELENGTH = 4
    FLUX = 5
    SKY_SUBTRACTED = 6  # beside the chain: no block takes it
    SENSITIVITY = 7  # a calibration, as a master is

    @property
    def label(self) -> str:
        """The name of the stage, for display."""
        return _LABELS[self]


SHARED_TYPES = frozenset({DataType.MASTER, DataType.SENSITIVITY})
"""Calibrations that serve everybody, whoever took the frames that they are made of."""

_LABELS = {
    DataType.RAW: "Observed Raw",
    DataType.MASTER: "Master Calibration",
    DataType.REDUCED: "Reduced",
    DataType.EXTRACTED: "Extracted",
    DataType.WAVELENGTH: "Wavelength Calibrated",
    DataType.FLUX: "Flux Calibrated",
    DataType.SKY_SUBTRACTED: "Sky Subtracted",
    DataType.SENSITIVITY: "Sensitivity",
}


class FrameKind(StrEnum):
    """Purpose of a frame, judged from its header (`reduction.fits.classification`)."""

    BIAS = "bias"
    FLAT = "flat"
    ARC = "arc"
    SPECTRUM = "spectrum"
    IMAGE = "image"
    FOCUS = "focus"
    UNKNOWN = "unknown"


LAMP_KINDS = frozenset({FrameKind.ARC, FrameKind.FOCUS})
"""Kinds of frames that show a comparison lamp."""


class Technique(StrEnum):
    """Observing technique, with the terms of the manual."""

    SPECTROSCOPY = "Spectroscopy"
    IMAGING = "Imaging"
    UNKNOWN = "Unknown"


class PixelFlag(IntFlag):
    """Bits of the MASK plane; any bit of `BAD_PIXEL` makes the pixel bad for measurements."""

    BAD = 1
    SATURATED = 2
    COSMIC_RAY = 4
    NO_FLAT = 8
    INTERPOLATED = 16
    SECOND_ORDER = 32
    """Light of half the wavelength may have been added: a remark on the spectrum, no defect."""
    NO_SENSITIVITY = 64
    """Outside of the range in which the sensitivity is known: there is no flux."""


BAD_PIXEL = (
    PixelFlag.BAD
    | PixelFlag.SATURATED
    | PixelFlag.COSMIC_RAY
    | PixelFlag.NO_FLAT
    | PixelFlag.INTERPOLATED
)


def night_of(moment: dt.datetime) -> dt.date:
    """Return the observing night: the UTC date at its start (local noon at SOAR is about 16 h)."""
    return (moment - dt.timedelta(hours=15)).date()


@dataclass(frozen=True, slots=True)
class FrameDescription:
    """Normalised properties of a frame, which the index stores and calibrations are matched on.

    Text that a header lacks is ``""``; numbers that it lacks are None. Angles, gain and read noise
    are degrees, electron/ADU and electron; so are where the telescope pointed (`elevation`,
    `rotator`). `shape` is (ny, nx) of the stored image; `binning` is
    (x, y), x being the dispersion axis. `date_obs` is UTC, timezone-aware, of the shutter opening.
    """

    kind: FrameKind
    technique: Technique
    obstype: str
    object: str
    filter: str
    filter_2: str
    grating: str
    slit: str
    cam_targ: float | None
    grt_targ: float | None
    roi: str
    wavmode: str
    camera: str
    gain: float | None
    rdnoise: float | None
    binning: tuple[int, int]
    shape: tuple[int, int]
    date_obs: dt.datetime
    exptime: float
    obsra: str = ""
    obsdec: str = ""
    ra_deg: float | None = None
    dec_deg: float | None = None
    proposal: str = ""
    observation_id: str | None = None
    configuration_id: str | None = None
    block_id: str | None = None
    image_id: str | None = None
    airmass: float | None = None
    elevation: float | None = None
    rotator: float | None = None
    lamps: tuple[str, ...] = ()
    saturation_adu: float | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def night(self) -> dt.date:
        """The observing night, see `night_of`."""
        return night_of(self.date_obs)


@dataclass(slots=True)
class Spectrum:
    """A 1-D spectrum with all data that later blocks need.

    Parameters
    ----------
    flux : (n,) float64
        Background-subtracted signal, unit of the header's ``BUNIT``; NaN where there is no value.
    variance : (n,) float64
        Variance of `flux`, unit squared; ``inf`` where there is no value.
    mask : (n,) uint8
        `PixelFlag` bits.
    header : fits.Header
        Provenance (``GSP_*``), trace, aperture, physical coordinates and, once calibrated, the WCS.
    sky : (n,) float64, optional
        Background inside the aperture, same unit.
    wavelength : (n,) float64, optional
        Air wavelength of the pixel centres, ångström; None before calibration.
    arcs : (n_arcs, n) float32, optional
        The arcs of the wavelength solution, extracted along the same aperture and each resampled to
        `wavelength` with its own solution; None before calibration and for an arc itself.
    loss : (n,) float64, optional
        Fraction of the target's light outside the aperture, which `flux` does not contain; None
        where it is not known (manual extraction, lamps).
    planes : dict of str to (n,) ndarray
        Further arrays on the same axis, by the name of their extension.
    """

    flux: NDArray[np.float64]
    variance: NDArray[np.float64]
    mask: NDArray[np.uint8]
    header: fits.Header
    sky: NDArray[np.float64] | None = None
    wavelength: NDArray[np.float64] | None = None
    arcs: NDArray[np.float32] | None = None
    loss: NDArray[np.float64] | None = None
    planes: dict[str, NDArray[Any]] = field(default_factory=dict)


class ArcSide(StrEnum):
    """Where an arc stands among those of a spectrum.

    `FIRST` is the side in time of the best one, `SECOND` the other side when the exposure is to be
    bracketed; `OTHER` are those that are used only if no arc of either side can be.
    """

    FIRST = "first"
    SECOND = "second"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class OfferedArc:
    """A reduced arc that may be used: its file name, and a function that opens it.

    The function may raise a `reduction.errors.ReductionError`.
    """

    name: str
    open: Callable[[], CCDData]


@dataclass(frozen=True, slots=True)
class TriedArc:
    """An arc that was tried; `refused` says why it was not used, None when it was."""

    side: ArcSide
    name: str
    refused: Notice | None = None


@dataclass(slots=True)
class Product:
    """A product of a block, which `reduction.fits.frame_io.write` writes.

    `inputs` are the names of the inputs besides the parent (masters, arcs), `members` the raw
    frames that a master was combined from (empty: all members given to the block), `left_out` those
    that were given but not used, with the reason, `quality` the numbers shown beside the product,
    `notices` the messages for the observer. `borrows_trace`: the
    trace is that of the brighter spectrum of another frame, which was given to the block.
    `arcs` are the arcs that were tried, those of each side in the order in which they were offered.
    `siblings` are the names of the spectra whose skies the zero point of the wavelengths rests on.
    `planes` are further images of the same shape, by the name of their extension.
    """

    file_name: str
    data_type: DataType
    data: CCDData | Spectrum
    inputs: tuple[str, ...] = ()
    quality: Mapping[str, float | int | str | list[float]] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    members: tuple[Path, ...] = ()
    left_out: Mapping[Path, str] = field(default_factory=dict)
    borrows_trace: bool = False
    arcs: tuple[TriedArc, ...] = ()
    siblings: tuple[str, ...] = ()
    planes: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
