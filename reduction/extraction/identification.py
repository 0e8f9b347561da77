"""Find and trace the targets of a frame; faint ones follow the trace of a brighter target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from numpy.polynomial import Polynomial

from reduction.detector.strip import HUGE
from reduction.errors import TargetNotFound, UnusableFrame
from reduction.extraction import profile_alignment, slit_profiles, targets, trace_cards, tracing
from reduction.extraction.light_profile import Model
from reduction.extraction.tracing import TraceSource
from reduction.fits import frame_io
from reduction.frames import PixelFlag
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice, notice

Brighter = Callable[[], tuple[str, fits.Header] | None]


@dataclass(frozen=True, slots=True)
class Search:
    """Search options: threshold in sigmas, most targets, degree of the trace, profile model."""

    threshold: float
    max_targets: int
    degree: int
    model: Model


def identify(
    frame: CCDData, search: Search, brighter: Brighter | None
) -> tuple[list[tracing.Trace], list[Notice]]:
    """Find and trace the targets of a reduced frame.

    A target that is too faint for its own trace gets that of the brightest target of the frame or,
    if none can be traced, that of a brighter spectrum of the same setup and night.

    Parameters
    ----------
    frame : CCDData
        With variance.
    search : Search
    brighter : callable, optional
        As in `reduction.registry.BlockInputs`.

    Returns
    -------
    traces : list of Trace
        Brightest first.
    notices : list of Notice
        One for each target that was left out.

    Raises
    ------
    TargetNotFound
        No target is found, or none can be traced.
    UnusableFrame
        Almost no pixel is usable.
    """
    blocks = blocks_of(frame)
    bend = profile_alignment.common_bend(blocks)
    traces, failures = _follow(blocks, bend, search, None)
    brightest = next((t for t in traces if not t.target.lines and not t.needs_guide), None)
    if failures or any(trace.needs_guide for trace in traces):
        guide = _guide(brighter, frame, brightest)
        if guide is not None:
            traces, failures = _follow(blocks, guide.bend, search, guide)
    if failures and not traces:
        raise failures[0]
    return traces, [
        notice(NoticeCode.TARGET_LEFT_OUT, reason=failure.notice) for failure in failures
    ]


def blocks_of(frame: CCDData) -> slit_profiles.Blocks:
    """Return the profiles along the slit of a frame, without its unusable pixels.

    Parameters
    ----------
    frame : CCDData
        (n_spatial, n_dispersion), electron, with variance and flags.

    Returns
    -------
    Blocks

    Raises
    ------
    UnusableFrame
        More than 90 % of the pixels are unusable.
    """
    variance = frame_io.variance_of(frame)
    assert variance is not None  # checked by the caller
    flags = frame_io.flags_of(frame)
    saturated = (flags & np.uint8(PixelFlag.SATURATED)) != 0
    bad = (flags & ~np.uint8(PixelFlag.SATURATED)) != 0
    planes = []
    for plane, limit in ((frame.data, HUGE), (variance, HUGE**2)):
        cleaned = plane
        if not (-limit < plane.min() and plane.max() < limit):  # also true for NaN
            with np.errstate(invalid="ignore"):
                bad |= ~(np.abs(plane) < limit)
            cleaned = np.where(bad, plane.dtype.type(0), plane)
        planes.append(cleaned)
    if np.count_nonzero(bad) > 0.9 * bad.size:
        raise UnusableFrame(NoticeCode.FRAME_UNUSABLE)
    return slit_profiles.make_blocks(planes[0], planes[1], bad, saturated)


def _follow(
    blocks: slit_profiles.Blocks,
    bend: Polynomial,
    search: Search,
    guide: tracing.Guide | None,
) -> tuple[list[tracing.Trace], list[TargetNotFound]]:
    """Find and trace the targets; failures are returned, not raised."""
    try:
        detected = targets.targets_in(
            blocks, bend, threshold=search.threshold, max_targets=search.max_targets
        )
    except TargetNotFound as error:
        return [], [error]
    return tracing.follow(blocks, bend, detected, search.degree, model=search.model, guide=guide)


def _guide(
    brighter: Brighter | None, frame: CCDData, brightest: tracing.Trace | None
) -> tracing.Guide | None:
    """Return the trace for faint targets: of the brightest target, else of another frame."""
    if brightest is not None:
        return tracing.Guide(
            brightest.polynomial - float(brightest.polynomial((frame.shape[1] - 1) / 2)),
            brightest.fwhm,
            brightest.rms,
            TraceSource.BRIGHTEST_TARGET,
            "brightest target of the frame",
        )
    named_header = None if brighter is None else brighter()
    if named_header is None:
        return None
    name, header = named_header
    return trace_cards.guide_from(name, header, frame.meta, frame.shape[1])


def notices_on(trace: tracing.Trace) -> list[Notice]:
    """Return notices about the trace of a target."""
    notices = []
    if trace.source is TraceSource.BRIGHTEST_TARGET:
        notices.append(notice(NoticeCode.TRACE_OF_BRIGHTEST))
    elif trace.source is TraceSource.OTHER_FRAME:
        notices.append(notice(NoticeCode.TRACE_OF_OTHER, file=trace.guide))
    if trace.target.lines:
        sections = len(trace.target.lines)
        notices.append(notice(NoticeCode.EMISSION_LINES_ONLY, sections=sections))
    return notices
