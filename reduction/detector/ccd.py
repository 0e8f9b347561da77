"""Detector arithmetic: counts of a raw frame into electrons with a variance, step by step.

Every step takes a frame and returns a new one; pixels that can't be trusted get a `PixelFlag` and a
harmless finite value, so that nothing downstream trips over NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, VarianceUncertainty
from numpy.typing import NDArray

from reduction.detector import geometry, readouts
from reduction.detector.geometry import Section
from reduction.errors import HeaderError, MissingCalibration, UnusableFrame
from reduction.fits import headers
from reduction.fits.frame_io import flags_of, variance_of
from reduction.frames import PixelFlag

Image = NDArray[np.floating[Any]]

FLAT_FLOOR = 0.1
"""Below a tenth of the typical response (outside the slit, dead) a pixel is not divided."""


def read_noise_and_gain(frame: CCDData) -> tuple[float, float]:
    """Return read noise (electron) and gain (electron/ADU).

    Raises
    ------
    HeaderError
        One is missing or can't be true: no uncertainty could be given.
    """
    values = []
    for card in (headers.RDNOISE, headers.GAIN):
        value = headers.require_number(frame.meta, card)
        if not readouts.is_plausible(value):
            raise HeaderError(
                card.keyword,
                f"{card.keyword} is {value:g}: a camera's is from {readouts.PLAUSIBLE[0]:g} to "
                f"{readouts.PLAUSIBLE[1]:g}.",
            )
        values.append(value)
    return values[0], values[1]


def cut(frame: CCDData, section: Section) -> CCDData:
    """Return the part of a frame inside `section`, its physical coordinates kept true."""
    meta = frame.meta.copy()
    geometry.shift_physical(meta, section.x0, section.y0)
    variance = variance_of(frame)
    flags = flags_of(frame)[section.slices]
    return CCDData(
        frame.data[section.slices],
        unit=frame.unit,
        uncertainty=None
        if variance is None
        else VarianceUncertainty(variance[section.slices], copy=False),
        mask=flags != 0,
        flags=flags,
        meta=meta,
    )


def overscan_level(frame: CCDData) -> tuple[float, Section] | None:
    """Return the median of the columns read without light, ADU, and which they are.

    None when the region holds none.
    """
    section = geometry.overscan_section(frame.meta, frame.shape)
    if section is None:
        return None
    level = float(np.nanmedian(frame.data[section.slices]))
    return (level, section) if np.isfinite(level) else None


def measured_read_noise(frame: CCDData) -> float | None:
    """Return the scatter of a raw frame's overscan, electron: its own read noise.

    Every column's median is taken off first, since the level runs off along the serial register.
    None without overscan or gain.
    """
    section = geometry.overscan_section(frame.meta, frame.shape)
    gain = headers.number(frame.meta, headers.GAIN)
    if section is None or gain is None:
        return None
    counts = frame.data[section.slices]
    scatter = np.median(np.abs(counts - np.median(counts, axis=0)))
    noise = 1.4826 * gain * float(scatter)
    return noise if np.isfinite(noise) else None


def bias_level(frame: CCDData, master: CCDData) -> Image:
    """Return the bias of every pixel of an untrimmed frame, ADU.

    The master's structure, moved by how much the overscan has drifted since the master was taken.

    Raises
    ------
    MissingCalibration
        The master was taken with another size or binning.
    """
    check_bias_fits(frame.meta, frame.shape, master)
    drift = 0.0
    now, then = overscan_level(frame), overscan_level(master)
    if now is not None and then is not None:
        drift = now[0] - then[0]
    level: Image = master.data + np.float32(drift)
    return level


def check_bias_fits(header: fits.Header, shape: tuple[int, int], master: CCDData) -> None:
    """Raise MissingCalibration when a raw frame has another size or binning than a master bias."""
    here, there = (headers.text(meta, headers.CCDSUM) for meta in (header, master.meta))
    if shape != master.shape or here != there:
        raise MissingCalibration(
            f"the master bias ({_size(master)}, binning {there}) does not fit the frame "
            f"({shape[1]} x {shape[0]} pixels, binning {here})."
        )


def _size(frame: CCDData) -> str:
    return f"{frame.shape[1]} x {frame.shape[0]} pixels"


def to_electrons(
    frame: CCDData, bias: Image | float, bias_variance: Image | float = 0.0
) -> CCDData:
    """Subtract a bias, multiply by the gain and give every pixel its variance.

    Parameters
    ----------
    frame : CCDData
        (ny, nx), ADU, with `flags`.
    bias, bias_variance : float or (ny, nx)
        ADU and ADU**2.

    Returns
    -------
    CCDData
        Electron; variance = read noise² + counts (not below 0) + bias variance. A pixel that is
        not finite becomes 0, flagged BAD.

    Raises
    ------
    HeaderError
        Gain or read noise are unknown.
    UnusableFrame
        No pixel is finite.
    """
    read_noise, gain = read_noise_and_gain(frame)
    flags = flags_of(frame).copy()
    data = np.subtract(frame.data, bias, dtype=np.float32)
    data *= np.float32(gain)
    bad = ~np.isfinite(data)
    if bad.any():
        if bad.all():
            raise UnusableFrame("no pixel of the frame holds a number.")
        data[bad] = 0
        flags[bad] |= np.uint8(PixelFlag.BAD)
    variance = np.maximum(data, 0)
    variance += np.multiply(bias_variance, gain**2, dtype=np.float32)
    variance += np.float32(read_noise**2)
    return CCDData(
        data,
        unit=u.electron,
        uncertainty=VarianceUncertainty(variance, copy=False),
        mask=flags != 0,
        flags=flags,
        meta=frame.meta.copy(),
    )


def divide_flat(frame: CCDData, flat: CCDData) -> CCDData:
    """Divide by a normalised flat of the same pixels, the flat's own variance carried.

    A pixel whose response is below `FLAT_FLOOR` or flagged in the flat is left as it is and flagged
    NO_FLAT.
    """
    response = flat.data
    with np.errstate(invalid="ignore"):
        unusable = ~(response > FLAT_FLOOR) | (flags_of(flat) != 0)
    flags = flags_of(frame) | unusable * np.uint8(PixelFlag.NO_FLAT)
    inverse = np.divide(1, response, out=np.ones(frame.shape, np.float32), where=~unusable)
    data = frame.data * inverse
    flat_variance = variance_of(flat)
    variance = np.zeros_like(data)
    if flat_variance is not None:
        np.multiply(flat_variance, data**2, out=variance, where=~unusable, casting="same_kind")
    own = variance_of(frame)
    assert own is not None  # to_electrons has given one
    variance += own
    variance *= inverse**2
    return CCDData(
        data,
        unit=frame.unit,
        uncertainty=VarianceUncertainty(variance, copy=False),
        mask=flags != 0,
        flags=flags,
        meta=frame.meta.copy(),
    )


def fit_flat(flat: CCDData, frame: CCDData) -> CCDData:
    """Return the part of a master flat that covers exactly the pixels of `frame`.

    Raises
    ------
    MissingCalibration
        Another binning, or the flat does not cover the frame.
    """
    offsets = []
    for axis in (1, 2):
        length, available = frame.shape[2 - axis], flat.shape[2 - axis]
        ours, theirs = (geometry.binning_along(f.meta, axis) for f in (frame, flat))
        first = geometry.to_physical(frame.meta, axis, 0.0)
        offset = float(geometry.to_logical(flat.meta, axis, first))
        whole = round(offset)
        fits_in = 0 <= whole and whole + length <= available
        if abs(ours - theirs) > 1e-6 or abs(offset - whole) > 0.01 or not fits_in:
            raise MissingCalibration(
                f"the master flat ({_size(flat)}, binning "
                f"{headers.text(flat.meta, headers.CCDSUM)}) does not cover the frame "
                f"({_size(frame)}, binning {headers.text(frame.meta, headers.CCDSUM)})."
            )
        offsets.append(whole)
    x0, y0 = offsets
    return cut(flat, Section(x0, x0 + frame.shape[1], y0, y0 + frame.shape[0]))
