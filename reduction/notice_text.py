"""The sentences of all notices.

FITS cards, logs, pages and API call `text` when they write or show a notice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reduction.difference_text import QUANTITIES, differences_text, taken_with, value_text
from reduction.differences import Difference, Quantity
from reduction.notice_codes import NoticeCode
from reduction.notices import Notice

Params = Mapping[str, Any]

ROLES = {
    "master bias": "bias",
    "master flat": "flat",
    "arc lamp": "arc",
    "second arc lamp": "second arc",
}
"""Short names of `reduction.registry.CalibrationRole`."""


def text(notice: Notice) -> str:
    """Return the sentence of a notice; it ends with a full stop."""
    sentence = SENTENCES[notice.code]
    params = notice.params
    words = sentence.format(**params) if isinstance(sentence, str) else sentence(params)
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def texts(notices: Sequence[Notice]) -> list[str]:
    """Return the sentences of notices."""
    return [text(notice) for notice in notices]


def _differences(params: Params) -> list[Difference]:
    return [Difference.from_json(stored) for stored in params["differences"]]


def _listed(params: Params) -> str:
    return differences_text(_differences(params))


def _role(params: Params) -> str:
    return ROLES.get(params["role"], str(params["role"]))


def _reason(params: Params) -> str:
    """Return the sentence of the notice inside a notice, "" without one."""
    reason = params["reason"]
    return text(Notice.from_json(reason)) if reason else ""


def _folder(params: Params) -> str:
    """Return the name of a folder, without its path where that is not shown."""
    folder = params["folder"]
    return f"The folder {folder} of raw frames" if folder else "A folder of raw frames"


def _of_file(params: Params) -> str:
    """Return the inner sentence, preceded by the file unless it names it."""
    named = params["reason"]["params"].get("file") == params["file"]
    return _reason(params) if named else f"{params['file']}: {_reason(params)}"


def _not_raw(params: Params) -> str:
    made_by = f" of the {params['pipeline']} pipeline" if params["pipeline"] else ""
    return (
        f"This is a product{made_by} and not a raw frame: {params['keyword']} = {params['value']!r}"
    )


def _several_files(params: Params) -> str:
    first = text(Notice.from_json(params["reason"]))
    further = params["count"] - 1
    shown = params["files"][1:]
    rest = ", and others" if further > len(shown) else ""
    named = f": {', '.join(shown)}{rest}" if shown else ""
    return f"{first} The same holds for {further:,} more{named}"


def _cards(params: Params) -> str:
    return " or ".join(params["cards"])


def _keywords(params: Params) -> str:
    return ", ".join(params["keywords"])


def _reasons(params: Params) -> str:
    return ", ".join(params["reasons"])


def _degraded(params: Params) -> str:
    return f"{_role(params).capitalize()} taken {taken_with(_differences(params))}"


def _no_calibration(params: Params) -> str:
    setup = params["setup"]
    shown = ", ".join(
        f"{QUANTITIES[Quantity(name)]} {value_text(Quantity(name), value)}"
        for name, value in setup.items()
    )
    what = "setup" if "grating" in setup or "filter" in setup else "read-out"
    words = f"No {_role(params)} with this {what} ({shown})."
    if params["nearest"] is None:
        return words
    return f"{words} Nearest: {params['nearest']}, {_listed(params)}"


def _master_too_small(params: Params) -> str:
    return (
        f"No {params['role']} of {params['needed']} frames, as the proposal requires; "
        f"{params['file']} has {params['found']}"
    )


def _without(params: Params) -> str:
    consequences = {
        "master bias": "the overscan level was subtracted instead",
        "master flat": "the frame was not flat-fielded",
    }
    role = str(params["role"])
    return f"No {role}: {consequences[role]}" if role in consequences else f"Made without {role}"


def _frames_differ(params: Params) -> str:
    differs = Difference.from_json(params["difference"])
    found, wanted = (value_text(differs.quantity, v) for v in (differs.found, differs.wanted))
    return (
        f"{params['file']} cannot be combined with {params['reference']}: "
        f"{QUANTITIES[differs.quantity]} {found} instead of {wanted}"
    )


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


def _under_way(params: Params) -> str:
    return f"{params['block']}: {params['step'] or 'starting'}"


def _run_waiting(params: Params) -> str:
    return f"{params['block']}: {_reason(params) or 'waiting'}"


def _run_failed(params: Params) -> str:
    return f"{params['block']} failed: {_reason(params)}".removesuffix(": ")


def _newer_calibration(params: Params) -> str:
    named = ", ".join(params["files"])
    words = f"A newer calibration is available: {named}" if named else "It can be improved"
    made = f"{words}. This was made from {params['ancestor']}" if params["ancestor"] else words
    return f"{made}. Recalibrate"


_MISSING = {
    "after": "the arc after this exposure has not come yet",
    "before": "the arc before this exposure has not come yet",
    "night": "no arc of this night has come yet",
    "nearer": "a nearer arc may still be taken",
    "reduced": "a nearer arc is being reduced",
}


def _provisional(params: Params) -> str:
    what = _MISSING.get(params["missing"], "a nearer arc may still come")
    return f"{what[0].upper()}{what[1:]}; the wavelengths will be updated automatically"


def _recalibrated(params: Params) -> str:
    made = f"{params['file']} was updated, now with {' and '.join(params['inputs'])}"
    if params["shift"] is None:
        return made
    return f"{made}: shift {params['shift']:.2f} Å ({params['pixels']:.2f} pixel)"


def _no_arc_solved(params: Params) -> str:
    return f"No solution from any of {len(params['files'])} arcs. {_of_file(params)}"


def _file_run_failed(params: Params) -> str:
    return f"{params['file']}: {params['block']} failed: {_reason(params)}"


def _changes(params: Params) -> str:
    return "; ".join(
        f"{change['title']}: {change['before']} → {change['after']}" for change in params["changes"]
    )


def _account_created(params: Params) -> str:
    kind = "a staff account" if params["staff"] else "an account"
    return f"{params['person']} created {kind} for {params['name']} ({params['email']})"


# --- the table --------------------------------------------------------------------------------

C = NoticeCode


def _among(facts: Sequence[str]) -> str:
    return f" ({', '.join(facts)})" if facts else ""


def _doubtful(params: Params) -> str:
    facts = "; ".join(params["facts"])
    if not params["stored"]:
        told = f"other cards contradict each other ({facts})" if facts else "no other card tells it"
        return f"{params['keyword']} is missing and {told}: reclassify the frame."
    return (
        f"{params['keyword']} is {params['stored']}, but {facts}: reclassify the frame if it is "
        "something else."
    )


SENTENCES: dict[NoticeCode, str | Callable[[Params], str]] = {
    C.FILE_EMPTY: "{file} is empty.",
    C.FILE_CUT_SHORT: "{file} is cut short: {size} bytes of at least {expected}.",
    C.GZIP_DAMAGED: "{file}: the gzip stream is damaged or cut short.",
    C.FILE_TOO_LARGE: "{file} has {size:,} bytes; no frame has more than {limit:,}",
    C.CARD_ABSURD: "{keyword} = {value} is beyond what any frame has",
    C.GZIP_TOO_LARGE: "{file} unpacks to more than a frame of this size can.",
    C.NOT_FITS: "{file} is not a FITS file.",
    C.HEADER_TOO_LONG: "{file}: a header of more than {limit} cards is refused.",
    C.HEADER_CUT_SHORT: "{file}: the file ends inside a header.",
    C.TOO_MANY_HDUS: "{file}: more than {limit} HDUs are refused.",
    C.CHECKSUM_MISMATCH: "{file}: the checksum ({keyword}) does not agree with the file.",
    C.NO_IMAGE: "{file} holds no image.",
    C.IMAGE_TOO_LARGE: "{file}: {megapixels:.0f} million pixels are more than any Goodman frame.",
    C.NOT_ONE_PLANE: "{file}: an image of one plane is needed, not of shape {shape}.",
    C.PIXEL_TYPE_UNKNOWN: "{file}: BITPIX {bitpix} is not a pixel type.",
    C.PIXELS_MISSING: "{file}: {bytes} bytes of the pixels are missing.",
    C.UNPACKING_FAILED: "{file}: the packed image cannot be unpacked.",
    C.ARRAY_UNKNOWN: "{file} holds an array that this software does not write.",
    C.ARRAY_CUT_SHORT: "{file} is cut short.",
    C.PRODUCT_UNREADABLE: "{file} cannot be read as a product.",
    C.NOT_A_PRODUCT: "{file} is not a product of this reduction.",
    C.PIXELS_NOT_WRITTEN: (
        "{file}: a part of the frame ({fraction:.1%}) is empty bytes, as if not written."
    ),
    C.NAME_CONFLICT: (
        "{file} has other content than the frame of this name indexed on {indexed} UTC. "
        "The first is kept."
    ),
    C.FRAME_CHANGED: (
        "{file} was changed on disk after it was indexed on {indexed} UTC. "
        "Staff can accept the new content; until then the frame cannot be downloaded or reduced"
    ),
    C.QUARANTINED: _of_file,
    C.NAME_UNUSABLE: (
        "{file} cannot be indexed: its path has bytes that are not UTF-8, or control characters. "
        "Rename it"
    ),
    C.FILE_UNREADABLE: "{file} cannot be read: {problem}. It is tried again every minute",
    C.INSPECTION_STOPPED: "{file} needs more memory or time than any frame and is refused",
    C.UNEXPECTED_FAILURE: (
        "{file} could not be examined ({exception}). Report this to the maintainers with the file"
    ),
    C.NOT_RAW: _not_raw,
    C.CARD_MALFORMED: "{keyword} cannot be read: its card is malformed.",
    C.CARD_READ_AS: "{keyword} is not written as FITS requires ({stored}): it is read as {value}.",
    C.CARD_ASSUMED: "{keyword} cannot be read ({stored}): {value:g} was assumed.",
    C.CARD_IGNORED: "{keyword} ({meaning}) cannot be read ({stored}) and is ignored.",
    C.CARD_BLANK: "{keyword} ({meaning}) is blank.",
    C.CARD_SHORTENED: "{keyword} is longer than {length} characters and was shortened.",
    C.CARDS_IGNORED: (
        lambda p: f"Malformed header cards, which are not needed, are ignored: {_keywords(p)}."
    ),
    C.CARDS_NOT_ASCII: (
        lambda p: f"Header cards hold characters that FITS does not allow: {_keywords(p)}."
    ),
    C.CARD_DERIVED: "{keyword} ({meaning}) is missing or unusable: {value} follows from {source}.",
    C.CARD_PRESUMED: (
        "{keyword} ({meaning}) is missing or unusable: {value} was assumed, from {source}. Check "
        "it, and reclassify the frame if it is something else."
    ),
    C.FLAT_AS_OBJECT: (
        "{keyword} is OBJECT, but the exposure is one of the lamp {lamp}: the frame is taken as a "
        "flat."
    ),
    C.OBSTYPE_DOUBTFUL: _doubtful,
    C.LAMP_AS_OBJECT: (
        "{keyword} is OBJECT, but the exposure is one of the lamp {lamp}: the frame is taken as an "
        "arc."
    ),
    C.CARD_MISSING: "{keyword} ({meaning}) is missing.",
    C.CARDS_MISSING: lambda p: f"{_cards(p)} is missing or not a number.",
    C.CARD_NOT_TEXT: "{keyword} must be text ({meaning}), not {value}.",
    C.CARD_NOT_NUMBER: "{keyword} must be a number ({meaning}), not {value}.",
    C.CARD_NOT_FINITE: "{keyword} is {value}, which is not a number that can be used.",
    C.CARD_NOT_WHOLE: "{keyword} must be a whole number, not {value}.",
    C.SHAPE_NOT_ONE_PLANE: "{keyword}: an image of one plane is needed, not of shape {shape}.",
    C.AXES_NOT_TWO: "{keyword} is {axes}: an image of one plane is needed.",
    C.LARGER_THAN_DETECTOR: (
        "{keyword} is {binning}, but {size} such pixels are more than the detector has."
    ),
    C.EXPOSURE_NEGATIVE: "{keyword} is {seconds:g} s: an exposure time cannot be negative.",
    C.BINNING_INVALID: "{keyword} must hold two binnings such as '2 2', not {value}.",
    C.INSTRUMENT_UNKNOWN: "{keyword} is {value}: not a Goodman frame.",
    C.CAMERA_UNKNOWN: "{keyword} must be Red or Blue, not {value}.",
    C.CAMERA_CONTRADICTION: "{keyword} is {camera} but INSTRUME is {instrument}.",
    C.CAMERA_DERIVED: lambda p: f"The camera is {p['camera']}: {', '.join(p['evidence'])}.",
    C.CAMERA_DISPUTED: lambda p: (
        f"The header contradicts itself on the camera. {p['camera']} is used "
        f"({', '.join(p['evidence'])}), against {', '.join(p['against'])}."
    ),
    C.CAMERA_OPEN: lambda p: (
        f"The header does not tell which camera took the frame{_among(p['facts'])}: it is not "
        "reduced until staff have decided."
    ),
    C.CAMERA_DECIDED: "{person} decided that this frame is of the {camera} camera.",
    C.CARD_DECIDED: "{person} stated {keyword} {value}, which the header does not tell.",
    C.TIME_MISSING: "{keyword} is {value}, without TIME or UT beside it.",
    C.DATE_INVALID: "{keyword} is not a date and time: {value}.",
    C.DATE_IN_FUTURE: (
        "{keyword} is {stored}, which is in the future: the frame is filed under {filed}."
    ),
    C.DATE_TOO_EARLY: "{keyword} is {stored}, which is before the first light of the spectrograph.",
    C.READOUT_IMPLAUSIBLE: "{keyword} is {value:g}: a camera has {low:g} to {high:g}.",
    C.POSITION_MISSING: lambda p: f"{_cards(p)} is missing: the frame was not reduced.",
    C.POSITION_IMPLAUSIBLE: (
        lambda p: f"{' and '.join(p['cards'])} place the frame outside the detector."
    ),
    C.APERTURE_MISSING: "{keyword} is missing: the spectrum does not record its aperture.",
    C.APERTURE_IMPLAUSIBLE: "The aperture recorded in the header ({keyword}) is not plausible.",
    C.WAVELENGTHS_MISSING: "{keyword} is missing: the spectrum has no wavelengths.",
    C.NOT_EXTRACTED: "{file} is not an extracted spectrum.",
    C.GAIN_OR_NOISE_MISSING: "{keyword} is missing: the frame cannot be reduced.",
    C.GAIN_OR_NOISE_IMPLAUSIBLE: "{keyword} is {value:g}: the frame cannot be reduced.",
    C.READOUT_UNKNOWN: (
        "Gain {gain:g} electron/ADU with read noise {read_noise:g} electron is not a known "
        "read-out of the {camera} camera: only pixels at 65535 ADU are flagged as saturated."
    ),
    C.OBSTYPE_UNKNOWN: "Unknown exposure type {value} (OBSTYPE): the frame is not reduced.",
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
            f"({_reasons(p)}), and too few are left to tell which are right."
        )
    ),
    C.MASTER_UNCONFIRMED: (
        "The {role} is made of {count} frames only: a frame that is wrong cannot be told."
    ),
    C.MEMBER_REJECTED: "{file} was not used for the {role}: it differs from the others ({misfit}).",
    C.LEVEL_CHANGED: (
        "The level of the {role} is {level:.1f} ADU; that of {file}, the one before, is "
        "{previous:.1f} ADU."
    ),
    C.MASTER_REMARK: lambda p: f"{p['role'].capitalize()} {p['file']}: {_reason(p)}",
    C.MASTER_FAILED: lambda p: f"The {p['role']} of this setup failed: {_reason(p)}",
    C.FRAME_NOT_ACCEPTED: (
        "{file} is not used for shared masters until staff accepts it: it was uploaded, or its "
        "kind was changed by hand."
    ),
    C.FRAME_ACCEPTED: "{person} accepted {file} for shared calibrations.",
    C.FLAT_WITHOUT_LIGHT: "{file} shows no light: it is not a flat.",
    C.FLAT_DARK: "The flat shows no light.",
    C.FLAT_COLOUR_NOT_FITTED: "The flat has no light to fit the colour of the lamp to.",
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
    C.TARGET_LEFT_OUT: lambda p: f"Target left out. {_reason(p)}",
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
        f"{_reason(p)}"
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
    C.ARC_MISSING: "No arc for {file}.",
    C.ARC_SETUP_DIFFERS: lambda p: f"{p['file']} has another setup: {_listed(p)}.",
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
    C.ARC_NOT_USED: lambda p: f"The arc {p['file']} was not used. {_reason(p)}",
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
    C.DEGRADED_MATCH: _degraded,
    C.NO_CALIBRATION: _no_calibration,
    C.MASTER_TOO_SMALL: _master_too_small,
    C.MADE_WITHOUT: _without,
    C.CALIBRATION_IGNORED: "The settings do not use a {role}.",
    C.MANUAL_CALIBRATION: "Manual calibration: {role} {file}.",
    C.MANUAL_CALIBRATION_DIFFERS: (
        lambda p: f"Manual calibration: {p['role']} {p['file']} differs: {_listed(p)}."
    ),
    C.CALIBRATION_NOT_FOUND: "The selected {role} does not exist or is of another kind.",
    C.CALIBRATION_IMPOSSIBLE: lambda p: f"{p['file']} cannot be used: {_listed(p)}.",
    C.CALIBRATION_NOT_REDUCED: "The {role} {file} could not be reduced.",
    C.ARC_ONE_SIDE: "No arc on the other side of the exposure: only {file} was used.",
    C.FIXED_ARC_NOT_NAMED: "The arc choice is 'fixed', but no arc is named.",
    C.FIXED_ARC_DIFFERS: lambda p: f"{p['file']} does not fit this spectrum: {_listed(p)}.",
    C.NOT_A_CALIBRATION_FRAME: "{file} is not a frame that masters are made of.",
    C.NOT_EXAMINED: "Looking for calibrations.",
    C.WAITING_FOR_CAMERA: (
        "The header does not tell which camera took the frame: staff have to decide."
    ),
    C.WAITING_FOR_FRAMES: "Waiting for a {role} ({found} of {needed} frames so far).",
    C.WAITING_FOR_MASTER: "Waiting for the {role} ({frames} frames).",
    C.WAITING_FOR_SERIES: "Waiting until the series is complete.",
    C.WAITING_FOR_NIGHT: "Waiting for the rest of the frames of the night.",
    C.WAITING_FOR_ARC: "Waiting for the arc {file} to be reduced.",
    C.WAITING_FOR_NAMED_ARC: "Waiting for {file}: no arc of this name has arrived.",
    C.DISK_LOW: (
        "Little space is left on the disk of the products: {free}. When it is full, nothing is "
        "reduced."
    ),
    C.DISK_FULL: "The disk of the products is full: nothing is reduced until there is space.",
    C.HOME_READ_ONLY: (
        "The disk of the products and of the database can't be written to: nothing is reduced or "
        "saved."
    ),
    C.RAW_FOLDER_MISSING: (
        lambda p: f"{_folder(p)} is missing: frames are not found until it is back."
    ),
    C.RAW_FOLDER_UNREADABLE: (
        lambda p: f"{_folder(p)} can't be read: frames are not found until it is readable."
    ),
    C.RAW_FOLDER_SILENT: (
        lambda p: f"{_folder(p)} does not answer: frames are not found until it does."
    ),
    C.QUEUE_DOWN: "The queue does not answer: frames are indexed, and reduced when it is back.",
    C.NO_WORKERS: "No worker is running: frames are indexed, and reduced when one is back.",
    C.CONDITION_ENDED: lambda p: f"Ended, since {p['since']} UTC: {_reason(p)}",
    C.WAITING_FOR_DISK: (
        "The disk of the products is full or read-only. The run continues when there is room."
    ),
    C.BLOCK_UNKNOWN: "{block} is not a process of this release.",
    C.BLOCK_TAKES_OTHER_FILES: (
        lambda p: (
            f"{p['block']} takes {' or '.join(p['accepted'])} files, this one is {p['found']}."
        )
    ),
    C.BLOCK_TAKES_OTHER_FRAMES: "{block} is not for {kind} frames.",
    C.SETTING_INVALID: "{name}: {problem}",
    C.FILE_MOVED: "{file} is no longer where it was indexed.",
    C.FILE_CHANGED: "{file} was changed after it had been indexed.",
    C.FILE_CHANGED_WHILE_READ: "{file} was changed while it was read.",
    C.FILE_MISSING: "{file} is missing on disk.",
    C.INTERNAL_ERROR: "Internal error ({exception}). The log of the workers has the details.",
    C.WORKER_LOST: "The worker stopped {times} times during this run. It is not tried again.",
    C.RUN_FAILED: _run_failed,
    C.RUN_CANCELLED: "{block} was cancelled.",
    C.RUN_UNDER_WAY: _under_way,
    C.RUN_QUEUED: "{block}: queued.",
    C.RUN_WAITING: _run_waiting,
    C.NO_MASTER_YET: "No master yet: fewer frames than any proposal requires.",
    C.OUT_OF_DATE: "A newer calibration is available. Recalibrate.",
    C.NEWER_CALIBRATION: _newer_calibration,
    C.PROVISIONAL: _provisional,
    C.PROCESSING_NOT_ALLOWED: "Your role does not allow you to process this file.",
    C.FILE_NOTICE: _of_file,
    C.RECALIBRATED: _recalibrated,
    C.RECALIBRATION_FAILED: (
        lambda p: f"{p['file']} stays as it is: {p['block']} failed again. {_reason(p)}"
    ),
    C.CHANGE_ACCEPTED: (
        "{person} accepted the changed content of {file}. What was made of it is made again"
    ),
    C.SEVERAL_FILES: _several_files,
    C.FOLDER_UNREADABLE: "The folder {file} cannot be read: {problem}",
    C.FOLDER_READABLE: "The folder {file} can be read again",
    C.FILE_RUN_FAILED: _file_run_failed,
    C.NIGHT_DECIDED: (
        "{person} decided that the frames of {night} with {readout} are of the {camera} camera "
        "({count} so far)."
    ),
    C.NIGHT_UNDECIDED: (
        "{person} withdrew the decision on the camera of the frames of {night} with {readout} "
        "({count} frames)."
    ),
    C.FILE_ADMITTED: lambda p: (
        f"{p['person']} accepted {p['file']}"
        + (f", stating {', '.join(p['cards'])}." if p["cards"] else ".")
    ),
    C.RECLASSIFIED: "{person} classified {file}: {before} → {after}.",
    C.SETTINGS_CHANGED: lambda p: f"{p['person']} changed the reduction settings ({_changes(p)}).",
    C.SETTINGS_RESTORED: (
        lambda p: f"{p['person']} restored older reduction settings ({_changes(p)})."
    ),
    C.PI_CHANGED: "{person} made {pi} the PI of {proposal}.",
    C.PROPOSALS_IMPORTED: (
        lambda p: (
            f"{p['person'] or 'The command line'} imported {p['proposals']} proposals of "
            f"{p['pis']} PIs."
        )
    ),
    C.ACCOUNT_CREATED: _account_created,
    C.ACCOUNT_DEACTIVATED: "{person} deactivated the account of {name}.",
    C.ACCOUNT_REACTIVATED: "{person} reactivated the account of {name}.",
    C.MAIL_FAILED: "A message to {recipient} could not be sent: {problem}",
    C.SIMULATION_MODE_UNKNOWN: "No library lamp for setup {mode}; known setups are {known}.",
    C.SIMULATION_LAMP_UNKNOWN: "No {lamp} lamp in the library for {mode}; there are {known}.",
    C.SIMULATION_CAMERA_UNKNOWN: "There is no {camera} camera; choose Red or Blue.",
    C.SIMULATION_BINNING: "Binning {binning} is not offered; choose 1 to 4 on each axis.",
    C.SIMULATION_ROWS: "{rows} rows do not fit: {least} to {most} at binning {binning}.",
    C.SIMULATION_SLIT: "Slit {slit} is not a name such as 1.0_LONG_SLIT.",
    C.SIMULATION_NEGATIVE: "The {quantity} must be zero or more.",
    C.LEGACY_TEXT: "{text}",
    C.LEGACY_HEADER_TEXT: "{text}",
}
