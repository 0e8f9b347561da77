"""Sentences about reduction and masters."""

from __future__ import annotations

from reduction.difference_text import QUANTITIES, value_text
from reduction.differences import Difference
from reduction.notice_codes import NoticeCode as C
from reduction.sentences.base import Params, Sentence, reason


def _reasons(params: Params) -> str:
    return ", ".join(params["reasons"])


def _frames_differ(params: Params) -> str:
    differs = Difference.from_json(params["difference"])
    found, wanted = (value_text(differs.quantity, v) for v in (differs.found, differs.wanted))
    return (
        f"{params['file']} cannot be combined with {params['reference']}: "
        f"{QUANTITIES[differs.quantity]} {found} instead of {wanted}"
    )


SENTENCES: dict[C, Sentence] = {
    C.NOT_TWO_DIMENSIONAL: "{file} is not a 2-D frame.",
    C.PIXELS_SATURATED: "{fraction:.0%} of the pixels are saturated: the frame cannot be used.",
    C.PIXELS_WITHOUT_NUMBER: (
        "{fraction:.0%} of the pixels hold no number: the frame cannot be used."
    ),
    C.NO_VALID_PIXEL: "No pixel of the frame holds a number.",
    C.NO_VARIANCE: "The frame has no variance: it was not reduced here.",
    C.MASTER_DOES_NOT_FIT: (
        "The {role} ({size} pixels, binning {binning}) does not fit the frame "
        "({frame_size} pixels, binning {frame_binning})."
    ),
    C.NO_BIAS_LEVEL: "No overscan in this region: no bias level was subtracted.",
    C.READ_NOISE_DIFFERS: (
        "Read noise measured ({source}): {measured:.2f} e⁻; the header says {stated:g} e⁻. The "
        "measured value is used."
    ),
    C.READ_NOISE_NOT_USED: (
        "Read noise measured ({source}): {measured:.2f} e⁻; the header says {stated:g} e⁻. They "
        "differ too much: the header's value is used. Check the gain and the electronics."
    ),
    C.TRIM_NOT_USED: "TRIMSEC {stated} does not describe this frame: trimmed to {used}.",
    C.PART_NOT_COVERED: (
        "{rows} rows and {columns} columns at the edges are not in the {role}: the frame is "
        "reduced to the part that both have."
    ),
    C.COSMIC_RAYS_TOO_MANY: (
        "{found} cosmic rays were found, but in this exposure time there are at most {most}: the "
        "frame shows sharp structure, such as a slit or a lamp. No pixel was flagged."
    ),
    C.COSMIC_RAYS_PROTECTED: (
        "{count} pixels that resemble cosmic rays follow a row or a column: they belong to the "
        "scene and were not flagged."
    ),
    C.TOO_FEW_FRAMES: "Only {found} of {needed} frames for a {role}.",
    C.FRAMES_DIFFER: _frames_differ,
    C.FLATS_SATURATED: (
        "All {count} flats are saturated: at least {least:.1f} % of their pixels, {allowed:g} % "
        "is allowed."
    ),
    C.FLATS_LEFT_OUT: (
        "{count} of {total} flats left out: more than {allowed:g} % of their pixels are saturated."
    ),
    C.FLATS_WITHOUT_LIGHT: "No flat of the {count} given shows light.",
    C.MEMBERS_LEFT_OUT: (
        lambda p: (
            f"{p['count']} of {p['total']} frames left out of the {p['role']}: they differ from "
            f"the others ({_reasons(p)})."
        )
    ),
    C.MEMBERS_DISAGREE: (
        lambda p: (
            f"No {p['role']}: {p['count']} of {p['total']} frames cannot be used "
            f"({_reasons(p)}), and too few are left to decide which are right."
        )
    ),
    C.MASTER_UNCONFIRMED: (
        "The {role} is made of {count} frames only: a wrong frame cannot be recognised."
    ),
    C.MEMBER_REJECTED: "{file} was not used for the {role}: it differs from the others ({misfit}).",
    C.LEVEL_CHANGED: (
        "The level of the {role} is {level:.1f} ADU; that of {file}, the one before, is "
        "{previous:.1f} ADU."
    ),
    C.MASTER_REMARK: lambda p: f"{p['role'].capitalize()} {p['file']}: {reason(p)}",
    C.MASTER_FAILED: lambda p: f"The {p['role']} of this setup failed: {reason(p)}",
    C.FRAME_NOT_ACCEPTED: (
        "{file} is not used for shared masters until staff accepts it: it was uploaded, or its "
        "kind was changed by hand."
    ),
    C.FRAME_ACCEPTED: "{person} accepted {file} for shared calibrations.",
    C.FLAT_WITHOUT_LIGHT: "{file} shows no light: it is not a flat.",
    C.FLAT_DARK: "The flat shows no light.",
    C.FLAT_COLOUR_NOT_FITTED: "The flat has no light to fit the colour of the lamp to.",
}
