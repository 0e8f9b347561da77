"""Sentences about wavelength calibration."""

from __future__ import annotations

from reduction.notice_codes import NoticeCode as C
from reduction.sentences.base import Params, Sentence, listed, of_file, reason


def _sky_corrected(params: Params) -> str:
    return (
        f"Wavelengths corrected by {-params['offset']:+.1f} ± {params['error']:.1f} Å to match "
        f"{_SKIES[params['features']]}. Check before use"
    )


def _sky_offset(params: Params) -> str:
    return (
        f"Wavelengths differ from {_SKIES[params['features']]} by {params['offset']:+.1f} ± "
        f"{params['error']:.1f} Å and were not corrected. Check before use"
    )


_SKIES = {"airglow": "the airglow lines", "solar": "the solar lines of the sky"}


def _slit_text(name: str) -> str:
    return "an unknown slit" if name == "unknown" else f"the slit {name}"


def _slits_differ(params: Params) -> str:
    return (
        f"The arc was taken through {_slit_text(params['arc_slit'])}, the spectrum through "
        f"{_slit_text(params['slit'])}; slits are displaced from each other along the dispersion"
    )


def _slit_wider_than_target(params: Params) -> str:
    return (
        f"The target does not fill {_slit_text(params['slit'])}. If it was not centred, its "
        f"wavelengths are shifted by up to {params['offset']:.1f} Å against those of the sky"
    )


def _zero_point_from_siblings(params: Params) -> str:
    number = len(params["files"])
    spectra = f"{number} other spectra" if number > 1 else "another spectrum"
    return (
        f"Wavelengths corrected by {-params['offset']:+.1f} ± {params['error']:.1f} Å, measured on "
        f"the sky of {spectra} of this night, since the sky of this one is too faint. "
        "Check before use"
    )


def _zero_point_learnt(params: Params) -> str:
    nights = params["nights"]
    count = "an earlier night" if nights == 1 else f"{nights} earlier nights"
    return (
        f"Wavelengths corrected by {-params['offset']:+.1f} ± {params['error']:.1f} Å, the offset "
        f"of these two slits in {params['number']} spectra of {count}, the last of "
        f"{params['last']}, since no sky of this night shows it. Check before use"
    )


def _zero_point_from_arc(params: Params) -> str:
    return (
        f"No feature of the sky confirms the wavelengths, which may be shifted by flexure: "
        f"± {params['error']:.1f} Å (one sigma). An arc at the position of the target would "
        "confirm them"
    )


def _zero_point_uncertain(params: Params) -> str:
    if params["arc_slit"] == params["slit"]:
        cause = "The wavelengths were not corrected"
    else:
        cause = (
            f"The arc was taken through {_slit_text(params['arc_slit'])}, the spectrum through "
            f"{_slit_text(params['slit'])}, and nothing shows their offset"
        )
    return (
        f"Zero point of the wavelengths uncertain by up to {params['limit']:.0f} Å. {cause}. "
        "Calibrate with an arc taken through the slit of the spectrum"
    )


def _no_arc_solved(params: Params) -> str:
    return f"No solution from any of {len(params['files'])} arcs. {of_file(params)}"


SENTENCES: dict[C, Sentence] = {
    C.ARC_MISSING: "No arc for {file}.",
    C.ARC_SETUP_DIFFERS: lambda p: f"{p['file']} has another setup: {listed(p)}.",
    C.GRATING_OUT_OF_RANGE: (
        "Grating {grating} at camera angle {cam_targ:g}° and grating angle {grt_targ:g}° would "
        "centre {centre:.0f} Å, outside the range of the spectrograph."
    ),
    C.GRATING_UNKNOWN: "The groove density of grating {grating} is not known.",
    C.LAMP_UNKNOWN: "No line list for the lamp {lamp}; known lamps are {known}.",
    C.ELEMENT_UNKNOWN: "No laboratory lines are known for {element}.",
    C.LAMP_NOT_IDENTIFIED: (
        "The header of the arc names no lamp, and no known lamp matches its lines."
    ),
    C.LAMP_GUESSED: "The header of the arc names no lamp; its lines match {lamp}.",
    C.ARC_WITHOUT_PIXELS: "The arc has no usable pixel along the aperture.",
    C.ARC_WITHOUT_LINES: "The arc shows {lines} emission lines. Was the lamp on?",
    C.NO_SHIFT_FITS: (
        "No shift of the {lamp} line list matches the {lines} lines of this arc (grating "
        "{grating}, camera angle {cam_targ:g}°, grating angle {grt_targ:g}°)."
    ),
    C.TOO_FEW_LINES: (
        "No wavelength solution from this {lamp} arc: {found} laboratory lines identified, "
        "{needed} are required."
    ),
    C.BRIGHT_LINES_UNEXPLAINED: (
        "No wavelength solution from this {lamp} arc: bright lines identified: {fraction:.0%}. "
        "Check the lamp and the grating angle."
    ),
    C.PUBLISHED_LINES_ABSENT: (
        "No wavelength solution from this {lamp} arc: it shows {fraction:.0%} of the brightest "
        "lines of that lamp. Check the lamp."
    ),
    C.AGREEMENT_BY_CHANCE: (
        "No wavelength solution from this {lamp} arc: the lines agree hardly better than by chance."
    ),
    C.LINES_SCATTER: (
        "No wavelength solution from this {lamp} arc: the lines scatter by {widths:.2f} of their "
        "width."
    ),
    C.LINES_COVER_TOO_LITTLE: (
        "No wavelength solution from this {lamp} arc: its lines cover only {fraction:.0%} of the "
        "detector, which leaves the ends uncertain."
    ),
    C.ORDER_TOO_LOW: (
        "A polynomial of order {order} leaves {rms:.2f} Å rms on {lines} lines. Raise the order."
    ),
    C.SOLUTION_NOT_MONOTONIC: "The wavelength solution is not monotonic over the spectrum.",
    C.ARC_NOT_USED: lambda p: f"The arc {p['file']} was not used. {reason(p)}",
    C.NO_ARC_SOLVED: _no_arc_solved,
    C.ENDS_UNCERTAIN: (
        "The arc lines cover {first:.0f}–{last:.0f} Å. Beyond them the wavelengths may be off by "
        "{offset:.2f} Å."
    ),
    C.SKY_CORRECTED: _sky_corrected,
    C.SECOND_ORDER: lambda p: (
        f"From {p['first']:.0f} to {p['last']:.0f} Å light of half the wavelength may be added in "
        f"second order (filter: {p['filters'] or 'none'}); the pixels are flagged."
    ),
    C.SECOND_ORDER_UNKNOWN: (
        "Whether light of half the wavelength is added in second order redwards of 6400 Å cannot "
        "be judged: the filter {filters} is not known."
    ),
    C.SKY_OFFSET: _sky_offset,
    C.SLITS_DIFFER: _slits_differ,
    C.SLIT_WIDER_THAN_TARGET: _slit_wider_than_target,
    C.ZERO_POINT_FROM_SIBLINGS: _zero_point_from_siblings,
    C.ZERO_POINT_LEARNT: _zero_point_learnt,
    C.ZERO_POINT_FROM_ARC: _zero_point_from_arc,
    C.ZERO_POINT_UNCERTAIN: _zero_point_uncertain,
}
