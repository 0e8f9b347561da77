"""Sentences about headers."""

from __future__ import annotations

from collections.abc import Sequence

from reduction.notice_codes import NoticeCode as C
from reduction.sentences.base import Params, Sentence


def _cards(params: Params) -> str:
    return " or ".join(params["cards"])


def _keywords(params: Params) -> str:
    return ", ".join(params["keywords"])


def _among(facts: Sequence[str]) -> str:
    return f" ({', '.join(facts)})" if facts else ""


def _doubtful(params: Params) -> str:
    facts = "; ".join(params["facts"])
    if not params["stored"]:
        evidence = (
            f"other cards contradict each other ({facts})" if facts else "no other card gives it"
        )
        return f"{params['keyword']} is missing and {evidence}: reclassify the frame."
    return (
        f"{params['keyword']} is {params['stored']}, but {facts}: reclassify the frame if it is "
        "something else."
    )


SENTENCES: dict[C, Sentence] = {
    C.CARD_ABSURD: "{keyword} = {value} is beyond what any frame has",
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
    C.EXPOSURE_TOO_LONG: "{keyword} is {seconds:g} s: no exposure takes longer than a day.",
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
        f"The header does not identify the camera{_among(p['facts'])}: it is not "
        "reduced until staff have decided."
    ),
    C.CAMERA_DECIDED: "{person} decided that this frame is of the {camera} camera.",
    C.CARD_DECIDED: "{person} stated {keyword} {value}, which the header does not state.",
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
    C.GAIN_OR_NOISE_MISSING: lambda p: (
        "The header has no read noise (RDNOISE); it is measured in the overscan."
        if p["keyword"] == "RDNOISE"
        else f"{p['keyword']} is missing: the frame cannot be reduced."
    ),
    C.GAIN_OR_NOISE_IMPLAUSIBLE: "{keyword} is {value:g}: the frame cannot be reduced.",
    C.READOUT_UNKNOWN: (
        "Gain {gain:g} electron/ADU with read noise {read_noise:g} electron is not a known "
        "read-out of the {camera} camera: only pixels at 65535 ADU are flagged as saturated."
    ),
    C.OBSTYPE_UNKNOWN: "Unknown exposure type {value} (OBSTYPE): the frame is not reduced.",
}
