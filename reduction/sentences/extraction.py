"""Sentences about extraction."""

from __future__ import annotations

from reduction.notice_codes import NoticeCode as C
from reduction.sentences.base import Sentence, reason

SENTENCES: dict[C, Sentence] = {
    C.NOT_REDUCED: "{file} is not a reduced 2-D frame.",
    C.TOO_FEW_PIXELS: "{file} has too few pixels for a spectrum.",
    C.FRAME_UNUSABLE: "Almost no pixel of the frame is usable.",
    C.APERTURE_UNUSABLE: "The aperture holds no usable pixel.",
    C.APERTURE_OUTSIDE: "The aperture lies outside the frame.",
    C.NO_TARGET: (
        "No target found along the slit: the highest peak is {highest:.1f} times the noise, "
        "{threshold:g} is required."
    ),
    C.TARGET_NOT_TRACED: (
        "The target at row {row:.0f} cannot be traced: it is detected in only {sections} of "
        "{total} sections."
    ),
    C.TARGET_LEFT_OUT: lambda p: f"Target left out. {reason(p)}",
    C.TRACE_OF_BRIGHTEST: (
        "The target is too faint to trace: the trace of the brightest target was used."
    ),
    C.TRACE_OF_OTHER: "The target is too faint to trace: the trace of {file} was used.",
    C.EMISSION_LINES_ONLY: (
        "The target shows no continuum: it was found by emission lines in {sections} sections."
    ),
    C.SLIT_FILLED: (
        "No target stands out, but the light varies over {fraction:.0%} of the slit. A source that "
        "fills the slit leaves no sky to subtract: extract it manually, without background zones. "
        "Without a flat, the illumination of the slit can look like this."
    ),
    C.TARGET_IN_BACKGROUND: (
        "The target nearly fills the slit: in the background zones it has {fraction:.0%} of its "
        "central brightness. That was subtracted with its profile, so the sky, and with it the "
        "flux, is uncertain; the uncertainties include this."
    ),
    C.TARGET_EXTENDED: (
        "The target is extended (FWHM {fwhm:.1f}″), so its aperture was summed; the pixels were "
        "not weighted with the profile of a point source."
    ),
    C.TARGET_SATURATED: (
        "The target is saturated in {fraction:.1%} of the columns. They are flagged, and without "
        "a value where most of the light is in saturated pixels."
    ),
    C.TARGET_MOSTLY_SATURATED: (
        "The target is saturated in {fraction:.0%} of the columns, which are flagged or without a "
        "value. Do not calibrate with this spectrum; expose for a shorter time."
    ),
    C.TARGET_LOST_TO_SATURATION: (
        "The target at row {row:.0f} is saturated in all columns: its light cannot be measured. "
        "Expose for a shorter time."
    ),
    C.SKY_WITH_TARGETS: lambda p: (
        "The sky was modelled on all rows, so that light of the target may be part of it. "
        f"{reason(p)}"
    ),
    C.NO_FREE_ROWS: "The targets cover all rows: there is no sky to subtract.",
    C.BACKGROUND_ONE_SIDE: "The background was measured on one side of the target only.",
    C.BACKGROUND_MOVED: "The background zones were moved closer to the target.",
    C.BACKGROUND_NOT_SUBTRACTED: (
        "No room for a background zone beside the target: no background was subtracted."
    ),
    C.BACKGROUND_ZONES_UNUSABLE: (
        "The background zones hold no usable row: no background was subtracted."
    ),
    C.MANUAL_EXTRACTION: "Manual extraction.",
    C.LAMP_DOES_NOT_COVER: (
        "The arc covers detector rows {first:.0f} to {last:.0f} only; the target is at row "
        "{row:.0f}."
    ),
}
