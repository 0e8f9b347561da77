"""The part of a frame that its masters cover, in detector coordinates: pixels are never shifted."""

from __future__ import annotations

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData, VarianceUncertainty

from reduction.detector import geometry
from reduction.detector.geometry import Section
from reduction.errors import MissingCalibration
from reduction.fits import headers, vocabulary
from reduction.fits.frame_io import variance_of
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice

LEAST_SHARED = 0.9
"""Least part of a frame that a master must cover."""


def misfit(
    header: fits.Header, shape: tuple[int, int], master: CCDData, role: str
) -> MissingCalibration:
    """Return the error that a master does not fit a frame."""
    return MissingCalibration(
        NoticeCode.MASTER_DOES_NOT_FIT,
        role=role,
        size=geometry.size_text(master.shape),
        binning=headers.text(master.meta, vocabulary.CCDSUM),
        frame_size=geometry.size_text(shape),
        frame_binning=headers.text(header, vocabulary.CCDSUM),
    )


def check_binning(header: fits.Header, shape: tuple[int, int], bias: CCDData) -> None:
    """Check that a master bias has the binning of a raw frame.

    Raises
    ------
    MissingCalibration
        It has not.
    """
    one, other = (headers.text(meta, vocabulary.CCDSUM) for meta in (header, bias.meta))
    if one != other:
        raise misfit(header, shape, bias, "master bias")


def covered_part(
    header: fits.Header, shape: tuple[int, int], section: Section, master: CCDData, role: str
) -> Section:
    """Return the part of a section of a raw frame that a master covers.

    Parameters
    ----------
    header : fits.Header
        Of the raw frame, with detector coordinates.
    shape : (int, int)
        Rows and columns of the raw frame.
    section : Section
        In pixels of the raw frame.
    master : CCDData
        With detector coordinates.
    role : str
        Role of the master, for messages.

    Raises
    ------
    MissingCalibration
        Another binning, or the master covers less than `LEAST_SHARED` of the section.
    """
    shared = geometry.shared_part(header, shape, master.meta, master.shape)
    part = section if shared is None else section.within(shared[0])
    if shared is None or part.size < LEAST_SHARED * section.size:
        raise misfit(header, shape, master, role)
    return part


def bias_on_frame(
    header: fits.Header, shape: tuple[int, int], master: CCDData
) -> tuple[CCDData, Section]:
    """Return a master bias on the pixels of a raw frame, and the part of the frame it covers.

    A master without detector coordinates, of an older release, must have the size of the frame.

    Parameters
    ----------
    header : fits.Header
        Of the raw frame, with detector coordinates.
    shape : (int, int)
        Rows and columns of the raw frame.
    master : CCDData
        (ny, nx), ADU, untrimmed.

    Returns
    -------
    bias : CCDData
        Of the shape of the frame; NaN, with an infinite variance, where it is not covered.
    covered : Section
        In pixels of the frame.

    Raises
    ------
    MissingCalibration
        Another binning, or less than `LEAST_SHARED` of the frame is covered.
    """
    role = "master bias"
    check_binning(header, shape, master)
    whole = Section(0, shape[1], 0, shape[0])
    if "LTV1" not in master.meta:
        if shape != master.shape:
            raise misfit(header, shape, master, role)
        return master, whole
    shared = geometry.shared_part(header, shape, master.meta, master.shape)
    if shared is None or shared[0].size < LEAST_SHARED * whole.size:
        raise misfit(header, shape, master, role)
    part, source = shared
    if part == whole and master.shape == shape:
        return master, whole
    data = np.full(shape, np.nan, np.float32)
    data[part.slices] = master.data[source.slices]
    variance = variance_of(master)
    uncertainty = None
    if variance is not None:
        spread = np.full(shape, np.inf, np.float32)
        spread[part.slices] = variance[source.slices]
        uncertainty = VarianceUncertainty(spread, copy=False)
    return CCDData(data, unit=master.unit, uncertainty=uncertainty, meta=master.meta), part


def image_part(
    frame: CCDData, covered: Section, flat: CCDData | None
) -> tuple[Section, list[Notice]]:
    """Return the part of a raw frame that holds an image and that its masters cover.

    Parameters
    ----------
    frame : CCDData
        Untrimmed, with detector coordinates.
    covered : Section
        The part that the master bias covers, in pixels of the frame.
    flat : CCDData or None
        Master flat, with detector coordinates.

    Returns
    -------
    section : Section
        In pixels of the frame.
    notices : list of Notice
        What is lost, and a ``TRIMSEC`` that was not used.

    Raises
    ------
    MissingCalibration
        A master has another binning, or covers too little of the frame.
    """
    lit = geometry.image_section(frame.meta, frame.shape)
    notices = []
    stale = geometry.stale_section(frame.meta, frame.shape)
    if stale is not None:
        notices.append(notice(NoticeCode.TRIM_NOT_USED, stated=stale, used=str(lit)))
    parts = {"master bias": lit.within(covered)}
    if flat is not None:
        role = "master flat"
        parts[role] = covered_part(frame.meta, frame.shape, lit, flat, role)
    section = lit
    for role, part in parts.items():
        rows, columns = (whole - kept for whole, kept in zip(lit.shape, part.shape, strict=True))
        if rows or columns:
            lost = {"rows": rows, "columns": columns, "role": role}
            notices.append(notice(NoticeCode.PART_NOT_COVERED, **lost))
        section = section.within(part)
    return section, notices
