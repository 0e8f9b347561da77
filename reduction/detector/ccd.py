"""Basic CCD reduction: from the counts of a raw frame to flat-fielded electrons with a variance.

The arithmetic is ccdproc's, on float32 frames. This module adds what ccdproc does not know: the
detector coordinates in the header (``LTV``), the `PixelFlag` bits and the drift of the bias level.
`reduction.detector.flatfield` divides by the flat. Every function returns a new frame. A pixel
without a usable value is flagged and set to a finite value, so that NaN does not spread through
later filters and sums.

The steps log nothing in the header (``add_keyword=None``): the ``GSP_*`` cards of a product are
written by `reduction.fits.provenance`.
"""

from __future__ import annotations

from typing import Any

import ccdproc
import numpy as np
from astropy import units as u
from astropy.nddata import CCDData
from numpy.typing import NDArray

from reduction import readouts
from reduction.detector import coverage, geometry, overscan
from reduction.detector.geometry import Section
from reduction.errors import HeaderError, UnusableFrame
from reduction.fits import headers, vocabulary
from reduction.fits.frame_io import flags_of, image_frame, variance_of
from reduction.fits.vocabulary import Card
from reduction.frames import PixelFlag
from reduction.notice_codes import NoticeCode

Image = NDArray[np.floating[Any]]


def read_noise_and_gain(frame: CCDData) -> tuple[float | None, float]:
    """Return read noise and gain that the header of a frame states.

    Parameters
    ----------
    frame : CCDData
        With ``GAIN`` in its header.

    Returns
    -------
    read_noise : float or None
        Electron; None where the header has none.
    gain : float
        Electron/ADU.

    Raises
    ------
    HeaderError
        The gain is missing, or one of them is implausible.
    """
    noise = headers.number(frame.meta, vocabulary.RDNOISE)
    if noise is not None:
        _require_plausible(vocabulary.RDNOISE, noise)
    gain = headers.require_number(frame.meta, vocabulary.GAIN)
    _require_plausible(vocabulary.GAIN, gain)
    return noise, gain


def _require_plausible(card: Card, value: float) -> None:
    if not readouts.is_plausible(value):
        low, high = readouts.PLAUSIBLE
        raise HeaderError(
            NoticeCode.READOUT_IMPLAUSIBLE, keyword=card.keyword, value=value, low=low, high=high
        )


def trim(frame: CCDData, section: Section) -> CCDData:
    """Return a copy of the part of a frame inside a section.

    Parameters
    ----------
    frame : CCDData
        (ny, nx), any unit; with or without uncertainty and `PixelFlag` flags.
    section : Section
        The pixels to keep.

    Returns
    -------
    CCDData
        Shape `section.shape`; ``LTV1`` and ``LTV2`` are shifted, so that the detector coordinates
        of the pixels do not change.
    """
    trimmed: CCDData = ccdproc.trim_image(frame[section.slices], add_keyword=None)
    geometry.shift_physical(trimmed.meta, section.x0, section.y0)
    trimmed.flags = flags_of(frame)[section.slices]
    trimmed.mask = trimmed.flags != 0
    return trimmed


def overscan_level(frame: CCDData) -> tuple[float, Section] | None:
    """Return the level of the overscan.

    Parameters
    ----------
    frame : CCDData
        (ny, nx), ADU, untrimmed.

    Returns
    -------
    (float, Section) or None
        Mean of the core of its counts, ADU (`reduction.detector.distribution`), and the section it
        was taken from; None without overscan.
    """
    section = geometry.overscan_section(frame.meta, frame.shape)
    if section is None:
        return None
    level = overscan.level(frame.data[section.slices])
    return None if level is None else (level, section)


def bias_of_frame(frame: CCDData, master: CCDData) -> tuple[CCDData, Section]:
    """Return the bias of an untrimmed raw frame: the master, shifted to the frame's overscan level.

    Parameters
    ----------
    frame : CCDData
        (ny, nx), ADU, untrimmed, with detector coordinates.
    master : CCDData
        ADU, untrimmed, with its variance.

    Returns
    -------
    bias : CCDData
        (ny, nx), ADU; the master plus the drift of the overscan level since it was taken, with the
        variance of the master.
    covered : Section
        The pixels of the frame that the master covers; the bias of others is NaN.

    Raises
    ------
    MissingCalibration
        The master has another binning, or covers too little of the frame.
    """
    bias, covered = coverage.bias_on_frame(frame.meta, frame.shape, master)
    section = geometry.overscan_section(frame.meta, frame.shape)
    drift = None
    if section is not None:
        drift = overscan.drift(frame.data[section.slices], bias.data[section.slices])
    # The flags of the master are not copied: its bad pixels have the typical level, and are flagged
    # in the frame if they are bad there.
    data = bias.data + np.float32(drift or 0.0)
    return CCDData(data, unit=bias.unit, uncertainty=bias.uncertainty), covered


def subtract_bias(frame: CCDData, bias: CCDData | float) -> CCDData:
    """Subtract a bias frame or an overscan level.

    Parameters
    ----------
    frame : CCDData
        (ny, nx), ADU, with flags.
    bias : CCDData or float
        (ny, nx) of the same pixels, with or without variance; or one level. ADU.

    Returns
    -------
    CCDData
        (ny, nx), ADU, with the variance of the bias.
    """
    if isinstance(bias, CCDData):
        subtracted = ccdproc.subtract_bias(frame, bias, add_keyword=None)
    else:
        # One level for all rows: the few overscan pixels of a row would add their own noise to it.
        overscan = CCDData(np.full((1, 1), bias, dtype=np.float32), unit=frame.unit)
        subtracted = ccdproc.subtract_overscan(frame, overscan=overscan, add_keyword=None)
    subtracted.flags = flags_of(frame)
    return subtracted


def to_electrons(frame: CCDData, dark_variance: float | None = None) -> CCDData:
    """Multiply by the gain and give every pixel its variance.

    Parameters
    ----------
    frame : CCDData
        (ny, nx), ADU, bias-subtracted, with flags and the variance of the bias.
    dark_variance : float, optional
        Variance of a pixel without light, electron²; default: the header's read noise, squared.

    Returns
    -------
    CCDData
        (ny, nx), electron. Variance = read noise² + counts (not below 0) + variance of the bias. A
        pixel that is not finite becomes 0, flagged BAD.

    Raises
    ------
    HeaderError
        Gain or read noise are unknown.
    UnusableFrame
        No pixel is finite.
    """
    _, gain = read_noise_and_gain(frame)
    if dark_variance is None:
        noise = headers.require_number(frame.meta, vocabulary.RDNOISE)
    else:
        noise = float(np.sqrt(dark_variance))
    # A float32 gain, since a float64 one would turn the frame into float64.
    electrons = ccdproc.gain_correct(
        frame, u.Quantity(np.float32(gain), u.electron / u.adu), add_keyword=None
    )
    flags = flags_of(frame)
    bad = ~np.isfinite(electrons.data)
    if bad.any():
        if bad.all():
            raise UnusableFrame(NoticeCode.NO_VALID_PIXEL)
        electrons.data[bad] = 0
        flags = flags | bad * np.uint8(PixelFlag.BAD)
    deviation = ccdproc.create_deviation(
        CCDData(electrons.data, unit=electrons.unit),
        readnoise=noise * u.electron,
        disregard_nan=True,
        add_keyword=None,
    )
    variance = np.square(deviation.uncertainty.array)
    bias_variance = variance_of(electrons)
    if bias_variance is not None:
        variance += bias_variance
    return image_frame(electrons.data, variance, flags, unit=electrons.unit, meta=electrons.meta)
